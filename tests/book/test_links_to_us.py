"""What the site says of itself to others, and the buttons that need to know where it and its source lie."""

import os
import re
import shutil
import subprocess
import sys
from html import unescape

import pytest
import yaml
from support.browsing import HTML, reader
from support.course import ROOT
from test_site import PAGES, Elements, text

from gradstop.authoring.social_card import SIZE

pytestmark = pytest.mark.slow
CHAPTER, EXERCISE = "book/03-detach.html", "exercises/03-detach/detach.html"
SOURCE, ADDRESS = "https://github.com/someone/stop", "https://someone.example/stop"


built_once = pytest.mark.xdist_group("configured")


@pytest.fixture(scope="module")
def configured(tmp_path_factory):
    """Build two pages with both addresses set, and return the folder."""
    folder = tmp_path_factory.mktemp("configured")
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    assert config["repository"]["url"] == config["html"]["baseurl"] == ""
    config["repository"]["url"], config["html"]["baseurl"] = SOURCE, ADDRESS
    config["launch_buttons"] = {"jupyterhub_url": "https://hub.example"}
    config["execute"]["execute_notebooks"] = "off"
    (folder / "_config.yml").write_text(yaml.safe_dump(config))
    contents = {"format": "jb-book", "root": "book/03-detach", "chapters": [{"file": EXERCISE.removesuffix(".html")}]}
    (folder / "_toc.yml").write_text(yaml.safe_dump(contents))
    for name in ("book", "exercises/03-detach", "gradstop"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("LICENSE", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    command = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", str(folder), "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr[-2000:]
    return folder / "_build" / "html"


def meta(page, folder=HTML):
    html = (folder / page).read_text(encoding="utf-8")
    pairs = re.findall(r'<meta (?:name|property)="([\w:]+)" content="(.*?)"', html, re.DOTALL)
    return {name: unescape(content) for name, content in pairs}


@pytest.mark.parametrize("page", PAGES[1:])
def test_each_page_says_what_it_is(page):
    said = meta(page)
    assert 16 < len(said["description"]) <= 203
    assert said["og:description"] == said["description"]
    assert "<" not in said["og:title"] + said["description"]
    assert "og:image" not in said  # no address, so nobody could fetch it


def test_titles_and_descriptions_differ_from_page_to_page():
    said = [meta(page) for page in PAGES[1:] if page.startswith("book/")]
    assert len({one["og:title"] for one in said}) == len({one["description"] for one in said}) == len(said)


@built_once
def test_with_an_address_there_are_previews_and_a_list_of_pages(configured):
    said = meta(CHAPTER, configured)
    assert said["og:url"] == f"{ADDRESS}/{CHAPTER}"
    picture = configured / said["og:image"].removeprefix(f"{ADDRESS}/")
    header = picture.read_bytes()[:24]
    assert header[1:4] == b"PNG"
    assert (int.from_bytes(header[16:20]), int.from_bytes(header[20:24])) == SIZE
    listed = re.findall("<loc>(.+?)</loc>", (configured / "sitemap.xml").read_text())
    assert listed == [f"{ADDRESS}/{CHAPTER}", f"{ADDRESS}/{EXERCISE}"]
    assert f'<base href="{ADDRESS}/">' in (configured / "404.html").read_text()
    assert not (configured / "_static" / "cut-whole.js").exists()  # neither page has a program to cut


def test_without_an_address_there_is_no_list_of_pages():
    assert not (HTML / "sitemap.xml").exists()


@built_once
def test_with_a_repository_its_buttons_are_there(configured):
    for page, notebook in ((CHAPTER, "book/03-detach.ipynb"), (EXERCISE, "exercises/03-detach/detach.ipynb")):
        html = (configured / page).read_text(encoding="utf-8")
        links = {unescape(link) for link in re.findall('href="(.+?)"', html)}
        assert f"{SOURCE}/edit/main/{notebook}" in links
        assert f"https://colab.research.google.com/github/someone/stop/blob/main/{notebook}" in links
        assert f"https://mybinder.org/v2/gh/someone/stop/main?urlpath=lab/tree/{notebook}" in links
        assert any(link.startswith(f"{SOURCE}/issues/new") for link in links)
        assert any(link.startswith("https://hub.example/hub/user-redirect/git-pull?repo=") for link in links)


@pytest.mark.parametrize("page", PAGES[1:])
def test_without_a_repository_there_are_none(page):
    links = [attributes.get("href", "") or "" for _, attributes in Elements(page).found]
    assert not [link for link in links if re.search("colab|mybinder|/edit/|issues/new|repository", link)]


@pytest.mark.parametrize("page", [CHAPTER, "book/choose.html"])
def test_a_page_made_of_a_notebook_gives_it_away(page):
    links = [a["href"] for tag, a in Elements(page).found if tag == "a" and "download-source" in a.get("class", "")]
    assert len(links) == 1
    assert links[0].endswith(".ipynb")
    assert (HTML / page).parent.joinpath(links[0]).is_file()


@pytest.mark.parametrize("size", [(1200, 800), (390, 844)])
def test_the_front_page_leads_three_readers_within_one_screen(chromium, site, size):
    with reader(chromium, site, viewport={"width": size[0], "height": size[1]}) as someone:
        tab = someone.open("book/index.html")
        for way in ("Read", "Learn", "Teach"):
            card = tab.locator(".ways > div", has_text=re.compile(rf"^\s*{way}"))
            box = card.bounding_box()
            assert box["y"] + box["height"] <= size[1], way
            assert card.locator("a").count() >= 1


def test_an_address_that_is_not_there_leads_back(chromium, site):
    with reader(chromium, site) as someone:
        tab = someone.open("book/no/such/page.html")
        assert "Page not found" in tab.locator("article h1").inner_text()
        assert tab.evaluate("getComputedStyle(document.querySelector('article')).fontFamily") != ""
        tab.locator("article a", has_text="front page").click()
        assert tab.url == f"{site.address}/book/index.html"
        assert "Where Gradients Stop" in text("404.html")
