"""How a student stands is said in the same words everywhere, and late days are counted."""

import csv
import io
import json
import re
import shutil

import pytest
from support.classroom import SOLVED, all_scores, hand_in, keep_only, make_course, run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("standing")]
NAME = "03-detach"
PLUGIN = """
from nbgrader.plugins import LateSubmissionPlugin


class PointADay(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return -(-total_seconds_late // 86_400)


c.AssignLatePenalties.plugin_class = PointADay
"""


def notebook(course, student):
    return course / "grading" / "submitted" / student / NAME / "detach.ipynb"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A class that is graded, and in which something has happened since.

    ann is as she was, ben was two days and nine hours late, cyd has handed in a damaged file since, dan one from the
    beginning, eve's folder is gone, fay is in the class and has handed in nothing.
    """
    course = make_course(tmp_path_factory.mktemp("standing") / "course", NAME)
    keep_only(course, ["stop"])
    with (course / "nbgrader_config.py").open("a") as config:
        config.write(PLUGIN)
    for command in (["assignment", "add", NAME, "--duedate", "2027-03-01 23:59 UTC"], ["student", "add", "fay"]):
        done = run(course, "nbgrader", "db", *command)
        assert done.returncode == 0, done.stderr
    for student in ("ann", "ben", "cyd", "eve"):
        hand_in(course, student, SOLVED).with_name("timestamp.txt").write_text("2027-03-01 20:00 UTC")
    notebook(course, "ben").with_name("timestamp.txt").write_text("2027-03-04 08:59 UTC")
    hand_in(course, "dan", {}).write_text('{"cells": [')
    done = run(course, "gradstop", "grade", NAME)
    assert "4 graded" in done.stdout, done.stdout + done.stderr
    assert "late by 2 d 9 h, which costs 3" in done.stdout
    notebook(course, "cyd").write_text('{"cells": [')
    shutil.rmtree(course / "grading" / "submitted" / "eve")
    return course


def exported(course):
    done = run(course, "gradstop", "export", "--to", "-")
    assert done.returncode == 0, done.stderr
    return {row["student"]: row for row in csv.DictReader(io.StringIO(done.stdout, newline=""))}, done.stderr


def test_a_damaged_hand_in_keeps_the_earlier_score_and_says_so_each_time(course):
    for _ in range(2):
        said = run(course, "gradstop", "grade", NAME).stdout
        assert "detach.ipynb, line 1" in said
        assert "earlier hand-in: the gradebook keeps its 5" in said
    rows, errors = exported(course)
    assert rows["cyd"][NAME] == "5"
    assert rows["cyd"][f"{NAME} status"].startswith("earlier hand-in: detach.ipynb, line 1")
    assert f"{NAME}, cyd: earlier hand-in: detach.ipynb, line 1" in errors
    assert f"{NAME}: no graded submission of dan, fay" in errors


def test_the_other_words_are_said_in_the_export_and_in_the_report(course):
    rows, _ = exported(course)
    said = {student: row[f"{NAME} status"] for student, row in rows.items()}
    assert said["ann"] == "graded"
    assert said["ben"] == "graded; late by 2 d 9 h, which costs 3"
    assert said["dan"].startswith("not graded: detach.ipynb, line 1")
    assert said["eve"] == f"earlier hand-in: there is no folder eve/{NAME}"
    assert said["fay"] == "nothing handed in"
    assert [rows[student][NAME] for student in ("ann", "ben", "dan", "eve", "fay")] == ["5", "2", "", "5", ""]
    done = run(course, "gradstop", "report", NAME)
    assert done.returncode == 0, done.stderr
    page = (course / "grading" / "reports" / f"{NAME}.html").read_text()
    for words in ("earlier hand-in: there is no folder eve/", "earlier hand-in: detach.ipynb", "late by 2 d 9 h"):
        assert words in page


# As the formgrader does: its two lists, and the page of each notebook.
FORMGRADER = """
import json
from pathlib import Path
from nbconvert.exporters import HTMLExporter
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from gradstop.grading.nbgrader_bridge.register import course_config
config = course_config(Path.cwd())
api = NbGraderAPI(CourseDirectory(config=config), config=config)
def shown(one):  # as its script does
    return "None" if one["timestamp"] is None else one["display_timestamp"]
listed = {one["student"]: shown(one) for one in api.get_submissions("03-detach")}
alone = {name: shown(api.get_submission("03-detach", name)) for name in listed}
refused = api.autograde("03-detach", "dan")
exporter, pages = HTMLExporter(config=config), {}
for path in Path("grading/autograded").glob("*/03-detach/detach.ipynb"):
    resources = {"assignment_id": "03-detach", "student": path.parts[2]}
    pages[path.parts[2]] = exporter.from_filename(str(path), resources=resources)[0]
print(json.dumps([listed, alone, pages, refused]))
"""


def test_nbgrader_s_own_pages_say_it_too(course):
    assert run(course, "gradstop", "grade", NAME).returncode == 1, "it has read the newest ones"
    done = run(course, "python", "-W", "ignore", "-c", FORMGRADER)
    assert done.returncode == 0, done.stderr
    listed, alone, pages, refused = json.loads(done.stdout.splitlines()[-1])
    for found in (listed, alone):
        assert "; earlier hand-in: detach.ipynb, line 1" in found["cyd"]
        assert found["eve"].endswith(f"earlier hand-in: there is no folder eve/{NAME}")
        assert "not graded: detach.ipynb, line 1" in found["dan"]
        assert {word for name in ("ann", "ben") for word in ("hand-in", "graded") if word in found[name]} == set()
    assert refused["error"] == "not graded: dan"
    assert "dan, 03-detach: not graded: detach.ipynb, line 1" in refused["log"]
    run(course, "nbgrader", "generate_feedback", NAME, "--force")
    words = {"cyd": "earlier", "eve": "earlier", "ben": "graded; late by 2 d 9 h, which costs 3", "ann": None}
    for name, said in words.items():
        feedback = (course / "grading" / "feedback" / name / NAME / "detach.html").read_text()
        for page in (pages[name], feedback):
            found = re.findall(r"<p><strong>((?:graded|earlier)[^<]*)", page)
            assert found == [] if said is None else found[0].startswith(said)
    assert json.loads(notebook(course, "ann").read_text())["cells"][0]["cell_type"] == "markdown"


def test_nbgrader_s_own_way_makes_no_0_of_it(course):
    done = run(course, "nbgrader", "autograde", NAME, "--force")
    assert done.returncode == 1
    assert "dan, 03-detach: not graded: detach.ipynb, line 1" in done.stderr
    assert "Traceback" not in done.stderr
    found = all_scores(course)
    assert {student: sum(scores.values()) for student, scores in found.items()} == dict.fromkeys(
        ("ann", "ben", "cyd", "eve"), 5.0
    )
    assert (course / "grading" / "autograded" / "cyd" / NAME / "detach.ipynb").is_file()
    assert exported(course)[0]["ben"][NAME] == "2"


def extend(course, *words):
    return run(course, "gradstop", "extend", *words)


def test_an_extension_counts_at_once_and_when_it_is_graded_again(course):
    done = extend(course, "ben", NAME, "2027-03-03 23:59")
    assert done.stdout == f"ben may hand in {NAME} until 2027-03-03 23:59 UTC.\n", done.stderr
    assert exported(course)[0]["ben"][NAME] == "4"
    assert "ben" in extend(course).stdout
    done = run(course, "gradstop", "grade", NAME, "--force", "--student", "ben")
    assert "late by 9 h, which costs 1" in done.stdout
    assert extend(course, "ben", "fay", NAME, "2027-03-05 01:00 Europe/Berlin").returncode == 0
    rows, _ = exported(course)
    assert (rows["ben"][NAME], rows["fay"][f"{NAME} status"]) == ("5", "nothing handed in")
    run(course, "nbgrader", "autograde", NAME, "--force", "--student", "ben")
    assert exported(course)[0]["ben"][NAME] == "5"
    done = extend(course, "ben", "fay", NAME, "--none")
    assert done.returncode == 0, done.stderr
    assert exported(course)[0]["ben"][NAME] == "2"
    assert extend(course, NAME).stdout == f"Nobody has an extension for {NAME}.\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["benn", NAME, "2027-03-08 23:59"], "There is no student 'benn'. Did you mean 'ben'?"),
        (["ben", NAME, "8.3.2027"], "'8.3.2027' is no date of one meaning"),
        (["ben", NAME, "2027-02-30 23:59"], "is no date that there is"),
        (["ben", NAME, "2027-02-01 23:59"], "no later than the due date, 2027-03-01 23:59 UTC"),
        (["ben", NAME], "Say who, which assignment and until when"),
        ([NAME, "--none"], "Say who, which assignment"),
        (["ben", "03-dteach", "--none"], "no assignment '03-dteach'"),
    ],
)
def test_a_mistake_gets_a_sentence(course, words, said):
    done = extend(course, *words)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_an_assignment_without_a_due_date_has_nothing_to_extend(course, tmp_path):
    other = shutil.copytree(course, tmp_path / "course")
    shutil.copytree(other / "solutions" / NAME, other / "solutions" / "02-detach")
    done = extend(other, "ben", "02-detach", "2027-03-08 23:59")
    assert done.returncode == 1
    assert "02-detach has no due date, so nobody is late" in done.stderr
