"""Who asks."""

from __future__ import annotations


def test_the_account_is_told(empty):
    assert empty("sts", "GetCallerIdentity") == {
        "UserId": "111122223333",
        "Account": "111122223333",
        "Arn": "arn:aws:iam::111122223333:root",
    }
