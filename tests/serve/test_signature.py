"""Requests signed by botocore are taken; with anything changed in them they are not."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sweep.serve.keys import KeyPair
from sweep.serve.refusal import RefusedError
from sweep.serve.signature import Verifier
from sweep.serve.wire.messages import Asked

KEYS = KeyPair("SWEEPABCDEFGHIJKLMNO", "secret+/with=signs")
BODY = b'{"jobName":"a","jobQueue":"q","jobDefinition":"d"}'
URL = "http://127.0.0.1:8642/v1/submitjob"
MINUTE = 60


def signed(
    url=URL,
    body=BODY,
    method="POST",
    service="batch",
    region="us-east-1",
    keys=KEYS,
    token=None,
    headers=None,
    auth=SigV4Auth,
):
    request = AWSRequest(method, url, {"Content-Type": "application/json", **(headers or {})}, body)
    auth(Credentials(keys.access, keys.secret, token), service, region).add_auth(request)
    sent = request.prepare()
    _, _, rest = sent.url.partition("//")
    host, slash, target = rest.partition("/")
    path, _, query = f"{slash}{target}".partition("?")
    there = {name.lower(): text.decode() if isinstance(text, bytes) else text for name, text in sent.headers.items()}
    return Asked(method, path, query, tuple({"host": host, **there}.items()), body or b"")


def changed(asked, **changes):
    fields = {name: getattr(asked, name) for name in ("method", "path", "query", "headers", "body", "encrypted")}
    return Asked(**{**fields, **changes})


def with_header(asked, name, value):
    kept = [(each, text) for each, text in asked.headers if each != name]
    return changed(asked, headers=tuple(kept if value is None else [*kept, (name, value)]))


def verifier(minutes=0.0):
    now = datetime.now(UTC).timestamp()
    return Verifier(KEYS, "us-east-1", clock=lambda: now + minutes * MINUTE)


def refusal(asked, service="batch", minutes=0.0):
    with pytest.raises(RefusedError) as caught:
        verifier(minutes)(asked, service)
    assert caught.value.status == 403
    assert KEYS.secret not in caught.value.message
    return caught.value


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("POST", URL, BODY),
        ("POST", URL, b""),
        ("POST", URL, bytes(range(256))),
        ("GET", "http://localhost:1/v1/tags/arn%3Aaws%3Abatch%3Aus-east-1%3A123456789012%3Ajob-queue%2Fa", b""),
        ("DELETE", "http://localhost:1/v1/tags/arn%3Ax?tagKeys=b&tagKeys=a&tagKeys=%C3%A9%20%2B%2F", b""),
        ("GET", "http://localhost:1/v1/tags/a~b-c_d.e?z=1&Z=2&a=&a=1&aa=0", b""),
        ("GET", "http://localhost:1/v1/tags/%E4%B8%AD/../x/./y//z/", b""),
        ("GET", "http://localhost:1/", b""),
        ("GET", "http://localhost:1/..", b""),
        ("POST", "http://[::1]:8642/", b"Action=GetCallerIdentity&Version=2011-06-15"),
    ],
)
def test_what_botocore_signs_is_taken(method, url, body):
    verifier()(signed(url, body, method), "batch")


def test_headers_are_taken_however_they_are_spaced_and_in_whatever_language():
    verifier()(signed(headers={"x-amz-note": "  two   spaces  ", "x-amz-other": "a"}), "batch")


def test_a_session_token_is_signed_too_and_otherwise_ignored():
    asked = signed(token="a token")
    verifier()(asked, "batch")
    refusal(with_header(asked, "x-amz-security-token", "another"))


def flipped(text, place):
    return text[:place] + ("1" if text[place] != "1" else "2") + text[place + 1 :]


def authorization(asked):
    return asked.header("authorization")


def tampered():
    asked = signed("http://127.0.0.1:8642/v1/tags/arn?tagKeys=a&tagKeys=b")
    yield "method", changed(asked, method="DELETE")
    yield from ((f"path {n}", changed(asked, path=flipped(asked.path, n))) for n in range(1, len(asked.path)))
    yield from ((f"query {n}", changed(asked, query=flipped(asked.query, n))) for n in range(len(asked.query)))
    yield "query more", changed(asked, query=f"{asked.query}&x=1")
    yield "query less", changed(asked, query="tagKeys=a")
    for n in range(len(BODY)):
        yield f"body {n}", changed(asked, body=BODY[:n] + bytes([BODY[n] ^ 1]) + BODY[n + 1 :])
    yield "body more", changed(asked, body=BODY + b" ")
    yield "body gone", changed(asked, body=b"")
    for name, value in asked.headers:
        if name in {"host", "x-amz-date", "content-type"}:
            yield from ((f"{name} {n}", with_header(asked, name, flipped(value, n))) for n in range(len(value)))
            yield f"{name} gone", with_header(asked, name, None)
            yield f"{name} twice", changed(asked, headers=(*asked.headers, (name, value)))
    yield "x-amz-target", with_header(asked, "x-amz-target", "Logs_20140328.GetLogEvents")
    yield "x-amz-security-token", with_header(asked, "x-amz-security-token", "t")
    given = authorization(asked)
    yield from (
        (f"authorization {n}", with_header(asked, "authorization", flipped(given, n))) for n in range(len(given))
    )
    yield "authorization twice", changed(asked, headers=(*asked.headers, ("authorization", given)))
    yield "authorization cut", with_header(asked, "authorization", given[:-1])
    yield "authorization longer", with_header(asked, "authorization", f"{given}0")
    yield "authorization not ascii", with_header(asked, "authorization", f"{given[:-1]}\u00e9")


def test_a_request_of_which_one_byte_is_changed_is_refused():
    seen = 0
    for what, asked in tampered():
        seen += 1
        with pytest.raises(RefusedError) as caught:
            verifier()(asked, "batch")
        assert caught.value.status == 403, what
    assert seen > 340


def test_who_signs_nothing_is_told_so():
    assert refusal(with_header(signed(), "authorization", None)).code == "MissingAuthenticationTokenException"


def test_a_key_that_is_not_ours_is_refused():
    assert refusal(signed(keys=KeyPair("AKIAIOSFODNN7EXAMPLE", KEYS.secret))).code == "UnrecognizedClientException"


def test_a_wrong_secret_is_refused():
    refused = refusal(signed(keys=KeyPair(KEYS.access, "another")))
    assert refused.code == "InvalidSignatureException"
    assert "does not match the signature you provided" in refused.message


def test_another_service_or_region_is_refused_and_named():
    assert "'batch', not 's3'" in refusal(signed(service="s3")).message
    assert "'us-east-1', not 'eu-west-1'" in refusal(signed(region="eu-west-1")).message


def test_requests_to_sts_may_be_signed_for_its_first_region():
    Verifier(KEYS, "eu-west-1")(signed(service="sts"), "sts")
    with pytest.raises(RefusedError, match="valid region"):
        Verifier(KEYS, "eu-west-1")(signed(service="batch"), "batch")


@pytest.mark.parametrize("minutes", [-14.9, 14.9])
def test_clocks_may_differ_by_a_quarter_of_an_hour(minutes):
    verifier(minutes)(signed(), "batch")


def test_a_signature_expires_and_is_not_taken_ahead_of_its_time():
    assert "Signature expired" in refusal(signed(), minutes=15.1).message
    assert "Signature not yet current" in refusal(signed(), minutes=-15.1).message


def test_the_hash_of_the_body_is_checked_where_it_is_told():
    told = hashlib.sha256(BODY).hexdigest()
    verifier()(signed(headers={"X-Amz-Content-SHA256": told}), "batch")
    refusal(changed(signed(headers={"X-Amz-Content-SHA256": told}), body=b"{}"))


def test_an_unsigned_body_is_taken_over_tls_alone():
    asked = signed(headers={"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})
    assert "sign the body" in refusal(asked).message
    verifier()(changed(asked, encrypted=True), "batch")
    assert (
        "sign the body"
        in refusal(signed(headers={"X-Amz-Content-SHA256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"})).message
    )


def test_a_header_of_awss_that_is_not_signed_is_refused():
    assert "'x-amz-target' must be a 'SignedHeader'" in refusal(with_header(signed(), "x-amz-target", "a.b")).message
    verifier()(with_header(signed(), "x-amz-user-agent", "a browser's"), "batch")


@pytest.mark.parametrize(
    "given",
    [
        "",
        "Bearer abc",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=b",
        "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/batch/aws5_request, SignedHeaders=host, Signature=b",
        "AWS4-ECDSA-P256-SHA256 Credential=a/20260101/batch/aws4_request, SignedHeaders=host, Signature=b",
    ],
)
def test_what_is_no_signature_is_refused(given):
    assert refusal(with_header(signed(), "authorization", given)).code == "IncompleteSignatureException"


def test_a_signature_in_the_query_is_refused_with_the_reason():
    asked = signed(method="GET", body=b"", auth=SigV4QueryAuth)
    assert "not taken here" in refusal(with_header(asked, "authorization", None)).message


@pytest.mark.parametrize("date", ["", "yesterday", "20260101", "2026-01-01T00:00:00Z", "20261301T000000Z"])
def test_a_date_that_is_none_is_refused(date):
    assert refusal(with_header(signed(), "x-amz-date", date)).code == "IncompleteSignatureException"


def test_the_date_of_http_is_taken_in_the_place_of_amazons():
    when = datetime.now(UTC)
    asked = signed_by_hand({"host": "localhost", "date": f"{when:%a, %d %b %Y %H:%M:%S GMT}"}, when)
    verifier()(asked, "batch")
    refusal(with_header(asked, "date", "Thu, 01 Jan 1970 00:00:00 GMT"))


def test_a_scope_of_another_day_is_refused_though_it_is_signed_right():
    when = datetime.now(UTC)
    headers = {"host": "localhost", "x-amz-date": f"{when:%Y%m%dT%H%M%SZ}"}
    verifier()(signed_by_hand(headers, when), "batch")
    assert "Date in Credential scope does not match" in refusal(signed_by_hand(headers, when, day="20200101")).message


def signed_by_hand(headers, when, day=None):
    """Sign as the public description says, step by step, without botocore and without our own code."""
    import hmac

    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    request = f"POST\n/v1/listjobs\n\n{lines}\n{names}\n{hashlib.sha256(b'{}').hexdigest()}"
    scope = f"{day or format(when, '%Y%m%d')}/us-east-1/batch/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{when:%Y%m%dT%H%M%SZ}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{KEYS.secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    given = f"AWS4-HMAC-SHA256 Credential={KEYS.access}/{scope},SignedHeaders={names},Signature={signature}"
    return Asked("POST", "/v1/listjobs", "", (*headers.items(), ("authorization", given)), b"{}")


@pytest.mark.parametrize("part", ["20", "us-east-1", "/batch/", "x-amz-date", "Signature="])
def test_a_refusal_does_not_repeat_all_that_it_is_given(part):
    asked = signed()
    said = asked.header("authorization").replace(part, part.rstrip("/") + "x" * 20_000 + "/" * part.endswith("/"), 1)
    assert len(refusal(with_header(asked, "authorization", said)).message) < 400
