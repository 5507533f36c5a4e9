"""A verdict repeated for an appeal, and what happens to scores when a case is mended."""

import shutil
from dataclasses import replace

import pytest
from support.classroom import change, hand_in, run
from support.course import ROOT, bench_of
from support.made_class import solved, wrong

from gradstop.compare import verdict_on
from gradstop.course import CourseError
from gradstop.grading.answer_key.references import repeated_reference
from gradstop.grading.reporting.explain import assignment_of, explained
from gradstop.grading.reporting.repeat import Repeated
from gradstop.observe import observe
from gradstop.record import Setup

NAME = "03-detach"
BENCH = bench_of(NAME)
SETUPS = {
    "a_constant_on_the_same_memory": [
        (Setup(1, (0, 0, 0, 0)), Setup(2, (0,))),
        (Setup(3, (1, 1, 1, 1)), Setup(4, (1,))),
    ],
    "a_stale_backward_raises": [(Setup(n), Setup(n + 1)) for n in (5, 7, 9)],  # as before options were fixed
}


def data(x):
    return x.data


@pytest.fixture(scope="module")
def reference():
    return repeated_reference(BENCH.assignment, "stop", SETUPS)


def verdict(reference, function):
    cases = {case.name: case for case in BENCH.cases["stop"]}
    observed = {
        name: [observe(cases[name], function, trial.setups) for trial in trials]
        for name, trials in reference.trials.items()
    }
    return verdict_on(reference, observed)


def lines(reference, function=data, kept=None, now=None, **changed):
    kept = kept or wrong("stop", passed=1)
    plain = {"sections": {}, "unchanged": True, "added": [], "lost": []}
    found = Repeated(kept, now or kept, verdict(reference, function), reference, **{**plain, **changed})
    return "\n".join(explained(found))


def test_a_reference_is_made_for_exactly_the_kept_seeds(reference):
    assert {name: [trial.setups for trial in trials] for name, trials in reference.trials.items()} == SETUPS
    assert verdict(reference, BENCH.solutions["stop"]).agrees
    assert verdict(reference, data).like.misconception == "data-equals-detach"
    again = repeated_reference(BENCH.assignment, "stop", SETUPS)
    assert again == reference


def test_another_limit_alone_makes_no_other_verdict(reference):
    late = [
        wrong("stop", passed=0, first=f"had not returned after {seconds} s: look for a loop") for seconds in (10, 2.5)
    ]
    said = lines(reference, kept=late[0], now=late[1], limits="10 seconds, 1024 MiB")
    assert "The verdict is the same as when it was graded. It ran under other limits" in " ".join(said.split())


def test_cases_that_have_gone_leave_nothing_to_repeat():
    with pytest.raises(CourseError, match="none of the cases that stop was judged by"):
        repeated_reference(BENCH.assignment, "stop", {"gone": [[1, 2]]})


def test_every_turn_of_every_case_is_shown_with_what_was_given(reference):
    said = lines(reference)
    assert "kept   1 of 5 points, 1 of 5 cases agree" in said
    assert "differs  when the result is edited before a backward" in said
    assert "This behaves like `x.data`" in " ".join(said.split())
    shown = said.partition("with the two seeds of each trial:")[2]
    assert "agrees   when x requires grad" in shown
    for trials in reference.trials.values():
        for trial in trials:
            assert f"seeds {trial.setups[0].seed}, {trial.setups[1].seed}" in shown
            assert "; ".join(trial.record.given) in " ".join(shown.split())
    assert shown.count("(differs here)") == 1


def flat(*arguments, **options):
    return " ".join(lines(*arguments, **options).split())


def test_it_is_said_plainly_what_has_changed(reference):
    kept, now = wrong("stop", passed=1), solved("stop")
    assert "same as when it was graded. Nothing has changed since" in flat(reference)
    assert "has changed since: what is shown is how it stands now" in flat(reference, unchanged=False)
    said = flat(reference, kept=kept, now=now)
    assert "THE VERDICT IS ANOTHER ONE" in said
    assert "Yet nothing has changed" in said
    assert f"Kept: {kept.first}" in said
    assert "THE VERDICT IS ANOTHER ONE" in flat(reference, kept=kept, now=replace(kept, misconception="another"))
    assert "could not be trusted" in flat(reference, now=replace(kept, trusted=False))
    assert "left out: cell 2: it crashed" in flat(reference, lost=["cell 2: it crashed"])
    assert "new when x is a string: it was not there then" in flat(reference, added=["x is a string"])


def test_an_exercise_names_its_assignment():
    assert assignment_of(ROOT, "stop").name == NAME
    with pytest.raises(CourseError, match=r"(?s)no exercise 'stpo'.*03-detach: stop, scale_grad"):
        assignment_of(ROOT, "stpo")
    with pytest.raises(CourseError, match="There is, in 06-clone: snapshot"):
        assignment_of(ROOT, "stop", "06-clone")


def test_an_exercise_of_two_assignments_needs_a_name(tmp_path):
    for name in (NAME, "13-detach"):
        shutil.copytree(ROOT / "solutions" / NAME, tmp_path / "solutions" / name)
    with pytest.raises(CourseError, match="say --assignment 03-detach or 13-detach"):
        assignment_of(tmp_path, "stop")
    assert assignment_of(tmp_path, "stop", "13-detach").name == "13-detach"


@pytest.mark.slow
@pytest.mark.xdist_group("grading")
def test_a_verdict_is_repeated_in_a_sandbox(small_class):
    done = run(small_class, "gradstop", "explain", "ben", "stop")
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert "ben, 03-detach, stop kept 4 of 5 points, 4 of 5 cases agree now 4 of 5 points" in said
    assert "Nothing has changed since" in said
    assert "This behaves like `x.data`" in said
    assert "Read: chapter 3, “Data is not detach”." in said
    assert said.count(" seeds ") >= 5 * 2


@pytest.mark.slow
@pytest.mark.xdist_group("grading")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["zoe", "stop"], "no student 'zoe'. Graded in 03-detach: =eve, ann, ben"),
        (["dan", "stop"], "dan is not graded in 03-detach yet: gradstop grade 03-detach --student dan"),
        (["cyd", "stop"], "cyd could not be graded in 03-detach, so there is no verdict: detach.ipynb, line 1"),
        (["ann", "stpo"], "no exercise 'stpo'. Did you mean 'stop'? There is, in 03-detach: stop"),
        (["ann", "stop", "--assignment", "99-none"], "There is: 03-detach"),
        (["ann", "stop", "--memory", "1"], "--memory at least 128 MiB"),
    ],
)
def test_a_mistake_gets_a_sentence(small_class, arguments, said):
    done = run(small_class, "gradstop", "explain", *arguments)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.xdist_group("grading")
def test_after_a_case_is_mended_grading_again_says_whose_score_changed(small_class, tmp_path):
    """The mended case here is one that is taken out: ben's wrong answer then differs in none."""
    course = shutil.copytree(small_class, tmp_path / "course")
    cases = course / "solutions" / NAME / "cases.py"
    text, gone = (
        cases.read_text(),
        '@case("stop", "the result is edited before a backward", "03-detach#edits-are-noticed")\n',
    )
    assert gone in text
    cases.write_text(text.replace(gone, ""))

    done = run(course, "gradstop", "explain", "ben", "stop")
    assert done.returncode == 1, done.stderr
    said = " ".join(done.stdout.split())
    assert "kept 4 of 5 points, 4 of 5 cases agree now 5 of 5 points, 4 of 4 cases agree" in said
    assert "THE VERDICT IS ANOTHER ONE than when it was graded. The submission, or what judges it, has changed" in said

    done = run(course, "gradstop", "grade", NAME)
    told = [line.split() for line in done.stdout.splitlines()]
    ben = next(number for number, words in enumerate(told) if words[:2] == ["ben", "18"])
    assert told[ben + 1] == ["changed:", "17", "before"]
    assert done.stdout.count("changed:") == 1
    assert "4 graded, 0 unchanged, 1 not graded" in done.stdout


@pytest.mark.slow
@pytest.mark.xdist_group("grading")
def test_a_submission_that_has_changed_is_explained_as_it_stands(small_class, tmp_path):
    course = shutil.copytree(small_class, tmp_path / "course")

    def mend(notebook):
        for cell in notebook["cells"]:
            if cell["metadata"].get("nbgrader", {}).get("grade_id") == "stop":
                cell["source"] = "def stop(x):\n    return x.detach()"

    change(course / "grading" / "submitted" / "ben" / NAME / "detach.ipynb", mend)
    done = run(course, "gradstop", "explain", "ben", "stop")
    assert done.returncode == 1
    assert "has changed since: what is shown is how it stands now" in " ".join(done.stdout.split())
    assert "stop: all 5 cases agree with the reference." in done.stdout


@pytest.mark.slow
@pytest.mark.xdist_group("grading")
def test_a_function_that_is_not_there_is_told_why_and_limits_are_kept(small_class, tmp_path):
    """A cell that is no Python, a name in other letters, and a loop that was stopped after the seconds it was given."""
    course = shutil.copytree(small_class, tmp_path / "course")
    solved_cells = {cell.grade_id: cell.source for cell in BENCH.cells.values() if cell.solution}
    answers = {
        "stop": "def stop(x:\n    return x.detach()",
        "scale_grad": "def Scale_Grad(x, a):\n    return x",
        "one_path": "def one_path(x, w):\n    while True: pass",
    }
    hand_in(course, "fay", {**solved_cells, **answers})
    done = run(course, "gradstop", "grade", NAME, "--student", "fay", "--timeout", "3")
    assert done.returncode == 0, done.stderr
    for exercise, said in {
        "stop": "stop: its cell stops with SyntaxError: '(' was never closed",
        "scale_grad": "the notebook defines no function of this name. Did you mean 'Scale_Grad'?",
        "one_path": "it had not returned after 3 s",
    }.items():
        done = run(course, "gradstop", "explain", "fay", exercise)
        assert done.returncode == 0, done.stdout
        told = " ".join(done.stdout.split())
        assert said in told
        assert "The verdict is the same" in told
        assert "NameError" not in told
    done = run(course, "gradstop", "explain", "fay", "one_path", "--timeout", "2")
    assert "other limits than when it was graded: 3 seconds, 1024 MiB" in " ".join(done.stdout.split())


@pytest.mark.slow
@pytest.mark.xdist_group("grading")
def test_who_handed_in_nothing_is_named_and_is_no_error(small_class, tmp_path):
    course = shutil.copytree(small_class, tmp_path / "course")
    (course / "grading" / "submitted" / "gil" / "06-clone").mkdir(parents=True)
    for student, code in (("gil", 0), ("cyd", 1)):
        done = run(course, "gradstop", "grade", NAME, "--student", student)
        assert done.returncode == code, done.stderr
        assert "1 not graded" in done.stdout
        assert ("1 of them handed in nothing" in done.stdout) is (student == "gil")
