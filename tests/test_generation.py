"Generation with helpers, guidance and by the names of the loops: the recorded ids of the reference, draws included."
import json
import sys
from pathlib import Path

import pytest
import torch

import transformers_lit

sys.path.insert(0, str(Path(__file__).parent))
from data.record_generation import load, write  # noqa: E402
from generation_calls import BY_NAME, CALLS, IDS, TWO, call, call_by_name  # noqa: E402

RECORDED = json.loads(Path(__file__).with_name("data").joinpath("generation.json").read_text())


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    write(folder)
    return load(folder, transformers_lit)


@pytest.mark.parametrize("name", CALLS)
def test_generate(models, name):
    assert call(models, name) == RECORDED[name]


@pytest.mark.parametrize("name", BY_NAME)
def test_loop_by_name(models, name):
    assert call_by_name(transformers_lit, models, name) == RECORDED[name]
