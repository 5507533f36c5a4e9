"""The package as an index gives it: complete for a learner in an empty folder, and without a solution."""

import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile

import nbformat
import pytest
import yaml
from packaging.metadata import Metadata
from support.course import BENCHES, ROOT, bench_of

import gradstop

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("package")]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", folder], cwd=ROOT, check=True, capture_output=True
    )
    (wheel,), (source,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, source


@pytest.fixture(scope="module")
def contents(built):
    wheel, source = built
    with zipfile.ZipFile(wheel) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    with tarfile.open(source) as archive:
        return found | {entry.name: archive.extractfile(entry).read() for entry in archive if entry.isfile()}


def test_no_solution_is_in_it(contents):
    """Neither a file of the author's nor the text of one solution."""
    assert not [name for name in contents if "solutions" in name or name.endswith(("_answers.py", "domain.toml"))]
    all_text = b"\n".join(contents.values())
    bodies = [
        cell.source.partition("\n")[2].encode() for bench in BENCHES for cell in bench.cells.values() if cell.solution
    ]
    long = [body for body in bodies if body.count(b"\n") >= 3]
    assert len(long) > 20
    assert not [body for body in long if body in all_text]


def test_all_that_is_no_python_is_in_it_too(contents):
    kept = [path for path in (ROOT / "gradstop").rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")]
    assert len(kept) > 3
    assert not [path for path in kept if path.relative_to(ROOT).as_posix() not in contents]


def test_jupyterlab_finds_its_extension_in_it(built):
    """In the wheel, and in the source from which others make one."""
    wheel, source = built
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    for file in ("package.json", "static/gradstop.js"):
        assert any(name.endswith(f".data/data/share/jupyter/labextensions/gradstop/{file}") for name in names)
        with tarfile.open(source) as archive:
            assert any(name.endswith(f"/book/_lab/gradstop/{file}") for name in archive.getnames())


def test_an_index_can_show_it(contents):
    (name,) = (name for name in contents if name.endswith(".dist-info/METADATA"))
    metadata = Metadata.from_email(contents[name], validate=True)
    assert metadata.description_content_type == "text/markdown"
    shown = (ROOT / PROJECT["readme"]).read_text()
    assert "](" not in shown.replace("](https://", "")
    assert {"authors", "keywords", "classifiers"} <= PROJECT.keys()


def test_its_address_is_the_sites():
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    wanted = {"Source": config["repository"]["url"], "Documentation": config["html"]["baseurl"]}
    assert PROJECT.get("urls", {}) == {name: url for name, url in wanted.items() if url}


def test_no_torch_is_replaced():
    """Where somebody's torch is newer than the book's, pip leaves it."""
    (torch,) = (line for line in PROJECT["dependencies"] if line.startswith("torch"))
    assert "<" not in torch
    assert "==" not in torch


@pytest.mark.parametrize(("workflow", "job"), [("ci.yml", "check"), ("release.yml", "try")])
def test_what_is_promised_is_tried_on_each_python(workflow, job):
    text = yaml.safe_load((ROOT / ".github" / "workflows" / workflow).read_text())
    tried = text["jobs"][job]["strategy"]["matrix"]["python-version"]
    promised = [line.rpartition(" ")[2] for line in PROJECT["classifiers"] if "Python :: 3." in line]
    assert tried == promised


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """Return a function that runs the wheel's Python in an empty folder."""
    place, folder = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("empty")
    with zipfile.ZipFile(built[0]) as archive:
        archive.extractall(place)

    def run(*words, text=None):
        environment = {**os.environ, "PYTHONPATH": str(place)}
        done = subprocess.run(
            [sys.executable, *words],
            cwd=folder,
            env=environment,
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run, folder, place


def test_a_learner_starts_solves_and_checks_in_an_empty_folder(installed):
    run, folder, place = installed
    assert str(place) in run("-c", "import gradstop; print(gradstop.__file__)")
    assert run("-m", "gradstop", "--version") == f"gradstop {run('-c', 'import gradstop; print(gradstop.__version__)')}"
    assert "work/03-detach/detach.ipynb" in run("-m", "gradstop", "start", "detach")
    path = folder / "work" / "03-detach" / "detach.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in ("stop", "one_path"):
            cell.source = bench_of("03-detach").cells[name].source
    nbformat.write(notebook, path)
    assert "2 of 5 solved" in run("-m", "gradstop", "progress")


def test_a_notebook_without_the_files_beside_it_is_checked_all_the_same(installed):
    """As one that is opened in Colab from its address alone."""
    run, _, _ = installed
    source = f"import torch\n{bench_of('03-detach').cells['stop'].source}\nfrom gradstop import check\ncheck('stop')"
    assert "all 5 cases agree" in run("-c", source)


def test_a_reader_has_the_chapters_and_draws(installed):
    run, folder, _ = installed
    assert "work/book/03-detach.ipynb" in run("-m", "gradstop", "read", "3")
    assert (folder / "work" / "book" / "glossary.md").is_file()
    drawn = (
        "import torch, gradstop as g; x = torch.ones(2, requires_grad=True); print(g.describe(x=x, y=(x * 2).detach()))"
    )
    assert "x" in run("-c", drawn)


def test_what_is_loaded_when_it_is_asked_for_is_completed_and_meant():
    assert set(gradstop.__all__) <= set(dir(gradstop))
    with pytest.raises(AttributeError) as caught:
        gradstop.drow  # noqa: B018
    assert (caught.value.name, caught.value.obj) == ("drow", gradstop)  # by which Python says which was meant


def test_what_is_missing_is_said_in_a_sentence(installed):
    run, _, _ = installed
    text = """import sys
sys.modules["torch"] = None
try:
    from gradstop import check
except ImportError as error:
    print(error)
"""
    assert run("-", text=text) == "gradstop.check needs torch: pip install torch\n"


@pytest.mark.parametrize("name", ["torch", "json", "random", "numpy"])
def test_a_file_of_the_learner_s_that_hides_a_module_is_named(installed, name):
    run, folder, _ = installed
    hiding = folder / f"{name}.py"
    hiding.write_text("x = 1\n")
    text = "try:\n    from gradstop import check\nexcept ImportError as error:\n    print(error)\n"
    try:
        said = run("-", text=text)
    finally:
        hiding.unlink()
    assert said.endswith(f". {name}.py in this folder hides the module of that name: rename it, and restart Python\n")


@pytest.mark.parametrize("options", [[], ["-P"]])
def test_a_file_of_the_learner_s_hides_nothing_from_the_command(installed, options):
    run, folder, _ = installed
    hiding = [folder / f"{name}.py" for name in ("torch", "json", "random", "numpy")]
    for file in hiding:
        file.write_text("x = 1\n")
    try:
        said = run(*options, "-m", "gradstop", "start", "3")
    finally:
        for file in hiding:
            file.unlink()
    assert said.startswith("work/03-detach/")
