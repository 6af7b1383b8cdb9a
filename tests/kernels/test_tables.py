"""Tables that all trials share: what can be one, and that compiled code reads it as plain Python does."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest

from sweep_kernels import KernelError, kernel
from sweep_kernels.driver import Blocks, Driver, TrialRaisedError, parameter_words
from sweep_kernels.tables import TYPES, Table, TableReference, as_table, read_only
from tests.kernels.compiling import as_kernel, loaded

SOME = (np.arange(12.0) * 20.3).reshape(3, 4)


def driver(each, table, width=None):
    kinds = ("float", TableReference.of(table).kind)
    made = Driver(each, kinds, seed=1, trials=64, block_size=64, tables={"t": table}, width=width)
    return made, parameter_words([np.array([1.5]), None], kinds, 1)


def values(each, table, width=None):
    made, words = driver(each, table, width)
    return made.run_keeping(Blocks(0, 0, 1, 0, 1), words)[1][0]


@kernel(outputs=["y"])
def reads(rng, a, t):
    row = t[rng.integers(0, t.shape[0])]
    x, y = row[rng.integers(0, len(row))], t[-1, rng.integers(0, 4)]
    z = t[0][1:][0]
    return a * x + (x - y) + x * y + 200 * x + z + t.size + t.ndim


@pytest.mark.parametrize("dtype", TYPES)
def test_a_table_is_read_as_in_plain_python_whatever_it_is_kept_in(dtype):
    table = as_table("t", SOME.astype(dtype))
    if dtype == "bool":
        table = as_table("t", table.astype(np.uint8) % 2 == 0)
    plain = [reads.trial(1, 0, trial, a=1.5, t=table) for trial in range(64)]
    for width in (1, 16) if dtype == "float32" else (16,):
        assert driver(reads, table, width)[0].code.width == width
        assert list(values(reads, table, width)) == plain


def test_elements_are_pythons_numbers():
    read = [as_table("t", SOME.astype(dtype)) for dtype in TYPES]
    assert [type(each[1, 2]) for each in read] == [float, float, int, int, int, bool]
    assert [type(next(iter(each[0]))) for each in read] == [float, float, int, int, int, bool]
    assert isinstance(read[0][1], Table)
    assert type(read[0].sum()) is np.float64
    assert type(read[0] + 1.0) is np.ndarray


def test_what_can_still_be_written_to_by_another_name_is_copied():
    mine = np.arange(4.0)
    view = mine[:]
    view.flags.writeable = False
    table = as_table("t", view)
    mine[0] = 99.0
    assert table[0] == 0.0
    assert as_table("t", table) is table
    assert np.shares_memory(as_table("t", np.asarray(table)), table)


@kernel(outputs=["y"])
def beyond(rng, a, t):
    return t[rng.integers(0, len(t) + 1), 0]


@pytest.mark.parametrize("dtype", ["float64", "uint8"])
def test_a_position_out_of_range_names_the_trial(dtype):
    table = as_table("t", SOME.astype(dtype))
    made, words = driver(beyond, table)
    with pytest.raises(TrialRaisedError) as caught:
        made.run(Blocks(0, 0, 1, 0, 1), words)
    with pytest.raises(IndexError):
        beyond.trial(1, 0, caught.value.trial, a=1.5, t=table)


def test_another_table_of_the_type_needs_no_compiling(monkeypatch, tmp_path):
    monkeypatch.setenv("SWEEP_CACHE_DIR", str(tmp_path))
    first = values(beyond, as_table("t", np.zeros((300, 1))))
    second = values(beyond, as_table("t", np.ones((400, 2))))
    assert (set(first), set(second)) == ({0.0}, {1.0})
    assert len(list(tmp_path.glob("beyond-*.o"))) == 1


WRITES = {
    "an element": "t[0, 0] = 1.0",
    "a row": "t[0] = 1.0",
    "in place": "t[0, 0] += 1.0",
}


@pytest.mark.parametrize("name", WRITES)
def test_writing_to_a_table_is_refused(name, tmp_path):
    kind = "float64[2]" if name == "an element" else "int32[2]"
    module = loaded(tmp_path, f"@kernel(outputs=['y'])\ndef f(rng, a, t):\n    {WRITES[name]}\n    return a")
    with pytest.raises(KernelError, match="study.py:4: .*: it writes to an array that all trials share"):
        Driver(module.f, ("float", kind), seed=1, trials=1, block_size=1)


def test_writing_to_a_table_is_refused_in_plain_python_too():
    def writes(rng, t):
        t[0] = 1.0
        return 0.0

    given = np.zeros(3)
    with pytest.raises(ValueError, match="read-only"):
        as_kernel(writes).trial(0, 0, 0, t=given)
    given[0] = 2.0  # the caller's own stays writable


REFUSED = {
    "objects": (np.array(["a", 1], dtype=object), "of type object: a kernel can read float64, .* and bool"),
    "complex": (np.ones(2, np.complex128), "of type complex128"),
    "short": (np.ones(2, np.float16), "of type float16"),
    "a number": (1.0, "has 0 dimensions: 1 to 3"),
    "many dimensions": (np.ones((1, 1, 1, 1)), "has 4 dimensions"),
    "nothing": (np.ones((3, 0)), r"has the shape \(3, 0\): there is nothing in it"),
    "ragged": ([[1.0], [1.0, 2.0]], "its rows differ in length"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_a_table_is_told(name):
    given, told = REFUSED[name]
    with pytest.raises(KernelError, match=f"table 'antenna' .*{told}"):
        as_table("antenna", given)


def test_a_table_is_copied_unless_nobody_can_write_to_it():
    given = SOME.copy()
    table = as_table("t", given)
    given[0, 0] = -1.0
    assert table[0, 0] == 0.0
    assert not np.shares_memory(as_table("t", read_only(given)), given)  # `given` can still be written to
    given.flags.writeable = False
    assert np.shares_memory(as_table("t", read_only(given)), given)
    assert as_table("t", table) is table
    part = as_table("t", table[:, ::2])  # a view of a table is no table: compiled code knows no steps
    assert part.flags.c_contiguous
    assert np.array_equal(part, np.asarray(table)[:, ::2])
    swapped = as_table("t", np.asfortranarray(SOME).astype(">f8"))
    assert swapped.flags.c_contiguous
    assert swapped.sha256 == as_table("t", SOME).sha256


def test_the_hash_is_of_type_shape_and_bytes():
    hashes = [as_table("t", each).sha256 for each in (SOME, SOME.reshape(4, 3), SOME.view(np.int64), SOME + 1e-13)]
    assert len(set(hashes)) == 4


def test_a_table_travels_without_a_copy():
    buffers = []
    table = as_table("t", SOME)
    data = pickle.dumps({"t": table}, protocol=5, buffer_callback=buffers.append)
    again = pickle.loads(data, buffers=buffers)["t"]
    assert np.shares_memory(again, table)
    assert isinstance(again, Table)
    assert not again.flags.writeable


def test_masked_elements_are_refused():
    masked = np.ma.masked_invalid([1.0, np.nan, 3.0])
    with pytest.raises(KernelError, match=r"table 't' is a masked array, .* as \.filled\(np\.nan\) does"):
        as_table("t", masked)
    assert np.isnan(as_table("t", masked.filled(np.nan))[1])
    assert list(as_table("t", np.ma.array([1.0, 2.0]))) == [1.0, 2.0]


def test_a_mapped_file_that_is_written_to_later_is_told(tmp_path):
    np.save(tmp_path / "t.npy", np.arange(1000.0))
    table = as_table("t", np.load(tmp_path / "t.npy", mmap_mode="r"))
    digest = table.sha256
    assert table.sha256 == digest
    other = np.load(tmp_path / "t.npy", mmap_mode="r+")
    other[7] = -1.0
    other.flush()
    os.utime(tmp_path / "t.npy", ns=(1, 1))  # clocks of file systems are coarse
    with pytest.raises(KernelError, match=r"t\.npy' of a table was written to after it was read"):
        _ = table.sha256


def test_a_mapped_file_that_another_takes_the_place_of_stays_what_it_was(tmp_path):
    np.save(tmp_path / "t.npy", np.arange(10.0))
    np.save(tmp_path / "other.npy", np.zeros(10))
    table = as_table("t", np.load(tmp_path / "t.npy", mmap_mode="r"))
    digest = table.sha256
    (tmp_path / "other.npy").rename(tmp_path / "t.npy")
    assert (table.sha256, table[9]) == (digest, 9.0)
