"""What a verdict earns, and how a check cell shows it."""

import re
from dataclasses import replace
from html import escape

from gradstop.compare import CaseVerdict, Reference, Verdict, as_html
from gradstop.course import did_you_mean
from gradstop.grading.graded_submission import ExerciseScore
from gradstop.grading.inside.channel import MISSING
from gradstop.grading.intake.bounds import MAX_ANSWER, MAX_REASON
from gradstop.grading.intake.outputs import Output
from gradstop.grading.intake.template import Cell, definition_of
from gradstop.grading.judging.judge import Judged
from gradstop.grading.judging.token_digest import tokens_of
from gradstop.logs import readable


def exercise_score(judged: Judged, reference: Reference, points: float, answer: str) -> ExerciseScore:
    """Return what a verdict earns of these points; ``answer`` is the source of the answer's cell."""
    verdict = judged.verdict
    like = verdict.like
    return ExerciseScore(
        verdict.exercise,
        points * verdict.passed / len(verdict.cases),
        points,
        verdict.passed,
        len(verdict.cases),
        first=verdict.problem or next((_in_words(case) for case in verdict.cases if not case.agrees), ""),
        misconception=like.misconception if like else "",
        like=like.says if like else "",
        read=like.read if like else "",
        trusted=judged.trusted,
        setups={case: [trial.setups for trial in trials] for case, trials in reference.trials.items()},
        tokens=tokens_of(answer),
    )


def why(score: ExerciseScore, stub: str) -> str:
    """Say in a line why an exercise has not earned all, nothing where it has; the same wherever it is said.

    ``stub`` has the tokens of the answer as it was handed out.
    """
    if score.score >= score.points:
        return ""
    if not score.trusted:
        return "could not be trusted: what observes it was disturbed"
    if score.tokens and score.tokens == stub:
        return "left as handed out"
    return f"differs {score.first}" if score.first.startswith("when ") else score.first


def check_output(score: ExerciseScore, judged: Judged | None, sections: dict[str, str], stub: str = "") -> Output:
    """Return the one output of a check cell, as nbgrader reads it: ``text/plain`` is the score.

    What the trials were drawn from stays with it, so that the verdict can be repeated and explained. ``stub`` is for
    ``why``.
    """
    said = escape(why(score, stub))
    html = as_html(judged.verdict, sections) if judged else ""
    if said and f": {said}" not in html:  # a problem is a headline of its own
        html = f"<p>{escape(score.exercise)}: {said}.</p>{html}"
    data = {"text/plain": repr(score.score), "text/html": html}
    metadata = {"gradstop": {"setups": score.setups}}
    return {"output_type": "execute_result", "execution_count": 1, "metadata": metadata, "data": data}


def with_reasons(judged: dict[str, Judged], cells: list[Cell], outputs: dict[int, list[Output]]) -> dict[str, Judged]:
    """Say of each exercise without a function why there is none: what its cell has raised, or why it was stopped."""
    missing = [name for name, one in judged.items() if _is_missing(one.verdict)]
    problems = {name: replace(judged[name].verdict, problem=_reason(name, cells, outputs)) for name in missing}
    return {name: replace(one, verdict=problems.get(name, one.verdict)) for name, one in judged.items()}


def _reason(name: str, cells: list[Cell], outputs: dict[int, list[Output]]) -> str:
    """Say why there is no function of this name: the error of its own cell, or of another that would define it."""
    defines = definition_of([name])
    own = [n for n, cell in enumerate(cells) if cell["metadata"].get("nbgrader", {}).get("grade_id") == name]
    others = [n for n, cell in enumerate(cells) if n not in own and defines.search(cell["source"])]
    for number in (*own, *others):
        for output in outputs.get(number, ()):
            if output["output_type"] == "error":
                return f"its cell stops with {_quoted(output)}"
    words = [word for number in own for word in re.findall(r"\w+", cells[number]["source"][:MAX_ANSWER])]
    return f"{MISSING}.{did_you_mean(name, words)}"


def _quoted(error: Output) -> str:
    return readable(" ".join(f"{error['ename']}: {error['evalue']}".split())[:MAX_REASON])


def _is_missing(verdict: Verdict) -> bool:
    """Whether every case has found no function."""
    return all(MISSING in case.differences[0].got for case in verdict.cases if case.differences) and not verdict.passed


def _in_words(case: CaseVerdict) -> str:
    """Say the first difference of a case."""
    first = case.differences[0]
    return f"when {case.title}: {first.got}; the reference: {first.expected}"
