"""Which line made a call: the innermost of the user's own code, and the library's where that is another."""

import linecache
import os
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType, TracebackType

import torch

_OURS = os.path.dirname(os.path.dirname(__file__)) + os.sep  # all of gradstop: a drawing calls torch too
_TORCH = os.path.dirname(torch.__file__) + os.sep
_OVERRIDES = (os.path.join(_TORCH, "overrides.py"), os.path.join(_TORCH, "utils", "_contextlib.py"))
_GRAD_MODE = os.path.join(_TORCH, "autograd", "grad_mode.py")
_PATHS = sysconfig.get_paths()
_LIBRARIES = tuple({_PATHS[name] + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")} | {_TORCH})
OURS, LIBRARY, USER = range(3)
# Where what the user's own line says ends up: the library's line would say nothing more.
_QUIET = ("autograd", "_tensor.py", "optim", "utils/_contextlib", "nn/modules/module.py")
_SAYS_NOTHING = tuple(os.path.join(_TORCH, name) for name in _QUIET)
_kinds: dict[str, int] = {}
MOST_FRAMES = 200


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the user's code; ``library`` is the line that called torch, where that is another."""

    file: str
    number: int
    function: str
    library: "Line | None" = None

    @property
    def code(self) -> str:
        """The text of the line."""
        return linecache.getline(self.file, self.number).strip()

    @property
    def place(self) -> str:
        """Where it is: ``file.py:LINE``, or ``cell N, line M`` as IPython says it."""
        cell = _cell_of(self.file)
        return f"{cell}, line {self.number}" if cell else f"{_shown(self.file)}:{self.number}"

    @property
    def where(self) -> tuple[str, int]:
        """The line, whatever the library did there."""
        return self.file, self.number

    def __str__(self) -> str:
        inside = f"  (in {self.library.place})" if self.library else ""
        return f"{self.place}  {self.code}{inside}".rstrip()


def _kind(file: str) -> int:
    if file.startswith(_OURS) or file in _OVERRIDES:
        return OURS
    if file.startswith(_LIBRARIES) or f"{os.sep}site-packages{os.sep}" in file or file.startswith("<frozen"):
        return LIBRARY
    return USER


def kind_of(file: str) -> int:
    """Tell whose code a file is: OURS, LIBRARY or USER."""
    kind = _kinds.get(file)
    if kind is None:
        kind = _kinds[file] = _kind(file)
    return kind


# By the ids of two codes and the instructions in them: to hash a code or to count its lines takes long.
_lines: dict[tuple[int, int, int, int], tuple[Line, CodeType, CodeType | None]] = {}  # the codes keep their ids
MOST_LINES = 20_000


def line_of(frame: FrameType | None) -> Line:
    """Return the line by which a frame, or what called it, is the user's.

    Where no frame is the user's, it is the library's line.
    """
    library: FrameType | None = None
    for _ in range(MOST_FRAMES):
        if frame is None:
            break
        file = frame.f_code.co_filename
        kind = _kinds.get(file)
        if kind is None:
            kind = kind_of(file)
        if kind == USER:
            return _made(frame, library)
        if kind == LIBRARY and library is None:
            library = frame
        frame = frame.f_back
    return _made(library, None) if library else Line("?", 0, "?")


def _made(frame: FrameType, library: FrameType | None) -> Line:
    code = frame.f_code
    inner = library.f_code if library else None
    key = (id(code), frame.f_lasti, id(inner), library.f_lasti if library else 0)
    found = _lines.get(key)
    if found is None:
        if len(_lines) > MOST_LINES:
            _lines.clear()
        within = None
        if inner is not None and library is not None and not inner.co_filename.startswith(_SAYS_NOTHING):
            within = Line(inner.co_filename, library.f_lineno, inner.co_name)
        found = _lines[key] = (Line(code.co_filename, frame.f_lineno, code.co_name, within), code, inner)
    return found[0]


def line_of_switch(frame: FrameType) -> Line:
    """Return the line that switched grad mode off: of a function with a decorator, the line of that."""
    caller: FrameType | None = frame
    while caller is not None and caller.f_code.co_filename == _GRAD_MODE:
        caller = caller.f_back
    if caller is not None and caller.f_code.co_filename in _OVERRIDES:
        function = caller.f_locals.get("func")
        code = getattr(function, "__code__", None)
        if isinstance(code, CodeType) and kind_of(code.co_filename) == USER:
            return Line(code.co_filename, code.co_firstlineno, code.co_name)
    return line_of(caller)


def line_here() -> Line:
    """Return the user's line that is running."""
    return line_of(sys._getframe(1))


def line_of_error(trace: TracebackType | None) -> Line | None:
    """Return the user's line by which an exception came, None where no line is the user's."""
    found = None
    while trace is not None:
        if kind_of(trace.tb_frame.f_code.co_filename) == USER:
            found = trace
        trace = trace.tb_next
    if found is None:
        return None
    code = found.tb_frame.f_code
    return Line(code.co_filename, found.tb_lineno, code.co_name)


def _cell_of(file: str) -> str | None:
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module else None
    named = (
        shell.compile.format_code_name(file)
        if shell is not None and hasattr(shell.compile, "format_code_name")
        else None
    )
    if not named or named[0] != "Cell":
        return None
    return "cell " + str(named[1]).removeprefix("In[").removesuffix("]")


def _shown(file: str) -> str:
    """Return a path as one would say it: from the working directory, or from where packages are installed."""
    path = Path(file)
    for folder in (Path(_TORCH).parent, Path.cwd()):
        if path.is_relative_to(folder):
            return str(path.relative_to(folder))
    return path.name
