"""A job engine without a world: tests play the workers and the clock, and the invariants are looked at after every event."""

from __future__ import annotations

import json
import math

import numpy as np

from sweep.jobs.codec import decode, encode
from sweep.jobs.consumable import Consumable
from sweep.jobs.definition import Container, Definition, Resources, Retry
from sweep.jobs.dependencies import settle
from sweep.jobs.effects import Answer, Moved, Start, Stop
from sweep.jobs.engine import handle
from sweep.jobs.environment import Environment
from sweep.jobs.events import (
    KINDS,
    Begun,
    Cancel,
    ChangeConsumable,
    Ended,
    Fate,
    PutConsumable,
    PutEnvironment,
    PutPolicy,
    PutQueue,
    Register,
    Submit,
    Terminate,
    Tick,
)
from sweep.jobs.job import Flag, Shape
from sweep.jobs.queue import Queue
from sweep.jobs.request import Dependency, Kind, Request
from sweep.jobs.room import in_use
from sweep.jobs.schedule import schedule
from sweep.jobs.state import State
from sweep.jobs.status import ACTIVE, ALLOWED, Status
from sweep.jobs.turn import Turn

START = 1_700_000_000_000


class Rig:
    """An engine, its journal as a list, and workers that do as they are told."""

    def __init__(self, *, relaxed=(), snapshots=True, vcpus=4, **environment):
        self.state = State(relaxed=tuple(relaxed))
        self.snapshots = snapshots
        self.now = START
        self.journal = []
        self.effects = []
        self.names = 0
        self.seen = {}
        self.environment("here", vcpus=vcpus, **environment)
        self.queue("main")
        self.define("task")

    # requests

    def environment(self, name, *, vcpus=4, memory=1_000_000, new=True, **options):
        return self.tell(PutEnvironment(Environment(name, vcpus, memory, **options), new))

    def queue(self, name, *, priority=1, environments=("here",), new=True, **options):
        return self.tell(PutQueue(Queue(name, priority, tuple(environments), **options), new))

    def policy(self, policy):
        return self.tell(PutPolicy(policy, new=True))

    def consumable(self, name, total, **options):
        return self.tell(PutConsumable(Consumable(name, total, **options)))

    def change(self, name, change, quantity, token=None):
        return self.tell(ChangeConsumable(name, change, quantity, token))

    def define(self, name, *, vcpus=1.0, memory=512, gpus=0, command=("true",), consumables=None, **options):
        if "nodes" not in options:
            needs = Resources(vcpus, memory, gpus)
            options["container"] = Container(command=command, resources=needs, consumables=consumables or {})
        return self.tell(Register(Definition(name, **options)))

    def tell_container(self, name, container):
        return self.tell(Register(Definition(name, container=container)))

    def submit(self, definition="task", *, queue="main", name="job", after=(), **options):
        self.names += 1
        job_id = f"j{self.names}"
        depends_on = tuple(each if isinstance(each, Dependency) else Dependency(each) for each in after)
        self.tell(Submit(job_id, Request(name, queue, definition, depends_on=depends_on, **options)))
        return job_id

    def cancel(self, job_id, reason="no longer needed"):
        return self.tell(Cancel(job_id, reason))

    def terminate(self, job_id, reason="enough"):
        return self.tell(Terminate(job_id, reason))

    # workers

    def begin(self, job_id, *indices):
        """The workers begin children that were given to them."""
        for lease, index, attempt in list(self.with_workers(job_id, indices, Status.STARTING)):
            self.tell(Begun(lease, index, index + 1, attempt, self.now))

    def end(self, job_id, *indices, code=0, fate=Fate.EXITED, reason="", started=None, busy=10.0):
        """Children end."""
        for lease, index, attempt in list(self.with_workers(job_id, indices, *ACTIVE)):
            began = 0 if fate in {Fate.RETURNED, Fate.NOT_STARTED} else self.now if started is None else started
            exit_code = code if fate is Fate.EXITED else None
            self.tell(Ended(lease, index, index + 1, attempt, fate, exit_code, reason, began, self.now, busy))

    def with_workers(self, job_id, indices, *states):
        job = self.state.jobs[job_id]
        for lease in self.state.leases.values():
            if lease.job == job_id and not lease.held:
                for first, last, attempt in lease.spans:
                    for index in range(first, last):
                        mine = job.children["attempt"][index] == attempt and job.children["status"][index] in states
                        if mine and (not indices or index in indices):
                            yield lease.id, index, attempt

    def run_all(self, **options):
        """Let everything that can run end well."""
        while self.state.leases:
            lease = next(each for each in self.state.leases.values() if not each.held)
            before = len(self.journal)
            self.begin(lease.job)
            self.end(lease.job, **options)
            assert len(self.journal) > before

    def tick(self, seconds):
        self.now += int(seconds * 1000)
        return self.tell(Tick())

    # what is seen

    def tell(self, event):
        self.journal.append((type(event).__name__, json.dumps(encode(event)), self.now))
        try:
            effects = handle(self.state, event, self.now)
        except Exception:
            self.journal.pop()
            raise
        self.effects = effects
        check(self.state, self.now)
        self.compare_moves()
        if self.snapshots:
            check_snapshot(self.state)
        answers = [each.value for each in effects if isinstance(each, Answer)]
        return answers[0] if answers else None

    def compare_moves(self):
        """Raise unless whoever follows the moves knows every child's state."""
        for each in self.moves:
            known = self.seen.setdefault(each.job_id, np.zeros(self.state.jobs[each.job_id].size, np.uint8))
            assert each.first < each.last
            assert (known[each.first : each.last] != each.status).all()
            known[each.first : each.last] = each.status
        for job in self.state.jobs.values():
            assert (self.seen[job.id] == job.children["status"]).all()

    def status(self, job_id):
        job, index = self.state.find(job_id)
        return job.status if index is None else Status(int(job.children["status"][index]))

    def states(self, job_id):
        """The children's states, one letter each: P r S R + -."""
        return "".join("spr^R+-"[each] for each in self.state.jobs[job_id].children["status"])

    def reason(self, job_id, index=0):
        job = self.state.jobs[job_id]
        return job.reasons[job.children["status_reason"][index]]

    def attempts(self, job_id, index=0):
        return int(self.state.jobs[job_id].children["attempt"][index])

    def started(self, job_id):
        return sorted(index for _, index, _ in self.with_workers(job_id, (), *ACTIVE))

    @property
    def moves(self):
        return [each for each in self.effects if isinstance(each, Moved)]

    @property
    def stops(self):
        return [each for each in self.effects if isinstance(each, Stop)]

    @property
    def starts(self):
        return [each for each in self.effects if isinstance(each, Start)]

    @property
    def events(self):
        """What the engine was told, and when."""
        return [(decode(KINDS[kind], json.loads(body)), now) for kind, body, now in self.journal]

    def replayed(self, count=None):
        """Build the state anew from the journal."""
        state = State(relaxed=self.state.relaxed)
        for kind, body, now in self.journal[:count]:
            handle(state, decode(KINDS[kind], json.loads(body)), now)
        return state


def check(state, now):
    """Raise unless everything that must always hold does."""
    for job in state.jobs.values():
        assert job.counts == np.bincount(job.children["status"], minlength=len(Status)).tolist()
        assert (job.stopped > 0) == (job.live == 0)
        _check_rows(job)
        _check_leases(state, job)
        _check_dependencies(state, job)
    for name, environment in state.environments.items():
        vcpus, memory, gpus = in_use(state, name)
        assert (vcpus, memory, gpus) == _held_by_leases(state, name)
        assert vcpus <= environment.vcpus + 1e-9, f"{vcpus} of {environment.vcpus} vCPUs in {name}"
        assert memory <= environment.memory
        assert len(gpus) == len(set(gpus)) <= environment.gpus
    _check_consumables(state)
    _check_that_nobody_waits_in_vain(state, now)


def _check_consumables(state):
    """What is held is what leases hold, counted one by one; and nothing is below 0."""
    held = dict.fromkeys(state.consumables, 0)
    for lease in state.leases.values():
        for name, quantity in state.jobs[lease.job].container(lease.spans[0][0]).consumables.items():
            held[name] += quantity * lease.slots if state.consumables[name].replenishable else 0
    assert {name: count for name, count in held.items() if count} == state.consumed
    assert all(each.total >= 0 for each in state.consumables.values())


def _held_by_leases(state, environment):
    """What leases hold, counted one by one."""
    leases = [each for each in state.leases.values() if each.environment == environment]
    needs = [state.jobs[each.job].container(each.spans[0][0]).resources for each in leases]
    vcpus = math.fsum(each.slots * need.vcpus for each, need in zip(leases, needs, strict=True))
    memory = sum(each.slots * need.memory for each, need in zip(leases, needs, strict=True))
    return vcpus, memory, sorted(gpu for each in leases for gpu in each.gpus)


def _check_rows(job):
    """What was stopped waits for nobody; a failure has a reason; nothing is tried too often."""
    rows = job.children
    failed, runnable = rows[rows["status"] == Status.FAILED], rows[rows["status"] == Status.RUNNABLE]
    assert not (runnable["flags"] & int(Flag.CANCELLED | Flag.TERMINATED | Flag.TIMED_OUT)).any()
    assert all(job.reasons[each] for each in failed["status_reason"])
    assert rows["attempt"].max() <= job.spec.retry.attempts
    assert ((rows["stopped"] > 0) == (rows["status"] >= Status.SUCCEEDED)).all()
    assert all(len(each) < job.spec.retry.attempts for each in job.past.values())


def check_snapshot(state):
    """Raise unless a snapshot of the state tells all of it."""
    written = encode(state)
    fresh = decode(State, json.loads(json.dumps(written)))
    fresh.index()
    assert encode(fresh) == written
    for derived in ("waiting", "aside", "held", "share_held", "leased", "deep", "consumed"):
        assert getattr(fresh, derived) == getattr(state, derived), derived
    assert all(state.begun.get(name, at + 1) <= at for name, at in fresh.begun.items())
    assert _who_waits(fresh) == _who_waits(state)


def _who_waits(state):
    """For what each live job waits, by kind; who has ended or was forgotten need not be taken off the lists."""
    return {
        (target, place, index, each)
        for target, known in state.dependents.items()
        if state.jobs[target].live
        for place, index, them in [
            ("whole", None, known.whole),
            ("pairs", None, known.pairs),
            *(("child", index, them) for index, them in known.children.items()),
        ]
        for each in them
        if each in state.jobs and state.jobs[each].live
    }


def _check_that_nobody_waits_in_vain(state, now):
    """To look at everything again sets nothing going: whoever could be freed or placed was."""
    turn = Turn(state, now)
    for job in state.jobs.values():
        settle(turn, job, np.arange(job.size))
    schedule(turn)
    assert not turn.effects


def _check_leases(state, job):
    """Every active child is in exactly one lease, which counts it; and no child before the cursor is RUNNABLE."""
    status = job.children["status"]
    active = set(np.flatnonzero(np.isin(status, ACTIVE)).tolist())
    seen = []
    for lease in state.job_leases(job.id):
        mine = [
            index
            for first, last, attempt in lease.spans
            for index in range(first, last)
            if (status[index] in ACTIVE and job.children["attempt"][index] == attempt) or lease.held
        ]
        assert len(mine) == lease.left > 0
        assert not lease.held or status[job.main] == Status.STARTING
        assert 1 <= lease.slots <= lease.left
        seen += [] if lease.held else mine
    assert sorted(seen) == sorted(active)
    assert Status.RUNNABLE not in status[: job.cursor] or job.shape is Shape.NODES


def _check_dependencies(state, job):
    """Whoever has left PENDING for a worker had all his dependencies behind him; and no one waits for nothing."""
    status = job.children["status"]
    ran = np.flatnonzero((status >= Status.RUNNABLE) & (status != Status.FAILED) & ((job.children["flags"] & 16) == 0))
    for each in job.request.depends_on:
        wanted = (Status.SUCCEEDED, Status.FAILED) if each.even_if_failed else (Status.SUCCEEDED,)
        if each.kind is Kind.SEQUENTIAL and each.job_id is None:
            assert np.isin(status[ran[ran > 0] - 1], wanted).all()
        elif state.find(each.job_id) is not None:
            target, index = state.find(each.job_id)
            if each.kind is Kind.N_TO_N:
                assert np.isin(target.children["status"][ran], wanted).all()
            elif len(ran):
                assert (target.status if index is None else target.children["status"][index]) in wanted


__all__ = ["ALLOWED", "START", "Retry", "Rig", "check", "check_snapshot"]
