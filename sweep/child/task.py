"""The command line of a child: written by whoever submits, read in the container."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import NoReturn

from sweep.errors import UsageError

__all__ = ["EXECUTORS", "STAGES", "Task"]

STAGES = ("map", "reduce", "rest", "merge")
EXECUTORS = ("threads", "ray")
DEVICES = ("cpu", "cuda")


@dataclass(frozen=True)
class Task:
    """What a child is told.

    Attributes
    ----------
    store
        The store's URL.
    work, code, plan
        Hashes of what there is to do, of the study's packed files, and of the plan.
    stage
        ``"map"``, ``"reduce"``, ``"rest"`` (reductions that were left out earlier) or ``"merge"``.
    offset
        Place of child 0 in the list of shards.
    cores
        How many processors it asked for; it takes no more, even where the machine has.
    executor
        What a shard is spread over: ``"threads"`` or ``"ray"``.
    device
        What runs the trials: ``"cpu"`` or ``"cuda"``.
    max_failures
        How many trials of a command may fail; any number when left out.
    """

    store: str
    work: str
    code: str
    plan: str
    stage: str
    offset: int = 0
    cores: int | None = None
    executor: str = "threads"
    device: str = "cpu"
    max_failures: int | None = None

    def command(self) -> list[str]:
        """Return the words of the container's command."""
        words = ["python", "-m", "sweep.child", "--store", self.store, "--work", self.work]
        words += ["--code", self.code, "--plan", self.plan, "--stage", self.stage]
        if self.offset:
            words += ["--offset", str(self.offset)]
        if self.stage == "map" and self.cores is not None:
            words += ["--cores", str(self.cores)]
        if self.stage == "map" and self.executor != "threads":
            words += ["--executor", self.executor]
        if self.stage == "map" and self.device != "cpu":
            words += ["--device", self.device]
        if self.stage == "map" and self.max_failures is not None:
            words += ["--max-failures", str(self.max_failures)]
        return words

    @classmethod
    def read(cls, words: list[str]) -> Task:
        """Read what `command` wrote, after ``-m sweep.child``.

        Raises
        ------
        UsageError
            If a word is wrong or missing.
        """
        parser = _Parser(prog="python -m sweep.child", description="Run one child of a sweep's jobs.", add_help=True)
        for name in ("store", "work", "code", "plan"):
            parser.add_argument(f"--{name}", required=True)
        parser.add_argument("--stage", required=True, choices=STAGES)
        parser.add_argument("--offset", type=int, default=0)
        parser.add_argument("--cores", type=int)
        parser.add_argument("--executor", default="threads", choices=EXECUTORS)
        parser.add_argument("--device", default="cpu", choices=DEVICES)
        parser.add_argument("--max-failures", type=int)
        return cls(**vars(parser.parse_args(words)))


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; this command is written by `sweep submit`")
