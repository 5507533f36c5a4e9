"""A control group for one sandbox, where this user may make one: there the kernel counts all that a sandbox holds.

Its buffers, tables and locks are among that, and are stopped at the limit (cgroups(7), version 2). A user may make a
group below one that is the user's own and hands the memory controller on, as systemd's ``app.slice`` does; so may root,
but in most containers. Where there can be none, the other limits hold.
"""

import os
from contextlib import suppress
from pathlib import Path

_NAME = "gradstop-"  # and the number of the process that made it
_MIB = 1 << 20
_BESIDE = 64 * _MIB  # what the kernel needs for an honest sandbox: tables, stacks, pages of files that were read


def place(proc: Path = Path("/proc")) -> Path | None:
    """Return the group below which this process may make groups whose memory is limited, or None.

    The nearest one is taken, so that the limits of whoever started this process hold as well.
    """
    try:
        own = next(line[3:] for line in (proc / "self/cgroup").read_text().splitlines() if line.startswith("0::"))
        mounts = [line.split() for line in (proc / "self/mountinfo").read_text().splitlines()]
        root = next(Path(words[4]) for words in mounts if words[words.index("-") + 1] == "cgroup2" and words[3] == "/")
    except (OSError, StopIteration, ValueError):
        return None
    here = root / own.lstrip("/")
    for group in (here, *here.parents):
        if not group.is_relative_to(root):
            break
        with suppress(OSError):
            handed_on = (group / "cgroup.subtree_control").read_text().split()
            if "memory" in handed_on and all(os.access(path, os.W_OK) for path in (group, group / "cgroup.procs")):
                return group
    return None


def make(memory: int, disk: int) -> Path | None:
    """Make a group that may hold ``memory`` and ``disk`` bytes, and what the kernel needs beside, or return None."""
    parent = place()
    if parent is None:
        return None
    _remove_those_left(parent)
    group = parent / f"{_NAME}{os.getpid()}"
    try:
        group.mkdir()
        (group / "memory.max").write_text(str(memory + disk + _BESIDE))
    except OSError:
        remove(group)
        return None
    for name, value in (("memory.swap.max", "0"), ("memory.oom.group", "1")):
        with suppress(OSError):  # without swap there is no such file
            (group / name).write_text(value)
    return group


def enter(group: Path) -> None:
    """Put this process into a group, and with it all that it starts; to be called while it sees the group's files."""
    with suppress(OSError):
        (group / "cgroup.procs").write_text("0")


def remove(group: Path) -> None:
    """Take a group away whose processes have ended."""
    with suppress(OSError):
        group.rmdir()


def holds(pid: int) -> bool:
    """Whether a process lies in such a group."""
    with suppress(OSError):
        return f"/{_NAME}" in Path(f"/proc/{pid}/cgroup").read_text()
    return False


def _remove_those_left(parent: Path) -> None:
    """Take away the groups whose makers were ended before they could."""
    for group in parent.glob(f"{_NAME}*"):
        if not Path("/proc", group.name.removeprefix(_NAME)).exists():
            remove(group)
