"""Answers to 06-clone that people give, each with the misconception behind it."""

import copy

import torch
from torch import nn
from torch.nn import functional as F

from gradstop.course import wrong

ATTACHED = "06-clone#a-copy-that-stays-in-the-graph"
OUTSIDE = "06-clone#a-copy-outside-the-graph"
NAMES = "06-clone#new-names-and-views-are-no-copies"
NO_LEAF = "06-clone#a-clone-is-no-leaf"
REFUSES = "06-clone#what-deepcopy-refuses"
LIVE = "06-clone#a-state-dict-is-live"
BUFFERS = "06-clone#parameters-and-buffers"
WRITING = "06-clone#writing-values-into-a-weight"
OBJECT = "06-clone#the-optimizer-holds-the-object"
OTHER = "06-clone#calling-a-layer-with-another-weight"
NO_GRADIENT = "06-clone#values-written-in-carry-no-gradient"

# snapshot


@wrong(
    "snapshot",
    "state_dict-is-live",
    "`state_dict()` itself, or a shallow copy of it: its tensors lie in the model's memory, and the next step of "
    "training overwrites them.",
    LIVE,
)
def live_state(model):
    return dict(model.state_dict())


@wrong(
    "snapshot",
    "state_dict-is-live",
    "a copy of the parameters alone: buffers such as BatchNorm's statistics are part of the state too.",
    BUFFERS,
)
def parameters_alone(model):
    return {name: p.detach().clone() for name, p in model.named_parameters()}


@wrong(
    "snapshot",
    "state_dict-is-live",
    "copied parameters beside live buffers: the statistics go on moving in the snapshot.",
    BUFFERS,
)
def live_buffers(model):
    state = dict(model.state_dict())
    state.update({name: p.detach().clone() for name, p in model.named_parameters()})
    return state


@wrong(
    "snapshot",
    "clone-is-independent",
    "a clone of each Parameter without a cut: the clones are interior tensors, and a loss on them trains the model.",
    OUTSIDE,
)
def clones_with_a_graph(model):
    return {name: value.clone() for name, value in model.state_dict(keep_vars=True).items()}


@wrong(
    "snapshot",
    "state_dict-is-live",
    "a deep copy of the model: a dictionary is asked for, which `load_state_dict` takes.",
    LIVE,
)
def whole_model(model):
    return copy.deepcopy(model)


@wrong(
    "snapshot",
    "state_dict-is-live",
    "a copy of what is trained at the moment: a frozen parameter is part of the state too.",
    BUFFERS,
)
def trainable_alone(model):
    state = model.state_dict(keep_vars=True)
    frozen = [name for name, p in model.named_parameters() if not p.requires_grad]
    return {name: value.detach().clone() for name, value in state.items() if name not in frozen}


@wrong(
    "snapshot",
    "state_dict-is-live",
    "entries that are no tensors, such as lists or arrays: `load_state_dict` refuses them.",
    LIVE,
)
def numbers_of_the_state(model):
    return {name: value.tolist() for name, value in model.state_dict().items()}


@wrong(
    "snapshot",
    "state_dict-is-live",
    "a copy under the last part of each name: two modules have a `weight`, and one of them is lost.",
    BUFFERS,
)
def short_names(model):
    return {name.split(".")[-1]: value.detach().clone() for name, value in model.state_dict().items()}


@wrong(
    "snapshot",
    "detach-vs-freeze-vs-no_grad",
    "a copy that freezes the model to get rid of the graph: the snapshot is right, and the model trains no more.",
    OUTSIDE,
)
def model_frozen(model):
    model.requires_grad_(False)
    return {name: value.clone() for name, value in model.state_dict(keep_vars=True).items()}


# fork


@wrong(
    "fork",
    "detach-makes-a-copy",
    "a copy that is cut off, by a `detach` or because it was made under `no_grad`: its memory is its own, and no "
    "gradient finds the way back to x.",
    ATTACHED,
)
def copy_cut_off(x):
    return x.detach().clone()


@wrong(
    "fork",
    "clone-is-independent",
    "x under a new name (`contiguous()`, `to()` and `as_tensor` return x itself where nothing has to be done): an edit "
    "of the one is an edit of the other.",
    NAMES,
)
def new_name(x):
    return x.contiguous()


@wrong(
    "fork",
    "detach-makes-a-copy",
    "a view of x: it is differentiable, and it lies in the memory of x, so an edit reaches x.",
    NAMES,
)
def only_a_view(x):
    return x.view(x.shape)


@wrong(
    "fork",
    "deepcopy-interior",
    "`deepcopy(x)`: of a leaf it makes another leaf, without a path to x; an interior tensor it refuses.",
    REFUSES,
)
def deep_copy(x):
    return copy.deepcopy(x)


@wrong(
    "fork",
    "clone-then-requires_grad_",
    "a copy that is a leaf of its own, cut from x and then made to require grad: it gets the gradient itself, and x "
    "gets none.",
    NO_LEAF,
)
def leaf_of_its_own(x):
    return x.detach().clone().requires_grad_()


@wrong(
    "fork",
    "parameter-wrap-cuts",
    "`nn.Parameter(x)`: a new leaf on the memory of x, so the gradient ends there and an edit does not.",
    NO_LEAF,
)
def wrapped_as_parameter(x):
    return nn.Parameter(x)


@wrong(
    "fork",
    "detach-makes-a-copy",
    "`x.detach()`: neither is its memory its own nor does gradient reach x.",
    NAMES,
)
def detached_alias(x):
    return x.detach()


@wrong(
    "fork",
    "cut-the-wrong-operand",
    "a sum whose attached parts cancel: the value is that of x, and the gradient of `x - x` is zero.",
    ATTACHED,
)
def parts_cancel(x):
    return x.detach() + (x - x)


@wrong(
    "fork",
    "hook-changes-all-uses",
    "`x + x - x.detach()`: the value is that of x, and the gradient comes twice.",
    ATTACHED,
)
def counted_twice(x):
    return x + x - x.detach()


# const_copy


@wrong(
    "const_copy",
    "detach-makes-a-copy",
    "`x.detach()`: it is a constant, and it lies in the memory of x.",
    NAMES,
)
def detached_and_shared(x):
    return x.detach()


@wrong(
    "const_copy",
    "clone-is-independent",
    "`x.clone()`: the memory is new, and the history is not cut.",
    OUTSIDE,
)
def clone_with_history(x):
    return x.clone()


@wrong(
    "const_copy",
    "data-equals-detach",
    "`x.data` (or an array's memory): it is x's own memory, and autograd does not notice an edit of it.",
    NAMES,
)
def data_of_x(x):
    return x.data


@wrong(
    "const_copy",
    "deepcopy-interior",
    "`deepcopy(x)`: a leaf's copy requires grad like the leaf, and an interior tensor is refused.",
    REFUSES,
)
def deep_copy_of_x(x):
    return copy.deepcopy(x)


@wrong(
    "const_copy",
    "clone-then-requires_grad_",
    "a copy that requires grad: it has no history, and it starts one.",
    NO_LEAF,
)
def copy_that_requires_grad(x):
    return x.detach().clone().requires_grad_()


@wrong(
    "const_copy",
    "inference-tensor-in-training",
    "a clone made in `inference_mode`: outside of it the copy can neither be edited nor be saved for backward.",
    OUTSIDE,
)
def clone_in_inference_mode(x):
    with torch.inference_mode():
        return x.clone()


@wrong(
    "const_copy",
    "no_grad-rename",
    "a new name for x under `no_grad`: naming is no operation, and x itself comes back.",
    NAMES,
)
def renamed(x):
    with torch.no_grad():
        return x


@wrong(
    "const_copy",
    "no_grad-view-trap",
    "a view of x made under `no_grad`: it shares the memory and still requires grad.",
    NAMES,
)
def view_under_no_grad(x):
    with torch.no_grad():
        return x.view(x.shape)


@wrong(
    "const_copy",
    "python-math-cuts-graph",
    "a tensor made of Python numbers: it is float32, whatever x was.",
    OUTSIDE,
)
def from_python_numbers(x):
    return torch.tensor(x.tolist())


@wrong(
    "const_copy",
    "detach-vs-freeze-vs-no_grad",
    "`x.requires_grad_(False)`: it freezes x itself, and on an interior tensor it raises.",
    OUTSIDE,
)
def frozen_x(x):
    return x.requires_grad_(False).clone()


# set_weight


@wrong(
    "set_weight",
    "new-parameter-stale-optimizer",
    "`layer.weight = nn.Parameter(…)`: a new object. The optimizer does not know it and goes on moving the old one.",
    OBJECT,
)
def new_parameter(layer, w):
    layer.weight = nn.Parameter(w.detach().clone())


@wrong(
    "set_weight",
    "new-parameter-stale-optimizer",
    "`layer.weight = nn.Parameter(w)`: a new object that the optimizer does not know, and in the memory of w besides.",
    OBJECT,
)
def new_parameter_on_w(layer, w):
    layer.weight = nn.Parameter(w)


@wrong(
    "set_weight",
    "leaf-in-place",
    "`copy_` in grad mode: it would have to be recorded, and a leaf that requires grad refuses.",
    WRITING,
)
def recorded_copy(layer, w):
    layer.weight.copy_(w)


@wrong(
    "set_weight",
    "data-equals-detach",
    "`layer.weight.data = w`, without a copy: the Parameter is the same, and its memory is that of w from now on.",
    NAMES,
)
def memory_of_w(layer, w):
    layer.weight.data = w.data


@wrong(
    "set_weight",
    "rebind-the-weight",
    "`layer.weight = w`: a plain tensor cannot take a Parameter's place, and torch refuses.",
    WRITING,
)
def plain_assignment(layer, w):
    layer.weight = w.detach().clone()


@wrong(
    "set_weight",
    "load-breaks-graph",
    "w itself in the Parameter's place: the layer trains w, and the Parameter is gone.",
    OBJECT,
)
def w_in_its_place(layer, w):
    del layer._parameters["weight"]
    layer.weight = w


@wrong(
    "set_weight",
    "detach-vs-freeze-vs-no_grad",
    "`requires_grad_(False)` to make the edit legal: the values are right, and the weight is frozen for good.",
    WRITING,
)
def weight_frozen(layer, w):
    layer.weight.requires_grad_(False)
    layer.weight.copy_(w.detach())


@wrong(
    "set_weight",
    "rebind-the-weight",
    "an edit of a copy, or a local name bound anew: `weight = w` changes what your function calls weight, and the "
    "layer keeps its own.",
    WRITING,
)
def edited_copy(layer, w):
    weight = layer.weight.detach().clone()
    weight.copy_(w)


@wrong(
    "set_weight",
    "plus-equals-is-sugar",
    "an addition of w to the old values: w is to take their place.",
    WRITING,
)
def added_to_the_old(layer, w):
    with torch.no_grad():
        layer.weight += w


# call_with


@wrong(
    "call_with",
    "load-breaks-graph",
    "W written into layer.weight (`copy_`, `.data =`, `load_state_dict`): the values arrive, no gradient goes back to "
    "W, and the layer has lost its own.",
    NO_GRADIENT,
)
def written_in(layer, weight, x):
    with torch.no_grad():
        layer.weight.copy_(weight)
    return layer(x)


@wrong(
    "call_with",
    "load-breaks-graph",
    "W written into layer.weight and the old values written back: the layer is as before, and the gradient goes to "
    "layer.weight in place of W.",
    NO_GRADIENT,
)
def written_in_and_back(layer, weight, x):
    own = layer.weight.detach().clone()
    layer.weight.data.copy_(weight)
    out = layer(x)
    layer.weight.data.copy_(own)
    return out


@wrong(
    "call_with",
    "parameter-wrap-cuts",
    "`layer.weight = nn.Parameter(W)`: a Parameter is a new leaf, so the gradient ends there; the layer's own is gone.",
    NO_GRADIENT,
)
def wrapped_and_assigned(layer, weight, x):
    layer.weight = nn.Parameter(weight)
    return layer(x)


@wrong(
    "call_with",
    "cut-the-wrong-operand",
    "a detached W: the value is right, and what W came from learns nothing.",
    NO_GRADIENT,
)
def weight_detached(layer, weight, x):
    return F.linear(x, weight.detach(), layer.bias)


@wrong(
    "call_with",
    "cut-the-wrong-operand",
    "a product with W alone: the bias is missing.",
    OTHER,
)
def bias_left_out(layer, weight, x):
    return F.linear(x, weight)


@wrong(
    "call_with",
    "cut-the-wrong-operand",
    "a detached bias: it is added, and it learns nothing.",
    OTHER,
)
def bias_detached(layer, weight, x):
    return F.linear(x, weight, layer.bias.detach())


@wrong(
    "call_with",
    "rebind-the-weight",
    "W put in the Parameter's place for good: the output is right, and the layer has lost its weight.",
    OTHER,
)
def never_put_back(layer, weight, x):
    layer._parameters.pop("weight", None)
    layer.weight = weight
    return layer(x)


@wrong(
    "call_with",
    "plus-equals-is-sugar",
    "a sum of both weights: W is to take the place of layer.weight, not to be added to it.",
    OTHER,
)
def added_to_its_own(layer, weight, x):
    return F.linear(x, layer.weight + weight, layer.bias)


@wrong(
    "call_with",
    "no_grad-around-frozen-net",
    "a call under `no_grad` that keeps layer.weight from learning: W and the bias learn nothing either.",
    NO_GRADIENT,
)
def nothing_recorded(layer, weight, x):
    with torch.no_grad():
        return F.linear(x, weight, layer.bias)


@wrong(
    "call_with",
    "detach-vs-freeze-vs-no_grad",
    "a layer that is frozen to keep its weight from learning: the bias is frozen too, and both for good.",
    OTHER,
)
def layer_frozen(layer, weight, x):
    layer.requires_grad_(False)
    return F.linear(x, weight, layer.bias)
