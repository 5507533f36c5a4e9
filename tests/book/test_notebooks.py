"""The committed notebooks: in normal form, without noise, and written as the style asks."""

import re
import statistics

import nbformat
import pytest
from support.course import ROOT

from gradstop.authoring.install_cell import ID
from gradstop.authoring.normalise import normalised
from gradstop.authoring.refresh import executed_notebooks
from gradstop.course.files import EXERCISES

PAGES = executed_notebooks(ROOT)
COPIES = sorted((ROOT / EXERCISES).rglob("*.ipynb"))
CHAPTERS = sorted((ROOT / "book").glob("[0-9][0-9]-*.ipynb"))
NOISE = re.compile(r"0x[0-9a-f]{6,}|site-packages|/home/|/tmp/|ipykernel_\d+|\bseconds\b.*\d+\.\d{3,}")
FILLER = re.compile(r"\b(let's|simply|note that|of course|obviously)\b", re.IGNORECASE)


def named(paths):
    return pytest.mark.parametrize("path", paths, ids=lambda path: str(path.relative_to(ROOT)))


def read(path):
    return nbformat.read(path, as_version=4)


def code(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def prose(path):
    """Return the words a reader reads: no code, no markup."""
    cells = [cell.source for cell in read(path).cells if cell.cell_type == "markdown"]
    return re.sub(r"<[^>]+>|```.*?```", " ", "\n".join(cells), flags=re.DOTALL)


@named(PAGES + COPIES)
def test_a_notebook_is_committed_in_normal_form(path):
    notebook = nbformat.from_dict(normalised(read(path)))
    nbformat.validate(notebook)
    assert path.read_text() == nbformat.writes(notebook) + "\n", "run make refresh"


@named(PAGES)
def test_every_cell_has_been_run_in_order(path):
    counts = [cell.execution_count for cell in code(path)]
    assert counts == list(range(1, len(counts) + 1))


@named(PAGES)
def test_no_output_changes_from_run_to_run(path):
    for cell in code(path):
        assert not NOISE.search(str(cell.outputs)), cell.source


@named([path for path in PAGES if path.parent.name == "book"])
def test_a_page_sets_the_seed_where_it_imports_torch(path):
    """What is drawn without one may give another output one time in a thousand, such as a unit that is dead."""
    imports = next(cell.source for cell in code(path) if cell.id != ID)
    assert "\nimport torch\n" in f"\n{imports}\n"
    assert "torch.manual_seed(0)" in imports.splitlines()


@named(PAGES)
def test_an_error_stands_only_where_one_is_meant(path):
    for cell in code(path):
        raised = any(output.output_type == "error" for output in cell.outputs)
        assert raised == ("raises-exception" in cell.metadata.get("tags", [])), cell.source


@named(PAGES)
def test_no_cell_is_left_out_of_the_checks(path):
    tags = {tag for cell in read(path).cells if cell.id != ID for tag in cell.metadata.get("tags", [])}
    assert tags <= {"hide-input", "hide-output", "raises-exception"}


@named(CHAPTERS)
def test_cells_are_short(path):
    lengths = [len(cell.source.splitlines()) for cell in code(path) if cell.id != ID]
    assert statistics.median(lengths) <= 3
    assert max(lengths) <= 15
    assert max(len(line) for cell in code(path) for line in cell.source.splitlines()) <= 78


@named(CHAPTERS)
def test_a_chapter_is_read_in_ten_minutes(path):
    assert 1000 <= len(prose(path).split()) <= 1900


@named(CHAPTERS)
def test_a_chapter_has_predictions_drawings_and_recall(path):
    text = "\n".join(cell.source for cell in read(path).cells)
    assert text.count('<div class="prediction">') >= 4
    assert sum("draw(" in cell.source for cell in code(path)) >= 4
    assert "## Remember" in text
    assert len(re.findall(r"<details><summary>\d\.", text)) == 5
    assert "exercises/" in text


@named(CHAPTERS)
def test_every_prediction_is_followed_by_a_folded_result(path):
    cells = read(path).cells
    for index, cell in enumerate(cells):
        if '<div class="prediction">' in cell.source:
            assert cell.source.count("<details>") >= 2
            assert "hide-output" in cells[index + 1].metadata.get("tags", [])


@named(CHAPTERS)
def test_a_number_to_type_is_one_that_the_output_shows(path):
    cells = read(path).cells
    for index, cell in enumerate(cells):
        for wanted in re.findall(r'<label>Your number: <input pattern="([^"]+)" required', cell.source):
            shown = str([output.get("text") or output.data["text/plain"] for output in cells[index + 1].outputs])
            assert any(re.fullmatch(wanted, number) for number in re.findall(r"\d+", shown)), cell.source


@named(CHAPTERS)
def test_the_text_has_no_filler(path):
    assert not FILLER.findall(prose(path))


def messages():
    """Return the messages that the pages show: of errors, and what cells print of a warning or of another process."""
    for path in PAGES:
        for output in (output for cell in code(path) for output in cell.outputs):
            if output.output_type == "error":
                yield from (output.ename, output.evalue)
            elif output.output_type == "stream":
                yield from (re.sub(r"^(rank \d|\w+): ", "", line) for line in output.text.splitlines())


@named(CHAPTERS)
def test_a_message_in_the_table_of_errors_begins_as_torch_words_it(path):
    table = prose(path).split("## Errors you will meet")[1].split("\n## ")[0]
    shown = {message[:55] for message in messages()}  # some pages print no more of one
    begins = re.findall(r"^\| `([^`]+)`", table, re.MULTILINE)
    assert begins
    assert [text for text in begins if not any(message.startswith(text[:55]) for message in shown)] == []
