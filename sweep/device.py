"""What runs the trials: processors or GPUs. Both give the same bytes, so the choice is one of time."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from sweep.errors import DeviceError, KernelError, UsageError
from sweep.work.pilot import GUESSED_SECONDS, pilot
from sweep.work.study import COUNTED_ON_CPU

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep.executors.cluster import Cluster
    from sweep.work.study import Study

__all__ = ["DEVICES", "check_device", "gpus", "on_faster", "seats", "seconds_per_trial"]

DEVICES = ("auto", "cpu", "cuda")
GPU_PAYS_AFTER = 10.0
"""Seconds of work for each processor above which ``auto`` looks at GPUs: a kernel is compiled for one in one to two."""
GPU_GUESS = 100.0
"""How many processors a GPU of a cluster is taken for, to cut shards."""
THREADS_FOR_EACH_GPU = 2
"""One has the GPU work while the other writes down what it has made."""


def check_device(device: str) -> None:
    """Refuse a device that is none.

    Raises
    ------
    UsageError
        Names those that there are.
    """
    if device not in DEVICES:
        raise UsageError(f"device={device!r} is not one of {', '.join(DEVICES)}")


def gpus() -> list[str]:
    """Return the names of this machine's GPUs.

    Raises
    ------
    DeviceError
        If there is none, or no driver.
    """
    try:
        return _found()
    except DeviceError as error:
        raise DeviceError(f"device='cuda' cannot be had: {error}; 'cpu' gives the same bytes") from None


def _found() -> list[str]:
    from sweep_kernels.cuda.devices import devices

    return [each.name for each in devices()]


def seats(cluster: Cluster | None, workers: int | None) -> dict[str, int]:
    """Return how many work at a time on GPUs, and how many GPUs the engine hands out.

    Parameters
    ----------
    cluster
        A Ray cluster, whose workers have a GPU each; None for threads of this process, which share those that are here by themselves.
    workers
        How many work at a time at most.

    Raises
    ------
    DeviceError
        If there is no GPU.
    """
    if cluster is None:
        return {"workers": workers or THREADS_FOR_EACH_GPU * len(gpus()), "gpus": 0}
    if cluster.gpus == 0:
        raise DeviceError("device='cuda' cannot be had: the Ray cluster has no GPU; 'cpu' gives the same bytes")
    most = min(workers or cluster.gpus, cluster.gpus)
    return {"workers": most, "gpus": most}


def seconds_per_trial(
    study: Study, *, in_cluster: bool, first: Sequence[tuple[int, int]] = ((0, 0),), workers: int = 1
) -> float:
    """Time trials of a study where it runs; on a processor if that is a GPU of a cluster, as there may be none here.

    A program may not be here, where it runs in a cluster; else its `first` trials that are missing are timed, and servers are started for so many
    `workers`.
    """
    if in_cluster and study.plan.kernel.is_program:
        return GUESSED_SECONDS
    if study.device == "cuda" and in_cluster:
        return pilot(dataclasses.replace(study, device="cpu")).seconds_per_trial / GPU_GUESS
    return pilot(study, first, workers).seconds_per_trial


def on_faster(study: Study, seconds: float, trials: int, workers: int) -> tuple[Study, float, str]:
    """Return a study on whatever runs it faster, how long its work takes there, and why.

    Parameters
    ----------
    study
        On processors.
    seconds
        That its work takes one of them.
    trials
        How many those are.
    workers
        Processors at work.

    Returns
    -------
    tuple
        The study, on processors or GPUs; seconds for one processor or GPU; a line for the user.
    """
    each = seconds / workers
    if each <= GPU_PAYS_AFTER:
        return study, seconds, f"runs on the CPU: {each:.1f} s of work are too little to look for a GPU"
    if study.plan.request:
        return study, seconds, f"runs on the CPU: {COUNTED_ON_CPU.partition(':')[0]}"
    other = dataclasses.replace(study, device="cuda")
    try:
        names = _found()
        elsewhere = pilot(other).seconds_per_trial * trials
    except (DeviceError, KernelError) as error:
        return study, seconds, f"runs on the CPU: {error}"
    told = f"{each:.1f} s on {workers} processors, {elsewhere / len(names):.1f} s on {' and '.join(names)}"
    if elsewhere / len(names) >= each:
        return study, seconds, f"runs on the CPU: {told}"
    return other, elsewhere, f"runs on CUDA: {told}"
