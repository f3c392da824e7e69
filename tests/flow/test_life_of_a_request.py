"""The life of a request in Slack: asked back, seconded, granted within bounds, booked, withdrawn, never forgotten."""

import asyncio
from datetime import UTC, datetime

import pytest

from bot.setup import RoleSource
from tests import fresh
from tests.flow.conftest import (
    AGENT,
    APPROVALS,
    CUSTOMER,
    DEPUTY,
    DESK,
    MANAGER,
    OTHER_AGENT,
    SETUP,
    SHARED,
    SUPERVISOR,
    Bot,
    save_setup,
    texts,
)
from tests.flow.working import asked_favour, chosen, direct, has_button, press, press_in, rows, typed, window
from tests.sandbox.stage import Json, Seat, Stage

FORM = {
    "fault": typed("發票模組當機，出貨卡住"),
    "fault_ours": chosen("no"),
    "cost": typed("3000"),
    "concession": chosen("full"),
    "reason": typed("老客戶，正在談續約"),
    "evidence": typed("https://mail.example.com/42"),
}
TERMS = {
    "concession": chosen("labour_waived"),
    "cap": typed("1,500"),
    "conditions": typed("零件由客戶負擔"),
    "valid_days": typed("7"),
    "extended_to": {"day": {"type": "datepicker", "selected_date": None}},
    "reason": typed("老客戶，工資這次不收"),
}


async def asked(agent: Seat, whisper: Json, form: dict[str, Json] | None = None, number: int = 1) -> None:
    """The request filed from the whisper."""
    await press(agent, whisper, "ask_exception")
    view = await window(agent, "ask_exception_view", number)
    answer = await agent.do("submit", view_id=view["id"], values=form or FORM)
    assert answer["response_action"] is None, answer


async def card_with(seat: Seat, *words: str) -> Json:
    """The card as it is shown now in the approvals channel, once it says all of this."""

    def fits(push: Json) -> bool:
        text = texts((push.get("message") or {}).get("blocks"))
        return push["channel"] == APPROVALS and all(word in text for word in words)

    push = await seat.sees_any(("message", "message_changed"), fits)
    return {**push, "type": "message"}


async def given(seat: Seat, push: Json, action_id: str, callback_id: str, values: dict[str, Json]) -> Json:
    """A button pressed and its window sent off."""
    before = len([each for each in seat.of("view_opened") if each["view"]["callback_id"] == callback_id])
    await press(seat, push, action_id)
    view = await window(seat, callback_id, before + 1)
    return await seat.do("submit", view_id=view["id"], values=values)


async def moved_on(bot: Bot) -> None:
    """The time has come for whatever waits for its time."""
    fresh.changed(bot.settings, "UPDATE exceptions SET due_at = 1 WHERE due_at IS NOT NULL")


async def state_is(bot: Bot, state: str) -> None:
    """Wait until the newest request stands so."""
    for _ in range(200):
        if rows(bot, "SELECT state FROM exceptions ORDER BY requested_at DESC LIMIT 1") == [(state,)]:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(rows(bot, "SELECT state, due_move FROM exceptions"))


async def test_the_card_has_what_a_decision_needs(stage: Stage, bot: Bot) -> None:
    """Coverage, cost, what the customer is worth, exceptions, precedent, evidence, and what they were told so far."""
    customer, agent, supervisor = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUPERVISOR)]
    await asked(agent, await asked_favour(customer, agent))
    text = texts((await card_with(supervisor))["message"]["blocks"])
    for words in (
        "已到期",
        "NT$3,000",
        "合約每年",
        "還沒用過",
        "還沒有前例",
        "mail.example.com/42",
        "請問是哪幾台電腦",
    ):
        assert words in text


async def test_a_supervisor_asks_back_the_agent_answers_and_it_is_decided(stage: Stage, bot: Bot) -> None:
    """The question reaches the agent, the answer the card; both are kept."""
    customer, agent, supervisor = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUPERVISOR)]
    await asked(agent, await asked_favour(customer, agent))
    card = await card_with(supervisor)
    empty = await given(supervisor, card, "ask_back_exception", "ask_back_exception_view", {"reason": typed(" ")})
    assert list(empty["errors"]) == ["reason"]
    await given(supervisor, card, "ask_back_exception", "ask_back_exception_view", {"reason": typed("影響幾個人？")})
    waiting = await card_with(supervisor, "影響幾個人？")
    assert not has_button(waiting, "ask_back_exception")
    question = await direct(agent, "影響幾個人？")
    await given(agent, question, "answer_exception", "answer_exception_view", {"reason": typed("出貨組 12 位")})
    answered = await card_with(supervisor, "出貨組 12 位")
    assert "有回覆了" in texts((await direct(supervisor, "有回覆了"))["message"]["blocks"])
    await press(supervisor, answered, "approve_exception")
    await direct(agent, "核准")
    assert rows(bot, "SELECT move, after FROM audit WHERE subject = 'exception' ORDER BY seq") == [
        ("ask", "requested"),
        ("ask_back", "asked_back"),
        ("answer", "requested"),
        ("approve", "approved"),
    ]


async def test_a_yes_with_conditions_is_booked_once(stage: Stage, bot: Bot) -> None:
    """What is granted is less than what was asked, and the agent reads exactly what."""
    customer, agent, supervisor = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUPERVISOR)]
    await asked(agent, await asked_favour(customer, agent))
    card = await card_with(supervisor)
    action, view = "approve_exception_with_terms", "approve_exception_view"
    wrong = await given(supervisor, card, action, view, {**TERMS, "cap": typed("-3"), "valid_days": typed("９９９")})
    assert set(wrong["errors"]) == {"cap", "valid_days"}
    await given(supervisor, card, action, view, TERMS)
    news = await direct(agent, "核准", "零件由客戶負擔", "NT$1,500")
    assert has_button(news, "commit")
    await press(agent, news, "use_exception")
    await direct_or_whisper(agent, "服務已安排")
    await press(agent, news, "use_exception")
    await direct_or_whisper(agent, "已有結果")
    assert rows(bot, "SELECT state, granted, cap, used_by FROM exceptions") == [("used", "labour_waived", 1500, AGENT)]
    await card_with(supervisor, "已於")


async def direct_or_whisper(seat: Seat, words: str) -> Json:
    """What this person alone was told, either way."""
    return await seat.sees_any(
        ("message", "ephemeral"),
        lambda push: words in texts(push["message"].get("blocks")) or words in str(push["message"].get("text")),
    )


async def test_beyond_a_supervisors_limits_a_manager_has_the_last_word(stage: Stage, bot: Bot) -> None:
    """The first yes hands it on, the same person cannot say it twice, and the second yes settles it."""
    save_setup(bot.settings, SETUP.model_copy(update={"managers": RoleSource(users=(MANAGER,))}))
    customer, agent, supervisor, manager, deputy = [
        await stage.seat(who) for who in (CUSTOMER, AGENT, SUPERVISOR, MANAGER, DEPUTY)
    ]
    await asked(agent, await asked_favour(customer, agent), {**FORM, "cost": typed("5 萬")})
    card = await card_with(supervisor)
    await press(supervisor, card, "approve_exception")
    seconding = await card_with(supervisor, "還需要上級主管同意")
    await direct(manager, "NT$50,000")
    await direct(agent, "主管已同意")
    await press(deputy, seconding, "approve_exception")
    await deputy.sees("ephemeral", lambda push: "上級主管" in texts(push["message"]))
    await press(manager, seconding, "approve_exception")
    settled = await card_with(manager, "✅")
    assert f"<@{SUPERVISOR}>" in texts(settled["message"]["blocks"])
    assert f"<@{MANAGER}>" in texts(settled["message"]["blocks"])


async def test_without_a_manager_it_says_so(stage: Stage, bot: Bot) -> None:
    """No dead end without a sentence."""
    customer, agent, supervisor = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUPERVISOR)]
    await asked(agent, await asked_favour(customer, agent), {**FORM, "cost": typed("5 萬")})
    await press(supervisor, await card_with(supervisor), "approve_exception")
    await supervisor.sees("ephemeral", lambda push: "沒有其他上級主管" in texts(push["message"]))
    assert rows(bot, "SELECT state FROM exceptions") == [("requested",)]


async def test_whoever_asked_withdraws_and_a_late_yes_is_told_so(stage: Stage, bot: Bot) -> None:
    """A dead button answers with what happened instead."""
    customer, agent, supervisor, other = [await stage.seat(w) for w in (CUSTOMER, AGENT, SUPERVISOR, OTHER_AGENT)]
    whisper = await asked_favour(customer, agent)
    await asked(agent, whisper)
    card = await card_with(supervisor)
    told = await agent.sees("ephemeral", lambda push: has_button(push, "withdraw_exception"))
    await press(agent, told, "withdraw_exception")
    await press(supervisor, card, "approve_exception")
    await card_with(other, "已撤回")
    await supervisor.sees("ephemeral", lambda push: "已有結果" in texts(push["message"]))
    await asked(agent, whisper, number=2)
    await state_is(bot, "requested")


async def test_nobody_decides_so_it_is_reminded_of_handed_on_and_expires(stage: Stage, bot: Bot) -> None:
    """Each once, also when the bot was down meanwhile; the agent hears the end and can ask again."""
    save_setup(bot.settings, SETUP.model_copy(update={"managers": RoleSource(users=(MANAGER,))}))
    customer, agent, supervisor, manager = [await stage.seat(w) for w in (CUSTOMER, AGENT, SUPERVISOR, MANAGER)]
    whisper = await asked_favour(customer, agent)
    await asked(agent, whisper)
    await card_with(supervisor)
    await moved_on(bot)
    await direct(supervisor, "等待決定")
    await bot.stop()
    await moved_on(bot)
    await bot.start()
    await direct(manager, "還在等")
    await moved_on(bot)
    await direct(agent, "逾時沒有人決定")
    assert not has_button(await card_with(supervisor, "可以重新申請"), "approve_exception")
    moves = [move for (move,) in rows(bot, "SELECT move FROM audit WHERE subject = 'exception' ORDER BY seq")]
    assert moves == ["ask", "remind", "hand_on", "expire"]
    await asked(agent, whisper, number=2)
    await state_is(bot, "requested")


async def test_a_grant_that_is_not_used_lapses_and_does_not_count(stage: Stage, bot: Bot) -> None:
    """The agent is reminded a day before, and hears of the end."""
    customer, agent, supervisor = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUPERVISOR)]
    await asked(agent, await asked_favour(customer, agent))
    await press(supervisor, await card_with(supervisor), "approve_exception")
    await direct(agent, "核准")
    await moved_on(bot)
    await direct(agent, "快到期了")
    await moved_on(bot)
    await direct(agent, "已失效")
    await state_is(bot, "lapsed")


async def test_an_extension_is_shown_as_cover(stage: Stage, bot: Bot) -> None:
    """Granted with its last day, and /warranty knows it at once."""
    customer, agent, supervisor = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUPERVISOR)]
    await asked(agent, await asked_favour(customer, agent), {**FORM, "concession": chosen("extension")})
    card = await card_with(supervisor)
    await press(supervisor, card, "approve_exception")
    view = await window(supervisor, "approve_exception_view")
    extension = {**TERMS, "concession": chosen("extension")}
    missing = await supervisor.do("submit", view_id=view["id"], values=extension)
    assert list(missing["errors"]) == ["extended_to"]
    today = (await supervisor.do("say", channel=APPROVALS, text="今天"))["ts"]
    day = f"{datetime.fromtimestamp(float(today) + 30 * 86_400, tz=UTC).date()}"
    chosen_day = {"day": {"type": "datepicker", "selected_date": day}}
    await supervisor.do("submit", view_id=view["id"], values={**extension, "extended_to": chosen_day})
    await direct(agent, "保障到")
    await agent.do("command", channel=DESK, text="/warranty 廣昕精密")
    answer = await agent.sees("ephemeral", lambda push: "核准的延長保障" in texts(push["message"].get("blocks")))
    assert day.replace("-", "/") in texts(answer["message"]["blocks"]) or day in texts(answer["message"]["blocks"])


@pytest.mark.parametrize("typed_name", ["", "廣昕"])
async def test_the_command_opens_the_window_for_the_only_open_case(stage: Stage, bot: Bot, typed_name: str) -> None:
    """Outside threads: the channel's only open case, or the named customer's."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    await asked_favour(customer, agent)
    channel = SHARED if not typed_name else DESK
    await agent.do("command", channel=channel, text=f"/exception {typed_name}".strip())
    assert "廣昕精密" in texts((await window(agent, "ask_exception_view"))["blocks"])


async def test_the_command_asks_which_case_and_says_when_there_is_none(stage: Stage, bot: Bot) -> None:
    """It never guesses."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    await agent.do("command", channel=SHARED, text="/exception")
    await agent.sees("ephemeral", lambda push: "沒有進行中的案件" in texts(push["message"]))
    await asked_favour(customer, agent)
    helpdesk = {"app_id": "A0DESK", "bot_id": "B0DESK", "username": "mail"}
    await agent.do("say", channel=DESK, text="POS 收銀機開不了機，客人在排隊", as_app=helpdesk)
    await agent.sees("ephemeral", lambda push: push["channel"] == DESK)
    fresh.changed(bot.settings, "UPDATE cases SET customer_id = 'C-1'")
    await agent.do("command", channel=SHARED, text="/exception 廣昕精密")
    which = await agent.sees("ephemeral", lambda push: "是哪一個案件" in texts(push["message"].get("blocks")))
    assert str(which["message"]["blocks"]).count("'ask_exception'") == 2


async def test_from_no_to_yes_by_a_new_fact_alone_and_then_no_second_one(stage: Stage, bot: Bot) -> None:
    """The whole story: declined, threatened (held), reopened with evidence, granted with conditions, booked."""
    customer, agent, supervisor = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUPERVISOR)]
    whisper = await asked_favour(customer, agent)
    root = customer.of("message")[0]["message"]["ts"]
    await asked(agent, whisper)
    card = await card_with(supervisor)
    no = {"reason": typed("其他客戶都有付費續約")}
    await given(supervisor, card, "decline_exception", "decline_exception_view", no)
    await direct(agent, "其他客戶都有付費續約")
    await customer.say(SHARED, "那我們就找律師，存證信函準備收", thread_ts=root)
    await agent.sees("ephemeral", lambda push: "律師" in texts(push["message"].get("blocks")))
    await press(agent, whisper, "ask_exception")
    assert "新的事證" in texts((await window(agent, "notice_view"))["blocks"])
    await press(agent, whisper, "show_case")
    await press_in(agent, await window(agent, "case_view"), "new_facts")
    view = await window(agent, "new_facts_view")
    await agent.do("submit", view_id=view["id"], values={"what": typed("找到驗收單，保固晚一個月才起算")})
    told = await agent.sees("ephemeral", lambda push: "可以再申請一次通融" in texts(push["message"].get("blocks")))
    await asked(agent, told, number=2)
    again = await card_with(supervisor, "上次未核准後的新事證")
    assert "找到驗收單" in texts(again["message"]["blocks"])
    await given(supervisor, again, "approve_exception_with_terms", "approve_exception_view", TERMS)
    news = await direct(agent, "核准", "零件由客戶負擔")
    await press(agent, news, "use_exception")
    await state_is(bot, "used")
    assert rows(bot, "SELECT move FROM audit WHERE subject = 'exception' AND move = 'reopen'") == [("reopen",)]
    helpdesk = {"app_id": "A0DESK", "bot_id": "B0DESK", "username": "mail"}
    ts = (await agent.do("say", channel=DESK, text="POS 收銀機開不了機，客人在排隊", as_app=helpdesk))["ts"]
    await agent.sees("ephemeral", lambda push: push["channel"] == DESK)
    fresh.changed(bot.settings, "UPDATE cases SET customer_id = 'C-1' WHERE channel = ?", DESK)
    await agent.do("shortcut", callback_id="ask_exception", channel=DESK, ts=ts)
    second = await window(agent, "ask_exception_view", 3)
    refused = await agent.do("submit", view_id=second["id"], values=FORM)
    assert list(refused["errors"]) == ["fault_ours"]
    await stage.settled()
    assert {push["message"].get("user") for push in customer.of("message")} == {CUSTOMER, AGENT}
    assert not customer.of("ephemeral")
    assert not customer.of("view_opened")
