"""Opens nbgrader's gradebook, and says in words what is wrong with its database."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from nbgrader.api import Gradebook, SubmittedAssignment
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config

from gradstop.course import CourseError


@contextmanager
def open_gradebook(course: CourseDirectory) -> Iterator[Gradebook]:
    """Open the course's gradebook; it is made if there is none.

    Raises:
        CourseError: where it cannot be opened.

    """
    try:
        gradebook = Gradebook(course.db_url, course.course_id)
    except SQLAlchemyError as error:
        raise CourseError(f"The gradebook at {_place(course)} cannot be opened: {cause(error)}") from None
    with gradebook:
        yield gradebook


def has_score(submission: SubmittedAssignment) -> bool:
    """Whether a submission has been graded, in part at least; of any other nbgrader says that its score is 0."""
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    return any(grade.auto_score is not None or grade.manual_score is not None for grade in grades)


def schema_of(config: Config) -> str:
    """Say which schema the course's gradebook has, and whether it is this nbgrader's. Nothing is made or changed.

    Raises:
        CourseError: where the database cannot be read.

    """
    course = CourseDirectory(config=config)
    address = make_url(course.db_url)
    if address.get_backend_name() == "sqlite" and not Path(address.database or "").is_file():
        return f"there is none yet; the first grading makes it at {_place(course)}"
    engine = create_engine(address)
    try:
        with engine.connect() as connection:
            schema = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except SQLAlchemyError as error:
        raise CourseError(f"the gradebook at {_place(course)} cannot be read: {cause(error)}") from None
    finally:
        engine.dispose()
    wanted = newest_schema()
    if schema == wanted:
        return f"schema {schema}, this nbgrader's, at {_place(course)}"
    return f"schema {schema}, this nbgrader's is {wanted}: run nbgrader db upgrade"


def newest_schema() -> str:
    """Return the version of the tables that this nbgrader makes.

    nbgrader asks a process of its own for it, which takes a second.
    """
    from alembic.script import ScriptDirectory

    return str(ScriptDirectory(str(files("nbgrader") / "alembic")).get_current_head())


def cause(error: Exception) -> str:
    """Return what the database itself says, in one line."""
    said = " ".join(str(getattr(error, "orig", None) or error).split())
    if "unable to open database file" in said or "readonly database" in said:
        return f"{said}; let your user write to its folder and to all that is in it"
    if "database is locked" in said:
        return f"{said}; another program is writing to it: say the command again when that has ended"
    return said


def _place(course: CourseDirectory) -> str:
    """Return the database's address without its password."""
    return str(make_url(course.db_url).render_as_string(hide_password=True))
