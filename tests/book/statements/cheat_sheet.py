"""The cheat sheet: its rules, on the kinds of input that its lines of code do not use."""

import torch
from support.kinds import constants, leaves, raises
from torch import nn

from statements import NAMES


def modes_and_layers():
    """Whether no_grad leaves the values as they are, and eval() the recording."""
    layers = {
        "linear": nn.Linear(4, 4),
        "batch norm": nn.BatchNorm1d(4),
        "prelu": nn.PReLU(),
        "lstm": nn.LSTM(4, 4),
        "attention": nn.TransformerEncoderLayer(4, 1, batch_first=True),
    }
    outcome = {}
    for name, net in layers.items():
        x = (
            torch.ones(3, 5, 4, requires_grad=True)
            if name in ("lstm", "attention")
            else torch.rand(5, 4).requires_grad_()
        )
        net.eval()
        y = net(x)
        y = y[0] if isinstance(y, tuple) else y
        with torch.no_grad():
            z = net(x)
        z = z[0] if isinstance(z, tuple) else z
        outcome[name] = y.requires_grad and not z.requires_grad and torch.allclose(y, z, atol=1e-5)
    return outcome | {"the exception that is named": not padded_rows_agree()}


def padded_rows_agree():
    layer = nn.TransformerEncoderLayer(4, 2, dim_feedforward=8, dropout=0.0, batch_first=True)
    net = nn.TransformerEncoder(layer, 1).eval()
    x, mask = torch.rand(2, 3, 4), torch.tensor([[False, False, True], [False, False, False]])
    recorded = net(x, src_key_padding_mask=mask)
    with torch.no_grad():
        return torch.allclose(recorded, net(x, src_key_padding_mask=mask), atol=1e-5)


def what_is_recorded():
    outcome = {f"{kind}: a product": (x * 2).grad_fn is not None for kind, x in leaves().items()}
    outcome |= {f"{kind}: a constant": (c * 2).grad_fn is None for kind, c in constants().items()}
    x = torch.tensor([3.0, 5.0], requires_grad=True)
    return outcome | {
        "a comparison": not (x > 1).requires_grad,
        "floor division raises in backward": raises((x // 2).sum().backward),
        "heaviside raises in backward": raises(torch.heaviside(x, x.detach()).sum().backward),
    }


def what_moves_a_counter():
    def moved(write):
        w = nn.Parameter(torch.ones(2))
        w.grad = torch.ones(2)
        before = w._version
        write(w)
        return w._version > before

    fused = (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.Adagrad)
    outcome = {f"{o.__name__}, fused": not moved(lambda w, o=o: o([w], lr=0.1, fused=True).step()) for o in fused}
    outcome |= {f"{o.__name__}, foreach": moved(lambda w, o=o: o([w], lr=0.1, foreach=True).step()) for o in fused}
    return outcome | {
        ".data": not moved(lambda w: w.data.mul_(2)),
        "NumPy": not moved(lambda w: w.detach().numpy().fill(2)),
        "detach()": moved(lambda w: w.detach().mul_(2)),
        "under hooks": not raises(written_under_hooks),
    }


def written_under_hooks():
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        y = torch.ones(2, requires_grad=True).exp()
        y.detach().zero_()
        y.sum().backward()


STATEMENTS = {
    "Each line of code here is run by a test.": NAMES,
    "eval() changes what layers compute, not recording; no_grad recording, and no layer but TransformerEncoder.": (
        modes_and_layers
    ),
    "The error clinic has them all, the table of tools compares them.": NAMES,
}
# Rules that say nothing of *all* or *none* by a word, and are rules all the same.
RULES = {
    "An operation is recorded if grad mode is on, an input requires grad, and torch "
    "differentiates it.": what_is_recorded,
    "Backward raises if it needs a tensor whose counter has moved. .data, NumPy and a fused optimizer's step move "
    "none; under saved-tensor hooks none is compared.": what_moves_a_counter,
}
