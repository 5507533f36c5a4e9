"""Finds the name that was meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `` Did you mean 'stop'?`` with the closest of the known names, or nothing."""
    by_letters = {other.lower(): other for other in known if other != name}
    close = get_close_matches(name.lower(), by_letters, n=1, cutoff=0.75)
    return f" Did you mean {by_letters[close[0]]!r}?" if close else ""
