"""Puts back what a submission has changed of torch and of Python, before it is observed and after each of its calls.

What a submission has added stays (an attribute on ``Tensor`` that its own functions use), unless it hides something.
"""

import base64
import builtins
import copy
import gc
import json
import math
import operator
import os
import random
import select
import signal
import socket
import sys
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, TypeVar

import numpy
import torch
from torch import nn

from gradstop.grading.inside.classes import Kinds, used_by
from gradstop.internals.cpython import (
    WORK_IS_HANDED_OVER,
    pthread_sigmask,
    thread_count,
    version_tag,
    waiting_pool_threads,
)
from gradstop.internals.torch import (
    TensorBase,
    dispatch_mode_count,
    function_mode_count,
    global_hooks,
    namespaces,
    pop_dispatch_mode,
    pop_function_mode,
    pop_saved_tensors_hooks,
    refuse_registrations,
    set_frame_evaluation,
    top_saved_tensors_hooks,
)

_MISSING = object()
_HOLDERS: tuple[Any, ...] = (
    builtins,
    base64,
    copy,
    json,
    math,
    operator,
    os,
    random,
    select,
    signal,
    socket,
    socket.socket,
    time,
    torch.Tensor,
    nn.Parameter,
    nn.Module,
    torch.autograd.Function,
    torch,
    torch.autograd,
    torch.autograd.graph,
    torch.autograd.functional,
    torch.autograd.function,
    torch.func,
    torch.nn,
    nn.functional,
    nn.init,
    nn.utils,
    torch.optim,
    torch.optim.Optimizer,
    torch.utils.checkpoint,
    *namespaces,
    numpy,
)
_OBSERVING = ("gradstop.observe", "gradstop.record", "gradstop.internals", "gradstop.grading.inside")
_T = TypeVar("_T")
_LOOKS, _WAIT = range(100), 0.01  # at a thread that is about to end; seconds between two of them
_BLOCK, _UNBLOCK, _ALL_SIGNALS = int(signal.SIG_BLOCK), int(signal.SIG_UNBLOCK), signal.valid_signals()
_BY_TORCH = {"torch.manual_seed"}  # torch._dynamo puts another in its place when it is loaded
_CONTAINERS = (list, dict, OrderedDict, defaultdict)
# What is called after each call of a submission's function, out of its reach.
_sleep, _waitpid, _no_hang = time.sleep, os.waitpid, os.WNOHANG
_collection, _no_collection = gc.enable, gc.disable
_gettrace, _settrace, _getprofile, _setprofile = sys.gettrace, sys.settrace, sys.getprofile, sys.setprofile


class Guard:
    """What torch and Python, and what observes, looked like when the guard was made."""

    def __init__(self) -> None:
        self._before: tuple[_Before, ...] = ()
        self._kinds = Kinds()
        observing = [vars(module) for name, module in sys.modules.items() if name.startswith(_OBSERVING[0])]
        self._hold((*_HOLDERS, *_ours()), *used_by(*observing))

    def keep(self, *names: dict[str, Any]) -> None:
        """Put these back too, and the classes that their functions use.

        A submission's code finds the names by way of the frames below its call.
        """
        self._hold(map(_Names, names), *used_by(*names))

    def _hold(self, holders: Iterable[Any], classes: Iterable[type], modules: Iterable[Any]) -> None:
        known = {id(before.holder) for before in self._before}
        fresh = {id(one): one for one in (*holders, *classes) if id(one) not in known}
        self._kinds.hold((*fresh.values(), *modules))
        self._before += tuple(map(_Before, fresh.values()))
        self._tags = [before.tag for before in self._before if before.tag is not None]
        self._known = [before.known for before in self._before]

    def restore(self) -> list[str]:
        """Put back what has been replaced, taken away or hidden; return the names of what torch has not done itself.

        Raises:
            RuntimeError: where it does not stay.

        """
        changed: list[str] = []
        for _ in _LOOKS:  # once more, for what is dropped may run code of the submission's when it is
            # One pass over the versions: most of the time nothing has been written to anything.
            found = self._kinds.restore()
            if not found and self._tags and [tag.value for tag in self._tags] == self._known:
                break
            found += [name for before in self._before if before.differs() for name in before.restore()]
            self._known = [before.known for before in self._before]
            changed += found
            if not (found or self._tags):
                break
        else:
            raise RuntimeError("what is put back is replaced again and again")
        return [name for name in changed if name not in _BY_TORCH]

    def after(self, run: Callable[[], _T]) -> _T:
        """Return what ``run`` does, a backward in which hooks of the submission's may run, and restore after it."""
        on = _On()
        try:
            return run()
        finally:
            set_frame_evaluation(None)  # here: another function could be run as other code
            on.take_off()
            self.restore()

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with a guard that restores when it has returned, and that refuses lying results."""

        def guarded(*args: Any, **kwargs: Any) -> Any:
            on = _On()
            _collection()
            try:
                result = function(*args, **kwargs)
            finally:
                set_frame_evaluation(None)
                on.take_off()
                self.restore()
                for given in (*args, *kwargs.values()):
                    _require_plain(given)
            _require_plain(result)
            return result

        return guarded


class _Names:
    """What a dictionary holds, as attributes."""

    __name__ = "names"

    def __init__(self, held: dict[str, Any]) -> None:
        self.__dict__ = held


class _Before:
    """What one module or class held."""

    def __init__(self, holder: Any) -> None:
        self.holder, self._name = holder, holder.__name__
        self._items = dict(vars(holder))
        self._identities = list(map(id, self._items.values()))
        # To read it takes a fiftieth of the time of a look at the items.
        self.tag = version_tag(vars(holder))
        self.known = self.tag.value if self.tag is not None else 0  # the version that held nothing to be put back

    def differs(self) -> bool:
        """Whether anything may have been written to it; always, on a Python whose dictionaries have no version."""
        return self.tag is None or self.tag.value != self.known

    def restore(self) -> list[str]:
        """Put back what is not as it was; return the names."""
        version = self.tag.value if self.tag is not None else 0
        now = vars(self.holder)
        # By identity, and in one pass of the interpreter's own: a value may claim to equal any other.
        changed: list[str] = []
        if list(map(id, now.values())) != self._identities:
            changed = [f"{self._name}.{name}" for name in (*self._put_back(now), *self._uncover(now))]
        if not changed:
            self.known = version
        return changed

    def _put_back(self, now: Any) -> list[str]:
        changed = [name for name, value in self._items.items() if now.get(name, _MISSING) is not value]
        for name in changed:
            setattr(self.holder, name, self._items[name])
        return changed

    def _uncover(self, now: Any) -> list[str]:
        """Take away what has been added and hides something: of a base class, or of builtins."""
        hidden = self.holder.__mro__[1:] if isinstance(self.holder, type) else (builtins,)
        hiding = [name for name in now if name not in self._items and any(name in vars(one) for one in hidden)]
        for name in hiding:
            delattr(self.holder, name)
        return hiding


def _ours() -> Iterator[Any]:
    """Yield the modules that observe, and their classes: what is loaded of them when a guard is made."""
    for name, module in list(sys.modules.items()):
        if name.startswith(_OBSERVING):
            yield module
            yield from (
                thing for thing in vars(module).values() if isinstance(thing, type) and thing.__module__ == name
            )


class _On:
    """What was on before a call: modes, hooks, a trace, threads."""

    def __init__(self) -> None:
        self._function_modes, self._dispatch_modes = function_mode_count(), dispatch_mode_count()
        self._hooks = top_saved_tensors_hooks()
        self._global_hooks = list(map(tuple, global_hooks))
        self._trace, self._profile, self._callbacks = _gettrace(), _getprofile(), len(gc.callbacks)
        self._threads = _running_threads()

    def take_off(self) -> None:
        """Take off what the call has left on.

        Raises:
            RuntimeError: for a thread or a process that goes on.

        """
        _settrace(self._trace)
        _setprofile(self._profile)
        _no_collection()  # of what runs code when it is collected, until the next call
        block_signals()
        del gc.callbacks[self._callbacks :]
        while function_mode_count() > self._function_modes:
            pop_function_mode()
        while dispatch_mode_count() > self._dispatch_modes:
            pop_dispatch_mode()
        while (top := top_saved_tensors_hooks()) is not None and top != self._hooks:
            pop_saved_tensors_hooks()
        if any(global_hooks):
            for held, before in zip(global_hooks, self._global_hooks, strict=True):
                for number in set(held).difference(before):
                    del held[number]
        _wait_for_threads(self._threads)
        with suppress(ChildProcessError):
            if not _waitpid(-1, _no_hang)[0]:
                raise RuntimeError("the function has left a process running")


def _wait_for_threads(before: int) -> None:
    """Return when no more threads run than before.

    Raises:
        RuntimeError: where one goes on.

    """
    for _ in _LOOKS:
        if _running_threads() <= before:
            return
        _sleep(_WAIT)
    raise RuntimeError("the function has left a thread running")


def _running_threads() -> int:
    """Count the threads but this one; those of a pool that wait for work run nothing."""
    count = thread_count()
    waiting = waiting_pool_threads() if count else 0
    if waiting and WORK_IS_HANDED_OVER:
        _sleep(_WAIT)  # until who has been handed some has begun
        count, waiting = thread_count(), waiting_pool_threads()
    return count - waiting


def block_signals() -> None:
    """Let no handler of the submission's run from now on: an alarm, or what another of its threads sends."""
    pthread_sigmask(_BLOCK, _ALL_SIGNALS)


def free_signals() -> None:
    """Let the submission's handlers run; one that has waited runs now, and what it raises is raised here."""
    pthread_sigmask(_UNBLOCK, _ALL_SIGNALS)


def keep_kernels() -> None:
    """Refuse other kernels for torch's own operators from now on; operators of the submission's own are free."""
    refuse_registrations("aten", "torch's own operators stay as they are in a notebook that is graded")


def _require_plain(value: Any, depth: int = 3) -> None:
    """Raise TypeError for a tensor, an array or a container that could answer for itself."""
    if isinstance(value, TensorBase):
        if type(value) not in (torch.Tensor, nn.Parameter):
            raise TypeError(f"a tensor of the class {type(value).__name__}, where a plain one is asked for")
        hiding = [name for name in vars(value) if hasattr(torch.Tensor, name)]
        if hiding:
            raise TypeError(f"a tensor whose {hiding[0]} is another than a tensor's")
    elif isinstance(value, numpy.ndarray):
        if type(value) is not numpy.ndarray:
            raise TypeError(f"an array of the class {type(value).__name__}, where a plain one is asked for")
    elif depth and isinstance(value, tuple):
        if type(value).__iter__ is not tuple.__iter__ or type(value).__getitem__ is not tuple.__getitem__:
            raise TypeError(f"a tuple of the class {type(value).__name__}, where a plain one is asked for")
        for item in value:
            _require_plain(item, depth - 1)
    elif depth and isinstance(value, list | dict):
        if type(value) not in _CONTAINERS:
            raise TypeError(f"a container of the class {type(value).__name__}, where a plain one is asked for")
        for item in value.values() if isinstance(value, dict) else value:
            _require_plain(item, depth - 1)
