"""What the runner knows of a lease: which children wait, which run, and what it told of them."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from sweep.executors.commands.spans import split

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sweep.executors.commands.attempt import Attempt
    from sweep.executors.commands.spans import Span
    from sweep.executors.commands.wire import Begun, Ended, Key, Message

__all__ = ["Lease"]


class Lease:
    """A lease.

    Attributes
    ----------
    slots
        How many children may run at a time.
    command, image, contained, memory, vcpus, gpus
        What to run, and in what; `contained` if the image is to be run by a container runtime. Memory in MiB.
    speaks
        Whether it is a Python function, which says more than its exit code; see `sweep.executors.commands.voices`.
    variables
        Environment variables with places for the child's index and attempt.
    running
        Attempts by the child's index.
    told
        All that was told, to be told again to an engine that was started anew.
    """

    def __init__(self, message: Message) -> None:
        self.key: Key = (message["job"], message["lease"])
        self.slots: int = message["slots"]
        self.command: list[str] = message["command"]
        self.image: str | None = message["image"]
        self.contained: bool = message["contained"]
        self.memory: int = message["memory"]
        self.vcpus: float = message["vcpus"]
        self.gpus: list[int] = message["gpus"]
        self.speaks: bool = message["speaks"]
        self.variables: dict[str, str] = message["variables"]
        self.running: dict[int, Attempt] = {}
        self.told: list[Begun | Ended] = []
        self._waiting: deque[Span] = deque(tuple(each) for each in message["spans"])

    @property
    def job(self) -> str:
        """The job's id."""
        return self.key[0]

    @property
    def hungry(self) -> bool:
        """Whether another child could begin."""
        return bool(self._waiting) and len(self.running) < self.slots

    def next(self) -> tuple[int, int]:
        """Return the index and the attempt of the child to begin now; it waits no longer."""
        first, last, attempt = self._waiting.popleft()
        if first + 1 < last:
            self._waiting.appendleft((first + 1, last, attempt))
        return first, attempt

    def give_up(self, cuts: Iterable[Span]) -> list[Span]:
        """Let children wait no longer; return those that did."""
        inside, outside = split(self._waiting, cuts)
        self._waiting = deque(outside)
        return inside

    @property
    def waiting(self) -> tuple[Span, ...]:
        """Children that have not begun."""
        return tuple(self._waiting)

    def each_waiting(self) -> Iterator[tuple[int, int]]:
        """Go through the index and attempt of each child that waits."""
        return ((index, attempt) for first, last, attempt in self._waiting for index in range(first, last))

    def running_in(self, spans: Iterable[Span]) -> list[Attempt]:
        """Return the attempts that run and are within some spans."""
        return [
            each
            for each in self.running.values()
            if any(first <= each.index < last and each.number == number for first, last, number in spans)
        ]
