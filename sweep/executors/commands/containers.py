"""Container runtimes: which one there is, and its command lines."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["LABEL", "find", "kill_line", "probe_line", "run_line"]

LABEL = "sweep.runner"
"""Label of the containers that a runner has started; its value is the runner's instance."""

FAILED = 125
"""Exit code of podman and docker for a container that they could not start."""


def find(name: str, path: str | None) -> str | None:
    """Return where a program is, looked for as a shell does, or None."""
    if "/" in name:
        return name
    for folder in (path or os.defpath).split(os.pathsep):
        candidate = os.path.join(folder or ".", name)
        if os.access(candidate, os.X_OK) and not os.path.isdir(candidate):
            return candidate
    return None


def probe_line(path: str | None) -> list[str] | None:
    """Return a command that succeeds if containers can be run here: podman needs no daemon, docker one that answers."""
    podman, docker = find("podman", path), find("docker", path)
    if podman is not None:
        return [podman, "--version"]
    return None if docker is None else [docker, "version"]


def run_line(
    runtime: str,
    name: str,
    image: str,
    command: Sequence[str],
    variables: Mapping[str, str],
    *,
    memory: int,
    vcpus: float,
    gpus: Sequence[int],
    instance: str,
) -> list[str]:
    """Return the command that runs an image; memory in MiB."""
    line = [runtime, "run", "--rm", "--name", name, "--label", f"{LABEL}={instance}"]
    line += ["--memory", f"{memory}m", "--cpus", f"{vcpus:g}", *_gpu_options(runtime, gpus)]
    for variable, text in variables.items():
        if variable != "CUDA_VISIBLE_DEVICES":  # a container counts its own GPUs from 0
            line += ["-e", f"{variable}={text}"]
    return [*line, image, *command]


def _gpu_options(runtime: str, gpus: Sequence[int]) -> list[str]:
    if not gpus:
        return []
    if os.path.basename(runtime) == "docker":
        return ["--gpus", f'"device={",".join(str(each) for each in gpus)}"']
    return [option for each in gpus for option in ("--device", f"nvidia.com/gpu={each}")]


def kill_line(runtime: str, name: str, signal: str) -> list[str]:
    """Return the command that sends a container a signal.

    >>> kill_line("podman", "sweep-1", "TERM")
    ['podman', 'kill', '--signal', 'TERM', 'sweep-1']
    """
    return [runtime, "kill", "--signal", signal, name]
