"""Do 99.9 % intervals of the radar study hold the closed form as often as they promise?

    python benchmarks/radar_intervals.py [--trials N] [--json FILE]

Runs 41 signal-to-noise ratios x 4 false-alarm probabilities x 5 Swerling cases and checks every interval.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from scipy import stats

from sweep import Sweep, grid, linspace
from sweep_kernels.models.radar import detection_probability, radar_detection

CONFIDENCE = 0.999
PULSES = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=10**6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the raw figures here")
    arguments = parser.parse_args()
    space = grid(snr_db=linspace(0, 20, 41), pfa=[1e-6, 1e-5, 1e-4, 1e-3], swerling=[0, 1, 2, 3, 4], pulses=[PULSES])
    study = Sweep(radar_detection, space, trials=arguments.trials, seed=arguments.seed, confidence=CONFIDENCE)
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        table = study.run(folder).table
        seconds = time.perf_counter() - begun
    frame = {name: table[name].to_numpy() for name in table.column_names}
    exact = detection_probability(frame["snr_db"], frame["pfa"], frame["pulses"], frame["swerling"])
    missed = ~((frame["detected_ci_low"] <= exact) & (exact <= frame["detected_ci_high"]))
    expected = (1.0 - CONFIDENCE) * len(table)
    # The exact chance that an interval misses, given the counts that are possible: Clopper-Pearson promises at most this.
    figures = {
        "intervals": len(table),
        "missed": int(missed.sum()),
        "expected_at_most": expected,
        "chance_of_so_many": float(stats.binom.sf(missed.sum() - 1, len(table), 1.0 - CONFIDENCE)),
        "trials": int(frame["n"].sum()),
        "seconds": seconds,
        "largest_error": float(np.abs(frame["detected_mean"] - exact).max()),
    }
    for name, value in figures.items():
        print(f"{name:<20}{value:>18,.6g}")
    for row, truth in zip(table.filter(pa.array(missed)).to_pylist(), exact[missed], strict=True):
        print(f"missed {truth:.6g}: {row}")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
