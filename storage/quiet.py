"""What somebody muted or paused, and which signals they said were wrong."""

import json
from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, select, update

from bot.advice import StoredAdvice
from bot.quiet import ANGER, Feedback, Quiet, corrected_ids
from storage import audit
from storage.advised import was_shown
from storage.engine import insert_once, upsert
from storage.moments import at
from storage.schema import advice, corrections, messages, mutes, pauses, ratings


class Mute(StrEnum):
    """What can be muted."""

    PLAY = "play"
    CASE = "case"


_PAUSED = select(pauses.c.until).where(
    pauses.c.workspace == bindparam("of_workspace"),
    pauses.c.person == bindparam("whose"),
    pauses.c.until > bindparam("now"),
)
_MUTED = (
    select(mutes.c.kind, mutes.c.target)
    .where(mutes.c.workspace == bindparam("of_workspace"), mutes.c.person == bindparam("whose"))
    .order_by(mutes.c.muted_at.desc())
)
_WRONG = (
    select(corrections.c.signal, corrections.c.really)
    .where(
        corrections.c.workspace == bindparam("of_workspace"),
        corrections.c.channel == bindparam("in_channel"),
        corrections.c.ts == bindparam("at_ts"),
    )
    .order_by(corrections.c.corrected_at)
)
"""Asked about every message, so made once: to make it takes longer than to answer it."""


def of_person(connection: Connection, workspace: str, person: str, now: float) -> Quiet:
    """What somebody does not want to hear now."""
    theirs = {"of_workspace": workspace, "whose": person}
    until: float | None = connection.execute(_PAUSED, theirs | {"now": now}).scalar_one_or_none()
    muted = connection.execute(_MUTED, theirs).all()
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
    """The signals that a message does not show, each with what it really was; empty when nobody said.

    Where people differ about what it was, the last word counts.
    """
    rows = connection.execute(_WRONG, {"of_workspace": workspace, "in_channel": channel, "at_ts": ts})
    return {row.signal: row.really for row in rows}


def correct(
    connection: Connection, workspace: str, about: StoredAdvice, *, signal: str, really: str, now: float
) -> bool:
    """Take a wrong signal out of its message, and so out of what the case follows; False when it is not there.

    Each person's word counts for itself, also when somebody said the same before.

    Args:
        really: The signal it really was; empty when nobody said.
    """
    now_kept = _kept(connection, workspace, about)
    if now_kept is None:
        return False
    first = connection.execute(
        select(corrections.c.signals_before, corrections.c.anger_before)
        .where(_about(workspace, about), corrections.c.text_hash == now_kept.text_hash)
        .limit(1)
    ).one_or_none()
    as_read = AsRead(first.signals_before, first.anger_before) if first else now_kept.as_read
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
            "text_hash": now_kept.text_hash,
            "signals_before": as_read.signals,
            "anger_before": as_read.anger,
        },
    )
    if is_new:
        _show(connection, workspace, about, as_read, move="correct", now=now)
    return is_new


def undo_corrections(connection: Connection, workspace: str, about: StoredAdvice, *, now: float) -> None:
    """Take back what was corrected because of this advice; what somebody else called wrong stays wrong.

    A message that was edited since keeps what it shows now, until it is edited again.
    """
    mine = (corrections.c.workspace == workspace) & (corrections.c.advice_id == about.id)
    taken_back = connection.execute(select(corrections).where(mine)).all()
    connection.execute(delete(corrections).where(mine))
    now_kept = _kept(connection, workspace, about)
    if now_kept is None:
        return
    of_this_text = next((each for each in taken_back if each.text_hash == now_kept.text_hash), None)
    if of_this_text:
        as_read = AsRead(of_this_text.signals_before, of_this_text.anger_before)
        _show(connection, workspace, about, as_read, move="undo_correct", now=now)


class AsRead(NamedTuple):
    """What a message showed before anybody corrected it; every correction of one text holds the same.

    Attributes:
        signals: Their ids, as JSON.
    """

    signals: str
    anger: int


class Kept(NamedTuple):
    """A message that still has its words, and what it shows."""

    text_hash: str
    as_read: AsRead


def _kept(connection: Connection, workspace: str, about: StoredAdvice) -> Kept | None:
    row = connection.execute(
        select(messages.c.text, messages.c.signals, messages.c.anger).where(
            _of_message(workspace, about), messages.c.deleted_at.is_(None)
        )
    ).one_or_none()
    if row is None:
        return None
    return Kept(sha256(row.text.encode("utf-8", "surrogatepass")).hexdigest(), AsRead(row.signals, row.anger))


def _show(
    connection: Connection, workspace: str, about: StoredAdvice, as_read: AsRead, *, move: str, now: float
) -> None:
    """Let a message show what was read without all that is called wrong now."""
    of_message = _of_message(workspace, about)
    before = connection.execute(select(messages.c.signals).where(of_message)).scalar_one()
    wrong = wrong_signals(connection, workspace, about.channel, about.message_ts)
    after = json.dumps(corrected_ids(json.loads(as_read.signals), wrong))
    anger = 0 if ANGER in wrong else as_read.anger
    connection.execute(update(messages).where(of_message).values(signals=after, anger=anger))
    _note(connection, workspace, about, move, before=before, after=after, now=now)


def feedback(connection: Connection, workspace: str, *, since: float) -> Feedback:
    """What the team thought of what it was told since then."""
    rows = connection.execute(
        select(ratings.c.helpful, func.count().label("times"))
        .where(ratings.c.workspace == workspace, ratings.c.rated_at >= since)
        .group_by(ratings.c.helpful)
    )
    rated = {row.helpful: row.times for row in rows}
    given = select(func.count()).where(
        advice.c.workspace == workspace,
        advice.c.given_at >= since,
        advice.c.while_paused.is_(False),
        was_shown(),
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


def _about(workspace: str, about: StoredAdvice) -> ColumnElement[bool]:
    return (
        (corrections.c.workspace == workspace)
        & (corrections.c.channel == about.channel)
        & (corrections.c.ts == about.message_ts)
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
