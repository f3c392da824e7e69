"""Goodwill, thin but real: asked for from the whisper, decided in the thread, told to the agent, and sales knows."""

from typing import Any

import pytest

from tests import fresh
from tests.flow.conftest import (
    AGENT,
    APPROVALS,
    CUSTOMER,
    DEPUTY,
    DESK,
    GUEST,
    OTHER_AGENT,
    SALES,
    SHARED,
    SUCCESSOR,
    SUPERVISOR,
    Bot,
    texts,
    whispers,
)
from tests.sandbox.stage import Json, Seat, Stage

FORM = {
    "fault": {"text": {"type": "plain_text_input", "value": "發票模組當機，出貨卡住"}},
    "fault_ours": {"choice": {"type": "static_select", "selected_option": {"value": "no"}}},
    "cost": {"text": {"type": "plain_text_input", "value": "NT$３,０００"}},
    "concession": {"choice": {"type": "static_select", "selected_option": {"value": "full"}}},
    "reason": {"text": {"type": "plain_text_input", "value": "老客戶，正在談續約"}},
}


def button_in(message: Json, action_id: str) -> Json:
    """The button with this id."""
    found = [
        (block, element)
        for block in message["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
        if element["action_id"] == action_id
    ]
    block, element = found[0]
    return {"type": "button", "action_id": action_id, "block_id": block["block_id"], "value": element["value"]}


def has_button(message: Json, action_id: str) -> bool:
    """Whether there is a button with this id."""
    return action_id in str(message.get("blocks"))


async def click(seat: Seat, kind: str, channel: str, message: Json, action_id: str) -> None:
    """Press a button."""
    container = {"type": kind, "channel": channel, "ts": message["ts"]}
    await seat.do("action", container=container, action=button_in(message, action_id))


async def offered(customer: Seat, agent: Seat) -> Json:
    """The conversation up to the whisper that offers to ask for an exception."""
    ts = await customer.say(SHARED, "ERP 從早上就當機，發票都印不出來，出貨全部卡住")
    await agent.sees("ephemeral")
    await agent.say(SHARED, "我了解，請問是哪幾台電腦受影響？從幾點開始的？", thread_ts=ts)
    await customer.say(SHARED, "拜託啦，都老客戶了，這次可不可以通融一下免費幫我們處理", thread_ts=ts)
    push = await agent.sees("ephemeral", lambda push: has_button(push["message"], "ask_exception"))
    return dict(push["message"])


async def asked(customer: Seat, agent: Seat, approvers: Seat, form: dict[str, Any] | None = None) -> Json:
    """The request filed; its card."""
    whisper = await offered(customer, agent)
    await click(agent, "ephemeral", SHARED, whisper, "ask_exception")
    view = (await agent.sees("view_opened"))["view"]
    assert view["callback_id"] == "ask_exception_view"
    answer = await agent.do("submit", view_id=view["id"], values=form or FORM)
    assert answer["response_action"] is None
    return await card_of(approvers)


async def card_of(seat: Seat) -> Json:
    """The card in the approvals channel."""
    push = await seat.sees("message", lambda push: push["channel"] == APPROVALS)
    return dict(push["message"])


def changed_cards(seat: Seat) -> list[Json]:
    """Every change of the card so far."""
    return [push for push in seat.of("message_changed") if push["channel"] == APPROVALS]


async def changed_card(seat: Seat) -> str:
    """The card after its state changed."""
    push = await seat.sees("message_changed", lambda push: push["channel"] == APPROVALS)
    return texts(push["message"]["blocks"])


async def test_from_the_whisper_to_an_approval_and_the_lines_that_are_now_true(stage: Stage, bot: Bot) -> None:
    """The agent asks, a supervisor approves, the agent can say so, and the customer saw nothing of it."""
    customer, agent, supervisor = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUPERVISOR)]
    card = await asked(customer, agent, supervisor)
    text = texts(card["blocks"])
    assert "廣昕精密股份有限公司" in text
    assert "NT$3,000" in text
    await click(supervisor, "message", APPROVALS, card, "approve_exception")
    changed = await changed_card(supervisor)
    assert "✅" in changed
    news = await agent.sees("message", lambda push: push["channel"].startswith("D"))
    assert "核准" in texts(news["message"]["blocks"])
    assert "rich_text_quote" in str(news["message"]["blocks"])
    await stage.settled()
    assert not customer.of("ephemeral")
    seen = [push["message"].get("user") for push in customer.of("message")]
    assert set(seen) == {CUSTOMER, AGENT}


async def test_a_decline_needs_a_reason_and_the_agent_gets_it(stage: Stage, bot: Bot) -> None:
    """A no carries its reason."""
    customer, agent, supervisor = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUPERVISOR)]
    card = await asked(customer, agent, supervisor)
    await click(supervisor, "message", APPROVALS, card, "decline_exception")
    view = (await supervisor.sees("view_opened"))["view"]
    empty = {"reason": {"text": {"type": "plain_text_input", "value": "  "}}}
    refused = await supervisor.do("submit", view_id=view["id"], values=empty)
    assert refused["response_action"] == "errors"
    given = {"reason": {"text": {"type": "plain_text_input", "value": "其他客戶都有付費續約"}}}
    await supervisor.do("submit", view_id=view["id"], values=given)
    assert "⛔" in await changed_card(supervisor)
    news = await agent.sees("message", lambda push: push["channel"].startswith("D"))
    assert "其他客戶都有付費續約" in texts(news["message"]["blocks"])


@pytest.mark.parametrize("who", [OTHER_AGENT, AGENT])
async def test_whoever_is_no_supervisor_cannot_approve_and_is_told_so(stage: Stage, bot: Bot, who: str) -> None:
    """Who clicked decides, not what the button says."""
    customer, agent, other = [await stage.seat(each) for each in (CUSTOMER, AGENT, OTHER_AGENT)]
    clicker = agent if who == AGENT else other
    card = await asked(customer, agent, clicker)
    told = len(clicker.of("ephemeral"))
    await click(clicker, "message", APPROVALS, card, "approve_exception")
    await clicker.sees("ephemeral", lambda _: len(clicker.of("ephemeral")) > told)
    assert "主管" in whispers(clicker)[-1]
    await stage.settled()
    assert not changed_cards(clicker)


async def test_a_supervisor_who_asked_cannot_approve_their_own_request(stage: Stage, bot: Bot) -> None:
    """Nobody approves their own request."""
    customer, deputy, supervisor = [await stage.seat(who) for who in (CUSTOMER, DEPUTY, SUPERVISOR)]
    agent = await stage.seat(AGENT)
    ts = await customer.say(SHARED, "ERP 從早上就當機，發票都印不出來")
    await agent.sees("ephemeral")
    await deputy.do("shortcut", callback_id="ask_exception", channel=SHARED, ts=ts)
    view = (await deputy.sees("view_opened"))["view"]
    await deputy.do("submit", view_id=view["id"], values=FORM)
    card = await card_of(deputy)
    await click(deputy, "message", APPROVALS, card, "approve_exception")
    await deputy.sees("ephemeral", lambda push: "自己" in texts(push["message"]) or "您" in texts(push["message"]))
    await click(supervisor, "message", APPROVALS, card, "approve_exception")
    assert "✅" in await changed_card(supervisor)


async def test_two_supervisors_at_once_one_decides_and_the_other_is_told(stage: Stage, bot: Bot) -> None:
    """State compared and set in one transaction, whichever click is worked on first."""
    customer, agent, supervisor, deputy = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUPERVISOR, DEPUTY)]
    card = await asked(customer, agent, supervisor)
    await click(supervisor, "message", APPROVALS, card, "approve_exception")
    await click(deputy, "message", APPROVALS, card, "approve_exception")
    told = await changed_card(deputy)
    (decided,) = [who for who in (SUPERVISOR, DEPUTY) if f"<@{who}>" in told]
    late = deputy if decided == SUPERVISOR else supervisor
    await late.sees("ephemeral", lambda push: "已有結果" in texts(push["message"]))
    assert len(changed_cards(deputy)) == 1


@pytest.mark.parametrize(
    ("box", "typed"), [("cost", "-5"), ("cost", "很多"), ("cost", "999999999999"), ("fault", " "), ("reason", "")]
)
async def test_a_mistake_in_the_window_is_said_beside_its_box(stage: Stage, bot: Bot, box: str, typed: str) -> None:
    """One sentence for each mistake, and nothing is filed."""
    customer, agent, supervisor = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUPERVISOR)]
    whisper = await offered(customer, agent)
    await click(agent, "ephemeral", SHARED, whisper, "ask_exception")
    view = (await agent.sees("view_opened"))["view"]
    form = {**FORM, box: {"text": {"type": "plain_text_input", "value": typed}}}
    answer = await agent.do("submit", view_id=view["id"], values=form)
    assert list(answer["errors"]) == [box]
    await stage.settled()
    assert not supervisor.of("message")


async def test_the_successor_of_an_owner_who_left_is_told_once(stage: Stage, bot: Bot) -> None:
    """However many needs the conversation shows, one message goes out, and to somebody who is there."""
    customer, agent, sales, successor = [await stage.seat(who) for who in (CUSTOMER, AGENT, SALES, SUCCESSOR)]
    await offered(customer, agent)
    push = await successor.sees("message")
    text = texts(push["message"]["blocks"])
    assert "廣昕精密股份有限公司" in text
    assert "周美玲" in text
    await stage.settled()
    assert len(successor.of("message")) == 1
    assert not sales.of("message")


async def test_a_supervisor_who_talked_to_the_customer_does_not_decide(stage: Stage, bot: Bot) -> None:
    """R30: who appears can no longer say no."""
    customer, agent, deputy = [await stage.seat(who) for who in (CUSTOMER, AGENT, DEPUTY)]
    card = await asked(customer, agent, deputy)
    root = customer.of("message")[0]["message"]["ts"]
    said = await deputy.say(SHARED, "我是主管，這件我來了解一下", thread_ts=root)
    await customer.sees("message", lambda push: push["message"]["ts"] == said)
    await customer.say(SHARED, "再不處理我們就去 Google 留一星評論", thread_ts=root)
    await agent.sees("ephemeral", lambda push: "一星" in texts(push["message"]["blocks"]))
    await click(deputy, "message", APPROVALS, card, "approve_exception")
    await deputy.sees("ephemeral")
    await stage.settled()
    assert not changed_cards(deputy)


async def test_when_outsiders_can_read_the_approvals_channel_our_card_goes_from_there(stage: Stage, bot: Bot) -> None:
    """What names cost and exception does not stay where a guest has come in."""
    customer, agent, supervisor = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUPERVISOR)]
    card = await asked(customer, agent, supervisor)
    await stage.admin("add_member", channel=APPROVALS, user=GUEST)
    gone = await supervisor.sees("message_deleted", lambda push: push["channel"] == APPROVALS)
    assert gone["ts"] == card["ts"]


async def test_a_channel_that_became_shared_is_shown_no_card_and_the_agent_is_told(stage: Stage, bot: Bot) -> None:
    """The request is safe, its card is withheld, and nobody is told that it is with the supervisors."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    await stage.admin("add_member", channel=APPROVALS, user=GUEST)
    whisper = await offered(customer, agent)
    await click(agent, "ephemeral", SHARED, whisper, "ask_exception")
    view = (await agent.sees("view_opened"))["view"]
    await agent.do("submit", view_id=view["id"], values=FORM)
    news = await agent.sees("message", lambda push: push["channel"].startswith("D"))
    assert "簽核頻道" in news["message"]["text"]
    await stage.settled()
    assert not [each for each in whispers(agent) if "等主管決定" in each]
    assert not [push for push in agent.of("message") if push["channel"] == APPROVALS and push["message"].get("blocks")]


async def test_a_second_request_in_the_window_is_refused_but_not_for_our_own_fault(stage: Stage, bot: Bot) -> None:
    """R23: once; and what is our own mistake is no favour."""
    customer, agent, supervisor = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUPERVISOR)]
    card = await asked(customer, agent, supervisor)
    await click(supervisor, "message", APPROVALS, card, "approve_exception")
    await changed_card(supervisor)
    helpdesk = {"app_id": "A0DESK", "bot_id": "B0DESK", "username": "mail"}
    ts = (await agent.do("say", channel=DESK, text="POS 收銀機開不了機，客人在排隊", as_app=helpdesk))["ts"]
    await agent.sees("ephemeral", lambda push: push["channel"] == DESK)
    fresh.changed(bot.settings, "UPDATE cases SET customer_id = 'C-1' WHERE channel = ?", DESK)
    await agent.do("shortcut", callback_id="ask_exception", channel=DESK, ts=ts)
    view = (
        await agent.sees("view_opened", lambda push: push["view"]["id"] != agent.of("view_opened")[0]["view"]["id"])
    )["view"]
    answer = await agent.do("submit", view_id=view["id"], values=FORM)
    assert list(answer["errors"]) == ["fault_ours"]
    ours = {**FORM, "fault_ours": {"choice": {"type": "static_select", "selected_option": {"value": "yes"}}}}
    answer = await agent.do("submit", view_id=view["id"], values=ours)
    assert answer["response_action"] is None
