"""Supervisors who are away: what they say themselves, so that a line that says so is true (R31)."""

import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.message import Role
from bot.setup import Away
from handlers import deliver
from handlers.guard import Actor
from handlers.inbound import Command
from handlers.services import Services
from handlers.situation import moment
from handlers.worker import Task
from storage import workspace as workspaces

COMMANDS = frozenset({"away", "back"})


async def on_command(services: Services, task: Task, actor: Actor, command: Command, word: str, typed: str) -> None:
    """`/aside away [until DATE]`, `/aside back`."""
    with task.finishing() as connection:
        deliver.reply(
            connection,
            workspace=services.identity.workspace,
            key=f"{task.entry.key}:answer",
            response_url=command.response_url,
            person=command.user,
            body={"text": _answer(services, connection, actor, word, typed)},
            now=services.clock(),
        )


def _answer(services: Services, connection: Connection, actor: Actor, word: str, typed: str) -> str:
    say, me, now = actor.say, actor.person.user_id, moment(services)
    if actor.role is not Role.SUPERVISOR:
        return say(
            "Only supervisors say here whether they are away. Agents have /aside duty, and everybody /aside pause."
        )
    before = workspaces.setup(connection, services.identity.workspace)
    if word == "back":
        _save(services, connection, me, None)
        was_away = any(each.user == me for each in before.away_now(now))
        return say("Welcome back. It is written down.") if was_away else say("You were not away.")
    day = _day(typed)
    if typed and day is None:
        return say("Until which day? Type it as in /aside away until {day}.", day=say.day(now.date()))
    until = _begin(day, actor.person.timezone) if day else None
    if until and until <= now:
        return say("That day has begun already. Please name the day on which you are back.")
    _save(services, connection, me, Away(user=me, until=until))
    if day:
        return say("Written down: away, and back on {day}. /aside back ends it sooner.", day=say.day(day))
    return say("Written down: away. /aside back ends it.")


def _save(services: Services, connection: Connection, user: str, entry: Away | None) -> None:
    workspaces.change_setup(
        connection,
        services.identity.workspace,
        lambda setup: setup.with_away(user, entry),
        actor=user,
        now=services.clock(),
    )


def _day(typed: str) -> date | None:
    """The day on which somebody is back: 2026-11-30, until 2026/11/30."""
    found = re.fullmatch(r"(?:until\s+|到\s*)?(2\d{3})[-/](\d{1,2})[-/](\d{1,2})", typed)
    if found is None:
        return None
    year, month, day = map(int, found.groups())
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _begin(day: date, timezone: str) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(timezone)).astimezone(UTC)
