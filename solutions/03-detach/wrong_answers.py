"""Answers to 03-detach that people give, each with the misconception behind it."""

import numpy
import torch

from gradstop.course import wrong

# stop


@wrong(
    "stop",
    "data-equals-detach",
    "`x.data`: the memory is shared and the version counter is not, so autograd does not notice the edit and "
    "computes a wrong gradient without a word.",
    "03-detach#data-is-not-detach",
)
def data(x):
    return x.data


@wrong(
    "stop",
    "detach-makes-a-copy",
    "a copy such as `x.detach().clone()`: it is a constant, and it lies in memory of its own, so x never sees an edit.",
    "03-detach#same-memory-new-tensor",
)
def detached_copy(x):
    return x.detach().clone()


@wrong(
    "stop",
    "clone-is-independent",
    "`x.clone()`: the memory is new, and the history is not cut, so gradient still flows to x.",
    "03-detach#the-result-is-a-constant",
)
def clone(x):
    return x.clone()


@wrong(
    "stop",
    "detach-result-discarded",
    "a `x.detach()` whose result is thrown away: the line changes nothing, and x itself is returned. (So does a "
    "new name for x under `no_grad`: naming is no operation.)",
    "03-detach#the-result-must-be-used",
)
def result_discarded(x):
    x.detach()
    return x


@wrong(
    "stop",
    "detach_-mutates-the-caller",
    "`x.detach_()`: it cuts x itself, for everyone who holds it, where a new tensor was asked for.",
    "03-detach#the-result-must-be-used",
)
def cut_in_place(x):
    return x.detach_()


@wrong(
    "stop",
    "detach-vs-freeze-vs-no_grad",
    "`x.requires_grad_(False)`: it freezes x itself, and on a tensor that an operation made it is not even allowed.",
    "03-detach#detach-freeze-or-no-grad",
)
def frozen(x):
    return x.requires_grad_(False)


@wrong(
    "stop",
    "no_grad-view-trap",
    "a new leaf that requires grad, such as `x.detach().requires_grad_()` or a view of x made under `no_grad`: the "
    "path to x is cut, and a new history starts at the result.",
    "03-detach#a-new-history-can-start",
)
def new_leaf(x):
    return x.detach().requires_grad_()


@wrong(
    "stop",
    "view-of-another-layout",
    "a result in the memory of x only where x is contiguous, as `reshape` and `contiguous` give: elsewhere it "
    "is a copy.",
    "03-detach#same-memory-new-tensor",
)
def contiguous_first(x):
    return x.contiguous().detach()


@wrong(
    "stop",
    "cached-result",
    "a result that is kept and handed out again at the next call: each call is to give a new tensor.",
    "03-detach#same-memory-new-tensor",
)
def kept_by_identity(x, kept={}):  # noqa: B006 - the fault
    if id(x) not in kept:
        kept[id(x)] = x, x.detach()
    return kept[id(x)][1]


@wrong(
    "stop",
    "detach-vs-freeze-vs-no_grad",
    "a cut for leaves alone: an interior tensor comes back with its history.",
    "03-detach#the-result-is-a-constant",
)
def leaves_alone(x):
    return x.detach() if x.is_leaf else x.view_as(x)


@wrong(
    "stop",
    "detach-makes-a-copy",
    "a result on the memory of a leaf, and a copy of an interior tensor: an edit of the copy does not show in x.",
    "03-detach#same-memory-new-tensor",
)
def copy_of_what_was_computed(x):
    return x.detach() if x.is_leaf else x.detach().clone()


@wrong(
    "stop",
    "view-of-another-layout",
    "a result of another shape than x where x is a scalar or has more than two dimensions.",
    "03-detach#same-memory-new-tensor",
)
def at_least_one_dimension(x):
    return x.detach().flatten(2) if x.dim() > 2 else torch.atleast_1d(x.detach())


@wrong(
    "stop",
    "detach_-on-a-view",
    "a view of x that is cut in place: torch refuses `detach_()` for views.",
    "03-detach#same-memory-new-tensor",
)
def cut_in_place_of_a_view(x):
    return x.view_as(x).detach_()


@wrong(
    "stop",
    "hook-changes-all-uses",
    "a view with a hook that makes the gradient zero: it requires grad and has a history, and may not be edited "
    "where x is a leaf.",
    "03-detach#the-result-is-a-constant",
)
def hook_of_zeros(x):
    y = x.view_as(x)
    y.register_hook(torch.zeros_like)
    return y


@wrong(
    "stop",
    "no_grad-view-trap",
    "a view of x made under `no_grad`: it is no constant. It still requires grad, and in grad mode torch refuses "
    "an edit of it.",
    "03-detach#detach-freeze-or-no-grad",
)
def view_under_no_grad(x):
    with torch.no_grad():
        return x.view_as(x)


# scale_grad


@wrong(
    "scale_grad",
    "hook-changes-all-uses",
    "a hook on x itself: it scales the sum of what all uses of x send back, and one more hook is added at each call.",
    "03-detach#one-path-is-cut",
)
def hook_on_x(x, a):
    x.register_hook(lambda grad: grad * a)
    return x


@wrong(
    "scale_grad",
    "cut-the-wrong-operand",
    "`a * x`: its own derivative is right, and the value is multiplied too, so what is computed from it is another and "
    "may have another gradient.",
    "03-detach#one-path-is-cut",
)
def scaled_value(x, a):
    return x * a


@wrong(
    "scale_grad",
    "cut-the-wrong-operand",
    "an expression with the two parts swapped: what should be cut is attached, so the gradient is multiplied by 1 - a.",
    "03-detach#one-path-is-cut",
)
def parts_swapped(x, a):
    return (a * x).detach() + (x - a * x)


@wrong(
    "scale_grad",
    "cut-the-wrong-operand",
    "a detached result: nothing is left that a gradient could flow through.",
    "03-detach#errors-you-will-meet",
)
def all_cut(x, a):
    return (x * a).detach() / a if a else x.detach()


@wrong(
    "scale_grad",
    "detach-result-discarded",
    "an expression without any cut: the parts cancel, value and gradient alike, and the gradient stays that of x.",
    "03-detach#the-result-must-be-used",
)
def nothing_cut(x, a):
    return a * x + (x - a * x)


@wrong(
    "scale_grad",
    "detach-vs-freeze-vs-no_grad",
    "a division by a: the value comes back right for most a, and for a = 0 it is 0 / 0.",
    "03-detach#errors-you-will-meet",
)
def divided(x, a):
    scaled = x * a
    return scaled + (scaled / a - scaled).detach()


@wrong(
    "scale_grad",
    "zero-is-not-none",
    "a special case that returns `x.detach()` for a = 0: then nothing requires grad, and backward raises.",
    "03-detach#errors-you-will-meet",
)
def detached_for_zero(x, a):
    if a == 0:
        return x.detach()
    return a * x + (x - a * x).detach()


@wrong(
    "scale_grad",
    "cut-the-wrong-operand",
    "a factor that is never negative, such as `abs(a)`: a negative a should turn the gradient round.",
    "03-detach#one-path-is-cut",
)
def magnitude_only(x, a):
    return abs(a) * x + (x - abs(a) * x).detach()


@wrong(
    "scale_grad",
    "cached-result",
    "a result that is kept for a tensor and handed out again: the second factor, or changed values, have no effect.",
    "03-detach#one-path-is-cut",
)
def kept_by_tensor(x, a, kept={}):  # noqa: B006 - the fault
    if id(x) not in kept:
        kept[id(x)] = x, a * x + (x - a * x).detach()
    return kept[id(x)][1]


@wrong(
    "scale_grad",
    "hook-changes-all-uses",
    "a hook on x where x is an interior tensor (or on what it is a view of): it scales all uses of x.",
    "03-detach#one-path-is-cut",
)
def hook_on_interior(x, a):
    if x.is_leaf:
        return a * x + (x - a * x).detach()
    x.register_hook(lambda grad: grad * a)
    return x.view_as(x)


@wrong(
    "scale_grad",
    "view-of-another-layout",
    "a result that is flattened on the way, with `view(-1)`: it raises where x is not contiguous.",
    "03-detach#one-path-is-cut",
)
def flattened(x, a):
    flat = x.view(-1)
    return (a * flat + (flat - a * flat).detach()).view(x.shape)


@wrong(
    "scale_grad",
    "view-of-another-layout",
    "a result that is put together from the rows of x: a scalar has none.",
    "03-detach#one-path-is-cut",
)
def row_by_row(x, a):
    return torch.stack([a * row + (row - a * row).detach() for row in x]) if x.numel() else x * 1


@wrong(
    "scale_grad",
    "dtype-changes",
    "a result that is always float32: the digits of a float64 tensor are lost.",
    "03-detach#one-path-is-cut",
)
def scaled_in_float32(x, a):
    return (a * x + (x - a * x).detach()).float()


@wrong(
    "scale_grad",
    "attribute-left-behind",
    "something that is left on x, such as an attribute that remembers the factor or a retained gradient: x is to be "
    "unchanged.",
    "03-detach#the-result-must-be-used",
)
def attribute_on_x(x, a):
    x.factor = a
    return x.factor * x + (x - x.factor * x).detach()


@wrong(
    "scale_grad",
    "wrong-formula",
    "a factor that is kept between 0 and 1: a may be negative, or larger than 1.",
    "03-detach#one-path-is-cut",
)
def factor_between_0_and_1(x, a):
    a = min(max(a, 0), 1)
    return a * x + (1 - a) * x.detach()


@wrong(
    "scale_grad",
    "wrong-formula",
    "a factor that is cut down to a whole number.",
    "03-detach#one-path-is-cut",
)
def whole_factor(x, a):
    return int(a) * x + (1 - int(a)) * x.detach()


@wrong(
    "scale_grad",
    "hide-the-edit-with-no_grad-or-detach",
    "a hook that scales the gradient in place: the tensor that it is given goes to other uses of x too.",
    "03-detach#one-path-is-cut",
)
def gradient_scaled_in_place(x, a):
    y = x.clone()
    y.register_hook(lambda g: g.mul_(a))
    return y


@wrong(
    "scale_grad",
    "zero-is-not-none",
    "a hook that returns nothing for a = 0: then the gradient passes as it is, where it should be zero.",
    "03-detach#one-path-is-cut",
)
def no_answer_for_zero(x, a):
    y = x.view_as(x)

    def hook(g):
        return g * a if a else None

    y.register_hook(hook)
    return y


# one_path


@wrong(
    "one_path",
    "detach-result-discarded",
    "the expression with nothing cut: x learns through the product too.",
    "03-detach#the-result-must-be-used",
)
def both_paths(x, w):
    x.detach()
    return x * w + x**2


@wrong(
    "one_path",
    "cut-the-wrong-operand",
    "`(x * w).detach()`: cutting the product cuts w as well as x.",
    "03-detach#one-path-is-cut",
)
def product_cut(x, w):
    return (x * w).detach() + x**2


@wrong(
    "one_path",
    "cut-the-wrong-operand",
    "a detach of the other factor: w is cut, and x still learns through the product.",
    "03-detach#one-path-is-cut",
)
def other_factor_cut(x, w):
    return x * w.detach() + x**2


@wrong(
    "one_path",
    "cut-the-wrong-operand",
    "a detach of the square: x is cut where it should learn, and attached where it should not.",
    "03-detach#one-path-is-cut",
)
def square_cut(x, w):
    return x * w + (x**2).detach()


@wrong(
    "one_path",
    "cut-the-wrong-operand",
    "one detach for every use of x: a path was to be cut, and this cuts the variable.",
    "03-detach#one-path-is-cut",
)
def every_use_cut(x, w):
    x = x.detach()
    return x * w + x**2


@wrong(
    "one_path",
    "detach-vs-freeze-vs-no_grad",
    "`x.requires_grad_(False)`: x is frozen for good, the square included, where one path was to be cut.",
    "03-detach#detach-freeze-or-no-grad",
)
def frozen_x(x, w):
    x.requires_grad_(False)
    return x * w + x**2


@wrong(
    "one_path",
    "cut-the-wrong-operand",
    "a cut factor inside the square: `x.detach() * x` has half the gradient of `x**2`.",
    "03-detach#one-path-is-cut",
)
def half_a_square(x, w):
    return x.detach() * w + x * x.detach()


@wrong(
    "one_path",
    "cached-result",
    "a result that is kept for x and handed out again, whatever w and the values of x are by then.",
    "03-detach#one-path-is-cut",
)
def kept_by_x(x, w, kept={}):  # noqa: B006 - the fault
    if id(x) not in kept:
        kept[id(x)] = x, x.detach() * w + x**2
    return kept[id(x)][1]


@wrong(
    "one_path",
    "copy-of-an-old-value",
    "the factor as it was at the first call: x has other values since.",
    "03-detach#one-path-is-cut",
)
def first_factor(x, w, kept={}):  # noqa: B006 - the fault
    factor = kept.setdefault(id(x), (x, x.detach().clone()))[1]
    return factor * w + x**2


@wrong(
    "one_path",
    "detach-vs-freeze-vs-no_grad",
    "a product under `no_grad`, or with both factors cut, where w is an interior tensor: w learns nothing then.",
    "03-detach#one-path-is-cut",
)
def interior_w_cut(x, w):
    return x.detach() * (w if w.is_leaf else w.detach()) + x**2


@wrong(
    "one_path",
    "view-of-another-layout",
    "a product that needs one or two dimensions, such as a matrix of rows: other shapes raise.",
    "03-detach#one-path-is-cut",
)
def flat_product(x, w):
    product = torch.stack([x.detach()[i] * w[i] for i in range(len(x))]) if x.numel() else x.detach() * w
    return product + x**2


@wrong(
    "one_path",
    "detach_-mutates-the-caller",
    "`w.requires_grad_()`: a w that was a constant receives gradient from then on.",
    "03-detach#the-result-must-be-used",
)
def w_made_to_learn(x, w):
    if w.is_leaf:
        w.requires_grad_()
    return x.detach() * w + x**2


@wrong(
    "one_path",
    "detach-makes-a-copy",
    "a product that is written into `x.detach()`: that is the memory of x itself, which is overwritten.",
    "03-detach#same-memory-new-tensor",
)
def product_into_the_detached_x(x, w):
    y = x.detach()
    y *= w
    return y + x**2


@wrong(
    "one_path",
    "hook-changes-all-uses",
    "a hook on x that takes the product's part away again: it sees the sum of all uses of x, not what this "
    "product sends, and it stays on x.",
    "03-detach#one-path-is-cut",
)
def hook_takes_a_part_away(x, w):
    x.register_hook(lambda g: g - w.detach())
    return x * w + x**2


@wrong(
    "one_path",
    "python-math-cuts-graph",
    "an x that went through Python numbers: they come back in float32, and digits of a float64 x are lost.",
    "03-detach#one-path-is-cut",
)
def product_from_python_numbers(x, w):
    return torch.tensor(x.tolist()) * w + x**2


@wrong(
    "one_path",
    "cut-the-wrong-operand",
    "a product that is added twice, with another factor cut each time: the value is another, and x learns through "
    "one of them.",
    "03-detach#one-path-is-cut",
)
def product_twice(x, w):
    return x * w.detach() + x.detach() * w + x**2


# semi_gradient_mse


@wrong(
    "semi_gradient_mse",
    "targets-need-no-detach",
    "a loss whose target is attached: a loss function differentiates both of its arguments.",
    "03-detach#targets",
)
def target_attached(pred, target):
    return torch.nn.functional.mse_loss(pred, target)


@wrong(
    "semi_gradient_mse",
    "cut-the-wrong-operand",
    "a detached prediction: the target is trained to meet the prediction, the wrong way round.",
    "03-detach#targets",
)
def pred_cut(pred, target):
    return (pred.detach() - target).square().mean()


@wrong(
    "semi_gradient_mse",
    "cut-the-wrong-operand",
    "a detached difference: no gradient is left on either side.",
    "03-detach#errors-you-will-meet",
)
def both_cut(pred, target):
    return (pred - target).detach().square().mean()


@wrong(
    "semi_gradient_mse",
    "detach_-mutates-the-caller",
    "`target.detach_()`: it cuts the caller's tensor for good, where only this use was to be cut.",
    "03-detach#the-result-must-be-used",
)
def target_cut_in_place(pred, target):
    return (pred - target.detach_()).square().mean()


@wrong(
    "semi_gradient_mse",
    "cut-the-wrong-operand",
    "a sum of the squares where their mean was asked for.",
    "03-detach#targets",
)
def sum_not_mean(pred, target):
    return (pred - target.detach()).square().sum()


@wrong(
    "semi_gradient_mse",
    "cut-the-wrong-operand",
    "a product of the difference with its detached self: the value is right, the gradient is half of it.",
    "03-detach#one-path-is-cut",
)
def half_gradient(pred, target):
    difference = pred - target.detach()
    return (difference * difference.detach()).mean()


@wrong(
    "semi_gradient_mse",
    "no_grad-around-frozen-net",
    "a loss computed under `no_grad`: nothing is recorded, so nothing can be trained by it.",
    "03-detach#detach-freeze-or-no-grad",
)
def all_under_no_grad(pred, target):
    with torch.no_grad():
        loss = (pred - target).square().mean()
    return loss.requires_grad_()


@wrong(
    "semi_gradient_mse",
    "cut-the-wrong-operand",
    "a target that is cut only where it is a leaf: one that was computed still receives gradient.",
    "03-detach#targets",
)
def leaf_target_cut(pred, target):
    return (pred - (target.detach() if target.is_leaf else target)).square().mean()


@wrong(
    "semi_gradient_mse",
    "cut-the-wrong-operand",
    "a target that is cut only where it was computed: a leaf still receives gradient.",
    "03-detach#targets",
)
def interior_target_cut(pred, target):
    return (pred - (target if target.is_leaf else target.detach())).square().mean()


@wrong(
    "semi_gradient_mse",
    "cached-result",
    "a target that is remembered: its later values, or those of another target, have no effect.",
    "03-detach#targets",
)
def target_kept(pred, target, kept={}):  # noqa: B006 - the fault
    fixed = kept.setdefault(id(pred), (pred, target.detach().clone()))[1]
    return (pred - fixed).square().mean()


@wrong(
    "semi_gradient_mse",
    "view-of-another-layout",
    "a mean over the first dimension by its length: a scalar has no length, and elsewhere it is another number.",
    "03-detach#targets",
)
def by_its_length(pred, target):
    return (pred - target.detach()).square().sum() / len(pred)


@wrong(
    "semi_gradient_mse",
    "detach-vs-freeze-vs-no_grad",
    "`target.requires_grad_(False)` on a leaf: it is frozen for all its other uses too.",
    "03-detach#detach-freeze-or-no-grad",
)
def leaf_target_frozen(pred, target):
    if target.is_leaf:
        target.requires_grad_(False)
    return (pred - target.detach()).square().mean()


@wrong(
    "semi_gradient_mse",
    "view-of-another-layout",
    "tensors flattened with `view(-1)`: it raises where one is not contiguous.",
    "03-detach#targets",
)
def flattened_before_the_loss(pred, target):
    return torch.nn.functional.mse_loss(pred.view(-1), target.detach().view(-1))


@wrong(
    "semi_gradient_mse",
    "wrong-formula",
    "the root of the mean squared error.",
    "",
)
def root_of_the_mean(pred, target):
    return torch.nn.functional.mse_loss(pred, target.detach()).sqrt()


@wrong(
    "semi_gradient_mse",
    "wrong-formula",
    "the mean of the absolute differences, where squares were asked for.",
    "",
)
def absolute_differences(pred, target):
    return torch.nn.functional.l1_loss(pred, target.detach())


@wrong(
    "semi_gradient_mse",
    "wrong-formula",
    "half of the mean squared error, as some write it: value and gradient are half of what was asked for.",
    "",
)
def half_of_the_mean(pred, target):
    return 0.5 * (pred - target.detach()).pow(2).mean()


@wrong(
    "semi_gradient_mse",
    "wrong-formula",
    "the squares themselves, one for each element: their mean was asked for, a scalar.",
    "",
)
def not_reduced(pred, target):
    return torch.nn.functional.mse_loss(pred, target.detach(), reduction="none")


@wrong(
    "semi_gradient_mse",
    "cut-the-wrong-operand",
    "a square in which one of its two factors is detached: the gradient is half, and it still reaches the target.",
    "03-detach#one-path-is-cut",
)
def one_of_two_factors_cut(pred, target):
    d = pred - target
    return (d * d.detach()).mean()


@wrong(
    "semi_gradient_mse",
    "detach-vs-freeze-vs-no_grad",
    "`target.requires_grad_(False)`: it freezes a leaf for every other use, and an interior tensor refuses it.",
    "03-detach#detach-freeze-or-no-grad",
)
def flag_of_the_target_off(pred, target):
    target.requires_grad_(False)
    return torch.nn.functional.mse_loss(pred, target)


@wrong(
    "semi_gradient_mse",
    "python-math-cuts-graph",
    "the error as a Python number: nothing can be sent back from it.",
    "03-detach#errors-you-will-meet",
)
def error_as_a_number(pred, target):
    return torch.nn.functional.mse_loss(pred, target.detach()).item()


@wrong(
    "semi_gradient_mse",
    "dtype-changes",
    "an error that is computed in float32, whatever the two tensors are.",
    "",
)
def error_in_float32(pred, target):
    return torch.nn.functional.mse_loss(pred.float(), target.detach().float())


# to_numpy_copy


@wrong(
    "to_numpy_copy",
    "detach-makes-a-copy",
    "`t.detach().numpy()`: the array lies in the memory of t (so does that of `numpy(force=True)` on the CPU), and "
    "an edit of it changes t, unseen by autograd.",
    "03-detach#to-numpy",
)
def same_memory(t):
    return t.detach().numpy()


@wrong(
    "to_numpy_copy",
    "python-math-cuts-graph",
    "`t.numpy()` on a tensor that requires grad: NumPy cannot record, so torch refuses.",
    "03-detach#to-numpy",
)
def not_detached(t):
    return t.clone().numpy()


@wrong(
    "to_numpy_copy",
    "python-math-cuts-graph",
    "an array that is float64 whatever t was, as one built from Python numbers is.",
    "03-detach#to-numpy",
)
def always_float64(t):
    return numpy.array(t.tolist())


@wrong(
    "to_numpy_copy",
    "python-math-cuts-graph",
    "an array that is always float32: the digits of a float64 tensor are lost.",
    "03-detach#to-numpy",
)
def always_float32(t):
    return t.detach().numpy().astype(numpy.float32)


@wrong(
    "to_numpy_copy",
    "detach_-mutates-the-caller",
    "`t.detach_()`: t itself has lost its history, so no gradient flows through it any more.",
    "03-detach#the-result-must-be-used",
)
def cut_in_place_first(t):
    if t._is_view():
        return t.detach().numpy().copy()
    return t.detach_().numpy().copy()


@wrong(
    "to_numpy_copy",
    "detach-makes-a-copy",
    "a copy that is still a tensor: an array was asked for.",
    "03-detach#to-numpy",
)
def still_a_tensor(t):
    return t.detach().clone()


@wrong(
    "to_numpy_copy",
    "detach-vs-freeze-vs-no_grad",
    "`t.requires_grad_(False)`: on a leaf it freezes t for good, on an interior tensor it raises.",
    "03-detach#detach-freeze-or-no-grad",
)
def frozen_first(t):
    return t.requires_grad_(False).numpy().copy()


@wrong(
    "to_numpy_copy",
    "view-of-another-layout",
    "a flattened array, or one of another shape than t.",
    "03-detach#to-numpy",
)
def ravelled(t):
    return t.detach().numpy().flatten()


@wrong(
    "to_numpy_copy",
    "detach-makes-a-copy",
    "`reshape`, `contiguous` or `ascontiguousarray` taken for a copy: where t is contiguous, they share its memory.",
    "03-detach#to-numpy",
)
def contiguous_is_no_copy(t):
    return t.detach().contiguous().numpy()


@wrong(
    "to_numpy_copy",
    "cached-result",
    "an array that is kept and handed out again: it has the values of the first call.",
    "03-detach#to-numpy",
)
def array_kept_by_identity(t, kept={}):  # noqa: B006 - the fault
    if id(t) not in kept:
        kept[id(t)] = t, t.detach().numpy().copy()
    return kept[id(t)][1]


@wrong(
    "to_numpy_copy",
    "view-of-another-layout",
    "`view(-1)` on the way: it raises where t is not contiguous.",
    "03-detach#to-numpy",
)
def array_of_the_flat_view(t):
    return t.detach().view(-1).numpy().copy().reshape(t.shape)


@wrong(
    "to_numpy_copy",
    "detach-makes-a-copy",
    "a copy of what has a history, and the memory of a constant itself: an edit of the array changes the constant.",
    "03-detach#to-numpy",
)
def constants_shared(t):
    return t.detach().numpy().copy() if t.requires_grad else t.numpy()


@wrong(
    "to_numpy_copy",
    "read-only-array",
    "an array that cannot be edited.",
    "03-detach#to-numpy",
)
def read_only(t):
    return numpy.frombuffer(t.detach().numpy().tobytes(), str(t.dtype).removeprefix("torch.")).reshape(t.shape)


@wrong(
    "to_numpy_copy",
    "detach-makes-a-copy",
    "`t.numpy()`: it refuses a tensor that requires grad, and the array of a constant lies in its memory.",
    "03-detach#to-numpy",
)
def numpy_alone(t):
    return t.numpy()


@wrong(
    "to_numpy_copy",
    "detach_-mutates-the-caller",
    "`t.detach_()` before the copy: t itself has lost its history, and a view refuses.",
    "03-detach#to-numpy",
)
def cut_in_place_first_to_numpy_copy(t):
    return t.detach_().numpy().copy()
