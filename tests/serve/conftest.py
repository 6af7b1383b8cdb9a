"""One endpoint, as a process, for all tests that only ask."""

from __future__ import annotations

import pytest

from tests.serve.processes import serving


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("serve") / "engine") as made:
        yield made
