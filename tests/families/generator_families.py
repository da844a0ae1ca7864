"""SentencePiece families of models that generate."""
import re
import shutil
from functools import partial

from vocabularies import sentencepiece, texts


def model(folder, name, kind, first, types="", **trainer):
    "A SentencePiece file with the pieces of `kind` behind `first`; a text that ends with ? is the unknown one"
    from transformers_lit.tokenizers.sentencepiece import SentencePieceModel
    path = sentencepiece(folder, kind, name)["vocab_file"]
    old = SentencePieceModel.read(path)
    fallback = trainer.get("byte_fallback", old.trainer.byte_fallback)
    head = [(t.rstrip("?"), 0.0, "unknown" if t.endswith("?") else "control") for t in first.split()]
    rest = [p for p in old.pieces if p.type == "normal" or p.type == "byte" and fallback]
    if trainer.get("model_type") == 4: rest = [p for p in rest if len(p.text) == 1]
    trainer["unk_id"] = next(i for i, (_, _, kind) in enumerate(head) if kind == "unknown")
    normal = {k: trainer.pop(k) for k in ("add_dummy_prefix",) if k in trainer}
    SentencePieceModel([*head, *rest], old.trainer | trainer, old.normalizer | normal).write(path)
    return {"vocab_file": path}


def whole(folder, make, name):
    "A tokenizer.json that our class in Rust writes"
    import transformers_lit
    fast = getattr(transformers_lit, name)(**make(folder))
    fast.save_pretrained(folder / "files")
    return {"tokenizer_file": shutil.copyfile(folder / "files" / "tokenizer.json", folder / "tokenizer.json")}


llama = partial(model, name="tokenizer.model", kind="bpe", first="<unk>? <s> </s>")
gemma = partial(model, name="tokenizer.model", kind="bpe", first="<pad> <eos> <bos> <unk>?", add_dummy_prefix=False)
t5 = partial(model, name="spiece.model", kind="unigram", first="<pad> </s> <unk>?", byte_fallback=False)
deberta = partial(model, name="spm.model", kind="unigram", first="[PAD] [CLS] [SEP] [UNK]?", byte_fallback=False)
speech = partial(model, name="spm_char.model", kind="unigram", first="<s> <pad> </s> <unk>?", byte_fallback=False, model_type=4)
xglm = partial(model, name="sentencepiece.bpe.model", kind="unigram", first="<unk>? <s> </s>", byte_fallback=False)
swedish = partial(model, name="spiece.model", kind="bpe", first="<pad> <unk>? <s> <|endoftext|>")

HOLES = [("encode", [text]) for text in ("def f(<FILL_ME> return 1", "a<FILL_ME>", "x = <FILL_ME>\ny = 2", " a<FILL_ME> b ")]
SPOKEN = [*(t for t in texts(1000) if not re.search(r"\d", t)), "I have 23 apples and $5.50", "in 1999, at 12:30", "¥3 -5 £20 €7", "100 of 1,234, or 110%",
          "version 3.14 of x12 and 3rd", "-$5 (12) 1000000 7654321 20000", "40 21 19 999999 1001000", "₹5 ₩1,100 2.5%."]

FAMILIES = {
    "LlamaTokenizer": (llama, dict(legacy=False)),
    "LlamaTokenizerFast": (llama, {}),
    "T5Tokenizer": (t5, dict(legacy=False)),
    "T5TokenizerFast": (t5, {}),
    "MT5Tokenizer": (t5, dict(legacy=True)),
    "MT5TokenizerFast": (t5, {}),
    "GemmaTokenizer": (gemma, {}),
    "GemmaTokenizerFast": (gemma, {}),
    "CodeLlamaTokenizer": (llama, {}, dict(calls=HOLES)),
    "CodeLlamaTokenizerFast": (partial(whole, make=llama, name="CodeLlamaTokenizerFast"), {}, dict(calls=HOLES)),
    "DebertaV2Tokenizer": (deberta, {}),
    "DebertaV2TokenizerFast": (deberta, {}),
    "SiglipTokenizer": (t5, {}, dict(calls=[("canonicalize_text", ["a (b), c-d!  e"]), ("remove_punctuation", ["a, b_c."])])),
    "SpeechT5Tokenizer": (speech, dict(normalize=True), dict(texts=SPOKEN, differ=["framed"])),  # its types of a pair are one too few
    "XGLMTokenizer": (xglm, {}),
    "XGLMTokenizerFast": (xglm, {}),
    "GPTSw3Tokenizer": (swedish, {}, dict(calls=[("preprocess_text", ["a\u00a0b\u3000c\x07 e\u0301"]), ("encode_fast", ["ett två"]),
                                                 ("encode_fast", [["a", "b c"]]), ("decode_fast", [[300, 400, 500]])])),
}
