"""A casebook in a file of its own, and what stands in it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bot.case import Case
from bot.message import Message, Role
from storage import cases
from storage.engine import Casebook, open_casebook

WORKSPACE = "T1"


@pytest.fixture
def casebook(tmp_path: Path) -> Iterator[Casebook]:
    """A new one."""
    opened = open_casebook(f"sqlite:///{tmp_path / 'casebook.db'}")
    yield opened
    opened.close()


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
