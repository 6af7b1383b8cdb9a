"""The steps of a GPU, run here in scrambled orders, give the very bits of the CPU's driver; with `pytest -m gpu`, so does a GPU."""

from __future__ import annotations

import copy
import functools
import math
import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from sweep_kernels import kernel, models
from sweep_kernels.cuda import devices
from sweep_kernels.cuda.driver import CudaDriver
from sweep_kernels.cuda.machine import OutOfMemoryError
from sweep_kernels.distributions import Normal, Poisson
from sweep_kernels.driver import Blocks, Driver, TrialRaisedError, parameter_words
from sweep_kernels.errors import DeviceError
from sweep_kernels.statistics import FINITE, LARGEST, MEAN, NONFINITE_TRIAL
from sweep_kernels.tables import as_table
from tests.kernels.compiling import SHOWN, as_kernel
from tests.kernels.cuda.on_cpu import HostMachine, HostProgram

OPTIONS = {"seed": 9, "trials": 3000, "block_size": 1024}
NOTHING = np.zeros((1, 1), np.int64)
ARGUMENTS = {
    "pi": {},
    "european_option": {"spot": 100.0, "strike": 105.0, "rate": 0.02, "volatility": 0.3, "maturity": 1.5},
    "asian_option": {"spot": 100.0, "strike": 95.0, "rate": 0.02, "volatility": 0.3, "maturity": 1.0, "steps": 12},
    "mm1_queue": {"arrival_rate": 0.7, "service_rate": 1.0, "customers": 20},
    "radar_detection": {"snr_db": 5.0, "pfa": 1e-3, "pulses": 8, "swerling": 3},
}
KINDS = {float: "float", int: "int", bool: "bool"}


@functools.cache
def program(each, kinds):
    """Compile a kernel once for all tests."""
    return HostProgram(each, kinds)


class Machine(HostMachine):
    def program(self, each, kinds):
        return program(each, kinds)


def on_gpu(near_bytes):
    """The first GPU, for waves of a size."""
    try:
        machine = copy.copy(devices.devices()[0])
    except DeviceError as error:
        pytest.skip(str(error))
    machine.near_bytes = near_bytes
    return machine


@pytest.fixture(params=["processor", pytest.param("gpu", marks=pytest.mark.gpu)])
def pair(request):
    """Make both drivers of a kernel."""

    def both(each, kinds=(), near_bytes=1 << 20, **options):
        machine = Machine(near_bytes) if request.param == "processor" else on_gpu(near_bytes)
        return two_drivers(each, kinds, [machine], **options)

    return both


def two_drivers(each, kinds, machines, **options):
    options = OPTIONS | options
    return CudaDriver(each, kinds, machines=machines, **options), Driver(each, kinds, width=1, **options)


def assert_same(drivers, blocks, words=NOTHING, *, helped=False):
    """Statistics and kept trials are the same bytes, however they are asked for, without help of the CPU; return what the GPU's driver gives."""
    ours, theirs = drivers
    rows, values = ours.run_keeping(blocks, words)
    expected, expected_values = theirs.run_keeping(blocks, words)
    assert values.tobytes() == expected_values.tobytes()
    assert rows.tobytes() == expected.tobytes()
    assert ours.run(blocks, words).tobytes() == expected.tobytes()
    assert (ours._cpu is not None) == helped
    return rows, values


@pytest.mark.parametrize("name", SHOWN)
def test_models(pair, name):
    each = getattr(models, name)
    given = each.defaults | ARGUMENTS.get(name, {})
    columns = [np.array([given[parameter]] * 2) for parameter in each.parameters]
    kinds = tuple(KINDS[type(given[parameter])] for parameter in each.parameters)
    drivers = pair(each, kinds)
    assert drivers[0].output_kinds == drivers[1].output_kinds
    assert_same(drivers, Blocks(3, 0, 3, 0, 6), parameter_words(columns, kinds, 2))


@kernel(outputs=["x", "big", "count"])
def mixed(rng, a, k, flag):
    x = a * rng.normal() + k
    if flag:
        x = -x
    return x, x > 1.0, rng.poisson(3.0)


MIXED = ("float", "int", "bool")
WORDS = parameter_words(
    [np.array([1.0, 2.0, -3.5]), np.array([1, -(2**40), 3]), np.array([True, False, True])], MIXED, 3
)


@pytest.mark.parametrize("block_size", [1, 2, 16, 32, 64, 1024, 4096])
@pytest.mark.parametrize("trials", [1, 33, 129])
def test_sizes_of_blocks(pair, block_size, trials):
    width = -(-trials // block_size)
    drivers = pair(mixed, MIXED, trials=trials, block_size=block_size)
    assert_same(drivers, Blocks(0, 0, width, 0, 3 * width), WORDS)
    assert_same(drivers, Blocks(0, width - 1, 1, 1, 2), WORDS)  # the last, partial block of the last two points


@kernel(outputs=["hit", ("pair", 2)])
def weighted(rng, gap, count):
    x = (
        rng.normal(proposal=(2.0, 1.5))
        + rng.gamma(2.0, proposal=(3.0, 1.5))
        + rng.choice((1.0, 2.0), proposal=(2.0, 1.0))
    )
    return x > gap, (x, count)


def test_trials_with_weights(pair):
    meant = {"gap": Normal(5.0, 1.0, low=0.0), "count": Poisson(2.0)}
    each = weighted.drawing(meant, {"gap": Normal(4.0, 2.0, low=0.0), "count": Poisson(4.0)})
    words = parameter_words([np.zeros(1), np.zeros(1, np.int64)], ("float", "int"), 1)
    _, values = assert_same(pair(each, ("float", "int")), Blocks(3, 0, 3, 0, 3), words)
    hit, *others, weight = each.trial(9, 3, 17)
    assert (hit, *others[0], *others[1:], weight) == tuple(values[: len(each.outputs), 17])


@pytest.mark.parametrize("near_bytes", [1, 60_000, 200_000])
def test_waves_that_hold_few_blocks(pair, near_bytes):
    assert_same(pair(mixed, MIXED, near_bytes), Blocks(5, 0, 3, 0, 9), WORDS)


def test_threads_in_any_order():
    expected = Driver(mixed, MIXED, **OPTIONS).run(Blocks(0, 0, 3, 0, 9), WORDS)
    for order in (lambda threads: None, list.reverse, random.Random(2).shuffle, random.Random(3).shuffle):
        ours, _ = two_drivers(mixed, MIXED, [Machine(order=order)])
        assert ours.run(Blocks(0, 0, 3, 0, 9), WORDS).tobytes() == expected.tobytes()


@pytest.mark.parametrize("common", [False, True])
def test_points_and_trials_beyond_32_bits(pair, common):
    first = 2**32 // 1024 - 1
    options = {"trials": 2**33, "common_random_numbers": common}
    _, values = assert_same(pair(mixed, MIXED, **options), Blocks(2**32 - 1, first, 2, 0, 6), WORDS)
    point = 0 if common else 2**32
    plain = mixed.trial(9, point, 2**32, a=2.0, k=-(2**40), flag=False)
    assert tuple(values[:, 3 * 1024]) == plain


@kernel(outputs=["x", "y", "z"])
def broken(rng, share):
    u = rng.uniform()
    x = math.nan if u < share else rng.normal()
    if 0.3 < u < 0.3 + share / 2:
        x = math.inf
    if 0.4 < u < 0.4 + share / 2:
        x = -math.inf
    return x, 1e308 * (1.0 + u / 2), 0.0 * x


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 1.0])
def test_what_is_not_finite_and_sums_that_overflow(pair, share):
    rows, _ = assert_same(
        pair(broken, ("float",)), Blocks(0, 0, 3, 0, 3), parameter_words([np.array([share])], ("float",), 1)
    )
    assert bool(np.any(rows[:, 0, NONFINITE_TRIAL] >= 0)) == (share > 0)
    assert np.all(np.isfinite(rows[:, 1, MEAN]))
    assert np.all(rows[:, 1, FINITE] == [1024, 1024, 952])


@kernel(outputs=["x"])
def picky(rng, limit):
    x = rng.normal()
    if x > limit:
        raise ValueError("too large")
    return x


def test_the_same_trial_is_found_that_raises(pair):
    words = parameter_words([np.array([100.0, 3.2])], ("float",), 2)
    for near_bytes in (1, 1 << 20):
        found = []
        for each in pair(picky, ("float",), near_bytes, trials=10_000):
            with pytest.raises(TrialRaisedError) as caught:
                each.run(Blocks(0, 0, 10, 0, 20), words)
            found.append((caught.value.point, caught.value.trial))
        assert found[0] == found[1]
    ours, theirs = pair(picky, ("float",), trials=10_000)
    blocks = Blocks(0, 0, 10, 0, 10)
    assert ours.run(blocks, words).tobytes() == theirs.run(blocks, words).tobytes()


@kernel(outputs=["big", "x"])
def large(rng, limit):
    u = rng.uniform()
    return 2**53 - 1 + int(u > limit), u


def test_integers_that_would_be_rounded_are_refused(pair):
    words = parameter_words([np.array([2.0, 0.999])], ("float",), 2)
    drivers = pair(large, ("float",))
    rows, _ = assert_same(drivers, Blocks(0, 0, 3, 0, 3), words)
    assert int(rows[0, 0, LARGEST]) == 2**53 - 1
    found = []
    for each in drivers:
        with pytest.raises(TrialRaisedError) as caught:
            each.run_keeping(Blocks(0, 0, 3, 0, 6), words)
        found.append((caught.value.point, caught.value.trial))
    assert found[0] == found[1]


TABLE = np.arange(50.0) ** 2
LIMITS = (0.5, 1.5, 7.0, -2.0)


def looked_up(rng, a):
    return TABLE[rng.integers(0, 50)] + LIMITS[rng.integers(0, 4)] * a


def index_out_of_range(rng, a):
    return TABLE[rng.integers(0, int(a) + 56)]


def divided_by_zero(rng, a):
    return 10 // rng.integers(0, int(a) + 9)


def remainders(rng, a):
    x = 1e3 * rng.normal()
    y = rng.normal() * 10.0 ** rng.integers(-300, 300)
    return x % a + (x // a) + x % y + divmod(a, x)[1] + (y % 1.0) + np.float32(x) % np.float32(a)


def powers(rng, a):
    k = rng.integers(-20, 20)
    x = abs(rng.normal())
    return a**3 + 1.5**k + x**a + x ** (a * rng.normal()) + x**-2 + (x - 1.0) ** (3 * k)


def large_powers(rng, a):
    return rng.integers(0, 2) ** 70_000


def rounded(rng, a):
    x = a * rng.normal()
    return round(x) + math.floor(x) * 3 + math.ceil(x) * 5 + math.trunc(x) + np.rint(x) + np.floor(x) + round(x, 2)


def narrow(rng, a):
    x = np.float32(rng.uniform())
    return np.sqrt(x) * np.float32(a) + x / np.float32(3.0)


def whole_numbers(rng, a):
    k = rng.integers(0, 1000) - 500
    return (k // 7) * 3 + k % 7 + (k << 3) + (k >> 2) + (k ^ 21) + abs(k) + math.gcd(k, 30) + int(a * k)


def mathematics(rng, a):
    u = rng.uniform()
    return math.exp(a * u) + math.sin(30 * u) + math.erf(u) + math.pow(a, u) + math.copysign(u, -a)


def draws(rng, a):
    return rng.exponential() + rng.bernoulli(0.3) + rng.integers(-5, 5) + rng.poisson(30.0 * a)


def long_loops(rng, a):
    x, steps = 0.0, 0
    while abs(x) < a and steps < 200:
        x += rng.normal()
        steps += 1
    return steps


def in_memory(rng, a):
    x = np.zeros(5)
    for _ in range(20):
        x[rng.integers(0, 5)] += a * rng.uniform()
    return x[0] + 2.0 * x[3]


@kernel(outputs=["looked_up", "remainders", "powers", "rounded", "narrow", "whole"])
def exactly(rng, a):
    return looked_up(rng, a), remainders(rng, a), powers(rng, a), rounded(rng, a), narrow(rng, a), whole_numbers(rng, a)


@kernel(outputs=["mathematics", "draws", "steps", "in_memory"])
def at_length(rng, a):
    return mathematics(rng, a), draws(rng, a), long_loops(rng, a), in_memory(rng, a)


@pytest.mark.parametrize("each", [exactly, at_length], ids=lambda each: each.name)
def test_what_kernels_may_call(pair, each):
    words = parameter_words([np.array([2.5])], ("float",), 1)
    assert_same(pair(each, ("float",), trials=1500), Blocks(7, 0, 2, 0, 2), words)


def test_powers_beyond_2_to_the_16_are_left_to_the_cpu(pair):
    words = parameter_words([np.array([2.5])], ("float",), 1)
    assert_same(pair(as_kernel(large_powers), ("float",)), Blocks(7, 0, 3, 0, 3), words, helped=True)


@pytest.mark.parametrize("function", [index_out_of_range, divided_by_zero], ids=lambda each: each.__name__)
def test_what_raises_in_compiled_code(pair, function):
    words = parameter_words([np.array([2.5])], ("float",), 1)
    found = []
    for each in pair(as_kernel(function), ("float",)):
        with pytest.raises(TrialRaisedError) as caught:
            each.run(Blocks(7, 0, 3, 0, 3), words)
        found.append(caught.value.trial)
    assert found[0] == found[1]


def tabulated(rng, gain: float, pattern, codes):
    i, j = rng.integers(0, len(pattern)), rng.integers(0, 3)
    found = 0.0
    for k in range(3):
        found += pattern[i, k] * codes[(j + k) % len(codes)]
    return gain * found + rng.normal()


def test_tables_that_all_trials_read(pair):
    tables = {
        "pattern": as_table("pattern", np.arange(60.0).reshape(20, 3) / 7.0),
        "codes": as_table("codes", np.array([3, 1, 4, 1, 5], np.uint8)),
    }
    drivers = pair(as_kernel(tabulated), ("float", "float64[2]", "uint8[1]"), tables=tables)
    words = parameter_words([np.array([2.5])], ("float",), 1)
    assert_same(drivers, Blocks(0, 0, 3, 0, 3), words)


def test_the_pilot_runs_more_than_a_block(pair):
    ours, _ = pair(picky, ("float",), trials=100_000)
    words = parameter_words([np.array([100.0]), np.array([3.2])][:1], ("float",), 1)
    assert ours.probe_trials > 1024
    ours.probe(0, words, ours.probe_trials)
    with pytest.raises(TrialRaisedError):
        ours.probe(0, parameter_words([np.array([3.2])], ("float",), 1), ours.probe_trials)


def test_a_machine_with_little_memory_takes_smaller_waves():
    machine = Machine(1 << 22, most=1 << 20)
    assert_same(two_drivers(mixed, MIXED, [machine]), Blocks(5, 0, 3, 0, 9), WORDS)
    with pytest.raises(DeviceError, match="this processor has no memory free for one block of 1,024 trials"):
        two_drivers(mixed, MIXED, [Machine(most=1000)])[0].run(Blocks(5, 0, 3, 0, 9), WORDS)


def test_memory_is_given_back():
    machine = Machine()
    ours, _ = two_drivers(mixed, MIXED, [machine])
    ours.run(Blocks(5, 0, 3, 0, 9), WORDS)
    assert machine.held > 0
    del ours
    assert machine.held == 0


def test_many_threads_share_the_machines():
    drivers = two_drivers(mixed, MIXED, [HostMachine(60_000), HostMachine(60_000)])
    expected = drivers[1].run(Blocks(0, 0, 3, 0, 9), WORDS).tobytes()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: drivers[0].run(Blocks(0, 0, 3, 0, 9), WORDS), range(16)))
    assert all(rows.tobytes() == expected for rows in found)


@pytest.mark.gpu
def test_a_gpu_that_was_asked_for_too_much_goes_on():
    machine = on_gpu(1 << 20)
    machine.use()
    with pytest.raises(OutOfMemoryError, match="no memory left"):
        machine.allocate(1 << 50)
    assert_same(two_drivers(mixed, MIXED, [machine]), Blocks(0, 0, 3, 0, 9), WORDS)


@pytest.mark.gpu
def test_many_threads_share_all_gpus():
    on_gpu(1 << 20)
    ours = CudaDriver(mixed, MIXED, **OPTIONS)
    expected = Driver(mixed, MIXED, **OPTIONS).run(Blocks(0, 0, 3, 0, 9), WORDS).tobytes()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: ours.run(Blocks(0, 0, 3, 0, 9), WORDS), range(64)))
    assert all(rows.tobytes() == expected for rows in found)
