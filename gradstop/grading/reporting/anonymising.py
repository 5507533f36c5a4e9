"""What students are called in a report: by their names, or by numbers that tell nothing."""

import hmac
import re
import secrets
from collections.abc import Iterable

LONG = 4  # letters from which on a name is looked for inside words too


class Names:
    """Calls students by their names."""

    anonymous = False

    def __init__(self, students: Iterable[str]) -> None:
        self._order = {student: number for number, student in enumerate(sorted(set(students)), 1)}

    def sort(self, students: Iterable[str]) -> list[str]:
        """Return students in the order of this report."""
        return sorted(students, key=self._order.__getitem__)

    def of(self, student: str) -> str:
        """Return what a student is called."""
        return student

    def without(self, text: str) -> str:
        """Return a text as it may be shown."""
        return text


class NoNames(Names):
    """Calls students "student 1", "student 2", in an order that a secret key gives and no alphabet."""

    anonymous = True

    def __init__(self, students: Iterable[str], key: bytes = b"") -> None:
        key = key or secrets.token_bytes(32)
        names = sorted(set(students), key=lambda name: hmac.digest(key, name.encode(errors="replace"), "sha256"))
        self._order = {name: number for number, name in enumerate(names, 1)}
        longest = sorted(filter(None, names), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(_pattern, longest)) or r"(?!)", re.IGNORECASE)

    def of(self, student: str) -> str:
        """Return the student's number."""
        return f"student {self._order[student]}"

    def without(self, text: str) -> str:
        """Return a text without names.

        The names of files go too: many hold the name of who handed them in, which need not be the folder's.
        """
        for start in (", there is ", "cannot be read: "):
            text = text.partition(start)[0] + (" (more is said where names are)" if start in text else "")
        return self._pattern.sub("…", text)


def _pattern(name: str) -> str:
    """Match a name; a short one only where it is a word, or half of all words would go."""
    return re.escape(name) if len(name) >= LONG else rf"(?<![^\W_]){re.escape(name)}(?![^\W_])"
