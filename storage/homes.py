"""Whose App Home shows what, as far as the outbox remembers."""

import json
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from storage.outbox import SendKind
from storage.schema import outbox


class Home(NamedTuple):
    """What somebody's Home showed last.

    Attributes:
        opened_at: When they last opened it, in seconds since 1970.
        view: What was published last.
    """

    opened_at: float
    view: dict[str, Any]


def known(connection: Connection, workspace: str, *, refreshed: str, since: float) -> dict[str, Home]:
    """The Homes of whoever has opened theirs since then, by person.

    Args:
        refreshed: What the keys begin with of what was published without anybody opening it.
    """
    rows = connection.execute(
        select(outbox.c.seq, outbox.c.key, outbox.c.target, outbox.c.created_at)
        .where(outbox.c.workspace == workspace, outbox.c.created_at >= since, outbox.c.kind == SendKind.HOME)
        .order_by(outbox.c.seq)
    ).all()
    newest, opened = {}, {}
    for row in rows:
        user = json.loads(row.target)["user"]
        newest[user] = row.seq
        if not row.key.startswith(refreshed):
            opened[user] = row.created_at
    views = {
        row.seq: json.loads(row.body).get("view") or {}
        for row in connection.execute(
            select(outbox.c.seq, outbox.c.body).where(outbox.c.seq.in_([newest[user] for user in opened]))
        )
    }
    return {user: Home(at, views[newest[user]]) for user, at in opened.items()}
