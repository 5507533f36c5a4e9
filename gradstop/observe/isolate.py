"""Keeps what one function leaves behind from reaching the next: grad mode, seeds, hooks, modes, defaults."""

import random
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy
import torch
from torch.nn.modules import module as _module
from torch.utils import _python_dispatch as _dispatch

_C = torch._C
_saved_hooks = _C._autograd


def _grad_mode(enabled: bool) -> None:
    torch._C._set_grad_enabled(enabled)


_NEUTRAL_BITS = numpy.random.MT19937(0)

# Each setting: how it is read, how it is put back, and what a case starts with.
_SETTINGS: tuple[tuple[Callable[[], Any], Callable[[Any], Any], Any], ...] = (
    (torch.is_grad_enabled, _grad_mode, True),
    (torch.get_num_threads, torch.set_num_threads, 1),  # a second thread only waits for tensors this small
    (torch.get_default_dtype, torch.set_default_dtype, torch.float32),
    (torch.is_anomaly_enabled, lambda on: torch.autograd.set_detect_anomaly(on), False),
    # Not torch.use_deterministic_algorithms, which loads torch._inductor: a second, at the first check of a process.
    (torch.are_deterministic_algorithms_enabled, _C._set_deterministic_algorithms, False),
    (lambda: torch.is_autocast_enabled("cpu"), lambda on: torch.set_autocast_enabled("cpu", on), False),
    (lambda: vars(_saved_hooks)["_saved_tensors_hooks_is_enabled"](), lambda on: _enable_saved_hooks(on), True),
    (random.getstate, random.setstate, random.Random(0).getstate()),  # noqa: S311 - a fixed state
    (numpy.random.mtrand.get_bit_generator, lambda bits: _choose_bits(bits), _NEUTRAL_BITS),
    (torch.get_rng_state, torch.set_rng_state, torch.Generator().manual_seed(0).get_state()),
)

# Each stack of things left on: its height, and how one is taken off and put back.
_STACKS: tuple[tuple[Callable[[], bool], Callable[[], Any], Callable[[Any], Any]], ...] = (
    (
        lambda: _C._len_torch_function_stack() > 0,
        _C._pop_torch_function_stack,
        _C._push_on_torch_function_stack,
    ),
    (lambda: _C._len_torch_dispatch_stack() > 0, _dispatch._pop_mode, _dispatch._push_mode),
    (
        lambda: _saved_hooks._top_saved_tensors_default_hooks(True) is not None,
        lambda: _pop_saved_hooks(),
        lambda pair: _saved_hooks._push_saved_tensors_default_hooks(*pair),
    ),
)

# The hooks that torch runs for every module.
_GLOBAL_HOOKS = tuple(
    hooks for name, hooks in vars(_module).items() if name.startswith("_global_") and isinstance(hooks, dict)
)


@contextmanager
def isolated() -> Iterator[None]:
    """Run the body with neutral global state, and put back afterwards what was there before."""
    with torch.inference_mode(False), warnings.catch_warnings(action="ignore"):  # a warning is never observed
        settings = [read() for read, _, _ in _SETTINGS]
        for _, write, neutral in _SETTINGS:
            write(neutral)
        stacks = [_drain(full, pop) for full, pop, _ in _STACKS]
        hooks = [dict(held) for held in _GLOBAL_HOOKS]
        for held in _GLOBAL_HOOKS:
            held.clear()
        try:
            yield
        finally:
            for held, before in zip(_GLOBAL_HOOKS, hooks, strict=True):
                _restore(held, before)
            for (full, pop, push), items in reversed(list(zip(_STACKS, stacks, strict=True))):
                _drain(full, pop)
                for item in reversed(items):
                    push(item)
            for (_, write, _), value in reversed(list(zip(_SETTINGS, settings, strict=True))):
                write(value)


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


def _pop_saved_hooks() -> Any:
    top = _saved_hooks._top_saved_tensors_default_hooks(True)
    _saved_hooks._pop_saved_tensors_default_hooks()
    return top


def _enable_saved_hooks(on: bool) -> None:
    if on:
        _saved_hooks._saved_tensors_hooks_enable()
    else:
        _saved_hooks._saved_tensors_hooks_disable("saved tensor hooks are disabled")
