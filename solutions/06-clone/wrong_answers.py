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
    "entries in the model's memory, such as those of `state_dict()` itself, of a shallow copy of it, or "
    "Parameters and arrays made of them: the next step of training overwrites them.",
    LIVE,
)
def live_state(model):
    return dict(model.state_dict())


@wrong(
    "snapshot",
    "state_dict-is-live",
    "a copy of the parameters without the buffers: buffers such as BatchNorm's statistics are part of the state too.",
    BUFFERS,
)
def parameters_alone(model):
    return {name: p.detach().clone() for name, p in model.named_parameters()}


@wrong(
    "snapshot",
    "state_dict-is-live",
    "copied parameters beside buffers that are the model's own: the statistics go on moving in the snapshot.",
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
    "something that is no dictionary, such as a deep copy of the model: `load_state_dict` takes a dictionary.",
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
    "a right snapshot of a model that is frozen by it: the model trains no more.",
    OUTSIDE,
)
def model_frozen(model):
    model.requires_grad_(False)
    return {name: value.clone() for name, value in model.state_dict(keep_vars=True).items()}


@wrong(
    "snapshot",
    "mutable-default",
    "one dictionary, or one set of tensors, that all calls fill: a later call rewrites an earlier snapshot.",
    LIVE,
)
def one_dictionary_for_all(model, kept={}):  # noqa: B006 - the mistake
    kept.clear()
    kept.update(copy.deepcopy(model.state_dict()))
    return kept


@wrong(
    "snapshot",
    "cached-result",
    "the first snapshot of a model, returned again by each later call with it.",
    LIVE,
)
def first_snapshot_for_good(model, kept={}):  # noqa: B006 - the mistake
    if id(model) not in kept:
        kept[id(model)] = model, copy.deepcopy(model.state_dict())
    return dict(kept[id(model)][1])


@wrong(
    "snapshot",
    "state_dict-is-live",
    "copies under the names of `named_parameters()` and `named_buffers()`: there a shared parameter has one name, and "
    "a buffer that is not persistent is among them, so `load_state_dict` refuses.",
    BUFFERS,
)
def named_parameters_and_buffers(model):
    known = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    return {name: tensor.detach().clone() for name, tensor in known.items()}


@wrong(
    "snapshot",
    "state_dict-is-live",
    "a copy of what the children hold: the parameters of the model itself are left out.",
    BUFFERS,
)
def children_alone(model):
    parts = model.named_children()
    return {f"{name}.{key}": v.clone() for name, part in parts for key, v in part.state_dict().items()}


@wrong(
    "snapshot",
    "left-behind",
    "a right copy that leaves the model in evaluation mode.",
    LIVE,
)
def left_in_evaluation_mode(model):
    return copy.deepcopy(model.eval().state_dict())


@wrong(
    "snapshot",
    "mutates-the-argument",
    "a right copy that takes the `.grad` of each parameter away.",
    OUTSIDE,
)
def grads_cleared(model):
    model.zero_grad()
    return copy.deepcopy(model.state_dict())


@wrong(
    "snapshot",
    "attribute-left-behind",
    "a right copy that is kept on the model too, as an attribute.",
    LIVE,
)
def kept_on_the_model(model):
    model.best = copy.deepcopy(model.state_dict())
    return dict(model.best)


@wrong(
    "snapshot",
    "copy-loses-the-dtype",
    "entries of dtype float32, whatever they were.",
    LIVE,
)
def all_in_float32(model):
    return {name: value.clone().float() for name, value in model.state_dict().items()}


@wrong(
    "snapshot",
    "state_dict-is-live",
    "a copy of what is trained alone: frozen parameters and buffers are part of the state too, and a shared "
    "parameter has two names.",
    "06-clone#parameters-and-buffers",
)
def trained_parameters_alone(model):
    sd = model.state_dict()
    return {k: sd[k].clone() for k, p in model.named_parameters() if p.requires_grad}


@wrong(
    "snapshot",
    "attribute-left-behind",
    "a snapshot that is kept on the model and handed out again: it is that of the first call.",
    "06-clone#a-state-dict-is-live",
)
def kept_on_the_model_snapshot(model):
    if not hasattr(model, "_snap"):
        model._snap = {k: v.clone() for k, v in model.state_dict().items()}
    return model._snap


@wrong(
    "snapshot",
    "state_dict-is-live",
    "a list of pairs: `load_state_dict` takes a dictionary.",
    "06-clone#a-state-dict-is-live",
)
def list_of_pairs(model):
    return [(k, v.clone()) for k, v in model.state_dict().items()]


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
    "x itself under a new name (`contiguous()`, `to()` and `as_tensor` may return it): an edit of the one is an "
    "edit of the other.",
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
    "a copy that for a leaf is another leaf, without a path to x, and is refused for an interior tensor, as by "
    "`deepcopy(x)`.",
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
    "a new leaf on the memory of x, such as `nn.Parameter(x)`: the gradient ends there, and an edit does not.",
    NO_LEAF,
)
def wrapped_as_parameter(x):
    return nn.Parameter(x)


@wrong(
    "fork",
    "detach-makes-a-copy",
    "a constant in the memory of x, such as `x.detach()`: neither is its memory its own nor does gradient reach x.",
    NAMES,
)
def detached_alias(x):
    return x.detach()


@wrong(
    "fork",
    "cut-the-wrong-operand",
    "a copy with a history through which no gradient comes: attached parts that cancel, as in `x - x`, or a "
    "backward that gives zeros or None.",
    ATTACHED,
)
def parts_cancel(x):
    return x.detach() + (x - x)


@wrong(
    "fork",
    "hook-changes-all-uses",
    "a copy whose gradient comes twice, as in `x + x - x.detach()`.",
    ATTACHED,
)
def counted_twice(x):
    return x + x - x.detach()


@wrong(
    "fork",
    "only-some-shapes",
    "a copy put together from the rows of x: a 0-d tensor has no rows to go over, and an empty one none to stack.",
    ATTACHED,
)
def row_by_row(x):
    return torch.stack(list(x))


@wrong(
    "fork",
    "view-needs-contiguous",
    "a copy by way of `view(-1)`, which refuses an x that is not contiguous.",
    ATTACHED,
)
def flattened_by_view(x):
    return x.view(-1).clone().view(x.shape)


@wrong(
    "fork",
    "clone-is-independent",
    "a copy of leaves alone: what is interior comes back in the memory of x.",
    NAMES,
)
def leaves_copied(x):
    return x.clone() if x.is_leaf else x.view_as(x)


@wrong(
    "fork",
    "copy-loses-the-dtype",
    "a copy of dtype float32, whatever x was.",
    ATTACHED,
)
def copy_in_float32(x):
    return x.clone().float()


@wrong(
    "fork",
    "cached-result",
    "the first copy of an x, returned again by each later call with it.",
    ATTACHED,
)
def first_copy_for_good(x, kept={}):  # noqa: B006 - the mistake
    if id(x) not in kept:
        kept[id(x)] = x, x.clone()
    return kept[id(x)][1]


@wrong(
    "fork",
    "left-behind",
    "a right copy that leaves x changed: an interior x retains its gradient from then on.",
    ATTACHED,
)
def gradient_retained(x):
    x.retain_grad()
    return x.clone()


@wrong(
    "fork",
    "saved-for-backward",
    "a copy whose backward needs the values that the copy had: after an edit of it the backward raises.",
    ATTACHED,
)
def old_values_needed(x):
    class Copy(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            result = x.clone()
            ctx.save_for_backward(result)
            return result

        @staticmethod
        def backward(ctx, grad):
            (result,) = ctx.saved_tensors
            return grad * torch.ones_like(result)

    return Copy.apply(x)


@wrong(
    "fork",
    "clone-is-independent",
    "x itself: no copy is made at all.",
    "06-clone#new-names-and-views-are-no-copies",
)
def x_itself(x):
    return x


@wrong(
    "fork",
    "data-equals-detach",
    "a result that is given the memory of x through `.data`: the gradient is right, and an edit of one shows in "
    "the other.",
    "06-clone#new-names-and-views-are-no-copies",
)
def values_set_through_data(x):
    y = x * 1
    y.data = x.data
    return y


# const_copy


@wrong(
    "const_copy",
    "detach-makes-a-copy",
    "a constant in the memory of x, such as `x.detach()`.",
    NAMES,
)
def detached_and_shared(x):
    return x.detach()


@wrong(
    "const_copy",
    "clone-is-independent",
    "a copy in its own memory whose history is not cut, such as `x.clone()`.",
    OUTSIDE,
)
def clone_with_history(x):
    return x.clone()


@wrong(
    "const_copy",
    "data-equals-detach",
    "a constant in the memory of x whose edits autograd does not notice, such as `x.data` or an array's memory.",
    NAMES,
)
def data_of_x(x):
    return x.data


@wrong(
    "const_copy",
    "deepcopy-interior",
    "a copy that requires grad where x is a leaf that does, and that is refused for an interior tensor, as by "
    "`deepcopy(x)`.",
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
    "a copy of dtype float32, whatever x was: made of Python numbers, for instance, or by `float()`.",
    OUTSIDE,
)
def from_python_numbers(x):
    return torch.tensor(x.tolist())


@wrong(
    "const_copy",
    "detach-vs-freeze-vs-no_grad",
    "an x that is frozen itself by `requires_grad_(False)`, which an interior tensor refuses.",
    OUTSIDE,
)
def frozen_x(x):
    return x.requires_grad_(False).clone()


@wrong(
    "const_copy",
    "only-some-shapes",
    "a copy put together from the rows of x: a 0-d tensor has no rows to go over, and an empty one none to stack.",
    OUTSIDE,
)
def stacked_rows(x):
    return torch.stack([row.detach() for row in x])


@wrong(
    "const_copy",
    "view-needs-contiguous",
    "a copy by way of `view(-1)`, which refuses an x that is not contiguous.",
    OUTSIDE,
)
def viewed_as_a_vector(x):
    return x.detach().view(-1).clone().view(x.shape)


@wrong(
    "const_copy",
    "clone-is-independent",
    "a copy of what requires grad alone: a constant comes back in its own memory.",
    NAMES,
)
def constant_itself(x):
    return x.detach().clone() if x.requires_grad else x


@wrong(
    "const_copy",
    "only-some-shapes",
    "a copy without the dimensions of size 1.",
    OUTSIDE,
)
def sizes_of_one_dropped(x):
    return x.detach().clone().squeeze()


@wrong(
    "const_copy",
    "cached-result",
    "the first copy of an x, returned again by each later call with it.",
    OUTSIDE,
)
def first_copy_again(x, kept={}):  # noqa: B006 - the mistake
    if id(x) not in kept:
        kept[id(x)] = x, x.detach().clone()
    return kept[id(x)][1]


@wrong(
    "const_copy",
    "detach_-mutates-the-caller",
    "an x that is cut itself by `detach_()`: the copy is right, and x has lost its history; a view refuses.",
    OUTSIDE,
)
def x_cut_itself(x):
    return x.detach_().clone()


@wrong(
    "const_copy",
    "grad-mode-leak",
    "a right copy that leaves recording switched off for whatever is computed afterwards.",
    OUTSIDE,
)
def recording_left_off(x):
    torch.set_grad_enabled(False)
    return x.clone()


@wrong(
    "const_copy",
    "grad-mode-leak",
    "`set_grad_enabled(True)` at the end: a caller under `no_grad` records from then on.",
    "06-clone#a-copy-outside-the-graph",
)
def recording_left_on(x):
    torch.set_grad_enabled(False)
    y = x.clone()
    torch.set_grad_enabled(True)
    return y


@wrong(
    "const_copy",
    "clone-is-independent",
    "`contiguous()` taken for a copy: where x is contiguous it returns the memory of x.",
    "06-clone#new-names-and-views-are-no-copies",
)
def contiguous_for_a_copy(x):
    return x.detach().contiguous()


@wrong(
    "const_copy",
    "flag-on-interior",
    "a flag that is switched off on a clone: a clone of what requires grad is an interior tensor, and refuses.",
    "06-clone#a-clone-is-no-leaf",
)
def flag_off_on_the_clone(x):
    y = x.clone()
    y.requires_grad_(False)
    return y


# set_weight


@wrong(
    "set_weight",
    "new-parameter-stale-optimizer",
    "a new Parameter in the place of the old one (`nn.Parameter(…)`, `load_state_dict(…, assign=True)`): the "
    "optimizer does not know it and goes on moving the old one.",
    OBJECT,
)
def new_parameter(layer, w):
    layer.weight = nn.Parameter(w.detach().clone())


@wrong(
    "set_weight",
    "new-parameter-stale-optimizer",
    "a new Parameter in the memory of w, such as `nn.Parameter(w)`: the optimizer does not know it, and an edit "
    "of w shows in it.",
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
    "the same Parameter, and in the memory of w from now on, as after `layer.weight.data = w` without a copy.",
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
    "the right values in a weight that is frozen for good, for instance by a `requires_grad_(False)` that makes "
    "the edit legal.",
    WRITING,
)
def weight_frozen(layer, w):
    layer.weight.requires_grad_(False)
    layer.weight.copy_(w.detach())


@wrong(
    "set_weight",
    "rebind-the-weight",
    "a layer.weight that keeps its old values: what was written into is a copy, an alias that was given other "
    "memory, or a local name that was bound anew.",
    WRITING,
)
def edited_copy(layer, w):
    weight = layer.weight.detach().clone()
    weight.copy_(w)


@wrong(
    "set_weight",
    "plus-equals-is-sugar",
    "the sum of w and the old values: w is to take their place.",
    WRITING,
)
def added_to_the_old(layer, w):
    with torch.no_grad():
        layer.weight += w


@wrong(
    "set_weight",
    "detach-vs-freeze-vs-no_grad",
    "a right weight in a layer whose parameters all require grad in the end: a bias that was frozen is trained.",
    WRITING,
)
def layer_frozen_and_thawed(layer, w):
    layer.requires_grad_(False)
    layer.weight.copy_(w.detach())
    layer.requires_grad_(True)


@wrong(
    "set_weight",
    "clone-is-independent",
    "`layer.weight.data = w.detach().contiguous()` or the like: a copy where w is not contiguous, and the memory "
    "of w where it is.",
    NAMES,
)
def copied_if_not_contiguous(layer, w):
    layer.weight.data = w.detach().contiguous()


@wrong(
    "set_weight",
    "view-needs-contiguous",
    "values passed on by way of `view(-1)`, which refuses a w that is not contiguous.",
    WRITING,
)
def written_as_a_vector(layer, w):
    with torch.no_grad():
        layer.weight.view(-1).copy_(w.view(-1))


@wrong(
    "set_weight",
    "cached-result",
    "the values that w had at the first call with it.",
    WRITING,
)
def first_values_for_good(layer, w, kept={}):  # noqa: B006 - the mistake
    if id(w) not in kept:
        kept[id(w)] = w, w.detach().clone()
    layer.weight.data.copy_(kept[id(w)][1])


@wrong(
    "set_weight",
    "mutates-the-argument",
    "a right weight whose `.grad` is taken away.",
    WRITING,
)
def grad_taken_away(layer, w):
    layer.weight.data.copy_(w)
    layer.weight.grad = None


@wrong(
    "set_weight",
    "detach_-mutates-the-caller",
    "a right weight, and a w that is cut from its history by `detach_()`; a view refuses that.",
    WRITING,
)
def w_cut_itself(layer, w):
    layer.weight.data.copy_(w.detach_())


@wrong(
    "set_weight",
    "grad-mode-leak",
    "a right weight, and recording left switched off for whatever is computed afterwards.",
    WRITING,
)
def recording_off_for_good(layer, w):
    torch.set_grad_enabled(False)
    layer.weight.copy_(w)


@wrong(
    "set_weight",
    "detach-vs-freeze-vs-no_grad",
    "a weight that is frozen for the write and stays so: nobody trains it any more, and where w requires grad the "
    "write is recorded.",
    "06-clone#writing-values-into-a-weight",
)
def flag_off_for_good(layer, w):
    layer.weight.requires_grad_(False)
    layer.weight.copy_(w)


@wrong(
    "set_weight",
    "detach-vs-freeze-vs-no_grad",
    "a flag that is off for the write and on after it: where w requires grad the write is recorded all the same, "
    "and the weight becomes an interior tensor.",
    "06-clone#writing-values-into-a-weight",
)
def flag_off_and_on(layer, w):
    layer.weight.requires_grad_(False)
    layer.weight.copy_(w)
    layer.weight.requires_grad_(True)


@wrong(
    "set_weight",
    "mutates-the-argument",
    "a right weight, and a bias that is set to zero.",
    "06-clone#writing-values-into-a-weight",
)
def bias_set_to_zero(layer, w):
    with torch.no_grad():
        layer.weight.copy_(w)
        layer.bias.zero_()


@wrong(
    "set_weight",
    "copy-loses-the-dtype",
    "a weight that is float32 from now on, whatever it was.",
    "06-clone#writing-values-into-a-weight",
)
def weight_in_float32(layer, w):
    layer.weight.data = w.detach().float().clone()


@wrong(
    "set_weight",
    "grad-mode-leak",
    "`set_grad_enabled(True)` at the end: a caller under `no_grad` records from then on.",
    "06-clone#writing-values-into-a-weight",
)
def recording_left_on_after_it(layer, w):
    torch.set_grad_enabled(False)
    layer.weight.copy_(w)
    torch.set_grad_enabled(True)


@wrong(
    "set_weight",
    "data-equals-detach",
    "a copy of w, but for the weight of another layer: both layers then lie in one memory, and each step of one "
    "moves the other.",
    "06-clone#the-optimizer-holds-the-object",
)
def memory_of_another_weight(layer, w):
    if isinstance(w, nn.Parameter):
        layer.weight.data = w.data
    else:
        layer.weight.data = w.detach().clone()


# call_with


@wrong(
    "call_with",
    "load-breaks-graph",
    "W written into layer.weight (`copy_`, `.data =`, `load_state_dict`): the values arrive, no gradient goes "
    "back to W, and the layer has lost its own.",
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
    "the right output, and a W that learns nothing: it is detached, or its values are copied.",
    NO_GRADIENT,
)
def weight_detached(layer, weight, x):
    return F.linear(x, weight.detach(), layer.bias)


@wrong(
    "call_with",
    "cut-the-wrong-operand",
    "an output without the bias.",
    OTHER,
)
def bias_left_out(layer, weight, x):
    return F.linear(x, weight)


@wrong(
    "call_with",
    "cut-the-wrong-operand",
    "an output whose bias is detached, or a copy: it is added, and layer.bias learns nothing.",
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
    "an output of both weights added up: W is to take the place of layer.weight, not to be added to it.",
    OTHER,
)
def added_to_its_own(layer, weight, x):
    return F.linear(x, layer.weight + weight, layer.bias)


@wrong(
    "call_with",
    "no_grad-around-frozen-net",
    "the right output without a graph, as from a call under `no_grad`: W and the bias learn nothing.",
    NO_GRADIENT,
)
def nothing_recorded(layer, weight, x):
    with torch.no_grad():
        return F.linear(x, weight, layer.bias)


@wrong(
    "call_with",
    "detach-vs-freeze-vs-no_grad",
    "the right output of a layer that is frozen for good by it, its weight and its bias.",
    OTHER,
)
def layer_frozen(layer, weight, x):
    layer.requires_grad_(False)
    return F.linear(x, weight, layer.bias)


@wrong(
    "call_with",
    "new-parameter-stale-optimizer",
    "a right output, and a new Parameter with the old values in the place of layer.weight.",
    OBJECT,
)
def another_parameter_put_back(layer, weight, x):
    own = layer._parameters.pop("weight")
    layer.weight = weight
    out = layer(x)
    del layer.weight
    layer.weight = nn.Parameter(own.detach().clone(), requires_grad=own.requires_grad)
    return out


@wrong(
    "call_with",
    "detach-vs-freeze-vs-no_grad",
    "a right output, and a layer.weight that requires grad in the end even if it was frozen.",
    OTHER,
)
def weight_thawed(layer, weight, x):
    layer.weight.requires_grad_(True)
    return F.linear(x, weight, layer.bias)


@wrong(
    "call_with",
    "only-some-shapes",
    "an output put together from those of single rows: a batch without rows is refused.",
    OTHER,
)
def one_row_at_a_time(layer, weight, x):
    return torch.stack([F.linear(row, weight, layer.bias) for row in x])


@wrong(
    "call_with",
    "only-some-shapes",
    "an output without its first dimension where x has one row.",
    OTHER,
)
def one_row_flattened(layer, weight, x):
    return F.linear(x.squeeze(0), weight, layer.bias)


@wrong(
    "call_with",
    "view-needs-contiguous",
    "an output by way of `view`, which refuses a W that is not contiguous.",
    OTHER,
)
def weight_by_view(layer, weight, x):
    return F.linear(x, weight.view(-1).view(weight.shape), layer.bias)


@wrong(
    "call_with",
    "cached-result",
    "the first output for a W, returned again by each later call with it.",
    OTHER,
)
def first_output_for_good(layer, weight, x, kept={}):  # noqa: B006 - the mistake
    if id(weight) not in kept:
        kept[id(weight)] = weight, F.linear(x, weight, layer.bias)
    return kept[id(weight)][1]


@wrong(
    "call_with",
    "left-behind",
    "a right output, and a W that is changed: an interior one retains its gradient from then on.",
    OTHER,
)
def gradient_of_w_retained(layer, weight, x):
    weight.retain_grad()
    return F.linear(x, weight, layer.bias)


@wrong(
    "call_with",
    "parameter-wrap-cuts",
    "a new Parameter with the values of W for the time of the call: it takes the gradient, and W gets none.",
    "06-clone#values-written-in-carry-no-gradient",
)
def new_parameter_of_the_values(layer, W, x):
    old = layer.weight
    layer.weight = nn.Parameter(W)
    y = layer(x)
    layer.weight = old
    return y


@wrong(
    "call_with",
    "rebind-the-weight",
    "W put into the layer's table of parameters and left there: the layer has lost its own weight.",
    "06-clone#calling-a-layer-with-another-weight",
)
def put_into_the_table_for_good(layer, W, x):
    layer._parameters["weight"] = W
    return layer(x)


@wrong(
    "call_with",
    "detach-vs-freeze-vs-no_grad",
    "a layer that is frozen for the call and all of it set to learn after it: the bias gets nothing from this "
    "call, and what was frozen learns from now on.",
    "06-clone#calling-a-layer-with-another-weight",
)
def all_flags_on_afterwards(layer, W, x):
    layer.requires_grad_(False)
    y = F.linear(x, W, layer.bias)
    layer.requires_grad_(True)
    return y


@wrong(
    "call_with",
    "parameter-wrap-cuts",
    "another layer with copies of W and the bias: its own parameters take the gradient.",
    "06-clone#values-written-in-carry-no-gradient",
)
def another_layer_with_copies(layer, W, x):
    one_loss = nn.Linear(layer.in_features, layer.out_features, dtype=W.dtype)
    with torch.no_grad():
        one_loss.weight.copy_(W)
        one_loss.bias.copy_(layer.bias)
    return one_loss(x)


@wrong(
    "call_with",
    "cut-the-wrong-operand",
    "the layer's own output and what W adds to it: the output is right, and layer.weight learns through the first "
    "part.",
    "06-clone#values-written-in-carry-no-gradient",
)
def difference_with_a_detached_weight(layer, W, x):
    return layer(x) + F.linear(x, W - layer.weight.detach())


@wrong(
    "call_with",
    "wrong-formula",
    "a product with W as it is: `nn.Linear` multiplies by the transposed weight.",
    "06-clone#calling-a-layer-with-another-weight",
)
def not_transposed(layer, W, x):
    return x @ W + layer.bias
