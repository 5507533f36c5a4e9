"""What a report on a verdict says, before it is laid out as text or as a table."""

import re
from collections.abc import Mapping

from gradstop.compare.difference import Difference
from gradstop.compare.reference import Wrong
from gradstop.compare.verdict import CaseVerdict, Verdict

MAX_DIFFERENCES = 4  # differences of one case; the rest mostly follows from them
OTHERWISE = "(What it does was compared, not how it is written: another cause may do the same.)"
UNWRITTEN = "raises NotImplementedError"


def headline(verdict: Verdict) -> str:
    """Say in one sentence how the answer did."""
    count = len(verdict.cases)
    if verdict.problem:
        return f"{verdict.exercise}: {verdict.problem}"
    if unwritten(verdict):
        return f"{verdict.exercise} is not written yet: it raises NotImplementedError."
    if verdict.agrees:
        return f"{verdict.exercise}: all {count} cases agree with the reference."
    return f"{verdict.exercise}: {verdict.passed} of {count} cases agree with the reference."


def unwritten(verdict: Verdict) -> bool:
    """Whether the answer is still the stub: that names its exercise, or nothing; torch raises the same class."""
    return all(case.differences and _is_stub(verdict.exercise, case.differences[0].got) for case in verdict.cases)


def _is_stub(exercise: str, got: str) -> bool:
    if not got.startswith(UNWRITTEN):
        return False
    said = got.removesuffix("(None or zeros)").strip()  # of a leaf, where the call is made in a backward
    if not said.endswith(")"):
        return True
    return re.search(rf" \(({exercise}(, )?)?(in line \d+ of its cell)?\)$", said) is not None


def headline_is_all(verdict: Verdict) -> bool:
    """Whether there is nothing to say of single cases: no function, or still the stub."""
    return bool(verdict.problem) or unwritten(verdict)


def repeated(verdict: Verdict) -> list[Difference | None]:
    """Return for each case the difference that its only one repeats: a cause that an earlier case shows in full."""
    shown: dict[tuple[str, str], Difference] = {}
    found: list[Difference | None] = []
    for case in verdict.cases:
        cause = case.differences[0] if case.differences and case.differences[0].is_cause else None
        found.append(shown.get((cause.got, cause.means)) if cause else None)
        if cause:
            shown.setdefault((cause.got, cause.means), cause)
    return found


def everywhere(verdict: Verdict) -> Difference | None:
    """Return the difference that all cases have in common as their first, such as an error at each call."""
    firsts = [case.differences[0] if case.differences else None for case in verdict.cases]
    if len(firsts) > 1 and firsts[0] and all(f and (f.name, f.got) == (firsts[0].name, firsts[0].got) for f in firsts):
        return firsts[0]
    return None


def like(verdict: Verdict) -> list[str]:
    """Say which known wrong answer behaves exactly like this one, or which ones in some cases; or nothing."""
    if verdict.like:
        return [f"This behaves like {verdict.like.says} {OTHERWISE}"]
    said = [f"When {'; when '.join(titles)}: this behaves like {one.says}" for one, titles in _in_part(verdict).items()]
    return [*said[:-1], f"{said[-1]} {OTHERWISE}"] if said else []


def _in_part(verdict: Verdict) -> dict[Wrong, list[str]]:
    """Return the known wrong answers that do the same in some cases, with the titles of these."""
    found: dict[Wrong, list[str]] = {}
    for case in verdict.cases:
        if case.like:
            found.setdefault(case.like, []).append(case.title)
    return found


def reading(verdict: Verdict, sections: Mapping[str, str]) -> list[str]:
    """List the sections to read, each once, the misconception's first."""
    places = [verdict.like.read] if verdict.like else [one.read for one in _in_part(verdict)]
    if everywhere(verdict) and not places:
        return []
    places += [d.read for case in verdict.cases for d in case.differences[:MAX_DIFFERENCES] if not d.is_cause]
    return list(dict.fromkeys(sections[place] for place in places if place in sections))


def asked(difference: Difference) -> str:
    """Return the requirement, or the observation's name where that says all."""
    return difference.asked or difference.name


def more(case: CaseVerdict) -> str:
    """Say how many differences of a case are not shown."""
    count = len(case.differences) - MAX_DIFFERENCES
    return f"and {count} more, which mostly follow from these" if count > 0 else ""
