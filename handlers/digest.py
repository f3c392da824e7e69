"""Once a week, when the desk opens: what the last week was, to each supervisor and manager."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from bot.authority import members
from bot.blocks import body
from bot.cards import digest as card
from bot.i18n import words
from bot.insight import Insight
from bot.language import language_of_locale
from bot.message import Role
from bot.working_hours import after as working_time_after
from bot.working_hours import desk_day
from handlers import people
from handlers.services import Services
from handlers.situation import moment
from storage import outbox
from storage import workspace as workspaces
from storage.insight import Questions
from storage.outbox import SendKind

WEEK = timedelta(days=7)

log = structlog.get_logger()


async def tell(services: Services) -> None:
    """Tell of last week if it is time to; what does not work is tried again the next time."""
    try:
        await _tell(services)
    except people.UnknownForNowError:
        log.info("digest_later")
    except Exception:
        log.exception("digest_failed")  # a digest must not stop the bot


async def _tell(services: Services) -> None:
    """Tell of last week, unless it was told, the desk is not open yet this week, or nothing happened."""
    hours, workspace = services.playbook.policy.hours, services.identity.workspace
    zone, now = ZoneInfo(hours.timezone), moment(services)
    today = desk_day(now, hours.timezone)
    monday = today - timedelta(days=today.weekday())
    if now < working_time_after(_begins(monday, zone), timedelta(0), hours):
        return
    with services.casebook.look() as connection:
        if workspaces.told_week(connection, workspace) == monday:
            return
        week, before = (_insight(services, connection, monday - WEEK * back, zone) for back in (1, 2))
    hear = [] if card.is_empty(week) else await _hearers(services)
    with services.casebook.begin() as connection:
        if not workspaces.save_told_week(connection, workspace, monday):
            return
        for user, locale in hear:
            say = words(language_of_locale(locale))
            called = {name: each.name for name, each in services.playbook.words[say.language].signals.items()}
            text, blocks = card.card(
                week, before, called, first=monday - WEEK, last=monday - timedelta(days=1), say=say
            )
            outbox.put(
                connection,
                workspace=workspace,
                key=f"digest:{monday}:{user}",
                kind=SendKind.DIRECT,
                target={"user": user},
                body=body(text, blocks),
                now=services.clock(),
            )
    services.wake.outbox.set()


def _begins(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone)


def _insight(services: Services, connection: Connection, monday: date, zone: ZoneInfo) -> Insight:
    signals = [each.id for each in services.playbook.signals if each.speaker is Role.CUSTOMER]
    since, until = _begins(monday, zone), _begins(monday + WEEK, zone)
    return Questions(connection, services.identity.workspace, since, until, signals).insight(None)


async def _hearers(services: Services) -> list[tuple[str, str]]:
    """Supervisors and managers who are here, each with their locale."""
    setup, groups = await people.who_is_who(services)
    found = []
    for user in sorted(members(setup.supervisors, groups) | members(setup.managers, groups)):
        try:
            person = await people.look_up(services, user)
        except people.UnknownForNowError:
            log.info("digest_without", user=user)
            continue
        role, _ = await people.role(services, person)
        if person.active and role.is_staff:
            found.append((user, person.locale))
    return found
