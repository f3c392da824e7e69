"""Telling the account owner, once, that a customer without cover has a need."""

from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

from bot.blocks import body
from bot.cards import sales as sales_card
from bot.case import Case
from bot.i18n import words
from bot.language import language_of_locale
from bot.sales import reasons_to_tell_sales
from bot.setup import Setup
from handlers import people
from handlers.services import Services
from handlers.situation import Standing
from storage import audit, opportunities, outbox
from storage import workspace as workspaces
from storage.outbox import SendKind

SECONDS_A_DAY = 86_400.0

log = structlog.get_logger()


@dataclass(frozen=True)
class Contact:
    """Who hears of it, and where.

    Attributes:
        user: Slack id of the salesperson; None when only the sales channel is left.
        instead_of: The account owner who left.
    """

    user: str | None
    channel: str | None
    locale: str = ""
    instead_of: str | None = None


async def who_to_tell(services: Services, customer: Standing | None) -> Contact | None:
    """The account owner, their successor when they left, otherwise the sales channel; nobody who has left (R29)."""
    if customer is None:
        return None
    with services.casebook.begin() as connection:
        setup: Setup = workspaces.setup(connection, services.identity.workspace)
    record = customer.record
    keeper = record.successor
    instead_of = record.owner.name if record.owner and record.owner != keeper else None
    if keeper and keeper.slack_user_id:
        person = await people.look_up(services, keeper.slack_user_id)
        role, _ = await people.role(services, person)
        if person.active and role.is_staff:
            return Contact(person.user_id, None, locale=person.locale, instead_of=instead_of)
    if setup.sales_channel:
        return Contact(None, setup.sales_channel, instead_of=instead_of)
    log.warning("nobody_to_tell", customer=record.customer.id)
    return None


def tell(
    services: Services,
    connection: Connection,
    case: Case,
    customer: Standing,
    signals: Iterable[str],
    contact: Contact,
) -> bool:
    """Open the case's opportunity and write the one message about it; further reasons join it in silence.

    Returns:
        Whether a message was written.
    """
    reasons = reasons_to_tell_sales(customer.entitlement, signals)
    if not reasons:
        return False
    now = services.clock()
    record = customer.record
    opportunity_id = opportunities.open_or_join(
        connection,
        workspace=case.workspace,
        case_id=case.id,
        customer_id=record.customer.id,
        owner=contact.user,
        reasons=reasons,
        now=now,
    )
    if opportunity_id is None:
        return False
    audit.write(
        connection,
        workspace=case.workspace,
        actor="aside",
        subject="opportunity",
        subject_id=opportunity_id,
        move="open",
        after="open",
        why=" ".join(reasons),
        now=now,
    )
    quiet = services.playbook.policy.sales.quiet_days * SECONDS_A_DAY
    if opportunities.told_since(
        connection,
        workspace=case.workspace,
        customer_id=record.customer.id,
        since=now - quiet,
    ):
        return False
    text, blocks = sales_card.card(
        record,
        customer.coverages,
        reasons=reasons,
        instead_of=contact.instead_of,
        playbook=services.playbook,
        say=words(language_of_locale(contact.locale)),
    )
    return outbox.put(
        connection,
        workspace=case.workspace,
        key=opportunities.ping_key(case.id),
        kind=SendKind.DIRECT if contact.user else SendKind.MESSAGE,
        target={"user": contact.user} if contact.user else {"channel": contact.channel},
        body=body(text, blocks),
        case_id=case.id,
        now=now,
    )
