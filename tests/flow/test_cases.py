"""Which messages are one case, who is coached, and what a failed look-up is worth."""

import sqlite3
from typing import Any

from tests.flow.conftest import (
    AGENT,
    CUSTOMER,
    OTHER_AGENT,
    SHARED,
    SUCCESSOR,
    Bot,
    texts,
)
from tests.sandbox.stage import Stage


def rows(bot: Bot, question: str) -> list[Any]:
    """Ask the casebook."""
    with sqlite3.connect(bot.settings.data / "casebook.db") as connection:
        return connection.execute(question).fetchall()


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


async def test_sales_hears_once_of_two_cases_on_one_day(stage: Stage, bot: Bot) -> None:
    """A window for each account: further needs join in silence."""
    customer, sales = await stage.seat(CUSTOMER), await stage.seat(SUCCESSOR)
    agent = await stage.seat(AGENT)
    await customer.say(SHARED, "ERP 從早上就當機，發票都印不出來")
    await sales.sees("message")
    await agent.sees("ephemeral")
    with sqlite3.connect(bot.settings.data / "casebook.db") as connection:
        connection.execute("UPDATE cases SET state = 'closed'")
    await customer.say(SHARED, "另外那台 POS 也開不了機，螢幕全黑")
    await agent.sees("ephemeral", lambda push: "POS" in texts(push["message"]["blocks"]))
    assert rows(bot, "SELECT count(*) FROM opportunities") == [(2,)]
    assert len(sales.of("message")) == 1
