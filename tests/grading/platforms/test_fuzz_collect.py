"""What reads a platform's files refuses anything in a sentence, and never with another error."""

import io
import warnings
import zipfile
from contextlib import suppress

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some
from support.course import ROOT
from support.fuzzing import quickly
from support.platform_exports import CLASS, gradescope_metadata, make_zip, moodle, notebook

from gradstop.course import CourseError, find_assignment
from gradstop.grading.collecting.archive import Archive, Entry, open_archive
from gradstop.grading.collecting.deliveries import deliveries
from gradstop.grading.collecting.gradescope import METADATA, read_metadata
from gradstop.grading.collecting.owners import is_known
from gradstop.grading.collecting.sorting import sort_archive
from gradstop.grading.judging.bundle import handed_out_template
from gradstop.grading.platforms.class_list import ClassList, Student
from gradstop.grading.platforms.enrolment import enrol
from gradstop.grading.platforms.groups import read_groups
from gradstop.grading.platforms.rosters import read_roster

into_folder = settings(quickly, suppress_health_check=[HealthCheck.function_scoped_fixture])
ASSIGNMENT = find_assignment(ROOT, "03-detach")
TEMPLATE = handed_out_template(ASSIGNMENT)
HEADS = [
    *("Username", "Email address", "Full name", "Student", "ID", "SIS Login ID", "Identifier", "Groups", "SID"),
    *("First name", "Last name", "Roles", "Section", "\ufeffName", "sep=;", "E-Mail-Adresse"),
]
PARTS = [
    *("Ann Lee_700001_assignsubmission_file_", "detach.ipynb", "detach (1).ipynb", "submission_1", METADATA, ".."),
    *("leeann_40001_77_detach.ipynb", "leeann_LATE_40001_text.html", "__MACOSX", ".ipynb_checkpoints", "w.zip", "ann"),
    *("_1_assignsubmission_file_", "-", "_", " ", "timestamp.txt", "C:", "\\", "x" * 300, "o'brien.ipynb", "Lee, Ann"),
]
names = some.lists(some.one_of(some.sampled_from(PARTS), some.text(max_size=8)), min_size=1, max_size=4).map("/".join)


def zipped(made: list[tuple[str, bytes]]) -> bytes:
    """Return a zip of such files; a name may stand in it twice."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, content in made:
            archive.writestr(zipfile.ZipInfo(name.encode("utf-8", "replace").decode()), content)
    return data.getvalue()


INNER = zipped([("detach.ipynb", notebook())])
contents = some.one_of(
    some.binary(max_size=60),
    some.sampled_from([notebook(), INNER, b"{}", b"[]", b"", gradescope_metadata({"submission_1": CLASS})]),
)
files = some.lists(some.tuples(names, contents), max_size=6)
cells = some.one_of(some.sampled_from(HEADS), some.text(max_size=6), some.sampled_from(["ann", "Ann Lee", "'=1"]))
tables = some.builds(
    lambda rows, comma, end: end.join(comma.join(row) for row in rows),
    some.lists(some.lists(cells, max_size=5), max_size=5),
    some.sampled_from([",", ";", "\t", '","']),
    some.sampled_from(["\n", "\r\n", "\r"]),
)
encodings = some.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252", "utf-7"])


def people() -> ClassList:
    return ClassList({one.id: Student(one.id, one.first, one.last, one.email) for one in CLASS})


@into_folder
@given(files)
def test_an_archive_of_any_files(tmp_path, made):
    path = tmp_path / "a.zip"
    path.write_bytes(zipped(made))
    with suppress(CourseError), open_archive(path) as archive:
        found = sort_archive(archive, people(), {"Team": ["ann", "zoe"]}, ASSIGNMENT, TEMPLATE)
        assert {path for path in found.not_taken if not path.isprintable()} == set()


@into_folder
@given(some.binary(), files, some.lists(some.tuples(some.integers(0), some.integers(0, 255)), max_size=8))
def test_a_damaged_archive(tmp_path, before, made, changes):
    path = tmp_path / "a.zip"
    data = bytearray(before + zipped(made))
    for place, value in changes:
        if data:
            data[place % len(data)] = value
    path.write_bytes(data)
    with suppress(CourseError), open_archive(path) as archive:
        sort_archive(archive, people(), {}, ASSIGNMENT, TEMPLATE)


@quickly
@given(some.lists(names, max_size=8))
def test_files_of_any_names(made):
    found = Archive([Entry(name, None, False, lambda: b"") for name in made])
    with suppress(CourseError):  # for a list of Gradescope's that is none
        sort_archive(found, people(), {"Team": ["ann"]}, ASSIGNMENT, TEMPLATE)
        deliveries(found.entries, lambda text: is_known(people(), text))


@quickly
@example(b"? - a")
@example(b"a: &1 [*1]")
@example(b"a: {submitters: [{name: !ruby/x [1]}], created_at: {utc: 9999-12-31 23:59:59 -23:59}}")
@given(
    some.one_of(
        some.binary(),
        some.text().map(str.encode),
        some.lists(
            some.sampled_from(
                [
                    *(
                        "submission_1:",
                        "\n  ",
                        ":submitters:",
                        "- ",
                        ":name: ",
                        "*1",
                        "&1 ",
                        "!ruby/object:X ",
                        "[",
                        "{",
                    ),
                    *(
                        "]",
                        "}",
                        ":created_at: ",
                        "2027-03-01",
                        " 21:59:30 Z",
                        "? ",
                        "\n",
                        "|",
                        "<<: ",
                        "0x_",
                        "!!set ",
                        "~",
                    ),
                ]
            )
        ).map(lambda parts: "".join(parts).encode()),
    )
)
def test_gradescope_s_list_of_any_text(data):
    with suppress(CourseError):
        read_metadata(Entry(METADATA, None, False, lambda: data))


@into_folder
@given(some.one_of(some.binary(), some.builds(lambda text, kind: text.encode(kind, "replace"), tables, encodings)))
def test_a_list_of_students_of_any_text(tmp_path, data):
    path = tmp_path / "list.csv"
    path.write_bytes(data)
    with suppress(CourseError):
        enrol(people(), read_roster(path), "03-detach")
    with suppress(CourseError):
        read_groups(path, people())


def test_what_is_made_up_reaches_the_readers(tmp_path):
    """The pieces make an archive of which something is taken, or nothing was tried."""
    path = make_zip(tmp_path / "a.zip", [(moodle(CLASS[0]), notebook()), (f"{CLASS[1].id}/w.zip", INNER)])
    with open_archive(path) as archive:
        found = sort_archive(archive, people(), {}, ASSIGNMENT, TEMPLATE)
    assert found.students.keys() == {"ann", "zoe"}
