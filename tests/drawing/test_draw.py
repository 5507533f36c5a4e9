"""The picture, the text and the alternative text against the live tensors."""

import random
import re
import subprocess
import sys
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
import torch
from support.processor import usual_seconds
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

import gradstop
from gradstop.drawing import Drawing, describe, draw, step_through
from gradstop.drawing.fold import fold
from gradstop.drawing.picture import FOLD_OVER, picture
from gradstop.drawing.style import _DARK, _LIGHT
from gradstop.graph import read_graph

SVG = "{http://www.w3.org/2000/svg}"
STYLES = ("leaf", "interior", "constant", "node", "fold")


def leaf() -> Tensor:
    return torch.tensor([1.0, 2.0], requires_grad=True)


def cards(drawing: Drawing) -> dict[str, ElementTree.Element]:
    root = ElementTree.fromstring(drawing.svg)
    return {group.get("data-card", ""): group for group in root.iter(SVG + "g") if group.get("data-card")}


def words(element: ElementTree.Element) -> str:
    return " ".join(text for part in element.iter(SVG + "text") for text in part.itertext())


def boxes(drawing: Drawing) -> list[tuple[float, float, float, float]]:
    found = []
    for group in cards(drawing).values():
        box = [part for part in group.iter(SVG + "rect") if part.get("class") == "box"][-1]
        found.append(tuple(float(box.get(key, "")) for key in ("x", "y", "width", "height")))
    return found


def paths(drawing: Drawing, role: str) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(drawing.svg)
    return [part for part in root.iter(SVG + "path") if part.get("class") == role]


# What a card says is what the tensor is


def test_cards_carry_the_live_state():
    x = leaf()
    y = x * x
    z = y.detach()
    found = cards(draw(x=x, y=y, z=z))
    for name, tensor in (("x", x), ("y", y), ("z", z)):
        kind = "interior" if tensor.grad_fn else "leaf" if tensor.requires_grad else "constant"
        assert found[name].get("class") == kind
        assert f"{name} {tuple(tensor.shape)} " in words(found[name])
        assert f" {kind} " in words(found[name])
    assert f"made by * {y.grad_fn.name()}" in words(found["y"])
    assert "saves x at version 0 twice" in words(found["y"])


def test_before_and_after_backward():
    x, w, unused = leaf(), leaf(), leaf()
    loss = (x * w).exp().sum()
    tensors = {"x": x, "w": w, "unused": unused, "loss": loss}
    before = draw(loss, **tensors)
    assert ".grad None → will be filled" in words(cards(before)["x"])
    assert ".grad None, not reached" in words(cards(before)["unused"])
    loss.backward()
    after = draw(loss, **tensors)
    assert f".grad {read_graph(x=x)['x'].grad}" in words(cards(after)["x"])
    assert ".grad None, not reached" in words(cards(after)["unused"])
    assert after.text.count("freed what it saved") == 2
    assert "kept" not in after.svg
    assert before.svg != after.svg


def test_the_cut_is_drawn_and_named():
    x = leaf()
    y = x * 2
    drawing = draw(x=x, y=y, z=y.detach())
    assert len(paths(drawing, "slash")) == 1
    assert len(paths(drawing, "cut")) == 2  # the line is broken
    assert "cut: same memory, no history" in words(ElementTree.fromstring(drawing.svg))
    assert not paths(draw(x=x, y=y, c=y.clone()), "slash")


@pytest.mark.parametrize(
    "cut", [torch.Tensor.detach, lambda y: y.data, lambda y: y.detach().requires_grad_(), lambda y: y.data[:1]]
)
def test_every_way_to_cut(cut):
    x = leaf()
    y = x * 2
    drawing = draw(x=x, y=y, z=cut(y))
    assert "There is a cut between y and z: same memory, no history." in drawing.alt
    assert "y and z share one memory." in drawing.alt
    assert "y | z  cut: same memory, no history" in drawing.text
    assert "memory A: y, z" in drawing.text


def test_detach_in_place_leaves_no_cut():
    x = leaf()
    y = x * 2
    z = y.exp()
    y.detach_()
    drawing = draw(x=x, y=y, z=z)
    assert cards(drawing)["y"].get("class") == "constant"
    assert not drawing.graph.cuts


def test_badges_show_who_shares():
    x = leaf()
    v = x.view(1, 2)
    other = leaf() * 1
    found = cards(draw(x=x, v=v, other=other, o=other.detach(), alone=leaf()))
    badges = {name: re.findall("memory [A-Z]", words(card)) for name, card in found.items()}
    assert badges["x"] == badges["v"] == ["memory A"]
    assert badges["other"] == badges["o"] == ["memory B"]
    assert badges["alone"] == []


def test_an_edit_is_marked():
    x = leaf()
    y = x * 2
    z = y * y
    y.add_(1)
    drawing = draw(z, x=x, y=y)
    assert len(paths(drawing, "warn")) == 1
    assert "saved y at version 0, now version 1: backward will raise" in words(cards(drawing)["root"])
    assert "version 1" in words(cards(drawing)["y"])
    assert ".grad None, backward will raise" in words(cards(drawing)["x"])
    assert "! saved y at version 0, now version 1: backward will raise" in drawing.text
    # From y there is a backward that does not raise.
    assert "will be filled" in draw(x=x, y=y, z=z).text


def test_a_leaf_that_was_given_a_history():
    x = leaf()
    y = x * 2
    x.requires_grad_(False)
    x.mul_(y)
    drawing = draw(x=x, y=y)
    assert set(cards(drawing)) == {"x", "y", "fills .grad (node 2)"}
    assert "gradient flows to fills .grad (node 2)" in drawing.text


def test_leaf_after_a_spent_graph():
    x = leaf()
    loss = (x * x).sum()
    torch.autograd.grad(loss, x)
    assert ".grad None, backward will raise" in draw(loss, x=x).text


def test_alternative_text_has_everything():
    x, frozen = leaf(), torch.ones(2)
    y = x * frozen + 1
    y.retain_grad()
    alt = draw(y, x=x, frozen=frozen, z=y.detach(), unused=leaf(), title="A title").alt
    for sentence in (
        "A title.",
        "x is a leaf of shape (2,), with the values [1, 2].",
        "Its .grad is None and will be filled.",
        "frozen is a constant of shape (2,)",
        "* (node 1) is a node whose result has no name, which has 1 constant input; saves frozen at version 0.",
        "The root is an interior tensor (retains grad) of shape (2,), with the values [2, 3].",
        "A backward starts here, with a gradient.",
        "It was made by +, which has 1 constant input.",
        "From there the gradient flows to * (node 1).",
        "Its .grad is None and not reached.",
        "There is a cut between root and z: same memory, no history.",
        "root and z share one memory.",
    ):
        assert sentence in alt
    y.sum().backward()
    alt = draw(y, x=x).alt
    assert "Its .grad is [1, 1]." in alt
    assert "has freed what it saved" in alt


def test_outputs_of_one_node_are_one_card():
    x = leaf()
    a, b = (x * 1).unbind()
    found = cards(draw(x=x, a=a, b=b))
    assert "output 0" in words(found["a, b"])
    assert "output 1" in words(found["a, b"])


def test_aliases_are_one_card():
    y = leaf() * 2
    assert words(cards(draw(y=y, z=y))["y"]).startswith("y, z (2,)")


def test_custom_function_and_parameters():
    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 2 * x

        @staticmethod
        def backward(ctx, gradient):
            return 2 * gradient

    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    y = Twice.apply(model(torch.ones(3, 2)))
    text = describe(y=y, **dict(model.named_parameters()), mean=model[1].running_mean)
    assert "a custom Function" in text
    assert "0.weight  (2, 2)\n    leaf, parameter" in text
    assert "mean at version" in text


# Form


def test_forms(tmp_path, capsys):
    y = leaf() * 2
    drawing = draw(y=y, title="a < b")
    bundle = drawing._repr_mimebundle_(include=None, exclude=None)
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/plain"] == repr(drawing) == f"a < b\n{drawing.text}"
    assert repr(draw(y=y)) == describe(y=y) == drawing.text
    assert gradstop.draw is draw
    assert gradstop.describe is describe
    saved = drawing.save(tmp_path / "y.svg")
    assert saved.read_text(encoding="utf-8") == drawing.svg
    with pytest.raises(ValueError, match=r"y\.svg"):
        drawing.save(tmp_path / "y.png")


def test_html_is_quiet_and_small():
    x = leaf()
    y = x * x
    html = draw(x=x, y=y, z=y.detach(), title="Title")._repr_mimebundle_()["text/html"]
    assert len(html.encode()) < 8000
    assert "<figcaption>Title</figcaption>" in html
    assert "<details><summary>This picture in words</summary><pre>" in html
    assert 'role="img" aria-label="Title. x is a leaf' in html
    for forbidden in ("<script", "javascript", "onload", "url(", "@import", "href", "src="):
        assert forbidden not in html
    assert not re.search(r"\sid=", html)
    assert "http" not in html.replace("http://www.w3.org/2000/svg", "")


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen = set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)


def test_names_and_titles_are_escaped():
    evil = '"><script>alert(1)</script>&\x00\ud800'
    drawing = draw(title=evil, **{evil: leaf() * 2})
    tags = Tags()
    tags.feed(drawing._repr_mimebundle_()["text/html"])
    assert "script" not in tags.seen
    root = ElementTree.fromstring(drawing.svg)
    assert "alert(1)" in root.get("aria-label", "")
    drawing.svg.encode()


def test_long_names_are_cut_in_the_picture_only():
    name = "a_very_long_name_" * 5
    drawing = draw(**{name: leaf()})
    assert name in drawing.text
    assert "…" in words(cards(drawing)[name])


@pytest.mark.parametrize("colours", [_LIGHT, _DARK])
def test_contrast(colours):
    def light(colour: str) -> float:
        digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
        parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def ratio(one: str, other: str) -> float:
        low, high = sorted((light(colours[one]), light(colours[other])))
        return (high + 0.05) / (low + 0.05)

    for ground in ("bg", "card"):
        assert all(ratio(text, ground) >= 4.5 for text in ("ink", "dim", "warn"))
        assert all(ratio(shape, ground) >= 3 for shape in ("line", "leaf", "interior"))


def test_the_toggle_wins_over_the_system():
    svg = draw(x=leaf()).svg
    media = svg.index("@media(prefers-color-scheme:dark)")
    for toggle in ("data-theme=light", "data-theme=dark", "theme-light=true", "theme-light=false"):
        assert svg.index(toggle) > media


def every_kind() -> list[Drawing]:
    x, w = leaf(), leaf()
    y = x * w
    model = nn.Sequential(*[part for _ in range(3) for part in (nn.Linear(2, 2), nn.Tanh())])
    matrix = torch.arange(6.0).reshape(2, 3).requires_grad_()
    views = {f"v{i}": view for i, view in enumerate((matrix.view(6), matrix.t(), matrix.detach(), matrix[0]))}
    empty = {"e": torch.empty(0), "i": torch.tensor(3), "b": torch.tensor([True]), "c": torch.tensor([1j])}
    many = {f"t{i}": leaf() * i for i in range(40)}
    return [
        draw(x=x),
        draw(x=x, w=w, y=y, z=y.detach(), s=y.detach().requires_grad_()),
        draw(model(y).sum(), x=x, w=w, y=y),
        draw(matrix=matrix, **views),
        draw(**empty),
        draw(**many),
        draw(**dict(model.named_parameters()), y=model(y).sum()),
    ]


@pytest.mark.parametrize("drawing", every_kind())
def test_cards_fit_and_never_overlap(drawing):
    root = ElementTree.fromstring(drawing.svg)
    width, height = float(root.get("width", "")), float(root.get("height", ""))
    assert width <= 680
    found = boxes(drawing)
    assert len(found) == len(picture(drawing.graph).cards)
    for i, (x, y, w, h) in enumerate(found):
        assert x >= 0
        assert y >= 0
        assert x + w <= width
        assert y + h <= height
        for x2, y2, w2, h2 in found[i + 1 :]:
            assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y


def test_arrows_go_up_from_results_to_leaves():
    x = leaf()
    y = x * 2
    found = cards(draw(x=x, y=y))
    (line,) = [p for p in paths(draw(x=x, y=y), "flow") if p.get("d", "").count("L") or "C" in p.get("d", "")]
    numbers = [float(n) for n in re.findall(r"-?[\d.]+", line.get("d", ""))]
    assert numbers[1] > numbers[-1]
    assert list(found) == ["x", "y"]


# Folding


def test_a_chain_of_5000_folds():
    x = y = leaf()
    for _ in range(2500):
        y = (y + x) * 0.5
    assert usual_seconds(lambda: draw(x=x, y=y)) < 2
    drawing = draw(x=x, y=y)
    assert "4,999 nodes\n    2,500 +, 2,499 *" in drawing.text
    assert len(drawing.svg) < 8000
    assert "One card stands for 4,999 nodes: 2,500 +, 2,499 *; saves 2,499 tensors." in drawing.alt


def test_folded_leaves_are_counted():
    model = nn.Sequential(*[nn.Linear(4, 4) for _ in range(12)])
    loss = model(torch.ones(2, 4)).sum()
    assert "24 leaves that will be filled" in describe(loss=loss)
    loss.backward()
    after = describe(loss=loss)
    assert "24 leaves with .grad filled" in after
    assert "now freed" in after


def test_small_graphs_do_not_fold():
    y = leaf()
    for _ in range(FOLD_OVER - 3):
        y = y + 1
    assert "fold" not in {card.style for card in picture(read_graph(y=y)).cards}


def test_residual_blocks_fold_sensibly():
    x = h = leaf()
    blocks = [nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2)) for _ in range(8)]
    for block in blocks[:4]:
        h = h + block(h)
    out = h
    for block in blocks[4:]:
        out = out + block(out)
    drawing = draw(out.sum(), x=x, h=h)
    styles = [card.style for card in picture(drawing.graph).cards]
    assert styles.count("fold") == 2
    assert len(styles) <= 6


@pytest.mark.parametrize("seed", range(30))
def test_folding_makes_no_cycle(seed):
    rng = random.Random(seed)
    pool = [leaf() for _ in range(3)]
    for _ in range(60):
        a, b = rng.choice(pool[-8:]), rng.choice(pool)
        pool.append(rng.choice([torch.add, torch.mul, lambda a, b: torch.stack([a, b]).unbind()[0]])(a, b))
    named = {f"t{i}": tensor for i, tensor in enumerate(rng.sample(pool, 6))}
    graph = read_graph(pool[-1], **named)
    visible = {info.node for info in graph.tensors if info.node is not None and (info.names or info.is_root)}
    groups = [*fold(graph, visible), *((node,) for node in visible)]
    assert sorted(node for group in groups for node in group) == list(range(len(graph.nodes)))
    home = {node: i for i, group in enumerate(groups) for node in group}
    edges = {(home[e.source], home[e.target]) for e in graph.edges} - {(i, i) for i in range(len(groups))}
    alive = set(range(len(groups)))
    while alive:
        sinks = {i for i in alive if not any(a == i and b in alive for a, b in edges)}
        assert sinks, "a cycle"
        alive -= sinks
    draw(pool[-1], **named)


# Plain Python


def test_bad_input():
    with pytest.raises(TypeError, match=r"Argument 'xs', entry 1 is of type object, not a tensor"):
        draw(xs=[leaf(), object()])
    with pytest.raises(TypeError, match=r"title is the caption, and takes a text, not Tensor.*title_=title"):
        draw(title=leaf(), x=leaf())
    with pytest.raises(ValueError, match="pass at least one by its name, for example x=x"):
        describe()


@pytest.mark.slow
def test_needs_no_notebook():
    code = "import sys, torch, gradstop; print(gradstop.draw(x=torch.ones(1))); assert 'IPython' not in sys.modules"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert run.stdout.startswith("x  (1,)\n    constant")


# Cuts and constants in the picture


def test_a_cut_without_a_name_is_drawn_to_what_takes_it():
    x = leaf()
    drawing = draw(x=x, y=x * x.detach())
    assert len(paths(drawing, "slash")) == 1
    assert "There is a cut between x and what * (node 0) takes: same memory, no history." in drawing.alt
    assert "saves x without history" in drawing.text


def test_a_constant_is_joined_to_what_takes_it():
    x, c = leaf(), torch.tensor([0.3, 0.7])
    assert len(paths(draw(y=x * c, c=c), "takes")) == 1
    drawing = draw(y=(x - c) ** 2, x=x, c=c)
    assert len(paths(drawing, "perhaps")) == 1
    assert "perhaps c: its numbers fit" in drawing.text
    assert not paths(draw(y=x.sin(), c=c), "takes") + paths(draw(y=x.sin(), c=c), "perhaps")


def test_a_sum_that_took_a_cut_says_perhaps():
    w = torch.tensor(1.5, requires_grad=True)
    h, row = w * 2, w * 3
    drawing = draw(h=h, row=row, loss=(row - h.detach()) ** 2)
    assert "There may be a cut between h and what - (node 4) perhaps takes: the numbers fit." in drawing.alt
    assert "perhaps a cut: the numbers fit" in words(ElementTree.fromstring(drawing.svg))


# Words and forms


def test_an_operation_is_called_as_one_writes_it_and_torchs_name_is_a_title():
    x = leaf()
    svg = draw((x @ x).exp(), x=x).svg
    assert "<title>DotBackward0</title>" in svg
    assert "@</text>" not in svg
    assert ">@<title>" in svg


def test_the_legend_has_the_signs_that_are_in_the_picture():
    x = leaf()
    y = x * 2
    page = draw(x=x, y=y, z=y.detach())._repr_mimebundle_()["text/html"]
    legend = page[page.index('<details class="gs-legend">') :]
    assert "a cut: same memory, no history" in legend
    assert "folded" not in legend
    assert "a cut" not in draw(x=x)._repr_mimebundle_()["text/html"].partition('"gs-legend"')[2]


def test_two_drawings_stand_side_by_side():
    x = leaf()
    y = (x * x).sum()
    before = draw(x=x, y=y, title="Before")
    y.backward()
    both = before | draw(x=x, y=y, title="After")
    page = both._repr_mimebundle_()["text/html"]
    assert page.startswith('<div class="gs-beside">')
    assert page.count("<figure") == 2
    assert repr(both).startswith("Before\n")
    assert "\n\nAfter\n" in repr(both)
    assert len((both | before).drawings) == 3


def test_text_is_legible_on_a_phone():
    x, w = leaf(), leaf()
    page = draw(x=x, w=w, **{f"a_long_name_{i}": x * w for i in range(3)})._repr_mimebundle_()["text/html"]
    width = float(re.search(r'<svg [^>]*?width="([\d.]+)"', page)[1])
    least = float(re.search(r"min-width:(\d+)px", page)[1])
    assert 12.5 * least / width >= 10.99
    assert 'class="gs-wide" tabindex="0"' in page


def test_each_grad_of_several_outputs_says_whose_it_is():
    a, b = (leaf() * 1).unbind()
    a.retain_grad()
    b.retain_grad()
    text = draw(a * 2, a=a, b=b).text
    assert "    a.grad None → will be filled\n    b.grad None, not reached\n" in text


def test_parameters_may_be_handed_over_as_a_module_gives_them():
    net = nn.Linear(2, 2)
    loss = net(leaf()).sum()
    assert "p[0]  (2, 2)" in draw(loss, p=net.parameters()).text
    assert "p[1][1]  (2,)" in describe(loss, p=net.named_parameters())
    step_through(loss, p=net.parameters())
    assert net.bias.grad.tolist() == [1, 1]


def test_a_long_text_is_whole_or_says_that_it_goes_on():
    x = leaf()
    loss = checkpoint(torch.sin, x, use_reentrant=True).sum()
    said = " ".join(words(cards(draw(loss, x=x))["x"]).split())
    assert "perhaps filled: the Function CheckpointFunction may stop it" in said
    for number in range(40):
        x.register_hook(hook := lambda g: None)
        hook.__qualname__ = f"a_hook_with_a_long_name_{number}"
    assert "…" in words(cards(draw((x * 2).sum(), x=x))["x"])
