"""The cases of 01-computation-graph: which inputs a function is given, and what is observed of it."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from gradstop.observe import AGAIN, Draw, Form, Observer, case

Function = Callable[..., Any]
DTYPES = (torch.float32, torch.float64)
GRADS = "01-computation-graph#gradients-without-grad"


def loss_of(later: Draw, result: Tensor) -> Tensor:
    """Make a scalar of ``result`` by weights that nobody knew when it was computed."""
    return (torch.sin(result) * later.numbers(result.shape, dtype=result.dtype)).sum()


def goes_through(see: Observer, later: Draw, root: Tensor, name: str = "root", **leaves: Tensor) -> None:
    """Observe a backward from ``root``, which needs all that the graph saved."""
    asked = "the graph is still usable: a backward goes through, and no .grad has changed before it"
    see.gradients(f"a backward from {name}", loss_of(later, root).backward, asked, **leaves)


def four_leaves(draw: Draw, form: Form, dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
    """Draw the leaves a, b, c and d, all of one form."""
    return {name: draw.tensor(name, "leaf", form, dtype=dtype) for name in "abcd"}


def mixed(draw: Draw, leaves: dict[str, Tensor], name: str = "root") -> Tensor:
    """Compute a tensor from a and b, and from c through a cut; d is not used."""
    a, b, c, _ = leaves.values()
    k = draw.numbers(a.shape, dtype=a.dtype)
    draw.feature("interior", "a detached leaf on the way", "a constant on the way")
    draw.given.append(f"{name} = addcmul(sin(a), k, tanh(a * b)) + exp(c).detach(), with k a constant; d is not used")
    return torch.addcmul(a.sin(), k, torch.tanh(a * b)) + c.exp().detach()


def grads_before(draw: Draw, leaves: dict[str, Tensor], *without: str) -> list[Tensor]:
    """Give each leaf a ``.grad`` from earlier, but for the one that is drawn from ``without``; return these."""
    name = draw.choice(*without)
    draw.prefill(*(leaf for label, leaf in leaves.items() if label != name))
    draw.given.append(f"every leaf but {name} has a .grad" if name in leaves else "every leaf has a .grad")
    return [leaf.grad for leaf in leaves.values() if leaf.grad is not None]


def grads_after(see: Observer, earlier: list[Tensor], **leaves: Tensor) -> None:
    """Observe each leaf's ``.grad``, where nothing and zeros are the same, and the tensors that were there before."""
    for name, leaf in leaves.items():
        grad = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
        asked = f"the call changes no .grad: {name}.grad is as it was"
        see.value(f"{name}.grad after the call", grad, asked, GRADS)
    asked = "the call changes no .grad: the tensors that were there before hold what they held"
    see.value("the tensors that were there before", earlier, asked, GRADS)


def alike_leaves(draw: Draw) -> tuple[dict[str, Tensor], Tensor]:
    """Draw leaves of equal values, two of them on one memory; return them, and what is computed of one or two."""
    x = draw.tensor("x", "leaf", draw.form("vector", "scalar"))
    twin, alias = x.detach().clone().requires_grad_(), x.detach().requires_grad_()
    leaves = {"x": x, "twin": twin, "alias": alias}
    one, other = draw.choice(("x", "twin"), ("alias", "x"), ("twin", "alias"), ("alias", "alias"))
    made = torch.tanh(leaves[one] * draw.numbers(x.shape)) * torch.sigmoid(leaves[other])
    draw.feature("leaves of equal values", "leaves that lie in one memory")
    draw.given.append("twin is another leaf with the values of x, alias another leaf on the memory of x")
    draw.given.append(f"the tensor asked about is tanh({one} * k) * sigmoid({other}), with k a constant")
    return leaves, made


def constant_of(draw: Draw, x: Tensor) -> tuple[str, Tensor]:
    """Draw one of three constants of the shape of x; return its name too."""
    kind = draw.choice("k", "x.detach()", "x > 1")
    if kind == "k":
        return kind, draw.tensor("k", "constant", tuple(x.shape), dtype=x.dtype)
    draw.feature("bool" if kind == "x > 1" else "a constant on the memory of a leaf")
    return kind, x > 1 if kind == "x > 1" else x.detach()


# count_nodes --------------------------------------------------------------------------------------------

COUNT_ASKED = "counting changes no tensor"
WIDE = (Form((4, 3)), Form((4, 3), order=(1, 0), special=True))  # of one shape, so that the shape tells nothing


@case("count_nodes", "a tensor is used by several operations", "01-computation-graph#one-node-many-uses")
def several_uses(count_nodes: Function, draw: Draw, see: Observer):
    form, dtype = draw.form(), draw.choice(*DTYPES)
    x, w = draw.tensor("x", "leaf", form, dtype=dtype), draw.tensor("w", "leaf", form, dtype=dtype)
    draw.hook(x=x)
    root, rounds = x * w, draw.choice(1, 3)
    for _ in range(rounds):
        root = torch.sin(root) * torch.sigmoid(root) + w
    draw.given.append(f"root is x * w, and then {rounds} times root = sin(root) * sigmoid(root) + w")
    before = see.look(root=root, x=x, w=w)
    with draw.mode_outside():
        count = see.call(count_nodes, root)
    see.value("the count", count, "each node counts once, however many operations lead to it")
    later = yield
    see.left("what has changed on root, x and w", before, COUNT_ASKED, root=root, x=x, w=w)
    goes_through(see, later, root, x=x, w=w)


@case("count_nodes", "constants, detached tensors and views take part", "01-computation-graph#constants-leave-no-edge")
def without_history(count_nodes: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior", "view"), draw.choice(*WIDE))
    root, further = x * draw.numbers(x.shape) + x.exp().detach(), draw.choice(0, 1, 3)
    draw.feature("a detached leaf on the way", "a constant on the way")
    draw.given.append(f"root is x * k + exp(x).detach(), its rows from 1 on, then {further} times sin(root) * k")
    root = root[1:]
    for _ in range(further):
        root = torch.sin(root) * draw.numbers(root.shape)
    count = see.call(count_nodes, root)
    see.value("the count", count, "a constant or detached input is no node; a view is an operation with a node")
    direct = see.call(count_nodes, x, name="the call with x")
    see.value("the count for x", direct, "root.grad_fn counts, and all nodes that it leads to; a leaf has none")
    later = yield
    goes_through(see, later, root, x=draw.source(x))


@case("count_nodes", "an operation has several outputs", "01-computation-graph#one-node-many-uses")
def several_outputs(count_nodes: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", "leaf", (4, 3))
    name, parts = draw.choice(("unbind", lambda t: t.unbind(0)), ("split", lambda t: t.split(1)))
    outputs = parts(torch.sigmoid(x))
    of, root = draw.choice(
        ("the stack of exp of each output", torch.stack([torch.exp(part) for part in outputs])),
        ("exp of the last output", torch.exp(outputs[-1])),
        ("the last output", outputs[-1]),
    )
    draw.feature("an operation with several outputs")
    draw.given.append(f"root is {of} of {name}(sigmoid(x))")
    count = see.call(count_nodes, root)
    see.value("the count", count, "an operation with several outputs is one node")
    later = yield
    goes_through(see, later, root, x=x)


@case("count_nodes", "root is a leaf or a constant", "01-computation-graph#from-tensor-to-node")
def without_grad_fn(count_nodes: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", "leaf", dtype=draw.choice(*DTYPES))
    draw.prefill(x)
    name, constant = constant_of(draw, x)
    root = torch.sin(x.exp()) * torch.cos(x.exp())
    draw.given.append(f"the roots are x, the constant {name}, and sin(exp(x)) * cos(exp(x))")
    none = "a root without grad_fn has no nodes: the count is 0"
    see.value("the count for the leaf", see.call(count_nodes, x, name="the call with the leaf"), none)
    see.value("the count for the constant", see.call(count_nodes, constant, name="the call with the constant"), none)
    count = see.call(count_nodes, root, name="the call with a result")
    see.value("the count for the result", count, "root.grad_fn counts, and all nodes that it leads to")
    later = yield
    goes_through(see, later, root, x=x)


@case("count_nodes", "it is called again, on the same graph", "01-computation-graph#walking-the-graph")
def counted_again(count_nodes: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", "leaf", draw.form("matrix", "scalar"))
    inner = root = torch.tanh(x)
    before, after = draw.choice((1, 3), (3, 1))
    for _ in range(before):
        inner = root = torch.sin(root) * torch.sigmoid(x)  # not exp(x): its powers would magnify what is rounded
    for _ in range(after):
        root = torch.sigmoid(root) * torch.cos(inner)
    draw.given.append(f"inner is tanh(x), followed by {before} times inner = sin(inner) * sigmoid(x)")
    draw.given.append(f"root is inner, followed by {after} times root = sigmoid(root) * cos(inner)")
    order = draw.choice(("root", "inner", "root"), ("inner", "root", "inner"))
    asked = "each call counts anew, whatever was counted before"
    for number, name in zip(("first", "second", "third"), order, strict=True):
        count = see.call(count_nodes, {"root": root, "inner": inner}[name], name=f"the {number} call")
        see.value(f"the {number} count, of {name}", count, asked)
    draw.feature(*AGAIN[:3])
    changed = draw.tensor("t", "constant", tuple(x.shape))
    see.value("the count for t", see.call(count_nodes, changed, name="the call with t"), asked)
    root.mul_(2)
    changed.mul_(x)
    draw.given.append("then root.mul_(2) and t.mul_(x) are computed")
    see.value("the count after root.mul_(2)", see.call(count_nodes, root, name="the call after root.mul_(2)"), asked)
    see.value("the count after t.mul_(x)", see.call(count_nodes, changed, name="the call after t.mul_(x)"), asked)
    later = yield
    goes_through(see, later, root, x=x)


@case("count_nodes", "5,000 operations follow one another", "01-computation-graph#walking-the-graph")
def a_long_chain(count_nodes: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", "leaf", (2,))
    root = first = torch.exp(x)
    length = 2 * draw.integer(2450, 2500)  # even, so that root is negative under every seed
    name = draw.choice("negated", "subtracted from a constant")
    zeros = torch.zeros(2)
    for _ in range(length - 1):
        root = torch.neg(root) if name == "negated" else torch.sub(zeros, root)
    draw.feature("a long chain")
    draw.given.append(f"root is exp(x), the first link, {length - 1} times {name}")
    count = see.call(count_nodes, root)
    see.value("the count", count, "a chain of up to 5,000 operations is counted to its end")
    later = yield
    goes_through(see, later, first, "the first link", x=x)


# graph_leaves -------------------------------------------------------------------------------------------

LEAVES_ASKED = "the leaves that a backward fills, each once and by identity; not those unused or behind a detach"


@case("graph_leaves", "some leaves are used and some are not", "01-computation-graph#what-backward-fills")
def used_and_unused(graph_leaves: Function, draw: Draw, see: Observer):
    leaves = four_leaves(draw, draw.form("matrix", "vector"))
    draw.hook(a=leaves["a"])
    root = mixed(draw, leaves)
    before = see.look(root=root, **leaves)
    result = see.call(graph_leaves, root)
    kind = "a list or a tuple" if isinstance(result, list | tuple) else f"an object of type {type(result).__name__}"
    see.value("what the result is", kind, "the result is a list or a tuple")
    see.members("the result", result, LEAVES_ASKED, **leaves)
    see.left("what has changed on root and the leaves", before, "no tensor is changed", root=root, **leaves)
    later = yield
    draw.feature(*AGAIN)
    other = torch.tanh(leaves["c"] * leaves["d"])
    again = see.call(graph_leaves, root, name="a second call with root")
    see.members(
        "the second result", again, f"each call gives the leaves of the root that it is given: {LEAVES_ASKED}", **leaves
    )
    see.same("the second list and the first", again, result, "each call gives a new list")
    another = see.call(graph_leaves, other, name="a call with tanh(c * d)")
    see.members(
        "the result for tanh(c * d)", another, "each call gives the leaves of the root that it is given", **leaves
    )
    root.mul_(leaves["d"])
    changed = see.call(graph_leaves, root, name="a call after root.mul_(d)")
    see.members(
        "the result after root.mul_(d)", changed, "after root.mul_(d) a backward from root fills d too", **leaves
    )
    see.members("the first result, looked at again", result, "what an earlier call returned stays what it is", **leaves)
    goes_through(see, later, root, **leaves)


@case("graph_leaves", "root is a leaf or a constant", "01-computation-graph#leaves-and-accumulategrad")
def root_is_a_leaf(graph_leaves: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", "leaf", dtype=draw.choice(*DTYPES))
    if draw.choice(False, True):
        x = nn.Parameter(x.detach())
        draw.feature("a Parameter")
        draw.given.append("x is a Parameter")
    draw.prefill(x)
    name, constant = constant_of(draw, x)
    root = torch.exp(x) * x
    draw.given.append(f"the roots are x, the constant {name}, and exp(x) * x")
    known = {"x": x, "the constant": constant, "exp(x) * x": root}
    of_leaf = see.call(graph_leaves, x, name="the call with the leaf")
    see.members("the result for the leaf", of_leaf, "a leaf that requires grad is its own and only leaf", **known)
    of_constant = see.call(graph_leaves, constant, name="the call with the constant")
    see.members("the result for the constant", of_constant, "a constant has no leaves that a backward fills", **known)
    of_root = see.call(graph_leaves, root, name="the call with a result")
    see.members("the result for exp(x) * x", of_root, "the leaf that a backward fills, once", **known)
    later = yield
    total = loss_of(later, root) + loss_of(later, x)
    asked = "the graph is not consumed, and no .grad has changed"
    see.gradients("a backward from both roots", total.backward, asked, x=x)


@case("graph_leaves", "leaves are equal or lie in one memory", "01-computation-graph#leaves-and-accumulategrad")
def alike(graph_leaves: Function, draw: Draw, see: Observer):
    leaves, root = alike_leaves(draw)
    result = see.call(graph_leaves, root)
    see.members("the result", result, "leaves are told apart by identity, not by values or memory", **leaves)
    later = yield
    goes_through(see, later, root, **leaves)


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
    parts = draw.choice(lambda t: t.unbind(0), lambda t: t.T.split(1)[1:])(base)
    end = draw.choice("sin", "transpose")
    root = torch.stack(parts).sum(0).sin() if end == "sin" else torch.stack(parts).transpose(0, -1)
    draw.feature("view", "an edit in place on the way", "an operation with several outputs", "a cut on the way")
    draw.given.append(f"start is {'tanh(x).detach().requires_grad_()' if cut else 'tanh(x)'}, base is start * k")
    draw.given.append(
        f"row {row} of base is set to the Parameter w; root is computed from parts of base, last by {end}"
    )
    result = see.call(graph_leaves, root)
    asked = "the leaves that a backward fills: also through views and edits in place; none beyond a cut"
    see.members("the result", result, asked, x=x, w=w, start=start, base=base, root=root)
    later = yield
    leaves = {"x": x, "w": w} | ({"start": start} if cut else {})
    goes_through(see, later, root, **leaves)


@case("graph_leaves", "leaves have a .grad from earlier", "01-computation-graph#what-backward-consumes")
def earlier_gradients(graph_leaves: Function, draw: Draw, see: Observer):
    leaves = four_leaves(draw, draw.form("matrix", "vector"))
    root = mixed(draw, leaves)
    earlier = grads_before(draw, leaves, "a", "d")
    result = see.call(graph_leaves, root)
    see.members("the result", result, LEAVES_ASKED, **leaves)
    grads_after(see, earlier, **leaves)
    later = yield
    goes_through(see, later, root, **leaves)


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
    leaves = four_leaves(draw, draw.form(), draw.choice(*DTYPES))
    a, b, c, _ = leaves.values()
    one = torch.stack((draw.numbers(a.shape, dtype=a.dtype), a)).unbind(0)[1].tanh()
    other = b.sin() + c.exp().detach()
    name = draw.choice("the stack, transposed,", "the sum")
    out = torch.stack((one, other)).movedim(0, -1) if name != "the sum" else (one + other).sum()
    draw.feature("interior", "view", "a detached leaf on the way", "a constant on the way")
    draw.feature("an operation with several outputs")
    draw.given.append(
        f"out is {name} of tanh(stack((k, a)).unbind()[1]) and sin(b) + exp(c).detach(), with k a constant"
    )
    before = see.look(out=out, **leaves)
    asked_of(see, depends_on, out, leaves, "True exactly where a path leads from out, from any part of it, to the leaf")
    see.left("what has changed on out and the leaves", before, "no tensor is changed", out=out, **leaves)
    later = yield
    goes_through(see, later, out, "out", **leaves)


@case("depends_on", "the gradient that flows is zero", "01-computation-graph#zero-gradient-or-no-gradient")
def zero_flows(depends_on: Function, draw: Draw, see: Observer):
    form = draw.form("vector", "scalar")
    x, v, w = (draw.tensor(name, "leaf", form) for name in "xvw")
    flat, step, gone, cut = draw.choice(
        ("round(x)", torch.round, "(v > 0).float()", lambda t: (t > 0).float()),
        ("x * 0", lambda t: t * 0.0, "v.detach()", torch.detach),
        ("sign(x)", torch.sign, "torch.tensor(v.tolist())", lambda t: torch.tensor(t.tolist())),
        ("relu(-x**2 - 1)", lambda t: torch.relu(-t.square() - 1), "v.detach()", torch.detach),
    )
    out = (step(x) + cut(v)) * w + w.sin()
    draw.feature("a gradient that is zero")
    draw.given.append(f"out = ({flat} + {gone}) * w + sin(w)")
    asked = "True where gradient can flow, even if its value is zero; False where there is no path"
    leaves = {"x": x, "v": v, "w": w}
    grads_before(draw, leaves, "x", "w")
    asked_of(see, depends_on, out, leaves, asked)
    later = yield
    goes_through(see, later, out, "out", **leaves)


@case("depends_on", "out is a leaf, or one of the two is a constant", "01-computation-graph#leaves-and-accumulategrad")
def leaves_and_constants(depends_on: Function, draw: Draw, see: Observer):
    form, dtype = draw.form(), draw.choice(*DTYPES)
    x, w = draw.tensor("x", "leaf", form, dtype=dtype), draw.tensor("w", "leaf", form, dtype=dtype)
    k = draw.tensor("k", "constant", form, dtype=dtype)
    out, d = torch.tanh(x * k) * x, draw.choice(torch.exp, torch.neg)(x).detach()
    draw.given.append("out = tanh(x * k) * x, and d is computed from x and detached")
    leaf = "a leaf depends on itself, and on no other leaf"
    asked_of(see, depends_on, x, {"x": x, "w": w, "k": k}, leaf, "x")
    constant = "a constant depends on nothing, itself included, and nothing depends on it"
    asked_of(see, depends_on, k, {"x": x, "k": k}, constant, "k")
    asked_of(see, depends_on, d, {"x": x, "k": k}, constant, "d")
    asked_of(see, depends_on, out, {"x": x, "k": k, "d": d}, constant)
    later = yield
    goes_through(see, later, out, "out", x=x, w=w)


@case("depends_on", "leaves are equal or lie in one memory", "01-computation-graph#leaves-and-accumulategrad")
def alike_ends(depends_on: Function, draw: Draw, see: Observer):
    leaves, out = alike_leaves(draw)
    asked_of(see, depends_on, out, leaves, "leaves are told apart by identity, not by values or memory")
    later = yield
    goes_through(see, later, out, "out", **leaves)


@case("depends_on", "leaves have a .grad from earlier", "01-computation-graph#gradients-without-grad")
def grads_stay(depends_on: Function, draw: Draw, see: Observer):
    leaves = four_leaves(draw, draw.form("matrix", "scalar"))
    draw.hook(a=leaves["a"])
    out = mixed(draw, leaves, "out")
    earlier = grads_before(draw, leaves, "a", "d")
    asked_of(see, depends_on, out, leaves, "True exactly where a path leads from out to the leaf")
    grads_after(see, earlier, **leaves)
    later = yield
    draw.feature(*AGAIN[:3])
    asked = "each call answers for the tensors that it is given, as they are then"
    other = torch.exp(leaves["d"])
    asked_of(see, depends_on, other, leaves, asked, "exp(d)")
    out.mul_(leaves["d"])
    asked_of(see, depends_on, out, leaves, asked, "out after out.mul_(d)")
    goes_through(see, later, out, "out", **leaves)


# grads --------------------------------------------------------------------------------------------------


def observed(see: Observer, result: Any, names: Iterable[str], asked: str, call: str = "") -> dict[str, Tensor]:
    """Observe a list of gradients: for which inputs there is one, and each one's value and flags."""
    results, names = [result] if isinstance(result, dict) else list(result), list(names)  # keys are no gradients
    labels = [*names, *(f"result {number}" for number in range(len(names), len(results)))]
    by_name = dict(zip(labels, results, strict=False))
    see.value(f"the inputs that have a result{call}", list(by_name), "there is one result for each of inputs")
    for name, one in by_name.items():
        see.value(f"the gradient of {name}{call}", one, f"{asked}; here that of {name}")
        see.flags(f"the flags of the gradient of {name}{call}", one, f"the gradient of {name} carries no graph", GRADS)
    return by_name


def still_works(see: Observer, later: Draw, out: Tensor, **leaves: Tensor) -> None:
    """Observe a backward from ``out``."""
    consumed = "01-computation-graph#what-backward-consumes"
    run = (out * later.number(0.5, 2.0)).backward
    see.gradients("a backward from out", run, "out.backward() still works afterwards", consumed, **leaves)


@case("grads", "all inputs are used", "01-computation-graph#paths-add-up")
def all_used(grads: Function, draw: Draw, see: Observer):
    form, dtype = draw.form(), draw.choice(*DTYPES)
    a, b = draw.tensor("a", "leaf", form, dtype=dtype), draw.tensor("b", "leaf", form, dtype=dtype)
    c = a.detach().clone().requires_grad_()
    leaves = {"c": c, "a": a, "b": b}
    draw.hook(a=a)
    out = (torch.tanh(a * b) * torch.exp(c * draw.numbers(form, dtype=dtype)) + a.square()).sum()
    draw.feature("leaves of equal values", "interior")
    draw.given.append("c is a leaf with the values of a")
    draw.given.append("out = (tanh(a * b) * exp(c * k) + a**2).sum(), inputs = [c, a, b]")
    before = see.look(out=out, **leaves)
    with draw.mode_outside():
        result = see.call(grads, out, list(leaves.values()))
    observed(see, result, leaves, "the gradients of out, in the order of inputs")
    see.left("what has changed on out and the leaves", before, "no tensor is changed", out=out, **leaves)
    later = yield
    still_works(see, later, out, **leaves)


@case("grads", "an input is not used", "01-computation-graph#zero-gradient-or-no-gradient")
def one_unused(grads: Function, draw: Draw, see: Observer):
    dtype, other = draw.choice((DTYPES[0],) * 2, (DTYPES[1],) * 2, DTYPES)
    form = draw.form("matrix", "vector")
    a, b = draw.tensor("a", "leaf", form, dtype=dtype), draw.tensor("b", "leaf", form, dtype=dtype)
    u, s = draw.tensor("u", "leaf", dtype=other), draw.tensor("s", "leaf", (), dtype=dtype)
    cut = draw.choice("u is not used", "u is used detached")
    factor = u.detach().sum().exp().to(dtype) if cut == "u is used detached" else 1.0
    out = (torch.sigmoid(a * draw.numbers(form, dtype=dtype)) * torch.exp(b) * factor).sum()
    leaves = {"b": b, "u": u, "a": a}
    draw.feature("an input that is not used", "inputs of two dtypes")
    draw.given.append(f"{cut}; inputs = [b, u, a]")
    result = see.call(grads, out, list(leaves.values()))
    observed(see, result, leaves, "zeros of its shape and dtype for an input that out does not use")
    itself = see.call(grads, s, [u, s], name="a call whose out is the leaf s")
    observed(see, itself, ("u", "s"), "the gradient of s at s is 1", ", where out is s")
    later = yield
    still_works(see, later, out, **leaves)


@case("grads", "leaves have a .grad from earlier", "01-computation-graph#gradients-without-grad")
def earlier_grad(grads: Function, draw: Draw, see: Observer):
    leaves = four_leaves(draw, draw.form("matrix", "cube"))
    out = mixed(draw, leaves).sum()
    order = draw.choice(("c", "a"), ("a",), ("b", "c", "d"))
    draw.given.append(f"out = root.sum(), inputs = [{', '.join(order)}]")
    earlier = grads_before(draw, leaves, "b", "none")
    inputs = [leaves[name] for name in order]
    result = see.call(grads, out, inputs)
    observed(see, result, order, "the gradients of out alone, whatever the leaves' .grad holds")
    grads_after(see, earlier, **leaves)
    later = yield
    draw.feature(*AGAIN)
    asked = "each call gives the gradients of the out that it is given, as it is then"
    again = see.call(grads, out, inputs, name="a second call")
    observed(see, again, order, asked, " in the second call")
    other = loss_of(later, leaves["a"] * leaves["c"])
    observed(see, see.call(grads, other, inputs, name="a call with another out"), order, asked, ", of another out")
    out.mul_(later.number(2.0, 3.0))
    observed(see, see.call(grads, out, inputs, name="a call after out.mul_(k)"), order, asked, " after out.mul_(k)")
    still_works(see, later, out, **leaves)
    asked = "what an earlier call returned stays what it is"
    observed(see, result, order, asked, ", looked at again after later calls")


@case("grads", "a result is used in another loss", "01-computation-graph#gradients-without-grad")
def used_further(grads: Function, draw: Draw, see: Observer):
    form = draw.form("matrix", "vector")
    x, w = draw.tensor("x", "leaf", form), draw.tensor("w", "leaf", form)
    made = torch.exp(x) * torch.tanh(w)
    out = draw.choice(lambda: made.sum(), lambda: made[(1,) * made.dim()])()
    draw.feature("view")
    draw.given.append("out is the sum of exp(x) * tanh(w), or an element of it; inputs = [w, x]")
    results = observed(see, see.call(grads, out, [w, x]), ("w", "x"), "the gradients of out, in the order of inputs")
    later = yield
    v = later.tensor("v", "leaf", tuple(x.shape))
    loss = loss_of(later, sum(one * v for one in results.values()))
    asked = "the results carry no graph: a loss made of them sends nothing back to x and w"
    see.gradients("a backward from the other loss", loss.backward, asked, v=v, x=x, w=w)
    still_works(see, later, out, x=x, w=w)


# grad_reverse -------------------------------------------------------------------------------------------


def strength(draw: Draw, name: str = "lam", *kinds: str) -> float:
    """Draw a positive factor that is not near 1, of one of the kinds."""
    kind = draw.choice(*(kinds or ("a factor below 1", "a whole factor")))
    low, high = (0.2, 0.8) if kind == "a factor below 1" else (1.3, 1.8)
    value = draw.integer(2, 4) if kind == "a whole factor" else draw.number(low, high)
    draw.feature(kind)
    draw.given.append(f"{name} = {value}")
    return value


def of_another(see: Observer, draw: Draw, grad_reverse: Function, x: Tensor, lam: float) -> None:
    """Call once more, with another tensor of the shape of x."""
    y = draw.tensor("y", "leaf", tuple(x.shape), dtype=x.dtype)
    result = see.call(grad_reverse, y, lam, name="a call with y")
    see.value("the result of the call with y", result, "the result has the value of the tensor that is given")


@case("grad_reverse", "the result is the only use of x", "01-computation-graph#one-use-its-own-gradient")
def the_only_use(grad_reverse: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior", "view"), dtype=draw.choice(*DTYPES))
    before = see.look(x=x)
    lam = strength(draw, "lam", "a factor below 1", "a factor above 1", "a whole factor")
    result = see.call(grad_reverse, x, lam)
    of_another(see, draw, grad_reverse, x, lam)
    see.value("the result", result, "the result has the value of x")
    see.left("what has changed on x", before, "x itself is unchanged", x=x)
    later = yield
    # The gradient of a plain sum is one number, expanded: it does not lie in memory as the result does.
    plain = later.choice(False, True)
    later.given.append(f"the loss is a {'plain' if plain else 'weighted'} sum")
    loss = result.sum() * later.number(0.5, 2.0) if plain else loss_of(later, result)
    see.gradients("the backward", loss.backward, "the gradient is multiplied by -lam", x=draw.source(x))


@case("grad_reverse", "x is used elsewhere too", "01-computation-graph#one-use-its-own-gradient")
def used_elsewhere(grad_reverse: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior", "view"), draw.form("matrix", "cube", "scalar"))
    leaf = draw.source(x)
    draw.prefill(leaf)
    draw.hook(x=x)
    draw.feature("other uses of x")
    earlier, lam = torch.sigmoid(x), strength(draw)
    result = see.call(grad_reverse, x, lam)
    of_another(see, draw, grad_reverse, x, lam)
    later = yield
    loss = loss_of(later, result) + loss_of(later, x) + loss_of(later, earlier)
    asked = "only this use is reversed; uses of x before and after it keep their gradient"
    see.gradients("the backward", loss.backward, asked, x=leaf)


@case("grad_reverse", "the result is added to x", "01-computation-graph#paths-add-up")
def added_to_x(grad_reverse: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior", "view"), draw.form("matrix", "vector"))
    lam = strength(draw)
    result = see.call(grad_reverse, x, lam)
    of_another(see, draw, grad_reverse, x, lam)
    later = yield
    total = later.choice(lambda: result + x, lambda: x + result)()
    asked = "only this use is reversed; the gradient that x receives from the sum itself is untouched"
    see.gradients("a backward from x + grad_reverse(x)", loss_of(later, total).backward, asked, x=draw.source(x))


@case("grad_reverse", "x is reversed twice, by two factors", "01-computation-graph#paths-add-up")
def reversed_twice(grad_reverse: Function, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior"), draw.form("matrix", "scalar"))
    leaf = draw.source(x)
    lam = strength(draw, "the first lam")
    first = see.call(grad_reverse, x, lam, name="the first call")
    second = see.call(grad_reverse, x, strength(draw, "the second lam"), name="the second call")
    y = draw.tensor("y", "leaf", tuple(x.shape))
    third = see.call(grad_reverse, y, lam, name="the call with y")
    later = yield
    draw.feature(*AGAIN)
    for name, result in (("first", first), ("second", second)):
        see.value(f"the {name} result, looked at after all calls", result, "the result has the value of x")
    loss = loss_of(later, first) + loss_of(later, second) + loss_of(later, third)
    asked = "each use has its own factor, and the two add up; y gets its own"
    see.gradients("the backward", loss.backward, asked, x=leaf, y=y)
    with torch.no_grad():
        x.copy_(later.numbers(x.shape))
    asked = "a call after x was changed sees what x is then"
    again = see.call(grad_reverse, x, lam, name="a call after x was changed")
    see.value("the result after x was changed", again, asked)
    if x is leaf:
        see.gradients("a backward after x was changed", loss_of(later, again).backward, asked, x=x)
