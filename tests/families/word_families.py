"""Families whose BPE works on words with an end mark."""
import json
from functools import partial

from vocabularies import _bpe, byte_bpe, word_bpe

SPECIALS = [f"<special{i}>" for i in range(10)]
SHORT = ["", " ", "a", "Hello world", "  two  spaces ", "Don't stop, it's U.S.A. style!", "Größe naïve café", "привет мир", "你好，世界！",
         "“quoted” ‘it’ «là» …", "The end-of-line; a/b <b>x</b> & more [x] | y", "1,000.50 $5 50% 3.14", "a\nb\tc", "x" * 60]


def lines(folder, name, rows):
    (folder / name).write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder / name


def clip(folder):
    "Byte-level pieces on lower-case words with </w>"
    vocab, merges = _bpe("byte")
    letters = [t for t in vocab if len(t) == 1]
    merges = [(a, b) for a, b in merges if "Ġ" not in a + b and (a + b).islower()]
    made, known = [], {*letters}
    for a, b in merges:
        if a in known and b in known: made.append((a, b)); known.add(a + b)
    ends = [(a, b + "</w>") for a, b in made]
    texts = [*letters, *(c + "</w>" for c in letters)]
    both = [pair for two in zip(made, ends) for pair in two]
    done, kept = {*texts}, []
    for a, b in both:
        if a in done and b in done: kept.append((a, b)); done.add(a + b)
    texts += [t for t in dict.fromkeys(a + b for a, b in kept) if t not in texts]
    return store(folder, [*texts, "<|startoftext|>", "<|endoftext|>"], kept)


def store(folder, texts, merges, header=("#version: 0.2",), tail=""):
    vocab = {t: i for i, t in enumerate(dict.fromkeys(texts))}
    (folder / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False), encoding="utf-8")
    return {"vocab_file": folder / "vocab.json", "merges_file": lines(folder, "merges.txt", [*header, *(f"{a} {b}{tail}" for a, b in merges)])}


def continued():
    "The pieces of a vocabulary with @@, and its merges"
    vocab, merges = _bpe("word")
    return [t[:-4] if t.endswith("</w>") else t + "@@" for t in sorted(vocab, key=vocab.get)], merges


def at_bpe(folder, first=(), last=("<unk>",), header=("#version: 0.2",)):
    "vocab.json and merges.txt of CTRL's kind"
    pieces, merges = continued()
    return store(folder, [*first, *pieces, *last], merges, header)


def moses_bpe(folder, first=("<s>", "</s>", "<pad>", "<unk>", *SPECIALS)):
    "vocab.json and merges.txt with counts, of XLM's kind"
    vocab, merges = _bpe("word")
    return store(folder, [*first, *sorted(vocab, key=vocab.get)], merges, (), " 12")


def fairseq_bpe(folder):
    "vocab.txt with counts and bpe.codes of PhoBERT's kind"
    pieces, merges = continued()
    return {"vocab_file": lines(folder, "vocab.txt", [f"{t} {i + 1}" for i, t in enumerate(pieces)]),
            "merges_file": lines(folder, "bpe.codes", [f"{a} {b} 7" for a, b in merges])}


def two_bpe(folder):
    "FSMT: a vocabulary for the source, one for the target, and merges"
    files = moses_bpe(folder, ("<s>", "<pad>", "</s>", "<unk>"))
    source = json.loads(files["vocab_file"].read_text(encoding="utf-8"))
    target = {t: i for i, t in enumerate([*list(source)[:4], *reversed(list(source)[4:])])}
    for name, vocab in ("vocab-src.json", source), ("vocab-tgt.json", target):
        (folder / name).write_text(json.dumps(vocab, ensure_ascii=False), encoding="utf-8")
    return {"src_vocab_file": folder / "vocab-src.json", "tgt_vocab_file": folder / "vocab-tgt.json", "merges_file": files["merges_file"]}


def only_vocab(folder):
    "Speech2Text2 with a vocabulary alone"
    return {"vocab_file": at_bpe(folder, ("<s>", "<pad>", "</s>", "<unk>"), ())["vocab_file"]}


FAIRSEQ = ("<s>", "<pad>", "</s>", "<unk>")
HERBERT = partial(word_bpe, first=("<s>", "<pad>", "</s>", "<unk>", "<mask>"), last=())
BLENDERBOT = partial(at_bpe, first=("__null__", "__start__", "__end__", "__unk__", "__newln__"), last=())
CLVP = partial(byte_bpe, first=("[STOP]", "[UNK]", "[SPACE]"))
FAMILIES = {
    "CLIPTokenizer": (clip, {}),
    "CLIPTokenizerFast": (clip, {}),
    "OpenAIGPTTokenizer": (word_bpe, {}),
    "OpenAIGPTTokenizerFast": (word_bpe, {}),
    "HerbertTokenizer": (HERBERT, {}),
    "HerbertTokenizerFast": (HERBERT, {}),
    "CTRLTokenizer": (at_bpe, {}),
    "BlenderbotSmallTokenizer": (BLENDERBOT, {}),
    "BioGptTokenizer": (partial(moses_bpe, first=FAIRSEQ), {}),
    "PhobertTokenizer": (fairseq_bpe, {}),
    "BertweetTokenizer": (fairseq_bpe, dict(normalization=True)),
    "Speech2Text2Tokenizer": (partial(at_bpe, first=FAIRSEQ, last=(), header=()), {}),
    "ClvpTokenizer": (CLVP, {}),
    "FSMTTokenizer": (two_bpe, dict(langs=["en", "de"])),
    "XLMTokenizer": (moses_bpe, {}),
    "FlaubertTokenizer": (moses_bpe, {}),
}
