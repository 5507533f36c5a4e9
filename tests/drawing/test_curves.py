"""What a reader sees of trainings side by side."""

import re
from functools import reduce
from xml.etree import ElementTree

import pytest
from support.course import ROOT

from gradstop import curves


def html(shown):
    return shown._repr_mimebundle_()["text/html"]


def diagram(shown):
    return ElementTree.fromstring(re.search(r"<svg.*</svg>", html(shown), re.DOTALL)[0])


def test_some_numbers_stand_in_words_with_their_steps():
    shown = curves("Distance", cut_here=[k / 4 for k in range(11)], open=[1.0])
    assert repr(shown) == (
        "Distance\ncut here, at steps 1, 3, 5, 7, 9, 11: 0.00, 0.50, 1.00, 1.50, 2.00, 2.50\nopen, at steps 1: 1.00"
    )
    assert 'aria-label="Distance. cut here, at steps 1, 3' in html(shown)


def test_every_training_has_a_line_and_its_name():
    root = diagram(curves("Distance", right=[3, 2, 1], wrong=[3, 3, 3]))
    words = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"right", "wrong", "Distance", "step"} <= set(words)
    assert "var(--gs-warn)" in html(curves("Distance", right=[3, 2, 1]))


def test_negative_numbers_are_on_the_diagram():
    def depths(shown):
        path = max(re.findall(r'<path d="([^"]*)"[^>]*var\(--gs-warn\)', html(shown)), key=len)
        return [float(y) for _, y in re.findall(r"([\d.]+) ([\d.]+)", path)]

    assert all(0 < y < 187 for y in depths(curves("Loss", a=[-5.0, -1.0, -9.0])))  # 2.6 inches are 187 points


def test_the_same_numbers_give_the_same_page():
    assert html(curves("Loss", a=[1.0, 0.5])) == html(curves("Loss", a=[1.0, 0.5]))


@pytest.mark.parametrize("numbers", [{}, {"a": []}, {"a": [1.0, float("nan")]}, {k: [1.0] for k in "abcde"}])
def test_what_cannot_be_drawn_is_refused(numbers):
    with pytest.raises(ValueError, match=r"trainings|finite"):
        curves("Loss", **numbers)


def test_on_another_processor_a_training_shows_the_same_and_nbval_finds_it_so():
    from nbval.plugin import get_sanitize_patterns

    def checked(shown):
        return reduce(lambda text, one: re.sub(*one, text), patterns, html(shown))

    patterns = get_sanitize_patterns((ROOT / "tests" / "nbval.cfg").read_text())
    losses = [3.4 / (step + 1) for step in range(200)]
    here, there = (curves("Loss", net=[loss * (1 + off) for loss in losses]) for off in (0, 2e-7))
    assert checked(here) == checked(there)
    assert checked(here) != checked(curves("Loss", net=[loss * 1.02 for loss in losses]))
    assert not re.search(r"\d\.\d\d", re.search(r"<svg.*</svg>", html(here), re.DOTALL)[0])  # tenths of a pixel
