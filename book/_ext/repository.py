"""Buttons that need a repository: edit, issues, Colab, Binder, JupyterHub. `repository.url` turns them on."""

from sphinx.application import Sphinx
from sphinx.config import Config

LAUNCH = {
    "binderhub_url": "https://mybinder.org",
    "colab_url": "https://colab.research.google.com",
}


def add_buttons(app: Sphinx, config: Config) -> None:
    """Set the theme's options for a repository, if there is one."""
    options = config.html_theme_options
    if not options.get("repository_url"):
        options.pop("repository_url", None)
        return
    options |= {f"use_{what}_button": True for what in ("repository", "edit_page", "issues")}
    set_by_hand = {name: value for name, value in options.get("launch_buttons", {}).items() if value}
    options["launch_buttons"] = LAUNCH | set_by_hand | {"notebook_interface": "jupyterlab"}


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the function, before the theme reads its options."""
    app.connect("config-inited", add_buttons, priority=100)
    return {"parallel_read_safe": True}
