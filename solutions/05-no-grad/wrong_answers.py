"""Answers to 05-no-grad that people give, each with the misconception behind it."""

import copy

import torch

from gradstop.course import wrong

OFF = "05-no-grad#what-is-switched-off"
NAMING = "05-no-grad#naming-is-no-operation"
VIEW = "05-no-grad#a-view-made-under-no-grad"
EVAL = "05-no-grad#evaluation-mode-is-something-else"
BACK = "05-no-grad#the-mode-comes-back"
PAUSED = "05-no-grad#a-generator-that-is-paused"
HAND = "05-no-grad#editing-weights-by-hand"
COUNTER = "05-no-grad#the-version-counter-still-counts"
MIDDLE = "05-no-grad#a-frozen-network-in-the-middle"
PUT_BACK = "05-no-grad#freeze-and-put-back"
INFERENCE = "05-no-grad#inference-mode"
CACHED = "05-no-grad#cached-targets"

# evaluate


@wrong(
    "evaluate",
    "eval-means-no-grad",
    "`eval()` alone: it changes what Dropout and BatchNorm do, and autograd records as before.",
    EVAL,
)
def eval_alone(model, x):
    was = model.training
    try:
        return model.eval()(x)
    finally:
        model.train(was)


@wrong(
    "evaluate",
    "no_grad-still-updates-batchnorm",
    "`no_grad` (or a `detach`) alone: in training mode Dropout still drops and BatchNorm still gathers its statistics. "
    "(So they do after `model.training = False`: that sets the flag of the outermost module only.)",
    EVAL,
)
def no_grad_alone(model, x):
    with torch.no_grad():
        return model(x)


@wrong(
    "evaluate",
    "grad-mode-leak",
    "a `train()` at the end, whatever was before: a model that was in evaluation mode is in training mode now.",
    BACK,
)
def always_train_afterwards(model, x):
    model.eval()
    try:
        with torch.no_grad():
            return model(x)
    finally:
        model.train()


@wrong(
    "evaluate",
    "eval-means-no-grad",
    "a model that is left in evaluation mode: from now on it trains without Dropout and with old statistics.",
    BACK,
)
def left_in_evaluation(model, x):
    model.eval()
    with torch.no_grad():
        return model(x)


@wrong(
    "evaluate",
    "grad-mode-leak",
    "a mode that is put back only when all goes well: an exception jumps over that line, and the model stays in "
    "evaluation mode.",
    BACK,
)
def not_after_an_exception(model, x):
    was = model.training
    model.eval()
    with torch.no_grad():
        out = model(x)
    model.train(was)
    return out


@wrong(
    "evaluate",
    "inference-tensor-in-training",
    "`inference_mode`: its results can never be saved for backward, so training cannot use them.",
    INFERENCE,
)
def inference_output(model, x):
    was = model.training
    model.eval()
    try:
        with torch.inference_mode():
            return model(x)
    finally:
        model.train(was)


@wrong(
    "evaluate",
    "grad-mode-leak",
    "a call of `set_grad_enabled(True)` at the end: it does not put the mode back, it switches recording on, also for "
    "a caller under `no_grad`.",
    BACK,
)
def recording_switched_on(model, x):
    was = model.training
    model.eval()
    try:
        torch.set_grad_enabled(False)
        return model(x)
    finally:
        torch.set_grad_enabled(True)
        model.train(was)


@wrong(
    "evaluate",
    "grad-mode-leak",
    "a grad mode that is put back only when all goes well: after an exception nothing is recorded any more.",
    BACK,
)
def recording_left_off_by_an_exception(model, x):
    was, mode = model.training, torch.is_grad_enabled()
    try:
        model.eval()
        torch.set_grad_enabled(False)
        out = model(x)
        torch.set_grad_enabled(mode)
        return out
    finally:
        model.train(was)


@wrong(
    "evaluate",
    "detach-vs-freeze-vs-no_grad",
    "`requires_grad_(False)` in place of `no_grad`: the model is frozen for good and trains no more, and a graph is "
    "still recorded where x requires grad.",
    OFF,
)
def frozen_model(model, x):
    was = model.training
    try:
        return model.eval().requires_grad_(False)(x)
    finally:
        model.train(was)


@wrong(
    "evaluate",
    "grad-mode-leak",
    "another exception in the place of the model's own: the caller cannot catch what the model has raised.",
    BACK,
)
def another_exception(model, x):
    was = model.training
    try:
        with torch.no_grad():
            return model.eval()(x)
    except Exception as error:
        raise SystemError("net failed") from error
    finally:
        model.train(was)


@wrong(
    "evaluate",
    "eval-means-no-grad",
    "modules that are switched one level deep: Dropout and BatchNorm further down stay in training mode.",
    EVAL,
)
def switched_one_level_deep(model, x):
    was = [(child, child.training) for child in (model, *model.children())]
    try:
        for child, _ in was:
            child.training = False
        with torch.no_grad():
            return model(x)
    finally:
        for child, mode in was:
            child.training = mode


@wrong(
    "evaluate",
    "grad-mode-leak",
    "a mode that is remembered from the first call with this model: once the model is in the other mode, the old one "
    "is put back.",
    BACK,
)
def mode_of_the_first_call(model, x, modes={}):  # noqa: B006 - the mistake
    was = modes.setdefault(model, model.training)
    try:
        with torch.no_grad():
            return model.eval()(x)
    finally:
        model.train(was)


@wrong(
    "evaluate",
    "cached-result",
    "an output that is kept from an earlier call: after the model or the values of x have changed, a later call gives "
    "the old one.",
    EVAL,
)
def kept_output(model, x, kept={}):  # noqa: B006 - the mistake
    if (model, x) not in kept:
        was = model.training
        try:
            with torch.no_grad():
                kept[model, x] = model.eval()(x)
        finally:
            model.train(was)
    return kept[model, x]


@wrong(
    "evaluate",
    "batch-of-one",
    "the rows one by one: a model that mixes the rows of a batch gives other numbers then, and a batch without rows "
    "gives none.",
    EVAL,
)
def row_by_row(model, x):
    was = model.training
    try:
        with torch.no_grad():
            model.eval()
            return torch.cat([model(row[None]) for row in x])
    finally:
        model.train(was)


@wrong(
    "evaluate",
    "detach-vs-freeze-vs-no_grad",
    "all parameters frozen for the time of the call and set to require grad after it: one that was frozen is trained "
    "from now on.",
    BACK,
)
def all_flags_on_after_it(model, x):
    was = model.training
    try:
        return model.eval().requires_grad_(False)(x).detach()
    finally:
        model.requires_grad_(True).train(was)


@wrong(
    "evaluate",
    "another-exception",
    "an exception of its own in the place of the model's: whoever waits for that one does not get it.",
    "05-no-grad#the-mode-comes-back",
)
def another_exception_evaluate(model, x):
    t = model.training
    model.eval()
    try:
        with torch.no_grad():
            return model(x)
    except Exception as e:
        raise RuntimeError("evaluation failed") from e
    finally:
        model.train(t)


@wrong(
    "evaluate",
    "another-exception",
    "an exception that is caught and not raised again: the caller gets None, and never hears what went wrong.",
    "05-no-grad#the-mode-comes-back",
)
def exception_swallowed(model, x):
    t = model.training
    model.eval()
    try:
        with torch.no_grad():
            return model(x)
    except Exception:
        return None
    finally:
        model.train(t)


@wrong(
    "evaluate",
    "detach-vs-freeze-vs-no_grad",
    "parameters that are frozen for the call, in the place of `no_grad`: a graph is recorded where x requires "
    "grad, and afterwards all of them learn, the frozen ones too.",
    "05-no-grad#evaluation-mode-is-something-else",
)
def frozen_in_place_of_no_grad(model, x):
    t = model.training
    model.eval()
    for p in model.parameters():
        p.requires_grad_(False)
    try:
        return model(x)
    finally:
        for p in model.parameters():
            p.requires_grad_(True)
        model.train(t)


# sgd_step


@wrong(
    "sgd_step",
    "leaf-in-place",
    "an edit in place in grad mode: autograd would have to record it, and a leaf that requires grad refuses.",
    HAND,
)
def edited_in_grad_mode(params, lr):
    for p in params:
        if p.grad is not None:
            p -= lr * p.grad


@wrong(
    "sgd_step",
    "data-equals-detach",
    "an edit through `.data` (or through NumPy): the version counter does not move, so the old graph computes a wrong "
    "gradient without a word.",
    COUNTER,
)
def edited_through_data(params, lr):
    for p in params:
        if p.grad is not None:
            p.data -= lr * p.grad


@wrong(
    "sgd_step",
    "rebind-the-weight",
    "`p = p - lr * p.grad`: a new tensor gets the name p inside your function, and the caller's parameter stays as "
    "it is. (So does a new tensor put into the list.)",
    HAND,
)
def name_rebound(params, lr):
    with torch.no_grad():
        for p in params:
            if p.grad is not None:
                p = p - lr * p.grad


@wrong(
    "sgd_step",
    "data-equals-detach",
    "`p.data = …`: the parameter gets new memory, so whoever shares the old one is left behind, and no version counter "
    "moves.",
    COUNTER,
)
def memory_exchanged(params, lr):
    for p in params:
        if p.grad is not None:
            p.data = p.data - lr * p.grad


@wrong(
    "sgd_step",
    "gradients-accumulate",
    "a step that clears `.grad` too (set to None or to zeros): that is another step, and the caller's to take.",
    HAND,
)
def gradient_cleared(params, lr):
    with torch.no_grad():
        for p in params:
            if p.grad is not None:
                p -= lr * p.grad
                p.grad = None


@wrong(
    "sgd_step",
    "zero-is-not-none",
    "a step without a test for None: a parameter that no loss has used has no `.grad`, and None cannot be multiplied.",
    HAND,
)
def none_not_expected(params, lr):
    with torch.no_grad():
        for p in params:
            p -= lr * p.grad


@wrong(
    "sgd_step",
    "zero-is-not-none",
    "a `break` or `return` at the first parameter without `.grad`: those after it are forgotten.",
    HAND,
)
def stops_at_the_first_without(params, lr):
    with torch.no_grad():
        for p in params:
            if p.grad is None:
                break
            p -= lr * p.grad


@wrong(
    "sgd_step",
    "grad-mode-leak",
    "`set_grad_enabled(False)` before and `set_grad_enabled(True)` after: for a caller under `no_grad` recording is on "
    "from now on.",
    BACK,
)
def recording_on_after_the_step(params, lr):
    torch.set_grad_enabled(False)
    for p in params:
        if p.grad is not None:
            p -= lr * p.grad
    torch.set_grad_enabled(True)


@wrong(
    "sgd_step",
    "grad-mode-leak",
    "`set_grad_enabled(False)` as a call that nothing takes back: your caller records nothing any more.",
    BACK,
)
def recording_off_for_good(params, lr):
    torch.set_grad_enabled(False)
    for p in params:
        if p.grad is not None:
            p -= lr * p.grad


@wrong(
    "sgd_step",
    "detach-vs-freeze-vs-no_grad",
    "`requires_grad_(False)`, the edit, `requires_grad_(True)` for each parameter: one that was frozen is trained from "
    "now on.",
    PUT_BACK,
)
def all_flags_on(params, lr):
    for p in params:
        p.requires_grad_(False)
        if p.grad is not None:
            p -= lr * p.grad
        p.requires_grad_(True)


@wrong(
    "sgd_step",
    "detach-vs-freeze-vs-no_grad",
    "`requires_grad_(False)` to make the edit legal: the parameter is frozen for good.",
    HAND,
)
def frozen_by_the_step(params, lr):
    for p in params:
        if p.grad is not None:
            p.requires_grad_(False)
            p -= lr * p.grad


@wrong(
    "sgd_step",
    "grad-alias",
    "`p.grad.mul_(lr)`: the step is right, and `.grad` itself has been scaled; the next backward adds to that.",
    HAND,
)
def gradient_scaled_in_place(params, lr):
    with torch.no_grad():
        for p in params:
            if p.grad is not None:
                p -= p.grad.mul_(lr)


@wrong(
    "sgd_step",
    "flag-decides-the-step",
    "a step for those that require grad only: a tensor that has a `.grad` and no flag is left as it is.",
    HAND,
)
def only_those_with_the_flag(params, lr):
    with torch.no_grad():
        for p in params:
            if p.requires_grad and p.grad is not None:
                p -= lr * p.grad


@wrong(
    "sgd_step",
    "detach-vs-freeze-vs-no_grad",
    "a flag that is switched off for the edit and on after it, whatever it was: a constant that has a `.grad` requires "
    "grad from now on.",
    PUT_BACK,
)
def flags_on_where_there_is_a_gradient(params, lr):
    for p in params:
        if p.grad is not None:
            p.requires_grad_(False)
            p -= lr * p.grad
            p.requires_grad_(True)


@wrong(
    "sgd_step",
    "cached-result",
    "a velocity or another state that is kept from step to step: the second step goes further than `lr * p.grad`.",
    HAND,
)
def with_momentum(params, lr, velocity={}):  # noqa: B006 - the mistake
    with torch.no_grad():
        for p in params:
            if p.grad is not None:
                velocity[p] = 0.9 * velocity.get(p, 0) + p.grad
                p -= lr * velocity[p]


@wrong(
    "sgd_step",
    "cached-result",
    "a gradient that is kept from the first step with this parameter: later steps do not see the new `.grad`.",
    HAND,
)
def gradient_of_the_first_step(params, lr, kept={}):  # noqa: B006 - the mistake
    with torch.no_grad():
        for p in params:
            if p.grad is not None:
                p -= lr * kept.setdefault(p, p.grad.clone())


@wrong(
    "sgd_step",
    "view-needs-contiguous",
    "`view(-1)`: it raises for a tensor whose dimensions lie in another order in memory.",
    HAND,
)
def flattened_by_view(params, lr):
    with torch.no_grad():
        for p in params:
            if p.grad is not None:
                p.view(-1).sub_(lr * p.grad.flatten())


@wrong(
    "sgd_step",
    "scalar-has-no-rows",
    "a loop over the rows of p: a tensor of no dimension has none, and the loop raises.",
    HAND,
)
def row_by_row_of_p(params, lr):
    with torch.no_grad():
        for p in params:
            if p.grad is not None:
                for i in range(len(p)):
                    p[i] -= lr * p.grad[i]


@wrong(
    "sgd_step",
    "wrong-formula",
    "a step uphill: `lr * p.grad` is added, where it is to be subtracted.",
    "05-no-grad#editing-weights-by-hand",
)
def uphill(params, lr):
    with torch.no_grad():
        for p in params:
            if p.grad is not None:
                p += lr * p.grad


@wrong(
    "sgd_step",
    "zero-is-not-none",
    "a `.grad` that is asked whether it is true: a tensor of several numbers is neither, and one of zeros is "
    "false. Ask whether it is None.",
    "05-no-grad#editing-weights-by-hand",
)
def truth_of_a_gradient(params, lr):
    with torch.no_grad():
        for p in params:
            if p.grad:
                p -= lr * p.grad


@wrong(
    "sgd_step",
    "zero-is-not-none",
    "a parameter that is skipped because a number of its `.grad` is zero: only one without `.grad` is to be skipped.",
    "05-no-grad#editing-weights-by-hand",
)
def skipped_at_a_zero(params, lr):
    with torch.no_grad():
        for p in params:
            if p.grad is not None and p.grad.all():
                p -= lr * p.grad


@wrong(
    "sgd_step",
    "gradients-accumulate",
    "a step that fills `.grad` with zeros: it should be kept.",
    "05-no-grad#editing-weights-by-hand",
)
def zeros_afterwards(params, lr):
    with torch.no_grad():
        for p in params:
            if p.grad is not None:
                p -= lr * p.grad
                p.grad.zero_()


# through_frozen


@wrong(
    "through_frozen",
    "no_grad-around-frozen-net",
    "`no_grad` around the network (or a detached output): the path to its parameters is cut, and that to x with it.",
    MIDDLE,
)
def all_under_no_grad(net, x):
    with torch.no_grad():
        return net(x)


@wrong(
    "through_frozen",
    "cut-the-wrong-operand",
    "`net(x.detach())`: x is cut, and the parameters learn: the wrong way round.",
    MIDDLE,
)
def input_cut(net, x):
    return net(x.detach())


@wrong(
    "through_frozen",
    "eval-means-no-grad",
    "a plain call of the network, perhaps after `eval()`: gradient reaches x, and the parameters too.",
    MIDDLE,
)
def plain_call(net, x):
    return net(x)


@wrong(
    "through_frozen",
    "detach-vs-freeze-vs-no_grad",
    "`requires_grad_(False)` that is never taken back: this use is right, and net is frozen for all others.",
    PUT_BACK,
)
def frozen_for_good(net, x):
    return net.requires_grad_(False)(x)


@wrong(
    "through_frozen",
    "detach-vs-freeze-vs-no_grad",
    "one flag for all parameters at the end (True, or that of one of them): a parameter that was frozen before is "
    "trained from now on.",
    PUT_BACK,
)
def all_flags_on_afterwards(net, x):
    try:
        return net.requires_grad_(False)(x)
    finally:
        net.requires_grad_(True)


@wrong(
    "through_frozen",
    "grad-mode-leak",
    "flags that are put back only when all goes well: after an exception net stays frozen.",
    PUT_BACK,
)
def frozen_by_an_exception(net, x):
    was = [p.requires_grad for p in net.parameters()]
    out = net.requires_grad_(False)(x)
    for p, flag in zip(net.parameters(), was, strict=True):
        p.requires_grad_(flag)
    return out


@wrong(
    "through_frozen",
    "detach-vs-freeze-vs-no_grad",
    "parameters that are frozen one level deep: those of the modules inside the modules still learn.",
    PUT_BACK,
)
def one_level_deep(net, x):
    shallow = [p for child in net.children() for p in child.parameters(recurse=False)]
    was = [p.requires_grad for p in shallow]
    try:
        for p in shallow:
            p.requires_grad_(False)
        return net(x)
    finally:
        for p, flag in zip(shallow, was, strict=True):
            p.requires_grad_(flag)


@wrong(
    "through_frozen",
    "gradients-accumulate",
    "a `zero_grad()`: it clears what was there, and the backward that fills `.grad` is still to come.",
    MIDDLE,
)
def gradients_cleared_first(net, x):
    out = net(x)
    net.zero_grad()
    return out


@wrong(
    "through_frozen",
    "hook-changes-all-uses",
    "a hook on each parameter that turns its gradient into zeros: it stays, and no other use can train net any more.",
    MIDDLE,
)
def hooks_on_the_parameters(net, x):
    for p in net.parameters():
        if p.requires_grad:
            p.register_hook(torch.zeros_like)
    return net(x)


@wrong(
    "through_frozen",
    "flag-then-op",
    "a new leaf in place of x: net's parameters are left alone, and the gradient ends at the new leaf, not at x.",
    MIDDLE,
)
def new_leaf_for_x(net, x):
    was = [p.requires_grad for p in net.parameters()]
    try:
        return net.requires_grad_(False)(x.detach().requires_grad_())
    finally:
        for p, flag in zip(net.parameters(), was, strict=True):
            p.requires_grad_(flag)


@wrong(
    "through_frozen",
    "grad-mode-leak",
    "another exception in the place of net's own: the caller cannot catch what net has raised.",
    PUT_BACK,
)
def another_exception_than_nets(net, x):
    constants = {name: p.detach() for name, p in net.named_parameters()}
    try:
        return torch.func.functional_call(net, constants, (x,))
    except Exception as error:
        raise type(error)(*error.args, 0) from error


@wrong(
    "through_frozen",
    "cached-result",
    "a copy of net, or of its parameters, that is kept for later calls: after net has been trained, they compute with "
    "the old numbers.",
    MIDDLE,
)
def kept_twin(net, x, twins={}):  # noqa: B006 - the mistake
    if net not in twins:
        twins[net] = copy.deepcopy(net).requires_grad_(False)
    return twins[net](x)


@wrong(
    "through_frozen",
    "detach-vs-freeze-vs-no_grad",
    "frozen children alone: a parameter of net itself still learns.",
    MIDDLE,
)
def children_alone(net, x):
    inside = [p for child in net.children() for p in child.parameters()]
    was = [p.requires_grad for p in inside]
    try:
        for p in inside:
            p.requires_grad_(False)
        return net(x)
    finally:
        for p, flag in zip(reversed(inside), reversed(was), strict=True):
            p.requires_grad_(flag)


@wrong(
    "through_frozen",
    "detach-vs-freeze-vs-no_grad",
    "flags that are noted module by module while they are switched off: a parameter that two modules share is noted a "
    "second time when it is off already, and stays frozen.",
    PUT_BACK,
)
def noted_module_by_module(net, x):
    was = []
    for module in net.modules():
        for p in module.parameters(recurse=False):
            was.append((p, p.requires_grad))
            p.requires_grad_(False)
    try:
        return net(x)
    finally:
        for p, flag in was:
            p.requires_grad_(flag)


@wrong(
    "through_frozen",
    "eval-means-no-grad",
    "frozen parameters, and `eval()` (or `train()`) with it: net is left in another mode than it was in.",
    PUT_BACK,
)
def left_in_evaluation_mode(net, x):
    net.eval()
    constants = {name: p.detach() for name, p in net.named_parameters()}
    return torch.func.functional_call(net, constants, (x,))


@wrong(
    "through_frozen",
    "grad-mode-leak",
    "recording that is switched on and not put back: a caller under `no_grad` records from now on.",
    BACK,
)
def recording_on_after_net(net, x):
    torch.set_grad_enabled(True)
    constants = {name: p.detach() for name, p in net.named_parameters()}
    return torch.func.functional_call(net, constants, (x,))


@wrong(
    "through_frozen",
    "eval-means-no-grad",
    "`eval()` before the call and `train()` after it: no parameter is frozen by that, and a net that was in "
    "evaluation mode is in training mode now.",
    "05-no-grad#a-frozen-network-in-the-middle",
)
def evaluation_mode_freezes_nothing(net, x):
    net.eval()
    y = net(x)
    net.train()
    return y


@wrong(
    "through_frozen",
    "hook-changes-all-uses",
    "hooks on the parameters that make their gradient zero: they stay, for all uses, and a frozen parameter "
    "refuses one.",
    "05-no-grad#freeze-and-put-back",
)
def zero_hooks(net, x):
    for p in net.parameters():
        p.register_hook(torch.zeros_like)
    return net(x)


@wrong(
    "through_frozen",
    "detach-vs-freeze-vs-no_grad",
    "net's own parameters frozen, and not those of the modules inside it.",
    "05-no-grad#a-frozen-network-in-the-middle",
)
def own_parameters_alone(net, x):
    ps = [(p, p.requires_grad) for p in net.parameters(recurse=False)]
    for p, _ in ps:
        p.requires_grad_(False)
    try:
        return net(x)
    finally:
        for p, f in ps:
            p.requires_grad_(f)


@wrong(
    "through_frozen",
    "flag-at-the-wrong-time",
    "flags that are noted once for each module that a parameter belongs to: the second note was taken when it was "
    "frozen already, and that is what is put back.",
    "05-no-grad#freeze-and-put-back",
)
def flags_noted_twice(net, x):
    saved = []
    for m in net.modules():
        for p in m.parameters():
            saved.append((p, p.requires_grad))
            p.requires_grad_(False)
    try:
        return net(x)
    finally:
        for p, f in saved:
            p.requires_grad_(f)


@wrong(
    "through_frozen",
    "detach-vs-freeze-vs-no_grad",
    "`net.requires_grad = False`: that sets an attribute of the module that nobody reads, and it stays.",
    "05-no-grad#freeze-and-put-back",
)
def attribute_of_the_module(net, x):
    net.requires_grad = False
    y = net(x)
    net.requires_grad = True
    return y


@wrong(
    "through_frozen",
    "another-exception",
    "an exception of its own in the place of net's.",
    "05-no-grad#freeze-and-put-back",
)
def exception_reworded(net, x):
    was = {p: p.requires_grad for p in net.parameters()}
    net.requires_grad_(False)
    try:
        return net(x)
    except Exception as e:
        raise RuntimeError(str(e)) from e
    finally:
        for p in was:
            p.requires_grad_(was[p])


@wrong(
    "through_frozen",
    "grad-mode-leak",
    "recording that is switched on for the call: also for a caller under `no_grad`, who gets a graph that is kept "
    "alive.",
    "05-no-grad#the-mode-comes-back",
)
def recording_switched_on_through_frozen(net, x):
    was = [(p, p.requires_grad) for p in net.parameters()]
    try:
        for p, _ in was:
            p.requires_grad_(False)
        with torch.enable_grad():
            return net(x)
    finally:
        for p, f in was:
            p.requires_grad_(f)


# cached_target


@wrong(
    "cached_target",
    "detach-makes-a-copy",
    "a detached output: it is a constant, and where net returns its input it lies in the memory of x.",
    CACHED,
)
def detached_only(net, x):
    return net(x).detach()


@wrong(
    "cached_target",
    "no_grad-rename",
    "`no_grad` alone: where net returns its input, no operation takes place, and x itself comes back; a view of x made "
    "there is no constant either.",
    NAMING,
)
def no_grad_only(net, x):
    with torch.no_grad():
        return net(x)


@wrong(
    "cached_target",
    "inference-tensor-in-training",
    "a result of `inference_mode`: it can neither be saved for backward nor be edited, nor made to require grad.",
    INFERENCE,
)
def inference_result(net, x):
    with torch.inference_mode():
        return net(x)


@wrong(
    "cached_target",
    "inference-tensor-in-training",
    "a clone made inside `inference_mode`: the copy is an inference tensor too; only one made outside is not.",
    INFERENCE,
)
def cloned_inside_inference_mode(net, x):
    with torch.inference_mode():
        return net(x).clone()


@wrong(
    "cached_target",
    "clone-is-independent",
    "`net(x).clone()`: the memory is new, and the history is not cut.",
    CACHED,
)
def clone_only(net, x):
    return net(x).clone()


@wrong(
    "cached_target",
    "inference-tensor-in-training",
    "a clone made outside `inference_mode`, without a cut: where net returns its input, that is x itself, and a clone "
    "of x has a history.",
    INFERENCE,
)
def cloned_outside_and_not_cut(net, x):
    with torch.inference_mode():
        out = net(x)
    return out.clone()


@wrong(
    "cached_target",
    "flag-then-op",
    "a copy that requires grad already: a constant is asked for, which may be made to require grad later.",
    OFF,
)
def already_requires_grad(net, x):
    return net(x).detach().clone().requires_grad_()


@wrong(
    "cached_target",
    "grad-mode-leak",
    "`set_grad_enabled(False)` before and `set_grad_enabled(True)` after: that switches recording on, where the "
    "mode was to be put back.",
    BACK,
)
def recording_on_after_the_target(net, x):
    torch.set_grad_enabled(False)
    target = net(x).detach().clone()
    torch.set_grad_enabled(True)
    return target


@wrong(
    "cached_target",
    "no_grad-view-trap",
    "a detached input: net's parameters still take part, and where net returns its input the memory is shared.",
    VIEW,
)
def input_detached(net, x):
    return net(x.detach())


@wrong(
    "cached_target",
    "detach-makes-a-copy",
    "a copy that is made only where the output starts at the address of x: a view of x that starts elsewhere lies in "
    "its memory too.",
    VIEW,
)
def copied_at_the_same_address(net, x):
    with torch.no_grad():
        out = net(x)
        return out.clone() if out.data_ptr() == x.data_ptr() else out


@wrong(
    "cached_target",
    "detach-makes-a-copy",
    "a copy only where the output is x itself: a view of x lies in its memory too.",
    VIEW,
)
def copied_where_it_is_x(net, x):
    out = net(x)
    return out.detach().clone() if out is x else out.detach()


@wrong(
    "cached_target",
    "detach-makes-a-copy",
    "`contiguous()` in the place of a copy: what is contiguous already comes back in the same memory.",
    CACHED,
)
def contiguous_for_a_copy(net, x):
    return net(x).detach().contiguous()


@wrong(
    "cached_target",
    "cached-result",
    "a target that is kept from an earlier call: after net or the values of x have changed, a later call gives the old "
    "one.",
    CACHED,
)
def kept_target(net, x, kept={}):  # noqa: B006 - the mistake
    if (net, x) not in kept:
        with torch.no_grad():
            kept[net, x] = net(x).clone()
    return kept[net, x]


@wrong(
    "cached_target",
    "cached-result",
    "one piece of memory for all targets (of a shape): a later call writes over the earlier target.",
    CACHED,
)
def one_buffer(net, x, buffers={}):  # noqa: B006 - the mistake
    with torch.no_grad():
        out = net(x)
        buffer = buffers.get((out.shape, out.dtype))
        if buffer is None or buffer.requires_grad:
            buffer = buffers[out.shape, out.dtype] = torch.empty_like(out, requires_grad=False)
        return buffer.copy_(out)


@wrong(
    "cached_target",
    "copy-loses-the-dtype",
    "a new tensor from Python numbers without a dtype: a float64 target comes back as float32.",
    CACHED,
)
def from_python_numbers(net, x):
    return torch.tensor(net(x).tolist())


@wrong(
    "cached_target",
    "detach-vs-freeze-vs-no_grad",
    "a net that is frozen for good: the target is right, and nobody can train the net any more.",
    CACHED,
)
def net_frozen_for_good(net, x):
    return net.requires_grad_(False)(x.detach()).clone()


@wrong(
    "cached_target",
    "cut-the-wrong-operand",
    "a copy of x that net is given: nothing reaches x, and what net computes is still attached to its parameters.",
    "05-no-grad#cached-targets",
)
def copy_of_the_input(net, x):
    return net(x.detach().clone())


@wrong(
    "cached_target",
    "cached-result",
    "the first target of each net, handed out for every x and at any time.",
    "05-no-grad#cached-targets",
)
def kept_for_each_net(net, x, cache={}):  # noqa: B006 - the mistake
    if net not in cache:
        with torch.no_grad():
            cache[net] = net(x).clone()
    return cache[net]


@wrong(
    "cached_target",
    "eval-means-no-grad",
    "a right target, and a net in training mode afterwards: it may have been in evaluation mode.",
    "05-no-grad#the-mode-comes-back",
)
def mode_changed(net, x):
    net.eval()
    y = net(x).detach().clone()
    net.train()
    return y


@wrong(
    "cached_target",
    "detach_-mutates-the-caller",
    "`x.detach_()`: the target is right, and the caller's x has lost its history, or a view refuses.",
    "05-no-grad#cached-targets",
)
def x_cut_in_place(net, x):
    x.detach_()
    with torch.no_grad():
        return net(x).clone()


@wrong(
    "cached_target",
    "detach-vs-freeze-vs-no_grad",
    "parameters frozen for the call and all set to learn after it: x still gets gradient through the target, and "
    "one that was frozen learns from now on.",
    "05-no-grad#cached-targets",
)
def net_frozen_for_the_call(net, x):
    net.requires_grad_(False)
    y = net(x).clone()
    net.requires_grad_(True)
    return y


# no_grad_stream


@wrong(
    "no_grad_stream",
    "grad-mode-leak",
    "a `yield` while recording is off (inside a `no_grad` block, or before the call that puts the mode back): as long "
    "as the generator is paused, the consumer records nothing.",
    PAUSED,
)
def yield_inside_the_block(fn, n):
    with torch.no_grad():
        for i in range(n):
            yield fn(i)


@wrong(
    "no_grad_stream",
    "grad-mode-leak",
    "`set_grad_enabled(True)` after each item: it switches recording on for a consumer that is under `no_grad`.",
    BACK,
)
def recording_on_after_each_item(fn, n):
    for i in range(n):
        torch.set_grad_enabled(False)
        item = fn(i)
        torch.set_grad_enabled(True)
        yield item


@wrong(
    "no_grad_stream",
    "grad-mode-leak",
    "`set_grad_enabled(False)` at the start, undone after the last item: a generator that is closed early never gets "
    "there, and the consumer is left without recording.",
    PAUSED,
)
def undone_after_the_last_item(fn, n):
    was = torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    for i in range(n):
        yield fn(i)
    torch.set_grad_enabled(was)


@wrong(
    "no_grad_stream",
    "grad-mode-leak",
    "a block of `enable_grad` around each `yield`: the consumer records in any case, under its own `no_grad` too.",
    PAUSED,
)
def enabled_around_the_yield(fn, n):
    with torch.no_grad():
        for i in range(n):
            item = fn(i)
            with torch.enable_grad():
                yield item


@wrong(
    "no_grad_stream",
    "flag-at-the-wrong-time",
    "all items computed at the first request (or at the call): each should be computed when it is asked for.",
    PAUSED,
)
def all_at_once(fn, n):
    with torch.no_grad():
        items = [fn(i) for i in range(n)]
    yield from items


@wrong(
    "no_grad_stream",
    "flag-at-the-wrong-time",
    "a stream that runs one item ahead: while the consumer works on an item, the next has been computed already.",
    PAUSED,
)
def one_item_ahead(fn, n):
    make = torch.no_grad()(fn)
    ahead = make(0)
    for i in range(1, n):
        item, ahead = ahead, make(i)
        yield item
    yield ahead


@wrong(
    "no_grad_stream",
    "grad-mode-leak",
    "a generator made under `no_grad` and run outside of it (or without it): the mode counts when an item is computed, "
    "so its graph is recorded.",
    PAUSED,
)
def made_under_no_grad(fn, n):
    with torch.no_grad():
        return (fn(i) for i in range(n))


@wrong(
    "no_grad_stream",
    "flag-then-op",
    "items that require grad: they are cut from w, and each starts a history of its own.",
    OFF,
)
def items_that_require_grad(fn, n):
    for i in range(n):
        yield fn(i).detach().requires_grad_()


@wrong(
    "no_grad_stream",
    "no_grad-rename",
    "a list, or an iterator over one: all is computed at the call, and there is nothing to close.",
    PAUSED,
)
def iterator_over_a_list(fn, n):
    with torch.no_grad():
        return iter([fn(i) for i in range(n)])


@wrong(
    "no_grad_stream",
    "no_grad-rename",
    "a list, or one item: `next` asks a generator for an item, and neither is one.",
    PAUSED,
)
def list_itself(fn, n):
    with torch.no_grad():
        return [fn(i) for i in range(n)]


@wrong(
    "no_grad_stream",
    "cached-result",
    "one piece of memory for all items: the next item is written over the one that was handed over.",
    PAUSED,
)
def items_in_one_buffer(fn, n):
    buffer = None
    for i in range(n):
        item = fn(i).detach()
        buffer = item if buffer is None else buffer.copy_(item)
        yield buffer


@wrong(
    "no_grad_stream",
    "cached-result",
    "items that are kept for the next stream of the same function: they were computed with old parameters.",
    PAUSED,
)
def items_kept_for_the_next_stream(fn, n, kept={}):  # noqa: B006 - the mistake
    for i in range(n):
        if (fn, i) not in kept:
            kept[fn, i] = fn(i).detach()
        yield kept[fn, i]


@wrong(
    "no_grad_stream",
    "grad-mode-leak",
    "the grad mode of the first request, put back after each item: a consumer that has changed its mode since gets the "
    "old one.",
    PAUSED,
)
def mode_of_the_first_request(fn, n):
    was = torch.is_grad_enabled()
    for i in range(n):
        with torch.no_grad():
            item = fn(i)
        torch.set_grad_enabled(was)
        yield item


@wrong(
    "no_grad_stream",
    "flag-at-the-wrong-time",
    "a first item that is computed at the call: it should be computed when it is asked for.",
    PAUSED,
)
def first_item_at_the_call(fn, n):
    first = fn(0).detach()

    def rest():
        yield first
        for i in range(1, n):
            yield fn(i).detach()

    return rest()


@wrong(
    "no_grad_stream",
    "copy-loses-the-dtype",
    "new tensors from Python numbers without a dtype: float64 items come back as float32.",
    OFF,
)
def items_from_python_numbers(fn, n):
    return (torch.tensor(fn(i).tolist()) for i in range(n))


@wrong(
    "no_grad_stream",
    "off-by-one",
    "an item too many: fn(n) is asked for as well.",
    PAUSED,
)
def one_item_too_many(fn, n):
    return (fn(i).detach() for i in range(n + 1))


@wrong(
    "no_grad_stream",
    "no-generator",
    "an iterator that is no generator, such as `map`: it has no `close()`.",
    "05-no-grad#a-generator-that-is-paused",
)
def iterator_that_cannot_be_closed(fn, n):

    class S:
        def __init__(self):
            self.i = 0

        def __iter__(self):
            return self

        def __next__(self):
            if self.i >= n:
                raise StopIteration
            with torch.no_grad():
                item = fn(self.i)
            self.i += 1
            return item

    return S()


@wrong(
    "no_grad_stream",
    "off-by-one",
    "a count from 1 to n: the items are fn(0) to fn(n - 1).",
    "05-no-grad#a-generator-that-is-paused",
)
def counting_from_one(fn, n):
    for i in range(1, n + 1):
        with torch.no_grad():
            item = fn(i)
        yield item
