"""An assignment on the bench: its parts loaded once, its references under any seed, a verdict on any function."""

import random
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from gradstop.authoring.domain import Domain, read_domains
from gradstop.compare import Reference, Trial, Verdict, compare, verdict_on
from gradstop.course import (
    Answer,
    Assignment,
    GradedCell,
    graded_cells,
    load_solutions,
    read_answers,
    statements,
)
from gradstop.grading.answer_key.references import assignment_references
from gradstop.observe import Case, observe_each, read_cases
from gradstop.record import Record, Setups
from gradstop.reference_file import read_reference_file


class Bench:
    """What is known of one assignment in ``solutions/``."""

    def __init__(self, assignment: Assignment):
        self.assignment = assignment
        self._references: dict[tuple[str, int], Reference] = {}
        self._observed: dict[tuple[str, str], dict[str, list[Record]]] = {}
        self._verdicts: dict[tuple[str, str, int | None], Verdict] = {}

    @cached_property
    def cases(self) -> dict[str, list[Case]]:
        """The cases, by exercise."""
        return read_cases(self.assignment.read_cases())

    @cached_property
    def solutions(self) -> dict[str, Callable[..., Any]]:
        """The solutions, by exercise."""
        return load_solutions(self.assignment.notebook)

    @cached_property
    def cells(self) -> dict[str, GradedCell]:
        """The notebook's cells that nbgrader knows, by their grade_id."""
        return {cell.grade_id: cell for cell in graded_cells(self.assignment.notebook)}

    @cached_property
    def domains(self) -> dict[str, Domain]:
        """What the exercises' inputs may be, by exercise.

        Raises:
            CourseError: for a table that cannot be read.

        """
        return read_domains(self.assignment.folder / "domain.toml")

    @cached_property
    def statements(self) -> dict[str, str]:
        """What a learner reads of each exercise: the texts between the graded cell before its own and its own."""
        return statements(self.assignment.notebook)

    @cached_property
    def right(self) -> dict[str, list[Answer]]:
        """Other right answers, by exercise."""
        return read_answers(self.assignment.folder / "right_answers.py")

    @cached_property
    def wrong(self) -> dict[str, list[Answer]]:
        """Known wrong answers, by exercise."""
        return read_answers(self.assignment.folder / "wrong_answers.py")

    @cached_property
    def recorded(self) -> dict[str, Reference]:
        """What the solutions and wrong answers did when the student copy was made: what learners are checked with.

        Raises:
            CourseError: where there is no recording, or it cannot be read.

        """
        return read_reference_file(self.assignment).references

    def reference(self, exercise: str, seed: int | None) -> Reference:
        """Return what solution and wrong answers do under seeds that follow from ``seed``; None: what is recorded.

        Raises:
            CourseError: where there is no recording.

        """
        if seed is None:
            return self.recorded[exercise]
        if (exercise, seed) not in self._references:
            seeds = random.Random(f"{exercise} {seed}")  # noqa: S311 - known to everyone
            made = assignment_references(self.assignment, lambda: seeds.getrandbits(53), exercise)
            self._references[exercise, seed] = made[exercise]
        return self._references[exercise, seed]

    def observed(self, exercise: str, function: Callable[..., Any], seed: int | None = None) -> dict[str, list[Record]]:
        """Observe a function in every trial of a reference, the recorded one or that of a seed, by the case's name."""
        trials = self.reference(exercise, seed).trials
        return {c.name: list(observe_each(c, function, _setups(trials[c.name]))) for c in self.cases[exercise]}

    def verdict(self, exercise: str, function: Callable[..., Any], seed: int | None = None) -> Verdict:
        """Return the verdict on what is observed of a function: by the recorded reference, or that of a seed."""
        return verdict_on(self.reference(exercise, seed), self.observed(exercise, function, seed))

    def known_observed(self, answer: Answer) -> dict[str, list[Record]]:
        """Return what is observed of an answer of the assignment's own files in the recorded trials; observed once."""
        key = (answer.exercise, answer.name)
        if key not in self._observed:
            self._observed[key] = self.observed(answer.exercise, answer.function)
        return self._observed[key]

    def known_verdict(self, answer: Answer, seed: int | None = None) -> Verdict:
        """Return the verdict on an answer of the assignment's own files, which is found the first time only."""
        exercise, key = answer.exercise, (answer.exercise, answer.name, seed)
        if key not in self._verdicts:
            seen = self.known_observed(answer) if seed is None else self.observed(exercise, answer.function, seed)
            self._verdicts[key] = verdict_on(self.reference(exercise, seed), seen)
        return self._verdicts[key]

    def case_agrees(self, case: Case, function: Callable[..., Any], seed: int | None = None) -> bool:
        """Whether a function agrees in every trial of a case. Like ``verdict``, but it ends at the first difference."""
        return agrees_in(case, function, self.reference(case.exercise, seed).trials[case.name])


def agrees_in(case: Case, function: Callable[..., Any], trials: Iterable[Trial]) -> bool:
    """Whether a function agrees in these trials of a case; the first difference ends it."""
    trials = list(trials)
    seen = observe_each(case, function, _setups(trials))
    return not any(compare(record, trial.record) for record, trial in zip(seen, trials, strict=True))


def _setups(trials: Iterable[Trial]) -> list[Setups]:
    return [trial.setups for trial in trials]
