"""The small modules that models are built from, against numbers of the reference.

The numbers were made by transformers 4.38.2 (`modeling_utils`, `pytorch_utils`) on a CPU in float32: its modules, with every parameter filled by
`wave` below in the alphabetical order of *its* names, called with the inputs below and rounded to six digits.
"""
from types import SimpleNamespace

import pytest
import torch

from transformers_lit.core.checkpoint import KeyMap
from transformers_lit.layers.feed_forward import apply_chunking_to_forward
from transformers_lit.layers.heads import SequenceSummary
from transformers_lit.layers.pruning import (
    Conv1D, find_pruneable_heads_and_indices, prune_conv1d_layer, prune_layer, prune_linear_layer)
from transformers_lit.layers.squad import SQuADHead, squad_keys


def wave(*shape, start=0):
    "Numbers that every machine makes alike: sin(1.7 n^1.1) for n = start, start + 1 ..."
    n = torch.arange(start, start + torch.Size(shape).numel(), dtype=torch.float64)
    return torch.sin(1.7 * n ** 1.1).float().view(shape)


def fill(module, theirs=lambda name: name):
    "The parameters, sorted by the reference's name, as waves that start at 0, 100, 200 ..."
    own = dict(module.named_parameters())
    for i, name in enumerate(sorted(own, key=theirs)): own[name].data.copy_(wave(*own[name].shape, start=100 * i))
    return module.eval()


def squad_head(**sizes):
    config = SimpleNamespace(**{**dict(hidden_size=4, layer_norm_eps=1e-12, start_n_top=3, end_n_top=2), **sizes})
    head = SQuADHead(config)
    name_there = {e.ours[0]: e.foreign for e in KeyMap(squad_keys("", "")).plan(dict(head.named_parameters()))}
    return fill(head, name_there.get)


def close(ours, recorded): torch.testing.assert_close(ours.detach(), torch.tensor(recorded), atol=2e-6, rtol=1e-5)


X = wave(2, 5, 4, start=7)
P_MASK = torch.tensor([[1.0, 0, 0, 0, 0], [0, 0, 0, 0, 1.0]])
START, END, CLS, NONE = torch.tensor([1, 2]), torch.tensor([3, 3]), torch.tensor([0, 4]), torch.tensor([0.0, 1.0])


# ---- the head of XLNet, XLM and FlauBERT

def test_squad_parts():
    head = squad_head()
    close(head.start_logits(X), [[-2.456094, 0.375162, -1.96803, -0.800474, -0.200356], [-2.26359, -0.433716, -0.226082, -1.949696, -1.367621]])
    close(head.end_logits(X, start_positions=START), [[-1.391112, -0.823719, -1.389971, -1.316241, -1.355207],
                                                      [-0.494693, -0.648367, -0.609117, -0.584153, -0.649527]])
    close(head.answer_class(X, start_positions=START), [0.531037, -0.202108])
    close(head(X, cls_index=CLS)[-1], [0.738698, -0.015933])


def test_squad_beam():
    start_p, start, end_p, end, cls = squad_head()(X, p_mask=P_MASK)
    assert start.tolist() == [[1, 4, 3], [2, 1, 3]]
    assert end.tolist() == [[1, 2, 4, 3, 4, 2], [0, 2, 0, 3, 3, 2]]
    close(start_p, [[0.508374, 0.285916, 0.156896], [0.471414, 0.383026, 0.08411]])
    close(end_p, [[0.361473, 0.269046, 0.252319, 0.22089, 0.247813, 0.251808], [0.272936, 0.253773, 0.272948, 0.24958, 0.25332, 0.247803]])
    close(cls, [0.813783, -0.026439])


def test_squad_loss():
    head = squad_head()
    close(head(X, START, END)[0], 1.223226)
    close(head(X, START, END, CLS, NONE)[0], 1.636242)
    close(head(X, START, END, CLS, NONE, P_MASK)[0], 1.494672)
    columns = [t.unsqueeze(-1) for t in (START, END, CLS, NONE)]          # as several devices hand them over
    close(head(X, *columns, P_MASK)[0], 1.494672)
    assert all(t.shape == (2, 1) for t in columns)                        # nothing of the caller's is changed
    assert torch.equal(head(X, START, END, CLS, NONE.long())[0], head(X, START, END, CLS, NONE)[0])


def test_squad_output():
    head = squad_head()
    out = head(X, return_dict=True)
    assert list(out) == ["start_top_log_probs", "start_top_index", "end_top_log_probs", "end_top_index", "cls_logits"]
    assert all(torch.equal(a, b) for a, b in zip(out.to_tuple(), head(X)))
    assert (head.start_logits(X, P_MASK)[P_MASK.bool()] == -1e30).all()
    assert list(head(X, START, END, return_dict=True)) == ["loss"] and len(head(X, START, END)) == 1
    assert len(head(X, START)) == 5                                       # without the ends there is no loss


def test_squad_in_half_precision():
    "A mask of 0 and 1 in any type, and no infinities."
    head = squad_head().half()
    for mask in (P_MASK, P_MASK.half(), P_MASK.bool(), P_MASK.long()):
        start_p, start, end_p, end, cls = head(X.half(), p_mask=mask)
        assert all(t.isfinite().all() for t in (start_p, end_p, cls))
        assert not P_MASK.gather(1, end).any()


@pytest.mark.parametrize("hidden", [False, True])
def test_every_squad_parameter_learns(hidden):
    head = squad_head()
    head(X, START, END, CLS, NONE, P_MASK if hidden else None)[0].backward()
    still = {n for n, p in head.named_parameters() if p.grad is None or not p.grad.any()}
    assert still <= {"start_logits.out.bias", "end_logits.out.bias"}      # softmax ignores a common shift


# ---- pruning

def test_conv1d():
    conv = Conv1D(3, 4)
    assert not conv.bias.any() and 0 < conv.weight.std() < 0.1
    conv.weight.data.copy_(wave(4, 3)), conv.bias.data.copy_(wave(3, start=50))
    x = X[0, :2]
    close(conv(x), [[0.551466, 0.925465, -1.376922], [-0.430048, -0.282406, 0.016503]])
    close(prune_layer(conv, torch.tensor([0, 2]))(x), [[0.551466, -1.376922], [-0.430048, 0.016503]])
    few = prune_layer(conv, torch.tensor([1, 3]), 0)
    close(few(x[:, [1, 3]]), [[0.625884, -0.214186, -0.740255], [-0.531225, 0.957682, -0.69887]])
    assert list(conv.state_dict()) == ["weight", "bias"] and few.weight.shape == (2, 3) and few.weight.is_contiguous()
    assert few.weight.data_ptr() != conv.weight.data_ptr() and few.weight.requires_grad


@pytest.mark.parametrize("args, found, index", [
    (([1], 4, 2, set()), {1}, [0, 1, 4, 5, 6, 7]), (([1, 3], 3, 2, {1}), {3}, [0, 1, 2, 3]),
    (([0, 2], 2, 3, {0, 1}), {2}, [3, 4, 5]), (([], 3, 2, set()), set(), [0, 1, 2, 3, 4, 5])])
def test_pruneable_heads(args, found, index):
    heads, kept = find_pruneable_heads_and_indices(*args)
    assert heads == found and kept.tolist() == index and kept.dtype == torch.long


def test_all_heads_may_go():
    heads, kept = find_pruneable_heads_and_indices([0, 1], 2, 3, set())
    assert heads == {0, 1} and len(kept) == 0 and kept.dtype == torch.long
    layer = prune_linear_layer(torch.nn.Linear(6, 4), kept, dim=1)
    assert torch.equal(layer(torch.ones(5, 0)), layer.bias.expand(5, 4))


def test_pruning_keeps_what_a_layer_is():
    no_bias = prune_layer(torch.nn.Linear(5, 6, bias=False, dtype=torch.float64), torch.tensor([4, 1]))
    assert no_bias.bias is None and no_bias.weight.dtype == torch.float64 and no_bias.out_features == 2
    both = prune_conv1d_layer(Conv1D(6, 5), torch.tensor([4, 1])), prune_layer(torch.nn.Linear(5, 6), torch.tensor([4, 1]))
    assert [type(m).__name__ for m in both] == ["Conv1D", "Linear"] and both[0].nf == 2
    with pytest.raises(ValueError, match="not LayerNorm"): prune_layer(torch.nn.LayerNorm(3), torch.tensor([0]))


# ---- summaries and pieces

PROJECTED = {
    "last": [[-0.966331, -0.825934, -0.959909], [0.987479, 0.999073, 0.914418]],
    "first": [[-0.754881, -0.455044, -0.948558], [-0.299158, 0.321636, -0.827392]],
    "mean": [[-0.228842, 0.615913, -0.595012], [0.241209, 0.83857, -0.344111]],
    "cls_index": [[-0.754881, -0.455044, -0.948558], [0.987479, 0.999073, 0.914418]]}


@pytest.mark.parametrize("kind", PROJECTED)
def test_sequence_summary(kind):
    config = SimpleNamespace(hidden_size=4, num_labels=3, summary_type=kind)
    picked = SequenceSummary(config).eval()(X, CLS)
    assert picked.shape == (2, 4)
    config.summary_use_proj, config.summary_proj_to_labels, config.summary_activation = True, True, "tanh"
    close(fill(SequenceSummary(config), {"proj.weight": "summary.weight", "proj.bias": "summary.bias"}.get)(X, CLS), PROJECTED[kind])


def test_attention_summary_was_never_written():
    "The reference raises when the module is built, and so do we; a name it does not know fails there only in the call."
    for kind in ("attn", "other"):
        with pytest.raises(NotImplementedError): SequenceSummary(SimpleNamespace(hidden_size=4, num_labels=3, summary_type=kind))


def test_chunks():
    calls = []

    def add(a, b):
        calls.append(a.tolist())
        return a + b
    eight, ones = torch.arange(8).view(2, 4), torch.ones(2, 4)
    assert apply_chunking_to_forward(add, 2, 1, eight, ones).tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]
    assert calls == [[[0, 1], [4, 5]], [[2, 3], [6, 7]]]
    for sizes in ((2, (6, 4)), (4, (6, 6))):
        with pytest.raises(ValueError): apply_chunking_to_forward(add, sizes[0], 0, *map(torch.arange, sizes[1]))
