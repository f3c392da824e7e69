"""Checking a draft in Slack: by command, and in a window from a message of a thread."""

from typing import Any

import pytest

from bot.setup import RoleSource
from handlers.inbound import as_typed
from tests import fresh
from tests.flow.conftest import AGENT, CUSTOMER, OTHER_AGENT, SETUP, SHARED, Bot, save_setup, texts
from tests.sandbox.stage import Json, Seat, Stage

PROMISE = "沒關係，這次就免費幫您處理"


def typed(text: str) -> dict[str, Any]:
    """What the window sends with this draft."""
    return {"draft": {"text": {"type": "plain_text_input", "value": text}}}


async def complained(customer: Seat, agent: Seat) -> str:
    """A case in the shared channel; its first message."""
    ts = await customer.say(SHARED, "ERP 從早上就當機，發票都印不出來，出貨全部卡住")
    await agent.sees("ephemeral")
    return ts


async def test_the_command_checks_against_the_only_open_case(stage: Stage, bot: Bot) -> None:
    """What the case does not hold is named, to the agent alone, and what hurts with why."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    await complained(customer, agent)
    await agent.do("command", channel=SHARED, text=f"/aside draft {PROMISE}")
    push = await agent.sees("ephemeral", lambda push: "草稿" in texts(push["message"]["blocks"]))
    said = texts(push["message"]["blocks"])
    assert "草稿說：這次免費" in said
    assert PROMISE in said
    assert customer.of("ephemeral") == []


async def test_a_good_draft_is_told_to_be_fine(stage: Stage, bot: Bot) -> None:
    """No finding is invented."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    await complained(customer, agent)
    await agent.do("command", channel=SHARED, text="/aside draft 請問畫面上出現什麼訊息？從幾點開始的？")
    push = await agent.sees("ephemeral", lambda push: "看起來沒問題" in texts(push["message"]["blocks"]))
    assert "草稿說" not in texts(push["message"]["blocks"])


async def test_a_window_from_a_message_checks_and_checks_again(stage: Stage, bot: Bot) -> None:
    """In a thread there are no commands: the shortcut opens a window, which stays open with what was found."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    ts = await complained(customer, agent)
    await agent.do("shortcut", callback_id="check_draft", channel=SHARED, ts=ts)
    view = (await agent.sees("view_opened"))["view"]
    answer = await agent.do("submit", view_id=view["id"], values=typed(PROMISE))
    assert answer["response_action"] == "update"
    update = await agent.sees("view_updated", lambda push: "草稿說：這次免費" in str(push["view"]["blocks"]))
    again = await agent.do("submit", view_id=update["view"]["id"], values=typed("請問是哪幾台電腦？"))
    assert again["response_action"] == "update"
    await agent.sees("view_updated", lambda push: "看起來沒問題" in str(push["view"]["blocks"]))


async def test_of_several_open_cases_the_window_asks_which(stage: Stage, bot: Bot) -> None:
    """Nothing is guessed: the window names each case."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    await complained(customer, agent)
    fresh.changed(bot.settings, "UPDATE cases SET state = 'closed'")
    await customer.say(SHARED, "另外那台 POS 也開不了機，螢幕全黑")
    await agent.sees("ephemeral", lambda push: "POS" in texts(push["message"]["blocks"]))
    fresh.changed(bot.settings, "UPDATE cases SET state = 'open'")
    await agent.do("command", channel=SHARED, text=f"/aside draft {PROMISE}")
    view: Json = (await agent.sees("view_opened"))["view"]
    blocks = {block.get("block_id"): block for block in view["blocks"]}
    assert len(blocks["case"]["element"]["options"]) == 2
    assert blocks["draft"]["element"]["initial_value"] == PROMISE


async def test_nothing_of_a_draft_is_kept(stage: Stage, bot: Bot) -> None:
    """What an agent did not send is nobody's business: neither the draft nor what was found stays on file."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    ts = await complained(customer, agent)
    await agent.do("shortcut", callback_id="check_draft", channel=SHARED, ts=ts)
    view = (await agent.sees("view_opened"))["view"]
    await agent.do("submit", view_id=view["id"], values=typed(PROMISE))
    await agent.sees("view_updated")
    assert PROMISE not in fresh.everything(bot.settings)


async def test_a_peer_in_the_channel_may_check_a_draft_for_somebody_elses_case(stage: Stage, bot: Bot) -> None:
    """R35: a second pair of eyes reads along; who has left the channel is told to join it first."""
    customer, agent, peer = [await stage.seat(who) for who in (CUSTOMER, AGENT, OTHER_AGENT)]
    ts = await complained(customer, agent)
    await agent.say(SHARED, "請問是哪幾台電腦？", thread_ts=ts)
    await peer.do("shortcut", callback_id="check_draft", channel=SHARED, ts=ts)
    view = (await peer.sees("view_opened"))["view"]
    await peer.do("submit", view_id=view["id"], values=typed(PROMISE))
    found = (await peer.sees("view_updated", lambda push: "草稿說：這次免費" in str(push["view"]["blocks"])))["view"]
    await stage.admin("remove_member", channel=SHARED, user=OTHER_AGENT)
    await peer.do("submit", view_id=found["id"], values=typed(PROMISE))
    refused = await peer.sees("view_updated", lambda push: "請先加入頻道" in str(push["view"]["blocks"]))
    assert "草稿說" not in str(refused["view"]["blocks"])


async def test_sales_does_not_check_drafts(stage: Stage, bot: Bot) -> None:
    """Only those who answer the customer do; the others are told so, whichever way they try."""
    save_setup(bot.settings, SETUP.model_copy(update={"sales": RoleSource(users=(OTHER_AGENT,))}))
    customer, agent, sales = [await stage.seat(who) for who in (CUSTOMER, AGENT, OTHER_AGENT)]
    ts = await complained(customer, agent)
    await sales.do("command", channel=SHARED, text=f"/aside draft {PROMISE}")
    refused = await sales.sees("ephemeral", lambda push: "只有回覆客戶的客服和主管" in texts(push["message"]))
    assert "草稿說" not in texts(refused["message"])
    await sales.do("shortcut", callback_id="check_draft", channel=SHARED, ts=ts)
    assert "只有回覆客戶的客服和主管" in str((await sales.sees("view_opened"))["view"]["blocks"])


@pytest.mark.parametrize(
    ("sent", "as_people_type"),
    [
        ("請 <@U0YICHUN|yichun.lin> 看 <#C0SUPPORT|客服>", "請 @yichun.lin 看 #客服"),
        ("<@U0YICHUN> <!here> <!subteam^S0AGENTS|@agents>", "@U0YICHUN @here @agents"),
        ("<https://a.example/x?y=1> <http://b.example|b.example> <mailto:c@d.example|c@d.example>",
         "https://a.example/x?y=1 b.example c@d.example"),
        ("5 < 6 > 3 & <b> <@> <!>", "5 < 6 > 3 & <b> <@> <!>"),
    ],
)  # fmt: skip
def test_a_draft_is_checked_as_it_was_typed(sent: str, as_people_type: str) -> None:
    """The command comes with Slack's markup for names and links; nobody types that, and nobody is shown it."""
    assert as_typed(sent) == as_people_type


async def test_a_draft_with_a_name_and_a_link_in_it_is_shown_as_it_was_typed(stage: Stage, bot: Bot) -> None:
    """The sentence that promises too much stands there in the agent's own words."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    await complained(customer, agent)
    draft = "@shufen.wang https://kapok.example/help 這次就免費幫您處理 & 5 < 6"
    await agent.do("command", channel=SHARED, text=f"/aside draft {draft}")
    push = await agent.sees("ephemeral", lambda push: "草稿說" in texts(push["message"]["blocks"]))
    said = texts(push["message"]["blocks"])
    assert "@王淑芬 https://kapok.example/help 這次就免費幫您處理 &amp; 5 &lt; 6" in said
