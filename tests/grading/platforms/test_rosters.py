"""Lists of students as the platforms export them: who is in them, whatever the encoding, and who is known already."""

import unicodedata

import pytest
from support.platform_exports import (
    CLASS,
    as_text,
    canvas_gradebook,
    gradescope_roster,
    moodle_participants,
    moodle_worksheet,
)

from gradstop.course import CourseError
from gradstop.grading.platforms.class_list import ClassList, HandIn, Student, read_class, write_class
from gradstop.grading.platforms.enrolment import enrol
from gradstop.grading.platforms.groups import read_groups
from gradstop.grading.platforms.rosters import read_roster

EXPORTS = {
    "moodle": moodle_participants(CLASS),
    "worksheet": moodle_worksheet(CLASS),
    "canvas": canvas_gradebook(CLASS),
    "gradescope": gradescope_roster(CLASS),
}


def written(tmp_path, data):
    path = tmp_path / "class.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def enrolled(tmp_path, data, people=None, assignment=""):
    people = ClassList() if people is None else people
    return people, enrol(people, read_roster(written(tmp_path, data)), assignment)


@pytest.mark.parametrize("name", EXPORTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_each_platform_s_export_is_read(tmp_path, name, encoding):
    people, done = enrolled(tmp_path, EXPORTS[name].encode(encoding))
    assert len(done.added) == len(CLASS)
    assert {"ann", "zoe", "o'brien", "jl"} <= people.students.keys()
    zoe = people.students["zoe"]
    assert (zoe.first, zoe.last) == ("Zoë", "Åström")
    if name != "canvas":
        assert zoe.email == "zoe@example.org"


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_of_ones_own_is_read_as_windows_writes_it(tmp_path, encoding, delimiter):
    rows = ["Benutzername,Nachname,Vorname,E-Mail-Adresse", 'zoe,Åström,"Zoë",zoe@example.org', "", "ben,Øst,Ben,"]
    text = "\r\n".join(rows).replace(",", delimiter)
    people, done = enrolled(tmp_path, text.encode(encoding))
    assert done.added == ["zoe", "ben"]
    assert people.students["zoe"] == Student("zoe", "Zoë", "Åström", "zoe@example.org")


def test_a_line_for_excel_before_the_heading_is_read(tmp_path):
    assert enrolled(tmp_path, "sep=;\r\nUsername;Full name\r\nann;Lee, Ann\r\n")[1].added == ["ann"]


HEADS, ROW = "Vorname;Nachname;E-Mail-Adresse;ID-Nummer", "Zoë;Åström;zoe@example.org;00123"
RESAVED = {
    "a title above": f"Kurs 101;;;\r\n\r\n{HEADS}\r\n{ROW}\r\n",
    "a title of one cell": f"Kurs 101\r\n{HEADS}\r\n{ROW}\r\n",
    "commas in quotes": HEADS.replace("Vorname", '"Vorname"') + ';"Notiz, zwei, drei, vier, fünf"' + f"\r\n{ROW};\r\n",
    "each line quoted whole": f'"{HEADS}"\r\n"{ROW}"\r\n',
    "numbers kept from being numbers": f"{HEADS}\r\n" + ROW.replace("00123", '"=""00123"""'),
    "a heading over two lines": HEADS.replace("Vorname", '"Vor\nname"') + f"\r\n{ROW}\r\n",
    "in Italian": f"Nome;Cognome;Indirizzo email;Numero ID\r\n{ROW}\r\n",
    "in Polish": f"Imię;Nazwisko;Adres e-mail;Numer ID\r\n{ROW}\r\n",
}


@pytest.mark.parametrize("name", RESAVED)
def test_what_a_spreadsheet_has_saved_again_is_read(tmp_path, name):
    (row,) = read_roster(written(tmp_path, RESAVED[name].encode("utf-8-sig"))).rows
    assert (row.first, row.last, row.email, row.number) == ("Zoë", "Åström", "zoe@example.org", "00123")


def test_a_number_that_a_spreadsheet_has_rounded_is_named_and_not_kept(tmp_path):
    people, done = enrolled(tmp_path, f"{HEADS}\n{ROW}\n".replace("00123", "1,23457E+11"))
    assert done.left_out == ["line 2: the number 1,23457E+11, which a spreadsheet has rounded"]
    assert people.students["zoe"].email == "zoe@example.org"
    assert "1,2" not in str(people.students["zoe"].platforms)


@pytest.mark.parametrize("encoding", ["cp850", "mac_roman"])
def test_letters_that_cannot_be_read_are_refused_with_their_line(tmp_path, encoding):
    with pytest.raises(
        CourseError, match=r"class.csv, line 2, has letters that cannot be read: export it as CSV UTF-8"
    ):
        read_roster(written(tmp_path, f"{HEADS}\n{ROW}\n".encode(encoding)))


def test_a_teacher_in_another_language_is_no_student(tmp_path):
    text = "Prénom;Nom;Adresse de courriel;Rôles\nAnn;Lee;ann@example.org;Étudiant\nBo;Ray;bo@example.org;Enseignant\n"
    people, done = enrolled(tmp_path, text)
    assert list(people.students) == ["ann"]
    assert done.left_out == ["line 3: Bo Ray is Enseignant"]


def test_who_is_no_student_is_left_out_and_named(tmp_path):
    assert enrolled(tmp_path, EXPORTS["moodle"])[1].left_out == ["line 27: Tom Tutor is Non-editing teacher"]
    assert enrolled(tmp_path, EXPORTS["gradescope"])[1].left_out == ["line 27: Ina Structor is Instructor"]
    people, done = enrolled(tmp_path, EXPORTS["canvas"])
    assert not done.left_out
    assert not [one for one in people.students.values() if "Test" in one.first or "Possible" in one.last]


def test_the_platforms_lists_are_of_the_same_people(tmp_path):
    people, _ = enrolled(tmp_path, EXPORTS["moodle"])
    for name in ("worksheet", "canvas", "gradescope"):
        _, done = enrolled(tmp_path, EXPORTS[name], people, "03-detach")
        assert (done.added, done.absent) == ([], [])
    assert people.students["o'brien"].platforms == {
        "moodle": {"name": "Sean O'Brien", "number": "M3"},
        "canvas": {"name": "O'Brien, Sean", "sis": "M3", "user": "40003", "login": "o'brien", "section": "A"},
        "gradescope": {"sid": "M3"},
    }
    assert people.students["o'brien"].hand_ins == {"03-detach": HandIn("moodle", participant="700003")}
    assert enrolled(tmp_path, EXPORTS["canvas"], people)[1].same == [one.id for one in CLASS]


def test_nobody_is_removed_and_what_changes_is_said(tmp_path):
    people = ClassList({"ann": Student("ann", "Ann", "Lee", "ann@example.org"), "old": Student("old")})
    _, done = enrolled(tmp_path, "Username,First name,Last name,Email\nann,Ann,Lee-Ray,\n", people)
    assert (done.changed, done.absent) == ({"ann": "last 'Lee' is now 'Lee-Ray'"}, ["old"])
    assert people.students["ann"].email == "ann@example.org"


def test_a_whole_name_moves_no_part_of_a_name_that_is_known(tmp_path):
    people, _ = enrolled(tmp_path, EXPORTS["moodle"])
    _, done = enrolled(tmp_path, EXPORTS["worksheet"], people)
    assert (people.students["jl"].first, people.students["jl"].last) == ("Jean-Luc", "van der Berg")
    assert not [told for told in done.changed.values() if "first" in told or "last" in told]
    enrolled(tmp_path, "Username,Full name\njl,Jean-Luc Berg\n", people)
    assert (people.students["jl"].first, people.students["jl"].last) == ("Jean-Luc", "Berg")


def test_two_people_of_one_name_stay_two(tmp_path):
    rows = "Full name,Email address\nAnn Lee,ann@a.org\nAnn Lee,lee@a.org\nAnn Lee,ann@b.org\n"
    people, done = enrolled(tmp_path, rows)
    assert done.added == ["ann@a.org", "lee", "ann@b.org"]
    assert len(people.find("name", "LEE ann")) == 3


def test_a_name_is_one_however_it_is_coded(tmp_path):
    people, _ = enrolled(tmp_path, "Username,Full name\nzoë,Zoë Åström\n")
    _, done = enrolled(tmp_path, unicodedata.normalize("NFD", "Username,Full name\nzoë,Zoë Åström\n"), people)
    assert (done.added, done.same) == ([], ["zoë"])


@pytest.mark.parametrize("name", ["a/b", "../up", ".hidden", "a*", "<b>", "x" * 300, "a\\b"])
def test_a_name_that_can_be_no_folder_is_left_out(tmp_path, name):
    people, done = enrolled(tmp_path, as_text([["Username", "Full name"], [name, "Ann Lee"]]))
    assert not people.students
    assert "give them another one" in done.left_out[0]


def test_a_name_twice_is_taken_once(tmp_path):
    _, done = enrolled(tmp_path, "Username,Full name\nann,Ann Lee\nann,Ann Lee\n")
    assert (done.added, done.left_out) == (["ann"], ["line 3: 'ann' stands there a second time"])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "an empty one"),
        (b"PK\x03\x04rest", "as CSV, not as Excel"),
        (b"Grade,Points\n1,2\n", "no column that names a student"),
        (b'"a\n' + b"x" * 200_000, "no CSV file"),
    ],
)
def test_what_is_no_list_is_said_in_a_sentence(tmp_path, data, said):
    with pytest.raises(CourseError, match=said):
        read_roster(written(tmp_path, data))


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(CourseError, match="is no file"):
        read_roster(tmp_path / "none.csv")


def test_the_class_list_is_read_as_it_was_written(tmp_path):
    people, _ = enrolled(tmp_path, EXPORTS["canvas"])
    people.note_hand_in("ann", "03-detach", HandIn("canvas", "leeann_1_2_detach.ipynb", group=["ann", "zoe"]))
    write_class(tmp_path, people)
    assert read_class(tmp_path).students == people.students
    assert [one.id for one in read_class(tmp_path).find("canvas.user", "40002")] == ["zoe"]
    assert read_class(tmp_path / "elsewhere").students == {}


@pytest.mark.parametrize(
    ("text", "said"), [("{", "cannot be read"), ('{"format": 9, "students": []}', "update gradstop"), ("[]", "cannot")]
)
def test_a_class_list_that_cannot_be_read_is_refused(tmp_path, text, said):
    (tmp_path / "grading").mkdir()
    (tmp_path / "grading" / "class.json").write_text(text)
    with pytest.raises(CourseError, match=said):
        read_class(tmp_path)


GROUPS = "name,canvas_user_id,login_id,group_name\nAnn Lee,40001,ann,Team 1\nZoë Åström,40002,zoe,Team 1\n"


def test_groups_are_read_from_canvas_export_and_from_ones_own(tmp_path):
    people, _ = enrolled(tmp_path, EXPORTS["canvas"])
    assert read_groups(written(tmp_path, GROUPS), people) == {"Team 1": ["ann", "zoe"]}
    assert read_groups(written(tmp_path, "Group;Student\nA;ann\nA;zoe\n;jl\n"), people) == {"A": ["ann", "zoe"]}
    for text, said in {
        "Group,Student\nA,nobody\n": "'nobody' is nobody",
        "Group,Student\nA,ann\nB,ann\n": "keep one",
        "Team,Student\n,ann\n": "has no groups",
    }.items():
        with pytest.raises(CourseError, match=said):
            read_groups(written(tmp_path, text), people)
