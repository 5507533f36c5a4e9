"""Lays a class report out as one HTML page: no script, no other file, no other host."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from gradstop.grading.reporting.class_findings import STUCK
from gradstop.grading.reporting.report import FEWEST_TOKENS
from gradstop.grading.reporting.report_data import Bin, Report

TEMPLATE = "report.html.j2"
MAX_MISCONCEPTIONS = 8  # misconceptions; the others are folded
HISTOGRAM_WIDTH, HISTOGRAM_HEIGHT = 400, 190  # of the histogram, in units of its own
_LEFT, _TOP, _BOTTOM = 8, 22, 34
_GAP = 3


def report_page(report: Report, day: date) -> str:
    """Return the page. Every text is escaped: what a submission holds is shown, never run."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(code=_code, points=_points, percent=_percent, people=_people)
    template = environment.from_string(
        files("gradstop.grading.reporting").joinpath(TEMPLATE).read_text(encoding="utf-8")
    )
    return template.render(
        report=report,
        day=f"{day.day} {day:%B %Y}",
        bars=list(_bars(report.scores.bins)) if report.scores else [],
        width=HISTOGRAM_WIDTH,
        height=HISTOGRAM_HEIGHT,
        base=HISTOGRAM_HEIGHT - _BOTTOM,
        fewest=FEWEST_TOKENS,
        stuck=STUCK,
        shown=MAX_MISCONCEPTIONS,
    )


@dataclass(frozen=True)
class _Bar:
    """One bar of the histogram, where it stands and what is written at it."""

    x: float
    y: float
    width: float
    height: float
    count: int
    label: str
    at: float


def _bars(bins: Sequence[Bin]) -> Iterator[_Bar]:
    """Place the bars; each has the score that it begins with at its left edge, the last, all points, in its middle."""
    most = max(1, *(one.count for one in bins))
    step = (HISTOGRAM_WIDTH - 2 * _LEFT) / len(bins)
    for number, one in enumerate(bins):
        last = number == len(bins) - 1
        height = (HISTOGRAM_HEIGHT - _TOP - _BOTTOM) * one.count / most
        x = _LEFT + number * step + (_GAP if last else 0)
        yield _Bar(
            round(x, 1),
            round(HISTOGRAM_HEIGHT - _BOTTOM - height, 1),
            round(step - _GAP, 1),
            round(height, 1),
            one.count,
            f"{one.low:g}",
            round(x + (step - _GAP) / 2 if last else x - _GAP / 2, 1),
        )


def _code(text: str) -> Markup:
    """Escape a text and set what stands in backticks as code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped first


def _points(value: float) -> str:
    return f"{round(value, 1):g}"


def _percent(share: float) -> str:
    """Return a share as a percentage; 100 and 0 are said of all and of none alone."""
    whole = round(100 * share)
    return f"{min(max(whole, 1), 99) if 0 < share < 1 else whole} %"


def _people(count: int) -> str:
    return "1 student" if count == 1 else f"{count} students"
