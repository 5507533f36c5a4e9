"""Other right answers to 03-detach: each reaches the behaviour in another way."""

import numpy
import torch
from torch import nn
from torch.nn import functional as F

from gradstop.course import right

# stop


@right("stop")
def detach_by_the_class(x):
    return torch.Tensor.detach(x)


@right("stop")
def alias_as_parameter(x):
    return nn.Parameter(x, requires_grad=False)


@right("stop")
def view_of_the_detached(x):
    return x.detach().view_as(x)


@right("stop")
def alias_under_no_grad_then_detach(x):
    with torch.no_grad():
        return x.view(x.shape).detach()


@right("stop")
def custom_stop_function(x):
    class Stop(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            alias = x.detach()
            ctx.mark_non_differentiable(alias)
            return alias

        @staticmethod
        def backward(ctx, grad):
            return None

    return Stop.apply(x).detach()


@right("stop")
def set_from_the_storage(x):
    return x.detach().as_strided(x.shape, x.stride(), x.storage_offset())


@right("stop")
def chunk_of_the_detached(x):
    return x.detach().expand_as(x)


@right("stop")
def frozen_parameter_on_the_memory(x):
    return nn.Parameter(x.detach(), requires_grad=False)


@right("stop")
def detached_under_inference_mode(x):
    with torch.inference_mode():
        return x.detach()


# scale_grad


@right("scale_grad")
def interpolate_from_the_constant(x, a):
    return x.detach() + a * (x - x.detach())


@right("scale_grad")
def weighted_sum(x, a):
    return x.detach() * (1 - a) + x * a


@right("scale_grad")
def hook_on_a_clone(x, a):
    result = x.clone()
    result.register_hook(lambda grad: grad * a)
    return result


@right("scale_grad")
def custom_function(x, a):
    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, grad):
            return grad * a

    return Scale.apply(x)


@right("scale_grad")
def lerp(x, a):
    return torch.lerp(x.detach(), x, a)


@right("scale_grad")
def difference_repaired_under_no_grad(x, a):
    scaled = x * a
    with torch.no_grad():
        rest = x - scaled
    return scaled + rest


@right("scale_grad")
def cut_the_rest_of_the_value(x, a):
    rest = (1 - a) * x.detach()
    return rest + a * x


@right("scale_grad")
def hook_on_a_view(x, a):
    result = x.view_as(x)
    result.register_hook(lambda grad: a * grad)
    return result


@right("scale_grad")
def memory_of_x_under_a_scaled_history(x, a):
    y = x * a
    y.data = x.data
    return y


@right("scale_grad")
def values_written_over_the_product(x, a):
    y = a * x
    with torch.no_grad():
        y.copy_(x)
    return y


# one_path


@right("one_path")
def factor_from_no_grad(x, w):
    with torch.no_grad():
        factor = x.clone()
    return factor * w + x.square()


@right("one_path")
def through_the_product_rule(x, w):
    attached = x * w + x**2
    leak = x * w.detach()
    return attached - leak + leak.detach()


@right("one_path")
def data_read_only(x, w):
    return torch.addcmul(x.pow(2), x.data, w)


@right("one_path")
def copied_by_numbers(x, w):
    return torch.tensor(x.tolist(), dtype=x.dtype) * w + x * x


@right("one_path")
def factored(x, w):
    return torch.addcmul(x.square(), x.detach().clone(), w)


@right("one_path")
def hook_on_a_copy(x, w):
    silent = x.clone()
    silent.register_hook(torch.zeros_like)
    return silent * w + x**2


@right("one_path")
def flag_off_for_the_product(x, w):
    x.requires_grad_(False)
    p = x * w
    x.requires_grad_(True)
    return p + x**2


# semi_gradient_mse


@right("semi_gradient_mse")
def library_loss(pred, target):
    return F.mse_loss(pred, target.detach())


@right("semi_gradient_mse")
def target_under_no_grad(pred, target):
    with torch.no_grad():
        fixed = target + 0
    return ((pred - fixed) ** 2).mean()


@right("semi_gradient_mse")
def norm_of_the_difference(pred, target):
    return (pred - target.clone().detach()).pow(2).sum() / pred.numel()


@right("semi_gradient_mse")
def expanded_square(pred, target):
    fixed = target.data
    return (pred * pred - 2 * pred * fixed + fixed * fixed).mean()


@right("semi_gradient_mse")
def hook_that_makes_zeros(pred, target):
    fixed = target.clone()
    if fixed.requires_grad:
        fixed.register_hook(torch.zeros_like)
    return (pred - fixed).square().mean()


@right("semi_gradient_mse")
def dot_product_of_the_difference(pred, target):
    difference = (pred - target.detach()).reshape(-1)
    return difference.dot(difference) / difference.numel()


# to_numpy_copy


@right("to_numpy_copy")
def clone_first(t):
    return t.clone().detach().numpy()


@right("to_numpy_copy")
def array_copies(t):
    return numpy.array(t.detach())


@right("to_numpy_copy")
def forced_and_copied(t):
    return t.numpy(force=True).copy()


@right("to_numpy_copy")
def by_numbers(t):
    return numpy.asarray(t.tolist(), dtype=str(t.dtype).removeprefix("torch."))


@right("to_numpy_copy")
def into_an_empty_array(t):
    array = numpy.empty(t.shape, dtype={torch.float32: numpy.float32, torch.float64: numpy.float64}[t.dtype])
    array[...] = t.data.numpy()
    return array


@right("to_numpy_copy")
def element_by_element(t):
    array = numpy.zeros(t.shape, str(t.dtype).removeprefix("torch."))
    for place in numpy.ndindex(*t.shape):
        array[place] = t[place].item()
    return array


@right("to_numpy_copy")
def through_bytes(t):
    plain = numpy.ascontiguousarray(t.detach().numpy())
    return numpy.frombuffer(plain.tobytes(), plain.dtype).reshape(t.shape).copy()


@right("to_numpy_copy")
def by_dlpack(t):
    return numpy.from_dlpack(t.detach().clone())
