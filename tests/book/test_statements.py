"""What the pages say of all cases, or of none, is tried on inputs of other kinds than theirs."""

from pathlib import Path

import pytest
from support.course import ROOT
from support.probes import PAGES, PROBED, RULES, TABLES, TORCH, failing
from support.statements import prose, sentences, strong

from gradstop.course.torch_versions import read_versions

FOLDER = Path(__file__).parent / "statements"
ELSEWHERE = {
    (one.page, one.sentence): one.kinds
    for torch, found in read_versions(ROOT).items()
    for one in found.statements
    if torch == TORCH
}


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


@pytest.mark.parametrize(
    ("page", "sentence", "probe"), [pytest.param(*one, id=f"{one[0]}: {one[1][:60]}") for one in PROBED]
)
def test_a_statement_holds_for_other_kinds_of_input(page, sentence, probe):
    """On another torch, for all but those of which the page says that it does not."""
    assert failing(probe) == ELSEWHERE.get((f"book/{page}", sentence), ())
