"""Which jobs a listing takes."""

from __future__ import annotations

import pytest

from sweep.jobs import views
from sweep.jobs.listing import Listing
from sweep.jobs.queue import Policy
from sweep.jobs.status import Status
from tests.jobs.rig import START, Rig


@pytest.fixture(scope="module")
def rig():
    rig = Rig(vcpus=1)
    rig.policy(Policy("fair"))
    rig.queue("shared", policy="fair")
    rig.define("radar-map")
    rig.define("radar-map")
    for name, options in {
        "Radar-1": {"definition": "radar-map:1"},
        "radar-22": {"definition": "radar-map"},
        "lidar": {"size": 3},
        "shared": {"queue": "shared", "share": "a"},
    }.items():
        rig.now += 1000
        rig.submit(name=name, **options)
    return rig


@pytest.mark.parametrize(
    ("listing", "names"),
    [
        (Listing(), ["shared", "lidar", "radar-22", "Radar-1"]),
        (Listing(queue="shared"), ["shared"]),
        (Listing(status=Status.PENDING), ["lidar"]),
        (Listing(name="radar-1"), ["Radar-1"]),
        (Listing(name="RADAR*"), ["radar-22", "Radar-1"]),
        (Listing(name="*"), ["shared", "lidar", "radar-22", "Radar-1"]),
        (Listing(name=""), []),
        (Listing(definition="radar-map"), ["radar-22", "Radar-1"]),
        (Listing(definition="radar-map:1"), ["Radar-1"]),
        (Listing(definition="ra*"), ["radar-22", "Radar-1"]),
        (Listing(definition="radar"), []),
        (Listing(share="a"), ["shared"]),
        (Listing(after=START + 3000), ["shared", "lidar"]),
        (Listing(after=START + 2000, before=START + 3000), ["radar-22"]),
        (Listing(name="radar*", before=START + 2000), ["Radar-1"]),
    ],
)
def test_filters(rig, listing, names):
    assert [each["jobName"] for each in views.list_jobs(rig.state, listing)] == names
