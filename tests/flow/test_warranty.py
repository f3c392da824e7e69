"""`/warranty` and its shortcut, from a real command to the card that one person sees."""

import pytest

from bot.i18n import words
from tests.flow.conftest import AGENT, CUSTOMER, DESK, GUEST, SHARED, Bot, texts, whispers
from tests.sandbox.stage import Seat, Stage


async def ask(seat: Seat, channel: str, text: str) -> str:
    """Type a command and read the answer."""
    before = len(seat.of("ephemeral"))
    await seat.do("command", channel=channel, text=text)
    await seat.sees("ephemeral", lambda _: len(seat.of("ephemeral")) > before)
    return whispers(seat)[-1]


async def test_half_a_name_that_fits_one_customer_shows_their_card(stage: Stage, bot: Bot) -> None:
    """One clear hit answers at once."""
    agent = await stage.seat(AGENT)
    card = await ask(agent, DESK, "/warranty 全勤")
    assert "全勤科技股份有限公司" in card
    assert "M-4" in card
    assert "NT$90,000" in card


async def test_a_channel_that_belongs_to_a_customer_needs_no_argument(stage: Stage, bot: Bot) -> None:
    """The agent only types /warranty, and the customer in the channel sees nothing of it."""
    agent, customer = await stage.seat(AGENT), await stage.seat(CUSTOMER)
    card = await ask(agent, SHARED, "/warranty")
    assert "廣昕精密股份有限公司" in card
    assert "周美玲" in card
    assert "許家豪" in card
    assert not customer.of("ephemeral")
    assert not customer.of("message")


async def test_a_gap_in_the_file_never_reads_as_expired(stage: Stage, bot: Bot) -> None:
    """Unknown is not expired."""
    agent = await stage.seat(AGENT)
    card = await ask(agent, DESK, "/warranty 遠帆貿易")
    assert "⚪" in card
    assert "🔴" not in card


async def test_two_customers_that_fit_are_asked_about_and_the_choice_shows_the_card(stage: Stage, bot: Bot) -> None:
    """It never guesses between two customers."""
    agent = await stage.seat(AGENT)
    await ask(agent, DESK, "/warranty 宏昌")
    message = agent.of("ephemeral")[-1]["message"]
    menu = next(block for block in message["blocks"] if block["type"] == "actions")
    options = {each["value"]: each for each in menu["elements"][0]["options"]}
    assert set(options) == {"C-2", "C-3"}
    await agent.do(
        "action",
        container={"type": "ephemeral", "channel": DESK, "ts": message["ts"]},
        action={
            "type": "static_select",
            "action_id": menu["elements"][0]["action_id"],
            "block_id": menu["block_id"],
            "selected_option": options["C-3"],
        },
    )
    replaced = await agent.sees("ephemeral_replaced")
    assert "宏昌實業有限公司" in texts(replaced["message"]["blocks"])


@pytest.mark.parametrize(
    "query",
    [
        "x" * 7000,
        "'; DROP TABLE customers; --",
        "\x00\x07\x1b[31m",
        "<!channel> <@U0YICHUN> *bold* `code`",
        "🤡🔥💯",
        '" OR 1=1 NEAR/2 *',
        "%_%",
    ],
)
async def test_hostile_input_gets_a_sentence_that_helps(stage: Stage, bot: Bot, query: str) -> None:
    """No traceback, no mention of everybody, no guess."""
    agent = await stage.seat(AGENT)
    answer = await ask(agent, DESK, f"/warranty {query}")
    assert answer
    assert "<!channel>" not in answer
    assert "🟢" not in answer


async def test_in_a_thread_the_shortcut_gives_the_same_card(stage: Stage, bot: Bot) -> None:
    """Slack allows no commands in threads."""
    agent, customer = await stage.seat(AGENT), await stage.seat(CUSTOMER)
    ts = await customer.say(SHARED, "發票印不出來，系統當掉了")
    reply = await agent.say(SHARED, "我先看一下", thread_ts=ts)
    await agent.do("shortcut", callback_id="warranty_card", channel=SHARED, ts=reply)
    await agent.sees(
        "ephemeral",
        lambda push: (
            "廣昕精密股份有限公司" in texts(push["message"]["blocks"]) and "M-1" in texts(push["message"]["blocks"])
        ),
    )


@pytest.mark.parametrize("text", ["/warranty 全勤", "/aside setup", "/aside duty", "/aside draft 免費", "/aside help"])
@pytest.mark.parametrize(("who", "where"), [(CUSTOMER, SHARED), (GUEST, DESK)])
async def test_outsiders_are_refused_and_learn_nothing(stage: Stage, bot: Bot, who: str, where: str, text: str) -> None:
    """A customer, a guest: each gets the same neutral sentence."""
    outsider = await stage.seat(who)
    answer = await ask(outsider, where, text)
    assert answer == words("zh-TW")("This is for our support team.")
