"""Packs the recorded cases of one architecture into NAME.zip beside this file: pack.py CASES NAME
CASES holds NAME.json and NAME.safetensors as the reference wrote them. Of float inputs to cached decoding only a sample was
written; they are drawn again from their names, checked against the sample, and stored whole."""
import json
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save

def draw(name, shape):
    "The recorder's uniform numbers of this name"
    return torch.from_numpy((np.random.default_rng(zlib.crc32(f"floats|{name}".encode())).random(shape) * 2 - 1).astype(np.float32))


def names_of(model, kind):
    "How the recorder may have named the encoder states it drew: by the family, or by the head (BertLMHeadModel: bert/LMHeadModel/enc)"
    return [f"{model}/c/enc", *(f"{model}/{kind[i:]}/enc" for i in range(len(kind)))]


def whole(model, kind, shape, sample):
    "The input that a sample was taken from"
    for name in names_of(model, kind):
        x = draw(name, shape)
        if torch.equal(x.flatten()[torch.arange(len(sample)) * x.numel() // len(sample)], sample): return x
    raise ValueError(f"{kind}: no known name gives the recorded input of shape {shape}; add it to names_of")


def pack(folder, name):
    doc, tensors = json.loads((folder / f"{name}.json").read_text()), load_file(folder / f"{name}.safetensors")
    for case in doc["cases"].values():
        for key, record in case["runs"].get("cached", {}).get("outputs", {}).items():
            sample = tensors[record["values"]]
            if not key.startswith("in_") or sample.numel() == np.prod(record["shape"]): continue
            record["values"] = f"whole.{name}.{key}.{'x'.join(map(str, record['shape']))}"
            tensors[record["values"]] = whole(name, case["class"], record["shape"], sample)
    with zipfile.ZipFile(Path(__file__).with_name(f"{name}.zip"), "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
        for entry, data in (("cases.json", json.dumps(doc)), ("tensors.safetensors", save(tensors))):
            z.writestr(zipfile.ZipInfo(entry, (2024, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED, 9)


if __name__ == "__main__": pack(Path(sys.argv[1]), sys.argv[2])
