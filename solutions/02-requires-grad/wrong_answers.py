"""Answers to 02-requires-grad that people give, each with the misconception behind it."""

import copy

import torch
from torch import nn

from gradstop.course import wrong

# fresh_leaf


@wrong(
    "fresh_leaf",
    "clone-then-requires_grad_",
    "`t.clone().requires_grad_()`: where t requires grad, its clone is an interior tensor, the flag changes nothing, "
    "and the gradient lands behind t.",
    "02-requires-grad#a-copy-that-starts-anew",
)
def clone_then_flag(t):
    return t.clone().requires_grad_()


@wrong(
    "fresh_leaf",
    "detach-makes-a-copy",
    "`t.detach().requires_grad_()`: the result is a new leaf on the memory of t, so an edit of one shows in the other. "
    "(`nn.Parameter(t)` and `t.data` do the same.)",
    "02-requires-grad#a-copy-that-starts-anew",
)
def leaf_on_the_same_memory(t):
    return t.detach().requires_grad_()


@wrong(
    "fresh_leaf",
    "leaf-means-made-by-me",
    "`t.detach().clone()`: a copy with its own storage, and a constant: the flag is missing, so no `.grad` arrives.",
    "02-requires-grad#what-the-flag-does",
)
def flag_forgotten(t):
    return t.detach().clone()


@wrong(
    "fresh_leaf",
    "flag-on-interior",
    "`t.requires_grad_()`: it flags t itself and returns it. On an interior tensor, which requires grad already, it "
    "changes nothing.",
    "02-requires-grad#what-the-flag-does",
)
def flag_on_t_itself(t):
    return t.requires_grad_()


@wrong(
    "fresh_leaf",
    "flag-then-op",
    "a copy that is flagged and then computed with: the last operation makes the result an interior tensor.",
    "02-requires-grad#operation-first-flag-last",
)
def operation_after_the_flag(t):
    return t.detach().clone().requires_grad_() * 1.0


@wrong(
    "fresh_leaf",
    "deepcopy-interior",
    "`copy.deepcopy(t)`: torch refuses it for a tensor with a history, and the copy of a constant is a constant.",
    "02-requires-grad#a-copy-that-starts-anew",
)
def deep_copy(t):
    return copy.deepcopy(t)


@wrong(
    "fresh_leaf",
    "grad-of-interior-is-none",
    "`t.clone()` with `retain_grad()`: its `.grad` is kept, and it is still an interior tensor, whose gradient flows "
    "on to t.",
    "02-requires-grad#where-grad-appears",
)
def retained_clone(t):
    result = t.clone()
    if result.requires_grad:
        result.retain_grad()
    return result


@wrong(
    "fresh_leaf",
    "detach_-mutates-the-caller",
    "`t.detach_()` before the copy: the result is right, and t has lost its flag and its history for everyone.",
    "02-requires-grad#a-copy-that-starts-anew",
)
def caller_cut_in_place(t):
    if t._is_view():
        return t.detach().clone().requires_grad_()
    return t.detach_().clone().requires_grad_()


@wrong(
    "fresh_leaf",
    "python-math-cuts-graph",
    "a tensor built from Python numbers without a dtype: it is float32, whatever t was.",
    "02-requires-grad#a-copy-that-starts-anew",
)
def always_float32(t):
    return torch.tensor(t.tolist(), requires_grad=True)


# init_weight


@wrong(
    "init_weight",
    "flag-then-op",
    "`torch.randn(..., requires_grad=True) * scale`: the leaf is the unscaled tensor, and the product is an interior "
    "one, which an optimizer refuses. (A conversion such as `.double()` after the flag does the same.)",
    "02-requires-grad#operation-first-flag-last",
)
def flag_then_scale(n, scale):
    return torch.randn(n, dtype=torch.float64, requires_grad=True) * scale


@wrong(
    "init_weight",
    "flag-then-op",
    "an `nn.Parameter` times scale: the parameter is a leaf, the product that is returned is not.",
    "02-requires-grad#operation-first-flag-last",
)
def parameter_then_scale(n, scale):
    return nn.Parameter(torch.randn(n)) * scale


@wrong(
    "init_weight",
    "leaf-means-made-by-me",
    "a tensor without the flag: it is a leaf, as every constant is, and nothing trains it.",
    "02-requires-grad#what-the-flag-does",
)
def no_flag(n, scale):
    return torch.randn(n, dtype=torch.float64) * scale


@wrong(
    "init_weight",
    "flag-then-op",
    "a float32 tensor: `torch.randn` uses the default dtype unless it is told another.",
    "02-requires-grad#operation-first-flag-last",
)
def default_dtype(n, scale):
    return (torch.randn(n) * scale).requires_grad_()


@wrong(
    "init_weight",
    "flag-then-op",
    "`torch.rand`: its numbers are uniform between 0 and 1, not standard normal.",
    "02-requires-grad#operation-first-flag-last",
)
def uniform_numbers(n, scale):
    return (torch.rand(n, dtype=torch.float64) * scale).requires_grad_()


@wrong(
    "init_weight",
    "leaf-in-place",
    "an in-place `mul_` on a leaf that requires grad already: torch refuses it while operations are recorded.",
    "02-requires-grad#operation-first-flag-last",
)
def scaled_in_place_after_the_flag(n, scale):
    return torch.randn(n, dtype=torch.float64, requires_grad=True).mul_(scale)


@wrong(
    "init_weight",
    "flag-then-op",
    "a matrix with one row: the shape that is asked for is `(n,)`.",
    "02-requires-grad#operation-first-flag-last",
)
def one_row(n, scale):
    return (torch.randn(1, n, dtype=torch.float64) * scale).requires_grad_()


@wrong(
    "init_weight",
    "flag-then-op",
    "normal numbers of another standard deviation: the product with scale was thrown away, or scale was taken for the "
    "variance.",
    "02-requires-grad#operation-first-flag-last",
)
def scale_thrown_away(n, scale):
    weight = torch.randn(n, dtype=torch.float64, requires_grad=True)
    weight * scale
    return weight


@wrong(
    "init_weight",
    "flag-then-op",
    "normal numbers around scale: scale was added, or given as the mean, where it should multiply.",
    "02-requires-grad#operation-first-flag-last",
)
def scale_as_mean(n, scale):
    return (torch.randn(n, dtype=torch.float64) + scale).requires_grad_()


# input_gradient


@wrong(
    "input_gradient",
    "flag-at-the-wrong-time",
    "`x.requires_grad_()` on the caller's tensor: the flag stays on after the call, and on a tensor that an operation "
    "made under `no_grad` it starts a history.",
    "02-requires-grad#gradients-without-a-trace",
)
def flag_left_on(model, x):
    with torch.enable_grad():
        return torch.autograd.grad(model(x.requires_grad_()).sum(), x)[0]


@wrong(
    "input_gradient",
    "gradients-accumulate",
    "`backward()` from a copy of x: x is left alone, and every parameter of the model is added to.",
    "02-requires-grad#gradients-without-a-trace",
)
def backward_into_the_parameters(model, x):
    with torch.enable_grad():
        probe = x.detach().clone().requires_grad_()
        model(probe).sum().backward()
    return probe.grad


@wrong(
    "input_gradient",
    "gradients-accumulate",
    "`backward()` on a copy of x, and `zero_grad()` to tidy up: the gradients that the parameters had before are lost.",
    "02-requires-grad#gradients-add-up",
)
def parameters_cleared(model, x):
    with torch.enable_grad():
        probe = x.detach().clone().requires_grad_()
        model(probe).sum().backward()
    model.zero_grad()
    return probe.grad


@wrong(
    "input_gradient",
    "no_grad-and-factories",
    "a gradient that is only there while operations are recorded: under an outer `no_grad` the model's output has no "
    "history, whatever the flag of its input.",
    "02-requires-grad#recording-can-be-switched-on-again",
)
def recording_not_switched_on(model, x):
    probe = x.detach().clone().requires_grad_()
    return torch.autograd.grad(model(probe).sum(), probe)[0]


@wrong(
    "input_gradient",
    "grad-mode-leak",
    "a `torch.set_grad_enabled(True)` that is never taken back: after the call the caller's `no_grad` block records.",
    "02-requires-grad#recording-can-be-switched-on-again",
)
def grad_mode_left_on(model, x):
    torch.set_grad_enabled(True)
    probe = x.detach().clone().requires_grad_()
    return torch.autograd.grad(model(probe).sum(), probe)[0]


@wrong(
    "input_gradient",
    "gradient-penalty",
    "`create_graph=True`: the gradient itself has a history, and a loss made of it trains the model. (So has that of "
    "`torch.func.grad`, where the model's parameters require grad.)",
    "02-requires-grad#gradients-without-a-trace",
)
def graph_on_the_result(model, x):
    with torch.enable_grad():
        probe = x.detach().clone().requires_grad_()
        return torch.autograd.grad(model(probe).sum(), probe, create_graph=True)[0]


@wrong(
    "input_gradient",
    "flag-at-the-wrong-time",
    "parameters that are frozen for the call and all set to require grad after it: those that were frozen before now "
    "learn.",
    "02-requires-grad#gradients-without-a-trace",
)
def everything_unfrozen(model, x):
    model.requires_grad_(False)
    with torch.enable_grad():
        probe = x.detach().clone().requires_grad_()
        model(probe).sum().backward()
    model.requires_grad_(True)
    return probe.grad


@wrong(
    "input_gradient",
    "flag-at-the-wrong-time",
    "parameters that are frozen for the call and never set back: the model no longer learns.",
    "02-requires-grad#gradients-without-a-trace",
)
def parameters_left_frozen(model, x):
    model.requires_grad_(False)
    with torch.enable_grad():
        probe = x.detach().clone().requires_grad_()
        model(probe).sum().backward()
    return probe.grad


@wrong(
    "input_gradient",
    "unused-in-graph",
    "a gradient with respect to x itself: a constant has no place in any graph, so torch refuses.",
    "02-requires-grad#what-the-flag-does",
)
def constant_asked(model, x):
    with torch.enable_grad():
        return torch.autograd.grad(model(x).sum(), x)[0]


@wrong(
    "input_gradient",
    "gradients-accumulate",
    "`backward(inputs=[x])` on the caller's tensor: the parameters are left alone, and the gradient is added to "
    "x.grad, where it stays.",
    "02-requires-grad#gradients-add-up",
)
def added_to_x(model, x):
    probe = x if x.requires_grad else x.clone().requires_grad_()
    with torch.enable_grad():
        model(probe).sum().backward(inputs=[probe])
    return probe.grad.clone()


@wrong(
    "input_gradient",
    "gradients-accumulate",
    "the gradient of the mean of the output: it is smaller than that of the sum, by the number of elements.",
    "02-requires-grad#gradients-without-a-trace",
)
def mean_instead_of_sum(model, x):
    with torch.enable_grad():
        probe = x.detach().clone().requires_grad_()
        return torch.autograd.grad(model(probe).mean(), probe)[0]


# with_activation_grad


@wrong(
    "with_activation_grad",
    "grad-of-interior-is-none",
    "reading `y.grad` after the backward: y is an interior tensor, whose gradient is passed on and not kept, so it is "
    "None. (A `retain_grad()` after the backward comes too late, and gives None too.)",
    "02-requires-grad#the-gradient-of-an-interior-tensor",
)
def grad_never_kept(f, g, x):
    y = f(x)
    z = g(y).sum()
    z.backward()
    return z, y.grad


@wrong(
    "with_activation_grad",
    "detach-vs-freeze-vs-no_grad",
    "a gradient that ends at y: y was detached and flagged anew, or `torch.autograd.grad`, which writes no `.grad`, "
    "was asked for y alone. Nothing is added to x.grad.",
    "02-requires-grad#the-gradient-of-an-interior-tensor",
)
def activation_cut(f, g, x):
    y = f(x).detach().requires_grad_()
    z = g(y).sum()
    z.backward()
    return z, y.grad


@wrong(
    "with_activation_grad",
    "gradients-accumulate",
    "two backwards that both reach x, one of them to fetch the gradient at y: x receives it twice.",
    "02-requires-grad#gradients-add-up",
)
def x_filled_twice(f, g, x):
    y = f(x)
    y.retain_grad()
    z = g(y).sum()
    z.backward(retain_graph=True)
    dz_dy = y.grad.clone()
    z.backward()
    return z, dz_dy


@wrong(
    "with_activation_grad",
    "gradients-accumulate",
    "two backwards that both add up, at x and at y: each holds twice its gradient.",
    "02-requires-grad#gradients-add-up",
)
def both_filled_twice(f, g, x):
    y = f(x)
    y.retain_grad()
    z = g(y).sum()
    z.backward(retain_graph=True)
    z.backward()
    return z, y.grad


@wrong(
    "with_activation_grad",
    "gradients-accumulate",
    "a `x.grad` that is set to the new gradient, or cleared first: what x had before is lost.",
    "02-requires-grad#gradients-add-up",
)
def grad_replaced(f, g, x):
    y = f(x)
    z = g(y).sum()
    dz_dy, x.grad = torch.autograd.grad(z, (y, x))
    return z, dz_dy


@wrong(
    "with_activation_grad",
    "gradient-penalty",
    "`create_graph=True` where the graph was only to be kept for another backward: dz_dy carries a graph, and what is "
    "made of it trains x. (`retain_graph=True` keeps the graph and no more.)",
    "02-requires-grad#the-gradient-of-an-interior-tensor",
)
def graph_on_dz_dy(f, g, x):
    y = f(x)
    z = g(y).sum()
    (dz_dy,) = torch.autograd.grad(z, y, create_graph=True)
    x_grad = torch.autograd.grad(z, x)[0]
    x.grad = x_grad if x.grad is None else x.grad + x_grad
    return z, dz_dy


@wrong(
    "with_activation_grad",
    "unused-in-graph",
    "the gradient at a second f(x): it is another tensor than the one that z was computed from, and has no part in z.",
    "02-requires-grad#the-gradient-of-an-interior-tensor",
)
def another_tensor(f, g, x):
    z = g(f(x)).sum()
    y = f(x)
    (dz_dy,) = torch.autograd.grad(z, y, retain_graph=True)
    z.backward()
    return z, dz_dy


@wrong(
    "with_activation_grad",
    "grad-of-interior-is-none",
    "`retain_grad()` on the wrong tensor: the gradient at g(y) is all ones, before g has changed it.",
    "02-requires-grad#the-gradient-of-an-interior-tensor",
)
def gradient_after_g(f, g, x):
    y = g(f(x))
    y.retain_grad()
    z = y.sum()
    z.backward()
    return z, y.grad


@wrong(
    "with_activation_grad",
    "grad-of-interior-is-none",
    "`x.grad` where the gradient at y was asked for: it is that of x, and it holds what was there before.",
    "02-requires-grad#where-grad-appears",
)
def gradient_of_x(f, g, x):
    z = g(f(x)).sum()
    z.backward()
    return z, x.grad.clone()


# kind


@wrong(
    "kind",
    "leaf-means-made-by-me",
    "an answer by `is_leaf` alone: every tensor that does not require grad has `is_leaf=True`, so constants count as "
    "leaves. (So does one by `grad_fn` alone.)",
    "02-requires-grad#leaf-interior-constant",
)
def by_is_leaf_alone(t):
    return "leaf" if t.is_leaf else "interior"


@wrong(
    "kind",
    "leaf-means-made-by-me",
    "an answer by `requires_grad` alone: what an operation made requires grad too, and is no leaf.",
    "02-requires-grad#leaf-interior-constant",
)
def by_requires_grad_alone(t):
    return "leaf" if t.requires_grad else "constant"


@wrong(
    "kind",
    "leaf-means-made-by-me",
    "an answer by the class: a parameter is a leaf, and so is every other tensor that you flag; and a frozen "
    "parameter is none.",
    "02-requires-grad#parameters-and-optimizers",
)
def only_parameters(t):
    if isinstance(t, nn.Parameter):
        return "leaf"
    return "interior" if t.requires_grad else "constant"


@wrong(
    "kind",
    "grad-of-interior-is-none",
    "an answer by `.grad`: a leaf has none before its first backward.",
    "02-requires-grad#where-grad-appears",
)
def by_grad(t):
    if not t.requires_grad:
        return "constant"
    return "interior" if t.grad is None else "leaf"


@wrong(
    "kind",
    "leaf-means-made-by-me",
    "an answer that takes a view of a leaf for a leaf: slicing is an operation, and its result has a history.",
    "02-requires-grad#leaf-interior-constant",
)
def views_of_leaves_count(t):
    base = t._base if t.requires_grad and t._is_view() else t
    if not t.requires_grad:
        return "constant"
    return "leaf" if base.is_leaf else "interior"


@wrong(
    "kind",
    "no_grad-rename",
    "an answer that takes the result of every operation for interior, although nothing was recorded: without the flag "
    "there is no history.",
    "02-requires-grad#results-without-a-history",
)
def constants_are_interior(t):
    if t.is_leaf and t.requires_grad:
        return "leaf"
    return "interior"


@wrong(
    "kind",
    "flag-then-op",
    "two answers the wrong way round: the leaf is where the history begins, the interior tensor is what came of it.",
    "02-requires-grad#leaf-interior-constant",
)
def leaf_and_interior_swapped(t):
    if not t.requires_grad:
        return "constant"
    return "interior" if t.is_leaf else "leaf"


@wrong(
    "kind",
    "flag-at-the-wrong-time",
    "an answer that is found once and kept for the tensor: `detach_()` and the flag change what a tensor is.",
    "02-requires-grad#what-the-flag-does",
)
def kept_from_the_first_time(t):
    if not hasattr(t, "first_kind"):
        t.first_kind = "constant" if not t.requires_grad else "leaf" if t.is_leaf else "interior"
    return t.first_kind
