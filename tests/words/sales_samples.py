"""Every card and window that sales sees, filled with as much as one can hold."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from bot.briefing import Avoid
from bot.cards import renewals, sales, sales_notices, sales_windows
from bot.cards.sales_brief import Brief
from bot.commitments import Commitment
from bot.customer import CustomerRecord, Price, ServicePrice
from bot.entitlement import coverage_on
from bot.i18n import Words
from bot.playbook import Playbook
from bot.policy import Chip, Concession
from bot.promises import Answer, Given, Scope, Verification, VerificationState
from bot.recommend import AlsoHeld
from bot.renewals import Ending, Listed
from bot.sales import (
    CHANNEL,
    LostReason,
    Opportunity,
    OpportunityState,
    SalesMove,
    SalesRefusal,
    SnoozeError,
)
from bot.sales_reasons import ROW
from tests.words.shown import Shown

NOW = datetime(2026, 3, 4, 2, 30, tzinfo=UTC)
TODAY = date(2026, 3, 4)
CHIPS = ("this_service", "claimed_extension", "health_check", "training", "priority")


def opportunity(state: OpportunityState, *reasons: str, told: tuple[str, ...] = ("U1",)) -> Opportunity:
    """One in that state with everything that one can hold."""
    return Opportunity(
        workspace="T1",
        id="o" * 26,
        case_id="c" * 26,
        customer_id="1",
        state=state,
        reasons=reasons or ("anger", f"{ROW}row"),
        opened_at=NOW,
        told=told,
        due_at=NOW + timedelta(days=2),
        taken_by="U1",
        settled_by="U1",
        settled_at=NOW,
        value=Decimal(128_000),
        currency="TWD",
        months=12,
        lost_reason=LostReason.PRICE,
        lost_note="?",
    )


def brief(record: CustomerRecord, name: str, said: str) -> Brief:
    """All that a salesperson walks in with."""
    promised = Commitment(
        workspace="T1", id="p", case_id="c", text=said, due_at=NOW, timezone="Asia/Taipei", made_by="U2", made_at=NOW
    )
    return Brief(
        record=record,
        coverages=[coverage_on(each, TODAY) for each in record.coverages],
        instead_of=name,
        prices=[
            ServicePrice(code=code, name=name, price=Price(amount=Decimal(amount), currency=currency))
            for code, amount, currency in (("A", 6_000, "TWD"), ("B", 0, "TWD"), ("C", 900, "USD"))
        ],
        cost=Decimal(3_000),
        exceptions=(1, 1),
        earlier_cases=3,
        anger=3,
        avoid=tuple(Avoid),
        promised=[promised] * 6,
        chips=[*(Chip(what=each) for each in CHIPS), Chip(what=name[:80])],
        pitch=[said, said],
        also_held=[AlsoHeld(item=name, because_of=name, holders=12, both=9, lift=2.0)] * 3,
        agent="U2",
    )


def promises(said: str) -> tuple[Verification, ...]:
    """A promise that is confirmed, before its scope is recorded and after."""
    yes = Given(answer=Answer.YES, by="U3", at=NOW, evidence=said)
    made = Verification(
        workspace="T1",
        id="v",
        case_id="c",
        customer_id="1",
        claimed=said,
        state=VerificationState.CONFIRMED,
        asked_by="U2",
        asked_at=NOW,
        answers=(yes,),
    )
    scope = Scope(concession=Concession.FULL, what=said, until=TODAY, cap=Decimal(3_000), by="U4", at=NOW)
    return made, made.model_copy(update={"scope": scope})


def _beside(say: Words, name: str) -> Iterator[Shown]:
    """What sales reads beside the card, with the card above it, in the channel and nowhere."""
    zone = "Asia/Taipei"
    for state in OpportunityState:
        for told, reader in ((("U1",), "U1"), ((CHANNEL,), "U1"), (("U1",), "U2")):
            each = opportunity(state, told=told)
            now = sales_notices.now(each, title=name, reader=reader, zone=zone, say=say)
            yield Shown("sales word", *now)
            if state is OpportunityState.TAKEN:
                for move in (SalesMove.REMIND, SalesMove.ESCALATE):
                    text = sales_notices.reminded(each, move, customer=name, reader=reader, zone=zone, say=say)
                    yield Shown(f"sales {move}", *text)
            gone = sales_notices.passed_on(each, customer=name, reader=reader, zone=zone, say=say)
            yield Shown("sales passed on", *gone)


def _contracts(say: Words, name: str, records: Iterable[CustomerRecord]) -> Iterator[Shown]:
    """Lists of contracts that end, cards of one, and its windows."""
    ending = Ending(
        customer_id="1",
        customer=name,
        contract="114-001",
        name=name,
        price=Price(amount=Decimal(48_000)),
        ends_on=TODAY,
        days=0,
    )
    others = [ending.model_copy(update={"contract": f"{number}", "days": 29, "price": None}) for number in range(70)]
    states = [
        opportunity(state, "contract_ends").model_copy(update={"case_id": None, "contract": "114-001"})
        for state in OpportunityState
        if state is not OpportunityState.OPEN
    ]
    of_each = [Listed(ending=others[number], opportunity=known) for number, known in enumerate(states)]
    for listed, more in (
        ([Listed(ending=ending)], 0),
        (of_each, 1),
        ([Listed(ending=each, keeper=("U2", CHANNEL)[at % 2]) for at, each in enumerate(others)], 9),
    ):
        shown = renewals.listing(listed, zone="Asia/Taipei", say=say, follow=more, beside=more)
        yield Shown("contracts that end", *shown)
    for record in records:
        for state in states:
            for one in (ending, ending.model_copy(update={"days": -3}), None):
                made = renewals.card(state, one, brief(record, name, name), say=say, is_latest=one is not None)
                yield Shown("a contract that ends", *made)
    for view in (renewals.renewed_modal(ending, "TWD", say), renewals.not_renewed_modal(ending, say)):
        yield Shown(f"window {view['title']['text']}", "", view["blocks"], view)


def everything(
    say: Words, name: str, said: str, records: Iterable[CustomerRecord], playbook: Playbook
) -> Iterator[Shown]:
    """Cards, news and windows."""
    records = list(records)
    whys = ((), ("threatens_to_leave",), ("claims_promise",))
    for record in records:
        for state in OpportunityState:
            card = sales.card(
                opportunity(state),
                brief(record, name, said),
                playbook=playbook,
                say=say,
                is_latest=False,
                is_theirs=False,
            )
            yield Shown(f"sales {state}", *card)
        for promise in promises(said):
            kept = replace(brief(record, name, said), handed_on_by="U3", promise=promise, is_confirmed=True)
            asked = opportunity(OpportunityState.ASKED)
            yield Shown("sales promise", *sales.card(asked, kept, playbook=playbook, say=say))
        for why in whys:
            asked = opportunity(OpportunityState.ASKED, *why, told=("U1", CHANNEL))
            yield Shown("sales", *sales.card(asked, Brief(record), playbook=playbook, say=say))
            yield Shown("sales anew", *sales.told_anew(asked, record, (), playbook=playbook, say=say))
            unnamed = asked.model_copy(update={"customer_id": None})
            yield Shown("nobody's", *sales.card(unnamed, Brief(record, written_in="C0"), playbook=playbook, say=say))
    taken = opportunity(OpportunityState.TAKEN)
    yield from (
        Shown("told agent", *sales.told_agent(opportunity(each), customer=name, say=say))
        for each in (OpportunityState.TAKEN, OpportunityState.WON, OpportunityState.LOST)
    )
    yield from _beside(say, name)
    yield from _contracts(say, name, records)
    sentences = [
        *(sales.refusal_words(each, taken, "Asia/Taipei", say) for each in SalesRefusal),
        *(sales_windows.snooze_error_words(each, say) for each in SnoozeError),
        *(sales.lost_words(each, say) for each in LostReason),
    ]
    yield from (Shown("sentence", each, []) for each in sentences)
    views = [
        sales_windows.snooze_modal("o", suggested=NOW, say=say),
        sales_windows.hand_on_modal("o", say),
        sales_windows.won_modal("o", "TWD", say),
        sales_windows.lost_modal("o", say),
    ]
    for view in views:
        yield Shown(f"window {view['title']['text']}", "", view["blocks"], view)
