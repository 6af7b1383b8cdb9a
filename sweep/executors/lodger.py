"""The process in which a Ray worker lives apart from the engine; see `sweep.executors.apart`.

::

    python -P -m sweep.executors.lodger DESCRIPTOR
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sweep.jobs.events import Begun, Ended, Unserved

__all__ = ["Lodger", "main"]

CLOSING = 15.0
"""Seconds that the worker has to end everything; Ray may wait without end for a cluster that is gone."""


class Lodger:
    """Does what it is told over a connection, and tells over it what happens; a `sweep.jobs.work.Tell`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._orders: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()
        self._ready = False

    def run(self) -> int:
        """Work until told to end, or until nobody is there who could tell; return the exit code."""
        environment, folder = self._connection.recv()
        threading.Thread(target=self._read, name="sweep-orders", daemon=True).start()
        try:
            from sweep.executors.ray import RayWorker

            worker = RayWorker({}, environment, self, folder=folder)
        except Exception as error:  # noqa: BLE001 - whatever it is, the environment cannot be served
            self._send("failed", str(error) or type(error).__name__)
            return 1
        self._ready = True
        self._send("ready")
        while True:
            name, *given = self._orders.get()
            getattr(worker, name)(*given)
            if name == "close":
                return 0

    def __call__(self, event: Begun | Ended | Unserved, error: BaseException | None = None) -> None:
        """Pass on what the worker tells; what a function raised is in the event's reason."""
        del error
        self._send("told", event)

    def steps(self, job_id: str, count: int) -> None:
        """Pass on what the worker tells."""
        self._send("steps", job_id, count)

    def _send(self, *message: Any) -> None:
        with self._lock, suppress(OSError):
            self._connection.send(message)

    def _read(self) -> None:
        with suppress(EOFError, OSError):
            while (order := self._connection.recv())[0] != "close":
                self._orders.put(order)
        if not self._ready:
            os._exit(1)  # Ray's own processes see our end
        self._orders.put(("close",))
        threading.Event().wait(CLOSING)
        os._exit(1)


def main() -> int:
    """Work over the descriptor that the command line names."""
    os.umask(0o022)  # the usual one, for what functions write
    return Lodger(Connection(int(sys.argv[1]))).run()


if __name__ == "__main__":
    sys.exit(main())
