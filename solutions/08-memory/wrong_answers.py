"""Answers to 08-memory that people give, each with the misconception behind it."""

import copy

import torch

from gradstop.course import wrong

# train


@wrong(
    "train",
    "running-total-tensor",
    "a list of the losses as they are: each of them holds the nodes of its graph, for as long as the list lives.",
    "08-memory#keep-numbers-not-tensors",
)
def losses_with_their_graphs(loss_fn, opt, n):
    losses = []
    for _ in range(n):
        opt.zero_grad()
        loss = loss_fn()
        loss.backward()
        opt.step()
        losses.append(loss)
    return losses


@wrong(
    "train",
    "retain-graph-as-a-fix",
    "a list of losses of which each holds its graph, with what was saved for backward too: as after a backward with "
    "`retain_graph=True`, or where the loss in the list has had no backward.",
    "08-memory#retaining-a-graph",
)
def graphs_retained(loss_fn, opt, n):
    losses = []
    for _ in range(n):
        opt.zero_grad()
        losses.append(loss_fn())
        losses[-1].backward(retain_graph=True)
        opt.step()
    return losses


@wrong(
    "train",
    "gradients-accumulate",
    "gradients that are never cleared: each backward adds to those of all steps before.",
    "08-memory#gradients-add-up",
)
def never_zeroed(loss_fn, opt, n):
    losses = []
    for _ in range(n):
        loss = loss_fn()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    return losses


@wrong(
    "train",
    "gradients-accumulate",
    "gradients that are cleared after each step and not before the first: those from earlier go into the first step.",
    "08-memory#gradients-add-up",
)
def zeroed_too_late(loss_fn, opt, n):
    losses = []
    for _ in range(n):
        loss = loss_fn()
        loss.backward()
        opt.step()
        opt.zero_grad()
        losses.append(loss.item())
    return losses


@wrong(
    "train",
    "gradients-accumulate",
    "gradients that are cleared before the first step alone: those of the n steps add up.",
    "08-memory#gradients-add-up",
)
def zeroed_once(loss_fn, opt, n):
    opt.zero_grad()
    losses = []
    for _ in range(n):
        loss = loss_fn()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    return losses


@wrong(
    "train",
    "gradients-accumulate",
    "parameters that stay where they are: the gradient is cleared between backward and step, or no step is made.",
    "08-memory#gradients-add-up",
)
def zeroed_before_the_step(loss_fn, opt, n):
    losses = []
    for _ in range(n):
        loss = loss_fn()
        loss.backward()
        opt.zero_grad()
        opt.step()
        losses.append(loss.item())
    return losses


@wrong(
    "train",
    "running-total-tensor",
    "a running total: the list says what all losses so far add up to, and holds their graphs.",
    "08-memory#keep-numbers-not-tensors",
)
def running_total(loss_fn, opt, n):
    losses, total = [], 0
    for _ in range(n):
        opt.zero_grad()
        loss = loss_fn()
        loss.backward()
        opt.step()
        total = total + loss
        losses.append(total)
    return losses


@wrong(
    "train",
    "optimizer-step-is-in-place",
    "losses as they are after the steps: each belongs to the parameters that its step has moved already.",
    "08-memory#keep-numbers-not-tensors",
)
def losses_after_the_steps(loss_fn, opt, n):
    losses = []
    for _ in range(n):
        opt.zero_grad()
        loss_fn().backward()
        opt.step()
        losses.append(loss_fn().item())
    return losses


@wrong(
    "train",
    "optimizer-step-is-in-place",
    "one loss for all steps: its value and its gradient are those of the parameters before the first step.",
    "08-memory#what-backward-frees",
)
def one_loss_for_all(loss_fn, opt, n):
    loss, losses = loss_fn(), []
    for _ in range(n):
        opt.zero_grad()
        loss.backward(retain_graph=True)
        opt.step()
        losses.append(loss.item())
    return losses


@wrong(
    "train",
    "create_graph-cycle",
    "`create_graph=True`: the gradient in `.grad` holds the graph that made it, which outlives the loop.",
    "08-memory#cycles-and-the-collector",
)
def gradients_with_graphs(loss_fn, opt, n):
    losses = []
    for _ in range(n):
        opt.zero_grad()
        loss = loss_fn()
        loss.backward(create_graph=True)
        opt.step()
        losses.append(loss.item())
    return losses


@wrong(
    "train",
    "first-group-only",
    "gradients that are cleared in the first parameter group alone: in the others they add up.",
    "08-memory#gradients-add-up",
)
def first_group_cleared(loss_fn, opt, n):
    losses = []
    for _ in range(n):
        for p in opt.param_groups[0]["params"]:
            p.grad = None
        loss = loss_fn()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    return losses


@wrong(
    "train",
    "optimizer-step-is-in-place",
    "a step of plain SGD with one learning rate for all parameters: `opt` has its own rule (momentum, Adam), and each "
    "of its groups its own rate.",
    "08-memory#gradients-add-up",
)
def stepped_by_hand(loss_fn, opt, n):
    held, losses = [p for group in opt.param_groups for p in group["params"]], []
    for _ in range(n):
        opt.zero_grad()
        loss = loss_fn()
        loss.backward()
        with torch.no_grad():
            for p in held:
                if p.grad is not None:
                    p -= opt.param_groups[0]["lr"] * p.grad
        losses.append(loss.item())
    return losses


@wrong(
    "train",
    "detach-vs-freeze-vs-no_grad",
    "parameters that all require grad: a frozen one is trained too.",
    "08-memory#gradients-add-up",
)
def frozen_ones_trained(loss_fn, opt, n):
    losses = []
    for group in opt.param_groups:
        for p in group["params"]:
            p.requires_grad_()
    for _ in range(n):
        opt.zero_grad()
        loss = loss_fn()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    return losses


@wrong(
    "train",
    "zero-is-not-none",
    "gradients that are cleared only where a parameter requires grad: a frozen one that holds a gradient from earlier "
    "is moved by it.",
    "08-memory#gradients-add-up",
)
def cleared_where_it_is_trained(loss_fn, opt, n):
    held, losses = [p for group in opt.param_groups for p in group["params"]], []
    for _ in range(n):
        for p in held:
            if p.requires_grad:
                p.grad = None
        loss = loss_fn()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    return losses


@wrong(
    "train",
    "zero-is-not-none",
    "an error where a parameter has no `.grad` yet: there is nothing to call `zero_()` on.",
    "08-memory#gradients-add-up",
)
def zeroed_without_asking(loss_fn, opt, n):
    losses = []
    for _ in range(n):
        for group in opt.param_groups:
            for p in group["params"]:
                p.grad.zero_()
        loss = loss_fn()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    return losses


@wrong(
    "train",
    "mutable-default",
    "a list that goes on from call to call: a later call adds its losses to those of the calls before. A default "
    "argument does that, or a list that is kept for opt.",
    "08-memory#keep-numbers-not-tensors",
)
def one_list_for_all_calls(loss_fn, opt, n):
    losses = vars(opt).setdefault("losses", [])
    for _ in range(n):
        opt.zero_grad()
        loss = loss_fn()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    return losses


@wrong(
    "train",
    "zero-is-not-none",
    "gradients that are set to zeros: with a gradient of zeros an optimizer that has weight decay moves what the "
    "loss does not depend on; without one it passes over it.",
    "08-memory#gradients-add-up",
)
def zeros_for_what_has_none(loss_fn, opt, n):
    out = []
    for _ in range(n):
        opt.zero_grad(set_to_none=False)
        one_loss = loss_fn()
        one_loss.backward()
        opt.step()
        out.append(one_loss.item())
    return out


@wrong(
    "train",
    "optimizer-step-is-in-place",
    "one step for the sum of all losses: they are all computed at the same parameters.",
    "08-memory#keep-numbers-not-tensors",
)
def one_step_for_all(loss_fn, opt, n):
    total = 0
    out = []
    for _ in range(n):
        one_loss = loss_fn()
        total = total + one_loss
        out.append(one_loss.item())
    opt.zero_grad()
    total.backward()
    opt.step()
    return out


@wrong(
    "train",
    "wrong-formula",
    "the last loss alone: a list of all is asked for.",
    "08-memory#keep-numbers-not-tensors",
)
def last_loss_alone(loss_fn, opt, n):
    for _ in range(n):
        opt.zero_grad()
        one_loss = loss_fn()
        one_loss.backward()
        opt.step()
    return one_loss.item()


@wrong(
    "train",
    "no_grad-around-the-forward",
    "a loss that is computed under `no_grad`: there is nothing to send back.",
    "08-memory#keep-numbers-not-tensors",
)
def loss_without_a_graph(loss_fn, opt, n):
    out = []
    for _ in range(n):
        opt.zero_grad()
        with torch.no_grad():
            one_loss = loss_fn()
        one_loss.backward()
        opt.step()
        out.append(one_loss.item())
    return out


@wrong(
    "train",
    "wrong-formula",
    "losses that are rounded.",
    "08-memory#keep-numbers-not-tensors",
)
def rounded_losses(loss_fn, opt, n):
    out = []
    for _ in range(n):
        opt.zero_grad()
        one_loss = loss_fn()
        one_loss.backward()
        opt.step()
        out.append(round(one_loss.item(), 2))
    return out


@wrong(
    "train",
    "wrong-formula",
    "losses as texts: numbers are asked for.",
    "08-memory#keep-numbers-not-tensors",
)
def losses_as_texts(loss_fn, opt, n):
    out = []
    for _ in range(n):
        opt.zero_grad()
        one_loss = loss_fn()
        one_loss.backward()
        opt.step()
        out.append(f"{one_loss.item():.4f}")
    return out


@wrong(
    "train",
    "off-by-one",
    "n - 1 steps: one is missing.",
    "08-memory#keep-numbers-not-tensors",
)
def one_step_too_few(loss_fn, opt, n):
    out = []
    for _ in range(1, n):
        opt.zero_grad()
        one_loss = loss_fn()
        one_loss.backward()
        opt.step()
        out.append(one_loss.item())
    return out


# accumulate


@wrong(
    "accumulate",
    "running-total-tensor",
    "a gradient that is right, from graphs that are all alive at once: no backward runs before the last loss is "
    "computed, or each keeps its graph.",
    "08-memory#one-graph-at-a-time",
)
def all_losses_first(loss_fns):
    torch.stack([loss_fn() for loss_fn in loss_fns]).mean().backward()


@wrong(
    "accumulate",
    "gradients-accumulate",
    "the gradient of the sum: each loss is sent back in full, and nothing is divided by their number.",
    "08-memory#gradients-add-up",
)
def sum_of_the_losses(loss_fns):
    for loss_fn in loss_fns:
        loss_fn().backward()


@wrong(
    "accumulate",
    "running-total-tensor",
    "losses that are held after their backward, by a list or by the frames of a recursion: what was saved is freed, "
    "and the nodes of all graphs stay.",
    "08-memory#what-backward-frees",
)
def losses_kept_in_a_list(loss_fns):
    losses = []
    for loss_fn in loss_fns:
        losses.append(loss_fn() / len(loss_fns))
        losses[-1].backward()


@wrong(
    "accumulate",
    "retain-graph-as-a-fix",
    "a graph that is whole while the next loss is computed, with all that was saved: a backward with "
    "`retain_graph=True`, or one that runs only after the next loss is computed.",
    "08-memory#retaining-a-graph",
)
def each_graph_retained(loss_fns):
    for loss_fn in loss_fns:
        loss = loss_fn() / len(loss_fns)
        loss.backward(retain_graph=True)


@wrong(
    "accumulate",
    "gradients-accumulate",
    "gradients that take the place of what `.grad` held, where they should be added to it.",
    "08-memory#gradients-add-up",
)
def cleared_at_first(loss_fns):
    loss = torch.stack([loss_fn() for loss_fn in loss_fns]).mean()
    leaves, stack = [], [loss.grad_fn]
    while stack:
        node = stack.pop()
        if hasattr(node, "variable"):
            leaves.append(node.variable)
        elif node is not None:
            stack += [before for before, _ in node.next_functions]
    del loss, node
    for leaf in leaves:
        leaf.grad = None
    for loss_fn in loss_fns:
        (loss_fn() / len(loss_fns)).backward()


@wrong(
    "accumulate",
    "torch-tensor-of-losses",
    "no gradient at all: a new tensor of the losses' numbers (`torch.tensor`, `item`) has no path back to the leaves, "
    "or there is no backward.",
    "08-memory#keep-numbers-not-tensors",
)
def tensor_of_numbers(loss_fns):
    torch.tensor([loss_fn().item() for loss_fn in loss_fns], requires_grad=True).mean().backward()


@wrong(
    "accumulate",
    "wrong-formula",
    "losses with other weights than those of a mean: the first counts in full, each later one less, as where a loss is "
    "divided by its own number.",
    "08-memory#gradients-add-up",
)
def divided_by_the_number_so_far(loss_fns):
    for count, loss_fn in enumerate(loss_fns, 1):
        (loss_fn() / count).backward()


@wrong(
    "accumulate",
    "rebind-the-weight",
    "the gradient of the last loss alone, divided by the number of losses: the backward stands after the loop.",
    "08-memory#one-graph-at-a-time",
)
def only_the_last(loss_fns):
    for loss_fn in loss_fns:
        loss = loss_fn() / len(loss_fns)
    loss.backward()


@wrong(
    "accumulate",
    "cached-result",
    "each function counted once, however often it stands in the list: a set or a dict drops the second.",
    "08-memory#gradients-add-up",
)
def each_function_once(loss_fns):
    loss_fns = list(dict.fromkeys(loss_fns))
    for loss_fn in loss_fns:
        (loss_fn() / len(loss_fns)).backward()


@wrong(
    "accumulate",
    "cached-result",
    "a list of functions that is sent back at its first call alone: a later call with the same list does nothing.",
    "08-memory#gradients-add-up",
)
def each_list_once(loss_fns, seen={}):  # noqa: B006 - the fault
    if seen.setdefault(tuple(loss_fns), loss_fns) is loss_fns:
        seen[tuple(loss_fns)] = None
        for loss_fn in loss_fns:
            (loss_fn() / len(loss_fns)).backward()


@wrong(
    "accumulate",
    "mutates-the-argument",
    "a list that is empty afterwards: the caller's functions are taken out of it.",
    "08-memory#one-graph-at-a-time",
)
def list_emptied(loss_fns):
    parts = len(loss_fns)
    while loss_fns:
        (loss_fns.pop()() / parts).backward()


@wrong(
    "accumulate",
    "gradients-accumulate",
    "the whole gradient divided at the end: what `.grad` held from earlier is divided too.",
    "08-memory#gradients-add-up",
)
def divided_at_the_end(loss_fns):
    leaves = {}
    for loss_fn in loss_fns:
        nodes = [loss_fn().grad_fn]
        nodes_again = loss_fn()
        while nodes:
            node = nodes.pop()
            if hasattr(node, "variable"):
                leaves[node.variable] = None
            elif node is not None:
                nodes += [before for before, _ in node.next_functions]
        del node
        nodes_again.backward()
    for leaf in leaves:
        leaf.grad /= len(loss_fns)


@wrong(
    "accumulate",
    "hook-changes-all-uses",
    "hooks that are left on the leaves: they divide every later gradient too.",
    "08-memory#gradients-add-up",
)
def hooks_that_divide(loss_fns):
    nodes, leaves = [loss_fns[0]().grad_fn], {}
    while nodes:
        node = nodes.pop()
        if hasattr(node, "variable"):
            leaves[node.variable] = None
        elif node is not None:
            nodes += [before for before, _ in node.next_functions]
    del node
    parts = len(loss_fns)
    for leaf in leaves:
        leaf.register_hook(lambda grad: grad / parts)
    for loss_fn in loss_fns:
        loss_fn().backward()


@wrong(
    "accumulate",
    "mutates-the-argument",
    "a set of the functions: one that stands twice in the list counts once.",
    "08-memory#one-graph-at-a-time",
)
def each_function_once_accumulate(loss_fns):
    fs = set(loss_fns)
    for f in fs:
        (f() / len(loss_fns)).backward()


@wrong(
    "accumulate",
    "no_grad-around-the-forward",
    "losses that have no graph, computed under `no_grad` or detached: there is nothing to send back.",
    "08-memory#what-backward-frees",
)
def losses_without_a_graph(loss_fns):
    with torch.no_grad():
        for f in loss_fns:
            (f() / len(loss_fns)).backward()


@wrong(
    "accumulate",
    "retain-graph-as-a-fix",
    "a running total that is sent back after each loss, with its graph retained: the first losses count again and "
    "again, and every graph stays.",
    "08-memory#retaining-a-graph",
)
def running_total_sent_back_each_time(loss_fns):
    total = 0
    for f in loss_fns:
        total = total + f() / len(loss_fns)
        total.backward(retain_graph=True)


# grad_penalty


@wrong(
    "grad_penalty",
    "gradient-penalty",
    "a penalty that has a value and nothing to send back: its gradient is a constant, as without `create_graph=True` "
    "or after a `detach`.",
    "08-memory#gradients-of-gradients",
)
def gradient_without_a_graph(loss_fn, w):
    (grad,) = torch.autograd.grad(loss_fn(), w)
    return grad.square().sum()


@wrong(
    "grad_penalty",
    "gradient-penalty",
    "a penalty whose backward runs and reaches no leaf of the loss: it ends at a new leaf, a constant that is made to "
    "require grad.",
    "08-memory#gradients-of-gradients",
)
def gradient_made_a_leaf(loss_fn, w):
    (grad,) = torch.autograd.grad(loss_fn(), w, retain_graph=True)
    return grad.requires_grad_().square().sum()


@wrong(
    "grad_penalty",
    "create_graph-cycle",
    "a gradient that is added to `w.grad`, which you were not to touch, and that holds its graph alive from there: a "
    "`backward(create_graph=True)` does both.",
    "08-memory#cycles-and-the-collector",
)
def gradient_left_in_grad(loss_fn, w):
    loss_fn().backward(create_graph=True)
    return w.grad.square().sum()


@wrong(
    "grad_penalty",
    "create_graph-cycle",
    "a `w.grad` that is cleared: what it held from earlier is gone. The other leaves of the loss hold a gradient in "
    "their `.grad`, with its graph, as after a `backward(create_graph=True)`.",
    "08-memory#cycles-and-the-collector",
)
def grad_cleared_afterwards(loss_fn, w):
    w.grad = None
    loss_fn().backward(create_graph=True)
    grad, w.grad = w.grad, None
    return grad.square().sum()


@wrong(
    "grad_penalty",
    "create_graph-cycle",
    "a `w.grad` that is as before, and other leaves that hold a new gradient in theirs, with its graph: a "
    "`backward(create_graph=True)` fills them all.",
    "08-memory#cycles-and-the-collector",
)
def other_leaves_forgotten(loss_fn, w):
    before, w.grad = w.grad, None
    loss_fn().backward(create_graph=True)
    grad, w.grad = w.grad, before
    return grad.square().sum()


@wrong(
    "grad_penalty",
    "wrong-formula",
    "the norm where its square was asked for.",
    "08-memory#gradients-of-gradients",
)
def norm_not_squared(loss_fn, w):
    (grad,) = torch.autograd.grad(loss_fn(), w, create_graph=True)
    return grad.norm()


@wrong(
    "grad_penalty",
    "wrong-formula",
    "the mean of the squares: the squared norm is their sum.",
    "08-memory#gradients-of-gradients",
)
def mean_of_squares(loss_fn, w):
    (grad,) = torch.autograd.grad(loss_fn(), w, create_graph=True)
    return grad.square().mean()


@wrong(
    "grad_penalty",
    "cut-the-wrong-operand",
    "a penalty of the right value that sends back half of its gradient: one factor of the square is cut.",
    "08-memory#gradients-of-gradients",
)
def half_of_the_square(loss_fn, w):
    (grad,) = torch.autograd.grad(loss_fn(), w, create_graph=True)
    return (grad * grad.detach()).sum()


@wrong(
    "grad_penalty",
    "stored-activation",
    "a hook that is left on w: it holds the gradient, and the gradient its graph, although the result is dropped.",
    "08-memory#what-a-graph-keeps-alive",
)
def hook_that_keeps_the_gradient(loss_fn, w):
    kept = []
    w.register_hook(lambda grad: kept.append(grad))
    kept.append(torch.autograd.grad(loss_fn(), w, create_graph=True)[0])
    return kept[-1].square().sum()


@wrong(
    "grad_penalty",
    "wrong-formula",
    "the product `grad @ grad`: it is the sum of the squares for one dimension, and for others a matrix or an error.",
    "08-memory#gradients-of-gradients",
)
def product_of_vectors(loss_fn, w):
    (grad,) = torch.autograd.grad(loss_fn(), w, create_graph=True)
    return grad @ grad


@wrong(
    "grad_penalty",
    "wrong-formula",
    "a sum over the last dimension alone: where w has two or more, the result is no scalar.",
    "08-memory#gradients-of-gradients",
)
def summed_over_the_last(loss_fn, w):
    (grad,) = torch.autograd.grad(loss_fn(), w, create_graph=True)
    return grad.square().sum(-1)


@wrong(
    "grad_penalty",
    "cached-result",
    "a result that is kept, for w or for loss_fn, and handed out again whatever w holds by then. It keeps its "
    "graph alive too.",
    "08-memory#what-a-graph-keeps-alive",
)
def kept_for_w(loss_fn, w, kept={}):  # noqa: B006 - the fault
    if w not in kept:
        (grad,) = torch.autograd.grad(loss_fn(), w, create_graph=True)
        kept[w] = grad.square().sum()
    return kept[w]


@wrong(
    "grad_penalty",
    "cut-the-wrong-operand",
    "a penalty that sends its gradient to w alone: the other leaves of the loss get none.",
    "08-memory#gradients-of-gradients",
)
def gradient_for_w_alone(loss_fn, w):
    (grad,) = torch.autograd.grad(loss_fn(), w, create_graph=True)
    (slope,) = torch.autograd.grad(grad.square().sum(), w)
    return grad.detach().square().sum() + (slope * (w - w.detach())).sum()


@wrong(
    "grad_penalty",
    "dtype-of-the-result",
    "a penalty that is float32, also where w and the loss are float64.",
    "08-memory#gradients-of-gradients",
)
def in_single_precision(loss_fn, w):
    (grad,) = torch.autograd.grad(loss_fn(), w, create_graph=True)
    return grad.float().square().sum()


@wrong(
    "grad_penalty",
    "stored-activation",
    "the gradient, stored as an attribute of w: it holds its graph for as long as w lives.",
    "08-memory#what-a-graph-keeps-alive",
)
def gradient_as_an_attribute(loss_fn, w):
    (w.slope,) = torch.autograd.grad(loss_fn(), w, create_graph=True)
    return w.slope.square().sum()


@wrong(
    "grad_penalty",
    "python-math-cuts-graph",
    "a Python number: nothing can be sent back from it.",
    "08-memory#gradients-of-gradients",
)
def penalty_as_a_number(loss_fn, w):
    return torch.autograd.grad(loss_fn(), w, create_graph=True)[0].pow(2).sum().item()


@wrong(
    "grad_penalty",
    "wrong-formula",
    "the loss with the penalty added to it: the penalty alone is asked for.",
    "08-memory#gradients-of-gradients",
)
def loss_and_penalty(loss_fn, w):
    one_loss = loss_fn()
    return one_loss + torch.autograd.grad(one_loss, w, create_graph=True)[0].pow(2).sum()


@wrong(
    "grad_penalty",
    "wrong-formula",
    "the penalty of a WGAN, which pulls the norm towards 1: the squared norm is asked for.",
    "08-memory#gradients-of-gradients",
)
def distance_from_one(loss_fn, w):
    return (torch.autograd.grad(loss_fn(), w, create_graph=True)[0].norm(2) - 1) ** 2


@wrong(
    "grad_penalty",
    "wrong-formula",
    "the sum of the absolute values, where that of the squares was asked for.",
    "08-memory#gradients-of-gradients",
)
def sum_of_absolute_values(loss_fn, w):
    return torch.autograd.grad(loss_fn(), w, create_graph=True)[0].abs().sum()


@wrong(
    "grad_penalty",
    "wrong-formula",
    "a sum over the first dimension alone: where w has two or more, the result is no scalar.",
    "08-memory#gradients-of-gradients",
)
def sum_over_the_first_dimension(loss_fn, w):
    return torch.autograd.grad(loss_fn(), w, create_graph=True)[0].pow(2).sum(0)


@wrong(
    "grad_penalty",
    "stored-activation",
    "a gradient that is left on w as an attribute: it holds its graph for as long as w lives, and w is not as it was.",
    "08-memory#what-a-graph-keeps-alive",
)
def gradient_kept_on_w(loss_fn, w):
    g = torch.autograd.grad(loss_fn(), w, create_graph=True)[0]
    w.penalty_grad = g
    return g.pow(2).sum()


@wrong(
    "grad_penalty",
    "stored-activation",
    "gradients that are kept in a list behind the function: they hold their graphs for good.",
    "08-memory#what-a-graph-keeps-alive",
)
def gradients_kept_in_a_list(loss_fn, w, seen=[]):  # noqa: B006 - the mistake
    g = torch.autograd.grad(loss_fn(), w, create_graph=True)[0]
    seen.append(g)
    return g.pow(2).sum()


# tbptt


@wrong(
    "tbptt",
    "retain-graph-as-a-fix",
    "a chain that is never cut: gradient goes all the way back, and every graph stays alive. `retain_graph=True` does "
    "that, or one backward at the end.",
    "08-memory#retaining-a-graph",
)
def retained_instead_of_cut(step, h0, T, k):
    h, total, states = h0, 0, []
    for t in range(1, T + 1):
        h = step(h)
        total = total + h.pow(2).sum()
        states.append(h.detach())
        if t % k == 0 or t == T:
            total.backward(retain_graph=True)
            total = 0
    return states


@wrong(
    "tbptt",
    "running-total-tensor",
    "a sum of losses that is carried on after its backward, with its graph retained: the losses of the first steps are "
    "sent back again each time.",
    "08-memory#retaining-a-graph",
)
def total_carried_on(step, h0, T, k):
    h, total, states = h0, 0, []
    for t in range(1, T + 1):
        h = step(h)
        total = total + h.pow(2).sum()
        states.append(h.detach())
        if t % k == 0 or t == T:
            total.backward(retain_graph=True)
            h = h.detach()
    return states


@wrong(
    "tbptt",
    "tbptt-state",
    "a cut after every step: no loss sees more than the step that it comes from.",
    "08-memory#cutting-a-long-chain",
)
def cut_at_every_step(step, h0, T, k):
    h, total, states = h0, 0, []
    for t in range(1, T + 1):
        h = step(h.detach())
        total = total + h.pow(2).sum()
        states.append(h.detach())
        if t % k == 0 or t == T:
            total.backward()
            total = 0
    return states


@wrong(
    "tbptt",
    "tbptt-state",
    "a backward for each k steps and none for the steps that are left: where k does not divide T, their losses count "
    "for nothing.",
    "08-memory#cutting-a-long-chain",
)
def rest_forgotten(step, h0, T, k):
    h, total, states = h0, 0, []
    for t in range(1, T + 1):
        h = step(h)
        total = total + h.pow(2).sum()
        states.append(h.detach())
        if t % k == 0:
            total.backward()
            total, h = 0, h.detach()
    return states


@wrong(
    "tbptt",
    "tbptt-state",
    "a backward of the last loss of each k steps: the losses before it are not in the sum.",
    "08-memory#cutting-a-long-chain",
)
def last_loss_only(step, h0, T, k):
    h, states = h0, []
    for t in range(1, T + 1):
        h = step(h)
        states.append(h.detach())
        if t % k == 0 or t == T:
            h.pow(2).sum().backward()
            h = h.detach()
    return states


@wrong(
    "tbptt",
    "running-total-tensor",
    "a list of the states as they are: each holds the graph that it comes from, long after its backward.",
    "08-memory#stored-tensors",
)
def states_with_their_graphs(step, h0, T, k):
    h, total, states = h0, 0, []
    for t in range(1, T + 1):
        h = step(h)
        total = total + h.pow(2).sum()
        states.append(h)
        if t % k == 0 or t == T:
            total.backward()
            total, h = 0, h.detach()
    return states


@wrong(
    "tbptt",
    "tbptt-state",
    "an error at the second backward, which meets a graph that the first one has freed: the state is not cut in "
    "between.",
    "08-memory#what-backward-frees",
)
def never_cut(step, h0, T, k):
    h, total, states = h0, 0, []
    for t in range(1, T + 1):
        h = step(h)
        total = total + h.pow(2).sum()
        states.append(h.detach())
        if t % k == 0 or t == T:
            total.backward()
            total = 0
    return states


@wrong(
    "tbptt",
    "tbptt-state",
    "a first backward after one step, and every later cut one step early too: the count of the steps starts at 0.",
    "08-memory#cutting-a-long-chain",
)
def cut_one_step_early(step, h0, T, k):
    h, total, states = h0, 0, []
    for t in range(T):
        h = step(h)
        total = total + h.pow(2).sum()
        states.append(h.detach())
        if t % k == 0 or t == T - 1:
            total.backward()
            total, h = 0, h.detach()
    return states


@wrong(
    "tbptt",
    "running-total-tensor",
    "losses that are kept, in a list for the record say: each holds the nodes of its steps until the end, and what was "
    "saved is freed.",
    "08-memory#keep-numbers-not-tensors",
)
def losses_on_record(step, h0, T, k):
    h, losses, states = h0, [], []
    for t in range(1, T + 1):
        h = step(h)
        losses.append(h.pow(2).sum())
        states.append(h.detach())
        if t % k == 0 or t == T:
            sum(losses[(t - 1) // k * k :]).backward()
            h = h.detach()
    return states


@wrong(
    "tbptt",
    "tbptt-state",
    "a list of the states before each step: h0 is in it, and the last state is not.",
    "08-memory#cutting-a-long-chain",
)
def states_before_the_steps(step, h0, T, k):
    h, total, states = h0, 0, []
    for t in range(1, T + 1):
        states.append(h.detach())
        h = step(h)
        total = total + h.pow(2).sum()
        if t % k == 0 or t == T:
            total.backward()
            total, h = 0, h.detach()
    return states


@wrong(
    "tbptt",
    "detach-makes-a-copy",
    "one state, T times: all of the list lie in one memory, which each step overwrites.",
    "08-memory#copies-in-a-buffer",
)
def one_memory_for_all_states(step, h0, T, k):
    h, total, states, kept = h0, 0, [], torch.empty_like(h0)
    for t in range(1, T + 1):
        h = step(h)
        total = total + h.pow(2).sum()
        states.append(kept.copy_(h.detach()))
        if t % k == 0 or t == T:
            total.backward()
            total, h = 0, h.detach()
    return states


@wrong(
    "tbptt",
    "tbptt-state",
    "a second call from the same h0 that goes on where the first one ended.",
    "08-memory#cutting-a-long-chain",
)
def goes_on_from_the_last_call(step, h0, T, k, last={}):  # noqa: B006 - the fault
    h, total, states = last.get(h0, h0), 0, []
    for t in range(1, T + 1):
        h = step(h)
        total = total + h.pow(2).sum()
        states.append(h.detach())
        if t % k == 0 or t == T:
            total.backward()
            total, h = 0, h.detach()
    last[h0] = h
    return states


@wrong(
    "tbptt",
    "dtype-of-the-result",
    "states that are float32, also where h0 is float64.",
    "08-memory#stored-tensors",
)
def states_in_single_precision(step, h0, T, k):
    h, total, states = h0, 0, []
    for t in range(1, T + 1):
        h = step(h)
        total = total + h.pow(2).sum()
        states.append(torch.tensor(h.tolist()))
        if t % k == 0 or t == T:
            total.backward()
            total, h = 0, h.detach()
    return states


@wrong(
    "tbptt",
    "flag-at-the-wrong-time",
    "an h0 that requires grad afterwards, and gets one: it was given as a constant.",
    "08-memory#cutting-a-long-chain",
)
def h0_requires_grad(step, h0, T, k):
    h, total, states = h0.requires_grad_(), 0, []
    for t in range(1, T + 1):
        h = step(h)
        total = total + h.pow(2).sum()
        states.append(h.detach())
        if t % k == 0 or t == T:
            total.backward()
            total, h = 0, h.detach()
    return states


@wrong(
    "tbptt",
    "tbptt-state",
    "a cut before a single step that is left at the end: its loss, and it alone, is not sent back.",
    "08-memory#cutting-a-long-chain",
)
def last_single_step_forgotten(step, h0, T, k):
    h, total, states = h0, 0, []
    for t in range(1, T + 1):
        h = step(h)
        total = total + h.pow(2).sum()
        states.append(h.detach())
        if t % k == 0 or (t == T and t % k != 1):
            total.backward()
            total, h = 0, h.detach()
    return states


@wrong(
    "tbptt",
    "flag-at-the-wrong-time",
    "a state that is cut before its own loss is computed: that loss reaches nothing.",
    "08-memory#cutting-a-long-chain",
)
def cut_before_the_backward(step, h0, T, k):
    h, loss, out = (h0, 0, [])
    for t in range(1, T + 1):
        h = step(h)
        h = h.detach() if t % k == 0 else h
        loss = loss + h.pow(2).sum()
        out.append(h.detach())
        if t % k == 0 or t == T:
            loss.backward()
            loss = 0
    return out


@wrong(
    "tbptt",
    "wrong-formula",
    "the mean of the squares of each state, where their sum was asked for.",
    "",
)
def means_for_sums(step, h0, T, k):
    h, loss, out = (h0, 0, [])
    for t in range(1, T + 1):
        h = step(h)
        loss = loss + h.pow(2).mean()
        out.append(h.detach())
        if t % k == 0 or t == T:
            loss.backward()
            loss = 0
            h = h.detach()
    return out


@wrong(
    "tbptt",
    "wrong-formula",
    "sums of losses that are divided by k.",
    "",
)
def divided_by_k(step, h0, T, k):
    h, loss, out = (h0, 0, [])
    for t in range(1, T + 1):
        h = step(h)
        loss = loss + h.pow(2).sum()
        out.append(h.detach())
        if t % k == 0 or t == T:
            (loss / k).backward()
            loss = 0
            h = h.detach()
    return out


@wrong(
    "tbptt",
    "off-by-one",
    "h0 among the states: the T states after each step are asked for.",
    "",
)
def h0_among_the_states(step, h0, T, k):
    h, loss, out = (h0, 0, [h0])
    for t in range(1, T + 1):
        h = step(h)
        loss = loss + h.pow(2).sum()
        out.append(h.detach())
        if t % k == 0 or t == T:
            loss.backward()
            loss = 0
            h = h.detach()
    return out


@wrong(
    "tbptt",
    "off-by-one",
    "a last backward that is always made: where k divides T no loss is left to send back.",
    "08-memory#cutting-a-long-chain",
)
def last_backward_of_nothing(step, h0, T, k):
    h, loss, out = (h0, 0, [])
    for t in range(1, T + 1):
        h = step(h)
        loss = loss + h.pow(2).sum()
        out.append(h.detach())
        if t % k == 0:
            loss.backward()
            loss = 0
            h = h.detach()
    loss.backward()
    return out


# store


@wrong(
    "store",
    "replay-buffer-holds-graphs",
    "an action that is stored as it is: it holds the whole graph of the policy, for as long as the buffer lives.",
    "08-memory#stored-tensors",
)
def action_with_its_graph(buffer, obs, policy):
    buffer.append((obs.detach().clone(), policy(obs)))


@wrong(
    "store",
    "detach-makes-a-copy",
    "a stored obs that has no graph and is no copy: it lies in the memory of obs, and the next observation "
    "overwrites it.",
    "08-memory#copies-in-a-buffer",
)
def obs_not_copied(buffer, obs, policy):
    with torch.no_grad():
        buffer.append((obs.detach(), policy(obs)))


@wrong(
    "store",
    "no_grad-rename",
    "a stored obs that is obs itself, with its flags, its graph and its memory: no copy is made.",
    "08-memory#stored-tensors",
)
def obs_itself(buffer, obs, policy):
    with torch.no_grad():
        buffer.append((obs, policy(obs)))


@wrong(
    "store",
    "clone-is-independent",
    "a copy of obs in new memory that hangs on the graph of obs where obs requires grad, as `clone` gives it.",
    "08-memory#copies-in-a-buffer",
)
def obs_copied_with_its_graph(buffer, obs, policy):
    with torch.no_grad():
        action = policy(obs)
    buffer.append((obs.clone(), action))


@wrong(
    "store",
    "inference-tensor-in-training",
    "an action that cannot be saved for a backward, because it is made under `inference_mode`: training needs that.",
    "08-memory#stored-tensors",
)
def inference_action(buffer, obs, policy):
    with torch.inference_mode():
        buffer.append((obs.clone(), policy(obs)))


@wrong(
    "store",
    "clone-is-independent",
    "two clones: the memory is new and both graphs are alive.",
    "08-memory#stored-tensors",
)
def clones_of_both(buffer, obs, policy):
    buffer.append((obs.clone(), policy(obs).clone()))


@wrong(
    "store",
    "rebind-the-weight",
    "a buffer that stays as it is: `buffer = buffer + …` makes a new list and leaves the caller's alone; or nothing is "
    "appended.",
    "08-memory#copies-in-a-buffer",
)
def list_bound_again(buffer, obs, policy):
    with torch.no_grad():
        buffer = [*buffer, (obs.clone(), policy(obs))]


@wrong(
    "store",
    "stored-activation",
    "two entries, obs and the action one after the other: one pair is asked for.",
    "08-memory#copies-in-a-buffer",
)
def two_entries(buffer, obs, policy):
    with torch.no_grad():
        buffer.extend((obs.clone(), policy(obs)))


@wrong(
    "store",
    "grad-mode-leak",
    "a grad mode that is left switched off: from then on nothing is recorded, and nothing can be trained.",
    "08-memory#stored-tensors",
)
def mode_left_switched_off(buffer, obs, policy):
    torch.set_grad_enabled(False)
    buffer.append((obs.clone(), policy(obs)))


@wrong(
    "store",
    "clone-then-requires_grad_",
    "an action that is made to require grad for later: neither part of the pair should.",
    "08-memory#stored-tensors",
)
def action_made_a_leaf(buffer, obs, policy):
    with torch.no_grad():
        buffer.append((obs.clone(), policy(obs)))
    buffer[-1][1].requires_grad_()


@wrong(
    "store",
    "detach-vs-freeze-vs-no_grad",
    "a policy that is frozen for good: none of its parameters requires grad afterwards, so nobody trains it any more.",
    "08-memory#stored-tensors",
)
def policy_frozen(buffer, obs, policy):
    policy.requires_grad_(False)
    buffer.append((obs.detach().clone(), policy(obs.detach())))


@wrong(
    "store",
    "detach-vs-freeze-vs-no_grad",
    "a policy of which all parameters require grad afterwards, those too that were frozen before.",
    "08-memory#stored-tensors",
)
def policy_thawed(buffer, obs, policy):
    policy.requires_grad_(False)
    buffer.append((obs.detach().clone(), policy(obs.detach())))
    policy.requires_grad_()


@wrong(
    "store",
    "eval-means-no-grad",
    "an action of the policy in evaluation mode, in which it is left.",
    "08-memory#stored-tensors",
)
def policy_in_evaluation_mode(buffer, obs, policy):
    policy.eval()
    with torch.no_grad():
        buffer.append((obs.clone(), policy(obs)))


@wrong(
    "store",
    "cached-result",
    "an action that is kept for obs and stored again at a later call, whatever obs holds by then.",
    "08-memory#copies-in-a-buffer",
)
def action_kept_for_obs(buffer, obs, policy, kept={}):  # noqa: B006 - the fault
    with torch.no_grad():
        if obs not in kept:
            kept[obs] = policy(obs)
        buffer.append((obs.clone(), kept[obs]))


@wrong(
    "store",
    "copied-memory-reused",
    "a copy of obs in a memory that the next call overwrites.",
    "08-memory#copies-in-a-buffer",
)
def one_memory_for_all_copies(buffer, obs, policy, kept={}):  # noqa: B006 - the fault
    with torch.no_grad():
        copy = kept.setdefault((obs.shape, obs.dtype), torch.empty_like(obs, requires_grad=False)).copy_(obs)
        buffer.append((copy, policy(obs)))


@wrong(
    "store",
    "forward-is-not-call",
    "an action without what the policy's forward hooks do, as `policy.forward(obs)` gives it.",
    "08-memory#stored-tensors",
)
def forward_called(buffer, obs, policy):
    with torch.no_grad():
        buffer.append((obs.clone(), policy.forward(obs)))


@wrong(
    "store",
    "called-twice",
    "a policy that is called twice: what counts its calls counts one too many.",
    "08-memory#stored-tensors",
)
def called_twice(buffer, obs, policy):
    with torch.no_grad():
        policy(obs)
        buffer.append((obs.clone(), policy(obs)))


@wrong(
    "store",
    "detach_-mutates-the-caller",
    "an obs that is cut itself, for everyone who holds it: it does not require grad any more.",
    "08-memory#stored-tensors",
)
def obs_cut_in_place(buffer, obs, policy):
    obs = obs.requires_grad_(False) if obs.is_leaf else obs if obs._is_view() else obs.detach_()
    with torch.no_grad():
        buffer.append((obs.clone(), policy(obs)))


@wrong(
    "store",
    "eval-means-no-grad",
    "an action of the policy in evaluation mode, whatever mode it was in.",
    "08-memory#stored-tensors",
)
def action_of_evaluation_mode(buffer, obs, policy):
    t = policy.training
    policy.eval()
    with torch.no_grad():
        buffer.append((obs.detach().clone(), policy(obs)))
    policy.train(t)


@wrong(
    "store",
    "detach_-mutates-the-caller",
    "an obs that is cut in place: the caller's has lost its history, and a view refuses.",
    "08-memory#copies-in-a-buffer",
)
def obs_cut_in_place_store(buffer, obs, policy):
    obs.detach_()
    with torch.no_grad():
        buffer.append((obs.clone(), policy(obs)))


@wrong(
    "store",
    "grad-mode-leak",
    "`set_grad_enabled(True)` at the end: a caller under `no_grad` records from then on.",
    "08-memory#stored-tensors",
)
def recording_left_on(buffer, obs, policy):
    torch.set_grad_enabled(False)
    buffer.append((obs.clone(), policy(obs)))
    torch.set_grad_enabled(True)


@wrong(
    "store",
    "wrong-order",
    "the pair the other way round: obs comes first.",
    "08-memory#copies-in-a-buffer",
)
def action_first(buffer, obs, policy):
    with torch.no_grad():
        buffer.append((policy(obs), obs.detach().clone()))


@wrong(
    "store",
    "wrong-formula",
    "a dictionary: a tuple or a list of two is asked for.",
    "08-memory#copies-in-a-buffer",
)
def dictionary_for_the_pair(buffer, obs, policy):
    with torch.no_grad():
        buffer.append({"obs": obs.detach().clone(), "action": policy(obs)})


@wrong(
    "store",
    "mutates-the-argument",
    "a buffer that is emptied first: what it held is lost.",
    "08-memory#copies-in-a-buffer",
)
def buffer_emptied(buffer, obs, policy):
    buffer.clear()
    with torch.no_grad():
        buffer.append((obs.detach().clone(), policy(obs)))


@wrong(
    "store",
    "gradients-accumulate",
    "a right pair, and gradients of the policy that are cleared: others still need them.",
    "08-memory#stored-tensors",
)
def gradients_of_the_policy_cleared(buffer, obs, policy):
    buffer.append((obs.detach().clone(), policy(obs).detach()))
    policy.zero_grad()


@wrong(
    "store",
    "python-math-cuts-graph",
    "lists of Python numbers: two tensors are asked for.",
    "08-memory#stored-tensors",
)
def lists_of_numbers(buffer, obs, policy):
    with torch.no_grad():
        buffer.append((obs.tolist(), policy(obs).tolist()))


@wrong(
    "store",
    "deepcopy-interior",
    "a `deepcopy` of the pair: it refuses interior tensors.",
    "08-memory#copies-in-a-buffer",
)
def deepcopy_of_the_pair(buffer, obs, policy):
    buffer.append(copy.deepcopy((obs, policy(obs))))
