"""Job ids, and how the ids of children and nodes are made of them."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from sweep.errors import JobError, brief

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ARRAY_MARK", "NODE_MARK", "check_job_id", "parted", "shortened"]

ARRAY_MARK, NODE_MARK = ":", "#"
"""Between a job's id and the index of a child or of a node, as AWS writes them."""

SHORTEST = 8
"""Characters of a shortened id: of a random one there are 4 billion such beginnings."""

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


def shortened(job_ids: Iterable[str]) -> dict[str, str]:
    """Return the beginning of each job's id by which it can be told from the others here; 8 characters at least.

    >>> shortened(["7d3e0000-1", "7d3e0000-2", "9a00000000"])
    {'7d3e0000-1': '7d3e0000-1', '7d3e0000-2': '7d3e0000-2', '9a00000000': '9a000000'}
    """
    ordered = sorted(set(job_ids))
    alike = [_alike(*pair) for pair in pairwise(ordered)]
    needed = [max(pair) + 1 for pair in zip([0, *alike], [*alike, 0], strict=True)] if ordered else []
    return {each: each[: max(SHORTEST, length)] for each, length in zip(ordered, needed, strict=True)}


def _alike(one: str, other: str) -> int:
    """Return how many characters two texts begin with in common."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
