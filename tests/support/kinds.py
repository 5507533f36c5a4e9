"""Tensors of other kinds than the book's cells use, and what happens to a graph that was built on them."""

from collections.abc import Iterator

import torch
from torch import nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.checkpoint import checkpoint

Kinds = dict[str, torch.Tensor]


def leaves() -> Kinds:
    """Return leaves that require grad, of every kind by its name."""
    flat = {
        "two elements": torch.tensor([1.5, 2.5]),
        "0-d": torch.tensor(1.5),
        "empty": torch.ones(0),
        "matrix": torch.ones(2, 3) * 1.5,
        "transposed": torch.ones(2, 3).t() * 1.5,
        "complex": torch.tensor([1.5 + 1j, 2.5 - 1j]),
        "float16": torch.tensor([1.5, 2.5], dtype=torch.float16),
        "bfloat16": torch.tensor([1.5, 2.5], dtype=torch.bfloat16),
        "float64": torch.tensor([1.5, 2.5], dtype=torch.float64),
        "a view of a constant": torch.tensor([1.5, 2.5, 3.5])[1:],
    }
    kinds = {name: tensor.detach().requires_grad_() for name, tensor in flat.items()}
    return kinds | {"a parameter": nn.Parameter(torch.tensor([1.5, 2.5]))}


def interiors() -> Kinds:
    """Return interior tensors of every kind, and views of one."""
    kinds = {name: leaf * 2 for name, leaf in leaves().items()}
    base = torch.tensor([1.5, 2.5, 3.5], requires_grad=True) * 2
    return kinds | {"a slice": base[:2], "a row": base.view(3, 1)[1]}


def constants() -> Kinds:
    """Return constants of every kind, integers and inference tensors among them."""
    kinds = {name: leaf.detach().clone() for name, leaf in leaves().items()}
    with torch.inference_mode():
        kinds["inference"] = torch.ones(2)
    return kinds | {"integer": torch.tensor([1, 2]), "bool": torch.tensor([True, False])}


def raises(call, *arguments) -> bool:
    """Whether the call raises what torch raises."""
    try:
        call(*arguments)
    except (RuntimeError, ValueError, TypeError):
        return True
    return False


def back(y: torch.Tensor) -> None:
    """Run a backward from a result of any shape and kind."""
    y.backward(torch.ones_like(y), retain_graph=True)


class Twice(torch.autograd.Function):
    """Saves what it is given, and answers twice."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * 1, x * 2

    @staticmethod
    def backward(ctx, first, second):
        _ = ctx.saved_tensors
        return first + 2 * second


class Nothing(torch.autograd.Function):
    """Has a path to its input, and sends nothing there."""

    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, g):
        return None


def graphs() -> Iterator[tuple[str, torch.Tensor, torch.Tensor]]:
    """Yield results whose graph was built in other ways than a page's cells do, each with its name and its leaf."""
    ways = {
        "a Function": lambda x: Twice.apply(x)[1],
        "checkpoint": lambda x: checkpoint(torch.exp, x, use_reentrant=False),
        "compiled": torch.compile(lambda x: x.exp() * x, backend="aot_eager"),
        "layer": nn.Linear(2, 2),
        "matrix product": lambda x: x[None] @ x[:, None],
        "saved by hooks": _under_hooks,
    }
    for name, way in ways.items():
        x = torch.tensor([1.5, 2.5], requires_grad=True)
        yield name, x, way(x)
    for name, x in leaves().items():
        yield name, x, x.exp()


def _under_hooks(x):
    with saved_tensors_hooks(lambda t: t, lambda t: t):
        return x.exp() * x


def behind(y: torch.Tensor) -> set:
    """Return the nodes that lie behind a tensor."""
    seen, todo = set(), [y.grad_fn]
    while todo:
        node = todo.pop()
        if node is not None and node not in seen:
            seen.add(node)
            todo += [other for other, _ in node.next_functions]
    return seen
