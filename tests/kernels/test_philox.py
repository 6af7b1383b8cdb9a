from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sweep_kernels.native import compiled
from sweep_kernels.philox import philox4x32

GOLDEN = Path(__file__).parents[1] / "golden" / "philox4x32_10.txt"
LINES = [line.split() for line in GOLDEN.read_text().splitlines() if not line.startswith("#")]
ANSWERS = [([int(word, 16) for word in line[:6]], [int(word, 16) for word in line[6:]]) for line in LINES]


@pytest.mark.parametrize(("given", "expected"), ANSWERS)
def test_known_answers_in_plain_python(given, expected):
    assert list(philox4x32(*given)) == expected


@pytest.mark.parametrize(("given", "expected"), ANSWERS)
def test_known_answers_compiled(given, expected):
    assert list(compiled(philox4x32)(*given)) == expected


def test_known_answers_on_arrays():
    given = np.array([given for given, _ in ANSWERS], dtype=np.uint64).T
    found = np.array(philox4x32(*given)).T
    assert found.tolist() == [expected for _, expected in ANSWERS]
