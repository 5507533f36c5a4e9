"""What is missing where submissions are run costs no right answer; an answer that needs it is told so in a line."""

import json
import re

import pytest
from support.classroom import SOLVED, hand_in, make_course, run

from gradstop.grading.inside.lacking import Lacking

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("lacking")]
NAME = "03-detach"
# What stands before a right answer; on the student's machine it goes through.
BEFORE = {
    "a package": "import no_such_package\nfrom no_such_package import a_part as part\npart.set_theme()",
    "a part of one that is there": "from torch import no_such_part",
    "Colab's drive": "from google.colab import drive\ndrive.mount('/content/drive')\n%cd /content/drive",
    "a backend with windows": "import matplotlib.pyplot as plt\nplt.switch_backend('QtAgg')",
    "a window": "class TclError(Exception):\n    pass\nraise TclError('no display name')",
    "a language": "import locale\nlocale.setlocale(locale.LC_ALL, 'no_SUCH')",
    "a package in a cell that is timed": "%%time\nimport no_such_package",
    "packages that are installed first": "\n".join(f"%pip install no_such_{name}" for name in "abcd"),
    "a question": "name = input('Your name? ')\nprint(name)",
    "a password": "import getpass\ngetpass.getpass()",
    "a debugger": "breakpoint()",
    "a debugger by its name": "import pdb\npdb.set_trace()",
    "IPython's debugger": "from IPython.core.debugger import set_trace\nset_trace()",
    "a file of the student's": "with open('/home/ann/data.csv') as file:\n    rows = file.read()\nfirst = rows[0]",
    "the network": "import urllib.request\nurllib.request.urlopen('https://example.org', timeout=5)",
    "a device": "on_it = torch.ones(2, device='cuda')\nprint(on_it * 2)",
    "a device that is required": "assert torch.cuda.is_available(), 'no GPU'",
    "a variable of the environment": "import os\nuser = os.environ['NO_SUCH_VARIABLE']",
    "a magic of another notebook": "%tensorflow_version 2.x",
}
WHERE = "where submissions are run"
# An answer that cannot do without, or whose cell stops by an error that it has everywhere; and what is said of it.
AFTER = {
    "used": (
        f"import no_such_package as nsp\n{SOLVED['one_path']}\n_path = one_path\n"
        "def one_path(x, w):\n    return nsp.same(_path(x, w))",
        "raises NameError (name 'nsp' is not defined",
        f"; the cell ran without its line 'import no_such_package as nsp': it is not installed {WHERE}; install it "
        "there, or do without it (ModuleNotFoundError: No module named 'no_such_package')",
    ),
    "around the function": (
        f"import no_such_package as nsp\n@nsp.jit\n{SOLVED['one_path']}",
        "one_path: the cell ran without its line 'import no_such_package as nsp': it is not installed",
        "No module named 'no_such_package'",
    ),
    "an error of its own": (
        f"import no_such_package\nraise ValueError('stop')\n{SOLVED['one_path']}",
        "one_path: its cell stops with ValueError: stop",
        "",
    ),
    "a name of its own": (f"no_such_name\n{SOLVED['one_path']}", "its cell stops with NameError", ""),
    "a magic for all of the cell": (f"%%no_such_magic\n{SOLVED['one_path']}", "its cell stops with UsageError", ""),
    "a cell's magic": (f"%%timeit\n{SOLVED['one_path']}", "its cell begins with %%timeit, which keeps nothing", ""),
}
# An answer that needs what was handed in below its notebook.
NEEDS = (
    "from helpers.same import same\nfactor = int(open('data/one.txt').read())\n"
    f"{SOLVED['one_path']}\n_path = one_path\n"
    "def one_path(x, w):\n    return same(_path(x, w)) * factor"
)
STUDENTS = {**{f"s{number}": name for number, name in enumerate([*BEFORE, *AFTER])}, "s99": "needs what lies below"}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = make_course(tmp_path_factory.mktemp("lacking") / "course", NAME, ["one_path"])
    for student, name in [*STUDENTS.items()][:-1]:
        source = AFTER[name][0] if name in AFTER else f"{BEFORE[name]}\n{SOLVED['one_path']}"
        hand_in(course, student, {"one_path": source}, NAME)
    folder = hand_in(course, "s99", {"one_path": NEEDS}, NAME).parent
    for name, text in {"helpers/same.py": "def same(x):\n    return x\n", "data/one.txt": "1"}.items():
        (folder / name).parent.mkdir()
        (folder / name).write_text(text)
    return course


@pytest.fixture(scope="module")
def graded(course):
    """Grade all; return what is printed of each by the name of its kind."""
    done = run(course, "gradstop", "grade", NAME, "--why")
    assert done.returncode == 0, done.stderr
    told = re.split(r"^(s\d+) ", done.stdout, flags=re.MULTILINE)[1:]
    return {STUDENTS[student]: said for student, said in zip(told[::2], told[1::2], strict=True)}


@pytest.mark.parametrize("name", BEFORE)
def test_what_is_missing_here_costs_no_right_answer(graded, name):
    assert "one_path 3" in graded[name]


@pytest.mark.parametrize("name", AFTER)
def test_what_an_answer_lacks_is_said(graded, name):
    _, *said = AFTER[name]
    assert "one_path 0" in graded[name]
    assert all(words in graded[name] for words in said)


def test_what_was_handed_in_in_a_folder_is_there(graded):
    assert "one_path 3" in graded["needs what lies below"]


def test_it_is_said_in_all_places(course, graded):
    student = next(one for one, name in STUDENTS.items() if name == "used")
    assert run(course, "gradstop", "report", NAME).returncode == 0
    explained = " ".join(run(course, "gradstop", "explain", student, "one_path").stdout.split())
    notebook = course / "grading" / "autograded" / student / NAME / "detach.ipynb"
    cells = [cell for cell in json.loads(notebook.read_text())["cells"] if cell.get("outputs")]
    for text in ((course / "grading" / "reports" / f"{NAME}.html").read_text(), explained, json.dumps(cells)):
        assert "the cell ran without its line" in text
        assert "No module named" in text


def test_what_cannot_say_its_error_ends_the_cell():
    class OddError(Exception):
        def __str__(self):
            raise ValueError

    assert Lacking().note(OddError(), compile("cuda", "x", "exec"), {}) == ""
