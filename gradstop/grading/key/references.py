"""What an assignment's solutions do, observed in this process under seeds of the caller's choice."""

import inspect
from collections.abc import Callable
from typing import Any

from gradstop.compare import Reference, Turn, Wrong, differing, setups_of
from gradstop.course import Assignment, CourseError, load_solutions, read_answers
from gradstop.grading.key.turns import covering_turns
from gradstop.observe import Case, observe, read_cases
from gradstop.record import Json

_Function = Callable[..., Any]
_Known = list[tuple[Wrong, _Function]]
_Turns = dict[str, tuple[Turn, ...]]


def assignment_references(assignment: Assignment, seed: Callable[[], int], only: str = "") -> dict[str, Reference]:
    """Observe all solutions and all known wrong answers of an assignment in ``solutions/``, or of one exercise.

    ``seed`` is called for each seed that is needed, two for each structure of a case: a fixed stream for a
    recording, a secret one for a grader. Raises CourseError for an exercise without cases.
    """
    solutions, cases = load_solutions(assignment.notebook), read_cases(assignment.read_cases())
    solutions = {name: solution for name, solution in solutions.items() if name == (only or name)}
    for name in solutions.keys() - cases.keys():
        raise CourseError(f"{assignment.name}/cases.py has no case for the exercise {name!r}.")
    known = _known_wrong(assignment)
    return {
        name: _reference(
            cases[name], solution, known.get(name, []), {c.name: covering_turns(c, solution, seed) for c in cases[name]}
        )
        for name, solution in solutions.items()
    }


def repeated_reference(assignment: Assignment, exercise: str, setups: dict[str, Json]) -> Reference:
    """Observe an exercise's solution and known wrong answers in given turns: for each case the setups of its turns.

    A case without setups is left out; it has been added since. Raises CourseError if no case is left.
    """
    cases = [case for case in read_cases(assignment.read_cases()).get(exercise, []) if setups.get(case.name)]
    if not cases:
        raise CourseError(f"{assignment.name}/cases.py has none of the cases that {exercise} was judged by.")
    solution = load_solutions(assignment.notebook)[exercise]
    pairs = {case.name: [setups_of(pair) for pair in setups[case.name]] for case in cases}
    turns = {case.name: tuple(Turn(s, observe(case, solution, s)) for s in pairs[case.name]) for case in cases}
    return _reference(cases, solution, _known_wrong(assignment).get(exercise, []), turns)


def _known_wrong(assignment: Assignment) -> dict[str, _Known]:
    found = read_answers(assignment.folder / "wrong_answers.py")
    return {
        name: [(Wrong(a.name, a.misconception, a.says, a.read), a.function) for a in answers]
        for name, answers in found.items()
    }


def _reference(cases: list[Case], solution: _Function, wrong: _Known, turns: _Turns) -> Reference:
    """Observe the known wrong answers in the turns of the solution."""
    behaviours = tuple(
        (answer, {c.name: [differing(observe(c, function, t.setups), t) for t in turns[c.name]] for c in cases})
        for answer, function in wrong
    )
    titles = {case.name: case.title for case in cases}
    return Reference(cases[0].exercise, tuple(inspect.signature(solution).parameters), titles, turns, behaviours)
