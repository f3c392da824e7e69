"""The words to sales beside an opportunity's card: each goes out once, and later shows what can still be done."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from bot.blocks import Block, body
from bot.cards import sales as sales_card
from bot.cards import sales_notices as card
from bot.customer import Customer, CustomerRecord
from bot.entitlement import CoverageOn
from bot.i18n import Words, words
from bot.language import language_of_locale
from bot.sales import CHANNEL, Opportunity, SalesMove, Seller, in_sales, manages_sales, may_act
from bot.setup import Person, Setup
from handlers import people
from handlers.services import Services
from handlers.situation import customer_of
from storage import opportunities, outbox
from storage import workspace as workspaces
from storage.outbox import SendKind


def about(
    services: Services, opportunity: Opportunity, say: Words, connection: Connection | None = None
) -> tuple[CustomerRecord, Sequence[CoverageOn]]:
    """The customer and their cover; one who left the directory, or whom nobody has named yet, has neither.

    Args:
        connection: The transaction in which it is asked; without it a promise just recorded there is not seen.
    """
    customer = customer_of(services, opportunity.customer_id, connection)
    if customer:
        return customer.record, customer.coverages
    return unknown(opportunity, say), ()


def is_theirs(services: Services, connection: Connection, opportunity: Opportunity, user: str) -> bool:
    """Whether somebody who reads a card may do more than take it, as the setup and the user groups have them now."""
    setup: Setup = workspaces.setup(connection, opportunity.workspace)
    manages = manages_sales(user, setup, _groups(services, connection))
    return may_act(opportunity, Seller(user=user, sells=True, manages=manages))


def _groups(services: Services, connection: Connection) -> Mapping[str, frozenset[str]]:
    since = services.clock() - people.GROUPS_TOO_OLD_SECONDS
    return workspaces.groups(connection, services.identity.workspace, since=since)


def unknown(opportunity: Opportunity, say: Words) -> CustomerRecord:
    """A customer of whom nothing is on file, or whom nobody has named yet."""
    name = say("a customer not on file") if opportunity.customer_id else say("A customer nobody has named yet")
    return CustomerRecord(customer=Customer(id=opportunity.customer_id or "", name=name))


def title(services: Services, opportunity: Opportunity, say: Words) -> str:
    """Why sales hears of it, in one sentence."""
    record, coverages = about(services, opportunity, say)
    if opportunity.contract:
        return say("{customer}: a contract ends", customer=record.customer.name)
    return sales_card.title(opportunity.reasons, record, coverages, say)


def _called(services: Services, opportunity: Opportunity, say: Words) -> str:
    """The customer, and which of their contracts it is about."""
    customer = about(services, opportunity, say)[0].customer.name
    return f"{customer} · {opportunity.contract}" if opportunity.contract else customer


def tell_anew(
    services: Services, connection: Connection, after: Opportunity, read_by: Mapping[str, Person], once: str
) -> None:
    """A few words to whoever has it: by direct message, or in the thread of the card in the sales channel."""
    holder = after.holder or CHANNEL
    reader, say = _reader(connection, after, read_by, holder)
    record, coverages = about(services, after, say)
    text, blocks = sales_card.told_anew(after, record, coverages, playbook=services.playbook, say=say)
    _put(services, connection, after, reader.user_id if reader else holder, text, blocks, once)


def remind(
    services: Services,
    connection: Connection,
    after: Opportunity,
    move: SalesMove,
    read_by: Mapping[str, Person],
    once: str,
    whom: str,
) -> None:
    """Whoever took it, or a sales manager, hears that nothing was noted since.

    Args:
        whom: Their Slack id, or `CHANNEL`.
    """
    reader, say = _reader(connection, after, read_by, whom)
    text, blocks = card.reminded(
        after, move, customer=_called(services, after, say), reader=whom, zone=_zone(services, reader), say=say
    )
    _put(services, connection, after, whom, text, blocks, once)


def pass_on(
    services: Services,
    connection: Connection,
    before: Opportunity,
    after: Opportunity,
    read_by: Mapping[str, Person],
    once: str,
) -> None:
    """Whoever took it, and still sells and is here, hears that it is another colleague's account."""
    reader, say = _reader(connection, after, read_by, before.taken_by or "")
    if reader is None or not reader.active or reader.outsider or reader.user_id == after.asked:
        return
    if not in_sales(reader.user_id, workspaces.setup(connection, after.workspace), _groups(services, connection)):
        return
    text, blocks = card.passed_on(
        after,
        customer=_called(services, after, say),
        reader=reader.user_id,
        zone=reader.timezone,
        say=say,
        is_theirs=is_theirs(services, connection, after, reader.user_id),
    )
    _put(services, connection, after, reader.user_id, text, blocks, f"{once}:passed_on")


def redraw(
    services: Services, connection: Connection, after: Opportunity, read_by: Mapping[str, Person], once: str
) -> None:
    """Words that went out earlier show how it stands now, and offer only what can still be done."""
    for at, (key, user) in enumerate(opportunities.notices(connection, after)):
        reader, say = _reader(connection, after, read_by, user)
        text, blocks = card.now(
            after,
            title=title(services, after, say),
            reader=user,
            zone=_zone(services, reader),
            say=say,
            is_theirs=is_theirs(services, connection, after, user),
        )
        show_anew(services, connection, after, user, of=key, shown=body(text, blocks), key=f"{once}:word:{at}")


def show_anew(
    services: Services,
    connection: Connection,
    after: Opportunity,
    user: str,
    *,
    of: str,
    shown: Mapping[str, Any],
    key: str,
) -> None:
    """What somebody got, or the channel, as it stands now; one that is not out yet goes out so.

    Args:
        of: The key under which they got it.
    """
    if outbox.reword(connection, after.workspace, of, shown):
        return
    outbox.put(
        connection,
        workspace=after.workspace,
        key=key,
        kind=SendKind.UPDATE,
        target={"of": of} | ({} if user == CHANNEL else {"user": user}),
        body=shown,
        case_id=after.case_id,
        now=services.clock(),
    )


def _put(
    services: Services,
    connection: Connection,
    after: Opportunity,
    whom: str,
    text: str,
    blocks: list[Block],
    once: str,
) -> None:
    setup: Setup = workspaces.setup(connection, after.workspace)
    in_thread = {"thread_of": after.card} if after.asked == CHANNEL else {}
    outbox.put(
        connection,
        workspace=after.workspace,
        key=f"{once}{opportunities.NOTICE}",
        kind=SendKind.MESSAGE if whom == CHANNEL else SendKind.DIRECT,
        target={"channel": setup.sales_channel, **in_thread} if whom == CHANNEL else {"user": whom},
        body=body(text, blocks),
        case_id=after.case_id,
        now=services.clock(),
    )


def _reader(
    connection: Connection, opportunity: Opportunity, read_by: Mapping[str, Person], user: str
) -> tuple[Person | None, Words]:
    """Who reads it, as they were known last, and the interface in their language."""
    reader = read_by.get(user)
    if reader is None and user != CHANNEL:
        reader = workspaces.person(connection, opportunity.workspace, user, since=0.0)
    return reader, words(language_of_locale(reader.locale if reader else ""))


def _zone(services: Services, reader: Person | None) -> str:
    return reader.timezone if reader else services.playbook.policy.hours.timezone
