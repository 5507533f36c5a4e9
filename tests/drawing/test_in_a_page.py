"""Drawings in a page of which nothing is known: its theme need not be the one of the reader's system."""

import pytest
import torch

from gradstop import curves, draw, step_through, table

INK = "rgb(1, 2, 3)"
WORDS = "figcaption, summary, pre, section > p, caption, details li"
SEEN = """(words) => [...document.querySelectorAll(words)].filter(one => one.getClientRects().length).map(
    one => [one.textContent.trim().slice(0, 30), getComputedStyle(one).color])"""


def shown(which):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    loss = (x * 2).sum()
    return {
        "drawing": lambda: draw(loss, x=x, title="a title"),
        "steps": lambda: step_through(loss, x=x, title="a title"),
        "curves": lambda: curves("a title", one=[1.0, 2.0]),
        "table": lambda: table("a title", ["asked"], {"": {"x": ["yes"]}}),
    }[which]()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("which", ["drawing", "steps", "curves", "table"])
def test_words_around_a_picture_have_the_colour_of_the_page(chromium, scheme, which):
    page = chromium.new_page(color_scheme=scheme)
    html = shown(which)._repr_mimebundle_()["text/html"].replace("<details", "<details open")
    page.set_content(f'<body style="background: white; color: {INK}">{html}')
    found = page.evaluate(SEEN, WORDS)
    page.close()
    assert found
    assert {colour for _, colour in found} == {INK}, found
