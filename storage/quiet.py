"""What somebody muted or paused, and which signals they said were wrong."""

import json
from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from bot.coaching import StoredAdvice
from bot.quiet import ANGER, Feedback, Quiet, corrected_ids
from storage import audit
from storage.cases import at
from storage.engine import insert_once, upsert
from storage.schema import advice, corrections, messages, mutes, pauses, ratings


class Mute(StrEnum):
    """What can be muted."""

    PLAY = "play"
    CASE = "case"


def of_person(connection: Connection, workspace: str, person: str, now: float) -> Quiet:
    """What somebody does not want to hear now."""
    until: float | None = connection.execute(
        select(pauses.c.until).where(pauses.c.workspace == workspace, pauses.c.person == person, pauses.c.until > now)
    ).scalar_one_or_none()
    muted = connection.execute(
        select(mutes.c.kind, mutes.c.target)
        .where(mutes.c.workspace == workspace, mutes.c.person == person)
        .order_by(mutes.c.muted_at.desc())
    ).all()
    return Quiet(
        paused_until=None if until is None else at(until),
        plays=tuple(row.target for row in muted if row.kind == Mute.PLAY),
        cases=tuple(row.target for row in muted if row.kind == Mute.CASE),
    )


def pause(connection: Connection, workspace: str, person: str, *, until: float) -> None:
    """Whisper nothing to somebody until then."""
    upsert(connection, pauses, {"workspace": workspace, "person": person, "until": until})


def resume(connection: Connection, workspace: str, person: str) -> None:
    """Whisper to them again."""
    connection.execute(delete(pauses).where(pauses.c.workspace == workspace, pauses.c.person == person))


def mute(connection: Connection, workspace: str, person: str, kind: Mute, target: str, *, now: float) -> None:
    """Keep one play, or everything about one case, from somebody."""
    key = {"workspace": workspace, "person": person, "kind": kind, "target": target}
    insert_once(connection, mutes, {**key, "muted_at": now})


def unmute(connection: Connection, workspace: str, person: str, kind: Mute, target: str) -> None:
    """Let them hear it again."""
    connection.execute(
        delete(mutes).where(
            mutes.c.workspace == workspace,
            mutes.c.person == person,
            mutes.c.kind == kind,
            mutes.c.target == target,
        )
    )


def wrong_signals(connection: Connection, workspace: str, channel: str, ts: str) -> Mapping[str, str]:
    """The signals that a message does not show, each with what it really was; empty when nobody said."""
    rows = connection.execute(
        select(corrections.c.signal, corrections.c.really).where(
            corrections.c.workspace == workspace, corrections.c.channel == channel, corrections.c.ts == ts
        )
    )
    return {row.signal: row.really for row in rows}


def correct(
    connection: Connection, workspace: str, about: StoredAdvice, *, signal: str, really: str, now: float
) -> bool:
    """Take a wrong signal out of its message, and so out of what the case follows; False when it is not there.

    Args:
        really: The signal it really was; empty when nobody said.
    """
    of_message = _of_message(workspace, about)
    row = connection.execute(
        select(messages.c.text, messages.c.signals, messages.c.anger).where(of_message, messages.c.deleted_at.is_(None))
    ).one_or_none()
    if row is None:
        return False
    is_new = insert_once(
        connection,
        corrections,
        {
            "workspace": workspace,
            "channel": about.channel,
            "ts": about.message_ts,
            "signal": signal,
            "really": really,
            "advice_id": about.id,
            "person": about.person,
            "corrected_at": now,
            "text_hash": sha256(row.text.encode("utf-8", "surrogatepass")).hexdigest(),
            "signals_before": row.signals,
            "anger_before": row.anger,
        },
    )
    if is_new:
        after = json.dumps(corrected_ids(json.loads(row.signals), {signal: really}))
        anger = 0 if signal == ANGER else row.anger
        connection.execute(update(messages).where(of_message).values(signals=after, anger=anger))
        _note(connection, workspace, about, "correct", before=row.signals, after=after, now=now)
    return is_new


def undo_corrections(connection: Connection, workspace: str, about: StoredAdvice, *, now: float) -> None:
    """Take back what was corrected because of this advice.

    A message that was edited since keeps what it shows now, until it is edited again.
    """
    mine = (corrections.c.workspace == workspace) & (corrections.c.advice_id == about.id)
    taken_back = connection.execute(select(corrections).where(mine).order_by(corrections.c.corrected_at)).all()
    connection.execute(delete(corrections).where(mine))
    of_message = _of_message(workspace, about)
    row = connection.execute(
        select(messages.c.text, messages.c.signals).where(of_message, messages.c.deleted_at.is_(None))
    ).one_or_none()
    if row is None or not taken_back:
        return
    first = taken_back[0]
    if first.text_hash != sha256(row.text.encode("utf-8", "surrogatepass")).hexdigest():
        return
    still_wrong = wrong_signals(connection, workspace, about.channel, about.message_ts)
    after = json.dumps(corrected_ids(json.loads(first.signals_before), still_wrong))
    anger = 0 if ANGER in still_wrong else first.anger_before
    connection.execute(update(messages).where(of_message).values(signals=after, anger=anger))
    _note(connection, workspace, about, "undo_correct", before=row.signals, after=after, now=now)


def feedback(connection: Connection, workspace: str, *, since: float) -> Feedback:
    """What the team thought of what it was told since then."""
    rows = connection.execute(
        select(ratings.c.helpful, func.count().label("times"))
        .where(ratings.c.workspace == workspace, ratings.c.rated_at >= since)
        .group_by(ratings.c.helpful)
    )
    rated = {row.helpful: row.times for row in rows}
    given = select(func.count()).where(
        advice.c.workspace == workspace, advice.c.given_at >= since, advice.c.while_paused.is_(False)
    )
    wrong = select(func.count()).where(corrections.c.workspace == workspace, corrections.c.corrected_at >= since)
    return Feedback(
        given=connection.execute(given).scalar_one(),
        helpful=rated.get(True, 0),
        unhelpful=rated.get(False, 0),
        corrected=connection.execute(wrong).scalar_one(),
    )


def _of_message(workspace: str, about: StoredAdvice) -> ColumnElement[bool]:
    return (
        (messages.c.workspace == workspace)
        & (messages.c.channel == about.channel)
        & (messages.c.ts == about.message_ts)
    )


def _note(
    connection: Connection, workspace: str, about: StoredAdvice, move: str, *, before: str, after: str, now: float
) -> None:
    audit.write(
        connection,
        workspace=workspace,
        actor=about.person,
        subject="message",
        subject_id=f"{about.channel}:{about.message_ts}",
        move=move,
        before=before,
        after=after,
        now=now,
    )
