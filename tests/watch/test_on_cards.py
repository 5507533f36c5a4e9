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
