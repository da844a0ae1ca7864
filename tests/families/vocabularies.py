"""Small vocabularies of every kind, trained on the manual that every Python has, and texts to try them on.
A maker writes files into a folder and returns {constructor argument: path}; a page of families says which class reads which."""
import json
import random
import shutil
from functools import cache
from pathlib import Path
from pydoc_data.topics import topics

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

SPECIAL = "[PAD] [UNK] [CLS] [SEP] [MASK]".split()
FOREIGN = ("Größe naïve café Ελληνικά привет мир שלום עולם مرحبا بالعالم 東京都に行く 你好，世界！ 안녕하세요 हिन्दी ไทย e\u0301a\u0308 ﬁne ½ ① Ａ１ 🙂 👩‍👩‍👧 🇫🇷 "
           "don't won't we've I'm U.S.A. 3.14 1,000 $5 50% a_b x=y != -> ... — “quoted” ‘it’ «là» ¿qué? #tag @user http://a.b/c?d=e").split(" ")


@cache
def words():
    return sorted({w for text in topics.values() for w in text.split()})


def texts(n, seed=0, special=()):
    "Strings of every sort: sentences, odd spaces, other scripts, marks, and the special tokens given"
    rng, made = random.Random(seed), ["", " ", "a", "Hello world", "  two  spaces ", "line\nbreak\ttab", "\u200bzero\u00a0width", "a" * 120]
    while len(made) < n:
        kind = rng.random()
        pool = words() if kind < 0.5 else FOREIGN if kind < 0.7 else [*words()[::7], *FOREIGN * 20]
        chosen = [rng.choice(pool) for _ in range(rng.randint(1, 18))]
        if special and kind > 0.85: chosen.insert(rng.randrange(len(chosen) + 1), rng.choice(list(special)))
        made.append(rng.choice([" ", " ", " ", "  ", ", ", ". "]).join(chosen))
    return made[:n]


def corpus(): return [*topics.values(), *[" ".join(FOREIGN)] * 30]


@cache
def _wordpiece():
    rust = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    rust.normalizer, rust.pre_tokenizer = normalizers.BertNormalizer(lowercase=False), pre_tokenizers.BertPreTokenizer()
    rust.train_from_iterator([t for text in corpus() for t in (text, text.lower())],
                             trainers.WordPieceTrainer(vocab_size=1500, special_tokens=SPECIAL, show_progress=False))
    return rust.get_vocab()


def wordpiece(folder, special=SPECIAL):
    "vocab.txt of BERT's kind; `special` are its first lines"
    pieces = sorted(_wordpiece(), key=_wordpiece().get)[len(SPECIAL):]
    (folder / "vocab.txt").write_text("\n".join([*special, *pieces]) + "\n", encoding="utf-8")
    return {"vocab_file": folder / "vocab.txt"}


@cache
def _bpe(kind):
    suffix = dict(end_of_word_suffix="</w>") if kind == "word" else {}
    rust = Tokenizer(models.BPE(**suffix))
    if kind == "byte": rust.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    else: rust.normalizer, rust.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    alphabet = pre_tokenizers.ByteLevel.alphabet() if kind == "byte" else []
    rust.train_from_iterator(corpus(), trainers.BpeTrainer(vocab_size=1500, initial_alphabet=alphabet, show_progress=False, **suffix))
    model = json.loads(rust.to_str())["model"]
    return model["vocab"], [tuple(pair) if isinstance(pair, list) else tuple(pair.split(" ")) for pair in model["merges"]]


def _write_bpe(folder, kind, first, last):
    vocab, merges = _bpe(kind)
    texts = [*first, *sorted(vocab, key=vocab.get), *last]
    (folder / "vocab.json").write_text(json.dumps({t: i for i, t in enumerate(texts)}, ensure_ascii=False), encoding="utf-8")
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *map(" ".join, merges)]) + "\n", encoding="utf-8")
    return {"vocab_file": folder / "vocab.json", "merges_file": folder / "merges.txt"}


def byte_bpe(folder, first=(), last=("<|endoftext|>",)):
    "vocab.json and merges.txt of GPT-2's kind, with texts before and behind the pieces"
    return _write_bpe(folder, "byte", first, last)


def word_bpe(folder, first=(), last=("<unk>",)):
    "vocab.json and merges.txt on lower-case words whose last piece ends in </w>"
    return _write_bpe(folder, "word", first, last)


def sentencepiece(folder, kind="unigram", name="spiece.model"):
    "A SentencePiece file: `unigram` (NMT-NFKC), or `bpe` (as it is, with byte fallback)"
    data = Path(__file__).parents[2] / "nbs" / "tokenizers" / "data" / f"{kind}.model"
    return {"vocab_file": Path(shutil.copyfile(data, folder / name))}
