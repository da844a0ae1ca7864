"""make interop, the side of transformers: load every folder our library wrote, compare its outputs with ours, and save a model of the same class back."""
import json
import os
import sys
from pathlib import Path

os.environ.update(TRANSFORMERS_VERBOSITY="error", HF_HUB_OFFLINE="1")
import torch
import transformers
from safetensors.torch import load_file, save_file


def nested(flat_inputs):
    root = {}
    for path, value in flat_inputs.items():
        *parents, last = path.split(".")
        node = root
        for p in parents: node = node.setdefault(p, {})
        node[last] = value
    return {k: [v[i] for i in sorted(v)] if isinstance(v, dict) else v for k, v in root.items()}


def flat(x, path=""):
    if isinstance(x, torch.Tensor): yield path, x
    elif hasattr(x, "items"):
        for k, v in x.items(): yield from flat(v, f"{path}.{k}" if path else k)
    elif isinstance(x, (list, tuple)):
        for i, v in enumerate(x): yield from flat(v, f"{path}.{i}")


def outputs(model, inputs):
    torch.manual_seed(0)
    with torch.no_grad(): return {k: v.contiguous() for k, v in flat(model(**nested(inputs))) if v.is_floating_point()}


def main(folder):
    report = {}
    for ours in sorted((folder / "ours").iterdir()):
        kind, inputs, back = getattr(transformers, ours.name), load_file(ours / "inputs.st"), folder / "theirs" / ours.name
        model, info = kind.from_pretrained(ours, output_loading_info=True)
        got, want = outputs(model, inputs), load_file(ours / "outputs.st")
        worst = max(((got[k] - want[k]).abs().max() / got[k].abs().max().clamp(min=1)).item() for k in got if k in want and got[k].numel())
        notes = [f"{k}: {info[k]}" for k in ("missing_keys", "unexpected_keys") if info[k]] + [f"without {k}" for k in got if k not in want]
        report[ours.name] = dict(ok=worst <= 1e-5 and not notes, worst=worst, note="; ".join(notes))
        torch.manual_seed(2)
        model = kind(model.config).eval()
        with torch.no_grad():
            for p in model.parameters(): p.add_(0.1 * torch.randn_like(p))
        model.save_pretrained(back)
        save_file(outputs(kind.from_pretrained(back), inputs), back / "outputs.st")
    (folder / "theirs.json").write_text(json.dumps(report))


main(Path(sys.argv[1]))
