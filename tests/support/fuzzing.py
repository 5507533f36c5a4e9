"""How much is tried of inputs that are made up: ``GRADSTOP_FUZZ``, a number of examples, for a longer look."""

import os

from hypothesis import given, settings
from hypothesis import strategies as some

EXAMPLES = int(os.environ.get("GRADSTOP_FUZZ", "40"))
quickly = settings(max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES == 40, database=None)

# Hypothesis looks for who holds its source of numbers, and would not see it among what conftest.py freezes after this.
quickly(given(some.none())(lambda _: None))()
