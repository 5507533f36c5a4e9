"""Hostile submissions, and honest ones with slips: one class, graded once; what each got, and what has not happened."""

import hashlib
import json
import os
import re
import socket
import stat
import threading
import uuid
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest
from support.classroom import all_scores, hand_in, make_course, nbgrader, run
from support.threats import CLASSES, FULL, NAME, SOLVED, threats

from gradstop.grading.result_store import result_store_of

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("adversarial")]  # one class for all
THREATS = threats()
HONEST = ["before-honest", "notebook-honest", "within-honest"]
GRADED = [threat for threat in THREATS if not threat.problem]


@dataclass
class Graded:
    """The class when it has been graded."""

    course: Path
    home: Path
    marker: str
    secret: str
    results: dict[str, dict]
    received: list[bytes]
    before: dict[str, str]
    after: dict[str, str]
    left: list[str] = field(default_factory=list)

    def notebook(self, student: str) -> dict:
        """Return a graded notebook."""
        return json.loads((self.course / "grading" / "autograded" / student / NAME / "detach.ipynb").read_text())


@pytest.fixture(scope="module")
def graded(tmp_path_factory) -> Graded:
    """Grade all threats and some honest students in one run, with things lying about that nobody may touch."""
    marker, secret = f"mark{uuid.uuid4().hex[:12]}", f"secret{uuid.uuid4().hex}"
    course = make_course(tmp_path_factory.mktemp("course"), NAME)
    home = tmp_path_factory.mktemp(f"home-{marker}")
    temporary = Path("/tmp") / f"canary-{marker}.txt"
    for canary in (home / "canary.txt", course / "canary.txt", temporary):
        canary.write_text(secret)
    for known in ("right_answers.py", "wrong_answers.py"):
        with (course / "solutions" / NAME / known).open("a") as file:
            file.write(f"# {secret}\n")
    with Listener(marker) as listener:
        places = {
            "MARKER": marker,
            "PORT": str(listener.port),
            "SOCKET": listener.path,
            "HOME": str(home),
            "COURSE": str(course),
        }
        for student in HONEST:
            hand_in(course, student, SOLVED)
        for threat in THREATS:
            threat.hand_in(course, places)
        before = snapshot(course) | snapshot(home)
        # Endless ones are to be waited for; less than 10 s is too little for what torch loads late on a busy machine.
        command = ["gradstop", "grade", NAME, "--jobs", "2", "--timeout", "10", "--memory", "512", "--json"]
        done = run(course, *command, HOME=str(home))
        assert "Traceback" not in done.stderr, done.stderr
        results = {result["student"]: result for result in json.loads(done.stdout)}
        found = Graded(course, home, marker, secret, results, listener.received, before, {})
    found.after = snapshot(course) | snapshot(home)
    found.left = [*processes_with(marker), *map(str, Path("/tmp").glob(f"*{marker}*"))]
    found.left.remove(str(temporary))
    assert temporary.read_text() == secret
    temporary.unlink()
    return found


class Listener:
    """Sockets of this machine that nothing may reach: TCP and UDP on one port, one in a file, one with a name."""

    def __init__(self, marker: str) -> None:
        self.received: list[bytes] = []
        self.path = f"/tmp/{marker}.sock"
        tcp = socket.create_server(("127.0.0.1", 0))
        self.port = tcp.getsockname()[1]
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", self.port))
        named = [socket.socket(socket.AF_UNIX) for _ in range(2)]
        for one, address in zip(named, (self.path, f"\0{marker}"), strict=True):
            one.bind(address)
            one.listen()
        self.sockets = [tcp, udp, *named]

    def __enter__(self) -> "Listener":
        for one in self.sockets:
            one.settimeout(0.2)
            threading.Thread(target=self._listen, args=(one,), daemon=True).start()
        return self

    def _listen(self, one: socket.socket) -> None:
        while one.fileno() >= 0:
            try:
                if one.type == socket.SOCK_DGRAM:
                    self.received.append(one.recv(100))
                else:
                    one.accept()[0].close()
                    self.received.append(b"a connection")
            except OSError:
                continue

    def __exit__(self, *_: object) -> None:
        for one in self.sockets:
            one.close()
        Path(self.path).unlink()


def snapshot(folder: Path) -> dict[str, str]:
    """Return all that lies below a folder, each with a digest of its content; nothing is followed."""
    found = {}
    for path in folder.rglob("*"):
        mode = path.lstat().st_mode
        if stat.S_ISREG(mode):
            with path.open("rb") as file:
                found[str(path)] = hashlib.file_digest(file, "sha256").hexdigest()
        else:
            found[str(path)] = os.readlink(path) if stat.S_ISLNK(mode) else str(stat.S_IFMT(mode))
    return found


def processes_with(marker: str) -> list[str]:
    """Return the processes that have a word in their command line or environment."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                text = (place / name).read_bytes()
            except OSError:
                continue
            if marker.encode() in text:
                found.append(f"process {place.name}: {text[:200]!r}")
    return found


def by_name(threat):
    return threat.name


# What each got ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("threat", THREATS, ids=by_name)
def test_it_gets_what_it_is_worth(graded, threat):
    result = graded.results[threat.name]
    if threat.problem:
        assert re.search(threat.problem, result["problem"])
        assert result["score"] is None
        return
    assert result["problem"] == ""
    expected = threat.expected
    for exercise, most in threat.at_most.items():
        assert result["exercises"][exercise] <= most
        expected[exercise] = result["exercises"][exercise]
    assert result["exercises"] == expected
    assert set(threat.untrusted) <= set(result["untrusted"])
    if threat.kind == "honest":
        assert result["untrusted"] == []


def test_a_cell_after_which_no_other_can_be_run_is_left_out(graded):
    (said,) = graded.results["tampering-builtins"]["lost"]
    assert said.endswith("it replaces functions of Python's own, and no other cell can be run after it")


@pytest.mark.parametrize("student", HONEST)
def test_the_others_have_all_of_their_points(graded, student):
    assert graded.results[student]["exercises"] == FULL
    assert graded.results[student]["untrusted"] == graded.results[student]["lost"] == []


def test_the_gradebook_has_the_same(graded):
    entered = all_scores(graded.course)
    assert entered.keys() == {*HONEST, *(threat.name for threat in GRADED)}
    for student, exercises in entered.items():
        assert exercises == graded.results[student]["exercises"], student


def test_there_are_all_classes_of_threats_and_each_says_what_it_is():
    assert len(THREATS) >= 60
    assert {threat.kind for threat in THREATS} == set(CLASSES)
    assert all(threat.says.endswith(".") for threat in THREATS)
    assert [threat.name for threat in THREATS if threat.accepted] == ["forgery-whole-model"]


# What must not have happened ----------------------------------------------------------------------------------------


def test_no_file_was_touched(graded):
    gone = graded.before.keys() - graded.after.keys()
    changed = {path for path in graded.before.keys() & graded.after.keys() if graded.before[path] != graded.after[path]}
    assert gone == changed == set()


def test_grading_alone_has_written(graded):
    grading = graded.course / "grading"
    new = graded.after.keys() - graded.before.keys()
    ours = [
        f"{grading}/autograded",
        f"{grading}/gradebook.db",
        f"{grading}/results.db",
        f"{grading}/logs",
        f"{graded.home}/.cache",
    ]
    strange = [path for path in new if not path.startswith(tuple(ours)) and not path.startswith(f"{graded.home}/.")]
    assert strange == []
    written = {Path(path).name for path in new if path.startswith(ours[0]) and Path(path).is_file()}
    assert written == {"detach.ipynb"}


def test_no_packet_has_arrived(graded):
    assert graded.received == []


def test_no_process_and_no_temporary_file_is_left(graded):
    assert graded.left == []


@pytest.mark.parametrize("threat", GRADED, ids=by_name)
def test_the_graded_notebook_holds_no_secret_and_nothing_that_runs(graded, threat):
    notebook = graded.notebook(threat.name)
    shown = json.dumps([cell.get("outputs", []) for cell in notebook["cells"]])
    assert graded.secret not in shown
    assert "LEAK" not in shown
    assert "BEGIN SOLUTION" not in shown
    assert "root:x:0" not in shown
    assert len(shown) < 12_000_000
    for text in pages(notebook):
        assert harm(text) == []


def pages(notebook: dict):
    """Yield what a viewer of notebooks takes for HTML."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            assert data.keys() <= {"text/plain", "text/html", "image/png", "image/jpeg", "image/gif"}
            yield data.get("text/html", "")
        if cell["cell_type"] == "markdown":
            yield cell["source"]


class Harm(HTMLParser):
    """Finds what a browser would run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "iframe", "object", "embed", "base", "meta", "form", "link"):
            self.found.append(f"<{tag} {dict(attributes)}>")
        for name, value in attributes:
            runs = re.sub(r"[\s\0]", "", value or "").lower().startswith(("javascript:", "vbscript:", "data:text"))
            if name.startswith("on") or name == "srcdoc" or runs:
                self.found.append(f"{tag} {name}={value}")


def harm(text: str) -> list[str]:
    """Return what a browser would run of a page."""
    parser = Harm()
    parser.feed(text)
    parser.close()
    return parser.found


def test_what_torch_replaces_itself_is_no_note_on_a_submission(graded):
    results = result_store_of(graded.course)
    assert results.outcome(NAME, "honest-optimizers").changed == []
    assert results.outcome(NAME, "honest-functions-patched").changed != []


def test_feedback_holds_nothing_that_runs(graded):
    nbgrader(graded.course, "generate_feedback", NAME, "--student", "notebook-h*")
    pages = graded.course / "grading" / "feedback"
    usual = harm((pages / "notebook-honest" / NAME / "detach.html").read_text())
    found = sorted(pages.glob(f"notebook-h*/{NAME}/detach.html"))
    assert len(found) >= 5
    for page in found:
        assert [one for one in harm(page.read_text()) if one not in usual] == [], page.parts[-3]


# Each defence, taken away --------------------------------------------------------------------------------------------


def test_every_threat_names_a_control_that_is_there():
    from test_adversarial_controls import CONTROLS

    assert {threat.control for threat in THREATS} <= CONTROLS | {"accepted"}
