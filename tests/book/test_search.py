"""The site's search: an error message as it is pasted from a terminal leads to the clinic's entry first."""

import re
from collections import defaultdict

import pytest
from support.browsing import reader
from support.course import ROOT

from gradstop.authoring.clinic import clinic_pages, read_entries

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
    ("RuntimeError: Expected to mark a variable ready only once. This error is caused by", "errors.html#not-raised"),
    ("Must flatten tensors with uniform `requires_grad` when `use_orig_params=False`", "errors.html#not-raised"),
    ("This backward function was compiled with non-empty donated buffers which requires", "errors.html#not-raised"),
    ("ValueError: Attempting to unscale FP16 gradients.", "errors-modules.html#attempting"),
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
            tab.wait_for_url("**/search.html?q=*")
            tab.wait_for_load_state("load")
            return tab

        yield searched


@pytest.mark.parametrize(("message", "page"), PASTED)
def test_a_pasted_message_finds_its_entry_first(search, site, message, page):
    tab = search(message)
    box = tab.locator(".clinic-hit")
    assert box.inner_text().startswith("This message is explained in ")
    link = box.locator("a").first
    assert f"/{page if '#' in page else page + '.html#'}" in link.evaluate("link => link.href")
    assert box.bounding_box()["y"] < tab.locator("#search-results").bounding_box()["y"]
    link.click()
    tab.wait_for_url("**/book/*#*")
    tab.wait_for_function("!!document.getElementById(location.hash.slice(1))")
    tab.close()


def test_every_message_of_the_clinic_finds_its_own_entry(search):
    """One search a message would take minutes: the page's own function is asked."""
    tab = search("a message that no one has ever seen in torch")
    assert tab.locator(".clinic-hit").count() == 0
    table = "JSON.parse(document.getElementById('clinic-messages').textContent)"
    entries = [entry for page in clinic_pages(ROOT) for entry in read_entries(page)]
    told = [(entry.heading, message) for entry in entries for message in entry.messages]
    headings = defaultdict(set)  # where two entries differ only in numbers, either may come first
    for heading, message in told:
        headings[words_of(message)].add(heading)
    wrong = []
    for heading, message in told:
        found = tab.evaluate(f"text => alike(text, {table})[0]?.title", f"{message.kind}: {message.text}")
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
