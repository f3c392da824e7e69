"""Contracts that end soon: a list a day for each salesperson, while the desk is open, each once a threshold.

What stands on a list that reached nobody was told to nobody: the next one in line hears of it, the next day whoever
was to hear first.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from bot.customer import CustomerRecord
from bot.errors import UserError
from bot.policy import SalesPolicy
from bot.renewals import MOST_LISTED, Ending, EndingKey, is_last_call, reach, threshold
from bot.renewals import endings as ending_of
from bot.sales import CHANNEL, manages_sales
from bot.setup import Person
from bot.working_hours import desk_day, is_open
from handlers import people
from handlers.endings import BESIDE, FOLLOW, drawn
from handlers.sales import Sellers, sellers
from handlers.services import Services
from handlers.situation import moment
from storage import endings, ids, outbox
from storage import workspace as workspaces
from storage.directory import Directory
from storage.outbox import SendKind

log = structlog.get_logger()

Missed = Mapping[EndingKey, frozenset[str]]
"""Whom today's lists did not reach, by the contracts on them."""


@dataclass(frozen=True)
class Told:
    """A contract on the list of somebody.

    Attributes:
        within: The threshold it is under, in days.
        keeper: With whom it is.
    """

    ending: Ending
    within: int
    keeper: str


async def look_ahead(services: Services) -> None:
    """Look once a day over the directory, and tell whoever keeps the accounts; what fails is tried again later."""
    hours, workspace = services.playbook.policy.hours, services.identity.workspace
    today, directory = desk_day(moment(services), hours.timezone), services.directory()
    if directory is None or not is_open(moment(services), hours):
        return
    began = datetime.combine(today, time(), ZoneInfo(hours.timezone)).timestamp()
    with services.casebook.look() as connection:
        was_done = workspaces.looked_ahead_on(connection, workspace) == today
        missed = endings.missed(connection, workspace, since=began)
    if was_done and not missed:
        return
    try:
        lists, known = await _lists(services, directory, today, missed, only_missed=was_done)
    except (people.UnknownForNowError, UserError) as error:
        log.info("renewals_later", why=str(error))
        return
    with services.casebook.begin() as connection:
        if not was_done:
            if not workspaces.save_looked_ahead_on(connection, workspace, today):
                return
            endings.let_go_of_missed(connection, workspace, before=began)
        for user, theirs in lists.items():
            _write(services, connection, user, known.get(user), theirs)
    services.wake.outbox.set()


async def _lists(
    services: Services, directory: Directory, today: date, missed: Missed, *, only_missed: bool
) -> tuple[Mapping[str, Sequence[Told]], Mapping[str, Person]]:
    """Who is told of what; what is nobody's waits until somebody is there.

    Args:
        only_missed: The day's lists are out; what is looked at is on those that reached nobody.
    """
    policy, workspace = services.playbook.policy.sales, services.identity.workspace
    among = frozenset(key.customer_id for key in missed) if only_missed else None
    found = await asyncio.to_thread(_ending, directory, today, policy, among)
    with services.casebook.look() as connection:
        new = endings.untold(connection, workspace, found, policy, today)
    team, records = await sellers(services), dict[str, CustomerRecord | None]()
    lists: dict[str, list[Told]] = defaultdict(list)
    for each in new:
        within = threshold(each, policy)
        if within is None or (only_missed and each.key not in missed):
            continue
        if each.customer_id not in records:
            records[each.customer_id] = directory.record(each.customer_id, today)
        passed = missed.get(each.key, frozenset())
        keeper = await team.first(records[each.customer_id], but_not=passed)
        if keeper is None:
            log.warning("nobody_to_tell", customer=each.customer_id)
            continue
        lists[keeper].append(Told(each, within, keeper))
        if is_last_call(within, policy) and (above := await _above(team, keeper, passed)) is not None:
            lists[above].append(Told(each, within, keeper))
    known = {user: await people.look_up(services, user) for user in lists if user != CHANNEL}
    return lists, known


def _ending(directory: Directory, today: date, policy: SalesPolicy, among: Iterable[str] | None) -> list[Ending]:
    """Every contract on file that has come under a threshold, the first to end foremost.

    Args:
        among: The customers who are looked at; None for all.
    """
    ahead = reach(policy)
    customers = directory.customers_with_contracts_ending(today, today + ahead) if among is None else sorted(among)
    records = (directory.record(each, today) for each in customers)
    found = [each for record in records if record for each in ending_of(record, today, ahead)]
    return sorted(found, key=lambda each: (each.ends_on, each.customer_id, each.contract))


async def _above(team: Sellers, keeper: str, passed: frozenset[str]) -> str | None:
    """The sales manager who hears beside whoever has it, else the channel; None when whoever has it is one of them."""
    if keeper == CHANNEL or manages_sales(keeper, team.setup, team.groups):
        return None
    above = await team.above(keeper)
    return None if above in passed else above


def _write(
    services: Services, connection: Connection, user: str, person: Person | None, theirs: Sequence[Told]
) -> None:
    """Note whom the list tells, and put it in the outbox, in one transaction; what is theirs stands first."""
    workspace, now, message = services.identity.workspace, services.clock(), f"renewals:{ids.new_id()}"
    own = [each for each in theirs if each.keeper == user]
    others = [each for each in theirs if each.keeper != user]
    listed = [
        each
        for each in [*own, *others][:MOST_LISTED]
        if endings.note(
            connection,
            workspace,
            each.ending,
            within=each.within,
            told=user,
            keeper=each.keeper,
            message=message,
            now=now,
        )
    ]
    if not listed:
        return
    follow = max(len(own) - MOST_LISTED, 0)
    beside = max(len(theirs) - MOST_LISTED, 0) - follow
    channel = workspaces.setup(connection, workspace).sales_channel
    outbox.put(
        connection,
        workspace=workspace,
        key=message,
        kind=SendKind.MESSAGE if user == CHANNEL else SendKind.DIRECT,
        target=({"channel": channel} if user == CHANNEL else {"user": user}) | {FOLLOW: follow, BESIDE: beside},
        body=drawn(
            services,
            connection,
            [(each.ending, each.keeper) for each in listed],
            user,
            person,
            follow=follow,
            beside=beside,
        ),
        now=now,
    )
