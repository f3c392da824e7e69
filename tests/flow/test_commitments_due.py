"""A commitment whose time comes, in Slack: reminded, missed, put off, and in the end told to the supervisors (R33)."""

import asyncio
import time

from bot.setup import Away, RoleSource
from tests import fresh
from tests.flow.conftest import (
    AGENT,
    CUSTOMER,
    OTHER_AGENT,
    SETUP,
    SUPERVISOR,
    Bot,
    save_setup,
    texts,
)
from tests.flow.working import (
    asked_favour,
    direct,
    facts,
    has_button,
    moment,
    press,
    press_in,
    rows,
    typed,
    whisper_with,
    window,
)
from tests.sandbox.stage import Json, Seat, Stage

HOUR = 3_600
PROMISE = "回電說明檢測結果"


async def promised(customer: Seat, agent: Seat, due: float | None = None) -> Json:
    """Something promised to the customer, due tomorrow; the whisper that confirms it."""
    await press(agent, await asked_favour(customer, agent), "show_case")
    await press_in(agent, await window(agent, "case_view"), "commit")
    view = await window(agent, "commit_view")
    form = {"text": typed(PROMISE), "due": moment(int(due or time.time() + 24 * HOUR))}
    await agent.do("submit", view_id=view["id"], values=form)
    return await whisper_with(agent, "已記下", PROMISE)


def it_is_time(bot: Bot) -> None:
    """The next thing is due now, and nothing else has changed."""
    _changed(bot, "next_at = 1 WHERE next_at IS NOT NULL")


def it_is_overdue(bot: Bot) -> None:
    """As if it had been due an hour ago."""
    _changed(bot, f"due_at = {int(time.time()) - HOUR}, next_at = 1")


def _changed(bot: Bot, how: str) -> None:
    fresh.changed(bot.settings, f"UPDATE commitments SET {how}")  # noqa: S608 - the test's own words


def moves(bot: Bot) -> list[str]:
    """What happened to it, in order."""
    return [move for (move,) in rows(bot, "SELECT move FROM audit WHERE subject = 'commitment' ORDER BY seq")]


async def happened(bot: Bot, *expected: str) -> None:
    """Wait until just this has happened."""
    for _ in range(200):
        if moves(bot) == list(expected):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(moves(bot))


def told(seat: Seat, words: str) -> int:
    """How many direct messages to somebody say this."""
    return sum(
        words in texts(push["message"].get("blocks")) for push in seat.of("message") if push["channel"].startswith("D")
    )


async def new_time(agent: Seat, news: Json, due: float, number: int = 1) -> None:
    """The button, and its window sent off."""
    await press(agent, news, "commitment_new_time")
    view = await window(agent, "commitment_new_time_view", number)
    assert PROMISE in texts(view["blocks"])
    missing = await agent.do(
        "submit", view_id=view["id"], values={"due": moment(int(time.time()) - HOUR), "reason": typed(" ")}
    )
    assert set(missing["errors"]) == {"due", "reason"}
    form = {"due": moment(int(due)), "reason": typed("料還沒到")}
    answer = await agent.do("submit", view_id=view["id"], values=form)
    assert answer["response_action"] is None, answer


def there(seconds: float) -> str:
    """A time by the clock of the customer and of our people."""
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(int(seconds) + 8 * HOUR))


async def test_whoever_promised_is_reminded_once_and_keeps_it(stage: Stage, bot: Bot) -> None:
    """In private, with the button; what was kept is quiet from then on."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    await promised(customer, agent)
    it_is_time(bot)
    reminder = await direct(agent, "快到時間", PROMISE)
    await press(agent, reminder, "commitment_kept")
    await happened(bot, "make", "remind", "keep")
    assert rows(bot, "SELECT state, next_at, settled_by FROM commitments") == [("kept", None, AGENT)]
    assert told(agent, "快到時間") == 1
    assert {push["message"].get("user") for push in customer.of("message")} == {CUSTOMER, AGENT}


async def test_what_was_missed_is_said_sorry_for_and_the_supervisors_hear_if_nothing_follows(
    stage: Stage, bot: Bot
) -> None:
    """Also when the bot was down meanwhile; the customer's channel sees none of it, and each thing happens once."""
    customer, agent, supervisor, other = [await stage.seat(w) for w in (CUSTOMER, AGENT, SUPERVISOR, OTHER_AGENT)]
    await promised(customer, agent)
    await bot.stop()
    it_is_overdue(bot)
    await bot.start()
    news = await direct(agent, "時間已經過了", PROMISE)
    quoted = texts([block for block in news["message"]["blocks"] if block["type"] == "rich_text"])
    assert there(rows(bot, "SELECT due_at FROM commitments")[0][0]) in quoted
    assert "對不起" in quoted
    assert not told(supervisor, "過了時間還沒做到")
    await bot.stop()
    it_is_time(bot)
    await bot.start()
    escalated = await direct(supervisor, "過了時間還沒做到", PROMISE, "廣昕精密")
    assert f"<@{AGENT}>" in texts(escalated["message"]["blocks"])
    assert has_button(escalated, "show_case")
    assert not has_button(escalated, "commitment_kept")
    await press(agent, news, "commitment_kept")
    await happened(bot, "make", "miss", "escalate", "keep")
    assert [told(seat, PROMISE) for seat in (agent, supervisor, other)] == [1, 1, 0]
    assert {push["message"].get("user") for push in customer.of("message")} == {CUSTOMER, AGENT}
    assert not customer.of("ephemeral")


async def test_a_new_time_comes_with_the_words_for_the_customer(stage: Stage, bot: Bot) -> None:
    """Before it is due and after it was missed; the old and the new time are both told, and the reason is kept."""
    customer, agent, supervisor = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUPERVISOR)]
    first = int(time.time()) // 60 * 60 + 24 * HOUR
    confirmed = await promised(customer, agent, first)
    await press(agent, confirmed, "commitment_new_time")
    view = await window(agent, "commitment_new_time_view")
    same = await agent.do("submit", view_id=view["id"], values={"due": moment(first), "reason": typed("料還沒到")})
    assert list(same["errors"]) == ["due"]
    await new_time(agent, confirmed, first + 2 * HOUR, 2)
    moved = await whisper_with(agent, "已改到", PROMISE)
    quoted = texts([block for block in moved["message"]["blocks"] if block["type"] == "rich_text"])
    assert there(first) in quoted
    assert there(first + 2 * HOUR) in quoted
    it_is_overdue(bot)
    news = await direct(agent, "時間已經過了", PROMISE)
    await new_time(agent, news, first + 4 * HOUR, 3)
    await happened(bot, "make", "reschedule", "miss", "reschedule")
    assert rows(bot, "SELECT state, due_at, next_move FROM commitments") == [("open", first + 4 * HOUR, "remind")]
    assert facts(bot)["commitment_recorded"] == "yes"
    whys = [why for (why,) in rows(bot, "SELECT why FROM audit WHERE move = 'reschedule' ORDER BY seq")]
    assert whys[0] == f"{there(first)} → {there(first + 2 * HOUR)}: 料還沒到"
    it_is_time(bot)
    reminder = await direct(agent, "快到時間", there(first + 4 * HOUR))
    assert not told(supervisor, PROMISE)
    await press(agent, reminder, "commitment_withdraw")
    await happened(bot, "make", "reschedule", "miss", "reschedule", "remind", "withdraw")
    await press(agent, news, "commitment_new_time")
    assert "已撤回" in texts((await window(agent, "notice_view"))["blocks"])


async def test_whoever_handles_the_case_now_hears_as_well(stage: Stage, bot: Bot) -> None:
    """After a colleague answered the customer, both the one who promised and the one who is there hear of it."""
    customer, agent, other = [await stage.seat(who) for who in (CUSTOMER, AGENT, OTHER_AGENT)]
    await promised(customer, agent)
    fresh.changed(bot.settings, "UPDATE cases SET agent = ?", OTHER_AGENT)
    it_is_time(bot)
    await direct(agent, "快到時間", PROMISE)
    reminder = await direct(other, "快到時間", PROMISE)
    await press(other, reminder, "commitment_kept")
    await happened(bot, "make", "remind", "keep")


async def test_while_the_supervisors_are_away_their_deputies_hear(stage: Stage, bot: Bot) -> None:
    """It is not left lying until somebody is back."""
    away = Away(user=SUPERVISOR, deputy=OTHER_AGENT)
    supervisors = RoleSource(users=(SUPERVISOR,))
    save_setup(bot.settings, SETUP.model_copy(update={"supervisors": supervisors, "away": (away,)}))
    customer, agent, other, supervisor = [await stage.seat(w) for w in (CUSTOMER, AGENT, OTHER_AGENT, SUPERVISOR)]
    await promised(customer, agent)
    it_is_overdue(bot)
    await direct(agent, "時間已經過了")
    it_is_time(bot)
    await direct(other, "過了時間還沒做到", PROMISE)
    assert not told(supervisor, PROMISE)
