"""The Linux system calls that a sandbox is made of, by way of the C library. Each raises OSError where it fails."""

import ctypes
import os
from typing import Any

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
_DETACH = 2  # MNT_DETACH

_SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_SYS_SECCOMP = {"x86_64": 317, "aarch64": 277}
_SET_FILTER, _NEW_LISTENER = 1, 8
_SYS_MOUNT_SETATTR = 442  # on every architecture, as all system calls since 2019
_AT_RECURSIVE = 0x8000
_ATTR_RDONLY, _ATTR_NOSUID = 1, 2

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_CAPABILITY_VERSION = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def unshare(flags: int) -> None:
    """Leave the namespaces that ``flags`` names for new ones."""
    _check(_libc.unshare(flags), "unshare")


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Mount a file system, or change how one is mounted."""
    words = [word.encode() or None for word in (source, target, kind)]
    _check(_libc.mount(*words, ctypes.c_ulong(flags), options.encode() or None), f"mount {target}")


def detach(target: str) -> None:
    """Unmount what is mounted at ``target``, as soon as nobody uses it; umount2(2)."""
    _check(_libc.umount2(target.encode(), _DETACH), f"unmount {target}")


def read_only(target: str, *, recursive: bool = True) -> None:
    """Make a mount, and with ``recursive`` all below it, read-only and without set-user-id programs.

    mount_setattr(2), Linux 5.12: other than a remount it keeps the flags that must not be taken away.
    """

    class Attributes(ctypes.Structure):
        _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "userns")]

    wanted = Attributes(_ATTR_RDONLY | _ATTR_NOSUID, 0, 0, 0)
    flags = _AT_RECURSIVE if recursive else 0
    size = ctypes.sizeof(wanted)
    _syscall("mount_setattr", _SYS_MOUNT_SETATTR, -100, target.encode(), flags, ctypes.byref(wanted), size)


def pivot_root(new: str, old: str) -> None:
    """Make ``new`` the root of this mount namespace and put the former root at ``old``."""
    _syscall("pivot_root", _SYS_PIVOT_ROOT[os.uname().machine], new.encode(), old.encode())


def die_with_parent() -> None:
    """Have this process killed when the parent process ends. To be said again after a change of the user."""
    _prctl(_PR_SET_PDEATHSIG, 9)


def no_new_privileges() -> None:
    """Let no program that this process executes have more rights than it."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def dumpable() -> None:
    """Let the process's files in /proc belong to it again, which a change of the user takes away."""
    _prctl(_PR_SET_DUMPABLE, 1)


def filter_calls(program: Any) -> int:
    """Put a seccomp filter (a ``sock_fprog``) on this process and what comes from it; needs ``no_new_privileges``.

    Returns:
        The descriptor through which its questions are heard and answered: seccomp_unotify(2).

    """
    number = _SYS_SECCOMP[os.uname().machine]
    return _syscall("seccomp", number, _SET_FILTER, _NEW_LISTENER, ctypes.byref(program))


def drop_capabilities() -> None:
    """Give up every capability."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _check(_libc.capset(ctypes.byref(header), ctypes.byref(nothing)), "capset")


def _prctl(option: int, value: int) -> None:
    _check(_libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0), f"prctl {option}")


def _syscall(name: str, number: int, *arguments: Any) -> int:
    wide = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return _check(_libc.syscall(ctypes.c_long(number), *wide), name)


def _check(result: int, what: str) -> int:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result
