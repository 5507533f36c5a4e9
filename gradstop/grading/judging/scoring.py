"""What a verdict earns, and how a check cell shows it."""

from html import escape

from gradstop.compare import CaseVerdict, Reference, as_html
from gradstop.grading.graded_submission import ExerciseScore
from gradstop.grading.intake.outputs import Output
from gradstop.grading.judging.judge import Judged
from gradstop.grading.judging.token_digest import tokens_of


def exercise_score(judged: Judged, reference: Reference, points: float, answer: str) -> ExerciseScore:
    """Return what a verdict earns of these points; ``answer`` is the source of the answer's cell."""
    verdict = judged.verdict
    like = verdict.like
    first = verdict.problem or next((_in_words(case) for case in verdict.cases if not case.agrees), "")
    return ExerciseScore(
        verdict.exercise,
        points * verdict.passed / len(verdict.cases),
        points,
        verdict.passed,
        len(verdict.cases),
        first=f"{first}; {judged.without}" if judged.without else first,
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


def _in_words(case: CaseVerdict) -> str:
    """Say the first difference of a case."""
    first = case.differences[0]
    return f"when {case.title}: {first.got}; the reference: {first.expected}"
