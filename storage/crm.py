"""What the CRM has not heard yet: moves in the audit, in the order in which they happened."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, func, select

from bot.crm import Event, of_exception, of_opportunity
from storage import goodwill, opportunities
from storage.engine import upsert
from storage.moments import at
from storage.schema import audit, settings
from storage.schema import exceptions as exception_rows
from storage.schema import opportunities as opportunity_rows

SUBJECTS = ("opportunity", "exception")
_HEARD = "crm_heard"


def begin(connection: Connection, workspace: str) -> None:
    """From now on the CRM is told; a first time has nothing to catch up with."""
    if heard(connection, workspace) is None:
        newest: int = connection.execute(select(func.coalesce(func.max(audit.c.seq), 0))).scalar_one()
        note_heard(connection, workspace, newest)


def heard(connection: Connection, workspace: str) -> int | None:
    """Up to which row of the audit the CRM has been told; None before the first time."""
    value = connection.execute(
        select(settings.c.value).where(settings.c.workspace == workspace, settings.c.name == _HEARD)
    ).scalar_one_or_none()
    return int(value) if value is not None else None


def note_heard(connection: Connection, workspace: str, seq: int) -> None:
    """The CRM has been told up to this row."""
    upsert(connection, settings, {"workspace": workspace, "name": _HEARD, "value": str(seq)})


def next_event(connection: Connection, workspace: str) -> tuple[int, Event | None] | None:
    """The next move it should hear of, with its row; no event where the thing is gone; None when it heard all."""
    after = heard(connection, workspace)
    row = connection.execute(
        select(audit.c.seq, audit.c.at, audit.c.subject, audit.c.subject_id, audit.c.move, audit.c.actor)
        .where(audit.c.workspace == workspace, audit.c.seq > after, audit.c.subject.in_(SUBJECTS))
        .order_by(audit.c.seq)
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    data = _data(connection, workspace, row.subject, row.subject_id)
    if data is None:
        return row.seq, None
    event = Event(
        id=f"aside_{workspace}_{row.seq}",
        type=f"{row.subject}.{row.move}",
        at=at(row.at),
        data={**data, "by": row.actor},
    )
    return row.seq, event


def exported(
    connection: Connection, workspace: str, subject: str, since: float, until: float
) -> Iterator[dict[str, Any]]:
    """The opportunities, or the requests for exceptions, that began in a period, oldest first, as the CRM is told.

    Args:
        subject: One of `SUBJECTS`.
    """
    table, began = (
        (opportunity_rows, opportunity_rows.c.opened_at)
        if subject == "opportunity"
        else (exception_rows, exception_rows.c.requested_at)
    )
    ids = connection.execute(
        select(table.c.id)
        .where(table.c.workspace == workspace, began >= since, began < until)
        .order_by(began, table.c.id)
    ).scalars()
    for each in list(ids):
        if data := _data(connection, workspace, subject, each):
            yield data


def _data(connection: Connection, workspace: str, subject: str, subject_id: str) -> dict[str, Any] | None:
    """A thing as the CRM is told of it; None when it is gone."""
    if subject == "opportunity":
        opportunity = opportunities.get(connection, workspace, subject_id)
        return of_opportunity(opportunity) if opportunity else None
    request = goodwill.get(connection, workspace, subject_id)
    return of_exception(request) if request else None
