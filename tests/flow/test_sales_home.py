"""A salesperson's Home: their opportunities and what anybody may take; nobody else reads of any."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.sales import CHANNEL, LostReason, Opportunity, OpportunityState
from bot.settings import Settings
from bot.setup import RoleSource
from storage import opportunities
from tests.flow.conftest import AGENT, CUSTOMER, SALES, SETUP, SUCCESSOR, SUPERVISOR, WORKSPACE
from tests.flow.without_slack import Desk, desk
from tests.sandbox.stage import Stage

MANAGER = "U0LIWEN"


@pytest.fixture
async def at(stage: Stage, settings: Settings) -> AsyncIterator[Desk]:
    """A desk with a sales manager."""
    async with desk(stage, settings) as made:
        made.set_up(SETUP.model_copy(update={"sales_managers": RoleSource(users=(MANAGER,))}))
        yield made


def known(at: Desk, name: str, told: str, state: OpportunityState = OpportunityState.ASKED) -> None:
    """An opportunity that somebody was told of."""
    settled = {"settled_by": told, "settled_at": at.clock.moment} if state is OpportunityState.LOST else {}
    opportunity = Opportunity(
        workspace=WORKSPACE,
        id=name,
        case_id=at.case(agent=AGENT).id,
        customer_id="C-1",
        state=state,
        reasons=("reports_fault",),
        opened_at=at.clock.moment,
        told=(told,),
        due_at=at.clock.moment + timedelta(hours=2),
        lost_reason=LostReason.PRICE if settled else None,
        **settled,
    )
    with at.services.casebook.begin() as connection:
        assert opportunities.write(connection, opportunity)


async def test_everybody_in_sales_sees_theirs_and_what_is_free_and_the_manager_all(at: Desk) -> None:
    """Somebody else's opportunity is on neither list of a salesperson; one nobody was told of is on none."""
    known(at, "o-mine", SALES)
    known(at, "o-theirs", SUCCESSOR)
    known(at, "o-free", CHANNEL)
    known(at, "o-open", SALES, OpportunityState.OPEN)
    lists = {user: {name for name in ("o-mine", "o-theirs", "o-free", "o-open") if name in await at.home(user)}
             for user in (SALES, SUCCESSOR, MANAGER)}  # fmt: skip
    assert lists == {
        SALES: {"o-mine", "o-free"},
        SUCCESSOR: {"o-theirs", "o-free"},
        MANAGER: {"o-mine", "o-theirs", "o-free"},
    }


@pytest.mark.parametrize("user", [AGENT, SUPERVISOR, CUSTOMER])
async def test_nobody_else_reads_of_opportunities(at: Desk, user: str) -> None:
    """Neither the list, nor the renewals, nor what was won."""
    known(at, "o-mine", SALES)
    known(at, "o-free", CHANNEL)
    home = await at.home(user)
    assert not any(each in home for each in ("o-mine", "o-free", "sales_"))


async def test_what_was_settled_counts_for_whoever_settled_it(at: Desk) -> None:
    """One lost for its price, told to whoever closed it and to no other salesperson."""
    known(at, "o-lost", SALES, OpportunityState.LOST)
    with at.services.casebook.look() as connection:
        mine = opportunities.settled_by(connection, WORKSPACE, SALES, since=at.clock.now - 3600)
        theirs = opportunities.settled_by(connection, WORKSPACE, SUCCESSOR, since=at.clock.now - 3600)
        later = opportunities.settled_by(connection, WORKSPACE, SALES, since=at.clock.now + 3600)
    assert (mine.won, mine.value, mine.lost) == (0, {}, {LostReason.PRICE: 1})
    assert (theirs.lost, later.lost) == ({}, {})
