"""The environment variables of an engine, which belongs to no job."""

from __future__ import annotations

import os

from sweep.executors.commands.wire import FREE, MARK

__all__ = ["free_environment"]


def free_environment() -> dict[str, str]:
    """Return our environment, for a process that belongs to no job, even if we do, and works elsewhere."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("AWS_BATCH")}
    if "PYTHONPATH" in kept:
        kept["PYTHONPATH"] = os.pathsep.join(
            os.path.abspath(each)  # noqa: PTH100 - a Path would be longer
            for each in kept["PYTHONPATH"].split(os.pathsep)
        )
    return kept | {MARK: FREE}
