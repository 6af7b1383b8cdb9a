"""What was submitted, kept in the store: so that any machine that reads the store can ask after the jobs, end them, and go on."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sweep.errors import CorruptError
from sweep.submit.options import Containers, Target
from sweep.work import keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sweep.child.work import Work
    from sweep.store import Store
    from sweep.submit.batch import Batch
    from sweep.submit.requests import Job

__all__ = ["Record", "Submitted", "new_record", "read_records", "sound_records", "write_record"]


@dataclass(frozen=True)
class Submitted:
    """A job that was submitted: its stage, AWS's name and id, and how many children it has."""

    stage: str
    name: str
    id: str
    size: int


@dataclass(frozen=True)
class Record:
    """A submission.

    Attributes
    ----------
    name
        Its time and four random digits; sorts by time.
    plan, work, code
        Hashes.
    target, containers
        Where the jobs went, and what they are given.
    definition
        ``name:revision``.
    expected
        The jobs that it is to submit, without ids; written down before the first is submitted.
    jobs
        In the order of submission; not all that are expected, if whoever submitted them died in between.
    """

    name: str
    plan: str
    work: str
    code: str
    target: Target
    containers: Containers
    definition: str
    expected: tuple[Submitted, ...]
    jobs: tuple[Submitted, ...]

    @property
    def is_complete(self) -> bool:
        """Whether all of its jobs were written down."""
        return len(self.jobs) >= len(self.expected)

    @property
    def ids(self) -> list[str]:
        """AWS's ids of its jobs."""
        return [each.id for each in self.jobs]

    def with_job(self, job: Job, id_: str) -> Record:
        """Return what it is after another job was submitted."""
        return replace(self, jobs=(*self.jobs, _submitted(job, id_)))

    def with_found(self, found: Mapping[str, str]) -> Record:
        """Return what it is with jobs that are not written down: names by id."""
        own = {each.name: each for each in self.expected}
        more = [replace(own[name], id=id_) for id_, name in found.items() if name in own and id_ not in self.ids]
        place = list(own).index
        return replace(self, jobs=tuple(sorted([*self.jobs, *more], key=lambda each: place(each.name))))

    def to_json(self) -> bytes:
        """Write it as JSON."""
        fields: dict[str, Any] = {
            "plan": self.plan,
            "work": self.work,
            "code": self.code,
            "target": vars(self.target),
            "containers": {**vars(self.containers)},
            "definition": self.definition,
            "expected": [vars(each) for each in self.expected],
            "jobs": [vars(each) for each in self.jobs],
        }
        return (json.dumps(fields, indent=1) + "\n").encode()

    @classmethod
    def from_json(cls, name: str, data: bytes) -> Record:
        """Read what `to_json` wrote.

        Raises
        ------
        CorruptError
            If it is something else.
        """
        try:
            told: Mapping[str, Any] = json.loads(data)
            return cls(
                name,
                told["plan"],
                told["work"],
                told["code"],
                Target(**told["target"]),
                Containers(**told["containers"]),
                told["definition"],
                tuple(Submitted(**each) for each in told["expected"]),
                tuple(Submitted(**each) for each in told["jobs"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            what = " ".join(f"{type(error).__name__}: {error}".split())
            raise CorruptError(
                f"{keys.submission_key(name)} is no record of a submission ({what}): see whether jobs with the tag sweep.submission={name} "
                "are at work, then delete it"
            ) from None


def _submitted(job: Job, id_: str = "") -> Submitted:
    return Submitted(job.task.stage, job.name, id_, job.size)


def new_record(work: Work, jobs: Iterable[Job], batch: Batch, containers: Containers, definition: str) -> Record:
    """Return the record of a submission that has submitted nothing yet."""
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"
    is_ambient = batch.target.is_ambient or batch.target.endpoint is None
    endpoint = batch.url if batch.is_other else None
    target = Target(batch.target.queue, batch.region, endpoint, is_ambient, batch.target.profile)
    expected = tuple(map(_submitted, jobs))
    return Record(name, work.plan_hash, work.sha256, work.code, target, containers, definition, expected, ())


def write_record(store: Store, record: Record) -> None:
    """Write down what was submitted: after each job, so that none is unknown when whoever submits them dies in between."""
    store.replace(keys.submission_key(record.name), record.to_json())


def read_records(store: Store, plan: str | None = None) -> Iterator[Record]:
    """Yield the submissions of a plan, or all, the earliest first.

    Raises
    ------
    CorruptError
        At one that is damaged.
    """
    for name in _names(store):
        record = _read(store, name)
        if plan is None or record.plan == plan:
            yield record


def sound_records(store: Store) -> tuple[list[Record], CorruptError | None]:
    """Return the submissions that can be read, the earliest first, and what is said of the first that cannot."""
    found: list[Record] = []
    damaged: CorruptError | None = None
    for name in _names(store):
        try:
            found.append(_read(store, name))
        except CorruptError as error:
            damaged = damaged or error
    return found, damaged


def _names(store: Store) -> Iterator[str]:
    for entry in store.list(keys.SUBMISSIONS):
        name, dot, ending = entry.key.removeprefix(keys.SUBMISSIONS).rpartition(".json")
        if dot and not ending:
            yield name


def _read(store: Store, name: str) -> Record:
    return Record.from_json(name, store.get(keys.submission_key(name)))
