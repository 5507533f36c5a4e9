"""Warm kernels against stock ones, in turns in one run: medians, and how many times faster.

python benchmarks/kernel_start.py            one notebook, four at a time, memory of eight kernels
python benchmarks/kernel_start.py --whole    nbval over all notebooks, and the book's build (minutes)
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning import KernelProvisionerFactory
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "book" / "03-detach.ipynb"
VARIABLE = "JUPYTER_DEFAULT_PROVISIONER_NAME"
KINDS = {"stock": "local-provisioner", "warm": "warm-provisioner"}


COURSE = [  # what a notebook of a torch course does
    "import numpy as np\nimport torch\nimport matplotlib.pyplot as plt",
    "torch.manual_seed(0)\nx = torch.linspace(-1, 1, 64).unsqueeze(1)\ny = x.pow(3)",
    "net = torch.nn.Sequential(torch.nn.Linear(1, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))\nnet",
    "opt = torch.optim.Adam(net.parameters(), lr=0.02)",
    "losses = []\nfor _ in range(100):\n    opt.zero_grad()\n    loss = (net(x) - y).square().mean()\n"
    "    loss.backward()\n    opt.step()\n    losses.append(loss.item())",
    "print(f'{losses[-1]:.4f}')",
    "plt.plot(losses)\nplt.show()",
    "w = torch.ones(3, requires_grad=True)\n(w.exp() * w.detach()).sum().backward()\nw.grad",
    "np.allclose(w.grad.numpy(), np.e)",
    "torch.autograd.grad(w.sin().sum(), w)",
]


def course_notebook() -> nbformat.NotebookNode:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in COURSE])


def choose(kind: str) -> None:
    os.environ[VARIABLE] = KINDS[kind]
    KernelProvisionerFactory.clear_instance()


def client(notebook: nbformat.NotebookNode) -> NotebookClient:
    return NotebookClient(notebook, timeout=120, resources={"metadata": {"path": PAGE.parent}})


def one() -> None:
    client(course_notebook()).execute()


def page() -> None:
    client(nbformat.read(PAGE, 4)).execute()


def four() -> None:
    async def together() -> None:
        await asyncio.gather(*(client(course_notebook()).async_execute() for _ in range(4)))

    asyncio.run(together())


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turns(title: str, work: Callable[[], object], repeats: int, each: int = 1) -> None:
    """Time the work with both kinds of kernel, in turns, and print one line."""
    times: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for _ in range(repeats):
        for kind in KINDS:
            choose(kind)
            times[kind].append(seconds(work) / each)
    report(title, {kind: statistics.median(found) for kind, found in times.items()})


def report(title: str, medians: dict[str, float]) -> None:
    ratio = medians["stock"] / medians["warm"]
    print(f"| {title} | {medians['stock']:.2f} s | {medians['warm']:.2f} s | {ratio:.1f} |", flush=True)


def command(name: str, *options: str) -> Callable[[], object]:
    words = [str(Path(sys.executable).parent / name), *options]

    def run() -> None:
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(words)} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")

    return run


def whole(repeats: int, folder: str) -> None:
    """Time the two long jobs as people run them, and as the Makefile does. The site goes to a folder of its own."""
    stock_nbval = command("pytest", "--nbval", "-q", "-W", "default", "book", "solutions")
    our_nbval = command(
        "pytest", "--nbval", "-q", "-n", "2", "--dist", "loadfile", "-W", "default", "book", "solutions"
    )
    build = command("jupyter-book", "build", ".", "--all", "--quiet", "--path-output", folder)
    for title, jobs in {"nbval, all notebooks": (stock_nbval, our_nbval), "build of the book": (build, build)}.items():
        times: dict[str, list[float]] = {kind: [] for kind in KINDS}
        for _ in range(repeats):
            for kind, job in zip(KINDS, jobs, strict=True):
                choose(kind)
                times[kind].append(seconds(job))
        report(title, {kind: statistics.median(found) for kind, found in times.items()})


def memory() -> None:
    """Print the proportional set size of eight kernels that have imported torch, with the warm process."""
    sizes = {}
    for kind in KINDS:
        choose(kind)
        managers = [KernelManager(kernel_name="python3") for _ in range(8)]
        pids = []
        for manager in managers:
            manager.start_kernel(extra_arguments=["--log-level=ERROR"])
            kernel = manager.blocking_client()
            kernel.start_channels()
            kernel.wait_for_ready(timeout=60)
            for source in COURSE:
                kernel.execute(source, reply=True)
            pids.append(manager.provisioner.pid)
        if kind == "warm":
            from gradstop.forkserver.launch import ForkServer

            pids.append(ForkServer._current.process.pid)
        sizes[kind] = sum(proportional_size(pid) for pid in pids)
        for manager in managers:
            manager.shutdown_kernel()
    stock, warm = sizes["stock"], sizes["warm"]
    print(f"| memory of eight kernels | {stock / 1024:,.0f} MiB | {warm / 1024:,.0f} MiB | {stock / warm:.1f} |")


def proportional_size(pid: int) -> int:
    """Return a process's PSS in KiB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--whole", action="store_true")
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    choose("warm")
    one()  # the warm process is there from here on
    print("| what | stock | warm | ratio |\n|---|---|---|---|")
    if not options.whole:
        in_turns("one notebook, driver running", one, options.repeats)
        in_turns("one page of the book (chapter 3)", page, options.repeats)
        in_turns("four notebooks at a time, for each", four, options.repeats, each=4)
        memory()
    else:
        with tempfile.TemporaryDirectory() as folder:
            whole(max(1, options.repeats // 3), folder)


if __name__ == "__main__":
    main()
