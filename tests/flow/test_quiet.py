"""Quiet: rating, correcting, muting and pausing by real clicks, and the App Home that keeps what Slack forgets."""

import json

import pytest

from bot.i18n import words
from bot.settings import Settings
from handlers.feedback import Place
from tests import fresh
from tests.flow.conftest import (
    AGENT,
    CUSTOMER,
    DESK,
    OTHER_AGENT,
    SETUP,
    SHARED,
    SUPERVISOR,
    Bot,
    save_setup,
    texts,
    whispers,
)
from tests.flow.test_goodwill import asked
from tests.flow.test_home import home
from tests.flow.without_slack import desk
from tests.flow.working import FAULT, has_button, press, rows, typed, until, whisper_with, window
from tests.sandbox.stage import Json, Seat, Stage

SAY = words("zh-TW")
LEAVING = "再不處理，我們下個月就換別家廠商"
HELPDESK = {"app_id": "A0DESK", "bot_id": "B0DESK", "username": "mail"}
GONE = SAY("That whisper is no longer on file.")


def reason(chosen: str, *, note: str = "", signal: str = "", really: str = "") -> Json:
    """The window filled in."""
    values: Json = {"reason": {"choice": {"type": "radio_buttons", "selected_option": {"value": chosen}}}}
    for block, value in (("signal", signal), ("really", really)):
        if value:
            values[block] = {"choice": {"type": "static_select", "selected_option": {"value": value}}}
    return values | ({"note": typed(note)} if note else {})


def menu_in(blocks: list[Json]) -> tuple[Json, Json]:
    """The first menu behind three dots, and its block."""
    for block in blocks:
        for element in (*block.get("elements", ()), block.get("accessory", {})):
            if element.get("action_id") == "whisper_menu":
                return block, element
    raise AssertionError


async def choose(seat: Seat, container: Json, blocks: list[Json], value: str) -> None:
    """Choose from the menu behind three dots."""
    block, element = menu_in(blocks)
    option = next(each for each in element["options"] if each["value"] == value)
    action = {"type": "overflow", "action_id": "whisper_menu", "block_id": block["block_id"], "selected_option": option}
    await seat.do("action", container=container, action=action)


async def choose_on(seat: Seat, push: Json, value: str) -> None:
    """The same, on a whisper."""
    container = {"type": "ephemeral", "channel": push["channel"], "ts": push["message"]["ts"]}
    await choose(seat, container, push["message"]["blocks"], value)


async def choose_at_home(seat: Seat, view: Json, value: str) -> Json:
    """The same, on the newest entry of the App Home; the Home after it."""
    before = len(seat.of("home"))
    await choose(seat, {"type": "view", "view_id": view["id"]}, view["blocks"], value)
    await seat.sees("home", lambda _: len(seat.of("home")) > before)
    return dict(seat.of("home")[-1]["view"])


async def press_at_home(seat: Seat, view: Json, action_id: str) -> Json:
    """Press a button of the App Home; the Home after it."""
    before = len(seat.of("home"))
    block = next(each for each in view["blocks"] if each.get("accessory", {}).get("action_id") == action_id)
    action = {
        "type": "button",
        "action_id": action_id,
        "block_id": block["block_id"],
        "value": block["accessory"]["value"],
    }
    await seat.do("action", container={"type": "view", "view_id": view["id"]}, action=action)
    await seat.sees("home", lambda _: len(seat.of("home")) > before)
    return dict(seat.of("home")[-1]["view"])


async def undo(seat: Seat, push: Json) -> None:
    """Press the button that takes back what was done."""
    block = next(each for each in push["message"]["blocks"] if each.get("accessory", {}).get("type") == "button")
    button = block["accessory"]
    action = {
        "type": "button",
        "action_id": button["action_id"],
        "block_id": block["block_id"],
        "value": button["value"],
    }
    container = {"type": "ephemeral", "channel": push["channel"], "ts": push["message"]["ts"]}
    await seat.do("action", container=container, action=action)


async def replaced(seat: Seat, times: int = 1) -> Json:
    """The whisper after it changed so many times."""
    await seat.sees("ephemeral_replaced", lambda _: len(seat.of("ephemeral_replaced")) >= times)
    return dict(seat.of("ephemeral_replaced")[times - 1])


async def faulty(customer: Seat, agent: Seat) -> Json:
    """A fault reported; the whisper about it."""
    await customer.say(SHARED, FAULT)
    return await agent.sees("ephemeral")


async def mail(seat: Seat, text: str) -> str:
    """Somebody writes to the desk, which is a case of its own."""
    return str((await seat.do("say", channel=DESK, text=text, as_app=HELPDESK))["ts"])


async def heard_at_desk(agent: Seat, customer: Seat, text: str = FAULT) -> Json:
    """A mail to the desk, and the whisper about it: all that was said before it has been worked on."""
    before = len(agent.of("ephemeral"))
    await mail(customer, text)
    await agent.sees("ephemeral", lambda _: len(agent.of("ephemeral")) > before)
    return dict(agent.of("ephemeral")[-1])


async def sentence(seat: Seat, text: str) -> None:
    """Wait until this person is told this."""
    await seat.sees("ephemeral", lambda push: text in texts(push["message"].get("blocks") or push["message"]))


def plays(bot: Bot) -> list[list[str]]:
    """The plays of each whisper, oldest first."""
    return [json.loads(row[0])["plays"] for row in rows(bot, "SELECT content FROM advice ORDER BY given_at")]


async def test_who_finds_it_helpful_is_thanked_keeps_the_words_and_can_take_it_back(stage: Stage, bot: Bot) -> None:
    """The lines are still needed after the click."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    whisper = await faulty(customer, agent)
    said = [texts(each) for each in whisper["message"]["blocks"] if each["type"] == "rich_text"]
    await press(agent, whisper, "helpful")
    thanks = await replaced(agent)
    shown = texts(thanks["message"]["blocks"])
    assert SAY("Thank you, noted.") in shown
    assert all(each in shown for each in said)
    assert has_button(thanks, "why")
    assert has_button(thanks, "whisper_menu")
    assert not has_button(thanks, "helpful")
    assert rows(bot, "SELECT person, helpful, reason FROM ratings") == [(AGENT, 1, "")]
    await press(agent, thanks, "why")
    await window(agent, "why_view")
    await undo(agent, thanks)
    again = await replaced(agent, 2)
    assert texts(again["message"]["blocks"]) == texts(whisper["message"]["blocks"])
    assert rows(bot, "SELECT * FROM ratings") == []


async def test_why_it_did_not_help_is_kept_and_the_whisper_goes(stage: Stage, bot: Bot) -> None:
    """A reason and the agent's own words feed the playbook."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    whisper = await faulty(customer, agent)
    await choose_on(agent, whisper, "not_helpful")
    view = await window(agent, "not_helpful_view")
    answer = await agent.do("submit", view_id=view["id"], values=reason("known", note="老客戶了"))
    assert answer["response_action"] is None
    thanks = await replaced(agent)
    assert texts(thanks["message"]["blocks"]).splitlines() == [SAY("Thank you, noted."), SAY("Undo")]
    assert rows(bot, "SELECT helpful, reason, note FROM ratings") == [(0, "known", "老客戶了")]
    await undo(agent, thanks)
    again = await replaced(agent, 2)
    assert texts(again["message"]["blocks"]) == texts(whisper["message"]["blocks"])


async def test_something_else_wants_a_word(stage: Stage, bot: Bot) -> None:
    """A mistake in the window is said beside its box, and nothing is kept."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    await choose_on(agent, await faulty(customer, agent), "not_helpful")
    view = await window(agent, "not_helpful_view")
    answer = await agent.do("submit", view_id=view["id"], values=reason("other"))
    assert answer["errors"] == {"note": SAY("Please say in a few words what it was.")}
    assert rows(bot, "SELECT * FROM ratings") == []


async def corrected(customer: Seat, agent: Seat, really: str) -> Json:
    """The signal of a whisper said to be wrong, from the window that tells why."""
    whisper = await faulty(customer, agent)
    await press(agent, whisper, "why")
    why = await window(agent, "why_view")
    block = next(each for each in why["blocks"] if "accessory" in each)
    button = block["accessory"]
    assert button["value"] == "reports_fault"
    action = {"type": "button", "action_id": "wrong_signal", "block_id": block["block_id"], "value": button["value"]}
    await agent.do("action", container={"type": "view", "view_id": why["id"]}, action=action)
    view = await window(agent, "not_helpful_view")
    values = reason("wrong_signal", signal="reports_fault", really=really)
    await agent.do("submit", view_id=view["id"], values=values)
    return await replaced(agent)


async def test_a_wrong_signal_leaves_the_message_and_does_not_come_back(stage: Stage, bot: Bot) -> None:
    """The case follows at once, who did it is on record, and an edit does not raise it again."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    thanks = await corrected(customer, agent, "")
    assert "這則訊息不再算「回報問題」" in texts(thanks["message"]["blocks"])
    assert rows(bot, "SELECT signals FROM messages") == [("[]",)]
    assert rows(bot, "SELECT actor, move, after FROM audit WHERE subject = 'message'") == [(AGENT, "correct", "[]")]
    [(signal, really, text_hash)] = rows(bot, "SELECT signal, really, text_hash FROM corrections")
    assert (signal, really, len(text_hash)) == ("reports_fault", "", 64)
    [(ts,)] = rows(bot, "SELECT ts FROM messages")
    heard = len(agent.of("ephemeral"))
    await customer.do("edit", channel=SHARED, ts=ts, text=FAULT + "，印表機也不動")
    await heard_at_desk(agent, customer)
    assert len(agent.of("ephemeral")) == heard + 1
    assert rows(bot, "SELECT signals FROM messages WHERE ts = (SELECT ts FROM corrections)") == [("[]",)]


async def test_a_window_on_top_of_why_is_sent_off_without_an_error(stage: Stage, settings: Settings) -> None:
    """What stands below is about a whisper and no case: nothing in it is shown anew, and nobody is woken for it."""
    async with desk(stage, settings) as town:
        view = {
            "id": "V2",
            "previous_view_id": "V1",
            "callback_id": "not_helpful_view",
            "private_metadata": Place(advice_id="gone").model_dump_json(),
            "state": {"values": reason("other", note="太晚了")},
        }
        payload: Json = {"user": {"id": AGENT}, "view": view}
        assert await town.deliver("view", AGENT, payload, key="view:1") == [GONE]
        assert "aside_work_failed_total{" not in town.services.metrics.text().decode()


async def test_a_correction_that_is_taken_back_leaves_no_trace_in_the_case(stage: Stage, bot: Bot) -> None:
    """What it really was comes in with it and goes with it."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    thanks = await corrected(customer, agent, "asks_why")
    assert rows(bot, "SELECT signals FROM messages") == [('["asks_why"]',)]
    await undo(agent, thanks)
    await replaced(agent, 2)
    assert rows(bot, "SELECT signals FROM messages") == [('["reports_fault"]',)]
    assert rows(bot, "SELECT * FROM corrections") == []


async def test_a_muted_play_is_silent_in_every_case_until_it_is_unmuted(stage: Stage, bot: Bot) -> None:
    """For this person alone; other plays are heard, and the Home lists what is muted."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    await choose_on(agent, await faulty(customer, agent), "mute_play")
    muted = await replaced(agent)
    assert SAY("Undo") in texts(muted["message"]["blocks"])
    await mail(customer, FAULT)
    await mail(customer, LEAVING)
    await whisper_with(agent, "換別家廠商")
    assert [each for each in plays(bot)[1:] if "reports_fault" in each] == []
    view = await home(agent)
    assert SAY("Muted") in texts(view["blocks"])
    view = await press_at_home(agent, view, "unmute_play")
    assert SAY("Muted") not in texts(view["blocks"])
    await mail(customer, "POS 收銀機開不了機，客人在排隊")
    await whisper_with(agent, "客人在排隊")
    assert "reports_fault" in plays(bot)[-1]


async def test_a_muted_case_is_silent_and_the_others_are_not(stage: Stage, bot: Bot) -> None:
    """Muting can be undone where it was done."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    await choose_on(agent, await faulty(customer, agent), "mute_case")
    muted = await replaced(agent)
    await customer.say(SHARED, LEAVING)
    await heard_at_desk(agent, customer)
    assert len(agent.of("ephemeral")) == 2
    assert SAY("Case: {name}", name="廣昕精密股份有限公司") in texts((await home(agent))["blocks"])
    await undo(agent, muted)
    await replaced(agent, 2)
    await customer.say(SHARED, "你們賠償我們的損失，至少五萬")
    await agent.sees("ephemeral", lambda _: len(agent.of("ephemeral")) == 3)


async def test_a_muted_case_has_the_day_on_which_it_began_for_its_reader(stage: Stage, bot: Bot) -> None:
    """Eight in the evening in London is the next day already in Taipei, where the agent is."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    await choose_on(agent, await faulty(customer, agent), "mute_case")
    await replaced(agent)
    fresh.changed(bot.settings, "UPDATE cases SET opened_at = 1772568000")
    assert "2026-03-04" in texts((await home(agent))["blocks"])


async def test_who_pauses_hears_nothing_and_finds_it_in_the_home(stage: Stage, bot: Bot) -> None:
    """`/aside pause`, and `/aside resume` ends it."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    await agent.do("command", channel=DESK, text="/aside pause ３０")
    await sentence(agent, "/aside resume")
    await agent.sees("home")
    quiet = len(agent.of("ephemeral"))
    await customer.say(SHARED, FAULT)
    await agent.do("command", channel=DESK, text="/aside duty")
    await until(bot, "SELECT while_paused FROM advice", 1)
    view = await home(agent)
    shown = texts(view["blocks"])
    assert SAY("kept while you paused") in shown
    assert SAY("Resume") in shown
    assert [each for each in whispers(agent)[quiet:] if "出貨全部卡住" in each] == []
    await agent.do("command", channel=DESK, text="/aside resume")
    await sentence(agent, SAY("Aside is whispering again. What came up meanwhile is in the App Home."))
    await customer.say(SHARED, LEAVING)
    await whisper_with(agent, "換別家廠商")


async def test_a_pause_begins_and_ends_with_a_button_of_the_home(stage: Stage, bot: Bot) -> None:
    """What the command does, without typing."""
    agent = await stage.seat(AGENT)
    view = await press_at_home(agent, await home(agent), "pause")
    assert len(rows(bot, "SELECT * FROM pauses")) == 1
    view = await press_at_home(agent, view, "resume")
    assert SAY("Pause for an hour") in texts(view["blocks"])
    assert rows(bot, "SELECT * FROM pauses") == []


@pytest.mark.parametrize("typed_in", ["soon", "0", "601", "-5", "1.5", "9" * 5_000])
async def test_a_pause_that_is_no_number_of_minutes_gets_a_sentence(stage: Stage, bot: Bot, typed_in: str) -> None:
    """What to type instead."""
    agent = await stage.seat(AGENT)
    await agent.do("command", channel=DESK, text=f"/aside pause {typed_in}")
    most = SAY("For how many minutes? Type a whole number from 1 to {most}, as in /aside pause 30.", most=600)
    await sentence(agent, most)
    assert rows(bot, "SELECT * FROM pauses") == []


async def test_pausing_from_a_whisper_can_be_ended_there(stage: Stage, bot: Bot) -> None:
    """The button beside the sentence says what it does."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    await choose_on(agent, await faulty(customer, agent), "pause")
    paused = await replaced(agent)
    assert SAY("Resume") in texts(paused["message"]["blocks"])
    await undo(agent, paused)
    await replaced(agent, 2)
    assert rows(bot, "SELECT * FROM pauses") == []


async def test_what_slack_forgot_is_rated_in_the_home(stage: Stage, bot: Bot) -> None:
    """Newest case first, and whether it was rated."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    await faulty(customer, agent)
    await heard_at_desk(agent, customer, "POS 收銀機開不了機，客人在排隊")
    view = await home(agent)
    shown = texts(view["blocks"])
    assert shown.index(SAY("a customer not on file")) < shown.index("廣昕精密股份有限公司")
    view = await choose_at_home(agent, view, "helpful")
    assert SAY("👍 rated helpful") in texts(view["blocks"])
    view = await choose_at_home(agent, view, "undo_rating")
    assert SAY("👍 rated helpful") not in texts(view["blocks"])
    assert rows(bot, "SELECT * FROM ratings") == []


async def test_a_window_opened_in_the_home_shows_its_effect_there(stage: Stage, bot: Bot) -> None:
    """No whisper is left to say thanks on."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    await faulty(customer, agent)
    view = await home(agent)
    await choose(agent, {"type": "view", "view_id": view["id"]}, view["blocks"], "not_helpful")
    opened = await window(agent, "not_helpful_view")
    await agent.do("submit", view_id=opened["id"], values=reason("too_late"))
    why = SAY("rated not helpful: {reason}", reason=SAY("Too late"))
    await agent.sees("home", lambda push: why in texts(push["view"]["blocks"]))


async def test_why_quotes_the_rules_and_the_row_of_the_decision_table(stage: Stage, bot: Bot) -> None:
    """Rule, signal, words and how sure, facts, row, playbook version."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    await press(agent, await faulty(customer, agent), "why")
    shown = texts((await window(agent, "why_view"))["blocks"])
    [(version,)] = rows(bot, "SELECT playbook_version FROM advice")
    assert version in shown
    assert "出貨全部卡住" in shown
    assert SAY("Row of the decision table") in shown
    rule = next(line for line in shown.splitlines() if line.startswith("• R01"))
    assert len(rule) > len("• R01  ")


async def test_news_that_is_rated_stays_where_it_is(stage: Stage, bot: Bot) -> None:
    """The whisper that a request is with the supervisors is more than advice; the thanks come beside it."""
    customer, agent, supervisor = [await stage.seat(each) for each in (CUSTOMER, AGENT, SUPERVISOR)]
    await asked(customer, agent, supervisor)
    told = SAY("Your request for {customer} is with the supervisors.", customer="廣昕精密股份有限公司")
    news = await whisper_with(agent, told)
    await press(agent, news, "helpful")
    await agent.sees("ephemeral", lambda push: SAY("Thank you, noted.") in texts(push["message"].get("blocks")))
    assert agent.of("ephemeral_replaced") == []
    assert rows(bot, "SELECT helpful FROM ratings") == [(1,)]


async def test_an_outsider_who_clicks_is_refused(stage: Stage, settings: Settings, bot: Bot) -> None:
    """Who is no longer one of the team reads one neutral sentence; nothing is kept."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    whisper = await faulty(customer, agent)
    without = SETUP.agents.model_copy(update={"users": (OTHER_AGENT,)})
    save_setup(settings, SETUP.model_copy(update={"agents": without}))
    await press(agent, whisper, "helpful")
    await sentence(agent, SAY("This is for our support team."))
    assert rows(bot, "SELECT * FROM ratings") == []


@pytest.mark.parametrize("action", ["why", "helpful"])
async def test_a_click_on_an_old_whisper_is_answered_with_a_sentence(stage: Stage, bot: Bot, action: str) -> None:
    """Also when its advice is gone."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    whisper = await faulty(customer, agent)
    fresh.changed(bot.settings, "DELETE FROM advice")
    await press(agent, whisper, action)
    await sentence(agent, GONE)


async def test_what_an_agent_is_told_stays_with_them_and_supervisors_see_numbers(stage: Stage, bot: Bot) -> None:
    """Neither a word about the agent nor about the customer's message is in the supervisor's Home."""
    customer, agent, supervisor = [await stage.seat(each) for each in (CUSTOMER, AGENT, SUPERVISOR)]
    whisper = await faulty(customer, agent)
    await agent.say(SHARED, "這是公司規定，我也沒辦法", thread_ts=rows(bot, "SELECT ts FROM messages")[0][0])
    await agent.sees("ephemeral", lambda _: len(agent.of("ephemeral")) == 2)
    own = texts(agent.of("ephemeral")[-1]["message"]["blocks"]).splitlines()
    await press(agent, whisper, "helpful")
    await replaced(agent)
    shown = texts((await home(supervisor))["blocks"])
    numbers = "Whispers to the team in the past 7 days: {given}. Helpful: {helpful}, not helpful: {unhelpful}, "
    numbers += "signals corrected: {corrected}."
    assert SAY(numbers, given=2, helpful=1, unhelpful=0, corrected=0) in shown
    assert SAY("Nothing yet. Aside speaks up when it can help.") in shown
    titles = [line for line in own if line.startswith("*")]
    assert titles
    assert not [line for line in titles if line in shown]


async def test_a_customer_sees_nothing_of_it(stage: Stage, bot: Bot) -> None:
    """Rating, muting and pausing are nobody else's business."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    whisper = await faulty(customer, agent)
    await press(agent, whisper, "helpful")
    await replaced(agent)
    await stage.settled()
    assert customer.of("ephemeral") == []
    assert {push["message"].get("user") for push in customer.of("message")} == {CUSTOMER}
