"""A lease as the runner is told of it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Self

from sweep.executors.commands.places import ATTEMPT, INDEX

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sweep.executors.commands.spans import Span
    from sweep.executors.commands.wire import Message
    from sweep.jobs.work import Work

__all__ = ["order"]


class _Place(int):
    """A number that is written as the place where a number is to stand, so that `Work.environment` writes a pattern."""

    text: str

    def __new__(cls, text: str) -> Self:
        place = super().__new__(cls)
        place.text = text
        return place

    def __str__(self) -> str:
        return self.text

    def __format__(self, spec: str) -> str:
        return self.text


def order(work: Work, stopped: Iterable[Span], *, resume: bool) -> Message:
    """Return the message that gives a lease to a runner.

    Parameters
    ----------
    stopped
        Children that are not to begin.
    resume
        Whether another runner may have begun some of it.
    """
    container = work.container
    return {
        "do": "start",
        "job": work.job_id,
        "lease": work.lease,
        "spans": work.spans,
        "slots": work.slots,
        "stopped": list(stopped),
        "resume": resume,
        "command": _command(work),
        "speaks": container.function is not None,
        "image": container.image,
        "contained": container.runtime == "container",
        "memory": container.resources.memory,
        "vcpus": container.resources.vcpus,
        "gpus": work.gpus,
        "variables": _variables(work),
    }


def _command(work: Work) -> tuple[str, ...]:
    if work.container.function is None:
        return work.container.command
    return (sys.executable, "-m", "sweep.executors.commands.call", work.container.function)


def _variables(work: Work) -> dict[str, str]:
    variables = work.environment(_Place(INDEX), _Place(ATTEMPT))
    if work.container.function is not None:
        variables["PYTHONPATH"] = _python_path(variables.get("PYTHONPATH"))
        variables["SWEEP_JOB_NAME"] = work.name
    return variables


def _python_path(wanted: str | None) -> str:
    """Return where a function's process looks for modules: where the definition says, then where we do."""
    ours = [os.path.abspath(each) for each in sys.path]
    return os.pathsep.join([wanted, *ours] if wanted else ours)
