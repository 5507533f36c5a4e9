"""Sees whether a submission's function has changed what guards and observes: the frames below its call lead to both.

All that runs before the next look is marked before the call, in what the frame of the call alone has. What is used for
that is held by a default, as in ``audit``: builtins and this module's names may be changed.
"""

import operator
import sys
from collections.abc import Iterable
from inspect import CO_OPTIMIZED
from types import FrameType
from typing import Any

from gradstop.internals.words import Words
from gradstop.internals.written import words_of

_USED_FOR_STATE = (type, tuple, vars, dict.clear, dict.update)
_USED = (type, tuple, map, all, len, vars, zip, operator.is_, (list, dict, set))
_USED_FOR_NAMES = (type, CO_OPTIMIZED, (bool, int, float, str, bytes, type(None)))  # a closure may count with it
NAMES_CAN_BE_SET = sys.version_info >= (3, 13)  # those of a function that waits for another (PEP 667)
Mark = tuple[Any, ...]
State = tuple[Any, ...]


def words_of_code(dictionaries: Iterable[Any]) -> tuple[Any, Any]:
    """Return the memory, and the places in it, of words that change when one of these dictionaries is written to."""
    words = Words(words_of(dictionaries))
    return words.memory, words.places


def mark(
    words: tuple[Any, Any],
    things: Iterable[Any],
    filled: Iterable[Any] = (),
    frame: FrameType | None = None,
    used: tuple[Any, ...] = _USED,
) -> Mark:
    """Note the words, of which class things are and what their attributes are; of filled ones, what is in those too.

    Of this frame and those below it what their names refer to is noted.
    """
    type, tuple, _, _, _, vars, _, _, containers = used  # noqa: A001
    noted = [(thing, type(thing), tuple(vars(thing).values()), ()) for thing in things]
    for thing in filled:
        values = tuple(vars(thing).values()) if hasattr(thing, "__dict__") else ()
        noted.append((thing, type(thing), values, tuple([tuple(one) for one in values if type(one) in containers])))
    memory, places = words
    return memory, places, memory[places].tobytes(), tuple(noted), frame, names_below(frame)


def is_as_marked(marked: Mark, used: tuple[Any, ...] = _USED) -> bool:
    """Return whether all is as it was when it was marked."""
    type, tuple, map, all, len, vars, zip, same, containers = used  # noqa: A001
    memory, places, known, noted, frame, names = marked
    if memory[places].tobytes() != known:
        return False
    pairs: list[Any] = [(names, names_below(frame))]
    for thing, kind, values, inside in noted:
        if type(thing) is not kind:
            return False
        now = tuple(vars(thing).values()) if values else ()
        pairs.append((values, now))
        if inside:
            pairs += zip(inside, [tuple(one) for one in now if type(one) in containers])
    well: bool = all(len(before) == len(after) and all(map(same, before, after)) for before, after in pairs)
    return well


def names_below(frame: FrameType | None, used: tuple[Any, ...] = _USED_FOR_NAMES) -> list[Any]:
    """Return what the names of functions refer to: of this frame and those below it."""
    type, optimized, state = used  # noqa: A001
    found: list[Any] = []
    while frame is not None:
        code = frame.f_code
        if code.co_flags & optimized:
            shared = code.co_cellvars + code.co_freevars
            names = frame.f_locals
            found += [None if name in shared and type(names[name]) in state else names[name] for name in names]
        frame = frame.f_back
    return found


def state_of(written: Any, used: tuple[Any, ...] = _USED_FOR_STATE) -> State:
    """Note what is known of dictionaries, which a call inside of another looks at, and learns more of."""
    type, tuple, vars, *_ = used  # noqa: A001
    things = [written, *[words for words in vars(written).values() if type(words) is Words]]
    state: State = tuple([(thing, type(thing), tuple(vars(thing).items())) for thing in things])
    return state


def set_state(state: State, used: tuple[Any, ...] = _USED_FOR_STATE) -> bool:
    """Let that be known which was noted, whatever was done to it; return whether the objects are of their class."""
    type, _, vars, clear, update = used  # noqa: A001
    for thing, kind, items in state:
        if type(thing) is not kind:
            return False
        held = vars(thing)
        clear(held)
        update(held, items)
    return True
