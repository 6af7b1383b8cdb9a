"""Job ids, and how the ids of children and nodes are made of them."""

from __future__ import annotations

import re

from sweep.errors import JobError, brief

__all__ = ["ARRAY_MARK", "NODE_MARK", "check_job_id", "parted"]

ARRAY_MARK, NODE_MARK = ":", "#"
"""Between a job's id and the index of a child or of a node, as AWS writes them."""

_WHOLE = re.compile(r"[A-Za-z0-9_-]{1,128}")
_PART = re.compile(r"(.*)([:#])(0|[1-9][0-9]{0,8})", re.DOTALL)


def check_job_id(job_id: str) -> None:
    """Refuse an id for a new job that could be taken for a child's, or is no name."""
    if not _WHOLE.fullmatch(job_id):
        raise JobError(f"job id {brief(job_id)!r} is not 1 to 128 of [A-Za-z0-9_-]")


def parted(job_id: str) -> tuple[str, str, int | None]:
    """Take an id apart: the job's, the mark, and the index of the child or node; ``""`` and None for a whole job.

    >>> parted("a:3"), parted("a#0"), parted("a")
    (('a', ':', 3), ('a', '#', 0), ('a', '', None))
    """
    found = _PART.fullmatch(job_id)
    return (found[1], found[2], int(found[3])) if found else (job_id, "", None)
