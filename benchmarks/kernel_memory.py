"""How much of the machine's memory a sandbox can take by each kind of thing that no process's own size shows.

    python benchmarks/kernel_memory.py [KIND ...]

For each kind a sandbox forks as many processes as it may, and each takes as much of that kind as it gets, until
nothing more comes, TIME is over, or STOP is taken. What is printed is by how much the machine's ``MemAvailable`` fell,
the median of three. The sandbox runs plain Python under the limits of ``gradstop grade``; nobody watches it, so that
what is seen are the limits alone. Run it on a machine that does nothing else.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from gradstop.sandbox import Limits, interpreter_paths, run_inside

_NAMES = "import ctypes, fcntl, mmap, os, resource, select, socket, struct, time\nfrom contextlib import suppress"
STOP, TIME = 1536, 5.0  # MiB; seconds

# Each is run in many processes at once. It ends by an error when there is no more.
KINDS = {
    "nothing (the processes alone)": "",
    "unix socket pairs": """
held = []
while True:
    pair = socket.socketpair()
    held.append(pair)
    for one in pair:
        with suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
        one.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                one.send(bytes(1 << 16))
""",
    "sockets in flight": """
held = []
while True:
    a, b = socket.socketpair()
    held.append(a)
    with suppress(BlockingIOError):
        a.setblocking(False)
        while True:
            inner = socket.socketpair()
            inner[0].setblocking(False)
            with suppress(BlockingIOError):
                while True:
                    inner[0].send(bytes(1 << 16))
            socket.send_fds(a, [b"x"], [one.fileno() for one in inner])
    held.append(b)
""",
    "filters on sockets": """
code = ctypes.create_string_buffer(b"\\x06\\0\\0\\0\\xff\\xff\\0\\0" * 2048)
program = struct.pack("HxxxxxxQ", 2048, ctypes.addressof(code))
held = []
while True:
    held.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    held[-1].setsockopt(socket.SOL_SOCKET, 26, program)
""",
    "pipes": """
held = []
while True:
    held.append(os.pipe())
    with suppress(OSError):
        fcntl.fcntl(held[-1][1], 1031, 1 << 20)
    os.set_blocking(held[-1][1], False)
    with suppress(BlockingIOError):
        while True:
            os.write(held[-1][1], bytes(1 << 16))
""",
    "large pages held by pipes": """
libc = ctypes.CDLL(None)
held = []
while True:
    held.append(os.pipe())
    for _ in range(16):
        area = mmap.mmap(-1, 4 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        area.madvise(14)
        start = (ctypes.c_char * len(area)).from_buffer(area)
        place = -(-ctypes.addressof(start) // (2 << 20)) * (2 << 20)
        ctypes.memset(place, 1, 2 << 20)
        if libc.vmsplice(held[-1][1], (ctypes.c_size_t * 2)(place, 1), ctypes.c_size_t(1), 2) < 1:
            raise OSError
        del start
        area.close()
""",
    "locks on ranges of files": """
file = open(f"/tmp/{os.getpid()}", "w+")
for place in range(1_000_000, 0, -2):
    fcntl.lockf(file, fcntl.LOCK_EX, 1, place)
""",
    "inotify": """
libc, folders = ctypes.CDLL(None, use_errno=True), []
for number in range(200):
    folders.append(f"/tmp/{os.getpid()}-{number}".encode())
    os.mkdir(folders[-1])
while (descriptor := libc.inotify_init()) >= 0:
    for folder in folders:
        libc.inotify_add_watch(descriptor, folder, 2)
""",
    "timers": """
libc = ctypes.CDLL(None)
while libc.timer_create(0, None, ctypes.byref(ctypes.c_void_p())) == 0:
    pass
""",
    "epoll": """
targets = []
while len(targets) < resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2:
    targets.append(os.eventfd(0))
held = []
while True:
    held.append(select.epoll())
    for one in targets:
        held[-1].register(one)
""",
    "filters of system calls": """
libc = ctypes.CDLL(None)
code = ctypes.create_string_buffer(b"\\x06\\0\\0\\0\\0\\0\\xff\\x7f" * 4096)
program = struct.pack("HxxxxxxQ", 4096, ctypes.addressof(code))
while libc.prctl(22, 2, program, 0, 0) == 0:
    pass
""",
    "asynchronous input and output": """
libc = ctypes.CDLL(None)
while libc.syscall(206 if os.uname().machine == "x86_64" else 0, 512, ctypes.byref(ctypes.c_ulong(0))) == 0:
    pass
""",
    "mappings": """
held = [mmap.mmap(-1, 1 << 28)]
libc = ctypes.CDLL(None, use_errno=True)
start = ctypes.addressof(ctypes.c_char.from_buffer(held[0]))
for page in range(0, 1 << 28, 8192):
    if libc.mprotect(ctypes.c_void_p(start + page), 4096, 1):
        raise OSError
""",
    "tables of pages": """
held = []
while True:
    held.append(mmap.mmap(-1, 1 << 28, prot=mmap.PROT_READ, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000))
    for page in range(0, 1 << 28, 2 << 20):
        held[-1][page]
""",
    "files in memory": """
number = 0
while True:
    number += 1
    with open(f"/dev/shm/{os.getpid()}-{number}", "wb") as file:
        file.write(bytes(1 << 16))
""",
    "names of files": """
for number in range(10**6):
    os.mkdir(f"/tmp/{os.getpid()}-{number}")
""",
    "threads": """
import threading
while True:
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
""",
}


def available() -> int:
    """Return the machine's ``MemAvailable`` in MiB."""
    with open("/proc/meminfo") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("MemAvailable")) >> 10


def fill(code: str) -> Callable[[], NoReturn]:
    """Return what runs in the sandbox: processes, as many as there may be, that each run ``code`` and stay."""

    def body() -> NoReturn:
        names: dict[str, object] = {}
        exec(_NAMES, names)
        with suppress(OSError):
            while os.fork():
                pass
        if os.getpid() != 1:
            with suppress(BaseException):
                exec(code, names)
        while True:
            time.sleep(60)

    return body


def taken(code: str) -> int:
    """Return by how many MiB the machine's free memory fell while a sandbox ran ``code``."""
    told, tell = os.pipe()
    before = available()
    outer = os.fork()
    if outer == 0:
        os.setsid()
        run_inside(
            fill(code),
            started=lambda pid: os.close(os.write(tell, b"%d " % pid) and tell),
            refused=lambda why: print(why, file=sys.stderr),
            limits=Limits(),
            paths=interpreter_paths(),
            keep=(),
        )
    os.close(tell)
    inner, most, until = int(os.read(told, 100)), 0, time.monotonic() + TIME
    while time.monotonic() < until and most < STOP:
        time.sleep(0.02)
        most = max(most, before - available())
    with suppress(ProcessLookupError):
        os.kill(inner, signal.SIGKILL)
    os.waitpid(outer, 0)
    os.close(told)
    time.sleep(1)
    return most


def main() -> None:
    """Print a row for each kind."""
    for kind in sys.argv[1:] or KINDS:
        most = sorted(taken(KINDS[kind]) for _ in range(3))[1]
        print(f"| {kind} | {'more than ' if most >= STOP else ''}{min(most, STOP)} |", flush=True)


if __name__ == "__main__":
    main()
