"""Where two records of one case part, in the learner's words."""

from collections import Counter
from dataclasses import dataclass, replace

import msgspec

from gradstop.compare.close import close
from gradstop.compare.kinds import KINDS, Cause
from gradstop.compare.stops import stop_means, stop_words
from gradstop.record import Json, Observation, Record

# What wording a value of an unexpected form can raise; a report from elsewhere may hold anything.
_MALFORMED = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, RecursionError)
MAX_VALUE_TEXT = 600  # characters of what is shown of one value; an answer may return any text


@dataclass(frozen=True)
class Difference:
    """One observation that is not as the reference's.

    ``asked`` is the requirement, ``got`` and ``expected`` say both sides, ``means`` what it comes from, and
    ``read`` is the section of the book that explains it.
    """

    name: str
    kind: str
    asked: str
    got: str
    expected: str
    means: str
    read: str = ""
    is_cause: bool = False  # the other differences of its case follow from it


def compare(got: Record, expected: Record) -> list[Difference]:
    """Return the differences between two records, the most telling first; empty if they agree."""
    if got is expected:
        return []
    seen = {observation.name: observation for observation in got.observations}
    often = Counter(observation.asked for observation in expected.observations)
    found: list[Difference] = []
    for wanted in expected.observations:
        if wanted.name in seen:
            found.extend(_difference(seen[wanted.name], wanted))
        elif got.stopped is None:
            found.append(_missing(wanted))
    found = [_told_apart(difference, often[difference.asked]) for difference in found]
    found.sort(key=lambda difference: KINDS[difference.kind].order)
    causes = [difference for difference in found if difference.is_cause]
    if causes:
        return causes[:1]
    if got.stopped != expected.stopped and not (found and found[0].kind == "raised"):
        found.append(_stopped(got))
    return found


def _told_apart(difference: Difference, often: int) -> Difference:
    """Say with a requirement that is asked several times of what it is asked here."""
    if often < 2 or not difference.asked:
        return difference
    return replace(difference, asked=f"{difference.asked} ({difference.name})")


def agrees(got: Json, wanted: Observation) -> bool:
    """Whether a value, of whatever form, agrees with an observation."""
    try:
        return _is_written_alike(got, wanted.value) or not KINDS[wanted.kind].differs(got, wanted.value)
    except _MALFORMED:
        return False


def is_about(got: Json, known: Json) -> bool:
    """Whether an encoded value, of whatever form, is another within single precision."""
    try:
        return close(got, known, double=1.0)
    except _MALFORMED:
        return False


def _is_written_alike(got: Json, wanted: Json) -> bool:
    """Whether both are equal and written in the same words, which tell True from 1: the usual case, found soonest."""
    try:
        return got == wanted and msgspec.json.encode(got) == msgspec.json.encode(wanted)
    except UnicodeEncodeError:  # half of a surrogate pair
        return False


def _difference(got: Observation, wanted: Observation) -> list[Difference]:
    if agrees(got.value, wanted):
        return []
    kind = KINDS[wanted.kind]
    try:
        said, means = kind.words(got.value), kind.means(got.value, wanted.value)
    except _MALFORMED:
        said, means = "something that cannot be read", "It is not of the form that is asked for."
    if got.note:
        said = f"{_shown(said)} ({got.note})"
    expected = kind.words(wanted.value)
    asked, cause = wanted.asked, isinstance(means, Cause)
    return [Difference(wanted.name, wanted.kind, asked, _shown(said), expected, _shown(means), wanted.read, cause)]


def _shown(text: str) -> str:
    """Return a text that an answer had a hand in, short enough to be read and without halves of characters."""
    short = text if len(text) <= MAX_VALUE_TEXT else f"{text[: MAX_VALUE_TEXT - 2]} …"
    return short.encode(errors="replace").decode()


def _missing(wanted: Observation) -> Difference:
    expected = KINDS[wanted.kind].words(wanted.value)
    means = "What your function returned, or did to what it was given, left nothing to look at here."
    return Difference(wanted.name, wanted.kind, wanted.asked, "not observed", expected, means, wanted.read)


def _stopped(got: Record) -> Difference:
    if not got.observations:
        return Difference("the case", "raised", "the function returns", _shown(str(got.stopped)), "returns", "")
    return Difference(
        "the rest of the case",
        "raised",
        "the result can be used as the text says",
        _shown(f"stopped after “{got.observations[-1].name}”: {stop_words(str(got.stopped))}"),
        "goes on to the end",
        stop_means(str(got.stopped)),
    )
