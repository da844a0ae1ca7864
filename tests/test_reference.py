"Every recorded case of every registered architecture: names and tensors both ways, outputs, loss, gradient norm, generation, caches."
import pytest

from transformers_lit.book.parity import Cases, check_case
from transformers_lit.core.auto import _modules


def pytest_generate_tests(metafunc):
    ids = [(name, case) for name in sorted(_modules()) for case in Cases(name).cases]
    metafunc.parametrize("name,case", ids, ids=[f"{n}-{c}" for n, c in ids])


_cases = {}


def test_case(name, case):
    if name not in _cases: _cases[name] = Cases(name)
    wrong = [f"{run}: {p}" for run, (_, problems) in check_case(_cases[name], case).items() for p in problems]
    assert not wrong, "\n".join(wrong)
