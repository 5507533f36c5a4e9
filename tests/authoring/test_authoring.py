"""The kit for authors: a new exercise is laid out, vetted, and refused with the reason while it is malformed."""

import re
import shutil

import nbformat
import pytest
from support.course import ROOT

from gradstop.authoring.bench import Bench
from gradstop.authoring.domain import FEATURES, features_met
from gradstop.authoring.new import new_exercise
from gradstop.authoring.refresh import refresh
from gradstop.authoring.vet import vet
from gradstop.course import CourseError, find_assignment

CASES = """
import torch
from gradstop.observe import case


@case("double", "x is of each kind")
def each_kind(double, draw, see):
    x = draw.tensor("x", draw.choice("leaf", "interior"))
    result = see.call(double, x)
    see.value("the result", result, "the result is twice x")
    later = yield
    weights = later.numbers(x.shape)
    see.gradients("the backward", lambda: (result * weights).sum().backward(), "x learns", x=draw.source(x))
"""
RIGHT = "from gradstop.course import right\n\n@right('double')\ndef added(x):\n    return x + x\n"
WRONG = (
    "from gradstop.course import wrong\n\n"
    "@wrong('double', 'cut-the-wrong-operand', 'a detached x.', '10-hooks#a')\ndef cut(x):\n    return 2 * x.detach()\n"
)


@pytest.fixture
def course(tmp_path):
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    return tmp_path


def domain(bench):
    """Return a table in which what the cases meet is drawn, and the rest means nothing."""
    met = features_met(bench.cases.get("double", []), bench.solutions["double"])
    rest = {feature for group in ("tensor", "any") for feature in FEATURES[group]} - met
    return f"[double]\ninputs = ['tensor']\ndrawn = {sorted(met)}\nmeaningless = {sorted(rest)}\n"


def bench(course, cases=CASES, right=RIGHT, wrong=WRONG, solution="2 * x", points=1):
    """Lay out the exercise 10-hooks/double and fill it in."""
    new_exercise(course, "10-hooks/double")
    assignment = find_assignment(course, "10-hooks")
    for name, text in (("cases.py", cases), ("right_answers.py", right), ("wrong_answers.py", wrong)):
        (assignment.folder / name).write_text(text)
    (assignment.folder / "domain.toml").write_text(domain(Bench(assignment)))
    notebook = assignment.notebook.read_text().replace("    return x", f"    return {solution}")
    assignment.notebook.write_text(notebook.replace('"points": 1', f'"points": {points}'))
    return Bench(assignment)


def test_an_exercise_that_is_filled_in_is_sound(course):
    assert vet(bench(course), "double") == []


def test_what_is_laid_out_is_refused_until_it_is_filled_in(course):
    new_exercise(course, "10-hooks/double")
    faults = vet(Bench(find_assignment(course, "10-hooks")), "double")
    assert any("right answer another_way_double is refused" in fault for fault in faults)


def test_a_second_exercise_joins_the_assignment(course):
    new_exercise(course, "10-hooks/double")
    new_exercise(course, "10-hooks/treble")
    laid = Bench(find_assignment(course, "10-hooks"))
    assert list(laid.solutions) == ["double", "treble"]
    assert set(laid.cases) == {"double", "treble"}


@pytest.mark.parametrize("name", ["double", "10/double", "10-hooks/Double", "10-Hooks/x", "../10-hooks/x", "10-hooks/"])
def test_a_name_of_another_form_is_refused(course, name):
    with pytest.raises(CourseError, match="NN-topic/function"):
        new_exercise(course, name)


def test_a_name_that_is_taken_is_refused(course):
    new_exercise(course, "10-hooks/double")
    with pytest.raises(CourseError, match="already"):
        new_exercise(course, "10-hooks/double")


def blocks():
    """Return the blocks of the book's page for authors, in order."""
    page = (ROOT / "book" / "write-an-exercise.md").read_text()
    return re.findall(r"```(?:python|toml|markdown)\n(.*?)```", page, flags=re.DOTALL)


def lock_rows(course, drop=""):
    """Lay out the page's worked example, without the case named ``drop``."""
    new_exercise(course, "11-rows/lock_rows")
    bench = Bench(find_assignment(course, "11-rows"))
    statement, solution, cases, domain, right, wrong = blocks()
    if drop:
        domain = "\n".join(line for line in domain.splitlines() if "called again" not in line and ".grad" not in line)
    files = {"cases.py": cases, "domain.toml": domain, "right_answers.py": right, "wrong_answers.py": wrong}
    for name, text in files.items():
        (bench.assignment.folder / name).write_text(text + (f"\n\ndel {drop}\n" if drop and name == "cases.py" else ""))
    notebook = nbformat.read(bench.assignment.notebook, as_version=4)
    for cell in notebook.cells:
        mark = cell.metadata.get("nbgrader", {})
        cell.source = solution if mark.get("solution") else cell.source
        cell.source = statement if cell.cell_type == "markdown" and "## lock_rows" in cell.source else cell.source
        if mark.get("grade"):
            mark["points"] = 2 - bool(drop)
    nbformat.write(notebook, bench.assignment.notebook)
    return bench


def test_the_books_worked_example_is_sound(course):
    assert vet(lock_rows(course), "lock_rows") == []


def test_the_books_prediction_about_it_is_true(course):
    faults = vet(lock_rows(course, drop="another_use"), "lock_rows")
    passing = [fault for fault in faults if "passes" in fault]
    assert len(passing) == 1
    assert "the wrong answer hook_on_w passes under 5 of 5 seeds" in passing[0]
    assert any("neither drawn nor excluded" in fault for fault in faults)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[double]", "[treble]", "domain.toml has no table for it"),
        ("'leaf', ", "", "a case meets 'leaf', and domain.toml does not say so"),
        ("'constant', ", "", "'constant' is neither drawn nor excluded"),
        ("drawn = [", "drawn = ['a shared parameter', ", "'a shared parameter' is drawn, and no case meets it"),
        ("'constant', ", "'x']\nexcluded = {'constant' = 'no such words'}\n#", "does not have: 'no such words'"),
    ],
)
def test_a_domain_that_is_not_so_is_refused(course, old, new, said):
    made = bench(course)
    path = made.assignment.folder / "domain.toml"
    path.write_text(path.read_text().replace(old, new, 1))
    assert any(said in fault for fault in vet(made, "double"))


@pytest.mark.parametrize("text", ["[double", "[double]\ninputs = 3", "[double]\ninputs = ['x']\ndrawn = []"])
def test_a_damaged_domain_is_named(course, text):
    made = bench(course)
    (made.assignment.folder / "domain.toml").write_text(text)
    with pytest.raises(CourseError, match=r"10-hooks/domain\.toml cannot be read"):
        vet(made, "double")


def test_refresh_refuses_a_malformed_exercise(course):
    bench(course, wrong=WRONG.replace("2 * x.detach()", "2 * x"))
    with pytest.raises(CourseError, match="10-hooks is not released"):
        list(refresh(course))
    assert not (course / "exercises").exists()


def test_refresh_asks_for_a_part_of_the_path_within_the_course(course):
    bench(course)
    assert list(refresh(course, course.name)) == []


STUB_PASSES = CASES.replace("see.call(double, x)", "2 * x")
FIXED = CASES.replace('draw.tensor("x", draw.choice("leaf", "interior"))', "torch.tensor([1.0, 2.0]).requires_grad_()")
FIXED = FIXED.replace("later.numbers(x.shape)", "1.0").replace("draw.source(x)", "x")
RANDOM = CASES.replace("    later = yield", '    see.value("noise", torch.seed())\n    later = yield')
LEAF_ONLY = RIGHT.replace("return x + x", "return x + x if x.is_leaf else x.clone()")
SECOND = WRONG + WRONG.partition("\n\n")[2].replace("def cut", "def cut_again").replace("2 * x.detach()", "2 * x.data")
ROUGH = "import torch\n" + WRONG.replace("2 * x.detach()", "2 * x if x.is_leaf and float(x.flatten()[0]) > 0 else x")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cases": "from gradstop.observe import case\n"}, "has no case"),
        ({"points": 0}, "cannot share"),
        ({"cases": STUB_PASSES}, "the stub passes when x is of each kind"),
        ({"cases": FIXED}, "a recording of another seed passes when"),
        ({"cases": RANDOM}, "something in it is random"),
        ({"wrong": WRONG.replace("2 * x.detach()", "2 * x")}, "the wrong answer cut passes under 5 of 5 seeds"),
        ({"right": RIGHT.replace("x + x", "3 * x")}, "the right answer added is refused under 5 of 5 seeds"),
        ({"right": LEAF_ONLY}, "the right answer added is refused"),
        ({"wrong": SECOND}, "cut and cut_again are observed alike"),
    ],
    ids=["no case", "no points", "stub", "recording", "random", "wrong passes", "right fails", "half right", "alike"],
)
def test_a_malformed_exercise_is_refused_with_the_reason(course, changes, said):
    assert any(said in fault for fault in vet(bench(course, **changes), "double"))


def test_a_case_that_a_constant_passes_is_refused(course):
    cases = CASES.replace("return 2 * x", "return 2.0").replace(
        'see.value("the result", result, "the result is twice x")', 'see.value("drawn", draw.number())'
    )
    cases = cases.replace(
        'see.gradients("the backward", lambda: (result * weights).sum().backward(), "x learns", x=draw.source(x))',
        'see.value("later", later.number())',
    )
    faults = vet(bench(course, cases=cases), "double")
    assert any("always returns 0.0 passes" in fault for fault in faults)
