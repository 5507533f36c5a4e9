"""A drawing inside a watch names the lines on its cards, and leaves no call of its own in the report."""

import re

import torch

from gradstop import draw, watch


def test_the_cards_have_the_lines_inside_a_watch_only():
    x = torch.ones(3, requires_grad=True)
    with watch() as seen:
        y = x.exp()
        z = y.detach()
        y += 1
        inside = draw(x=x, y=y, z=z)
    after = draw(x=x, y=y, z=z)
    told = re.findall(r"(made by exp|cut by detach|written) at \S*test_on_cards.py:(\d+)", inside.text)
    first = int(told[0][1])
    assert told == [("made by exp", str(first)), ("written", str(first + 2)), ("cut by detach", str(first + 1))]
    assert "test_on_cards" not in after.text
    assert "Seen: 3 calls" in str(seen)


def test_what_was_cut_and_copied_is_joined_to_where_it_was_cut():
    x, w = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
    with watch():
        y = x.exp()
        z = y.detach().clone()
        best = y.argmax()
        inside = draw((w * z + w * y.detach().clone().sin()).sum(), x=x, y=y, z=z, best=best, w=w)
    joined = [line for line in inside.text.splitlines() if line.endswith("cut: the watch saw the call")]
    assert [line.partition("  ")[0] for line in joined[:2]] == ["y | z", "y | best"]
    assert re.fullmatch(r"y \| what \* \(node \d+\) takes  cut: the watch saw the call", joined[2])
    assert len(joined) == 3
    assert re.search(r"^z .*\n +constant, cut by detach at \S*test_on_cards.py:\d+$", inside.text, re.MULTILINE)
    assert "There is a cut between y and z: the watch saw the call." in inside.alt
    assert "the watch saw the call" not in draw((w * z).sum(), y=y, z=z, w=w).text
