"""Answers to 04-detach-in-place that people give, each with the misconception behind it."""

import torch
from torch import nn
from torch.nn.utils import stateless

from gradstop.course import wrong

# cut_


@wrong(
    "cut_",
    "loop-rebinding",
    "`t = t.detach()`: your name for the tensor now means another one, and every name of the caller's still means the "
    "tensor with its history. (`t.data` does the same.)",
    "04-detach-in-place#a-new-name-cuts-nothing",
)
def detached_alias(t):
    t = t.detach()
    return t  # noqa: RET504 - the new name is the point


@wrong(
    "cut_",
    "detach-result-discarded",
    "a `t.detach()` whose result is thrown away: t is returned as it was, with its history. (So it is from a `no_grad` "
    "block in which nothing is computed.)",
    "04-detach-in-place#a-new-name-cuts-nothing",
)
def result_discarded(t):
    t.detach()
    return t


@wrong(
    "cut_",
    "clone-is-independent",
    "a copy without a history: the caller's tensor keeps its own, and an edit of the copy does not reach it.",
    "04-detach-in-place#one-tensor-every-name",
)
def detached_copy(t):
    return t.detach().clone()


@wrong(
    "cut_",
    "flag-on-interior",
    "`t.requires_grad_(False)`: it freezes a leaf, and on an interior tensor torch refuses it.",
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


# repackage


def each_tensor(state, change):
    if isinstance(state, torch.Tensor):
        return change(state)
    if isinstance(state, dict):
        return {key: each_tensor(value, change) for key, value in state.items()}
    if isinstance(state, list | tuple):
        items = [each_tensor(item, change) for item in state]
        return type(state)(*items) if hasattr(state, "_fields") else type(state)(items)
    return state


@wrong(
    "repackage",
    "loop-rebinding",
    "a loop that gives its own name a detached tensor: the containers still hold the old ones. (Clones do not help: "
    "each has a history that leads back to the old state.)",
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
    "the `repackage_hidden` of many old examples: whatever is no tensor is taken for a tuple, so lists and "
    "namedtuples lose their type, a dictionary its values, and a number cannot be gone through.",
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
    "a cut every k steps, as in truncated backpropagation: unless k divides T, the last cut is fewer than k steps "
    "from the end.",
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
    "a cut before each step: however large k is, w learns through the last step alone.",
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
    "first steps under `no_grad` and no cut: with k = T there is no first step, and h0 goes into the recorded ones "
    "attached.",
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
    "a detached w in the first steps, and an h0 that is attached: gradient goes back through every state to h0.",
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
    "a cut at h0 alone: w learns through all T steps.",
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


# freeze_


@wrong(
    "freeze_",
    "detach-vs-freeze-vs-no_grad",
    "`module.requires_grad = False`: a module has no such flag, so this makes an attribute that nobody reads. (Neither "
    "`eval()`, nor a loop with `p = p.detach()`, nor clearing `.grad` freezes anything.)",
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
    "frozen parameters and a detached output: a frozen module need not be cut off, and the layers below it no longer "
    "learn.",
    "04-detach-in-place#gradient-passes-through-a-frozen-module",
)
def frozen_and_output_cut(module):
    module.requires_grad_(False)
    module.register_forward_hook(lambda module, inputs, output: output.detach())


@wrong(
    "freeze_",
    "detach-vs-freeze-vs-no_grad",
    "a forward that uses detached parameters: the parameters still require grad, and any other use of them, such as "
    "a penalty, trains them.",
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
