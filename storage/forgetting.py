"""Removing words and keeping figures: of one message, of an old case, of all that is kept about a customer.

`WORDS` says which columns hold what people wrote. Every other text in the schema is a figure: an id, a state, a signal,
a currency; a test holds the two lists together, so that no new column is forgotten here.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, case, delete, or_, select, union, update

from bot.case import CaseState
from bot.message import Role
from storage import audit as audit_rows
from storage import workspace as workspaces
from storage.inbox import InboxState
from storage.opportunities import is_card_of
from storage.outbox import SendState
from storage.schema import (
    advice,
    audit,
    cases,
    commitments,
    corrections,
    endings_told,
    exceptions,
    facts,
    inbox,
    messages,
    opportunities,
    outbox,
    people,
    ratings,
    sales_answers,
    takeovers,
    verifications,
)

WORDS: dict[Table, tuple[str, ...]] = {
    messages: ("text",),
    facts: ("why",),
    verifications: ("claimed", "question", "scope"),
    sales_answers: ("evidence", "files"),
    commitments: ("text",),
    takeovers: ("why",),
    opportunities: ("lost_note",),
    exceptions: (
        "fault",
        "evidence",
        "reason",
        "decision_reason",
        "new_fact",
        "question",
        "answer",
        "scope",
        "conditions",
    ),
}
"""What people wrote, in the tables whose rows name their case."""

WORDS_ELSEWHERE: dict[Table, tuple[str, ...]] = {
    advice: ("content",),
    ratings: ("note",),
    corrections: ("text_hash",),
    facts: ("value",),
    outbox: ("target", "body"),
    inbox: ("payload",),
    audit: ("why",),
    people: ("profile",),
}
"""What people wrote or what was made of it, where it takes more than an empty text to remove it."""

FIGURES = frozenset(
    {
        "severity",
        "effort_hours",
        "cost",
        "fault_ours",
        "our_breach",
        "our_late_reply",
        "same_fault_again",
        "other_mistake",
        "claim",
        "new_facts",
        "declined_for_fairness",
        "engineer",
        "engineer_assigned",
        "promise_being_checked",
        "salesperson_left",
        "commitment_recorded",
        "takeover_by",
        "takeover_asked",
        "takeover_accepted",
        "sales_took_it_up",
    }
)
"""Facts whose value is a figure, a state or somebody of ours; the value of any other is words."""

AUDITED: dict[str, Table] = {
    "case": cases,
    "exception": exceptions,
    "verification": verifications,
    "commitment": commitments,
    "opportunity": opportunities,
    "takeover": takeovers,
}
"""The audit's subjects that belong to a case, each with the table in which its id stands."""


def quotes_removed(connection: Connection, workspace: str, case_id: str, text: str) -> bool:
    """Remove a message's words from wherever they were written down beside it; whether a question to sales had them."""
    if not text:
        return False
    here = {"workspace": workspace, "case_id": case_id}
    connection.execute(update(facts).where(*_at(facts, here), facts.c.why == text).values(why=""))
    asked = update(verifications).where(*_at(verifications, here), verifications.c.claimed == text)
    return connection.execute(asked.values(claimed="")).rowcount > 0


def said_removed(connection: Connection, workspace: str, case_ids: Sequence[str], now: float) -> None:
    """Remove what was said in some cases, and whatever quotes it; what our people wrote down themselves stays."""
    of_cases = messages.c.case_id.in_(case_ids)
    said = select(messages.c.text).where(messages.c.workspace == workspace, of_cases, messages.c.text != "")
    for table, column in ((facts, facts.c.why), (verifications, verifications.c.claimed)):
        connection.execute(
            update(table)
            .where(table.c.workspace == workspace, table.c.case_id.in_(case_ids), column.in_(said))
            .values({column: ""})
        )
    _advice_emptied(connection, (advice.c.workspace == workspace) & advice.c.case_id.in_(case_ids), now)
    _hashes_removed(connection, workspace, (messages.c.workspace == workspace) & of_cases)
    connection.execute(update(messages).where(messages.c.workspace == workspace, of_cases).values(text=""))


def wordless(content: str) -> str:
    """Advice without what was said and what was to be said; which plays, rules and signals it was stays."""
    kept = json.loads(content)
    kept |= {"lines": [], "withheld": [], "checks": []}
    kept |= {name: None for name in ("granted", "promised") if name in kept}
    kept["signals"] = [each | {"words": ""} for each in kept["signals"]]
    return json.dumps(kept, separators=(",", ":"))


@dataclass(frozen=True)
class Forgotten:
    """What came of forgetting.

    Attributes:
        cases: How many cases there are about the customer.
        changed: How many rows lost words; none the second time.
    """

    cases: int
    changed: int


def case_count(
    connection: Connection, customer_id: str, *, only_open: bool = False, workspace: str | None = None
) -> int:
    """How many cases the casebook has about a customer; of several workspaces, in one."""
    found = select(cases.c.id).where(cases.c.customer_id == customer_id)
    if workspace:
        found = found.where(cases.c.workspace == workspace)
    if only_open:
        found = found.where(cases.c.state != CaseState.CLOSED)
    return len(connection.execute(found).all())


def knows(connection: Connection, customer_id: str, workspace: str | None = None) -> bool:
    """Whether anything is kept about a customer; of several workspaces, in one."""
    return bool(_workspaces(connection, customer_id, workspace))


def forget(
    connection: Connection,
    customer_id: str,
    *,
    contacts: Iterable[str] = (),
    channels: Iterable[str] = (),
    now: float,
    workspace: str | None = None,
) -> Forgotten:
    """Remove every word kept about a customer; states, times, costs, concessions and who decided stay.

    Args:
        contacts: Slack ids of the people who write for the customer, beside those who are known to have written.
        channels: Slack channels in which nobody else is spoken with.
        workspace: The one whose customer it is: in another, the same id may be somebody else.
    """
    changed = 0
    for each in _workspaces(connection, customer_id, workspace):
        removed = _forget_in(connection, each, customer_id, frozenset(contacts), frozenset(channels), now)
        changed += removed
        if removed:
            audit_rows.write(
                connection,
                workspace=each,
                actor="command line",
                subject="customer",
                subject_id=customer_id,
                move="forget",
                now=now,
            )
    return Forgotten(cases=case_count(connection, customer_id, workspace=workspace), changed=changed)


def _workspaces(connection: Connection, customer_id: str, only: str | None) -> list[str]:
    """Where something is kept about the customer."""
    tables = (cases, exceptions, verifications, opportunities, endings_told)
    found = union(*(select(table.c.workspace).where(table.c.customer_id == customer_id) for table in tables))
    return sorted(row.workspace for row in connection.execute(found) if only in {None, row.workspace})


def _forget_in(
    connection: Connection,
    workspace: str,
    customer_id: str,
    contacts: frozenset[str],
    channels: frozenset[str],
    now: float,
) -> int:
    of_customer = select(cases.c.id).where(cases.c.workspace == workspace, cases.c.customer_id == customer_id)
    marks = _marks(connection, workspace, customer_id, of_customer)
    support = workspaces.setup(connection, workspace).support
    channels |= {each.channel for each in support if each.customer == customer_id}
    speakers = _speakers(connection, workspace, of_customer) | contacts
    changed = _inbox_emptied(connection, workspace, marks | speakers | channels)
    changed += _outbox_emptied(connection, workspace, customer_id, of_customer)
    changed += _audit_emptied(connection, workspace, customer_id, of_customer)
    changed += _advice_emptied(connection, (advice.c.workspace == workspace) & advice.c.case_id.in_(of_customer), now)
    of_advice = select(advice.c.id).where(advice.c.workspace == workspace, advice.c.case_id.in_(of_customer))
    noted = (ratings.c.workspace == workspace) & ratings.c.advice_id.in_(of_advice) & (ratings.c.note != "")
    changed += connection.execute(update(ratings).where(noted).values(note="")).rowcount
    changed += _hashes_removed(
        connection, workspace, (messages.c.workspace == workspace) & messages.c.case_id.in_(of_customer)
    )
    wordy = (facts.c.workspace == workspace) & facts.c.case_id.in_(of_customer) & facts.c.name.not_in(FIGURES)
    changed += connection.execute(update(facts).where(wordy, facts.c.value != "").values(value="")).rowcount
    for table, columns in WORDS.items():
        where = (table.c.workspace == workspace) & _about(table, customer_id, of_customer)
        held = or_(*(table.c[column] != "" for column in columns))
        emptied = {name: case((table.c[name].is_(None), None), else_="") for name in columns}
        changed += connection.execute(update(table).where(where, held).values(emptied)).rowcount
    known = delete(people).where(people.c.workspace == workspace, people.c.user_id.in_(speakers))
    changed += connection.execute(known).rowcount
    theirs = (cases.c.workspace == workspace) & (cases.c.customer_id == customer_id)
    connection.execute(update(cases).where(theirs, cases.c.text_removed_at.is_(None)).values(text_removed_at=now))
    return changed


def _about(table: Table, customer_id: str, of_customer: Select[Any]) -> ColumnElement[bool]:
    """Rows of the customer's cases, and rows that name the customer in a case that has moved elsewhere."""
    in_case = table.c.case_id.in_(of_customer)
    return or_(in_case, table.c.customer_id == customer_id) if "customer_id" in table.c else in_case


def _at(table: Table, where: dict[str, str]) -> tuple[ColumnElement[bool], ...]:
    return tuple(table.c[name] == value for name, value in where.items())


def _advice_emptied(connection: Connection, which: ColumnElement[bool], now: float) -> int:
    """Remove the words of advice that still has some; how much of it had."""
    held = connection.execute(select(advice.c.workspace, advice.c.id, advice.c.content).where(which)).all()
    changed = 0
    for row in held:
        emptied = wordless(row.content)
        if emptied != row.content:
            changed += 1
            this = (advice.c.workspace == row.workspace) & (advice.c.id == row.id)
            connection.execute(update(advice).where(this).values(content=emptied, text_removed_at=now))
    return changed


def _hashes_removed(connection: Connection, workspace: str, which: ColumnElement[bool]) -> int:
    """A short text can be found again from its hash."""
    about = select(messages.c.ts).where(
        which, messages.c.channel == corrections.c.channel, messages.c.ts == corrections.c.ts
    )
    held = update(corrections).where(
        corrections.c.workspace == workspace, corrections.c.text_hash != "", about.exists()
    )
    return connection.execute(held.values(text_hash="")).rowcount


def _outbox_emptied(connection: Connection, workspace: str, customer_id: str, of_customer: Select[Any]) -> int:
    """What waits to be sent is not sent any more; where something went is kept, what it said is not."""
    of_contract = select(opportunities.c.id).where(
        opportunities.c.workspace == workspace,
        opportunities.c.customer_id == customer_id,
        opportunities.c.contract.is_not(None),
        is_card_of(opportunities.c.id),
    )
    of_list = select(endings_told.c.told).where(
        endings_told.c.workspace == workspace,
        endings_told.c.customer_id == customer_id,
        or_(outbox.c.key == endings_told.c.message, outbox.c.key.startswith(endings_told.c.message + ":")),
    )
    concerned = or_(outbox.c.case_id.in_(of_customer), of_contract.exists(), of_list.exists())
    of_cases = (outbox.c.workspace == workspace) & concerned
    waiting = outbox.c.state.in_([SendState.DUE, SendState.SENDING])
    taken_back = update(outbox).where(of_cases, waiting).values(state=SendState.WITHHELD, error="taken back")
    changed = connection.execute(taken_back).rowcount
    for row in connection.execute(select(outbox.c.seq, outbox.c.target, outbox.c.body).where(of_cases)).all():
        target = json.loads(row.target)
        told = target.pop("if_not_sent", None)
        if told is not None or row.body != "{}":
            changed += 1
            emptied = {"target": json.dumps(target), "body": "{}"}
            connection.execute(update(outbox).where(outbox.c.seq == row.seq).values(**emptied))
    return changed


def _inbox_emptied(connection: Connection, workspace: str, marks: frozenset[str]) -> int:
    """What came in about the customer and was not worked on, or could not be."""
    held = select(inbox.c.seq, inbox.c.payload).where(
        inbox.c.workspace == workspace, inbox.c.state != InboxState.DONE, inbox.c.payload != "{}"
    )
    concerned = [row.seq for row in connection.execute(held) if not marks.isdisjoint(_strings(json.loads(row.payload)))]
    for seq in concerned:
        connection.execute(update(inbox).where(inbox.c.seq == seq).values(payload="{}", state=InboxState.DONE))
    return len(concerned)


def _strings(payload: Any) -> Iterator[str]:
    """Every string of a payload, however deep."""
    if isinstance(payload, str):
        yield payload
    elif isinstance(payload, dict):
        for each in payload.values():
            yield from _strings(each)
    elif isinstance(payload, list):
        for each in payload:
            yield from _strings(each)


def _marks(connection: Connection, workspace: str, customer_id: str, of_customer: Select[Any]) -> frozenset[str]:
    """The ids by which a payload is known to be about the customer's cases: on buttons, of messages and threads."""
    asked = [
        of_customer,
        select(cases.c.thread_ts).where(cases.c.workspace == workspace, cases.c.customer_id == customer_id),
        select(messages.c.ts).where(messages.c.workspace == workspace, messages.c.case_id.in_(of_customer)),
        *(
            select(table.c.id).where(table.c.workspace == workspace, _about(table, customer_id, of_customer))
            for table in (advice, exceptions, verifications, commitments, takeovers, opportunities)
        ),
    ]
    return frozenset(row[0] for question in asked for row in connection.execute(question))


def _speakers(connection: Connection, workspace: str, of_customer: Select[Any]) -> frozenset[str]:
    """Whoever wrote as the customer; a helpdesk app writes for all customers and is none of them."""
    wrote = select(messages.c.speaker).where(
        messages.c.workspace == workspace,
        messages.c.case_id.in_(of_customer),
        messages.c.role == Role.CUSTOMER,
        messages.c.mirrored.is_(False),
    )
    return frozenset(row[0] for row in connection.execute(wrote) if row[0])


def _audit_emptied(connection: Connection, workspace: str, customer_id: str, of_customer: Select[Any]) -> int:
    """Why something was done; that it was, when and by whom stays."""
    of_subject = [
        and_(
            audit.c.subject == subject,
            audit.c.subject_id.in_(
                of_customer
                if table is cases
                else select(table.c.id).where(table.c.workspace == workspace, _about(table, customer_id, of_customer))
            ),
        )
        for subject, table in AUDITED.items()
    ]
    worded = (audit.c.workspace == workspace) & (audit.c.why != "")
    emptied = update(audit).where(worded, or_(*of_subject)).values(why="")
    return connection.execute(emptied).rowcount
