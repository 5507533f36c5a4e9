"""Which line made a call: the innermost of the user's own code, and the library's where that is another."""

import linecache
import os
import sys
import sysconfig
from dataclasses import dataclass, replace
from pathlib import Path
from types import CodeType, FrameType, TracebackType

import torch

_OURS = os.path.dirname(os.path.dirname(__file__)) + os.sep  # all of gradstop: a drawing calls torch too
_TORCH = os.path.dirname(torch.__file__) + os.sep
_OVERRIDES = (os.path.join(_TORCH, "overrides.py"), os.path.join(_TORCH, "utils", "_contextlib.py"))
_GRAD_MODE = os.path.join(_TORCH, "autograd", "grad_mode.py")
_PATHS = sysconfig.get_paths()
_LIBRARIES = tuple({_PATHS[name] + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")} | {_TORCH})
OURS, LIBRARY, USER, PACKAGE = range(4)
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
    package: "Line | None" = None  # of a package between the two, which is neither torch's nor Python's

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
        within = self.package or self.library
        inside = f"  (in {within.place})" if within else ""
        return f"{self.place}  {self.code}{inside}".rstrip()


def _kind(file: str) -> int:
    if file.startswith(_OURS) or file in _OVERRIDES:
        return OURS
    if not file.startswith(_TORCH) and f"{os.sep}site-packages{os.sep}" in file:
        return PACKAGE
    return LIBRARY if file.startswith(_LIBRARIES) or file.startswith("<frozen") else USER


def kind_of(file: str) -> int:
    """Tell whose code a file is: OURS, LIBRARY (torch's or Python's), PACKAGE (another that is installed) or USER."""
    kind = _kinds.get(file)
    if kind is None:
        kind = _kinds[file] = _kind(file)
    return kind


# By the ids of up to three codes and the instructions in them: to hash a code or to count its lines takes long.
_lines: dict[tuple[int, ...], tuple[Line, tuple[CodeType | None, ...]]] = {}  # the codes keep their ids
MOST_LINES = 20_000


def line_of(frame: FrameType | None) -> Line:
    """Return the line by which a frame, or what called it, is the user's.

    Where no frame is the user's, it is the library's line.
    """
    library: FrameType | None = None
    package: FrameType | None = None
    for _ in range(MOST_FRAMES):
        if frame is None:
            break
        file = frame.f_code.co_filename
        kind = _kinds.get(file)
        if kind is None:
            kind = kind_of(file)
        if kind == USER:
            return _made(frame, library, package)
        if kind:
            library = library or frame
            if kind == PACKAGE and package is None:
                package = frame
        frame = frame.f_back
    return _made(library, None, None) if library else Line("?", 0, "?")


def _made(frame: FrameType, library: FrameType | None, package: FrameType | None) -> Line:
    code = frame.f_code
    inner = library.f_code if library else None
    between = package.f_code if package else None
    key = (
        *(id(code), frame.f_lasti, id(inner), library.f_lasti if library else 0),
        *((id(between), package.f_lasti) if package else (0, 0)),
    )
    found = _lines.get(key)
    if found is None:
        if len(_lines) > MOST_LINES:
            _lines.clear()
        within = _plain(library) if inner and not inner.co_filename.startswith(_SAYS_NOTHING) else None
        line = Line(code.co_filename, frame.f_lineno, code.co_name, within, _plain(package))
        found = _lines[key] = (line, (code, inner, between))
    return found[0]


def _plain(frame: FrameType | None) -> Line | None:
    return Line(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name) if frame is not None else None


def line_of_switch(frame: FrameType) -> Line:
    """Return the line that switched grad mode off: of a function with a decorator, the line of that."""
    caller: FrameType | None = frame
    while caller is not None and caller.f_code.co_filename == _GRAD_MODE:
        caller = caller.f_back
    if caller is not None and caller.f_code.co_filename in _OVERRIDES:
        function = caller.f_locals.get("func")
        code = getattr(function, "__code__", None)
        if isinstance(code, CodeType):
            decorated = Line(code.co_filename, code.co_firstlineno, code.co_name)
            if kind_of(code.co_filename) == USER:
                return decorated
            if kind_of(code.co_filename) == PACKAGE:
                return replace(line_of(caller), package=decorated)
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


def definition(code: CodeType) -> Line:
    """Return the line of a function's ``def``: its code begins with its decorators."""
    number = code.co_firstlineno
    while linecache.getline(code.co_filename, number).lstrip().startswith("@"):
        number += 1
    return Line(code.co_filename, number, code.co_name)


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
