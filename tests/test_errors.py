"What a user meets when something is wrong: a sentence that names it, and nothing lost."
import json
import os
import pickle

import pytest
import torch
from safetensors.torch import load_file, save_file

import transformers_lit.core.checkpoint as checkpoint
from transformers_lit import AutoConfig, AutoModel, AutoModelForMaskedLM, BertConfig, BertForMaskedLM, BertForSequenceClassification, BertModel, GPT2Config, GPT2LMHeadModel

SIZES = dict(vocab_size=37, hidden_size=20, num_hidden_layers=2, num_attention_heads=4, intermediate_size=28, max_position_embeddings=12)


@pytest.fixture
def saved(tmp_path):
    torch.manual_seed(0)
    model = BertForMaskedLM(BertConfig(**SIZES)).eval()
    model.save_pretrained(tmp_path)
    return tmp_path, model


def test_missing_folder_and_file(tmp_path):
    with pytest.raises(OSError, match="nowhere"): AutoModel.from_pretrained(str(tmp_path / "nowhere"))
    with pytest.raises(OSError, match="config.json"): AutoModel.from_pretrained(tmp_path)
    BertConfig(**SIZES).save_pretrained(tmp_path)
    with pytest.raises(OSError, match="holds no weights.*model.safetensors"): BertModel.from_pretrained(tmp_path)


def test_config_without_model_type(saved):
    folder, _ = saved
    values = json.loads((folder / "config.json").read_text())
    del values["model_type"]
    (folder / "config.json").write_text(json.dumps(values))
    with pytest.raises(ValueError, match="config.json has no model_type"): AutoModel.from_pretrained(folder)
    (folder / "config.json").write_text("{not json")
    with pytest.raises(OSError, match="config.json is not valid JSON"): AutoConfig.from_pretrained(folder)


def test_unknown_model_type(saved):
    folder, _ = saved
    values = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**values, "model_type": "bret"}))
    with pytest.raises(ValueError, match="'bret' is not known; did you mean 'bert'"): AutoModel.from_pretrained(folder)


def test_task_that_an_architecture_does_not_have(saved):
    from transformers_lit import AutoModelForCTC
    with pytest.raises(ValueError, match="AutoModelForCTC has no class for BertConfig"): AutoModelForCTC.from_pretrained(saved[0])


@pytest.mark.parametrize("keep", [0, 5, 100, 5000])
def test_truncated_safetensors(saved, keep):
    folder, _ = saved
    data = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(data[:keep])
    with pytest.raises(OSError, match="model.safetensors is not a whole safetensors file"): BertForMaskedLM.from_pretrained(folder)


def test_corrupt_header(saved):
    folder, _ = saved
    data = bytearray((folder / "model.safetensors").read_bytes())
    data[9:20] = b"x" * 11
    (folder / "model.safetensors").write_bytes(data)
    with pytest.raises(OSError, match="not a whole safetensors file"): BertForMaskedLM.from_pretrained(folder)


def test_missing_shard(saved):
    folder, model = saved
    model.save_pretrained(folder, max_shard_size="6KB")
    shards = sorted(folder.glob("model-*.safetensors"))
    assert len(shards) > 2 and not (folder / "model.safetensors").exists()
    again = BertForMaskedLM.from_pretrained(folder)
    assert all(torch.equal(a, b) for a, b in zip(again.state_dict().values(), model.state_dict().values()))
    shards[1].unlink()
    with pytest.raises(OSError, match=shards[1].name): BertForMaskedLM.from_pretrained(folder)


def test_shape_mismatch_names_both_shapes_and_the_remedy(saved):
    folder, model = saved
    other = BertConfig(**{**SIZES, "intermediate_size": 30})
    with pytest.raises(RuntimeError, match=r"intermediate.dense.weight: \(28, 20\) in the checkpoint, \(30, 20\) in the model") as e:
        BertForMaskedLM.from_pretrained(folder, config=other)
    assert "ignore_mismatched_sizes=True" in str(e.value)
    kept, info = BertForMaskedLM.from_pretrained(folder, config=other, ignore_mismatched_sizes=True, output_loading_info=True)
    assert len(info["mismatched_keys"]) == 6  # up weight, up bias, down weight of two layers
    assert torch.equal(kept.model.embed.tok.weight, model.model.embed.tok.weight)
    assert all(torch.isfinite(p).all() for p in kept.parameters())


def test_missing_and_unexpected_keys_are_reported(saved, caplog):
    folder, _ = saved
    state = load_file(folder / "model.safetensors")
    state["something.else"] = state.pop("bert.encoder.layer.1.output.dense.weight")
    save_file(state, folder / "model.safetensors")
    from transformers_lit import logging
    logging.enable_propagation()
    try: model, info = BertForMaskedLM.from_pretrained(folder, output_loading_info=True)
    finally: logging.disable_propagation()
    assert info["missing_keys"] == ["bert.encoder.layer.1.output.dense.weight"] and info["unexpected_keys"] == ["something.else"]
    assert "bert.encoder.layer.1.output.dense.weight" in caplog.text and "something.else" in caplog.text and "newly initialised" in caplog.text
    assert 0 < model.model.layers[1].mlp.down_proj.weight.std() < 0.05


def test_a_new_head_is_initialised_and_named(saved):
    _, info = BertForSequenceClassification.from_pretrained(saved[0], output_loading_info=True)
    assert set(info["missing_keys"]) == {"bert.pooler.dense.weight", "bert.pooler.dense.bias", "classifier.weight", "classifier.bias"}
    assert all(k.startswith("cls.predictions") for k in info["unexpected_keys"])


class Code:
    def __reduce__(self): return os.mkdir, ("code-was-run",)


def test_pickle_with_code_is_refused(saved, monkeypatch):
    folder, _ = saved
    monkeypatch.chdir(folder)
    (folder / "model.safetensors").unlink()
    torch.save({"bert.embeddings.word_embeddings.weight": Code()}, folder / "pytorch_model.bin")
    with pytest.raises(OSError, match="pytorch_model.bin could not be read as plain tensors"): BertForMaskedLM.from_pretrained(folder)
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Code()))
    with pytest.raises(OSError, match="pytorch_model.bin could not be read as plain tensors"): BertForMaskedLM.from_pretrained(folder)
    assert not (folder / "code-was-run").exists()


def test_bin_files_load(saved):
    folder, model = saved
    model.save_pretrained(folder, safe_serialization=False)
    (folder / "model.safetensors").unlink()
    again = BertForMaskedLM.from_pretrained(folder)
    assert all(torch.equal(a, b) for a, b in zip(again.state_dict().values(), model.state_dict().values()))


def test_id_outside_the_vocabulary(saved):
    _, model = saved
    with pytest.raises(IndexError, match="token id 37 is outside the table of 37 rows"): model(torch.tensor([[1, 37]]))


def test_text_longer_than_the_positions(saved):
    _, model = saved
    with pytest.raises(ValueError, match="13 tokens, the model 12 positions"): model(torch.ones(1, 13, dtype=torch.long))
    gpt = GPT2LMHeadModel(GPT2Config(vocab_size=37, n_positions=12, n_embd=20, n_layer=1, n_head=4)).eval()
    past = gpt(torch.ones(1, 12, dtype=torch.long)).past_key_values
    with pytest.raises(ValueError, match="13 tokens, the model 12 positions"): gpt(torch.ones(1, 1, dtype=torch.long), past_key_values=past)


@pytest.mark.parametrize("size", ["5GB", "6KB"])
def test_interrupted_save_leaves_the_old_checkpoint(saved, monkeypatch, size):
    folder, model = saved
    before, new = {f.name: f.read_bytes() for f in folder.iterdir()}, BertForMaskedLM(BertConfig(**SIZES))
    write, calls = checkpoint._write, []

    def full_disk(state, file, safe):
        calls.append(file)
        if len(calls) == (1 if size == "5GB" else 3):
            with open(file, "wb") as f: f.write(b"half")
            raise OSError(28, "No space left on device")
        write(state, file, safe)

    monkeypatch.setattr(checkpoint, "_write", full_disk)
    with pytest.raises(OSError, match="No space left"): new.save_pretrained(folder, max_shard_size=size)
    monkeypatch.undo()
    assert {f.name: f.read_bytes() for f in folder.iterdir()} == before
    again = BertForMaskedLM.from_pretrained(folder)
    assert torch.equal(again.model.embed.tok.weight, model.model.embed.tok.weight)


def test_save_needs_a_folder(saved, tmp_path):
    file = tmp_path / "config.json"
    with pytest.raises(NotADirectoryError, match="is a file"): saved[1].save_pretrained(file)


def test_plain_names_of_common_mistakes():
    with pytest.raises(ValueError, match="from_pretrained"): BertModel("bert-base-uncased")
    with pytest.raises(OSError, match="AutoModelForMaskedLM.from_pretrained"): AutoModelForMaskedLM()
    with pytest.raises(ValueError, match="position_embedding_type is 'rope'; accepted values: 'absolute', 'relative_key', 'relative_key_query'"):
        BertConfig(position_embedding_type="rope")
    with pytest.raises(ValueError, match="hidden size 20 is not a multiple of the number of heads 3"):
        BertModel(BertConfig(**{**SIZES, "num_attention_heads": 3}))
