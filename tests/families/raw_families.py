"""Families whose vocabulary is an alphabet: bytes, characters, amino acids, letters."""
import json
import string

from vocabularies import texts


def no_files(folder): return {}


def amino_acids(folder):
    tokens = "<cls> <pad> <eos> <unk> L A G V S E R T I D P K Q N F Y M H W C X B U Z O . - <null_1> <mask>".split()
    (folder / "vocab.txt").write_text("\n".join(tokens))
    return {"vocab_file": folder / "vocab.txt"}


def letters(folder):
    tokens = ["[GO]", "[s]", *string.digits, *string.ascii_lowercase]
    (folder / "vocab.json").write_text(json.dumps({c: i for i, c in enumerate(tokens)}))
    return {"vocab_file": folder / "vocab.json"}


PROTEINS = ["MKTAYIAKQR<mask>ISFVKSHFSRQ", "M K T", "MKTxLL", "<cls>MK<eos>", "", "K.A-G<null_1>"]
FAMILIES = {
    "ByT5Tokenizer": (no_files, {}),
    "PerceiverTokenizer": (no_files, {}),
    "CanineTokenizer": (no_files, {}),
    "EsmTokenizer": (amino_acids, {}, dict(texts=[*PROTEINS, *texts(400, special=["<mask>", "<pad>"])], calls=[("token_to_id", ["K"]), ("id_to_token", [5])])),
    "MgpstrTokenizer": (letters, {}),
}
