"""A workspace that uninstalled us: all its rows go, a few at a time, and its own row last.

Whoever does it may die at any time: the row in `installations` says that it is to be done until it is.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, delete, func, select, tuple_, update

from storage.schema import installations, metadata

LEASE_SECONDS = 30.0
SETTLE_SECONDS = 60.0
"""By then nobody is at work on anything of theirs any more: each piece of work is bounded by a lease of 30 seconds."""


def leaving(connection: Connection) -> Mapping[str, float]:
    """The workspaces whose rows are to go, and since when."""
    here = select(installations.c.workspace, installations.c.leaving_at)
    found = connection.execute(here.where(installations.c.leaving_at.is_not(None)).order_by(installations.c.workspace))
    return {row.workspace: row.leaving_at for row in found}


def claim(connection: Connection, workspace: str, *, now: float) -> bool:
    """Be the one who deletes, for as long as a lease; False when somebody else is at it."""
    mine = update(installations).where(
        installations.c.workspace == workspace,
        installations.c.leaving_at.is_not(None),
        installations.c.lease_until <= now,
    )
    return connection.execute(mine.values(lease_until=now + LEASE_SECONDS)).rowcount == 1


def hold(connection: Connection, workspace: str, *, now: float) -> None:
    """Go on being the one."""
    mine = update(installations).where(installations.c.workspace == workspace)
    connection.execute(mine.values(lease_until=now + LEASE_SECONDS))


def delete_some(connection: Connection, workspace: str, *, limit: int) -> int:
    """Delete at most so many rows of a workspace, those first that others point at last; 0 when none is left."""
    for table in reversed(metadata.sorted_tables):
        if table is installations:
            continue
        keys = list(table.primary_key)
        some = select(*keys).where(table.c.workspace == workspace).limit(limit)
        gone = connection.execute(delete(table).where(tuple_(*keys).in_(some))).rowcount
        if gone:
            return gone
    return 0


def gone(connection: Connection, workspace: str, *, now: float, settle: float = SETTLE_SECONDS) -> bool:
    """Let go of its own row once nobody can be at work on anything of theirs; whether that is done, or else the lease.

    Whoever installed us anew meanwhile begins with nothing.

    Args:
        settle: After how many seconds that is.
    """
    here = installations.c.workspace == workspace
    settled = installations.c.leaving_at.is_not(None) & (installations.c.leaving_at <= now - settle)
    is_anew = installations.c.installed_at > installations.c.leaving_at
    kept = update(installations).where(here, settled, is_anew).values(leaving_at=None, lease_until=0.0)
    if connection.execute(kept).rowcount:
        return True
    if connection.execute(delete(installations).where(here, settled)).rowcount:
        return True
    connection.execute(update(installations).where(here).values(lease_until=0.0))
    return False


def row_count(connection: Connection, workspace: str) -> int:
    """How many rows a workspace has."""
    return sum(
        connection.execute(select(func.count()).select_from(table).where(table.c.workspace == workspace)).scalar_one()
        for table in metadata.sorted_tables
        if table is not installations
    )


def known(connection: Connection) -> frozenset[str]:
    """Every workspace of which there is a row."""
    asked = [select(table.c.workspace).distinct() for table in metadata.sorted_tables]
    return frozenset(each for question in asked for each in connection.execute(question).scalars()) - {""}
