"""What a model has to learn in a list, a dict, its class or another object: it does not register that."""

from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any

from torch import Tensor, nn

from gradstop.watch.lines import USER, kind_of

MOST_LOOKED = 1_000  # items of one attribute
MOST_DEEP = 3
_OWN = frozenset(name for name in vars(nn.Module()) if name.startswith("_"))  # what each module has


def unregistered(modules: list[nn.Module]) -> Iterator[tuple[nn.Module, str, Tensor]]:
    """Yield those of ``modules`` that are the user's, an attribute that is not registered, and each tensor in it.

    The tensors are parameters, and other leaves that require grad. A module alone in a list or tuple is left out: so
    one keeps another network from being registered.
    """
    for module in modules:
        if not _is_users(module):
            continue
        registered = {id(parameter) for parameter in module.parameters()}
        held = {name: value for base in type(module).__mro__[::-1] for name, value in vars(base).items()}
        held = {name: value for name, value in held.items() if isinstance(value, nn.Module)}  # of the class
        for name, value in [*held.items(), *vars(module).items(), *module.named_buffers(recurse=False)]:
            if name in _OWN or (isinstance(value, list | tuple) and len(value) == 1):
                continue
            for tensor in _learning(value, MOST_DEEP):
                if id(tensor) not in registered:
                    yield module, name, tensor


def _is_users(module: nn.Module) -> bool:
    codes = (getattr(getattr(type(module), name), "__code__", None) for name in ("__init__", "forward"))
    return any(kind_of(code.co_filename) == USER for code in codes if code is not None)


def _learning(value: Any, depth: int) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        if isinstance(value, nn.Parameter) or (value.is_leaf and value.requires_grad):
            yield value
    elif isinstance(value, nn.Module):
        yield from value.parameters()
    elif depth:
        if is_dataclass(value) and not isinstance(value, type):
            value = vars(value) if hasattr(value, "__dict__") else {}
        if isinstance(value, dict):
            value = list(value.values())
        for item in value[:MOST_LOOKED] if isinstance(value, list | tuple) else ():
            yield from _learning(item, depth - 1)
