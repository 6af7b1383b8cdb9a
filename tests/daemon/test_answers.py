"""Ids that are named by their beginnings."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from sweep.daemon.answers import view
from sweep.errors import JobError
from sweep.jobs.events import Submit
from sweep.jobs.ids import SHORTEST, shortened
from sweep.jobs.request import Dependency, Request
from tests.jobs.rig import Rig

IDS = st.sets(st.text("ab-", min_size=1, max_size=14), max_size=12)


@given(IDS)
def test_a_short_id_is_told_from_all_others(ids):
    short = shortened(ids)
    assert short.keys() == ids
    for each, beginning in short.items():
        assert each.startswith(beginning)
        assert len(beginning) >= min(SHORTEST, len(each))
        alike = [other for other in ids if other.startswith(beginning)]
        assert alike == [each] or beginning == each


def wholes(rig, *named):
    return view(rig.state, "ids", {"named": list(named)})


def test_one_beginning_is_one_id_and_a_whole_one_comes_first():
    rig = Rig()
    for job_id in ("aaaa-1", "aaaa-12", "bbbb", "cccc1"):
        rig.tell(Submit(job_id, Request("job", "main", "task", size=3 if job_id == "cccc1" else None)))
    assert wholes(rig, "aaaa-1", "aaaa-12", "bbbb", "cccc", "cccc:2") == [
        "aaaa-1",
        "aaaa-12",
        "bbbb",
        "cccc1",
        "cccc1:2",
    ]
    for told in ("", "bbb", "dddd", ":2", "bbbbb"):
        with pytest.raises(JobError, match=f"job {told} does not exist: expected an id, or 4 or more"):
            wholes(rig, told)


def test_who_could_be_meant_is_named():
    rig = Rig()
    waits = (Dependency(rig.submit()),)
    for number in range(7):
        rig.tell(Submit(f"aaaabbbb-{number}", Request(f"job{number}", "main", "task", depends_on=waits)))
    with pytest.raises(JobError) as refused:
        wholes(rig, "aaaa")
    assert str(refused.value) == (
        "job aaaa: 7 ids begin so, of aaaabbbb-6 (job6, PENDING), aaaabbbb-5 (job5, PENDING), aaaabbbb-4 (job4, PENDING),"
        " aaaabbbb-3 (job3, PENDING), aaaabbbb-2 (job2, PENDING) and 2 more: give more of it"
    )
