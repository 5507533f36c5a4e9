"""A program without a fault gets no accusation."""

import gc
import weakref

import pytest
import torch
from support.healthy import HEALTHY

from gradstop import watch


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("loop", HEALTHY, ids=lambda loop: loop.__name__)
def test_nothing_is_found_in_a_healthy_loop(loop):
    torch.manual_seed(0)
    with watch() as seen:
        loop()
    assert not seen.faults, str(seen)
    assert not seen.error
    assert str(seen).startswith("No fault found.")


def test_a_watch_keeps_no_tensor_alive_and_leaves_nothing_behind():
    before = (torch.autograd.Function.apply, torch.optim.Optimizer.__init__)
    with watch() as seen:
        x = torch.ones(3, requires_grad=True)
        y = x * 2
        y.sum().backward()
        refs = [weakref.ref(x), weakref.ref(y)]
        del x, y
        gc.collect()
        assert [ref() for ref in refs] == [None, None]
    assert before == (torch.autograd.Function.apply, torch.optim.Optimizer.__init__)
    assert torch._C._len_torch_function_stack() == 0
    assert seen.faults == []
