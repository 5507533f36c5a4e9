"""Other right answers to 08-memory: each reaches the behaviour in another way."""

import copy

import numpy
import torch
from torch.func import functional_call

from gradstop.course import right

# train


@right("train")
def detached_losses(loss_fn, opt, n):
    losses = []
    for _ in range(n):
        opt.zero_grad()
        loss = loss_fn()
        loss.backward()
        losses.append(loss.detach().clone())
        opt.step()
    return losses


@right("train")
def one_step_by_a_helper(loss_fn, opt, n):
    def step():
        opt.zero_grad()
        loss = loss_fn()
        loss.backward()
        opt.step()
        return float(loss)

    return [step() for _ in range(n)]


@right("train")
def closure_for_the_optimizer(loss_fn, opt, n):
    def closure():
        opt.zero_grad()
        loss = loss_fn()
        loss.backward()
        return loss

    return [opt.step(closure).item() for _ in range(n)]


@right("train")
def gradients_set_by_hand(loss_fn, opt, n):
    held = [p for group in opt.param_groups for p in group["params"]]
    trained = [p for p in held if p.requires_grad]
    losses = [0.0] * n
    for i in range(n):
        loss = loss_fn()
        grads = dict(zip(trained, torch.autograd.grad(loss, trained, allow_unused=True), strict=True))
        for p in held:
            p.grad = grads.get(p)
        opt.step()
        losses[i] = loss.tolist()
    return losses


@right("train")
def losses_of_numpy(loss_fn, opt, n):
    losses = []
    while len(losses) < n:
        loss = loss_fn()
        opt.zero_grad()
        loss.backward()
        losses.append(loss.detach().numpy().copy())
        opt.step()
    opt.zero_grad()
    return losses


@right("train")
def losses_in_one_tensor(loss_fn, opt, n):
    losses = torch.empty(n)
    for i in range(n):
        opt.zero_grad()
        loss = loss_fn()
        loss.backward()
        with torch.no_grad():
            losses[i] = loss
        opt.step()
    return list(losses)


@right("train")
def deleted_where_there_is_one(loss_fn, opt, n):
    def backward():
        for group in opt.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    del p.grad
        loss = loss_fn()
        loss.backward()
        return loss.data

    losses = []
    for _ in range(n):
        losses.append(backward().clone())
        opt.step()
    return losses


@right("train")
def values_computed_apart(loss_fn, opt, n):
    losses = []
    for _ in range(n):
        opt.zero_grad()
        with torch.no_grad():
            losses.append(loss_fn().item())
        loss_fn().backward()
        opt.step()
    return losses


@right("train")
def losses_in_one_array(loss_fn, opt, n):
    losses = numpy.zeros(n)
    for i in range(n):
        for group in opt.param_groups:
            for p in group["params"]:
                p.grad = None
        torch.autograd.backward(loss := loss_fn())
        opt.step()
        losses[i] = loss.detach()
    return list(losses)


# accumulate


@right("accumulate")
def divided_in_the_loop(loss_fns):
    n = len(loss_fns)
    for loss_fn in loss_fns:
        loss = loss_fn() / n
        loss.backward()


@right("accumulate")
def weight_given_to_backward(loss_fns):
    total = 0.0
    for loss_fn in loss_fns:
        loss = loss_fn()
        loss.backward(torch.full_like(loss, 1 / len(loss_fns)))
        total += loss.item()
    return total / len(loss_fns)


@right("accumulate")
def helper_for_each_loss(loss_fns):
    weight = 1 / len(loss_fns)

    def learn(loss_fn):
        loss = weight * loss_fn()
        loss.backward()
        return loss.detach()

    return torch.stack([learn(loss_fn) for loss_fn in loss_fns]).sum()


@right("accumulate")
def name_deleted_each_time(loss_fns):
    rest = list(loss_fns)
    while rest:
        loss = rest.pop()()
        torch.autograd.backward([loss], [torch.ones_like(loss) / len(loss_fns)])
        del loss


@right("accumulate")
def divided_in_place(loss_fns):
    for loss_fn in loss_fns:
        loss = loss_fn()
        loss /= len(loss_fns)
        loss.backward()


@right("accumulate")
def divided_by_a_hook(loss_fns):
    parts = len(loss_fns)
    for loss_fn in loss_fns:
        loss = loss_fn().clone()
        loss.register_hook(lambda grad: grad / parts)
        loss.backward()


@right("accumulate")
def inputs_found_in_the_graph(loss_fns):
    for loss_fn in loss_fns:
        loss = loss_fn()
        leaves, nodes = {}, [loss.grad_fn]
        while nodes:
            node = nodes.pop()
            if hasattr(node, "variable"):
                leaves[node.variable] = None
            elif node is not None:
                nodes += [before for before, _ in node.next_functions]
        del node
        for leaf, grad in zip(leaves, torch.autograd.grad(loss, list(leaves)), strict=True):
            leaf.grad = grad / len(loss_fns) if leaf.grad is None else leaf.grad + grad / len(loss_fns)


@right("accumulate")
def retained_and_dropped(loss_fns):
    for f in loss_fns:
        (f() / len(loss_fns)).backward(retain_graph=True)


# grad_penalty


@right("grad_penalty")
def gradient_then_norm(loss_fn, w):
    grad = torch.autograd.grad(loss_fn(), [w], create_graph=True)[0]
    return (grad * grad).sum()


@right("grad_penalty")
def norm_squared(loss_fn, w):
    (grad,) = torch.autograd.grad(outputs=loss_fn(), inputs=w, create_graph=True, retain_graph=True)
    return grad.norm() ** 2


@right("grad_penalty")
def dot_product_of_the_gradient(loss_fn, w):
    with torch.enable_grad():
        loss = loss_fn()
        grad = torch.autograd.grad(loss, w, grad_outputs=torch.ones_like(loss), create_graph=True)[0].flatten()
    return grad @ grad


@right("grad_penalty")
def backward_into_w_alone_and_restored(loss_fn, w):
    before, w.grad = w.grad, None
    loss_fn().backward(create_graph=True, inputs=[w])
    grad, w.grad = w.grad, before
    return grad.pow(2).sum()


@right("grad_penalty")
def gradient_caught_by_a_hook(loss_fn, w):
    caught = []
    handle = w.register_hook(caught.append)
    torch.autograd.grad(loss_fn(), w, create_graph=True)
    handle.remove()
    return sum(grad.square().sum() for grad in caught)


@right("grad_penalty")
def distance_to_zero(loss_fn, w):
    (grad,) = torch.autograd.grad([loss_fn()], [w], create_graph=True)
    return torch.nn.functional.mse_loss(grad, torch.zeros_like(grad), reduction="sum")


@right("grad_penalty")
def contracted_with_itself(loss_fn, w):
    grad = torch.autograd.grad(loss_fn(), w, create_graph=True, materialize_grads=True)[0]
    return torch.tensordot(grad, grad, dims=grad.dim())


@right("grad_penalty")
def result_that_holds_itself(loss_fn, w):
    g = torch.autograd.grad(loss_fn(), w, create_graph=True)[0]
    p = g.pow(2).sum()
    p.me = p
    return p


# tbptt


@right("tbptt")
def total_of_a_piece(step, h0, T, k):
    h, total, states = h0, 0, []
    for t in range(T):
        h = step(h)
        loss = h.pow(2).sum()
        total = total + loss
        states.append(h.detach().clone())
        if (t + 1) % k == 0:
            total.backward()
            total = 0
            h = h.detach()
    if T % k:
        total.backward()
    return states


@right("tbptt")
def piece_by_piece(step, h0, T, k):
    states = []
    h = h0
    for start in range(0, T, k):
        piece = []
        h = h.detach()
        for _ in range(start, min(start + k, T)):
            h = step(h)
            piece.append(h)
        torch.stack([h.pow(2).sum() for h in piece]).sum().backward()
        states += [h.detach() for h in piece]
    return states


@right("tbptt")
def each_piece_cut_by_detach_(step, h0, T, k):
    h, losses, states = h0, [], []
    for t in range(T):
        h = step(h)
        losses.append((h**2).sum())
        if len(losses) == k or t == T - 1:
            torch.autograd.backward(losses)
            losses = []
            h.detach_()
        states.append(h.data.clone())
    return states


@right("tbptt")
def recursion_over_pieces(step, h0, T, k):
    if T <= 0:
        return []
    h, total, states = h0, 0, []
    for _ in range(min(k, T)):
        h = step(h)
        total = total + h.square().sum()
        states.append(h.detach())
    total.backward()
    del total, h
    return states + recursion_over_pieces.function(step, states[-1], T - k, k)


@right("tbptt")
def state_started_again_from_numbers(step, h0, T, k):
    states, h = [], h0
    total = torch.zeros((), dtype=h0.dtype)
    for t in range(1, T + 1):
        h = step(h)
        total = total + h.pow(2).sum()
        states.append(torch.tensor(h.tolist(), dtype=h.dtype))
        if t % k == 0 or t == T:
            total.backward()
            total, h = torch.zeros((), dtype=h0.dtype), states[-1]
    return states


@right("tbptt")
def states_of_numpy(step, h0, T, k):
    h, losses, states = h0.clone(), [], []
    while len(states) < T:
        h = step(h)
        losses.append(torch.linalg.vecdot(h.flatten(), h.flatten()))
        states.append(torch.from_numpy(h.detach().numpy().copy()))
        if len(states) in (T, len(states) // k * k):
            torch.stack(losses).sum().backward()
            losses, h = [], states[-1]
    return states


@right("tbptt")
def states_in_one_tensor(step, h0, T, k):
    states, h = h0.new_empty(T, *h0.shape), h0
    for first in range(0, T, k):
        total = h0.new_zeros(())
        for t in range(first, min(first + k, T)):
            h = step(h)
            total = total + (h * h).sum()
            states[t] = h.detach()
        total.backward()
        h = states[t].clone()
    return list(states)


@right("tbptt")
def state_cut_in_place(step, h0, T, k):
    h, loss, out = (h0, 0, [])
    for t in range(1, T + 1):
        h = step(h)
        loss = loss + h.pow(2).sum()
        out.append(h.detach())
        if t % k == 0 or t == T:
            loss.backward()
            loss = 0
            h.detach_()
    return out


# store


@right("store")
def detached_pair(buffer, obs, policy):
    buffer.append((obs.detach().clone(), policy(obs).detach()))


@right("store")
@torch.no_grad()
def decorated_store(buffer, obs, policy):
    buffer.append((obs.clone(), policy(obs)))


@right("store")
def policy_on_the_copy(buffer, obs, policy):
    kept = torch.empty_like(obs, requires_grad=False)
    with torch.no_grad():
        kept.copy_(obs)
        action = policy(kept)
    buffer += [(kept, action)]


@right("store")
def by_numbers(buffer, obs, policy):
    pair = obs.clone(), policy(obs)
    buffer.insert(len(buffer), tuple(torch.tensor(t.tolist(), dtype=t.dtype) for t in pair))


@right("store")
def inference_then_a_clone_outside(buffer, obs, policy):
    with torch.inference_mode():
        action = policy(obs)
    buffer.append((obs.detach().clone(), action.clone()))


@right("store")
def pair_as_a_list(buffer, obs, policy):
    buffer.append([copy.deepcopy(obs.detach()), policy(obs.detach()).data])


@right("store")
def with_cut_parameters(buffer, obs, policy):
    fixed = {name: p.detach() for name, p in policy.named_parameters()}
    kept = obs.detach().clone()
    buffer.append((kept, functional_call(policy, fixed, (kept,))))


@right("store")
def flags_put_back(buffer, obs, policy):
    flags = {p: p.requires_grad for p in policy.parameters()}
    policy.requires_grad_(False)
    try:
        buffer.append((obs.detach().clone(), policy(obs.detach())))
    finally:
        for p, flag in flags.items():
            p.requires_grad_(flag)


@right("store")
def copied_by_new_tensor(buffer, obs, policy):
    with torch.set_grad_enabled(False):
        action = policy(obs)
    buffer[len(buffer) :] = [(obs.new_tensor(obs.tolist()), action)]
