"""Sweeps on GPUs: the same bytes from end to end, and one line where there is none. The GPU is this processor, running a GPU's steps."""

from __future__ import annotations

import ctypes
import io
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sweep import Sweep, grid, kernel
from sweep.device import seats
from sweep.errors import DeviceError, TrialError, UsageError
from sweep.progress import Silent
from sweep.store import open_store
from tests.kernels.cuda.on_cpu import HostMachine
from tests.studies import sha256, study

ROOT = Path(__file__).parents[1]
SWEEP = [sys.executable, "-c", "from sweep.cli.main import main; main()"]
STUDY = """
from sweep import Sweep, grid, kernel

@kernel(outputs=["inside"])
def disc(rng, radius):
    x, y = rng.uniform(), rng.uniform()
    return x * x + y * y < radius * radius

study = Sweep(disc, grid(radius=[0.5, 1.0]), trials=5000)
"""


MACHINE = HostMachine(200_000)


class Listening(Silent):
    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)


@pytest.fixture
def gpu(monkeypatch):
    """Have this processor taken for a GPU."""
    monkeypatch.setattr("sweep_kernels.cuda.devices.devices", lambda: (MACHINE,))


def no_driver():
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return True
    return False


def tables(url):
    """What every table of a store holds; their labels say when they were made."""
    store = open_store(url)
    names = [each.key for each in store.list("") if each.key.endswith(".parquet")]
    return {name: pq.read_table(io.BytesIO(store.get(name))).replace_schema_metadata() for name in names}


def in_bytes(held):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, held.schema) as stream:
        stream.write_table(held.combine_chunks())
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize("options", [{}, {"keep": "all"}, {"keep": "big", "common_random_numbers": True}])
def test_every_object_has_the_same_bytes(gpu, tmp_path, options):
    for device in ("cpu", "cuda"):
        study(trials=9000, **options).run(str(tmp_path / device), device=device, shards=3)
    assert sha256(str(tmp_path / "cuda")) == sha256(str(tmp_path / "cpu"))
    ours, theirs = tables(str(tmp_path / "cuda")), tables(str(tmp_path / "cpu"))
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if in_bytes(ours[name]) != in_bytes(theirs[name])] == []


def test_a_sweep_begun_on_one_goes_on_on_the_other(gpu, tmp_path):
    study(trials=12_000).run(str(tmp_path / "cpu"))
    study(trials=5000).run(str(tmp_path / "both"))
    study(trials=12_000).run(str(tmp_path / "both"), device="cuda")
    assert sha256(str(tmp_path / "both")) == sha256(str(tmp_path / "cpu"))


@kernel(outputs=["x"])
def picky(rng, limit):
    x = rng.normal()
    if x > limit:
        raise ValueError("too large")
    return x


def test_a_trial_that_raises_is_told_in_the_same_words(gpu):
    told = []
    for device in ("cpu", "cuda"):
        with pytest.raises(TrialError) as caught:
            Sweep(picky, grid(limit=[9.0, 3.0]), trials=10_000).run(device=device, shards=1)
        told.append(str(caught.value))
    assert told[0] == told[1]
    assert "ValueError: too large" in told[0]


def test_the_choice_is_told(gpu, monkeypatch):
    listening = Listening()
    study(trials=100).run(device="cuda", progress=listening)
    study(trials=100).run(device="auto", progress=listening)
    assert listening.notes[0] == "runs on CUDA: this processor"
    assert listening.notes[1].endswith("s of work are too little to look for a GPU")
    monkeypatch.setattr("sweep.device.GPU_PAYS_AFTER", 0.0)
    study(trials=100).run(device="auto", progress=listening)
    assert " processors, " in listening.notes[2]
    assert " s on this processor" in listening.notes[2]


@kernel(outputs=["x"])
def power(rng, a):
    return a ** rng.uniform()


def test_auto_stays_on_the_cpu_where_a_gpu_cannot_be_had(gpu, monkeypatch):
    monkeypatch.setattr("sweep.device.GPU_PAYS_AFTER", 0.0)

    def refuse():
        raise DeviceError("there is no CUDA driver")

    monkeypatch.setattr("sweep_kernels.cuda.devices.devices", refuse)
    listening = Listening()
    study(trials=100).run(device="auto", progress=listening)
    assert listening.notes == ["runs on the CPU: there is no CUDA driver"]


def test_a_device_that_is_none():
    with pytest.raises(UsageError, match="device='gpu' is not one of auto, cpu, cuda"):
        study().run(device="gpu")


class Cluster:
    def __init__(self, gpus):
        self.gpus = gpus


def test_each_worker_of_a_cluster_has_a_gpu(gpu):
    assert seats(Cluster(4), None) == {"workers": 4, "gpus": 4}
    assert seats(Cluster(4), 3) == {"workers": 3, "gpus": 3}
    assert seats(None, None) == {"workers": 2, "gpus": 0}
    with pytest.raises(DeviceError, match="the Ray cluster has no GPU"):
        seats(Cluster(0), None)


@pytest.mark.skipif(not no_driver(), reason="there is a CUDA driver")
def test_without_a_driver_there_is_one_line(tmp_path):
    (tmp_path / "study.py").write_text(STUDY)
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'kernels'}"}
    command = [*SWEEP, "run", "study.py", "--device", "cuda"]
    ran = subprocess.run(command, check=False, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert ran.returncode == 2
    assert ran.stderr == (
        "sweep: device='cuda' cannot be had: there is no CUDA driver: libcuda.so.1 cannot be loaded (it comes with the driver of an "
        "NVIDIA GPU); 'cpu' gives the same bytes\n"
    )
    assert not (tmp_path / "sweep-results").exists()
