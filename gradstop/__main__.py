"""``python -m gradstop``: the command where none is installed, as in an exercise's archive."""

import sys

from gradstop.cli import main

sys.exit(main())
