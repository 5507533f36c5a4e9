"""The cases of 05-no-grad: which inputs a function is given, and what is observed of it."""

from collections.abc import Callable
from itertools import chain
from typing import Any

import torch
from torch import Tensor, enable_grad, nn, no_grad

from gradstop.observe import AGAIN, FILLED, Draw, Form, Observer, case

Function = Callable[..., Any]
DTYPES = (torch.float32, torch.float64)
AS_BEFORE = "what an earlier call returned stays what it is"


class Broken(Exception):  # noqa: N818 - what a model raises, with more arguments than a message
    """Raised by a model of its own making."""

    def __init__(self, layer: str, code: int):
        super().__init__(f"{layer} is broken ({code})")


class Fault:
    """An exception that a module raises in each call, until it is repaired; a copy of the module raises it too."""

    def __init__(self, draw: Draw):
        errors = (ValueError("the network is broken"), RuntimeError("the network is broken"), Broken("block", 7))
        self.error = draw.choice(*errors)
        self.is_there = True
        draw.feature("a model that raises")
        draw.given.append(f"the network raises {type(self.error).__name__} at the first call")

    def __deepcopy__(self, memo: Any) -> "Fault":
        return self

    def strike(self) -> None:
        """Raise, while it is there."""
        if self.is_there:
            raise self.error


def filled(draw: Draw, module: nn.Module, dtype: torch.dtype = torch.float32) -> nn.Module:
    """Give each parameter and each buffer of a module numbers that are drawn."""
    module.to(dtype)
    with no_grad():
        for name, value in chain(module.named_parameters(), module.named_buffers()):
            if value.is_floating_point():
                value.copy_(draw.numbers(value.shape, signed="running_var" not in name, dtype=dtype) * 0.6)
    return module


def in_mode(draw: Draw, module: nn.Module) -> nn.Module:
    """Put a module into training or into evaluation mode."""
    training = draw.choice(True, False)
    if not training:
        draw.feature("a model that is in evaluation mode")
    draw.given.append(f"the network is in {'training' if training else 'evaluation'} mode")
    return module.train(training)


def loss_of(later: Draw, result: Tensor, consumer: Function = torch.exp) -> Tensor:
    """Make a scalar of ``result`` by a consumer and by weights that nobody knew when it was computed."""
    weights = later.numbers(result.shape, dtype=result.dtype)
    return (consumer(result) * weights).sum()


def trained(draw: Draw, *tensors: Tensor) -> dict[str, Tensor]:
    """Return the leaves behind these tensors, one name for each; a constant has none."""
    leaves = [draw.source(tensor) for tensor in tensors if draw.learns(tensor)]
    return {"x" if number == 0 else f"x {number + 1}": leaf for number, leaf in enumerate(leaves)}


def mode_of(draw: Draw, place: str = "the caller is") -> Callable[[], Any]:
    """Draw the grad mode that the caller is in."""
    mode = draw.choice(enable_grad, no_grad)
    if mode is no_grad:
        draw.feature("no_grad outside")
    draw.given.append(f"{place} {'in grad mode' if mode is enable_grad else 'under no_grad'}")
    return mode


def other(mode: Callable[[], Any]) -> Callable[[], Any]:
    """Return the mode that ``mode`` is not."""
    return no_grad if mode is enable_grad else enable_grad


def changed(later: Draw, *tensors: Tensor) -> None:
    """Give tensors other values in place, as a step of training does."""
    with no_grad():
        for tensor in tensors:
            tensor.copy_(later.numbers(tensor.shape, dtype=tensor.dtype))


# evaluate -----------------------------------------------------------------------------------------------

EVAL = "05-no-grad#evaluation-mode-is-something-else"
BACK = "05-no-grad#the-mode-comes-back"
AS_IN_EVALUATION = "the output is that of the evaluation mode: Dropout is off"
BATCHES = {
    "rows": Form((4, 3)),
    "one row": Form((1, 3)),
    "no row": Form((0, 3)),
    "transposed": Form((4, 3), order=(1, 0), special=True),
}


class Classifier(nn.Module):
    """A model with BatchNorm and Dropout at two levels, with a parameter of its own and a weight that is used twice."""

    def __init__(self, rate: float, fault: Fault | None):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(4))
        self.register_buffer("shift", torch.zeros(4), persistent=False)
        self.first, self.second = nn.Linear(3, 4), nn.Linear(3, 4)
        self.second.weight = self.first.weight
        self.norm = nn.BatchNorm1d(4)
        self.block = nn.Sequential(nn.BatchNorm1d(4), nn.Sequential(nn.Dropout(rate), nn.Linear(4, 2)))
        self.fault = fault

    def forward(self, x: Tensor) -> Tensor:
        h = self.norm(self.first(x) + self.second(x).tanh() * self.scale)
        h = h + h.mean(0) + self.shift  # the rows of a batch are mixed
        if self.fault:
            self.fault.strike()
        return self.block(h)


def classifier(draw: Draw, *, dtype: torch.dtype = torch.float32, fault: Fault | None = None) -> Classifier:
    """Draw a model, in which one parameter is frozen."""
    model = filled(draw, Classifier(draw.number(0.3, 0.7), fault), dtype)
    model.first.bias.requires_grad_(False)
    draw.feature(
        "a shared parameter",
        "a frozen parameter",
        "a buffer",
        "a non-persistent buffer",
        "a child with children",
        "a child with parameters of its own",
        "parameters of the model itself",
        "a model that mixes the rows of a batch",
    )
    return model


def statistics(model: Classifier) -> list[Tensor]:
    """Return what the model's BatchNorm layers have gathered."""
    norms = (model.norm, model.block[0])
    return [kept for norm in norms for kept in (norm.running_mean, norm.running_var, norm.num_batches_tracked)]


@case("evaluate", "the output is used in training", "05-no-grad#what-is-switched-off")
def an_output_for_training(evaluate: Function, draw: Draw, see: Observer):
    dtype = draw.choice(*DTYPES)
    model = in_mode(draw, classifier(draw, dtype=dtype))
    batch = BATCHES[draw.choice(*BATCHES)]
    x = draw.tensor("x", draw.choice("constant", "leaf", "interior", "view"), batch, dtype=dtype)
    draw.prefill(model.first.weight, model.scale)
    result = see.call(evaluate, model, x)
    see.flags("the output", result, "the output has no graph and does not require grad")
    see.value("the output's values", result, AS_IN_EVALUATION, EVAL)
    see.value("the statistics", statistics(model), "BatchNorm's statistics are untouched", EVAL)
    later = yield
    head = later.tensor("head", "leaf", (batch.shape[0], 2), dtype=dtype)
    backward = lambda: (result * head).sin().sum().backward()
    asked = "the output can be used in training; no gradient comes back to the model or to x"
    leaves = {"head": head, "the first weight": model.first.weight, "the scale": model.scale, **trained(draw, x)}
    see.gradients("the backward", backward, asked, "05-no-grad#inference-mode", **leaves)


@case("evaluate", "the model is used afterwards", BACK)
def the_model_goes_on(evaluate: Function, draw: Draw, see: Observer):
    model, x = in_mode(draw, classifier(draw)), draw.tensor("x", draw.choice("leaf", "interior"), (4, 3))
    draw.hook(x=x)
    before = see.look(model=model, x=x)
    result = see.call(evaluate, model, x)
    see.value("the output's values", result, AS_IN_EVALUATION, EVAL)
    asked = "each module is in the mode that it was in, and the model and x are as they were"
    see.left("what has changed on the model and x", before, asked, model=model, x=x)
    later = yield
    dropout = model.block[1][0]
    ones = torch.ones(64, 4)
    kept = "everything" if (see.run(lambda: dropout(ones)) == ones).all() else "a part"
    see.value("what Dropout keeps", kept, "Dropout works as it did: in training mode it drops, otherwise not")
    out = see.run(lambda: model.norm(model.first(later.numbers((4, 3))) * model.scale))
    see.value("BatchNorm's output", out, "BatchNorm works as it did, in the mode that it was in")
    see.value("the statistics after it", statistics(model), "BatchNorm works as it did, in the mode that it was in")
    loss = loss_of(later, out, torch.tanh) + loss_of(later, x)
    asked = "the model and x are still trained by others"
    leaves = {"weight": model.first.weight, "scale": model.scale, "x": draw.source(x)}
    see.gradients("a training step", loss.backward, asked, **leaves)
    draw.feature(*AGAIN)
    asked = "each call computes with the model and the x that it is given, as they are then"
    again = see.call(evaluate, model, later.numbers((3, 3)), name="a call with another x")
    see.value("the output for another x", again, asked)
    changed(later, x, model.scale)
    model.train(not model.training)
    before = see.look(model=model)
    again = see.call(evaluate, model, x, name="a call in the other mode, with other values of x and the model")
    see.value("the output for other values of x and the model", again, asked)
    see.left("what has changed in the other mode", before, "each module is in the mode that it was in", model=model)
    again = see.call(evaluate, classifier(later), x, name="a call with another model")
    see.value("the output of another model", again, asked)
    see.value("the first output, looked at again", result, AS_BEFORE)


@case("evaluate", "the model raises", BACK)
def the_model_raises(evaluate: Function, draw: Draw, see: Observer):
    fault = Fault(draw)
    model, mode = in_mode(draw, classifier(draw, fault=fault)), mode_of(draw)
    x = draw.tensor("x", "leaf", (4, 3))
    before = see.look(model=model, x=x)
    with mode():
        run = lambda: evaluate(model, x)
        see.raised("the exception", run, "the model's exception itself reaches the caller", error=fault.error)
        see.grad_mode("the grad mode after the exception", "the grad mode is as before, also after an exception")
    asked = "each module is in the mode that it was in, also after an exception"
    see.left("what has changed on the model and x", before, asked, model=model, x=x)
    later = yield
    fault.is_there = False
    result = see.call(evaluate, model, later.numbers((4, 3)), name="a second call, of the repaired model")
    see.flags("the second output", result, "the output has no graph and does not require grad")
    see.value("the second output's values", result, AS_IN_EVALUATION, EVAL)
    see.value("the statistics", statistics(model), "BatchNorm's statistics are untouched", EVAL)


@case("evaluate", "the caller has a grad mode of its own", BACK)
def a_mode_outside(evaluate: Function, draw: Draw, see: Observer):
    model, mode = in_mode(draw, classifier(draw)), mode_of(draw)
    x = draw.tensor("x", draw.choice("constant", "leaf"), (4, 3))
    with mode():
        result = see.call(evaluate, model, x)
        see.grad_mode("the grad mode after the call", "the grad mode is as before, also inside an outer no_grad")
    see.value("the output's values", result, AS_IN_EVALUATION, EVAL)
    later = yield
    mode = mode_of(later, "at a second call the caller is")
    with mode():
        again = see.call(evaluate, model, x, name="a second call")
        see.grad_mode("the grad mode after the second call", "the grad mode is as before, also inside an outer no_grad")
    see.flags("the second output", again, "the output has no graph and does not require grad")
    see.value("the second output's values", again, AS_IN_EVALUATION, EVAL)


# sgd_step -----------------------------------------------------------------------------------------------

HAND = "05-no-grad#editing-weights-by-hand"
COUNTED = "05-no-grad#the-version-counter-still-counts"
WRITTEN = "the step is in place, and the version of p goes up"
STEPPED = "each parameter with a .grad becomes p - lr * p.grad"
KEPT = "each is still a leaf; its requires_grad and its .grad are as before, and nothing else hangs on it"


def rate(draw: Draw, name: str = "lr") -> float:
    """Draw a learning rate."""
    value = draw.number(0.1, 0.6)
    draw.given.append(f"{name} = {value}")
    return value


def part(draw: Draw, name: str, shape: tuple[int, ...], dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    """Draw a leaf that lies in the memory of a larger tensor; return it, and the larger tensor."""
    whole = draw.numbers((2, *shape), dtype=dtype)
    draw.feature("a leaf that is part of a larger tensor")
    draw.given.append(f"{name} is a leaf of shape {tuple(shape)}, one half of a larger constant")
    return whole[1].requires_grad_(), whole


@case("sgd_step", "each parameter has a gradient", HAND)
def each_has_a_gradient(sgd_step: Function, draw: Draw, see: Observer):
    kind, form, dtype = draw.choice("leaf", "constant", "part"), draw.form(), draw.choice(*DTYPES)
    if kind == "part":
        a, memory = part(draw, "a", form.shape, dtype)
    else:
        a = draw.tensor("a", kind, form, dtype=dtype)
        memory = a.detach()
    b = draw.tensor("b", "leaf", (3,), dtype=dtype)
    if kind == "constant":
        draw.feature("a tensor with a .grad that does not require grad")
    draw.hook(b=b)
    draw.prefill(a, b, zero=True)
    params, aliases, before = [a, b], [memory, b.detach()], see.look(a=a, b=b)
    see.call(sgd_step, params, rate(draw))
    see.value("the parameters", [a, b], STEPPED)
    see.value("their memory", aliases, "the step is in place: whoever shares the memory sees it")
    see.left("what has changed on a and b", before, KEPT, a=a, b=b)
    see.value("the gradients", [a.grad, b.grad], ".grad is kept")
    see.members("what the list holds", params, "the list itself is as before", a=a, b=b)
    later = yield
    loss = loss_of(later, b)
    if kind != "constant":
        loss = loss + loss_of(later, a, torch.square)
    asked = "a new backward uses the new values and adds to .grad"
    see.gradients("a new backward", loss.backward, asked, a=a, b=b)


@case("sgd_step", "a parameter has no gradient", HAND)
def one_has_none(sgd_step: Function, draw: Draw, see: Observer):
    bare, form = draw.choice("a", "b, which is a constant", "c"), draw.form("matrix", "scalar")
    given = {
        "a": draw.tensor("a", "leaf", form),
        "b": draw.tensor("b", "constant" if "constant" in bare else "leaf", (3,), dtype=torch.float64),
        "c": draw.tensor("c", "leaf", form),
    }
    draw.prefill(*(tensor for name, tensor in given.items() if name != bare[0]))
    draw.feature("a parameter without .grad")
    draw.given.append(f"{bare} has no .grad")
    before = see.look(**given)
    params, lr = list(given.values()), rate(draw)
    see.call(sgd_step, params, lr)
    see.value("the parameters", params, "one without .grad is skipped, the others are changed")
    see.left("what has changed on a, b and c", before, KEPT, **given)
    later = yield
    loss = sum(loss_of(later, tensor) for tensor in given.values() if tensor.requires_grad)
    see.gradients("a new backward", loss.backward, "each that required grad still trains", **given)
    see.call(sgd_step, params, lr, name="a second step, with the same lr")
    see.value("the parameters after the second step", params, "one that has a .grad now is changed too")
    draw.feature(*AGAIN)
    stranger = later.tensor("d", "leaf", (2,))
    later.prefill(stranger)
    see.call(sgd_step, [stranger], rate(later, "at a step of another list lr"), name="a step of another list")
    see.value("the parameter of another list", stranger, STEPPED)
    see.value("the first parameters after a step of another list", params, "a step changes its own list alone")


@case("sgd_step", "a graph from before the step is still there", COUNTED)
def a_stale_graph(sgd_step: Function, draw: Draw, see: Observer):
    form, dtype = draw.form("matrix", "scalar"), draw.choice(*DTYPES)
    if draw.choice(False, True):
        p, _ = part(draw, "p", form.shape, dtype)
    else:
        p = draw.tensor("p", "leaf", form, dtype=dtype)
    draw.prefill(p)
    consumer = draw.choice(torch.sin, torch.square)
    recorded = consumer(p)
    draw.given.append(f"{consumer.__name__}(p) is computed before the step")
    lr = rate(draw)
    see.written("what the step writes into", lambda: see.call(sgd_step, [p], lr), WRITTEN, p=p)
    see.value("p", p, STEPPED, HAND)
    later = yield
    old = (recorded * later.numbers(p.shape, dtype=dtype)).sum()
    asked = "a backward of a graph from before the step, which needs the old values, raises"
    see.refused_for_an_edit("the old backward", old.backward, asked, p=p)
    new = loss_of(later, p)
    see.gradients("a new backward", lambda: new.backward(retain_graph=True), "a new backward uses the new values", p=p)
    later.prefill(p)  # or an old backward that went through would show here, and not where it did
    later.given.append("before the second step p is given another .grad")
    see.call(sgd_step, [p], rate(later, "at a second step lr"), name="a second step")
    see.value("p after the second step", p, STEPPED, HAND)
    again = loss_of(later, p, torch.square)
    see.gradients("a backward after the second step", again.backward, "a new backward uses the new values", HAND, p=p)
    kept = consumer(p) * later.numbers(p.shape, dtype=dtype)
    see.call(sgd_step, [p], rate(later, "at a third step lr"), name="a third step")
    see.refused_for_an_edit("a backward from before the third step", kept.sum().backward, asked, p=p)


@case("sgd_step", "the caller has a grad mode of its own", BACK)
def a_mode_around_the_step(sgd_step: Function, draw: Draw, see: Observer):
    p = draw.tensor("p", "leaf", draw.form("matrix", "cube"))
    draw.prefill(p)
    mode, lr = mode_of(draw), draw.choice(0.25, 2)
    draw.feature("an lr that is a float" if isinstance(lr, float) else "an lr that is an int")
    draw.given.append(f"lr = {lr}")
    with mode():
        see.call(sgd_step, [p], lr)
        see.grad_mode("the grad mode after the step", "the grad mode is as before, also inside an outer no_grad")
    see.value("p", p, STEPPED, HAND)
    later = yield
    see.gradients("a new backward", loss_of(later, p, torch.tanh).backward, "p still trains", p=p)
    with mode_of(later, "at a second step the caller is")():
        see.call(sgd_step, [p], rate(later, "at a second step lr"), name="a second step")
        asked = "the grad mode is as before, also inside an outer no_grad"
        see.grad_mode("the grad mode after the second step", asked)
    see.value("p after the second step", p, STEPPED, HAND)


# through_frozen -----------------------------------------------------------------------------------------

MIDDLE = "05-no-grad#a-frozen-network-in-the-middle"
PUT_BACK = "05-no-grad#freeze-and-put-back"
AS_IT_WAS = "each parameter's requires_grad is as it was, and nothing else on net or x has changed"


class Wave(nn.Module):
    """Computes tanh(x * weight + bias) of a tensor of any shape."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(())), nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x * self.weight + self.bias)


class Net(nn.Module):
    """Modules inside modules, with a parameter and buffers of its own; two of the modules share their weight."""

    def __init__(self, fault: Fault | None = None):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(()))
        self.register_buffer("shift", torch.zeros(()))
        self.register_buffer("factor", torch.zeros(()), persistent=False)
        self.first, self.block = Wave(), nn.Sequential(Wave(), nn.Sequential(Wave()))
        self.block[1][0].weight = self.first.weight
        self.fault = fault

    def forward(self, x: Tensor) -> Tensor:
        h = self.first(x) * self.gain + self.shift
        if self.fault:
            self.fault.strike()
        h = h + h.mean()  # the rows of a batch are mixed
        return self.block(h) * self.factor


class Itself(nn.Module):
    """Returns its input."""

    def forward(self, x: Tensor) -> Tensor:
        return x


class Part(nn.Module):
    """Returns a view of its input, which starts elsewhere in the memory if there is more than one element."""

    def forward(self, x: Tensor) -> Tensor:
        return (x.mT if x.dim() > 1 else x)[1:] if x.dim() else x.view(1)


def computing(draw: Draw, dtype: torch.dtype = torch.float32, fault: Fault | None = None) -> Net:
    """Draw a network that computes, in which one parameter is frozen already."""
    net = filled(draw, Net(fault), dtype)
    net.block[0].bias.requires_grad_(False)
    draw.given.append("net's parameter block.0.bias is frozen already")
    draw.feature(
        "a shared parameter",
        "a frozen parameter",
        "a buffer",
        "a non-persistent buffer",
        "a child with children",
        "a child with parameters of its own",
        "parameters of the model itself",
        "a model that mixes the rows of a batch",
    )
    return net


def any_net(draw: Draw, *kinds: str, dtype: torch.dtype = torch.float32) -> nn.Module:
    """Draw a network that computes, that returns its input, or that returns a view of it."""
    kind = draw.choice(*(kinds or ("computes", "itself", "part")))
    if kind == "computes":
        return computing(draw, dtype)
    said = "its input" if kind == "itself" else "a view of its input"
    draw.given.append(f"net returns {said}")
    draw.feature(f"a model that returns {said}")
    return Itself() if kind == "itself" else Part()


def parameters(net: nn.Module) -> dict[str, Tensor]:
    """Return net's parameters by names for a report."""
    return {f"net's {name}": parameter for name, parameter in net.named_parameters()}


@case("through_frozen", "x is trained through net", MIDDLE)
def x_is_trained(through_frozen: Function, draw: Draw, see: Observer):
    dtype = draw.choice(*DTYPES)
    net = in_mode(draw, any_net(draw, dtype=dtype))
    x = draw.tensor("x", draw.choice("leaf", "interior", "view"), draw.form(), dtype=dtype)
    draw.prefill(draw.source(x), *net.parameters())
    before = see.look(net=net, x=x)
    result = see.call(through_frozen, net, x)
    see.value("the output", result, "the result is net(x)")
    see.left("what has changed on net and x", before, AS_IT_WAS, PUT_BACK, net=net, x=x)
    later = yield
    loss = loss_of(later, result)
    asked = "gradient reaches x and none of net's parameters; their .grad is unchanged"
    see.gradients("the backward", loss.backward, asked, x=draw.source(x), **parameters(net))


@case("through_frozen", "net and x are used elsewhere too", PUT_BACK)
def net_is_trained(through_frozen: Function, draw: Draw, see: Observer):
    net, x = in_mode(draw, computing(draw)), draw.tensor("x", draw.choice("leaf", "interior"), (2, 3))
    draw.prefill(*net.parameters())
    draw.hook(x=x)
    earlier, batch = draw.choice(True, False), draw.numbers((2, 3))
    draw.given.append(f"net is used elsewhere {'before' if earlier else 'after'} the call")
    elsewhere = net(batch) if earlier else None
    before = see.look(net=net, x=x)
    result = see.call(through_frozen, net, x)
    see.value("the output", result, "the result is net(x)", MIDDLE)
    see.left("what has changed on net and x", before, AS_IT_WAS, net=net, x=x)
    later = yield
    elsewhere = see.run(lambda: net(batch)) if elsewhere is None else elsewhere
    loss = loss_of(later, elsewhere) + loss_of(later, result) + loss_of(later, x, torch.square)
    asked = "another use of net trains its parameters as usual, but for those that were frozen, and so does one of x"
    leaves = {"x": draw.source(x), **parameters(net)}
    see.gradients("the backward", loss.backward, asked, **leaves)
    draw.feature(*AGAIN)
    changed(later, x, net.gain, net.first.weight)
    one = see.call(through_frozen, net, x, name="a call with other values of x and net")
    asked = "each call computes with the net and the x that it is given, as they are then"
    see.value("the output for other values of x and net", one, asked)
    stranger, fresh = later.tensor("another x", "leaf", (3,)), computing(later)
    two = see.call(through_frozen, net, stranger, name="a call with another x")
    see.value("the output for another x", two, asked)
    three = see.call(through_frozen, fresh, x, name="a call with another net")
    see.value("the output of another net", three, asked)
    see.value("the first output, looked at again", result, AS_BEFORE)
    loss = loss_of(later, one) + loss_of(later, two) + loss_of(later, three)
    asked = "gradient reaches the x of each call and none of the nets' parameters"
    leaves = {**leaves, "the other x": stranger, "the other net's gain": fresh.gain}
    see.gradients("a backward from the later calls", loss.backward, asked, MIDDLE, **leaves)


@case("through_frozen", "net raises", PUT_BACK)
def net_raises(through_frozen: Function, draw: Draw, see: Observer):
    fault = Fault(draw)
    net, mode = in_mode(draw, computing(draw, fault=fault)), mode_of(draw)
    x = draw.tensor("x", "leaf", (2, 3))
    before = see.look(net=net, x=x)
    with mode():
        run = lambda: through_frozen(net, x)
        see.raised("the exception", run, "net's exception itself reaches the caller", error=fault.error)
        see.grad_mode("the grad mode after the exception", "the grad mode is as before", BACK)
    asked = "each parameter's requires_grad is as it was, also when net raises"
    see.left("what has changed on net and x", before, asked, net=net, x=x)
    later = yield
    fault.is_there = False
    before = see.look(net=net, x=x)
    with mode():
        quiet = see.call(through_frozen, net, x, name="a second call, of the repaired net")
        see.grad_mode("the grad mode after the second call", "the grad mode is as before", BACK)
    see.flags("the flags of the second output", quiet, "the output has a graph, but for one under no_grad", BACK)
    see.value("the second output", quiet, "the result is net(x)", MIDDLE)
    see.left("what has changed after the second call", before, AS_IT_WAS, net=net, x=x)
    result = see.call(through_frozen, net, x, name="a third call")
    loss = loss_of(later, result) + see.run(lambda: loss_of(later, net(later.numbers((2, 3)))))
    asked = "net's parameters learn from another use alone, x from this one"
    see.gradients("the backward", loss.backward, asked, x=x, **parameters(net))


# cached_target ------------------------------------------------------------------------------------------

CACHED = "05-no-grad#cached-targets"
VIEW = "05-no-grad#a-view-made-under-no-grad"
KINDS = ("constant", "leaf", "interior", "view")
TARGET = "the target has the values of net(x)"


@case("cached_target", "it is a factor in a later loss", "05-no-grad#inference-mode")
def saved_for_backward(cached_target: Function, draw: Draw, see: Observer):
    dtype = draw.choice(*DTYPES)
    net = in_mode(draw, any_net(draw, "computes", "part", dtype=dtype))
    x = draw.tensor("x", draw.choice(*KINDS), draw.form(), dtype=dtype)
    draw.prefill(*net.parameters(), *trained(draw, x).values())
    before = see.look(net=net, x=x)
    result = see.call(cached_target, net, x)
    see.flags("the target", result, "the target is a constant", CACHED)
    see.value("the target's values", result, TARGET, CACHED)
    see.left("what has changed on net and x", before, "net and x are as they were", net=net, x=x)
    later = yield
    w = later.tensor("w", "leaf", tuple(see.run(lambda: net(x)).shape), dtype=dtype)
    asked = "the target can be saved for backward; net and x get no gradient through it"
    backward = lambda: (result * w).sin().sum().backward()
    see.gradients("the backward", backward, asked, w=w, **trained(draw, x), **parameters(net))


@case("cached_target", "net returns its input or a view of it", VIEW)
def net_returns_its_input(cached_target: Function, draw: Draw, see: Observer):
    net, dtype = any_net(draw, "itself", "part"), draw.choice(*DTYPES)
    x = draw.tensor("x", draw.choice(*KINDS), draw.form(*FILLED), dtype=dtype)
    pending, wanted, before = x.sin(), net(x), see.look(x=x)
    result = see.call(cached_target, net, x)
    see.flags("the target", result, "the target is a constant")
    see.left("what has changed on x", before, "net and x are as they were", x=x)
    see.sharing("x and the target", "the target never shares memory with x", CACHED, x=x, target=result)
    see.value("the target's values", result, TARGET, CACHED)
    later = yield
    place, number = tuple(later.integer(0, size - 1) for size in wanted.shape), later.number(2.0, 3.0)
    edit = lambda: result.__setitem__(place, number)
    see.raised("the edit", edit, "the target can be edited in place")
    see.value("x after the edit", x, "an edit of the target does not change x", CACHED)
    if draw.learns(x):
        loss = (pending * later.numbers(x.shape, dtype=x.dtype)).sum()
        asked = "a backward that needs the values of x is not disturbed by the edit"
        see.gradients("the backward", loss.backward, asked, CACHED, x=draw.source(x))
    changed(later, x)
    see.value("the target after an edit of x", result, "an edit of x does not change the target", CACHED)


@case("cached_target", "it is made to require grad", "05-no-grad#inference-mode")
def made_to_require_grad(cached_target: Function, draw: Draw, see: Observer):
    net, x = any_net(draw), draw.tensor("x", draw.choice(*KINDS), (2, 3))
    if x.requires_grad:
        draw.hook(x=x)
    result = see.call(cached_target, net, x)
    see.value("the target's values", result, TARGET, CACHED)
    later = yield
    see.raised("requires_grad_()", lambda: result.requires_grad_(), "the target can be made to require grad")
    see.flags("the target afterwards", result, "made to require grad, the target is a leaf", VIEW)
    loss = loss_of(later, result)
    asked = "made to require grad, the target gets its gradient, and nothing behind it gets any"
    see.gradients("the backward", loss.backward, asked, VIEW, target=result, **trained(draw, x), **parameters(net))


@case("cached_target", "the caller has a grad mode of its own", BACK)
def a_mode_around_the_target(cached_target: Function, draw: Draw, see: Observer):
    net, x, mode = any_net(draw), draw.tensor("x", draw.choice("constant", "leaf"), (2, 3)), mode_of(draw)
    with mode():
        result = see.call(cached_target, net, x)
        see.grad_mode("the grad mode after the call", "the grad mode is as before, also inside an outer no_grad")
    see.flags("the target", result, "the target is a constant", CACHED)
    see.value("the target's values", result, TARGET, CACHED)
    later = yield
    draw.feature(*AGAIN)
    changed(later, x, *net.parameters())
    asked = "each call computes with the net and the x that it is given, as they are then"
    with mode_of(later, "at a second call the caller is")():
        again = see.call(cached_target, net, x, name="a second call, with other values of x and net")
        see.grad_mode("the grad mode after the second call", "the grad mode is as before, also inside an outer no_grad")
    see.value("the target for other values of x and net", again, asked, CACHED)
    third = see.call(cached_target, net, later.numbers((3, 2)), name="a call with another x")
    see.value("the target for another x", third, asked, CACHED)
    fourth = see.call(cached_target, computing(later), x, name="a call with another net")
    see.value("the target of another net", fourth, asked, CACHED)
    see.value("the first target, looked at again", result, AS_BEFORE, CACHED)
    targets = {"the first": result, "the second": again, "the third": third, "the fourth": fourth}
    see.sharing("x and the targets", "no target shares memory with x or with an earlier target", CACHED, x=x, **targets)


# no_grad_stream -----------------------------------------------------------------------------------------

PAUSED = "05-no-grad#a-generator-that-is-paused"
OFF = "05-no-grad#what-is-switched-off"
LAZY = "each item is computed by fn when it is asked for, with the w of that moment"
ITEMS = "the items are fn(0) to fn(n - 1)"


def source_of_items(draw: Draw, *forms: str) -> tuple[Tensor, Function, int]:
    """Draw a parameter ``w``, a function that computes items from it, and how many are asked for."""
    dtype, n = draw.choice(*DTYPES), draw.choice(3, 2)
    w = draw.tensor("w", "leaf", draw.form(*forms), dtype=dtype)
    factors = [draw.numbers(w.shape, dtype=dtype) for _ in range(n + 1)]  # one more, for a stream that goes too far
    draw.given.append(f"fn(i) is tanh(w * c[i]) with constants c, n = {n}")
    return w, lambda i: torch.tanh(w * factors[i]), n


def next_of(see: Observer, stream: Any, name: str) -> Any:
    """Ask a stream for its next item, and observe whether it raises."""
    return see.call(see.run, lambda: next(stream), name=name)


@case("no_grad_stream", "w is edited between the items", PAUSED)
def computed_when_asked(no_grad_stream: Function, draw: Draw, see: Observer):
    w, fn, n = source_of_items(draw)
    before = see.look(fn=fn, w=w)
    stream = see.call(no_grad_stream, fn, n)
    changed(draw, w)
    first = next_of(see, stream, "next(), for the first item,")
    see.flags("the first item", first, "an item has no graph", OFF)
    see.value("the first item's values", first, LAZY)
    later = yield
    changed(later, w)
    second = next_of(see, stream, "next(), for the second item,")
    see.flags("the second item", second, "an item has no graph", OFF)
    see.value("the second item's values", second, LAZY)
    changed(later, w)
    see.value("the items that are left", see.parts(stream), f"{ITEMS}; {LAZY}")
    see.value("the first item, looked at again", first, "an item that was handed over stays what it is")
    see.sharing("w and the items", "each item is a new tensor", w=w, **{"the first": first, "the second": second})
    see.left("what has changed on fn and w", before, "fn and w are as they were", fn=fn, w=w)
    draw.feature(*AGAIN)
    one = see.call(no_grad_stream, fn, n, name="a second stream of fn")
    two = see.call(no_grad_stream, lambda i: fn(i) * 2, n, name="a stream of another function")
    see.value(
        "the first item of the second stream",
        next_of(see, one, "next(), for the first item of the second stream,"),
        LAZY,
    )
    see.value("the first item of the other function", next_of(see, two, "and the other's"), ITEMS)
    changed(later, w)
    see.value("the items that are left in the second stream", see.parts(one), f"{ITEMS}; {LAZY}")
    see.value("the items that are left of the other function", see.parts(two), f"{ITEMS}; {LAZY}")


@case("no_grad_stream", "the consumer has a grad mode of its own", PAUSED)
def a_mode_between_items(no_grad_stream: Function, draw: Draw, see: Observer):
    _, fn, n = source_of_items(draw, "matrix", "vector")
    asked = "between items the consumer's grad mode is its own, also inside an outer no_grad"
    mode = mode_of(draw, "the consumer is")
    with mode():
        stream = see.call(no_grad_stream, fn, n)
        see.grad_mode("the grad mode before the first item", asked)
        item = next_of(see, stream, "next(), for the first item,")
        see.grad_mode("the grad mode after the first item", asked)
        see.value("the first item", item, ITEMS)
    later = yield
    later.given.append("at the second item the consumer is in the other mode")
    with other(mode)():
        item = next_of(see, stream, "next(), for the second item,")
        see.grad_mode("the grad mode after the second item", asked)
        see.flags("the second item", item, "an item has no graph", OFF)
        see.value("the second item's values", item, ITEMS)
    with mode_of(later, "at the rest the consumer is")():
        rest = see.parts(stream)
        see.grad_mode("the grad mode after the last item", asked)
        see.value("the items that are left", rest, ITEMS)
        stream = see.call(no_grad_stream, fn, n, name="a second stream")
        scale = later.number(2.0, 3.0)
        items = [item * scale for item in see.parts(stream)]
        see.grad_mode("the grad mode after the second stream", asked)
    see.value("the items of the second stream, scaled", items, ITEMS)


@case("no_grad_stream", "it is closed early", PAUSED)
def closed_early(no_grad_stream: Function, draw: Draw, see: Observer):
    w, fn, n = source_of_items(draw, "matrix", "scalar")
    asked, mode = "after close() the consumer's grad mode is its own", mode_of(draw, "the consumer is")
    with mode():
        stream = see.call(no_grad_stream, fn, n)
        item = next_of(see, stream, "next(), for the first item,")
        see.raised("close()", lambda: stream.close(), "the stream is a generator: it can be closed")
        see.grad_mode("the grad mode after close()", asked)
        see.value("the items that are left", see.parts(stream), "a closed generator has no items left")
    see.value("the first item", item, ITEMS)
    later = yield
    changed(later, w)
    later.given.append("a second stream is closed in the other mode")
    with mode():
        stream = see.call(no_grad_stream, fn, n, name="a second stream")
        item = next_of(see, stream, "next(), for the second stream's item,")
    with other(mode)():
        asked_of_close = "the stream is a generator: it can be closed"
        see.raised("close() of the second stream", lambda: stream.close(), asked_of_close)
        see.grad_mode("the grad mode after close() of the second stream", asked)
    see.value("the second stream's item", item, LAZY)
    see.gradients("a backward from w", loss_of(later, w).backward, "w still trains", w=w)


@case("no_grad_stream", "the consumer trains between the items", PAUSED)
def training_between_items(no_grad_stream: Function, draw: Draw, see: Observer):
    w, fn, n = source_of_items(draw, "matrix", "cube")
    draw.prefill(w)
    draw.hook(w=w)
    stream = see.call(no_grad_stream, fn, n)
    first = next_of(see, stream, "next(), for the first item,")
    see.value("the first item", first, ITEMS)
    later = yield
    asked = "w learns from what the consumer computes, and nothing through the item"
    loss = loss_of(later, w) + first.clone().square().sum()
    see.gradients("a backward after the first item", loss.backward, asked, w=w)
    with no_grad():
        w -= later.number(0.1, 0.5) * w.grad
    second = next_of(see, stream, "next(), for the second item,")
    see.value("the second item", second, LAZY)
    loss = loss_of(later, w) + second.clone().exp().sum()
    see.gradients("a backward after the second item", loss.backward, asked, w=w)
    see.value("the first item, looked at again", first, "an item that was handed over stays what it is")
