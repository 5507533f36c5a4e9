"""Chapter 10, Accumulation and mixed precision."""

import torch
from support.kinds import raises
from torch import nn
from torch.nn import functional

from gradstop.graph import Census
from statements import DO, HERE, NAMES


def nets():
    """Return networks that see each sample alone, and an input of four samples for each."""
    torch.manual_seed(0)
    rows, images, words = torch.randn(4, 3), torch.randn(4, 2, 5), torch.tensor([[1, 2], [0, 3], [1, 1], [2, 0]])
    attention = nn.TransformerEncoderLayer(4, 2, dim_feedforward=8, dropout=0.0, batch_first=True)
    return {
        "linear": (nn.Sequential(nn.Linear(3, 2), nn.Tanh()), rows),
        "layer norm": (nn.Sequential(nn.LayerNorm(3), nn.Linear(3, 2)), rows),
        "convolution": (nn.Conv1d(2, 3, 3), images),
        "group norm": (nn.Sequential(nn.GroupNorm(1, 2), nn.Conv1d(2, 3, 3)), images),
        "instance norm": (nn.Sequential(nn.InstanceNorm1d(2), nn.Conv1d(2, 3, 3)), images),
        "lstm": (First(nn.LSTM(2, 3, batch_first=True)), images.transpose(1, 2)),
        "attention": (attention, torch.randn(4, 3, 4)),
        "embedding": (nn.Embedding(4, 3), words),
        "double": (nn.Linear(3, 2).double(), rows.double()),
    }


class First(nn.Module):
    """Returns the first of what a network returns."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net(x)[0]


def gradients(net, losses):
    net.zero_grad()
    for loss in losses:
        loss.backward()
    return torch.cat([p.grad.flatten() for p in net.parameters()])


def summed(net, x):
    return net(x).square().flatten(1).sum(1)


def a_sum_over_samples_splits():
    outcome = {}
    for name, (net, x) in nets().items():
        whole = gradients(net, [summed(net, x).sum() / 4])
        uneven = gradients(net, (summed(net, piece).sum() / 4 for piece in x.split(3)))
        outcome[name] = torch.allclose(whole, uneven, atol=1e-5)
    return outcome


def equal_pieces_divide_by_their_number():
    losses = {
        "mse": lambda y: functional.mse_loss(y, torch.ones_like(y)),
        "l1": lambda y: functional.l1_loss(y, torch.full_like(y, 9.0)),
        "huber": lambda y: functional.huber_loss(y, torch.ones_like(y)),
        "cross entropy": lambda y: functional.cross_entropy(y, torch.zeros(len(y), dtype=torch.long)),
        "logits": lambda y: functional.binary_cross_entropy_with_logits(y, torch.ones_like(y)),
    }
    net, x = nets()["linear"]
    return {
        name: torch.allclose(
            gradients(net, [loss(net(x))]), gradients(net, (loss(net(piece)) / 2 for piece in x.split(2))), atol=1e-6
        )
        for name, loss in losses.items()
    }


def half_of_the_batch_saves_half():
    def saved(net, x):
        census = Census()
        with census.recording():
            loss = net(x).exp().sum()
        held = census.saved_bytes()
        loss.backward()
        return held, census.saved()

    outcome = {}
    for name in ("linear", "convolution", "double", "layer norm"):
        net, x = nets()[name]
        x = x.repeat(100, *[1] * (x.dim() - 1))  # so many that a view of a weight does not count
        (whole, _), (half, left) = saved(net, x), saved(net, x[:200].clone())
        outcome[name] = abs(whole - 2 * half) <= whole / 50 and left == 0
    return outcome


def batch_norm_is_mended_by_no_division():
    outcome = {}
    for name, net, x in [
        ("rows", nn.BatchNorm1d(3), torch.randn(4, 3)),
        ("sequences", nn.BatchNorm1d(2), torch.randn(4, 2, 5)),
        ("images", nn.BatchNorm2d(2), torch.randn(4, 2, 3, 3)),
    ]:
        whole = gradients(net, [summed(net, x).sum()])
        pieces = gradients(net, (summed(net, piece).sum() for piece in x.split(2)))
        factor = pieces / whole
        outcome[name] = not torch.allclose(factor, factor[0].expand_as(factor), rtol=1e-3)
    return outcome


def layer_norm_sees_one_sample():
    shapes = {"rows": (3,), "sequences": (2, 3), "images": (2, 3, 3)}
    outcome = {}
    for name, shape in shapes.items():
        for over in range(1, len(shape) + 1):
            norm, x = nn.LayerNorm(shape[-over:]), torch.randn(4, *shape)
            outcome[f"{name}, over {over}"] = torch.allclose(norm(x)[1:2], norm(x[1:2]), atol=1e-6)
    return outcome


def autocast_on_the_cpu():
    x, y = torch.ones(2, 2), torch.ones(2, 2)
    outcome = {}
    for dtype in (torch.bfloat16, torch.float16):
        with torch.autocast("cpu", dtype=dtype):
            down = [x @ y, torch.mm(x, y), functional.linear(x, y), torch.addmm(x, x, y), torch.bmm(x[None], y[None])]
            low = x.to(dtype)
            outcome |= {
                f"{dtype}: products": all(result.dtype == dtype for result in down),
                f"{dtype}: mse_loss": functional.mse_loss(low, low).dtype == torch.float32,
                f"{dtype}: what comes": (x * x).dtype == x.exp().dtype == torch.float32,
                f"{dtype}: what comes in 16 bits": (low * low).dtype == low.exp().dtype == dtype,
                f"{dtype}: float64 is left": (x.double() @ y.double()).dtype == torch.float64,
            }
    return outcome


def a_gradient_has_its_leafs_dtype():
    outcome = {}
    for own in (torch.float32, torch.float64, torch.bfloat16, torch.float16):
        for dtype in (torch.bfloat16, torch.float16):
            w, x = torch.ones(2, 2, dtype=own, requires_grad=True), torch.ones(2, 2, dtype=own)
            with torch.autocast("cpu", dtype=dtype):
                loss = functional.mse_loss((x @ w).exp(), x)
            loss.backward()
            outcome[f"{own} under {dtype}"] = w.grad.dtype == own
    return outcome


def a_scaler():
    return torch.amp.GradScaler("cpu", init_scale=8.0)


def a_scaled_loss_has_larger_gradients():
    outcome = {}
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        w = torch.tensor([1.0, 2.0], dtype=dtype, requires_grad=True)
        (plain,) = torch.autograd.grad((w * 3).sum(), w)
        (scaled,) = torch.autograd.grad(a_scaler().scale((w * 3).sum()), w)
        outcome[str(dtype)] = torch.equal(scaled, plain * 8)
    w = torch.ones(2, requires_grad=True)
    first, second = a_scaler().scale([w.sum(), (w * 2).sum()])
    return outcome | {"a list of losses": torch.autograd.grad(first + second, w)[0].tolist() == [24, 24]}


def unscaling_divides():
    outcome = {}
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        w, unused = (torch.ones(2, dtype=dtype, requires_grad=True) for _ in range(2))
        opt, scaler = torch.optim.SGD([w, unused], lr=0.0), a_scaler()
        scaler.scale((w * 3).sum()).backward()
        scaler.unscale_(opt)
        outcome[str(dtype)] = w.grad.tolist() == [3, 3] and w.grad.dtype == dtype and unused.grad is None
    b = torch.ones(2, dtype=torch.float16, requires_grad=True)
    scaler = a_scaler()
    scaler.scale((b * 3).sum()).backward()
    return outcome | {"float16 is refused": raises(scaler.unscale_, torch.optim.SGD([b], lr=0.0))}


def a_parameter_is_cast_once():
    def again(w):
        """Whether the second product of a block sees a write to the weight."""
        x = torch.tensor([[3.0, 4.0]])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            before = functional.linear(x, w)
            with torch.no_grad():
                w.mul_(10)
            return bool((functional.linear(x, w) != before).all())

    w = torch.ones(1, 2)
    return {
        "parameter": not again(nn.Parameter(w.clone())),
        "frozen": again(nn.Parameter(w.clone(), requires_grad=False)),
        "computed": again(w.clone().requires_grad_() * 1),
        "constant": again(w.clone()),
    }


STATEMENTS = {
    "(A frozen or a computed weight is cast each time.)": a_parameter_is_cast_once,
    "All its cells run on the CPU.": NAMES,
    "What they cannot show there is marked: not run here.": NAMES,
    "Two samples at a time need half of the memory: each backward frees its piece.": half_of_the_batch_saves_half,
    "Each piece has divided by its own two samples, not by four.": HERE,
    "So divide each piece's loss by the number of pieces.": equal_pieces_divide_by_their_number,
    "Sum in each piece, and divide by the number of all samples.": a_sum_over_samples_splits,
    "The last piece is lost in another way too, if you step after every second one.": HERE,
    "Its gradient, 8, has made no step.": HERE,
    "The mean over all four tokens is 3.": HERE,
    "Each piece was normalised with its own mean, 2 or 6, and not with 4.": HERE,
    "No division mends that.": batch_norm_is_mended_by_no_division,
    "Pieces give the whole batch's gradient if the loss is a sum over samples, each seen alone.": (
        a_sum_over_samples_splits
    ),
    "A loss that compares samples is no such sum either: pairs across two pieces are missing.": HERE,
    "LayerNorm sees each sample alone.": layer_norm_sees_one_sample,
    "The matrix product is cast down from float32 (float64 is left as it is), mse_loss up again. x x and exp are on no "
    "list of the CPU, and take what comes.": (autocast_on_the_cpu),
    "Each node knows the dtypes of its forward.": a_gradient_has_its_leafs_dtype,
    "A scaler multiplies the loss, so that all gradients are larger on their way.": a_scaled_loss_has_larger_gradients,
    "scaler.unscale_(opt) divides each .grad by the scale, in the dtype that it has, here 32 bits.": unscaling_divides,
    "With accumulation: scale and backward for each piece; unscale, clip, step and update once, after the last "
    "one.": DO,
    "No error stands for that, and a counter of your own counts on.": HERE,
    "Sum in each piece and divide by the count of the whole batch, samples or tokens.": a_sum_over_samples_splits,
}
RULES = {
    "Inside one block, a parameter that requires grad is cast once, and its cast is used again.": (
        a_parameter_is_cast_once
    ),
}
