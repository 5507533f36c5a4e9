"""``%load_ext gradstop``: cells that begin with ``%%watch``, and the explanation below an error in such a cell."""

import re
from typing import Any

from gradstop.watch.seen import Watch

_WATCHED = re.compile(r"\s*(?:%%.*\n)*?%%watch(?: +(\w+))? *\n")
_FIRST_LINE = "# %%watch\n"  # stands for the magic's own line, so that lines are counted as the cell shows them


class _Cells:
    """Watches the cells that ask for it. They run as all others do: with their number, their error and ``await``."""

    def __init__(self, shell: Any):
        self.shell = shell
        self.seen: Watch | None = None
        self.name = "seen"

    def before(self, info: Any) -> None:
        """Begin to watch, before a cell is run."""
        asked = _WATCHED.match(info.raw_cell)
        if asked:
            self.name, self.seen = asked[1] or "seen", Watch()
            self.seen.__enter__()

    def after(self, result: Any) -> None:
        """Say what was seen, after the cell has shown its error."""
        seen, self.seen = self.seen, None
        if seen is not None:
            seen.note_error(result.error_in_exec)
            seen.__exit__(None, None, None)
            if result.error_before_exec is None:  # else nothing has run
                self.shell.user_ns[self.name] = seen
                print(seen)


def _without_magic(lines: list[str]) -> list[str]:
    """Return the lines of a cell without the magic's own: another magic below it has to come first."""
    if not lines or not _WATCHED.fullmatch(lines[0]):
        return lines
    return [*([] if lines[1:2] and lines[1].startswith("%%") else [_FIRST_LINE]), *lines[1:]]


def load(shell: Any) -> None:
    """Have the shell know the magic."""

    def watch(line: str, cell: str) -> None:
        """Run the cell inside a watch; ``seen``, or the name on the line, is what was seen."""
        shell.run_cell(f"%%watch {line}\n{cell}")

    shell.register_magic_function(watch, "cell", "watch")
    if _without_magic not in shell.input_transformers_cleanup:  # else it is loaded again
        cells = _Cells(shell)
        shell.events.register("pre_run_cell", cells.before)
        shell.events.register("post_run_cell", cells.after)
        shell.input_transformers_cleanup.append(_without_magic)
