"""The judge against processes of every sort: it says what they are worth and is never stopped by one."""

import faulthandler
import os
import socket
import time
from contextlib import contextmanager, suppress
from functools import cache

import pytest
from support.course import bench_of, references_of

from gradstop.compare import as_text
from gradstop.grading.answer_key.control_selection import trusty_controls
from gradstop.grading.inside.channel import DISTURBED, MAX_LINE, Channel, ProtocolError
from gradstop.grading.inside.guard.guard import Guard
from gradstop.grading.inside.observed import observe_alone
from gradstop.grading.judging import judge
from gradstop.grading.judging.accepted import LONGEST, AcceptedReports
from gradstop.grading.judging.judge import CONTROLS, _Session, judge_all
from gradstop.grading.judging.parse import parse_record
from gradstop.grading.process import attempt
from gradstop.grading.process.submission_process import SubmissionLostError
from gradstop.record import Record

pytestmark = pytest.mark.xdist_group("judge")  # one set of references
DETACH = bench_of("03-detach")
PATIENCE = 4.0  # seconds; a busy machine may take one for a right answer


@cache
def controls():
    return trusty_controls(DETACH.assignment, references_of(DETACH, 0))


class Forks:
    """What the judge takes for a submission's process: forks ``behave(channel, exercise)`` for each exercise."""

    can_be_observed = True

    def __init__(self, behave):
        self._behave = behave

    @contextmanager
    def observe(self, name):
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            faulthandler.disable()  # a child that aborts is meant to
            ours.close()
            with suppress(BaseException):
                self._behave(Channel(theirs), name)
            os._exit(0)
        theirs.close()
        try:
            yield Channel(ours)
        finally:
            ours.close()
            os.kill(pid, 9)
            os.waitpid(pid, 0)

    def restart(self):
        """Do nothing: each exercise has a process of its own."""


def judged(behave, seconds=PATIENCE, accepted=None):
    """Judge a process; return the verdicts and whether each exercise could be trusted."""
    found = judge_all(Forks(behave), references_of(DETACH, 0), controls(), seconds, accepted)
    return {name: one.verdict for name, one in found.items()}, {name: one.trusted for name, one in found.items()}


def passed(behave):
    return {name: verdict.passed for name, verdict in judged(behave)[0].items()}


def submission(**changed):
    """Return a process that observes the solutions, but for the functions that are changed."""
    functions = {**DETACH.solutions, **changed}
    guard = Guard()
    return lambda judge, name: observe_alone(judge, guard, DETACH.cases[name], functions[name])


FULL = {"stop": 5, "scale_grad": 4, "one_path": 3, "semi_gradient_mse": 3, "to_numpy_copy": 3}
NOTHING = dict.fromkeys(FULL, 0)


def test_the_solutions_earn_full_marks_and_are_trusted():
    verdicts, trusted = judged(submission())
    assert {name: verdict.passed for name, verdict in verdicts.items()} == FULL
    assert all(trusted.values())


def test_a_wrong_answer_costs_the_cases_it_fails():
    data = next(a for a in DETACH.wrong["stop"] if a.name == "data")
    verdicts, _ = judged(submission(stop=data.function))
    assert {name: verdict.passed for name, verdict in verdicts.items()} == {**FULL, "stop": 4}
    assert verdicts["stop"].like.name == "data"


def test_what_was_accepted_before_is_not_read_again_and_makes_no_verdict_another_one(monkeypatch):
    read, accepted = [], {}

    def counted(data, case):
        read.append(case)
        return parse_record(data, case)

    monkeypatch.setattr(judge, "parse_record", counted)
    data = next(a for a in DETACH.wrong["stop"] if a.name == "data")
    trials = sum(len(each) for one in references_of(DETACH, 0).values() for each in one.trials.values())
    first, second = (judged(submission(), accepted=accepted) for _ in range(2))
    assert first == second
    again = (3 + 1) * CONTROLS * len(FULL)  # controls are others each time, and are told of with a run before and after
    assert 2 * trials <= len(read) <= 2 * (trials + again)
    assert judged(submission(stop=data.function), accepted=accepted) == judged(submission(stop=data.function))
    assert judged(submission(), accepted=accepted) == first


def test_what_is_longer_than_usual_is_not_kept():
    accepted = AcceptedReports()
    accepted.keep((0, "case", 0), {"seen": ["x" * LONGEST]}, {})
    assert accepted.read('{"done": {}}', (0, "case", 0), None) is None


@pytest.mark.parametrize(
    "answer",
    [
        lambda x: os._exit(1),
        lambda x: os.abort(),
        lambda x: time.sleep(60),
        lambda x: [None for _ in iter(int, 1)],
        lambda x: (_ for _ in ()).throw(SystemExit),
        3,
        None,
    ],
    ids=["exit", "abort", "sleep", "loop", "SystemExit", "no function", "missing"],
)
def test_an_exercise_that_crashes_or_hangs_costs_itself_alone(answer):
    assert passed(submission(stop=answer)) == {**FULL, "stop": 0}


def test_the_verdict_says_why_nothing_was_observed():
    verdicts, _ = judged(submission(stop=lambda x: time.sleep(60), one_path=lambda x, w: os._exit(1)))
    said = {name: " ".join(as_text(verdict).split()) for name, verdict in verdicts.items()}
    assert "a loop that never ends" in said["stop"]
    assert "its process ended: a crash, or an exit" in said["one_path"]


def test_every_exercise_has_controls_and_none_is_a_right_answer():
    assert controls().keys() == FULL.keys()
    assert all(controls().values())
    for name, known_controls in controls().items():
        known = references_of(DETACH, 0)[name].behaviours
        assert all(any(any(trials) for trials in known[control.number][1].values()) for control in known_controls)


def test_an_observer_that_lies_for_the_better_is_not_trusted():
    """What says of each function that it does what the solution does says so of the controls too."""
    guard = Guard()

    def lie(judge, name):
        class Forged(Channel):
            def receive(self, *args):
                message = judge.receive(*args)
                if "functions" in message:
                    message["functions"] = dict.fromkeys(message["functions"])
                return message

            def send_text(self, text):
                judge.send_text(text)

        observe_alone(Forged(socket.socket()), guard, DETACH.cases[name], DETACH.solutions[name])

    verdicts, trusted = judged(lie)
    assert not any(trusted.values())
    assert {name: verdict.passed for name, verdict in verdicts.items()} == NOTHING
    assert "could not be judged" in " ".join(as_text(verdicts["stop"]).split())


@pytest.mark.parametrize("name", FULL)
def test_among_the_controls_there_is_one_by_which_a_lie_shows_whatever_is_drawn(name):
    reference = references_of(DETACH, 0)[name]
    for _ in range(500):
        orders = _Session(reference, controls()[name], 1.0, AcceptedReports())._orders
        asked = [order for order in orders if order.control]
        assert len(asked) == CONTROLS
        assert any(reference.behaviours[one.control.number][1][one.case][one.index] for one in asked)


class SaysSoAndEnds:
    """What the judge takes for a submission's process: one that finds itself disturbed before it is told anything."""

    can_be_observed = True

    @contextmanager
    def observe(self, name):
        ours, theirs = socket.socketpair()
        with ours:
            theirs.sendall(DISTURBED)
            theirs.close()
            yield Channel(ours)

    def restart(self):
        """Do nothing: each exercise has a process of its own."""


def test_what_a_process_has_said_is_read_also_when_it_has_ended_before_it_is_told_anything():
    found = judge_all(SaysSoAndEnds(), references_of(DETACH, 0), controls(), PATIENCE)
    assert not any(one.trusted for one in found.values())


def test_no_process_and_silence_earn_nothing():
    nowhere = Forks(submission())
    nowhere.can_be_observed = False
    found = judge_all(nowhere, references_of(DETACH, 0), controls(), PATIENCE)
    assert {name: one.verdict.passed for name, one in found.items()} == NOTHING
    assert passed(lambda judge, name: None) == NOTHING


def test_a_process_that_is_lost_is_started_again_for_the_next_exercise():
    started = []

    class LostAtFirst(Forks):
        @contextmanager
        def observe(self, name):
            if not started:
                raise SubmissionLostError("it ended itself")
            with super().observe(name) as channel:
                yield channel

        def restart(self):
            started.append(1)

    found = judge_all(LostAtFirst(submission()), references_of(DETACH, 0), controls(), PATIENCE)
    assert {name: one.verdict.passed for name, one in found.items()} == {**FULL, "stop": 0}
    assert len(started) == 1


def test_after_an_exercise_that_never_ends_the_others_have_less_time(monkeypatch):
    monkeypatch.setattr(attempt, "LEAST_SECONDS", 0.1)
    said = [as_text(verdict) for verdict in judged(lambda *_: time.sleep(60), 1.0)[0].values()]
    assert ["had not returned after 1 s" in text for text in said] == [True, *[False] * 4]
    assert ["had not returned after 0.333333 s" in text for text in said] == [False, *[True] * 4]
    monkeypatch.setattr(attempt, "LEAST_SECONDS", 10.0)
    assert all("after 1 s" in as_text(verdict) for verdict in judged(lambda *_: time.sleep(60), 1.0)[0].values())


def answering(answer):
    """Return a process that follows the protocol and answers each order with ``answer``."""

    def behave(judge, name):
        judge.receive()
        judge.receive()
        judge.send({"done": None, "first": answer})
        while True:
            judge.receive()
            judge.send({"done": answer, "first": answer})

    return behave


@pytest.mark.parametrize(
    "answer",
    [
        {"passed": True},
        None,
        [],
        Record("anything").reported(),
        {**Record("anything").reported(), "score": 4},
        {"seen": [["the call"]] * 3, "stopped": None},
        {"seen": [[]] * 500, "stopped": None},
        {"seen": [["n", "value", 1, "x" * 1000]], "stopped": None},
        "x" * (MAX_LINE + 10),
    ],
    ids=[
        "claims to pass",
        "null",
        "a list",
        "nothing seen",
        "an extra key",
        "half observations",
        "too many",
        "a long note",
        "too long",
    ],
)
def test_a_report_of_another_form_earns_nothing(answer):
    assert passed(answering(answer)) == NOTHING


def received(line):
    here, there = socket.socketpair()
    with there:
        there.sendall(line)
    with Channel(here) as channel:
        return channel.receive(1.0)


def test_a_line_is_received():
    assert received(b'{"a": [1, 2.5, null]}\n') == {"a": [1, 2.5, None]}


@pytest.mark.parametrize("text", ["plain", "\u00e9\U0001f600\u2028\n\0", "\ud800", type("Text", (str,), {})("its own")])
def test_any_text_is_sent(text):
    here, there = socket.socketpair()
    with Channel(here) as ours, Channel(there) as theirs:
        theirs.send({"text": [text, 1.5, None]})
        assert ours.receive(1.0) == {"text": [text, 1.5, None]}


@pytest.mark.parametrize(
    "line",
    [
        b'{"a": 1, "a": 2}\n',
        b"NaN\n",
        b"[Infinity]\n",
        b"{\n",
        b'"unfinished"',
        b"",
        b"\xff\n",
        b"[" * 9999 + b"\n",
    ],
)
def test_a_channel_refuses_what_is_not_strict_json(line):
    with pytest.raises(ProtocolError):
        received(line)


def test_a_channel_waits_for_the_whole_line_no_longer_than_it_was_told():
    here, there = socket.socketpair()
    with there, Channel(here) as channel:
        there.sendall(b'{"a": ')
        with pytest.raises(TimeoutError):
            channel.receive(0.3)


def test_what_watches_a_channel_ends_the_wait():
    class EnoughError(Exception):
        pass

    def watch():
        raise EnoughError

    here, there = socket.socketpair()
    with there, Channel(here, watch) as channel, pytest.raises(EnoughError):
        channel.receive(30.0)


def test_a_parsed_record_keeps_what_was_seen():
    record = parse_record({"seen": [["n", "value", 1, "said"]], "stopped": None}, "truth")
    (observation,) = record.observations
    assert (record.case, record.given, observation.asked, observation.read) == ("truth", (), "", "")
    assert (observation.name, observation.kind, observation.value, observation.note) == ("n", "value", 1, "said")
