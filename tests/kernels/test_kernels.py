"""A warm kernel behaves as a stock one, and nothing is left when its driver has ended.

Every check of the first part runs against both kinds of kernel.
"""

import logging
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from support.course import ROOT

from gradstop.forkserver.forked import ForkedProcess
from gradstop.forkserver.launch import ForkServer
from gradstop.kernels.ports import HeldPorts
from gradstop.kernels.provisioner import WarmProvisioner

KINDS = {"stock": "local-provisioner", "warm": "warm-provisioner"}
VARIABLE = "JUPYTER_DEFAULT_PROVISIONER_NAME"
QUIET = ["--HistoryManager.hist_file=:memory:", "--log-level=ERROR"]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]
on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="warm kernels need Linux")


class Kernel:
    """A running kernel and its client."""

    def __init__(self, manager, client):
        self.manager = manager
        self.client = client

    def run(self, code, **options):
        """Run a cell; return what it printed, or the name and message of its error."""
        printed = []

        def collect(message):
            content = message["content"]
            if message["msg_type"] == "stream":
                printed.append(content["text"])
            elif message["msg_type"] in {"execute_result", "display_data"}:
                printed.append(next(iter(sorted(content["data"]))))
            elif message["msg_type"] == "error":
                printed.append(f"{content['ename']}: {content['evalue']}")

        code = textwrap.dedent(code)
        self.client.execute_interactive(code, timeout=60, output_hook=collect, store_history=False, **options)
        return "".join(printed).strip()


@contextmanager
def kernel(kind, **options):
    with environment(KINDS[kind]), ExitStack() as after:
        manager = KernelManager(kernel_name="python3")
        if kind == "stock":
            hold_ports(manager, after)
        manager.start_kernel(extra_arguments=QUIET, **options)
        after.callback(manager.cleanup_resources)
        after.callback(lambda: manager.is_alive() and manager.shutdown_kernel())
        client = manager.client()
        client.start_channels()
        after.callback(client.stop_channels)
        client.wait_for_ready(timeout=60)
        yield Kernel(manager, client)


def hold_ports(manager, after):
    """Give a stock kernel ports that no other test gets before it has bound them; a warm one does so itself."""
    if sys.platform.startswith("linux"):
        names = ["shell_port", "iopub_port", "stdin_port", "hb_port", "control_port"]
        ports = HeldPorts(manager.ip, len(names))
        after.callback(ports.release)
        manager.cache_ports = False  # or the provisioner chooses again
        for name, number in zip(names, ports.numbers, strict=True):
            setattr(manager, name, number)


@contextmanager
def environment(provisioner):
    from jupyter_client.provisioning import KernelProvisionerFactory

    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = provisioner
    KernelProvisionerFactory.clear_instance()
    try:
        yield
    finally:
        os.environ.pop(VARIABLE) if before is None else os.environ.update({VARIABLE: before})
        KernelProvisionerFactory.clear_instance()


def is_warm(one):
    return isinstance(one.manager.provisioner.process, ForkedProcess)


@pytest.fixture(scope="module", autouse=True)
def _own_warm_process():
    """Let the warm process begin with the environment of these tests, whatever others have done before."""
    ForkServer.end()


@pytest.fixture(scope="module", params=KINDS)
def shared(request):
    """One kernel of each kind, for checks that leave it as it was."""
    if request.param == "warm" and not sys.platform.startswith("linux"):
        pytest.skip("warm kernels need Linux")
    with kernel(request.param) as one:
        assert is_warm(one) == (request.param == "warm")
        yield one


@pytest.fixture(params=KINDS)
def fresh(request):
    """Return a context that starts a kernel of each kind."""
    if request.param == "warm" and not sys.platform.startswith("linux"):
        pytest.skip("warm kernels need Linux")
    return lambda **options: kernel(request.param, **options)


# The same as stock

ALIKE = {
    "its folder": ("import os; print(os.getcwd())", os.getcwd()),
    "the driver's process": ("import os; print(os.environ['JPY_PARENT_PID'])", str(os.getpid())),
    "a session and process group of its own": (
        "import os; print(os.getsid(0) == os.getpid() == os.getpgid(0))",
        "True",
    ),
    "its arguments": (
        "import sys; print(sys.argv[0].rpartition('/')[2], sys.argv[1], sys.orig_argv[1:3])",
        "ipykernel_launcher.py -f ['-m', 'ipykernel_launcher']",
    ),
    "its main module": ("import sys; print(__name__, sys.modules['__main__'].__dict__ is globals())", "__main__ True"),
    "no folder of the driver in the path": ("import sys; print(sys.path.count(''))", "1"),
    "nothing of the project loaded": (
        "import sys; print([m for m in sys.modules if m.partition('.')[0] == 'gradstop'])",
        "[]",
    ),
    "an ordinary interrupt handler": (
        "import signal; print(signal.getsignal(signal.SIGCHLD), signal.getsignal(signal.SIGTERM))",
        "0 0",
    ),
    "programs that it starts": (
        "import subprocess; print(subprocess.run(['echo', 'a'], capture_output=True).stdout)",
        "b'a\\n'",
    ),
    "standard input at its end": ("import os; print(os.read(0, 10))", "b''"),
    "threads": (
        """
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(4) as pool:
            print(sum(pool.map(lambda n: n * n, range(10))))
        """,
        "285",
    ),
    "autograd, forward and backward": (
        """
        import torch
        x = torch.arange(1000.0, requires_grad=True)
        (x.view(10, 100) @ x.view(100, 10)).sum().backward()
        print(x.grad.sum().item() > 0)
        """,
        "True",
    ),
    "several threads in torch": (
        """
        import torch
        before = torch.get_num_threads()
        torch.set_num_threads(2)
        print(torch.ones(500, 500).mm(torch.ones(500, 500)).sum().item())
        torch.set_num_threads(before)
        """,
        "125000000.0",
    ),
    "an optimizer": (
        """
        import torch
        w = torch.nn.Parameter(torch.ones(2))
        w.grad = torch.ones(2)
        torch.optim.SGD([w], lr=1.0).step()
        print(w.tolist())
        """,
        "[0.0, 0.0]",
    ),
    "loaders with workers": (
        """
        import torch
        loader = torch.utils.data.DataLoader(torch.arange(6.0), batch_size=3, num_workers=2)
        print([batch.sum().item() for batch in loader])
        """,
        "[3.0, 12.0]",
    ),
    "process pools": (
        """
        import multiprocessing
        with multiprocessing.get_context("fork").Pool(2) as pool:
            print(pool.map(abs, [-1, -2]))
        """,
        "[1, 2]",
    ),
    "figures as pictures": (
        "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show()",
        "image/png",
    ),
    "the backend that the kernel chose": (
        "import matplotlib; print(matplotlib.get_backend())",
        "module://matplotlib_inline.backend_inline",
    ),
    "errors": ("1 / 0", "ZeroDivisionError: division by zero"),
    "warnings": (
        "import warnings; warnings.simplefilter('error'); warnings.warn('careful')",
        "UserWarning: careful",
    ),
    "shell magics": ("!echo from the shell", "from the shell"),
}


@pytest.mark.parametrize("what", ALIKE)
def test_alike(shared, what):
    code, expected = ALIKE[what]
    assert shared.run(code) == expected


def test_input_is_asked_for(shared):
    def answer(message):
        shared.client.input("Ada")

    assert shared.run("print('hello', input('name? '))", allow_stdin=True, stdin_hook=answer) == "hello Ada"


def test_an_interrupt_ends_the_cell_alone(shared):
    # Without stop_on_error the kernel takes the next cell at once; with it, it may refuse one that comes too soon.
    endless = "import time\nprint('on', flush=True)\nwhile True: time.sleep(0.01)"
    asked = shared.client.execute(endless, stop_on_error=False)
    broadcast(shared.client, asked, "stream")
    shared.manager.interrupt_kernel()
    assert broadcast(shared.client, asked, "error")["content"]["ename"] == "KeyboardInterrupt"
    while shared.client.get_shell_msg(timeout=30)["parent_header"].get("msg_id") != asked:
        pass
    assert shared.run("print(1)") == "1"


def broadcast(client, asked, kind):
    """Return the first broadcast of a kind that belongs to a question."""
    while True:
        message = client.get_iopub_msg(timeout=30)
        if message["msg_type"] == kind and message["parent_header"].get("msg_id") == asked:
            return message


def test_the_debugger_answers(shared):
    control = shared.client.control_channel
    request = shared.client.session.msg(
        "debug_request", {"type": "request", "seq": 1, "command": "debugInfo", "arguments": {}}
    )
    control.send(request)
    assert control.get_msg(timeout=30)["content"]["success"]


def test_environment_and_folder_are_those_of_the_launch(fresh, tmp_path):
    with fresh(cwd=str(tmp_path), env={**os.environ, "COLOUR": "green"}) as one:
        assert one.run("import os; print(os.getcwd(), os.environ['COLOUR'])") == f"{tmp_path} green"
        assert one.run("!echo $COLOUR") == "green"
        (tmp_path / "beside.py").write_text("answer = 42")
        assert one.run("import beside; print(beside.answer)") == "42"


def test_what_is_written_to_a_descriptor_is_captured(fresh):
    # ipykernel captures none in a test, which it tells by this variable.
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    with fresh(env=environment) as one:
        one.client.execute("import os; os.write(1, b'written by C') and None")
        while (message := one.client.get_iopub_msg(timeout=30))["msg_type"] != "stream":
            pass
        assert message["content"] == {"name": "stdout", "text": "written by C"}


def test_raw_output_goes_where_the_launch_says(fresh, tmp_path):
    path = tmp_path / "out.txt"
    with path.open("w") as out, fresh(stdout=out, stderr=out) as one:
        one.run("import sys; print('raw', file=sys.__stderr__, flush=True)")
    assert "raw" in path.read_text()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import os; os._exit(7)", 7),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("import ctypes; ctypes.string_at(0)", -signal.SIGSEGV),
    ],
    ids=["exit", "killed", "segfault"],
)
def test_an_early_end_is_seen_with_its_code(fresh, code, expected):
    with fresh() as one:
        one.client.execute(code)
        deadline = time.monotonic() + 20
        while one.manager.is_alive() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert one.manager.provisioner.process.poll() == expected


def test_a_restart_begins_anew(fresh):
    with fresh() as one:
        one.run("x = 1")
        before = one.run("import os; print(os.getpid())")
        one.manager.restart_kernel()
        one.client.wait_for_ready(timeout=60)
        assert one.run("print('x' in globals())") == "False"
        assert one.run("import os; print(os.getpid())") != before


def test_what_is_registered_for_the_end_runs(fresh, tmp_path):
    with fresh() as one:
        one.run(f"import atexit, pathlib; atexit.register(pathlib.Path({str(tmp_path / 'end')!r}).touch) and None")
        one.manager.shutdown_wait_time = 60  # seconds until it is killed; a busy machine takes more than the usual 5
        one.manager.shutdown_kernel()
    assert (tmp_path / "end").exists()


def test_kernels_do_not_share_their_chance(fresh):
    draw = "import random, numpy, torch; print(random.random(), numpy.random.rand(), torch.rand(1).item())"
    with fresh() as one, fresh() as other:
        mine, others = one.run(draw).split(), other.run(draw).split()
        assert all(a != b for a, b in zip(mine, others, strict=True))
        assert one.run("torch.manual_seed(3); print(torch.rand(1))") == other.run(
            "torch.manual_seed(3); print(torch.rand(1))"
        )


def test_several_at_once_do_not_meet(fresh):
    with fresh() as one, fresh() as two, fresh() as three:
        kernels = [one, two, three]
        for number, each in enumerate(kernels):
            each.run(f"mine = {number}; import os; os.environ['MINE'] = str({number})")
        assert [each.run("print(mine, os.environ['MINE'])") for each in kernels] == ["0 0", "1 1", "2 2"]


@on_linux
def test_a_page_of_the_book_has_the_same_outputs():
    outputs = {}
    for kind, provisioner in KINDS.items():
        notebook = nbformat.read(ROOT / "book" / "03-detach.ipynb", 4)
        with environment(provisioner):
            NotebookClient(
                notebook, timeout=60, coalesce_streams=True, resources={"metadata": {"path": ROOT / "book"}}
            ).execute()
        outputs[kind] = [cell.get("outputs") for cell in notebook.cells]
    assert outputs["stock"] == outputs["warm"]


@on_linux
def test_ports_are_nobody_else_s_from_the_time_they_are_chosen_until_the_kernel_is_given_up(monkeypatch):
    async def launch(self, cmd, **options):
        seen.append(set(map(taken, self.parent.ports)))
        return await launched(self, cmd, **options)

    seen, launched = [], WarmProvisioner.launch_kernel
    monkeypatch.setattr(WarmProvisioner, "launch_kernel", launch)
    with environment(KINDS["warm"]):
        manager = KernelManager(kernel_name="python3")
        manager.start_kernel(extra_arguments=QUIET)
        manager.restart_kernel(now=True)
        held = manager.provisioner._ports
        manager.shutdown_kernel(now=True)
    assert seen == [{True}, {True}]
    assert set(manager.ports) == set(held.numbers)
    assert {one.fileno() for one in held._sockets} == {-1}  # a kernel's connections end some time later


def taken(port):
    """Return whether a port is not to be had."""
    with socket.socket() as one:
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


# Where it can't be warm, it is ordinary, and the log says why


@on_linux
@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"env": {**os.environ, "OMP_NUM_THREADS": "7"}}, "its environment, its modules or the installed packages"),
        ({"stdout": subprocess.PIPE}, "one of its streams is to be a pipe"),
        ({"env": {**os.environ, "LONG": "x" * 100_000, "LONGER": "x" * 100_000}}, "its environment has 2"),
    ],
    ids=["environment", "pipe", "size"],
)
def test_a_doubt_leads_to_an_ordinary_kernel(options, reason, caplog):
    with kernel("warm"):
        pass
    logging.getLogger("traitlets").addHandler(caplog.handler)
    try:
        with kernel("warm", **options) as one:
            assert not is_warm(one)
            assert one.run("print(1)") == "1"
    finally:
        logging.getLogger("traitlets").removeHandler(caplog.handler)
    assert reason in caplog.text


@on_linux
def test_a_killed_warm_process_is_replaced_and_takes_its_kernels_along():
    with kernel("warm") as one:
        pid = one.manager.provisioner.process.pid
        ForkServer._current.process.kill()
        assert gone(pid)
        assert one.manager.provisioner.process.poll() == -signal.SIGKILL
        with kernel("warm") as other:
            assert is_warm(other)


# No residue

DRIVER = """
import os, sys, time
from jupyter_client.manager import KernelManager
from gradstop.kernels.provisioner import PRELOAD
PRELOAD.clear()  # what is loaded makes no difference to how it ends
managers = [KernelManager(kernel_name="python3") for _ in range(2)]
for manager in managers:
    manager.start_kernel(extra_arguments=["--log-level=ERROR"])
client = managers[0].client()
client.start_channels()
client.wait_for_ready(timeout=60)
client.execute("import subprocess; subprocess.Popen(['sleep', '300'])", reply=True, timeout=60)
from gradstop.forkserver.launch import ForkServer
from gradstop.kernels.ports import HeldPorts
print(ForkServer._current.process.pid, *(manager.provisioner.process.pid for manager in managers), flush=True)
if sys.argv[1] == "wait":
    time.sleep(300)
if sys.argv[1] == "raise":
    raise KeyError("an error of the driver")
if sys.argv[1] == "_exit":
    os._exit(3)
"""


def gone(pid, seconds=10.0):
    """Return whether a process ends soon; one that waits to be reaped has ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def in_group(pid):
    """Return the processes of a process group."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == pid and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


@on_linux
@pytest.mark.parametrize("end", ["return", "raise", "_exit", "SIGTERM", "SIGKILL"])
def test_nothing_runs_after_the_driver(end):
    how = "wait" if end.startswith("SIG") else end
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, how],
        env={**os.environ, VARIABLE: "warm-provisioner"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with driver:
        pids = [int(word) for word in driver.stdout.readline().split()]
        assert len(pids) == 3
        if how == "wait":
            driver.send_signal(getattr(signal, end))
        driver.wait(timeout=30)
    assert all(gone(pid) for pid in pids)
    assert [in_group(pid) for pid in pids] == [[], [], []]


@on_linux
def test_at_its_end_a_warm_kernel_takes_back_the_operators_that_it_has_registered_itself():
    code = """
        import torch, weakref
        mine = torch.library.Library("gradstop_mine", "DEF")
        print([f.peek()[0].ns for f in weakref.finalize._registry
               if f.atexit and f.peek()[1].__module__ == "torch.library"])
    """
    with kernel("warm") as one:
        assert one.run(code) == "['gradstop_mine']"


@on_linux
def test_the_warm_process_is_another_one_in_a_fork_of_the_driver():
    with kernel("warm") as one:
        pid = os.fork()
        if pid == 0:  # only what the parent asserts counts
            os._exit(0 if ForkServer._current is None else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert one.run("print(1)") == "1"


def test_a_process_that_is_buried_and_not_yet_told_of_can_be_killed():
    """Its driver may look between the two, and must not fail for it."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    told, status_fd = os.pipe()
    process = ForkedProcess(ended.pid, told)
    process.kill()
    os.write(status_fd, b"0")
    os.close(status_fd)
    assert process.wait() == 0
