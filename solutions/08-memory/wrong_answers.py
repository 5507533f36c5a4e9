"""Answers to 08-memory that people give, each with the misconception behind it."""

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
    "a list of losses of which each holds what was saved too: `retain_graph=True` keeps it.",
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
    "a loop without zero: each backward adds to the gradients of all steps before.",
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
    "a zero after each step and none before the first: gradients from earlier go into the first step.",
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
    "one zero before the loop: the gradients of the n steps add up.",
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
    "a zero between backward and step: the gradient is gone before the step can use it.",
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
    "a loss that is computed again after the step: it belongs to the parameters after the step.",
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
    "one loss for all steps: its graph belongs to the parameters as they were before the first step.",
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


# accumulate


@wrong(
    "accumulate",
    "running-total-tensor",
    "one backward through the mean of all losses: the gradient is right, and all graphs are alive at once.",
    "08-memory#one-graph-at-a-time",
)
def all_losses_first(loss_fns):
    torch.stack([loss_fn() for loss_fn in loss_fns]).mean().backward()


@wrong(
    "accumulate",
    "gradients-accumulate",
    "a sum: each loss is sent back in full, and the mean is a number of times smaller.",
    "08-memory#gradients-add-up",
)
def sum_of_the_losses(loss_fns):
    for loss_fn in loss_fns:
        loss_fn().backward()


@wrong(
    "accumulate",
    "running-total-tensor",
    "a list that keeps each loss after its backward: what was saved is freed, and the nodes of all graphs stay.",
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
    "`retain_graph=True`: while the next loss is computed, all that was saved for the one before is still alive. (So "
    "it is where each backward comes one loss late.)",
    "08-memory#retaining-a-graph",
)
def each_graph_retained(loss_fns):
    for loss_fn in loss_fns:
        loss = loss_fn() / len(loss_fns)
        loss.backward(retain_graph=True)


@wrong(
    "accumulate",
    "gradients-accumulate",
    "gradients that are cleared first: what `.grad` held is gone, where it should be added to.",
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
    "`torch.tensor` of the losses: a new leaf is made of their numbers, and no gradient goes back through it.",
    "08-memory#keep-numbers-not-tensors",
)
def tensor_of_numbers(loss_fns):
    torch.tensor([loss_fn().item() for loss_fn in loss_fns], requires_grad=True).mean().backward()


@wrong(
    "accumulate",
    "wrong-formula",
    "a loss that is divided by its own number: the first counts in full, the last as little as it should.",
    "08-memory#gradients-add-up",
)
def divided_by_the_number_so_far(loss_fns):
    for count, loss_fn in enumerate(loss_fns, 1):
        (loss_fn() / count).backward()


@wrong(
    "accumulate",
    "rebind-the-weight",
    "a loop with the backward after it: only the last loss is sent back.",
    "08-memory#one-graph-at-a-time",
)
def only_the_last(loss_fns):
    for loss_fn in loss_fns:
        loss = loss_fn() / len(loss_fns)
    loss.backward()


# grad_penalty


@wrong(
    "grad_penalty",
    "gradient-penalty",
    "a gradient without `create_graph=True`: it is a constant, so the penalty has a value and nothing to send back.",
    "08-memory#gradients-of-gradients",
)
def gradient_without_a_graph(loss_fn, w):
    (grad,) = torch.autograd.grad(loss_fn(), w)
    return grad.square().sum()


@wrong(
    "grad_penalty",
    "gradient-penalty",
    "a constant gradient that is made to require grad: backward runs, and ends at this new leaf.",
    "08-memory#gradients-of-gradients",
)
def gradient_made_a_leaf(loss_fn, w):
    (grad,) = torch.autograd.grad(loss_fn(), w, retain_graph=True)
    return grad.requires_grad_().square().sum()


@wrong(
    "grad_penalty",
    "create_graph-cycle",
    "`backward(create_graph=True)`: the gradient is added to `w.grad`, which you were not to touch, and from there it "
    "holds its graph alive.",
    "08-memory#cycles-and-the-collector",
)
def gradient_left_in_grad(loss_fn, w):
    loss_fn().backward(create_graph=True)
    return w.grad.square().sum()


@wrong(
    "grad_penalty",
    "create_graph-cycle",
    "`backward(create_graph=True)` with `w.grad` cleared before and after: what it held from earlier is gone, and the "
    "other leaves of the loss still hold the graph in their `.grad`.",
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
    "`backward(create_graph=True)` with `w.grad` put back: w is as before, and the other leaves of the loss hold the "
    "graph in their `.grad`.",
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
    "a gradient with one factor of its square detached: the value is right, the gradient half of what it should be.",
    "08-memory#gradients-of-gradients",
)
def half_of_the_square(loss_fn, w):
    (grad,) = torch.autograd.grad(loss_fn(), w, create_graph=True)
    return (grad * grad.detach()).sum()


@wrong(
    "grad_penalty",
    "stored-activation",
    "a hook on w that stays there: it holds the gradient, and the gradient its graph, although the result is dropped.",
    "08-memory#what-a-graph-keeps-alive",
)
def hook_that_keeps_the_gradient(loss_fn, w):
    kept = []
    w.register_hook(lambda grad: kept.append(grad))
    kept.append(torch.autograd.grad(loss_fn(), w, create_graph=True)[0])
    return kept[-1].square().sum()


# tbptt


@wrong(
    "tbptt",
    "retain-graph-as-a-fix",
    "`retain_graph=True` in place of a cut (or one backward at the end): gradient goes all the way back, and every "
    "graph stays alive.",
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
    "a sum of losses that goes on after its backward, kept alive by `retain_graph=True`: the losses of the first steps "
    "are sent back again each time.",
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
    "a backward every k steps and none for the steps that are left: where k does not divide T their losses are lost.",
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
    "a loop whose state is never cut: the second backward meets a graph that the first one has freed.",
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
    "a count that starts at 0: the first backward comes after one step, and every cut is at the wrong place.",
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
    "a list of losses that is kept for the record: each loss holds the nodes of its steps until the end.",
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
    "an obs that is detached and not copied: it lies in the memory of obs, which the next observation overwrites.",
    "08-memory#copies-in-a-buffer",
)
def obs_not_copied(buffer, obs, policy):
    with torch.no_grad():
        buffer.append((obs.detach(), policy(obs)))


@wrong(
    "store",
    "no_grad-rename",
    "the very obs, stored under `no_grad`: storing is no operation, so obs keeps its flags, its graph and its memory.",
    "08-memory#stored-tensors",
)
def obs_itself(buffer, obs, policy):
    with torch.no_grad():
        buffer.append((obs, policy(obs)))


@wrong(
    "store",
    "clone-is-independent",
    "`obs.clone()`: the memory is new, and where obs requires grad the copy hangs on its graph.",
    "08-memory#copies-in-a-buffer",
)
def obs_copied_with_its_graph(buffer, obs, policy):
    with torch.no_grad():
        action = policy(obs)
    buffer.append((obs.clone(), action))


@wrong(
    "store",
    "inference-tensor-in-training",
    "an action made under `inference_mode`: it cannot be saved for a backward, and training needs that.",
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
    "`buffer = buffer + …`: the name inside the function means a new list, and the caller's stays as it is.",
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
    "`torch.set_grad_enabled(False)` as a statement: from then on nothing is recorded, and nothing can be trained.",
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
