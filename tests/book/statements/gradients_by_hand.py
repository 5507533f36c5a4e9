"""Chapter 9, Patterns: gradient by hand."""

import torch
from support.kinds import back, leaves, raises
from torch import nn
from torch.func import functional_call, grad, jacrev, vmap

from statements import DO, HERE, NAMES


def a_hook_changes_what_goes_on():
    outcome = {}
    for kind, x in leaves().items():
        h = x * 3
        handle = h.register_hook(lambda g: g * 0)
        other = (x * 5).sum()
        (h.sum() + other).backward(torch.ones((), dtype=x.dtype), retain_graph=True)
        outcome[f"{kind}: another path"] = x.grad.eq(5).all().item()
        handle.remove()
        x.grad = None
        back(h)
        outcome[f"{kind}: removed"] = x.grad.eq(3).all().item()
        seen = []
        x.register_hook(lambda g, seen=seen: seen.append(g))
        back(h)
        outcome[f"{kind}: None changes nothing"] = len(seen) == 1 and x.grad.eq(6).all().item()
    return outcome


def module_hooks_see_calls():
    nets = {
        "linear": nn.Linear(2, 2),
        "container": nn.Sequential(nn.Linear(2, 2), nn.Tanh()),
        "frozen": nn.Linear(2, 2).requires_grad_(False),
        "compiled": torch.compile(nn.Linear(2, 2), backend="eager"),
    }
    outcome = {}
    for name, net in nets.items():
        seen, back_seen = [], []
        net.register_forward_hook(lambda m, i, o, seen=seen: seen.append(o))
        net.register_full_backward_hook(lambda m, i, o, seen=back_seen: seen.append((i[0], o[0])))
        y = net(torch.ones(1, 2, requires_grad=True))
        y.sum().backward()
        whole = all(g is not None for pair in back_seen for g in pair)
        outcome[name] = len(seen) == 1 and len(back_seen) == (name != "compiled") and whole
    return outcome


class Forgets(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, g):
        return 3 * ctx.saved_tensors[0] ** 2


def a_forgotten_factor():
    def right(x, after):
        (wrong,) = torch.autograd.grad(after(Forgets.apply(x)), x)
        (true,) = torch.autograd.grad(after(x**3), x)
        return torch.allclose(wrong, true)

    after = {
        "mean": lambda y: y.mean(),
        "product": lambda y: (y * 10).sum(),
        "exp": lambda y: y.exp().sum(),
        "minus": lambda y: -y.sum(),
        "weighted": lambda y: (y * torch.tensor([1.0, 2.0])).sum(),
    }
    x = torch.tensor([0.5, 0.8], requires_grad=True)
    outcome = {name: not right(x, f) for name, f in after.items()}
    x64 = x.detach().double().requires_grad_()
    return outcome | {
        "a sum hides it": right(x, torch.sum),
        "and one plus 5": right(x, lambda y: (y + 5).sum()),
        "gradcheck": raises(torch.autograd.gradcheck, Forgets.apply, x64),
    }


def where_twice():
    edges = {
        "sqrt": (torch.sqrt, 0.0),
        "log": (torch.log, 0.0),
        "division": (lambda x: 1 / x, 0.0),
        "acos": (torch.acos, 1.0),
        "pow": (lambda x: x**0.5, 0.0),
    }
    outcome = {}
    for name, (f, edge) in edges.items():
        for dtype in (torch.float32, torch.float64):
            x = torch.tensor([edge, 0.25], dtype=dtype, requires_grad=True)
            fine = x != edge
            once = torch.where(fine, f(x), 0.0).sum()
            masked = torch.autograd.grad((fine * f(x)).nan_to_num(0, 0, 0).sum(), x)[0]
            twice = torch.where(fine, f(torch.where(fine, x, 0.25)), 0.0).sum()
            (a,), (b,) = torch.autograd.grad(once, x), torch.autograd.grad(twice, x)
            outcome[f"{name}, {dtype}"] = a[0].isnan().item() and b.isfinite().all().item() and masked[0].isnan().item()
    return outcome


def jacobians():
    functions = {
        "square": lambda x: x**2 * x.sum(),
        "fewer": lambda x: x[:1] * x[1:],
        "more": lambda x: torch.cat([x, x.exp()]),
        "matrix": lambda x: torch.outer(x, x),
    }
    outcome = {}
    for name, f in functions.items():
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        y = f(x)
        rows = jacrev(f)(x.detach())
        v = torch.rand_like(y)
        (g,) = torch.autograd.grad(y, x, v, retain_graph=True)
        outcome[name] = torch.allclose(g, torch.tensordot(v, rows, dims=y.dim()))
        (g,) = torch.autograd.grad(y, x, torch.ones_like(y))
        outcome[f"{name}: ones"] = torch.allclose(g, rows.reshape(-1, 2).sum(0))
    return outcome


def one_gradient_for_each_sample():
    nets = {
        "linear": nn.Linear(2, 1),
        "two layers": nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)),
        "layer norm": nn.Sequential(nn.LayerNorm(2), nn.Linear(2, 1)),
    }
    outcome = {}
    for name, net in nets.items():
        weights = {key: p.detach() for key, p in net.named_parameters()}

        def loss_of(weights, x, net=net):
            return functional_call(net, weights, (x,)).square().sum()

        x = torch.rand(4, 2)
        each = vmap(grad(loss_of), in_dims=(None, 0))(weights, x)
        net(x).square().sum().backward()
        outcome[name] = all(
            each[key].shape == (4, *p.shape) and torch.allclose(each[key].sum(0), p.grad, atol=1e-5)
            for key, p in net.named_parameters()
        )
    return outcome


def learned(cut, create_graph=True, shape=()):
    """Return the gradients of four step sizes, and of the beginning."""
    sizes = [torch.full(shape, 0.1, requires_grad=True) for _ in range(4)]
    begin = w = torch.ones(2, requires_grad=True)
    for size in sizes:
        w = cut(w)
        (g,) = torch.autograd.grad((w**4).sum(), w, create_graph=create_graph)
        w = w - size * g
    gradients = torch.autograd.grad((w**2).sum(), [*sizes, begin], allow_unused=True)
    return [g is not None for g in gradients]


def a_cut_before_each_step():
    def cut(w):
        return w.detach().requires_grad_()

    return {
        "unrolled": learned(lambda w: w) == [True] * 5,
        "cut": learned(cut) == [False, False, False, True, False],
        "cut, a size for each number": learned(cut, shape=(2,)) == [False, False, False, True, False],
        "first order": learned(lambda w: w, create_graph=False) == [True] * 5,
    }


def most_are_differentiable_twice():
    def twice(operation, shape):
        x = torch.rand(shape).requires_grad_()
        (g,) = torch.autograd.grad(operation(x).sum(), x, create_graph=True)
        return not raises((g * torch.rand_like(g)).sum().backward)

    def attention(x):
        return nn.functional.scaled_dot_product_attention(x, x, x)

    return {
        "softmax": twice(lambda x: x.softmax(0) ** 2, (3,)),
        "layer norm": twice(lambda x: nn.functional.layer_norm(x, (2,)) ** 2, (3, 2)),
        "lstm": twice(lambda x: nn.LSTM(2, 2)(x)[0], (3, 1, 2)),
        "convolution": twice(lambda x: nn.Conv2d(1, 1, 2)(x) ** 2, (1, 1, 4, 4)),
        "cdist has no second backward": not twice(lambda x: torch.cdist(x, torch.zeros(1, 2)), (1, 2)),
        "nor attention on the CPU": not twice(attention, (1, 1, 4, 8)),
    }


STATEMENTS = {
    "You want to see a gradient on its way, to change it, to write a derivative yourself, to have all of a Jacobian, "
    "or to learn a step by which something else is trained.": NAMES,
    "What arrives must be multiplied in: the chain rule is yours now.": DO,
    "Where other numbers than ones arrive the result is wrong, and no error says so.": a_forgotten_factor,
    "All rows at once come from torch.func.jacrev.": jacobians,
    "For the gradients of each sample, vmap runs grad over a batch: one for each, where a backward adds them.": (
        one_gradient_for_each_sample
    ),
    "Five steps of gradient descent on (a w2).sum() / 2, each with a step size of its own, and the five are learned: "
    "the loss after the last step goes back through all of them.": HERE,
    "So each inner gradient is recorded, with create_graph=True.": HERE,
    "Before each step the past is cut off.": HERE,
    "To the four before it, no path leads.": a_cut_before_each_step,
    "All five graphs are alive until the backward, so of a thousand steps one unrolls a few and cuts before "
    "them.": HERE,
    "It must not edit what it was given.": DO,
    "What should learn from a step needs a path to the loss: no cut in between, and create_graph=True for all of its "
    "gradient.": (a_cut_before_each_step),
    "No path leads to the steps before.": a_cut_before_each_step,
}
RULES = {
    "Do not write a Function where torch's operations do: they are checked, and most are differentiable twice.": (
        most_are_differentiable_twice
    ),
    "What lies behind h gets the clipped gradient. handle.remove() takes the hook off.": (a_hook_changes_what_goes_on),
    "Modules have hooks too: register_forward_hook sees what a call of the module returns, register_full_backward_hook "
    "the gradients at its inputs and outputs.": module_hooks_see_calls,
    "It is the same with log, a division and acos at their edges, and with a mask by multiplication, mask x.sqrt().": (
        where_twice
    ),
    "y.backward(v) gives the product of v and the Jacobian: with ones, the sum of its rows.": jacobians,
}
