"""An exercise's archive is all that one needs: unpacked in an empty folder, its checks answer."""

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile

import nbformat
import pytest
from nbclient import NotebookClient
from support.browsing import HTML
from support.course import ASSIGNMENTS, ROOT
from test_site import Elements

sys.path.append(str(ROOT / "book" / "_ext"))
from archives import write_archive

pytestmark = pytest.mark.slow
each_assignment = pytest.mark.parametrize("assignment", ASSIGNMENTS, ids=lambda assignment: assignment.name)


def page_of(assignment):
    return f"exercises/{assignment.name}/{assignment.notebook.stem}.html"


def unpacked(assignment, folder):
    with zipfile.ZipFile(HTML / "_downloads" / f"{assignment.name}.zip") as archive:
        archive.extractall(folder)
    return folder / assignment.name


@each_assignment
def test_the_page_leads_to_its_archive_and_not_to_a_bare_notebook(assignment):
    page = page_of(assignment)
    links = [attributes.get("href") or "" for tag, attributes in Elements(page).found if tag == "a"]
    archives = [link for link in links if link.endswith(".zip")]
    assert len(archives) == 2  # under the title, and in the bar
    assert all((HTML / page).parent.joinpath(link).is_file() for link in archives)
    assert not [link for link in links if "_sources" in link]


# A plain Python that has torch. For each archive a fork of it goes to its folder and does what is asked there.
FORKS = """
import json, os, sys, traceback
import torch
for folder, code in json.load(sys.stdin):
    if os.fork() == 0:
        os.chdir(folder)
        sys.stdout = sys.stderr = open("said.txt", "w")
        try:
            exec(compile(code, "<stdin>", "exec"), {"__name__": "__main__"})
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        os._exit(0)
    os.wait()
"""
ASK = "try:\n    check({!r})\nexcept Exception as e:\n    print(type(e).__name__, e)"


def asked(folder):
    """Return the exercises whose checks a notebook has."""
    (notebook,) = folder.glob("*.ipynb")
    return re.findall(r'check\("(\w+)"\)', notebook.read_text().replace('\\"', '"'))


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """Return each archive's folder, all its functions and checks run there in a Python that knows no other gradstop."""
    folders = {one.name: unpacked(one, tmp_path_factory.mktemp("archive")) for one in ASSIGNMENTS}
    todo = []
    for folder in folders.values():
        (notebook,) = folder.glob("*.ipynb")
        cells = [cell.source for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "code"]
        code = [source for source in cells if "check(" not in source and "%" not in source]
        where = "import gradstop; print(gradstop.__file__)"
        lines = ["from gradstop import check", *code, *map(ASK.format, asked(folder)), where]
        todo.append((str(folder), "\n\n".join(lines)))
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-c", FORKS]
    subprocess.run(
        command, input=json.dumps(todo), cwd=tmp_path_factory.mktemp("empty"), env=bare, text=True, check=True
    )
    return folders


@pytest.mark.xdist_group("archives")
@each_assignment
def test_the_archive_answers_in_an_empty_folder(assignment, answers):
    folder = answers[assignment.name]
    said, names = (folder / "said.txt").read_text(), asked(folder)
    assert said.strip().endswith(str(folder / "gradstop" / "__init__.py")), said[-2000:]
    assert len(names) >= 4
    assert said.count("CheckFailed") == len(names), said


def test_a_check_in_a_fresh_kernel_says_not_solved(tmp_path):
    assignment = ASSIGNMENTS[2]
    folder = unpacked(assignment, tmp_path)
    notebook = nbformat.read(folder / assignment.notebook.name, as_version=4)
    client = NotebookClient(notebook, timeout=120, allow_errors=True, resources={"metadata": {"path": folder}})
    client.execute()
    errors = [
        output
        for cell in notebook.cells
        if cell.cell_type == "code" and cell.source.startswith("check(")
        for output in cell.outputs
        if output.output_type == "error"
    ]
    assert len(errors) >= 4
    for error in errors:
        assert error.ename == "CheckFailed"
        assert "not written" in error.evalue or "still" in error.evalue, error.evalue


@each_assignment
def test_the_archive_holds_what_students_get_and_nothing_of_the_graders(assignment, tmp_path):
    folder = unpacked(assignment, tmp_path)
    for path in (assignment.folder.parent.parent / "exercises" / assignment.name).iterdir():
        if path.is_file():
            assert (folder / path.name).read_bytes() == path.read_bytes()
    held = {path.relative_to(folder).parts[:2] for path in folder.rglob("*") if path.is_file()}
    assert not [parts for parts in held if parts[:2] in {("gradstop", "grading"), ("gradstop", "authoring")}]
    assert ("BEGIN.txt",) in held


@pytest.fixture
def archived(tmp_path):
    """Return the folder of an archive as one unpacks it; no site is needed."""
    write_archive(ROOT, "03-detach", tmp_path / "03-detach.zip")
    with zipfile.ZipFile(tmp_path / "03-detach.zip") as archive:
        archive.extractall(tmp_path)
    return tmp_path / "03-detach"


def test_what_it_says_to_install_is_all_that_is_needed(archived):
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    (line,) = re.findall(r"pip install (.*)", (archived / "BEGIN.txt").read_text())
    assert line.split() == [*(re.match(r"[\w-]+", name)[0] for name in declared), "jupyterlab"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("progress", "0 of 5 solved"),
        ("progress 3", "0 of 5 solved"),
        ("start 3", "This folder is an assignment itself"),
        ("grade 3", "is no course"),
    ],
)
def test_its_commands_speak_of_what_is_there(archived, words, said):
    """In a Python that knows no gradstop but the archive's."""
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-m", "gradstop", *words.split()]
    done = subprocess.run(command, cwd=archived, env=bare, capture_output=True, text=True, check=False)
    assert said in done.stdout + done.stderr
