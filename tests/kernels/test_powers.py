"""``x ** y`` of floats: one meaning, the same bits whatever runs it."""

from __future__ import annotations

import itertools
import math
import pickle
import traceback

import mpmath
import numpy as np
import pytest

from sweep_kernels import KernelError, kernel, objectcode
from sweep_kernels.cpu import WIDTH, compile_kernel
from sweep_kernels.driver import Blocks, parameter_words
from sweep_kernels.mathematics import power
from sweep_kernels.snapshot import take
from tests.kernels.compiling import as_kernel, compiled_trials, loaded
from tests.kernels.cuda.on_cpu import HostMachine
from tests.kernels.test_processors import POINT, PROCESSORS, SEED, TRIALS, outcome, runs_here

THIRD = 1 / 3


to_a_fraction = lambda a: a**1.7  # noqa: E731


def squared(x):
    return x**2


@kernel(
    outputs=[
        "literal",
        "large",
        "fraction",
        "real",
        "whole",
        "in_memory",
        "folded",
        "helper",
        "of_an_int",
        "narrow",
        "in_a_loop",
    ]
)
def many(rng, y: float, n: int):
    x = 3.0 * rng.uniform()
    place = x
    place **= y
    row = np.zeros(4)
    for i in range(4):
        row[i] = x + i
    row[rng.integers(0, 4)] **= n
    mixed, k = 1, rng.integers(-20, 21)
    for i in range(3):
        mixed = mixed + x ** (k - i)
    return (
        x**2 + x**3 - x**7 * x**15 + x**-1 + x**-2 - x**-13, x**-17, x ** (1 / 3), place - 2.0 * (1.0 - x / 2) ** n, x ** float(n) + x**2.0,
        row[0] + row[1] + row[2] + row[3], 10.1**0.3 * x + 2.5**-0.7, squared(x) - to_a_fraction(x), n**2 + (n + 7) ** y + k**3,
        np.float32(x) ** np.float32(y) + np.float32(x) ** 3, mixed,
    )  # fmt: skip


def on_a_gpu(each, settings, kinds):
    machine = HostMachine(1 << 20)
    from sweep_kernels.cuda.driver import CudaDriver

    driver = CudaDriver(each, kinds, machines=[machine], seed=SEED, trials=TRIALS, block_size=256)
    words = parameter_words([np.array([settings[name]]) for name in each.parameters], kinds, 1)
    return driver.run_keeping(Blocks(POINT, 0, 1, 0, 1), words)[1]


def test_the_same_bits_whatever_runs_them(monkeypatch):
    settings = {"y": -1.7, "n": -4}
    plain = np.array([many.trial(SEED, POINT, trial, **settings) for trial in range(TRIALS)], dtype=float)
    expected = np.ascontiguousarray(plain.T).tobytes()
    for processor in filter(runs_here, PROCESSORS[:2]):
        monkeypatch.setattr(objectcode, "processor", lambda processor=processor: (processor, ""))
        for width in (1, WIDTH):
            assert outcome(many, settings, width, set())[0] == expected, (processor, width)
    monkeypatch.undo()
    assert on_a_gpu(many, settings, ("float", "int")).tobytes() == expected


def test_what_a_written_out_power_is():
    """Known answers by mpmath, for exponents that are not multiplied out; the order of those that are."""
    each = as_kernel(lambda rng, x: (x**1.5, x**-0.3, x**0.5, x**16, 10.1**0.3), "a", "b", "c", "d", "e")
    for x in (0.3, 2.0, 7.1, 1e10):
        found = compiled_trials(each, 1, 0, 0, 1, x=x)[:, 0]
        with mpmath.workprec(200):
            exact = [mpmath.power(b, y) for b, y in ((x, 1.5), (x, -0.3), (x, 0.5), (x, 16), (10.1, 0.3))]
            errors = [abs(float((mpmath.mpf(f) - e) / math.ulp(f))) for f, e in zip(found.tolist(), exact, strict=True)]
        assert max(errors) < 0.6, (x, errors)


@pytest.mark.parametrize("x", [0.3, -1.7, 1.1e10, 7.0])
def test_small_whole_exponents_are_multiplied_out_in_a_fixed_order(x):
    x2 = x * x
    x4 = x2 * x2
    x8 = x4 * x4
    for bits in itertools.product((0, 1), repeat=4):
        n, product = sum(bit << i for i, bit in enumerate(bits)), 1.0
        for bit, factor in zip(bits, (x, x2, x4, x8), strict=True):
            product = product * factor if bit else product
        assert (power(x, float(n)), power(x, float(-n))) == (product, 1.0 / product)
        with mpmath.workprec(1200):
            assert abs(mpmath.mpf(product) - mpmath.mpf(x) ** n) <= max(n - 1, 0) * math.ulp(product)


def test_the_exponents_value_decides_and_not_its_type():
    each = as_kernel(lambda rng, x, y, n: (x**3, x**3.0, x**y, x**n), "a", "b", "c", "d")
    for x in (0.7, -0.7, 1.9):
        found = compiled_trials(each, 1, 0, 0, 1, x=x, y=3.0, n=3)[:, 0]
        assert set(found) == {x * (x * x)}


RAISING = {
    "zero": ("x ** -1.5", 0.0, ZeroDivisionError, "0.0 cannot be raised to a negative power", math.inf),
    "zero multiplied out": ("x ** -3", 0.0, ZeroDivisionError, "0.0 cannot be raised to a negative power", math.inf),
    "overflow": ("x ** 300.0", 1e10, OverflowError, "math range error", math.inf),
    "a root of a negative number": ("x ** (1 / 3)", -8.0, ValueError, "math domain error", math.nan),
}


@pytest.mark.parametrize("name", RAISING)
def test_plain_python_raises_with_the_line_where_compiled_code_carries_on(name, tmp_path):
    text, x, error, told, found = RAISING[name]
    each = loaded(
        tmp_path,
        f"@kernel(outputs=['y'])\ndef f(rng, x):\n    z = 1.0\n    return (\n        z +\n        {text}\n    )\n",
    ).f
    with pytest.raises(error, match=told) as caught:
        each.trial(1, 0, 0, x=x)
    frame = next(each for each in traceback.extract_tb(caught.tb) if each.filename.endswith("study.py"))
    assert (frame.lineno, frame.line, frame.name) == (7, text, "f")
    compiled = compiled_trials(each, 1, 0, 0, 1, x=x)[0, 0]
    assert compiled == found or (math.isnan(compiled) and math.isnan(found))


def test_whole_and_complex_numbers_are_pythons():
    each = as_kernel(lambda rng, n: (n**3, (n * 1j) ** 2 == (n * 1j) * (n * 1j), 3**2), "a", "b", "c")
    assert each.trial(1, 0, 0, n=2**20) == (2**60, True, 9)
    assert compiled_trials(each, 1, 0, 0, 1, n=5)[:, 0].tolist() == [125.0, 1.0, 9.0]


FILE = """
    import math
    @kernel(outputs=["y"])
    def f(rng, x):
        # a comment
        half = [lambda a: a ** 0.5, lambda a: a ** 0.25][0]

        y = x ** 1.5
        return y
"""


def test_lines_are_where_they_were(tmp_path):
    each = loaded(tmp_path, FILE).f
    live, copy = each.function.__code__, each.frozen.__code__
    assert copy is not live
    for attribute in ("co_filename", "co_firstlineno", "co_name", "co_qualname", "co_varnames", "co_flags"):
        assert getattr(copy, attribute) == getattr(live, attribute)
    assert {line for *_, line in copy.co_lines() if line} == {line for *_, line in live.co_lines() if line}
    inner = [[const for const in code.co_consts if hasattr(const, "co_code")] for code in (live, copy)]
    assert [each.co_firstlineno for each in inner[0]] == [each.co_firstlineno for each in inner[1]]


def test_of_two_functions_that_are_alike_each_keeps_its_lines(tmp_path):
    text = "def g(x):\n    return x ** -1.5\nfirst = g\n\ndef g(x):\n    return x ** -1.5\n"
    module = loaded(tmp_path, text)
    lines = []
    for each in (module.first, module.g):
        with pytest.raises(ZeroDivisionError) as caught:
            take(each).function(0.0)
        lines.append(caught.traceback[1].lineno + 1)
    assert lines == [3, 7]


def version(folder, expression: str, options: str = "outputs=['y']") -> str:
    return loaded(folder, f"import math\n@kernel({options})\ndef f(rng, x):\n    return {expression}\n").f.version


def test_what_is_part_of_the_version(tmp_path, monkeypatch):
    """Powers are; products, and powers that every library gets right, are not."""
    with_powers = ("x ** 1.5", "x ** 2", "10.1 ** 0.3 * x", "(lambda a: a ** x)(2.0)", "x + 10.0 ** -1")
    without = ("x * x", "x * 2.0 ** -40", "x + 3 ** 4", "x * 10.0 ** 22")
    library = "outputs=['y'], mathematics='library'"
    kept = {each: version(tmp_path, each) for each in (*with_powers, *without)}
    assert len(set(kept.values())) == len(kept)
    monkeypatch.setattr("sweep_kernels.exponents.POWER", "another")
    monkeypatch.setattr("sweep_kernels.snapshot.POWER", "another")
    for each in with_powers:
        assert version(tmp_path, each) != kept[each] != version(tmp_path, each, library)
    for each in without:
        assert version(tmp_path, each) == kept[each] == version(tmp_path, each, library)


def test_a_version_without_powers_is_what_it_was(tmp_path):
    assert version(tmp_path, "x * x + 2.0 ** -40") == "c44f23c2bcd29d0791b6a16be8d0c11a374b715c90fcd2c4834ddca73449ab9f"
    assert (
        version(tmp_path, "x ** 1.5", "outputs=['y'], mathematics='library'")
        == "c86cc2589589514ed2bea3e9f69975640bf5f4b178034935ce1586222a06d755"
    )


def test_a_default_is_no_part_of_the_body(tmp_path):
    text = "@kernel\ndef f(rng, x):\n    return g(x)\ndef g(x, y=10.1**0.3):\n    return x * y\n"
    each = loaded(tmp_path, text).f
    assert "**" not in each.frozen.__globals__["g"].__globals__
    assert each.trial(1, 0, 0, x=2.0) == 2.0 * 10.1**0.3


def test_the_c_librarys_when_asked_for():
    def cube_root(rng, x):
        return x**THIRD, x**3

    each = kernel(outputs=["y", "z"], mathematics="library")(cube_root)
    assert each.frozen.__code__ is cube_root.__code__
    assert each.trial(1, 0, 0, x=5.7) == (5.7**THIRD, 5.7**3)
    code = compile_kernel(each, ("float",), 1)
    assert b"\0pow\0" in code.code
    assert b"\0pow\0" not in compile_kernel(kernel(outputs=["y", "z"])(cube_root), ("float",), 1).code


def test_code_that_is_not_a_kernels_keeps_numbas_powers():
    from numba import njit

    assert njit(lambda x, y: x**y)(5.7, THIRD) == 5.7**THIRD


def test_a_kernel_that_travels_takes_its_powers_along(tmp_path):
    from ray import cloudpickle

    each = loaded(tmp_path, "@kernel\ndef f(rng, x):\n    return g(x) ** 2.5\ndef g(x): return x ** x\n").f
    data = cloudpickle.dumps(each)
    (tmp_path / "study.py").unlink()
    again = pickle.loads(data)
    found = compiled_trials(again, 1, 0, 0, 1, x=1.7)[0, 0]
    assert found == again.trial(1, 0, 0, x=1.7) == power(power(1.7, 1.7), 2.5)


def test_a_lambda_among_others_on_its_line():
    up, down = (lambda x: x**1.5), (lambda x: x**2.5)
    assert [take(each).function(2.0) for each in (up, down)] == [power(2.0, 1.5), power(2.0, 2.5)]


def test_closed_over_names_stay_closed_over():
    exponent = 1.7

    def f(rng, x):
        return x**exponent

    assert as_kernel(f).trial(1, 0, 0, x=3.0) == power(3.0, 1.7)
    assert compiled_trials(as_kernel(f), 1, 0, 0, 1, x=3.0)[0, 0] == power(3.0, 1.7)


def test_a_whole_array_is_refused(tmp_path):
    text = "import numpy as np\n@kernel\ndef f(rng, x):\n    t = np.ones(3)\n    t **= x\n    return t[0]\n"
    with pytest.raises(KernelError, match="study.py:6: .* raises a whole array to a power: write a loop"):
        compile_kernel(loaded(tmp_path, text).f, ("float",))
