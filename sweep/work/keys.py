"""Names of the objects in a store.

::

    plan.json                       the plan as it is now
    tables/<sha256>.parquet         an explicit table of the space
    data/<sha256>.npy               a table that the kernel reads
    waves/000001.json               what each run found missing, and into how many shards it cut that
    map/000001/00042.parquet        block statistics of a shard
    trials/000001/00042.parquet     the trials that a shard kept, of whole blocks
    trials/000001/00042-partial.parquet     those of each point's partial last block: gone once that block is computed in full
    reduce/000001/00042.parquet     the shard's statistics merged as far as it holds whole subtrees
    result.parquet                  one row a point
    code/<sha256>.zip               the study's own files, for workers that have nothing else
    work/<sha256>.json              what the jobs of a submission have to do
    submissions/<id>.json           which jobs were submitted where
    parts/000001/00042/8-24.parquet what of a shard was finished when its worker was stopped: these blocks of the wave's walk; gone with the merge
    failures/000001/00042-3.parquet the shard's trials of a program that failed, three of them; `-stopped` if they were why it was given up
    files/7/12/trace.csv            a file that trial 12 of point 7 left
    timings/000001/00042.json       what the shard's map child took: no part of the result, and nothing reads it to compute
    forecast.json                   what `sweep forecast` said before
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = [
    "EVERYTHING",
    "FAILURES",
    "FILES",
    "FORECAST",
    "MAP",
    "PARTS",
    "PLAN",
    "REDUCE",
    "RESULT",
    "SUBMISSIONS",
    "TIMINGS",
    "TRIALS",
    "WAVES",
    "code_key",
    "data_key",
    "failures_key",
    "failures_of",
    "file_key",
    "parse_failures",
    "parse_part",
    "parse_shard",
    "parse_wave",
    "part_key",
    "parts_of",
    "shard_key",
    "submission_key",
    "table_key",
    "timing_key",
    "wave_key",
    "work_key",
]

PLAN = "plan.json"
RESULT = "result.parquet"
TABLES = "tables/"
DATA = "data/"
WAVES = "waves/"
MAP = "map/"
TRIALS = "trials/"
REDUCE = "reduce/"
CODE = "code/"
WORK = "work/"
SUBMISSIONS = "submissions/"
PARTS = "parts/"
TIMINGS = "timings/"
FAILURES = "failures/"
FILES = "files/"
FORECAST = "forecast.json"

EVERYTHING = (
    PLAN,
    RESULT,
    TABLES,
    DATA,
    WAVES,
    MAP,
    TRIALS,
    REDUCE,
    CODE,
    WORK,
    SUBMISSIONS,
    PARTS,
    TIMINGS,
    FAILURES,
    FILES,
)
"""Prefixes of all that a sweep writes; whatever else is in the store is not ours. A forecast comes before its sweep, and stays."""


def wave_key(wave: int) -> str:
    """Name of a wave's description."""
    return f"{WAVES}{wave:06d}.json"


def shard_key(folder: str, wave: int, shard: int, *, partial: bool = False) -> str:
    """Name of what a shard wrote into `folder`, one of `MAP`, `TRIALS`, `REDUCE`; trials of partial blocks are apart.

    >>> shard_key(MAP, 1, 42), shard_key(TRIALS, 1, 42, partial=True)
    ('map/000001/00042.parquet', 'trials/000001/00042-partial.parquet')
    """
    return f"{folder}{wave:06d}/{shard:05d}{'-partial' * partial}.parquet"


def timing_key(wave: int, shard: int) -> str:
    """Name of what a shard took.

    >>> timing_key(1, 42)
    'timings/000001/00042.json'
    """
    return f"{TIMINGS}{wave:06d}/{shard:05d}.json"


def parse_shard(key: str) -> tuple[str, int, int, bool] | None:
    """Read folder, wave, shard, and whether of partial blocks, back from a name; None for a file that is not ours.

    >>> parse_shard("trials/000001/00042-partial.parquet")
    ('trials/', 1, 42, True)
    """
    found = re.fullmatch(r"(map/|trials/|reduce/)(\d+)/(\d+)(-partial)?\.parquet", key)
    if found is None:
        return None
    folder, wave, shard, partial = found[1], int(found[2]), int(found[3]), bool(found[4])
    return (folder, wave, shard, partial) if shard_key(folder, wave, shard, partial=partial) == key else None


class FailuresName(NamedTuple):
    """What the name of a shard's failed trials says: whose, how many, and whether the shard was given up."""

    wave: int
    shard: int
    failed: int
    stopped: bool


def failures_of(wave: int) -> str:
    """Return the prefix of the failed trials of a wave."""
    return f"{FAILURES}{wave:06d}/"


def failures_key(wave: int, shard: int, failed: int, *, stopped: bool = False) -> str:
    """Name of a shard's failed trials.

    >>> failures_key(1, 42, 3)
    'failures/000001/00042-3.parquet'
    """
    return f"{failures_of(wave)}{shard:05d}-{failed}{'-stopped' * stopped}.parquet"


def parse_failures(key: str) -> FailuresName | None:
    """Read what a name says; None for a file that is not ours.

    >>> parse_failures("failures/000001/00042-3-stopped.parquet")
    FailuresName(wave=1, shard=42, failed=3, stopped=True)
    """
    found = re.fullmatch(r"failures/(\d{6,})/(\d{5,})-(\d+)(-stopped)?\.parquet", key)
    return FailuresName(int(found[1]), int(found[2]), int(found[3]), bool(found[4])) if found else None


def file_key(point: int, trial: int, name: str) -> str:
    """Name of a file that a trial left.

    >>> file_key(7, 12, "out/trace.csv")
    'files/7/12/out/trace.csv'
    """
    return f"{FILES}{point}/{trial}/{name}"


def parse_wave(key: str) -> int:
    """Read the wave's number from any name that holds one; 0 from one that does not.

    >>> parse_wave("waves/000001.json"), parse_wave("map/000002/notes.txt"), parse_wave("plan.json")
    (1, 2, 0)
    """
    found = re.match(r"(?:waves|map|trials|reduce)/(\d+)\b", key)
    return int(found[1]) if found else 0


def table_key(digest: str) -> str:
    """Name of an explicit table."""
    return f"{TABLES}{digest}.parquet"


def data_key(digest: str) -> str:
    """Name of a table that the kernel reads."""
    return f"{DATA}{digest}.npy"


def code_key(digest: str) -> str:
    """Name of a study's packed files."""
    return f"{CODE}{digest}.zip"


def work_key(digest: str) -> str:
    """Name of what a submission's jobs have to do."""
    return f"{WORK}{digest}.json"


def submission_key(name: str) -> str:
    """Name of a submission's record."""
    return f"{SUBMISSIONS}{name}.json"


def parts_of(wave: int, shard: int | None = None) -> str:
    """Return the prefix of all parts of a wave, or of one of its shards."""
    return f"{PARTS}{wave:06d}/" + (f"{shard:05d}/" if shard is not None else "")


def part_key(wave: int, shard: int, start: int, stop: int, *, beside: str = "") -> str:
    """Name of a part's statistics, or of what is `beside` them: the ``"trials"`` that it kept, or its ``"failures"``.

    >>> part_key(1, 42, 8, 24, beside="trials")
    'parts/000001/00042/8-24-trials.parquet'
    """
    return f"{parts_of(wave, shard)}{start}-{stop}{'-' * bool(beside)}{beside}.parquet"


def parse_part(key: str) -> tuple[int, int] | None:
    """Read which blocks a part's statistics are of; None for anything else.

    >>> parse_part("parts/000001/00042/8-24.parquet"), parse_part("parts/000001/00042/8-24-trials.parquet")
    ((8, 24), None)
    """
    found = re.fullmatch(r"parts/\d+/\d+/(\d+)-(\d+)\.parquet", key)
    return (int(found[1]), int(found[2])) if found else None
