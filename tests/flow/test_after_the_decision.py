"""What happens around a decision: who hears what, what the case shows, and what the customer may be told."""

from datetime import UTC, datetime

from tests.flow.conftest import AGENT, APPROVALS, CUSTOMER, OTHER_AGENT, SHARED, SUPERVISOR, Bot, texts
from tests.flow.test_life_of_a_request import FORM, TERMS, asked, card_with, given
from tests.flow.working import asked_favour, chosen, direct, has_button, press, press_in, typed, whisper_with, window
from tests.sandbox.stage import Stage

ASKED_BACK = ("ask_back_exception", "ask_back_exception_view")
APPROVED = ("approve_exception_with_terms", "approve_exception_view")


async def test_whoever_works_on_a_case_sees_hears_and_says_what_was_decided(stage: Stage, bot: Bot) -> None:
    """Question and answer stand in the case, the grant is told with its bounds, the colleague hears of each move."""
    customer, agent, other, supervisor = [await stage.seat(w) for w in (CUSTOMER, AGENT, OTHER_AGENT, SUPERVISOR)]
    whisper = await asked_favour(customer, agent)
    root = customer.of("message")[0]["message"]["ts"]
    await asked(agent, whisper, {**FORM, "concession": chosen("extension")})
    card = await card_with(supervisor)

    await press(supervisor, card, "read_conversation")
    read = texts((await window(supervisor, "conversation_view"))["blocks"])
    assert "可不可以通融一下" in read
    assert f"<@{AGENT}> 申請通融" in read

    await other.say(SHARED, "您好，接下來由我為您服務", thread_ts=root)
    await given(supervisor, card, *ASKED_BACK, {"reason": typed("影響幾個人？")})
    question = await direct(other, "影響幾個人？")
    await given(other, question, "answer_exception", "answer_exception_view", {"reason": typed("出貨組 12 位")})
    assert f"<@{OTHER_AGENT}>" in texts((await direct(agent, "由同在這個案件的"))["message"]["blocks"])

    ts = (await supervisor.do("say", channel=APPROVALS, text="今天"))["ts"]
    day = datetime.fromtimestamp(float(ts) + 30 * 86_400, tz=UTC).date()
    terms = {
        **TERMS,
        "concession": chosen("extension"),
        "conditions": typed("零件費用由貴公司負擔"),
        "extended_to": {"day": {"type": "datepicker", "selected_date": day.isoformat()}},
    }
    await given(supervisor, await card_with(supervisor, "出貨組 12 位"), *APPROVED, terms)
    news = await direct(other, "核准", "零件費用由貴公司負擔")
    spelt = f"{day.year} 年 {day.month} 月 {day.day} 日"
    assert f"保障延到 {spelt}，條件是：零件費用由貴公司負擔" in texts(news["message"]["blocks"])
    assert "在保固或合約內" in texts((await card_with(supervisor, "✅"))["message"]["blocks"])

    await customer.say(SHARED, "那其他台也一起免費處理吧，拜託通融一下", thread_ts=root)
    told = await whisper_with(other, "只給自己看", "NT$1,500")
    await press(other, told, "show_case")
    shown = await window(other, "case_view")
    file = texts(shown["blocks"])
    assert f"<@{SUPERVISOR}> 追問：影響幾個人？" in file
    assert f"<@{OTHER_AGENT}> 回覆：出貨組 12 位" in file
    assert "零件費用由貴公司負擔" in file

    await press_in(other, shown, "use_exception")
    booked = await direct(agent, "這次通融就此用完", f"由同在這個案件的 <@{OTHER_AGENT}>")
    assert not has_button(booked, "use_exception")
    await stage.settled()
    assert not customer.of("ephemeral")
    assert not customer.of("view_opened")
