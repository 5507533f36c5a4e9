"""Other right answers to 02-requires-grad: each reaches the behaviour in another way."""

import copy
import io
import math
import random

import numpy
import torch
from torch import nn

from gradstop.course import right

# fresh_leaf


@right("fresh_leaf")
def clone_and_detach(t):
    return t.clone().detach().requires_grad_(True)


@right("fresh_leaf")
def parameter_of_a_copy(t):
    return nn.Parameter(t.detach().clone())


@right("fresh_leaf")
def parameter_of_a_clone(t):
    return nn.Parameter(t.clone())


@right("fresh_leaf")
def copied_into_empty(t):
    leaf = torch.empty_like(t, requires_grad=True)
    with torch.no_grad():
        leaf.copy_(t)
    return leaf


@right("fresh_leaf")
def cloned_without_recording(t):
    with torch.no_grad():
        leaf = t.clone()
    leaf.requires_grad = True
    return leaf


@right("fresh_leaf")
def tensor_from_data(t):
    return torch.tensor(t.data.numpy().copy(), requires_grad=True)


@right("fresh_leaf")
def from_python_numbers(t):
    return torch.tensor(t.tolist(), dtype=t.dtype, requires_grad=True)


@right("fresh_leaf")
def deep_copy_of_the_detached(t):
    return copy.deepcopy(t.detach()).requires_grad_()


@right("fresh_leaf")
def cut_clone_in_place(t):
    return t.clone().detach_().requires_grad_()


@right("fresh_leaf")
def converted_with_a_copy(t):
    return t.detach().to(t.dtype, copy=True).requires_grad_()


@right("fresh_leaf")
def saved_and_loaded(t):
    file = io.BytesIO()
    torch.save(t.detach(), file)
    file.seek(0)
    return torch.load(file).requires_grad_()


@right("fresh_leaf")
def view_of_a_stack(t):
    return torch.stack([t.detach()])[0].requires_grad_()


# init_weight


@right("init_weight")
def multiplied_in_place(n, scale):
    weight = torch.randn(n, dtype=torch.float64)
    weight *= scale
    weight.requires_grad = True
    return weight


@right("init_weight")
def parameter_of_the_product(n, scale):
    return nn.Parameter(scale * torch.randn((n,), dtype=torch.double))


@right("init_weight")
def scaled_leaf_under_no_grad(n, scale):
    weight = torch.randn(n, dtype=torch.float64, requires_grad=True)
    with torch.no_grad():
        weight.mul_(scale)
    return weight


@right("init_weight")
def drawn_in_place(n, scale):
    return torch.empty(n, dtype=torch.float64, requires_grad=False).normal_(0.0, scale).requires_grad_()


@right("init_weight")
def drawn_by_init(n, scale):
    weight = nn.Parameter(torch.empty(n, dtype=torch.float64))
    nn.init.normal_(weight, std=scale)
    return weight


@right("init_weight")
def drawn_by_numpy(n, scale):
    return torch.from_numpy(numpy.random.default_rng().normal(0.0, scale, n)).requires_grad_()


@right("init_weight")
def drawn_by_python(n, scale):
    return torch.tensor([random.gauss(0.0, scale) for _ in range(n)], dtype=torch.float64, requires_grad=True)


@right("init_weight")
def detached_product(n, scale):
    return (torch.randn(n).double() * scale).detach().requires_grad_()


@right("init_weight")
def drawn_by_distribution(n, scale):
    zero = torch.zeros((), dtype=torch.float64)
    return torch.distributions.Normal(zero, zero + scale).sample((n,)).requires_grad_()


@right("init_weight")
def drawn_from_uniform_numbers(n, scale):
    one, other = torch.rand(2, n, dtype=torch.float64)
    radius = (-2 * torch.log1p(-one)).sqrt()
    return (scale * radius * torch.cos(2 * torch.pi * other)).requires_grad_()


@right("init_weight")
def drawn_with_a_tensor_of_means(n, scale):
    weight = torch.normal(torch.zeros(n, dtype=torch.float64), float(scale))
    return weight.requires_grad_()


@right("init_weight")
def sums_of_twelve_uniform_numbers(n, scale):
    return ((torch.rand(n, 12, dtype=torch.float64).sum(1) - 6) * scale).requires_grad_()


@right("init_weight")
def by_box_and_muller(n, scale):
    u = 1 - torch.rand(n, dtype=torch.float64)
    v = torch.rand(n, dtype=torch.float64)
    return (scale * (-2 * u.log()).sqrt() * (2 * math.pi * v).cos()).requires_grad_()


# input_gradient


@right("input_gradient")
def copy_of_the_input(model, x):
    with torch.enable_grad():
        probe = x.detach().clone().requires_grad_(True)
        out = model(probe).sum()
    return torch.autograd.grad(out, probe)[0]


@right("input_gradient")
def backward_to_the_input_alone(model, x):
    probe = x.clone().detach()
    probe.requires_grad = True
    with torch.set_grad_enabled(True):
        model(probe).sum().backward(inputs=[probe])
    return probe.grad


@right("input_gradient")
def functional_gradient(model, x):
    return torch.func.grad(lambda probe: model(probe).sum())(x).detach()


@right("input_gradient")
def functional_vjp(model, x):
    probe = x.detach()
    return torch.autograd.functional.vjp(lambda p: model(p).sum(), probe)[1].detach()


@right("input_gradient")
def jacobian_of_the_sum(model, x):
    return torch.autograd.functional.jacobian(lambda p: model(p).sum(), x.detach())


@right("input_gradient")
def parameters_as_constants(model, x):
    constants = {name: p.detach() for name, p in model.named_parameters()}
    with torch.enable_grad():
        probe = nn.Parameter(x.detach())
        torch.func.functional_call(model, constants, (probe,)).sum().backward()
    return probe.grad


@right("input_gradient")
def flags_off_and_restored(model, x):
    parameters = list(model.parameters())
    flags = [p.requires_grad for p in parameters]
    probe = x.data.clone().requires_grad_()
    try:
        for p in parameters:
            p.requires_grad_(False)
        with torch.enable_grad():
            model(probe).sum().backward()
    finally:
        for p, flag in zip(parameters, flags, strict=True):
            p.requires_grad_(flag)
    return probe.grad


@right("input_gradient")
def deep_copy_of_the_model(model, x):
    probe = x.detach().clone().requires_grad_()
    with torch.enable_grad():
        copy.deepcopy(model)(probe).sum().backward()
    return probe.grad


@right("input_gradient")
def use_of_x_itself(model, x):
    flag = x.requires_grad
    if not flag:
        x.requires_grad_()
    try:
        with torch.enable_grad():
            return torch.autograd.grad(model(x).sum(), x)[0]
    finally:
        if not flag:
            x.requires_grad_(False)


@right("input_gradient")
def caught_by_a_hook(model, x):
    caught = []
    with torch.enable_grad():
        probe = x.detach().clone().requires_grad_()
        use = probe.view_as(probe)
        use.register_hook(caught.append)
        torch.autograd.grad(model(use).sum(), probe)
    return caught[0].detach()


@right("input_gradient")
def grads_copied_and_put_back(model, x):
    known = [(p, None if p.grad is None else p.grad.clone()) for p in model.parameters()]
    probe = x.detach().clone().requires_grad_()
    try:
        with torch.enable_grad():
            model(probe).sum().backward()
    finally:
        for p, grad in known:
            p.grad = grad
    return probe.grad


@right("input_gradient")
def by_functional_vjp(model, x):
    return torch.autograd.functional.vjp(lambda t: model(t).sum(), x.detach())[1]


@right("input_gradient")
def at_an_attached_clone(model, x):
    with torch.enable_grad():
        leaf = x.clone().requires_grad_()
        return torch.autograd.grad(model(leaf).sum(), leaf)[0]


@right("input_gradient")
def backward_through_a_copy_of_the_model(model, x):
    m = copy.deepcopy(model)
    with torch.enable_grad():
        leaf = x.detach().clone().requires_grad_()
        m(leaf).sum().backward()
    return leaf.grad


# with_activation_grad


@right("with_activation_grad")
def hook_on_the_activation(f, g, x):
    seen = []
    y = f(x)
    y.register_hook(lambda grad: seen.append(grad.detach().clone()))
    z = g(y).sum()
    z.backward()
    return z, seen[0]


@right("with_activation_grad")
def in_two_stages(f, g, x):
    y = f(x)
    middle = y.detach().requires_grad_()
    z = g(middle).sum()
    z.backward()
    y.backward(middle.grad)
    return z, middle.grad


@right("with_activation_grad")
def both_gradients_at_once(f, g, x):
    y = f(x)
    z = g(y).sum()
    dz_dy, dz_dx = torch.autograd.grad(z, (y, x))
    x.grad = dz_dx if x.grad is None else x.grad + dz_dx
    return z, dz_dy


@right("with_activation_grad")
def graph_kept_for_the_backward(f, g, x):
    y = f(x)
    z = g(y).sum()
    (dz_dy,) = torch.autograd.grad(z, y, retain_graph=True)
    z.backward()
    return z, dz_dy


@right("with_activation_grad")
def backward_from_the_activation(f, g, x):
    y = f(x)
    z = g(y).sum()
    dz_dy = torch.autograd.grad(z, y)[0]
    torch.autograd.backward(y, dz_dy)
    return z.detach(), dz_dy


@right("with_activation_grad")
def kept_by_retain_grad_on_a_clone(f, g, x):
    y = f(x).clone()
    y.retain_grad()
    z = g(y).sum()
    z.backward(inputs=[x, y])
    return z, y.grad.detach()


@right("with_activation_grad")
def from_a_copy_of_x(f, g, x):
    copied = x.detach().clone().requires_grad_()
    y = f(copied)
    z = g(y).sum()
    dz_dy, dz_dx = torch.autograd.grad(z, (y, copied))
    if x.grad is None:
        x.grad = torch.zeros_like(x)
    x.grad += dz_dx
    return [z, dz_dy.clone()]


@right("with_activation_grad")
def activation_through_a_function(f, g, x):
    kept = {}

    class Watch(torch.autograd.Function):
        @staticmethod
        def forward(ctx, y):
            return y.clone()

        @staticmethod
        def backward(ctx, grad):
            kept["grad"] = grad.clone()
            return grad

    z = g(Watch.apply(f(x))).sum()
    z.backward()
    return z, kept["grad"]


# kind


@right("kind")
def by_the_node(t):
    if t.grad_fn is not None:
        return "interior"
    return "leaf" if t.requires_grad else "constant"


@right("kind")
def by_both_flags(t):
    return {(True, True): "leaf", (True, False): "interior", (False, True): "constant"}[t.requires_grad, t.is_leaf]


@right("kind")
def by_the_gradient_edge(t):
    if not t.requires_grad:
        return "constant"
    node = torch.autograd.graph.get_gradient_edge(t).node
    return "leaf" if getattr(node, "variable", None) is t else "interior"


@right("kind")
def by_what_the_flag_refuses(t):
    if not t.requires_grad:
        return "constant"
    try:
        t.requires_grad_(False)
    except RuntimeError:
        return "interior"
    t.requires_grad_(True)
    return "leaf"


@right("kind")
def by_a_recorded_use(t):
    with torch.enable_grad():
        use = t.expand_as(t)
    if use.grad_fn is None:
        return "constant"
    return "leaf" if hasattr(use.grad_fn.next_functions[0][0], "variable") else "interior"


@right("kind")
def by_what_is_printed(t):
    printed = repr(t)
    return "interior" if "grad_fn=" in printed else "leaf" if "requires_grad=True" in printed else "constant"


@right("kind")
def by_what_can_be_copied(t):
    if not t.requires_grad:
        return "constant"
    try:
        copy.deepcopy(t)
    except RuntimeError:
        return "interior"
    return "leaf"
