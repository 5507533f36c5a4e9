"""``python -m gradstop.watch script.py ARGS``: runs a script inside a watch, and prints what was seen."""

import runpy
import sys
import traceback
from pathlib import Path

import torch

from gradstop.watch.seen import Watch

HERE = Path(__file__).parent
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
    except BaseException as error:
        print(
            "".join(_without_ours(traceback.TracebackException.from_exception(error)).format()), end="", file=sys.stderr
        )
        status = 1
    print(seen, file=sys.stderr)
    names.clear()  # until here they kept alive what the answers name
    return status


def _without_ours(said: traceback.TracebackException) -> traceback.TracebackException:
    """Leave out what runs the script and looks at its calls: the traceback is the one that it has without a watch."""
    said.stack = traceback.StackSummary.from_list([frame for frame in said.stack if not _is_ours(frame.filename)])
    for behind in (said.__cause__, said.__context__):
        if behind is not None:
            _without_ours(behind)
    return said


def _is_ours(file: str) -> bool:
    return file == "<frozen runpy>" or Path(file).parent == HERE or file == torch.overrides.__file__


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
