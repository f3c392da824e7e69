"""Contracts that end soon: a list a day for each salesperson, while the desk is open, each once a threshold."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

import structlog

from bot.blocks import body
from bot.cards import renewals as card
from bot.errors import UserError
from bot.i18n import words
from bot.language import language_of_locale
from bot.policy import SalesPolicy
from bot.renewals import Ending, ending, reach
from bot.sales import CHANNEL
from bot.setup import Person
from bot.working_hours import desk_day, is_open
from handlers import people
from handlers.sales import Sellers, sellers
from handlers.services import Services
from handlers.situation import moment
from storage import endings, outbox
from storage import workspace as workspaces
from storage.directory import Directory
from storage.outbox import SendKind

log = structlog.get_logger()


async def look_ahead(services: Services) -> None:
    """Look once a day over the directory, and tell whoever keeps the accounts; what fails is tried again later."""
    hours, now, workspace = services.playbook.policy.hours, moment(services), services.identity.workspace
    today = desk_day(now, hours.timezone)
    with services.casebook.look() as connection:
        was_done = workspaces.looked_ahead_on(connection, workspace) == today
    directory = services.directory()
    if was_done or directory is None or not is_open(now, hours):
        return
    try:
        found = await asyncio.to_thread(_ending, directory, today, services.playbook.policy.sales)
        with services.casebook.look() as connection:
            new = endings.untold(connection, workspace, found, today)
        by_person, known = await _by_person(await sellers(services), directory, new)
    except (people.UnknownForNowError, UserError) as error:
        log.info("renewals_later", why=str(error))
        return
    with services.casebook.begin() as connection:
        if workspaces.looked_ahead_on(connection, workspace) == today:
            return
        workspaces.save_looked_ahead_on(connection, workspace, today)
        channel = workspaces.setup(connection, workspace).sales_channel
        for user, theirs in by_person.items():
            endings.note(connection, workspace, theirs, told=user, now=services.clock())
            say = words(language_of_locale(known[user].locale if user in known else ""))
            outbox.put(
                connection,
                workspace=workspace,
                key=f"renewals:{today}:{user or 'channel'}",
                kind=SendKind.MESSAGE if user == CHANNEL else SendKind.DIRECT,
                target={"channel": channel} if user == CHANNEL else {"user": user},
                body=body(*card.endings(theirs, say)),
                now=services.clock(),
            )
    services.wake.outbox.set()


def _ending(directory: Directory, today: date, policy: SalesPolicy) -> list[Ending]:
    """Every contract on file that comes under a threshold, the first to end foremost."""
    records = (
        directory.record(each, today)
        for each in directory.customers_with_contracts_ending(today, today + reach(policy))
    )
    found = [each for record in records if record for each in ending(record, today, policy)]
    return sorted(found, key=lambda each: (each.ends_on, each.customer, each.contract))


async def _by_person(
    team: Sellers, directory: Directory, new: Sequence[Ending]
) -> tuple[Mapping[str, Sequence[Ending]], Mapping[str, Person]]:
    """Whose they are; those that are nobody's wait until somebody is there."""
    of_customer: dict[str, str | None] = {}
    by_person: dict[str, list[Ending]] = defaultdict(list)
    for each in new:
        if each.customer_id not in of_customer:
            of_customer[each.customer_id] = await team.first(directory.record(each.customer_id))
        user = of_customer[each.customer_id]
        if user is None:
            log.warning("nobody_to_tell", customer=each.customer_id)
        else:
            by_person[user].append(each)
    known = {user: await people.look_up(team.services, user) for user in by_person if user != CHANNEL}
    return by_person, known
