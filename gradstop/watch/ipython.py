"""``%load_ext gradstop``: the cell magic ``%%watch``, and the explanation below an error in such a cell."""

from typing import Any

from gradstop.watch.seen import Watch

_FIRST_LINE = "# watched\n"  # stands for the magic's own line, so that lines are counted as the cell shows them


def load(shell: Any) -> None:
    """Register the magic."""

    def watch(line: str, cell: str) -> None:
        """Run the cell inside a watch; ``seen``, or the name on the line, is what was seen."""
        seen = Watch()
        with seen:
            result = shell.run_cell(_FIRST_LINE + cell if not cell.lstrip().startswith("%%") else cell)
            seen.note_error(result.error_in_exec)
        shell.user_ns[line.strip() or "seen"] = seen
        print(seen)

    shell.register_magic_function(watch, "cell", "watch")
