"""What `gradstop.internals.torch` relies on, each assumption by its name. Operators have a file of their own."""

import weakref

import pytest
import torch
from support.forks import in_a_fork, printed_by
from torch import nn
from torch.nn.modules import module as modules
from torch.optim import optimizer
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from gradstop.internals import torch as internals

# A tensor


@pytest.mark.parametrize("name", ["requires_grad", "is_leaf", "retains_grad", "shape", "dtype", "grad", "_version"])
def test_torch_defines_the_state_of_a_tensor_by_descriptors_of_its_base_class(name):
    assert issubclass(torch.Tensor, internals.TensorBase)
    assert name in vars(internals.TensorBase)
    tensor = torch.ones(2)
    assert internals.getter(name)(tensor) == getattr(tensor, name)


def test_the_descriptors_answer_for_a_tensor_whose_class_overrides_them():
    class Lying(torch.Tensor):
        requires_grad = property(lambda self: False)
        _version = 7

        @classmethod
        def __torch_function__(cls, function, classes, arguments=(), options=None):
            raise AssertionError("asked the class")

    tensor = torch.Tensor._make_subclass(Lying, torch.ones(2), True)
    assert tensor._version == 7
    assert internals.version(tensor) == 0
    assert internals.getter("requires_grad")(tensor)
    assert internals.method("is_inference")(tensor) is False


def test_torch_counts_edits_in_place_in_version_and_views_share_the_count():
    tensor = torch.ones(2)
    view = tensor[:1]
    view.add_(1)
    assert internals.version(tensor) == internals.version(view) == internals.version(tensor.detach()) == 1
    assert internals.version(tensor.data) == 0


def test_torch_says_what_is_a_view_and_of_what():
    tensor = torch.ones(2)
    view = tensor[:1][:1]
    assert internals.is_view(view)
    assert internals.view_base(view) is tensor
    assert not internals.is_view(tensor)
    assert internals.view_base(tensor) is None


def test_torch_keeps_the_hooks_of_a_tensor_in_backward_hooks():
    tensor = torch.ones(2, requires_grad=True)
    assert not internals.hooks(tensor)
    handle = tensor.register_hook(lambda gradient: None)
    assert len(internals.hooks(tensor)) == 1
    handle.remove()
    assert not internals.hooks(tensor)


def test_torch_keeps_the_post_accumulate_grad_hooks_of_a_tensor_in_an_attribute_of_that_name():
    tensor = torch.ones(2, requires_grad=True)
    assert not internals.post_accumulate_grad_hooks(tensor)
    tensor.register_post_accumulate_grad_hook(lambda leaf: None)
    assert len(internals.post_accumulate_grad_hooks(tensor)) == 1


# What a node has saved


def leaf():
    return torch.ones(2, requires_grad=True)


def test_torch_gives_a_node_a_raw_saved_slot_for_each_tensor_that_it_saves():
    x, y = leaf(), leaf()
    node = (x * y).grad_fn
    assert sorted(internals.saved_fields(type(node))) == ["other", "self"]
    assert internals.saved_slots(node, "self").data.data_ptr() == x.data_ptr()
    assert internals.saved_tensors(node, "self") is x


def test_a_slot_holds_an_edited_tensor_unchecked_and_torch_s_error_says_both_versions():
    y = leaf().exp()
    node = y.grad_fn
    y.add_(1)
    assert internals.saved_slots(node, "result").data.tolist() == y.tolist()
    with pytest.raises(RuntimeError) as caught:
        internals.saved_tensors(node, "result")
    assert internals.parse_versions(str(caught.value)) == (0, 1)
    assert internals.parse_versions("another") is None


def test_a_slot_unpacks_an_input_without_its_node_and_refuses_an_input_that_was_detached_in_place():
    y = leaf() * 2
    node = y.square().grad_fn
    slot = internals.saved_slots(node, "self")
    assert slot.unpack().grad_fn is y.grad_fn
    y.detach_()
    with pytest.raises(RuntimeError) as caught:
        slot.unpack()
    assert internals.says_detached(str(caught.value))


def test_a_slot_refuses_to_unpack_an_output_without_its_node_and_the_node_reads_it_as_its_own():
    y = leaf().exp()
    with pytest.raises(RuntimeError):
        internals.saved_slots(y.grad_fn, "result").unpack()
    assert internals.saved_tensors(y.grad_fn, "result").grad_fn is y.grad_fn


def test_a_slot_is_empty_once_backward_has_freed_it_and_torch_s_error_says_so():
    y = leaf().exp()
    y.sum().backward()
    assert internals.saved_slots(y.grad_fn, "result").data is None
    with pytest.raises(RuntimeError) as caught:
        internals.saved_tensors(y.grad_fn, "result")
    assert internals.says_freed(str(caught.value))


def test_a_list_of_tensors_is_a_tuple_of_slots_that_refuses_as_a_whole_once_it_is_freed():
    y = leaf()[torch.tensor([0, 1])]
    assert isinstance(internals.saved_slots(y.grad_fn, "indices"), tuple)
    y.sum().backward()
    with pytest.raises(RuntimeError) as caught:
        internals.saved_slots(y.grad_fn, "indices")
    assert internals.says_freed(str(caught.value))


def test_a_custom_function_has_what_it_saves_under_the_name_tensors():
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, gradient):
            return gradient

    x = leaf()
    node = Square.apply(x).grad_fn
    assert isinstance(node, torch.autograd.function.BackwardCFunction)
    assert internals.saved_fields(type(node)) == ["tensors"]
    assert internals.saved_slots(node, "tensors")[0].data.data_ptr() == x.data_ptr()
    assert internals.saved_tensors(node, "tensors")[0] is x


def test_a_slot_that_hooks_have_packed_has_an_unpack_hook_and_holds_what_they_made_of_it():
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: "packed", lambda packed: torch.ones(2)):
        y = leaf().exp()
    slot = internals.saved_slots(y.grad_fn, "result")
    assert slot.unpack_hook is not None
    assert slot.data == "packed"
    assert internals.saved_slots(leaf().exp().grad_fn, "result").unpack_hook is None


def test_the_node_of_a_leaf_is_called_accumulategrad_and_has_it_as_variable():
    x = leaf()
    ((node, _),) = x.exp().grad_fn.next_functions
    assert type(node).__name__ == "AccumulateGrad"
    assert node.variable is x


def test_who_registers_a_hook_sees_the_others():
    node = leaf().exp().grad_fn
    before, after = (lambda g: None), (lambda sent, received: None)
    assert internals.node_hooks(node) == ([], [])
    node.register_prehook(before)
    node.register_hook(after)
    assert internals.node_hooks(node) == ([before], [after])
    assert internals.node_hooks(node) == ([before], [after])


def test_a_node_that_fills_a_leaf_holds_the_dictionary_of_another_tensor_s_hooks_and_does_not_run_them():
    x = leaf()
    y = x * 2
    held = internals.hang_on(y.grad_fn.next_functions[0][0])
    held[0] = lambda _: pytest.fail("run")
    alive = weakref.ref(held)
    del held
    node = y.grad_fn.next_functions[0][0]
    node.metadata.clear()
    for register in (node.register_prehook, node.register_hook):
        register(lambda *_: None).hooks_dict_ref().clear()
    del node, register
    y.sum().backward()
    assert x.grad is not None
    assert alive() is not None
    del y
    assert alive() is None


# Modes and hooks that are left on


class AskedError(Exception):
    pass


class Functions(TorchFunctionMode):
    def __torch_function__(self, function, classes, arguments=(), options=None):
        raise AskedError


class Dispatch(TorchDispatchMode):
    def __torch_dispatch__(self, function, classes, arguments=(), options=None):
        raise AskedError


def test_torch_keeps_function_modes_on_a_stack_that_len_torch_function_stack_counts():
    mode = Functions()
    assert internals.function_mode_count() == 0
    mode.__enter__()
    assert internals.function_mode_count() == 1
    assert internals.pop_function_mode() is mode
    assert internals.function_mode_count() == 0
    torch.ones(1).exp()
    internals.push_function_mode(mode)
    try:
        with pytest.raises(AskedError):
            torch.ones(1)
    finally:
        assert internals.pop_function_mode() is mode


def test_a_default_device_is_a_function_mode():
    torch.set_default_device("meta")
    try:
        assert internals.function_mode_count() == 1
    finally:
        torch.set_default_device(None)
    assert internals.function_mode_count() == 0


def test_disabletorchfunction_keeps_function_modes_from_being_asked():
    with Functions(), internals.no_function_modes():
        assert torch.ones(1).exp().shape == (1,)


def test_torch_keeps_dispatch_modes_on_a_stack_that_len_torch_dispatch_stack_counts():
    mode = Dispatch()
    assert internals.dispatch_mode_count() == 0
    mode.__enter__()
    assert internals.dispatch_mode_count() == 1
    assert internals.pop_dispatch_mode() is mode
    assert internals.dispatch_mode_count() == 0
    torch.ones(1).exp()
    internals.push_dispatch_mode(mode)
    try:
        with pytest.raises(AskedError):
            torch.ones(1)
    finally:
        assert internals.pop_dispatch_mode() is mode


def test_torch_keeps_saved_tensors_hooks_on_a_stack_and_shows_the_top_as_a_pair():
    pack, unpack = lambda tensor: tensor, lambda tensor: tensor
    assert internals.top_saved_tensors_hooks() is None
    torch.autograd.graph.saved_tensors_hooks(pack, unpack).__enter__()
    assert internals.top_saved_tensors_hooks() == (pack, unpack)
    internals.pop_saved_tensors_hooks()
    assert internals.top_saved_tensors_hooks() is None
    internals.push_saved_tensors_hooks(pack, unpack)
    y = leaf().exp()
    internals.pop_saved_tensors_hooks()
    assert internals.saved_slots(y.grad_fn, "result").unpack_hook is not None


def test_disabled_saved_tensors_hooks_are_known_as_such_and_can_be_enabled():
    hooks = torch.autograd.graph.saved_tensors_hooks(lambda tensor: tensor, lambda tensor: tensor)
    with torch.autograd.graph.disable_saved_tensors_hooks("no hooks"):
        assert not internals.saved_tensors_hooks_enabled()
        internals.set_saved_tensors_hooks_enabled(True)
        with hooks:
            assert internals.top_saved_tensors_hooks() is not None
        internals.set_saved_tensors_hooks_enabled(False)
        with pytest.raises(RuntimeError, match="saved tensor hooks are disabled"):
            hooks.__enter__()
    assert internals.saved_tensors_hooks_enabled()


# Settings


def test_set_grad_enabled_is_what_is_grad_enabled_reads():
    internals.set_grad_enabled(False)
    try:
        assert not torch.is_grad_enabled()
    finally:
        internals.set_grad_enabled(True)
    assert torch.is_grad_enabled()


@pytest.mark.slow
def test_set_deterministic_algorithms_sets_them_without_inductor_which_the_public_function_loads():
    code = """if True:
        import sys, torch
        from gradstop.internals.torch import set_deterministic_algorithms
        set_deterministic_algorithms(True)
        print(torch.are_deterministic_algorithms_enabled(), "torch._inductor" in sys.modules)
        torch.use_deterministic_algorithms(False)
        print(torch.are_deterministic_algorithms_enabled(), "torch._inductor" in sys.modules)
    """
    assert printed_by(code) == ["True False", "False True"]


# Modules

REGISTER = [name for name in dir(modules) if name.startswith("register_module_") and name.endswith("_hook")]
OF_OPTIMIZERS = [name for name in dir(optimizer) if name.startswith("register_optimizer_")]


@pytest.mark.parametrize("name", [*REGISTER, *OF_OPTIMIZERS])
def test_torch_keeps_the_hooks_of_all_modules_and_optimizers_in_global_dictionaries(name):
    def held():
        return sum(map(len, internals.global_hooks))

    def body():
        before = held()
        handle = getattr(modules if name in REGISTER else optimizer, name)(lambda *_: None)
        assert held() > before
        handle.remove()
        assert held() == before

    in_a_fork(body)  # a kind of them excludes another for good


def test_torch_names_the_functions_that_register_a_hook_of_all_modules_alike():
    assert {"register_module_forward_hook", "register_module_full_backward_hook"} <= set(REGISTER)
    assert OF_OPTIMIZERS == ["register_optimizer_step_post_hook", "register_optimizer_step_pre_hook"]


@pytest.mark.parametrize(
    ("register", "kind"),
    [
        ("register_forward_hook", "forward_hooks"),
        ("register_forward_pre_hook", "forward_pre_hooks"),
        ("register_full_backward_hook", "backward_hooks"),
        ("register_full_backward_pre_hook", "backward_pre_hooks"),
        ("register_state_dict_post_hook", "state_dict_hooks"),
        ("register_state_dict_pre_hook", "state_dict_pre_hooks"),
    ],
)
def test_torch_keeps_the_hooks_of_a_module_in_attributes_that_end_with_hooks(register, kind):
    layer = nn.Linear(2, 2)
    getattr(layer, register)(lambda *_: None)
    assert [name for name, held in internals.module_hooks(layer) if held] == [kind]


def test_every_module_begins_with_the_attributes_of_an_empty_one():
    layer = nn.Linear(2, 2)
    assert set(vars(layer)) - internals.module_attributes == {"in_features", "out_features"}
    assert internals.module_attributes <= set(vars(layer))


def test_torch_keeps_the_parameters_and_buffers_of_a_module_in_dictionaries():
    layer = nn.BatchNorm1d(2)
    layer.register_parameter("absent", None)
    assert set(internals.parameters_of(layer)) == {"weight", "bias", "absent"}
    assert internals.parameters_of(layer)["weight"] is layer.weight
    assert set(internals.buffers_of(layer)) == {"running_mean", "running_var", "num_batches_tracked"}


def test_the_default_backend_of_compile_begins_with_the_call_that_is_replaced():
    def compiled():
        from torch._inductor import compile_fx

        internals.stop_before_generating_code()
        graphs = []
        compile_fx.compile_fx = lambda *_, **__: graphs.append("inductor")
        double = torch.compile(lambda x: 2 * x.detach() + x)
        x = torch.ones(2, requires_grad=True)
        double(x).sum().backward()
        assert x.grad.tolist() == [1, 1]
        assert graphs == []

    in_a_fork(compiled)


def test_torch_calls_what_it_is_told_for_each_frame_of_python_s_and_nothing_for_none():
    from torch._dynamo.types import ConvertFrameReturn

    seen = []

    def look(frame, *more):
        seen.append(frame.f_code.co_name)
        return ConvertFrameReturn(apply_to_code=False)

    def called():
        return 1

    internals.set_frame_evaluation(look)
    called()
    internals.set_frame_evaluation(None)
    called()
    assert seen == ["called"]


def test_torch_puts_its_own_around_the_step_of_a_kind_of_optimizer_once():
    class Plain(torch.optim.Optimizer):
        def step(self):
            return None

    internals.hook_step(Plain)
    first = Plain.step
    Plain([torch.ones(1)], {})
    assert Plain.step is first
    assert first.hooked
