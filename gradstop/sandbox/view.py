"""What a sandboxed process sees of the file system: the interpreter, read-only, and a folder of its own."""

import os
import stat
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from gradstop.sandbox import system

WORK = "/submission"  # its folder, in the sandbox
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/localtime")
_DEVICES = ("null", "zero", "full", "random", "urandom")
_OLD = "/.old"
_SPACE = "/run/space"


@cache
def interpreter_paths() -> list[str]:
    """Return the folders that this Python and its packages lie in, and this package's own; none inside another."""
    package = str(Path(__file__).resolve().parents[1])
    folders = {os.path.abspath(path) for path in (sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix)}
    folders |= {os.path.realpath(folder) for folder in folders}
    packages = {path for path in sys.path if os.path.basename(path) in ("site-packages", "dist-packages")}
    folders |= packages | {place for path in packages for place in _linked(path)}
    folders.add(package)
    return sorted(f for f in folders if not any(f != o and f.startswith(o + os.sep) for o in folders))


def _linked(folder: str) -> Iterator[str]:
    """Yield the folders that the packages in a folder are links to, as some installers make them to save space.

    Of a package itself or of its first file: an installer links all or none.
    """
    for entry in os.scandir(folder) if os.path.isdir(folder) else ():
        first = os.path.join(entry.path, "__init__.py")
        for path in (entry.path, first):
            if os.path.islink(path):
                yield os.path.realpath(path).removesuffix(path.removeprefix(folder)) or os.path.realpath(path)
                break


def build(paths: list[str], owner: int, size: int) -> int:
    """Replace all that this process sees by ``paths`` and the system's libraries, read-only, and an empty ``WORK``.

    To be called in new mount and process namespaces. ``WORK``, /tmp and /dev/shm share ``size`` bytes of memory and
    belong to the user ``owner``.

    Returns:
        A descriptor of a /proc that may be written to. The one that is seen is read-only: through it a process would
        take itself out of the reach of what ends processes where memory is short.

    Raises:
        OSError: where something cannot be mounted.

    """
    system.mount("", "/", flags=system.MS_REC | system.MS_PRIVATE)
    system.mount("sandbox", "/tmp", "tmpfs", system.MS_NOSUID, "size=1m,mode=755")  # noqa: S108 - in a namespace of its own
    os.mkdir("/tmp" + _OLD)  # noqa: S108
    system.pivot_root("/tmp", "/tmp" + _OLD)  # noqa: S108
    os.chdir("/")
    for path in _SYSTEM:
        _show(path)
    _devices()
    proc = _proc()
    _writable(owner, size)
    for path in paths:  # last: one may lie in /tmp
        _show(path)
    system.detach(_OLD)
    os.rmdir(_OLD)
    system.read_only("/", recursive=False)
    os.chdir(WORK)
    return proc


def _show(path: str) -> None:
    """Let a file or folder of the old root be seen at its own place; a link stays a link."""
    old = Path(_OLD + path)
    if old.is_symlink():
        if not os.path.lexists(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.symlink(os.readlink(old), path)
    elif old.is_dir():
        os.makedirs(path, exist_ok=True)
        _bind(str(old), path)
    elif old.exists():
        _bind_file(str(old), path)


def _bind(source: str, target: str) -> None:
    system.mount(source, target, flags=system.MS_BIND | system.MS_REC)
    system.read_only(target)


def _bind_file(source: str, target: str) -> None:
    os.makedirs(os.path.dirname(target), exist_ok=True)
    Path(target).touch()
    _bind(source, target)


def _devices() -> None:
    for name in _DEVICES:
        if stat.S_ISCHR(os.stat(f"{_OLD}/dev/{name}").st_mode):
            os.makedirs("/dev", exist_ok=True)
            Path(f"/dev/{name}").touch()
            system.mount(f"{_OLD}/dev/{name}", f"/dev/{name}", flags=system.MS_BIND)
    for name, target in {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1"}.items():
        os.symlink(target, f"/dev/{name}")


def _proc() -> int:
    """Show the processes of this sandbox alone, read-only, and return the /proc that is covered."""
    os.mkdir("/proc")
    system.mount("proc", "/proc", "proc", system.MS_NOSUID | system.MS_NODEV | system.MS_NOEXEC)
    proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
    system.mount("/proc", "/proc", flags=system.MS_BIND)
    system.read_only("/proc", recursive=False)
    return proc


def _writable(owner: int, size: int) -> None:
    """Mount one file system in memory, and show parts of it where programs write."""
    os.makedirs(_SPACE)
    options = f"size={size},nr_inodes=20000,mode=755"
    system.mount("work", _SPACE, "tmpfs", system.MS_NOSUID | system.MS_NODEV, options)
    for place in (WORK, "/tmp", "/dev/shm"):  # noqa: S108 - in a namespace of its own
        inside = f"{_SPACE}/{os.path.basename(place)}"
        os.mkdir(inside, 0o700)
        os.chown(inside, owner, owner)
        os.makedirs(place, exist_ok=True)
        system.mount(inside, place, flags=system.MS_BIND)
