"""Families on SentencePiece Unigram files: a file of each family's kind, with its own first pieces."""
from functools import partial
from pathlib import Path

from transformers_lit.tokenizers.sentencepiece import SentencePieceModel

DATA = Path(__file__).parents[2] / "nbs" / "tokenizers" / "data" / "unigram.model"
COMMAS = [("▁3,", -7.0, "normal"), ("10,", -7.5, "normal"), ("0,", -8.0, "normal"), (",0", -8.0, "normal")]


def spm(folder, first, name="spiece.model", argument="vocab_file"):
    "The pieces of the manual without bytes, behind those given as `text` (control), `text?` (unknown), `text!` (user-defined)"
    kinds = {"?": "unknown", "!": "user_defined"}
    own = [(t[:-1], 0.0, kinds[t[-1]]) if t[-1] in kinds and len(t) > 1 else (t, 0.0, "control") for t in first.split()]
    full = SentencePieceModel.read(DATA)
    texts, unknown = [text for text, _, _ in own], next(text for text, _, kind in own if kind == "unknown")
    rest = [p for p in full.pieces if p.type == "normal" and p.text not in texts]
    model = SentencePieceModel([*own, *COMMAS, *rest], full.trainer, full.normalizer)
    at = {role: next((texts.index(t) for t in spellings if t in texts), -1)
          for role, spellings in dict(pad_id=("<pad>", "[PAD]"), bos_id=("<s>",), eos_id=("</s>",)).items()}
    model.trainer |= dict(byte_fallback=False, vocab_size=len(model), unk_id=texts.index(unknown), unk_piece=unknown, **at,
                          user_defined_symbols=[t for t, _, kind in own if kind == "user_defined"])
    model.write(folder / name)
    return {argument: folder / name}


def kind(first, **options): return partial(spm, first=first, **options)


SAID = dict(do_lower_case=False, keep_accents=True, unk_token="[UNK]", pad_token="[PAD]")  # as google/rembert says; the fast defaults differ
ALBERT = kind("<pad> <unk>? [CLS] [SEP] [MASK] (! )! \"! -! –! £!")
XLNET = kind("<unk>? <s> </s> <cls> <sep> <pad> <mask> <eod> <eop> (! )! £!")
FAIRSEQ = kind("<unk>? <s> </s>", name="sentencepiece.bpe.model")
BARTHEZ = kind("<s> <pad> </s> <unk>?", name="sentencepiece.bpe.model")
BIGBIRD = kind("<pad> </s> <s> <unk>? [CLS] [SEP] [MASK]")
PEGASUS = kind("<pad> </s> <unk>?")
REMBERT = kind("[PAD] [UNK]? [CLS] [SEP] [MASK]", name="sentencepiece.model")
FNET = kind("<pad> <unk>? [CLS] [SEP] [MASK]")
PLAIN = kind("<unk>? <s> </s>")
GENERATION = kind("<pad> </s> <s> <unk>? <::::>!")
PROPHET = kind("<unk>? <s> </s>", name="prophetnet.tokenizer")
both = lambda name, maker, options={}, *more: {name: (maker, options, *more), f"{name}Fast": (maker, options, *more)}
TYPES = dict(differ=["framed"])  # there, the types of a text have another length than its ids

FAMILIES = {
    **both("AlbertTokenizer", ALBERT), **both("XLNetTokenizer", XLNET), **both("CamembertTokenizer", FAIRSEQ),
    **both("BarthezTokenizer", BARTHEZ), **both("BigBirdTokenizer", BIGBIRD), **both("PegasusTokenizer", PEGASUS, {}, TYPES),
    **both("RemBertTokenizer", REMBERT, SAID), **both("FNetTokenizer", FNET), **both("ReformerTokenizer", PLAIN),
    "BertGenerationTokenizer": (GENERATION, {}), "XLMProphetNetTokenizer": (PROPHET, {}, TYPES),
}
