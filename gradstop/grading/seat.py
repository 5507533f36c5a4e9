"""The judge's side of a submission's process: started warm, in a sandbox, watched, and ended with all it has started."""

import base64
import json
import marshal
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from gradstop.course import CourseError
from gradstop.kernels.process import ForkedKernel
from gradstop.kernels.request import NotWarmError, Request
from gradstop.kernels.zygote import Zygote
from gradstop.observe.channel import LONGEST, Channel, ProtocolError
from gradstop.sandbox import Limits, interpreter_paths, missing

TARGET = "gradstop.grading.inside.seat:run"
PRELOAD = ["numpy", "torch", "torch._dynamo", "matplotlib.pyplot", TARGET.partition(":")[0]]
PATIENCE = 20.0  # seconds for one answer of our own code in there; it takes some milliseconds
LONGEST_CELL = LONGEST // 8  # characters
_PART = LONGEST // 2  # bytes of a file that go in one message
_ENVIRONMENT = {
    "HOME": "/tmp",  # noqa: S108 - the sandbox's own
    "USER": "learner",
    "LOGNAME": "learner",
    "PATH": os.defpath,
    "LANG": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "",  # with an accelerator backward starts threads, which a fork loses
}
_KEPT = ("HOME", "PATH", "LANG", "PYTHONPATH", "LD_LIBRARY_PATH")  # what the warm process itself is started with


class SandboxError(CourseError):
    """There can be no sandbox here, so nothing is run."""


class SeatLostError(Exception):
    """A submission's process has ended, or had to be ended. The message says why."""


@dataclass(frozen=True)
class Rules:
    """How submissions are run. Times are in seconds.

    Attributes:
        limits: the sandbox's.
        sandboxed: whether there is one.
        cell: the time for one cell, and for all cases of one exercise.
        total: the time for all cells of a submission, repeated runs included.
        hidden: paths that a sandboxed process must not see; if it does, nothing is run.

    """

    limits: Limits = field(default_factory=Limits)
    sandboxed: bool = True
    cell: float = 30.0
    total: float = 120.0
    hidden: tuple[str, ...] = ()

    @classmethod
    def of_course(cls, root: Path, *, timeout: float, memory: int, sandboxed: bool) -> "Rules":
        """Return the rules for a course: ``timeout`` seconds for a cell, ``memory`` in MiB."""
        hidden = [root / name for name in ("solutions", "grading", "nbgrader_config.py")]
        hidden += [Path("/etc/passwd"), Path("/etc/shadow")]
        return cls(Limits(memory=memory << 20), sandboxed, timeout, 4 * timeout, tuple(map(str, hidden)))

    def to_json(self) -> dict[str, Any]:
        """Return plain data; ``from_json`` reads it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Rules":
        """Read what ``to_json`` returned."""
        return cls(**{**data, "limits": Limits(**data["limits"]), "hidden": tuple(data["hidden"])})


class Room:
    """A warm process that holds nothing secret, from which submissions' processes are forked, one at a time."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._zygote: Zygote | None = None
        if rules.sandboxed and missing():
            raise SandboxError(f"{missing()}, or say --no-sandbox and run what students wrote as yourself.")

    def close(self) -> None:
        """End the warm process and what it has forked."""
        zygote, self._zygote = self._zygote, None
        if zygote is not None:
            zygote.close()

    def _warm(self) -> Zygote:
        if self._zygote is not None and self._zygote.process.poll() is not None:  # killed
            self.close()
        if self._zygote is None:
            environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
            environment |= {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "HIP_VISIBLE_DEVICES": ""}
            request = Request([], environment, os.getcwd(), None, None, None, PRELOAD)
            try:
                self._zygote = Zygote(request)
            except NotWarmError as trouble:
                raise CourseError(f"Submissions cannot be run: {trouble}.") from None
            self._own_memory = psutil.Process(self._zygote.process.pid).memory_info().rss
        return self._zygote

    @contextmanager
    def seat(self, cases: str, files: dict[str, bytes]) -> Iterator["Seat"]:
        """Start a process for a submission, and end it with all that it has started.

        ``cases`` is the text of ``cases.py``; ``files`` are put into its folder. Raises SandboxError where its
        sandbox cannot be had.
        """
        zygote, rules = self._warm(), self.rules
        sandbox = {"limits": vars(rules.limits), "paths": interpreter_paths()} if rules.sandboxed else None
        with ExitStack() as stack:
            folder = "/" if rules.sandboxed else stack.enter_context(TemporaryDirectory(prefix="gradstop-"))
            control, their_control = _pair(stack)
            lane, their_lane = _pair(stack)
            environment = {**_ENVIRONMENT, **({} if rules.sandboxed else {"HOME": folder, "TMPDIR": folder})}
            request = Request(
                [json.dumps({"sandbox": sandbox})],
                environment,
                folder,
                their_control.fileno(),
                their_lane.fileno(),
                None,
                target=TARGET,
            )
            try:
                process = zygote.fork(request)
            except (NotWarmError, OSError) as trouble:
                self.close()
                raise SeatLostError(f"its process could not be started: {trouble}") from None
            stack.callback(_end, process)
            their_control.close()
            their_lane.close()
            seat = Seat(process, control, lane, self)
            seat.settle(cases, files)
            yield seat

    def watch(self, process: psutil.Process) -> None:
        """Raise SeatLostError if a process and all below it take more memory than they may."""
        most = self.rules.limits.memory
        if _memory(process) - self._own_memory > most:
            raise SeatLostError(f"it took more than {most >> 20} MiB of memory")


class Seat:
    """A submission's process, as the judge speaks with it.

    Attributes:
        changed: what its cells have changed of torch and of Python, as it reports it.

    """

    changed: tuple[str, ...] = ()

    def __init__(self, process: ForkedKernel, control: socket.socket, lane: socket.socket, room: Room) -> None:
        self._process, self._lane, self._room = process, lane, room
        self._known = psutil.Process(process.pid)
        self._control = Channel(control, self._watch)

    def settle(self, cases: str, files: dict[str, bytes]) -> None:
        """Hand over the cases and the files, and see that it is walled in."""
        hidden = self._room.rules.hidden if self._room.rules.sandboxed else ()
        self._say({"cases": _compiled(cases), "look": hidden})
        answer = self._hear(PATIENCE)
        if isinstance(answer, dict) and "refused" in answer:
            raise SandboxError(
                f"No sandbox can be had here: {answer['refused']}. Grade on a Linux machine that allows user "
                "namespaces (sysctl kernel.unprivileged_userns_clone=1, or kernel.apparmor_restrict_unprivileged_userns=0"
                "), or as root; in a container, with --privileged. Or say --no-sandbox and run what students wrote "
                "as yourself."
            )
        if answer != {"sees": []}:
            raise SandboxError(
                f"The sandbox shows what it should hide: {answer}. Is the virtual environment's folder the course's?"
            )
        for name, data in files.items():
            for start in range(0, max(1, len(data)), _PART):
                part = base64.b64encode(data[start : start + _PART]).decode()
                self._say({"file": os.path.basename(name), "data": part})

    def run(self, source: str, seconds: float) -> Any:
        """Run a cell; return its outputs as the process reports them. Raises SeatLostError if that ends it."""
        self._say({"run": source})
        answer = self._hear(seconds)
        return answer.get("outputs") if isinstance(answer, dict) else None

    @contextmanager
    def exercise(self, name: str) -> Iterator[Channel]:
        """Have an exercise observed in a fork of the process; yield the channel to that fork."""
        with ExitStack() as stack:
            ours, theirs = _pair(stack)
            self._say({"observe": name})
            try:
                socket.send_fds(self._lane, [b"x"], [theirs.fileno()])
            except OSError:
                raise SeatLostError(self._why()) from None
            theirs.close()
            yield Channel(ours, self._watch)
        self._say({"end": name})
        answer = self._hear(PATIENCE)
        if not isinstance(answer, dict) or answer.get("ended") != name:
            raise SeatLostError("its process gave another answer than it should")
        names = answer.get("changed")
        if isinstance(names, list):
            self.changed = tuple(text[:80] for text in names[:20] if isinstance(text, str))

    def _say(self, message: Any) -> None:
        try:
            self._control.send(message)
        except OSError:
            raise SeatLostError(self._why()) from None

    def _hear(self, seconds: float) -> Any:
        try:
            return self._control.receive(seconds)
        except TimeoutError:
            raise SeatLostError(f"it was still running after {seconds:g} s") from None
        except (ProtocolError, OSError):
            raise SeatLostError(self._why()) from None

    def _why(self) -> str:
        """Say how the process has ended."""
        try:
            code = self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            return "it answers no more"
        number = -code if code < 0 else code - 128
        if number > 0:
            return f"it was ended by signal {number}{_SIGNALS.get(number, '')}"
        return f"it ended itself with exit code {code}"

    def _watch(self) -> None:
        with suppress(psutil.NoSuchProcess):
            self._room.watch(self._known)


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


def _pair(stack: ExitStack) -> tuple[socket.socket, socket.socket]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    ours.settimeout(PATIENCE)
    return stack.enter_context(ours), stack.enter_context(theirs)


def _memory(process: psutil.Process) -> int:
    """Return the bytes that a process and all below it hold, each shared page counted once."""
    total = 0
    for one in [process, *process.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            try:
                total += one.memory_full_info().pss
            except psutil.AccessDenied:
                total += one.memory_info().rss
    return total


def _end(process: ForkedKernel) -> None:
    """Kill a process and wait until it, and all that it has started, has ended.

    A sandbox ends with its first process; without one, what is seen below the process is killed too.
    """
    family: list[psutil.Process] = []
    with suppress(psutil.NoSuchProcess):
        family = psutil.Process(process.pid).children(recursive=True)
    with suppress(ProcessLookupError):
        process.kill()
    for one in family:
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            one.kill()
    with suppress(subprocess.TimeoutExpired):
        process.wait(5.0)
