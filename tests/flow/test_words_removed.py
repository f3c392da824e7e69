"""Words go when somebody takes them back or when they are old; what was true because a message went out stays true."""

from bot.case import Case
from storage import advised, cases
from storage import facts as recorded
from storage.engine import open_casebook
from tests import fresh
from tests.flow.conftest import AGENT, CUSTOMER, SHARED, SUCCESSOR, WORKSPACE, Bot, texts
from tests.flow.working import ASKED_BACK, FAULT, PROMISED, claimed_promise, direct, press, rows, whisper_with
from tests.sandbox.stage import Stage, until


def holding(bot: Bot) -> dict[str, bool]:
    """Which facts of the one case count."""
    casebook = open_casebook(bot.settings.casebook_url)
    with casebook.begin() as connection:
        case = cases.get(connection, WORKSPACE, rows(bot, "SELECT id FROM cases")[0][0])
        assert isinstance(case, Case)
        found = {each.name: each.holds for each in recorded.of_case(connection, case)}
    casebook.close()
    return found


async def test_what_was_true_because_a_message_went_out_stays_true_when_its_row_is_gone(stage: Stage, bot: Bot) -> None:
    """Half a year later the case is opened again: sales has been asked, as it had been; the Home still says so."""
    customer, agent, sales = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUCCESSOR)]
    await press(agent, await claimed_promise(customer, agent), "ask_sales")
    await direct(sales, "有答應過什麼嗎")
    await whisper_with(agent, "已經問業務")
    assert holding(bot) == {"promise_being_checked": True}
    told = rows(bot, "SELECT after FROM advice WHERE after IS NOT NULL")
    assert len(told) == 1
    await bot.stop()
    fresh.changed(bot.settings, "UPDATE outbox SET created_at = 0")
    fresh.changed(bot.settings, "UPDATE verifications SET state = 'confirmed'")
    fresh.changed(bot.settings, "UPDATE cases SET state = 'closed'")
    await bot.start()
    await until(lambda: not rows(bot, "SELECT key FROM outbox WHERE key LIKE 'verification:%'"))
    assert holding(bot) == {"promise_being_checked": True}
    casebook = open_casebook(bot.settings.casebook_url)
    with casebook.begin() as connection:
        kept = advised.advice_for(connection, WORKSPACE, AGENT, limit=20)
    casebook.close()
    assert [each.advice.lines for each in kept if each.advice.facts and "promise_being_checked" in each.advice.facts]


async def test_a_message_taken_back_is_quoted_nowhere(stage: Stage, bot: Bot) -> None:
    """The question to sales quoted the customer; once they delete what they wrote, neither card nor case has it."""
    customer, agent, sales = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUCCESSOR)]
    thread = await customer.say(SHARED, FAULT)
    await agent.sees("ephemeral")
    await agent.say(SHARED, ASKED_BACK, thread_ts=thread)
    ts = await customer.say(SHARED, PROMISED, thread_ts=thread)
    whisper = await agent.sees("ephemeral", lambda push: "'ask_sales'" in str(push["message"].get("blocks")))
    await press(agent, whisper, "ask_sales")
    card = await direct(sales, "有答應過什麼嗎", PROMISED)
    await customer.do("delete", channel=SHARED, ts=ts)
    changed = await sales.sees("message_changed", lambda push: push["message"]["ts"] == card["message"]["ts"])
    assert PROMISED not in str(changed["message"])
    assert "promise_yes" in str(changed["message"]["blocks"])
    assert "有答應過什麼嗎" in texts(changed["message"]["blocks"])
    await stage.settled()
    assert PROMISED not in fresh.everything(bot.settings)
    assert rows(bot, "SELECT claimed, state FROM verifications") == [("", "asked")]
    assert holding(bot) == {"promise_being_checked": True}


async def test_the_running_bot_removes_what_is_too_old_and_works_on(stage: Stage, bot: Bot) -> None:
    """However many rows there are: at the next start, and then each hour, all of them, while messages are read."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    await customer.say(SHARED, FAULT)
    await agent.sees("ephemeral")
    await bot.stop()
    fresh.changed(bot.settings, "UPDATE cases SET touched_at = 1, state = 'closed'")
    for number in range(30):
        fresh.changed(
            bot.settings,
            "INSERT INTO cases (workspace, id, channel, thread_ts, state, context, opened_at, touched_at)"
            " VALUES (?, ?, ?, ?, 'closed', '{}', 1, 1)",
            *(WORKSPACE, f"c{number}", SHARED, f"{number}.5"),
        )
        fresh.changed(
            bot.settings,
            "INSERT INTO messages (workspace, channel, ts, case_id, speaker, role, text, mirrored, anger, signals)"
            " VALUES (?, ?, ?, ?, 'U9', 'customer', 'old words', false, 0, '[]')",
            *(WORKSPACE, SHARED, f"{number}.5", f"c{number}"),
        )
    await bot.start()
    await until(lambda: not rows(bot, "SELECT ts FROM messages WHERE text != ''"))
    assert rows(bot, "SELECT count(*) FROM cases WHERE text_removed_at IS NOT NULL") == [(31,)]
    await customer.say(SHARED, FAULT)
    await until(lambda: rows(bot, "SELECT text FROM messages WHERE text != ''") == [(FAULT,)])
