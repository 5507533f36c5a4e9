"""What a grader loads beforehand: what is written down of an assignment, or all that torch loads only when needed."""

import json

import pytest
from support.course import ASSIGNMENTS, ROOT

from gradstop.course import Assignment, CourseError
from gradstop.grading.rules import LAZY_IMPORTS, Rules


def lazy_imports(folder, text=None):
    """Return what the rules of an assignment say, in whose folder this text is written down."""
    assignment = Assignment(folder)
    if text is not None:
        assignment.lazy_imports.write_text(text)
    return Rules.of_course(ROOT, assignment).lazy_imports


def test_all_where_nothing_is_written_down(tmp_path):
    assert lazy_imports(tmp_path) == LAZY_IMPORTS


def test_what_is_written_down(tmp_path):
    assert lazy_imports(tmp_path, "[]") == ()
    assert lazy_imports(tmp_path, json.dumps(LAZY_IMPORTS[:1])) == LAZY_IMPORTS[:1]


@pytest.mark.parametrize("text", ["", "3", '{"torch": 1}', '["os"]', "[[]]", "[null]"])
def test_what_cannot_be_read_is_said_in_a_sentence(text, tmp_path):
    with pytest.raises(CourseError, match=r"lazy_imports\.json"):
        lazy_imports(tmp_path, text)


def test_each_assignment_of_the_course_has_it_written_down():
    for assignment in ASSIGNMENTS:
        assert assignment.lazy_imports.is_file(), assignment.name
    assert any(lazy_imports(assignment.folder) == () for assignment in ASSIGNMENTS), "03 starts in half of the time"
