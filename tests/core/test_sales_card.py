"""What a salesperson reads first about a customer in need, and that nothing they may offer comes from a threat."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.advice import Situation
from bot.blocks import Block
from bot.briefing import Avoid, avoid, chips, is_public, pitch
from bot.cards.sales import buttons, card, told_agent, told_anew
from bot.cards.sales_brief import Brief, chip_words
from bot.case import Standing, facts_held
from bot.customer import Contract, Customer, CustomerRecord, Price, ServicePrice
from bot.entitlement import Coverage, CoverageKind, Covers, Entitlement, coverage_on
from bot.i18n import words
from bot.playbook import Playbook, Stage
from bot.policy import Chip, Concession, SalesPolicy
from bot.promises import Answer, Given, Scope, Verification, VerificationState
from bot.recommend import AlsoHeld
from bot.sales import LostReason, Opportunity, OpportunityState
from bot.sales_reasons import ROW

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
SAY = words("en")
EXPIRED = Standing(entitlement=Entitlement.EXPIRED, fault_ours="no")
SERVICE = ServicePrice(code="ONSITE", name="One visit", price=Price(amount=Decimal(6_000)))
YEAR = Contract(number="M-1", name="Yearly care", price=Price(amount=Decimal(48_000)))


def opportunity(*reasons: str, state: OpportunityState = OpportunityState.ASKED) -> Opportunity:
    """An opportunity that one salesperson was told of."""
    return Opportunity(
        workspace="T1",
        id="o1",
        case_id="c1",
        customer_id="1",
        state=state,
        reasons=reasons,
        opened_at=NOW,
        told=("U1",),
        taken_by="U1" if state is not OpportunityState.ASKED else None,
    )


def record(starts: int = -400, ends: int = -30, *, whole: bool = False) -> CustomerRecord:
    """A customer with one contract, that many days from today."""
    everything = Covers(updates=True, remote=True, onsite=True, parts=True, labour=True, expenses=True)
    coverage = Coverage(
        kind=CoverageKind.CONTRACT,
        reference="M-1",
        start=TODAY + timedelta(days=starts),
        end=TODAY + timedelta(days=ends),
        covers=everything if whole else Covers(parts=True, labour=False),
    )
    return CustomerRecord(
        customer=Customer(id="1", name="Kuanghsin", timezone="Asia/Taipei"), contracts=(YEAR,), coverages=(coverage,)
    )


def shown(blocks: list[Block]) -> str:
    """Everything that is read."""
    return "\n".join(str(block) for block in blocks)


@pytest.mark.parametrize(
    ("why", "span", "says"),
    [
        ("reports_fault", (-400, -30), "Kuanghsin needs help, and their cover has ended"),
        ("reports_fault", (10, 370), "Kuanghsin needs help, and their cover has not started yet"),
        ("row:renew", (-30, 300), "Kuanghsin needs something that their cover leaves out"),
        ("threatens_to_leave", (-30, 300), "Kuanghsin speaks of leaving us"),
        ("claims_promise", (-400, -30), "Kuanghsin says that something was promised"),
    ],
)
def test_it_says_in_one_sentence_why_sales_hears_of_it(
    playbook: Playbook, why: str, span: tuple[int, int], says: str
) -> None:
    """The gravest reason first; else how it stands with their cover, since sales speaks otherwise to each."""
    known = record(*span)
    brief = Brief(known, [coverage_on(each, TODAY) for each in known.coverages])
    text, _ = card(opportunity(why), brief, playbook=playbook, say=SAY)
    assert text == says


def test_one_service_stands_beside_the_contract_as_figures_and_as_bars(playbook: Playbook) -> None:
    """R20: both prices, the longer bar for the dearer; without one of them there is no comparison."""
    brief = Brief(record(), prices=[SERVICE], cost=Decimal(2_000))
    text = shown(card(opportunity("reports_fault"), brief, playbook=playbook, say=SAY)[1])
    assert " NT$6,000 once   ▇          One visit" in text
    assert "NT$48,000 a year ▇▇▇▇▇▇▇▇▇▇ Yearly care" in text
    assert "What this service costs us: NT$2,000. For us alone." in text
    bare = shown(card(opportunity("reports_fault"), Brief(record()), playbook=playbook, say=SAY)[1])
    assert "▇" not in bare


PROMISE = Verification(
    workspace="T1",
    id="v1",
    case_id="c1",
    customer_id="1",
    claimed="It was promised",
    state=VerificationState.CONFIRMED,
    asked_by="U2",
    asked_at=NOW,
    answers=(Given(answer=Answer.YES, by="U3", at=NOW, evidence="The mail of 6 May"),),
)
SCOPE = Scope(concession=Concession.FULL, what="the gateway", until=date(2028, 5, 6), by="U4", at=NOW)


def test_a_confirmed_promise_stands_on_the_card_with_its_bounds_and_without_a_price(playbook: Playbook) -> None:
    """R25: who confirmed it, what was recorded by whom until when; no price of what is free."""
    before = Brief(record(), prices=[SERVICE], agent="U2", promise=PROMISE, is_confirmed=True)
    text = shown(card(opportunity("claims_promise"), before, playbook=playbook, say=SAY)[1])
    assert [each for each in ("<@U3> confirmed it", "neither priced", "has yet to record") if each not in text] == []
    recorded = replace(before, promise=PROMISE.model_copy(update={"scope": SCOPE}))
    text = shown(card(opportunity("claims_promise"), recorded, playbook=playbook, say=SAY)[1])
    bounds = ("<@U3> confirmed it", "the service free of charge", "the gateway", "2028", "Recorded by <@U4>")
    assert [each for each in bounds if each not in text] == []
    assert [each for each in ("NT$6,000", "▇", "Nothing so far", "has yet to record") if each in text] == []
    asked = replace(before, is_confirmed=False, promise=PROMISE.model_copy(update={"state": VerificationState.ASKED}))
    text = shown(card(opportunity("claims_promise"), asked, playbook=playbook, say=SAY)[1])
    assert ("The promise is confirmed" in text, "NT$6,000" in text, "Nothing so far" in text) == (False, True, True)


def test_who_is_served_by_a_confirmed_promise_is_not_told_otherwise(playbook: Playbook) -> None:
    """Decision table, *promise confirmed: serve*: nothing of offering nothing, of an earlier no, no pitch."""
    unsettled = Standing(entitlement=Entitlement.EXPIRED, decision="declined", claim="confirmed")
    kept = situation_of(unsettled, threatened=False)
    assert avoid(kept, anger=0, signals=frozenset(), public=False) == ()
    assert pitch(playbook, kept, "en", anger=0) == ()
    pending = situation_of(unsettled.model_copy(update={"claim": "pending"}), threatened=False)
    careful = (Avoid.FAULT_UNKNOWN, Avoid.CLAIM, Avoid.DECLINED)
    assert avoid(pending, anger=0, signals=frozenset(), public=False) == careful


def test_what_similar_customers_hold_names_no_customer(playbook: Playbook) -> None:
    """R44: one sentence of counts."""
    also = AlsoHeld(item="POS", because_of="ERP", holders=12, both=9, lift=2.0)
    brief = Brief(record(), also_held=[also])
    blocks = card(opportunity("reports_fault"), brief, playbook=playbook, say=SAY)[1]
    assert "POS: 9 of 12 customers with ERP have it." in shown(blocks)


def test_a_settled_one_has_no_button_and_a_taken_one_cannot_be_taken() -> None:
    """Dead buttons are not shown where the card can still be changed."""
    assert buttons(opportunity("x", state=OpportunityState.WON), SAY) == []
    assert buttons(opportunity("x", state=OpportunityState.LOST), SAY) == []
    assert "sales_take" not in shown(buttons(opportunity("x", state=OpportunityState.TAKEN), SAY))
    assert "sales_take" in shown(buttons(opportunity("x", state=OpportunityState.SNOOZED), SAY))


WON = {"value": Decimal(96_000), "currency": "TWD", "months": 12, "settled_by": "U1", "settled_at": NOW}


def test_what_is_settled_says_what_came_of_it_and_no_more(playbook: Playbook) -> None:
    """What was sold, by whom, what is left to do (R42); no mood, no chips, no lines to sell what is sold."""
    brief = Brief(record(), anger=2, avoid=[Avoid.NOT_CONFIRMED], chips=[Chip(what="training")], pitch=["Buy now."])
    known = opportunity("claims_promise", state=OpportunityState.WON).model_copy(update=WON)
    text, blocks = card(known, brief, playbook=playbook, say=SAY)
    assert text == "Kuanghsin renewed"
    assert [each.get("text", {}).get("text", "") for each in blocks] == [
        "Kuanghsin renewed",
        "*🎉 Won by <@U1>: NT$96,000 for 12 months.*",
        "*How it began*\n• Says it was promised",
        (
            "*What is left to do*\n"
            "• Ask them once it runs again how it is going: that is what they remember.\n"
            "• Support sees the new cover once the contract is in the directory."
        ),
    ]
    lost = known.model_copy(update={"state": OpportunityState.LOST, "lost_note": "Too dear for us"})
    text, blocks = card(lost, brief, playbook=playbook, say=SAY)
    assert text == "Kuanghsin: not sold"
    assert "Too dear for us" in shown(blocks)
    assert [each for each in ("Mood", "Buy now", "training", "actions") if each in shown(blocks)] == []


def test_the_agent_hears_that_it_is_won_with_the_way_to_follow_up_and_without_a_figure() -> None:
    """R42: what support has left to do; the amount is sales' own."""
    known = opportunity("reports_fault", state=OpportunityState.WON).model_copy(update=WON)
    text, blocks = told_agent(known, customer="Kuanghsin", say=SAY)
    assert text == "Kuanghsin renewed."
    assert "'follow_up'" in shown(blocks)
    assert "96" not in shown(blocks)


def test_what_comes_up_again_says_that_it_was_not_sold_before_and_why(playbook: Playbook) -> None:
    """Whoever reads it does not ask again what was answered; what was never closed says nothing of it."""
    again = {"lost_reason": LostReason.PRICE, "lost_note": "Too dear for us"}
    known = opportunity("reports_fault", "threatens_to_leave").model_copy(update=again)
    text = shown(card(known, Brief(record()), playbook=playbook, say=SAY)[1])
    assert [each for each in ("It was not sold before: the price.", "Too dear for us") if each not in text] == []
    first = shown(card(opportunity("reports_fault"), Brief(record()), playbook=playbook, say=SAY)[1])
    assert "not sold before" not in first


def test_the_agent_hears_that_it_is_not_sold_without_why() -> None:
    """Whoever said that sales will call knows whom to ask; why it was not sold is sales' own."""
    lost = {"settled_by": "U1", "lost_reason": LostReason.PRICE, "lost_note": "Too dear"}
    known = opportunity("reports_fault", state=OpportunityState.LOST).model_copy(update=lost)
    text, blocks = told_agent(known, customer="Kuanghsin", say=SAY)
    assert text == "Kuanghsin: sales has closed it, without a renewal."
    assert "ask <@U1> whether that still holds" in shown(blocks)
    assert [each for each in ("price", "dear", "taken it up") if each in shown(blocks)] == []


def test_the_chip_that_is_the_claim_says_nothing_of_an_extension_that_may_not_be_it() -> None:
    """R27: what they claim may as well be a device; the case does not know of which kind it is."""
    assert chip_words(Chip(what="claimed_extension"), SAY) == "what they say was promised, with the renewal"


def test_a_graver_reason_is_told_with_the_same_buttons(playbook: Playbook) -> None:
    """Whoever reads it on the telephone can take it at once."""
    known = record()
    on = [coverage_on(each, TODAY) for each in known.coverages]
    high = told_anew(opportunity("reports_fault", "row:renew"), known, on, playbook=playbook, say=SAY)
    assert high[0] == "Kuanghsin needs help, and their cover has ended"
    text, blocks = told_anew(opportunity("threatens_to_leave"), known, on, playbook=playbook, say=SAY)
    assert text == "Kuanghsin speaks of leaving us"
    assert "sales_take" in shown(blocks)


SIGNALS = st.frozensets(
    st.sampled_from(["anger", "threatens_to_leave", "threatens_legal", "threatens_publicity", "abuses_agent"])
)
STANDINGS = st.builds(
    Standing,
    entitlement=st.sampled_from(list(Entitlement)),
    fault_ours=st.sampled_from(["yes", "no", "unknown"]),
    claim=st.sampled_from(["none", "pending", "confirmed", "not_confirmed"]),
    cost=st.sampled_from(["low", "high", "unknown"]),
    history=st.sampled_from(["clear", "used"]),
    decision=st.sampled_from(["none", "granted", "declined"]),
)


def situation_of(stands: Standing, *, threatened: bool) -> Situation:
    """A case that stands there, after a threat or without one."""
    held = facts_held(
        stands, {}, understood=True, requested=False, sales_told=True, prices_on_file=True, threatened=threatened
    )
    return Situation(standing=stands, stage=Stage.TELL, facts=held, values={"customer": "Kuanghsin"})


@given(stands=STANDINGS, anger=st.integers(0, 3), signals=SIGNALS, name=st.sampled_from(["Kuanghsin", "新北市政府"]))
def test_a_threat_puts_nothing_on_the_table(
    playbook: Playbook, stands: Standing, anger: int, signals: frozenset[str], name: str
) -> None:
    """R34, R36: the same case, any anger and any threat: the card offers the same chips, and no more to say."""
    public = is_public(name, SalesPolicy())

    def offered(angry: int, heard: frozenset[str]) -> tuple[list[str], list[str]]:
        situation = situation_of(stands, threatened="threatens_to_leave" in heard)
        brief = Brief(
            record(),
            anger=angry,
            avoid=avoid(situation, anger=angry, signals=heard, public=public),
            chips=chips(stands, SalesPolicy(), public=public),
            pitch=pitch(playbook, situation, "en", anger=angry),
        )
        reasons = ("reports_fault", *sorted(heard))
        blocks = card(opportunity(*reasons), brief, playbook=playbook, say=SAY)[1]
        heads = ("What can be offered", "To the contract")
        return [str(each) for each in blocks if any(head in str(each) for head in heads)], list(brief.pitch)

    calm, calm_lines = offered(0, frozenset())
    pressed, lines = offered(anger, signals)
    assert pressed == calm
    assert set(lines) <= set(calm_lines)


def test_chips_follow_from_the_case() -> None:
    """R27: the service without cover, the extension once nobody confirmed it; what is owed is no chip."""
    policy = SalesPolicy()
    assert [each.what for each in chips(EXPIRED, policy, public=False)] == ["this_service", "health_check", "training"]
    not_confirmed = EXPIRED.model_copy(update={"claim": "not_confirmed"})
    assert "claimed_extension" in [each.what for each in chips(not_confirmed, policy, public=False)]
    for owed in ({"fault_ours": "yes"}, {"claim": "confirmed"}, {"decision": "granted"}):
        assert chips(EXPIRED.model_copy(update=owed), policy, public=False) == ()
    for entitlement in (Entitlement.COVERED, Entitlement.UNKNOWN):
        assert chips(EXPIRED.model_copy(update={"entitlement": entitlement}), policy, public=False) == ()


def test_a_public_body_gets_nothing_to_a_person() -> None:
    """R50: such a chip is left out, and the card says why not."""
    policy = SalesPolicy(chips=(Chip(what="training"), Chip(what="dinner", to_person=True)))
    assert is_public("新北市政府資訊中心", policy)
    assert not is_public("廣昕精密股份有限公司", policy)
    assert [each.what for each in chips(EXPIRED, policy, public=True)] == ["training"]
    assert [each.what for each in chips(EXPIRED, policy, public=False)] == ["training", "dinner"]
    calm = situation_of(EXPIRED, threatened=False)
    assert avoid(calm, anger=0, signals=frozenset(), public=True) == (Avoid.GIFTS,)


def test_the_pitch_is_true_and_comes_to_nobody_who_is_angry_or_wronged(playbook: Playbook) -> None:
    """R02, R13, R36, R44: its lines hold in this case; who threatens hears no price."""
    calm = situation_of(EXPIRED, threatened=False)
    both = pitch(playbook, calm, "en", anger=0)
    assert len(both) == 2
    assert pitch(playbook, calm, "en", anger=2) == ()
    ours = situation_of(EXPIRED.model_copy(update={"fault_ours": "yes"}), threatened=False)
    assert pitch(playbook, ours, "en", anger=0) == ()
    no_prices = calm.model_copy(update={"facts": calm.facts - {"prices_on_file"}})
    assert len(pitch(playbook, no_prices, "en", anger=0)) == 1
    assert pitch(playbook, situation_of(EXPIRED, threatened=True), "en", anger=0) == both[1:]
    assert f"{ROW}renew" not in str(both)
