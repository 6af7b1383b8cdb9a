"""Does a battery of statistical tests find anything in the draws, in the orders in which users meet them?

    python benchmarks/stream_quality.py [--orders draws,trials] [--seeds 0,1,2] [--psamples N] [--text FILE]

Runs Brown's dieharder (Debian's package `dieharder`) over streams of 32-bit words that `battery/words.py` makes: the draws of a trial, the first
draws of trials, of points, a few draws of a few trials of each point, and normals through their distribution function. The tests of a stream
read it one after the other, so each sees new words. `--text` appends every p-value to a file, stream by stream.

Left out: what dieharder lists as `Suspect` (5, 6, 7) or `Do Not Use` (14); the test of its own Kolmogorov-Smirnov test (204); Byte Distribution
(205), for its time; and, of the 33 lagged sums, all but those at 3 and 31, where `interleaved` changes its trial and its point.

A p-value outside [1e-4, 1 - 1e-4] is suspicious: its test is run again with twice as many samples, on the same seed and on one not used before, and
both are shown.

dieharder's p-values are not quite uniform, and lean towards 1: of 120 of the Mersenne Twister and AES (tests 100 and 10) the median was 0.84 with 10
samples, 0.63 with 30, 0.61 with 100. So a large p-value says little where samples are few, and `control`, NumPy's PCG64, is a stream like the others
to compare with. The expected number of p-values as extreme takes them as uniform; it needs no independence, and they have none: 30 of each stream
are of one test, `sts_serial`.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

WORDS = Path(__file__).parent / "battery" / "words.py"
ORDERS = ("draws", "trials", "points", "interleaved", "gaussian", "control")
SUSPICIOUS = 1e-4
UNUSED_SEED = 1000  # what is added to a seed for a second look


@dataclass(frozen=True)
class Test:
    """A test by dieharder's number, at one n-tuple where it has a choice; `share` of the asked-for samples, or one where it is 0."""

    number: int
    ntuple: int | None = None
    share: float = 1.0

    def options(self, psamples):
        samples = max(1, round(psamples * self.share))
        ntuple = [] if self.ntuple is None else ["-n", str(self.ntuple)]
        return ["-d", str(self.number), *ntuple, "-p", str(samples)]


TESTS = (
    *(Test(number) for number in (0, 1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 15, 16)),
    Test(17, share=0.1),
    *(Test(number) for number in (100, 101, 102)),
    *(Test(200, bits) for bits in range(1, 13)),
    *(Test(201, dimensions) for dimensions in (2, 3, 4, 5)),
    *(Test(202, length) for length in (2, 3, 4, 5)),
    *(Test(203, lag, share=0.2) for lag in (3, 31)),
    *(Test(number, share=0.0) for number in (206, 207, 208, 209)),  # which need no samples: theirs are larger
)


@dataclass(frozen=True)
class Outcome:
    order: str
    seed: int
    test: Test
    name: str
    ntuple: int
    tsamples: int
    psamples: int
    p: float

    @property
    def extremity(self):
        return min(self.p, 1.0 - self.p)

    def __str__(self) -> str:
        return (
            f"{self.order:<12}{self.seed:>5}  {self.name:<22}{self.ntuple:>4}{self.tsamples:>11,}{self.psamples:>6}"
            f"{self.p:>14.8f}{'  suspicious' if self.extremity < SUSPICIOUS else ''}"
        )


HEADER = f"{'order':<12}{'seed':>5}  {'test':<22}{'n':>4}{'tsamples':>11}{'psam.':>6}{'p':>14}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--orders", default=",".join(ORDERS))
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument(
        "--psamples", type=int, default=100, help="p-values of a test that are compared with the uniform distribution"
    )
    parser.add_argument("--text", type=Path, help="append every p-value to this file")
    arguments = parser.parse_args()
    if shutil.which("dieharder") is None:
        print("skipped: there is no dieharder; Debian's package of that name has it")
        return
    report = Report(arguments.text)
    report.line(HEADER)
    outcomes = []
    for seed in map(int, arguments.seeds.split(",")):
        for order in arguments.orders.split(","):
            found = list(outcomes_of(order, seed, TESTS, arguments.psamples, report))
            outcomes += found
            for each in found:
                if each.extremity < SUSPICIOUS:
                    look_again(each, arguments.psamples, report)
    for name, is_control in (("ours", False), ("control", True)):
        group = [each for each in outcomes if (each.order == "control") == is_control]
        if group:
            report.line(f"{name}:")
            summarise(group, report)


def outcomes_of(order, seed, tests, psamples, report):
    """Yield the p-values of tests that read one stream, one after the other."""
    with stream(order, seed) as words:
        for test in tests:
            fields = [
                word for each in ("test_name", "ntuple", "tsamples", "psamples", "pvalues") for word in ("-D", each)
            ]
            command = ["dieharder", "-g", "200", *test.options(psamples), "-c", ",", *fields]
            lines = subprocess.run(command, stdin=words, capture_output=True, text=True, check=True).stdout.splitlines()
            if not lines:
                sys.exit(f"{' '.join(command)}: no p-value")
            for line in lines:
                name, ntuple, tsamples, size, p = (field.strip() for field in line.split(","))
                outcome = Outcome(order, seed, test, name, int(ntuple), int(tsamples), int(size), float(p))
                report.line(str(outcome))
                yield outcome


@contextmanager
def stream(order, seed):
    process = subprocess.Popen([sys.executable, str(WORDS), order, str(seed)], stdout=subprocess.PIPE)
    try:
        yield process.stdout
        if process.poll() is not None:
            sys.exit(f"{WORDS.name} {order} {seed} ended before the tests did")
    finally:
        process.stdout.close()
        process.terminate()
        process.wait()


def look_again(outcome, psamples, report):
    """Run a test again, alone, with twice as many samples."""
    for seed in (outcome.seed, outcome.seed + UNUSED_SEED):
        report.line(f"again: {outcome.name} {outcome.ntuple} of {outcome.order}, seed {seed}, twice as many samples")
        for _ in outcomes_of(outcome.order, seed, [outcome.test], 2 * psamples, report):
            pass


def summarise(outcomes, report):
    extremes = sorted(outcomes, key=lambda each: each.extremity)[:5]
    report.line(
        f"{len(outcomes)} p-values; the most extreme, and how many of so many are expected to be at least as extreme:"
    )
    for each in extremes:
        report.line(f"{each}  {2.0 * each.extremity * len(outcomes):.2g}")


class Report:
    """Lines for the terminal and for a file, each written at once."""

    def __init__(self, path) -> None:
        self._path = path

    def line(self, text):
        print(text, flush=True)
        if self._path:
            with self._path.open("a") as file:
                file.write(text + "\n")


if __name__ == "__main__":
    main()
