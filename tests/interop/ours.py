"""make interop, our side. `write DIR`: save a tiny random model of every registered class with inputs and outputs.
`read DIR`: load what transformers saved, compare, and print one line a class and a total."""
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from transformers_lit.book.parity import Cases, flat, nested
from transformers_lit.core.auto import _modules

TOLERANCE = 1e-5


def classes():
    "(class name, class, configuration, inputs) of the first recorded forward run of every class"
    seen = set()
    for name in sorted(_modules()):
        cases = Cases(name)
        for case in cases.cases.values():
            if case["class"] in seen or "forward" not in case["runs"]: continue
            seen.add(case["class"])
            kind, run = getattr(cases.module, case["class"]), case["runs"]["forward"]
            yield case["class"], kind, kind.config_class.from_dict(case["config"]), {k: cases.tensors[t] for k, t in run["inputs"].items()}


def outputs(model, inputs):
    torch.manual_seed(0)
    with torch.no_grad(): return {k: v.contiguous() for k, v in flat(model(**nested(inputs))) if v.is_floating_point()}


def write(folder):
    for name, kind, config, inputs in classes():
        torch.manual_seed(1)
        model = kind(config).eval()
        with torch.no_grad():  # zeros and ones would hide a swapped bias or norm
            for p in model.parameters(): p.add_(0.1 * torch.randn_like(p))
        here = folder / "ours" / name
        model.save_pretrained(here)
        save_file({k: v.contiguous() for k, v in inputs.items()}, here / "inputs.st")
        save_file(outputs(model, inputs), here / "outputs.st")


def read(folder):
    there, failed = json.loads((folder / "theirs.json").read_text()), 0
    for name, kind, _, inputs in classes():
        model, info = kind.from_pretrained(folder / "theirs" / name, output_loading_info=True)
        worst = difference(outputs(model, inputs), load_file(folder / "theirs" / name / "outputs.st"))
        clean = not (info["missing_keys"] or info["unexpected_keys"])
        ok = clean and worst <= TOLERANCE and there[name]["ok"]
        failed += not ok
        print(f"{'ok  ' if ok else 'FAIL'} {name:40} ours -> theirs {there[name]['worst']:.1e}   theirs -> ours {worst:.1e} {there[name]['note']}")
    print(f"{len(there)} classes, {failed} failed")
    return failed


def difference(got, want):
    "The largest difference relative to the largest entry (at least 1); infinite where outputs are missing"
    if not set(want) <= set(got): return float("inf")
    return max(((got[k] - v).abs().max() / v.abs().max().clamp(min=1)).item() for k, v in want.items() if v.numel())


if __name__ == "__main__":
    sys.exit({"write": write, "read": read}[sys.argv[1]](Path(sys.argv[2])))
