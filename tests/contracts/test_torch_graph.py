"""What `gradstop.internals.torch_graph` relies on, each assumption by its name."""

import subprocess
import sys

import pytest
import torch
from torch.autograd import forward_ad

from gradstop.internals import torch_graph as internals


def interior():
    return torch.ones(2, requires_grad=True) * 2


def test_a_tensor_within_vmap_wraps_the_one_with_the_history():
    outer, seen = interior(), []
    torch.func.vmap(lambda x: (seen.append(internals.unwrap_level(x)), x)[1])(outer)
    assert seen[0][0] == "vmap"
    assert seen[0][1] is outer
    torch.func.grad(lambda x: (seen.append(internals.unwrap_level(x)), x.sum())[1])(outer)
    assert seen[1][0] == "a transform of torch.func"
    assert internals.unwrap_level(outer) is None


@pytest.mark.filterwarnings("ignore:.*torch.jit.script")
def test_a_tangent_is_seen_within_its_level_alone():
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(torch.ones(2), torch.ones(2))
        assert internals.has_tangent(dual)
        assert not internals.has_tangent(torch.ones(2))
    assert not internals.has_tangent(dual)


def test_who_registers_a_hook_sees_the_others():
    node = interior().grad_fn
    before, after = (lambda g: None), (lambda sent, received: None)
    assert internals.node_hooks(node) == ([], [])
    node.register_prehook(before)
    node.register_hook(after)
    assert internals.node_hooks(node) == ([before], [after])
    assert internals.node_hooks(node) == ([before], [after])


def test_our_hooks_run_before_and_after_the_others():
    y, ran = interior(), []
    y.grad_fn.register_hook(lambda sent, received: ran.append("theirs"))
    note = [lambda *_, name=name: ran.append(name) for name in ("first", "last")]
    for handle in internals.first_and_last(y.grad_fn.register_hook, *note):
        assert handle is not None
    y.sum().backward()
    assert ran == ["first", "theirs", "last"]


def test_the_engine_runs_what_was_made_last_first():
    x = torch.ones(2, requires_grad=True)
    first, second = x * 2, x * 3
    assert internals.sequence_number(first.grad_fn) < internals.sequence_number(second.grad_fn)
    accumulator = first.grad_fn.next_functions[0][0]
    assert internals.sequence_number(accumulator) > internals.sequence_number(second.grad_fn)


def test_the_backward_of_a_function_is_found_by_its_node():
    class Twice(torch.autograd.Function):
        forward = staticmethod(lambda ctx, a: a * 2)
        backward = staticmethod(lambda ctx, g: g * 2)

    class Named(torch.autograd.Function):
        forward = staticmethod(lambda ctx, a: a * 2)
        vjp = staticmethod(lambda ctx, g: g * 2)

    x = torch.ones(2, requires_grad=True)
    assert internals.custom_backward(Twice.apply(x).grad_fn) is Twice.backward
    assert internals.custom_backward(Named.apply(x).grad_fn) is Named.vjp
    assert internals.custom_backward((x * 2).grad_fn) is None


COMPILED = """
import sys, warnings
import torch
from gradstop import describe
assert "torch._dynamo" not in sys.modules
said = []
def f(x):
    y = x * 2
    said.append(describe(x=x, y=y))
    return y * 3
compiled = torch.compile(f, backend="eager")
from torch._dynamo.utils import counters
with warnings.catch_warnings(record=True) as warned:
    for length in (2, 3, 4):
        compiled(torch.ones(length, requires_grad=True))
assert not [one for one in warned if ".grad attribute" not in str(one.message)]  # that one is of the compiler's own
assert len(said) == 3 and all("will be filled" in text for text in said)
assert len(counters["graph_break"]) == 1, counters["graph_break"]
assert "live tensors" in next(iter(counters["graph_break"]))
assert "gradstop" not in str(counters["resumes"]) + str(counters["unimplemented"]), counters
"""


@pytest.mark.slow
def test_a_compiled_function_is_broken_once_and_what_draws_is_not_traced():
    done = subprocess.run([sys.executable, "-c", COMPILED], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_nodes_run_within_a_function_of_torch_that_has_this_name():
    y, names = interior(), []

    def note(gradient):
        frame = sys._getframe()
        while frame is not None:
            names.append(frame.f_code.co_name)
            frame = frame.f_back

    y.register_hook(note)
    y.sum().backward()
    assert internals.ENGINE_FUNCTION in names


def test_a_function_in_c_cannot_be_marked():
    with pytest.raises(TypeError, match="no Python function"):
        internals.untraced(len)
