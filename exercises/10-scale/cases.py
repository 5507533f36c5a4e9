"""The cases of 10-scale: which inputs a function is given, and what is observed of it."""

import gc
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gradstop.observe import AGAIN, AppendOnly, Census, Draw, Observer, Storages, case

Function = Callable[..., Any]
Leaves = dict[str, Tensor]


class Net(nn.Module):
    """A network from rows of ``inputs`` numbers to rows of ``outputs``.

    It has a parameter of its own, buffers, a child with children, and two layers that share their weights.
    """

    def __init__(self, draw: Draw, inputs: int, outputs: int):
        super().__init__()
        self.gain = nn.Parameter(draw.numbers((outputs,)))
        self.inner = nn.Sequential(nn.Sequential(linear(draw, inputs, 2, bias=False), nn.Tanh()))
        self.layer, self.again = linear(draw, 2, 2), nn.Linear(2, 2)
        self.again.weight, self.again.bias = self.layer.weight, self.layer.bias
        self.last = linear(draw, 2, outputs, bias=False)
        self.register_buffer("shift", draw.numbers((2,)))
        self.register_buffer("scale", draw.numbers((2,), signed=False), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return what the layers make of x, row by row."""
        hidden = torch.tanh(self.layer(self.inner(x))) * self.scale + self.shift
        return self.last(torch.tanh(self.again(hidden))) * self.gain


def linear(
    draw: Draw, inputs: int, outputs: int, *, bias: bool = True, dtype: torch.dtype = torch.float32
) -> nn.Linear:
    """Return a layer with drawn numbers, small enough that no activation saturates."""
    layer = nn.Linear(inputs, outputs, bias, dtype=dtype)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(draw.numbers(parameter.shape, dtype=dtype) * 0.6)
    return layer


def drawn_net(draw: Draw, name: str, inputs: int, outputs: int, kind: str = "plain") -> nn.Module:
    """Return a network that is "plain" or "nested"."""
    draw.feature("a child with parameters of its own")
    draw.given.append(f"{name} is a network from (n, {inputs}) to (n, {outputs}), {kind}")
    if kind == "nested":
        draw.feature("a shared parameter", "a buffer", "a non-persistent buffer", "a child with children")
        draw.feature("parameters of the model itself")
        return Net(draw, inputs, outputs)
    return nn.Sequential(linear(draw, inputs, 2, bias=False), nn.Tanh(), linear(draw, 2, outputs))


def freeze_first(draw: Draw, name: str, net: nn.Module) -> None:
    """Freeze the first of a network's parameters."""
    frozen, parameter = next(net.named_parameters())
    parameter.requires_grad_(False)
    draw.feature("a frozen parameter")
    draw.given.append(f"frozen in {name}: {frozen}")


def named(net: nn.Module) -> Leaves:
    """Return a network's parameters by their names."""
    return dict(net.named_parameters())


def move(later: Draw, *tensors: Tensor, said: str = "every parameter") -> None:
    """Add drawn numbers to tensors in place, as an optimizer's step does."""
    later.given.append(f"then {said} is changed in place")
    with torch.no_grad():
        for tensor in tensors:
            tensor.add_(later.numbers(tensor.shape, dtype=tensor.dtype) / 4)


def weighted(later: Draw, result: Tensor) -> Tensor:
    """Make a scalar of a result by weights that nobody knew when it was computed."""
    return (result.square() * later.numbers(result.shape, dtype=result.dtype)).sum()


# accumulate_tokens ----------------------------------------------------------------------------------------

TOKENS = "the gradient of the mean loss over all tokens that count is added to the parameters"
MEAN = "the result is the mean loss over all tokens that count"
FREED = "while a piece is computed, nothing that was saved for an earlier one is alive"
ROWS = "net is given no more rows at a time than one piece has"
IGNORED = -100


class Noted(NamedTuple):
    """What a network notes of its calls: who is given it adds to it, and changes nothing of it.

    Attributes:
        made: what was saved for a backward.
        looks: at each call, how many of the earlier results are alive, and how many rows are given.
        driven: of each result that has received a gradient the ``shares`` of its rows.

    """

    made: Storages
    looks: AppendOnly
    driven: AppendOnly

    def most(self, which: int) -> int:
        """Return the largest number of results that were alive, or of rows."""
        return max((look[which] for look in self.looks.all()), default=0)


def shares(x: Tensor, gradient: Tensor) -> Tensor:
    """Return x.T @ gradient without signs, where each row of the gradient is divided by its largest number.

    So it does not matter in which pieces the rows come, nor whether they are scaled before the backward or after it;
    and a gradient that is zero, or another one than the loss has, shows.
    """
    rows = gradient.reshape(-1, gradient.shape[-1]).abs()
    return x.detach().reshape(-1, x.shape[-1]).abs().T @ (rows / rows.amax(1, keepdim=True).clamp(min=1e-12))


class Counting(nn.Module):
    """Runs a network; notes how many of its earlier results are alive meanwhile, and how many rows it is given."""

    def __init__(self, net: nn.Module):
        super().__init__()
        self.net, self.noted = net, Noted(Storages(), AppendOnly(), AppendOnly())

    def forward(self, x: Tensor) -> Tensor:
        """Return twice the tanh of what the network makes of x; the tanh is saved for a backward."""
        noted = self.noted
        if noted.made.alive() > noted.most(0):
            gc.collect()
        noted.looks.add((noted.made.alive(), len(x)))
        h = self.net(x).tanh()
        noted.made.add(h)
        if h.requires_grad:
            h.register_hook(lambda gradient: noted.driven.add(shares(x, gradient)))
        return h * 2


def drawn_pieces(draw: Draw, inputs: int, classes: int, lengths: list[tuple[int, int]]) -> list[tuple[Tensor, Tensor]]:
    """Return pairs (x, targets), one for each pair (rows, how many of these are padding)."""
    pieces = []
    for rows, padding in lengths:
        targets = torch.tensor([draw.integer(0, classes - 1) for _ in range(rows)], dtype=torch.int64)
        targets[rows - padding :] = IGNORED
        pieces.append((draw.numbers((rows, inputs)), targets))
    said = ", ".join(f"{rows} rows, {padding} of them padding" for rows, padding in lengths)
    draw.given.append(f"pieces: {said}")
    return pieces


def numbers(tensor: Tensor) -> tuple[Any, ...]:
    """Return the numbers of a tensor, which nobody can change."""
    return tuple(tensor.flatten().tolist())


def as_number(loss: Any) -> Any:
    """Return a loss as a number: it may be one already, or a tensor with one element."""
    return loss.item() if isinstance(loss, Tensor) and loss.numel() == 1 else loss


LENGTHS = ([(3, 0), (4, 2), (2, 1)], [(2, 0), (2, 0), (1, 0)], [(3, 1)])


@case("accumulate_tokens", "pieces have other numbers of tokens", "10-scale#a-mean-of-means")
def other_numbers_of_tokens(accumulate_tokens: Function, draw: Draw, see: Observer):
    net = drawn_net(draw, "net", 2, 3, draw.choice("plain", "nested"))
    lengths = draw.choice(*LENGTHS)
    draw.feature("one piece" if len(lengths) == 1 else "a last piece that is smaller")
    pieces = drawn_pieces(draw, 2, 3, lengths)
    loss = see.call_for_gradients("the call", TOKENS, accumulate_tokens, net, pieces, **named(net))
    see.value("the result", as_number(loss), MEAN)
    later = yield
    draw.feature(*AGAIN)
    move(later, *net.parameters())
    again = see.call_for_gradients("a second call", TOKENS, accumulate_tokens, net, pieces, **named(net))
    see.value("the result of the second call", as_number(again), MEAN)
    other = drawn_net(later, "another net", 2, 3)
    more = drawn_pieces(later, 2, 3, [(1, 0), (3, 2)])
    third = see.call_for_gradients("a call with another net", TOKENS, accumulate_tokens, other, more, **named(other))
    see.value("the result with another net", as_number(third), MEAN)
    see.value("the first result afterwards", as_number(loss), "what an earlier call returned stays")


@case("accumulate_tokens", "gradients are there already, and a piece is padding alone", "10-scale#a-mean-of-means")
def padding_alone(accumulate_tokens: Function, draw: Draw, see: Observer):
    net = drawn_net(draw, "net", 2, 3, draw.choice("plain", "nested"))
    draw.prefill(*net.parameters())
    draw.given.append("all parameters of net have a .grad from earlier")
    if draw.choice(False, True):
        freeze_first(draw, "net", net)
    draw.hook(weight=next(p for p in net.parameters() if p.requires_grad))
    empty = draw.choice("last", "first", "none")
    lengths = {"last": [(3, 1), (2, 2)], "first": [(2, 2), (3, 0), (1, 0)], "none": [(3, 1), (1, 0)]}[empty]
    draw.feature(*([] if empty == "none" else ["a piece of padding alone"]))
    pieces = drawn_pieces(draw, 2, 3, lengths)
    if draw.choice(False, True):
        net.eval()
        draw.feature("a model that is in evaluation mode")
        draw.given.append("net is in evaluation mode")
    before, then = see.look(net=net), [numbers(targets) for _, targets in pieces]
    loss = see.call_for_gradients("the call", TOKENS, accumulate_tokens, net, pieces, **named(net))
    see.value("the result", as_number(loss), MEAN)
    later = yield
    see.left("what has changed on net, but for .grad", before, "nothing else changes on net", net=net)
    unchanged = [numbers(targets) == known for (_, targets), known in zip(pieces, then, strict=True)]
    see.value("which targets are as they were", unchanged, "the pieces are unchanged")
    more = drawn_pieces(later, 2, 3, [(2, 1), (2, 0)])
    see.call_for_gradients("a second call", "gradients are added again", accumulate_tokens, net, more, **named(net))


@case(
    "accumulate_tokens", "what is alive is counted while net computes", "10-scale#a-batch-in-pieces", counts_alive=True
)
def one_piece_at_a_time(accumulate_tokens: Function, draw: Draw, see: Observer):
    net = Counting(drawn_net(draw, "net", 2, 3))
    noted, pieces, census = net.noted, drawn_pieces(draw, 2, 3, [(2, 0), (3, 1), (1, 0)]), Census()
    ends = [census.end_of(parameter) for parameter in net.parameters()]
    loss = see.call_for_gradients("the call", TOKENS, accumulate_tokens, net, pieces, **named(net))
    del ends
    see.value("how many earlier pieces were alive", noted.most(0), FREED)
    see.value("whether net was given more rows than the longest piece has", noted.most(1) > 3, ROWS)
    arrived = sum(noted.driven.all(), torch.zeros(2, 3))
    see.value("shares of the gradient that has arrived at what net returned", arrived, TOKENS)
    requires = isinstance(loss, Tensor) and loss.requires_grad
    see.value("whether the result requires grad", requires, "the result has no graph")
    if noted.made.alive() or census.nodes():
        gc.collect()
    pieces_alive, graphs_alive = noted.made.alive(), "some" if census.nodes() else "none"
    see.value("how many pieces are alive after the call", pieces_alive, "after the call no graph is alive")
    see.value(
        "which graphs of the parameters are alive after the call", graphs_alive, "after the call no graph is alive"
    )
    later = yield
    more = drawn_pieces(later, 2, 3, [(3, 0), (1, 0)])
    again = see.call_for_gradients("a second call", TOKENS, accumulate_tokens, net, more, **named(net))
    see.value("the result of the second call", as_number(again), MEAN)
    see.value("how many earlier pieces were alive in the second call", noted.most(0), FREED)


# scaled_step ----------------------------------------------------------------------------------------------

STEP = "the parameters have moved as by one step with the true gradient, clipped"
STILL = "where a gradient is infinite or nan, no parameter moves, and nothing that opt keeps"
SCALE = "the result is the scale for the next step: half of it where this one was left out, else the same"
TINY = 2.0**-27  # in float16 it is zero; times a scale of 2**14 it is not


def through_float16(h: Tensor) -> Tensor:
    """Return h; its gradient passes through float16."""
    h.register_hook(lambda gradient: gradient.half().float())  # type: ignore[no-untyped-call]
    return h


class Scaled:
    """Two parameters, a frozen and an unused one, and a loss whose gradients are tiny on their way.

    The true gradient of ``w`` is ``large`` or ordinary numbers, and that of ``b`` too; ``spoilt`` says what overflows.
    """

    def __init__(self, draw: Draw, spoilt: str = "", name: str = ""):
        self.w, self.b = (draw.numbers((3,)).requires_grad_(), draw.numbers((2,)).requires_grad_())
        self.c, self.d = draw.numbers((3,)), draw.numbers((2,)).requires_grad_()
        self.factors, self.name = [draw.numbers((3,)), draw.numbers((2,))], name
        self.after, self.before = [torch.full((n,), TINY) for n in (3, 2)], [torch.full((n,), 1 / TINY) for n in (3, 2)]
        self.spoil(spoilt)
        draw.feature("a frozen parameter", "a parameter without .grad")
        draw.given.append(f"{name}opt holds w, b, a frozen c, and d, which the loss does not depend on")

    def spoil(self, what: str) -> None:
        """Let the gradient of w overflow in one place, or that of b be nan in one place, where the scale is 2**16."""
        if what == "inf":
            self.after[0][1], self.before[0][1], self.factors[0][1] = 1.0, 1.0, 1.5
        if what == "nan":
            self.after[1][1], self.before[1][1], self.factors[1][1] = 1.0, 0.0, 1.5

    def loss(self) -> Tensor:
        """Return a new loss, a sum of products."""
        terms = zip((self.w * (1 + self.c - self.c), self.b), self.before, self.after, self.factors, strict=True)
        return torch.cat([through_float16(p * before) * after * f for p, before, after, f in terms]).sum()

    def held(self) -> Leaves:
        """Return the parameters of the optimizer."""
        return {f"{self.name}{key}": getattr(self, key) for key in "wbcd"}

    def optimizer(self, draw: Draw, kind: str) -> torch.optim.Optimizer:
        """Return an optimizer of all four."""
        draw.given.append(f"{self.name}opt is {kind}")
        if kind == "SGD":
            return torch.optim.SGD([self.w, self.d, self.c, self.b], lr=draw.number())
        draw.feature("several parameter groups", "momentum")
        groups = [{"params": [self.c, self.w]}, {"params": [self.d, self.b], "lr": draw.number()}]
        return torch.optim.SGD(groups, lr=draw.number(), momentum=0.7, weight_decay=0.3)


KINDS = ("SGD", "SGD with momentum and weight decay, in two groups")


def drawn_norm(draw: Draw) -> float:
    """Draw the norm to clip to: one that is met, or one that is not."""
    max_norm = draw.choice(0.25, 2.0**20)
    draw.feature("gradients above max_norm" if max_norm < 1 else "gradients below max_norm")
    draw.given.append(f"max_norm = {max_norm:g}")
    return max_norm


@case("scaled_step", "all gradients are finite", "10-scale#unscale-then-clip")
def finite_gradients(scaled_step: Function, draw: Draw, see: Observer):
    task = Scaled(draw)
    opt, max_norm = task.optimizer(draw, draw.choice(*KINDS)), drawn_norm(draw)
    scale = draw.choice(2.0**14, 2.0**16)
    draw.given.append(f"scale = {scale:g}")
    loss_fn, before = task.loss, see.look(opt=opt, **task.held())
    result = see.call(scaled_step, loss_fn, opt, scale, max_norm)
    see.value("the result", result, SCALE)
    see.value("the parameters", list(task.held().values()), STEP)
    later = yield
    draw.feature(*AGAIN)
    task.factors[0] = later.numbers((3,))
    see.call(scaled_step, loss_fn, opt, scale, max_norm, name="a second call")
    see.value("the parameters after the second call", list(task.held().values()), STEP)
    other = Scaled(later, name="another ")
    more = other.optimizer(later, "SGD")
    see.call(scaled_step, other.loss, more, 2.0**15, 0.5, name="a call with another opt")
    see.value("the parameters of another opt", list(other.held().values()), STEP)
    see.value("the first result afterwards", result, "what an earlier call returned stays")
    for parameter in task.held().values():
        parameter.grad = None
    asked = "apart from the step nothing changes on opt and its parameters"
    see.left("what has changed on opt and its parameters, but for .grad", before, asked, opt=opt, **task.held())


@case("scaled_step", "the parameters hold gradients from earlier", "10-scale#the-loss-is-scaled")
def scaled_from_earlier(scaled_step: Function, draw: Draw, see: Observer):
    task = Scaled(draw)
    opt, max_norm = task.optimizer(draw, draw.choice(*KINDS)), drawn_norm(draw)
    draw.prefill(*(p for p in task.held().values()))
    draw.given.append("all parameters of opt have a .grad from earlier")
    draw.hook(w=task.w)
    result = see.call(scaled_step, task.loss, opt, 2.0**14, max_norm)
    see.value("the result", result, SCALE)
    see.value("the parameters", list(task.held().values()), STEP)
    later = yield
    task.factors[1] = later.numbers((2,))
    see.call(scaled_step, task.loss, opt, 2.0**14, max_norm, name="a second call")
    see.value("the parameters after the second call", list(task.held().values()), STEP)


@case("scaled_step", "a gradient overflows", "10-scale#a-skipped-step")
def overflow(scaled_step: Function, draw: Draw, see: Observer):
    spoilt = draw.choice("inf", "nan")
    draw.feature("an infinite gradient" if spoilt == "inf" else "a gradient that is nan")
    draw.given.append(f"with a scale of 65536 one gradient is {spoilt}")
    task = Scaled(draw)
    opt = task.optimizer(draw, draw.choice(*KINDS))
    see.call(scaled_step, task.loss, opt, 2.0**14, 0.25, name="a call before")
    task.spoil(spoilt)
    result = see.call(scaled_step, task.loss, opt, 2.0**16, 0.25)
    see.value("the result", result, SCALE)
    see.value("the parameters", list(task.held().values()), STILL)
    later = yield
    task.after, task.factors = [torch.full((n,), TINY) for n in (3, 2)], [later.numbers((3,)), later.numbers((2,))]
    task.before = [torch.full((n,), 1 / TINY) for n in (3, 2)]
    again = see.call(scaled_step, task.loss, opt, 2.0**15, 0.25, name="a call afterwards")
    see.value("the result of the call afterwards", again, SCALE)
    see.value("the parameters after the call afterwards", list(task.held().values()), STEP)


# checkpointed ---------------------------------------------------------------------------------------------

BLOCK = "the result has the values of block(x)"
AS_PLAIN = "x and the parameters get the gradient that they would get without a checkpoint"
SECOND_RUN = "the backward goes through a second run of block, which computes what block is then"
DROPPED = "until the backward nothing is alive that block computed on its way"
SAME_NUMBERS = "the second run draws the random numbers of the first"
GENERATOR = "torch's generator is after the backward as it was before"
WATCHED = "a backward raises if a parameter of block was written to since the call"


class Block(nn.Module):
    """Runs a network and a dropout, if there is one; notes what it has made on the way."""

    def __init__(self, net: nn.Module, drop: float = 0.0):
        super().__init__()
        self.net, self.drop, self.made = net, nn.Dropout(drop), Storages()
        self.shift = 0.0  # no parameter and no buffer

    def forward(self, x: Tensor) -> Tensor:
        """Return the sine of the exponential of what the network makes of x, some of it dropped."""
        h = (self.net(x) + self.shift).exp()
        self.made.add(h)
        return self.drop(h.sin())


@case("checkpointed", "a backward starts at the result", "10-checkpointing#a-frozen-input")
def through_a_checkpoint(checkpointed: Function, draw: Draw, see: Observer):
    kind = draw.choice("constant", "leaf", "interior", "view")
    block = Block(drawn_net(draw, "block", 2, 3, draw.choice("plain", "nested")))
    x = draw.tensor("x", kind, (draw.choice(4, 1), 2))
    if draw.choice(False, True):
        freeze_first(draw, "block", block)
    leaves = named(block) | ({} if kind == "constant" else {"x": draw.source(x)})
    draw.prefill(*leaves.values())
    draw.hook(**({} if kind == "constant" else {"x": x}))
    before = see.look(x=x, block=block)
    result = see.call(checkpointed, block, x)
    see.value("the result", result, BLOCK)
    see.left("what has changed on x and block", before, "x and block are unchanged", x=x, block=block)
    later = yield
    see.gradients("a backward", weighted(later, result).backward, AS_PLAIN, **leaves)
    draw.feature(*AGAIN)
    move(later, *block.parameters())
    again = see.call(checkpointed, block, x, name="a second call")
    see.value("the second result", again, "a later call computes with what block is then")
    learns = [p for p in block.parameters() if p.requires_grad]
    got = list[Tensor]()
    ask = weighted(later, again)
    see.raised("autograd.grad", lambda: got.extend(torch.autograd.grad(ask, learns)), "autograd.grad works too")
    see.value("the gradients that autograd.grad returns", got, AS_PLAIN)
    other = drawn_net(later, "another block", 2, 2)
    y = later.numbers((3, 2))
    see.value("the result of another block", see.call(checkpointed, other, y, name="a third call"), BLOCK)
    see.value("the first result afterwards", result, "what an earlier call returned stays")


def generator_state() -> bytes:
    """Return the state of torch's generator, which nobody can change."""
    return torch.get_rng_state().numpy().tobytes()


def set_generator(state: bytes) -> None:
    """Set the state of torch's generator."""
    torch.set_rng_state(torch.frombuffer(bytearray(state), dtype=torch.uint8))


@case("checkpointed", "block drops some of its numbers", "10-checkpointing#random-numbers")
def random_numbers(checkpointed: Function, draw: Draw, see: Observer):
    block, x = Block(drawn_net(draw, "block", 2, 4), 0.5), draw.tensor("x", draw.choice("leaf", "constant"), (8, 2))
    if draw.choice(False, True):
        block.eval()
        draw.feature("a model that is in evaluation mode")
    draw.given.append(f"block ends in a dropout, in {'training' if block.training else 'evaluation'} mode")
    torch.manual_seed(draw.integer(1, 10**6))
    start, hanging = generator_state(), see.look(x=x, block=block)
    result = see.call(checkpointed, block, x)
    see.left("what has changed on x and block", hanging, "x and block are unchanged", x=x, block=block)
    once = generator_state()
    set_generator(start)
    with torch.no_grad():
        plain = see.run(lambda: block(x))
    agrees = isinstance(result, Tensor) and result.shape == plain.shape and torch.allclose(result, plain)
    see.value("whether it is what block(x) gives with these random numbers", agrees, BLOCK)
    moved = once == generator_state()
    see.value("whether the generator has moved by one run", moved, "one run is seen: that of the call")
    set_generator(once)
    later = yield
    torch.rand(later.integer(1, 9))
    weights = later.numbers(plain.shape)
    before, leaves = generator_state(), named(block)
    see.run((result * weights).sum().backward)
    see.value("whether the generator is as before", before == generator_state(), GENERATOR)
    got = [leaf.grad for leaf in leaves.values()]
    set_generator(start)
    expected = see.run(lambda: torch.autograd.grad((block(x) * weights).sum(), list(leaves.values())))
    right = [g is not None and torch.allclose(g, e, atol=1e-5) for g, e in zip(got, expected, strict=True)]
    see.value("which gradients belong to these random numbers", right, SAME_NUMBERS)
    block.eval()
    see.value("the result without dropout", see.call(checkpointed, block, x, name="a second call"), BLOCK)


@case(
    "checkpointed",
    "what is alive is counted before the backward",
    "10-checkpointing#what-it-saves-and-costs",
    counts_alive=True,
)
def dropped(checkpointed: Function, draw: Draw, see: Observer):
    block = Block(drawn_net(draw, "block", 2, 3, draw.choice("plain", "nested")))
    x, made = draw.tensor("x", draw.choice("constant", "leaf", "interior"), (3, 2)), block.made
    result = see.call(checkpointed, block, x)
    see.value("the result", result, BLOCK)
    if made.alive():
        gc.collect()
    see.value("how many tensors of block are alive", made.alive(), DROPPED)
    later = yield
    see.gradients("a backward", weighted(later, result).backward, AS_PLAIN, **named(block))
    second = see.call(checkpointed, block, x, name="a second call")
    if made.alive():
        gc.collect()
    see.value("how many tensors of block are alive after a second call", made.alive(), DROPPED)
    see.gradients("a second backward", weighted(later, second).backward, AS_PLAIN, **named(block))
    third = see.call(checkpointed, block, x, name="a third call")
    block.shift = later.number(0.1, 0.3)
    later.given.append(f"then block adds {block.shift} to what its network returns: no parameter has changed")
    see.gradients("a third backward", weighted(later, third).backward, SECOND_RUN, **named(block))


@case("checkpointed", "a parameter is written to before the backward", "10-checkpointing#what-a-closure-holds")
def written_before(checkpointed: Function, draw: Draw, see: Observer):
    block = Block(drawn_net(draw, "block", 2, 3, draw.choice("plain", "nested")))
    x = draw.tensor("x", draw.choice("leaf", "constant"), (3, 2))
    if draw.choice(False, True):
        freeze_first(draw, "block", block)
    result = see.call(checkpointed, block, x)
    see.value("the result", result, BLOCK)
    place = draw.choice(0, -1)
    name, parameter = list(block.named_parameters())[place]
    later = yield
    move(later, parameter, said=name)
    loss = weighted(later, result)
    see.flags("a loss of the result", loss, "the result leads back to block")
    see.raised("a backward after the write", loss.backward, WATCHED)
    again = see.call(checkpointed, block, x, name="a second call")
    see.gradients("a backward of the second call", weighted(later, again).backward, AS_PLAIN, **named(block))


# lora -----------------------------------------------------------------------------------------------------

SUM = "net(x) is layer(x) + x @ a.T @ b.T"
ONLY = "a and b learn, and the parameters of layer do not; gradient flows to x"
AT_FIRST = "at first net(x) is layer(x), although a is not zero"
DRIVEN = "an optimizer of all parameters of net moves a and b alone"
MERGED = "merged() is one nn.Linear with the values of net"


def drawn_layer(draw: Draw, name: str = "layer", dtype: torch.dtype | None = None) -> nn.Linear:
    """Return the layer of a LoRA."""
    dtype = dtype or draw.choice(torch.float32, torch.float64)
    bias = draw.choice(True, False)
    draw.feature("with a bias" if bias else "without a bias", str(dtype).removeprefix("torch."))
    layer = linear(draw, 3, 2, bias=bias, dtype=dtype)
    draw.given.append(f"{name} is a Linear from 3 to 2 features, {'with' if bias else 'without'} a bias ({dtype})")
    return layer


def rank_of(draw: Draw) -> int:
    """Draw a rank."""
    rank = draw.choice(2, 1)
    draw.feature("a rank of 1" if rank == 1 else "a larger rank")
    draw.given.append(f"rank = {rank}")
    return rank


def small_of(see: Observer, net: Any) -> tuple[Tensor, Tensor]:
    """Return a and b, which a net may compute."""
    return see.run(lambda: (net.a, net.b))


def set_small(see: Observer, draw: Draw, net: Any) -> Leaves:
    """Write drawn numbers into a and b, and return them."""
    a, b = small_of(see, net)
    with torch.no_grad():
        for small in (a, b):
            small.copy_(draw.numbers(small.shape, dtype=small.dtype))
    draw.given.append("then numbers are written into net.a and net.b")
    return {"a": a, "b": b}


def output(see: Observer, net: Any, x: Tensor) -> Tensor:
    """Return what a net makes of x."""
    return see.run(lambda: net(x))


def learning(net: nn.Module) -> list[str]:
    """Say which shapes the parameters have that require grad."""
    return sorted(str(tuple(p.shape)) for p in net.parameters() if p.requires_grad)


@case("lora", "the new net is used for the first time", "10-fine-tuning#lora-by-hand")
def at_first(lora: Function, draw: Draw, see: Observer):
    layer, rank = drawn_layer(draw), rank_of(draw)
    old = dict(layer.named_parameters())
    net = see.call(lora, layer, rank)
    see.value(
        "the shapes of what requires grad",
        see.run(lambda: learning(net)),
        "a has the shape (rank, in) and b (out, rank)",
    )
    a, b = small_of(see, net)
    see.flags("a", a, "a and b are parameters")
    see.value("whether a is zero", not a.any(), AT_FIRST)
    see.value("b", b, AT_FIRST)
    held = see.run(lambda: list(net.parameters()))
    kept = [any(p is q for q in held) for p in old.values()]
    see.value("which parameters of layer are among those of net", kept, "net holds layer itself, and no copy")
    later = yield
    x = later.numbers((2, 3), dtype=layer.weight.dtype)
    see.value("net(x)", output(see, net, x), AT_FIRST)
    see.value("layer(x)", see.run(lambda: layer(x)), "layer itself computes as before")
    draw.feature(*AGAIN)
    move(later, *layer.parameters(), said="layer")
    second = see.call(lora, layer, rank, name="a second call")
    see.value(
        "whether both nets have the same a",
        torch.equal(a, small_of(see, second)[0]),
        "a is random, another in each call",
    )
    small = set_small(see, later, second)
    see.value(
        "the first net, when the second has learnt", output(see, net, x), "each call makes an a and a b of its own"
    )
    other = see.call(lora, drawn_layer(later, "another layer", torch.float32), 3, name="a call with another layer")
    more = set_small(see, later, other)
    see.value("the second net", output(see, second, x), SUM)
    see.value("the net of another layer", output(see, other, x.float()), SUM)
    leaves = {"a of the second": small["a"], "b of the second": small["b"], "a of another layer": more["a"]}
    leaves |= dict(layer.named_parameters())
    see.gradients("a backward", weighted(later, output(see, second, x)).backward, ONLY, **leaves)


@case("lora", "a backward goes through the net", "10-fine-tuning#lora-by-hand")
def who_learns(lora: Function, draw: Draw, see: Observer):
    layer, rank = drawn_layer(draw), rank_of(draw)
    x = draw.numbers(draw.choice((2, 3), (3,), (2, 2, 3)), dtype=layer.weight.dtype)
    net = see.call(lora, layer, rank)
    leaves = set_small(see, draw, net) | dict(layer.named_parameters())
    if draw.choice(False, True):
        leaves["x"] = x.requires_grad_()
    draw.given.append(f"x is a {'leaf' if x.requires_grad else 'constant'} of shape {tuple(x.shape)}")
    result = output(see, net, x * 1)
    see.value("net(x)", result, SUM)
    later = yield
    see.gradients("a backward", weighted(later, result).backward, ONLY, **leaves)


@case("lora", "an optimizer of all its parameters makes steps", "10-fine-tuning#a-frozen-body")
def driven(lora: Function, draw: Draw, see: Observer):
    layer, rank = drawn_layer(draw, dtype=torch.float32), rank_of(draw)
    if draw.choice(True, False):
        draw.prefill(*layer.parameters())
        draw.given.append("the parameters of layer have a .grad from earlier")
    net = see.call(lora, layer, rank)
    leaves = set_small(see, draw, net)
    held = see.run(lambda: list(net.parameters()))
    optimizer = torch.optim.SGD(held, lr=draw.number(0.1, 0.3), momentum=0.7, weight_decay=0.3)
    later = yield
    for _ in range(2):
        see.run(weighted(later, output(see, net, later.numbers((4, 3)))).backward)
        optimizer.step()
    see.value("a and b after two steps", leaves, DRIVEN)
    see.value("layer after two steps", dict(layer.named_parameters()), DRIVEN)


@case("lora", "the adapter is merged", "10-fine-tuning#lora-by-hand")
def merging(lora: Function, draw: Draw, see: Observer):
    layer, rank = drawn_layer(draw), rank_of(draw)
    net = see.call(lora, layer, rank)
    leaves = set_small(see, draw, net)
    merged = see.call(see.run, lambda: net.merged(), name="merged()")
    see.value("whether it is an nn.Linear", type(merged) is nn.Linear, MERGED)
    weight, bias = see.run(lambda: (merged.weight, merged.bias))  # which may be of a class of the answer's own
    held = {"layer.weight": layer.weight, "a": leaves["a"], "b": leaves["b"], "merged.weight": weight}
    held |= {} if layer.bias is None else {"layer.bias": layer.bias, "merged.bias": bias}
    see.sharing("who shares memory", "the merged layer shares no memory with net", **held)
    parts = {"weight": weight, "bias": bias}
    history = [name for name, part in parts.items() if part is not None and part.grad_fn is not None]
    see.value("what of it has a history", history, "the merged layer has no history")
    see.value("merged.weight", weight.detach(), MERGED)
    later = yield
    x = later.numbers((2, 3), dtype=layer.weight.dtype).requires_grad_()
    see.value("merged(x)", output(see, merged, x), MERGED)
    see.value("net(x)", output(see, net, x), "net itself is unchanged")
    move(later, *leaves.values(), said="a and b")
    see.value("merged(x) when a and b have moved", output(see, merged, x), "what was merged stays")
    again = see.call(see.run, lambda: net.merged(), name="a second merged()")
    see.value("merged() again", output(see, again, x), MERGED)
    see.gradients("a backward through net", weighted(later, output(see, net, x)).backward, ONLY, **leaves)


# load_without_copy ----------------------------------------------------------------------------------------

LOADED = "each parameter and buffer has the numbers of state"
NO_COPY = "they lie in the memory of state: nothing is copied"
OBJECTS = "each parameter and buffer is the object that it was"
FLAGS = "what was frozen is frozen, and what learnt learns"
STATES = ("constant", "leaf", "interior tensor", "part")
OPTIMIZER = "an optimizer that holds the parameters goes on with them"


class Tiny(nn.Module):
    """Two layers, a buffer between them in the order of the state, and a BatchNorm."""

    def __init__(self, draw: Draw):
        super().__init__()
        self.register_buffer("shift", draw.numbers((2,)))
        self.first, self.norm = linear(draw, 2, 2), nn.BatchNorm1d(2)
        self.last = linear(draw, 2, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return what the layers make of x."""
        return self.last(self.norm(self.first(x) + self.shift).tanh())


def loadable(draw: Draw, name: str, kind: str) -> nn.Module:
    """Return a network with buffers in its state."""
    if kind == "nested":
        return drawn_net(draw, name, 2, 1, kind)
    draw.feature("a buffer", "a child with parameters of its own")
    draw.given.append(f"{name} is a network from (n, 2) to (n, 1) with a BatchNorm and a buffer")
    return Tiny(draw)


def drawn_state(draw: Draw, net: nn.Module, kind: str) -> dict[str, Tensor]:
    """Return a state for the net: constants, leaves that require grad, interior tensors, or parts of one memory."""
    state, made = dict[str, Tensor](), dict[int, Tensor]()
    for name, held in held_by(net).items():
        if id(held) not in made:
            made[id(held)] = fresh(draw, held, kind)
        state[name] = made[id(held)]
    kinds = {"leaf": "leaves", "part": "parts of larger tensors"}.get(kind, f"{kind}s")
    draw.feature(f"a state of {kinds}")
    draw.given.append(f"state holds {kinds}" + (", shared ones under both names" if len(made) < len(state) else ""))
    return state


def fresh(draw: Draw, held: Tensor, kind: str) -> Tensor:
    """Return new numbers for a parameter or buffer."""
    if not held.is_floating_point():
        return torch.tensor(draw.integer(2, 9))
    values = draw.numbers(held.shape, signed=False)  # a variance is positive
    if kind == "part":
        return torch.cat([values, values], -1)[..., held.shape[-1] :]
    values.requires_grad_(kind != "constant")
    return values * 1 if kind == "interior tensor" else values


def held_by(net: nn.Module) -> Leaves:
    """Return the parameters and buffers of a state by all their names."""
    return dict(net.state_dict(keep_vars=True))


def numbers_of(net: nn.Module) -> Leaves:
    """Return their numbers."""
    return {name: held.detach().clone() for name, held in held_by(net).items()}


@case("load_without_copy", "the state is loaded", "10-fine-tuning#loading")
def loaded(load_without_copy: Function, draw: Draw, see: Observer):
    net = loadable(draw, "net", draw.choice("plain", "nested"))
    state = drawn_state(draw, net, draw.choice(*STATES))
    if draw.choice(False, True):
        freeze_first(draw, "net", net)
    old, before, held = held_by(net), see.look(net=net), dict(state)
    lay = {name: tensor.data_ptr() for name, tensor in state.items()}
    flags = {name: tensor.requires_grad for name, tensor in state.items()}
    see.call(load_without_copy, net, state)
    now = see.run(lambda: held_by(net))
    see.value("the parameters and buffers", see.run(lambda: numbers_of(net)), LOADED)
    see.value("which are the objects that they were", [name for name in old if now.get(name) is old[name]], OBJECTS)
    places = [name for name in now if now[name].data_ptr() == lay[name]]
    see.value("which lie in the memory of state", places, NO_COPY)
    see.left("what has changed on net", before, "flags, .grad, hooks and mode are as before", net=net)
    same = list(state) == list(held) and all(state[name] is held[name] for name in held)
    same = same and {name: tensor.data_ptr() for name, tensor in state.items()} == lay
    see.value("whether state holds what it held", same, "state is unchanged")
    asked = "the flags of the tensors in state are as before"
    see.value("whose flag has changed", [n for n, t in held.items() if t.requires_grad != flags[n]], asked)
    later = yield
    with torch.no_grad():
        held["last.weight"].mul_(later.number())
    see.value("last.weight when state is written to", now["last.weight"].detach(), NO_COPY)
    draw.feature(*AGAIN)
    again = see.run(lambda: drawn_state(later, net, "constant"))
    see.call(load_without_copy, net, again, name="a second call")
    see.value("the parameters and buffers then", see.run(lambda: numbers_of(net)), LOADED)
    see.call(load_without_copy, net, state, name="a third call, with the first state")
    see.value("the parameters and buffers with the first state", see.run(lambda: numbers_of(net)), LOADED)
    other = loadable(later, "another net", "plain")
    more = drawn_state(later, other, "constant")
    see.call(load_without_copy, other, more, name="a call with another net")
    see.value("those of another net", see.run(lambda: numbers_of(other)), LOADED)
    see.value("those of net afterwards", see.run(lambda: numbers_of(net)), "what was loaded stays")


@case("load_without_copy", "an optimizer goes on", "10-fine-tuning#loading")
def an_optimizer_goes_on(load_without_copy: Function, draw: Draw, see: Observer):
    net = loadable(draw, "net", draw.choice("plain", "nested")).eval()
    draw.feature("a model that is in evaluation mode")
    optimizer = torch.optim.SGD(net.parameters(), lr=0.2, momentum=0.7)
    weighted(draw, net(draw.numbers((3, 2)))).backward()
    optimizer.step()
    draw.given.append("an optimizer of net, with momentum, has made a step; net is in evaluation mode")
    state = drawn_state(draw, net, "constant")
    see.call(load_without_copy, net, state)
    later = yield
    optimizer.zero_grad()
    see.run(lambda: weighted(later, net(later.numbers((3, 2)))).backward())
    optimizer.step()
    see.value("the parameters and buffers after a step", see.run(lambda: numbers_of(net)), OPTIMIZER)


@case("load_without_copy", "gradients and hooks are there", "10-fine-tuning#loading")
def gradients_and_hooks(load_without_copy: Function, draw: Draw, see: Observer):
    net = loadable(draw, "net", draw.choice("plain", "nested")).eval()
    draw.prefill(*net.parameters())
    if draw.choice(False, True):
        freeze_first(draw, "net", net)
    draw.hook(weight=next(p for p in net.parameters() if p.requires_grad))
    kind = draw.choice("interior tensor", "leaf")
    state = drawn_state(draw, net, kind)
    see.call_for_gradients("the call", "what .grad holds is unchanged", load_without_copy, net, state, **named(net))
    later = yield
    learns = {n: p for n, p in net.named_parameters() if p.requires_grad}
    loss = see.run(lambda: weighted(later, net(later.numbers((3, 2)))))
    see.gradients("a backward", loss.backward, FLAGS, **learns)
    sent = [name for name, t in state.items() if t.is_leaf and t.requires_grad and t.grad is not None]
    see.value("which tensors of state have a gradient", sent, "nothing is sent to state")
