"""Runs the cells of a learner's notebook without Jupyter: what an answer needs of a notebook is there."""

import asyncio
import linecache
import re
from ast import PyCF_ALLOW_TOP_LEVEL_AWAIT
from collections.abc import Callable, Iterator
from inspect import CO_COROUTINE
from pathlib import Path
from types import CodeType
from typing import Any
from unittest.mock import MagicMock

from gradstop.checking.captured_output import printed
from gradstop.checking.time_limit import TimeOver, endless, time_limit
from gradstop.course import CHECK, CourseError, read_json
from gradstop.course.files import keep

# ``%time``, ``!ls``, ``torch.sin?``, ``files = !ls``; no line that goes on with ``% b`` or ``!= b``
_SHELL = re.compile(
    r"^(?P<indent>[ \t]*)(?:[%?]{1,2}\w.*|!(?!=).*|[\w.]+\?{1,2}[ \t]*|(?P<name>\w+)[ \t]*=[ \t]*[!%]\w.*)$",
    re.MULTILINE,
)
MAX_SAID = 200  # characters of an error


def run_cells(notebook: Path, seconds: float, doing: Callable[[str], None]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what the cells define, and for each cell that fails its grade_id and error.

    Each has ``seconds``; before each ``doing`` is called with what it is.

    Raises:
        CourseError: for what is no notebook.

    """
    namespace: dict[str, Any] = {"__name__": "__main__", "display": _shows_nothing, "get_ipython": MagicMock()}
    failures = {}
    for number, (name, source) in enumerate(_code_cells(notebook), 1):
        place = f"{notebook.name}:{name or number}"
        doing(f"the cell of {name}" if name else f"the code cell {number}")
        source = _SHELL.sub(_in_python, source)
        linecache.cache[place] = len(source), None, source.splitlines(keepends=True), place  # for who asks for source
        try:
            with printed(), time_limit(seconds):
                _execute(compile(source, place, "exec", flags=PyCF_ALLOW_TOP_LEVEL_AWAIT), namespace)
        except TimeOver:
            failures[name] = f"its cell {endless(seconds)}"
        except BaseException as error:  # whatever an answer raises is reported, and the others go on
            failures[name] = f"its cell fails: {_said(error)}"
    return namespace, failures


def _execute(code: CodeType, namespace: dict[str, Any]) -> None:
    """Run a cell, which may wait for something as in a notebook."""
    waiting = eval(code, namespace)  # noqa: S307 - the learner's own
    if code.co_flags & CO_COROUTINE:
        asyncio.run(waiting)


def _shows_nothing(*_: object, **__: object) -> None:
    """Stand for ``display``, which a notebook has without an import."""


def _said(error: BaseException) -> str:
    """Return an error in one line, and not all of a long one."""
    try:
        said = " ".join(f"{type(error).__name__}: {error}".split())
    except Exception:
        said = f"{type(error).__name__}, whose message cannot be read"
    said = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in said)
    return said if len(said) <= MAX_SAID else f"{said[: MAX_SAID - 2]} …"


def _in_python(line: re.Match[str]) -> str:
    """Return what stands for a line that only IPython knows: nothing, or what keeps a block or a name."""
    return f"{line['indent']}pass" if line["indent"] else f"{line['name']} = []" if line["name"] else ""


def _code_cells(notebook: Path) -> Iterator[tuple[str, str]]:
    """Yield the source of the cells with code but for the checks, each with its grade_id."""
    try:
        for cell in read_json(notebook)["cells"]:
            mark = (cell.get("metadata") or {}).get("nbgrader")  # other editors keep some of it
            name = str(mark.get("grade_id") or "") if isinstance(mark, dict) else ""
            if cell["cell_type"] == "code" and not name.startswith(CHECK):
                yield name, "".join(cell["source"])
    except (KeyError, TypeError, AttributeError):
        place = f"{notebook.parent.name}/{notebook.name}"
        raise CourseError(f"{place} is no notebook as Jupyter writes it (nbformat 4).{keep(notebook)}") from None
