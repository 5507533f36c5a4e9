"""The site's search: an error message as it is pasted from a terminal leads to the clinic's entry first."""

import json
import re
from collections import defaultdict
from pathlib import Path

import pytest
from support.browsing import reader
from support.course import ROOT

from gradstop.authoring.clinic import clinic_pages, read_entries
from gradstop.course.sections import anchor

pytestmark = pytest.mark.slow
# What a reader pastes: other shapes and versions than the book's, a traceback around it, a part.
PASTED = [
    (
        "RuntimeError: one of the variables needed for gradient computation has been modified by an inplace operation: "
        "[torch.cuda.FloatTensor [64, 128]], which is output 0 of AsStridedBackward0, is at version 17; expected "
        "version 16 instead. Hint: enable anomaly detection to find the operation that failed to compute its gradient, "
        "with torch.autograd.set_detect_anomaly(True).",
        "errors-in-place",
    ),
    (
        'Traceback (most recent call last):\n  File "train.py", line 41, in <module>\n    loss.backward()\n'
        "RuntimeError: Trying to backward through the graph a second time (or directly access saved tensors after they "
        "have already been freed). Saved intermediate values of the graph are freed when you call .backward() or "
        "autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or if you "
        "need to access saved tensors after calling backward.",
        "errors-backward",
    ),
    ("element 0 of tensors does not require grad and does not have a grad_fn", "errors-backward"),
    ("RuntimeError: Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy()", "errors-leaving"),
    ("ValueError: can't optimize a non-leaf Tensor", "errors-modules"),
    ("a leaf Variable that requires grad is being used in an in-place operation", "errors-in-place"),
    (
        "RuntimeError: one of the variables needed for gradient computation has been modified by an inplace operation: "
        "[torch.FloatTensor [128, 1]], which is output 0 of TBackward, is at version 2; expected version 1 instead.",
        "errors-in-place.html#is-at-version-2",
    ),
    (
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        "[torch.FloatTensor [64]] is at version 7; expected version 6 instead. Hint: enable anomaly detection",
        "errors-in-place.html#is-at-version-2",
    ),
    ("RuntimeError: Expected to mark a variable ready only once. This error is", "errors-scale.html#expected-to-mark"),
    ("Must flatten tensors with uniform `requires_grad` when `use_orig_params=False`", "errors-scale.html#must"),
    ("This backward function was compiled with non-empty donated buffers which requires", "errors-scale.html#was"),
    ("RuntimeError: Expected to have finished reduction in the prior iteration", "errors-scale.html#expected-to-have"),
    ("RuntimeError: mat1 and mat2 must have the same dtype, but got Float and Half", "errors-scale.html#mat1"),
    ("RuntimeError: step() has already been called since the last update().", "errors-modules.html#has-already"),
    ("ValueError: Attempting to unscale FP16 gradients.", "errors-modules.html#attempting"),
    (
        "train.py:7: UserWarning: The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its "
        ".grad attribute won't be populated during autograd.backward(). (Triggered internally at "
        "aten/src/ATen/TensorBody.h:489.)\n  return self._grad",
        "errors-backward.html#the-grad-attribute",
    ),
    ("vmap: inplace arithmetic(self, *extra_args) is not possible because there exists a Tensor", "errors-func"),
]  # fmt: skip


@pytest.fixture(scope="module")
def search(chromium, site):
    """Return a function that types words into the search field of the search page."""
    with reader(chromium, site) as someone:

        def searched(words):
            tab = someone.open("search.html")
            field = tab.locator("input[name=q]:visible").first
            field.fill(words.replace("\n", " "))
            field.press("Enter")
            return tab

        yield searched


@pytest.fixture(scope="module")
def asked(search):
    """Return a search page whose own functions tests ask: each search by hand is two pages more to load."""
    tab = search("a message that no one has ever seen in torch")
    tab.wait_for_selector(".search-count")
    assert tab.locator(".clinic-hit").count() == 0
    return tab


@pytest.mark.parametrize(("message", "page"), PASTED)
def test_a_pasted_message_finds_its_entry_first(search, site, message, page):
    tab = search(message)
    box = tab.locator(".clinic-hit")
    box.wait_for()
    assert "did not match" not in tab.locator("main").inner_text()
    assert box.inner_text().startswith("This message is explained in ")
    link = box.locator("a").first
    assert f"/{page if '#' in page else page + '.html#'}" in link.evaluate("link => link.href")
    assert box.bounding_box()["y"] < tab.locator(".search-hits").bounding_box()["y"]
    link.click()
    tab.wait_for_url("**/*.html#*")
    tab.wait_for_function("!!document.getElementById(location.hash.slice(1))")
    tab.close()


def test_every_message_of_the_clinic_finds_its_own_entry(asked):
    table = "window.searchData.messages"
    entries = [entry for page in clinic_pages(ROOT) for entry in read_entries(page)]
    told = [(entry.heading, message) for entry in entries for message in entry.messages]
    headings = defaultdict(set)  # where two entries differ only in numbers, either may come first
    for heading, message in told:
        headings[words_of(message)].add(heading)
    wrong = []
    for heading, message in told:
        found = asked.evaluate(f"text => alike(text, {table})[0]?.title", f"{message.kind}: {message.text}")
        wrong += [(heading, found)] if found not in headings[words_of(message)] else []
    assert len(told) > 100
    assert wrong == []


def words_of(message):
    return tuple(re.findall("[a-z_]{2,}", message.line.lower()))


@pytest.mark.parametrize("words", ["detach", "freeze a layer", "retain_graph"])
def test_plain_words_are_left_to_the_search(search, words):
    tab = search(words)
    tab.wait_for_selector("#search-results li a")
    assert tab.locator(".clinic-hit").count() == 0


QUERIES = json.loads(Path(__file__).with_name("queries.json").read_text())
MESSAGES = json.loads(Path(__file__).with_name("messages.json").read_text())
FOUND = """async words => {
    await show(words, document.getElementById("search-results"));
    return [...document.querySelectorAll(".clinic-hit a, #search-results a")].map(link => link.getAttribute("href"));
}"""


def lost(tab, queries):
    """Return the queries whose first three hits have none of ``ok``: pages, or parts of a section's address."""
    missed = []
    for query in queries:
        hits = list(dict.fromkeys(tab.evaluate(FOUND, query["q"])))[:3]
        right = [
            hit
            for hit in hits
            for part in query["ok"]
            if (hit.endswith(part) if part.endswith(".html") else part in hit)
        ]
        missed += [] if right else [(query["q"], hits)]
    return missed


def test_peoples_own_words_lead_to_a_place_that_answers(asked):
    assert len(QUERIES) > 400
    assert lost(asked, QUERIES) == []


@pytest.mark.parametrize("question", ["what is a {}", "What's a {}?", "{} meaning", "definition of {}"])
def test_who_asks_what_a_word_means_gets_the_glossarys_entry_first(asked, question):
    words = re.findall("^## (.+)$", (ROOT / "book/glossary.md").read_text(), re.MULTILINE)
    first = {word: asked.evaluate(FOUND, question.format(word.lower()))[0] for word in words}
    assert len(first) > 30
    assert {word: hit for word, hit in first.items() if not hit.endswith(f"glossary.html#{anchor(word)}")} == {}


@pytest.mark.parametrize(
    ("words", "page"),
    [
        ("what does detach do", "03-detach"),
        ("no_grad", "05-no-grad"),
        ("no grad", "05-no-grad"),
        ("clone", "06-clone"),
        ("in place", "07-in-place"),
        ("memory", "08-memory"),
        ("hooks", "09-gradients-by-hand"),
        ("no_sync", "10-processes"),
    ],
)
def test_a_title_that_is_asked_for_is_first(asked, words, page):
    assert f"book/{page}.html" in asked.evaluate(FOUND, words)[0]


LOG = "2026-03-01 12:03:44,123 ERROR train.py:88 - [rank0]: Traceback (most recent call last):\n    loss.backward()\n"


def test_a_message_of_another_torch_leads_to_its_entry_from_a_log_too(asked):
    assert lost(asked, MESSAGES["explained"]) == []
    assert lost(asked, [{**message, "q": LOG + message["q"]} for message in MESSAGES["explained"]]) == []


@pytest.mark.parametrize("log", ["", LOG])
def test_a_message_that_the_clinic_does_not_have_is_not_answered_for_certain(asked, log):
    told = []
    for message in MESSAGES["unexplained"]:
        asked.evaluate(FOUND, log + message)
        told += (
            [message] if "is explained in" in asked.locator("#search-results").inner_text().split("Perhaps")[0] else []
        )
    assert told == []


@pytest.mark.parametrize("words", ["freeze batch norm", "training_step_outputs memory leak", "vmap in-place"])
def test_a_few_words_are_no_message(search, words):
    tab = search(words)
    tab.wait_for_selector(".search-hits a")
    assert tab.locator(".clinic-hit").count() == 0


@pytest.mark.parametrize(("words", "meant"), [("detatch", "detach"), ("retian the grpah", "retain, graph")])
def test_a_misspelled_word_is_also_searched_as_it_was_meant(search, words, meant):
    tab = search(words)
    count = tab.locator(".search-count")
    count.wait_for()
    assert count.inner_text().endswith(f"; also for {meant}")
    assert meant.split(", ")[0] in tab.locator(".search-hits a").first.inner_text().lower()


def test_a_word_that_is_being_typed_is_not_taken_for_misspelled(search):
    tab = search("checkpoi")
    tab.wait_for_selector(".search-hits a")
    assert "also for" not in tab.locator(".search-count").inner_text()


def test_it_answers_as_somebody_types_and_arrow_keys_go_through_the_hits(chromium, site):
    """On the clinic's own page, and with a line of the section around what was asked."""
    with reader(chromium, site) as someone:
        tab = someone.open("book/errors.html")
        tab.locator(".search-here input").press_sequentially("freeze a layer")
        tab.wait_for_selector(".search-hits a")
        assert tab.locator(".search-hits mark").count()
        tab.keyboard.press("ArrowDown")
        assert tab.evaluate("document.activeElement.closest('.search-hits li') !== null")
        tab.keyboard.press("Enter")
        tab.wait_for_url("**/*.html#*")


def test_a_word_is_read_where_it_has_another_meaning_here(search):
    """A name of JavaScript's own is a word like others; an apostrophe may be a phone's."""
    tab = search("jax.lax.stop_gradient")
    assert "03-detach" in tab.locator(".search-hits a").first.get_attribute("href")
    assert tab.evaluate(FOUND, "constructor")
    assert lost(tab, [{"q": "weights don\u2019t update", "ok": ["silent-symptoms"]}]) == []


def test_what_was_asked_is_there_for_who_comes_back_and_the_count_is_read_out(chromium, site):
    with reader(chromium, site) as someone:
        tab = someone.open("book/errors.html")
        field = tab.locator(".search-here input")
        field.fill("freeze a layer")
        tab.wait_for_selector(".search-hits a")
        status = tab.locator(".search-here + .search-place [role=status]").element_handle()
        field.fill("detatch")
        tab.wait_for_function("status => status.textContent.includes('also for detach')", arg=status)
        tab.locator(".search-hits a").first.click()
        tab.wait_for_url("**/*detach*")
        tab.go_back()
        tab.wait_for_selector(".search-hits a")
        assert tab.locator(".search-here input").input_value() == "detatch"


def test_a_search_that_did_not_load_says_so_and_tries_again(chromium, site):
    with reader(chromium, site) as someone:
        tab = someone.open("book/errors.html")
        tab.route("**/search-data.js", lambda route: route.abort())
        field = tab.locator(".search-here input")
        field.fill("freeze")
        tab.get_by_text("The search could not be loaded.").wait_for()
        tab.unroute("**/search-data.js")
        field.fill("freeze a layer")
        tab.wait_for_selector(".search-hits a")


def test_enter_answers_on_the_page_itself_and_the_address_leads_there_again(search):
    tab = search("freeze a layer")
    tab.wait_for_selector(".search-hits a")
    assert tab.url.endswith("/search.html?q=freeze%20a%20layer")
    hits = [link.get_attribute("href") for link in tab.locator(".search-hits a").all()]
    tab.reload()
    tab.wait_for_selector(".search-hits a")
    assert tab.locator("input[name=q]:visible").first.input_value() == "freeze a layer"
    assert [link.get_attribute("href") for link in tab.locator(".search-hits a").all()] == hits


def test_nothing_found_is_said_once(search):
    tab = search("xyzzyx qwertyu")
    tab.wait_for_selector(".search-count")
    assert tab.locator("#search-results").inner_text().startswith("Nothing has one of these words.")
