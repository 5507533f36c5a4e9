"""The cases of 07-in-place: which inputs a function is given, and what is observed of it."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules import module as every_module

from gradstop.observe import Draw, Observer, case

Function = Callable[..., Any]


def loss_of(later: Draw, result: Tensor) -> Tensor:
    """Make a scalar of ``result`` by weights, and a consumer, that nobody knew when it was computed."""
    weights = later.numbers(result.shape, dtype=result.dtype)
    consumer = later.choice(torch.sigmoid, torch.tanh, torch.square)
    return (consumer(result) * weights).sum()


def precision(draw: Draw) -> torch.dtype:
    """Draw one of the two dtypes that the exercises speak of."""
    return draw.choice(torch.float32, torch.float64)


# repaired -----------------------------------------------------------------------------------------------


@case("repaired", "a backward starts at the result", "07-in-place#what-each-operation-saves")
def one_result(repaired: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior", "view"), dtype=precision(draw))
    total = see.call(repaired, x)
    see.value("the result", total, "the result is (exp(x) + 1).sum(), a scalar")
    later = yield
    scaled = total * later.number(0.5, 2.0)
    see.gradients(
        "the backward",
        scaled.backward,
        "a backward goes through; it sends exp(x) to x, times what the result receives",
        x=draw.source(x),
    )


@case("repaired", "x is used elsewhere too", "07-in-place#repairs-that-work")
def x_is_used_elsewhere(repaired: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior"), dtype=precision(draw))
    leaf = draw.source(x)
    draw.prefill(leaf)
    before = draw.choice(torch.sin, torch.square)(x)
    total = see.call(repaired, x)
    see.value("the result", total, "the result is (exp(x) + 1).sum(), a scalar")
    later = yield
    earlier = (before * later.numbers(x.shape, dtype=x.dtype)).sum()
    loss = total * later.number(0.5, 2.0) + earlier + loss_of(later, x)
    asked = "this use sends exp(x) to x, and that is added to what the other uses of x send"
    see.gradients("the backward", loss.backward, asked, x=leaf)


@case("repaired", "two results meet in one loss", "07-in-place#the-error-and-how-to-read-it")
def two_results(repaired: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior"))
    y = draw.tensor("y", draw.choice("leaf", "interior"))
    first = see.call(repaired, x, name="the first call")
    second = see.call(repaired, y, name="the second call")
    see.value("the results", [first, second], "each result is (exp(x) + 1).sum(), a scalar")
    later = yield
    loss = torch.log(first) * torch.log(second) * later.number(0.5, 2.0)
    asked = "a backward sends each input exp of itself, times what its result receives"
    see.gradients("the backward", loss.backward, asked, x=draw.source(x), y=draw.source(y))


# with_row -----------------------------------------------------------------------------------------------


def matrix_and_row(draw: Draw, x_kind: str, v_kind: str) -> tuple[Tensor, int, Tensor]:
    """Draw x, the row's number and v."""
    dtype = precision(draw)
    rows, columns = draw.shape(dimensions=2)
    x = draw.tensor("x", x_kind, (rows, columns), dtype=dtype)
    v = draw.tensor("v", v_kind, (columns,), dtype=dtype)
    i = draw.integer(0, rows - 1)
    draw.given.append(f"i = {i}")
    return x, i, v


@case("with_row", "both x and v require grad", "07-in-place#replacing-a-part-out-of-place")
def both_learn(with_row: Function, draw: Draw, see: Observer):
    x, i, v = matrix_and_row(draw, draw.choice("leaf", "interior"), draw.choice("leaf", "interior"))
    leaves = {"x": draw.source(x), "v": draw.source(v)}
    draw.prefill(*leaves.values())
    result = see.call(with_row, x, i, v)
    see.value("the result", result, "the result is x with row i replaced by v")
    later = yield
    loss = loss_of(later, result)
    asked = "v gets the gradient of row i; x gets that of every other row, and none in row i"
    see.gradients("the backward", loss.backward, asked, **leaves)


@case("with_row", "one of x and v is a constant", "07-in-place#replacing-a-part-out-of-place")
def one_learns(with_row: Function, draw: Draw, see: Observer):
    kinds = draw.choice(("constant", "leaf"), ("constant", "interior"), ("leaf", "constant"), ("interior", "constant"))
    x, i, v = matrix_and_row(draw, *kinds)
    leaf = draw.source(x if kinds[1] == "constant" else v)
    result = see.call(with_row, x, i, v)
    see.value("the result", result, "the result is x with row i replaced by v")
    later = yield
    loss = loss_of(later, result)
    asked = "the one that requires grad gets its gradient; x gets none in row i"
    name = "x" if kinds[1] == "constant" else "v"
    see.gradients("the backward", loss.backward, asked, **{name: leaf})


@case("with_row", "x has been used before and is used again", "07-in-place#a-version-for-every-write")
def x_goes_on(with_row: Function, draw: Draw, see: Observer):
    x, i, v = matrix_and_row(draw, draw.choice("leaf", "interior", "view"), "leaf")
    leaf = draw.source(x)
    before = draw.choice(torch.sin, torch.square)(x)
    unchanged = "x itself is not written into: values and version are unchanged"
    result = see.written("what the call writes into", lambda: see.call(with_row, x, i, v), unchanged, x=x)
    see.value("x afterwards", x, unchanged)
    see.value("the result", result, "the result is x with row i replaced by v")
    later = yield
    earlier = (before * later.numbers(x.shape, dtype=x.dtype)).sum()
    loss = loss_of(later, result) + earlier + loss_of(later, x)
    asked = "what was computed from x before the call, and what is computed after it, sends its gradient to x as usual"
    see.gradients("the backward", loss.backward, asked, x=leaf, v=v)


@case("with_row", "v is computed from another row of x", "07-in-place#views-and-aliases")
def v_comes_from_x(with_row: Function, draw: Draw, see: Observer):
    rows, columns = draw.shape(dimensions=2)
    x = draw.tensor("x", draw.choice("leaf", "interior"), (rows, columns))
    i = draw.integer(0, rows - 1)
    j = (i + draw.integer(1, rows - 1)) % rows
    v, words = draw.choice((x[j], f"x[{j}]"), (x[j].sin(), f"x[{j}].sin()"))
    draw.given.append(f"i = {i}, v is {words}")
    result = see.call(with_row, x, i, v)
    see.value("the result", result, "the result is x with row i replaced by v")
    later = yield
    loss = loss_of(later, result)
    asked = "the row that v comes from gets its own gradient and what v sends it; row i gets none"
    see.gradients("the backward", loss.backward, asked, x=draw.source(x))


@case("with_row", "two rows are replaced, one after the other", "07-in-place#replacing-a-part-out-of-place")
def two_rows(with_row: Function, draw: Draw, see: Observer):
    x, i, v = matrix_and_row(draw, draw.choice("leaf", "interior", "constant"), "leaf")
    u = draw.tensor("u", "interior", v.shape, dtype=v.dtype)
    j = draw.choice(i, (i + 1) % len(x))
    draw.given.append(f"then row {j} of the result is replaced by u")
    first = see.call(with_row, x, i, v, name="the first call")
    second = see.call(with_row, first, j, u, name="the second call")
    see.value("the first result", first, "the first result is x with row i replaced by v")
    see.value("the second result", second, "the second result is the first with row j replaced by u")
    later = yield
    loss = loss_of(later, first) + loss_of(later, second)
    asked = "each row's gradient goes to the tensor that the row came from"
    see.gradients("the backward", loss.backward, asked, v=v, u=draw.source(u))


# writes_to ----------------------------------------------------------------------------------------------

Made = Callable[[float], Callable[[Tensor], Any]]  # from a number, the function that is judged


def quiet(write: Callable[[Tensor], Any]) -> Callable[[Tensor], Any]:
    """Return ``write`` without its result and under no_grad."""

    def run(t: Tensor) -> None:
        with torch.no_grad():
            write(t)

    return run


def plus_equals(number: float) -> Callable[[Tensor], Any]:
    """Return a function that says ``+=``."""

    def run(t: Tensor) -> Tensor:
        t += number
        return t

    return run


def plus(number: float) -> Callable[[Tensor], Any]:
    """Return a function that says ``= +``, and writes into what is then called t."""

    def run(t: Tensor) -> Tensor:
        t = t + number
        t *= number
        return t

    return run


def item_set(of: Callable[[Tensor], Tensor], number: float) -> Callable[[Tensor], Any]:
    """Return a function that sets the first item of something made of its argument, and returns nothing."""

    def run(t: Tensor) -> None:
        of(t)[0] = number

    return run


PLAIN: dict[str, Made] = {
    "t.add_(c)": lambda c: lambda t: t.add_(c),
    "t.add(c)": lambda c: lambda t: t.add(c),
    "t += c": plus_equals,
    "t = t + c; t *= c": plus,
    "t[0] = c": lambda c: item_set(lambda t: t, c),
    "t.clone()[0] = c": lambda c: item_set(lambda t: t.clone(), c),
    "t.sub_(c) under no_grad": lambda c: quiet(lambda t: t.sub_(c)),
    "t.sub(c) under no_grad": lambda c: quiet(lambda t: t.sub(c)),
}
SAME_VALUES: dict[str, Made] = {
    "t.mul_(1)": lambda c: lambda t: t.mul_(1) * c,
    "t.mul(1)": lambda c: lambda t: t.mul(1) * c,
    "t.copy_(t.clone())": lambda c: lambda t: t.copy_(t.clone()) + c,
    "t.clone().copy_(t)": lambda c: lambda t: t.clone().copy_(t) + c,
    "t.neg_().neg_()": lambda c: quiet(lambda t: t.neg_().neg_() * c),
    "t.neg().neg_()": lambda c: quiet(lambda t: t.neg().neg_() * c),
    "t.clamp_(-100, 100 + c)": lambda c: lambda t: t.clamp_(-100, 100 + c),
    "t.clamp(-100, 100 + c)": lambda c: lambda t: t.clamp(-100, 100 + c),
}
ALIASES: dict[str, Made] = {
    "t[1:].mul_(c)": lambda c: lambda t: t[1:].mul_(c),
    "t[1:].mul(c)": lambda c: lambda t: t[1:].mul(c),
    "t.view(-1)[0] = c": lambda c: item_set(lambda t: t.view(-1), c),
    "t.sin().view(-1)[0] = c": lambda c: item_set(lambda t: t.sin().view(-1), c),
    "t.detach().add_(c)": lambda c: lambda t: t.detach().add_(c),
    "t.detach().clone().add_(c)": lambda c: lambda t: t.detach().clone().add_(c),
    "t.detach()[0] = c": lambda c: item_set(lambda t: t.detach(), c),
    "t.detach().exp()[0] = c": lambda c: item_set(lambda t: t.detach().exp(), c),
    "t.detach().mul_(1)": lambda c: quiet(lambda t: t.detach().mul_(1)),
}
RESULTS: dict[str, Made] = {
    "t.add_(c), which returns nothing": lambda c: quiet(lambda t: t.add_(c)),
    "t.exp(), which returns nothing": lambda c: quiet(lambda t: t.exp()),
    "t.mul_(c), which returns t * c": lambda c: lambda t: (t.mul_(c), t * c)[1],
    "t, returned as it is": lambda c: lambda t: t,
    "a view of t, returned": lambda c: lambda t: t.view(t.shape),
    "t.detach(), returned": lambda c: lambda t: t.detach(),
    "zeros.add_(t), returned": lambda c: lambda t: torch.zeros_like(t).add_(t, alpha=c),
    "nn.LeakyReLU(c, inplace=True)": lambda c: nn.LeakyReLU(c, inplace=True),
    "nn.LeakyReLU(c)": lambda c: nn.LeakyReLU(c),
}


def fresh(draw: Draw, shape: tuple[int, ...], kind: str, edited: bool) -> Tensor:
    """Return an x of its own for each function; an edited one has a version above 0."""
    x = draw.numbers(shape)
    if kind == "interior":
        x = x.requires_grad_() * draw.number(1.2, 1.8)
    return x.mul_(draw.number(1.2, 1.8)) if edited else x


def ask(writes_to: Function, draw: Draw, see: Observer, functions: dict[str, Made], which: str = "x") -> None:
    """Ask about each function, on an x of its own, and observe the answers."""
    shape = draw.shape()
    kind, edited = draw.choice("constant", "interior"), draw.choice(False, True)
    draw.given.append(
        f"{which} is {'a constant' if kind == 'constant' else 'an interior tensor'} of shape {shape}"
        + (", edited in place before" if edited else "")
    )
    asked, total = f"True if fn(x) writes into x, otherwise False{'' if which == 'x' else f' ({which})'}", 0.0
    for words, made in functions.items():
        number, x = draw.number(0.2, 0.9), fresh(draw, shape, kind, edited)
        place = f"fn is `{words}` with c = {number}, on {which}"
        answer = see.call(writes_to, made(number), x, name=f"the call where {place}")
        see.value(f"the answer where {place}", answer, f"fn is `{words}`: {asked}")
        total += number if answer is True else 0.0
    name = f"the sum of c over the functions that write into {which}"
    see.value(name, total, f"all answers: the sum of c over the functions where it is True (on {which})")


@case("writes_to", "fn edits x, or a result of its own", "07-in-place#plus-equals-is-in-place")
def plain_writes(writes_to: Function, draw: Draw, see: Observer):
    ask(writes_to, draw, see, PLAIN)
    later = yield
    ask(writes_to, later, see, PLAIN, "another x")


@case("writes_to", "a write would keep the values", "07-in-place#a-version-for-every-write")
def writes_that_keep_the_values(writes_to: Function, draw: Draw, see: Observer):
    ask(writes_to, draw, see, SAME_VALUES)
    later = yield
    ask(writes_to, later, see, SAME_VALUES, "another x")


@case("writes_to", "fn edits a view, a detached alias or a copy", "07-in-place#views-and-aliases")
def writes_through_an_alias(writes_to: Function, draw: Draw, see: Observer):
    ask(writes_to, draw, see, ALIASES)
    later = yield
    ask(writes_to, later, see, ALIASES, "another x")


@case("writes_to", "fn's result says nothing about a write", "07-in-place#in-place-layers")
def results_that_tell_nothing(writes_to: Function, draw: Draw, see: Observer):
    ask(writes_to, draw, see, RESULTS)
    later = yield
    ask(writes_to, later, see, RESULTS, "another x")


# update_running -----------------------------------------------------------------------------------------


def share(draw: Draw) -> float:
    """Draw the share of the old value, away from a half."""
    m = draw.choice(draw.number(0.1, 0.35), draw.number(0.65, 0.95))
    draw.given.append(f"m = {m}")
    return m


UPDATED = "buf becomes m * buf + (1 - m) * x"


@case("update_running", "x requires grad, or not", "07-in-place#buffers-join-the-graph")
def no_graph_on_buf(update_running: Function, draw: Draw, see: Observer):
    shape, dtype = draw.shape(), precision(draw)
    buf = draw.tensor("buf", "constant", shape, dtype=dtype)
    x = draw.tensor("x", draw.choice("constant", "leaf", "interior", "view"), shape, dtype=dtype)
    view = buf[1:]
    see.call(update_running, buf, x, share(draw))
    see.value("buf afterwards", buf, UPDATED)
    see.value("a view of buf afterwards", view, "the update is in place: a view of buf that was taken before shows it")
    see.flags("the flags of buf", buf, "buf has no graph: a leaf that does not require grad")
    later = yield
    w = later.tensor("w", "leaf", shape, dtype=dtype)
    leaves = {"w": w} if not x.requires_grad else {"w": w, "x": draw.source(x)}
    loss = loss_of(later, buf * w)
    see.gradients("a backward from buf * w", loss.backward, "no gradient goes through buf to x", **leaves)


@case("update_running", "buf was saved for a backward before", "07-in-place#a-version-for-every-write")
def the_version_of_buf(update_running: Function, draw: Draw, see: Observer):
    shape = draw.shape()
    buf, w = draw.tensor("buf", "constant", shape), draw.tensor("w", draw.choice("leaf", "interior"), shape)
    x = draw.tensor("x", draw.choice("constant", "leaf", "interior"), shape)
    recorded, m = w * buf, share(draw)
    asked = "the update is in place, and the version of buf goes up"
    see.written("what the call writes into", lambda: see.call(update_running, buf, x, m), asked, buf=buf)
    see.value("buf afterwards", buf, UPDATED)
    later = yield
    loss = loss_of(later, recorded)
    asked = "a backward that needs the old values of buf raises"
    see.gradients("a backward from an earlier w * buf", loss.backward, asked, w=draw.source(w))


@case("update_running", "x is used before and afterwards", "07-in-place#views-and-aliases")
def x_is_unchanged(update_running: Function, draw: Draw, see: Observer):
    shape, dtype = draw.shape(), precision(draw)
    buf = draw.tensor("buf", "constant", shape, dtype=dtype)
    x = draw.tensor("x", draw.choice("leaf", "interior", "view"), shape, dtype=dtype)
    leaf = draw.source(x)
    before, m = draw.choice(torch.sin, torch.square)(x), share(draw)
    unchanged = "x itself is unchanged"
    see.written("what the call writes into", lambda: see.call(update_running, buf, x, m), unchanged, x=x)
    see.value("x afterwards", x, unchanged)
    see.flags("the flags of x", x, unchanged)
    see.value("buf afterwards", buf, UPDATED)
    later = yield
    loss = (before * later.numbers(shape, dtype=dtype)).sum() + loss_of(later, x)
    see.gradients("a backward through x", loss.backward, "x carries gradient as before", x=leaf)


@case("update_running", "several updates follow each other, in a grad mode", "07-in-place#hiding-an-edit")
def the_grad_mode(update_running: Function, draw: Draw, see: Observer):
    shape, mode = draw.shape(), draw.choice(torch.enable_grad, torch.no_grad)
    buf = draw.tensor("buf", "constant", shape)
    draw.given.append(f"the updates are made under {mode.__name__}")
    given = {}
    for number in ("first", "second"):
        given[number] = draw.tensor(f"the {number} x", draw.choice("constant", "leaf", "interior"), shape), share(draw)
    with mode():
        for number, (x, m) in given.items():
            see.call(update_running, buf, x, m, name=f"the {number} call")
            see.grad_mode(f"the grad mode after the {number} call", "the grad mode is unchanged")
    see.value("buf afterwards", buf, f"{UPDATED}, each time")
    later = yield
    x = later.tensor("the third x", "leaf", shape)
    see.call(update_running, buf, x, share(later), name="the third call")
    see.grad_mode("the grad mode after the third call", "the grad mode is unchanged")
    see.value("buf after the third call", buf, f"{UPDATED}, each time")
    loss = loss_of(later, buf * x)
    see.gradients("a backward from buf * x", loss.backward, "no gradient goes through buf to x", x=x)


# capture ------------------------------------------------------------------------------------------------


class ScaleInPlace(nn.Module):
    """Multiplies what it is given, in place."""

    def __init__(self, factor: float):
        super().__init__()
        self.factor = factor

    def forward(self, h: Tensor) -> Tensor:
        """Write into ``h`` and return it."""
        return h.mul_(self.factor)


def linear(draw: Draw, inputs: int, outputs: int) -> nn.Linear:
    """Return a linear layer with drawn weights."""
    layer = nn.Linear(inputs, outputs)
    with torch.no_grad():
        layer.weight.copy_(draw.numbers((outputs, inputs)))
        layer.bias.copy_(draw.numbers((outputs,)))
    return layer


def editing(draw: Draw) -> nn.Module:
    """Draw a layer that overwrites its input."""
    layer, words = draw.choice(
        (nn.ReLU(inplace=True), "nn.ReLU(inplace=True)"),
        (nn.LeakyReLU(draw.number(0.2, 0.4), inplace=True), "nn.LeakyReLU(inplace=True)"),
        (ScaleInPlace(draw.number(1.5, 2.5)), "a layer that multiplies in place"),
    )
    draw.given.append(f"the output of layer goes to {words}")
    return layer


class Centre(nn.Module):
    """Subtracts the batch's mean, in training mode alone, and weighs the features."""

    def __init__(self, weight: Tensor):
        super().__init__()
        self.weight = nn.Parameter(weight)

    def forward(self, h: Tensor) -> Tensor:
        """Return the features, centred or not."""
        return (h - h.mean(0) if self.training else h) * self.weight


class Net(nn.Module):
    """A layer that knows of the mode, the layer, one that overwrites its output, a head, and a path around them."""

    def __init__(self, draw: Draw, layer: nn.Module):
        super().__init__()
        self.first = Centre(draw.numbers((3,)))
        self.body = nn.Sequential(nn.Sequential(layer, editing(draw)), linear(draw, 4, 2))
        self.side = linear(draw, 3, 2)

    def forward(self, x: Tensor) -> Tensor:
        """Run both paths; the layer sees neither x nor the model's output."""
        return self.body(self.first(x)) + self.side(x).tanh()


def net_and_layer(draw: Draw) -> tuple[Net, nn.Module]:
    """Draw a model in training mode, and one of its layers."""
    layer = draw.choice(linear(draw, 3, 4), nn.Sequential(nn.Tanh(), linear(draw, 3, 4)))
    draw.given.append(f"layer is an nn.{type(layer).__name__}, in the middle of model")
    return Net(draw, layer), layer


def batch(draw: Draw, name: str = "x") -> Tensor:
    """Draw an x: four rows of three."""
    return draw.tensor(name, "constant", (4, 3))


def left_behind(model: nn.Module, before: list[nn.Module]) -> int:
    """Count what is attached to a model: hooks of any kind, replaced forwards, modules that were not there."""
    modules = list(model.modules())
    kinds = [name for name in vars(every_module) if name.startswith("_global_") and name.endswith("_hooks")]
    hooks = [getattr(every_module, name) for name in kinds]
    hooks += [table for m in modules for name, table in vars(m).items() if name.endswith("_hooks")]
    forwards = [getattr(m.forward, "__func__", None) is not type(m).forward for m in modules]
    known = {id(m) for m in before}
    return sum(map(len, hooks)) + sum(forwards) + sum(id(m) not in known for m in modules)


def train_step(later: Draw, model: Net) -> Callable[[], None]:
    """Return a backward of a loss on another batch."""
    return loss_of(later, model(batch(later, "another x")) * 0.3).backward


def learning(model: Net, layer: nn.Module) -> dict[str, Tensor]:
    """Return three of the parameters, by what a learner calls them."""
    weight = next(p for p in layer.parameters() if p.dim() == 2)
    return {"layer.weight": weight, "a later weight": model.body[1].weight, "an earlier weight": model.first.weight}


OUTPUT = "the result is what layer returned while model(x) ran, before a later layer overwrote it"


@case("capture", "a later layer overwrites the output", "07-in-place#in-place-layers")
def the_output_as_it_was(capture: Function, draw: Draw, see: Observer):
    model, layer = net_and_layer(draw)
    captured = see.call(capture, model, layer, batch(draw))
    see.value("the result", captured, OUTPUT)
    see.flags("the flags of the result", captured, "the result carries no graph")
    later = yield
    model(batch(later, "another x"))
    see.value("the result after model has run again", captured, "the result stays as it was")


@case("capture", "the result is used in a loss", "07-in-place#looking-inside-a-model")
def no_gradient_through_it(capture: Function, draw: Draw, see: Observer):
    model, layer = net_and_layer(draw)
    captured = see.call(capture, model, layer, batch(draw))
    see.value("the result", captured, OUTPUT)
    later = yield
    w = later.tensor("w", "leaf", (4, 4))
    loss = loss_of(later, captured + w)
    asked = "the result carries no graph: gradient goes to w, and through the result to nothing"
    see.gradients("a backward from the result + w", loss.backward, asked, w=w, **learning(model, layer))


@case("capture", "the model is looked at afterwards", "07-in-place#looking-inside-a-model")
def nothing_is_left(capture: Function, draw: Draw, see: Observer):
    model, layer = net_and_layer(draw)
    before = list(model.modules())
    captured = see.call(capture, model, layer, batch(draw))
    asked = "nothing is left attached to model or its layers, no hook and nothing else: 0 things"
    see.value("how many things are left attached", left_behind(model, before), asked)
    later = yield
    see.value("the result", captured, OUTPUT)
    again = see.call(capture, model, layer, batch(later, "another x"), name="a second call")
    see.value("the second result", again, OUTPUT)
    see.value("how many things are left attached by both calls", left_behind(model, before), asked)


@case("capture", "the model trains afterwards", "07-in-place#looking-inside-a-model")
def the_model_trains(capture: Function, draw: Draw, see: Observer):
    model, layer = net_and_layer(draw)
    leaves = learning(model, layer)
    draw.prefill(*leaves.values())
    captured = see.call(capture, model, layer, batch(draw))
    see.value("the result", captured, OUTPUT)
    later = yield
    asked = "the model, in training mode all the time, still trains"
    see.gradients("a backward on another batch", train_step(later, model), asked, **leaves)
