"""Random jobs, workers, stops and restarts: what must always hold does, after every event.

More examples: ``ENGINE_EXAMPLES=10000 pytest --timeout=0 tests/jobs/test_engine_properties.py``.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sweep.errors import JobError
from sweep.jobs.clock import next_alarm
from sweep.jobs.codec import decode, encode
from sweep.jobs.consumable import Change
from sweep.jobs.definition import Action, Container, ExitRule, NodeGroup, Nodes, Resources, Retry
from sweep.jobs.engine import handle
from sweep.jobs.environment import Purchase
from sweep.jobs.events import KINDS, Begun, DeleteQueue, Ended, Fate, PutEnvironment, PutPolicy, PutQueue, Tag, Taggable
from sweep.jobs.front import front
from sweep.jobs.ids import parted
from sweep.jobs.job import Shape
from sweep.jobs.queue import Policy, TimeLimit
from sweep.jobs.reasons import NO_CAPACITY, STUCK
from sweep.jobs.request import Dependency, Kind, Overrides
from sweep.jobs.room import could_ever_fit
from sweep.jobs.state import State
from sweep.jobs.status import Status
from tests.jobs.rig import Rig, check_snapshot

RULES = (ExitRule(Action.RETRY, on_status_reason="Host EC2*"), ExitRule(Action.EXIT, on_exit_code="3"))
SIZES = (None, 2, 3, 5, 12)


class Engine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.rig = Rig(vcpus=3, gpus=2, snapshots=False)
        self.twin = State()
        self.fed = 0
        rig = self.rig
        rig.environment("spot", vcpus=2, purchase=Purchase.SPOT, interruptions_per_hour=60.0, notice=5.0)
        rig.policy(Policy("fair", decay=700.0, reservation=30, weights={"a*": 0.5}))
        rig.queue(
            "high", priority=9, environments=("spot", "here"), limits=tuple(TimeLimit(600, each) for each in STUCK)
        )
        rig.queue(
            "shared", priority=5, environments=("here", "spot"), policy="fair", limits=(TimeLimit(900, NO_CAPACITY),)
        )
        rig.define("wide", vcpus=3.0)
        rig.define("gpu", gpus=1)
        rig.define("huge", vcpus=40.0)
        rig.define("stubborn", retry=Retry(3, RULES), timeout=60.0, scheduling_priority=3)
        small = Container(command=("true",), resources=Resources(1.0, 100))
        rig.consumable("licence", 3)
        rig.consumable("token", 6, replenishable=False)
        rig.define("licensed", consumables={"licence": 2})
        rig.define("spending", vcpus=0.5, consumables={"licence": 1, "token": 1}, retry=Retry(2))
        both = replace(small, consumables={"licence": 1, "token": 1})
        rig.define("paid", nodes=Nodes(2, 0, (NodeGroup(0, None, both),)), retry=Retry(2))
        rig.define("nodes", nodes=Nodes(3, 1, (NodeGroup(0, None, small),)), retry=Retry(2))

    @property
    def jobs(self):
        return list(self.rig.state.jobs)

    def job(self, data):
        return data.draw(st.sampled_from(self.jobs))

    @rule(
        data=st.data(),
        definition=st.sampled_from(
            ["task", "wide", "gpu", "huge", "stubborn", "stubborn", "nodes", "nodes", "licensed", "spending", "paid"]
        ),
        queue=st.sampled_from(["main", "high", "shared"]),
        size=st.sampled_from(SIZES),
        share=st.sampled_from(["a1", "a2", "b"]),
        priority=st.sampled_from([None, 1, 7]),
        retry=st.sampled_from([None, None, Retry(2), Retry(3, RULES)]),
        timeout=st.sampled_from([None, None, 60.0, 90.0]),
    )
    def submit(self, data, definition, queue, size, share, priority, retry, timeout):
        size = None if definition in {"nodes", "paid"} else size
        after = data.draw(st.lists(st.sampled_from([None, *self.dependencies(size)]), max_size=3))
        after = [each for each in after if each is not None]
        options = {"share": share, "priority": priority} if queue == "shared" else {}
        self.rig.submit(definition, queue=queue, after=after, size=size, retry=retry, timeout=timeout, **options)

    @precondition(lambda self: self.ended_arrays())
    @rule(data=st.data())
    def submit_what_failed_once_more(self, data):
        old = data.draw(st.sampled_from(self.ended_arrays()))
        after = data.draw(st.lists(st.sampled_from(self.dependencies(old.size)), max_size=2))
        self.rig.submit(size=old.size, done_in=old.id, after=after)

    def ended_arrays(self):
        return [each for each in self.rig.state.jobs.values() if each.shape is Shape.ARRAY and not each.live]

    def arrays(self, size):
        return [each.id for each in self.rig.state.jobs.values() if each.shape is Shape.ARRAY and each.size == size]

    def dependencies(self, size):
        """All that a job of a size could wait for, with what is rare and tangled named more often."""
        children = [each.child_id(1) for each in self.rig.state.jobs.values() if each.shape is Shape.ARRAY]
        own = [] if size is None else [(None, Kind.SEQUENTIAL)] * 4
        pairs = [(each, Kind.N_TO_N) for each in self.arrays(size)] * 3
        others = [(each, kind) for each in [*self.jobs, *children] for kind in (Kind.WHOLE, Kind.SEQUENTIAL)]
        return [Dependency(*each, even_if_failed=lenient) for each in own + pairs + others for lenient in (False, True)]

    @rule(data=st.data(), kind=st.sampled_from(Kind), size=st.sampled_from(SIZES))
    def submit_with_a_dependency_of_any_kind(self, data, kind, size):
        job_id = data.draw(
            st.sampled_from([None, "nobody", *self.jobs, *(f"{each}{mark}1" for each in self.jobs for mark in ":#")])
        )
        before = encode(self.rig.state)
        try:
            self.rig.submit(size=size, after=[Dependency(job_id, kind)])
        except JobError:
            assert encode(self.rig.state) == before

    @rule(size=st.sampled_from((None, 4)))
    def submit_with_far_too_long_overrides(self, size):
        self.rig.submit(size=size, overrides=Overrides(environment={"TEXT": "x" * 9000}))

    @precondition(lambda self: self.jobs)
    @rule(data=st.data(), some=st.sampled_from([(), (0,), (1,), (0, 2)]))
    def begin(self, data, some):
        self.rig.begin(self.job(data), *some)

    @precondition(lambda self: self.rig.state.leases)
    @rule(
        data=st.data(),
        some=st.sampled_from([(), (0,), (1,), (0, 2)]),
        fate=st.sampled_from([Fate.EXITED] * 4 + list(Fate)),
        code=st.sampled_from([0, 0, 1, 3, 143]),
        busy=st.sampled_from([0.0, 1e-5, 10.0]),
    )
    def end(self, data, some, fate, code, busy):
        lease = data.draw(st.sampled_from(list(self.rig.state.leases.values())))
        self.rig.end(lease.job, *some, code=code, fate=fate, busy=busy)

    @precondition(lambda self: self.rig.state.leases)
    @rule(
        data=st.data(),
        begins=st.booleans(),
        fate=st.sampled_from([Fate.EXITED, *Fate]),
        code=st.sampled_from([0, 1, 143]),
        twice=st.booleans(),
    )
    def tell_of_many_at_once(self, data, begins, fate, code, twice):
        """All of a span, whatever became of its children meanwhile; and perhaps once more."""
        lease = data.draw(st.sampled_from(list(self.rig.state.leases.values())))
        first, last, attempt = data.draw(st.sampled_from(lease.spans))
        begun = Begun(lease.id, first, last, attempt, self.rig.now)
        ended = Ended(
            lease.id, first, last, attempt, fate, code, started=self.rig.now * (fate is Fate.EXITED), busy=1e-4
        )
        for _ in range(1 + twice):
            self.rig.tell(begun if begins else ended)

    @precondition(lambda self: self.with_nodes())
    @rule(data=st.data(), fate=st.sampled_from(Fate), then=st.sampled_from(["", "begin", "cancel", "terminate"]))
    def end_a_main_node(self, data, fate, then):
        job = data.draw(st.sampled_from(self.with_nodes()))
        self.rig.begin(job) if then == "begin" else None
        self.rig.end(job, 1, code=1, fate=fate)
        if then in {"cancel", "terminate"}:
            getattr(self.rig, then)(job)

    def with_nodes(self):
        return [each.id for each in self.rig.state.jobs.values() if each.shape is Shape.NODES and each.live]

    @precondition(lambda self: next_alarm(self.rig.state) is not None)
    @rule()
    def wait_for_the_alarm(self):
        alarm = next_alarm(self.rig.state)
        self.rig.tick(max(0, alarm - self.rig.now) / 1000)
        after = next_alarm(self.rig.state)
        assert after is None or after > self.rig.now

    @precondition(lambda self: self.jobs)
    @rule(data=st.data(), child=st.sampled_from(["", "", ":0", ":2", "#0", "#2"]), hard=st.booleans())
    def stop(self, data, child, hard):
        (self.rig.terminate if hard else self.rig.cancel)(self.job(data) + child)

    @rule(seconds=st.sampled_from([0.5, 30, 100, 2000]))
    def wait(self, seconds):
        self.rig.tick(seconds)

    @rule()
    def wait_until_all_that_ended_is_forgotten(self):
        self.rig.tick(7 * 86_400 + 1)
        assert all(each.stopped in {0, self.rig.now} for each in self.rig.state.jobs.values())

    @rule(name=st.sampled_from(["here", "spot"]), enabled=st.booleans(), vcpus=st.sampled_from([3, 5]))
    def change_environment(self, name, enabled, vcpus):
        old = self.rig.state.environments[name]
        self.rig.tell(PutEnvironment(replace(old, enabled=enabled, vcpus=max(vcpus, old.vcpus))))

    @rule(decay=st.sampled_from([0.0, 700.0]), reservation=st.sampled_from([0, 30, 90]))
    def change_policy(self, decay, reservation):
        self.rig.tell(PutPolicy(replace(self.rig.state.policies["fair"], decay=decay, reservation=reservation)))

    @rule(
        name=st.sampled_from(["licence", "token"]),
        change=st.sampled_from(Change),
        quantity=st.integers(0, 3),
        token=st.sampled_from([None, "t"]),
    )
    def change_consumable(self, name, change, quantity, token):
        before = encode(self.rig.state)
        try:
            self.rig.change(name, change, quantity, token)
        except JobError:
            assert encode(self.rig.state) == before

    @precondition(lambda self: self.jobs)
    @rule(data=st.data(), key=st.sampled_from("ab"), removed=st.booleans())
    def tag(self, data, key, removed):
        job = self.job(data)
        self.rig.tell(Tag(Taggable.JOB, job, {key: "1"}, (key,) if removed else ()))
        assert (key in self.rig.state.jobs[job].spec.tags) != removed

    @rule(name=st.sampled_from(["main", "high", "shared"]))
    def look_at_the_front(self, name):
        state = self.rig.state
        found = [each for each, _ in front(state, state.queues[name], self.rig.now, 100)]
        assert sorted(found) == sorted(
            each.id for each in state.jobs.values() if each.request.queue == name and each.wants_room
        )

    @rule(name=st.sampled_from(["main", "high", "shared"]), priority=st.integers(0, 9))
    def change_queue(self, name, priority):
        self.rig.tell(PutQueue(replace(self.rig.state.queues[name], priority=priority)))

    @rule()
    def restart(self):
        """The engine is killed, and its state read from a snapshot; its workers were killed with it."""
        state = decode(State, json.loads(json.dumps(encode(self.rig.state))))
        state.index()
        self.rig.state = state
        for lease in list(state.leases.values()):
            if lease.id in state.leases and not lease.held:
                self.rig.end(lease.job, fate=Fate.LOST)

    @invariant()
    def the_journal_tells_the_same(self):
        for kind, body, now in self.rig.journal[self.fed :]:
            handle(self.twin, decode(KINDS[kind], json.loads(body)), now)
        self.fed = len(self.rig.journal)
        assert encode(self.twin) == encode(self.rig.state)
        check_snapshot(self.rig.state)

    def teardown(self):
        """In the end everything is terminal, but what fits nowhere and what waits for that."""
        rig = self.rig
        for name in ("here", "spot"):
            rig.tell(PutEnvironment(replace(rig.state.environments[name], enabled=True)))
        for name in ("licence", "token"):
            rig.change(name, Change.ADD, 1_000_000)
        rig.run_all()
        stuck = {each.id for each in rig.state.jobs.values() if not could_ever_fit(rig.state, each)}
        for job in rig.state.jobs.values():
            if job.live and job.id not in stuck:
                waits = {parted(each.job_id)[0] for each in job.request.depends_on if each.job_id}
                assert waits & stuck
                assert job.counts[Status.PENDING] == job.live
                stuck.add(job.id)
        rig.tell(PutQueue(replace(rig.state.queues["main"], enabled=False)))
        rig.tell(DeleteQueue("main"))
        rig.run_all()
        left = [each for each in rig.state.jobs.values() if each.request.queue == "main" and each.live]
        assert ("main" in rig.state.queues) == bool(left)
        assert all(
            each.counts[Status.PENDING] == each.live for each in left
        )  # on jobs of other queues that fit nowhere


EXAMPLES = int(os.environ.get("ENGINE_EXAMPLES", "60"))

TestEngine = Engine.TestCase
TestEngine.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    phases=(Phase.generate,) if os.environ.get("ENGINE_NOSHRINK") else tuple(Phase),
    derandomize=EXAMPLES < 1000,
)
