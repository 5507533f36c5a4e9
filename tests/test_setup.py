"""``make setup`` on a machine with an older Python first: told in a sentence, and nothing is left that fails later."""

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
