"""Other right answers to 06-clone: each reaches the behaviour in another way."""

import copy
import io
import operator
import pickle
from collections import OrderedDict

import numpy
import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

from gradstop.course import right

# snapshot


@right("snapshot")
def deep_copy_of_the_state(model):
    return copy.deepcopy(model.state_dict())


@right("snapshot")
def state_of_a_deep_copy(model):
    return copy.deepcopy(model).state_dict()


@right("snapshot")
def attribute_by_attribute(model):
    return {name: operator.attrgetter(name)(model).detach().clone() for name in model.state_dict()}


@right("snapshot")
def through_numpy_arrays(model):
    return {name: torch.from_numpy(value.numpy().copy()) for name, value in model.state_dict().items()}


@right("snapshot")
def read_back_by_pickle(model):
    return pickle.loads(pickle.dumps(dict(model.state_dict())))  # noqa: S301 - what was pickled here


@right("snapshot")
def saved_and_read_back(model):
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    return torch.load(file)


@right("snapshot")
def new_tensors_in_order(model):
    state = OrderedDict()
    for key in reversed(list(model.state_dict())):
        value = model.state_dict()[key]
        state[key] = torch.empty_like(value).copy_(value)
    return state


@right("snapshot")
def tree_mapped(model):
    return torch.utils._pytree.tree_map(lambda value: value + 0, dict(model.state_dict()))


@right("snapshot")
def new_parameters_for_the_parameters(model):
    kept = model.state_dict(keep_vars=True)
    return {name: copy.deepcopy(value) for name, value in kept.items()}


@right("snapshot")
def saved_and_read_again(model):
    import io

    b = io.BytesIO()
    torch.save(model.state_dict(), b)
    b.seek(0)
    return dict(torch.load(b))


# fork


@right("fork")
def plus_zero(x):
    return x + 0


@right("fork")
def times_one(x):
    return x * 1.0


@right("fork")
def copied_into_an_empty_tensor(x):
    return torch.empty_like(x, requires_grad=False).copy_(x)


@right("fork")
def clone_that_requires_grad_anyway(x):
    return torch.clone(x).requires_grad_()


@right("fork")
def stacked_and_taken_apart(x):
    return torch.stack([x])[0]


@right("fork")
def flattened_and_shaped_again(x):
    return x.reshape(-1).clone().reshape(x.shape)


@right("fork")
def chosen_everywhere(x):
    return torch.where(torch.ones_like(x, dtype=torch.bool), x, torch.zeros_like(x))


@right("fork")
def moved_with_copy(x):
    return x.to(x.dtype, copy=True)


@right("fork")
def custom_copy_function(x):
    class Copy(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, grad):
            return grad

    return Copy.apply(x)


@right("fork")
def straight_through_zeros(x):
    return x.detach() + (x - x.detach())


# const_copy


@right("const_copy")
def cloned_and_then_cut(x):
    return x.clone().detach()


@right("const_copy")
def cloned_where_nothing_is_recorded(x):
    with torch.no_grad():
        return x.clone()


@right("const_copy")
def deep_copy_of_the_alias(x):
    return copy.deepcopy(x.detach())


@right("const_copy")
def new_tensor_from_data(x):
    return x.new_tensor(x.detach().numpy())


@right("const_copy")
def through_numpy_copy(x):
    return torch.from_numpy(numpy.array(x.detach()))


@right("const_copy")
def filled_in_place(x):
    result = torch.zeros_like(x, requires_grad=False)
    result[...] = x.data
    return result


@right("const_copy")
def by_the_constructor(x):
    return torch.tensor(x.tolist(), dtype=x.dtype)


@right("const_copy")
def parameter_that_is_none(x):
    return nn.Parameter(x.detach().clone(), requires_grad=False)


@right("const_copy")
def sum_outside_the_graph(x):
    return x.detach() + 0


@right("const_copy")
def saved_and_loaded(x):
    file = io.BytesIO()
    torch.save(x.detach().clone(), file)
    file.seek(0)
    return torch.load(file)


# set_weight


@right("set_weight")
def through_the_state_dict(layer, w):
    layer.state_dict()["weight"].copy_(w)


@right("set_weight")
def through_a_numpy_array(layer, w):
    layer.weight.detach().numpy()[...] = w.detach().numpy()


@right("set_weight")
@torch.no_grad()
def written_as_the_result_of_a_sum(layer, w):
    torch.add(w, 0, out=layer.weight)


@right("set_weight")
def through_data_copy(layer, w):
    layer.weight.data.copy_(w)


@right("set_weight")
def new_memory_through_data(layer, w):
    layer.weight.data = w.detach().clone()


@right("set_weight")
def loaded_as_a_state(layer, w):
    layer.load_state_dict({"weight": w}, strict=False)


@right("set_weight")
def into_the_alias(layer, w):
    layer.weight.detach()[:] = w.detach()


@right("set_weight")
def by_vector(layer, w):
    nn.utils.vector_to_parameters(w.detach().reshape(-1).clone(), [layer.weight])


@right("set_weight")
def flag_off_for_a_write_of_values(layer, w):
    layer.weight.requires_grad_(False)
    layer.weight.zero_().add_(w.detach())
    layer.weight.requires_grad_(True)
    return layer


@right("set_weight")
@torch.no_grad()
def assigned_elements(layer, w):
    layer.weight[:] = w
    return layer.weight


@right("set_weight")
def in_inference_mode_copy(layer, w):
    with torch.inference_mode():
        layer.weight.copy_(w)


@right("set_weight")
def zeroed_and_added(layer, w):
    with torch.no_grad():
        layer.weight.zero_().add_(w)


@right("set_weight")
def rows_written_alone(layer, w):
    with torch.no_grad():
        for i in range(w.shape[0]):
            layer.weight[i] = w[i]


# call_with


@right("call_with")
def called_functionally(layer, weight, x):
    return functional_call(layer, {"weight": weight}, (x,))


@right("call_with")
def by_hand(layer, weight, x):
    return x @ weight.T + layer.bias


@right("call_with")
def with_addmm(layer, weight, x):
    return torch.addmm(layer.bias, x, weight.t())


@right("call_with")
def with_einsum(layer, weight, x):
    return torch.einsum("ij,oj->io", x, weight).add(layer.bias)


@right("call_with")
def exchanged_for_the_call(layer, weight, x):
    own = layer.weight
    del layer.weight
    layer.weight = weight
    try:
        return layer(x)
    finally:
        del layer.weight
        layer.weight = own


@right("call_with")
def shallow_copy_of_the_layer(layer, weight, x):
    twin = copy.copy(layer)
    twin._parameters = {name: p for name, p in layer._parameters.items() if name != "weight"}
    twin.weight = weight
    return twin(x)


@right("call_with")
def own_part_replaced(layer, weight, x):
    return F.linear(x, weight) + layer.bias


@right("call_with")
def without_the_bias_first(layer, weight, x):
    return torch.stack([row @ x.T + b for row, b in zip(weight, layer.bias, strict=True)], dim=1)


@right("call_with")
def hidden_behind_an_attribute(layer, weight, x):
    layer.__dict__["weight"] = weight
    try:
        return layer(x)
    finally:
        del layer.__dict__["weight"]


@right("call_with")
def products_summed(layer, weight, x):
    return (x.unsqueeze(1) * weight).sum(-1) + layer.bias


@right("call_with")
def taken_out_for_the_call(layer, W, x):
    old = layer.weight
    del layer.weight
    layer.weight = W
    y = layer(x)
    del layer.weight
    layer.weight = old
    return y


@right("call_with")
def what_the_other_weight_adds(layer, W, x):
    return layer(x) + F.linear(x, W - layer.weight)


@right("call_with")
def with_a_zero_times_the_weight(layer, W, x):
    return F.linear(x, W, layer.bias) + 0 * layer.weight.sum()
