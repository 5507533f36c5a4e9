"""The cases of 09-patterns: which inputs a function is given, and what is observed of it."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw
from torch.optim.sgd import sgd

from gradstop.observe import Draw, Observer, case

Function = Callable[..., Any]
Leaves = dict[str, Tensor]
Asked = tuple[str, str, Leaves]  # an observation's name, what is asked, the leaves that are looked at


def tiny_linear(draw: Draw, inputs: int, outputs: int, *, bias: bool = True) -> nn.Linear:
    """Return a layer with drawn numbers, small enough that no activation saturates."""
    layer = nn.Linear(inputs, outputs, bias)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(draw.numbers(parameter.shape) * 0.6)
    return layer


def tiny_net(draw: Draw, name: str, inputs: int, outputs: int) -> nn.Sequential:
    """Return two layers with a tanh between them; the first has no bias, so that a report stays short."""
    net = nn.Sequential(tiny_linear(draw, inputs, 2, bias=False), nn.Tanh(), tiny_linear(draw, 2, outputs))
    draw.given.append(f"{name} is a network of two layers, from (B, {inputs}) to (B, {outputs})")
    return net


def tiny_leaves(name: str, module: nn.Module) -> Leaves:
    """Name a module's parameters ``G.0.weight``, for a report."""
    return {f"{name}.{key}": parameter for key, parameter in module.named_parameters()}


def tiny_flags(module: nn.Module) -> str:
    """Say which parameters require grad, and which are no leaves, if there are any."""
    learn = ", ".join(name for name, p in module.named_parameters() if p.requires_grad)
    interior = ", ".join(name for name, p in module.named_parameters() if not p.is_leaf)
    return f"requires grad: {learn or 'none'}" + (f"; no leaf: {interior}" if interior else "")


def tiny_freeze_some(draw: Draw, name: str, module: nn.Module) -> None:
    """Freeze one of a module's parameters, or all but one."""
    parameters = dict(module.named_parameters())
    one, but_one = draw.choice(*parameters), draw.choice(False, True)
    for key, parameter in parameters.items():
        parameter.requires_grad = (key == one) == but_one
    draw.given.append(f"frozen in {name}: {', '.join(k for k, p in parameters.items() if not p.requires_grad)}")


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


def tiny_put(leaves: list[Tensor], grads: list[Tensor | None]) -> None:
    """Set each leaf's ``.grad``."""
    for leaf, grad in zip(leaves, grads, strict=True):
        leaf.grad = grad


def tiny_scalar(later: Draw, result: Tensor) -> Tensor:
    """Make a scalar of ``result`` by weights, and a consumer, that nobody knew when it was computed."""
    weights = later.numbers(result.shape)
    consumer = later.choice(torch.exp, torch.tanh, torch.square)
    return (consumer(result) * weights).sum()


def tiny_learns(see: Observer, later: Draw, name: str, asked: str, net: Function, shape: tuple[int, int], **leaves):
    """Observe who learns from an ordinary loss of ``net``; its input is a leaf, so that there is always a backward."""
    x = later.tensor("a later input", "leaf", shape)
    with torch.enable_grad():
        loss = tiny_scalar(later, net(x))
    see.gradients(name, loss.backward, asked, "09-patterns#leave-it-as-you-found-it", **leaves)


# gan_d_backward, gan_g_backward ---------------------------------------------------------------------------


def gan_pair(draw: Draw) -> tuple[nn.Sequential, nn.Sequential, int, int]:
    """Return G and D, and how long the rows of the noise and of the data are."""
    noise, data = draw.integer(2, 3), draw.integer(2, 3)
    return tiny_net(draw, "G", noise, data), tiny_net(draw, "D", data, 1), noise, data


def gan_number(loss: Any) -> Any:
    """Return a loss as a number: it may be one already, or a tensor with one element."""
    if isinstance(loss, Tensor):
        return float(loss.item()) if loss.numel() == 1 else loss
    return float(loss) if isinstance(loss, int) else loss


D_LEARNS = "the gradient of the discriminator's loss is added to the parameters of D"
D_LOSS = "the result is the loss, a number or a tensor"
G_UNTOUCHED = "nothing is added to the .grad of G, and nothing is cleared"


@case("gan_d_backward", "no gradients are there yet", "09-patterns#gan-the-discriminator")
def d_first_step(gan_d_backward: Function, draw: Draw, see: Observer):
    G, D, noise, data = gan_pair(draw)
    rows = draw.integer(3, 5)
    real, z = draw.tensor("real", "constant", (rows, data)), draw.tensor("z", "constant", (rows, noise))
    grads = (
        ("the gradient of D", D_LEARNS, tiny_leaves("D", D)),
        ("the gradient of G", G_UNTOUCHED, tiny_leaves("G", G)),
    )
    loss = tiny_call(see, gan_d_backward, G, D, real, z, grads=grads)
    see.grad_mode("the grad mode afterwards", "the grad mode is as before", "09-patterns#leave-it-as-you-found-it")
    see.value("the loss", gan_number(loss), D_LOSS)
    later = yield
    leaves = tiny_leaves("G", G) | tiny_leaves("D", D)
    asked = "afterwards G and D learn as before"
    tiny_learns(see, later, "a later backward", asked, lambda x: D(G(x)), (2, noise), **leaves)


@case("gan_d_backward", "G and D hold gradients from earlier", "09-patterns#gan-the-discriminator")
def d_later_step(gan_d_backward: Function, draw: Draw, see: Observer):
    G, D, noise, data = gan_pair(draw)
    rows = draw.integer(3, 5)
    real, z = draw.tensor("real", "constant", (rows, data)), draw.tensor("z", "constant", (rows, noise))
    draw.prefill(*G.parameters(), *D.parameters())
    draw.given.append("every parameter has a .grad")
    grads = (
        ("the gradient of D", D_LEARNS, tiny_leaves("D", D)),
        ("the gradient of G", G_UNTOUCHED, tiny_leaves("G", G)),
    )
    loss = tiny_call(see, gan_d_backward, G, D, real, z, grads=grads)
    see.value("the loss", gan_number(loss), D_LOSS)
    later = yield
    asked = "afterwards G learns as before, and gradients are added"
    tiny_learns(see, later, "a later backward from G", asked, G, (2, noise), **tiny_leaves("G", G))


@case("gan_d_backward", "some parameters of G are frozen", "09-patterns#gan-the-discriminator")
def d_with_frozen_parts(gan_d_backward: Function, draw: Draw, see: Observer):
    G, D, noise, data = gan_pair(draw)
    tiny_freeze_some(draw, "G", G)
    rows = draw.integer(3, 5)
    real, z = draw.tensor("real", "constant", (rows, data)), draw.tensor("z", "constant", (rows, noise))
    grads = (("the gradient of D", D_LEARNS, tiny_leaves("D", D)),)
    loss = tiny_call(see, gan_d_backward, G, D, real, z, grads=grads)
    flags = "each requires_grad is as before"
    see.value("the flags of G afterwards", tiny_flags(G), flags, "09-patterns#leave-it-as-you-found-it")
    see.value("the flags of D afterwards", tiny_flags(D), flags, "09-patterns#leave-it-as-you-found-it")
    see.value("the loss", gan_number(loss), D_LOSS)
    later = yield
    asked = "afterwards the parameters of G that learnt before learn, and the frozen ones do not"
    tiny_learns(see, later, "a later backward from G", asked, G, (2, noise), **tiny_leaves("G", G))


@case(
    "gan_d_backward",
    "it is called twice, and G takes a step of its own afterwards",
    "09-patterns#gan-the-discriminator",
)
def d_twice(gan_d_backward: Function, draw: Draw, see: Observer):
    G, D, noise, data = gan_pair(draw)
    rows = draw.integer(3, 5)
    real, z = draw.tensor("real", "constant", (rows, data)), draw.tensor("z", "constant", (rows, noise))
    draw.prefill(*G.parameters())
    draw.given.append("the parameters of G have a .grad")
    first = see.call(gan_d_backward, G, D, real, z)
    see.value("the loss", gan_number(first), D_LOSS)
    later = yield
    rows = later.integer(3, 5)
    real, z = later.tensor("the second real", "constant", (rows, data)), later.numbers((rows, noise))
    grads = (
        ("the gradient of D from the second call", D_LEARNS, tiny_leaves("D", D)),
        ("the gradient of G in the second call", G_UNTOUCHED, tiny_leaves("G", G)),
    )
    second = tiny_call(see, gan_d_backward, G, D, real, z, grads=grads, name="the second call")
    see.value("the second loss", gan_number(second), D_LOSS)
    asked = "afterwards G learns as before, and gradients are added"
    tiny_learns(see, later, "a later backward from G", asked, G, (2, noise), **tiny_leaves("G", G))


G_LEARNS = "the gradient of the generator's loss is added to the parameters of G"
D_UNTOUCHED = "nothing is added to the .grad of D, and nothing is cleared"


@case("gan_g_backward", "no gradients are there yet", "09-patterns#gan-the-generator")
def g_first_step(gan_g_backward: Function, draw: Draw, see: Observer):
    G, D, noise, data = gan_pair(draw)
    z = draw.tensor("z", "constant", (draw.integer(3, 5), noise))
    grads = (
        ("the gradient of G", G_LEARNS, tiny_leaves("G", G)),
        ("the gradient of D", D_UNTOUCHED, tiny_leaves("D", D)),
    )
    tiny_call(see, gan_g_backward, G, D, z, grads=grads)
    later = yield
    asked = "afterwards D learns as before"
    tiny_learns(see, later, "a later backward from D", asked, D, (2, data), **tiny_leaves("D", D))


@case("gan_g_backward", "G and D hold gradients from earlier", "09-patterns#gan-the-generator")
def g_later_step(gan_g_backward: Function, draw: Draw, see: Observer):
    G, D, noise, data = gan_pair(draw)
    z = draw.tensor("z", "constant", (draw.integer(3, 5), noise))
    draw.prefill(*G.parameters(), *D.parameters())
    draw.given.append("every parameter has a .grad")
    grads = (
        ("the gradient of G", G_LEARNS, tiny_leaves("G", G)),
        ("the gradient of D", D_UNTOUCHED, tiny_leaves("D", D)),
    )
    tiny_call(see, gan_g_backward, G, D, z, grads=grads)
    later = yield
    asked = "afterwards D learns as before, and gradients are added"
    tiny_learns(see, later, "a later backward from D", asked, D, (2, data), **tiny_leaves("D", D))


@case("gan_g_backward", "some parameters of D are frozen", "09-patterns#gan-the-generator")
def g_with_frozen_parts(gan_g_backward: Function, draw: Draw, see: Observer):
    G, D, noise, data = gan_pair(draw)
    tiny_freeze_some(draw, "D", D)
    z = draw.tensor("z", "constant", (draw.integer(3, 5), noise))
    grads = (("the gradient of G", G_LEARNS, tiny_leaves("G", G)),)
    tiny_call(see, gan_g_backward, G, D, z, grads=grads)
    asked = "each requires_grad is as before"
    see.value("the flags of D afterwards", tiny_flags(D), asked, "09-patterns#leave-it-as-you-found-it")
    later = yield
    asked = "afterwards the parameters of D that learnt before learn, and the frozen ones do not"
    tiny_learns(see, later, "a later backward from D", asked, D, (2, data), **tiny_leaves("D", D))


@case("gan_g_backward", "all of D is frozen, or nothing, and it is called twice", "09-patterns#gan-the-generator")
def g_twice(gan_g_backward: Function, draw: Draw, see: Observer):
    G, D, noise, data = gan_pair(draw)
    D.requires_grad_(draw.choice(True, False))
    draw.prefill(*D.parameters())
    z = draw.tensor("z", "constant", (draw.integer(3, 5), noise))
    draw.given.append(f"the parameters of D have requires_grad={D[0].weight.requires_grad} and a .grad")
    see.call(gan_g_backward, G, D, z)
    asked = "each requires_grad is as before"
    see.value("the flags of D afterwards", tiny_flags(D), asked, "09-patterns#leave-it-as-you-found-it")
    later = yield
    z = later.tensor("the second z", "constant", (later.integer(3, 5), noise))
    grads = (
        ("the gradient of G from the second call", G_LEARNS, tiny_leaves("G", G)),
        ("the gradient of D in the second call", D_UNTOUCHED, tiny_leaves("D", D)),
    )
    tiny_call(see, gan_g_backward, G, D, z, grads=grads, name="the second call")
    asked = "afterwards D learns as before, or does not, as it was"
    tiny_learns(see, later, "a later backward from D", asked, D, (2, data), **tiny_leaves("D", D))


# td_loss ------------------------------------------------------------------------------------------------


def td_batch(draw: Draw, size: int, actions: int) -> tuple[Tensor, ...]:
    """Return s, a, r, s2 and done, of which at least one is 1 and one 0."""
    rows = draw.integer(4, 6)
    s, s2 = draw.tensor("s", "constant", (rows, size)), draw.tensor("s2", "constant", (rows, size))
    a = torch.tensor([draw.integer(0, actions - 1) for _ in range(rows)])
    ends = [1, 0, *(draw.integer(0, 1) for _ in range(rows - 2))]
    turn = draw.integer(0, rows - 1)
    done = torch.tensor(ends[turn:] + ends[:turn], dtype=torch.float32)
    draw.given.append(f"a = {a.tolist()}, done = {done.tolist()}")
    return s, a, draw.numbers((rows,)), s2, done


TD_VALUE = "the result is the mean squared error of q(s)[i, a[i]] to the target, a scalar"
TD_GRADIENT = "q learns through its prediction, and nobody through the target"


@case("td_loss", "q and q_target are two networks", "09-reinforcement#targets-that-stand-still")
def two_networks(td_loss: Function, draw: Draw, see: Observer):
    size, actions = draw.integer(2, 3), draw.integer(2, 3)
    q, q_target = tiny_net(draw, "q", size, actions), tiny_net(draw, "q_target", size, actions)
    s, a, r, s2, done = td_batch(draw, size, actions)
    if draw.choice(True, False):
        draw.prefill(*q.parameters(), *q_target.parameters())
        draw.given.append("every parameter has a .grad")
    loss = see.call(td_loss, q, q_target, s, a, r, s2, done)
    see.value("the loss", loss, TD_VALUE)
    later = yield
    scaled = loss * later.number(0.5, 2.0)
    leaves = tiny_leaves("q", q) | tiny_leaves("q_target", q_target)
    see.gradients("the backward", scaled.backward, TD_GRADIENT, **leaves)


@case("td_loss", "q_target is q itself", "09-reinforcement#targets-that-stand-still")
def one_network(td_loss: Function, draw: Draw, see: Observer):
    size, actions = draw.integer(2, 3), draw.integer(2, 3)
    q = tiny_net(draw, "q", size, actions)
    s, a, r, s2, done = td_batch(draw, size, actions)
    loss = see.call(td_loss, q, q, s, a, r, s2, done)
    see.value("the loss", loss, TD_VALUE)
    later = yield
    scaled = loss * later.number(0.5, 2.0)
    asked = "q learns through its prediction, and not through the target"
    see.gradients("the backward", scaled.backward, asked, **tiny_leaves("q", q))


@case("td_loss", "some or all parameters of q_target are frozen", "09-reinforcement#targets-that-stand-still")
def frozen_target(td_loss: Function, draw: Draw, see: Observer):
    size, actions = draw.integer(2, 3), draw.integer(2, 3)
    q, q_target = tiny_net(draw, "q", size, actions), tiny_net(draw, "q_target", size, actions)
    if draw.choice(True, False):
        tiny_freeze_some(draw, "q_target", q_target)
    else:
        q_target.requires_grad_(False)
        draw.given.append("all of q_target is frozen")
    s, a, r, s2, done = td_batch(draw, size, actions)
    loss = see.call(td_loss, q, q_target, s, a, r, s2, done)
    asked = "each requires_grad of q_target is as before"
    see.value("the flags of q_target afterwards", tiny_flags(q_target), asked, "09-patterns#leave-it-as-you-found-it")
    see.value("the loss", loss, TD_VALUE)
    later = yield
    scaled = loss * later.number(0.5, 2.0)
    leaves = tiny_leaves("q", q) | tiny_leaves("q_target", q_target)
    see.gradients("the backward", scaled.backward, TD_GRADIENT, **leaves)
    asked = "afterwards the parameters of q_target that learnt before learn, and the frozen ones do not"
    own = tiny_leaves("q_target", q_target)
    tiny_learns(see, later, "a later backward from q_target", asked, q_target, (2, size), **own)


@case("td_loss", "the loss is added to another loss of both networks", "09-reinforcement#targets-that-stand-still")
def one_loss_of_two(td_loss: Function, draw: Draw, see: Observer):
    size, actions = draw.integer(2, 3), draw.integer(2, 3)
    q, q_target = tiny_net(draw, "q", size, actions), tiny_net(draw, "q_target", size, actions)
    s, a, r, s2, done = td_batch(draw, size, actions)
    loss = see.call(td_loss, q, q_target, s, a, r, s2, done)
    asked = "each requires_grad of q_target is as before"
    see.value("the flags of q_target afterwards", tiny_flags(q_target), asked, "09-patterns#leave-it-as-you-found-it")
    see.value("the loss", loss, TD_VALUE)
    later = yield
    x = later.tensor("a later input", "constant", (2, size))
    total = loss * later.number(0.5, 2.0) + tiny_scalar(later, q(x) * q_target(x))
    leaves = tiny_leaves("q", q) | tiny_leaves("q_target", q_target)
    asked = "td_loss trains q through its prediction alone; the other loss trains both networks as usual"
    see.gradients("the backward", total.backward, asked, **leaves)


# actor_critic_losses ------------------------------------------------------------------------------------

AC_POLICY = "the first loss is -(logp * advantage).mean(), a scalar"
AC_VALUE = "the second loss is the mean squared error of value to returns, a scalar"


@case("actor_critic_losses", "the three tensors come from three places", "09-reinforcement#actor-and-critic")
def three_sources(actor_critic_losses: Function, draw: Draw, see: Observer):
    shape = draw.shape(dimensions=1)
    logp, value = (draw.tensor(name, draw.choice("leaf", "interior"), shape) for name in ("logp", "value"))
    returns = draw.tensor("returns", draw.choice("leaf", "interior"), shape)
    leaves = {"logp": draw.source(logp), "value": draw.source(value), "returns": draw.source(returns)}
    draw.prefill(*leaves.values())
    policy_loss, value_loss = see.call(actor_critic_losses, logp, value, returns)
    see.value("the policy loss", policy_loss, AC_POLICY)
    see.value("the value loss", value_loss, AC_VALUE)
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
    shape = draw.shape(dimensions=1)
    h = draw.tensor("h", draw.choice("leaf", "interior"), shape)
    logp, value = (h * draw.numbers(shape)).sin(), (h * draw.numbers(shape)).tanh()
    draw.given.append("logp and value are computed from h")
    returns = draw.tensor("returns", "constant", shape)
    policy_loss, value_loss = see.call(actor_critic_losses, logp, value, returns)
    see.value("the policy loss", policy_loss, AC_POLICY)
    see.value("the value loss", value_loss, AC_VALUE)
    later = yield
    total = policy_loss * later.number(0.5, 2.0) + value_loss * later.number(0.5, 2.0)
    asked = "h learns from the policy loss through logp alone, and from the value loss through value alone"
    see.gradients("the backward of both", total.backward, asked, h=draw.source(h))


@case("actor_critic_losses", "returns are bootstrapped from value", "09-reinforcement#actor-and-critic")
def bootstrapped(actor_critic_losses: Function, draw: Draw, see: Observer):
    shape = draw.shape(dimensions=1)
    logp, value = (draw.tensor(name, draw.choice("leaf", "interior"), shape) for name in ("logp", "value"))
    leaves = {"logp": draw.source(logp), "value": draw.source(value)}
    share = draw.number(0.3, 0.8)
    returns = draw.numbers(shape) + share * torch.tanh(value)
    draw.given.append(f"returns = rewards + {share} * tanh(value), attached")
    policy_loss, value_loss = see.call(actor_critic_losses, logp, value, returns)
    see.value("the policy loss", policy_loss, AC_POLICY)
    see.value("the value loss", value_loss, AC_VALUE)
    later = yield
    total = policy_loss * later.number(0.5, 2.0) + value_loss * later.number(0.5, 2.0)
    asked = "logp learns from the policy loss, value from the value loss, and nobody through returns"
    see.gradients("the backward of both", total.backward, asked, **leaves)


# ema_update ---------------------------------------------------------------------------------------------


def ema_net(draw: Draw, sizes: tuple[int, int], batches: int) -> nn.Sequential:
    """Return a network with parameters and buffers, one of them an integer, at two depths."""
    norm = nn.BatchNorm1d(sizes[1])
    with torch.no_grad():
        norm.weight.copy_(draw.numbers((sizes[1],)))
        norm.bias.copy_(draw.numbers((sizes[1],)))
        norm.running_mean.copy_(draw.numbers((sizes[1],)))
        norm.running_var.copy_(draw.numbers((sizes[1],), signed=False))
        norm.num_batches_tracked.fill_(batches)
    net = nn.Sequential(tiny_linear(draw, *sizes), nn.Sequential(norm, nn.Tanh()))
    net.register_buffer("scale", draw.numbers((sizes[0],)))
    return net


def ema_pair(draw: Draw, flags: str) -> tuple[nn.Sequential, nn.Sequential, float]:
    """Return ema, model and decay; ``flags`` says which parameters of ema require grad."""
    sizes = draw.integer(2, 3), draw.integer(2, 3)
    ema = ema_net(draw, sizes, draw.integer(2, 9))
    model, decay = ema_net(draw, sizes, draw.integer(20, 99)), draw.number(0.6, 0.9)
    draw.given.append(f"ema and model are a Linear and a nested BatchNorm1d with a buffer; decay = {decay}")
    if flags == "some":
        tiny_freeze_some(draw, "ema", ema)
    else:
        ema.requires_grad_(flags == "all")
        draw.given.append(f"the parameters of ema have requires_grad={flags == 'all'}")
    return ema, model, decay


def ema_values(module: nn.Module) -> dict[str, Tensor]:
    """Return a module's parameters by name."""
    return dict(module.named_parameters())


def ema_loss(later: Draw, ema: nn.Module) -> Tensor:
    """Return a loss whose gradient at a parameter that learns does not depend on its value; it always has one path."""
    tensors = [later.numbers((2,)).requires_grad_(), *ema.parameters()]
    return torch.stack([(tensor * later.numbers(tensor.shape)).sum() for tensor in tensors]).sum()


EMA_VALUES = "each parameter of ema is decay * old + (1 - decay) * model's"
EMA_BUFFERS = "each buffer of ema has the value of model's"


@case("ema_update", "the parameters of ema all require grad, or none does", "09-reinforcement#moving-averages")
def ema_parameters(ema_update: Function, draw: Draw, see: Observer):
    ema, model, decay = ema_pair(draw, draw.choice("all", "none"))
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
    ema, model, decay = ema_pair(draw, draw.choice("all", "none"))
    see.call(ema_update, ema, model, decay)
    tensors = {f"ema's {name}": tensor for name, tensor in (*ema.named_parameters(), *ema.named_buffers())}
    tensors |= {f"model's {name}": tensor for name, tensor in (*model.named_parameters(), *model.named_buffers())}
    see.sharing("memory", "nothing of ema shares memory with model", **tensors)
    see.value("the values of model", ema_values(model) | dict(model.named_buffers()), "model is unchanged")
    later = yield
    with torch.no_grad():
        for tensor in (*model.parameters(), *model.buffers()):
            tensor.add_(later.integer(1, 5))
    see.value("the values of ema after edits of model", ema_values(ema), EMA_VALUES + ", and stays so")
    asked = EMA_BUFFERS + " at the call, and keeps it"
    see.value("the buffers of ema after edits of model", dict(ema.named_buffers()), asked)


@case(
    "ema_update",
    "some parameters of ema require grad, and recording is on or off outside",
    "09-reinforcement#moving-averages",
)
def ema_mode(ema_update: Function, draw: Draw, see: Observer):
    ema, model, decay = ema_pair(draw, "some")
    model[0].weight.requires_grad_(draw.choice(True, False))
    mode = draw.choice(torch.enable_grad, torch.no_grad)
    draw.given.append(f"the call is made under {mode.__name__}")
    with mode():
        see.call(ema_update, ema, model, decay)
        asked = "the grad mode is as before"
        see.grad_mode("the grad mode afterwards", asked, "09-patterns#leave-it-as-you-found-it")
    see.value("the flags of ema", tiny_flags(ema), "each parameter is a leaf, with the requires_grad that it had")
    see.value("the values of ema", ema_values(ema), EMA_VALUES)
    later = yield
    asked = "the parameters of ema that learnt before learn, and the frozen ones do not"
    see.gradients("a later backward", ema_loss(later, ema).backward, asked, **tiny_leaves("ema", ema))


@case("ema_update", "a second update follows", "09-reinforcement#moving-averages")
def ema_twice(ema_update: Function, draw: Draw, see: Observer):
    ema, model, decay = ema_pair(draw, draw.choice("all", "none"))
    known = ema_values(ema)
    see.call(ema_update, ema, model, decay)
    see.value("the buffers of ema", dict(ema.named_buffers()), EMA_BUFFERS)
    later = yield
    with torch.no_grad():
        for tensor in (*model.parameters(), *model.buffers()):
            tensor.add_(later.integer(1, 5))
    decay = later.number(0.6, 0.9)
    later.given.append(f"model has moved on; the second decay = {decay}")
    see.call(ema_update, ema, model, decay, name="the second call")
    see.members("the parameters of ema", ema.parameters(), "they are the same Parameter objects", **known)
    see.value("the values of ema after the second call", ema_values(ema), EMA_VALUES)
    see.value("the buffers of ema after the second call", dict(ema.named_buffers()), EMA_BUFFERS)


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
        if self.kind == "SGD":
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

    def __init__(self, draw: Draw, *, norm: bool):
        self.size, self.width = draw.integer(2, 3), 2
        # No bias before a BatchNorm, which subtracts it again: its gradient would be nothing but rounding.
        layers, said = [tiny_linear(draw, self.width, self.width, bias=not norm), nn.Tanh()], "a Linear and a Tanh"
        if norm:
            inner, nested = nn.BatchNorm1d(self.width), draw.choice(True, False)
            with torch.no_grad():
                inner.weight.copy_(draw.numbers((self.width,)))
                inner.bias.copy_(draw.numbers((self.width,)))
            layers.insert(1, nn.Sequential(inner) if nested else inner)
            said = f"a Linear without bias, a {'Sequential with a ' if nested else ''}BatchNorm1d and a Tanh"
        draw.given.append(f"the net is stem, body and head; body is {said}")
        self.stem, self.body = (
            nn.Sequential(tiny_linear(draw, self.size, self.width), nn.Tanh()),
            nn.Sequential(*layers),
        )
        self.head = tiny_linear(draw, self.width, 1)
        self.net = nn.Sequential(self.stem, self.body, self.head)
        kind = draw.choice("SGD", "AdamW")
        self.optimizer = FreezeOptimizer(kind, list(self.net.parameters()))
        draw.given.append(f"the optimizer is {'SGD with momentum and weight decay' if kind == 'SGD' else kind}")
        self.loss(draw).backward()
        self.optimizer.step()
        self.optimizer.zero_grad(to_none=True)
        self.loss(draw).backward()

    def loss(self, draw: Draw) -> Tensor:
        """Return the loss of a drawn batch."""
        rows = draw.integer(4, 6)
        return (self.net(draw.numbers((rows, self.size))) - draw.numbers((rows, 1))).square().mean()

    def steps(self, later: Draw, count: int) -> None:
        """Train on for some whole steps."""
        to_none = later.choice(True, False)
        later.given.append(f"{count} steps more, with zero_grad(set_to_none={to_none})")
        for _ in range(count):
            self.optimizer.zero_grad(to_none=to_none)
            self.loss(later).backward()
            self.optimizer.step()

    def weights(self) -> dict[str, Tensor]:
        """Return the weights and biases of the body."""
        return self._of_body("weight", "bias")

    def statistics(self) -> dict[str, Tensor]:
        """Return the running statistics of the body."""
        return self._of_body("running_mean", "running_var")

    def rest(self) -> Leaves:
        """Return the parameters of stem and head."""
        return tiny_leaves("stem", self.stem) | tiny_leaves("head", self.head)

    def _of_body(self, *names: str) -> dict[str, Tensor]:
        """Look tensors up by name, whether they are parameters or have become something else."""
        layers = [(prefix, layer) for prefix, layer in self.body.named_modules() if prefix]
        found = {f"{prefix}.{name}": getattr(layer, name, None) for prefix, layer in layers for name in names}
        return {name: tensor for name, tensor in found.items() if isinstance(tensor, Tensor)}


def freeze_arrived(leaf: Tensor) -> bool:
    """Whether a leaf has received a gradient worth the name."""
    return leaf.grad is not None and float(leaf.grad.abs().max()) > 1e-5


PENDING = "the parameters of body do not move in the pending step"
NEVER = "the parameters of body never move again"
STATISTICS = "the running mean and variance of body never move again"
REST = "the rest of the net trains as before"
THROUGH = "gradient flows through body to its input"


@case("freeze", "the optimizer's step comes right after it", "09-patterns#frozen-for-good")
def the_pending_step(freeze: Function, draw: Draw, see: Observer):
    training = FreezeTraining(draw, norm=False)
    see.call(freeze, training.body)
    see.raised("the pending step", training.optimizer.step, REST)
    see.value("the parameters of body after the pending step", training.weights(), PENDING)
    see.value("the parameters of the rest after the pending step", training.rest(), REST)
    later = yield
    training.optimizer.zero_grad(to_none=True)
    see.raised("the next backward", training.loss(later).backward, REST)
    grads = {name: "no gradient" if p.grad is None else p.grad for name, p in training.rest().items()}
    see.value("the gradients of the rest", grads, THROUGH + ", and the rest receives its own")
    training.optimizer.step()
    see.value("the parameters of body after the next step", training.weights(), NEVER)


@case("freeze", "training goes on for some steps", "09-patterns#frozen-for-good")
def the_steps_after(freeze: Function, draw: Draw, see: Observer):
    training = FreezeTraining(draw, norm=False)
    see.call(freeze, training.body)
    training.optimizer.step()
    later = yield
    see.raised("training", lambda: training.steps(later, later.integer(2, 3)), REST)
    see.value("the parameters of body", training.weights(), NEVER)
    see.value("the parameters of the rest", training.rest(), REST)


@case("freeze", "body has a BatchNorm1d layer", "09-patterns#frozen-for-good")
def the_statistics(freeze: Function, draw: Draw, see: Observer):
    training = FreezeTraining(draw, norm=True)
    see.call(freeze, training.body)
    training.optimizer.step()
    see.value("the parameters of body after the pending step", training.weights(), PENDING)
    later = yield
    see.raised("training", lambda: training.steps(later, later.integer(2, 3)), REST)
    see.value("the statistics of body", training.statistics(), STATISTICS)
    see.value("the parameters of body after more steps", training.weights(), NEVER)


@case("freeze", "body has a BatchNorm1d layer, and its input learns", "09-patterns#frozen-for-good")
def the_input(freeze: Function, draw: Draw, see: Observer):
    training = FreezeTraining(draw, norm=True)
    see.call(freeze, training.body)
    training.optimizer.step()
    see.value("the parameters of body after the pending step", training.weights(), PENDING)
    later = yield
    x = later.tensor("an input of body", later.choice("leaf", "interior"), (4, training.width))
    leaf = later.source(x)
    training.optimizer.zero_grad(to_none=True)
    see.raised("a backward through body", tiny_scalar(later, training.head(training.body(x))).backward, THROUGH)
    see.value("whether gradient reaches the input", freeze_arrived(leaf), THROUGH)
    see.value("whether gradient reaches the head", freeze_arrived(training.head.weight), REST)
    training.optimizer.step()
    see.value("the statistics of body", training.statistics(), STATISTICS)
    see.value("the parameters of body after the next step", training.weights(), NEVER)


Function = Callable[..., Any]


def holding(draw: Draw, name: str, kind: str, values: Tensor) -> tuple[Tensor, Tensor]:
    """Return a tensor of this kind that holds ``values`` (an interior one nearly), and the leaf behind it."""
    article = {"leaf": "a leaf", "interior": "an interior tensor"}[kind]
    draw.given.append(
        f"{name} is {article} of shape {tuple(values.shape)} ({str(values.dtype).removeprefix('torch.')})"
    )
    leaf = (values.clone() if kind == "leaf" else values.asinh()).requires_grad_()
    return leaf if kind == "leaf" else leaf.sinh(), leaf


def consumed_later(later: Draw, result: Tensor) -> Tensor:
    """Make a scalar of ``result`` by weights, and a consumer, that nobody knew when it was computed."""
    consumer = later.choice(torch.exp, torch.sin, torch.sigmoid)
    return weighted_later(later, consumer(result))


def weighted_later(later: Draw, result: Tensor) -> Tensor:
    """Make a scalar of ``result`` by weights that nobody knew when it was computed."""
    return (result * later.numbers(result.shape, dtype=result.dtype)).sum()


def drawn_net(draw: Draw, name: str, *sizes: int, activated: bool = False) -> nn.Sequential:
    """Return linear layers of drawn weights with Tanh after each, but the last unless ``activated``.

    A layer has a bias where an activation follows.
    """
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        followed = activated or len(layers) < 2 * len(sizes) - 4
        linear = nn.Linear(inputs, outputs, bias=followed)
        with torch.no_grad():
            for parameter in linear.parameters():
                parameter.copy_(draw.numbers(parameter.shape) / 2)
        layers += [linear, nn.Tanh()] if followed else [linear]
    shown = " and Tanh, ".join(f"Linear({inputs}, {outputs})" for inputs, outputs in pairwise(sizes))
    draw.given.append(f"{name} is {shown}{' and Tanh' if activated else ''}")
    return nn.Sequential(*layers)


def named_parameters_of(**modules: nn.Module) -> dict[str, nn.Parameter]:
    """Name the parameters of several modules: ``trunk.0.weight``."""
    return {f"{name}.{key}": p for name, module in modules.items() for key, p in module.named_parameters()}


# ste_round ----------------------------------------------------------------------------------------------


def ste_input(draw: Draw) -> tuple[Tensor, Tensor]:
    """Return an input whose numbers lie above and below whole ones, none near a half, and its leaf."""
    shape, dtype = draw.shape(), draw.choice(torch.float32, torch.float64)
    values = torch.zeros(shape, dtype=dtype)
    side = draw.choice(-1, 1)
    for place in range(values.numel()):
        values.view(-1)[place] = draw.integer(-3, 3) + side * draw.number(0.1, 0.4)
        side = -side
    return holding(draw, "x", draw.choice("leaf", "interior"), values)


@case("ste_round", "the result is the only use of x", "09-representation#straight-through")
def ste_one_use(ste_round: Function, draw: Draw, see: Observer):
    x, leaf = ste_input(draw)
    result = see.call(ste_round, x)
    see.value("the result", result, "the result has the rounded values of x, in its dtype")
    later = yield
    loss = consumed_later(later, result)
    see.gradients("the backward", loss.backward, "the gradient reaches x as if nothing had been rounded", x=leaf)


@case("ste_round", "x is used elsewhere too", "09-representation#straight-through")
def ste_another_use(ste_round: Function, draw: Draw, see: Observer):
    x, leaf = ste_input(draw)
    draw.prefill(leaf)
    result = see.call(ste_round, x)
    later = yield
    loss = consumed_later(later, result) + consumed_later(later, x / 2)
    asked = "this use adds the gradient that it receives; another use of x adds its own"
    see.gradients("the backward", loss.backward, asked, x=leaf)


@case("ste_round", "the result is scaled and rounded again", "09-representation#straight-through")
def ste_in_a_chain(ste_round: Function, draw: Draw, see: Observer):
    x, leaf = ste_input(draw)
    scale = draw.number(1.28, 1.32)
    draw.given.append(f"the first result is multiplied by {scale} and rounded")
    first = see.call(ste_round, x, name="the first call")
    second = see.call(ste_round, first * scale, name="the second call")
    see.value("the second result", second, "each result has the rounded values of what the call was given")
    later = yield
    loss = consumed_later(later, first) + consumed_later(later, second)
    asked = "the gradient passes each rounding unchanged, and the gradients of two uses add"
    see.gradients("the backward", loss.backward, asked, x=leaf)


@case("ste_round", "x was used before, and is used afterwards", "09-representation#straight-through")
def ste_leaves_x_alone(ste_round: Function, draw: Draw, see: Observer):
    x, leaf = ste_input(draw)
    use = draw.choice(torch.exp, torch.square, torch.sin)
    before = (use(x) * draw.numbers(x.shape, dtype=x.dtype)).sum()
    draw.given.append(f"torch.{use.__name__} of x was computed before the call")
    result = see.call(ste_round, x)
    see.value("the values of x afterwards", x, "x is not modified")
    see.flags("x afterwards", x, "x is not modified")
    later = yield
    loss = before + consumed_later(later, result) + consumed_later(later, x / 2)
    asked = "x is not modified: an earlier use of x, this one and a later one each add their gradient"
    see.gradients("the backward", loss.backward, asked, x=leaf)


# vq -----------------------------------------------------------------------------------------------------


def vq_rows(draw: Draw) -> tuple[Tensor, Tensor]:
    """Draw a codebook of five rows that lie well apart, and a point whose nearest row depends on the metric.

    The second row is twice the first, so that length matters.
    """
    columns, reach = draw.choice(3, 4), draw.choice(0.6, 1.2)
    while True:
        rows, point = draw.numbers((5, columns)), draw.numbers((columns,)) / 4
        rows[1] = 2 * rows[0]
        rows[2] = point + 0.45 * point.sign()
        rows[3] = point
        rows[3, 0] -= reach * point[0].sign()
        if nn.functional.pdist(rows).min() > 0.9 and (rows[[0, 1, 4]] - point).norm(dim=1).min() > 1.5:
            return rows, point


def vq_inputs(draw: Draw) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    """Return z, a codebook and their leaves: one row is nearest to several rows of z, some are to none."""
    rows, point = vq_rows(draw)
    near = rows[[0, 1, *[draw.integer(0, 4)] * 2]]
    near = torch.cat([near + 0.1 * draw.numbers(near.shape), point[None]])
    near = near[sorted(range(len(near)), key=lambda _: draw.number())]
    z, z_leaf = holding(draw, "z", draw.choice("leaf", "interior"), near)
    codebook, codebook_leaf = holding(draw, "codebook", draw.choice("leaf", "interior"), rows)
    return z, codebook, {"z": z_leaf, "codebook": codebook_leaf}


def vq_share(loss: Tensor) -> Tensor:
    """Divide a loss by its size: what factor it has no longer matters, its sign does."""
    total = loss.sum()
    return total / total.detach().abs()


@case("vq", "out is used", "09-representation#straight-through")
def vq_out(vq: Function, draw: Draw, see: Observer):
    z, codebook, leaves = vq_inputs(draw)
    draw.prefill(*leaves.values())
    out, _, _ = see.call(vq, z, codebook)
    see.value("out", out, "each row of out has the values of the codebook's row that is nearest to that row of z")
    later = yield
    loss = consumed_later(later, out)
    asked = "the gradient of out reaches z as if out were z; the codebook gets none"
    see.gradients("a backward from out", loss.backward, asked, **leaves)


@case("vq", "the codebook loss is used", "09-representation#vector-quantisation")
def vq_codebook_loss(vq: Function, draw: Draw, see: Observer):
    z, codebook, leaves = vq_inputs(draw)
    _, loss, _ = see.call(vq, z, codebook)
    share = vq_share(loss)
    later = yield
    scaled = share * later.number(0.5, 2.0)
    asked = "the codebook loss pulls the chosen rows to z, and z gets no gradient of it"
    see.gradients("a backward from the codebook loss, divided by its value", scaled.backward, asked, **leaves)


@case("vq", "the commitment loss is used", "09-representation#vector-quantisation")
def vq_commit_loss(vq: Function, draw: Draw, see: Observer):
    z, codebook, leaves = vq_inputs(draw)
    _, _, loss = see.call(vq, z, codebook)
    share = vq_share(loss)
    later = yield
    scaled = share * later.number(0.5, 2.0)
    asked = "the commitment loss pulls z to the chosen rows, and the codebook gets no gradient of it"
    see.gradients("a backward from the commitment loss, divided by its value", scaled.backward, asked, **leaves)


@case("vq", "all three are used in one backward", "09-representation#vector-quantisation")
def vq_together(vq: Function, draw: Draw, see: Observer):
    z, codebook, leaves = vq_inputs(draw)
    draw.prefill(*leaves.values())
    out, codebook_loss, commit_loss = see.call(vq, z, codebook)
    shares = vq_share(codebook_loss), vq_share(commit_loss)
    later = yield
    loss = consumed_later(later, out) + later.number(0.5, 2.0) * shares[0] + later.number(0.5, 2.0) * shares[1]
    asked = "z learns through out and the commitment loss, the codebook through the codebook loss; both are added to"
    see.gradients("a backward from the sum, each loss divided by its value", loss.backward, asked, **leaves)


# probe_backward -----------------------------------------------------------------------------------------


def probe_nets(draw: Draw) -> tuple[nn.Sequential, nn.Sequential, nn.Sequential, Tensor]:
    """Return a trunk, two heads, and a batch."""
    inputs, hidden = draw.integer(2, 3), draw.integer(2, 3)
    trunk = drawn_net(draw, "trunk", inputs, *draw.choice((hidden,), (2, hidden)), activated=True)
    a = drawn_net(draw, "a", hidden, 2)
    b = drawn_net(draw, "b", hidden, *draw.choice((3,), (2, 1)))
    return trunk, a, b, draw.numbers((draw.integer(2, 4), inputs))


PROBE_ASKED = "trunk and a receive the gradient of a's loss, b that of its own loss, and nobody else's"


@case("probe_backward", "no gradient is there yet", "09-representation#a-probe-on-a-shared-trunk")
def probe_fresh(probe_backward: Function, draw: Draw, see: Observer):
    trunk, a, b, x = probe_nets(draw)
    parameters = named_parameters_of(trunk=trunk, a=a, b=b)
    see.gradients("the call", lambda: probe_backward(trunk, a, b, x), PROBE_ASKED, **parameters)
    later = yield
    loss = weighted_later(later, b(trunk(x)))
    asked = "flags are as before: a loss of your own through trunk and b trains both afterwards"
    see.gradients("a backward through trunk and b", loss.backward, asked, **parameters)


@case("probe_backward", "gradients are there already", "09-representation#a-probe-on-a-shared-trunk")
def probe_adds(probe_backward: Function, draw: Draw, see: Observer):
    trunk, a, b, x = probe_nets(draw)
    parameters = named_parameters_of(trunk=trunk, a=a, b=b)
    draw.prefill(*parameters.values())
    asked = f"{PROBE_ASKED}; gradients are added"
    see.gradients("the call", lambda: probe_backward(trunk, a, b, x), asked, **parameters)
    later = yield
    other = later.numbers(x.shape)
    asked = "a second call, on another batch, adds its gradients"
    see.gradients("the second call", lambda: probe_backward(trunk, a, b, other), asked, **parameters)


@case("probe_backward", "a part of trunk is frozen", "09-representation#a-probe-on-a-shared-trunk")
def probe_frozen(probe_backward: Function, draw: Draw, see: Observer):
    trunk, a, b, x = probe_nets(draw)
    parameters = named_parameters_of(trunk=trunk, a=a, b=b)
    frozen = draw.choice("trunk.0.weight", "trunk.0.bias")
    parameters[frozen].requires_grad_(False)
    draw.given.append(f"{frozen} does not require grad")
    see.gradients("the call", lambda: probe_backward(trunk, a, b, x), PROBE_ASKED, **parameters)
    flags = {name: parameter.requires_grad for name, parameter in parameters.items()}
    see.value("requires_grad of each parameter afterwards", flags, "each flag is as before")
    later = yield
    loss = weighted_later(later, a(trunk(x))) + weighted_later(later, b(trunk(x)))
    asked = "flags are as before: a loss of your own trains what is not frozen afterwards, and nothing else"
    see.gradients("a backward through trunk, a and b", loss.backward, asked, **parameters)


# simsiam_loss -------------------------------------------------------------------------------------------


def simsiam_nets(draw: Draw) -> tuple[nn.Sequential, Tensor, Tensor, int]:
    """Return an encoder, two views of a batch, and how wide the encoder's output is."""
    inputs, width = draw.integer(2, 3), draw.integer(3, 4)
    enc = drawn_net(draw, "enc", inputs, *draw.choice((width,), (2, width)))
    shape = (draw.integer(2, 4), inputs)
    return enc, draw.numbers(shape), draw.numbers(shape), width


def simsiam_pred(draw: Draw, width: int) -> nn.Sequential:
    """Return a predictor of one layer or two."""
    return drawn_net(draw, "pred", width, *draw.choice((width,), (2, width)))


SIMSIAM_VALUE = "the loss is (d(p1, z2) + d(p2, z1)) / 2, with d the negative mean cosine similarity; a scalar"
SIMSIAM_GRADIENT = "enc learns through each p alone, not through the z that a p is compared with; pred learns as usual"


@case("simsiam_loss", "the loss is used alone", "09-representation#two-views-one-stop")
def simsiam_alone(simsiam_loss: Function, draw: Draw, see: Observer):
    enc, x1, x2, width = simsiam_nets(draw)
    pred = simsiam_pred(draw, width)
    loss = see.call(simsiam_loss, enc, pred, x1, x2)
    see.value("the loss", loss, SIMSIAM_VALUE)
    later = yield
    scaled = loss * later.number(1.5, 4.0)
    see.gradients("the backward", scaled.backward, SIMSIAM_GRADIENT, **named_parameters_of(enc=enc, pred=pred))


@case("simsiam_loss", "pred hands on what it is given", "09-representation#two-views-one-stop")
def simsiam_identity(simsiam_loss: Function, draw: Draw, see: Observer):
    enc, x1, x2, _ = simsiam_nets(draw)
    draw.given.append("pred is nn.Identity()")
    loss = see.call(simsiam_loss, enc, nn.Identity(), x1, x2)
    see.value("the loss", loss, SIMSIAM_VALUE)
    later = yield
    scaled = loss * later.number(1.5, 4.0)
    asked = "z itself is also p here: enc learns through it as p, and not as what the other p is compared with"
    see.gradients("the backward", scaled.backward, asked, **named_parameters_of(enc=enc))


@case("simsiam_loss", "enc and pred learn from another loss too", "09-representation#two-views-one-stop")
def simsiam_and_more(simsiam_loss: Function, draw: Draw, see: Observer):
    enc, x1, x2, width = simsiam_nets(draw)
    pred = simsiam_pred(draw, width)
    parameters = named_parameters_of(enc=enc, pred=pred)
    draw.prefill(*parameters.values())
    loss = see.call(simsiam_loss, enc, pred, x1, x2)
    see.value("the loss", loss, SIMSIAM_VALUE)
    later = yield
    other = weighted_later(later, pred(enc(x1))) / 4 + weighted_later(later, enc(x2)) / 4
    total = loss * later.number(1.5, 4.0) + other
    see.gradients("the backward", total.backward, SIMSIAM_GRADIENT + "; gradients are added", **parameters)


# ppo_loss -----------------------------------------------------------------------------------------------


def ppo_numbers(draw: Draw) -> tuple[Tensor, Tensor, Tensor, float]:
    """Draw values for logp, old_logp, adv and eps: ratios below, in and above the range, for adv of either sign."""
    eps = draw.number(0.1, 0.3)
    samples = []
    for sign in (-1, 1):
        samples.append((1 - eps - draw.number(0.1, 0.4), sign))
        samples.append((1 + eps * draw.number(0.2, 0.8, signed=True), sign))
        samples.append((1 + eps + draw.number(0.1, 0.5), sign))
    samples.sort(key=lambda _: draw.number())
    samples = samples[draw.choice(0, 1) :]
    ratio, signs = torch.tensor(samples, dtype=torch.float32).T
    adv = draw.numbers(signs.shape, signed=False) * signs
    old = -0.7 - draw.numbers(signs.shape, signed=False)
    draw.given.append(f"eps = {eps}; some ratios lie outside 1 - eps to 1 + eps")
    return old + ratio.log(), old, adv, eps


PPO_VALUE = "the loss is the clipped surrogate loss, a scalar"


@case("ppo_loss", "old_logp and adv are constants", "09-reinforcement#the-clipped-ratio")
def ppo_constants(ppo_loss: Function, draw: Draw, see: Observer):
    new, old, adv, eps = ppo_numbers(draw)
    logp, leaf = holding(draw, "logp", draw.choice("leaf", "interior"), new)
    loss = see.call(ppo_loss, logp, old, adv, eps)
    see.value("the loss", loss, PPO_VALUE)
    later = yield
    scaled = loss * later.number(1.5, 4.0)
    asked = "logp receives the gradient of the loss: none where the clipped term is the smaller one"
    see.gradients("the backward", scaled.backward, asked, logp=leaf)


@case("ppo_loss", "old_logp and adv require grad", "09-reinforcement#the-clipped-ratio")
def ppo_attached(ppo_loss: Function, draw: Draw, see: Observer):
    new, old, adv, eps = ppo_numbers(draw)
    logp, logp_leaf = holding(draw, "logp", draw.choice("leaf", "interior"), new)
    old_logp, old_leaf = holding(draw, "old_logp", draw.choice("leaf", "interior"), old)
    advantage, adv_leaf = holding(draw, "adv", draw.choice("leaf", "interior"), adv)
    draw.prefill(logp_leaf, old_leaf, adv_leaf)
    loss = see.call(ppo_loss, logp, old_logp, advantage, eps)
    see.value("the loss", loss, PPO_VALUE)
    later = yield
    scaled = loss * later.number(1.5, 4.0)
    asked = "gradient reaches logp alone, also when old_logp and adv require grad; gradients are added"
    see.gradients("the backward", scaled.backward, asked, logp=logp_leaf, old_logp=old_leaf, adv=adv_leaf)


@case("ppo_loss", "all three come from one tensor", "09-reinforcement#the-clipped-ratio")
def ppo_one_ancestor(ppo_loss: Function, draw: Draw, see: Observer):
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
