"""What a customer claims, held against the record in the whisper (R06), and kept with the advice."""

import json

from tests import fresh
from tests.flow.conftest import AGENT, APPROVALS, CUSTOMER, SHARED, SUPERVISOR, Bot, texts
from tests.flow.test_goodwill import asked, changed_card, click
from tests.flow.working import FAULT, rows, whisper_with
from tests.sandbox.stage import Stage


async def test_still_covered_is_held_against_the_contract_on_file(stage: Stage, bot: Bot) -> None:
    """The row with its dates and basis, and a way to keep face; stored with the advice; seen by the agent alone."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    ts = await customer.say(SHARED, FAULT)
    await agent.sees("ephemeral")
    await agent.say(SHARED, "我馬上看，請問是每台都這樣嗎？", thread_ts=ts)
    await customer.say(SHARED, "不可能過期吧，我們的保固應該還在啊，去年才簽的", thread_ts=ts)
    whisper = await whisper_with(agent, "紀錄不同")
    text = texts(whisper["message"]["blocks"])
    assert "2025-10-06 至 2026-10-05" in text
    assert "簽約" in text
    assert "請問對方手上是哪份文件" in text
    kept = [json.loads(content)["checks"] for (content,) in rows(bot, "SELECT content FROM advice")]
    assert [check["verdict"] for checks in kept for check in checks] == ["contradicted"]
    assert not customer.of("ephemeral")


async def test_done_free_before_is_held_against_the_ledger(stage: Stage, bot: Bot) -> None:
    """An earlier exception is named with its day and its size; the same case's own is no precedent."""
    customer, agent, supervisor = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUPERVISOR)]
    card = await asked(customer, agent, supervisor)
    await click(supervisor, "message", APPROVALS, card, "approve_exception")
    await changed_card(supervisor)
    fresh.changed(bot.settings, "UPDATE cases SET state = 'closed'")
    await customer.say(SHARED, "POS 又開不了機了，上次你們也是免費幫我們修的，這次也比照辦理吧")
    whisper = await whisper_with(agent, "上次免費處理", "紀錄相符")
    assert "免費" in texts(whisper["message"]["blocks"])
    assert rows(bot, "SELECT count(*) FROM cases") == [(2,)]
