"""Chapter 1, The computation graph."""

import torch
from support.kinds import Nothing, Twice, back, behind, constants, graphs, interiors, leaves, raises
from torch.autograd.graph import saved_tensors_hooks

from statements import DEFINES, DO, HERE
from statements.detach import any_input_is_enough


def a_sum_saves_nothing():
    outcome = {}
    for kind, x in leaves().items():
        packed = []
        with saved_tensors_hooks(lambda t: packed.append(t), lambda t: t):  # noqa: B023
            y = x + x
        back(y)
        back(y)
        outcome[kind] = packed == [] and torch.equal(x.grad, torch.full_like(x, 4))
    return outcome


def a_comparison_has_no_history():
    outcome = {}
    for kind, x in leaves().items():
        outcome[kind] = not (x == 1).requires_grad and not torch.isnan(x).requires_grad
    return outcome


def an_argmax_has_no_history():
    real = {kind: x for kind, x in leaves().items() if x.numel() and not x.is_complex()}
    return {kind: not x.argmax().requires_grad and not x.argsort().requires_grad for kind, x in real.items()}


def what_is_given_has_no_grad_fn():
    return {kind: x.grad_fn is None and x.is_leaf for kind, x in (leaves() | constants()).items()}


def a_constant_gets_nothing():
    w = torch.ones(2, requires_grad=True)
    outcome = {}
    for kind, c in constants().items():
        if kind != "inference" and c.shape in ((), (2,)):
            y = w * c
            outcome[kind] = y.grad_fn.next_functions[1][0] is None
            back(y)
            outcome[kind] &= c.grad is None
    return outcome


def a_walk_uses_nothing_up():
    def runs(x, y):
        walked = len(behind(y))
        y.backward(torch.ones_like(y))
        return walked > 1 and x.grad is not None

    return {name: runs(x, y) for name, x, y in graphs()}


def backward_frees():
    return {name: not raises(y.backward, g := torch.ones_like(y)) and raises(y.backward, g) for name, _, y in graphs()}


def retain_graph_keeps():
    """Look whether a second backward runs; what is compiled may refuse the first one."""
    outcome = {}
    for name, _, y in graphs():
        refused = raises(lambda y=y: y.backward(torch.ones_like(y), retain_graph=True))
        outcome[name] = name == "compiled" if refused else not raises(y.backward, torch.ones_like(y))
    for name, x, y in graphs():
        if name != "compiled":
            torch.autograd.grad(y, x, torch.ones_like(y), create_graph=True)
            outcome[f"{name}, create_graph"] = not raises(y.backward, torch.ones_like(y))
    return outcome


def a_node_without_saved_tensors_runs_again():
    outcome = backward_frees()
    return outcome | {f"{kind}, a sum": not raises(back, x + x) for kind, x in leaves().items()}


def grad_leaves_leaves_alone():
    outcome = {}
    for name, x, y in graphs():
        g = torch.autograd.grad(y, x, torch.ones_like(y))
        outcome[name] = x.grad is None and len(g) == 1
    for kind, x in leaves().items():
        w = torch.ones_like(x).requires_grad_()
        first, second = torch.autograd.grad(x * 2 + w * 3, [w, x], torch.ones_like(x))
        outcome[f"{kind}, in order"] = bool((first == 3).all() and (second == 2).all())
    return outcome


def hooks_run_and_grads_are_retained():
    outcome = {}
    for kind, x in leaves().items():
        seen, h = [], x * 2
        h.register_hook(seen.append)
        h.retain_grad()
        torch.autograd.grad(h * 3, x, torch.ones_like(x))
        outcome[kind] = len(seen) == 1 and h.grad is not None
    return outcome


def a_backward_is_not_recorded():
    outcome = {}
    for name, x, y in graphs():
        weight = torch.ones_like(y).requires_grad_()
        (g,) = torch.autograd.grad(y, x, weight)
        outcome[name] = g.grad_fn is None
    return outcome


def it_starts_at_one_real_number():
    def runs(y):
        return not raises(y.backward)

    return {kind: runs(h) == (h.numel() == 1 and not h.is_complex()) for kind, h in interiors().items()} | {
        "one in two dimensions": runs(torch.ones(1, 1, requires_grad=True) * 2),
        "one complex": not runs(torch.tensor(1j, requires_grad=True) * 2),
    }


def none_must_be_allowed():
    outcome = {}
    for kind, x in leaves().items():
        w = torch.ones_like(x).requires_grad_()
        for name, y in (("no path", x * 2), ("no gradient", Nothing.apply(w))):

            def grad(y=y, w=w, x=x, **how):
                return torch.autograd.grad(y, w, torch.ones_like(x), retain_graph=True, **how)

            outcome[f"{kind}, {name}"] = (
                raises(grad)
                and grad(allow_unused=True) == (None,)
                and bool(grad(materialize_grads=True)[0].eq(0).all())
            )
    return outcome


def a_leaf_can_be_a_root():
    outcome = {}
    for kind, x in leaves().items():
        x.backward(torch.ones_like(x))
        outcome[kind] = bool(x.grad.eq(1).all())
    return outcome


def the_number_says_which_result():
    x = torch.rand(2, 2, requires_grad=True)
    results = {
        "a Function": Twice.apply(x),
        "split": x.split(1),
        "max": (x.max(0)[0], x * 2),
        "svd": torch.linalg.svd(x),
    }
    return {
        name: all((y * 2).grad_fn.next_functions[0] == (y.grad_fn, y.output_nr) for y in ys)
        for name, ys in results.items()
    } | {"split counts": [y.output_nr for y in results["split"]] == [0, 1]}


def inputs_are_chosen():
    outcome = {}
    for kind, x in leaves().items():
        w = torch.ones_like(x).requires_grad_()
        (x * w).backward(torch.ones_like(x), inputs=[w])
        outcome[kind] = x.grad is None and w.grad is not None
    return outcome


def paths_add_up():
    def gradient(x, first, second):
        x.grad = None
        back(first(x * 2) * second(x + 1))
        return x.grad

    def keep(t):
        return t

    outcome = {}
    for kind, x in leaves().items():
        both = gradient(x, keep, keep)
        one, other = gradient(x, torch.Tensor.detach, keep), gradient(x, keep, torch.Tensor.detach)
        outcome[kind] = torch.allclose(both, one + other, rtol=1e-2)
    return outcome


STATEMENTS = {
    "This was loss.backward(), with a picture of each step.": HERE,
    "The derivative of x + x needs no number, and its node saves none.": a_sum_saves_nothing,
    "Not every operation is recorded.": a_comparison_has_no_history,
    "It comes from x, but a comparison has no derivative.": a_comparison_has_no_history,
    "What arrives at a node is its upstream gradient. x is a leaf: no recorded operation made it.": DEFINES,
    "Each call adds 2, which makes 4.": HERE,
    "For a tensor of several, say how much each counts.": DO,
    "That is so for argmax, whose result has no history.": an_argmax_has_no_history,
    "A use that should send no gradient at all needs no hook: detach it.": DO,
    "No recorded operation made x, so x has no grad_fn.": what_is_given_has_no_grad_fn,
    "The product saves c, which the derivative for x needs, but no gradient goes there.": a_constant_gets_nothing,
    "The list has an entry for each path; the set holds the node of the square once, and None, which is no node.": HERE,
    "What needs no gradient: compute it under no_grad.": DO,
    "All of these run.": HERE,
    "Third: retain_graph=True against an error with another cause. h carries its history along, and each backward "
    "goes through the earlier steps again.": HERE,
}
RULES = {
    "One factor that requires grad is enough, and a product has a derivative.": any_input_is_enough,
    "A node whose backward has run frees what it saved.": backward_frees,
    "With retain_graph=True or create_graph=True a backward keeps what was saved.": retain_graph_keeps,
    "When a node needs saved tensors that were freed.": a_node_without_saved_tensors_runs_again,
    "torch.autograd.grad returns the gradients, in the order in which you name the tensors, and leaves the .grad of "
    "leaves alone.": grad_leaves_leaves_alone,
    "(Hooks of register_hook run, and what retains its grad is filled.) Here w and x are both 3.": (
        hooks_run_and_grads_are_retained
    ),
    "Like backward, it starts at a single real number.": it_starts_at_one_real_number,
    "What this backward computes is not recorded.": a_backward_is_not_recorded,
    "A walk uses nothing up: backward still runs.": a_walk_uses_nothing_up,
    "A .grad that is still None says: none did, most often for want of a path. torch.autograd.grad raises then, unless "
    "you allow None or ask for zeros.": none_must_be_allowed,
    "A backward can also start at a leaf.": a_leaf_can_be_a_root,
    "(Some functions, as einsum, run several operations.) If an operation has several results, the number in a pair "
    "says which one.": the_number_says_which_result,
    "With inputs= you choose which leaves are filled.": inputs_are_chosen,
    "Along a path backward multiplies; where paths meet it adds up.": paths_add_up,
    "Not the loss. x.grad loses what came over that path.": paths_add_up,
}
