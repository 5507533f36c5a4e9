"""``python -m gradstop``: the command where none is installed, as in an exercise's archive."""

import sys

if not sys.flags.safe_path:  # the folder comes last: no file in it, such as json.py, hides a module of that name
    sys.path.append(sys.path.pop(0))

from gradstop.cli import main

sys.exit(main())
