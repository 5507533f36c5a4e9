"""Comparing: what agrees within rounding agrees, what differs is said in words, and no report breaks it."""

import json

import numpy
import pytest
import torch

from gradstop.compare import Reference, Trial, Wrong, compare, differing, verdict_on
from gradstop.compare.close import close
from gradstop.compare.difference import agrees
from gradstop.compare.errors import about
from gradstop.compare.kinds import KINDS
from gradstop.compare.reference import is_behaviour
from gradstop.compare.report import OTHERWISE, like
from gradstop.observe import Observer, unpatched
from gradstop.observe.error_texts import first_line
from gradstop.observe.log import ObservationLog
from gradstop.record import Observation, Record, Setup


def record(probe, stopped=None):
    notebook = ObservationLog("test")
    probe(Observer(notebook))
    return notebook.take(stopped)


def differences(got, expected):
    return compare(record(got), record(expected))


@pytest.mark.parametrize(
    ("got", "expected", "agree"),
    [
        (1.0, 1.0 + 5e-5, True),
        (1.0, 1.001, False),
        ([1e-6, 1000.0], [0.0, 1000.0], True),
        ([0.5, 1000.0], [0.0, 1000.0], False),
        (True, 1, False),
        (1, True, False),
        (1, 1.0, False),
        ([1.0], [1.0, 1.0], False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ("nan", "nan", True),
        ("inf", 1.0, False),
        (None, None, True),
        ([], [], True),
    ],
)
def test_close(got, expected, agree):
    assert close(got, expected) is agree


def test_a_double_is_held_to_its_own_precision():
    values = [{"type": "tensor", "dtype": dtype, "shape": [1], "numbers": [1.0]} for dtype in ("float32", "float64")]
    for value, agree in zip(values, (True, False), strict=True):
        assert close({**value, "numbers": [1.0 + 1e-7]}, value) is agree
        assert close({**value, "numbers": [1.0 + 1e-13]}, value)


def test_a_wrong_answer_that_computes_doubles_in_single_precision_is_known_on_any_processor():
    def seen(value):
        return record(lambda see: see.value("the result", torch.tensor([value, 3.0], dtype=torch.float64)))

    trial = Trial((Setup(0), Setup(0)), seen(1.0))
    differs = differing(seen(1.0 + 3e-8), trial)
    assert is_behaviour(seen(1.0 + 4e-8), trial, differs)
    assert not is_behaviour(seen(1.0), trial, differs)  # it is right
    assert not is_behaviour(seen(1.1), trial, differs)


def test_a_got_value_cannot_widen_the_tolerance():
    """The expected value alone sets the scale."""
    assert not close([0.0, 1e9], [1.0, 1.0])
    assert not close([float("inf")], [1.0])
    assert not close([float("nan")], [1.0])


def test_a_difference_says_what_was_asked_got_expected_and_why():
    x = torch.ones(2, requires_grad=True)

    def probe(tensor):
        return lambda see: see.flags("the result", tensor, "the result is a constant", "03-detach#pitfalls")

    (difference,) = differences(probe(x.clone()), probe(x.detach()))
    assert difference.asked == "the result is a constant"
    assert difference.got == "requires_grad=True, is_leaf=False"
    assert difference.expected == "requires_grad=False, is_leaf=True"
    assert "takes part in the graph" in difference.means
    assert difference.read == "03-detach#pitfalls"


def gradients(before, after, raised=None):
    value = {"raised": raised, "leaves": {"x": {"before": before, "after": after}}}
    return Record("test", (), (Observation("the backward", "gradients", value),))


def nothing_looked_at():
    """Return what a case sees that looks at what requires grad, where nothing does any more."""
    return Record("test", (), (Observation("the backward", "gradients", {"raised": None, "leaves": {}}),))


@pytest.mark.parametrize(
    ("got", "expected", "said"),
    [
        (gradients([5.0], [2.0]), gradients([5.0], [7.0]), "before is lost; it should have been added to"),
        (gradients([5.0], None), gradients([5.0], [7.0]), "is gone"),
        (gradients([5.0], [0.0]), gradients([5.0], [7.0]), "is gone"),
        (gradients(None, None), gradients(None, [2.0]), "Nothing arrives in the .grad of x"),
        (gradients(None, [2.0]), gradients(None, None), "is a path to it left open?"),
        (gradients(None, [4.0, 2.0]), gradients(None, [2.0, 1.0]), "it is 2 times that"),
        (gradients(None, [4.0, 3.0]), gradients(None, [2.0, 1.0]), "is not what was asked for."),
        (gradients(None, ["nan"]), gradients(None, [1.0]), "NaN"),
        (gradients(None, None, "RuntimeError"), gradients(None, [1.0]), "should go through"),
        (gradients(None, [1.0]), gradients(None, None, "RuntimeError"), "should have been refused"),
        (gradients(None, None, "TypeError"), gradients(None, None, "RuntimeError"), "refused for another reason"),
        (nothing_looked_at(), gradients(None, [1.0]), "x should require grad, and does not any more"),
    ],
)
def test_a_wrong_gradient_is_explained(got, expected, said):
    (difference,) = compare(got, expected)
    assert said in difference.means


def test_of_many_leaves_the_same_is_said_once():
    got, expected = gradients(None, None), gradients(None, [2.0])
    for one in (got, expected):
        leaves = one.observations[0].value["leaves"]
        leaves |= {"y": leaves["x"], "z": leaves["x"]}
    (difference,) = compare(got, expected)
    assert difference.means == "Nothing arrives in the .grad of x, y and z: is the path to it cut, or is it no leaf?"


def test_no_gradient_and_a_gradient_of_zeros_are_the_same():
    assert compare(gradients(None, None), gradients(None, [0.0, 0.0])) == []
    assert compare(gradients(None, [0.0, 0.0]), gradients(None, None)) == []
    assert compare(gradients([1.0], [1.0]), gradients([1.0], [1.0])) == []


def test_the_most_telling_difference_comes_first():
    x = torch.ones(2, requires_grad=True)

    def probe(tensor):
        def run(see):
            see.value("value", tensor)
            see.sharing("memory", x=x, result=tensor)
            see.flags("flags", tensor)

        return run

    found = differences(probe((x + 1).detach().requires_grad_()), probe(x.detach()))
    assert [difference.kind for difference in found] == ["flags", "sharing", "value"]


def test_a_case_that_stopped_is_one_difference_and_what_came_before_counts():
    def both(see):
        see.value("first", 1)
        see.value("second", 2)

    got = record(lambda see: see.value("first", 1), stopped="TypeError: no")
    (difference,) = compare(got, record(both))
    assert difference.name == "the rest of the case"
    assert "after “first”: TypeError: no" in difference.got


def test_what_was_not_observed_is_a_difference():
    (difference,) = compare(Record("test"), record(lambda see: see.value("first", 1)))
    assert difference.got == "not observed"
    assert "left nothing to look at" in difference.means


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "value",
    [None, 0, -1.5, "x", [], {}, [[[]]], {"leaves": 3}, {"raised": []}, {"type": "tensor"}, {"type": []}],
)
def test_a_report_of_any_form_is_compared_without_an_error(kind, value):
    """What an untrusted process reports has any form; it is then a difference."""
    expected = {
        "value": {"type": "tensor", "dtype": "float32", "shape": [1], "numbers": [1.0]},
        "structure": {"type": "list", "items": [{"type": "int"}]},
        "flags": {"requires_grad": True, "is_leaf": True},
        "same": True,
        "members": ["x"],
        "sharing": [["x", "y"]],
        "written": {"x": True},
        "gradients": {"raised": None, "leaves": {"x": {"before": [1.0], "after": [2.0]}}},
        "raised": {"raised": "RuntimeError"},
        "grad mode": True,
        "left": ["a forward hook on model"],
        "alive": {"nodes": 1, "saved": 1},
    }[kind]
    wanted = Record("test", (), (Observation("it", kind, expected),))
    (difference,) = compare(Record("test", (), (Observation("it", kind, value),)), wanted)
    json.dumps(vars(difference))
    assert compare(wanted, wanted) == []


@pytest.mark.parametrize(("got", "expected"), [(1, True), (1.0, 1), ([1.0], [True]), ({"a": 0}, {"a": False})])
def test_what_is_equal_and_of_another_type_differs(got, expected):
    assert not agrees(got, Observation("it", "value", expected))


def test_half_of_a_surrogate_pair_agrees_with_itself():
    said = {"type": "str", "value": "\ud800"}
    assert agrees(dict(said), Observation("it", "value", said))
    assert not agrees({**said, "value": "\ud801"}, Observation("it", "value", said))


def called(function):
    """Observe a call and what it returned, as most cases do."""

    def probe(see):
        result = see.call(function)
        see.value("the result", result, "the result has the value of x")
        see.flags("its flags", result, "the result is a constant")

    return probe


async def asynchronous():
    return torch.ones(2)


def generating():
    yield torch.ones(2)


@pytest.mark.parametrize(
    ("function", "got", "means"),
    [
        (lambda: None, "returns None", "is a `return` missing?"),
        (asynchronous, "returns a coroutine", "`async def`"),
        (generating, "returns a generator", "It is a generator"),
    ],
)
@pytest.mark.filterwarnings("ignore:coroutine")
def test_what_follows_from_a_missing_result_is_folded(function, got, means):
    (difference,) = differences(called(function), called(lambda: torch.ones(2)))
    assert difference.got == got
    assert means in difference.means


@pytest.mark.parametrize(
    ("expected", "said"),
    [(torch.ones(2), "A tensor"), ((1,), "A tuple"), ({}, "A dictionary"), ("x", "A string"), (None, "None")],
)
def test_what_follows_from_a_wrong_type_is_folded(expected, said):
    (difference,) = differences(
        lambda see: see.value("the result", [1.0]), lambda see: see.value("the result", expected)
    )
    assert difference.means == f"{said} is asked for."


@pytest.mark.parametrize(
    ("got", "said"),
    [
        (torch.tensor([1.0, 2.0]), "Every number is another: it is 0.5 times that."),
        (torch.tensor([0.0, -0.0]), "Every number is another: each is 0."),
        (torch.tensor([1.0, 3.0]), "Every number is another."),
        (torch.tensor([2.0, 3.0]), "Of 2 numbers one differs, at position 1."),
        (torch.tensor([float("nan"), 3.0]), "Every number is another."),
        (torch.tensor([2.0006, 4.001]), "Every number is another. The difference is in about the 4th digit."),
    ],
)
def test_a_value_that_is_a_multiple_is_told_so(got, said):
    expected = torch.tensor([2.0, 4.0])
    (difference,) = differences(lambda see: see.value("the result", got), lambda see: see.value("the result", expected))
    assert difference.means == said


def test_a_difference_beyond_the_tolerance_of_its_dtype_alone_is_counted():
    expected = torch.tensor([1.0, 2.0], dtype=torch.float64)
    got = expected + torch.tensor([0.0, 1e-7], dtype=torch.float64)
    (difference,) = differences(lambda see: see.value("the result", got), lambda see: see.value("the result", expected))
    assert difference.means == (
        "Of 2 numbers one differs, at position 1. The difference is in about the 7th digit. "
        "A computation in float32 has about seven digits."
    )


@pytest.mark.parametrize(
    ("got", "expected", "said"),
    [
        ([1.0], [1.0, 2.0], "It holds 1, and 2 are asked for."),
        ([], [1.0], "It holds 0, and 1 is asked for."),
        ([1.0, 3.0], [1.0, 2.0], "The first that differs is at position 1."),
        ({"b": 1}, {"a": 1, "b": 2, "c": 3}, "It lacks a, c."),
        ({"a": torch.ones(2)}, {"a": torch.zeros(2)}, "The first that differs is “a”. Every number is another."),
        (
            [torch.ones(1).clone],
            [torch.ones(1)],
            "The first that differs is at position 0. A tensor is asked for: call it, with ().",
        ),
    ],
)
def test_of_a_container_it_is_said_what_in_it_differs(got, expected, said):
    (difference,) = differences(lambda see: see.value("the result", got), lambda see: see.value("the result", expected))
    assert difference.means == said


@pytest.mark.parametrize(
    ("ends", "said", "means"),
    [
        (lambda: unpack((1, 2, 3)), "too many values", "Here 2 values are asked for, in a tuple or a list."),
        (lambda: unpack((1,)), "not enough values", "Here 2 values are asked for, in a tuple or a list."),
        (lambda: unpack(torch.tensor(1.0)), "0-d tensor", "Here several values are asked for, in a tuple or a list."),
        (lambda: list(unpack), "not iterable", "Here several values are asked for, in a tuple or a list."),
        (
            lambda: unpatched.is_leaf(True),
            "TypeError: an object of type bool was used as a tensor",
            "could not be used",
        ),
    ],
)
def test_what_ends_a_case_is_said_in_the_learners_words(ends, said, means):
    def probe(see):
        see.call(lambda: 1)

    with pytest.raises((TypeError, ValueError)) as raised:
        ends()
    (difference,) = compare(record(probe, f"{raised.typename}: {first_line(raised.value)}"), record(probe))
    assert said in difference.got
    assert "descriptor" not in difference.got
    assert means in difference.means


def unpack(pair):
    _, _ = pair


def test_what_has_gone_is_said_after_what_has_come():
    assert (
        KINDS["left"].words(["no longer: t requires grad", "t is a leaf"]) == "t is a leaf; no longer: t requires grad"
    )


@pytest.mark.parametrize(
    ("got", "said"),
    [
        ("ab", "The collection lacks some."),
        ("", "The collection lacks some."),
        ("abccb", "The collection holds some more than once."),
        ("abd", "The collection holds others."),
        ("abcd", "The collection holds others."),
    ],
)
def test_a_collection_is_told_what_it_lacks_or_holds(got, said):
    known = {name: object() for name in "abcd"}

    def probe(names):
        return lambda see: see.members("the leaves", [known[name] for name in names], **known)

    (difference,) = differences(probe(got), probe("abc"))
    assert difference.means == said


def test_where_nothing_is_raised_nobody_is_said_to_have_refused():
    def raising():
        raise ValueError

    (difference,) = differences(lambda see: see.raised("the call", int), lambda see: see.raised("the call", raising))
    assert difference.means == "This should have raised ValueError, and nothing was raised."


def test_a_matrix_is_no_array():
    asked = numpy.ones((2, 2))
    (difference,) = differences(
        lambda see: see.value("the result", asked.view(numpy.matrix)), lambda see: see.value("the result", asked)
    )
    assert (difference.got, difference.means) == ("an object of type matrix", "A NumPy array is asked for.")


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("one\ntwo", "one"),
        ("Error(s) in loading state_dict for Linear:\n\tMissing key(s)\n\tthree", "Linear: Missing key(s)"),
        ("nothing more:", "nothing more:"),
    ],
)
def test_of_an_error_that_announces_a_line_that_line_is_told_too(message, told):
    def raising():
        raise RuntimeError(message)

    (difference,) = differences(lambda see: see.raised("the call", raising), lambda see: see.raised("the call", int))
    assert difference.got.endswith(f"{told})")


def test_where_nothing_is_returned_any_result_will_do():
    for function in (lambda: None, lambda: torch.ones(2), lambda: (1, 2)):
        assert differences(lambda see, f=function: see.call(f), lambda see: see.call(lambda: None)) == []


def test_another_exception_of_the_same_type_is_told_apart():
    """The exception that a model raises reaches the caller itself: neither a copy nor one that wraps it."""
    error = ValueError("broken")

    def probe(raising):
        return lambda see: see.raised("the exception", raising, "it reaches the caller", error=error)

    def itself():
        raise error

    def a_copy():
        raise ValueError("broken")

    def wrapped():
        raise SystemError("failed") from error

    assert differences(probe(itself), probe(itself)) == []
    (difference,) = differences(probe(a_copy), probe(itself))
    assert difference.got == "raises ValueError, another exception than the one that was raised inside (broken)"
    assert "should reach the caller" in difference.means
    (difference,) = differences(probe(wrapped), probe(itself))
    assert difference.got.startswith("raises SystemError")


def test_a_requirement_that_is_asked_twice_says_of_which_call():
    def probe(second):
        def observe(see):
            see.value("the first loss", 1.0, "the loss is returned")
            see.value("the second loss", second, "the loss is returned")

        return observe

    (difference,) = differences(probe(3.0), probe(2.0))
    assert difference.asked == "the loss is returned (the second loss)"


def texts(**values):
    return {case: {"type": "str", "value": value} for case, value in values.items()}


KNOWN = {  # known wrong answers, and what each returns in the place of "right" in some cases
    "one": texts(a="one"),
    "two": texts(b="two"),
    "one, and more": texts(a="one", c="more"),
    "both": texts(b="two", d="other"),
}


RIGHT = texts(a="right")["a"]


def seen(value, kind="value"):
    return Record("test", (), (Observation("the result", kind, value),))


def known_in(answers, kind="value", right=RIGHT):
    """Return by case which known wrong answer does the same as one that returns ``answers`` where it is not right."""
    cases = "abcd"
    trials = {case: (Trial((Setup(0), Setup(0)), seen(right, kind)),) for case in cases}
    behaviours = tuple(
        (Wrong(name, "", name, ""), {c: [{"the result": differs[c]} if c in differs else {}] for c in cases})
        for name, differs in KNOWN.items()
    )
    reference = Reference("f", (), {case: f"it is {case}" for case in cases}, trials, behaviours)
    return verdict_on(reference, {case: [seen(answers.get(case, right), kind)] for case in cases})


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (texts(a="one"), ["This behaves like one"]),
        (texts(a="one", b="two"), ["When it is a: this behaves like one", "When it is b: this behaves like two"]),
        (texts(a="one", d="new"), ["When it is a: this behaves like one"]),
        (texts(a="new", b="two", d="other"), ["When it is b; when it is d: this behaves like both"]),
        (texts(c="more"), []),  # who does the same there differs in another case too
        (texts(d="new"), []),
    ],
)
def test_two_faults_are_each_named_by_the_cases_that_show_them(answers, said):
    told = like(known_in(answers))
    assert [one.removesuffix(f" {OTHERWISE}") for one in told] == said
    assert all(one.endswith(OTHERWISE) for one in told[-1:])


def test_who_differs_where_this_answer_agrees_is_not_named():
    """An answer that puts back what a known one leaves behind is not told that something is left."""

    def record(result, left):
        return Record("a", (), (Observation("the result", "value", result), Observation("left", "left", left)))

    one = texts(a="one")["a"]
    trials = dict.fromkeys("ab", (Trial((Setup(0), Setup(0)), record(RIGHT, [])),))
    leaving = Wrong("leaving", "", "one that leaves a hook", "")
    differs = {"a": [{"the result": one}], "b": [{"the result": one, "left": ["a hook on x"]}]}
    reference = Reference("f", (), {"a": "it is a", "b": "it is b"}, trials, ((leaving, differs),))
    assert like(verdict_on(reference, {"a": [record(one, [])], "b": [record(one, ["a hook on x"])]}))
    assert like(verdict_on(reference, {"a": [record(one, [])], "b": [record(one, ["another hook"])]}))
    assert like(verdict_on(reference, {"a": [record(one, [])], "b": [record(one, [])]})) == []


@pytest.mark.parametrize(("error", "told"), [(RuntimeError, True), (KeyError, False)])
def test_a_backward_that_does_not_reach_torch_tells_of_no_known_answer(error, told):
    def raising():
        raise error

    def of(result, run):
        return record(lambda see: (see.value("the result", result), see.gradients("a backward", run)))

    trial = Trial((Setup(0), Setup(0)), of("right", lambda: None))
    differs = {"a": [differing(of("right", raising), trial)], "b": [differing(of("one", raising), trial)]}
    reference = Reference("f", (), {"a": "a", "b": "b"}, dict.fromkeys("ab", (trial,)), ((Wrong(*"1234"), differs),))
    assert bool(like(verdict_on(reference, {"a": [of("right", raising)], "b": [of("two", raising)]}))) is told


def test_errors_of_one_type_are_told_apart_by_what_they_are_about():
    """A backward through what was freed is not what a known answer without a graph does, though both raise."""

    def raising(message):
        def run():
            raise RuntimeError(message)

        return record(lambda see: see.gradients("the result", run))

    right = record(lambda see: see.gradients("the result", lambda: None))
    trial = Trial((Setup(0), Setup(0)), right)
    known = differing(raising("element 0 of tensors does not require grad and does not have a grad_fn"), trial)
    reference = Reference("f", (), {"a": "a"}, {"a": (trial,)}, ((Wrong("one", "", "one", ""), {"a": [known]}),))

    def told(message):
        return like(verdict_on(reference, {"a": [raising(message)]}))

    assert told("element 1 of tensors does not require grad and does not have a grad_fn, in line 3 of its cell")
    assert told("Trying to backward through the graph a second time") == []
    assert told("The size of tensor a must match the size of tensor b") == []


def test_of_a_call_that_raises_nothing_is_concluded(monkeypatch):
    right, raises = {"raised": None, "returns": "a result"}, {"raised": "RuntimeError"}
    monkeypatch.setitem(KNOWN, "one", {"a": raises})
    assert like(known_in({"a": raises}, "raised", right))  # in all cases the same
    assert like(known_in({"a": raises, "d": raises}, "raised", right)) == []


def test_slips_of_python_are_told_apart_too():
    """Who hands a hook too few arguments is not told that a model is no sequence."""
    said = [
        "unsupported operand type(s) for *: 'float' and 'NoneType'",
        "'tuple' object has no attribute 'pow'",
        "<lambda>() takes 2 positional arguments but 3 were given",
        "f() got an unexpected keyword argument 'y', in line 2 of its cell",
        "list indices must be integers or slices, not str",
        "Boolean value of Tensor with more than one value is ambiguous",
        "'bool' object is not callable",
        "'Net' object is not iterable",
        "iteration over a 0-d tensor",
        "too many values to unpack (expected 2)",
        "'<' not supported between instances of 'str' and 'int'",
        "name 'F' is not defined",
        "what no line here knows",
    ]
    assert len(set(map(about, said))) == len(said) - 2  # both about arguments, and both about what is no collection
