"""The cheat sheet: each line of code does what it says, each message is torch's, and the PDF is the page."""

from types import SimpleNamespace

import pytest
import torch
import torch.distributed as dist
from pypdfium2 import PdfDocument
from support.course import ROOT
from support.kinds import constants, interiors, leaves, raises
from support.two_ranks import LOOPBACK, outcomes
from torch.nn.parallel import DistributedDataParallel
from torch.utils.checkpoint import checkpoint

from gradstop.authoring.cheat_sheet import PDF, SHEET, missing_words


def rows(section):
    text = (ROOT / SHEET).read_text().split(f"## {section}\n")[1].split("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def world():
    """Return fresh tensors under the sheet's names."""
    s = SimpleNamespace(torch=torch, checkpoint=checkpoint, total=0.0)
    s.x = torch.tensor([1.0, 2.0], requires_grad=True)
    s.w = torch.tensor([3.0, 4.0], requires_grad=True)
    s.h = s.x * 2
    s.y = s.x.exp()
    s.net = torch.nn.Linear(2, 1)
    s.old = s.net.weight
    s.batch, s.count = torch.tensor([[1.0, 2.0], [3.0, 5.0], [4.0, 7.0]]), 3
    s.piece = s.batch[:1]
    s.a, s.b = torch.ones(1, 2, requires_grad=True), torch.ones(1, 1, requires_grad=True)
    s.DDP = DistributedDataParallel
    s.loss = (s.w * s.y).sum()
    s.w.grad = torch.tensor([10.0, 10.0])
    s.opt = torch.optim.SGD([s.w], lr=1.0)
    s.scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    s.scaler.scale(s.loss.detach())  # as before a backward
    s.state = {"weight": torch.tensor([[5.0, 6.0]]), "bias": torch.tensor([7.0])}
    return s


@pytest.fixture
def alone(monkeypatch):
    """Make a world of this one process; what several come to is tried in two of their own."""
    for name, value in LOOPBACK.items():
        monkeypatch.setenv(name, value)
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield
    dist.destroy_process_group()


def receives(root, tensor):
    (gradient,) = torch.autograd.grad(root.sum(), tensor, allow_unused=True, retain_graph=True)
    return gradient is not None


def shares(one, other):
    return one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()


def edited_after(s, edit):
    edit(s)
    with pytest.raises(RuntimeError, match="modified by an inplace"):
        s.y.sum().backward()
    return True


def refused_if_a_view():
    h = torch.ones(2, requires_grad=True) * 2
    with torch.inference_mode():
        inside = torch.ones(2)[:1]
        idle = h.detach_().requires_grad and h[:1].detach_().requires_grad
    kinds = [inside, *interiors().values(), *(t.unsqueeze(0) for t in constants().values()), *leaves().values()]
    return idle and all(raises(t.detach_) == t._is_view() for t in kinds)


def gradient_of_the_mean(s):
    s.piece = s.batch[1:]
    exec("(net(piece).sum() / count).backward()", s.__dict__)
    (whole,) = torch.autograd.grad(s.net(s.batch).mean(), s.net.weight)
    return torch.allclose(s.net.weight.grad, whole)


def keeps_32_bits(s):
    s.y.sum().backward()
    return s.y.dtype == torch.bfloat16 and s.net.weight.dtype == s.net.weight.grad.dtype == torch.float32


def cuts_and_has_no_second(s):
    torch.compiler.reset()  # after too many traces of one layer, in other tests, torch no longer compiles it
    net = torch.nn.Sequential(s.net, Cut(), torch.nn.PReLU())
    s.net, lower, x = net, s.net, torch.ones(1, 2, requires_grad=True)
    s.x = x
    exec('y = torch.compile(net, backend="aot_eager")(x)', s.__dict__)
    s.y.sum().backward()
    cut = x.grad is None and lower.weight.grad is None and net[2].weight.grad is not None
    (g,) = torch.autograd.grad(torch.compile(lower, backend="aot_eager")(x).exp().sum(), x, create_graph=True)
    return cut and raises(g.sum().backward)


class Cut(torch.nn.Module):
    """Cuts what it is given."""

    def forward(self, x):
        return x.detach()


def runs_twice(s):
    runs = []
    s.net.register_forward_pre_hook(lambda *_: runs.append(1))  # the second run ends with the last number it needs
    exec("y = checkpoint(net, x, use_reentrant=False)", s.__dict__)
    s.y.sum().backward()
    return len(runs) == 2


# What each line of code leaves, by what torch does.
PROOFS = {
    "z = y.detach()": lambda s: not s.z.requires_grad and shares(s.z, s.y) and edited_after(s, lambda s: s.z.zero_()),
    "z = y.detach().clone()": lambda s: not s.z.requires_grad and not shares(s.z, s.y),
    "z = y.clone()": lambda s: receives(s.z, s.y) and not shares(s.z, s.y),
    "h.detach_()": lambda s: s.h.is_leaf and not s.h.requires_grad and refused_if_a_view(),
    "total += loss.item()": lambda s: type(s.total) is float,
    "a = y.detach().numpy()": lambda s: s.a.__setitem__(0, 7) is None and s.y[0] == 7 and s.y._version == 0,
    "with torch.no_grad(): y = net(x)": lambda s: not s.y.requires_grad and s.net.weight.requires_grad,
    "net.eval()": lambda s: not s.net.training and s.net(s.x).requires_grad,
    "net.requires_grad_(False)": lambda s: receives(s.net(s.x), s.x) and not s.net.weight.requires_grad,
    "loss = (w * y.detach()).sum()": lambda s: receives(s.loss, s.w) and not receives(s.loss, s.x),
    "with torch.no_grad(): w -= 0.1 * w.grad": lambda s: (
        s.w.tolist() == [2.0, 3.0] and s.w.is_leaf and s.w.requires_grad and s.w._version == 1
    ),
    "g, = torch.autograd.grad(loss, [w])": lambda s: s.g.tolist() == s.y.tolist() and s.w.grad.tolist() == [10.0] * 2,
    "h.retain_grad()": lambda s: s.h.sum().backward() is None and s.h.grad.tolist() == [1.0, 1.0],
    "z = y.detach().clone().requires_grad_()": lambda s: (
        s.z.is_leaf and s.z.sum().backward() is None and s.z.grad is not None and s.x.grad is None
    ),
    "(net(piece).sum() / count).backward()": lambda s: gradient_of_the_mean(s),
    "y = checkpoint(net, x, use_reentrant=False)": lambda s: runs_twice(s),
    "scaler.unscale_(opt)": lambda s: s.w.grad.tolist() == [2.5, 2.5],
    'with torch.autocast("cpu"): y = net(x)': lambda s: keeps_32_bits(s),
    "y = net.requires_grad_(False)(x) + x @ a.T @ b.T": lambda s: (
        receives(s.y, s.a) and receives(s.y, s.b) and not s.net.weight.requires_grad
    ),
    "net = DDP(net); net(x).sum().backward()": lambda s: (
        s.net.module.weight.grad is not None and all(outcomes()["averaged"].values())
    ),
    'y = torch.compile(net, backend="aot_eager")(x)': lambda s: cuts_and_has_no_second(s),
    "net.load_state_dict(state, assign=True)": lambda s: (
        shares(s.net.weight, s.state["weight"]) and s.net.weight is not s.old and s.net.weight.requires_grad
    ),
}


def code(row):
    return row[1].split("`")[1]


def test_every_line_of_code_has_its_proof():
    assert [code(row) for row in rows("You want, you write")] == list(PROOFS)


@pytest.mark.parametrize("line", PROOFS)
def test_a_line_of_code_leaves_what_the_sheet_says(line, alone):
    s = world()
    exec(line, s.__dict__)
    assert PROOFS[line](s)


RAISING = [
    lambda s: s.y.detach().sum().backward(),
    lambda s: (s.loss.backward(), s.loss.backward()),
    lambda s: (s.y.detach().zero_(), s.y.sum().backward()),
    lambda s: s.w.add_(1),
    lambda s: s.y.numpy(),
    lambda s: s.y.requires_grad_(False),
]


@pytest.mark.parametrize(("row", "raising"), list(zip(rows("Messages"), RAISING, strict=True)))
def test_a_message_begins_as_torch_words_it(row, raising):
    with pytest.raises(RuntimeError) as raised:
        raising(world())
    assert str(raised.value).startswith(row[0].strip("`"))


def test_the_pdf_is_one_page_with_the_words_of_the_sheet():
    assert len(PdfDocument(ROOT / PDF)) == 1
    assert missing_words(ROOT) == [], "run make refresh with chromium installed"
