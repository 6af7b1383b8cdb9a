"""Work on a thread of its own, for compiled code hears no Ctrl-C and cannot be stopped: whoever waits for it can."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["started"]

T = TypeVar("T")


def started(work: Callable[[], T]) -> Future[T]:
    """Start something on a thread; return what will hold what it returns or raises. A process ends without waiting for it."""
    done: Future[T] = Future()

    def do() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            done.set_exception(error)

    threading.Thread(target=do, name="sweep-aside", daemon=True).start()
    return done
