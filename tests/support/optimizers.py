"""The optimizers of torch that know weight decay."""

from collections.abc import Iterator

import torch

OPTIMIZERS = {
    "SGD": (torch.optim.SGD, ("foreach", "fused")),
    "Adam": (torch.optim.Adam, ("foreach", "fused")),
    "AdamW": (torch.optim.AdamW, ("foreach", "fused")),
    "Adagrad": (torch.optim.Adagrad, ("foreach", "fused")),
    "NAdam": (torch.optim.NAdam, ("foreach",)),
    "RAdam": (torch.optim.RAdam, ("foreach",)),
    "RMSprop": (torch.optim.RMSprop, ("foreach",)),
    "Adadelta": (torch.optim.Adadelta, ("foreach",)),
    "Adamax": (torch.optim.Adamax, ("foreach",)),
    "ASGD": (torch.optim.ASGD, ("foreach",)),
    "Adafactor": (torch.optim.Adafactor, ()),
    "Muon": (torch.optim.Muon, ()),
}


def decaying(weight: torch.Tensor) -> Iterator[tuple[str, torch.optim.Optimizer]]:
    """Yield each optimizer with weight decay for a weight, by its name, plain and in its other forms."""
    for name, (optimizer, ways) in OPTIMIZERS.items():
        for way in ("", *ways):
            yield f"{name} {way}", optimizer([weight], lr=0.1, weight_decay=0.5, **({way: True} if way else {}))
