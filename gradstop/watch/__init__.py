"""``watch``: what was cut, written, freed and held in a block of code, each with its line.

The module itself is called: ``from gradstop import watch``, then ``with watch() as seen: ...``.
"""

import sys

from gradstop.watch.called import make_callable
from gradstop.watch.seen import Watch
from gradstop.watch.words import Answer

make_callable(sys.modules[__name__])
__all__ = ["Answer", "Watch"]
