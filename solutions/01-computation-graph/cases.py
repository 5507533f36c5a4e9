"""The cases of 01-computation-graph: which inputs a function is given, and what is observed of it."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from gradstop.observe import Draw, Observer, case

Function = Callable[..., Any]
DTYPES = (torch.float32, torch.float64)


def loss_of(later: Draw, result: Tensor) -> Tensor:
    """Make a scalar of ``result`` by weights, and a consumer, that nobody knew when it was computed."""
    weights = later.numbers(result.shape, dtype=result.dtype)
    consumer = later.choice(torch.sin, torch.cos, torch.square)
    return (consumer(result) * weights).sum()


def four_leaves(draw: Draw, shape: tuple[int, ...], dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
    """Draw the leaves a, b, c and d, all of one shape."""
    return {name: draw.tensor(name, "leaf", shape, dtype=dtype) for name in "abcd"}


def roles(draw: Draw) -> tuple[str, ...]:
    """Draw which of a, b, c and d plays which part."""
    return draw.choice(("a", "b", "c", "d"), ("b", "c", "d", "a"), ("c", "d", "a", "b"), ("d", "a", "b", "c"))


def mixed(draw: Draw, leaves: dict[str, Tensor]) -> tuple[Tensor, tuple[str, ...]]:
    """Compute a tensor from two of four leaves, and from a third through a cut; return it and the four's roles."""
    twice, once, cut, unused = roles(draw)
    k = draw.numbers(leaves[twice].shape, dtype=leaves[twice].dtype)
    product = torch.tanh(leaves[twice] * leaves[once])
    made = torch.addcmul(leaves[twice].sin(), k, product) + leaves[cut].exp().detach()
    formula = f"addcmul(sin({twice}), k, tanh({twice} * {once})) + exp({cut}).detach()"
    draw.given.append(f"root = {formula}, with k a constant")
    return made, (twice, once, cut, unused)


def grads_before(draw: Draw, leaves: dict[str, Tensor], *without: str) -> None:
    """Give each leaf a ``.grad`` from earlier, but for the one that is drawn from ``without``."""
    name = draw.choice(*without)
    draw.prefill(*(leaf for label, leaf in leaves.items() if label != name))
    draw.given.append(f"every leaf but {name} has a .grad" if name in leaves else "every leaf has a .grad")


def grads_after(see: Observer, read: str, **leaves: Tensor) -> None:
    """Observe each leaf's ``.grad``, where nothing and zeros are the same."""
    for name, leaf in leaves.items():
        grad = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
        see.value(f"{name}.grad after the call", grad, f"the call changes no .grad: {name}.grad is as it was", read)


# count_nodes --------------------------------------------------------------------------------------------


@case("count_nodes", "a tensor is used by several operations", "01-computation-graph#one-node-many-uses")
def several_uses(count_nodes: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", "leaf")
    w = draw.tensor("w", "leaf", x.shape)
    root, rounds = x * w, draw.choice(1, 2, 4)
    for _ in range(rounds):
        root = torch.sin(root) * torch.sigmoid(root) + w
    draw.given.append(f"root is x * w, and then {rounds} times root = sin(root) * sigmoid(root) + w")
    count = see.call(count_nodes, root)
    see.value("the count", count, "each node counts once, however many operations lead to it")
    later = yield
    asked = "the graph is still usable: a backward goes through"
    see.gradients("a backward from root", loss_of(later, root).backward, asked, x=x, w=w)


@case("count_nodes", "constants, detached tensors and views take part", "01-computation-graph#constants-leave-no-edge")
def without_history(count_nodes: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", "leaf", (4, draw.integer(2, 3)))
    root, rounds = x * draw.numbers(x.shape) + x.exp().detach(), draw.choice(1, 2, 4)
    draw.given.append(f"root is x * k + exp(x).detach(), its rows from 1 on, then {rounds} times sin(root) * k")
    root = root[1:]
    for _ in range(rounds):
        root = torch.sin(root) * draw.numbers(root.shape)
    count = see.call(count_nodes, root)
    see.value("the count", count, "a constant or detached input is no node; a view is an operation with a node")
    later = yield
    asked = "the graph is still usable: a backward goes through"
    see.gradients("a backward from root", loss_of(later, root).backward, asked, x=x)


@case("count_nodes", "an operation has several outputs", "01-computation-graph#one-node-many-uses")
def several_outputs(count_nodes: Function, draw: Draw, see: Observer):
    rows = draw.choice(3, 4, 5)
    x = draw.tensor("x", "leaf", (rows, draw.integer(2, 3)))
    name, parts = draw.choice(
        ("unbind", lambda t: t.unbind(0)),
        ("split", lambda t: t.split(1)),
        ("chunk", lambda t: t.chunk(rows)),
    )
    root = torch.stack([torch.exp(part) for part in parts(torch.sigmoid(x))])
    draw.given.append(f"root is the stack of exp of each of the {rows} outputs of {name}(sigmoid(x))")
    count = see.call(count_nodes, root)
    see.value("the count", count, "an operation with several outputs is one node")
    later = yield
    asked = "the graph is still usable: a backward goes through"
    see.gradients("a backward from root", loss_of(later, root).backward, asked, x=x)


@case("count_nodes", "root is a leaf or a constant", "01-computation-graph#from-tensor-to-node")
def without_grad_fn(count_nodes: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", "leaf")
    name, constant = draw.choice(
        ("a constant k", lambda: draw.numbers(x.shape)),
        ("exp(x).detach()", lambda: x.exp().detach()),
        ("x > 1", lambda: x > 1),
    )
    root, rounds = torch.exp(x), draw.choice(1, 2, 4)
    for _ in range(rounds):
        root = torch.sin(root) * torch.cos(root)
    draw.given.append(f"the roots are x, {name}, and exp(x) followed by {rounds} times root = sin(root) * cos(root)")
    none = "a root without grad_fn has no nodes: the count is 0"
    see.value("the count for the leaf", see.call(count_nodes, x, name="the call with the leaf"), none)
    see.value("the count for the constant", see.call(count_nodes, constant(), name="the call with the constant"), none)
    count = see.call(count_nodes, root, name="the call with a result")
    see.value("the count for the result", count, "root.grad_fn counts, and all nodes that it leads to")
    later = yield
    asked = "the graph is still usable: a backward goes through"
    see.gradients("a backward from root", loss_of(later, root).backward, asked, x=x)


@case("count_nodes", "it is called again, on the same graph", "01-computation-graph#walking-the-graph")
def counted_again(count_nodes: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", "leaf")
    inner = root = torch.tanh(x)
    before, after = draw.choice(1, 2, 3), draw.choice(1, 2, 3)
    for _ in range(before):
        inner = root = torch.sin(root) * torch.sigmoid(x)  # not exp(x): its powers would magnify what is rounded
    for _ in range(after):
        root = torch.sigmoid(root) * torch.cos(inner)
    draw.given.append(f"inner is tanh(x), followed by {before} times inner = sin(inner) * sigmoid(x)")
    draw.given.append(f"root is inner, followed by {after} times root = sigmoid(root) * cos(inner)")
    order = draw.choice(("root", "inner", "root"), ("inner", "root", "inner"))
    for number, name in zip(("first", "second", "third"), order, strict=True):
        count = see.call(count_nodes, {"root": root, "inner": inner}[name], name=f"the {number} call")
        see.value(f"the {number} count, of {name}", count, "each call counts anew, whatever was counted before")
    later = yield
    asked = "the graph is still usable: a backward goes through"
    see.gradients("a backward from root", loss_of(later, root).backward, asked, x=x)


@case("count_nodes", "5,000 operations follow one another", "01-computation-graph#walking-the-graph")
def a_long_chain(count_nodes: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", "leaf", (2,))
    root = first = torch.exp(x)
    length = draw.integer(4900, 5000)
    for _ in range(length - 1):
        root = torch.neg(root)
    draw.given.append(f"root is exp(x), the first link, negated {length - 1} times")
    count = see.call(count_nodes, root)
    see.value("the count", count, "a chain of up to 5,000 operations is counted to its end")
    later = yield
    asked = "the graph is still usable: a backward goes through"
    loss = (first * later.numbers(x.shape)).sum()
    see.gradients("a backward from the first link", loss.backward, asked, x=x)


# graph_leaves -------------------------------------------------------------------------------------------


@case("graph_leaves", "some leaves are used and some are not", "01-computation-graph#what-backward-fills")
def used_and_unused(graph_leaves: Function, draw: Draw, see: Observer):
    leaves = four_leaves(draw, draw.shape())
    root, _ = mixed(draw, leaves)
    result = see.call(graph_leaves, root)
    asked = "the leaves that a backward fills, each once and by identity; not those unused or behind a detach"
    see.members("the result", result, asked, **leaves)
    later = yield
    see.gradients("a backward from root", loss_of(later, root).backward, "the graph is not consumed", **leaves)


@case("graph_leaves", "root is a leaf or a constant", "01-computation-graph#leaves-and-accumulategrad")
def root_is_a_leaf(graph_leaves: Function, draw: Draw, see: Observer):
    values = draw.numbers(draw.shape())
    x = draw.choice(nn.Parameter, Tensor.requires_grad_)(values)
    name, constant = draw.choice(("k", draw.numbers(x.shape)), ("x.detach()", x.detach()), ("x > 1", x > 1))
    root = torch.exp(x) * x
    draw.given.append(f"x is a leaf that requires grad; the roots are x, the constant {name}, and exp(x) * x")
    known = {"x": x, "the constant": constant, "exp(x) * x": root}
    of_leaf = see.call(graph_leaves, x, name="the call with the leaf")
    see.members("the result for the leaf", of_leaf, "a leaf that requires grad is its own and only leaf", **known)
    of_constant = see.call(graph_leaves, constant, name="the call with the constant")
    see.members("the result for the constant", of_constant, "a constant has no leaves that a backward fills", **known)
    of_root = see.call(graph_leaves, root, name="the call with a result")
    see.members("the result for exp(x) * x", of_root, "the leaf that a backward fills, once", **known)
    later = yield
    total = loss_of(later, root) + loss_of(later, x)
    see.gradients("a backward from both roots", total.backward, "the graph is not consumed", x=x)


@case("graph_leaves", "leaves are equal or lie in one memory", "01-computation-graph#leaves-and-accumulategrad")
def alike(graph_leaves: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", "leaf")
    twin, alias = x.detach().clone().requires_grad_(), x.detach().requires_grad_()
    leaves = {"x": x, "twin": twin, "alias": alias}
    one, other = draw.choice(("x", "twin"), ("alias", "x"), ("twin", "alias"), ("alias", "alias"), ("twin", "twin"))
    root = torch.tanh(leaves[one] * draw.numbers(x.shape)) * torch.sigmoid(leaves[other])
    draw.given.append("twin is another leaf with the values of x, alias another leaf on the memory of x")
    draw.given.append(f"root = tanh({one} * k) * sigmoid({other}), with k a constant")
    result = see.call(graph_leaves, root)
    see.members("the result", result, "leaves are told apart by identity, not by values or memory", **leaves)
    later = yield
    see.gradients("a backward from root", loss_of(later, root).backward, "the graph is not consumed", **leaves)


@case("graph_leaves", "views, edits and a cut are on the way", "01-computation-graph#walking-the-graph")
def a_winding_way(graph_leaves: Function, draw: Draw, see: Observer):
    columns = draw.integer(2, 3)
    x, w = draw.tensor("x", "leaf", (4, columns)), nn.Parameter(draw.numbers((columns,)))
    cut = draw.choice(True, False)
    middle = torch.tanh(x)
    start = middle.detach().requires_grad_() if cut else middle
    base = start * draw.numbers(x.shape)
    row = draw.integer(0, 3)
    base[row] = w
    parts = draw.choice(lambda t: t.unbind(0), lambda t: t.split(1), lambda t: t.T.split(1))(base)
    root = torch.stack(parts).sum(0).sin()
    draw.given.append(f"start is {'tanh(x).detach().requires_grad_()' if cut else 'tanh(x)'}, base is start * k")
    draw.given.append(f"row {row} of base is set to the Parameter w; root is computed from parts of base")
    result = see.call(graph_leaves, root)
    asked = "the leaves that a backward fills: also through views and edits in place; none beyond a cut"
    see.members("the result", result, asked, x=x, w=w, start=start, base=base, root=root)
    later = yield
    leaves = {"x": x, "w": w} | ({"start": start} if cut else {})
    see.gradients("a backward from root", loss_of(later, root).backward, "the graph is not consumed", **leaves)


@case("graph_leaves", "leaves have a .grad from earlier", "01-computation-graph#what-backward-consumes")
def earlier_gradients(graph_leaves: Function, draw: Draw, see: Observer):
    leaves = four_leaves(draw, draw.shape())
    root, parts = mixed(draw, leaves)
    grads_before(draw, leaves, *parts)
    result = see.call(graph_leaves, root)
    asked = "the leaves that a backward fills, each once and by identity; not those unused or behind a detach"
    see.members("the result", result, asked, **leaves)
    grads_after(see, "01-computation-graph#gradients-without-grad", **leaves)
    later = yield
    see.gradients("a backward from root", loss_of(later, root).backward, "the graph is not consumed", **leaves)


# depends_on ---------------------------------------------------------------------------------------------


def asked_of(
    see: Observer, depends_on: Function, out: Tensor, leaves: dict[str, Tensor], asked: str, root: str = "out"
) -> None:
    """Call the function once for each leaf, and observe what it answers."""
    for name, leaf in leaves.items():
        answer = see.call(depends_on, out, leaf, name=f"the call with {root} and {name}")
        see.value(f"whether {root} depends on {name}", answer, f"{asked}; asked of {root} and {name}")


@case("depends_on", "a leaf is used, cut off or not used at all", "01-computation-graph#walking-the-graph")
def paths_and_cuts(depends_on: Function, draw: Draw, see: Observer):
    leaves = four_leaves(draw, draw.shape())
    first, second, cut, _ = roles(draw)
    one = torch.tanh(leaves[first] * draw.numbers(leaves[first].shape)) * leaves[first]
    other = leaves[second].sin() + leaves[cut].exp().detach()
    name, joined = draw.choice(
        ("stack", lambda parts: torch.stack(parts)),
        ("cat", lambda parts: torch.cat(parts)),
        ("sum", lambda parts: torch.stack(parts).sum()),
    )
    out = joined((one, other))
    formula = f"tanh({first} * k) * {first} and sin({second}) + exp({cut}).detach()"
    draw.given.append(f"out is the {name} of {formula}, with k a constant")
    asked_of(see, depends_on, out, leaves, "True exactly where a path leads from out, from any part of it, to the leaf")
    later = yield
    see.gradients("a backward from out", loss_of(later, out).backward, "the graph is not consumed", **leaves)


@case("depends_on", "the gradient that flows is zero", "01-computation-graph#zero-gradient-or-no-gradient")
def zero_flows(depends_on: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", "leaf")
    v, w = draw.tensor("v", "leaf", x.shape), draw.tensor("w", "leaf", x.shape)
    flat, step = draw.choice(
        ("round(x)", torch.round),
        ("sign(x)", torch.sign),
        ("x * 0", lambda t: t * 0.0),
        ("relu(-x**2)", lambda t: torch.relu(-t.square())),
    )
    gone, cut = draw.choice(
        ("(v > 0).float()", lambda t: (t > 0).float()),
        ("v.detach()", torch.detach),
        ("torch.tensor(v.tolist())", lambda t: torch.tensor(t.tolist())),
    )
    out = (step(x) + cut(v)) * w + w.sin()
    draw.given.append(f"out = ({flat} + {gone}) * w + sin(w)")
    asked = "True where gradient can flow, even if its value is zero; False where there is no path"
    leaves = {"x": x, "v": v, "w": w}
    grads_before(draw, leaves, "x", "w", "none")
    asked_of(see, depends_on, out, leaves, asked)
    later = yield
    see.gradients("a backward from out", loss_of(later, out).backward, "the graph is not consumed", **leaves)


@case("depends_on", "out is a leaf, or one of the two is a constant", "01-computation-graph#leaves-and-accumulategrad")
def leaves_and_constants(depends_on: Function, draw: Draw, see: Observer):
    shape = draw.choice((), (3,), (2, 3))
    x, w, k = draw.tensor("x", "leaf", shape), draw.tensor("w", "leaf", shape), draw.tensor("k", "constant", shape)
    out, d = torch.tanh(x * k) * x, torch.exp(x).detach()
    draw.given.append("out = tanh(x * k) * x, and d = exp(x).detach()")
    leaf = "a leaf depends on itself, and on no other leaf"
    asked_of(see, depends_on, x, {"x": x, "w": w, "k": k}, leaf, "x")
    constant = "a constant depends on nothing, itself included, and nothing depends on it"
    asked_of(see, depends_on, k, {"x": x, "k": k}, constant, "k")
    asked_of(see, depends_on, d, {"x": x, "k": k}, constant, "d")
    asked_of(see, depends_on, out, {"x": x, "k": k, "d": d}, constant)
    later = yield
    see.gradients("a backward from out", loss_of(later, out).backward, "the graph is not consumed", x=x, w=w)


@case("depends_on", "leaves are equal or lie in one memory", "01-computation-graph#leaves-and-accumulategrad")
def alike_leaves(depends_on: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", "leaf")
    twin, alias = x.detach().clone().requires_grad_(), x.detach().requires_grad_()
    leaves = {"x": x, "twin": twin, "alias": alias}
    one, other = draw.choice(("x", "x"), ("alias", "twin"), ("twin", "twin"), ("alias", "alias"), ("twin", "x"))
    out = torch.tanh(leaves[one] * draw.numbers(x.shape)) * torch.sigmoid(leaves[other])
    draw.given.append("twin is another leaf with the values of x, alias another leaf on the memory of x")
    draw.given.append(f"out = tanh({one} * k) * sigmoid({other}), with k a constant")
    asked_of(see, depends_on, out, leaves, "leaves are told apart by identity, not by values or memory")
    later = yield
    see.gradients("a backward from out", loss_of(later, out).backward, "the graph is not consumed", **leaves)


@case("depends_on", "leaves have a .grad from earlier", "01-computation-graph#gradients-without-grad")
def grads_stay(depends_on: Function, draw: Draw, see: Observer):
    leaves = four_leaves(draw, draw.choice((), (3,), (2, 3)), draw.choice(*DTYPES))
    out, parts = mixed(draw, leaves)
    draw.given.append("out is root")
    grads_before(draw, leaves, *parts)
    asked_of(see, depends_on, out, leaves, "True exactly where a path leads from out to the leaf")
    grads_after(see, "01-computation-graph#gradients-without-grad", **leaves)
    later = yield
    see.gradients("a backward from out", loss_of(later, out).backward, "the graph is not consumed", **leaves)


# grads --------------------------------------------------------------------------------------------------


def observed(see: Observer, result: Any, names: tuple[str, ...], asked: str) -> dict[str, Tensor]:
    """Observe a list of gradients: how many there are, and each one's value and flags."""
    results = list(result)
    see.value("the number of results", len(results), "there is one result for each of inputs")
    by_name = dict(zip(names, results, strict=False))
    for name, one in by_name.items():
        see.value(f"the gradient of {name}", one, f"{asked}; here that of {name}")
        graph = "01-computation-graph#gradients-without-grad"
        see.flags(f"the flags of the gradient of {name}", one, f"the gradient of {name} carries no graph", graph)
    return by_name


def permuted(draw: Draw, *names: str) -> tuple[str, ...]:
    """Draw an order of three names that is not the one they are used in."""
    first, second, third = names
    return draw.choice((third, first, second), (second, third, first), (third, second, first))


@case("grads", "all inputs are used", "01-computation-graph#paths-add-up")
def all_used(grads: Function, draw: Draw, see: Observer):
    shape, dtype = draw.shape(), draw.choice(*DTYPES)
    leaves = {name: draw.tensor(name, "leaf", shape, dtype=dtype) for name in "abc"}
    a, b, c = leaves.values()
    out = (torch.tanh(a * b) * torch.exp(c * draw.numbers(shape, dtype=dtype)) + a.square()).sum()
    order = permuted(draw, *leaves)
    draw.given.append(f"out = (tanh(a * b) * exp(c * k) + a**2).sum(), inputs = [{', '.join(order)}]")
    result = see.call(grads, out, [leaves[name] for name in order])
    observed(see, result, order, "the gradients of out, in the order of inputs")
    later = yield
    run = (out * later.number(0.5, 2.0)).backward
    consumed = "01-computation-graph#what-backward-consumes"
    see.gradients("a backward from out", run, "out.backward() still works afterwards", consumed, **leaves)


@case("grads", "an input is not used", "01-computation-graph#zero-gradient-or-no-gradient")
def one_unused(grads: Function, draw: Draw, see: Observer):
    dtype = draw.choice(*DTYPES)
    shape = draw.shape()
    a, b = draw.tensor("a", "leaf", shape, dtype=dtype), draw.tensor("b", "leaf", shape, dtype=dtype)
    u = draw.tensor("u", "leaf", (5, draw.integer(1, 3)), dtype=dtype)
    cut = draw.choice("u is not used", "u is used detached")
    factor = u.detach().mean().exp() if cut == "u is used detached" else 1.0
    out = (torch.sigmoid(a * draw.numbers(shape, dtype=dtype)) * torch.exp(b) * factor).sum()
    order = draw.choice(("a", "b", "u"), ("u", "b", "a"), ("b", "u", "a"))
    leaves = {"a": a, "b": b, "u": u}
    draw.given.append(f"{cut}; inputs = [{', '.join(order)}]")
    result = see.call(grads, out, [leaves[name] for name in order])
    observed(see, result, order, "zeros of its shape and dtype for an input that out does not use")
    later = yield
    run = (out * later.number(0.5, 2.0)).backward
    consumed = "01-computation-graph#what-backward-consumes"
    see.gradients("a backward from out", run, "out.backward() still works afterwards", consumed, **leaves)


@case("grads", "leaves have a .grad from earlier", "01-computation-graph#gradients-without-grad")
def earlier_grad(grads: Function, draw: Draw, see: Observer):
    leaves = four_leaves(draw, draw.shape())
    root, (twice, once, cut, unused) = mixed(draw, leaves)
    out = root.sum()
    order = draw.choice((cut, twice), (unused, once), (once, cut, unused))
    draw.given.append(f"out = root.sum(), inputs = [{', '.join(order)}]")
    grads_before(draw, leaves, once if once in order else twice, "none")
    result = see.call(grads, out, [leaves[name] for name in order])
    observed(see, result, order, "the gradients of out alone, whatever the leaves' .grad holds")
    grads_after(see, "01-computation-graph#gradients-without-grad", **leaves)
    later = yield
    run = (out * later.number(0.5, 2.0)).backward
    consumed = "01-computation-graph#what-backward-consumes"
    see.gradients("a backward from out", run, "out.backward() still works afterwards", consumed, **leaves)


@case("grads", "a result is used in another loss", "01-computation-graph#gradients-without-grad")
def used_further(grads: Function, draw: Draw, see: Observer):
    shape = draw.shape()
    x, w = draw.tensor("x", "leaf", shape), draw.tensor("w", "leaf", shape)
    out = (torch.exp(x) * torch.tanh(w)).sum()
    draw.given.append("out = (exp(x) * tanh(w)).sum(), inputs = [w, x]")
    results = observed(see, see.call(grads, out, [w, x]), ("w", "x"), "the gradients of out, in the order of inputs")
    later = yield
    name = later.choice("w", "x")
    v = later.tensor("v", "leaf", shape)
    loss = loss_of(later, results[name] * v)
    asked = "the results carry no graph: a loss made of them sends nothing back to x and w"
    see.gradients("a backward from the other loss", loss.backward, asked, v=v, x=x, w=w)
    consumed = "01-computation-graph#what-backward-consumes"
    see.gradients("a backward from out", out.backward, "out.backward() still works afterwards", consumed, x=x, w=w)


# grad_reverse -------------------------------------------------------------------------------------------


def strength(draw: Draw, name: str = "lam") -> float:
    """Draw a positive factor that is not near 1."""
    value = draw.choice(draw.number(0.2, 0.8), draw.number(1.3, 3.0))
    draw.given.append(f"{name} = {value}")
    return value


@case("grad_reverse", "the result is the only use of x", "01-computation-graph#one-use-its-own-gradient")
def the_only_use(grad_reverse: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior", "view"), dtype=draw.choice(*DTYPES))
    result = see.call(grad_reverse, x, strength(draw))
    see.value("the result", result, "the result has the value of x")
    later = yield
    loss = loss_of(later, result)
    see.gradients("the backward", loss.backward, "the gradient is multiplied by -lam", x=draw.source(x))


@case("grad_reverse", "x is used elsewhere too", "01-computation-graph#one-use-its-own-gradient")
def used_elsewhere(grad_reverse: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior"))
    leaf = draw.source(x)
    draw.prefill(leaf)
    before = torch.sigmoid(x)
    result = see.call(grad_reverse, x, strength(draw))
    later = yield
    loss = loss_of(later, result) + loss_of(later, x) + loss_of(later, before)
    asked = "only this use is reversed; uses of x before and after it keep their gradient"
    see.gradients("the backward", loss.backward, asked, x=leaf)


@case("grad_reverse", "the result is added to x", "01-computation-graph#paths-add-up")
def added_to_x(grad_reverse: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior"))
    result = see.call(grad_reverse, x, strength(draw))
    later = yield
    total = later.choice(lambda: result + x, lambda: x + result)()
    asked = "only this use is reversed; the gradient that x receives from the sum itself is untouched"
    see.gradients("a backward from x + grad_reverse(x)", loss_of(later, total).backward, asked, x=draw.source(x))


@case("grad_reverse", "x is reversed twice, by two factors", "01-computation-graph#paths-add-up")
def reversed_twice(grad_reverse: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior"))
    first = see.call(grad_reverse, x, strength(draw, "the first lam"), name="the first call")
    second = see.call(grad_reverse, x, strength(draw, "the second lam"), name="the second call")
    later = yield
    loss = loss_of(later, first) + loss_of(later, second)
    see.gradients("the backward", loss.backward, "each use has its own factor, and the two add up", x=draw.source(x))
