"""`python -m loanbook` is `loanbook`."""

from __future__ import annotations

import sys

from loanbook.cli import main

if __name__ == "__main__":
    sys.exit(main())
