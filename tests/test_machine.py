"""How many processors a container may use."""

from __future__ import annotations

import os

import pytest

from sweep import machine


@pytest.fixture
def cgroup(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "_CGROUP", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    return tmp_path


@pytest.mark.parametrize(
    ("text", "processors"),
    [("max 100000", 8), ("200000 100000", 2), ("150000 100000", 2), ("10000 100000", 1), ("9900000 100000", 8)],
)
def test_time_of_a_container(cgroup, text, processors):
    (cgroup / "cpu.max").write_text(f"{text}\n")
    assert machine.processors() == processors


@pytest.mark.parametrize(("quota", "processors"), [("-1", 8), ("300000", 3)])
def test_cgroups_of_version_1(cgroup, quota, processors):
    (cgroup / "cpu").mkdir()
    (cgroup / "cpu" / "cpu.cfs_quota_us").write_text(f"{quota}\n")
    (cgroup / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert machine.processors() == processors


def test_no_container(cgroup):
    assert machine.processors() == 8
