"""Answers to 02-requires-grad that people give, each with the misconception behind it."""

import copy

import torch
from torch import nn

from gradstop.course import wrong

# fresh_leaf


@wrong(
    "fresh_leaf",
    "clone-then-requires_grad_",
    "a copy that is not cut from t, such as `t.clone()`, with the flag set afterwards: where t requires grad it is an "
    "interior tensor, the flag changes nothing, and the gradient lands behind t.",
    "02-requires-grad#a-copy-that-starts-anew",
)
def clone_then_flag(t):
    return t.clone().requires_grad_()


@wrong(
    "fresh_leaf",
    "detach-makes-a-copy",
    "a new leaf on the memory of t, as `t.detach()` with the flag, `nn.Parameter(t)` or `t.data` give it: an edit of "
    "one shows in the other.",
    "02-requires-grad#a-copy-that-starts-anew",
)
def leaf_on_the_same_memory(t):
    return t.detach().requires_grad_()


@wrong(
    "fresh_leaf",
    "leaf-means-made-by-me",
    "a copy with its own storage and no flag, such as `t.detach().clone()`: it is a constant, so no `.grad` arrives.",
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
    "a clone of t with `retain_grad()`: its `.grad` is kept, and it is still an interior tensor, whose gradient flows "
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
    "a copy that is float32 whatever t was, such as a tensor built from Python numbers without a dtype.",
    "02-requires-grad#a-copy-that-starts-anew",
)
def always_float32(t):
    return torch.tensor(t.tolist(), requires_grad=True)


@wrong(
    "fresh_leaf",
    "only-some-shapes",
    "a copy that is put together from the rows of t: a tensor of no dimension has no rows, and an empty one has none "
    "to stack.",
    "02-requires-grad#a-copy-that-starts-anew",
)
def stacked_rows(t):
    return torch.stack(list(t.detach())).requires_grad_()


@wrong(
    "fresh_leaf",
    "only-some-shapes",
    "a `view` of t with another shape: torch refuses it where the elements of t do not lie side by side in memory.",
    "02-requires-grad#a-copy-that-starts-anew",
)
def flat_view(t):
    return t.detach().view(-1).clone().view(t.shape).requires_grad_()


@wrong(
    "fresh_leaf",
    "detach-makes-a-copy",
    "`contiguous()`, or a `reshape`, in the place of a copy: where t is contiguous nothing is copied, and the result "
    "lies in the memory of t.",
    "02-requires-grad#a-copy-that-starts-anew",
)
def contiguous_for_a_copy(t):
    return t.detach().contiguous().requires_grad_()


@wrong(
    "fresh_leaf",
    "deepcopy-interior",
    "a copy that takes the `.grad` of a leaf along, as `copy.deepcopy` does: the result starts with a gradient of "
    "another tensor.",
    "02-requires-grad#where-grad-appears",
)
def grad_copied_too(t):
    return copy.deepcopy(t if t.is_leaf else t.detach()).requires_grad_()


@wrong(
    "fresh_leaf",
    "leaf-means-made-by-me",
    "a copy of every tensor but a leaf, which is returned itself, or as a tensor on its memory: what then happens to "
    "the result happens to t.",
    "02-requires-grad#a-copy-that-starts-anew",
)
def leaf_itself(t):
    return t if t.requires_grad and t.is_leaf else t.detach().clone().requires_grad_()


@wrong(
    "fresh_leaf",
    "kept-result",
    "a result that is kept for t: the next call with t returns it again, although t may have changed, and it has the "
    "`.grad` of both.",
    "02-requires-grad#a-copy-that-starts-anew",
)
def kept_for_the_tensor(t, kept={}):  # noqa: B006 - the mistake
    if id(t) not in kept:
        kept[id(t)] = t, t.detach().clone().requires_grad_()
    return kept[id(t)][1]


@wrong(
    "fresh_leaf",
    "kept-result",
    "one tensor for each shape, into which each call writes: what an earlier call returned changes with the next.",
    "02-requires-grad#a-copy-that-starts-anew",
)
def one_buffer_for_each_shape(t, kept={}):  # noqa: B006 - the mistake
    key = t.shape, t.dtype
    if key not in kept:
        kept[key] = torch.empty_like(t, requires_grad=True)
    kept[key].grad = None
    with torch.no_grad():
        return kept[key].copy_(t)


@wrong(
    "fresh_leaf",
    "gradients-accumulate",
    "a `t.grad` that is cleared by the way: the result is right, and what t had collected is lost.",
    "02-requires-grad#gradients-add-up",
)
def grad_of_t_cleared(t):
    if t.is_leaf:
        t.grad = None
    return t.detach().clone().requires_grad_()


@wrong(
    "fresh_leaf",
    "deepcopy-interior",
    "a `deepcopy` of t with the flag set: where t is an interior tensor it is refused, and of a leaf it copies "
    "the `.grad` too.",
    "02-requires-grad#a-copy-that-starts-anew",
)
def deepcopy_with_the_flag(t):
    return copy.deepcopy(t).requires_grad_()


@wrong(
    "fresh_leaf",
    "mutates-the-argument",
    "a flag that is set on t itself: a constant of the caller's requires grad from then on.",
    "02-requires-grad#what-the-flag-does",
)
def flag_on_the_input_too(t):
    t.requires_grad_()
    return t.clone().detach().requires_grad_()


@wrong(
    "fresh_leaf",
    "grad-mode-leak",
    "a right leaf, and recording switched on for the caller: under `no_grad` the mode is another after the call.",
    "02-requires-grad#recording-can-be-switched-on-again",
)
def recording_left_on(t):
    torch.set_grad_enabled(True)
    return t.detach().clone().requires_grad_()


@wrong(
    "fresh_leaf",
    "zero-is-not-none",
    "a leaf that has a `.grad` of zeros from the start: zeros are a tensor, and not None.",
    "02-requires-grad#where-grad-appears",
)
def starts_with_zeros(t):
    new = t.detach().clone().requires_grad_()
    new.grad = torch.zeros_like(new)
    return new


# init_weight


@wrong(
    "init_weight",
    "flag-then-op",
    "an operation after the flag, such as a product with scale or `.double()`: its result is an interior tensor, which "
    "an optimizer refuses. The leaf is what it was computed from.",
    "02-requires-grad#operation-first-flag-last",
)
def flag_then_scale(n, scale):
    return torch.randn(n, dtype=torch.float64, requires_grad=True) * scale


@wrong(
    "init_weight",
    "flag-then-op",
    "a float32 result of an operation after the flag, such as an `nn.Parameter` times scale: the parameter is a leaf, "
    "the product that is returned is not; and its dtype is another.",
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
    "numbers spread evenly between 0 and scale, as `torch.rand` gives them: they are not normal ones.",
    "",
)
def uniform_numbers(n, scale):
    return (torch.rand(n, dtype=torch.float64) * scale).requires_grad_()


@wrong(
    "init_weight",
    "leaf-in-place",
    "an operation that torch refuses while operations are recorded, such as an in-place `mul_` on a leaf that requires "
    "grad already.",
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
    "normal numbers of the standard deviation 1, whatever scale is: the product with scale was thrown away.",
    "",
)
def scale_thrown_away(n, scale):
    weight = torch.randn(n, dtype=torch.float64, requires_grad=True)
    weight * scale
    return weight


@wrong(
    "init_weight",
    "flag-then-op",
    "normal numbers around scale: scale was added, or given as the mean, where it should multiply.",
    "",
)
def scale_as_mean(n, scale):
    return (torch.randn(n, dtype=torch.float64) + scale).requires_grad_()


@wrong(
    "init_weight",
    "only-some-shapes",
    "a result without its dimension for n = 1, as after a `squeeze()`: the shape that is asked for is `(1,)`.",
    "02-requires-grad#operation-first-flag-last",
)
def squeezed(n, scale):
    return (scale * torch.randn(1, n, dtype=torch.float64)).squeeze().requires_grad_()


@wrong(
    "init_weight",
    "fixed-seed",
    "numbers of a stream that starts anew with each call, from a fixed seed: every call returns the same.",
    "",
)
def fixed_seed(n, scale):
    generator = torch.Generator().manual_seed(0)
    return (scale * torch.randn(n, dtype=torch.float64, generator=generator)).requires_grad_()


@wrong(
    "init_weight",
    "kept-result",
    "numbers that are kept for n: the next call with this n returns the same ones.",
    "",
)
def numbers_kept_for_n(n, scale, kept={}):  # noqa: B006 - the mistake
    if n not in kept:
        kept[n] = torch.randn(n, dtype=torch.float64)
    return (scale * kept[n]).requires_grad_()


@wrong(
    "init_weight",
    "dependent-numbers",
    "half as many numbers as asked for, each of them twice, perhaps once with the other sign: the two are not "
    "independent.",
    "",
)
def each_number_twice(n, scale):
    half = torch.randn((n + 1) // 2, dtype=torch.float64)
    return (scale * torch.cat([half, half])[:n]).requires_grad_()


@wrong(
    "init_weight",
    "dependent-numbers",
    "numbers each of which tells the next one, as sorted numbers do: they are not independent.",
    "",
)
def sorted_numbers(n, scale):
    return (scale * torch.randn(n, dtype=torch.float64)).sort().values.requires_grad_()


@wrong(
    "init_weight",
    "wrong-formula",
    "normal numbers whose variance is scale: scale is the standard deviation that is asked for.",
    "",
)
def scale_as_variance(n, scale):
    return (torch.randn(n, dtype=torch.float64) * scale**0.5).requires_grad_()


@wrong(
    "init_weight",
    "wrong-formula",
    "numbers of the right standard deviation that are spread evenly: there are none far out, as normal ones have.",
    "",
)
def uniform_with_the_right_spread(n, scale):
    return ((torch.rand(n, dtype=torch.float64) - 0.5) * scale * 12**0.5).requires_grad_()


@wrong(
    "init_weight",
    "wrong-formula",
    "normal numbers without those beyond 2 * scale, as `trunc_normal_` gives them.",
    "",
)
def cut_off_at_two(n, scale):
    w = torch.empty(n, dtype=torch.float64)
    nn.init.trunc_normal_(w, std=scale, a=-2 * scale, b=2 * scale)
    return w.requires_grad_()


@wrong(
    "init_weight",
    "dependent-numbers",
    "one number that stands there n times: n independent ones are asked for.",
    "",
)
def one_number_n_times(n, scale):
    return (torch.randn(1, dtype=torch.float64).expand(n) * scale).requires_grad_()


@wrong(
    "init_weight",
    "wrong-formula",
    "normal numbers whose spread hangs on n, as by a rule of `nn.init`: it is scale that is asked for.",
    "",
)
def spread_by_the_size(n, scale):
    w = torch.empty(1, n, dtype=torch.float64)
    nn.init.xavier_normal_(w, gain=scale)
    return w[0].requires_grad_()


@wrong(
    "init_weight",
    "flag-then-op",
    "a matrix with one column: the shape that is asked for is `(n,)`.",
    "02-requires-grad#operation-first-flag-last",
)
def one_column(n, scale):
    return (torch.randn(n, 1, dtype=torch.float64) * scale).requires_grad_()


@wrong(
    "init_weight",
    "dependent-numbers",
    "numbers that are shifted and divided until their own mean is 0 and their own spread is scale: each then "
    "hangs on all others, and one number alone has no spread to divide by.",
    "",
)
def forced_to_the_exact_spread(n, scale):
    w = torch.randn(n, dtype=torch.float64)
    w = (w - w.mean()) / w.std()
    return (w * scale).requires_grad_()


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
    "a `backward()` that reaches the parameters of the model: it adds to the `.grad` of each. (To remember each "
    "`.grad` and put it back does not help without a copy: a backward adds into that very tensor.)",
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
    "a `.grad` of the parameters that is cleared, as by a `zero_grad()` to tidy up after a backward: what they had "
    "before is lost.",
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
    "recording that is switched on and not put back as it was: after the call the caller's `no_grad` block records.",
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
    "the plain way, `x.requires_grad_()`, a `backward()` and `x.grad`: the caller's x is flagged and filled, every "
    "parameter of the model gets a gradient too, and what x.grad held before is in the result.",
    "02-requires-grad#gradients-without-a-trace",
)
def plain_backward(model, x):
    x.requires_grad_()
    model(x).sum().backward()
    return x.grad


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


@wrong(
    "input_gradient",
    "rows-are-independent",
    "a gradient that is taken row by row: where the model mixes the rows of a batch it is another one, and an x "
    "without rows raises.",
    "02-requires-grad#gradients-without-a-trace",
)
def row_by_row(model, x):
    with torch.enable_grad():
        rows = [row.detach().clone().requires_grad_() for row in x]
        return torch.stack([torch.autograd.grad(model(row).sum(), row)[0] for row in rows])


@wrong(
    "input_gradient",
    "forward-skips-hooks",
    "`model.forward(x)` for `model(x)`: the hooks of the model itself do not run.",
    "02-requires-grad#gradients-without-a-trace",
)
def forward_called(model, x):
    with torch.enable_grad():
        probe = x.detach().clone().requires_grad_()
        return torch.autograd.grad(model.forward(probe).sum(), probe)[0]


@wrong(
    "input_gradient",
    "eval-means-no-grad",
    "a `model.eval()` that is not asked for: a model in training mode gives the gradient of evaluation mode, and stays "
    "in it.",
    "02-requires-grad#gradients-without-a-trace",
)
def evaluation_mode(model, x):
    model.eval()
    with torch.enable_grad():
        probe = x.detach().clone().requires_grad_()
        return torch.autograd.grad(model(probe).sum(), probe)[0]


@wrong(
    "input_gradient",
    "restore-without-finally",
    "flags of the parameters that are switched off and put back only where nothing goes wrong: if the model raises, "
    "they stay off.",
    "02-requires-grad#gradients-without-a-trace",
)
def flags_put_back_without_an_error(model, x):
    flags = [(p, p.requires_grad) for p in model.parameters()]
    model.requires_grad_(False)
    with torch.enable_grad():
        probe = x.detach().clone().requires_grad_()
        model(probe).sum().backward()
    for p, flag in flags:
        p.requires_grad_(flag)
    return probe.grad


@wrong(
    "input_gradient",
    "restore-without-finally",
    "recording that is switched on and put back only where nothing goes wrong: if the model raises under `no_grad`, it "
    "stays on.",
    "02-requires-grad#recording-can-be-switched-on-again",
)
def mode_put_back_without_an_error(model, x):
    before = torch.is_grad_enabled()
    torch.set_grad_enabled(True)
    probe = x.detach().clone().requires_grad_()
    total = model(probe).sum()
    torch.set_grad_enabled(before)
    return torch.autograd.grad(total, probe)[0]


@wrong(
    "input_gradient",
    "another-exception",
    "an exception of its own in the place of the model's: the one that was raised does not reach the caller.",
    "02-requires-grad#gradients-without-a-trace",
)
def exception_wrapped(model, x):
    try:
        with torch.enable_grad():
            probe = x.detach().clone().requires_grad_()
            total = model(probe).sum()
    except Exception as error:
        raise RuntimeError("the model failed") from error
    return torch.autograd.grad(total, probe)[0]


@wrong(
    "input_gradient",
    "kept-result",
    "a gradient that is kept for x and model: the next call with both returns it again, although their values have "
    "changed.",
    "02-requires-grad#gradients-without-a-trace",
)
def kept_for_both(model, x, kept={}):  # noqa: B006 - the mistake
    key = id(model), id(x)
    if key not in kept:
        with torch.enable_grad():
            probe = x.detach().clone().requires_grad_()
            kept[key] = torch.autograd.grad(model(probe).sum(), probe)[0], model, x
    return kept[key][0]


@wrong(
    "input_gradient",
    "restore-without-finally",
    "a flag of x that is set, and put back only where nothing goes wrong: if the model raises, x still requires grad.",
    "02-requires-grad#gradients-without-a-trace",
)
def flag_put_back_without_finally(model, x):
    old = x.requires_grad
    with torch.enable_grad():
        x.requires_grad_()
        g = torch.autograd.grad(model(x).sum(), x)[0]
    x.requires_grad_(old)
    return g


@wrong(
    "input_gradient",
    "another-exception",
    "a gradient of zeros where the model raises: its exception is swallowed, and nobody hears of it.",
    "02-requires-grad#gradients-without-a-trace",
)
def zeros_for_an_exception(model, x):
    try:
        with torch.enable_grad():
            leaf = x.detach().clone().requires_grad_()
            return torch.autograd.grad(model(leaf).sum(), leaf)[0]
    except Exception:
        return torch.zeros_like(x)


@wrong(
    "input_gradient",
    "eval-means-no-grad",
    "the gradient of the model in evaluation mode, whatever mode it was in; the mode itself is put back.",
    "02-requires-grad#gradients-without-a-trace",
)
def evaluation_mode_for_the_gradient(model, x):
    mode = model.training
    model.eval()
    try:
        with torch.enable_grad():
            leaf = x.detach().clone().requires_grad_()
            return torch.autograd.grad(model(leaf).sum(), leaf)[0]
    finally:
        model.train(mode)


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


@wrong(
    "with_activation_grad",
    "zero-is-not-none",
    "an addition to the `.grad` that x has: where there is none yet there is nothing to add to, and None raises.",
    "02-requires-grad#where-grad-appears",
)
def added_to_none(f, g, x):
    y = f(x)
    z = g(y).sum()
    dz_dy, dz_dx = torch.autograd.grad(z, (y, x))
    x.grad += dz_dx
    return z, dz_dy


@wrong(
    "with_activation_grad",
    "gradients-accumulate",
    "a `x.grad` that is only written where there was none: what x has from earlier stays, and nothing is added.",
    "02-requires-grad#gradients-add-up",
)
def only_the_first_gradient(f, g, x):
    y = f(x)
    z = g(y).sum()
    dz_dy, dz_dx = torch.autograd.grad(z, (y, x))
    x.grad = dz_dx if x.grad is None else x.grad
    return z, dz_dy


@wrong(
    "with_activation_grad",
    "hook-changes-all-uses",
    "a hook that stays on x: the result is right, and every later backward runs it again.",
    "02-requires-grad#the-gradient-of-an-interior-tensor",
)
def hook_left_on_x(f, g, x):
    x.register_hook(lambda _: None)
    y = f(x)
    y.retain_grad()
    z = g(y).sum()
    z.backward()
    return z, y.grad


@wrong(
    "with_activation_grad",
    "only-some-shapes",
    "a sum over two dimensions, or over the rows of a matrix: a y of another number of dimensions raises.",
    "02-requires-grad#the-gradient-of-an-interior-tensor",
)
def sum_of_a_matrix(f, g, x):
    y = f(x)
    y.retain_grad()
    out = g(y)
    rows, columns = out.shape
    z = out.reshape(rows * columns).sum()
    z.backward()
    return z, y.grad


@wrong(
    "with_activation_grad",
    "kept-result",
    "a pair that is kept for x: the next call with x returns it again, whatever f and g are, and adds nothing.",
    "02-requires-grad#gradients-add-up",
)
def kept_for_x(f, g, x, kept={}):  # noqa: B006 - the mistake
    if id(x) not in kept:
        y = f(x)
        y.retain_grad()
        z = g(y).sum()
        z.backward()
        kept[id(x)] = (z, y.grad), x
    return kept[id(x)][0]


@wrong(
    "with_activation_grad",
    "kept-result",
    "a dz_dy that lies in a tensor kept for its shape: the next call writes into what an earlier one returned.",
    "02-requires-grad#the-gradient-of-an-interior-tensor",
)
def one_buffer_for_each_shape_of_y(f, g, x, kept={}):  # noqa: B006 - the mistake
    y = f(x)
    y.retain_grad()
    z = g(y).sum()
    z.backward()
    buffer = kept.setdefault((y.shape, y.dtype), torch.empty_like(y.grad))
    return z, buffer.copy_(y.grad)


@wrong(
    "with_activation_grad",
    "another-exception",
    "an exception of its own in the place of that of f or g: the one that was raised does not reach the caller.",
    "02-requires-grad#the-gradient-of-an-interior-tensor",
)
def exception_of_its_own(f, g, x):
    try:
        y = f(x)
        y.retain_grad()
        z = g(y).sum()
    except Exception as error:
        raise RuntimeError("f or g failed") from error
    z.backward()
    return z, y.grad


@wrong(
    "with_activation_grad",
    "hook-changes-all-uses",
    "the gradient that arrives at x, caught by a hook that stays on it: the one at y is asked for.",
    "02-requires-grad#the-gradient-of-an-interior-tensor",
)
def gradient_caught_at_x(f, g, x):
    got = []
    x.register_hook(lambda v: got.append(v))
    z = g(f(x)).sum()
    z.backward()
    return (z, got[0])


@wrong(
    "with_activation_grad",
    "python-math-cuts-graph",
    "z as a Python number: a tensor is asked for.",
    "02-requires-grad#the-gradient-of-an-interior-tensor",
)
def z_as_a_number(f, g, x):
    y = f(x)
    y.retain_grad()
    z = g(y).sum()
    z.backward()
    return (z.item(), y.grad)


@wrong(
    "with_activation_grad",
    "wrong-order",
    "the right pair the other way round: z comes first.",
    "",
)
def pair_the_other_way_round(f, g, x):
    y = f(x)
    y.retain_grad()
    z = g(y).sum()
    z.backward()
    return (y.grad, z)


@wrong(
    "with_activation_grad",
    "wrong-formula",
    "a z that is not summed: the gradients are right, and z is no scalar.",
    "",
)
def z_without_its_sum(f, g, x):
    y = f(x)
    y.retain_grad()
    z = g(y)
    z.backward(torch.ones_like(z))
    return (z, y.grad)


@wrong(
    "with_activation_grad",
    "retain-graph-as-a-fix",
    "two steps through one graph: the first has freed it, and the second raises.",
    "02-requires-grad#the-gradient-of-an-interior-tensor",
)
def graph_freed_by_the_first(f, g, x):
    y = f(x)
    z = g(y).sum()
    (dz,) = torch.autograd.grad(z, y)
    z.backward()
    return (z, dz)


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
    "an answer that is found once and kept as an attribute of the tensor: it stays on the tensor, and `detach_()` and "
    "the flag change what a tensor is.",
    "02-requires-grad#what-the-flag-does",
)
def kept_from_the_first_time(t):
    if not hasattr(t, "first_kind"):
        t.first_kind = "constant" if not t.requires_grad else "leaf" if t.is_leaf else "interior"
    return t.first_kind


@wrong(
    "kind",
    "grad-of-interior-is-none",
    "an answer by what an optimizer accepts, or by `is_leaf` together with `retains_grad`: an interior tensor that "
    "retains its gradient is accepted too, and it is no leaf.",
    "02-requires-grad#the-gradient-of-an-interior-tensor",
)
def by_what_an_optimizer_accepts(t):
    if not t.requires_grad:
        return "constant"
    try:
        torch.optim.SGD([t], lr=0.1)
    except ValueError:
        return "interior"
    return "leaf"


@wrong(
    "kind",
    "flag-on-interior",
    "an answer that switches the flag off to see whether torch allows it, and leaves it off: the leaf has become a "
    "constant.",
    "02-requires-grad#what-the-flag-does",
)
def flag_switched_off(t):
    if not t.requires_grad:
        return "constant"
    try:
        t.requires_grad_(False)
    except RuntimeError:
        return "interior"
    return "leaf"


@wrong(
    "kind",
    "kept-result",
    "an answer that is kept elsewhere for the tensor: the tensor has become another kind, and the answer has not.",
    "02-requires-grad#what-the-flag-does",
)
def kept_in_a_table(t, kept={}):  # noqa: B006 - the mistake
    if id(t) not in kept:
        kept[id(t)] = "constant" if not t.requires_grad else "leaf" if t.is_leaf else "interior", t
    return kept[id(t)][0]


@wrong(
    "kind",
    "no_grad-rename",
    "an answer that hangs on the grad mode, as one does that is found by computing with t: under `no_grad` every "
    "tensor counts as a constant.",
    "02-requires-grad#results-without-a-history",
)
def by_a_use_in_the_mode_of_the_caller(t):
    if not t.clone().requires_grad:
        return "constant"
    return "leaf" if t.is_leaf else "interior"


@wrong(
    "kind",
    "only-some-shapes",
    "an answer by the first element of t: a tensor of no dimension cannot be indexed, and an empty one has none.",
    "02-requires-grad#leaf-interior-constant",
)
def by_the_first_element(t):
    if not t[0].requires_grad and not t.requires_grad:
        return "constant"
    return "leaf" if t.is_leaf else "interior"


@wrong(
    "kind",
    "grad-of-interior-is-none",
    "an answer that calls `retain_grad()` on the tensor: from then on an interior one keeps its gradient.",
    "02-requires-grad#the-gradient-of-an-interior-tensor",
)
def retain_grad_left(t):
    if not t.requires_grad:
        return "constant"
    t.retain_grad()
    return "leaf" if t.is_leaf else "interior"


@wrong(
    "kind",
    "leaf-means-made-by-me",
    "an answer by the class: a frozen Parameter does not require grad, and is a constant.",
    "02-requires-grad#leaf-interior-constant",
)
def every_parameter_a_leaf(t):
    if isinstance(t, nn.Parameter):
        return "leaf"
    if not t.requires_grad:
        return "constant"
    return "leaf" if t.is_leaf else "interior"


@wrong(
    "kind",
    "leaf-means-made-by-me",
    "an answer that takes every view for an interior tensor: one of a constant, flagged afterwards, has no "
    "history and is a leaf.",
    "02-requires-grad#leaf-interior-constant",
)
def every_view_interior(t):
    if not t.requires_grad:
        return "constant"
    if t._is_view():
        return "interior"
    return "leaf" if t.is_leaf else "interior"


@wrong(
    "kind",
    "leaf-means-made-by-me",
    "the kind of the tensor that a view is a view of: the view has a history, or a flag, of its own.",
    "02-requires-grad#leaf-interior-constant",
)
def kind_of_the_base(t):
    if t._base is not None:
        t = t._base
    if not t.requires_grad:
        return "constant"
    return "leaf" if t.is_leaf else "interior"
