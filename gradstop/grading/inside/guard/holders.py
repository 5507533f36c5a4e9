"""The modules and classes that are put back whole: what cases and answers are made of, and what observes."""

import base64
import builtins
import copy
import json
import math
import operator
import os
import random
import select
import signal
import socket
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy
import torch
from torch import nn

from gradstop.internals.torch import namespaces

HOLDERS: tuple[Any, ...] = (
    builtins,
    base64,
    copy,
    json,
    math,
    operator,
    os,
    random,
    select,
    signal,
    socket,
    socket.socket,
    time,
    torch.Tensor,
    nn.Parameter,
    nn.Module,
    torch.autograd.Function,
    torch,
    torch.autograd,
    torch.autograd.graph,
    torch.autograd.functional,
    torch.autograd.function,
    torch.func,
    torch.nn,
    nn.functional,
    nn.init,
    nn.utils,
    torch.optim,
    torch.optim.Optimizer,
    torch.utils.checkpoint,
    *namespaces,
    numpy,
)
OBSERVING = (
    "gradstop.observe",
    "gradstop.graph.census",
    "gradstop.graph.walk",
    "gradstop.record",
    "gradstop.internals",
    "gradstop.grading.inside",
)

PUTS_BACK = ("gradstop.internals", "gradstop.grading.inside")  # those of them that put the others back


def ours(names: tuple[str, ...]) -> Iterator[Any]:
    """Yield the modules whose names begin so, and their classes: what is loaded of them when a guard is made."""
    for name, module in list(sys.modules.items()):
        if name.startswith(names):
            yield module
            yield from (
                thing for thing in vars(module).values() if isinstance(thing, type) and thing.__module__ == name
            )
