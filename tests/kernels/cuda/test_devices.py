"""How the driver's functions are called, against a driver of our own that forgives nothing and runs the steps on this processor."""

from __future__ import annotations

import ctypes
import gc
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from sweep_kernels.cuda import devices, library
from sweep_kernels.cuda.driver import CudaDriver
from sweep_kernels.cuda.steps import STEPS
from sweep_kernels.driver import Blocks, Driver
from sweep_kernels.errors import DeviceError
from sweep_kernels.models import pi
from tests.kernels.compiling import as_kernel
from tests.kernels.cuda.on_cpu import PLACE, HostProgram

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc")

DEVICE, HOST, STREAM, MODULE = range(1, 5)
OPTIONS = {"seed": 3, "trials": 5000, "block_size": 1024}
WORDS = np.zeros((1, 1), np.int64)
BLOCKS = Blocks(0, 0, 5, 0, 5)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    path = tmp_path_factory.mktemp("driver") / "libcuda.so.1"
    source = Path(__file__).with_name("driver.c")
    subprocess.run(["gcc", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", source, "-o", path], check=True)
    return path


@pytest.fixture(scope="module")
def program():
    return HostProgram(pi, ())


@pytest.fixture
def driver(compiled, program, monkeypatch, tmp_path):
    """A driver that has just been loaded, with the steps of `pi`."""
    path = shutil.copy(compiled, tmp_path / "libcuda.so.1")  # another file is another library
    monkeypatch.setattr(library, "NAMES", (str(path),))
    caches = library._library, devices.devices
    for each in caches:
        each.cache_clear()
    made = ctypes.CDLL(path)
    made.names = [each.name.encode() for each in STEPS]
    made.test_place(ctypes.c_void_p(program.addresses[PLACE]))
    for each, name in zip(STEPS, made.names, strict=True):
        made.test_function(name, ctypes.c_void_p(program.addresses[each.name]), 1 + len(each.arguments))
    yield made
    gc.collect()
    for each in caches:
        each.cache_clear()


def cuda(each=pi):
    return CudaDriver(each, (), **OPTIONS)


def test_a_device_is_described(driver):
    (device,) = devices.devices()
    assert (device.name, device.capability) == ("a processor", (8, 6))
    assert device.near_bytes == devices.LEAST_NEAR


def test_blocks_are_run_and_everything_is_given_back(driver):
    each = cuda()
    expected = Driver(pi, (), **OPTIONS).run_keeping(BLOCKS, WORDS)
    rows, values = each.run_keeping(BLOCKS, WORDS)
    assert rows.tobytes() == expected[0].tobytes()
    assert values.tobytes() == expected[1].tobytes()
    assert each.run(BLOCKS, WORDS).tobytes() == rows.tobytes()
    held = [driver.test_held(kind) for kind in (DEVICE, HOST, STREAM, MODULE)]
    assert (
        held
        == [
            12,
            5,
            2,
            1,
        ]
    )  # two waves of five arrays, the parameters, and where tables are; tables and rows of both, values of one; a stream for each
    del each
    gc.collect()
    assert [driver.test_held(kind) for kind in (DEVICE, HOST, STREAM, MODULE)] == [0] * 4


def test_waves_shrink_until_they_fit(driver):
    driver.test_memory(ctypes.c_size_t(200_000))
    each = cuda()
    assert each.run(BLOCKS, WORDS).tobytes() == Driver(pi, (), **OPTIONS).run(BLOCKS, WORDS).tobytes()


def test_no_memory_at_all_is_told(driver):
    driver.test_memory(ctypes.c_size_t(1000))
    with pytest.raises(DeviceError, match="a processor has no memory free for one block of 1,024 trials: end what"):
        cuda().run(BLOCKS, WORDS)


TOLD = {
    ("cuInit", 100): r"the CUDA driver finds no GPU .*CUDA error 100, driver 12.4",
    ("cuInit", 34): "not the CUDA driver but a stub of it",
    ("cuInit", 999): r"cuInit failed: an error without a name \(CUDA error 999",
    (
        "cuModuleLoadDataEx",
        222,
    ): r"the CUDA driver is too old for this PTX: install a newer driver \(CUDA error 222, driver 12.4\): ptxas: line 3 bad",
    ("cuModuleLoadDataEx", 2): "the GPU has no memory left",
    ("cuDevicePrimaryCtxRetain", 46): "in use by another process",
    ("cuStreamSynchronize", 700): r"cuStreamSynchronize failed: CUDA_ERROR_ILLEGAL_ADDRESS \(CUDA error 700",
}


@pytest.mark.parametrize(("function", "status"), TOLD)
def test_what_the_driver_refuses_is_told_in_one_line(driver, function, status):
    name = ctypes.c_char_p(function.encode())
    driver.test_fail(name, status)
    with pytest.raises(DeviceError, match=TOLD[function, status]) as caught:
        cuda().run(BLOCKS, WORDS)
    assert "\n" not in str(caught.value)
    driver.test_fail(ctypes.c_char_p(b""), 0)


def test_a_library_that_is_none(monkeypatch, driver):
    library._library.cache_clear()
    monkeypatch.setattr(library, "NAMES", ("libcuda-that-is-not-there.so",))
    with pytest.raises(DeviceError, match="there is no CUDA driver: libcuda-that-is-not-there.so cannot be loaded"):
        devices.devices()


def test_a_driver_that_lacks_a_function(monkeypatch, driver):
    library._library.cache_clear()
    monkeypatch.setattr(library, "NAMES", ("libm.so.6",))
    with pytest.raises(
        DeviceError, match="the CUDA driver is too old: libm.so.6 has no cuInit, which CUDA 7.0 brought"
    ):
        devices.devices()


def test_another_kernel_is_another_module(driver):
    first, second = cuda(), cuda(as_kernel(lambda rng: rng.uniform()))
    assert driver.test_held(MODULE) == 2
    del first
    gc.collect()
    assert driver.test_held(MODULE) == 1
    del second
