"""The page "Cut it yourself": a program with choices, and the data of every program that can be chosen.

The directive `cut-it-yourself` writes the program (`:small:` with fewer choices, and the first outcome open),
`cut-surprises` a table for those without a script. Once the site is built, the data is written: scripts and no JSON, so
that the page works where the site is opened from a folder too. `book/_static/cut.js` shows it.
"""

import json
import re
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any, ClassVar

import torch
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

from gradstop.authoring.clinic import clinic_pages, read_entries
from gradstop.course import section_titles
from gradstop.course.sections import anchor
from gradstop.drawing import Drawing
from gradstop.drawing.svg import scrolling
from gradstop.programs.challenges import CHALLENGES, SURPRISES
from gradstop.programs.choices import CHOICES, LINES, PLAIN, Selection, program, select, selections
from gradstop.programs.reading import SECTIONS
from gradstop.programs.table import outcomes, style, table
from gradstop.programs.verdict import SIGNS, VERDICTS

FIRST = select(op="w ** 2", cut="z = y.detach()", edit="z *= 2")  # what a visitor sees
MARK = 'class="cut-it"'


_GUESSES = "".join(f'<button type="button" value="{one}">{one}</button>' for one in VERDICTS)
PREDICT = (
    '<div class="cut-predict"><fieldset><legend>Predict: what has the program done to <code>w.grad</code>?</legend>'
    f'{_GUESSES}<button type="button" value="">show me</button></fieldset><p class="cut-settings">'
    '<label><input type="checkbox" autocomplete="off" checked> predict first</label> '
    '<button type="button" class="cut-pin">pin this program</button> '
    '<button type="button" class="cut-clear">clear the score</button> <span class="cut-score"></span></p></div>'
)


class CutItYourself(SphinxDirective):
    """Write the program, its choices and the places of its outcome."""

    option_spec: ClassVar = {"small": directives.flag}

    def run(self) -> list[nodes.Node]:
        """Return it as HTML."""
        small = "small" in self.options
        fixed = PLAIN if small else {}
        outcome, judgement = outcomes()[FIRST]
        lines = [_line(index, line, fixed) for index, line in enumerate(LINES)]
        told = f"{_verdict(judgement.verdict)}<p>{escape(judgement.reason)}</p>"
        figure = scrolling(Drawing(outcome.after, "At the end").svg) if small else style()
        html = (
            f'<div {MARK} data-size="{"small" if small else "whole"}">{"" if small else _challenges()}'
            f'<pre class="cut-program"><code>{"".join(lines)}</code></pre>{"" if small else PREDICT}'
            f'<div class="cut-verdict" role="status" tabindex="-1">{told if small else ""}</div>'
            f'<div class="cut-outcome">{f"<figure class=gs>{figure}</figure>" if small else figure}</div></div>'
        )
        return [nodes.raw("", html, format="html")]


def _challenges() -> str:
    options = "".join(f'<option value="{i}">{i + 1}. {escape(one.text)}</option>' for i, one in enumerate(CHALLENGES))
    none = '<option value="">none: try what you like</option>'
    return (
        f'<div class="cut-challenge"><label>A challenge <select autocomplete="off">{none}{options}</select></label>'
        '<p role="status"></p></div>'
    )


def _line(index: int, line: str, fixed: dict[str, int]) -> str:
    def chosen(found: re.Match[str]) -> str:
        place = next(i for i, choice in enumerate(CHOICES) if choice.name == found[1])
        choice = CHOICES[place]
        if choice.name in fixed:
            return escape(choice.options[fixed[choice.name]])
        options = "".join(
            f'<option value="{i}"{" selected" if i == FIRST[place] else ""}>{escape(text)}</option>'
            for i, text in enumerate(choice.options)
        )
        return f'<select name="{choice.name}" aria-label="{choice.label}" autocomplete="off">{options}</select>'

    text = re.sub(r"{(\w+)}", chosen, escape(line))
    return f'<span class="cut-line" data-line="{index}">{text}<span class="cut-note"></span></span>'


def _verdict(verdict: str) -> str:
    sign = f'<span aria-hidden="true">{SIGNS[verdict]}</span>'
    return f'<p class="cut-said"><strong data-verdict="{verdict}">{sign} {verdict}</strong></p>'


class CutSurprises(SphinxDirective):
    """Write the table of the programs that surprise most, each with a link that chooses it."""

    def run(self) -> list[nodes.Node]:
        """Return the table as HTML."""
        rows = "".join(f"<tr>{_surprise(selection)}</tr>" for selection in SURPRISES)
        head = "<tr><th>the program</th><th>what it does</th></tr>"
        html = f'<table class="table cut-surprises"><thead>{head}</thead><tbody>{rows}</tbody></table>'
        return [nodes.raw("", html, format="html")]


def _surprise(selection: Selection) -> str:
    outcome, judgement = outcomes()[selection]
    text = escape("\n".join(line for line in program(selection)[3:] if line != "pass"))
    told = f"{outcome.raised.message.partition('. ')[0]}." if outcome.raised else judgement.reason
    return (
        f'<td><a href="#{address(selection)}"><code>{text}</code></a></td>'
        f"<td>{_verdict(judgement.verdict)}<p>{escape(told)}</p></td>"
    )


def address(selection: Selection) -> str:
    """Return a selection as the page's address holds it (`slug` of cut.js)."""
    return "&amp;".join(
        f"{choice.name}={re.sub('[^A-Za-z0-9]+', '-', choice.options[option]).strip('-')}"
        for choice, option in zip(CHOICES, selection, strict=True)
    )


def clinic_links(messages: Iterable[str], root: Path) -> dict[str, str]:
    """Return for each message the address of the clinic's entry, from the site's root.

    Raises:
        ExtensionError: for a message that has no entry.

    """
    entries = [entry for page in clinic_pages(root) for entry in read_entries(page)]
    if not entries:  # a part of the book is built
        return {}
    links = {}
    for message in messages:
        found = [entry for entry in entries if anchor(entry.heading) in anchor(message)]
        if not found:
            raise ExtensionError(f"cut.md: the clinic has no entry for {message!r}")
        best = max(found, key=lambda entry: len(entry.heading))
        links[message] = f"book/{best.page}.html#{anchor(best.heading)}"
    return links


def page_data(root: Path, fixed: dict[str, int] | None = None) -> dict[str, Any]:
    """Return what a page needs: the table of programs, links, challenges."""
    data = table(selections(fixed))
    texts = data["texts"]
    raised = sorted({number for line in data["raised"] for number in line if number >= 0})
    titles = section_titles(root)
    return data | {
        "torch": torch.__version__.partition("+")[0],
        "signs": SIGNS,
        "clinic": clinic_links([texts[number] for number in raised], root),
        "sections": {
            text: (f"book/{place.replace('#', '.html#')}", titles[place])
            for text, place in SECTIONS.items()
            if place in titles
        },
        "challenges": [vars(challenge) for challenge in CHALLENGES],
    }


def write_data(app: Sphinx, problem: Exception | None) -> None:
    """Write the data of both sizes, where any page has a program: all of them are executed for it."""
    texts = (Path(app.env.doc2path(name)).read_text("utf-8") for name in app.env.found_docs)
    if problem is None and app.builder.format == "html" and any("{cut-it-yourself}" in text for text in texts):
        for name, fixed in (("whole", None), ("small", PLAIN)):
            text = json.dumps(page_data(Path(app.srcdir), fixed), ensure_ascii=False, separators=(",", ":"))
            Path(app.outdir, "_static", f"cut-{name}.js").write_text(f"window.cutData={text};\n", encoding="utf-8")


def add_files(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Give the script and the style sheet to the pages that have a program."""
    if MARK in context.get("body", ""):
        app.add_js_file("cut.js", defer="")
        app.add_css_file("cut.css")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register both directives, the files and the data."""
    app.add_directive("cut-it-yourself", CutItYourself)
    app.add_directive("cut-surprises", CutSurprises)
    app.connect("html-page-context", add_files)
    app.connect("build-finished", write_data)
    return {"parallel_read_safe": True}
