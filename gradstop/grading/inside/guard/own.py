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
from gradstop.observe import Observer, run_case

Mark = tuple[Any, ...]
State = tuple[Any, ...]


def _contents(one: Any, used: tuple[Any, ...] = (type, tuple, list, set, dict.keys, dict.values)) -> tuple[Any, ...]:
    """Return what is in a container: of a dictionary its keys and its values."""
    type, tuple, list, set, keys, values = used  # noqa: A001
    return tuple(one) if type(one) in (list, set) else (*keys(one), *values(one))


_USED_FOR_STATE = (type, tuple, vars, dict.clear, dict.update)
_CONTAINERS = frozenset(map(id, (list, dict, set, Counter)))  # by identity: a class may have a comparison of its own
_USED = (type, tuple, map, all, len, vars, zip, operator.is_, id, _CONTAINERS, _contents)
_USED_FOR_NAMES = (type, CO_OPTIMIZED, (bool, int, float, str, bytes, type(None)))  # a closure may count with it
NAMES_CAN_BE_SET = sys.version_info >= (3, 13)  # those of a function that waits for another (PEP 667)
_PROBES, _RUNS = Observer.call.__code__.co_filename, run_case.__code__.co_filename


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
    type, tuple, _, _, _, _, _, _, id, containers, contents = used  # noqa: A001
    noted = [(thing, type(thing), _values(thing), ()) for thing in things]
    for thing in filled:
        values = _values(thing)
        inside = tuple([contents(one) for one in values if id(type(one)) in containers])
        noted.append((thing, type(thing), values, inside))
    memory, places = words
    apart = tuple([(one, contents(one)) for one in held])
    return memory, places, memory[places].tobytes(), tuple(noted), apart, frame, names_below(frame)


def _values(thing: Any) -> tuple[Any, ...]:
    return tuple(vars(thing).values()) if hasattr(thing, "__dict__") else ()


def is_as_marked(marked: Mark, used: tuple[Any, ...] = _USED) -> bool:
    """Return whether all is as it was when it was marked."""
    type, tuple, map, all, len, vars, zip, same, id, containers, contents = used  # noqa: A001
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
            pairs += zip(inside, [contents(one) for one in now if id(type(one)) in containers])
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


def contents_by_identity(things: Iterable[Any]) -> dict[int, tuple[int, ...]]:
    """Return by identity which containers these are or have in them, and what is in each, by identity too."""
    found, waiting = dict[int, tuple[int, ...]](), list(things)
    while waiting:
        thing = waiting.pop()
        if (type(thing) is tuple or id(type(thing)) in _CONTAINERS) and id(thing) not in found:
            inside = thing if type(thing) is tuple else _contents(thing)
            found[id(thing)] = tuple(map(id, inside))
            waiting += inside
    return found


def held_by_frames(frame: FrameType | None, given: Iterable[Any], returned: dict[int, tuple[int, ...]]) -> list[Any]:
    """Return the containers that variables of cases and probes hold, from a frame downwards.

    Left out is what is given to the function that is called, or is in that: it may change it. So it may what it has
    returned before, as ``contents_by_identity`` says. What it calls may change a variable that functions inside of a
    case share.
    """
    free, found = contents_by_identity(given), list[Any]()
    while frame is not None:
        code, file = frame.f_code, frame.f_code.co_filename
        if file == _RUNS:  # what is below runs all cases
            break
        if file in (CASES, _PROBES) and code.co_flags & CO_OPTIMIZED:  # of a function
            variables = frame.f_locals
            held = [one for one in variables.values() if id(type(one)) in _CONTAINERS and id(one) not in free]
            held = [one for one in held if returned.get(id(one)) != tuple(map(id, _contents(one)))]
            if held and file == CASES:
                shared = [variables.get(name) for name in code.co_cellvars + code.co_freevars]
                held = [one for one in held if not any(one is other for other in shared)]
            found += held
            if type(variables) is dict:
                variables.clear()  # a copy up to CPython 3.12, which the frame keeps: what is deleted would stay alive
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
