"""What is said while the bot is down, or comes twice, or is changed afterwards."""

from bot.settings import Settings
from tests import fresh
from tests.flow.conftest import AGENT, CUSTOMER, DESK, SHARED, SUCCESSOR, Bot, texts
from tests.sandbox.stage import Stage


def kept(settings: Settings) -> list[tuple[str, str]]:
    """What the casebook holds: role and text."""
    return fresh.asked(settings, "SELECT role, text FROM messages ORDER BY ts")


async def test_what_was_said_during_a_downtime_is_read_from_history(stage: Stage, bot: Bot, settings: Settings) -> None:
    """Slack's retries are finite: channels and open threads are filled in, each message once."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    ts = await customer.say(SHARED, "ERP 從早上就當機，發票都印不出來")
    await agent.sees("ephemeral")
    await bot.stop()
    await agent.say(SHARED, "我先看一下", thread_ts=ts)
    await customer.say(SHARED, "叫你們主管出來講", thread_ts=ts)
    await stage.settled()
    await bot.start()
    await agent.sees("ephemeral", lambda push: "主管" in texts(push["message"]["blocks"]))
    assert kept(settings) == [
        ("customer", "ERP 從早上就當機，發票都印不出來"),
        ("agent", "我先看一下"),
        ("customer", "叫你們主管出來講"),
    ]


async def test_an_edited_message_is_read_anew_and_a_deleted_one_forgotten(
    stage: Stage, bot: Bot, settings: Settings
) -> None:
    """The casebook holds what the message says now; an edit that shows nothing new is no new whisper."""
    customer, agent, sales = await stage.seat(CUSTOMER), await stage.seat(AGENT), await stage.seat(SUCCESSOR)
    ts = await customer.say(SHARED, "ERP 從早上就當機，發票都印不出來")
    await agent.sees("ephemeral")
    await sales.sees("message")
    await customer.do("edit", channel=SHARED, ts=ts, text="ERP 從早上就當機，發票全部都印不出來")
    await customer.say(SHARED, "叫你們主管出來講")
    await agent.sees("ephemeral", lambda push: "主管" in texts(push["message"]["blocks"]))
    assert kept(settings)[0] == ("customer", "ERP 從早上就當機，發票全部都印不出來")
    assert len(agent.of("ephemeral")) == 2
    await customer.do("delete", channel=SHARED, ts=ts)
    await customer.say(SHARED, "再不處理我們就去 Google 留一星評論")
    await agent.sees("ephemeral", lambda push: "一星" in texts(push["message"]["blocks"]))
    assert kept(settings)[0] == ("customer", "")
    assert len(sales.of("message")) == 1


async def test_mail_mirrored_by_the_helpdesk_app_is_the_customers_word(stage: Stage, bot: Bot) -> None:
    """A configured helpdesk app speaks for customers; each mail is a case of its own."""
    agent = await stage.seat(AGENT)
    helpdesk = {"app_id": "A0DESK", "bot_id": "B0DESK", "username": "遠帆 張先生"}
    await agent.do("say", channel=DESK, text="POS 收銀機開不了機，客人在排隊", as_app=helpdesk)
    await agent.sees("ephemeral", lambda push: push["channel"] == DESK)


async def test_what_the_bot_says_itself_is_never_coached(stage: Stage, bot: Bot, settings: Settings) -> None:
    """Never itself: its own message in a support channel is no message of a case."""
    agent = await stage.seat(AGENT)
    await stage.client.chat_postMessage(channel=DESK, text="系統當機了，快來處理")
    ts = await agent.say(DESK, "早安")
    await agent.sees("message", lambda push: push["message"]["ts"] == ts)
    await stage.settled()
    assert kept(settings) == []
    assert not agent.of("ephemeral")
