"""Tokenizers that know languages. Their files have no bytes to fall back on, as those of the checkpoints: unknown
characters are seen."""
import json
from functools import cache, partial
from pathlib import Path

from transformers_lit.tokenizers.sentencepiece import ModelFile

DATA = Path(__file__).parents[2] / "nbs" / "tokenizers" / "data"
MUSTC = [f"<lang:{code}>" for code in "pt fr ru nl ro it es de".split()]


@cache
def model(kind, ahead=("<unk>", "<s>", "</s>"), symbols=()):
    "A SentencePiece file without bytes, with these pieces in front, then symbols"
    file = ModelFile.read(DATA / f"{kind}.model")
    types = {"<unk>": "unknown"}
    first = [(text, 0.0, types.get(text, "control")) for text in ahead]
    first += [(text, 0.0, "user_defined") for text in symbols]
    ids = {f"{name}_id": ahead.index(text) if text in ahead else -1
           for name, text in dict(unk="<unk>", bos="<s>", eos="</s>", pad="<pad>").items()}
    pieces = [piece for piece in file.pieces if piece.type == "normal"]
    return ModelFile([*first, *pieces], dict(file.trainer) | ids | dict(byte_fallback=False), file.normalizer)


def spm(folder, name="sentencepiece.bpe.model", argument="vocab_file", kind="unigram", **options):
    model(kind, **options).write(folder / name)
    return {argument: folder / name}


def numbers(folder, ahead, kind="unigram", leave=(), last=(), name="vocab.json", argument="vocab_file"):
    "A json file of numbers: texts in front, the pieces without some of them, texts behind"
    pieces = [p.text for p in model(kind).pieces if p.type == "normal"]
    pieces = [p for i, p in enumerate(pieces) if i % 50 not in leave]
    texts = dict.fromkeys([*ahead, *pieces, *last])
    (folder / name).write_text(json.dumps({t: i for i, t in enumerate(texts)}, ensure_ascii=False), encoding="utf-8")
    return {argument: folder / name}


def m2m100(folder):
    return numbers(folder, "<s> <pad> </s> <unk>".split(), leave=(7,)) | spm(folder, argument="spm_file")


def speech2text(folder):
    ahead = ("<s>", "<pad>", "</s>", "<unk>")
    return numbers(folder, [*ahead, *MUSTC]) | spm(folder, argument="spm_file", ahead=ahead, symbols=tuple(MUSTC))


def marian(folder, separate=False):
    files = spm(folder, "source.spm", "source_spm") | spm(folder, "target.spm", "target_spm", "bpe")
    files |= numbers(folder, ["</s>", "<unk>"], leave=(9,), last=[">>fra<<", ">>deu<<", "<pad>"], argument="vocab")
    if separate: files |= numbers(folder, ["</s>", "<unk>"], "bpe", last=["<pad>"], name="target_vocab.json", argument="target_vocab_file")
    return files


def bartpho(folder):
    pieces = [p.text for p in model("unigram").pieces if p.type == "normal"]
    (folder / "dict.txt").write_text("".join(f"{p} {i}\n" for i, p in enumerate(pieces[::2])), encoding="utf-8")
    return spm(folder) | {"monolingual_vocab_file": folder / "dict.txt"}


TEXT = "The function returns a new object."

def calls(a, b):
    "Questions about two languages of a family"
    return dict(calls=[("_build_translation_inputs", [TEXT, None, a, b]), ("__call__", [TEXT, None, TEXT]),
                       ("set_tgt_lang_special_tokens", [b]), ("encode", [TEXT]),
                       ("set_src_lang_special_tokens", [a]), ("encode", [TEXT, "a new"])])

def batch(a, b, **more):
    "More of them, for classes in Python; the types of a framed pair are too few or too many in the reference"
    asked = calls(a, b)
    asked["calls"].insert(0, ("prepare_seq2seq_batch", [["a new", "object"], a, ["object", "a new object"], b]))
    return asked | dict(differ=["framed"]) | more

def tight():
    "Texts that begin with neither a space nor a token, and have no rules: see the limits on the page"
    from vocabularies import texts
    made = texts(1000, special=("<s>", "</s>", "<unk>", "<pad>", "__deu__"))
    return [text for text in made if text[:1] not in " <_" and "===" not in text and "---" not in text]

SEAMLESS = dict(additional_special_tokens=["__eng__", "__fra__", "__deu__"])
ASKED = batch("fr", "zh")["calls"]
FAMILIES = {
    "XLMRobertaTokenizer": (spm, {}),
    "XLMRobertaTokenizerFast": (spm, {}),
    "MBartTokenizer": (spm, dict(src_lang="de_DE", tgt_lang="ro_RO"), batch("fr_XX", "de_DE")),
    "MBartTokenizerFast": (spm, dict(src_lang="de_DE", tgt_lang="ro_RO"), calls("fr_XX", "de_DE")),
    "MBart50Tokenizer": (spm, dict(src_lang="de_DE", tgt_lang="sl_SI"), batch("fr_XX", "de_DE")),
    "MBart50TokenizerFast": (spm, dict(src_lang="de_DE", tgt_lang="sl_SI"), calls("fr_XX", "de_DE")),
    "NllbTokenizer": (spm, dict(tgt_lang="deu_Latn"), batch("fra_Latn", "zul_Latn")),
    "NllbTokenizerFast": (spm, dict(tgt_lang="deu_Latn", legacy_behaviour=True), calls("fra_Latn", "zul_Latn")),
    "PLBartTokenizer": (spm, dict(src_lang="python", tgt_lang="en_XX"), batch("java", "en_XX")),
    "SeamlessM4TTokenizer": (spm, SEAMLESS, batch("__deu__", "__eng__", texts=tight())),
    "SeamlessM4TTokenizerFast": (spm, SEAMLESS, calls("__deu__", "__eng__") | dict(texts=tight())),
    "M2M100Tokenizer": (m2m100, dict(src_lang="en", tgt_lang="de"), dict(differ=["framed"], calls=ASKED[:1] + ASKED[2:] + [("get_lang_id", ["zh"])])),
    "Speech2TextTokenizer": (speech2text, dict(tgt_lang="fr", lang_codes="mustc", do_upper_case=True),
                             dict(differ=["framed"], calls=[("set_tgt_lang_special_tokens", ["de"]), ("encode", [TEXT])])),
    "BartphoTokenizer": (bartpho, {}),
    "MarianTokenizer": (partial(marian, separate=True), dict(separate_vocabs=True, source_lang="en", target_lang="fr"),
                        dict(differ=["framed"], calls=[("__call__", [TEXT, None, "a new object"]), ("tokenize", [">>fra<< a new object"])])),
}
