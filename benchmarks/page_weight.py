"""What a visit costs a reader: bytes over the wire (gzip), and when the largest thing is painted. Needs the built site.

python benchmarks/page_weight.py
"""

import shutil
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from playwright.sync_api import sync_playwright
from support.browsing import HTML, Server, reader

from gradstop.authoring.cheat_sheet import BROWSERS

PAGES = [
    "book/index.html",
    "book/03-detach.html",
    "book/08-memory.html",
    "book/claims.html",
    "book/errors-backward.html",
]


def main() -> None:
    with Server(HTML).running() as site, sync_playwright() as running:
        path = next(filter(None, map(shutil.which, BROWSERS)))
        browser = running.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        print("| page | first visit | after another page | largest paint, median of 5 |\n|---|---|---|---|")
        for page in PAGES:
            with reader(browser, site) as someone:
                first = someone.weigh(page)
            with reader(browser, site) as someone:
                someone.weigh("book/01-computation-graph.html")
                later = someone.weigh(page)
            paints = []
            for _ in range(5):
                with reader(browser, site) as someone:
                    paints.append(someone.open(page).evaluate("painted"))
            print(f"| {page} | {first / 1000:.0f} kB | {later / 1000:.0f} kB | {statistics.median(paints):.0f} ms |")


if __name__ == "__main__":
    main()
