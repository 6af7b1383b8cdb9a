"""Where operations are answered: an engine, and for whom it stands in."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sweep.serve.settling import Settling

if TYPE_CHECKING:
    from pathlib import Path

    from sweep.jobs.loop import Engine

__all__ = ["RELAXATIONS", "Desk"]

RELAXATIONS = ("delete-enabled", "list-default-all")
"""Words for what AWS Batch insists upon and an endpoint need not; the engine has words of its own, see `sweep.jobs.limits`."""


@dataclass(slots=True)
class Desk:
    """An engine with the names that AWS gives to where it is.

    Attributes
    ----------
    folder
        The engine's.
    region, account
        What ARNs say.
    relaxed
        Of `RELAXATIONS`.
    settling
        Which queues and compute environments were changed just now.
    changing
        Held while a thing is read, changed in part and written again.
    """

    engine: Engine
    folder: Path
    region: str = "us-east-1"
    account: str = "123456789012"
    relaxed: frozenset[str] = frozenset()
    settling: Settling = field(default_factory=Settling)
    changing: threading.Lock = field(default_factory=threading.Lock)
