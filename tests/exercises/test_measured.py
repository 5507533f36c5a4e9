"""The page of measurements counts what there is."""

import json

from support.course import BENCHES, ROOT
from support.mutants import mutants
from support.threats import threats


def test_the_page_of_measurements_counts_what_there_is():
    exercises = [(bench, name) for bench in BENCHES for name in bench.cases]
    cases = [case for bench, name in exercises for case in bench.cases[name]]
    runs = sum(len(trials) for bench, name in exercises for trials in bench.recorded[name].trials.values())
    wrong, right = (sum(len(getattr(bench, kind)[name]) for bench, name in exercises) for kind in ("wrong", "right"))
    changes = sum(len(mutants(b.cells[name].source, b.domains[name].in_arguments)) for b, name in exercises)
    tables = [json.loads(path.read_text()) for path in (ROOT / "tests" / "mutants").glob("*.json")]
    survivors = sum(len(found) for table in tables for found in table.values())
    rows = f"""\
| threats in the adversarial suite, each with a control | {len(threats())} |
| assignments, exercises, cases, and runs of a function in all | {len(BENCHES)}, {len(exercises)}, {len(cases)}, {runs:,} |
| known wrong answers, all caught and named, the same under every seed | {wrong:,} |
| other right answers, all accepted, the same under every seed | {right} |
| mechanical changes of the solutions; survivors, each read and written down as right | {changes:,}; {survivors} |
"""
    missing = set(rows.splitlines()) - set((ROOT / "docs" / "measured.md").read_text().splitlines())
    assert not missing, f"docs/measured.md should say: {missing}"
