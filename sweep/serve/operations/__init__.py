"""Operations by service and name, as botocore spells them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sweep.serve.desk import Desk

__all__ = ["OPERATIONS"]

OPERATIONS: Mapping[str, Mapping[str, Callable[[Desk, dict[str, Any]], dict[str, Any]]]] = {}
