"""Assertions by hand and by finite differences, so that the solutions are not their own witness."""

import numpy
import pytest
import torch
from support.course import bench_of

DETACH = bench_of("03-detach").solutions


def numeric_gradient(function, x, step=1e-6):
    """Return the gradient of a scalar function of a float64 tensor by central differences."""
    gradient = torch.zeros_like(x)
    for place in range(x.numel()):
        ends = []
        for sign in (1, -1):
            moved = x.clone()
            moved.view(-1)[place] += sign * step
            ends.append(function(moved).item())
        gradient.view(-1)[place] = (ends[0] - ends[1]) / (2 * step)
    return gradient


def test_stop_by_hand():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    result = DETACH["stop"](x)
    assert (result.requires_grad, result.is_leaf, result.data_ptr()) == (False, True, x.data_ptr())
    (x * result).sum().backward()
    assert x.grad.tolist() == [1.0, 2.0]  # the product's other half, 2 * x, is missing
    y = x.square()
    result[0] = 7.0
    assert x.tolist() == [7.0, 2.0]
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


@pytest.mark.parametrize("a", [-2.5, 0.0, 0.3, 4.0])
def test_scale_grad_against_finite_differences(a):
    x = torch.tensor([0.3, -1.2, 0.8], dtype=torch.float64, requires_grad=True)
    result = DETACH["scale_grad"](x, a)
    assert torch.allclose(result, x)
    (result.sin() + x.exp()).sum().backward()
    expected = a * numeric_gradient(lambda t: t.sin().sum(), x.detach())
    expected += numeric_gradient(lambda t: t.exp().sum(), x.detach())
    assert torch.allclose(x.grad, expected, atol=1e-8)


def test_one_path_against_finite_differences():
    x = torch.tensor([0.3, -1.2], dtype=torch.float64, requires_grad=True)
    w = torch.tensor([2.0, 0.7], dtype=torch.float64, requires_grad=True)
    DETACH["one_path"](x, w).tanh().sum().backward()
    fixed, weight = x.detach(), w.detach()
    expected = numeric_gradient(lambda t: (fixed * weight + t**2).tanh().sum(), fixed)
    assert torch.allclose(x.grad, expected, atol=1e-8)
    expected = numeric_gradient(lambda t: (fixed * t + fixed**2).tanh().sum(), weight)
    assert torch.allclose(w.grad, expected, atol=1e-8)


def test_semi_gradient_mse_by_hand():
    w = torch.tensor([2.0], requires_grad=True)
    DETACH["semi_gradient_mse"](3 * w, w).backward()
    assert w.grad.tolist() == [24.0]  # 2 * (6 - 2) * 3; with the target attached it would be 16


def test_to_numpy_copy_by_hand():
    t = torch.tensor([1.0, 2.0], requires_grad=True).exp()
    array = DETACH["to_numpy_copy"](t)
    assert isinstance(array, numpy.ndarray)
    assert array.dtype == numpy.float32
    array[:] = 0
    assert t.tolist() == pytest.approx([numpy.e, numpy.e**2])
    assert not numpy.shares_memory(array, t.detach().numpy())
