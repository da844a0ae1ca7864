"""One process of `make bench`: times one library on every workload and prints a line of JSON.
usage: worker.py LIBRARY FOLDER [WORKLOAD ...]   (LIBRARY: transformers_lit or transformers)"""
import importlib
import json
import os
import random
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


def paragraphs(size):
    "The manual that every Python has, in paragraphs drawn by chance: `size` characters"
    from pydoc_data.topics import topics
    known = [part + "\n\n" for name in sorted(topics) for part in topics[name].split("\n\n") if part.strip()]
    rng, drawn = random.Random(0), []
    while size > 0:
        drawn.append(rng.choice(known))
        size -= len(drawn[-1])
    return drawn


def race(row, texts, ours, direct, budget=3, least=5):
    "Seconds a MB of the fastest call, and of the fastest direct call of the Rust library as the limit, in turn"
    calls = {f"tokenizers: {row} (s/MB)": ours}
    if library == "transformers_lit": calls[f"tokenizers: limit {row} (s/MB)"] = direct
    best, end = dict.fromkeys(calls, float("inf")), now() + budget
    while least > 0 or now() < end:
        least -= 1
        for name, call in calls.items():
            t = now()
            call()
            best[name] = min(best[name], now() - t)
    results.update({name: seconds / sum(len(text.encode()) for text in texts) * 1e6 for name, seconds in best.items()})


def tokenizers():
    "Byte-level BPE: to ids and back, and training; `rust` is the library underneath without anything around it"
    os.environ.update(RAYON_NUM_THREADS="2", RAYON_RS_NUM_CPUS="2")
    from tokenizers import Tokenizer
    tokenizer, rust = lib.PreTrainedTokenizerFast.from_pretrained(path("tokenizers")), Tokenizer.from_file(path("tokenizers/tokenizer.json"))
    text = paragraphs(10_000_000)
    def encode(texts):
        rows = rust.encode_batch(texts)
        return {"input_ids": [row.ids for row in rows], "attention_mask": [row.attention_mask for row in rows]}
    many, one = text[:1000], "".join(text)[:2000]
    rows, row = encode(many)["input_ids"], encode([one])["input_ids"][0]
    assert tokenizer(many)["input_ids"] == rows and tokenizer.batch_decode(rows) == many and tokenizer.decode(row) == one
    for threads, label in (("false", ""), ("true", ", 2 threads")):
        os.environ["TOKENIZERS_PARALLELISM"] = threads
        race(f"encode 1,000 texts{label}", many, lambda: tokenizer(many), lambda: encode(many))
        race(f"decode 1,000 texts{label}", many, lambda: tokenizer.batch_decode(rows), lambda: rust.decode_batch(rows, skip_special_tokens=False))
    race("encode 1 text", [one], lambda: tokenizer(one), lambda: encode([one]))
    race("decode 1 text", [one], lambda: tokenizer.decode(row), lambda: rust.decode(row, skip_special_tokens=False))
    train(tokenizer, rust, text)


def train(tokenizer, rust, text):
    "A vocabulary of 8,000 pieces, by Rust and by our own trainer"
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    def direct():
        new = Tokenizer(models.BPE())
        new.pre_tokenizer, new.decoder = rust.pre_tokenizer, rust.decoder
        new.train_from_iterator(text, trainers.BpeTrainer(vocab_size=8000, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    race("train", text, lambda: tokenizer.train_new_from_iterator(text, 8000, show_progress=False), direct, 0, 2)
    if library != "transformers_lit":                         # they have no trainer but Rust's
        results["tokenizers: train from scratch (s/MB)"] = results["tokenizers: train (s/MB)"]
        return
    from transformers_lit.tokenizers import bpe, byte_level, pipeline
    words = pipeline.Pipeline(bpe.BPE({}, []), pre_tokenizer=byte_level.ByteLevel(add_prefix_space=False))
    def scratch(): bpe.train_bpe(pipeline.count_words(words, text), 8000, initial_alphabet=byte_level.VISIBLE.values())
    race("train from scratch", text, scratch, direct, 0, 2)


jobs = {
    "load": load,
    "bert-base": lambda: forward("bert-base", "AutoModel", {f"forward {b} x {n}": dict(input_ids=text(b, n), attention_mask=torch.ones(b, n, dtype=torch.long))
                                                            for b, n in ((1, 16), (1, 128), (8, 128))}),
    "vit-base": lambda: forward("vit-base", "AutoModel", {f"forward {b} pictures": dict(pixel_values=torch.randn(b, 3, 224, 224)) for b in (1, 4)}),
    "gpt2": lambda: decoder("gpt2", 24),
    "llama-200m": lambda: decoder("llama-200m", 16),
    "llama-10m": lambda: decoder("llama-10m", 100),
    "tokenizers": tokenizers,
}
for job in wanted or jobs: jobs[job]()
print(json.dumps(results))
