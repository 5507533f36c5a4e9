"""Runs a notebook's cells in IPython's own shell and collects what they show, as a kernel does, without a kernel.

A kernel's sockets, threads and messages cost more than a submission's cells, and would all be in the hands of the
submission. The shell is made when this module is imported, once for all that are forked from this process.

What is used of IPython's insides is used here alone. Tried with IPython 9.18.1; ``tests/contracts/test_ipython.py``
holds each assumption.
"""

import builtins
import io
import os
import re
import sys
from contextlib import suppress
from tempfile import TemporaryDirectory
from types import CodeType
from typing import Any

from IPython.core.autocall import ExitAutocall
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type, default
from traitlets.config import Config

from gradstop.grading.inside.cell_outputs import MAX_OUTPUTS_SIZE, MAX_PRINTED, CellOutputs
from gradstop.grading.inside.error_lines import lines_of
from gradstop.grading.inside.guard.left_on import block_signals, free_signals
from gradstop.grading.inside.lacking import Lacking
from gradstop.record import Json

_TIMED = re.compile(r"\A\s*%%time\b.*\n")  # or one line that fails would end all of them
INLINE = "module://matplotlib_inline.backend_inline"


_PROBE = "_gradstop_probe"  # a name that a cell defines
_outputs, _lacking = CellOutputs(), Lacking()


class _Stream(io.TextIOBase):
    """Standard output or error of a cell."""

    encoding = "utf-8"

    def __init__(self, name: str, number: int) -> None:
        self.name, self._number = name, number

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        _outputs.stream(self.name, text)
        return len(text)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._number


class _Publisher(DisplayPublisher):
    def publish(  # type: ignore[override]
        self,
        data: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        *,
        transient: dict[str, Any] | None = None,
        update: bool = False,
        **_: Any,
    ) -> None:
        content = {"data": data, "metadata": metadata or {}}
        same = _outputs.shown.setdefault(str((transient or {}).get("display_id")), [])
        if update:
            for item in same:
                item.update(content)
            return
        same.append({"output_type": "display_data", **content})
        _outputs.add(same[-1])

    def clear_output(self, wait: bool = False) -> None:
        _outputs.clear_first = wait
        if not wait:
            _outputs.clear()


class _Hook(DisplayHook):
    def start_displayhook(self) -> None:
        self._item: dict[str, Any] = {"output_type": "execute_result"}

    def write_output_prompt(self) -> None:
        self._item["execution_count"] = self.prompt_count

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        self._item.update(data=format_dict, metadata=md_dict or {})

    def finish_displayhook(self) -> None:
        if self._item.get("data"):
            _outputs.add(self._item)


class _Exit(ExitAutocall):
    """``exit()``: as in a kernel, the cell goes on to its end."""

    def __call__(self, *_: object) -> None:
        pass


class _Shell(InteractiveShell):
    display_pub_class = Type(_Publisher)
    displayhook_class = Type(_Hook)
    system = InteractiveShell.system_raw  # for `!ls`: the other way needs a terminal, and a sandbox has none

    @default("exiter")  # type: ignore[untyped-decorator]
    def _exiter_default(self) -> ExitAutocall:
        return _Exit(self)  # type: ignore[no-untyped-call]

    def showtraceback(
        self,
        exc_tuple: tuple[type[BaseException], BaseException, Any] | None = None,
        filename: str | None = None,  # noqa: ARG002
        tb_offset: int | None = None,  # noqa: ARG002
        exception_only: bool = False,
        running_compiled_code: bool = False,
    ) -> None:
        """Show an error, by default the last one; of what is no code, and of an exit, no frames."""
        try:
            kind, error, _ = self._get_exc_info(exc_tuple)  # type: ignore[no-untyped-call]
        except ValueError:
            print("There has been no error.", file=sys.stderr)
            return
        if kind is UsageError:
            self.show_usage_error(error)  # type: ignore[no-untyped-call]
            return
        frames = not exception_only and (running_compiled_code or not isinstance(error, SyntaxError))
        _outputs.error(error, lines_of(error, self._name_of, frames=frames))

    def showsyntaxerror(self, filename: str | None = None, running_compiled_code: bool = False) -> None:  # noqa: ARG002
        """Show an error of what is no code."""
        self.showtraceback(running_compiled_code=running_compiled_code)

    def _name_of(self, file: str) -> str:
        return " ".join(self.compile.format_code_name(file) or (file,))

    def _format_exception_for_storage(self, *_: Any, **__: Any) -> dict[str, Any]:
        """Keep nothing of an error in the history: it would be made once more."""
        return {}

    async def run_code(self, code_obj: CodeType, result: Any = None, *, async_: bool = False) -> bool:
        """Run a statement; return whether the cell ends here. Where something is missing here it goes on without it."""
        failed: bool = await super().run_code(code_obj, result, async_=async_)  # type: ignore[no-untyped-call]
        error = result.error_in_exec if failed and result is not None else None
        if error is None or not (note := _lacking.note(error, code_obj, self.user_ns)):
            return failed
        result.error_in_exec = None
        _outputs.went_on(error, note)
        return False

    def enable_gui(self, gui: str | None = None) -> None:
        """Do nothing: there is no loop of events to join."""

    def enable_matplotlib(self, gui: str | None = None) -> tuple[str | None, str]:  # noqa: ARG002
        """Draw inline, whatever window or widget ``%matplotlib`` asks for: there is none."""
        found: tuple[str | None, str] = super().enable_matplotlib("inline")  # type: ignore[no-untyped-call]
        return found


def _make_shell() -> InteractiveShell:
    config = Config()
    config.HistoryManager.enabled = False  # its thread would not live through a fork
    with TemporaryDirectory() as folder:
        shell: InteractiveShell = _Shell.instance(config=config, ipython_dir=folder)
    return shell


os.environ["MPLBACKEND"] = INLINE
SHELL = _make_shell()
SHELL.run_cell("pass", silent=True)  # type: ignore[no-untyped-call]  # what the first cell loads is loaded
_BUILTINS = tuple(builtins.__dict__.items())


class Cells:
    """The notebook's cells, in the order in which they are run."""

    def __init__(self) -> None:
        self._written = os.open("output", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        os.unlink("output")
        for number in (1, 2):
            os.dup2(self._written, number)
        sys.stdout = sys.__stdout__ = _Stream("stdout", 1)  # type: ignore[misc, assignment]
        sys.stderr = sys.__stderr__ = _Stream("stderr", 2)  # type: ignore[misc, assignment]
        if "" not in sys.path:
            sys.path.insert(0, "")

    @property
    def namespace(self) -> dict[str, Any]:
        """What the cells have defined."""
        names: dict[str, Any] = SHELL.user_ns
        return names

    def run(self, source: str, room: int = MAX_OUTPUTS_SIZE) -> list[Json]:
        """Run one cell and return its outputs, which as JSON take about ``room`` bytes at most."""
        with suppress(BaseException):  # a handler that has waited may raise: an alarm's that an earlier cell has set
            free_signals()
        with suppress(BaseException):  # and may raise between IPython's lines
            done = SHELL.run_cell(_TIMED.sub("\n", source), store_history=True)  # type: ignore[no-untyped-call]
            stopped = done.error_before_exec or done.error_in_exec
            if stopped is not None and not _outputs.has_error():  # IPython prints some of magics
                _outputs.error(stopped, [])
        block_signals()
        with suppress(OSError):
            self._collect()
        return _outputs.take(room)

    def can_go_on(self) -> bool:
        """Whether another cell can be run: the last one may have replaced what IPython needs of Python's own."""
        is_replaced, now = False, builtins.__dict__  # in words that need no builtin
        for name, value in _BUILTINS:
            if now.get(name) is not value:
                is_replaced = True
        if not is_replaced:
            return True
        with suppress(BaseException):
            SHELL.run_cell(f"{_PROBE} = None", silent=True)  # type: ignore[no-untyped-call]
        return self.namespace.pop(_PROBE, _PROBE) is None

    def _collect(self) -> None:
        """Add what was written past Python's streams, by a library or a child process."""
        size = os.fstat(self._written).st_size
        if size:
            _outputs.stream("stdout", os.pread(self._written, min(size, MAX_PRINTED), 0).decode(errors="replace"))
            os.ftruncate(self._written, 0)
