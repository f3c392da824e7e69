"""Nothing leaks: every flow of a request beside the customer, and outsiders' seats see people talk, nothing else."""

import pytest

from bot.setup import RoleSource
from tests.flow.conftest import (
    AGENT,
    APPROVALS,
    CUSTOMER,
    DEPUTY,
    GUEST,
    MANAGER,
    OTHER_AGENT,
    SETUP,
    SHARED,
    SUPERVISOR,
    Bot,
    save_setup,
    texts,
)
from tests.flow.test_life_of_a_request import FORM, TERMS, asked, card_with, given, moved_on, state_is
from tests.flow.working import asked_favour, direct, has_button, press, press_in, typed, window
from tests.sandbox.stage import Json, Seat, Stage

OF_THE_PAGE = {"log", "app", "story"}
"""What only the sandbox's page gets, and no Slack."""
TO_READ = {"conversations.info", "conversations.members", "conversations.history", "conversations.replies"}
OWN_WORDS = {"message", "message_changed"}
FOR_STAFF = "這是客服團隊使用的功能。"
REASON = {"reason": typed("其他客戶都有付費續約")}


def people_said(seat: Seat) -> set[str]:
    """Who was heard at a seat; anything but people's own words, and that they were answered, is a leak."""
    pushes = [push for push in seat.seen if push["type"] not in OF_THE_PAGE]
    leaks = [push for push in pushes if push["type"] not in OWN_WORDS or "bot_id" in push["message"]]
    assert not leaks
    return {push["message"]["user"] for push in pushes}


def calls(stage: Stage) -> list[tuple[str, Json]]:
    """What Aside asked of Slack."""
    log = stage.sandbox.workspace.log.since(0)
    return [(entry["name"], entry["body"]) for entry in log if entry["dir"] == "call"]


@pytest.fixture
async def outsiders(stage: Stage, bot: Bot) -> list[Seat]:
    """The customer, and a guest who was let into the channel."""
    save_setup(bot.settings, SETUP.model_copy(update={"managers": RoleSource(users=(MANAGER,))}))
    await stage.admin("add_member", channel=SHARED, user=GUEST)
    seats = [await stage.seat(who) for who in (CUSTOMER, GUEST)]
    for seat in seats:
        seat.seen.clear()
    return seats


async def test_outsiders_see_people_talk_and_nothing_else(stage: Stage, bot: Bot, outsiders: list[Seat]) -> None:
    """Asked, asked back, answered, declined, threatened, reopened, seconded, granted, booked; and what time does."""
    customer = outsiders[0]
    agent, supervisor, manager = [await stage.seat(who) for who in (AGENT, SUPERVISOR, MANAGER)]
    whisper = await asked_favour(customer, agent)
    root = next(push["message"]["ts"] for push in customer.of("message"))

    await agent.do("command", channel=SHARED, text="/exception")
    await window(agent, "ask_exception_view")
    await asked(agent, whisper, number=2)
    card = await card_with(supervisor)
    await given(supervisor, card, "ask_back_exception", "ask_back_exception_view", {"reason": typed("影響幾個人？")})
    question = await direct(agent, "影響幾個人？")
    await given(agent, question, "answer_exception", "answer_exception_view", {"reason": typed("出貨組 12 位")})
    await given(supervisor, await card_with(supervisor, "12 位"), "decline_exception", "decline_exception_view", REASON)
    await direct(agent, "其他客戶都有付費續約")

    await customer.say(SHARED, "那我們就找律師，存證信函準備收", thread_ts=root)
    await agent.sees("ephemeral", lambda push: "律師" in texts(push["message"].get("blocks")))
    await press(agent, whisper, "show_case")
    await press_in(agent, await window(agent, "case_view"), "new_facts")
    view = await window(agent, "new_facts_view")
    await agent.do("submit", view_id=view["id"], values={"what": typed("找到驗收單，保固晚一個月才起算")})
    reopened = await agent.sees("ephemeral", lambda push: "可以再申請一次通融" in texts(push["message"].get("blocks")))
    await asked(agent, reopened, {**FORM, "cost": typed("5 萬")}, number=3)
    again = await card_with(supervisor, "找到驗收單")
    await moved_on(bot)
    await direct(supervisor, "等待決定")
    await press(supervisor, again, "approve_exception")
    seconding = await card_with(manager, "還需要上級主管同意")
    await given(manager, seconding, "approve_exception_with_terms", "approve_exception_view", TERMS)
    news = await direct(agent, "核准", "零件由客戶負擔")
    await moved_on(bot)
    await direct(agent, "快到期了")
    await press(agent, news, "use_exception")
    await state_is(bot, "used")
    await stage.settled()

    assert people_said(customer) == {CUSTOMER, AGENT}
    assert people_said(outsiders[1]) == {CUSTOMER, AGENT}
    shown = {name for name, body in calls(stage) if body.get("channel") == SHARED}
    assert shown <= TO_READ | {"chat.postEphemeral", "chat.getPermalink"}
    whispered = {body["user"] for name, body in calls(stage) if name == "chat.postEphemeral"}
    assert whispered.isdisjoint({CUSTOMER, GUEST})


async def test_what_ends_by_itself_or_is_taken_back_is_not_seen_either(
    stage: Stage, bot: Bot, outsiders: list[Seat]
) -> None:
    """Withdrawn, expired, lapsed; and a supervisor who comes into the channel is reminded in private."""
    customer = outsiders[0]
    agent, supervisor, deputy = [await stage.seat(who) for who in (AGENT, SUPERVISOR, DEPUTY)]
    whisper = await asked_favour(customer, agent)
    root = next(push["message"]["ts"] for push in customer.of("message"))
    await asked(agent, whisper)
    asked_for = await agent.sees("ephemeral", lambda push: has_button(push, "withdraw_exception"))
    await press(agent, asked_for, "withdraw_exception")
    await state_is(bot, "withdrawn")
    await asked(agent, whisper, number=2)
    for seat, words in ((supervisor, "等待決定"), (await stage.seat(MANAGER), "還在等")):
        await moved_on(bot)
        await direct(seat, words)
    await moved_on(bot)
    await direct(agent, "逾時沒有人決定")
    await asked(agent, whisper, number=3)
    await press(supervisor, await newest_card(supervisor, number=3), "approve_exception")
    await direct(agent, "核准")
    await moved_on(bot)
    await direct(agent, "快到期了")
    await moved_on(bot)
    await direct(agent, "已失效")
    await deputy.say(SHARED, "我是主管，這件我來了解一下", thread_ts=root)
    await customer.sees("message", lambda push: push["message"]["user"] == DEPUTY)
    await stage.settled()
    assert people_said(customer) == {CUSTOMER, AGENT, DEPUTY}
    assert people_said(outsiders[1]) == {CUSTOMER, AGENT, DEPUTY}


async def newest_card(seat: Seat, number: int) -> Json:
    """The newest card, once there were so many."""

    def cards() -> list[Json]:
        return [push for push in seat.of("message") if push["channel"] == APPROVALS]

    await seat.sees("message", lambda _: len(cards()) >= number)
    return cards()[-1]


async def told(seat: Seat, number: int) -> set[str]:
    """What somebody alone was told, once it were so many sentences."""
    await seat.sees("ephemeral", lambda _: len(seat.of("ephemeral")) >= number)
    return {push["message"]["text"] for push in seat.of("ephemeral")}


async def test_outsiders_who_try_read_one_sentence(stage: Stage, bot: Bot, outsiders: list[Seat]) -> None:
    """Commands, shortcuts, the Home: the same words, which tell nothing, whatever is going on."""
    customer = outsiders[0]
    agent, other = [await stage.seat(who) for who in (AGENT, OTHER_AGENT)]
    await asked(agent, await asked_favour(customer, agent))
    await card_with(other)
    root = next(push["message"]["ts"] for push in customer.of("message"))
    world = await customer.get("world")
    for seat in outsiders:
        for command in world["commands"]:
            await seat.do("command", channel=SHARED, text=f"{command['command']} 廣昕精密")
        for shortcut in world["shortcuts"]:
            await seat.do("shortcut", callback_id=shortcut["callback_id"], channel=SHARED, ts=root)
        assert await told(seat, len(world["commands"]) + len(world["shortcuts"])) == {FOR_STAFF}
        await seat.do("open_home")
        home = await seat.sees("home")
        assert len(home["view"]["blocks"]) == 1
        assert not seat.of("view_opened")
        assert not [push for push in seat.of("message") if "bot_id" in push["message"]]
