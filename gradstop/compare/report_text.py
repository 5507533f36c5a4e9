"""A verdict as text, for a terminal."""

from collections.abc import Iterator, Mapping
from textwrap import fill

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

TEXT_WIDTH = 88


def as_text(verdict: Verdict, sections: Mapping[str, str] | None = None) -> str:
    """Return the report as text; ``sections`` gives the titles of the book's sections."""
    return "\n".join(_lines(verdict, sections or {}))


def _lines(verdict: Verdict, sections: Mapping[str, str]) -> Iterator[str]:
    yield headline(verdict)
    if headline_is_all(verdict):
        return
    common = everywhere(verdict)
    if common:
        yield "  differs in every case:"
        yield from _difference(common)
    else:
        for case, again in zip(verdict.cases, repeated(verdict), strict=True):
            yield from _case(case, again)
    for known in like(verdict):
        yield ""
        yield fill(known, TEXT_WIDTH)
    for place in reading(verdict, sections):
        yield f"Read: {place}."


def _case(case: CaseVerdict, again: Difference | None) -> Iterator[str]:
    yield f"  {'agrees ' if case.agrees else 'differs'}  when {case.title}"
    if case.agrees:
        return
    if again:
        yield _indented("got", f"{again.got}, as above")
        return
    if case.given:
        yield _indented("given", "; ".join(case.given))
    for difference in case.differences[:MAX_DIFFERENCES]:
        yield from _difference(difference)
    if more(case):
        yield f"           {more(case)}"


def _difference(difference: Difference) -> Iterator[str]:
    yield _indented("asked", asked(difference))
    yield _indented("got", difference.got)
    yield _indented("expected", difference.expected)
    if difference.means:
        yield _indented("", difference.means)


def _indented(label: str, text: str) -> str:
    return fill(text, TEXT_WIDTH, initial_indent=f"    {label:>9}  ", subsequent_indent=" " * 15)
