from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest

from sweep.errors import CorruptError
from sweep.work.parquet import TableWriter, decode, encode


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(1)
    return pa.table(
        {
            "i": np.arange(1000),
            "x": rng.normal(size=1000),
            "flag": rng.random(1000) > 0.5,
            "word": pa.array([f"é{i % 7}" for i in range(1000)]),
        }
    )


def test_what_is_written_is_read(table):
    data = encode(table, {b"sweep.kinds": b"[1]"})
    assert decode(data, "t").equals(table)
    assert decode(data, "t").schema.metadata[b"sweep.kinds"] == b"[1]"


def test_the_same_table_gives_the_same_bytes(table):
    again = pa.concat_tables([table.slice(0, 500), table.slice(500)])  # other buffers, same values
    assert encode(table) == encode(again)


def test_no_flipped_bit_is_ever_read_as_data(table):
    """A flip is either harmless (padding, statistics that nobody reads) or refused: never another value."""
    data = encode(table, {b"sweep.kinds": b"[1]"})
    chance = random.Random(7)
    refused = 0
    for _ in range(1500):
        at = chance.randrange(len(data) * 8)
        damaged = bytearray(data)
        damaged[at // 8] ^= 1 << at % 8
        try:
            read = decode(bytes(damaged), "t")
        except CorruptError:
            refused += 1
        else:
            assert read.equals(table)
    assert refused > 1200


def test_every_truncation_is_refused(table):
    data = encode(table)
    for length in range(0, len(data), 61):
        with pytest.raises(CorruptError, match="t is damaged"):
            decode(data[:length], "t")


def test_a_foreign_parquet_file_is_refused(table, tmp_path):
    import pyarrow.parquet as pq

    pq.write_table(table, tmp_path / "x.parquet")
    with pytest.raises(CorruptError, match="not those that were written"):
        decode((tmp_path / "x.parquet").read_bytes(), "x.parquet")


def test_pieces_become_row_groups(table, tmp_path):
    import pyarrow.parquet as pq

    writer = TableWriter(tmp_path / "t.parquet", table.schema, {b"sweep.plan": b"{}"})
    for start in range(0, 1000, 300):
        writer.write(table.slice(start, 300))
    writer.close({b"sweep.nonfinite": b"{}"})
    assert decode((tmp_path / "t.parquet").read_bytes(), "t").equals(table)
    assert pq.ParquetFile(tmp_path / "t.parquet").num_row_groups == 4
