"""Chapter 8, Memory."""

import gc
import warnings
import weakref

import torch
from support.kinds import back, constants, interiors, leaves, raises
from torch import nn

from statements import DEFINES, DO, HERE, NAMES
from statements.not_noticed import Keeps


class Token:
    """What stands in for a saved tensor, or hangs on a node, and dies with it."""


def packed(operation):
    """Return how many tensors the operation hands to a hook, for two elements that require grad."""
    seen = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: seen.append(t) or t, lambda t: t):
        operation(torch.ones(2, 2, requires_grad=True) * 1)
    return len(seen)


def pack_runs_for_what_operations_save():
    layers = {"linear": nn.Linear(2, 2), "norm": nn.LayerNorm(2), "gru": nn.GRU(2, 2), "conv": nn.Conv1d(2, 2, 1)}
    outcome = {name: packed(net) > 0 for name, net in layers.items()}
    operations = {"exp": torch.exp, "prod": torch.prod, "matmul": lambda h: h @ h, "softmax": lambda h: h.softmax(0)}
    outcome |= {name: packed(operation) > 0 for name, operation in operations.items()}
    return outcome | {"a sum saves none": packed(torch.sum) == 0, "ctx.x is not among them": packed(Keeps.apply) == 0}


def a_node_takes_an_object():
    def dies_with(y):
        token = Token()
        y.grad_fn.metadata["token"] = token
        ref = weakref.ref(token)
        del token
        held = ref() is not None
        del y
        return held and ref() is None

    makers = {kind: lambda k=kind: interiors()[k] for kind in interiors()}
    makers["a Function"] = lambda: Keeps.apply(torch.ones(2, requires_grad=True))
    return {name: dies_with(make()) for name, make in makers.items()}


def a_sum_holds_all_steps():
    def holds(keep):
        total, refs = torch.zeros(()), []
        for _ in range(3):
            y = interiors()["two elements"].sum()
            token = y.grad_fn.metadata["token"] = Token()
            refs.append(weakref.ref(token))
            del token
            total = total + keep(y)
        del y
        return sum(ref() is not None for ref in refs)

    return {
        "tensors": holds(lambda y: y) == 3,
        "numbers": holds(lambda y: y.item()) == 0,
        "cut": holds(torch.detach) == 0,
    }


def stack_keeps_and_tensor_drops():
    outcome = {}
    for kind, h in interiors().items():
        if h.numel() == 1:
            h = h.reshape(())
            outcome[f"{kind}: stack"] = torch.stack([h, h]).requires_grad
            outcome[f"{kind}: tensor"] = not torch.tensor([h.item()] * 2).requires_grad
    return outcome


def a_kept_gradient_is_no_copy():
    outcome = {}
    for kind, w in leaves().items():
        back(w * 2)
        g = w.grad
        back(w * 5)
        outcome[kind] = g is w.grad
        recorded = torch.autograd.grad((w * w).sum(), w, torch.ones((), dtype=w.dtype), create_graph=True)[0]
        outcome[f"{kind}: recorded, out of place"] = w.numel() == 0 or recorded is not w.grad
    w = torch.ones(2, requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (w * w).sum().backward(create_graph=True)
        g = w.grad
        (w * w).sum().backward(create_graph=True)
    outcome["create_graph=True replaces it"] = g is not w.grad
    w.grad = None
    return outcome


def each_loss_may_go_back_alone():
    def gradient(net, together):
        net.zero_grad()
        losses = (net(torch.full((2, 2), float(k))).square().sum() for k in range(3))
        if together:
            sum(losses).backward()
        else:
            for loss in losses:
                loss.backward()
        return [p.grad.clone() for p in net.parameters()]

    shared = nn.Linear(2, 2)
    nets = {"linear": nn.Linear(2, 2), "shared": nn.Sequential(shared, nn.Tanh(), shared), "norm": nn.LayerNorm(2)}
    return {name: all(map(torch.allclose, gradient(net, True), gradient(net, False))) for name, net in nets.items()}


def one_backward_of_the_sum():
    outcome = {}
    for kind, x in leaves().items():
        h = x.exp()
        outcome[kind] = not raises((2 * h + 3 * h).backward, torch.ones_like(h))
    return outcome


def stored_it_holds_its_graph():
    class Net:
        pass

    def held(store):
        y = interiors()["two elements"]
        token = y.grad_fn.metadata["token"] = Token()
        ref = weakref.ref(token)
        del token
        with torch.no_grad():
            place = store(y)
        del y
        return ref() is not None and place is not None

    def attribute(y):
        net = Net()
        net.state = y
        return net

    stores = {"list": lambda y: [y], "dict": lambda y: {"y": y}, "attribute": attribute, "view": lambda y: [y[:1]]}
    return {name: held(store) for name, store in stores.items()} | {"cut": not held(lambda y: [y.detach()])}


def writes_show_in_what_was_detached():
    outcome = {}
    for kind, t in constants().items():
        if t.numel() and kind != "inference":
            z = t.detach()
            t.zero_()
            outcome[kind] = z.data_ptr() == t.data_ptr() and not z.any().item()
    return outcome


def grad_fills_no_leaf():
    outcome = {}
    for kind, x in leaves().items():
        y = (x * x).exp()
        torch.autograd.grad(y, x, torch.ones_like(y), create_graph=True)
        outcome[kind] = x.grad is None
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    torch.autograd.grad(net(torch.ones(2)).sum(), net[1].weight)
    return outcome | {"others": all(p.grad is None for p in net.parameters())}


def no_cycle_after_grad():
    w = torch.ones(2, requires_grad=True)
    (g,) = torch.autograd.grad(w.exp().sum(), w, create_graph=True)
    token = g.grad_fn.metadata["token"] = Token()
    ref = weakref.ref(token)
    del token, g
    freed = ref() is None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        w.exp().sum().backward(create_graph=True)
    token = w.grad.grad_fn.metadata["token"] = Token()
    ref = weakref.ref(token)
    del token
    gc.collect()
    kept = ref() is not None
    w.grad = None
    return {"grad": freed, "backward": kept and ref() is None, "no leaf": all(grad_fills_no_leaf().values())}


def a_hook_that_uses_its_tensor_makes_a_cycle():
    def alive(y, register):
        token = Token()
        ref = weakref.ref(token)
        getattr(y, register)(lambda *_, token=token, y=y: None)
        del token, y
        gc.collect()
        return ref() is not None

    w = torch.ones(2, requires_grad=True)
    views = {"a view": lambda: (w * 2)[:1], "a matrix product": lambda: w[None] @ w[:, None]}
    makers = views | {"exp": w.exp, "retains": lambda: (w * 2).requires_grad_()}
    outcome = {name: alive(make(), "register_hook") for name, make in makers.items()}
    for name, make in {
        "leaf": lambda: torch.ones(2, requires_grad=True),
        "0-d": lambda: nn.Parameter(torch.ones(())),
    }.items():
        outcome[name] = not alive(make(), "register_hook")
        outcome[f"{name}, after the gradient"] = alive(make(), "register_post_accumulate_grad_hook")
    return outcome


STATEMENTS = {
    "A loop needs more memory at every step.": NAMES,
    "The node of + 1 needs no numbers, so it saved none.": HERE,
    "The tensor had no other holder than its name.": HERE,
    "Saved here is only the number 2 of the product.": HERE,
    "You can put an object of your own into a node, and one in place of each tensor that a node saves.": (
        a_node_takes_an_object
    ),
    "pack runs for each tensor that an operation of torch saves while counting is on.": (
        pack_runs_for_what_operations_save
    ),
    "(Torch compares no versions for these.) watch marks the last node of a graph, fresh() starts the counts anew.": (
        NAMES
    ),
    "Each step counts as a graph.": DEFINES,
    "The last holder is gone, and at this very line all that it held.": HERE,
    "loss keeps its grad_fn, and so all the nodes behind it.": HERE,
    "A sum of tensors holds the nodes of all steps.": a_sum_holds_all_steps,
    "In a validation no backward frees what was saved, so run it under no_grad.": DO,
    "But a loss that is to train must keep its graph. torch.stack does that; torch.tensor makes a constant of the "
    "numbers.": stack_keeps_and_tensor_drops,
    "A gradient that you keep is no copy.": a_kept_gradient_is_no_copy,
    "Now bytes are counted, each block of memory once.": NAMES,
    "All graphs were alive at once.": HERE,
    "But gradients add up: each loss can go back before the next is computed.": each_loss_may_go_back_alone,
    "A state h goes from step to step, and each step calls backward.": HERE,
    "And each backward ran through all steps before it, again.": HERE,
    "The error is gone, but the graph grows with each step, and each backward takes longer.": HERE,
    "(Eight tensors, not six: from the second step on, the product saves w too, for the gradient of h.) Retain a graph "
    "only if you go through that same graph again.": HERE,
    "One backward of their sum, (2 h + 3 h).backward(), needs no flag at all.": one_backward_of_the_sum,
    "Only the last step is left.": HERE,
    "The price: the gradient is 6 now and was 22, because no loss reaches a step before its cut.": HERE,
    "Each loss has its backward, and each round one step of the optimizer.": HERE,
    "Each backward runs through as many steps as are alive: up to ten where the state is carried, one where it is "
    "cut.": HERE,
    "Start a new sum after each backward.": DO,
    "A log of outputs, a state in an attribute: each holds a whole graph.": stored_it_holds_its_graph,
    "To store is no operation here, so no_grad changes nothing.": HERE,
    "Store what has no history: a detached tensor, or one that was computed under no_grad.": DO,
    "A camera writes each picture into the same frame.": HERE,
    "Each alias left the graph and shares the memory.": HERE,
    "detach() copies no numbers.": writes_show_in_what_was_detached,
    "Other leaves of a loss may hold such a gradient too. torch.autograd.grad fills no leaf, so there is no cycle.": (
        no_cycle_after_grad
    ),
    "Each new loss replaces the old one: no del, no detach(), no gc.collect().": HERE,
    "Cut a state before the next step, and retain a graph only to go through it again.": DO,
    "Without a backward, also all that they saved.": HERE,
    "Call backward on each loss before you compute the next.": DO,
    "It fills no leaf.": grad_fills_no_leaf,
}
RULES = {
    "Third: a hook that uses the interior tensor it hangs on makes a cycle too, and the collector leaves it alone.": (
        a_hook_that_uses_its_tensor_makes_a_cycle
    ),
}
