"""Leaves out what IPython says of a setting and no reader needs: `%xmode Minimal` answers with a line of its own."""

from docutils import nodes
from sphinx.application import Sphinx

SAID = "Exception reporting mode:"


def leave_out(app: Sphinx, doctree: nodes.document) -> None:
    """Take away each output that is that line and nothing else."""
    for output in list(doctree.findall(nodes.container)):
        if output.get("nb_element") != "cell_code_output":
            continue
        text = output.astext().strip()
        if text.startswith(SAID) and "\n" not in text:
            output.parent.remove(output)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the function."""
    app.connect("doctree-read", leave_out)
    return {"parallel_read_safe": True}
