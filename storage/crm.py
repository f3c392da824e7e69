"""What the CRM has not heard yet: moves in the audit, in the order in which they happened."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select

from bot.crm import Event, of_exception, of_opportunity
from bot.sales import SalesMove
from storage import goodwill, opportunities
from storage.engine import insert_once, upsert, whole
from storage.moments import at
from storage.schema import audit, settings
from storage.schema import exceptions as exception_rows
from storage.schema import opportunities as opportunity_rows

SUBJECTS = ("opportunity", "exception")
UNTOLD = (SalesMove.LOOK,)
"""With these nothing changes and nobody hears anything; the moves of an exception have other names."""
TURN_SECONDS = 60.0
"""Whoever died while telling lets go of it by then; a post takes a quarter of it at most."""

_HEARD = "crm_heard"
_TURN = "crm_turn"


@dataclass(frozen=True)
class Turn:
    """One move that is told now, by one worker.

    Attributes:
        seq: Its row in the audit.
        event: None where the thing that moved is gone.
        tries: How often it has been told, this time included.
    """

    seq: int
    event: Event | None
    tries: int


def begin(connection: Connection, workspace: str) -> None:
    """From now on the CRM is told; a first time has nothing to catch up with."""
    if heard(connection, workspace) is None:
        known = select(func.coalesce(func.max(audit.c.seq), 0)).where(audit.c.workspace == workspace)
        newest: int = connection.execute(known).scalar_one()
        insert_once(connection, settings, {"workspace": workspace, "name": _HEARD, "value": str(newest)})


def heard(connection: Connection, workspace: str) -> int | None:
    """Up to which row of the audit the CRM has been told; None before the first time."""
    value = _kept(connection, workspace, _HEARD)
    return int(value) if value is not None else None


def _kept(connection: Connection, workspace: str, name: str) -> str | None:
    """A row of ours, which others wait for until this transaction ends."""
    row = select(settings.c.value).where(settings.c.workspace == workspace, settings.c.name == name)
    return connection.execute(row.with_for_update()).scalar_one_or_none()


def take_turn(connection: Connection, workspace: str, now: float) -> Turn | None:
    """The next move that it should hear of, for one worker alone; None when there is none or it is not told yet.

    Moves are told one after the other: while one of them is being told, or waits to be told again, so does the rest.
    """
    after = heard(connection, workspace)
    row = connection.execute(
        select(audit.c.seq, audit.c.at, audit.c.subject, audit.c.subject_id, audit.c.move, audit.c.actor)
        .where(
            audit.c.workspace == workspace,
            audit.c.seq > after,
            audit.c.subject.in_(SUBJECTS),
            audit.c.move.not_in(UNTOLD),
            whole(connection, audit),
        )
        .order_by(audit.c.seq)
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    known = json.loads(_kept(connection, workspace, _TURN) or "{}")
    is_known = known.get("seq") == row.seq
    if is_known and known["until"] > now:
        return None
    turn = Turn(row.seq, _event(connection, workspace, row), known["tries"] + 1 if is_known else 1)
    wait(connection, workspace, turn, until=now + TURN_SECONDS)
    return turn


def wait(connection: Connection, workspace: str, turn: Turn, *, until: float) -> None:
    """Nobody tells it of this move before then."""
    value = json.dumps({"seq": turn.seq, "tries": turn.tries, "until": until})
    upsert(connection, settings, {"workspace": workspace, "name": _TURN, "value": value})


def note_heard(connection: Connection, workspace: str, turn: Turn) -> None:
    """It has been told up to this move, and is never told less again."""
    if turn.seq > (heard(connection, workspace) or 0):
        upsert(connection, settings, {"workspace": workspace, "name": _HEARD, "value": str(turn.seq)})


def _event(connection: Connection, workspace: str, row: Row[*tuple[Any, ...]]) -> Event | None:
    data = _data(connection, workspace, row.subject, row.subject_id)
    if data is None:
        return None
    return Event(
        id=f"aside_{workspace}_{row.seq}",
        type=f"{row.subject}.{row.move}",
        at=at(row.at),
        data={**data, "workspace": workspace, "by": row.actor},
    )


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
