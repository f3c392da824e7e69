"""A casebook with everything in it that people write, in rows as the bot writes them."""

from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import Connection, insert, select, update

from bot.advice import Advice, OfferedLine, WithheldLine
from bot.case import Case, CaseState
from bot.claims import AnswerRow, ClaimCheck, ClaimVerdict
from bot.commitments import Commitment
from bot.goodwill import ExceptionRequest, ExceptionState
from bot.message import Message, Role
from bot.playbook import Stage
from bot.policy import Concession, HoursPolicy, TakeoverPolicy
from bot.promises import Answer, EvidenceFile, Given, Scope, Verification, VerificationState
from bot.quiet import Reason
from bot.setup import Person
from bot.signals import Reading, Signal
from bot.takeover import Kind, ask
from storage import (
    advised,
    audit,
    cases,
    commitments,
    conversations,
    facts,
    ids,
    inbox,
    outbox,
    promises,
    quiet,
    takeovers,
)
from storage import goodwill as requests
from storage import workspace as workspaces
from storage.inbox import Lane
from storage.outbox import Sending, SendKind, SendState
from storage.schema import cases as case_rows
from storage.schema import exceptions, opportunities
from storage.schema import outbox as rows

WORKSPACE, CHANNEL, CUSTOMER, AGENT, SUPERVISOR = "T1", "C0", "U0CUSTOMER", "U0AGENT", "U0SUPERVISOR"
NOW = 1_800_000_000.0
DAY = 86_400.0


def moment(seconds: float) -> datetime:
    """A time of the casebook."""
    return datetime.fromtimestamp(seconds, tz=UTC)


def said(
    connection: Connection, case: Case | None, text: str, *, ts: str, at: float, role: Role = Role.CUSTOMER
) -> Case:
    """A message, in a case or as the one that opens it."""
    message = Message(
        workspace=WORKSPACE,
        channel=CHANNEL,
        ts=ts,
        thread_ts=case.thread_ts if case else None,
        speaker=CUSTOMER if role is Role.CUSTOMER else AGENT,
        role=role,
        text=text,
    )
    case = case or cases.open_case(connection, message.model_copy(update={"ts": ts}), "C-1")
    reading = Reading((Signal(id="claims_promise", score=0.9, words=text),), 2)
    conversations.write_message(connection, message, reading, case.id)
    return case


def send(connection: Connection, case: Case | None, key: str, text: str, *, at: float, state: SendState) -> None:
    """A row of the outbox that has come so far; one that was sent has lost its text."""
    outbox.put(
        connection,
        workspace=WORKSPACE,
        key=key,
        kind=SendKind.DIRECT,
        target={"user": AGENT, "if_not_sent": {"text": text}},
        body={"text": text},
        case_id=case.id if case else None,
        now=at,
    )
    if state is not SendState.DUE:
        seq = connection.execute(select(rows.c.seq).where(rows.c.key == key)).scalar_one()
        sending = Sending(seq, WORKSPACE, key, SendKind.DIRECT, {}, {}, at, attempts=1)
        outbox.settle(connection, sending, state=state, channel="D0", ts="9.9")


def whispered(connection: Connection, case: Case, text: str, *, ts: str, at: float, after: str | None = None) -> str:
    """A whisper with words in every place that can hold some; its id."""
    given = Advice(
        signals=(Signal(id="claims_promise", score=0.9, words=text),),
        anger=2,
        plays=("claims_promise",),
        rules=("R24",),
        stage=Stage.RECEIVE,
        row="claim_pending",
        lines=(OfferedLine(lang="en", text=text),),
        withheld=(WithheldLine(text=text, missing=("sales_told",)),),
        routes=(),
        action=None,
        facts=("covered",),
        playbook_version="0" * 12,
        checks=(
            ClaimCheck(
                claim="claims_promise",
                verdict=ClaimVerdict.SUPPORTED,
                answer=AnswerRow(state=VerificationState.CONFIRMED, by=SUPERVISOR, on=moment(at).date(), evidence=text),
            ),
        ),
    )
    return advised.write_advice(connection, case, message_ts=ts, person=AGENT, given=given, now=at, after=after)


def whole_case(connection: Connection, text: str, *, ts: str = "1.0", at: float = NOW, customer: str = "C-1") -> Case:
    """A closed case in which `text` stands wherever somebody can write, and whatever hangs on it."""
    case = said(connection, None, text, ts=ts, at=at)
    connection.execute(
        case_rows.update()
        .where(case_rows.c.id == case.id)
        .values(customer_id=customer, state=CaseState.CLOSED, agent=AGENT, opened_at=at, touched_at=at)
    )
    case = case.model_copy(update={"customer_id": customer, "state": CaseState.CLOSED})
    said(connection, case, f"re: {text}", ts=f"{ts}1", at=at, role=Role.AGENT)
    advice_id = whispered(connection, case, text, ts=ts, at=at)
    advised.rate(
        connection,
        workspace=WORKSPACE,
        advice_id=advice_id,
        person=AGENT,
        helpful=False,
        now=at,
        reason=Reason.OTHER,
        note=text,
    )
    stored = advised.stored_advice(connection, WORKSPACE, advice_id)
    assert stored
    assert quiet.correct(connection, WORKSPACE, stored, signal="claims_promise", really="", now=at)
    for name, value in {"cost": "3000", "evidence": text, "whatever_comes_later": text}.items():
        facts.record(connection, case, name, value, by=AGENT, now=at, why=text)
    paper = EvidenceFile(id="F1", name=text, link=f"https://x.example/files/U1/F1/{text}")
    asked = Verification(
        workspace=WORKSPACE,
        id=ids.new_id(),
        case_id=case.id,
        customer_id=customer,
        claimed=text,
        state=VerificationState.CONFIRMED,
        asked_by=AGENT,
        asked_at=moment(at),
        told=(SUPERVISOR,),
        answers=(Given(answer=Answer.YES, by=SUPERVISOR, at=moment(at), evidence=text, files=(paper,)),),
        question=text,
        questioned_by=SUPERVISOR,
        scope=Scope(concession=Concession.FULL, what=text, by=SUPERVISOR, at=moment(at)),
    )
    promises.write(connection, asked)
    made = Commitment(
        workspace=WORKSPACE,
        id=ids.new_id(),
        case_id=case.id,
        text=text,
        due_at=moment(at),
        timezone="Asia/Taipei",
        made_by=AGENT,
        made_at=moment(at),
    )
    commitments.write(connection, made)
    filed = ExceptionRequest(
        workspace=WORKSPACE,
        id=ids.new_id(),
        case_id=case.id,
        customer_id=customer,
        state=ExceptionState.APPROVED,
        requested_by=AGENT,
        requested_at=moment(at),
        concession=Concession.FULL,
        fault=text,
        cost=Decimal("3000.00"),
        currency="TWD",
        reason=text,
        decided_by=SUPERVISOR,
        decided_at=moment(at),
        decision_reason=text,
    )
    requests.write(connection, filed)
    asked_in = ask(
        workspace=WORKSPACE,
        new_id=ids.new_id(),
        case_id=case.id,
        kind=Kind.TAKEOVER,
        asked_by=AGENT,
        whom=SUPERVISOR,
        why=text,
        now=moment(at),
        policy=TakeoverPolicy(),
        hours=HoursPolicy(),
    )
    takeovers.write(connection, asked_in)
    wordy = dict.fromkeys(("evidence", "new_fact", "question", "answer", "scope", "conditions"), text)
    connection.execute(update(exceptions).where(exceptions.c.id == filed.id).values(wordy))
    for subject, subject_id in (
        ("exception", filed.id),
        ("verification", asked.id),
        ("commitment", made.id),
        ("takeover", asked_in.id),
        ("case", case.id),
    ):
        audit.write(
            connection,
            workspace=WORKSPACE,
            actor=AGENT,
            subject=subject,
            subject_id=subject_id,
            move="ask",
            after="asked",
            why=text,
            now=at,
        )
    connection.execute(
        insert(opportunities).values(
            workspace=WORKSPACE,
            id=ids.new_id(),
            case_id=case.id,
            customer_id=customer,
            state="open",
            reasons='["claims_promise"]',
            opened_at=at,
            lost_note=text,
        )
    )
    send(connection, case, f"sent:{case.id}", text, at=at, state=SendState.SENT)
    send(connection, case, f"failed:{case.id}", text, at=at, state=SendState.FAILED)
    send(connection, case, f"due:{case.id}", text, at=at + DAY, state=SendState.DUE)
    event = {"channel": CHANNEL, "user": "U0OTHER", "text": text, "ts": f"{ts}2", "thread_ts": case.thread_ts}
    click = {"user": {"id": AGENT}, "view": {"private_metadata": case.id, "state": {"values": {"why": [text]}}}}
    for kind, payload in (("message", event), ("view", click)):
        key = f"{kind}:{case.id}"
        inbox.put(connection, workspace=WORKSPACE, key=key, lane=Lane.STREAM, kind=kind, payload=payload, now=at)
    workspaces.save_person(connection, WORKSPACE, Person(user_id=CUSTOMER, name=text, outsider=True), at)
    return case


def ending(connection: Connection, opportunity_id: str, *, state: str, customer: str = "C-1", at: float = NOW) -> None:
    """An opportunity that comes from a contract and no case."""
    ends = {"id": opportunity_id, "contract": opportunity_id, "customer_id": customer, "state": state}
    values = {"workspace": WORKSPACE, "reasons": "[]", "opened_at": at, "card": f"sales:{opportunity_id}:1"}
    connection.execute(insert(opportunities).values(**ends, **values))
