"""A study of several files, the command as users run it, and containers as processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from sweep.store import open_store
from sweep.submit.record import read_records
from tests import forked
from tests.studies import sha256

ROOT = Path(__file__).parents[2]
SWEEP = [sys.executable, "-c", "from sweep.cli.main import main; main()"]
SECONDS = 240

STUDY = """
from ballistics.motion import flight
from noise import LEVEL, disturbed

from sweep import Sweep, grid, kernel


@kernel(outputs=["hit", "distance"])
def throw(rng, speed, mode):
    distance = disturbed(rng, flight(rng, speed))
    return distance > 25.0, distance + LEVEL * mode


study = Sweep(throw, grid(speed=[0.5, 1.0, 1.5], mode=["a", "b"]), trials=20_000, seed=4)
"""
MOTION = """
from . import parts


def flight(rng, speed):
    distance = 0.0
    for _ in range(parts.STEPS):
        distance += speed * rng.exponential()
    return distance
"""
NOISE = """
LEVEL = 0.5


def disturbed(rng, distance):
    return distance + rng.normal()
"""
TOML = """
kernel = "study.py:throw"
trials = 20_000
seed = 4

[space]
speed = [0.5, 1.0, 1.5]
mode = ["a", "b"]
"""


def write_study(folder: Path) -> None:
    (folder / "ballistics").mkdir()
    (folder / "ballistics" / "__init__.py").write_text("")
    (folder / "ballistics" / "motion.py").write_text(MOTION)
    (folder / "ballistics" / "parts.py").write_text("STEPS = 20\n")
    (folder / "noise.py").write_text(NOISE)
    (folder / "study.py").write_text(STUDY)
    (folder / "study.toml").write_text(TOML)


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'kernels'}", "COLUMNS": "100", **more}


def sweep(*arguments, code: int = 0, **more: str) -> str:
    """Run the command here; return what it printed: its output, or for an error its one line."""
    done = forked.run(*arguments, env=environment(**more))
    assert done.returncode == code, done.stderr
    if code:
        assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr if code else done.stdout


def start(words: list[str]) -> subprocess.Popen:
    """Start the command as a user would: what is sent to it, or what it says meanwhile, is what matters."""
    return subprocess.Popen(
        [*SWEEP, *words],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(condition, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)  # polling with a deadline: there is no event to wait on


def sweep_said(*arguments) -> str:
    """Return what a command that succeeds says beside its output."""
    done = forked.run(*arguments, env=environment())
    assert done.returncode == 0, done.stderr
    return done.stderr


def submit(study: str, store: str, queue: str, *more, code: int = 0, **variables: str) -> str:
    return sweep(
        "submit", study, "--store", store, "--queue", queue, "--image", "study:1", *more, code=code, **variables
    )


def container(command: list[str], index: int | None = None, **options) -> subprocess.Popen:
    """Start a child as a container would: its command, in a folder of its own, with its index."""
    return subprocess.Popen(
        [sys.executable, *command[1:]],
        env=_within(index, options),
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _within(index: int | None, options: dict[str, str]) -> dict[str, str]:
    told = {} if index is None else {"AWS_BATCH_JOB_ARRAY_INDEX": str(index)}
    return environment(**told, **options)


def run_container(command: list[str], index: int | None = None, code: int = 0, **options) -> str:
    """Run a child to its end; return what it printed, or for an error its line."""
    assert command[:3] == ["python", "-m", "sweep.child"]
    done = forked.run(*command[3:], module="sweep.child", env=_within(index, options), cwd="/")
    assert done.returncode == code, done.stderr
    return done.stderr if code else done.stdout


def requests_of(study: str, store: str, queue: str, *more) -> list[dict]:
    return json.loads(submit(study, store, queue, "--dry-run", *more))


def last_record(store: str):
    return list(read_records(open_store(store)))[-1]


def children_of(store: str) -> list[tuple[list[str], int | None, str]]:
    """Return the commands of the last submission's children, with their indices and stages, in an order that its dependencies allow."""
    import boto3

    record = last_record(store)
    told = {each["jobId"]: each for each in boto3.client("batch").describe_jobs(jobs=record.ids)["jobs"]}
    return [
        (told[job.id]["container"]["command"], index if job.size > 1 else None, job.stage)
        for job in record.jobs
        for index in range(job.size)
    ]


def same_as_run(store: str, study: str, folder: Path, *more) -> bool:
    """Run the study here, in a folder; compare the results."""
    sweep("run", study, "--store", folder, "--quiet", *more)
    return sha256(store) == sha256(str(folder))
