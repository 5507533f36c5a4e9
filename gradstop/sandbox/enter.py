"""Puts a process into a sandbox: its own namespaces, view of the files, user, limits and list of system calls.

What is used, in this order: namespaces(7) for processes, files, network, System V objects and the host's name;
pivot_root(2); user_namespaces(7); capabilities(7); getrlimit(2); seccomp(2). Nothing has to be installed.
"""

import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from gradstop.sandbox import system, view
from gradstop.sandbox.calls import refuse_calls
from gradstop.sandbox.limits import Limits

NOBODY = 65534  # whom a sandbox runs as where root started it


def run_inside(
    body: Callable[[], NoReturn],
    started: Callable[[int], None],
    refused: Callable[[str], None],
    limits: Limits,
    paths: list[str],
    keep: Iterable[int],
) -> NoReturn:
    """Run ``body`` in a sandbox, in a process of its own, and end this process when that one has ended.

    This process must be expendable and have one thread. ``started`` is called with the number of the process inside:
    whoever kills that one ends all that it has started. If any part of the sandbox cannot be had, ``body`` is not run,
    and ``refused`` is called with the reason. ``keep`` are the file descriptors that stay open inside. The exit code is
    the inner process's, or 128 and the number of the signal that ended it.
    """
    try:
        if os.geteuid() != 0:
            _own_users()
        system.unshare(system.CLONE_NEWPID)
        pid = os.fork()
    except OSError as error:
        started(os.getpid())
        refused(str(error))
        os._exit(1)
    if pid == 0:
        _become_inmate(body, refused, limits, paths, set(keep))
    started(pid)
    for descriptor in keep:
        os.close(descriptor)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os._exit(code if code >= 0 else 128 - code)


def _become_inmate(
    body: Callable[[], NoReturn], refused: Callable[[str], None], limits: Limits, paths: list[str], keep: set[int]
) -> NoReturn:
    try:
        system.die_with_parent()
        os.setsid()
        _close_all_but(keep | {0, 1, 2})
        _build_walls(limits, paths)
    except (OSError, ValueError) as error:
        refused(str(error))
        os._exit(1)
    with suppress(BaseException):
        body()
    os._exit(1)


def _build_walls(limits: Limits, paths: list[str]) -> None:
    """Put up the sandbox around this process, the first of a new process namespace."""
    is_root = os.geteuid() == 0
    system.unshare(system.CLONE_NEWNS | system.CLONE_NEWNET | system.CLONE_NEWIPC | system.CLONE_NEWUTS)
    view.build(paths, NOBODY if is_root else os.geteuid(), limits.disk)
    if is_root:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        system.dumpable()
        _own_users()
    # No user namespace below this one: in one, a process has capabilities again.
    Path("/proc/sys/user/max_user_namespaces").write_text("0")
    system.no_new_privileges()
    system.drop_capabilities()
    system.die_with_parent()
    limits.apply()
    refuse_calls()


def _own_users() -> None:
    """Enter a user namespace in which this user is known by its own number, and nobody else is."""
    user, group = os.geteuid(), os.getegid()
    system.unshare(system.CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def _close_all_but(keep: set[int]) -> None:
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in keep:
            with suppress(OSError):  # the listing's own
                os.close(int(name))


def missing() -> str:
    """Say why this machine can have no sandbox, as far as that can be told without trying, or nothing."""
    if not sys.platform.startswith("linux"):
        return f"there is no sandbox on {sys.platform}: it is made of Linux namespaces. Grade on Linux"
    return ""
