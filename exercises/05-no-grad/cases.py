"""The cases of 05-no-grad: which inputs a function is given, and what is observed of it."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor, enable_grad, nn, no_grad

from gradstop.observe import Draw, Observer, case

Function = Callable[..., Any]
DTYPES = (torch.float32, torch.float64)


class Guard(nn.Module):
    """Passes its input on, or raises while it is broken."""

    def __init__(self, error: type[Exception]):
        super().__init__()
        self.error, self.broken = error, True

    def forward(self, h: Tensor) -> Tensor:
        if self.broken:
            raise self.error("the network is broken")
        return h * 1.25


class Turned(nn.Module):
    """Returns a view of its input that starts elsewhere in the memory."""

    def forward(self, x: Tensor) -> Tensor:
        return x.t()[1:]


def filled(draw: Draw, module: nn.Module, dtype: torch.dtype = torch.float32) -> nn.Module:
    """Give each parameter and each buffer of a module numbers that are drawn."""
    module.to(dtype)
    with no_grad():
        for name, value in module.state_dict().items():
            if value.is_floating_point():
                value.copy_(draw.numbers(value.shape, signed="running_var" not in name, dtype=dtype) * 0.6)
    return module


def loss_of(later: Draw, result: Tensor) -> Tensor:
    """Make a scalar of ``result`` by weights, and a consumer, that nobody knew when it was computed."""
    weights = later.numbers(result.shape, dtype=result.dtype)
    consumer = later.choice(torch.exp, torch.tanh, torch.square)
    return (consumer(result) * weights).sum()


def trained(draw: Draw, *tensors: Tensor) -> dict[str, Tensor]:
    """Return the leaves behind these tensors, one name for each; a constant has none."""
    leaves = [draw.source(tensor) for tensor in tensors if tensor.requires_grad]
    return {"x" if number == 0 else f"x {number + 1}": leaf for number, leaf in enumerate(leaves)}


def reaches(run: Callable[[], Any]) -> bool:
    """Whether an exception comes out of ``run``."""
    with suppress(Exception):
        run()
        return False
    return True


def mode_of(draw: Draw, place: str = "the caller is") -> Callable[[], Any]:
    """Draw the grad mode that the caller is in."""
    mode = draw.choice(enable_grad, no_grad)
    draw.given.append(f"{place} {'in grad mode' if mode is enable_grad else 'under no_grad'}")
    return mode


def other(mode: Callable[[], Any]) -> Callable[[], Any]:
    """Return the mode that ``mode`` is not."""
    return no_grad if mode is enable_grad else enable_grad


# evaluate -----------------------------------------------------------------------------------------------

EVAL = "05-no-grad#evaluation-mode-is-something-else"
BACK = "05-no-grad#the-mode-comes-back"


def classifier(draw: Draw, *, dtype: torch.dtype = torch.float32, guard: Guard | None = None) -> nn.Sequential:
    """Draw a model with BatchNorm and Dropout, one level down, in training or in evaluation mode."""
    inner = nn.Sequential(nn.BatchNorm1d(4), guard or nn.Identity(), nn.Dropout(draw.number(0.3, 0.7)))
    model = nn.Sequential(nn.Linear(3, 4), inner, nn.Tanh(), nn.Linear(4, 2))
    training = draw.choice(True, False)
    draw.given.append(f"the model is in {'training' if training else 'evaluation'} mode")
    filled(draw, model, dtype)
    model.train(training)
    return model


def statistics(model: nn.Sequential) -> list[Tensor]:
    """Return what the model's BatchNorm has gathered."""
    norm = model[1][0]
    return [norm.running_mean, norm.running_var, norm.num_batches_tracked]


def modes(model: nn.Module) -> list[str]:
    """Return the mode of each module."""
    return ["training" if module.training else "evaluation" for module in model.modules()]


@case("evaluate", "the output is used in training", "05-no-grad#what-is-switched-off")
def an_output_for_training(evaluate: Function, draw: Draw, see: Observer):
    dtype = draw.choice(*DTYPES)
    model = classifier(draw, dtype=dtype)
    x = draw.tensor("x", draw.choice("constant", "leaf", "interior"), (5, 3), dtype=dtype)
    draw.prefill(*model.parameters())
    result = see.call(evaluate, model, x)
    see.flags("the output", result, "the output has no graph and does not require grad")
    see.value("the output's values", result, "the output is that of the evaluation mode: Dropout is off", EVAL)
    see.value("the statistics", statistics(model), "BatchNorm's statistics are untouched", EVAL)
    later = yield
    head = later.tensor("head", "leaf", (5, 2), dtype=dtype)
    backward = lambda: (result * head).sin().sum().backward()
    asked = "the output can be used in training; no gradient comes back to the model or to x"
    first, last = model[0].weight, model[3].weight
    leaves = {"head": head, "the first weight": first, "the last weight": last, **trained(draw, x)}
    see.gradients("the backward", backward, asked, "05-no-grad#inference-mode", **leaves)


@case("evaluate", "the model is used afterwards", BACK)
def the_model_goes_on(evaluate: Function, draw: Draw, see: Observer):
    model = classifier(draw)
    result = see.call(evaluate, model, draw.tensor("x", "constant", (4, 3)))
    see.value("the output's values", result, "the output is that of the evaluation mode: Dropout is off", EVAL)
    see.value("the modes", modes(model), "each module is in the mode that it was in")
    later = yield
    norm, dropout = model[1][0], model[1][2]
    hidden = later.numbers((4, 4))
    kept = bool((dropout(hidden) == hidden).all())
    see.value("Dropout keeps everything", kept, "Dropout works as it did: in training mode it drops, otherwise not")
    out = model[3](norm(model[0](later.numbers((4, 3)))).tanh())
    see.value("BatchNorm's output", out, "BatchNorm works as it did, in the mode that it was in")
    see.value("the statistics after it", statistics(model), "BatchNorm works as it did, in the mode that it was in")
    loss = loss_of(later, out)
    see.gradients("a training step", loss.backward, "the model still trains", weight=model[0].weight)


@case("evaluate", "the model raises", BACK)
def the_model_raises(evaluate: Function, draw: Draw, see: Observer):
    guard = Guard(draw.choice(ValueError, RuntimeError, KeyError))
    model, mode = classifier(draw, guard=guard), mode_of(draw)
    with mode():
        reached = reaches(lambda: evaluate(model, draw.numbers((4, 3))))
        see.grad_mode("the grad mode after the exception", "the grad mode is as before, also after an exception")
    see.value("the caller gets the exception", reached, "the model's exception reaches the caller")
    see.value("the modes", modes(model), "each module is in the mode that it was in, also after an exception")
    later = yield
    guard.broken = False
    result = see.call(evaluate, model, later.numbers((4, 3)), name="a second call, of the repaired model")
    see.value("the second output", result, "the output is that of the evaluation mode: Dropout is off", EVAL)
    see.value("the statistics", statistics(model), "BatchNorm's statistics are untouched", EVAL)


@case("evaluate", "the caller has a grad mode of its own", BACK)
def a_mode_outside(evaluate: Function, draw: Draw, see: Observer):
    model, mode = classifier(draw), mode_of(draw)
    with mode():
        result = see.call(evaluate, model, draw.numbers((4, 3)))
        see.grad_mode("the grad mode after the call", "the grad mode is as before, also inside an outer no_grad")
    see.value("the output's values", result, "the output is that of the evaluation mode: Dropout is off", EVAL)
    later = yield
    mode = mode_of(later, "at a second call the caller is")
    with mode():
        result = see.call(evaluate, model, later.numbers((4, 3)), name="a second call")
        see.grad_mode("the grad mode after it", "the grad mode is as before, also inside an outer no_grad")
    see.flags("the second output", result, "the output has no graph and does not require grad")
    see.value("the second output's values", result, "the output is that of the evaluation mode: Dropout is off", EVAL)


# sgd_step -----------------------------------------------------------------------------------------------

HAND = "05-no-grad#editing-weights-by-hand"


def rate(draw: Draw, name: str = "lr") -> float:
    """Draw a learning rate."""
    value = draw.number(0.1, 0.6)
    draw.given.append(f"{name} = {value}")
    return value


@case("sgd_step", "each parameter has a gradient", HAND)
def each_has_a_gradient(sgd_step: Function, draw: Draw, see: Observer):
    dtype = draw.choice(*DTYPES)
    one, two = draw.tensor("a", "leaf", dtype=dtype), draw.tensor("b", "leaf", dtype=dtype)
    draw.prefill(one, two)
    aliases = [one.detach(), two.detach()]
    see.call(sgd_step, [one, two], rate(draw))
    see.value("the parameters", [one, two], "each parameter becomes p - lr * p.grad")
    see.value("their memory", aliases, "the step is in place: whoever shares the memory sees it")
    see.flags("a afterwards", one, "each parameter is still a leaf that requires grad")
    see.flags("b afterwards", two, "each parameter is still a leaf that requires grad")
    see.value("the gradients", [one.grad, two.grad], ".grad is kept")
    later = yield
    loss = loss_of(later, one) + loss_of(later, two)
    asked = "a new backward uses the new values and adds to .grad"
    see.gradients("a new backward", loss.backward, asked, a=one, b=two)


@case("sgd_step", "a parameter has no gradient", HAND)
def one_has_none(sgd_step: Function, draw: Draw, see: Observer):
    names, shape = ("a", "b", "c"), draw.shape()
    bare, kind = draw.choice(*names), draw.choice("leaf", "constant")
    given = {name: draw.tensor(name, kind if name == bare else "leaf", shape) for name in names}
    draw.prefill(*(tensor for name, tensor in given.items() if name != bare))
    draw.given.append(f"{bare} has no .grad")
    see.call(sgd_step, list(given.values()), rate(draw))
    see.value("the parameters", list(given.values()), "one without .grad is skipped, the others are changed")
    for name, tensor in given.items():
        see.flags(f"{name} afterwards", tensor, "each flag is kept")
    later = yield
    loss = sum(loss_of(later, tensor) for tensor in given.values())
    see.gradients("a new backward", loss.backward, "each that required grad still trains", **given)
    see.call(sgd_step, list(given.values()), rate(later, "at a second step lr"), name="a second step")
    see.value("the parameters after it", list(given.values()), "one that has a .grad now is changed too")


@case("sgd_step", "a graph from before the step is still there", "05-no-grad#the-version-counter-still-counts")
def a_stale_graph(sgd_step: Function, draw: Draw, see: Observer):
    p = draw.tensor("p", "leaf", dtype=draw.choice(*DTYPES))
    draw.prefill(p)
    recorded = draw.choice(torch.sin, torch.square)(p)
    draw.given.append("sin(p) or p**2 is computed before the step")
    see.call(sgd_step, [p], rate(draw))
    see.value("p", p, "each parameter becomes p - lr * p.grad", HAND)
    later = yield
    old = (recorded * later.numbers(p.shape, dtype=p.dtype)).sum()
    asked = "a backward of the old graph, which needs the old values, raises"
    see.gradients("the old backward", old.backward, asked, p=p)
    new = loss_of(later, p)
    see.gradients("a new backward", new.backward, "a new backward uses the new values", HAND, p=p)


@case("sgd_step", "the caller has a grad mode of its own", BACK)
def a_mode_around_the_step(sgd_step: Function, draw: Draw, see: Observer):
    p = draw.tensor("p", "leaf")
    draw.prefill(p)
    mode = mode_of(draw)
    with mode():
        see.call(sgd_step, [p], rate(draw))
        see.grad_mode("the grad mode after the step", "the grad mode is as before, also inside an outer no_grad")
    see.value("p", p, "each parameter becomes p - lr * p.grad", HAND)
    later = yield
    see.gradients("a new backward", loss_of(later, p).backward, "p still trains", p=p)
    with mode_of(later, "at a second step the caller is")():
        see.call(sgd_step, [p], rate(later, "at a second step lr"), name="a second step")
        see.grad_mode("the grad mode after it", "the grad mode is as before, also inside an outer no_grad")
    see.value("p after it", p, "each parameter becomes p - lr * p.grad", HAND)


# through_frozen -----------------------------------------------------------------------------------------

MIDDLE = "05-no-grad#a-frozen-network-in-the-middle"
PUT_BACK = "05-no-grad#freeze-and-put-back"


def critic(draw: Draw, *, dtype: torch.dtype = torch.float32, guard: Guard | None = None) -> nn.Sequential:
    """Draw a network of two levels in which one parameter, or none, is frozen already."""
    inner = nn.Sequential(nn.Linear(4, 3), guard or nn.Tanh())
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), inner)
    filled(draw, net, dtype)
    frozen = draw.choice("", "0.weight", "2.0.bias")
    for name, parameter in net.named_parameters():
        parameter.requires_grad_(name != frozen)
    draw.given.append(f"{frozen or 'none'} of net's parameters is frozen already")
    return net


def parameters(net: nn.Module) -> dict[str, Tensor]:
    """Return net's parameters by names for a report."""
    return {f"net's {name}": parameter for name, parameter in net.named_parameters()}


def trainable(net: nn.Module) -> dict[str, bool]:
    """Return the flag of each parameter."""
    return {name: parameter.requires_grad for name, parameter in net.named_parameters()}


@case("through_frozen", "x is trained through net", MIDDLE)
def x_is_trained(through_frozen: Function, draw: Draw, see: Observer):
    dtype = draw.choice(*DTYPES)
    net, x = critic(draw, dtype=dtype), draw.tensor("x", draw.choice("leaf", "interior"), (2, 3), dtype=dtype)
    draw.prefill(draw.source(x), *net.parameters())
    result = see.call(through_frozen, net, x)
    see.value("the output", result, "the result is net(x)")
    grads = {name: parameter.grad for name, parameter in net.named_parameters()}
    see.value("the gradients before the backward", grads, "the .grad of net's parameters is unchanged by the call")
    later = yield
    loss = loss_of(later, result)
    asked = "gradient reaches x and none of net's parameters; their .grad is unchanged"
    see.gradients("the backward", loss.backward, asked, x=draw.source(x), **parameters(net))


@case("through_frozen", "net is trained elsewhere", PUT_BACK)
def net_is_trained(through_frozen: Function, draw: Draw, see: Observer):
    net, x = critic(draw), draw.tensor("x", draw.choice("leaf", "interior"), (2, 3))
    draw.prefill(*net.parameters())
    before, batch = draw.choice(True, False), draw.numbers((2, 3))
    draw.given.append(f"net is used elsewhere {'before' if before else 'after'} the call")
    other = net(batch) if before else None
    result = see.call(through_frozen, net, x)
    see.value("the output", result, "the result is net(x)", MIDDLE)
    see.value("the flags", trainable(net), "each parameter's requires_grad is as it was")
    later = yield
    loss = loss_of(later, net(batch) if other is None else other) + loss_of(later, result)
    asked = "another use trains net's parameters as usual, and leaves alone those that were frozen"
    see.gradients("the backward", loss.backward, asked, x=draw.source(x), **parameters(net))


@case("through_frozen", "net raises", PUT_BACK)
def net_raises(through_frozen: Function, draw: Draw, see: Observer):
    guard = Guard(draw.choice(ValueError, RuntimeError, KeyError))
    net, x = critic(draw, guard=guard), draw.tensor("x", draw.choice("leaf", "interior"), (2, 3))
    draw.given.append("net raises at the first call")
    reached = reaches(lambda: through_frozen(net, x))
    see.value("the caller gets the exception", reached, "net's exception reaches the caller")
    see.value("the flags", trainable(net), "each parameter's requires_grad is as it was, also when net raises")
    later = yield
    guard.broken = False
    result = see.call(through_frozen, net, x, name="a second call, of the repaired net")
    see.value("the second output", result, "the result is net(x)", MIDDLE)
    see.value("the flags after it", trainable(net), "each parameter's requires_grad is as it was")
    loss = loss_of(later, result) + loss_of(later, net(later.numbers((2, 3))))
    asked = "net's parameters learn from another use alone, x from this one"
    see.gradients("the backward", loss.backward, asked, x=draw.source(x), **parameters(net))


# cached_target ------------------------------------------------------------------------------------------

CACHED = "05-no-grad#cached-targets"
VIEW = "05-no-grad#a-view-made-under-no-grad"


def computing(draw: Draw, dtype: torch.dtype = torch.float32) -> nn.Module:
    """Draw a network that computes."""
    return filled(draw, nn.Sequential(nn.Linear(3, 3), nn.Tanh()), dtype)


def passing(draw: Draw, *, kinds: tuple[str, ...], dtype: torch.dtype = torch.float32) -> tuple[nn.Module, Tensor]:
    """Draw a network that returns its input, or a view of it, together with an input of one of these kinds."""
    net, kind = draw.choice(*((net, kind) for net in (nn.Identity(), Turned()) for kind in kinds))
    draw.given.append("net returns its input" if isinstance(net, nn.Identity) else "net returns a view of its input")
    return net, draw.tensor("x", kind, (2, 3), dtype=dtype)


@case("cached_target", "it is a factor in a later loss", "05-no-grad#inference-mode")
def saved_for_backward(cached_target: Function, draw: Draw, see: Observer):
    dtype = draw.choice(*DTYPES)
    net, x = computing(draw, dtype), draw.tensor("x", draw.choice("constant", "leaf", "interior"), (2, 3), dtype=dtype)
    draw.prefill(*net.parameters(), *trained(draw, x).values())
    result = see.call(cached_target, net, x)
    see.flags("the target", result, "the target is a constant", CACHED)
    see.value("the target's values", result, "the target has the values of net(x)", CACHED)
    later = yield
    w = later.tensor("w", "leaf", (2, 3), dtype=dtype)
    asked = "the target can be saved for backward; net and x get no gradient through it"
    backward = lambda: (result * w).sin().sum().backward()
    see.gradients("the backward", backward, asked, w=w, **trained(draw, x), **parameters(net))


@case("cached_target", "net returns its input or a view of it", VIEW)
def net_returns_its_input(cached_target: Function, draw: Draw, see: Observer):
    net, x = passing(draw, kinds=("constant", "leaf", "interior"), dtype=draw.choice(*DTYPES))
    pending = x.sin()
    result = see.call(cached_target, net, x)
    see.flags("the target", result, "the target is a constant")
    see.sharing("x and the target", "the target never shares memory with x", CACHED, x=x, target=result)
    see.value("the target's values", result, "the target has the values of net(x)", CACHED)
    later = yield
    place, number = (later.integer(0, size - 1) for size in result.shape), later.number(2.0, 3.0)
    place = tuple(place)
    edit = lambda: result.__setitem__(place, number)
    see.raised("the edit", edit, "the target can be edited in place")
    see.value("x after the edit", x, "an edit of the target does not change x", CACHED)
    if x.requires_grad:
        loss = (pending * later.numbers(x.shape, dtype=x.dtype)).sum()
        asked = "a backward that needs the values of x is not disturbed by the edit"
        see.gradients("the backward", loss.backward, asked, CACHED, x=draw.source(x))
    with no_grad():
        x.mul_(later.number(2.0, 3.0))
    see.value("the target after an edit of x", result, "an edit of x does not change the target", CACHED)


@case("cached_target", "it is made to require grad", "05-no-grad#inference-mode")
def made_to_require_grad(cached_target: Function, draw: Draw, see: Observer):
    if draw.choice(True, False):
        net, x = passing(draw, kinds=("constant", "leaf", "interior"))
    else:
        net, x = computing(draw), draw.tensor("x", draw.choice("constant", "leaf", "interior"), (2, 3))
    result = see.call(cached_target, net, x)
    see.value("the target's values", result, "the target has the values of net(x)", CACHED)
    later = yield
    see.raised("requires_grad_()", lambda: result.requires_grad_(), "the target can be made to require grad")
    see.flags("the target afterwards", result, "made to require grad, the target is a leaf", VIEW)
    loss = loss_of(later, result)
    asked = "made to require grad, the target gets its gradient, and nothing behind it gets any"
    see.gradients("the backward", loss.backward, asked, VIEW, target=result, **trained(draw, x), **parameters(net))


@case("cached_target", "the caller has a grad mode of its own", BACK)
def a_mode_around_the_target(cached_target: Function, draw: Draw, see: Observer):
    net, x, mode = computing(draw), draw.tensor("x", draw.choice("constant", "leaf"), (2, 3)), mode_of(draw)
    with mode():
        result = see.call(cached_target, net, x)
        see.grad_mode("the grad mode after the call", "the grad mode is as before")
    see.value("the target's values", result, "the target has the values of net(x)", CACHED)
    later = yield
    with mode_of(later, "at a second call the caller is")():
        result = see.call(cached_target, net, later.numbers((2, 3)), name="a second call")
        see.grad_mode("the grad mode after it", "the grad mode is as before")
    see.value("the second target's values", result, "the target has the values of net(x)", CACHED)


# no_grad_stream -----------------------------------------------------------------------------------------

PAUSED = "05-no-grad#a-generator-that-is-paused"
LAZY = "each item is computed by fn when it is asked for, with the w of that moment"


def source_of_items(draw: Draw) -> tuple[Tensor, Function, int]:
    """Draw a parameter ``w``, a function that computes items from it, and how many are asked for."""
    w, n = draw.tensor("w", "leaf", (3,)), draw.choice(2, 3, 4)
    factors = draw.numbers((n + 1, 3))  # one more, for a stream that goes too far
    draw.given.append(f"fn(i) is tanh(w * c[i]) with constants c, n = {n}")
    return w, lambda i: torch.tanh(w * factors[i]), n


def edited(draw: Draw, w: Tensor) -> None:
    """Give ``w`` other values, as a step of training does."""
    with no_grad():
        w.copy_(draw.numbers(w.shape))


@case("no_grad_stream", "w is edited between the items", PAUSED)
def computed_when_asked(no_grad_stream: Function, draw: Draw, see: Observer):
    w, fn, n = source_of_items(draw)
    stream = see.call(no_grad_stream, fn, n)
    edited(draw, w)
    item = see.call(next, stream, name="the first item is asked for")
    see.flags("the first item", item, "an item has no graph", "05-no-grad#what-is-switched-off")
    see.value("the first item's values", item, LAZY)
    later = yield
    edited(later, w)
    item = see.call(next, stream, name="the second item is asked for")
    see.flags("the second item", item, "an item has no graph", "05-no-grad#what-is-switched-off")
    see.value("the second item's values", item, LAZY)
    edited(later, w)
    see.value("the items that are left", list(stream), f"the items are fn(0) to fn(n - 1); {LAZY}")


@case("no_grad_stream", "the consumer has a grad mode of its own", PAUSED)
def a_mode_between_items(no_grad_stream: Function, draw: Draw, see: Observer):
    _, fn, n = source_of_items(draw)
    asked = "between items the consumer's grad mode is its own, also inside an outer no_grad"
    mode = mode_of(draw, "the consumer is")
    with mode():
        stream = see.call(no_grad_stream, fn, n)
        see.grad_mode("the grad mode before the first item", asked)
        item = see.call(next, stream, name="the first item is asked for")
        see.grad_mode("the grad mode after the first item", asked)
        see.value("the first item", item, "the items are fn(0) to fn(n - 1)")
    later = yield
    later.given.append("at the second item the consumer is in the other mode")
    with other(mode)():
        item = see.call(next, stream, name="the second item is asked for")
        see.grad_mode("the grad mode after the second item", asked)
        see.flags("the second item", item, "an item has no graph", "05-no-grad#what-is-switched-off")
        see.value("the second item's values", item, "the items are fn(0) to fn(n - 1)")
    with mode_of(later, "at the rest the consumer is")():
        rest = list(stream)
        see.grad_mode("the grad mode after the last item", asked)
        see.value("the items that are left", rest, "the items are fn(0) to fn(n - 1)")
        stream = see.call(no_grad_stream, fn, n, name="a second stream")
        scale = later.number(2.0, 3.0)
        items = [item * scale for item in stream]
        see.grad_mode("the grad mode after the second stream", asked)
    see.value("the items of the second stream, scaled", items, "the items are fn(0) to fn(n - 1)")


@case("no_grad_stream", "it is closed early", PAUSED)
def closed_early(no_grad_stream: Function, draw: Draw, see: Observer):
    w, fn, n = source_of_items(draw)
    asked, mode = "after close() the consumer's grad mode is its own", mode_of(draw, "the consumer is")
    with mode():
        stream = see.call(no_grad_stream, fn, n)
        item = see.call(next, stream, name="the first item is asked for")
        see.raised("close()", lambda: stream.close(), "the stream is a generator: it can be closed")
        see.grad_mode("the grad mode after close()", asked)
        see.value("the items that are left", list(stream), "a closed generator has no items left")
    see.value("the first item", item, "the items are fn(0) to fn(n - 1)")
    later = yield
    edited(later, w)
    later.given.append("a second stream is closed in the other mode")
    with mode():
        stream = see.call(no_grad_stream, fn, n, name="a second stream")
        item = see.call(next, stream, name="its first item is asked for")
    with other(mode)():
        see.raised("its close()", lambda: stream.close(), "the stream is a generator: it can be closed")
        see.grad_mode("the grad mode after its close()", asked)
    see.value("the second stream's item", item, LAZY)
    see.gradients("a backward from w", loss_of(later, w).backward, "w still trains", w=w)


@case("no_grad_stream", "the consumer trains between the items", PAUSED)
def training_between_items(no_grad_stream: Function, draw: Draw, see: Observer):
    w, fn, n = source_of_items(draw)
    draw.prefill(w)
    stream = see.call(no_grad_stream, fn, n)
    item = see.call(next, stream, name="the first item is asked for")
    see.value("the first item", item, "the items are fn(0) to fn(n - 1)")
    later = yield
    asked = "w learns from what the consumer computes, and nothing through the item"
    loss = loss_of(later, w) + item.clone().square().sum()
    see.gradients("a backward after the first item", loss.backward, asked, w=w)
    with no_grad():
        w -= later.number(0.1, 0.5) * w.grad
    item = see.call(next, stream, name="the second item is asked for")
    see.value("the second item", item, LAZY)
    loss = loss_of(later, w) + item.clone().exp().sum()
    see.gradients("a backward after the second item", loss.backward, asked, w=w)
