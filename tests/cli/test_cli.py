"""What the command says where it is typed in another way, in another place or on another terminal."""

import errno
import os
import re
import subprocess
import sys

import pytest
from support.classroom import make_course
from support.course import ROOT

from gradstop.cli import command, main


def python(*words, cwd, **environment):
    return subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        check=False,
        timeout=100,
    )


@pytest.fixture
def empty(tmp_path, monkeypatch):
    monkeypatch.setattr("gradstop.checking.workspace._trust", lambda notebooks: None)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("strat", "Did you mean 'start'?"),
        ("check", 'check("stop")'),
        ("draw", "from gradstop import draw"),
        ("watch", "python -m gradstop.watch"),
        ("release", "make book"),
        ("help", "gradstop --help"),
        ("xyz", "There is: start, "),
    ],
)
def test_an_unknown_command_is_told_which_there_are(capsys, typed, said):
    with pytest.raises(SystemExit):
        main([typed, "3"])
    told = capsys.readouterr().err
    assert told.startswith(f"gradstop: There is no command '{typed}'.")
    assert said in told


@pytest.mark.parametrize(
    "words",
    [["start"], ["read"], ["grade"], ["report"], ["vet"], ["collect", "a.zip"], ["feedback", "--format", "moodle"]],
)
def test_without_a_name_those_there_are_are_listed(empty, capsys, words):
    make_course(empty, "03-detach")
    assert main(words) == 1
    assert re.search(r"Which (assignment|page)\? There is: .*03-detach", capsys.readouterr().err)


@pytest.mark.parametrize("words", [["export", "03-detach"], ["doctor", "03-detach"], ["read", "03-detach", "--quick"]])
def test_what_a_command_does_not_take_is_named_with_what_says_more(empty, capsys, words):
    assert main(words) == 2
    said = f"gradstop {words[0]} does not take {words[-1]!r}: see gradstop {words[0]} --help\n"
    assert capsys.readouterr().err == said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "gradstop needs COMMAND too: see gradstop --help.\n"),
        (["feedback", "3"], "gradstop feedback needs --format too: see gradstop feedback --help.\n"),
        (["explain", "train.py"], "A script is watched by: python -m gradstop.watch SCRIPT.\n"),
    ],
)
def test_what_a_command_lacks_is_named(capsys, words, said):
    with pytest.raises(SystemExit):
        main(words)
    assert capsys.readouterr().err.endswith(said)


@pytest.mark.parametrize(
    ("typed", "begun"),
    [("4", "04-detach-in-place"), ("clone", "06-clone"), ("nothing of this name", "03-detach"), ("4 5", "03-detach")],
)
def test_what_is_not_begun_is_told_how_to_begin(empty, capsys, typed, begun):
    """By what can be typed: an example, where there is no assignment of that name."""
    assert main(["progress", typed]) == 1
    assert capsys.readouterr().err.endswith(f"To begin one: gradstop start {begun}\n")


def test_a_place_is_named_as_seen_from_here(empty, capsys, monkeypatch):
    assert main(["start", "3"]) == 0
    monkeypatch.chdir(empty / "work" / "03-detach")
    for words in (["start", "4"], ["read", "chapter", "3"], ["read", "cheat-sheet"], ["read", "errors"]):
        capsys.readouterr()
        assert main(words) == 0
        assert (empty / "work" / "03-detach" / capsys.readouterr().out.partition(":")[0]).is_file()
    assert not (empty / "work" / "03-detach" / "work").exists()


@pytest.mark.parametrize("place", ["nowhere", "file"])
def test_a_root_that_is_no_folder_is_refused(empty, capsys, place):
    (empty / "file").touch()
    assert main(["start", "3", "--root", place]) == 1
    assert f"There is no folder {place}" in capsys.readouterr().err
    assert sorted(path.name for path in empty.iterdir()) == ["file"]


def test_a_folder_that_is_gone_is_no_traceback(tmp_path, capsys, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert main(["start", "3"]) == 1
    assert "no longer there" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["ENOSPC", "EACCES", "EROFS", "ENOTDIR"])
def test_what_the_machine_refuses_is_no_fault_of_ours(empty, capsys, monkeypatch, name):
    def refused(_):
        raise OSError(getattr(errno, name), os.strerror(getattr(errno, name)), "work/03-detach")

    monkeypatch.setitem(command._RUN, "start", refused)
    assert main(["start", "3"]) == 1
    assert capsys.readouterr().err == f"gradstop: work/03-detach: {os.strerror(getattr(errno, name))}\n"


@pytest.mark.parametrize("command", [["grade", "3"], ["class"], ["export"], ["vet", "3"], ["new", "11-a/b"]])
def test_an_instructor_s_command_says_first_that_there_is_no_course(empty, command):
    """Or somebody installs all that it needs, and is told then."""
    without = "import sys; sys.modules.update(dict.fromkeys(('nbgrader', 'tqdm', 'nbformat')))\n"
    done = python("-c", f"{without}from gradstop.cli import main; sys.exit(main({command}))", cwd=empty)
    assert done.returncode == 1
    assert b"is no course" in done.stderr


@pytest.mark.parametrize(("command", "mend"), [("class", "'gradstop[grading]'"), ("refresh", "'gradstop[authoring]'")])
def test_what_is_missing_is_installed_by_the_part_that_needs_it(command, mend):
    without = "import sys; sys.modules.update(dict.fromkeys(('nbgrader', 'nbformat')))\n"
    done = python("-c", f"{without}from gradstop.cli import main; sys.exit(main(['{command}']))", cwd=ROOT)
    assert f"pip install {mend}".encode() in done.stderr


def test_a_beginning_takes_no_torch(empty):
    code = "import sys; sys.modules['torch'] = None\nfrom gradstop.cli import main; sys.exit(main(['start', '3']))"
    done = python("-c", code, cwd=empty)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("place", ["gradstop.cli.arguments", "gradstop.checking.workspace"])
def test_stopped_while_it_is_loaded_it_is_stopped(empty, place):
    code = f"""import builtins, sys
before = builtins.__import__
def stopped(name, *more):
    if name == "{place}":
        raise KeyboardInterrupt
    return before(name, *more)
builtins.__import__ = stopped
from gradstop.cli import main
sys.exit(main(["start", "3"]))"""
    done = python("-c", code, cwd=empty)
    assert (done.returncode, done.stderr) == (1, b"gradstop: stopped; what was finished is kept\n")


@pytest.mark.parametrize("module", ["gradstop", "gradstop.cli"])
def test_it_is_a_module_too(empty, module):
    assert python("-m", module, "--version", cwd=empty).stdout.startswith(b"gradstop ")


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "cp437", "latin-1"])
def test_a_terminal_that_lacks_our_signs_shows_the_rest(empty, encoding):
    assert main(["start", "3"]) == 0
    wrong = "import torch\nfrom gradstop import check\ndef stop(x):\n    return x.data\ncheck('stop')"
    checked = python("-c", wrong, cwd=empty / "work" / "03-detach", PYTHONIOENCODING=encoding)
    assert b"Traceback" not in checked.stderr
    assert b"4 of 5 cases agree" in checked.stdout
    path = empty / "work" / "03-detach" / "detach.ipynb"
    path.write_text(path.read_text().replace('raise NotImplementedError(\\"stop\\")', "return x.data"))
    done = python("-m", "gradstop", "progress", cwd=empty, PYTHONIOENCODING=encoding)
    assert b"fault" not in done.stderr
    assert b"Read: chapter 3" in done.stdout


def test_a_folder_whose_name_the_locale_lacks_is_told_how_to_go_on(tmp_path):
    folder = tmp_path / "Kurs \N{LATIN SMALL LETTER U WITH DIAERESIS}"
    folder.mkdir()
    bare = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = python("-m", "gradstop", "start", "3", cwd=folder, **bare)
    assert done.returncode == 1
    assert b"set PYTHONUTF8=1" in done.stderr
    assert python("-m", "gradstop", "start", "3", cwd=folder, **bare | {"PYTHONUTF8": "1"}).returncode == 0
