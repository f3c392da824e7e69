"""Verifications 查證: what sales was asked about a promise, and every answer.

One a case, until what was promised is over: then sales can be asked anew, and what was is kept beside it.
"""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Row,
    RowMapping,
    Select,
    bindparam,
    delete,
    insert,
    literal,
    or_,
    select,
    update,
)

from bot.case import CaseState
from bot.policy import Concession
from bot.promises import (
    FOR_SUPERVISORS,
    OPEN,
    Answer,
    EvidenceFile,
    Given,
    Scope,
    Verification,
    VerificationMove,
    VerificationState,
)
from storage.engine import insert_once
from storage.moments import at
from storage.outbox import SendState
from storage.schema import cases, outbox, sales_answers, verifications

CARD = "verification:"
_FURTHER, _FOR_SUPERVISORS = ":asked:", ":scope:"
_NOT_OUT = (SendState.FAILED, SendState.WITHHELD)

_ASKED = (
    select(verifications).where(verifications.c.workspace == bindparam("of_workspace")).order_by(verifications.c.due_at)
)
_OF_CASE = _ASKED.where(verifications.c.case_id == bindparam("of_case"))
_EXTENSIONS = _ASKED.where(
    verifications.c.customer_id == bindparam("of_customer"),
    verifications.c.state.in_([VerificationState.CONFIRMED, VerificationState.LAPSED]),
    verifications.c.conceded == Concession.EXTENSION,
    verifications.c.scope_until.is_not(None),
)
DUE = _ASKED.where(verifications.c.due_at <= bindparam("now")).limit(bindparam("most", type_=Integer()))
_ANSWERS = (
    select(sales_answers)
    .where(
        sales_answers.c.workspace == bindparam("of_workspace"),
        sales_answers.c.verification_id.in_(bindparam("of_these", expanding=True)),
    )
    .order_by(sales_answers.c.verification_id, sales_answers.c.number)
)
"""Asked about every message or every second, so made once: to make it takes longer than to answer it."""


def card_key(verification_id: str, number: int = 0) -> str:
    """The outbox key of a question's card, the first one or one for whoever was asked after that."""
    return f"{CARD}{verification_id}{_FURTHER}{number}" if number else f"{CARD}{verification_id}"


def scope_key(verification_id: str, number: int) -> str:
    """The outbox key of the supervisors' card of a round, from 0."""
    return f"{CARD}{verification_id}{_FOR_SUPERVISORS}{number}"


def files_key(verification_id: str, number: int) -> str:
    """The outbox key of the message that shows the files of an answer, by its place among the answers."""
    return f"{CARD}{verification_id}:files:{number}"


def get(connection: Connection, workspace: str, verification_id: str) -> Verification | None:
    """A verification by its id."""
    return next(iter(_all(connection, workspace, _ASKED.where(verifications.c.id == verification_id))), None)


def of_case(connection: Connection, workspace: str, case_id: str) -> Verification | None:
    """The verification of a case: the newest, when an earlier promise is over."""
    return next(reversed(all_of_case(connection, workspace, case_id)), None)


def all_of_case(connection: Connection, workspace: str, case_id: str) -> list[Verification]:
    """Everything that sales was asked in a case, oldest first; only the newest can be other than lapsed."""
    found = _all(connection, workspace, _OF_CASE, of_case=case_id)
    return sorted(found, key=lambda each: (each.state is not VerificationState.LAPSED, each.asked_at))


def extensions(connection: Connection, workspace: str, customer_id: str) -> list[Verification]:
    """The extensions up to a day that were promised to a customer and recorded, also those that are over by now."""
    extended = _all(connection, workspace, _EXTENSIONS, of_customer=customer_id)
    return sorted(extended, key=lambda each: each.asked_at)


def waiting_in(connection: Connection, workspace: str, case_ids: Sequence[str]) -> list[Verification]:
    """The questions of these cases that are not settled yet."""
    waiting = _ASKED.where(verifications.c.case_id.in_(case_ids), verifications.c.state.in_(OPEN))
    return _all(connection, workspace, waiting)


def to_record(connection: Connection, workspace: str, most: int) -> list[Verification]:
    """The promises of open cases that no supervisor has recorded, the longest asked first."""
    is_open = (
        select(cases.c.id)
        .where(
            cases.c.workspace == verifications.c.workspace,
            cases.c.id == verifications.c.case_id,
            cases.c.state != CaseState.CLOSED,
        )
        .exists()
    )
    unrecorded = _ASKED.where(verifications.c.state.in_(FOR_SUPERVISORS), verifications.c.conceded.is_(None), is_open)
    return sorted(_all(connection, workspace, unrecorded.limit(most)), key=lambda each: each.asked_at)


def due(connection: Connection, workspace: str, now: float, most: int = 500) -> list[Verification]:
    """The questions to which something happens by itself by now, the longest overdue first."""
    found = _all(connection, workspace, DUE, now=now, most=most)
    return sorted(found, key=lambda each: each.due_at or each.asked_at)


def _all(connection: Connection, workspace: str, asked: Select[Any], **values: str | float) -> list[Verification]:
    rows = connection.execute(asked, {"of_workspace": workspace, **values}).mappings().all()
    said: dict[str, list[Given]] = {row["id"]: [] for row in rows}
    if rows:
        for each in connection.execute(_ANSWERS, {"of_workspace": workspace, "of_these": list(said)}):
            said[each.verification_id].append(_given(each))
    return [_verification(row, said[row["id"]]) for row in rows]


def _given(row: Row[Any]) -> Given:
    files = tuple(EvidenceFile(**each) for each in json.loads(row.files or "[]"))
    return Given(answer=Answer(row.answer), by=row.said_by, at=at(row.said_at), evidence=row.evidence, files=files)


def _verification(row: RowMapping, answers: Sequence[Given]) -> Verification:
    return Verification(
        workspace=row["workspace"],
        id=row["id"],
        case_id=row["case_id"],
        customer_id=row["customer_id"],
        claimed=row["claimed"],
        state=VerificationState(row["state"]),
        asked_by=row["asked_by"],
        asked_at=at(row["asked_at"]),
        told=tuple(json.loads(row["told"])),
        answers=tuple(answers),
        round=row["round"],
        round_told=row["round_told"],
        round_answers=row["round_answers"],
        question=row["question"],
        questioned_by=row["questioned_by"],
        scope=_scope(row) if row["conceded"] else None,
        due_at=at(row["due_at"]) if row["due_at"] is not None else None,
        due_move=VerificationMove(row["due_move"]) if row["due_move"] else None,
        moves=row["moves"],
    )


def _scope(row: RowMapping) -> Scope:
    return Scope(
        concession=Concession(row["conceded"]),
        what=row["scope"],
        until=date.fromisoformat(row["scope_until"]) if row["scope_until"] else None,
        cap=row["cap"],
        currency=row["currency"],
        by=row["scope_by"],
        at=at(row["scope_at"]),
    )


def write(connection: Connection, verification: Verification) -> bool:
    """Write a question down, with the answers it has; False when the case has one that is not over."""
    if not insert_once(connection, verifications, _values(verification)):
        return False
    _write_answers(connection, verification, 0)
    return True


def drop(connection: Connection, verification: Verification) -> None:
    """Let go of a question that reached nobody, so that it can be asked again; the audit keeps that it was asked."""
    for table, own in ((sales_answers, sales_answers.c.verification_id), (verifications, verifications.c.id)):
        connection.execute(delete(table).where(table.c.workspace == verification.workspace, own == verification.id))


def settle(connection: Connection, before: Verification, after: Verification) -> bool:
    """Write a move, if the question still stands as it did; False when somebody was first."""
    result = connection.execute(
        update(verifications)
        .where(
            verifications.c.workspace == before.workspace,
            verifications.c.id == before.id,
            verifications.c.moves == before.moves,
            verifications.c.customer_id.is_not_distinct_from(before.customer_id),
        )
        .values(**_values(after))
    )
    if result.rowcount != 1:
        return False
    _write_answers(connection, after, len(before.answers))
    return True


def _write_answers(connection: Connection, verification: Verification, begin: int) -> None:
    for number, each in enumerate(verification.answers[begin:], begin):
        values = {
            "workspace": verification.workspace,
            "verification_id": verification.id,
            "number": number,
            "case_id": verification.case_id,
            "answer": each.answer,
            "said_by": each.by,
            "said_at": each.at.timestamp(),
            "evidence": each.evidence,
            "files": json.dumps([file.model_dump() for file in each.files], ensure_ascii=False) if each.files else "",
        }
        connection.execute(insert(sales_answers).values(**values))


def reached_nobody(connection: Connection, verification: Verification) -> bool:
    """Whether none of its cards was shown, nor will be; a row that is not kept any more was."""
    return all(
        outbox_state in _NOT_OUT for outbox_state in _states(connection, verification, range(len(verification.told)))
    )


def reached(connection: Connection, verification: Verification) -> bool:
    """Whether whoever has the question now got it, or still may."""
    (state,) = _states(connection, verification, [len(verification.told) - 1])
    return state not in _NOT_OUT


def _states(connection: Connection, verification: Verification, numbers: Sequence[int]) -> list[SendState | None]:
    keys = [card_key(verification.id, number) for number in numbers]
    rows = connection.execute(
        select(outbox.c.key, outbox.c.state).where(outbox.c.workspace == verification.workspace, outbox.c.key.in_(keys))
    )
    known = {row.key: SendState(row.state) for row in rows}
    return [known.get(each) for each in keys]


def looked_at() -> ColumnElement[bool]:
    """Of the outbox: the cards of questions that are not settled."""
    mine = literal(CARD) + verifications.c.id
    return (
        select(verifications.c.id)
        .where(
            verifications.c.workspace == outbox.c.workspace,
            verifications.c.state.in_(OPEN),
            or_(
                outbox.c.key == mine,
                outbox.c.key.like(mine + f"{_FURTHER}%"),
                outbox.c.key.like(mine + f"{_FOR_SUPERVISORS}%"),
            ),
        )
        .exists()
    )


def _values(verification: Verification) -> dict[str, object]:
    values: dict[str, object] = verification.model_dump(exclude={"answers", "scope", "told"})
    scope = verification.scope
    return values | {
        "asked_at": verification.asked_at.timestamp(),
        "due_at": verification.due_at.timestamp() if verification.due_at else None,
        "told": json.dumps(verification.told),
        "conceded": scope.concession if scope else None,
        "scope": scope.what if scope else None,
        "scope_until": scope.until.isoformat() if scope and scope.until else None,
        "cap": scope.cap if scope else None,
        "currency": scope.currency if scope else None,
        "scope_by": scope.by if scope else None,
        "scope_at": scope.at.timestamp() if scope else None,
    }
