"""What is kept about a workspace: its setup, and people and user groups as Slack last told them."""

import json
from collections.abc import Callable
from datetime import date
from functools import lru_cache

from sqlalchemy import Connection, bindparam, delete, select

from bot.setup import Person, Setup
from storage import audit
from storage.engine import upsert
from storage.schema import group_members, people, settings

_SETUP = select(settings.c.value).where(settings.c.workspace == bindparam("of_workspace"), settings.c.name == "setup")
_PERSON = select(people.c.profile).where(
    people.c.workspace == bindparam("of_workspace"),
    people.c.user_id == bindparam("user"),
    people.c.checked_at >= bindparam("since"),
)
_GROUPS = select(group_members).where(
    group_members.c.workspace == bindparam("of_workspace"), group_members.c.checked_at >= bindparam("since")
)
"""Asked several times about every message, so made once: SQLAlchemy takes longer to make one than SQLite to answer."""


def setup(connection: Connection, workspace: str) -> Setup:
    """The workspace's setup; an empty one before anybody set it up."""
    value: str | None = connection.execute(_SETUP, {"of_workspace": workspace}).scalar_one_or_none()
    return _parsed(value) if value else Setup()


@lru_cache(maxsize=64)
def _parsed(value: str) -> Setup:
    return Setup.model_validate_json(value)


def save_setup(connection: Connection, workspace: str, changed: Setup, *, actor: str, now: float) -> None:
    """Write the setup and who changed it."""
    before = setup(connection, workspace)
    upsert(
        connection,
        settings,
        {"workspace": workspace, "name": "setup", "value": changed.model_dump_json()},
    )
    audit.write(
        connection,
        workspace=workspace,
        actor=actor,
        subject="setup",
        subject_id="setup",
        move="change",
        before=before.model_dump_json(),
        after=changed.model_dump_json(),
        now=now,
    )


def change_setup(
    connection: Connection, workspace: str, change: Callable[[Setup], Setup], *, actor: str, now: float
) -> Setup:
    """Change the setup as it is in this transaction, and write who did; the setup afterwards."""
    before = setup(connection, workspace)
    changed = change(before)
    if changed != before:
        save_setup(connection, workspace, changed, actor=actor, now=now)
    return changed


def alive_at(connection: Connection, workspace: str) -> float | None:
    """When we were last known to listen; None before the first time."""
    value = connection.execute(
        select(settings.c.value).where(settings.c.workspace == workspace, settings.c.name == "alive_at")
    ).scalar_one_or_none()
    return float(value) if value else None


def save_alive_at(connection: Connection, workspace: str, now: float) -> None:
    """Note that we are listening."""
    upsert(connection, settings, {"workspace": workspace, "name": "alive_at", "value": f"{now:.3f}"})


def save_written_at(connection: Connection, workspace: str, now: float) -> None:
    """Write something, to see whether the database takes it."""
    upsert(connection, settings, {"workspace": workspace, "name": "written_at", "value": f"{now:.3f}"})


def save_met_at(connection: Connection, name: str, now: float | None) -> None:
    """Note when a request was met, of whichever workspace; None: not yet.

    Args:
        name: What was met.
    """
    upsert(connection, settings, {"workspace": "", "name": name, "value": "" if now is None else f"{now:.3f}"})


def met_at(connection: Connection, name: str) -> float | None:
    """When a request was last met; None when none was."""
    value = connection.execute(
        select(settings.c.value).where(settings.c.workspace == "", settings.c.name == name)
    ).scalar_one_or_none()
    return float(value) if value else None


def told_week(connection: Connection, workspace: str) -> date | None:
    """The Monday of the week in which the week before was last told of; None before the first time."""
    return _day(connection, workspace, "told_week")


def save_told_week(connection: Connection, workspace: str, monday: date) -> bool:
    """Note that it is told; False when another worker has noted it."""
    return upsert(connection, settings, {"workspace": workspace, "name": "told_week", "value": monday.isoformat()})


def looked_ahead_on(connection: Connection, workspace: str) -> date | None:
    """The last day on which contracts that end soon were looked for; None before the first."""
    return _day(connection, workspace, "looked_ahead_on")


def save_looked_ahead_on(connection: Connection, workspace: str, day: date) -> bool:
    """Note that contracts that end soon were looked for; False when another worker has noted it."""
    return upsert(connection, settings, {"workspace": workspace, "name": "looked_ahead_on", "value": day.isoformat()})


def _day(connection: Connection, workspace: str, name: str) -> date | None:
    value = connection.execute(
        select(settings.c.value).where(settings.c.workspace == workspace, settings.c.name == name)
    ).scalar_one_or_none()
    return date.fromisoformat(value) if value else None


def person(connection: Connection, workspace: str, user_id: str, *, since: float) -> Person | None:
    """Somebody as Slack told us since then."""
    asked = {"of_workspace": workspace, "user": user_id, "since": since}
    profile: str | None = connection.execute(_PERSON, asked).scalar_one_or_none()
    return Person.model_validate_json(profile) if profile else None


def save_person(connection: Connection, workspace: str, known: Person, now: float) -> None:
    """Keep what Slack told us about somebody."""
    upsert(
        connection,
        people,
        {
            "workspace": workspace,
            "user_id": known.user_id,
            "profile": known.model_dump_json(),
            "checked_at": now,
        },
    )


def forget_person(connection: Connection, workspace: str, user_id: str) -> None:
    """Ask Slack anew next time."""
    connection.execute(delete(people).where(people.c.workspace == workspace, people.c.user_id == user_id))


def groups(connection: Connection, workspace: str, *, since: float) -> dict[str, frozenset[str]]:
    """The members of user groups as Slack told us since then; older news gives nobody a role."""
    rows = connection.execute(_GROUPS, {"of_workspace": workspace, "since": since})
    return {row.group_id: frozenset(json.loads(row.members)) for row in rows}


def save_group(connection: Connection, workspace: str, group_id: str, members: list[str], now: float) -> None:
    """Keep who is in a user group."""
    upsert(
        connection,
        group_members,
        {
            "workspace": workspace,
            "group_id": group_id,
            "members": json.dumps(sorted(members)),
            "checked_at": now,
        },
    )
