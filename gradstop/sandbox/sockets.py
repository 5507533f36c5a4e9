"""Counts a sandbox's sockets from outside, and refuses one too many.

The kernel has no limit for them, and what they hold is in no process's size. So the sandbox's filter asks for each
socket of AF_UNIX (seccomp_unotify(2)), and the process that waits for the sandbox's end answers. It counts in the
sandbox's own list, which holds those too that are in flight, or wait to be accepted.
"""

import ctypes
import errno
import fcntl
import os
import select
import socket
from contextlib import suppress

_RECEIVE, _SEND = 0xC0502100, 0xC0182101  # SECCOMP_IOCTL_NOTIF_RECV, SECCOMP_IOCTL_NOTIF_SEND
_GO_ON = 1  # SECCOMP_USER_NOTIF_FLAG_CONTINUE: the arguments that were looked at lie in registers
_QUESTION = 80  # bytes of a seccomp_notif, which begins with its number


class _Answer(ctypes.Structure):
    _fields_ = [
        ("id", ctypes.c_uint64),
        ("value", ctypes.c_int64),
        ("error", ctypes.c_int32),
        ("flags", ctypes.c_uint32),
    ]


def count_sockets(asked: socket.socket, pid: int, most: int) -> None:
    """Answer a sandbox's questions until it has ended: it may have ``most`` sockets.

    ``pid`` is its first process, which sends what ``calls.refuse_calls`` returns through ``asked``; where it ends
    before that, there is nothing to do.
    """
    with asked:
        _, listeners, _, _ = socket.recv_fds(asked, 1, 1)
    if not listeners:
        return
    (listener,) = listeners
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    while poll.poll()[0][1] == select.POLLIN:
        with suppress(OSError):  # who asked has ended, or was interrupted and asks again
            question = bytearray(_QUESTION)
            fcntl.ioctl(listener, _RECEIVE, question)
            fcntl.ioctl(listener, _SEND, bytes(_answer(question, _count(pid) < most)))
    os.close(listener)


def _answer(question: bytearray, allowed: bool) -> _Answer:
    number = int.from_bytes(question[:8], "little")
    return _Answer(number, 0, 0, _GO_ON) if allowed else _Answer(number, 0, -errno.EMFILE, 0)


def _count(pid: int) -> int:
    """Return how many sockets of AF_UNIX there are in a process's network namespace."""
    with open(f"/proc/{pid}/net/unix", "rb") as lines:
        return sum(1 for _ in lines) - 1
