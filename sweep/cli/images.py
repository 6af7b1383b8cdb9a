"""Say so where an image is asked for and nothing is there that could run it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from sweep.executors.commands.containers import probe_line

if TYPE_CHECKING:
    from sweep.daemon.client import Client

__all__ = ["warn_of_image"]


def warn_of_image(client: Client, job_id: str) -> None:
    """Write to stderr if a job's image is not used on this machine; its log says so too."""
    image = client.view("image", job_id=job_id)
    if image is not None and probe_line(os.environ.get("PATH")) is None:
        sys.stderr.write(
            f"sweep: image {image} is not used, the command runs on the host: neither podman nor docker is here\n"
        )
