"""From a platform's zip to where submissions are graded, and on to the scores."""

import json
import os
import re
import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.classroom import SOLVED, all_scores, make_course, run
from support.platform_exports import (
    CLASS,
    JUNK,
    NAME,
    canvas,
    canvas_gradebook,
    gradescope_metadata,
    gradescope_roster,
    make_zip,
    moodle,
    moodle_participants,
    moodle_worksheet,
    notebook,
)

from gradstop.cli import main
from gradstop.grading.collecting.notebooks import Attempt
from gradstop.grading.collecting.placing import last
from gradstop.grading.graded_submission import GradedSubmission
from gradstop.grading.intake.bounds import MAX_ZIP_ENTRIES
from gradstop.grading.intake.timestamp import read_timestamp
from gradstop.grading.platforms.class_list import read_class
from gradstop.grading.result_store import result_store_of

ANN, ZOE, SEAN, JL, CHEN = CLASS[:5]
WRONG = notebook({**SOLVED, "stop": "def stop(x):\n    return x.data"})
RIGHT, EMPTY = notebook(), notebook({})
NAMES = [
    "detach.ipynb",
    "detach (1).ipynb",
    "my work.ipynb",
    "detach.ipynb.txt",
    "detach-2.ipynb",
    "w.zip/a/detach.ipynb",
]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make a course of one assignment, once."""
    return make_course(tmp_path_factory.mktemp("made") / "course", NAME)


@pytest.fixture(scope="module")
def entered(made, tmp_path_factory):
    """Enter the class from Canvas and Gradescope, so that each platform's numbers are known."""
    folder = tmp_path_factory.mktemp("entered")
    course = shutil.copytree(made, folder / "course")
    for name, text in {"canvas": canvas_gradebook(CLASS), "gradescope": gradescope_roster(CLASS)}.items():
        (folder / f"{name}.csv").write_text(text)
        assert main(["--root", str(course), "class", str(folder / f"{name}.csv")]) == 0
    return course


@pytest.fixture
def course(entered, tmp_path):
    """A course with its class."""
    return shutil.copytree(entered, tmp_path / "course")


def collect(course, archive, *options):
    return main(["--root", str(course), "collect", str(archive), f"{NAME}/", *options])


def folder(course, person=ANN) -> Path:
    return course / "grading" / "submitted" / person.id / NAME


def handed_in(course, person=ANN) -> bytes:
    return (folder(course, person) / "detach.ipynb").read_bytes()


def attempts(course, person=ANN) -> list[bytes]:
    place = course / "grading" / "attempts" / NAME / person.id
    return [path.read_bytes() for path in sorted(place.glob("*/detach.ipynb"))]


def state(course) -> dict[str, bytes]:
    """Return all that a second run could change."""
    grading = course / "grading"
    places = [*grading.glob("submitted/**/*"), *grading.glob("attempts/**/*"), grading / "class.json"]
    return {str(path): path.read_bytes() for path in places if path.is_file()}


@pytest.mark.slow
@pytest.mark.xdist_group("collect")
@pytest.mark.parametrize(("platform", "size"), [("moodle", 25), ("canvas", 8)])
def test_from_the_platform_to_the_scores(made, tmp_path, platform, size):
    """As an instructor does it: the list, the zip, the scores."""
    course = shutil.copytree(made, tmp_path / "course")
    lists = {"moodle": moodle_participants, "canvas": canvas_gradebook}
    (tmp_path / "class.csv").write_text(lists[platform](CLASS[:size]))
    place, found = {"moodle": moodle, "canvas": canvas}[platform], []
    for person in CLASS[:size]:
        name = NAMES[person.number % len(NAMES)]
        data = WRONG if person.number % 2 else RIGHT
        if "/" in name:
            inner = make_zip(tmp_path / "w.zip", [(name.partition("/")[2], data), *JUNK.items()])
            name, data = "w.zip", inner.read_bytes()
        found.append((place(person, name), data))
    make_zip(tmp_path / "hand-ins.zip", [*found, *JUNK.items()])
    assert run(course, "gradstop", "class", str(tmp_path / "class.csv")).stdout.count(f"{size} added") == 1
    done = run(course, "gradstop", "collect", str(tmp_path / "hand-ins.zip"), f"{NAME}/", "--zone", "Europe/Berlin")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert f"{size} collected, 0 as before, 0 files not taken." in done.stdout
    assert {read_timestamp(folder(course, one)) for one in CLASS[:size]} == {datetime(2027, 3, 1, 21, 59)}
    graded = run(course, "gradstop", "grade", NAME)
    assert f"{size} graded" in graded.stdout, graded.stderr
    totals = {name: sum(scores.values()) for name, scores in all_scores(course).items()}
    assert totals == {one.id: 17 if one.number % 2 else 18 for one in CLASS[:size]}


def test_gradescope_s_hand_ins_are_collected_with_their_times(course, tmp_path):
    told = gradescope_metadata({"submission_1": [ANN], "submission_2": [SEAN, CHEN]})
    top = "assignment_123_export"
    files = [(f"{top}/submission_metadata.yml", told), (f"{top}/submission_1/detach.ipynb", RIGHT)]
    files += [(f"{top}/submission_2/a/detach (3).ipynb", WRONG), (f"{top}/submission_2/a/helper.py", b"x = 1")]
    assert collect(course, make_zip(tmp_path / "g.zip", files)) == 0
    assert read_timestamp(folder(course)) == datetime(2027, 3, 1, 21, 59, 30)
    assert handed_in(course, SEAN) == handed_in(course, CHEN) == WRONG
    assert (folder(course, SEAN) / "helper.py").read_bytes() == b"x = 1"
    hand_in = read_class(course).students[SEAN.id].hand_ins[NAME]
    assert (hand_in.platform, hand_in.group) == ("gradescope", sorted([SEAN.id, CHEN.id]))
    assert hand_in.path == f"{top}/submission_2/a/detach (3).ipynb"


@pytest.mark.parametrize("as_folder", [False, True], ids=["zip", "folder"])
def test_the_same_again_changes_nothing(course, tmp_path, as_folder):
    files = [(moodle(ANN), RIGHT), (moodle(ZOE, "detach (1).ipynb"), WRONG), (moodle(ZOE), RIGHT)]
    path = make_zip(tmp_path / "m.zip", files)
    if as_folder:
        shutil.unpack_archive(path, tmp_path / "folder")
        path = tmp_path / "folder"
    assert collect(course, path) == 0
    before = state(course)
    assert collect(course, path) == 0
    assert state(course) == before
    assert len(attempts(course, ZOE)) == 1


def test_a_dry_run_says_what_would_happen_and_changes_nothing(course, tmp_path, capsys):
    collect(course, make_zip(tmp_path / "a.zip", [(canvas(ANN), RIGHT)]))
    before = state(course)
    files = [(canvas(ANN), WRONG), (canvas(ZOE), RIGHT), ("nobody_1_2_detach.ipynb", RIGHT)]
    capsys.readouterr()
    assert collect(course, make_zip(tmp_path / "b.zip", files, (2027, 3, 2, 8, 0, 0)), "--dry-run") == 1
    said = capsys.readouterr().out
    assert "the one before would be kept" in said
    assert "2 collected, 0 as before, 1 file not taken; nothing was changed." in said
    assert state(course) == before


def test_a_later_attempt_counts_and_the_earlier_is_kept(course, tmp_path, capsys):
    first = make_zip(tmp_path / "1.zip", [(moodle(ANN), RIGHT), (moodle(ANN, "data.csv"), b"1")])
    second = make_zip(tmp_path / "2.zip", [(moodle(ANN), WRONG)], (2027, 3, 2, 8, 0, 0))
    assert collect(course, first) == collect(course, second) == 0
    assert "the one before is kept: grading/attempts/03-detach/ann/2027-03-01T" in capsys.readouterr().out
    assert (handed_in(course), attempts(course)) == (WRONG, [RIGHT])
    assert next((course / "grading" / "attempts").glob("*/ann/*/data.csv")).read_bytes() == b"1"
    assert not (folder(course) / "data.csv").exists()
    before = state(course)
    assert collect(course, first) == 0
    assert {**state(course), str(course / "grading" / "class.json"): b""} == {
        **before,
        str(course / "grading" / "class.json"): b"",
    }


def test_folders_below_the_notebook_are_kept(course, tmp_path, capsys):
    inner = [("hand in/detach.ipynb", RIGHT), ("hand in/data/rows.csv", b"1"), ("hand in/helpers/a/b.py", b"x = 1")]
    inner += [("hand in/x", b""), ("hand in/x/y", b""), ("hand in/detach.ipynb/z", b""), ("aside/q.csv", b"")]
    inner += [("hand in/1/2/3/4/5/6/deep", b"")]
    path = make_zip(tmp_path / "1.zip", [(moodle(ANN, "w.zip"), make_zip(tmp_path / "w.zip", inner).read_bytes())])
    assert collect(course, path) == 0
    said = capsys.readouterr().out
    assert "w.zip/hand in/x/y (its folder has the name of a file)" in said
    assert "w.zip/hand in/detach.ipynb/z (its folder has the name of a file)" in said
    assert "w.zip/hand in/1/2/3/4/5/6/deep (more than 5 folders deep)" in said
    assert "w.zip/aside/q.csv (not beside the notebook)" in said
    below = [one.relative_to(folder(course)).as_posix() for one in folder(course).rglob("*") if one.is_file()]
    assert sorted(below) == ["data/rows.csv", "detach.ipynb", "helpers/a/b.py", "timestamp.txt", "x"]
    before = state(course)
    assert collect(course, path) == 0
    assert state(course) == before


def test_an_older_zip_does_not_replace_a_later_attempt(course, tmp_path):
    collect(course, make_zip(tmp_path / "2.zip", [(moodle(ANN), WRONG)], (2027, 3, 2, 8, 0, 0)))
    collect(course, make_zip(tmp_path / "1.zip", [(moodle(ANN), RIGHT)]))
    assert (handed_in(course), attempts(course)) == (WRONG, [RIGHT])


def test_an_older_attempt_leaves_what_the_platform_calls_the_one_that_counts(course, tmp_path):
    collect(course, make_zip(tmp_path / "1.zip", [(canvas(ANN), RIGHT)]))
    mail = tmp_path / "mail" / ANN.id / "detach.ipynb"
    mail.parent.mkdir(parents=True)
    mail.write_bytes(WRONG)
    os.utime(mail, (0, 0))
    assert collect(course, tmp_path / "mail") == 0
    assert attempts(course) == [WRONG]
    assert read_class(course).students[ANN.id].hand_ins[NAME].path == canvas(ANN)


@pytest.mark.parametrize("mail_is_first", [False, True])
def test_what_comes_by_mail_leaves_what_the_platform_calls_the_student_s(course, tmp_path, mail_is_first):
    """Or feedback could not go back to the platform."""
    mail = tmp_path / "mail" / ANN.id / "detach.ipynb"
    mail.parent.mkdir(parents=True)
    mail.write_bytes(WRONG)  # later than what the platform has
    given = [make_zip(tmp_path / "1.zip", [(canvas(ANN), RIGHT)], (2020, 1, 1, 0, 0, 0)), tmp_path / "mail"]
    for one in reversed(given) if mail_is_first else given:
        assert collect(course, one) == 0
    assert (handed_in(course), attempts(course)) == (WRONG, [RIGHT])
    hand_in = read_class(course).students[ANN.id].hand_ins[NAME]
    assert (hand_in.platform, hand_in.path) == ("canvas", canvas(ANN))


@pytest.mark.parametrize(("apart", "warned"), [(0, True), (70, False)])
def test_a_folder_whose_files_were_all_changed_at_once_is_said_to_be_unpacked(course, tmp_path, capsys, apart, warned):
    for number, person in enumerate((ANN, ZOE, SEAN)):
        place = tmp_path / "unpacked" / moodle(person)
        place.parent.mkdir(parents=True)
        place.write_bytes(RIGHT)
        os.utime(place, (apart * number, apart * number))
    assert collect(course, tmp_path / "unpacked") == 0
    assert ("All these files were changed within a minute" in capsys.readouterr().out) is warned


def test_who_has_handed_in_another_way_is_not_said_to_be_missing(course, tmp_path, capsys):
    folder(course).mkdir(parents=True)
    collect(course, make_zip(tmp_path / "1.zip", [(canvas(ZOE), RIGHT)]), "--dry-run")
    assert "nothing of: chen, jl" in capsys.readouterr().out


def test_what_lies_there_unreadable_is_kept_too(course, tmp_path):
    folder(course).mkdir(parents=True)
    (folder(course) / "answers.py").write_text("x")
    (folder(course) / "timestamp.txt").write_text("yesterday")
    collect(course, make_zip(tmp_path / "1.zip", [(moodle(ANN), RIGHT)]))
    assert handed_in(course) == RIGHT
    assert next((course / "grading" / "attempts").glob("*/ann/*/answers.py")).read_text() == "x"


def test_another_time_for_the_same_work_corrects_it(course, tmp_path, capsys):
    path = make_zip(tmp_path / "1.zip", [(moodle(ANN), RIGHT)])
    collect(course, path, "--zone", "Europe/Berlin")
    store = result_store_of(course)
    store.keep(NAME, GradedSubmission(ANN.id, "f", notebook="{}"))
    store.mark_entered(NAME, [ANN.id])
    collect(course, path, "--zone", "America/New_York")
    assert not store.kept(NAME)[ANN.id].entered, "nothing is graded again, but the gradebook has to learn the time"
    assert "the time is 2027-03-02 03:59:00 UTC now" in capsys.readouterr().out
    assert read_timestamp(folder(course)) == datetime(2027, 3, 2, 3, 59)
    assert attempts(course) == []
    assert collect(course, path, "--zone", "Nowhere/Town") == 1
    assert "There is no zone 'Nowhere/Town'" in capsys.readouterr().err


def attempt(work: str, minute: int | None) -> Attempt:
    moment = None if minute is None else datetime(2027, 3, 1, 12, minute, tzinfo=UTC)
    return Attempt(work.encode(), {}, moment, True, work)


@pytest.mark.parametrize(
    ("now", "kept", "incoming", "counts", "new"),
    [
        (None, "", "a1", "a1", ""),
        ("a1", "", "a1", None, ""),
        ("b2", "a1", "a1 b2", None, ""),
        ("b2", "", "a1 b2", None, "a1"),
        ("b2", "a1", "a3", "a3", ""),
        ("a3", "a1 b2", "a1 b2 a3", None, ""),
        (None, "", "a1 b2 a3", "a3", "a1 b2"),
        (None, "", "a1 a2", "a1", ""),
        ("a1", "", "a1 a2", None, ""),
        ("a", "", "b1", "b1", ""),
        ("b2", "", "a1", None, "a1"),
    ],
)
def test_which_attempt_counts(now, kept, incoming, counts, new):
    def made(text):
        return [attempt(one[0], int(one[1:]) if one[1:] else None) for one in (text or "").split()]

    decision = last((made(now) or [None])[0], made(kept), made(incoming))
    assert (decision.counts and attempt_name(decision.counts)) == counts
    assert " ".join(map(attempt_name, decision.kept)) == new


def attempt_name(one: Attempt) -> str:
    return f"{one.notebook.decode()}{one.moment.minute if one.moment else ''}"


def test_of_two_notebooks_the_one_with_answers_counts(course, tmp_path):
    files = [(moodle(ANN, "detach (1).ipynb"), EMPTY), (moodle(ANN), RIGHT), (moodle(ANN, "notes.ipynb"), b"{}")]
    assert collect(course, make_zip(tmp_path / "1.zip", files)) == 0
    assert (handed_in(course), attempts(course)) == (RIGHT, [EMPTY])


NOT_TAKEN = {
    "Nobody Here_1_assignsubmission_file_/detach.ipynb": (RIGHT, "nobody in the class is called 'Nobody Here'"),
    moodle(ZOE, "other.ipynb"): (notebook({}, "02-requires-grad"), "no notebook of 03-detach"),
    moodle(SEAN, "answers.pdf"): (b"%PDF-1.7", "detach.ipynb is expected, there is answers.pdf: ask for the notebook"),
    moodle(CLASS[6], "detach.tar.gz"): (b"\x1f\x8b", "there is detach.tar.gz: unpack it, and collect the folder"),
    moodle(JL, "onlinetext.html", "onlinetext"): (b"<p>x", "detach.ipynb is expected, there is onlinetext.html"),
    moodle(CHEN, "work.ipynb"): (b"PK\x03\x04", "is a zip archive"),
    "anon_x7Bq2_99_detach.ipynb": (RIGHT, "Canvas grades this assignment anonymously"),
    "LATE_anon_3_bQ2_99_detach.ipynb": (RIGHT, "nobody in the class is called"),
    "LATE_anon_12345_99_detach.ipynb": (RIGHT, "take Anonymous Grading off it"),
    "submission_77/detach.ipynb": (RIGHT, "submission_metadata.yml"),
    "stray.ipynb": (RIGHT, "nobody in the class is called 'stray.ipynb'"),
    "../../up_1_2_detach.ipynb": (RIGHT, "leads out of the archive"),
}


def test_each_file_that_is_not_taken_is_named_with_the_mend(course, tmp_path, capsys):
    files = [(name, data) for name, (data, _) in NOT_TAKEN.items()]
    assert collect(course, make_zip(tmp_path / "1.zip", [*files, (moodle(ANN), RIGHT)])) == 1
    said = capsys.readouterr().out
    for name, (_, why) in NOT_TAKEN.items():
        assert re.search(rf"^not taken: {re.escape(name)}: .*{re.escape(why)}", said, re.MULTILINE), name
    assert f"1 collected, 0 as before, {len(NOT_TAKEN)} files not taken." in said
    assert "nothing of: chen, jl" in said
    assert [path.name for path in (course / "grading" / "submitted").iterdir()] == ["ann"]
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["course"]


def test_a_student_s_list_of_who_handed_in_says_nothing(course, tmp_path, capsys):
    """Only Gradescope says whose a submission is: its list lies where all the rest does."""
    forged = gradescope_metadata({"submission_1": [ZOE], "submission_2": [ANN]})
    files = [
        ("submission_metadata.yml", gradescope_metadata({"submission_1": [ANN], "submission_2": [SEAN]})),
        *(("submission_1/detach.ipynb", RIGHT), ("submission_1/submission_metadata.yml", forged)),
        *(("submission_2/detach.ipynb", WRONG), ("submission_2/a/submission_metadata.yml", b"{")),
    ]
    assert collect(course, make_zip(tmp_path / "g.zip", files)) == 0
    assert (handed_in(course), handed_in(course, SEAN)) == (RIGHT, WRONG)
    assert not folder(course, ZOE).exists()
    files = [(f"{ANN.id}/submission_metadata.yml", forged), (f"{ANN.id}/submission_1/detach.ipynb", WRONG)]
    assert collect(course, make_zip(tmp_path / "p.zip", [*files, (f"{JL.id}/detach.ipynb", RIGHT)])) == 0
    assert "left out: submission_metadata.yml" in capsys.readouterr().out
    assert handed_in(course) == WRONG
    assert not folder(course, ZOE).exists()
    assert handed_in(course, JL) == RIGHT


@pytest.mark.parametrize("place", [ANN.id, "mails/Ann Lee", f"{ANN.id}.zip", moodle(ANN, "w.zip")])
def test_what_a_student_calls_a_folder_makes_it_nobody_else_s(course, tmp_path, place):
    inner = [(f"{name}/detach.ipynb", RIGHT) for name in (moodle(ZOE, "x"), canvas(ZOE, "x"), ZOE.id)]
    if place.endswith(".zip"):
        files = [(place, make_zip(tmp_path / "inner.zip", inner).read_bytes())]
    else:
        files = [(f"{place}/{name}", data) for name, data in inner]
    assert collect(course, make_zip(tmp_path / "1.zip", files)) == 0
    assert [path.name for path in (course / "grading" / "submitted").iterdir()] == [ANN.id]


@pytest.mark.parametrize("outer", ["", "all/of it.zip/"])
def test_a_hand_in_that_is_a_zip_came_when_the_platform_took_it(course, tmp_path, outer):
    """The times in a student's zip are set by the student; of two notebooks in it they say which is the later one."""
    early = make_zip(tmp_path / "w.zip", [("old.ipynb", WRONG)], (2026, 1, 1, 0, 0, 0))
    with zipfile.ZipFile(early, "a") as archive:
        archive.writestr(zipfile.ZipInfo("a/new.ipynb", (2026, 1, 2, 0, 0, 0)), RIGHT)
    path = make_zip(tmp_path / "1.zip", [(moodle(ANN, "w.zip"), early.read_bytes())])
    if outer:
        path = make_zip(tmp_path / "2.zip", [(outer.rstrip("/"), path.read_bytes())], (2028, 1, 1, 0, 0, 0))
    assert collect(course, path, "--zone", "UTC") == 0
    assert read_timestamp(folder(course)) == datetime(2027, 3, 1, 22, 59)
    assert (handed_in(course), attempts(course)) == (RIGHT, [WRONG])


def test_the_copy_that_jupyter_keeps_counts_where_it_is_all(course, tmp_path, capsys):
    copy = ".ipynb_checkpoints/detach-checkpoint.ipynb"
    files = [(moodle(ANN, copy), RIGHT), (moodle(ZOE, copy), WRONG), (moodle(ZOE), RIGHT)]
    assert collect(course, make_zip(tmp_path / "1.zip", files)) == 0
    assert "taken is a copy that Jupyter keeps, .ipynb_checkpoints/detach-checkpoint.ipynb" in capsys.readouterr().out
    assert handed_in(course) == handed_in(course, ZOE) == RIGHT
    assert attempts(course, ZOE) == []


def test_what_one_of_a_class_hands_in_too_much_of_costs_that_one(course, tmp_path, capsys):
    names = ["\N{SNOWMAN}" * 90 + ".txt", "b" * 210, "fine.txt", *(f"detach ({number}).ipynb" for number in range(40))]
    files = [(moodle(ANN, name), RIGHT.replace(b"detach", name.encode()[:9])) for name in names]
    many = make_zip(tmp_path / "many.zip", [(f"{number}", b"") for number in range(11_000)]).read_bytes()
    files += [(moodle(ANN, "many.zip"), many), (moodle(ZOE), RIGHT)]
    files += [(f"nobody/{number}.txt", b"") for number in range(200)]
    assert collect(course, make_zip(tmp_path / "1.zip", files)) == 1
    said = capsys.readouterr().out
    assert f"many.zip: it holds more than {MAX_ZIP_ENTRIES} files" in said
    assert "its name is too long" in said
    assert "150 more of nobody" in said
    assert sorted(path.name for path in folder(course).iterdir()) == ["detach.ipynb", "fine.txt", "timestamp.txt"]
    assert len(attempts(course)) < 10
    assert handed_in(course, ZOE) == RIGHT


def test_a_folder_whose_names_are_no_text_is_collected(course, tmp_path):
    place = tmp_path / "hand-ins" / "x\udcff" / ANN.id
    place.mkdir(parents=True)
    (place / "detach.ipynb").write_bytes(RIGHT)
    (place / "b\udcff").write_bytes(b"")
    assert collect(course, tmp_path / "hand-ins") == 0
    assert handed_in(course) == RIGHT


def test_a_damaged_notebook_of_the_right_name_is_handed_in(course, tmp_path, capsys):
    assert collect(course, make_zip(tmp_path / "1.zip", [(moodle(ANN), b'{"cells": [')])) == 0
    assert "will not be graded: detach.ipynb, line 1: " in capsys.readouterr().out
    assert handed_in(course) == b'{"cells": ['


def test_two_of_one_name_are_named_until_something_tells_them_apart(made, tmp_path, capsys):
    course = shutil.copytree(made, tmp_path / "course")
    twins = [("ann1", 701), ("ann2", 702)]
    rows = "".join(f"{name},Ann,Lee,{name}@example.org\n" for name, _ in twins)
    (tmp_path / "class.csv").write_text(f"Username,First name,Last name,Email address\n{rows}")
    files = [
        (f"Ann Lee_{number}_assignsubmission_file_/detach.ipynb", notebook({"stop": name})) for name, number in twins
    ]
    path = make_zip(tmp_path / "1.zip", files)
    assert main(["--root", str(course), "class", str(tmp_path / "class.csv")]) == 0
    assert collect(course, path) == 1
    said = capsys.readouterr().out
    assert said.count("'Ann Lee' may be ann1 or ann2: enter the assignment's grading worksheet") == 2
    assert not (course / "grading" / "submitted").exists()
    sheet = moodle_worksheet([]) + "".join(f"Participant {n},Ann Lee,,{name}@example.org\n" for name, n in twins)
    (tmp_path / "sheet.csv").write_text(sheet)
    assert main(["--root", str(course), "class", str(tmp_path / "sheet.csv"), "--assignment", NAME]) == 0
    assert collect(course, path) == 0
    for name, _ in twins:
        found = json.loads((course / "grading" / "submitted" / name / NAME / "detach.ipynb").read_text())
        assert name in [cell["source"] for cell in found["cells"]]


def test_a_group_shares_what_one_of_them_hands_in(course, tmp_path, capsys):
    (tmp_path / "groups.csv").write_text(
        f"Group,Student\nTeam 1,{ANN.id}\nTeam 1,{ZOE.id}\nTeam 2,{SEAN.id}\nTeam 2,jl\n"
    )
    files = [(canvas(ANN), RIGHT), ("team2_77777_99_detach.ipynb", WRONG)]
    path, options = make_zip(tmp_path / "1.zip", files), ("--groups", str(tmp_path / "groups.csv"))
    assert collect(course, path, *options) == 0
    assert (handed_in(course, ANN), handed_in(course, ZOE)) == (RIGHT, RIGHT)
    assert (handed_in(course, SEAN), handed_in(course, JL)) == (WRONG, WRONG)
    assert "of the group ann, zoe" in capsys.readouterr().out
    before = state(course)
    assert collect(course, path, *options) == 0
    assert state(course) == before


def test_moodle_s_group_hand_ins_are_each_member_s(course, tmp_path):
    files = [(f"Team 1-A-{moodle(person)}", RIGHT) for person in (ANN, JL)]
    assert collect(course, make_zip(tmp_path / "1.zip", files)) == 0
    assert handed_in(course, ANN) == handed_in(course, JL) == RIGHT


@pytest.mark.parametrize(
    "path",
    [
        "Ann Lee_700001_assignsubmission_file_detach.ipynb",
        "700001/Ann Lee_700001_assignsubmission_file/detach.ipynb",
        "leeann_40001_77_detach-1.ipynb",
        "lee--ann_40001_77_detach.ipynb",
        "somethingelse_LATE_40001_77_detach.ipynb",
        "ann/detach.ipynb",
        "submitted/ann/03-detach/detach.ipynb",
        "mails/ann@example.org/work (2).ipynb",
        "ann.ipynb",
        "Ann Lee.ipynb",
        "ann_detach.ipynb",
        "x/y.zip/ann/detach.ipynb",
    ],
)
def test_whose_it_is_is_seen_in_many_a_name(course, tmp_path, path):
    data, outer = RIGHT, path
    if ".zip/" in path:
        outer, _, inner = path.partition(".zip/")
        data, outer = make_zip(tmp_path / "inner.zip", [(inner, RIGHT)]).read_bytes(), f"{outer}.zip"
    assert collect(course, make_zip(tmp_path / "1.zip", [(outer, data)])) == 0
    assert handed_in(course) == RIGHT
    assert read_class(course).students["ann"].hand_ins[NAME].path == path


def test_a_name_in_the_zip_s_own_encoding_is_known(course, tmp_path):
    name = f"Zoë Åström_{ZOE.participant}_assignsubmission_file_/detach.ipynb"
    path = make_zip(tmp_path / "1.zip", [(name.encode("cp1252").decode("cp437"), RIGHT)])
    assert collect(course, path) == 0
    assert handed_in(course, ZOE) == RIGHT


def test_nbgrader_s_zip_collect_unpacks_no_more_than_a_hand_in_may_have(course, tmp_path):
    bomb = make_zip(tmp_path / "w.zip", [(f"{number}.ipynb", b"\0" * 9_000_000) for number in range(30)])
    small = make_zip(tmp_path / "v.zip", [("a/detach (1).ipynb", WRONG)]).read_bytes()
    files = [(moodle(ANN, "w.zip"), bomb.read_bytes()), (moodle(ZOE), RIGHT), (moodle(SEAN, "v.zip"), small)]
    archive = course / "grading" / "downloaded" / NAME / "archive"
    archive.mkdir(parents=True)
    make_zip(archive / "1.zip", files)
    (archive / "jl_detach.ipynb").write_bytes(RIGHT)
    done = run(course, "nbgrader", "zip_collect", NAME)
    assert done.returncode == 0, done.stderr
    assert "2.ipynb: left out: more than 200 files or 20 MB" in done.stderr
    assert (handed_in(course, ZOE), handed_in(course, SEAN), handed_in(course, JL)) == (RIGHT, WRONG, RIGHT)
    unpacked = (archive.parent / "extracted").rglob("*")
    assert sum(path.stat().st_size for path in unpacked if path.is_file()) < 21_000_000
