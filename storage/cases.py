"""Cases, what was said in them, what was advised, and how that was rated."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict
from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    union_all,
    update,
)

from bot.case import Case, CaseState, Heard
from bot.coaching import Advice, StoredAdvice
from bot.commitments import OWED
from bot.message import Message, Role
from bot.quiet import Given, Rating, Reason
from bot.signals import Reading, Thread
from storage import audit, forgetting, outbox
from storage.engine import insert_once, upsert
from storage.outbox import SendState
from storage.schema import advice, cases, commitments, messages, ratings
from storage.schema import outbox as outbox_rows

NOT_CLOSED = tuple(each for each in CaseState if each is not CaseState.CLOSED)


class LastSaid(NamedTuple):
    """The last word in a case."""

    role: Role
    said_at: datetime


def new_id() -> str:
    """An opaque id that tells nothing to whoever reads it in Slack's metadata."""
    return uuid.uuid4().hex


def at(timestamp: float) -> datetime:
    """A stored time as a moment."""
    return datetime.fromtimestamp(timestamp, tz=UTC)


def _case(row: RowMapping) -> Case:
    return Case(
        workspace=row["workspace"],
        id=row["id"],
        customer_id=row["customer_id"],
        channel=row["channel"],
        thread_ts=row["thread_ts"],
        state=CaseState(row["state"]),
        agent=row["agent"],
        opened_at=at(row["opened_at"]),
    )


def get(connection: Connection, workspace: str, case_id: str) -> Case | None:
    """A case by its id."""
    row = connection.execute(select(cases).where(cases.c.workspace == workspace, cases.c.id == case_id))
    found = row.mappings().one_or_none()
    return _case(found) if found else None


def of_thread(connection: Connection, workspace: str, channel: str, thread_ts: str) -> Case | None:
    """The case that a thread belongs to: the one it opened, or the one its first message was said in."""
    said_in = select(messages.c.case_id).where(
        messages.c.workspace == workspace, messages.c.channel == channel, messages.c.ts == thread_ts
    )
    opened_by = select(cases.c.id).where(
        cases.c.workspace == workspace, cases.c.channel == channel, cases.c.thread_ts == thread_ts
    )
    found = (
        connection.execute(
            select(cases)
            .where(cases.c.workspace == workspace, cases.c.id.in_(union_all(said_in, opened_by)))
            .order_by(cases.c.opened_at.desc())
            .limit(1)
        )
        .mappings()
        .one_or_none()
    )
    return _case(found) if found else None


def spoken_in_by(connection: Connection, workspace: str, speaker: str, case_ids: Sequence[str]) -> frozenset[str]:
    """The cases among these in which somebody has spoken."""
    rows = connection.execute(
        select(messages.c.case_id)
        .where(
            messages.c.workspace == workspace,
            messages.c.speaker == speaker,
            messages.c.case_id.in_(case_ids),
        )
        .distinct()
    )
    return frozenset(row.case_id for row in rows)


def open_in_channel(connection: Connection, workspace: str, channel: str, *, since: float) -> list[Case]:
    """The cases of a channel that are not closed and in which something was said since then, newest first."""
    rows = connection.execute(
        select(cases)
        .where(
            cases.c.workspace == workspace,
            cases.c.channel == channel,
            cases.c.state != CaseState.CLOSED,
            cases.c.touched_at >= since,
        )
        .order_by(cases.c.touched_at.desc())
    )
    return [_case(row) for row in rows.mappings()]


def open_of_customer(connection: Connection, workspace: str, customer_id: str) -> list[Case]:
    """The cases of a customer that are not closed, newest first."""
    rows = connection.execute(
        select(cases)
        .where(
            cases.c.workspace == workspace,
            cases.c.customer_id == customer_id,
            cases.c.state != CaseState.CLOSED,
        )
        .order_by(cases.c.touched_at.desc())
    )
    return [_case(row) for row in rows.mappings()]


def handled_by(connection: Connection, workspace: str, agent: str, most: int) -> tuple[list[Case], int]:
    """The cases somebody handles that are not closed, the longest untouched first, and how many there are in all."""
    rows = connection.execute(
        select(cases, func.count().over().label("in_all"))
        .where(cases.c.workspace == workspace, cases.c.agent == agent, cases.c.state.in_(NOT_CLOSED))
        .order_by(cases.c.touched_at, cases.c.id)
        .limit(most)
    )
    found = rows.mappings().all()
    return [_case(row) for row in found], found[0]["in_all"] if found else 0


def last_said(connection: Connection, workspace: str, case_ids: Sequence[str]) -> Mapping[str, LastSaid]:
    """Who spoke last in each of these cases, and when, as far as anybody did."""
    nth = func.row_number().over(partition_by=messages.c.case_id, order_by=messages.c.ts.desc()).label("nth")
    said = (
        select(messages.c.case_id, messages.c.role, messages.c.ts, nth)
        .where(messages.c.workspace == workspace, messages.c.case_id.in_(case_ids), messages.c.deleted_at.is_(None))
        .subquery()
    )
    rows = connection.execute(select(said.c.case_id, said.c.role, said.c.ts).where(said.c.nth == 1))
    return {row.case_id: LastSaid(Role(row.role), at(float(row.ts))) for row in rows}


def open_case(connection: Connection, message: Message, customer_id: str | None) -> Case:
    """Open a case with the message that starts it."""
    case = Case(
        workspace=message.workspace,
        id=new_id(),
        customer_id=customer_id,
        channel=message.channel,
        thread_ts=message.thread,
        opened_at=message.said_at,
    )
    connection.execute(
        insert(cases).values(
            workspace=case.workspace,
            id=case.id,
            customer_id=customer_id,
            channel=case.channel,
            thread_ts=case.thread_ts,
            state=case.state,
            context="{}",
            opened_at=case.opened_at.timestamp(),
            touched_at=case.opened_at.timestamp(),
        )
    )
    return case


def context(connection: Connection, case: Case) -> Thread:
    """What the conversation holds so far, for the reading of its next message."""
    text = connection.execute(
        select(cases.c.context).where(cases.c.workspace == case.workspace, cases.c.id == case.id)
    ).scalar_one()
    return Thread(**json.loads(text))


def touch(
    connection: Connection, case: Case, message: Message, reading: Reading, customer_id: str | None, *, now: float
) -> Case:
    """Note that something was said; the case as it stands then.

    An agent who speaks handles the case from now on; a customer who speaks opens a closed one again; a customer who
    was not known before may be known now. All else stays as it is now, which may be later than `case` was read.
    """
    of_case = (cases.c.workspace == case.workspace) & (cases.c.id == case.id)
    values: dict[str, object] = {
        "customer_id": func.coalesce(cases.c.customer_id, customer_id),
        "text_removed_at": None,
    }
    if message.role is Role.AGENT:
        values["agent"] = message.speaker
    if reading.thread is not None:
        values["context"] = json.dumps(asdict(reading.thread))
    said_at = message.said_at.timestamp()
    connection.execute(update(cases).where(of_case).values(**values))
    connection.execute(update(cases).where(of_case, cases.c.touched_at < said_at).values(touched_at=said_at))
    if message.role is Role.CUSTOMER:
        _reopen(connection, case, message, now)
    return get(connection, case.workspace, case.id) or case


def _reopen(connection: Connection, case: Case, message: Message, now: float) -> None:
    """Open a case again if it is closed."""
    changed = connection.execute(
        update(cases)
        .where(cases.c.workspace == case.workspace, cases.c.id == case.id, cases.c.state == CaseState.CLOSED)
        .values(state=CaseState.OPEN)
    )
    if changed.rowcount == 1:
        audit.write(
            connection,
            workspace=case.workspace,
            actor=message.speaker,
            subject="case",
            subject_id=case.id,
            move="reopen",
            before=CaseState.CLOSED,
            after=CaseState.OPEN,
            why="the customer wrote again",
            now=now,
        )


def gone_quiet(connection: Connection, workspace: str, *, before: float) -> list[Case]:
    """The cases in which nothing was said since `before`, oldest first; none in which somebody still waits for us."""
    rows = connection.execute(select(cases).where(*_quiet(workspace, before)).order_by(cases.c.touched_at))
    return [_case(row) for row in rows.mappings()]


def close(connection: Connection, case: Case, *, before: float, now: float) -> bool:
    """Close a case that has gone quiet; False when something happened in it meanwhile."""
    changed = connection.execute(
        update(cases).where(*_quiet(case.workspace, before), cases.c.id == case.id).values(state=CaseState.CLOSED)
    )
    if changed.rowcount != 1:
        return False
    audit.write(
        connection,
        workspace=case.workspace,
        actor="aside",
        subject="case",
        subject_id=case.id,
        move="close",
        before=case.state,
        after=CaseState.CLOSED,
        why="nothing was said any more",
        now=now,
    )
    return True


def _quiet(workspace: str, before: float) -> tuple[ColumnElement[bool], ...]:
    """Neither a decision nor anything promised is awaited in it (R33)."""
    owed = select(commitments.c.case_id).where(commitments.c.workspace == workspace, commitments.c.state.in_(OWED))
    return (
        cases.c.workspace == workspace,
        cases.c.state.not_in([CaseState.CLOSED, CaseState.WAITING]),
        cases.c.touched_at < before,
        cases.c.id.not_in(owed),
    )


def hand_over(connection: Connection, case: Case, agent: str) -> None:
    """Somebody else handles the case from now on 接手."""
    connection.execute(
        update(cases).where(cases.c.workspace == case.workspace, cases.c.id == case.id).values(agent=agent)
    )


def move(connection: Connection, case: Case, state: CaseState) -> None:
    """Put a case into another state."""
    connection.execute(
        update(cases).where(cases.c.workspace == case.workspace, cases.c.id == case.id).values(state=state)
    )


def write_message(connection: Connection, message: Message, reading: Reading, case_id: str | None) -> bool:
    """Keep what was said and what was noticed; False when it was kept before."""
    return insert_once(
        connection,
        messages,
        {
            "workspace": message.workspace,
            "channel": message.channel,
            "ts": message.ts,
            "thread_ts": message.thread_ts,
            "case_id": case_id,
            "speaker": message.speaker,
            "role": message.role,
            "text": message.text,
            "mirrored": message.mirrored,
            "anger": int(reading.anger),  # SQLite would keep NumPy's integers as bytes
            "signals": json.dumps([each.id for each in reading.signals]),
        },
    )


class KeptMessage(BaseModel):
    """A message as it was kept.

    Attributes:
        deleted: Its words are gone, by whoever wrote it, by retention or because the customer was forgotten; they do
            not come back.
    """

    model_config = ConfigDict(frozen=True)

    message: Message
    case_id: str | None
    signals: tuple[str, ...]
    deleted: bool


def kept_message(connection: Connection, workspace: str, channel: str, ts: str) -> KeptMessage | None:
    """A message kept earlier."""
    row = (
        connection.execute(
            select(messages).where(
                messages.c.workspace == workspace, messages.c.channel == channel, messages.c.ts == ts
            )
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        return None
    return KeptMessage(
        message=Message(**{name: row[name] for name in Message.model_fields}),
        case_id=row["case_id"],
        signals=tuple(json.loads(row["signals"])),
        deleted=row["deleted_at"] is not None or not row["text"],
    )


def rewrite_message(connection: Connection, message: Message, reading: Reading, now: float) -> None:
    """Keep what an edited message says now."""
    connection.execute(
        update(messages)
        .where(
            messages.c.workspace == message.workspace,
            messages.c.channel == message.channel,
            messages.c.ts == message.ts,
        )
        .values(
            text=message.text,
            anger=int(reading.anger),
            signals=json.dumps([each.id for each in reading.signals]),
            edited_at=now,
        )
    )


def forget_message(connection: Connection, workspace: str, channel: str, ts: str, now: float) -> str | None:
    """Somebody deleted a message: its words go, here and wherever they are quoted, and what waits to be said of it.

    The mark stays, so that the message is not kept after all when its deletion came first.

    Returns:
        The id of the case in which sales was asked about these very words, so that the question shows them no more.
    """
    known = kept_message(connection, workspace, channel, ts)
    asked = (
        known is not None
        and known.case_id is not None
        and forgetting.quotes_removed(connection, workspace, known.case_id, known.message.text)
    )
    mark = {"text": "", "signals": "[]", "anger": 0, "deleted_at": now}
    is_new = insert_once(
        connection,
        messages,
        {"workspace": workspace, "channel": channel, "ts": ts, "speaker": "", "role": Role.COLLEAGUE, **mark},
    )
    if not is_new:
        connection.execute(
            update(messages)
            .where(messages.c.workspace == workspace, messages.c.channel == channel, messages.c.ts == ts)
            .values(**mark)
        )
    about = (advice.c.workspace == workspace) & (advice.c.channel == channel) & (advice.c.message_ts == ts)
    for row in connection.execute(select(advice.c.id, advice.c.content).where(about)).all():
        outbox.cancel(connection, workspace, advice_key(row.id))
        kept = Advice.model_validate_json(row.content)
        wordless = kept.model_copy(update={"signals": tuple(replace(each, words="") for each in kept.signals)})
        connection.execute(
            update(advice)
            .where(advice.c.workspace == workspace, advice.c.id == row.id)
            .values(content=wordless.model_dump_json())
        )
    return known.case_id if known and asked else None


def advice_key(advice_id: str) -> str:
    """The outbox key of the whisper that carries advice."""
    return f"advice:{advice_id}"


def heard(connection: Connection, case: Case) -> list[Heard]:
    """What was said in a case, in the order it was said."""
    rows = connection.execute(
        select(messages.c.role, messages.c.signals)
        .where(
            messages.c.workspace == case.workspace,
            messages.c.case_id == case.id,
            messages.c.deleted_at.is_(None),
        )
        .order_by(messages.c.ts)
    )
    return [Heard(role=Role(row.role), signals=tuple(json.loads(row.signals))) for row in rows]


def has_thread(connection: Connection, case: Case) -> bool:
    """Whether anybody answered in the case's thread, so that Slack would show something there."""
    return (
        connection.execute(
            select(messages.c.ts)
            .where(
                messages.c.workspace == case.workspace,
                messages.c.channel == case.channel,
                messages.c.thread_ts == case.thread_ts,
            )
            .limit(1)
        ).one_or_none()
        is not None
    )


def last_customer_words(connection: Connection, case: Case) -> str:
    """What the customer said last, to answer in their language."""
    text: str | None = connection.execute(
        select(messages.c.text)
        .where(
            messages.c.workspace == case.workspace,
            messages.c.case_id == case.id,
            messages.c.role == Role.CUSTOMER,
            messages.c.deleted_at.is_(None),
        )
        .order_by(messages.c.ts.desc())
        .limit(1)
    ).scalar_one_or_none()
    return text or ""


def last_customer_anger(connection: Connection, case: Case) -> int:
    """How angry the customer was last, 0–3."""
    anger: int | None = connection.execute(
        select(messages.c.anger)
        .where(
            messages.c.workspace == case.workspace,
            messages.c.case_id == case.id,
            messages.c.role == Role.CUSTOMER,
            messages.c.deleted_at.is_(None),
        )
        .order_by(messages.c.ts.desc())
        .limit(1)
    ).scalar_one_or_none()
    return anger or 0


def conversation(connection: Connection, case: Case) -> list[Message]:
    """What was said in a case, in the order it was said, what was deleted left out."""
    rows = connection.execute(
        select(messages)
        .where(
            messages.c.workspace == case.workspace,
            messages.c.case_id == case.id,
            messages.c.deleted_at.is_(None),
        )
        .order_by(messages.c.ts)
    )
    return [Message(**{name: row[name] for name in Message.model_fields}) for row in rows.mappings()]


def last_words_showing(connection: Connection, case: Case, signal: str) -> str:
    """What the customer said last that showed this signal; empty when nothing did."""
    rows = connection.execute(
        select(messages.c.text, messages.c.signals)
        .where(
            messages.c.workspace == case.workspace,
            messages.c.case_id == case.id,
            messages.c.role == Role.CUSTOMER,
            messages.c.deleted_at.is_(None),
        )
        .order_by(messages.c.ts.desc())
    )
    return next((row.text for row in rows if signal in json.loads(row.signals)), "")


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
) -> str:
    """Keep advice with everything it came from; its id.

    Args:
        while_paused: It is for their Home alone.
        after: Key of the outbox row it tells of; it is true only once that one is out.
    """
    advice_id = new_id()
    connection.execute(
        insert(advice).values(
            workspace=case.workspace,
            id=advice_id,
            case_id=case.id,
            channel=case.channel,
            message_ts=message_ts,
            person=person,
            given_at=now,
            playbook_version=given.playbook_version,
            content=given.model_dump_json(),
            while_paused=while_paused,
            after=after,
        )
    )
    return advice_id


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


def of_button(connection: Connection, workspace: str, value: str) -> Case | None:
    """The case behind a button: a whisper's holds the advice's id, a window's the case's own."""
    given = stored_advice(connection, workspace, value)
    return get(connection, workspace, given.case_id if given else value)


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
    rows = connection.execute(
        select(advice.c.content, advice.c.given_at, ratings.c.helpful)
        .outerjoin(
            ratings,
            (ratings.c.workspace == advice.c.workspace)
            & (ratings.c.advice_id == advice.c.id)
            & (ratings.c.person == advice.c.person),
        )
        .where(
            advice.c.workspace == case.workspace,
            advice.c.case_id == case.id,
            advice.c.person == person,
            advice.c.given_at > since,
            was_shown(),
            *([] if or_kept else [advice.c.while_paused.is_(False)]),
        )
        .order_by(advice.c.given_at)
    )
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
    return connection.execute(
        select(func.count())
        .select_from(advice)
        .where(
            advice.c.workspace == case.workspace,
            advice.c.case_id != case.id,
            advice.c.person == person,
            advice.c.given_at > since,
            advice.c.while_paused.is_(False),
            was_shown(),
        )
    ).scalar_one()


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
