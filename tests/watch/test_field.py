"""Programs with one fault each: the answer has to name the lines that a comment marks."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from gradstop import watch

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))


def marked(path):
    lines = path.read_text().splitlines()
    return [number for number, line in enumerate(lines, 1) if line.endswith("# <-")]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_the_right_lines_are_named(path):
    torch.manual_seed(0)
    names = runpy.run_path(str(path))
    live, error = {}, None
    try:
        with watch() as seen:
            names["main"](live)
    except (RuntimeError, AssertionError) as raised:
        error = raised
    text = str(seen).partition("Seen: ")[0]
    if "why" in live:
        text += str(seen.why(live["why"]))
    if error is not None:
        assert text.startswith(type(error).__name__)
    lines = {int(number) for number in re.findall(rf"{path.name}:(\d+)", text)}
    assert set(marked(path)) <= lines, text
    assert names["SAYS"] in text


def test_a_script_is_run_as_pdb_runs_it(tmp_path):
    script = tmp_path / "cut.py"
    lines = ["import sys, torch", "x = torch.ones(2, requires_grad=True)", "y = x.detach()", "print(sys.argv[1:])"]
    script.write_text("\n".join([*lines, "y.sum().backward()"]))
    command = [sys.executable, "-W", "ignore", "-m", "gradstop.watch", str(script), "--lr", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "['--lr', '1']\n"
    assert done.returncode == 1
    assert "cut.py:3  y = x.detach()" in done.stderr
    frames = [line for line in done.stderr.splitlines() if line.startswith("  File ")]
    assert 'cut.py", line 5, in <module>' in frames[0]  # and none of what runs and watches it
    assert not any("gradstop" in frame or "runpy" in frame for frame in frames)
