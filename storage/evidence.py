"""All that the casebook holds about one case, for whoever takes it out as evidence (R38)."""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, or_, select

from bot.case import Case
from bot.evidence import Audited, Evidence, Said
from bot.message import Message, Role
from storage import audit as audit_rows
from storage import cases, commitments, facts, forgetting, promises, takeovers
from storage import goodwill as requests
from storage import workspace as workspaces
from storage.moments import at
from storage.schema import audit, messages
from storage.schema import cases as case_rows

EXPORT = "export"
SHORTEST_ID = 6
_LINK = re.compile(r"/archives/(?P<channel>[A-Z0-9]+)/p(?P<seconds>\d{10})(?P<rest>\d{6})")
_THREAD = re.compile(r"[?&]thread_ts=(?P<ts>\d+\.\d+)")


def found(connection: Connection, query: str) -> list[Case]:
    """The cases that are meant by an id, its first characters, or the link to a message of the case."""
    if link := _LINK.search(query):
        thread = _THREAD.search(query)
        tss = {f"{link['seconds']}.{link['rest']}", *([thread["ts"]] if thread else [])}
        said_in = select(messages.c.case_id).where(messages.c.channel == link["channel"], messages.c.ts.in_(tss))
        of_link = (case_rows.c.channel == link["channel"]) & case_rows.c.thread_ts.in_(tss)
        which = or_(case_rows.c.id.in_(said_in), of_link)
    elif len(query) >= SHORTEST_ID and query.isalnum():
        which = case_rows.c.id.startswith(query, autoescape=True)
    else:
        return []
    rows = connection.execute(select(case_rows.c.workspace, case_rows.c.id).where(which).limit(10)).all()
    return [case for row in rows if (case := cases.get(connection, row.workspace, row.id))]


def of_case(connection: Connection, case: Case, customer: str) -> Evidence:
    """The case with everything said, written down, asked, decided, promised and audited in it.

    Args:
        customer: The customer's name.
    """
    said, audited = _said(connection, case), _audited(connection, case)
    evidence = Evidence(
        case=case,
        customer=customer,
        people={},
        messages=said,
        facts=facts.of_case(connection, case),
        requests=requests.of_case(connection, case.workspace, case.id),
        verifications=promises.all_of_case(connection, case.workspace, case.id),
        commitments=commitments.of_case(connection, case.workspace, case.id),
        takeovers=takeovers.of_case(connection, case.workspace, case.id),
        audit=audited,
    )
    return evidence.model_copy(update={"people": _people(connection, case, evidence)})


def _said(connection: Connection, case: Case) -> list[Said]:
    rows = connection.execute(
        select(messages)
        .where(messages.c.workspace == case.workspace, messages.c.case_id == case.id)
        .order_by(messages.c.ts)
    )
    return [
        Said(
            at=Message(**{name: row[name] for name in Message.model_fields}).said_at,
            by=row["speaker"],
            role=Role(row["role"]),
            channel=row["channel"],
            ts=row["ts"],
            text=row["text"],
            mirrored=row["mirrored"],
            edited_at=at(row["edited_at"]) if row["edited_at"] is not None else None,
            deleted_at=at(row["deleted_at"]) if row["deleted_at"] is not None else None,
            removed=not row["text"] and row["deleted_at"] is None,
        )
        for row in rows.mappings()
    ]


def _audited(connection: Connection, case: Case) -> list[Audited]:
    """Whatever was moved in the case, and every time it was taken out before."""
    own = [and_(audit.c.subject == "case", audit.c.subject_id == case.id)]
    for subject, table in forgetting.AUDITED.items():
        if "case_id" in table.c:
            ids = select(table.c.id).where(table.c.workspace == case.workspace, table.c.case_id == case.id)
            own.append(and_(audit.c.subject == subject, audit.c.subject_id.in_(ids)))
    rows = connection.execute(select(audit).where(audit.c.workspace == case.workspace, or_(*own)).order_by(audit.c.seq))
    return [_move(row) for row in rows]


def _move(row: Row[Any]) -> Audited:
    return Audited(
        at=at(row.at),
        by=row.actor,
        subject=row.subject,
        subject_id=row.subject_id,
        move=row.move,
        before=row.before,
        after=row.after,
        why=row.why,
    )


def _people(connection: Connection, case: Case, evidence: Evidence) -> dict[str, str]:
    """What the people in it are called, as far as they are known."""
    named: set[str | None] = {case.agent, *(each.by for each in evidence.messages)}
    named |= {*(each.by for each in evidence.facts), *(each.by for each in evidence.audit)}
    for request in evidence.requests:
        named |= {request.requested_by, request.decided_by, request.first_by, request.used_by, request.deputy_for}
        named |= {request.asked_back_by}
    for asked in evidence.verifications:
        named |= {asked.asked_by, asked.questioned_by, *asked.told, *(each.by for each in asked.answers)}
        named |= {asked.scope.by} if asked.scope else set()
    for made in evidence.commitments:
        named |= {made.made_by, made.settled_by}
    for question in evidence.takeovers:
        named |= {question.asked_by, question.asked}
    known = {user: workspaces.person(connection, case.workspace, user, since=0.0) for user in named if user}
    return {user: person.name for user, person in sorted(known.items()) if person}


def note(connection: Connection, case: Case, *, by: str, checksum: str, now: float) -> None:
    """Write down who took the case out, and what the file's checksum is."""
    audit_rows.write(
        connection,
        workspace=case.workspace,
        actor=by,
        subject="case",
        subject_id=case.id,
        move=EXPORT,
        after=checksum,
        now=now,
    )


def noted(connection: Connection, checksum: str) -> Sequence[Audited]:
    """When a file with this checksum was handed out, and to whom."""
    rows = connection.execute(
        select(audit).where(audit.c.subject == "case", audit.c.move == EXPORT, audit.c.after == checksum)
    )
    return [_move(row) for row in rows]
