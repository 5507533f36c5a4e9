"""What `gradstop.internals.torch_graph` relies on, each assumption by its name."""

import re
import subprocess
import sys
from importlib.resources import files

import pytest
import torch
from torch.autograd import forward_ad

from gradstop.internals import torch_graph as internals
from gradstop.internals.torch import node_hooks


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


class Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, factor, b):
        ctx.factor = factor
        ctx.save_for_backward(a)
        return a * factor + b

    @staticmethod
    def backward(ctx, g):
        return g * ctx.factor, None, g


class Bare(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a):
        ctx.set_materialize_grads(False)
        return a * 2


def test_what_a_function_has_on_its_context():
    x, b = torch.ones(2, requires_grad=True), torch.ones(2)
    node = Scaled.apply(x, 3.0, b).grad_fn
    assert internals.context_value(node, "factor", None) == 3.0
    assert internals.context_value(node, "saved_tensors", None)[0] is x
    assert internals.context_value(node, "other", "nothing") == "nothing"
    assert internals.needed_inputs(node) == internals.context_value(node, "needs_input_grad", None)
    assert internals.needed_inputs(node) == (True, False, False)
    assert len(node.next_functions) == 2  # of the tensors alone, in their order
    with torch.autograd.graph.saved_tensors_hooks(lambda saved: saved, lambda saved: 1 / 0):
        packed = Scaled.apply(x, 3.0, b).grad_fn
    assert internals.context_value(packed, "saved_tensors", "unknown") == ("unknown",)


def test_who_gets_zeros_where_no_gradient_came():
    x = torch.ones(2, requires_grad=True)
    assert internals.takes_zeros(Scaled.apply(x, 3.0, x).grad_fn)
    assert not internals.takes_zeros(Bare.apply(x).grad_fn)


def test_shapes_of_gradients():
    a, _ = interior().unbind()
    assert internals.gradient_shapes(a.grad_fn) == [((), torch.float32)] * 2
    nested = torch.nested.as_nested_tensor([torch.ones(1), torch.ones(2, requires_grad=True)], layout=torch.jagged) * 2
    assert internals.gradient_shapes(nested.grad_fn) == [(None, None)]


def test_arguments_that_a_node_keeps():
    x, c = torch.ones(2, requires_grad=True), torch.ones(2)
    assert internals.saved_argument(torch.add(x, c, alpha=3).grad_fn, "alpha") == 3
    assert internals.saved_argument(torch.lerp(x, c, 0.5).grad_fn, "weight") == 0.5
    assert internals.saved_argument(torch.stack([x, c], 1).grad_fn, "dim") == 1


def test_the_table_of_what_has_no_derivative_is_torchs_own():
    """An operation of which a tensor's derivative is "not implemented" is in the table, with its first tensors."""
    text = files("torchgen").joinpath("packaged/autograd/derivatives.yaml").read_text()
    missing = set()
    for entry in re.split(r"\n(?=- name: )", text):
        name = re.match(r"- name: (\w+)", entry)
        if name and re.search(r"^  self: not_implemented", entry, re.MULTILINE) and not name[1].endswith("_"):
            missing.add("".join(map(str.capitalize, name[1].split("_"))) + "Backward")
    assert "UniqueConsecutiveBackward" in missing
    assert missing <= internals._NOT_IMPLEMENTED.keys()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda x: torch.unique(x), "torch has no derivative here"),
        (lambda x: torch.igamma(x, x.detach()), "torch has no derivative here"),
        (lambda x: torch.igamma(x.detach(), x), ""),
        (Bare.apply, "the Function Bare has no backward"),
        (lambda x: Scaled.apply(x, 3.0, x), ""),
        (lambda x: x * 2, ""),
    ],
)
def test_what_has_no_backward(make, reason):
    result = make(torch.ones(2, requires_grad=True))
    assert internals.why_without_backward(result.grad_fn) == reason
    if reason:
        with pytest.raises(NotImplementedError):
            result.sum().backward()


def test_what_sends_nothing():
    x = torch.eye(2, requires_grad=True)
    sign, size = torch.linalg.slogdet(x)
    assert internals.may_send_nothing(sign.grad_fn)
    assert internals.sends_nothing(sign.grad_fn, {0})
    assert not internals.sends_nothing(sign.grad_fn, {0, 1})
    assert torch.autograd.grad(sign, x, allow_unused=True, retain_graph=True) == (None,)
    assert torch.autograd.grad(size, x)[0] is not None
    for order in (0, 2):
        norm = torch.linalg.vector_norm(x, ord=order)
        assert internals.sends_nothing(norm.grad_fn, {0}) == (order == 0)
        assert (torch.autograd.grad(norm, x, allow_unused=True)[0] is None) == (order == 0)


def test_the_hooks_of_a_module_are_held_by_torchs_own():
    net = torch.nn.Linear(2, 2)
    net.register_full_backward_hook(before := lambda *_: None)
    net.register_full_backward_pre_hook(after := lambda *_: None)
    node = net(torch.ones(1, 2, requires_grad=True)).grad_fn
    ((hook,), own) = (node_hooks(node)[1], None)
    own = dict(zip(hook.__code__.co_freevars, hook.__closure__, strict=True))["self"].cell_contents
    assert isinstance(own, torch.utils.hooks.BackwardHook)
    assert (own.user_hooks, own.user_pre_hooks, own.module) == ([before], [after], net)
    assert own.input_tensors_index == [0]
    assert "setup_output_hook" in hook.__qualname__


def test_a_hook_of_several_tensors_is_called_by_torchs_own():
    x, y = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    for mode in ("all", "any"):
        torch.autograd.graph.register_multi_grad_hook((x, y), given := lambda _: None, mode=mode)
        hook = [*x._backward_hooks.values()][-1]
        assert hook.__globals__["__name__"] == "torch.autograd.graph"
        assert dict(zip(hook.__code__.co_freevars, hook.__closure__, strict=True))["fn"].cell_contents is given


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
