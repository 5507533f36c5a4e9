"""What a submission's code may reach that runs later than its function: the log, what is noted, what is read."""

import gc
import json
import sys
import types
from collections import OrderedDict

import pytest
import torch
from support.forks import in_a_fork

from gradstop.grading.inside.guard.guard import Guard
from gradstop.graph import Census
from gradstop.internals.append_only import AppendOnly
from gradstop.observe import Storages, case, names_of, read_cases, run_case, unpatched
from gradstop.observe.log import ObservationLog
from gradstop.record import Observation, Setup

CASES = """
import torch
from gradstop.observe import case

class Task:
    def __init__(self):
        self.held = {"x": 1}

@case("f", "what it returns is used later")
def later(f, draw, see):
    x = draw.tensor("x", "leaf", (2,))
    before, noted = see.look(x=x), {"x": 1}
    task, rows, own = Task(), [[1], (2, [3])], torch.ones(2)
    optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    again = lambda: own * 1
    result = see.call(f, x)
    see.flags("the flags", result)
    see.value("what is noted", dict(noted))
    see.left("what is left", before, x=x)
    more = yield
    see.gradients("a backward", (result * 1).sum().backward, x=x)
    see.value("afterwards", 1)
"""


def callers():
    frame = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back


def log_below():
    return next(log for f in callers() if (log := getattr(f.f_locals.get("see"), "log", None)) is not None)


def observed(function):
    """Run the case as a judge has it run; return how often the guard would have ended the process, and the record."""
    guard, ended = Guard(), []
    guard._end = lambda: ended.append(True)
    first = []

    def challenge(record):
        first.append(record)
        return Setup(1)

    (later,) = cases = read_cases(CASES)["f"]
    guard.keep(*names_of([cases]))
    guard.keep_what_is_used(*names_of([cases]))
    guard.report_to(-1)
    guard.speak_by(challenge)
    guard._end = lambda: ended.append(True)
    second = run_case(
        later, guard.around(function), Setup(0), challenge, after=guard.after, watch=guard.watch, settle=guard.settle
    )
    found = (first[0] + second).observations
    return len(ended), {one.name: one.value for one in found if type(one) is Observation}


def hooked(x, hook):
    result = x * 1
    result.register_hook(hook)
    return result


def edits_in_a_hook(x):
    return hooked(x, lambda _: log_below().written.append("the flags"))


def adds_in_a_hook(x):
    return hooked(x, lambda _: log_below().names.add("afterwards"))


def edits_what_is_noted(x):
    for frame in callers():
        if frame.f_code.co_filename == "cases.py":
            frame.f_locals["noted"]["x"] = 2
    return x * 1


def of_the_case(name):
    return next(frame.f_locals[name] for frame in callers() if frame.f_code.co_filename == "cases.py")


def sets_an_attribute(x):
    of_the_case("task").held = {}
    return x * 1


def empties_an_attribute(x):
    of_the_case("task").held.clear()
    return x * 1


def gives_another_class(x):
    of_the_case("task").__class__ = type("Task", (type(of_the_case("task")),), {})
    return x * 1


def adds_to_a_list_in_a_list(x):
    of_the_case("rows")[0].append(2)
    return x * 1


def adds_to_a_list_in_a_tuple(x):
    of_the_case("rows")[1][1].append(2)
    return x * 1


def gives_a_tensor_another_class(x):
    of_the_case("own").__class__ = type("Own", (torch.Tensor,), {})
    return x * 1


def hangs_a_hook_on_an_optimizer(x):
    of_the_case("optimizer").register_step_pre_hook(lambda *_: None)
    return x * 1


def gives_an_optimizer_another_rate(x):
    of_the_case("optimizer").param_groups[0]["lr"] = 2.0
    return x * 1


def gives_an_optimizer_a_state(x):
    of_the_case("optimizer").state[x] = {}
    return x * 1


def gives_an_optimizer_another_step(x):
    of_the_case("optimizer").step = lambda: None
    return x * 1


def sets_a_name_by_a_closure(x):
    of_the_case("again").__closure__[0].cell_contents = x
    return x * 1


def sets_what_is_told_by_a_closure(x):
    told = next(frame.f_locals["challenge"] for frame in callers() if "challenge" in frame.f_locals)
    told.__closure__[0].cell_contents = []
    return x * 1


def empties_a_name_by_a_closure(x):
    del of_the_case("again").__closure__[0].cell_contents
    return x * 1


def draws_a_number(x):
    of_the_case("draw").number()
    return x * 1


def takes_an_option(x):
    of_the_case("draw")._taken[0] += 1
    return x * 1


def gives_a_stream_a_method(x):
    of_the_case("draw").stream.uniform = max
    return x * 1


def gives_a_class_that_raises_where_it_is_looked_at(x):
    def refuse(self):
        raise ValueError

    of_the_case("task").__class__ = type("Task", (type(of_the_case("task")),), {"__dict__": property(refuse)})
    return x * 1


def raises_and_sets_a_name_when_its_frame_is_dropped(x):
    dropped = Dropped(lambda: sets_a_name_by_a_closure(x))
    try:
        raise KeyError(dropped is None)
    except KeyError:
        raise ValueError from None


@pytest.mark.parametrize(
    "function",
    [
        raises_and_sets_a_name_when_its_frame_is_dropped,
        edits_in_a_hook,
        adds_in_a_hook,
        edits_what_is_noted,
        sets_an_attribute,
        empties_an_attribute,
        gives_another_class,
        adds_to_a_list_in_a_list,
        adds_to_a_list_in_a_tuple,
        gives_a_tensor_another_class,
        hangs_a_hook_on_an_optimizer,
        gives_an_optimizer_another_rate,
        gives_an_optimizer_a_state,
        gives_an_optimizer_another_step,
        sets_a_name_by_a_closure,
        empties_a_name_by_a_closure,
        gives_a_class_that_raises_where_it_is_looked_at,
        sets_what_is_told_by_a_closure,
        draws_a_number,
        takes_an_option,
        gives_a_stream_a_method,
    ],
)
def test_code_that_changes_what_is_observed_ends_the_process(function):
    def body():
        ended, _ = observed(function)
        assert ended >= 1

    in_a_fork(body)


def test_what_is_told_is_what_was_written():
    """What is in a value can be changed afterwards."""

    def body():
        guard, log, value = Guard(), ObservationLog("f"), {"requires_grad": True}
        guard.watch(log)
        log.write(Observation("the flags", "flags", value))
        guard.settle(written=True)
        value["requires_grad"] = False
        seen = [["the flags", "flags", {"requires_grad": True}, ""]]
        assert json.loads(guard.report(None)) == {"seen": seen, "stopped": None}
        assert json.loads(guard.report("an error")) == {"seen": [], "stopped": "an error"}

    in_a_fork(body)


def test_an_object_that_a_call_is_given_it_may_change():
    """In what holds it, too: an answer that does so is wrong, and disturbs nothing."""

    def body():
        names, ended, guard = {"__name__": "cases"}, [], Guard()
        source = """
class Settings:
    def __init__(self):
        self.scale = 1

def asks(function):
    settings = Settings()
    held = {"settings": settings}
    function([held])
    return settings.scale
"""
        exec(compile(source, "cases.py", "exec"), names)
        guard.keep(names)
        guard._end = lambda: ended.append(True)
        assert names["asks"](guard.around(lambda state: setattr(state[0]["settings"], "scale", 2))) == 2
        assert ended == []

    in_a_fork(body)


def test_what_a_call_has_returned_the_next_one_may_change():
    """Who returns one list for all calls has a wrong answer, and disturbs nothing; a list of the case's own is none."""

    def body():
        guard, ended = Guard(), []
        guard._end = lambda: ended.append(True)
        kept, own = [1], []

        def returns_one_list():
            kept.append(2)
            return kept

        def adds_to_the_cases(function):
            own.append(1)
            return function()

        source = """
def asks(function, mine):
    result = function()
    again = function()
    assert result is again
"""
        names = {}
        exec(compile(source, "cases.py", "exec"), names)
        names["asks"](guard.around(returns_one_list), own)
        assert ended == []
        names["asks"](guard.around(lambda: adds_to_the_cases(returns_one_list)), own)
        assert ended == [True, True]

    in_a_fork(body)


def test_what_a_case_deletes_is_not_kept_alive():
    def body():
        guard, records = Guard(), []

        def f(x):
            return x.exp()

        source = """
import gc
from gradstop.observe import Census, case
@case("f", "its result is dropped")
def drops(f, draw, see):
    census, x = Census(), draw.tensor("x", "leaf", (2,))
    result = census.tag(see.call(f, x))
    see.gradients("a backward", result.sum().backward, x=x)
    del result
    gc.collect()
    see.alive("what is alive", census)
    yield
"""
        (drops,) = read_cases(source)["f"]
        run_case(
            drops,
            guard.around(f),
            Setup(0),
            lambda first: records.append(first) or Setup(1),
            after=guard.after,
            watch=guard.watch,
            settle=guard.settle,
        )
        assert records[0].observations[-1].value == {"nodes": 0, "saved": 0}

    in_a_fork(body)


def test_an_ordinary_answer_with_a_hook_ends_nothing():
    def hooks(x):
        result = x * 1
        result.register_hook(lambda grad: 2 * grad)
        return result

    def body():
        ended, seen = observed(hooks)
        assert ended == 0
        assert seen["a backward"]["leaves"]["x"]["after"] == [2.0, 2.0]

    in_a_fork(body)


class Dropped:
    """Runs code when nobody has it any more."""

    def __init__(self, run):
        self.run = run

    def __del__(self):
        self.run()


def test_what_code_replaces_that_runs_when_an_object_is_dropped_is_put_back_before_anything_is_read():
    def drops(x):
        frame = next(f for f in callers() if f.f_code.co_name == "call")
        return x * 1, Dropped(lambda: setattr(unpatched, "requires_grad", lambda _: frame.f_lineno < 0))

    def body():
        guard = Guard()
        guard.keep(vars(unpatched))

        @case("f", "a part of the result is dropped")
        def dropping(f, draw, see):
            result, _ = see.call(f, draw.tensor("x", "leaf", (2,)))
            del _
            see.flags("the flags", result)
            yield

        record = []
        run_case(
            dropping,
            guard.around(drops),
            Setup(0),
            lambda first: record.append(first) or Setup(1),
            after=guard.after,
            watch=guard.watch,
            settle=guard.settle,
        )
        assert record[0].observations[-1].value["requires_grad"] is True

    in_a_fork(body)


def test_a_thread_that_an_earlier_call_has_left_running_is_refused_in_each_call():
    def body():
        import threading

        guard = Guard()
        start = threading.Thread(target=threading.Event().wait, daemon=True).start
        with pytest.raises(RuntimeError, match="left a thread"):
            guard.around(start)()
        with pytest.raises(RuntimeError, match="left a thread"):
            guard.around(lambda: None)()

    in_a_fork(body)


class LoudError(ValueError):
    """Says something by code of its own, and that it equals anything."""

    __hash__ = None

    def __eq__(self, other):
        return True

    def __str__(self):
        torch.is_grad_enabled = lambda: False
        return "loud"


def test_an_error_runs_no_code_that_stays_and_is_not_the_one_that_it_equals():
    def raises(x):
        raise LoudError

    def body():
        guard, records = Guard(), []

        @case("f", "it raises")
        def raising(f, draw, see):
            see.raised("the error", lambda: f(1), error=ValueError("mine"))
            see.grad_mode("the mode")
            yield

        run_case(
            raising,
            guard.around(raises),
            Setup(0),
            lambda first: records.append(first) or Setup(1),
            after=guard.after,
            watch=guard.watch,
            settle=guard.settle,
        )
        error, mode = records[0].observations
        assert error.value == {"raised": "LoudError", "the same object": False}
        assert mode.value is True

    in_a_fork(body)


class Name(str):
    """A text that compares by code of its own."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __lt__(self, other):
        return False


class ShownByNoMethod(str):
    """A text that is shown by code of its own, which is no method."""

    __slots__ = ()
    __hash__ = str.__hash__
    __str__ = staticmethod(lambda: "b")


def lying_items():
    held = OrderedDict(a=1)
    held.items = list
    return held


@pytest.mark.parametrize(
    "made", [lying_items, lambda: {Name("a"): 1}, lambda: [{Name("a"): 1}], lambda: {ShownByNoMethod("a"): 1}]
)
def test_a_dictionary_that_runs_code_when_it_is_read_is_refused(made):
    def body():
        with pytest.raises(TypeError):
            Guard().around(made)()

    in_a_fork(body)


def test_a_dictionary_with_torchs_own_keys_and_attributes_is_let_through():
    model = torch.nn.Linear(2, 2)

    def body():
        assert Guard().around(model.state_dict)()
        assert Guard().around(
            lambda: {model.weight: 1, model: 2, 3: 4, None: 5, torch.float32: 6, "a": 7, (1, 2.0): 8, len: 9}
        )()

    in_a_fork(body)


def test_what_was_counted_cannot_be_taken_away():
    kept, x = AppendOnly(), torch.ones(2, requires_grad=True)
    kept.add(1)
    kept.add(2)
    assert kept.all() == [1, 2]
    for thing, name in ((kept, "send"), (Census(), "tagged"), (Storages(), "made")):
        with pytest.raises(AttributeError):
            setattr(thing, name, None)
    assert not [one for one in gc.get_referents(kept.send.__self__.gi_frame) if isinstance(one, list | dict)]
    storages = Storages()
    h = x.exp()
    storages.add(h)
    assert storages.alive() == 1
    del h
    assert storages.alive() == 0
    assert isinstance(kept.send, types.BuiltinFunctionType)
