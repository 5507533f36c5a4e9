"""Which operation has taken a constant, and where it was cut from the graph, as far as live tensors tell."""

import pytest
import torch
from torch import nn

from gradstop.graph import read_graph


def leaf(*values):
    return torch.tensor(values or (1.0, 2.0), requires_grad=True)


def taken(graph):
    """Return (operation, constant, sure) for each constant that an operation has taken."""
    return {(graph.nodes[one.node].operation, graph.tensors[one.tensor].names[0], one.is_sure) for one in graph.taken}


def cuts(graph):
    """Return (source, cut) with the name of a tensor, or of an operation in brackets."""

    def called(tensor, node):
        info = graph.tensors[tensor] if tensor is not None else None
        return (info.names[0] if info.names else "leaf") if info else f"[{graph.nodes[node].operation}]"

    return {(called(cut.source, cut.source_node), called(cut.cut, cut.taken_by)) for cut in graph.cuts}


# A constant that was given


def test_a_constant_is_tied_to_what_has_saved_it_or_a_view_of_it():
    x, c, matrix = leaf(), torch.ones(2), torch.ones(2, 2)
    y = (x * c).exp() @ matrix[0]
    assert taken(read_graph(y=y, c=c, matrix=matrix)) == {("mul", "c", True), ("dot", "matrix", True)}


@pytest.mark.parametrize(
    ("make", "operation"),
    [
        (lambda x, c: (x - c) ** 2, "sub"),
        (lambda x, c: (c - x) ** 2, "sub"),
        (lambda x, c: (x + c).sin(), "add"),
    ],
)
def test_a_sum_saves_nothing_and_is_told_by_its_numbers(make, operation):
    x, c = leaf(3.0, 5.0), torch.tensor([0.3, 0.7])
    assert taken(read_graph(y=make(x, c), x=x, c=c)) == {(operation, "c", False)}
    other = torch.tensor([0.4, 0.7])
    assert not taken(read_graph(y=make(x, c), x=x, other=other))
    assert not taken(read_graph(y=make(x, c), x=x, c=c, twin=c.clone()))  # either of them


@pytest.mark.parametrize(
    "make",
    [
        lambda x, c: torch.add(x, c, alpha=2),
        lambda x, c: torch.rsub(x, c, alpha=2),
        lambda x, c: torch.where(x > 4, x, c),
        lambda x, c: torch.where(x > 4, c, x),
        lambda x, c: torch.cat([x, c]),
        lambda x, c: torch.stack([c, x], dim=-1),
        lambda x, c: torch.lerp(x, c, 0.3),
        lambda x, c: (x - c).sum(),
        lambda x, c: (c - x).mean(),
        lambda x, c: (x - c).exp(),
        lambda x, c: torch.sigmoid(c - x),
    ],
)
def test_what_saves_nothing_of_a_constant_is_told_by_its_numbers(make):
    """The constant may be a cut one: it has the numbers of what it was cut from."""
    x, y = leaf(3.0, 5.0), leaf(0.3, 0.7) * 1
    for c in (torch.tensor([0.3, 0.7]), y.detach()):
        ((operation, name, is_sure),) = taken(read_graph(result=make(x, c), x=x, c=c, y=y))
        assert (name, is_sure) == ("c", False)
        assert operation not in ("sum", "mean", "exp", "sigmoid")
        assert not taken(read_graph(result=make(x, c + 1), x=x, c=c))


def test_no_operation_has_taken_its_own_result_or_what_was_made_later():
    x = torch.tensor([-1.0, 4.0], requires_grad=True)
    inside = torch.where(x > 0, x, 1.0)
    later = inside * 1
    y = torch.where(x > 0, inside.sqrt(), 0.0) * later
    graph = read_graph(x=x, inside=inside, later=later, y=y)
    assert not graph.taken
    assert not graph.cuts


def test_a_constant_that_makes_no_difference_is_not_told():
    x, c = leaf(3.0, 5.0), torch.tensor([0.3, 0.7])
    assert not taken(read_graph(result=torch.where(x > 1, x, c), x=x, c=c))


def test_a_cut_that_a_function_takes_is_joined_to_it():
    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.save_for_backward(b)
            ctx.again = b
            return a * b

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[0], None

    w, y = leaf(3.0, 5.0), leaf() * 2
    assert cuts(read_graph(Product.apply(w, y.detach()).sum(), w=w, y=y)) == {("y", "[Product]")}
    c = torch.ones(2)
    assert taken(read_graph(Product.apply(w, c).sum(), w=w, c=c)) == {("Product", "c", True)}


def test_a_view_made_without_history_is_a_cut_without_a_name_too():
    w, y = leaf(3.0, 5.0), leaf() * 2
    with torch.no_grad():
        view = y.view(2)
    assert cuts(read_graph((w * view).sum(), w=w, y=y)) == {("y", "[mul]")}


# What was cut, with a name and without one


@pytest.mark.parametrize(
    "cut",
    [
        torch.Tensor.detach,
        lambda y: y.data,
        lambda y: torch.from_numpy(y.detach().numpy()),
        lambda y: torch.from_numpy(y.detach().numpy()[1:]),
        lambda y: y.detach()[:1],
        lambda y: torch.as_tensor(y.detach().numpy()),
        lambda y: torch.utils.dlpack.from_dlpack(y.detach()),
    ],
)
def test_a_cut_is_seen_whether_it_has_a_name_or_not(cut):
    x, w = leaf(), leaf(3.0, 4.0)
    y = x * 2
    z = cut(y)
    loss = (w * z).sum()
    assert ("y", "z") in cuts(read_graph(loss=loss, y=y, z=z, w=w, x=x))
    if z.untyped_storage().data_ptr() == y.untyped_storage().data_ptr():
        assert cuts(read_graph(loss=loss, y=y, w=w, x=x)) == {("y", "[mul]")}


def test_a_cut_of_a_leaf_and_of_a_result_without_a_name():
    x = leaf()
    assert cuts(read_graph(loss=(x * x.detach()).sum(), x=x)) == {("x", "[mul]")}
    h = x.exp()
    loss = (h.sin() * h.detach()).sum()
    assert ("[exp]", "[mul]") in cuts(read_graph(loss=loss, x=x))
    z = h.detach()
    assert cuts(read_graph(loss=h.sin().sum(), x=x, z=z)) == {("[exp]", "z")}


def test_no_grad_and_inference_mode():
    x = leaf()
    y = x * 2
    with torch.no_grad():
        view = y.view(2)
    with torch.inference_mode():
        inference = y.view(2)
    graph = read_graph(loss=(x * view).sum(), x=x, y=y, view=view, inference=inference)
    assert {("y", "view"), ("y", "inference")} <= cuts(graph)


def test_indices_that_go_on():
    x, table = torch.tensor([[3.0, 1.0]], requires_grad=True), leaf(10.0, 20.0)
    value, index = (x * 1).max(1)
    loss = (value * table[index]).sum()
    assert cuts(read_graph(loss=loss, x=x)) == {("[max]", "[index]")}
    graph = read_graph(loss=loss, x=x, index=index)
    assert cuts(graph) == {("[max]", "index")}
    assert taken(graph) == {("index", "index", True)}


def test_what_is_no_cut_is_none():
    x, w = leaf(), leaf()
    y = x * w
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.ReLU(), nn.Dropout(0.5), nn.LSTM(2, 2))
    out = net(torch.ones(3, 2))[0]
    pool = nn.MaxPool1d(2)(out[None]).sum()
    attention = nn.functional.scaled_dot_product_attention(*(y.view(1, 1, 2) for _ in range(3)))
    named = dict(net.named_parameters())
    for tensor in (y * y, (x * torch.ones(2)).clone() * y, pool, attention, y.view(1, 2) @ y.view(2, 1)):
        assert not read_graph(tensor, x=x, w=w, y=y, **named).cuts


def test_a_clone_of_a_cut_is_not_claimed():
    x = leaf()
    y = x * 2
    graph = read_graph(loss=(x * y.detach().clone()).sum(), x=x, y=y)
    assert not graph.cuts


def test_a_function_that_saves_a_view_of_its_input_is_not_accused():
    class Viewing(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x.view(2, 1))
            return x * 1

        @staticmethod
        def backward(ctx, gradient):
            return gradient

    x = leaf()
    assert not read_graph(Viewing.apply(x * 1).sum(), x=x).cuts


def test_reading_many_sums_is_linear():
    from collections import Counter

    from gradstop.graph import fits as module

    counts = []
    for length in (50, 100):
        x, c = leaf(), torch.tensor([7.0, 8.0])
        y = x
        for _ in range(length):
            y = (y + 1).exp().log()
        calls = Counter()
        plain, module._fits = module._fits, lambda *given: (calls.update(["fits"]), plain(*given))[1]  # noqa: B023
        try:
            read_graph(y, x=x, c=c)
        finally:
            module._fits = plain
        counts.append(calls["fits"])
    assert counts[1] <= 2 * counts[0] + 2
