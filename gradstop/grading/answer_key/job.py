"""Makes the key to one exercise as plain data: in this process, or in a fork of a warm one, which has torch loaded."""

import os
import secrets
import socket
import traceback
from pathlib import Path
from typing import NoReturn

import msgspec

from gradstop.course import Assignment, CourseError
from gradstop.forkserver.request import Request
from gradstop.grading.answer_key.control_selection import trusty_controls
from gradstop.grading.answer_key.data import AnswerKey, KeyOrder, KeyReply
from gradstop.grading.answer_key.references import assignment_references, repeated_reference
from gradstop.observe import read_cases


def make_key(order: KeyOrder) -> KeyReply:
    """Return the reference and the controls of an exercise, and the titles of its cases by their names.

    What is wrong with the assignment is said in the reply.
    """
    assignment, exercise = Assignment(Path(order.folder)), order.exercise
    try:
        if order.setups is not None:
            reference = repeated_reference(assignment, exercise, order.setups)
        else:
            reference = assignment_references(assignment, lambda: secrets.randbits(63), exercise)[exercise]
        controls = trusty_controls(assignment, {exercise: reference})[exercise]
        cases = read_cases(assignment.read_cases())[exercise]
    except CourseError as problem:
        return KeyReply(problem=str(problem))
    except Exception as error:  # the code of whoever wrote the exercise
        said = " ".join(str(error).split())
        name = f"{assignment.name}'s own code cannot be run, {type(error).__name__}: {said[:300]}"
        return KeyReply(problem=name, traceback=traceback.format_exc())
    return KeyReply(AnswerKey(reference, controls, {case.name: case.title for case in cases}))


def run(request: Request, descriptors: list[int], status_fd: int) -> NoReturn:
    """Make a key in a fork of the warm process: the argument is the order, the key goes to the socket it is given."""
    os.write(status_fd, b"%d ready " % os.getpid())
    with socket.socket(fileno=descriptors[0]) as asker:
        asker.sendall(msgspec.json.encode(make_key(msgspec.json.decode(request.arguments[0], type=KeyOrder))))
    os._exit(0)
