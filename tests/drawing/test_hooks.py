"""Hooks and Functions in a drawing and in a backward: shown, told for what they do, blamed where they raise."""

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from gradstop import describe, step_through


def leaf():
    return torch.tensor([1.0, 2.0], requires_grad=True)


def refuse(*_):
    raise ValueError("mine")


class Bad(torch.autograd.Function):
    forward = staticmethod(lambda ctx, a: a * 2)

    @staticmethod
    def backward(ctx, gradient):
        raise KeyError("mine")


def last(steps):
    return steps.shown[-1].words


def test_a_hook_is_shown_and_what_it_makes_of_a_gradient_told():
    x = leaf()
    x.register_hook(lambda g: g * 0)
    loss = (x * 3).sum()
    assert "    hook: <lambda>\n" in describe(loss, x=x)
    steps = step_through(loss, x=x)
    assert (
        last(steps)
        == "A hook makes [0, 0] of the [3, 3] that came to x. x adds [0, 0] to its .grad, which is now [0, 0]."
    )


def test_a_hook_that_changes_nothing_is_not_accused():
    x, w = leaf(), leaf()
    h = x * w + x
    h.register_hook(lambda g: None)
    h.grad_fn.register_hook(lambda sent, received: sent)
    assert "A hook makes" not in step_through((h * h).sum(), x=x, h=h).text


def test_a_hook_on_a_tensor_without_a_name_is_told_by_what_it_did():
    x = leaf()
    h = x * 3
    h.register_hook(lambda g: 2 * g)
    assert "A hook makes [2, 2] of the [1, 1] that came to *" in step_through(h.sum(), x=x).text


def test_a_hook_that_stops_a_gradient():
    x = leaf()
    h = x * 2
    h.grad_fn.register_prehook(lambda g: (None,))
    steps = step_through(h.sum(), x=x)
    assert "A hook makes nothing of the [1, 1] that came to *" in steps.text
    assert last(steps) == "x receives no gradient, and its .grad is still None."


def raising_on_a_tensor(h):
    h.register_hook(lambda g: g[:1])


def raising_before_a_node(h):
    h.grad_fn.register_prehook(refuse)


def raising_after_a_node(h):
    h.grad_fn.register_hook(refuse)


@pytest.mark.parametrize("put", [raising_on_a_tensor, raising_before_a_node, raising_after_a_node])
def test_a_hook_that_raises_is_blamed(put):
    x = leaf()
    h = x * 2
    put(h)
    steps = step_through((h * 3).sum(), x=x, h=h)
    name = "<lambda>" if put is raising_on_a_tensor else "refuse"
    assert last(steps).startswith(f"The hook {name} on the gradient of h raises, and the backward ends here: ")
    assert (last(steps).endswith('ValueError: mine (in the line: raise ValueError("mine"))')) == (name == "refuse")


def test_a_hook_of_the_result_that_raises_is_blamed():
    x = leaf()
    loss = x.sum()
    loss.register_hook(refuse)
    assert last(step_through(loss, x=x)).startswith("The hook refuse on the gradient of root raises")


def test_a_hook_of_a_leaf_that_raises_is_blamed():
    x, w = leaf(), leaf()
    w.register_hook(refuse)
    assert last(step_through((x * w).sum(), x=x, w=w)).startswith("The hook refuse on the gradient of w raises")


def test_a_hook_after_the_grad_is_filled():
    x = leaf()
    x.register_post_accumulate_grad_hook(lambda p: setattr(p, "grad", None))
    loss = (x * 2).sum()
    text = describe(loss, x=x)
    assert "hook after its .grad is filled: <lambda>" in text
    assert ".grad None → perhaps filled: a hook after it may clear it" in text
    assert last(step_through(loss, x=x)) == "x adds [2, 2] to its .grad, which is now None."


def test_a_hook_after_the_grad_is_filled_or_of_a_module_that_raises_is_blamed():
    x = leaf()
    x.register_post_accumulate_grad_hook(refuse)
    assert last(step_through((x * 2).sum(), x=x)).startswith("The hook refuse on the gradient of x raises")
    net = nn.Linear(2, 2)
    net.register_full_backward_hook(refuse)
    assert last(step_through(net(leaf()).sum(), net=net)).startswith("A module's hook on the gradient of")


def test_an_exception_of_any_kind_ends_the_steps():
    x = leaf()
    words = last(step_through(Bad.apply(x).sum(), x=x))
    assert words.startswith("Bad (node 1) raises, and the backward ends here: KeyError: 'mine'")
    assert words.endswith('(in the line: raise KeyError("mine"))')


def test_an_interrupt_goes_through():
    def interrupt(_):
        raise KeyboardInterrupt

    x = leaf()
    x.register_hook(interrupt)
    with pytest.raises(KeyboardInterrupt):
        step_through(x.sum(), x=x)


def test_a_reentrant_checkpoint_fills_what_the_graph_does_not_show():
    net, x = nn.Linear(2, 2, bias=False), leaf()
    loss = checkpoint(net, x, use_reentrant=True).sum()
    text = describe(loss, w=net.weight, x=x)
    assert text.count("perhaps filled: the Function CheckpointFunction") == 2
    steps = step_through(loss, w=net.weight, x=x)
    assert "Code that ran in it made the .grad of w [[1, 2], [1, 2]]" in steps.text


def test_a_loss_without_history_is_not_mistaken_for_the_result():
    x = leaf()
    h = x * 2
    loss = h.argmax().float()
    text = describe(loss=loss, x=x, h=h)
    assert ".grad None → will be filled by h" in text
    assert "no backward starts here" in describe(loss, x=x)


def test_a_derivative_that_torch_does_not_have_raises():
    class Once(torch.autograd.Function):
        forward = staticmethod(lambda ctx, a: a * 2)

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, gradient):
            return gradient * 2

    x = leaf()
    (g,) = torch.autograd.grad((Once.apply(x) ** 2).sum(), x, create_graph=True)
    assert ".grad None, backward will raise: torch has no derivative here" in describe(g, x=x)
    assert "a custom Function, differentiable once" in describe(Once.apply(x), x=x)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        g.sum().backward()


def test_within_a_transform_a_tensor_is_no_constant():
    said = []

    def f(x):
        y = x.sin()
        said.append(describe(x=x, y=y))
        return y.sum()

    torch.func.vmap(f)(torch.ones(3, 2, requires_grad=True))
    assert "leaf, within vmap" in said[0]
    torch.func.grad(f)(torch.ones(2))
    assert ".grad None, the transform returns its gradient" in said[1]


def test_a_backward_within_a_transform_is_refused_before_anything_runs():
    def f(x):
        with pytest.raises(ValueError, match="where no backward runs: step through"):
            step_through((x * 2).sum(), x=x)
        return x.sum()

    torch.func.grad(f)(torch.ones(2))
    torch.func.vmap(f)(torch.ones(3, 2, requires_grad=True))


def test_what_raises_and_what_may_is_named_beside_the_grad():
    x, w = leaf(), leaf()
    x.register_hook(refuse)
    text = describe((x * 2).sum() + w.sum(), x=x, w=w)
    assert ".grad None, backward will raise: the hook refuse of x raises" in text
    assert ".grad None → will be filled" in text  # w comes first
    h = leaf() * 2
    h.register_hook(lambda g: refuse() if g.isnan().any() else g)
    assert ".grad None → perhaps filled: the hook <lambda> of h may raise" in describe(h.sum(), h=h)


def test_an_error_without_a_text_ends_the_steps():
    class DumbError(Exception):
        def __str__(self):
            raise KeyError

    def fail(_):
        raise DumbError

    for error, said in (
        (fail, "DumbError: (its text raises KeyError)"),
        (lambda _: next(iter(())), "StopIteration (in"),
    ):
        x = leaf()
        x.register_hook(error)
        assert said in last(step_through((x * 2).sum(), x=x))


def test_a_view_that_lost_its_history_is_no_hindrance():
    x = leaf()
    y = x * 2
    a, _ = y.unbind()
    y.mul_(2)
    step_through(y.sum(), x=x, y=y, a=a)
    assert x.grad.tolist() == [4, 4]


def test_a_backward_that_needs_a_gradient_says_so():
    x = leaf()
    assert "backward starts here, with a gradient" in describe(x * 2, x=x)
    assert "with a gradient" not in describe((x * 2).sum(), x=x)
