from __future__ import annotations

import errno
import gc
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from sweep_kernels import KernelError, Rng, kernel
from sweep_kernels.cache import cache_folder, object_code, prefer
from sweep_kernels.cpu import WIDTH
from sweep_kernels.driver import Blocks, Driver, TrialRaisedError, parameter_words
from sweep_kernels.objectcode import ObjectCode
from sweep_kernels.shelf import read, write
from sweep_kernels.statistics import FINITE, LARGEST, MEAN, NONFINITE_TRIAL
from tests.kernels.compiling import as_kernel, loaded

KINDS = ("float", "int", "bool")


@kernel(outputs=["x", "big", "count"])
def mixed(rng, a, k, flag):
    x = a * rng.normal() + k
    if flag:
        x = -x
    return x, x > 1.0, rng.poisson(3.0)


def driver(each=mixed, kinds=KINDS, **options):
    return Driver(each, kinds, **({"seed": 9, "trials": 10_000, "block_size": 4096} | options))


WORDS = parameter_words(
    [np.array([1.0, 2.0, -3.5]), np.array([1, -(2**40), 3]), np.array([True, False, True])], KINDS, 3
)
ARGUMENTS = [
    {"a": 1.0, "k": 1, "flag": True},
    {"a": 2.0, "k": -(2**40), "flag": False},
    {"a": -3.5, "k": 3, "flag": True},
]


def test_the_kinds_of_outputs_are_found():
    assert driver().output_kinds == ("float", "bool", "int")


def test_kept_trials_are_those_of_plain_python():
    rows, values = driver().run_keeping(Blocks(5, 0, 3, 0, 9), WORDS)
    assert values.shape == (3, 30_000)
    for point in range(3):
        for trial in (0, 4095, 4096, 9999):
            plain = mixed.trial(9, 5 + point, trial, **ARGUMENTS[point])
            assert tuple(values[:, point * 10_000 + trial]) == plain
    assert list(rows[:, 0, FINITE]) == [4096, 4096, 1808] * 3


def test_statistics_do_not_depend_on_how_blocks_are_asked_for():
    whole = driver().run(Blocks(0, 0, 3, 0, 9), WORDS)
    assert np.array_equal(driver().run_keeping(Blocks(0, 0, 3, 0, 9), WORDS)[0], whole)
    one_by_one = np.concatenate([driver().run(Blocks(0, 0, 3, i, 1), WORDS) for i in range(9)])
    assert np.array_equal(one_by_one, whole)
    narrow = driver().run(Blocks(0, 1, 1, 0, 3), WORDS)  # the middle block of each point
    assert np.array_equal(narrow, whole[1::3])


def test_threads_give_the_same_bits():
    each = driver()
    whole = each.run(Blocks(0, 0, 3, 0, 9), WORDS)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: each.run(Blocks(0, 0, 3, 0, 9), WORDS), range(32)))
    assert all(np.array_equal(rows, whole) for rows in found)


def test_common_random_numbers_give_every_point_the_draws_of_point_0():
    same = parameter_words([np.full(3, 1.0), np.full(3, 1), np.full(3, True)], KINDS, 3)
    rows = driver(common_random_numbers=True).run(Blocks(7, 0, 3, 0, 9), same)
    assert np.array_equal(rows[0:3], rows[3:6])
    apart = driver().run(Blocks(7, 0, 3, 0, 9), same)
    assert not np.array_equal(apart[0:3], apart[3:6])
    assert np.array_equal(rows[0:3], driver().run(Blocks(0, 0, 3, 0, 3), same))


def test_trials_go_on_across_the_carry_of_the_counter():
    first = 2**32 // 4096 - 1
    each = driver(trials=2**32 + 4096)
    _, values = each.run_keeping(Blocks(0, first, 2, 0, 2), WORDS)
    for i in (0, 4095, 4096, 8191):
        assert tuple(values[:, i]) == mixed.trial(9, 0, first * 4096 + i, **ARGUMENTS[0])


@kernel(outputs=["x"])
def picky(rng, limit):
    x = rng.normal()
    if x > limit:
        raise ValueError("too large")
    return x


def test_the_first_trial_that_raises_is_found():
    words = parameter_words([np.array([100.0, 3.2])], ("float",), 2)
    with pytest.raises(TrialRaisedError) as caught:
        driver(picky, ("float",)).run(Blocks(0, 0, 3, 0, 6), words)
    assert caught.value.point == 1
    guilty = caught.value.trial
    with pytest.raises(ValueError, match="too large"):
        picky.trial(9, 1, guilty, limit=3.2)
    assert all(picky.trial(9, 1, trial, limit=3.2) <= 3.2 for trial in range(guilty))


@kernel(outputs=["x", "twice"])
def picky_twice(rng, limit):
    x = rng.uniform()
    if x > limit:
        raise ValueError("too large")
    return x, 2.0 * x


def test_the_search_for_a_raising_trial_stays_out_of_the_kept_values(monkeypatch):
    """They have room for the trials asked for, the search needs a whole block: here they are followed by a guard."""
    guard = np.full(20_000, -7.0)
    words = parameter_words([np.array([0.95])], ("float",), 1)
    each = driver(picky_twice, ("float",), trials=50)
    monkeypatch.setattr(
        "sweep_kernels.driver.np.empty", lambda shape: guard[:100] if shape == (2, 50) else np.zeros(shape)
    )
    with pytest.raises(TrialRaisedError) as caught:
        each.run_keeping(Blocks(0, 0, 1, 0, 1), words)
    assert np.all(guard[100:] == -7.0)
    draws = [Rng(9, 0, trial).uniform() for trial in range(50)]
    assert caught.value.trial == next(i for i, u in enumerate(draws) if u > 0.95)


TABLE = np.arange(3.0)


@kernel(outputs=["x"])
def beyond(rng, most):
    return TABLE[rng.integers(0, most)]


def test_an_index_out_of_range_raises_as_in_plain_python():
    words = parameter_words([np.array([3, 2000])], ("int",), 2)
    rows = driver(beyond, ("int",)).run(Blocks(0, 0, 3, 0, 3), words)
    assert np.all(rows[:, 0, MEAN] < 2.0)
    with pytest.raises(TrialRaisedError) as caught:
        driver(beyond, ("int",)).run(Blocks(0, 0, 3, 0, 6), words)
    with pytest.raises(IndexError):
        beyond.trial(9, caught.value.point, caught.value.trial, most=2000)


def quotient(rng, k):
    return 10 // (k + rng.integers(0, 8))


def remainder(rng, k):
    return 10 % (k + rng.integers(0, 8))


def both_at_once(rng, k):
    return divmod(10, k + rng.integers(0, 8))[1]


def quotient_in_place(rng, k):
    y = 10
    y //= k + rng.integers(0, 8)
    return y


@pytest.mark.parametrize("function", [quotient, remainder, both_at_once, quotient_in_place])
def test_an_integer_divided_by_zero_raises_as_in_plain_python(function):
    each = as_kernel(function)
    made = driver(each, ("int",))
    made.run(Blocks(0, 0, 3, 0, 3), np.array([[1]]))
    with pytest.raises(TrialRaisedError) as caught:
        made.run(Blocks(0, 0, 3, 0, 3), np.array([[0]]))
    for earlier in range(caught.value.trial):
        each.trial(9, 0, earlier, k=0)
    with pytest.raises(ZeroDivisionError):
        each.trial(9, 0, caught.value.trial, k=0)


def test_a_float_divided_by_zero_is_counted():
    each = as_kernel(lambda rng, a: (1.0 / a, 1 / int(a), 1.0 // a, 1.0 % a), "y", "i", "q", "r")
    _, values = driver(each, ("float",)).run_keeping(
        Blocks(0, 0, 3, 0, 1), parameter_words([np.array([0.0])], ("float",), 1)
    )
    assert not np.isfinite(values).any()


@kernel(outputs=["big", "x"])
def large(rng, limit):
    u = rng.uniform()
    return 2**53 - 1 + int(u > limit), u


def test_integers_that_would_be_rounded_are_refused():
    words = parameter_words([np.array([2.0, 0.999])], ("float",), 2)
    each = driver(large, ("float",))
    rows, values = each.run_keeping(Blocks(0, 0, 3, 0, 3), words)
    assert int(rows[0, 0, LARGEST]) == int(values[0, 0]) == 2**53 - 1
    with pytest.raises(TrialRaisedError) as caught:
        each.run(Blocks(0, 0, 3, 0, 6), words)
    returned = [large.trial(9, 1, trial, limit=0.999)[0] for trial in range(caught.value.trial + 1)]
    assert [value == 2**53 for value in returned] == [False] * caught.value.trial + [True]


def test_drivers_leave_nothing_behind():
    libraries = [weakref.ref(driver()._function.library) for _ in range(3)]
    gc.collect()
    assert [each() for each in libraries] == [None] * 3


@kernel(outputs=["x"])
def sometimes_nan(rng):
    u = rng.uniform()
    return np.nan if u < 0.01 else u


def test_the_first_trial_that_is_not_finite_is_named():
    rows = driver(sometimes_nan, ()).run(Blocks(0, 0, 3, 0, 3), np.zeros((1, 1), np.int64))
    for block in range(3):
        trial = int(rows[block, 0, NONFINITE_TRIAL])
        assert trial // 4096 == block
        assert np.isnan(sometimes_nan.trial(9, 0, trial))
    assert np.all(rows[:, 0, MEAN] > 0.48)


def helper(rng, scale):
    return scale * rng.normal()


def test_plain_helpers_may_draw():
    def uses_a_helper(rng, a):
        return helper(rng, a) + helper(rng, 2.0 * a)

    each = as_kernel(uses_a_helper)
    _, values = driver(each, ("float",)).run_keeping(
        Blocks(0, 0, 3, 0, 1), parameter_words([np.array([1.5])], ("float",), 1)
    )
    assert values[0, 17] == each.trial(9, 0, 17, a=1.5)


BAD = {
    "an integer power": (
        "def f(rng, a):\n    k = rng.integers(0, 3)\n    return 1.0 * 2**k",
        r"study.py:5: kernel code 'f' raises an integer to an integer power: make the base a float, as in 2.0 \*\* k",
    ),
    "a negative power": (
        "def f(rng, a):\n    k = rng.integers(0, 3)\n    return k**-2",
        "study.py:5: kernel code 'f' raises an integer to an integer power",
    ),
    "unsigned": (
        "def f(rng, a):\n    return 2**63",
        "output 'y' is an unsigned integer of 64 bits",
    ),
    "unknown": (
        "def f(rng, a):\n    x = a\n    return undefined_thing(x)",
        "study.py:5: kernel code 'f' cannot be compiled: name 'undefined_thing' is not defined",
    ),
    "too few": (
        "def f(rng, a):\n    return 1.0, 2.0",
        "study.py:2: kernel 'f': it returns 2 values, and 1 output is named: 'y'",
    ),
    "text": ("def f(rng, a):\n    return 'yes'", "study.py:2: kernel 'f': output 'y' is a unicode"),
    "nothing": (
        "def f(rng, a):\n    if a > 1:\n        return 1.0",
        "study.py:2: kernel 'f': output 'y' is None on some path",
    ),
    "mixture": ("def f(rng, a):\n    return a + 'x'", "study.py:4: kernel 'f' cannot be compiled: .*add"),
    "itself": ("def f(rng, a):\n    return g(a)\ndef g(a):\n    return g(a - 1.0)", "function 'g' calls itself"),
    "method": ("def f(rng, a):\n    return rng.gauss(a)", "study.py:4: kernel 'f' cannot be compiled: .*gauss"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_compiled_is_told_in_one_line(name, tmp_path):
    code, told = BAD[name]
    module = loaded(tmp_path, f'@kernel(outputs=["y"])\n{code}\n')
    with pytest.raises(KernelError, match=told) as caught:
        driver(module.f, ("float",))
    assert "\n" not in str(caught.value)


SECOND = """
import sys
import numpy as np
from sweep_kernels.models import pi
from sweep_kernels.driver import Blocks, Driver
rows = Driver(pi, (), seed=1, trials=100, block_size=4096).run(Blocks(0, 0, 1, 0, 1), np.zeros((1, 1), np.int64))
print(rows.tobytes().hex(), "numba" in sys.modules)
"""


def second_process(folder: Path) -> list[str]:
    environment = {**os.environ, "SWEEP_CACHE_DIR": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", SECOND], env=environment, check=True, capture_output=True, text=True
    ).stdout.split()


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A cache with what one process has compiled, and what that one said."""
    folder = tmp_path_factory.mktemp("cache", numbered=False)
    folder.chmod(0o700)
    return folder, second_process(folder)


def test_a_second_process_neither_compiles_nor_imports_numba(filled):
    folder, first = filled
    second = second_process(folder)
    assert (first[1], second[1]) == ("True", "False")
    assert first[0] == second[0]


def test_a_damaged_object_is_compiled_again(filled, tmp_path):
    folder, first = filled
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    (entry,) = tmp_path.glob("*.o")
    data = bytearray(entry.read_bytes())
    data[-100] ^= 1
    entry.write_bytes(data)
    assert second_process(tmp_path) == first
    assert second_process(tmp_path)[1] == "False"


def test_a_flipped_bit_is_found_wherever_it_is():
    data = ObjectCode(b"code\n code", "entry", ("symbol",), ("bool",)).to_bytes()
    assert ObjectCode.from_bytes(data).to_bytes() == data
    for i in range(len(data)):
        assert ObjectCode.from_bytes(data[:i] + bytes([data[i] ^ 1]) + data[i + 1 :]) is None
        assert ObjectCode.from_bytes(data[:i]) is None


def test_an_object_of_another_user_is_not_loaded(monkeypatch, tmp_path):
    monkeypatch.setenv("SWEEP_CACHE_DIR", str(tmp_path))
    code = object_code(mixed, KINDS)
    (entry,) = tmp_path.glob("*.o")
    assert read(entry) == code.to_bytes()
    monkeypatch.setattr("os.getuid", lambda: entry.stat().st_uid + 1)
    assert read(entry) is None


def test_a_folder_that_turns_out_to_be_read_only_costs_only_time(monkeypatch, tmp_path):
    def refuse(*arguments, **options):
        raise OSError(errno.EROFS, "read-only")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    write(tmp_path / "entry.o", b"")


def test_without_a_home_the_cache_is_among_the_temporary_files(monkeypatch):
    def refuse(path):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("SWEEP_CACHE_DIR")
    monkeypatch.setattr(Path, "expanduser", refuse)
    assert cache_folder().parent == Path(tempfile.gettempdir())


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert second_process(tmp_path / "file")[1] == "True"


def test_the_cache_is_the_users_own(monkeypatch, tmp_path):
    monkeypatch.setenv("SWEEP_CACHE_DIR", str(tmp_path))
    object_code(mixed, KINDS)
    assert cache_folder() == tmp_path
    assert len(list(tmp_path.glob("*.o"))) == 1


def test_what_is_preferred_runs_in_all_processes(monkeypatch, tmp_path):
    monkeypatch.setenv("SWEEP_CACHE_DIR", str(tmp_path))
    assert object_code(mixed, KINDS).width == WIDTH
    prefer(mixed, KINDS, 1)
    assert object_code(mixed, KINDS).width == 1
    assert object_code(mixed, KINDS, WIDTH).width == WIDTH


def test_kernels_of_one_name_do_not_meet(tmp_path):
    texts = [textwrap.dedent(f'@kernel(outputs=["y"])\ndef f(rng):\n    return {value}\n') for value in ("1.0", "2.0")]
    modules = [loaded(tmp_path, text, f"study{i}") for i, text in enumerate(texts)]
    means = [driver(m.f, ()).run(Blocks(0, 0, 3, 0, 1), np.zeros((1, 1), np.int64))[0, 0, MEAN] for m in modules]
    assert means == [1.0, 2.0]
