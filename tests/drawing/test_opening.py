"""The boxes of a net are opened by a click and by the keyboard, in a page without a script."""

import pytest
import torch
from torch import nn

from gradstop import draw
from gradstop.drawing.opening import MOST_OPENED, levels


def net():
    def stage():
        return nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3))

    return nn.ModuleDict({"body": nn.Sequential(stage(), stage()), "head": nn.Linear(3, 1)})


def drawn(opened=()):
    model = net()
    loss = model["head"](model["body"](torch.ones(2, 3))).sum()
    return draw(loss, model=model, opened=opened, title="A net")


def html(drawing):
    return drawing._repr_mimebundle_()["text/html"]


def test_modules_are_offered_level_by_level_in_the_order_of_the_model():
    found = levels(drawn().graph)
    assert found == ["body", "head", "body.0", "body.1", "body.0.0", "body.0.2", "body.1.0", "body.1.2"]
    assert levels(drawn("body.1").graph, {"body", "body.1"}) == ["body.1.0", "body.1.2"]


def test_a_level_for_which_there_is_no_room_is_left_out():
    wide = nn.ModuleDict({"a": nn.ModuleList([nn.Linear(2, 2) for _ in range(MOST_OPENED)]), "b": nn.Linear(2, 2)})
    x = torch.ones(1, 2)
    for layer in wide["a"]:
        x = layer(x)
    assert levels(draw(wide["b"](x).sum(), model=wide).graph) == ["a", "b"]


def test_there_is_nothing_to_open_without_a_model():
    x = torch.ones(2, requires_grad=True)
    assert "radiogroup" not in html(draw((x * 2).sum(), x=x))


@pytest.fixture
def page(chromium):
    tab = chromium.new_page(java_script_enabled=True)
    tab.set_content(html(drawn()))
    yield tab
    tab.close()


def cards(tab):
    seen = tab.locator("section:visible g[data-card]")
    return [card.get_attribute("data-card") for card in seen.all()]


def test_a_click_on_a_box_opens_it_and_a_key_closes_it_again(page):
    assert {"body", "head"} <= set(cards(page))
    page.locator("section:visible .gs-open[title='open body']").click()
    assert {"body.0", "body.1", "head"} <= set(cards(page))
    page.locator("section:visible .gs-open[title='open body.1']").click()
    assert {"body.0", "body.1.0", "body.1.2"} <= set(cards(page))
    page.locator("[role=radiogroup] label", has_text="all closed").click()
    assert {"body", "head"} <= set(cards(page))
    page.keyboard.press("ArrowRight")
    assert {"body.0", "body.1"} <= set(cards(page))


def test_the_place_of_a_click_is_that_of_the_box(page):
    door = page.locator("section:visible .gs-open[title='open body']").bounding_box()
    box = page.locator("section:visible g[data-card=body] rect.box").last.bounding_box()
    assert all(abs(door[side] - box[side]) < 3 for side in ("x", "y", "width", "height"))


def test_on_paper_the_first_picture_stands_alone(page):
    page.emulate_media(media="print")
    assert page.locator("section:visible").count() == 1
    assert page.locator("[role=radiogroup]:visible, .gs-open:visible").count() == 0
