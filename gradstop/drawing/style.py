"""The colours and fonts of a picture, in light and dark, for a book, JupyterLab and a file of its own."""

_LIGHT = {
    "bg": "#fff",
    "card": "#f6f8fa",
    "ink": "#1c2430",
    "dim": "#4f5965",
    "line": "#7a8591",
    "leaf": "#1a7237",
    "interior": "#0b5cc2",
    "warn": "#b3201a",
}
_DARK = {
    "bg": "#14181e",
    "card": "#1e242d",
    "ink": "#e6edf3",
    "dim": "#a9b4c0",
    "line": "#7d8996",
    "leaf": "#5fca78",
    "interior": "#74b3ff",
    "warn": "#ff8f86",
}


def _variables(colours: dict[str, str]) -> str:
    return "{" + ";".join(f"--gs-{name}:{value}" for name, value in colours.items()) + "}"


# The toggle of the book and of JupyterLab come after the reader's system setting, and so win over it.
CSS = "".join(
    [
        ".gs" + _variables(_LIGHT),
        "@media(prefers-color-scheme:dark){.gs" + _variables(_DARK) + "}",
        "html[data-theme=light] .gs,body[data-jp-theme-light=true] .gs" + _variables(_LIGHT),
        "html[data-theme=dark] .gs,body[data-jp-theme-light=false] .gs" + _variables(_DARK),
        "figure.gs{margin:1em 0;color:inherit}",  # the words around a picture lie on the page, of whatever theme
        ".gs figcaption{font-weight:600;margin-bottom:.4em;color:inherit}",
        ".gs details{font-size:.85em;color:inherit}",
        ".gs pre{background:none;border:0;color:inherit;overflow:auto}",
        ".gs-beside{display:flex;flex-wrap:wrap;gap:0 1.5em;align-items:flex-start}",
        ".gs-beside figure.gs{max-width:100%}",
        ".gs .gs-wide{overflow-x:auto}",
        ".gs .gs-wide:focus-visible{outline:3px solid var(--gs-interior);outline-offset:2px}",
        ".gs .gs-legend ul{list-style:none;padding:0;margin:.3em 0}",
        ".gs .gs-legend svg{vertical-align:-2px}",
        "svg.gs{max-width:100%;height:auto}",
        ".gs text{font:12.5px system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif}",
        ".gs text{fill:var(--gs-ink)}",
        ".gs .bg{fill:var(--gs-bg)}",
        ".gs .name,.gs .op,.gs .code,.gs .look{font-family:ui-monospace,Menlo,Consolas,monospace}",
        ".gs .name{font-size:15px;font-weight:700}",
        ".gs .op{font-size:14px;font-weight:600}",
        ".gs .look{font-size:12.5px;font-weight:400}",
        ".gs .look,.gs .code,.gs .legend{fill:var(--gs-dim)}",
        ".gs .badge{font-size:12.5px;font-weight:600}",
        ".gs .pill{fill:var(--gs-bg);stroke:var(--gs-ink)}",
        ".gs .box{fill:var(--gs-card);stroke:var(--gs-line)}",
        ".gs .leaf>.box{stroke:var(--gs-leaf);stroke-width:2}",
        ".gs .interior>.box{stroke:var(--gs-interior)}",
        ".gs .constant>.box{stroke-dasharray:1 3;stroke-linecap:round;stroke-width:1.5}",
        ".gs .band{fill:var(--gs-line)}",
        ".gs .leaf>.band{fill:var(--gs-leaf)}",
        ".gs .interior>.band{fill:var(--gs-interior)}",
        ".gs .rule{stroke:var(--gs-line);stroke-width:.6}",
        ".gs .mark,.gs .flow,.gs .cut{fill:none;stroke:var(--gs-ink);stroke-width:1.4}",
        ".gs .solid{fill:var(--gs-ink);stroke:none}",
        ".gs .warn{fill:var(--gs-warn);stroke:var(--gs-warn);font-weight:600}",
        ".gs text.warn{stroke:none}",
        ".gs .bang{stroke:var(--gs-card);stroke-width:1.5;fill:none}",
        ".gs .flow{stroke:var(--gs-dim)}",
        ".gs .sent{stroke:var(--gs-ink);stroke-width:3}",
        ".gs .tip{fill:var(--gs-dim)}",
        ".gs .cut{stroke:var(--gs-warn);stroke-dasharray:5 4}",
        ".gs .takes,.gs .perhaps{fill:none;stroke:var(--gs-dim);stroke-width:1.2}",
        ".gs .perhaps{stroke-dasharray:2 4}",
        ".gs .slash{stroke:var(--gs-warn);stroke-width:2;fill:none}",
        ".gs .now>.box{stroke:var(--gs-ink);stroke-width:3}",
        ".gs .label{fill:var(--gs-warn);font-weight:600}",
    ]
)
