"""A case that has no customer, or a wrong one, is moved to the right one by whoever may help in it."""

import json
from collections.abc import AsyncIterator

import pytest

from bot.case import Case
from bot.goodwill import ExceptionState
from bot.message import Message, Role
from bot.settings import Settings
from bot.setup import RoleSource
from bot.signals import Reading, Signal
from handlers import due, right_customer
from storage import conversations
from tests.flow.conftest import (
    AGENT,
    CUSTOMER,
    DESK,
    GUEST,
    MANAGER,
    OTHER_AGENT,
    SALES,
    SALES_CHANNEL,
    SETUP,
    SHARED,
    SUCCESSOR,
    SUPERVISOR,
    Bot,
    texts,
)
from tests.flow.test_who_may_do_what import FORM
from tests.flow.without_slack import Desk, desk
from tests.flow.working import direct, has_button, press, press_in, typed, window
from tests.sandbox.stage import Json, Stage

WHOSE = "SELECT customer_id FROM cases WHERE id = ?"
AUDIT = "SELECT actor, before, after, why FROM audit WHERE move = 'right_customer' AND subject = ? ORDER BY seq"
OPPORTUNITY = "SELECT customer_id, told FROM opportunities WHERE case_id = ?"
CHOICE = "right_customer_view"


@pytest.fixture
async def at(stage: Stage, settings: Settings) -> AsyncIterator[Desk]:
    """A desk with a manager."""
    async with desk(stage, settings) as made:
        made.set_up(SETUP.model_copy(update={"managers": RoleSource(users=(MANAGER,))}))
        yield made


def theirs(customer_id: str, why: str = "") -> Json:
    """The window filled in."""
    chosen = {"case_customer": {"type": "external_select", "selected_option": {"value": customer_id}}}
    return {"customer": chosen, "why": typed(why)}


async def says_it_is(at: Desk, user: str, case: Case, customer_id: str, why: str = "") -> list[str]:
    """Send the window off; what that person is told."""
    return await at.submit(user, CHOICE, case.id, theirs(customer_id, why))


def hears(at: Desk, case: Case, text: str, signal: str) -> None:
    """The customer says something in the case."""
    ts = f"{at.clock():.6f}"
    said = Message(
        workspace=case.workspace,
        channel=case.channel,
        ts=ts,
        thread_ts=case.thread_ts,
        speaker=CUSTOMER,
        role=Role.CUSTOMER,
        text=text,
    )
    with at.services.casebook.begin() as connection:
        conversations.write_message(connection, said, Reading((Signal(signal, 1.0, text),), 0), case.id)


def card_of(at: Desk, request_id: str) -> str:
    """A request's card as it was last drawn."""
    ((body,),) = at.rows(
        "SELECT body FROM outbox WHERE kind = 'update' AND target = ? ORDER BY seq DESC LIMIT 1",
        json.dumps({"of": f"exception:{request_id}"}),
    )
    return texts(json.loads(body)["blocks"])


async def test_the_unregistered_customers_window_can_be_told_once_it_is_said_whose_case_it_is(at: Desk) -> None:
    """R23: the same request, before and after: the card has the name, and the second exception needs a manager."""
    first = at.request(at.case())
    await at.click(SUPERVISOR, "approve_exception", first.id)
    case = at.case(customer=None, channel=DESK)
    await at.submit(AGENT, "ask_exception_view", case.id, FORM)
    ((request_id,),) = at.rows("SELECT id FROM exceptions WHERE case_id = ?", case.id)
    (told,) = await says_it_is(at, AGENT, case, "C-1")
    assert "廣昕" in told
    assert at.rows(WHOSE, case.id) == [("C-1",)]
    assert at.rows(AUDIT, "case") == [(AGENT, "", "C-1", "")]
    assert at.rows(AUDIT, "exception") == [(AGENT, "", "C-1", "")]
    assert "廣昕" in card_of(at, request_id)
    await at.click(SUPERVISOR, "approve_exception", request_id)
    assert at.found(request_id).state is ExceptionState.SECONDING


async def test_a_customer_who_is_recognised_later_is_whose_request_it_is(at: Desk) -> None:
    """R23: filed while nobody knew the customer, it counts in their window once they write; the card says who it is."""
    case = at.case(customer=None)
    first = at.request(case)
    said = {"type": "message", "channel": SHARED, "user": CUSTOMER, "text": "請問好了嗎？", "thread_ts": case.thread_ts}
    await at.deliver("message", CUSTOMER, {**said, "ts": f"{at.clock():.6f}"}, key="said")
    assert at.rows(WHOSE, case.id) == [("C-1",)]
    assert at.found(first.id).customer_id == "C-1"
    assert at.rows(AUDIT, "exception") == [("aside", "", "C-1", "recognised")]
    assert "廣昕" in card_of(at, first.id)
    await at.click(SUPERVISOR, "approve_exception", first.id)
    second = at.request(at.case())
    await at.click(SUPERVISOR, "approve_exception", second.id)
    assert at.stands(second).state is ExceptionState.SECONDING


async def test_what_waits_for_either_customer_is_decided_with_the_move_in_sight(at: Desk) -> None:
    """A card always shows the customer's window as it is now, also when another case's grant came or went."""
    granted = at.case()
    await at.click(SUPERVISOR, "approve_exception", at.request(granted).id)
    of_first, of_second = at.request(at.case()), at.request(at.case(customer="C-2"))
    await says_it_is(at, SUPERVISOR, granted, "C-2", "同名的另一家")
    assert "還沒用過" in card_of(at, of_first.id)
    assert "已用 1 次" in card_of(at, of_second.id)


async def test_who_may_help_in_a_case_says_whose_it_is_and_nobody_else(at: Desk) -> None:
    """The handler and the supervisors; a peer who is not in the channel, sales, outsiders and the customer may not."""
    may = {AGENT, SUPERVISOR, MANAGER}
    for user in (CUSTOMER, GUEST, SALES, OTHER_AGENT, AGENT, SUPERVISOR, MANAGER):
        case = at.case(customer=None, channel=SALES_CHANNEL)
        said = await says_it_is(at, user, case, "C-1")
        assert said or user in {CUSTOMER, GUEST}
        assert at.rows(WHOSE, case.id) == [("C-1" if user in may else None,)], user
        offered = await right_customer.customer_options(at.services, user, "廣昕")
        assert bool(offered) is (user in may | {OTHER_AGENT})


async def test_a_grant_is_moved_by_a_supervisor_who_says_why(at: Desk) -> None:
    """It leaves the wrong customer's window and stands in the right one's; an agent is told who can do it."""
    case = at.case()
    request = at.request(case)
    await at.click(SUPERVISOR, "approve_exception", request.id)
    (refused,) = await says_it_is(at, AGENT, case, "C-2", "打錯了")
    assert "只有主管" in refused
    (refused,) = await says_it_is(at, SUPERVISOR, case, "C-2")
    assert refused.startswith("why: ")
    assert at.rows(WHOSE, case.id) == [("C-1",)]
    assert await says_it_is(at, SUPERVISOR, case, "C-2", "同名的另一家")
    assert at.found(request.id).customer_id == "C-2"
    assert at.rows(AUDIT, "exception") == [(SUPERVISOR, "C-1", "C-2", "同名的另一家")]
    second = at.request(at.case())
    await at.click(SUPERVISOR, "approve_exception", second.id)
    assert at.stands(second).state is ExceptionState.APPROVED
    told = " ".join(at.told(AGENT))
    assert "原本：廣昕" in told
    assert "同名的另一家" not in str(at.rows("SELECT body FROM outbox WHERE kind = 'ephemeral'"))


async def test_a_no_is_not_moved_out_of_sight_by_whoever_asks_again(at: Desk) -> None:
    """R34: an agent cannot give the declined case to somebody else and ask anew as if nothing had been said."""
    case = at.case()
    await at.submit(SUPERVISOR, "decline_exception_view", at.request(case).id, {"reason": typed("不符合")})
    (refused,) = await says_it_is(at, AGENT, case, "C-2")
    assert "只有主管" in refused
    (mistake,) = await at.submit(AGENT, "ask_exception_view", at.case().id, FORM)
    assert "未核准" in mistake
    assert await says_it_is(at, SUPERVISOR, case, "C-2", "同名的另一家")
    assert at.rows(WHOSE, case.id) == [("C-2",)]


async def test_beside_a_customer_that_was_found_one_click_makes_the_open_case_theirs(at: Desk) -> None:
    """`/warranty` in a channel with an open case; not where the case is theirs, nor for whoever may not help in it."""
    case = at.case(customer=None, channel=SALES_CHANNEL)
    await at.command(AGENT, "/warranty 廣昕", channel=SALES_CHANNEL)
    (button,) = offered(at)
    assert (button["value"], button["block"], button["asks"]) == (case.id, "their_case:0:C-1", {})
    for user in (SALES, OTHER_AGENT):
        await at.command(user, "/warranty 廣昕", channel=SALES_CHANNEL)
        assert offered(at) == []
    (told,) = await at.click(AGENT, "their_case", button["value"], block_id=button["block"])
    assert "廣昕" in told
    assert at.rows(WHOSE, case.id) == [("C-1",)]
    await at.command(AGENT, "/warranty 廣昕", channel=SALES_CHANNEL)
    assert offered(at) == []


def offered(at: Desk) -> list[Json]:
    """The buttons that make a case somebody's, on the newest answer to a command."""
    ((body,),) = at.rows("SELECT body FROM outbox WHERE kind = 'reply' ORDER BY seq DESC LIMIT 1")
    rows = [each for each in json.loads(body).get("blocks", []) if each["type"] == "actions"]
    return [
        {"value": button["value"], "block": row["block_id"], "asks": button.get("confirm", {})}
        for row in rows
        for button in row["elements"]
        if button["action_id"] == "their_case"
    ]


async def test_with_several_open_cases_each_has_its_button(at: Desk) -> None:
    """Which of them is theirs is for the person to say."""
    first, second = at.case(customer=None, channel=DESK), at.case(customer="C-2", channel=DESK)
    await at.command(AGENT, "/warranty 廣昕", channel=DESK)
    found = {each["value"]: each["block"] for each in offered(at)}
    assert set(found) == {first.id, second.id}
    assert len(set(found.values())) == len(found)


async def test_a_case_that_has_a_customer_is_moved_only_after_a_question(at: Desk) -> None:
    """One click too many does not give a case away: the question names both customers. Nobody's case asks nothing."""
    nobodys, somebodys = at.case(customer=None, channel=DESK), at.case(customer="C-2", channel=DESK)
    await at.command(AGENT, "/warranty 廣昕", channel=DESK)
    asks = {each["value"]: each["asks"] for each in offered(at)}
    assert asks[nobodys.id] == {}
    asked = {key: part["text"] for key, part in asks[somebodys.id].items()}
    text = asked.pop("text")
    assert text.startswith("這個進行中的案件目前是「宏昌興業有限公司」的。")
    assert text.endswith("都改成「廣昕精密股份有限公司」的。")
    assert asked == {"title": "要改這個案件的客戶嗎？", "confirm": "改過去", "deny": "先不要"}


async def test_where_the_customer_has_another_open_case_both_stay(at: Desk) -> None:
    """They are not merged, and whoever moved the case reads that; in the customer's channel nothing is said of it."""
    other, case = at.case(channel=SHARED), at.case(customer="C-2", channel=SHARED)
    last = at.last_row()
    (told,) = await says_it_is(at, AGENT, case, "C-1")
    assert at.rows("SELECT kind FROM outbox WHERE seq > ?", last) == [("direct",)]
    assert "另一個進行中的案件" in told
    assert at.rows(WHOSE, other.id) == at.rows(WHOSE, case.id) == [("C-1",)]


async def test_what_cannot_be_is_said_beside_its_box(at: Desk) -> None:
    """A customer who left the directory, theirs already, a case that is gone."""
    case = at.case()
    assert "已經不在資料裡" in (await says_it_is(at, AGENT, case, "C-GONE"))[0]
    assert "本來就是" in (await says_it_is(at, AGENT, case, "C-1"))[0]
    gone = case.model_copy(update={"id": "gone"})
    assert (await says_it_is(at, AGENT, gone, "C-1"))[0].startswith("customer: ")
    assert at.rows(AUDIT, "case") == []


@pytest.mark.parametrize("user", [AGENT, SUPERVISOR])
async def test_the_window_opens_from_the_case(at: Desk, user: str) -> None:
    """For whoever may help; it says whose the case is now."""
    assert await at.click(user, "choose_customer", at.case().id) == [f"window {CHOICE}"]


async def test_sales_hears_of_the_right_customer(at: Desk) -> None:
    """The opportunity follows its case: whoever looks after the right account is told at once, as the next one."""
    case = at.case(customer=None)
    hears(at, case, "我們只好考慮換別家了", "threatens_to_leave")
    assert await says_it_is(at, AGENT, case, "C-1")
    await due.do_due(at.services)
    assert at.rows(OPPORTUNITY, case.id) == [("C-1", json.dumps([SUCCESSOR]))]
    assert await says_it_is(at, SUPERVISOR, case, "C-2")
    await due.do_due(at.services)
    assert at.rows(OPPORTUNITY, case.id) == [("C-2", json.dumps([SUCCESSOR, SALES]))]
    assert at.rows(AUDIT, "opportunity") == [(SUPERVISOR, "C-1", "C-2", "")]
    assert "宏昌興業" in " ".join(at.told(SALES))


async def test_from_the_whisper_about_nobodys_case_to_the_case_of_the_right_one(stage: Stage, bot: Bot) -> None:
    """What an agent does: the whisper, the search, the case with the name on it."""
    agent = await stage.seat(AGENT)
    mail = {"app_id": "A0DESK", "bot_id": "B0DESK", "username": "mail"}
    await agent.do("say", channel=DESK, text="ERP 從早上就當機，發票都印不出來", as_app=mail)
    whisper = await agent.sees("ephemeral", lambda push: has_button(push, "choose_customer"))
    await press(agent, whisper, "show_case")
    case = await window(agent, "case_view")
    await press_in(agent, case, "choose_customer")
    view = await window(agent, CHOICE)
    found = await agent.do(
        "options",
        container={"type": "view", "view_id": view["id"]},
        action_id="case_customer",
        block_id="customer",
        value="廣昕",
    )
    assert [each["value"] for each in found["options"]] == ["C-1"]
    chosen = {"case_customer": {"type": "external_select", "selected_option": found["options"][0]}}
    await agent.do("submit", view_id=view["id"], values={"customer": chosen, "why": typed("")})
    changed = await agent.sees("view_updated", lambda push: "廣昕精密" in texts(push["view"]["blocks"]))
    assert changed["view"]["id"] == case["id"]
    await direct(agent, "廣昕精密", "都以這個客戶為準")
