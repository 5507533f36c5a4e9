"""The cell magic, and the module that is called."""

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
