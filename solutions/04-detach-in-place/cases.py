"""The cases of 04-detach-in-place: which inputs a function is given, and what is observed of it."""

from collections import namedtuple
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from gradstop.observe import AGAIN, ALL, FILLED, Draw, Observer, case

Function = Callable[..., Any]
DTYPES = (torch.float32, torch.float64)


def loss_of(later: Draw, result: Tensor) -> Tensor:
    """Make a scalar of ``result`` by weights, and a consumer, that nobody knew when it was computed."""
    weights = later.numbers(result.shape, dtype=result.dtype)
    return (later.choice(torch.exp, torch.square)(result) * weights).sum()  # one saves its result, one its input


def factor_for(draw: Draw, t: Tensor) -> Tensor:
    """Return a leaf of the shape and dtype of ``t``, which learns from a use with it."""
    return draw.numbers(t.shape, dtype=t.dtype).requires_grad_()


# cut_ ---------------------------------------------------------------------------------------------------


def interior(draw: Draw, *forms: str, dtype: torch.dtype = torch.float32) -> tuple[Tensor, dict[str, Tensor]]:
    """Draw the interior tensor t, and its leaf with a ``.grad`` from earlier."""
    t = draw.tensor("t", "interior", draw.form(*forms), dtype=dtype)
    leaf = draw.source(t)
    draw.prefill(leaf)
    return t, {"t's leaf": leaf}


CUT = "the tensor itself is cut: it is a leaf that does not require grad"
NOT_RECORDED = "a later use of t is not recorded: v learns, and what t came from does not"


@case("cut_", "t goes on to be used", "04-detach-in-place#one-tensor-every-name")
def used_afterwards(cut_: Function, draw: Draw, see: Observer):
    t, leaves = interior(draw, *ALL, dtype=draw.choice(*DTYPES))
    draw.hook(t=t)
    before = see.look(t=t, **leaves)
    with draw.mode_outside():
        result = see.call(cut_, t)
    see.same("the result and t", result, t, "the same object is returned")
    see.flags("t afterwards", t, CUT)
    see.value("t's values afterwards", t, "the values are as before")
    asked = "t loses its history and nothing else changes: not on t, nor on what t came from"
    see.left("what has changed on t and its leaf", before, asked, t=t, **leaves)
    later = yield
    v = factor_for(later, t)
    see.gradients("a backward from t * v", loss_of(later, t * v).backward, NOT_RECORDED, v=v, **leaves)


@case("cut_", "the caller has other names for t", "04-detach-in-place#one-tensor-every-name")
def other_names(cut_: Function, draw: Draw, see: Observer):
    t, leaves = interior(draw, "matrix", "scalar")
    states, cache, model = [t], {"h": t}, SimpleNamespace(h=t)
    draw.given.append('the caller holds t as states[0], cache["h"] and model.h too')
    see.call(cut_, t)
    held = {"states[0]": states[0], 'cache["h"]': cache["h"], "model.h": model.h}
    for name, tensor in held.items():
        see.flags(f"{name} afterwards", tensor, f"{CUT}, under every name")
    see.value("the values of states[0]", states[0], "the values are as before")
    later = yield
    v = factor_for(later, t)
    asked = "a use under another name is not recorded either"
    see.gradients("a backward from states[0] * v", loss_of(later, states[0] * v).backward, asked, v=v, **leaves)


@case("cut_", "the result is used in operations and edited", "04-detach-in-place#one-tensor-every-name")
def operations_afterwards(cut_: Function, draw: Draw, see: Observer):
    t, _ = interior(draw, *FILLED)
    result = see.call(cut_, t)
    later = yield
    use = later.choice(torch.exp, torch.neg)(t)
    see.flags("the result of an operation on t", use, "a later use of t is not recorded")
    place, number = tuple(later.integer(0, size - 1) for size in t.shape), later.number(2.0, 3.0)
    later.given.append(f"element {list(place)} of the result is set to {number}")

    def edit() -> None:
        result[place] = number

    see.raised("the edit", edit, "the result may be edited in place")
    see.value("t after the edit", t, "the result is t: an edit of it is one of t")


@case("cut_", "a new history starts at t", "04-detach-in-place#a-new-history-can-start")
def a_new_history(cut_: Function, draw: Draw, see: Observer):
    t, leaves = interior(draw, "matrix", "vector", "scalar")
    see.call(cut_, t)
    see.flags("t afterwards", t, CUT)
    later = yield
    later.given.append("then t.requires_grad_()")
    see.raised("t.requires_grad_()", t.requires_grad_, "t is a leaf, so it may be flagged")
    asked = "flagged anew, t is a leaf that receives .grad itself; what t came from receives nothing"
    see.gradients("a backward from t", loss_of(later, t).backward, asked, t=t, **leaves)
    draw.feature(*AGAIN)
    later.given.append("t is cut by detach_(), then t.mul_(w) gives it another history")
    w = factor_for(later, t)
    t.detach_().mul_(w)
    again = see.call(cut_, t, name="a second call, when t has a history again")
    see.same("the second result and t", again, t, "the same object is returned")
    see.flags("t after the second call", t, "t is cut as often as it is given")
    see.value("t's values after the second call", t, "the values are as they were before that call")
    other = later.tensor("u", "interior", tuple(t.shape))
    see.same("the result of a call with u, and u", see.call(cut_, other, name="a call with u"), other, CUT)
    see.flags("u afterwards", other, CUT)
    see.flags("t after the call with u", t, "what an earlier call has cut stays cut")
    v = factor_for(later, t)
    loss = loss_of(later, t * v) + loss_of(later, other * v)
    leaves |= {"w": w, "u's leaf": later.source(other)}
    see.gradients("a backward from t * v and u * v", loss.backward, NOT_RECORDED, v=v, **leaves)


# repackage ----------------------------------------------------------------------------------------------

State = namedtuple("State", "hidden cell")
One = namedtuple("One", "only")
KINDS = (("interior", "view", "leaf", "constant"), ("constant", "leaf", "view", "interior"))


class Settings:
    """Something in a state that is no tensor, and holds one."""

    def __init__(self, scale: Tensor):
        self.scale = scale


def sorted_keys(value: Any) -> Any:
    """Rebuild nested containers with the keys of dictionaries in order, which the text does not fix."""
    if isinstance(value, dict):
        return {key: sorted_keys(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)._make(sorted_keys(item) for item in value)
    if isinstance(value, list | tuple):
        return type(value)(sorted_keys(item) for item in value)
    return value


def walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield nested containers and everything in them, each with its path."""
    yield path, value
    if isinstance(value, dict):
        inner = [(f"{path}[{key!r}]", value[key]) for key in value]
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        inner = [(f"{path}.{field}", item) for field, item in zip(value._fields, value, strict=True)]
    elif isinstance(value, list | tuple):
        inner = [(f"{path}[{number}]", item) for number, item in enumerate(value)]
    else:
        return
    for where, item in inner:
        yield from walk(item, where)


def entries(value: Any, path: str) -> dict[str, Any]:
    """Return everything in nested containers that is no container, by its path."""
    return {where: item for where, item in walk(value, path) if not isinstance(item, dict | list | tuple)}


def namedtuples(value: Any, path: str) -> dict[str, type]:
    """Return the class of each namedtuple in nested containers, by its path."""
    return {w: type(item) for w, item in walk(value, path) if isinstance(item, tuple) and hasattr(item, "_fields")}


def tensors_of(value: Any, path: str) -> dict[str, Tensor]:
    """Return the tensors in nested containers by their paths."""
    return {where: item for where, item in walk(value, path) if isinstance(item, Tensor)}


def parts(draw: Draw, names: str, leaves: dict[str, Tensor], *forms: str) -> list[Tensor]:
    """Draw the tensors of a state; keep the leaf behind each, with a ``.grad`` from earlier, in ``leaves``."""
    kinds, form = draw.choice(*KINDS)[: len(names)], draw.form(*forms)
    tensors = [draw.tensor(name, kind, form) for name, kind in zip(names, kinds, strict=True)]
    attached = {name: t for name, kind, t in zip(names, kinds, tensors, strict=True) if kind != "constant"}
    leaves.update({f"{name}'s leaf": draw.source(tensor) for name, tensor in attached.items()})
    draw.prefill(*leaves.values())
    draw.hook(**attached)
    return tensors


SAME = "what is no tensor, and none of the four containers, passes through as the same object"


def see_state(see: Observer, state: Any, result: Any, said: str = "the result") -> dict[str, Tensor]:
    """Observe a new state; return the caller's tensors by their paths."""
    ordered = see.run(lambda: sorted_keys(result))
    see.structure(f"the structure of {said}", ordered, "the structure and the container types are kept")
    see.value(said, ordered, "everything in the state has its value")
    classes, kept = see.run(lambda: namedtuples(result, "state")), namedtuples(state, "state")
    others = [path for path, kind in kept.items() if path in classes and classes[path] is not kind]
    asked = "each namedtuple is one of the caller's class"
    see.value(f"which namedtuples of {said} are of another class", others, asked)
    old, new = tensors_of(state, "state"), see.run(lambda: entries(result, "state"))
    for path in [path for path in old if path in new]:
        see.flags(f"{path} of {said}", new[path], f"{path} of {said} is cut: a leaf that does not require grad")
    return old


def see_call(see: Observer, repackage: Function, state: Any) -> tuple[Any, dict[str, Tensor]]:
    """Call the function, and observe the new state and what it did to the caller's."""
    old = tensors_of(state, "state")
    before = see.look(**old)
    result = see.call(repackage, state)
    see_state(see, state, result)
    see.left("what has changed on the caller's tensors", before, "the caller's tensors are as before", **old)
    asked = "the caller's containers still hold the caller's tensors"
    see.members("the tensors in the caller's state afterwards", tensors_of(state, "state").values(), asked, **old)
    return result, old


def see_both_backwards(see: Observer, later: Draw, result: Any, old: dict[str, Tensor], leaves: dict[str, Tensor]):
    """Observe where a loss of the new state, and one of the caller's tensors, send gradient."""
    consumer = later.choice(torch.exp, torch.square)

    def loss(tensors: dict[str, Tensor]) -> Tensor:
        weights = [later.numbers(t.shape, dtype=t.dtype, signed=False) for t in tensors.values()]
        return v * sum((consumer(t) * w).sum() for t, w in zip(tensors.values(), weights, strict=True))

    v = torch.tensor(later.number(), requires_grad=True)
    of_new, of_old = loss(tensors_of(see.run(lambda: sorted_keys(result)), "state")), loss(old)
    asked = "no gradient of the new state reaches what the old one came from"
    see.gradients(
        "a backward from the new state", lambda: of_new.backward(retain_graph=True), asked, **{"a factor": v}, **leaves
    )
    see.gradients("a backward from the old state", of_old.backward, "the caller's tensors stay attached", **leaves)


@case("repackage", "state holds tensors alone", "04-detach-in-place#nested-states")
def one_level(repackage: Function, draw: Draw, see: Observer):
    leaves: dict[str, Tensor] = {}
    h, c = parts(draw, "hc", leaves, "matrix", "vector")
    form, state = draw.choice(
        ("(h, c)", (h, c)),
        ("[h, c]", [h, c]),
        ("{'h': h, 'c': c}", {"h": h, "c": c}),
        ("State(h, c)", State(h, c)),
        ("One(h)", One(h)),
    )
    draw.given.append(f"state = {form}" + ", a namedtuple" * (form[0] in "SO"))
    draw.feature(*["a namedtuple of one field"] * (len(state) == 1))
    result, old = see_call(see, repackage, state)
    later = yield
    see_both_backwards(see, later, result, old, leaves)


@case("repackage", "state is nested", "04-detach-in-place#nested-states")
def nested(repackage: Function, draw: Draw, see: Observer):
    leaves: dict[str, Tensor] = {}
    a, b, c, d = parts(draw, "abcd", leaves, "matrix", "scalar")
    form, state = draw.choice(
        ("[State(a, b), {'c': (c, [d])}]", [State(a, b), {"c": (c, [d])}]),
        ("{'x': [(a, b), c], 'y': One(d), 'z': []}", {"x": [(a, b), c], "y": One(d), "z": []}),
        ("((a, [b]), {'k': {'l': State(c, (d, d))}}, {})", ((a, [b]), {"k": {"l": State(c, (d, d))}}, {})),
        ("State({'a': a}, State([[b], ()], (c, d)))", State({"a": a}, State([[b], ()], (c, d)))),
    )
    draw.feature("an empty container", "one tensor at two places", "three levels")
    draw.given.append(f"state = {form}, where State and One are namedtuples")
    result, old = see_call(see, repackage, state)
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
    )
    draw.given.append(f"state = {form}")
    result, old = see_call(see, repackage, state)
    later = yield
    see_both_backwards(see, later, result, old, leaves)


@case("repackage", "state holds things that are no tensors", "04-detach-in-place#nested-states")
def other_things(repackage: Function, draw: Draw, see: Observer):
    leaves: dict[str, Tensor] = {}
    h, c, s = parts(draw, "hcs", leaves, *ALL)
    step, rate, settings, tags = draw.integer(3, 900), draw.number(), Settings(s), {draw.integer(3, 900), "tag"}
    form, inner = draw.choice(
        ("(h, 'lstm', {'c': c, 'next': None})", (h, "lstm", {"c": c, "next": None})),
        ("{'h': [h, True, None], 'c': State(c, 'lstm')}", {"h": [h, True, None], "c": State(c, "lstm")}),
    )
    draw.given.append(
        f"state = [{form}, {step}, {rate}, settings, tags], where settings is an object of a class Settings that "
        "holds s, and tags a set"
    )
    draw.feature("a set", "an object that holds a tensor")
    state = [inner, step, rate, settings, tags]
    before = see.look(settings=settings, **{"settings.scale": s})
    with draw.mode_outside():
        result, old = see_call(see, repackage, state)
    passed = see.run(lambda: entries(result, "state"))
    see.same("state[3] of the result and settings", passed.get("state[3]"), settings, SAME)
    see.same("state[4] of the result and tags", passed.get("state[4]"), tags, SAME)
    asked = f"{SAME}, and is not looked into"
    see.left("what has changed on settings", before, asked, settings=settings, **{"settings.scale": s})
    see.same("settings.scale and s", settings.scale, s, asked)
    later = yield
    see_both_backwards(see, later, result, old, leaves)
    draw.feature(*AGAIN)
    asked = "a later call gives a new structure, of what the state holds then"
    e = later.tensor("e", "interior", tuple(h.shape))
    state[1] = later.integer(1000, 2000)
    state.append(e)
    later.given.append(f"then state[1] = {state[1]}, and e is appended")
    again = see.call(repackage, state, name="a second call, when state has changed")
    see.same("the second result and the first", again, result, asked)
    see_state(see, state, again, "the second result")
    third = see.call(repackage, {"e": [e, c]}, name="a call with another state")
    see_state(see, {"e": [e, c]}, third, "the result for another state")
    first = see.run(lambda: sorted_keys(result))
    see.value("the first result afterwards", first, "what an earlier call returned stays what it is")


# rollout_last_k -----------------------------------------------------------------------------------------


def start(draw: Draw, kind: str, steps: int, last: int, *forms: str, dtype: torch.dtype = torch.float32):
    """Draw w, and h0 of this kind, both with a ``.grad`` from earlier where they require grad."""
    form = draw.form(*forms)
    w, h0 = draw.tensor("w", "leaf", form, dtype=dtype), draw.tensor("h0", kind, form, dtype=dtype)
    leaves = {"w": w} if kind == "constant" else {"w": w, "h0": h0}
    draw.prefill(*leaves.values())
    draw.given.append(f"T = {steps}, k = {last}")
    return w, h0, leaves


def see_rollout(see: Observer, rollout_last_k: Function, w: Tensor, h0: Tensor, steps: int, last: int) -> Tensor:
    """Call the function, and observe its result and what it did to what it was given."""
    before = see.look(w=w, h0=h0)
    result = see.call(rollout_last_k, w, h0, steps, last)
    see.value("the result", result, "the result is the last h")
    asked = "w and h0 keep their flags, and nothing is left on them"
    see.left("what has changed on w and h0", before, asked, w=w, h0=h0)
    see.value("h0's values afterwards", h0, "h0 keeps its values")
    see.value("w's values afterwards", w, "w keeps its values")
    return result


LAST = "w learns through the last k steps alone, and h0 not at all"


@case("rollout_last_k", "k is between 1 and T", "04-detach-in-place#truncating-a-rollout")
def some_steps(rollout_last_k: Function, draw: Draw, see: Observer):
    steps, last = draw.choice((5, 2), (6, 4), (6, 3))
    dtype = draw.choice(*DTYPES)
    w, h0, leaves = start(draw, draw.choice("leaf", "constant"), steps, last, *ALL, dtype=dtype)
    result = see_rollout(see, rollout_last_k, w, h0, steps, last)
    later = yield
    see.gradients("the backward", loss_of(later, result).backward, LAST, **leaves)


@case("rollout_last_k", "k is 1", "04-detach-in-place#count-the-steps")
def one_step(rollout_last_k: Function, draw: Draw, see: Observer):
    steps = draw.choice(4, 2)
    w, h0, leaves = start(draw, draw.choice("leaf", "constant"), steps, 1, "matrix", "scalar")
    draw.hook(w=w)
    result = see_rollout(see, rollout_last_k, w, h0, steps, 1)
    later = yield
    see.gradients("the backward", loss_of(later, result).backward, LAST, **leaves)


@case("rollout_last_k", "k is T", "04-detach-in-place#count-the-steps")
def all_steps(rollout_last_k: Function, draw: Draw, see: Observer):
    steps = draw.choice(3, 2, 1)
    w, h0, leaves = start(draw, draw.choice("leaf", "constant"), steps, steps, "matrix", "vector")
    result = see_rollout(see, rollout_last_k, w, h0, steps, steps)
    later = yield
    asked = "with k = T, w learns through every step; h0 gets no gradient here either"
    see.gradients("the backward", loss_of(later, result).backward, asked, **leaves)


@case("rollout_last_k", "w and h0 are used again afterwards", "04-detach-in-place#detach-in-place-or-freeze")
def both_go_on(rollout_last_k: Function, draw: Draw, see: Observer):
    steps, last = draw.choice((5, 2), (4, 1), (3, 3))
    w, h0, leaves = start(draw, "leaf", steps, last, "matrix", "scalar")
    result = see_rollout(see, rollout_last_k, w, h0, steps, last)
    later = yield
    loss = loss_of(later, result) + loss_of(later, w) + loss_of(later, h0)
    asked = f"{LAST}; another use of w, or of h0, trains it as usual"
    see.gradients("a backward from three uses", loss.backward, asked, **leaves)
    draw.feature(*AGAIN)
    asked = "a later call computes with what it is given, as it is then"
    with torch.no_grad():
        w.copy_(later.numbers(w.shape))
    later.given.append("then w is given other values")
    again = see.call(rollout_last_k, w, h0, steps, last, name="a call after w was changed")
    see.value("the result after w was changed", again, asked)
    see.gradients("a backward after w was changed", loss_of(later, again).backward, LAST, **leaves)
    whole = see.call(rollout_last_k, w, h0, steps + 1, steps, name="a call with other T and k")
    see.value("the result for other T and k", whole, asked)
    v, g0 = later.tensor("another w", "leaf", tuple(w.shape)), later.tensor("another h0", "leaf", tuple(w.shape))
    later.prefill(g0)
    other = see.call(rollout_last_k, v, g0, steps, last, name="a call with another w and h0")
    see.value("the result for another w and h0", other, asked)
    leaves |= {"another w": v, "another h0": g0}
    loss = loss_of(later, whole) + loss_of(later, other)
    see.gradients("a backward from the last two calls", loss.backward, LAST, **leaves)
    see.value("the first result afterwards", result, "what an earlier call returned stays what it is")


# freeze_ ------------------------------------------------------------------------------------------------


class Block(nn.Module):
    """A linear layer, a tanh, and a gain in a list of parameters."""

    def __init__(self, draw: Draw, width: int):
        super().__init__()
        self.layer = linear(draw, width)
        self.gain = nn.ParameterList([draw.numbers((width,))])

    def forward(self, x: Tensor) -> Tensor:
        """Return one row of activations for each row of ``x``."""
        return self.gain[0] * torch.tanh(self.layer(x))


class Gate(nn.Module):
    """A parameter of its own, and a layer without a bias."""

    def __init__(self, draw: Draw, width: int):
        super().__init__()
        self.mix = linear(draw, width, bias=False)
        self.gate = nn.Parameter(draw.numbers((width,)))

    def forward(self, x: Tensor) -> Tensor:
        """Return one row of activations for each row of ``x``."""
        return x + torch.tanh(self.mix(x)) * self.gate


class Net(nn.Module):
    """Two blocks in a list, a child with a parameter of its own, a parameter and two buffers of the net's own."""

    def __init__(self, draw: Draw, width: int):
        super().__init__()
        self.blocks = nn.ModuleList(Block(draw, width) for _ in range(2))
        self.gate = Gate(draw, width)
        self.shift = nn.Parameter(draw.numbers((width,)))
        self.register_buffer("scale", draw.numbers((width,)))
        self.register_buffer("offset", draw.numbers((width,)), persistent=False)
        self.tail = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Return one row of activations for each row of ``x``."""
        for block in self.blocks:
            x = block(x)
        return self.tail(self.gate(torch.sin(x) * self.scale) + torch.tanh(self.shift) + self.offset)


def linear(draw: Draw, width: int, *, bias: bool = True) -> nn.Linear:
    """Return a linear layer that keeps the width of its input, with drawn parameters."""
    layer = nn.Linear(width, width, bias=bias)
    with torch.no_grad():
        layer.weight.copy_(0.6 * draw.numbers((width, width)))
        if bias:
            layer.bias.copy_(draw.numbers((width,)))
    return layer


def draw_net(draw: Draw, width: int) -> tuple[Net, dict[str, Tensor]]:
    """Draw a network that keeps the width of its input, and its parameters by name."""
    draw.feature("a buffer", "a non-persistent buffer", "a child with children", "a child with parameters of its own")
    draw.feature("parameters of the model itself", "a layer without a bias")
    net = Net(draw, width)
    return net, parameters_of(net)


def parameters_of(net: nn.Module) -> dict[str, Tensor]:
    """Return the parameters by name."""
    return dict(net.named_parameters())


def freeze(see: Observer, freeze_: Function, net: nn.Module, parameters: dict[str, Tensor], name: str = "the call"):
    """Call the function, and observe that the same objects are still the parameters."""
    see.call(freeze_, net, name=name)
    asked = "parameters() lists the same Parameter objects"
    see.members(f"parameters() after {name}", net.parameters(), asked, **parameters)


FROZEN = "gradient flows through the module to its input; no parameter of it gets any"


@case("freeze_", "the module has parameters at any depth", "04-detach-in-place#freezing-a-module")
def at_any_depth(freeze_: Function, draw: Draw, see: Observer):
    shape, dtype = draw.shape(dimensions=2), draw.choice(*DTYPES)
    x = draw.tensor("x", draw.choice("leaf", "interior"), shape, dtype=dtype)
    kind = draw.choice("a nested module", "an nn.Linear", "an nn.Sequential without parameters of its own")
    draw.given.append(f"module is {kind}")
    if kind == "a nested module":
        net, _ = draw_net(draw, shape[1])
    elif kind == "an nn.Linear":
        net = linear(draw, shape[1])
        draw.feature("a module without children")
    else:
        net = nn.Sequential(Block(draw, shape[1]), nn.Tanh(), linear(draw, shape[1]))
        draw.feature("a module without parameters of its own")
    parameters = parameters_of(net.to(dtype))
    draw.hook(**{next(iter(parameters)): next(iter(parameters.values()))})
    with draw.mode_outside():
        freeze(see, freeze_, net, parameters)
    later = yield
    loss = see.run(lambda: loss_of(later, net(x)))
    see.gradients("a backward through the module", loss.backward, FROZEN, **{"x's leaf": draw.source(x)}, **parameters)


@case("freeze_", "a part is frozen already, and gradients are there", "04-detach-in-place#freezing-a-module")
def frozen_in_part(freeze_: Function, draw: Draw, see: Observer):
    shape = draw.shape(dimensions=2)
    x = draw.tensor("x", "leaf", shape)
    net, parameters = draw_net(draw, shape[1])
    draw.prefill(x, *parameters.values())
    frozen = draw.choice(("shift",), ("blocks.0.layer.weight", "blocks.1.gain.0"), ("gate.gate", "blocks.0.layer.bias"))
    for name in frozen:
        parameters[name].requires_grad_(False)
    draw.feature("a frozen parameter")
    if not net.train(draw.choice(True, False)).training:
        draw.feature("a model that is in evaluation mode")
        draw.given.append("the module is in evaluation mode")
    draw.given.append(f"frozen already: {', '.join(frozen)}")
    draw.given.append("each parameter has a .grad, and is given another after the call")
    freeze(see, freeze_, net, parameters)
    later = yield
    later.prefill(*parameters.values())
    loss = see.run(lambda: loss_of(later, net(x)))
    see.gradients("a backward through the module", loss.backward, FROZEN, x=x, **parameters)


@case("freeze_", "parameters are shared, and used in a penalty too", "04-detach-in-place#freezing-a-module")
def used_directly(freeze_: Function, draw: Draw, see: Observer):
    shape = draw.shape(dimensions=2)
    x = draw.tensor("x", "leaf", shape)
    net, parameters = draw_net(draw, shape[1])
    if draw.choice(True, False):
        net.blocks[1].layer.weight = net.blocks[0].layer.weight
        parameters = parameters_of(net)
        draw.feature("a shared parameter")
        draw.given.append("both blocks share one weight")
    freeze(see, freeze_, net, parameters)
    later = yield
    loss = loss_of(later, x) + penalty(later, parameters)
    asked = "no parameter gets gradient, also where it is used outside the module"
    see.gradients("a backward from x and a penalty", loss.backward, asked, x=x, **parameters)
    draw.feature(*AGAIN)
    net.tail = linear(later, shape[1])
    thawed = later.choice("shift", "gate.mix.weight")
    parameters[thawed].requires_grad_(True)
    parameters = parameters_of(net)
    later.given.append(f"then {thawed} is made to require grad, and a layer is added: module.tail")
    freeze(see, freeze_, net, parameters, "a second call, when the module has changed")
    other = Block(later, shape[1])
    others = {f"another {name}": parameter for name, parameter in parameters_of(other).items()}
    freeze(see, freeze_, other, others, "a call with another module")
    loss = see.run(lambda: loss_of(later, other(net(x)))) + penalty(later, parameters | others)
    asked = "each call freezes the module that it is given, as it is then; what was frozen stays frozen"
    see.gradients("a backward through both modules", loss.backward, asked, x=x, **parameters, **others)


def penalty(later: Draw, parameters: dict[str, Tensor]) -> Tensor:
    """Return a loss of the parameters alone."""
    return sum((parameter.square() * later.number()).sum() for parameter in parameters.values())


@case("freeze_", "it stands between layers that train", "04-detach-in-place#gradient-passes-through-a-frozen-module")
def in_the_middle(freeze_: Function, draw: Draw, see: Observer):
    shape = draw.shape(dimensions=2)
    x = draw.tensor("x", "constant", shape)
    net, parameters = draw_net(draw, shape[1])
    below = draw.tensor("below", "leaf", (shape[1], shape[1]))
    above = draw.tensor("above", "leaf", (shape[1], 2))
    draw.prefill(below, above)
    draw.given.append("the output is module(tanh(x @ below)) @ above")
    freeze(see, freeze_, net, parameters)
    later = yield
    loss = (0.3 * see.run(lambda: net(torch.tanh(0.5 * x @ below))) @ above).sin()
    loss = (loss * later.numbers(loss.shape)).sum()
    asked = "the layers below and above train, the module does not"
    see.gradients("a backward from the top", loss.backward, asked, below=below, above=above, **parameters)
