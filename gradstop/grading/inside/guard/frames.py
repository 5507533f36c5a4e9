"""What the frames below a call hold: containers, optimizers, objects of the cases' own classes, shared names.

What is used when the call has ended is held by a default, as in ``audit``: builtins and this module's names may be
changed.
"""

import sys
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Collection, Iterable
from inspect import CO_OPTIMIZED
from types import CellType, FrameType
from typing import Any

from torch import Tensor, nn

from gradstop.grading.inside.guard.audit import CASES
from gradstop.observe import Observer, run_case
from gradstop.observe.probes import HANDING_ON

_DICTIONARIES = (dict, Counter, OrderedDict, defaultdict)
CONTAINERS = frozenset(map(id, (list, set, *_DICTIONARIES)))  # by identity: a class may have a comparison of its own
_TENSORS = frozenset(map(id, (Tensor, nn.Parameter)))
LOOKED_INTO = frozenset({id(tuple), *CONTAINERS, *_TENSORS})
_USED_FOR_CONTENTS = (type, tuple, list, set, CellType, _DICTIONARIES, dict.keys, dict.values, vars, map)
_USED_FOR_NAMES = (type, CO_OPTIMIZED, (bool, int, float, str, bytes, type(None)))  # a closure may count with it
NAMES_CAN_BE_SET = sys.version_info >= (3, 13)  # those of a function that waits for another (PEP 667)
_PROBES, _RUNS = Observer.call.__code__.co_filename, run_case.__code__.co_filename
_HANDING_ON = frozenset(map(id, HANDING_ON))


def contents_of(one: Any, used: tuple[Any, ...] = _USED_FOR_CONTENTS) -> Any:
    """Return what is in a container: of a dictionary its keys and its values.

    Of an object it is its class and its attributes, of a tuple the classes of what is in it.
    """
    type, tuple, list, set, cell, dictionaries, keys, values, vars, map = used  # noqa: A001
    kind = type(one)
    if kind is list or kind is set:
        return tuple(one)
    if kind is tuple:
        return tuple(map(type, one))
    if kind is cell:
        return (one.cell_contents,)  # an empty one raises
    for known in dictionaries:  # by identity, as above
        if kind is known:
            return (*keys(one), *values(one))
    return (kind, *keys(vars(one)), *values(vars(one)))


def shared_names(frames: Iterable[FrameType], used: tuple[Any, ...] = _USED_FOR_NAMES) -> list[Any]:
    """Return what the names refer to that these frames share with functions inside of them: a closure can set them."""
    type, _, state = used  # noqa: A001
    found: list[Any] = []
    for frame in frames:
        code, variables = frame.f_code, frame.f_locals
        values = [variables[name] for name in code.co_cellvars + code.co_freevars if name in variables]
        found += [None if type(value) in state else value for value in values]
        variables.clear()  # as in ``held_by_frames``
    return found


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
    found: dict[int, tuple[int, ...]] = {}
    waiting = list(things)
    while waiting:
        thing = waiting.pop()
        if (type(thing) is tuple or id(type(thing)) in CONTAINERS) and id(thing) not in found:
            inside = thing if type(thing) is tuple else contents_of(thing)
            found[id(thing)] = tuple(map(id, inside))
            waiting += inside
    return found


def held_by_frames(
    frame: FrameType | None,
    given: Collection[Any],
    returned: dict[int, tuple[int, ...]],
    looked_into: frozenset[int],
    *,
    runs_a_case: bool,
) -> tuple[list[Any], tuple[FrameType, ...]]:
    """Return what variables of cases and probes hold, from a frame downwards, and the frames that share some.

    That is containers, optimizers and objects of the cases' own classes, and such as are in those; and, in a tuple, all
    tensors: things of the classes that are ``looked_into``. Left out is what is given to the function that is called,
    or is in that: it may change it. So it may what it has returned before, as ``contents_by_identity`` says. Where what
    is called ``runs_a_case`` in part, it may change a variable that functions inside of the case share.
    """
    free = contents_by_identity(given)
    seen = {*map(id, given), *free}.union(*free.values())
    found: list[Any] = []
    tensors: list[Any] = []
    sharing: list[FrameType] = []
    while frame is not None:
        code, file = frame.f_code, frame.f_code.co_filename
        if file == _RUNS:  # what is below runs all cases
            break
        if file in (CASES, _PROBES) and code.co_flags & CO_OPTIMIZED and id(code) not in _HANDING_ON:  # of a function
            variables = frame.f_locals
            waiting = [*variables.values()]
            shared = code.co_cellvars + code.co_freevars if file == CASES else ()
            if shared:
                sharing.append(frame)
                if runs_a_case:
                    waiting = [value for name, value in variables.items() if name not in shared]
            for one in waiting:  # which grows by what is in these
                kind = type(one)
                if id(kind) not in looked_into or id(one) in seen:
                    continue
                if id(kind) in _TENSORS:
                    tensors.append(one)
                elif kind is tuple:
                    waiting += one
                else:
                    seen.add(id(one))
                    inside = contents_of(one)
                    if returned and returned.get(id(one)) == tuple(map(id, inside)):
                        continue
                    found.append(one)
                    waiting += inside
            if type(variables) is dict:
                variables.clear()  # a copy up to CPython 3.12, which the frame keeps: what is deleted would stay alive
        frame = frame.f_back
    return [*found, tuple(tensors)], tuple(sharing)
