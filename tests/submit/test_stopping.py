"""A container that is told to stop."""

from __future__ import annotations

import os
from contextlib import contextmanager, nullcontext

import pytest

from sweep.store import open_store
from tests import forked
from tests.studies import sha256
from tests.submit.rig import children_of, container, run_container, submit, sweep_said, wait_for, write_study

SLOW = """
from sweep import Sweep, kernel, table


@kernel(outputs=["y"])
def slow(rng, a):
    y = 0.0
    for _ in range(20_000_000):
        y += rng.uniform()
    return y


study = Sweep(slow, table([{"a": 1}]), trials=1_000_000)
"""


def test_blocks_that_outlast_a_sigterm_are_told_before(here, store, stubborn):
    (here / "slow.py").write_text(SLOW)
    words = ["submit", "slow.py", "--store", store, "--queue", "q", "--image", "i", "--endpoint-url", stubborn.url]
    assert "a child that is to stop has 30" in sweep_said(*words)


TRIALS = "6_000_000"
"""Seconds of work for one processor: it lasts until the child is told to stop, however many processors there are."""


@pytest.fixture(scope="module")
def digest(tmp_path_factory):
    """Of the result of a run that nobody stops."""
    folder = tmp_path_factory.mktemp("run")
    write_study(folder)
    done = forked.run("run", "study.py", "--store", "run", "--quiet", "--trials", TRIALS, cwd=folder)
    assert done.returncode == 0, done.stderr
    return sha256(str(folder / "run"))


@contextmanager
def on_one_processor():
    """Have what is started here run on one processor."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


@pytest.mark.parametrize("executor", ["threads", "ray"])
def test_sigterm_then_the_rest(here, store, queue, digest, executor):
    """A container is told to stop: it ends in time, what it has finished is kept, and the next attempt does the rest alone."""
    submit("study.py", store, queue, "--shards", "1", "--trials", TRIALS, "--executor", executor)
    (map_, _, _), *others = children_of(store)
    with on_one_processor() if executor == "threads" else nullcontext():
        process = container(map_)
    try:
        assert "blocks on" in process.stdout.readline()
        assert " trials, " in process.stdout.readline()
        if executor == "ray":  # whose workers keep whole portions
            wait_for(lambda: any(open_store(store).list("parts/")), process)
        process.terminate()
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 143, err
    assert out.endswith("sweep: stopped; what is finished is kept\n")
    parts = [each.key for each in open_store(store).list("parts/")]
    assert parts
    assert not list(open_store(store).list("map/"))
    assert "blocks on" in run_container(map_)
    assert not list(open_store(store).list("parts/"))
    for command, index, _ in others:
        run_container(command, index)
    assert sha256(store) == digest
