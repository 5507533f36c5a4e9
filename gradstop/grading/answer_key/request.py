"""Where the judge, itself without torch, gets an exercise's answer key from: a fork of the warm process makes it."""

import logging
import os
from concurrent.futures import ThreadPoolExecutor

import msgspec

from gradstop.course import Assignment, CourseError, graded_cells
from gradstop.grading.answer_key.data import AnswerKey, KeyOrder, KeyReply
from gradstop.grading.process.submission_process import WarmProcessLostError
from gradstop.grading.process.warm_process import WarmProcess
from gradstop.record import Setups

_log = logging.getLogger(__name__)
JOB = "gradstop.grading.answer_key.job:run"


def secret_answer_keys(assignment: Assignment, warm_process: WarmProcess | None) -> dict[str, AnswerKey]:
    """Return the key to each exercise of an assignment of ``solutions/``, under secret seeds.

    Each is made in a fork of its own, as many at a time as there are cores; without a warm process, in this one.

    Raises:
        CourseError: where the assignment, or its code, is faulty.

    """
    exercises = [cell.grade_id for cell in graded_cells(assignment.notebook) if cell.solution]
    orders = [KeyOrder(str(assignment.folder), name) for name in exercises]
    if warm_process is None:
        from gradstop.grading.answer_key.job import make_key  # brings torch

        return {order.exercise: _key(make_key(order)) for order in orders}
    makers = ThreadPoolExecutor(os.cpu_count())
    try:
        return dict(zip(exercises, makers.map(lambda order: _asked(order, warm_process), orders), strict=True))
    finally:
        makers.shutdown(wait=False, cancel_futures=True)  # where it is stopped, the warm process's end is theirs too


def repeated_answer_key(
    assignment: Assignment, exercise: str, setups: dict[str, list[Setups]], warm_process: WarmProcess
) -> AnswerKey:
    """Return the key to one exercise in given trials: for each case the setups of its trials.

    Raises:
        CourseError: where the assignment, or its code, is faulty.

    """
    return _asked(KeyOrder(str(assignment.folder), exercise, setups), warm_process)


def _asked(order: KeyOrder, warm_process: WarmProcess) -> AnswerKey:
    return _key(warm_process.with_restarts(lambda: _reply(warm_process, order)))


def _key(reply: KeyReply) -> AnswerKey:
    if reply.key is None:
        if reply.traceback:
            _log.error("%s\n%s", reply.problem, reply.traceback)
        raise CourseError(reply.problem)
    return reply.key


def _reply(warm_process: WarmProcess, order: KeyOrder) -> KeyReply:
    said = warm_process.call(JOB, msgspec.json.encode(order).decode())
    if not said.endswith(b"}"):
        raise WarmProcessLostError("the fork has ended before it had answered")
    return msgspec.json.decode(said, type=KeyReply)
