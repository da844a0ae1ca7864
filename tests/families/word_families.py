"""Families whose BPE works on words with an end mark."""
import json
from functools import partial

from vocabularies import _bpe, byte_bpe, texts, word_bpe

SPECIALS = [f"<special{i}>" for i in range(10)]


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


def lines_of(special, without="\n"):
    "Texts for scripts that read line by line"
    return dict(texts=[text for text in texts(1000, special=special) if without not in text])


TWEETS = ["Hi @User, see https://t.co/abc?x=(1) :) ;-) =D <3 >:( xD #hash_tag's ... --> <- I can't, I cannot do it; ain't",
          "call 555-123-4567 or +1 (800) 555 1234 &amp; a&lt;b a@b.com me@x.co.uk www.foo.com foo.org/bar, 3/4 10:30 5.5% 1,000",
          "It's 5 p.m. now, 6 a.m. then; p . m . we've we'll I'd he's I'm", "soooo!!!!!!! ......... ????? “quote’s” it’s … don't",
          "http://x.y. WWW.foo.de HTTP://A.B @ ab@cd #1 #a-b a_b don't-stop 8) 8-D D: :'( (: 12:30:45 +5-3 a--b foo-bar'baz <b>bold</b> <a href> x"]
READ = ["Mr. Smith paid $1,234.56 in 1999, 2nd and 21st of Dr. Who's £5 100000 1e5 007 0 $1 $0.05 $.50 $1.01 1,000,000 12.5.6 2000 2010 1905",
        "1000th 15% 20-30 Mrs Jones Mrs. St. Ltd. Col. Gen. jan. \"quoted\" 1. 10  x  $ 1st 3rd 4th 12th 20th 100th 123rd 1234567890123",
        "0.5 .5 5. 00 1.0 1.50 1100 1200 2001 2009 2011 2099 2100 2900 3000 1800 10000 $2.5 $1.2.3 $0 $1, 1,1 999999 10.05"]
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
    "BertweetTokenizer": (fairseq_bpe, dict(normalization=True), dict(
        lines_of(["<s>", "</s>", "<mask>"], "🇫🇷"),  # newer versions of emoji do not name half a flag
        calls=[("normalizeTweet", [tweet]) for tweet in TWEETS])),
    "Speech2Text2Tokenizer": (partial(at_bpe, first=FAIRSEQ, last=(), header=()), {}),
    "ClvpTokenizer": (CLVP, {}, dict(texts=[*texts(900, special=["[STOP]", "[UNK]"]), *READ])),
    "FSMTTokenizer": (two_bpe, dict(langs=["en", "de"]), lines_of(["</s>", "<unk>"])),
    "XLMTokenizer": (moses_bpe, {}, lines_of(["<s>", "</s>", "<special1>"])),
    "FlaubertTokenizer": (moses_bpe, {}, lines_of(["<s>", "</s>", "<special1>"])),
}
