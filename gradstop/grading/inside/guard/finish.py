"""Calls a submission's function, and does after each call what keeps it from changing what is observed."""

import os
from collections.abc import Callable
from typing import Any, NoReturn

from gradstop.grading.inside.channel import DISTURBED
from gradstop.grading.inside.guard.left_on import LeftOn, let_signals_through, silence
from gradstop.grading.inside.guard.own import Mark, State, is_as_marked, set_state
from gradstop.grading.inside.guard.plain_values import require_plain_given
from gradstop.internals.torch import set_frame_evaluation


def returned_or_raised(
    run: Callable[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> tuple[Any, BaseException | None]:
    """Return what the call returns, or what it raises."""
    try:
        let_signals_through()  # a handler that has waited runs now: after what it may change is marked
        return run(*arguments, **keywords), None
    except BaseException as error:
        return None, error


# What is given to it is on the stack of the frame that calls while the submission's code runs: no name leads there.
# What it uses first is held by its defaults, as in ``audit``.
def finish(
    restore: Callable[[], object],
    on: LeftOn,
    end: Callable[[], NoReturn],
    marked: Mark,
    state: State,
    given: tuple[Any, ...],
    result: Any,
    error: BaseException | None,
    set_evaluation: Callable[[None], object] = set_frame_evaluation,
    silence_all: Callable[[], None] = silence,
    is_well: Callable[[Mark], bool] = is_as_marked,
    set_back: Callable[[State], bool] = set_state,
) -> Any:
    """Restore after a call; return what it has returned, or raise what it has raised."""
    set_evaluation(None)  # first: another function could be run as other code
    silence_all()
    if not is_well(marked) or not set_back(state) or (on.take_off() and not is_well(marked)):
        end()
    restore()
    for one in given:
        require_plain_given(one)
    if error is not None:
        try:
            raise error
        finally:
            del error, given  # or its traceback would keep both alive
    return result


def say_so(
    descriptor: int, write: Callable[..., object] = os.write, leave: Callable[[int], NoReturn] = os._exit
) -> None:
    """Tell the judge that what observes was disturbed, and end this process: nothing that is observed counts."""
    write(descriptor, DISTURBED)
    leave(0)
