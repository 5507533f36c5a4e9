"""Puts a process into a sandbox: its own namespaces, view of the files, user, limits and list of system calls.

What is used, in this order: namespaces(7) for processes, files, network, System V objects and the host's name;
pivot_root(2); user_namespaces(7); capabilities(7); getrlimit(2); seccomp(2). Nothing has to be installed.
"""

import os
import socket
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from gradstop.sandbox import cgroup, system, view
from gradstop.sandbox.calls import refuse_calls
from gradstop.sandbox.limits import Limits
from gradstop.sandbox.sockets import count_sockets

NOBODY = 65534  # whom a sandbox runs as where root started it
_KILLED_FIRST = 500  # of 1000: where memory is short, the system ends a sandbox before the grader and other programs
# What this user may have at one time, of what the kernel counts for each user namespace. No other namespace is below
# this one: in one, a process has capabilities again.
_COUNTS = {
    "max_user_namespaces": 0,
    "max_inotify_instances": 16,
    "max_inotify_watches": 1024,
    "max_fanotify_groups": 0,
    "max_fanotify_marks": 0,
}


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
        asked, ask = socket.socketpair()
        group = cgroup.make(limits.memory, limits.disk)
        pid = os.fork()
    except OSError as error:
        started(os.getpid())
        refused(str(error))
        os._exit(1)
    if pid == 0:
        _become_inmate(body, refused, limits, paths, set(keep), ask, group)
    started(pid)
    for descriptor in keep:
        os.close(descriptor)
    ask.close()
    count_sockets(asked, pid, limits.sockets)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if group is not None:
        cgroup.remove(group)
    os._exit(code if code >= 0 else 128 - code)


def _become_inmate(
    body: Callable[[], NoReturn],
    refused: Callable[[str], None],
    limits: Limits,
    paths: list[str],
    keep: set[int],
    ask: socket.socket,
    group: Path | None,
) -> NoReturn:
    try:
        system.die_with_parent()
        os.setsid()
        _close_all_but(keep | {0, 1, 2, ask.fileno()})
        if group is not None:
            cgroup.enter(group)
        _be_killed_first()
        _build_walls(limits, paths)
        listener = refuse_calls()
        socket.send_fds(ask, [b"x"], [listener])
        os.close(listener)
        ask.close()
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
    proc = view.build(paths, NOBODY if is_root else os.geteuid(), limits.disk)
    if is_root:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        system.dumpable()
        _own_users(proc)
    for name, most in _COUNTS.items():
        with suppress(FileNotFoundError):  # a kernel that has no such thing counts none
            _write(f"sys/user/{name}", str(most), proc)
    os.close(proc)
    system.no_new_privileges()
    system.drop_capabilities()
    system.die_with_parent()
    limits.apply()


def _be_killed_first() -> None:
    """Raise this process's oom_score_adj; a container may have set a higher one, which only root may lower."""
    with open("/proc/self/oom_score_adj") as file:
        now = int(file.read())
    _write("/proc/self/oom_score_adj", str(max(now, _KILLED_FIRST)))


def _own_users(proc: int | None = None) -> None:
    """Enter a user namespace in which this user is known by its own number, and nobody else is.

    ``proc`` is a descriptor of a /proc that may be written to, where the one that is seen may not.
    """
    user, group = os.geteuid(), os.getegid()
    system.unshare(system.CLONE_NEWUSER)
    texts = {"setgroups": "deny", "uid_map": f"{user} {user} 1", "gid_map": f"{group} {group} 1"}
    for name, text in texts.items():
        _write(f"self/{name}" if proc is not None else f"/proc/self/{name}", text, proc)


def _write(path: str, text: str, folder: int | None = None) -> None:
    """Write a file that is there, below an open folder."""
    descriptor = os.open(path, os.O_WRONLY, dir_fd=folder)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


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
