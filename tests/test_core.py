"What configurations, outputs and the base of all models promise, beyond the pages that explain them."
import dataclasses
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import transformers_lit.core.outputs as outputs
from hub_server import Hub
from transformers_lit import BertConfig, BertForMaskedLM, BertModel, GPT2Config, GPT2LMHeadModel, T5Config, T5ForConditionalGeneration
from transformers_lit.book.parity import Cases
from transformers_lit.core.auto import MODELS, _modules, config_class_of
from transformers_lit.core.checkpoint import save_state
from transformers_lit.core.config import PretrainedConfig
from transformers_lit.core.model import load_sharded_checkpoint

ROOT = Path(__file__).parents[1]
RECORD = json.loads(gzip.decompress((ROOT / "tests/data/core.json.gz").read_bytes()))
BERT = dict(vocab_size=37, hidden_size=20, num_hidden_layers=2, num_attention_heads=4, intermediate_size=28, max_position_embeddings=12)
GPT2 = dict(vocab_size=37, n_positions=12, n_embd=20, n_layer=2, n_head=4, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0)
families = pytest.mark.parametrize("family", sorted(_modules()))


@pytest.fixture
def log(caplog):
    from transformers_lit import logging
    logging.enable_propagation()
    yield caplog
    logging.disable_propagation()


# ---- configurations

@families
def test_config_files_are_the_references(family):
    "Key for key, for default values and for changed ones."
    kind = config_class_of(family)
    for values, written in zip(({}, RECORD["changed"]), RECORD["configs"][kind.model_type]):
        ours = json.loads(kind(**values).to_json_string())
        assert ours == written
        full = json.loads(json.dumps(kind(**values).to_dict()))
        assert full.keys() >= RECORD["common"].keys() and all(full[k] == v for k, v in ours.items())
        assert kind.from_dict(full) == kind.from_dict(ours)


def test_common_defaults_are_the_references():
    assert json.loads(json.dumps(PretrainedConfig().to_dict())) == RECORD["common"]


@pytest.mark.parametrize("family", sorted(_modules()))
def test_common_names(family):
    config = config_class_of(family)()
    for name in ("hidden_size", "num_attention_heads", "num_hidden_layers"): assert isinstance(getattr(config, name), int)


class TextConfig(PretrainedConfig):
    model_type = "clip_text_model"
    hidden_size: int = 512
    projection_dim: int = 512
    bos_token_id: int = 49406


class VisionConfig(PretrainedConfig):
    model_type = "clip_vision_model"


class BothConfig(PretrainedConfig):
    model_type = "clip"
    sub_configs = dict(text_config=TextConfig, vision_config=VisionConfig)
    text_config: dict = None
    vision_config: dict = None
    projection_dim: int = 512
    initializer_factor: float = 1.0
    logit_scale_init_value: float = 2.6592


def test_nested_configs_are_written_as_differences():
    config = BothConfig(text_config=dict(hidden_size=32, projection_dim=7), projection_dim=9)
    assert json.loads(config.to_json_string()) == RECORD["nested"]
    assert "transformers_version" not in config.to_dict()["text_config"]
    assert BothConfig.from_dict(RECORD["nested"]) == config


def test_labels(log):
    assert BertConfig(label2id={"cat": 0, "owl": 1, "dog": 2}).id2label == {0: "cat", 1: "owl", 2: "dog"}
    config = BertConfig(id2label={"0": "cat", "1": "owl", "2": "dog"}, num_labels=2)
    assert config.num_labels == 3 and "num_labels=2 is not used" in log.text
    config.num_labels = 3
    assert config.id2label[1] == "owl"
    stored = config.to_dict()
    assert BertConfig.from_dict(stored, num_labels=3).id2label[1] == "owl"
    assert BertConfig.from_dict(stored, num_labels=2).label2id == {"LABEL_0": 0, "LABEL_1": 1}
    assert BertConfig.from_dict(stored, id2label={0: "x"}).label2id == {"x": 0}
    with pytest.raises(ValueError, match="num_labels=2 and an id2label of 1 labels contradict"):
        BertConfig.from_dict(stored, num_labels=2, id2label={0: "x"})


def test_a_name_that_is_no_field_is_named(tmp_path, log):
    BertConfig(**BERT).save_pretrained(tmp_path)
    BertConfig.from_pretrained(tmp_path, hiden_size=7, trust_remote_code=True)
    assert "BertConfig has no field 'hiden_size'; it is not used; did you mean 'hidden_size'?" in log.text
    assert "trust_remote_code" not in log.text
    _, unused = BertConfig.from_pretrained(tmp_path, hiden_size=7, return_unused_kwargs=True)
    assert unused == {"hiden_size": 7}


def test_versioned_config_files(tmp_path):
    files = {"config.json": 20, "config.4.0.0.json": 24, "config.4.10.0.json": 28, "config.5.0.0.json": 32}
    for name, size in files.items():
        (tmp_path / name).write_text(json.dumps(dict(BERT, hidden_size=size, configuration_files=list(files))))
    config = BertConfig.from_pretrained(tmp_path)
    assert config.hidden_size == 28 and config.name_or_path == str(tmp_path)


def test_pruned_heads_of_a_file_are_numbers():
    config = BertConfig.from_dict(json.loads(BertConfig(**BERT, pruned_heads={1: [2]}).to_json_string()))
    assert config.pruned_heads == {1: [2]} and BertModel(config).layers[1].attn.heads == 3


def test_attn_implementation(tmp_path, log):
    BertModel(BertConfig(**BERT)).save_pretrained(tmp_path)
    assert BertModel.from_pretrained(tmp_path, attn_implementation="eager").config._attn_implementation == "eager"
    assert BertModel.from_pretrained(tmp_path, attn_implementation="flash_attention_2").config._attn_implementation == "sdpa"
    assert "flash_attention_2' needs no package" in log.text
    with pytest.raises(ValueError, match="attn_implementation is 'fast'; accepted values: 'sdpa', 'eager'"):
        BertModel.from_pretrained(tmp_path, attn_implementation="fast")
    with pytest.raises(ValueError, match="attn_implementation is 'fast'"):
        BertModel.from_pretrained(tmp_path, config=BertConfig(**BERT), attn_implementation="fast")


def test_weights_come_from_the_commit_of_the_config(tmp_path):
    "The branch moves between the reading of the configuration and that of the weights."
    def files():
        BertModel(BertConfig(**BERT)).save_pretrained(tmp_path / "m")
        return {f.name: f.read_bytes() for f in (tmp_path / "m").iterdir()}
    with Hub(users={}) as hub:
        first = hub.add("ada/toy", files())
        old = load_file(tmp_path / "m/model.safetensors")["embeddings.word_embeddings.weight"]
        code = ("import sys; from transformers_lit import BertConfig, BertModel\n"
                "config = BertConfig.from_pretrained('ada/toy', revision=sys.argv[1])\n"
                "for revision in ({}, {'revision': 'main'}):\n"
                "    model = BertModel.from_pretrained('ada/toy', config=config, **revision)\n"
                "    print(config._commit_hash, model.embed.tok.weight.double().sum().item())")
        hub.add("ada/toy", files())
        new = load_file(tmp_path / "m/model.safetensors")["embeddings.word_embeddings.weight"]
        env = hub.env(tmp_path / "home", PYTHONPATH=str(ROOT))
        done = subprocess.run([sys.executable, "-c", code, first], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    assert [commit for commit, _ in rows] == [first, first]
    assert [float(s) for _, s in rows] == pytest.approx([old.double().sum().item(), new.double().sum().item()])


# ---- outputs

@pytest.mark.parametrize("name", RECORD["outputs"])
def test_fields_of_outputs(name):
    kind = getattr(outputs, name)
    names = [f.name for f in dataclasses.fields(kind)]
    assert names == RECORD["outputs"][name]
    full = kind(*range(len(names)))
    assert full.to_tuple() == tuple(range(len(names))) and list(full) == names and len(kind()) == 0
    assert isinstance(full, dict) and full[names[-1]] == full[-1] == len(names) - 1


def test_outputs_of_several_devices_are_gathered(monkeypatch):
    "What nn.DataParallel does with the outputs of its replicas."
    from torch.nn.parallel import scatter_gather
    monkeypatch.setattr(scatter_gather.Gather, "apply", lambda device, dim, *parts: torch.cat(parts, dim))
    one = outputs.TokenClassifierOutput(logits=torch.ones(2, 3), hidden_states=(torch.ones(2, 4),))
    both = scatter_gather.gather([one, one], "cpu")
    assert type(both) is outputs.TokenClassifierOutput and both.logits.shape == (4, 3) and both.hidden_states[0].shape == (4, 4)


def test_a_model_compiles_with_its_outputs():
    model, ids = BertModel(BertConfig(**BERT)).eval(), torch.randint(37, (2, 5))
    out = torch.compile(lambda x: outputs.BaseModelOutputWithPooling(x, x[:, 0]), fullgraph=True, backend="eager")(model(ids)[0])
    assert type(out) is outputs.BaseModelOutputWithPooling and out.pooler_output.shape == (2, 20)


# ---- models: loading

MEMORY = """
import sys, threading, time
from transformers_lit import AutoModel
def owned(): return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmRSS"))
AutoModel.from_pretrained(sys.argv[1])  # a small one first, so that everything is imported
before, most, done = owned(), 0, False
def watch():
    global most
    while not done: most = max(most, owned()); time.sleep(0.0005)
thread = threading.Thread(target=watch); thread.start()
model = AutoModel.from_pretrained(sys.argv[2])
done = True; thread.join()
print((most - before) / model.get_memory_footprint())
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="memory is read from /proc")
@pytest.mark.parametrize("kind,config", [
    (BertModel, BertConfig(num_hidden_layers=3, vocab_size=4000)),  # names only
    (GPT2LMHeadModel, GPT2Config(n_layer=3, vocab_size=4000))])     # matrices are cut and turned
def test_loading_needs_the_memory_of_the_model_and_one_tensor(tmp_path, kind, config):
    kind(config).save_pretrained(tmp_path / "large", max_shard_size="50MB")
    kind(type(config)(num_hidden_layers=1, hidden_size=12, vocab_size=9)).save_pretrained(tmp_path / "small")
    folders = [str(tmp_path / name) for name in ("small", "large")]
    done = subprocess.run([sys.executable, "-c", MEMORY, *folders], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 1.25


def test_loading_into_a_model_keeps_what_it_is(tmp_path):
    torch.manual_seed(0)
    saved = GPT2LMHeadModel(GPT2Config(**GPT2))
    saved.save_pretrained(tmp_path, max_shard_size="4KB")
    model = GPT2LMHeadModel(saved.config).half()
    before = list(model.parameters())
    load_sharded_checkpoint(model, tmp_path)
    assert all(a is b for a, b in zip(before, model.parameters())) and model.dtype == torch.float16
    assert model.lm_head.weight is model.model.embed.tok.weight
    torch.testing.assert_close(model.float().state_dict(), saved.half().float().state_dict())
    with pytest.raises(RuntimeError, match="does not fit GPT2LMHeadModel"):
        state = saved.to_checkpoint()
        save_state({k: v for k, v in state.items() if "ln_f" not in k}, tmp_path)
        load_sharded_checkpoint(model, tmp_path)


def test_one_line_for_a_fused_tensor_that_does_not_fit(tmp_path):
    GPT2LMHeadModel(GPT2Config(**GPT2)).save_pretrained(tmp_path)
    with pytest.raises(RuntimeError, match=r"h.0.attn.c_attn.weight: \(20, 60\) in the checkpoint, \(24, 72\) in the model") as e:
        GPT2LMHeadModel.from_pretrained(tmp_path, config=GPT2Config(**{**GPT2, "n_embd": 24}))
    assert str(e.value).count("h.0.attn.c_attn.weight") == 1


def test_torch_dtype(tmp_path):
    model = BertModel(BertConfig(**BERT)).bfloat16()
    model.save_pretrained(tmp_path)
    load = lambda **kwargs: BertModel.from_pretrained(tmp_path, **kwargs).dtype
    assert load() == torch.float32 and load(torch_dtype="auto") == torch.bfloat16 and load(torch_dtype="float16") == torch.float16
    config = json.loads((tmp_path / "config.json").read_text())
    del config["torch_dtype"]
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert load(torch_dtype="auto") == torch.bfloat16  # as stored
    for wrong in ("float17", "int8", torch.int64, 16):
        with pytest.raises(ValueError, match="torch_dtype is .*accepted are 'auto' and floating-point dtypes"): load(torch_dtype=wrong)


def test_variants_have_the_references_names(tmp_path):
    model = BertModel(BertConfig(**BERT))
    model.save_pretrained(tmp_path, variant="fp16", max_shard_size="8KB")
    names = sorted(f.name for f in tmp_path.iterdir())
    assert "model.safetensors.index.fp16.json" in names and names[1].startswith("model.fp16-00001-of-0000")
    assert torch.equal(BertModel.from_pretrained(tmp_path, variant="fp16").embed.tok.weight, model.embed.tok.weight)
    with pytest.raises(OSError, match="none of model.safetensors, "): BertModel.from_pretrained(tmp_path)
    model.save_pretrained(tmp_path, variant="fp16")
    assert sorted(f.name for f in tmp_path.iterdir()) == ["config.json", "model.fp16.safetensors"]


def test_bin_beside_safetensors_is_announced(tmp_path, log):
    model = BertModel(BertConfig(**BERT))
    model.save_pretrained(tmp_path)
    model.save_pretrained(tmp_path, safe_serialization=False)
    assert "also holds model.safetensors: from_pretrained prefers it" in log.text


def test_what_is_not_offered_is_said(tmp_path):
    BertModel(BertConfig(**BERT)).save_pretrained(tmp_path)
    for name in ("from_tf", "from_flax"):
        with pytest.raises(NotImplementedError, match="save them as safetensors"): BertModel.from_pretrained(tmp_path, **{name: True})
    for more in (dict(load_in_8bit=True), dict(load_in_4bit=True), dict(quantization_config=dict(bits=4))):
        with pytest.raises(NotImplementedError, match="quantise afterwards"): BertModel.from_pretrained(tmp_path, **more)
    with pytest.raises(NotImplementedError, match="BertModel does not resize its positions"): BertModel(BertConfig(**BERT)).resize_position_embeddings(7)


def test_old_masks():
    model = BertModel(BertConfig(**BERT))
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]])
    added = model.get_extended_attention_mask(mask, (2, 4))
    assert added.shape == (2, 1, 1, 4) and added[1, 0, 0].eq(0).tolist() == [True, True, False, False]
    assert torch.equal(model.invert_attention_mask(mask[:, None].expand(2, 4, 4)), added.expand(2, 1, 4, 4))
    assert model.half().get_extended_attention_mask(mask, (2, 4)).min() == torch.finfo(torch.float16).min
    decoder = BertModel(BertConfig(**BERT, is_decoder=True))
    seen = decoder.get_extended_attention_mask(mask, (2, 4)).eq(0)
    assert torch.equal(seen[0, 0], torch.ones(4, 4).tril().bool()) and not seen[1, :, :, 2:].any()
    assert decoder.get_extended_attention_mask(mask, (2, 1)).shape == (2, 1, 1, 4)  # one new token, three in the cache
    assert torch.equal(model.create_extended_attention_mask_for_decoder((2, 4), mask).bool(), seen)
    with pytest.raises(ValueError, match="attention_mask has shape"): model.get_extended_attention_mask(mask[0], (2, 4))
    assert model.get_head_mask(None, 2) == [None, None]
    assert model.get_head_mask(torch.ones(4), 2).shape == (2, 1, 4, 1, 1) and model.get_head_mask(torch.ones(2, 4), 2, True).dim() == 6


def test_padding_without_a_mask_is_said(log):
    model = BertModel(BertConfig(**BERT))
    model.warn_if_padding_and_no_attention_mask(torch.tensor([[5, 6, 7]]), None)
    model.warn_if_padding_and_no_attention_mask(torch.tensor([[5, 6, 0]]), torch.tensor([[1, 1, 0]]))
    assert not log.records
    model.warn_if_padding_and_no_attention_mask(torch.tensor([[5, 6, 0]]), None)
    assert "the input holds padding (id 0) and no attention_mask hides it" in log.text


# ---- models: larger than memory

@families
def test_every_class_runs_from_disk(family, tmp_path):
    cases = Cases(family)
    for name, case in cases.cases.items():
        kind, run = getattr(cases.module, case["class"]), case["runs"].get("forward")
        if name != case["class"] or run is None: continue
        cases.write(case, tmp_path)
        plain, inputs = kind.from_pretrained(tmp_path), cases.inputs(run)
        for folder in (None, tmp_path / "turned"):
            lazy = kind.from_pretrained(tmp_path, device_map={"": "disk"}, offload_folder=folder)
            assert all(p.is_meta for n, p in lazy.named_parameters() if lazy._lent.get(n)) and len(lazy._lent) > 5
            with torch.no_grad(): a, b = plain(**inputs).to_tuple(), lazy(**inputs).to_tuple()
            torch.testing.assert_close(b[0], a[0])
        assert all(torch.equal(a, b) for a, b in zip(plain.to_checkpoint().values(), lazy.to_checkpoint().values()))


def test_a_limit_leaves_the_rest_on_disk(tmp_path):
    GPT2LMHeadModel(GPT2Config(**GPT2)).save_pretrained(tmp_path)
    model = GPT2LMHeadModel.from_pretrained(tmp_path, device_map="auto", max_memory={"cpu": "15KB"}, torch_dtype="bfloat16")
    assert list(model.hf_device_map.values()).count("disk") == 2 and model.hf_device_map["lm_head"] == torch.device("cpu")
    assert model.device.type == "cpu" and model.dtype == torch.bfloat16
    ids = torch.ones(1, 3, dtype=torch.long)
    plain = GPT2LMHeadModel.from_pretrained(tmp_path, torch_dtype="bfloat16")
    assert torch.equal(model.generate(ids, max_new_tokens=3), plain.generate(ids, max_new_tokens=3))
    assert GPT2LMHeadModel.from_pretrained(tmp_path, device_map="auto").get_memory_footprint() == 2 * plain.get_memory_footprint()


def test_device_maps_that_cannot_be(tmp_path):
    GPT2LMHeadModel(GPT2Config(**GPT2)).save_pretrained(tmp_path)
    load = lambda device_map: GPT2LMHeadModel.from_pretrained(tmp_path, device_map=device_map)
    with pytest.raises(ValueError, match="'gpu' is not a device; accepted are"): load("gpu")
    with pytest.raises(ValueError, match="device_map names no device for model.embed"): load({"transformer.h": "cpu"})
    with pytest.raises(ValueError, match="model.layers.1 is never cut"): load({"": "cpu", "transformer.h.1.mlp": "disk"})


# ---- models: training

def training_models():
    t5 = T5Config(vocab_size=37, d_model=20, d_kv=5, d_ff=28, num_layers=2, num_heads=4, dropout_rate=0, decoder_start_token_id=0)
    ids = torch.randint(1, 37, (2, 5))
    return [(BertForMaskedLM(BertConfig(**BERT, hidden_dropout_prob=0, attention_probs_dropout_prob=0)), dict(input_ids=ids, labels=ids)),
            (GPT2LMHeadModel(GPT2Config(**GPT2)), dict(input_ids=ids, labels=ids, use_cache=True)),
            (T5ForConditionalGeneration(t5), dict(input_ids=ids, labels=ids))]


@pytest.mark.parametrize("case", range(3))
def test_recomputed_gradients_are_the_same(case):
    "Also where a cache would be kept: a block that runs twice must not append to it twice."
    model, inputs = training_models()[case]
    def gradients():
        model.zero_grad()
        model.train()(**inputs).loss.backward()
        return {n: p.grad.clone() for n, p in model.named_parameters()}
    plain = gradients()
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    assert model.is_gradient_checkpointing
    torch.testing.assert_close(gradients(), plain)
    model.gradient_checkpointing_disable()
    assert not model.is_gradient_checkpointing


def test_gradients_reach_the_inputs_of_frozen_embeddings():
    model = BertModel(BertConfig(**BERT))
    model.embed.requires_grad_(False)
    model.enable_input_require_grads()
    assert model.embed(torch.ones(1, 3, dtype=torch.long)).requires_grad
    model.disable_input_require_grads()
    assert not model.embed(torch.ones(1, 3, dtype=torch.long)).requires_grad


# ---- every architecture: what the base promises for it

@families
def test_philosophy(family, tmp_path):
    "Round trip through both forms, hidden states and attentions, heads that go, a vocabulary that grows: where an architecture has them."
    cases = Cases(family)
    for name, case in cases.cases.items():
        kind, run = getattr(cases.module, case["class"]), case["runs"].get("forward")
        if name != case["class"] or run is None or kind is not MODELS.get("Model", {}).get(kind.config_class): continue
        folder = tmp_path / name
        folder.mkdir()
        cases.write(case, folder)
        model, inputs = kind.from_pretrained(folder), cases.inputs(run)
        with torch.no_grad(): out = model(**inputs, output_hidden_states=True, output_attentions=True)
        for safe in (True, False):
            model.save_pretrained(folder / str(safe), safe_serialization=safe, max_shard_size="20KB")
            with torch.no_grad(): again = kind.from_pretrained(folder / str(safe))(**inputs)
            torch.testing.assert_close(again[0], out[0])
        layers = model.config.num_hidden_layers
        states = out.get("hidden_states", out.get("encoder_hidden_states"))
        assert len(states) == layers + 1 and len(out.get("attentions", out.get("encoder_attentions"))) == layers
        check_resize(model, inputs)
        check_prune(model, inputs, folder)


def check_resize(model, inputs):
    try: table = model.get_input_embeddings()
    except (AttributeError, NotImplementedError): return
    if not isinstance(table, torch.nn.Embedding): return
    old, rows = table.weight.detach().clone(), table.num_embeddings
    with torch.no_grad(): before = model(**inputs)[0]
    assert model.resize_token_embeddings(rows + 5).weight[:rows].equal(old) and model.config.vocab_size == rows + 5
    with torch.no_grad(): assert torch.equal(model(**inputs)[0], before)
    assert model.resize_token_embeddings(pad_to_multiple_of=16).num_embeddings % 16 == 0
    assert model.resize_token_embeddings(rows).weight.equal(old)


def check_prune(model, inputs, folder):
    keep = torch.ones(model.config.num_hidden_layers, model.config.num_attention_heads)
    keep[0, 1] = 0
    try:
        with torch.no_grad(): masked = model(**inputs, head_mask=keep)[0]
        model.prune_heads({0: [1]})
    except (TypeError, ValueError): return  # no head masks, or heads that share keys
    with torch.no_grad(): torch.testing.assert_close(model(**inputs)[0], masked, atol=1e-5, rtol=1e-4)
    model.save_pretrained(folder / "pruned")
    again = type(model).from_pretrained(folder / "pruned")
    assert again.config.pruned_heads == {0: [1]}
    with torch.no_grad(): torch.testing.assert_close(again(**inputs)[0], model(**inputs)[0])
