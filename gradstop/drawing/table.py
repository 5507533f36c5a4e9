"""A table of observations, for a page whose cells have made them: ``table``."""

from collections.abc import Collection, Mapping, Sequence

from gradstop.drawing.style import CSS
from gradstop.drawing.svg import clean

Groups = Mapping[str, Mapping[str, Sequence[str]]]
# What is said of a gradient gets a colour, and a sign for those who do not see it.
_VERDICTS = {
    "right": ("right", "✓"),
    "raises": ("raises", "!"),
    "wrong, no error": ("wrong", "✗"),
    "WRONG": ("wrong", "✗"),
}
# Named in full, and so stronger than what JupyterLab and the book say of every table.
_TABLE_CSS = "".join(
    [
        "figure.gs .gs-scroll{overflow-x:auto}",
        "figure.gs .gs-scroll:focus-visible{outline:3px solid var(--gs-interior);outline-offset:2px}",
        "figure.gs table{border-collapse:collapse;width:auto;margin:0;font-size:.8em;line-height:1.35}",
        "figure.gs caption{caption-side:top;text-align:left;font-weight:600;font-size:1.15em;padding:0 0 .5em}",
        "figure.gs :is(th,td){color:var(--gs-ink)}figure.gs caption{color:inherit}",
        "figure.gs table :is(thead,tbody) tr:is(tr,:hover,:nth-child(n)){background:var(--gs-bg)}",
        "figure.gs table :is(th,td){text-align:left;vertical-align:top;max-width:none;white-space:normal;",
        "padding:.35em .4em;border:0;border-bottom:1px solid var(--gs-line)}",
        "figure.gs table th[scope=col]{vertical-align:bottom;min-width:4em}",
        "figure.gs td[data-verdict]{font-weight:600}",
        "figure.gs td[data-verdict=right]{color:var(--gs-leaf)}",
        "figure.gs td[data-verdict=raises]{color:var(--gs-warn)}",
        "figure.gs td[data-verdict=wrong]{color:#8a2be2}",
        "@media(prefers-color-scheme:dark){figure.gs td[data-verdict=wrong]{color:#d7a6ff}}",
        ":is(html[data-theme=light],body[data-jp-theme-light=true]) figure.gs td[data-verdict=wrong]{color:#8a2be2}",
        ":is(html[data-theme=dark],body[data-jp-theme-light=false]) figure.gs td[data-verdict=wrong]{color:#d7a6ff}",
        "figure.gs :is(thead tr>:first-child,th[scope=row]){position:sticky;left:0;z-index:1;background:var(--gs-bg)}",
        "figure.gs table th[scope=row]{font-weight:400}",
        "figure.gs table th[scope=rowgroup] span{position:sticky;left:.4em}",
        "figure.gs table th[scope=rowgroup]{padding-top:1em;font-style:italic}",
        "figure.gs table code{background:none;border:0;padding:0;color:inherit;white-space:nowrap}",
        # A row becomes a block: its code, and each question with its answer.
        "@media(max-width:40em){figure.gs table thead{display:none}",
        "figure.gs table :is(caption,tbody,tr,th,td):is(caption,tbody,tr,th,td){display:block}",
        "figure.gs table tbody th[scope=row]{position:static;border:0;padding:.8em 0 .2em;font-size:1.1em}",
        "figure.gs table tbody td{display:grid;grid-template-columns:3fr 2fr;gap:.8em;border:0;padding:.1em 0}",
        "figure.gs table tbody td::before{content:attr(data-asked);font-weight:400;color:var(--gs-dim)}",
        "figure.gs table code{white-space:normal;overflow-wrap:anywhere;font-weight:700}}",
    ]
)


class Table:
    """Rows of words under questions. A notebook shows a table, plain Python prints its text.

    Attributes:
        title: the caption.
        columns: what was asked, one question a column.
        groups: for the heading of each group of rows, or "", each row's code and its answers.
        text: the same content, a line for each row.

    """

    def __init__(self, title: str, columns: Sequence[str], groups: Groups) -> None:
        for rows in groups.values():
            for code, cells in rows.items():
                if len(cells) != len(columns):
                    raise ValueError(f"{code!r} has {len(cells)} cells for {len(columns)} columns.")
        self.title, self.columns, self.groups = title, tuple(columns), groups
        self.text = "\n".join(_lines(self.columns, groups))

    def __repr__(self) -> str:
        return f"{self.title}\n{self.text}"

    def _repr_mimebundle_(self, **_: Collection[str] | None) -> dict[str, str]:
        """Return what a notebook shows. It picks a form itself, so its filters may be ignored."""
        return {"text/html": self._html(), "text/plain": repr(self)}

    def _html(self) -> str:
        head = "".join(f'<th scope="col">{clean(column)}</th>' for column in self.columns)
        width = len(self.columns) + 1
        bodies = "".join(
            f"<tbody>{_heading(name, width)}{self._rows(rows)}</tbody>" for name, rows in self.groups.items()
        )
        return (
            f'<figure class="gs"><style>{CSS}{_TABLE_CSS}</style>'
            f'<div class="gs-scroll" role="region" tabindex="0" aria-label="{clean(self.title)}">'
            f"<table><caption>{clean(self.title)}</caption><thead><tr><td></td>{head}</tr></thead>{bodies}</table>"
            "</div></figure>"
        )

    def _rows(self, rows: Mapping[str, Sequence[str]]) -> str:
        return "".join(
            f'<tr><th scope="row"><code>{clean(code)}</code></th>{"".join(map(_cell, self.columns, cells))}</tr>'
            for code, cells in rows.items()
        )


def table(title: str, columns: Sequence[str], groups: Groups) -> Table:
    """Show what was observed as a table.

    Args:
        title: the caption.
        columns: what was asked, one question a column.
        groups: the rows, as lists of words by the code that they belong to, in groups by their heading; a heading
            of "" is left out.

    Returns:
        The table, which shows itself at the end of a notebook cell.

    Raises:
        ValueError: if a row has more or fewer cells than there are columns.

    """
    return Table(title, columns, groups)


def _heading(name: str, width: int) -> str:
    return f'<tr><th scope="rowgroup" colspan="{width}"><span>{clean(name)}</span></th></tr>' if name else ""


def _cell(column: str, text: str) -> str:
    asked = f'data-asked="{clean(column)}"'
    if text not in _VERDICTS:
        return f"<td {asked}>{clean(text)}</td>"
    verdict, sign = _VERDICTS[text]
    return f'<td {asked} data-verdict="{verdict}"><span><span aria-hidden="true">{sign} </span>{text}</span></td>'


def _lines(columns: Sequence[str], groups: Groups) -> list[str]:
    """Return a row for each line, with its cells below each other and the columns' questions above them."""
    lines = [["", *columns]]
    for name, rows in groups.items():
        lines += [[name]] if name else []
        lines += [[code, *cells] for code, cells in rows.items()]
    full = [line for line in lines if len(line) > 1]
    widths = [max(len(line[i]) for line in full) for i in range(len(columns) + 1)]
    return [" | ".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=False)).rstrip() for line in lines]
