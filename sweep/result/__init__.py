"""The result of a sweep: one row a point, for people, notebooks and other libraries."""

from __future__ import annotations

from sweep.result.estimate import Estimate, Histogram
from sweep.result.opening import open_result
from sweep.result.result import Result
from sweep.result.text import FORMATS, format_table

__all__ = ["FORMATS", "Estimate", "Histogram", "Result", "format_table", "open_result"]
