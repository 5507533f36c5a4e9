"""The judge against processes of every sort: it says what they are worth and is never stopped by one."""

import faulthandler
import os
import socket
import time
from contextlib import suppress

import pytest
from conftest import bench_of

from gradstop.compare import as_text
from gradstop.grading import judge as judging
from gradstop.grading.judge import judge_all, listening
from gradstop.grading.parse import parse_record
from gradstop.observe import Record
from gradstop.observe.channel import LONGEST, Channel, ProtocolError
from gradstop.observe.remote import serve

DETACH = bench_of("03-detach")


@pytest.fixture
def judge(monkeypatch):
    """Judge a process that runs ``behave(address)``; return the number of cases passed for each exercise."""
    monkeypatch.setattr(judging, "PATIENCE", 1.0)
    children = []

    def run(behave):
        def start(address):
            pid = os.fork()
            if pid == 0:
                faulthandler.disable()  # a child that aborts is meant to
                with suppress(BaseException):
                    behave(address)
                os._exit(0)
            children.append(pid)

        with listening() as server:
            verdicts = judge_all(server, start, DETACH.assignment.read_cases(), DETACH.references(0))
        run.verdicts = verdicts
        return {name: verdict.passed for name, verdict in verdicts.items()}

    yield run
    for pid in children:
        with suppress(ProcessLookupError):
            os.kill(pid, 9)
        os.waitpid(pid, 0)


def submission(**changed):
    namespace = {**DETACH.solutions, **changed}
    return lambda address: serve(address, namespace)


FULL = {"stop": 5, "scale_grad": 4, "one_path": 3, "semi_gradient_mse": 3, "to_numpy_copy": 3}
NOTHING = dict.fromkeys(FULL, 0)


def test_the_solutions_earn_full_marks(judge):
    assert judge(submission()) == FULL


def test_a_wrong_answer_costs_the_cases_it_fails(judge):
    data = next(a for a in DETACH.wrong["stop"] if a.name == "data")
    assert judge(submission(stop=data.function)) == {**FULL, "stop": 4}


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
def test_an_exercise_that_crashes_or_hangs_costs_itself_alone(judge, answer):
    assert judge(submission(stop=answer)) == {**FULL, "stop": 0}


def test_the_verdict_says_why_nothing_was_observed(judge):
    judge(submission(stop=lambda x: time.sleep(60), one_path=lambda x, w: os._exit(1)))
    said = {name: as_text(verdict) for name, verdict in judge.verdicts.items()}
    assert "a loop that never ends" in " ".join(said["stop"].split())
    assert "its process ended: a crash, or an exit" in " ".join(said["one_path"].split())


def test_silence_earns_nothing(judge):
    assert judge(lambda address: None) == NOTHING
    assert judge(lambda address: time.sleep(60)) == NOTHING
    assert judge(lambda address: Channel.connect(address).receive()) == NOTHING


def test_a_line_is_received():
    assert received(b'{"a": [1, 2.5, null]}\n') == {"a": [1, 2.5, None]}


def speak(address, answer):
    """Follow the protocol as one process, answering each order with ``answer(order)``."""
    control = Channel.connect(address)
    control.receive()
    for _ in FULL:
        control.receive()
        control.send({"pid": 1})
        with suppress(ProtocolError, OSError):
            channel = Channel.connect(address)
            while True:
                channel.send(answer(channel.receive()))
        control.receive()


@pytest.mark.parametrize(
    "answer",
    [
        lambda order: {"passed": True},
        lambda order: None,
        lambda order: [],
        lambda order: Record("anything").to_json(),
        lambda order: {**Record("anything").to_json(), "score": 4},
        lambda order: {**Record("anything").to_json(), "observations": [{"name": "the call"}] * 3},
        lambda order: {**Record("anything").to_json(), "observations": [[]] * 500},
        lambda order: "x" * (LONGEST + 10),
    ],
    ids=[
        "claims to pass",
        "null",
        "a list",
        "nothing seen",
        "an extra key",
        "half observations",
        "too many",
        "too long",
    ],
)
def test_a_report_of_another_form_earns_nothing(judge, answer):
    assert judge(lambda address: speak(address, answer)) == NOTHING


def received(line):
    here, there = socket.socketpair()
    with there:
        there.sendall(line)
    with Channel(here) as channel:
        return channel.receive()


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


def test_a_parsed_record_keeps_values_and_drops_what_the_judge_knows_better():
    data = Record("lie", ("lie",)).to_json()
    data["observations"] = [{"name": "n", "kind": "value", "value": 1, "asked": "lie", "read": "lie", "note": "said"}]
    record = parse_record(data, "truth")
    (observation,) = record.observations
    assert (record.case, record.given, observation.asked, observation.read) == ("truth", (), "", "")
    assert observation.note == "said"
