"""A promise the customer remembers (R24): one click asks, the first answer stands, the agent hears what is true."""

from tests.flow.conftest import (
    AGENT,
    CUSTOMER,
    OTHER_AGENT,
    SALES,
    SALES_CHANNEL,
    SETUP,
    SHARED,
    SUCCESSOR,
    SUPERVISOR,
    Bot,
    save_setup,
    texts,
    whispers,
)
from tests.flow.working import claimed_promise, direct, facts, press, press_in, rows, typed, whisper_with, window
from tests.sandbox.stage import Json, Seat, Stage


async def asked(customer: Seat, agent: Seat, sales: Seat) -> Json:
    """The question asked; its card."""
    await press(agent, await claimed_promise(customer, agent), "ask_sales")
    return await direct(sales, "有答應過什麼嗎")


async def answered(sales: Seat, card: Json, button: str, evidence: str) -> None:
    """Yes or no, with words."""
    await press(sales, card, button)
    view = await window(sales, f"{button}_view")
    await sales.do("submit", view_id=view["id"], values={"evidence": typed(evidence)})


async def card_again(sales: Seat, *words: str) -> Json:
    """The card after it changed."""

    def fits(push: Json) -> bool:
        return all(word in texts(push["message"]["blocks"]) for word in words)

    return await sales.sees("message_changed", fits)


async def test_one_click_asks_whoever_looks_after_the_account_and_a_yes_binds(stage: Stage, bot: Bot) -> None:
    """The successor is asked, the evidence kept, and the agent may say now that the promise is kept."""
    customer, agent, sales = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUCCESSOR)]
    card = await asked(customer, agent, sales)
    text = texts(card["message"]["blocks"])
    assert "你們業務當初跟我們說過" in text
    assert "周美玲" in text
    await whisper_with(agent, "已經問業務")
    assert facts(bot)["promise_being_checked"] == "yes"
    await answered(sales, card, "promise_yes", "2025 年 9 月的報價單第 3 條")
    changed = await card_again(sales, "已於", "報價單第 3 條")
    assert "promise_no" not in str(changed["message"]["blocks"])
    news = await direct(agent, "業務確認答應過", "報價單第 3 條")
    assert "rich_text_quote" in str(news["message"]["blocks"])
    held = facts(bot)
    assert (held["claim"], held["promise_being_checked"]) == ("confirmed", "no")
    assert held["evidence"] == "2025 年 9 月的報價單第 3 條"
    assert rows(bot, "SELECT recorded_by FROM facts WHERE name = 'claim'") == [(SUCCESSOR,)]
    await stage.settled()
    assert not customer.of("ephemeral")


async def test_asking_twice_asks_once(stage: Stage, bot: Bot) -> None:
    """A double click, and a click later in the case's window, send one question."""
    customer, agent, sales = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUCCESSOR)]
    whisper = await claimed_promise(customer, agent)
    await press(agent, whisper, "ask_sales")
    await press(agent, whisper, "ask_sales")
    await direct(sales, "有答應過什麼嗎")
    await agent.sees("ephemeral", lambda _: any("已經問過業務" in each for each in whispers(agent)))
    await press(agent, whisper, "show_case")
    await press_in(agent, await window(agent, "case_view"), "ask_sales")
    await direct(agent, "已經問過業務")
    cards = [push for push in sales.of("message") if "有答應過什麼嗎" in texts(push["message"]["blocks"])]
    assert len(cards) == 1
    assert rows(bot, "SELECT count(*) FROM verifications") == [(1,)]


async def test_not_sure_keeps_it_open_and_the_first_answer_stands(stage: Stage, bot: Bot) -> None:
    """Whoever is not sure says so; then a no; a yes that comes later is refused, kept, and shown beside it."""
    await stage.admin("deactivate_user", user=SUCCESSOR)
    customer, agent, sales, supervisor = [await stage.seat(who) for who in (CUSTOMER, AGENT, SALES, SUPERVISOR)]
    whisper = await claimed_promise(customer, agent)
    await press(agent, whisper, "ask_sales")
    card = await sales.sees("message", lambda push: "有答應過什麼嗎" in texts(push["message"].get("blocks")))
    await press(sales, card, "promise_not_sure")
    unsure = await card_again(sales, "不確定（")
    assert "promise_yes" in str(unsure["message"]["blocks"])
    await direct(agent, "業務不確定")
    assert facts(bot)["claim"] == "pending"
    assert facts(bot)["promise_being_checked"] == "yes"
    await press(supervisor, card, "promise_yes")
    late = await window(supervisor, "promise_yes_view")
    await answered(sales, card, "promise_no", "當時只談過折扣")
    await direct(agent, "業務不知道有這個承諾")
    assert facts(bot)["claim"] == "not_confirmed"
    await supervisor.do("submit", view_id=late["id"], values={"evidence": typed("想起來了")})
    await direct(supervisor, "以第一個回覆為準")
    assert facts(bot)["claim"] == "not_confirmed"
    assert rows(bot, "SELECT move, why FROM audit WHERE subject = 'verification' ORDER BY seq")[-1] == (
        "refused_yes",
        "想起來了",
    )
    await press(agent, whisper, "show_case")
    shown = texts((await window(agent, "case_view"))["blocks"])
    assert "之後有不同的回覆" in shown
    assert "想起來了" in shown
    assert "當時只談過折扣" in shown


async def test_in_the_sales_channel_only_sales_and_supervisors_answer(stage: Stage, bot: Bot) -> None:
    """Without an account owner the channel is asked; who clicked decides, and nobody answers their own question."""
    await stage.admin("deactivate_user", user=SUCCESSOR)
    for who in (AGENT, OTHER_AGENT):
        await stage.admin("add_member", channel=SALES_CHANNEL, user=who)
    customer, agent, other, sales = [await stage.seat(who) for who in (CUSTOMER, AGENT, OTHER_AGENT, SALES)]
    await press(agent, await claimed_promise(customer, agent), "ask_sales")
    card = await sales.sees("message", lambda push: "有答應過什麼嗎" in texts(push["message"].get("blocks")))
    assert card["channel"] == SALES_CHANNEL
    for clicker in (other, agent):
        await press(clicker, card, "promise_not_sure")
        await clicker.sees("ephemeral", lambda push: "只有被問的人" in texts(push["message"]))
    assert rows(bot, "SELECT state, answered_by FROM verifications") == [("asked", None)]
    await answered(sales, card, "promise_yes", "報價單備註寫的")
    await direct(agent, "業務確認答應過")
    assert rows(bot, "SELECT answered_by FROM verifications") == [(SALES,)]


async def test_with_nobody_to_ask_the_agent_is_told_and_nothing_is_being_checked(stage: Stage, bot: Bot) -> None:
    """No owner and no channel: a sentence, and no line says that it is being checked."""
    save_setup(bot.settings, SETUP.model_copy(update={"sales_channel": None}))
    await stage.admin("deactivate_user", user=SUCCESSOR)
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    await press(agent, await claimed_promise(customer, agent), "ask_sales")
    await whisper_with(agent, "還沒設定業務頻道")
    assert facts(bot) == {}


async def test_a_question_that_cannot_be_shown_can_be_asked_again(stage: Stage, bot: Bot) -> None:
    """It was not asked until it was shown: the fact does not hold, the agent hears it, and may try again."""
    await stage.admin("deactivate_user", user=SUCCESSOR)
    await stage.admin("add_member", channel=SALES_CHANNEL, user="U0GUEST")
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    whisper = await claimed_promise(customer, agent)
    await press(agent, whisper, "ask_sales")
    await direct(agent, "沒能送到業務那裡")
    await press(agent, whisper, "show_case")
    case = await window(agent, "case_view")
    await stage.admin("remove_member", channel=SALES_CHANNEL, user="U0GUEST")
    sales = await stage.seat(SALES)
    await press_in(agent, case, "ask_sales")
    await sales.sees("message", lambda push: "有答應過什麼嗎" in texts(push["message"].get("blocks")))


async def test_a_supervisor_may_answer_for_sales(stage: Stage, bot: Bot) -> None:
    """Role read at the click, also where the card is not theirs."""
    customer, supervisor = await stage.seat(CUSTOMER), await stage.seat(SUPERVISOR)
    await stage.admin("deactivate_user", user=SUCCESSOR)
    agent = await stage.seat(AGENT)
    await press(agent, await claimed_promise(customer, agent), "ask_sales")
    card = await supervisor.sees("message", lambda push: "有答應過什麼嗎" in texts(push["message"].get("blocks")))
    await answered(supervisor, card, "promise_no", "查過了，沒有")
    await direct(agent, "業務不知道有這個承諾")
    assert rows(bot, "SELECT answered_by FROM verifications") == [(SUPERVISOR,)]
    assert SHARED not in str(
        rows(bot, "SELECT target FROM outbox WHERE key LIKE 'verification:%' AND kind != 'ephemeral'")
    )
