"""An assignment on the bench: its parts loaded once, its references under any seed, a verdict on any function."""

import random
from collections.abc import Callable
from functools import cached_property
from typing import Any

from gradstop.compare import Reference, Verdict, compare, judge
from gradstop.course import Answer, Assignment, GradedCell, graded_cells, load_solutions, read_answers, read_json
from gradstop.grading.key.references import assignment_references
from gradstop.observe import Case, observe, read_cases


class Bench:
    """What is known of one assignment in ``solutions/``."""

    def __init__(self, assignment: Assignment):
        self.assignment = assignment
        self._references: dict[int, dict[str, Reference]] = {}
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

        Raises CourseError where there is no recording.
        """
        exercises = read_json(self.assignment.reference)["exercises"]
        return {name: Reference.from_json(name, data) for name, data in exercises.items()}

    def references(self, seed: int | None) -> dict[str, Reference]:
        """Return what the solutions and wrong answers do under seeds that follow from ``seed``; None: what is recorded.

        Raises CourseError where there is no recording.
        """
        if seed is None:
            return self.recorded
        if seed not in self._references:
            seeds = random.Random(seed)  # noqa: S311 - known to everyone
            self._references[seed] = assignment_references(self.assignment, lambda: seeds.getrandbits(53))
        return self._references[seed]

    def verdict(self, exercise: str, function: Callable[..., Any], seed: int | None = None) -> Verdict:
        """Observe a function in every turn of a reference: the recorded one, or that of a seed."""
        reference = self.references(seed)[exercise]
        turns = reference.turns
        return judge(
            reference,
            {c.name: [observe(c, function, t.seeds) for t in turns[c.name]] for c in self.cases[exercise]},
        )

    def known_verdict(self, answer: Answer, seed: int | None = None) -> Verdict:
        """Return the verdict on an answer of the assignment's own files, which is observed the first time only."""
        key = (answer.exercise, answer.name, seed)
        if key not in self._verdicts:
            self._verdicts[key] = self.verdict(answer.exercise, answer.function, seed)
        return self._verdicts[key]

    def case_agrees(self, case: Case, function: Callable[..., Any], seed: int | None = None) -> bool:
        """Whether a function agrees in every turn of a case. Like ``verdict``, but it ends at the first difference."""
        turns = self.references(seed)[case.exercise].turns[case.name]
        return not any(compare(observe(case, function, turn.seeds), turn.record) for turn in turns)
