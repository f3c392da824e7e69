"""The App Home, as each kind of person finds it."""

import time
from datetime import UTC, datetime, timedelta

from bot.commitments import Commitment, due_words
from bot.i18n import words
from bot.settings import Settings
from bot.setup import Away, RoleSource, Setup
from storage import commitments, outbox, which_case
from storage.engine import open_casebook
from storage.outbox import SendKind
from tests.flow.conftest import (
    AGENT,
    CUSTOMER,
    DEPUTY,
    GUEST,
    MANAGER,
    OTHER_AGENT,
    SALES,
    SETUP,
    SHARED,
    SUPERVISOR,
    WORKSPACE,
    Bot,
    save_setup,
    texts,
)
from tests.flow.test_goodwill import asked
from tests.flow.working import press, rows, window
from tests.sandbox.stage import Json, Seat, Stage, until

SAY = words("zh-TW")
FAULT = "ERP 從早上就當機，發票都印不出來，出貨全部卡住"


async def home(seat: Seat) -> Json:
    """Open the App Home and wait until it is as it is now."""
    before = len(seat.of("home"))
    await seat.do("open_home")
    await seat.sees("home", lambda _: len(seat.of("home")) > before)
    view: Json = seat.of("home")[-1]["view"]
    return view


def buttons(view: Json) -> list[str]:
    """The ids of the buttons there."""
    return [each["accessory"]["action_id"] for each in view["blocks"] if "accessory" in each]


def headings(view: Json) -> list[str]:
    """What the sections there are called."""
    return [block["text"]["text"] for block in view["blocks"] if block["type"] == "header"]


def decisions(view: Json) -> set[str]:
    """The ids of the buttons about requests."""
    rows = [block for block in view["blocks"] if block["type"] == "actions"]
    return {each["action_id"] for row in rows for each in row["elements"] if "_exception" in each["action_id"]}


def chosen_deputy(settings: Settings) -> None:
    """A manager is named, and a supervisor is away with an agent in their place."""
    away = Away(user=DEPUTY, until=datetime.now(UTC) + timedelta(days=2), deputy=OTHER_AGENT)
    save_setup(settings, SETUP.with_away(DEPUTY, away).model_copy(update={"managers": RoleSource(users=(MANAGER,))}))


async def press_in_home(seat: Seat, view: Json, action_id: str) -> None:
    """Press the first button with this id."""
    for block in view["blocks"]:
        for element in (*block.get("elements", ()), block.get("accessory", {})):
            if element.get("action_id") == action_id:
                pressed = {"type": "button", "block_id": block["block_id"], "value": element["value"]}
                container = {"type": "view", "view_id": view["id"]}
                await seat.do("action", container=container, action={**pressed, "action_id": action_id})
                return
    raise AssertionError(action_id)


async def approved_as_asked(seat: Seat) -> Json:
    """The window with everything that is known, sent off; the Home decides nothing blindly."""
    view = await window(seat, "approve_exception_as_asked_view")
    answer = await seat.do("submit", view_id=view["id"], values={})
    assert answer["response_action"] is None, answer
    return view


OWN = ("Your cases", "What you promised")
BOARD = ("Waiting for a decision", "The team now", "Ledger")
TOLD = ("What Aside told you recently",)
MATRIX = {
    AGENT: (*OWN, *TOLD),
    SUPERVISOR: (*BOARD, *TOLD),
    MANAGER: (*BOARD, *TOLD),
    OTHER_AGENT: (*OWN, *BOARD, *TOLD),
    SALES: ("My opportunities", "Renewals ahead", *TOLD),
    CUSTOMER: (),
    GUEST: (),
}
DECIDING = {SUPERVISOR, MANAGER, OTHER_AGENT}
"""The agent among them stands in for a supervisor."""


async def test_each_finds_what_their_role_allows_and_no_more(stage: Stage, settings: Settings, bot: Bot) -> None:
    """Agent, supervisor, manager, deputy, sales, customer, guest; and an administrator without any role."""
    chosen_deputy(settings)
    agent, customer, supervisor = await stage.seat(AGENT), await stage.seat(CUSTOMER), await stage.seat(SUPERVISOR)
    seats = {AGENT: agent, CUSTOMER: customer, SUPERVISOR: supervisor}
    await asked(customer, agent, supervisor)
    whisper = next(texts(each) for each in agent.of("ephemeral")[0]["message"]["blocks"] if each["type"] == "rich_text")
    for who, sections in MATRIX.items():
        view = await home(seats.get(who) or await stage.seat(who))
        shown = texts(view["blocks"])
        assert headings(view) == [SAY(each) for each in sections], who
        assert ("NT$3,000" in shown) == (who in DECIDING)
        assert ("廣昕精密股份有限公司" in shown) == (who in DECIDING | {AGENT})
        assert (whisper in shown) == (who == AGENT)
        assert ("set_up" in buttons(view)) == (who == SUPERVISOR)
        everything = {"approve_exception", "approve_exception_with_terms", "ask_back_exception", "decline_exception"}
        assert decisions(view) == (everything if who in DECIDING else set())
    save_setup(settings, Setup())
    view = await home(supervisor)
    assert (headings(view), buttons(view), decisions(view)) == ([], ["set_up"], set())


async def test_an_agent_opens_a_case_from_the_home(stage: Stage, bot: Bot) -> None:
    """What the case waits for stands there, and the button opens all that is known of it."""
    agent, customer, supervisor = await stage.seat(AGENT), await stage.seat(CUSTOMER), await stage.seat(SUPERVISOR)
    await asked(customer, agent, supervisor)
    view = await home(agent)
    shown = texts(view["blocks"])
    assert SAY("⏳ a supervisor decides") in shown
    assert SAY("You owe no customer anything.") in shown
    await press_in_home(agent, view, "show_case")
    opened = await agent.sees("view_opened", lambda push: push["view"]["callback_id"] == "case_view")
    assert "發票模組當機，出貨卡住" in texts(opened["view"]["blocks"]) or "NT$3,000" in texts(opened["view"]["blocks"])


async def test_what_was_promised_is_kept_from_the_home(stage: Stage, settings: Settings, bot: Bot) -> None:
    """It stands there with its time until it is done, then it is gone from the open Home."""
    agent, customer, supervisor = await stage.seat(AGENT), await stage.seat(CUSTOMER), await stage.seat(SUPERVISOR)
    await asked(customer, agent, supervisor)
    due_at = datetime.now(UTC) + timedelta(hours=5)
    casebook = open_casebook(settings.casebook_url)
    with casebook.begin() as connection:
        (case,), _ = which_case.handled_by(connection, WORKSPACE, AGENT, 9)
        promised = Commitment(
            workspace=WORKSPACE,
            id="promised",
            case_id=case.id,
            text="回電說明進度",
            due_at=due_at,
            timezone="Asia/Taipei",
            made_by=AGENT,
            made_at=datetime.now(UTC),
        )
        commitments.write(connection, promised)
    casebook.close()
    view = await home(agent)
    shown = texts(view["blocks"])
    line = SAY("📌 by {due}: {text}", due=due_words(due_at, "Asia/Taipei", "zh-TW"), text="回電說明進度")
    assert shown.count(line) == 2
    await press_in_home(agent, view, "commitment_kept")
    await agent.sees("home", lambda push: SAY("You owe no customer anything.") in texts(push["view"]["blocks"]))
    assert rows(bot, "SELECT state, settled_by FROM commitments") == [("kept", AGENT)]


async def test_a_deputy_decides_from_the_home(stage: Stage, settings: Settings, bot: Bot) -> None:
    """A button that is shown is one whose click is taken; the ledger has the decision then."""
    chosen_deputy(settings)
    agent, customer, supervisor = await stage.seat(AGENT), await stage.seat(CUSTOMER), await stage.seat(SUPERVISOR)
    deputy = await stage.seat(OTHER_AGENT)
    await asked(customer, agent, supervisor)
    view = await home(deputy)
    assert SAY("No exception was granted in the past {days} days.", days=365) in texts(view["blocks"])
    await press_in_home(deputy, view, "approve_exception")
    await approved_as_asked(deputy)
    limit = SAY("At their limit ({n} in {days} days)", n=1, days=365)
    push = await deputy.sees("home", lambda push: limit in texts(push["view"]["blocks"]))
    shown = texts(push["view"]["blocks"])
    assert SAY("Nothing is waiting. Thank you.") in shown
    assert SAY("{n}, for {money} at most", n=1, money="NT$3,000") in shown
    assert f"<@{OTHER_AGENT}>" in shown


async def test_an_agent_finds_what_aside_whispered(stage: Stage, bot: Bot) -> None:
    """Slack forgets a whisper on reload; the home keeps it, for whom it was meant."""
    agent, other, customer = await stage.seat(AGENT), await stage.seat(OTHER_AGENT), await stage.seat(CUSTOMER)
    assert SAY("Nothing yet. Aside speaks up when it can help.") in texts((await home(agent))["blocks"])
    await customer.say(SHARED, FAULT)
    whisper = await agent.sees("ephemeral")
    mine = texts((await home(agent))["blocks"])
    assert SAY("What Aside told you recently") in mine
    said = [texts(each) for each in whisper["message"]["blocks"] if each["type"] == "rich_text"]
    assert said
    assert all(each in mine for each in said)
    assert SAY("Nothing yet. Aside speaks up when it can help.") in texts((await home(other))["blocks"])


async def test_an_open_home_shows_what_happened_since(stage: Stage, bot: Bot) -> None:
    """Whoever looked lately sees a whisper and a request come without opening it again; nobody else's is touched."""
    agent, customer, supervisor = await stage.seat(AGENT), await stage.seat(CUSTOMER), await stage.seat(SUPERVISOR)
    other = await stage.seat(OTHER_AGENT)
    for seat in (agent, supervisor):
        await home(seat)
    await asked(customer, agent, supervisor)
    line = next(texts(each) for each in agent.of("ephemeral")[0]["message"]["blocks"] if each["type"] == "rich_text")
    await agent.sees("home", lambda push: line in texts(push["view"]["blocks"]))
    await supervisor.sees("home", lambda push: "NT$3,000" in texts(push["view"]["blocks"]))
    assert other.of("home") == []
    assert customer.of("home") == []


async def test_a_home_opened_before_a_restart_is_kept_as_it_is_now(stage: Stage, bot: Bot) -> None:
    """Slack shows what was published last, so whoever has opened theirs once is not left with what is over by now."""
    agent, customer, supervisor = await stage.seat(AGENT), await stage.seat(CUSTOMER), await stage.seat(SUPERVISOR)
    await home(supervisor)
    await asked(customer, agent, supervisor)
    await supervisor.sees("home", lambda push: "NT$3,000" in texts(push["view"]["blocks"]))
    await bot.stop()
    before = len(supervisor.of("home"))
    await bot.start()
    asked_for = next(each for each in supervisor.of("message") if "decide:" in str(each["message"].get("blocks")))
    await press(supervisor, asked_for, "approve_exception")
    nothing = SAY("Nothing is waiting. Thank you.")
    await supervisor.sees(
        "home", lambda push: push in supervisor.of("home")[before:] and nothing in texts(push["view"]["blocks"])
    )


async def test_a_home_in_which_nothing_changed_is_not_shown_again(stage: Stage, bot: Bot) -> None:
    """What others do in the channel is no news for it."""
    other, agent = await stage.seat(OTHER_AGENT), await stage.seat(AGENT)
    await home(other)
    await home(agent)
    await agent.do("command", channel=SHARED, text="/aside pause 30")
    await agent.sees("home", lambda push: "resume" in buttons(push["view"]))
    await agent.do("command", channel=SHARED, text="/aside resume")
    await agent.sees("home", lambda push: push is agent.of("home")[-1] and "pause" in buttons(push["view"]))
    published = "SELECT count(*) FROM outbox WHERE kind = 'home' AND target LIKE '%{}%'"
    assert rows(bot, published.format(OTHER_AGENT)) == [(1,)]


async def test_an_agent_sees_neither_requests_nor_the_setup(stage: Stage, bot: Bot) -> None:
    """What waits for a decision is the supervisors', the setup is the administrators'."""
    agent, customer, supervisor = await stage.seat(AGENT), await stage.seat(CUSTOMER), await stage.seat(SUPERVISOR)
    await asked(customer, agent, supervisor)
    view = await home(agent)
    assert SAY("Waiting for a decision") not in texts(view["blocks"])
    assert "NT$3,000" not in texts(view["blocks"])
    assert set(buttons(view)) == {"pause", "show_case", "whisper_menu"}


async def test_a_supervisor_finds_what_waits_for_them(stage: Stage, bot: Bot) -> None:
    """Customer, cost and fault of each undecided request; nothing waiting is said as well."""
    agent, customer, supervisor = await stage.seat(AGENT), await stage.seat(CUSTOMER), await stage.seat(SUPERVISOR)
    deputy = await stage.seat(DEPUTY)
    assert SAY("Nothing is waiting. Thank you.") in texts((await home(deputy))["blocks"])
    await asked(customer, agent, supervisor)
    for who in (supervisor, deputy):
        shown = texts((await home(who))["blocks"])
        assert "廣昕精密股份有限公司" in shown
        assert "NT$3,000" in shown
        assert "發票模組當機，出貨卡住" in shown


async def test_an_administrator_without_a_role_finds_the_setup_alone(
    stage: Stage, settings: Settings, bot: Bot
) -> None:
    """What is still missing and the button; no request, no advice."""
    save_setup(settings, Setup())
    admin = await stage.seat(SUPERVISOR)
    view = await home(admin)
    shown = texts(view["blocks"])
    assert buttons(view) == ["set_up"]
    for gap in ("a support channel", "who the agents are", "who the supervisors are", "a channel for approvals"):
        assert SAY(gap) in shown
    assert SAY("This app is for our support team. There is nothing you need to do here.") in shown
    assert SAY("Waiting for a decision") not in shown
    save_setup(settings, SETUP.model_copy(update={"supervisors": RoleSource(users=(DEPUTY,))}))
    assert SAY("Aside is set up.") in texts((await home(admin))["blocks"])


async def test_whoever_is_not_staff_learns_nothing(stage: Stage, settings: Settings, bot: Bot) -> None:
    """A colleague without a role, a guest and a customer read one neutral sentence, nothing else."""
    save_setup(settings, SETUP.model_copy(update={"agents": RoleSource(users=(AGENT,))}))
    neutral = SAY("This app is for our support team. There is nothing you need to do here.")
    for who in (OTHER_AGENT, GUEST, CUSTOMER):
        view = await home(await stage.seat(who))
        assert texts(view["blocks"]) == neutral


async def test_a_supervisor_decides_from_the_home_and_sees_it_gone(stage: Stage, bot: Bot) -> None:
    """Also a request whose card could not be shown anywhere can be decided."""
    agent, customer, supervisor = await stage.seat(AGENT), await stage.seat(CUSTOMER), await stage.seat(SUPERVISOR)
    await asked(customer, agent, supervisor)
    view = await home(supervisor)
    row = next(each for each in view["blocks"] if each["type"] == "actions")
    await supervisor.do(
        "action",
        container={"type": "view", "view_id": view["id"]},
        action={
            "type": "button",
            "action_id": "approve_exception",
            "block_id": row["block_id"],
            "value": row["elements"][0]["value"],
        },
    )
    read = texts((await approved_as_asked(supervisor))["blocks"])
    for told in ("NT$3,000", "發票模組當機，出貨卡住", "老客戶，正在談續約", "還沒用過", "還沒有前例", "已到期"):
        assert told in read
    news = await agent.sees("message", lambda push: push["channel"].startswith("D"))
    assert "核准" in texts(news["message"]["blocks"])
    nothing = SAY("Nothing is waiting. Thank you.")
    await supervisor.sees("home", lambda push: nothing in texts(push["view"]["blocks"]))


async def test_a_home_written_for_staff_is_not_shown_to_who_is_none_any_more(
    stage: Stage, settings: Settings, bot: Bot
) -> None:
    """Who they are is looked at when it goes out, as with all that is sent; the neutral Home is for anyone."""
    await bot.stop()
    inbox: Json = {"type": "home", "blocks": [{"type": "divider"}]}
    casebook = open_casebook(settings.casebook_url)
    with casebook.begin() as connection:
        for who in (AGENT, GUEST, CUSTOMER):
            outbox.put(
                connection,
                workspace=WORKSPACE,
                key=f"home:{who}",
                kind=SendKind.HOME,
                target={"user": who},
                body={"view": inbox},
                now=time.time(),  # what was sent long ago is removed
            )
    casebook.close()
    seats = [await stage.seat(who) for who in (AGENT, GUEST, CUSTOMER)]
    await bot.start()
    await seats[0].sees("home")
    question = "SELECT key, state FROM outbox WHERE kind = 'home' AND state IN ('sent', 'withheld') ORDER BY seq"
    await until(lambda: len(rows(bot, question)) == 3)
    assert rows(bot, question) == [
        (f"home:{AGENT}", "sent"),
        (f"home:{GUEST}", "withheld"),
        (f"home:{CUSTOMER}", "withheld"),
    ]
    assert not [push for seat in seats[1:] for push in seat.of("home")]
