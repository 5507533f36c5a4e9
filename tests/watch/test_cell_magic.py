"""The cell magic, and the module that is called."""

import subprocess
import sys

import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell

from gradstop import watch


@pytest.fixture
def shell():
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    yield shell
    InteractiveShell.clear_instance()


def test_an_error_in_a_watched_cell_is_followed_by_its_explanation(shell, capsys):
    shell.run_line_magic("load_ext", "gradstop")
    shell.run_cell("import torch\nx = torch.ones(2, requires_grad=True)")
    shell.run_cell("%%watch\ny = x.detach()\ny.sum().backward()")
    out = capsys.readouterr().out
    assert "has no history: it was cut once" in out
    assert "line 2  y = x.detach()" in out
    assert shell.user_ns["seen"].error


def test_the_block_never_swallows_an_exception():
    with pytest.raises(ZeroDivisionError), watch() as seen:
        _ = 1 / 0
    assert str(seen).startswith("ZeroDivisionError at ")


def test_why_takes_a_module_and_refuses_anything_else():
    net = torch.nn.Linear(2, 1)
    with watch() as seen:
        net(torch.ones(2)).backward()
    assert "has a gradient" in str(seen.why(net))
    with pytest.raises(TypeError, match="not int"):
        seen.why(3)


def test_a_watch_watches_one_block():
    seen = watch()
    with seen:
        pass
    with pytest.raises(RuntimeError, match="one block"), seen:
        pass


def test_a_watched_cell_runs_as_any_other(shell, capsys):
    shell.run_line_magic("load_ext", "gradstop")
    shell.run_line_magic("reload_ext", "gradstop")
    shell.run_cell("import torch", store_history=True)
    result = shell.run_cell("%%watch mine\ny = torch.ones(2)\n1 / 0", store_history=True)
    out = capsys.readouterr().out
    assert isinstance(result.error_in_exec, ZeroDivisionError)
    assert f"ZeroDivisionError at cell {result.execution_count}, line 3  1 / 0" in out
    assert out.count("Seen: ") == 1
    assert "Seen: 1 call of torch" in str(shell.user_ns["mine"])
    assert shell.run_cell("%%watch\ny * 2", store_history=True).success
    assert str(shell.user_ns["_"]) == "tensor([2., 2.])"
    assert "No fault found." in capsys.readouterr().out


def test_a_watched_cell_may_await():
    """In a process of its own: the browser of other tests has an event loop in this one."""
    cells = ["%load_ext gradstop", "import asyncio, torch", "%%watch\nawait asyncio.sleep(0)\nprint(torch.ones(1) * 2)"]
    code = f"""
from IPython.core.interactiveshell import InteractiveShell
for cell in {cells}:
    InteractiveShell.instance().run_cell(cell)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "tensor([2.])" in done.stdout
    assert "No fault found." in done.stdout


def test_a_cell_that_cannot_run_is_not_reported(shell, capsys):
    shell.run_line_magic("load_ext", "gradstop")
    assert shell.run_cell("%%watch\ny = (").error_before_exec is not None
    assert "Seen" not in capsys.readouterr().out
    assert "seen" not in shell.user_ns


@pytest.mark.parametrize("cell", ["%%watch\n%%time\ny = torch.ones(2)", "%%time\n%%watch\ny = torch.ones(2)"])
def test_another_magic_may_stand_above_or_below(shell, capsys, cell):
    shell.run_line_magic("load_ext", "gradstop")
    shell.run_cell("import torch")
    shell.run_cell(cell)
    assert "Seen: 1 call of torch" in capsys.readouterr().out


def test_nothing_is_found_while_the_block_runs():
    with watch() as seen:
        assert seen.faults == seen.perhaps == seen.error == []
