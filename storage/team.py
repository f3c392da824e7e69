"""How the team is doing, for those who look after it: counts alone, never what anybody was told (R47)."""

from collections.abc import Mapping

from sqlalchemy import Connection, func, select

from bot.commitments import OWED
from storage.schema import cases, commitments, pauses
from storage.which_case import NOT_CLOSED


def open_cases(connection: Connection, workspace: str) -> Mapping[str | None, int]:
    """How many open cases each agent has; under None those that nobody handles yet."""
    rows = connection.execute(
        select(cases.c.agent, func.count().label("times"))
        .where(cases.c.workspace == workspace, cases.c.state.in_(NOT_CLOSED))
        .group_by(cases.c.agent)
    )
    return {row.agent: row.times for row in rows}


def overdue(connection: Connection, workspace: str, now: float) -> Mapping[str, int]:
    """How many commitments of each agent are owed still though their time has passed (R33)."""
    rows = connection.execute(
        select(commitments.c.made_by, func.count().label("times"))
        .where(commitments.c.workspace == workspace, commitments.c.state.in_(OWED), commitments.c.due_at < now)
        .group_by(commitments.c.made_by)
    )
    return {row.made_by: row.times for row in rows}


def paused(connection: Connection, workspace: str, now: float) -> frozenset[str]:
    """Who wants no whispers at this moment."""
    rows = connection.execute(select(pauses.c.person).where(pauses.c.workspace == workspace, pauses.c.until > now))
    return frozenset(row.person for row in rows)
