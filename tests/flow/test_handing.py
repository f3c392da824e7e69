"""An engineer who looks (R21), a commitment with a time (R33), a colleague who takes over (R31)."""

import json
import time

from tests import fresh
from tests.flow.conftest import (
    AGENT,
    APPROVALS,
    CUSTOMER,
    DEPUTY,
    GUEST,
    OTHER_AGENT,
    SALES,
    SETUP,
    SHARED,
    SUPERVISOR,
    Bot,
    save_setup,
    texts,
)
from tests.flow.test_goodwill import FORM, card_of, changed_card
from tests.flow.test_home import home
from tests.flow.working import (
    asked_favour,
    direct,
    facts,
    has_button,
    moment,
    person,
    press,
    press_in,
    rows,
    typed,
    whisper_with,
    window,
)
from tests.sandbox.stage import Json, Seat, Stage

HOUR = 3_600


async def case_of(agent: Seat, whisper: Json) -> Json:
    """The case's window."""
    await press(agent, whisper, "show_case")
    return await window(agent, "case_view")


def line_of_news(bot: Bot) -> str:
    """The first line that a message to a colleague makes true."""
    ((content,),) = rows(bot, "SELECT content FROM advice WHERE after IS NOT NULL")
    return str(json.loads(content)["lines"][0]["text"])


async def test_an_engineer_is_told_to_look_and_not_to_fix(stage: Stage, bot: Bot) -> None:
    """Anybody of ours can be asked, also without a part in support; they hear of the work and of nothing else."""
    save_setup(bot.settings, SETUP.model_copy(update={"sales": SETUP.sales.model_copy(update={"users": ()})}))
    customer, agent, engineer = [await stage.seat(who) for who in (CUSTOMER, AGENT, SALES)]
    case = await case_of(agent, await asked_favour(customer, agent))
    await press_in(agent, case, "assign_engineer")
    view = await window(agent, "assign_engineer_view")
    form = {"engineer": person(SALES), "what": typed("發票模組今早更新後印不出來")}
    for outsider in (CUSTOMER, GUEST, "U0ASIDE"):
        refused = await agent.do("submit", view_id=view["id"], values={**form, "engineer": person(outsider)})
        assert list(refused["errors"]) == ["engineer"]
    refused = await agent.do("submit", view_id=view["id"], values={**form, "what": typed(" ")})
    assert list(refused["errors"]) == ["what"]
    await agent.do("submit", view_id=view["id"], values=form)
    task = await direct(engineer, "發票模組今早更新後印不出來", "先不要修")
    assert not any(word in texts(task["message"]["blocks"]) for word in ("通融", "NT$", "主管", "保固"))
    told = await whisper_with(agent, "先看，不修")
    assert "rich_text_quote" in str(told["message"]["blocks"])
    assert (facts(bot)["engineer"], facts(bot)["engineer_assigned"]) == (SALES, "yes")
    assert line_of_news(bot) in texts((await home(agent))["blocks"])


async def test_an_engineer_who_cannot_be_told_is_not_assigned(stage: Stage, bot: Bot) -> None:
    """No line says that somebody looks before they know of it."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    case = await case_of(agent, await asked_favour(customer, agent))
    await press_in(agent, case, "assign_engineer")
    view = await window(agent, "assign_engineer_view")
    await stage.admin("fail_next", method="conversations.open", error="cannot_dm_bot")
    await agent.do("submit", view_id=view["id"], values={"engineer": person(SALES), "what": typed("看一下")})
    await direct(agent, "通知不到")
    await press(agent, await agent.sees("ephemeral", lambda push: has_button(push, "ask_exception")), "show_case")
    assert "工程師*" not in texts((await window(agent, "case_view", 2))["blocks"])
    assert line_of_news(bot) not in texts((await home(agent))["blocks"])


async def test_a_commitment_has_a_time_and_is_kept(stage: Stage, bot: Bot) -> None:
    """Written down with its time, said to the customer with it, kept with one click, once."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    case = await case_of(agent, await asked_favour(customer, agent))
    await press_in(agent, case, "commit")
    view = await window(agent, "commit_view")
    now = int(time.time())
    for seconds in (None, now - HOUR, now + 400 * 24 * HOUR):
        form = {"text": typed("回電說明檢測結果"), "due": moment(seconds)}
        refused = await agent.do("submit", view_id=view["id"], values=form)
        assert list(refused["errors"]) == ["due"]
    due = now + 26 * HOUR
    await agent.do("submit", view_id=view["id"], values={"text": typed("回電說明檢測結果"), "due": moment(due)})
    told = await whisper_with(agent, "已記下", "回電說明檢測結果")
    there = time.strftime("%Y-%m-%d %H:%M", time.gmtime(due + 8 * HOUR))
    assert there in texts(told["message"]["blocks"])
    quoted = [block for block in told["message"]["blocks"] if block["type"] == "rich_text"]
    assert there in texts(quoted)
    assert facts(bot)["commitment_recorded"] == "yes"
    await press(agent, told, "commitment_kept")
    await agent.sees("ephemeral", lambda push: "做到了：回電" in texts(push["message"]))
    await press(agent, told, "commitment_withdraw")
    await agent.sees("ephemeral", lambda push: "已做到" in texts(push["message"]))
    assert rows(bot, "SELECT state, settled_by FROM commitments") == [("kept", AGENT)]
    assert facts(bot)["commitment_recorded"] == "no"
    assert rows(bot, "SELECT move FROM audit WHERE subject = 'commitment' ORDER BY seq") == [("make",), ("keep",)]


async def test_a_commitment_is_kept_in_the_cases_window_which_shows_it(stage: Stage, bot: Bot) -> None:
    """The window stays open and shows the new state; another agent may not touch it."""
    customer, agent, other = [await stage.seat(who) for who in (CUSTOMER, AGENT, OTHER_AGENT)]
    whisper = await asked_favour(customer, agent)
    case = await case_of(agent, whisper)
    await press_in(agent, case, "commit")
    view = await window(agent, "commit_view")
    form = {"text": typed("週五前寄報價"), "due": moment(int(time.time()) + HOUR)}
    await agent.do("submit", view_id=view["id"], values=form)
    await whisper_with(agent, "週五前寄報價")
    await press(agent, whisper, "show_case")
    await press_in(agent, await window(agent, "case_view", 2), "commitment_kept")
    updated = await agent.sees("view_updated", lambda push: "已做到" in texts(push["view"]["blocks"]))
    assert "commitment_kept" not in str(updated["view"]["blocks"])
    assert not other.of("view_opened")


async def test_a_colleague_takes_over_with_the_whole_case_and_does_not_decide_it(stage: Stage, bot: Bot) -> None:
    """The customer tells nothing twice; whispers go to the colleague; R30: whoever took over does not decide."""
    customer, agent, deputy, other = [await stage.seat(who) for who in (CUSTOMER, AGENT, DEPUTY, OTHER_AGENT)]
    whisper = await asked_favour(customer, agent)
    case = await case_of(agent, whisper)
    await press_in(agent, case, "choose_takeover")
    view = await window(agent, "ask_takeover_view")
    form = {"whom": person(DEPUTY), "why": typed("客戶要找能作主的人，語氣很急")}
    for nobody in (CUSTOMER, GUEST, SALES, AGENT):
        refused = await agent.do("submit", view_id=view["id"], values={**form, "whom": person(nobody)})
        assert list(refused["errors"]) == ["whom"]
    await agent.do("submit", view_id=view["id"], values=form)
    card = await direct(deputy, "可以接手", "客戶要找能作主的人", "發票都印不出來")
    await whisper_with(agent, "已請", "接手")
    assert facts(bot)["takeover_asked"] == "yes"
    await press(deputy, card, "take_over")
    await deputy.sees("message_changed", lambda push: "已接手" in texts(push["message"]["blocks"]))
    await direct(agent, "已接手")
    assert rows(bot, "SELECT agent FROM cases") == [(DEPUTY,)]
    assert facts(bot)["takeover_accepted"] == "yes"
    root = customer.of("message")[0]["message"]["ts"]
    told = len(agent.of("ephemeral"))
    await customer.say(SHARED, "再不處理我們就去 Google 留一星評論", thread_ts=root)
    await deputy.sees("ephemeral", lambda push: "一星" in texts(push["message"].get("blocks")))
    assert len(agent.of("ephemeral")) == told
    assert not other.of("ephemeral")
    await deputy.do("shortcut", callback_id="ask_exception", channel=SHARED, ts=root)
    await agent.do("shortcut", callback_id="ask_exception", channel=SHARED, ts=root)
    form_view = await window(agent, "ask_exception_view")
    await agent.do("submit", view_id=form_view["id"], values=FORM)
    request = await card_of(deputy)
    await press(deputy, {"type": "message", "channel": APPROVALS, "message": request}, "approve_exception")
    await deputy.sees("ephemeral", lambda push: "要請另一位主管" in texts(push["message"]))
    assert rows(bot, "SELECT state FROM exceptions") == [("requested",)]


async def test_whoever_was_asked_first_cannot_take_over_once_another_was_asked(stage: Stage, bot: Bot) -> None:
    """One at a time, and only whoever was asked."""
    customer, agent, deputy, supervisor = [await stage.seat(who) for who in (CUSTOMER, AGENT, DEPUTY, SUPERVISOR)]
    case = await case_of(agent, await asked_favour(customer, agent))
    for number, whom in enumerate((DEPUTY, SUPERVISOR), start=1):
        await press_in(agent, case, "choose_takeover")
        view = await window(agent, "ask_takeover_view", number)
        await agent.do("submit", view_id=view["id"], values={"whom": person(whom), "why": typed("請幫忙")})
        await direct(deputy if whom == DEPUTY else supervisor, "可以接手")
    await deputy.sees("message_changed", lambda push: "已經改請別人" in texts(push["message"]))
    card = await direct(supervisor, "可以接手")
    await press(supervisor, card, "take_over")
    await press(supervisor, card, "take_over")
    await direct(agent, "已接手")
    assert rows(bot, "SELECT agent FROM cases") == [(SUPERVISOR,)]
    assert rows(bot, "SELECT count(*) FROM facts WHERE name = 'takeover_accepted'") == [(1,)]


async def test_a_supervisor_who_only_asks_for_another_takeover_may_still_decide(stage: Stage, bot: Bot) -> None:
    """R30 keeps whoever took over from deciding, not whoever asked for it."""
    customer, agent, other, supervisor = [await stage.seat(who) for who in (CUSTOMER, AGENT, OTHER_AGENT, DEPUTY)]
    case = await case_of(agent, await asked_favour(customer, agent))
    await press_in(agent, case, "choose_takeover")
    view = await window(agent, "ask_takeover_view")
    await agent.do("submit", view_id=view["id"], values={"whom": person(OTHER_AGENT), "why": typed("請幫忙")})
    await press(other, await direct(other, "可以接手"), "take_over")
    await direct(agent, "已接手")
    root = customer.of("message")[0]["message"]["ts"]
    await supervisor.do("shortcut", callback_id="case_card", channel=SHARED, ts=root)
    await press_in(supervisor, await window(supervisor, "case_view"), "choose_takeover")
    view = await window(supervisor, "ask_takeover_view")
    await supervisor.do("submit", view_id=view["id"], values={"whom": person(AGENT), "why": typed("還是請你")})
    await whisper_with(supervisor, "已請", "接手")
    await agent.do("shortcut", callback_id="ask_exception", channel=SHARED, ts=root)
    form = await window(agent, "ask_exception_view")
    await agent.do("submit", view_id=form["id"], values=FORM)
    request = await card_of(supervisor)
    await press(supervisor, {"type": "message", "channel": APPROVALS, "message": request}, "approve_exception")
    await changed_card(supervisor)
    assert rows(bot, "SELECT state, decided_by FROM exceptions") == [("approved", DEPUTY)]


async def test_a_time_that_has_gone_by_is_promised_no_more(stage: Stage, bot: Bot) -> None:
    """A line never says that the customer hears from us by an hour that is over."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    whisper = await asked_favour(customer, agent)
    await press_in(agent, await case_of(agent, whisper), "commit")
    view = await window(agent, "commit_view")
    form = {"text": typed("回電"), "due": moment(int(time.time()) + HOUR)}
    await agent.do("submit", view_id=view["id"], values=form)
    told = await whisper_with(agent, "已記下")
    fresh.changed(bot.settings, "UPDATE commitments SET due_at = ?", time.time() - HOUR)
    root = customer.of("message")[0]["message"]["ts"]
    await customer.say(SHARED, "我要找你們主管，叫你們主管出來跟我講", thread_ts=root)
    await agent.sees("ephemeral", lambda push: push is not told and "主管出來" in texts(push["message"].get("blocks")))
    last = rows(bot, "SELECT content FROM advice ORDER BY given_at DESC LIMIT 1")[0][0]
    assert "commitment_recorded" not in json.loads(last)["facts"]
    assert not any("commitment_recorded" in line["claims"] for line in json.loads(last)["lines"])
