"""Chapter 2, requires_grad, leaves and backward."""

import warnings

import torch
from support.kinds import back, constants, interiors, leaves, raises
from support.optimizers import OPTIMIZERS, decaying
from torch import distributions, nn
from torch.utils.checkpoint import checkpoint

from statements import DO, HERE, NAMES


def stepped(grad):
    """Return what is left of a matrix of ones after a step of each optimizer."""
    outcome = {}
    for kind in dict(decaying(torch.ones(2, 2, requires_grad=True))):
        weight = torch.ones(2, 2, requires_grad=True)
        opt = dict(decaying(weight))[kind]
        weight.grad = grad
        opt.step()
        outcome[kind] = weight
    return outcome


def what_has_no_grad_is_skipped():
    return {kind: bool(weight.eq(1).all()) for kind, weight in stepped(None).items()} | {"LBFGS": lbfgs_moves_it()}


def lbfgs_moves_it():
    w, late = (torch.ones(2, requires_grad=True) for _ in range(2))
    opt = torch.optim.LBFGS([w, late], lr=0.5, max_iter=2)

    def closure(both):
        opt.zero_grad()
        loss = (w * torch.tensor([1.0, 3.0]) - 2).square().sum()
        (loss + (late * w - 3).square().sum() if both else loss).backward()
        return loss

    opt.step(lambda: closure(True))
    before = late.detach().clone()
    opt.step(lambda: closure(False))
    return late.grad is None and not torch.equal(before, late)


def zeros_decay():
    return {kind: bool(weight.lt(1).all()) for kind, weight in stepped(torch.zeros(2, 2)).items()}


def leaves_and_constants_are_taken():
    outcome = {}
    for name, (optimizer, _) in OPTIMIZERS.items():
        taken = [torch.ones(2, 2, requires_grad=True), torch.ones(2, 2)]
        outcome[name] = not raises(optimizer, taken)
        outcome[f"{name}, interior"] = raises(optimizer, [torch.ones(2, 2, requires_grad=True) * 2])
    return outcome | {"Muon wants matrices": raises(torch.optim.Muon, [torch.ones(2, requires_grad=True)])}


def the_leaf_behind_stays():
    outcome = {}
    for way in ("retain_grad", "differentiable"):
        x = torch.ones(2, requires_grad=True)
        w = x * 0.5
        if way == "retain_grad":
            w.retain_grad()
        opt = torch.optim.SGD([w], lr=0.1, differentiable=way == "differentiable")
        w.sum().backward(inputs=[w])
        opt.step()
        outcome[way] = bool(x.eq(1).all()) and bool(w.ne(0.5).all())
    return outcome


def a_new_tensor_requires_none():
    x = torch.tensor([1.5, 2.5], requires_grad=True)
    made = {
        "numbers": [1.5],
        "integers": [1, 2],
        "complex": 1j,
        "a leaf": x,
        "an interior tensor": x * 2,
        "nothing": [],
    }
    with torch.enable_grad():
        return {kind: not torch.tensor(data).requires_grad for kind, data in made.items()}


def what_no_operation_made_is_a_leaf():
    given = {kind: t.is_leaf for kind, t in (leaves() | constants()).items()}
    return given | {f"{kind}, interior": not t.is_leaf for kind, t in interiors().items()}


def another_dtype_or_device_is_interior():
    outcome = {}
    for kind, x in (leaves() | {"a layer's weight": nn.Linear(2, 2).weight}).items():
        other = torch.complex128 if x.is_complex() else torch.float64 if x.dtype != torch.float64 else torch.float32
        outcome[kind] = not x.to(other).is_leaf and not x.to("meta").is_leaf
    return outcome


def a_module_keeps_its_leaves():
    nets = {"layer": nn.Linear(2, 2), "rnn": nn.LSTM(2, 2), "norm": nn.BatchNorm1d(2)}
    return {kind: all(p.is_leaf for p in net.double().parameters()) for kind, net in nets.items()}


def gradients_accumulate():
    outcome = {}
    for kind, x in leaves().items():
        back(x * 2)
        back(x * 3)
        outcome[kind] = bool(x.grad.eq(5).all())
    table = nn.Embedding(2, 1, sparse=True)
    for _ in range(2):
        table(torch.tensor([0])).sum().backward()
    outcome["sparse"] = table.weight.grad.to_dense().tolist() == [[2], [0]]
    x = torch.ones(2, requires_grad=True)
    back(x * 2)
    before = x.grad
    (x**2).sum().backward(create_graph=True)
    outcome["create_graph"] = bool(x.grad.eq(4).all()) and before is not x.grad
    return outcome


def too_late_in_silence():
    outcome = {}
    for kind, h in interiors().items():
        if h._base is None:
            back(h * 2)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                h.retain_grad()
                outcome[kind] = h.grad is None and caught == []
    return outcome


def interior_tensors_keep_what_they_retain():
    def kept(h, retain, **how):
        if retain:
            h.retain_grad()
        (h * 3).backward(torch.ones_like(h), retain_graph=True, **how)
        return h.grad is not None

    outcome = {kind: kept(h, True) for kind, h in interiors().items()}
    for kind, x in leaves().items():
        h = x * 2
        outcome[f"{kind}, not asked"] = not kept(h, False)
        outcome[f"{kind}, inputs"] = kept(h := x * 2, False, inputs=[h]) and torch.equal(x.grad, torch.full_like(x, 6))
    return outcome


def results_without_history():
    outcome = {}
    for kind, x in leaves().items():
        results = [x == 1, torch.ones_like(x), x.detach(), torch.zeros_like(x), x.isnan(), x.new_zeros(2)]
        results += [] if x.is_complex() else [x > 1, x.long(), x.argsort()]
        outcome[kind] = not any(t.requires_grad for t in results)
    return outcome


def samples_have_no_history():
    x = torch.tensor([0.5, 0.3], requires_grad=True)
    made = {
        "normal": distributions.Normal(x, 1.0),
        "scale": distributions.Laplace(0.0, x),
        "uniform": distributions.Uniform(x, x + 1),
        "beta": distributions.Beta(x, x),
        "gamma": distributions.Gamma(x, x),
        "dirichlet": distributions.Dirichlet(x),
        "transformed": distributions.LogNormal(x, 1.0),
        "straight through": distributions.OneHotCategoricalStraightThrough(x),
        "relaxed": distributions.RelaxedBernoulli(1.0, x),
        "independent": distributions.Independent(distributions.Normal(x, 1.0), 1),
        "matrix": distributions.MultivariateNormal(x, torch.eye(2)),
        "bernoulli": distributions.Bernoulli(x),
        "categorical": distributions.Categorical(x),
        "poisson": distributions.Poisson(x),
        "geometric": distributions.Geometric(x),
        "von Mises": distributions.VonMises(x, 1.0),
    }
    return {
        kind: not d.sample().requires_grad and (not d.has_rsample or d.rsample().requires_grad)
        for kind, d in made.items()
    }


def random_results_send_zeros():
    def zeros(draw):
        x = torch.tensor([0.5, 0.3], requires_grad=True)
        back(draw(x))
        return bool(x.grad.eq(0).all())

    return {
        "normal": zeros(lambda x: torch.normal(x, 1.0)),
        "two tensors": zeros(lambda x: torch.normal(x, x)),
        "bernoulli": zeros(torch.bernoulli),
        "poisson": zeros(torch.poisson),
    }


def torch_warns_once():
    w = torch.tensor(1.0, requires_grad=True)

    def warned(call):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            call()
        return [str(k.message) for k in caught if "Converting a tensor" in str(k.message)]

    warned(lambda: torch.tensor([w * 2, w]))
    return {
        "again": warned(lambda: torch.tensor([w * 2, w])) == [],
        "one number": warned(lambda: torch.tensor([w], requires_grad=True)) == [],
    }


def what_has_run_is_not_recorded():
    outcome = {}
    for kind, c in constants().items():
        if c.is_floating_point() or c.is_complex():
            y = c * 2
            if not raises(c.requires_grad_):
                outcome[kind] = not y.requires_grad and (c * 2).requires_grad
    return outcome


def the_flag_is_set_on_the_tensor_itself():
    plain = {kind: x.detach() for kind, x in leaves().items()}
    return {kind: t.requires_grad_() is t and t.requires_grad for kind, t in plain.items()}


def flags_are_read_again():
    def gradient(reentrant, before, after):
        w, x = torch.ones(2, requires_grad=before), torch.ones(2, requires_grad=True)
        y = checkpoint(lambda t: (t * w).exp(), x, use_reentrant=reentrant)
        w.requires_grad_(after)
        back(y)
        return w.grad

    return {
        "reentrant, on": gradient(True, False, True) is not None,
        "reentrant, off": gradient(True, True, False) is None,
        "not reentrant, off": raises(gradient, False, True, False),
    }


def modules_list_parameters():
    p = nn.Parameter(torch.ones(2))

    def listed(net):
        return [name for name, _ in net.named_parameters()]

    plain, parts, buffered = nn.Module(), nn.Module(), nn.Module()
    plain.p, plain.t = p, torch.ones(2, requires_grad=True)
    parts.list, parts.plain = nn.ParameterList([p]), [p]
    buffered.register_buffer("b", torch.ones(2, requires_grad=True))
    buffered.frozen = nn.Parameter(torch.ones(2), requires_grad=False)
    return {
        "attribute": listed(plain) == ["p"],
        "inside": listed(nn.Sequential(plain)) == ["0.p"],
        "list": listed(parts) == ["list.0"],
        "buffer, frozen": listed(buffered) == ["frozen"],
    }


def a_parameter_borrows_memory():
    return {
        kind: nn.Parameter(t).data_ptr() == t.data_ptr() and nn.Parameter(t).is_leaf for kind, t in interiors().items()
    }


def under_no_grad():
    outcome = {}
    for kind, x in (leaves() | interiors()).items():
        with torch.no_grad():
            made, result = torch.ones_like(x, requires_grad=True), x * 2
            with torch.enable_grad():
                recorded = x * 2
        outcome[kind] = made.is_leaf and made.requires_grad and not result.requires_grad and recorded.requires_grad
    return outcome


def reading_a_grad_warns():
    outcome = {}
    for kind, h in interiors().items():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            _ = h.grad
        outcome[kind] = len(caught) == 1
    return outcome


STATEMENTS = {
    "Most of its surprises raise no error.": NAMES,
    "torch.tensor makes a tensor that requires no grad unless you ask for it.": a_new_tensor_requires_none,
    "It cannot even start: y has no history.": HERE,
    "What no recorded operation made is a leaf.": what_no_operation_made_is_a_leaf,
    "The leaf is torch.ones(2), which has no name. w is the product.": HERE,
    "The same goes for another dtype or device (meta is one that holds no numbers), and for parameters.": (
        another_dtype_or_device_is_interior
    ),
    "Each call gives one.": the_flag_is_set_on_the_tensor_itself,
    "So cut, copy, and only then flag.": DO,
    "Each backward adds to what is there: gradients accumulate.": gradients_accumulate,
    "Called after the backward it comes too late, and no warning says so.": too_late_in_silence,
    "With None the weight is skipped, decay and all.": what_has_no_grad_is_skipped,
    "Some results have no history, even if they are computed from a leaf that requires grad.": results_without_history,
    "All of these run.": HERE,
    "Torch warns once, and no more after that.": torch_warns_once,
    "It has a gradient, and you have no name to read it by.": HERE,
    "Gradient stays in the .grad of leaves that require grad, and each backward adds to it.": gradients_accumulate,
    "Optimizers move leaves, and but for LBFGS skip what has no .grad.": what_has_no_grad_is_skipped,
}
RULES = {
    "Without a .grad, as c here, they are skipped (not by LBFGS).": what_has_no_grad_is_skipped,
    "What has run is not recorded afterwards.": what_has_run_is_not_recorded,
    "(A checkpointed block runs again in the backward, and reads the flags again.)": flags_are_read_again,
    "(After w.retain_grad(), or with differentiable=True, an optimizer accepts w: the leaf behind it still stays as it "
    "is.)": the_leaf_behind_stays,
    "(net.double(), of a module, converts its parameters and leaves them leaves.)": a_module_keeps_its_leaves,
    "Weight decay acts on a weight that has a .grad, and zero is one.": zeros_decay,
    "An optimizer takes leaves (Muon wants matrices), constants among them.": leaves_and_constants_are_taken,
    "Set as an attribute of a module, it is listed among the module's parameters.": modules_list_parameters,
    "Interior tensors pass theirs on, and keep it after retain_grad().": interior_tensors_keep_what_they_retain,
    "Nor has a sample() of torch.distributions.": samples_have_no_history,
    "(torch.normal(x, 1.0), torch.bernoulli(x) and torch.poisson(x) are recorded, and send zeros to x in silence.)": (
        random_results_send_zeros
    ),
    "Without clone(), you get a leaf on borrowed memory. nn.Parameter(y) is one too.": a_parameter_borrows_memory,
    "But a tensor that you make there with the flag is a leaf that requires grad.": under_no_grad,
    "If you read its .grad, you are warned.": reading_a_grad_warns,
}
