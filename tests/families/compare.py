"""Tokenizer families beside transformers 4.38.2: the same vocabulary files, the same texts, every answer compared.
`write DIR [NAME ...]`: vocabulary files and texts of every family, our answers, and our folder (run here).
`answer DIR`: what transformers says to the same files, and to our folder (run in its environment).
`report DIR`: one line a class; leaves with the number of classes that differ (run here).
`record DIR ZIP`: what the tests of the families need, of the classes that do not differ (write and answer with TEXTS=30)."""
import hashlib
import importlib
import json
import os
import sys
import zipfile
from pathlib import Path

HERE, N = Path(__file__).parent, int(os.environ.get("TEXTS", 1000))


def families():
    "Class name -> (maker of vocabulary files, options): the tables of all pages"
    found = {}
    for file in sorted(HERE.glob("*.py")):
        if file.stem not in ("compare", "vocabularies"): found |= importlib.import_module(file.stem).FAMILIES
    return found


def plain(answer):
    answer = dict(answer) if hasattr(answer, "keys") else answer
    return json.loads(json.dumps(answer, default=lambda x: x.tolist() if hasattr(x, "tolist") else str(x)))


def ask(call):
    "The answer as JSON, or the kind of the error"
    try: return plain(call())
    except Exception as e: return dict(error=type(e).__name__)


def answers(tokenizer, texts, calls=()):
    "What a tokenizer says to texts, pairs, ids; `calls` are further (method, arguments) of the family"
    fast, few = tokenizer.is_fast, texts[:60]
    rows = [ask(lambda: tokenizer(t, **dict(return_offsets_mapping=True) if fast else {})) for t in texts]
    ids = [row.get("input_ids", []) for row in rows]
    said = {"texts": rows, "tokens": [ask(lambda: tokenizer.tokenize(t)) for t in texts],
            "pairs": [ask(lambda: tokenizer(a, b)) for a, b in zip(few, few[1:])],
            "cut": [ask(lambda: tokenizer(a, b, truncation="longest_first", max_length=16)) for a, b in zip(few, few[1:])],
            "bare": [ask(lambda: tokenizer.encode(t, add_special_tokens=False)) for t in few],
            "decoded": [ask(lambda: tokenizer.decode(i)) for i in ids],
            "skipped": [ask(lambda: tokenizer.decode(i, skip_special_tokens=True)) for i in ids],
            "uncleaned": [ask(lambda: tokenizer.decode(i, clean_up_tokenization_spaces=False)) for i in ids[:200]],
            "facts": [ask(lambda: getattr(tokenizer, n)) for n in ("vocab_size", "model_input_names", "padding_side", "special_tokens_map",
                                                                   "all_special_tokens", "all_special_ids", "model_max_length", "clean_up_tokenization_spaces")],
            "length": [len(tokenizer)], "vocab": [ask(tokenizer.get_vocab)],
            "added": [{str(i): str(t) for i, t in tokenizer.added_tokens_decoder.items()}]}
    if not fast: said["framed"] = [ask(lambda: [f([5, 6], [7]) for f in (tokenizer.build_inputs_with_special_tokens, tokenizer.create_token_type_ids_from_sequences, tokenizer.get_special_tokens_mask)])]
    for name, args in calls: said[f"{name}{tuple(args)}"] = [ask(lambda: getattr(tokenizer, name)(*args))]
    return said


def build(library, name, folder):
    "The tokenizer from its vocabulary files"
    task = json.loads((folder / "task.json").read_text())
    files = {argument: str(folder / file) for argument, file in task["files"].items()}
    return getattr(library, name)(**files, **task["options"])


def write(folder, *names):
    import transformers_lit
    for name, (make, options, *more) in families().items():
        if names and name not in names: continue
        here = folder / name
        here.mkdir(parents=True, exist_ok=True)
        files, more = make(here), more[0] if more else {}
        task = dict(files={a: Path(p).name for a, p in files.items()}, options=options, calls=more.get("calls", []), texts=more.get("texts"), differ=more.get("differ", []))
        (here / "task.json").write_text(json.dumps(task))
        tokenizer = build(transformers_lit, name, here)
        if task["texts"] is None:
            from vocabularies import texts
            task["texts"] = texts(N, special=[t for t in tokenizer.all_special_tokens[:5]])
        task["texts"] = task["texts"][:N]
        (here / "task.json").write_text(json.dumps(task))
        tokenizer.save_pretrained(here / "saved")
        again = type(tokenizer).from_pretrained(here / "saved")
        said = answers(tokenizer, task["texts"], task["calls"])
        if answers(again, task["texts"][:50])["texts"] != said["texts"][:50]: print(f"{name}: another tokenizer after saving and loading")
        (here / "ours.json").write_text(json.dumps(said))


def answer(folder):
    os.environ.update(TRANSFORMERS_VERBOSITY="error", HF_HUB_OFFLINE="1")
    import transformers
    for here in sorted(folder.iterdir()):
        if not (here / "task.json").exists(): continue
        task = json.loads((here / "task.json").read_text())
        try:
            said = answers(build(transformers, here.name, here), task["texts"], task["calls"])
            said["ours loaded"] = answers(getattr(transformers, here.name).from_pretrained(here / "saved"), task["texts"][:200])["texts"]
        except Exception as e: said = dict(failed=f"{type(e).__name__}: {str(e)[:300]}")
        (here / "theirs.json").write_text(json.dumps(said))


def report(folder, show=3):
    failed = 0
    for here in sorted(folder.iterdir()):
        if not (here / "theirs.json").exists(): continue
        ours, theirs = (json.loads((here / f"{side}.json").read_text()) for side in ("ours", "theirs"))
        if "failed" in theirs: print(f"FAIL {here.name:36} {theirs['failed']}"); failed += 1; continue
        ours["ours loaded"] = ours["texts"][:200]
        for key in json.loads((here / "task.json").read_text())["differ"]: theirs.pop(key, None)  # a defect of the reference: see the page
        differ = {key: [(i, a, b) for i, (a, b) in enumerate(zip(ours[key], theirs[key])) if a != b] for key in theirs}
        differ = {key: pairs for key, pairs in differ.items() if pairs}
        failed += bool(differ)
        print(f"{'FAIL' if differ else 'ok  '} {here.name:36} {len(ours['texts'])} texts " + ", ".join(f"{key:.60}: {len(p)} differ" for key, p in list(differ.items())[:8]))
        texts = json.loads((here / "task.json").read_text())["texts"]
        for key, pairs in differ.items():
            for i, a, b in pairs[:show if "-v" in sys.argv else 0]: print(f"    {key} {texts[i] if i < len(texts) else i!r:.100}\n      ours   {str(a):.300}\n      theirs {str(b):.300}")
    return failed


def record(folder, archive):
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
        for here in sorted(folder.iterdir()):
            if not (here / "theirs.json").exists(): continue
            ours, theirs = (json.loads((here / f"{side}.json").read_text()) for side in ("ours", "theirs"))
            task, names = json.loads((here / "task.json").read_text()), {}
            for key in ("ours loaded", "vocab", *task.pop("differ")): theirs.pop(key, None)
            if any(ours.get(key) != said for key, said in theirs.items()): print("left out:", here.name); continue
            for argument, name in task["files"].items():
                data = (here / name).read_bytes()
                names[argument] = [name, f"files/{hashlib.sha1(data).hexdigest()[:12]}"]
                if names[argument][1] not in z.namelist(): z.writestr(zipfile.ZipInfo(names[argument][1]), data, zipfile.ZIP_DEFLATED, 9)
            z.writestr(zipfile.ZipInfo(f"{here.name}.json"), json.dumps(dict(task, files=names, answers=theirs), ensure_ascii=False), zipfile.ZIP_DEFLATED, 9)


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    mode, folder, *names = [a for a in sys.argv[1:] if a != "-v"]
    sys.exit(dict(write=write, answer=answer, report=report, record=record)[mode](Path(folder), *names))
