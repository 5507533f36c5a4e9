"""Calls a submission's function, and does after each call what keeps it from changing what is observed."""

import os
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from gradstop.grading.inside.channel import DISTURBED
from gradstop.grading.inside.guard.left_on import LeftOn, dropped, let_signals_through
from gradstop.grading.inside.guard.own import Mark, State, is_as_marked, set_state
from gradstop.grading.inside.guard.plain_values import require_plain_given

_T = TypeVar("_T")


def return_or_raise(
    into: list[Any], run: Callable[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> Any:
    """Put into a list what the call returns, and what it raises; return None. What was dropped is deleted now."""
    try:
        dropped.clear()
        let_signals_through()  # a handler that has waited runs now: after what it may change is marked
        into += run(*arguments, **keywords), None
    except BaseException as error:
        into += None, error


# What is given to it is on the stack of the frame that calls while the submission's code runs: no name leads there.
# Nothing but its own code runs meanwhile: ``silence`` is called between the two. What it uses first is held by its
# defaults, as in ``audit``.
def finish(
    restore: Callable[[], object],
    on: LeftOn,
    end: Callable[[], NoReturn],
    marked: Mark,
    state: State,
    given: tuple[Any, ...],
    called: list[Any],
    _: object,
    is_well: Callable[[Mark], bool] = is_as_marked,
    set_back: Callable[[State], bool] = set_state,
) -> Any:
    """Restore after a call; return what it has returned, or raise what it has raised."""
    if not is_well(marked) or not set_back(state) or (on.take_off() and not is_well(marked)):
        end()
    restore()
    for one in given:
        require_plain_given(one)
    result, error = called
    called.clear()  # it is one of the names of the frame that an error's traceback keeps
    if error is not None:
        try:
            raise error
        finally:
            del error, given  # or its traceback would keep both alive
    return result


def go_on(marked: Mark, end: Callable[[], NoReturn], result: _T, is_well: Callable[[Mark], bool] = is_as_marked) -> _T:
    """Return the result, which was computed since the mark was made, where all is as it was; the rest as ``finish``."""
    if not is_well(marked):
        end()
    return result


def say_so(
    descriptor: int, write: Callable[..., object] = os.write, leave: Callable[[int], NoReturn] = os._exit
) -> None:
    """Tell the judge that what observes was disturbed, and end this process: nothing that is observed counts."""
    write(descriptor, DISTURBED)
    leave(0)


def end_where_touched(
    before_cells: tuple[Mark, State] | None,
    descriptor: int,
    is_well: Callable[[Mark], bool] = is_as_marked,
    set_back: Callable[[State], bool] = set_state,
    disturbed: Callable[[int], None] = say_so,
) -> None:
    """Say so, and end this process, where what puts back is not as it was marked before the cells were run."""
    if before_cells is not None and not (is_well(before_cells[0]) and set_back(before_cells[1])):
        disturbed(descriptor)
