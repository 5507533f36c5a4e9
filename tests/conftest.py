"""What several test files use: a browser, the built site, a class that is graded once."""

import gc
import os
import shutil
import signal

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # as make says it: before torch is loaded, here and in what is started

from support.course import bench_of
from support.postgres import postgres  # noqa: F401 - a fixture
from support.untested import is_failure, untested

from gradstop.authoring.cheat_sheet import BROWSERS
from gradstop.course import graded_cells

# A shell that starts the tests in the background has them ignore an interrupt, and what they start would too.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_sessionfinish(session, exitstatus):
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal and exitstatus == 0 and is_failure() and untested(terminal.stats.get("skipped", [])):
        session.exitstatus = 1


def pytest_terminal_summary(terminalreporter):
    for reason, count in untested(terminalreporter.stats.get("skipped", [])).items():
        terminalreporter.write_line(f"NOT TESTED: {count} tests; {reason}", red=is_failure(), yellow=not is_failure())


def pytest_collection_finish():
    """Leave what the tests' own process holds, torch and some thousand tests, out of each garbage collection."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def process_as_before():
    """Fail a test that leaves signals blocked or garbage uncollected: the tests after it would hang, or need more."""
    yield
    left = signal.pthread_sigmask(signal.SIG_SETMASK, []), gc.isenabled()
    gc.enable()
    assert left == (set(), True)


@pytest.fixture(scope="session")
def chromium():
    """Start the browser, once for all tests: two cannot be driven side by side."""
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install playwright")
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("no Chromium on the path: install your system's package chromium-headless-shell, or chromium")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site():
    """Serve the built site."""
    from support.browsing import HTML, Server

    if not (HTML / "index.html").is_file():
        pytest.fail("the site is not built: run make book first")
    with Server(HTML).running() as server:
        yield server


@pytest.fixture(scope="session")
def small_class(tmp_path_factory):
    """Grade a small class in 03-detach; tests that change it copy it first.

    ann and =eve have the solutions, ben has one wrong answer, what cyd handed in is damaged, dan was late.
    """
    from support.classroom import hand_in, make_course, run

    course, name = make_course(tmp_path_factory.mktemp("small") / "course", "03-detach"), "03-detach"
    solved = {cell.grade_id: cell.source for cell in graded_cells(bench_of(name).assignment.notebook) if cell.solution}
    hand_in(course, "ann", solved)
    hand_in(course, "ben", {**solved, "stop": "def stop(x):\n    return x.data"})
    hand_in(course, "cyd", {}).write_text('{"cells": [')
    hand_in(course, "=eve", solved)
    done = run(course, "gradstop", "grade", name)
    assert "3 graded" in done.stdout, done.stderr
    hand_in(course, "dan", solved)
    return course
