"""A container that is told to stop."""

from __future__ import annotations

import pytest

from sweep.store import open_store
from tests.submit.rig import children_of, container, run_container, same_as_run, submit, sweep_said, wait_for

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


@pytest.mark.parametrize("executor", ["threads", "ray"])
def test_sigterm_then_the_rest(here, store, queue, tmp_path, executor):
    """A container is told to stop: it ends in time, what it has finished is kept, and the next attempt does the rest alone."""
    trials = "15_000_000" if executor == "threads" else "4_000_000"
    submit("study.py", store, queue, "--shards", "1", "--trials", trials, "--executor", executor)
    (map_, _, _), *others = children_of(store)
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
    assert same_as_run(store, "study.py", tmp_path / "run", "--trials", trials)
