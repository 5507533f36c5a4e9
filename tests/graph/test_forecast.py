"""What is predicted of a ``.grad`` against what the backward does: right, or "perhaps" with the reason."""

import pytest
import torch
from torch import nn
from torch.autograd import forward_ad
from torch.utils.checkpoint import checkpoint

from gradstop.graph import read_graph
from gradstop.graph.writers import writing


def leaf():
    return torch.tensor([1.0, 2.0], requires_grad=True)


class One(torch.autograd.Function):
    """Sends a gradient to the first of two inputs."""

    forward = staticmethod(lambda ctx, a, b: a * 1)
    backward = staticmethod(lambda ctx, g: (g, None))


class Inner(torch.autograd.Function):
    """Fills a weight that its graph does not show, by a helper."""

    @staticmethod
    def forward(ctx, x, holder):
        ctx.holder = holder
        return x * 1

    @staticmethod
    def backward(ctx, g):
        run(*ctx.holder)
        return g, None


def run(w):
    (w * 1).sum().backward()


def of_custom_function():
    a, b = leaf(), leaf()
    return One.apply(a, b).sum(), {"a": a, "b": b}


def of_reentrant_checkpoint():
    w, x = nn.Linear(2, 2), leaf()
    return checkpoint(w, x, use_reentrant=True).sum(), {"w": w.weight, "x": x}


def of_inner_backward():
    x, w = leaf(), leaf()
    return Inner.apply(x, [w]).sum(), {"x": x, "w": w}


def of_node_prehook():
    x = leaf()
    h = x * 2
    h.grad_fn.register_prehook(Unfollowed())
    return h.sum(), {"x": x}


def of_node_hook():
    x = leaf()
    h = x * 2
    h.grad_fn.register_hook(Unfollowed())
    return h.sum(), {"x": x}


def of_post_accumulate_hook():
    x = leaf()
    x.register_post_accumulate_grad_hook(lambda p: setattr(p, "grad", None))
    return (x * 2).sum(), {"x": x}


def of_module_hook():
    net, x = nn.Linear(2, 2), leaf()
    net.register_full_backward_hook(Unfollowed())
    return net(x).sum(), {"x": x}


class Unfollowed:
    """A hook of which not all is followed."""

    __qualname__ = "Unfollowed"

    def __call__(self, *gradients):
        del gradients  # one of the statements that are not followed


def of_a_function_that_is_not_followed():
    a, b = leaf(), leaf()
    return Loops.apply(a, b).sum(), {"a": a, "b": b}


class Loops(torch.autograd.Function):
    forward = staticmethod(lambda ctx, a, b: a * 1)

    @staticmethod
    def backward(ctx, g):
        while True:
            break
        return g, None


DOUBTFUL = [
    of_a_function_that_is_not_followed,
    of_reentrant_checkpoint,
    of_inner_backward,
    of_node_prehook,
    of_node_hook,
    of_post_accumulate_hook,
    of_module_hook,
]


@pytest.mark.parametrize("make", DOUBTFUL)
def test_code_that_may_decide_makes_it_doubtful(make):
    loss, named = make()
    assert all(read_graph(loss, **named)[name].doubt for name in named)


def surely_filled():
    x, w, frozen, unused = leaf(), leaf(), torch.ones(2), leaf()
    h = x * w
    h.retain_grad()
    x.register_hook(lambda g: g * 0)
    return (h * frozen).sum(), {"x": x, "w": w, "h": h, "frozen": frozen, "unused": unused}


def frozen_since():
    x, w = leaf(), leaf()
    loss = (x * w).sum()
    w.requires_grad_(False)
    return loss, {"x": x, "w": w}


def beside_a_function():
    a, b = leaf(), leaf()
    return (One.apply(a, b) + a).sum(), {"a": a}


def of_several_outputs():
    x = leaf()
    _, indices = (x * 2).max(0)
    first, second = (x * 3).unbind()
    return first + indices.float() * 0, {"x": x, "indices": indices, "second": second}


def kept_before_the_hook_of_its_node():
    x = leaf()
    h = x * 2
    h.retain_grad()
    h.grad_fn.register_prehook(lambda g: (None,))
    return h.sum(), {"h": h}


SURE = [surely_filled, frozen_since, beside_a_function, of_several_outputs, kept_before_the_hook_of_its_node]


@pytest.mark.parametrize("make", SURE)
def test_what_is_said_without_a_doubt_is_so(make):
    loss, named = make()
    graph = read_graph(loss, **named)
    assert not any(graph[name].doubt for name in named)
    loss.backward()
    after = read_graph(loss, **named)
    assert {name: after[name].grad is not None for name in named} == {n: graph[n].will_be_filled for n in named}


def test_the_reason_names_the_code():
    loss, named = of_a_function_that_is_not_followed()
    assert read_graph(loss, **named)["b"].doubt == "the Function Loops may stop it"
    loss, named = of_reentrant_checkpoint()
    assert read_graph(loss, **named)["w"].doubt == "the Function CheckpointFunction runs a backward of its own"
    loss, named = of_node_prehook()
    assert read_graph(loss, **named)["x"].doubt == "the hook Unfollowed of mul may stop it"
    loss, named = of_module_hook()
    assert read_graph(loss, **named)["x"].doubt == "a module's hook may stop it"


def test_a_plain_function_fills_nothing_beside_its_graph():
    loss, named = of_custom_function()
    assert read_graph(loss, unused=leaf(), **named)["unused"].doubt == ""


def test_a_backward_is_found_in_a_helper():
    assert writing(Inner.backward) == "fills"
    assert not writing(One.backward)
    assert not writing(len)


def test_hooks_are_named():
    x = leaf()
    h = x * 2

    def halve(gradient):
        return gradient / 2

    h.register_hook(halve)
    h.grad_fn.register_hook(lambda sent, received: None)
    graph = read_graph(h.sum(), x=x, h=h)
    assert graph["h"].hooks == ("halve",)
    assert graph.nodes[graph["h"].node].hooks == ("<lambda>",)


def test_reading_leaves_no_hook_that_runs():
    x = leaf()
    h = x * 2
    read_graph(h=h)
    handle = h.grad_fn.register_hook(lambda sent, received: None)
    assert list(handle.hooks_dict_ref()) == [handle.id]


# Within transforms


def test_within_vmap_a_tensor_has_the_history_of_the_batch():
    x, seen = torch.ones(3, 2, requires_grad=True), {}

    def f(x):
        y = x.sin()
        seen["graph"] = read_graph(x=x, y=y)
        return y

    y = torch.func.vmap(f)(x)
    graph = seen["graph"]
    assert (graph["x"].kind, graph["y"].kind) == ("leaf", "interior")
    assert (graph["x"].shape, graph["x"].transform) == ((2,), "vmap")
    assert graph["x"].will_be_filled
    y.sum().backward()
    assert x.grad is not None


def test_within_vmap_a_constant_is_one():
    seen = []
    torch.func.vmap(lambda x: (seen.append(read_graph(x=x)), x)[1])(torch.ones(3, 2))
    assert seen[0]["x"].kind == "constant"


def test_nested_levels():
    x, seen = torch.ones(3, 2, requires_grad=True), []

    def g(x):
        y = x.sin().sum()
        seen.append(read_graph(x=x, y=y))
        return y

    torch.func.vmap(torch.func.grad(g))(x)
    assert seen[0]["y"].kind == "interior"
    torch.func.vmap(torch.func.vmap(lambda a: (seen.append(read_graph(a=a, b=a * 2)), a)[1]))(x)
    assert seen[1]["b"].kind == "interior"
    assert x.grad is None


@pytest.mark.filterwarnings("ignore:.*torch.jit.script")
def test_a_dual_tensor_has_a_tangent():
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(torch.ones(2), torch.ones(2))
        graph = read_graph(dual=dual, twice=dual * 2, plain=torch.ones(2))
    assert [graph[name].has_tangent for name in ("dual", "twice", "plain")] == [True, True, False]
    seen = []
    torch.func.jvp(lambda x: (seen.append(read_graph(x=x)), x)[1], (torch.ones(2),), (torch.ones(2),))
    assert seen[0]["x"].has_tangent
