"""What torch warns of names the same line of the program with a watch as without one."""

import warnings

import pytest
import torch
from torch.nn import functional

from gradstop import watch


def broadcast():
    functional.mse_loss(torch.ones(3, requires_grad=True), torch.ones(3, 1))


def copied():
    torch.tensor(torch.ones(2))


def interior():
    return (torch.ones(2, requires_grad=True) * 2).grad


def own():
    warnings.warn("x", stacklevel=1)


def of_the_caller():
    def inner():
        warnings.warn("x", stacklevel=2)

    inner()


def warned(program, around):
    """Return the file and line of each warning of a program."""
    places = []
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        torch.set_warn_always(True)
        warnings.showwarning = lambda message, category, file, line, *_: places.append((file, line))
        try:
            with around:
                program()
        finally:
            torch.set_warn_always(False)
    return places


@pytest.mark.parametrize("program", [broadcast, copied, interior, own, of_the_caller])
def test_a_warning_names_the_line_that_it_names_without_a_watch(program):
    without = warned(program, pytest.MonkeyPatch.context())
    assert [file for file, _ in without] == [__file__]
    assert warned(program, watch()) == without


def test_what_shows_warnings_is_put_back():
    before = warnings.showwarning
    with watch():
        assert warnings.showwarning is not before
    assert warnings.showwarning is before
