"""What a kernel returns: numbers and vectors, compiled as in plain Python."""

from __future__ import annotations

import numpy as np
import pytest

from sweep_kernels import KernelError, kernel
from sweep_kernels.driver import Blocks, Driver, TrialRaisedError, parameter_words
from sweep_kernels.outputs import flattened, grouped
from sweep_kernels.tables import TableReference, as_table
from tests.kernels.compiling import as_kernel, compiled_trials, loaded

ROWS = as_table("t", np.arange(12.0).reshape(3, 4))


def walk(rng, a):
    x = a * rng.normal()
    y = x + a * rng.normal()
    return max(x, y), (x, y > x, 7)


def test_components_are_outputs_of_their_own():
    each = as_kernel(walk, "peak", ("path", 3))
    assert each.outputs == ("peak", "path[0]", "path[1]", "path[2]")
    values = compiled_trials(each, 3, 0, 0, 2, a=1.5)
    for trial in (0, 9):
        peak, path = each.trial(3, 0, trial, a=1.5)
        assert tuple(values[:, trial]) == (peak, *path)


def test_a_component_has_its_own_kind():
    each = as_kernel(walk, "peak", ("path", 3))
    driver = Driver(each, ("float",), seed=3, trials=16, block_size=8)
    assert driver.output_kinds == ("float", "float", "bool", "int")


def bare(rng, t):
    return t[rng.integers(0, len(t)), 0], rng.uniform()


def wrapped(rng, t):
    return (t[rng.integers(0, len(t))],)


def made(rng, t):
    row = np.zeros(4)
    for i in range(4):
        row[i] = t[rng.integers(0, len(t)), i]
    return row


def made_or_read(rng, t):
    row = np.zeros(3)
    if rng.uniform() < 0.5:
        row[1] = rng.normal()
        return row
    return row[:3]


def read(rng, t):
    return t[rng.integers(0, len(t))]


def with_a_number(rng, t):
    return rng.uniform(), t[rng.integers(0, len(t))]


def narrow(rng, t):
    return t[rng.integers(0, len(t))]


VECTORS = {
    "a tuple, bare": (bare, [("pair", 2)], ROWS),
    "an array": (wrapped, [("row", 4)], ROWS),
    "an array of its own, bare": (made, [("row", 4)], ROWS),
    "arrays of its own at several ends, bare": (made_or_read, [("row", 3)], ROWS),
    "an array, bare": (read, [("row", 4)], ROWS),
    "a number and an array": (with_a_number, ["u", ("row", 4)], ROWS),
    "a narrow array, bare": (narrow, [("row", 4)], as_table("t", ROWS.astype(np.int32))),
}


@pytest.mark.parametrize("name", VECTORS)
def test_vectors_are_those_of_plain_python(name):
    function, declared, table = VECTORS[name]
    each = kernel(outputs=declared)(function)
    kinds = (TableReference.of(table).kind,)
    driver = Driver(each, kinds, seed=2, trials=32, block_size=32, tables={"t": table}, width=16)
    assert driver.code.width == 16
    _, values = driver.run_keeping(Blocks(0, 0, 1, 0, 1), parameter_words([None], kinds, 1))
    for trial in range(32):
        plain = flattened(each.name, each.outputs, each.trial(2, 0, trial, t=table))
        assert tuple(values[:, trial]) == plain


def test_an_array_of_another_length_names_the_trial():
    each = kernel(outputs=["u", ("row", 5)])(with_a_number)
    kinds = (TableReference.of(ROWS).kind,)
    driver = Driver(each, kinds, seed=2, trials=32, block_size=32, tables={"t": ROWS})
    with pytest.raises(TrialRaisedError):
        driver.run(Blocks(0, 0, 1, 0, 1), parameter_words([None], kinds, 1))
    with pytest.raises(KernelError, match="returned 4 numbers as 'row': 5 were declared"):
        flattened(each.name, each.outputs, each.trial(2, 0, 0, t=ROWS))


WRONG = {
    "too few": (["y", ("c", 3)], "return a, (a, a)", "output 'c' is a tuple of 2: 3 numbers were declared"),
    "a number": (["y", ("c", 3)], "return a, a", "output 'c' is a float64: a tuple or an array of 3 numbers was declared"),
    "undeclared": (["y", "c"], "return a, (a, a)", r"output 'c' is several numbers, .*: declare how many, as in outputs=\[\('c', 3\)\]"),
    "one too few": (["y", ("c", 3)], "return a", r"it returns 1 value, and 2 outputs are named: 'y', 'c\[3\]'"),
    "text": ([("c", 2)], "return a, 'x'", "output 'c' is a unicode"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_is_told(name, tmp_path):
    declared, code, told = WRONG[name]
    module = loaded(tmp_path, f"@kernel(outputs={declared!r})\ndef f(rng, a):\n    {code}\n")
    with pytest.raises(KernelError, match=f"study.py:2: kernel 'f': {told}"):
        Driver(module.f, ("float",), seed=0, trials=1, block_size=1)


DECLARED = {
    "a length of 0": ([("c", 0)], "output 'c' has the length 0, not a whole number from 1 to 4096"),
    "a fraction": ([("c", 1.5)], "the length 1.5"),
    "no name": ([("c d", 3)], r"output \('c d', 3\) is not a name"),
    "a pair of names": ([("c", "d")], "the length 'd'"),
    "the same twice": (["c", ("c", 3)], "two outputs share a name"),
}


@pytest.mark.parametrize("name", DECLARED)
def test_a_declaration_that_is_wrong_is_told(name):
    declared, told = DECLARED[name]
    with pytest.raises(KernelError, match=told):
        kernel(outputs=declared)(walk)


PLAIN = {
    "too few": ((1.0,), r"returned 1 value and names 2 outputs: y, c\[2\]"),
    "a number for a vector": ((1.0, 2.0), "returned 2.0 as 'c': a tuple or an array of 2 numbers was declared"),
    "text": ((1.0, (2.0, "x")), r"returned \(2.0, 'x'\) as 'c': an output is a number or a bool"),
    "a vector for a number": (((1.0, 2.0), (1.0, 2.0)), r"returned \(1.0, 2.0\) as 'y'"),
}


@pytest.mark.parametrize("name", PLAIN)
def test_plain_python_is_told_the_same(name):
    returned, told = PLAIN[name]
    with pytest.raises(KernelError, match=f"kernel 'f' {told}"):
        flattened("f", ("y", "c[0]", "c[1]"), returned)


def test_groups_are_read_back_from_names():
    assert grouped(("a", "b[0]", "c")) == {"a": 0, "b": 1, "c": 0}
