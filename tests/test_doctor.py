"""What is found when something goes wrong: logs, tracebacks of our own faults, what ``gradstop doctor`` says."""

import json
import sys

import pytest
from support.classroom import run
from support.course import ROOT

from gradstop import cli, doctor, logs
from gradstop.cli import command
from gradstop.doctor import findings
from gradstop.forkserver.launch import ForkServer
from gradstop.forkserver.request import NotWarmError, Request
from gradstop.grading.assess import Unit, grade_unit
from gradstop.grading.intake.submission import Submission
from gradstop.grading.rules import Rules


@pytest.fixture
def course(tmp_path):
    """A folder in which a course keeps its logs; the logger is left as it was."""
    (tmp_path / "solutions" / "03-detach").mkdir(parents=True)
    for name in ("nbgrader_config.py", "solutions/03-detach/cases.py"):
        (tmp_path / name).write_text("")
    for handler in list(logs.LOGGER.handlers):  # another test of this process has run a command
        logs.LOGGER.removeHandler(handler)
        handler.close()
    before, level = list(logs.LOGGER.handlers), logs.LOGGER.level
    yield tmp_path
    for handler in set(logs.LOGGER.handlers) - set(before):
        logs.LOGGER.removeHandler(handler)
        handler.close()
    logs.LOGGER.setLevel(level)


def broken(*_):
    raise KeyError("a fault of ours")


def test_a_fault_of_ours_is_one_line_and_its_traceback_is_kept(course, monkeypatch, capsys):
    monkeypatch.setitem(command._RUN, "progress", broken)
    assert cli.main(["--root", str(course), "progress", "03-detach"]) == 1
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert "a fault of gradstop's own: KeyError: 'a fault of ours'" in said
    assert "gradstop.log" in said
    kept = (course / "grading" / "logs" / "gradstop.log").read_text()
    assert "Traceback (most recent call last)" in kept
    assert "in broken" in kept
    assert [line.split(" ", 3)[-1] for line in logs.last_errors(course, 3)] == [
        "ERROR gradstop: gradstop progress failed"
    ]


def test_debug_shows_the_traceback(tmp_path, monkeypatch, capsys, course):
    monkeypatch.setitem(command._RUN, "progress", broken)
    elsewhere = tmp_path / "no course"
    elsewhere.mkdir()
    assert cli.main(["--root", str(elsewhere), "progress", "03-detach"]) == 1
    assert "run it with --debug" in capsys.readouterr().err
    assert cli.main(["--root", str(elsewhere), "progress", "03-detach", "--debug"]) == 1
    assert "in broken" in capsys.readouterr().err
    assert list(elsewhere.iterdir()) == []


def test_a_mistake_of_the_user_is_no_fault(course, capsys):
    assert cli.main(["--root", str(course), "progress", "03-detach"]) == 1
    assert "fault" not in capsys.readouterr().err
    assert logs.last_errors(course, 3) == []


def test_what_fails_in_the_judge_comes_back_with_its_traceback(monkeypatch):
    monkeypatch.setattr("gradstop.grading.assess.read_cells", broken)
    monkeypatch.setattr(
        "gradstop.grading.assess.read_bundle", lambda _: type("Bundle", (), {"assignment": "a-b", "version": "1"})
    )
    import msgspec

    unit = msgspec.json.encode(Unit(Submission("ann", b"{}", {}), Rules()))
    graded = json.loads(grade_unit(b"", unit))
    assert graded["problem"].endswith("KeyError")
    assert "in broken" in graded["traceback"]


def test_logs_do_not_grow_without_end(course, monkeypatch):
    monkeypatch.setattr(logs, "MAX_SIZE", 10_000)
    logs.to_files(course, "a test")
    for number in range(2_000):
        logs.LOGGER.info("line %d", number)
    folder = course / "grading" / "logs"
    assert len(list(folder.iterdir())) == logs.KEPT_FILES + 1
    assert all(path.stat().st_size < 11_000 for path in folder.iterdir())
    (folder / logs.WARM_PROCESS).write_text("x" * 10_001)
    assert not logs.warm_process_log().exists()


def test_a_log_that_cannot_be_written_stops_nothing(course):
    (course / "grading").write_text("a file")
    logs.to_files(course, "a test")
    assert logs.log_file() is None


@pytest.mark.slow
def test_a_module_of_ours_that_cannot_be_loaded_ends_the_warm_process_with_the_reason(tmp_path):
    request = Request([], {}, str(ROOT), preload=["no_such_module", "gradstop.no_such_module"])
    server = ForkServer(request, tmp_path / "log")
    with pytest.raises(NotWarmError, match=r"gradstop\.no_such_module cannot be loaded"):
        server.wait_until_warm()
    text = (tmp_path / "log").read_text()
    assert "ModuleNotFoundError: No module named 'gradstop.no_such_module'" in text
    assert "'no_such_module'" not in text.replace("'gradstop.no_such_module'", "")  # what is not installed is left out


@pytest.mark.slow
def test_the_doctor_says_what_works_here(course):
    found = {finding.name: finding.text for finding in findings(ROOT)}
    assert found["Python"].startswith(sys.version.split()[0])
    assert "torch 2." in found["packages"]
    assert found["sandbox"].startswith("yes: ")
    assert found["warm kernels"] == "yes"
    assert "GB at" in found["free disk"]
    nothing = {finding.name: finding.text for finding in findings(course)}
    assert nothing["last errors"] == "none are kept"
    assert "there is none yet" in nothing["gradebook"]


def test_what_the_machine_refuses_is_no_fault_of_the_doctor_s():
    def refused():
        raise PermissionError(13, "Permission denied", "grading")

    assert doctor._tried(refused) == "no: [Errno 13] Permission denied: 'grading'"


@pytest.mark.slow
def test_the_command_prints_it_for_a_course_without_anything(tmp_path):
    done = run(tmp_path, "gradstop", "doctor")
    assert done.returncode == 0, done.stderr
    assert "there is no course here" in done.stdout
    assert "Traceback" not in done.stderr


def test_why_a_kernel_is_an_ordinary_one_is_said(monkeypatch):
    def doubt(_):
        raise NotWarmError("its environment differs")

    monkeypatch.setattr(ForkServer, "fork_shared", doubt)
    monkeypatch.setenv("JUPYTER_DEFAULT_PROVISIONER_NAME", "warm-provisioner")
    said = doctor._warm_kernels()
    assert said == "no, an ordinary kernel was started in its place: its environment differs"
