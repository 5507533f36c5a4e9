"""Where a course's files are, and how they are read."""

from gradstop.course.answers import Answer, read_answers, right, wrong
from gradstop.course.did_you_mean import did_you_mean
from gradstop.course.errors import CourseError
from gradstop.course.files import (
    Assignment,
    assignment_here,
    assignments,
    find_assignment,
    read_json,
    read_text,
)
from gradstop.course.notebooks import CHECK, GradedCell, graded_cells, load_solutions, statements
from gradstop.course.sections import section_titles

__all__ = [
    "CHECK",
    "Answer",
    "Assignment",
    "CourseError",
    "GradedCell",
    "assignment_here",
    "assignments",
    "did_you_mean",
    "find_assignment",
    "graded_cells",
    "load_solutions",
    "read_answers",
    "read_json",
    "read_text",
    "right",
    "section_titles",
    "statements",
    "wrong",
]
