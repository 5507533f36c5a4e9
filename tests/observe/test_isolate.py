"""Nothing that one function leaves behind reaches the next, and nothing that was there before is lost."""

import gc
import random
import warnings
import weakref

import numpy
import pytest
import torch
from torch.nn.modules import module
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from gradstop.observe import case, observe
from gradstop.observe.isolate import isolated, reset
from gradstop.record import Setup


class Functions(TorchFunctionMode):
    def __torch_function__(self, function, types, args=(), kwargs=None):
        raise AssertionError("a function mode was left on")


class Dispatch(TorchDispatchMode):
    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        raise AssertionError("a dispatch mode was left on")


def raise_on_save(tensor):
    raise AssertionError("saved-tensor hooks were left on")


LEAKS = {
    "warnings": lambda: warnings.simplefilter("error"),
    "grad mode": lambda: torch.set_grad_enabled(False),
    "default dtype": lambda: torch.set_default_dtype(torch.float64),
    "default device": lambda: torch.set_default_device("meta"),
    "anomaly mode": lambda: torch.autograd.set_detect_anomaly(True),
    "deterministic": lambda: torch.use_deterministic_algorithms(True),
    "function mode": lambda: Functions().__enter__(),
    "dispatch mode": lambda: Dispatch().__enter__(),
    "saved-tensor hooks": lambda: torch.autograd.graph.saved_tensors_hooks(raise_on_save, lambda t: t).__enter__(),
    "module hook": lambda: module.register_module_forward_hook(lambda *_: torch.zeros(7)),
    "seeds": lambda: (random.seed(1), numpy.random.seed(1), torch.manual_seed(1)),
}


def look():
    """Do what a case does and return all that a leak could change."""
    x = torch.ones(2, requires_grad=True)
    y = torch.nn.Identity()(x).exp()
    y.sum().backward()
    warnings.warn("seen by nobody", stacklevel=1)
    drawn = (random.random(), float(numpy.random.rand()), float(torch.rand(())))
    settings = (x.dtype, str(x.device), y.requires_grad, torch.is_anomaly_enabled())
    return (*settings, torch.are_deterministic_algorithms_enabled(), *drawn)


@pytest.mark.filterwarnings("ignore:Anomaly Detection")
@pytest.mark.parametrize("leak", LEAKS.values(), ids=LEAKS.keys())
def test_a_leak_reaches_neither_the_next_case_nor_the_caller(leak):
    with isolated():
        expected = look()
    with isolated(), isolated():
        leak()
    with isolated():
        assert look() == expected


@pytest.mark.filterwarnings("ignore:Anomaly Detection")
@pytest.mark.parametrize("leak", [*LEAKS, "inference mode"])
def test_a_reset_keeps_a_leak_from_the_next_run(leak):
    leave = LEAKS.get(leak, lambda: torch.inference_mode().__enter__())
    with isolated():
        expected = look()
    with isolated(), isolated():
        leave()
        reset()
        assert look() == expected


def test_a_reset_writes_no_name_of_the_warnings_that_are_ignored():
    with isolated():
        filters = warnings.filters
        before = list(filters)
        reset()
        assert warnings.filters is filters
        assert list(filters) == before


@pytest.mark.parametrize("leak", ["grad mode", "default dtype", "default device", "seeds"])
def test_what_the_caller_had_set_is_neutral_inside_and_there_again_afterwards(leak):
    with isolated():
        expected = look()
    with isolated():  # keeps this test's own leak from the others
        LEAKS[leak]()
        state = (
            torch.is_grad_enabled(),
            torch.get_default_dtype(),
            torch.get_default_device(),
            torch.get_rng_state(),
        )
        with isolated():
            assert look() == expected
        after = (
            torch.is_grad_enabled(),
            torch.get_default_dtype(),
            torch.get_default_device(),
            torch.get_rng_state(),
        )
        assert state[:3] == after[:3]
        assert torch.equal(state[3], after[3])


def test_an_error_inside_restores_all_the_same():
    def fail():
        torch.set_grad_enabled(False)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), isolated():
        fail()
    assert torch.is_grad_enabled()


def test_a_caller_in_inference_mode_is_left_there():
    with torch.inference_mode():
        with isolated():
            assert torch.ones(1, requires_grad=True).exp().requires_grad
        assert torch.is_inference_mode_enabled()


class Loop:
    def __init__(self):
        self.itself = self


@pytest.mark.parametrize("grading", [False, True])
def test_a_case_that_counts_what_is_alive_collects_what_it_made_alone(monkeypatch, grading):
    """What was there before is left for later: in a process that grades, for ever."""
    if grading:
        monkeypatch.setenv("GRADSTOP_GRADING", "1")

    @case("count", "loops are counted", counts_alive=True)
    def loops(function, draw, see):
        made = weakref.ref(Loop())
        assert made() is not None
        gc.collect()
        see.value("made in it", made() is None)
        see.value("made before", before() is None)
        yield

    gc.collect()
    gc.disable()
    before = weakref.ref(Loop())
    record = observe(loops, None, (Setup(0), Setup(1)))
    assert [seen.value["value"] for seen in record.observations] == [True, False]
    gc.enable()
    gc.collect()
    assert (before() is None) is not grading
    gc.unfreeze()
    gc.freeze()  # as the tests are run
