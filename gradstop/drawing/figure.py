"""What a reader calls: ``draw`` and ``describe``."""

from collections.abc import Collection, Iterator
from pathlib import Path

from torch import Tensor, nn

from gradstop.drawing.alt import alternative
from gradstop.drawing.boxes import around
from gradstop.drawing.legend import legend
from gradstop.drawing.opening import body, opening
from gradstop.drawing.picture import picture
from gradstop.drawing.svg import clean, scrolling, to_svg
from gradstop.drawing.text import dump
from gradstop.graph import Graph, read_given
from gradstop.internals.torch_graph import untraced


class Drawing:
    """A picture of a graph, as it was when it was drawn.

    A notebook shows the picture, plain Python prints the text. Nothing in it is live: it keeps no tensor
    alive, and later edits or backwards do not change it.

    Attributes:
        graph: what was read.
        svg: the picture, a standalone SVG document.
        text: the same content, line by line.
        alt: the same content, in sentences.
        title: the caption, if any.

    """

    def __init__(self, graph: Graph, title: str | None = None, opened: Collection[str] = ()) -> None:
        shown = picture(graph, opened=opened)
        self.graph = graph
        self.title = title
        self._opened = opened
        self.text = dump(shown)
        self.alt = alternative(shown, title)
        self.svg = to_svg(shown, self.alt)
        self._legend = legend(shown)

    def save(self, path: str | Path) -> Path:
        """Write the picture as a file and return its path.

        Raises:
            ValueError: if the name does not end in .svg.

        """
        path = Path(path)
        if path.suffix.lower() != ".svg":
            raise ValueError(f"A drawing is saved as SVG: name the file {path.with_suffix('.svg').name!r}.")
        path.write_text(self.svg, encoding="utf-8")
        return path

    def __repr__(self) -> str:
        return self.text if not self.title else f"{self.title}\n{self.text}"

    def __or__(self, other: "Drawing") -> "SideBySide":
        """Return both side by side, such as before and after a backward."""
        return SideBySide((self, other))

    def _repr_mimebundle_(self, **_: Collection[str] | None) -> dict[str, str]:
        """Return what a notebook shows. It picks a form itself, so its filters may be ignored."""
        return {"text/html": self._html(), "text/plain": repr(self)}

    def _html(self) -> str:
        if any(info.members for info in self.graph.tensors):
            first = body(self.svg, self.text, self._legend)
            if boxes := opening(self.graph, self._opened, self.title, self.svg, first):
                return boxes
        caption = f"<figcaption>{clean(self.title)}</figcaption>" if self.title else ""
        return f'<figure class="gs">{caption}{body(scrolling(self.svg), self.text, self._legend)}</figure>'


class SideBySide:
    """Drawings beside each other, or below where the page is narrow: ``before | after``.

    Attributes:
        drawings: from left to right.

    """

    def __init__(self, drawings: tuple[Drawing, ...]) -> None:
        self.drawings = drawings

    def __or__(self, other: Drawing) -> "SideBySide":
        """Return these and one more."""
        return SideBySide((*self.drawings, other))

    def __repr__(self) -> str:
        return "\n\n".join(map(repr, self.drawings))

    def _repr_mimebundle_(self, **_: Collection[str] | None) -> dict[str, str]:
        """Return what a notebook shows. It picks a form itself, so its filters may be ignored."""
        figures = "".join(drawing._html() for drawing in self.drawings)
        return {"text/html": f'<div class="gs-beside">{figures}</div>', "text/plain": repr(self)}


@untraced
def draw(
    *roots: object,
    title: str | None = None,
    model: nn.Module | None = None,
    opened: str | Collection[str] = (),
    **named: object,
) -> Drawing:
    """Draw the autograd graph of the tensors given, without changing anything.

    Args:
        roots: tensors from which a backward would start, or lists of them; none means any of the named ones. A
            module, an optimizer or a dict names its tensors.
        title: a caption.
        model: a large net, whose modules are boxes: what they hold is counted. In a notebook a click on a box opens it,
            as far down as there is room for; ``opened`` begins further down.
        opened: the module, or modules, of ``model`` that are shown part by part: ``"encoder.layers"``.
        named: tensors by name, such as ``x=x``, and modules, optimizers, dicts and lists of tensors; two names for
            one tensor are one card.

    Returns:
        The drawing, which shows itself at the end of a notebook cell.

    Raises:
        ValueError: if no tensor is given; if the model has no module of an opened name.
        TypeError: if an argument is no tensor, and holds none; if the title is no text.

    """
    paths = _opened(model, opened, named)
    return Drawing(read_given(roots, *as_model(model, named)), caption(title), paths)


@untraced
def describe(
    *roots: object, model: nn.Module | None = None, opened: str | Collection[str] = (), **named: object
) -> str:
    """Return the autograd graph of the tensors given as text: what ``draw`` shows, line by line.

    Args:
        roots: as in ``draw``.
        model: as in ``draw``.
        opened: as in ``draw``.
        named: as in ``draw``.

    Raises:
        ValueError: if no tensor is given; if the model has no module of an opened name.
        TypeError: if an argument is no tensor, and holds none.

    """
    paths = _opened(model, opened, named)
    return dump(picture(read_given(roots, *as_model(model, named)), opened=paths))


def as_model(model: object, named: dict[str, object]) -> tuple[dict[str, object], nn.Module | None]:
    """Return what has a name, with ``net.parameters()`` as a list, and the model; one that is no module has a name."""
    whole = {name: list(value) if isinstance(value, Iterator) else value for name, value in named.items()}
    if model is None or isinstance(model, nn.Module):
        return whole, model
    return whole | {"model": model}, None


def _opened(model: object, opened: object, named: dict[str, object]) -> set[str]:
    """Return the modules to be opened, with all around them; a tensor of this name becomes a named one.

    Raises:
        ValueError: if the model has no module of that name.

    """
    if isinstance(opened, Tensor):
        named["opened"] = opened
        return set()
    names = [opened] if isinstance(opened, str) else list(opened) if isinstance(opened, Collection) else []
    known = dict(model.named_modules()) if isinstance(model, nn.Module) else {}
    for name in names:
        if name not in known:
            near = ", ".join(key for key in known if key and "." not in key) or "none, for no model was given"
            raise ValueError(f"The model has no module {name!r} to open; it has {near}.")
    return {path for name in names for path in (*around(name), name)}


def caption(title: object) -> str | None:
    """Return a title.

    Raises:
        TypeError: if it is no text: a tensor of that name, most likely.

    """
    if title is None or isinstance(title, str):
        return title
    raise TypeError(
        f"title is the caption, and takes a text, not {type(title).__name__}: "
        "give a tensor of this name another one, for example title_=title."
    )
