"""Keeps what one function leaves behind from reaching the next: grad mode, seeds, hooks, modes, defaults."""

import operator
import random
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy
import torch

from gradstop.internals.torch import (
    dispatch_mode_count,
    function_mode_count,
    global_hooks,
    pop_dispatch_mode,
    pop_function_mode,
    pop_saved_tensors_hooks,
    push_dispatch_mode,
    push_function_mode,
    push_saved_tensors_hooks,
    saved_tensors_hooks_enabled,
    set_deterministic_algorithms,
    set_grad_enabled,
    set_saved_tensors_hooks_enabled,
    top_saved_tensors_hooks,
)

_NEUTRAL_BITS = numpy.random.MT19937(0)

# Each setting: how it is read, how it is put back, and what a case starts with.
_SETTINGS: tuple[tuple[Callable[[], Any], Callable[[Any], Any], Any], ...] = (
    (torch.is_grad_enabled, set_grad_enabled, True),
    (torch.get_num_threads, torch.set_num_threads, 1),  # a second thread only waits for tensors this small
    (torch.get_default_dtype, torch.set_default_dtype, torch.float32),
    (torch.is_anomaly_enabled, lambda on: torch.autograd.set_detect_anomaly(on), False),
    (torch.are_deterministic_algorithms_enabled, set_deterministic_algorithms, False),
    (lambda: torch.is_autocast_enabled("cpu"), lambda on: torch.set_autocast_enabled("cpu", on), False),
    (saved_tensors_hooks_enabled, set_saved_tensors_hooks_enabled, True),
)

# The same for streams of random numbers: to read one takes as long as to put it back.
_STREAMS: tuple[tuple[Callable[[], Any], Callable[[Any], Any], Any], ...] = (
    (random.getstate, random.setstate, random.Random(0).getstate()),  # noqa: S311 - a fixed state
    (numpy.random.mtrand.get_bit_generator, lambda bits: _choose_bits(bits), _NEUTRAL_BITS),
    (torch.get_rng_state, torch.set_rng_state, torch.Generator().manual_seed(0).get_state()),
)
_IGNORED = ("ignore", None, Warning, None, 0)  # the filter of ``warnings.simplefilter("ignore")``

# Each stack of things left on: its height, and how one is taken off and put back.
_STACKS: tuple[tuple[Callable[[], bool], Callable[[], Any], Callable[[Any], Any]], ...] = (
    (lambda: function_mode_count() > 0, pop_function_mode, push_function_mode),
    (lambda: dispatch_mode_count() > 0, pop_dispatch_mode, push_dispatch_mode),
    (
        lambda: top_saved_tensors_hooks() is not None,
        lambda: _pop_saved_tensors_hooks(),
        lambda pair: push_saved_tensors_hooks(*pair),
    ),
)


@contextmanager
def isolated() -> Iterator[None]:
    """Run the body with neutral global state, and put back afterwards what was there before."""
    with torch.inference_mode(False), warnings.catch_warnings():
        settings = [read() for read, _, _ in (*_SETTINGS, *_STREAMS)]
        stacks = [_drain(full, pop) for full, pop, _ in _STACKS]
        hooks = [dict(held) for held in global_hooks]
        reset()
        try:
            yield
        finally:
            for held, before in zip(global_hooks, hooks, strict=True):
                _restore(held, before)
            for (full, pop, push), items in reversed(list(zip(_STACKS, stacks, strict=True))):
                _drain(full, pop)
                for item in reversed(items):
                    push(item)
            for (_, write, _), value in reversed(list(zip((*_SETTINGS, *_STREAMS), settings, strict=True))):
                write(value)


def reset() -> None:
    """Set neutral global state, inside of ``isolated``: what a function has left there does not reach the next."""
    if torch.is_inference_mode_enabled():  # where the function has left it on
        torch.inference_mode(False).__enter__()
    if not _warnings_are_ignored():
        warnings.simplefilter("ignore")  # a warning is never observed
    for full, pop, _ in _STACKS:
        _drain(full, pop)
    for held in global_hooks:
        held.clear()
    for read, write, neutral in _SETTINGS:
        if read() != neutral:
            write(neutral)
    for _, write, neutral in _STREAMS:
        write(neutral)


def _warnings_are_ignored() -> bool:
    """Whether the first filter is the one that ignores all: to write it again tells a guard that names were changed."""
    filters: Any = warnings.filters
    first = filters[0] if type(filters) is list and filters else None
    return type(first) is tuple and len(first) == len(_IGNORED) and all(map(operator.is_, first, _IGNORED))


def _drain(full: Callable[[], bool], pop: Callable[[], Any]) -> list[Any]:
    items = []
    while full():
        items.append(pop())
    return items


def _restore(hooks: dict[Any, Any], before: dict[Any, Any]) -> None:
    hooks.clear()
    hooks.update(before)


def _choose_bits(bits: Any) -> None:
    """Have NumPy's own stream come from another generator: to read and write the state takes twenty times as long."""
    numpy.random.mtrand.set_bit_generator(bits)
    if bits is _NEUTRAL_BITS:
        numpy.random.seed(0)


def _pop_saved_tensors_hooks() -> Any:
    top = top_saved_tensors_hooks()
    pop_saved_tensors_hooks()
    return top
