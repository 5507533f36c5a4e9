"""The table of tools: computed on its page for one kind of tensor, tried here on others."""

import copy

import torch
from support.kinds import constants, interiors, leaves, raises
from torch import nn

from statements import DO, NAMES


def deepcopy_refuses_interior_tensors():
    refused = {kind: raises(copy.deepcopy, t) for kind, t in interiors().items()}
    taken = {f"{kind}, a leaf": copy.deepcopy(t).requires_grad for kind, t in leaves().items()}
    return refused | taken | {"a view of a constant": not raises(copy.deepcopy, torch.ones(2)[:1])}


def numpy_takes_constants():
    outcome = {kind: raises(t.numpy) for kind, t in (interiors() | leaves()).items()}
    outcome |= {f"{kind}, constant": not raises(t.numpy) for kind, t in constants().items() if kind != "bfloat16"}
    with torch.no_grad():
        outcome["recording is off"] = not raises(interiors()["two elements"].numpy)
    numbers = {kind: not raises(t.tolist) for kind, t in interiors().items()}
    return outcome | numbers | {"item of two": raises(torch.ones(2).item)}


def numpy_lacks_kinds():
    return {
        "bfloat16": raises(torch.ones(2, dtype=torch.bfloat16).numpy),
        "sparse": raises(torch.ones(2).to_sparse().numpy),
        "meta": raises(torch.ones(2, device="meta").numpy),
    }


def an_interior_flag_is_refused():
    outcome = {kind: raises(t.requires_grad_, False) for kind, t in interiors().items()}
    return outcome | {"a view of a constant": not raises(torch.ones(2)[:1].requires_grad_, False)}


def evaluation_changes_no_backward():
    layers = {"linear": nn.Linear(2, 2), "batch norm": nn.BatchNorm1d(2), "lstm": nn.LSTM(2, 2), "prelu": nn.PReLU()}
    outcome = {}
    for name, net in layers.items():
        y = net.eval()(torch.ones(3, 2))
        (y[0] if isinstance(y, tuple) else y).sum().backward()
        outcome[name] = all(p.grad is not None for p in net.parameters())
    return outcome


STATEMENTS = {
    "Yes, and you only read it: t.detach() (chapter 3).": DO,
    "Yes, and it is to be cut under all its names: t.detach_() (chapter 4).": DO,
    "No, and nothing that makes it is to learn: compute it under torch.no_grad() (chapter 5).": DO,
    "No, only what comes after them: call net under torch.no_grad(), and what is to learn outside of it (chapter "
    "5).": DO,
    "You cannot call it alone? net.requires_grad_(False) again.": DO,
    "No, or you do not know: find out what holds the old graphs, and cut there.": DO,
    "Each is a function of t.": NAMES,
    "Each question is a function of the tool; its docstring will head a column.": NAMES,
    "All start from one scene: x is a leaf, t is computed from it, and use is a use of t from before whose backward "
    "needs the numbers of t.": NAMES,
    "The last but one asks what becomes of the graph while you keep the result; a leaf has no graph behind it.": NAMES,
    "Backward knows tensors and nodes, no modules.": evaluation_changes_no_backward,
    "Each way of chapter 10 makes the gradient of one step, for a body, a head and four samples.": NAMES,
    "Then a table of all tools, in which every cell is made by running the tool.": NAMES,
    "Never: net.eval(), and torch.inference_mode() (chapter 5).": DO,
    "copy.deepcopy(t) keeps the flag and refuses interior tensors, so a module that stores one cannot be copied.": (
        deepcopy_refuses_interior_tensors
    ),
    "t.numpy() takes constants only, unless recording is off; t.item() (for one number) and t.tolist() take interior "
    "tensors too, since a number shares nothing.": numpy_takes_constants,
    "NumPy has no bfloat16, no sparse tensors and no other device.": numpy_lacks_kinds,
    "An interior tensor has no flag of its own, so it is refused.": an_interior_flag_is_refused,
}
