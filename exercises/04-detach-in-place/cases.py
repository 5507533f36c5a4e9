"""The cases of 04-detach-in-place: which inputs a function is given, and what is observed of it."""

from collections import namedtuple
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from gradstop.observe import Draw, Observer, case

Function = Callable[..., Any]
DTYPES = (torch.float32, torch.float64)


def loss_of(later: Draw, result: Tensor) -> Tensor:
    """Make a scalar of ``result`` by weights, and a consumer, that nobody knew when it was computed."""
    weights = later.numbers(result.shape, dtype=result.dtype)
    consumer = later.choice(torch.exp, torch.sin, torch.square)
    return (consumer(result) * weights).sum()


# cut_ ---------------------------------------------------------------------------------------------------


def interior(draw: Draw) -> tuple[Tensor, dict[str, Tensor]]:
    """Draw the interior tensor t, and its leaf with a ``.grad`` from earlier."""
    t = draw.tensor("t", "interior", dtype=draw.choice(*DTYPES))
    leaf = draw.source(t)
    draw.prefill(leaf)
    return t, {"t's leaf": leaf}


CUT = "the tensor itself is cut: it is a leaf that does not require grad"


@case("cut_", "t goes on to be used", "04-detach-in-place#one-tensor-every-name")
def used_afterwards(cut_: Function, draw: Draw, see: Observer):
    t, leaves = interior(draw)
    v = draw.tensor("v", "leaf", t.shape, dtype=t.dtype)
    result = see.call(cut_, t)
    see.same("the result and t", result, t, "the same object is returned")
    see.flags("t afterwards", t, CUT)
    see.value("t's values afterwards", t, "the values are as before")
    later = yield
    loss = loss_of(later, t * v)
    asked = "a later use of t is not recorded: v learns, and what t came from does not"
    see.gradients("a backward from t * v", loss.backward, asked, v=v, **leaves)


@case("cut_", "the caller has another name for t", "04-detach-in-place#one-tensor-every-name")
def another_name(cut_: Function, draw: Draw, see: Observer):
    t, leaves = interior(draw)
    states, cache, model = [t], {"h": t}, SimpleNamespace(h=t)
    name, other = draw.choice(
        ("states[0]", lambda: states[0]), ('cache["h"]', lambda: cache["h"]), ("model.h", lambda: model.h)
    )
    draw.given.append(f"the caller holds t as {name}")
    see.call(cut_, t)
    see.flags("the tensor under its other name", other(), f"{CUT}, under every name")
    see.value("its values", other(), "the values are as before")
    later = yield
    v = torch.ones((), dtype=t.dtype, requires_grad=True)
    loss = loss_of(later, other() * v)
    asked = "a use under another name is not recorded either"
    see.gradients("a backward from v times the tensor under its other name", loss.backward, asked, v=v, **leaves)


@case("cut_", "the result is used in operations and edited", "04-detach-in-place#one-tensor-every-name")
def operations_afterwards(cut_: Function, draw: Draw, see: Observer):
    t, _ = interior(draw)
    result = see.call(cut_, t)
    later = yield
    use = later.choice(torch.exp, torch.sin, torch.neg)(t)
    see.flags("the result of an operation on t", use, "a later use of t is not recorded")
    place, number = tuple(later.integer(0, size - 1) for size in t.shape), later.number(2.0, 3.0)
    later.given.append(f"element {list(place)} of the result is set to {number}")

    def edit() -> None:
        result[place] = number

    see.raised("the edit", edit, "the result may be edited in place")
    see.value("t after the edit", t, "the result is t: an edit of it is one of t")


@case("cut_", "a new history starts at t", "04-detach-in-place#a-new-history-can-start")
def a_new_history(cut_: Function, draw: Draw, see: Observer):
    t, leaves = interior(draw)
    see.call(cut_, t)
    see.flags("t afterwards", t, CUT)
    later = yield
    later.given.append("then t.requires_grad_()")
    see.raised("t.requires_grad_()", t.requires_grad_, "t is a leaf, so it may be flagged")
    loss = loss_of(later, t)
    asked = "flagged anew, t is a leaf that receives .grad itself; what t came from receives nothing"
    see.gradients("a backward from t", loss.backward, asked, t=t, **leaves)


# repackage ----------------------------------------------------------------------------------------------

State = namedtuple("State", "hidden cell")
Pair = namedtuple("Pair", "left right")
KINDS = (
    ("interior", "view", "constant", "interior"),
    ("view", "interior", "view", "constant"),
    ("constant", "interior", "interior", "view"),
)


class Settings:
    """Something in a state that is no tensor."""


def sorted_keys(value: Any) -> Any:
    """Rebuild nested containers with the keys of dictionaries in order, which the text does not fix."""
    if isinstance(value, dict):
        return {key: sorted_keys(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)._make(sorted_keys(item) for item in value)
    if isinstance(value, list | tuple):
        return type(value)(sorted_keys(item) for item in value)
    return value


def entries(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield everything in nested containers that is no container, with its path."""
    if isinstance(value, dict):
        for key in value:
            yield from entries(value[key], f"{path}[{key!r}]")
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        for field, item in zip(value._fields, value, strict=True):
            yield from entries(item, f"{path}.{field}")
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from entries(item, f"{path}[{number}]")
    else:
        yield path, value


def tensors_of(value: Any, path: str) -> dict[str, Tensor]:
    """Return the tensors in nested containers by their paths."""
    return {where: item for where, item in entries(value, path) if isinstance(item, Tensor)}


def parts(draw: Draw, names: str, leaves: dict[str, Tensor]) -> list[Tensor]:
    """Draw the tensors of a state; keep the leaf behind each, with a ``.grad`` from earlier, in ``leaves``."""
    kinds = draw.choice(*KINDS)[: len(names)]
    tensors = [draw.tensor(name, kind) for name, kind in zip(names, kinds, strict=True)]
    for name, kind, tensor in zip(names, kinds, tensors, strict=True):
        if kind != "constant":
            leaves[f"{name}'s leaf"] = draw.source(tensor)
    draw.prefill(*leaves.values())
    return tensors


def see_state(see: Observer, result: Any, old: dict[str, Tensor]) -> None:
    """Observe the new state, and the tensors ``old`` of the caller's, which are named by their paths."""
    see.structure("the result's structure", sorted_keys(result), "the structure and the container types are kept")
    see.value("the result", sorted_keys(result), "everything in the state has its value")
    new = dict(entries(result, "state"))
    for path, tensor in old.items():
        see.flags(f"{path} of the result", new.get(path), f"{path} is cut: a leaf that does not require grad")
        see.flags(f"{path} of the caller", tensor, f"the caller's {path} is as before")


def see_both_backwards(see: Observer, later: Draw, result: Any, old: dict[str, Tensor], leaves: dict[str, Tensor]):
    """Observe where a loss of the new state, and one of the caller's tensors, send gradient."""
    consumer = later.choice(torch.exp, torch.sin, torch.square)

    def loss(tensors: dict[str, Tensor]) -> Tensor:
        return v * sum((consumer(t) * later.numbers(t.shape, dtype=t.dtype)).sum() for t in tensors.values())

    v = torch.tensor(later.number(), requires_grad=True)
    of_new, of_old = loss(tensors_of(sorted_keys(result), "state")), loss(old)
    asked = "no gradient of the new state reaches what the old one came from"
    see.gradients(
        "a backward from the new state", lambda: of_new.backward(retain_graph=True), asked, **{"a factor": v}, **leaves
    )
    see.gradients("a backward from the old state", of_old.backward, "the caller's tensors stay attached", **leaves)


@case("repackage", "state holds tensors alone", "04-detach-in-place#nested-states")
def one_level(repackage: Function, draw: Draw, see: Observer):
    leaves: dict[str, Tensor] = {}
    h, c = parts(draw, "hc", leaves)
    form, state = draw.choice(
        ("(h, c)", (h, c)), ("[h, c]", [h, c]), ("{'h': h, 'c': c}", {"h": h, "c": c}), ("State(h, c)", State(h, c))
    )
    draw.given.append(f"state = {form}" + ", a namedtuple" * (form[0] == "S"))
    old = tensors_of(state, "state")
    result = see.call(repackage, state)
    see_state(see, result, old)
    later = yield
    see_both_backwards(see, later, result, old, leaves)


@case("repackage", "state is nested", "04-detach-in-place#nested-states")
def nested(repackage: Function, draw: Draw, see: Observer):
    leaves: dict[str, Tensor] = {}
    a, b, c, d = parts(draw, "abcd", leaves)
    form, state = draw.choice(
        ("[State(a, b), {'c': (c, [d])}]", [State(a, b), {"c": (c, [d])}]),
        ("{'x': [(a, b), c], 'y': Pair(d, [])}", {"x": [(a, b), c], "y": Pair(d, [])}),
        ("((a, [b]), {'k': {'l': State(c, d)}})", ((a, [b]), {"k": {"l": State(c, d)}})),
        ("Pair({'a': a}, State([b, c], (d,)))", Pair({"a": a}, State([b, c], (d,)))),
    )
    draw.given.append(f"state = {form}, where State and Pair are namedtuples")
    old = tensors_of(state, "state")
    result = see.call(repackage, state)
    see_state(see, result, old)
    later = yield
    see_both_backwards(see, later, result, old, leaves)


@case("repackage", "the tensors are views", "04-detach-in-place#views-refuse")
def views(repackage: Function, draw: Draw, see: Observer):
    out = draw.tensor("out", "interior", (4, draw.integer(2, 4)), dtype=draw.choice(*DTYPES))
    leaves = {"out's leaf": draw.source(out)}
    form, state = draw.choice(
        ("out.chunk(2)", out.chunk(2)),
        ("[out[-1], out.t()]", [out[-1], out.t()]),
        ("{'rows': list(out.unbind())}", {"rows": list(out.unbind())}),
        ("State(*out.split(2))", State(*out.split(2))),
    )
    draw.given.append(f"state = {form}")
    old = tensors_of(state, "state")
    result = see.call(repackage, state)
    see_state(see, result, old)
    later = yield
    see_both_backwards(see, later, result, old, leaves)


@case("repackage", "state holds things that are no tensors", "04-detach-in-place#nested-states")
def other_things(repackage: Function, draw: Draw, see: Observer):
    leaves: dict[str, Tensor] = {}
    h, c = parts(draw, "hc", leaves)
    step, rate, settings = draw.integer(3, 900), draw.number(), Settings()
    form, state = draw.choice(
        ("(h, None, {'c': c, 'name': 'lstm'})", (h, None, {"c": c, "name": "lstm"})),
        ("{'h': [h, True], 'c': State(c, None)}", {"h": [h, True], "c": State(c, None)}),
    )
    given = f"state = [{form}, {step}, {rate}, settings], where settings is an object of a class Settings"
    draw.given.append(given)
    state = [state, step, rate, settings]
    old = tensors_of(state, "state")
    result = see.call(repackage, state)
    see_state(see, result, old)
    passed = dict(entries(result, "state")).get("state[3]")
    see.same("state[3] of the result and settings", passed, settings, "what is no tensor passes through")
    later = yield
    see_both_backwards(see, later, result, old, leaves)


# rollout_last_k -----------------------------------------------------------------------------------------


def start(draw: Draw, kind: str, steps: int, last: int) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    """Draw w, and h0 of this kind, both with a ``.grad`` from earlier where they require grad."""
    shape, dtype = draw.shape(), draw.choice(*DTYPES)
    w, h0 = draw.tensor("w", "leaf", shape, dtype=dtype), draw.tensor("h0", kind, shape, dtype=dtype)
    leaves = {"w": w} if kind == "constant" else {"w": w, "h0": h0}
    draw.prefill(*leaves.values())
    draw.given.append(f"T = {steps}, k = {last}")
    return w, h0, leaves


LAST = "w learns through the last k steps alone, and h0 not at all"


@case("rollout_last_k", "k is between 1 and T", "04-detach-in-place#truncating-a-rollout")
def some_steps(rollout_last_k: Function, draw: Draw, see: Observer):
    steps, last = draw.choice((5, 2), (6, 2), (5, 3), (7, 3), (6, 4))
    w, h0, leaves = start(draw, draw.choice("leaf", "constant"), steps, last)
    result = see.call(rollout_last_k, w, h0, steps, last)
    see.value("the result", result, "the result is the last h")
    see.flags("h0 afterwards", h0, "h0 keeps its flag")
    later = yield
    see.gradients("the backward", loss_of(later, result).backward, LAST, **leaves)


@case("rollout_last_k", "k is 1", "04-detach-in-place#count-the-steps")
def one_step(rollout_last_k: Function, draw: Draw, see: Observer):
    steps = draw.integer(3, 6)
    w, h0, leaves = start(draw, draw.choice("leaf", "constant"), steps, 1)
    result = see.call(rollout_last_k, w, h0, steps, 1)
    see.value("the result", result, "the result is the last h")
    see.flags("h0 afterwards", h0, "h0 keeps its flag")
    later = yield
    see.gradients("the backward", loss_of(later, result).backward, LAST, **leaves)


@case("rollout_last_k", "k is T", "04-detach-in-place#count-the-steps")
def all_steps(rollout_last_k: Function, draw: Draw, see: Observer):
    steps = draw.choice(1, 2, 3, 4)
    w, h0, leaves = start(draw, draw.choice("leaf", "constant"), steps, steps)
    result = see.call(rollout_last_k, w, h0, steps, steps)
    see.value("the result", result, "the result is the last h")
    see.flags("h0 afterwards", h0, "h0 keeps its flag")
    later = yield
    asked = "with k = T, w learns through every step; h0 gets no gradient here either"
    see.gradients("the backward", loss_of(later, result).backward, asked, **leaves)


@case("rollout_last_k", "w and h0 are used again afterwards", "04-detach-in-place#detach-in-place-or-freeze")
def both_go_on(rollout_last_k: Function, draw: Draw, see: Observer):
    steps, last = draw.choice((4, 1), (5, 2), (4, 3), (3, 3))
    w, h0, leaves = start(draw, "leaf", steps, last)
    result = see.call(rollout_last_k, w, h0, steps, last)
    see.flags("h0 afterwards", h0, "h0 keeps its flag")
    see.flags("w afterwards", w, "w is a leaf that requires grad, as before")
    later = yield
    loss = loss_of(later, result) + loss_of(later, w) + loss_of(later, h0)
    asked = f"{LAST}; another use of w, or of h0, trains it as usual"
    see.gradients("a backward from three uses", loss.backward, asked, **leaves)


# freeze_ ------------------------------------------------------------------------------------------------


class Block(nn.Module):
    """A linear layer, a tanh, and a gain in a list of parameters."""

    def __init__(self, weight: Tensor, bias: Tensor, gain: Tensor):
        super().__init__()
        self.layer = nn.Linear(weight.shape[1], weight.shape[0])
        with torch.no_grad():
            self.layer.weight.copy_(weight)
            self.layer.bias.copy_(bias)
        self.gain = nn.ParameterList([gain])

    def forward(self, x: Tensor) -> Tensor:
        """Return one row of activations for each row of ``x``."""
        return self.gain[0] * torch.tanh(self.layer(x))


class Net(nn.Module):
    """Two blocks in a list, and a parameter of its own."""

    def __init__(self, blocks: list[Block], shift: Tensor):
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.shift = nn.Parameter(shift)

    def forward(self, x: Tensor) -> Tensor:
        """Return one row of activations for each row of ``x``."""
        for block in self.blocks:
            x = block(x)
        return torch.sin(x) + torch.tanh(self.shift)


def draw_net(draw: Draw, width: int) -> tuple[Net, dict[str, Tensor]]:
    """Draw a network that keeps the width of its input, and its parameters by name."""
    blocks = [
        Block(0.6 * draw.numbers((width, width)), draw.numbers((width,)), draw.numbers((width,))) for _ in range(2)
    ]
    net = Net(blocks, draw.numbers((width,)))
    return net, parameters_of(net)


def parameters_of(net: Net) -> dict[str, Tensor]:
    """Return the parameters by name."""
    return dict(net.named_parameters())


def see_members(see: Observer, net: Net, parameters: dict[str, Tensor]) -> None:
    """Observe that the same objects are still the parameters."""
    asked = "parameters() lists the same Parameter objects"
    see.members("parameters() afterwards", net.parameters(), asked, **parameters)


FROZEN = "gradient flows through the module to its input; no parameter of it gets any"


@case("freeze_", "the module is nested", "04-detach-in-place#freezing-a-module")
def nested_module(freeze_: Function, draw: Draw, see: Observer):
    shape = draw.shape(dimensions=2)
    x = draw.tensor("x", draw.choice("leaf", "interior"), shape)
    net, parameters = draw_net(draw, shape[1])
    see.call(freeze_, net)
    see_members(see, net, parameters)
    later = yield
    loss = loss_of(later, net(x))
    see.gradients("a backward through the module", loss.backward, FROZEN, **{"x's leaf": draw.source(x)}, **parameters)


@case("freeze_", "a part is frozen already, and gradients are there", "04-detach-in-place#freezing-a-module")
def frozen_in_part(freeze_: Function, draw: Draw, see: Observer):
    shape = draw.shape(dimensions=2)
    x = draw.tensor("x", "leaf", shape)
    net, parameters = draw_net(draw, shape[1])
    draw.prefill(x, *parameters.values())
    frozen = draw.choice(("shift",), ("blocks.0.gain.0", "blocks.1.layer.weight"))
    for name in frozen:
        parameters[name].requires_grad_(False)
    draw.given.append(
        f"frozen already: {', '.join(frozen)}; each parameter has a .grad, which is cleared after the call"
    )
    see.call(freeze_, net)
    see_members(see, net, parameters)
    for parameter in parameters.values():
        parameter.grad = None
    later = yield
    loss = loss_of(later, net(x))
    see.gradients("a backward through the module", loss.backward, FROZEN, x=x, **parameters)


@case("freeze_", "parameters are shared, and used in a penalty too", "04-detach-in-place#freezing-a-module")
def used_directly(freeze_: Function, draw: Draw, see: Observer):
    shape = draw.shape(dimensions=2)
    x = draw.tensor("x", "leaf", shape)
    net, parameters = draw_net(draw, shape[1])
    if draw.choice(True, False):
        net.blocks[1].layer.weight = net.blocks[0].layer.weight
        parameters = parameters_of(net)
        draw.given.append("both blocks share one weight")
    see.call(freeze_, net)
    see_members(see, net, parameters)
    later = yield
    loss = loss_of(later, net(x)) + sum(loss_of(later, parameter) for parameter in parameters.values())
    asked = f"{FROZEN}, however it is used"
    see.gradients("a backward from the output and a penalty", loss.backward, asked, x=x, **parameters)


@case("freeze_", "it stands between layers that train", "04-detach-in-place#gradient-passes-through-a-frozen-module")
def in_the_middle(freeze_: Function, draw: Draw, see: Observer):
    shape = draw.shape(dimensions=2)
    x = draw.tensor("x", "constant", shape)
    net, parameters = draw_net(draw, shape[1])
    below = draw.tensor("below", "leaf", (shape[1], shape[1]))
    above = draw.tensor("above", "leaf", (shape[1], 2))
    draw.prefill(below, above)
    draw.given.append("the output is module(tanh(x @ below)) @ above")
    see.call(freeze_, net)
    see_members(see, net, parameters)
    later = yield
    loss = (0.3 * net(torch.tanh(0.5 * x @ below)) @ above).sin()
    loss = (loss * later.numbers(loss.shape)).sum()
    asked = "the layers below and above train, the module does not"
    see.gradients("a backward from the top", loss.backward, asked, below=below, above=above, **parameters)
