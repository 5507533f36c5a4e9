"""Opens nbgrader's gradebook, and says in words what is wrong with its database."""

from collections.abc import Iterator
from contextlib import contextmanager

from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SQLAlchemyError

from gradstop.course import CourseError


@contextmanager
def open_gradebook(course: CourseDirectory) -> Iterator[Gradebook]:
    """Open the course's gradebook; it is made if there is none. Raises CourseError where it cannot be opened."""
    try:
        gradebook = Gradebook(course.db_url, course.course_id)
    except SQLAlchemyError as error:
        raise CourseError(f"The gradebook at {_place(course)} cannot be opened: {cause(error)}") from None
    with gradebook:
        yield gradebook


def cause(error: SQLAlchemyError) -> str:
    """Return what the database itself says, in one line."""
    return " ".join(str(getattr(error, "orig", None) or error).split())


def _place(course: CourseDirectory) -> str:
    """Return the database's address without its password."""
    from sqlalchemy import make_url

    return str(make_url(course.db_url).render_as_string(hide_password=True))
