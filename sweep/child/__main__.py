"""The command of a container: see `sweep.child.command`."""

from __future__ import annotations

import sys

from sweep.child.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
