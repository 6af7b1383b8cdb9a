"""Definitions for commands that are submitted without one: their names begin with a dot."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from sweep.errors import JobError
from sweep.jobs.definition import Container, Definition
from sweep.jobs.events import Register

if TYPE_CHECKING:
    from sweep.daemon.client import Client

__all__ = ["definition_of"]


def definition_of(client: Client, command: list[str]) -> str:
    """Register a definition for a bare command, unless the latest revision of its name is that already."""
    name = "." + (re.sub(r"[^A-Za-z0-9_-]+", "-", Path(command[0]).name).strip("-_")[:127] or "command")
    try:
        latest = client.view("definitions", name=name)[-1]
    except JobError:
        latest = None
    if latest is not None and latest["status"] == "ACTIVE" and latest["containerProperties"]["command"] == command:
        return f"{name}:{latest['revision']}"
    return client.tell(Register(Definition(name, container=Container(tuple(command)))))
