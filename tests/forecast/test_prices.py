"""Prices: from files, and from AWS's two services over HTTP."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sweep.errors import UsageError
from sweep.forecast.aws import PriceTroubleError, aws_prices, has_credentials
from sweep.forecast.money import bills, requests_cost
from sweep.forecast.prices import Instance, Prices, read_prices
from sweep.forecast.requests import Requests
from sweep.forecast.schedule import Schedule

GIVEN = {
    "source": "a test",
    "date": "2026-11-01",
    "region": "us-east-1",
    "instances": {"c5.large": {"vcpus": 2, "on_demand": 0.5, "spot": 0.25}, "m5.xlarge": {"vcpus": 4, "on_demand": 2}},
    "s3": {"put_per_1000": 0.5, "get_per_1000": 0.25},
}

TOML = """
source = "a test"
date = 2026-11-01
region = "us-east-1"
[instances."c5.large"]
vcpus = 2
on_demand = 0.5
spot = 0.25
[instances."m5.xlarge"]
vcpus = 4
on_demand = 2
[s3]
put_per_1000 = 0.5
get_per_1000 = 0.25
"""


def test_json_and_toml_say_the_same(tmp_path):
    (tmp_path / "p.json").write_text(json.dumps(GIVEN))
    (tmp_path / "p.toml").write_text(TOML)
    found = read_prices(tmp_path / "p.json", (), None)
    assert found == read_prices(tmp_path / "p.toml", (), None)
    assert found.instances == (Instance("c5.large", 2, 0.5, 0.25), Instance("m5.xlarge", 4, 2.0, None))
    assert (found.put, found.get, found.storage) == (0.5, 0.25, None)
    assert [each.name for each in read_prices(tmp_path / "p.json", ("m5.xlarge",), "us-east-1").instances] == [
        "m5.xlarge"
    ]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["source"], None, "has no member 'source'|have no member 'source'|'source'"),
        (["instances", "c5.large", "vcpus"], None, "'c5.large' has no member 'vcpus'"),
        (["instances", "c5.large", "vcpus"], 1.5, "vcpus=1.5 is not a whole number"),
        (["instances", "c5.large", "on_demand"], "much", "on_demand='much' is not an amount"),
        (["instances", "c5.large", "spot"], -1, "spot=-1 is not an amount"),
        (["instances", "c5.large"], 3, "'c5.large' is 3, where a table is expected"),
        (["s3", "put_per_1000"], True, "put_per_1000=True is not an amount"),
    ],
)
def test_what_a_file_lacks_is_named(tmp_path, path, value, message):
    fields = json.loads(json.dumps(GIVEN))
    place = fields
    for name in path[:-1]:
        place = place[name]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    (tmp_path / "p.json").write_text(json.dumps(fields))
    with pytest.raises(UsageError, match=message):
        read_prices(tmp_path / "p.json", (), None)


def test_another_type_or_region_is_refused(tmp_path):
    (tmp_path / "p.json").write_text(json.dumps(GIVEN))
    with pytest.raises(UsageError, match=r"no instance type 'c5.larg': did you mean 'c5.large'\?"):
        read_prices(tmp_path / "p.json", ("c5.larg",), None)
    with pytest.raises(UsageError, match="of region 'us-east-1', asked for 'eu-west-1'"):
        read_prices(tmp_path / "p.json", (), "eu-west-1")


@pytest.mark.parametrize(("name", "text"), [("p.json", "{"), ("p.toml", "= 3"), ("p.json", "[]")])
def test_a_file_that_is_none_is_refused(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=f"{name}'"):
        read_prices(tmp_path / name, (), None)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="No such file"):
        read_prices(tmp_path / "none.toml", (), None)


def test_a_bill_is_of_whole_machines_until_the_end():
    prices = Prices("r", "s", "d", (Instance("c5.large", 2, 0.5, 0.25), Instance("x", 16, 1.0)), put=0.5, get=0.25)
    run = Schedule(5, 100, 7200.0, 1.0, 1.0, 0.0, 1.0)
    first, second = bills(prices, [run], 0.5, 2.0)
    assert (first.machines, first.hours) == (3, 6.0)
    assert first.on_demand == (3.0, 1.5, 6.0)
    assert first.spot == (1.5, 0.75, 3.0)
    assert (second.machines, second.on_demand, second.spot) == (1, (2.0, 1.0, 4.0), None)
    assert requests_cost(prices, Requests(put=1000, get=2000, list=3000)) == pytest.approx(2.5)
    assert requests_cost(Prices("r", "s", "d", ()), Requests(1, 1, 1)) is None


@pytest.fixture
def aws(s3, monkeypatch):
    """Moto's server for spot prices, and one of our own for the price list, which moto does not have."""
    command = [sys.executable, str(Path(__file__).with_name("pricelist.py"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_PRICING", f"http://127.0.0.1:{server.stdout.readline().strip()}")
        yield
        server.terminate()


def test_aws_tells_both_prices(aws):
    assert has_credentials()
    found = aws_prices(("c5.large", "m5.xlarge"), "us-east-1")
    assert [(each.name, each.vcpus, each.on_demand) for each in found.instances] == [
        ("c5.large", 2, 0.125),
        ("m5.xlarge", 4, 0.5),
    ]
    assert [each.spot for each in found.instances] == [0.00001, 0.00001]  # as moto has it
    assert all(each.note.startswith("us-east-1") for each in found.instances)
    assert found.put is None


def test_aws_knows_no_such_type_or_region(aws):
    with pytest.raises(UsageError, match="'c5.lrge': AWS lists no price on demand of it in us-east-1"):
        aws_prices(("c5.lrge",), "us-east-1")
    with pytest.raises(
        UsageError, match=r"--region 'eu-centrall-1': AWS has no such region: did you mean 'eu-central-1'\?"
    ):
        aws_prices(("c5.large",), "eu-centrall-1")


def test_aws_may_refuse(aws):
    with pytest.raises(PriceTroubleError, match="not allowed to ask"):
        aws_prices(("c5.large",), "eu-west-3")


@pytest.mark.parametrize(
    ("region", "said"),
    [
        ("eu-west-2", "a page came instead of prices, with HTTP status 403"),
        ("eu-north-1", "what answered is no price service"),
    ],
)
def test_a_page_instead_of_prices_is_said_in_a_line(aws, region, said):
    with pytest.raises(PriceTroubleError) as caught:
        aws_prices(("c5.large",), region)
    assert str(caught.value) == said
