"""Compare two observations and say in words where they part."""

from gradstop.compare.difference import Difference, compare
from gradstop.compare.reference import Reference, Trial, Wrong, differing, is_behaviour
from gradstop.compare.report import headline
from gradstop.compare.report_html import as_html
from gradstop.compare.report_text import as_text
from gradstop.compare.verdict import CaseVerdict, Verdict, verdict_on

__all__ = [
    "CaseVerdict",
    "Difference",
    "Reference",
    "Trial",
    "Verdict",
    "Wrong",
    "as_html",
    "as_text",
    "compare",
    "differing",
    "headline",
    "is_behaviour",
    "verdict_on",
]
