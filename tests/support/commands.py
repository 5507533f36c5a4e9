"""Commands as forks of a process that has loaded what they load, in which they would spend half of their time.

A command's own code runs as it does in a new process, in its own folder, environment and streams.
"""

import os
import subprocess
import sys
import traceback
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from tempfile import TemporaryFile

from gradstop.forkserver.launch import ForkServer
from gradstop.forkserver.request import Request
from gradstop.kernels.main import exit_code, finish

TESTS = str(Path(__file__).resolve().parents[1])
LOADED = ["gradstop.grading.batch", "nbgrader.apps.nbgraderapp", "nbgrader.api", "support.warm_processes", __name__]


def run_command(command, folder, environment):
    """Run ``gradstop``, ``nbgrader`` or ``python -c`` in a folder; return its end as ``subprocess.run`` does."""
    if sys.platform != "linux":  # another has no safe fork
        words = [Path(sys.executable).with_name(command[0]), *command[1:]]
        return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    with TemporaryFile() as out, TemporaryFile() as error:
        streams = [None, out.fileno(), error.fileno()]
        code = _loaded().fork(Request([*command], environment, str(folder), streams, target=f"{__name__}:run")).wait()
        for stream in (out, error):
            stream.seek(0)
        return subprocess.CompletedProcess(command, code, out.read().decode(), error.read().decode())


@cache
def _loaded():
    server = ForkServer(Request([], {**os.environ, "PYTHONPATH": TESTS}, os.getcwd(), preload=LOADED))
    server.wait_until_warm()
    return server


def run(request, streams, status_fd):
    """Be the command that is asked for: called in the fork, which ends here."""
    os.write(status_fd, b"%d ready " % os.getpid())
    os.close(status_fd)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(request.cwd)
    os.environ.clear()
    os.environ.update(request.environment)
    sys.path.remove(TESTS)
    sys.argv[:] = request.arguments
    code = 1
    try:
        code = exit_code(SystemExit(_ended(request.arguments)))
    except SystemExit as end:
        code = exit_code(end)
    except BaseException:
        traceback.print_exc()
    finish(code)


def _ended(arguments):
    """Run the command and return what it returns."""
    if arguments[:2] == ["python", "-c"]:
        return exec(compile(arguments[2], "<string>", "exec"), {"__name__": "__main__"})
    (command,) = entry_points(group="console_scripts", name=arguments[0])
    return command.load()()
