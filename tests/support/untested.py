"""What was skipped for want of a program: said at the end of a run, and a failure where ``CI`` is set."""

import os
import re

# What lies in the machine itself and no installation mends.
EXPECTED = (
    "only root|warm kernels need Linux|no control group with a memory controller|"
    "this torch has one set of kernels|this Python's dictionaries have no"
)


def untested(skipped):
    """Return for each reason that somebody can mend how many tests were skipped for it, given the reports."""
    found = {}
    for report in skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reason = reason.removeprefix("Skipped: ")
        if not re.match(EXPECTED, reason):
            found[reason] = found.get(reason, 0) + 1
    return found


def is_failure():
    """Whether a skip for want of a program is one."""
    return bool(os.environ.get("CI"))
