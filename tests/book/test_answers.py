"""Predictions say what is right, and remember what was predicted; cures have a sign."""

import re
import sys

import pytest
from sphinx.errors import ExtensionError
from support.browsing import HTML, reader
from support.course import ROOT

sys.path.append(str(ROOT / "book" / "_ext"))
from answers import marked

QUESTION = '<div class="prediction">\n<p class="prediction-question">Which?</p>\n{}</div>'
OPTION = "<details><summary>{}</summary><p>{}</p></details>\n"
PAGE = "book/03-detach.html"


def prediction(*answers):
    return QUESTION.format("".join(OPTION.format("so", answer) for answer in answers))


def test_each_option_is_marked_by_the_first_word_of_its_answer():
    html = marked(prediction("No. Not so.", "Yes, the mean.", "Not always."))
    assert re.findall('data-answer="(.*?)"', html) == ["wrong", "right", "wrong"]


def test_a_number_to_type_has_no_options():
    typed = prediction("8, by both paths.").replace("Which?", '<input pattern="8">')
    assert marked(typed) == typed


@pytest.mark.parametrize("answers", [("No.", "Not quite."), ("Yes.", "Right."), ("Yesterday.", "No.")])
def test_a_prediction_without_one_right_answer_is_refused(answers):
    with pytest.raises(ExtensionError, match="only one: “Which"):
        marked(prediction(*answers))


@pytest.mark.slow
def test_all_predictions_of_the_site_are_marked():
    texts = [path.read_text() for path in HTML.glob("book/*.html")]
    count = sum(text.count('<div class="prediction">') for text in texts)
    assert count >= 85
    typed = sum(text.count("<label>Your number: <input ") for text in texts)
    assert sum(text.count('data-answer="right"') for text in texts) == count - typed


@pytest.mark.slow
def test_an_answer_has_a_sign_and_is_remembered_until_it_is_cleared(chromium, site):
    with reader(chromium, site) as someone:
        tab = someone.open(PAGE)
        question = tab.locator(".prediction").first
        wrong = question.locator('[data-answer="wrong"]').first
        wrong.locator("summary").click()
        assert sign(wrong) == "✗"
        right = question.locator('[data-answer="right"]')
        right.locator("summary").click()  # a second thought is no prediction
        assert sign(right) == "✓"
        assert colour(right) != colour(wrong)
        assert "0 of 1 on this page" in question.inner_text()
        assert question.locator(".predicted").count() == 1

        again = someone.open(PAGE).locator(".prediction").first
        assert again.locator("details.predicted[open]").count() == 1
        assert "your choice" in again.locator(".predicted > summary").evaluate(
            "e => getComputedStyle(e, '::after').content"
        )
        again.get_by_role("button", name="Clear all").click()
        assert again.locator(".predicted, details[open], .prediction-score").count() == 0
        assert someone.open(PAGE).locator(".predicted, .prediction-score").count() == 0
        assert someone.complaints == []


def sign(option):
    return option.locator("p").evaluate("e => getComputedStyle(e, '::before').content").strip('"')


def colour(option):
    return option.locator("p").evaluate("e => getComputedStyle(e, '::before').color")


@pytest.mark.slow
def test_a_cure_and_what_is_none_have_their_signs():
    page = (HTML / "book/errors-in-place.html").read_text()
    assert re.findall('<strong class="label-(.*?)">(.*?)</strong>', page)[:2] == [
        ("right", "Cure."),
        ("wrong", "Not a cure."),
    ]
    assert page.count("<strong>Cure.") == page.count("<strong>Not a cure.") == 0
