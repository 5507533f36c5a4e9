"""Chapter 5, No grad."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import torch
from support.kinds import back, constants, interiors, leaves, raises
from torch import nn
from torch.utils.checkpoint import checkpoint

from statements import DO, HERE, NAMES
from statements.clone import shares


def flags_stay_and_leaves_may_be_made():
    outcome = {}
    for kind, t in (leaves() | interiors() | constants()).items():
        before = t.requires_grad
        with torch.no_grad():
            inside = t.requires_grad
        outcome[kind] = before == inside == t.requires_grad
    with torch.no_grad():
        made = {"parameter": nn.Parameter(torch.ones(())), "flag": torch.ones(2).requires_grad_()}
        made["layer"] = nn.Conv1d(1, 1, 1).weight
    return outcome | {f"{name} made inside": t.requires_grad and t.is_leaf for name, t in made.items()}


def a_clone_is_a_constant():
    with torch.no_grad():
        return {kind: not t.clone().requires_grad for kind, t in (leaves() | interiors()).items()}


def a_view_computes_nothing():
    views = {"t()": torch.t, "conj": torch.conj, "slice": lambda t: t[:1], "diagonal": torch.diagonal}
    t = torch.ones(2, 2, dtype=torch.complex64)
    return {name: make(t) is not t and shares(make(t), t) for name, make in views.items()}


def batch_norm_writes_in_training():
    norms = {
        "1d": (nn.BatchNorm1d(2), (4, 2)),
        "2d": (nn.BatchNorm2d(2), (4, 2, 3, 3)),
        "frozen": (nn.BatchNorm1d(2).requires_grad_(False), (4, 2)),
        "cumulative": (nn.BatchNorm1d(2, momentum=None), (4, 2)),
    }
    modes = {"enable": torch.enable_grad, "no_grad": torch.no_grad, "inference": torch.inference_mode}
    outcome = {}
    for name, (norm, shape) in norms.items():
        for mode, context in modes.items():
            before = norm.running_mean.clone()
            with context():
                norm(torch.rand(shape) + 5)
            outcome[f"{name}, {mode}"] = not torch.equal(before, norm.running_mean)
    return outcome


def a_decorated_generator_gives_the_mode_back():
    @torch.no_grad()
    def items(x):
        for k in range(3):
            yield x * k

    outcome = {}
    for kind, x in leaves().items():
        seen = [(y.requires_grad, torch.is_grad_enabled()) for y in items(x)]
        outcome[kind] = seen == [(False, True)] * 3
    with torch.no_grad():
        outcome["the caller's mode is off"] = [torch.is_grad_enabled() for _ in items(x)] == [False] * 3
    return outcome


def coroutines_share_the_mode():
    seen = {}

    @torch.no_grad()
    async def decorated():
        seen["decorated"] = torch.is_grad_enabled()

    async def block():
        with torch.no_grad():
            await asyncio.sleep(0)

    async def other():
        seen["another task"] = not torch.is_grad_enabled()

    async def both():
        await decorated()
        await asyncio.gather(block(), other())

    with ThreadPoolExecutor(1) as elsewhere:  # a loop may run in this thread
        elsewhere.submit(asyncio.run, both()).result()
    return seen


def new_results_are_inference_tensors():
    x = torch.ones(2, requires_grad=True)
    with torch.inference_mode():
        made = {
            "product": x * 2,
            "clone": x.clone(),
            "zeros": torch.zeros(1),
            "integers": torch.arange(3),
            "complex": torch.ones(2) * 1j,
            "a Function's": Double.apply(x),
        }
    return {name: t.is_inference() and raises(lambda t=t: t._version) for name, t in made.items()}


class Double(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, g):
        return g * 2


def inference_tensors_refuse_in_place_operations():
    with torch.inference_mode():
        t = torch.ones(2)
    return {
        "add_": raises(t.add_, 1),
        "not through detach()": not raises(lambda: t.detach().mul_(2)),
        "a part": raises(lambda: t[:1].zero_()),
        "out=": raises(lambda: torch.add(torch.ones(2), 1, out=t)),
    }


def an_edit_counts_under_no_grad():
    outcome = {}
    for kind, w in leaves().items():
        before = w._version
        with torch.no_grad():
            w.mul_(2)
        outcome[kind] = w._version == before + 1
    for kind, h in interiors().items():
        y = h.exp()
        with torch.no_grad():
            y.mul_(1)
        outcome[f"{kind}, backward raises"] = raises(back, y)
    return outcome


def a_flag_put_back_before_backward():
    def gradient(use, reentrant=None):
        w, x = nn.Parameter(torch.ones(2)), torch.ones(2, requires_grad=True)
        w.requires_grad_(False)
        y = use(x, w) if reentrant is None else checkpoint(lambda x: use(x, w), x, use_reentrant=reentrant)
        w.requires_grad_(True)
        y.sum().backward()
        return w.grad

    def product(x, w):
        return x * w

    return {
        "product": gradient(product) is None,
        "sum": gradient(torch.add) is None,
        "where": gradient(lambda x, w: torch.where(w > 0, x, w)) is None,
        "reentrant": gradient(product, True) is not None,
        "other, nothing is saved": gradient(torch.add, False) is None,
        "other, raises": raises(gradient, lambda x, w: (w * x).sum() * w.sum() * x.sum(), False),
        "other, wrong": wrong_under_a_checkpoint(),
    }


def wrong_under_a_checkpoint():
    w, x = nn.Parameter(torch.full((2,), 5.0)), torch.full((2,), 3.0, requires_grad=True)
    w.requires_grad_(False)
    y = checkpoint(lambda x: w * x, x, use_reentrant=False)
    w.requires_grad_(True)
    y.sum().backward()
    return x.grad[0].item() == 3  # right is w, 5


def a_view_made_inside_tells_of_no_path():
    outcome = {}
    for kind, h in interiors().items():
        with torch.no_grad():
            v = h.view(h.shape)
        outcome[kind] = v.requires_grad and v.grad_fn is None
    return outcome


def in_evaluation_mode_what_runs_is_recorded():
    x = torch.ones(4, 2, requires_grad=True)
    layers = {"linear": nn.Linear(2, 2), "norm": nn.BatchNorm1d(2), "gru": nn.GRU(2, 2), "prelu": nn.PReLU()}
    outcome = {}
    for name, layer in layers.items():
        y = layer.eval()(x)
        outcome[name] = (y[0] if isinstance(y, tuple) else y).requires_grad
    drop = nn.Dropout()
    return outcome | {"a dropout runs nothing": drop.eval()(x) is x and drop.train()(x).grad_fn is not None}


STATEMENTS = {
    "The mode touches no flag, and you can make a leaf that requires grad inside.": flags_stay_and_leaves_may_be_made,
    "No operation ran in the block, so there was nothing to leave out.": HERE,
    "Naming, returning and putting into a list are no operations.": "they are Python's, and call nothing of torch",
    "A clone is an operation in every case, so here it is a constant.": a_clone_is_a_constant,
    "A view is a new tensor, but it computes no numbers.": a_view_computes_nothing,
    "Statistics are no parameters: BatchNorm in training mode writes them in the forward pass, in any grad mode.": (
        batch_norm_writes_in_training
    ),
    "And an exception skips the line that switches it on: integers have no mean.": HERE,
    "As a decorator, no_grad knows about generators: it switches recording off for each item and puts your mode back "
    "at each yield.": a_decorated_generator_gives_the_mode_back,
    "An async def gets nothing from it, and a block around an await holds for all that the thread runs meanwhile.": (
        coroutines_share_the_mode
    ),
    "It only reads .grad; to clear it is another step.": HERE,
    "That is right for the old numbers, and they are gone: what was saved is w itself, no copy.": HERE,
    "Gradient must pass through the head to the encoder, and the head must not learn.": HERE,
    "Remember each flag, and put it back in a finally, which runs after an exception too.": DO,
    "A target that you keep for later must be a constant in memory of its own.": DO,
    "You want both: no history, and a copy.": DO,
    "A result that is new, a clone too, is an inference tensor, which has no version counter.": (
        new_results_are_inference_tensors
    ),
    "inference_mode is for results that never meet training.": DO,
    "Do not put a block around a loss that should train, nor around a net that gradient must pass through.": DO,
    "A table compares them all.": NAMES,
    "Whoever holds the old tensor, a net or an optimizer, sees no change.": HERE,
    "Naming is no operation.": "it is Python's, and calls nothing of torch",
    "A view made there may have the flag and no path.": a_view_made_inside_tells_of_no_path,
    "no_grad does not hide an edit from the version counter, does not stop BatchNorm, and is no way to freeze.": (
        an_edit_counts_under_no_grad
    ),
}
RULES = {
    "Nothing: what runs is recorded as before.": in_evaluation_mode_what_runs_is_recorded,
    "There the reentrant kind gives the weight a gradient; the other may raise, or be wrong in silence.)": (
        a_flag_put_back_before_backward
    ),
    "An in-place operation on b outside the block is refused, too.": inference_tensors_refuse_in_place_operations,
}
