"""The probes of the pages' sentences; as a program it keeps which of them find something else on this torch.

PYTHONPATH=tests:tests/book python -m support.probes
"""

import importlib
import warnings
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version

from support.course import ROOT

from gradstop.authoring.torch_versions import write_version
from gradstop.course.torch_versions import StatementDifference, read_versions

TORCH = version("torch").partition("+")[0]
# The pages whose sentences are tried so far.
PAGES = {
    "cheat_sheet": "cheat-sheet.md",
    "clone": "06-clone.ipynb",
    "computation_graph": "01-computation-graph.ipynb",
    "detach": "03-detach.ipynb",
    "detach_in_place": "04-detach-in-place.ipynb",
    "in_place": "07-in-place.ipynb",
    "requires_grad": "02-requires-grad.ipynb",
    "choose": "choose.ipynb",
    "not_noticed": "not-noticed.ipynb",
    "no_grad": "05-no-grad.ipynb",
    "memory": "08-memory.ipynb",
    "patterns": "09-patterns.ipynb",
    "reinforcement": "09-reinforcement.ipynb",
    "agents": "09-agents.ipynb",
    "representation": "09-representation.ipynb",
    "gradients_by_hand": "09-gradients-by-hand.ipynb",
    "scale": "10-scale.ipynb",
    "checkpointing": "10-checkpointing.ipynb",
    "fine_tuning": "10-fine-tuning.ipynb",
    "processes": "10-processes.ipynb",
    "claims": "claims.ipynb",
    "errors": "errors.md",
    "errors_backward": "errors-backward.ipynb",
    "errors_func": "errors-func.ipynb",
    "errors_functions": "errors-functions.ipynb",
    "errors_in_place": "errors-in-place.ipynb",
    "errors_leaving": "errors-leaving.ipynb",
    "errors_modules": "errors-modules.ipynb",
    "errors_scale": "errors-scale.ipynb",
    "glossary": "glossary.md",
}
MODULES = {page: importlib.import_module(f"statements.{module}") for module, page in PAGES.items()}
TABLES = {page: module.STATEMENTS for page, module in MODULES.items()}
RULES = {page: module.RULES for page, module in MODULES.items() if hasattr(module, "RULES")}
PROBED = [
    (page, sentence, probe)
    for page, table in [*TABLES.items(), *RULES.items()]
    for sentence, probe in table.items()
    if callable(probe)
]


def failing(probe: Callable[[], dict[str, bool]]) -> tuple[str, ...]:
    """Return the kinds of input for which a sentence does not hold."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outcome = probe()
    assert outcome
    return tuple(kind for kind, holds in outcome.items() if not holds)


def main() -> None:
    """Keep the sentences that do not hold here, beside what is known of this torch: after ``make versions``."""
    known = read_versions(ROOT)[TORCH]
    tried = [StatementDifference(f"book/{page}", sentence, failing(probe)) for page, sentence, probe in PROBED]
    found = [one for one in tried if one.kinds]
    write_version(ROOT, TORCH, replace(known, tried={**known.tried, "statements": len(tried)}, statements=found))
    print(f"torch {TORCH}: {len(found)} of {len(tried)} sentences do not hold for some kinds of input")


if __name__ == "__main__":
    main()
