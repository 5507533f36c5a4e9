"""JupyterLab as a learner has it: `make lab` in a copy of the course, and a browser that opens its notebooks."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.browsing import photograph
from support.course import ROOT

COURSE = ["Makefile", "requirements.txt", "pyproject.toml", "nbgrader_config.py", "book", "exercises"]
OPTIONS = (
    "--no-browser --port=0 --allow-root "
    "--LabApp.expose_app_in_browser=True --JupyterNotebookApp.expose_app_in_browser=True"
)
SETTINGS = {
    # A question about news would lie over the notebook.
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    # In the pictures the files beside a notebook are seen.
    "@jupyterlab/filebrowser-extension:browser": {"navigateToCurrentDirectory": True},
}
LIMIT = 60_000

NOTEBOOK = "window.jupyterapp?.shell.currentWidget"
OPENED = f"path => {NOTEBOOK}?.context?.path == path && {NOTEBOOK}.sessionContext.session?.kernel?.status == 'idle'"
# Cells out of sight are made when the page has nothing else to do.
WHOLE = f"() => {NOTEBOOK}.content.widgets.every(cell => !cell.isPlaceholder())"
RAN = f"""() => {NOTEBOOK}.content.widgets.every(
  cell => cell.model.type != 'code' || (cell.model.executionCount && cell.model.executionState == 'idle'))"""


def copy_course(folder: Path) -> None:
    """Copy what `make lab` needs; the virtual environment is this one."""
    for name in COURSE:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(sys.prefix)


@contextmanager
def make_lab(folder: Path) -> Iterator[str]:
    """Run `make lab` in a copy of the course, for somebody who never used Jupyter; give an address to fill in."""
    course, home = folder / "course", folder / "home"
    course.mkdir()
    copy_course(course)
    (home / "config" / "labconfig").mkdir(parents=True)
    (home / "config" / "labconfig" / "default_setting_overrides.json").write_text(json.dumps(SETTINGS))
    # The environment is installed already: that is not to be seen to again in the copy.
    command = ["make", "--old-file=.venv/.installed", "lab", "VENV=.venv", f"LAB_OPTIONS={OPTIONS}"]
    with serving(command, course, home) as where:
        yield where


@contextmanager
def serving(command: list[str], folder: Path, home: Path, **changed: str) -> Iterator[str]:
    """Run a Jupyter server in a folder with an empty home, and give its address; `changed` are variables of it."""
    home.mkdir(exist_ok=True)
    log = home / "log"
    with log.open("w") as output:
        server = subprocess.Popen(
            command,
            cwd=folder,
            env=environment(home) | changed,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield address(server, home / "run", log)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def environment(home: Path) -> dict[str, str]:
    """Return this environment with an empty home, and without what would point Jupyter or make elsewhere."""
    places = {f"JUPYTER_{kind.upper()}_DIR": str(home / kind) for kind in ("config", "data")}
    others = ("JUPYTER", "IPYTHON", "MAKE", "MFLAGS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
    return kept | places | {"HOME": str(home), "JUPYTER_RUNTIME_DIR": str(home / "run")}


def address(server: subprocess.Popen, runtime: Path, log: Path) -> str:
    """Wait for the server's own note on where it answers."""
    for _ in range(LIMIT // 100):
        for note in runtime.glob("jpserver-*.json"):
            said = json.loads(note.read_text() or "{}")
            if said:
                return f"{said['url']}APPLICATION/NOTEBOOK?token={said['token']}"
        if server.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError(f"the server does not answer:\n{log.read_text()}")


class Learner:
    """Somebody at JupyterLab, or in Notebook 7, with one notebook open at a time.

    Attributes:
        tab: the page, for what is not a notebook's own.
        failures: what the page's scripts failed with.
        foreign: the requests that went to another host.

    """

    def __init__(self, browser, address: str, first: str, application: str = "lab/tree") -> None:
        self.context = browser.new_context(viewport={"width": 1200, "height": 900})
        self.tab = self.context.new_page()
        self.tab.set_default_timeout(LIMIT)
        self.failures: list[str] = []
        self.foreign: list[str] = []
        self.tab.on("pageerror", lambda error: self.failures.append(str(error)))
        here = address.split("APPLICATION")[0]
        local = (here, here.replace("http", "ws", 1), "data:", "blob:")
        self.tab.on("request", lambda asked: asked.url.startswith(local) or self.foreign.append(asked.url))
        self.tab.goto(address.replace("APPLICATION", application).replace("NOTEBOOK", first))
        self._wait(first)

    def open(self, path: str) -> None:
        """Open a notebook; the one before is saved, closed, its kernel ended, and its failures are told no longer."""
        self.failures.clear()
        self.tab.evaluate(
            f"""async path => {{
              const old = {NOTEBOOK};
              if (old?.context?.path == path) return;
              await jupyterapp.commands.execute('docmanager:open', {{path}});
              await old.context.save();
              await old.sessionContext.shutdown();
              old.dispose();
            }}""",
            path,
        )
        self._wait(path)

    def _wait(self, path: str) -> None:
        from playwright.sync_api import TimeoutError as TooLate

        try:
            self.tab.wait_for_function(OPENED, arg=path, timeout=LIMIT / 3)
        except TooLate:  # on a busy machine a socket may be closed before the server has opened it (its issue 1265)
            self.tab.evaluate("jupyterapp.commands.execute('kernelmenu:reconnect-to-kernel')")
            self.tab.wait_for_function(OPENED, arg=path)
        self.tab.wait_for_function(WHOLE)

    def choose(self, menu: str, entry: str) -> None:
        """Choose an entry of the menu bar."""
        self.tab.locator(".lm-MenuBar-item", has_text=menu).click()
        label = self.tab.locator(".lm-Menu-itemLabel").get_by_text(entry, exact=True)
        self.tab.locator(".lm-Menu-item", has=label).click()

    def run_all(self) -> None:
        """Clear what is stored and run every cell, by the menus; return when all have run."""
        self.choose("Edit", "Clear Outputs of All Cells")
        self.choose("Run", "Run All Cells")
        self.tab.wait_for_function(RAN)

    def cell(self, number: int):
        """Return a cell of the notebook, scrolled to."""
        cell = self.tab.locator(f".jp-Notebook .jp-Cell >> nth={number}")
        cell.scroll_into_view_if_needed()
        return cell

    def bring_up(self, number: int) -> None:
        """Scroll until a cell is at the top."""
        self.cell(number).evaluate("cell => cell.scrollIntoView()")

    def write(self, number: int, source: str) -> None:
        """Replace what stands in a cell."""
        self.cell(number).locator(".cm-content").click()
        self.tab.keyboard.press("Control+A")
        self.tab.keyboard.insert_text(source)

    def run(self, number: int):
        """Run a cell and return its outputs."""
        self.cell(number).locator(".cm-content").click()
        self.tab.keyboard.press("Control+Enter")
        self.tab.wait_for_function(
            f"n => (cell => cell.executionCount && cell.executionState == 'idle')({NOTEBOOK}.content.widgets[n].model)",
            arg=number,
        )
        return self.cell(number).locator(".jp-Cell-outputArea")

    def cells(self) -> list[dict]:
        """Return the notebook's cells as they would be saved."""
        return self.tab.evaluate(f"{NOTEBOOK}.content.model.toJSON().cells")

    def dress(self, look: str) -> None:
        """Change to the theme Light or Dark."""
        self.tab.evaluate(
            "theme => jupyterapp.commands.execute('apputils:change-theme', {theme})", f"JupyterLab {look}"
        )
        self.tab.wait_for_function(f"document.body.dataset.jpThemeLight == '{str(look == 'Light').lower()}'")
        self.tab.locator("#jupyterlab-splash").wait_for(state="detached")

    def photograph(self, name: str) -> None:
        """Keep what is seen, as `photograph` does."""
        photograph(self.tab, name)
