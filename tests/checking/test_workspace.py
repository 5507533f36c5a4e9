"""A learner's own copies: what they have written stays, what they have not is renewed."""

import errno
import json
import os
import shutil
from pathlib import Path

import pytest
import yaml
from support.course import ROOT

from gradstop.checking import workspace
from gradstop.checking.workspace import read, start
from gradstop.cli import main
from gradstop.course import CourseError, student_files
from gradstop.course.named import named

NAME = "03-detach"


@pytest.fixture(autouse=True)
def trusted(monkeypatch):
    """Jupyter is not started for each copy; the names of those that it would be started for are kept."""
    found = []
    monkeypatch.setattr(workspace, "_trust", found.extend)
    return found


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("exercises", "book"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    return tmp_path


def test_an_update_keeps_the_answers_and_renews_the_cases(root):
    start(root, NAME)
    notebook = root / "work" / NAME / "detach.ipynb"
    notebook.write_text("mine")
    (root / "exercises" / NAME / "cases.py").write_text("# newer")
    assert "your answers are kept" in start(root, NAME)
    assert notebook.read_text() == "mine"
    assert (root / "work" / NAME / "cases.py").read_text() == "# newer"


@pytest.mark.parametrize("name", ["3", "03", "detach", "03-detach", "03-detach/", "03-detac", "3-detach", "3 Det"])
def test_what_stands_for_one_assignment_is_taken(root, name):
    assert start(root, name).startswith("work/03-detach/detach.ipynb")


@pytest.mark.parametrize(
    ("name", "said"),
    [("77-none", r"There is: .*03-detach"), ("dteach", "Did you mean"), ("", "There is: ")],
)
def test_what_stands_for_none_or_for_several_lists_them(root, name, said):
    with pytest.raises(CourseError, match=said):
        start(root, name)


@pytest.mark.parametrize("chapter", yaml.safe_load((ROOT / "_toc.yml").read_text())["parts"][0]["chapters"])
def test_a_chapter_s_number_stands_for_its_first_page_and_the_others_are_named(root, chapter):
    first, *others = (Path(one["file"]).name for one in (chapter, *chapter.get("sections", [])))
    said = read(root, str(int(first[:2])))
    assert said.startswith(f"work/book/{first}.ipynb: open it")
    assert [page.strip() for page in said.partition("beside it:")[2].split(",") if page] == sorted(others)
    for one in others:
        assert "beside it" not in read(root, one.replace("-", " ").removeprefix("0"))


def test_a_beginning_of_several_pages_is_none_of_them(root):
    with pytest.raises(CourseError, match="more than one page: 02-requires-grad, 09-reinforcement, 09-representation"):
        read(root, "re")


def links(path):
    cells = json.loads(path.read_text())["cells"]
    text = "".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return [part.partition(")")[0].partition("#")[0] for part in text.split("](")[1:]]


def test_links_between_the_copies_lead_somewhere(root):
    start(root, NAME)
    read(root, "3")
    for notebook in (root / "work" / NAME / "detach.ipynb", root / "work" / "book" / "03-detach.ipynb"):
        inside = [link for link in links(notebook) if link and "://" not in link]
        assert inside
        assert [link for link in inside if not (notebook.parent / link).exists()] == []


def test_what_is_copied_is_trusted_once(root, trusted):
    """Or JupyterLab shows no drawings."""
    read(root, "3")
    assert root / "work" / "book" / "03-detach.ipynb" in trusted
    trusted.clear()
    start(root, NAME)
    assert trusted == []


def test_a_page_is_renewed_until_somebody_has_changed_it(root):
    assert read(root, "3").startswith("work/book/03-detach.ipynb: open it")
    for name in ("03-detach", "05-no-grad"):
        page = root / "book" / f"{name}.ipynb"
        page.write_text(page.read_text().replace("detach", "DETACH"))
    mine = root / "work" / "book" / "03-detach.ipynb"
    mine.write_text("mine")
    assert "your copy is kept" in read(root, "detach")
    assert mine.read_text() == "mine"
    assert "DETACH" in (root / "work" / "book" / "05-no-grad.ipynb").read_text()


def test_without_a_clone_the_package_has_what_is_copied(tmp_path, capsys, monkeypatch):
    """As where it was installed from a wheel; here it finds the clone that it was installed from."""
    monkeypatch.chdir(tmp_path)
    assert main(["start", "3"]) == 0
    assert main(["read", "3"]) == 0
    assert (tmp_path / "work" / "book" / "03-detach.ipynb").is_file()
    assert (tmp_path / "work" / NAME / "reference.json").is_file()
    monkeypatch.setattr(student_files, "PACKAGED", tmp_path / "nothing" / "here")
    assert main(["start", "3"]) == 1
    assert "There is: none" in capsys.readouterr().err


def test_outside_of_a_course_nothing_new_is_laid_out(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["new", "10-more/function"]) == 1
    assert "is no course" in capsys.readouterr().err
    assert main(["--root", str(tmp_path), "refresh"]) == 1
    assert "is no course" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


TYPED = ["Detach", "03_detach", "work/03-detach/", "work\\03-detach", "chapter 3", "ch3", "3.", "detach.ipynb"]


@pytest.mark.parametrize("typed", [*TYPED, "\N{FULLWIDTH DIGIT THREE}"])
def test_a_name_is_taken_as_people_type_it(typed):
    assert named(typed, ["03-detach", "04-detach-in-place"], "assignment") == NAME


def test_a_full_disk_leaves_no_half_of_a_notebook(root, monkeypatch):
    """Or it would be kept as somebody's answers."""
    whole = Path.write_bytes

    def half(path, content):
        whole(path, content[: len(content) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(Path, "write_bytes", half)
    for copy in (start, read):
        with pytest.raises(CourseError, match=r"cannot be written: No space left on device\."):
            copy(root, "3")
    assert [path for path in (root / "work").rglob("*") if path.is_file()] == []
    monkeypatch.undo()
    assert start(root, NAME).endswith("open it and begin")


def test_where_nobody_may_write_it_is_said_where_to_work(root, monkeypatch):
    def refused(path, content):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    monkeypatch.setattr(Path, "write_bytes", refused)
    with pytest.raises(CourseError, match=r"Read-only file system\. Work in a folder that your user may write to\."):
        start(root, "3")


def test_a_damaged_list_of_what_was_copied_costs_nothing(root):
    read(root, "3")
    (root / "work" / "book" / ".copied.json").write_text("{")
    assert "open it" in read(root, "3")


def test_another_book_and_another_course_hide_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("book/chapter.ipynb", "exercises/ps1/ps1.ipynb", "nbgrader_config.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    assert main(["read", "3"]) == 0
    assert main(["start", "3"]) == 0
    assert not (tmp_path / "grading").exists()


def test_what_opens_a_page_is_there_or_is_named_too(root, monkeypatch):
    monkeypatch.setattr(workspace.shutil, "which", lambda _: None)
    assert read(root, "3").endswith("pip install jupyterlab; jupyter lab work/book/03-detach.ipynb")
    monkeypatch.setattr(workspace.shutil, "which", lambda _: "/bin/jupyter")
    assert read(root, "3").endswith("with: jupyter lab work/book/03-detach.ipynb")
