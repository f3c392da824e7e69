"""A promise the customer remembers (R24): one click asks, every answer is taken, the agent hears what is true."""

from bot.setup import RoleSource
from tests import fresh
from tests.flow.conftest import (
    AGENT,
    APPROVALS,
    CUSTOMER,
    DEPUTY,
    GUEST,
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
from tests.flow.test_nothing_leaks import TO_READ, calls, people_said
from tests.flow.working import (
    chosen,
    claimed_promise,
    direct,
    facts,
    has_button,
    press,
    press_in,
    rows,
    typed,
    until,
    whisper_with,
    window,
)
from tests.sandbox.stage import Json, Seat, Stage

QUESTION = "有答應過什麼嗎"
MANAGED = SETUP.model_copy(update={"sales_managers": RoleSource(users=(SALES,))})


async def asked(customer: Seat, agent: Seat, sales: Seat) -> Json:
    """The question asked; its card."""
    await press(agent, await claimed_promise(customer, agent), "ask_sales")
    return await direct(sales, QUESTION)


async def answered(sales: Seat, card: Json, button: str, evidence: str, number: int = 1) -> None:
    """An answer, with words or without."""
    await press(sales, card, button)
    view = await window(sales, f"{button}_view", number)
    await sales.do("submit", view_id=view["id"], values={"evidence": typed(evidence)})


async def card_again(sales: Seat, *words: str) -> Json:
    """The card after it changed."""

    def fits(push: Json) -> bool:
        return all(word in texts(push["message"]["blocks"]) for word in words)

    return await sales.sees("message_changed", fits)


async def shown_in(seat: Seat, channel: str, *words: str) -> Json:
    """A message in a channel that says all of this."""

    def fits(push: Json) -> bool:
        text = texts(push["message"].get("blocks"))
        return push["channel"] == channel and all(word in text for word in words)

    return await seat.sees("message", fits)


def time_comes(bot: Bot) -> None:
    """What happens next by itself happens now."""
    fresh.changed(bot.settings, "UPDATE verifications SET due_at = 1 WHERE due_at IS NOT NULL")


async def test_one_click_asks_whoever_looks_after_the_account_and_a_yes_binds(stage: Stage, bot: Bot) -> None:
    """The successor is asked, the evidence kept, and the agent may say now that the promise is kept."""
    customer, agent, sales = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUCCESSOR)]
    card = await asked(customer, agent, sales)
    text = texts(card["message"]["blocks"])
    assert "你們業務當初跟我們說過" in text
    assert "周美玲" in text
    told = await whisper_with(agent, "已經問業務")
    assert "已經離開" in texts(told["message"]["blocks"])
    assert facts(bot)["promise_being_checked"] == "yes"
    await answered(sales, card, "promise_yes", "2025 年 9 月的報價單第 3 條")
    await card_again(sales, "已於", "報價單第 3 條")
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
    await direct(sales, QUESTION)
    await agent.sees("ephemeral", lambda _: any("已經問過業務" in each for each in whispers(agent)))
    await press(agent, whisper, "show_case")
    await press_in(agent, await window(agent, "case_view"), "ask_sales")
    await direct(agent, "已經問過業務")
    cards = [push for push in sales.of("message") if QUESTION in texts(push["message"]["blocks"])]
    assert len(cards) == 1
    assert rows(bot, "SELECT count(*) FROM verifications") == [(1,)]


async def test_who_says_nothing_is_reminded_then_the_next_is_asked_and_the_late_answer_counts(
    stage: Stage, bot: Bot
) -> None:
    """Successor, sales manager, channel; at each step the agent hears of it; then the first one finds the mail."""
    save_setup(bot.settings, MANAGED)
    customer, agent, first, manager = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUCCESSOR, SALES)]
    card = await asked(customer, agent, first)
    time_comes(bot)
    await direct(first, "客戶在等有沒有答應過的消息")
    time_comes(bot)
    await direct(manager, QUESTION)
    await direct(agent, "現在改問另一位")
    await card_again(first, "現在回覆仍然算數")
    for _ in range(2):
        await until(bot, "SELECT due_at > 1 FROM verifications", answer=1)
        time_comes(bot)
    await shown_in(manager, SALES_CHANNEL, QUESTION)
    await direct(agent, "現在改問業務頻道")
    for _ in range(2):
        await until(bot, "SELECT due_at > 1 FROM verifications", answer=1)
        time_comes(bot)
    await direct(agent, "業務都沒有回覆")
    assert rows(bot, "SELECT told, state, due_at FROM verifications") == [
        (f'["{SUCCESSOR}", "{SALES}", ""]', "asked", None)
    ]
    await answered(first, card, "promise_yes", "https://kapok.slack.com/files/U1/F1/offer.pdf")
    await direct(agent, "業務確認答應過", "憑據（檔案）")
    assert facts(bot)["claim"] == "confirmed"
    assert rows(bot, "SELECT move FROM audit WHERE subject = 'verification' ORDER BY seq") == [
        (move,) for move in ("ask", "remind", "move_up", "remind", "move_up", "remind", "give_up", "yes")
    ]
    await stage.settled()
    assert people_said(customer) == {CUSTOMER, AGENT}
    shown = {name for name, body in calls(stage) if body.get("channel") == SHARED}
    assert shown <= TO_READ | {"chat.postEphemeral", "chat.getPermalink"}


async def test_somebody_deactivated_meanwhile_is_not_reminded_and_the_next_is_asked(stage: Stage, bot: Bot) -> None:
    """R29: who left can say nothing; the sales manager hears of it at once."""
    save_setup(bot.settings, MANAGED)
    customer, agent, first, manager = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUCCESSOR, SALES)]
    await asked(customer, agent, first)
    await stage.admin("deactivate_user", user=SUCCESSOR)
    fresh.changed(bot.settings, "DELETE FROM people")
    first.seen.clear()
    time_comes(bot)
    await direct(manager, QUESTION)
    await stage.settled()
    assert not first.of("message")


async def test_not_sure_passes_it_on_and_answers_that_differ_stand_side_by_side(stage: Stage, bot: Bot) -> None:
    """Not sure, a yes from memory, a no: nothing is settled, both are shown; evidence that comes late binds."""
    await stage.admin("deactivate_user", user=SUCCESSOR)
    customer, agent, sales, supervisor = [await stage.seat(who) for who in (CUSTOMER, AGENT, SALES, SUPERVISOR)]
    whisper = await claimed_promise(customer, agent)
    await press(agent, whisper, "ask_sales")
    card = await shown_in(sales, SALES_CHANNEL, QUESTION)
    await answered(sales, card, "promise_not_sure", "當時是周美玲談的")
    await card_again(sales, "不確定（")
    await direct(agent, "業務不確定", "當時是周美玲談的")
    assert (facts(bot)["claim"], facts(bot)["promise_being_checked"]) == ("pending", "yes")
    await answered(sales, card, "promise_no", "當時只談過折扣")
    no = await direct(agent, "業務不知道有這個承諾")
    assert "rich_text_quote" in str(no["message"]["blocks"])
    assert facts(bot)["claim"] == "not_confirmed"
    await answered(supervisor, card, "promise_yes", "")
    await direct(agent, "有人說有、有人說沒有", "當時只談過折扣")
    assert (facts(bot)["claim"], facts(bot)["promise_being_checked"]) == ("pending", "yes")
    await shown_in(supervisor, APPROVALS, "回覆不一致", "當時只談過折扣", "沒有書面憑據")
    await press(agent, whisper, "show_case")
    shown = texts((await window(agent, "case_view"))["blocks"])
    assert all(said in shown for said in ("當時是周美玲談的", "當時只談過折扣", f"<@{SUPERVISOR}> 說有"))
    await answered(supervisor, card, "promise_yes", "找到了，2025 年 9 月的信", number=2)
    await direct(agent, "業務確認答應過", "找到了")
    assert facts(bot)["claim"] == "confirmed"
    assert rows(bot, "SELECT answer, said_by, evidence FROM sales_answers ORDER BY number") == [
        ("not_sure", SALES, "當時是周美玲談的"),
        ("no", SALES, "當時只談過折扣"),
        ("yes", SUPERVISOR, ""),
        ("yes", SUPERVISOR, "找到了，2025 年 9 月的信"),
    ]


async def test_in_the_sales_channel_only_sales_and_supervisors_answer(stage: Stage, bot: Bot) -> None:
    """Without an account owner the channel is asked; who clicked decides, and nobody answers their own question."""
    await stage.admin("deactivate_user", user=SUCCESSOR)
    for who in (AGENT, OTHER_AGENT):
        await stage.admin("add_member", channel=SALES_CHANNEL, user=who)
    customer, agent, other, sales = [await stage.seat(who) for who in (CUSTOMER, AGENT, OTHER_AGENT, SALES)]
    await press(agent, await claimed_promise(customer, agent), "ask_sales")
    card = await shown_in(sales, SALES_CHANNEL, QUESTION)
    for clicker in (other, agent):
        await press(clicker, card, "promise_not_sure")
        await clicker.sees("ephemeral", lambda push: "只有被問的人" in texts(push["message"]))
    assert rows(bot, "SELECT count(*) FROM sales_answers") == [(0,)]
    await answered(sales, card, "promise_yes", "報價單備註寫的")
    await direct(agent, "業務確認答應過")
    assert rows(bot, "SELECT said_by FROM sales_answers") == [(SALES,)]


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
    await stage.admin("add_member", channel=SALES_CHANNEL, user=GUEST)
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    whisper = await claimed_promise(customer, agent)
    await press(agent, whisper, "ask_sales")
    await direct(agent, "沒能送到業務那裡")
    await press(agent, whisper, "show_case")
    case = await window(agent, "case_view")
    await stage.admin("remove_member", channel=SALES_CHANNEL, user=GUEST)
    sales = await stage.seat(SALES)
    await press_in(agent, case, "ask_sales")
    await shown_in(sales, SALES_CHANNEL, QUESTION)


async def test_a_supervisor_records_the_scope_and_drafts_are_held_to_it(stage: Stage, bot: Bot) -> None:
    """Only who decides now, not who answered; the agent hears the bounds; it is no exception and counts as none."""
    customer, agent, sales, supervisor = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUCCESSOR, SUPERVISOR)]
    card = await asked(customer, agent, sales)
    await answered(sales, card, "promise_yes", "報價單第 3 條")
    promise = await shown_in(supervisor, APPROVALS, "答應了什麼", "報價單第 3 條")
    assert has_button(promise, "question_promise")
    await stage.admin("add_member", channel=APPROVALS, user=AGENT)
    await press(agent, promise, "record_promise")
    await agent.sees("ephemeral", lambda push: "只有主管可以這樣做" in texts(push["message"]))
    time_comes(bot)
    await direct(supervisor, "範圍還沒有人記下")
    await press(supervisor, promise, "record_promise")
    deputy = await stage.seat(DEPUTY)
    await press(deputy, promise, "record_promise")
    late, view = await window(deputy, "record_promise_view"), await window(supervisor, "record_promise_view")
    scope = {
        "concession": chosen("labour_waived"),
        "what": typed("保固後一年內的工資"),
        "until": {"day": {"type": "datepicker", "selected_date": "2099-12-31"}},
        "cap": typed("2 萬"),
    }
    await supervisor.do("submit", view_id=view["id"], values=scope)
    await direct(agent, "答應的範圍已經記下", "保固後一年內的工資", "2099-12-31", "NT$20,000")
    recorded = await card_again(supervisor, "保固後一年內的工資", "由")
    assert not has_button(recorded, "record_promise")
    refused = await deputy.do("submit", view_id=late["id"], values=scope)
    assert "已經記下" in str(refused)
    await agent.do("command", channel=SHARED, text="/aside draft 這次維修全部免費，零件也免費，請放心")
    await whisper_with(agent, "答應過的是", "保固後一年內的工資")
    assert rows(bot, "SELECT count(*) FROM exceptions") == [(0,)]
    await stage.settled()
    assert people_said(customer) == {CUSTOMER, AGENT}


async def test_a_supervisor_questions_the_evidence_and_sales_is_asked_anew(stage: Stage, bot: Bot) -> None:
    """Not the promise: with the question, whoever said yes is asked once more; until then nothing is settled."""
    customer, agent, sales, supervisor = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUCCESSOR, SUPERVISOR)]
    card = await asked(customer, agent, sales)
    await answered(sales, card, "promise_yes", "報價單第 3 條")
    promise = await shown_in(supervisor, APPROVALS, "報價單第 3 條")
    await press(supervisor, promise, "question_promise")
    view = await window(supervisor, "question_promise_view")
    await supervisor.do("submit", view_id=view["id"], values={"reason": typed("這份報價單是別的客戶的吧？")})
    again = await direct(sales, QUESTION, "別的客戶的吧")
    await direct(agent, "主管想再確認憑據", "別的客戶的吧")
    assert facts(bot)["claim"] == "pending"
    await stage.settled()
    assert facts(bot)["promise_being_checked"] == "yes"
    await answered(sales, again, "promise_yes", "附上正確的那份，第 3 條", number=2)
    await direct(agent, "業務確認答應過", "正確的那份")
    assert facts(bot)["claim"] == "confirmed"
    await shown_in(supervisor, APPROVALS, "附上正確的那份")
    await stage.settled()
    cards = [push for push in supervisor.of("message") if has_button(push, "record_promise")]
    assert len(cards) == 2
