"""Asking a colleague in (R31, R35), abuse that is noticed (R39, R47), a supervisor who steps into the talk (R30)."""

import pytest

from bot.setup import Away, RoleSource, SupportChannel
from tests import fresh
from tests.flow.conftest import (
    AGENT,
    APPROVALS,
    CUSTOMER,
    DEPUTY,
    GUEST,
    MANAGER,
    OTHER_AGENT,
    SALES,
    SETUP,
    SHARED,
    SUCCESSOR,
    SUPERVISOR,
    Bot,
    save_setup,
    texts,
)
from tests.flow.test_goodwill import FORM, card_of
from tests.flow.working import asked_favour, direct, facts, has_button, press, rows, until, whisper_with
from tests.sandbox.stage import Json, Seat, Stage

BOSS = "叫你們主管出來講，我不想再跟你談了"
ABUSE = "你是豬嗎？講不聽，廢物客服"
THREAT = "我知道你叫什麼名字，你個人要給我負責，走著瞧"
LEAVE_A_STAR = "再不處理我們就去 Google 留一星評論"
HELPDESK = {"app_id": "A0DESK", "bot_id": "B0DESK", "username": "mail"}
FAULT = "ERP 從早上就當機，發票都印不出來，出貨全部卡住"


async def asked_for_the_boss(customer: Seat, agent: Seat) -> Json:
    """A fault, understood, and a customer who wants somebody else; the whisper about it."""
    ts = await customer.say(SHARED, FAULT)
    await agent.sees("ephemeral")
    await agent.say(SHARED, "我了解，請問是哪幾台電腦受影響？", thread_ts=ts)
    await customer.say(SHARED, BOSS, thread_ts=ts)
    return await agent.sees("ephemeral", lambda push: has_button(push, "ask_takeover"))


def time_is_over(bot: Bot) -> None:
    """Whatever waits for an answer has waited long enough."""
    fresh.changed(bot.settings, "UPDATE takeovers SET due_at = 1 WHERE due_at IS NOT NULL")


def asked(bot: Bot) -> list[tuple[str, str]]:
    """Who was asked, in order, and what came of it."""
    return rows(bot, "SELECT asked, state FROM takeovers ORDER BY asked_at, number")


async def saw_nothing_of_it(stage: Stage, customer: Seat) -> None:
    """In the outsider's seat there are what people said, and nothing of ours."""
    await stage.settled()
    assert not customer.of("ephemeral")
    assert "U0ASIDE" not in {push["message"].get("user") for push in customer.of("message")}


async def test_one_click_asks_the_peer_who_takes_over_with_the_case_so_far(stage: Stage, bot: Bot) -> None:
    """R31: the click asks the right person itself; a supervisor, who has to stay able to decide, is not asked."""
    customer, agent, peer = [await stage.seat(who) for who in (CUSTOMER, AGENT, OTHER_AGENT)]
    supervisor = await stage.seat(SUPERVISOR)
    whisper = await asked_for_the_boss(customer, agent)
    assert has_button(whisper, "choose_takeover")
    await press(agent, whisper, "ask_takeover")
    card = await direct(peer, "可以接手", "發票都印不出來", "沒有回應，就改請下一位")
    await whisper_with(agent, "已請", "接手")
    await press(agent, whisper, "ask_takeover")
    await agent.sees("ephemeral", lambda push: "已經請了" in texts(push["message"]))
    await press(peer, card, "take_over")
    await peer.sees("message_changed", lambda push: "已接手" in texts(push["message"]["blocks"]))
    await direct(agent, "已接手")
    assert asked(bot) == [(OTHER_AGENT, "accepted")]
    assert (facts(bot)["takeover_accepted"], rows(bot, "SELECT agent FROM cases")) == ("yes", [(OTHER_AGENT,)])
    assert rows(bot, "SELECT move, actor FROM audit WHERE subject = 'takeover' ORDER BY seq") == [
        ("ask", AGENT),
        ("accept", OTHER_AGENT),
    ]
    assert not [push for push in supervisor.of("message") if push["channel"].startswith("D")]
    await saw_nothing_of_it(stage, customer)


async def test_whoever_stands_in_is_asked_first_and_cannot_decide_after_it(stage: Stage, bot: Bot) -> None:
    """Supervisor away: the deputy takes over, before who is on duty; and whoever took over decides for nobody."""
    both_away = tuple(Away(user=each, deputy=OTHER_AGENT) for each in (SUPERVISOR, DEPUTY))
    support = (SupportChannel(channel=SHARED, customer="C-1", on_duty=(SUCCESSOR, AGENT)), *SETUP.support[1:])
    agents = RoleSource(users=(AGENT, OTHER_AGENT, SUCCESSOR))
    roles = {"agents": agents, "sales": RoleSource(users=(SALES,))}
    save_setup(bot.settings, SETUP.model_copy(update={"away": both_away, "support": support, **roles}))
    customer, agent, deputy = [await stage.seat(who) for who in (CUSTOMER, AGENT, OTHER_AGENT)]
    await press(agent, await asked_for_the_boss(customer, agent), "ask_takeover")
    await press(deputy, await direct(deputy, "可以接手"), "take_over")
    await direct(agent, "已接手")
    root = customer.of("message")[0]["message"]["ts"]
    await deputy.sees("ephemeral")
    await deputy.do("shortcut", callback_id="case_card", channel=SHARED, ts=root)
    await agent.do("shortcut", callback_id="ask_exception", channel=SHARED, ts=root)
    form = (await agent.sees("view_opened", lambda push: push["view"]["callback_id"] == "ask_exception_view"))["view"]
    await agent.do("submit", view_id=form["id"], values=FORM)
    request = await card_of(deputy)
    await press(deputy, {"type": "message", "channel": APPROVALS, "message": request}, "approve_exception")
    await deputy.sees("ephemeral", lambda push: "要請另一位主管" in texts(push["message"]))
    assert rows(bot, "SELECT state FROM exceptions") == [("requested",)]


async def test_not_now_and_silence_make_room_for_the_next_and_after_three_the_asker_hears(
    stage: Stage, bot: Bot
) -> None:
    """One is asked after the other, durably; with no peer left a supervisor; after three the asker asks themselves."""
    customer, agent, peer = [await stage.seat(who) for who in (CUSTOMER, AGENT, OTHER_AGENT)]
    supervisors = {who: await stage.seat(who) for who in (SUPERVISOR, DEPUTY)}
    await press(agent, await asked_for_the_boss(customer, agent), "ask_takeover")
    await press(peer, await direct(peer, "可以接手"), "not_now")
    await peer.sees("message_changed", lambda push: "沒關係" in texts(push["message"]["blocks"]))
    await direct(agent, "現在不方便", "已改請")
    second = supervisors[asked(bot)[1][0]]
    card = await direct(second, "可以接手")
    await bot.stop()
    time_is_over(bot)
    await bot.start()
    await second.sees("message_changed", lambda push: "回覆時間已過" in texts(push["message"]["blocks"]))
    third = supervisors[asked(bot)[2][0]]
    assert card["message"]["ts"] not in str(third.of("message"))
    await press(third, await direct(third, "可以接手"), "not_now")
    nobody = await direct(agent, "沒有其他人可以請")
    assert has_button(nobody, "choose_takeover")
    assert [state for _, state in asked(bot)] == ["declined", "timed_out", "declined"]
    assert sorted(who for who, _ in asked(bot)) == sorted({OTHER_AGENT, SUPERVISOR, DEPUTY})
    assert facts(bot)["takeover_asked"] == "no"
    assert rows(bot, "SELECT agent FROM cases") == [(AGENT,)]
    await saw_nothing_of_it(stage, customer)


async def test_whoever_cannot_be_told_is_passed_over_at_once(stage: Stage, bot: Bot) -> None:
    """A message that Slack refuses asks nobody: the next colleague is asked without waiting."""
    customer, agent, supervisor, deputy = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUPERVISOR, DEPUTY)]
    whisper = await asked_for_the_boss(customer, agent)
    await stage.admin("fail_next", method="conversations.open", error="cannot_dm_bot")
    await press(agent, whisper, "ask_takeover")
    await direct(agent, "沒有回應", "已改請")
    assert asked(bot)[0] == (OTHER_AGENT, "timed_out")
    await direct(supervisor if asked(bot)[1][0] == SUPERVISOR else deputy, "可以接手")


async def test_a_colleague_who_simply_answers_the_customer_has_taken_over(stage: Stage, bot: Bot) -> None:
    """Nobody else is called in when the one who was asked talks to the customer already."""
    customer, agent, peer = [await stage.seat(who) for who in (CUSTOMER, AGENT, OTHER_AGENT)]
    await press(agent, await asked_for_the_boss(customer, agent), "ask_takeover")
    await direct(peer, "可以接手")
    root = customer.of("message")[0]["message"]["ts"]
    await peer.say(SHARED, "淑芬您好，我是柏翰，前面的經過我都看過了", thread_ts=root)
    await until(bot, "SELECT agent FROM cases", OTHER_AGENT)
    time_is_over(bot)
    await direct(agent, "已接手")
    assert asked(bot) == [(OTHER_AGENT, "accepted")]
    assert facts(bot)["takeover_accepted"] == "yes"


async def test_who_is_on_a_break_is_left_alone(stage: Stage, bot: Bot) -> None:
    """R47: a pause is one; with nobody else there, whoever asks is told to choose somebody."""
    alone = SETUP.model_copy(update={"supervisors": SETUP.managers})
    save_setup(bot.settings, alone)
    customer, agent, peer = [await stage.seat(who) for who in (CUSTOMER, AGENT, OTHER_AGENT)]
    await peer.do("command", channel=SHARED, text="/aside pause 30")
    await peer.sees("ephemeral")
    whisper = await asked_for_the_boss(customer, agent)
    await press(agent, whisper, "ask_takeover")
    await agent.sees("ephemeral", lambda push: "不在或在休息" in texts(push["message"]))
    assert asked(bot) == []


async def test_a_second_pair_of_eyes_looks_and_the_case_stays_where_it_is(stage: Stage, bot: Bot) -> None:
    """R35: under a threat a peer is asked privately, sees the case so far, and says that they look."""
    customer, agent, peer = [await stage.seat(who) for who in (CUSTOMER, AGENT, OTHER_AGENT)]
    ts = await customer.say(SHARED, FAULT)
    await agent.sees("ephemeral")
    await agent.say(SHARED, "我了解，請問是哪幾台電腦受影響？", thread_ts=ts)
    await customer.say(SHARED, LEAVE_A_STAR, thread_ts=ts)
    whisper = await agent.sees("ephemeral", lambda push: has_button(push, "ask_peer"))
    await press(agent, whisper, "ask_peer")
    card = await direct(peer, "可以幫忙看一下", "發票都印不出來", "一星")
    await whisper_with(agent, "一起看")
    await press(peer, card, "peer_looks")
    await direct(agent, "在看")
    assert rows(bot, "SELECT kind, state FROM takeovers") == [("peer", "accepted")]
    assert rows(bot, "SELECT agent FROM cases") == [(AGENT,)]
    assert "takeover_accepted" not in facts(bot)
    await saw_nothing_of_it(stage, customer)


@pytest.mark.parametrize(("words", "kind"), [(ABUSE, "辱罵"), (THREAT, "威脅")])
async def test_supervisors_hear_of_abuse_once_and_the_agent_is_backed(
    stage: Stage, bot: Bot, words: str, kind: str
) -> None:
    """R39, R47: who and what kind, with a link and no word of the agent's; a break and a takeover one click away."""
    customer, agent, supervisor = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUPERVISOR)]
    ts = await customer.say(SHARED, FAULT)
    await agent.sees("ephemeral")
    said = "我了解，請問是哪幾台電腦受影響？"
    await agent.say(SHARED, said, thread_ts=ts)
    await customer.say(SHARED, words, thread_ts=ts)
    told = await direct(supervisor, "廣昕精密", kind, AGENT)
    assert said not in str(told["message"])
    assert words not in str(told["message"])
    assert "https://" in str(told["message"]) or "http://" in str(told["message"])
    whisper = await agent.sees("ephemeral", lambda push: has_button(push, "take_a_break"))
    assert has_button(whisper, "ask_takeover")
    await whisper_with(agent, "已經私下告訴主管")
    await customer.say(SHARED, words, thread_ts=ts)
    await until(bot, "SELECT count(*) FROM messages", 4)
    await until(bot, "SELECT count(*) FROM outbox WHERE state IN ('due', 'sending')", 0)
    directs = [push for push in supervisor.of("message") if push["channel"].startswith("D")]
    assert len([push for push in directs if kind in texts(push["message"]["blocks"])]) == 1
    await press(agent, whisper, "take_a_break")
    await agent.sees("ephemeral", lambda push: "暫停到" in texts(push["message"]))
    assert rows(bot, "SELECT person FROM pauses") == [(AGENT,)]
    await saw_nothing_of_it(stage, customer)


async def test_a_supervisor_who_writes_where_the_customer_reads_is_reminded_once(stage: Stage, bot: Bot) -> None:
    """R30: whoever appears can no longer say no; said privately, once a case."""
    customer, agent, supervisor = [await stage.seat(who) for who in (CUSTOMER, AGENT, DEPUTY)]
    await asked_favour(customer, agent)
    root = customer.of("message")[0]["message"]["ts"]
    for words in ("我是主管，這件事我來看", "請再給我們一點時間"):
        await supervisor.say(SHARED, words, thread_ts=root)
    told = await direct(supervisor, "改由別人決定", "客戶看得到")
    assert "廣昕精密" in texts(told["message"]["blocks"])
    await until(bot, "SELECT count(*) FROM messages", 5)
    await until(bot, "SELECT count(*) FROM outbox WHERE state IN ('due', 'sending')", 0)
    assert len([push for push in supervisor.of("message") if "改由別人決定" in texts(push["message"])]) == 1
    await agent.do("shortcut", callback_id="ask_exception", channel=SHARED, ts=root)
    form = (await agent.sees("view_opened", lambda push: push["view"]["callback_id"] == "ask_exception_view"))["view"]
    await agent.do("submit", view_id=form["id"], values=FORM)
    request = await card_of(supervisor)
    await press(supervisor, {"type": "message", "channel": APPROVALS, "message": request}, "approve_exception")
    await supervisor.sees("ephemeral", lambda push: "要請另一位主管" in texts(push["message"]))
    await saw_nothing_of_it(stage, customer)


async def test_agents_and_bystanders_are_not_reminded(stage: Stage, bot: Bot) -> None:
    """Only who decides can no longer decide."""
    customer, agent, peer, guest = [await stage.seat(who) for who in (CUSTOMER, AGENT, OTHER_AGENT, GUEST)]
    await asked_favour(customer, agent)
    root = customer.of("message")[0]["message"]["ts"]
    await peer.say(SHARED, "我也在看", thread_ts=root)
    await until(bot, "SELECT count(*) FROM messages", 4)
    await until(bot, "SELECT count(*) FROM outbox WHERE state IN ('due', 'sending')", 0)
    assert not [push for seat in (agent, peer, guest) for push in seat.of("message") if push["channel"].startswith("D")]


def inside(bot: Bot) -> None:
    """A support channel that no outsider can read, and a manager; what customers write elsewhere is mirrored there."""
    support = (*SETUP.support, SupportChannel(channel=APPROVALS, on_duty=(AGENT,)))
    leads = SETUP.managers.model_copy(update={"users": (MANAGER,)})
    save_setup(bot.settings, SETUP.model_copy(update={"support": support, "managers": leads}))


async def mirrored(seat: Seat, text: str, **more: object) -> str:
    """What a customer wrote, as the helpdesk's app shows it inside."""
    said = await seat.do("say", channel=APPROVALS, text=text, as_app=HELPDESK, **more)
    return str(said["ts"])


async def test_a_managers_word_in_the_cases_own_thread_inside_counts_as_well(stage: Stage, bot: Bot) -> None:
    """Where no outsider reads, the case's conversation is still the talk with the customer."""
    inside(bot)
    agent, manager = await stage.seat(AGENT), await stage.seat(MANAGER)
    ts = await mirrored(agent, FAULT)
    await agent.sees("ephemeral")
    await manager.say(APPROVALS, "這件我來回", thread_ts=ts)
    await direct(manager, "改由別人決定", "加入了案件的對話")


async def test_inside_too_the_peer_is_asked_by_direct_message_alone(stage: Stage, bot: Bot) -> None:
    """Who takes over is nobody's business but theirs: nothing is posted in the channel."""
    inside(bot)
    agent, peer = await stage.seat(AGENT), await stage.seat(OTHER_AGENT)
    ts = await mirrored(agent, FAULT)
    await agent.sees("ephemeral")
    await agent.say(APPROVALS, "我了解，請問是哪幾台電腦受影響？", thread_ts=ts)
    await mirrored(agent, BOSS, thread_ts=ts)
    whisper = await agent.sees("ephemeral", lambda push: has_button(push, "ask_takeover"))
    await press(agent, whisper, "ask_takeover")
    await press(peer, await direct(peer, "可以接手", "發票都印不出來"), "take_over")
    await direct(agent, "已接手")
    assert rows(bot, "SELECT agent FROM cases") == [(OTHER_AGENT,)]
    seen = [push["message"].get("user") for push in agent.of("message") if push["channel"] == APPROVALS]
    assert "U0ASIDE" not in seen
