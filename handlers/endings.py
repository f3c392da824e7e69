"""The lists of contracts that end, drawn as they stand now."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache, partial

from sqlalchemy import Connection

from bot.blocks import body
from bot.cards import renewals as card
from bot.customer import CustomerRecord
from bot.errors import UserError
from bot.i18n import words
from bot.language import language_of_locale
from bot.renewals import Ending, EndingKey, Listed, key_of, on_file, spoken_for
from bot.sales import CHANNEL, Opportunity
from bot.setup import Person
from bot.working_hours import desk_day
from handlers.sales_notices import is_theirs
from handlers.services import Services
from handlers.situation import moment
from storage import audit, endings, ids, opportunities, outbox
from storage import workspace as workspaces
from storage.outbox import SendKind

FOLLOW, BESIDE = "follow", "beside"
"""How many contracts a list left out, as `drawn` has them: noted with it, since it says so whenever it is drawn."""


def drawn(
    services: Services,
    connection: Connection,
    rows: Iterable[tuple[Ending, str]],
    user: str,
    reader: Person | None,
    *,
    follow: int = 0,
    beside: int = 0,
) -> Mapping[str, object]:
    """A list in the language of whoever gets it, with what was made of each contract.

    Args:
        rows: The contracts, and with whom each is.
        user: Who gets it, `CHANNEL` for the sales channel.
        follow: How many more come with the next list.
        beside: How many more there are that others have.
    """
    say = words(language_of_locale(reader.locale if reader else ""))
    listed = [
        Listed(
            ending=ending,
            keeper=None if keeper == user else keeper,
            opportunity=(known := endings.of_contract(connection, services.identity.workspace, ending)),
            is_theirs=known is None or is_theirs(services, connection, known, user),
        )
        for ending, keeper in rows
    ]
    zone = reader.timezone if reader else services.playbook.policy.hours.timezone
    return body(*card.listing(listed, zone=zone, say=say, follow=follow, beside=beside))


def redraw(services: Services, connection: Connection, key: EndingKey) -> None:
    """Something was made of a contract: every list on which it stands says so, and nobody is pinged."""
    workspace, now = services.identity.workspace, services.clock()
    on_file_now = cache(partial(found, services))
    for message, user in endings.lists_with(connection, workspace, key):
        rows = [
            (ending, keeper)
            for each, keeper in endings.on_list(connection, workspace, message)
            if (ending := on_file_now(each))
        ]
        reader = workspaces.person(connection, workspace, user, since=0.0) if user != CHANNEL else None
        more = outbox.target_of(connection, workspace, message)
        follow, beside = (int(more.get(each, 0)) for each in (FOLLOW, BESIDE))
        shown = drawn(services, connection, rows, user, reader, follow=follow, beside=beside)
        if outbox.reword(connection, workspace, message, shown):
            continue
        outbox.put(
            connection,
            workspace=workspace,
            key=f"{message}:{now:.6f}",
            kind=SendKind.UPDATE,
            target={"of": message} | ({} if user == CHANNEL else {"user": user}),
            body=shown,
            now=now,
        )


def found(services: Services, key: EndingKey) -> Ending | None:
    """The contract as it is on file today; None when it is there no more."""
    record = _record(services, key)
    return on_file(record, key, _today(services)) if record else None


def _record(services: Services, key: EndingKey) -> CustomerRecord | None:
    directory = services.directory()
    try:
        return directory.record(key.customer_id, _today(services)) if directory else None
    except UserError as error:
        services.tell_unreadable(error)
        return None


def _today(services: Services) -> date:
    return desk_day(moment(services), services.playbook.policy.hours.timezone)


def standing(services: Services, connection: Connection, key: EndingKey, user: str) -> Opportunity | None:
    """The opportunity that comes from a contract; before the first word, one that is not written down yet.

    That one is with whoever is named: the contract stands on their list or in their Home. Otherwise it is with whoever
    has it, for everybody else's click. None when no such contract is on file.

    Args:
        user: Who clicked.
    """
    workspace = services.identity.workspace
    if known := endings.of_contract(connection, workspace, key):
        return known
    record = _record(services, key)
    if record is None or on_file(record, key, _today(services)) is None:
        return None
    looks_after = record.successor.slack_user_id if record.successor else None
    told = endings.keeper(connection, workspace, key)
    holder = user if user in {told, looks_after} else told or looks_after or CHANNEL
    new = spoken_for(key, workspace=workspace, opportunity_id=ids.new_id(), now=moment(services))
    return new.model_copy(update={"told": (holder,)})


def begun(services: Services, connection: Connection, known: Opportunity, user: str) -> Opportunity:
    """The opportunity that comes from a contract, written down if this is the first word of it; nobody has a card yet.

    Another one than is known, when somebody else was first.
    """
    workspace, key = services.identity.workspace, key_of(known)
    if key is None or opportunities.get(connection, workspace, known.id):
        return known
    new = known.model_copy(update={"told": ()})
    if not opportunities.write(connection, new):
        return endings.of_contract(connection, workspace, key) or known
    audit.write(
        connection,
        workspace=workspace,
        actor=user,
        subject="opportunity",
        subject_id=new.id,
        move="open",
        after=new.state,
        why=" ".join(new.reasons),
        now=services.clock(),
    )
    return new
