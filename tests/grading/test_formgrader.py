"""The instructor's round in a browser: nbgrader's formgrader on a course that nothing was graded in yet."""

import csv
import io
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.browsing import photograph
from support.classroom import SOLVED, change, make_course, run, scores
from support.lab import LIMIT, serving

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("formgrader")]
NAME = "03-detach"
COMMENT = "The version counter is the point. One point for the idea."
ELSEWHERE = "elsewhere.invalid"
NOTEBOOK = "main #notebook-container"
JUPYTER = str(Path(sys.executable).with_name("jupyter"))
# Each line tries to run something in the browser of whoever looks, or to tell another host that somebody does.
MARKDOWN = f"""<script>window.ran = 1; fetch('http://{ELSEWHERE}/script')</script>
<img src=x onerror="window.ran = 2"> <svg onload="window.ran = 3"></svg> <iframe srcdoc="<script>1</script>"></iframe>
[press](javascript:window.ran=4) <a href="javascript:window.ran=5">press</a> ![seen](http://{ELSEWHERE}/picture)
![seen][there] <style>body {{ background: url(http://{ELSEWHERE}/style) }}</style>

[there]: http://{ELSEWHERE}/reference
"""
CODE = f"""from IPython.display import HTML, SVG, Javascript, display
display(HTML('<script>window.ran = 6</script><img src="http://{ELSEWHERE}/output" onerror="window.ran = 7">'))
display(SVG('<svg xmlns="http://www.w3.org/2000/svg" onload="window.ran = 8"><script>window.ran = 9</script></svg>'))
display(Javascript("window.ran = 10"))
display({{"text/markdown": "![seen](http://{ELSEWHERE}/shown) <script>window.ran = 11</script>"}}, raw=True)
print("<script>window.ran = 12</script>")
"""


class Grader:
    """Somebody at the formgrader.

    Attributes:
        tab: the page.
        failures: what the page's scripts failed with, and what the server refused.
        foreign: the requests for another host. None is let through: the tests need no network.

    """

    def __init__(self, browser, address):
        self.base, self._token = address.split("APPLICATION/NOTEBOOK")
        self.failures, self.foreign = [], []
        self.context = browser.new_context(viewport={"width": 1200, "height": 1000})
        self.context.route("**/*", self._pass)
        self.tab = self.context.new_page()
        self.tab.set_default_timeout(LIMIT)
        self.tab.on("pageerror", lambda error: self.failures.append(str(error)))
        self.tab.on("response", lambda got: got.status >= 400 and self.failures.append(f"{got.status} {got.url}"))

    def _pass(self, route):
        if route.request.url.startswith((self.base, "data:", "blob:", "file:")):
            route.continue_()
        else:
            self.foreign.append(route.request.url)
            route.abort()

    def open(self, page=""):
        """Open a page of the formgrader; its table is there when this returns."""
        self.tab.goto(f"{self.base}formgrader{page}{self._token}")
        self.tab.locator("#main-table td:not([colspan])").first.wait_for()

    def row(self, name):
        """Return the row of the table that begins with, or contains, a name."""
        return self.tab.locator("#main-table tr", has=self.tab.locator("td").get_by_text(name, exact=True))

    def press(self, name, button):
        """Press a button in a row, and return what the dialog says when it is done."""
        self.row(name).locator(f".{button} a").click()
        dialog = self.tab.locator(".modal-dialog")
        dialog.wait_for()
        said = dialog.inner_text()
        self.tab.wait_for_function("$('.modal').hasClass('in')")  # a click before that is lost
        dialog.locator(".modal-footer button").click()
        dialog.wait_for(state="detached")
        assert "Success" in said, said
        return said

    def open_submission(self, student):
        """Go from the list of submissions to a student's notebook."""
        self.open(f"/manage_students/{student}/{NAME}")
        self.tab.locator("#main-table a", has_text="detach").click()
        self.tab.locator(NOTEBOOK).wait_for()
        self.tab.wait_for_function("formgrader.grades?.loaded && formgrader.comments?.loaded")


@pytest.fixture
def exchange(tmp_path) -> Path:
    folder = tmp_path / "exchange"
    folder.mkdir()
    folder.chmod(0o777)
    return folder


@pytest.fixture
def course(tmp_path, exchange) -> Path:
    course = make_course(tmp_path / "course")
    with (course / "nbgrader_config.py").open("a") as config:
        config.write(f"\nc.Exchange.root = {str(exchange)!r}\n")
    return course


@pytest.fixture
def grader(chromium, course, tmp_path):
    command = [JUPYTER, "server", "--no-browser", "--port=0", "--allow-root"]
    with serving(command, course, tmp_path / "instructor", PATH=os.defpath) as where:
        someone = Grader(chromium, where)
        yield someone
        someone.context.close()


class Student:
    """A student with a home of their own, who shares the exchange alone with the course."""

    def __init__(self, name, folder, exchange):
        self._name, self._home = name, folder / name
        self._home.mkdir()
        self._exchange = exchange

    def nbgrader(self, command):
        options = ["--course", "gradients", "--student", self._name, f"--Exchange.root={self._exchange}"]
        places = {"HOME": str(self._home), "JUPYTER_DATA_DIR": str(self._home / "data")}
        done = run(self._home, "nbgrader", command, NAME, *options, JUPYTER_CONFIG_DIR=str(self._home), **places)
        assert done.returncode == 0, done.stderr

    def hand_in(self, answers, *, cells=()):
        """Fetch the assignment, fill in answers, add cells, and submit."""

        def edit(notebook):
            for cell in notebook["cells"]:
                mark = cell["metadata"].get("nbgrader", {}).get("grade_id")
                cell["source"] = answers.get(mark, cell["source"])
            notebook["cells"].extend(cells)

        self.nbgrader("fetch_assignment")
        change(self._home / NAME / "detach.ipynb", edit)
        self.nbgrader("submit")


def cell(kind, source):
    more = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "id": f"own-{kind}", "metadata": {}, "source": source, **more}


def test_the_round_of_an_assignment(grader, course, exchange, tmp_path):
    """Each step is a function of its own, so that a failure names it."""
    hand_out(grader, course)
    ben, eve = Student("ben", tmp_path, exchange), Student("eve", tmp_path, exchange)
    with ThreadPoolExecutor() as both:
        handed_in = [
            both.submit(ben.hand_in, {**SOLVED, "stop": "def stop(x):\n    return x.data"}),
            both.submit(eve.hand_in, SOLVED, cells=[cell("markdown", MARKDOWN), cell("code", CODE)]),
        ]
    assert [done.exception() for done in handed_in] == [None, None]
    collect(grader)
    autograde(grader, course)
    read_the_differences(grader)
    read_what_would_run(grader)
    grade_by_hand(grader, course)
    autograde_again(grader, course)
    give_feedback(grader, course)
    export(course)
    assert grader.failures == []


def hand_out(grader, course):
    grader.open()
    assert grader.tab.locator("#main-table tr").count() == 10
    assert grader.row(NAME).locator(".status").inner_text() == "draft"
    grader.press(NAME, "assign")
    assert {path.name for path in (course / "exercises" / NAME).iterdir()} == {
        "detach.ipynb",
        "cases.py",
        "reference.json",
    }
    grader.press(NAME, "release")
    grader.tab.locator("#main-table .status", has_text="released").wait_for()


def collect(grader):
    grader.open()
    grader.press(NAME, "collect")
    grader.tab.locator("#main-table .num-submissions", has_text="2").wait_for()


def autograde(grader, course):
    grader.open(f"/manage_submissions/{NAME}")
    for student, score in (("ben", "17 / 18"), ("eve", "18 / 18")):
        assert grader.row(student).locator(".status").inner_text() == "needs autograding"
        grader.press(student, "autograde")
        grader.row(student).locator(".status", has_text="graded").wait_for()
        assert grader.row(student).locator(".score").inner_text() == score
    assert scores(course, "ben")["stop"] == 4.0


def read_the_differences(grader):
    grader.open_submission("ben")
    said = grader.tab.locator(NOTEBOOK).inner_text()
    assert "stop: 4 of 5 cases agree" in said
    assert "This behaves like x.data" in said
    assert "scale_grad: all 4 cases agree" in said
    grader.tab.locator(".gs-check", has_text="stop: 4 of 5").evaluate("e => e.scrollIntoView({block: 'center'})")
    photograph(grader.tab, "formgrader", clip={"x": 0, "y": 0, "width": 1200, "height": 690})


def read_what_would_run(grader):
    grader.open_submission("eve")
    said = grader.tab.locator(NOTEBOOK).inner_text()
    assert "window.ran = 12" in said, "what is printed is shown as text"
    links = grader.tab.locator(f"{NOTEBOOK} a").evaluate_all("links => links.map(link => link.protocol)")
    assert {*links} == {"http:"}, "an address that runs is none, to the browser"
    harmless(grader.tab, grader)


def harmless(tab, grader):
    tab.wait_for_load_state("networkidle")
    assert tab.evaluate("window.ran") is None
    assert grader.foreign == []


def grade_by_hand(grader, course):
    grader.open_submission("ben")
    score, comment = grader.tab.locator("#check-stop"), grader.tab.locator("#stop-comment")
    assert score.get_attribute("placeholder") == "4"
    for field, value, kind in ((score, "4.5", "grade"), (comment, COMMENT, "comment")):
        field.press_sequentially(value)
        with grader.tab.expect_response(lambda got, kind=kind: f"/api/{kind}/" in got.url and got.ok):
            field.blur()
    assert scores(course, "ben")["stop"] == 4.5


def autograde_again(grader, course):
    grader.open(f"/manage_submissions/{NAME}")
    grader.press("ben", "autograde")
    grader.row("ben").locator(".score", has_text="17.5 / 18").wait_for()
    done = run(course, "gradstop", "grade", NAME, "--force", "--student", "ben")
    assert done.returncode == 0, done.stderr
    assert scores(course, "ben")["stop"] == 4.5


def give_feedback(grader, course):
    grader.open()
    grader.press(NAME, "generate-feedback")
    for student, expected in (("ben", [COMMENT, "This behaves like x.data", "4.5"]), ("eve", ["window.ran = 12"])):
        tab = grader.context.new_page()
        tab.goto((course / "grading" / "feedback" / student / NAME / "detach.html").as_uri())
        said = tab.locator("body").inner_text()
        assert all(words in said for words in expected), said
        harmless(tab, grader)
        tab.close()


def export(course):
    done = run(course, "gradstop", "export", "--to", "-")
    assert done.returncode == 0, done.stderr
    rows = {row["student"]: row for row in csv.DictReader(io.StringIO(done.stdout))}
    assert {student: row[NAME] for student, row in rows.items()} == {"ben": "17.5", "eve": "18"}
