"""What do NVIDIA's own compilers make of our PTX: registers, local memory, and threads that a multiprocessor can hold?

    python benchmarks/ptxas.py [--ptxas PROGRAM] [--chips sm_80,sm_90] [--json FILE]

Needs ptxas, from CUDA or from the package nvidia-cuda-nvcc-cu12, and no GPU. The driver has the same compiler inside. Exit code 1 if a trial spills
registers. A stack is the kernel's own memory: a tuple that is looked up at a position found as it runs, or the quotient in the argument of a large
sine. Shown is the step that runs the trials; `steps` has all others, which do not depend on the kernel. Times are of ptxas on one core.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from estimators import scalar
from estimators.cases import CASES

from sweep_kernels import kernel, models
from sweep_kernels.cuda.code import device_code
from sweep_kernels.cuda.steps import THREADS
from sweep_kernels.models import CATALOGUE

TRIALS = "sweep_trials"
REGISTERS = 65_536
"""Of a multiprocessor; a warp takes them in portions of 256."""
MOST_THREADS = 2048
FIELDS = {
    "stack": r"(\d+) bytes stack frame",
    "spill_stores": r"(\d+) bytes spill stores",
    "spill_loads": r"(\d+) bytes spill loads",
    "registers": r"Used (\d+) registers",
}


def kinds_of(each) -> tuple[str, ...]:
    """Return the kinds of a kernel's parameters: all ready-made ones have defaults."""
    return tuple(type(each.defaults[name]).__name__ for name in each.parameters)


def subjects() -> dict:
    """Return every kernel with the kinds of its parameters: the ready-made ones, and the estimators."""
    found = {name: (getattr(models, name), kinds_of(getattr(models, name))) for name in CATALOGUE}
    for name, case in CASES.items():
        if name != "pi":  # the same as the ready-made one
            kinds = tuple(type(each).__name__ for each in case.arguments)
            found[f"{name} (estimator)"] = (kernel(getattr(scalar, name)), kinds)
    return found


def assembled(ptxas: str, ptx: str, chip: str) -> tuple[dict, float]:
    """Return what ptxas says of each entry, and how long it took."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "kernel.ptx"
        source.write_text(ptx)
        begun = time.perf_counter()
        command = [ptxas, "-v", f"-arch={chip}", str(source), "-o", str(Path(folder) / "kernel.cubin")]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        spent = time.perf_counter() - begun
    if ran.returncode != 0:
        raise SystemExit(f"ptxas.py: {ran.stderr.strip()}")
    parts = re.split(r"Compiling entry function '(\w+)'", ran.stderr)[1:]
    return {
        entry: {field: int(re.search(pattern, told)[1]) for field, pattern in FIELDS.items()}
        for entry, told in zip(parts[::2], parts[1::2], strict=True)
    }, spent


def threads_at_a_time(registers: int) -> int:
    """Return how many threads of ours a multiprocessor of 64 Ki registers holds."""
    a_warp = -(-registers * 32 // 256) * 256
    warps = THREADS // 32
    return min(REGISTERS // (a_warp * warps) * THREADS, MOST_THREADS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ptxas", default=shutil.which("ptxas"), help="the program; on PATH when left out")
    parser.add_argument("--chips", default="sm_80,sm_90", help="what to assemble for")
    parser.add_argument("--json", type=Path, help="write the raw figures here")
    arguments = parser.parse_args()
    if arguments.ptxas is None:
        print("ptxas.py: there is no ptxas on PATH; name one with --ptxas", file=sys.stderr)
        raise SystemExit(2)
    version = subprocess.run([arguments.ptxas, "--version"], capture_output=True, text=True, check=True).stdout
    raw: dict = {"ptxas": re.search(r"V[\d.]+", version)[0], "kernels": {}}
    print(f"{'kernel':<27}{'chip':>7}{'registers':>11}{'threads':>9}{'stack':>7}{'spills':>8}{'ptxas ms':>10}")
    spilled = False
    for name, (each, kinds) in subjects().items():
        for chip in arguments.chips.split(","):
            target = (int(chip[3:-1]), int(chip[-1]))
            steps, spent = assembled(arguments.ptxas, device_code(each, kinds, target).ptx, chip)
            trials = steps[TRIALS]
            spills = sum(step["spill_stores"] + step["spill_loads"] for step in steps.values())
            spilled |= spills > 0
            threads = threads_at_a_time(trials["registers"])
            print(
                f"{name:<27}{chip:>7}{trials['registers']:>11}{threads:>9,}{trials['stack']:>7}{spills:>8}{spent * 1e3:>10.0f}",
                flush=True,
            )
            raw["kernels"].setdefault(name, {})[chip] = {"steps": steps, "seconds": spent}
    if arguments.json:
        arguments.json.write_text(json.dumps(raw, indent=1) + "\n")
    raise SystemExit(int(spilled))


if __name__ == "__main__":
    main()
