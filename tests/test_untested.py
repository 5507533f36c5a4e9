"""A test that skips for want of a program is no test: the last lines say so, and in CI the run fails."""

import os
import subprocess
import sys

import pytest
from support.course import ROOT

SKIPS = """import pytest

def test_the_browser():
    pytest.skip("no Chromium on the path: install it")

def test_root():
    pytest.skip("only root can make a small disk")

def test_other():
    pass
"""


@pytest.mark.slow
@pytest.mark.parametrize(("ci", "code", "workers"), [("", 0, []), ("true", 1, ["-n", "1"])])
def test_a_skip_for_want_of_a_program_is_told_and_fails_in_ci(tmp_path, ci, code, workers):
    (tmp_path / "test_it.py").write_text(SKIPS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "conftest", "-p", "no:nbval", *workers, tmp_path / "test_it.py"],
        cwd=ROOT / "tests",
        env={**os.environ, "CI": ci, "PYTHONPATH": str(ROOT / "tests")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "NOT TESTED: 1 tests; no Chromium on the path: install it" in done.stdout
    assert "only root" not in done.stdout.partition("NOT TESTED")[2]


@pytest.mark.slow
def test_only_what_cannot_be_mended_may_skip(tmp_path):
    (tmp_path / "test_it.py").write_text(SKIPS.replace("no Chromium on the path: install it", "only root"))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "conftest", "-p", "no:nbval", tmp_path / "test_it.py"],
        cwd=ROOT / "tests",
        env={**os.environ, "CI": "true", "PYTHONPATH": str(ROOT / "tests")},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
