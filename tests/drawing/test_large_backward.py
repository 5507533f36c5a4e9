"""A backward through a large graph, step by step: what is named is told, the rest is folded, and nothing is wasted."""

import subprocess
import sys
from collections import Counter

import pytest
import torch
from torch import nn

from gradstop import step_through
from gradstop.graph import read


def chain(length):
    x = torch.ones(2, requires_grad=True)
    y = x
    for _ in range(length):
        y = y * 2
    return x, y, y.sum()


def test_what_has_no_name_is_one_step():
    x, y, loss = chain(100)
    h = y * 3
    loss = h.sum()
    steps = step_through(loss, x=x, h=h)
    assert steps.text.splitlines()[1:] == [
        "1. sum, which made root, receives 1. It sends [1, 1] to h.",
        "2. *, which made h, receives [1, 1]. It sends [3, 3] to 100 nodes. It frees what it saved.",
        f"3. 100 nodes run. It sends [{x.grad[0]:.4g}, {x.grad[0]:.4g}] to x. It frees what it saved.",
        f"4. x adds [{x.grad[0]:.4g}, {x.grad[0]:.4g}] to its .grad, which is now [{x.grad[0]:.4g}, {x.grad[0]:.4g}].",
    ]


def test_too_many_names_are_refused_and_nothing_has_run():
    x, _, _ = chain(1)
    named, y = {}, x
    for i in range(70):
        named[f"h{i}"] = y = y * 2
    loss = y.sum()
    ran = []
    y.register_hook(ran.append)
    with pytest.raises(ValueError, match=r"72 cards.*name fewer tensors"):
        step_through(loss, x=x, **named)
    assert not ran
    loss.backward()
    assert x.grad is not None


def count_calls(run):
    """Return how many Python functions of the package were called."""
    calls = Counter()

    def note(frame, event, _):
        if event == "call" and frame.f_globals.get("__name__", "").startswith("gradstop."):
            calls["call"] += 1

    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(None)
    return calls["call"]


def test_the_work_grows_with_the_graph_and_not_with_its_square():
    counts = []
    for length in (200, 400, 800):
        x, _, loss = chain(length)
        counts.append(count_calls(lambda loss=loss, x=x: step_through(loss, x=x)))
    first, second, third = counts
    assert (third - second) / (second - first) == pytest.approx(2, rel=0.1)


def test_a_graph_is_read_twice_and_not_at_each_step(monkeypatch):
    reads = []
    plain = read.collect
    monkeypatch.setattr(read, "collect", lambda *given: (reads.append(1), plain(*given))[1])
    x, _, loss = chain(20)
    step_through(loss, x=x)
    assert len(reads) == 2


def test_the_gradients_of_a_deep_net_are_torchs_own():
    torch.manual_seed(0)
    net = nn.Sequential(*[part for _ in range(30) for part in (nn.Linear(4, 4), nn.Tanh())])
    loss = net(torch.ones(3, 4)).square().mean()
    expected = torch.autograd.grad(loss, list(net.parameters()), retain_graph=True)
    step_through(loss, first=net[0].weight)
    assert all(torch.equal(p.grad, g) for p, g in zip(net.parameters(), expected, strict=True))


def test_a_long_chain_can_be_freed_after_it_was_drawn():
    """Torch frees it one node within the other once Python has seen them: 50,000 of them end a process by default."""
    lines = [
        "import torch; from gradstop import draw",
        "x = torch.ones(1, requires_grad=True); y = x",
        "for _ in range(50_000): y = y + 1",
        "draw(y, x=x); del y; print('freed')",
    ]
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", "\n".join(lines)], capture_output=True, check=False)
    assert done.stdout == b"freed\n"
