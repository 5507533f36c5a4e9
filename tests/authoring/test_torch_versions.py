"""Another version of torch: what differs there is found, kept, and named where it matters."""

import json

import nbformat
import pytest
from support.course import ROOT, bench_of
from support.statements import prose, sentences

from gradstop.authoring.bench import Bench
from gradstop.authoring.torch_versions import cell_differences, verdict_differences, write_version
from gradstop.course.torch_versions import (
    CellDifference,
    StatementDifference,
    TorchVersion,
    VerdictDifference,
    read_versions,
)

SOURCES = ["1 + 1", "print('one')\nprint('/home/me/python3.11/site-packages/torch/two')", "raise ValueError('no')"]


@pytest.mark.slow
def test_a_cell_whose_output_is_another_one_is_found_with_its_lines(tmp_path):
    path = tmp_path / "page.ipynb"
    cells = [nbformat.v4.new_code_cell(source) for source in SOURCES]
    cells[2].metadata["tags"] = ["raises-exception"]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbformat.write(notebook, path)
    from gradstop.authoring.refresh import execute

    execute(path)
    assert list(cell_differences(path, "book/page.ipynb")) == []
    stored = json.loads(path.read_text())
    stored["cells"][1]["outputs"][0]["text"] = "one\nthree\n"
    stored["cells"][2]["outputs"][0]["evalue"] = "never"
    path.write_text(json.dumps(stored))
    second, third = cell_differences(path, "book/page.ipynb")
    assert (second.cell, second.stored, second.here) == (stored["cells"][1]["id"], ("three",), ("torch/two",))
    assert (third.stored, third.here) == (("never",), ("no",))
    assert json.loads(path.read_text()) == stored


def test_a_verdict_that_is_another_one_is_found():
    bench = Bench(bench_of("03-detach").assignment)
    assert list(verdict_differences(bench, "to_numpy_copy")) == []
    bench.right["to_numpy_copy"], bench.wrong["to_numpy_copy"] = bench.wrong["to_numpy_copy"], []
    found = list(verdict_differences(bench, "to_numpy_copy"))
    assert len(found) == len(bench.right["to_numpy_copy"])
    assert {(one.wanted, one.got) for one in found} == {("agrees", "differs")}
    bench.solutions["to_numpy_copy"] = bench.right["to_numpy_copy"][0].function
    assert next(verdict_differences(bench, "to_numpy_copy")).answer == "the solution"


def test_what_was_found_is_kept_in_the_place_of_what_was_known(tmp_path):
    (tmp_path / "book").mkdir()
    assert read_versions(tmp_path) == {}
    cell = CellDifference("book/page.ipynb", "a", 3, ("was",), ("is",))
    statement = StatementDifference("book/page.ipynb", "All are.", ("this one",))
    for found in ([cell], [], [cell]):
        write_version(tmp_path, "9.1.0", TorchVersion("3.11", {"cells": 4}, found, statements=[statement]))
    write_version(tmp_path, "9.0.0", TorchVersion("3.11", {"cells": 4}, [], [VerdictDifference("f", "g", "a", "b")]))
    kept = read_versions(tmp_path)
    assert list(kept) == ["9.0.0", "9.1.0"]
    assert kept["9.1.0"].cells == [cell]
    assert kept["9.1.0"].statements == [statement]
    assert kept["9.0.0"].verdicts[0].exercise == "f"


def test_what_the_repository_keeps_names_cells_and_sentences_that_are_there():
    for torch, found in read_versions(ROOT).items():
        for cell in found.cells:
            ids = {one["id"] for one in json.loads((ROOT / cell.page).read_text())["cells"]}
            assert cell.cell in ids, f"{cell.page} has changed since: make versions TORCH={torch}"
        for one in found.statements:
            assert one.sentence in sentences(prose(ROOT / one.page)), f"{one.page} has changed since, as above"


def test_the_readme_says_how_much_differs():
    kept = read_versions(ROOT)
    (cells,) = {found.tried["cells"] for found in kept.values()}
    differ = " and ".join(str(len(found.cells)) for found in kept.values())
    said = " ".join((ROOT / "README.md").read_text().split())
    assert f"{' and '.join(kept)} were tried" in said
    assert f"{differ} of {cells:,} cells give something else" in said
    assert ("all known answers get the same verdicts" in said) == (not any(found.verdicts for found in kept.values()))
