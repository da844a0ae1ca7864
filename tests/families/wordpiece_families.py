"""Families with BERT's vocabulary: other frames, other columns, other calls."""
import os
from functools import partial

from vocabularies import SPECIAL, texts, wordpiece

N = int(os.environ.get("TEXTS", 1000))
PLAIN = "Electra DistilBert MobileBert ConvBert LayoutLM Lxmert RetriBert SqueezeBert DPRContextEncoder DPRQuestionEncoder".split()
KINDS = ("Tokenizer", "TokenizerFast")
FUNNEL = partial(wordpiece, special="<s> </s> <unk> <sep> <pad> <cls> <mask>".split())
MPNET = partial(wordpiece, special="<s> <pad> </s> [UNK] <mask>".split())
SPLINTER = partial(wordpiece, special=[*SPECIAL, "[QUESTION]"])
PROPHETNET = partial(wordpiece, special="[PAD] [unused0] [UNK] [SEP] [X_SEP] [MASK]".split())
PASSAGES = [["the sky", "the grass"], ["colours of the sky", "grass"], ["It is blue in the day. [PAD]", "Grass is green; naïve."]]
CANDIDATES = [["Hello world!", "a b"], ["x", "what is the name of the function"]]
READ = [("__call__", ["what colour?", *PASSAGES[1:]]), ("__call__", [*PASSAGES, True]), ("__call__", [*PASSAGES, True, True, 9]),
        ("__call__", [*PASSAGES, "max_length", True, 20]), ("__call__", ["a", "b", "c"]), ("__call__", [["a", "b"], ["c", "d e"]])]

FAMILIES = {
    **{name + kind: (wordpiece, {}) for name in PLAIN for kind in KINDS},
    **{"Realm" + kind: (wordpiece, {}, dict(calls=[("batch_encode_candidates", [CANDIDATES]), ("batch_encode_candidates", [CANDIDATES[:1]])])) for kind in KINDS},
    **{"DPRReader" + kind: (wordpiece, {}, dict(calls=READ)) for kind in KINDS},
    **{"Funnel" + kind: (FUNNEL, {}) for kind in KINDS},
    "MPNetTokenizer": (MPNET, {}),
    "MPNetTokenizerFast": (MPNET, {}, dict(texts=texts(N, special=["<s>", "</s>", "<pad>"]))),
    **{"Splinter" + kind: (SPLINTER, {}, dict(differ=["framed"])) for kind in KINDS},  # there, the mask of a pair is two too short
    "ProphetNetTokenizer": (PROPHETNET, {}),
}
