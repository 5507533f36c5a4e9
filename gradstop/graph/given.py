"""What a caller hands over, as single tensors with names: tensors, modules, optimizers, and dicts and lists of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass
from dataclasses import fields as fields_of

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node

from gradstop.graph.values import attempt
from gradstop.internals.torch_graph import has_tangent, unwrap_level

# Who knows more of a tensor than it shows, such as the line that made it, adds a function that says so.
tellers: list[Callable[[Tensor], Iterable[str]]] = []
# Who saw the calls adds one that says which of some tensors a constant was cut from.
cut_tellers: list[Callable[[Tensor, Sequence[Tensor]], Iterable[int]]] = []


@dataclass
class Found:
    """A tensor while it is being read."""

    tensor: Tensor  # the one that has the history
    given: Tensor  # the one that was handed over: within a transform of torch.func it may wrap the other
    names: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)  # its names in the model
    notes: list[str] = field(default_factory=list)
    is_root: bool = False
    transform: str = ""
    has_tangent: bool = False
    node: Node | None = None
    broken: bool = False
    accumulator: int | None = None


def new_found(given: Tensor) -> Found:
    """Return a tensor as it is found: with the one that it wraps, where that one has the history."""
    tensor, transform = given, ""
    while not tensor.requires_grad and (level := unwrap_level(tensor)):
        tensor = level[1]
        transform = transform or level[0]
    if not transform and (level := unwrap_level(given)):
        transform = level[0]
    tangent = bool(attempt(lambda: has_tangent(given)))
    return Found(tensor if tensor.requires_grad else given, given, transform=transform, has_tangent=tangent)


def collect(roots: Sequence[object], named: Mapping[str, object], model: nn.Module | None = None) -> list[Found]:
    """Return the tensors in what was handed over, each once.

    Args:
        roots: what was given by position: tensors, and lists of them, are roots; a dict gives names.
        named: what was given by name.
        model: a module whose parameters are counted, and have no name of their own.

    Raises:
        ValueError: if there is no tensor in it.
        TypeError: if there is something else in it.

    """
    found: dict[int, Found] = {}
    for number, value in enumerate(roots, 1):
        for name, tensor in _tensors("", value, f"Argument {number}"):
            one = _add(found, tensor)
            if name:
                one.names.append(name)
            else:
                one.is_root = True
    for key, value in named.items():
        for name, tensor in _tensors(key, value, f"Argument {key!r}"):
            _add(found, tensor).names.append(name)
    if model is not None:
        for name, parameter in model.named_parameters(remove_duplicate=False):
            _add(found, parameter).members.append(name)
    if not found:
        raise ValueError("No tensor was given: pass at least one by its name, for example x=x.")
    for one in found.values():
        one.notes += [text for tell in tellers for text in tell(one.given)]
    _compare_owners(found, [*roots, *named.values(), model])
    return list(found.values())


def _add(found: dict[int, Found], given: Tensor) -> Found:
    one = new_found(given)
    return found.setdefault(id(one.tensor), one)


def _tensors(name: str, value: object, who: str) -> Iterator[tuple[str, Tensor]]:
    """Yield each tensor in a value with its name, which is empty for a root."""
    match value:
        case Tensor():
            yield name, value
        case nn.Module():
            for key, parameter in value.named_parameters():
                yield f"{name}.{key}" if name else key, parameter
        case torch.optim.Optimizer():
            for i, group in enumerate(value.param_groups):
                for j, parameter in enumerate(group["params"]):
                    yield f"{name or 'optimizer'}.param_groups[{i}][{j}]", parameter
        case Mapping():
            for key, item in value.items():
                yield from _tensors(f"{name}.{key}" if name else str(key), item, f"{who}, entry {key!r}")
        case list() | tuple() | set() | frozenset():
            fields = getattr(value, "_fields", ())  # of a named tuple
            for i, item in enumerate(value):
                called = f"{name}.{fields[i]}" if i < len(fields) else f"{name}[{i}]"
                yield from _tensors(called if name else "", item, f"{who}, entry {i}")
        case _ if is_dataclass(value) and not isinstance(value, type):
            for one in fields_of(value):
                item = getattr(value, one.name)
                yield from _tensors(f"{name}.{one.name}" if name else one.name, item, f"{who}, field {one.name!r}")
        case None | str() | int() | float() | complex() if ", " in who:  # beside tensors in what holds them
            return
        case _:
            raise TypeError(
                f"{who} is of type {type(value).__name__}, not a tensor: pass a torch.Tensor, for example x=x, "
                "or a module, an optimizer, a dataclass, a dict or a list of tensors."
            )


def _compare_owners(found: Mapping[int, Found], values: Sequence[object]) -> None:
    """Note which parameters an optimizer holds that are in no module here, and the reverse."""
    modules = [value for value in values if isinstance(value, nn.Module)]
    optimizers = [value for value in values if isinstance(value, torch.optim.Optimizer)]
    if not modules or not optimizers:
        return
    owned = {id(parameter) for module in modules for parameter in module.parameters()}
    driven = {id(parameter) for opt in optimizers for group in opt.param_groups for parameter in group["params"]}
    for key in driven - owned:
        found[key].notes.append("in the optimizer, not in the model")
    for key in owned - driven:
        found[key].notes.append("in the model, not in the optimizer")
