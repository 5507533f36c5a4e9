"""Why there is no function of an exercise's name is said in words that a student can act on."""

import pytest

from gradstop.compare import CaseVerdict, Difference, Verdict
from gradstop.grading.inside.channel import MISSING, WITHOUT
from gradstop.grading.judging.judge import Judged
from gradstop.grading.judging.reasons import with_reasons

DEFINES = "def stop(x):\n    return x.detach()"
NO_FUNCTION = Difference("the result", "raised", "", f"raises NameError ({MISSING})", "returns", "")
PLACE = "(<ipython-input-3-0a1b2c>, line 2)"
REASONS = {
    "an error": (DEFINES, ("ValueError", "two\nlines"), "its cell stops with ValueError: two lines"),
    "one that says nothing": (DEFINES, ("AssertionError", ""), "its cell stops with AssertionError"),
    "a line of the cell": (
        f"{DEFINES}\n",
        ("SyntaxError", f"invalid syntax {PLACE}"),
        "its cell stops with SyntaxError: invalid syntax, in its line 2: return x.detach()",
    ),
    "a line that is not there": (
        "x",
        ("SyntaxError", f"invalid {PLACE}"),
        f"its cell stops with SyntaxError: invalid {PLACE}",
    ),
    "a line of another file": (
        DEFINES,
        ("SyntaxError", "invalid (helper.py, line 1)"),
        "its cell stops with SyntaxError: invalid (helper.py, line 1)",
    ),
    "in a class": (
        "class A:\n    def stop(self, x):\n        pass",
        None,
        f"{MISSING}: where it is defined it is indented, so it belongs to what it stands in",
    ),
    "another name": (DEFINES.replace("stop", "Stop"), None, f"{MISSING}. Did you mean 'Stop'?"),
    "removed later": (
        DEFINES,
        None,
        f"{MISSING} at its end: it was defined, and a later cell has removed it, as %reset and del do",
    ),
    "only called": ("stop(x)", None, f"{MISSING}."),
    "a magic that keeps nothing": (
        f"%%timeit -n 1\n{DEFINES}",
        None,
        "its cell begins with %%timeit -n 1, which keeps nothing that it defines: remove that",
    ),
    "a line passed over": (
        "import nsp\n@nsp.jit\ndef stop(x): pass",
        ("ImportError", f"no nsp; {WITHOUT} 'import nsp': it is not here"),
        f"{WITHOUT} 'import nsp': it is not here (ImportError: no nsp)",
    ),
    "nothing": ("", None, f"{MISSING}."),
}


def code(source, name=""):
    return {"cell_type": "code", "source": source, "metadata": {"nbgrader": {"grade_id": name}} if name else {}}


def reason(cells, number, error):
    judged = Judged(Verdict("stop", (CaseVerdict("it is called", (), (NO_FUNCTION,)),)))
    shown = [{"output_type": "error", "ename": error[0], "evalue": error[1], "traceback": []}] if error else []
    return with_reasons({"stop": judged}, cells, {number: shown})["stop"].verdict.problem


@pytest.mark.parametrize("name", REASONS)
def test_it_is_said_why_there_is_no_function(name):
    source, error, said = REASONS[name]
    assert reason([code("import torch"), code(source, "stop")], 1, error) == said


def test_the_error_of_another_cell_that_would_define_it_is_said():
    cells = [code("", "stop"), code(DEFINES)]
    assert reason(cells, 1, ("ValueError", "x")) == "its cell stops with ValueError: x"


def test_a_function_that_stands_in_a_text_is_named():
    cells = [{**code(DEFINES), "cell_type": "markdown"}, code("", "stop")]
    assert reason(cells, 1, None) == f"{MISSING}: it stands in a text, which is not run; make that a code cell"


def test_of_a_function_that_is_defined_twice_in_a_cell_the_first_place_counts():
    assert "it is indented" not in reason([code("stop = 1\nif x:\n    def stop(x): pass", "stop")], 0, None)
