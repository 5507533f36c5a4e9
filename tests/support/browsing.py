"""The built site as a reader's browser meets it: a server on this machine, and what a visit to a page shows."""

import gzip
import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from PIL import Image
from support.course import ROOT

HTML = ROOT / "_build" / "html"
COMPRESSED = {".html", ".css", ".js", ".svg", ".json", ".txt", ".xml"}

# Runs before a page's own scripts, and counts what moves without the reader's doing.
WATCH = """
window.moved = 0; window.painted = 0;
new PerformanceObserver(list => { for (const e of list.getEntries()) if (!e.hadRecentInput) window.moved += e.value; })
  .observe({type: "layout-shift", buffered: true});
new PerformanceObserver(list => { for (const e of list.getEntries()) window.painted = e.startTime; })
  .observe({type: "largest-contentful-paint", buffered: true});
"""


@cache
def compressed(body: bytes) -> bytes:
    """Return what is sent of a file, each of which the tests ask for some hundred times."""
    return gzip.compress(body, 6)


class Server:
    """Serves a folder as a web host does: compressed, with a cache, and with the site's own page for what is not there.

    Attributes:
        address: where it answers.
        sent: the path and the bytes over the wire of each answer, headers included.

    """

    def __init__(self, folder: Path) -> None:
        sent: list[tuple[str, int]] = []

        class Handler(SimpleHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def __init__(self, *args):
                super().__init__(*args, directory=str(folder))

            def log_message(self, *args):
                pass

            def do_GET(self):
                path = Path(self.translate_path(self.path))
                path = path / "index.html" if path.is_dir() else path
                status = 200 if path.is_file() else 404
                path = path if path.is_file() else folder / "404.html"
                body = path.read_bytes() if path.is_file() else b""
                lines = [f"HTTP/1.1 {status} x", f"Content-Type: {self.guess_type(path)}"]
                if path.suffix in COMPRESSED:
                    body = compressed(body)
                    lines.append("Content-Encoding: gzip")
                lines += [f"Content-Length: {len(body)}", "Cache-Control: max-age=600", "", ""]
                answer = "\r\n".join(lines).encode() + body
                sent.append((self.path, len(answer)))
                self.wfile.write(answer)

        self.sent = sent
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def running(self) -> Iterator["Server"]:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()


class Reader:
    """Somebody with an empty cache who opens one page after the other.

    Attributes:
        foreign: the requests that went to another host.
        complaints: what the pages' scripts wrote to the console as errors, or failed with.

    """

    def __init__(self, browser, site: Server, **options) -> None:
        self.site = site
        self.context = browser.new_context(**{"viewport": {"width": 1200, "height": 800}} | options)
        self.context.add_init_script(WATCH)
        self.foreign: list[str] = []
        self.complaints: list[str] = []

    def open(self, page: str):
        """Open a page of the site in a tab of its own and return it when nothing more is loaded."""
        tab = self.context.new_page()
        tab.on("request", lambda request: self._note(request.url))
        tab.on("pageerror", lambda error: self.complaints.append(f"{page}: {error}"))
        tab.on("console", lambda line: line.type == "error" and self.complaints.append(f"{page}: {line.text}"))
        tab.goto(f"{self.site.address}/{page}")  # until it is loaded: a busy machine asks for nothing for a while
        tab.wait_for_load_state("networkidle")
        return tab

    def weigh(self, page: str) -> int:
        """Return the bytes that the visit to a page moves over the wire."""
        before = len(self.site.sent)
        self.open(page).close()
        return sum(size for _, size in self.site.sent[before:])

    def _note(self, url: str) -> None:
        if not url.startswith((self.site.address, "data:", "blob:")):
            self.foreign.append(url)


@contextmanager
def reader(browser, site: Server, **options) -> Iterator[Reader]:
    """Give a reader, who leaves at the end."""
    someone = Reader(browser, site, **options)
    try:
        yield someone
    finally:
        someone.context.close()


def photograph(tab, name: str, **options) -> None:
    """Keep what is seen, where GRADSTOP_SCREENS names a folder: the documentation's pictures are made by the tests."""
    folder = os.environ.get("GRADSTOP_SCREENS")
    if folder:
        picture = Image.open(io.BytesIO(tab.screenshot(**options)))
        picture.quantize(128, dither=Image.Dither.NONE).save(Path(folder) / f"{name}.png", optimize=True)
