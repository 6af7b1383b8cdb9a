"""Pages, tokens and names: what goes out comes back, and nothing else does."""

from __future__ import annotations

import base64
import contextlib

import hypothesis.strategies as st
import pytest
from hypothesis import assume, given

from sweep.serve.desk import Desk
from sweep.serve.operations.arns import DEFINITION, JOB, QUEUE, arn_of, name_in, taken_apart
from sweep.serve.operations.paging import _digest, page, read_token, token_for
from sweep.serve.operations.streams import read_stream, stream_name
from sweep.serve.refusal import RefusedError

NAMES = st.text("abcXYZ019_-", min_size=1, max_size=128)
KEYS = st.one_of(st.integers(), NAMES, st.lists(st.one_of(NAMES, st.integers()), min_size=1, max_size=3))
DESK = Desk(None, None, "eu-central-1", "111122223333")


@given(st.sets(st.integers(), max_size=40), st.integers(1, 50), st.integers(1, 50))
def test_pages_together_are_all_there_is(entries, asked, most):
    left, request, found = sorted(entries), {"maxResults": asked}, []
    while True:
        some, more = page(request, left, int, most)
        assert len(some) <= min(asked, most)
        found += some
        if not more:
            break
        request = request | more
    assert found == left


@given(st.sets(st.integers(0, 100), min_size=2), st.sets(st.integers(0, 100)), st.data())
def test_what_is_added_or_removed_between_pages_shifts_nothing(entries, others, data):
    first, more = page({"maxResults": 1}, sorted(entries), int, 10)
    now = others | (entries - data.draw(st.sets(st.sampled_from(sorted(entries)))))
    rest, _ = page(more, sorted(now), int, 1000)
    assert rest == [each for each in sorted(now) if each > first[0]]


@given(KEYS, st.dictionaries(NAMES, NAMES, max_size=2))
def test_a_token_says_where_the_last_page_ended(key, request):
    assert read_token(request | {"nextToken": token_for(request, key)}) == key
    assert read_token(request | {"nextToken": ""}) is None


@given(KEYS, st.data())
def test_an_altered_token_is_refused(key, data):
    token = token_for({}, key)
    place = data.draw(st.integers(0, len(token)))
    altered = token[:place] + data.draw(st.text(max_size=3)) + token[place + data.draw(st.integers(0, 2)) :]
    assume(altered not in {token, ""})
    with pytest.raises(RefusedError, match="Invalid nextToken"):
        read_token({"nextToken": altered})


@given(KEYS, NAMES)
def test_a_token_is_for_its_request(key, name):
    token = token_for({"jobQueue": name}, key)
    with pytest.raises(RefusedError, match="was not given for this request"):
        read_token({"jobQueue": name + "x", "nextToken": token})
    assert read_token({"jobQueue": name, "maxResults": 3, "nextToken": token}) == key


@given(st.sampled_from([QUEUE, DEFINITION, JOB]), NAMES)
def test_an_arn_is_taken_apart_as_it_was_put_together(kind, name):
    arn = arn_of(DESK, kind, f"{name}:3")
    assert taken_apart(arn) == (kind, f"{name}:3")
    assert name_in(arn, kind) == name_in(f"{name}:3", kind) == f"{name}:3"


@pytest.mark.parametrize("text", ["arn:", "arn:aws:s3:::bucket", "arn:aws:batch:r:a:queue", "", "arn:aws:batch:r:a"])
def test_what_is_no_arn_is_refused(text):
    with pytest.raises(RefusedError, match="Invalid ARN"):
        taken_apart(text)


@given(NAMES, NAMES, st.integers(0, 99_999_999), st.integers(1, 10))
def test_a_log_streams_name_tells_its_attempt_and_is_one_for_cloudwatch(definition, job, index, attempt):
    name = stream_name(f"{definition}:3", job, index, attempt)
    assert read_stream(name) == (job, index, attempt)
    assert not set(name) & set(":*")
    assert 1 <= len(name) <= 512


@pytest.mark.parametrize(
    "made_up",
    [b'"text"', b"[1]", b"{}", b"null", b"true", b"-1", b"1e400", b"NaN", b"9" * 5000, b"[" * 100_000, b"{", b"\xff"],
)
def test_a_token_that_somebody_made_up_names_an_entry_or_is_refused(made_up):
    token = base64.urlsafe_b64encode(_digest({}, made_up) + made_up).decode()
    with contextlib.suppress(RefusedError):
        page({"nextToken": token}, [1, 2], int, 10)
    with contextlib.suppress(RefusedError):
        page({"nextToken": token}, ["a", "b"], str, 10)
