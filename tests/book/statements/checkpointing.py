"""Chapter 10, Checkpointing and compile."""

import random
import warnings

import numpy
import torch
from support.kinds import leaves, raises
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from statements import DO, HERE

KINDS = {"reentrant": True, "not reentrant": False}


def ignoring_warnings(block, *arguments, **options):
    with warnings.catch_warnings(action="ignore"):
        return checkpoint(block, *arguments, **options)


def a_block(net):
    return lambda *inputs: net(*inputs)


def a_reentrant_node_needs_an_input():
    net = nn.Linear(2, 2)
    data, leaf = torch.ones(1, 2), torch.ones(1, 2, requires_grad=True)
    embedding, words = nn.Embedding(3, 2), torch.tensor([1, 2])

    def flag(block, *inputs):
        return ignoring_warnings(block, *inputs, use_reentrant=True).requires_grad

    return {
        "constant": not flag(net, data),
        "leaf": flag(net, leaf),
        "interior": flag(net, leaf * 1),
        "integers": not flag(embedding, words),
        "one of two": flag(lambda x, y: net(x) + y, data, leaf),
        "none of two": not flag(lambda x, y: net(x) + y, data, data),
        "a number beside it": flag(lambda x, k: net(x) * k, leaf, 3),
    }


def a_lost_block_is_silent():
    outcome = {}
    for name, data in {"rows": torch.ones(1, 2), "a view": torch.ones(2, 2)[:1], "one row": torch.ones(2)}.items():
        first, second = nn.Linear(2, 2), nn.Linear(2, 2)
        h = ignoring_warnings(first, data, use_reentrant=True)
        ignoring_warnings(second, h, use_reentrant=True) if h.requires_grad else second(h).sum().backward()
        outcome[name] = first.weight.grad is None and second.weight.grad is not None
    return outcome


def a_tensor_in_a_container_is_no_input():
    x = torch.ones(2, requires_grad=True)
    inside = {
        "dictionary": ({"x": x}, lambda batch: batch["x"] * 2),
        "list": ([x], lambda batch: batch[0] * 2),
        "tuple": ((x,), lambda batch: batch[0] * 2),
        "nested": ({"x": [x]}, lambda batch: batch["x"][0] * 2),
    }
    return {
        f"{name}, {kind}": ignoring_warnings(block, batch, use_reentrant=reentrant).requires_grad is not reentrant
        for name, (batch, block) in inside.items()
        for kind, reentrant in KINDS.items()
    }


def random_blocks():
    """Return blocks whose gradient is what x was multiplied by."""
    return {
        "Dropout": nn.Dropout(),
        "Dropout1d": nn.Dropout1d(),
        "rand": lambda a: a * torch.rand(a.shape),
        "randn_like": lambda a: a * torch.randn_like(a),
        "bernoulli": lambda a: a * torch.bernoulli(torch.full_like(a, 0.5)),
        "randperm": lambda a: a * torch.randperm(len(a)).unsqueeze(1),
        "normal_": lambda a: a * torch.empty_like(a).normal_(),
        "functional": functional.dropout,
    }


def belongs_to_the_same_numbers(block, reentrant):
    a = torch.ones(16, 4, requires_grad=True)
    y = checkpoint(block, a, use_reentrant=reentrant)
    torch.rand(3)
    y.sum().backward()
    return torch.equal(y, a.grad)


def torchs_own_generator_is_kept():
    return {
        f"{name}, {kind}": belongs_to_the_same_numbers(block, reentrant)
        for name, block in random_blocks().items()
        for kind, reentrant in KINDS.items()
    }


def another_generator_is_not():
    own = torch.Generator().manual_seed(0)
    bits = numpy.random.default_rng(0)
    others = {
        "own": lambda a: a * torch.rand(a.shape, generator=own),
        "Python's": lambda a: a * torch.full_like(a, random.random()),
        "NumPy's": lambda a: a * torch.from_numpy(bits.random(a.shape)).float(),
    }
    return {
        f"{name}, {kind}": not belongs_to_the_same_numbers(block, reentrant)
        for name, block in others.items()
        for kind, reentrant in KINDS.items()
    }


def detach_cuts_in_a_compiled_function():
    def cut(x):
        h = x * 3
        return h.detach() * h

    compiled = torch.compile(cut, backend="eager", dynamic=False)
    outcome = {}
    for kind in ("0-d", "two elements", "matrix", "float64", "a parameter"):
        x = leaves()[kind]
        (right,), (got,) = (torch.autograd.grad(f(x).sum(), x) for f in (cut, compiled))
        outcome[kind] = torch.equal(got, right) and torch.equal(got, 9 * x.detach())
    return outcome


def a_backward_made_ahead_of_time_has_none():
    torch.compiler.reset()  # after too many traces of one function, in other probes, torch no longer compiles it
    blocks = {"power": lambda x: x**3, "exp": torch.exp, "norm": lambda x: x.square().sum().sqrt()}

    def penalised(block, backend):
        x = torch.tensor([1.5, 2.5], requires_grad=True)
        (g,) = torch.autograd.grad(torch.compile(block, backend=backend)(x).sum(), x, create_graph=True)
        g.sum().backward()

    return {
        f"{name}, {backend}": raises(penalised, block, backend) == (backend == "aot_eager")
        for name, block in blocks.items()
        for backend in ("aot_eager", "eager")
    }


def only_a_positional_argument_is_watched():
    def cube(x, w):
        return (w * x) ** 3

    def silent(call, reentrant):
        w, x = torch.tensor([2.0], requires_grad=True), torch.tensor([1.0], requires_grad=True)
        y = call(w, x, {"use_reentrant": reentrant})
        with torch.no_grad():
            w.mul_(10)
        return not raises(y.sum().backward)

    ways = {
        "positional": lambda w, x, kind: checkpoint(cube, x, w, **kind),
        "in a list": lambda w, x, kind: checkpoint(lambda x, held: cube(x, *held), x, [w], **kind),
        "in a closure": lambda w, x, kind: checkpoint(lambda x: cube(x, w), x, **kind),
    }
    outcome = {
        f"{name}, {kind}": silent(call, reentrant) == (name != "positional")
        for name, call in ways.items()
        for kind, reentrant in KINDS.items()
    }
    return outcome | {"by name": silent(lambda w, x, kind: checkpoint(cube, x, w=w, **kind), False)}


def donated_buffers_refuse():
    torch.compiler.reset()
    outcome = {}
    for name, f in {"donates": lambda x: (2 * x.exp()).sin(), "has none": lambda x: x**3}.items():
        x, compiled = torch.tensor([1.5, 2.5], requires_grad=True), torch.compile(f, backend="aot_eager")
        compiled(x).sum().backward()
        outcome[name] = raises(lambda x=x, g=compiled: g(x).sum().backward(retain_graph=True)) == (name == "donates")
    return outcome


def where_the_reentrant_kind_loses():
    net, x = nn.Linear(2, 2), torch.ones(1, 2, requires_grad=True)

    def ask():
        return torch.autograd.grad(checkpoint(net, x, use_reentrant=True).sum(), net.weight)

    checkpoint(net, x, use_reentrant=True).sum().backward()
    return {
        "backward fills it": net.weight.grad is not None,
        "autograd.grad": raises(ask),
        "no input": not ignoring_warnings(net, x.detach(), use_reentrant=True).requires_grad,
        "the other kind": checkpoint(net, x.detach(), use_reentrant=False).requires_grad,
    }


class ByFlag(nn.Module):
    """Does one thing in training, another one in evaluation."""

    def __init__(self, training, evaluation):
        super().__init__()
        self.ways = {True: training, False: evaluation}

    def forward(self, x):
        return self.ways[self.training](x)


def a_flag_raises_or_is_wrong_in_silence():
    def gradient(net, flag):
        x = torch.tensor([0.5, 0.25], requires_grad=True)
        y = checkpoint(net.train(), x, use_reentrant=False)
        flag(net)
        return torch.autograd.grad(y.sum(), x)[0]

    noticed = {
        "dropout": nn.Sequential(nn.Dropout(), nn.Tanh()),
        "fewer": ByFlag(lambda x: x.exp().tanh(), torch.tanh),
        "another shape": ByFlag(torch.tanh, lambda x: x.repeat(2).tanh()),
        "another dtype": ByFlag(torch.tanh, lambda x: x.double().tanh()),
    }
    silent = {
        "a factor": ByFlag(lambda x: x.tanh(), lambda x: (x * 3).tanh()),
        "more": ByFlag(lambda x: x.tanh(), lambda x: (x * 3).tanh().exp()),
    }
    outcome = {name: raises(gradient, net, nn.Module.eval) for name, net in noticed.items()}
    for name, net in silent.items():
        right, got = gradient(net, nn.Module.train), gradient(net, nn.Module.eval)
        outcome[name] = not torch.allclose(right, got)
    return outcome


def a_stepped_weight_gives_another_gradient():
    x = torch.tensor([[0.5, 0.25]], requires_grad=True)

    def gradient(net, reentrant, step=None):
        y = checkpoint(net, x, use_reentrant=reentrant)
        if step is not None:
            step()
        net.zero_grad()
        y.sum().backward()
        return net[0].weight.grad.clone()

    outcome = {}
    for kind, reentrant in KINDS.items():
        for way in ("foreach", "fused"):
            net = nn.Sequential(nn.Linear(2, 2), nn.Tanh())
            opt = torch.optim.SGD(net.parameters(), lr=0.5, **{way: True})
            before, got, after = (gradient(net, reentrant, step) for step in (None, opt.step, None))
            outcome[f"{kind}, {way}"] = torch.equal(got, after) and not torch.allclose(got, before)
    return outcome


STATEMENTS = {
    "The block uses a weight w that is no argument, as a module does.": HERE,
    "A hook stands for each saved number.": HERE,
    "w got its gradient all the same: that node's backward runs the block, recorded, and calls a backward of its own "
    "on it.": HERE,
    "The price you have seen: each block runs a second time.": HERE,
    "The block ran under no_grad, and the one node is only made for inputs that require grad.": (
        a_reentrant_node_needs_an_input
    ),
    "If later blocks learn, a warning is all that you see.": a_lost_block_is_silent,
    "A tensor inside a dictionary is no input for the reentrant kind either.": a_tensor_in_a_container_is_no_input,
    "The optimizer's step comes after all backwards through a checkpoint.": DO,
    "Dropout must drop the same numbers in both runs. checkpoint keeps the state of torch's own generator and puts it "
    "back.": torchs_own_generator_is_kept,
    "Only torch's own is.": another_generator_is_not,
    "detach is written down like any operation, and cuts as before.": detach_cuts_in_a_compiled_function,
    "This backward was made ahead of time, and has no backward of its own: no gradient penalty through such a block.": (
        a_backward_made_ahead_of_time_has_none
    ),
    "You have met all five.": HERE,
    "The second run must compute the same as the first; whatever else the block does, it does twice.": DO,
    "A backward made ahead of time has no backward.": a_backward_made_ahead_of_time_has_none,
    "Where no input of the block requires grad, and where autograd.grad asks for it.": where_the_reentrant_kind_loses,
}
RULES = {
    "As a positional argument, the weight is watched.": only_a_positional_argument_is_watched,
    "(Passed as w=w, or in a list, it is not.)": only_a_positional_argument_is_watched,
    "(The backend eager leaves the backward to autograd, and allows one.)": a_backward_made_ahead_of_time_has_none,
    "Then retain_graph=True raises.": donated_buffers_refuse,
    "If the second run saves fewer tensors, or some of another shape or dtype, the non-reentrant kind raises, by "
    "default, a CheckpointError.": a_flag_raises_or_is_wrong_in_silence,
    "The gradient is that of another computation, and nothing raises.": a_stepped_weight_gives_another_gradient,
    "But the same flag may be wrong in silence, here where it changes a factor.": a_flag_raises_or_is_wrong_in_silence,
}
