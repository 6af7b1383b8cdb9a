"""Compare the two ways to run a kernel on many random ones.

::

    python -m tests.kernels.lanes.fuzz --programs 1000 --first 0

The suite does a few; this is for a night. A program that differs is kept, in the folder for temporary files, and named.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from sweep_kernels.errors import KernelError
from sweep_kernels.lanes import NotWidenedError
from tests.kernels.compiling import loaded
from tests.kernels.lanes.alike import assert_alike
from tests.kernels.lanes.programs import random_program


def verdict(seed: int, folder: Path, width: int) -> str:
    """Compare one program; say what came of it."""
    try:
        assert_alike(loaded(folder, random_program(seed), f"program{seed}").program, width)
    except NotWidenedError as error:
        return f"one by one: {error}"
    except KernelError as error:
        return f"refused: {str(error)[-60:]}"
    except AssertionError:
        return "DIFFERENT"
    return "alike"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=int, default=100)
    parser.add_argument("--first", type=int, default=0, help="seed of the first program")
    parser.add_argument("--width", type=int, default=16)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="random-kernels-"))
    verdicts = Counter[str]()
    for seed in range(arguments.first, arguments.first + arguments.programs):
        found = verdict(seed, folder, arguments.width)
        verdicts[found] += 1
        kept = folder / f"program{seed}.py"
        if found == "DIFFERENT":
            print(f"{found}: {kept}", flush=True)
        else:
            kept.unlink()
    print(*(f"{count:>6}  {what}" for what, count in verdicts.most_common()), sep="\n")
    sys.exit(verdicts["DIFFERENT"] > 0)


if __name__ == "__main__":
    main()
