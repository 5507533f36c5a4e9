"""A table of observations, for a page whose cells have made them: ``table``."""

from collections.abc import Collection, Mapping, Sequence

from gradstop.drawing.style import CSS
from gradstop.drawing.svg import clean

Groups = Mapping[str, Mapping[str, Sequence[str]]]
# Named in full, and so stronger than what JupyterLab and the book say of every table.
_TABLE_CSS = "".join(
    [
        "figure.gs .gs-scroll{overflow-x:auto}",
        "figure.gs .gs-scroll:focus-visible{outline:3px solid var(--gs-interior);outline-offset:2px}",
        "figure.gs table{border-collapse:collapse;width:auto;margin:0;font-size:.8em;line-height:1.35}",
        "figure.gs caption{caption-side:top;text-align:left;font-weight:600;font-size:1.15em;padding:0 0 .5em}",
        "figure.gs :is(caption,th,td){color:var(--gs-ink)}",
        "figure.gs table :is(thead,tbody) tr:is(tr,:hover,:nth-child(n)){background:var(--gs-bg)}",
        "figure.gs table :is(th,td){text-align:left;vertical-align:top;max-width:none;white-space:normal;",
        "padding:.35em .4em;border:0;border-bottom:1px solid var(--gs-line)}",
        "figure.gs table th[scope=col]{vertical-align:bottom;min-width:4em}",
        "figure.gs :is(thead tr>:first-child,th[scope=row]){position:sticky;left:0;z-index:1;background:var(--gs-bg)}",
        "figure.gs table th[scope=row]{font-weight:400}",
        "figure.gs table th[scope=rowgroup] span{position:sticky;left:.4em}",
        "figure.gs table th[scope=rowgroup]{padding-top:1em;font-style:italic}",
        "figure.gs table code{background:none;border:0;padding:0;color:inherit;white-space:nowrap}",
        "@media(max-width:40em){figure.gs table th[scope=row]{min-width:7em;max-width:9em}",
        "figure.gs table code{white-space:normal;overflow-wrap:anywhere}}",
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
        bodies = "".join(f"<tbody>{_heading(name, width)}{_rows(rows)}</tbody>" for name, rows in self.groups.items())
        return (
            f'<figure class="gs"><style>{CSS}{_TABLE_CSS}</style>'
            f'<div class="gs-scroll" role="region" tabindex="0" aria-label="{clean(self.title)}">'
            f"<table><caption>{clean(self.title)}</caption><thead><tr><td></td>{head}</tr></thead>{bodies}</table>"
            "</div></figure>"
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


def _rows(rows: Mapping[str, Sequence[str]]) -> str:
    cells = {code: "".join(f"<td>{clean(cell)}</td>" for cell in row) for code, row in rows.items()}
    return "".join(f'<tr><th scope="row"><code>{clean(code)}</code></th>{row}</tr>' for code, row in cells.items())


def _lines(columns: Sequence[str], groups: Groups) -> list[str]:
    """Return a row for each line, with its cells below each other and the columns' questions above them."""
    lines = [["", *columns]]
    for name, rows in groups.items():
        lines += [[name]] if name else []
        lines += [[code, *cells] for code, cells in rows.items()]
    full = [line for line in lines if len(line) > 1]
    widths = [max(len(line[i]) for line in full) for i in range(len(columns) + 1)]
    return [" | ".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=False)).rstrip() for line in lines]
