"""`python -m nonlin` is the program `nonlin`."""

import sys

from nonlin.cli import main

if __name__ == "__main__":
    sys.exit(main())
