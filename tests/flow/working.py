"""Working on a case from the page: the conversation up to a whisper, its buttons, the windows they open."""

import asyncio
from typing import Any

from tests import fresh
from tests.flow.conftest import SHARED, Bot, texts
from tests.sandbox.stage import Json, Seat

FAULT = "ERP 從早上就當機，發票都印不出來，出貨全部卡住"
ASKED_BACK = "我了解，請問是哪幾台電腦受影響？從幾點開始的？"
FAVOUR = "拜託啦，都老客戶了，這次可不可以通融一下免費幫我們處理"
PROMISED = "你們業務當初跟我們說過，過保固一年內都可以免費修"


def typed(text: str) -> Json:
    """A box filled in."""
    return {"text": {"type": "plain_text_input", "value": text}}


def chosen(value: str) -> Json:
    """A choice of a menu."""
    return {"choice": {"type": "static_select", "selected_option": {"value": value}}}


def person(user: str) -> Json:
    """Somebody chosen."""
    return {"user": {"type": "users_select", "selected_user": user}}


def moment(seconds: int | None) -> Json:
    """A day and a time chosen."""
    return {"moment": {"type": "datetimepicker", "selected_date_time": seconds}}


def button_in(blocks: list[Json], action_id: str) -> Json:
    """The button with this id."""
    found = [
        {"type": "button", "action_id": action_id, "block_id": block["block_id"], "value": element["value"]}
        for block in blocks
        if block["type"] == "actions"
        for element in block["elements"]
        if element["action_id"] == action_id
    ]
    return found[0]


def has_button(push: Json, action_id: str) -> bool:
    """Whether a message has a button with this id."""
    return f"'{action_id}'" in str(push["message"].get("blocks"))


async def press(seat: Seat, push: Json, action_id: str) -> None:
    """Press a button of a message or a whisper."""
    message = push["message"]
    kind = "ephemeral" if push["type"].startswith("ephemeral") else "message"
    container = {"type": kind, "channel": push["channel"], "ts": message["ts"]}
    await seat.do("action", container=container, action=button_in(message["blocks"], action_id))


async def press_in(seat: Seat, view: Json, action_id: str) -> None:
    """Press a button of a window."""
    container = {"type": "view", "view_id": view["id"]}
    await seat.do("action", container=container, action=button_in(view["blocks"], action_id))


async def window(seat: Seat, callback_id: str, number: int = 1) -> Json:
    """The newest window of this kind, once there were so many."""

    def of_kind() -> list[Json]:
        kinds = ("view_opened", "view_pushed")
        return [push for push in seat.seen if push["type"] in kinds and push["view"]["callback_id"] == callback_id]

    await seat.sees_any(("view_opened", "view_pushed"), lambda _: len(of_kind()) >= number)
    return dict(of_kind()[-1]["view"])


async def whisper_with(seat: Seat, *words: str, but_not: str = "") -> Json:
    """A whisper that says all of this."""

    def fits(push: Json) -> bool:
        text = texts(push["message"].get("blocks") or push["message"])
        return all(word in text for word in words) and not (but_not and but_not in text)

    return await seat.sees("ephemeral", fits)


async def direct(seat: Seat, *words: str) -> Json:
    """A direct message that says all of this."""

    def fits(push: Json) -> bool:
        text = texts(push["message"].get("blocks") or push["message"])
        return push["channel"].startswith("D") and all(word in text for word in words)

    return await seat.sees("message", fits)


async def asked_favour(customer: Seat, agent: Seat) -> Json:
    """A fault, understood, and a favour asked; the whisper about the favour."""
    ts = await customer.say(SHARED, FAULT)
    await agent.sees("ephemeral")
    await agent.say(SHARED, ASKED_BACK, thread_ts=ts)
    await customer.say(SHARED, FAVOUR, thread_ts=ts)
    return await agent.sees("ephemeral", lambda push: has_button(push, "ask_exception"))


async def claimed_promise(customer: Seat, agent: Seat) -> Json:
    """The customer says that something was promised; the whisper about it."""
    ts = await customer.say(SHARED, FAULT)
    await agent.sees("ephemeral")
    await agent.say(SHARED, ASKED_BACK, thread_ts=ts)
    await customer.say(SHARED, PROMISED, thread_ts=ts)
    return await agent.sees("ephemeral", lambda push: has_button(push, "ask_sales"))


def rows(bot: Bot, question: str) -> list[Any]:
    """Ask the casebook."""
    return fresh.asked(bot.settings, question)


def facts(bot: Bot) -> dict[str, str]:
    """What is recorded, newest of each name."""
    return dict(rows(bot, "SELECT name, value FROM facts ORDER BY seq"))


async def until(bot: Bot, question: str, answer: object) -> None:
    """Wait for the casebook to say this."""
    for _ in range(200):
        if rows(bot, question) == [(answer,)]:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(rows(bot, question))
