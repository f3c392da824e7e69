"""Sales hears of a case: when it opens an opportunity, when a reason joins it; and who sells."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from bot.case import Case
from bot.customer import CustomerRecord
from bot.decision_table import beside, decide
from bot.entitlement import Entitlement
from bot.message import Role
from bot.sales import (
    CHANNEL,
    Opportunity,
    OpportunityState,
    SalesMove,
    chain,
    in_sales,
    joined,
    keepers,
    opened,
)
from bot.sales_reasons import reasons_to_tell
from bot.setup import Setup
from handlers import people, selling
from handlers.services import Services
from handlers.situation import CaseRecord, Standing, moment
from storage import audit, conversations, ids, opportunities

OURSELVES = "aside"
WITH_SOMEBODY = frozenset({OpportunityState.ASKED, OpportunityState.SNOOZED, OpportunityState.TAKEN})


@dataclass(frozen=True)
class Sellers:
    """Who sells, as it stands now."""

    services: Services
    setup: Setup
    groups: Mapping[str, frozenset[str]]

    async def is_here(self, user: str) -> bool:
        """Whether somebody is one of us, with us and in sales; the channel is, when there is one.

        Raises:
            UnknownForNowError: When Slack could not be asked.
        """
        if user == CHANNEL:
            return self.setup.sales_channel is not None
        if not in_sales(user, self.setup, self.groups):
            return False
        person = await people.look_up(self.services, user)
        return person.active and not person.outsider

    async def above(self, holder: str) -> str | None:
        """The sales manager who hears how somebody's work goes, else the channel; None for nobody."""
        for user in (*chain(None, self.setup, self.groups), CHANNEL):
            if user != holder and await self.is_here(user):
                return user
        return None

    async def keeper(self, record: CustomerRecord | None, *, but_not: Iterable[str] = ()) -> str | None:
        """Whose account it is, if they are here."""
        for user in keepers(record):
            if user not in but_not and await self.is_here(user):
                return user
        return None

    async def first(self, record: CustomerRecord | None, *, but_not: Iterable[str] = ()) -> str | None:
        """Who is told of a customer: the first of the chain who is here, in the end the channel; None for nobody."""
        order = chain(record, self.setup, self.groups)
        passed = frozenset(but_not)
        for user in (*order, CHANNEL):
            if user not in passed and await self.is_here(user):
                return user
        return None


async def sellers(services: Services) -> Sellers:
    """Who sells, by the setup and the user groups as they are now."""
    setup, groups = await people.who_is_who(services)
    return Sellers(services, setup, groups)


def notice(
    services: Services,
    connection: Connection,
    case: Case,
    customer: Standing | None,
    signals: Iterable[str] = (),
    *,
    learnt: bool = False,
    record: CaseRecord | None = None,
) -> None:
    """Open the case's opportunity when sales should know, or let the new reasons join it.

    Nobody is told here: the row says when, and who it is comes out then (`handlers.sales_due`). While nobody knows
    whose case it is, sales is told of a threat to leave (R36) and of a promise that is claimed (R24).

    Args:
        signals: What the customer showed just now.
        learnt: The case knows something new that stands on sales' cards, like what the service costs.
        record: What was already asked of the case, as it is now.
    """
    policy, now = services.playbook.policy, moment(services)
    reasons = _reasons(record or CaseRecord(services, connection, case), customer, signals)
    known = opportunities.held(connection, case.workspace, case.id)
    if known:
        after = joined(known, reasons, now, policy.sales, policy.hours)
        if after != known and opportunities.settle(connection, known, after):
            _audit(services, connection, after, "join", before=known)
            learnt = True
        if learnt:
            selling.redraw(services, connection, after, case)
        return
    if not reasons:
        return
    new = opened(
        Opportunity(
            workspace=case.workspace,
            id=ids.new_id(),
            case_id=case.id,
            customer_id=customer.record.customer.id if customer else case.customer_id,
            reasons=reasons,
            opened_at=now,
        ),
        policy.sales,
        policy.hours,
    )
    if opportunities.write(connection, new):
        _audit(services, connection, new, "open")


def _reasons(record: CaseRecord, customer: Standing | None, signals: Iterable[str]) -> tuple[str, ...]:
    if customer is None:
        return reasons_to_tell(Entitlement.UNKNOWN, signals)
    stands, playbook = record.standing(customer), record.services.playbook
    rows = (decide(playbook, stands), *beside(playbook, stands))
    return reasons_to_tell(stands.entitlement, signals, rows)


def recognised(services: Services, connection: Connection, case: Case, customer: Standing | None) -> None:
    """It is known now whose case it is, or that it is another's: all that was said counts, and the cards show it.

    Whoever got the card looks after another account, or none: the right one's salesperson is next, at once.
    """
    heard = conversations.heard(connection, case)
    signals = {signal for each in heard if each.role is Role.CUSTOMER for signal in each.signals}
    notice(services, connection, case, customer, signals, learnt=True)
    known = opportunities.held(connection, case.workspace, case.id)
    theirs = keepers(customer.record if customer else None)[:1]
    if known is None or known.state not in WITH_SOMEBODY or set(theirs) <= set(known.told):
        return
    next_now = {"due_at": moment(services), "due_move": SalesMove.MOVE_UP}
    opportunities.settle(connection, known, known.model_copy(update=next_now))


def _audit(
    services: Services, connection: Connection, after: Opportunity, move: str, before: Opportunity | None = None
) -> None:
    audit.write(
        connection,
        workspace=after.workspace,
        actor=OURSELVES,
        subject="opportunity",
        subject_id=after.id,
        move=move,
        before=before.state if before else "",
        after=after.state,
        why=" ".join(after.reasons),
        now=services.clock(),
    )
