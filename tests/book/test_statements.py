"""What the pages say of all cases, or of none, is tried on inputs of other kinds than theirs."""

import importlib
import warnings
from pathlib import Path

import pytest
from support.course import ROOT
from support.statements import prose, sentences, strong

FOLDER = Path(__file__).parent / "statements"
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
    pytest.param(probe, id=f"{page}: {sentence[:60]}")
    for page, table in [*TABLES.items(), *RULES.items()]
    for sentence, probe in table.items()
    if callable(probe)
]


def test_each_table_belongs_to_a_page():
    assert {path.stem for path in FOLDER.glob("*.py")} == {*PAGES, "__init__"}


@pytest.mark.parametrize("page", TABLES)
def test_no_sentence_of_that_kind_is_without_an_entry(page):
    stand = strong(ROOT / "book" / page)
    assert [sentence for sentence in stand if sentence not in TABLES[page]] == [], "say how it was tried"
    assert [sentence for sentence in TABLES[page] if sentence not in stand] == [], "the page says it no more"


@pytest.mark.parametrize("page", RULES)
def test_a_rule_without_such_a_word_stands_there(page):
    assert set(RULES[page]) <= set(sentences(prose(ROOT / "book" / page)))


@pytest.mark.parametrize("page", TABLES)
def test_where_nothing_is_tried_the_reason_stands(page):
    assert all(callable(entry) or len(entry.split()) >= 4 for entry in TABLES[page].values())


@pytest.mark.parametrize("probe", PROBED)
def test_a_statement_holds_for_other_kinds_of_input(probe):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outcome = probe()
    assert outcome
    assert [kind for kind, holds in outcome.items() if not holds] == []
