"""The cases of 06-clone: which inputs a function is given, and what is observed of it."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, enable_grad, nn, no_grad

from gradstop.observe import Draw, Observer, case

Function = Callable[..., Any]
DTYPES = (torch.float32, torch.float64)


def filled(draw: Draw, module: nn.Module, dtype: torch.dtype = torch.float32) -> Any:
    """Give each parameter and each buffer of a module numbers that are drawn."""
    module.to(dtype)
    with no_grad():
        for name, value in module.state_dict().items():
            if value.is_floating_point():
                value.copy_(draw.numbers(value.shape, signed="running_var" not in name, dtype=dtype) * 0.6)
    return module


def loss_of(later: Draw, result: Tensor) -> Tensor:
    """Make a scalar of ``result`` by weights, and a consumer, that nobody knew when it was computed."""
    weights = later.numbers(result.shape, dtype=result.dtype)
    consumer = later.choice(torch.exp, torch.tanh, torch.square)
    return (consumer(result * 0.3) * weights).sum()


def edit(later: Draw, target: Tensor, *modes: Callable[[], Any]) -> Callable[[], None]:
    """Return an edit of one element, at a place and in a grad mode that are drawn."""
    place = tuple(later.integer(0, size - 1) for size in target.shape)
    number, mode = later.number(2.0, 3.0), later.choice(*modes)
    later.given.append(f"element {list(place)} is set to {number} under {mode.__name__}")

    def run() -> None:
        with mode():
            target[place] = number

    return run


def shifted(later: Draw, tensor: Tensor) -> None:
    """Change all numbers of a tensor in place, unrecorded."""
    with no_grad():
        tensor.mul_(later.number(2.0, 3.0)).add_(later.number(0.2, 0.9))


# snapshot -----------------------------------------------------------------------------------------------

LIVE = "06-clone#a-state-dict-is-live"
BUFFERS = "06-clone#parameters-and-buffers"


class Scaled(nn.Module):
    """Multiplies by a parameter and adds a buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(3))
        self.register_buffer("offset", torch.zeros(3))

    def forward(self, h: Tensor) -> Tensor:
        return h * self.gain + self.offset


def network(draw: Draw, name: str = "the model", dtype: torch.dtype = torch.float32) -> nn.Sequential:
    """Draw a model with parameters, one of them frozen perhaps, and with buffers."""
    # Tanh comes first: a BatchNorm right after the Linear would subtract its bias again, and whether training moves
    # that bias at all would be a matter of rounding.
    model = filled(draw, nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Sequential(nn.BatchNorm1d(3), Scaled())), dtype)
    frozen = draw.choice("", "0.weight", "2.1.gain")
    for key, parameter in model.named_parameters():
        parameter.requires_grad_(key != frozen)
    draw.given.append(f"{frozen or 'none'} of {name}'s parameters is frozen")
    return model


def entries(snap: Any, names: Any) -> Any:
    """Return the entries of these names; of what is no dictionary nothing but its type."""
    return {name: snap.get(name) for name in names} if isinstance(snap, dict) else type(snap).__name__


def copied(state: Any) -> dict[str, Tensor]:
    """Return copies of all entries."""
    return {name: torch.as_tensor(value).detach().clone() for name, value in state.items()}


def moved(state: Any, before: dict[str, Tensor]) -> list[str]:
    """Return the names whose values are not those of ``before``."""
    return [name for name in sorted(before) if not torch.equal(torch.as_tensor(state[name]).detach(), before[name])]


def train(later: Draw, model: nn.Sequential) -> None:
    """Take one step of training on drawn numbers; BatchNorm gathers its statistics on the way."""
    batch = later.numbers((4, 2), dtype=model[0].weight.dtype)
    optimizer = torch.optim.SGD(model.parameters(), lr=later.number(0.1, 0.5), momentum=0.9)
    loss_of(later, model(batch)).backward()
    optimizer.step()


@case("snapshot", "the model is trained afterwards", LIVE)
def frozen_in_time(snapshot: Function, draw: Draw, see: Observer):
    model = network(draw, dtype=draw.choice(*DTYPES))
    snap = see.call(snapshot, model)
    names = sorted(set(snap) ^ set(model.state_dict())) if isinstance(snap, dict) else type(snap).__name__
    asked = "the result is a dict with exactly the names of model.state_dict()"
    see.value("the names that are missing or too many", names, asked, BUFFERS)
    asked = "each entry is a tensor with the values of this moment"
    see.value("the parameters", entries(snap, dict(model.named_parameters())), asked)
    see.value("the buffers", entries(snap, dict(model.named_buffers())), asked, BUFFERS)
    later = yield
    before = copied(snap)
    see.raised("a step of training", lambda: train(later, model), "the model still trains")
    asked = "the snapshot is frozen in time: training changes neither parameters nor buffers in it"
    see.value("what has moved by training", moved(snap, before), asked)
    with no_grad():
        for parameter in model.parameters():
            parameter.data.mul_(later.number(2.0, 3.0))
    see.value(
        "what has moved by an edit through .data", moved(snap, before), "no edit of the model changes the snapshot"
    )
    name = later.choice("0.weight", "2.0.running_mean", "2.1.gain", "2.1.offset")
    see.value("one entry", snap[name], f"afterwards {name} in the snapshot is what it was")


@case("snapshot", "the model is changed and the snapshot loaded", LIVE)
def loaded(snapshot: Function, draw: Draw, see: Observer):
    model = network(draw)
    start = copied(model.state_dict())
    snap = see.call(snapshot, model)
    later = yield
    train(later, model)
    see.raised("load_state_dict", lambda: model.load_state_dict(snap), "load_state_dict takes the snapshot")
    asked = "the model is what it was when the snapshot was taken"
    see.value("what is not as it was", moved(model.state_dict(), start), asked, BUFFERS)
    train(later, model)
    twin = network(later, "another model")
    asked = "load_state_dict takes the snapshot, any number of times"
    see.raised("load_state_dict of another model", lambda: twin.load_state_dict(snap), asked)
    output = twin.eval()(later.numbers((3, 2)))
    asked = "another model that loads the snapshot computes as the model did; what was learned since is not in it"
    see.value("another model's output", output, asked, BUFFERS)


@case("snapshot", "its entries are used in a loss", "06-clone#a-copy-outside-the-graph")
def without_a_graph(snapshot: Function, draw: Draw, see: Observer):
    model = network(draw)
    draw.prefill(*model.parameters())
    snap = see.call(snapshot, model)
    history = [name for name in sorted(snap) if not snap[name].is_leaf]
    see.value("the entries with a history", history, "no entry has a graph")
    later = yield
    w = later.tensor("w", "leaf", (3,))
    used = ("0.bias", "2.1.gain", "2.1.offset")
    backward = lambda: sum((snap[name].clone() * w).sin().sum() for name in used).backward()
    asked = "a loss on the snapshot sends no gradient to the model"
    see.gradients("a backward", backward, asked, w=w, bias=model[0].bias, gain=model[2][1].gain)


# fork ---------------------------------------------------------------------------------------------------

ATTACHED = "06-clone#a-copy-that-stays-in-the-graph"
NAMES = "06-clone#new-names-and-views-are-no-copies"


@case("fork", "the copy is used, and x is edited afterwards", ATTACHED)
def a_differentiable_copy(fork: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior", "view"), dtype=draw.choice(*DTYPES))
    leaf = draw.source(x)
    draw.prefill(leaf)
    result = see.call(fork, x)
    see.flags("the copy", result, "the copy is differentiable: it requires grad and has a history")
    see.sharing("x and the copy", "the copy has its own storage", NAMES, x=x, copy=result)
    see.value("the copy's values", result, "the copy has the values of x")
    later = yield
    see.gradients("a backward from the copy", loss_of(later, result).backward, "the gradient reaches x whole", x=leaf)
    shifted(later, x)
    see.value("the copy after an edit of x", result, "an edit of x does not show in the copy", NAMES)


@case("fork", "the copy is edited before a backward", ATTACHED)
def an_edit_of_the_fork(fork: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior"))
    pending = draw.choice(torch.sin, torch.square)(x)
    result = see.call(fork, x)
    later = yield
    see.raised("the edit", edit(later, result, enable_grad, no_grad), "the copy may be edited in place")
    see.value("x after the edit", x, "an edit of the copy does not touch x", NAMES)
    see.value("the copy after the edit", result, "the edit is in the copy")
    loss = loss_of(later, result) + loss_of(later, pending)
    asked = (
        "after a recorded edit the gradient of the copy is that of the edited copy; x's other uses are not disturbed"
    )
    see.gradients("the backward", loss.backward, asked, x=draw.source(x))


@case("fork", "the copy is scaled in place, and x is used too", ATTACHED)
def a_fork_scaled(fork: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior"))
    leaf = draw.source(x)
    draw.prefill(leaf)
    result = see.call(fork, x)
    later = yield
    factor = later.numbers(x.shape)
    see.raised("the edit", lambda: result.mul_(factor), "the copy may be edited in place")
    see.value("the copy after the edit", result, "the edit is in the copy")
    loss = loss_of(later, result) + loss_of(later, x)
    asked = "gradient reaches x through the edited copy and through x itself"
    see.gradients("the backward", loss.backward, asked, x=leaf)


# const_copy ---------------------------------------------------------------------------------------------

OUTSIDE = "06-clone#a-copy-outside-the-graph"


@case("const_copy", "x is edited afterwards", OUTSIDE)
def a_constant_copy(const_copy: Function, draw: Draw, see: Observer):
    kind, dtype = draw.choice(*((kind, dtype) for kind in ("constant", "leaf", "interior", "view") for dtype in DTYPES))
    x = draw.tensor("x", kind, dtype=dtype)
    result = see.call(const_copy, x)
    see.flags("the copy", result, "the copy has no graph and does not require grad")
    see.sharing("x and the copy", "the copy has its own storage", NAMES, x=x, copy=result)
    see.value("the copy's values", result, "the copy has the values and the dtype of x")
    later = yield
    if kind != "constant":
        see.flags("x afterwards", x, "x itself is unchanged")
        asked = "x itself is unchanged: it still carries gradient"
        see.gradients("a backward from x", loss_of(later, x).backward, asked, x=draw.source(x))
    shifted(later, x)
    see.value("the copy after an edit of x", result, "an edit of x does not show in the copy", NAMES)


@case("const_copy", "the copy is edited", OUTSIDE)
def an_edit_of_the_copy(const_copy: Function, draw: Draw, see: Observer):
    kind = draw.choice("constant", "leaf", "interior", "view")
    x = draw.tensor("x", kind)
    pending = x.square()
    result = see.call(const_copy, x)
    later = yield
    see.raised("the edit", edit(later, result, enable_grad, no_grad), "the copy can be edited in place")
    see.value("the copy after the edit", result, "the edit is in the copy")
    see.value("x after the edit", x, "an edit of the copy does not touch x", NAMES)
    if kind != "constant":
        asked = "an edit of the copy does not disturb a gradient through x"
        see.gradients("a backward", loss_of(later, pending).backward, asked, x=draw.source(x))


@case("const_copy", "the copy and x are multiplied", OUTSIDE)
def a_factor(const_copy: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior", "view"))
    leaf = draw.source(x)
    draw.prefill(leaf)
    result = see.call(const_copy, x)
    later = yield
    backward = lambda: loss_of(later, x * result).backward()
    see.gradients("a backward", backward, "gradient reaches x through x alone; the copy is a constant", x=leaf)


# set_weight ---------------------------------------------------------------------------------------------

WRITING = "06-clone#writing-values-into-a-weight"
OBJECT = "06-clone#the-optimizer-holds-the-object"


def dense(draw: Draw, *, bias: bool | None = None, dtype: torch.dtype = torch.float32) -> Any:
    """Draw a linear layer of 3 inputs and 2 outputs."""
    with_bias = draw.choice(True, False) if bias is None else bias
    draw.given.append(f"the layer has {'a' if with_bias else 'no'} bias")
    return filled(draw, nn.Linear(3, 2, bias=with_bias), dtype)


def behind(draw: Draw, name: str, tensor: Tensor) -> dict[str, Tensor]:
    """Return the leaf behind a tensor under a name for a report; a constant has none."""
    return {name: draw.source(tensor)} if tensor.requires_grad else {}


@case("set_weight", "w is edited afterwards", WRITING)
def the_values_are_taken(set_weight: Function, draw: Draw, see: Observer):
    dtype = draw.choice(*DTYPES)
    layer = dense(draw, dtype=dtype)
    weight, w = layer.weight, draw.tensor("w", draw.choice("constant", "leaf", "interior"), (2, 3), dtype=dtype)
    see.call(set_weight, layer, w)
    see.same("layer.weight before and after", layer.weight, weight, "layer.weight is the same Parameter", OBJECT)
    see.flags("layer.weight", layer.weight, "layer.weight is a trainable leaf")
    see.value("layer.weight's values", layer.weight, "layer.weight has the values of w")
    see.sharing("w and layer.weight", "layer.weight shares no memory with w", NAMES, w=w, weight=layer.weight)
    later = yield
    shifted(later, w)
    output = layer(later.numbers((2, 3), dtype=dtype))
    see.value("the output after an edit of w", output, "the layer computes with the values that w had", NAMES)
    kept = w.tolist()
    shifted(later, layer.weight)
    see.value("w stays", w.tolist() == kept, "an edit of layer.weight does not change w", NAMES)
    see.value("layer.weight after an edit", layer.weight, "layer.weight may be edited")


@case("set_weight", "the layer is trained afterwards", OBJECT)
def the_optimizer_goes_on(set_weight: Function, draw: Draw, see: Observer):
    layer = dense(draw)
    w = draw.tensor("w", draw.choice("constant", "leaf", "interior"), (2, 3))
    optimizer = torch.optim.SGD(layer.parameters(), lr=draw.number(0.1, 0.5), momentum=draw.choice(0.0, 0.9))
    draw.given.append("an optimizer has layer.parameters() already")
    see.call(set_weight, layer, w)
    later = yield
    loss = loss_of(later, layer(later.numbers((2, 3))))
    asked = "layer.weight gets gradient, w gets none"
    see.gradients("the backward", loss.backward, asked, WRITING, weight=layer.weight, **behind(draw, "w", w))
    optimizer.step()
    see.value("layer.weight after a step", layer.weight, "the optimizer drives layer.weight")
    see.value("w after a step", w, "a step does not change w", NAMES)
    see.value("the output after a step", layer(later.numbers((2, 3))), "the layer computes with what was learned")


@case("set_weight", "w is the weight of another layer", NAMES)
def from_another_layer(set_weight: Function, draw: Draw, see: Observer):
    layer, source = dense(draw), filled(draw, nn.Linear(3, 2))
    draw.given.append("w is the weight of a second layer")
    optimizer = torch.optim.SGD([*layer.parameters(), *source.parameters()], lr=draw.number(0.1, 0.5))
    weight = layer.weight
    see.call(set_weight, layer, source.weight)
    see.same("layer.weight before and after", layer.weight, weight, "layer.weight is the same Parameter", OBJECT)
    see.value("layer.weight's values", layer.weight, "layer.weight has the values of w", WRITING)
    later = yield
    first, second = layer(later.numbers((2, 3))), source(later.numbers((2, 3)))
    loss = loss_of(later, first) + loss_of(later, second)
    asked = "each of the two weights gets the gradient of its own layer"
    see.gradients("the backward", loss.backward, asked, WRITING, weight=layer.weight, w=source.weight)
    optimizer.step()
    see.value("both weights after a step", [layer.weight, source.weight], "the two weights learn apart", NAMES)


# call_with ----------------------------------------------------------------------------------------------

OTHER = "06-clone#calling-a-layer-with-another-weight"


@case("call_with", "W comes from a tensor that learns", OTHER)
def a_computed_weight(call_with: Function, draw: Draw, see: Observer):
    dtype = draw.choice(*DTYPES)
    layer = dense(draw, bias=True, dtype=dtype)
    weight = draw.tensor("W", draw.choice("leaf", "interior"), (2, 3), dtype=dtype)
    source = draw.source(weight)
    draw.prefill(source, layer.weight, layer.bias)
    result = see.call(call_with, layer, weight, draw.numbers((4, 3), dtype=dtype) * 0.4)
    see.value("the output", result, "the output is that of the layer, with W in place of its weight")
    later = yield
    backward = lambda: loss_of(later, result).backward()
    asked = "gradient reaches what W came from, and the bias; layer.weight gets none"
    leaves = {"W": source, "layer.weight": layer.weight, "layer.bias": layer.bias}
    see.gradients("the backward", backward, asked, "06-clone#values-written-in-carry-no-gradient", **leaves)


@case("call_with", "the layer is used afterwards", OTHER)
def the_layer_goes_on(call_with: Function, draw: Draw, see: Observer):
    layer = dense(draw, bias=True)
    own, bias, weight = layer.weight, layer.bias, draw.tensor("W", draw.choice("leaf", "interior"), (2, 3))
    result = see.call(call_with, layer, weight, draw.numbers((2, 3)) * 0.4)
    see.value("the output", result, "the output is that of the layer, with W in place of its weight")
    see.same("layer.weight before and after", layer.weight, own, "layer.weight is the same Parameter as before", OBJECT)
    see.flags("layer.weight", layer.weight, "layer.weight is still a trainable leaf")
    see.value("layer.weight's values", layer.weight, "layer.weight has the values that it had")
    see.members("parameters()", layer.parameters(), "the layer has the same parameters", OBJECT, weight=own, bias=bias)
    later = yield
    shifted(later, weight)
    output = layer(later.numbers((2, 3)) * 0.4)
    see.value("the layer's output", output, "the layer itself computes with its own weight, whatever becomes of W")
    backward = lambda: loss_of(later, output).backward()
    asked = "a later use of the layer trains its own weight"
    see.gradients("the backward", backward, asked, W=draw.source(weight), weight=own, bias=bias)


@case("call_with", "W is computed from layer.weight", OTHER)
def a_fast_weight(call_with: Function, draw: Draw, see: Observer):
    layer = dense(draw, bias=True)
    step = draw.tensor("step", draw.choice("leaf", "interior"), (2, 3))
    draw.given.append("W is layer.weight - 0.3 * tanh(layer.weight) * step")
    fast = layer.weight - 0.3 * layer.weight.tanh() * step
    result = see.call(call_with, layer, fast, draw.numbers((2, 3)) * 0.4)
    see.value("the output", result, "the output is that of the layer, with W in place of its weight")
    later = yield
    backward = lambda: loss_of(later, result).backward()
    asked = "gradient reaches what W came from: step, and here layer.weight too"
    leaves = {"step": draw.source(step), "layer.weight": layer.weight, "layer.bias": layer.bias}
    see.gradients("the backward", backward, asked, "06-clone#values-written-in-carry-no-gradient", **leaves)


@case("call_with", "it is called twice, and the layer once", OTHER)
def two_weights(call_with: Function, draw: Draw, see: Observer):
    layer = dense(draw, bias=True)
    one, two = (draw.tensor(name, "interior", (2, 3)) for name in ("the first W", "the second W"))
    batch = draw.numbers((2, 3)) * 0.4
    first = see.call(call_with, layer, one, batch, name="the first call")
    second = see.call(call_with, layer, two, batch, name="the second call")
    see.value("the outputs", [first, second], "each output is computed with its own W")
    later = yield
    backward = lambda: (loss_of(later, first) + loss_of(later, second) + loss_of(later, layer(batch))).backward()
    asked = "each W learns from its own call, layer.weight from the layer's, the bias from all three"
    leaves = {"the first W": draw.source(one), "the second W": draw.source(two)}
    see.gradients("the backward", backward, asked, weight=layer.weight, bias=layer.bias, **leaves)
