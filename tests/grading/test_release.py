"""The student copy: made from the solutions, without them, and never stale."""

import filecmp
import json
import os

import pytest
from support.course import ASSIGNMENTS, ROOT, bench_of, observed_anew, together

from gradstop.authoring.refresh import release
from gradstop.compare import compare
from gradstop.course import Assignment, graded_cells
from gradstop.grading.answer_key import references
from gradstop.grading.answer_key.lazy_imports import lazy_imports_of
from gradstop.reference_file import read_reference_file

pytestmark = pytest.mark.parametrize(
    "assignment", [pytest.param(one, id=one.name, marks=together(bench_of(one.name))) for one in ASSIGNMENTS]
)
# For which the seeds, too, are picked anew, and in a process what is loaded late: one, and all where a number of seeds
# is asked for, as on GitHub.
WHOLE = [one.name for one in ASSIGNMENTS] if os.environ.get("GRADSTOP_SEEDS") else ["03-detach"]
BEGIN, END, STUB = "### BEGIN SOLUTION", "### END SOLUTION", 'raise NotImplementedError("{}")'


def copy_of(assignment):
    return Assignment(ROOT / "exercises" / assignment.name)


def test_the_copy_holds_the_notebook_the_cases_and_the_recording(assignment):
    copy = copy_of(assignment)
    assert sorted(path.name for path in copy.folder.iterdir()) == sorted(
        [copy.notebook.name, "cases.py", "reference.json"]
    )
    assert filecmp.cmp(assignment.cases, copy.cases, shallow=False)


def test_stub_and_solution_differ_only_where_marked(assignment):
    cells = zip(graded_cells(assignment.notebook), graded_cells(copy_of(assignment).notebook), strict=True)
    for ours, theirs in cells:
        assert ours.grade_id == theirs.grade_id
        if not ours.solution:
            assert ours.source == theirs.source
            continue
        before, rest = ours.source.split(BEGIN)
        _, after = rest.split(END)
        assert theirs.source == before + STUB.format(ours.grade_id) + after


def test_markdown_is_the_same(assignment):
    texts = [
        [cell["source"] for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "markdown"]
        for path in (assignment.notebook, copy_of(assignment).notebook)
    ]
    assert texts[0] == texts[1]


def solution_lines(assignment):
    for cell in graded_cells(assignment.notebook):
        if cell.solution:
            body = cell.source.split(BEGIN)[1].split(END)[0]
            lines = (line.strip() for line in body.splitlines())
            yield from (line for line in lines if line not in ("", "super().__init__()"))  # each module begins with it


def test_no_file_of_the_copy_holds_a_solution_or_a_right_answer(assignment):
    """Neither the solutions' lines nor the names of the right answers; the wrong answers' sentences are meant to be."""
    texts = {path: path.read_text() for path in copy_of(assignment).folder.iterdir()}
    secrets = set(solution_lines(assignment))
    secrets |= {answer.name for known in bench_of(assignment.name).right.values() for answer in known}
    assert secrets
    for path, text in texts.items():
        assert not [secret for secret in secrets if secret in text], path


def test_the_outputs_are_empty(assignment):
    cells = json.loads(copy_of(assignment).notebook.read_text())["cells"]
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in cells)


def recorded_anew(assignment, _):
    """Return what is recorded, observed anew under the recorded seeds: to pick seeds takes most of the time."""
    bench = bench_of(assignment.name)
    assert bench.recorded.keys() == bench.cases.keys()
    for name, recorded in bench.recorded.items():
        assert {case.name: case.title for case in bench.cases[name]} == recorded.titles
    return {name: observed_anew(bench, name) for name in bench.recorded}


@pytest.mark.slow
def test_generating_again_changes_nothing(assignment, tmp_path, monkeypatch):
    stored = read_reference_file(copy_of(assignment))
    if assignment.name not in WHOLE:
        monkeypatch.setattr(references, "assignment_references", recorded_anew)
    root = tmp_path / "course"
    root.mkdir()
    for name in ("solutions", "book", "nbgrader_config.py"):
        (root / name).symlink_to(ROOT / name)
    release(root, assignment)
    fresh = Assignment(root / "exercises" / assignment.name)
    assert fresh.notebook.read_text() == copy_of(assignment).notebook.read_text()
    assert fresh.cases.read_text() == assignment.cases.read_text()
    require_alike(stored, read_reference_file(fresh))
    if assignment.name in WHOLE:
        assert json.loads(assignment.lazy_imports.read_text()) == lazy_imports_of(assignment)


def require_alike(stored, fresh):
    """Compare recordings, and not by bytes: another processor may round the last digit otherwise."""
    assert stored.torch == fresh.torch
    assert stored.sections == fresh.sections
    assert list(stored.references) == list(fresh.references)
    for name, old in stored.references.items():
        new = fresh.references[name]
        assert old.titles == new.titles
        assert old.parameters == new.parameters
        assert [wrong for wrong, _ in old.behaviours] == [wrong for wrong, _ in new.behaviours]
        for case, trials in old.trials.items():
            for was, now in zip(trials, new.trials[case], strict=True):
                assert was.setups == now.setups
                assert was.record.given == now.record.given
                assert compare(was.record, now.record) == []
                assert [o.asked for o in was.record.observations] == [o.asked for o in now.record.observations]
