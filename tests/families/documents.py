"""Families of texts whose words have places, tags or entities."""
import json
import random
from functools import cache, partial

from tokenizers.models import BPE
from translation import spm
from vocabularies import FOREIGN, _bpe, byte_bpe, words, wordpiece

roberta = partial(byte_bpe, first=["<s>", "<pad>", "</s>", "<unk>"], last=["<mask>"])
ENTITIES = {name: i for i, name in enumerate("[MASK] [UNK] [PAD] [MASK2] Paris France".split())}


def luke(folder):
    (folder / "entity_vocab.json").write_text(json.dumps(ENTITIES), encoding="utf-8")
    return {**roberta(folder), "entity_vocab_file": folder / "entity_vocab.json"}


TAGS = {tag: i for i, tag in enumerate("a abbr b body div h1 head html li p span table td tr ul".split())}
rng = random.Random(0)


@cache
def whole():
    "Words whose first piece is more than a space: the reference labels the next piece of others too"
    model = BPE(*_bpe("byte"))
    return [w for w in words() if w.isalpha() and w.isascii() and model.tokenize("\u0120" + w)[0].value != "\u0120"]


def document(n, value, odd=0.2):
    "Words, what belongs to each, and labels"
    text = [rng.choice(FOREIGN) if rng.random() < odd else rng.choice(words() if odd else whole()) for _ in range(n)]
    return text, [value() for _ in text], [rng.randrange(9) for _ in text]


def box():
    (a, b), (c, d) = sorted(rng.sample(range(1001), 2)), sorted(rng.sample(range(1001), 2))
    return [a, c, b, d]


def xpath():
    def step(): return rng.choice([*TAGS, "svg"]) + rng.choice(["", "", f"[{rng.choice([1, 2, 17, 3000])}]"])
    return "".join(f"/{step()}" for _ in range(rng.choice([1, 3, 5, 60])))


def calls(value, odd=0.2, with_labels=True, with_mask=True, differ=()):
    "Documents with and without labels, questions, batches, padded, cut, and what was cut off"
    rest, made = [None, None], []  # return_tensors, return_token_type_ids
    for n in range(30):
        text, values, labels = document(rng.randint(1, 12), value, odd)
        made += [[text, None, values], [text, None, values, labels], [text, None, values, labels, False],
                 [f"what is {rng.choice(words())} of it", text, values],
                 [text, None, values, labels, True, "max_length", True, 16], [text, None, values, None, True, False, "longest_first", 9, 0, None, None, True],
                 [text, None, values, labels if with_labels else None, True, False, "only_first", 8, 2, None, *rest, None, True],
                 ["who", text, values, None, True, False, "only_second", 14, 1, None, *rest, None, True, with_mask]]
        more, values2, labels2 = document(rng.randint(1, 5), value, odd)
        made += [[[text, more], None, [values, values2], [labels, labels2], True, True],
                 [["who", "where is"], [text, more], [values, values2], None, True, True, "longest_first", 12, 0, 8]]
    made += [[["a"], None, None], [["a"], None, []], ["a", None, [value()]]] if value is box else []
    made += [[["a", "", "b"], None, [value()] * 3, [1, 2, 3]], [[], None, []]]
    return dict(calls=[("__call__", args) for args in made], differ=["bare", *differ])  # a text that is not cut into words


FAMILIES = {
    "LayoutLMv2Tokenizer": (wordpiece, {}, calls(box)),
    "LayoutLMv2TokenizerFast": (wordpiece, {}, calls(box)),
    "LayoutLMv3Tokenizer": (roberta, {}, calls(box)),
    "LayoutLMv3TokenizerFast": (roberta, {}, calls(box, odd=0)),  # the reference labels two pieces of some words: see the page
    "LayoutXLMTokenizer": (spm, {}, calls(box)),
    "LayoutXLMTokenizerFast": (spm, dict(only_label_first_subword=False), calls(box, odd=0)),
    "MarkupLMTokenizer": (roberta, dict(tags_dict=TAGS, max_depth=8), calls(xpath, with_labels=False, with_mask=False, differ=["framed"])),
    "MarkupLMTokenizerFast": (roberta, dict(tags_dict=TAGS, max_depth=8), calls(xpath, odd=0)),
    "LukeTokenizer": (luke, {}),
    "TapexTokenizer": (roberta, {}, dict(differ=["bare"])),  # its texts are tables, which JSON does not know
}
