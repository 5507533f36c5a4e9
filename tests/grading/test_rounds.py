"""Who takes much longer than the others is graded after them."""

import msgspec
import pytest

from gradstop.grading.assess import Unit
from gradstop.grading.intake.submission import Submission
from gradstop.grading.planning.rounds import LEAST, TIMES, Rounds
from gradstop.grading.process.submission_process import PutOffError, SubmissionProcess
from gradstop.grading.rules import Rules


def share_of(rounds: Rounds) -> float | None:
    unit = rounds.unit(Submission("ann", b"{}", {}), Rules())
    return msgspec.json.decode(unit, type=Unit).share


def test_a_share_is_several_times_what_the_others_took():
    rounds = Rounds(9)
    assert share_of(rounds) == LEAST
    rounds.graded(0.1)
    assert share_of(rounds) == LEAST
    for _ in range(3):
        rounds.graded(LEAST)
    assert share_of(rounds) == TIMES * LEAST


def test_where_all_take_long_a_share_grows():
    rounds = Rounds(9)
    shares = []
    for name in ("ann", "ben", "eve"):
        shares.append(share_of(rounds))
        rounds.put_off.append(name)
    assert shares == [LEAST, 2 * LEAST, 4 * LEAST]


def test_nobody_is_put_off_for_whom_nobody_waits():
    assert share_of(Rounds(1)) is None
    rounds = Rounds(2)
    assert [share_of(rounds), share_of(rounds)] == [LEAST, LEAST]  # the first is entered when the last is graded
    rounds.put_off.append("ann")
    (names,) = rounds.later()
    assert names == ["ann"]
    assert share_of(rounds) is None
    assert rounds.put_off == []


def test_who_takes_long_is_said_where_others_did_not():
    rounds = Rounds(2)
    assert rounds.said(["ann", "eve"]) == ""
    rounds.graded(LEAST)
    assert rounds.said(["ann", "eve"]) == "graded last, as it takes long: ann, eve"


def test_several_that_are_put_off_have_twice_the_share_before_they_wait_for_those_that_never_end():
    rounds = Rounds(9)
    rounds.graded(LEAST)
    rounds.put_off += ["ann", "eve"]
    later = rounds.later()
    assert (next(later), share_of(rounds)) == (["ann", "eve"], 2 * TIMES * LEAST)
    rounds.put_off.append("eve")
    assert (next(later), share_of(rounds)) == (["eve"], None)


@pytest.mark.parametrize("ask", [lambda process: process.run("", 1.0, 10), lambda process: process._watch()])
def test_whatever_is_asked_of_a_process_past_its_time_puts_it_off(ask):
    process = SubmissionProcess.__new__(SubmissionProcess)
    process.until = 0.0
    with pytest.raises(PutOffError):
        ask(process)
