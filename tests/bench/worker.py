"""One process of `make bench`: times one library on every workload and prints a line of JSON.
usage: worker.py LIBRARY FOLDER [WORKLOAD ...]   (LIBRARY: transformers_lit or transformers)"""
import importlib
import json
import os
import sys
import time

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error", TRANSFORMERS_NO_ADVISORY_WARNINGS="1")
library, folder, wanted = sys.argv[1], sys.argv[2], sys.argv[3:]
now = time.perf_counter
import torch

torch.set_num_threads(2)
start = now()
lib = importlib.import_module(library)
for name in ("AutoConfig", "AutoModel", "AutoModelForCausalLM"): getattr(lib, name)
results = {"import": now() - start}


def path(name): return os.path.join(folder, name)


def memory(field):
    "MB of this process: VmRSS now, VmHWM the most since the last `forget_peak`"
    with open("/proc/self/status") as f: return next(int(line.split()[1]) for line in f if line.startswith(field)) / 1024


def forget_peak():
    with open("/proc/self/clear_refs", "w") as f: f.write("5")


def best(f, repeats=2, budget=1.5):
    "Seconds of the fastest call: at least `repeats` of them after one to warm up, more while the budget lasts"
    f()
    times, end = [], now() + budget
    while len(times) < repeats or now() < end:
        t = now()
        f()
        times.append(now() - t)
    return min(times)


def load():
    "Time and memory of a 500 MB checkpoint: read, and every weight touched once"
    forget_peak()
    before, t = memory("VmRSS"), now()
    model = lib.AutoModelForCausalLM.from_pretrained(path("gpt2"))
    sum(float(p.detach().sum()) for p in model.parameters())
    results["load: seconds"], results["load: MB"] = now() - t, memory("VmHWM") - before


def forward(name, auto, make):
    model = getattr(lib, auto).from_pretrained(path(name)).eval()
    with torch.no_grad():
        for label, inputs in make.items(): results[f"{name}: {label}"] = best(lambda: model(**inputs))


def text(batch, length): return torch.randint(5, 1000, (batch, length), generator=torch.Generator().manual_seed(0))


def decoder(name, new):
    "Prefill, decode and one training step"
    model = lib.AutoModelForCausalLM.from_pretrained(path(name)).eval()
    for batch in (1, 8):
        ids = text(batch, 128)
        with torch.no_grad(): results[f"{name}: prefill {batch} x 128"] = best(lambda: model(input_ids=ids, use_cache=True))
        run = lambda n: model.generate(ids[:, :16], max_new_tokens=n, min_new_tokens=n, do_sample=False, pad_token_id=0,
                                       attention_mask=torch.ones_like(ids[:, :16]))
        short, long = best(lambda: run(2)), best(lambda: run(new + 2))
        results[f"{name}: decode {batch} (s/token)"] = (long - short) / new
        if library == "transformers_lit": results[f"{name}: limit {batch}"] = limit(model, batch)
    model.train()
    optimizer, ids = torch.optim.SGD(model.parameters(), lr=1e-6), text(2, 128)
    def step():
        model(input_ids=ids, labels=ids, use_cache=False).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    results[f"{name}: training step"] = best(step)


def limit(model, batch):
    "Seconds of the bare matrix products of one decode step, with the same weights"
    weights = [m.weight for m in model.modules() if isinstance(m, torch.nn.Linear)]
    xs = [torch.randn(batch, w.shape[1]) for w in weights]
    def products():
        for x, w in zip(xs, weights): torch.nn.functional.linear(x, w)
    with torch.no_grad(): return best(products, 10)


jobs = {
    "load": load,
    "bert-base": lambda: forward("bert-base", "AutoModel", {f"forward {b} x {n}": dict(input_ids=text(b, n), attention_mask=torch.ones(b, n, dtype=torch.long))
                                                            for b, n in ((1, 16), (1, 128), (8, 128))}),
    "vit-base": lambda: forward("vit-base", "AutoModel", {f"forward {b} pictures": dict(pixel_values=torch.randn(b, 3, 224, 224)) for b in (1, 4)}),
    "gpt2": lambda: decoder("gpt2", 24),
    "llama-200m": lambda: decoder("llama-200m", 16),
    "llama-10m": lambda: decoder("llama-10m", 100),
}
for job in wanted or jobs: jobs[job]()
print(json.dumps(results))
