"""Which worker serves a compute environment of an engine that has a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep.executors.apart import Apart
from sweep.executors.commands.worker import Commands

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sweep.jobs.environment import Environment
    from sweep.jobs.work import Tell, Worker

__all__ = ["commands_folder", "worker_maker"]


def commands_folder(folder: Path, environment: str) -> Path:
    """Return where an environment's commands have their working folders and their logs."""
    return folder / "environments" / environment


def worker_maker(folder: Path) -> Callable[[Environment, Tell], Worker]:
    """Return what makes workers.

    On this machine commands and functions run as processes of their own; on a Ray cluster functions run in actors, and commands as
    processes that end with theirs. What talks to Ray is a process of its own, for Ray may end it.
    """

    def make(environment: Environment, tell: Tell) -> Worker:
        place = commands_folder(folder, environment.name)
        if environment.address is None:
            return Commands(place, tell)
        return Apart(environment, tell, place)

    return make
