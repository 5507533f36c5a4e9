"""Feedback by the names that a platform gave the hand-ins, for by these it knows whose each file is.

- Moodle: a folder ``Ann Lee_4711_assignsubmission_file_`` for each student, with nbgrader's page in it.
- Canvas: a file of the very name of the hand-in, ``leeann_12345_67890_detach.ipynb``. Canvas finds the student and the
  file by the two numbers, and shows it by the name of the file that was handed in; so what goes back is the graded
  notebook, which opens where the student's own does, with scores and comments in a cell at its beginning; in a zip
  where a zip was handed in.
"""

import io
import logging
import re
import shlex
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbformat import NotebookNode, reads, v4, writes
from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from gradstop import logs
from gradstop.course import CHECK, Assignment
from gradstop.grading.nbgrader_bridge.course import Course
from gradstop.grading.nbgrader_bridge.errors import complaints
from gradstop.grading.platforms.class_list import CANVAS, MOODLE, ClassList, HandIn, Student
from gradstop.grading.platforms.people import everybody, quiet_gradebook
from gradstop.grading.standing.pages import in_html
from gradstop.grading.standing.standings import standings
from gradstop.grading.standing.status import Standing, Status

_log = logging.getLogger(__name__)
CANVAS_NOTE = "Each gets the graded notebook, with scores and comments at its beginning."
_CANVAS = re.compile(r".+_\d+_\d+_.+")
_MOODLE = re.compile(r"(.+_(\d+)_assignsubmission_[a-z]+)(?:_.*)?", re.IGNORECASE)


@dataclass
class Packed:
    """What is packed: the files by their names in the zip, and who is left out and why."""

    files: dict[str, bytes] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def pack(course: Course, assignment: Assignment, platform: str) -> Packed:
    """Make the feedback of all who have a score, and name it as the platform does.

    Args:
        course: the course.
        assignment: of which.
        platform: ``moodle`` or ``canvas``.

    """
    packed, people = Packed(), everybody(course)
    if platform == MOODLE:
        generate_feedback(course.config, assignment.name)
    with quiet_gradebook(course) as gradebook:
        found = standings(course, assignment.name, gradebook)
        for student, standing in found.items():
            if standing.score is None:
                continue
            known = people.students.get(student, Student(student))
            name = moodle_name(people, known, assignment) if platform == MOODLE else canvas_name(known, assignment)
            if not name:
                packed.left_out[student] = _unknown(platform, assignment)
                continue
            data = (
                _page(course, assignment, student, standing)
                if platform == MOODLE
                else _notebook(course, assignment, student, gradebook, standing)
            )
            if data is None:
                packed.left_out[student] = _why_none(course, assignment, student)
            else:
                if name.endswith(".zip"):
                    data = _zipped(assignment.notebook.name, data)
                packed.files[name] = data  # a group's members share a name, and what is said
    return packed


def generate_feedback(config: Config, assignment: str) -> None:
    """Have nbgrader make its pages anew: scores and comments may have changed by hand since.

    One that cannot be made is missing then, and named.
    """
    changed = Config(config)
    changed.CourseDirectory.assignment_id = assignment
    converter = GenerateFeedback(coursedir=CourseDirectory(config=changed), config=changed)
    converter.force = True
    with complaints(converter):
        converter.start()


def _hand_in(student: Student, assignment: Assignment) -> HandIn:
    return student.hand_ins.get(assignment.name, HandIn(""))


def moodle_name(people: ClassList, student: Student, assignment: Assignment) -> str:
    """Return a page's name, as Moodle's importer takes it apart: the name without ``_``, then the number.

    It is empty where the student's number is not known: that of another, who handed in for both, would give the page to
    the other alone.
    """
    hand_in, folder = _hand_in(student, assignment), ""
    for seen in filter(None, (_MOODLE.fullmatch(part) for part in hand_in.path.split("/"))):
        is_own = seen[2] == hand_in.participant
        if is_own or not (hand_in.participant or people.find("participant", seen[2], assignment.name)):
            folder = seen[1]
        break
    if not folder and hand_in.participant:
        name = student.on(MOODLE, "name") or " ".join(filter(None, (student.first, student.last))) or student.id
        folder = f"{re.sub(r'[_/]+', ' ', name)}_{hand_in.participant}_assignsubmission_file"
    return f"{folder}_/{assignment.notebook.stem}.html" if folder else ""


def canvas_name(student: Student, assignment: Assignment) -> str:
    """Return a file's name as Canvas gave it, also where it is a zip in which the notebook lay; empty if not known."""
    hand_in = _hand_in(student, assignment)
    parts = hand_in.path.split("/") if hand_in.platform == CANVAS else []
    file = next(filter(_CANVAS.fullmatch, parts), "")
    return f"{file.removesuffix('.zip')}.zip" if file and file != parts[-1] else file


def _unknown(platform: str, assignment: Assignment) -> str:
    if platform == CANVAS:
        return f"how Canvas calls the file is not known: gradstop collect SUBMISSIONS.zip {assignment.name}"
    return (
        f"the participant's number in Moodle is not known: gradstop collect SUBMISSIONS.zip {assignment.name}, "
        f"or gradstop class WORKSHEET.csv --assignment {assignment.name}"
    )


def _read(course: Course, directory: str, student: str, assignment: Assignment, name: str) -> bytes | None:
    path = Path(course.directories.format_path(directory, student, assignment.name), name)
    try:
        return path.read_bytes()
    except OSError:
        return None


def _why_none(course: Course, assignment: Assignment, student: str) -> str:
    directory, again = str(course.directories.autograded_directory), f"gradstop grade {assignment.name} --force"
    if _read(course, directory, student, assignment, assignment.notebook.name) is None:
        return f"there is no graded notebook: {again}"
    again += f" --student {shlex.quote(student)}"
    return f"its graded notebook cannot be converted: {again} writes it anew; {logs.where()}"


def _page(course: Course, assignment: Assignment, student: str, standing: Standing) -> bytes | None:
    """Return nbgrader's page; it says at its beginning how the student stands, also where nothing is configured to."""
    directory = str(course.directories.feedback_directory)
    page = _read(course, directory, student, assignment, f"{assignment.notebook.stem}.html")
    note = in_html(standing).encode()
    if page is None or standing.words == Status.GRADED.value or note in page:
        return page
    head, body, rest = page.partition(b"<body")
    tag, end, rest = rest.partition(b">")
    return head + body + tag + end + note + rest


def _notebook(
    course: Course, assignment: Assignment, student: str, gradebook: Gradebook, standing: Standing
) -> bytes | None:
    """Return the graded notebook with scores and comments in a cell at its beginning."""
    data = _read(course, str(course.directories.autograded_directory), student, assignment, assignment.notebook.name)
    if data is None:
        return None
    try:
        notebook: NotebookNode = reads(data, 4)
        lines = _scores(gradebook.find_submission(assignment.name, student), standing)
    except MissingEntry:
        return None
    except Exception:  # whatever was made of its file, it costs this one only
        _log.exception("%s, %s: no feedback", assignment.name, student)
        return None
    notebook.cells.insert(0, v4.new_markdown_cell("\n".join(lines)))
    return str(writes(notebook)).encode()


def _zipped(name: str, data: bytes) -> bytes:
    with zipfile.ZipFile(made := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return made.getvalue()


def _scores(submission: SubmittedAssignment, standing: Standing) -> list[str]:
    """Return Markdown: the score, what each exercise has earned, what was said to it."""
    lines = [f"## Score: {standing.score:g} of {submission.max_score:g}", ""]
    lines += [f"*{standing.words}*", ""]
    for notebook in submission.notebooks:
        said: dict[str, Any] = {one.name: one.comment for one in notebook.comments if one.comment}
        for grade in notebook.grades:
            name = grade.name.removeprefix(CHECK)
            lines.append(f"- **{name}**: {grade.score:g} of {grade.max_score:g}")
            lines += [f"  {line}" for line in (said.pop(name, "") or "").splitlines()]
        lines += [f"- **{name}**: {' '.join(comment.split())}" for name, comment in said.items()]
    return lines
