"""The site as it is seen: each scene shows what the documentation's picture of it promises, in the first screen."""

import pytest
from support.browsing import photograph, reader

pytestmark = pytest.mark.slow
WIDE, PHONE, PAPER = {"width": 1200, "height": 800}, {"width": 390, "height": 844}, {"width": 794, "height": 1123}


def front(tab):
    article = tab.locator(".bd-article")
    return [
        article.get_by_role("link", name=name).first
        for name in ("the computation graph", "55 exercises", "Set up a course")
    ]


def prediction(tab):
    question = tab.locator(".prediction").nth(1)
    question.locator("summary").first.click()
    question.evaluate("question => question.scrollIntoView()")
    return [question, question.locator("details[open] p").first]


def stepper(tab):
    steps = tab.locator("figure.gs-steps").first
    steps.evaluate("steps => steps.closest('.cell').scrollIntoView()")
    steps.locator("label:visible, button:visible").last.click()
    return [steps.locator("svg:visible").first]


def message(tab):
    field = tab.locator("input[name=q]:visible").first
    field.fill("RuntimeError: Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy()")
    field.press("Enter")
    tab.locator(".clinic-hit").wait_for()
    return [tab.locator(".clinic-hit a").first]


def exercise(tab):
    return [tab.locator(".bd-article h1").first, tab.get_by_role("link", name="Download 03-detach.zip")]


def drawing(tab):
    picture = tab.locator("figure.gs svg:visible").first
    picture.evaluate("picture => picture.closest('.cell').scrollIntoView()")
    return [picture]


def printed(tab):
    tab.emulate_media(media="print")
    question = tab.locator(".prediction").first
    question.evaluate("question => question.scrollIntoView()")
    return question.locator("details p").all()


SCENES = {
    "site-front": ("book/index.html", WIDE, "light", front),
    "site-prediction": ("book/03-detach.html", WIDE, "light", prediction),
    "site-stepper": ("book/01-computation-graph.html", WIDE, "light", stepper),
    "site-search": ("search.html", WIDE, "light", message),
    "site-exercise": ("exercises/03-detach/detach.html", WIDE, "light", exercise),
    "site-phone": ("book/02-requires-grad.html", PHONE, "light", drawing),
    "site-dark": ("book/03-detach.html", WIDE, "dark", drawing),
    "site-print": ("book/03-detach.html", PAPER, "light", printed),
}


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_shows_what_its_picture_promises(chromium, site, name):
    page, viewport, scheme, act = SCENES[name]
    with reader(chromium, site, viewport=viewport, color_scheme=scheme) as someone:
        tab = someone.open(page)
        shown = act(tab)
        photograph(tab, name)
        assert shown
        for one in shown:
            box = one.bounding_box()
            assert box, f"{one} is not shown"
            assert box["y"] >= 0, f"{one} lies above the screen"
            assert box["y"] < viewport["height"], f"{one} lies below the screen"
            assert box["x"] + box["width"] <= viewport["width"], f"{one} is wider than the screen"
        assert someone.complaints == []
