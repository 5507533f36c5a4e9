"""The same grading on a Dask cluster: a real scheduler and two workers on loopback, one of which is killed half-way."""

import json
import operator
import os
import signal
import subprocess
import sys
import time

import pytest
from support.classroom import SOLVED, hand_in, make_course, scores
from test_batch import EXERCISES, FULL, NAME, Grading

from gradstop.course import CourseError
from gradstop.grading import executors
from gradstop.grading.rules import Rules

pytest.importorskip("distributed", reason="no Dask: pip install 'gradstop[cluster]'")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("cluster")]
CLASS = [f"student-{number:02}" for number in range(10)]


class Cluster:
    """A scheduler and workers, each a process of its own, in a folder that holds nothing of the course."""

    def __init__(self, folder, workers):
        self._folder, self._file = folder, folder / "scheduler.json"
        self.processes = [self._start("scheduler", "--port", "0", "--no-dashboard", "--host", "127.0.0.1")]
        deadline = time.monotonic() + 60
        while not self._file.is_file():
            assert time.monotonic() < deadline, "the scheduler did not start"
            time.sleep(0.05)
        self.workers = []
        for _ in range(workers):
            self.add_worker()
        self.address = json.loads(self._file.read_text())["address"]

    def add_worker(self):
        self.workers.append(self._start("worker", "--nthreads", "1", "--no-nanny", "--no-dashboard"))

    def _start(self, kind, *options):
        words = [sys.executable, "-m", "distributed.cli.dask_" + kind, "--scheduler-file", str(self._file), *options]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(words, cwd=self._folder, start_new_session=True, **quiet)

    def close(self):
        for process in [*self.workers, *self.processes]:
            process.kill()
            process.wait()


@pytest.fixture
def start(tmp_path):
    folder, running = tmp_path / "elsewhere", []
    folder.mkdir()

    def start_one(workers=2):
        running.append(Cluster(folder, workers))
        return running[-1]

    yield start_one
    for one in running:
        one.close()


@pytest.fixture
def cluster(start):
    return start()


@pytest.fixture
def course(tmp_path):
    course = make_course(tmp_path / "course", NAME, EXERCISES)
    for student in CLASS:
        hand_in(course, student, SOLVED)
    return course


def test_a_class_is_graded_by_a_cluster_of_which_one_worker_is_killed(cluster, course):
    command = Grading(course, "--scheduler", cluster.address)
    command.wait_for(2)
    os.kill(cluster.workers[0].pid, signal.SIGKILL)
    code, out, err = command.end()
    assert code == 0, err
    results = json.loads(out)
    assert {r["student"]: r["score"] for r in results} == dict.fromkeys(CLASS, FULL)
    assert all(r["sandboxed"] for r in results)
    assert scores(course, CLASS[7])["stop"] == 5.0


def test_rounds_that_share_a_bundle_lose_nothing_of_each_other(cluster):
    with executors.executor_for(1, cluster.address, Rules()) as executor:
        for _ in range(5):  # as submissions that take long are graded in a second round
            results = executor.run(operator.add, b"x", [("ann", b"1"), ("ben", b"2")])
            assert dict(results) == {"ann": b"x1", "ben": b"x2"}


def test_a_scheduler_without_workers_is_named(start, monkeypatch):
    monkeypatch.setattr(executors, "WORKER_TIMEOUT", 0.2)
    address = start(workers=0).address
    said = f"The scheduler at {address} has no worker. Start one: dask worker {address}"
    with executors.executor_for(1, address, Rules()) as executor, pytest.raises(CourseError, match=said):
        list(executor.run(operator.add, b"x", [("ann", b"1")]))


def test_what_all_units_share_is_not_lost_with_the_worker_that_has_it(start):
    cluster = start(workers=1)
    with executors.executor_for(1, cluster.address, Rules()) as executor:
        results = executor.run(operator.add, b"x", [(str(number), b"1") for number in range(9)])
        found = dict([next(results)])
        cluster.workers[0].kill()
        cluster.add_worker()
        assert {**found, **dict(results)} == {str(number): b"x1" for number in range(9)}


def test_a_cluster_that_goes_away_is_named_and_what_is_finished_is_kept(cluster, course):
    command = Grading(course, "--scheduler", cluster.address)
    command.wait_for(1)
    cluster.close()
    code, _, err = command.end()
    assert code == 1
    assert "Traceback" not in err
    assert err.splitlines()[-1] == (
        f"gradstop: The cluster at {cluster.address} went away. Grade again: what is finished is kept."
    )
