"""The clinic: 16 bits, several processes, compile."""

import torch
import torch.distributed as dist
from support.kinds import raises
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from statements import CLINIC, DO, HERE, NAMES


def a_masked_row_is_nan():
    outcome = {}
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        scores = torch.ones(2, 3, dtype=dtype, requires_grad=True)
        mask = torch.tensor([[True, True, True], [True, False, False]])
        y = scores.masked_fill(mask, float("-inf")).softmax(1)
        least = scores.masked_fill(mask, torch.finfo(dtype).min).softmax(1)
        outcome[str(dtype)] = bool(y[0].isnan().all()) and not y[1].isnan().any() and bool(y.sum().isnan())
        outcome[f"{dtype}, the cure"] = not least.isnan().any()
    return outcome


LAYERS = {
    "Linear": (nn.Linear(2, 1), torch.ones(1, 2)),
    "Conv1d": (nn.Conv1d(1, 1, 1), torch.ones(1, 1, 2)),
    "Conv2d": (nn.Conv2d(1, 1, 1), torch.ones(1, 1, 2, 2)),
    "ConvTranspose1d": (nn.ConvTranspose1d(1, 1, 1), torch.ones(1, 1, 2)),
    "RNN": (nn.RNN(2, 2), torch.ones(1, 1, 2)),
    "LSTM": (nn.LSTM(2, 2), torch.ones(1, 1, 2)),
}


def layers_want_one_dtype():
    dtypes = (torch.float16, torch.bfloat16, torch.float64)
    return {f"{name}, {d}": raises(layer, x.to(d)) for name, (layer, x) in LAYERS.items() for d in dtypes}


def float64_is_not_cast():
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return {
            f"{name}, {dtype}": raises(layer, x.to(dtype)) is (dtype == torch.float64)
            for name, (layer, x) in list(LAYERS.items())[:4]
            for dtype in (torch.float64, torch.float32, torch.bfloat16)
        }


class Pair(nn.Module):
    """Uses one of two layers, or the other behind a cut."""

    def __init__(self, cut=False):
        super().__init__()
        self.used, self.other, self.cut = nn.Linear(2, 1), nn.Linear(2, 1), cut

    def forward(self, x):
        return self.used(x) + (self.other(x).detach() if self.cut else 0)


def ddp_waits_for_each_that_required_grad():
    def refused(net, between=lambda net: None, **options):
        net = DistributedDataParallel(net, **options)
        between(net.module)
        net(torch.ones(1, 2)).sum().backward()
        return raises(lambda: net(torch.ones(1, 2)))

    frozen = Pair()
    frozen.other.requires_grad_(False)
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    try:
        return {
            "no use": refused(Pair()),
            "a cut": refused(Pair(cut=True)),
            "frozen after": refused(nn.Linear(2, 1), lambda net: net.bias.requires_grad_(False)),
            "frozen before": not refused(frozen),
            "looked for": not refused(Pair(), find_unused_parameters=True),
            "all used": not refused(nn.Linear(2, 1)),
        }
    finally:
        dist.destroy_process_group()


def retained_from_the_first():
    def again(first, setting=True):
        torch._dynamo.reset()  # what was compiled of this line before
        with torch._functorch.config.patch(donated_buffer=setting):
            f = torch.compile(lambda x: (2 * x.exp()).sin(), backend="aot_eager")
            x = torch.ones(2, requires_grad=True)
            f(x).sum().backward(retain_graph=first)
            return raises(lambda: f(x).sum().backward(retain_graph=True))

    return {
        "after a plain one": again(False),
        "set before": not again(False, setting=False),
        "from the first": not again(True),
    }


def the_second_backward_raises():
    outcome = {}
    for name, block in {"power": lambda x: x**3, "exp": torch.exp, "product": lambda x: x * x.sum()}.items():
        x = torch.ones(2, requires_grad=True)
        (g,) = torch.autograd.grad(torch.compile(block, backend="aot_eager")(x).sum(), x, create_graph=True)
        outcome[name] = raises(g.sum().backward)
    return outcome


STATEMENTS = CLINIC | {
    "For the text of your message, see all messages; those of the scaler and of checkpoints are among parameters, "
    "optimizers, checkpoints.": NAMES,
    "DDP waits for the gradient of each parameter that required grad when it was wrapped. other got none: no use "
    "in this loss, a cut on the way, or frozen after the wrapping.": ddp_waits_for_each_that_required_grad,
    "Each runs a backward of its own inside yours, so the weight gets two gradients one after the other, and DDP waits "
    "for one.": HERE,
    "See One backward for each forward.": NAMES,
    "All of its parameters are frozen: there is no gradient to exchange.": HERE,
    "Each process has its own copy; load the same weights everywhere.": DO,
    "If the graph must be retained in some step, set torch._functorch.config.donated_buffer to False before the "
    "first.": (retained_from_the_first),
    "The backward was made ahead of time, and no backward of it. create_graph=True raises nothing; the second backward "
    "does.": the_second_backward_raises,
}
del STATEMENTS["For the text of your message, see all messages."]
RULES = {
    "Its softmax is nan, and with it the loss.": a_masked_row_is_nan,
    "Linear, convolutions and RNNs want their input in the dtype of the weight.": layers_want_one_dtype,
    'Float64 ("Double"), the default of NumPy, is not cast inside either.': float64_is_not_cast,
}
