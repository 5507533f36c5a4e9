"""The sandbox's walls, each tried from the inside, beside the same attempt without them."""

import json
import os
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from support.course import ROOT

from gradstop.sandbox import Limits, interpreter_paths, missing

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing()), reason=f"no sandbox here: {missing()}"),
]

# Runs `code` in a process of its own, walled in or not, and prints as JSON what it leaves in `found`.
RUNNER = """
import json, os, sys, traceback
from gradstop.sandbox import Limits, interpreter_paths, run_inside
orders = json.loads(sys.argv[1])
wall = lambda why: os.write(1, json.dumps({"refused": why}).encode())
def body():
    found = {}
    try:
        exec(orders["code"], {"found": found})
    except BaseException as error:
        found["error"] = type(error).__name__
    os.write(1, json.dumps(found).encode())
    os._exit(0)
if not orders["walls"]:
    body()
limits = Limits(**orders["limits"])
run_inside(body, lambda pid: None, wall, limits, interpreter_paths(), ())
"""


# Becomes an ordinary user who can read the interpreter, wherever it lies, and goes on with the runner.
AS_USER = """
import os
from gradstop.sandbox import interpreter_paths, system
closed = {str(p) for path in interpreter_paths() for p in __import__("pathlib").Path(path).parents
          if not os.stat(p).st_mode & 1}
system.unshare(system.CLONE_NEWNS)
system.mount("", "/", flags=system.MS_REC | system.MS_PRIVATE)
held = [(path, os.open(path, os.O_PATH)) for path in interpreter_paths() if any(path.startswith(c) for c in closed)]
for folder in closed:
    system.mount("open", folder, "tmpfs", 0, "mode=755")
for path, descriptor in held:
    os.makedirs(path)
    system.mount(f"/proc/self/fd/{descriptor}", path, flags=system.MS_BIND | system.MS_REC)
os.setgroups([]); os.setresgid(12345, 12345, 12345); os.setresuid(12345, 12345, 12345)
system.dumpable()
"""


def run(code, *, walls=True, before="", **limits):
    """Run code inside (or outside) and return what it found."""
    orders = json.dumps({"code": textwrap.dedent(code), "walls": walls, "limits": limits})
    command = [sys.executable, "-c", before + RUNNER, orders]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd="/", env=environment())
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def environment():
    return {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}


def test_it_sees_the_interpreter_and_nothing_of_the_course_or_the_home():
    code = f"""
        import os, sys
        found["course"] = [p for p in ("solutions", "exercises", "grading", "tests", ".git")
                           if os.path.exists(os.path.join({str(ROOT)!r}, p))]
        found["home"] = os.path.exists(os.path.expanduser("~/.ssh")) or os.path.exists("/home/canary")
        found["users"] = os.path.exists("/etc/passwd")
        found["cwd"] = [os.getcwd(), os.listdir()]
        import decimal
    """
    inside = run(code)
    assert inside == {"course": [], "home": False, "users": False, "cwd": ["/submission", []]}
    assert run(code, walls=False)["course"]


def test_it_writes_into_its_own_folder_alone():
    code = """
        import os, sys, tempfile
        def can_write(folder):
            try:
                with tempfile.NamedTemporaryFile(dir=folder):
                    return True
            except OSError:
                return False
        found["can"] = [f for f in (os.getcwd(), "/tmp", "/dev/shm", "/", "/usr", sys.prefix, "/proc") if can_write(f)]
    """
    assert run(code)["can"] == ["/submission", "/tmp", "/dev/shm"]


def test_nothing_that_it_writes_stays(tmp_path):
    code = f"open({str(tmp_path / 'left')!r}, 'w').write('x')"
    assert run(code) == {"error": "FileNotFoundError"}
    assert run("open('/tmp/gradstop-canary', 'w').write('x')") == {}
    assert not os.path.exists("/tmp/gradstop-canary")
    assert run(code, walls=False) == {}
    assert (tmp_path / "left").exists()


def test_no_connection_leaves_it(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as local:
        local.bind(str(tmp_path / "here"))
        local.listen()
        code = f"""
            import socket
            def reach(family, address):
                try:
                    with socket.socket(family, socket.SOCK_STREAM) as s:
                        s.settimeout(2)
                        s.connect(address)
                    return True
                except OSError:
                    return False
            found["tcp"] = reach(socket.AF_INET, ("127.0.0.1", {server.getsockname()[1]}))
            found["unix"] = reach(socket.AF_UNIX, {str(tmp_path / "here")!r})
            found["pair"] = bool(socket.socketpair())
        """
        assert run(code) == {"tcp": False, "unix": False, "pair": True}
        assert run(code, walls=False) == {"tcp": True, "unix": True, "pair": True}


@pytest.mark.parametrize(
    "call",
    [
        "os.memfd_create('x')",
        "socket.socket(40, 1)",
        "libc.unshare(0x10000000) == 0 or fail()",
        "libc.ptrace(16, 1, 0, 0) == 0 or fail()",
        "libc.mount(b'x', b'/tmp', b'tmpfs', 0, 0) == 0 or fail()",
        "libc.personality(0x0040000) >= 0 or fail()",
        "libc.shmget(0, 4096, 0o1600) >= 0 or fail()",
        "os.setuid(0) if os.getuid() else fail()",
        "open('/proc/sys/user/max_user_namespaces', 'w').write('9')",
        "open('/proc/self/oom_score_adj', 'w').write('0')",
        "libc.vmsplice(os.pipe()[1], (ctypes.c_size_t * 2)(id(0), 1), ctypes.c_size_t(1), 0) == 1 or fail()",
        "libc.prctl(22, 2, (ctypes.c_uint64 * 2)(), 0, 0) == 0 or ctypes.get_errno() != 1 or fail()",
        "libc.prctl(4, 0, 0, 0, 0) == 0 or fail()",
        "socket.socketpair()[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)",
        "fcntl.fcntl(os.pipe()[1], 1031, 1 << 20)",
    ],
)
def test_a_call_that_reaches_past_the_walls_is_refused(call):
    code = f"""
        import ctypes, fcntl, os, socket
        libc = ctypes.CDLL(None, use_errno=True)
        def fail(): raise OSError
        try:
            {call}
            found["done"] = True
        except OSError:
            found["done"] = False
    """
    assert run(code) == {"done": False}


def test_it_has_no_rights_and_sees_no_other_process():
    code = """
        import os
        found["pid"] = os.getpid()
        found["seen"] = [p for p in os.listdir("/proc") if p.isdigit()]
        lines = dict(line.split(":\\t") for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
        found["rights"] = [lines["CapEff"], lines["CapPrm"], lines["NoNewPrivs"], lines["Seccomp"]]
        found["root"] = os.getuid() == 0
    """
    assert run(code) == {"pid": 1, "seen": ["1"], "rights": ["0" * 16, "0" * 16, "1", "2"], "root": False}


@pytest.mark.parametrize(
    ("code", "limits", "error"),
    [
        ("bytearray(256 << 20)", {"memory": 128 << 20}, "MemoryError"),
        ("[open(str(i), 'wb').write(bytes(3 << 20)) for i in range(9)]", {"disk": 8 << 20}, "OSError"),
        ("open('large', 'wb').write(bytes(9 << 20))", {"file": 4 << 20}, "OSError"),
        ("files = [open('/dev/null') for _ in range(99)]", {"descriptors": 64}, "OSError"),
        ("import threading, time\nfor _ in range(50): threading.Thread(target=time.sleep, args=(9,)).start()",
         {"processes": 20}, "RuntimeError"),
        ("import socket\nheld = [socket.socketpair() for _ in range(50)]", {"sockets": 64}, "OSError"),
    ],
    ids=["memory", "disk", "one file", "descriptors", "processes", "sockets"],
)  # fmt: skip
def test_a_limit_holds_and_without_it_the_same_goes_through(code, limits, error):
    assert run(code, **limits) == {"error": error}
    assert run(code) == {}


def test_sockets_count_in_all_processes_and_where_nobody_holds_them():
    code = """
        import os, socket, time
        def makes(number):
            held = []
            try:
                for _ in range(number):
                    held.append(socket.socketpair())
            except OSError:
                pass
            return held
        told, tell = os.pipe()
        for _ in range(3):
            if os.fork() == 0:
                kept = makes(5)
                os.write(tell, b"x")
                time.sleep(60)
        while len(os.read(told, 1)) and (seen := globals().get("seen", 0) + 1) < 3:
            pass
        one, other = socket.socketpair()
        flight = socket.socketpair()
        socket.send_fds(one, [b"x"], [flight[0].fileno(), flight[1].fileno()])
        flight[0].close(), flight[1].close()
        found["left"] = len(makes(20))
        os.kill(-1, 9)
        while True:
            try:
                os.wait()
            except ChildProcessError:
                break
        one.close(), other.close()
        found["freed"] = len(makes(16))
    """
    assert run(code, sockets=40) == {"left": 3, "freed": 16}


def test_a_pool_an_event_loop_and_a_database_work_inside():
    code = """
        import asyncio, multiprocessing, sqlite3
        context = multiprocessing.get_context("fork")
        with context.Pool(4) as pool:
            found["pool"] = pool.map(abs, [-1, -2])
        found["loop"] = asyncio.run(asyncio.sleep(0, "done"))
        ours, theirs = context.Pipe()
        theirs.send("sent")
        found["pipe"] = ours.recv()
        with sqlite3.connect("data.db") as database:
            database.execute("create table t (x)")
            database.execute("insert into t values (1)")
        found["rows"] = sqlite3.connect("data.db").execute("select x from t").fetchall()
    """
    assert run(code) == {"pool": [1, 2], "loop": "done", "pipe": "sent", "rows": [[1]]}


def test_the_system_ends_a_sandbox_before_others():
    assert run("found['first'] = open('/proc/self/oom_score_adj').read()") == {"first": "500\n"}
    higher = "open('/proc/self/oom_score_adj', 'w').write('900')\n"
    assert run("found['first'] = open('/proc/self/oom_score_adj').read()", before=higher) == {"first": "900\n"}
    code = """
        import os
        found["before"] = open("/proc/self/oom_score_adj").read()
        open("/proc/self/oom_score_adj", "w").write("0")
    """
    assert run(code, before=AS_USER if os.geteuid() == 0 else "") == {"before": "500\n", "error": "OSError"}


def test_time_on_the_processor_is_limited():
    start = time.monotonic()
    orders = json.dumps({"code": "while True: pass", "walls": True, "limits": {"processor": 1}})
    done = subprocess.run([sys.executable, "-c", RUNNER, orders], timeout=60, check=False, env=environment())
    assert done.returncode == 128 + 9
    assert time.monotonic() - start < 30


def test_what_it_starts_ends_with_it():
    marker = f"gradstop-canary-{os.getpid()}"
    code = f"""
        import subprocess, sys
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", {marker!r}], start_new_session=True)
    """
    assert run(code) == {}
    time.sleep(0.2)
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if os.access(path, os.R_OK)]
    assert not [line for line in lines if marker.encode() in line and b"json" not in line and b"found" not in line]


def test_a_wall_that_cannot_be_had_means_that_nothing_runs(tmp_path):
    orders = json.dumps({"code": f"open({str(tmp_path / 'ran')!r}, 'w')", "walls": True, "limits": {}})
    code = textwrap.dedent(f"""
        import sys
        from gradstop.sandbox import system
        def unshare(flags): raise OSError(1, "unshare: Operation not permitted")
        system.unshare = unshare
        sys.argv[1:] = [{orders!r}]
    """)
    done = subprocess.run(
        [sys.executable, "-c", code + RUNNER], capture_output=True, text=True, check=False, env=environment()
    )
    assert json.loads(done.stdout) == {"refused": "[Errno 1] unshare: Operation not permitted"}
    assert not (tmp_path / "ran").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_an_ordinary_user_has_the_same_walls():
    code = """
        import os, socket
        found["pid"], found["user"], found["users"] = os.getpid(), os.getuid(), os.path.exists("/etc/passwd")
        lines = dict(line.split(":\t") for line in open("/proc/self/status").read().splitlines() if ":\t" in line)
        found["rights"] = [lines["CapEff"], lines["NoNewPrivs"], lines["Seccomp"]]
        open("mine", "w").write("x")
        try:
            open("/usr/mine", "w")
        except OSError as error:
            found["outside"] = type(error).__name__
        try:
            open('/proc/sys/user/max_user_namespaces', 'w').write('9')
        except OSError as error:
            found["namespaces"] = type(error).__name__
    """
    assert run(code, before=AS_USER) == {
        "pid": 1,
        "user": 12345,
        "users": False,
        "rights": ["0" * 16, "1", "2"],
        "outside": "OSError",
        "namespaces": "OSError",
    }


def test_the_interpreters_folders_do_not_contain_each_other():
    paths = interpreter_paths()
    assert str(ROOT / "gradstop") in paths or any(str(ROOT / "gradstop").startswith(path) for path in paths)
    assert str(ROOT) not in paths
    assert not [(a, b) for a in paths for b in paths if a != b and a.startswith(b + os.sep)]


def test_packages_that_are_links_are_shown_with_what_they_lead_to(tmp_path, monkeypatch):
    """Some installers make links to save space: of a package's folder, or of each file in it."""
    packages, first, second = (tmp_path / name for name in ("site-packages", "one/lib", "two"))
    for place, name in ((packages, "b"), (first, "a"), (second, "b")):
        (place / name).mkdir(parents=True)
    for place, name in ((first, "a"), (second, "b")):
        (place / name / "__init__.py").touch()
    (packages / "a").symlink_to(first / "a")
    (packages / "b/__init__.py").symlink_to(second / "b/__init__.py")
    monkeypatch.setattr(sys, "path", [str(packages)])
    assert {str(packages), str(first), str(second)} <= {*interpreter_paths.__wrapped__()}


def test_limits_are_said_in_bytes_and_seconds():
    assert Limits().memory == 1 << 30
