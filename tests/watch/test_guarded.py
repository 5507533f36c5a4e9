"""A fault of the watch's own never ends the program that is watched; threads are watched too."""

import logging
import threading
from typing import ClassVar

import pytest
import torch

from gradstop import watch
from gradstop.watch import around_backward


def test_the_program_s_own_error_comes_through_and_ours_is_logged(monkeypatch, caplog):
    def broken(*_):
        raise ValueError("ours")

    monkeypatch.setattr(around_backward, "explain_backward", broken)
    with caplog.at_level(logging.ERROR), pytest.raises(RuntimeError, match="does not require grad"), watch() as seen:
        torch.ones(1).backward()
    assert "could not explain" in caplog.text
    assert str(seen).startswith("RuntimeError at ")


def test_a_thread_that_starts_inside_is_watched():
    x = torch.ones(2, requires_grad=True)

    def work():
        (x.detach() * 2).sum()

    with watch() as seen:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert "x.detach()" in str(seen)


def test_a_parameter_has_its_path_after_its_model_is_gone():
    def work():
        net = torch.nn.Sequential(torch.nn.Tanh(), torch.nn.Sequential(torch.nn.Linear(2, 1)))
        net(torch.ones(2)).backward()

    earlier = torch.nn.ModuleDict({"encoder": torch.nn.Linear(2, 1)})
    with watch() as seen:
        work()
        earlier["encoder"](torch.ones(2)).backward()
        del earlier
    assert "1.0.weight of Sequential (1 by 2)" in str(seen)
    assert "encoder.weight of ModuleDict (1 by 2)" in str(seen)


def test_a_module_that_is_half_made_is_left_out():
    class Half(torch.nn.Module):
        def __init__(self):
            self.kept.append(self)

        kept: ClassVar[list] = []

    Half()
    x = torch.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="does not require grad"), watch() as seen:
        x.detach().sum().backward()
    Half.kept.clear()
    assert "has no history: it was cut once" in str(seen)


@pytest.mark.parametrize("fails", ["around_backward.nodes_behind", "calls.tensors_in", "around_step.version_of"])
def test_what_is_ours_around_a_call_never_ends_the_program(monkeypatch, caplog, fails):
    def broken(*_):
        raise ValueError("ours")

    net = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    before = net.weight.detach().clone()
    monkeypatch.setattr(f"gradstop.watch.{fails}", broken)
    with caplog.at_level(logging.ERROR), watch():
        net(torch.ones(3, 2)).sum().backward()
        optimizer.step()
    assert not torch.equal(net.weight, before)
    assert "ours" in caplog.text
