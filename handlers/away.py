"""Supervisors who are away, and who stands in: what they say themselves, so that a line that says so is true (R31)."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.i18n import Words, words
from bot.language import language_of_locale
from bot.message import Role
from bot.setup import Away, Person, Setup
from handlers import casework, deliver, people
from handlers.guard import Actor
from handlers.inbound import Command
from handlers.services import Services
from handlers.situation import moment
from handlers.worker import Task
from storage import outbox
from storage import workspace as workspaces
from storage.outbox import SendKind

COMMANDS = frozenset({"away", "back"})
_DEPUTY = re.compile(r"(?:(?:deputy|代理人?)\s*[:：]?\s*)?<@([UW][A-Z0-9]+)(?:\|[^>]*)?>", re.IGNORECASE)
_UNREAD = re.compile(r"deputy|代理|[<@]", re.IGNORECASE)


@dataclass(frozen=True)
class Asked:
    """What somebody typed after `/aside away`.

    Attributes:
        deputies: Slack ids of whom they named.
        rest: The words about anything else.
    """

    deputies: tuple[str, ...]
    rest: str

    @classmethod
    def of(cls, typed: str) -> Self:
        """Read it, in whichever order it is said."""
        return cls(tuple(dict.fromkeys(_DEPUTY.findall(typed))), _DEPUTY.sub(" ", typed).strip(" ,，、"))

    @property
    def day(self) -> date | None:
        """The day on which they are back: 2026-11-30, until 2026/11/30."""
        found = re.fullmatch(r"(?:until\s+|到\s*)?(2\d{3})[-/](\d{1,2})[-/](\d{1,2})", self.rest, re.IGNORECASE)
        try:
            return date(*map(int, found.groups())) if found else None
        except ValueError:
            return None


async def on_command(services: Services, task: Task, actor: Actor, command: Command, word: str, typed: str) -> None:
    """`/aside away [until DATE] [deputy @SOMEBODY]`, `/aside back`."""
    asked = Asked.of(typed) if word == "away" else None
    hindrance = await _hindrance(services, actor, asked)
    with task.finishing() as connection:
        deliver.reply(
            connection,
            workspace=services.identity.workspace,
            key=f"{task.entry.key}:answer",
            response_url=command.response_url,
            person=command.user,
            body={"text": hindrance or _written_down(services, connection, task, actor, asked)},
            now=services.clock(),
        )


async def _hindrance(services: Services, actor: Actor, asked: Asked | None) -> str | None:
    """Why this cannot be written down; None when it can."""
    say, now = actor.say, moment(services)
    if actor.role is not Role.SUPERVISOR:
        return say(
            "Only supervisors say here whether they are away. Agents have /aside duty, and everybody /aside pause."
        )
    if asked is None:
        return None
    if _UNREAD.search(asked.rest):
        return say(
            "Who stands in? Type @ and choose them from Slack's list, as in /aside away deputy {name}.",
            name=say("@name"),
        )
    if asked.rest and asked.day is None:
        next_week = now.astimezone(ZoneInfo(actor.person.timezone)).date() + timedelta(days=7)
        return say("Until which day? Type it as in /aside away until {day}.", day=say.day(next_week))
    if asked.day and _begin(asked.day, actor.person.timezone) <= now:
        return say("That day has begun already. Please name the day on which you are back.")
    return await _deputy_hindrance(services, actor, asked.deputies) if asked.deputies else None


async def _deputy_hindrance(services: Services, actor: Actor, named: tuple[str, ...]) -> str | None:
    """Why whoever was named cannot stand in: it takes one of our agents or supervisors, who is here."""
    say, whom = actor.say, named[0]
    if len(named) > 1:
        return say("Only one person can stand in. Please name one.")
    if whom == actor.person.user_id:
        return say("Nobody stands in for themselves. Please name somebody else.")
    if error := await casework.person_error(services, whom, say):
        return error
    role, setup = await people.role(services, await people.look_up(services, whom))
    if role not in {Role.AGENT, Role.SUPERVISOR}:
        return say("Only an agent or a supervisor can stand in. Please name somebody else.")
    if _entry(setup, whom, moment(services)):
        return say("{who} is away as well. Please name somebody else.", who=f"<@{whom}>")
    return None


def _written_down(services: Services, connection: Connection, task: Task, actor: Actor, asked: Asked | None) -> str:
    """Write down that they are away, or back, and tell whoever stands in, or no longer does; what to answer."""
    workspace, me, say = services.identity.workspace, actor.person.user_id, actor.say
    entry = None
    if asked:
        until = _begin(asked.day, actor.person.timezone) if asked.day else None
        entry = Away(user=me, until=until, deputy=next(iter(asked.deputies), None))
    before = _entry(workspaces.setup(connection, workspace), me, moment(services))
    workspaces.change_setup(
        connection, workspace, lambda setup: setup.with_away(me, entry), actor=me, now=services.clock()
    )
    if asked is None:
        answer = [say("Welcome back. It is written down.") if before else say("You were not away.")]
    elif asked.day:
        day = say.day(asked.day)
        answer = [say("Written down: away, and back on {day}. /aside back ends it sooner.", day=day)]
    else:
        answer = [say("Written down: away. /aside back ends it.")]
    if entry and entry.deputy:
        answer.append(say("{who} decides in your place meanwhile.", who=f"<@{entry.deputy}>"))
        if entry != before:
            _tell(services, connection, task, entry.deputy, entry)
    if before and before.deputy and (entry is None or entry.deputy != before.deputy):
        answer.append(say("{who} no longer stands in for you.", who=f"<@{before.deputy}>"))
        _tell_no_longer(services, connection, task, before.deputy, me, back=entry is None)
    return "\n".join(answer)


def _tell(services: Services, connection: Connection, task: Task, deputy: str, entry: Away) -> None:
    """Tell somebody by direct message that they stand in; should it not arrive, whoever named them hears so."""
    say, zone = _reader(services, connection, deputy)
    who = f"<@{entry.user}>"
    if entry.until:
        text = say(
            "{who} is away and back on {day}. "
            "Until then you stand in and can decide on exceptions for them. Thank you!",
            who=who,
            day=say.day(entry.until.astimezone(zone).date()),
        )
    else:
        text = say(
            "{who} is away. Until they are back you stand in and can decide on exceptions for them. Thank you!", who=who
        )
    own, _ = _reader(services, connection, entry.user)
    unsent = own("{who} could not be told. Please ask somebody else.", who=f"<@{deputy}>")
    target = {"user": deputy, "tell": entry.user, "if_not_sent": {"text": unsent}}
    _put(services, connection, task, target, text)


def _tell_no_longer(
    services: Services, connection: Connection, task: Task, deputy: str, user: str, *, back: bool
) -> None:
    """Tell somebody by direct message that they no longer stand in for `user`, who is back or changed their plans."""
    say, _ = _reader(services, connection, deputy)
    who = f"<@{user}>"
    if back:
        text = say("{who} is back, so you no longer stand in for them. Thank you for being there!", who=who)
    else:
        text = say(
            "{who} has made other arrangements, so you no longer stand in for them. Thank you all the same!", who=who
        )
    _put(services, connection, task, {"user": deputy}, text)


def _reader(services: Services, connection: Connection, user: str) -> tuple[Words, ZoneInfo]:
    """Somebody's language and time zone as they were last known."""
    known = workspaces.person(connection, services.identity.workspace, user, since=0.0)
    person = known or Person(user_id=user, name=user, outsider=False)
    return words(language_of_locale(person.locale)), ZoneInfo(person.timezone)


def _put(services: Services, connection: Connection, task: Task, target: dict[str, Any], text: str) -> None:
    outbox.put(
        connection,
        workspace=services.identity.workspace,
        key=f"{task.entry.key}:deputy:{target['user']}",
        kind=SendKind.DIRECT,
        target=target,
        body={"text": text},
        now=services.clock(),
    )


def _entry(setup: Setup, user: str, now: datetime) -> Away | None:
    """Somebody's absence, while it lasts."""
    return next((each for each in setup.away_now(now) if each.user == user), None)


def _begin(day: date, timezone: str) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(timezone)).astimezone(UTC)
