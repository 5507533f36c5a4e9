"""Where torch does not notice: its table is computed; here other operations, kinds and places are tried."""

import torch
from support.kinds import back, interiors, raises
from torch import nn
from torch.utils.checkpoint import checkpoint

from statements import DO, HERE, NAMES
from statements.cheat_sheet import what_moves_a_counter


class Keeps(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.x = x
        return x**2

    @staticmethod
    def backward(ctx, gradient):
        return gradient * 2 * ctx.x


def an_operation_notices_what_counts():
    operations = {
        "exp": lambda h: h.exp(),
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "softmax": lambda h: h.softmax(0),
    }
    outcome = {}
    for name, operation in operations.items():
        for kind in ("two elements", "float64", "bfloat16", "a slice"):
            y = operation(interiors()[kind])
            y.detach().mul_(1)
            outcome[f"{name}, {kind}"] = raises(back, y)
    return outcome


def one_counter_for_tensor_and_views():
    base = torch.ones(3, 2)
    views = {"row": base[0], "t()": base.t(), "view": base.view(6), "unbind": base.unbind()[1], "alias": base.detach()}
    base[0, 0] = 5
    return {name: view._version == base._version for name, view in views.items()}


def nothing_is_compared():
    def reentrant(closure):
        w = nn.Parameter(torch.tensor([2.0]))
        y = checkpoint(lambda x: x * w**2, torch.ones(1, requires_grad=True), use_reentrant=closure)
        with torch.no_grad():
            w.fill_(1)
        back(y)
        return w.grad.item() == 2

    outcome = {}
    for kind in ("two elements", "0-d", "float64", "a slice"):
        h = interiors()[kind]
        y = Keeps.apply(h)
        h.detach().zero_()
        outcome[f"ctx.x, {kind}"] = not raises(back, y)
    return outcome | {"checkpoint": reentrant(False), "reentrant checkpoint": reentrant(True)}


def a_reported_write_is_noticed():
    def noticed(write):
        w = nn.Parameter(torch.ones(2))
        y = w**2
        write(w)
        torch.autograd.graph.increment_version(w)
        return raises(back, y)

    return {
        ".data": noticed(lambda w: w.data.zero_()),
        "NumPy": noticed(lambda w: w.detach().numpy().fill(0)),
        "storage": noticed(lambda w: w.untyped_storage().fill_(0)),
    }


def a_function_for_each_number_is_not_counted():
    ways = {
        "apply_": lambda t: t.apply_(lambda number: number + 1),
        "map_": lambda t: t.map_(torch.ones(2, 2), lambda number, other: number + other),
        "map2_": lambda t: t.map2_(torch.ones(2, 2), torch.ones(2, 2), lambda number, one, other: number + one),
    }
    outcome = {}
    for name, write in ways.items():
        for kind, dtype in {"float32": torch.float32, "float64": torch.float64}.items():
            h = torch.ones(2, 2, dtype=dtype, requires_grad=True) * 2
            if name == "apply_" or dtype == torch.float32:
                y = h**2
                write(h.detach())
                outcome[f"{name}, {kind}"] = h._version == 0 and bool((h == 3).all()) and not raises(back, y)
    return outcome


STATEMENTS = {
    "This page tries each way to write at each place that should notice, on the CPU and torch 2.13.0.": NAMES,
    "Each place is a function of a parameter w, which is 2.": NAMES,
    "Each way changes w from 2 to 1.": NAMES,
    "Backward reads the new number: 3 instead of 12, and no error.": HERE,
    "y has saved w itself, no copy.": HERE,
    "An operation's saved tensors and ctx.save_for_backward compare counts, so backward raises after each write that "
    "counts.": an_operation_notices_what_counts,
    "Such a step is ordinary training: two losses on one net, fused=True, a step between their backwards, and no "
    "error.": HERE,
    "A tensor and its views share one counter; no element has its own.": one_counter_for_tensor_and_views,
    "Go back first, then write: all backwards, then the steps.": DO,
    "Then no guard is needed.": DO,
    "If a write must come between, compute again after it, or keep a clone in the graph: w.clone()3 saves memory that "
    "the write does not reach.": DO,
    "A write that torch cannot see is reported by torch.autograd.graph.increment_version, as chapter 7 does.": (
        a_reported_write_is_noticed
    ),
    "By rows: in-place operations count, out= too, and so do most optimizers. apply_ and map_, which call a Python "
    "function for each number, do not, nor does a fused step.": (a_function_for_each_number_is_not_counted),
    ".data, NumPy, DLPack, the storage, apply_, a fused optimizer's step and BatchNorm's statistics on the CPU move no "
    "counter.": what_moves_a_counter,
    "ctx.w, saved-tensor hooks and a checkpoint's closure compare no counter, whoever writes.": nothing_is_compared,
    "The cheat sheet says it in one rule, chapter 7 shows what each operation saves.": NAMES,
}
