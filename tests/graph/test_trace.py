"""A backward, recorded step by step: against what torch does by itself."""

import pytest
import torch

from gradstop.graph import read_graph, trace_backward


def leaf(*values):
    return torch.tensor(values, requires_grad=True)


def operations(trace):
    return [trace.before.nodes[step.node].operation for step in trace.steps]


def two_paths():
    x, w = leaf(1.0, 2.0), torch.tensor(3.0, requires_grad=True)
    h = x * w
    y = h**2
    return x, w, h, y, (y + h * x).sum()


def test_the_backward_is_real_and_the_gradients_are_torchs_own():
    x, w, *_, loss = two_paths()
    expected = torch.autograd.grad(loss, (x, w), retain_graph=True)
    trace_backward(loss, x=x)
    assert torch.equal(x.grad, expected[0])
    assert torch.equal(w.grad, expected[1])


def test_every_node_runs_once_after_all_that_send_to_it():
    x, w, h, y, loss = two_paths()
    trace = trace_backward(loss, x=x, w=w, h=h, y=y)
    order = [step.node for step in trace.steps]
    assert sorted(order) == [node.id for node in trace.before.nodes]
    place = {node: i for i, node in enumerate(order)}
    assert all(place[edge.source] < place[edge.target] for edge in trace.before.edges)


def test_gradients_are_those_that_the_tensors_receive():
    x, w, h, y, loss = two_paths()
    seen = {}
    for name, tensor in {"h": h, "y": y}.items():
        tensor.register_hook(lambda g, name=name: seen.update({name: g.tolist()}))
    trace = trace_backward(loss, x=x, w=w, h=h, y=y)
    received = {step.node: step.received for step in trace.steps}
    assert received[trace.before["h"].node] == "[7, 14]" == str([round(v) for v in seen["h"]])
    assert received[trace.before["y"].node] == "[1, 1]"


def test_a_node_waits_until_all_of_its_gradients_have_come():
    _, _, h, y, loss = two_paths()
    trace = trace_backward(loss, h=h, y=y)
    node = trace.before["h"].node
    waits = [(wait.gradient, wait.missing) for step in trace.steps for wait in step.waiting if wait.node == node]
    assert waits == [("[1, 2]", 1), ("[7, 14]", 0)]


def test_saved_tensors_are_kept_until_their_node_has_run():
    _, _, h, y, loss = two_paths()
    trace = trace_backward(loss, h=h, y=y)
    node = trace.before["y"].node
    ran = [step.node for step in trace.steps].index(node)
    status = [{info.status for info in step.after.nodes[node].saved} for step in trace.steps]
    assert status == [{"kept"}] * ran + [{"freed"}] * (len(trace.steps) - ran)


def test_a_retained_graph_frees_nothing_and_runs_again():
    x, *_, loss = two_paths()
    first = trace_backward(loss, x=x, retain_graph=True)
    second = trace_backward(loss, x=x)
    assert "freed" not in {info.status for node in first.steps[-1].after.nodes for info in node.saved}
    assert operations(first) == operations(second)
    assert second.before["x"].grad != second.steps[-1].after["x"].grad


def test_no_hook_is_left_behind():
    x, *_, loss = two_paths()
    trace_backward(loss, x=x, retain_graph=True)
    x.grad = None
    before = read_graph(loss, x=x)
    loss.backward(retain_graph=True)
    assert read_graph(loss, x=x).nodes == before.nodes
    assert x.grad is not None


def test_a_node_that_raises_ends_the_trace_and_is_named():
    x = leaf(1.0, 2.0)
    y = x.exp()
    z = y * 3
    loss = z.sum()
    y.detach().zero_()
    trace = trace_backward(loss, x=x, y=y)
    assert operations(trace) == ["sum", "mul"]
    assert trace.before.nodes[trace.failed].operation == "exp"
    assert "modified by an inplace operation" in trace.error
    assert x.grad is None


def test_a_result_that_is_no_number_takes_its_gradient():
    x = leaf(1.0, 2.0)
    y = x * 2
    trace_backward(y, torch.tensor([10.0, 100.0]), x=x)
    assert x.grad.tolist() == [20.0, 200.0]


@pytest.mark.parametrize("root", [torch.ones(2), torch.ones((2,), requires_grad=True) * 2])
def test_what_cannot_start_raises_as_torch_does(root):
    with pytest.raises(RuntimeError) as torchs:
        root.backward()
    with pytest.raises(RuntimeError) as ours:
        trace_backward(root)
    assert str(ours.value) == str(torchs.value)


def test_several_outputs_of_one_node_and_unused_ones():
    x = leaf(1.0, 2.0, 3.0)
    first, _, last = x.unbind()
    loss = first * 10 + last
    trace = trace_backward(loss, x=x, first=first)
    assert x.grad.tolist() == [10.0, 0.0, 1.0]
    assert trace.failed is None


def test_an_interior_tensor_beside_the_loss_keeps_its_number():
    """A named tensor that the loss does not depend on changes how the nodes are numbered."""
    x = leaf(1.0, 2.0)
    other = (x * 5).exp()
    loss = (x * 3).sum()
    trace = trace_backward(loss, other=other, x=x)
    assert operations(trace) == ["sum", "mul", "accumulate_grad"]
