"""How many ns does one GPU need for a trial, beside CUDA C++ with cuRAND's Philox and JAX, and beside one core of this machine?

    python benchmarks/cuda_rate.py [--kernels pi,walk] [--quick] [--json FILE]

What `kernel_rate.py --device cuda` runs. Ours is a kernel run by the steps of a wave, with the statistics of every block, which come here; the
others add up values and squares, which stay there. CUDA C++ is `estimators/curand.cu`, compiled by nvcc for the GPU that is there; it is left out
where there is no nvcc, and JAX where it has no GPU. All take turns in one process, round by round. Ratios are medians of the rounds' ratios to ours:
0.50 is half of our time, 2.00 twice.

Before it is timed, ours must give the CPU's statistics to the last bit, and the others' means must be within six standard errors of ours. Exit code 1
otherwise.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import os
import shutil
import sys
from pathlib import Path
from statistics import median

from estimators.cases import CASES
from estimators.timing import Estimator

from sweep_kernels.errors import SweepError

OURS, ONE_CORE = "ours", "one core"
MODULES = {OURS: "ours_cuda", "CUDA C++": "cuda_c", "jax": "jax_arrays", ONE_CORE: "ours"}
GRAIN = 1 << 18  # trials; every contestant's tile divides it
SHORTEST_CALL = 50_000_000  # ns
WRAP = 1 << 40


def missing(name: str) -> str | None:
    """Say why a contestant is left out."""
    if name == "CUDA C++" and shutil.which("nvcc") is None:
        return "there is no nvcc"
    if name == "jax":
        if importlib.util.find_spec("jax") is None:
            return "jax is not installed"
        os.environ |= {"SWEEP_JAX_PLATFORM": "cuda", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
        try:
            importlib.import_module("jax").devices("cuda")
        except RuntimeError:
            return "jax has no GPU"
    return None


def estimator(contestant: str, name: str) -> Estimator:
    """Make one estimator of one contestant."""
    module = importlib.import_module(f"estimators.{MODULES[contestant]}")
    run = module.prepare(name, CASES[name].arguments)
    return Estimator(run, grain=GRAIN, shortest=SHORTEST_CALL, wrap=WRAP)


def agreement(estimators: dict[str, Estimator], name: str, trials: int) -> dict:
    """Compare ours with the CPU bit by bit, and means with ours."""
    ours = importlib.import_module("estimators.ours_cuda")
    found = {}
    for contestant, each in estimators.items():
        total, squares = each.sums(trials)
        mean = total / trials
        found[contestant] = {"mean": mean, "std": math.sqrt(squares / trials - mean * mean)}
    for each in found.values():
        apart = abs(each["mean"] - found[OURS]["mean"]) / found[OURS]["std"]
        each["agrees"] = bool(apart <= 6.0 * math.sqrt(2.0 / trials))
    found[OURS]["agrees"] = not ours.differs(name, CASES[name].arguments, GRAIN)
    return found


def race(contestants: list[str], name: str, rounds: int, seconds: float) -> dict:
    estimators = {each: estimator(each, name) for each in contestants}
    means = agreement(estimators, name, 4 * GRAIN)
    for each in estimators.values():
        each.nanoseconds(0.001)  # finds how many trials make a call
    times = [{each: estimators[each].nanoseconds(seconds) for each in contestants} for _ in range(rounds)]
    return {"means": means, "ns": {each: [one[each] for one in times] for each in contestants}}


def row(name: str, found: dict) -> str:
    ns = found["ns"]
    ours = median(ns[OURS])
    ratios = "".join(f"{ratio(ns, each):>11}" for each in MODULES if each != OURS)
    return f"{name:<15}{ours:>12.4f}{1.0 / ours:>10.2f}{ratios}"


def ratio(ns: dict[str, list[float]], name: str) -> str:
    if name not in ns:
        return "-"
    return f"{median(theirs / ours for theirs, ours in zip(ns[name], ns[OURS], strict=True)):.2f}"


def measured(kernels: list[str], rounds: int, seconds: float) -> dict:
    """Race all contestants that can run, and print the table row by row."""
    from sweep_kernels.cuda.devices import devices

    try:
        gpu = devices()[0].name
    except SweepError as error:
        print(f"cuda_rate.py: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    left_out = {name: reason for name in MODULES if (reason := missing(name))}
    for name, reason in left_out.items():
        print(f"{name} is left out: {reason}")
    contestants = [name for name in MODULES if name not in left_out]
    print(gpu)
    print(f"{'':<37}   time / ours")
    print(f"{'kernel':<15}{'ns/trial':>12}{'10^9/s':>10}" + "".join(f"{each:>11}" for each in MODULES if each != OURS))
    found = {}
    for name in kernels:
        found[name] = race(contestants, name, rounds, seconds)
        print(row(name, found[name]), flush=True)
    return {"gpu": gpu, "rounds": rounds, "seconds": seconds, "missing": left_out, "kernels": found}


def disagreements(kernels: dict[str, dict]) -> list[str]:
    return [
        f"{name} disagrees on {kernel}: {each['mean']!r}"
        for kernel, found in kernels.items()
        for name, each in found["means"].items()
        if not each["agrees"]
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kernels", default=",".join(CASES), help=f"some of {','.join(CASES)}")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--json", type=Path, help="write the raw figures here")
    arguments = parser.parse_args()
    kernels = arguments.kernels.split(",")
    unknown = [name for name in kernels if name not in CASES]
    if unknown:
        print(f"cuda_rate.py: there is no kernel {unknown[0]!r}; there are {', '.join(CASES)}", file=sys.stderr)
        raise SystemExit(2)
    raw = measured(kernels, *((3, 0.1) if arguments.quick else (7, 1.0)))
    if arguments.json:
        arguments.json.write_text(json.dumps(raw, indent=1) + "\n")
    raise SystemExit("\n".join(disagreements(raw["kernels"])) or 0)


if __name__ == "__main__":
    main()
