"""Which messages are one case, who is coached, and what a failed look-up is worth."""

from typing import Any

from bot.coaching import ANGRY
from tests import fresh
from tests.flow.conftest import (
    AGENT,
    CUSTOMER,
    OTHER_AGENT,
    SHARED,
    SUCCESSOR,
    Bot,
    texts,
    whispers,
)
from tests.flow.working import ASKED_BACK, chosen, press, press_in, typed, whisper_with, window
from tests.sandbox.stage import Seat, Stage, until


def rows(bot: Bot, question: str) -> list[Any]:
    """Ask the casebook."""
    return fresh.asked(bot.settings, question)


async def test_what_the_same_customer_says_next_belongs_to_the_same_case(stage: Stage, bot: Bot) -> None:
    """Unthreaded messages join the open case; a thread of its own under another message stays in it too."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    await customer.say(SHARED, "ERP 從早上就當機，發票都印不出來")
    await agent.sees("ephemeral")
    ts = await customer.say(SHARED, "叫你們主管出來講")
    await agent.sees("ephemeral", lambda push: "主管" in texts(push["message"]["blocks"]))
    await customer.say(SHARED, "再不處理我們就去 Google 留一星評論", thread_ts=ts)
    await agent.say(SHARED, "我先看一下", thread_ts=ts)
    await agent.sees("ephemeral", lambda push: "一星" in texts(push["message"]["blocks"]))
    assert rows(bot, "SELECT count(*) FROM cases") == [(1,)]


async def test_the_agent_who_handles_the_thread_is_coached_and_nobody_else(stage: Stage, bot: Bot) -> None:
    """Until an agent answers those on duty are; afterwards the one who answered."""
    customer, on_duty, other = [await stage.seat(who) for who in (CUSTOMER, AGENT, OTHER_AGENT)]
    ts = await customer.say(SHARED, "ERP 從早上就當機，發票都印不出來")
    await on_duty.sees("ephemeral")
    reply = await other.say(SHARED, "您好，我來看，請問是哪幾台？", thread_ts=ts)
    await customer.sees("message", lambda push: push["message"]["ts"] == reply)
    await customer.say(SHARED, "叫你們主管出來講", thread_ts=ts)
    await other.sees("ephemeral", lambda push: "主管" in texts(push["message"]["blocks"]))
    assert len(on_duty.of("ephemeral")) == 1


async def test_when_slack_cannot_be_asked_who_somebody_is_the_message_waits(stage: Stage, bot: Bot) -> None:
    """A failed look-up is no answer: nobody becomes a customer by it, and nothing is withheld for good."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    await stage.admin("fail_next", method="users.info", error="internal_error")
    await customer.say(SHARED, "ERP 從早上就當機，發票都印不出來")
    await agent.sees("ephemeral")
    assert rows(bot, "SELECT role FROM messages") == [("customer",)]


async def test_who_changes_their_language_is_spoken_to_in_it_at_once(stage: Stage, bot: Bot) -> None:
    """Slack tells of it; what we knew of the person is asked again before it grows old."""
    agent = await stage.seat(AGENT)
    await agent.do("command", channel=SHARED, text="/aside duty")
    await agent.sees("ephemeral", lambda push: "這裡的值班人員" in texts(push["message"]))
    await stage.admin("set_locale", locale="en-GB", user=AGENT)
    await stage.settled()
    await until(lambda: rows(bot, "SELECT count(*) FROM inbox WHERE kind = 'user_change' AND state = 'done'") == [(1,)])
    await agent.do("command", channel=SHARED, text="/aside duty")
    await agent.sees("ephemeral", lambda push: "On duty here" in texts(push["message"]))


async def test_of_people_it_never_met_the_bot_keeps_no_news(stage: Stage, bot: Bot) -> None:
    """Slack tells of every change to anybody's profile; it is written down only of those we asked about."""
    agent = await stage.seat(AGENT)
    await agent.do("command", channel=SHARED, text="/aside duty")
    await agent.sees("ephemeral", lambda push: "這裡的值班人員" in texts(push["message"]))
    await stage.admin("set_locale", locale="en-GB")
    await stage.settled()
    told = rows(bot, "SELECT count(*) FROM inbox WHERE kind = 'user_change'")[0][0]
    assert 1 <= told < len(stage.sandbox.workspace.state.users)


async def test_sales_hears_once_of_two_cases_on_one_day(stage: Stage, bot: Bot) -> None:
    """A window for each account: further needs join in silence."""
    customer, sales = await stage.seat(CUSTOMER), await stage.seat(SUCCESSOR)
    agent = await stage.seat(AGENT)
    await customer.say(SHARED, "ERP 從早上就當機，發票都印不出來")
    await sales.sees("message")
    await agent.sees("ephemeral")
    fresh.changed(bot.settings, "UPDATE cases SET state = 'closed'")
    await customer.say(SHARED, "另外那台 POS 也開不了機，螢幕全黑")
    await agent.sees("ephemeral", lambda push: "POS" in texts(push["message"]["blocks"]))
    assert rows(bot, "SELECT count(*) FROM opportunities") == [(2,)]
    assert len(sales.of("message")) == 1


async def test_a_case_that_goes_quiet_is_closed_and_whoever_handled_it_can_ask_after_it(stage: Stage, bot: Bot) -> None:
    """R42: a word after it is over; once, true, and to nobody whose request is still with the supervisors."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    ts = await customer.say(SHARED, "ERP 從早上就當機，發票都印不出來")
    await agent.sees("ephemeral")
    await agent.say(SHARED, "我先看一下，請問是哪幾台？", thread_ts=ts)
    await customer.say(SHARED, "叫你們主管出來講", thread_ts=ts)
    await agent.sees("ephemeral", lambda push: "主管" in texts(push["message"]["blocks"]))
    await bot.stop()
    fresh.changed(bot.settings, "UPDATE cases SET touched_at = 0")
    fresh.changed(
        bot.settings,
        "INSERT INTO cases (workspace, id, channel, thread_ts, state, context, agent, opened_at, touched_at)"
        " SELECT workspace, 'waits', channel, '1.0', 'waiting', '{}', agent, 0, 0 FROM cases",
    )
    await bot.start()
    news = await agent.sees("message", lambda push: "14 天" in texts(push["message"].get("blocks")))
    assert news["channel"].startswith("D")
    assert "rich_text_quote" in str(news["message"]["blocks"])
    assert sorted(rows(bot, "SELECT state FROM cases")) == [("closed",), ("waiting",)]
    assert rows(bot, "SELECT move FROM audit WHERE subject = 'case'") == [("close",)]


async def test_one_case_that_cannot_be_closed_neither_stops_the_bot_nor_keeps_the_others_open(
    stage: Stage, bot: Bot
) -> None:
    """The odd one comes first and stays as it is; the next one is closed, and the bot goes on listening."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    ts = await customer.say(SHARED, "ERP 從早上就當機，發票都印不出來")
    await agent.sees("ephemeral")
    await agent.say(SHARED, "我先看一下，請問是哪幾台？", thread_ts=ts)
    await customer.say(SHARED, "叫你們主管出來講", thread_ts=ts)
    await agent.sees("ephemeral", lambda push: "主管" in texts(push["message"]["blocks"]))
    await bot.stop()
    fresh.changed(bot.settings, "UPDATE cases SET touched_at = 0")
    fresh.changed(
        bot.settings,
        "INSERT INTO cases (workspace, id, channel, thread_ts, state, context, agent, opened_at, touched_at)"
        " SELECT workspace, 'odd', channel, '1.0', 'open', '{}', agent, 0, -1 FROM cases",
    )
    fresh.changed(
        bot.settings,
        "INSERT INTO facts (workspace, case_id, name, value, recorded_by, recorded_at, why)"
        " SELECT workspace, id, 'cost', 'unreadable', agent, 0, '' FROM cases WHERE id = 'odd'",
    )
    await bot.start()
    await agent.sees("message", lambda push: "14 天" in texts(push["message"].get("blocks")))
    closed = rows(bot, "SELECT id = 'odd', state FROM cases ORDER BY touched_at")
    assert closed == [(1, "open"), (0, "closed")]
    await customer.say(SHARED, "再不處理我們就去 Google 留一星評論", thread_ts=ts)
    await agent.sees("ephemeral", lambda push: "一星" in texts(push["message"].get("blocks")))


async def assessed(customer: Seat, agent: Seat) -> str:
    """A problem understood and assessed, of which sales need not know; its thread."""
    ts = await customer.say(SHARED, "請問我們的保固到什麼時候？")
    whisper = await agent.sees("ephemeral")
    await agent.say(SHARED, ASKED_BACK, thread_ts=ts)
    await customer.say(SHARED, "三台，從早上九點開始", thread_ts=ts)
    await press(agent, whisper, "show_case")
    await press_in(agent, await window(agent, "case_view"), "assess")
    form = {
        "severity": chosen("team"),
        "effort_hours": typed("2"),
        "cost": typed("3000"),
        "fault_ours": chosen("no"),
        "why": typed(""),
    }
    await agent.do("submit", view_id=(await window(agent, "assess_view"))["id"], values=form)
    await whisper_with(agent, "3,000")
    return ts


async def test_once_sales_is_told_the_agent_can_say_so(stage: Stage, bot: Bot) -> None:
    """R36: sales is told at once, and the line that says so comes when they are."""
    customer, agent, sales = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUCCESSOR)]
    ts = await assessed(customer, agent)
    assert not sales.of("message")
    await customer.say(SHARED, "這樣的話我們只好考慮換別家廠商了", thread_ts=ts)
    await sales.sees("message")
    told = await whisper_with(agent, "已通知業務")
    assert "rich_text_quote" in str(told["message"]["blocks"])


async def test_to_whoever_is_angry_even_news_pitches_nothing(stage: Stage, bot: Bot) -> None:
    """R02: the same news, but the customer's last words were furious: sales knows, and no line speaks of it."""
    customer, agent, sales = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUCCESSOR)]
    ts = await assessed(customer, agent)
    await customer.say(SHARED, "太離譜了！！氣死我了，我們要換別家廠商！！", thread_ts=ts)
    await sales.sees("message")
    await customer.say(SHARED, "叫你們主管出來講", thread_ts=ts)
    await whisper_with(agent, "主管出來講")
    assert rows(bot, "SELECT anger FROM messages ORDER BY ts")[3][0] >= ANGRY
    assert not [each for each in whispers(agent) if "已通知業務" in each]
