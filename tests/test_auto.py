"The auto classes are those of the reference, and give the same class for every architecture that is here."
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import transformers_lit
from transformers_lit.core.auto import CONFIGS, MODELS, AutoConfig, AutoModel, _modules, config_class_of, knows, module_of

ROOT = Path(__file__).parents[1]
RECORDED = json.loads((ROOT/"tests/data/auto_classes.json").read_text())
KINDS = sorted(set(RECORDED) - {"AutoConfig"})
TYPES = sorted(t for t in RECORDED["AutoConfig"] if (module_of(t) or "").endswith("." + t.replace("-", "_")))


def test_the_list_of_auto_classes_is_complete():
    missing = [name for name in KINDS if not issubclass(getattr(transformers_lit, name, int), AutoModel)]
    assert len(KINDS) == 37 and missing == []
    ours = {"AutoModel", *(kind.__name__ for kind in AutoModel.__subclasses__())}
    assert ours == set(KINDS)


@pytest.mark.parametrize("model_type", TYPES)
def test_every_architecture_answers_like_the_reference(model_type):
    "Every pair (task, model_type) that the reference has gives the class of that name, and there are no further pairs."
    config = config_class_of(model_type)
    assert config.__name__ == RECORDED["AutoConfig"][model_type]
    theirs = {kind: found[model_type] for kind in KINDS if model_type in (found := RECORDED[kind])}
    ours = {kind: MODELS[task][config].__name__ for kind in KINDS
            if config in MODELS.get(task := getattr(transformers_lit, kind).task, {})}
    assert ours == theirs


def test_every_file_is_one_the_reference_knows():
    "A page about an architecture is called by its model_type."
    known = {t.replace("_", "-") for t in RECORDED["AutoConfig"]}
    assert set(_modules()) <= known and len(TYPES) == len(_modules())
    for model_type in TYPES: config_class_of(model_type)
    assert {t.replace("_", "-") for t in CONFIGS if module_of(t)} >= set(_modules())


def test_relatives_share_a_configuration_class(tmp_path):
    "A model_type without a page of its own gives the class that the reference gives, if that class is here."
    here = {config_class_of(t).__name__ for t in TYPES}
    shared = {t: kind for t, kind in RECORDED["AutoConfig"].items() if kind in here and t not in TYPES}
    assert shared == {"code_llama": "LlamaConfig", "gpt-sw3": "GPT2Config"}
    for model_type, kind in shared.items():
        (tmp_path/"config.json").write_text(json.dumps({"model_type": model_type, "vocab_size": 99}))
        for config in (AutoConfig.for_model(model_type, vocab_size=99), AutoConfig.from_pretrained(tmp_path)):
            assert type(config).__name__ == kind and config.vocab_size == 99
            assert json.loads(config.to_json_string())["model_type"] == config_class_of(model_type).model_type


@pytest.mark.parametrize("spelling", ["vit_x", "bert_"])
def test_a_name_that_begins_like_a_family_is_not_the_family(spelling):
    assert not knows(spelling)


def test_asking_imports_one_architecture():
    "The question for one model_type imports its module and that of no other architecture."
    code = ("import sys; from transformers_lit import AutoConfig; before = [m for m in sys.modules if '.models.' in m];"
            "AutoConfig.for_model('gpt2');"
            "print(before, *sorted(m for m in sys.modules if m.startswith('transformers_lit.models.') and m.count('.') > 2))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == ["[]", "transformers_lit.models.text.gpt2"]


def test_own_class_wins_over_code_of_the_checkpoint(tmp_path):
    "For a known model_type the checkpoint's code is neither run nor asked about, also before the family was imported."
    (tmp_path/"config.json").write_text(json.dumps({"model_type": "llama", "auto_map": {"AutoConfig": "theirs.Theirs"}}))
    (tmp_path/"theirs.py").write_text("raise SystemExit('it ran')")
    code = f"from transformers_lit import AutoConfig; print(type(AutoConfig.from_pretrained({str(tmp_path)!r})).__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=ROOT, env=os.environ)
    assert done.stdout.strip() == "LlamaConfig", done.stderr


def test_gpt2_with_two_heads_is_not_the_base_model():
    from transformers_lit import GPT2Config, GPT2Model
    tiny = GPT2Config(n_embd=8, n_layer=1, n_head=2, vocab_size=11, n_positions=7)
    assert type(AutoModel.from_config(tiny)) is GPT2Model


def test_configuration_from_elsewhere(tmp_path):
    "`config=` may be a folder; keyword arguments that name a field override it, the others reach the model."
    from transformers_lit import GPT2Config, GPT2Model
    GPT2Model(GPT2Config(n_embd=8, n_layer=1, n_head=2, vocab_size=11, n_positions=7)).save_pretrained(tmp_path/"a")
    config = AutoConfig.from_pretrained(tmp_path/"a", resid_pdrop=0.5)
    config.save_pretrained(tmp_path/"b")
    model, info = AutoModel.from_pretrained(tmp_path/"a", config=str(tmp_path/"b"), attn_pdrop=0.25, output_loading_info=True)
    assert (model.config.resid_pdrop, model.config.attn_pdrop) == (0.5, 0.25) and info["missing_keys"] == []
