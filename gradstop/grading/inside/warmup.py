"""Runs what every submission will run, once, before any is forked: what Python and torch do only the first time."""

import sys
from collections.abc import Callable, Generator
from typing import Any

import torch
from torch import nn

from gradstop.grading.inside.channel import text_of, value_of
from gradstop.grading.inside.guard.guard import Guard
from gradstop.observe import Census, Draw, Observer, case, isolated, run_case
from gradstop.record import Setup

_ROUNDS = 12  # Python specialises a function's code in its first calls


@case("warm_up", "nothing is graded")
def _everything(function: Callable[..., Any], draw: Draw, see: Observer) -> Generator[None, Draw, None]:
    """Use each probe and what most cases use."""
    x = draw.tensor("x", draw.choice("leaf", "interior", "view"), dtype=draw.choice(torch.float32, torch.float64))
    draw.prefill(draw.source(x))
    draw.hook(x=x)
    before, census = see.look(x=x), Census()
    with draw.mode_outside():
        result = see.call(function, x)
    see.value("the result", result)
    see.flags("the flags", result)
    see.same("the object", result, x)
    see.members("the members", [result], x=x)
    see.alive("the graph", census)
    see.left("the input", before, x=x)
    see.sharing("the memory", x=x, result=result)
    see.structure("the structure", [result])
    see.grad_mode("the mode")
    later = yield
    weights = later.numbers(x.shape, dtype=x.dtype)
    later.integer(0, 1), later.number(signed=True)
    see.written("an edit", lambda: result.detach().add_(0), result=result)
    loss = (later.choice(torch.sin, torch.square)(result) * weights).sum() + x.sum()
    see.call_for_gradients("a call that leaves gradients", "", lambda: x * 1, x=draw.source(x))
    see.value("gradients", torch.autograd.grad(loss, [x], retain_graph=True, allow_unused=True))
    see.gradients("the backward", loss.backward, x=draw.source(x))
    see.raised("another backward", loss.backward)
    model = nn.Sequential(nn.Linear(2, 2), nn.Tanh())
    with later.choice(torch.no_grad, torch.enable_grad, torch.inference_mode)():
        see.value("an array", model(torch.ones(1, 2)).detach().numpy())


def warm_up(guard: Guard) -> None:
    """Observe a function some times. Torch must have no thread but this one (``OMP_NUM_THREADS=1``, no accelerator)."""
    layer = nn.Linear(2, 2)
    layer(torch.ones(1, 2)).sum().backward()
    if "torch._dynamo" in sys.modules:  # which an optimizer would load
        torch.optim.SGD(layer.parameters(), lr=0.1).step()
    # The first one registers kernels of torch's own operators; after ``keep_kernels`` it could not.
    torch.func.vmap(torch.sin)(torch.ones(2))
    guard.keep_what_runs(lambda: _observe_some_times(guard))
    _observe_some_times(guard)


def _observe_some_times(guard: Guard) -> None:
    function = guard.around(lambda x: x * 1)
    for seed in range(_ROUNDS):
        with isolated():
            record = run_case(_everything, function, Setup(seed), lambda first: Setup(len(first.reported())))
        value_of(text_of({"done": record.reported()}))
