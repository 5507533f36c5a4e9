"""Chapter 4, Detach in place."""

import weakref

import torch
from support.kinds import Twice, back, behind, constants, interiors, leaves, raises
from support.optimizers import decaying
from torch import nn
from torch.autograd.graph import saved_tensors_hooks
from torch.nn.utils import parametrizations

from statements import DEFINES, DO, HERE, NAMES
from statements.in_place import an_interior_tensor_takes_recorded_writes


def the_tensor_itself_is_cut():
    outcome = {}
    for kind, y in interiors().items():
        if not y._is_view():
            names, before = {"h": y}, (y._version, y.data_ptr(), y.clone())
            z = y.detach_()
            kept = (y._version, y.data_ptr()) == before[:2] and torch.equal(y, before[2].detach())
            outcome[kind] = z is y is names["h"] and kept and y.grad_fn is None and not y.requires_grad
    return outcome


def views():
    """Return views of each kind of tensor, of constants and of results made under no_grad among them."""
    found = {}
    for kind, t in (leaves() | interiors() | constants()).items():
        if kind != "inference" and t.numel():
            found[f"{kind}, a view"] = t.view(-1)[:1] if t.is_contiguous() else t.t()
            found[f"{kind}, expanded"] = t.unsqueeze(0).expand(2, *t.shape)
    x = torch.ones(2, 2, requires_grad=True) * 2
    with torch.no_grad():
        found["made under no_grad"] = x[0]
    return found | {"diagonal": x.diagonal(), "chunk": x.chunk(2)[0], "transposed": x.t(), "row": next(iter(x))}


def views_refuse():
    return {kind: v._is_view() and raises(v.detach_) and not v.detach().requires_grad for kind, v in views().items()}


def in_inference_mode_nothing_is_cut():
    kinds = leaves() | interiors()
    kinds |= {"a row": (torch.ones(2, 2, requires_grad=True) * 2)[0], "a view of a leaf": kinds["matrix"].t()}
    outcome = {}
    with torch.inference_mode():
        for kind, t in kinds.items():
            outcome[kind] = t.detach_() is t and t.requires_grad
            outcome[f"{kind}, seen from there"] = not raises(t.view(t.shape).detach_)
    return outcome


def the_last_state_is_a_view():
    outcome = {}
    for cell in (nn.LSTM, nn.GRU, nn.RNN):
        for layers in (1, 2):
            for both in (False, True):
                net = cell(1, 2, num_layers=layers, bidirectional=both)
                state = net(torch.zeros(3, 1))[1]
                outcome[f"{cell.__name__} {layers} {both}"] = (state[0] if cell is nn.LSTM else state)._is_view()
    return outcome


def a_detached_tensor_has_no_hooks():
    outcome = {}
    for kind, x in leaves().items():
        seen, h = [], x * 3
        h.register_hook(seen.append)
        h.retain_grad()
        back(h.detach().requires_grad_() * 2)
        outcome[kind] = seen == [] and h.grad is None and h.detach()._backward_hooks is None
    return outcome


def old_hooks_run():
    outcome = {}
    for kind, x in leaves().items():
        seen, h = [], x * 3
        h.register_hook(seen.append)
        h.detach_().requires_grad_()
        back(h * 2)
        outcome[kind] = len(seen) == 1 and x.grad is None and h.grad is not None
    return outcome


def steps():
    """Return rollouts of other kinds than a product, and how they begin."""
    w = torch.tensor([1.5, 2.5], requires_grad=True)
    gru, lstm = nn.GRUCell(2, 2), nn.LSTMCell(2, 2)
    x = torch.ones(2)
    return {
        "sum": (lambda h: h + w, x),
        "product": (lambda h: h * w, x),
        "complex": (lambda h: h * w * 1j, x + 0j),
        "GRU": (lambda h: gru(x, h), x),
        "LSTM": (lambda h: lstm(x, (h, h))[0], x),
        "in place": (lambda h: h.mul_(w), x.clone()),
    }


def a_history_grows():
    outcome = {}
    for kind, (step, h) in steps().items():
        lengths = [len(behind(h := step(h))) for _ in range(4)]
        outcome[kind] = sorted(set(lengths)) == lengths
    return outcome


def an_uncut_state_leads_into_the_old_graph():
    outcome = {}
    for kind, (step, h) in steps().items():
        if kind not in ("sum", "in place"):
            first = step(h)
            first.sum().abs().backward()
            outcome[kind] = raises(step(first).sum().abs().backward)
            outcome[f"{kind}, cut"] = not raises(step(first.detach()).sum().abs().backward)
    return outcome


def modules():
    """Return modules that hold their parameters in other ways than a container of layers."""
    shared = nn.Linear(2, 2)
    alone = nn.Module()
    alone.list, alone.inner = nn.ParameterList([nn.Parameter(torch.ones(2))]), nn.PReLU()
    return {
        "shared": nn.Sequential(shared, shared),
        "LSTM": nn.LSTM(2, 2),
        "list": alone,
        "parametrized": parametrizations.weight_norm(nn.Linear(2, 2)),
        "compiled": torch.compile(nn.Linear(2, 2), backend="eager"),
        "norm": nn.BatchNorm1d(2),
        "attention": nn.MultiheadAttention(2, 1),
    }


def the_method_reaches_each_parameter():
    outcome = {}
    for kind, net in modules().items():
        net.requires_grad = False
        untouched = all(p.requires_grad for p in net.parameters())
        del net.requires_grad
        net.requires_grad_(False)
        outcome[kind] = untouched and not any(p.requires_grad for p in net.parameters())
    return outcome


def frozen_parameters_are_listed_constants():
    outcome = {}
    for kind, net in modules().items():
        listed = len(list(net.parameters()))
        net.requires_grad_(False)
        frozen = list(net.parameters())
        outcome[kind] = len(frozen) == listed and not any((p * 2).requires_grad for p in frozen)
    return outcome


def a_frozen_and_cleared_leaf_stays():
    outcome = {}
    for kind in dict(decaying(torch.ones(2, 2))):
        w = torch.ones(2, 2, requires_grad=True)
        opt = dict(decaying(w))[kind]
        for _ in range(2):
            back(w * 2)
            opt.step()
        w.requires_grad_(False)
        w.grad, before = None, w.clone()
        opt.step()
        outcome[kind] = torch.equal(w, before)
    return outcome


def a_lazy_layer_must_have_run():
    net = nn.Sequential(nn.LazyLinear(2))
    before = raises(net.requires_grad_, False)
    net(torch.ones(1, 2))
    return {"before": before, "after": not raises(net.requires_grad_, False)}


def gradient_passes_through():
    x = torch.rand(3, 2)
    outcome = {}
    for kind, net in modules().items():
        if kind not in ("list", "attention"):
            given = x.clone().requires_grad_()
            result = net.requires_grad_(False)(given)
            (result[0] if kind == "LSTM" else result).sum().backward()
            outcome[kind] = given.grad is not None and all(p.grad is None for p in net.parameters())
    return outcome


def a_leaf_is_frozen_and_stays():
    outcome = {}
    for kind, w in leaves().items():
        back(w * 2)
        hook = w.register_hook(lambda g: g)
        before = w._version, w.data_ptr(), w.grad, len(w._backward_hooks)
        same = w.detach_() is w
        outcome[kind] = (
            same and not w.requires_grad and before == (w._version, w.data_ptr(), w.grad, len(w._backward_hooks))
        )
        hook.remove()
    return outcome | {"a leaf that is a view refuses": raises(torch.ones(3)[1:].requires_grad_().detach_)}


def what_came_before_keeps_its_history():
    outcome = {}
    for kind, x in leaves().items():
        h = x * 2
        y = h * 3
        h.detach_()
        back(y)
        outcome[kind] = bool(x.grad.eq(6).all())
    return outcome


def an_operation_of_torch_refuses():
    def refuses(operation, leaf=False, hooks=None):
        x = torch.tensor([1.5, 2.5], requires_grad=True)
        h = x if leaf else x * 1
        with hooks or torch.enable_grad():
            y = operation(h)
        h.detach_()
        return raises(back, y)

    w = torch.ones(2, requires_grad=True)
    hooks = saved_tensors_hooks(lambda t: t, lambda t: t)
    saving = {"product": lambda h: w * h, "sin": torch.sin, "norm": lambda h: h.norm(), "log": torch.log}
    return {name: refuses(f) and not refuses(f, leaf=True) for name, f in saving.items()} | {
        "a Function": not refuses(lambda h: Twice.apply(h)[1]),
        "compiled": not refuses(torch.compile(torch.sin, backend="aot_eager")),
        "hooks": not refuses(torch.sin, hooks=hooks),
        "not saved": not refuses(lambda h: h + w),
    }


def a_view_keeps_its_way_until_a_counted_write():
    def reaches(write):
        x = torch.tensor([1.5, 2.5], requires_grad=True)
        h = x * 2
        v = h[0]
        h.detach_()
        with torch.no_grad():
            write(h)
        return torch.autograd.grad(v, x, allow_unused=True) != (None,)

    return {
        "no write": reaches(lambda h: None),
        "by .data": reaches(lambda h: h.data.mul_(10)),
        "by NumPy": reaches(lambda h: h.numpy().fill(1)),
        "under no_grad": not reaches(lambda h: h.mul_(10)),
        "by an alias": not reaches(lambda h: h.detach().mul_(10)),
    }


def the_old_graph_goes():
    outcome = {}
    for kind, x in leaves().items():
        h = x.exp()
        y, ref = h.sin(), weakref.ref(h)
        del h
        held = ref() is not None
        y = y.detach()
        outcome[kind] = held and ref() is None
    return outcome


STATEMENTS = {
    "No new tensor is made. h itself has lost its history, and every name for it now means a constant.": (
        the_tensor_itself_is_cut
    ),
    "t = … changes no tensor.": DEFINES,
    "It only makes the name t mean another one.": DEFINES,
    "Here sin saved h, and only the history of y holds it.": HERE,
    "out has one row for each step, and the last row is the state that you carry on.": HERE,
    "A write to out must still change the history of its row, so autograd does not part them.": (
        an_interior_tensor_takes_recorded_writes
    ),
    "Its last state is one if the input has no batch dimension.": the_last_state_is_a_view,
    "The hook does not run for z: what detach() returns has no hooks.": a_detached_tensor_has_no_hooks,
    "A state is cut when all its tensors are.": DEFINES,
    "If a container may lie in a container, write a function that calls itself on each item.": DO,
    "A rollout feeds each state to the next step.": DEFINES,
    "If nothing cuts it, the history of the state grows with every step.": a_history_grows,
    "Next, the state is cut before each step.": HERE,
    "The last state is 8 as before, and no gradient goes on from z.": HERE,
    "If you call backward every few steps, an uncut state leads the next backward into a graph whose saved tensors are "
    "freed.": an_uncut_state_leads_into_the_old_graph,
    "Cut the state after each backward, as chapter 9 does in a training loop.": DO,
    "Here each step adds w.": HERE,
    "With a cut every two steps the last one comes at t == 4, and one step learns, not two.": HERE,
    "With a cut at t == 0 all five steps learn, and h0 gets nothing.": HERE,
    "The flag belongs to each parameter.": the_method_reaches_each_parameter,
    "The line puts a new attribute on the module, which no parameter reads.": the_method_reaches_each_parameter,
    "(A lazy layer must have run once before.)": a_lazy_layer_must_have_run,
    "A leaf has no history.": DEFINES,
    "So for a leaf that is no view, detach_() is a freeze: the flag goes off, and the rest stays.": (
        a_leaf_is_frozen_and_stays
    ),
    "This rollout cuts in place before each step, and the first state is the caller's leaf.": HERE,
    "Each is raised on this page.": NAMES,
    "All of these run.": HERE,
    "detach_() cuts the tensor itself, for every name.": the_tensor_itself_is_cut,
    "It makes no new tensor, and views refuse it.": views_refuse,
    "After the second, the caller's tensor has no history.": the_tensor_itself_is_cut,
}
RULES = {
    "(Inside inference_mode detach_() refuses nothing, and cuts nothing: not a view, nor h itself.)": (
        in_inference_mode_nothing_is_cut
    ),
    "(Under inference_mode it does nothing.)": in_inference_mode_nothing_is_cut,
    "Called on a module, it reaches the parameters of the modules inside too.": the_method_reaches_each_parameter,
    "A row is a view, and views refuse.": views_refuse,
    "x gets nothing. h has a new history, but it is the same tensor: its old hooks still run.": old_hooks_run,
    "y was recorded before the cut, and its history does not change.": what_came_before_keeps_its_history,
    "When an operation of torch has saved the interior tensor as its input, as w h does.": (
        an_operation_of_torch_refuses
    ),
    "This lasts until the next counted write to that memory.": a_view_keeps_its_way_until_a_counted_write,
    "Where nothing else holds the old y, y = y.detach() frees the graph too.": the_old_graph_goes,
    "Frozen parameters are still listed, and take part as constants.": frozen_parameters_are_listed_constants,
    "To stop learning, freeze the leaves and clear their .grad.": a_frozen_and_cleared_leaf_stays,
    "Gradient passes through a frozen module to what lies below.": gradient_passes_through,
}
