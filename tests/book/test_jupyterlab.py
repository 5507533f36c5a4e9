"""What a learner meets after `make lab`, in a browser: the chapters, a check, nbgrader's Validate."""

import re
import shutil

import nbformat
import pytest
from support.course import ROOT
from support.lab import Learner, make_lab

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("lab")]  # one server for all
CHAPTER, EXERCISE = "book/01-computation-graph.ipynb", "exercises/03-detach/detach.ipynb"
PAGES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "book").glob("*.ipynb"))
# What is driven in a browser: the chapters, and of the other pages one of each kind. That every cell of the others runs
# too is for `make nbval`.
DRIVEN = [path for path in PAGES if re.match(r"book/(\d|choose|claims|errors-in-place)", path)]
SETUP, ANSWER, CHECK = 2, 4, 5  # the first with code installs gradstop where it is missing
HEAD = "def stop(x: torch.Tensor) -> torch.Tensor:\n    "

# Of each output what is seen: pictures that have a size, steps of a backward, and what is wider than its place.
SEEN = """() => {
  const all = query => [...document.querySelectorAll('.jp-Notebook .jp-OutputArea-output ' + query)];
  const shown = node => node.getBoundingClientRect().width > 0 && node.getBoundingClientRect().height > 0;
  return {
    pictures: all('svg').length,
    unseen: all('svg').filter(node => !shown(node) && !node.closest('.gs-steps section')).length,
    steps: all('.gs-steps').map(node => [...node.querySelectorAll('section')].filter(shown).length),
    wide: [...document.querySelectorAll('.jp-OutputArea-output')].filter(n => n.scrollWidth > n.clientWidth + 1).length,
  };
}"""
FOLDED = """() => [...document.querySelectorAll('.jp-OutputPlaceholder .jp-PlaceholderText')].map(node =>
  [getComputedStyle(node).fontSize, getComputedStyle(node, '::before').content])"""
# The heading with this text is seen, in the upper third of the notebook.
AT_THE_TOP = """title => {
  const notebook = window.jupyterapp.shell.currentWidget.content.node;
  const heading = [...notebook.querySelectorAll('h2')].find(node => node.innerText.startsWith(title));
  const place = notebook.getBoundingClientRect(), top = heading?.getBoundingClientRect().top ?? Infinity;
  return heading?.checkVisibility() && top >= place.top - 5 && top < place.top + place.height / 3;
}"""
# The contrast of each text of a table with what lies behind it, as WCAG 2 has it, and how it is aligned.
TEXTS = """area => [...area.querySelectorAll('.gs-check :is(th, td, caption, p)')].map(node => {
  const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
  let behind = node;
  while (behind && (numbers(getComputedStyle(behind).backgroundColor)[3] ?? 1) < 1) behind = behind.parentElement;
  const light = colour => numbers(colour).slice(0, 3).map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const both = [light(getComputedStyle(node).color), light(getComputedStyle(behind).backgroundColor)];
  const box = node.getBoundingClientRect();
  return {
    text: node.innerText, align: getComputedStyle(node).textAlign, seen: box.width > 0 && box.height > 0,
    contrast: (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05),
  };
})"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    if shutil.which("make") is None:
        pytest.skip("no make on the path")
    with make_lab(tmp_path_factory.mktemp("lab")) as where:
        yield where


@pytest.fixture(scope="module")
def learner(chromium, address):
    someone = Learner(chromium, address, CHAPTER)
    yield someone
    someone.context.close()


def read(path):
    return nbformat.read(ROOT / path, as_version=4).cells


def tagged(cells, tag):
    return [number for number, cell in enumerate(cells) if tag in cell["metadata"].get("tags", [])]


def drawn(cells):
    """Return how many pictures the outputs of a notebook hold."""
    return sum(str(output).count("<svg") for cell in cells for output in cell.get("outputs", []))


def raising(cells):
    return [
        number
        for number, cell in enumerate(cells)
        if any(output["output_type"] == "error" for output in cell.get("outputs", []))
    ]


@pytest.mark.parametrize("path", DRIVEN)
def test_a_page_of_the_book_shows_what_is_stored_and_runs_top_to_bottom(learner, path):
    """What is stored is seen because `make lab` trusts it; from another notebook JupyterLab strips the pictures."""
    stored = read(path)
    hidden = tagged(stored, "hide-output")
    learner.open(path)
    assert learner.tab.evaluate(FOLDED) == [["0px", '"Predict, then run the cell"']] * len(hidden)
    whole(learner, drawn(cell for number, cell in enumerate(stored) if number not in hidden))

    learner.run_all()
    cells = learner.cells()
    assert raising(cells) == tagged(cells, "raises-exception")
    assert learner.tab.evaluate(FOLDED) == []
    assert drawn(cells) == drawn(stored)
    whole(learner, drawn(stored))
    assert learner.failures == learner.foreign == []


def whole(learner, pictures):
    """Assert that so many pictures are seen, of each stepper one step, and nothing is cut off."""
    seen = learner.tab.evaluate(SEEN)
    assert seen == {"pictures": pictures, "unseen": 0, "steps": [1] * len(seen["steps"]), "wide": 0}


@pytest.mark.parametrize("path", PAGES)
def test_an_output_needs_neither_a_widget_manager_nor_a_script(path):
    for output in (output for cell in read(path) for output in cell.get("outputs", [])):
        assert set(output.get("data", {})) <= {"text/html", "text/markdown", "text/plain"}
        assert not re.search(r"<script|\bon\w+=", str(output.get("data", {}).get("text/html")))


def test_the_first_chapter_in_notebook_7(chromium, address):
    pytest.importorskip("notebook", reason="no Notebook 7: pip install notebook")
    someone = Learner(chromium, address, CHAPTER, "notebooks")
    try:
        stored = read(CHAPTER)
        someone.run_all()
        assert raising(someone.cells()) == tagged(stored, "raises-exception")
        whole(someone, drawn(stored))
        assert someone.foreign == []  # of failures it has one of its own, in reading its settings
    finally:
        someone.context.close()


def test_the_stepper_moves_on_and_a_prediction_opens(learner):
    learner.open(CHAPTER)
    cells = read(CHAPTER)
    number = next(i for i, cell in enumerate(cells) if "step_through(" in cell.source)
    stepper = learner.cell(number).locator(".gs-steps")
    steps = stepper.locator("section")
    assert [step.is_visible() for step in steps.all()][:2] == [True, False]
    stepper.locator("label").nth(1).click()
    assert [step.is_visible() for step in steps.all()][:2] == [False, True]
    learner.tab.keyboard.press("ArrowRight")
    assert [step.is_visible() for step in steps.all()][:3] == [False, False, True]

    number = next(i for i, cell in enumerate(cells) if 'class="prediction"' in cell.source)
    option = learner.cell(number).locator(".prediction details").first
    assert not option.locator("p").is_visible()
    option.locator("summary").click()
    assert option.locator("p").is_visible()
    learner.bring_up(number - 3)  # the drawing before it
    learner.photograph("lab-chapter")


BOXES = "book/03-detach.ipynb"  # has nets whose boxes open by a click
SAVED = (
    "([path, content]) => jupyterapp.serviceManager.contents.save(path, {type: 'notebook', format: 'json', content})"
)


def boxed(path):
    """Return the number of the first cell whose drawing has boxes to open."""
    return next(i for i, cell in enumerate(read(path)) if "gs-open" in str(cell.get("outputs", "")))


def opens_by_a_click(figure):
    """Assert that a click on a module's box opens it, and that the first key closes it again."""
    door = figure.locator("section:visible .gs-open").first
    path = door.get_attribute("title").removeprefix("open ")
    closed = figure.locator(f"section:visible g[data-card='{path}']")
    assert closed.count() == 1
    door.click()
    assert closed.count() == 0
    assert figure.locator(f"section:visible g[data-card^='{path}.']").count() >= 1
    figure.locator("[role=radiogroup] label").first.click()
    assert closed.count() == 1


def test_a_click_on_a_module_opens_its_box(learner):
    learner.open(BOXES)
    opens_by_a_click(learner.cell(boxed(BOXES)).locator(".gs-steps").first)


def test_of_a_notebook_that_is_not_trusted_the_words_are_left_until_it_is_run(learner):
    stored = nbformat.read(ROOT / BOXES, as_version=4)
    stored.cells = [cell for cell in stored.cells[: boxed(BOXES) + 1] if cell.cell_type == "code"]
    learner.tab.evaluate(SAVED, ["book/untrusted.ipynb", stored])
    learner.open("book/untrusted.ipynb")
    last = learner.cell(len(stored.cells) - 1)
    output = last.locator(".jp-OutputArea-output").last
    assert output.locator("svg, style").count() == 0
    words = output.locator("details pre").first
    assert not words.is_visible()
    output.locator("details summary").first.click()
    assert words.is_visible()
    assert "gradient flows to" in words.inner_text()
    learner.run_all()
    opens_by_a_click(last.locator(".gs-steps").first)


def solve(learner, source):
    """Write an answer, run it, check it; return the check's outputs."""
    learner.open(EXERCISE)
    learner.run(SETUP)
    learner.write(ANSWER, source)
    learner.run(ANSWER)
    return learner.run(CHECK)


def readable(outputs):
    texts = outputs.evaluate(TEXTS)
    assert len(texts) >= 6
    assert [text for text in texts if text["contrast"] < 4.5 or not text["seen"]] == []
    assert {text["align"] for text in texts} <= {"left", "start"}


def test_a_wrong_answer_is_told_in_a_table_and_then_a_right_one(learner):
    outputs = solve(learner, HEAD + "return x.data")
    said = outputs.inner_text()
    assert "✗ differs when the result is edited before a backward" in said
    assert "This behaves like x.data" in said
    assert "Traceback" not in said
    for look, picture in (("Dark", "lab-check-failed-dark"), ("Light", "lab-check-failed")):
        learner.dress(look)
        readable(outputs)
        learner.photograph(picture)

    assert said.count("stop: 4 of 5 cases agree") == 1
    assert outputs.locator(".differs").first.evaluate("e => getComputedStyle(e).color") == "rgb(179, 32, 26)"
    section = outputs.locator("p:has-text('Read:') a").first
    title = section.inner_text().partition("“")[2].rstrip("”")
    assert section.get_attribute("href").endswith("#" + title.replace(" ", "-"))
    section.click()
    learner.tab.get_by_role("tab", name="03-detach.ipynb").wait_for()
    learner.tab.wait_for_function(AT_THE_TOP, arg=title)

    outputs = solve(learner, HEAD + "return x.detach()")
    assert "stop: all 5 cases agree" in outputs.inner_text()
    assert "differs" not in outputs.inner_text()
    readable(outputs)
    learner.photograph("lab-check-passed")


def validate(learner):
    """Press Validate and return what its dialog says, and how much of it lies beyond the edge."""
    learner.tab.get_by_role("button", name="Validate").click()
    dialog = learner.tab.locator(".jp-Dialog-content")
    dialog.wait_for()
    said = dialog.inner_text()
    beyond = dialog.evaluate(
        "node => [...node.querySelectorAll('pre')].filter(p => p.scrollWidth > p.clientWidth).length"
    )
    learner.photograph("lab-validate" if "failed" in said else "lab-validated")
    dialog.get_by_role("button", name="Ok").click()
    return said, beyond


def test_validate_says_in_words_what_fails_and_when_nothing_does(learner):
    solve(learner, HEAD + "return x.data")
    said, beyond = validate(learner)
    assert "stop: 4 of 5 cases agree with the reference.\nWhen the result is edited before a backward" in said
    assert "scale_grad is not written yet" in said
    assert "Traceback" not in said
    assert beyond == 0

    for number, cell in enumerate(read(EXERCISE.replace("exercises", "solutions"))):
        if cell.metadata.get("nbgrader", {}).get("solution"):
            learner.write(number, cell.source)
    said, _ = validate(learner)
    assert "Success" in said
    assert "failed" not in said
