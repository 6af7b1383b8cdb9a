"""What operations work upon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from sweep.jobs.loop import Engine

__all__ = ["Desk"]


@dataclass
class Desk:
    """An engine, and where in AWS it stands.

    Attributes
    ----------
    folder
        The engine's.
    region, account
        What ARNs are made of.
    relaxed
        Names of AWS's rules that are not held to.
    """

    engine: Engine
    folder: Path
    region: str = "us-east-1"
    account: str = "123456789012"
    relaxed: frozenset[str] = frozenset()
