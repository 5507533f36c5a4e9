"""The cases of 03-detach: which inputs a function is given, and what is observed of it."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gradstop.observe import AGAIN, ALL, FILLED, Draw, Observer, case

Function = Callable[..., Any]
MODES = (torch.enable_grad, torch.no_grad, torch.inference_mode)


def loss_of(later: Draw, result: Tensor, consumer: Function | None = None) -> Tensor:
    """Make a scalar of ``result`` by weights, and a consumer, that nobody knew when it was computed."""
    weights = later.numbers(result.shape, dtype=result.dtype)
    consumer = consumer or later.choice(torch.exp, torch.square)  # one saves its result, one what it is given
    return (consumer(result) * weights).sum()


def edit(later: Draw, target: Any, shape: torch.Size, modes: tuple[Function, ...] = MODES) -> Callable[[], None]:
    """Return an edit of one element, at a place and in a grad mode that are drawn."""
    place = tuple(later.integer(0, size - 1) for size in shape)
    number, mode = later.number(2.0, 3.0), later.choice(*modes)
    later.given.append(f"element {list(place)} is set to {number} under {mode.__name__}")

    def run() -> None:
        with mode():
            target[place] = number

    return run


# stop ---------------------------------------------------------------------------------------------------


@case("stop", "x requires grad", "03-detach#same-memory-new-tensor")
def a_constant_on_the_same_memory(stop: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior", "view"), dtype=draw.choice(torch.float32, torch.float64))
    before = see.look(x=x)
    with draw.mode_outside():
        result = see.call(stop, x)
    constant = "03-detach#the-result-is-a-constant"
    see.flags("the result", result, "the result is a leaf that does not require grad", constant)
    see.same("the result and x", result, x, "the result is a new tensor")
    see.sharing("x and the result", "the result lies in the memory of x", x=x, result=result)
    see.value("the result's values", result, "the result has the values of x")
    later = yield
    see.left("what has changed on x", before, "x itself is unchanged", x=x)
    see.flags("x afterwards", x, "x itself is unchanged")
    leaf = draw.source(x)
    see.gradients("a backward from x", loss_of(later, x).backward, "x still carries gradient", x=leaf)


@case("stop", "the result is edited in place", "03-detach#same-memory-new-tensor")
def an_edit_shows(stop: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior", "view"), draw.form(*FILLED))
    result = see.call(stop, x)
    later = yield
    see.raised("the edit", edit(later, result, x.shape), "the result may be edited in place, in any grad mode")
    see.value("x after the edit", x, "an edit of the result shows in x")
    draw.feature(*AGAIN)
    asked = "each call gives a new tensor, with the values that x has then"
    again = see.call(stop, x, name="a second call")
    see.value("the second result", again, asked)
    see.same("the second result and the first", again, result, asked)
    other = later.tensor("y", "leaf", tuple(x.shape))
    see.value("the result of a call with y", see.call(stop, other, name="a call with y"), asked)
    see.value("the first result after the other calls", result, "what an earlier call returned stays what it is")


@case("stop", "the result is edited before a backward", "03-detach#edits-are-noticed")
def a_stale_backward_raises(stop: Function, draw: Draw, see: Observer):
    kind, dtype = draw.choice("leaf", "interior", "view"), draw.choice(torch.float32, torch.float64)
    x = draw.tensor("x", kind, draw.form("matrix", "scalar"), dtype=dtype)
    result = see.call(stop, x)
    later = yield
    loss = (later.choice(torch.sin, torch.square)(x) * later.numbers(x.shape, dtype=x.dtype)).sum()
    see.raised("the edit", edit(later, result, x.shape), "the result may be edited in place, in any grad mode")
    see.value("x after the edit", x, "an edit of the result shows in x")
    asked, read = "a backward that needs the old values raises", "03-detach#data-is-not-detach"
    see.refused_for_an_edit("the backward", loss.backward, asked, read, x=draw.source(x))


@case("stop", "the result is edited before a backward that does not need its values", "03-detach#edits-are-noticed")
def a_backward_that_needs_nothing(stop: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", "leaf", draw.form("matrix", "vector"))
    result = see.call(stop, x)
    later = yield
    loss = (-x * later.numbers(x.shape)).sum()
    see.raised("the edit", edit(later, result, x.shape), "the result may be edited in place, in any grad mode")
    see.value("x after the edit", x, "an edit of the result shows in x")
    see.gradients("the backward", loss.backward, "a backward that needs no old values goes through", x=x)


@case("stop", "x and the result are used together", "03-detach#one-path-is-cut")
def one_path_of_two(stop: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior"))
    leaf = draw.source(x)
    draw.prefill(leaf)
    draw.hook(x=x)
    result = see.call(stop, x)
    later = yield
    loss = loss_of(later, x * result)
    see.gradients("a backward from x * stop(x)", loss.backward, "gradient reaches x through x alone", x=leaf)


# scale_grad ---------------------------------------------------------------------------------------------


def factor(draw: Draw, name: str = "a") -> float:
    """Draw a factor that is neither 0 nor 1."""
    value = draw.choice(draw.number(0.2, 0.8), -draw.number(0.3, 2.0), draw.integer(2, 4))
    draw.feature("a negative factor" if value < 0 else "a whole factor" if isinstance(value, int) else "a factor")
    draw.given.append(f"{name} = {value}")
    return value


@case("scale_grad", "the result is the only use of x", "03-detach#one-path-is-cut")
def one_use(scale_grad: Function, draw: Draw, see: Observer):
    dtype = draw.choice(torch.float32, torch.float64)
    x = draw.tensor("x", draw.choice("leaf", "interior", "view"), dtype=dtype)
    before = see.look(x=x)
    result = see.call(scale_grad, x, factor(draw))
    see.value("the result", result, "the result has the value of x")
    later = yield
    see.left("what has changed on x", before, "x itself is unchanged", x=x)
    loss = loss_of(later, result)
    see.gradients("the backward", loss.backward, "the gradient is multiplied by a", x=draw.source(x))


@case("scale_grad", "x is used elsewhere too", "03-detach#one-path-is-cut")
def another_use(scale_grad: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior", "view"), draw.form("matrix", "vector"))
    leaf = draw.source(x)
    draw.prefill(leaf)
    result = see.call(scale_grad, x, factor(draw))
    later = yield
    # Where both uses meet in one sum they receive one gradient tensor, which neither may write into.
    met = later.choice("apart", "result + x", "x + result")
    if met == "apart":
        loss = loss_of(later, result, torch.exp) + loss_of(later, x, torch.square)
    else:
        loss = loss_of(later, result + x if met == "result + x" else x + result, torch.exp)
    see.gradients("the backward", loss.backward, "only this use is scaled; other uses of x keep their gradient", x=leaf)


@case("scale_grad", "x is scaled twice, by two factors", "03-detach#one-path-is-cut")
def two_uses(scale_grad: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior"), draw.form("matrix", "scalar"))
    draw.hook(x=x)
    a = factor(draw, "the first a")
    first = see.call(scale_grad, x, a, name="the first call")
    second = see.call(scale_grad, x, factor(draw, "the second a"), name="the second call")
    later = yield
    draw.feature(*AGAIN)
    see.value("the first result after the second call", first, "the result has the value of x")
    loss = loss_of(later, first, torch.exp) + loss_of(later, second, torch.square)
    see.gradients("the backward", loss.backward, "each use has its own factor", x=draw.source(x))
    other = later.tensor("y", "leaf", tuple(x.shape))
    third = see.call(scale_grad, other, later.number(2.1, 5.0), name="a call with y")
    asked = "each call scales the gradient of the tensor that it is given"
    see.gradients("a backward from the call with y", loss_of(later, third).backward, asked, x=draw.source(x), y=other)
    moved = later.numbers(x.shape)
    with torch.no_grad():
        x.copy_(moved)
    again = see.call(scale_grad, x, a, name="a call after x was changed")
    see.value("the result after x was changed", again, "the result has the value that x has then")


@case("scale_grad", "a is 0", "03-detach#errors-you-will-meet")
def zero(scale_grad: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior"), draw.form("matrix", "scalar"))
    draw.feature("a factor of 0")
    result = see.call(scale_grad, x, draw.choice(0.0, 0))
    see.value("the result", result, "the result has the value of x")
    later = yield
    loss, other = loss_of(later, result), loss_of(later, x)
    asked = "with a = 0 a backward gives zeros and no error"
    see.gradients("the backward", lambda: loss.backward(retain_graph=True), asked, x=draw.source(x))
    asked = "another use of x keeps its own gradient"
    see.gradients("a backward from another use", other.backward, asked, x=draw.source(x))


# one_path -----------------------------------------------------------------------------------------------


@case("one_path", "x and w are leaves", "03-detach#one-path-is-cut")
def two_leaves(one_path: Function, draw: Draw, see: Observer):
    form, dtype = draw.form(), draw.choice(torch.float32, torch.float64)
    x, w = draw.tensor("x", "leaf", form, dtype=dtype), draw.tensor("w", "leaf", form, dtype=dtype)
    draw.prefill(x, w)
    result = see.call(one_path, x, w)
    see.value("the result", result, "the result is x * w + x**2")
    later = yield
    loss = loss_of(later, result)
    see.gradients("the backward", loss.backward, "x learns through the square alone, w as usual", x=x, w=w)


@case("one_path", "w is an interior tensor, and gradients are there already", "03-detach#one-path-is-cut")
def interior_w(one_path: Function, draw: Draw, see: Observer):
    kind, form, dtype = draw.choice("interior", "view"), draw.form(*FILLED), draw.choice(torch.float32, torch.float64)
    x, w = draw.tensor("x", "leaf", form, dtype=dtype), draw.tensor("w", kind, form, dtype=dtype)
    draw.prefill(x, draw.source(w))
    result = see.call(one_path, x, w)
    see.value("the result", result, "the result is x * w + x**2")
    later = yield
    loss = loss_of(later, result)
    asked = "x learns through the square alone, w as usual; both are added to"
    see.gradients("the backward", loss.backward, asked, x=x, w=draw.source(w))


@case("one_path", "x is used again afterwards", "03-detach#the-result-must-be-used")
def x_goes_on(one_path: Function, draw: Draw, see: Observer):
    form = draw.form("matrix", "cube")
    x, w = draw.tensor("x", "leaf", form), draw.tensor("w", draw.choice("leaf", "constant"), form)
    draw.hook(x=x)
    earlier, before = loss_of(draw, x), see.look(x=x, w=w)
    result = see.call(one_path, x, w)
    see.left("what has changed on x and w", before, "x itself is unchanged, and so is w", x=x, w=w)
    see.flags("x afterwards", x, "x itself is unchanged: still a leaf that requires grad")
    see.value("the values of x afterwards", x, "x itself is unchanged")
    later = yield
    loss = loss_of(later, result, torch.exp) + loss_of(later, x, torch.square) + earlier
    see.gradients("the backward", loss.backward, "other uses of x, earlier and later, train it as usual", x=x, w=w)
    draw.feature(*AGAIN)
    asked = "each call computes with the tensors that it is given, as they are then"
    other, moved = later.tensor("another w", "constant", tuple(x.shape)), later.numbers(x.shape)
    see.value("the result with another w", see.call(one_path, x, other, name="a call with another w"), asked)
    with torch.no_grad():
        x.copy_(moved)
    again = see.call(one_path, x, w, name="a call after x was changed")
    see.value("the result after x was changed", again, asked)
    see.value("the first result, looked at again", result, "what an earlier call returned stays what it is")


# semi_gradient_mse --------------------------------------------------------------------------------------


@case("semi_gradient_mse", "pred and target come from two places", "03-detach#targets")
def two_sources(semi_gradient_mse: Function, draw: Draw, see: Observer):
    form, dtype = draw.form(*FILLED), draw.choice(torch.float32, torch.float64)
    pred = draw.tensor("pred", draw.choice("leaf", "interior", "view"), form, dtype=dtype)
    target = draw.tensor("target", draw.choice("leaf", "interior", "view"), form, dtype=dtype)
    leaves = {"pred": draw.source(pred), "target": draw.source(target)}
    draw.prefill(*leaves.values())
    loss = see.call(semi_gradient_mse, pred, target)
    see.value("the loss", loss, "the result is the mean squared error, a scalar")
    later = yield
    scaled = loss * later.number(0.5, 2.0)
    see.gradients("the backward", scaled.backward, "pred gets its gradient, target gets none", **leaves)


@case("semi_gradient_mse", "pred and target come from one ancestor", "03-detach#targets")
def one_ancestor(semi_gradient_mse: Function, draw: Draw, see: Observer):
    h = draw.tensor("h", draw.choice("leaf", "interior"), draw.form("matrix", "vector"))
    pred, target = (h * draw.numbers(h.shape)).sin(), (h * draw.numbers(h.shape)).tanh()
    direct = draw.choice(False, True)  # h itself may be the target
    target = h if direct else target
    draw.feature("two tensors of one ancestor", "a target that pred is computed from" if direct else "interior")
    draw.given.append(f"pred is computed from h, target is {'h' if direct else 'computed from it too'}")
    loss = see.call(semi_gradient_mse, pred, target)
    see.value("the loss", loss, "the result is the mean squared error, a scalar")
    later = yield
    scaled = loss * later.number(0.5, 2.0)
    asked = "gradient reaches h through pred alone"
    see.gradients("the backward", scaled.backward, asked, h=draw.source(h))


@case("semi_gradient_mse", "target is used again afterwards", "03-detach#the-result-must-be-used")
def target_goes_on(semi_gradient_mse: Function, draw: Draw, see: Observer):
    form = draw.form("matrix", "cube")
    pairs = (
        ("leaf", "leaf"),
        ("leaf", "interior"),
        ("leaf", "constant"),
        ("constant", "leaf"),
        ("constant", "interior"),
    )
    kinds = draw.choice(*pairs)
    pred, target = draw.tensor("pred", kinds[0], form), draw.tensor("target", kinds[1], form)
    given = {"pred": pred, "target": target}
    leaves = {name: draw.source(t) for name, t in given.items() if draw.learns(t)}
    draw.prefill(*leaves.values())
    if pred.requires_grad:
        draw.hook(pred=pred)
    before = see.look(**given)
    loss = see.call(semi_gradient_mse, pred, target)
    see.value("the loss", loss, "the result is the mean squared error, a scalar")
    see.left("what has changed on pred and target", before, "target itself is unchanged, and so is pred", **given)
    see.flags("target afterwards", target, "target itself is unchanged")
    see.value("the values of target afterwards", target, "target itself is unchanged")
    later = yield
    total = loss + loss_of(later, target)
    see.gradients("the backward", total.backward, "another use of target trains it as usual", **leaves)
    draw.feature(*AGAIN)
    asked = "each call computes with the tensors that it is given, as they are then"
    other, moved = later.tensor("another target", "constant", tuple(pred.shape)), later.numbers(pred.shape)
    again = see.call(semi_gradient_mse, pred, other, name="a call with another target")
    see.value("the loss to another target", again, asked)
    with torch.no_grad():
        target.copy_(moved)
    again = see.call(semi_gradient_mse, pred, target, name="a call after target was changed")
    see.value("the loss after target was changed", again, asked)
    see.value("the first loss, looked at again", loss, "what an earlier call returned stays what it is")


# to_numpy_copy ------------------------------------------------------------------------------------------


def any_tensor(draw: Draw, *kinds: str, forms: tuple[str, ...] = ALL) -> Tensor:
    """Draw a float32 or float64 tensor of one of these kinds.

    An interior one is a square, which all processors round alike: a float64 array of float32 numbers is compared to
    the last of their bits.
    """
    dtype = draw.choice(torch.float32, torch.float64)
    return draw.tensor("t", draw.choice(*kinds), draw.form(*forms), dtype=dtype, made_by=torch.square)


@case("to_numpy_copy", "t has a history or none", "03-detach#to-numpy")
def the_values(to_numpy_copy: Function, draw: Draw, see: Observer):
    t = any_tensor(draw, "constant", "leaf", "interior", "view")
    with draw.mode_outside():
        array = see.call(to_numpy_copy, t)
    see.value("the result", array, "the result is a NumPy array with the values and the dtype of t")
    yield


@case("to_numpy_copy", "the array is edited", "03-detach#to-numpy")
def an_edit_stays(to_numpy_copy: Function, draw: Draw, see: Observer):
    t = any_tensor(draw, "constant", "leaf", "interior", "view", forms=FILLED)
    array = see.call(to_numpy_copy, t)
    later = yield
    see.raised("the edit", edit(later, array, t.shape, (torch.enable_grad,)), "the array may be edited")
    see.value("t after the edit", t, "an edit of the array does not change t")
    draw.feature(*AGAIN)
    asked = "each call gives an array of its own, with the values that the tensor has then"
    with torch.no_grad():
        t.mul_(2)
    see.value("the result after t was changed", see.call(to_numpy_copy, t, name="a second call"), asked)
    other = later.tensor("another t", "constant", tuple(t.shape), dtype=t.dtype)
    see.value("the result with another t", see.call(to_numpy_copy, other, name="a call with another t"), asked)
    see.value("the first array after the other calls", array, "what an earlier call returned stays what it is")


@case("to_numpy_copy", "the array is edited before a backward through t", "03-detach#to-numpy")
def a_later_gradient(to_numpy_copy: Function, draw: Draw, see: Observer):
    t = any_tensor(draw, "leaf", "interior", "view", forms=("matrix", "vector"))
    draw.prefill(draw.source(t))
    draw.hook(t=t)
    before = see.look(t=t)
    array = see.call(to_numpy_copy, t)
    see.left("what has changed on t", before, "t itself is unchanged", t=t)
    see.flags("t afterwards", t, "t itself is unchanged")
    later = yield
    loss = loss_of(later, t)
    see.raised("the edit", edit(later, array, t.shape, (torch.enable_grad,)), "the array may be edited")
    asked = "an edit of the array does not change a gradient through t"
    see.gradients("the backward", loss.backward, asked, t=draw.source(t))
