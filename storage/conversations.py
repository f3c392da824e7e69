"""What was said in a case."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Column, Connection, Integer, Select, bindparam, func, select, update

from bot.advice import Advice
from bot.case import Case, Heard
from bot.message import Message, Role
from bot.signals import Reading
from storage import forgetting, outbox
from storage.advised import advice_key
from storage.engine import insert_once
from storage.moments import at
from storage.schema import advice, messages


class LastSaid(NamedTuple):
    """The last word in a case."""

    role: Role
    said_at: datetime


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


def _newest_of_customer(*what: Column[Any]) -> Select[Any]:
    """What is kept of the customer's messages in a case, the newest first."""
    return (
        select(*what)
        .where(
            messages.c.workspace == bindparam("of_workspace"),
            messages.c.case_id == bindparam("of_case"),
            messages.c.role == Role.CUSTOMER,
            messages.c.deleted_at.is_(None),
        )
        .order_by(messages.c.ts.desc())
    )


_KEPT = select(messages).where(
    messages.c.workspace == bindparam("of_workspace"),
    messages.c.channel == bindparam("in_channel"),
    messages.c.ts == bindparam("at_ts"),
)
_HEARD = (
    select(messages.c.role, messages.c.signals)
    .where(
        messages.c.workspace == bindparam("of_workspace"),
        messages.c.case_id == bindparam("of_case"),
        messages.c.deleted_at.is_(None),
    )
    .order_by(messages.c.ts)
)
_LAST_WORDS = _newest_of_customer(messages.c.text).limit(1)
_LAST_ANGER = _newest_of_customer(messages.c.anger).limit(bindparam("most", type_=Integer()))
_WITH_SIGNALS = _newest_of_customer(messages.c.ts, messages.c.text, messages.c.signals)
"""Asked about every message, so made once: to make it takes longer than to answer it."""


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


def kept_message(connection: Connection, workspace: str, channel: str, ts: str) -> KeptMessage | None:
    """A message kept earlier."""
    asked = {"of_workspace": workspace, "in_channel": channel, "at_ts": ts}
    row = connection.execute(_KEPT, asked).mappings().one_or_none()
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


def in_full(connection: Connection, case: Case) -> list[Message]:
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


def heard(connection: Connection, case: Case) -> list[Heard]:
    """What was said in a case, in the order it was said."""
    rows = connection.execute(_HEARD, {"of_workspace": case.workspace, "of_case": case.id})
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


def last_customer_words(connection: Connection, case: Case) -> str:
    """What the customer said last, to answer in their language."""
    asked = {"of_workspace": case.workspace, "of_case": case.id}
    text: str | None = connection.execute(_LAST_WORDS, asked).scalar_one_or_none()
    return text or ""


def last_customer_anger(connection: Connection, case: Case) -> int:
    """How angry the customer was last, 0–3."""
    return angriest_lately(connection, case, messages_back=1)


def angriest_lately(connection: Connection, case: Case, messages_back: int = 5) -> int:
    """How angry the customer was at worst in their last few messages, 0–3; one calm word does not undo the rest."""
    asked = {"of_workspace": case.workspace, "of_case": case.id, "most": messages_back}
    return max(connection.execute(_LAST_ANGER, asked).scalars(), default=0)


def last_words_showing(connection: Connection, case: Case, signal: str) -> str:
    """What the customer said last that showed this signal; empty when nothing did."""
    last = _last_showing(connection, case, signal)
    return last[1] if last else ""


def last_showed_at(connection: Connection, case: Case, signal: str) -> datetime | None:
    """When the customer said something last that showed this signal; None when nothing did."""
    last = _last_showing(connection, case, signal)
    return at(float(last[0])) if last else None


def _last_showing(connection: Connection, case: Case, signal: str) -> tuple[str, str] | None:
    """When and what it was."""
    rows = connection.execute(_WITH_SIGNALS, {"of_workspace": case.workspace, "of_case": case.id})
    return next(((row.ts, row.text) for row in rows if signal in json.loads(row.signals)), None)
