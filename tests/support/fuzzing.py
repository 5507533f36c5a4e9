"""How much is tried of inputs that are made up: ``GRADSTOP_FUZZ``, a number of examples, for a longer look."""

import os

from hypothesis import settings

EXAMPLES = int(os.environ.get("GRADSTOP_FUZZ", "40"))
quickly = settings(max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES == 40, database=None)
