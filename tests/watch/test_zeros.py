"""A gradient of zeros that no hook has made."""

import torch

from gradstop import watch


def test_terms_that_cancel_out_are_not_called_a_hooks_work():
    bias = torch.ones(1, requires_grad=True)
    with watch() as seen:
        (bias * 2 - bias * 2).backward()
    assert "add up to zero" in str(seen.why(bias))
    assert seen.perhaps == []


def test_a_hook_beside_several_terms_is_named():
    bias = torch.ones(1, requires_grad=True)
    with watch() as seen:
        bias.register_hook(torch.zeros_like)
        (bias * 2 + bias * 3).backward()
    assert "a hook turned it into zeros" in str(seen.why(bias))
