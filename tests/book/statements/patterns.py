"""Chapter 9, Patterns: networks that share a graph."""

import torch
from support.kinds import Nothing, back, leaves, raises
from torch import nn
from torch.utils.checkpoint import checkpoint

from statements import DO, HERE, NAMES

OPTIMIZERS = [torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.Adagrad, torch.optim.RMSprop]
OPTIMIZERS += [torch.optim.NAdam, torch.optim.RAdam, torch.optim.Adadelta, torch.optim.Rprop, torch.optim.ASGD]


def what_gradient_arrives_at_is_filled():
    outcome = {}
    for kind, w in leaves().items():
        b = torch.ones_like(w).requires_grad_()
        back(w * b)
        outcome[kind] = w.grad is not None and b.grad is not None
        w.grad = b.grad = None
        y = w * b
        y.backward(torch.ones_like(y), inputs=[w])
        outcome[f"{kind}: named"] = w.grad is not None and b.grad is None
    x = torch.ones(2, requires_grad=True)
    back(Nothing.apply(x))
    outcome["no gradient arrives"] = x.grad is None
    y = x * 2
    x.requires_grad_(False)
    back(y)
    outcome["frozen since"] = x.grad is None
    x.requires_grad_(True)
    w = torch.ones(2, requires_grad=True)
    back(checkpoint(lambda x: x * w, x, use_reentrant=False))
    return outcome | {"in a checkpoint": w.grad is not None and x.grad is not None}


def named_inputs_leave_others_alone():
    outcome = {}
    for kind, w in leaves().items():
        b = torch.ones_like(w).requires_grad_()
        kept = b.grad = torch.full_like(b, 10)
        y = w * b
        y.backward(torch.ones_like(y), inputs=[w])
        outcome[kind] = b.grad is kept and kept.eq(10).all().item()
    return outcome


def a_frozen_batch_norm_counts():
    norms = {
        "1d": (nn.BatchNorm1d(2), (4, 2)),
        "2d": (nn.BatchNorm2d(2), (2, 2, 3, 3)),
        "instance": (nn.InstanceNorm1d(2, track_running_stats=True), (2, 2, 3)),
        "float64": (nn.BatchNorm1d(2).double(), (4, 2)),
    }
    outcome = {}
    for name, (norm, shape) in norms.items():
        norm.requires_grad_(False)
        with torch.no_grad():
            norm(torch.rand(shape, dtype=norm.running_mean.dtype) + 3)
            moved = norm.running_mean.clone()
            norm.eval()(torch.rand(shape, dtype=moved.dtype))
        outcome[name] = moved.any().item() and torch.equal(moved, norm.running_mean)
    return outcome


def zero_grad_clears_its_own():
    outcome = {}
    for kind in OPTIMIZERS:
        w, b = (nn.Parameter(torch.ones(2)) for _ in range(2))
        (w * b).sum().backward()
        kind([w]).zero_grad()
        outcome[kind.__name__] = w.grad is None and b.grad is not None
    return outcome


def a_leftover_gradient_moves_a_frozen_weight():
    def moves(kind, left):
        w = nn.Parameter(torch.full((2,), 5.0))
        opt = kind([w])
        w.grad = torch.ones(2)
        opt.step()
        w.requires_grad_(False)
        if left != "ones":
            w.grad = torch.zeros(2) if left == "zeros" else None
        before = w.clone()
        opt.step()
        return not torch.equal(before, w)

    outcome = {f"{kind.__name__}, left over": moves(kind, "ones") for kind in OPTIMIZERS}
    outcome |= {f"{kind.__name__}, None": not moves(kind, "none") for kind in OPTIMIZERS}
    return outcome | {
        "Adam, zeros": moves(torch.optim.Adam, "zeros"),
        "SGD, zeros": not moves(torch.optim.SGD, "zeros"),
    }


def a_frozen_tensor_among_the_inputs():
    outcome = {}
    for kind, w in leaves().items():
        y = w * 2
        frozen = torch.ones(2)
        outcome[kind] = raises(lambda y=y, w=w, f=frozen: y.backward(torch.ones_like(y), inputs=[w, f]))
    return outcome


STATEMENTS = {
    "Each comes with the code that people write by mistake.": NAMES,
    "Most of it runs, so only the numbers show the mistake.": NAMES,
    "A cut changes no value, and no derivative with respect to b.": HERE,
    "The score is a constant, and so is the loss: no backward can start there.": HERE,
    "retain_graph is no cure, nor are clones: that gradient belongs to a discriminator that is gone.": HERE,
    "The other network's .grad, each flag and the grad mode are not yours.": DO,
    "kept is no copy.": HERE,
    "To clear b.grad afterwards would be as wrong: the 10 would be lost. inputs=[w] never touches it.": (
        named_inputs_leave_others_alone
    ),
    "With flags it is the same. net.requires_grad_(True) after the step also switches on the bias that someone had "
    "frozen for good: chapter 2, Pitfalls, gives each parameter its own old flag.": NAMES,
    "No gradient is.": HERE,
    "And a frozen BatchNorm layer still counts: its running mean is a buffer, updated by each forward in training "
    "mode, under no_grad too.": a_frozen_batch_norm_counts,
    "It records no new one.": HERE,
    "Always write use_reentrant=False.": DO,
    "If the frozen part is the front of the net, and nothing before it learns, no gradient has to pass.": DO,
    "Then no_grad is enough, and there is no flag to put back.": HERE,
    "You have met all five.": NAMES,
    "Third: an optimizer's zero_grad() clears its own parameters and no others.": zero_grad_clears_its_own,
    "To spare the one that gradient must pass, freeze it or name inputs=.": named_inputs_leave_others_alone,
    "(A running mean is no weight: training mode moves it.)": a_frozen_batch_norm_counts,
}
RULES = {
    "Backward fills the leaves that gradient arrives at, if they require grad then, unless you name the ones you "
    "want.": what_gradient_arrives_at_is_filled,
    "Without inputs=, a backward fills leaves of the other network too.": what_gradient_arrives_at_is_filled,
    "The one that is there already is applied for as long as it is there.": a_leftover_gradient_moves_a_frozen_weight,
    "A frozen tensor among them raises, with a message on retain_grad.": a_frozen_tensor_among_the_inputs,
}
