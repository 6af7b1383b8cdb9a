"""Which operation a request is for."""

from __future__ import annotations

import pytest

from sweep.serve.wire.messages import Asked
from sweep.serve.wire.model import service
from sweep.serve.wire.routing import Lost, Route, route
from sweep.serve.wire.words import UnreadableError

FORM = ("content-type", "application/x-www-form-urlencoded; charset=utf-8")


def test_every_operation_of_batch_has_its_path():
    for name, operation in service("batch").operations.items():
        http = operation.model.http
        found = route(Asked(http["method"], http["requestUri"].replace("{resourceArn}", "arn%3Aa%2Fb")))
        assert isinstance(found, Route)
        assert found.operation.name == name
        assert found.labels == ({"resourceArn": "arn:a/b"} if "{" in http["requestUri"] else {})


def test_logs_goes_by_a_header():
    found = route(Asked("POST", "/", headers=(("x-amz-target", "Logs_20140328.GetLogEvents"),)))
    assert isinstance(found, Route)
    assert found.operation.name == "GetLogEvents"


def test_sts_goes_by_a_form():
    found = route(Asked("POST", "/", headers=(FORM,), body=b"Version=2011-06-15&Action=GetCallerIdentity"))
    assert isinstance(found, Route)
    assert found.operation.name == "GetCallerIdentity"


@pytest.mark.parametrize(
    ("asked", "service_name"),
    [
        (Asked("POST", "/"), "batch"),
        (Asked("GET", "/"), "batch"),
        (Asked("GET", "/favicon.ico"), "batch"),
        (Asked("POST", "/v1/submitjob/"), "batch"),
        (Asked("POST", "/V1/submitjob"), "batch"),
        (Asked("POST", "//v1/submitjob"), "batch"),
        (Asked("GET", "/v1/tags/"), "batch"),
        (Asked("GET", "/v1/tags/a/b"), "batch"),
        (Asked("POST", "http://elsewhere/v1/submitjob"), "batch"),
        (Asked("POST", "/", headers=(("x-amz-target", "Logs_20140328.NoSuch"),)), "logs"),
        (Asked("POST", "/", headers=(("x-amz-target", "DynamoDB_20120810.ListTables"),)), "logs"),
        (Asked("POST", "/", headers=(FORM,), body=b"Action=NoSuch&Version=2011-06-15"), "sts"),
        (Asked("POST", "/", headers=(FORM,), body=b"Action=GetCallerIdentity&Version=1999-01-01"), "sts"),
        (Asked("POST", "/", headers=(FORM,)), "sts"),
    ],
)
def test_what_is_for_no_operation_is_lost(asked, service_name):
    found = route(asked)
    assert isinstance(found, Lost)
    assert (found.service, found.methods) == (service_name, ())


def test_another_method_is_told_which_there_are():
    found = route(Asked("PUT", "/v1/tags/x"))
    assert isinstance(found, Lost)
    assert sorted(found.methods) == ["DELETE", "GET", "POST"]


def test_a_path_that_is_not_utf_8_cannot_be_read():
    with pytest.raises(UnreadableError):
        route(Asked("GET", "/v1/tags/%FF"))
