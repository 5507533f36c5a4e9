"""Where units of work are done: by processes of this machine, or by a Dask cluster. One interface for both.

A unit is bytes in, bytes out. Each is done again, once, if the worker that had it is lost.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, Protocol

from gradstop.course import CourseError

Work = Callable[[bytes, bytes], bytes]
AHEAD = 2  # units that wait for each worker, so that memory does not grow with the class
TRIES = 2


class Lost:
    """Stands in the place of a result where every worker that had the unit was lost."""


class Executor(Protocol):
    """Does units of work. ``shared`` is what all units of a run have in common."""

    def run(self, work: Work, shared: bytes, units: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes | Lost]]:
        """Yield each unit's name and result as it is done, in any order. What ``work`` raises is raised."""
        ...


class Local:
    """Processes of this machine."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._pool: ProcessPoolExecutor | None = None

    def run(self, work: Work, shared: bytes, units: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes | Lost]]:
        """Yield each unit's name and result as it is done."""
        waiting = iter(units)
        pending: dict[Future[bytes], tuple[str, bytes, int]] = {}
        again: list[tuple[str, bytes, int]] = []
        while True:
            while len(pending) < self._jobs * AHEAD and (job := _next_job(again, waiting)) is not None:
                pending[self._submit(work, shared, job[1])] = job
            if not pending:
                return
            for future in wait(pending, return_when=FIRST_COMPLETED).done:
                name, unit, tries = pending.pop(future)
                try:
                    yield name, future.result()
                except BrokenProcessPool:
                    # One lost worker breaks the pool, and all that were waiting in it: nobody knows whose it was.
                    if self._pool is not None:
                        self._pool.shutdown(wait=True, cancel_futures=True)
                        self._pool = None
                    if tries + 1 < TRIES + self._jobs * AHEAD:
                        again.append((name, unit, tries + 1))
                    else:
                        yield name, Lost()

    def _submit(self, work: Work, shared: bytes, unit: bytes) -> Future[bytes]:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self._jobs, get_context("spawn"), initializer=_leave_interrupts)
        return self._pool.submit(work, shared, unit)

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


class Cluster:
    """A Dask cluster, named by its scheduler's address. Needs the extra ``cluster``."""

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ModuleNotFoundError:
            raise CourseError("--scheduler needs Dask: pip install 'gradstop[cluster]'.") from None
        try:
            self._client: Any = Client(address, timeout=20, set_as_default=False)
        except (OSError, ValueError) as error:
            raise CourseError(f"The scheduler at {address} does not answer: {error}.") from None

    def run(self, work: Work, shared: bytes, units: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes | Lost]]:
        """Yield each unit's name and result as it is done."""
        from distributed import KilledWorker, as_completed

        everywhere = self._client.scatter(shared, broadcast=True)
        workers = max(1, sum(self._client.nthreads().values()))
        waiting, names = iter(units), {}
        done = as_completed(with_results=False)

        def feed() -> None:
            for name, unit in waiting:
                future = self._client.submit(work, everywhere, unit, pure=False)
                names[future.key] = name
                done.add(future)
                return

        for _ in range(workers * AHEAD):
            feed()
        for future in done:
            name = names.pop(future.key)
            try:
                yield name, future.result()
            except KilledWorker:
                yield name, Lost()
            feed()

    def close(self) -> None:
        """Leave the cluster to itself."""
        self._client.close()


@contextmanager
def executor_for(jobs: int, scheduler: str) -> Iterator[Executor]:
    """Yield the cluster at the scheduler's address, or else this machine's processes."""
    chosen: Local | Cluster = Cluster(scheduler) if scheduler else Local(jobs)
    try:
        yield chosen
    finally:
        chosen.close()


def _next_job(again: list[tuple[str, bytes, int]], waiting: Iterator[tuple[str, bytes]]) -> tuple[str, bytes, int] | None:
    if again:
        return again.pop()
    fresh = next(waiting, None)
    return None if fresh is None else (*fresh, 0)


def _leave_interrupts() -> None:
    """Ctrl-C is the command's, which ends its workers in order."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
