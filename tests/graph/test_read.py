"""`read_graph` against live tensors: what it says is what torch does, and reading changes nothing."""

import gc
import json
import subprocess
import sys
import weakref
from collections import namedtuple
from dataclasses import make_dataclass

import pytest
import torch
from support.processor import usual_seconds
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.checkpoint import checkpoint

from gradstop.graph import Graph, NodeInfo, SavedInfo, read_graph
from gradstop.internals.torch import parse_versions


def leaf(*values: float) -> Tensor:
    return torch.tensor(values or (1, 2), dtype=torch.float32, requires_grad=True)


def node_of(graph: Graph, name: str) -> NodeInfo:
    number = graph[name].node
    assert number is not None
    return graph.nodes[number]


def saved(graph: Graph, name: str) -> dict[str, SavedInfo]:
    return {info.field: info for info in node_of(graph, name).saved}


def cuts(graph: Graph) -> set[tuple[str, str]]:
    return {(graph.tensors[cut.source].names[0], graph.tensors[cut.cut].names[0]) for cut in graph.cuts}


class Exp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        result = x.exp()
        ctx.save_for_backward(x, result)
        return result

    @staticmethod
    def backward(ctx, gradient):
        return gradient * ctx.saved_tensors[1]


# Tensors


def test_kinds_and_flags():
    x, c = leaf(), torch.ones(2)
    y = x * c
    y.retain_grad()
    graph = read_graph(x=x, c=c, y=y, z=y)
    assert [graph[name].kind for name in "xcy"] == ["leaf", "constant", "interior"]
    assert graph["y"] is graph["z"]
    assert graph["y"].names == ("y", "z")
    assert graph["y"].retains_grad
    assert not graph["x"].retains_grad
    for name, tensor in (("x", x), ("c", c), ("y", y)):
        info = graph[name]
        assert (info.requires_grad, info.is_leaf) == (tensor.requires_grad, tensor.is_leaf)
        assert (info.shape, info.version, info.is_view) == ((2,), tensor._version, tensor._is_view())
    assert graph["x"].values == "[1, 2]"
    with pytest.raises(KeyError, match="no tensor was given as 'q'"):
        graph["q"]


def test_nodes_edges_and_constant_inputs():
    x, w = leaf(), leaf(3, 4)
    y = x * w + torch.ones(2)
    graph = read_graph(x=x, w=w, y=y)
    add = node_of(graph, "y")
    assert (add.name, add.operation, add.constants) == ("AddBackward0", "add", 1)
    (mul,) = [edge.target for edge in graph.edges if edge.source == add.id]
    assert graph.nodes[mul].name == "MulBackward0"
    accumulators = [(edge.input, edge.target) for edge in graph.edges if edge.source == mul]
    assert accumulators == [(0, graph["x"].accumulator), (1, graph["w"].accumulator)]
    assert [graph.nodes[number].accumulates for _, number in accumulators] == [0, 1]


@pytest.mark.parametrize(
    ("make", "operation"),
    [
        (lambda x: x.log_softmax(0), "log_softmax"),
        (lambda x: nn.functional.batch_norm(x.view(2, 1), None, None, training=True), "native_batch_norm"),
        (lambda x: x.double(), "to_copy"),
        (lambda x: x @ x, "dot"),
        (Exp.apply, "Exp"),
    ],
)
def test_operation_names(make, operation):
    node = node_of(read_graph(y=make(leaf())), "y")
    assert node.operation == operation
    assert node.is_custom == (operation == "Exp")


def test_unnamed_leaves_are_found():
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    loss = model(torch.ones(4, 2)).sum()
    graph = read_graph(loss)
    unnamed = [info for info in graph.tensors if not info.is_root]
    assert len(unnamed) == 4
    assert all(info.is_parameter and info.will_be_filled and not info.names for info in unnamed)
    named = read_graph(loss, **dict(model.named_parameters()))
    assert {name for info in named.tensors for name in info.names} == set(dict(model.named_parameters()))
    assert named["0.weight"].shape == (3, 2)


def test_frozen_parameters_and_buffers():
    layer = nn.BatchNorm1d(2)
    layer.weight.requires_grad_(False)
    y = layer(torch.ones(3, 2))
    graph = read_graph(y, mean=layer.running_mean, weight=layer.weight, bias=layer.bias)
    assert (graph["mean"].kind, graph["weight"].kind, graph["bias"].kind) == ("constant", "constant", "leaf")
    assert graph["weight"].is_parameter
    assert not graph["mean"].is_parameter
    fields = {info.field: info for node in graph.nodes for info in node.saved}
    assert fields["running_mean"].tensor == graph["mean"].id
    assert fields["weight"].tensor == graph["weight"].id


def test_outputs_of_one_node():
    a, b = (leaf() * 1).unbind()
    graph = read_graph(a=a, b=b)
    assert graph["a"].node == graph["b"].node
    assert (graph["a"].output, graph["b"].output) == (0, 1)


def test_a_view_whose_history_torch_refuses():
    base = leaf() * 1
    a, _ = base.unbind()
    base.mul_(2)
    info = read_graph(a=a)["a"]
    assert info.broken
    assert (info.kind, info.node) == ("interior", None)


# Who will be filled


def backward_fills(graph: Graph, name: str, tensor: Tensor, loss: Tensor) -> None:
    predicted = graph[name].will_be_filled
    tensor.grad = None
    loss.backward(retain_graph=True)
    assert (tensor.grad is not None) == predicted


def test_filled_is_what_backward_fills():
    x, w, unused = leaf(), leaf(3, 4), leaf(5, 6)
    y = x * w.detach()
    loss = y.sum()
    graph = read_graph(loss, x=x, w=w, unused=unused)
    assert [graph[name].will_be_filled for name in ("x", "w", "unused")] == [True, False, False]
    for name, tensor in (("x", x), ("w", w), ("unused", unused)):
        backward_fills(graph, name, tensor, loss)


def test_filled_interior_retains_grad():
    x = leaf()
    y, z = x * 2, x * 3
    y.retain_grad()
    loss = (y + z).sum()
    graph = read_graph(loss, y=y, z=z)
    assert [graph[name].will_be_filled for name in "yz"] == [True, False]
    loss.backward()
    filled = read_graph(loss, y=y, z=z, x=x)
    assert (filled["y"].grad, filled["z"].grad, filled["x"].grad) == ("[1, 1]", None, "[5, 5]")


def test_roots_limit_where_backward_starts():
    x, w = leaf(), leaf()
    first, second = (x * 1).sum(), (w * 1).sum()
    assert not read_graph(first, x=x, w=w, second=second)["w"].will_be_filled
    assert read_graph(first=first, x=x, w=w, second=second)["w"].will_be_filled
    assert read_graph(x).tensors[0].will_be_filled
    assert not read_graph(x=leaf())["x"].will_be_filled
    z = (x * 1).detach().requires_grad_()
    assert not read_graph(first, x=x, z=z)["z"].will_be_filled


# Saved tensors


def test_saved_kept_edited_freed():
    x = leaf()
    y = x * 2
    z = y * y
    before = saved(read_graph(x=x, y=y, z=z), "z")["self"]
    assert (before.status, before.saved_version, before.current_version) == ("kept", 0, 0)
    y.add_(1)
    graph = read_graph(x=x, y=y, z=z)
    after = saved(graph, "z")["self"]
    assert (after.status, after.saved_version, after.current_version) == ("edited", 0, 1)
    assert after.tensor == graph["y"].id
    with pytest.raises(RuntimeError) as caught:
        z.sum().backward()
    assert parse_versions(str(caught.value)) == (0, 1)  # the wording that the reader depends on
    loss = (x * x).exp()
    loss.sum().backward()
    graph = read_graph(loss=loss)
    assert {info.status for node in graph.nodes for info in node.saved} == {"freed"}


def test_saved_output_is_known_and_watched():
    x = leaf()
    y = x.exp()
    graph = read_graph(y=y)
    info = saved(graph, "y")["result"]
    assert (info.tensor, info.made_by, info.status) == (graph["y"].id, graph["y"].node, "kept")
    z = y.detach()
    z.zero_()
    info = saved(read_graph(y=y, z=z), "y")["result"]
    assert (info.status, info.saved_version, info.current_version) == ("edited", 0, 1)
    assert info.tensor == 0


def test_edit_that_was_not_saved():
    x = leaf()
    y = x**2
    y.add_(1)
    graph = read_graph(y=y)
    assert {info.status for node in graph.nodes for info in node.saved} == {"kept"}
    y.sum().backward()


def test_data_hides_the_edit():
    y = leaf().exp()
    data = y.data
    data.zero_()
    graph = read_graph(y=y, data=data)
    assert saved(graph, "y")["result"].status == "kept"
    assert graph.cuts[0].same_counter is False


def test_saved_then_detached_in_place():
    x = leaf()
    y = x * 2
    z = y * y
    y.detach_()
    assert saved(read_graph(y=y, z=z), "z")["self"].status == "detached"
    with pytest.raises(RuntimeError, match="detached in-place"):
        z.sum().backward()


def test_saved_list():
    index = torch.tensor([0, 1])
    y = leaf()[index]
    info = saved(read_graph(y=y, index=index), "y")["indices[0]"]
    assert (info.status, info.tensor, info.dtype) == ("kept", 1, "int64")
    y.sum().backward()
    read_graph(y=y)


def test_custom_function():
    x = leaf()
    y = Exp.apply(x)
    fields = saved(read_graph(x=x, y=y), "y")
    assert [info.status for info in fields.values()] == ["kept", "kept"]
    assert fields["tensors[0]"].tensor == 0
    assert fields["tensors[1]"].tensor == 1
    with torch.no_grad():
        x.add_(1)
    fields = saved(read_graph(x=x, y=y), "y")
    assert [info.status for info in fields.values()] == ["edited", "kept"]
    z = Exp.apply(leaf() * 1)
    z.detach().add_(1)
    fields = saved(read_graph(z=z), "z")
    assert [info.status for info in fields.values()] == ["kept", "edited"]
    w = Exp.apply(leaf())
    w.sum().backward()
    assert [info.status for info in saved(read_graph(w=w), "w").values()] == ["freed"]


def test_hooks_are_not_run():
    calls: list[Tensor] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: (calls.append(t), t)[1]):
        y, z = leaf().exp(), Exp.apply(leaf())
    graph = read_graph(y=y, z=z)
    assert not calls
    assert {info.status for node in graph.nodes for info in node.saved} == {"packed"}
    runs: list[int] = []
    out = checkpoint(lambda a: (runs.append(1), a.exp().sum())[1], leaf(), use_reentrant=False)
    read_graph(out=out)
    assert len(runs) == 1


# Memory and cuts


def test_detach_data_and_no_grad_views_are_cuts():
    x = leaf()
    y = x * 2
    with torch.no_grad():
        view = y[:1]
    graph = read_graph(x=x, y=y, z=y.detach(), d=y.data, view=view, w=y.detach().requires_grad_(), c=y.clone())
    assert cuts(graph) == {("y", "z"), ("y", "d"), ("y", "view"), ("y", "w")}
    counters = {graph.tensors[cut.cut].names[0]: cut.same_counter for cut in graph.cuts}
    assert counters == {"z": None, "d": None, "view": True, "w": None}
    shared = [group for group in graph.memories if len(group) > 1]
    assert shared == [tuple(graph[name].id for name in ("y", "z", "d", "view", "w"))]


def test_cut_from_a_leaf_and_no_cut_in_a_view_chain():
    x = leaf(1, 2, 3, 4)
    y = x.view(2, 2)
    assert not read_graph(x=x, y=y).cuts
    assert cuts(read_graph(x=x, y=y, z=x.detach())) == {("x", "z")}
    assert cuts(read_graph(x=x, y=y, z=y.detach())) == {("y", "z")}
    assert cuts(read_graph(x=x, y=y, z=x.detach()[:2])) == {("x", "z")}
    w = y.detach().requires_grad_()
    assert cuts(read_graph(x=x, y=y, w=w, v=w.view(4))) == {("y", "w")}


def test_no_grad_view_is_cut_from_its_base_whatever_the_order():
    x = leaf()
    with torch.no_grad():
        view = x[:1]
    assert cuts(read_graph(view=view, x=x)) == {("x", "view")}
    assert cuts(read_graph(x=x, view=view)) == {("x", "view")}


def test_what_does_not_overlap_is_no_cut():
    flat = torch.zeros(4)
    a, b = flat[:2].requires_grad_(), flat[2:].requires_grad_()
    graph = read_graph(a=a, b=b)
    assert not graph.cuts
    assert graph.memories == ((0, 1),)


def test_numpy_shares_and_empty_does_not():
    y = leaf() * 2
    graph = read_graph(y=y, n=torch.from_numpy(y.detach().numpy()), e=torch.empty(0), f=torch.empty(0))
    assert cuts(graph) == {("y", "n")}
    assert graph["e"].memory is None


# Any tensor can be read


@pytest.mark.parametrize(
    ("tensor", "values"),
    [
        (torch.tensor(3), "3"),
        (torch.tensor(True), "True"),
        (torch.tensor([1 + 2j, -0.5j]), "[1+2j, 0-0.5j]"),
        (torch.tensor([]), "[]"),
        (torch.tensor([[0.1, 1 / 3], [1e-9, -0.0]]), "[[0.1, 0.3333], [0, 0]]"),
        (torch.tensor([float("nan"), float("inf")]), "[nan, inf]"),
        (torch.tensor(12345.678), "12346"),
        (torch.ones(2, dtype=torch.bfloat16), "[1, 1]"),
        (torch.ones(7), None),
        (torch.ones(2, device="meta"), None),
        (torch.eye(2).to_sparse(), None),
    ],
)
def test_values(tensor, values):
    info = read_graph(t=tensor)["t"]
    assert info.values == values
    assert info.dtype == str(tensor.dtype).removeprefix("torch.")


def test_odd_tensors_do_not_crash():
    with torch.inference_mode():
        inference = torch.ones(2)
    assert read_graph(t=inference)["t"].version is None
    x = leaf()
    assert read_graph(t=inference + x)["t"].kind == "interior"
    uninitialised = nn.LazyLinear(2).weight
    info = read_graph(t=uninitialised)["t"]
    assert (info.is_parameter, info.shape, info.values) == (True, None, None)
    with FakeTensorMode():
        assert read_graph(t=leaf() * 2)["t"].values is None
    seen: list[Graph] = []
    torch.func.vmap(lambda a: (seen.append(read_graph(a=a, b=a * a)), a)[1])(torch.ones(2, 3))
    torch.func.grad(lambda a: (seen.append(read_graph(a=a, b=a * a)), (a * a).sum())[1])(torch.ones(3))
    assert len(seen) == 2
    with torch.no_grad():
        read_graph(x=x, v=x.view(2))
    embedding = nn.Embedding(9, 9, sparse=True)
    embedding(torch.tensor([1])).sum().backward()
    assert read_graph(w=embedding.weight)["w"].grad is not None


def test_large_gradients_in_short():
    x = torch.ones(100, requires_grad=True)
    (x * 2).sum().backward()
    assert read_graph(x=x)["x"].grad == "100 values, at most 2 in size"


class Loud(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        raise AssertionError("a subclass was asked")


def test_a_subclass_is_not_asked():
    assert read_graph(t=torch.ones(2).as_subclass(Loud))["t"].values == "[1, 1]"


def test_what_holds_tensors_beside_other_things():
    pair = namedtuple("pair", "a rate")
    batch = make_dataclass("Batch", ["ids", "note", "more"])(leaf(), "a note", {"mask": leaf(), "none": None})
    graph = read_graph(batch=batch, pair=pair(leaf(), 0.1))
    assert [info.names for info in graph.tensors] == [("batch.ids",), ("batch.more.mask",), ("pair.a",)]
    with pytest.raises(ValueError, match="No tensor was given"):
        read_graph(batch={"rate": 0.1, "none": None})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([torch.ones(1), object()], "entry 1 is of type object"),
        ({"a": {"b": range(2)}}, "entry 'a', entry 'b' is of type range"),
        (3.0, "pass a torch.Tensor"),
        (None, "NoneType"),
    ],
)
def test_bad_input(value, words):
    with pytest.raises(TypeError, match=words):
        read_graph(thing=value)
    with pytest.raises(TypeError, match="Argument 1"):
        read_graph(value)
    with pytest.raises(ValueError, match="No tensor was given"):
        read_graph()


def test_who_knows_more_of_a_tensor_may_say_so(monkeypatch):
    from gradstop.graph import given

    x = leaf()
    monkeypatch.setattr(given, "tellers", [lambda tensor: ["made on line 3"] if tensor is x else []])
    graph = read_graph(x=x, y=x * 2)
    assert (graph["x"].notes, graph["y"].notes) == (("made on line 3",), ())


# Reading changes nothing


def test_reading_changes_nothing():
    x, w = leaf(), leaf(3, 4)
    y = x * w
    y.retain_grad()
    calls: list[str] = []
    y.register_hook(lambda g: calls.append("y"))
    z = y.exp()
    d = z.detach()
    tensors = {"x": x, "w": w, "y": y, "z": z, "d": d}

    def state() -> list[object]:
        return [
            (t._version, t.requires_grad, t.is_leaf, t.retains_grad, t._backward_hooks, sys.getrefcount(t))
            for t in tensors.values()
        ]

    before = state()
    first, second = read_graph(**tensors), read_graph(**tensors)
    assert first == second
    assert state() == before
    assert torch.is_grad_enabled()
    assert x.grad is None
    z.sum().backward()
    assert calls == ["y"]
    grad = x.grad
    read_graph(**tensors)
    assert x.grad is grad


def test_a_graph_keeps_nothing_alive():
    x = leaf()
    y = Exp.apply(x * 2)
    refs = [weakref.ref(x), weakref.ref(y), weakref.ref(y.grad_fn)]
    graph = read_graph(x=x, y=y)
    del x, y
    gc.collect()
    assert [ref() for ref in refs] == [None, None, None]
    assert graph["y"].kind == "interior"


def test_json():
    y = leaf() * 2
    plain = read_graph(y=y, z=y.detach()).to_json()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["cuts"] == [
        {
            "source": 0,
            "cut": 1,
            "same_counter": None,
            "source_node": None,
            "taken_by": None,
            "is_sure": True,
            "is_seen": False,
        }
    ]


def test_a_chain_of_5000():
    x = y = leaf()
    for _ in range(2500):
        y = (y * x) + x
    assert usual_seconds(lambda: read_graph(x=x, y=y)) < 2
    graph = read_graph(x=x, y=y)
    assert len(graph.nodes) == 5001
    assert graph["x"].will_be_filled


SCRIPT = """
import torch
from torch import nn
from gradstop import draw
torch.manual_seed(0)
x = torch.tensor([1., 2.], requires_grad=True)
y = x * x
model = nn.Sequential(*[nn.Linear(2, 2) for _ in range(20)])
loss = model(y).sum()
d = draw(loss, x=x, y=y, z=y.detach(), loss=loss, title="t")
print(d.graph.to_json(), d._repr_mimebundle_(), d.alt)
"""


@pytest.mark.slow
def test_same_bytes_in_every_run():
    runs = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1", "PATH": ""},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1
    assert b"0x" not in runs.pop()
