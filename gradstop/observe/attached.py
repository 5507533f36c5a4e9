"""Lists what hangs on objects that a function was given: attributes, hooks, flags, modes, parameters.

Of a tensor that is also what hangs on the nodes behind it, where no list of its own shows it.
"""

from collections import Counter, OrderedDict
from collections.abc import Collection, Iterator
from types import MappingProxyType
from typing import Any

import torch
from torch import nn
from torch.autograd.graph import Node, get_gradient_edge

from gradstop.graph.walk import discover
from gradstop.internals.torch import (
    buffers_of,
    hooks,
    module_attributes,
    module_hooks,
    node_hooks,
    parameters_of,
    post_accumulate_grad_hooks,
)
from gradstop.observe import unpatched

_OBJECT, _VALUES = " is the object ", " has the value "
_PLAIN = (bool, int, float, str, type(None))
_BY_TORCH = "_dynamo_"  # what torch.compile notes on the tensors and modules that a compiled function is given
DICTIONARIES = (dict, OrderedDict)
MAX_NAME = 60  # characters of an attribute's name
_KINDS = MappingProxyType(
    {
        "forward_hooks": "forward hook",
        "forward_pre_hooks": "forward pre-hook",
        "backward_hooks": "backward hook",
        "backward_pre_hooks": "backward pre-hook",
    }
)


def attached(objects: dict[str, Any]) -> Counter[str]:
    """Return what hangs on each of the objects, a phrase for each thing, by how often it is there.

    An object is a tensor, a module (its submodules and parameters are looked at too), an optimizer, or any other
    object that may hold attributes.
    """
    return Counter(phrase for label, thing in objects.items() for phrase in _of(label, thing))


def left(before: Counter[str], after: Counter[str]) -> list[str]:
    """Say what has come, and what has gone, between two looks; in sorted order."""
    come, gone = ([*more.elements()] for more in (after - before, before - after))
    others = _values(come) & _values(gone)
    come, gone = ([_named(phrase) for phrase in more if _VALUES not in phrase] for more in (come, gone))
    come += [f"{thing} is another" for thing in others]
    return sorted([*come, *(f"no longer: {phrase}" for phrase in gone if phrase not in come)])


def _values(phrases: list[str]) -> set[str]:
    """Return of what these phrases say a value: it counts where there is one before and after."""
    return {thing for thing, mark, _ in (phrase.partition(_VALUES) for phrase in phrases) if mark}


def _named(phrase: str) -> str:
    """Say of what is known by its identity that it is another object; identities change from run to run."""
    return f"{phrase.partition(_OBJECT)[0]} is another object" if _OBJECT in phrase else phrase


def _of(label: str, thing: Any) -> Iterator[str]:
    if unpatched.is_tensor(thing):
        yield from _tensor(label, thing)
        if place := unpatched.memory(thing):
            yield f"the memory of {label}{_VALUES}{place.start}"
    elif isinstance(thing, nn.Module):
        yield from _module(label, thing)
    elif isinstance(thing, torch.optim.Optimizer):
        yield from (f"a parameter in {label}" for group in thing.param_groups for _ in group["params"])
        yield from (f"a parameter group in {label}" for _ in thing.param_groups)
    else:
        yield from _attributes(label, vars(thing) if hasattr(thing, "__dict__") else {})


def require_plain_tensor(tensor: Any) -> None:
    """Raise TypeError for a tensor that does not say by itself what hangs on it."""
    unpatched.require_plain(tensor)
    names = vars(tensor)
    if type(names) is not dict:
        raise TypeError("a tensor whose attributes are in something else than a dictionary")
    if names and (hiding := [name for name in names if hasattr(torch.Tensor, name)]):
        raise TypeError(f"a tensor whose {hiding[0]} is another than a tensor's")
    for held in (hooks(tensor), post_accumulate_grad_hooks(tensor)):
        if held is not None and type(held) not in DICTIONARIES:
            raise TypeError("a tensor whose hooks are in something else than a dictionary")


def _tensor(label: str, tensor: torch.Tensor) -> Iterator[str]:
    require_plain_tensor(tensor)
    # Before its hooks: a view that was edited makes its node anew when it is asked, and forgets the hooks on the old.
    is_leaf = unpatched.is_leaf(tensor)
    yield from _attributes(label, vars(tensor))
    yield from (f"a hook on {label}" for _ in hooks(tensor) or ())
    yield from (f"a post-accumulate-grad hook on {label}" for _ in post_accumulate_grad_hooks(tensor) or ())
    behind = (hook for node in _nodes(tensor) for held in node_hooks(node) for hook in held)
    yield from (f"a hook on a node behind {label}" for _ in behind)
    flags = {
        "requires grad": unpatched.requires_grad(tensor),
        "is a leaf": is_leaf,
        "retains its gradient": unpatched.retains_grad(tensor),
        "has a .grad": unpatched.gradient(tensor) is not None,
    }
    yield from (f"{label} {flag}" for flag, is_set in flags.items() if is_set)


def _nodes(tensor: torch.Tensor) -> Collection[Node]:
    """Return the nodes behind a tensor; that of a leaf is the one that fills its ``.grad``."""
    return discover([get_gradient_edge(tensor).node]) if unpatched.requires_grad(tensor) else ()


def _module(label: str, module: nn.Module) -> Iterator[str]:
    for path, part in module.named_modules():
        name = f"{label}.{path}" if path else label
        yield f"{name} is {'in training' if part.training else 'in evaluation'} mode"
        yield f"the class of {name}{_OBJECT}{id(type(part))}"
        own = {key: value for key, value in vars(part).items() if key not in module_attributes}
        yield from _attributes(name, own)
        yield from (f"the attribute {k!r} of {name}{_VALUES}{v!r}" for k, v in own.items() if type(v) in _PLAIN)
        for kind, held in module_hooks(part):
            said = _KINDS.get(kind, kind.removesuffix("s").replace("_", " "))
            yield from (f"a {said} on {name}" for _ in held or ())
        for key, parameter in parameters_of(part).items():
            if parameter is not None:
                yield f"{name}.{key}{_OBJECT}{id(parameter)}"
                yield from _tensor(f"{name}.{key}", parameter)
        yield from (f"a buffer {key} in {name}" for key in buffers_of(part))


def _attributes(label: str, names: dict[str, Any]) -> Iterator[str]:
    kept = (str(name) for name in names if not str(name).startswith(_BY_TORCH))
    yield from (f"the attribute {name[:MAX_NAME]!r} of {label}" for name in kept)
