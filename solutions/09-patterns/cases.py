"""The cases of 09-patterns: which inputs a function is given, and what is observed of it."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw
from torch.optim.sgd import sgd

from gradstop.observe import AGAIN, FILLED, Draw, Form, Observer, case
from gradstop.observe.features import tensor_features

Function = Callable[..., Any]
Leaves = dict[str, Tensor]
Asked = tuple[str, str, Leaves]  # an observation's name, what is asked, the leaves that are looked at

LEFT = "09-patterns#leave-it-as-you-found-it"
NETS = ("plain", "nested", "mixing", "evaluation")


class Mixing(nn.Module):
    """Subtracts half of the batch's mean in training mode: mixes the rows of a batch, as BatchNorm does."""

    def forward(self, x: Tensor) -> Tensor:
        """Return x without half of its mean."""
        return x - x.mean(0) / 2 if self.training else x


class Nested(nn.Module):
    """A model with a parameter of its own, buffers, a child with children, and two layers that share their weights."""

    def __init__(self, draw: Draw, inputs: int, outputs: int):
        super().__init__()
        self.gain = nn.Parameter(draw.numbers((outputs,)))
        self.inner = nn.Sequential(nn.Sequential(tiny_linear(draw, inputs, 2, bias=False), nn.Tanh()))
        self.layer = tiny_linear(draw, 2, 2)
        self.again = nn.Linear(2, 2)
        self.again.weight, self.again.bias = self.layer.weight, self.layer.bias
        self.last = tiny_linear(draw, 2, outputs, bias=False)
        self.register_buffer("shift", draw.numbers((2,)))
        self.register_buffer("scale", draw.numbers((2,), signed=False), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return what the layers make of x."""
        hidden = torch.tanh(self.layer(self.inner(x))) * self.scale + self.shift
        return self.last(torch.tanh(self.again(hidden))) * self.gain


class Same(nn.Module):
    """Returns its input, or a view of it."""

    def __init__(self, *, view: bool):
        super().__init__()
        self.view = view

    def forward(self, x: Tensor) -> Tensor:
        """Return x."""
        return x.view_as(x) if self.view else x


def tiny_linear(draw: Draw, inputs: int, outputs: int, *, bias: bool = True) -> nn.Linear:
    """Return a layer with drawn numbers, small enough that no activation saturates."""
    layer = nn.Linear(inputs, outputs, bias)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(draw.numbers(parameter.shape) * 0.6)
    return layer


def tiny_net(draw: Draw, name: str, inputs: int, outputs: int, kind: str = "plain") -> nn.Module:
    """Return a network of one of the kinds ``NETS``; its first layer has no bias, so that a report stays short."""
    draw.feature("a child with parameters of its own")
    said = f"a network from (B, {inputs}) to (B, {outputs})"
    if kind == "nested":
        draw.feature("a shared parameter", "a buffer", "a non-persistent buffer", "a child with children")
        draw.feature("parameters of the model itself")
        draw.given.append(f"{name} is {said} with nested layers, two of them with the same weights, and buffers")
        return Nested(draw, inputs, outputs)
    first, last = tiny_linear(draw, inputs, 2, bias=False), tiny_linear(draw, 2, outputs)
    if kind == "plain":
        draw.given.append(f"{name} is {said}: two layers")
        return nn.Sequential(first, nn.Tanh(), last)
    mixes = kind == "mixing"
    draw.feature("a model that mixes the rows of a batch" if mixes else "a model that is in evaluation mode")
    draw.given.append(f"{name} is {said}, {'whose rows depend on each other' if mixes else 'in evaluation mode'}")
    return nn.Sequential(first, Mixing(), nn.Tanh(), last).train(mixes)


def tiny_batch(draw: Draw, name: str, rows: int, columns: int, kind: str) -> Tensor:
    """Return a constant of this shape: for nested networks one that is not contiguous and holds a 0."""
    plain = kind != "nested"
    shape = Form((rows, columns)) if plain else Form((rows, columns), order=(1, 0), special=True)
    return draw.tensor(name, "constant", shape)


def tiny_rows(draw: Draw, kind: str) -> int:
    """Draw the rows of a batch: a single one where the networks are in evaluation mode."""
    return 1 if kind == "evaluation" else draw.integer(3, 5)


def tiny_leaves(name: str, module: nn.Module) -> Leaves:
    """Name a module's parameters ``G.0.weight``, for a report."""
    return {f"{name}.{key}": parameter for key, parameter in module.named_parameters()}


def tiny_flags(module: nn.Module) -> str:
    """Say which parameters require grad, and which are no leaves, if there are any."""
    learn = ", ".join(name for name, p in module.named_parameters() if p.requires_grad)
    interior = ", ".join(name for name, p in module.named_parameters() if not p.is_leaf)
    return f"requires grad: {learn or 'none'}" + (f"; no leaf: {interior}" if interior else "")


def tiny_freeze(draw: Draw, name: str, module: nn.Module, which: str) -> None:
    """Freeze the "first" of a module's parameters, "all but the first", "all" or "none"."""
    for place, parameter in enumerate(module.parameters()):
        parameter.requires_grad = {"first": place > 0, "all but the first": place == 0}.get(which, which == "none")
    if which != "none":
        draw.feature("a frozen parameter")
    frozen = [key for key, parameter in module.named_parameters() if not parameter.requires_grad]
    draw.given.append(f"frozen in {name}: {', '.join(frozen) or 'nothing'}")


def tiny_move(later: Draw, *modules: nn.Module) -> None:
    """Change every parameter a little, as an optimizer's step does."""
    later.given.append("every parameter has moved before this call")
    with torch.no_grad():
        for module in modules:
            for parameter in module.parameters():
                parameter.add_(later.numbers(parameter.shape) / 4)


def tiny_call(see: Observer, function: Function, *args: Any, grads: tuple[Asked, ...], name: str = "the call") -> Any:
    """Call the function and observe what that does to each ``.grad``; return its result.

    The ``.grad`` of before are put back for a moment, so that each group of leaves is observed by itself.
    """
    groups = [list(leaves.values()) for _, _, leaves in grads]
    before = [[None if leaf.grad is None else leaf.grad.clone() for leaf in group] for group in groups]
    result = see.call(function, *args, name=name)
    after = [[leaf.grad for leaf in group] for group in groups]
    for (what, asked, leaves), group, were, are in zip(grads, groups, before, after, strict=True):
        tiny_put(group, were)
        see.gradients(what, lambda group=group, are=are: tiny_put(group, are), asked, **leaves)
    return result


def holding(draw: Draw, name: str, kind: str, values: Tensor) -> tuple[Tensor, Tensor]:
    """Return a tensor of this kind that holds ``values`` (one with a history nearly), and the leaf behind it."""
    if kind == "view":
        # A part of each row, or every second number: it does not lie in one piece.
        whole = torch.cat([values, values.flip(0)], 1) if values.dim() > 1 else torch.stack([values, -values], 1)
        leaf = whole.asinh().requires_grad_()
        made = leaf.sinh()[:, : values.shape[1]] if values.dim() > 1 else leaf.sinh()[:, 0]
    else:
        leaf = (values.asinh() if kind == "interior" else values.clone()).requires_grad_(kind != "constant")
        made = leaf.sinh() if kind == "interior" else leaf
    said = {"leaf": "a leaf", "interior": "an interior tensor", "view": "an interior view", "constant": "a constant"}
    draw.given.append(f"{name} is {said[kind]} of shape {tuple(values.shape)}")
    draw.feature(kind, *tensor_features(made))
    return made, leaf


def tiny_put(leaves: list[Tensor], grads: list[Tensor | None]) -> None:
    """Set each leaf's ``.grad``."""
    for leaf, grad in zip(leaves, grads, strict=True):
        leaf.grad = grad


def tiny_scalar(later: Draw, result: Tensor) -> Tensor:
    """Make a scalar of ``result`` by weights that nobody knew when it was computed."""
    return (result.square() * later.numbers(result.shape, dtype=result.dtype)).sum()


def tiny_learns(see: Observer, later: Draw, name: str, asked: str, net: Function, shape: tuple[int, int], **leaves):
    """Observe who learns from an ordinary loss of ``net``; its input is a leaf, so that there is always a backward."""
    x = later.numbers(shape).requires_grad_()
    with torch.enable_grad():
        loss = see.run(lambda: tiny_scalar(later, net(x)))
    see.gradients(name, loss.backward, asked, LEFT, **leaves)


# gan_d_backward, gan_g_backward ---------------------------------------------------------------------------


def gan_given(draw: Draw, kind: str = "plain") -> tuple[nn.Module, nn.Module, Tensor, Tensor]:
    """Return G, D, real and z."""
    noise, data = (1, 1) if kind == "evaluation" else (draw.integer(2, 3), draw.integer(2, 3))
    G, D = tiny_net(draw, "G", noise, data, kind), tiny_net(draw, "D", data, 1, kind)
    rows = tiny_rows(draw, kind)
    return G, D, tiny_batch(draw, "real", rows, data, kind), tiny_batch(draw, "z", rows, noise, kind)


def gan_number(loss: Any) -> Any:
    """Return a loss as a number: it may be one already, or a tensor with one element."""
    if isinstance(loss, Tensor):
        return float(loss.item()) if loss.numel() == 1 else loss
    return float(loss) if isinstance(loss, int) else loss


D_LEARNS = "the gradient of the discriminator's loss is added to the parameters of D"
D_LOSS = "the result is the loss, a number or a tensor"
G_UNTOUCHED = "nothing is added to the .grad of G, and nothing is cleared"
AS_IT_WAS = "nothing else is left on what you are given"


def d_grads(G: nn.Module, D: nn.Module, call: str = "") -> tuple[Asked, Asked]:
    """Say which gradients are looked at around a call."""
    return (
        (f"the gradient of D{call}", D_LEARNS, tiny_leaves("D", D)),
        (f"the gradient of G{call}", G_UNTOUCHED, tiny_leaves("G", G)),
    )


@case("gan_d_backward", "no gradients are there yet", "09-patterns#gan-the-discriminator")
def d_first_step(gan_d_backward: Function, draw: Draw, see: Observer):
    G, D, real, z = gan_given(draw, draw.choice(*NETS))
    loss = tiny_call(see, gan_d_backward, G, D, real, z, grads=d_grads(G, D))
    see.grad_mode("the grad mode afterwards", "the grad mode is as before", LEFT)
    see.value("the loss", gan_number(loss), D_LOSS)
    later = yield
    leaves = tiny_leaves("G", G) | tiny_leaves("D", D)
    asked = "afterwards G and D learn as before"
    tiny_learns(see, later, "a later backward", asked, lambda x: D(G(x)), (2, z.shape[1]), **leaves)


@case("gan_d_backward", "G and D hold gradients from earlier", "09-patterns#gan-the-discriminator")
def d_later_step(gan_d_backward: Function, draw: Draw, see: Observer):
    G, D, real, z = gan_given(draw, draw.choice(*NETS))
    draw.prefill(*G.parameters(), *D.parameters())
    draw.given.append("every parameter has a .grad")
    before = see.look(G=G, D=D, real=real, z=z)
    loss = tiny_call(see, gan_d_backward, G, D, real, z, grads=d_grads(G, D))
    see.value("the loss", gan_number(loss), D_LOSS)
    later = yield
    see.left("what has changed on G, D, real and z", before, AS_IT_WAS, LEFT, G=G, D=D, real=real, z=z)
    asked = "afterwards G learns as before, and gradients are added"
    tiny_learns(see, later, "a later backward from G", asked, G, (2, z.shape[1]), **tiny_leaves("G", G))


@case("gan_d_backward", "some parameters of G are frozen", "09-patterns#gan-the-discriminator")
def d_with_frozen_parts(gan_d_backward: Function, draw: Draw, see: Observer):
    G, D, real, z = gan_given(draw, draw.choice("plain", "nested"))
    tiny_freeze(draw, "G", G, draw.choice("first", "all but the first"))
    loss = tiny_call(see, gan_d_backward, G, D, real, z, grads=d_grads(G, D)[:1])
    flags = "each requires_grad is as before"
    see.value("the flags of G afterwards", tiny_flags(G), flags, LEFT)
    see.value("the flags of D afterwards", tiny_flags(D), flags, LEFT)
    see.value("the loss", gan_number(loss), D_LOSS)
    later = yield
    asked = "afterwards the parameters of G that learnt before learn, and the frozen ones do not"
    tiny_learns(see, later, "a later backward from G", asked, G, (2, z.shape[1]), **tiny_leaves("G", G))


@case(
    "gan_d_backward",
    "it is called again, and G takes a step of its own afterwards",
    "09-patterns#gan-the-discriminator",
)
def d_again(gan_d_backward: Function, draw: Draw, see: Observer):
    draw.feature(*AGAIN)
    G, D, real, z = gan_given(draw)
    draw.prefill(*G.parameters())
    draw.given.append("the parameters of G have a .grad")
    first = see.call(gan_d_backward, G, D, real, z)
    see.value("the loss", gan_number(first), D_LOSS)
    later = yield
    tiny_move(later, G, D)
    second = tiny_call(
        see, gan_d_backward, G, D, real, z, grads=d_grads(G, D, " in the second call"), name="the second call"
    )
    see.value("the loss of the second call", gan_number(second), D_LOSS)
    other = gan_given(later)
    third = tiny_call(
        see,
        gan_d_backward,
        *other,
        grads=d_grads(*other[:2], " in the call with other networks"),
        name="the call with other networks",
    )
    see.value("the loss of the call with other networks", gan_number(third), D_LOSS)
    see.value("the first loss, looked at again", gan_number(first), D_LOSS)
    asked = "afterwards G learns as before, and gradients are added"
    tiny_learns(see, later, "a later backward from G", asked, G, (2, z.shape[1]), **tiny_leaves("G", G))


G_LEARNS = "the gradient of the generator's loss is added to the parameters of G"
D_UNTOUCHED = "nothing is added to the .grad of D, and nothing is cleared"


def g_grads(G: nn.Module, D: nn.Module, call: str = "") -> tuple[Asked, Asked]:
    """Say which gradients are looked at around a call."""
    return (
        (f"the gradient of G{call}", G_LEARNS, tiny_leaves("G", G)),
        (f"the gradient of D{call}", D_UNTOUCHED, tiny_leaves("D", D)),
    )


@case("gan_g_backward", "no gradients are there yet", "09-patterns#gan-the-generator")
def g_first_step(gan_g_backward: Function, draw: Draw, see: Observer):
    G, D, real, z = gan_given(draw, draw.choice(*NETS))
    tiny_call(see, gan_g_backward, G, D, z, grads=g_grads(G, D))
    later = yield
    asked = "afterwards D learns as before"
    tiny_learns(see, later, "a later backward from D", asked, D, tuple(real.shape), **tiny_leaves("D", D))


@case("gan_g_backward", "G and D hold gradients from earlier", "09-patterns#gan-the-generator")
def g_later_step(gan_g_backward: Function, draw: Draw, see: Observer):
    G, D, real, z = gan_given(draw, draw.choice(*NETS))
    draw.prefill(*G.parameters(), *D.parameters())
    draw.given.append("every parameter has a .grad")
    before = see.look(G=G, D=D, z=z)
    tiny_call(see, gan_g_backward, G, D, z, grads=g_grads(G, D))
    later = yield
    see.left("what has changed on G, D and z", before, AS_IT_WAS, LEFT, G=G, D=D, z=z)
    asked = "afterwards D learns as before, and gradients are added"
    tiny_learns(see, later, "a later backward from D", asked, D, tuple(real.shape), **tiny_leaves("D", D))


@case("gan_g_backward", "some parameters of D are frozen", "09-patterns#gan-the-generator")
def g_with_frozen_parts(gan_g_backward: Function, draw: Draw, see: Observer):
    G, D, real, z = gan_given(draw, draw.choice("plain", "nested"))
    tiny_freeze(draw, "D", D, draw.choice("first", "all but the first"))
    tiny_call(see, gan_g_backward, G, D, z, grads=g_grads(G, D)[:1])
    asked = "each requires_grad is as before"
    see.value("the flags of D afterwards", tiny_flags(D), asked, LEFT)
    later = yield
    asked = "afterwards the parameters of D that learnt before learn, and the frozen ones do not"
    tiny_learns(see, later, "a later backward from D", asked, D, tuple(real.shape), **tiny_leaves("D", D))


@case("gan_g_backward", "all of D is frozen, or nothing, and it is called again", "09-patterns#gan-the-generator")
def g_again(gan_g_backward: Function, draw: Draw, see: Observer):
    draw.feature(*AGAIN[:3])
    G, D, real, z = gan_given(draw)
    tiny_freeze(draw, "D", D, draw.choice("all", "none"))
    draw.prefill(*D.parameters())
    draw.given.append("the parameters of D have a .grad")
    see.call(gan_g_backward, G, D, z)
    asked = "each requires_grad is as before"
    see.value("the flags of D afterwards", tiny_flags(D), asked, LEFT)
    later = yield
    tiny_move(later, G, D)
    tiny_call(see, gan_g_backward, G, D, z, grads=g_grads(G, D, " in the second call"), name="the second call")
    G2, D2, _, z2 = gan_given(later)
    grads = g_grads(G2, D2, " in the call with other networks")
    tiny_call(see, gan_g_backward, G2, D2, z2, grads=grads, name="the call with other networks")
    asked = "afterwards D learns as before, or does not, as it was"
    tiny_learns(see, later, "a later backward from D", asked, D, tuple(real.shape), **tiny_leaves("D", D))


# td_loss ------------------------------------------------------------------------------------------------

Batch = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]


def td_batch(draw: Draw, size: int, actions: int, kind: str = "plain") -> Batch:
    """Return s, a, r, s2 and done, of which one is 1 and one 0 where there is more than one row."""
    rows = tiny_rows(draw, kind) + (kind != "evaluation")
    s, s2 = tiny_batch(draw, "s", rows, size, kind), tiny_batch(draw, "s2", rows, size, kind)
    a = torch.tensor([draw.integer(0, actions - 1) for _ in range(rows)])
    r = draw.tensor("r", "constant", Form((rows,), special=kind == "nested"))
    ends = [0, 1, *(draw.integer(0, 1) for _ in range(rows - 2))][:rows]
    turn = draw.integer(0, rows - 1)
    done = torch.tensor(ends[turn:] + ends[:turn], dtype=torch.float32)
    draw.given.append(f"a = {a.tolist()}, done = {done.tolist()}")
    return s, a, r, s2, done


def td_nets(draw: Draw, kind: str = "plain") -> tuple[nn.Module, nn.Module, Batch]:
    """Return q, q_target and a batch."""
    if kind == "its input":
        size = draw.integer(2, 3)
        draw.feature("a model that returns its input")
        draw.given.append("q_target returns its input")
        return tiny_net(draw, "q", size, size), Same(view=False), td_batch(draw, size, size)
    size, actions = (1, 1) if kind == "evaluation" else (draw.integer(2, 3), draw.integer(2, 3))
    q, q_target = tiny_net(draw, "q", size, actions, kind), tiny_net(draw, "q_target", size, actions, kind)
    if kind == "plain":
        draw.feature("values below zero")
        draw.given.append("all values of q_target are negative")
        with torch.no_grad():
            q_target[2].bias.sub_(4)
    return q, q_target, td_batch(draw, size, actions, kind)


TD_VALUE = "the result is the mean squared error of q(s)[i, a[i]] to the target, a scalar"
TD_GRADIENT = "q learns through its prediction, and nobody through the target"
TD_LEFT = "nothing is left on the networks, and the tensors that are given are not modified"
TD_GIVEN = "the tensors that are given are not modified"


@case("td_loss", "q and q_target are two networks", "09-reinforcement#targets-that-stand-still")
def two_networks(td_loss: Function, draw: Draw, see: Observer):
    q, q_target, batch = td_nets(draw, draw.choice(*NETS, "its input"))
    draw.prefill(*q.parameters(), *q_target.parameters())
    draw.given.append("every parameter has a .grad")
    given = {"q": q, "q_target": q_target, **dict(zip(("s", "a", "r", "s2", "done"), batch, strict=True))}
    before = see.look(**given)
    loss = see.call(td_loss, q, q_target, *batch)
    see.value("the loss", loss, TD_VALUE)
    see.value("s, a, r, s2 and done afterwards", list(batch), TD_GIVEN)
    see.left("what has changed on the networks and the batch", before, TD_LEFT, LEFT, **given)
    later = yield
    scaled = loss * later.number(0.5, 2.0)
    leaves = tiny_leaves("q", q) | tiny_leaves("q_target", q_target)
    see.gradients("the backward", scaled.backward, TD_GRADIENT, **leaves)


@case("td_loss", "q_target is q itself", "09-reinforcement#targets-that-stand-still")
def one_network(td_loss: Function, draw: Draw, see: Observer):
    _, q, batch = td_nets(draw, draw.choice(*NETS))
    tiny_freeze(draw, "q", q, draw.choice("none", "first"))
    loss = see.call(td_loss, q, q, *batch)
    see.value("the loss", loss, TD_VALUE)
    later = yield
    scaled = loss * later.number(0.5, 2.0)
    asked = "q learns through its prediction, and not through the target"
    see.gradients("the backward", scaled.backward, asked, **tiny_leaves("q", q))


@case("td_loss", "some or all parameters of q_target are frozen", "09-reinforcement#targets-that-stand-still")
def frozen_target(td_loss: Function, draw: Draw, see: Observer):
    q, q_target, batch = td_nets(draw, draw.choice("plain", "nested"))
    tiny_freeze(draw, "q_target", q_target, draw.choice("all", "first", "all but the first"))
    before = see.look(q=q, q_target=q_target)
    loss = see.call(td_loss, q, q_target, *batch)
    see.left("what has changed on the networks", before, TD_LEFT, LEFT, q=q, q_target=q_target)
    asked = "each requires_grad of q_target is as before"
    see.value("the flags of q_target afterwards", tiny_flags(q_target), asked, LEFT)
    see.value("the loss", loss, TD_VALUE)
    later = yield
    scaled = loss * later.number(0.5, 2.0)
    leaves = tiny_leaves("q", q) | tiny_leaves("q_target", q_target)
    see.gradients("the backward", scaled.backward, TD_GRADIENT, **leaves)
    asked = "afterwards the parameters of q_target that learnt before learn, and the frozen ones do not"
    own = tiny_leaves("q_target", q_target)
    tiny_learns(see, later, "a later backward from q_target", asked, q_target, tuple(batch[0].shape), **own)


@case(
    "td_loss",
    "it is called again, and the loss is added to another one",
    "09-reinforcement#targets-that-stand-still",
)
def td_again(td_loss: Function, draw: Draw, see: Observer):
    draw.feature(*AGAIN)
    q, q_target, batch = td_nets(draw)
    loss = see.call(td_loss, q, q_target, *batch)
    asked = "each requires_grad of q_target is as before"
    see.value("the flags of q_target afterwards", tiny_flags(q_target), asked, LEFT)
    see.value("the loss", loss, TD_VALUE)
    later = yield
    total = loss * later.number(0.5, 2.0) + see.run(lambda: tiny_scalar(later, q(batch[0]) * q_target(batch[3])))
    leaves = tiny_leaves("q", q) | tiny_leaves("q_target", q_target)
    asked = "td_loss trains q through its prediction alone; the other loss trains both networks as usual"
    see.gradients("the backward", total.backward, asked, **leaves)
    tiny_move(later, q, q_target)
    second = see.call(td_loss, q, q_target, *batch, name="the second call")
    see.value("the loss of the second call", second, TD_VALUE)
    see.gradients("the backward from the second loss", second.backward, TD_GRADIENT, **leaves)
    q, q_target, batch = td_nets(later)
    third = see.call(td_loss, q, q_target, *batch, name="the call with other networks")
    see.value("the loss of other networks", third, TD_VALUE)
    leaves = tiny_leaves("q", q) | tiny_leaves("q_target", q_target)
    see.gradients("the backward from the loss of other networks", third.backward, TD_GRADIENT, **leaves)
    see.value("the first loss, looked at again", loss, TD_VALUE)


# actor_critic_losses ------------------------------------------------------------------------------------

AC_POLICY = "the first loss is -(logp * advantage).mean(), a scalar"
AC_VALUE = "the second loss is the mean squared error of value to returns, a scalar"
AC_GIVEN = "logp, value and returns are left as they are"


def line(draw: Draw) -> Form:
    """Pick a form of one dimension: several numbers, with a 0 and two equal ones, or a single one."""
    several = Form((draw.integer(3, 5),), special=True)
    return draw.choice(several, Form((1,)))


@case("actor_critic_losses", "the three tensors come from three places", "09-reinforcement#actor-and-critic")
def three_sources(actor_critic_losses: Function, draw: Draw, see: Observer):
    form, kind = line(draw), draw.choice("leaf", "interior", "view")
    given = {name: draw.tensor(name, kind, form) for name in ("logp", "value", "returns")}
    leaves = {name: draw.source(tensor) for name, tensor in given.items()}
    draw.prefill(*leaves.values())
    before = see.look(**given)
    policy_loss, value_loss = see.parts(see.call(actor_critic_losses, *given.values()))
    see.value("the policy loss", policy_loss, AC_POLICY)
    see.value("the value loss", value_loss, AC_VALUE)
    see.left("what has changed on logp, value and returns", before, AC_GIVEN, **given)
    see.value("logp, value and returns afterwards", list(given.values()), AC_GIVEN)
    later = yield
    policy, critic = policy_loss * later.number(0.5, 2.0), value_loss * later.number(0.5, 2.0)
    asked = "gradient reaches logp alone"
    see.gradients("the policy loss's backward", lambda: policy.backward(retain_graph=True), asked, **leaves)
    see.gradients("the value loss's backward", critic.backward, "gradient reaches value alone", **leaves)


@case(
    "actor_critic_losses",
    "logp and value come from one trunk, and returns are constant",
    "09-reinforcement#actor-and-critic",
)
def one_trunk(actor_critic_losses: Function, draw: Draw, see: Observer):
    form = line(draw)
    h = draw.tensor("h", draw.choice("leaf", "interior"), form)
    logp, value = (h * draw.numbers(form.shape)).sin(), (h * draw.numbers(form.shape)).tanh()
    draw.given.append("logp and value are computed from h")
    draw.hook(logp=logp, value=value)
    returns = draw.tensor("returns", "constant", form)
    before = see.look(logp=logp, value=value, returns=returns)
    policy_loss, value_loss = see.parts(see.call(actor_critic_losses, logp, value, returns))
    see.left("what has changed on logp, value and returns", before, AC_GIVEN, logp=logp, value=value, returns=returns)
    see.value("the policy loss", policy_loss, AC_POLICY)
    see.value("the value loss", value_loss, AC_VALUE)
    later = yield
    total = policy_loss * later.number(0.5, 2.0) + value_loss * later.number(0.5, 2.0)
    asked = "h learns from the policy loss through logp alone, and from the value loss through value alone"
    see.gradients("the backward of both", total.backward, asked, h=draw.source(h))


@case(
    "actor_critic_losses",
    "returns are bootstrapped from value, and it is called again",
    "09-reinforcement#actor-and-critic",
)
def bootstrapped(actor_critic_losses: Function, draw: Draw, see: Observer):
    draw.feature(*AGAIN)
    form, kind = line(draw), draw.choice("leaf", "interior")
    logp, value = draw.tensor("logp", kind, form), draw.tensor("value", kind, form)
    leaves = {"logp": draw.source(logp), "value": draw.source(value)}
    share = draw.number(0.3, 0.8)
    returns = draw.numbers(form.shape) + share * torch.tanh(value)
    draw.given.append(f"returns = rewards + {share} * tanh(value), attached")
    policy_loss, value_loss = see.parts(see.call(actor_critic_losses, logp, value, returns))
    see.value("the policy loss", policy_loss, AC_POLICY)
    see.value("the value loss", value_loss, AC_VALUE)
    later = yield
    total = policy_loss * later.number(0.5, 2.0) + value_loss * later.number(0.5, 2.0)
    asked = "logp learns from the policy loss, value from the value loss, and nobody through returns"
    see.gradients("the backward of both", total.backward, asked, **leaves)
    others = [later.numbers(form.shape).requires_grad_() for _ in range(3)]
    for call in ("a second call, with other tensors", "a third call, after they have changed"):
        policy, critic = see.parts(see.call(actor_critic_losses, *others, name=call))
        see.value(f"the policy loss of {call}", policy, AC_POLICY)
        see.value(f"the value loss of {call}", critic, AC_VALUE)
        named = dict(zip(("logp", "value", "returns"), others, strict=True))
        see.gradients(f"the backward of {call}", (policy + critic).backward, asked, **named)
        with torch.no_grad():
            for tensor in others:
                tensor.add_(later.numbers(form.shape))
    see.value("the first policy loss, looked at again", policy_loss, AC_POLICY)
    see.value("the first value loss, looked at again", value_loss, AC_VALUE)


# ema_update ---------------------------------------------------------------------------------------------


class Averaged(nn.Module):
    """A model with a parameter of its own without dimensions, a shared weight, and buffers of several kinds."""

    def __init__(self, draw: Draw, count: int):
        super().__init__()
        self.gain = nn.Parameter(draw.numbers(()))
        self.layer = tiny_linear(draw, 2, 2)
        tied = nn.Linear(2, 2)
        tied.weight = self.layer.weight
        self.inner = nn.Sequential(tied, nn.Sequential(nn.BatchNorm1d(2), nn.Tanh()))
        self.register_buffer("scale", draw.numbers((3,)))
        self.register_buffer("steps", torch.tensor([count, count + 1]), persistent=False)
        norm = self.inner[1][0]
        with torch.no_grad():
            for tensor in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
                tensor.copy_(draw.numbers((2,), signed=tensor is not norm.running_var))
            norm.num_batches_tracked.fill_(count)


def ema_pair(draw: Draw, kind: str = "nested", which: str = "none") -> tuple[nn.Module, nn.Module, float]:
    """Return ema, model and decay; ``which`` parameters of ema are frozen."""
    if kind == "a layer":
        inputs = draw.integer(2, 3)
        ema, model = tiny_linear(draw, inputs, 2), tiny_linear(draw, inputs, 2)
        draw.given.append("ema and model are a Linear")
    else:
        draw.feature("a shared parameter", "a buffer", "a non-persistent buffer", "a child with children")
        draw.feature("a child with parameters of its own", "a parameter without dimensions")
        ema, model = Averaged(draw, draw.integer(2, 9)), Averaged(draw, draw.integer(20, 99))
        draw.given.append(
            "ema and model hold two Linear with one weight, a nested BatchNorm1d, and buffers of their own"
        )
    draw.feature("parameters of the model itself")
    tiny_freeze(draw, "ema", ema, which)
    return ema, model, ema_decay(draw)


def ema_decay(draw: Draw) -> float:
    """Draw a decay."""
    decay = draw.number(0.6, 0.9)
    draw.given.append(f"decay = {decay}")
    return decay


def ema_values(module: nn.Module) -> dict[str, Tensor]:
    """Return a module's parameters by name."""
    return dict(module.named_parameters())


def ema_all(module: nn.Module) -> dict[str, Tensor]:
    """Return a module's parameters and buffers by name."""
    return dict(module.named_parameters()) | dict(module.named_buffers())


def ema_edit(later: Draw, model: nn.Module) -> None:
    """Change every parameter and buffer of model in place."""
    later.given.append("model has moved on")
    with torch.no_grad():
        for tensor in ema_all(model).values():
            tensor.add_(later.integer(1, 5))


def ema_loss(later: Draw, ema: nn.Module) -> Tensor:
    """Return a loss whose gradient at a parameter that learns does not depend on its value; it always has one path."""
    tensors = [later.numbers((2,)).requires_grad_(), *ema.parameters()]
    return torch.stack([(tensor * later.numbers(tensor.shape)).sum() for tensor in tensors]).sum()


EMA_VALUES = "each parameter of ema is decay * old + (1 - decay) * model's"
EMA_BUFFERS = "each buffer of ema has the value of model's"
EMA_MODEL = "model is unchanged"


@case("ema_update", "the parameters of ema all require grad, or none does", "09-reinforcement#moving-averages")
def ema_parameters(ema_update: Function, draw: Draw, see: Observer):
    kind = draw.choice("nested", "a layer")
    ema, model, decay = ema_pair(draw, kind, draw.choice("none", "all"))
    known = ema_values(ema)
    see.call(ema_update, ema, model, decay)
    see.members("the parameters of ema", ema.parameters(), "they are the same Parameter objects", **known)
    see.value("the flags of ema", tiny_flags(ema), "each parameter is a leaf, with the requires_grad that it had")
    see.value("the values of ema", ema_values(ema), EMA_VALUES)
    later = yield
    asked = "the parameters of ema learn if they did before"
    see.gradients("a later backward", ema_loss(later, ema).backward, asked, **tiny_leaves("ema", ema))


@case("ema_update", "model trains on", "09-reinforcement#moving-averages")
def ema_memory(ema_update: Function, draw: Draw, see: Observer):
    ema, model, decay = ema_pair(draw)
    if draw.choice(True, False):
        draw.feature("a model that is in evaluation mode")
        draw.given.append("ema is in evaluation mode")
        ema.eval()
    draw.prefill(*ema.parameters(), *model.parameters())
    draw.given.append("every parameter has a .grad")
    before = see.look(ema=ema, model=model)
    see.call(ema_update, ema, model, decay)
    tensors = {f"ema's {name}": tensor for name, tensor in ema_all(ema).items()}
    tensors |= {f"model's {name}": tensor for name, tensor in ema_all(model).items()}
    see.sharing("memory", "nothing of ema shares memory with model", **tensors)
    see.value("the values of model", ema_all(model), EMA_MODEL)
    see.left(
        "what else has changed on ema and model",
        before,
        "nothing else of ema changes, and " + EMA_MODEL,
        LEFT,
        ema=ema,
        model=model,
    )
    later = yield
    ema_edit(later, model)
    see.value("the values of ema after edits of model", ema_values(ema), EMA_VALUES + ", and stays so")
    asked = EMA_BUFFERS + " at the call, and keeps it"
    see.value("the buffers of ema after edits of model", dict(ema.named_buffers()), asked)


@case(
    "ema_update",
    "some parameters of ema require grad, and recording is on or off outside",
    "09-reinforcement#moving-averages",
)
def ema_mode(ema_update: Function, draw: Draw, see: Observer):
    ema, model, decay = ema_pair(draw, "nested", draw.choice("first", "all but the first"))
    if draw.choice(False, True):
        tiny_freeze(draw, "model", model, "first")
    with draw.mode_outside():
        see.call(ema_update, ema, model, decay)
        see.grad_mode("the grad mode afterwards", "the grad mode is as before", LEFT)
    see.value("the flags of ema", tiny_flags(ema), "each parameter is a leaf, with the requires_grad that it had")
    see.value("the values of ema", ema_values(ema), EMA_VALUES)
    later = yield
    asked = "the parameters of ema that learnt before learn, and the frozen ones do not"
    see.gradients("a later backward", ema_loss(later, ema).backward, asked, **tiny_leaves("ema", ema))


@case("ema_update", "a second update follows", "09-reinforcement#moving-averages")
def ema_twice(ema_update: Function, draw: Draw, see: Observer):
    draw.feature(*AGAIN[:3])
    ema, model, decay = ema_pair(draw, "nested", draw.choice("none", "all"))
    known = ema_values(ema)
    see.call(ema_update, ema, model, decay)
    see.value("the buffers of ema", dict(ema.named_buffers()), EMA_BUFFERS)
    later = yield
    ema_edit(later, model)
    see.call(ema_update, ema, model, decay, name="the second call")
    see.members("the parameters of ema", ema.parameters(), "they are the same Parameter objects", **known)
    see.value("the values of ema after the second call", ema_values(ema), EMA_VALUES)
    see.value("the buffers of ema after the second call", dict(ema.named_buffers()), EMA_BUFFERS)
    ema_edit(later, model)
    decay = later.choice(later.number(0.6, 0.9), 0.0, 1.0)
    if decay in (0.0, 1.0):
        draw.feature("a decay of 0 or 1")
    later.given.append(f"the next decay = {decay}")
    see.call(ema_update, ema, model, decay, name="the call with another decay")
    see.value("the values of ema after the call with another decay", ema_values(ema), EMA_VALUES)
    other, source, decay = ema_pair(later)
    see.call(ema_update, other, source, decay, name="the call with other modules")
    see.value("the values of the other ema", ema_values(other), EMA_VALUES)
    see.value("the buffers of the other ema", dict(other.named_buffers()), EMA_BUFFERS)


# freeze -------------------------------------------------------------------------------------------------


class FreezeOptimizer:
    """Steps as ``torch.optim.SGD`` and ``torch.optim.AdamW`` do, by the functions that they are made of.

    The classes themselves load ``torch._dynamo`` when the first one is made, which takes seconds.
    """

    def __init__(self, kind: str, parameters: list[nn.Parameter]):
        self.kind, self.parameters = kind, parameters
        self.momentum: dict[int, Tensor | None] = {}
        self.moments = {id(p): (torch.zeros_like(p), torch.zeros_like(p), torch.tensor(0.0)) for p in parameters}

    def zero_grad(self, *, to_none: bool) -> None:
        """Set each ``.grad`` to None, or to zeros where there is one."""
        for parameter in self.parameters:
            if parameter.grad is not None:
                parameter.grad = None if to_none else torch.zeros_like(parameter.grad)

    @torch.no_grad()
    def step(self) -> None:
        """Step each parameter that has a ``.grad``."""
        held = [parameter for parameter in self.parameters if parameter.grad is not None]
        grads = [parameter.grad for parameter in held]
        if self.kind == OPTIMIZERS[0]:
            buffers = [self.momentum.get(id(parameter)) for parameter in held]
            sizes = {"lr": 0.1, "momentum": 0.8, "weight_decay": 0.2, "dampening": 0.0}
            sgd(held, grads, buffers, **sizes, nesterov=False, maximize=False, foreach=False)
            self.momentum.update({id(p): buffer for p, buffer in zip(held, buffers, strict=True)})
        elif held:
            first, second, steps = zip(*(self.moments[id(parameter)] for parameter in held), strict=True)
            # A step is about g / (|g| + eps). With a small eps a gradient that is nearly zero moves a parameter as far
            # as any other does, and which way is a matter of rounding, which differs among processors.
            sizes = {"lr": 0.05, "beta1": 0.9, "beta2": 0.99, "weight_decay": 0.2, "eps": 0.01}
            state = list(first), list(second), [], list(steps)
            adamw(held, grads, *state, **sizes, amsgrad=False, maximize=False, foreach=False)


class FreezeTraining:
    """A stem, a body and a head in the middle of training: one whole step is done, a second one is under way."""

    def __init__(self, draw: Draw, kind: str, optimizer: str):
        self.size, self.width = draw.integer(2, 3), 2
        self.body = self._body(draw, kind)
        self.stem = nn.Sequential(tiny_linear(draw, self.size, self.width), nn.Tanh())
        self.head = tiny_linear(draw, self.width, 1)
        self.net = nn.Sequential(self.stem, self.body, self.head)
        self.optimizer = FreezeOptimizer(optimizer, list(self.net.parameters()))
        draw.given.append(f"the net is stem, body and head; body is {kind}")
        draw.given.append(f"the optimizer is {optimizer}")
        # Looked up by these paths later, whether they are parameters or have become something else.
        self._weights = [name for name, _ in self.body.named_parameters()]
        self._rest = [
            f"{part}.{name}" for part in ("stem", "head") for name, _ in getattr(self, part).named_parameters()
        ]
        self._statistics = [name for name, _ in self.body.named_buffers() if "running" in name]
        self.loss(draw).backward()
        self.optimizer.step()
        self.optimizer.zero_grad(to_none=True)
        self.loss(draw).backward()

    def _body(self, draw: Draw, kind: str) -> nn.Module:
        if kind == BODIES[1]:
            draw.feature("a shared parameter", "a non-persistent buffer", "a child with children")
            draw.feature("a child with parameters of its own", "parameters of the model itself")
            return Nested(draw, self.width, self.width)
        if kind == BODIES[0]:
            return nn.Sequential(tiny_linear(draw, self.width, self.width), nn.Tanh())
        draw.feature("a buffer", "a model that mixes the rows of a batch")
        deeper = kind == NORMS[1]
        norm = nn.BatchNorm1d(self.width, affine=not deeper)
        with torch.no_grad():
            for parameter in norm.parameters():
                parameter.copy_(draw.numbers((self.width,)))
        if kind == NORMS[2]:
            draw.feature("a body that is a BatchNorm1d")
            return norm
        # No bias before a BatchNorm, which subtracts it again: its gradient would be nothing but rounding.
        layers = nn.Sequential(norm) if deeper else norm
        return nn.Sequential(tiny_linear(draw, self.width, self.width, bias=False), layers, nn.Tanh())

    def loss(self, draw: Draw) -> Tensor:
        """Return the loss of a drawn batch."""
        rows = draw.integer(4, 6)
        return (self.net(draw.numbers((rows, self.size))) - draw.numbers((rows, 1))).square().mean()

    def steps(self, later: Draw, count: int, *, to_none: bool) -> None:
        """Train on for some whole steps."""
        later.given.append(f"{count} steps more, with zero_grad(set_to_none={to_none})")
        for _ in range(count):
            self.optimizer.zero_grad(to_none=to_none)
            self.loss(later).backward()
            self.optimizer.step()

    def weights(self) -> dict[str, Tensor]:
        """Return the parameters of the body."""
        return {path: attrgetter(path)(self.body) for path in self._weights}

    def statistics(self) -> dict[str, Tensor]:
        """Return the running statistics of the body."""
        return {path: attrgetter(path)(self.body) for path in self._statistics}

    def rest(self) -> Leaves:
        """Return the parameters of stem and head."""
        return {path: attrgetter(path)(self) for path in self._rest}


def freeze_arrived(leaf: Tensor) -> bool:
    """Whether a leaf has received a gradient worth the name."""
    return leaf.grad is not None and float(leaf.grad.abs().max()) > 1e-5


BODIES = ("a Linear and a Tanh", "nested layers, two of them with the same weights")
NORMS = ("a Sequential with a BatchNorm1d", "a Sequential with a deeper BatchNorm1d without weights", "a BatchNorm1d")
OPTIMIZERS = ("SGD with momentum and weight decay", "AdamW")
PENDING = "the parameters of body do not move in the pending step"
NEVER = "the parameters of body never move again"
STATISTICS = "the running mean and variance of body never move again"
REST = "the rest of the net trains as before"
THROUGH = "gradient flows through body to its input"


@case("freeze", "the optimizer's step comes right after it", "09-patterns#frozen-for-good")
def the_pending_step(freeze: Function, draw: Draw, see: Observer):
    training = FreezeTraining(draw, draw.choice(*BODIES), draw.choice(*OPTIMIZERS))
    with draw.mode_outside():
        see.call(freeze, training.body)
    see.raised("the pending step", training.optimizer.step, REST)
    see.value("the parameters of body after the pending step", training.weights(), PENDING)
    see.value("the parameters of the rest after the pending step", training.rest(), REST)
    later = yield
    training.optimizer.zero_grad(to_none=True)
    see.raised("the next backward", lambda: training.loss(later).backward(), REST)
    grads = {name: "no gradient" if p.grad is None else p.grad for name, p in training.rest().items()}
    see.value("the gradients of the rest", grads, THROUGH + ", and the rest receives its own")
    see.run(training.optimizer.step)
    see.value("the parameters of body after the next step", training.weights(), NEVER)


@case("freeze", "training goes on for some steps", "09-patterns#frozen-for-good")
def the_steps_after(freeze: Function, draw: Draw, see: Observer):
    draw.feature(*AGAIN[:3])
    training = FreezeTraining(draw, *draw.choice(*zip(BODIES, OPTIMIZERS, strict=True)))
    see.call(freeze, training.body)
    see.run(training.optimizer.step)
    later = yield
    to_none = later.choice(True, False)
    see.raised("training", lambda: training.steps(later, later.integer(2, 3), to_none=to_none), REST)
    see.value("the parameters of body", training.weights(), NEVER)
    see.value("the parameters of the rest", training.rest(), REST)
    later.given.append(
        "the flags of body are set to True, and a backward runs; then body is frozen again, and the stem"
    )
    training.body.requires_grad_(True)
    training.optimizer.zero_grad(to_none=to_none)
    see.raised("a backward", lambda: training.loss(later).backward(), REST)
    see.call(freeze, training.body, name="a second call")
    see.call(freeze, training.stem, name="a call with the stem")
    see.run(training.optimizer.step)
    see.raised("training after the further calls", lambda: training.steps(later, 1, to_none=to_none), REST)
    see.value("the parameters of body after the further calls", training.weights(), NEVER)
    see.value(
        "the stem and the head after the further calls", training.rest(), "the stem is frozen too, the head is not"
    )


@case("freeze", "body has a BatchNorm1d layer, or is one", "09-patterns#frozen-for-good")
def the_statistics(freeze: Function, draw: Draw, see: Observer):
    training = FreezeTraining(draw, *draw.choice(*zip(NORMS, [*OPTIMIZERS, OPTIMIZERS[0]], strict=True)))
    see.call(freeze, training.body)
    see.run(training.optimizer.step)
    see.value("the parameters of body after the pending step", training.weights(), PENDING)
    later = yield
    see.call(freeze, training.body, name="a second call")
    see.raised("training", lambda: training.steps(later, later.integer(2, 3), to_none=True), REST)
    see.value("the statistics of body", training.statistics(), STATISTICS)
    see.value("the parameters of body after more steps", training.weights(), NEVER)


@case("freeze", "body has a BatchNorm1d layer, and its input learns", "09-patterns#frozen-for-good")
def the_input(freeze: Function, draw: Draw, see: Observer):
    training = FreezeTraining(draw, draw.choice(*NORMS), OPTIMIZERS[0])
    see.call(freeze, training.body)
    see.run(training.optimizer.step)
    see.value("the parameters of body after the pending step", training.weights(), PENDING)
    later = yield
    leaf = later.numbers((4, training.width)).requires_grad_()
    x = torch.tanh(leaf)
    training.optimizer.zero_grad(to_none=True)
    backward = lambda: tiny_scalar(later, training.head(training.body(x))).backward()
    see.raised("a backward through body", backward, THROUGH)
    see.value("whether gradient reaches the input", freeze_arrived(leaf), THROUGH)
    see.value("whether gradient reaches the head", freeze_arrived(training.head.weight), REST)
    see.run(training.optimizer.step)
    see.value("the statistics of body", training.statistics(), STATISTICS)
    see.value("the parameters of body after the next step", training.weights(), NEVER)


# ste_round ----------------------------------------------------------------------------------------------


def apart_from_halves(values: Tensor) -> Tensor:
    """Double the numbers, and move each to between 0.1 and 0.4 from a whole one; a zero stays."""
    values = 2 * values.detach()
    size = values.abs()
    rest = size - size.floor()
    rest = torch.where(rest < 0.5, 0.1 + 0.6 * rest, 0.3 + 0.6 * rest)
    return values.sign() * (size.floor() + rest)


def ste_input(draw: Draw, kind: str, form: Form, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return an input whose numbers lie above and below whole ones, none near a half."""

    def moved(leaf: Tensor) -> Tensor:
        share = torch.where(leaf == 0, 1.0, apart_from_halves(leaf) / leaf).detach()
        return leaf * share  # the product saves its operands

    x = draw.tensor("x", kind, form, dtype=dtype, made_by=moved)
    if kind == "leaf":
        with torch.no_grad():
            x.copy_(apart_from_halves(x))
    return x


def ste_use(later: Draw, result: Tensor) -> Tensor:
    """Make a scalar of ``result`` by weights that nobody knew when it was computed."""
    return (torch.sin(result) * later.numbers(result.shape, dtype=result.dtype)).sum()


STE_VALUE = "the result has the rounded values of x, in its dtype"
STE_GRADIENT = "the gradient reaches x as if nothing had been rounded"


@case("ste_round", "the result is the only use of x", "09-representation#straight-through")
def ste_one_use(ste_round: Function, draw: Draw, see: Observer):
    kind = draw.choice("leaf", "interior", "view")
    x = ste_input(draw, kind, draw.form(), draw.choice(torch.float32, torch.float64))
    result = see.call(ste_round, x)
    see.value("the result", result, STE_VALUE)
    later = yield
    see.gradients("the backward", ste_use(later, result).backward, STE_GRADIENT, x=draw.source(x))


@case("ste_round", "x is used elsewhere too", "09-representation#straight-through")
def ste_another_use(ste_round: Function, draw: Draw, see: Observer):
    x = ste_input(draw, draw.choice("leaf", "interior", "view"), draw.form("matrix", "vector"))
    leaf = draw.source(x)
    draw.prefill(leaf)
    draw.hook(x=x)
    result = see.call(ste_round, x)
    later = yield
    loss = ste_use(later, result) + ste_use(later, x / 2)
    asked = "this use adds the gradient that it receives; another use of x adds its own"
    see.gradients("the backward", loss.backward, asked, x=leaf)


@case("ste_round", "it is called again", "09-representation#straight-through")
def ste_again(ste_round: Function, draw: Draw, see: Observer):
    draw.feature(*AGAIN)
    x = ste_input(draw, draw.choice("leaf", "interior"), draw.form(*FILLED))
    scale = draw.number(1.28, 1.32)
    draw.given.append(f"the first result is multiplied by {scale} and rounded")
    first = see.call(ste_round, x, name="the first call")
    second = see.call(ste_round, first * scale, name="the second call")
    see.value("the second result", second, "each result has the rounded values of what the call was given")
    third = see.call(ste_round, x, name="a third call, with x again")
    see.value("the third result", third, STE_VALUE)
    later = yield
    loss = ste_use(later, first) + ste_use(later, second) + ste_use(later, third)
    asked = "the gradient passes each rounding unchanged, and the gradients of several uses add"
    leaf = draw.source(x)
    see.gradients("the backward", loss.backward, asked, x=leaf)
    with torch.no_grad():
        leaf.copy_(apart_from_halves(later.numbers(leaf.shape)))
    later.given.append("the leaf has new numbers")
    last = see.call(ste_round, leaf, name="a call with the leaf, after it has changed")
    see.value("the result after the change", last, STE_VALUE)
    see.value("the first result, looked at again", first, "what an earlier call returned stays what it is")


@case("ste_round", "x was used before, and is used afterwards", "09-representation#straight-through")
def ste_leaves_x_alone(ste_round: Function, draw: Draw, see: Observer):
    kind = draw.choice("leaf", "interior", "view")
    x = ste_input(draw, kind, draw.form("matrix", "vector"), draw.choice(torch.float32, torch.float64))
    before = (torch.square(x) * draw.numbers(x.shape, dtype=x.dtype)).sum()
    draw.given.append("the square of x was computed before the call")
    hanging = see.look(x=x)
    result = see.call(ste_round, x)
    see.value("the values of x afterwards", x, "x is not modified")
    see.flags("x afterwards", x, "x is not modified")
    later = yield
    see.left("what has changed on x", hanging, "x is not modified", x=x)
    loss = before + ste_use(later, result) + ste_use(later, x / 2)
    asked = "x is not modified: an earlier use of x, this one and a later one each add their gradient"
    see.gradients("the backward", loss.backward, asked, x=draw.source(x))


# vq -----------------------------------------------------------------------------------------------------


def vq_numbers(draw: Draw, kind: str) -> tuple[Tensor, Tensor]:
    """Draw values for z and a codebook, whose rows lie well apart; a nearest row depends on the metric."""
    if kind == "one column":
        rows = torch.tensor([[-1.6], [1.5], [0.4], [-0.5]]) + draw.numbers((4, 1)) / 20
        return rows[[1, 3, 0, 2]] + draw.numbers((4, 1)) / 10, rows
    columns = draw.integer(3, 4)
    if kind == "one row each":
        return draw.numbers((1, columns)), draw.numbers((1, columns))
    reach = 0.6 if kind == "plain" else 1.2
    while True:
        rows, point = draw.numbers((5, columns)), draw.numbers((columns,)) / 4
        if kind == "repeated rows":
            rows[0, 0] = 0.0
        rows[1] = 2 * rows[0]  # so that length matters
        rows[2] = point + 0.45 * point.sign()
        rows[3] = point
        rows[3, 0] -= reach * point[0].sign()
        if nn.functional.pdist(rows).min() > 0.9 and (rows[[0, 1, 4]] - point).norm(dim=1).min() > 1.5:
            break
    near = rows[[0, 1, *[draw.integer(0, 4)] * 2]]
    near = near + 0.1 * draw.numbers(near.shape)
    if kind == "repeated rows":
        near[3], near[0, 0] = near[2], 0.0
    near = torch.cat([near, point[None]])
    return near[sorted(range(len(near)), key=lambda _: draw.number())], rows


VQ_LEFT = "z and codebook are not modified"
VQ_KINDS = ("plain", "repeated rows", "one row each", "one column")
VQ_OUT = "each row of out has the values of the codebook's row that is nearest to that row of z"
VQ_OUT_GRADIENT = "the gradient of out reaches z as if out were z; the codebook gets none"
VQ_BOOK = "the codebook loss pulls the chosen rows to z, and z gets no gradient of it"
VQ_COMMIT = "the commitment loss pulls z to the chosen rows, and the codebook gets no gradient of it"


def vq_inputs(draw: Draw, kind: str, of: str) -> tuple[Tensor, Tensor, Leaves]:
    """Return z, a codebook and their leaves."""
    if kind == "repeated rows":
        draw.feature("rows of z that repeat")
    values, rows = vq_numbers(draw, kind)
    (z, z_leaf), (codebook, codebook_leaf) = holding(draw, "z", of, values), holding(draw, "codebook", of, rows)
    return z, codebook, {"z": z_leaf, "codebook": codebook_leaf}


def vq_share(loss: Tensor) -> Tensor:
    """Divide a loss by its size: what factor it has no longer matters, its sign does."""
    total = loss.sum()
    return total / total.detach().abs()


def vq_use(later: Draw, out: Tensor) -> Tensor:
    """Make a scalar of ``out`` by weights that nobody knew when it was computed."""
    return (torch.sin(out) * later.numbers(out.shape)).sum()


@case("vq", "out is used", "09-representation#straight-through")
def vq_out(vq: Function, draw: Draw, see: Observer):
    z, codebook, leaves = vq_inputs(draw, draw.choice(*VQ_KINDS), draw.choice("leaf", "interior", "view"))
    draw.prefill(*leaves.values())
    draw.hook(z=z)
    before = see.look(z=z, codebook=codebook)
    out, _, _ = see.parts(see.call(vq, z, codebook))
    see.value("out", out, VQ_OUT)
    see.left("what has changed on z and codebook", before, VQ_LEFT, z=z, codebook=codebook)
    later = yield
    see.gradients("a backward from out", vq_use(later, out).backward, VQ_OUT_GRADIENT, **leaves)
    see.value("z and codebook afterwards", [z, codebook], VQ_LEFT)


@case("vq", "the codebook loss is used", "09-representation#vector-quantisation")
def vq_codebook_loss(vq: Function, draw: Draw, see: Observer):
    z, codebook, leaves = vq_inputs(draw, draw.choice(*VQ_KINDS), draw.choice("leaf", "interior"))
    before = see.look(z=z, codebook=codebook)
    _, loss, _ = see.parts(see.call(vq, z, codebook))
    see.left("what has changed on z and codebook", before, VQ_LEFT, z=z, codebook=codebook)
    see.value("the shape of the codebook loss", f"shape {tuple(loss.shape)}", "the codebook loss is a scalar")
    share = vq_share(loss)
    later = yield
    scaled = share * later.number(0.5, 2.0)
    see.gradients("a backward from the codebook loss, divided by its value", scaled.backward, VQ_BOOK, **leaves)


@case("vq", "the commitment loss is used", "09-representation#vector-quantisation")
def vq_commit_loss(vq: Function, draw: Draw, see: Observer):
    z, codebook, leaves = vq_inputs(draw, draw.choice(*VQ_KINDS), draw.choice("leaf", "interior"))
    before = see.look(z=z, codebook=codebook)
    _, _, loss = see.parts(see.call(vq, z, codebook))
    see.left("what has changed on z and codebook", before, VQ_LEFT, z=z, codebook=codebook)
    see.value("the shape of the commitment loss", f"shape {tuple(loss.shape)}", "the commitment loss is a scalar")
    share = vq_share(loss)
    later = yield
    scaled = share * later.number(0.5, 2.0)
    see.gradients("a backward from the commitment loss, divided by its value", scaled.backward, VQ_COMMIT, **leaves)


@case("vq", "all three are used in one backward, and it is called again", "09-representation#vector-quantisation")
def vq_together(vq: Function, draw: Draw, see: Observer):
    draw.feature(*AGAIN)
    z, codebook, leaves = vq_inputs(draw, draw.choice("plain", "repeated rows"), draw.choice("leaf", "interior"))
    draw.prefill(*leaves.values())
    out, codebook_loss, commit_loss = see.parts(see.call(vq, z, codebook))
    shares = vq_share(codebook_loss), vq_share(commit_loss)
    later = yield
    loss = vq_use(later, out) + later.number(0.5, 2.0) * shares[0] + later.number(0.5, 2.0) * shares[1]
    asked = "z learns through out and the commitment loss, the codebook through the codebook loss; both are added to"
    see.gradients("a backward from the sum, each loss divided by its value", loss.backward, asked, **leaves)
    values, rows = vq_numbers(later, "plain")
    z2, codebook2 = values.requires_grad_(), rows.requires_grad_()
    for call in ("a call with another z and codebook", "one more call, after z and codebook have changed"):
        again, *losses = see.parts(see.call(vq, z2, codebook2, name=call))
        see.value(f"out of {call}", again, VQ_OUT)
        total = vq_use(later, again) + vq_share(losses[0]) + 2 * vq_share(losses[1])
        see.gradients(f"a backward after {call}", total.backward, asked, z=z2, codebook=codebook2)
        with torch.no_grad():
            z2.copy_(-z2.flip(0))
            codebook2.neg_()
    see.value("the first out, looked at again", out, VQ_OUT)


# probe_backward -----------------------------------------------------------------------------------------


def probe_nets(draw: Draw, kind: str = "plain") -> tuple[nn.Module, nn.Module, nn.Module, Tensor]:
    """Return a trunk, two heads, and a batch; a probe with its own layers."""
    inputs, hidden = (1, 1) if kind == "evaluation" else (draw.integer(2, 3), draw.integer(2, 3))
    trunk, a = tiny_net(draw, "trunk", inputs, hidden, kind), tiny_net(draw, "a", hidden, 2)
    b = tiny_net(draw, "b", hidden, 1, kind)
    return trunk, a, b, tiny_batch(draw, "x", tiny_rows(draw, kind), inputs, kind)


def probe_leaves(**modules: nn.Module) -> Leaves:
    """Name the parameters of several modules: ``trunk.0.weight``."""
    return {key: p for name, module in modules.items() for key, p in tiny_leaves(name, module).items()}


PROBE_ASKED = "trunk and a receive the gradient of a's loss, b that of its own loss, and nobody else's"
PROBE_KINDS = ("plain", "nested", "evaluation")


@case("probe_backward", "no gradient is there yet", "09-representation#a-probe-on-a-shared-trunk")
def probe_fresh(probe_backward: Function, draw: Draw, see: Observer):
    trunk, a, b, x = probe_nets(draw, draw.choice(*PROBE_KINDS))
    parameters = probe_leaves(trunk=trunk, a=a, b=b)
    see.gradients("the call", lambda: probe_backward(trunk, a, b, x), PROBE_ASKED, **parameters)
    later = yield
    loss = see.run(lambda: tiny_scalar(later, b(trunk(x))))
    asked = "flags are as before: a loss of your own through trunk and b trains both afterwards"
    see.gradients("a backward through trunk and b", loss.backward, asked, **parameters)


@case(
    "probe_backward",
    "gradients are there already, and it is called again",
    "09-representation#a-probe-on-a-shared-trunk",
)
def probe_adds(probe_backward: Function, draw: Draw, see: Observer):
    draw.feature(*AGAIN[:3])
    trunk, a, b, x = probe_nets(draw, draw.choice(*PROBE_KINDS))
    parameters = probe_leaves(trunk=trunk, a=a, b=b)
    draw.prefill(*parameters.values())
    asked = f"{PROBE_ASKED}; gradients are added"
    before = see.look(trunk=trunk, a=a, b=b, x=x)
    see.gradients("the call", lambda: probe_backward(trunk, a, b, x), asked, **parameters)
    later = yield
    tiny_move(later, trunk, a, b)
    asked = "each call adds its gradients"
    see.gradients("a second call, with the same objects", lambda: probe_backward(trunk, a, b, x), asked, **parameters)
    other = later.numbers(x.shape)
    see.gradients("a call with another batch", lambda: probe_backward(trunk, a, b, other), asked, **parameters)
    left = "nothing else of trunk, a, b and x changes"
    see.left("what has changed on trunk, a, b and x", before, left, LEFT, trunk=trunk, a=a, b=b, x=x)


@case("probe_backward", "a part of trunk is frozen", "09-representation#a-probe-on-a-shared-trunk")
def probe_frozen(probe_backward: Function, draw: Draw, see: Observer):
    trunk, a, b, x = probe_nets(draw, draw.choice("plain", "nested"))
    tiny_freeze(draw, "trunk", trunk, draw.choice("first", "all but the first"))
    parameters = probe_leaves(trunk=trunk, a=a, b=b)
    see.gradients("the call", lambda: probe_backward(trunk, a, b, x), PROBE_ASKED, **parameters)
    flags = {name: parameter.requires_grad for name, parameter in parameters.items()}
    see.value("requires_grad of each parameter afterwards", flags, "each flag is as before")
    later = yield
    loss = see.run(lambda: tiny_scalar(later, a(trunk(x))) + tiny_scalar(later, b(trunk(x))))
    asked = "flags are as before: a loss of your own trains what is not frozen afterwards, and nothing else"
    see.gradients("a backward through trunk, a and b", loss.backward, asked, **parameters)


# simsiam_loss -------------------------------------------------------------------------------------------


def simsiam_given(draw: Draw, kind: str = "plain") -> tuple[nn.Module, nn.Module, Tensor, Tensor]:
    """Return enc, pred, and two views of a batch."""
    inputs, width = draw.integer(2, 3), draw.integer(3, 4)
    enc, pred = tiny_net(draw, "enc", inputs, width, kind), tiny_net(draw, "pred", width, width, kind)
    rows = tiny_rows(draw, kind)
    return enc, pred, *(tiny_batch(draw, name, rows, inputs, kind) for name in ("x1", "x2"))


SIMSIAM_VALUE = "the loss is (d(p1, z2) + d(p2, z1)) / 2, with d the negative mean cosine similarity; a scalar"
SIMSIAM_GRADIENT = "enc learns through each p alone, not through the z that a p is compared with; pred learns as usual"


@case("simsiam_loss", "the loss is used alone", "09-representation#two-views-one-stop")
def simsiam_alone(simsiam_loss: Function, draw: Draw, see: Observer):
    enc, pred, x1, x2 = simsiam_given(draw, draw.choice("plain", "nested", "evaluation"))
    tiny_freeze(draw, "enc", enc, draw.choice("none", "first"))
    before = see.look(enc=enc, pred=pred, x1=x1, x2=x2)
    loss = see.call(simsiam_loss, enc, pred, x1, x2)
    see.value("the loss", loss, SIMSIAM_VALUE)
    left = "enc, pred and the two batches are left as they are"
    see.left("what has changed on enc, pred, x1 and x2", before, left, LEFT, enc=enc, pred=pred, x1=x1, x2=x2)
    see.value("x1 and x2 afterwards", [x1, x2], left)
    later = yield
    scaled = loss * later.number(1.5, 4.0)
    see.gradients("the backward", scaled.backward, SIMSIAM_GRADIENT, **probe_leaves(enc=enc, pred=pred))


@case("simsiam_loss", "pred hands on what it is given", "09-representation#two-views-one-stop")
def simsiam_identity(simsiam_loss: Function, draw: Draw, see: Observer):
    enc, _, x1, x2 = simsiam_given(draw)
    view = draw.choice(False, True)
    draw.feature("a model that returns a view of its input" if view else "a model that returns its input")
    draw.given.append(f"pred returns {'a view of ' if view else ''}its input")
    loss = see.call(simsiam_loss, enc, Same(view=view), x1, x2)
    see.value("the loss", loss, SIMSIAM_VALUE)
    later = yield
    scaled = loss * later.number(1.5, 4.0)
    asked = "z itself is also p here: enc learns through it as p, and not as what the other p is compared with"
    see.gradients("the backward", scaled.backward, asked, **probe_leaves(enc=enc))


@case(
    "simsiam_loss",
    "enc and pred learn from another loss too, and it is called again",
    "09-representation#two-views-one-stop",
)
def simsiam_and_more(simsiam_loss: Function, draw: Draw, see: Observer):
    draw.feature(*AGAIN)
    enc, pred, x1, x2 = simsiam_given(draw, draw.choice("plain", "nested"))
    parameters = probe_leaves(enc=enc, pred=pred)
    draw.prefill(*parameters.values())
    loss = see.call(simsiam_loss, enc, pred, x1, x2)
    see.value("the loss", loss, SIMSIAM_VALUE)
    later = yield
    other = see.run(lambda: tiny_scalar(later, pred(enc(x1))) / 4 + tiny_scalar(later, enc(x2)) / 4)
    total = loss * later.number(1.5, 4.0) + other
    see.gradients("the backward", total.backward, SIMSIAM_GRADIENT + "; gradients are added", **parameters)
    tiny_move(later, enc, pred)
    second = see.call(simsiam_loss, enc, pred, x1, x2, name="a second call")
    see.value("the loss of the second call", second, SIMSIAM_VALUE)
    see.gradients("the backward of the second loss", second.backward, SIMSIAM_GRADIENT, **parameters)
    x3, x4 = later.numbers(x1.shape), later.numbers(x1.shape)
    third = see.call(simsiam_loss, enc, pred, x3, x4, name="a call with other batches")
    see.value("the loss of other batches", third, SIMSIAM_VALUE)
    see.value("the first loss, looked at again", loss, SIMSIAM_VALUE)


# ppo_loss -----------------------------------------------------------------------------------------------


def ppo_numbers(draw: Draw, kind: str = "plain") -> tuple[Tensor, Tensor, Tensor, float]:
    """Draw values for logp, old_logp, adv and eps: ratios below, in and above the range, for adv of either sign."""
    eps = draw.number(0.1, 0.3)
    samples = []
    for sign in (-1, 1):
        samples.append((1 - eps - draw.number(0.1, 0.4), sign))
        samples.append((1 + eps * draw.number(0.2, 0.8, signed=True), sign))
        samples.append((1 + eps + draw.number(0.1, 0.5), sign))
    samples.sort(key=lambda _: draw.number())
    if kind == "a single action":
        samples = [(1 - eps - draw.number(0.1, 0.4), 1)]
    ratio, signs = torch.tensor(samples, dtype=torch.float32).T
    adv = draw.numbers(signs.shape, signed=False) * signs
    if kind == "a zero and equal ones":
        adv[0], adv[2] = 0.0, adv[1]
    old = -0.7 - draw.numbers(signs.shape, signed=False)
    draw.given.append(f"eps = {eps}; some ratios lie outside 1 - eps to 1 + eps")
    return old + ratio.log(), old, adv, eps


PPO_VALUE = "the loss is the clipped surrogate loss, a scalar"
PPO_LEFT = "logp, old_logp and adv are left as they are"
PPO_KINDS = ("plain", "a single action", "a zero and equal ones")
PPO_NAMES = ("logp", "old_logp", "adv")


@case("ppo_loss", "old_logp and adv are constants", "09-reinforcement#the-clipped-ratio")
def ppo_constants(ppo_loss: Function, draw: Draw, see: Observer):
    new, old, adv, eps = ppo_numbers(draw, draw.choice(*PPO_KINDS))
    logp, leaf = holding(draw, "logp", draw.choice("leaf", "interior", "view"), new)
    draw.hook(logp=logp)
    fixed = {name: holding(draw, name, "constant", v)[0] for name, v in (("old_logp", old), ("adv", adv))}
    before = see.look(logp=logp, **fixed)
    loss = see.call(ppo_loss, logp, *fixed.values(), eps)
    see.value("the loss", loss, PPO_VALUE)
    see.left("what has changed on logp, old_logp and adv", before, PPO_LEFT, logp=logp, **fixed)
    see.value("logp, old_logp and adv afterwards", [logp, *fixed.values()], PPO_LEFT)
    later = yield
    scaled = loss * later.number(1.5, 4.0)
    asked = "logp receives the gradient of the loss: none where the clipped term is the smaller one"
    see.gradients("the backward", scaled.backward, asked, logp=leaf)


@case("ppo_loss", "old_logp and adv require grad", "09-reinforcement#the-clipped-ratio")
def ppo_attached(ppo_loss: Function, draw: Draw, see: Observer):
    *values, eps = ppo_numbers(draw, draw.choice(*PPO_KINDS))
    kind = draw.choice("leaf", "interior", "view")
    made = {name: holding(draw, name, kind, v) for name, v in zip(PPO_NAMES, values, strict=True)}
    given, leaves = ({name: pair[place] for name, pair in made.items()} for place in (0, 1))
    draw.prefill(*leaves.values())
    before = see.look(**given)
    loss = see.call(ppo_loss, *given.values(), eps)
    see.value("the loss", loss, PPO_VALUE)
    see.left("what has changed on logp, old_logp and adv", before, PPO_LEFT, **given)
    later = yield
    scaled = loss * later.number(1.5, 4.0)
    asked = "gradient reaches logp alone, also when old_logp and adv require grad; gradients are added"
    see.gradients("the backward", scaled.backward, asked, **leaves)


@case("ppo_loss", "all three come from one tensor, and it is called again", "09-reinforcement#the-clipped-ratio")
def ppo_one_ancestor(ppo_loss: Function, draw: Draw, see: Observer):
    draw.feature(*AGAIN)
    new, old, adv, eps = ppo_numbers(draw)
    numbers = draw.numbers(new.shape)
    h, leaf = holding(draw, "h", draw.choice("leaf", "interior"), numbers)
    draw.given.append("logp, old_logp and adv are computed from h")
    loss = see.call(ppo_loss, h * (new / numbers), h * (old / numbers), h * (adv / numbers), eps)
    see.value("the loss", loss, PPO_VALUE)
    later = yield
    scaled = loss * later.number(1.5, 4.0)
    asked = "gradient reaches h through logp alone"
    see.gradients("the backward", scaled.backward, asked, h=leaf)
    *values, eps = ppo_numbers(later)
    others = {name: v.requires_grad_() for name, v in zip(PPO_NAMES, values, strict=True)}
    changes = ppo_numbers(later)[:3]
    for call in ("a second call, with other tensors", "a third call, after they have changed"):
        again = see.call(ppo_loss, *others.values(), eps, name=call)
        see.value(f"the loss of {call}", again, PPO_VALUE)
        see.gradients(f"the backward of {call}", again.backward, "gradient reaches logp alone", **others)
        with torch.no_grad():
            for tensor, change in zip(others.values(), changes, strict=True):
                tensor.copy_(change)
    see.value("the first loss, looked at again", loss, PPO_VALUE)
