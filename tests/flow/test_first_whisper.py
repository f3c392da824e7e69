"""A customer's message, and the whisper that answers it."""

from tests.flow.conftest import AGENT, CUSTOMER, SHARED, Bot, texts
from tests.sandbox.stage import Stage


async def test_a_customers_fault_is_answered_by_a_whisper_that_only_the_agent_on_duty_sees(
    stage: Stage, bot: Bot
) -> None:
    """The main job: private, at once, to the person who can use it."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    await customer.say(SHARED, "ERP 從早上就當機，發票都印不出來，出貨全部卡住")
    seen = await agent.sees("ephemeral")
    assert "出貨全部卡住" in texts(seen["message"]["blocks"])
    await stage.settled()
    assert not customer.of("ephemeral")


async def test_a_slight_is_apologised_for_though_the_answer_shows_nothing(stage: Stage, bot: Bot) -> None:
    """R07, R13: "are you talking about me?" holds no signal; what we said before it does."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    await customer.say(SHARED, "ERP 從早上就當機，發票都印不出來，出貨全部卡住")
    await agent.sees("ephemeral")
    await agent.say(SHARED, "又是這個奧客，煩死了")
    await agent.sees("ephemeral", lambda push: "奧客" in texts(push["message"]["blocks"]))
    await customer.say(SHARED, "咦，是在講我嗎")
    seen = await agent.sees("ephemeral", lambda push: "先為剛才那句道歉" in texts(push["message"]["blocks"]))
    assert "對不起" in texts(seen["message"]["blocks"])
    await stage.settled()
    assert not customer.of("ephemeral")
