"""Sees whether a submission's function has changed what guards and observes: the frames below its call lead to both.

All that runs before the next look is marked before the call, in what the frame of the call alone has. What is used for
that is held by a default, as in ``audit``: builtins and this module's names may be changed.
"""

import operator
from collections.abc import Callable, Iterable
from typing import Any

from gradstop.grading.inside.guard.frames import (
    CONTAINERS,
    NAMES_CAN_BE_SET,
    contents_of,
    names_below,
    shared_names,
)
from gradstop.internals.words import Words
from gradstop.internals.written import words_of

Mark = tuple[Any, ...]
State = tuple[Any, ...]
_USED_FOR_STATE = (type, tuple, vars, dict.clear, dict.update)


def words_of_code(dictionaries: Iterable[Any]) -> tuple[Any, Any]:
    """Return the memory, and the places in it, of words that change when one of these dictionaries is written to."""
    words = Words(words_of(dictionaries))
    return words.memory, words.places


_NAMES = names_below if NAMES_CAN_BE_SET else shared_names
_USED = (type, len, vars, id, all, map, operator.is_, CONTAINERS, contents_of, _NAMES)


def _found(
    things: Iterable[Any], held: Iterable[Any], below: Any, used: tuple[Any, ...] = _USED
) -> tuple[list[Any], list[int]] | None:
    """Return what is in things and in containers that are held, and how many up to each; None for another class."""
    type, len, vars, id, _, _, _, containers, contents, names = used  # noqa: A001
    found = names(below)
    counts = [len(found)]  # up to each container: what moves from one to the next changes it
    for thing, kind, has_names, is_filled in things:
        if type(thing) is not kind:
            return None
        if has_names:
            values = vars(thing).values()
            found += values
            counts.append(len(found))
            if is_filled:
                for one in values:
                    if id(type(one)) in containers:
                        found += contents(one)
                        counts.append(len(found))
    for one in held:
        found += contents(one)
        counts.append(len(found))
    return found, counts


def mark(
    words: tuple[Any, Any],
    things: Iterable[Any],
    filled: Iterable[Any] = (),
    held: Iterable[Any] = (),
    below: Any = None if NAMES_CAN_BE_SET else (),
    memories: Iterable[memoryview] = (),
) -> Mark:
    """Note the words, of which class things are and what their attributes are; of filled ones, what is in those too.

    Of containers that are held it is noted what is in them; and what the names of frames ``below`` refer to: of one and
    all below it where names can be set, or those that frames share with functions inside of them. Of ``memories`` their
    bytes are noted; what they are of has to stay alive.
    """
    both = (*[(one, False) for one in things], *[(one, True) for one in filled])
    noted = tuple([(one, type(one), hasattr(one, "__dict__"), is_filled) for one, is_filled in both])
    held = tuple(held)
    memory, places = words
    bytes_of = tuple([(one, one.tobytes()) for one in memories])
    return memory, places, memory[places].tobytes(), noted, held, below, bytes_of, _found(noted, held, below)


def is_as_marked(
    marked: Mark,
    used: tuple[Any, ...] = _USED,
    look: Callable[..., Any] = _found,
) -> bool:
    """Return whether all is as it was when it was marked."""
    all, map, same = used[4:7]  # noqa: A001
    memory, places, known, noted, held, below, bytes_of, (before, counts) = marked
    if memory[places].tobytes() != known:
        return False
    for one, bytes in bytes_of:  # noqa: A001
        if one.tobytes() != bytes:
            return False
    try:
        now = look(noted, held, below)
    except BaseException:  # of code of the call's own, in what has another class or is empty now
        return False
    well: bool = now is not None and now[1] == counts and all(map(same, now[0], before))
    return well


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
