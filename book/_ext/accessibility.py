"""Mends what the theme's pages keep from readers who hear them."""

from sphinx.application import Sphinx

# What the theme writes, and what stands there instead.
MENDED = {
    # The side bar's title and search are in no landmark.
    '<div id="pst-primary-sidebar"': '<div id="pst-primary-sidebar" role="complementary" aria-label="Book"',
    # A folded output's name says less than its words.
    '<summary aria-label="Toggle hidden content">': "<summary>",
    # The arrow that unfolds the pages below a page has no name.
    '<summary><span class="toctree-toggle"': '<summary aria-label="Pages below"><span class="toctree-toggle"',
}


def for_everyone(content: str) -> str:
    """Return a page's content, mended."""
    for theirs, ours in MENDED.items():
        content = content.replace(theirs, ours)
    return content


def add_filter(app: Sphinx) -> None:
    """Give the filter to the template `layout.html`."""
    app.builder.templates.environment.filters["for_everyone"] = for_everyone


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the filter."""
    app.connect("builder-inited", add_filter)
    return {"parallel_read_safe": True}
