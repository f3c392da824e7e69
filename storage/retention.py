"""Retention: words go when they are old, by policy; figures, states, times and who decided stay.

Each function is one small batch for one transaction and says how many rows it dealt with; fewer than `limit` means
that nothing more is old enough.
"""

from sqlalchemy import Connection, delete, select, update

from bot.case import CaseState
from storage import endings, forgetting, opportunities, promises
from storage.moments import at
from storage.outbox import SendState
from storage.schema import advice, cases, facts, outbox


def let_go_of_sent(connection: Connection, workspace: str, *, before: float, limit: int) -> int:
    """Delete rows of the outbox settled long ago.

    What is true because a message went out stays true without its row. A row is kept as long as something looks at
    it: while its case is open, while its question to sales is not settled, while a contract on the list may be acted
    on, and if it told sales of a case.
    """
    old = connection.execute(
        select(outbox.c.seq, outbox.c.key, outbox.c.state)
        .where(
            outbox.c.workspace == workspace,
            outbox.c.created_at < before,
            outbox.c.state.not_in([SendState.DUE, SendState.SENDING]),
            ~select(cases.c.id)
            .where(cases.c.workspace == workspace, cases.c.id == outbox.c.case_id, cases.c.state != CaseState.CLOSED)
            .exists(),
            ~opportunities.looked_at(),
            ~promises.looked_at(),
            ~endings.looked_at(at(before).date()),
        )
        .order_by(outbox.c.created_at)
        .limit(limit)
    ).all()
    sent = [row.key for row in old if row.state == SendState.SENT]
    for table in (facts, advice):
        held = update(table).where(table.c.workspace == workspace, table.c.after.in_(sent))
        connection.execute(held.values(after=None))
    connection.execute(delete(outbox).where(outbox.c.seq.in_([row.seq for row in old])))
    return len(old)


def empty_advice(connection: Connection, workspace: str, *, before: float, now: float, limit: int) -> int:
    """Remove the words of whispers given long ago; which plays and rules they were, and how they were rated, stays."""
    old = connection.execute(
        select(advice.c.id, advice.c.content)
        .where(advice.c.workspace == workspace, advice.c.text_removed_at.is_(None), advice.c.given_at < before)
        .order_by(advice.c.given_at)
        .limit(limit)
    ).all()
    for row in old:
        connection.execute(
            update(advice)
            .where(advice.c.workspace == workspace, advice.c.id == row.id)
            .values(content=forgetting.wordless(row.content), text_removed_at=now)
        )
    return len(old)


def empty_cases(connection: Connection, workspace: str, *, before: float, now: float, limit: int) -> int:
    """Remove what was said in cases that are closed and in which nothing was said since then."""
    old = connection.execute(
        select(cases.c.id)
        .where(
            cases.c.workspace == workspace,
            cases.c.text_removed_at.is_(None),
            cases.c.touched_at < before,
            cases.c.state == CaseState.CLOSED,
        )
        .order_by(cases.c.touched_at)
        .limit(limit)
    ).all()
    ids = [row.id for row in old]
    forgetting.said_removed(connection, workspace, ids, now)
    emptied = update(cases).where(cases.c.workspace == workspace, cases.c.id.in_(ids))
    connection.execute(emptied.values(text_removed_at=now))
    return len(old)
