"""The same grading on a Dask cluster: a real scheduler and two workers on loopback, one of which is killed half-way."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from support.classroom import SOLVED, hand_in, make_course, scores
from test_batch import EXERCISES, FULL, NAME, Grading

pytest.importorskip("distributed", reason="no Dask: pip install 'gradstop[cluster]'")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("cluster")]
CLASS = [f"student-{number:02}" for number in range(10)]


class Cluster:
    """A scheduler and workers, each a process of its own, in a folder that holds nothing of the course."""

    def __init__(self, folder):
        self._folder, self._file = folder, folder / "scheduler.json"
        self.processes = [self._start("scheduler", "--port", "0", "--no-dashboard", "--host", "127.0.0.1")]
        deadline = time.monotonic() + 60
        while not self._file.is_file():
            assert time.monotonic() < deadline, "the scheduler did not start"
            time.sleep(0.05)
        self.workers = [self._start("worker", "--nthreads", "1", "--no-nanny", "--no-dashboard") for _ in range(2)]
        self.address = json.loads(self._file.read_text())["address"]

    def _start(self, kind, *options):
        words = [sys.executable, "-m", "distributed.cli.dask_" + kind, "--scheduler-file", str(self._file), *options]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(words, cwd=self._folder, start_new_session=True, **quiet)

    def close(self):
        for process in [*self.workers, *self.processes]:
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    running = Cluster(folder)
    yield running
    running.close()


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
