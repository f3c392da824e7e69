"""Assessing a case (R17): from the button to the facts, the lines that are true now, and a window that knows them."""

import time

import pytest

from bot.settings import Settings
from tests.flow.conftest import AGENT, CUSTOMER, OTHER_AGENT, SHARED, SUPERVISOR, Bot, texts
from tests.flow.test_goodwill import FORM, card_of, changed_card
from tests.flow.without_slack import Desk, desk
from tests.flow.working import (
    asked_favour,
    chosen,
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

ASSESSED = {
    "severity": chosen("site"),
    "effort_hours": typed("２ 小時"),
    "cost": typed("NT$3,000"),
    "fault_ours": chosen("no"),
    "why": typed(""),
}
SLIPS = [
    *[("effort_hours", words) for words in ("很久", "0", "99999", "NaN")],
    *[("cost", words) for words in ("-5", "不知道", "9" * 12)],
]


async def assessed(seat: Seat, whisper: Json, form: Json | None = None) -> Json:
    """The window filled in and sent off; what it answers."""
    await press(seat, whisper, "assess")
    view = await window(seat, "assess_view")
    return await seat.do("submit", view_id=view["id"], values={**ASSESSED, **(form or {})})


async def test_assessing_records_the_facts_and_prefills_the_request(stage: Stage, bot: Bot) -> None:
    """Three questions and whose fault; the band follows policy; nobody types the same twice."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    whisper = await asked_favour(customer, agent)
    assert (await assessed(agent, whisper))["response_action"] is None
    told = await whisper_with(agent, "NT$3,000（低）", "2 小時")
    assert facts(bot) == {"severity": "site", "effort_hours": "2", "cost": "3000.00", "fault_ours": "no"}
    assert rows(bot, "SELECT DISTINCT recorded_by FROM facts") == [(AGENT,)]
    assert has_button(told, "ask_exception")
    await press(agent, told, "ask_exception")
    view = await window(agent, "ask_exception_view")
    boxes = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
    assert boxes["cost"]["initial_value"] == "3000"
    assert boxes["fault_ours"]["initial_option"]["value"] == "no"


@pytest.mark.parametrize(("channel", "kind"), [(SHARED, "ephemeral"), ("D0YICHUN", "direct")])
async def test_the_answer_comes_where_it_was_clicked(stage: Stage, settings: Settings, channel: str, kind: str) -> None:
    """Whoever assesses from a direct message reads there what came of it, by way of the case's window as well."""
    async with desk(stage, settings) as at:
        case = at.case()
        assert await at.click(AGENT, "assess", case.id, channel=channel) == ["window assess_view"]
        assert await sent_off(at, "3000") == (
            kind,
            "已記下廣昕精密股份有限公司：NT$3,000（低），2 小時，責任：不在我們",
        )
        assert await at.click(AGENT, "show_case", case.id, channel=channel) == ["window case_view"]
        assert await at.click(AGENT, "assess", case.id, in_window=True) == ["window assess_view"]
        assert (await sent_off(at, "80000"))[0] == kind


async def sent_off(at: Desk, cost: str) -> tuple[str, str]:
    """The window that was opened last, filled in and sent off: how the answer comes, and what it says."""
    told = await at.submit(AGENT, "assess_view", at.view()["private_metadata"], {**ASSESSED, "cost": typed(cost)})
    ((kind,),) = at.rows("SELECT kind FROM outbox ORDER BY seq DESC LIMIT 1")
    return str(kind), told[-1]


async def test_the_cases_window_shows_at_once_what_was_done_from_it(stage: Stage, bot: Bot) -> None:
    """The forms lie on top of the case's window; once they are sent off it shows the case as it is now."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    await asked_favour(customer, agent)
    root = customer.of("message")[0]["message"]["ts"]
    await agent.do("shortcut", callback_id="case_card", channel=SHARED, ts=root)
    case = await window(agent, "case_view")
    assert "NT$3,000" not in texts(case["blocks"])
    await press_in(agent, case, "assess")
    await agent.do("submit", view_id=(await window(agent, "assess_view"))["id"], values=ASSESSED)
    shown = (await agent.sees("view_updated", lambda push: "NT$3,000" in texts(push["view"]["blocks"])))["view"]
    await press_in(agent, shown, "commit")
    form = {"text": typed("回電說明檢測結果"), "due": moment(int(time.time()) + 3_600)}
    await agent.do("submit", view_id=(await window(agent, "commit_view"))["id"], values=form)
    shown = (await agent.sees("view_updated", lambda push: "回電說明" in texts(push["view"]["blocks"])))["view"]
    await press_in(agent, shown, "ask_exception")
    await agent.do("submit", view_id=(await window(agent, "ask_exception_view"))["id"], values=FORM)
    shown = (await agent.sees("view_updated", lambda push: "等待決定" in texts(push["view"]["blocks"])))["view"]
    assert shown["id"] == case["id"]
    assert rows(bot, "SELECT error FROM inbox WHERE error IS NOT NULL") == []


async def test_a_mistake_of_ours_is_named_and_the_case_is_put_right(stage: Stage, bot: Bot) -> None:
    """R13: ours needs the reason, and leads to making it right; the window says so again when it is opened again."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    whisper = await asked_favour(customer, agent)
    ours = {"fault_ours": chosen("our_late_reply")}
    refused = await assessed(agent, whisper, ours)
    assert list(refused["errors"]) == ["why"]
    view = await window(agent, "assess_view")
    named = {**ASSESSED, **ours, "why": typed("週五的信我們週一才回")}
    await agent.do("submit", view_id=view["id"], values=named)
    await whisper_with(agent, "責任：在我們")
    assert facts(bot)["fault_ours"] == "yes"
    assert facts(bot)["our_late_reply"] == "yes"
    assert rows(bot, "SELECT why FROM facts WHERE name = 'fault_ours'") == [("週五的信我們週一才回",)]
    await press(agent, whisper, "assess")
    view = await window(agent, "assess_view", 2)
    again = {block["block_id"]: block["element"] for block in view["blocks"][1:]}
    assert again["fault_ours"]["initial_option"]["value"] == "our_late_reply"
    assert again["why"]["initial_value"] == "週五的信我們週一才回"


async def test_a_mistake_is_named_no_more_once_the_request_says_that_it_was_not_ours(stage: Stage, bot: Bot) -> None:
    """R13 and true lines: whoever asks for the exception has the last word on whose fault it was."""
    customer, agent, supervisor = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUPERVISOR)]
    whisper = await asked_favour(customer, agent)
    await assessed(agent, whisper, {"fault_ours": chosen("our_late_reply"), "why": typed("週一才回")})
    await whisper_with(agent, "責任：在我們")
    assert facts(bot)["our_late_reply"] == "yes"
    await press(agent, whisper, "ask_exception")
    view = await window(agent, "ask_exception_view")
    await agent.do("submit", view_id=view["id"], values={**FORM, "fault_ours": chosen("no")})
    await card_of(supervisor)
    assert (facts(bot)["fault_ours"], facts(bot)["our_late_reply"]) == ("no", "no")


async def test_a_slip_is_said_beside_its_box_and_nothing_is_recorded(stage: Stage, bot: Bot) -> None:
    """One sentence for each mistake."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    await press(agent, await asked_favour(customer, agent), "assess")
    view = await window(agent, "assess_view")
    for box, words in SLIPS:
        refused = await agent.do("submit", view_id=view["id"], values={**ASSESSED, box: typed(words)})
        assert list(refused["errors"]) == [box]
    assert facts(bot) == {}


async def test_assessing_twice_with_the_same_answers_writes_nothing_twice(stage: Stage, bot: Bot) -> None:
    """A fact is written when it changes; what it was before stays on file."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    whisper = await asked_favour(customer, agent)
    await assessed(agent, whisper)
    await whisper_with(agent, "NT$3,000（低）")
    await press(agent, whisper, "assess")
    view = await window(agent, "assess_view", 2)
    await agent.do("submit", view_id=view["id"], values={**ASSESSED, "cost": typed("8 萬")})
    await whisper_with(agent, "NT$80,000（高）")
    assert rows(bot, "SELECT name, value FROM facts WHERE name = 'cost' ORDER BY seq") == [
        ("cost", "3000.00"),
        ("cost", "80000.00"),
    ]
    assert rows(bot, "SELECT count(*) FROM facts") == [(5,)]


async def test_after_a_no_only_something_new_opens_the_way_again(stage: Stage, bot: Bot) -> None:
    """R34: refused before, let through after a new fact was named, and the supervisor reads which."""
    customer, agent, supervisor = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUPERVISOR)]
    whisper = await asked_favour(customer, agent)
    await declined(agent, supervisor, whisper)
    await press(agent, whisper, "ask_exception")
    notice = await window(agent, "notice_view")
    assert "新的事證" in texts(notice["blocks"])
    await press(agent, whisper, "show_case")
    case = await window(agent, "case_view")
    await press_in(agent, case, "new_facts")
    view = await window(agent, "new_facts_view")
    empty = await agent.do("submit", view_id=view["id"], values={"what": typed(" ")})
    assert list(empty["errors"]) == ["what"]
    await agent.do("submit", view_id=view["id"], values={"what": typed("找到 3 月的驗收單，日期算錯了")})
    told = await whisper_with(agent, "可以再申請一次通融")
    await press(agent, told, "ask_exception")
    again = await window(agent, "ask_exception_view", 2)
    boxes = {block["block_id"]: block["element"] for block in again["blocks"] if block["type"] == "input"}
    assert boxes["reason"]["initial_value"] == "找到 3 月的驗收單，日期算錯了"
    await agent.do("submit", view_id=again["id"], values={**FORM, "reason": typed("找到 3 月的驗收單")})
    card = await supervisor.sees("message", lambda push: "3 月的驗收單" in texts(push["message"].get("blocks")))
    assert has_button(card, "approve_exception")
    assert rows(bot, "SELECT state FROM exceptions ORDER BY requested_at") == [("declined",), ("requested",)]


async def declined(agent: Seat, supervisor: Seat, whisper: Json) -> None:
    """Asked for and declined."""
    await press(agent, whisper, "ask_exception")
    view = await window(agent, "ask_exception_view")
    await agent.do("submit", view_id=view["id"], values=FORM)
    card = await card_of(supervisor)
    await press(supervisor, {"type": "message", "channel": "C0APPROVALS", "message": card}, "decline_exception")
    view = (await supervisor.sees("view_opened"))["view"]
    await supervisor.do("submit", view_id=view["id"], values={"reason": typed("其他客戶都有付費續約")})
    await changed_card(supervisor)
    await direct(agent, "其他客戶都有付費續約")


async def test_nothing_new_can_be_named_without_a_no(stage: Stage, bot: Bot) -> None:
    """There is nothing to reopen, so there is no button for it."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    await press(agent, await asked_favour(customer, agent), "show_case")
    case = await window(agent, "case_view")
    assert "'assess'" in str(case["blocks"])
    assert "'new_facts'" not in str(case["blocks"])


async def test_another_agent_and_the_customer_do_not_see_the_case(stage: Stage, bot: Bot) -> None:
    """It is for whoever handles it and for supervisors; everybody else gets a sentence."""
    customer, agent, other, supervisor = [await stage.seat(who) for who in (CUSTOMER, AGENT, OTHER_AGENT, SUPERVISOR)]
    await asked_favour(customer, agent)
    ts = customer.of("message")[0]["message"]["ts"]
    await other.do("shortcut", callback_id="case_card", channel=SHARED, ts=ts)
    assert "主管看得到" in texts((await window(other, "notice_view"))["blocks"])
    await customer.do("shortcut", callback_id="case_card", channel=SHARED, ts=ts)
    refused = await customer.sees("ephemeral")
    assert "客服團隊" in texts(refused["message"])
    assert not customer.of("view_opened")
    await stage.admin("add_member", channel=SHARED, user=SUPERVISOR)
    await supervisor.do("shortcut", callback_id="case_card", channel=SHARED, ts=ts)
    assert "廣昕精密股份有限公司" in texts((await window(supervisor, "case_view"))["blocks"])


async def test_the_case_shows_each_fact_with_who_when_and_why(stage: Stage, bot: Bot) -> None:
    """Every change has who, when and why, and what it was before."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    whisper = await asked_favour(customer, agent)
    await assessed(agent, whisper)
    await whisper_with(agent, "NT$3,000（低）")
    await press(agent, whisper, "assess")
    view = await window(agent, "assess_view", 2)
    values = {
        **ASSESSED,
        "cost": typed("6000"),
        "fault_ours": chosen("unknown"),
        "why": typed("還在查是不是更新造成的"),
    }
    await agent.do("submit", view_id=view["id"], values=values)
    await whisper_with(agent, "NT$6,000（高）")
    await press(agent, whisper, "show_case")
    text = texts((await window(agent, "case_view"))["blocks"])
    assert "NT$6,000（高）" in text
    assert "先前：NT$3,000（低）" in text
    assert "還在查是不是更新造成的" in text
    assert f"<@{AGENT}>" in text
