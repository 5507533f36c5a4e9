"""Other right answers to 04-detach-in-place: each reaches the behaviour in another way."""

from collections.abc import Mapping
from functools import singledispatch

import torch
from torch.utils._pytree import tree_map

from gradstop.course import right

# cut_


@right("cut_")
def by_the_function_of_torch(t):
    torch.detach_(t)
    return t


@right("cut_")
def by_the_class(t):
    return torch.Tensor.detach_(t)


@right("cut_")
def by_the_operator(t):
    return torch.ops.aten.detach_(t)


@right("cut_")
def swapped_with_the_detached(t):
    torch.utils.swap_tensors(t, t.detach())
    return t


@right("cut_")
def cut_under_no_grad(t):
    with torch.no_grad():
        t.detach_()
    t.requires_grad = False
    return t


@right("cut_")
def only_what_is_attached(t):
    if t.grad_fn is not None:
        t.requires_grad_().detach_()
    return t


@right("cut_")
def cut_in_a_list(t):
    for tensor in [t]:
        tensor.detach_()
    return t


# repackage


@right("repackage")
def by_the_pytree(state):
    return tree_map(lambda item: item.detach() if isinstance(item, torch.Tensor) else item, state)


@right("repackage")
def copies_of_the_detached(state):
    def cut(item):
        if torch.is_tensor(item):
            return item.detach().clone()
        if type(item) in (list, tuple):
            return type(item)([cut(each) for each in item])
        if hasattr(item, "_make"):
            return item._make(map(cut, item))
        return dict(zip(item.keys(), map(cut, item.values()), strict=True)) if isinstance(item, dict) else item

    return cut(state)


@right("repackage")
def copies_made_under_no_grad(state):
    def again(item):
        match item:
            case torch.Tensor():
                return item.clone()
            case dict():
                return {key: again(value) for key, value in item.items()}
            case list():
                return [again(value) for value in item]
            case tuple() if hasattr(item, "_fields"):
                return item._replace(**{name: again(getattr(item, name)) for name in item._fields})
            case tuple():
                return tuple(again(value) for value in item)
        return item

    with torch.no_grad():
        return again(state)


@right("repackage")
def only_what_has_a_history(state):
    def cut(item):
        if isinstance(item, torch.Tensor):
            return item.data if item.requires_grad else item
        if isinstance(item, dict):
            return type(item)((key, cut(value)) for key, value in item.items())
        if isinstance(item, tuple | list):
            items = [cut(each) for each in item]
            return type(item)(*items) if hasattr(item, "_fields") else type(item)(items)
        return item

    return cut(state)


@right("repackage")
def on_a_stack(state):
    root = [state]
    todo = [(root, 0)]
    tuples = []
    while todo:
        holder, key = todo.pop()
        item = holder[key]
        if isinstance(item, torch.Tensor):
            holder[key] = torch.empty_like(item, requires_grad=False).copy_(item.detach())
        elif isinstance(item, dict):
            holder[key] = dict(item)
            todo += [(holder[key], name) for name in item]
        elif isinstance(item, list | tuple):
            holder[key] = list(item)
            todo += [(holder[key], place) for place in range(len(item))]
            if isinstance(item, tuple):
                tuples.append((holder, key, getattr(type(item), "_make", tuple)))
    for holder, key, make in reversed(tuples):
        holder[key] = make(holder[key])
    return root[0]


@right("repackage")
def by_functions_for_each_type(state):
    @singledispatch
    def cut(item):
        return item

    cut.register(torch.Tensor, torch.Tensor.detach)
    cut.register(list, lambda item: [cut(each) for each in item])
    cut.register(dict, lambda item: dict(zip(item, map(cut, item.values()), strict=True)))
    cut.register(tuple, lambda item: getattr(item, "_make", tuple)(map(cut, item)))
    return cut(state)


@right("repackage")
def an_ordered_dict_becomes_a_dict(state):
    def cut(item):
        if isinstance(item, Mapping):
            return {key: cut(value) for key, value in item.items()}
        if isinstance(item, tuple) and hasattr(item, "_asdict"):
            return type(item)(**cut(item._asdict()))
        if isinstance(item, list | tuple):
            return type(item)(map(cut, item))
        return item.detach().requires_grad_(False) if torch.is_tensor(item) else item

    return cut(state)


@right("repackage")
def by_pattern_matching(state):
    def go(state):
        match state:
            case torch.Tensor():
                return state.detach()
            case dict():
                return {k: go(v) for k, v in state.items()}
            case list():
                return [go(v) for v in state]
            case tuple():
                vs = map(go, state)
                return type(state)(*vs) if hasattr(state, "_fields") else tuple(vs)
            case _:
                return state

    return go(state)


# rollout_last_k


@right("rollout_last_k")
def first_steps_not_recorded(w, h0, T, k):
    with torch.no_grad():
        h = h0
        for _ in range(T - k):
            h = torch.tanh(w * h)
    h = h.detach()
    for _ in range(k):
        h = torch.tanh(w * h)
    return h


@right("rollout_last_k")
def first_factors_cut(w, h0, T, k):
    h = h0.detach()
    for t in range(T):
        h = torch.tanh((w if t >= T - k else w.detach()) * h)
    return h


@right("rollout_last_k")
def recording_switched(w, h0, T, k):
    h = h0.clone().detach()
    for left in range(T, 0, -1):
        with torch.set_grad_enabled(left <= k):
            h = (w * h).tanh()
    return h


@right("rollout_last_k")
def from_the_end(w, h0, T, k):
    def state(step):
        if step == 0:
            return h0.detach()
        h = torch.tanh(w * state(step - 1))
        return h if step > T - k else h.data

    return state(T)


@right("rollout_last_k")
def cut_in_place_in_time(w, h0, T, k):
    h = h0.clone().detach_()
    for _ in range(T - k):
        h = torch.tanh(w * h).detach_()
    for _ in range(k):
        h = torch.tanh(w * h)
    return h


@right("rollout_last_k")
def cuts_counted_from_the_end(w, h0, T, k):
    h = h0
    for t in range(T):
        if (T - t) % k == 0:
            h = h.detach()
        h = torch.tanh(w * h)
    return h


@right("rollout_last_k")
def flag_of_h0_restored(w, h0, T, k):
    flag = h0.requires_grad
    h = h0.requires_grad_(False)
    for t in range(T):
        if t == T - k:
            h = h.detach()
        h = torch.tanh(w * h)
    h0.requires_grad_(flag)
    return h


@right("rollout_last_k")
def state_with_a_zero_gradient(w, h0, T, k):
    h = h0
    for t in range(T):
        if t == T - k:
            h = h.detach() + 0 * h
        h = torch.tanh(w * h)
    return h


@right("rollout_last_k")
def flag_of_w_restored(w, h0, T, k):
    w.requires_grad_(False)
    h = h0.detach()
    for _ in range(T - k):
        h = torch.tanh(w * h)
    w.requires_grad_(True)
    for _ in range(k):
        h = torch.tanh(w * h)
    return h


@right("rollout_last_k")
def written_into_a_copy(w, h0, T, k):
    h = h0.detach().clone()
    for _ in range(T - k):
        h.mul_(w.detach()).tanh_()
    for _ in range(k):
        h = torch.tanh(w * h)
    return h


# freeze_


@right("freeze_")
def flag_by_flag(module):
    for parameter in module.parameters():
        parameter.requires_grad = False


@right("freeze_")
def parameters_cut_in_place(module):
    for parameter in module.parameters():
        parameter.detach_()
    return module


@right("freeze_")
def each_submodule(module):
    module.apply(lambda m: [p.requires_grad_(False) for p in m.parameters(recurse=False)])


@right("freeze_")
def frozen_and_tidied(module):
    module.eval()
    for _, parameter in module.named_parameters():
        parameter.requires_grad_(False)
        parameter.grad = None


@right("freeze_")
def gradients_made_zero(module):
    for parameter in module.parameters():
        if parameter.requires_grad:
            parameter.register_hook(torch.zeros_like)


@right("freeze_")
def by_the_tables_of_each_module(module):
    for part in module.modules():
        for parameter in part._parameters.values():
            if parameter is not None:
                parameter.requires_grad = False


@right("freeze_")
def by_recursion(module):
    def walk(part):
        for parameter in part.parameters(recurse=False):
            parameter.requires_grad_(False)
        for child in part.children():
            walk(child)

    walk(module)


@right("freeze_")
def each_parameter_cut_in_place(module):
    for p in module.parameters():
        p.detach_()
