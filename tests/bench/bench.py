"""make bench: this library beside transformers 4.38.2 and the newest release, each in its own environment, same torch, same weights,
in separate processes and alternating order. Writes results.json and results.md beside this file.
usage: bench.py --old PYTHON --new PYTHON [--rounds 5] [--out FOLDER] [WORKLOAD ...]"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

from transformers_lit import BertConfig, BertModel, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, ViTConfig, ViTModel

HERE = Path(__file__).parent
JOBS = ["load", "bert-base", "vit-base", "llama-10m", "gpt2", "llama-200m"]
MODELS = {
    "bert-base": lambda: BertModel(BertConfig()),
    "vit-base": lambda: ViTModel(ViTConfig()),
    "gpt2": lambda: GPT2LMHeadModel(GPT2Config()),
    "llama-200m": lambda: LlamaForCausalLM(LlamaConfig(vocab_size=32000, hidden_size=1024, intermediate_size=2816, num_hidden_layers=10,
                                                       num_attention_heads=16, num_key_value_heads=8)),
    "llama-10m": lambda: LlamaForCausalLM(LlamaConfig(vocab_size=8192, hidden_size=256, intermediate_size=688, num_hidden_layers=8,
                                                      num_attention_heads=8, num_key_value_heads=4)),
}


def run(python, library, folder, jobs):
    env = {**os.environ, "OMP_NUM_THREADS": "2", "PYTHONPATH": str(HERE.parents[1]) if library == "transformers_lit" else ""}
    env.pop("PYTHONDONTWRITEBYTECODE", None)                  # installed libraries are compiled; so is this one after its first import
    out = subprocess.run([python, HERE / "worker.py", library, folder, *jobs], env=env, capture_output=True, text=True)
    if out.returncode: raise RuntimeError(f"{library} with {python} failed:\n{out.stderr[-3000:]}")
    return json.loads(out.stdout.strip().splitlines()[-1])


def version(python, package):
    return subprocess.run([python, "-c", f"import importlib.metadata as m; print(m.version('{package}'))"], capture_output=True, text=True).stdout.strip()


def target(row, old, new, over):
    "What is asked of a row, and whether it holds"
    if row == "import": return "at most half of 4.38.2's time", old >= 2
    if row == "llama-10m: decode 1 (s/token)": return "at least 1.5", min(old, new) >= 1.5
    if row == "gpt2: decode 1 (s/token)": return "at least 1.0, within 1.15 of the limit", min(old, new) >= 1 and over <= 1.15
    return "at least 1.0", min(old, new) >= 1


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--old", required=True), ap.add_argument("--new", required=True)
    ap.add_argument("--rounds", type=int, default=5), ap.add_argument("--out", default=HERE), ap.add_argument("jobs", nargs="*")
    a = ap.parse_args()
    sides = {"ours": (sys.executable, "transformers_lit"), "old": (a.old, "transformers"), "new": (a.new, "transformers")}
    names = {"old": version(a.old, "transformers"), "new": version(a.new, "transformers")}
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, torch {torch.__version__.split('+')[0]}"
    runs = {side: [{} for _ in range(a.rounds)] for side in sides}
    with tempfile.TemporaryDirectory() as folder:
        for name, make in MODELS.items():
            torch.manual_seed(0)
            make().save_pretrained(os.path.join(folder, name))
        for job in a.jobs or JOBS:                            # a job at a time, so that a long run can be read while it goes on
            for i in range(a.rounds):
                for side in list(sides) if i % 2 == 0 else list(sides)[::-1]:
                    print(f"{job}, round {i + 1} of {a.rounds}: {side}", flush=True)
                    runs[side][i].update(run(*sides[side], folder, [job]))
            rows = table(runs)
            Path(a.out, "results.json").write_text(json.dumps(dict(machine=machine, versions=names, rounds=a.rounds, rows=rows, runs=runs), indent=1) + "\n")
            Path(a.out, "results.md").write_text(page(rows, names, machine, a.rounds))
    print(Path(a.out, "results.md").read_text())


def table(runs):
    "What is shown of the runs: medians, and medians of the ratios inside a round"
    rows = []
    for row in runs["ours"][0]:
        if ": limit " in row: continue
        ratio = lambda side: statistics.median(theirs[row] / ours[row] for theirs, ours in zip(runs[side], runs["ours"]))
        median = lambda name: statistics.median(r[name] for r in runs["ours"])
        bound = row.replace(": decode", ": limit").replace(" (s/token)", "") if ": decode" in row else None
        over = statistics.median(r[row] / r[bound] for r in runs["ours"]) if bound else None
        text, met = target(row, ratio("old"), ratio("new"), over)
        rows.append(dict(row=row, ours=median(row), old=ratio("old"), new=ratio("new"), limit=median(bound) if bound else None,
                         over_limit=over, target=text, met=met))
    return rows


def page(rows, names, machine, rounds):
    "The table as Markdown"
    show = lambda r: f"{r['ours']:.0f} MB" if "MB" in r["row"] else f"{1000 * r['ours']:.2f} ms"
    lines = ["# Benchmark", "",
             f"Median of {rounds} rounds, each in new processes and in alternating order, on {machine}. A ratio is the other library's time (or memory) over ours in the same round: above 1 we are faster. "
             "The limit of a decode step is the time of its bare matrix products with the same weights.", "",
             f"| | ours | limit | ours / limit | transformers {names['old']} / ours | transformers {names['new']} / ours | target | met |",
             "|---|--:|--:|--:|--:|--:|---|---|"]
    for r in rows:
        limit, over = (f"{1000 * r['limit']:.2f} ms", f"{r['over_limit']:.2f}") if r["limit"] else ("", "")
        lines.append(f"| {r['row'].replace(' (s/token)', ', a token')} | {show(r)} | {limit} | {over} | {r['old']:.2f} | {r['new']:.2f} "
                     f"| {r['target']} | {'yes' if r['met'] else 'no'} |")
    return "\n".join(lines) + "\n"


main()
