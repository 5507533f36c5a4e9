"""The probes: each sees what it says, keeps what it has seen, and says it as plain JSON."""

import gc
import json
from collections import OrderedDict, namedtuple
from enum import StrEnum

import numpy
import pytest
import torch
from torch.autograd.graph import get_gradient_edge

from gradstop.observe import Census, Observer, case, observe
from gradstop.observe.error_texts import first_line
from gradstop.observe.log import ObservationLog


def seen(probe):
    """Return what one probe writes."""
    notebook = ObservationLog("test")
    probe(Observer(notebook))
    (observation,) = notebook.take().observations
    json.dumps(observation.value, allow_nan=False)
    return observation.value


def leaf(*values):
    return torch.tensor(values, requires_grad=True)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            torch.tensor([[1.0, 2.0]]),
            {"type": "tensor", "dtype": "float32", "shape": [1, 2], "numbers": [1.0, 2.0]},
        ),
        (leaf(1.5), {"type": "tensor", "dtype": "float32", "shape": [1], "numbers": [1.5]}),
        (torch.tensor(3), {"type": "tensor", "dtype": "int64", "shape": [], "numbers": [3]}),
        (torch.tensor([True]), {"type": "tensor", "dtype": "bool", "shape": [1], "numbers": [True]}),
        (
            torch.tensor([1 + 2j]),
            {"type": "tensor", "dtype": "complex64", "shape": [1], "numbers": [1.0, 2.0]},
        ),
        (numpy.array([1.0]), {"type": "array", "dtype": "float64", "shape": [1], "numbers": [1.0]}),
        (
            torch.tensor([float("nan")]),
            {"type": "tensor", "dtype": "float32", "shape": [1], "numbers": ["nan"]},
        ),
        (True, {"type": "bool", "value": True}),
        (float("inf"), {"type": "float", "value": "inf"}),
        (None, {"type": "NoneType", "value": None}),
        ("leaf", {"type": "str", "value": "leaf"}),
        (StrEnum("Kind", ["LEAF"]).LEAF, {"type": "str", "value": "leaf"}),
        ({"a": 1}, {"type": "dict", "keys": ["a"], "items": [{"type": "int", "value": 1}]}),
        (object(), {"type": "other", "class": "object"}),
    ],
)
def test_value(value, expected):
    assert seen(lambda see: see.value("it", value)) == expected


def test_structure_tells_containers_apart():
    state = namedtuple("State", "h c")
    assert seen(lambda see: see.structure("it", state(torch.ones(1), [None]))) == {
        "type": "namedtuple State",
        "items": [{"type": "tensor"}, {"type": "list", "items": [{"type": "NoneType"}]}],
    }


def test_flags():
    x = leaf(1.0)
    assert seen(lambda see: see.flags("x", x)) == {"requires_grad": True, "is_leaf": True}
    assert seen(lambda see: see.flags("y", x * 2)) == {"requires_grad": True, "is_leaf": False}
    assert seen(lambda see: see.flags("z", x.detach())) == {"requires_grad": False, "is_leaf": True}
    assert seen(lambda see: see.flags("none", None)) == {"type": "NoneType"}


def test_flags_are_read_from_the_tensor_and_not_from_its_class():
    class Liar(torch.Tensor):
        @property
        def requires_grad(self):
            return False

        @classmethod
        def __torch_function__(cls, function, types, args=(), kwargs=None):
            return False

    liar = torch.ones(2, requires_grad=True).as_subclass(Liar)
    assert seen(lambda see: see.flags("it", liar)) == {"requires_grad": True, "is_leaf": False}


def test_identity():
    x, y = leaf(1.0), leaf(1.0)
    assert seen(lambda see: see.same("it", x, x)) is True
    assert seen(lambda see: see.same("it", x, x.detach())) is False
    assert seen(lambda see: see.members("it", [y, x, x * 1], x=x, y=y)) == ["something else", "x", "y"]
    assert seen(lambda see: see.members("it", [x, "x"], x=x, y=y)) == ["an object of type str", "x"]


def test_sharing_groups_by_memory():
    x = leaf(1.0, 2.0)
    groups = seen(lambda see: see.sharing("it", x=x, view=x[1:], alias=x.detach(), copy=x.clone(), none=None))
    assert groups == [["alias", "view", "x"]]
    assert seen(lambda see: see.sharing("it", a=torch.ones(0), b=torch.ones(0))) == []
    halves = seen(lambda see: see.sharing("it", one=x[:1], other=x[1:]))
    assert halves == []
    array = torch.from_numpy(x.detach()[1:].numpy())
    assert seen(lambda see: see.sharing("it", x=x, array=array, other=x.clone())) == [["array", "x"]]


def test_written_sees_an_edit_through_an_alias_and_not_one_through_data():
    x = leaf(1.0)
    assert seen(lambda see: see.written("it", lambda: x.detach().add_(1), x=x)) == {"x": True}
    assert seen(lambda see: see.written("it", lambda: x.data.add_(1), x=x)) == {"x": False}


def test_gradients_show_before_and_after_and_what_was_raised():
    x, w = leaf(1.0, 2.0), leaf(3.0)
    x.grad = torch.tensor([5.0, 5.0])
    value = seen(lambda see: see.gradients("it", (x * 2).sum().backward, x=x, w=w))
    assert value == {
        "raised": None,
        "leaves": {"w": {"before": None, "after": None}, "x": {"before": [5.0, 5.0], "after": [7.0, 7.0]}},
    }
    value = seen(lambda see: see.gradients("it", x.detach().sum().backward, x=x))
    assert value["raised"] == "RuntimeError"


def test_raised_is_the_exact_type():
    def raise_(error):
        raise error

    assert seen(lambda see: see.raised("it", lambda: raise_(NotImplementedError()))) == {
        "raised": "NotImplementedError"
    }
    assert seen(lambda see: see.raised("it", lambda: raise_(SystemExit()))) == {"raised": "SystemExit"}
    assert seen(lambda see: see.raised("it", lambda: None)) == {"raised": None}
    with pytest.raises(KeyboardInterrupt):
        seen(lambda see: see.raised("it", lambda: raise_(KeyboardInterrupt())))


def test_grad_mode():
    with torch.inference_mode():
        assert seen(lambda see: see.grad_mode("it")) is False
    assert seen(lambda see: see.grad_mode("it")) is True


def test_census_counts_nodes_and_saved_tensors_while_they_live():
    census, x = Census(), leaf(1.0, 2.0)
    with census.recording():
        y = census.tag(x.exp().tanh())
    assert (census.nodes(), census.saved()) == (2, 2)
    y.sum().backward()
    assert (census.nodes(), census.saved()) == (2, 0)
    del y
    gc.collect()
    assert (census.nodes(), census.saved()) == (0, 0)
    assert x.grad is not None


def test_the_value_of_a_tensor_is_read_without_touching_it():
    x = leaf(1.0, 2.0)
    y = x.exp()
    version = y._version
    seen(lambda see: see.value("y", y))
    assert y._version == version
    y.sum().backward()


def test_a_case_that_fails_half_way_keeps_what_it_had_observed():
    @case("f", "it fails")
    def fails(f, draw, see):
        see.value("the first", 1)
        yield
        see.value("the second", 2)
        _ = None + 1

    record = observe(fails, None, (0, 0))
    assert [o.name for o in record.observations] == ["the first", "the second"]
    assert record.stopped.startswith("TypeError")


def test_of_an_error_s_message_no_more_is_read_than_its_beginning():
    assert first_line(ValueError("size:\n3 of 4\nmore")) == "size: 3 of 4"
    assert first_line(ValueError("\n" * 1_000_000 + "very far down")) == ""


def test_a_function_that_raises_ends_the_case_and_says_where():
    @case("f", "it raises")
    def raises(f, draw, see):
        see.call(f)
        see.value("never", 1)
        yield

    def f():
        raise IndexError("out of reach")

    record = observe(raises, f, (0, 0))
    (call,) = record.observations
    assert call.value == {"raised": "IndexError"}
    assert call.note == "out of reach"
    assert record.stopped == "the function raised"


@pytest.mark.parametrize("phases", [0, 2])
def test_a_case_needs_exactly_one_yield(phases):
    @case("f", "it has the wrong number of phases")
    def wrong(f, draw, see):
        for _ in range(phases):
            yield

    with pytest.raises(ValueError, match="phase"):
        observe(wrong, None, (0, 0))


def test_a_name_may_be_observed_once():
    @case("f", "it repeats itself")
    def repeats(f, draw, see):
        see.value("x", 1)
        see.value("x", 2)
        yield

    assert "twice" in observe(repeats, None, (0, 0)).stopped


def left_by(change, **objects):
    """Return what ``see.left`` writes after a change of the objects."""

    def probe(see):
        before = see.look(**objects)
        change(**objects)
        see.left("what is left", before, **objects)

    return seen(probe)


KEPT = []  # a node of a leaf lives as long as somebody holds it


def node_of(x):
    KEPT.append(get_gradient_edge(x).node)
    return KEPT[-1]


LEFT = {
    "an attribute of x": (lambda x, m, o: setattr(x, "memo", 1), ["the attribute 'memo' of x"]),
    "a hook on x": (lambda x, m, o: x.register_hook(lambda g: g), ["a hook on x"]),
    "a frozen x": (lambda x, m, o: x.requires_grad_(False), ["no longer: x requires grad"]),
    "a gradient": (lambda x, m, o: x.sum().backward(), ["x has a .grad"]),
    "an accumulation hook": (
        lambda x, m, o: x.register_post_accumulate_grad_hook(lambda t: None),
        ["a post-accumulate-grad hook on x"],
    ),
    "a hook on the node of x": (
        lambda x, m, o: node_of(x).register_prehook(lambda g: g),
        ["a hook on a node behind x"],
    ),
    "a forward hook": (lambda x, m, o: m[0].register_forward_hook(lambda *a: None), ["a forward hook on m.0"]),
    "a hook for a state that is loaded": (
        lambda x, m, o: m[0].register_load_state_dict_pre_hook(lambda *a: None),
        ["a load state dict pre hook on m.0"],
    ),
    "a pre-hook": (lambda x, m, o: m.register_forward_pre_hook(lambda *a: None), ["a forward pre-hook on m"]),
    "another parameter": (
        lambda x, m, o: setattr(m[0], "weight", torch.nn.Parameter(torch.ones(2, 2))),
        ["m.0.weight is another object"],
    ),
    "a frozen parameter": (
        lambda x, m, o: m[0].bias.requires_grad_(False),
        ["no longer: m.0.bias requires grad"],
    ),
    "a replaced forward": (
        lambda x, m, o: setattr(m[0], "forward", m[0].forward),
        ["the attribute 'forward' of m.0"],
    ),
    "another value of an attribute": (
        lambda x, m, o: setattr(m[1], "p", 0.0),
        ["the attribute 'p' of m.1 is another"],
    ),
    "an attribute that is a number": (lambda x, m, o: setattr(m[1], "seen", 1), ["the attribute 'seen' of m.1"]),
    "other memory": (lambda x, m, o: setattr(x, "data", x.data.clone()), ["the memory of x is another"]),
    "another mode": (
        lambda x, m, o: m[1].eval(),
        ["m.1 is in evaluation mode", "no longer: m.1 is in training mode"],
    ),
    "a buffer": (lambda x, m, o: m.register_buffer("kept", torch.ones(1)), ["a buffer kept in m"]),
    "a parameter group": (
        lambda x, m, o: o.add_param_group({"params": [torch.ones(1, requires_grad=True)]}),
        ["a parameter group in o", "a parameter in o"],
    ),
    "nothing": (lambda x, m, o: (x * 2, m(torch.ones(1, 2))), []),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_is_left_on_what_was_given_is_said(name):
    change, expected = LEFT[name]
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    assert left_by(change, x=leaf(1.0, 2.0), m=model, o=optimizer) == expected


def test_a_hook_is_seen_on_each_node_behind_what_was_given():
    x = leaf(1.0, 2.0)
    y = x.exp().sin()
    before, after = (lambda g: g), (lambda sent, received: None)

    def change(y):
        for node, hook in ((y.grad_fn, after), (node_of(x), before)):
            (node.register_hook if hook is after else node.register_prehook)(hook)

    assert left_by(change, y=y) == ["a hook on a node behind y"] * 2


class Own(torch.Tensor):
    """A tensor that could answer for itself."""

    __dict__ = property(lambda self: {})


class Hiding(OrderedDict):
    """Says that it is empty."""

    def __bool__(self):
        return False


@pytest.mark.parametrize(
    "change",
    [
        lambda x: setattr(x, "__class__", Own),
        lambda x: setattr(x, "_backward_hooks", Hiding({1: print})),
        lambda x: setattr(x, "__dict__", Hiding(memo=1)),
    ],
)
def test_a_tensor_that_does_not_say_what_hangs_on_it_is_refused(change):
    with pytest.raises(TypeError):
        left_by(change, x=leaf(1.0))


def test_the_numbers_of_a_plain_tensor_alone_are_observed():
    for value in (torch.ones(1).as_subclass(Own), [torch.ones(1).as_subclass(Own)]):
        with pytest.raises(TypeError, match="a tensor of the class Own"):
            seen(lambda see, value=value: see.value("it", value))


def test_a_backward_that_is_refused_for_another_reason_than_an_edit_is_told_apart():
    x = leaf(1.0, 2.0)
    loss = x.sin().sum()
    x.detach().add_(1)
    value = seen(lambda see: see.refused_for_an_edit("it", loss.backward, x=x))
    assert value["raised"] == "RuntimeError"
    value = seen(lambda see: see.refused_for_an_edit("it", x.detach().sum().backward, x=x))
    assert value["raised"] == "RuntimeError, and not for an edit"
    assert seen(lambda see: see.refused_for_an_edit("it", x.sin().sum().backward, x=x))["raised"] is None
