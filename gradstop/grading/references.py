"""What an assignment's solutions do, observed in this process under seeds of the caller's choice."""

from collections.abc import Callable

from gradstop.compare import Reference, Wrong, make_reference
from gradstop.course import Assignment, CourseError, load_solutions, read_answers
from gradstop.observe import read_cases


def assignment_references(assignment: Assignment, seed: Callable[[], int]) -> dict[str, Reference]:
    """Observe all solutions and all known wrong answers of an assignment in ``solutions/``.

    ``seed`` is called for each seed. Raises CourseError for an exercise without cases.
    """
    solutions, cases = load_solutions(assignment.notebook), read_cases(assignment.read_cases())
    wrong = read_answers(assignment.folder / "wrong_answers.py")
    for name in solutions.keys() - cases.keys():
        raise CourseError(f"{assignment.name}/cases.py has no case for the exercise {name!r}.")
    known = {
        name: [(Wrong(a.name, a.misconception, a.says, a.read), a.function) for a in wrong.get(name, [])]
        for name in solutions
    }
    return {name: make_reference(cases[name], solutions[name], known[name], seed) for name in solutions}
