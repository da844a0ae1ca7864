"""Writes core.json.gz: fields of all model outputs, and what every configuration of transformers 4.38.2 writes to its file.

Run with the interpreter of `make interop`: .envs/transformers-4.38.2/bin/python tests/data/record_core.py
"""
import dataclasses
import gzip
import json
import os
from pathlib import Path

os.environ.update(TRANSFORMERS_VERBOSITY="error", HF_HUB_OFFLINE="1")
import transformers
from transformers import modeling_outputs
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

CHANGED = dict(num_labels=3, output_attentions=True, torch_dtype="float16", max_length=7, colour="blue")


def written(kind, values):
    "What config.json holds, or None where the class cannot be built from such values."
    try: return json.loads(kind(**values).to_json_string())
    except Exception: return None


def nested():
    "A configuration inside another: only what differs is written."
    clip = transformers.CLIPConfig(text_config=dict(hidden_size=32, projection_dim=7), projection_dim=9)
    return json.loads(clip.to_json_string())


outputs = {n: [f.name for f in dataclasses.fields(k)] for n, k in vars(modeling_outputs).items()
           if isinstance(k, type) and issubclass(k, modeling_outputs.ModelOutput) and k is not modeling_outputs.ModelOutput}
configs = {t: [written(k, {}), written(k, CHANGED)] for t, k in CONFIG_MAPPING.items()}
record = dict(changed=CHANGED, outputs=outputs, common=json.loads(json.dumps(transformers.PretrainedConfig().to_dict())),
              configs={t: w for t, w in configs.items() if None not in w}, nested=nested())
text = json.dumps(record, sort_keys=True, separators=(",", ":"))
Path(__file__).with_name("core.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
