"""Sees whether a submission's function has changed what guards and observes: the frames below its call lead to both.

All that runs before the next look is marked before the call, in what the frame of the call alone has. What is used for
that is held by a default, as in ``audit``: builtins and this module's names may be changed.
"""

import operator
import sys
from collections import Counter
from collections.abc import Iterable
from inspect import CO_OPTIMIZED
from types import FrameType
from typing import Any

from gradstop.grading.inside.guard.audit import CASES
from gradstop.internals.words import Words
from gradstop.internals.written import words_of
from gradstop.observe import Observer

Mark = tuple[Any, ...]
State = tuple[Any, ...]


def _contents(one: Any, used: tuple[Any, ...] = (type, tuple, list, set, dict.keys, dict.values)) -> tuple[Any, ...]:
    """Return what is in a container: of a dictionary its keys and its values."""
    type, tuple, list, set, keys, values = used  # noqa: A001
    return tuple(one) if type(one) in (list, set) else (*keys(one), *values(one))


_USED_FOR_STATE = (type, tuple, vars, dict.clear, dict.update)
_USED = (type, tuple, map, all, len, vars, zip, operator.is_, (list, dict, set), _contents)
_CONTAINERS = (list, dict, set, Counter)
_USED_FOR_NAMES = (type, CO_OPTIMIZED, (bool, int, float, str, bytes, type(None)))  # a closure may count with it
NAMES_CAN_BE_SET = sys.version_info >= (3, 13)  # those of a function that waits for another (PEP 667)
_PROBES = Observer.call.__code__.co_filename


def words_of_code(dictionaries: Iterable[Any]) -> tuple[Any, Any]:
    """Return the memory, and the places in it, of words that change when one of these dictionaries is written to."""
    words = Words(words_of(dictionaries))
    return words.memory, words.places


def mark(
    words: tuple[Any, Any],
    things: Iterable[Any],
    filled: Iterable[Any] = (),
    held: Iterable[Any] = (),
    frame: FrameType | None = None,
    used: tuple[Any, ...] = _USED,
) -> Mark:
    """Note the words, of which class things are and what their attributes are; of filled ones, what is in those too.

    Of containers that are held it is noted what is in them; of the frame and those below it what their names refer to.
    """
    type, tuple, _, _, _, vars, _, _, containers, contents = used  # noqa: A001
    noted = [(thing, type(thing), tuple(vars(thing).values()), ()) for thing in things]
    for thing in filled:
        values = tuple(vars(thing).values()) if hasattr(thing, "__dict__") else ()
        noted.append((thing, type(thing), values, tuple([contents(one) for one in values if type(one) in containers])))
    memory, places = words
    inside = tuple([(one, contents(one)) for one in held])
    return memory, places, memory[places].tobytes(), tuple(noted), inside, frame, names_below(frame)


def is_as_marked(marked: Mark, used: tuple[Any, ...] = _USED) -> bool:
    """Return whether all is as it was when it was marked."""
    type, tuple, map, all, len, vars, zip, same, containers, contents = used  # noqa: A001
    memory, places, known, noted, held, frame, names = marked
    if memory[places].tobytes() != known:
        return False
    pairs: list[Any] = [(names, names_below(frame)), *[(before, contents(one)) for one, before in held]]
    for thing, kind, values, inside in noted:
        if type(thing) is not kind:
            return False
        now = tuple(vars(thing).values()) if values else ()
        pairs.append((values, now))
        if inside:
            pairs += zip(inside, [contents(one) for one in now if type(one) in containers])
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


def held_by_frames(frame: FrameType | None, given: Iterable[Any]) -> list[Any]:
    """Return the containers that variables of cases and probes hold, from a frame downwards.

    Left out is what is given to the function that is called, or is in that: it may change it. So may what it calls
    change a variable that functions inside of a case share.
    """
    free, found = set[int](), dict[int, Any]()
    waiting = list(given)
    while waiting:
        thing = waiting.pop()
        if type(thing) in (*_CONTAINERS, tuple) and id(thing) not in free:
            free.add(id(thing))
            waiting += thing.values() if isinstance(thing, dict) else thing
    while frame is not None:
        code = frame.f_code
        if code.co_filename in (CASES, _PROBES) and code.co_flags & CO_OPTIMIZED:  # of a function
            shared = () if code.co_filename == _PROBES else (*code.co_cellvars, *code.co_freevars)
            variables = frame.f_locals
            for name, value in variables.items():
                if type(value) in _CONTAINERS and id(value) not in free and name not in shared:
                    found[id(value)] = value
            if type(variables) is dict:
                variables.clear()  # a copy up to CPython 3.12, which the frame keeps: what is deleted would stay alive
        frame = frame.f_back
    return list(found.values())


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
