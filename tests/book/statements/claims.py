"""The claims: what the page says below a claim, on other inputs than its cell's. Each verdict has a cell of its own."""

import torch
from support.kinds import back, constants, graphs, interiors, leaves, raises
from torch import nn

from statements import CLAIM, DEFINES, HERE, NAMES
from statements.cheat_sheet import what_is_recorded


def a_leaf_stays_one_where_to_changes_nothing():
    def kept(move):
        w = torch.ones(2, requires_grad=True)
        return move(w) is w

    def module_kept(move):
        net = nn.Linear(2, 2)
        weight = net.weight
        return move(net).weight is weight

    return {
        "the same dtype": kept(lambda w: w.to(torch.float32)),
        "the same device": kept(lambda w: w.to("cpu")),
        "float()": kept(lambda w: w.float()),
        "another dtype": not kept(lambda w: w.to(torch.float64)),
        "a copy": not kept(lambda w: w.to("cpu", copy=True)),
        "another device": not kept(lambda w: w.to("meta")),
        "a module, float64": module_kept(lambda net: net.to(torch.float64)),
        "a module, bfloat16": module_kept(lambda net: net.bfloat16()),
        "a module, a device": module_kept(lambda net: net.to("cpu")),
    }


def asking_fills_no_leaf():
    outcome = {}
    for kind, x, y in graphs():
        torch.autograd.grad(y, x, torch.ones_like(y), retain_graph=True)
        outcome[kind] = x.grad is None
    return outcome


def detach_changes_no_source():
    outcome = {}
    for group, kinds in {"leaf": leaves(), "interior": interiors()}.items():
        for kind, y in kinds.items():
            before = y.requires_grad, y.grad_fn, y.is_leaf, y._version
            y.detach()
            outcome[f"{group}, {kind}"] = before == (y.requires_grad, y.grad_fn, y.is_leaf, y._version)
    return outcome


def the_product_has_no_edge_there():
    outcome = {}
    for kind, y in interiors().items():
        w = torch.ones((), dtype=y.dtype, requires_grad=True)
        edges = [node for node, _ in (y.detach() * w).grad_fn.next_functions]
        outcome[kind] = edges[0] is None and edges[1] is not None
    return outcome


def computed_in_inference_mode_it_is_not_saved():
    w = torch.ones(2, requires_grad=True)
    made = {
        "product": lambda: torch.ones(2) * 3,
        "of a leaf": lambda: w * 3,
        "a layer": lambda: nn.Linear(2, 2)(torch.ones(2)),
        "0-d": lambda: torch.ones(2).sum(),
        "a clone": lambda: w.clone(),
    }
    outcome = {}
    for kind, make in made.items():
        with torch.inference_mode():
            feature = make()
        outcome[kind] = raises(lambda z=feature: w * z) and not raises(lambda z=feature: w * z.clone())
    return outcome


def a_clone_after_detach_is_not_recorded():
    outcome = {}
    for kind, x in (leaves() | interiors()).items():
        first, second = x.clone(), x.detach().clone()
        outcome[kind] = first.grad_fn is not None and second.grad_fn is None and torch.equal(first.detach(), second)
    return outcome


def no_gradient_reaches_behind_a_cut():
    def reached(cell, h):
        start, w = h.clone().requires_grad_(), torch.ones_like(h).requires_grad_()
        state = start * 1
        for step in range(4):
            state = cell(w * (state.detach() if step == 2 else state))
        back(state)
        return start.grad is not None or w.grad is None

    rnn = nn.RNNCell(2, 2)
    return {
        "tanh": not reached(torch.tanh, torch.ones(2)),
        "RNN": not reached(lambda h: rnn(torch.ones(1, 2), h), torch.ones(1, 2)),
        "complex": not reached(lambda h: h * h, torch.ones(2, dtype=torch.complex64)),
        "0-d": not reached(torch.exp, torch.tensor(0.1)),
    }


def pieces_give_the_gradient_of_the_batch():
    def same(net, sizes, divided=True):
        data = torch.rand(sum(sizes), 2, dtype=torch.float64)
        whole = torch.autograd.grad(net(data).square().mean(), list(net.parameters()))
        net.zero_grad()
        for piece in data.split(sizes):
            (net(piece).square().mean() / (len(sizes) if divided else 1)).backward()
        return all(torch.allclose(p.grad, g) for p, g in zip(net.parameters(), whole, strict=True))

    lin = nn.Linear(2, 1).double()
    return {
        "equal": same(lin, [2, 2, 2]),
        "one in each": same(lin, [1, 1]),
        "a deeper net": same(nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1)).double(), [3, 3]),
        "not divided": not same(lin, [2, 2], divided=False),
        "not equal": not same(lin, [3, 1]),
        "BatchNorm": not same(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)).double(), [3, 3]),
    }


def views_refuse_but_in_inference_mode():
    views = {
        "a slice": lambda x: x[:1],
        "view": lambda x: x.view(1, -1),
        "t": lambda x: x.view(1, -1).t(),
        "expand": lambda x: x.expand(2, -1),
        "unbind": lambda x: x.unbind()[0],
    }
    outcome = {}
    for name, make in views.items():
        for kind, x in {"interior": torch.ones(2, requires_grad=True) * 1, "constant": torch.ones(2)}.items():
            with torch.inference_mode():
                inside = make(x)
                runs = not raises(inside.detach_) and inside.requires_grad is x.requires_grad
                runs = runs and x.detach_().requires_grad is x.requires_grad is (kind == "interior")
            outcome[f"{name}, {kind}"] = raises(lambda make=make, x=x: make(x).detach_()) and runs
    return outcome


def mse_loss_fills_its_target():
    outcome = {}
    for kind, target in leaves().items():
        if kind != "complex":
            prediction = torch.zeros_like(target, requires_grad=True)
            nn.functional.mse_loss(prediction, target).backward()
            nn.functional.mse_loss(prediction, constant := target.detach()).backward()
            outcome[kind] = target.grad is not None and constant.grad is None
    return outcome


def a_detached_tensor_requires_no_grad():
    kinds = leaves() | interiors()
    outcome = {kind: not y.detach().requires_grad for kind, y in kinds.items()}
    z = kinds["a slice"].detach()
    return outcome | {"later, by its flag": z.requires_grad_().is_leaf, "or in place": rejoined()}


def rejoined():
    z = (torch.ones(2, requires_grad=True) * 2).detach()
    return z.mul_(torch.ones(2, requires_grad=True)).requires_grad


def some_kinds_are_not_added():
    found = {kind: (c * 2).grad_fn is None for kind, c in constants().items()}
    return found | what_is_recorded()


STATEMENTS = {
    "Each claim has a verdict and a cell that shows it: ✓ true, ✗ false, ◐ it depends.": NAMES,
    "After the next two cells, the cell of every claim runs by itself, in any order.": NAMES,
    "“Every operation is added to the graph.” ✗ false": CLAIM,
    "See Constants leave no edge.": NAMES,
    "“What you do with a detached tensor is never recorded.” ✗ false": CLAIM,
    "“A tensor with requires_grad=False has no history and gets none.” ◐ depends": CLAIM,
    "“requires_grad must be set when you create the tensor.” ✗ false": CLAIM,
    "“If the inputs do not require grad, the parameters cannot learn.” ✗ false": CLAIM,
    "Only where it changes nothing and returns the tensor itself. net.to() differs: it keeps its parameters.": (
        a_leaf_stays_one_where_to_changes_nothing
    ),
    "“A gradient of zero and no gradient are the same.” ✗ false": CLAIM,
    "See Zero gradient or no gradient.": NAMES,
    "“For backward to run, there must be a leaf that requires grad.” ✗ false": CLAIM,
    "In a loop that carries a state, each backward then walks the old steps again: 17, not 7.": HERE,
    "“torch.autograd.grad fills no .grad.” ◐ depends": CLAIM,
    "No leaf's.": asking_fills_no_leaf,
    "“A nan that torch.where masks does no harm.” ✗ false": CLAIM,
    "“The result of detach() will never require grad.” ◐ depends": CLAIM,
    "See The result must be used.": NAMES,
    "“The source would carry no gradient if you called detach() on it too.” ◐ depends": CLAIM,
    "detach() does not change it. detach_() does, and yet this loss, computed before, leads to x: no node of it "
    "needs y.": (detach_changes_no_source),
    "“After you detach what is computed from x, the loss gives x no gradient.” ◐ depends": CLAIM,
    "If every path is cut. detach() cuts a path, not a variable.": DEFINES,
    "“For the gradient of x, only operations before detach() count.” ✗ false": CLAIM,
    "It does not come there: the product has no edge in its place.": the_product_has_no_edge_there,
    "“You can use the value of a detached tensor, and no gradient changes.” ◐ depends": CLAIM,
    "“no_grad switches recording off for all operations inside.” ◐ depends": CLAIM,
    "What it computed cannot be saved for a backward later.": computed_in_inference_mode_it_is_not_saved,
    "The second records no clone first.": a_clone_after_detach_is_not_recorded,
    "“Autograd notices every in-place edit that matters.” ✗ false": CLAIM,
    "No node of this loss needs its numbers.": HERE,
    "See What each operation saves.": NAMES,
    "“If you never detach, the graph grows until memory is full.” ✗ false": CLAIM,
    "Each step has its own graph, and the old one goes with loss.": HERE,
    "This total would hold the graph of each step.": HERE,
    "“detach() is right where a pretrained net only delivers features.” ◐ depends": CLAIM,
    "The price: no gradient reaches further back.": no_gradient_reaches_behind_a_cut,
    "If they are equal and each mean is divided by their number; BatchNorm still differs.": (
        pieces_give_the_gradient_of_the_batch
    ),
}
RULES = {
    "An operation on constants, one under no_grad and a comparison are not.": some_kinds_are_not_added,
    "mse_loss sends it into the target too, unless that is a constant.": mse_loss_fills_its_target,
    "Not as you get it.": a_detached_tensor_requires_no_grad,
    "Even views of constants, but not inside inference_mode: there the call runs, and cuts neither a view nor another "
    "tensor.": views_refuse_but_in_inference_mode,
}
