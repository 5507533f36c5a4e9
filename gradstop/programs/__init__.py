"""One short program with choices in it: its texts, what torch does with each, and what is right."""

from gradstop.programs.choices import CHOICES, LINES, program, selections

__all__ = ["CHOICES", "LINES", "program", "selections"]
