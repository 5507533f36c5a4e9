"""Where a report's sections are, from the notebook that shows it."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from gradstop.course import Assignment
from gradstop.course.files import BOOK


def section_links(assignment: Assignment, sections: Mapping[str, str]) -> dict[str, str]:
    """Return the addresses of the book's sections by their titles; none of a page that is not at hand.

    The pages lie beside the assignments in a learner's ``work``, and a folder further up in the course. An address
    is relative to the working directory, which is the notebook's folder, and names the heading as JupyterLab does.

    Args:
        assignment: the one that is checked.
        sections: the titles of sections by place, as ``course.section_titles`` gives them.

    """
    links = {}
    for place, title in sections.items():
        page = f"{place.partition('#')[0]}.ipynb"
        heading = title.partition("“")[2].removesuffix("”")
        for folder in (assignment.folder.parent, assignment.folder.parent.parent):
            if (folder / BOOK / page).is_file():
                path = Path(os.path.relpath(folder / BOOK / page)).as_posix()
                links[title] = f"{quote(path)}#{heading.replace(' ', '-')}"  # JupyterLab decodes no fragment
                break
    return links
