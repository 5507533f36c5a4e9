"""``python -m gradstop.watch script.py ARGS``: runs a script inside a watch, and prints what was seen."""

import runpy
import sys
import traceback
from pathlib import Path

from gradstop.watch.seen import Watch

_USAGE = "usage: python -m gradstop.watch script.py [ARGS]"


def main(arguments: list[str]) -> int:
    """Run a script; return its exit status."""
    if not arguments or arguments[0].startswith("-"):
        print(_USAGE, file=sys.stderr)
        return 2
    script = Path(arguments[0])
    if not script.is_file():
        print(f"{script} is no file. {_USAGE}", file=sys.stderr)
        return 2
    sys.argv[:] = arguments
    sys.path[0] = str(script.resolve().parent)
    seen, status, names = Watch(), 0, {}
    try:
        with seen:
            names = runpy.run_path(str(script), run_name="__main__")
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        status = 1
    print(seen, file=sys.stderr)
    names.clear()  # until here they kept alive what the answers name
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
