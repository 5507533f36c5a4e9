"""From the platform's zip to the platform's zip: whom each file and each score goes back to."""

import csv
import io
import re
import zipfile

import nbformat
import pytest
from support.classroom import keep_only, make_course, run
from support.course import ROOT
from support.platform_exports import CLASS, NAME, make_zip, moodle, notebook

from gradstop.course import Assignment
from gradstop.grading.handing_back.feedback import moodle_name
from gradstop.grading.platforms.class_list import ClassList, HandIn, Student

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("round-trip")]
ANN, ZOE, OBRIEN, JL, CHEN = CLASS[:5]
WRONG = {"stop": "def stop(x):\n    return x.data"}


def canvas_file(person, number):
    return f"{person.canvas_name}_{person.user}_{number}_detach.ipynb"


ZIPPED = canvas_file(ZOE, 92).replace("detach.ipynb", "hand-in.zip")


def table(name, *rows):
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return name, text.getvalue()


MOODLE_LIST = table(
    "participants.csv",
    ["Username", "First name", "Last name", "ID number", "Email address"],
    *([one.id, one.first, one.last, f"M{one.number}", one.email] for one in (ANN, ZOE, OBRIEN)),
    [CHEN.id, CHEN.first, CHEN.last, "", ""],
)
CANVAS_LIST = table(
    "canvas.csv",
    ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Detach (4711)"],
    ["    Points Possible", "", "", "", "", "5"],
    *([f"{one.last}, {one.first}", str(one.user), f"S{one.number}", one.id, "A", ""] for one in (JL, ZOE)),
)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A class whose hand-ins came as two zips, graded; there is something to be said of each student."""
    course = make_course(tmp_path_factory.mktemp("round") / "course", NAME)
    keep_only(course, ["stop"])
    for name, text in (MOODLE_LIST, CANVAS_LIST):
        (course / name).write_text(text)
        done = run(course, "gradstop", "class", name)
        assert done.returncode == 0, done.stdout + done.stderr
    handed_in = [(moodle(ANN, "detach (1).ipynb"), notebook()), (moodle(OBRIEN), notebook(WRONG))]
    make_zip(course / "moodle.zip", handed_in)
    inner = make_zip(course / "w.zip", [("hand in/detach.ipynb", notebook()), ("hand in/rows.csv", b"1")]).read_bytes()
    make_zip(course / "canvas.zip", [(canvas_file(JL, 91), notebook()), (ZIPPED, inner)])
    for name in ("moodle.zip", "canvas.zip"):
        done = run(course, "gradstop", "collect", name, NAME)
        assert done.returncode == 0, done.stdout + done.stderr
    done = run(course, "gradstop", "grade", NAME)
    assert "4 graded" in done.stdout, done.stdout + done.stderr
    return course


def as_moodle_reads(name):
    """Return the participant and the file, as Moodle's importer takes a path apart."""
    for place, part in enumerate(name.split("/")):
        info = part.split("_", 4)
        if len(info) >= 4 and info[1].isdigit() and info[2:4] == ["assignsubmission", "file"]:
            return int(info[1]), "/".join([info[4] if len(info) > 4 else "", *name.split("/")[place + 1 :]]).lstrip("/")
    raise AssertionError(name)


def as_canvas_reads(name):
    """Return user and attachment, the first two numbers between underscores (Assignment, comments from files)."""
    user, attachment = [part for part in name.split("_") if re.fullmatch(r"\d+", part)][:2]
    return int(user), int(attachment)


def test_moodle_gets_each_page_where_the_hand_in_was(course):
    done = run(course, "gradstop", "feedback", NAME, "--format", "moodle")
    with zipfile.ZipFile(course / "grading" / f"feedback-moodle-{NAME}.zip") as archive:
        found = {as_moodle_reads(name): archive.read(name).decode() for name in archive.namelist()}
    assert found.keys() == {
        (ANN.participant, "detach.html"),
        (OBRIEN.participant, "detach.html"),
    }
    assert "Score: 4.0 / 5.0" in found[OBRIEN.participant, "detach.html"]
    assert "Score: 5.0 / 5.0" in found[ANN.participant, "detach.html"]
    assert done.returncode == 1, "two came from elsewhere"
    assert "jl, zoe: not in the zip: the participant's number in Moodle is not known" in done.stderr


def test_a_page_in_moodle_is_named_by_the_student_s_own_number_and_not_by_the_group_s_who_handed_in():
    assignment, path = Assignment(ROOT / "exercises" / NAME), moodle(ANN)
    people = ClassList()
    for one, number in ((ANN, str(ANN.participant)), (ZOE, str(ZOE.participant)), (JL, "")):
        people.add(Student(one.id, one.first, one.last, hand_ins={NAME: HandIn("moodle", path, number)}))
    names = [moodle_name(people, people.students[one.id], assignment) for one in (ANN, ZOE, JL)]
    assert names == [moodle(ANN, "detach.html"), moodle(ZOE, "detach.html"), ""]
    people.add(Student(ANN.id))  # the number is a group's, or nobody knows whose
    assert moodle_name(people, people.students[JL.id], assignment) == moodle(ANN, "detach.html")


def test_canvas_gets_each_notebook_by_the_name_that_it_gave(course):
    done = run(course, "gradstop", "feedback", NAME, "--format", "canvas", "--to", str(course / "back.zip"))
    with zipfile.ZipFile(course / "back.zip") as archive:
        names = set(archive.namelist())
        graded = nbformat.reads(archive.read(canvas_file(JL, 91)).decode(), 4)
        with archive.open(ZIPPED) as file, zipfile.ZipFile(file) as inner:
            zipped = nbformat.reads(inner.read("detach.ipynb").decode(), 4)
    assert names == {canvas_file(JL, 91), ZIPPED}
    assert zipped.cells[0].source.startswith("## Score: 5 of 5")
    assert {as_canvas_reads(name) for name in names} == {(JL.user, 91), (ZOE.user, 92)}
    nbformat.validate(graded)
    assert graded.cells[0].source.startswith("## Score: 5 of 5")
    assert "- **stop**: 5 of 5" in graded.cells[0].source
    assert "ann, o'brien: not in the zip: how Canvas calls the file is not known" in done.stderr


@pytest.mark.parametrize(("platform", "person", "other"), [("moodle", OBRIEN, ANN), ("canvas", ZOE, JL)])
def test_a_notebook_that_cannot_be_converted_costs_one_alone(course, platform, person, other):
    graded = course / "grading" / "autograded" / person.id / NAME / "detach.ipynb"
    whole = graded.read_text()
    graded.write_text(whole[: len(whole) // 2])
    done = run(course, "gradstop", "feedback", NAME, "--format", platform, "--to", str(course / "one.zip"))
    graded.write_text(whole)
    with zipfile.ZipFile(course / "one.zip") as archive:
        (name,) = archive.namelist()
    assert str(other.participant if platform == "moodle" else other.user) in name
    assert f"{person.id}: not in the zip: its graded notebook cannot be converted: gradstop grade" in done.stderr
    assert "Traceback" not in done.stderr


def exported(course, *options):
    done = run(course, "gradstop", "export", "--to", "-", *options)
    assert done.returncode == 0, done.stderr
    return list(csv.DictReader(io.StringIO(done.stdout, newline=""))), done.stderr


def test_moodle_s_gradebook_finds_each_by_address_and_number_and_nobody_takes_another_s_place(course):
    rows, _ = exported(course, "--format", "moodle")
    found = {row["Username"]: row for row in rows}
    assert (found["ann"]["Email address"], found["ann"]["ID number"], found["ann"][NAME]) == (ANN.email, "M1", "5")
    assert found["o'brien"][NAME] == "4"
    assert (found["chen"]["Email address"], found["chen"]["ID number"], found["chen"][NAME]) == ("-", "-", "-")


def test_moodle_s_worksheet_has_the_numbers_of_those_who_are_known(course):
    rows, _ = exported(course, "--format", "moodle-worksheet", "--assignment", NAME)
    assert {row["Identifier"]: row["Grade"] for row in rows} == {
        f"Participant {ANN.participant}": "5",
        f"Participant {OBRIEN.participant}": "4",
    }
    assert {"Identifier", "Grade", "Last modified (grade)"} <= rows[0].keys()


def test_canvas_gradebook_finds_each_by_its_own_numbers_and_the_assignment_by_its_title(course):
    rows, _ = exported(course, "--format", "canvas", "--assignment", NAME, "--title", "Detach (4711)")
    assert rows[0]["Student"].strip() == "Points Possible"
    assert list(rows[0]) == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Detach (4711)"]
    found = {row["SIS Login ID"]: row for row in rows[1:]}
    assert tuple(found["jl"].values()) == ("van der Berg, Jean-Luc", str(JL.user), "S4", "jl", "A", "5")
    assert found["chen"]["Detach (4711)"] == ""


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["feedback", "99-none", "--format", "moodle"], "99-none"),
        (["feedback", NAME, "--format", "moodle", "--to", "/nowhere/back.zip"], "/nowhere/back.zip cannot be written"),
        (["export", "--format", "canvas", "--title", "Detach (4711)"], "name it with --assignment"),
    ],
)
def test_a_mistake_gets_a_sentence(course, command, said):
    done = run(course, "gradstop", *command)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
