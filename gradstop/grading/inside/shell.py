"""Runs a notebook's cells in IPython's own shell and collects what they show, as a kernel does, without a kernel.

A kernel's sockets, threads and messages cost more than a submission's cells, and would all be in the hands of the
submission. The shell is made when this module is imported, once for all that are forked from this process.

What is used of IPython's insides is used here alone. Tried with IPython 9.18.1; ``tests/contracts/test_ipython.py``
holds each assumption.
"""

import io
import json
import os
import sys
from contextlib import suppress
from tempfile import TemporaryDirectory
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from gradstop.grading.inside.channel import MAX_LINE
from gradstop.grading.inside.guard import block_signals, free_signals
from gradstop.record import Json

MAX_PRINTED = MAX_LINE // 4  # characters that one cell may print
MAX_OUTPUTS_SIZE = MAX_LINE - MAX_LINE // 10  # bytes of all outputs of a cell, as JSON
SMALLEST = 2_000  # bytes; where fewer are left, the outputs that follow are left out
INLINE = "module://matplotlib_inline.backend_inline"


class Outputs:
    """What the cell that runs has shown so far, in the notebook format."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget all."""
        self.items: list[dict[str, Any]] = []
        self.shown: dict[str, list[dict[str, Any]]] = {}
        self.clear_first = False
        self.length = 0

    def stream(self, name: str, text: str) -> None:
        """Add printed text; what exceeds the limit is cut."""
        text = text[: max(0, MAX_PRINTED - self.length)]
        self.length += len(text)
        last = self.items[-1] if self.items else {}
        if text and last.get("output_type") == "stream" and last["name"] == name and not self.clear_first:
            last["text"] += text
        elif text:
            self.add({"output_type": "stream", "name": name, "text": text})

    def add(self, item: dict[str, Any]) -> None:
        """Add an output."""
        if self.clear_first:
            self.clear()
        self.items.append(item)

    def take(self) -> list[dict[str, Any]]:
        """Hand over the outputs and forget them; one that would not go into a message becomes a note of its size."""
        items, left = [], MAX_OUTPUTS_SIZE
        for item in self.items:
            size = len(json.dumps(item, default=str))
            if size > left:
                item = _cut(item, size)
                size = len(json.dumps(item))
            left -= size
            items.append(item)
            if left < SMALLEST:
                break
        self.clear()
        return items


def _cut(item: dict[str, Any], size: int) -> dict[str, Any]:
    """Return what stands in the place of an output that is too large; an error stays one."""
    note = f"(An output of {size / 1e6:.1f} MB was left out here.)"
    if item.get("output_type") == "error":
        return {"output_type": "error", "ename": str(item.get("ename"))[:100], "evalue": note, "traceback": []}
    return {"output_type": "stream", "name": "stdout", "text": f"{note}\n"}


_outputs = Outputs()


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


class _Shell(InteractiveShell):
    display_pub_class = Type(_Publisher)
    displayhook_class = Type(_Hook)
    system = InteractiveShell.system_raw  # for `!ls`: the other way needs a terminal, and a sandbox has none

    def _showtraceback(self, etype: type, evalue: BaseException, stb: list[str]) -> None:
        _outputs.add(
            {
                "output_type": "error",
                "ename": str(getattr(etype, "__name__", etype)),
                "evalue": str(evalue),
                "traceback": [str(line) for line in stb],
            }
        )

    def enable_gui(self, gui: str | None = None) -> None:
        """Do nothing: there is no loop of events to join."""


def _make_shell() -> InteractiveShell:
    config = Config()
    config.HistoryManager.enabled = False  # its thread would not live through a fork
    with TemporaryDirectory() as folder:
        shell: InteractiveShell = _Shell.instance(config=config, ipython_dir=folder)
    return shell


os.environ["MPLBACKEND"] = INLINE
SHELL = _make_shell()
SHELL.run_cell("pass", silent=True)  # type: ignore[no-untyped-call]  # what the first cell loads is loaded


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

    def run(self, source: str) -> list[Json]:
        """Run one cell and return its outputs."""
        with suppress(BaseException):  # a handler that has waited may raise: an alarm's that an earlier cell has set
            free_signals()
        with suppress(BaseException):  # and may raise between IPython's lines
            SHELL.run_cell(source, store_history=True)  # type: ignore[no-untyped-call]
        block_signals()
        with suppress(OSError):
            self._collect()
        return _outputs.take()

    def _collect(self) -> None:
        """Add what was written past Python's streams, by a library or a child process."""
        size = os.fstat(self._written).st_size
        if size:
            _outputs.stream("stdout", os.pread(self._written, min(size, MAX_PRINTED), 0).decode(errors="replace"))
            os.ftruncate(self._written, 0)
