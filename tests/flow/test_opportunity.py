"""Sales walks in: who is told, when nobody reacts, what a click does, and what nobody outside ever sees."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bot.case import Case
from bot.sales import LostReason, Opportunity, OpportunityState
from bot.settings import Settings
from bot.setup import RoleSource, Setup
from handlers import due, renewals, sales
from handlers.situation import customer_of
from storage import facts, opportunities
from tests import fresh
from tests.flow.conftest import (
    AGENT,
    CUSTOMER,
    GUEST,
    MANAGER,
    OTHER_AGENT,
    SALES,
    SALES_CHANNEL,
    SETUP,
    SHARED,
    SUCCESSOR,
    SUPERVISOR,
    WORKSPACE,
)
from tests.flow.without_slack import Desk, desk
from tests.flow.working import chosen, moment, person, typed
from tests.sandbox.stage import Json, Stage

HOUR = 3600.0
FRIDAY_NIGHT = datetime(2026, 11, 27, 14, 0, tzinfo=UTC).timestamp()
MONDAY_OPENING = datetime(2026, 11, 30, 1, 0, tzinfo=UTC).timestamp()
TEAM = SETUP.model_copy(
    update={"sales": RoleSource(users=(SUCCESSOR, SALES)), "sales_managers": RoleSource(users=(MANAGER,))}
)
TITLE, THREAT = "廣昕精密股份有限公司 需要協助，保固或合約已經到期", "廣昕精密股份有限公司 說要換別家"
WON = {"value": typed("4.8 萬"), "months": typed("24")}
LOST = {"reason": chosen("price"), "note": typed("老闆嫌貴")}


def hears(at: Desk, case: Case, *signals: str) -> None:
    """The customer says something that shows this."""
    with at.services.casebook.begin() as connection:
        sales.notice(at.services, connection, case, customer_of(at.services, case.customer_id), signals)


def stands(at: Desk, case: Case) -> Opportunity:
    """The case's opportunity as it stands."""
    with at.services.casebook.look() as connection:
        found = opportunities.of_case(connection, WORKSPACE, case.id)
    assert found
    return found


async def time_passes(at: Desk, hours: float = 0.0) -> None:
    """What is due by then happens, and is sent."""
    at.clock.now += hours * HOUR
    await due.do_due(at.services)
    await at.send_all()


def posted(stage: Stage, method: str = "chat.postMessage") -> list[Json]:
    """What Aside posted."""
    log = stage.sandbox.workspace.log.since(0)
    return [each["body"] for each in log if each["dir"] == "call" and each["name"] == method and each["ok"]]


def took_up(at: Desk, case: Case) -> list[str]:
    """What the case ever knew of somebody in sales having taken it up."""
    with at.services.casebook.look() as connection:
        return [each.value for each in facts.of_case(connection, case) if each.name == "sales_took_it_up"]


async def asked(at: Desk, *signals: str, setup: Setup = TEAM) -> Case:
    """A case of which sales was told."""
    at.set_up(setup)
    case = at.case()
    hears(at, case, *(signals or ("reports_fault",)))
    await time_passes(at)
    return case


async def test_the_owner_has_left_and_their_successor_gets_everything_to_renew(
    stage: Stage, settings: Settings
) -> None:
    """R29, R20: never whoever left; who, what happened, cover, both prices, history, mood, what they own."""
    async with desk(stage, settings) as at:
        case = await asked(at)
        assert at.told("U0MEILING") == []
        assert at.told(SUCCESSOR) == [TITLE]
        (card,) = [str(each["blocks"]) for each in posted(stage) if each["text"] == TITLE]
        for part in (
            "周美玲",
            "進銷存 ERP",
            "NT$48,000",
            "NT$6,000",
            "▇▇",
            "近 365 天的通融：0 次",
            "平靜",
            "續約就抵掉這次的服務",
        ):
            assert part in card
        known = stands(at, case)
        assert (known.state, known.told, known.holder) == (OpportunityState.ASKED, (SUCCESSOR,), SUCCESSOR)


async def test_whoever_left_slack_or_is_none_of_us_is_passed_over(stage: Stage, settings: Settings) -> None:
    """The successor is deactivated, the first manager a guest: the sales channel hears."""
    await stage.admin("deactivate_user", user=SUCCESSOR)
    async with desk(stage, settings) as at:
        guests = RoleSource(users=(GUEST, "U0NOBODY"))
        case = await asked(at, setup=TEAM.model_copy(update={"sales_managers": guests}))
        assert stands(at, case).told == ("",)
        assert [each["channel"] for each in posted(stage)] == [SALES_CHANNEL]


async def test_with_nobody_to_tell_it_is_tried_again_and_no_line_says_that_sales_knows(
    stage: Stage, settings: Settings
) -> None:
    """An administrator names somebody the next day, and they hear."""
    async with desk(stage, settings) as at:
        case = await asked(at, setup=SETUP.model_copy(update={"sales": RoleSource(), "sales_channel": None}))
        with at.services.casebook.look() as connection:
            assert not opportunities.sales_told(connection, WORKSPACE, case.id)
        assert stands(at, case).state is OpportunityState.OPEN
        at.set_up(TEAM)
        await time_passes(at, 2.1)
        assert stands(at, case).told == (SUCCESSOR,)
        with at.services.casebook.look() as connection:
            assert opportunities.sales_told(connection, WORKSPACE, case.id)


async def test_nobody_reacts_and_it_moves_up_and_rests_in_the_channel(stage: Stage, settings: Settings) -> None:
    """Owner, manager, channel, each once; and the first card still takes it."""
    async with desk(stage, settings) as at:
        case = await asked(at)
        await time_passes(at, 1.9)
        assert stands(at, case).told == (SUCCESSOR,)
        await time_passes(at, 0.2)
        assert stands(at, case).told == (SUCCESSOR, MANAGER)
        await time_passes(at, 2.1)
        assert stands(at, case).told == (SUCCESSOR, MANAGER, "")
        await time_passes(at, 24)
        await time_passes(at, 24)
        assert stands(at, case).told == (SUCCESSOR, MANAGER, "")
        assert at.rows("SELECT move FROM audit WHERE subject = 'opportunity' ORDER BY seq") == [
            ("open",), ("tell",), ("move_up",), ("move_up",),
        ]  # fmt: skip
        cards = [str(each["blocks"]) for each in posted(stage) if each["text"] == TITLE]
        assert ["離職" in each for each in cards] == [True, False, False]
        await at.click(SUCCESSOR, "sales_take", stands(at, case).id)
        assert stands(at, case).taken_by == SUCCESSOR


async def test_a_card_that_slack_refuses_goes_to_the_next_at_once(stage: Stage, settings: Settings) -> None:
    """They left between the look-up and the sending: nobody waits two hours for them."""
    async with desk(stage, settings) as at:
        at.set_up(TEAM)
        case = at.case()
        hears(at, case, "reports_fault")
        await due.do_due(at.services)
        at.set_up(TEAM.model_copy(update={"sales": RoleSource(users=(SALES,))}))
        await at.send_all()
        await time_passes(at)
        assert stands(at, case).told == (SUCCESSOR, MANAGER)


async def test_two_needs_in_one_minute_are_one_ping(stage: Stage, settings: Settings) -> None:
    """Two cases of one customer: the second waits for the next day, and a third that is graver does not."""
    async with desk(stage, settings) as at:
        first = await asked(at)
        second, third = at.case(), at.case()
        hears(at, second, "asks_favour")
        await time_passes(at, 1 / 60)
        assert at.told(SUCCESSOR) == [TITLE]
        hears(at, third, "threatens_to_leave")
        await time_passes(at)
        assert at.told(SUCCESSOR) == [TITLE, THREAT]
        await at.click(SUCCESSOR, "sales_take", stands(at, first).id)
        await at.click(SUCCESSOR, "sales_take", stands(at, third).id)
        await time_passes(at, 23.9)
        assert stands(at, second).state is OpportunityState.OPEN
        await time_passes(at, 0.2)
        assert stands(at, second).told == (SUCCESSOR,)


async def test_at_night_only_what_is_urgent_is_told(stage: Stage, settings: Settings) -> None:
    """A fault on Friday night waits for Monday; the threat that follows does not."""
    async with desk(stage, settings) as at:
        at.clock.now = FRIDAY_NIGHT
        quiet, loud = at.case(), at.case(customer="C-2")
        at.set_up(TEAM)
        hears(at, quiet, "reports_fault")
        hears(at, loud, "threatens_to_leave")
        await time_passes(at)
        assert at.told(SUCCESSOR) == []
        assert len(at.told(SALES)) == 1
        at.clock.now = MONDAY_OPENING - 60
        await time_passes(at)
        assert at.told(SUCCESSOR) == []
        at.clock.now = MONDAY_OPENING
        await time_passes(at)
        assert at.told(SUCCESSOR) == [TITLE]


async def test_a_threat_after_the_first_word_is_told_anew(stage: Stage, settings: Settings) -> None:
    """R36: by direct message, with the same buttons; a further need joins in silence and stands on the card."""
    async with desk(stage, settings) as at:
        case = await asked(at)
        hears(at, case, "asks_favour")
        await time_passes(at)
        assert at.told(SUCCESSOR) == [TITLE]
        asks = at.services.playbook.words["zh-TW"].signals["asks_favour"].name
        assert asks in str(posted(stage, "chat.update")[-1]["blocks"])
        hears(at, case, "threatens_to_leave")
        await time_passes(at)
        assert at.told(SUCCESSOR) == [TITLE, THREAT]
        hears(at, case, "threatens_to_leave", "disputes_charge")
        await time_passes(at)
        assert at.told(SUCCESSOR) == [TITLE, THREAT]


async def test_in_the_channel_the_threat_is_told_in_the_cards_thread(stage: Stage, settings: Settings) -> None:
    """Whoever follows the card sees it there."""
    async with desk(stage, settings) as at:
        case = await asked(at, setup=SETUP.model_copy(update={"sales": RoleSource()}))
        hears(at, case, "threatens_to_leave")
        await time_passes(at)
        card, anew = posted(stage)
        assert (card["text"], card.get("thread_ts"), anew["text"]) == (TITLE, None, THREAT)
        ((ts,),) = at.rows("SELECT sent_ts FROM outbox WHERE key = ?", f"sales:{case.id}")
        assert anew["thread_ts"] == ts


async def test_taken_won_and_then_too_late(stage: Stage, settings: Settings) -> None:
    """One click takes it, the agent hears and may say so; two at once are one; after the sale every click says so."""
    async with desk(stage, settings) as at:
        case = await asked(at)
        known = stands(at, case)
        await at.click(SUCCESSOR, "sales_take", known.id)
        assert at.told(AGENT)[-1] == "廣昕精密股份有限公司：業務接下了。"
        assert took_up(at, case) == ["yes"]
        (late,) = await at.click(SALES, "sales_take", known.id)
        assert late == f"剛才按的不算數。<@{SUCCESSOR}> 接下了。"
        assert await at.click(SUCCESSOR, "sales_won", known.id) == ["window sales_won_view"]
        mistakes = await at.submit(SUCCESSOR, "sales_won_view", known.id, {"value": typed("0"), "months": typed("999")})
        assert [each.partition(":")[0] for each in mistakes] == ["value", "months"]
        assert await at.submit(SUCCESSOR, "sales_won_view", known.id, WON) == []
        won = stands(at, case)
        assert (won.state, won.settled_by) == (OpportunityState.WON, SUCCESSOR)
        assert (won.value, won.currency, won.months) == (Decimal(48_000), "TWD", 24)
        assert took_up(at, case) == ["yes", "no"]
        standing = f"🎉 <@{SUCCESSOR}> 談成了：NT$48,000，24 個月。"
        (told,) = await at.click(SALES, "sales_take", known.id)
        assert told == f"剛才按的不算數。{standing}"
        assert await at.click(SUCCESSOR, "sales_lost", known.id) == ["window notice_view"]
        assert at.view()["title"]["text"] == "沒有更動"
        assert ("&lt;@" in str(at.view()), "許家豪 談成了" in str(at.view())) == (False, True)
        by_name = standing.replace(f"<@{SUCCESSOR}>", "許家豪")
        assert await at.submit(SUCCESSOR, "sales_lost_view", known.id, LOST) == [f"reason: 剛才按的不算數。{by_name}"]
        assert stands(at, case) == won


async def test_while_nobody_handles_the_case_whoever_is_on_duty_hears_who_took_it(
    stage: Stage, settings: Settings
) -> None:
    """They are the ones who answer the customer next."""
    async with desk(stage, settings) as at:
        at.set_up(TEAM)
        case = at.case(agent="")
        hears(at, case, "reports_fault")
        await time_passes(at)
        await at.click(SUCCESSOR, "sales_take", stands(at, case).id)
        assert at.told(AGENT)[-1] == "廣昕精密股份有限公司：業務接下了。"
        assert at.told(OTHER_AGENT) == []


async def test_that_the_cost_is_high_is_told_anew_and_stands_on_the_card(stage: Stage, settings: Settings) -> None:
    """R20: sales comes in when the assessment says so, with what it costs us beside the prices."""
    async with desk(stage, settings) as at:
        case = await asked(at)
        cost: Json = {
            "severity": chosen("team"),
            "effort_hours": typed("8"),
            "cost": typed("3 萬"),
            "fault_ours": chosen("no"),
            "why": typed(""),
        }
        await at.submit(AGENT, "assess_view", case.id, cost)
        assert stands(at, case).reasons == ("reports_fault", "row:renew")
        await time_passes(at)
        assert at.told(SUCCESSOR) == [TITLE, TITLE]
        assert "NT$30,000" in str(posted(stage, "chat.update")[-1]["blocks"])
        await time_passes(at, 0.5)
        assert at.told(SUCCESSOR) == [TITLE, TITLE]


async def test_put_off_woken_handed_on_and_lost(stage: Stage, settings: Settings) -> None:
    """Until then it is quiet; then it comes up with whoever put it off; the next one gets the whole card."""
    async with desk(stage, settings) as at:
        case = await asked(at)
        known = stands(at, case)
        tomorrow = int(at.clock.now + 24 * HOUR)
        past = await at.submit(SUCCESSOR, "sales_snooze_view", known.id, {"until": moment(int(at.clock.now - 1))})
        assert past == ["until: 這個時間已經過了，請選晚一點的。"]
        assert await at.submit(SUCCESSOR, "sales_snooze_view", known.id, {"until": moment(tomorrow)}) == []
        await time_passes(at, 23)
        assert (stands(at, case).state, at.told(SUCCESSOR)) == (OpportunityState.SNOOZED, [TITLE])
        await time_passes(at, 1.1)
        assert (stands(at, case).state, at.told(SUCCESSOR)) == (OpportunityState.ASKED, [TITLE, TITLE])
        for whom, why in ((SUCCESSOR, "這是本人"), (AGENT, "對方不是業務"), (CUSTOMER, "不是自己人")):
            (wrong,) = await at.submit(SUCCESSOR, "sales_hand_on_view", known.id, {"whom": person(whom)})
            assert why in wrong
        (wrong,) = await at.submit(MANAGER, "sales_hand_on_view", known.id, {"whom": person(SUCCESSOR)})
        assert wrong == "whom: 已經在 許家豪 那裡了，請選別人。"
        assert await at.submit(SUCCESSOR, "sales_hand_on_view", known.id, {"whom": person(SALES)}) == []
        await time_passes(at)
        assert at.told(SALES) == [TITLE]
        cards = [str(each["blocks"]) for each in posted(stage) if each["text"] == TITLE]
        assert [("離職" in each, f"<@{SUCCESSOR}> 轉過來的" in each) for each in cards] == [
            (True, False), (True, False), (False, True),
        ]  # fmt: skip
        assert await at.submit(SALES, "sales_lost_view", known.id, {"reason": chosen("?"), "note": typed("")}) == [
            "reason: 請選一個原因。"
        ]
        assert await at.submit(SALES, "sales_lost_view", known.id, LOST) == []
        lost = stands(at, case)
        assert (lost.state, lost.settled_by) == (OpportunityState.LOST, SALES)
        assert (lost.lost_reason, lost.lost_note) == (LostReason.PRICE, "老闆嫌貴")
        assert at.told(AGENT)[-1] == "廣昕精密股份有限公司：業務結案了，沒有續約。"


PEOPLE = {
    "customer": CUSTOMER,
    "guest": GUEST,
    "colleague": OTHER_AGENT,
    "agent": AGENT,
    "supervisor": SUPERVISOR,
    "peer": SALES,
    "manager": MANAGER,
    "owner": SUCCESSOR,
}
WINDOWS = {
    "sales_snooze": {"until": moment(int(MONDAY_OPENING))},
    "sales_hand_on": {"whom": person(SALES)},
    "sales_won": WON,
    "sales_lost": LOST,
}
MAY = {"sales_take": {"peer", "manager", "owner"}} | {each: {"manager", "owner"} for each in WINDOWS}


@pytest.mark.parametrize("action", MAY)
async def test_who_may_do_what_denied_by_default(stage: Stage, settings: Settings, action: str) -> None:
    """Every role and every button, forged windows too: what is refused changes nothing and is never silent."""
    async with desk(stage, settings) as at:
        team = TEAM.model_copy(update={"agents": RoleSource(users=(AGENT,))})
        for who, user in PEOPLE.items():
            at.set_up(team)
            fresh.changed(settings, "UPDATE opportunities SET state = 'lost', due_at = NULL, told_at = NULL")
            case = await asked(at, setup=team)
            before = stands(at, case)
            told = await at.click(user, action, before.id)
            if values := WINDOWS.get(action):
                until = {"until": moment(int(at.clock.now + HOUR))} if "until" in values else {}
                told += await at.submit(user, f"{action}_view", before.id, {**values, **until})
            changed = stands(at, case) != before
            assert changed is (who in MAY[action]), who
            assert changed or told
            moves = "SELECT actor FROM audit WHERE subject_id = ? AND move NOT IN ('open', 'tell')"
            audited = at.rows(moves, before.id)
            assert audited == ([(user,)] if changed else [])


def words_of(rows: Iterable[tuple[str, str]]) -> str:
    """What was put where."""
    return json.dumps([(json.loads(target), body) for target, body in rows])


async def test_a_shared_channel_never_shows_a_price_a_chip_or_an_opportunity(stage: Stage, settings: Settings) -> None:
    """Set as the sales channel by mistake, the customer's own channel gets nothing."""
    async with desk(stage, settings) as at:
        at.set_up(SETUP.model_copy(update={"sales": RoleSource(), "sales_channel": SHARED}))
        case = at.case()
        hears(at, case, "reports_fault", "threatens_to_leave", "claims_promise")
        await time_passes(at)
        await time_passes(at, 3)
        assert [each for each in posted(stage) if each["channel"] == SHARED] == []
        assert at.rows("SELECT DISTINCT state FROM outbox WHERE key LIKE 'sales:%'") == [("withheld",)]
        with at.services.casebook.look() as connection:
            assert not opportunities.sales_told(connection, WORKSPACE, case.id)
        assert stands(at, case).due_at is None


async def test_whoever_handles_the_case_hears_nothing_that_is_for_sales(stage: Stage, settings: Settings) -> None:
    """Prices, cost and chips go to sales; the agent hears who took it."""
    async with desk(stage, settings) as at:
        case = await asked(at)
        await at.click(SUCCESSOR, "sales_take", stands(at, case).id)
        await at.submit(SUCCESSOR, "sales_won_view", stands(at, case).id, WON)
        sent = at.rows("SELECT target, body FROM outbox WHERE target LIKE ?", f'%"user": "{AGENT}"%')
        assert sent
        for secret in ("48,000", "籌碼", "成交"):
            assert secret not in words_of(sent)


async def test_each_salesperson_gets_one_list_a_day_of_contracts_that_end(stage: Stage, settings: Settings) -> None:
    """While the desk is open, each contract once a threshold, also across restarts."""
    async with desk(stage, settings) as at:
        at.set_up(TEAM)
        at.clock.now = datetime(2027, 10, 2, 1, 0, tzinfo=UTC).timestamp()  # a Saturday
        await renewals.look_ahead(at.services)
        assert at.told(SALES) == []
        at.clock.now = datetime(2027, 10, 4, 1, 0, tzinfo=UTC).timestamp()
        for _ in range(2):
            await renewals.look_ahead(at.services)
        await at.send_all()
        assert at.told(SALES) == ["1 份合約快到期"]
        assert "全勤科技股份有限公司" in str(posted(stage)[-1]["blocks"])
        assert "2027-12-31" in str(posted(stage)[-1]["blocks"])
        at.clock.now += 24 * HOUR
        await renewals.look_ahead(at.services)
        assert len(at.told(SALES)) == 1
        at.clock.now = datetime(2027, 11, 3, 1, 0, tzinfo=UTC).timestamp()
        await renewals.look_ahead(at.services)
        assert len(at.told(SALES)) == 2
        assert at.rows("SELECT contract, within, told FROM endings_told ORDER BY within") == [
            ("M-4", 60, SALES),
            ("M-4", 90, SALES),
        ]
