"""Contracts that end: of which somebody was told."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, func, select

from bot.renewals import Ending
from storage.engine import insert_once
from storage.schema import endings_told


def note(connection: Connection, workspace: str, endings: Sequence[Ending], *, told: str, now: float) -> None:
    """Write down that somebody is told of these."""
    for each in endings:
        values = {
            "workspace": workspace,
            "customer_id": each.customer_id,
            "contract": each.contract,
            "ends_on": each.ends_on.isoformat(),
            "within": each.within,
        }
        insert_once(connection, endings_told, values | {"told_at": now, "told": told, "keeper": told})


def untold(connection: Connection, workspace: str, endings: Sequence[Ending], today: date) -> list[Ending]:
    """Those of which nobody was told, at this threshold or a nearer one."""
    nearest = func.min(endings_told.c.within).label("nearest")
    key = (endings_told.c.customer_id, endings_told.c.contract, endings_told.c.ends_on)
    rows = connection.execute(
        select(*key, nearest)
        .where(endings_told.c.workspace == workspace, endings_told.c.ends_on >= today.isoformat())
        .group_by(*key)
    )
    known = {(row.customer_id, row.contract, row.ends_on): row.nearest for row in rows}
    return [
        each
        for each in endings
        if each.within < known.get((each.customer_id, each.contract, each.ends_on.isoformat()), each.within + 1)
    ]
