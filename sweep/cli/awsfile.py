"""A file for AWS Batch's RegisterJobDefinition, held to the shapes that AWS's own tools hold it to."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from sweep.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_definition"]

_OURS = "function"
"""A member of containerProperties that AWS does not have."""


def read_definition(file: Path, name: str) -> dict[str, Any]:
    """Read a job definition as AWS takes it.

    Parameters
    ----------
    file
        JSON.
    name
        Of the definition; it may be missing in the file, and must not be another there.

    Raises
    ------
    UsageError
        If the file cannot be read, or has a member that AWS does not know, or one of another type.
    """
    told = _read(file)
    if told.setdefault("jobDefinitionName", name) != name:
        raise UsageError(f"{file} is for the definition {told['jobDefinitionName']!r}, not {name!r}")
    kind = "container" if "nodeProperties" not in told else "multinode"
    if told.setdefault("type", kind) != kind:
        raise UsageError(f"{file}: type {told['type']!r} does not fit what is in it, a definition of type {kind!r}")
    _check(file, told)
    return told


def _read(file: Path) -> dict[str, Any]:
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{file} is not JSON: {error}") from None
    if not isinstance(told, dict):
        raise UsageError(f"{file} holds no JSON object")
    return told


def _check(file: Path, told: dict[str, Any]) -> None:
    from botocore.loaders import Loader  # type: ignore[import-untyped]
    from botocore.model import ServiceModel  # type: ignore[import-untyped]
    from botocore.validate import ParamValidator  # type: ignore[import-untyped]

    plain = copy.deepcopy(told)
    if isinstance(plain.get("containerProperties"), dict):
        plain["containerProperties"].pop(_OURS, None)
    model: Any = ServiceModel(Loader().load_service_model("batch", "service-2"), "batch")
    shape = model.operation_model("RegisterJobDefinition").input_shape
    report = ParamValidator().validate(plain, shape)
    if report.has_errors():
        first = report.generate_report().splitlines()[0]
        raise UsageError(f"{file}: {first[:1].lower()}{first[1:].replace(', must be one of:', '; known are')}")
