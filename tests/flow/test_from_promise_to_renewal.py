"""A promise sales does not know of, a dear service, a renewal, a word afterwards; what the report makes of it."""

from datetime import timedelta
from decimal import Decimal

from bot.insight import Insight, Kept, Sale, Wanted
from bot.promises import VerificationState
from bot.sales import OpportunityState
from bot.settings import Settings
from storage.insight import Questions
from tests.flow.conftest import AGENT, SALES, SALES_CHANNEL, SHARED, SUCCESSOR, SUPERVISOR, WORKSPACE
from tests.flow.test_life_of_an_opportunity import drawn
from tests.flow.test_opportunity import TEAM, hears, posted, stands, time_passes
from tests.flow.test_promise_scope import claimed
from tests.flow.without_slack import Desk, desk
from tests.flow.working import chosen, moment, typed
from tests.sandbox.stage import Json, Stage

COMPANY = "廣昕精密股份有限公司"
DEAR: Json = {
    "severity": chosen("team"),
    "effort_hours": typed("4"),
    "cost": typed("38000"),
    "fault_ours": chosen("no"),
    "why": typed(""),
}
UNTIL: Json = {"until": {"day": {"type": "datepicker", "selected_date": "2028-05-06"}}}


def reported(at: Desk) -> Insight:
    """The figures of the day."""
    with at.services.casebook.look() as connection:
        questions = Questions(
            connection,
            WORKSPACE,
            since=at.clock.moment - timedelta(days=1),
            until=at.clock.moment + timedelta(days=1),
            signals=("claims_promise", "threatens_to_leave"),
        )
        return questions.insight(None)


async def test_a_promise_nobody_made_ends_in_a_renewal_and_the_report_counts_each_piece(
    stage: Stage, settings: Settings
) -> None:
    """R24–R29, R42, R44: the successor is asked and sells; one claim, two sales (48,000, 12,000), one follow-up."""
    async with desk(stage, settings) as at:
        at.set_up(TEAM)
        case = claimed(at)
        hears(at, case, "claims_promise")
        await time_passes(at)
        await at.click(AGENT, "ask_sales", case.id)
        await time_passes(at)
        assert at.told(SUCCESSOR) == [f"{COMPANY} 說業務答應過", f"{COMPANY}：有答應過什麼嗎？"]
        ((question,),) = at.rows("SELECT id FROM verifications")
        no = {"evidence": typed("只談過續約折扣")}
        assert await at.submit(SUCCESSOR, "promise_no_view", question, no) == []
        assert at.told(AGENT)[-1] == f"{COMPANY}：業務不知道有這個承諾。"
        await at.submit(AGENT, "assess_view", case.id, DEAR)
        await time_passes(at)
        card = str(posted(stage, "chat.update")[-1]["blocks"])
        for part in ("NT$38,000", "NT$48,000", "續約就附上他們說當初答應的那一項", "絕不要說是他們編的"):
            assert part in card

        opportunity = stands(at, case).id
        await at.click(SUCCESSOR, "sales_take", opportunity)
        assert at.told(AGENT)[-1] == f"{COMPANY}：業務接下了。"
        won = {"value": typed("48000"), "months": typed("12")}
        assert await at.submit(SUCCESSOR, "sales_won_view", opportunity, won) == []
        assert at.told(AGENT)[-1] == f"{COMPANY} 續約了。"
        await at.send_all()
        card = str(posted(stage, "chat.update")[-1]["blocks"])
        assert "NT$48,000，12 個月" in card
        assert [each for each in ("sales_won", "心情", "續約就") if each in card] == []

        promised = {"text": typed("問用得順不順"), "due": moment(int(at.clock.now) + 7200)}
        await at.submit(AGENT, "commit_view", case.id, promised)
        await time_passes(at, 1)
        ((commitment,),) = at.rows("SELECT id FROM commitments")
        await at.click(AGENT, "commitment_kept", commitment)

        other = at.case(customer="C-2")
        hears(at, other, "threatens_to_leave")
        await time_passes(at)
        small = {"value": typed("12000"), "months": typed("12")}
        assert await at.submit(SALES, "sales_won_view", stands(at, other).id, small) == []

        came = reported(at)
        assert came.opened == 2
        assert came.claims == {VerificationState.NOT_CONFIRMED: 1}
        assert came.wanted == (Wanted(signal="claims_promise", cases=1),)
        assert came.opportunities == {OpportunityState.WON: 2}
        sale = Sale(
            currency="TWD",
            won=2,
            value=Decimal(60_000),
            after_exception=0,
            value_after_exception=Decimal(0),
        )
        assert came.sales == (sale,)
        assert sale.average == Decimal(30_000)
        assert (came.kept, came.followed_up) == (Kept(in_time=1), Kept(in_time=1))
        await at.send_all()
        outside = {each["channel"] for each in posted(stage)} & {SHARED, SALES_CHANNEL}
        assert outside == set()


async def test_a_promise_that_is_confirmed_and_recorded_is_on_sales_card_at_once(
    stage: Stage, settings: Settings
) -> None:
    """R25: the card is drawn anew with the answer, and again with the scope; an extension is cover on it."""
    async with desk(stage, settings) as at:
        at.set_up(TEAM)
        case = claimed(at)
        hears(at, case, "claims_promise")
        await time_passes(at)
        await at.click(AGENT, "ask_sales", case.id)
        await time_passes(at)
        ((question,),) = at.rows("SELECT id FROM verifications")
        yes = {"evidence": typed("報價單第 3 條")}
        assert await at.submit(SUCCESSOR, "promise_yes_view", question, yes) == []
        await at.send_all()
        (card,) = drawn(stage, at, case)
        assert [each for each in (f"<@{SUCCESSOR}> 已於", "主管還沒有記錄") if each not in card] == []
        scope = {"concession": chosen("extension"), "what": typed("閘道器"), **UNTIL}
        assert await at.submit(SUPERVISOR, "record_promise_view", question, scope) == []
        await at.send_all()
        (card,) = drawn(stage, at, case)
        assert [each for each in ("閘道器", "2028", f"<@{SUPERVISOR}>") if each not in card] == []
        assert [each for each in ("主管還沒有記錄", "▇", "先不要談條件") if each in card] == []


async def test_whoever_is_asked_next_does_not_read_that_it_is_because_somebody_left(
    stage: Stage, settings: Settings
) -> None:
    """R29: that is why the successor is asked; the manager is, because the successor was not sure."""
    async with desk(stage, settings) as at:
        at.set_up(TEAM)
        case = claimed(at)
        await at.click(AGENT, "ask_sales", case.id)
        await time_passes(at)
        ((question,),) = at.rows("SELECT id FROM verifications")
        assert await at.submit(SUCCESSOR, "promise_not_sure_view", question, {"evidence": typed("")}) == []
        await time_passes(at)
        cards = [each for each in posted(stage) if each["text"] == f"{COMPANY}：有答應過什麼嗎？"]
        assert ["離職" in str(each["blocks"]) for each in cards] == [True, False]
