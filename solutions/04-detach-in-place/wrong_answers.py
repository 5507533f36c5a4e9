"""Answers to 04-detach-in-place that people give, each with the misconception behind it."""

import copy
from collections import namedtuple

import torch
from torch import nn
from torch.nn.utils import stateless

from gradstop.course import wrong

# cut_


@wrong(
    "cut_",
    "loop-rebinding",
    "a new tensor on the memory of t, as `t.detach()` and `t.data` make one: your name for t now means another tensor, "
    "and every name of the caller's still means the one with its history.",
    "04-detach-in-place#a-new-name-cuts-nothing",
)
def detached_alias(t):
    t = t.detach()
    return t  # noqa: RET504 - the new name is the point


@wrong(
    "cut_",
    "detach-result-discarded",
    "a function that returns t as it was, with its history: a `t.detach()` whose result is thrown away changes "
    "nothing, nor does a `no_grad` block in which nothing is computed.",
    "04-detach-in-place#a-new-name-cuts-nothing",
)
def result_discarded(t):
    t.detach()
    return t


@wrong(
    "cut_",
    "clone-is-independent",
    "a copy without a history, by `clone` or another way: the caller's tensor keeps its own, and an edit of the copy "
    "does not reach it.",
    "04-detach-in-place#one-tensor-every-name",
)
def detached_copy(t):
    return t.detach().clone()


@wrong(
    "cut_",
    "flag-on-interior",
    "an error of torch for an interior tensor: `requires_grad_(False)` is refused, since it is for leaves, and so is "
    "`numpy()`.",
    "04-detach-in-place#detach-in-place-or-freeze",
)
def flag_taken_off(t):
    return t.requires_grad_(False)


@wrong(
    "cut_",
    "detach_-mutates-the-caller",
    "a tensor that is cut, and a function that returns nothing: the tensor itself is asked for as the result.",
    "04-detach-in-place#one-tensor-every-name",
)
def nothing_returned(t):
    t.detach_()


@wrong(
    "cut_",
    "flag-then-op",
    "a cut with a flag after it: t is a leaf that requires grad, so later uses of it are recorded again.",
    "04-detach-in-place#a-new-history-can-start",
)
def flagged_again(t):
    return t.detach_().requires_grad_()


@wrong(
    "cut_",
    "hook-changes-all-uses",
    "a hook that makes the gradient zero: nothing arrives behind t, and t still has its history, so every use of it "
    "is recorded.",
    "04-detach-in-place#one-tensor-every-name",
)
def zeroed_by_a_hook(t):
    t.register_hook(torch.zeros_like)
    return t


@wrong(
    "cut_",
    "detach_-mutates-the-caller",
    "a cut of t whose result is a copy: the caller's tensor is cut, and another one is returned.",
    "04-detach-in-place#one-tensor-every-name",
)
def copy_of_the_cut(t):
    t.detach_()
    return t.clone()


@wrong(
    "cut_",
    "no_grad-view-trap",
    "`t.detach().requires_grad_()`: a new leaf on the memory of t, which requires grad. The caller's tensor keeps its "
    "history.",
    "04-detach-in-place#a-new-name-cuts-nothing",
)
def leaf_on_the_same_memory(t):
    return t.detach().requires_grad_()


@wrong(
    "cut_",
    "remembered-by-object",
    "a tensor that is cut once: when the same object has a new history, a later call takes it for cut.",
    "04-detach-in-place#a-new-history-can-start",
)
def each_object_once(t, known=[]):  # noqa: B006 - the mistake
    if not any(t is other for other in known):
        known.append(t)
        t.detach_()
    return t


@wrong(
    "cut_",
    "left-behind",
    "a cut that leaves a mark on t, or takes one away: an attribute or a hook.",
    "04-detach-in-place#one-tensor-every-name",
)
def mark_left(t):
    t.cut = True
    return t.detach_()


@wrong(
    "cut_",
    "no_grad-rename",
    "a cut in grad mode alone: under `no_grad` t is left as it is. The mode says what new operations record, and t has "
    "its history already.",
    "04-detach-in-place#one-tensor-every-name",
)
def in_grad_mode_alone(t):
    return t.detach_() if torch.is_grad_enabled() else t


@wrong(
    "cut_",
    "contiguous-copies",
    "a cut of t, and a result that is t only where t is contiguous: for other layouts another tensor is returned.",
    "04-detach-in-place#one-tensor-every-name",
)
def contiguous_result(t):
    return t.detach_().contiguous()


@wrong(
    "cut_",
    "detach_-mutates-the-caller",
    "a cut of t whose result is a view of it: the caller's tensor is cut, and another one on its memory is returned.",
    "04-detach-in-place#one-tensor-every-name",
)
def view_of_the_cut(t):
    t.detach_()
    return t.view_as(t)


@wrong(
    "cut_",
    "loop-rebinding",
    "a cut of t, unless it has no dimension: then another tensor is returned, and t keeps its history.",
    "04-detach-in-place#one-tensor-every-name",
)
def no_scalars(t):
    return t.detach_() if t.dim() else t.detach()


@wrong(
    "cut_",
    "detach-vs-freeze-vs-no_grad",
    "a cut of t that freezes the leaf behind it too: other uses of that leaf no longer train it.",
    "04-detach-in-place#detach-in-place-or-freeze",
)
def leaf_frozen(t):
    node = t.grad_fn
    while node is not None and not hasattr(node, "variable"):
        node = node.next_functions[0][0]
    if node is not None:
        node.variable.requires_grad_(False)
    return t.detach_()


@wrong(
    "cut_",
    "hide-the-edit-with-no_grad-or-detach",
    "a t that is overwritten with its own values: a write cuts nothing. Its history goes on to its old values, "
    "and a backward that needs those raises.",
    "04-detach-in-place#one-tensor-every-name",
)
def written_into_by_itself(t):
    t.copy_(t.detach())
    return t


@wrong(
    "cut_",
    "gradients-accumulate",
    "a right cut, and a backward before it: what t came from has a gradient that nobody asked for.",
    "04-detach-in-place#one-tensor-every-name",
)
def backward_before_the_cut(t):
    t.sum().backward()
    return t.detach_()


@wrong(
    "cut_",
    "left-behind",
    "a right cut that leaves an attribute on t.",
    "04-detach-in-place#one-tensor-every-name",
)
def mark_on_the_tensor(t):
    t.detach_()
    t.grad = None
    t.was_cut = True
    return t


@wrong(
    "cut_",
    "left-behind",
    "a `retain_grad()` before the cut: t keeps that mark, and the new history that starts at it trips over it.",
    "04-detach-in-place#a-new-history-can-start",
)
def retains_its_gradient(t):
    t.retain_grad()
    return t.detach_()


# repackage


def each_tensor(state, change, rest=lambda item: item):
    if isinstance(state, torch.Tensor):
        return change(state)
    if isinstance(state, dict):
        return {key: each_tensor(value, change, rest) for key, value in state.items()}
    if isinstance(state, list | tuple):
        items = [each_tensor(item, change, rest) for item in state]
        return type(state)(*items) if hasattr(state, "_fields") else type(state)(items)
    return rest(state)


@wrong(
    "repackage",
    "loop-rebinding",
    "the state with the tensors that it had, still attached: a loop that gives its own name a detached tensor, or a "
    "`detach()` whose result is thrown away, changes nothing in the containers.",
    "04-detach-in-place#a-new-name-cuts-nothing",
)
def names_rebound(state):
    for item in state:
        if isinstance(item, torch.Tensor):
            item = item.detach()
    return state


@wrong(
    "repackage",
    "detach_-on-a-view",
    "`detach_()` on each tensor: it cuts the caller's tensors themselves, and torch refuses it for a view, such as a "
    "chunk or the last row of an output.",
    "04-detach-in-place#views-refuse",
)
def cut_in_place(state):
    return each_tensor(state, torch.Tensor.detach_)


@wrong(
    "repackage",
    "tbptt-state",
    "whatever is no tensor is taken for a tuple, as in many old examples: lists and namedtuples lose their type, a "
    "dictionary its values, and a number cannot be gone through.",
    "04-detach-in-place#nested-states",
)
def everything_a_tuple(state):
    def cut(item):
        if isinstance(item, torch.Tensor):
            return item.detach()
        return item if isinstance(item, str) else tuple(map(cut, item))

    return cut(state)


@wrong(
    "repackage",
    "tbptt-state",
    "a function for one level: what lies deeper passes through with its history.",
    "04-detach-in-place#nested-states",
)
def one_level_only(state):
    def cut(item):
        return item.detach() if isinstance(item, torch.Tensor) else item

    if isinstance(state, dict):
        return {key: cut(value) for key, value in state.items()}
    if hasattr(state, "_fields"):
        return type(state)(*map(cut, state))
    return type(state)(map(cut, state))


@wrong(
    "repackage",
    "tbptt-state",
    "a recursion that makes a tuple of every tuple: a namedtuple loses its type, and with it the names of its fields.",
    "04-detach-in-place#nested-states",
)
def namedtuples_lost(state):
    def cut(item):
        if isinstance(item, torch.Tensor):
            return item.detach()
        if isinstance(item, dict):
            return {key: cut(value) for key, value in item.items()}
        if isinstance(item, tuple):
            return tuple(map(cut, item))
        return list(map(cut, item)) if isinstance(item, list) else item

    return cut(state)


@wrong(
    "repackage",
    "tbptt-state",
    "a namedtuple of a class made anew, which has the name and the fields of the caller's, and is another class.",
    "04-detach-in-place#nested-states",
)
def namedtuples_of_a_new_class(state):
    def cut(item):
        if isinstance(item, torch.Tensor):
            return item.detach()
        if isinstance(item, dict):
            return {key: cut(value) for key, value in item.items()}
        if hasattr(item, "_fields"):
            return namedtuple(type(item).__name__, item._fields)(*map(cut, item))
        return type(item)(map(cut, item)) if isinstance(item, list | tuple) else item

    return cut(state)


@wrong(
    "repackage",
    "tbptt-state",
    "`type(state)(items)` for every container: the class of a namedtuple takes its fields one by one, so it refuses.",
    "04-detach-in-place#nested-states",
)
def namedtuples_refused(state):
    def cut(item):
        if isinstance(item, torch.Tensor):
            return item.detach()
        if isinstance(item, dict):
            return {key: cut(value) for key, value in item.items()}
        return type(item)(map(cut, item)) if isinstance(item, list | tuple) else item

    return cut(state)


@wrong(
    "repackage",
    "tbptt-state",
    "a recursion that knows tuples and lists: a dictionary passes through, with tensors that are still attached.",
    "04-detach-in-place#nested-states",
)
def dictionaries_left_out(state):
    def cut(item):
        if isinstance(item, torch.Tensor):
            return item.detach()
        if not isinstance(item, list | tuple):
            return item
        items = map(cut, item)
        return type(item)(*items) if hasattr(item, "_fields") else type(item)(items)

    return cut(state)


@wrong(
    "repackage",
    "no_grad-view-trap",
    "detached tensors that are flagged again: each is cut, and starts a history of its own.",
    "04-detach-in-place#a-new-history-can-start",
)
def flagged_anew(state):
    return each_tensor(state, lambda tensor: tensor.detach().requires_grad_())


@wrong(
    "repackage",
    "detach_-on-a-view",
    "a cut that leaves views as they are: `detach_()` refuses them, and `detach()` does not.",
    "04-detach-in-place#views-refuse",
)
def views_left_out(state):
    return each_tensor(state, lambda tensor: tensor if tensor._is_view() else tensor.detach())


@wrong(
    "repackage",
    "detach_-mutates-the-caller",
    "the caller's own lists and dictionaries, filled with the cut tensors: the caller's state no longer holds those "
    "that are attached.",
    "04-detach-in-place#nested-states",
)
def containers_filled(state):
    def cut(item):
        if isinstance(item, list):
            item[:] = map(cut, item)
        elif isinstance(item, dict):
            item.update({key: cut(value) for key, value in item.items()})
        elif isinstance(item, tuple):
            return type(item)(*map(cut, item)) if hasattr(item, "_fields") else tuple(map(cut, item))
        return item.detach() if isinstance(item, torch.Tensor) else item

    return cut(state)


@wrong(
    "repackage",
    "tbptt-state",
    "a set that is made anew: it equals the caller's, and is another object.",
    "04-detach-in-place#nested-states",
)
def sets_made_anew(state):
    def rest(item):
        return set(item) if isinstance(item, set) else item

    return each_tensor(state, torch.Tensor.detach, rest)


@wrong(
    "repackage",
    "tbptt-state",
    "copies of what is no tensor: an object, and a set, is another one than the caller's.",
    "04-detach-in-place#nested-states",
)
def objects_copied(state):
    return each_tensor(state, torch.Tensor.detach, copy.copy)


@wrong(
    "repackage",
    "tbptt-state",
    "a recursion that goes into objects too: their attributes are cut, and the objects are the caller's own.",
    "04-detach-in-place#nested-states",
)
def objects_gone_into(state):
    def rest(item):
        for name, value in getattr(item, "__dict__", {}).items():
            setattr(item, name, each_tensor(value, torch.Tensor.detach, rest))
        return item

    return each_tensor(state, torch.Tensor.detach, rest)


@wrong(
    "repackage",
    "leaf-means-made-by-me",
    "a cut of interior tensors alone: a leaf that requires grad passes through, and the new state still trains it.",
    "04-detach-in-place#nested-states",
)
def leaves_left_out(state):
    return each_tensor(state, lambda tensor: tensor if tensor.is_leaf else tensor.detach())


@wrong(
    "repackage",
    "python-math-cuts-graph",
    "a number in the place of a tensor without a dimension: the value is kept, the tensor is not.",
    "04-detach-in-place#nested-states",
)
def scalars_to_numbers(state):
    return each_tensor(state, lambda tensor: tensor.detach() if tensor.dim() else tensor.item())


@wrong(
    "repackage",
    "tbptt-state",
    "an empty container that does not come back as it was.",
    "04-detach-in-place#nested-states",
)
def nothing_for_the_empty(state):
    def cut(item):
        if isinstance(item, torch.Tensor):
            return item.detach()
        if isinstance(item, dict):
            return {key: cut(value) for key, value in item.items()} or None
        if isinstance(item, list | tuple):
            items = list(map(cut, item))
            return (type(item)(*items) if hasattr(item, "_fields") else type(item)(items)) if items else None
        return item

    return cut(state)


@wrong(
    "repackage",
    "remembered-by-object",
    "one result for each state object: a later call with the same one returns the first result, whatever the state "
    "holds by then.",
    "04-detach-in-place#nested-states",
)
def one_result_for_each_object(state, known=[]):  # noqa: B006 - the mistake
    for other, result in known:
        if state is other:
            return result
    known.append((state, each_tensor(state, torch.Tensor.detach)))
    return known[-1][1]


@wrong(
    "repackage",
    "grad-alias",
    "one list for all calls: what an earlier call returned is written over by the next.",
    "04-detach-in-place#nested-states",
)
def one_list_for_all_calls(state, result=[]):  # noqa: B006 - the mistake
    new = each_tensor(state, torch.Tensor.detach)
    if not isinstance(new, list):
        return new
    result[:] = new
    return result


@wrong(
    "repackage",
    "tbptt-state",
    "a container made anew by `type(state)(…)` of one iterable: a namedtuple takes its fields one by one.",
    "04-detach-in-place#nested-states",
)
def namedtuple_from_one_argument(state):
    def go(state):
        if isinstance(state, torch.Tensor):
            return state.detach()
        if isinstance(state, dict):
            return {k: go(v) for k, v in state.items()}
        if isinstance(state, (tuple, list)):
            return type(state)(go(v) for v in state)
        return state

    return go(state)


@wrong(
    "repackage",
    "tbptt-state",
    "a recursion that makes a tuple of all that is no tensor: lists and dictionaries lose their type, and a "
    "string holds strings without end.",
    "04-detach-in-place#nested-states",
)
def everything_a_tuple_repackage(state):
    def go(state):
        if isinstance(state, torch.Tensor):
            return state.detach()
        return tuple(go(v) for v in state)

    return go(state)


@wrong(
    "repackage",
    "deepcopy-interior",
    "a `deepcopy` of the state: it refuses interior tensors.",
    "04-detach-in-place#nested-states",
)
def deepcopy_first(state):
    s = copy.deepcopy(state)

    def go(x):
        if torch.is_tensor(x):
            x.detach_()
        elif isinstance(x, dict):
            [go(v) for v in x.values()]
        elif isinstance(x, (list, tuple)):
            [go(v) for v in x]

    go(s)
    return s


# rollout_last_k


@wrong(
    "rollout_last_k",
    "tbptt-state",
    "a rollout that is never cut: w learns through all T steps, and h0 gets gradient too.",
    "04-detach-in-place#truncating-a-rollout",
)
def never_cut(w, h0, T, k):
    h = h0
    for _ in range(T):
        h = torch.tanh(w * h)
    return h


@wrong(
    "rollout_last_k",
    "tbptt-state",
    "a cut after the first k steps: w learns through the last T - k.",
    "04-detach-in-place#count-the-steps",
)
def cut_after_k(w, h0, T, k):
    h = h0.detach()
    for t in range(T):
        if t == k:
            h = h.detach()
        h = torch.tanh(w * h)
    return h


@wrong(
    "rollout_last_k",
    "tbptt-state",
    "a cut one step too early: w learns through k + 1 steps.",
    "04-detach-in-place#count-the-steps",
)
def one_step_too_many(w, h0, T, k):
    h = h0.detach()
    for t in range(T):
        if t == T - k - 1:
            h = h.detach()
        h = torch.tanh(w * h)
    return h


@wrong(
    "rollout_last_k",
    "tbptt-state",
    "a cut one step too late: w learns through k - 1 steps, and with k = 1 the last h is cut itself.",
    "04-detach-in-place#count-the-steps",
)
def one_step_too_few(w, h0, T, k):
    h = h0.detach()
    for t in range(1, T + 1):
        h = torch.tanh(w * h)
        if t == T - k + 1:
            h = h.detach()
    return h


@wrong(
    "rollout_last_k",
    "tbptt-state",
    "a w that learns through the last k steps only where k divides T, and through fewer otherwise, as with a cut every "
    "k steps.",
    "04-detach-in-place#count-the-steps",
)
def cut_every_k(w, h0, T, k):
    h = h0
    for t in range(T):
        if t % k == 0:
            h = h.detach()
        h = torch.tanh(w * h)
    return h


@wrong(
    "rollout_last_k",
    "tbptt-state",
    "a w that learns through the last step alone, however large k is: a cut before each step, or no record of all the "
    "steps before.",
    "04-detach-in-place#truncating-a-rollout",
)
def cut_each_step(w, h0, T, k):
    h = h0
    for _ in range(T):
        h = torch.tanh(w * h.detach())
    return h


@wrong(
    "rollout_last_k",
    "no_grad-rename",
    "an h0 that is not cut where k = T: there is no step before the recorded ones then, so neither `no_grad` nor a cut "
    "after a step comes to it, and it gets gradient.",
    "04-detach-in-place#count-the-steps",
)
def h0_attached_for_all_steps(w, h0, T, k):
    h = h0
    with torch.no_grad():
        for _ in range(T - k):
            h = torch.tanh(w * h)
    for _ in range(k):
        h = torch.tanh(w * h)
    return h


@wrong(
    "rollout_last_k",
    "detach_-mutates-the-caller",
    "a flag taken off h0, by `requires_grad_(False)` or `detach_()`: h0 gets no gradient here, nor anywhere else.",
    "04-detach-in-place#detach-in-place-or-freeze",
)
def h0_frozen(w, h0, T, k):
    h = h0.requires_grad_(False)
    for t in range(T):
        if t == T - k:
            h = h.detach()
        h = torch.tanh(w * h)
    return h


@wrong(
    "rollout_last_k",
    "cut-the-wrong-operand",
    "a w that learns through the last k steps, and an h0 that is attached: with `w.detach()` in the first steps, "
    "gradient still goes back through every state to h0.",
    "04-detach-in-place#truncating-a-rollout",
)
def states_left_attached(w, h0, T, k):
    h = h0
    for t in range(T):
        h = torch.tanh((w if t >= T - k else w.detach()) * h)
    return h


@wrong(
    "rollout_last_k",
    "cut-the-wrong-operand",
    "a rollout in which h0 alone is cut off: w learns through all T steps.",
    "04-detach-in-place#truncating-a-rollout",
)
def only_h0_cut(w, h0, T, k):
    h = h0.detach()
    for _ in range(T):
        h = torch.tanh(w * h)
    return h


@wrong(
    "rollout_last_k",
    "detach_-reaches-back",
    "a `detach_()` on the state k steps from the end, after the next step has used it: that step has recorded the "
    "history already, and it saved the state.",
    "04-detach-in-place#what-the-cut-does-not-reach",
)
def cut_after_its_use(w, h0, T, k):
    states = [h0.detach().clone()]
    for _ in range(T):
        states.append(torch.tanh(w * states[-1]))
    states[T - k].detach_()
    return states[-1]


@wrong(
    "rollout_last_k",
    "detach-makes-a-copy",
    "steps that are written into h0: `h0.detach()` lies in the memory of h0, so an edit of it changes h0's values.",
    "04-detach-in-place#one-tensor-every-name",
)
def h0_written_over(w, h0, T, k):
    h = h0.detach()
    with torch.no_grad():
        for _ in range(T - k):
            h.mul_(w).tanh_()
    for _ in range(k):
        h = torch.tanh(w * h)
    return h


@wrong(
    "rollout_last_k",
    "remembered-by-object",
    "the result of the first call with this w: a later call returns it again, whatever w, T and k are by then.",
    "04-detach-in-place#truncating-a-rollout",
)
def one_result_for_each_w(w, h0, T, k, known=[]):  # noqa: B006 - the mistake
    for other, result in known:
        if w is other:
            return result
    known.append((w, rollout(w, h0, T, k)))
    return known[-1][1]


@wrong(
    "rollout_last_k",
    "gradients-accumulate",
    "a rollout that clears a `.grad` from earlier, of w or of h0.",
    "04-detach-in-place#truncating-a-rollout",
)
def gradients_cleared(w, h0, T, k):
    w.grad = None
    return rollout(w, h0, T, k)


@wrong(
    "rollout_last_k",
    "left-behind",
    "a rollout that leaves something on w, such as an attribute.",
    "04-detach-in-place#truncating-a-rollout",
)
def last_state_kept_on_w(w, h0, T, k):
    w.last = rollout(w, h0, T, k)
    return w.last


@wrong(
    "rollout_last_k",
    "tbptt-state",
    "a rollout that goes on from the last state of an earlier call with the same w and shape, in the place of h0.",
    "04-detach-in-place#truncating-a-rollout",
)
def goes_on_from_the_last(w, h0, T, k, known=[]):  # noqa: B006 - the mistake
    start = next((last for other, last in reversed(known) if w is other), h0)
    result = rollout(w, start, T, k)
    known.append((w, result.detach()))
    return result


@wrong(
    "rollout_last_k",
    "flag-at-the-wrong-time",
    "an h0 that is made to require grad: a constant does not keep its flag.",
    "04-detach-in-place#detach-in-place-or-freeze",
)
def constant_flagged(w, h0, T, k):
    return rollout(w, h0.requires_grad_(), T, k)


@wrong(
    "rollout_last_k",
    "tbptt-state",
    "a result with one dimension more than w has, where w has none.",
    "04-detach-in-place#truncating-a-rollout",
)
def scalar_to_vector(w, h0, T, k):
    return torch.atleast_1d(rollout(w, h0, T, k))


@wrong(
    "rollout_last_k",
    "detach_-mutates-the-caller",
    "an h that is cut in place: with k = T that is h0 itself, which no longer requires grad.",
    "04-detach-in-place#one-tensor-every-name",
)
def h0_cut_in_place(w, h0, T, k):
    h = h0
    for t in range(T):
        if t == T - k:
            h.detach_()
        h = torch.tanh(w * h)
    return h


@wrong(
    "rollout_last_k",
    "tbptt-state",
    "k steps in all: the T - k before them are left out, so the value is another.",
    "04-detach-in-place#count-the-steps",
)
def k_steps_alone(w, h0, T, k):
    h = h0.detach()
    for _ in range(k):
        h = torch.tanh(w * h)
    return h


@wrong(
    "rollout_last_k",
    "flag-at-the-wrong-time",
    "the wrong steps under `no_grad`: the last k are not recorded, and those before them are.",
    "04-detach-in-place#truncating-a-rollout",
)
def last_steps_unrecorded(w, h0, T, k):
    h = h0.detach()
    for _ in range(T - k):
        h = torch.tanh(w * h)
    with torch.no_grad():
        for _ in range(k):
            h = torch.tanh(w * h)
    return h


@wrong(
    "rollout_last_k",
    "wrong-formula",
    "the states of all steps: the last one is asked for.",
    "",
)
def every_state(w, h0, T, k):
    hs = [h0.detach()]
    for t in range(T):
        if t == T - k:
            hs[-1].detach_()
        hs.append(torch.tanh(w * hs[-1]))
    return hs


@wrong(
    "rollout_last_k",
    "cut-the-wrong-operand",
    "the gradient of all steps, scaled to the share of the last k: what flows through the others is still in it.",
    "04-detach-in-place#truncating-a-rollout",
)
def share_of_the_gradient(w, h0, T, k):
    h = h0.detach()
    for _ in range(T):
        h = torch.tanh(w * h)
    return h * k / T + (h * (1 - k / T)).detach()


def rollout(w, h0, T, k):
    h = h0
    for t in range(T):
        if t == T - k:
            h = h.detach()
        h = torch.tanh(w * h)
    return h


# freeze_


@wrong(
    "freeze_",
    "detach-vs-freeze-vs-no_grad",
    "a function that freezes nothing: each parameter still requires grad. `module.requires_grad = False` makes an "
    "attribute that nobody reads; neither `eval()`, nor a loop with `p = p.detach()`, nor the tensors of "
    "`state_dict()`, nor clearing `.grad` freezes a parameter.",
    "04-detach-in-place#freezing-a-module",
)
def attribute_of_the_module(module):
    module.requires_grad = False


@wrong(
    "freeze_",
    "detach-vs-freeze-vs-no_grad",
    "a loop over the children: the parameters that the module holds itself are in none of them.",
    "04-detach-in-place#freezing-a-module",
)
def children_only(module):
    for child in module.children():
        child.requires_grad_(False)


@wrong(
    "freeze_",
    "detach-vs-freeze-vs-no_grad",
    "`parameters(recurse=False)`: the parameters of the modules inside still learn.",
    "04-detach-in-place#freezing-a-module",
)
def own_parameters_only(module):
    for parameter in module.parameters(recurse=False):
        parameter.requires_grad_(False)


@wrong(
    "freeze_",
    "new-parameter-stale-optimizer",
    "new parameters in the place of the old: an optimizer, and whoever else holds the old ones, still holds those.",
    "04-detach-in-place#freezing-a-module",
)
def new_parameters(module):
    for part in module.modules():
        for name, parameter in list(part.named_parameters(recurse=False)):
            setattr(part, name, nn.Parameter(parameter.detach(), requires_grad=False))


@wrong(
    "freeze_",
    "detach-vs-freeze-vs-no_grad",
    "parameters that become buffers: the module computes as before, and `parameters()` lists nothing any more.",
    "04-detach-in-place#freezing-a-module",
)
def buffers_instead(module):
    for part in module.modules():
        for name, parameter in list(part._parameters.items()):
            del part._parameters[name]
            part.register_buffer(name, parameter.detach())


@wrong(
    "freeze_",
    "no_grad-around-frozen-net",
    "a detached output, or a forward under `no_grad`: no gradient reaches the parameters that way, and none reaches "
    "the module's input.",
    "04-detach-in-place#gradient-passes-through-a-frozen-module",
)
def output_cut(module):
    module.register_forward_hook(lambda module, inputs, output: output.detach())


@wrong(
    "freeze_",
    "frozen-blocks-gradient",
    "frozen parameters, and a cut of what goes into the module or comes out of it: a frozen module need not be cut "
    "off, and the layers below it no longer learn.",
    "04-detach-in-place#gradient-passes-through-a-frozen-module",
)
def frozen_and_output_cut(module):
    module.requires_grad_(False)
    module.register_forward_hook(lambda module, inputs, output: output.detach())


@wrong(
    "freeze_",
    "detach-vs-freeze-vs-no_grad",
    "a forward in which the parameters get no gradient, because it uses detached ones or flags them for its own time: "
    "any other use of the parameters, such as a penalty, trains them.",
    "04-detach-in-place#freezing-a-module",
)
def forward_cut(module):
    forward = module.forward

    def with_constants(x):
        constants = {name: parameter.detach() for name, parameter in module.named_parameters()}
        with stateless._reparametrize_module(module, constants, tie_weights=True):
            return forward(x)

    module.forward = with_constants


@wrong(
    "freeze_",
    "flag-at-the-wrong-time",
    "a flag that is turned round: a parameter that was frozen before now learns.",
    "04-detach-in-place#freezing-a-module",
)
def flags_turned_round(module):
    for parameter in module.parameters():
        parameter.requires_grad = not parameter.requires_grad


@wrong(
    "freeze_",
    "detach-vs-freeze-vs-no_grad",
    "frozen weights alone: the biases, and the parameters with other names, still learn.",
    "04-detach-in-place#freezing-a-module",
)
def weights_only(module):
    for name, parameter in module.named_parameters():
        if name.endswith("weight"):
            parameter.requires_grad_(False)


@wrong(
    "freeze_",
    "detach-vs-freeze-vs-no_grad",
    "frozen parameters of the direct children alone: those of the module itself, and those that lie deeper, still "
    "learn.",
    "04-detach-in-place#freezing-a-module",
)
def own_parameters_of_the_children(module):
    for child in module.children():
        for parameter in child.parameters(recurse=False):
            parameter.requires_grad_(False)


@wrong(
    "freeze_",
    "detach-vs-freeze-vs-no_grad",
    "frozen parameters of the modules that have no children: where a module has both children and parameters of its "
    "own, those still learn.",
    "04-detach-in-place#freezing-a-module",
)
def innermost_modules_only(module):
    for part in module.modules():
        if not list(part.children()):
            part.requires_grad_(False)


@wrong(
    "freeze_",
    "detach-vs-freeze-vs-no_grad",
    "the weights and biases of linear layers frozen, and nothing else: parameters of other modules, with other names, "
    "still learn.",
    "04-detach-in-place#freezing-a-module",
)
def linear_layers_only(module):
    for part in module.modules():
        if isinstance(part, nn.Linear):
            part.requires_grad_(False)


@wrong(
    "freeze_",
    "flag-at-the-wrong-time",
    "a module that is taken for frozen because a part of it is: its other parameters still learn.",
    "04-detach-in-place#freezing-a-module",
)
def frozen_in_part_is_frozen(module):
    if all(parameter.requires_grad for parameter in module.parameters()):
        module.requires_grad_(False)


@wrong(
    "freeze_",
    "remembered-by-object",
    "a module that is frozen once: what is added to it later, or made to require grad again, still learns after "
    "another call.",
    "04-detach-in-place#freezing-a-module",
)
def each_module_once(module, known=[]):  # noqa: B006 - the mistake
    if not any(module is other for other in known):
        known.append(module)
        module.requires_grad_(False)


@wrong(
    "freeze_",
    "eval-means-no-grad",
    "a module that is frozen in training mode alone: in evaluation mode its parameters learn as well.",
    "04-detach-in-place#freezing-a-module",
)
def in_training_mode_alone(module):
    module.requires_grad_(not module.training)


@wrong(
    "freeze_",
    "no_grad-rename",
    "a module that is frozen in grad mode alone: a call under `no_grad` changes nothing, although a flag can be set in "
    "any mode.",
    "04-detach-in-place#freezing-a-module",
)
def in_grad_mode_only(module):
    if torch.is_grad_enabled():
        module.requires_grad_(False)


@wrong(
    "freeze_",
    "new-parameter-stale-optimizer",
    "parameters that have become buffers: `parameters()` lists none of them, and the caller's objects still learn.",
    "04-detach-in-place#freezing-a-module",
)
def parameters_turned_into_buffers(module):
    for m in module.modules():
        for n, p in list(m.named_parameters(recurse=False)):
            delattr(m, n)
            m.register_buffer(n, p.detach())


@wrong(
    "freeze_",
    "hook-changes-all-uses",
    "a hook that returns None: the gradient passes as it is. And torch refuses a hook on a parameter that is "
    "frozen already.",
    "04-detach-in-place#freezing-a-module",
)
def hook_that_returns_none(module):
    for p in module.parameters():
        p.register_hook(lambda g: None)


@wrong(
    "freeze_",
    "gradients-accumulate",
    "a `.grad` that is cleared: the next backward fills it again.",
    "04-detach-in-place#freezing-a-module",
)
def gradients_cleared_alone(module):
    for p in module.parameters():
        p.grad = None
