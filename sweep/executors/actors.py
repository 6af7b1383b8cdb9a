"""The actors that a Ray worker has: some at work, some to be had again."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sweep.executors.actor import Actor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sweep.jobs.definition import Resources
    from sweep.jobs.work import Functions

__all__ = ["Actors"]


class Actors:
    """Together they hold no more than the environment has, and no more than the cluster.

    Parameters
    ----------
    functions
        By the names that definitions have for them.
    folder
        Where commands have their logs and working directories, on whatever machine they run; None if there are none.
    vcpus
        What the actors may hold.
    carry
        Modules that travel by value.
    """

    def __init__(self, functions: Functions, folder: Path | None, vcpus: float, carry: Sequence[Any]) -> None:
        import ray
        from ray import cloudpickle

        for module in carry:
            cloudpickle.register_pickle_by_value(module)
        self._functions = ray.put(dict(functions))
        self._folder = folder
        self._vcpus = vcpus
        self._changed = threading.Condition()
        self._idle: list[tuple[Any, Resources]] = []
        self._busy: dict[Any, Resources] = {}

    def take(self, need: Resources) -> Any:
        """Return an actor with the resources that a child needs. Waits for one that is about to be given back."""
        with self._changed:
            while True:
                actor = self._idle_one(need)
                if actor is not None or self._has_room(need):
                    break
                self._changed.wait()
            actor = actor or self._new(need)
            self._busy[actor] = need
        return actor

    def _idle_one(self, need: Resources) -> Any:
        for entry in self._idle:
            if (entry[1].vcpus, entry[1].gpus) == (need.vcpus, need.gpus):
                self._idle.remove(entry)
                return entry[0]
        return None

    def _has_room(self, need: Resources) -> bool:
        """Whether another actor fits, once idle ones that hold other amounts have been ended."""
        import ray

        while self._held() + need.vcpus > self._vcpus + 1e-9:
            if not self._idle:
                return not self._busy
            ray.kill(self._idle.pop(0)[0])
        return True

    def _held(self) -> float:
        return sum(each.vcpus for each in self._busy.values()) + sum(each.vcpus for _, each in self._idle)

    def _new(self, need: Resources) -> Any:
        import ray

        options: dict[str, Any] = {
            "num_cpus": need.vcpus,
            "num_gpus": need.gpus,
            "max_restarts": 0,
            "max_concurrency": 3,
        }
        return ray.remote(**options)(Actor).remote(self._functions, self._folder)

    def give_back(self, actor: Any) -> None:
        """Let others have an actor."""
        with self._changed:
            need = self._busy.pop(actor, None)
            if need is not None:
                self._idle.append((actor, need))
            self._changed.notify_all()

    def drop(self, actor: Any) -> None:
        """Let go of an actor that is lost, or end it."""
        import ray

        with self._changed:
            self._busy.pop(actor, None)
            self._changed.notify_all()
        with suppress(Exception):  # it may be gone already
            ray.kill(actor)

    def end_busy(self) -> None:
        """End the actors that are at work: nothing more is wanted of them."""
        for actor in list(self._busy):
            self.drop(actor)

    def close(self) -> None:
        """End all actors."""
        self.end_busy()
        for actor, _ in self._idle:
            self.drop(actor)
