"""The cases of 02-requires-grad: which inputs a function is given, and what is observed of it."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from gradstop.observe import AGAIN, FILLED, Draw, Observer, case

Function = Callable[..., Any]
DTYPES = (torch.float32, torch.float64)
KINDS = ("constant", "leaf", "interior", "view")


def loss_of(later: Draw, result: Tensor, consumer: Function | None = None) -> Tensor:
    """Make a scalar of ``result`` by weights, and a consumer, that nobody knew when it was computed."""
    weights = later.numbers(result.shape, dtype=result.dtype)
    consumer = consumer or later.choice(torch.exp, torch.square)
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


def renew(later: Draw, *tensors: Tensor) -> None:
    """Give each tensor new values, in place and unrecorded."""
    with torch.no_grad():
        for tensor in tensors:
            tensor.copy_(later.numbers(tensor.shape, dtype=tensor.dtype))


def hook_that_changes_nothing(draw: Draw, **tensors: Tensor) -> None:
    """Put a hook on each of the tensors, which lets the gradient pass as it is."""
    draw.feature("a hook on an input")
    for name, tensor in tensors.items():
        tensor.register_hook(lambda _: None)
        draw.given.append(f"a hook on {name} lets its gradient pass as it is")


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

COPY = "the result has the values, the shape and the dtype of t"


@case("fresh_leaf", "t is of any kind", "02-requires-grad#a-copy-that-starts-anew")
def a_leaf_of_its_own(fresh_leaf: Function, draw: Draw, see: Observer):
    kind = draw.choice(*KINDS)
    t = draw.tensor("t", kind, dtype=draw.choice(*DTYPES))
    sources = {} if kind == "constant" else {"t's leaf": draw.source(t)}
    before = see.look(t=t)
    with draw.mode_outside():
        result = see.call(fresh_leaf, t)
        see.grad_mode("the grad mode after the call", "the grad mode is as before")
    see.flags("the result", result, "the result is a leaf that requires grad")
    see.same("the result and t", result, t, "the result is a new tensor")
    see.sharing("t and the result", "the result has its own storage", t=t, result=result)
    see.value("the result's values", result, COPY)
    later = yield
    see.left("what has changed on t", before, "t itself is unchanged", t=t)
    loss = loss_of(later, result)
    asked = "a backward fills the .grad of the result, and nothing behind t"
    see.gradients("a backward from the result", loss.backward, asked, result=result, **sources)


@case("fresh_leaf", "t and the result are used together", "02-requires-grad#a-copy-that-starts-anew")
def used_together(fresh_leaf: Function, draw: Draw, see: Observer):
    t = draw.tensor("t", draw.choice("leaf", "interior", "view"), draw.form("transposed", "scalar"))
    leaves = {"t's leaf": draw.source(t)}
    draw.prefill(*leaves.values())
    draw.hook(t=t)
    before, known = see.look(t=t), grads(leaves)
    result = see.call(fresh_leaf, t)
    see.left("what has changed on t", before, "t itself is unchanged", t=t)
    see_grads(see, "the .grad of t's leaf during the call", known, leaves, "the .grad of t is unchanged")
    asked = "the result starts without a .grad"
    held = "none" if getattr(result, "grad", None) is None else "a tensor"
    see.value("the .grad of the result at the start", held, asked)
    later = yield
    loss = loss_of(later, t * result)
    asked = "the result receives its own gradient; t keeps its history, and learns for its own use alone"
    see.gradients("a backward from t * fresh_leaf(t)", loss.backward, asked, result=result, **leaves)


@case("fresh_leaf", "one of the two is edited in place", "02-requires-grad#a-copy-that-starts-anew")
def edits_stay_apart(fresh_leaf: Function, draw: Draw, see: Observer):
    t = draw.tensor("t", draw.choice(*KINDS), draw.form("vector", "cube"))
    result = see.call(fresh_leaf, t)
    later = yield
    see.raised("the first edit", edit(later, "the result", result, t.shape), "the result may be edited under no_grad")
    see.value("t after it", t, "an edit of the result does not change t")
    see.raised("the second edit", edit(later, "t", t, t.shape), "t may be edited under no_grad")
    see.value("the result after both", result, "an edit of t does not change the result")


@case("fresh_leaf", "it is called several times", "02-requires-grad#a-copy-that-starts-anew")
def several_calls(fresh_leaf: Function, draw: Draw, see: Observer):
    t = draw.tensor("t", draw.choice("constant", "leaf", "interior"), draw.form("matrix", "scalar"))
    draw.feature(*AGAIN)
    first = see.call(fresh_leaf, t, name="the first call")
    second = see.call(fresh_leaf, t, name="the second call")
    asked = "each call gives a new leaf, which receives its own gradient"
    see.sharing("t and the two results", "each result has its own storage", t=t, first=first, second=second)
    see.value("the second result's values", second, COPY)
    later = yield
    loss = loss_of(later, first) + loss_of(later, second)
    see.gradients("the backward", loss.backward, asked, first=first, second=second)
    renew(later, t)
    third = see.call(fresh_leaf, t, name="a call after t was changed")
    see.value("the result after t was changed", third, "the result has the values that t has then")
    other = later.tensor("another t", "leaf", tuple(t.shape))
    fourth = see.call(fresh_leaf, other, name="a call with another t")
    see.value("the result for another t", fourth, COPY)
    see.gradients("a backward from the last result", loss_of(later, fourth).backward, asked, result=fourth)
    kept = "what an earlier call returned stays what it is"
    see.value("the first result after the other calls", first, kept)
    see.flags("the flags of the first result after the other calls", first, kept)


# init_weight --------------------------------------------------------------------------------------------


def draw_scale(draw: Draw) -> float:
    """Draw a scale that is not near 1."""
    scale = draw.choice(draw.number(0.05, 0.5), draw.integer(2, 5))
    draw.feature("a whole scale" if isinstance(scale, int) else "a small scale")
    return scale


def see_form(see: Observer, weight: Any, which: str = "") -> None:
    """Observe the shape and the dtype, and no number."""
    read = "02-requires-grad#operation-first-flag-last"
    shape = str(tuple(weight.shape)) if isinstance(weight, Tensor) else "no tensor"
    see.value(f"the shape{which}", shape, "the shape is (n,)", read)
    see.value(f"the dtype{which}", str(getattr(weight, "dtype", "no tensor")), "the dtype is float64", read)


def see_spread(see: Observer, which: str, weight: Tensor, scale: float) -> None:
    """Observe what holds for ten thousand numbers of every random stream but one in millions."""
    numbers = weight.detach().double().reshape(-1) / scale
    spread, beyond = numbers.std().item(), (numbers.abs() > 2).double().mean().item()
    within = (numbers.abs() < 1).double().mean().item()
    size = "about scale" if 0.9 < spread < 1.1 else "less than scale" if spread < 1 else "more than scale"
    if size != "about scale" and 0.9 < spread * scale < 1.1:
        size = "about 1, whatever scale is"
    asked = f"{which}: the numbers are standard normal ones times scale"
    mean = "about 0" if abs(numbers.mean().item()) < 0.1 else "far from 0, in units of scale"
    see.value(f"{which}: their mean", mean, f"{asked}, so their mean is about 0")
    see.value(f"{which}: their standard deviation", size, f"{asked}, so their standard deviation is about scale")
    tails = "about 4.6 %" if 0.03 < beyond < 0.065 else "fewer than 4.6 %" if beyond < 0.046 else "more than 4.6 %"
    see.value(f"{which}: how many lie beyond 2 * scale", tails, f"{asked}: 4.6 % of them lie beyond 2 * scale")
    middle = "about 68 %" if 0.65 < within < 0.715 else "fewer than 68 %" if within < 0.68 else "more than 68 %"
    see.value(f"{which}: how many lie within scale", middle, f"{asked}: 68 % of them lie between -scale and scale")
    far = (numbers.abs() > 3).sum().item()
    ends = "none" if not far else "a few" if far < 0.01 * len(numbers) else "more than 1 %"
    see.value(f"{which}: which lie beyond 3 * scale", ends, f"{asked}: a few of them lie beyond 3 * scale")
    asked = f"{which}: the numbers are drawn independently of each other"
    often = "numbers repeat" if numbers.abs().unique().numel() < 0.9 * len(numbers) else "each is another"
    see.value(f"{which}: whether a size stands there twice", often, asked)
    follows = (numbers[1:] * numbers[:-1]).mean().item() / spread**2 if spread else 1.0
    order = "it tells nothing" if abs(follows) < 0.1 else "it tells the next one"
    see.value(f"{which}: what a number tells of the next one", order, asked)


def see_new(see: Observer, which: str, one: Tensor, scale: float, other: Tensor, other_scale: float) -> None:
    """Observe whether two calls have numbers in common."""
    numbers, known = ((1e9 * weight.detach() / by).round() for weight, by in ((one, scale), (other, other_scale)))
    found = "many that the first call returned" if torch.isin(numbers, known).double().mean() > 0.1 else "new ones"
    see.value(f"{which}: its numbers", found, f"{which}: each call draws new numbers")


@case("init_weight", "the result is a weight in a product", "02-requires-grad#operation-first-flag-last")
def a_weight(init_weight: Function, draw: Draw, see: Observer):
    few, scale = draw.choice(False, True), draw_scale(draw)
    n = 1 if few else draw.integer(3, 40)
    draw.feature(
        "n is 1" if few else "n is more than 1", "a whole scale" if isinstance(scale, int) else "a small scale"
    )
    draw.given.append(f"n = {n}, scale = {scale}")
    with draw.mode_outside():
        weight = see.call(init_weight, n, scale)
        see.grad_mode("the grad mode after the call", "the grad mode is as before")
    see.flags("the result", weight, "the result is a leaf that requires grad")
    see_form(see, weight)
    finite = "all are numbers" if weight.isfinite().all() else "some are infinite or nan"
    see.value("whether the numbers are finite", finite, "the result holds n numbers, also where n is 1")
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
    draw.feature("called again with the same object")
    see.call(init_weight, n, scale, name="a call after the step")
    moved = "what an earlier call returned stays what it is, where the optimizer has moved it"
    see.value("how far it is moved after another call", weight.detach() - before, moved)


# No section of the book is about distributions, so that its observations name none.
@case("init_weight", "n is about ten thousand")
def many(init_weight: Function, draw: Draw, see: Observer):
    n, scale = draw.integer(8000, 12000), draw_scale(draw)
    draw.given.append(f"n = {n}, scale = {scale}")
    weight = see.call(init_weight, n, scale)
    see.flags("the result", weight, "the result is a leaf that requires grad", "02-requires-grad#what-the-flag-does")
    see_form(see, weight)
    see_spread(see, "the first call", weight, scale)
    later = yield
    draw.feature(*AGAIN[:2], AGAIN[3])
    values = weight.detach().clone()
    other = later.number(1.5, 4.0)
    later.given.append(f"then the same n, scale = {other}")
    again = see.call(init_weight, n, other, name="the second call")
    see_form(see, again, " of the second")
    see_spread(see, "the second call", again, other)
    see_new(see, "the second call", again, other, weight, scale)
    size = later.integer(8000, 12000)
    later.given.append(f"then n = {size} and the first scale, then the first n and scale")
    third = see.call(init_weight, size, scale, name="the third call")
    see_form(see, third, " of the third")
    see_new(see, "the third call", third, scale, weight, scale)
    fourth = see.call(init_weight, n, scale, name="the fourth call")
    see_form(see, fourth, " of the fourth")
    see_new(see, "the fourth call", fourth, scale, weight, scale)
    stays = "its values" if torch.equal(values, weight.detach()) else "other values"
    see.value("what the first result holds after the other calls", stays, "what an earlier call returned stays")


# input_gradient -----------------------------------------------------------------------------------------


class Scale(nn.Module):
    """Multiplies each column by a parameter of its own."""

    says = "tanh(x * weight), twice that in training mode"

    def __init__(self, weight: Tensor):
        super().__init__()
        self.weight = nn.Parameter(weight)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` times the weight, bent, and twice that in training mode."""
        return torch.tanh(x * self.weight) * (2.0 if self.training else 1.0)


class Nested(nn.Module):
    """Has parameters of its own, a shared one, both kinds of buffers, and children with and without children."""

    says = "nested modules with parameters, a shared one among them, and buffers"

    def __init__(self, *numbers: Tensor):
        super().__init__()
        own, first, inner, kept, passing = numbers
        self.own = nn.Parameter(own)
        self.first = Scale(first)
        self.body = nn.Sequential(Scale(inner), nn.Sequential(nn.Tanh(), Scale(own)))
        self.body[1][1].weight = self.own
        self.register_buffer("kept", kept)
        self.register_buffer("passing", passing, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` scaled several times."""
        return (self.body(self.first(x) + self.kept) + self.passing) * self.own


class Mixing(Scale):
    """Each number that it returns depends on all of ``x``."""

    says = "tanh(x * weight) times its own sum"

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` scaled, times the sum of all that is scaled."""
        scaled = super().forward(x)
        return scaled * scaled.sum()


class View(Scale):
    """Returns a view of its input; its parameter is not used."""

    says = "returns a view of its input, x.unsqueeze(0)"

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` with one more dimension."""
        return x.unsqueeze(0)


class Same(Scale):
    """Returns its input; its parameter is not used."""

    says = "returns its input itself"

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x``."""
        return x


MODELS = {  # how many of its parameters are frozen, and what it is of the exercise's domain
    Scale: (0, ("parameters of the model itself",)),
    Nested: (
        2,
        (
            "a shared parameter",
            "a frozen parameter",
            "a buffer",
            "a non-persistent buffer",
            "a child with children",
            "a child with parameters of its own",
            "forward hooks of the model",
        ),
    ),
    Mixing: (1, ("a model that mixes the rows of a batch", "a model that is in evaluation mode", "all frozen")),
    View: (0, ("a model that returns a view of its input",)),
    Same: (0, ("a model that returns its input",)),
}


def draw_model(draw: Draw, x: Tensor, *kinds: type[nn.Module]) -> tuple[nn.Module, dict[str, Tensor]]:
    """Draw a model of one of the kinds, and its parameters with a ``.grad`` from earlier."""
    kind = draw.choice(*kinds)
    model = kind(*(0.7 * draw.numbers(x.shape[-1:], dtype=x.dtype) for _ in range(5 if kind is Nested else 1)))
    draw.given.append(f"model: {kind.says}")
    frozen, features = MODELS[kind]
    draw.feature(*features)
    if kind is Nested:
        model.first.register_forward_hook(lambda _, __, out: 0.8 * out)
        model.register_forward_hook(lambda _, __, out: 1.3 * out)
        draw.given.append("forward hooks multiply what model returns by 1.3 and what model.first returns by 0.8")
    if kind is Mixing:
        model.eval()
        draw.given.append("model is in evaluation mode")
    parameters = {f"model.{name}": parameter for name, parameter in model.named_parameters()}
    draw.prefill(*parameters.values())
    for name in list(parameters)[:frozen]:
        parameters[name].requires_grad_(False)
        draw.given.append(f"{name} is frozen")
    return model, parameters


VALUE = "the result is the gradient of model(x).sum() with respect to x"
NO_GRAPH = "the result carries no graph"
KEPT = "the .grad of the parameters is as before"
TRACE = "x and model are as before, and nothing new hangs on them"
TRAINS = "the model trains as before: what was frozen stays frozen, the rest learns"


@case("input_gradient", "x is a constant", "02-requires-grad#gradients-without-a-trace")
def of_a_constant(input_gradient: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", "constant", dtype=draw.choice(*DTYPES))
    model, parameters = draw_model(draw, x, Scale, Nested, Mixing, View)
    before, known = see.look(x=x, model=model), grads(parameters)
    result = see.call(input_gradient, model, x)
    see.value("the result", result, VALUE)
    see.flags("the result's flags", result, NO_GRAPH)
    see.left("what has changed on x and model", before, TRACE, x=x, model=model)
    see_grads(see, "the parameters during the call", known, parameters, KEPT)
    later = yield
    anchor = torch.ones((), requires_grad=True)
    loss = see.run(lambda: loss_of(later, model(x), torch.exp)) * anchor
    see.gradients("a backward of another loss", loss.backward, TRAINS, anchor=anchor, **parameters)


@case("input_gradient", "x requires grad and has a graph of its own", "02-requires-grad#gradients-without-a-trace")
def of_a_tensor_in_use(input_gradient: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior", "view"), draw.form("matrix", "cube"))
    leaves = {"x's leaf": draw.source(x)}
    model, parameters = draw_model(draw, x, Nested, Same)
    draw.prefill(*leaves.values())
    hook_that_changes_nothing(draw, x=x)
    before, known, kept = see.look(x=x, model=model), grads(leaves), grads(parameters)
    result = see.call(input_gradient, model, x)
    see.value("the result", result, VALUE)
    see.left("what has changed on x and model", before, TRACE, x=x, model=model)
    see_grads(see, "x's leaf during the call", known, leaves, "the .grad of x's leaf is as before")
    see_grads(see, "the parameters during the call", kept, parameters, KEPT)
    later = yield
    loss = loss_of(later, x)
    asked = "the graph of x is as before: a backward through it goes through"
    see.gradients("a backward from x afterwards", loss.backward, asked, **leaves)


@case("input_gradient", "it is called under no_grad", "02-requires-grad#recording-can-be-switched-on-again")
def under_no_grad(input_gradient: Function, draw: Draw, see: Observer):
    kind = draw.choice("constant", "leaf", "interior")
    x = draw.tensor("x", kind, draw.form("matrix", "scalar"))
    leaves = {"x": x} if kind == "constant" else {"x's leaf": draw.source(x)}
    model, parameters = draw_model(draw, x, Scale, Mixing)
    before, known = see.look(x=x, model=model), grads(parameters | leaves)
    draw.feature("no_grad outside")
    with torch.no_grad():
        result = see.call(input_gradient, model, x)
        see.grad_mode("the grad mode after the call, inside no_grad", "the grad mode is as before: nothing is recorded")
    see.value("the result", result, f"{VALUE}, also under no_grad")
    see.flags("the result's flags", result, NO_GRAPH)
    see.left("what has changed on x and model", before, TRACE, x=x, model=model)
    asked = "the .grad of the parameters and of x is as before"
    see_grads(see, "every .grad during the call", known, parameters | leaves, asked)
    later = yield
    see.grad_mode("the grad mode outside", "the grad mode is as before: operations are recorded again")
    anchor = torch.ones((), requires_grad=True)
    loss = see.run(lambda: loss_of(later, model(x), torch.exp)) * anchor
    see.gradients("a backward of another loss", loss.backward, TRAINS, anchor=anchor, **parameters, **leaves)


@case("input_gradient", "the result is used in training", "02-requires-grad#gradients-without-a-trace")
def used_in_training(input_gradient: Function, draw: Draw, see: Observer):
    kind = draw.choice("constant", "leaf", "interior")
    x = draw.tensor("x", kind, draw.form("matrix", "vector"))
    leaves = {} if kind == "constant" else {"x's leaf": draw.source(x)}
    model, parameters = draw_model(draw, x, Scale, Nested)
    v = draw.tensor("v", "leaf", tuple(x.shape))
    result = see.call(input_gradient, model, x)
    see.flags("the result's flags", result, NO_GRAPH)
    see.grad_mode("the grad mode after the call", "the grad mode is as before")
    later = yield
    loss = loss_of(later, result * v)
    asked = f"{NO_GRAPH}: it is a constant factor, so v learns alone"
    see.gradients("a backward from input_gradient(model, x) * v", loss.backward, asked, v=v, **leaves, **parameters)
    draw.feature(*AGAIN)
    asked = "each call computes with model and x as they are then"
    again = see.call(input_gradient, model, x, name="a second call")
    see.value("the second result", again, asked)
    renew(later, *parameters.values())
    again = see.call(input_gradient, model, x, name="a call after the parameters were changed")
    see.value("the result after the parameters were changed", again, asked)
    renew(later, x)
    again = see.call(input_gradient, model, x, name="a call after x was changed")
    see.value("the result after x was changed", again, asked)
    other = later.tensor("another x", "constant", tuple(x.shape))
    again = see.call(input_gradient, model, other, name="a call with another x")
    see.value("the result for another x", again, asked)
    another = Mixing(later.numbers(x.shape[-1:]))
    again = see.call(input_gradient, another, x, name="a call with another model")
    see.value("the result for another model", again, asked)
    see.value("the first result after the other calls", result, "what an earlier call returned stays what it is")


@case("input_gradient", "the model raises", "02-requires-grad#gradients-without-a-trace")
def model_raises(input_gradient: Function, draw: Draw, see: Observer):
    kind = draw.choice("constant", "leaf", "interior")
    x = draw.tensor("x", kind, draw.form("matrix", "scalar"))
    leaves = {} if kind == "constant" else {"x's leaf": draw.source(x)}
    model, parameters = draw_model(draw, x, Scale, Nested)
    draw.prefill(*leaves.values())
    error = draw.choice(ValueError("no such input"), RuntimeError("element 0 of tensors is missing"))
    draw.feature("a model that raises")
    draw.given.append(f"model raises {type(error).__name__} when it is called for the first time")

    def refuse(*_: Any) -> None:
        raise error

    handle = model.register_forward_hook(refuse)
    before, known = see.look(x=x, model=model), grads(parameters | leaves)
    recorded = draw.choice(True, False)
    draw.given.append(f"the call is made under {'enable_grad' if recorded else 'no_grad'}")
    with torch.set_grad_enabled(recorded):
        asked = "the exception of the model reaches the caller: that very object"
        see.raised("the call", lambda: input_gradient(model, x), asked, error=error)
        see.grad_mode("the grad mode after it", "the grad mode is as before, also where the model raises")
    see.left("what has changed on x and model", before, f"{TRACE}, also where the model raises", x=x, model=model)
    asked = "every .grad is as before, also where the model raises"
    see_grads(see, "every .grad during the call", known, parameters | leaves, asked)
    later = yield
    handle.remove()
    renew(later, x)
    again = see.call(input_gradient, model, x, name="a call when the model no longer raises")
    see.value("the result when the model no longer raises", again, VALUE)


# with_activation_grad -----------------------------------------------------------------------------------

FUNCTIONS = ("elementwise", "mixing", "another shape", "view")


def draw_functions(draw: Draw, x: Tensor, *names: str) -> tuple[Function, Function, tuple[int, ...]]:
    """Draw f and g, and return them with the shape of f(x)."""
    a, name = 0.6 * draw.numbers(x.shape, dtype=x.dtype), draw.choice(*names)
    size = x.numel() + 1  # more than x has, whatever its shape
    shape = {"another shape": (size,), "view": (1, *x.shape)}.get(name, tuple(x.shape))
    b = draw.numbers(shape, dtype=x.dtype)
    rows = 0.6 * draw.numbers((x.numel(), size), dtype=x.dtype)
    f, first = {
        "elementwise": (lambda x: torch.tanh(a * x), "tanh(a * x)"),
        "mixing": (lambda x: torch.sigmoid(a * x) * (a * x).sum(), "sigmoid(a * x) * (a * x).sum()"),
        "another shape": (lambda x: torch.exp(0.5 * x).reshape(-1) @ rows, "exp(0.5 * x).reshape(-1) @ A"),
        "view": (lambda x: x.unsqueeze(0), "x.unsqueeze(0), a view of x"),
    }[name]
    g, second = {
        "elementwise": (lambda y: y * torch.sin(y) * b, "y * sin(y) * b"),
        "mixing": (lambda y: (torch.exp(0.5 * y) * b).reshape(-1), "(exp(0.5 * y) * b).reshape(-1)"),
        "another shape": (lambda y: torch.sigmoid(y) * b, "sigmoid(y) * b"),
        "view": (lambda y: torch.exp(0.5 * y) * b, "exp(0.5 * y) * b"),
    }[name]
    draw.feature(f"functions: {name}")
    draw.given.append(f"f(x) = {first}, g(y) = {second}")
    return f, g, shape


Z, DZ_DY = "z is g(f(x)).sum()", "dz_dy is the gradient of z at y = f(x)"
ONCE = "the gradient of z is added to x.grad, exactly once"
AFTERWARDS = "x is a leaf that trains as before"


@case("with_activation_grad", "x has no .grad yet", "02-requires-grad#the-gradient-of-an-interior-tensor")
def first_gradient(with_activation_grad: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", "leaf", dtype=draw.choice(*DTYPES))
    f, g, _ = draw_functions(draw, x, *FUNCTIONS)
    before = see.look(x=x)
    z, dz_dy = see.parts(see.call(with_activation_grad, f, g, x))
    see.value("z", z, Z)
    see.value("dz_dy", dz_dy, DZ_DY)
    see.flags("dz_dy's flags", dz_dy, "dz_dy carries no graph")
    see.left("what has changed on x", before, "x has its .grad, and nothing else new hangs on it", x=x)
    see_grads(see, "x during the call", {"x": None}, {"x": x}, ONCE)
    later = yield
    see.gradients("another backward to x", loss_of(later, x).backward, AFTERWARDS, x=x)


@case("with_activation_grad", "x has a .grad from earlier", "02-requires-grad#gradients-add-up")
def added(with_activation_grad: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", "leaf", draw.form("matrix", "scalar", "cube"))
    f, g, _ = draw_functions(draw, x, "elementwise", "view")
    draw.prefill(x)
    hook_that_changes_nothing(draw, x=x)
    before, known = see.look(x=x), grads({"x": x})
    z, dz_dy = see.parts(see.call(with_activation_grad, f, g, x))
    see.value("z", z, Z)
    see.value("dz_dy", dz_dy, DZ_DY)
    see.left("what has changed on x", before, "nothing but the .grad of x has changed", x=x)
    see_grads(see, "x during the call", known, {"x": x}, ONCE)
    later = yield
    see.gradients("another backward to x", loss_of(later, x).backward, AFTERWARDS, x=x)


@case("with_activation_grad", "dz_dy is used in training", "02-requires-grad#the-gradient-of-an-interior-tensor")
def activation_gradient_goes_on(with_activation_grad: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", "leaf", draw.form("matrix", "vector"), dtype=draw.choice(*DTYPES))
    f, g, shape = draw_functions(draw, x, "elementwise", "another shape")
    v = draw.tensor("v", "leaf", shape, dtype=x.dtype)
    _, dz_dy = see.parts(see.call(with_activation_grad, f, g, x))
    see.flags("dz_dy's flags", dz_dy, "dz_dy carries no graph")
    later = yield
    loss = loss_of(later, dz_dy * v)
    asked = "dz_dy carries no graph: it is a constant factor, so v learns alone"
    see.gradients("a backward from dz_dy * v", loss.backward, asked, x=x, v=v)


@case("with_activation_grad", "it is called several times", "02-requires-grad#gradients-add-up")
def called_again(with_activation_grad: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", "leaf", draw.form("matrix", "vector"))
    f, g, _ = draw_functions(draw, x, "elementwise", "another shape")
    first = see.call(with_activation_grad, f, g, x, name="the first call")
    see_grads(see, "x during the first call", {"x": None}, {"x": x}, ONCE)
    later = yield
    draw.feature(*AGAIN)

    def call(which: str, leaf: Tensor, *functions: Function) -> None:
        before = grads({"x": leaf})
        z, dz_dy = see.parts(see.call(with_activation_grad, *functions, leaf, name=which))
        see.value(f"z of {which}", z, Z)
        see.value(f"dz_dy of {which}", dz_dy, f"{DZ_DY}, of this call alone")
        see_grads(see, f"x during {which}", before, {"x": leaf}, ONCE)

    call("the same call again", x, f, g)
    call("a call with other functions", x, *draw_functions(later, x, "mixing")[:2])
    renew(later, x)
    call("a call after x was changed", x, f, g)
    call("a call with another x", later.tensor("another x", "leaf", tuple(x.shape)), f, g)
    stays = "what an earlier call returned stays what it is"
    for name, value in zip(("z", "dz_dy"), first, strict=True):
        see.value(f"the first {name} after the other calls", value, stays)
    error = later.choice(ValueError("no such input"), RuntimeError("no gradient here"))
    draw.feature("a function that raises")

    def refuse(_: Tensor) -> Tensor:
        raise error

    functions = later.choice((refuse, g), (f, refuse))
    asked = "an exception of f or g reaches the caller: that very object"
    see.raised("a call with a function that raises", lambda: with_activation_grad(*functions, x), asked, error=error)


# kind ---------------------------------------------------------------------------------------------------

OPERATIONS = (
    {"exp": torch.exp, "a sum": torch.sum, "a product": lambda t: 2.5 * t},
    {
        "round": torch.round,
        "a copy in another dtype": lambda t: t.to(torch.float16),
        "a view": lambda t: t.unsqueeze(0),
    },
)


def see_kinds(see: Observer, kind: Function, when: str, tensors: dict[str, Tensor]) -> None:
    """Observe what the function calls each tensor."""
    for label, tensor in tensors.items():
        answer = see.call(kind, tensor, name=f"the call on {label}{when}")
        see.value(f"{label}{when}", answer, f"{label}{when}: does it require grad, and has it a history?")


def results(draw: Draw, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Apply operations that are drawn to each of the tensors."""
    operations = draw.choice(*OPERATIONS)
    return {f"{made} of {label}": do(t) for label, t in tensors.items() for made, do in operations.items()}


UNCHANGED = "the tensors that it was called on are unchanged"


@case("kind", "tensors are made directly and by operations", "02-requires-grad#leaf-interior-constant")
def made(kind: Function, draw: Draw, see: Observer):
    form, dtype = draw.form(), draw.choice(*DTYPES)
    x, c = draw.tensor("x", "leaf", form, dtype=dtype), draw.tensor("c", "constant", form, dtype=dtype)
    parameter = nn.Parameter(draw.numbers((3,)))
    tensors = {
        "a leaf x": x,
        "a constant c": c,
        "a parameter": parameter,
        "a parameter made with requires_grad=False": nn.Parameter(draw.numbers((2,)), requires_grad=False),
        "a comparison of x with 1": x > 1.0,
        "a tensor of integers": torch.arange(draw.integer(2, 4)),
        "a product of a leaf and a constant": x * c,
        **results(draw, {"x": x, "c": c, "a parameter": parameter}),
    }
    before = see.look(x=x, c=c)
    with draw.mode_outside():
        see_kinds(see, kind, "", tensors)
    see.left("what has changed on x and c", before, UNCHANGED, x=x, c=c)
    see.value("x afterwards", x, "the tensor keeps its values")
    later = yield
    draw.feature(*AGAIN[:3])
    middle = 2.5 * x
    middle.retain_grad()
    loss = loss_of(later, middle)
    see.run(loss.backward)
    filled = {"a leaf x": x, "the .grad of x": x.grad, "an interior tensor with a .grad": middle, "the loss": loss}
    see_kinds(see, kind, ", after a backward", filled)
    x.requires_grad_(False)
    see_kinds(see, kind, ", after x.requires_grad_(False)", {"x": x, **results(later, {"x": x})})
    c.requires_grad_()
    see_kinds(see, kind, ", after c.requires_grad_()", {"c": c, **results(later, {"c": c})})


@case("kind", "tensors are views and copies", "02-requires-grad#leaf-interior-constant")
def views_and_copies(kind: Function, draw: Draw, see: Observer):
    form = draw.form("matrix", "cube")
    x, y = draw.tensor("x", "leaf", form), draw.tensor("y", draw.choice("interior", "view"), form)
    c = draw.tensor("c", "constant", form)
    row = draw.integer(0, x.shape[0] - 1)
    tensors = {
        "a row of a leaf": x[row],
        "a clone of a leaf": x.clone(),
        "a leaf in float64": x.double(),
        "a transposed interior tensor": y.transpose(0, -1),
        "a clone of an interior tensor": y.clone(),
        "one of the rows of an interior tensor": y.unbind()[row],
        "a row of a constant": c[row],
        "a row of a constant, then flagged": c[row].requires_grad_(),
        "a clone of a constant": c.clone(),
        "a clone of a constant, then flagged": c.clone().requires_grad_(),
        "a leaf itself": x,
        "y itself": y,
    }
    before = see.look(x=x, y=y, c=c)
    see_kinds(see, kind, "", tensors)
    see.left("what has changed on x, y and c", before, UNCHANGED, x=x, y=y, c=c)
    see.value("y afterwards", y, "the tensor keeps its values")
    later = yield
    place = later.integer(0, x.shape[0] - 1)
    changed = {"a copy of a constant": c.clone(), "a copy that a leaf was written into": c.clone()}
    see_kinds(see, kind, ", before that", {"a copy that a leaf is written into later": c})
    with torch.no_grad():
        x[place] = later.number()
    changed["a copy that a leaf was written into"][place] = x[place]
    c[place] = x[place]
    see_kinds(
        see, kind, ", later", {**changed, "a leaf edited under no_grad": x, "a constant that it was written into": c}
    )
    see.value("x later", x, "the tensor keeps its values")


@case("kind", "tensors are cut from their history", "02-requires-grad#results-without-a-history")
def cut(kind: Function, draw: Draw, see: Observer):
    form = draw.form(*FILLED[:3])
    x, y = draw.tensor("x", "leaf", form), draw.tensor("y", "interior", form)
    c = draw.tensor("c", "constant", form)
    draw.prefill(x, c)
    hook_that_changes_nothing(draw, x=x, y=y)
    tensors = {
        "a detached leaf": x.detach(),
        "a leaf with a .grad": x,
        "a constant with a .grad": c,
        "a detached interior tensor": y.detach(),
        "a detached interior tensor, then flagged": y.detach().requires_grad_(),
        "a detached copy, then flagged": y.detach().clone().requires_grad_(),
        "an interior tensor": y,
        "a detached tensor times a leaf": y.detach() * x,
        **results(draw, {"a detached tensor": y.detach()}),
    }
    before = see.look(x=x, y=y)
    see_kinds(see, kind, "", tensors)
    see.left("what has changed on x and y", before, UNCHANGED, x=x, y=y)
    see.value("y afterwards", y, "the tensor keeps its values")
    later = yield
    z = y * later.number()
    see_kinds(see, kind, ", later", {"a result of y": z})
    z.detach_()
    see_kinds(see, kind, ", after z.detach_()", {"z": z, "y": y, **results(later, {"z": z})})
    z.requires_grad_()
    see_kinds(see, kind, ", after z.requires_grad_()", {"z": z})
    see.value("z afterwards", z, "the tensor keeps its values")


@case("kind", "tensors are made under no_grad", "02-requires-grad#results-without-a-history")
def made_under_no_grad(kind: Function, draw: Draw, see: Observer):
    form = draw.form("matrix", "vector")
    x, y = draw.tensor("x", "leaf", form), draw.tensor("y", "interior", form)
    operations = {"exp": torch.exp, "a sum": torch.sum, "a product": lambda t: 2.5 * t}
    with torch.no_grad():
        tensors = {
            "exp of a leaf": torch.exp(x),
            "a product of an interior tensor": 2.5 * y,
            "a clone of a leaf": x.clone(),
            "a new tensor with requires_grad=True": torch.ones(draw.integer(2, 4), requires_grad=True),
            "a parameter": nn.Parameter(draw.numbers((3,))),
            "a result, then flagged": torch.exp(x).requires_grad_(),
        }
        with torch.set_grad_enabled(True):
            tensors["an operation that is recorded again"] = torch.sin(y)
    with draw.mode_outside():
        see_kinds(see, kind, "", tensors)
        see.grad_mode("the grad mode after the calls", "the grad mode is as before")
    see.value("x afterwards", x, "the tensor keeps its values")
    later = yield
    with torch.no_grad():
        constant = later.choice(*operations.values())(y)
    results_outside = {"a result from under no_grad": constant, "that result times a leaf": constant * x}
    see_kinds(see, kind, ", outside", {**results_outside, "exp of that result": torch.exp(constant)})
    see.value("the result outside", constant, "the tensor keeps its values")
