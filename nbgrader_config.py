"""nbgrader's configuration for this course. Everything that is made at run time lies in grading/."""

import os
import sys
from pathlib import Path

from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.preprocessors import CheckCellMetadata, ClearSolutions, Execute

from gradstop.grading.handing_back.exchange import ReleaseFeedback
from gradstop.grading.handing_back.page_bound import ShowNotTooMuch
from gradstop.grading.nbgrader_bridge.execute import (
    JudgedExecute,
    LenientExporter,
    RestoreCells,
    remove_without_score,
    why_not_graded,
)
from gradstop.grading.nbgrader_bridge.patches import (
    copy_plain_files_only,
    one_gradebook_at_a_time,
    read_times_alike,
    refuse_before_autograde,
    say_standing_in_lists,
    say_what_a_terminal_may_show,
)
from gradstop.grading.nbgrader_bridge.register import load_nothing_from_elsewhere
from gradstop.grading.nbgrader_bridge.release import NameStubs, RecordReference
from gradstop.grading.standing.pages import SayStanding, words_for_lists

c = get_config()  # noqa: F821 - given by traitlets

# nbgrader runs `alembic` from the PATH when it creates a gradebook; it lies beside this interpreter.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])

ROOT = Path(__file__).resolve().parent
(ROOT / "grading").mkdir(exist_ok=True)  # SQLite makes its file, not the folder

c.CourseDirectory.root = str(ROOT)
c.CourseDirectory.course_id = "gradients"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.submitted_directory = "grading/submitted"
c.CourseDirectory.autograded_directory = "grading/autograded"
c.CourseDirectory.feedback_directory = "grading/feedback"
c.CourseDirectory.solution_directory = "grading/solution"
c.CourseDirectory.source_with_tests_directory = "grading/source_with_tests"
c.CourseDirectory.db_url = f"sqlite:///{ROOT / 'grading' / 'gradebook.db'}"
# For nbgrader zip_collect, which gradstop collect does better: whose a file is, the class list says.
c.ZipCollectApp.downloaded_directory = "grading/downloaded"
c.ZipCollectApp.extractor_plugin = "gradstop.grading.collecting.zip_collector.BoundedExtractor"
c.ZipCollectApp.collector_plugin = "gradstop.grading.collecting.zip_collector.ClassCollector"
# What is only the author's: neither the student copy nor a graded submission holds it.
c.CourseDirectory.ignore.extend(["domain.toml", "lazy_imports.json", "right_answers.py", "wrong_answers.py"])

c.ExchangeFactory.release_feedback = ReleaseFeedback

c.ClearSolutions.code_stub = {"python": "raise NotImplementedError()"}
release = list(GenerateAssignment.preprocessors.default())
release.insert(release.index(ClearSolutions) + 1, NameStubs)
c.GenerateAssignment.preprocessors = [*release, RecordReference]

copy_plain_files_only(ROOT / "grading" / "submitted")
read_times_alike()
say_what_a_terminal_may_show()
one_gradebook_at_a_time()
refuse_before_autograde(why_not_graded, remove_without_score)
say_standing_in_lists(words_for_lists)
load_nothing_from_elsewhere()
c.HTMLExporter.preprocessors = [ShowNotTooMuch, SayStanding]  # the formgrader's pages, and those of feedback
c.Autograde.exporter_class = LenientExporter
c.Autograde.sanitize_preprocessors = [RestoreCells, CheckCellMetadata]
c.Autograde.pre_convert_hook = "gradstop.grading.nbgrader_bridge.register.before_autograde"
c.Autograde.autograde_preprocessors = [
    JudgedExecute if step is Execute else step for step in Autograde.autograde_preprocessors.default()
]
