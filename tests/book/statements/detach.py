"""Chapter 3, Detach."""

import torch
from support.kinds import back, constants, interiors, leaves, raises
from torch.autograd.graph import save_on_cpu, saved_tensors_hooks

from statements import DEFINES, DO, HERE, NAMES


def detached_tensors_have_no_history_and_the_same_memory():
    outcome = {}
    for kind, y in (interiors() | leaves()).items():
        z = y.detach()
        outcome[kind] = z.grad_fn is None and not z.requires_grad and torch.equal(z, y)
        outcome[f"{kind}: memory"] = z.untyped_storage().data_ptr() == y.untyped_storage().data_ptr()
    return outcome


def detach_leaves_its_source_alone():
    outcome = {}
    for kind, y in (interiors() | leaves() | constants()).items():
        before = y.requires_grad, y.grad_fn, y.is_inference() or y._version
        y.detach()
        outcome[kind] = before == (y.requires_grad, y.grad_fn, y.is_inference() or y._version)
    return outcome


def any_input_is_enough():
    w = torch.ones(2, requires_grad=True)
    outcome = {}
    for kind, c in constants().items():
        if kind != "inference" and c.shape in ((), (2,)):
            outcome[kind] = (c * w).requires_grad and torch.where(c != 0, w, 0.0).requires_grad
    return outcome


def hooks_compare_nothing():
    def runs(context):
        with context:
            y = torch.ones(2, requires_grad=True).exp()
            y.detach().zero_()
        return not raises(back, y)

    return {
        "identity": runs(saved_tensors_hooks(lambda t: t, lambda t: t)),
        "save_on_cpu": runs(save_on_cpu()),
        "without": not runs(torch.enable_grad()),
    }


def adding_saves_nothing():
    def runs(x):
        y = x + 5
        y.detach().zero_()
        return not raises(back, y) and x.grad.eq(1).all().item()

    return {kind: runs(x) for kind, x in leaves().items()}


def a_frozen_weight_gets_nothing():
    outcome = {}
    for kind, w in leaves().items():
        x = torch.ones_like(w).requires_grad_()
        w.requires_grad_(False)
        back(w * x)
        outcome[kind] = w.grad is None and x.grad is not None
    return outcome


def numbers_have_no_graph():
    return {kind: not hasattr(t.item(), "grad_fn") for kind, t in interiors().items() if t.numel() == 1}


def other_paths_stay():
    def one_factor(x):
        y = x * 1
        back(y * y.detach())
        return x.grad is not None and torch.equal(x.grad, x.detach().conj())

    return {kind: one_factor(x) for kind, x in leaves().items()}


STATEMENTS = {
    "draw reads live tensors: no picture is made by hand. %xmode Minimal shortens an error to its message.": NAMES,
    "The numbers agree, but z has no history.": detached_tensors_have_no_history_and_the_same_memory,
    "PyTorch calls any such tensor a leaf.": DEFINES,
    "Where recording is on, a differentiable operation is recorded if any of its inputs requires grad, and here the "
    "head's weights do.": any_input_is_enough,
    "detach() makes a new tensor object but copies no numbers.": detached_tensors_have_no_history_and_the_same_memory,
    "6 counts both factors, 3 through each.": HERE,
    "Only z += 1 would write into the memory of y.": HERE,
    "detach() never changes the tensor that you call it on.": detach_leaves_its_source_alone,
    "The 5 never arrives: 5 z is the constant input of +.": HERE,
    "A backward may never need the old numbers.": adding_saves_nothing,
    "(Torch compares no counts for what a saved-tensor hook keeps, save_on_cpu among them.)": hooks_compare_nothing,
    "Not every edit is an error: adding a number saves nothing. y holds zeros, and x.grad is right for x + 5, the "
    "operation that was recorded.": adding_saves_nothing,
    "You get zeros and no error, since the write was never counted for y.": HERE,
    "detach() left the graph whole, with all that it saved.": HERE,
    "The graph went when its last holder, y, went. z holds no graph, so keep z and drop y if you want the "
    "memory back.": HERE,
    "loss.backward() ends at z: only a backward from h can still fill the encoder.": HERE,
    "Carry the gradient over the cut yourself. h is no scalar, so you hand over the gradient that arrives at "
    "it, z.grad.": DO,
    "A frozen weight gets no gradient.": a_frozen_weight_gets_nothing,
    "Freeze a net when another trains through it and it must stay as it is.": DO,
    "Detach the target, and only the student learns.": HERE,
    "If nothing needs the teacher's graph, compute the target under no_grad: then it is never built.": DO,
    "NumPy cannot record, so PyTorch wants you to leave the graph on purpose.": HERE,
    "No error, no warning: the head learns and the encoder stands still.": HERE,
    "And a Python number has no graph, so item() needs no detach().": numbers_have_no_graph,
    "All of these run, the wrong ones too.": HERE,
    "It holds the graph of every step.": HERE,
    "Third: a detached tensor is no snapshot.": detached_tensors_have_no_history_and_the_same_memory,
    "The source, its graph and all other paths stay.": other_paths_stay,
    "y is as before; only paths through z are cut.": other_paths_stay,
    "The whole block of y's numbers, but no graph.": HERE,
}
