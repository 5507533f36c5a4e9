"""Answers to 07-in-place that people give, each with the misconception behind it."""

import contextlib
import copy

import torch

from gradstop.course import wrong

# repaired


@wrong(
    "repaired",
    "plus-equals-is-sugar",
    "the broken version: `+=` overwrites the result that exp has saved, and backward refuses to use it. An edit under "
    "`no_grad`, or through `detach()`, is noticed just the same.",
    "07-in-place#what-each-operation-saves",
)
def broken_as_before(x):
    y = x.exp()
    y += 1
    return y.sum()


@wrong(
    "repaired",
    "hide-the-edit-with-no_grad-or-detach",
    "a gradient of exp(x) + 1: the result that exp has saved was overwritten unseen, as through `.data`, or x reaches "
    "the sum by a second path, with a gradient of 1.",
    "07-in-place#hiding-an-edit",
)
def edit_hidden_by_data(x):
    y = x.exp()
    y.data += 1
    return y.sum()


@wrong(
    "repaired",
    "cut-the-wrong-operand",
    "an edit of a detached copy that is then summed: the error is gone, and with it the whole gradient.",
    "07-in-place#repairs-that-work",
)
def detached_for_good(x):
    y = x.exp().detach().clone()
    y += 1
    return y.sum()


@wrong(
    "repaired",
    "parameter-wrap-cuts",
    "a detached result that requires grad again: a new leaf begins there, so backward runs and x gets nothing.",
    "07-in-place#repairs-that-work",
)
def new_leaf_after_exp(x):
    y = x.exp().detach().requires_grad_()
    return (y + 1).sum()


@wrong(
    "repaired",
    "plus-equals-is-sugar",
    "an addition whose result is thrown away: the gradient is right, and the 1 is missing from the value.",
    "07-in-place#plus-equals-is-in-place",
)
def addition_discarded(x):
    y = x.exp()
    y.add(1)
    return y.sum()


@wrong(
    "repaired",
    "wrong-formula",
    "1 added to the sum: each element of exp(x) should get its own.",
    "07-in-place#repairs-that-work",
)
def one_added_to_the_sum(x):
    return x.exp().sum() + 1


@wrong(
    "repaired",
    "wrong-formula",
    "1 added before exp: no error any more, and another function, `exp(x + 1)`.",
    "07-in-place#repairs-that-work",
)
def one_added_before_exp(x):
    return (x + 1).exp().sum()


@wrong(
    "repaired",
    "hide-the-edit-with-no_grad-or-detach",
    "a repair on x itself, such as `x.data.exp_()`: x is overwritten, and gradient no longer comes through exp.",
    "07-in-place#hiding-an-edit",
)
def x_overwritten(x):
    x.data.exp_()
    return (x + 1).sum()


@wrong(
    "repaired",
    "view-of-another-layout",
    "a view of x that only contiguous memory has, such as `x.view(-1)`: elsewhere it raises.",
    "07-in-place#repairs-that-work",
)
def flat_view(x):
    return (x.view(-1).exp() + 1).sum()


@wrong(
    "repaired",
    "view-of-another-layout",
    "a sum that goes row by row: a tensor without dimensions has no rows, so there it raises.",
    "07-in-place#repairs-that-work",
)
def summed_by_rows(x):
    return sum((row.exp() + 1).sum() for row in x) if x.numel() else (x.exp() + 1).sum()


@wrong(
    "repaired",
    "cached-result",
    "a result, or exp(x), that is kept for x and used in later calls: x has other values by then.",
    "07-in-place#repairs-that-work",
)
def sum_kept(x, kept={}):  # noqa: B006 - the fault
    if id(x) not in kept:
        kept[id(x)] = x, (x.exp() + 1).sum()
    return kept[id(x)][1]


@wrong(
    "repaired",
    "cut-the-wrong-operand",
    "a graph for leaves alone: an interior tensor is cut, and gets no gradient.",
    "07-in-place#repairs-that-work",
)
def interior_cut(x):
    return ((x if x.is_leaf else x.detach()).exp() + 1).sum() + 0 * x.sum()


@wrong(
    "repaired",
    "hook-changes-all-uses",
    "something that is left on x, such as a hook or an attribute: x is to be unchanged.",
    "07-in-place#repairs-that-work",
)
def hook_left_on_x(x):
    x.register_hook(lambda grad: grad)
    return (x.exp() + 1).sum()


@wrong(
    "repaired",
    "dtype-changes",
    "a result that is always float32: the digits of a float64 tensor are lost.",
    "07-in-place#repairs-that-work",
)
def always_float32(x):
    return (x.exp() + 1).sum().float()


@wrong(
    "repaired",
    "wrong-formula",
    "`exp(x) + 1` without the sum: a scalar is asked for.",
    "07-in-place#repairs-that-work",
)
def without_the_sum(x):
    return x.exp() + 1


@wrong(
    "repaired",
    "wrong-formula",
    "the mean, where the sum was asked for.",
    "07-in-place#repairs-that-work",
)
def mean_for_the_sum(x):
    return (x.exp() + 1).mean()


@wrong(
    "repaired",
    "leaf-in-place",
    "1 added to x itself: a leaf refuses, and otherwise the caller's x is overwritten.",
    "07-in-place#leaves-refuse",
)
def one_added_to_x(x):
    x += 1
    return x.exp().sum()


@wrong(
    "repaired",
    "wrong-formula",
    "1 added for each row, where each element gets its own: and a scalar has no length.",
    "07-in-place#repairs-that-work",
)
def one_for_each_row(x):
    return x.exp().sum() + len(x)


@wrong(
    "repaired",
    "python-math-cuts-graph",
    "a Python number: nothing can be sent back from it.",
    "07-in-place#repairs-that-work",
)
def sum_as_a_number(x):
    return (x.exp() + 1).sum().item()


@wrong(
    "repaired",
    "torch-tensor-of-losses",
    "a new leaf of the values: a backward goes through, ends there, and sends nothing to x.",
    "07-in-place#repairs-that-work",
)
def new_tensor_of_the_values(x):
    y = torch.tensor((x.exp() + 1).tolist(), requires_grad=True)
    return y.sum()


# with_row


@wrong(
    "with_row",
    "leaf-in-place",
    "`x[i] = v`: it writes into the caller's x, and where x is a leaf torch refuses.",
    "07-in-place#leaves-refuse",
)
def assigned_to_x(x, i, v):
    x[i] = v
    return x


@wrong(
    "with_row",
    "leaf-in-place",
    "`x[i] = v` under `no_grad`: torch no longer refuses, x is overwritten for everyone, and v gets no gradient.",
    "07-in-place#leaves-refuse",
)
def assigned_under_no_grad(x, i, v):
    with torch.no_grad():
        x[i] = v
    return x


@wrong(
    "with_row",
    "data-equals-detach",
    "`x.data[i] = v`: x is overwritten, the version counter does not show it, and a backward that needs the old row is "
    "wrong without a word.",
    "07-in-place#hiding-an-edit",
)
def assigned_through_data(x, i, v):
    x.data[i] = v
    return x * 1


@wrong(
    "with_row",
    "detach-makes-a-copy",
    "an edit of `x.detach()`: it is no copy, so x is overwritten, and the result is cut from x.",
    "07-in-place#views-and-aliases",
)
def assigned_to_the_detached(x, i, v):
    result = x.detach()
    result[i] = v
    return result


@wrong(
    "with_row",
    "detach-makes-a-copy",
    "an edit of `x.detach().clone()`: x is safe, and gets no gradient for its other rows.",
    "07-in-place#replacing-a-part-out-of-place",
)
def cut_copy_edited(x, i, v):
    result = x.detach().clone()
    result[i] = v
    return result


@wrong(
    "with_row",
    "cut-the-wrong-operand",
    "a copy whose row is set to the values of v alone (`v.detach()`): v gets no gradient.",
    "07-in-place#replacing-a-part-out-of-place",
)
def row_of_plain_values(x, i, v):
    result = x.clone()
    result[i] = v.detach()
    return result


@wrong(
    "with_row",
    "hide-the-edit-with-no_grad-or-detach",
    "a write that is not recorded, as under `no_grad` or through `.data`: the gradient of row i still goes to x, "
    "and v gets none.",
    "07-in-place#hiding-an-edit",
)
def write_not_recorded(x, i, v):
    result = x.clone()
    with torch.no_grad():
        result[i] = v
    return result


@wrong(
    "with_row",
    "cut-the-wrong-operand",
    "a difference that is added to x, with the old row cut: the value is right, and row i of x still gets gradient.",
    "07-in-place#replacing-a-part-out-of-place",
)
def old_row_only_covered(x, i, v):
    pad = torch.zeros(len(x), 1, dtype=x.dtype)
    pad[i] = 1
    return x + pad * (v - x.detach())


@wrong(
    "with_row",
    "plus-equals-is-sugar",
    "`+=` on the row of a copy: v is added to the old row, which should be gone.",
    "07-in-place#plus-equals-is-in-place",
)
def added_to_the_row(x, i, v):
    result = x.clone()
    result[i] += v
    return result


@wrong(
    "with_row",
    "values-for-identity",
    "a row that is found by its values: rows that are alike are all replaced.",
    "07-in-place#replacing-a-part-out-of-place",
)
def rows_of_these_values(x, i, v):
    alike = (x == x[i]).all(1, keepdim=True)
    return torch.where(alike, v, x)


@wrong(
    "with_row",
    "values-for-identity",
    "a comparison of values that decides whether anything is done: where row and v are alike, v gets no gradient.",
    "07-in-place#replacing-a-part-out-of-place",
)
def nothing_to_replace(x, i, v):
    if torch.equal(x[i], v):
        return x.clone()
    result = x.clone()
    result[i] = v
    return result


@wrong(
    "with_row",
    "view-of-another-layout",
    "a flat view, `view(-1)`, of x or of a copy in the layout of x: where x is not contiguous it raises.",
    "07-in-place#replacing-a-part-out-of-place",
)
def flat_positions(x, i, v):
    flat = x.view(-1)
    return torch.cat([flat[: i * x.shape[1]], v, flat[(i + 1) * x.shape[1] :]]).view(x.shape)


@wrong(
    "with_row",
    "cached-result",
    "a result that is kept for x and i, and handed out again whatever v and the values of x are by then.",
    "07-in-place#replacing-a-part-out-of-place",
)
def matrix_kept(x, i, v, kept={}):  # noqa: B006 - the fault
    if (id(x), i) not in kept:
        result = x.clone()
        result[i] = v
        kept[id(x), i] = x, result
    return kept[id(x), i][1]


@wrong(
    "with_row",
    "wrong-formula",
    "a row that is right for every i but 0: there the last row is replaced, and the first stays.",
    "07-in-place#replacing-a-part-out-of-place",
)
def next_row_down(x, i, v):
    return torch.cat([x[:i], v[None], x[i + 1 :]]) if i else torch.cat([x[:-1], v[None]]) if len(x) > 1 else v[None] + 0


@wrong(
    "with_row",
    "cut-the-wrong-operand",
    "a copy for leaves alone: where x was computed, its other rows get no gradient.",
    "07-in-place#replacing-a-part-out-of-place",
)
def interior_x_cut(x, i, v):
    result = (x if x.is_leaf else x.detach()).clone()
    result[i] = v
    return result


@wrong(
    "with_row",
    "wrong-formula",
    "column i replaced, where row i was asked for.",
    "07-in-place#replacing-a-part-out-of-place",
)
def column_for_the_row(x, i, v):
    y = x.clone()
    y[:, i] = v
    return y


@wrong(
    "with_row",
    "wrong-formula",
    "a v of one dimension between parts of two: `torch.cat` asks for the same number of dimensions.",
    "07-in-place#replacing-a-part-out-of-place",
)
def row_without_its_dimension(x, i, v):
    return torch.cat([x[:i], v, x[i + 1 :]])


@wrong(
    "with_row",
    "off-by-one",
    "a row that is inserted: the old row i is still there, after it.",
    "07-in-place#replacing-a-part-out-of-place",
)
def row_inserted(x, i, v):
    return torch.cat([x[:i], v[None], x[i:]])


@wrong(
    "with_row",
    "wrong-formula",
    "a list of the rows: one tensor is asked for.",
    "07-in-place#replacing-a-part-out-of-place",
)
def list_of_rows(x, i, v):
    rows = list(x)
    rows[i] = v
    return rows


@wrong(
    "with_row",
    "wrong-formula",
    "v added to every row: a mask for v is missing.",
    "07-in-place#replacing-a-part-out-of-place",
)
def v_added_to_every_row(x, i, v):
    m = torch.ones_like(x)
    m[i] = 0
    return x * m + v


@wrong(
    "with_row",
    "hide-the-edit-with-no_grad-or-detach",
    "an x that is overwritten and put back: the values are right, and the version has gone up, so a backward that "
    "needs x raises. And the result has no history.",
    "07-in-place#a-version-for-every-write",
)
def written_and_taken_back(x, i, v):
    old = x[i].clone()
    with torch.no_grad():
        x[i] = v
        y = x.clone()
        x[i] = old
    return y


@wrong(
    "with_row",
    "python-math-cuts-graph",
    "a new leaf, made by way of NumPy: the values are right, and neither x nor v gets gradient.",
    "07-in-place#replacing-a-part-out-of-place",
)
def by_way_of_numpy(x, i, v):
    a = x.detach().numpy().copy()
    a[i] = v.detach().numpy()
    return torch.tensor(a, requires_grad=True)


@wrong(
    "with_row",
    "off-by-one",
    "the rows after i as a slice that is counted from the end: after the last row there is none, and `x[0:]` is "
    "all of x.",
    "07-in-place#replacing-a-part-out-of-place",
)
def rest_counted_from_the_end(x, i, v):
    return torch.cat([x[:i], v[None], x[i - len(x) + 1 :]])


# writes_to


@wrong(
    "writes_to",
    "in-place-always-raises",
    "a comparison of the values before and after: a write that leaves the numbers as they are is a write too.",
    "07-in-place#a-version-for-every-write",
)
def values_compared(fn, x):
    before = x.detach().clone()
    fn(x)
    return not torch.equal(before, x.detach())


@wrong(
    "writes_to",
    "detach-makes-a-copy",
    "a comparison of two names for one memory, such as `x.detach()` or x itself, or a look at a counter that is "
    "not x's (`x.data` has its own): both sides see the write, or none does, so they "
    "never differ, and the answer is always False.",
    "07-in-place#views-and-aliases",
)
def alias_compared(fn, x):
    before = x.detach()
    fn(x)
    return not torch.equal(before, x.detach())


@wrong(
    "writes_to",
    "in-place-always-raises",
    "a look at the result: one that is x, or lies in its memory, may come from a function that only reads, and a "
    "function that writes may return nothing.",
    "07-in-place#views-and-aliases",
)
def result_in_the_same_memory(fn, x):
    result = fn(x)
    return isinstance(result, torch.Tensor) and result.data_ptr() == x.data_ptr()


@wrong(
    "writes_to",
    "in-place-always-raises",
    "`fn(x) is x`: a view of x, a detached alias or nothing at all may come back from a function that writes.",
    "07-in-place#views-and-aliases",
)
def result_is_x(fn, x):
    return fn(x) is x


@wrong(
    "writes_to",
    "in-place-always-raises",
    "a version compared with 0: x may have been edited before, so only a rise during the call counts.",
    "07-in-place#a-version-for-every-write",
)
def any_version_above_zero(fn, x):
    fn(x)
    return x._version > 0


@wrong(
    "writes_to",
    "leaf-in-place",
    "a look at the writes that torch records, and no others: on a leaf that requires grad they are refused, and "
    "an interior tensor has another `grad_fn` afterwards. One under `no_grad` or through a detached alias is not "
    "among them.",
    "07-in-place#leaves-refuse",
)
def refused_by_a_leaf(fn, x):
    try:
        fn(x.detach().clone().requires_grad_())
    except RuntimeError:
        return True
    return False


@wrong(
    "writes_to",
    "deepcopy-interior",
    "a deep copy of x: torch copies only leaves that way, and refuses an interior tensor.",
    "07-in-place#views-and-aliases",
)
def trial_on_a_deep_copy(fn, x):
    trial = copy.deepcopy(x)
    before = trial._version
    fn(trial)
    return trial._version > before


@wrong(
    "writes_to",
    "hide-the-edit-with-no_grad-or-detach",
    "a look at `grad_fn`: it changes when a write is recorded. A constant has none, and a write under `no_grad` or "
    "through a detached alias changes none.",
    "07-in-place#views-and-aliases",
)
def history_compared(fn, x):
    before = x.grad_fn
    fn(x)
    return x.grad_fn is not before


@wrong(
    "writes_to",
    "inference-tensor-in-training",
    "a copy made under `inference_mode`: such a tensor has no version counter, and asking for it raises.",
    "07-in-place#a-version-for-every-write",
)
def inference_copy(fn, x):
    with torch.inference_mode():
        trial = x.clone()
        before = trial._version
        fn(trial)
        return trial._version > before


@wrong(
    "writes_to",
    "values-for-identity",
    "a trial on other values than those of x, such as ones: what fn does may depend on them.",
    "07-in-place#a-version-for-every-write",
)
def trial_on_ones(fn, x):
    trial = torch.ones_like(x)
    fn(trial)
    return trial._version > 0


@wrong(
    "writes_to",
    "cached-result",
    "an answer that is kept for x, or for fn: another function is asked about, or x is another by then.",
    "07-in-place#a-version-for-every-write",
)
def answer_kept_for_x(fn, x, kept={}):  # noqa: B006 - the fault
    if id(x) not in kept:
        trial = x.detach().clone()
        fn(trial)
        kept[id(x)] = x, trial._version > 0
    return kept[id(x)][1]


@wrong(
    "writes_to",
    "view-of-another-layout",
    "a trial on a flat view, or on another shape: fn gets other than x, or it raises.",
    "07-in-place#views-and-aliases",
)
def flat_trial(fn, x):
    trial = x.detach().view(-1).clone()
    fn(trial)
    return trial._version > 0


@wrong(
    "writes_to",
    "in-place-always-raises",
    "a name that ends in an underscore in the function's own code: a module, `+=` and an assignment have none.",
    "07-in-place#plus-equals-is-in-place",
)
def underscore_in_its_names(fn, x):
    code = getattr(fn, "__code__", None)
    return bool(code) and any(name.endswith("_") for name in code.co_names)


@wrong(
    "writes_to",
    "hide-the-edit-with-no_grad-or-detach",
    "a version that has to rise by exactly one: a function may write twice.",
    "07-in-place#a-version-for-every-write",
)
def exactly_one_write(fn, x):
    trial = x.detach().clone()
    fn(trial)
    return trial._version == 1


@wrong(
    "writes_to",
    "detach-makes-a-copy",
    "a look at where the result lies: a function may return x and write nothing, write and return something else, "
    "or nothing at all.",
    "07-in-place#views-and-aliases",
)
def address_of_the_result(fn, x):
    return fn(x).data_ptr() == x.data_ptr()


@wrong(
    "writes_to",
    "values-for-identity",
    "the version of what fn returns: that may be another tensor, or nothing.",
    "07-in-place#a-version-for-every-write",
)
def version_of_the_result(fn, x):
    return fn(x)._version > 0


@wrong(
    "writes_to",
    "deepcopy-interior",
    "a `deepcopy`, whose version is compared with that of x: an interior tensor cannot be copied so, and a copy "
    "has a counter of its own.",
    "07-in-place#a-version-for-every-write",
)
def deepcopy_compared_with_x(fn, x):
    y = copy.deepcopy(x)
    fn(y)
    return y._version > x._version


@wrong(
    "writes_to",
    "values-for-identity",
    "a version that is looked at without a call of fn: it tells what was written before.",
    "07-in-place#a-version-for-every-write",
)
def fn_never_called(fn, x):
    return x._version > 0


@wrong(
    "writes_to",
    "wrong-formula",
    "the answer the other way round: True where the version stays.",
    "07-in-place#a-version-for-every-write",
)
def the_other_way_round(fn, x):
    v = x._version
    fn(x)
    return x._version == v


@wrong(
    "writes_to",
    "wrong-formula",
    "the number of writes: True or False is asked for.",
    "07-in-place#a-version-for-every-write",
)
def how_often(fn, x):
    v = x._version
    fn(x)
    return x._version - v


# update_running


@wrong(
    "update_running",
    "rebind-the-weight",
    "`buf = m * buf + …`: the name inside the function means a new tensor now, and the caller's buf is as it was.",
    "07-in-place#plus-equals-is-in-place",
)
def name_bound_again(buf, x, m):
    buf = m * buf + (1 - m) * x.detach()


@wrong(
    "update_running",
    "buffer-joins-the-graph",
    "an in-place update from x as it is: where x requires grad, buf becomes part of its graph, and the graph grows "
    "with every update.",
    "07-in-place#buffers-join-the-graph",
)
def buffer_in_the_graph(buf, x, m):
    buf.mul_(m).add_((1 - m) * x)


@wrong(
    "update_running",
    "data-equals-detach",
    "a write that autograd does not see, as through `buf.data` or NumPy: the values are right and the version "
    "does not move, so a backward that needed the old values is wrong without a word.",
    "07-in-place#hiding-an-edit",
)
def written_through_data(buf, x, m):
    buf.data.mul_(m).add_(x.detach(), alpha=1 - m)


@wrong(
    "update_running",
    "rebind-the-weight",
    "`buf.data = …`: buf moves to new memory, which a view of it does not see, and the version does not move.",
    "07-in-place#hiding-an-edit",
)
def moved_to_new_memory(buf, x, m):
    buf.data = m * buf.data + (1 - m) * x.data


@wrong(
    "update_running",
    "wrong-formula",
    "m and 1 - m swapped: the new value gets the weight of the old one.",
    "07-in-place#plus-equals-is-in-place",
)
def weights_swapped(buf, x, m):
    with torch.no_grad():
        buf.mul_(1 - m).add_(x, alpha=m)


@wrong(
    "update_running",
    "grad-mode-leak",
    "`torch.set_grad_enabled(False)` as a statement: from then on the caller records nothing.",
    "07-in-place#hiding-an-edit",
)
def mode_left_off(buf, x, m):
    torch.set_grad_enabled(False)
    buf.mul_(m).add_(x, alpha=1 - m)


@wrong(
    "update_running",
    "grad-mode-leak",
    "a grad mode that is switched on at the end, whatever it was: a caller under `no_grad` records from then on.",
    "07-in-place#hiding-an-edit",
)
def mode_always_switched_on(buf, x, m):
    torch.set_grad_enabled(False)
    buf.mul_(m).add_(x, alpha=1 - m)
    torch.set_grad_enabled(True)


@wrong(
    "update_running",
    "detach_-mutates-the-caller",
    "an x that is scaled in place: buf is right, and the caller's x is overwritten.",
    "07-in-place#views-and-aliases",
)
def x_scaled_in_place(buf, x, m):
    with torch.no_grad():
        buf.mul_(m).add_(x.mul_(1 - m))


@wrong(
    "update_running",
    "wrong-formula",
    "an x added in full: only buf is weighted, and the sum grows.",
    "07-in-place#plus-equals-is-in-place",
)
def x_not_weighted(buf, x, m):
    with torch.no_grad():
        buf.mul_(m).add_(x)


@wrong(
    "update_running",
    "buffer-joins-the-graph",
    "an update that is recorded and cut afterwards by `detach_()`: where buf is a view of other memory, torch "
    "refuses that.",
    "07-in-place#buffers-join-the-graph",
)
def recorded_and_then_cut(buf, x, m):
    buf.mul_(m).add_(x, alpha=1 - m)
    buf.detach_()


@wrong(
    "update_running",
    "wrong-formula",
    "a buffer of zeros taken for one that was never updated: it then becomes x as a whole.",
    "07-in-place#buffers-join-the-graph",
)
def zeros_mean_new(buf, x, m):
    if not buf.any():
        buf.copy_(x.detach())
    else:
        buf.mul_(m).add_(x.detach(), alpha=1 - m)


@wrong(
    "update_running",
    "view-of-another-layout",
    "an update that goes row by row: a buffer without dimensions has no rows, so there it raises.",
    "07-in-place#views-and-aliases",
)
def row_by_row(buf, x, m):
    for old, new in zip(buf, x.detach(), strict=True):
        old.mul_(m).add_(new, alpha=1 - m)


@wrong(
    "update_running",
    "cached-result",
    "an x that is remembered from the first call: later values, or another x, have no effect.",
    "07-in-place#a-version-for-every-write",
)
def first_x_for_ever(buf, x, m, kept={}):  # noqa: B006 - the fault
    new = kept.setdefault(id(buf), (buf, x.detach().clone()))[1]
    buf.mul_(m).add_(new, alpha=1 - m)


@wrong(
    "update_running",
    "detach_-mutates-the-caller",
    "an x whose `requires_grad` is switched off where it is a leaf: it was to be read alone, and the caller's x "
    "learns nothing any more.",
    "07-in-place#views-and-aliases",
)
def x_cut_for_good(buf, x, m):
    if x.is_leaf:
        x.requires_grad_(False)
    buf.mul_(m).add_(x.detach(), alpha=1 - m)


@wrong(
    "update_running",
    "rebind-the-weight",
    "`set_`, or another memory that takes the place of buf's: who shares the old memory sees no update.",
    "07-in-place#a-version-for-every-write",
)
def storage_exchanged(buf, x, m):
    with torch.no_grad():
        buf.set_((m * buf + (1 - m) * x).detach())


@wrong(
    "update_running",
    "detach_-mutates-the-caller",
    "a right buf, and an x that is cut in place: it has lost its history for every other use.",
    "07-in-place#buffers-join-the-graph",
)
def x_cut_in_place(buf, x, m):
    x.detach_()
    buf.mul_(m).add_(x, alpha=1 - m)


@wrong(
    "update_running",
    "wrong-formula",
    "the mean of x in the place of x itself.",
    "",
)
def mean_of_x(buf, x, m):
    with torch.no_grad():
        buf.mul_(m).add_(x.mean(), alpha=1 - m)


@wrong(
    "update_running",
    "wrong-formula",
    "a buf that has been weighted when it is weighted again.",
    "",
)
def weighted_twice(buf, x, m):
    with torch.no_grad():
        buf.mul_(m)
        buf += (1 - m) * x + m * buf


@wrong(
    "update_running",
    "buffer-joins-the-graph",
    "a buf that is made to require grad: what is computed from it is recorded from then on.",
    "07-in-place#buffers-join-the-graph",
)
def flag_on_buf(buf, x, m):
    buf.requires_grad_()
    with torch.no_grad():
        buf.mul_(m).add_(x, alpha=1 - m)


@wrong(
    "update_running",
    "detach-vs-freeze-vs-no_grad",
    "`x.requires_grad_(False)`: it freezes the caller's x, and an interior tensor refuses it.",
    "07-in-place#buffers-join-the-graph",
)
def x_frozen(buf, x, m):
    x.requires_grad_(False)
    buf.mul_(m).add_(x, alpha=1 - m)


@wrong(
    "update_running",
    "view-of-another-layout",
    "a whole larger constant that is weighted: only the part that buf is a view of is to be written.",
    "07-in-place#views-and-aliases",
)
def whole_of_the_larger_tensor(buf, x, m):
    b = buf._base if buf._base is not None else buf
    with torch.no_grad():
        b.mul_(m)
        buf.add_(x, alpha=1 - m)


# capture


@wrong(
    "capture",
    "relu-inplace-side-effects",
    "a hook that keeps `output.detach()`: that lies in the memory of the output, which the next layer overwrites.",
    "07-in-place#in-place-layers",
)
def detached_and_overwritten(model, layer, x):
    kept = []
    with layer.register_forward_hook(lambda module, inputs, output: kept.append(output.detach())):
        model(x)
    return kept[0]


@wrong(
    "capture",
    "clone-is-independent",
    "a hook that keeps `output.clone()`: the values are safe, and the copy still hangs on the graph.",
    "07-in-place#looking-inside-a-model",
)
def copy_in_the_graph(model, layer, x):
    kept = []
    with layer.register_forward_hook(lambda module, inputs, output: kept.append(output.clone())):
        model(x)
    return kept[0]


@wrong(
    "capture",
    "relu-inplace-side-effects",
    "a hook that keeps the output itself: the next layer overwrites it, and it hangs on the graph.",
    "07-in-place#in-place-layers",
)
def output_itself_kept(model, layer, x):
    kept = []
    with layer.register_forward_hook(lambda module, inputs, output: kept.append(output)):
        model(x)
    return kept[0]


@wrong(
    "capture",
    "stored-activation",
    "a hook that is never removed: it runs, and keeps a copy, whenever the model runs.",
    "07-in-place#looking-inside-a-model",
)
def hook_left_behind(model, layer, x):
    kept = []
    layer.register_forward_hook(lambda module, inputs, output: kept.append(output.detach().clone()))
    model(x)
    return kept[0]


@wrong(
    "capture",
    "stored-activation",
    "the output of the whole model: the layer's is asked for.",
    "07-in-place#looking-inside-a-model",
)
def output_of_the_model(model, layer, x):
    return model(x).detach().clone()


@wrong(
    "capture",
    "stored-activation",
    "`layer(x)`: the layer does not get x but what the layers before it have made of x.",
    "07-in-place#looking-inside-a-model",
)
def layer_on_x(model, layer, x):
    with torch.no_grad():
        return layer(x)


@wrong(
    "capture",
    "eval-means-no-grad",
    "`model.eval()`: that does not stop recording, and some layers compute something else, in this run and in later "
    "ones.",
    "07-in-place#looking-inside-a-model",
)
def model_left_in_eval(model, layer, x):
    kept = []
    model.eval()
    with torch.no_grad(), layer.register_forward_hook(lambda module, inputs, output: kept.append(output.clone())):
        model(x)
    return kept[0]


@wrong(
    "capture",
    "grad-mode-leak",
    "`torch.set_grad_enabled(False)` as a statement: nothing is recorded afterwards, and the model cannot train.",
    "07-in-place#looking-inside-a-model",
)
def recording_left_off(model, layer, x):
    kept = []
    torch.set_grad_enabled(False)
    with layer.register_forward_hook(lambda module, inputs, output: kept.append(output.clone())):
        model(x)
    return kept[0]


@wrong(
    "capture",
    "detach-vs-freeze-vs-no_grad",
    "frozen parameters: the result carries no graph, and the model never trains again.",
    "07-in-place#looking-inside-a-model",
)
def model_left_frozen(model, layer, x):
    kept = []
    model.requires_grad_(False)
    with layer.register_forward_hook(lambda module, inputs, output: kept.append(output.clone())):
        model(x)
    return kept[0]


@wrong(
    "capture",
    "stored-activation",
    "a hook that keeps what the layer is given, not what it returns.",
    "07-in-place#looking-inside-a-model",
)
def input_of_the_layer(model, layer, x):
    kept = []
    with layer.register_forward_hook(lambda module, inputs, output: kept.append(inputs[0].detach().clone())):
        model(x)
    return kept[0]


@wrong(
    "capture",
    "stored-activation",
    "a `forward` that is an attribute of the layer afterwards: the one put there for the run, or the old one, "
    "assigned.",
    "07-in-place#looking-inside-a-model",
)
def forward_left_replaced(model, layer, x):
    forward, kept = layer.forward, []

    def keeping(h):
        output = forward(h)
        kept.append(output.detach().clone())
        return output

    layer.forward = keeping
    model(x)
    return kept[0]


@wrong(
    "capture",
    "cached-result",
    "a result that is kept for the layer and handed out again: another x, or changed weights, have no effect.",
    "07-in-place#looking-inside-a-model",
)
def output_kept(model, layer, x, kept={}):  # noqa: B006 - the fault
    if id(layer) not in kept:
        seen = []
        with layer.register_forward_hook(lambda _, __, output: seen.append(output.detach().clone())):
            model(x)
        kept[id(layer)] = layer, seen[0]
    return kept[id(layer)][1]


@wrong(
    "capture",
    "stored-activation",
    "another exception in the place of the one that the model raised: the caller waits for that one.",
    "07-in-place#looking-inside-a-model",
)
def another_exception(model, layer, x):
    seen = []
    handle = layer.register_forward_hook(lambda _, __, output: seen.append(output.detach().clone()))
    try:
        model(x)
    except Exception as error:
        raise RuntimeError("the model failed") from error
    finally:
        handle.remove()
    return seen[0]


@wrong(
    "capture",
    "stored-activation",
    "all hooks of the layer taken away at the end: those of the caller go with them.",
    "07-in-place#looking-inside-a-model",
)
def all_hooks_cleared(model, layer, x):
    seen = []
    layer.register_forward_hook(lambda _, __, output: seen.append(output.detach().clone()))
    try:
        model(x)
    finally:
        layer._forward_hooks.clear()
    return seen[0]


@wrong(
    "capture",
    "eval-means-no-grad",
    "`model.train()` at the end, whatever the modes were: parts that were in evaluation mode train from then on.",
    "07-in-place#looking-inside-a-model",
)
def always_put_into_training(model, layer, x):
    seen = []
    with layer.register_forward_hook(lambda _, __, output: seen.append(output.detach().clone())):
        model(x)
    model.train()
    return seen[0]


@wrong(
    "capture",
    "stored-activation",
    "a search among the model's direct children, or one level below: a layer that lies deeper is not found.",
    "07-in-place#looking-inside-a-model",
)
def direct_children_alone(model, layer, x):
    seen = []
    for child in model.children():
        if child is layer:
            with child.register_forward_hook(lambda _, __, output: seen.append(output.detach().clone())):
                model(x)
    return seen[0]


@wrong(
    "capture",
    "stored-activation",
    "an attribute that is left on the layer or the model, such as the output that was captured.",
    "07-in-place#looking-inside-a-model",
)
def attribute_left(model, layer, x):
    def keep(module, inputs, output):
        module.captured = output.detach().clone()

    with layer.register_forward_hook(keep):
        model(x)
    return layer.captured


@wrong(
    "capture",
    "forward-is-not-call",
    "the layers called one after the other: a model need not be a sequence.",
    "07-in-place#looking-inside-a-model",
)
def layers_called_one_by_one(model, layer, x):
    with torch.no_grad():
        h = x
        for m in model:
            h = m(h)
            if m is layer:
                return h.clone()
    return None


@wrong(
    "capture",
    "stored-activation",
    "what the layer is given, not what it returns.",
    "07-in-place#looking-inside-a-model",
)
def input_of_the_layer_capture(model, layer, x):
    got = []
    h = layer.register_forward_pre_hook(lambda m, i: got.append(i[0].detach().clone()))
    try:
        model(x)
    finally:
        h.remove()
    return got[0]


@wrong(
    "capture",
    "another-exception",
    "an exception that is caught and not raised again: the caller gets None.",
    "07-in-place#looking-inside-a-model",
)
def exception_swallowed(model, layer, x):
    got = []
    h = layer.register_forward_hook(lambda m, i, o: got.append(o.detach().clone()))
    with contextlib.suppress(Exception):
        model(x)
    h.remove()
    return got[0] if got else None


@wrong(
    "capture",
    "restore-without-finally",
    "a hook that is removed only where nothing goes wrong: if the model raises it stays.",
    "07-in-place#looking-inside-a-model",
)
def hook_left_by_an_exception(model, layer, x):
    got = []
    h = layer.register_forward_hook(lambda m, i, o: got.append(o.detach().clone()))
    with torch.no_grad():
        model(x)
    h.remove()
    return got[0]


@wrong(
    "capture",
    "copied-memory-reused",
    "one piece of memory for each layer: the next call writes over what an earlier one returned.",
    "07-in-place#looking-inside-a-model",
)
def one_memory_for_each_layer(model, layer, x, store={}):  # noqa: B006 - the mistake

    def hook(m, i, o):
        if m in store and store[m].shape == o.shape:
            store[m].copy_(o.detach())
        else:
            store[m] = o.detach().clone()

    h = layer.register_forward_hook(hook)
    try:
        model(x)
    finally:
        h.remove()
    return store[layer]


@wrong(
    "capture",
    "wrong-formula",
    "a list that holds the output: the output itself is asked for.",
    "07-in-place#looking-inside-a-model",
)
def list_with_the_output(model, layer, x):
    got = []
    h = layer.register_forward_hook(lambda m, i, o: got.append(o.detach().clone()))
    try:
        model(x)
    finally:
        h.remove()
    return got
