"""A worker that runs commands on this machine; see `sweep.jobs.work.Worker`."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from sweep.executors.commands.files import Files, make_private
from sweep.executors.commands.leftovers import bury
from sweep.executors.commands.link import Link, last_instance, launch, reach
from sweep.executors.commands.order import order
from sweep.jobs.events import Begun, Ended, Fate

if TYPE_CHECKING:
    from pathlib import Path

    from sweep.executors.commands.spans import Span
    from sweep.executors.commands.wire import Message
    from sweep.jobs.work import Tell, Work

__all__ = ["Commands"]

CLOSING = 8.0
"""Seconds that a runner has to end everything and itself."""


class Commands:
    """Has commands run by a runner, a process that lives on when this one dies.

    What the runner has is the truth. An engine that was started anew gives it each lease again: the runner tells anew what it told of a
    lease that it knows, and takes up one that it does not know. If the runner has died, all that it left running is killed, then a new one
    is given the leases: it tells that those children are lost which have a log, for they were begun, and goes on with the others.

    Parameters
    ----------
    folder
        For this worker alone; made if it is not there.
    tell
        How to tell what happens; called on a thread of this worker's.
    mortal
        Have the runner, and all that it runs, end with this process instead.
    """

    def __init__(self, folder: Path, tell: Tell, *, mortal: bool = False) -> None:
        self._mortal = mortal
        make_private(folder)
        self._files = Files(str(folder.absolute()))
        self._tell = tell
        self._lock = threading.RLock()
        self._works: dict[int, Work] = {}
        self._stopped: dict[int, list[Span]] = {}
        self._link: Link | None = None
        self._heard = False
        self._closing = False

    def start(self, work: Work) -> None:
        """Begin a lease. A lease that is known already is left alone."""
        with self._lock:
            if work.lease not in self._works:
                self._works[work.lease] = work
                self._give(work, resume=False)

    def recover(self, work: Work) -> None:
        """Take up a lease that was given before the engine was started anew."""
        with self._lock:
            self._works[work.lease] = work
            self._give(work, resume=True)

    def stop(self, lease: int, spans: tuple[Span, ...], grace: float) -> None:
        """Stop children: SIGTERM, and SIGKILL after `grace` seconds. What never began is told as RETURNED."""
        with self._lock:
            work = self._works.get(lease)
            if work is not None:
                self._stopped.setdefault(lease, []).extend(spans)
                self._send({"do": "stop", **_key(work), "stopped": spans, "grace": grace})

    def over(self, lease: int) -> None:
        """Forget a lease."""
        with self._lock:
            work = self._works.pop(lease, None)
            self._stopped.pop(lease, None)
            if work is not None:
                self._send({"do": "over", **_key(work)})

    def close(self) -> None:
        """End the runner and all that it runs."""
        with self._lock:
            self._closing = True
            instance = last_instance(self._files)
            link = self._link or self._reach(instance)
        if link is not None:
            link.send({"do": "close"})
            link.join(CLOSING)
        if instance is not None:
            bury(self._files, instance)
        if link is not None:
            link.close()
            link.join(CLOSING)

    def _send(self, message: Message) -> None:
        if self._link is not None:
            self._link.send(message)

    def _open(self) -> Link:
        """Return the line to the runner, which is found or started first."""
        if self._link is None:
            instance = last_instance(self._files)
            self._link = self._reach(instance)
            if self._link is None:
                if instance is not None:
                    bury(self._files, instance)
                self._link = launch(self._files, mortal=self._mortal)
                self._heard = False
                self._link.listen(self._hear, self._gone)
        return self._link

    def _reach(self, instance: str | None) -> Link | None:
        link = None if instance is None else reach(self._files, instance)
        if link is not None:
            self._heard = True
            link.listen(self._hear, self._gone)
        return link

    def _hear(self, message: Message) -> None:
        kind = message.pop("tell")
        if kind == "hello":
            return
        self._heard = True
        work = self._works.get(message["lease"])
        if self._closing or work is None or work.job_id != message.pop("job"):
            return
        if kind == "begun":
            self._tell(Begun(**message))
        elif kind == "ended":
            fate = Fate[message.pop("fate")]
            self._tell(Ended(fate=fate, **message))
        else:
            self._tell.steps(work.job_id, message["count"])

    def _gone(self, link: Link) -> None:
        """After a runner's death: kill what it left, and have another take up its leases."""
        with self._lock:
            if self._closing or link is not self._link:
                return
            self._link = None
            bury(self._files, link.instance)
            for each in list(self._works.values()):
                self._take_up(each)

    def _take_up(self, work: Work) -> None:
        """Give a dead runner's lease to another runner; not if that one said nothing at all, for so would the next."""
        if self._heard or self._link is not None:
            self._give(work, resume=True)
        else:
            self._lose(work)

    def _give(self, work: Work, *, resume: bool) -> None:
        try:
            self._open().send(order(work, self._stopped.get(work.lease, ()), resume=resume))
        except OSError:
            self._lose(work)

    def _lose(self, work: Work) -> None:
        reason = f"the runner could not be started; see {self._files.own_log}"
        for first, last, attempt in work.spans:
            self._tell(Ended(work.lease, first, last, attempt, Fate.LOST, None, reason))


def _key(work: Work) -> Message:
    return {"job": work.job_id, "lease": work.lease}
