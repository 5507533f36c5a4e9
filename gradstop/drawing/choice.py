"""Several pictures of which one is shown, chosen by mouse or by the arrow keys, without a script."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from gradstop.drawing.style import CSS
from gradstop.drawing.svg import clean

_numbers = count(1)  # the choices of one page must not answer to the same keys
# Without :has(), and on paper, all pictures are shown one below the other.
_CHOICE_CSS = "".join(
    [
        ".gs-steps [role=radiogroup]{display:none}",
        ".gs-steps section{margin-bottom:1.5em}",
        ".gs-steps p{margin:.4em 0;max-width:44em;color:inherit}",
        ".gs-steps label{display:inline-block;min-width:1.2em;padding:.1em .45em;margin:0 .25em .25em 0;",
        "border:1px solid var(--gs-line);border-radius:4px;text-align:center;cursor:pointer}",
        ".gs-steps input{position:absolute;opacity:0}",
        "@media screen{@supports selector(:has(a)){",
        ".gs-steps [role=radiogroup]{display:block;position:relative}",
        ".gs-steps p{min-height:3em}",
        ".gs-steps label:has(:checked){background:var(--gs-ink);color:var(--gs-bg);border-color:var(--gs-ink)}",
        ".gs-steps label:has(:focus-visible){outline:3px solid var(--gs-interior);outline-offset:2px}",
        "}}",
    ]
)
# JupyterLab would take the arrow keys for its own, and move to the next cell.
_INPUT = '<input data-lm-suppress-shortcuts type="radio"'


def new_group() -> str:
    """Return what a choice is called in its page."""
    return f"gs-steps-{next(_numbers)}"


@dataclass(frozen=True)
class Choosable:
    """One of the pictures: what stands on its key, what is said of it, and its HTML."""

    key: str
    said: str
    html: str


def choice(
    group: str, label: str, pictures: Sequence[Choosable], title: str | None, css: str = "", with_ids: bool = False
) -> str:
    """Return a figure that shows one of several pictures.

    Args:
        group: what it is called in its page, from ``new_group``.
        label: what is chosen.
        pictures: what there is to choose from; the first is shown first.
        title: the caption, if any.
        css: more rules than those of all choices.
        with_ids: whether each key has an id, by which a label elsewhere checks it: the group's name and its number.

    """
    caption = f"<figcaption>{clean(title)}</figcaption>" if title else ""
    keys = "".join(_key(group, number, one, with_ids) for number, one in enumerate(pictures))
    sections = "".join(f"<section>{one.html}</section>" for one in pictures)
    return (
        f'<figure class="gs gs-steps" id="{group}"><style>{CSS}{_CHOICE_CSS}{css}{_shown(group, len(pictures))}</style>'
        f'{caption}<div role="radiogroup" aria-label="{clean(label)}">{keys} <small>arrow keys move on</small></div>'
        f"{sections}</figure>"
    )


def _key(group: str, number: int, one: Choosable, with_id: bool) -> str:
    own = f' id="{group}-{number}"' if with_id else ""
    checked = "" if number else " checked"
    return f'<label>{_INPUT} name="{group}" aria-label="{clean(one.said)}"{own}{checked}>{clean(one.key)}</label>'


def _shown(group: str, keys: int) -> str:
    """Return the rules that show the chosen picture alone."""
    chosen = ",".join(
        f"#{group}:has(label:nth-of-type({n}) :checked)>section:nth-of-type({n})" for n in range(1, keys + 1)
    )
    hidden = f"#{group}>section{{display:none}}{chosen}{{display:block}}"
    return f"@media screen{{@supports selector(:has(a)){{{hidden}}}}}"
