"""The judges start fresh for each test; where one cannot run, its tests are skipped with the reason."""

import contextlib
from collections.abc import Iterator

import pytest

from tests.judges.local_slack import LocalSlack, running
from tests.judges.npm import OutOfReach


@pytest.fixture
def slack(request: pytest.FixtureRequest) -> Iterator[LocalSlack]:
    """A stand-in for Slack that nobody here wrote; with `http` as its parameter it calls the bot over HTTP."""
    with contextlib.ExitStack() as stack:
        try:
            slack = stack.enter_context(running(http=getattr(request, "param", "") == "http"))
        except OutOfReach as reason:
            pytest.skip(str(reason))
        yield slack
