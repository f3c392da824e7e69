"""Who may check a draft for a case or ask for an exception in it."""

from datetime import UTC, datetime
from itertools import product

import pytest

from bot.case import Case, may_handle, may_help
from bot.message import Role

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def case(agent: str | None) -> Case:
    """A case that this agent handles."""
    return Case(workspace="T1", id="c", customer_id=None, channel="C1", thread_ts="1.0", agent=agent, opened_at=NOW)


EVERY_WAY = list(product([None, "UME", "UOTHER"], [False, True], [False, True]))


@pytest.mark.parametrize(("agent", "advised", "in_channel"), EVERY_WAY)
@pytest.mark.parametrize("role", list(Role))
def test_who_handles_it_a_peer_in_its_channel_and_the_supervisors(
    role: Role,
    agent: str | None,
    advised: bool,  # noqa: FBT001 - every combination
    in_channel: bool,  # noqa: FBT001 - the same
) -> None:
    """R35: a peer who reads along may help; sales and engineers write no answers; whoever may see the case may help."""
    may = may_help(case(agent), "UME", role, advised=advised, in_channel=in_channel)
    expected = {
        Role.SUPERVISOR: True,
        Role.AGENT: agent in {None, "UME"} or advised or in_channel,
    }
    assert may is expected.get(role, False)
    assert may or not may_handle(case(agent), "UME", role, advised=advised)
