"""Where units of work are done: by processes of this machine, or by a Dask cluster. One interface for both.

A unit is bytes in, bytes out. Each is done again, once, if the worker that had it is lost.
"""

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle, islice
from multiprocessing import SimpleQueue, get_context
from typing import Any, Protocol

from gradstop import logs
from gradstop.course import CourseError
from gradstop.grading.process.shared import share_warm_process
from gradstop.grading.process.warm_process import WarmProcess, processors_here
from gradstop.grading.rules import Rules
from gradstop.internals.cpython import end_workers
from gradstop.sandbox.system import die_with_parent

Work = Callable[[bytes, bytes], bytes]
_log = logging.getLogger(__name__)
AHEAD = 2  # units that wait for each worker, so that memory does not grow with the class
WORKER_TIMEOUT = 60  # seconds until a cluster has its first worker
MAX_TRIES = 4  # of one unit: another's crash takes it along


class Lost:
    """Stands in the place of a result where every worker that had the unit was lost."""


class Executor(Protocol):
    """Does units of work. ``shared`` is what all units of a run have in common."""

    @property
    def warm_process(self) -> WarmProcess | None:
        """The warm process of this machine, where there is one."""
        ...

    def prepare(self) -> None:
        """Begin with what takes time before the first unit, beside this process."""
        ...

    def run(self, work: Work, shared: bytes, units: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes | Lost]]:
        """Yield each unit's name and result as it is done, in any order. What ``work`` raises is raised."""
        ...


class Local:
    """Processes of this machine, forked from this one. They share its warm process, and end with it."""

    def __init__(self, jobs: int, rules: Rules) -> None:
        self._jobs = jobs
        self.warm_process = WarmProcess(rules)
        self._pool: ProcessPoolExecutor | None = None
        self._task: partial[bytes] | None = None  # what the workers of the pool do with a unit

    def prepare(self) -> None:
        """Have the warm process load its modules."""
        self.warm_process.start()

    def run(self, work: Work, shared: bytes, units: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes | Lost]]:
        """Yield each unit's name and result as it is done."""
        waiting, task = iter(units), partial(work, shared)
        pending: dict[Future[bytes], tuple[_Job, ProcessPoolExecutor]] = {}
        again: list[_Job] = []
        while True:
            while len(pending) < self._jobs * AHEAD and (job := _next_job(again, waiting)) is not None:
                future, pool = self._submit(task, job.unit)
                pending[future] = job, pool
            if not pending:
                return
            for future in wait(pending, return_when=FIRST_COMPLETED).done:
                job, pool = pending.pop(future)
                try:
                    yield job.name, future.result()
                except BrokenProcessPool:
                    _log.warning("a worker was lost: %s is graded again (%d of %d)", job.name, job.tries, MAX_TRIES)
                    # One lost worker breaks the pool, and all that were waiting in it: nobody knows whose it was.
                    if pool is self._pool:  # and not the next one already
                        self._end_pool()
                    if job.tries < MAX_TRIES:
                        again.append(replace(job, tries=job.tries + 1))
                    else:
                        yield job.name, Lost()

    def _submit(self, task: partial[bytes], unit: bytes) -> tuple[Future[bytes], ProcessPoolExecutor]:
        """Hand a unit to a pool, and say which. Its workers have the task since they were forked."""
        if self._pool is not None and self._task is not task:
            self._end_pool()
        if self._pool is None:
            self.warm_process.wait_until_warm()
            self._task = task
            context = get_context("fork")
            processors = context.SimpleQueue()
            for processor in _processors(self._jobs):
                processors.put(processor)
            begin = (self.warm_process, task, processors)
            self._pool = ProcessPoolExecutor(self._jobs, context, _begin_worker, begin)
        pool = self._pool
        try:
            return pool.submit(_do, unit), pool
        except BrokenProcessPool:  # a worker was lost since the last look
            self._end_pool()
            return self._submit(task, unit)

    def _end_pool(self) -> None:
        """End the workers; what they have not finished is done again, now or in another run."""
        pool, self._pool = self._pool, None
        if pool is not None:
            end_workers(pool)

    def close(self) -> None:
        """End the workers and the warm process."""
        self._end_pool()
        self.warm_process.close()


@dataclass(frozen=True)
class _Job:
    name: str
    unit: bytes
    tries: int = 1


def _next_job(again: list[_Job], waiting: Iterator[tuple[str, bytes]]) -> _Job | None:
    if again:
        return again.pop()
    fresh = next(waiting, None)
    return None if fresh is None else _Job(*fresh)


_task: partial[bytes]  # in a worker: what it does with each unit


def _processors(jobs: int) -> list[int | None]:
    """Return for each of so many workers the processor that it stays on, or None.

    What a worker asks and what answers run in turns. On two processors each turn wakes the other one, and each change
    of a page's rights interrupts it: a third more time in the kernel. Fewer workers than processors may run anywhere:
    those of another command would be put on the same ones.
    """
    there = processors_here()
    if not there or jobs < len(there):
        return [None] * jobs
    return list(islice(cycle(there), jobs))


def _begin_worker(warm_process: WarmProcess, task: partial[bytes], processors: "SimpleQueue[int | None]") -> None:
    """Leave Ctrl-C to the command, end with it, and use its warm process, on one of the processors."""
    global _task
    _task = task
    processor = processors.get()
    if processor is not None:
        with suppress(OSError):  # where it has been taken from this machine since
            os.sched_setaffinity(0, {processor})
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logs.in_a_fork()
    if sys.platform.startswith("linux"):
        die_with_parent()
    share_warm_process(warm_process)


def _do(unit: bytes) -> bytes:
    return _task(unit)


class Cluster:
    """A Dask cluster, named by its scheduler's address. Needs the extra ``cluster``."""

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ModuleNotFoundError:
            raise CourseError("--scheduler needs Dask: pip install 'gradstop[cluster]'.") from None
        # Dask logs a lost connection with its traceback; CourseError says it in a sentence.
        for name in ("distributed", "distributed.client"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._address = address
        self.warm_process = None
        try:
            self._client: Any = Client(address, timeout=10, set_as_default=False)
        except (OSError, ValueError) as error:
            raise CourseError(f"The scheduler at {address} does not answer: {error}.") from None

    def prepare(self) -> None:
        """Do nothing: workers begin with their first unit."""

    def run(self, work: Work, shared: bytes, units: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes | Lost]]:
        """Yield each unit's name and result as it is done.

        Raises:
            CourseError: if the cluster has no worker, or goes away.

        """
        from distributed import CancelledError, KilledWorker, as_completed
        from distributed.comm import CommClosedError

        waiting = iter(units)
        names: dict[str, str] = {}

        def send(job: tuple[str, bytes]) -> Any:
            future = self._client.submit(work, everywhere, job[1], pure=False)
            names[future.key] = job[0]
            return future

        try:
            self._wait_for_a_worker()
            # A result, and not data that is scattered: that would be lost with the one worker that has it, and, as its
            # name is its hash, with the round before that gives it up.
            everywhere = self._client.submit(bytes, shared, pure=False)
            workers = max(1, sum(self._client.nthreads().values()))
            done = as_completed([send(job) for job in islice(waiting, workers * AHEAD)], loop=self._client.loop)
            for future in done:
                name = names.pop(future.key)
                try:
                    result = future.result()
                except KilledWorker:
                    result = Lost()
                yield name, result
                done.update(send(job) for job in islice(waiting, 1))
        except (OSError, CancelledError, CommClosedError):
            raise CourseError(
                f"The cluster at {self._address} went away. Grade again: what is finished is kept."
            ) from None

    def _wait_for_a_worker(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=WORKER_TIMEOUT)
        except TimeoutError:
            raise CourseError(
                f"The scheduler at {self._address} has no worker. Start one: dask worker {self._address}"
            ) from None

    def close(self) -> None:
        """Leave the cluster to itself."""
        self._client.close()


@contextmanager
def executor_for(jobs: int, scheduler: str, rules: Rules) -> Iterator[Executor]:
    """Yield the cluster at the scheduler's address, or else this machine's processes."""
    chosen: Local | Cluster = Cluster(scheduler) if scheduler else Local(jobs, rules)
    try:
        yield chosen
    finally:
        chosen.close()
