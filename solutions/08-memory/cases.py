"""The cases of 08-memory: which inputs a function is given, and what is observed of it."""

import gc
from collections.abc import Callable, Generator
from functools import wraps
from typing import Any

import numpy
import torch
from torch import Tensor, nn

from gradstop.observe import Census, Draw, Observer, case

Function = Callable[..., Any]
Body = Callable[[Function, Draw, Observer], Generator[None, Draw, None]]
# Whether this process is the fork of one that has done this for it. To ask takes as long as ten cases: once will do.
FROZEN = gc.get_freeze_count() > 0


def counted(body: Body) -> Body:
    """Let the garbage collections of a case look at what the case has made, and not at all that was there before."""

    @wraps(body)
    def run(function: Function, draw: Draw, see: Observer) -> Generator[None, Draw, None]:
        gc.freeze()
        try:
            yield from body(function, draw, see)
        finally:
            if not FROZEN:
                gc.unfreeze()

    return run


def at_most(limit: int, count: float) -> str:
    """Return the same words for every count that is not above the limit."""
    return f"at most {limit}" if count <= limit else f"{count:g}"


def collected(census: Census, nodes: int = 0, saved: int = 0) -> Census:
    """Collect garbage where more than this is alive; return the census."""
    if census.nodes() > nodes or census.saved() > saved:
        gc.collect()
    return census


def call_for_gradients(see: Observer, name: str, asked: str, function: Function, *args: Any, **leaves: Tensor) -> Any:
    """Call the function, observe what it leaves in each leaf's ``.grad``, and return its result."""
    before = {label: None if leaf.grad is None else leaf.grad.clone() for label, leaf in leaves.items()}
    result = see.call(function, *args, name=name)
    after = {label: leaf.grad for label, leaf in leaves.items()}

    def fill(grads: dict[str, Tensor | None]) -> None:
        for label, leaf in leaves.items():
            leaf.grad = grads[label]

    fill(before)
    see.gradients(f"the gradients that {name} leaves", lambda: fill(after), asked, **leaves)
    return result


def loss_of(later: Draw, result: Tensor) -> Tensor:
    """Make a scalar of ``result`` by weights, and a consumer, that nobody knew when it was computed."""
    weights = later.numbers(result.shape, dtype=result.dtype)
    consumer = later.choice(torch.sigmoid, torch.tanh, torch.square)
    return (consumer(result) * weights).sum()


def precision(draw: Draw) -> torch.dtype:
    """Draw one of the two dtypes that the exercises speak of."""
    return draw.choice(torch.float32, torch.float64)


# train --------------------------------------------------------------------------------------------------

UPDATED = "after n steps of zero, backward, step the parameters are where these steps lead"
LOSSES = "the result is a list of the n losses, each as it was before its step, as a number or a tensor without a graph"


class Regression:
    """Two parameters, data, and a loss function that counts the graphs it makes."""

    def __init__(self, draw: Draw):
        self.w, self.b = draw.tensor("w", "leaf", (3,)), draw.tensor("b", "leaf", (1,))
        self.x, self.y = draw.numbers((4, 3)), draw.numbers((4,))
        self.census = Census()

    def loss(self) -> Tensor:
        """Return the loss; its graph is counted."""
        with self.census.recording():
            return self.census.tag(((self.x * self.w).sum(1) + self.b).tanh().sub(self.y).square().mean())

    def optimizer(self, draw: Draw) -> torch.optim.Optimizer:
        """Draw an optimizer for both parameters."""
        lr = draw.number(0.1, 0.4)
        made, words = draw.choice(
            (torch.optim.SGD([self.w, self.b], lr=lr), "SGD"),
            (torch.optim.SGD([self.w, self.b], lr=lr, momentum=0.7), "SGD with momentum"),
            (torch.optim.Adam([self.w, self.b], lr=lr), "Adam"),
        )
        draw.given.append(f"opt is {words} with lr = {lr}")
        return made


def steps(draw: Draw, again: str = "") -> int:
    """Draw n."""
    n = draw.choice(2, 3, 5)
    draw.given.append(f"{again}n = {n}")
    return n


def as_numbers(result: Any) -> Any:
    """Return a list's losses as Python numbers: those that are tensors or NumPy's become what they hold."""
    if not isinstance(result, list):
        return result
    return [float(r) if isinstance(r, Tensor | numpy.ndarray | numpy.generic) else r for r in result]


def carrying(result: Any) -> int:
    """Count the tensors of a list that require grad."""
    return sum(isinstance(r, Tensor) and r.requires_grad for r in result) if isinstance(result, list) else -1


@case("train", "the parameters have no gradient yet", "08-memory#keep-numbers-not-tensors")
def a_fresh_start(train: Function, draw: Draw, see: Observer):
    task = Regression(draw)
    opt, n = task.optimizer(draw), steps(draw)
    result = see.call(train, task.loss, opt, n)
    see.value("the result", as_numbers(result), LOSSES)
    see.value("the parameters", [task.w, task.b], UPDATED)
    later = yield
    task.y = later.numbers((4,))
    again = see.call(train, task.loss, opt, steps(later, "in a second call "), name="a second call")
    see.value("the second result", as_numbers(again), LOSSES)
    see.value("the parameters after the second call", [task.w, task.b], UPDATED)
    see.value(
        "the first result afterwards", as_numbers(result), "each loss in the list stays as it was before its step"
    )


@case("train", "the parameters hold gradients from earlier", "08-memory#gradients-add-up")
def earlier_gradients(train: Function, draw: Draw, see: Observer):
    task = Regression(draw)
    draw.prefill(task.w, task.b)
    draw.given.append("w and b have a .grad from earlier")
    opt, n = task.optimizer(draw), steps(draw)
    result = see.call(train, task.loss, opt, n)
    see.value("the result", as_numbers(result), LOSSES)
    see.value("the parameters", [task.w, task.b], UPDATED)
    later = yield
    later.prefill(task.w, task.b)
    see.call(train, task.loss, opt, steps(later, "in a second call "), name="a second call")
    see.value("the parameters after the second call", [task.w, task.b], UPDATED)


@case("train", "the graphs that are alive afterwards are counted", "08-memory#what-a-graph-keeps-alive")
@counted
def nothing_alive(train: Function, draw: Draw, see: Observer):
    task = Regression(draw)
    opt, n = task.optimizer(draw), steps(draw)
    result = see.call(train, task.loss, opt, n)
    alive = "no graph is alive afterwards, while the list is kept"
    see.alive("what is alive", collected(task.census), alive)
    see.value("how many losses require grad", carrying(result), "no loss in the list requires grad: 0 of them do")
    see.value("the result", as_numbers(result), LOSSES)
    later = yield
    again = see.call(train, task.loss, opt, steps(later, "in a second call "), name="a second call")
    see.alive("what is alive after the second call", collected(task.census), alive)
    see.value("both results", as_numbers(result) + as_numbers(again), LOSSES)


# accumulate ---------------------------------------------------------------------------------------------


class Losses:
    """Functions that each return a loss, and note what of the earlier graphs is alive while they run."""

    def __init__(self, draw: Draw, leaves: list[Tensor], count: int, again: str = ""):
        self.leaves, self.censuses = leaves, [Census() for _ in range(count)]
        self.factors = [[draw.numbers(leaf.shape, dtype=leaf.dtype) for leaf in leaves] for _ in range(count)]
        self.saved, self.graphs = 0, 0
        draw.given.append(f"{count} loss functions{again}")

    def functions(self) -> list[Callable[[], Tensor]]:
        """Return the functions."""
        return [lambda i=i: self.loss(i) for i in range(len(self.censuses))]

    def loss(self, number: int) -> Tensor:
        """Return one loss."""
        with self.censuses[number].recording():
            terms = [(leaf.sin() * f).exp().sum() for leaf, f in zip(self.leaves, self.factors[number], strict=True)]
            loss = self.censuses[number].tag(sum(terms).sqrt())
        self.look_at([census for i, census in enumerate(self.censuses) if i != number])
        return loss

    def look_at(self, others: list[Census]) -> None:
        """Note the largest number of other graphs of which something is alive."""
        in_order = self.saved == 0 and self.graphs <= 1
        if in_order and (sum(c.nodes() > 0 for c in others) > 1 or any(c.saved() for c in others)):
            gc.collect()
        self.saved = max(self.saved, sum(c.saved() > 0 for c in others))
        self.graphs = max(self.graphs, sum(c.nodes() > 0 for c in others))


MEAN = "the gradient of the mean of the losses is added to what .grad holds"
NO_SAVED = "while one loss is computed, nothing that was saved for an earlier one is alive: 0 losses"
ONE_GRAPH = "while one loss is computed, the nodes of at most one earlier graph are alive"


@case("accumulate", "the leaves have no gradient yet", "08-memory#gradients-add-up")
@counted
def no_gradient_yet(accumulate: Function, draw: Draw, see: Observer):
    dtype = precision(draw)
    w, b = draw.tensor("w", "leaf", dtype=dtype), draw.tensor("b", "leaf", dtype=dtype)
    losses = Losses(draw, [w, b], draw.choice(2, 3, 5))
    call_for_gradients(see, "the call", MEAN, accumulate, losses.functions(), w=w, b=b)
    later = yield
    more = Losses(later, [b, w], later.choice(1, 3, 4), " in a second call")
    call_for_gradients(see, "a second call", MEAN, accumulate, more.functions(), w=w, b=b)


@case("accumulate", "the leaves hold gradients from earlier", "08-memory#gradients-add-up")
@counted
def gradients_there_already(accumulate: Function, draw: Draw, see: Observer):
    w, b = draw.tensor("w", "leaf"), draw.tensor("b", "leaf")
    draw.prefill(w, b)
    draw.given.append("w and b have a .grad from earlier")
    losses = Losses(draw, [w, b], draw.choice(2, 3, 4))
    call_for_gradients(see, "the call", MEAN, accumulate, losses.functions(), w=w, b=b)
    later = yield
    total = loss_of(later, w * 1.5) + loss_of(later, b)
    see.gradients("another backward", total.backward, "later backwards add to it as usual", w=w, b=b)


@case("accumulate", "what is alive is counted while the losses are computed", "08-memory#one-graph-at-a-time")
@counted
def one_graph_at_a_time(accumulate: Function, draw: Draw, see: Observer):
    w, b = draw.tensor("w", "leaf"), draw.tensor("b", "leaf")
    losses = Losses(draw, [w, b], draw.choice(3, 4, 5))
    call_for_gradients(see, "the call", MEAN, accumulate, losses.functions(), w=w, b=b)
    see.value("how many earlier losses had something saved alive", losses.saved, NO_SAVED)
    see.value("how many earlier graphs had nodes alive", at_most(1, losses.graphs), ONE_GRAPH)
    later = yield
    more = Losses(later, [w, b], later.choice(3, 6), " in a second call")
    call_for_gradients(see, "a second call", MEAN, accumulate, more.functions(), w=w, b=b)
    see.value("how many earlier losses had something saved alive this time", more.saved, NO_SAVED)
    see.value("how many earlier graphs had nodes alive this time", at_most(1, more.graphs), ONE_GRAPH)


# grad_penalty -------------------------------------------------------------------------------------------


class Penalised:
    """Two leaves and a loss function of both, which counts its graph."""

    def __init__(self, draw: Draw):
        dtype, shape = precision(draw), draw.shape()
        self.w, self.u = draw.tensor("w", "leaf", shape, dtype=dtype), draw.tensor("u", "leaf", shape, dtype=dtype)
        self.factor, self.outer = draw.numbers(shape, dtype=dtype), draw.choice(torch.exp, torch.sin, torch.tanh)
        self.census = Census()
        draw.given.append("loss_fn computes with w and with another leaf, u")

    def loss(self) -> Tensor:
        """Return the loss; what it saves is counted by the case."""
        return self.census.tag((self.outer(self.w * self.factor) * self.u.sigmoid()).sum() + self.w.square().mean())


PENALTY = "the result is the squared norm of the gradient of loss_fn() at w: the sum of its squares"
LEARNS = "the result is differentiable: a backward sends its gradient to w, and to whatever else loss_fn computes with"
KEPT = "w.grad is untouched by the call: what it held is there, and nothing is added"


@case("grad_penalty", "a backward starts at the result", "08-memory#gradients-of-gradients")
def the_penalty(grad_penalty: Function, draw: Draw, see: Observer):
    task = Penalised(draw)
    result = see.call(grad_penalty, task.loss, task.w)
    see.value("the result", result, PENALTY)
    later = yield
    loss = result * later.number(0.5, 2.0)
    see.gradients("a backward from the result", loss.backward, LEARNS, w=task.w, u=task.u)


@case("grad_penalty", "w has a gradient from earlier, or none", "08-memory#gradients-of-gradients")
def the_gradient_of_w(grad_penalty: Function, draw: Draw, see: Observer):
    task = Penalised(draw)
    if draw.choice(True, False):
        draw.prefill(task.w)
        draw.given.append("w has a .grad from earlier")
    result = call_for_gradients(see, "the call", KEPT, grad_penalty, task.loss, task.w, w=task.w)
    see.value("the result", result, PENALTY)
    later = yield
    loss = loss_of(later, task.w) + result * later.number(0.5, 2.0)
    see.gradients("a backward from a loss with the penalty", loss.backward, LEARNS, w=task.w)


@case("grad_penalty", "the result is dropped and what is alive is counted", "08-memory#cycles-and-the-collector")
@counted
def all_is_freed(grad_penalty: Function, draw: Draw, see: Observer):
    task = Penalised(draw)
    with task.census.recording():
        result = see.call(grad_penalty, task.loss, task.w)
    task.census.tag(result)
    see.value("the result", result, PENALTY)
    freed = "everything is freed once the result is dropped, after a garbage collection"
    if draw.choice(True, False):
        draw.given.append("a backward goes through the result before it is dropped")
        see.gradients("a backward from the result", result.backward, LEARNS, w=task.w)
    del result
    see.alive("what is alive", collected(task.census), freed)
    later = yield
    task.factor = later.numbers(task.factor.shape, dtype=task.factor.dtype)
    with task.census.recording():
        again = see.call(grad_penalty, task.loss, task.w, name="a second call")
    see.value("the second result", again, PENALTY)
    del again
    see.alive("what is alive after the second call", collected(task.census), freed)


# tbptt --------------------------------------------------------------------------------------------------


class Chain:
    """A step with two parameters, which counts the steps of whose graphs something is alive."""

    def __init__(self, draw: Draw):
        dtype = precision(draw)
        self.w, self.b = draw.tensor("w", "leaf", (3,), dtype=dtype), draw.tensor("b", "leaf", (3,), dtype=dtype)
        self.k, self.most_saved, self.most_nodes = 1, 0, 0
        self.nodes, self.saved = Census(), []

    def step(self, h: Tensor) -> Tensor:
        """Return the next state; count its graph and those of the steps before it."""
        self.saved.append(Census())
        with self.saved[-1].recording():
            h = self.nodes.tag((self.w * h + self.b).tanh())
        if self.in_order() and (self.steps_with_nodes() > 2 * self.k or self.steps_with_saved() > self.k):
            gc.collect()
        self.most_nodes = max(self.most_nodes, self.steps_with_nodes())
        self.most_saved = max(self.most_saved, self.steps_with_saved())
        return h

    def in_order(self) -> bool:
        """Whether there have never been too many graphs until now; garbage is collected only before that is said."""
        return self.most_nodes <= 2 * self.k and self.most_saved <= self.k

    def steps_with_nodes(self) -> float:
        """Return of how many steps nodes are alive; each has three."""
        return self.nodes.nodes() / 3

    def steps_with_saved(self) -> int:
        """Return of how many steps something saved is alive."""
        return sum(census.saved() > 0 for census in self.saved)


STATES = "the result is a list of the T states after each step"
CUT = "the gradient of each k steps' losses goes back to the last cut and no further, and is added"
FEW_SAVED = "at any time, what is saved for backward and alive belongs to at most k steps"
FEW_NODES = "at any time, nodes of at most 2 * k steps are alive: the last k, and k that a variable may still hold"
FREE = "no graph is alive afterwards, while the states are kept"


def length(draw: Draw, *pairs: tuple[int, int], again: str = "") -> tuple[int, int]:
    """Draw T and k."""
    pair = draw.choice(*pairs)
    draw.given.append(f"{again}T = {pair[0]}, k = {pair[1]}")
    return pair


def leaves_of(chain: Chain) -> dict[str, Tensor]:
    """Return the chain's parameters by name."""
    return {"w": chain.w, "b": chain.b}


def run(see: Observer, tbptt: Function, chain: Chain, h0: Tensor, sizes: tuple[int, int], name: str) -> Any:
    """Call the function, observe its states and the gradient that it leaves; return the states."""
    chain.k = sizes[1]
    states = call_for_gradients(see, name, CUT, tbptt, chain.step, h0, *sizes, **leaves_of(chain))
    see.value(f"the states of {name}", states, STATES)
    return states


@case("tbptt", "k divides T", "08-memory#cutting-a-long-chain")
@counted
def whole_pieces(tbptt: Function, draw: Draw, see: Observer):
    sizes = length(draw, (4, 2), (6, 3), (6, 2))
    chain = Chain(draw)
    h0 = draw.tensor("h0", "constant", (3,), dtype=chain.w.dtype)
    states = run(see, tbptt, chain, h0, sizes, "the call")
    later = yield
    sizes = length(later, (4, 2), (9, 3), again="in a second call ")
    run(see, tbptt, chain, states[-1], sizes, "a second call, from the last state")


@case("tbptt", "steps are left at the end", "08-memory#cutting-a-long-chain")
@counted
def steps_are_left(tbptt: Function, draw: Draw, see: Observer):
    sizes = length(draw, (5, 2), (5, 3), (7, 3), (3, 2))
    chain = Chain(draw)
    draw.prefill(chain.w, chain.b)
    draw.given.append("w and b have a .grad from earlier")
    h0 = draw.tensor("h0", "constant", (3,), dtype=chain.w.dtype)
    states = run(see, tbptt, chain, h0, sizes, "the call")
    later = yield
    sizes = length(later, (5, 2), (5, 4), again="in a second call ")
    run(see, tbptt, chain, states[-1], sizes, "a second call, from the last state")


@case("tbptt", "k is 1, or T", "08-memory#cutting-a-long-chain")
@counted
def the_extremes(tbptt: Function, draw: Draw, see: Observer):
    sizes = length(draw, (4, 1), (3, 3))
    chain = Chain(draw)
    h0 = draw.tensor("h0", "constant", (3,), dtype=chain.w.dtype)
    states = run(see, tbptt, chain, h0, sizes, "the call")
    later = yield
    sizes = length(later, (3, 1), (2, 2), again="in a second call ")
    run(see, tbptt, chain, states[-1], sizes, "a second call, from the last state")


@case("tbptt", "what is alive is counted at each step and afterwards", "08-memory#counting-what-is-alive")
@counted
def few_graphs(tbptt: Function, draw: Draw, see: Observer):
    sizes = length(draw, (9, 2), (8, 2), (10, 3), (5, 1))
    chain = Chain(draw)
    h0 = draw.tensor("h0", "constant", (3,), dtype=chain.w.dtype)
    states = run(see, tbptt, chain, h0, sizes, "the call")
    see.value("how many steps had something saved alive", at_most(chain.k, chain.most_saved), FEW_SAVED)
    see.value("how many steps had nodes alive", at_most(2 * chain.k, chain.most_nodes), FEW_NODES)
    see.alive("what is alive", collected(chain.nodes), FREE)
    see.value("how many steps have something saved alive afterwards", chain.steps_with_saved(), FREE)
    see.value("how many states require grad", carrying(states), "the states carry no graph: 0 of them require grad")
    later = yield
    c = later.tensor("c", "leaf", (3,), dtype=chain.w.dtype)
    loss = loss_of(later, states[later.integer(0, sizes[0] - 1)].clone() * c)
    asked = "a backward from a state reaches nothing behind it"
    see.gradients("a backward from a state * c", loss.backward, asked, c=c, **leaves_of(chain))


# store --------------------------------------------------------------------------------------------------


class Policy(nn.Module):
    """Computes an action with parameters; counts its graph."""

    def __init__(self, draw: Draw, dtype: torch.dtype):
        super().__init__()
        self.weight = nn.Parameter(draw.numbers((2, 3), dtype=dtype))
        # All three stay small: the cosine of a large number is a matter of its last bits.
        self.squash = draw.choice(torch.tanh, torch.sigmoid, torch.sin)
        self.census = Census()

    def forward(self, obs: Tensor) -> Tensor:
        """Return the action for an observation."""
        with self.census.recording():
            return self.census.tag(self.squash((self.weight * obs).sum(1)).cos())


def observation(draw: Draw, *kinds: str) -> Tensor:
    """Draw an observation."""
    return draw.tensor("obs", draw.choice(*kinds), (3,), dtype=precision(draw))


def policy_for(draw: Draw, obs: Tensor) -> Policy:
    """Draw a policy; the graph that obs has of its own is not counted as new."""
    policy = Policy(draw, obs.dtype)
    policy.census.tag(obs)
    return policy


PAIR = "a pair is appended to the list: a copy of obs, and the action policy(obs)"
LATER = "the action can be used in training later: a backward goes through, to c and not to the policy"
UNTRACKED = "neither part of the pair requires grad"


@case("store", "obs is a constant, a leaf or an interior tensor", "08-memory#stored-tensors")
def the_pair(store: Function, draw: Draw, see: Observer):
    obs = observation(draw, "constant", "leaf", "interior")
    policy, buffer = policy_for(draw, obs), []
    see.call(store, buffer, obs, policy)
    see.value("the length of buffer", len(buffer), "one pair is appended to the list: its length is 1")
    stored, action = buffer[0]
    see.value("the stored obs", stored, PAIR)
    see.value("the stored action", action, PAIR)
    see.flags("the flags of the stored obs", stored, UNTRACKED)
    see.flags("the flags of the stored action", action, UNTRACKED)
    later = yield
    c = later.tensor("c", "leaf", (2,), dtype=obs.dtype)
    backward = lambda: loss_of(later, action * c).backward()
    see.gradients("a backward from action * c", backward, LATER, c=c, weight=policy.weight)


@case("store", "obs is edited in place afterwards", "08-memory#copies-in-a-buffer")
def the_next_observation(store: Function, draw: Draw, see: Observer):
    obs = observation(draw, "constant", "leaf", "interior", "view")
    policy, buffer = policy_for(draw, obs), []
    see.call(store, buffer, obs, policy)
    later = yield
    obs.detach().copy_(later.numbers((3,), dtype=obs.dtype))
    later.given.append("obs is overwritten in place")
    see.call(store, buffer, obs, policy, name="a second call")
    see.value("the length of buffer", len(buffer), "one pair is appended by each call: the length is 2")
    see.value("the first pair", list(buffer[0]), f"{PAIR}; an edit of obs does not change it")
    see.value("the second pair", list(buffer[1]), PAIR)


@case("store", "what is alive is counted while the buffer is kept", "08-memory#stored-tensors")
@counted
def no_graph_alive(store: Function, draw: Draw, see: Observer):
    obs = observation(draw, "constant", "interior")
    policy, buffer = policy_for(draw, obs), []
    alive = "no graph of the policy is alive, while the buffer is kept"
    own = policy.census.nodes()
    see.call(store, buffer, obs, policy)
    see.call(store, buffer, obs, policy, name="a second call")
    see.alive("what is alive, with the graph of obs itself", collected(policy.census, own), alive)
    see.value("the first pair", list(buffer[0]), PAIR)
    later = yield
    other = later.tensor("another obs", "leaf", (3,), dtype=obs.dtype)
    see.call(store, buffer, other, policy, name="a third call")
    see.alive("what is alive after the third call", collected(policy.census, own), alive)
    see.value("the third pair", list(buffer[2]), PAIR)


@case("store", "buffer holds something already", "08-memory#copies-in-a-buffer")
def an_entry_from_earlier(store: Function, draw: Draw, see: Observer):
    obs = observation(draw, "constant", "leaf")
    policy, earlier = policy_for(draw, obs), (draw.tensor("the earlier entry", "constant", (3,)), 0.5)
    buffer: list[Any] = [earlier]
    see.call(store, buffer, obs, policy)
    see.members("buffer", buffer, "the pair is appended; what the list held is still there", earlier=earlier)
    see.same("the first entry and the earlier one", buffer[0], earlier, "the pair is appended at the end")
    see.value("the new entry", list(buffer[-1]), PAIR)
    later = yield
    c = later.tensor("c", later.choice("leaf", "interior"), (2,), dtype=obs.dtype)
    loss = loss_of(later, buffer[-1][1] * c)
    see.gradients("a backward from action * c", loss.backward, LATER, c=later.source(c), weight=policy.weight)
