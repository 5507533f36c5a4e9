"""Runs in a fork, or in another Python, what would change the process of the tests."""

import os
import subprocess
import sys
import traceback
import warnings


def in_a_fork(body):
    """Run a function in a fork; fail where it raises."""
    pid = os.fork()
    if pid == 0:
        code = 1
        warnings.simplefilter("ignore")
        try:
            body()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def printed_by(code, *arguments, **options):
    """Return the lines that another Python prints."""
    command = [sys.executable, "-W", "ignore", "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
