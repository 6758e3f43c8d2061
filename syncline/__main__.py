"""`python -m syncline`: the same as the installed command."""

from __future__ import annotations

import sys

from syncline.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
