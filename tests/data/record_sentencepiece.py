"""Trains two small SentencePiece models and records what the original package answers for them. Run with sentencepiece 0.2.3
and protobuf installed: python record_sentencepiece.py. It writes to nbs/tokenizers/data; tests and pages only read that."""
import io
import json
import unicodedata
from pathlib import Path
from pydoc_data.topics import topics

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as proto

FOLDER = Path(__file__).parents[2] / "nbs" / "tokenizers" / "data"
LINES = [
    "Hello world, naïve café — 東京 12345!", "", " ", "   both   ends   ", "the cat sat on the mat.", "The if statement is used for conditional execution:",
    "def f(x):\n\treturn x ** 2  # x²\n\n\n    y = 1", "a<sep>b", "<sep>the<sep> the", "<s>the</s>", "<unk> and <0x41> are text", "▁sub▁word ▁", "▁",
    "unsubscriptable", "aaaaaaaaaaaaaaaaaaaaaaa", " " * 23 + "x", "...........", "Don't stop -- I'LL be back... they've won’t",
    "Straße İstanbul ΟΔΥΣΣΕΥΣ", "Привет, мир! Ёжик", "नमस्ते दुनिया। বাংলা தமிழ்", "กำลังทำ ภาษาไทย ๑๒๓", "你好，世界。漢字とカナ ガ ｶﾞーナ ＡＢＣ１２３abc",
    "한국어 각 ㅋㅋㅋ㈜漢字", "שָׁלוֹם עולם مُحَمَّد العربية ٣٤، ﷺ", "🙂 👩\u200d👩\u200d👧 🇩🇪 👍🏽 ❤\ufe0f ①②③ ™ Ⅷ ½ x² m³", "ﬁancée ﬀ ﬁﬂ", "e\u0301te\u0301 e\u0301\u0323 a\u0301\u0301",
    "\u0301mark a\u0301b\u0301", "tab\tnew\nline\r\n\x07\x7f\x85\u00a0nbsp\u200b\u200d\ufeff\u2028 soft\u00adhyphen end\u3000", "\u200b", "\u200b a", "x" * 40,
    "snake_case camelCase HTTPServer2", "3.14159 2,718 0x1F 1e-9", "žluťoučký kůň", "Việt Nam tiếng", "日本語のテキスト", "mixed 東京 and ascii 大阪", "*" * 15, "| _____ end", "Καλημέρα κόσμε",
]
BYTES = [[0xE6, 0x9D, 0xB1], [0xE6, 0x9D], [0x80, 0xE6], [0xF0, 0x9F, 0x99, 0x82, 0x41], [0xED, 0xA0, 0x80], [0xC0, 0x80]]


def rules():
    "A small part of NFKC: spaces, ligatures, wide letters, fractions, letters with one mark"
    found = {**dict.fromkeys("\t\n\r\u00a0\u3000", " "), **dict.fromkeys("\u200b\ufeff\u00ad", "")}
    wide = [chr(i) for i in [*range(0xFF01, 0xFF5F), *range(0xFB00, 0xFB05), 0xBC, 0xBD, 0xBE, 0xB2, 0xB3, 0x2122]]
    found.update({c: unicodedata.normalize("NFKC", c) for c in wide})
    for c in map(chr, range(0xC0, 0x180)):
        apart = unicodedata.normalize("NFD", c)
        if len(apart) == 2: found[apart] = c
    return "\n".join(f"{' '.join(f'{ord(x):X}' for x in a)}\t{' '.join(f'{ord(x):X}' for x in b)}" for a, b in sorted(found.items()))


def train(**settings):
    "The bytes of a model, without any path"
    sentences = [line.strip() for name in sorted(topics) for line in topics[name].split("\n") if line.strip()]
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(sentences), model_writer=out, byte_fallback=True, num_threads=1,
                                             minloglevel=2, **settings)
    model = proto.ModelProto.FromString(out.getvalue())
    model.trainer_spec.ClearField("input")
    model.normalizer_spec.ClearField("normalization_rule_tsv")
    return model.SerializeToString(deterministic=True)


def answers(data):
    "What the package says about every line, and about ids that are no text"
    model = sentencepiece.SentencePieceProcessor(model_proto=data)
    pieces, ids = [model.encode(text, out_type=str) for text in LINES], [model.encode(text) for text in LINES]
    bytes_ = [[model.piece_to_id(f"<0x{b:02X}>") for b in run] for run in BYTES]
    runs = bytes_ + [[*range(6)], [model.get_piece_size() - 1, 0, 1, 2, 3, *bytes_[1], 1, *bytes_[0]], [*bytes_[0], model.piece_to_id("▁the")]]
    found = dict(normal=[model.normalize(text) for text in LINES], ids=ids, decoded=[model.decode(i) for i in ids],
                 runs=[[run, model.decode(run)] for run in runs])
    if not model.is_byte(bytes_[0][0]): found.update(pieces=pieces, joined=[model.decode(p) for p in pieces])  # unknown text stays text
    return found


def best_of(data):
    "The most probable cuts of a few lines, with their scores"
    model = sentencepiece.SentencePieceProcessor(model_proto=data)
    def cuts(text):
        found = model.nbest_encode(text, nbest_size=5, return_type="proto").nbests
        return [[[p.piece for p in cut.pieces], cut.score] for cut in found]
    return [[text, cuts(text)] for text in ("unsubscriptable", "the cat", "conditional execution", "東京 and")]


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    table = FOLDER / "rules.tsv"
    table.write_text(rules(), encoding="utf-8")
    bpe = train(model_type="bpe", vocab_size=1000, normalization_rule_name="identity", remove_extra_whitespaces=False, split_digits=True,
                allow_whitespace_only_pieces=True, user_defined_symbols=["<sep>"])
    unigram = train(model_type="unigram", vocab_size=1000, normalization_rule_tsv=str(table), pad_id=0, eos_id=1, unk_id=2, bos_id=-1,
                    user_defined_symbols=["<sep>"])
    table.unlink()
    whole = proto.ModelProto.FromString(unigram)
    whole.trainer_spec.byte_fallback = False  # the same model, unknown characters remain unknown
    for piece in whole.pieces:
        if piece.type == piece.BYTE: piece.type = piece.UNUSED
    (FOLDER / "bpe.model").write_bytes(bpe)
    (FOLDER / "unigram.model").write_bytes(unigram)
    recorded = dict(version=sentencepiece.__version__, lines=LINES, bpe=answers(bpe), unigram=answers(unigram),
                    unigram_without_bytes=answers(whole.SerializeToString()), best=best_of(unigram))
    (FOLDER / "sentencepiece.json").write_text(json.dumps(recorded, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    for path in sorted(FOLDER.iterdir()): print(path.name, path.stat().st_size)
