"""A session with Ray: started on this machine, joined by its address, or the caller's own."""

from __future__ import annotations

import logging
import os
import socket
import warnings
from typing import Any, Self

from sweep.errors import UsageError

__all__ = ["Cluster"]

OBJECT_STORE_BYTES = 80 * 1024 * 1024
"""The least that Ray accepts: results go to the sweep's own store, not through Ray's."""


class Cluster:
    """A Ray session that is ended again if it was begun here.

    Parameters
    ----------
    processors
        How many processors a Ray started here may use.
    address
        ``"local"`` starts Ray on this machine; else the address of a cluster that is there. A session that the caller has already is
        used as it is.

    Attributes
    ----------
    processors, gpus
        How many the session has; may be fewer processors than were asked for, or more where the cluster was there.

    Raises
    ------
    UsageError
        If no cluster answers at the address, or the caller's session is with another one.
    """

    def __init__(self, processors: int, address: str = "local") -> None:
        self._started = False
        # Ray announces changes to come through environment variables; both settings are what it will do by default.
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        os.environ.setdefault("RAY_DEDUP_LOGS", "0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import ray

            if not ray.is_initialized():
                self._start(ray, processors, address)
            elif address not in {"local", "auto", str(ray.get_runtime_context().gcs_address)}:
                there = ray.get_runtime_context().gcs_address
                raise UsageError(
                    f"this process has a session with the Ray cluster at {there!r} already, not with {address!r}"
                )
        self.count()

    def _start(self, ray: Any, processors: int, address: str) -> None:
        options: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
        _check_reachable(address)
        if address == "local":
            options |= {"num_cpus": processors, "object_store_memory": OBJECT_STORE_BYTES, "include_dashboard": False}
            options["_node_ip_address"] = "127.0.0.1"
            options["_system_config"] = {"task_events_report_interval_ms": 0}
        try:
            ray.init(address=address, **options)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise UsageError(f"no Ray cluster answers at {address!r}: {str(error).splitlines()[0]}") from None
        self._started = True

    def count(self) -> None:
        """Look again at what the cluster has."""
        import ray

        held = ray.cluster_resources()
        self.processors, self.gpus = float(held.get("CPU", 0.0)), int(held.get("GPU", 0.0))

    def close(self) -> None:
        """End the session if it was begun here."""
        import ray

        if self._started:
            ray.shutdown()
            self._started = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _check_reachable(address: str) -> None:
    """Knock at a cluster's door: Ray itself ends the whole process when nobody opens."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or "//" in host:
        return  # "local", "auto" and ray:// are Ray's own business
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except OSError as error:
        raise UsageError(f"no Ray cluster answers at {address!r}: {error.strerror or error}") from None
