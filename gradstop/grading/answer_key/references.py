"""What an assignment's solutions do, observed in this process under seeds of the caller's choice."""

import inspect
from collections.abc import Callable
from typing import Any

from gradstop.compare import Reference, Trial, Wrong, differing
from gradstop.course import Assignment, CourseError, load_solutions, read_answers
from gradstop.grading.answer_key.trial_selection import covering_trials
from gradstop.observe import Case, observe, read_cases
from gradstop.record import Setups

_Function = Callable[..., Any]
_Known = list[tuple[Wrong, _Function]]
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
    known = _known_wrong(assignment)
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
    trials = {case.name: tuple(Trial(s, observe(case, solution, s)) for s in setups[case.name]) for case in cases}
    return _reference(cases, solution, _known_wrong(assignment).get(exercise, []), trials)


def _known_wrong(assignment: Assignment) -> dict[str, _Known]:
    found = read_answers(assignment.folder / "wrong_answers.py")
    return {
        name: [(Wrong(a.name, a.misconception, a.says, a.read), a.function) for a in answers]
        for name, answers in found.items()
    }


def _reference(cases: list[Case], solution: _Function, wrong: _Known, trials: _Trials) -> Reference:
    """Observe the known wrong answers in the trials of the solution."""
    behaviours = tuple(
        (answer, {c.name: [differing(observe(c, function, t.setups), t) for t in trials[c.name]] for c in cases})
        for answer, function in wrong
    )
    titles = {case.name: case.title for case in cases}
    return Reference(cases[0].exercise, tuple(inspect.signature(solution).parameters), titles, trials, behaviours)
