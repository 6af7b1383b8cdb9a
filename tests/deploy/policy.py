"""What a policy document of IAM allows, by the operators that ours use.

See AWS, IAM User Guide, "Policy evaluation logic" and "IAM JSON policy elements: Condition operators".
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any

from tests.deploy.reading import as_list


def allows(
    document: dict[str, Any], action: str, resource: str, context: Mapping[str, str] = MappingProxyType({})
) -> bool:
    """Tell whether a request is allowed whose condition keys are those of `context`."""
    asked = [each for each in document["Statement"] if _speaks_of(each, action, resource) and _holds(each, context)]
    assert all(each["Effect"] == "Allow" for each in asked)
    return bool(asked)


def _speaks_of(statement: dict[str, Any], action: str, resource: str) -> bool:
    return action in as_list(statement["Action"]) and any(
        fnmatchcase(resource, each) for each in as_list(statement["Resource"])
    )


def _holds(statement: dict[str, Any], given: Mapping[str, str]) -> bool:
    conditions = statement.get("Condition", {})
    return all(
        OPERATORS[operator](given.get(key), as_list(values))
        for operator, keys in conditions.items()
        for key, values in keys.items()
    )


OPERATORS = {
    "BoolIfExists": lambda found, values: found is None or found in values,
    "Null": lambda found, values: (found is None) == (values == ["true"]),
    "StringEquals": lambda found, values: found in values,
    "StringLikeIfExists": lambda found, values: found is None or any(fnmatchcase(found, each) for each in values),
}
