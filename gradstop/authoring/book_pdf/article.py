"""One page of the site as a part of the printed book: its names and links made the book's, its answers at its end."""

import re
from copy import copy
from posixpath import dirname, join, normpath
from urllib.parse import urldefrag

from bs4 import BeautifulSoup, Tag

_NAMES = ("id", "for", "name", "aria-labelledby", "aria-describedby")
_GONE = (
    "script, button, a.headerlink, .begin, .get-it, .search-here, figure.gs > details, figure.gs > section > details"
)


def article(html: str, page: str, pages: set[str]) -> Tag | None:
    """Return the article of a page, or None where it has none; ``pages`` are those that the book has."""
    found = BeautifulSoup(html, "html.parser").find("article")
    if not isinstance(found, Tag):
        return None
    for gone in found.select(_GONE):
        gone.decompose()
    for figure in found.select("figure.gs-steps:has(.gs-open)"):
        _leave_closed(figure)
    _move_answers(found)
    for folded in found.find_all("details"):
        folded["open"] = ""
    _rename(found, name(page))
    for link in found.find_all("a", href=True):
        _lead(link, page, pages)
    found["id"] = name(page)
    return found


def _leave_closed(figure: Tag) -> None:
    """Of a drawing whose boxes a click opens, leave the picture that is shown first."""
    for other in figure.select("[role=radiogroup], label, section ~ section"):
        other.decompose()
    figure["class"] = "gs"
    for section in figure.select("section"):
        section.unwrap()


def name(page: str) -> str:
    """Return what a page is called within the book."""
    return page.rsplit("/", 1)[-1] if page.startswith("book/") else page.replace("/", "-")


def _rename(found: Tag, start: str) -> None:
    for element in found.find_all(True):
        for key in _NAMES:
            if element.get(key):
                element[key] = f"{start}--{element[key]}"
        for key, value in element.attrs.items():
            if isinstance(value, str) and "url(#" in value:
                element[key] = value.replace("url(#", f"url(#{start}--")


def _lead(link: Tag, page: str, pages: set[str]) -> None:
    """Let a link lead to its place in the book; one to a file of the site alone becomes plain text."""
    address, anchor = urldefrag(str(link["href"]))
    if re.match(r"\w+:", address):
        return
    target = normpath(join(dirname(page), address)).removesuffix(".html") if address else page
    if target in pages:
        link["href"] = f"#{name(target)}" + (f"--{anchor}" if anchor else "")
    else:
        del link["href"]


# Answers


def _move_answers(found: Tag) -> None:
    """Set the answers to predictions and questions, and the outputs that tell them, at the end of the page."""
    soup = BeautifulSoup("", "html.parser")
    answers = soup.new_tag("ol")
    for question in found.select(".prediction"):
        answers.append(_answer_to_prediction(soup, question, len(answers.contents) + 1))
    for number, question in enumerate(found.select('section[id="recall"] > details'), 1):
        answers.append(_answer_to_recall(soup, question, number))
    if not answers.contents:
        return
    section = soup.new_tag("section", attrs={"id": "answers", "class": "book-answers"})
    section.append(soup.new_tag("h2", string="Answers"))
    section.append(answers)
    (found.find("section") or found).append(section)


def _answer_to_prediction(soup: BeautifulSoup, question: Tag, number: int) -> Tag:
    answer = soup.new_tag("li", attrs={"value": str(number)})
    options = soup.new_tag("ul")
    for field in question.find_all("input"):
        field.replace_with("__________")
    for option in question.find_all("details"):
        said = _summary(option)
        said.name = "li"
        verdict = option.get("data-answer")  # a hint to a number has none, and is no option
        if verdict:
            options.append(said)
        line = soup.new_tag("p", attrs={"class": f"option-{verdict}"} if verdict else {})
        told = copy(said)
        told.name = "strong"
        line.extend([told, ": ", *(option.p or option).contents])
        answer.append(line)
        option.decompose()
    if options.contents:
        question.append(options)
    label = question.find("strong")
    if label:
        label.string = f"{label.get_text().removesuffix('.')} {number}."
    _move_what_tells(soup, question, answer, number)
    return answer


def _move_what_tells(soup: BeautifulSoup, question: Tag, answer: Tag, number: int) -> None:
    """Move the folded outputs of the cells below a question, and what is said of them, to its answer."""
    for below in question.find_next_siblings():
        output = below.select_one("details.below-input > .cell_output")
        if output and output.parent:
            folded = output.parent
            answer.append(output.extract())
            note = soup.new_tag("p", attrs={"class": "output-elsewhere"}, string=f"The output is at answer {number}.")
            folded.replace_with(note)
        elif below.name == "details":
            _summary(below)
            answer.extend(below.find_all(recursive=False))
            below.decompose()
        elif not below.select_one(".cell_input") or below.select_one(".cell_output"):
            return


def _answer_to_recall(soup: BeautifulSoup, question: Tag, number: int) -> Tag:
    answer = soup.new_tag("li", attrs={"class": "recall", "value": str(number)})
    summary = _summary(question)
    answer.append(soup.new_tag("strong", string=f"Recall {number}. "))
    answer.extend(question.contents[:])
    summary.name = "p"
    question.replace_with(summary)
    return answer


def _summary(details: Tag) -> Tag:
    """Take the summary out of what is folded, and return it."""
    return next(found for found in details.find_all("summary", limit=1)).extract()
