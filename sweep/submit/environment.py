"""What children are told of where things are: the region, and the endpoint of the store, if these are not AWS's own defaults."""

from __future__ import annotations

import os

__all__ = ["environment_of"]


def environment_of(region: str | None) -> dict[str, str]:
    """Return environment variables for children; never credentials, which their role gives them."""
    found: dict[str, str] = {}
    region = region or os.environ.get("AWS_DEFAULT_REGION") or os.environ.get("AWS_REGION")
    if region:
        found["AWS_DEFAULT_REGION"] = region
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        found["AWS_ENDPOINT_URL_S3"] = endpoint
    return found
