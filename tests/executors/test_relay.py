"""What a runner tells of spans that an actor was given."""

from __future__ import annotations

from sweep.executors.relay import Relays
from sweep.jobs.definition import Container
from sweep.jobs.events import Ended, Unserved
from tests.executors.commands.rig import work_of


class Silent:
    """A worker that tells nothing by itself."""

    def start(self, work):
        self.work = work

    def over(self, lease):
        self.over = lease


def test_what_comes_late_is_heard_by_nobody():
    worker = Silent()
    relays = Relays(lambda tell: worker)
    relay = relays.relay(work_of(Container(("true",)), lease=7), (0, 1, 1))
    relays(Unserved("here", "no"))
    relays(Ended(relay.number, 0, 1, 1))
    relay.run()
    ((ended, _),) = relay.collect()
    assert (ended.lease, worker.over) == (7, relay.number)
    relays.forget(relay)
    relays(Ended(relay.number, 0, 1, 1))
    assert relay.collect() == []
