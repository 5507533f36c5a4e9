"""Makes a fork of the warm process cost little: what each one would do, or copy, is done here once."""

import ctypes
import gc
import io
import sys
from contextlib import suppress

from gradstop.internals.cpython import finalizers, keep_locks_of_handlers
from gradstop.internals.matplotlib import close_fonts

_MADV_COLLAPSE, _LARGE = 25, 1 << 21
_STEP, _SMALL, _BYTES = (
    16,
    512,
    sys.getsizeof(b""),
)  # bytes: of what is allocated in pools, and of bytes without content
_IN_A_ROW = 24  # blocks, which seldom follow each other by chance
_MOST_FREE = 100_000  # blocks of one size
_taken: list[object] = []


def spare_the_forks() -> None:
    """Do once what every fork would do at its start and at its end; call it when all modules are loaded.

    What collects garbage has been off until then, which is a quarter of their imports' time.
    """
    # The locks of the handlers of logging: this process has one thread, and holds none of them. A fork would make each
    # anew, and so copy the pages that they lie on.
    for step in (read_entry_points, draw_once, leave_operators, keep_locks_of_handlers):
        with suppress(Exception):  # another's broken package costs a kernel some time, and not its warmth
            step()
    # The collector notes how much there is: by that measure a fork's own garbage is little, and it seldom looks for it.
    gc.collect()
    take_free_blocks()
    with suppress(AttributeError):  # another C library than glibc, or one before 2.33: forks copy more
        take_free_chunks()
    gc.freeze()  # forks share these pages as long as nobody writes to them: no collection of theirs looks there
    gc.enable()


def read_entry_points() -> None:
    """Let matplotlib look once through the installed packages for backends: each kernel's start asks it for one."""
    if registry := sys.modules.get("matplotlib.backends.registry"):
        registry.backend_registry.list_all()


def draw_once() -> None:
    """Draw a figure that nobody sees, if matplotlib is there: the first one looks for the fonts on the disk.

    The font that it opens would be closed again in each fork, by a handler of matplotlib's.
    """
    if "matplotlib.figure" not in sys.modules:
        return
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()  # not pyplot's: that would choose a backend, and number it
    figure.subplots().plot([1, 2])
    FigureCanvasAgg(figure).print_png(io.BytesIO())  # type: ignore[no-untyped-call]
    close_fonts()


def leave_operators() -> None:
    """Let the operators that torch's own modules have registered end with the process.

    Each ``torch.library.Library`` takes back its registrations when the interpreter exits, a few hundred in all: a
    tenth of what a short kernel costs. What a kernel registers itself is taken back as ever.
    """
    for finalizer in finalizers():
        known = finalizer.peek()
        if known and getattr(known[1], "__module__", "") == "torch.library":
            finalizer.atexit = False


def take_free_blocks() -> None:
    """Take what lies free among Python's own small objects, and keep it; ``take_free_chunks`` does so with the rest.

    Python has pools of blocks of each size up to 512 bytes, in steps of 16, and begins a new one where all are full:
    blocks that follow each other are those of a new one.
    """
    for size in range(_STEP, _SMALL + 1, _STEP):
        in_a_row, last = 0, 0
        for _ in range(_MOST_FREE):
            block = _object_of(size)
            _taken.append(block)
            in_a_row = in_a_row + 1 if id(block) == last + size else 0
            last = id(block)
            if in_a_row == _IN_A_ROW:
                break
        else:  # Python was told to use another allocator, in which none follow each other (PYTHONMALLOC)
            return


def _object_of(size: int) -> object:
    """Return a new object of so many bytes."""
    if size <= 2 * _STEP:
        return object() if size == _STEP else float(size)
    return bytes(size - sys.getsizeof(b""))


class _MallocInfo(ctypes.Structure):
    """``struct mallinfo2``, see mallinfo(3). ``keepcost`` is the size of the chunk at the heap's end, in bytes."""

    _names = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")
    _fields_ = [(name, ctypes.c_size_t) for name in _names]


def take_free_chunks() -> None:
    """Take all memory that lies free among what is in use on the heap: a megabyte after torch's import.

    A fork then gets its own from the heap's end, on pages that follow each other, where it would have written to, and
    so copied, a page for nearly each chunk: a twentieth of what it copies.

    Raises:
        AttributeError: for a C library without these functions.

    """
    libc = ctypes.CDLL(None)
    libc.mallinfo2.restype, libc.sbrk.restype, libc.malloc.restype = _MallocInfo, ctypes.c_void_p, ctypes.c_void_p
    libc.malloc.argtypes, libc.free.argtypes = [ctypes.c_size_t], [ctypes.c_void_p]
    for size in (*(1 << power for power in range(16, 10, -1)), *range(1024, 0, -16)):
        end = libc.sbrk(0) - libc.mallinfo2().keepcost
        while (chunk := libc.malloc(size - 8)) < end:  # a chunk has a head of 8 bytes
            pass
        libc.free(chunk)


def use_large_pages() -> None:
    """Gather this process's memory in pages of 2 MiB, where the system can: a fork copies a table of its pages.

    It takes the time that some twenty forks then save, so it is for a process that forks often. MADV_COLLAPSE of
    madvise(2), Linux 6.1. Where it fails, forks cost more, and nothing else changes.
    """
    advise = ctypes.CDLL(None).madvise
    with open("/proc/self/maps") as maps:
        regions = [line.split() for line in maps]
    for addresses, rights, _, _, _, *name in regions:
        if rights == "rw-p" and name in ([], ["[heap]"]):
            start, end = (int(address, 16) for address in addresses.split("-"))
            for page in range(-(-start // _LARGE) * _LARGE, end - _LARGE + 1, _LARGE):
                advise(ctypes.c_void_p(page), ctypes.c_size_t(_LARGE), _MADV_COLLAPSE)
