"""What an assignment's solutions do, observed in this process under seeds of the caller's choice."""

from collections.abc import Callable
from typing import Any

from gradstop.compare import Reference, Wrong, make_reference, repeat_reference
from gradstop.course import Assignment, CourseError, load_solutions, read_answers
from gradstop.observe import read_cases


def assignment_references(assignment: Assignment, seed: Callable[[], int]) -> dict[str, Reference]:
    """Observe all solutions and all known wrong answers of an assignment in ``solutions/``.

    ``seed`` is called for each seed. Raises CourseError for an exercise without cases.
    """
    solutions, cases = load_solutions(assignment.notebook), read_cases(assignment.read_cases())
    known = _known_wrong(assignment)
    for name in solutions.keys() - cases.keys():
        raise CourseError(f"{assignment.name}/cases.py has no case for the exercise {name!r}.")
    return {name: make_reference(cases[name], solutions[name], known.get(name, []), seed) for name in solutions}


def repeated_reference(assignment: Assignment, exercise: str, seeds: dict[str, list[list[int]]]) -> Reference:
    """Observe an exercise's solution and known wrong answers in given turns: for each case the seeds of its turns.

    A case without seeds is left out; it has been added since. Raises CourseError if no case is left.
    """
    cases = [case for case in read_cases(assignment.read_cases()).get(exercise, []) if seeds.get(case.name)]
    if not cases:
        raise CourseError(f"{assignment.name}/cases.py has none of the cases that {exercise} was judged by.")
    pairs = {case.name: [(first, second) for first, second in seeds[case.name]] for case in cases}
    solution = load_solutions(assignment.notebook)[exercise]
    return repeat_reference(cases, solution, _known_wrong(assignment).get(exercise, []), pairs)


def _known_wrong(assignment: Assignment) -> dict[str, list[tuple[Wrong, Callable[..., Any]]]]:
    found = read_answers(assignment.folder / "wrong_answers.py")
    return {
        name: [(Wrong(a.name, a.misconception, a.says, a.read), a.function) for a in answers]
        for name, answers in found.items()
    }
