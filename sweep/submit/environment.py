"""What children are told of where things are: the region, and the endpoint of the store, if these are not AWS's own defaults."""

from __future__ import annotations

import os
from contextlib import suppress

__all__ = ["environment_of"]


def environment_of(region: str | None) -> dict[str, str]:
    """Return environment variables for children; never credentials, which their role gives them."""
    found: dict[str, str] = {}
    region = region or os.environ.get("AWS_DEFAULT_REGION") or os.environ.get("AWS_REGION") or _of_profile()
    if region:
        found["AWS_DEFAULT_REGION"] = region
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        found["AWS_ENDPOINT_URL_S3"] = endpoint
    return found


def _of_profile() -> str | None:
    """Return the region that the profile names in AWS's configuration files, which no container has."""
    import boto3
    from botocore.exceptions import BotoCoreError

    with suppress(BotoCoreError):  # a profile that is not there is told when AWS is asked
        return boto3.Session().region_name
    return None
