"""Makes the key to one exercise as plain data: in this process, or in a fork of a warm one, which has torch loaded."""

import json
import os
import secrets
import socket
from pathlib import Path
from typing import NoReturn

from gradstop.course import Assignment, CourseError
from gradstop.grading.key.controls import trusty_controls
from gradstop.grading.key.references import assignment_references, repeated_reference
from gradstop.kernels.request import Request
from gradstop.observe import read_cases
from gradstop.record import Json


def make_key(order: Json) -> Json:
    """Return the reference and the controls of an exercise, and the titles of its cases by their names.

    ``order`` names the assignment's ``folder`` and the ``exercise``. It is observed in the turns whose ``setups`` it
    gives, by case, or with secret numbers. What is wrong with the assignment is said in ``problem``.
    """
    assignment, exercise = Assignment(Path(order["folder"])), order["exercise"]
    try:
        if "setups" in order:
            reference = repeated_reference(assignment, exercise, order["setups"])
        else:
            reference = assignment_references(assignment, lambda: secrets.randbits(63), exercise)[exercise]
        controls = trusty_controls(assignment, {exercise: reference})[exercise]
        cases = read_cases(assignment.read_cases())[exercise]
    except CourseError as problem:
        return {"problem": str(problem)}
    except Exception as error:  # the code of whoever wrote the exercise
        said = " ".join(str(error).split())
        return {"problem": f"{assignment.name}'s own code cannot be run, {type(error).__name__}: {said[:300]}"}
    return {
        "reference": reference.to_json(),
        "controls": [vars(control) for control in controls],
        "titles": {case.name: case.title for case in cases},
    }


def run(request: Request, streams: list[int], tells: int) -> NoReturn:
    """Be what a warm process forks for a key: the argument is the order, the key goes to the second stream."""
    os.write(tells, b"%d ready " % os.getpid())
    with socket.socket(fileno=streams[1]) as asker:
        asker.sendall(json.dumps(make_key(json.loads(request.arguments[0]))).encode())
    os._exit(0)
