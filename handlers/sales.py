"""Sales hears of a case: when it opens an opportunity, when a reason joins it; and who sells."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from bot.case import Case
from bot.coaching import beside, decide
from bot.customer import CustomerRecord
from bot.language import language_of_locale
from bot.sales import CHANNEL, Opportunity, chain, in_sales, joined, opened, reasons_to_tell
from bot.setup import Setup
from handlers import people, selling
from handlers.services import Services
from handlers.situation import Standing, moment, situation
from storage import audit, ids, opportunities

OURSELVES = "aside"


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

    async def first(self, record: CustomerRecord | None, *, but_not: Iterable[str] = ()) -> str | None:
        """Who is told of a customer: the first of the chain who is here, in the end the channel; None for nobody."""
        order = chain(record, self.setup, self.groups) if record else ()
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
) -> None:
    """Open the case's opportunity when sales should know, or let the new reasons join it.

    Nobody is told here: the row says when, and who it is comes out then (`handlers.sales_due`).

    Args:
        signals: What the customer showed just now.
        learnt: The case knows something new that stands on sales' cards, like what the service costs.
    """
    if customer is None:
        return
    policy, now = services.playbook.policy, moment(services)
    stands = situation(services, connection, case, customer, language=language_of_locale("")).standing
    rows = (decide(services.playbook, stands), *beside(services.playbook, stands))
    reasons = reasons_to_tell(stands.entitlement, signals, rows)
    known = opportunities.of_case(connection, case.workspace, case.id)
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
            customer_id=customer.record.customer.id,
            reasons=reasons,
            opened_at=now,
        ),
        policy.sales,
        policy.hours,
    )
    if opportunities.write(connection, new):
        _audit(services, connection, new, "open")


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
