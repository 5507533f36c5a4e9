"""The cases of 03-detach: which inputs a function is given, and what is observed of it."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gradstop.observe import Draw, Observer, case

Function = Callable[..., Any]
MODES = (torch.enable_grad, torch.no_grad, torch.inference_mode)


def loss_of(later: Draw, result: Tensor) -> Tensor:
    """Make a scalar of ``result`` by weights, and a consumer, that nobody knew when it was computed."""
    weights = later.numbers(result.shape, dtype=result.dtype)
    consumer = later.choice(torch.exp, torch.tanh, torch.square)
    return (consumer(result) * weights).sum()


def edit(later: Draw, target: Any, shape: torch.Size) -> Callable[[], None]:
    """Return an edit of one element, at a place and in a grad mode that are drawn."""
    place = tuple(later.integer(0, size - 1) for size in shape)
    number, mode = later.number(2.0, 3.0), later.choice(*MODES)
    later.given.append(f"element {list(place)} is set to {number} under {mode.__name__}")

    def run() -> None:
        with mode():
            target[place] = number

    return run


# stop ---------------------------------------------------------------------------------------------------


@case("stop", "x requires grad", "03-detach#same-memory-new-tensor")
def a_constant_on_the_same_memory(stop: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior", "view"), dtype=draw.choice(torch.float32, torch.float64))
    result = see.call(stop, x)
    constant = "03-detach#the-result-is-a-constant"
    see.flags("the result", result, "the result is a leaf that does not require grad", constant)
    see.same("the result and x", result, x, "the result is a new tensor")
    see.sharing("x and the result", "the result lies in the memory of x", x=x, result=result)
    see.value("the result's values", result, "the result has the values of x")
    later = yield
    see.flags("x afterwards", x, "x itself is unchanged")
    leaf = draw.source(x)
    see.gradients("a backward from x", loss_of(later, x).backward, "x still carries gradient", x=leaf)


@case("stop", "the result is edited in place", "03-detach#same-memory-new-tensor")
def an_edit_shows(stop: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior", "view"))
    result = see.call(stop, x)
    later = yield
    see.raised("the edit", edit(later, result, x.shape), "the result may be edited in place, in any grad mode")
    see.value("x after the edit", x, "an edit of the result shows in x")


@case("stop", "the result is edited before a backward", "03-detach#edits-are-noticed")
def a_stale_backward_raises(stop: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior", "view"), dtype=draw.choice(torch.float32, torch.float64))
    result = see.call(stop, x)
    later = yield
    loss = (later.choice(torch.sin, torch.square)(x) * later.numbers(x.shape, dtype=x.dtype)).sum()
    see.raised("the edit", edit(later, result, x.shape), "the result may be edited in place, in any grad mode")
    see.value("x after the edit", x, "an edit of the result shows in x")
    asked, read = "a backward that needs the old values raises", "03-detach#data-is-not-detach"
    see.gradients("the backward", loss.backward, asked, read, x=draw.source(x))


@case("stop", "the result is edited before a backward that does not need its values", "03-detach#edits-are-noticed")
def a_backward_that_needs_nothing(stop: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", "leaf")
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
    result = see.call(stop, x)
    later = yield
    loss = loss_of(later, x * result)
    see.gradients("a backward from x * stop(x)", loss.backward, "gradient reaches x through x alone", x=leaf)


# scale_grad ---------------------------------------------------------------------------------------------


def factor(draw: Draw, name: str = "a") -> float:
    """Draw a factor that is neither 0 nor 1."""
    value = draw.choice(draw.number(0.2, 0.8), draw.number(2.1, 5.0), -draw.number(0.3, 2.0), draw.integer(2, 4))
    draw.given.append(f"{name} = {value}")
    return value


@case("scale_grad", "the result is the only use of x", "03-detach#one-path-is-cut")
def one_use(scale_grad: Function, draw: Draw, see: Observer):
    dtype = draw.choice(torch.float32, torch.float64)
    x = draw.tensor("x", draw.choice("leaf", "interior", "view"), dtype=dtype)
    result = see.call(scale_grad, x, factor(draw))
    see.value("the result", result, "the result has the value of x")
    later = yield
    loss = loss_of(later, result)
    see.gradients("the backward", loss.backward, "the gradient is multiplied by a", x=draw.source(x))


@case("scale_grad", "x is used elsewhere too", "03-detach#one-path-is-cut")
def another_use(scale_grad: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior"))
    leaf = draw.source(x)
    draw.prefill(leaf)
    result = see.call(scale_grad, x, factor(draw))
    later = yield
    # Where both uses meet in one sum they receive one gradient tensor, which neither may write into.
    met = later.choice("result + x", "x + result", "apart")
    if met == "apart":
        loss = loss_of(later, result) + loss_of(later, x)
    else:
        loss = loss_of(later, result + x if met == "result + x" else x + result)
    see.gradients("the backward", loss.backward, "only this use is scaled; other uses of x keep their gradient", x=leaf)


@case("scale_grad", "x is scaled twice, by two factors", "03-detach#one-path-is-cut")
def two_uses(scale_grad: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior"))
    first = see.call(scale_grad, x, factor(draw, "the first a"), name="the first call")
    second = see.call(scale_grad, x, factor(draw, "the second a"), name="the second call")
    later = yield
    loss = loss_of(later, first) + loss_of(later, second)
    see.gradients("the backward", loss.backward, "each use has its own factor", x=draw.source(x))


@case("scale_grad", "a is 0", "03-detach#errors-you-will-meet")
def zero(scale_grad: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior"))
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
    shape = draw.shape()
    x, w = draw.tensor("x", "leaf", shape), draw.tensor("w", "leaf", shape)
    draw.prefill(x, w)
    result = see.call(one_path, x, w)
    see.value("the result", result, "the result is x * w + x**2")
    later = yield
    loss = loss_of(later, result)
    see.gradients("the backward", loss.backward, "x learns through the square alone, w as usual", x=x, w=w)


@case("one_path", "w is an interior tensor, and gradients are there already", "03-detach#one-path-is-cut")
def interior_w(one_path: Function, draw: Draw, see: Observer):
    shape, dtype = draw.shape(), draw.choice(torch.float32, torch.float64)
    x = draw.tensor("x", "leaf", shape, dtype=dtype)
    w = draw.tensor("w", draw.choice("interior", "view"), shape, dtype=dtype)
    draw.prefill(x, draw.source(w))
    result = see.call(one_path, x, w)
    see.value("the result", result, "the result is x * w + x**2")
    later = yield
    loss = loss_of(later, result)
    asked = "x learns through the square alone, w as usual; both are added to"
    see.gradients("the backward", loss.backward, asked, x=x, w=draw.source(w))


@case("one_path", "x is used again afterwards", "03-detach#the-result-must-be-used")
def x_goes_on(one_path: Function, draw: Draw, see: Observer):
    shape = draw.shape()
    x, w = draw.tensor("x", "leaf", shape), draw.tensor("w", draw.choice("leaf", "constant"), shape)
    earlier = loss_of(draw, x)
    result = see.call(one_path, x, w)
    see.flags("x afterwards", x, "x itself is unchanged: still a leaf that requires grad")
    see.value("the values of x afterwards", x, "x itself is unchanged")
    later = yield
    loss = loss_of(later, result) + loss_of(later, x) + earlier
    see.gradients("the backward", loss.backward, "other uses of x, earlier and later, train it as usual", x=x, w=w)


# semi_gradient_mse --------------------------------------------------------------------------------------


@case("semi_gradient_mse", "pred and target come from two places", "03-detach#targets")
def two_sources(semi_gradient_mse: Function, draw: Draw, see: Observer):
    shape, dtype = draw.shape(), draw.choice(torch.float32, torch.float64)
    pred = draw.tensor("pred", draw.choice("leaf", "interior", "view"), shape, dtype=dtype)
    target = draw.tensor("target", draw.choice("leaf", "interior", "view"), shape, dtype=dtype)
    leaves = {"pred": draw.source(pred), "target": draw.source(target)}
    draw.prefill(*leaves.values())
    loss = see.call(semi_gradient_mse, pred, target)
    see.value("the loss", loss, "the result is the mean squared error, a scalar")
    later = yield
    scaled = loss * later.number(0.5, 2.0)
    see.gradients("the backward", scaled.backward, "pred gets its gradient, target gets none", **leaves)


@case("semi_gradient_mse", "pred and target come from one ancestor", "03-detach#targets")
def one_ancestor(semi_gradient_mse: Function, draw: Draw, see: Observer):
    h = draw.tensor("h", draw.choice("leaf", "interior"))
    pred, target = (h * draw.numbers(h.shape)).sin(), (h * draw.numbers(h.shape)).tanh()
    direct = draw.choice(True, False)  # h itself may be the target
    target = h if direct else target
    draw.given.append(f"pred is computed from h, target is {'h' if direct else 'computed from it too'}")
    loss = see.call(semi_gradient_mse, pred, target)
    see.value("the loss", loss, "the result is the mean squared error, a scalar")
    later = yield
    scaled = loss * later.number(0.5, 2.0)
    asked = "gradient reaches h through pred alone"
    see.gradients("the backward", scaled.backward, asked, h=draw.source(h))


@case("semi_gradient_mse", "target is used again afterwards", "03-detach#the-result-must-be-used")
def target_goes_on(semi_gradient_mse: Function, draw: Draw, see: Observer):
    shape = draw.shape()
    pairs = (
        ("leaf", "leaf"),
        ("leaf", "interior"),
        ("leaf", "constant"),
        ("constant", "leaf"),
        ("constant", "interior"),
    )
    kinds = draw.choice(*pairs)
    pred, target = draw.tensor("pred", kinds[0], shape), draw.tensor("target", kinds[1], shape)
    leaves = {name: draw.source(t) for name, t in (("pred", pred), ("target", target)) if t.requires_grad}
    draw.prefill(*leaves.values())
    loss = see.call(semi_gradient_mse, pred, target)
    see.value("the loss", loss, "the result is the mean squared error, a scalar")
    see.flags("target afterwards", target, "target itself is unchanged")
    see.value("the values of target afterwards", target, "target itself is unchanged")
    later = yield
    total = loss + loss_of(later, target)
    see.gradients("the backward", total.backward, "another use of target trains it as usual", **leaves)


# to_numpy_copy ------------------------------------------------------------------------------------------


def any_tensor(draw: Draw, *kinds: str) -> Tensor:
    """Draw a float32 or float64 tensor of one of these kinds.

    An interior one is a square, which all processors round alike: a float64 array of float32 numbers is compared to
    the last of their bits.
    """
    dtype = draw.choice(torch.float32, torch.float64)
    return draw.tensor("t", draw.choice(*kinds), dtype=dtype, made_by=[torch.square])


@case("to_numpy_copy", "t has a history or none", "03-detach#to-numpy")
def the_values(to_numpy_copy: Function, draw: Draw, see: Observer):
    t = any_tensor(draw, "constant", "leaf", "interior", "view")
    array = see.call(to_numpy_copy, t)
    see.value("the result", array, "the result is a NumPy array with the values and the dtype of t")
    yield


@case("to_numpy_copy", "the array is edited", "03-detach#to-numpy")
def an_edit_stays(to_numpy_copy: Function, draw: Draw, see: Observer):
    t = any_tensor(draw, "constant", "leaf", "interior", "view")
    array = see.call(to_numpy_copy, t)
    later = yield
    see.raised("the edit", edit(later, array, t.shape), "the array may be edited")
    see.value("t after the edit", t, "an edit of the array does not change t")


@case("to_numpy_copy", "the array is edited before a backward through t", "03-detach#to-numpy")
def a_later_gradient(to_numpy_copy: Function, draw: Draw, see: Observer):
    t = any_tensor(draw, "leaf", "interior", "view")
    array = see.call(to_numpy_copy, t)
    see.flags("t afterwards", t, "t itself is unchanged")
    later = yield
    loss = loss_of(later, t)
    see.raised("the edit", edit(later, array, t.shape), "the array may be edited")
    asked = "an edit of the array does not change a gradient through t"
    see.gradients("the backward", loss.backward, asked, t=draw.source(t))
