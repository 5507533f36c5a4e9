"""What a reader sees of a backward that runs, and of what a loop keeps alive."""

import gc
import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest
import torch

from gradstop import memory_profile, step_through


def html(shown):
    return shown._repr_mimebundle_()["text/html"]


def stepper(title=None):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    h = x * 3
    h.retain_grad()
    loss = (h * h).sum()
    return step_through(loss, x=x, h=h, loss=loss, title=title)


def svgs(steps):
    return [ElementTree.fromstring(step.svg) for step in steps.shown]


def place(root, label):
    card = next(g for g in root.iter("{http://www.w3.org/2000/svg}g") if g.get("data-card") == label)
    box = card.find("{http://www.w3.org/2000/svg}rect")
    return [box.get(key) for key in ("x", "y", "width", "height")]


def test_the_steps_say_who_received_what_and_what_was_freed():
    assert repr(stepper("Title")).splitlines() == [
        "Title",
        "0. Before the backward, which starts at loss.",
        "1. sum, which made loss, receives 1. It sends [1, 1] to * (node 2).",
        "2. * (node 2) receives [1, 1]. It sends [3, 6] + [3, 6] to h. It frees what it saved.",
        "3. *, which made h, receives [6, 12]. It sends [18, 36] to x. h keeps its gradient in .grad. "
        "It frees what it saved.",
        "4. x adds [18, 36] to its .grad, which is now [18, 36].",
    ]


def test_nothing_moves_from_step_to_step():
    roots = svgs(stepper())
    for label in ("x", "h", "loss"):
        assert len({tuple(place(root, label)) for root in roots}) == 1


def test_each_picture_marks_the_card_at_work():
    now = [re.findall(r'class="\w+ now" data-card="([^"]+)"', step.svg) for step in stepper().shown]
    assert now == [[], ["loss"], ["* (node 2)"], ["h"], ["x"]]


def test_while_it_runs_nothing_is_said_to_raise():
    assert not any("will raise" in step.svg for step in stepper().shown)


def test_a_raising_node_is_the_last_step():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x.exp()
    loss = y.sum()
    y.detach().zero_()
    last = step_through(loss, y=y).shown[-1]
    assert "exp, which made y, raises, and the backward ends here: one of the variables" in last.words
    assert 'now" data-card="y"' in last.svg


def test_all_steps_are_in_the_page_and_can_be_chosen_by_key():
    page = html(stepper())
    assert page.count("<section>") == page.count('type="radio"') == 5
    assert page.count("checked>") == 1
    assert "<script" not in page
    assert "@media screen" in page  # on paper all are shown


def test_two_steppers_of_a_page_do_not_share_their_choice():
    names = [set(re.findall(r'name="([^"]+)"', html(stepper()))) for _ in range(2)]
    assert len(names[0]) == len(names[1]) == 1
    assert names[0] != names[1]


def test_markup_in_a_title_stays_text():
    assert "<b>" not in html(stepper("<b>"))


# Memory


def adds_losses():
    x, total = torch.ones(10, requires_grad=True), 0.0
    for _ in range(3):
        total = total + x.exp().sum()
        yield


def adds_numbers():
    x, total = torch.ones(10, requires_grad=True), 0.0
    for _ in range(3):
        total = total + x.exp().sum().item()
        yield


def test_a_profile_counts_nodes_and_bytes():
    kept, freed = memory_profile(adds_losses, adds_numbers).curves
    assert kept.name == "adds losses"
    assert kept.nodes == (3, 6, 9)  # exp, sum, add
    assert kept.saved_bytes == (40, 80, 120)  # ten float32 of each exp
    assert freed.nodes == freed.saved_bytes == (0, 0, 0)


def test_a_weight_that_is_saved_is_not_counted_and_shared_memory_once():
    def loop():
        w = torch.ones(10, requires_grad=True)
        y = w * w
        z = y * y
        yield
        del y, z
        yield

    assert memory_profile(loop).curves[0].saved_bytes == (40, 0)


def test_a_circle_counts_as_alive_and_the_collector_is_on_again():
    def loop():
        w = torch.ones(10, requires_grad=True)
        w.grad = None
        (gradient,) = torch.autograd.grad(w.exp().sum(), w, create_graph=True)
        circle = [gradient]
        circle.append(circle)
        del gradient, circle
        yield

    assert gc.isenabled()
    assert memory_profile(loop).curves[0].nodes > (0,)
    assert gc.isenabled()


def test_a_loop_that_raises_leaves_the_collector_on():
    def loop():
        yield
        raise KeyError

    with pytest.raises(KeyError):
        memory_profile(loop)
    assert gc.isenabled()


def test_the_same_loops_give_the_same_page():
    pages = {html(memory_profile(adds_losses, adds_numbers, title="Totals")) for _ in range(2)}
    assert len(pages) == 1
    page = pages.pop()
    ElementTree.fromstring(page[page.index("<svg") : page.index("</svg>") + 6])
    assert "#0102" not in page  # every colour is the page's own
    assert 'aria-label="Totals. adds losses, nodes alive: 3, 6, 9.' in page


@pytest.mark.parametrize(("loops", "error"), [((), ValueError), ((adds_losses,) * 5, ValueError), ((list,), TypeError)])
def test_bad_loops_are_refused(loops, error):
    with pytest.raises(error, match="yield after each training step"):
        memory_profile(*loops)


@pytest.mark.slow
def test_stepping_does_not_load_matplotlib():
    code = "import sys; from gradstop import step_through; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


# Numbers on the edges, and pictures that stay legible


def badges(svg):
    """Return the numbers that stand beside the arrows of a picture: pills outside of all cards."""
    root = ElementTree.fromstring(svg)
    return [text.text for text in root.findall("{http://www.w3.org/2000/svg}text") if text.get("class") == "badge"]


def test_a_number_stays_on_its_edge():
    shown = stepper().shown
    sent = [sorted(badges(step.svg)) for step in shown]
    assert sent[:3] == [[], ["[1, 1]"], ["[1, 1]", "[3, 6] + [3, 6]"]]
    assert sent[3] == sent[4] == ["[1, 1]", "[18, 36]", "[3, 6] + [3, 6]"]
