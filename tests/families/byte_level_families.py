"""Families on GPT-2's byte-level pieces."""
import json
from functools import partial

from tokenizers import Regex, Tokenizer, decoders, pre_tokenizers, processors
from tokenizers.models import BPE
from vocabularies import _bpe, byte_bpe

fairseq = partial(byte_bpe, first=["<s>", "<pad>", "</s>", "<unk>"], last=["<mask>"])
deberta = partial(byte_bpe, first=["[CLS]", "[PAD]", "[SEP]", "[UNK]"], last=["[MASK]"])
ROLES = ["Roberta", "Bart", "Mvp", "Longformer", "LED", "Blenderbot"]
KINDS = ("Tokenizer", "TokenizerFast")
CHAT = [dict(role="user", content="hi"), dict(role="assistant", content="yes"), dict(role="user", content="ok?")]
BLOOM = " ?[^(\\s|[.,!?…。，、।۔،])]+"


def whole(folder, first, last, words, trim=False):
    "tokenizer.json of a byte-level BPE, with its own words"
    vocab, merges = _bpe("byte")
    texts = [*first, *sorted(vocab, key=vocab.get), *last]
    rust = Tokenizer(BPE({text: i for i, text in enumerate(texts)}, merges))
    rust.pre_tokenizer, rust.decoder, rust.post_processor = words, decoders.ByteLevel(), processors.ByteLevel(trim_offsets=trim)
    rust.add_special_tokens([*first, *last])
    state = json.loads(rust.to_str())
    state["model"]["merges"] = list(map(" ".join, merges))  # the form that older libraries read too
    (folder / "tokenizer.json").write_text(json.dumps(state), encoding="utf-8")
    return {"tokenizer_file": folder / "tokenizer.json"}


def split(pattern):
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(False, use_regex=False)])


bloom = partial(whole, first=["<unk>", "<s>", "</s>", "<pad>"], last=[], words=split(BLOOM))
neox = partial(whole, first=["<|endoftext|>", "<|padding|>"], last=[], words=pre_tokenizers.ByteLevel(add_prefix_space=False), trim=True)
nougat = partial(whole, first=["<s>", "<pad>", "</s>", "<unk>"], last=[], words=split(r"\p{N}"))
chat = dict(calls=[("apply_chat_template", [CHAT, None, True])])
cut = dict(calls=[("truncate", ["def f():\n  return 1\n\n\n# test\nprint(f())\nprint(2)\n", [p]]) for p in ("^#", "\n\n\n", "zz")])

# BlenderbotTokenizer is not here: the reference loses the second text of a pair. Its fast class is; the page compares the two.
FAMILIES = {
    **{name + kind: (fairseq, {}, chat) for name in ROLES for kind in KINDS if name + kind != "BlenderbotTokenizer"},
    **{"Deberta" + kind: (deberta, {}, chat) for kind in KINDS},
    **{"CodeGen" + kind: (byte_bpe, {}, cut) for kind in KINDS},
    **{"Qwen2" + kind: (byte_bpe, {}, chat) for kind in KINDS},
    "GPTNeoXTokenizerFast": (neox, {}, chat),
    "BloomTokenizerFast": (bloom, {}, chat),
    "NougatTokenizerFast": (nougat, {}),
}
