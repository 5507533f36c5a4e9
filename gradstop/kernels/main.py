"""The forked process, from the fork until it ends: made like a fresh one, then an ordinary IPython kernel."""

import os
import sys
import traceback
from contextlib import suppress
from importlib.util import find_spec
from types import ModuleType
from typing import NoReturn

from gradstop.forkserver.request import Request
from gradstop.internals.cpython import join_threads, run_exit_functions


def run(request: Request, streams: list[int], status_fd: int) -> NoReturn:
    """Run the kernel that is asked for, and end the process with its exit code."""
    os.write(status_fd, b"%d " % os.getpid())
    code = 1
    try:
        _look_fresh(request, streams)
        code = _serve(request, status_fd)
    except SystemExit as exit_:
        code = exit_code(exit_)
    except BaseException:
        traceback.print_exc()
    finish(code)


def _look_fresh(request: Request, streams: list[int]) -> None:
    """Give the process the streams, folder, environment, arguments and chance of its own."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    # The warm process had no streams; these are made as Python makes them.
    sys.stdin = sys.__stdin__ = os.fdopen(0, encoding="utf-8", closefd=False)  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = os.fdopen(1, "w", encoding="utf-8", closefd=False)  # type: ignore[misc]
    errors = os.fdopen(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)
    sys.stderr = sys.__stderr__ = errors  # type: ignore[misc]
    os.chdir(request.cwd)
    os.environ.clear()
    os.environ.update(request.environment)
    launcher = find_spec("ipykernel_launcher")
    sys.argv[:] = [(launcher and launcher.origin) or "ipykernel_launcher", *request.arguments]
    sys.orig_argv[:] = [sys.executable, "-m", "ipykernel_launcher", *request.arguments]
    # The package under work is loaded afresh, by the kernel that needs it.
    for name in [name for name in sys.modules if name.partition(".")[0] == __name__.partition(".")[0]]:
        del sys.modules[name]
    _reseed()


def _reseed() -> None:
    """Give the generators of each library other states than those of the other forks."""
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.seed()


def _serve(request: Request, status_fd: int) -> int:
    from ipykernel.kernelapp import IPKernelApp

    app = IPKernelApp.instance()
    app.initialize(request.arguments)
    _choose_backend()
    os.write(status_fd, b"ready ")
    os.close(status_fd)
    app.start()
    # Without this, now and then the control thread and the end of the interpreter wait for each other.
    if app.control_thread is not None:
        app.control_thread.stop()
        app.control_thread.join()
    return 0


def _choose_backend() -> None:
    """Let matplotlib read its variable again: the kernel has set it since the import."""
    matplotlib: ModuleType | None = sys.modules.get("matplotlib")
    backend = os.environ.get("MPLBACKEND")
    if matplotlib is not None and backend:
        matplotlib.rcParams["backend"] = backend


def exit_code(exit_: SystemExit) -> int:
    """Return the code that the process ends with; a text is printed, as Python does."""
    if exit_.code is None:
        return 0
    if isinstance(exit_.code, int):
        return exit_.code & 0xFF
    print(exit_.code, file=sys.stderr)
    return 1


def finish(code: int) -> NoReturn:
    """End as the interpreter does, but for taking down the modules."""
    with suppress(BaseException):
        join_threads()
    with suppress(BaseException):
        run_exit_functions()
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        with suppress(BaseException):
            stream.flush()  # type: ignore[union-attr]
    os._exit(code)
