"""How much a sandboxed process may use."""

import resource
from dataclasses import dataclass
from pathlib import Path

_MIB = 1 << 20
_SIGNALS = 256  # that wait at one time
ROOM = 64 * _MIB  # that a process needs to show a result or to draw a figure


@dataclass(frozen=True)
class Limits:
    """What one sandbox may use, all its processes together unless said otherwise. Sizes are in bytes, times in seconds.

    Attributes:
        memory: above what the process had when it was forked; also the most that one process may take for itself.
        processor: time of one process on the processor.
        processes: processes and threads at one time.
        disk: all files together. They lie in memory.
        file: one file.
        descriptors: open files of one process.
        sockets: sockets of AF_UNIX, each of which may hold some hundreds of kB.

    """

    memory: int = 1024 * _MIB
    processor: int = 300
    processes: int = 96
    disk: int = 64 * _MIB
    file: int = 32 * _MIB
    descriptors: int = 128
    sockets: int = 128

    def apply(self) -> None:
        """Set the limits that the system keeps by itself, on this process and all that come from it."""
        sizes = _sizes()
        wanted = {
            # Addresses are no memory: each thread reserves some 70 MiB of them.
            resource.RLIMIT_AS: sizes["VmSize"] + 4 * self.memory,
            resource.RLIMIT_DATA: sizes["VmData"] + self.memory,
            resource.RLIMIT_CPU: self.processor,
            resource.RLIMIT_NPROC: self.processes,
            resource.RLIMIT_FSIZE: self.file,
            resource.RLIMIT_NOFILE: self.descriptors,
            resource.RLIMIT_CORE: 0,
            resource.RLIMIT_MSGQUEUE: 0,
            resource.RLIMIT_MEMLOCK: 0,
            resource.RLIMIT_SIGPENDING: _SIGNALS,  # timers too
        }
        for which, value in wanted.items():
            resource.setrlimit(which, (value, value))


def has_free_space() -> bool:
    """Whether this process may still take enough memory to go on with."""
    with open("/proc/self/statm", "rb") as file:
        taken = [int(word) * resource.getpagesize() for word in file.read().split()]
    kinds = {resource.RLIMIT_AS: taken[0], resource.RLIMIT_DATA: taken[5]}
    limits = {which: resource.getrlimit(which)[0] for which in kinds}
    return all(most == resource.RLIM_INFINITY or most - kinds[which] >= ROOM for which, most in limits.items())


def _sizes() -> dict[str, int]:
    """Return this process's sizes from /proc, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.startswith("Vm")}
