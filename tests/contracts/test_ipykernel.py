"""What `gradstop.kernels` relies on of ipykernel, each assumption by its name."""

import threading
from importlib.util import find_spec

import pytest
from ipykernel.compiler import get_file_name
from ipykernel.control import ControlThread
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelspec import get_kernel_dict
from support.forks import printed_by

from gradstop.kernels.provisioner import _KERNEL, _LAUNCHER


def test_a_kernel_is_started_by_the_module_ipykernel_launcher():
    command = get_kernel_dict()["argv"]
    assert command[1:3] == _LAUNCHER
    assert find_spec(command[2]).origin.endswith("ipykernel_launcher.py")


@pytest.mark.parametrize("name", _KERNEL)
def test_what_a_kernel_imports_at_its_start_has_this_name(name):
    assert find_spec(name)


@pytest.mark.slow
def test_what_a_kernel_imports_at_its_start_does_not_bring_matplotlib_inline():
    code = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)\n"
    assert printed_by(code + "print('matplotlib_inline.backend_inline' in sys.modules)", *_KERNEL) == ["False"]


def test_the_control_thread_of_a_kernel_is_a_thread_that_stop_ends():
    assert IPKernelApp.control_thread.default_value is None
    thread = ControlThread(daemon=True)
    assert isinstance(thread, threading.Thread)
    thread.start()
    thread.stop()
    thread.join(timeout=30)
    assert not thread.is_alive()


def test_the_file_of_a_cell_is_known_by_ipykernel_in_its_name():
    assert "ipykernel_" in get_file_name("x = 1")
