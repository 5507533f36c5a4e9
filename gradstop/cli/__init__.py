"""The command ``gradstop``: progress and start for learners, grade to export for instructors, the rest for authors."""

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 0, or 1 after a sentence that says what is wrong."""
    try:
        from gradstop.cli.command import run  # stopped while this is loaded is stopped too

        return run(arguments)
    except KeyboardInterrupt:
        print("gradstop: stopped; what was finished is kept", file=sys.stderr)
        return 1
