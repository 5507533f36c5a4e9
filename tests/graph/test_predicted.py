"""What is predicted of each ``.grad`` against what the backward does, for code of all sorts that runs within it.

A case gives a loss and tensors by name; beside it stands of which it may be said only "perhaps". All else that is said
must be so: that a gradient comes, that none does, or that the backward raises before.
"""

import functools
import linecache

import pytest
import torch
from torch import nn
from torch.autograd import Function
from torch.utils.checkpoint import checkpoint

from gradstop.graph import read_graph


def leaf(*values):
    return torch.tensor(values or (1.0, 2.0), requires_grad=True)


def function(backward, forward=lambda ctx, a: a * 2, **more):
    return type("Given", (Function,), {"forward": staticmethod(forward), "backward": staticmethod(backward), **more})


def applied(backward, forward=lambda ctx, a: a * 2):
    x, w = leaf(), leaf()
    return (function(backward, forward).apply(x) * w).sum(), {"x": x, "w": w}


def fail(*_):
    raise ValueError("mine")


def nothing(*_):
    """Return None."""


# Functions


class Pair(Function):
    @staticmethod
    def forward(a, b):
        return a * b

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        return g * b, (g * a if ctx.needs_input_grad[1] else None)


class First(Function):
    forward = staticmethod(lambda ctx, a, b, scale, name: a * scale)
    backward = staticmethod(lambda ctx, g: (g, None, None, None))


class Loose(Function):
    """Leaves a gradient away that did not come."""

    @staticmethod
    def forward(ctx, a):
        ctx.set_materialize_grads(False)
        return a * 2, a * 3

    @staticmethod
    def backward(ctx, g, h):
        return h


class Many(Function):
    forward = staticmethod(lambda ctx, *inputs: tuple(a * 2 for a in inputs))
    backward = staticmethod(lambda ctx, *sent: tuple(None if i == 1 else g * 2 for i, g in enumerate(sent)))


class Saves(Function):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return a.exp()

    @staticmethod
    def backward(ctx, g):
        (a,) = ctx.saved_tensors
        return g * a.exp()


class Holds(Function):
    @staticmethod
    def forward(ctx, a):
        ctx.a = a.detach()
        return a.exp()

    @staticmethod
    def backward(ctx, g):
        return g * ctx.a.exp()


class Without(Function):
    forward = staticmethod(lambda ctx, a: a * 2)


def pair():
    x, w = leaf(), leaf()
    return Pair.apply(x, w).sum(), {"x": x, "w": w}


def first_of_four():
    x, w = leaf(), leaf()
    return First.apply(x, w, 3.0, "name").sum(), {"x": x, "w": w}


def loose(which):
    x = leaf()
    return Loose.apply(x)[which].sum(), {"x": x}


def many():
    x, w = leaf(), leaf()
    a, b = Many.apply(x, w)
    return (a + b).sum(), {"x": x, "w": w}


def again(kind):
    x = leaf()
    y = kind.apply(x)
    y.sum().backward()
    x.grad = None
    return y.sum(), {"x": x}


def edited_for_a_function():
    x = leaf()
    h = x * 1
    y = Saves.apply(h)
    h.add_(1)
    return y.sum(), {"x": x}


def without_backward():
    x, w = leaf(), leaf()
    return (Without.apply(x) * w).sum(), {"x": x, "w": w}


def zeros_for_what_did_not_come():
    x = leaf()
    stops = function(lambda ctx, g: None)
    return stops.apply(Holds.apply(x)).sum(), {"x": x}


def nothing_for_what_did_not_come():
    x = leaf()
    return function(lambda ctx, g: None).apply(x * 2).sum(), {"x": x}


def writing_function(write):
    x, w = leaf(), leaf()

    def backward(ctx, g):
        write(w, g)
        return g * 2

    return function(backward).apply(x).sum(), {"x": x, "w": w}


class Helper:
    def fill(self, w, g):
        with torch.enable_grad():
            (w * 2).sum().backward()

    __call__ = fill


def set_grad(w, g):
    w.grad = g.clone()


def clear_grad(w, g):
    w.grad = None


# Hooks


def hooked(hook, interior=False):
    x, w = leaf(), leaf()
    h = x * 2
    (h if interior else x).register_hook(hook)
    return (h * w).sum(), {"x": x, "w": w, "h": h}


def before_node(hook, of_leaf=False):
    x = leaf()
    h = x * 2
    (h.grad_fn.next_functions[0][0] if of_leaf else h.grad_fn).register_prehook(hook)
    return h.sum(), {"x": x}


def after_node(hook, of_leaf=False):
    x = leaf()
    h = x * 2
    (h.grad_fn.next_functions[0][0] if of_leaf else h.grad_fn).register_hook(hook)
    return h.sum(), {"x": x}


def once_filled(hook):
    x, w = leaf(), leaf()
    x.register_post_accumulate_grad_hook(hook)
    return (x * w).sum(), {"x": x, "w": w}


def double_grad(p):
    p.grad.mul_(2)


def clears_its_own():
    x, w = leaf(), leaf()
    loss = (x * w).sum()

    def clear(sent, received):
        x.grad = None

    loss.grad_fn.next_functions[0][0].next_functions[0][0].register_hook(clear)
    return loss, {"x": x, "w": w}


def of_module(put):
    net, x = nn.Linear(2, 2), leaf()
    put(net)
    return net(x[None]).sum(), {"weight": net.weight, "x": x}


def of_several(hook, mode="all"):
    x, w = leaf(), leaf()
    torch.autograd.graph.register_multi_grad_hook((x, w), hook, mode=mode)
    return (x * w).sum(), {"x": x, "w": w}


def unpacked(unpack):
    x = leaf()
    with torch.autograd.graph.saved_tensors_hooks(lambda saved: saved, unpack):
        y = x**2
    return y.sum(), {"x": x}


def noted_in_a_list():
    seen = []
    return hooked(lambda g: seen.append(g))


def noted_in_a_dict(name="g"):
    seen = {}

    def note(g):
        seen[name] = g
        print(f"{name}: {g.norm().item():.1f}")

    return hooked(note)


def doubled_in_a_loop(g):
    times = 0
    while times < 2:
        g, times = g * 2, times + 1
    try:
        return g
    except RuntimeError:
        return None


class Keeps:
    def __init__(self):
        self.seen = []
        self.scale = 2.0

    def hook(self, g):
        self.seen.append(g.detach())
        return g * self.scale


def noted(module, sent, came, seen=[]):  # noqa: B006
    seen.append(came[0].norm())


class Unfollowed:
    def __call__(self, module, sent, came):
        del sent, came


def largest_half(g):
    least = g.abs().topk(max(1, int(g.numel() * 0.5))).values.min()
    return torch.where(g.abs() >= least, g, torch.zeros_like(g))


def masked(shape):
    mask = torch.ones(shape)
    return hooked(lambda g: g * mask)


def masked_by_halves():
    mask = torch.tensor([True, False])

    def halve(g):
        g = g.clone()
        g[mask] = 0
        return g if g.shape == (2,) else None

    return hooked(halve)


# What torch itself does


def several_outputs():
    x = leaf()
    a, b = (x * 1).unbind()
    u, s, _ = torch.linalg.svd(torch.stack([x, x * x]))
    for one in (a, b, u, s):
        one.retain_grad()
    return a * 2 + s.sum(), {"x": x, "a": a, "b": b, "u": u, "s": s}


def sign_of_a_determinant():
    x, w = torch.eye(2, requires_grad=True), leaf()
    sign, size = torch.linalg.slogdet(x)
    return (sign * w).sum(), {"x": x, "w": w, "size": size}


def counted(order):
    x = leaf()
    return torch.linalg.vector_norm(x, ord=order), {"x": x}


def without_derivative(make):
    x, w = leaf(), leaf()
    return (make(x) * w[0]).sum(), {"x": x, "w": w}


def second_derivative_of_a_distance(distance):
    x = torch.tensor([[1.0, 2.0], [0.5, 0.3]], requires_grad=True)
    (g,) = torch.autograd.grad(distance(x).sum(), x, create_graph=True)
    return g.sum(), {"x": x}


def filled_before_it_raises():
    x, w = leaf(), leaf()
    y = x.exp()
    loss = y.sum() + w.sum()
    y.detach().zero_()
    return loss, {"x": x, "w": w}


def step_between():
    x, w = leaf(), leaf()
    loss = (x * w).sum() + w.sum()
    with torch.no_grad():
        w.sub_(0.1)
    return loss, {"x": x, "w": w}


def reentrant():
    net, x = nn.Linear(2, 2), leaf()
    return checkpoint(net, x, use_reentrant=True).sum(), {"weight": net.weight, "x": x}


def case(make, *args, perhaps=(), name="", **more):
    title = name or "-".join([make.__name__, *(getattr(arg, "__name__", str(arg)) for arg in args)])
    return pytest.param(functools.partial(make, *args, **more), set(perhaps), id=title)


CASES = [
    case(pair),
    case(first_of_four),
    case(loose, 0),
    case(loose, 1),
    case(many),
    case(again, Saves),
    case(again, Holds),
    case(edited_for_a_function),
    case(without_backward),
    case(zeros_for_what_did_not_come),
    case(nothing_for_what_did_not_come),
    case(applied, lambda ctx, g: None, name="returns None"),
    case(applied, lambda ctx, g: g[:1], name="returns another shape"),
    case(applied, lambda ctx, g: g.double(), name="returns another dtype"),
    case(applied, lambda ctx, g: (g, g), name="returns one too many"),
    case(applied, lambda ctx, g: (g, None), name="returns a None too many"),
    case(applied, lambda ctx, g: [g], name="returns a list"),
    case(applied, fail, name="raises"),
    case(applied, lambda ctx, g: g.item(), name="returns a number"),
    case(applied, lambda ctx, g: g[g > 0], perhaps="x", name="needs the numbers"),
    case(writing_function, set_grad, perhaps="w"),
    case(writing_function, clear_grad, perhaps="xw"),
    case(writing_function, Helper().fill, perhaps="xw", name="a method runs a backward"),
    case(writing_function, Helper(), perhaps="xw", name="an object runs a backward"),
    case(hooked, nothing),
    case(hooked, print),
    case(hooked, lambda g: g * 0, name="hook: zeros"),
    case(hooked, lambda g: g.clamp(-1, 1), name="hook: clamps"),
    case(hooked, lambda g: g.clamp_(-1, 1), perhaps="x", name="hook: in place"),
    case(hooked, lambda g: print(g.item()), name="hook: a number of two"),
    case(hooked, lambda g: g if g > 0 else None, name="hook: two conditions at once"),
    case(hooked, doubled_in_a_loop),
    case(hooked, lambda g: torch.where(g > 0, g, -g), name="hook: where"),
    case(hooked, lambda g: g / (g.norm() + 1e-6), name="hook: normalises"),
    case(hooked, lambda g: g if g.sum() > 0 else g * 2, name="hook: either way"),
    case(hooked, Keeps().hook),
    case(hooked, functools.partial(torch.mul, 2.0), name="hook: a partial"),
    case(hooked, fail),
    case(hooked, fail, interior=True, name="an interior hook raises"),
    case(hooked, lambda g: g[:1], name="hook: another shape"),
    case(hooked, lambda g: g.double(), name="hook: another dtype"),
    case(hooked, lambda g: 3.0, name="hook: a number"),
    case(hooked, lambda g: fail() if g.isnan().any() else None, perhaps="x", name="hook: may raise"),
    case(
        hooked, lambda g: fail() if g.isnan().any() else None, interior=True, perhaps="x", name="hook: may raise before"
    ),
    case(noted_in_a_list),
    case(noted_in_a_dict),
    case(masked, (2,)),
    case(masked, (3,)),
    case(masked, (2, 2)),
    case(masked_by_halves),
    case(before_node, nothing),
    case(before_node, lambda g: (None,), name="prehook: stops"),
    case(before_node, lambda g: (g[0] * 2,), name="prehook: doubles"),
    case(before_node, lambda g: (None,), of_leaf=True, name="prehook of a leaf: stops"),
    case(before_node, fail),
    case(after_node, nothing),
    case(after_node, lambda sent, came: (None, None), name="posthook: stops"),
    case(after_node, lambda sent, came: (sent[0] * 2, None), name="posthook: doubles"),
    case(after_node, lambda sent, came: (), name="posthook: too few"),
    case(after_node, lambda sent, came: sent[0], name="posthook: no tuple"),
    case(after_node, nothing, of_leaf=True, name="posthook of a leaf"),
    case(clears_its_own, perhaps="xw"),
    case(once_filled, nothing),
    case(once_filled, double_grad),
    case(once_filled, lambda p: setattr(p, "grad", None), perhaps="xw", name="after: clears"),
    case(of_module, lambda net: net.register_full_backward_hook(nothing), name="module: a hook"),
    case(of_module, lambda net: net.register_full_backward_hook(lambda m, i, o: (i[0] * 0,)), name="module: zeros"),
    case(of_module, lambda net: net.register_full_backward_hook(lambda m, i, o: (None,)), name="module: stops"),
    case(of_module, lambda net: net.register_full_backward_hook(fail), name="module: raises"),
    case(of_module, lambda net: net.register_full_backward_hook(noted), name="module: notes"),
    case(
        of_module, lambda net: net.register_full_backward_hook(Unfollowed()), perhaps="x", name="module: not followed"
    ),
    case(hooked, largest_half),
    case(of_module, lambda net: net.register_full_backward_pre_hook(lambda m, o: (o[0] * 2,)), name="module: before"),
    case(of_several, nothing),
    case(of_several, nothing, "any"),
    case(unpacked, lambda saved: saved, name="unpacks"),
    case(unpacked, fail),
    case(several_outputs),
    case(sign_of_a_determinant),
    case(counted, 0),
    case(counted, 2),
    case(without_derivative, torch.unique),
    case(without_derivative, lambda x: torch.igamma(x, x.detach()), name="igamma of its first"),
    case(without_derivative, lambda x: torch.igamma(x.detach(), x), name="igamma of its second"),
    case(second_derivative_of_a_distance, lambda x: torch.cdist(x, x * 2), name="cdist"),
    case(second_derivative_of_a_distance, torch.pdist),
    case(filled_before_it_raises),
    case(step_between),
    case(reentrant, perhaps=("weight", "x")),
]


@pytest.mark.parametrize(("make", "perhaps"), CASES)
def test_what_is_predicted_is_so(make, perhaps):
    loss, named = make()
    graph = read_graph(loss, **named)
    said = {name: graph[name] for name, tensor in named.items() if tensor.is_leaf or tensor.retains_grad}
    doubtful = {name for name, info in said.items() if info.doubt and not info.will_raise}
    assert all(tensor.grad is None for name, tensor in named.items() if name in said)
    raised = False
    try:
        loss.backward()
    except Exception:  # what hooks and Functions raise
        raised = True
    filled = {name for name in said if named[name].grad is not None}
    sure = {name for name in said if name not in doubtful}
    assert filled & sure == {name for name in sure if said[name].will_be_filled}
    assert raised or not any(said[name].will_raise for name in sure)
    if raised:  # who is not filled was told so
        assert all(said[name].will_raise for name in sure - filled)
    assert doubtful == perhaps


def test_nothing_that_is_followed_runs_or_changes():
    ran, holder = [], [torch.ones(2)]

    def hook(g):
        ran.append(g)
        holder[0] = g
        holder[0].zero_()
        holder.append(torch.rand(2))
        return g * holder[0]

    x = leaf()
    x.register_hook(hook)
    state = torch.get_rng_state()
    read_graph((x * 2).sum(), x=x)
    assert not ran
    assert len(holder) == 1
    assert holder[0].tolist() == [1, 1]
    assert torch.equal(state, torch.get_rng_state())


def test_what_is_long_or_compares_by_code_of_its_own_is_left_alone():
    class Loud:
        def __eq__(self, other):
            raise AssertionError

        __hash__ = None

        def __call__(self, g):
            return g

    seen, loud = [torch.ones(1)] * 1000, Loud()

    def hook(g):
        seen.append(g)
        loud(g)

    x = leaf()
    x.register_hook(hook)
    assert read_graph((x * 2).sum(), x=x)["x"].will_be_filled
    assert len(seen) == 1000


def test_code_without_a_source_makes_it_doubtful():
    names = {}
    exec("hook = lambda g: g", names)
    x = leaf()
    x.register_hook(names["hook"])
    assert read_graph((x * 2).sum(), x=x)["x"].doubt == "the hook <lambda> of x may raise"


def test_a_source_that_is_another_by_now_makes_it_doubtful(tmp_path):
    path, names = tmp_path / "hooks.py", {}
    path.write_text("hook = lambda g: g * 2\n")
    exec(compile(path.read_text(), str(path), "exec"), names)
    x = leaf()
    x.register_hook(names["hook"])
    loss = (x * 2).sum()
    assert read_graph(loss, x=x)["x"].doubt == ""
    path.write_text("hook = lambda g: g[:1]\n")
    linecache.checkcache(str(path))
    assert read_graph(loss, x=x)["x"].doubt == "the hook <lambda> of x may raise"
