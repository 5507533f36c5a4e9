"""nbgrader's Execute with a judge: runs the learner's cells, then decides the check cells' scores from outside."""

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any

from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import Execute
from nbgrader.utils import is_grade

from gradstop.compare import Reference, Verdict, as_html
from gradstop.course import CHECK, find_assignment, section_titles
from gradstop.grading.judge import judge_all, listening
from gradstop.grading.references import secret_references

# What the submission's kernel is told once its own cells have run.
_SERVE = "__import__('gradstop.observe.remote', fromlist=['serve']).serve({address!r}, globals())"


class JudgedExecute(Execute):  # type: ignore[misc]
    """Runs a submission's cells, all but the check cells, and has each exercise observed and judged.

    A check cell's outputs are replaced by one result: the score, and the differences as a table. Nothing that
    the submission prints or returns decides a score. A cell that kills the kernel is left out, and the rest
    run again without it.
    """

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any], km: Any = None
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Run and judge one notebook. ``resources["nbgrader"]`` names the assignment."""
        root = Path(CourseDirectory(parent=self).root)
        assignment = find_assignment(root, resources["nbgrader"]["assignment"])
        references = secret_references(assignment)
        verdicts = self._run(nb, resources, km, assignment.read_cases(), references)
        sections = section_titles(root)
        for cell in nb.cells:
            if _is_check(cell):
                name, points = cell.metadata.nbgrader["grade_id"].removeprefix(CHECK), cell.metadata.nbgrader["points"]
                known = name in references
                output = _result(verdicts[name], references[name], float(points), sections) if known else _unknown(name)
                cell.outputs = [output]
        return nb, resources

    def _run(
        self, nb: NotebookNode, resources: dict[str, Any], km: Any, cases: str, references: dict[str, Reference]
    ) -> dict[str, Verdict]:
        deadly: set[int] = set()
        while True:
            try:
                with self._executed(nb, resources, km, deadly), listening() as server:
                    return judge_all(server, self._serve, cases, references)
            except DeadKernelError:
                deadly.add(self._index)
                nb.cells[self._index].outputs = [_died()]

    @contextmanager
    def _executed(self, nb: NotebookNode, resources: dict[str, Any], km: Any, skipped: set[int]) -> Iterator[None]:
        """Run all cells but the checks and those that kill, and keep the kernel for the body."""
        NotebookClient.__init__(self, nb, km)
        self.reset_execution_trackers()
        self._check_assign_resources(resources)
        with self.setup_kernel():
            for self._index, cell in enumerate(nb.cells):
                if self._index not in skipped and not _is_check(cell):
                    self.preprocess_cell(cell, resources, self._index)
            yield

    def _serve(self, address: str) -> None:
        self.kc.execute(_SERVE.format(address=address), silent=True, store_history=False)


def _is_check(cell: NotebookNode) -> bool:
    return is_grade(cell) and str(cell.metadata.nbgrader["grade_id"]).startswith(CHECK)


def _result(verdict: Verdict, reference: Reference, points: float, sections: dict[str, str]) -> NotebookNode:
    """Return the one output that nbgrader reads: ``text/plain`` is the score.

    The seeds stay with it, so that the verdict can be repeated and explained.
    """
    score = points * verdict.passed / len(verdict.cases)
    seeds = {case: [turn.seeds for turn in turns] for case, turns in reference.turns.items()}
    data = {"text/plain": repr(score), "text/html": as_html(verdict, sections)}
    return new_output("execute_result", data, execution_count=1, metadata={"gradstop": {"seeds": seeds}})


def _unknown(name: str) -> NotebookNode:
    return new_output("execute_result", {"text/plain": "0.0", "text/html": f"<p>{escape(name)} has no cases.</p>"})


def _died() -> NotebookNode:
    return new_output(
        "error",
        ename="KernelDied",
        evalue="the kernel died while this cell ran",
        traceback=["The kernel died while this cell ran. The other cells were run again without it."],
    )
