"""The verdict on an answer: for each case whether it agrees, and where not."""

from dataclasses import dataclass, replace

from gradstop.compare.difference import Difference, compare
from gradstop.compare.reference import Reference, Wrong, behaves_in_part_like, behaves_like
from gradstop.record import Record


@dataclass(frozen=True)
class CaseVerdict:
    """One case: agrees in every trial, or the inputs and differences of the first trial that does not.

    ``like`` is a known wrong answer that does the same in this case, where none does in all of them.
    """

    title: str
    given: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()
    like: Wrong | None = None

    @property
    def agrees(self) -> bool:
        """Whether every observation agrees."""
        return not self.differences


@dataclass(frozen=True)
class Verdict:
    """All cases of an exercise, and the known wrong answer that behaves like this one.

    ``problem`` says why there was no function to observe, where there was none.
    """

    exercise: str
    cases: tuple[CaseVerdict, ...]
    like: Wrong | None = None
    problem: str = ""

    @property
    def passed(self) -> int:
        """The number of cases that agree."""
        return sum(case.agrees for case in self.cases)

    @property
    def agrees(self) -> bool:
        """Whether every case agrees."""
        return self.passed == len(self.cases)


def verdict_on(
    reference: Reference, observed: dict[str, list[Record]], missing: str = "nothing was observed"
) -> Verdict:
    """Compare what was observed, one record for each trial of each case, with the reference.

    A record that is missing counts as one that observed nothing; ``missing`` says why it is.
    """
    complete = {
        case: [
            *observed.get(case, [])[: len(trials)],
            *_nothing(case, len(trials) - len(observed.get(case, [])), missing),
        ]
        for case, trials in reference.trials.items()
    }
    cases = tuple(_case(reference, case, records) for case, records in complete.items())
    verdict = Verdict(reference.exercise, cases)
    if verdict.agrees:
        return verdict
    if like := behaves_like(reference, complete):
        return replace(verdict, like=like)
    in_part = behaves_in_part_like(reference, complete)
    return replace(
        verdict,
        cases=tuple(replace(one, like=in_part.get(name)) for name, one in zip(complete, cases, strict=True)),
    )


def _case(reference: Reference, case: str, records: list[Record]) -> CaseVerdict:
    title = reference.titles[case]
    for trial, record in zip(reference.trials[case], records, strict=True):
        differences = compare(record, trial.record)
        if differences:
            return CaseVerdict(title, trial.record.given, tuple(differences))
    return CaseVerdict(title)


def _nothing(case: str, count: int, why: str) -> list[Record]:
    return [Record(case, stopped=why)] * count
