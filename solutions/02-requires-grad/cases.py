"""The cases of 02-requires-grad: which inputs a function is given, and what is observed of it."""

from collections.abc import Callable
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


def edit(later: Draw, name: str, target: Tensor, shape: torch.Size) -> Callable[[], None]:
    """Return an edit of one element, at a place that is drawn."""
    place = tuple(later.integer(0, size - 1) for size in shape)
    number = later.number(2.0, 3.0)
    later.given.append(f"element {list(place)} of {name} is set to {number} under no_grad")

    def run() -> None:
        with torch.no_grad():
            target[place] = number

    return run


def grads(leaves: dict[str, Tensor]) -> dict[str, Tensor | None]:
    """Return a copy of each leaf's ``.grad``."""
    return {label: None if leaf.grad is None else leaf.grad.clone() for label, leaf in leaves.items()}


def see_grads(
    see: Observer,
    name: str,
    before: dict[str, Tensor | None],
    leaves: dict[str, Tensor],
    asked: str,
    read: str = "",
) -> None:
    """Observe what has become of each leaf's ``.grad`` since ``before``, as the effect of a backward is observed."""
    after = {label: leaf.grad for label, leaf in leaves.items()}

    def put(values: dict[str, Tensor | None]) -> None:
        for label, leaf in leaves.items():
            leaf.grad = values[label]

    put(before)
    see.gradients(name, lambda: put(after), asked, read, **leaves)


# fresh_leaf ---------------------------------------------------------------------------------------------


@case("fresh_leaf", "t is of any kind", "02-requires-grad#a-copy-that-starts-anew")
def a_leaf_of_its_own(fresh_leaf: Function, draw: Draw, see: Observer):
    kind = draw.choice("constant", "leaf", "interior", "view")
    t = draw.tensor("t", kind, dtype=draw.choice(*DTYPES))
    sources = {} if kind == "constant" else {"t's leaf": draw.source(t)}
    result = see.call(fresh_leaf, t)
    see.flags("the result", result, "the result is a leaf that requires grad")
    see.same("the result and t", result, t, "the result is a new tensor")
    see.sharing("t and the result", "the result has its own storage", t=t, result=result)
    see.value("the result's values", result, "the result has the values, the shape and the dtype of t")
    see.flags("t afterwards", t, "the flags of t are unchanged")
    later = yield
    loss = loss_of(later, result)
    asked = "a backward fills the .grad of the result, and nothing behind t"
    see.gradients("a backward from the result", loss.backward, asked, result=result, **sources)


@case("fresh_leaf", "t and the result are used together", "02-requires-grad#a-copy-that-starts-anew")
def used_together(fresh_leaf: Function, draw: Draw, see: Observer):
    t = draw.tensor("t", draw.choice("leaf", "interior", "view"), dtype=draw.choice(*DTYPES))
    leaves = {"t's leaf": draw.source(t)}
    draw.prefill(*leaves.values())
    before = grads(leaves)
    result = see.call(fresh_leaf, t)
    see.flags("t afterwards", t, "the flags of t are unchanged")
    see_grads(see, "the .grad of t's leaf during the call", before, leaves, "the .grad of t is unchanged")
    later = yield
    loss = loss_of(later, t * result)
    asked = "the result receives its own gradient; t keeps its history, and learns for its own use alone"
    see.gradients("a backward from t * fresh_leaf(t)", loss.backward, asked, result=result, **leaves)


@case("fresh_leaf", "one of the two is edited in place", "02-requires-grad#a-copy-that-starts-anew")
def edits_stay_apart(fresh_leaf: Function, draw: Draw, see: Observer):
    t = draw.tensor("t", draw.choice("constant", "leaf", "interior", "view"))
    result = see.call(fresh_leaf, t)
    later = yield
    see.raised("the first edit", edit(later, "the result", result, t.shape), "the result may be edited under no_grad")
    see.value("t after it", t, "an edit of the result does not change t")
    see.raised("the second edit", edit(later, "t", t, t.shape), "t may be edited under no_grad")
    see.value("the result after both", result, "an edit of t does not change the result")


@case("fresh_leaf", "it is called twice with one t", "02-requires-grad#a-copy-that-starts-anew")
def two_calls(fresh_leaf: Function, draw: Draw, see: Observer):
    t = draw.tensor("t", draw.choice("constant", "leaf", "interior"), dtype=draw.choice(*DTYPES))
    first = see.call(fresh_leaf, t, name="the first call")
    second = see.call(fresh_leaf, t, name="the second call")
    see.sharing("t and the two results", "each result has its own storage", t=t, first=first, second=second)
    see.value("the second result's values", second, "the result has the values, the shape and the dtype of t")
    later = yield
    loss = loss_of(later, first) + loss_of(later, second)
    see.gradients("the backward", loss.backward, "each result receives its own gradient", first=first, second=second)


# init_weight --------------------------------------------------------------------------------------------


def draw_scale(draw: Draw) -> float:
    """Draw a scale that is not near 1."""
    return draw.choice(draw.number(0.05, 0.5), draw.number(2.0, 5.0))


def see_form(see: Observer, weight: Any) -> None:
    """Observe the shape and the dtype, and no number."""
    see.value("the shape", str(tuple(getattr(weight, "shape", ()))), "the shape is (n,)")
    see.value("the dtype", str(getattr(weight, "dtype", "no tensor")), "the dtype is float64")


def see_spread(see: Observer, which: str, weight: Tensor, scale: float) -> None:
    """Observe what holds for ten thousand numbers of every random stream but one in millions."""
    numbers = weight.detach().double().reshape(-1) / scale
    spread, beyond = numbers.std().item(), (numbers.abs() > 2).double().mean().item()
    within = (numbers.abs() < 1).double().mean().item()
    size = "about scale" if 0.9 < spread < 1.1 else "less than scale" if spread < 1 else "more than scale"
    asked = f"{which}: the numbers are standard normal ones times scale"
    mean = "about 0" if abs(numbers.mean().item()) < 0.1 else "far from 0, in units of scale"
    see.value(f"{which}: their mean", mean, f"{asked}, so their mean is about 0")
    see.value(f"{which}: their standard deviation", size, f"{asked}, so their standard deviation is about scale")
    tails = "about 4.6 %" if 0.03 < beyond < 0.065 else "fewer than 4.6 %" if beyond < 0.046 else "more than 4.6 %"
    see.value(f"{which}: how many lie beyond 2 * scale", tails, f"{asked}: 4.6 % of them lie beyond 2 * scale")
    middle = "about 68 %" if 0.65 < within < 0.715 else "fewer than 68 %" if within < 0.68 else "more than 68 %"
    see.value(f"{which}: how many lie within scale", middle, f"{asked}: 68 % of them lie between -scale and scale")


@case("init_weight", "the result is a weight in a product", "02-requires-grad#operation-first-flag-last")
def a_weight(init_weight: Function, draw: Draw, see: Observer):
    n, scale = draw.integer(3, 40), draw_scale(draw)
    draw.given.append(f"n = {n}, scale = {scale}")
    weight = see.call(init_weight, n, scale)
    see.flags("the result", weight, "the result is a leaf that requires grad")
    see_form(see, weight)
    later = yield
    rows = later.numbers((3, n), dtype=torch.float64)
    upstream = later.numbers((3,), dtype=torch.float64)

    def backward() -> None:
        ((rows @ weight) * upstream).sum().backward()

    see.gradients("a backward through a product with float64 rows", backward, "the result is trained", result=weight)


@case("init_weight", "an optimizer drives the result", "02-requires-grad#parameters-and-optimizers")
def an_optimizer(init_weight: Function, draw: Draw, see: Observer):
    n, scale = draw.integer(3, 40), draw_scale(draw)
    draw.given.append(f"n = {n}, scale = {scale}")
    weight = see.call(init_weight, n, scale)
    see_form(see, weight)
    later = yield
    rate, kind = later.number(0.2, 0.9), later.choice(torch.optim.SGD, torch.optim.Adam)
    later.given.append(f"the optimizer is {kind.__name__} with the rate {rate}")
    optimizers: list[torch.optim.Optimizer] = []
    before = weight.detach().clone()
    asked = "an optimizer accepts the result"
    see.raised("making the optimizer", lambda: optimizers.append(kind([weight], lr=rate)), asked)
    loss = (weight * later.numbers((n,), dtype=torch.float64)).sum()
    see.gradients("the backward", loss.backward, "the result receives .grad", result=weight)
    for optimizer in optimizers:
        optimizer.step()
    see.value("how far the step has moved the result", weight.detach() - before, "a step of the optimizer moves it")


@case("init_weight", "n is about ten thousand", "02-requires-grad#operation-first-flag-last")
def many(init_weight: Function, draw: Draw, see: Observer):
    n, scale = draw.integer(8000, 12000), draw_scale(draw)
    draw.given.append(f"n = {n}, scale = {scale}")
    weight = see.call(init_weight, n, scale)
    see.flags("the result", weight, "the result is a leaf that requires grad")
    see_form(see, weight)
    see_spread(see, "the first call", weight, scale)
    later = yield
    n, scale = later.integer(8000, 12000), draw_scale(later)
    later.given.append(f"then n = {n}, scale = {scale}")
    weight = see.call(init_weight, n, scale, name="the second call")
    see.value("the shape of the second", str(tuple(getattr(weight, "shape", ()))), "the shape is (n,)")
    see_spread(see, "the second call", weight, scale)


# input_gradient -----------------------------------------------------------------------------------------


class Model(nn.Module):
    """A small network whose gradient at the input depends on the input."""

    def __init__(self, weight: Tensor, bias: Tensor, gain: Tensor):
        super().__init__()
        self.layer = nn.Linear(weight.shape[1], weight.shape[0], dtype=weight.dtype)
        with torch.no_grad():
            self.layer.weight.copy_(weight)
            self.layer.bias.copy_(bias)
        self.gain = nn.Parameter(gain)

    def forward(self, x: Tensor) -> Tensor:
        """Return one row of activations for each row of ``x``."""
        return self.gain * torch.tanh(self.layer(x))


def draw_model(draw: Draw, width: int, dtype: torch.dtype = torch.float32) -> tuple[Model, dict[str, Tensor]]:
    """Draw a model, some of whose parameters may be frozen, and its parameters with a ``.grad`` from earlier."""
    size = draw.integer(2, 3)
    weight, bias, gain = (0.5 * draw.numbers(s, dtype=dtype) for s in ((size, width), (size,), (size,)))
    model = Model(weight, bias, gain)
    parameters = {f"model.{name}": parameter for name, parameter in model.named_parameters()}
    draw.prefill(*parameters.values())
    frozen = draw.choice((), ("model.layer.bias",), ("model.gain", "model.layer.weight"), tuple(parameters))
    for name in frozen:
        parameters[name].requires_grad_(False)
    draw.given.append(f"frozen parameters: {', '.join(frozen) or 'none'}")
    return model, parameters


def see_flags(see: Observer, parameters: dict[str, Tensor]) -> None:
    """Observe the flags of each parameter."""
    for name, parameter in parameters.items():
        see.flags(f"{name} afterwards", parameter, f"the flags of {name} are as before")


VALUE = "the result is the gradient of model(x).sum() with respect to x"
NO_GRAPH = "the result carries no graph"
KEPT = "the .grad of the parameters is as before"


@case("input_gradient", "x is a constant", "02-requires-grad#gradients-without-a-trace")
def of_a_constant(input_gradient: Function, draw: Draw, see: Observer):
    shape, dtype = draw.shape(dimensions=2), draw.choice(*DTYPES)
    x = draw.tensor("x", "constant", shape, dtype=dtype)
    model, parameters = draw_model(draw, shape[1], dtype)
    before = grads(parameters)
    result = see.call(input_gradient, model, x)
    see.value("the result", result, VALUE)
    see.flags("the result's flags", result, NO_GRAPH)
    see.flags("x afterwards", x, "the flag of x is as before")
    see_flags(see, parameters)
    see_grads(see, "x during the call", {"x": None}, {"x": x}, "the .grad of x is as before: it has none")
    see_grads(see, "the parameters during the call", before, parameters, KEPT)
    later = yield
    anchor = torch.ones((), requires_grad=True)
    loss = loss_of(later, model(x)) * anchor
    asked = "the model trains as before: what was frozen stays frozen, the rest learns"
    see.gradients("a backward of another loss", loss.backward, asked, anchor=anchor, **parameters)


@case("input_gradient", "x requires grad and has a graph of its own", "02-requires-grad#gradients-without-a-trace")
def of_a_tensor_in_use(input_gradient: Function, draw: Draw, see: Observer):
    shape, kind = draw.shape(dimensions=2), draw.choice("leaf", "interior", "view")
    x = draw.tensor("x", kind, shape)
    leaves = {"x's leaf": draw.source(x)}
    model, parameters = draw_model(draw, shape[1])
    draw.prefill(*leaves.values())
    before, known = grads(leaves), grads(parameters)
    result = see.call(input_gradient, model, x)
    see.value("the result", result, VALUE)
    see.flags("x afterwards", x, "the flag of x is as before")
    see_grads(see, "x's leaf during the call", before, leaves, "the .grad of x's leaf is as before")
    see_grads(see, "the parameters during the call", known, parameters, KEPT)
    if kind != "leaf":
        own = torch.zeros_like(x) if x.grad is None else x.grad
        see.value("the .grad of x itself", own.detach(), "the .grad of x is as before: it has none")
    later = yield
    loss = loss_of(later, x)
    asked = "the graph of x is as before: a backward through it goes through"
    see.gradients("a backward from x afterwards", loss.backward, asked, **leaves)


@case("input_gradient", "it is called under no_grad", "02-requires-grad#recording-can-be-switched-on-again")
def under_no_grad(input_gradient: Function, draw: Draw, see: Observer):
    shape = draw.shape(dimensions=2)
    kind = draw.choice("constant", "leaf", "interior")
    x = draw.tensor("x", kind, shape)
    leaves = {"x": x} if kind == "constant" else {"x's leaf": draw.source(x)}
    model, parameters = draw_model(draw, shape[1])
    before = grads(parameters | leaves)
    with torch.no_grad():
        result = see.call(input_gradient, model, x)
        see.grad_mode("the grad mode after the call, inside no_grad", "the grad mode is as before: nothing is recorded")
    see.value("the result", result, f"{VALUE}, also under no_grad")
    see.flags("the result's flags", result, NO_GRAPH)
    see.flags("x afterwards", x, "the flag of x is as before")
    see_flags(see, parameters)
    asked = "the .grad of the parameters and of x is as before"
    see_grads(see, "every .grad during the call", before, parameters | leaves, asked)
    later = yield
    see.grad_mode("the grad mode outside", "the grad mode is as before: operations are recorded again")
    anchor = torch.ones((), requires_grad=True)
    loss = loss_of(later, model(x)) * anchor
    asked = "the model trains as before: what was frozen stays frozen, the rest learns"
    see.gradients("a backward of another loss", loss.backward, asked, anchor=anchor, **parameters, **leaves)


@case("input_gradient", "the result is used in training", "02-requires-grad#gradients-without-a-trace")
def used_in_training(input_gradient: Function, draw: Draw, see: Observer):
    shape = draw.shape(dimensions=2)
    kind = draw.choice("constant", "leaf", "interior")
    x = draw.tensor("x", kind, shape)
    leaves = {} if kind == "constant" else {"x's leaf": draw.source(x)}
    model, parameters = draw_model(draw, shape[1])
    v = draw.tensor("v", "leaf", shape)
    result = see.call(input_gradient, model, x)
    see.flags("the result's flags", result, NO_GRAPH)
    see.grad_mode("the grad mode after the call", "the grad mode is as before")
    later = yield
    loss = loss_of(later, result * v)
    asked = f"{NO_GRAPH}: it is a constant factor, so v learns alone"
    see.gradients("a backward from input_gradient(model, x) * v", loss.backward, asked, v=v, **leaves, **parameters)


# with_activation_grad -----------------------------------------------------------------------------------


def draw_functions(draw: Draw, width: int, dtype: torch.dtype) -> tuple[Function, Function, int]:
    """Draw f and g; f takes rows of ``width`` to rows of the size that is returned too."""
    size = draw.integer(2, 4)
    inner = 0.6 * draw.numbers((width, size), dtype=dtype)
    factor, outer = draw.numbers((size,), dtype=dtype), 0.6 * draw.numbers((size, 2), dtype=dtype)
    f, first = draw.choice(
        (lambda x: torch.tanh(x @ inner), "tanh(x @ A)"),
        (lambda x: torch.exp(0.5 * x) @ inner, "exp(0.5 * x) @ A"),
        (lambda x: torch.sigmoid(x @ inner) * (x @ inner), "sigmoid(x @ A) * (x @ A)"),
    )
    g, second = draw.choice(
        (lambda y: y * torch.sin(y) * factor, "y * sin(y) * b"),
        (lambda y: torch.sigmoid(y) @ outer, "sigmoid(y) @ B"),
        (lambda y: torch.exp(0.5 * y) * factor, "exp(0.5 * y) * b"),
    )
    draw.given.append(f"f(x) = {first}, g(y) = {second}")
    return f, g, size


ONCE = "the gradient of z is added to x.grad, exactly once"


@case("with_activation_grad", "x has no .grad yet", "02-requires-grad#the-gradient-of-an-interior-tensor")
def first_gradient(with_activation_grad: Function, draw: Draw, see: Observer):
    shape, dtype = draw.shape(dimensions=2), draw.choice(*DTYPES)
    x = draw.tensor("x", "leaf", shape, dtype=dtype)
    f, g, _ = draw_functions(draw, shape[1], dtype)
    z, dz_dy = see.call(with_activation_grad, f, g, x)
    see.value("z", z, "z is g(f(x)).sum()")
    see.value("dz_dy", dz_dy, "dz_dy is the gradient of z at y = f(x)")
    see.flags("dz_dy's flags", dz_dy, "dz_dy carries no graph")
    see_grads(see, "x during the call", {"x": None}, {"x": x}, ONCE)
    later = yield
    loss = loss_of(later, x)
    see.gradients("another backward to x", loss.backward, "x is a leaf that trains as before", x=x)


@case("with_activation_grad", "x has a .grad from earlier", "02-requires-grad#gradients-add-up")
def added(with_activation_grad: Function, draw: Draw, see: Observer):
    shape = draw.shape(dimensions=2)
    x = draw.tensor("x", "leaf", shape)
    draw.prefill(x)
    before = grads({"x": x})
    f, g, _ = draw_functions(draw, shape[1], x.dtype)
    z, dz_dy = see.call(with_activation_grad, f, g, x)
    see.value("z", z, "z is g(f(x)).sum()")
    see.value("dz_dy", dz_dy, "dz_dy is the gradient of z at y = f(x)")
    see_grads(see, "x during the call", before, {"x": x}, ONCE)
    later = yield
    loss = loss_of(later, x)
    see.gradients("another backward to x", loss.backward, "x is a leaf that trains as before", x=x)


@case("with_activation_grad", "dz_dy is used in training", "02-requires-grad#the-gradient-of-an-interior-tensor")
def activation_gradient_goes_on(with_activation_grad: Function, draw: Draw, see: Observer):
    shape, dtype = draw.shape(dimensions=2), draw.choice(*DTYPES)
    x = draw.tensor("x", "leaf", shape, dtype=dtype)
    f, g, size = draw_functions(draw, shape[1], dtype)
    v = draw.tensor("v", "leaf", (shape[0], size), dtype=dtype)
    _, dz_dy = see.call(with_activation_grad, f, g, x)
    see.flags("dz_dy's flags", dz_dy, "dz_dy carries no graph")
    later = yield
    loss = loss_of(later, dz_dy * v)
    asked = "dz_dy carries no graph: it is a constant factor, so v learns alone"
    see.gradients("a backward from dz_dy * v", loss.backward, asked, x=x, v=v)


@case("with_activation_grad", "it is called twice", "02-requires-grad#gradients-add-up")
def called_twice(with_activation_grad: Function, draw: Draw, see: Observer):
    shape = draw.shape(dimensions=2)
    x = draw.tensor("x", "leaf", shape)
    f, g, _ = draw_functions(draw, shape[1], x.dtype)
    see.call(with_activation_grad, f, g, x, name="the first call")
    see_grads(see, "x during the first call", {"x": None}, {"x": x}, ONCE)
    later = yield
    before = grads({"x": x})
    f, g, _ = draw_functions(later, shape[1], x.dtype)
    z, dz_dy = see.call(with_activation_grad, f, g, x, name="the second call")
    see.value("the second z", z, "z is g(f(x)).sum()")
    see.value("the second dz_dy", dz_dy, "dz_dy is the gradient of z at y = f(x), of this call alone")
    see_grads(see, "x during the second call", before, {"x": x}, ONCE)


# kind ---------------------------------------------------------------------------------------------------


def see_kinds(see: Observer, kind: Function, when: str, tensors: dict[str, Tensor]) -> None:
    """Observe what the function calls each tensor."""
    for label, tensor in tensors.items():
        answer = see.call(kind, tensor, name=f"the call on {label}{when}")
        see.value(f"{label}{when}", answer, f"{label}{when}: does it require grad, and has it a history?")


def operation(draw: Draw, tensor: Tensor) -> Tensor:
    """Apply an operation that is drawn."""
    number = draw.number(2.0, 3.0)
    operations = (torch.exp, torch.sin, lambda t: t * number, lambda t: t + number, lambda t: t.sum(), torch.round)
    return draw.choice(*operations)(tensor)


@case("kind", "tensors are made directly and by operations", "02-requires-grad#leaf-interior-constant")
def made(kind: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", "leaf", dtype=draw.choice(*DTYPES))
    c = draw.tensor("c", "constant", dtype=x.dtype)
    parameter = nn.Parameter(draw.numbers((3,)))
    tensors = {
        "a leaf x": x,
        "a constant c": c,
        "a parameter": parameter,
        "a parameter made with requires_grad=False": nn.Parameter(draw.numbers((2,)), requires_grad=False),
        "an operation on x": operation(draw, x),
        "an operation on a parameter": operation(draw, parameter),
        "an operation on c": operation(draw, c),
        "a sum of two results": operation(draw, x).sum() + operation(draw, c).sum(),
        "a comparison of x with 1": x > 1.0,
    }
    see_kinds(see, kind, "", tensors)
    see.value("x afterwards", x, "the tensor keeps its values")
    later = yield
    loss = loss_of(later, x)
    loss.backward()
    see_kinds(see, kind, ", after a backward", {"a leaf x": x, "the loss": loss})
    x.requires_grad_(False)
    see_kinds(see, kind, ", after x.requires_grad_(False)", {"x": x, "an operation on x": operation(later, x)})
    c.requires_grad_()
    see_kinds(see, kind, ", after c.requires_grad_()", {"c": c, "an operation on c": operation(later, c)})


@case("kind", "tensors are views and copies", "02-requires-grad#leaf-interior-constant")
def views_and_copies(kind: Function, draw: Draw, see: Observer):
    shape = draw.shape(dimensions=2)
    x, y = draw.tensor("x", "leaf", shape), draw.tensor("y", "interior", shape)
    c = draw.tensor("c", "constant", shape)
    row = draw.integer(0, shape[0] - 1)
    tensors = {
        "a row of a leaf": x[row],
        "a clone of a leaf": x.clone(),
        "a leaf in float64": x.double(),
        "a transposed interior tensor": y.t(),
        "a clone of an interior tensor": y.clone(),
        "a row of a constant": c[row],
        "a row of a constant, then flagged": c[row].requires_grad_(),
        "a clone of a constant": c.clone(),
        "a clone of a constant, then flagged": c.clone().requires_grad_(),
        "a leaf itself": x,
    }
    see_kinds(see, kind, "", tensors)
    see.value("y afterwards", y, "the tensor keeps its values")
    later = yield
    place = later.integer(0, shape[0] - 1)
    changed = {"a copy of a constant": c.clone(), "a copy that a leaf was written into": c.clone()}
    with torch.no_grad():
        x[place] = later.number()
    changed["a copy that a leaf was written into"][place] = x[place]
    see_kinds(see, kind, ", later", {**changed, "a leaf edited under no_grad": x})
    see.value("x later", x, "the tensor keeps its values")


@case("kind", "tensors are cut from their history", "02-requires-grad#results-without-a-history")
def cut(kind: Function, draw: Draw, see: Observer):
    x, y = draw.tensor("x", "leaf"), draw.tensor("y", "interior", dtype=draw.choice(*DTYPES))
    tensors = {
        "a detached leaf": x.detach(),
        "a detached interior tensor": y.detach(),
        "a detached interior tensor, then flagged": y.detach().requires_grad_(),
        "a detached copy, then flagged": y.detach().clone().requires_grad_(),
        "an operation on a detached tensor": operation(draw, y.detach()),
        "an interior tensor": y,
        "a detached tensor times a leaf": y.detach().sum() * x,
    }
    see_kinds(see, kind, "", tensors)
    see.value("y afterwards", y, "the tensor keeps its values")
    later = yield
    z = operation(later, y)
    see_kinds(see, kind, ", later", {"a result of y": z})
    z.detach_()
    see_kinds(see, kind, ", after z.detach_()", {"z": z, "an operation on z": operation(later, z), "y": y})
    see.value("z afterwards", z, "the tensor keeps its values")


@case("kind", "tensors are made under no_grad", "02-requires-grad#results-without-a-history")
def made_under_no_grad(kind: Function, draw: Draw, see: Observer):
    x, y = draw.tensor("x", "leaf"), draw.tensor("y", "interior")
    with torch.no_grad():
        tensors = {
            "an operation on a leaf": operation(draw, x),
            "an operation on an interior tensor": operation(draw, y),
            "a clone of a leaf": x.clone(),
            "a new tensor with requires_grad=True": torch.ones(draw.integer(2, 4), requires_grad=True),
            "a parameter": nn.Parameter(draw.numbers((3,))),
            "a result, then flagged": operation(draw, x).requires_grad_(),
        }
        with torch.set_grad_enabled(True):
            tensors["an operation that is recorded again"] = operation(draw, y)
    see_kinds(see, kind, "", tensors)
    see.value("x afterwards", x, "the tensor keeps its values")
    later = yield
    with torch.no_grad():
        constant = operation(later, y)
    results = {"a result from under no_grad": constant, "that result times a leaf": constant.sum() * x}
    see_kinds(see, kind, ", outside", {**results, "an operation on that result": operation(later, constant)})
    see.value("the result outside", constant, "the tensor keeps its values")
