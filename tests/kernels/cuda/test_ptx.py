"""What the compiler writes for GPUs: rounded as on the CPU, for old drivers, on its own; and what it refuses."""

from __future__ import annotations

import importlib.util
import math
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sweep_kernels import KernelError, models
from sweep_kernels.cuda.code import DeviceCode, device_code
from sweep_kernels.cuda.steps import STEPS, THREADS
from tests.kernels.compiling import SHOWN, as_kernel, default_kinds, loaded

VERSIONS = {(6, 0): "5.0", (7, 0): "6.0", (8, 0): "7.0", (9, 0): "7.8"}
"""Of PTX: the first that knows the chip."""
ROUNDED = re.compile(r"\b(add|sub|mul|div|fma|mad|sqrt|rcp|rsqrt|ex2|lg2|sin|cos|tanh)((?:\.\w+)*)\.f(32|64)\b")


def ptx(each, kinds, target=(8, 0)):
    return device_code(each, kinds, target).ptx


def assert_sound(text, target=(8, 0)):
    """Nothing is fused or approximate, and there is nothing that must be linked in."""
    assert f".version {VERSIONS[target]}\n.target sm_{target[0]}{target[1]}\n" in text
    for match in ROUNDED.finditer(text):
        assert match[1] in {"add", "sub", "mul", "div", "fma", "sqrt", "rcp"}, match[0]
        assert match[2] == ".rn", match[0]
    for match in re.finditer(r"\b(?:min|max)\.f64 .*, (.*);", text):  # which zero is the larger one must not matter
        assert re.fullmatch(r"0d(?![08]0{15})[0-9A-F]{16}", match[1]), match[0]
    assert not re.search(r"\.ftz|\.approx|\.extern|\bcall\b", text)
    assert re.findall(r"\.visible \.entry (\w+)", text) == [each.name for each in STEPS]
    assert text.count(f".maxntid {THREADS}") == len(STEPS)


@pytest.mark.parametrize("name", SHOWN)
def test_models_are_rounded_as_on_the_cpu(name):
    text = ptx(getattr(models, name), default_kinds(getattr(models, name)))
    assert_sound(text)


@pytest.mark.parametrize("target", VERSIONS)
def test_every_target_gets_the_oldest_assembly_that_knows_it(target):
    assert_sound(ptx(models.pi, (), target), target)


def test_a_product_and_a_sum_are_not_fused():
    text = ptx(as_kernel(lambda rng, a: a * a + a), ("float",))
    trials = text.partition(".entry sweep_trials")[2].partition(".visible")[0]
    assert "fma" not in trials
    assert len(re.findall(r"mul\.rn\.f64|add\.rn\.f64", trials)) == 2


def narrow(rng, a):
    x = np.float32(rng.uniform())
    return np.sqrt(x) / np.float32(3.0) + x % np.float32(a)


def exact(rng, a):
    return math.floor(a) + math.ceil(a) + round(a) + a % 0.3 + math.copysign(1.0, a) + abs(a) + math.sqrt(a) + int(a)


@pytest.mark.parametrize("function", [narrow, exact], ids=lambda each: each.__name__)
def test_what_is_exact_needs_no_library(function):
    assert_sound(ptx(as_kernel(function), ("float",)))


REFUSED = {
    "the library": (
        "import math\n@kernel(outputs=['y'], mathematics='library')\ndef f(rng, a):\n    return math.sin(a)",
        "study.py:3: kernel 'f' cannot be compiled for CUDA: CUDA has no C library: drop mathematics='library'",
    ),
    "the library's power": (
        "@kernel(outputs=['y'], mathematics='library')\ndef f(rng, a):\n    return a**rng.uniform()",
        "study.py:2: kernel 'f' cannot be compiled for CUDA: CUDA has no C library: drop mathematics='library'",
    ),
    "another function": (
        "import math\n@kernel(outputs=['y'])\ndef f(rng, a):\n    return math.ldexp(a, 3)",
        "study.py:3: kernel 'f' cannot be compiled for CUDA: it calls 'ldexp' of the C library, which CUDA does not have",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_gpu_does_not_have_is_told_in_one_line(name, tmp_path):
    text, told = REFUSED[name]
    with pytest.raises(KernelError, match=told) as caught:
        ptx(loaded(tmp_path, text).f, ("float",))
    assert "\n" not in str(caught.value)


def test_powers_are_ours():
    assert_sound(ptx(as_kernel(lambda rng, a: math.pow(a, rng.uniform()) + a**3 + a ** rng.uniform()), ("float",)))


SECOND = """
import sys
from sweep_kernels.cuda.code import device_code
from sweep_kernels.models import pi
print(len(device_code(pi, (), (8, 0)).ptx), "numba" in sys.modules)
"""


def test_a_second_process_neither_compiles_nor_imports_numba(monkeypatch, tmp_path):
    monkeypatch.setenv("SWEEP_CACHE_DIR", str(tmp_path))
    length = len(ptx(models.pi, ()))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    printed = subprocess.run(
        [sys.executable, "-c", SECOND], env=environment, check=True, capture_output=True, text=True
    )
    assert printed.stdout.split() == [str(length), "False"]


def test_a_damaged_entry_is_compiled_again(monkeypatch, tmp_path):
    monkeypatch.setenv("SWEEP_CACHE_DIR", str(tmp_path))
    whole = device_code(models.pi, (), (8, 0))
    (entry,) = tmp_path.glob("*.ptx")
    data = entry.read_bytes()
    entry.write_bytes(data.replace(b"xor", b"and", 1))
    assert DeviceCode.from_bytes(entry.read_bytes()) is None
    assert device_code(models.pi, (), (8, 0)) == whole
    assert entry.read_bytes() == data


def ptxas():
    """NVIDIA's compiler, from CUDA or from the extra `cuda-test`; None if there is none."""
    package = importlib.util.find_spec("nvidia")
    places = [Path(each) / "cuda_nvcc" / "bin" for each in package.submodule_search_locations] if package else []
    return shutil.which("ptxas", path=os.pathsep.join([os.environ["PATH"], *map(str, places)]))


@pytest.mark.skipif(ptxas() is None, reason="there is no ptxas")
@pytest.mark.parametrize("target", [(8, 0), (9, 0)])
@pytest.mark.parametrize("name", SHOWN)
def test_nvidias_compiler_needs_no_local_memory(name, target, tmp_path):
    source = tmp_path / "kernel.ptx"
    source.write_text(ptx(getattr(models, name), default_kinds(getattr(models, name)), target))
    command = [ptxas(), "-v", f"-arch=sm_{target[0]}{target[1]}", source, "-o", tmp_path / "kernel.cubin"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    assert set(re.findall(r"Compiling entry function '(\w+)'", told)) == {each.name for each in STEPS}
    assert told.count("0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads") == len(STEPS)
