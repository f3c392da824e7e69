"""An opportunity lives on after its first card: taken, left alone, of nobody yet, won; each is told of it once."""

import json

from bot.case import Case
from bot.sales import OpportunityState
from bot.settings import Settings
from bot.setup import RoleSource
from storage import commitments
from tests.flow.conftest import AGENT, CUSTOMER, DESK, MANAGER, SALES, SALES_CHANNEL, SHARED, SUCCESSOR, WORKSPACE
from tests.flow.test_opportunity import (
    LOST,
    TEAM,
    THREAT,
    TITLE,
    WON,
    asked,
    hears,
    posted,
    stands,
    time_passes,
    took_up,
)
from tests.flow.test_right_customer import hears as says
from tests.flow.test_right_customer import says_it_is
from tests.flow.without_slack import Desk, desk
from tests.flow.working import moment, person, typed
from tests.sandbox.stage import Json, Stage

WEEK = 7 * 24.0
HOW = "⏰ 廣昕精密股份有限公司：進展如何？"
STILL = "⏳ 廣昕精密股份有限公司：接下之後沒有新的紀錄"
WORDS = ":%:word"
UNKNOWN = "還不知道是哪一家的客戶 說要換別家"


def moves(at: Desk, case: Case) -> list[str]:
    """What became of the case's opportunity, move by move."""
    rows = at.rows("SELECT move FROM audit WHERE subject_id = ? ORDER BY seq", stands(at, case).id)
    return [move for (move,) in rows]


def drawn(stage: Stage, at: Desk, case: Case, key: str = "") -> list[str]:
    """The first card, or the messages with such a key beside it, as they stand in Slack now."""
    sent = at.rows(
        "SELECT sent_channel, sent_ts FROM outbox WHERE key LIKE ? AND kind IN ('direct', 'message') ORDER BY seq",
        f"sales:{case.id}{key}",
    )
    conversations = stage.sandbox.workspace.state.conversations
    found = [conversations[channel].messages[ts] for channel, ts in sent]
    return [json.dumps([each["text"], each["blocks"]], ensure_ascii=False) for each in found]


async def test_what_somebody_took_is_never_forgotten_also_when_they_leave(stage: Stage, settings: Settings) -> None:
    """Reminded once after five working days, then the manager hears; whoever has left makes room for the next."""
    async with desk(stage, settings) as at:
        case = await asked(at)
        await at.click(SUCCESSOR, "sales_take", stands(at, case).id)
        await time_passes(at, WEEK - 0.1)
        assert at.told(SUCCESSOR) == [TITLE]
        await time_passes(at, 0.2)
        await time_passes(at, 24)
        assert at.told(SUCCESSOR) == [TITLE, HOW]
        assert at.told(MANAGER) == []
        (word,) = drawn(stage, at, case, WORDS)
        buttons = ("sales_take", "sales_snooze", "sales_hand_on", "sales_won", "sales_lost")
        assert [each for each in buttons if each in word] == list(buttons[1:])
        await time_passes(at, WEEK)
        await time_passes(at, WEEK)
        assert (at.told(SUCCESSOR), at.told(MANAGER)) == ([TITLE, HOW], [STILL])
        assert stands(at, case).holder == SUCCESSOR
        await stage.admin("deactivate_user", user=SUCCESSOR)
        await time_passes(at, 2 * WEEK)
        assert (stands(at, case).state, stands(at, case).holder) == (OpportunityState.ASKED, MANAGER)
        assert at.told(MANAGER) == [STILL, TITLE]
        assert took_up(at, case) == ["yes", "no"]
        assert moves(at, case) == ["open", "tell", "take", "remind", "escalate", "look", "move_up"]


async def test_nobody_is_reminded_at_night_and_a_manager_alone_hears_again_themselves(
    stage: Stage, settings: Settings
) -> None:
    """What came due while Aside was down waits for the desk; where nobody is above them, it stays between us."""
    async with desk(stage, settings) as at:
        case = await asked(at, setup=TEAM.model_copy(update={"sales_channel": None}))
        await at.click(MANAGER, "sales_take", stands(at, case).id)
        await time_passes(at, WEEK + 12)
        assert at.told(MANAGER) == []
        await time_passes(at, 12)
        assert at.told(MANAGER) == [HOW]
        await time_passes(at, WEEK)
        assert at.told(MANAGER) == [HOW, HOW]
        assert moves(at, case) == ["open", "tell", "take", "remind", "remind"]


async def test_a_word_beside_the_card_offers_only_what_can_still_be_done(stage: Stage, settings: Settings) -> None:
    """Once somebody took it nobody is asked to, and once it is settled nothing is left to press."""
    async with desk(stage, settings) as at:
        case = await asked(at)
        hears(at, case, "threatens_to_leave")
        await time_passes(at)
        (word,) = drawn(stage, at, case, WORDS)
        assert "sales_take" in word
        await at.click(SALES, "sales_take", stands(at, case).id)
        await at.send_all()
        (word,) = drawn(stage, at, case, WORDS)
        assert ("sales_take" in word, "sales_won" in word, f"<@{SALES}> 接下了" in word) == (False, False, True)
        await at.submit(SALES, "sales_lost_view", stands(at, case).id, LOST)
        await at.send_all()
        shown = drawn(stage, at, case) + drawn(stage, at, case, WORDS)
        assert ["沒有成交" in each for each in shown] == [True, True]
        assert [each for each in shown if "sales_" in each] == []


async def test_a_card_offers_whoever_was_passed_over_no_more_than_to_take_it(stage: Stage, settings: Settings) -> None:
    """What would be refused has no button; once they took it, all that they may do is there."""
    async with desk(stage, settings) as at:
        case = await asked(at)
        await time_passes(at, 2.1)
        first, manager = drawn(stage, at, case), drawn(stage, at, case, ":1")
        assert [("sales_take" in each, "sales_won" in each) for each in (*first, *manager)] == [
            (True, False), (True, True),
        ]  # fmt: skip
        await at.click(SUCCESSOR, "sales_take", stands(at, case).id)
        await at.send_all()
        first, manager = drawn(stage, at, case), drawn(stage, at, case, ":1")
        assert [("sales_take" in each, "sales_won" in each) for each in (*first, *manager)] == [
            (False, True), (False, True),
        ]  # fmt: skip


async def test_a_colleague_whose_case_went_on_to_its_keeper_is_offered_no_more_than_to_take_it_back(
    stage: Stage, settings: Settings
) -> None:
    """The word that says so has no button that would be refused."""
    async with desk(stage, settings) as at:
        at.set_up(TEAM.model_copy(update={"sales_managers": RoleSource()}))
        case = at.case(customer=None, channel=DESK)
        hears(at, case, "claims_promise")
        await time_passes(at)
        await at.click(SALES, "sales_take", stands(at, case).id)
        await says_it_is(at, AGENT, case, "C-1")
        await time_passes(at)
        (word,) = drawn(stage, at, case, WORDS)
        assert ("sales_take" in word, "sales_won" in word) == (True, False)


async def test_two_needs_in_one_minute_are_one_opportunity_and_one_card(stage: Stage, settings: Settings) -> None:
    """Also where the first has not been told yet; the card has both."""
    async with desk(stage, settings) as at:
        at.set_up(TEAM)
        case = at.case()
        hears(at, case, "reports_fault")
        hears(at, case, "asks_favour")
        await time_passes(at, 1 / 60)
        assert at.rows("SELECT count(*) FROM opportunities") == [(1,)]
        assert at.told(SUCCESSOR) == [TITLE]
        assert stands(at, case).reasons == ("reports_fault", "asks_favour")
        assert len(posted(stage)) == 1


async def test_while_nobody_knows_whose_case_it_is_the_managers_hear_of_a_threat_without_any_figure(
    stage: Stage, settings: Settings
) -> None:
    """R36: nobody's account is everybody's threat; once the customer is named, their salesperson hears at once."""
    async with desk(stage, settings) as at:
        at.set_up(TEAM)
        case = at.case(customer=None, channel=DESK)
        hears(at, case, "reports_fault", "asks_price")
        says(at, case, "整個早上都開不了機", "reports_fault")
        assert at.rows("SELECT count(*) FROM opportunities") == [(0,)]
        hears(at, case, "threatens_to_leave")
        await time_passes(at)
        known = stands(at, case)
        assert (known.customer_id, known.told, at.told(MANAGER)) == (None, (MANAGER,), [UNKNOWN])
        (card,) = drawn(stage, at, case)
        assert "還不知道是哪一家客戶的案件" in card
        assert f"<#{DESK}>" in card
        assert [each for each in ("NT$", "▇", "通融", "可以談的", "其他客戶", "可以送的") if each in card] == []
        await at.click(MANAGER, "sales_take", known.id)
        await says_it_is(at, AGENT, case, "C-1")
        await time_passes(at)
        known = stands(at, case)
        assert (known.customer_id, known.told, known.holder) == ("C-1", (MANAGER, SUCCESSOR), SUCCESSOR)
        assert at.told(SUCCESSOR) == [THREAT]
        assert at.told(MANAGER) == [UNKNOWN, "廣昕精密股份有限公司：這是另一位同仁的客戶"]
        (card,) = drawn(stage, at, case)
        assert "NT$48,000" in card
        assert moves(at, case) == ["open", "tell", "take", "right_customer", "join", "move_up"]


async def test_a_customer_who_is_recognised_later_is_told_to_their_salesperson(
    stage: Stage, settings: Settings
) -> None:
    """R24: the claim went to the channel, since no manager is set up; the message that shows who it is moves it on."""
    async with desk(stage, settings) as at:
        at.set_up(TEAM.model_copy(update={"sales_managers": RoleSource()}))
        case = at.case(customer=None)
        hears(at, case, "claims_promise")
        await time_passes(at)
        assert [each["channel"] for each in posted(stage)] == [SALES_CHANNEL]
        said = {"type": "message", "channel": SHARED, "user": CUSTOMER, "text": "好了嗎？", "thread_ts": case.thread_ts}
        await at.deliver("message", CUSTOMER, {**said, "ts": f"{at.clock():.6f}"}, key="said")
        await time_passes(at)
        assert stands(at, case).told == ("", SUCCESSOR)
        assert at.told(SUCCESSOR) == ["廣昕精密股份有限公司 說業務答應過"]


async def test_a_sale_is_followed_up_at_the_time_of_the_policy_and_the_follow_up_counts(
    stage: Stage, settings: Settings
) -> None:
    """R42: whoever handles the case hears of it without the amount, and writes down by when they will ask."""
    async with desk(stage, settings) as at:
        case = await asked(at)
        await at.click(SUCCESSOR, "sales_take", stands(at, case).id)
        await at.submit(SUCCESSOR, "sales_won_view", stands(at, case).id, WON)
        assert at.told(AGENT)[-1] == "廣昕精密股份有限公司 續約了。"
        assert await at.click(AGENT, "follow_up", case.id) == ["window follow_up_view"]
        text, due = at.view()["blocks"][1:3]
        assert text["element"]["initial_value"] == "問續約之後用得順不順"
        proposed = due["element"]["initial_date_time"]
        assert WEEK * 3600 - 60 < proposed - at.clock.now < WEEK * 3600
        filled: Json = {"text": typed("問續約之後用得順不順"), "due": moment(proposed)}
        await at.submit(AGENT, "follow_up_view", case.id, filled)
        assert "您" not in str(at.body("commitment:%:told"))
        assert await at.click(AGENT, "follow_up", case.id) == ["window notice_view"]
        assert "問續約之後用得順不順" in str(at.view())
        await at.submit(AGENT, "follow_up_view", case.id, filled)
        with at.services.casebook.look() as connection:
            (written,) = commitments.of_case(connection, WORKSPACE, case.id)
        at.clock.now = proposed - 600
        await at.click(AGENT, "commitment_kept", written.id)
        assert at.rows("SELECT state, settled_at <= due_at FROM commitments") == [("kept", 1)]


async def test_whoever_took_a_case_of_nobody_keeps_it_while_the_accounts_keeper_is_not_here(
    stage: Stage, settings: Settings
) -> None:
    """Naming the customer passes it to whose account it is, and to nobody else."""
    await stage.admin("deactivate_user", user=SUCCESSOR)
    async with desk(stage, settings) as at:
        at.set_up(TEAM)
        case = at.case(customer=None, channel=DESK)
        hears(at, case, "claims_promise")
        await time_passes(at)
        await at.click(MANAGER, "sales_take", stands(at, case).id)
        await says_it_is(at, AGENT, case, "C-1")
        await time_passes(at)
        assert (stands(at, case).state, stands(at, case).holder) == (OpportunityState.TAKEN, MANAGER)
        await time_passes(at, WEEK)
        assert at.told(MANAGER)[-1] == HOW


async def test_what_whoever_took_it_puts_off_is_still_taken_up_for_the_agent(stage: Stage, settings: Settings) -> None:
    """The line that a salesperson will be in touch stays true, and is told once until it goes to a colleague."""
    async with desk(stage, settings) as at:
        case = await asked(at)
        await at.click(SUCCESSOR, "sales_take", stands(at, case).id)
        later = {"until": moment(int(at.clock.now + 7200))}
        await at.submit(SUCCESSOR, "sales_snooze_view", stands(at, case).id, later)
        await at.click(SUCCESSOR, "sales_take", stands(at, case).id)
        assert (took_up(at, case), at.told(AGENT)) == (["yes"], ["廣昕精密股份有限公司：業務接下了。"])
        await at.submit(SUCCESSOR, "sales_hand_on_view", stands(at, case).id, {"whom": person(SALES)})
        await at.click(SALES, "sales_take", stands(at, case).id)
        assert (took_up(at, case), len(at.told(AGENT))) == (["yes", "no", "yes"], 2)


async def test_whoever_sells_no_more_is_not_told_that_their_account_is_anothers(
    stage: Stage, settings: Settings
) -> None:
    """They went to another department: what they took goes up, and to them nothing is said that is not so."""
    async with desk(stage, settings) as at:
        case = await asked(at)
        await at.click(SUCCESSOR, "sales_take", stands(at, case).id)
        at.set_up(TEAM.model_copy(update={"sales": RoleSource(users=(SALES,))}))
        await time_passes(at, WEEK)
        assert (stands(at, case).holder, at.told(SUCCESSOR)) == (MANAGER, [TITLE])


async def test_what_somebody_put_off_comes_back_where_the_accounts_keeper_is_not_here(
    stage: Stage, settings: Settings
) -> None:
    """It cannot go on to whose account it is: whoever put it off hears at once whose it is, and nobody sleeps on."""
    await stage.admin("deactivate_user", user=SUCCESSOR)
    async with desk(stage, settings) as at:
        at.set_up(TEAM.model_copy(update={"sales_channel": None}))
        case = at.case(customer=None, channel=DESK)
        hears(at, case, "claims_promise")
        await time_passes(at)
        until = {"until": moment(int(at.clock.now + 3 * 3600))}
        assert await at.submit(MANAGER, "sales_snooze_view", stands(at, case).id, until) == []
        await says_it_is(at, AGENT, case, "C-1")
        await time_passes(at)
        await time_passes(at)
        assert at.told(MANAGER) == ["還不知道是哪一家的客戶 說業務答應過", "廣昕精密股份有限公司 說業務答應過"]
        assert (stands(at, case).state, stands(at, case).holder) == (OpportunityState.ASKED, MANAGER)


async def test_where_customers_read_along_nobody_reads_that_something_was_taken_and_left(
    stage: Stage, settings: Settings
) -> None:
    """The customer's own channel set as the sales channel by mistake: the manager's word goes nowhere."""
    async with desk(stage, settings) as at:
        team = {"sales_managers": RoleSource(), "sales_channel": SHARED}
        case = await asked(at, "threatens_to_leave", setup=TEAM.model_copy(update=team))
        await at.click(SUCCESSOR, "sales_take", stands(at, case).id)
        for _ in range(3):
            await time_passes(at, WEEK)
        assert moves(at, case) == ["open", "tell", "take", "remind", "escalate", "look"]
        assert at.told(SUCCESSOR) == [THREAT, HOW]
        assert [each for each in posted(stage) if each["channel"] == SHARED] == []
