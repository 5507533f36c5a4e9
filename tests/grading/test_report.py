"""The class report: its numbers, its page, and that a page without names has none."""

import re
import shutil
from dataclasses import replace
from datetime import date

import pytest
from support.accessibility import LOOKS, faults
from support.browsing import Server, reader
from support.classroom import run
from support.made_class import KNOWN, NAME, POINTS, STUDENTS, made_class, outcome, solved, stub, wrong

from gradstop.grading.graded_submission import GradedSubmission
from gradstop.grading.reporting.anonymising import Names, NoNames
from gradstop.grading.reporting.report import make_report
from gradstop.grading.reporting.report_command import summary
from gradstop.grading.reporting.report_data import Before, Bin, Note, Together
from gradstop.grading.reporting.report_page import report_page

DAY = date(2026, 11, 27)
LONG = "40:0123456789abcdef"


def report_on(*outcomes, names=Names, unread=None, outdated=None):
    unread = unread or {}
    everybody = [*(one.student for one in outcomes), *unread]
    return make_report(KNOWN, outcomes, names(everybody), unread, outdated or {}, {})


def page_on(*outcomes, **options):
    return report_page(report_on(*outcomes, **options), DAY)


def exercise(report, name):
    return next(one for one in report.exercises if one.name == name)


# Numbers


def test_scores_are_sorted_into_bins_and_full_marks_have_their_own():
    report = report_on(outcome("a"), outcome("b"), outcome("c", wrong("stop", passed=4)), outcome("d", stub("stop")))
    assert (report.graded, report.scores.points, report.scores.mean, report.scores.median) == (4, 18, 16.5, 17.5)
    assert [one.count for one in report.scores.bins] == [0, 0, 0, 0, 0, 0, 1, 0, 1, 2]
    assert report.scores.bins[-2:] == [Bin(16, 18, 1), Bin(18, 18, 2)]
    assert report.scores.bins[-1].words == "all 18"


def test_an_uneven_number_of_points_is_covered_once():
    scores = [replace(solved(name), points=3.5, score=3.5) for name in POINTS]
    bins = report_on(
        GradedSubmission("a", "", scores), GradedSubmission("b", "", [replace(m, score=3.4) for m in scores])
    ).scores.bins
    assert bins[-2:] == [Bin(16, 17.5, 1), Bin(17.5, 17.5, 1)]


def test_answers_without_a_function_count_together_whatever_the_reason():
    reasons = [
        "its cell stops with NameError: x",
        "the notebook defines no function of this name. Did you mean 'stopp'?",
    ]
    page = page_on(*(outcome(f"s{i}", wrong("stop", passed=0, first=reason)) for i, reason in enumerate(reasons)))
    assert re.search(r"when there is no function to observe\s*<span class=\"soft\">\(2\)", page)


def test_an_exercise_counts_whole_answers_shares_and_the_case_that_most_failed_first():
    answers = [wrong("stop", passed=0), wrong("stop", passed=0), wrong("stop", passed=2), stub("stop")]
    report = report_on(outcome("full"), *(outcome(f"s{i}", earned) for i, earned in enumerate(answers)))
    stop = exercise(report, "stop")
    assert (stop.graded, stop.solved, stop.untouched) == (5, 1, 1)
    assert stop.share == pytest.approx((1 + 0 + 0 + 0.4 + 0) / 5)
    assert (stop.hardest, stop.failed) == (KNOWN.titles["stop"][0], 2)
    assert exercise(report, "one_path").hardest == ""


def test_a_misconception_is_counted_by_student_over_all_exercises():
    report = report_on(
        outcome("ann", wrong("stop", 1), wrong("to_numpy_copy")),
        outcome("ben", wrong("stop", 1)),
        outcome("cyd", wrong("stop", 0)),
    )
    first, second = report.misconceptions
    assert (first.name, first.count, first.who) == ("detach-makes-a-copy", 2, ["ann", "ben"])
    assert [(way.exercise, way.count) for way in first.ways] == [("stop", 2), ("to_numpy_copy", 1)]
    assert first.read == ["chapter 3, “Same memory, new tensor”", "chapter 3, “To NumPy”"]
    assert (second.name, second.count) == ("data-equals-detach", 1)


def test_what_was_not_graded_says_why_and_is_in_no_number():
    report = report_on(
        outcome("ann"),
        GradedSubmission("ben", "", problem="no notebook"),
        unread={"cyd": "not graded yet"},
        outdated={"ann": "old"},
    )
    assert report.not_graded == [Note("ben", "no notebook"), Note("cyd", "not graded yet")]
    assert report.outdated == [Note("ann", "old")]
    assert (report.graded, exercise(report, "stop").graded) == (1, 1)


def test_notes_are_listed_by_student():
    report = report_on(
        outcome("ann", lost=["cell 3: it crashed", "cell 5: too long"]),
        outcome("ben", replace(wrong("stop"), trusted=False), changed=["torch.relu"], sandboxed=False),
    )
    assert report.lost == [Note("ann", "cell 3: it crashed; cell 5: too long")]
    assert report.distrusted == [Note("ben", "stop")]
    assert report.changed == [Note("ben", "torch.relu")]
    assert report.unsandboxed == ["ben"]


def test_the_same_answers_are_grouped_if_they_are_long_and_written():
    published = solved("one_path", tokens=KNOWN.solutions["one_path"])
    report = report_on(
        outcome("ann", solved("scale_grad", tokens=LONG), solved("stop", tokens="29:aa"), stub("semi_gradient_mse")),
        outcome("ben", solved("scale_grad", tokens=LONG), solved("stop", tokens="29:aa"), stub("semi_gradient_mse")),
        outcome("cyd", solved("scale_grad", tokens="41:bb"), published),
    )
    found = {(one.exercise, one.tokens, tuple(one.who), one.published) for one in report.same}
    assert found == {("scale_grad", 40, ("ann", "ben"), False), ("one_path", 32, ("cyd",), True)}


def test_the_terminal_gets_three_lines():
    lines = summary(report_on(outcome("ann"), outcome("ben", wrong("stop")), unread={"cyd": "not graded yet"}))
    assert lines == [
        "2 graded, 1 not graded; mean 16, median 16 of 18 points",
        "solved least: stop, by 1 of 2",
        "misconception met most: data-equals-detach, 1 of 2: chapter 3, “Data is not detach”",
    ]


# Over several exercises


def test_each_exercise_that_has_not_earned_all_has_its_reason():
    missing = wrong("one_path", passed=0, first="its cell stops with ValueError: ann was here", misconception="")
    report = report_on(outcome("ben"), outcome("ann", stub("stop"), wrong("scale_grad"), missing), names=NoNames)
    found = {one.exercise: one.why for one in report.why}
    assert found["stop"] == "left as handed out"
    assert found["scale_grad"].startswith(f"differs when {KNOWN.titles['scale_grad'][-1]}: one thing")
    assert found["one_path"] == "its cell stops with ValueError: … was here"
    assert len(report.why) == 3


def test_who_has_left_three_exercises_as_handed_out_is_named():
    two, three = list(POINTS)[:2], list(POINTS)[:3]
    report = report_on(outcome("ann", *map(stub, two)), outcome("ben", *map(stub, three)))
    assert report.stuck == [Note("ben", ", ".join(three))]


def test_what_fails_together_more_often_than_by_chance_is_listed():
    both = [outcome(name, wrong("stop"), wrong("one_path")) for name in "abc"]
    one = [outcome(name, wrong("stop"), stub("one_path")) for name in "de"]  # who has not tried says nothing
    other = [outcome("f", wrong("scale_grad")), outcome("g", wrong("scale_grad")), outcome("h"), outcome("i")]
    assert report_on(*both, *one, *other).together == [Together(("stop", "one_path"), 3, 3, 3, 7)]
    assert report_on(*both).together == []  # all fail both: nothing is known


def test_the_class_is_compared_with_the_assignment_before_among_those_graded_in_both():
    now = [outcome("ann"), outcome("ben", wrong("stop", passed=1)), outcome("cyd")]
    earlier = [outcome("ann", wrong("stop", passed=1)), outcome("ben"), GradedSubmission("cyd", "", problem="damaged")]
    report = make_report(KNOWN, now, Names(["ann", "ben", "cyd"]), {}, {}, {}, ("02-graph", earlier))
    assert report.before == Before("02-graph", 2, 16 / 18, 16 / 18, 1, 1)
    assert "2 students graded in both: a mean of 89 % of the points here, 89 % in 02-graph" in report_page(report, DAY)
    assert report_on(*now).before is None


# The page


def test_the_page_says_all_and_loads_nothing():
    page = page_on(*made_class(), unread={"yoko": "not graded yet"})
    for said in (
        "<title>03-detach: class report</title>",
        "27 November 2026",
        "This behaves like <code>x.data</code>",
        "chapter 3, “Data is not detach”",
        "The file is damaged",
        "cell 7: it was still running after 30 s",
        "torch.Tensor.detach, builtins.print",
        "<em>the published solution</em>",
        "A pointer, and no evidence.",
        '<svg viewBox="0 0 400 190" role="img"',
        "prefers-color-scheme: dark",
    ):
        assert said in page, said
    assert "<script" not in page
    assert not re.findall(r"https?:|url\(|@import|\bsrc=", page)
    assert "without a sandbox" not in page


def test_a_run_without_a_sandbox_is_marked():
    page = page_on(outcome("ann", sandboxed=False), outcome("ben", sandboxed=False), outcome("cyd"))
    assert "2 students graded without a sandbox" in page
    assert "<p>ann, ben</p>" in page


def test_all_that_a_submission_says_is_escaped():
    evil = "<script>alert(1)</script>"
    page = page_on(
        outcome(evil, wrong("stop", first=f"when {evil}: got"), lost=[evil], changed=[evil]),
        GradedSubmission(f"b{evil}", "", problem=f"detach.ipynb: {evil}"),
        unread={f"c{evil}": evil},
        outdated={evil: evil},
    )
    assert "<script" not in page
    assert page.count("&lt;script&gt;alert(1)") >= 7


def test_a_class_of_which_nothing_was_graded_has_a_page():
    page = page_on(GradedSubmission("ann", "", problem="damaged"), unread={"ben": "not graded yet"})
    assert "<b>0</b> graded" in page
    assert "<svg" not in page


# Without names


def test_a_page_without_names_holds_none():
    unread = {
        "o'hara": "detach.ipynb is expected, there is detach_OHara_final.ipynb",
        "Zoë": "there is no folder Zoë/03-detach",
        "li": "detach.ipynb, line 3: Expecting value",
    }
    told = outcome(
        "mallory", lost=["cell 2: MALLORY was here"], changed=["torch.mallory_patch", "ben.li"], sandboxed=False
    )
    page = page_on(
        *made_class(), told, outcome("ben"), names=NoNames, unread=unread, outdated={"abel": "abel's changed"}
    )
    shown = re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL).lower()
    for name in (*STUDENTS, "mallory", "o'hara", "ohara", "zoë", "ben"):
        assert not re.search(rf"(?<![a-zë]){re.escape(name)}", shown), name
    assert not re.search(r"\bli\b", shown)
    assert "detach.ipynb is expected" in shown
    assert re.search(r"student \d+", shown)
    assert "without names" in shown


def test_the_numbers_follow_no_alphabet_and_no_habit():
    names = [f"s{number:02}" for number in range(40)]
    first, again, other = NoNames(names, b"key"), NoNames(reversed(names), b"key"), NoNames(names)
    order = [first.of(name) for name in names]
    assert sorted(order) == sorted(f"student {number}" for number in range(1, 41))
    assert order == [again.of(name) for name in names] != [other.of(name) for name in names]
    assert first.sort(names) not in (names, names[::-1])
    assert [first.of(name) for name in first.sort(names)] == [f"student {number}" for number in range(1, 41)]


def test_a_name_that_is_a_word_is_hidden_as_one():
    assert NoNames(["is"]).without("this is is_it") == "this … …_it"
    assert NoNames([]).without("nobody") == "nobody"


# In a browser, and of a real class


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_the_page_is_for_everyone_in_each_look(chromium, tmp_path, width, scheme):
    (tmp_path / "report.html").write_text(page_on(*made_class(), unread={"a" * 60: "not graded yet"}), encoding="utf-8")
    with Server(tmp_path).running() as site, reader(chromium, site, viewport=width, color_scheme=scheme) as someone:
        tab = someone.open("report.html")
        assert someone.foreign == []
        assert someone.complaints == []
        assert [path for path, _ in site.sent] == ["/report.html"]
        assert tab.evaluate("document.documentElement.scrollWidth") <= width["width"]
        assert tab.evaluate("moved") == 0
        assert faults(tab) == []
        tab.set_viewport_size({"width": 840, "height": 800})  # the narrowest with the wide table
        assert tab.evaluate("document.documentElement.scrollWidth") <= 840
        dark = tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(23, 23, 27)"
        assert dark == (scheme == "dark")


@pytest.mark.slow
@pytest.mark.xdist_group("grading")
def test_a_graded_class_has_a_report(small_class, tmp_path):
    course = shutil.copytree(small_class, tmp_path / "course")
    (course / "grading/submitted/=eve" / NAME / "notes.txt").write_text("handed in again")
    done = run(course, "gradstop", "report", NAME)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"grading/reports/{NAME}.html",
        "3 graded, 2 not graded; mean 17.7, median 18 of 18 points",
        "solved least: stop, by 2 of 3",
        "misconception met most: data-equals-detach, 1 of 3: chapter 3, “Data is not detach”",
    ]
    page = (course / "grading/reports" / f"{NAME}.html").read_text(encoding="utf-8")
    assert "<dt>dan</dt><dd>not graded yet</dd>" in page
    assert "<dt>cyd</dt><dd>detach.ipynb, line 1" in page
    assert "<dt>=eve</dt><dd>the submission, or what judges it, has changed since</dd>" in page
    assert "=eve, ann, ben, and <em>the published solution</em>" in page
    assert run(course, "gradstop", "report", NAME, "--anonymous").returncode == 0
    page = (course / "grading/reports" / f"{NAME}-anonymous.html").read_text(encoding="utf-8")
    assert not re.search(r"\bann\b|\bben\b|\bcyd\b|\bdan\b|\beve\b", page)


@pytest.mark.slow
@pytest.mark.xdist_group("grading")
def test_there_is_no_report_on_nothing(small_class):
    done = run(small_class, "gradstop", "report", "99-none")
    assert done.returncode == 1
    assert "There is: 03-detach" in done.stderr
