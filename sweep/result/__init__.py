"""The result of a sweep: one row a point, for people, notebooks and other libraries."""

from __future__ import annotations

from sweep.result.opening import open_result
from sweep.result.result import Result
from sweep.result.text import FORMATS, format_table

__all__ = ["FORMATS", "Result", "format_table", "open_result"]
