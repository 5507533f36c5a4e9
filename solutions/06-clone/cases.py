"""The cases of 06-clone: which inputs a function is given, and what is observed of it."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, enable_grad, nn, no_grad

from gradstop.observe import AGAIN, Draw, Form, Observer, case

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


def loss_of(later: Draw, result: Tensor, consumer: Function = torch.exp) -> Tensor:
    """Make a scalar of ``result`` by weights that nobody knew when it was computed."""
    return (consumer(result * 0.3) * later.numbers(result.shape, dtype=result.dtype)).sum()


def edit(later: Draw, target: Tensor) -> Callable[[], None]:
    """Return an edit of one element, at a place and in a grad mode that are drawn."""
    place = tuple(later.integer(0, size - 1) for size in target.shape)
    number, mode = later.number(2.0, 3.0), later.choice(enable_grad, no_grad)
    later.given.append(f"element {list(place)} is set to {number} under {mode.__name__}")

    def run() -> None:
        with mode():
            target[place] = number

    return run


def shifted(later: Draw, *tensors: Tensor) -> None:
    """Change all numbers of the tensors in place, unrecorded."""
    with no_grad():
        for tensor in tensors:
            tensor.mul_(2).add_(later.integer(1, 4))


# snapshot -----------------------------------------------------------------------------------------------

LIVE = "06-clone#a-state-dict-is-live"
BUFFERS = "06-clone#parameters-and-buffers"


class Scaled(nn.Module):
    """Multiplies by a parameter and adds a buffer, and one that is not persistent."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(3))
        self.register_buffer("offset", torch.zeros(3))
        self.register_buffer("scratch", torch.zeros(3), persistent=False)

    def forward(self, h: Tensor) -> Tensor:
        return h * self.gain + self.offset + self.scratch


class Net(nn.Module):
    """Has a parameter of its own, which is not contiguous, and children with parameters and with children."""

    def __init__(self, *, tied: bool) -> None:
        super().__init__()
        self.mix = nn.Parameter(torch.ones(3, 2).t())
        self.first = nn.Linear(2, 3)
        self.second = nn.Linear(2, 3)
        if tied:
            self.second.weight = self.first.weight
        # Tanh comes first: a BatchNorm right after the Linear would subtract its bias again, and whether training
        # moves that bias at all would be a matter of rounding.
        self.last = nn.Sequential(nn.Tanh(), nn.Sequential(nn.BatchNorm1d(3), Scaled()))

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.first(x) + 0.5 * self.second(x) + x @ self.mix)


def network(draw: Draw, kind: str = "nested", dtype: torch.dtype = torch.float32) -> Any:
    """Make a model of a kind: "nested", "tied", "frozen" or "linear"."""
    if kind == "linear":
        return filled(draw, nn.Linear(2, 3), dtype)
    model = filled(draw, Net(tied=kind == "tied"), dtype)
    draw.feature(
        "parameters of the model itself",
        "a child with children",
        "a child with parameters of its own",
        "a buffer",
        "a non-persistent buffer",
        "a model that mixes the rows of a batch",
        "a parameter that is not contiguous",
    )
    if kind == "tied":
        draw.feature("a shared parameter")
        draw.given.append("two layers of the model share their weight")
    if kind == "frozen":
        draw.feature("a frozen parameter", "a model that is in evaluation mode")
        draw.given.append("first.weight is frozen, and the model is in evaluation mode")
        model.eval().first.weight.requires_grad_(False)
    return model


def entries(snap: Any, names: Any) -> Any:
    """Return the entries of these names; what is no dictionary itself."""
    return {name: snap.get(name) for name in sorted(names)} if isinstance(snap, dict) else snap


Values = dict[str, tuple[tuple[int, ...], tuple[float, ...]]]  # of each entry its shape and its numbers


def values_of(state: Any) -> Values:
    """Return the values of all entries, which nobody can change."""
    tensors = {name: torch.as_tensor(value) for name, value in state.items()}
    return {name: (tuple(tensor.shape), tuple(tensor.flatten().tolist())) for name, tensor in tensors.items()}


def moved(see: Observer, state: Any, before: Values) -> list[str]:
    """Return the names whose values are not those of ``before``, or that are missing.

    The state goes through ``see.run`` once more: an answer may have put other things into it since.
    """
    now = values_of({name: value for name, value in see.run(lambda: state).items() if name in before})
    return [name for name in sorted(before) if now.get(name) != before[name]]


def train(later: Draw, model: nn.Module) -> None:
    """Take one step of training on drawn numbers; BatchNorm gathers its statistics on the way."""
    batch = later.numbers((4, 2), dtype=next(model.parameters()).dtype)
    optimizer = torch.optim.SGD(model.parameters(), lr=later.number(0.1, 0.5), momentum=0.9)
    loss_of(later, model(batch)).backward()
    optimizer.step()


@case("snapshot", "the model is trained afterwards", LIVE)
def frozen_in_time(snapshot: Function, draw: Draw, see: Observer):
    kind, dtype = draw.choice("nested", "tied", "frozen", "linear"), draw.choice(*DTYPES)
    draw.feature(f"parameters in {str(dtype).removeprefix('torch.')}")
    model = network(draw, kind, dtype)
    draw.prefill(*model.parameters())
    draw.hook(bias=next(part.bias for part in model.modules() if isinstance(part, nn.Linear)))
    look, memory = see.look(model=model), [*model.state_dict().values()]  # who moves the model edits another
    with draw.mode_outside():
        snap = see.call(snapshot, model)
        see.grad_mode("the grad mode after the call", "the grad mode stays as it was")
    state, parameters = see.run(model.state_dict), dict(model.named_parameters(remove_duplicate=False))
    kind = "a dictionary" if isinstance(snap, dict) else f"an object of type {type(snap).__name__}"
    see.value("what the result is", kind, "the result is a dictionary")
    names = sorted(map(str, set(snap) ^ set(state))) if isinstance(snap, dict) else []
    asked = "the result has exactly the names of model.state_dict()"
    see.value("the names that are missing or too many", names, asked, BUFFERS)
    asked = "each entry is a tensor with the values of this moment"
    see.value("the parameters", entries(snap, parameters), asked)
    see.value("the buffers", entries(snap, set(state) - set(parameters)), asked, BUFFERS)
    see.left("what has changed on the model", look, "the model itself is unchanged", model=model)
    later = yield
    before = values_of(snap)
    see.raised("a step of training", lambda: train(later, model), "the model still trains")
    asked = "the snapshot is frozen in time: training changes neither parameters nor buffers in it"
    see.value("what has moved by training", moved(see, snap, before), asked)
    shifted(later, *memory)
    asked = "the snapshot is frozen in time: no edit of the model changes it"
    see.value("what has moved by an edit of the model", moved(see, snap, before), asked)
    draw.feature(*AGAIN)
    then = values_of(see.run(model.state_dict))
    again = see.call(snapshot, model, name="a second call")
    asked = "each call takes the values of its own moment and its own model"
    see.value("what is not as it is in the model", moved(see, again, then), asked)
    another = network(later, kind, dtype)
    other = see.call(snapshot, another, name="a call with another model")
    see.value(
        "what is not as it is in the other model", moved(see, other, values_of(see.run(another.state_dict))), asked
    )
    asked = "a later call changes no earlier snapshot"
    see.value("what has moved by the later calls", moved(see, snap, before), asked)
    see.value("what has moved in the second snapshot", moved(see, again, then), asked)


@case("snapshot", "the model is changed and the snapshot loaded", LIVE)
def loaded(snapshot: Function, draw: Draw, see: Observer):
    kind = draw.choice("nested", "tied", "frozen")
    model = network(draw, kind)
    start = values_of(model.state_dict())
    snap = see.call(snapshot, model)
    later = yield
    see.run(lambda: train(later, model))
    see.raised("load_state_dict", lambda: model.load_state_dict(snap), "load_state_dict takes the snapshot")
    asked = "the model is what it was when the snapshot was taken"
    see.value("what is not as it was", moved(see, see.run(model.state_dict), start), asked, BUFFERS)
    see.run(lambda: train(later, model))
    twin = network(later, kind)
    asked = "load_state_dict takes the snapshot, any number of times"
    see.raised("load_state_dict of another model", lambda: twin.load_state_dict(snap), asked)
    output = twin.eval()(later.numbers((3, 2)))
    asked = "another model that loads the snapshot computes as the model did; what was learned since is not in it"
    see.value("another model's output", output, asked, BUFFERS)


@case("snapshot", "its entries are used in a loss", "06-clone#a-copy-outside-the-graph")
def without_a_graph(snapshot: Function, draw: Draw, see: Observer):
    model = network(draw, draw.choice("nested", "tied"))
    draw.prefill(*model.parameters())
    snap = see.call(snapshot, model)
    history = [name for name in sorted(snap) if not snap[name].is_leaf]
    see.value("the entries with a history", history, "no entry has a graph")
    later = yield
    w = later.numbers((3,)).requires_grad_()
    used = ("first.bias", "last.1.1.gain", "last.1.1.offset", "last.1.0.running_mean")

    def backward() -> None:
        loss = sum((snap[name].clone() * w).sin().sum() for name in used)
        (loss + (snap["first.weight"].clone() * w[:, None]).sin().sum()).backward()

    asked = "a loss on the snapshot sends no gradient to the model"
    see.gradients("a backward", backward, asked, w=w, **dict(model.named_parameters()))


# fork ---------------------------------------------------------------------------------------------------

ATTACHED = "06-clone#a-copy-that-stays-in-the-graph"
NAMES = "06-clone#new-names-and-views-are-no-copies"


@case("fork", "the copy is used, and x is edited afterwards", ATTACHED)
def a_differentiable_copy(fork: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior", "view"), dtype=draw.choice(*DTYPES))
    leaf = draw.source(x)
    draw.prefill(leaf)
    before = see.look(x=x)
    result = see.call(fork, x)
    see.flags("the copy", result, "the copy is differentiable: it requires grad and has a history")
    see.sharing("x and the copy", "the copy has its own storage", NAMES, x=x, copy=result)
    see.value("the copy's values", result, "the copy has the values and the dtype of x")
    see.left("what has changed on x", before, "x itself is unchanged", x=x)
    later = yield
    see.gradients("a backward from the copy", loss_of(later, result).backward, "the gradient reaches x whole", x=leaf)
    shifted(later, x)
    see.value("the copy after an edit of x", result, "an edit of x does not show in the copy", NAMES)


@case("fork", "the copy is edited before a backward", ATTACHED)
def an_edit_of_the_fork(fork: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior", "view"), draw.form("matrix", "scalar"))
    pending = torch.square(x)
    result = see.call(fork, x)
    later = yield
    see.raised("the edit", edit(later, result), "the copy may be edited in place")
    see.value("x after the edit", x, "an edit of the copy does not touch x", NAMES)
    see.value("the copy after the edit", result, "the edit is in the copy")
    loss = loss_of(later, result) + loss_of(later, pending)
    asked = (
        "after a recorded edit the gradient of the copy is that of the edited copy; x's other uses are not disturbed"
    )
    see.gradients("the backward", loss.backward, asked, x=draw.source(x))


@case("fork", "the copy is scaled in place, and x is used too", ATTACHED)
def a_fork_scaled(fork: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior", "view"), draw.form("matrix", "vector"))
    leaf = draw.source(x)
    draw.prefill(leaf)
    draw.hook(x=x)
    result, second = see.call(fork, x), see.call(fork, x, name="a second call")
    later = yield
    factor = later.numbers(x.shape)
    see.raised("the edit", lambda: result.mul_(factor), "the copy may be edited in place")
    see.value("the copy after the edit", result, "the edit is in the copy")
    asked = "each call makes a copy of its own"
    see.value("the second copy after an edit of the first", second, asked, NAMES)
    loss = loss_of(later, result) + loss_of(later, second, torch.square) + loss_of(later, x, torch.tanh)
    asked = "gradient reaches x through each of its copies, edited or not, and through x itself"
    see.gradients("the backward", loss.backward, asked, x=leaf)
    draw.feature(*AGAIN)
    y = later.tensor("y", "leaf", tuple(x.shape))
    other = see.call(fork, y, name="a call with y")
    see.value("the copy of y", other, "the copy has the values of what it was made from")
    asked = "gradient reaches what the copy was made from"
    see.gradients("a backward from the copy of y", loss_of(later, other).backward, asked, x=leaf, y=y)
    shifted(later, x)
    again = see.call(fork, x, name="a call after x was changed")
    see.value("the copy after x was changed", again, "the copy has the values that x has then")
    see.value("the first two copies, looked at again", [result, second], "an earlier copy stays what it is")


# const_copy ---------------------------------------------------------------------------------------------

OUTSIDE = "06-clone#a-copy-outside-the-graph"


@case("const_copy", "x is edited afterwards", OUTSIDE)
def a_constant_copy(const_copy: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("constant", "leaf", "interior", "view"), dtype=draw.choice(*DTYPES))
    before, memory = see.look(x=x), x.detach()
    with draw.mode_outside():
        result = see.call(const_copy, x)
        see.grad_mode("the grad mode after the call", "the grad mode stays as it was")
    see.flags("the copy", result, "the copy has no graph and does not require grad")
    see.sharing("x and the copy", "the copy has its own storage", NAMES, x=x, copy=result)
    see.value("the copy's values", result, "the copy has the values and the dtype of x")
    see.left("what has changed on x", before, "x itself is unchanged", x=x)
    later = yield
    if draw.learns(x):
        asked = "x itself is unchanged: it still carries gradient"
        see.gradients("a backward from x", loss_of(later, x).backward, asked, x=draw.source(x))
    shifted(later, memory)
    see.value("the copy after an edit of x", result, "an edit of x does not show in the copy", NAMES)


@case("const_copy", "the copy is edited", OUTSIDE)
def an_edit_of_the_copy(const_copy: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("constant", "leaf", "interior", "view"), draw.form("matrix", "scalar"))
    pending = x.square()
    result, second = see.call(const_copy, x), see.call(const_copy, x, name="a second call")
    later = yield
    see.raised("the edit", edit(later, result), "the copy can be edited in place")
    see.value("the copy after the edit", result, "the edit is in the copy")
    see.value("x after the edit", x, "an edit of the copy does not touch x", NAMES)
    asked = "each call makes a copy of its own"
    see.value("the second copy after an edit of the first", second, asked, NAMES)
    if draw.learns(x):
        asked = "an edit of the copy does not disturb a gradient through x"
        see.gradients("a backward", loss_of(later, pending).backward, asked, x=draw.source(x))
    draw.feature(*AGAIN)
    other = see.call(const_copy, later.tensor("y", "leaf", tuple(x.shape)), name="a call with y")
    see.value("the copy of y", other, "the copy has the values of what it was made from")
    shifted(later, x)
    again = see.call(const_copy, x, name="a call after x was changed")
    see.value("the copy after x was changed", again, "the copy has the values that x has then")
    see.value("the first two copies, looked at again", [result, second], "an earlier copy stays what it is")


@case("const_copy", "the copy and x are multiplied", OUTSIDE)
def a_factor(const_copy: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior", "view"), draw.form("matrix", "cube"))
    leaf = draw.source(x)
    draw.prefill(leaf)
    draw.hook(x=x)
    result = see.call(const_copy, x)
    later = yield
    loss = loss_of(later, x * result)
    asked = "gradient reaches x through x alone; the copy is a constant"
    see.gradients("a backward", loss.backward, asked, x=leaf)


# set_weight ---------------------------------------------------------------------------------------------

WRITING = "06-clone#writing-values-into-a-weight"
OBJECT = "06-clone#the-optimizer-holds-the-object"


def dense(
    draw: Draw,
    shape: tuple[int, ...],
    kind: str = "with a bias",
    dtype: torch.dtype = torch.float32,
    name: str = "the layer",
) -> Any:
    """Make a linear layer whose weight has this shape, of a kind: what is said of its bias, or of its weight."""
    layer = filled(draw, nn.Linear(shape[1], shape[0], bias=kind != "without a bias"), dtype)
    draw.feature(f"a layer {kind}")
    draw.given.append(f"{name} is one {kind}")
    if kind == "with a frozen bias":
        layer.bias.requires_grad_(False)
    elif kind == "with a frozen weight":
        layer.weight.requires_grad_(False)
    elif kind == "in evaluation mode":
        layer.eval()
    return layer


def weights(
    draw: Draw, name: str, kind: str, form: Form | tuple[int, int], dtype: torch.dtype = torch.float32
) -> tuple[Tensor, dict[str, Tensor]]:
    """Draw a tensor for a weight, and the leaf behind it under its name; "Parameter" is another layer's weight."""
    if kind != "Parameter":
        tensor = draw.tensor(name, kind, form, dtype=dtype)
        return tensor, {name: draw.source(tensor)} if draw.learns(tensor) else {}
    draw.feature("the weight of another layer")
    draw.given.append(f"{name} is the weight of a second layer")
    shape = form.shape if isinstance(form, Form) else form
    parameter = filled(draw, nn.Linear(shape[1], shape[0]), dtype).weight
    return parameter, {name: parameter}


@case("set_weight", "w is edited afterwards", WRITING)
def the_values_are_taken(set_weight: Function, draw: Draw, see: Observer):
    dtype = draw.choice(*DTYPES)
    w, _ = weights(
        draw,
        "w",
        draw.choice("constant", "leaf", "interior", "view"),
        draw.form("matrix", "column", "transposed"),
        dtype,
    )
    layer = dense(draw, w.shape, draw.choice("with a bias", "without a bias", "with a frozen bias"), dtype)
    weight, before = layer.weight, see.look(layer=layer, w=w)
    with draw.mode_outside():
        see.call(set_weight, layer, w)
        see.grad_mode("the grad mode after the call", "the grad mode stays as it was")
    see.same("layer.weight before and after", layer.weight, weight, "layer.weight is the same Parameter", OBJECT)
    see.flags("layer.weight", layer.weight, "layer.weight is a trainable leaf")
    see.value("layer.weight's values", layer.weight, "layer.weight has the values of w")
    see.value("the bias", layer.bias, "the bias stays as it is")
    see.sharing("w and layer.weight", "layer.weight shares no memory with w", NAMES, w=w, weight=layer.weight)
    see.left("what else has changed", before, "nothing else of the layer or of w changes", layer=layer, w=w)
    later = yield
    shifted(later, w)
    output = see.run(lambda: layer(later.numbers((2, w.shape[1]), dtype=dtype) * 0.4))
    see.value("the output after an edit of w", output, "the layer computes with the values that w had", NAMES)
    shifted(later, layer.weight)
    see.value("w after an edit of layer.weight", w, "an edit of layer.weight does not change w", NAMES)
    see.value("layer.weight after an edit", layer.weight, "layer.weight may be edited")


@case("set_weight", "the layer is trained afterwards", OBJECT)
def the_optimizer_goes_on(set_weight: Function, draw: Draw, see: Observer):
    layer = dense(draw, (2, 3), draw.choice("with a bias", "without a bias", "in evaluation mode"))
    w, behind = weights(draw, "w", draw.choice("constant", "leaf", "interior"), (2, 3))
    momentum = draw.choice(0.0, 0.9)
    optimizer = torch.optim.SGD(layer.parameters(), lr=draw.number(0.1, 0.5), momentum=momentum)
    draw.given.append(f"an optimizer with momentum {momentum} has layer.parameters() already")
    draw.prefill(layer.weight, *behind.values())
    draw.hook(weight=layer.weight)
    before = see.look(layer=layer, w=w)
    see.call(set_weight, layer, w)
    see.left("what else has changed", before, "nothing else of the layer or of w changes", layer=layer, w=w)
    later = yield
    loss = see.run(lambda: loss_of(later, layer(later.numbers((2, 3)))))
    asked = "layer.weight gets gradient, w gets none"
    see.gradients("the backward", loss.backward, asked, WRITING, weight=layer.weight, **behind)
    optimizer.step()
    see.value("layer.weight after a step", layer.weight, "the optimizer drives layer.weight")
    see.value("w after a step", w, "a step does not change w", NAMES)
    output = see.run(lambda: layer(later.numbers((2, 3))))
    see.value("the output after a step", output, "the layer computes with what was learned")
    draw.feature(*AGAIN)
    asked = "each call gives layer.weight the values that w has then"
    see.call(set_weight, layer, w, name="a second call")
    see.value("layer.weight after the second call", layer.weight, asked)
    shifted(later, w)
    see.call(set_weight, layer, w, name="a call after w was changed")
    see.value("layer.weight after w was changed", layer.weight, asked)
    other, its_own = dense(later, (2, 3), name="another layer"), later.tensor("another w", "constant", (2, 3))
    see.call(set_weight, other, its_own, name="a call with another layer")
    asked = "each call sets the weight of the layer that it is given, and of no other"
    see.value("the weights of both layers", [layer.weight, other.weight], asked)


@case("set_weight", "w is the weight of another layer", NAMES)
def from_another_layer(set_weight: Function, draw: Draw, see: Observer):
    layer = dense(draw, (2, 3), draw.choice("with a bias", "with a frozen bias"))
    source = filled(draw, nn.Linear(3, 2))
    draw.feature("the weight of another layer")
    draw.given.append("w is the weight of a second layer")
    tied = filled(draw, nn.Linear(3, 2))
    if draw.choice(False, True):
        draw.feature("a weight that two layers share")
        draw.given.append("a third layer has the same weight as the first")
        tied.weight = layer.weight
    optimizer = torch.optim.SGD([*layer.parameters(), *source.parameters()], lr=draw.number(0.1, 0.5))
    weight = layer.weight
    before = see.look(layer=layer, source=source)
    see.call(set_weight, layer, source.weight)
    see.same("layer.weight before and after", layer.weight, weight, "layer.weight is the same Parameter", OBJECT)
    see.value("layer.weight's values", layer.weight, "layer.weight has the values of w", WRITING)
    asked = "nothing else of the layer or of w changes"
    see.left("what else has changed", before, asked, layer=layer, source=source)
    later = yield
    batch = later.numbers((2, 3))
    asked = "a layer that shares the Parameter computes with it as before"
    see.value("the third layer's output", tied(batch), asked, OBJECT)
    loss = see.run(lambda: loss_of(later, layer(batch)) + loss_of(later, source(batch)))
    asked = "each of the two weights gets the gradient of its own layer"
    see.gradients("the backward", loss.backward, asked, WRITING, weight=layer.weight, w=source.weight)
    optimizer.step()
    see.value("both weights after a step", [layer.weight, source.weight], "the two weights learn apart", NAMES)


# call_with ----------------------------------------------------------------------------------------------

OTHER = "06-clone#calling-a-layer-with-another-weight"
NO_GRADIENT = "06-clone#values-written-in-carry-no-gradient"


def batch_for(draw: Draw, layer: nn.Linear, rows: str = "several") -> Tensor:
    """Draw an x for the layer: of several rows, one row or none, or not contiguous."""
    count = {"one": 1, "none": 0}.get(rows, draw.integer(2, 4))
    order = (1, 0) if rows == "not contiguous" else None
    return draw.tensor("x", "constant", Form((count, layer.in_features), order), dtype=layer.weight.dtype)


@case("call_with", "W comes from a tensor that learns", OTHER)
def a_computed_weight(call_with: Function, draw: Draw, see: Observer):
    kind, dtype = draw.choice("leaf", "interior", "view", "Parameter"), draw.choice(*DTYPES)
    weight, behind = weights(draw, "W", kind, draw.form("matrix", "column", "transposed"), dtype)
    layer = dense(draw, weight.shape, dtype=dtype)
    draw.prefill(*behind.values(), layer.weight, layer.bias)
    result = see.call(call_with, layer, weight, batch_for(draw, layer))
    see.value("the output", result, "the output is that of the layer, with W in place of its weight")
    later = yield
    asked = "gradient reaches what W came from, and the bias; layer.weight gets none"
    leaves = {**behind, "layer.weight": layer.weight, "layer.bias": layer.bias}
    see.gradients("the backward", loss_of(later, result).backward, asked, NO_GRADIENT, **leaves)


@case("call_with", "the layer is used afterwards", OTHER)
def the_layer_goes_on(call_with: Function, draw: Draw, see: Observer):
    layer = dense(
        draw, (2, 3), draw.choice("with a bias", "with a frozen bias", "with a frozen weight", "in evaluation mode")
    )
    weight, behind = weights(draw, "W", draw.choice("leaf", "interior", "Parameter"), (2, 3))
    x = batch_for(draw, layer, draw.choice("several", "one", "none", "not contiguous"))
    draw.hook(W=weight)
    own, look = layer.weight, see.look(layer=layer, W=weight, x=x)
    result = see.call(call_with, layer, weight, x)
    see.value("the output", result, "the output is that of the layer, with W in place of its weight")
    see.same("layer.weight before and after", layer.weight, own, "layer.weight is the same Parameter as before", OBJECT)
    see.value("layer.weight's values", layer.weight, "layer.weight has the values that it had")
    asked = "layer.weight is as before, and so is the rest of what the function was given"
    see.left("what has changed on the layer, W and x", look, asked, OBJECT, layer=layer, W=weight, x=x)
    later = yield
    loss = loss_of(later, result)
    leaves = {**behind, "layer.weight": own, "layer.bias": layer.bias}
    asked = "gradient reaches W and the bias, if it is trained; layer.weight gets none"
    see.gradients("the backward", loss.backward, asked, NO_GRADIENT, **leaves)
    shifted(later, weight)
    output = see.run(lambda: layer(later.numbers((2, 3)) * 0.4))
    see.value("the layer's output", output, "the layer itself computes with its own weight, whatever becomes of W")
    asked = "a later use of the layer trains its own weight"
    see.gradients("a backward from the layer", loss_of(later, output).backward, asked, **leaves)


@case("call_with", "W is computed from layer.weight", OTHER)
def a_fast_weight(call_with: Function, draw: Draw, see: Observer):
    layer = dense(draw, (2, 3))
    step = draw.tensor("step", draw.choice("leaf", "interior"), (2, 3))
    draw.feature("W computed from layer.weight")
    draw.given.append("W is layer.weight - 0.3 * tanh(layer.weight) * step")
    fast = layer.weight - 0.3 * layer.weight.tanh() * step
    result = see.call(call_with, layer, fast, draw.numbers((2, 3)) * 0.4)
    see.value("the output", result, "the output is that of the layer, with W in place of its weight")
    later = yield
    asked = "gradient reaches what W came from: step, and here layer.weight too"
    leaves = {"step": draw.source(step), "layer.weight": layer.weight, "layer.bias": layer.bias}
    see.gradients("the backward", loss_of(later, result).backward, asked, NO_GRADIENT, **leaves)


@case("call_with", "it is called again, and the layer too", OTHER)
def two_weights(call_with: Function, draw: Draw, see: Observer):
    layer = dense(draw, (2, 3))
    kind = draw.choice("interior", "view")
    one, two = (draw.tensor(name, kind, (2, 3)) for name in ("the first W", "the second W"))
    batch = draw.numbers((2, 3)) * 0.4
    first = see.call(call_with, layer, one, batch, name="the first call")
    second = see.call(call_with, layer, two, batch, name="the second call")
    see.value("the outputs", [first, second], "each output is computed with its own W")
    later = yield
    loss = loss_of(later, first) + loss_of(later, second) + see.run(lambda: loss_of(later, layer(batch)))
    asked = "each W learns from its own call, layer.weight from the layer's, the bias from all three"
    leaves = {"the first W": draw.source(one), "the second W": draw.source(two)}
    see.gradients("the backward", loss.backward, asked, weight=layer.weight, bias=layer.bias, **leaves)
    draw.feature(*AGAIN)
    asked = "each call computes with the layer, the W and the x that it is given, as they are then"
    shifted(later, one, layer.bias)
    again = see.call(call_with, layer, one, batch, name="a call after W and the bias were changed")
    see.value("the output after W and the bias were changed", again, asked)
    other, x = dense(later, (2, 3), name="another layer"), later.numbers((3, 3)) * 0.4
    see.value(
        "the output of another layer", see.call(call_with, other, one, x, name="a call with another layer"), asked
    )
    see.value(
        "the first two outputs, looked at again", [first, second], "what an earlier call returned stays what it is"
    )
