"""Chapter 7, In-place."""

import torch
from support.kinds import back, constants, interiors, leaves, raises
from torch import nn

from statements import DO, HERE, NAMES


def a_write_of_the_same_numbers_counts():
    def counts(t):
        before = t._version
        t.mul_(1)
        return t._version == before + 1

    return {kind: counts(t) for kind, t in constants().items() if kind not in ("bool", "inference")}


def written_elsewhere(write):
    """Whether a backward through exp raises after a write to its result, for each kind."""
    outcome = {}
    for kind, h in interiors().items():
        y = h.exp()
        write(y)
        outcome[kind] = raises(back, y)
    return outcome


def a_counted_write_to_what_was_saved_raises():
    base, w = torch.ones(2), torch.ones(2, requires_grad=True)
    y = w * base[0]
    base[1] = 7
    neighbour = raises(back, y)
    y = w * base
    base.data.fill_(7)
    hidden = not raises(back, y)
    z = w + base
    base.add_(1)
    return written_elsewhere(lambda y: y.detach().add_(1)) | {
        "a neighbour": neighbour,
        "by .data": hidden,
        "not saved": not raises(back, z),
    }


def a_leaf_takes_no_recorded_write():
    whole = {kind: raises(lambda t=t: t.add_(1)) for kind, t in leaves().items()}
    part = {
        f"{kind}, in part": raises(lambda t=t: t.view(-1)[:1].mul_(2))
        for kind, t in leaves().items()
        if t.is_contiguous()
    }
    return whole | part


def an_interior_tensor_takes_recorded_writes():
    def zero_arrives(x):
        h = x * 2
        h.zero_()
        h.sum().backward(torch.ones((), dtype=h.dtype))
        return x.grad.eq(0).all().item()

    return {kind: zero_arrives(x) for kind, x in leaves().items()}


def an_alias_keeps_the_history_of_its_source():
    def gradient(x, write):
        x.grad = None
        y = x * 2
        write(y)
        back(y)
        return x.grad

    return {
        kind: torch.equal(gradient(x, lambda y: None), gradient(x, lambda y: y.detach().mul_(3)))
        and (not x.numel() or not torch.equal(x.grad, gradient(x, lambda y: y.mul_(3))))
        for kind, x in leaves().items()
    }


def a_loop_makes_rows_that_refuse():
    rows = torch.ones(3, 2, requires_grad=True) * 2
    single = torch.ones(1, requires_grad=True) * 2
    return {
        "rows": all(raises(row.mul_, 2) for row in rows),
        "one element": all(raises(row.mul_, 2) for row in single),
    }


def a_sigmoid_needs_its_output():
    return written_elsewhere_of(torch.sigmoid)


def written_elsewhere_of(operation):
    """Whether a backward raises after the result of the operation was written to."""
    outcome = {}
    for kind, h in interiors().items():
        y = operation(h)
        y.add_(1)
        outcome[kind] = raises(back, y)
    return outcome


def a_forward_hook_runs_with_each_call():
    seen = []

    def runs(net, x):
        seen.clear()
        handle = net.register_forward_hook(lambda *_: seen.append(1))
        net(x), net(x)
        handle.remove()
        net(x)
        return len(seen) == 2

    shared = nn.Linear(2, 2)
    twice = nn.Sequential(shared, shared)
    shared.register_forward_hook(lambda *_: seen.append(1))
    seen.clear()
    twice(torch.ones(2))
    in_two_places = len(seen) == 2
    return {
        "layer": runs(nn.Linear(2, 2), torch.ones(2)),
        "container": runs(nn.Sequential(nn.ReLU()), torch.ones(2)),
        "shared": in_two_places,
        "compiled": runs(torch.compile(nn.Linear(2, 2), backend="eager"), torch.ones(2)),
    }


def one_that_comes_after_compiling_is_not_called():
    torch.compiler.reset()  # after too many traces of one layer torch no longer compiles it
    nets = {
        "layer": (linear := nn.Linear(2, 2), linear),
        "inside": (net := nn.Sequential(nn.Linear(2, 2), nn.ReLU()), net[0]),
    }
    outcome = {}
    for name, (net, layer) in nets.items():
        compiled, seen = torch.compile(net, backend="eager"), []
        compiled(torch.ones(2))
        layer.register_forward_hook(lambda *_, seen=seen: seen.append(1))
        compiled(torch.ones(2))
        outcome[name] = not seen
        net(torch.ones(2))
        outcome[f"{name}, not compiled"] = len(seen) == 1
    return outcome


def add_writes_nowhere():
    outcome = {}
    for kind, t in constants().items():
        before = t.clone()
        t.add(1)
        outcome[kind] = torch.equal(t, before)
    return outcome


def what_is_not_recorded_is_not_refused():
    makers = {"unbind": torch.unbind, "chunk": lambda t: t.chunk(2), "split": lambda t: t.split(1), "a loop": list}
    outcome = {}
    for name, parts in makers.items():
        y = torch.ones(2, 2, requires_grad=True) * 2
        outcome[name] = raises(lambda parts=parts, y=y: parts(y)[0].mul_(2))
        outcome[f"{name} of a constant"] = not raises(lambda parts=parts: parts(torch.ones(2, 2))[0].mul_(2))
        with torch.no_grad():
            outcome[f"{name} under no_grad"] = not raises(lambda parts=parts, y=y: parts(y)[0].mul_(2))
    return outcome


def an_index_that_copies():
    indices = {"list": [0], "mask": torch.tensor([True, False]), "index": torch.tensor([0])}
    outcome = {}
    for name, index in indices.items():
        for kind, y in {"constant": torch.ones(2), "interior": torch.ones(2, requires_grad=True) * 1}.items():
            y[index].mul_(100)
            outcome[f"{name}, {kind}: a method"] = y.tolist() == [1, 1]
            y[index] *= 100
            outcome[f"{name}, {kind}: an operator"] = y.tolist() == [100, 1]
    return outcome


STATEMENTS = {
    "mul_(1) changes no number, but it is a write.": a_write_of_the_same_numbers_counts,
    "Backward raises only if the write hit a tensor that an operation has saved, or another on the same counter.": (
        a_counted_write_to_what_was_saved_raises
    ),
    "Each operation saves what its own derivative needs.": HERE,
    "To find a write, print _version after each suspect line.": DO,
    "Here all backwards come first.": HERE,
    "If you cannot change the code that writes, a context makes the clones.": DO,
    "The backward must run inside it too.": DO,
    "It is no repair to detach until the error is gone.": DO,
    "But the product saved w itself, no copy of its number.": HERE,
    "Where torch does not notice tries each way to write.": NAMES,
    "A leaf takes no recorded write, in whole or in part.": a_leaf_takes_no_recorded_write,
    "A recorded write would give w a history, and then it would be no leaf.": a_leaf_takes_no_recorded_write,
    "A recorded write does the same to a tensor that is no leaf.": an_interior_tensor_takes_recorded_writes,
    "A detached alias has no such tie.": an_alias_keeps_the_history_of_its_source,
    "The value 5 no longer depends on x.": HERE,
    "Of the two, only the write to y is part of its history.": an_alias_keeps_the_history_of_its_source,
    "A loop over a tensor makes all its rows at once, with unbind.": a_loop_makes_rows_that_refuse,
    "Each write adds to the history of seen.": HERE,
    "The buffer becomes interior, and its graph grows with every step.": HERE,
    "retain_graph=True would only let it grow.": HERE,
    "There is no error.": HERE,
    "Only plus_equals writes. plus gives its name to a new tensor, which nobody keeps.": HERE,
    "And a function that must change it cannot do so with =.": HERE,
    "add without _ writes nowhere, so its result must be used.": add_writes_nowhere,
    "All of these run.": HERE,
    "A wrong gradient and no error: the product saved w itself, and nothing was counted.": HERE,
}
RULES = {
    "Some views refuse a recorded write.": what_is_not_recorded_is_not_refused,
    "A list or a mask makes a copy: a method that writes into it changes nothing else, in silence.": (
        an_index_that_copies
    ),
    "(y[[0]] = 100 writes the copy back.)": an_index_that_copies,
    "After sigmoid, which saves its output, backward raises.": a_sigmoid_needs_its_output,
    "A forward hook is called with the output of a layer when you call the layer, until you remove it.": (
        a_forward_hook_runs_with_each_call
    ),
    "(A net that was compiled and called before does not call it.)": one_that_comes_after_compiling_is_not_called,
}
