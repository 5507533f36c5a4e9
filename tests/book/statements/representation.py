"""Chapter 9, Patterns: gradient on purpose."""

import copy

import torch
from support.kinds import back, interiors, leaves, raises
from torch import nn
from torch.nn.functional import gumbel_softmax

from statements import DO, HERE, NAMES
from statements.not_noticed import Keeps


def comparisons_have_no_graph():
    outcome = {}
    for kind, h in (interiors() | leaves()).items():
        results = {"equal": h == 1, "isnan": h.isnan()}
        if not h.is_complex():
            results |= {"greater": h > 1, "sort": h.sort().indices if h.dim() else h > 0}
            if h.numel():
                results["argmax"] = h.argmax()
        for name, result in results.items():
            number = result.float().sum()
            outcome[f"{kind}, {name}"] = not number.requires_grad and raises(number.backward)
    return outcome


def steps_without_a_slope():
    outcome = {}
    for kind, x in leaves().items():
        if not x.is_complex():
            for step in (torch.round, torch.sign, torch.floor, torch.ceil, torch.trunc):
                x.grad = None
                back(step(x))
                outcome[f"{kind}, {step.__name__}"] = x.grad.eq(0).all().item()
    x = torch.ones(2, requires_grad=True)
    return outcome | {
        "floor division": raises((x // 2).sum().backward),
        "heaviside": raises(torch.heaviside(x, x.detach()).sum().backward),
    }


def the_sum_has_the_value_of_hard():
    outcome = {}
    for kind, x in leaves().items():
        soft, hard = 2 * x, torch.ones_like(x)
        z = soft + (hard - soft).detach()
        back(z)
        outcome[kind] = torch.allclose(z, hard, atol=1e-2) and x.grad.eq(2).all().item()
        exact = hard.detach() + (soft - soft.detach())
        outcome[f"{kind}: the exact order"] = torch.equal(exact, hard)
    large = torch.tensor([1e8], requires_grad=True)
    return outcome | {"rounding": not torch.equal(large + (torch.ones(1) - large).detach(), torch.ones(1))}


def the_wrong_cut_turns_the_sign():
    outcome = {}
    for kind, x in leaves().items():
        soft, hard = 2 * x, torch.ones_like(x)
        back(soft.detach() + (hard - soft))
        outcome[kind] = x.grad.eq(-2).all().item()
    return outcome


def gumbel_softmax_is_borrowed():
    """A sample has the value of one row of the identity; a lower tau brings its soft part nearer, and more noise."""
    torch.manual_seed(0)

    def drawn(tau):
        logits = torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64, requires_grad=True)
        gradients, apart = [], 0.0
        for seed in range(300):
            torch.manual_seed(seed)
            soft = gumbel_softmax(logits, tau=tau)
            torch.manual_seed(seed)
            hard = gumbel_softmax(logits, tau=tau, hard=True)
            apart += (soft - hard).abs().sum().item()
            (g,) = torch.autograd.grad((hard * torch.tensor([3.0, 1.0, 2.0], dtype=torch.float64)).sum(), logits)
            gradients.append(g)
        return apart, torch.stack(gradients).std(0).sum().item()

    warm, cold = drawn(1.0), drawn(0.2)
    return {"alike": cold[0] < warm[0], "noisier": cold[1] > warm[1]}


def the_row_that_is_not_nearest_gets_nothing():
    outcome = {}
    for dtype in (torch.float32, torch.float64):
        b = torch.tensor([[1.0, 2.0], [5.0, 5.0], [9.0, 9.0]], dtype=dtype, requires_grad=True)
        h = torch.tensor([[4.0, 5.0], [1.0, 1.0]], dtype=dtype)
        index = torch.cdist(h, b.detach()).argmin(1)
        (b[index] - h).square().sum().backward()
        outcome[str(dtype)] = b.grad[2].eq(0).all().item() and not index.requires_grad
    return outcome


def each_side_of_a_distance_moves_alone():
    outcome = {}
    for kind, a in leaves().items():
        b = torch.zeros_like(a).requires_grad_()
        back((a - b.detach()) ** 2)
        outcome[kind] = a.grad is not None and b.grad is None
    return outcome


def detach_in_place_cuts_for_every_reader():
    outcome = {}
    for kind, h in interiors().items():
        if kind in ("a slice", "a row"):
            continue  # torch refuses detach_() on a view
        main, alias = h * h, h
        h.detach_()
        outcome[kind] = not alias.requires_grad and (raises(back, main) or not h.numel())
    return outcome


def a_shallow_copy_shares_and_a_deep_one_does_not():
    nets = {
        "linear": nn.Linear(2, 2),
        "frozen": nn.Linear(2, 2).requires_grad_(False),
        "nested": nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)),
        "complex": nn.Linear(2, 2, dtype=torch.complex64),
    }
    outcome = {}
    for name, net in nets.items():
        own = [*net.parameters()]
        outcome[f"{name}: copy"] = all(a is b for a, b in zip(copy.copy(net).parameters(), own, strict=True))
        deep = [*copy.deepcopy(net).parameters()]
        outcome[f"{name}: deepcopy"] = all(
            a is not b and a.requires_grad == b.requires_grad for a, b in zip(deep, own, strict=True)
        )
    return outcome


def a_frozen_teacher():
    teachers = {
        "linear": nn.Linear(2, 2),
        "norm": nn.BatchNorm1d(2),
        "dropout": nn.Dropout(0.5),
        "identity": nn.Identity(),
        "a Function": Keeps.apply,
    }
    outcome = {}
    for name, teacher in teachers.items():
        if isinstance(teacher, nn.Module):
            teacher.requires_grad_(False)
        data, made = torch.rand(4, 2), torch.rand(4, 2, requires_grad=True) * 1
        outcome[f"{name}: data"] = not teacher(data).requires_grad
        outcome[f"{name}: what a student made"] = teacher(made).requires_grad
        with torch.no_grad():
            outcome[f"{name}: no_grad"] = not teacher(data).requires_grad
            outcome[f"{name}: no_grad, made"] = name == "identity" or not teacher(made).requires_grad
    return outcome


STATEMENTS = {
    "You want one number in the forward and the gradient of another in the backward, or two readers of one number and "
    "a gradient from only one.": NAMES,
    "Representation learning uses this on purpose, several times in one loss, and one cut in the wrong place leaves "
    "every value as it was.": each_side_of_a_distance_moves_alone,
    "A step has no useful derivative, and there is more than one way to have none.": steps_without_a_slope,
    "A comparison, like argmax, has no graph at all: a backward from it raises.": comparisons_have_no_graph,
    "The sum below has the value of hard, and all but the first soft is a constant.": the_sum_has_the_value_of_hard,
    "hard has no gradient, but soft is in the second part too.": HERE,
    "Every value is right, and every step goes in the wrong direction.": the_wrong_cut_turns_the_sign,
    "The sum is hard up to rounding, which is not always small.": the_sum_has_the_value_of_hard,
    "An index has no gradient, but row still hangs on b.": the_row_that_is_not_nearest_gets_nothing,
    "The row is cut, for it has a history as well, and h adds its gradient and no value.": HERE,
    "A decoder can still improve on a codebook that never moves, so nobody notices.": HERE,
    "A squared distance has two sides, and each loss moves one of them.": each_side_of_a_distance_moves_alone,
    "A row that is never the nearest learns nothing.": the_row_that_is_not_nearest_gets_nothing,
    "The probe b tells what h knows: it learns to read h, and must not shape it.": NAMES,
    "A graph knows no networks. b has read h, and behind h lies w.": HERE,
    "What it measures is no longer what the trunk has learnt from its task.": HERE,
    "Chapter 4 shows how far detach_() reaches: One tensor, every name.": NAMES,
    "An encoder w makes them, a predictor b predicts each from the other.": NAMES,
    "The gradient is positive: a step makes w, and so all features, smaller.": HERE,
    "Features that are all zero agree perfectly.": HERE,
    "Here are both halves with a small encoder, trained on 256 points, each seen twice through other noise. target_of "
    "decides what stands on the target's side: h itself, or a cut h.": NAMES,
    "Then each view predicts the other, and nothing is learnt.": HERE,
    "With the stop, moving the target is no way to please the loss.": each_side_of_a_distance_moves_alone,
    "InfoNCE is a cross entropy: of all keys, the query should pick its own.": NAMES,
    "(If nothing were freed it would run, and hold all earlier batches.)": HERE,
    "To append is no operation.": HERE,
    "A key that is made by a teacher under no_grad needs no cut.": a_frozen_teacher,
    "That is a second net around the same weights: this teacher always agrees. deepcopy makes new weights, with the "
    "flags of the old ones.": a_shallow_copy_shares_and_a_deep_one_does_not,
    "A frozen teacher needs no cut, as long as it reads data.": a_frozen_teacher,
    "Second: a stop for all uses.": NAMES,
    "Say for each loss which one moves, and cut the other.": DO,
    "The difference only repairs the value; open, it would cancel or turn the gradient.": the_wrong_cut_turns_the_sign,
    "The codebook is cut in it and gets no gradient.": HERE,
    "It cuts the tensor for every reader.": detach_in_place_cuts_for_every_reader,
    "Without it the encoder may make all features the same: the loss is perfect, and nothing is learnt.": HERE,
    "Rounding, quantisation, the probe and the two views have an exercise each in the assignment on patterns.": NAMES,
}
RULES = {
    "Under no_grad what it computes is a constant in both cases.": a_frozen_teacher,
    "Like other borrowed gradients it is not the true one; a lower tau makes the two more alike, and the gradient "
    "noisier.": gumbel_softmax_is_borrowed,
}
