"""What `gradstop.grading.inside.shell` relies on of IPython, each assumption by its name."""

import base64
import json

import pytest
from support.forks import printed_by

pytestmark = pytest.mark.slow
RAW = "display({{'text/plain': 'a plot', 'application/json': {}, 5: 'x'}}, raw=True)"
CELLS = {
    "no error yet": "%tb",
    "error": "def f():\n    1 / 0\nf()",
    "syntax": "f = )",
    "chain": "e = None\nfor n in range(60):\n try: raise OSError(n) from e\n except OSError as one: e = one\nraise e",
    "no code in code": "def f(n):\n    exec('f = )') if n == 0 else f(n - 1)\nf(100)",
    "usage": "%no_such_magic",
    "value": "[1,\n 2]",
    "display": "display(1, display_id='mine'); display(3)",
    "update": "handle = display(1, display_id='other'); handle.update(2)",
    "clear": "from IPython.display import clear_output\nprint(1); clear_output(); print(2)",
    "clear later": "print(1); clear_output(wait=True); print(2)",
    "figure": "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
    "figure at the end": "plt.plot([1, 2]) and None",
    "image": "from IPython.display import Image\nImage(data=b'\\x89PNG\\r\\n\\x1a\\n' + bytes(100))",
    "numbers": RAW.format("{'a': 1.5, 'b': (1, 2)}"),
    "not finite": RAW.format("{'a': float('nan')}"),
    "nested": "deep = []\nfor step in range(5_000):\n    deep = [deep]\n" + RAW.format("deep"),
    "keys": RAW.format("{(1, 2): b'bytes', None: object()}"),
    "no forms": "handle = display({}, raw=True, display_id=True)\nhandle.update(5, raw=True)",
    "unsaid": "class Odd(Exception):\n    def __str__(self):\n        raise ValueError\nraise Odd",
    "exit": "exit(0)\nprint('after')",
    "group": "raise ExceptionGroup('several', [ValueError('one')])",
    "history": "_",
    "of a display": "class Shown:\n    def _repr_html_(self):\n        raise OSError\nShown()",
    "last error": "%tb",
    "kept errors": "list(get_ipython().history_manager.exceptions.values())[-1]",
    "command": "import pty\npty.fork = None  # as where there is no terminal\n!echo listed; exit 3",
    "its status": "_exit_code",
}
CODE = """if True:
    import json, os, sys
    result = os.dup(1)
    from gradstop.grading.inside.shell import Cells
    cells = Cells()
    outputs = {name: cells.run(source) for name, source in json.loads(sys.argv[1]).items()}
    os.write(result, json.dumps(outputs, allow_nan=False).encode())
"""


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Run the cells in a shell of their own."""
    (line,) = printed_by(CODE, json.dumps(CELLS), cwd=tmp_path_factory.mktemp("shell"))
    return json.loads(line)


@pytest.mark.parametrize(
    ("cell", "name", "text"),
    [("error", "ZeroDivisionError", "division by zero"), ("syntax", "SyntaxError", "unmatched")],
)
def test_ipython_shows_an_error_by_showtraceback_of_its_shell_with_the_lines_of_the_traceback(
    outputs, cell, name, text
):
    (error,) = outputs[cell]
    assert (error["output_type"], error["ename"]) == ("error", name)
    assert text in error["evalue"]
    assert any(name in line for line in error["traceback"])


@pytest.mark.parametrize("cell", ["chain", "no code in code"])
def test_ipython_leaves_it_to_its_shell_how_much_is_shown_of_an_error(outputs, cell):
    (error,) = outputs[cell]
    assert 10 < len(error["traceback"]) < 30
    assert any("are left out here" in line for line in error["traceback"])


def test_a_usage_error_is_printed_and_said_in_the_result(outputs):
    printed, error = outputs["usage"]
    assert (printed["output_type"], printed["name"]) == ("stream", "stderr")
    assert (error["output_type"], error["ename"]) == ("error", "UsageError")
    assert "`%no_such_magic` not found" in error["evalue"]


def test_a_file_of_the_compiler_s_cache_is_known_as_a_cell(outputs):
    number = list(CELLS).index("error") + 1
    (error,) = outputs["error"]
    assert [line.splitlines()[0] for line in error["traceback"][:2]] == [
        f"Cell In[{number}], line 3",
        f"Cell In[{number}], line 2, in f",
    ]


@pytest.mark.parametrize("cell", ["last error", "of a display"])
def test_ipython_has_its_shell_show_the_last_error_and_one_of_a_display(outputs, cell):
    assert outputs[cell][0]["ename"] == "OSError"


def test_where_there_has_been_no_error_its_shell_is_asked_all_the_same(outputs):
    (said,) = outputs["no error yet"]
    assert (said["name"], said["text"]) == ("stderr", "There has been no error.\n")


def test_ipython_keeps_of_an_error_in_its_history_what_its_shell_makes_of_it(outputs):
    assert [one["data"]["text/plain"] for one in outputs["kept errors"]] == ["{}"]


def test_the_displayhook_is_told_the_prompt_s_number_and_then_the_formats_of_a_value(outputs):
    (result,) = outputs["value"]
    number = list(CELLS).index("value") + 1
    assert result == {
        "output_type": "execute_result",
        "execution_count": number,
        "data": {"text/plain": "[1, 2]"},
        "metadata": {},
    }


def test_the_displayhook_keeps_the_last_value_in_the_namespace(outputs):
    (result,) = outputs["history"]
    assert "Image" in result["data"]["text/plain"]


def test_display_goes_to_publish_and_gives_an_identity_in_transient(outputs):
    assert [one["data"] for one in outputs["display"]] == [{"text/plain": "1"}, {"text/plain": "3"}]
    assert {one["output_type"] for one in outputs["display"]} == {"display_data"}


def test_an_update_goes_to_publish_with_update_set_and_the_same_identity(outputs):
    assert [one["data"] for one in outputs["update"]] == [{"text/plain": "2"}]


@pytest.mark.parametrize("cell", ["clear", "clear later"])
def test_clear_output_goes_to_the_publisher(outputs, cell):
    assert [one["text"] for one in outputs[cell]] == ["2\n"]


@pytest.mark.parametrize("cell", ["figure", "figure at the end", "image"])
def test_a_picture_comes_as_text_in_base64_and_needs_no_encoding(outputs, cell):
    (shown,) = outputs[cell]
    assert base64.b64decode(shown["data"]["image/png"], validate=True).startswith(b"\x89PNG")


@pytest.mark.parametrize("cell", ["numbers", "not finite", "nested", "keys", "no forms"])
def test_what_is_displayed_raw_comes_as_it_is_and_its_texts_alone_are_kept(outputs, cell):
    (shown,) = outputs[cell]
    assert shown["data"] == ({} if cell == "no forms" else {"text/plain": "a plot"})


def test_an_error_that_cannot_be_said_is_one(outputs):
    *_, error = outputs["unsaid"]
    assert error["output_type"] == "error"


def test_an_exit_is_called_and_the_cell_goes_on_to_its_end_as_in_a_kernel(outputs):
    assert [one["text"] for one in outputs["exit"]] == ["after\n"]


def test_system_raw_runs_a_shell_command_without_a_terminal_and_keeps_its_status(outputs):
    assert [one["text"] for one in outputs["command"]] == ["listed\n"]
    assert [one["data"]["text/plain"] for one in outputs["its status"]] == ["3"]
