"""``python -m gradstop.cli``: the same as ``python -m gradstop``."""

import sys

from gradstop.cli import main

sys.exit(main())
