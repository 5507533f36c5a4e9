"""Other right answers to 05-no-grad: each reaches the behaviour in another way."""

import contextlib
import copy

import torch
from torch.func import functional_call

from gradstop.course import right

# evaluate


@right("evaluate")
def on_a_deep_copy(model, x):
    twin = copy.deepcopy(model).eval()
    with torch.no_grad():
        return twin(x)


@right("evaluate")
def healed_after_inference_mode(model, x):
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.inference_mode():
            out = model(x)
    finally:
        for module, mode in modes.items():
            module.training = mode
    return out.clone()


@right("evaluate")
def recorded_then_detached(model, x):
    was = model.training
    try:
        return model.eval()(x).detach()
    finally:
        model.train(was)


@right("evaluate")
@torch.no_grad()
def decorated_with_exit_stack(model, x):
    with contextlib.ExitStack() as stack:
        stack.callback(model.train, model.training)
        return model.eval()(x)


@right("evaluate")
def mode_put_back_by_hand(model, x):
    was, mode = model.training, torch.is_grad_enabled()
    try:
        torch.set_grad_enabled(False)
        model.train(False)
        return model(x)
    finally:
        torch.set_grad_enabled(mode)
        model.train(was)


@right("evaluate")
def only_where_it_trains(model, x):
    with torch.set_grad_enabled(False):
        if not model.training:
            return model(x)
        model.eval()
        try:
            return model(x)
        finally:
            model.train()


@right("evaluate")
def with_constants_for_parameters(model, x):
    was = [(module, module.training) for module in model.modules()]
    try:
        constants = {name: p.detach() for name, p in model.named_parameters()}
        return functional_call(model.eval(), constants, (x.detach(),))
    finally:
        for module, mode in was:
            module.training = mode


@contextlib.contextmanager
def evaluating(model):
    was = model.training
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        model.train(was)


@right("evaluate")
def in_a_context_of_its_own(model, x):
    with evaluating(model):
        return model(x)


# sgd_step


@right("sgd_step")
def by_torch_optim(params, lr):
    torch.optim.SGD(params, lr=lr).step()


@right("sgd_step")
def copied_from_a_sum(params, lr):
    with torch.no_grad():
        for p in params:
            if p.grad is None:
                continue
            p.copy_(p - lr * p.grad)


@right("sgd_step")
def through_the_detached_alias(params, lr):
    for p in params:
        if p.grad is not None:
            p.detach().sub_(p.grad, alpha=lr)


@right("sgd_step")
def foreach_kernel(params, lr):
    with torch.no_grad():
        known = [p for p in params if p.grad is not None]
        torch._foreach_add_(known, [p.grad for p in known], alpha=-lr)


@right("sgd_step")
def in_inference_mode(params, lr):
    with torch.inference_mode():
        for p in params:
            if p.grad is not None:
                p += -lr * p.grad


@right("sgd_step")
def frozen_for_a_moment(params, lr):
    for p in params:
        if p.grad is not None:
            was = p.requires_grad
            p.requires_grad_(False)
            p.sub_(lr * p.grad)
            p.requires_grad_(was)


@right("sgd_step")
def element_by_element(params, lr):
    with torch.no_grad():
        for p in (p for p in params if p.grad is not None):
            p[...] = torch.lerp(p, p - p.grad, lr)


@right("sgd_step")
def written_by_out(params, lr):
    with torch.no_grad():
        for p in params:
            if p.grad is not None:
                torch.sub(p, p.grad, alpha=lr, out=p)


@right("sgd_step")
def returned_as_it_was_given(params, lr):
    @torch.no_grad()
    def step(p):
        p += p.grad.mul(-lr)
        return p

    return [p if p.grad is None else step(p) for p in params]


@right("sgd_step")
def an_optimizer_of_one_step(params, lr):
    torch.optim.SGD(params, lr=lr).step()


# through_frozen


@right("through_frozen")
def flags_put_back(net, x):
    was = [p.requires_grad for p in net.parameters()]
    try:
        return net.requires_grad_(False)(x)
    finally:
        for p, flag in zip(net.parameters(), was, strict=True):
            p.requires_grad_(flag)


@right("through_frozen")
def frozen_twin(net, x):
    return copy.deepcopy(net).requires_grad_(False)(x)


@right("through_frozen")
def called_with_its_state(net, x):
    return functional_call(net, net.state_dict(), x, tie_weights=False)


@right("through_frozen")
def only_the_trainable_ones(net, x):
    learning = [p for p in net.parameters() if p.requires_grad]
    for p in learning:
        p.requires_grad = False
    try:
        return net(x)
    finally:
        for p in learning:
            p.requires_grad = True


@right("through_frozen")
def computed_again_in_backward(net, x):
    class Through(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return net(x)

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            with torch.enable_grad():
                leaf = x.detach().requires_grad_()
                out = net(leaf)
            return torch.autograd.grad(out, leaf, grad)[0]

    return Through.apply(x)


@right("through_frozen")
def by_vjp(net, x):
    fixed = {name: p.detach() for name, p in net.named_parameters()}
    with torch.enable_grad():
        out, pull = torch.func.vjp(lambda t: functional_call(net, fixed, (t,)), x.detach())

    class Pull(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return out.clone()

        @staticmethod
        def backward(ctx, grad):
            return pull(grad)[0]

    return Pull.apply(x)


@right("through_frozen")
def flags_on_an_exit_stack(net, x):
    with contextlib.ExitStack() as stack:
        for p in net.parameters():
            stack.callback(p.requires_grad_, p.requires_grad)
            p.requires_grad_(False)
        return net(x)


@right("through_frozen")
def frozen_only_under_a_context(net, x):
    learning = {p for module in net.modules() for p in module.parameters(recurse=False) if p.requires_grad}
    try:
        for p in learning:
            p.requires_grad_(False)
        out = net(x)
    except BaseException as error:
        raise error
    finally:
        for p in learning:
            p.requires_grad_()
    return out


@right("through_frozen")
def a_frozen_copy(net, x):
    return copy.deepcopy(net).requires_grad_(False)(x)


# cached_target


@right("cached_target")
def cut_and_copied(net, x):
    return net(x).detach().clone()


@right("cached_target")
def copied_out_of_inference_mode(net, x):
    with torch.inference_mode():
        out = net(x)
    return out.detach().clone()


@right("cached_target")
def by_a_new_tensor(net, x):
    out = net(x)
    return torch.tensor(out.tolist(), dtype=out.dtype)


@right("cached_target")
def written_into_an_empty_one(net, x):
    with torch.no_grad():
        out = net(x.detach())
    target = torch.empty(out.shape, dtype=out.dtype)
    target.copy_(out.detach())
    return target


@right("cached_target")
@torch.no_grad()
def decorated(net, x):
    return torch.clone(net(x))


@right("cached_target")
def input_copied_first(net, x):
    with torch.no_grad():
        return net(x.detach().clone()).detach()


@right("cached_target")
def deep_copied(net, x):
    return copy.deepcopy(net(x).detach())


@right("cached_target")
def copied_where_the_storage_is_shared(net, x):
    with torch.no_grad():
        out = net(x)
        if out.untyped_storage().data_ptr() == x.untyped_storage().data_ptr():
            out = out.clone()
    return out.detach()


@right("cached_target")
def through_a_numpy_copy(net, x):
    with torch.no_grad():
        return torch.from_numpy(net(x).detach().numpy().copy())


@right("cached_target")
@torch.no_grad()
def computed_once_more(net, x):
    return net(x) * 1


@right("cached_target")
def a_copy_goes_in(net, x):
    with torch.no_grad():
        return net(x.clone())


# no_grad_stream


@right("no_grad_stream")
@torch.no_grad()
def decorated_generator(fn, n):
    for i in range(n):
        yield fn(i)


@right("no_grad_stream")
def generator_expression(fn, n):
    return (fn(i).detach() for i in range(n))


@right("no_grad_stream")
def wrapped_function(fn, n):
    yield from map(torch.no_grad()(fn), range(n))


@right("no_grad_stream")
def switched_by_hand(fn, n):
    i = 0
    while i < n:
        was = torch.is_grad_enabled()
        torch.set_grad_enabled(False)
        try:
            made = fn(i)
        finally:
            torch.set_grad_enabled(was)
        yield made
        i += 1


@right("no_grad_stream")
def inner_function(fn, n):
    def one(i):
        with torch.set_grad_enabled(False):
            return fn(i)

    return (one(i) for i in range(n))


@right("no_grad_stream")
def inference_healed(fn, n):
    for i in range(n):
        with torch.inference_mode():
            value = fn(i)
        yield value.clone()


@right("no_grad_stream")
def items_made_in_inference_mode(fn, n):
    for i in range(n):
        with torch.inference_mode():
            item = fn(i)
        yield item


@right("no_grad_stream")
def an_iterator_of_its_own(fn, n):
    class Stream:
        def __init__(self):
            self.left = iter(range(n))

        def __iter__(self):
            return self

        def __next__(self):
            with torch.no_grad():
                return fn(next(self.left))

        def close(self):
            self.left = iter(())

    return Stream()


@right("no_grad_stream")
def under_inference_mode(fn, n):
    for i in range(n):
        with torch.inference_mode():
            item = fn(i)
        yield item
