"""A verdict as an accessible HTML table, for a notebook and for feedback."""

import re
from collections.abc import Iterator, Mapping
from html import escape

from gradstop.compare.difference import Difference
from gradstop.compare.report import (
    MAX_DIFFERENCES,
    asked,
    everywhere,
    headline,
    headline_is_all,
    like,
    more,
    reading,
    repeated,
)
from gradstop.compare.verdict import CaseVerdict, Verdict

# Colours are the page's, so that the table is read in light and in dark; of a verdict the sign is coloured, and repeats
# its word. The class stands twice in the selectors, or JupyterLab's own rules for tables win.
_STYLE = """<style>
.gs-check.gs-check table{border-collapse:collapse;width:100%;max-width:60em;}
.gs-check.gs-check table caption{caption-side:top;text-align:left;font-weight:bold;padding:.3em 0;color:inherit}
.gs-check.gs-check table th,.gs-check.gs-check table td{
text-align:left;vertical-align:top;padding:.3em .6em;
border-bottom:1px solid rgba(128,128,128,.4);white-space:normal;font-weight:normal;overflow-wrap:anywhere;
min-width:6.5em}
.gs-check.gs-check table tr{background:none}
.gs-check.gs-check table thead th,.gs-check.gs-check table .case{font-weight:bold}
.gs-check.gs-check table .means td{padding-left:1.8em;font-style:italic}
.gs-check.gs-check table .given{font-weight:normal;font-size:.92em}
.gs-check .agrees{color:#1a7237}.gs-check .differs{color:#b3201a}
:is(html[data-theme=dark],html[theme=dark],body[data-jp-theme-light=false],body.vscode-dark) .gs-check .agrees{
color:#5fca78}
:is(html[data-theme=dark],html[theme=dark],body[data-jp-theme-light=false],body.vscode-dark) .gs-check .differs{
color:#ff8f86}
</style>"""


_HEAD = (
    '<thead><tr><th scope="col">Asked</th><th scope="col">Your function</th><th scope="col">Reference</th></tr></thead>'
)


def as_html(verdict: Verdict, sections: Mapping[str, str] | None = None, links: Mapping[str, str] | None = None) -> str:
    """Return the report as an HTML fragment without scripts.

    Every text is escaped: what an answer returned is shown, never run.

    Args:
        verdict: what is reported.
        sections: the titles of the book's sections, by place.
        links: the addresses of sections by title, where the book is at hand.

    """
    return "".join(_parts(verdict, sections or {}, links or {}))


def _parts(verdict: Verdict, sections: Mapping[str, str], links: Mapping[str, str]) -> Iterator[str]:
    yield f'<div class="gs-check">{_STYLE}'
    said = f"{_sign(agrees=verdict.agrees)} {escape(headline(verdict))}"
    if headline_is_all(verdict):
        yield f"<p><strong>{said}</strong></p></div>"
        return
    yield f"<table><caption>{said}</caption>"
    if not verdict.agrees:
        yield _HEAD
    common = everywhere(verdict)
    if common:
        head = (
            f'<tr><th scope="rowgroup" colspan="3" class="case">{_sign(agrees=False)} differs in every case</th></tr>'
        )
        yield f"<tbody>{head}{''.join(_difference(common))}</tbody>"
    else:
        pairs = zip(verdict.cases, repeated(verdict), strict=True)
        yield from (f"<tbody>{''.join(_case(case, again))}</tbody>" for case, again in pairs)
    yield "</table>"
    yield from (f"<p>{_code(known)}</p>" for known in like(verdict))
    places = reading(verdict, sections)
    if places:
        yield f"<p>Read: {'; '.join(_linked(place, links.get(place)) for place in places)}.</p>"
    yield "</div>"


def _sign(*, agrees: bool) -> str:
    return '<span class="agrees">✓</span>' if agrees else '<span class="differs">✗</span>'


def _linked(place: str, address: str | None) -> str:
    return f'<a href="{escape(address)}">{escape(place)}</a>' if address else escape(place)


def _code(text: str) -> str:
    """Escape a text and set what stands in backticks as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


def _case(case: CaseVerdict, again: Difference | None) -> Iterator[str]:
    mark = f"{_sign(agrees=case.agrees)} {'agrees' if case.agrees else 'differs'}"
    given = f'<br><span class="given">Given: {escape("; ".join(case.given))}.</span>' if case.given else ""
    yield f'<tr><th scope="rowgroup" colspan="3" class="case">{mark} when {escape(case.title)}{given}</th></tr>'
    if again:
        yield f'<tr><td></td><td colspan="2">{escape(again.got)}, as above</td></tr>'
        return
    for difference in case.differences[:MAX_DIFFERENCES]:
        yield from _difference(difference)
    if more(case):
        yield f'<tr><td colspan="3">… {more(case)}.</td></tr>'


def _difference(difference: Difference) -> Iterator[str]:
    yield f'<tr><th scope="row">{escape(asked(difference))}</th>'
    yield f"<td>{escape(difference.got)}</td><td>{escape(difference.expected)}</td></tr>"
    if difference.means:
        yield f'<tr class="means"><td colspan="3">{_code(difference.means)}</td></tr>'
