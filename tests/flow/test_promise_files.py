"""A file as evidence: it binds like words, the supervisors see it in their channel, and nobody else gets to."""

import json

import pytest

from bot.setup import RoleSource
from tests.flow.conftest import (
    AGENT,
    APPROVALS,
    CUSTOMER,
    GUEST,
    SETUP,
    SUCCESSOR,
    SUPERVISOR,
    Bot,
    save_setup,
)
from tests.flow.test_nothing_leaks import people_said
from tests.flow.test_promise import asked, card_again, shown_in
from tests.flow.working import direct, facts, press, rows, typed, window
from tests.sandbox.stage import Json, Refused, Seat, Stage

SUPERVISED = SETUP.model_copy(update={"supervisors": RoleSource(users=(SUPERVISOR,))})


async def answers_with(sales: Seat, card: Json, name: str) -> Json:
    """Sales says yes with a file and no words; the file."""
    await press(sales, card, "promise_yes")
    view = await window(sales, "promise_yes_view")
    file = await sales.upload(view, "files", name, b"%PDF-1.7 the offer")
    values = {"evidence": typed(""), "files": {"files": {"files": [file]}}}
    await sales.do("submit", view_id=view["id"], values=values)
    return file


async def test_a_file_binds_and_the_supervisors_see_it(stage: Stage, bot: Bot) -> None:
    """By name and link on every card; open to our people as the channel is, and to no outsider."""
    save_setup(bot.settings, SUPERVISED)
    seats = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUCCESSOR, SUPERVISOR, GUEST)]
    customer, agent, sales, supervisor, other = seats
    card = await asked(customer, agent, sales)
    file = await answers_with(sales, card, "報價單 <3>.pdf")
    told = await shown_in(supervisor, APPROVALS, "答應了什麼", "報價單 &lt;3&gt;.pdf", file["permalink"])
    shown = await supervisor.sees("message", lambda push: bool(push["message"].get("files")))
    assert (shown["channel"], shown["message"]["thread_ts"]) == (APPROVALS, told["message"]["ts"])
    assert [each["name"] for each in shown["message"]["files"]] == ["報價單 <3>.pdf"]
    assert await supervisor.opens(file["permalink"]) == b"%PDF-1.7 the offer"
    await direct(agent, "業務確認答應過", "報價單")
    for stranger in (customer, other):
        with pytest.raises(Refused, match="file_not_found"):
            await stranger.opens(file["permalink"])
    held = facts(bot)
    assert (held["claim"], held["evidence"]) == ("confirmed", "報價單 <3>.pdf")
    ((kept,),) = rows(bot, "SELECT files FROM sales_answers")
    assert json.loads(kept) == [{"id": file["id"], "name": "報價單 <3>.pdf", "link": file["permalink"]}]
    await stage.settled()
    assert people_said(customer) == {CUSTOMER, AGENT}
    assert stage.sandbox.workspace.state.files[file["id"]].shared_in == [APPROVALS]


async def test_where_a_guest_reads_the_approvals_channel_no_file_is_shown(stage: Stage, bot: Bot) -> None:
    """Neither the card nor the file; whoever put it in hears that they show it to a supervisor themselves."""
    await stage.admin("add_member", channel=APPROVALS, user=GUEST)
    customer, agent, sales = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUCCESSOR)]
    file = await answers_with(sales, await asked(customer, agent, sales), "offer.pdf")
    await sales.sees("message", lambda push: "請直接拿給主管看" in str(push["message"]["text"]))
    assert stage.sandbox.workspace.state.files[file["id"]].shared_in == []
    assert facts(bot)["claim"] == "confirmed"


async def test_a_file_that_slack_does_not_show_us_is_asked_for_as_a_link(stage: Stage, bot: Bot) -> None:
    """The answer is taken all the same; without the file it is a yes from memory."""
    customer, agent, sales = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUCCESSOR)]
    card = await asked(customer, agent, sales)
    await stage.admin("fail_next", method="files.info", error="file_deleted")
    await answers_with(sales, card, "offer.pdf")
    await sales.sees("message", lambda push: "附上檔案的連結" in str(push["message"]["text"]))
    await card_again(sales, "沒有書面憑據")
    assert rows(bot, "SELECT state FROM verifications") == [("remembered",)]
