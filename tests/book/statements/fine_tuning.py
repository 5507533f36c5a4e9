"""Chapter 10, Fine-tuning."""

import io
import warnings

import torch
from support.kinds import interiors, leaves, raises
from torch import nn

from statements import DEFINES, HERE, NAMES

OPTIMIZERS = {
    "SGD": {"momentum": 0.9},
    "ASGD": {},
    "Adam": {},
    "AdamW": {},
    "NAdam": {},
    "RAdam": {},
    "Adamax": {},
    "Adadelta": {},
    "Adagrad": {},
    "RMSprop": {},
    "Adafactor": {},
    "Muon": {},
}


def no_gradient_no_step():
    outcome = {}
    for name, options in OPTIMIZERS.items():
        for kind in ({}, {"fused": True}, {"foreach": True}):
            w, still = (torch.ones(2, 2, requires_grad=True) for _ in range(2))
            try:
                opt = getattr(torch.optim, name)([w, still], lr=0.5, weight_decay=0.1, **options, **kind)
            except (TypeError, RuntimeError):
                continue  # it has no such kind
            w.square().sum().backward()
            opt.step()
            moved = not torch.equal(w, torch.ones(2, 2))
            outcome[f"{name} {list(kind) or ''}"] = moved and torch.equal(still, torch.ones(2, 2))
    return outcome


def a_cast_result_is_refused():
    outcome = {}
    for kind, x in leaves().items():
        if x.is_complex() or x.dtype == torch.float64:
            continue
        h = x.double()
        for name in ("SGD", "Adam", "Adagrad"):
            outcome[f"{kind}, {name}"] = h.grad_fn is not None and raises(getattr(torch.optim, name), [h], 0.1)
    return outcome


def an_attribute_stays_behind():
    class Holder(nn.Module):
        def __init__(self):
            super().__init__()
            self.lin = nn.Linear(2, 2)
            self.plain, self.learns = torch.ones(2), torch.ones(2, requires_grad=True)
            self.listed, self.named = [torch.ones(2)], {"x": torch.ones(2)}
            self.computed, self.view = self.lin.weight * 2, self.lin.bias.detach()

    outcome = {}
    for name, convert in {
        "double": lambda net: net.double(),
        "half": lambda net: net.half(),
        "to": lambda net: net.to(torch.bfloat16),
        "meta": lambda net: net.to("meta"),
    }.items():
        net = Holder()
        convert(net)
        kept = [net.plain, net.learns, *net.listed, *net.named.values(), net.computed, net.view]
        outcome[name] = all(t.dtype == torch.float32 and t.device.type == "cpu" for t in kept)
        outcome[f"{name}: the layer"] = net.lin.weight.dtype != torch.float32 or net.lin.weight.is_meta
    return outcome


def assigned_tensors_become_the_parameters():
    states = {
        "constants": lambda: torch.full((2, 2), 5.0),
        "float64": lambda: torch.full((2, 2), 5.0, dtype=torch.float64),
        "a part": lambda: torch.full((4, 2), 5.0)[2:],
        "transposed": lambda: torch.full((2, 2), 5.0).t(),
        "a parameter": lambda: nn.Parameter(torch.full((2, 2), 5.0)),
    }
    outcome = {}
    for name, made in states.items():
        net, given = nn.Linear(2, 2, bias=False), made()
        net.load_state_dict({"weight": given}, assign=True)
        outcome[name] = net.weight.data_ptr() == given.data_ptr() and net.weight.dtype == given.dtype
    norm, mean = nn.BatchNorm1d(2), torch.tensor([3.0, 4.0])
    norm.load_state_dict(norm.state_dict() | {"running_mean": mean}, assign=True)
    return outcome | {"a buffer": norm.running_mean is mean}


def a_file_has_no_history():
    def loaded(tensor):
        file = io.BytesIO()
        torch.save(tensor, file)
        file.seek(0)
        return torch.load(file)

    outcome = {}
    for kind, t in (leaves() | interiors()).items():
        back = loaded(t)
        outcome[kind] = back.grad_fn is None and back.is_leaf and back.requires_grad and torch.equal(back, t.detach())
    constant, nested = loaded(torch.ones(2)), loaded({"h": [torch.ones(2, requires_grad=True) * 2]})
    return outcome | {"constant": not constant.requires_grad, "nested": nested["h"][0].grad_fn is None}


def a_frozen_front_computes_the_same_again():
    torch.manual_seed(0)
    rows = torch.randn(4, 4)
    attention = nn.TransformerEncoderLayer(4, 2, dim_feedforward=8, batch_first=True)
    fronts = {
        "linear": (nn.Linear(4, 2), rows),
        "dropout": (nn.Sequential(nn.Linear(4, 2), nn.Dropout()), rows),
        "batch norm": (nn.BatchNorm1d(4), rows),
        "lstm": (nn.LSTM(4, 2), rows),
        "attention": (attention, rows[None]),
    }
    outcome = {}
    for name, (net, x) in fronts.items():
        net.eval()
        with torch.no_grad(), warnings.catch_warnings(action="ignore"):
            first, second = (y[0] if isinstance(y, tuple) else y for y in (net(x), net(x)))
        outcome[name] = torch.equal(first, second) and not first.requires_grad
        head = nn.Linear(first.shape[-1], 1)
        head(first).sum().backward()
        outcome[f"{name}: the head learns"] = head.weight.grad is not None
    dropping = nn.Dropout()
    return outcome | {"in training mode it does not": not torch.equal(dropping(rows), dropping(rows))}


STATEMENTS = {
    "A large net is frozen, a few new weights learn, and all of it is loaded, cast and saved.": NAMES,
    "AdamW passes over a parameter whose .grad is None, decay and all.": no_gradient_no_step,
    "After the training the product is added to the base, and the adapter is not needed any more.": HERE,
    "A tensor that is only an attribute stays behind.": an_attribute_stays_behind,
    "Large nets are loaded with assign=True: no copy, the tensors of the file become the parameters.": (
        assigned_tensors_become_the_parameters
    ),
    "The optimizer holds the old parameter, and that has no .grad.": HERE,
    "It knows no net.": DEFINES,
    "A file holds numbers, flags, no graph.": a_file_has_no_history,
    "No history is in the file.": a_file_has_no_history,
    "If what is frozen is the front, in evaluation mode, and its input needs no gradient, no_grad is enough.": (
        a_frozen_front_computes_the_same_again
    ),
    "What it gives for data that stay the same can be computed once for all epochs.": (
        a_frozen_front_computes_the_same_again
    ),
    "A file has numbers and flags, and no history.": a_file_has_no_history,
    "LoRA and loading without a copy have an exercise each in the assignment at scale.": NAMES,
}
RULES = {"The result is interior, and an optimizer refuses it as it is.": a_cast_result_is_refused}
