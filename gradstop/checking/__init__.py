"""What a learner calls."""

from gradstop.checking.check import check
from gradstop.checking.show import CheckFailed

__all__ = ["CheckFailed", "check"]
