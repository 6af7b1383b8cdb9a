"""From the command to the result: what was submitted is read back from the endpoint, and run as containers would run it."""

from __future__ import annotations

import pytest

from tests.submit.rig import children_of, run_container, same_as_run, submit


def run_all(store: str) -> None:
    for command, index, _ in children_of(store):
        run_container(command, index)


@pytest.mark.parametrize("study", ["study.py", "study.toml"])
def test_the_same_bytes(here, store, queue, tmp_path, study):
    submit(study, store, queue, "--shards", "3")
    run_all(store)
    assert same_as_run(store, study, tmp_path / "run")


def test_a_shard_on_ray(here, store, queue, tmp_path):
    """Ray's workers write parts, and the child puts them together."""
    submit("study.py", store, queue, "--shards", "1", "--executor", "ray", "--vcpus", "2")
    run_all(store)
    assert same_as_run(store, "study.py", tmp_path / "run")
