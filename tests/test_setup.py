"""``make setup`` where an older Python comes first, told in a sentence; ``make book`` after each kind of change."""

import json
import os
import shutil
import subprocess
import sys

import pytest
import yaml
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


STUB = """#!/bin/sh
echo "$@" >> calls
[ "$2" != "{refused}" ]
"""


def with_stubs(folder, refused=""):
    """Lay out a clone with an environment of a Python that does nothing; return another such Python, beside it."""
    left, other = folder / ".venv" / "bin" / "python", folder.parent / "python"
    left.parent.mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", folder)
    for file in ("requirements.txt", "pyproject.toml"):
        (folder / file).touch()
    for python in (left, other):
        python.write_text(STUB.format(refused=refused))
        python.chmod(0o755)
    return other


@pytest.mark.parametrize("name", ["plain", "my course", 'it\'s "one"', "a;b&c"])
@pytest.mark.parametrize("refused", ["", "import pip"])
def test_a_folder_of_any_name_is_set_up_and_an_environment_without_pip_gets_it(tmp_path, name, refused):
    """As Debian leaves one that lacks python3-venv, or uv makes one."""
    folder = tmp_path / name
    done = make(folder, with_stubs(folder, refused))
    assert done.returncode == 0, done.stderr
    assert ("-m venv .venv" in (folder / "calls").read_text().splitlines()) == bool(refused)
    assert (folder / ".venv" / ".installed").is_file()
    assert {path.name for path in tmp_path.iterdir()} == {name, "python"}


def test_an_environment_that_was_moved_with_its_folder_is_made_anew(tmp_path):
    """Its commands name the Python of the old folder, and the package is looked for there."""
    old, new = tmp_path / "my old", tmp_path / "my new"
    python = with_stubs(old)
    for folder, is_moved in ((old, False), (new, True)):
        if is_moved:
            (old / "calls").unlink()
            old.rename(new)
        assert make(folder, python).returncode == 0
        assert ("-m venv --clear .venv" in (folder / "calls").read_text().splitlines()) == is_moved
        assert "Nothing to be done" in make(folder, python).stdout


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


def copied_before_setup():
    """Return what the Dockerfile copies before it says ``make setup``."""
    before = (ROOT / "Dockerfile").read_text().partition("RUN make setup")[0]
    return [line.split()[1:-1] for line in before.splitlines() if line.startswith("COPY ")]


def test_what_a_container_is_set_up_from_is_all_that_it_takes(tmp_path):
    """Docker cannot run here: what it copies is installed as editable, as ``make setup`` does."""
    for names in copied_before_setup():
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, tmp_path / name)
    build = "import sys, hatchling.build as b; b.build_editable(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, tmp_path / "dist"], cwd=tmp_path, check=True, capture_output=True)
    assert list((tmp_path / "dist").glob("*.whl"))
    assert (tmp_path / "Makefile").is_file()


def test_a_clone_mounted_over_the_course_hides_no_environment():
    """As an instructor mounts one to grade, and an editor to work in."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    (folder,) = (line.split()[1] for line in lines if line.startswith("WORKDIR "))
    (environment,) = (line for line in lines if line.startswith("ENV VENV="))
    venv = environment.split()[1].removeprefix("VENV=")
    assert not venv.startswith(folder)
    assert f'PATH="{venv}/bin:$PATH"' in environment
    dry = subprocess.run(
        ["make", "--dry-run", "setup", f"VENV={venv}"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert f"\n{venv}/bin/python -m pip install" in dry.stdout
    editor = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    assert editor["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"] == f"{venv}/bin/python"
    assert f"target={folder}," in editor["workspaceMount"]


def test_binder_has_the_package_with_its_extension_and_trusts_the_pages(tmp_path):
    parts = yaml.safe_load((ROOT / "binder" / "environment.yml").read_text())["dependencies"]
    (package,) = parts[-1]["pip"]  # an editable one comes without the extension; conda resolves it from this folder
    assert (ROOT / "binder" / package / "pyproject.toml").is_file()
    (tmp_path / "book").mkdir()
    shutil.copy(ROOT / "book" / "03-detach.ipynb", tmp_path / "book")
    environment = {**os.environ, "JUPYTER_DATA_DIR": str(tmp_path / "data")}
    subprocess.run([ROOT / "binder" / "postBuild"], cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert (tmp_path / "data" / "nbsignatures.db").is_file()
