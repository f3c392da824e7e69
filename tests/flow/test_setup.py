"""Setting up in Slack: the window, `/aside duty`, `/aside help`, and that a change holds for the very next message."""

import asyncio
import os
import sys
from typing import Any

import pytest

from bot.i18n import words
from bot.settings import Settings
from bot.setup import Away, RoleSource, Setup, SupportChannel
from storage import workspace as workspaces
from storage.engine import open_casebook
from tests import fresh
from tests.flow.conftest import (
    AGENT,
    APPROVALS,
    CUSTOMER,
    DESK,
    GUEST,
    MANAGER,
    OTHER_AGENT,
    ROOT,
    SALES,
    SALES_CHANNEL,
    SETUP,
    SHARED,
    SUCCESSOR,
    SUPERVISOR,
    WORKSPACE,
    Bot,
    save_setup,
    texts,
)
from tests.sandbox.stage import Json, Seat, Stage

ADMIN = SUPERVISOR
SAY = words("zh-TW")
FAULT = "ERP 從早上就當機，發票都印不出來，出貨全部卡住"
YES = {"text": {"type": "plain_text", "text": SAY("We help customers in this channel")}, "value": "yes"}


def kept(settings: Settings) -> Setup:
    """The setup as the casebook holds it now."""
    casebook = open_casebook(settings.casebook_url)
    with casebook.begin() as connection:
        found = workspaces.setup(connection, WORKSPACE)
    casebook.close()
    return found


async def tell(seat: Seat, channel: str, text: str) -> str:
    """Type a command that answers in words."""
    before = len(seat.of("ephemeral"))
    await seat.do("command", channel=channel, text=text)
    await seat.sees("ephemeral", lambda _: len(seat.of("ephemeral")) > before)
    message = seat.of("ephemeral")[-1]["message"]
    return texts(message.get("blocks") or []) or str(message["text"])


async def window(seat: Seat, channel: str) -> Json:
    """Open the window with `/aside setup`."""
    await seat.do("command", channel=channel, text="/aside setup")
    view: Json = (await seat.sees("view_opened"))["view"]
    return view


def block(view: Json, block_id: str) -> Json:
    """One of the window's questions."""
    found: Json = next(each for each in view["blocks"] if each.get("block_id") == block_id)
    return found


def answers(view: Json, **given: Any) -> dict[str, dict[str, Json]]:
    """What a person enters, keyed as Slack keys it: {block: {action: state}}."""
    return {name: {block(view, name)["element"]["action_id"]: state} for name, state in given.items()}


async def submit(stage: Stage, seat: Seat, view: Json, **given: Any) -> str:
    """Send the window off and read what the bot says to the administrator afterwards."""
    before = len(seat.of("message"))
    await seat.do("submit", view_id=view["id"], values=answers(view, **given))
    await seat.sees("message", lambda _: len(seat.of("message")) > before)
    return str(seat.of("message")[-1]["message"]["text"])


async def test_a_channel_set_up_in_the_window_is_listened_to_at_once(
    stage: Stage, settings: Settings, bot: Bot
) -> None:
    """Box, customer, duty, roles and both channels are kept; the next message is coached without a restart."""
    save_setup(settings, Setup())
    admin, agent, customer = await stage.seat(ADMIN), await stage.seat(AGENT), await stage.seat(CUSTOMER)
    await stage.admin("add_member", channel=SHARED, user=ADMIN)
    view = await window(admin, SHARED)
    which = block(view, "customer")
    offered = await admin.do(
        "options",
        container={"type": "view", "view_id": view["id"]},
        action_id=which["element"]["action_id"],
        block_id="customer",
        value="廣昕",
    )
    assert [each["value"] for each in offered["options"]] == ["C-1"]
    told = await submit(
        stage,
        admin,
        view,
        is_support={"selected_options": [YES]},
        customer={"selected_option": offered["options"][0]},
        on_duty={"selected_users": [AGENT]},
        agents={"selected_users": [AGENT, OTHER_AGENT]},
        supervisors={"selected_users": [SUPERVISOR]},
        managers={"selected_users": [MANAGER]},
        sales={"selected_users": [SALES]},
        sales_managers={"selected_users": [SUCCESSOR]},
        approvals={"selected_conversation": APPROVALS},
        sales_channel={"selected_conversation": SALES_CHANNEL},
    )
    assert told == SAY("Saved. Aside is ready.")
    assert kept(settings) == Setup(
        support=(SupportChannel(channel=SHARED, customer="C-1", on_duty=(AGENT,)),),
        agents=RoleSource(users=(AGENT, OTHER_AGENT)),
        supervisors=RoleSource(users=(SUPERVISOR,)),
        managers=RoleSource(users=(MANAGER,)),
        sales=RoleSource(users=(SALES,)),
        sales_managers=RoleSource(users=(SUCCESSOR,)),
        approvals_channel=APPROVALS,
        sales_channel=SALES_CHANNEL,
    )
    await customer.say(SHARED, FAULT)
    whisper = await agent.sees("ephemeral")
    assert "出貨全部卡住" in texts(whisper["message"]["blocks"])


async def test_a_channel_set_up_in_a_terminal_is_listened_to_at_once(
    stage: Stage, settings: Settings, bot: Bot
) -> None:
    """`aside setup` beside a running bot: user groups and all hold for the next message, without a restart."""
    save_setup(settings, Setup())
    agent, customer = await stage.seat(AGENT), await stage.seat(CUSTOMER)
    options = (
        *("--channel", f"{SHARED}=C-1", "--duty", f"{SHARED}={AGENT}", "--agent", "S0AGENTS"),
        *("--supervisor", "S0SUPERVISORS", "--approvals", APPROVALS),
    )
    command = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "setup", *options),
        cwd=ROOT,
        env={
            **os.environ,
            "ASIDE_DATA": str(settings.data),
            "ASIDE_DATABASE_URL": settings.casebook_url,
            "ASIDE_DIRECTORY": str(settings.directory),
            "ASIDE_SLACK_API_URL": settings.slack_api_url,
            "ASIDE_SLACK_BOT_TOKEN": settings.slack_bot_token.get_secret_value(),
        },
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await command.communicate()
    assert out.decode("utf-8").endswith("\nComplete.\n")
    await customer.say(SHARED, FAULT)
    whisper = await agent.sees("ephemeral")
    assert "出貨全部卡住" in texts(whisper["message"]["blocks"])


async def test_the_window_shows_what_is_set(stage: Stage, bot: Bot) -> None:
    """Who opens it again sees their own answers, the customer by name."""
    admin = await stage.seat(ADMIN)
    await stage.admin("add_member", channel=SHARED, user=ADMIN)
    view = await window(admin, SHARED)
    element = {name: block(view, name)["element"] for name in ("is_support", "customer", "on_duty", "agents")}
    assert [each["value"] for each in element["is_support"]["initial_options"]] == ["yes"]
    assert element["customer"]["initial_option"]["value"] == "C-1"
    assert element["customer"]["initial_option"]["text"]["text"] == "廣昕精密股份有限公司"
    assert element["on_duty"]["initial_users"] == [AGENT]
    assert element["agents"]["initial_users"] == [AGENT, OTHER_AGENT]
    assert block(view, "approvals")["element"]["initial_conversation"] == APPROVALS
    assert block(view, "sales_channel")["element"]["initial_conversation"] == SALES_CHANNEL


async def test_what_the_window_does_not_show_stays(stage: Stage, settings: Settings, bot: Bot) -> None:
    """User groups, helpdesk apps, absences and other channels are not lost when somebody saves what they see."""
    before = SETUP.model_copy(update={"managers": RoleSource(users=(MANAGER,), groups=("S0SALES",))})
    before = before.with_away(SUPERVISOR, Away(user=SUPERVISOR, deputy=AGENT))
    save_setup(settings, before)
    admin = await stage.seat(ADMIN)
    view = await window(admin, DESK)
    await submit(stage, admin, view, on_duty={"selected_users": [OTHER_AGENT]})
    changed = kept(settings)
    assert block(view, "managers")["element"]["initial_users"] == [MANAGER]
    assert changed == before.with_support_channel(SupportChannel(channel=DESK, on_duty=(OTHER_AGENT,)))
    assert changed.supervisors.groups == ("S0SUPERVISORS",)


async def test_unticking_the_box_ends_the_channels_support(stage: Stage, settings: Settings, bot: Bot) -> None:
    """The other channel stays; a customer's message in the one that was left, and read before, is read no longer."""
    admin, agent, customer = await stage.seat(ADMIN), await stage.seat(AGENT), await stage.seat(CUSTOMER)
    await customer.say(SHARED, "早安")
    await stage.settled()
    await stage.admin("add_member", channel=SHARED, user=ADMIN)
    view = await window(admin, SHARED)
    told = await submit(stage, admin, view, is_support={"selected_options": []})
    assert told == SAY("Saved. Aside is ready.")
    assert kept(settings).support == (SupportChannel(channel=DESK, on_duty=(AGENT,)),)
    await customer.say(SHARED, FAULT)
    await stage.settled()
    helpdesk = {"app_id": "A0DESK", "bot_id": "B0DESK", "username": "遠帆 張先生"}
    await agent.do("say", channel=DESK, text="POS 收銀機開不了機，客人在排隊", as_app=helpdesk)
    await agent.sees("ephemeral")
    assert {push["channel"] for push in agent.of("ephemeral")} == {DESK}
    assert fresh.asked(settings, "SELECT text FROM messages WHERE channel = ?", SHARED) == [("早安",)]


async def test_what_is_emptied_is_missing_and_named(stage: Stage, settings: Settings, bot: Bot) -> None:
    """Saving a gap is allowed; the answer says what is still to be decided."""
    admin = await stage.seat(ADMIN)
    view = await window(admin, DESK)
    told = await submit(
        stage,
        admin,
        view,
        agents={"selected_users": []},
        on_duty={"selected_users": []},
        approvals={"selected_conversation": None},
    )
    gaps = SAY(", ").join(
        (SAY("who the agents are"), SAY("a channel for approvals"), SAY("who is on duty in each support channel"))
    )
    assert told == SAY("Saved. Still to be set up: {list}.", list=gaps)
    assert kept(settings).approvals_channel is None


async def test_a_channel_without_aside_is_named_after_saving(stage: Stage, settings: Settings, bot: Bot) -> None:
    """Slack tells an app nothing of a channel that it is not in, so somebody has to invite it."""
    admin = await stage.seat(ADMIN)
    await stage.admin("remove_bot", channel=SALES_CHANNEL)
    view = await window(admin, DESK)
    told = await submit(stage, admin, view)
    invite = SAY("Please invite Aside to {channels}: it is not there yet.", channels=f"<#{SALES_CHANNEL}>")
    assert told == f"{SAY('Saved.')}\n{invite}"
    assert kept(settings) == SETUP


async def test_the_app_home_opens_the_window_for_the_whole_workspace(
    stage: Stage, settings: Settings, bot: Bot
) -> None:
    """There is no channel there, so the window asks only what holds everywhere, and no channel is touched."""
    admin = await stage.seat(ADMIN)
    await admin.do("open_home")
    home = (await admin.sees("home"))["view"]
    row = next(each for each in home["blocks"] if each.get("accessory", {}).get("action_id") == "set_up")
    await admin.do(
        "action",
        container={"type": "view", "view_id": home["id"]},
        action={"type": "button", "action_id": "set_up", "block_id": row["block_id"], "value": "setup"},
    )
    view = (await admin.sees("view_opened"))["view"]
    assert {each["block_id"] for each in view["blocks"] if each["type"] == "input"} == {
        "agents",
        "supervisors",
        "managers",
        "sales",
        "sales_managers",
        "approvals",
        "sales_channel",
    }
    await submit(stage, admin, view, sales={"selected_users": [SUCCESSOR]})
    changed = kept(settings)
    assert changed.support == SETUP.support
    assert changed.sales == RoleSource(users=(SUCCESSOR,))


@pytest.mark.parametrize("who", [AGENT, OTHER_AGENT])
async def test_an_agent_who_is_no_administrator_reads_who_can(stage: Stage, bot: Bot, who: str) -> None:
    """Only administrators set Aside up; no window opens for anybody else."""
    agent = await stage.seat(who)
    told = await tell(agent, DESK, "/aside setup")
    assert told == SAY("Only an administrator of this workspace can set up Aside. Please ask one of them.")
    assert not agent.of("view_opened")


async def from_elsewhere(stage: Stage, user: str, payload: Json) -> Json:
    """Hand the bot what no window of theirs could have sent; Slack alone decides what reaches us, so we look again."""
    person = {"id": user, "username": user, "name": user, "team_id": WORKSPACE}
    whole = {"team": {"id": WORKSPACE, "domain": "kapok"}, "user": person, "api_app_id": "A0ASIDE", **payload}
    return await stage.sandbox.workspace.delivery.ask("interactive", str(payload["type"]), whole)


@pytest.mark.parametrize("who", [AGENT, SALES, CUSTOMER, GUEST, "U0NOBODY"])
async def test_customer_names_are_offered_to_administrators_alone(stage: Stage, bot: Bot, who: str) -> None:
    """The list of customers is nobody else's, whoever asks for the menu's options."""
    admin = await stage.seat(ADMIN)
    view = await window(admin, DESK)
    asked = {
        "type": "block_suggestion",
        "container": {"type": "view", "view_id": view["id"]},
        "view": view,
        "action_id": block(view, "customer")["element"]["action_id"],
        "block_id": "customer",
        "value": "宏昌",
    }
    offered = await from_elsewhere(stage, ADMIN, asked)
    assert [each["value"] for each in offered["options"]] == ["C-2", "C-3"]
    assert await from_elsewhere(stage, who, asked) == {"options": []}


@pytest.mark.parametrize("typed", ["", "查無此人", "\x00'; DROP TABLE customers; --", "x" * 3_000])
async def test_the_customer_menu_takes_anything_typed(stage: Stage, bot: Bot, typed: str) -> None:
    """Nothing that fits is an empty menu, never an error."""
    admin = await stage.seat(ADMIN)
    view = await window(admin, DESK)
    asked = {
        "type": "block_suggestion",
        "container": {"type": "view", "view_id": view["id"]},
        "view": view,
        "action_id": block(view, "customer")["element"]["action_id"],
        "block_id": "customer",
        "value": typed,
    }
    assert await from_elsewhere(stage, ADMIN, asked) == {"options": []}


@pytest.mark.parametrize("who", [AGENT, CUSTOMER])
async def test_a_window_sent_by_somebody_else_changes_nothing(
    stage: Stage, settings: Settings, bot: Bot, who: str
) -> None:
    """Who sends it decides, not what the window says."""
    admin, agent = await stage.seat(ADMIN), await stage.seat(AGENT)
    view = await window(admin, DESK)
    forged = view | {"state": {"values": answers(view, agents={"selected_users": [who]})}}
    await from_elsewhere(stage, who, {"type": "view_submission", "view": forged})
    await tell(agent, DESK, "/aside duty")
    assert kept(settings) == SETUP


async def test_duty_begins_and_ends_with_a_word(stage: Stage, settings: Settings, bot: Bot) -> None:
    """`/aside duty` tells who is on duty here, `on` and `off` change only one's own; twice is once."""
    other = await stage.seat(OTHER_AGENT)
    comma = SAY(", ")
    alone = SAY("On duty here: {people}", people=f"<@{AGENT}>")
    both = SAY("On duty here: {people}", people=comma.join((f"<@{AGENT}>", f"<@{OTHER_AGENT}>")))
    assert await tell(other, DESK, "/aside duty") == alone
    assert await tell(other, DESK, "/aside duty on") == both
    assert await tell(other, DESK, "/aside  DUTY  on ") == both
    assert kept(settings).support_channel(DESK) == SupportChannel(channel=DESK, on_duty=(AGENT, OTHER_AGENT))
    assert await tell(other, DESK, "/aside duty off") == alone
    assert kept(settings).support_channel(DESK) == SupportChannel(channel=DESK, on_duty=(AGENT,))


async def test_whoever_goes_on_duty_is_coached_from_the_next_message(stage: Stage, bot: Bot) -> None:
    """And whoever went off is not."""
    agent, other, customer = await stage.seat(AGENT), await stage.seat(OTHER_AGENT), await stage.seat(CUSTOMER)
    await tell(agent, SHARED, "/aside duty off")
    await tell(other, SHARED, "/aside duty on")
    before = len(agent.of("ephemeral"))
    await customer.say(SHARED, FAULT)
    await other.sees("ephemeral", lambda push: "出貨全部卡住" in texts(push["message"].get("blocks") or []))
    await stage.settled()
    assert len(agent.of("ephemeral")) == before


async def test_nobody_on_duty_is_said(stage: Stage, settings: Settings, bot: Bot) -> None:
    """The last one off reads what that means for the channel."""
    agent = await stage.seat(AGENT)
    told = await tell(agent, DESK, "/aside duty off")
    assert told == SAY(
        "Nobody is on duty here, so nobody gets advice until an agent answers. /aside duty on puts you on duty."
    )
    assert kept(settings).missing() != ()


async def test_duty_elsewhere_says_what_is_missing(stage: Stage, settings: Settings, bot: Bot) -> None:
    """A channel that is not for support has no duty, and none comes to be by asking."""
    agent = await stage.seat(AGENT)
    told = await tell(agent, APPROVALS, "/aside duty on")
    assert told == SAY("This is not a support channel yet. An administrator can make it one with /aside setup.")
    assert kept(settings) == SETUP


async def test_an_administrator_without_a_role_cannot_go_on_duty(stage: Stage, settings: Settings, bot: Bot) -> None:
    """Only staff are coached, so duty of anybody else would leave the channel without advice."""
    save_setup(settings, SETUP.model_copy(update={"supervisors": RoleSource()}))
    admin = await stage.seat(ADMIN)
    told = await tell(admin, DESK, "/aside duty on")
    assert told == SAY(
        "Only agents, supervisors and sales can be on duty. An administrator names them with /aside setup."
    )
    assert kept(settings).support_channel(DESK) == SupportChannel(channel=DESK, on_duty=(AGENT,))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/aside", ""),
        ("/aside help", ""),
        ("/aside foo", "沒有 `/aside foo` 這個指令。"),
        ("/aside drfat 這次免費", "沒有 `/aside drfat` 這個指令。要用的是 `/aside draft` 嗎？"),
        ("/aside Resum", "沒有 `/aside resum` 這個指令。要用的是 `/aside resume` 嗎？"),
        ("/aside <b>`x", "沒有 `/aside &lt;b&gt;x` 這個指令。"),
    ],
)
async def test_a_command_that_there_is_not_is_named_before_the_help(
    stage: Stage, bot: Bot, line: str, told: str
) -> None:
    """Nobody has to guess whether they were understood; a slip of the fingers is recognised."""
    agent = await stage.seat(AGENT)
    answer = await tell(agent, SHARED, line)
    assert SAY("💬 Answer a customer") in answer
    first = answer.splitlines()[0]
    assert first == told if told else "沒有" not in first


@pytest.mark.parametrize("line", ["/aside", "/aside help", "/aside nonsense", "/aside <!channel> 🤡 '; DROP TABLE"])
async def test_anything_else_gets_the_help(stage: Stage, bot: Bot, line: str) -> None:
    """A word that Aside does not know is answered with those that it knows."""
    agent = await stage.seat(AGENT)
    told = await tell(agent, DESK, line)
    assert "/warranty" in told
    assert "/aside duty" in told
    assert "/aside setup" not in told
    assert "channel>" not in told


async def test_the_help_is_what_the_reader_can_do(stage: Stage, bot: Bot) -> None:
    """Agents answer, supervisors decide and are away, sales answer about accounts, administrators set up."""
    groups = {
        AGENT: ("💬 Answer a customer", "🗂️ Work on a case", "🔔 Choose when you are told"),
        SUPERVISOR: (
            *("⚖️ Decide", "💬 Answer a customer", "🗂️ Work on a case", "🔔 Choose when you are told"),
            *("🌴 Be away", "⚙️ Set up"),
        ),
        SALES: ("🤝 Help with an account", "🔔 Choose when you are told"),
    }
    for who, titles in groups.items():
        seat = await stage.seat(who)
        told = await tell(seat, SALES_CHANNEL if who == SALES else DESK, "/aside help")
        shown = [line.strip("*") for line in told.splitlines() if line.startswith("*") and line.endswith("*")]
        assert shown == [SAY(title) for title in titles], who


async def test_a_colleague_without_a_role_is_turned_away(stage: Stage, settings: Settings, bot: Bot) -> None:
    """Commands are for staff and, to set up, for administrators."""
    save_setup(settings, SETUP.model_copy(update={"agents": RoleSource(users=(AGENT,))}))
    other = await stage.seat(OTHER_AGENT)
    for line in ("/aside setup", "/aside duty on", "/aside help"):
        assert await tell(other, DESK, line) == SAY("This is for our support team.")
    assert kept(settings).support_channel(DESK) == SupportChannel(channel=DESK, on_duty=(AGENT,))


async def test_a_guest_cannot_go_on_duty(stage: Stage, settings: Settings, bot: Bot) -> None:
    """Whatever a list says, an outsider is no agent."""
    save_setup(settings, SETUP.model_copy(update={"agents": RoleSource(users=(AGENT, GUEST))}))
    guest = await stage.seat(GUEST)
    assert await tell(guest, DESK, "/aside duty on") == SAY("This is for our support team.")
    assert kept(settings).support_channel(DESK) == SupportChannel(channel=DESK, on_duty=(AGENT,))


async def test_a_window_that_was_open_meanwhile_leaves_who_is_on_duty_as_it_is_now(
    stage: Stage, settings: Settings, bot: Bot
) -> None:
    """Only what the administrator changed in it is changed; whoever went on or off duty meanwhile stays so."""
    admin, agent, other = await stage.seat(ADMIN), await stage.seat(AGENT), await stage.seat(OTHER_AGENT)
    await stage.admin("add_member", channel=SHARED, user=ADMIN)
    view = await window(admin, SHARED)
    assert block(view, "on_duty")["element"]["initial_users"] == [AGENT]
    await tell(other, SHARED, "/aside duty on")
    await tell(agent, SHARED, "/aside duty off")
    everything_as_shown = {
        "is_support": {"selected_options": [YES]},
        "agents": {"selected_users": [AGENT, OTHER_AGENT]},
        "sales": {"selected_users": [SALES, SUCCESSOR]},
        "approvals": {"selected_conversation": APPROVALS},
        "sales_channel": {"selected_conversation": SALES_CHANNEL},
    }
    await submit(stage, admin, view, **everything_as_shown, on_duty={"selected_users": [AGENT, SUPERVISOR]})
    known = kept(settings).support_channel(SHARED)
    assert known is not None
    assert known.on_duty == (OTHER_AGENT, SUPERVISOR)
