"""Tensors of other kinds than the book's cells use, and what happens to a graph that was built on them."""

import torch
from torch import nn

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
