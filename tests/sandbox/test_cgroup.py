"""A control group is made only below one that hands the memory controller on and is this user's own."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest
from support.course import ROOT

from gradstop.sandbox import cgroup

OWN = "user.slice/app.slice/shell.scope"


@pytest.fixture
def system(tmp_path):
    """Lay down files as systemd has them for a session: what the kernel shows of its groups, and of this process."""
    groups, proc = tmp_path / "groups", tmp_path / "proc"
    (groups / OWN).mkdir(parents=True)
    for group, handed_on in (
        ("", "cpu memory"),
        ("user.slice", "memory"),
        ("user.slice/app.slice", "memory"),
        (OWN, ""),
    ):
        (groups / group / "cgroup.subtree_control").write_text(handed_on)
        (groups / group / "cgroup.procs").write_text("")
    (proc / "self").mkdir(parents=True)
    (proc / "self/cgroup").write_text(f"4:memory:/elsewhere\n0::/{OWN}\n")
    (proc / "self/mountinfo").write_text(f"30 23 0:26 / {groups} rw,nosuid shared:4 - cgroup2 cgroup2 rw\n")
    return groups, proc


def test_the_nearest_that_hands_the_controller_on_is_taken(system):
    groups, proc = system
    assert cgroup.place(proc) == groups / "user.slice/app.slice"
    (groups / "user.slice/app.slice/cgroup.subtree_control").write_text("cpu pids")
    assert cgroup.place(proc) == groups / "user.slice"


def test_none_is_taken_that_may_not_be_written_to(system, monkeypatch):
    _, proc = system
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert cgroup.place(proc) is None


def test_there_is_none_without_version_2(system):
    _, proc = system
    (proc / "self/mountinfo").write_text("30 23 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n")
    assert cgroup.place(proc) is None
    (proc / "self/cgroup").write_text("4:memory:/\n")
    assert cgroup.place(proc) is None


def test_what_is_made_is_limited_and_those_that_were_left_are_removed(system, monkeypatch):
    groups, _ = system
    parent = groups / "user.slice/app.slice"
    monkeypatch.setattr(cgroup, "place", lambda: parent)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (parent / f"gradstop-{ended.pid}").mkdir()
    (parent / f"gradstop-{os.getppid()}").mkdir()
    made = cgroup.make(100 << 20, 10 << 20)
    assert (made / "memory.max").read_text() == str((100 + 10 + 64) << 20)
    assert {path.name for path in parent.glob("gradstop-*")} == {f"gradstop-{os.getppid()}", f"gradstop-{os.getpid()}"}
    monkeypatch.setattr(cgroup, "place", lambda: None)
    assert cgroup.make(1, 1) is None


@pytest.mark.slow
@pytest.mark.skipif(cgroup.place() is None, reason="no control group with a memory controller can be made here")
def test_the_kernel_ends_a_sandbox_whose_processes_take_too_much_together():
    code = """
        import os, time
        for _ in range(6):
            if os.fork() == 0:
                kept = bytearray(b"x" * (64 << 20))
                time.sleep(60)
        time.sleep(30)
    """
    source = f"""
        import textwrap
        from gradstop.sandbox import Limits, interpreter_paths, run_inside
        def body():
            exec(textwrap.dedent({code!r}))
        run_inside(body, lambda pid: None, print, Limits(memory=100 << 20), interpreter_paths(), ())
    """
    environment = {"PATH": os.defpath, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(source)], env=environment, check=False, timeout=60)
    assert done.returncode == 128 + signal.SIGKILL
    assert not list(cgroup.place().glob("gradstop-*"))
