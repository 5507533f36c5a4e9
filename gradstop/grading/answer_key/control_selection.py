"""Chooses an exercise's controls among its known wrong answers: those that stay what they are when they run alone."""

import ast

from gradstop.compare import Reference
from gradstop.course import Assignment, read_text
from gradstop.grading.answer_key.controls import Control, control_holds
from gradstop.grading.inside.observed import function_of
from gradstop.observe import Case, observe, read_cases
from gradstop.record import Json

MAX_CONTROLS = 4  # controls of one exercise
Faults = dict[str, list[set[str]]]


def trusty_controls(assignment: Assignment, references: dict[str, Reference]) -> dict[str, list[Control]]:
    """Choose controls for each exercise, among the answers that earn least, one by one and all together."""
    path = assignment.folder / "wrong_answers.py"
    sources = answer_sources(read_text(path)) if path.is_file() else {}
    cases = read_cases(assignment.read_cases())
    return {
        name: _choose(reference, {case.name: case for case in cases[name]}, sources)
        for name, reference in references.items()
    }


def _choose(reference: Reference, cases: dict[str, Case], sources: dict[tuple[str, str], str]) -> list[Control]:
    def worth(number: int) -> tuple[int, int]:
        """Return what it earns, then what is not seen of it: one that raises at once is no witness."""
        cases = reference.behaviours[number][1].values()
        unseen = sum(value is None for trials in cases for trial in trials for value in trial.values())
        return sum(not any(trials) for trials in cases), unseen

    chosen: list[Control] = []
    faults: Faults = {}
    for number in sorted(range(len(reference.behaviours)), key=worth):
        answer, differs = reference.behaviours[number]
        together = _common_faults(faults, differs)
        if chosen and _flawless(together) > _flawless(faults):
            continue  # who took the best of each would earn more than by one of them
        source = sources[reference.exercise, answer.name]
        steady = [name for name, case in cases.items() if _is_steady(reference, number, case, source)]
        if steady:
            chosen.append(Control(number, source, steady))
            faults = together
        if len(chosen) == MAX_CONTROLS:
            break
    return chosen


def _common_faults(before: Faults, differs: dict[str, list[dict[str, Json]]]) -> Faults:
    """Return the observations, for each trial of each case, in which all answers so far and this one are wrong."""
    return {
        case: [set(trial) & before[case][i] if before else set(trial) for i, trial in enumerate(trials)]
        for case, trials in differs.items()
    }


def _flawless(faults: Faults) -> int:
    """Return the number of cases without a fault."""
    return sum(not any(trials) for trials in faults.values())


def _is_steady(reference: Reference, number: int, case: Case, source: str) -> bool:
    """Whether the answer does alone, trial by trial from its source, what it did among the others."""
    trials = reference.trials[case.name]
    return all(
        control_holds(reference, number, case.name, i, trial, observe(case, function_of(source), trial.setups))
        for i, trial in reversed(list(enumerate(trials)))
    )


def answer_sources(text: str) -> dict[tuple[str, str], str]:
    """Return the source of each known answer in a file, with what it needs of the file, by exercise and name."""
    body = ast.parse(text).body
    shared = [node for node in body if _marked(node) is None and not _is_ours(node)]
    found: dict[tuple[str, str], str] = {}
    for node in body:
        exercise = _marked(node)
        if exercise is not None and isinstance(node, ast.FunctionDef | ast.ClassDef):
            node.decorator_list = node.decorator_list[1:]
            found[exercise, node.name] = ast.unparse(ast.Module([*shared, node], []))
    return found


def _is_ours(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gradstop")


def _marked(node: ast.stmt) -> str | None:
    """Return the exercise that a definition is decorated as an answer to."""
    for decorator in getattr(node, "decorator_list", [])[:1]:
        if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "wrong":
            return str(ast.literal_eval(decorator.args[0]))
    return None
