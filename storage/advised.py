"""What was advised in a case, and how that was rated."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from bot.advice import Advice, StoredAdvice
from bot.case import Case
from bot.message import Role
from bot.quiet import Given, Rating, Reason
from storage.engine import upsert
from storage.ids import new_id
from storage.moments import at
from storage.outbox import SendState
from storage.schema import advice, messages, ratings
from storage.schema import outbox as outbox_rows


def write_advice(
    connection: Connection,
    case: Case,
    *,
    message_ts: str,
    person: str,
    given: Advice,
    now: float,
    while_paused: bool = False,
    after: str | None = None,
    next_at: datetime | None = None,
) -> str:
    """Keep advice with everything it came from; its id.

    Args:
        while_paused: It is for their Home alone.
        after: Key of the outbox row it tells of; it is true only once that one is out.
        next_at: When they hear of it again, if nobody reacts.
    """
    advice_id = new_id()
    connection.execute(
        insert(advice),
        {
            "workspace": case.workspace,
            "id": advice_id,
            "case_id": case.id,
            "channel": case.channel,
            "message_ts": message_ts,
            "person": person,
            "given_at": now,
            "playbook_version": given.playbook_version,
            "content": given.model_dump_json(),
            "while_paused": while_paused,
            "after": after,
            "next_at": next_at and next_at.timestamp(),
        },
    )
    return advice_id


UNANSWERED = (
    select(advice)
    .where(
        advice.c.workspace == bindparam("of_workspace"),
        advice.c.next_at <= bindparam("now"),
        advice.c.text_removed_at.is_(None),
    )
    .order_by(advice.c.next_at, advice.c.id)
)
"""Asked every second for every workspace, so made once: to make it takes longer than to answer it."""


def unanswered(connection: Connection, workspace: str, now: float) -> list[StoredAdvice]:
    """The advice to which somebody should have reacted by now, the oldest first."""
    rows = connection.execute(UNANSWERED, {"of_workspace": workspace, "now": now})
    return [_stored_advice(row) for row in rows.mappings()]


def waits_for_reaction(connection: Connection, case: Case, person: str) -> bool:
    """Whether somebody is to react to earlier advice in a case."""
    found = select(advice.c.id).where(
        advice.c.workspace == case.workspace,
        advice.c.case_id == case.id,
        advice.c.person == person,
        advice.c.next_at.is_not(None),
    )
    return connection.execute(found.limit(1)).one_or_none() is not None


def wait(connection: Connection, workspace: str, advice_id: str, *, until: float | None) -> bool:
    """Let advice wait for a reaction until then, or no more; False when it does not wait any more."""
    waits = (advice.c.workspace == workspace) & (advice.c.id == advice_id) & advice.c.next_at.is_not(None)
    return connection.execute(update(advice).where(waits).values(next_at=until)).rowcount == 1


def note_reaction(connection: Connection, workspace: str, person: str, about: Collection[str]) -> None:
    """Somebody reacted: what they were told there waits for it no more.

    Args:
        about: Ids of advice or of cases; any other id is of nothing.
    """
    theirs = (advice.c.workspace == workspace) & (advice.c.person == person) & advice.c.next_at.is_not(None)
    there = advice.c.id.in_(about) | advice.c.case_id.in_(about)
    connection.execute(update(advice).where(theirs, there).values(next_at=None))


def was_answered(connection: Connection, workspace: str, about: StoredAdvice) -> bool:
    """Whether one of us has written in the case since the message that it is about."""
    said = select(messages.c.ts).where(
        messages.c.workspace == workspace,
        messages.c.case_id == about.case_id,
        messages.c.ts > about.message_ts,
        messages.c.role.in_([Role.AGENT, Role.SUPERVISOR]),
        messages.c.deleted_at.is_(None),
    )
    return connection.execute(said.limit(1)).one_or_none() is not None


def _stored_advice(row: RowMapping) -> StoredAdvice:
    return StoredAdvice(
        id=row["id"],
        case_id=row["case_id"],
        channel=row["channel"],
        message_ts=row["message_ts"],
        person=row["person"],
        given_at=at(row["given_at"]),
        while_paused=row["while_paused"],
        advice=Advice.model_validate_json(row["content"]),
    )


def stored_advice(connection: Connection, workspace: str, advice_id: str) -> StoredAdvice | None:
    """Advice given earlier."""
    row = (
        connection.execute(select(advice).where(advice.c.workspace == workspace, advice.c.id == advice_id))
        .mappings()
        .one_or_none()
    )
    return _stored_advice(row) if row else None


def advice_for(connection: Connection, workspace: str, person: str, limit: int) -> list[StoredAdvice]:
    """The newest advice somebody was given; none that tells of a message which is not out."""
    told_of = outbox_rows.c.state == SendState.SENT
    rows = connection.execute(
        select(advice)
        .outerjoin(outbox_rows, (outbox_rows.c.workspace == advice.c.workspace) & (outbox_rows.c.key == advice.c.after))
        .where(
            advice.c.workspace == workspace,
            advice.c.person == person,
            advice.c.text_removed_at.is_(None),
            advice.c.after.is_(None) | told_of,
        )
        .order_by(advice.c.given_at.desc())
        .limit(limit)
    )
    return [_stored_advice(row) for row in rows.mappings()]


def was_advised(connection: Connection, case: Case, person: str) -> bool:
    """Whether somebody was whispered to in a case."""
    return (
        connection.execute(
            select(advice.c.id)
            .where(advice.c.workspace == case.workspace, advice.c.case_id == case.id, advice.c.person == person)
            .limit(1)
        ).one_or_none()
        is not None
    )


def advice_key(advice_id: str) -> str:
    """The outbox key of the whisper that carries advice."""
    return f"advice:{advice_id}"


NOT_SHOWN = (SendState.WITHHELD, SendState.FAILED)


def was_shown() -> ColumnElement[bool]:
    """Of advice: it reached them or may have, and so did what it tells of; what is on its way counts."""
    rows = outbox_rows.alias()
    not_out = or_(
        and_(rows.c.key == literal(advice_key("")) + advice.c.id, rows.c.state.in_(NOT_SHOWN)),
        and_(rows.c.key == advice.c.after, rows.c.state.in_([*NOT_SHOWN, SendState.UNKNOWN])),
    )
    return ~select(rows.c.seq).where(rows.c.workspace == advice.c.workspace, not_out).exists()


def given_in_case(
    connection: Connection, case: Case, person: str, *, since: float, or_kept: bool = False
) -> Sequence[Given]:
    """What somebody was shown in a case since then.

    Args:
        or_kept: Count also what was only kept for them while they paused.
    """
    asked = {"of_workspace": case.workspace, "of_case": case.id, "whose": person, "since": since}
    rows = connection.execute(_given_in_case(or_kept=or_kept), asked)
    return [
        Given(
            plays=tuple(kept["plays"]),
            at=at(row.given_at),
            facts=frozenset(kept["facts"]),
            helpful=bool(row.helpful),
        )
        for row in rows
        for kept in [json.loads(row.content)]
    ]


def given_elsewhere(connection: Connection, case: Case, person: str, *, since: float) -> int:
    """How many whispers somebody was shown in other cases since then."""
    asked = {"of_workspace": case.workspace, "of_case": case.id, "whose": person, "since": since}
    return connection.execute(_given_elsewhere(), asked).scalar_one()


@cache
def _given_in_case(*, or_kept: bool) -> Select[tuple[str, float, bool]]:
    """Asked about every message, so made once: to make it takes longer than to answer it."""
    return (
        select(advice.c.content, advice.c.given_at, ratings.c.helpful)
        .outerjoin(
            ratings,
            (ratings.c.workspace == advice.c.workspace)
            & (ratings.c.advice_id == advice.c.id)
            & (ratings.c.person == advice.c.person),
        )
        .where(
            *_to_somebody(advice.c.case_id == bindparam("of_case")),
            *([] if or_kept else [advice.c.while_paused.is_(False)]),
        )
        .order_by(advice.c.given_at)
    )


@cache
def _given_elsewhere() -> Select[int]:
    """The same."""
    elsewhere = _to_somebody(advice.c.case_id != bindparam("of_case"))
    return select(func.count()).select_from(advice).where(*elsewhere, advice.c.while_paused.is_(False))


def _to_somebody(where: ColumnElement[bool]) -> tuple[ColumnElement[bool], ...]:
    return (
        advice.c.workspace == bindparam("of_workspace"),
        where,
        advice.c.person == bindparam("whose"),
        advice.c.given_at > bindparam("since"),
        was_shown(),
    )


def rate(
    connection: Connection,
    *,
    workspace: str,
    advice_id: str,
    person: str,
    helpful: bool,
    now: float,
    reason: Reason | None = None,
    note: str = "",
) -> None:
    """Keep what somebody thought of advice; the last word counts."""
    upsert(
        connection,
        ratings,
        {
            "workspace": workspace,
            "advice_id": advice_id,
            "person": person,
            "helpful": helpful,
            "rated_at": now,
            "reason": reason or "",
            "note": note,
        },
    )


def unrate(connection: Connection, *, workspace: str, advice_id: str, person: str) -> None:
    """Somebody takes back what they thought of advice."""
    connection.execute(
        delete(ratings).where(
            ratings.c.workspace == workspace, ratings.c.advice_id == advice_id, ratings.c.person == person
        )
    )


def ratings_by(connection: Connection, workspace: str, person: str, advice_ids: Sequence[str]) -> Mapping[str, Rating]:
    """What somebody thought of these pieces of advice, by the advice's id."""
    rows = connection.execute(
        select(ratings).where(
            ratings.c.workspace == workspace, ratings.c.person == person, ratings.c.advice_id.in_(advice_ids)
        )
    )
    return {
        row.advice_id: Rating(helpful=row.helpful, reason=Reason(row.reason) if row.reason else None, note=row.note)
        for row in rows
    }
