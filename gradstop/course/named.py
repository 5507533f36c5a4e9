"""Finds what a short name stands for."""

import re
from collections.abc import Iterable

from gradstop.course.did_you_mean import did_you_mean
from gradstop.course.errors import CourseError


def named(name: str, known: Iterable[str], what: str, first: Iterable[str] = ()) -> str:
    """Return the one of the known names that ``name`` stands for: all of it, its number, its topic, or a beginning.

    Args:
        name: what somebody typed, such as ``03-detach``, ``3``, ``Detach``, ``chapter 3`` or ``work/03_detach/``.
        known: names such as ``03-detach``.
        what: the word for such a thing in the message, such as ``assignment``.
        first: those of the known names that a number alone stands for, where several begin with it.

    Raises:
        CourseError: where it stands for none, or for several.

    """
    known, typed = list(known), _plain(name)
    numbered = re.sub(r"^(\d+)-?(?=\D|$)", lambda digits: f"{int(digits[1]):02}-", typed)
    there = f"There is: {', '.join(known) or 'none'}."
    if not typed:
        raise CourseError(f"Which {what}? {there}")
    for fits in (
        [other for other in known if other in (typed, numbered)],
        [other for other in known if typed == other.partition("-")[2]],
        [other for other in first if typed.isdecimal() and other.startswith(numbered)],
        [other for other in known if other.startswith(numbered)],
        [other for other in known if other.partition("-")[2].startswith(typed)],
    ):
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise CourseError(f"{name!r} is more than one {what}: {', '.join(fits)}. Say more of its name.")
    meant = did_you_mean(typed, [*known, *(other.partition("-")[2] for other in known)])
    raise CourseError(f"There is no {what} {name!r}.{meant} {there}")


def _plain(typed: str) -> str:
    """Return the name in what somebody typed: the last part of a path, in small letters, with dashes."""
    last = re.split(r"[/\\]", typed.rstrip("/\\"))[-1].casefold()
    last = last.removesuffix(".ipynb").removesuffix(".md").strip(" .")
    return re.sub(r"[\s_]+", "-", re.sub(r"^(?:chapter|ch|assignment)[\s.-]*(?=\d)", "", last))
