"""What `gradstop.internals.torch` relies on of operators and their kernels, each assumption by its name."""

import gc
import types

import pytest
import torch
from support.forks import in_a_fork, printed_by
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

from gradstop.internals.cpython import finalizers
from gradstop.internals.torch import namespaces, refuse_registrations


def test_methods_of_a_tensor_look_up_what_they_call_in_the_module_tensor():
    assert torch.Tensor.backward.__globals__ is vars(namespaces[0])


def test_nn_functional_calls_what_lies_in_torch_c_nn(monkeypatch):
    monkeypatch.setattr(namespaces[1], "mse_loss", lambda *_: "replaced")
    assert functional.mse_loss(torch.ones(1), torch.ones(1)) == "replaced"


class SomeMode(TorchDispatchMode):
    pass


LIBRARIES = []  # a library takes back at its end what it has registered


def implement(kind="IMPL", key="CPU"):
    LIBRARIES.append(torch.library.Library("aten", kind))
    LIBRARIES[-1].impl("sin", torch.zeros_like, key)


def implement_in_c():
    LIBRARIES.append(torch._C._dispatch_library("IMPL", "aten", "CPU"))
    LIBRARIES[-1].impl("sin", "CPU", torch.zeros_like)


# Each way of Python's to register something for one of torch's own operators, or an operator among them.
WAYS = {
    "Library": implement,
    "Library, a fragment": lambda: implement("FRAGMENT"),
    "Library, for autograd": lambda: implement(key="Autograd"),
    "torch._C": implement_in_c,
    "impl": lambda: torch.library.impl("aten::sin", "CPU", torch.zeros_like),
    "register_kernel": lambda: torch.library.register_kernel("aten::sin", "cpu", torch.zeros_like),
    "register_autograd": lambda: torch.library.register_autograd("aten::sin", lambda ctx, gradient: gradient),
    "register_fake": lambda: torch.library.register_fake("aten::sin", torch.zeros_like),
    "register_vmap": lambda: torch.library.register_vmap("aten::sin", lambda info, dims, x: (x, dims[0])),
    "register_autocast": lambda: torch.library.register_autocast("aten::sin", "cpu", torch.bfloat16),
    "register_torch_dispatch": lambda: torch.library.register_torch_dispatch("aten::sin", SomeMode, lambda *_: None),
    "define": lambda: torch.library.define("aten::gradstop_mine", "(Tensor x) -> Tensor"),
    "custom_op": lambda: torch.library.custom_op(
        "aten::gradstop_mine", torch.clone, mutates_args=(), schema="(Tensor x) -> Tensor"
    ),
}
REPLACING = ["Library", "Library, a fragment", "torch._C", "impl", "register_kernel"]  # what torch.sin computes


def is_replaced():
    return torch.sin(torch.ones(1)).item() == 0


@pytest.mark.parametrize("way", REPLACING)
def test_a_kernel_that_is_registered_for_an_operator_of_torch_replaces_what_it_computes(way):
    def body():
        WAYS[way]()
        assert is_replaced()

    in_a_fork(body)


@pytest.mark.parametrize("way", WAYS)
def test_dispatch_library_is_where_each_registration_for_an_operator_of_torch_begins(way):
    def accepted():
        WAYS[way]()

    def refused():
        refuse_registrations("aten", "refused here")
        with pytest.raises(RuntimeError, match="refused here"):
            WAYS[way]()
        assert not is_replaced()

    in_a_fork(accepted)
    in_a_fork(refused)


def test_the_functions_of_torch_library_that_register_are_those_that_are_tried_here():
    tried = {way.partition(",")[0] for way in WAYS} | {
        "register_torch_dispatch",
        "impl_abstract",  # an older name of register_fake
        "triton_op",  # a custom_op with a kernel for another device
        "fallthrough_kernel",  # is registered, and registers nothing; so with the rest
        "infer_schema",
        "get_ctx",
        "get_kernel",
        "wrap_triton",
    }
    assert set(torch.library.__all__) <= tried


def test_an_operator_of_another_namespace_is_registered_all_the_same():
    def body():
        refuse_registrations("aten", "refused here")
        torch.library.define("gradstop_mine::double", "(Tensor x) -> Tensor")
        torch.library.impl("gradstop_mine::double", "CPU", lambda x: 2 * x)
        assert torch.ops.gradstop_mine.double(torch.ones(1)).item() == 2

    in_a_fork(body)


def test_dispatch_library_is_the_only_function_of_torch_c_that_hands_out_what_kernels_are_registered_with():
    found, seen = [], set()

    def look(module):
        seen.add(module)
        for name, item in vars(module).items():
            if isinstance(item, types.ModuleType):
                if item.__name__.startswith("torch._C") and item not in seen:
                    look(item)
            elif "-> torch._C._DispatchModule" in str(getattr(item, "__doc__", "")):
                found.append(f"{module.__name__}.{name}")

    look(torch._C)
    assert found == ["torch._C._dispatch_library"]
    assert [name for name, item in vars(torch._C).items() if hasattr(item, "impl")] == ["_DispatchModule"]


@pytest.mark.slow
def test_the_libraries_that_torch_itself_keeps_for_its_operators_refuse_kernels_for_the_cpu():
    code = """if True:
        import gc, torch, torch._dynamo
        torch.func.vmap(torch.sin)(torch.ones(2))
        libraries = [one for one in gc.get_objects() if isinstance(one, torch.library.Library) and one.ns == "aten"]
        for library in libraries:
            for key in ("CPU", "Autograd", "AutogradCPU", "CompositeImplicitAutograd", ""):
                try:
                    library.impl("sin", torch.zeros_like, key)
                except RuntimeError:
                    pass
            print(torch.sin(torch.ones(1)).item() > 0.8)
    """
    assert set(printed_by(code)) == {"True"}


@pytest.mark.slow
def test_the_first_vmap_registers_kernels_for_operators_of_torch_and_what_follows_none():
    """So it has to have been before they are refused."""
    code = """if True:
        import torch
        begin, begun = torch._C._dispatch_library, []
        torch._C._dispatch_library = lambda kind, name, *more: (begun.append(name), begin(kind, name, *more))[1]
        torch.func.vmap(torch.sin)(torch.ones(2))
        print("aten" in begun)
        begun.clear()
        torch.func.hessian(lambda x: x.sin().sum())(torch.ones(2))
        print("aten" in begun)
    """
    assert printed_by(code) == ["True", "False"]


@pytest.mark.slow
def test_dynamo_puts_another_manual_seed_in_the_place_of_torch_s_and_nothing_else_that_is_guarded():
    code = """if True:
        import torch
        from gradstop.grading.inside.guard.guard import Guard
        guard, known = Guard(), torch.manual_seed
        import torch._dynamo
        print(torch.manual_seed is known, guard.restore(), torch.manual_seed is known)
    """
    assert printed_by(code) == ["False [] True"]


def test_a_library_takes_back_its_registrations_by_a_finalizer_whose_function_is_of_torch_library():
    library = torch.library.Library("gradstop_mine", "DEF")
    (mine,) = [one for one in finalizers() if one.peek() and one.peek()[0] is library]
    assert mine.peek()[1].__module__ == "torch.library"
    assert mine.atexit
    del library
    gc.collect()
    assert not mine.alive
