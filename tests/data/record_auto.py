"""Writes auto_classes.json: which class transformers 4.38.2 loads for every auto class and model_type.

Run with the interpreter of `make interop`: .envs/transformers-4.38.2/bin/python tests/data/record_auto.py
"""
import json
from pathlib import Path

from transformers.models.auto import configuration_auto, modeling_auto


def name_of(value):
    "Some entries hold several classes; the first is the one that is loaded."
    return value[0] if isinstance(value, (tuple, list)) else value


kinds = {n: k for n, k in vars(modeling_auto).items() if n.startswith("Auto") and hasattr(k, "_model_mapping")}
classes = {n: {t: name_of(v) for t, v in k._model_mapping._model_mapping.items()} for n, k in kinds.items()}
classes["AutoConfig"] = dict(configuration_auto.CONFIG_MAPPING_NAMES)
Path(__file__).with_name("auto_classes.json").write_text(json.dumps(classes, indent=0, sort_keys=True) + "\n")
