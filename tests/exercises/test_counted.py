"""What a case counts by is handed to the answer: who drives that by zeros, and computes beside it, is seen."""

import copy

import pytest
import torch
from support.course import bench_of
from torch.autograd.graph import get_gradient_edge
from torch.nn.functional import cross_entropy

from gradstop.observe import Census


def decoys(losses):
    for loss in losses:
        (loss() * 0).backward()
    own = losses[0].__closure__[0].cell_contents
    other = copy.copy(own)
    other.kept = type(own.kept)(*(type(one)() for one in own.kept))
    sum(other.loss(loss.__defaults__[0]) for loss in losses).div(len(losses)).backward()


def decoy_steps(step, h0, T, k):
    h = h0
    for _ in range(T):
        h = step(h)
        (h * 0).sum().backward()
        h = h.detach()
    return whole_chain(copy_of(step), h0, T, k)


def copy_of(step):
    other = copy.copy(step)
    other.steps = type(step.steps)(*(type(one)() for one in step.steps))
    return other


def whole_chain(step, h0, T, k):
    h, loss, states = h0, 0, []
    for number in range(T):
        h = step(h if number % k else h.detach())
        loss = loss + h.square().sum()
        states.append(h.detach().clone())
    loss.backward()
    return states


def decoys_of_the_right_sum(step, h0, T, k):
    """Compute by a copy, and send what is counted gradients that add up to those of the copy."""
    leaves = step.w, step.b
    before = [torch.zeros_like(leaf) if leaf.grad is None else leaf.grad.clone() for leaf in leaves]
    states = whole_chain(copy_of(step), h0, T, k)
    w, b = (leaf.grad - known for leaf, known in zip(leaves, before, strict=True))
    for h, sent in ((torch.ones_like(h0), w), (torch.zeros_like(h0), b - w)):
        made = step(h)
        torch.autograd.grad(made, leaves, sent / (1 - made.detach().square()))
    return states


def step_of_a_copy_kept(step, h0, T, k):
    h, loss, states = h0, 0, []
    for number in range(1, T + 1):
        h = step(h)
        loss = loss + h.square().sum()
        states.append(h.detach().clone())
        if number % k == 0 or number == T:
            loss.backward()
            h, loss = h.detach(), 0
    HELD.append(copy_of(step)(h0))
    return states


def piece_of_the_inner_net_kept(net, pieces):
    count = sum((targets != -100).sum() for _, targets in pieces)
    mean = 0.0
    for x, targets in pieces:
        part = cross_entropy(net(x), targets, reduction="sum") / count
        part.backward()
        mean += part.item()
        del part
    HELD.append(getattr(net, "net", torch.nn.Identity())(pieces[0][0]))
    return mean


def decoy_pieces(net, pieces):
    inner = getattr(net, "net", net)
    for x, _ in pieces:
        (net(x) * 0).sum().backward()
    count = sum((targets != -100).sum() for _, targets in pieces)
    outputs = [inner(x) if inner is net else 2 * inner(x).tanh() for x, _ in pieces]
    losses = [cross_entropy(out, t, reduction="sum") for out, (_, t) in zip(outputs, pieces, strict=True)]
    (sum(losses) / count).backward()
    return (sum(losses) / count).item()


def graphs_out_of_metadata(loss_fn, opt, n):
    losses = []
    for _ in range(n):
        opt.zero_grad()
        loss = loss_fn()
        loss.backward()
        opt.step()
        losses.append(loss)
        waiting = [loss.grad_fn]
        while waiting:
            node = waiting.pop()
            if node is not None:
                node.metadata.clear()
                waiting += [before for before, _ in node.next_functions]
    HELD.extend(losses)
    return [loss.item() for loss in losses]


def graphs_of_a_copy(buffer, obs, policy):
    other = copy.copy(policy)
    vars(other).update(census=Census())
    action = other(obs)
    HELD.append(action)
    buffer.append((obs.detach().clone(), action.detach()))


HELD = []


@pytest.mark.parametrize(
    ("assignment", "exercise", "function", "counting"),
    [
        ("08-memory", "accumulate", decoys, "one_graph_at_a_time"),
        ("08-memory", "tbptt", decoy_steps, "few_graphs"),
        ("08-memory", "tbptt", decoys_of_the_right_sum, "few_graphs"),
        ("08-memory", "tbptt", step_of_a_copy_kept, "few_graphs"),
        ("08-memory", "train", graphs_out_of_metadata, "nothing_alive"),
        ("08-memory", "store", graphs_of_a_copy, "no_graph_alive"),
        ("10-scale", "accumulate_tokens", decoy_pieces, "one_piece_at_a_time"),
        ("10-scale", "accumulate_tokens", piece_of_the_inner_net_kept, "one_piece_at_a_time"),
    ],
)
def test_who_computes_beside_what_is_counted_is_seen(assignment, exercise, function, counting):
    bench = bench_of(assignment)
    agreeing = {one.name for one in bench.cases[exercise] if bench.case_agrees(one, function)}
    assert agreeing == {one.name for one in bench.cases[exercise]} - {counting}


def test_a_graph_that_ends_in_a_leaf_is_counted_whoever_made_it():
    census, x = Census(), torch.ones(2, requires_grad=True)
    end = census.end_of(x)
    loss = (2 * x).exp().sum()
    del end
    loss.backward()
    node = get_gradient_edge(x).node
    node.metadata.clear()
    for register in (node.register_prehook, node.register_hook):
        register(lambda *_: None).hooks_dict_ref().clear()
    del node, register
    assert census.nodes() == 1
    del loss
    assert census.nodes() == 0
    end = census.end_of(x)
    (x * 2).sum().backward()
    del end
    assert census.nodes() == 0


@pytest.mark.filterwarnings("ignore:.torch.jit.script")  # which torch.func.jvp loads
def test_a_tensor_passed_through_a_census_is_counted_whatever_is_taken_out_of_metadata():
    census, x = Census(), torch.ones(2, requires_grad=True)
    y = census.through(x)
    loss = y.exp().sum()
    del y
    assert census.nodes() == 1
    loss.grad_fn.metadata.clear()
    (gradient,) = torch.autograd.grad(loss, x, create_graph=True)
    assert torch.equal(gradient, x.exp())
    del loss
    assert census.nodes() == 1
    (second,) = torch.autograd.grad(gradient.sum(), x)
    assert torch.equal(second, x.exp())
    del gradient
    assert census.nodes() == 0
    with torch.no_grad():
        assert census.through(x).grad_fn is None
    assert census.nodes() == 0
    assert torch.equal(torch.func.vmap(census.through)(x), x)
    assert torch.equal(torch.func.jvp(lambda t: census.through(t) * 2, (x,), (x,))[1], 2 * x)
