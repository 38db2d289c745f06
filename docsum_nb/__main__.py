"""``python -m docsum_nb``: the command line."""

import sys

from docsum_nb.cli import main

if __name__ == "__main__":
    sys.exit(main())
