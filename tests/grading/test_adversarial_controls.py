"""Each defence of the grading path, taken away: then the attack wins or the harm is done, so a test of it can fail.

What reaches past a process is tried as an ordinary one, in a mild form and inside a temporary folder.
"""

import faulthandler
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import warnings
from collections import Counter
from contextlib import nullcontext, suppress
from dataclasses import replace
from functools import cache

import pytest
import torch
from nbformat.v4 import new_code_cell, new_output
from nbgrader.utils import determine_grade
from support.course import bench_of, references_of
from support.threats import FOLDER, FULL, SOLVED, code, fill, read_threat
from test_adversarial import Listener, harm, processes_with

from gradstop.compare import verdict_on
from gradstop.compare.kinds import KINDS
from gradstop.grading.answer_key import control_selection as controls_module
from gradstop.grading.answer_key.control_selection import trusty_controls
from gradstop.grading.inside import observed as observed_module
from gradstop.grading.inside.channel import Channel, ProtocolError
from gradstop.grading.inside.guard import before, left_on, plain_values
from gradstop.grading.inside.guard import finish as finish_module
from gradstop.grading.inside.guard import guard as guard_module
from gradstop.grading.inside.guard.audit import refuse_hooks_and_swapped_code
from gradstop.grading.inside.guard.guard import Guard, keep_kernels
from gradstop.grading.inside.guard.inner import Inner
from gradstop.grading.inside.guard.own import is_as_marked
from gradstop.grading.inside.guard.running import Running
from gradstop.grading.inside.warmup import warm_up
from gradstop.grading.intake.outputs import clean_text, parse_outputs
from gradstop.grading.intake.submission import read_cells, read_submission
from gradstop.grading.intake.template import Template
from gradstop.grading.judging import judge as judge_module
from gradstop.grading.judging.accepted import AcceptedReports
from gradstop.grading.judging.judge import _Session
from gradstop.grading.judging.parse import parse_record
from gradstop.grading.process import attempt as attempt_module
from gradstop.grading.process.attempt import Attempt
from gradstop.grading.process.submission_process import SubmissionLostError
from gradstop.grading.rules import Rules
from gradstop.internals.written import has_versions
from gradstop.observe import Draw, attached, case, names_of, observe, probes, read_cases, run_case, unpatched
from gradstop.observe import run as run_module
from gradstop.record import Observation, Setup
from gradstop.sandbox.calls import refuse_calls
from gradstop.sandbox.limits import Limits

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("adversarial")]
DETACH = bench_of("03-detach")


@cache
def references():
    return references_of(DETACH, 7)


TIME = 30.0  # seconds for the cases of one exercise


class NoGuard(Guard):
    """Changes nothing and refuses nothing."""

    def restore(self):
        return []

    def around(self, function):
        return function


def in_a_fork(body):
    """Run a function in a fork of this process, with a socket; return the other end of it and the fork's number."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        faulthandler.disable()  # what crashes is meant to
        warnings.simplefilter("ignore")
        keep_nothing_but(theirs.fileno())
        with suppress(BaseException):
            body(theirs)
        os._exit(0)
    theirs.close()
    return ours, pid


def said_by(body):
    """Return all that a function says through its socket, in a fork of this process, until it ends."""
    ours, pid = in_a_fork(body)
    with ours, ours.makefile("rb") as said:
        everything = said.read()
    ended(pid)
    return everything


def keep_nothing_but(descriptor):
    """Close what the tests themselves speak through: what runs now is hostile."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    os.closerange(3, descriptor)
    os.closerange(descriptor + 1, 1024)


def ended(pid):
    with suppress(ProcessLookupError):
        os.kill(pid, 9)
    os.waitpid(pid, 0)


def judged(
    name, exercise="stop", *, guard=Guard, take_away=lambda: None, controls=(), reference=None, together="", marked=True
):
    """Judge one exercise of a threat, observed in a fork of this process, after `take_away` has been called there.

    `together` names an exercise whose function is called before, in the same process; `marked` says whether it is seen
    what cells change of the guard.
    """
    reference = reference or references()[exercise]
    sections = [*SOLVED.items(), *read_threat(FOLDER / name).sections({})] if name else list(SOLVED.items())

    def body(connection):
        os.chdir(DETACH.assignment.reference.parent)
        known = read_cases(DETACH.assignment.read_cases())[exercise]
        take_away()
        watch, namespace = guard(), {"torch": torch}
        watch.keep(*names_of([known]))
        watch.keep_what_is_used(*names_of([known]))
        exec("import numpy, torch", namespace)

        def run_cells():
            for section, source in sections:
                if not section.startswith("check-"):
                    with suppress(Exception):
                        exec(source, namespace)
            if together:
                namespace[together](torch.ones(2))

        def observe_after(guard, before_cells, _):
            observed_module.observe_alone(Channel(connection), guard, known, namespace.get(exercise), before_cells)

        before_cells = watch.marked_before_cells() if marked else None
        observe_after(watch, before_cells, guard_module.silence((min, run_cells())[0]))

    ours, pid = in_a_fork(body)
    session = _Session(reference, list(controls), TIME, AcceptedReports())
    try:
        with Channel(ours) as channel:
            session.observe(channel)
    finally:
        ended(pid)
    return session.judged()


def passed(*arguments, **more):
    return judged(*arguments, **more).verdict.passed


# What observes -------------------------------------------------------------------------------------------------------


def test_without_raw():
    def body(connection):
        torch.Tensor.requires_grad = property(lambda self: False)
        leaf = torch.ones(1).requires_grad_()
        connection.sendall(json.dumps([leaf.requires_grad, unpatched.requires_grad(leaf)]).encode())

    ours, pid = in_a_fork(body)
    with ours:
        assert json.loads(ours.recv(100)) == [False, True]
    ended(pid)


def test_without_guard():
    assert passed("tampering-late-backward") == 4
    assert passed("tampering-late-backward", guard=NoGuard) == 5
    assert passed("honest-functions-patched") == 5
    assert passed("honest-functions-patched", guard=NoGuard) < 5


@pytest.mark.parametrize("name", ["function-mode", "dispatch-mode", "saved-tensor-hooks", "by-a-thread"])
def test_without_afterwards(name):
    def take_away():
        guard_module.LeftOn.take_off = guard_module.LeftOn.take_off_modes = lambda self: None

    least = {"by-a-thread": 0}.get(name, 3)
    assert least <= passed(f"tampering-{name}") < 5
    if name == "by-a-thread":  # which comes in time or not
        assert any(passed(f"tampering-{name}", take_away=take_away) >= 4 for _ in range(5))
    elif name == "dispatch-mode":
        assert passed(f"tampering-{name}", take_away=take_away) != passed(f"tampering-{name}")
    else:
        assert passed(f"tampering-{name}", take_away=take_away) == 5


@pytest.mark.parametrize(
    ("name", "exercise", "most"), [("lying-array", "to_numpy_copy", 1), ("reclassed-input", "stop", 5)]
)
def test_without_plain(name, exercise, most):
    def take_away():
        guard_module.require_plain = finish_module.require_plain_given = lambda value: None
        attached.require_plain_tensor = unpatched.require_plain = lambda tensor: None

    assert passed(f"tampering-{name}", exercise) == 0
    assert passed(f"tampering-{name}", exercise, take_away=take_away) == most


def test_without_given():
    def take_away():
        plain_values.require_plain_tensor = attached.require_plain_tensor = lambda tensor: None

    assert passed("tampering-hidden-hook") == 0
    assert passed("tampering-hidden-hook", take_away=take_away) == 5


def test_without_nodes():
    assert passed("tampering-hooks-on-nodes", "scale_grad") == 0
    take_away = lambda: setattr(attached, "_nodes", lambda _: iter(()))
    assert passed("tampering-hooks-on-nodes", "scale_grad", take_away=take_away) == 1


@pytest.mark.parametrize("name", ["targeted-kernel", "kernel-by-a-closure"])
def test_without_kernels(name):
    assert passed(f"tampering-{name}", take_away=keep_kernels) == 4
    assert passed(f"tampering-{name}") == 5


def test_without_what_runs():
    assert passed("tampering-what-runs", guard=warmed) == 4
    assert passed("tampering-what-runs") == 5


def warmed():
    guard = Guard()
    warm_up(guard)
    return guard


def test_without_instances():
    def take_away():
        Running._instance = lambda self, one: None

    assert passed("tampering-a-logger", guard=warmed) == 4
    assert passed("tampering-a-logger", guard=warmed, take_away=take_away) == 5


def test_without_special_methods():
    assert passed("tampering-special-methods") == 4
    assert (
        passed("tampering-special-methods", take_away=lambda: setattr(before, "_runs_unasked", lambda *_: False)) == 5
    )


@pytest.mark.parametrize(
    ("name", "taken_off"), [("operator-lookup", "look_up_operators_as_usual"), ("anomaly-mode", "set_anomaly_enabled")]
)
def test_without_taking_off(name, taken_off):
    assert passed(f"tampering-{name}") == 4
    assert passed(f"tampering-{name}", take_away=lambda: setattr(left_on, taken_off, lambda *_: None)) == 5


def test_without_inner():
    assert passed("tampering-a-property") == 4
    # From CPython 3.12 on code that has run often has noted what a property calls, and calls that when it was replaced.
    gained = (5,) if sys.version_info < (3, 12) else (4, 5)  # by how often it has run
    assert passed("tampering-a-property", take_away=lambda: setattr(Inner, "found_in", lambda *_: ([], []))) in gained


def take_away_at_the_end(used, nothing):
    """Have the guard do nothing in the place of one of the functions that it uses when a call has ended."""
    ended = finish_module.finish
    ended.__defaults__ = tuple(nothing if one is used else one for one in ended.__defaults__)


def go_on_always():
    observed_module.go_on = lambda marked, end, result: result


def see_no_mark():
    take_away_at_the_end(is_as_marked, lambda *_: True)
    go_on_always()


@pytest.mark.parametrize("name", ["what-restores", "what-is-drawn-from", "by-a-closure"])
def test_without_mark(name):
    assert not judged(f"tampering-{name}").trusted
    # The first call is still restored after: by what was looked up before it. Which case that is in is drawn.
    assert 5 in (passed(f"tampering-{name}", take_away=see_no_mark) for _ in range(8))


def stay_loud():
    guard_module.silence = lambda _: None
    go_on_always()


@pytest.mark.parametrize("name", ["after-the-look", "names-of-a-frame", "frame-evaluation", "a-trace-of-a-cell"])
def test_without_silence(name):
    assert passed(f"tampering-{name}") == 4
    assert passed(f"tampering-{name}", take_away=stay_loud) == 5


@pytest.mark.parametrize("name", ["the-guard-by-a-cell", "a-mode-of-a-cell"])
def test_without_before_cells(name):
    assert not judged(f"tampering-{name}").trusted
    assert passed(f"tampering-{name}", marked=False, take_away=go_on_always) == 5


@pytest.mark.parametrize("name", ["what-is-put-back", "what-a-case-drops"])
def test_without_session(name):
    def drop_at_once():
        go_on_always()
        *_, keep = before.restore.__defaults__
        before.restore.__defaults__ = tuple(len if one is keep else one for one in before.restore.__defaults__)

    assert not judged(f"tampering-{name}").trusted
    # From CPython 3.13 on one of them gains by the drawn order.
    assert any(passed(f"tampering-{name}", take_away=drop_at_once) == 5 for _ in range(8))


def test_without_known():
    def forget_nothing():
        observed_module._last_answer.__defaults__ = (lambda _: True,)

    assert passed("tampering-taken-for-known") == 4
    # It gains by the drawn order; where dictionaries have no versions seldom or never.
    gains = any(passed("tampering-taken-for-known", take_away=forget_nothing) == 5 for _ in range(16))
    assert gains or not has_versions()


def test_what_is_put_back_is_deleted_in_the_next_call():
    assert not judged("tampering-what-is-put-back", take_away=go_on_always).trusted


def test_without_noted():
    def take_away():
        probes.frozenset = lambda noted: Counter(dict(noted))

    assert passed("tampering-noted-before") == 4
    assert not judged("tampering-noted-before", take_away=take_away).trusted
    assert passed("tampering-noted-before", take_away=take_away, guard=NoMark) == 5


class NoMark(Guard):
    """Sees nothing that a call has changed of what observes."""

    def __init__(self):
        super().__init__()
        take_away_at_the_end(is_as_marked, lambda *_: True)


def test_what_is_replaced_between_the_phases_is_put_back():
    def take_away():
        report, real = Guard.report, torch.Tensor.sum

        def reported(self, stopped):
            torch.Tensor.sum = lambda tensor: 2 * real(tensor)
            return report(self, stopped)

        Guard.report = reported

    assert passed("", take_away=take_away) == 5


def test_without_learners_copy():
    """In this fork a notebook's import of the library is what observes: then even a right answer is lost."""
    assert passed("", "scale_grad", guard=NoGuard) == 4
    assert passed("tampering-our-library", "scale_grad", guard=NoGuard) == 0


def test_without_own():
    def take_away():
        guard_module.ours = lambda _: ()
        guard_module.used_by = lambda *namespaces: ([], [])

    assert passed("tampering-the-observer", "scale_grad") == 4
    assert passed("tampering-the-observer", "scale_grad", take_away=take_away) == 0


def test_without_hooks():
    """A hook at audit events is called while ours observes: between two phases, and when something is put back."""

    def body(connection):
        def events():
            seen, case = [], one_element
            sys.addaudithook(lambda event, _: seen.append(event))
            observe(case, lambda x: x, (Setup(0), Setup(1)))
            Guard().around(lambda: setattr(torch, "aside", seen))()
            return len(seen)

        connection.sendall(bytes([events() > 0]))
        refuse_hooks_and_swapped_code()
        connection.sendall(bytes([events() > 0]))

    assert said_by(body) == bytes([True, False])
    assert passed("tampering-others-code", take_away=refuse_hooks_and_swapped_code) == 4
    assert passed("tampering-others-code") == 5


def test_without_case_names():
    def take_away():
        Guard.keep = lambda self, *names: None

    assert not judged("forgery-case-names").trusted
    assert passed("forgery-case-names", take_away=take_away) == 5


def test_without_used_classes():
    def take_away():
        guard_module.used_by = lambda *namespaces: ([], [])

    assert passed("tampering-used-classes") == 4
    assert passed("tampering-used-classes", take_away=take_away) == 5


def test_without_kinds():
    def take_away():
        guard_module.kinds_of = lambda _: ()

    for name in ("tampering-module-class", "tampering-metaclass"):
        assert passed(name) == 4
        assert passed(name, take_away=take_away) == 5


@case("echo", "a backward is run twice")
def two_backwards(function, draw, see):
    x = draw.tensor("x", "leaf", (3,))
    result = see.call(function, x)
    yield
    see.gradients("the first", result.sum().backward, x=x)
    see.raised("the second", lambda: x.sum().backward())


def test_without_afterwards_in_a_backward():
    """A hook on the result is a submission's code that runs when the function has long returned."""
    real = torch.Tensor.backward

    def later(x):
        result = x * 1
        result.register_hook(lambda grad: setattr(torch.Tensor, "backward", lambda self: 1 / 0))
        return result

    def raised(**more):
        record = run_case(two_backwards, Guard().around(later), Setup(0), lambda record: Setup(1), **more)
        torch.Tensor.backward = real
        return record.observations[-1].value["raised"]

    def body(connection):
        connection.sendall(json.dumps([raised(after=Guard().after), raised()]).encode())

    assert json.loads(said_by(body)) == [None, "ZeroDivisionError"]


def test_without_controls(monkeypatch):
    """A few are drawn; here so many that one is, in each run of this test, of those that this disturbance changes."""
    monkeypatch.setattr(judge_module, "CONTROLS", 40)
    controls = trusty_controls(DETACH.assignment, references())["stop"]
    assert controls
    assert judged("", controls=controls).trusted

    def disturb():
        run_module.Observer.flags = lambda self, name, *_: self._write(
            name, "flags", {"requires_grad": False, "is_leaf": True}, "", ""
        )
        run_module.Observer._attempt = lambda self, run: (None, "")

    assert judged("", take_away=disturb).trusted
    assert not judged("", take_away=disturb, controls=controls).trusted


def test_without_poor_controls(monkeypatch):
    """Whoever takes the best of the controls earns nothing by them; chosen one by one, they would be worth a case."""

    bench = bench_of("05-no-grad")

    def stolen():
        reference = references_of(bench, 0)["no_grad_stream"]
        (chosen,) = trusty_controls(bench.assignment, {"no_grad_stream": reference}).values()
        behaviours = [reference.behaviours[control.number][1] for control in chosen]
        return [case for case in reference.trials if any(not any(differs[case]) for differs in behaviours)]

    assert stolen() == []
    monkeypatch.setattr(controls_module, "_flawless", lambda faults: 0)
    assert stolen()


def test_without_fresh_seeds():
    assert passed("forgery-replay", reference=DETACH.recorded["stop"]) == 5
    assert passed("forgery-replay") == 0


@case("echo", "an element is looked at that is chosen later")
def one_element(function, draw, see):
    result = see.call(function, draw.tensor("x", shape=(8,)))
    later = yield
    see.value("the element", result[later.integer(0, 7)])


def test_without_lockstep():
    """The function that knows the second phase's seed when it is called prepares for it alone."""
    known = [None]

    def prepared(x):
        place = 0 if known[0] is None else Draw(known[0]).integer(0, 7)
        result = torch.zeros(8)
        result[place] = 2 * x[place]
        return result

    def agreed(seeds):
        wanted = observe(one_element, lambda x: 2 * x, seeds).observations[-1].value
        return observe(one_element, prepared, seeds).observations[-1].value == wanted

    seeds = [(Setup(number), Setup(1000 + number)) for number in range(20)]
    assert sum(map(agreed, seeds)) < 10
    for pair in seeds:
        known[0] = pair[1]
        assert agreed(pair)


def test_without_turns():
    reference = references()["stop"]
    first = lambda found: {name: trials[:1] for name, trials in found.items()}
    behaviours = [(answer, first(found)) for answer, found in reference.behaviours]
    once = replace(reference, trials=first(reference.trials), behaviours=behaviours)
    assert passed("forgery-by-call-count") == 0
    # The first call is right: it earns where the first trial, which is drawn, has no second call.
    assert 1 in (passed("forgery-by-call-count", reference=once) for _ in range(8))


@pytest.mark.parametrize("name", ["honest-grad-mode-off", "honest-modes-left-on"])
def test_without_calm(name):
    def take_away():
        observed_module.reset = lambda: None

    assert passed(name, "scale_grad") == 4
    assert passed(name, "scale_grad", take_away=take_away) < 4


def test_without_fork():
    """In one process, a crash in one exercise costs the next."""
    assert passed("resources-crash-in-one") == 0
    assert passed("resources-crash-in-one", "scale_grad") == 4
    assert passed("resources-crash-in-one", "scale_grad", together="stop") == 0


# What judges ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outputs", [[new_output("execute_result", {"text/plain": "5.0"})], []])
def test_without_judge(outputs):
    """Stock nbgrader takes a cell's output for its score, and none for a full one."""
    cell = new_code_cell("5.0", outputs=outputs, metadata={"nbgrader": {"grade": True, "points": 5, "solution": False}})
    assert determine_grade(cell) == (5, 5)


def test_without_strict():
    for data in ({"seen": float("nan"), "stopped": None}, {"seen": [["a"]], "stopped": None}, [], {"seen": [], "x": 1}):
        with pytest.raises(ProtocolError):
            parse_record(data, "a case")
        with pytest.raises((TypeError, KeyError)):
            _ = [Observation(*item) for item in data["seen"]], data["stopped"]
    deep = {"type": "x"}
    for _ in range(sys.getrecursionlimit()):
        deep = {"type": "list", "items": [deep]}
    with pytest.raises(RecursionError):
        KINDS["structure"].words(deep)
    name, trials = next(iter(references()["stop"].trials.items()))
    lie = replace(trials[0].record, observations=(Observation("the result's values", "value", deep, note="\ud800"),))
    assert verdict_on(references()["stop"], {name: [lie] * len(trials)}).passed == 0


def test_without_template():
    notebook = json.loads((DETACH.assignment.reference.parent / "detach.ipynb").read_text())
    template = Template(json.loads(json.dumps(notebook)))
    fill(notebook, [("stop", "def stop(x): ...")])
    claimed = code("5.0", "check-stop")
    claimed["metadata"]["nbgrader"].update(grade=True, locked=True, solution=False, points=1e9)
    notebook["cells"] += [claimed, code("def stop(x):\n    return x.detach()", "stop")]
    restored = template.restore(notebook["cells"])

    def points(cells):
        marks = [cell["metadata"].get("nbgrader", {}) for cell in cells]
        return sum(mark.get("points", 0) for mark in marks if mark.get("grade"))

    def twice(cells):
        marks = [mark["grade_id"] for cell in cells if (mark := cell["metadata"].get("nbgrader"))]
        return len(marks) - len(set(marks))

    assert points(notebook["cells"]) > 1e9
    assert twice(notebook["cells"]) == 2
    assert points(restored["cells"]) == sum(FULL.values())
    assert twice(restored["cells"]) == 0


@pytest.mark.parametrize("name", ["honest-byte-order-mark", "honest-utf-16", "honest-cp1252"])
def test_without_reader(name, tmp_path):
    shutil.copy(DETACH.assignment.reference.parent / "detach.ipynb", tmp_path)
    scope = {}
    exec((FOLDER / name / "make.py").read_text(), scope)
    scope["make"](tmp_path)
    data = (tmp_path / "detach.ipynb").read_bytes()
    assert len(read_cells(data, "detach.ipynb")) > 10
    with pytest.raises(ValueError, match=r"codec|decode|Expecting"):
        json.loads(data.decode())


def test_without_outputs():
    bad = "<script>alert(1)</script><img src=x onerror=alert(1)><a href='javascript:alert(1)'>x</a>"
    item = {"output_type": "display_data", "metadata": {}, "data": {"text/html": bad, "text/plain": "x"}}
    assert len(harm(bad)) == 3
    assert harm(parse_outputs([item])[0]["data"]["text/html"]) == harm(clean_text(bad)) == []


def test_without_plain_files(tmp_path):
    folder = tmp_path / "student" / "03-detach"
    shutil.copytree(DETACH.assignment.reference.parent, folder)
    (tmp_path / "canary").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "canary")
    shutil.copytree(folder, tmp_path / "as a copy has it")
    assert (tmp_path / "as a copy has it" / "link").read_text() == "secret"
    assert "link" not in read_submission("student", folder / "detach.ipynb").files


def test_without_stray(tmp_path):
    """A process that starts in the folder of the submission takes its torch.py for torch."""
    (tmp_path / "torch.py").write_text("raise RuntimeError('this is not the module')\n")
    done = subprocess.run([sys.executable, "-c", "import torch"], cwd=tmp_path, capture_output=True, text=True)
    assert "this is not the module" in done.stderr


class WarmProcess:
    """A warm process whose submissions run nothing; each cell shows what there is room for, and some kill theirs."""

    rules = Rules(cell=1.0, total=60.0)

    def __init__(self, *deadly):
        self.deadly, self.started = deadly, 0

    def start_submission(self, cases, files):
        self.started += 1
        return nullcontext(self)

    def run(self, source, seconds, room):
        if source in self.deadly:
            raise SubmissionLostError("it crashed")
        text = "@" * min(room, 240_000)
        return [{"output_type": "stream", "name": "stdout", "text": text}], len(text)


def outputs_of(warm_process, number):
    cells = [{"cell_type": "code", "metadata": {}, "source": f"cell {i}"} for i in range(number)]
    with Attempt(warm_process, "", {}, cells) as attempt:
        attempt.run_cells()
        return attempt.outputs


def test_without_output(monkeypatch):
    assert len(repr(outputs_of(WarmProcess(), 100))) < 1.1 * attempt_module.MAX_OUTPUT
    monkeypatch.setattr(attempt_module, "MAX_OUTPUT", float("inf"))
    assert len(repr(outputs_of(WarmProcess(), 100))) > 20_000_000


def test_without_left_out():
    """One process that runs the cells in turn is lost with the second."""
    warm_process = WarmProcess("cell 1")
    with pytest.raises(SubmissionLostError):
        _ = [warm_process.run(f"cell {number}", 1, 1000) for number in range(3)]
    shown = outputs_of(warm_process, 3)
    assert [output[0]["output_type"] for _, output in sorted(shown.items())] == ["stream", "error", "stream"]


def test_without_a_number_of_cells_that_are_left_out(monkeypatch):
    """Each cell that ends its process costs another one: a thousand such cells, a thousand processes."""
    for most in (attempt_module.MAX_LOST, 40):
        monkeypatch.setattr(attempt_module, "MAX_LOST", most)
        warm_process = WarmProcess(*(f"cell {number}" for number in range(1, 99)))
        shown = outputs_of(warm_process, 99)
        assert warm_process.started == most + 1
        assert [shown[number][0].get("ename") for number in (0, 1, most, most + 1)] == [
            *(None, "CellLost", "CellLost", "NotRun"),
        ]


# What walls in -------------------------------------------------------------------------------------------------------


def plain(source, **more):
    """Run code as an ordinary process; return what it printed."""
    done = subprocess.run([sys.executable, "-S", "-c", source], capture_output=True, text=True, timeout=60, **more)
    return done.stdout


def test_without_files(tmp_path):
    (tmp_path / "canary.txt").write_text("secret")
    assert "secret" in plain(f"print(open('{tmp_path}/canary.txt').read())")
    plain(f"open('{tmp_path}/written', 'w').write('x')")
    assert (tmp_path / "written").exists()


def test_without_network():
    with Listener("control") as listener:
        plain(
            "import socket\n"
            f"socket.create_connection(('127.0.0.1', {listener.port}))\n"
            f"socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'packet', ('127.0.0.1', {listener.port}))\n"
            f"socket.socket(socket.AF_UNIX).connect('{listener.path}')\n"
            "socket.socket(socket.AF_UNIX).connect('\\0control')\n"
        )
        deadline = time.monotonic() + 5
        while len(listener.received) < 4 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert sorted(listener.received) == [b"a connection", b"a connection", b"a connection", b"packet"]


def test_without_processes():
    marker = f"left-behind-{os.getpid()}"
    lazy_imports = (
        "import subprocess\n"
        "quiet = {'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL, 'start_new_session': True}\n"
        f"print(subprocess.Popen(['/bin/sleep', '60'], env={{'M': '{marker}'}}, **quiet).pid)\n"
    )
    pid = int(plain(lazy_imports))
    try:
        deadline = time.monotonic() + 5  # until the kernel shows the environment of the program that has just begun
        while not (found := processes_with(marker)) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert any(f"process {pid}:" in one for one in found)
    finally:
        os.kill(pid, 9)


def test_without_calls():
    def body(connection):
        os.close(os.memfd_create("free"))
        connection.sendall(b"free, ")
        with suppress(OSError):
            ctypes_no_new_privileges()
        refuse_calls()
        try:
            os.memfd_create("refused")
        except PermissionError:
            connection.sendall(b"refused")

    ours, pid = in_a_fork(body)
    with ours:
        time.sleep(0.2)
        assert ours.recv(100) == b"free, refused"
    ended(pid)


def ctypes_no_new_privileges():
    from gradstop.sandbox import system

    system.no_new_privileges()


def test_without_memory():
    def body(connection):
        block = bytearray(96 << 20)
        del block
        connection.sendall(b"free, ")
        Limits(memory=32 << 20).apply()
        try:
            bytearray(96 << 20)
        except MemoryError:
            connection.sendall(b"refused")

    assert said_by(body) == b"free, refused"


def test_without_sockets():
    """An ordinary process may fill sockets with more memory than it has itself."""
    more = 2 * Limits().sockets
    source = (
        "import socket\n"
        f"held = [socket.socketpair() for _ in range({more} // 2)]\n"
        "print(len(held), sum(pair[0].send(bytes(1 << 17), socket.MSG_DONTWAIT) for pair in held))\n"
    )
    number, sent = map(int, plain(source).split())
    assert number == more // 2
    assert sent > 10 << 20


def test_without_count():
    """An ordinary process may start more threads than a sandbox may have processes and threads."""
    start = "threading.Thread(target=time.sleep, args=(10,), daemon=True).start()"
    source = f"import threading, time\nfor _ in range(200): {start}\n"
    assert plain(source + "print(threading.active_count())").strip() == "201"
    assert Limits().processes < 200


def test_without_time():
    ours, pid = in_a_fork(lambda connection: [None for _ in iter(int, 1)])
    time.sleep(0.5)
    assert os.waitpid(pid, os.WNOHANG) == (0, 0)  # it would go on for ever
    ours.close()
    ended(pid)


def test_without_disk(tmp_path):
    more = Limits().disk + (1 << 20)
    plain(f"open('{tmp_path}/large', 'wb').write(bytes({more}))")
    assert (tmp_path / "large").stat().st_size == more


CONTROLS = {
    name.removeprefix("test_without_").replace("_", "-") for name in dict(globals()) if name.startswith("test_without_")
}
