"""Parameters that a model has in a plain list, dict, tuple or other object: it does not register them."""

from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any

from torch import nn

from gradstop.watch.lines import USER, kind_of

MOST_LOOKED = 1_000  # items of one attribute
MOST_DEEP = 3
_OWN = frozenset(name for name in vars(nn.Module()) if name.startswith("_"))  # what each module has


def unregistered(modules: list[nn.Module]) -> Iterator[tuple[nn.Module, str, nn.Parameter]]:
    """Yield those of ``modules`` that are the user's, an attribute that is no module, and each parameter in it.

    A module alone in a list or tuple is left out: so one keeps another network from being registered.
    """
    for module in modules:
        if kind_of(type(module).__init__.__code__.co_filename if _is_python(module) else "<frozen") != USER:
            continue
        registered = {id(parameter) for parameter in module.parameters()}
        for name, value in list(vars(module).items()):
            if name in _OWN:
                continue
            if isinstance(value, list | tuple) and len(value) == 1:
                continue
            for parameter in _parameters(value, MOST_DEEP):
                if id(parameter) not in registered:
                    yield module, name, parameter


def _is_python(module: nn.Module) -> bool:
    return hasattr(type(module).__init__, "__code__")


def _parameters(value: Any, depth: int) -> Iterator[nn.Parameter]:
    if isinstance(value, nn.Parameter):
        yield value
    elif isinstance(value, nn.Module):
        yield from value.parameters()
    elif depth:
        if is_dataclass(value) and not isinstance(value, type):
            value = vars(value) if hasattr(value, "__dict__") else {}
        if isinstance(value, dict):
            value = list(value.values())
        for item in value[:MOST_LOOKED] if isinstance(value, list | tuple) else ():
            yield from _parameters(item, depth - 1)
