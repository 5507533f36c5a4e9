"""An exercise's archive is all that one needs: unpacked in an empty folder, its checks answer."""

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


@each_assignment
def test_the_archive_answers_in_an_empty_folder(assignment, tmp_path):
    """All functions at once, in a plain Python that knows no gradstop but the archive's."""
    folder = unpacked(assignment, tmp_path)
    code = "\n\n".join(
        cell.source
        for cell in nbformat.read(folder / assignment.notebook.name, as_version=4).cells
        if cell.cell_type == "code" and "check(" not in cell.source and "%" not in cell.source
    )
    names = re.findall(r'check\("(\w+)"\)', (folder / assignment.notebook.name).read_text().replace('\\"', '"'))
    asks = "\n".join(
        f"try:\n    check({name!r})\nexcept Exception as e:\n    print(type(e).__name__, e)" for name in names
    )
    where = "import gradstop; print(gradstop.__file__)"
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-"],
        input=f"from gradstop import check\n{code}\n{asks}\n{where}",
        cwd=folder,
        env=bare,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip().endswith(str(folder / "gradstop" / "__init__.py"))
    assert len(names) >= 4
    assert done.stdout.count("CheckFailed") == len(names), done.stdout


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
