"""The cases of 07-in-place: which inputs a function is given, and what is observed of it."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules import module as every_module

from gradstop.observe import AGAIN, ALL, Draw, Form, Observer, case

Function = Callable[..., Any]
AS_BEFORE = "what an earlier call returned stays what it is"


def loss_of(later: Draw, result: Tensor, consumer: Function = torch.exp) -> Tensor:
    """Make a scalar of ``result`` by a consumer and by weights that nobody knew when it was computed."""
    return (consumer(result) * later.numbers(result.shape, dtype=result.dtype)).sum()


def precision(draw: Draw) -> torch.dtype:
    """Draw one of the two dtypes that the exercises speak of."""
    return draw.choice(torch.float32, torch.float64)


def change(later: Draw, tensor: Tensor) -> None:
    """Give a tensor other values in place, as a step of training does."""
    with torch.no_grad():
        tensor.copy_(later.numbers(tensor.shape, dtype=tensor.dtype))


# repaired -----------------------------------------------------------------------------------------------

REPAIRED = "the result is (exp(x) + 1).sum(), a scalar"


@case("repaired", "a backward starts at the result", "07-in-place#what-each-operation-saves")
def one_result(repaired: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior", "view"), dtype=precision(draw))
    before = see.look(x=x)
    total = see.call(repaired, x)
    see.value("the result", total, REPAIRED)
    see.value("x afterwards", x, "x itself is unchanged")
    see.left("what has changed on x", before, "x itself is unchanged", x=x)
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
    x = draw.tensor("x", draw.choice("leaf", "interior"), draw.form("matrix", "scalar"))
    draw.prefill(draw.source(x))
    draw.hook(x=x)
    before = draw.choice(torch.exp, torch.square)(x)
    total = see.call(repaired, x)
    see.value("the result", total, REPAIRED)
    later = yield
    earlier = (before * later.numbers(x.shape, dtype=x.dtype)).sum()
    loss = total * later.number(0.5, 2.0) + earlier + loss_of(later, x)
    asked = "this use sends exp(x) to x, and that is added to what the other uses of x send"
    see.gradients("the backward", loss.backward, asked, x=draw.source(x))


@case("repaired", "several results meet in one loss", "07-in-place#the-error-and-how-to-read-it")
def several_results(repaired: Function, draw: Draw, see: Observer):
    form, dtype = draw.form("matrix", "scalar"), precision(draw)
    x = draw.tensor("x", draw.choice("leaf", "interior"), form, dtype=dtype)
    y = draw.tensor("y", draw.choice("leaf", "interior"), form.shape, dtype=dtype)
    first = see.call(repaired, x, name="the call with x")
    second = see.call(repaired, y, name="the call with y")
    again = see.call(repaired, x, name="the second call with x")
    see.value("the results", [first, second, again], f"each time {REPAIRED}")
    later = yield
    loss = torch.log(first) * torch.log(second) * later.number(0.5, 2.0) + again * later.number(0.5, 2.0)
    asked = "a backward sends each input exp of itself, times what its results receive"
    see.gradients("the backward", loss.backward, asked, x=draw.source(x), y=draw.source(y))
    draw.feature(*AGAIN)
    change(later, x)
    other = see.call(repaired, x, name="a call after x was changed")
    see.value("the result after x was changed", other, f"each time {REPAIRED}, of the values that x has then")
    see.value("the earlier results, looked at again", [first, second, again], AS_BEFORE)


# with_row -----------------------------------------------------------------------------------------------

REPLACED = "the result is x with row i replaced by v"
UNTOUCHED = "x itself is not written into: values, version and flags are unchanged"
ROWS = (
    "a row in the middle",
    "the first row",
    "the last row",
    "the only row",
    "a row with one column",
    "a row of a matrix that is not contiguous",
    "a row that stands in x twice",
    "a row that has the values of v already",
)


def matrix_and_row(
    draw: Draw, x_kind: str, v_kind: str, *rows: str, dtype: torch.dtype = torch.float32
) -> tuple[Tensor, int, Tensor]:
    """Draw x, the row's number and v; which row, and of which matrix, is one of ``rows``."""
    row = draw.choice(*rows)
    n, d = draw.integer(3, 4), draw.integer(2, 4)
    form = {"the only row": Form((1, d)), "a row with one column": Form((n, 1))}.get(row, Form((n, d)))
    if "contiguous" in row:
        form = Form((n, d), order=(1, 0), special=True)
    i = {"the first row": 0, "the last row": n - 1, "the only row": 0}.get(row, 1)
    x = draw.tensor("x", x_kind, form, dtype=dtype, made_by=torch.sin)  # it saves its input: x may be edited
    v = draw.tensor("v", v_kind, form.shape[1:], dtype=dtype, made_by=torch.sin)
    with torch.no_grad():
        if "twice" in row:
            x[0] = x[1]
        elif "already" in row:
            x[1] = v
    draw.feature(row)
    draw.given.append(f"i = {i}: {row}")
    return x, i, v


@case("with_row", "both x and v require grad", "07-in-place#replacing-a-part-out-of-place")
def both_learn(with_row: Function, draw: Draw, see: Observer):
    kinds = draw.choice(("leaf", "leaf"), ("interior", "view"))
    x, i, v = matrix_and_row(draw, *kinds, *ROWS, dtype=precision(draw))
    leaves = {"x": draw.source(x), "v": draw.source(v)}
    draw.prefill(*leaves.values())
    result = see.call(with_row, x, i, v)
    see.value("the result", result, REPLACED)
    see.sharing("x, v and the result", "the result is a new tensor, in memory of its own", x=x, v=v, result=result)
    later = yield
    loss = loss_of(later, result)
    asked = "v gets the gradient of row i; x gets that of every other row, and none in row i"
    see.gradients("the backward", loss.backward, asked, **leaves)


@case("with_row", "x or v is a constant", "07-in-place#replacing-a-part-out-of-place")
def one_learns(with_row: Function, draw: Draw, see: Observer):
    kinds = draw.choice(
        ("constant", "leaf"),
        ("constant", "interior"),
        ("leaf", "constant"),
        ("interior", "constant"),
        ("constant", "constant"),
    )
    rows = "a row in the middle", "a row of a matrix that is not contiguous"
    x, i, v = matrix_and_row(draw, *kinds, *rows)
    result = see.call(with_row, x, i, v)
    see.value("the result", result, REPLACED)
    see.sharing("x, v and the result", "the result is a new tensor, in memory of its own", x=x, v=v, result=result)
    later = yield
    leaves = {name: draw.source(tensor) for name, tensor in {"x": x, "v": v}.items() if draw.learns(tensor)}
    loss = loss_of(later, result)
    if leaves:
        asked = "the one that requires grad gets its gradient; x gets none in row i"
        see.gradients("the backward", loss.backward, asked, **leaves)


@case("with_row", "x has been used before and is used again", "07-in-place#a-version-for-every-write")
def x_goes_on(with_row: Function, draw: Draw, see: Observer):
    kind, rows = draw.choice("leaf", "interior", "view"), ("the first row", "a row of a matrix that is not contiguous")
    x, i, v = matrix_and_row(draw, kind, "leaf", *rows)
    draw.hook(x=x, v=v)
    used, before = draw.choice(torch.exp, torch.square)(x), see.look(x=x, v=v)
    result = see.written("what the call writes into", lambda: see.call(with_row, x, i, v), UNTOUCHED, x=x, v=v)
    see.value("x and v afterwards", [x, v], UNTOUCHED)
    see.left("what has changed on x and v", before, "nothing is left on x or v", x=x, v=v)
    see.value("the result", result, REPLACED)
    later = yield
    earlier = (used * later.numbers(x.shape, dtype=x.dtype)).sum()
    loss = loss_of(later, result) + earlier + loss_of(later, x, torch.tanh)
    asked = "what was computed from x before the call, and what is computed after it, sends its gradient to x as usual"
    see.gradients("the backward", loss.backward, asked, x=draw.source(x), v=v)
    draw.feature(*AGAIN)
    asked = "each call replaces the row of the x that it is given, by the v that it is given, as they are then"
    row, other = len(x) - 1, later.tensor("another v", "constant", tuple(v.shape))
    again = see.call(with_row, x, row, other, name="a call with another i and v")
    see.value("the result with another i and v", again, asked)
    change(later, x)
    change(later, v)
    again = see.call(with_row, x, i, v, name="a call after x and v were changed")
    see.value("the result after x and v were changed", again, asked)
    stranger = later.tensor("another x", "leaf", tuple(x.shape))
    again = see.call(with_row, stranger, i, v, name="a call with another x")
    see.value("the result with another x", again, asked)
    see.value("the first result, looked at again", result, AS_BEFORE)


@case("with_row", "v is computed from another row of x", "07-in-place#views-and-aliases")
def v_comes_from_x(with_row: Function, draw: Draw, see: Observer):
    rows, columns = draw.integer(3, 4), draw.integer(2, 4)
    x = draw.tensor("x", draw.choice("leaf", "interior"), (rows, columns))
    i, j = draw.choice((0, rows - 1), (rows - 1, 0), (1, 0))
    of, words = draw.choice((lambda row: row, f"x[{j}]"), (torch.sin, f"x[{j}].sin()"))
    draw.feature("a v that is computed from x", "a v that is a row of x")
    draw.given.append(f"i = {i}, v is {words}")
    result = see.call(with_row, x, i, of(x[j]))
    see.value("the result", result, REPLACED)
    see.value("x afterwards", x, UNTOUCHED)
    later = yield
    loss = loss_of(later, result)
    asked = "the row that v comes from gets its own gradient and what v sends it; row i gets none"
    see.gradients("the backward", loss.backward, asked, x=draw.source(x))


@case("with_row", "two rows are replaced, one after the other", "07-in-place#replacing-a-part-out-of-place")
def two_rows(with_row: Function, draw: Draw, see: Observer):
    x, i, v = matrix_and_row(draw, draw.choice("leaf", "view", "constant"), "leaf", "a row in the middle")
    u, j = draw.tensor("u", "interior", v.shape, dtype=v.dtype), draw.choice(len(x) - 1, 1)
    draw.given.append(f"then row {j} of the result is replaced by u")
    first = see.call(with_row, x, i, v, name="the first call")
    second = see.call(with_row, first, j, u, name="the second call")
    see.value("the first result", first, "the first result is x with row i replaced by v, also after the second call")
    see.value("the second result", second, "the second result is the first with row j replaced by u")
    later = yield
    loss = loss_of(later, first) + loss_of(later, second, torch.square)
    asked = "each row's gradient goes to the tensor that the row came from"
    leaves = {"x": draw.source(x)} if draw.learns(x) else {}
    see.gradients("the backward", loss.backward, asked, v=v, u=draw.source(u), **leaves)


# writes_to ----------------------------------------------------------------------------------------------

Judged = Callable[[Tensor], Any]
Made = Callable[[float, Tensor], Judged]  # from a number and x, the function that is judged


def quiet(write: Judged) -> Judged:
    """Return ``write`` without its result and under no_grad."""

    def run(t: Tensor) -> None:
        with torch.no_grad():
            write(t)

    return run


def plus_equals(number: float) -> Judged:
    """Return a function that says ``+=``."""

    def run(t: Tensor) -> Tensor:
        t += number
        return t

    return run


def plus(number: float) -> Judged:
    """Return a function that says ``= +``, and writes into what is then called t."""

    def run(t: Tensor) -> Tensor:
        t = t + number
        t *= number
        return t

    return run


def set_to(of: Judged, number: float) -> Judged:
    """Return a function that fills something made of its argument by an assignment, and returns nothing."""

    def run(t: Tensor) -> None:
        of(t)[...] = number

    return run


def on_values(x: Tensor, same: Judged, other: Judged) -> Judged:
    """Return a function that does ``same`` to a tensor with the values of x, and ``other`` to any other."""
    values = x.detach().clone()
    return lambda t: (same if torch.allclose(t.detach(), values) else other)(t)


# Of two that differ in one letter, one writes.
PLAIN: dict[str, Made] = {
    "t.add_(c)": lambda c, _: lambda t: t.add_(c),
    "t.add(c)": lambda c, _: lambda t: t.add(c),
    "t = t + c; t *= c": lambda c, _: plus(c),
    "t += c": lambda c, _: plus_equals(c),
    "t[...] = c": lambda c, _: set_to(lambda t: t, c),
    "t.clone()[...] = c": lambda c, _: set_to(lambda t: t.clone(), c),
    "t.sub(c) under no_grad": lambda c, _: quiet(lambda t: t.sub(c)),
    "t.sub_(c) under no_grad": lambda c, _: quiet(lambda t: t.sub_(c)),
    "t.mul_(c) if t has the values of x, else t.mul(c)": lambda c, x: on_values(
        x, lambda t: t.mul_(c), lambda t: t.mul(c)
    ),
    "t.mul(c) if t has the values of x, else t.mul_(c)": lambda c, x: on_values(
        x, lambda t: t.mul(c), lambda t: t.mul_(c)
    ),
}
SAME_VALUES: dict[str, Made] = {
    "t.mul_(1)": lambda c, _: lambda t: t.mul_(1) * c,
    "t.mul(1)": lambda c, _: lambda t: t.mul(1) * c,
    "t.clone().copy_(t)": lambda c, _: lambda t: t.clone().copy_(t) + c,
    "t.copy_(t.clone())": lambda c, _: lambda t: t.copy_(t.clone()) + c,
    "t.neg_().neg_()": lambda c, _: quiet(lambda t: t.neg_().neg_() * c),
    "t.neg().neg_()": lambda c, _: quiet(lambda t: t.neg().neg_() * c),
    "t.clamp(-100, 100 + c)": lambda c, _: lambda t: t.clamp(-100, 100 + c),
    "t.clamp_(-100, 100 + c)": lambda c, _: lambda t: t.clamp_(-100, 100 + c),
}
ALIASES: dict[str, Made] = {
    "t[None].mul_(c)": lambda c, _: lambda t: t[None].mul_(c),
    "t[None].mul(c)": lambda c, _: lambda t: t[None].mul(c),
    "t.sin().view_as(t)[...] = c": lambda c, _: set_to(lambda t: t.sin().view_as(t), c),
    "t.view_as(t)[...] = c": lambda c, _: set_to(lambda t: t.view_as(t), c),
    "t.detach().add_(c)": lambda c, _: lambda t: t.detach().add_(c),
    "t.detach().clone().add_(c)": lambda c, _: lambda t: t.detach().clone().add_(c),
    "t.detach().exp()[...] = c": lambda c, _: set_to(lambda t: t.detach().exp(), c),
    "t.detach()[...] = c": lambda c, _: set_to(lambda t: t.detach(), c),
    "t.detach().mul_(1)": lambda _, __: quiet(lambda t: t.detach().mul_(1)),
}
RESULTS: dict[str, Made] = {
    # What is below zero stays there, so that the layer has something to write under every seed.
    "t.sub_(c), which returns nothing": lambda c, _: quiet(lambda t: t.sub_(c)),
    "t.exp(), which returns nothing": lambda _, __: quiet(lambda t: t.exp()),
    "t, returned as it is": lambda _, __: lambda t: t,
    "t.mul_(c), which returns t * c": lambda c, _: lambda t: (t.mul_(c), t * c)[1],
    "a view of t, returned": lambda _, __: lambda t: t.view_as(t),
    "t.detach(), returned": lambda _, __: lambda t: t.detach(),
    "zeros.add_(t), returned": lambda c, _: lambda t: torch.zeros_like(t).add_(t, alpha=c),
    "nn.LeakyReLU(c, inplace=True)": lambda c, _: nn.LeakyReLU(c, inplace=True),
    "nn.LeakyReLU(c)": lambda c, _: nn.LeakyReLU(c),
}
# x: its kind, its form, whether it has been edited before, its dtype.
INPUTS = (
    ("constant", "matrix", False, torch.float32),
    ("interior", "scalar", True, torch.float64),
    ("view", "vector", False, torch.float32),
    ("constant", "cube", True, torch.float64),
    ("interior", "vector", False, torch.float32),
    ("view", "cube", True, torch.float64),
)


def an_x(draw: Draw, name: str, number: int) -> Tensor:
    """Draw an x, one of ``INPUTS``; an edited one has a version above 0."""
    kind, form, edited, dtype = INPUTS[number % len(INPUTS)]
    x = draw.tensor(name, kind, draw.form(form), dtype=dtype)
    if x.requires_grad:
        x.register_hook(lambda gradient: 2 * gradient)
        draw.feature("a hook on an input")
        draw.given.append(f"a hook on {name} doubles its gradient")
    else:
        draw.prefill(x)
    if edited:
        x.mul_(draw.number(1.2, 1.8))
        draw.given.append(f"{name} has been edited in place before")
    return x


def judged(
    writes_to: Function, draw: Draw, see: Observer, functions: dict[str, Made], name: str, xs: Callable[[], Tensor]
) -> None:
    """Ask about each function, on an x from ``xs``, and observe the answers."""
    for words, made in functions.items():
        c, x = draw.number(0.2, 0.9), xs()
        place = f"fn is `{words}` with c = {c}, on {name}"
        answer = see.call(writes_to, made(c, x), x, name=f"the call where {place}")
        see.value(f"the answer where {place}", answer, f"fn is `{words}`: True if fn(x) writes into x, otherwise False")


def ask(writes_to: Function, draw: Draw, see: Observer, functions: dict[str, Made]) -> Any:
    """Ask about each function, first on an x of its own, then all on one x."""
    number, xs = draw.choice(*range(len(INPUTS))), []

    def own() -> Tensor:
        xs.append(an_x(draw, f"x {len(xs)}" if xs else "x", number))
        return xs[-1]

    judged(writes_to, draw, see, functions, "an x of its own", own)
    later = yield
    x = an_x(later, "the x of all functions", number + 1)
    judged(writes_to, later, see, functions, "one x for all", lambda: x)
    draw.feature("called again with the same object", "called again with another object")


@case("writes_to", "fn edits x, or a result of its own", "07-in-place#plus-equals-is-in-place")
def plain_writes(writes_to: Function, draw: Draw, see: Observer):
    yield from ask(writes_to, draw, see, PLAIN)


@case("writes_to", "a write would keep the values", "07-in-place#a-version-for-every-write")
def writes_that_keep_the_values(writes_to: Function, draw: Draw, see: Observer):
    yield from ask(writes_to, draw, see, SAME_VALUES)


@case("writes_to", "fn edits a view, a detached alias or a copy", "07-in-place#views-and-aliases")
def writes_through_an_alias(writes_to: Function, draw: Draw, see: Observer):
    yield from ask(writes_to, draw, see, ALIASES)


@case("writes_to", "fn's result says nothing about a write", "07-in-place#in-place-layers")
def results_that_tell_nothing(writes_to: Function, draw: Draw, see: Observer):
    yield from ask(writes_to, draw, see, RESULTS)
    layer, x = nn.LeakyReLU(draw.number(0.2, 0.4)), draw.numbers((2, 2))
    asked = "each call says what fn does then: an nn.LeakyReLU whose `inplace` is changed between two calls"
    for words in ("inplace is False", "inplace has become True", "inplace is False again"):
        layer.inplace = "True" in words
        see.value(f"the answer when {words}", see.call(writes_to, layer, x, name=f"the call when {words}"), asked)
    draw.feature("called again after the object has changed")


# update_running -----------------------------------------------------------------------------------------

UPDATED = "buf becomes m * buf + (1 - m) * x"
IN_PLACE = "the update is in place"
NO_GRAPH = "buf has no graph: a leaf that does not require grad"


def share(draw: Draw, name: str = "m") -> float:
    """Draw the share of the old value, away from a half."""
    m = draw.number(0.65, 0.95)
    draw.given.append(f"{name} = {m}")
    return m


def buffer(draw: Draw, form: Form, dtype: torch.dtype = torch.float32, name: str = "buf") -> tuple[Tensor, Tensor]:
    """Draw a buffer; return it, and a tensor in whose memory it lies: an alias, or a larger constant."""
    what = draw.choice("a buffer", "a buffer of zeros", "a buffer that is a view of a larger constant")
    draw.feature(what)
    if "larger" in what:
        whole = draw.numbers((*form.shape, 2), dtype=dtype)
        draw.given.append(f"{name} is a view of a larger constant: {tuple(form.shape)} of its numbers ({dtype})")
        return whole[..., 1], whole
    buf = draw.tensor(name, "constant", form, dtype=dtype)
    if "zeros" in what:
        buf.zero_()
        draw.given.append(f"{name} is all zeros")
    return buf, buf.view_as(buf)


@case("update_running", "x requires grad, or not", "07-in-place#buffers-join-the-graph")
def no_graph_on_buf(update_running: Function, draw: Draw, see: Observer):
    form, dtype = draw.form(*ALL), precision(draw)
    buf, memory = buffer(draw, form, dtype)
    x = draw.tensor("x", draw.choice("constant", "leaf", "interior", "view"), form, dtype=dtype)
    see.call(update_running, buf, x, share(draw))
    see.value("buf afterwards", buf, UPDATED)
    asked = f"{IN_PLACE}: whatever lies in the memory of buf shows it, and nothing else is written"
    see.value("the memory of buf afterwards", memory, asked)
    see.flags("the flags of buf", buf, NO_GRAPH)
    later = yield
    w = later.tensor("w", "leaf", form, dtype=dtype)
    leaves = {"w": w, "x": draw.source(x)} if draw.learns(x) else {"w": w}
    loss = loss_of(later, buf * w)
    see.gradients("a backward from buf * w", loss.backward, "no gradient goes through buf to x", **leaves)


@case("update_running", "buf was saved for a backward before", "07-in-place#a-version-for-every-write")
def the_version_of_buf(update_running: Function, draw: Draw, see: Observer):
    form = draw.form("matrix", "scalar")
    buf, memory = buffer(draw, form)
    x, w = draw.tensor("x", draw.choice("constant", "leaf", "interior"), form), draw.tensor("w", "leaf", form)
    recorded, m, before = w * buf, share(draw), see.look(buf=buf, x=x)
    asked = f"{IN_PLACE}, and the version of buf goes up"
    run = lambda: see.call(update_running, buf, x, m)
    see.written("what the call writes into", run, asked, buf=buf, memory=memory)
    see.value("buf afterwards", buf, UPDATED)
    see.left("what has changed on buf and x", before, "nothing is left on buf or x", buf=buf, x=x)
    later = yield
    loss = loss_of(later, recorded)
    asked = "a backward that needs the old values of buf raises"
    see.refused_for_an_edit("a backward from an earlier w * buf", loss.backward, asked, w=w)


@case("update_running", "x is used before and afterwards", "07-in-place#views-and-aliases")
def x_is_unchanged(update_running: Function, draw: Draw, see: Observer):
    form, dtype = draw.form("matrix", "cube"), precision(draw)
    buf = draw.tensor("buf", "constant", form, dtype=dtype)
    x = draw.tensor("x", draw.choice("leaf", "interior", "view"), form, dtype=dtype)
    draw.prefill(draw.source(x))
    draw.hook(x=x)
    used, m, before = draw.choice(torch.exp, torch.square)(x), share(draw), see.look(x=x)
    unchanged = "x itself is unchanged"
    see.written("what the call writes into", lambda: see.call(update_running, buf, x, m), unchanged, x=x)
    see.value("x afterwards", x, unchanged)
    see.left("what has changed on x", before, unchanged, x=x)
    see.value("buf afterwards", buf, UPDATED)
    later = yield
    loss = (used * later.numbers(x.shape, dtype=dtype)).sum() + loss_of(later, x)
    see.gradients("a backward through x", loss.backward, "x carries gradient as before", x=draw.source(x))


@case("update_running", "several updates follow each other, in a grad mode", "07-in-place#hiding-an-edit")
def the_grad_mode(update_running: Function, draw: Draw, see: Observer):
    form = draw.form("matrix", "scalar")
    buf, other = buffer(draw, form)[0], draw.tensor("another buf", "constant", form.shape)
    x, m = draw.tensor("x", draw.choice("constant", "leaf", "interior"), form), share(draw)
    y = draw.tensor("another x", draw.choice("constant", "leaf"), form.shape)
    with draw.mode_outside():
        for number, given in enumerate(((buf, x, m), (buf, y, share(draw, "the second m")), (other, x, m)), 1):
            see.call(update_running, *given, name=f"call {number}")
            see.grad_mode(f"the grad mode after call {number}", "the grad mode is unchanged")
            see.value(f"both bufs after call {number}", [buf, other], f"{UPDATED}, each time, and no other buf changes")
    later = yield
    draw.feature(*AGAIN)
    change(later, x)
    see.call(update_running, buf, x, m, name="a call after x was changed")
    see.grad_mode("the grad mode after it", "the grad mode is unchanged")
    see.value("both bufs after x was changed", [buf, other], f"{UPDATED}, each time, and no other buf changes")
    change(later, buf)
    see.call(update_running, buf, x, m, name="a call after buf was changed")
    see.value("both bufs after buf was changed", [buf, other], f"{UPDATED}, each time, and no other buf changes")
    see.flags("the flags of buf", buf, NO_GRAPH)
    w = later.tensor("w", "leaf", form.shape)
    leaves = {"w": w, "x": draw.source(x)} if draw.learns(x) else {"w": w}
    loss = loss_of(later, buf * w)
    see.gradients("a backward from buf * w", loss.backward, "no gradient goes through buf to x", **leaves)


# capture ------------------------------------------------------------------------------------------------


class ScaleInPlace(nn.Module):
    """Multiplies what it is given, in place."""

    def __init__(self, factor: float):
        super().__init__()
        self.factor = factor

    def forward(self, h: Tensor) -> Tensor:
        """Write into ``h`` and return it."""
        return h.mul_(self.factor)


class FirstTwo(nn.Module):
    """Returns a view of what it is given: its first two columns."""

    def forward(self, h: Tensor) -> Tensor:
        """Return the view."""
        return h[:, :2]


class Centre(nn.Module):
    """Subtracts a part of the batch's mean, in training mode alone, and weighs the features; it can be broken."""

    def __init__(self, size: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.register_buffer("shift", torch.zeros(size))
        self.register_buffer("factor", torch.zeros(size), persistent=False)
        self.strike = lambda: None

    def forward(self, h: Tensor) -> Tensor:
        """Return the features, centred or not."""
        self.strike()
        return (h - h.mean(0) / 2 if self.training else h) * self.weight * self.factor + self.shift


# By what the layer is: the layer, how many columns it returns, and the layer that overwrites them.
LAYERS: dict[str, Callable[[Draw], tuple[nn.Module, int, nn.Module]]] = {
    "an nn.Linear": lambda _: (nn.Linear(3, 4), 4, nn.ReLU(inplace=True)),
    "an nn.Sequential": lambda draw: (
        nn.Sequential(nn.Tanh(), nn.Linear(3, 4)),
        4,
        nn.LeakyReLU(draw.number(0.2, 0.4), inplace=True),
    ),
    "a layer that writes into its input and returns it": lambda draw: (
        ScaleInPlace(draw.number(1.5, 2.5)),
        3,
        nn.ReLU(inplace=True),
    ),
    "a layer that returns a view of its input": lambda draw: (FirstTwo(), 2, ScaleInPlace(draw.number(1.5, 2.5))),
}
DIRECT = "an nn.Sequential"  # which is a child of the model itself; the others lie deeper
MODES = ("in training mode", "in evaluation mode", "in training mode, but for model.first")
BATCHES = ("rows", "one row", "transposed")


class Net(nn.Module):
    """A layer that knows of the mode, the layer, one that overwrites its output, a head, and a path beside them."""

    def __init__(self, draw: Draw, what: str):
        super().__init__()
        layer, size, editing = LAYERS[what](draw)
        self.side, self.first = nn.Linear(3, size), Centre(3)
        self.scale = nn.Parameter(torch.ones(2))
        head = nn.Linear(size, 2)
        if what == DIRECT:
            self.layer, self.body = layer, nn.Sequential(editing, head)
        else:
            self.body = nn.Sequential(nn.Sequential(layer, editing), head)
        for shared in layer.parameters():
            if shared.dim() == 2:
                self.side.weight = shared

    def forward(self, x: Tensor) -> Tensor:
        """Run both paths; the layer sees neither x nor the model's output."""
        beside, h = self.side(x).tanh().sum(1, keepdim=True), self.first(x)
        return self.body(self.layer(h) if hasattr(self, "layer") else h) * self.scale + beside

    @property
    def in_the_middle(self) -> nn.Module:
        """The layer that is captured."""
        return self.layer if hasattr(self, "layer") else self.body[0][0]


def a_net(draw: Draw, what: str, dtype: torch.dtype = torch.float32, mode: str = MODES[0]) -> Net:
    """Draw a model around such a layer, in which one parameter is frozen."""
    model = Net(draw, what).to(dtype)
    with torch.no_grad():
        for values in (*model.parameters(), *model.buffers()):
            values.copy_(draw.numbers(values.shape, dtype=dtype))
    model.side.bias.requires_grad_(False)
    model.train(mode != MODES[1])
    model.first.train(mode == MODES[0])
    draw.given.append(f"layer is {what}, in the middle of model; model is {mode}")
    draw.feature(
        "a frozen parameter",
        "a buffer",
        "a non-persistent buffer",
        "a child with children",
        "a child with parameters of its own",
        "parameters of the model itself",
        "a model that mixes the rows of a batch",
    )
    if what in ("an nn.Linear", "an nn.Sequential"):
        draw.feature("a shared parameter")
    if "view" in what:
        draw.feature("a model that returns a view of its input")
    if "and returns it" in what:
        draw.feature("a model that returns its input")
    if mode != MODES[0]:
        draw.feature("a model that is in evaluation mode")
    return model


def batch(draw: Draw, name: str = "x", what: str = "rows", dtype: torch.dtype = torch.float32) -> Tensor:
    """Draw an x with three columns."""
    forms = {"one row": Form((1, 3)), "transposed": Form((4, 3), order=(1, 0), special=True)}
    return draw.tensor(name, "constant", forms.get(what, Form((draw.integer(2, 4), 3))), dtype=dtype)


def everywhere(model: nn.Module) -> dict[str, Any]:
    """Return what stands behind a model and is not seen on it: its modules, their classes' forwards, global hooks."""
    found: dict[str, Any] = {f"the module at {name or 'the top'}": part for name, part in model.named_modules()}
    found |= {f"the forward of {type(part).__name__}": type(part).forward for part in model.modules()}
    tables = {name: table for name, table in vars(every_module).items() if name.startswith("_global_")}
    return found | {
        f"a {name.strip('_').replace('_', ' ').removesuffix('s')} of torch": tuple(table.values())
        for name, table in tables.items()
        if isinstance(table, dict)
    }


def replaced(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Say what of ``everywhere`` is no longer what it was."""
    return sorted(name for name in before | after if not the_same(before.get(name), after.get(name)))


def the_same(one: Any, other: Any) -> bool:
    """Whether two things are one object, or hold the same objects: who replaces one may say that it equals any."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return [*map(id, one)] == [*map(id, other)]
    return one is other


def learning(model: Net) -> dict[str, Tensor]:
    """Return some of the parameters, by what a learner calls them."""
    found = {
        "an earlier weight": model.first.weight,
        "a later weight": model.body[-1].weight,
        "model.scale": model.scale,
    }
    weights = [p for p in model.in_the_middle.parameters() if p.dim() == 2]
    return found | ({"layer.weight": weights[0]} if weights else {})


OUTPUT = "the result is what layer returned while model(x) ran, before a later layer overwrote it"
NO_GRAPH_OF_IT = "the result carries no graph: a leaf that does not require grad"
TRAINS = "the model still trains as before, each part in the mode that it was in"


@case("capture", "a later layer overwrites the output", "07-in-place#in-place-layers")
def the_output_as_it_was(capture: Function, draw: Draw, see: Observer):
    dtype, what = precision(draw), draw.choice(*LAYERS)
    model = a_net(draw, what, dtype, draw.choice(*MODES))
    x = batch(draw, "x", draw.choice(*BATCHES), dtype)
    with draw.mode_outside():
        captured = see.call(capture, model, model.in_the_middle, x)
        see.grad_mode("the grad mode afterwards", "the grad mode is unchanged, also under no_grad")
    see.value("the result", captured, OUTPUT)
    see.flags("the flags of the result", captured, NO_GRAPH_OF_IT)
    see.value("x afterwards", x, "x is unchanged")
    later = yield
    see.run(lambda: model(batch(later, "another x", dtype=dtype)))
    see.value("the result after model has run again", captured, "the result stays as it is when model runs again")


@case("capture", "the result is used in a loss", "07-in-place#looking-inside-a-model")
def no_gradient_through_it(capture: Function, draw: Draw, see: Observer):
    model = a_net(draw, draw.choice("an nn.Linear", "a layer that returns a view of its input"))
    x = batch(draw)
    captured = see.call(capture, model, model.in_the_middle, x)
    see.value("the result", captured, OUTPUT)
    later = yield
    w = later.numbers(captured.shape).requires_grad_()
    loss = loss_of(later, captured * w, torch.tanh)
    asked = "the result carries no graph: gradient goes to w, and through the result to nothing"
    see.gradients("a backward from the result * w", loss.backward, asked, w=w, **learning(model))
    draw.feature(*AGAIN)
    asked = "each call gives what layer returns then, for the model, the layer and the x that it is given"
    other = later.tensor("another x", "constant", tuple(x.shape))
    again = see.call(capture, model, model.in_the_middle, other, name="a call with another x")
    see.value("the result for another x", again, asked)
    again = see.call(capture, model, model.first, other, name="a call with another layer")
    see.value("the result of another layer", again, asked)
    change(later, model.first.weight)
    again = see.call(capture, model, model.in_the_middle, other, name="a call after the model was changed")
    see.value("the result after the model was changed", again, asked)
    model = a_net(later, "an nn.Linear")
    again = see.call(capture, model, model.in_the_middle, other, name="a call with another model")
    see.value("the result of another model", again, asked)
    see.value("the first result, looked at again", captured, AS_BEFORE)


@case("capture", "the model is looked at afterwards", "07-in-place#looking-inside-a-model")
def nothing_is_left(capture: Function, draw: Draw, see: Observer):
    model = a_net(draw, draw.choice(*LAYERS), mode=draw.choice(*MODES))
    layer, x = model.in_the_middle, batch(draw)
    if draw.choice(False, True):
        layer.register_forward_hook(lambda *_: None)
        draw.feature("a hook on an input")
        draw.given.append("layer has a hook of the caller, which does nothing")
    before, behind = see.look(model=model, x=x), everywhere(model)
    captured = see.call(capture, model, layer, x)
    asked = "nothing is left attached to model or its layers, nothing that was there is gone, and x is unchanged"
    see.left("what has changed on model and x", before, asked, model=model, x=x)
    asked = "model consists of the same modules, and no hook is left anywhere"
    see.value("what has been replaced or added", replaced(behind, everywhere(model)), asked)
    later = yield
    see.value("the result", captured, OUTPUT)
    see.call(capture, model, layer, batch(later, "another x"), name="a second call")
    asked = "nothing is left attached to model or its layers, after a second call either"
    see.left("what has changed after both calls", before, asked, model=model, x=x)
    error = ValueError("model.first is broken")
    model.first.strike = raising(error)
    draw.feature("a model that raises")
    asked = "where a layer before layer raises, that exception itself reaches the caller"
    see.raised("a call when model.first raises", lambda: capture(model, layer, x), asked, error=error)
    asked = "nothing is left where a layer before layer raises either"
    see.left("what has changed after that exception", before, asked, model=model, x=x)
    see.value("what has been replaced or added then", replaced(behind, everywhere(model)), asked)


def raising(error: Exception) -> Callable[[], None]:
    """Return a function that raises."""

    def strike() -> None:
        raise error

    return strike


@case("capture", "the model trains afterwards", "07-in-place#looking-inside-a-model")
def the_model_trains(capture: Function, draw: Draw, see: Observer):
    what = draw.choice("an nn.Linear", "a layer that writes into its input and returns it")
    model = a_net(draw, what, mode=draw.choice(*MODES))
    leaves = learning(model)
    draw.prefill(*leaves.values())
    captured = see.call(capture, model, model.in_the_middle, batch(draw))
    see.value("the result", captured, OUTPUT)
    later = yield
    output = see.run(lambda: model(batch(later, "another x")))
    see.value("the output for another x", output, TRAINS)
    see.gradients("a backward on another batch", loss_of(later, output * 0.3, torch.tanh).backward, TRAINS, **leaves)
