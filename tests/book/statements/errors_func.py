"""The clinic: torch.func, vmap and forward mode."""

import torch
import torch.autograd.forward_ad as fwd
from support.kinds import raises
from torch import nn
from torch.func import functional_call, grad, jvp, vmap
from torch.nn import functional

from statements import CLINIC, DO, NAMES

# Constants that a gradient is asked for.
FLAT = {
    "two elements": torch.tensor([1.5, 2.5]),
    "0-d": torch.tensor(1.5),
    "float64": torch.tensor([1.5], dtype=torch.float64),
    "a view": torch.tensor([[1.5, 2.5]])[0],
    "a parameter": nn.Parameter(torch.tensor([1.5])),
}


def no_flag_is_needed():
    return {kind: torch.equal(grad(lambda a: (a**2).sum())(x), 2 * x) for kind, x in FLAT.items()}


def one_number_to_start_from():
    return {
        "a float": raises(grad(lambda x: x.sum().item()), torch.ones(2)),
        "an int": raises(grad(lambda x: 1), torch.ones(2)),
        "two numbers": raises(grad(lambda x: x * 2), torch.ones(2)),
        "one in a row": raises(grad(lambda x: x.sum(0, keepdim=True)), torch.ones(2)),
        "a tuple": raises(grad(lambda x: (x.sum(), x.sum())), torch.ones(2)),
        "0-d": not raises(grad(lambda x: x.sum()), torch.ones(2)),
    }


def nothing_to_take_out_of_a_batch():
    uses = {
        "item": lambda x: x.sum().item() * x,
        "float": lambda x: float(x.sum()) * x,
        "if": lambda x: x if x.sum() > 0 else -x,
        "numpy": lambda x: torch.from_numpy(x.numpy()),
        "tolist": lambda x: torch.tensor(x.tolist()),
    }
    return {
        f"{name}, {kind}": raises(vmap(use), data)
        for name, use in uses.items()
        for kind, data in {
            "two": torch.ones(2, 3),
            "one": torch.ones(1, 3),
            "double": torch.ones(2, 3).double(),
        }.items()
    }


def no_room_for_a_batch():
    def written(write):
        def one(x):
            h = torch.zeros(2)
            write(h, x)
            return h

        return raises(vmap(one), torch.ones(3))

    return {
        "h[0] =": written(lambda h, x: h.__setitem__(0, x)),
        "copy_": written(lambda h, x: h.copy_(x)),
        "fill_": written(lambda h, x: h.fill_(x)),
        "add_": written(lambda h, x: h.add_(x)),
        "index_add_": written(lambda h, x: h.index_add_(0, torch.tensor([0]), x[None])),
        "made from x": not raises(vmap(lambda x: x.new_zeros(2).add_(x)), torch.ones(3)),
    }


def the_same_noise_for_all():
    def drawn(draw):
        y = vmap(draw, randomness="same")(torch.ones(4, 16))
        return bool((y == y[0]).all())

    return {
        "rand": drawn(lambda x: x + torch.rand(())),
        "rand_like": drawn(lambda x: x + torch.rand_like(x)),
        "normal_": drawn(lambda x: x + torch.empty(16).normal_()),
        "dropout": drawn(functional.dropout),
    }


def strict_names():
    net = nn.BatchNorm1d(2)
    whole = {**dict(net.named_parameters()), **dict(net.named_buffers())}

    def called(state):
        return raises(lambda: functional_call(net, state, torch.ones(3, 2), strict=True))

    return {
        "the module's": not called(whole),
        "one more": called({**whole, "more": torch.ones(1)}),
        "without a parameter": called({name: t for name, t in whole.items() if name != "weight"}),
        "without a buffer": called({name: t for name, t in whole.items() if name != "running_mean"}),
    }


def a_tangent_has_the_shape_while_the_level_is_open():
    outcome = {}
    for kind, x in FLAT.items():
        with fwd.dual_level():
            y = fwd.make_dual(x, torch.ones_like(x)) ** 2
            tangent = fwd.unpack_dual(y).tangent
            wrong = raises(fwd.make_dual, x, torch.ones(7, dtype=x.dtype))
        outcome[kind] = wrong and tangent.shape == x.shape and fwd.unpack_dual(y).tangent is None
    return outcome


def these_have_a_formula_for_backward_only():
    bag, chars = torch.tensor([[0, 1]]), torch.tensor([[1]])
    functions = {
        "cdist": lambda x: torch.cdist(x, torch.zeros(1, 2)),
        "embedding_bag": lambda x: functional.embedding_bag(bag, x),
        "ctc_loss": lambda x: functional.ctc_loss(
            x.view(4, 1, 2).log_softmax(2), chars, torch.tensor([4]), torch.tensor([1])
        ),
    }
    x = torch.rand(4, 2)
    return {f"{name}: forward": raises(jvp, f, (x,), (x,)) for name, f in functions.items()} | {
        f"{name}: backward": not raises(grad(lambda a, f=f: f(a).sum()), x) for name, f in functions.items()
    }


STATEMENTS = CLINIC | {
    "No flag is needed. retain_grad() and torch.autograd.functional give the same kind of message.": no_flag_is_needed,
    "A Python number has no graph, and a gradient starts at one number, not at two.": one_number_to_start_from,
    "For every output by itself, jacrev.": DO,
    "See What each operation saves.": NAMES,
    "Under vmap one tensor stands for all of the batch: there is no single number to take out, none to decide "
    "by, and no memory of its own for NumPy.": nothing_to_take_out_of_a_batch,
    "Stay with torch, and let where decide for each element.": DO,
    "Under vmap x stands for three tensors at once, and h, which was made inside, for one: it has no room for three "
    "results.": no_room_for_a_batch,
    'Not a cure. randomness="same" runs as well, and gives every element the same noise, or the same dropout mask.': (
        the_same_noise_for_all
    ),
    "With strict=True the names must be those of the module.": strict_names,
    "Forward mode carries a tangent beside each number, of the same shape, while a level is open.": (
        a_tangent_has_the_shape_while_the_level_is_open
    ),
    "Forward mode needs formulas of its own. cdist, embedding_bag and ctc_loss have one for backward only.": (
        these_have_a_formula_for_backward_only
    ),
}
