"""A client of any S3-compatible service, by the standard AWS environment variables and profiles."""

from __future__ import annotations

from typing import Any

from sweep.errors import StoreError

__all__ = ["new_client"]


def new_client() -> Any:
    """Return a client; nothing is asked yet.

    Raises
    ------
    StoreError
        If the environment is wrong.
    """
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    config = Config(
        connect_timeout=5,
        max_pool_connections=32,
        retries={"mode": "standard", "total_max_attempts": 5},
    )
    try:
        session = boto3.Session()
        return session.client("s3", config=config, region_name=session.region_name or "us-east-1")
    except (BotoCoreError, ValueError) as error:
        raise StoreError(f"cannot reach S3: {error}") from None
