"""Tokenizer families against what transformers 4.38.2 answered to the same vocabulary files (data/families.zip, made by families/compare.py)."""
import json
import sys
import zipfile
from pathlib import Path

import pytest
import transformers_lit
from transformers_lit.tokenizers.auto import AutoTokenizer

sys.path.insert(0, str(Path(__file__).parent / "families"))
from compare import answers, build, families

ARCHIVE = zipfile.ZipFile(Path(__file__).parent / "data" / "families.zip")
NAMES = sorted(Path(name).stem for name in ARCHIVE.namelist() if name.endswith(".json") and "/" not in name)


@pytest.fixture
def task(request, tmp_path):
    "What was recorded for a class; its vocabulary files lie in `tmp_path`"
    task = json.loads(ARCHIVE.read(f"{request.param}.json"))
    for argument, (name, where) in task["files"].items(): (tmp_path / name).write_bytes(ARCHIVE.read(where))
    task["files"] = {argument: name for argument, (name, _) in task["files"].items()}
    (tmp_path / "task.json").write_text(json.dumps(task))
    return request.param, task


@pytest.mark.parametrize("task", NAMES, indirect=True)
def test_same_answers(task, tmp_path):
    name, task = task
    said = answers(build(transformers_lit, name, tmp_path), task["texts"], task["calls"])
    for key, wanted in task["answers"].items():
        for i, (a, b) in enumerate(zip(said[key], wanted, strict=True)):
            assert a == b, f"{key}, number {i}" + (f" {task['texts'][i]!r}" if i < len(task["texts"]) else "")


@pytest.mark.parametrize("task", NAMES, indirect=True)
def test_a_saved_tokenizer_comes_back(task, tmp_path):
    name, task = task
    tokenizer = build(transformers_lit, name, tmp_path)
    tokenizer.save_pretrained(tmp_path / "saved")
    again = AutoTokenizer.from_pretrained(tmp_path / "saved", use_fast=tokenizer.is_fast)
    assert type(again) is type(tokenizer)
    said, wanted = (answers(t, task["texts"][:20], task["calls"]) for t in (again, tokenizer))
    for key in wanted: assert said[key] == wanted[key], key


def test_every_family_is_recorded():
    assert set(NAMES) == set(families())
