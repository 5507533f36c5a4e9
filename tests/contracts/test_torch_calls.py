"""What `gradstop.internals.torch_calls` relies on, each assumption by its name."""

import subprocess
import sys

import pytest
import torch

from gradstop.internals import torch_calls


def test_the_version_is_read_by_a_descriptor_of_the_base_class():
    tensor = torch.ones(2)
    tensor.add_(1)
    assert torch_calls.bare_version(tensor) == 1


def test_transforms_of_functions_are_seen():
    inside = []
    assert torch_calls.functions_are_transformed() is None
    torch.func.vmap(lambda x: inside.append(torch_calls.functions_are_transformed()) or x)(torch.ones(2))
    assert inside[0] is not None


@pytest.mark.parametrize("run", [lambda y, x: y.backward(), torch.autograd.grad], ids=["backward", "grad"])
def test_backward_and_grad_run_the_engine_by_one_function(run):
    calls = []

    def make(before):
        def engine(*args, **kwargs):
            calls.append((args[2:5], kwargs["accumulate_grad"]))
            return before(*args, **kwargs)

        return engine

    x = torch.ones(2, requires_grad=True)
    with torch_calls.engine_runs(make):
        run((x * 2).sum(), x)
    ((retain, create, inputs), accumulates) = calls[0]
    assert (retain, create, accumulates) == (False, False, inputs == ())


def test_a_call_of_a_compiled_function_is_seen_from_both_ends():
    seen = []
    with torch_calls.compiled_calls(lambda f, given: seen.append(f.__name__), lambda result: seen.append(result)):

        def double(x):
            return x * 2

        result = torch.compile(double, backend="eager")(torch.ones(2))
    assert seen[0] == "double"
    assert any(item is result for item in seen)


def test_a_compiled_function_is_seen_where_an_optimizer_has_loaded_the_compiler():
    lines = (
        "import sys, torch",
        "from gradstop.internals.torch_calls import compiled_calls",
        "seen = []",
        "with compiled_calls(lambda f, given: seen.append(f.__name__), seen.append):",
        "    torch.optim.SGD([torch.ones(1, requires_grad=True)], 0.1)",
        "    assert 'torch._dynamo.eval_frame' in sys.modules",
        "    def double(x): return x * 2",
        "    torch.compile(double, backend='eager')(torch.ones(2))",
        "assert seen[0] == 'double', seen",
    )
    subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True)


def test_what_was_replaced_comes_back():
    before = torch.compile
    with torch_calls.compiled_calls(lambda *_: None, lambda _: None):
        assert torch.compile is not before
    assert torch.compile is before


@pytest.mark.filterwarnings("ignore")
def test_a_traced_function_is_called_by_its_type():
    traced = torch.jit.trace(torch.nn.Linear(2, 1), torch.ones(2))
    called = []

    def make(before):
        return lambda scripted, *args: called.append(torch_calls.scripted_tensors(scripted)) or before(scripted, *args)

    with torch_calls.scripted_calls(make):
        traced(torch.ones(2))
    traced(torch.ones(2))
    assert [[tuple(tensor.shape) for tensor in taken] for taken in called] == [[(1, 2), (1,)]]


TRANSFORMS = {
    "grad": lambda f: torch.func.grad(f)(torch.ones(2)),
    "jacrev": lambda f: torch.func.jacrev(f)(torch.ones(2)),
    "jvp": lambda f: torch.func.jvp(f, (torch.ones(2),), (torch.ones(2),)),
    "jacfwd": lambda f: torch.func.jacfwd(f)(torch.ones(2)),
    "vmap of grad": lambda f: torch.func.vmap(torch.func.grad(f))(torch.ones(3, 2)),
}


@pytest.mark.filterwarnings("ignore")  # torch scripts something when it first works forwards
@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
def test_what_torch_func_differentiates_is_seen_and_whether_a_level_records_it(transform):
    asked, crossed = [], []

    def differentiated(before):
        def take(outputs, *args, **kwargs):
            with torch_calls.no_overrides():
                asked.append(torch_calls.is_tracked(outputs[0] if isinstance(outputs, list | tuple) else outputs))
            return before(outputs, *args, **kwargs)

        return take

    def border(before):
        return lambda tensor, *args: crossed.append(before.__name__) or before(tensor, *args)

    with torch_calls.func_borders(border, differentiated):
        transform(lambda x: x.square().sum())
        transform(lambda x: x.detach().sum())
    assert asked == [True, False]
    assert crossed


def test_a_method_of_a_base_class_is_replaced_and_comes_back():
    before = torch.Tensor.as_subclass
    with torch_calls.replaced(torch.Tensor, "as_subclass", lambda _: None):
        assert torch.Tensor.as_subclass is None
    assert torch.Tensor.as_subclass == before
    assert "as_subclass" not in vars(torch.Tensor)
