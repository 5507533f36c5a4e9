"""``make setup`` where an older Python comes first, told in a sentence; ``make book`` after each kind of change."""

import os
import shutil
import subprocess
import sys

import pytest
from support.course import ROOT

pytestmark = pytest.mark.slow
OLD = """#!/bin/sh
[ "$1" = -c ] || exit 9
exec "{python}" -c 'import sys; sys.version_info, sys.version = (3, 10, 12), "3.10.12 (old)"; exec(sys.argv[1])' "$2"
"""


@pytest.fixture
def old(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("requirements.txt", "pyproject.toml"):
        (tmp_path / name).touch()
    python = tmp_path / "python3.10"
    python.write_text(OLD.format(python=sys.executable))
    python.chmod(0o755)
    return python


def make(folder, python):
    return subprocess.run(
        ["make", "setup", f"PYTHON={python}"],
        cwd=folder,
        env={**os.environ, "PIP_NO_INDEX": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_older_python_is_told_before_anything_is_made(old):
    done = make(old.parent, old)
    assert done.returncode
    assert "This needs Python 3.11.5 or later, and" in done.stderr
    assert "is 3.10.12." in done.stderr
    assert not (old.parent / ".venv").exists()


def test_an_environment_of_an_older_python_is_made_anew(old):
    """It is no use to say which Python to take while the one in it is kept."""
    left = old.parent / ".venv" / "bin"
    left.mkdir(parents=True)
    shutil.copy(old, left / "python")
    make(old.parent, sys.executable)  # what is installed is not asked here
    done = subprocess.run([left / "python", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.split()[1] == sys.version.split()[0]


PARTS = ("book/page.md", "book/_static/book.css", "exercises/01-x/x.ipynb", "gradstop/a.py", "solutions/01-x/x.ipynb")


@pytest.mark.parametrize("changed", [None, *PARTS, "book"])
def test_the_book_is_built_again_when_a_part_of_it_has_changed(tmp_path, changed):
    """A folder changes when a page is taken away."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in (*PARTS, "requirements.txt", "pyproject.toml", ".venv/.installed", "_build/html/.complete"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    for path in tmp_path.rglob("*"):
        os.utime(path, (0, 0) if path.name != ".complete" else (10, 10))
    if changed:
        os.utime(tmp_path / changed, (20, 20))
    done = subprocess.run(["make", "--dry-run", "book"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ("jupyter-book build" in done.stdout) == bool(changed)
    assert "dropped" not in done.stderr
