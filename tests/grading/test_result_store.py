"""What is kept of graded submissions: read back as it was written, also what earlier versions wrote."""

import json
import sqlite3
from contextlib import closing

import pytest

from gradstop.course import CourseError
from gradstop.grading.graded_submission import ExerciseScore, GradedSubmission
from gradstop.grading.result_store import FORMAT, ResultStore, result_store_of
from gradstop.record import Setup

NAME = "03-detach"
SCORE = ExerciseScore("stop", 2.0, 5.0, 2, 5, "when x: …", setups={"a case": [(Setup(1, (0, 2)), Setup(2))]})
GRADED = GradedSubmission("zoë", "f1", [SCORE], '{"cells": []}', lost=["cell 3: \N{SNOWMAN}"], limits={"timeout": 30.0})


def rewrite(path, change, number):
    """Change what is kept to what another version wrote, and the number of its format."""
    with closing(sqlite3.connect(path)) as database, database:
        (data,) = database.execute("SELECT data FROM outcome").fetchone()
        database.execute("UPDATE outcome SET data = ?", (json.dumps(change(json.loads(data))),))
        database.execute(f"PRAGMA user_version = {number}")


def with_bare_seeds(plain):
    """As it was before the options of a case were fixed."""
    score = {**plain.pop("scores")[0], "seeds": {"a case": [[1, 2]]}}
    del score["setups"]
    return {**plain, "marks": [score]}


def with_setups(plain):
    """As it was before the file had a format."""
    return {**plain, "marks": plain.pop("scores")}


@pytest.fixture
def store(tmp_path):
    found = result_store_of(tmp_path)
    found.keep(NAME, GRADED)
    return found


def test_what_is_kept_is_read_back(store):
    assert store.outcome(NAME, "zoë") == GRADED
    assert store.kept(NAME)["zoë"].score == 2.0


@pytest.mark.parametrize(
    ("earlier", "setups"),
    [(with_bare_seeds, [(Setup(1), Setup(2))]), (with_setups, SCORE.setups["a case"])],
)
def test_what_an_earlier_version_kept_is_read(store, tmp_path, earlier, setups):
    path = tmp_path / "grading" / "results.db"
    rewrite(path, earlier, 0)
    for _ in range(2):  # brought up to date once
        found = ResultStore(path).outcome(NAME, "zoë")
        assert found.scores[0].setups == {"a case": setups}
        assert (found.score, found.notebook, found.lost) == (2.0, GRADED.notebook, GRADED.lost)


def test_what_a_later_version_kept_is_refused_and_stays(store, tmp_path):
    path = tmp_path / "grading" / "results.db"
    rewrite(path, lambda plain: {**plain, "new": 1}, FORMAT + 1)
    before = path.read_bytes()
    with pytest.raises(CourseError, match=r"grading/results.db is of format 3.*update gradstop"):
        ResultStore(path)
    assert path.read_bytes() == before


def test_what_could_not_be_graded_is_kept_beside_an_earlier_score(store):
    store.keep(NAME, GradedSubmission("zoë", "f2", problem="damaged"))
    kept = store.kept(NAME)["zoë"]
    assert (kept.score, kept.problem_with("f2"), kept.problem_with("f1")) == (2.0, "damaged", "")
    assert store.outcome(NAME, "zoë") == GRADED
    store.rename("zoë", "zoe")
    assert store.kept(NAME)["zoe"].refused.student == "zoe"
    store.keep(NAME, GradedSubmission("zoe", "f3", [SCORE], "{}"))
    assert store.kept(NAME)["zoe"].refused is None


def test_what_never_had_a_score_says_why(store):
    store.keep(NAME, GradedSubmission("ann", "f1", problem="damaged"))
    store.keep(NAME, GradedSubmission("ann", "f2", problem="damaged still"))
    kept = store.kept(NAME)["ann"]
    assert (kept.score, kept.problem_with("f1"), kept.problem_with("f2")) == (None, "", "damaged still")


def test_a_file_of_before_what_is_kept_beside_is_read(store, tmp_path):
    path = tmp_path / "grading" / "results.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("ALTER TABLE outcome DROP COLUMN refused")
    assert ResultStore(path).outcome(NAME, "zoë") == GRADED
