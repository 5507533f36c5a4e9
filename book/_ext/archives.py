"""Each exercise page's download: one archive with all that its checks need, and how to begin with it, on the page.

A notebook alone is useless: a check needs its cases, its recording and gradstop itself. The archive has them beside
each other, so that it works in an empty folder, and in Colab.
"""

import re
import tomllib
import zipfile
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from gradstop.course.files import EXERCISES

# What of gradstop a check needs: not what writes, vets or grades exercises.
LEFT_OUT = {"authoring", "grading", "kernels", "__pycache__"}
BEGIN = """{name}: open {notebook} in this folder, with Python 3.11 or later.

It needs these, and a notebook:

    pip install {needed} jupyterlab
    jupyter lab {notebook}

The book was written for torch 2.13.
"""
BOX = """<div class="begin"><p><a class="reference download" href="{link}" download>Download {name}.zip</a>:
the notebook and all that its checks need. Unpack it and open <code>{notebook}</code> in its folder.</p>
<details><summary>In Colab</summary><p>Open <code>{notebook}</code> there, upload <code>{name}.zip</code>
in the side bar's <em>Files</em>, and put this cell first:</p>
<pre>!unzip -qo {name}.zip
%cd {name}
%pip install --quiet {lacking}
import sys; sys.path.insert(0, "")</pre></details></div>"""


IN_COLAB = {"ipython", "matplotlib", "numpy", "torch"}


def needed(root: Path) -> list[str]:
    """Return the names of the packages that a learner needs, as pyproject.toml has them."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [re.split(r"[^\w-]", dependency)[0] for dependency in project["dependencies"]]


def write_archive(root: Path, name: str, target: Path) -> None:
    """Write an assignment's archive: its folder as students get it, gradstop's part, the licence."""
    folder, package = root / EXERCISES / name, root / "gradstop"
    files = {path: path.name for path in sorted(folder.iterdir()) if path.is_file()}
    for path in sorted(package.rglob("*.py")):
        if not LEFT_OUT & set(path.relative_to(package).parts):
            files[path] = path.relative_to(root).as_posix()
    files[root / "LICENSE"] = "LICENSE"
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, place in files.items():
            _write(archive, f"{name}/{place}", path.read_bytes())
        notebook = f"{name.partition('-')[2]}.ipynb"
        text = BEGIN.format(name=name, notebook=notebook, needed=" ".join(needed(root)))
        _write(archive, f"{name}/BEGIN.txt", text.encode())


def _write(archive: zipfile.ZipFile, place: str, content: bytes) -> None:
    """Add a file without the day it was made: the same content gives the same archive."""
    entry = zipfile.ZipInfo(place)
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)


def add_box(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Say under an exercise page's title how to begin, and let its download button lead to the archive."""
    if not (found := re.fullmatch(rf"{EXERCISES}/([^/]+)/[^/]+", page)):
        return
    name = found[1]
    link = context["pathto"](f"_downloads/{name}.zip", 1)
    lacking = " ".join(name for name in needed(Path(app.srcdir)) if name not in IN_COLAB)
    box = BOX.format(name=name, link=link, notebook=f"{name.partition('-')[2]}.ipynb", lacking=lacking)
    context["body"] = context["body"].replace("</h1>", f"</h1>\n{box}", 1)
    for group in context.get("header_buttons", []):
        for button in group.get("buttons", []):
            if button.get("label") == "download-source-button":
                button |= {"url": link, "text": ".zip", "tooltip": "Download the notebook and what its checks need"}


def write_archives(app: Sphinx, problem: Exception | None) -> None:
    """Write the archive of each exercise page of this build."""
    root = Path(app.srcdir)
    for page in app.env.found_docs if problem is None else ():
        if page.startswith(f"{EXERCISES}/"):
            name = page.split("/")[1]
            write_archive(root, name, Path(app.outdir, "_downloads", f"{name}.zip"))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the functions; the box comes after the theme's buttons."""
    app.connect("html-page-context", add_box, priority=800)
    app.connect("build-finished", write_archives)
    return {"parallel_read_safe": True}
