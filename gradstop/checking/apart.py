"""Runs a learner's answers in a process of their own: whatever ends it there ends nothing else."""

import json
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any

Lines = Generator[str, None, int]
_LINE, _DOING, _FAULT, _CODE = "line", "doing", "fault", "code"


def apart(work: Callable[[Callable[[str], None]], Lines]) -> Lines:
    """Yield the lines that ``work`` yields, and return the number that it returns; 1 where its process has ended.

    ``work`` is called with a function that takes down what it is about to do; that is said of a process that has ended.
    It runs in a fork on Linux, and in this process elsewhere. Nobody can type anything there.

    Raises:
        RuntimeError: where ``work`` raises, with its traceback as a note.

    """
    if sys.platform != "linux":
        return (yield from work(lambda _: None))
    reading, writing = os.pipe()
    with warnings.catch_warnings():  # numpy's threads are none that a fork would miss
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        os.close(reading)
        _work(work, writing)
    os.close(writing)
    doing = ""
    try:
        with os.fdopen(reading, encoding="utf-8") as said:
            for line in said:
                kind, value = json.loads(line)
                if kind == _CODE:
                    return int(value)
                if kind == _LINE:
                    yield value
                if kind == _FAULT:
                    fault = RuntimeError(value[0])
                    fault.add_note(value[1])
                    raise fault
                doing = value if kind == _DOING else doing
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        child = 0
    finally:
        if child:  # it is through, or nobody wants more of it: a thread of an answer's may run on
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    how = signal.strsignal(-status) if status < 0 else f"exit status {status}"
    yield f"  Python ended ({how}) while {doing} ran: look there for what ends it. What comes after was not run."
    return 1


def _work(work: Callable[[Callable[[str], None]], Lines], writing: int) -> None:
    """Send each line through a pipe, and end this process."""

    def send(kind: str, value: Any) -> None:
        os.write(writing, json.dumps([kind, value]).encode() + b"\n")

    code = 1
    try:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115 - it stays open
        lines = work(lambda name: send(_DOING, name))
        while True:
            send(_LINE, next(lines))
    except StopIteration as end:
        code = end.value
    except KeyboardInterrupt:  # the other process has been told too, and says it
        pass
    except BaseException as error:
        with suppress(BaseException):
            send(_FAULT, [f"{type(error).__name__}: {error}", traceback.format_exc()])
    finally:
        with suppress(BaseException):
            send(_CODE, code)
        os._exit(0)
