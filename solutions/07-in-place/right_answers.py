"""Other right answers to 07-in-place: each reaches the behaviour in another way."""

import copy

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from gradstop.course import right

# repaired


@right("repaired")
def edit_of_a_copy(x):
    y = x.exp().clone()
    y += 1
    return y.sum()


@right("repaired")
def one_for_each_element(x):
    return torch.exp(x).sum() + x.numel()


@right("repaired")
def edit_before_what_saves(x):
    y = torch.expm1(x)
    return (y + 2).sum()


@right("repaired")
def value_edited_in_a_constant(x):
    y = x.exp()
    value = y.detach().clone()
    value.add_(1)
    return (y + (value - y).detach()).sum()


@right("repaired")
def own_backward_of_exp_plus_one(x):
    class ExpPlusOne(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(y.clone())
            return y.add_(1)

        @staticmethod
        def backward(ctx, grad):
            (y,) = ctx.saved_tensors
            return grad * y

    return ExpPlusOne.apply(x).sum()


@right("repaired")
def edit_of_a_sum(x):
    total = x.exp().sum()
    total += x.numel()
    return total


@right("repaired")
def sum_of_what_is_shifted(x):
    return torch.add(x.exp(), 1).sum()


@right("repaired")
def edit_of_what_add_made(x):
    y = x.exp() + 0
    y += 1
    return y.sum()


# with_row


@right("with_row")
def edit_of_a_clone(x, i, v):
    result = x.clone()
    result[i] = v
    return result


@right("with_row")
def rows_joined(x, i, v):
    return torch.cat([x[:i], v.unsqueeze(0), x[i + 1 :]])


@right("with_row")
def rows_stacked(x, i, v):
    rows = list(x)
    rows[i] = v
    return torch.stack(rows)


@right("with_row")
def chosen_by_a_mask(x, i, v):
    mask = torch.zeros(len(x), 1, dtype=torch.bool)
    mask[i] = True
    return torch.where(mask, v, x)


@right("with_row")
def scattered_out_of_place(x, i, v):
    return torch.select_scatter(x, v, 0, i)


@right("with_row")
def put_by_index(x, i, v):
    return x.index_copy(0, torch.tensor([i]), v[None])


@right("with_row")
def masked_by_numbers(x, i, v):
    mask = nn.functional.one_hot(torch.tensor(i), len(x)).to(x.dtype)[:, None]
    return x * (1 - mask) + mask * v


@right("with_row")
def into_an_empty_matrix(x, i, v):
    result = torch.empty_like(x)
    result[:i], result[i + 1 :] = x[:i], x[i + 1 :]
    result[i].copy_(v)
    return result


@right("with_row")
def concatenated_index_select(x, i, v):
    both = torch.cat([x, v.reshape(1, -1)])
    rows = torch.arange(len(x))
    rows[i] = len(x)
    return both[rows]


@right("with_row")
def filled_row_by_row(x, i, v):
    result = torch.zeros_like(x)
    for number in range(len(x)):
        result[number] = v if number == i else x[number]
    return result


# writes_to


@right("writes_to")
def version_of_x_before_and_after(fn, x):
    before = x._version
    fn(x)
    return x._version > before


@right("writes_to")
def version_of_an_attached_copy(fn, x):
    trial = x.clone()
    before = trial._version
    fn(trial)
    return trial._version != before


@right("writes_to")
def version_seen_through_a_view(fn, x):
    alias = x.detach().view_as(x)
    before = alias._version
    with torch.no_grad():
        fn(x)
    return bool(alias._version - before)


@right("writes_to")
def trap_in_a_backward(fn, x):
    trial = x.detach().clone()
    w = torch.ones_like(trial, requires_grad=True)
    recorded = (w * trial).sum()
    fn(trial)
    try:
        recorded.backward()
    except RuntimeError:
        return True
    return False


@right("writes_to")
def every_operation_watched(fn, x):
    trial = x.detach().clone()
    place = trial.untyped_storage().data_ptr()
    found = []

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            for argument, value in zip(func._schema.arguments, args, strict=False):
                if argument.alias_info is not None and argument.alias_info.is_write:
                    found.append(value.untyped_storage().data_ptr() == place)
            return func(*args, **(kwargs or {}))

    with Watch():
        fn(trial)
    return any(found)


@right("writes_to")
def counter_of_a_data_alias(fn, x):
    alias = x.data
    fn(alias)
    return alias._version > 0


@right("writes_to")
def version_of_a_copy_under_no_grad(fn, x):
    with torch.no_grad():
        trial = x.clone()
        fn(trial)
    return trial._version > 0


@right("writes_to")
def two_counters_compared(fn, x):
    trial = torch.empty_like(x).copy_(x.detach()).requires_grad_(False)
    counts = [trial._version]
    fn(trial)
    counts.append(trial._version)
    return len(set(counts)) == 2


@right("writes_to")
def refused_or_counted_on_a_leaf(fn, x):
    trial = x.detach().clone().requires_grad_()
    try:
        fn(trial)
    except RuntimeError:  # fn raises nothing, so it is a leaf that refuses the write
        return True
    return trial._version > 0


@right("writes_to")
def asked_of_a_backward(fn, x):
    y = x.detach().clone().requires_grad_()
    z = y * 1
    q = z.square()
    fn(z)
    try:
        torch.autograd.grad(q.sum(), y)
    except RuntimeError:
        return True
    return False


# update_running


@right("update_running")
def scaled_then_added_to(buf, x, m):
    with torch.no_grad():
        buf.mul_(m)
        buf.add_(x, alpha=1 - m)


@right("update_running")
def copied_over(buf, x, m):
    buf.copy_(m * buf + (1 - m) * x.detach())


@right("update_running")
def interpolated_in_place(buf, x, m):
    return buf.lerp_(x.detach(), 1 - m)


@right("update_running")
def all_items_assigned(buf, x, m):
    with torch.no_grad():
        buf[...] = m * buf + (1 - m) * x


@right("update_running")
def through_a_detached_alias(buf, x, m):
    alias = buf.detach()
    alias *= m
    alias += (1 - m) * x.detach()


@right("update_running")
@torch.no_grad()
def decorated_update(buf, x, m):
    buf -= (1 - m) * (buf - x)
    return buf


@right("update_running")
def under_inference_mode(buf, x, m):
    with torch.inference_mode():
        buf.mul_(m)
        buf.add_(x * (1 - m))


@right("update_running")
def written_by_out(buf, x, m):
    with torch.no_grad():
        torch.lerp(x, buf, m, out=buf)


@right("update_running")
def sum_of_two_parts_copied(buf, x, m):
    new = torch.add(buf * m, x.detach(), alpha=1 - m)
    buf.copy_(new)


@right("update_running")
def foreach_kernels(buf, x, m):
    with torch.no_grad():
        torch._foreach_mul_([buf], m)
        torch._foreach_add_([buf], [x], alpha=1 - m)


# capture


@right("capture")
def hook_removed_whatever_happens(model, layer, x):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output.detach().clone()))
    try:
        model(x)
    finally:
        handle.remove()
    return kept[0]


@right("capture")
def handle_as_a_context(model, layer, x):
    kept = {}

    def keep(module, inputs, output):
        kept["output"] = output.clone()

    with torch.no_grad(), layer.register_forward_hook(keep):
        model(x)
    return kept["output"]


@right("capture")
def forward_replaced_for_one_run(model, layer, x):
    forward, kept = layer.forward, []

    def keeping(*args, **kwargs):
        output = forward(*args, **kwargs)
        kept.append(output.detach().clone())
        return output

    layer.forward = keeping
    try:
        model(x)
    finally:
        del layer.forward
    return kept[-1]


@right("capture")
def wrapper_in_the_place_of_the_layer(model, layer, x):
    class Keep(nn.Module):
        def __init__(self):
            super().__init__()
            self.kept = None

        def forward(self, h):
            output = layer(h)
            self.kept = output.detach().clone()
            return output

    keep = Keep()
    (name,) = [name for name, module in model.named_modules() if module is layer]
    parent_name, _, own_name = name.rpartition(".")
    parent = model.get_submodule(parent_name)
    setattr(parent, own_name, keep)
    try:
        model(x)
    finally:
        setattr(parent, own_name, layer)
    return keep.kept


@right("capture")
def run_of_a_deep_copy(model, layer, x):
    (name,) = [name for name, module in model.named_modules() if module is layer]
    double, kept = copy.deepcopy(model), []
    double.get_submodule(name).register_forward_hook(lambda module, inputs, output: kept.append(output.clone()))
    with torch.no_grad():
        double(x)
    return kept[0]


@right("capture")
def the_rest_of_the_model_never_runs(model, layer, x):
    class Reached(Exception):  # noqa: N818
        pass

    def stop_here(module, inputs, output):
        raise Reached(output.detach().clone())

    handle = layer.register_forward_hook(stop_here)
    try:
        model(x)
    except Reached as reached:
        return reached.args[0]
    finally:
        handle.remove()


@right("capture")
def hook_on_every_module(model, layer, x):
    kept = []

    def keep(module, inputs, output):
        if module is layer:
            kept.append(torch.tensor(output.tolist(), dtype=output.dtype))

    handle = nn.modules.module.register_module_forward_hook(keep)
    try:
        model(x)
    finally:
        handle.remove()
    return kept[0]


@right("capture")
def input_kept_and_run_again(model, layer, x):
    kept = []
    with layer.register_forward_pre_hook(lambda module, inputs: kept.append(inputs[0].detach().clone())):
        model(x)
    with torch.no_grad():
        return layer(kept[0])


@right("capture")
def copy_made_by_numpy(model, layer, x):
    kept = []
    handle = layer.register_forward_hook(lambda *given: kept.append(given[-1].detach().numpy().copy()))
    try:
        with torch.no_grad():
            model(x)
    finally:
        handle.remove()
    return torch.from_numpy(kept[0])


@right("capture")
def output_copied_into_an_empty_tensor(model, layer, x):
    kept = {}

    def keep(module, inputs, output):
        kept["value"] = torch.empty_like(output, requires_grad=False).copy_(output.detach())

    handle = layer.register_forward_hook(keep)
    try:
        model(x)
    finally:
        handle.remove()
    return kept["value"].detach()


@right("capture")
def forward_of_the_class_replaced(model, layer, x):
    kind, kept = type(layer), []
    forward = kind.forward

    def keeping(self, *inputs):
        output = forward(self, *inputs)
        if self is layer:
            kept.append(output.detach().clone())
        return output

    kind.forward = keeping
    try:
        model(x)
    finally:
        kind.forward = forward
    return kept[0]


@right("capture")
def hook_that_hands_on_a_cut_output(model, layer, x):
    got = []

    def hook(m, i, o):
        got.append(o.detach().clone())
        return o.detach()

    h = layer.register_forward_hook(hook)
    try:
        model(x)
    finally:
        h.remove()
    return got[0]


@right("capture")
def stopped_behind_the_layer(model, layer, x):

    class DoneError(Exception):
        pass

    box = []

    def hook(m, i, o):
        box.append(o.detach().clone())
        raise DoneError

    handle = layer.register_forward_hook(hook)
    try:
        model(x)
    except DoneError:
        pass
    finally:
        handle.remove()
    return box[0]
