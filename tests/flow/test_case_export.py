"""A case taken out as evidence from its window (R38): by a supervisor alone, told privately, logged."""

from bot.evidence import digest, found_in
from tests.flow.conftest import AGENT, CUSTOMER, DEPUTY, SETUP, SHARED, SUPERVISOR, Bot, save_setup, texts
from tests.flow.working import ASKED_BACK, FAULT, FAVOUR, asked_favour, direct, press, press_in, rows, until, window
from tests.sandbox.stage import Stage


async def test_a_supervisor_takes_a_case_out_and_the_audit_tells_of_it(stage: Stage, bot: Bot) -> None:
    """All that was said, deleted words gone, in a file beside the casebook; the customer's seat shows nothing of it."""
    customer, agent, supervisor = [await stage.seat(who) for who in (CUSTOMER, AGENT, DEPUTY)]
    await asked_favour(customer, agent)
    root, favour = (push["message"]["ts"] for push in customer.of("message") if push["message"]["user"] == CUSTOMER)
    await customer.do("delete", channel=SHARED, ts=favour)
    await supervisor.do("shortcut", callback_id="case_card", channel=SHARED, ts=root)
    view = await window(supervisor, "case_view")
    await press_in(supervisor, view, "export_case")
    told = await direct(supervisor, "廣昕精密", "exports", "SHA-256")
    await supervisor.sees("view_updated", lambda push: "已匯出" in texts(push["view"]["blocks"]))
    (file,) = (bot.settings.data / "exports").iterdir()
    assert file.name in texts(told["message"]["blocks"])
    text = file.read_text("utf-8")
    found = found_in(text)
    assert found
    assert rows(bot, "SELECT actor, after FROM audit WHERE move = 'export'") == [(DEPUTY, digest(found.text))]
    values = found.values
    assert (values["made_by"], values["timezone"], values["language"]) == (DEPUTY, "Asia/Taipei", "zh-TW")
    assert [each["text"] for each in values["messages"]] == [FAULT, ASKED_BACK, ""]
    assert values["messages"][2]["deleted_at"].endswith("+08:00")
    assert FAVOUR not in text
    assert "發言者已刪除" in text
    await stage.settled()
    assert not customer.of("ephemeral")
    assert {push["message"].get("user") for push in customer.of("message")} == {CUSTOMER, AGENT}


async def test_an_agent_takes_nothing_out(stage: Stage, bot: Bot) -> None:
    """The button is not in an agent's window."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    await press(agent, await asked_favour(customer, agent), "show_case")
    view = await window(agent, "case_view")
    assert "export_case" not in str(view["blocks"])
    assert not (bot.settings.data / "exports").exists()


async def test_whoever_is_no_supervisor_any_more_takes_nothing_out(stage: Stage, bot: Bot) -> None:
    """Who clicked decides, with the role they have at the click, not what the window showed."""
    customer, agent, supervisor = [await stage.seat(who) for who in (CUSTOMER, AGENT, DEPUTY)]
    await asked_favour(customer, agent)
    root = customer.of("message")[0]["message"]["ts"]
    await supervisor.do("shortcut", callback_id="case_card", channel=SHARED, ts=root)
    view = await window(supervisor, "case_view")
    agents = SETUP.agents.model_copy(update={"users": (AGENT, DEPUTY)})
    nobody = SETUP.supervisors.model_copy(update={"groups": (), "users": (SUPERVISOR,)})
    save_setup(bot.settings, SETUP.model_copy(update={"agents": agents, "supervisors": nobody}))
    await supervisor.say(SHARED, "我先處理這件", thread_ts=root)
    await until(bot, "SELECT agent FROM cases", DEPUTY)
    await press_in(supervisor, view, "export_case")
    await direct(supervisor, "只有主管或上級主管")
    assert not (bot.settings.data / "exports").exists()
