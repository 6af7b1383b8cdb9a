"""How many trials, and seconds, does a collision of probability below 10**-6 take with importance sampling, and without it?

    python benchmarks/importance.py [--trials N] [--plain N] [--repeats N] [--json FILE]

A cut-in of `sweep_kernels.models.aeb_cut_in` without noise: time gap and speed difference are drawn by each trial, and whether the vehicles touch
is then known in closed form (`cut_in_collision`), which a quadrature over both distributions integrates: the truth. One sweep draws plainly, 10**9
trials; the other draws shorter gaps and larger differences, and weights each trial back. Both run in turn on two workers, the weighted one several
times with seeds of its own: the spread of these says whether the standard errors that it gives are right.

Exit code 1 if an estimate is more than five standard errors from the truth, or the weighted one is more than 5 % off.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

from sweep import Sweep, grid
from sweep_kernels.distributions import Normal
from sweep_kernels.models import aeb_cut_in
from sweep_kernels.models.cut_in import cut_in_collision

WORKERS = 2
DROPOUT = 0.1
JERK = 32.0
"""Metres per second cubed: full braking is reached at the end of a time step, so the model is exact, and not only to some millimetres (1 %)."""
MEANT = {"time_gap": Normal(1.1, 0.14, low=0.1, high=2.0), "speed_difference": Normal(8.0, 1.8, low=1.0, high=25.0)}
PROPOSED = {
    "time_gap": Normal(0.55, 0.16, low=0.1, high=2.0),
    "speed_difference": Normal(13.0, 2.0, low=1.0, high=25.0),
}
CLOSED_FORM = {
    "dropout": [DROPOUT],
    "range_noise": [0.0],
    "speed_noise": [0.0],
    "confirmations": [1],
    "braking_spread": [0.0],
    "ttc_trigger": [1000.0],
    "jerk": [JERK],
}
NODES = 4000
FURTHEST = 5.0
"""Standard errors."""
MOST = 0.05
"""Relative error of the weighted estimate."""


def truth() -> float:
    """Integrate the closed form over both densities by the midpoint rule: it has kinks, so nodes are many rather than clever."""
    nodes, mass = {}, {}
    for name, each in MEANT.items():
        x = each.low + (each.high - each.low) * (np.arange(NODES) + 0.5) / NODES
        density = each.log_density
        nodes[name], mass[name] = x, np.exp([density(node) for node in x]) * (each.high - each.low) / NODES
    of_gaps = (
        np.dot(mass["time_gap"], cut_in_collision(nodes["time_gap"], difference, DROPOUT, jerk=JERK))
        for difference in nodes["speed_difference"].tolist()
    )
    return float(np.dot(mass["speed_difference"], list(of_gaps)))


def run(trials: int, seed: int, *, weighted: bool) -> dict[str, float]:
    """Run a sweep in memory, and return what came out and how long it took."""
    study = Sweep(
        aeb_cut_in, grid(**CLOSED_FORM), trials=trials, seed=seed, draws=MEANT, proposals=PROPOSED if weighted else {}
    )
    begun = time.perf_counter()
    row = study.run(executor="inprocess", workers=WORKERS)[0]
    seconds = time.perf_counter() - begun
    names = {"estimate": "mean", "stderr": "stderr", "low": "ci_low", "high": "ci_high"}
    found = {key: float(row[f"collision_{column}"]) for key, column in names.items()}
    effective = float(row.get("collision_ess", found["estimate"] * trials))
    return {"trials": trials, "seconds": seconds, "effective": effective, **found}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--trials", type=lambda text: int(float(text)), default=200_000, help="of a weighted sweep")
    parser.add_argument("--plain", type=lambda text: int(float(text)), default=10**9)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--json", type=Path, help="write the raw figures here")
    options = parser.parse_args()
    exact = truth()
    run(4096, 0, weighted=True), run(4096, 0, weighted=False)  # compile
    weighted = [run(options.trials, seed, weighted=True) for seed in range(options.repeats)]
    plain = run(options.plain, 0, weighted=False)
    _print(exact, weighted, plain)
    if options.json:
        options.json.write_text(json.dumps({"exact": exact, "weighted": weighted, "plain": plain}, indent=1) + "\n")
    errors = np.array([each["estimate"] for each in weighted]) / exact - 1.0
    far = [each for each in (*weighted, plain) if abs(each["estimate"] - exact) > FURTHEST * each["stderr"]]
    sys.exit(1 if far or np.max(np.abs(errors)) > MOST else 0)


def _print(exact: float, weighted: list[dict[str, float]], plain: dict[str, float]) -> None:
    """Show both beside the truth."""
    print(f"closed form: {exact:.5g}\n")
    print(f"{'':12} {'trials':>14} {'seconds':>9} {'estimate':>10} {'error':>7} {'stderr':>7} {'effective':>10}")
    for name, each in (("weighted", weighted[0]), ("plain", plain)):
        error, stderr = each["estimate"] / exact - 1.0, each["stderr"] / each["estimate"]
        cells = f"{each['trials']:>14,} {each['seconds']:>9.2f} {each['estimate']:>10.4g} {error:>+7.2%} {stderr:>7.2%}"
        print(f"{name:12} {cells} {each['effective']:>10,.0f}")
    errors = np.array([each["estimate"] for each in weighted]) / exact - 1.0
    stderr = float(np.median([each["stderr"] / exact for each in weighted]))
    inside = sum(each["low"] <= exact <= each["high"] for each in weighted)
    seconds = float(np.median([each["seconds"] for each in weighted]))
    print(
        f"\n{len(weighted)} weighted runs: median {seconds:.2f} s, mean error {np.mean(errors):+.2%}, the largest {np.max(np.abs(errors)):.2%}; "
        f"their spread {np.std(errors, ddof=1):.2%} beside standard errors of {stderr:.2%}; {inside} intervals of 95 % hold the truth"
    )
    as_good = plain["trials"] * (plain["stderr"] / exact / stderr) ** 2
    print(
        f"plain trials for the same standard error: {as_good:.3g}, {as_good / weighted[0]['trials']:,.0f} times as many, "
        f"{as_good * plain['seconds'] / plain['trials'] / seconds:,.0f} times as long"
    )


if __name__ == "__main__":
    main()
