"""Prices as AWS tells them: on demand from its price list, spot from the last of the spot price history."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

from sweep.errors import UsageError, nearest
from sweep.forecast.prices import Instance, Prices

__all__ = ["PriceTroubleError", "aws_prices", "has_credentials"]

ENDPOINTS = ("us-east-1", "eu-central-1", "ap-south-1")
"""Regions where the price list answers, for all regions."""

SOURCE = "AWS Price List API and spot price history, Linux, shared tenancy"

MOST_SAID = 200
"""Characters of an error."""


class PriceTroubleError(Exception):
    """AWS could not be asked; the message says why."""


def has_credentials() -> bool:
    """Tell whether the standard places hold credentials of AWS."""
    import boto3
    from botocore.exceptions import BotoCoreError

    try:
        return boto3.Session().get_credentials() is not None
    except BotoCoreError:
        return False


def aws_prices(types: tuple[str, ...], region: str) -> Prices:
    """Ask AWS what instance types cost in a region now.

    Raises
    ------
    UsageError
        If there is no such region, or AWS lists no price of a type there.
    PriceTroubleError
        If AWS does not answer, or refuses to.
    """
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    session = boto3.Session()
    known = session.get_available_regions("ec2")
    if region not in known:
        raise UsageError(f"--region {region!r}: AWS has no such region: {nearest(region, known)}")
    config = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 3})
    at = region if region in ENDPOINTS else ENDPOINTS[0]
    try:
        products = session.client("pricing", region_name=at, config=config)
        spot = session.client("ec2", region_name=region, config=config)
        instances = tuple(_instance(products, spot, each, region) for each in types)
    except (BotoCoreError, ClientError) as error:
        raise PriceTroubleError(_short(error)) from None
    except (KeyError, ValueError, TypeError):
        raise PriceTroubleError("what answered is no price service") from None
    return Prices(region, SOURCE, dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"), instances)


def _short(error: Exception) -> str:
    """Say an error in a short line; of a page that a proxy answers with, that it is one."""
    response = getattr(error, "response", None) or {}
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    said = " ".join(str(error).split())
    if re.search(r"<!doctype|<html|<head|<body|<\?xml", said, re.IGNORECASE):
        return f"a page came instead of prices{f', with HTTP status {status}' if status else ''}"
    return said if len(said) <= MOST_SAID else f"{said[:MOST_SAID]}..."


def _instance(products: Any, spot: Any, name: str, region: str) -> Instance:
    vcpus, on_demand = _on_demand(products, name, region)
    price, zone = _spot(spot, name)
    return Instance(name, vcpus, on_demand, price, zone)


def _on_demand(client: Any, name: str, region: str) -> tuple[int, float]:
    wanted = {
        "instanceType": name,
        "regionCode": region,
        "operatingSystem": "Linux",
        "tenancy": "Shared",
        "preInstalledSw": "NA",
        "capacitystatus": "Used",
        "marketoption": "OnDemand",
    }
    filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in wanted.items()]
    answer = client.get_paginator("get_products").paginate(
        ServiceCode="AmazonEC2", FormatVersion="aws_v1", Filters=filters
    )
    for page in answer:
        for text in page["PriceList"]:
            found = _hourly(json.loads(text))
            if found is not None:
                return found
    raise UsageError(f"instance type {name!r}: AWS lists no price on demand of it in {region}")


def _hourly(product: dict[str, Any]) -> tuple[int, float] | None:
    """Read vCPUs and dollars an hour of a product; None if it is not sold so."""
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        for dimension in term.get("priceDimensions", {}).values():
            dollars = float(dimension.get("pricePerUnit", {}).get("USD", 0.0))
            if dimension.get("unit") == "Hrs" and dollars > 0.0:
                return int(product["product"]["attributes"]["vcpu"]), dollars
    return None


def _spot(client: Any, name: str) -> tuple[float | None, str]:
    """Return the lowest of the zones' present prices, and its zone."""
    now = dt.datetime.now(dt.UTC)
    pages = client.get_paginator("describe_spot_price_history").paginate(
        InstanceTypes=[name], ProductDescriptions=["Linux/UNIX"], StartTime=now, EndTime=now
    )
    latest: dict[str, tuple[Any, float]] = {}
    for each in (each for page in pages for each in page["SpotPriceHistory"]):
        told = (each["Timestamp"], float(each["SpotPrice"]))
        latest[each["AvailabilityZone"]] = max(latest.get(each["AvailabilityZone"], told), told)
    if not latest:
        return None, ""
    zone = min(latest, key=lambda where: latest[where][1])
    return latest[zone][1], zone
