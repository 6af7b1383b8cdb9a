"""How long from a fresh process, and from a fresh Ray worker, to the first trial of a kernel, beyond their imports?

    python benchmarks/first_trial.py [--repeats N] [--json FILE]

Empty: no object code is kept, so the kernel is compiled. Warm: it is. The clock starts when `sweep_kernels` and NumPy are imported, and stops when
one trial of the radar model has run. A worker is one of a Ray of its own, on loopback.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FIRST = """
import json, sys, time
import numpy as np
from sweep_kernels import models
from sweep_kernels.driver import Driver, parameter_words
begun = time.perf_counter()
each = models.radar_detection
kinds = ("float", "float", "int", "int")
words = parameter_words([np.array([value]) for value in (3.0, 1e-4, 6, 3)], kinds, 1)
Driver(each, kinds, seed=1, trials=1 << 20, block_size=4096).probe(0, words, 1)
first = time.perf_counter() - begun
print(json.dumps({"first": first, "numba": "numba" in sys.modules}))
"""


def in_a_process(cache: str) -> dict[str, float]:
    """Run one trial in a new process; seconds."""
    environment = {**os.environ, "SWEEP_CACHE_DIR": cache}
    begun = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", FIRST], env=environment, check=True, capture_output=True, text=True)
    return {"whole": time.perf_counter() - begun, **json.loads(done.stdout)}


def on_ray(cache: str) -> dict[str, float]:
    """Run one trial in a new worker of a Ray of our own; seconds."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray

    ray.init(
        address="local", num_cpus=1, include_dashboard=False, log_to_driver=False,
        runtime_env={"env_vars": {"SWEEP_CACHE_DIR": cache}},
    )  # fmt: skip
    try:

        @ray.remote(num_cpus=1)
        def first() -> dict[str, float]:
            import contextlib
            import io

            said = io.StringIO()
            with contextlib.redirect_stdout(said):
                exec(FIRST, {})
            return json.loads(said.getvalue())

        return ray.get(first.remote())
    finally:
        ray.shutdown()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", metavar="FILE")
    arguments = parser.parse_args()
    results: dict[str, dict[str, float]] = {}
    for place, run in (("process", in_a_process), ("ray worker", on_ray)):
        found: dict[str, list[float]] = {"empty": [], "warm": []}
        for _ in range(arguments.repeats):
            with tempfile.TemporaryDirectory() as cache:
                for state in ("empty", "warm"):
                    one = run(cache)
                    assert one["numba"] == (state == "empty")
                    found[state].append(one["first"])
        results[place] = {state: statistics.median(each) for state, each in found.items()}
        print(
            f"{place}: " + ", ".join(f"{state} {seconds:.3f} s" for state, seconds in results[place].items()),
            flush=True,
        )
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
