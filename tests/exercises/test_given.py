"""What an answer does to what it is given, so that what is looked at looks right, is seen in the cases."""

import copy

import pytest
import torch
from support.course import bench_of
from torch import nn
from torch.nn.functional import mse_loss
from torch.utils.checkpoint import checkpoint


def once(tensor):
    """Put a hook on a tensor that sends zeros once, and takes itself off."""

    def zero(gradient):
        handle.remove()
        return torch.zeros_like(gradient)

    handle = tensor.register_hook(zero)


def moved(tensor):
    """Move a tensor to other memory; return what is left where it lay."""
    old = tensor.detach()
    tensor.data = old.clone()
    return old


def a_step_that_no_version_counts(params, lr):
    for p in params:
        if p.grad is not None:
            p.data -= lr * p.grad


def state_of_a_model_that_moves(model):
    return {name: moved(held) for name, held in model.state_dict(keep_vars=True).items()}


def what_x_leaves_behind(x):
    return moved(x)


def a_pair_of_what_obs_leaves_behind(buffer, obs, policy):
    with torch.no_grad():
        buffer.append((moved(obs), policy(obs)))


def a_target_that_is_cut_by_a_hook(q, q_target, s, a, r, s2, done):
    target = r + 0.9 * (1 - done) * q_target(s2).max(dim=1).values
    for p in q_target.parameters():
        if q is not q_target and p.requires_grad:
            once(p)
    return mse_loss(q(s).gather(1, a.unsqueeze(1)).squeeze(1), target)


def a_codebook_that_is_cut_by_a_hook(z, codebook):
    rows = codebook[torch.cdist(z, codebook).argmin(1)]
    once(codebook)
    return rows + z - z.detach(), mse_loss(rows, z), mse_loss(z, rows)


def no_dropout_any_more(block, x):
    for part in block.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
    return checkpoint(
        lambda x, *_: block(x), x, *block.parameters(), use_reentrant=False, preserve_rng_state=False
    )


class Adapter(nn.Module):
    """Trains the layer too."""

    def __init__(self, layer, rank):
        super().__init__()
        self.layer = layer
        self.a = nn.Parameter(torch.randn(rank, layer.in_features, dtype=layer.weight.dtype))
        self.b = nn.Parameter(torch.zeros(layer.out_features, rank, dtype=layer.weight.dtype))

    def forward(self, x):
        return self.layer(x) + x @ self.a.T @ self.b.T

    @torch.no_grad()
    def merged(self):
        whole = copy.deepcopy(self.layer)
        whole.weight += self.b @ self.a
        return whole


class FrozenWhileListed(Adapter):
    """Freezes the layer for as long as its parameters are listed."""

    def parameters(self, recurse=True):
        for parameter in super().parameters(recurse):
            learns = parameter is self.a or parameter is self.b
            parameter.requires_grad_(learns)
            yield parameter
            parameter.requires_grad_(True)


class MergedByAHook(Adapter):
    """Merges nothing."""

    def __init__(self, layer, rank):
        super().__init__(layer.requires_grad_(False), rank)
        layer.zero_grad()

    def merged(self):
        whole = copy.deepcopy(self.layer)
        a, b = self.a.detach().clone(), self.b.detach().clone()
        whole.register_forward_hook(lambda module, given, result: result + given[0] @ a.T @ b.T)
        return whole


def a_copy_to_which_the_state_moves(net, state):
    for name, held in net.state_dict(keep_vars=True).items():
        held.data = state[name].detach().clone()
        state[name].data = held.data


@pytest.mark.parametrize(
    ("assignment", "exercise", "function", "seen"),
    [
        ("05-no-grad", "sgd_step", a_step_that_no_version_counts, {"a_stale_graph"}),
        ("06-clone", "snapshot", state_of_a_model_that_moves, {"frozen_in_time"}),
        ("06-clone", "const_copy", what_x_leaves_behind, {"a_constant_copy", "an_edit_of_the_copy"}),
        (
            "08-memory",
            "store",
            a_pair_of_what_obs_leaves_behind,
            {"the_pair", "the_next_observation", "no_graph_alive"},
        ),
        (
            "09-patterns",
            "td_loss",
            a_target_that_is_cut_by_a_hook,
            {"two_networks", "one_network", "frozen_target", "td_again"},
        ),
        (
            "09-patterns",
            "vq",
            a_codebook_that_is_cut_by_a_hook,
            {"vq_out", "vq_codebook_loss", "vq_commit_loss", "vq_together"},
        ),
        ("10-scale", "checkpointed", no_dropout_any_more, {"random_numbers"}),
        ("10-scale", "lora", FrozenWhileListed, {"at_first", "who_learns", "driven"}),
        ("10-scale", "lora", MergedByAHook, {"merging"}),
        ("10-scale", "load_without_copy", a_copy_to_which_the_state_moves, {"loaded"}),
    ],
)
def test_what_only_looks_right_is_seen(assignment, exercise, function, seen):
    bench = bench_of(assignment)
    assert {one.name for one in bench.cases[exercise] if not bench.case_agrees(one, function)} == seen
