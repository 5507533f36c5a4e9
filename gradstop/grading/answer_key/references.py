"""What an assignment's solutions do, observed in this process under seeds of the caller's choice."""

import inspect
from collections.abc import Callable
from typing import Any

from gradstop.compare import Reference, Trial, Wrong, differing
from gradstop.course import Answer, Assignment, CourseError, load_solutions, read_answers
from gradstop.grading.answer_key.trial_selection import covering_trials, trials_of
from gradstop.observe import Case, observe_each, read_cases
from gradstop.record import Record, Setups

_Function = Callable[..., Any]
_Trials = dict[str, tuple[Trial, ...]]


def assignment_references(assignment: Assignment, seed: Callable[[], int], only: str = "") -> dict[str, Reference]:
    """Observe all solutions and all known wrong answers of an assignment in ``solutions/``, or of one exercise.

    ``seed`` is called for each seed that is needed, two for each structure of a case: a fixed stream for a recording, a
    secret one for a grader.

    Raises:
        CourseError: for an exercise without cases.

    """
    solutions, cases = load_solutions(assignment.notebook), read_cases(assignment.read_cases())
    solutions = {name: solution for name, solution in solutions.items() if name == (only or name)}
    for name in solutions.keys() - cases.keys():
        raise CourseError(f"{assignment.name}/cases.py has no case for the exercise {name!r}.")
    known = read_answers(assignment.folder / "wrong_answers.py")
    return {
        name: _reference(
            cases[name],
            solution,
            known.get(name, []),
            {c.name: covering_trials(c, solution, seed) for c in cases[name]},
        )
        for name, solution in solutions.items()
    }


def repeated_reference(assignment: Assignment, exercise: str, setups: dict[str, list[Setups]]) -> Reference:
    """Observe an exercise's solution and known wrong answers in given trials: for each case the setups of its trials.

    A case without setups is left out; it has been added since.

    Raises:
        CourseError: if no case is left.

    """
    cases = [case for case in read_cases(assignment.read_cases()).get(exercise, []) if setups.get(case.name)]
    if not cases:
        raise CourseError(f"{assignment.name}/cases.py has none of the cases that {exercise} was judged by.")
    solution = load_solutions(assignment.notebook)[exercise]
    trials = {case.name: trials_of(case, solution, setups[case.name]) for case in cases}
    wrong = read_answers(assignment.folder / "wrong_answers.py").get(exercise, [])
    return _reference(cases, solution, wrong, trials)


def _reference(cases: list[Case], solution: _Function, wrong: list[Answer], trials: _Trials) -> Reference:
    """Observe the known wrong answers in the trials of the solution."""
    observed = [
        (answer, {c.name: list(observe_each(c, answer.function, [t.setups for t in trials[c.name]])) for c in cases})
        for answer in wrong
    ]
    return reference_of(cases, solution, trials, observed)


def reference_of(
    cases: list[Case], solution: _Function, trials: _Trials, wrong: list[tuple[Answer, dict[str, list[Record]]]]
) -> Reference:
    """Return an exercise's reference from what was observed: the solution's trials, the wrong answers' records in them.

    Both are by the names of the cases.
    """
    behaviours = tuple(
        (
            Wrong(answer.name, answer.misconception, answer.says, answer.read),
            {name: [*map(differing, records[name], ran)] for name, ran in trials.items()},
        )
        for answer, records in wrong
    )
    titles = {case.name: case.title for case in cases}
    return Reference(cases[0].exercise, tuple(inspect.signature(solution).parameters), titles, trials, behaviours)
