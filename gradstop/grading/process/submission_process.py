"""The judge's side of a submission's process: speaks with it, watches it, ends it with all that it has started."""

import base64
import marshal
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import lru_cache
from typing import Any

import psutil

from gradstop.course import CourseError
from gradstop.forkserver.forked import ForkedProcess
from gradstop.grading.inside.channel import MAX_LINE, UNUSABLE, Channel, ProtocolError
from gradstop.grading.intake.bounds import MAX_REPORT
from gradstop.grading.intake.plain_files import printable
from gradstop.grading.rules import Rules

ANSWER_TIMEOUT = 20.0  # seconds for one answer of our own code in there; it takes some milliseconds
MAX_CELL = MAX_LINE // 8  # characters
_PAGE = os.sysconf("SC_PAGE_SIZE")
_MAPPING = 256  # bytes that the kernel holds for one mapping
_SHORT = MAX_LINE // 10  # bytes of an answer without outputs, or beside them
_PART = MAX_LINE // 2  # bytes of a file that go in one message


class SandboxError(CourseError):
    """There can be no sandbox here, so nothing is run."""


class WarmProcessLostError(Exception):
    """The warm process has ended, and with it all that was forked from it: no submission's fault."""


class SubmissionLostError(Exception):
    """A submission's process has ended, or had to be ended. The message says why."""


class PutOffError(Exception):
    """A submission takes longer than it may before the others have been graded."""


class SubmissionProcess:
    """A submission's process, as the judge speaks with it.

    Attributes:
        pid: its number.
        until: when, by the monotonic clock, it is put off: PutOffError is raised by whatever is asked of it then.
        changed: what its cells have changed of torch and of Python, as it reports it.

    """

    changed: tuple[str, ...] = ()
    until = float("inf")

    def __init__(
        self,
        process: ForkedProcess,
        control: socket.socket,
        fd_socket: socket.socket,
        rules: Rules,
        inherited: int,
        is_warm: Callable[[], bool],
    ) -> None:
        """Speak with a process that has ``inherited`` bytes of memory from its warm one, of which ``is_warm`` tells."""
        self.pid = process.pid
        self._process, self._fd_socket, self._rules = process, fd_socket, rules
        self._inherited, self._is_warm = inherited, is_warm
        self._known = psutil.Process(process.pid)
        self._touched_at_most: int | None = None
        self._control = Channel(control, self._watch)

    def __enter__(self) -> "SubmissionProcess":
        return self

    def __exit__(self, *_: object) -> None:
        _end(self._process, sandboxed=self._rules.sandboxed)

    def set_up(self, cases: str, files: dict[str, bytes]) -> None:
        """Hand over the cases and the files, and see that it is walled in."""
        hidden = self._rules.hidden if self._rules.sandboxed else ()
        self._say({"cases": _compiled(cases), "look": hidden})
        answer = self._hear(ANSWER_TIMEOUT, _SHORT)
        if isinstance(answer, dict) and "refused" in answer:
            raise SandboxError(
                f"No sandbox can be had here: {answer['refused']}. Grade on a Linux machine that allows user "
                "namespaces (sysctl kernel.unprivileged_userns_clone=1, on Ubuntu also "
                "kernel.apparmor_restrict_unprivileged_userns=0), or as root; in a container, with --privileged. "
                "Or say --no-sandbox and run what students wrote as yourself."
            )
        if answer != {"sees": []}:
            raise SandboxError(
                f"The sandbox shows what it should hide: {answer}. Is the virtual environment's folder the course's?"
            )
        for path, data in files.items():
            name = "/".join(part for part in path.split("/") if part not in ("", ".", ".."))
            for start in range(0, max(1, len(data)), _PART):
                part = base64.b64encode(data[start : start + _PART]).decode()
                self._say({"file": name, "data": part})

    def run(self, source: str, seconds: float, room: int) -> tuple[Any, int]:
        """Run a cell; return its outputs as the process reports them, and their bytes, ``room`` or little more.

        Raises:
            SubmissionLostError: if that ends it, or no other cell can be run after it.

        """
        self._say({"run": source, "room": room})
        answer = self._hear(seconds, room + _SHORT)
        if answer == UNUSABLE:
            raise SubmissionLostError("it replaces functions of Python's own, and no other cell can be run after it")
        return answer.get("outputs") if isinstance(answer, dict) else None, self._control.length

    @contextmanager
    def exercise(self, name: str, anew: int) -> Iterator[Channel]:
        """Have an exercise observed in a fork of the process; yield the channel to that fork.

        It may take ``anew`` bytes of memory in all, what it gives back and takes again counted each time.
        """
        self._anew, self._touched_at_most = anew, self.touched() + anew
        with ExitStack() as stack:
            ours, theirs = pair(stack)
            self._say({"observe": name})
            try:
                socket.send_fds(self._fd_socket, [b"x"], [theirs.fileno()])
            except OSError:
                raise SubmissionLostError(self._why()) from None
            theirs.close()
            yield Channel(ours, self._watch, MAX_REPORT)
        self._touched_at_most = None
        self._say({"end": name})
        answer = self._hear(ANSWER_TIMEOUT, _SHORT)
        if not isinstance(answer, dict) or answer.get("ended") != name:
            raise SubmissionLostError("its process gave another answer than it should")
        names = answer.get("changed")
        if isinstance(names, list):
            self.changed = tuple(printable(text) for text in names[:20] if isinstance(text, str))

    def _say(self, message: Any) -> None:
        self._be_put_off()
        try:
            self._control.send(message)
        except OSError:
            raise SubmissionLostError(self._why()) from None

    def _hear(self, seconds: float, longest: int) -> Any:
        try:
            return self._control.receive(seconds, longest)
        except TimeoutError:
            raise SubmissionLostError(f"it was still running after {seconds:g} s") from None
        except (ProtocolError, OSError):
            raise SubmissionLostError(self._why()) from None

    def _why(self) -> str:
        """Say how the process has ended.

        Raises:
            WarmProcessLostError: where that is the warm process's doing.

        """
        if not self._is_warm():
            raise WarmProcessLostError("the warm process has ended")
        try:
            code = self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            return "it answers no more"
        number = -code if code < 0 else code - 128
        if number > 0:
            return f"it was ended by signal {number}{_SIGNALS.get(number, '')}"
        return f"it ended itself with exit code {code}"

    def _be_put_off(self) -> None:
        if time.monotonic() > self.until:
            raise PutOffError

    def _watch(self) -> None:
        """Raise SubmissionLostError if the process and all below it take more memory than they may."""
        self._be_put_off()
        most = self._rules.limits.memory
        with suppress(psutil.NoSuchProcess):
            if _memory(self._known) - self._inherited > most:
                raise SubmissionLostError(f"it took more than {most >> 20} MiB of memory")
        if self._touched_at_most is not None:
            with suppress(psutil.NoSuchProcess):
                now = self.touched() + sum(_touched(one.pid) for one in self._known.children(recursive=True))
                if now > self._touched_at_most:
                    said = f"it took memory again and again, more than {self._anew >> 20} MiB in all"
                    raise SubmissionLostError(said)

    def touched(self) -> int:
        """Return the bytes that the process has been given page by page, with all below it that has ended."""
        return _touched(self.pid)


_SIGNALS = {
    6: " (abort)",
    9: " (killed, perhaps for want of memory)",
    11: " (a crash: segmentation fault)",
    24: " (its time on the processor was over)",
    31: " (a forbidden system call)",
}


@lru_cache(maxsize=8)
def _compiled(cases: str) -> str:
    """Compile the cases once for all submissions: that takes longer than to run one."""
    return base64.b64encode(marshal.dumps(compile(cases, "cases.py", "exec"))).decode()


def pair(stack: ExitStack) -> tuple[socket.socket, socket.socket]:
    """Return two ends of a connection: the judge's, which waits for nothing too long, and the submission's."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    ours.settimeout(ANSWER_TIMEOUT)
    return stack.enter_context(ours), stack.enter_context(theirs)


def _memory(process: psutil.Process) -> int:
    """Return the bytes that a process and all below it hold, each shared page counted once."""
    processes = [process, *process.children(recursive=True)]
    total = 0
    for one in processes:
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            try:
                total += one.memory_full_info().pss
            except psutil.AccessDenied:
                total += one.memory_info().rss
        if len(processes) > 1:  # of one alone it is little
            with suppress(OSError):
                total += _tables(one.pid)
    return total


def _touched(pid: int) -> int:
    """Return the bytes of all pages that a process was given, and its ended children were; 0 where it has ended."""
    with suppress(OSError), open(f"/proc/{pid}/stat") as line:
        fields = line.read().rpartition(")")[2].split()
        return (int(fields[7]) + int(fields[8])) * _PAGE  # minor faults
    return 0


def _tables(pid: int) -> int:
    """Return the bytes of a process's page tables and mappings, which are in none of its sizes."""
    with open(f"/proc/{pid}/status") as lines:
        tables = next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmPTE")), 0)
    with open(f"/proc/{pid}/maps", "rb") as lines:
        return tables + _MAPPING * sum(1 for _ in lines)


def _end(process: ForkedProcess, *, sandboxed: bool) -> None:
    """Kill a process and wait until it, and all that it has started, has ended.

    A sandbox ends with its first process; without one, what is seen below the process is killed too.
    """
    family: list[psutil.Process] = []
    if not sandboxed:  # to look takes time: every process of the machine is read
        with suppress(psutil.NoSuchProcess):
            family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    for one in family:
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            one.kill()
    with suppress(subprocess.TimeoutExpired):
        process.wait(5.0)
