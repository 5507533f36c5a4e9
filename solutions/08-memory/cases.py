"""The cases of 08-memory: which inputs a function is given, and what is observed of it."""

import gc
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy
import torch
from torch import Tensor, nn

from gradstop.observe import AGAIN, FILLED, AppendOnly, Census, Draw, Form, Observer, case

Function = Callable[..., Any]


def collected(census: Census) -> Census:
    """Collect garbage where anything is alive; return the census."""
    if census.nodes() or census.saved():
        gc.collect()
    return census


def loss_of(later: Draw, result: Tensor) -> Tensor:
    """Make a scalar of ``result`` by weights that nobody knew when it was computed; ``result`` is saved for it."""
    return (result.square() * later.numbers(result.shape, dtype=result.dtype)).sum()


def precision(draw: Draw) -> torch.dtype:
    """Draw one of the two dtypes that the exercises speak of."""
    return draw.choice(torch.float32, torch.float64)


def leaf(draw: Draw, name: str, form: Form | tuple[int, ...], dtype: torch.dtype = torch.float32) -> Tensor:
    """Return a leaf that requires grad; loss functions compute with it, and the exercise's function is not given it."""
    made = draw.numbers(form, dtype=dtype).requires_grad_()
    draw.given.append(f"{name} is a leaf of shape {tuple(made.shape)} ({str(dtype).removeprefix('torch.')})")
    return made


def change(later: Draw, name: str, tensor: Tensor) -> None:
    """Give a tensor other values, in place."""
    with torch.set_grad_enabled(False):
        tensor.copy_(later.numbers(tensor.shape, dtype=tensor.dtype))
    later.given.append(f"then {name} is given other values, in place")


def named(things: str, numbers: list[int]) -> str:
    """Say which of the losses, states or steps, by their numbers."""
    return f"{things} {', '.join(map(str, numbers))}" if numbers else "none"


def requiring_grad(things: str, result: Any) -> str:
    """Say which of a list's items are tensors that require grad."""
    items = enumerate(result, 1) if isinstance(result, list) else ()
    return named(things, [number for number, item in items if isinstance(item, Tensor) and item.requires_grad])


# train --------------------------------------------------------------------------------------------------

UPDATED = "after n steps of zero, backward, step the parameters are where these steps lead"
LOSSES = "the result is a list of the n losses, each as it was before its step, as a number or a tensor without a graph"


class Regression:
    """Four parameters, data, and a loss function that counts the graphs it makes.

    The loss depends on w, b and c; d is there for the optimizer alone, and c is frozen. The targets lie far below what
    is predicted: no gradient is small by cancellation, which Adam would magnify.
    """

    def __init__(self, draw: Draw, name: str = ""):
        self.w, self.b = leaf(draw, f"{name}w", (3,)), leaf(draw, f"{name}b", (1,))
        self.c, self.d = draw.numbers((3,)), draw.numbers((2,)).requires_grad_()
        self.x, self.y = draw.numbers((4, 3), signed=False), self.targets(draw)
        self.census, self.held = Census(), {"w": self.w, "b": self.b}
        self.driven = AppendOnly()  # one item for each loss that has received a gradient

    @staticmethod
    def targets(draw: Draw) -> Tensor:
        """Draw what is to be predicted."""
        return draw.numbers((4,)) - 25

    def loss(self) -> Tensor:
        """Return the loss; its graph is counted."""
        driven, census = self.driven, self.census
        with census.recording():
            w, b = census.through(self.w), census.through(self.b)
            loss = ((self.x * w + self.c).sum(1) + b - self.y).div(10).square().mean()
        if loss.requires_grad:
            loss.register_hook(lambda _: driven.add(True))
        return loss

    def optimizer(self, draw: Draw) -> torch.optim.Optimizer:
        """Draw an optimizer for the parameters; ``held`` is what it holds."""
        lr, other = draw.number(1.0, 2.0), draw.number(3.0, 4.0)
        kind = draw.choice(
            "SGD", "SGD with momentum, in two groups", "Adam with weight decay, a frozen parameter c and an unused d"
        )
        draw.given.append(f"opt is {kind}")
        if kind == "SGD":
            return torch.optim.SGD([self.w, self.b], lr=lr)
        if "groups" in kind:
            draw.feature("several parameter groups", "momentum")
            return torch.optim.SGD([{"params": [self.w]}, {"params": [self.b], "lr": other}], lr=lr, momentum=0.7)
        draw.feature("a frozen parameter", "a parameter without .grad", "a parameter that the loss does not depend on")
        self.held = {"w": self.w, "b": self.b, "c": self.c, "d": self.d}
        return torch.optim.Adam(self.held.values(), lr=lr / 10, weight_decay=0.5)

    def parameters(self) -> list[Tensor]:
        """Return all parameters, held by the optimizer or not."""
        return [self.w, self.b, self.c, self.d]

    def clear(self) -> None:
        """Clear all gradients: what ``.grad`` holds after the steps is free."""
        for parameter in self.parameters():
            parameter.grad = None


def steps(draw: Draw) -> int:
    """Draw n."""
    n = draw.choice(3, 1)
    draw.feature("one step" if n == 1 else "several steps")
    draw.given.append(f"n = {n}")
    return n


def as_numbers(result: Any) -> Any:
    """Return a list's losses as Python numbers: those that are tensors or NumPy's become what they hold."""
    if not isinstance(result, list):
        return result
    return [float(r) if isinstance(r, Tensor | numpy.ndarray | numpy.generic) else r for r in result]


@case("train", "the parameters have no gradient yet", "08-memory#keep-numbers-not-tensors")
def a_fresh_start(train: Function, draw: Draw, see: Observer):
    task = Regression(draw)
    opt, n, loss = task.optimizer(draw), steps(draw), task.loss
    before = see.look(opt=opt, **task.held)
    result = see.call(train, loss, opt, n)
    see.value("the result", as_numbers(result), LOSSES)
    see.value("the parameters", task.parameters(), UPDATED)
    later = yield
    draw.feature(*AGAIN)
    task.y = task.targets(later)
    again = see.call(train, loss, opt, n, name="a second call")
    see.value("the losses of the second call", as_numbers(again), LOSSES)
    see.value("the parameters after the second call", task.parameters(), UPDATED)
    other = Regression(later, "another ")
    third = see.call(train, other.loss, torch.optim.SGD([other.w, other.b], lr=2.0), 2, name="a call with another opt")
    see.value("the losses of the call with another opt", as_numbers(third), LOSSES)
    see.value("the parameters of the other opt", other.parameters(), UPDATED)
    asked = "each loss in the list stays as it was before its step"
    see.value("the first result after the other calls", as_numbers(result), asked)
    task.clear()
    asked = "apart from the steps nothing changes on opt and its parameters"
    see.left("what has changed on opt and its parameters, but for .grad", before, asked, opt=opt, **task.held)


@case("train", "the parameters hold gradients from earlier", "08-memory#gradients-add-up")
def earlier_gradients(train: Function, draw: Draw, see: Observer):
    task = Regression(draw)
    opt, n = task.optimizer(draw), steps(draw)
    draw.prefill(*task.held.values())
    draw.given.append("all parameters of opt have a .grad from earlier")
    draw.hook(w=task.w)
    loss = task.loss
    result = see.call(train, loss, opt, n)
    see.value("the result", as_numbers(result), LOSSES)
    see.value("the parameters", task.parameters(), UPDATED)
    later = yield
    later.prefill(*task.held.values())
    see.call(train, loss, opt, n, name="a second call")
    see.value("the parameters after the second call", task.parameters(), UPDATED)


@case(
    "train", "the graphs that are alive afterwards are counted", "08-memory#what-a-graph-keeps-alive", counts_alive=True
)
def nothing_alive(train: Function, draw: Draw, see: Observer):
    task = Regression(draw)
    opt, n, loss = task.optimizer(draw), steps(draw), task.loss
    census, driven = task.census, task.driven
    ends, made = [census.end_of(task.w), census.end_of(task.b)], len(census.tagged.all())
    result = see.call(train, loss, opt, n)
    del ends
    alive = "no graph is alive afterwards, while the list is kept"
    see.alive("what is alive", collected(census), alive)
    counted = "each" if len(driven.all()) >= n <= len(census.tagged.all()) - made else "not each"
    see.value("which of the losses that were counted received a gradient", counted, UPDATED)
    see.value("the losses that require grad", requiring_grad("losses", result), "no loss in the list requires grad")
    see.value("the result", as_numbers(result), LOSSES)
    later = yield
    task.y = task.targets(later)
    ends = [census.end_of(task.w), census.end_of(task.b)]
    again = see.call(train, loss, opt, n, name="a second call")
    del ends
    see.alive("what is alive after the second call", collected(census), alive)
    see.value("the losses of the second call", as_numbers(again), LOSSES)


# accumulate ---------------------------------------------------------------------------------------------


def note_sent(driven: AppendOnly, *tensors: Tensor) -> None:
    """Have the gradients that arrive at tensors noted, each with the place of its tensor."""
    for place, tensor in enumerate(tensors):
        if tensor.requires_grad:
            # A clone: torch takes what arrives for .grad, and adds to it in place later.
            tensor.register_hook(lambda gradient, place=place: driven.add((place, gradient.detach().clone())))


def grads_of(leaves: list[Tensor]) -> tuple[tuple[float, ...], ...]:
    """Return the numbers of each .grad, zeros where there is none; nobody can change them."""
    grads = (torch.zeros_like(leaf) if leaf.grad is None else leaf.grad for leaf in leaves)
    return tuple(tuple(grad.flatten().tolist()) for grad in grads)


def went_through(driven: AppendOnly, before: tuple[tuple[float, ...], ...], leaves: list[Tensor]) -> str:
    """Say whether what .grad has gained is what was noted, which may be scaled afterwards: its direction is compared.

    To drive what is counted by zeros, and compute by something that is not counted, is not enough.
    """
    zeros = map(torch.zeros_like, leaves)
    noted = [sum((gradient for at, gradient in driven.all() if at == place), zero) for place, zero in enumerate(zeros)]
    sent = torch.cat([part.flatten() for part in noted])
    gained = sent.new_tensor(sum(grads_of(leaves), ())) - sent.new_tensor(sum(before, ()))
    return "the gradient of these" if torch.cosine_similarity(sent, gained, dim=0) > 0.999 else "another gradient"


class Kept(NamedTuple):
    """What loss functions note: who is given them adds to it, and changes nothing of it.

    Attributes:
        censuses: one for each loss.
        looks: at each loss the numbers of the losses of which something saved is alive, and of those with nodes alive.
        driven: what each loss has sent to a leaf, and the place of that leaf.

    """

    censuses: AppendOnly
    looks: AppendOnly
    driven: AppendOnly

    def look(self) -> None:
        """Note what is alive of other graphs; garbage is collected only before there was too much."""
        saved, graphs = self.alive()
        if not self.most(0) and len(self.most(1)) <= 1 and (saved or len(graphs) > 1):
            gc.collect()
            saved, graphs = self.alive()
        self.looks.add((saved, graphs))

    def alive(self) -> tuple[list[int], list[int]]:
        """Return the numbers of the losses of which something saved is alive, and of those with nodes alive."""
        numbered = list(enumerate(self.censuses.all(), 1))
        return [i for i, c in numbered if c.saved()], [i for i, c in numbered if c.nodes()]

    def most(self, which: int) -> list[int]:
        """Return the longest of the first, or of the second, lists of all looks."""
        return max((look[which] for look in self.looks.all()), key=len, default=[])


class Losses:
    """Functions that each return a loss, and note what of the earlier graphs is alive while they run.

    ``order`` says which functions the list holds: one may be there twice.
    """

    def __init__(self, draw: Draw, leaves: list[Tensor], order: tuple[int, ...], where: str = ""):
        self.leaves, self.kept = leaves, Kept(AppendOnly(), AppendOnly(), AppendOnly())
        self.factors = [[draw.numbers(t.shape, dtype=t.dtype) for t in leaves] for _ in range(max(order) + 1)]
        self.functions = [lambda i=i: self.loss(i) for i in range(max(order) + 1)]
        self.list = [self.functions[i] for i in order]
        twice = ", the first of them there twice" if order.count(0) > 1 else ""
        draw.feature("a function that is there twice" if twice else "one function" if len(order) == 1 else "functions")
        draw.given.append(f"{len(self.functions)} loss functions{twice}{where}")

    def loss(self, number: int) -> Tensor:
        """Return one loss."""
        census, kept = Census(), self.kept
        with census.recording():
            leaves = [census.through(leaf) for leaf in self.leaves]
            terms = [(leaf.sin() * f).exp().sum() for leaf, f in zip(leaves, self.factors[number], strict=True)]
            loss = sum(terms).sqrt() + 0.5  # may be divided in place: its last operation saves nothing
        note_sent(kept.driven, *leaves)
        kept.look()
        kept.censuses.add(census)
        return loss


def see_kept(see: Observer, accumulate: Function, losses: Losses, leaves: dict[str, Tensor], name: str) -> None:
    """Call the function, observe what was alive; losses are numbered in the order in which they are computed."""
    kept, held = losses.kept, [*leaves.values()]
    before = grads_of(held)
    see.call_for_gradients(name, MEAN, accumulate, losses.list, **leaves)
    see.value(f"earlier losses with something saved alive, in {name}", named("losses", kept.most(0)), NO_SAVED)
    most = kept.most(1)
    graphs = "at most one" if len(most) <= 1 else named("losses", most)
    see.value(f"earlier losses with nodes alive, in {name}", graphs, ONE_GRAPH)
    through = went_through(kept.driven, before, held)
    see.value(f"what .grad has gained by the losses that were computed, in {name}", through, MEAN)


MEAN = "the gradient of the mean of the losses is added to what .grad holds"
NO_SAVED = "while one loss is computed, nothing that was saved for an earlier one is alive"
ONE_GRAPH = "while one loss is computed, the nodes of at most one earlier graph are alive"
LISTS = ((0, 1, 2), (0,), (0, 1, 0))


@case("accumulate", "the leaves have no gradient yet", "08-memory#gradients-add-up", counts_alive=True)
def no_gradient_yet(accumulate: Function, draw: Draw, see: Observer):
    dtype = precision(draw)
    w, b = leaf(draw, "w", draw.form("matrix", "scalar"), dtype), leaf(draw, "b", (2,), dtype)
    losses = Losses(draw, [w, b], (0, 1))
    see.call_for_gradients("the call", MEAN, accumulate, losses.list, w=w, b=b)
    later = yield
    draw.feature("called again with another object", "called again after the object has changed")
    change(later, "w", w)
    see.call_for_gradients("a second call with the same list", MEAN, accumulate, losses.list, w=w, b=b)
    more = Losses(later, [b, w], (0, 1, 2), " in another list")
    see.call_for_gradients("a call with another list", MEAN, accumulate, more.list, w=w, b=b)


@case("accumulate", "the leaves hold gradients from earlier", "08-memory#gradients-add-up", counts_alive=True)
def gradients_there_already(accumulate: Function, draw: Draw, see: Observer):
    w, b = leaf(draw, "w", (2, 3)), leaf(draw, "b", ())
    draw.prefill(w, b)
    draw.given.append("w and b have a .grad from earlier")
    draw.hook(w=w)
    losses = Losses(draw, [w, b], draw.choice(*LISTS))
    before = see.look(w=w, b=b)
    see.call_for_gradients("the call", MEAN, accumulate, losses.list, w=w, b=b)
    place = {id(function): i for i, function in enumerate(losses.functions)}
    held = [place.get(id(function), "something else") for function in losses.list]
    see.value("the functions that the list holds afterwards, by number", held, "the list itself is unchanged")
    later = yield
    see.left("what has changed on w and b, but for .grad", before, "nothing else of the leaves changes", w=w, b=b)
    total = loss_of(later, w * 1.5) + loss_of(later, b)
    see.gradients("another backward", total.backward, "later backwards add to it as usual", w=w, b=b)
    draw.feature("called again with the same object")
    see.call_for_gradients("a second call with the same list", MEAN, accumulate, losses.list, w=w, b=b)


@case(
    "accumulate",
    "what is alive is counted while the losses are computed",
    "08-memory#one-graph-at-a-time",
    counts_alive=True,
)
def one_graph_at_a_time(accumulate: Function, draw: Draw, see: Observer):
    w, b = leaf(draw, "w", (3,)), leaf(draw, "b", (2,))
    losses = Losses(draw, [w, b], draw.choice((0, 1, 2), (0, 1, 0, 2)))
    see_kept(see, accumulate, losses, {"w": w, "b": b}, "the call")
    later = yield
    more = Losses(later, [w, b], (0, 1, 2, 3), " in a second call")
    see_kept(see, accumulate, more, {"w": w, "b": b}, "a second call")
    see.call_for_gradients("a third call with the first list", MEAN, accumulate, losses.list, w=w, b=b)


# grad_penalty -------------------------------------------------------------------------------------------


class Penalised:
    """Two leaves and a loss function of both, which counts its graph."""

    def __init__(self, draw: Draw, form: Form, dtype: torch.dtype, name: str = ""):
        self.w = draw.tensor(f"{name}w", "leaf", form, dtype=dtype)
        self.u = leaf(draw, f"{name}u", form.shape, dtype)
        self.factor, self.census = draw.numbers(form.shape, dtype=dtype), Census()
        draw.given.append(f"loss_fn computes with {name}w and with another leaf, {name}u")

    def loss(self) -> Tensor:
        """Return the loss; what it saves is counted by the case."""
        w, u = self.census.through(self.w), self.census.through(self.u)
        return ((w * self.factor).tanh() * u.sigmoid()).sum() + w.square().sum()


PENALTY = "the result is the squared norm of the gradient of loss_fn() at w: the sum of its squares"
LEARNS = "the result is differentiable: a backward sends its gradient to w, and to whatever else loss_fn computes with"
KEPT = "no .grad is touched by the call: what it held is there, and nothing is added"
NOW = "each call computes with the leaves that it is given, as they are then"


@case("grad_penalty", "a backward starts at the result", "08-memory#gradients-of-gradients")
def the_penalty(grad_penalty: Function, draw: Draw, see: Observer):
    form = draw.form()
    task = Penalised(draw, form, precision(draw))
    draw.hook(w=task.w)
    loss_fn, before = task.loss, see.look(w=task.w, u=task.u)
    result = see.call(grad_penalty, loss_fn, task.w)
    see.value("the result", result, PENALTY)
    see.left("what has changed on w and u", before, "the leaves themselves are unchanged", w=task.w, u=task.u)
    later = yield
    loss = result * later.number(0.5, 2.0)
    see.gradients("a backward from the result", loss.backward, LEARNS, w=task.w, u=task.u)
    draw.feature(*AGAIN)
    change(later, "w", task.w)
    again = see.call(grad_penalty, loss_fn, task.w, name="a call after w was changed")
    see.value("the result after w was changed", again, NOW)
    other = Penalised(later, form, task.w.dtype, "another ")
    third = see.call(grad_penalty, other.loss, other.w, name="a call with another w")
    see.value("the result with another w", third, NOW)
    see.gradients("a backward from the result with another w", third.backward, LEARNS, w=other.w, u=other.u)
    see.value("the first result after the other calls", result, "what an earlier call returned stays what it is")


@case("grad_penalty", "w has a gradient from earlier, or none", "08-memory#gradients-of-gradients")
def the_gradient_of_w(grad_penalty: Function, draw: Draw, see: Observer):
    task = Penalised(draw, draw.form("matrix", "scalar"), torch.float32)
    leaves = {"w": task.w, "u": task.u}
    filled = draw.choice("w and u", "w", "")
    if filled:
        draw.prefill(*(tensor for name, tensor in leaves.items() if name in filled))
        draw.given.append(f"a .grad from earlier: {filled}")
    loss_fn, before = task.loss, see.look(**leaves)
    result = see.call_for_gradients("the call", KEPT, grad_penalty, loss_fn, task.w, **leaves)
    see.value("the result", result, PENALTY)
    see.left("what has changed on w and u", before, "the leaves themselves are unchanged", **leaves)
    later = yield
    loss = loss_of(later, task.w) + result * later.number(0.5, 2.0)
    see.gradients("a backward from a loss with the penalty", loss.backward, LEARNS, **leaves)
    change(later, "w", task.w)
    name = "a call after w was changed"
    again = see.call_for_gradients(name, KEPT, grad_penalty, loss_fn, task.w, **leaves)
    see.value("the result after w was changed", again, NOW)


@case(
    "grad_penalty",
    "the result is dropped and what is alive is counted",
    "08-memory#cycles-and-the-collector",
    counts_alive=True,
)
def all_is_freed(grad_penalty: Function, draw: Draw, see: Observer):
    task = Penalised(draw, draw.form("matrix", "scalar"), precision(draw))
    loss_fn, census = task.loss, task.census
    ends = [census.end_of(task.w), census.end_of(task.u)]
    with census.recording():
        result = see.call(grad_penalty, loss_fn, task.w)
    see.value("the result", result, PENALTY)
    freed = "everything is freed once the result is dropped, after a garbage collection"
    if draw.choice(True, False):
        draw.given.append("a backward goes through the result before it is dropped")
        see.gradients("a backward from the result", result.backward, LEARNS, w=task.w)
    del result, ends
    see.alive("what is alive", collected(census), freed)
    later = yield
    task.factor = later.numbers(task.factor.shape, dtype=task.factor.dtype)
    ends = [census.end_of(task.w), census.end_of(task.u)]
    with census.recording():
        again = see.call(grad_penalty, loss_fn, task.w, name="a second call")
    see.value("the second result", again, PENALTY)
    del again, ends
    see.alive("what is alive after the second call", collected(census), freed)


# tbptt --------------------------------------------------------------------------------------------------


class Steps(NamedTuple):
    """What a chain notes of its steps: who is given the chain adds to it, and changes nothing of it.

    Attributes:
        nodes: of all steps; of each two are counted.
        ends: of all graphs of w and b, while the case lets them be counted: also of those that no step has made.
        saved: a census of what is saved, one for each step.
        looks: at each step of how many steps nodes are alive, and the numbers of those of which something saved is.
        driven: what each step has sent to w and b.
        weighted: what each step has sent to b, times the square of the state that it was given.

    """

    nodes: Census
    ends: Census
    saved: AppendOnly
    looks: AppendOnly
    driven: AppendOnly
    weighted: AppendOnly

    def look(self, k: int) -> None:
        """Note what is alive; garbage is collected only before there was too much."""
        nodes, saved = self.most()
        if nodes <= 2 * k and len(saved) <= k and (self.with_nodes() > 2 * k or len(self.with_saved()) > k):
            gc.collect()
        self.looks.add((self.with_nodes(), self.with_saved()))

    def most(self) -> tuple[float, list[int]]:
        """Return of how many steps nodes were alive at most, and the longest list of those with something saved."""
        looks = self.looks.all()
        return max((n for n, _ in looks), default=0.0), max((saved for _, saved in looks), key=len, default=[])

    def with_nodes(self) -> float:
        """Return of how many steps nodes are alive."""
        return self.nodes.nodes() / 2

    def with_saved(self) -> list[int]:
        """Return the numbers of the steps of which something saved is alive."""
        return [number for number, census in enumerate(self.saved.all(), 1) if census.saved()]

    def graphs(self) -> Census:
        """Return a census of the nodes of steps and of the ends of graphs together."""
        both = Census()
        for reference in (*self.nodes.tagged.all(), *self.ends.tagged.all()):
            both.tagged.add(reference)
        return both

    def shares(self) -> Tensor:
        """Return the sum of ``weighted`` as shares of its norm: who sends each step another gradient has others."""
        total = sum(self.weighted.all(), torch.zeros(1))
        return total / total.norm().clamp(min=1e-12)


class Chain:
    """A step with two parameters, which notes of how many steps something is alive."""

    def __init__(self, draw: Draw, form: Form, dtype: torch.dtype = torch.float32):
        self.w, self.b = leaf(draw, "w", form, dtype), leaf(draw, "b", form, dtype)
        self.k, self.steps = 1, Steps(Census(), Census(), AppendOnly(), AppendOnly(), AppendOnly(), AppendOnly())

    def __call__(self, h: Tensor) -> Tensor:
        """Return the next state; count its graph and those of the steps before it."""
        census, steps = Census(), self.steps
        steps.saved.add(census)
        with census.recording():
            w, b = steps.nodes.through(self.w), steps.nodes.through(self.b)
            given, h = h.detach().square(), (w * h + b).tanh()
        note_sent(steps.driven, w, b)
        if b.requires_grad:
            b.register_hook(lambda gradient: steps.weighted.add((given * gradient).detach()))
        steps.look(self.k)
        return h


STATES = "the result is a list of the T states after each step"
CUT = "the gradient of each k steps' losses goes back to the last cut and no further, and is added"
FEW_SAVED = "at any time, what is saved for backward and alive belongs to at most k steps"
FEW_NODES = "at any time, nodes of at most 2 * k steps are alive: the last k, and k that a variable may still hold"
FREE = "no graph is alive afterwards, while the states are kept"
START = "h0 and the parameters themselves are unchanged, but for .grad"


def length(draw: Draw, *pairs: tuple[int, int]) -> tuple[int, int]:
    """Draw T and k."""
    pair = draw.choice(*pairs)
    draw.given.append(f"T = {pair[0]}, k = {pair[1]}")
    return pair


def leaves_of(chain: Chain) -> dict[str, Tensor]:
    """Return the chain's parameters by name."""
    return {"w": chain.w, "b": chain.b}


def run(see: Observer, tbptt: Function, chain: Chain, h0: Tensor, sizes: tuple[int, int], name: str) -> Any:
    """Call the function, observe its states and the gradient that it leaves; return the states."""
    chain.k = sizes[1]
    states = see.call_for_gradients(name, CUT, tbptt, chain, h0, *sizes, **leaves_of(chain))
    see.value(f"the states of {name}", states, STATES)
    return states


@case("tbptt", "k divides T", "08-memory#cutting-a-long-chain", counts_alive=True)
def whole_pieces(tbptt: Function, draw: Draw, see: Observer):
    sizes, form = length(draw, (4, 2), (6, 2)), draw.form()
    chain = Chain(draw, form, precision(draw))
    h0 = draw.tensor("h0", "constant", form, dtype=chain.w.dtype)
    before = see.look(h0=h0)
    states = run(see, tbptt, chain, h0, sizes, "the call")
    see.left("what has changed on h0", before, START, h0=h0)
    see.value("h0 afterwards", h0, START)
    later = yield
    draw.feature(*AGAIN)
    change(later, "w", chain.w)
    run(see, tbptt, chain, h0, sizes, "a second call from the same h0")
    run(see, tbptt, chain, states[-1], (3, 3), "a call from the last of the first states")
    see.value("the first states after the other calls", states, "what an earlier call returned stays what it is")


@case("tbptt", "steps are left at the end", "08-memory#cutting-a-long-chain", counts_alive=True)
def steps_are_left(tbptt: Function, draw: Draw, see: Observer):
    sizes = length(draw, (5, 2), (5, 3), (3, 2))
    chain = Chain(draw, draw.form("matrix", "vector"))
    draw.prefill(chain.w, chain.b)
    draw.given.append("w and b have a .grad from earlier")
    draw.hook(w=chain.w)
    h0 = draw.numbers(chain.w.shape)
    before = see.look(h0=h0, **leaves_of(chain))
    run(see, tbptt, chain, h0, sizes, "the call")
    later = yield
    see.left("what has changed on h0, w and b", before, START, h0=h0, **leaves_of(chain))
    change(later, "w", chain.w)
    run(see, tbptt, chain, h0, sizes, "a second call from the same h0")


@case("tbptt", "k is 1, or T", "08-memory#cutting-a-long-chain", counts_alive=True)
def the_extremes(tbptt: Function, draw: Draw, see: Observer):
    sizes = length(draw, (4, 1), (3, 3), (1, 1))
    chain = Chain(draw, draw.form("vector", "scalar"), precision(draw))
    h0 = draw.numbers(chain.w.shape, dtype=chain.w.dtype)
    states = run(see, tbptt, chain, h0, sizes, "the call")
    later = yield
    change(later, "w", chain.w)
    run(see, tbptt, chain, h0, sizes, "a second call from the same h0")
    run(see, tbptt, chain, states[-1], (2, 1), "a call from the last of the first states")


@case(
    "tbptt",
    "what is alive is counted at each step and afterwards",
    "08-memory#counting-what-is-alive",
    counts_alive=True,
)
def few_graphs(tbptt: Function, draw: Draw, see: Observer):
    sizes = length(draw, (9, 2), (10, 3), (5, 1))
    chain = Chain(draw, draw.form("vector"))
    h0, steps, leaves = draw.numbers(chain.w.shape), chain.steps, [chain.w, chain.b]
    before, ends = grads_of(leaves), [steps.ends.end_of(leaf) for leaf in leaves]
    states = run(see, tbptt, chain, h0, sizes, "the call")
    del ends
    nodes, saved = steps.most()
    few = f"at most {sizes[1]} steps" if len(saved) <= sizes[1] else named("steps", saved)
    see.value("the steps of which something saved was alive at once", few, FEW_SAVED)
    few = f"at most {2 * sizes[1]} steps" if nodes <= 2 * sizes[1] else f"{nodes:g} steps"
    see.value("of how many steps nodes were alive at once", few, FEW_NODES)
    through = went_through(steps.driven, before, leaves)
    see.value("what .grad has gained by the steps that were made", through, CUT)
    arrived = torch.zeros_like(chain.b)
    put = partial(setattr, arrived, "grad", steps.shares())
    see.gradients("the gradients that the steps have received", put, CUT, **{"the steps": arrived})
    see.alive("what is alive", collected(steps.graphs()), FREE)
    see.value("the steps of which something saved is alive afterwards", named("steps", steps.with_saved()), FREE)
    see.value("the states that require grad", requiring_grad("states", states), "no state in the list requires grad")
    later = yield
    c = leaf(later, "c", tuple(chain.w.shape))
    loss = loss_of(later, states[later.integer(0, sizes[0] - 1)].clone() * c)
    asked = "a backward from a state reaches nothing behind it"
    see.gradients("a backward from a state * c", loss.backward, asked, c=c, **leaves_of(chain))
    change(later, "w", chain.w)
    ends = [steps.ends.end_of(leaf) for leaf in leaves]
    run(see, tbptt, chain, h0, sizes, "a second call from the same h0")
    del ends
    see.alive("what is alive after the second call", collected(steps.graphs()), FREE)


# store --------------------------------------------------------------------------------------------------


class Gate(nn.Module):
    """A part of a policy, with a parameter, a child that has one, and, in training, a count of its calls."""

    def __init__(self, draw: Draw, dtype: torch.dtype):
        super().__init__()
        self.scale = nn.Parameter(draw.numbers((2,), dtype=dtype))
        self.linear = nn.Linear(2, 2, dtype=dtype)
        self.linear.weight = nn.Parameter(draw.numbers((2, 2), dtype=dtype))
        self.linear.bias = nn.Parameter(draw.numbers((2,), dtype=dtype), requires_grad=False)
        self.register_buffer("calls", torch.zeros((), dtype=dtype))
        self.register_buffer("unit", torch.ones((), dtype=dtype), persistent=False)

    def forward(self, h: Tensor) -> Tensor:
        """Return the gate of an action; in training it depends on how often it was called, as a running mean does."""
        if self.training:
            self.calls += self.unit
        return self.linear(h * self.scale) + 0.3 * self.calls


class Policy(nn.Module):
    """Computes an action with parameters, from a mean over all of obs; counts its graph."""

    def __init__(self, draw: Draw, dtype: torch.dtype):
        super().__init__()
        self.weight, self.census = nn.Parameter(draw.numbers((2,), dtype=dtype)), Census()
        kind = draw.choice(
            "a module with one parameter",
            "a module with modules in it, a shared and a frozen parameter, and a count of its calls",
            "such a module in evaluation mode, with a shared and a frozen parameter; a hook doubles the action",
        )
        draw.given.append(f"policy is {kind}")
        draw.feature("parameters of the model itself", "a model that mixes the rows of a batch")
        self.gate = None if kind.endswith("one parameter") else Gate(draw, dtype)
        if self.gate is not None:
            self.gate.linear.tied = self.gate.scale
            draw.feature(
                "a child with children", "a child with parameters of its own", "a frozen parameter", "a buffer",
                "a non-persistent buffer", "a shared parameter",
            )  # fmt: skip
        if "evaluation" in kind:
            draw.feature("a model that is in evaluation mode", "a forward hook on the model")
            self.eval()
            self.register_forward_hook(lambda module, given, action: 2 * action)

    def forward(self, obs: Tensor) -> Tensor:
        """Return the action for an observation."""
        with self.census.recording():
            action = (self.census.through(self.weight) * obs.sum() / (1 + obs.numel())).cos()
            return action if self.gate is None else self.gate(action).tanh()


PAIR = "a pair is appended to the list: a copy of obs, and the action policy(obs)"
LATER = "the action can be used in training later: a backward goes through, to c and not to the policy"
UNTRACKED = "neither part of the pair requires grad"
AS_BEFORE = "obs and the policy themselves are unchanged"


@case("store", "obs is a constant, a leaf or an interior tensor", "08-memory#stored-tensors")
def the_pair(store: Function, draw: Draw, see: Observer):
    obs = draw.tensor("obs", draw.choice("constant", "leaf", "interior", "view"), dtype=precision(draw))
    policy, buffer = Policy(draw, obs.dtype), []
    draw.prefill(*policy.parameters(), *([obs] if obs.is_leaf and obs.requires_grad else []))
    if obs.requires_grad:
        draw.hook(obs=obs)
    before = see.look(obs=obs, policy=policy)
    with draw.mode_outside():
        see.call(store, buffer, obs, policy)
        see.grad_mode("the grad mode after the call", "the grad mode is as before")
    see.value("the length of buffer", len(buffer), "one pair is appended to the list: its length is 1")
    stored, action = see.parts(buffer[0])
    see.value("the stored obs", stored, PAIR)
    see.value("the stored action", action, PAIR)
    see.flags("the flags of the stored obs", stored, UNTRACKED)
    see.flags("the flags of the stored action", action, UNTRACKED)
    later = yield
    see.left("what has changed on obs and the policy", before, AS_BEFORE, obs=obs, policy=policy)
    see.value("obs afterwards", obs, AS_BEFORE)
    weights = (
        {"weight": policy.weight} if policy.gate is None else {"weight": policy.weight, "scale": policy.gate.scale}
    )
    c = later.tensor("c", "leaf", (2,), dtype=obs.dtype)
    backward = lambda: loss_of(later, action * c).backward()
    see.gradients("a backward from action * c", backward, LATER, c=c, **weights)
    loss = see.run(lambda: loss_of(later, policy(obs.detach()) + 1))
    see.gradients("a backward through the policy, called by somebody else", loss.backward, AS_BEFORE, **weights)
    change(later, "obs", obs)
    see.call(store, buffer, obs, policy, name="a second call")
    see.value("the pair of the second call", see.parts(buffer[-1]), PAIR)


@case("store", "obs is edited in place afterwards", "08-memory#copies-in-a-buffer")
def the_next_observation(store: Function, draw: Draw, see: Observer):
    kind, form = draw.choice("constant", "leaf", "interior", "view"), draw.form(*FILLED)
    obs = draw.tensor("obs", kind, form, dtype=precision(draw))
    policy, buffer, memory = Policy(draw, obs.dtype), [], obs.detach()
    see.call(store, buffer, obs, policy)
    later = yield
    draw.feature(*AGAIN)
    change(later, "obs", memory)
    see.call(store, buffer, obs, policy, name="a second call")
    other = later.tensor("another obs", "constant", form, dtype=obs.dtype)
    see.call(store, buffer, other, policy, name="a call with another obs")
    see.value("the length of buffer", len(buffer), "one pair is appended by each call: the length is 3")
    see.value(
        "the first pair", see.parts(buffer[0]), f"{PAIR}; an edit of obs does not change it, nor does a later call"
    )
    see.value("the second pair", see.parts(buffer[1]), PAIR)
    see.value("the third pair", see.parts(buffer[2]), PAIR)


@case("store", "what is alive is counted while the buffer is kept", "08-memory#stored-tensors", counts_alive=True)
def no_graph_alive(store: Function, draw: Draw, see: Observer):
    obs = draw.tensor("obs", draw.choice("constant", "interior"), draw.form("matrix", "scalar"))
    policy, buffer, memory = Policy(draw, obs.dtype), [], obs.detach()
    alive = "no graph of the policy is alive, while the buffer is kept"
    census = policy.census
    ends = [census.end_of(policy.weight)]
    see.call(store, buffer, obs, policy)
    change(draw, "obs", memory)
    see.call(store, buffer, obs, policy, name="a second call")
    del ends
    see.value("the length of buffer", len(buffer), "one pair is appended by each call: the length is 2")
    see.alive("what is alive", collected(census), alive)
    see.value("both pairs", [see.parts(pair) for pair in buffer], PAIR)
    later = yield
    other = later.tensor("another obs", "leaf", tuple(obs.shape), dtype=obs.dtype)
    ends = [census.end_of(policy.weight)]
    see.call(store, buffer, other, policy, name="a third call")
    del ends
    see.alive("what is alive after the third call", collected(census), alive)
    see.value("the third pair", see.parts(buffer[2]), PAIR)


@case("store", "buffer holds something already", "08-memory#copies-in-a-buffer")
def an_entry_from_earlier(store: Function, draw: Draw, see: Observer):
    obs = draw.tensor("obs", draw.choice("constant", "leaf"), draw.form("vector", "cube"), dtype=precision(draw))
    policy, earlier = Policy(draw, obs.dtype), (draw.tensor("the earlier entry", "constant", (3,)), 0.5)
    buffer: list[Any] = [earlier]
    see.call(store, buffer, obs, policy)
    see.members("buffer", buffer, "the pair is appended; what the list held is still there", earlier=earlier)
    see.same("the first entry and the earlier one", buffer[0], earlier, "the pair is appended at the end")
    see.value("the new entry", see.parts(buffer[-1]), PAIR)
    later = yield
    c = later.tensor("c", "interior", (2,), dtype=obs.dtype)
    loss = loss_of(later, see.parts(buffer[-1])[1] * c)
    see.gradients("a backward from action * c", loss.backward, LATER, c=later.source(c), weight=policy.weight)
    change(later, "obs", obs)
    another, second = [], Policy(later, obs.dtype)
    see.call(store, another, obs, policy, name="a call with another buffer")
    see.call(store, another, obs, second, name="a call with another policy")
    see.value("the other buffer", [see.parts(pair) for pair in another], PAIR)
