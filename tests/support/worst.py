"""Submissions that cost as much as one may: each fills what a class's grading does with it, at a limit."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.classroom import SOLVED, change

from gradstop.grading.intake import bounds

MB = 1_000_000
REOPENED = "<p>" + "".join(f"<i a{number}>" for number in range(400)) + "</p>"
RECURSE = "import sys\nsys.setrecursionlimit(10**6)\ndef f(n):\n if n == 0: raise ValueError('x')\n f(n - 1)\nf(20_000)"
CHAIN = (
    "e = ValueError()\nfor n in range(100_000):\n try: raise ValueError(n) from e\n except ValueError as new: e = new\n"
)
SHOW = "from IPython.display import publish_display_data as show\n"


def filled(unit: str, length: int) -> str:
    """Return a text that repeats a unit, no longer than that."""
    return unit * (length // len(unit))


def _cell(source: str, kind: str = "code", **more: Any) -> dict[str, Any]:
    shown = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "id": "x", "metadata": {}, "source": source, **shown, **more}


def _more_cells(*cells: dict[str, Any], times: int = 1) -> Callable[[Path], None]:
    return lambda notebook: change(notebook, lambda found: found["cells"].extend(list(cells) * times))


def _answers(edit: Callable[[str, str], str]) -> Callable[[Path], None]:
    """Change the source of each answer by its exercise."""

    def edited(found: dict[str, Any]) -> None:
        for cell in found["cells"]:
            name = cell["metadata"].get("nbgrader", {}).get("grade_id")
            if name in SOLVED:
                cell["source"] = edit(name, "".join(cell["source"]))

    return lambda notebook: change(notebook, edited)


def _many_files(notebook: Path) -> None:
    for number in range(bounds.MAX_ENTRIES - len(list(notebook.parent.iterdir()))):
        (notebook.parent / f"{number:05}").write_bytes(b"x" * (99_000 if number < bounds.MAX_FILES else 0))


def _in_each(body: str) -> Callable[[Path], None]:
    """Put lines at the beginning of each answer's function by a decorator around it."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return _answers(
        lambda name, source: (
            f"{source}\n_kept_{name} = {name}\ndef {name}(*a, **k):\n{lines}\n    return _kept_{name}(*a, **k)"
        )
    )


_REPORT = """
import os, socket
record = b'{"seen": [["a", "value", [' + b"[]," * 320_000 + b'0], ""]], "stopped": null}'
line = b'{"done": {"seen": [], "stopped": null}, "first": ' + record + b"}\\n"
for number in range(3, 64):
    try:
        connection = socket.socket(fileno=os.dup(number))
        connection.sendall(line * 2)
    except OSError:
        pass
"""

WORST: dict[str, Callable[[Path], None]] = {
    "4,000 entries, 20 MB beside the notebook": _many_files,
    "a notebook of 19 MB": _more_cells(_cell("", metadata={"a": "x" * 19 * MB})),
    "a million values": _more_cells(_cell("", metadata={"a": [[]] * (bounds.MAX_VALUES // 2 - 9_000)})),
    "700 cells of text": _more_cells(_cell("x ![" * 20, "markdown"), times=700),
    "700 cells of code": _more_cells(_cell("x = 1\n" * 8), times=700),
    "texts of 50,000 characters": _more_cells(
        _cell("|a|b|c|d\n" + filled("|-", 9) + filled("\n||||", bounds.MAX_TEXT - 99), "markdown"), times=10
    ),
    "code of 50,000 characters": _more_cells(_cell(filled("x=" * 40 + "\n", bounds.MAX_CODE)), times=3),
    "blank lines of code": _more_cells(_cell("x" + "\n" * 90_000 + "x")),
    "answers of 10,000 characters": _answers(
        lambda _, source: source + "\n" + filled("0,", bounds.MAX_ANSWER - len(source) - 9) + "0"
    ),
    "outputs of 10 MB": _more_cells(_cell("print('a' * 240_000)"), times=40),
    "very many outputs": _more_cells(_cell(SHOW + "for n in range(200): show({'text/plain': ''})"), times=700),
    "lines of an error": _more_cells(
        _cell("class E(Exception):\n def _render_traceback_(self): return ['x'] * 150_000\nraise E"), times=10
    ),
    "tracebacks of 20,000 frames": _more_cells(_cell(RECURSE), times=20),
    "infinite recursions": _more_cells(_cell("def f(n): return f(n + 1)\nf(0)"), times=100),
    "100,000 errors in a chain": _more_cells(_cell(CHAIN), times=9),
    "groups of 100,000 errors": _more_cells(_cell("raise ExceptionGroup('x', [ValueError('x')] * 100_000)"), times=20),
    "an error in each of 700 cells": _more_cells(_cell("1 / 0"), times=700),
    "messages of 50 MB": _more_cells(_cell("raise ValueError('\x1b[31m<' * 10_000_000)"), times=20),
    "messages of 10,000 characters": _more_cells(_cell("raise ValueError('\x1b[31m<' * 1_600)"), times=700),
    "lines of 100,000 characters in a traceback": _more_cells(
        _cell(f"def f(n): {'n += 0; ' * 12_000} return f(n + 1)\nf(0)"), times=9
    ),
    "HTML that grows": _more_cells(
        _cell(f"{SHOW}show({{'text/html': {REOPENED!r} + '<p>x' * 200_000, 'text/plain': ''}})"), times=9
    ),
    "HTML of 50,000 characters": _more_cells(
        _cell(f"{SHOW}show({{'text/html': '<table>' + 'a<p>' * 12_000, 'text/plain': ''}})")
    ),
    "10,000 colours": _more_cells(_cell(f"print('\\x1b[31mx' * {bounds.MAX_ESCAPES - 9})")),
    "colours of very many parameters": _more_cells(_cell("print('\\x1b[' + '1;' * 100_000 + 'mx')"), times=40),
    "10 MB of signs that HTML escapes": _more_cells(_cell("print('<' * 240_000)"), times=40),
    "10 MB of tags": _more_cells(
        _cell(f"{SHOW}show({{'text/html': '<p>x</p>' * 100_000, 'text/plain': ''}})"), times=10
    ),
    "2 MB reported of each exercise": _in_each(_REPORT),
    "a crash in each exercise": _in_each("import os; os._exit(1)"),
    "a crash in each exercise, and 700 cells": lambda notebook: (
        _in_each("import os; os._exit(1)")(notebook),
        _more_cells(_cell("x = 1"), times=700)(notebook),
    ),
    "a crash in each cell": _more_cells(_cell("import os; os._exit(1)"), times=700),
    "cells of spaces, and no function": lambda notebook: (
        _answers(lambda *_: "")(notebook),
        _more_cells(_cell(" " * 9_990), times=700)(notebook),
    ),
    "900 MB of memory in each exercise": _in_each("bytes(b'x') * 900_000_000"),
    "an endless loop in a cell": _more_cells(_cell("while True: pass")),
    "endless cells": _more_cells(_cell("while True: pass"), times=9),
    "endless exercises": _in_each("while True: pass"),
}
