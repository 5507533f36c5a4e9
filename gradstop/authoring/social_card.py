"""The picture that stands beside a link to the book: a live drawing, photographed by a headless Chromium."""

import shutil
import subprocess
import tempfile
from html import escape
from pathlib import Path

import torch

from gradstop import draw
from gradstop.authoring.cheat_sheet import BROWSERS
from gradstop.course import CourseError
from gradstop.course.files import BOOK

PICTURE = Path(BOOK, "_static", "preview.png")
SIZE = 1200, 630  # what those who show link previews ask for
_CSS = """
body { margin: 0; padding: 40px 60px; color: #1c2430; background: #fff }
body { font: 28px system-ui, "DejaVu Sans", Arial, sans-serif }
main { display: flex; gap: 60px; align-items: center; height: 540px }
h1 { font-size: 60px; line-height: 1.15; margin: 0 0 24px } p { margin: 0; line-height: 1.4 }
svg { height: 540px; width: auto; max-width: 620px }
"""


def as_html() -> str:
    """Return the picture as a page: the book's title beside a graph that ends at a detach."""
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x.exp()
    z = y.detach()
    title, words = "Where Gradients Stop", "PyTorch's autograd graph, and every way to leave it."
    svg = draw(x=x, y=y, z=z).svg
    return (
        f'<!doctype html><html lang="en" data-theme="light"><meta charset="utf-8"><style>{_CSS}</style>'
        f"<main><div><h1>{escape(title)}</h1><p>{escape(words)}</p></div>{svg}</main></html>"
    )


def photograph(root: Path) -> Path | None:
    """Make the picture and return its path, or None where there is no browser.

    Raises:
        CourseError: if that fails.

    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        page, png = Path(folder, "preview.html"), Path(folder, "preview.png")
        page.write_text(as_html(), encoding="utf-8")
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile"]
        command += ["--hide-scrollbars", f"--window-size={SIZE[0]},{SIZE[1]}", f"--screenshot={png}", page.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)  # noqa: S603, our own page
        if not png.is_file():
            raise CourseError(f"{PICTURE}: {browser} made no picture: {done.stderr.strip()[-300:]}")
        shutil.copyfile(png, root / PICTURE)
    return root / PICTURE
