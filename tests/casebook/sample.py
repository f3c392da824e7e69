"""A case, what was said in it, and advice about it."""

from datetime import UTC, datetime

from sqlalchemy import Connection

from bot.advice import Advice
from bot.case import Case
from bot.message import Message, Role
from bot.playbook import Stage
from storage import cases

WORKSPACE = "T1"


def at(seconds: float) -> datetime:
    """A moment."""
    return datetime.fromtimestamp(seconds, tz=UTC)


def said(ts: str, *, role: Role = Role.CUSTOMER, text: str = "It is broken", thread_ts: str | None = None) -> Message:
    """Something that was said, by a speaker named after their role."""
    return Message(
        workspace=WORKSPACE, channel="C1", ts=ts, thread_ts=thread_ts, speaker=f"U{role}", role=role, text=text
    )


def opened(connection: Connection, ts: str = "100.0") -> Case:
    """A case that a customer's message has just opened."""
    return cases.open_case(connection, said(ts), "C-1")


def advice(*, plays: tuple[str, ...] = ("p",)) -> Advice:
    """Advice of these plays, with nothing to say."""
    return Advice(
        signals=(),
        anger=0,
        plays=plays,
        rules=(),
        stage=Stage.RECEIVE,
        row=None,
        lines=(),
        withheld=(),
        routes=(),
        action=None,
        facts=(),
        playbook_version="v",
    )
