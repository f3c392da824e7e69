"""Who may do what to a request: every role, every action, denied by default."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from enum import StrEnum

import pytest

from bot.goodwill import ExceptionRequest, ExceptionState, Grant
from bot.policy import Concession
from bot.settings import Settings
from bot.setup import Away, RoleSource, Setup
from tests.flow.conftest import (
    AGENT,
    APPROVALS,
    CUSTOMER,
    DEPUTY,
    DESK,
    GUEST,
    MANAGER,
    OTHER_AGENT,
    SALES,
    SALES_CHANNEL,
    SETUP,
    SUCCESSOR,
    SUPERVISOR,
)
from tests.flow.without_slack import Desk, desk
from tests.flow.working import chosen, typed
from tests.sandbox.stage import Json, Stage


class Who(StrEnum):
    """Everybody who might click."""

    CUSTOMER = "customer"
    GUEST = "guest"
    COLLEAGUE = "colleague"
    ASKER = "asker"
    PEER = "peer"
    SALES = "sales"
    CHIEF = "supervisor"
    TOOK_PART = "supervisor who took part"
    ASKED = "supervisor who asked"
    STANDS_IN = "deputy"
    FOR_ASKER = "deputy of who asked"
    MANAGER = "manager"


USER = {
    Who.CUSTOMER: CUSTOMER,
    Who.GUEST: GUEST,
    Who.COLLEAGUE: SUCCESSOR,
    Who.ASKER: AGENT,
    Who.PEER: OTHER_AGENT,
    Who.SALES: SALES,
    Who.CHIEF: SUPERVISOR,
    Who.TOOK_PART: DEPUTY,
    Who.ASKED: SUPERVISOR,
    Who.STANDS_IN: OTHER_AGENT,
    Who.FOR_ASKER: OTHER_AGENT,
    Who.MANAGER: MANAGER,
}
FORM: Json = {
    "fault": typed("發票模組當機"),
    "fault_ours": chosen("no"),
    "cost": typed("3000"),
    "concession": chosen("full"),
    "reason": typed("老客戶"),
}
TERMS: Json = {
    "concession": chosen("labour_waived"),
    "cap": typed("1500"),
    "conditions": typed("零件由客戶負擔"),
    "valid_days": typed("7"),
    "reason": typed("老客戶"),
}
REASON: Json = {"reason": typed("因為")}


def setup_for(who: Who) -> Setup:
    """The desk, with a deputy where one is meant."""
    roles = SETUP.model_copy(update={"managers": RoleSource(users=(MANAGER,)), "sales": RoleSource(users=(SALES,))})
    if who in {Who.STANDS_IN, Who.FOR_ASKER}:
        return roles.with_away(SUPERVISOR, Away(user=SUPERVISOR, deputy=OTHER_AGENT))
    return roles


def about(at: Desk, who: Who, state: ExceptionState) -> ExceptionRequest:
    """A request, as this person finds it."""
    case = at.case(customer=None)
    if who is Who.TOOK_PART:
        at.says(DEPUTY, case)
    asked_by = SUPERVISOR if who in {Who.ASKED, Who.FOR_ASKER} else AGENT
    granted: Json = {}
    if state is ExceptionState.APPROVED:
        grant = Grant(concession=Concession.FULL, scope="x", cap=Decimal(3000))
        granted = {"grant": grant, "decided_by": MANAGER, "decided_at": at.clock.moment}
    return at.request(case, requested_by=asked_by, state=state, **granted)


Deed = Callable[[Desk, Who, ExceptionRequest], Awaitable[list[str]]]


def pressed(action_id: str) -> Deed:
    """A button that decides at once."""

    async def do(at: Desk, who: Who, request: ExceptionRequest) -> list[str]:
        return await at.click(USER[who], action_id, request.id)

    return do


def filled_in(action_id: str, values: Json) -> Deed:
    """A button and its window; whoever gets no window sends it off all the same."""

    async def do(at: Desk, who: Who, request: ExceptionRequest) -> list[str]:
        seen = await at.click(USER[who], action_id, request.id)
        sent = await at.submit(USER[who], f"{action_id.removesuffix('_with_terms')}_view", request.id, values)
        return [*seen, *sent]

    return do


DEEDS: dict[str, tuple[ExceptionState, Deed, ExceptionState]] = {
    "approve": (ExceptionState.REQUESTED, pressed("approve_exception"), ExceptionState.APPROVED),
    "terms": (ExceptionState.REQUESTED, filled_in("approve_exception_with_terms", TERMS), ExceptionState.APPROVED),
    "ask_back": (ExceptionState.REQUESTED, filled_in("ask_back_exception", REASON), ExceptionState.ASKED_BACK),
    "decline": (ExceptionState.REQUESTED, filled_in("decline_exception", REASON), ExceptionState.DECLINED),
    "answer": (ExceptionState.ASKED_BACK, filled_in("answer_exception", REASON), ExceptionState.REQUESTED),
    "withdraw": (ExceptionState.REQUESTED, pressed("withdraw_exception"), ExceptionState.WITHDRAWN),
    "use": (ExceptionState.APPROVED, pressed("use_exception"), ExceptionState.USED),
}


TEAM, SUPERVISORS, OTHERS, OWN, ASKERS, HELPERS = (
    "這是客服團隊使用的功能。",
    "這要由主管決定，剛才按的不算數。",
    "正在跟這家客戶談的人不能決定，要請另一位主管。",
    "自己提的申請，要請另一位主管決定。",
    "只有申請人或處理這個案件的人可以這樣做，剛才按的不算數。",
    "只有回覆客戶的客服和主管可以這樣做。",
)
WORDS = {
    "team": TEAM,
    "boss": SUPERVISORS,
    "talks": OTHERS,
    "own": OWN,
    "yours": ASKERS,
    "helps": HELPERS,
}
TABLE = """
                         approve terms ask_back decline answer withdraw use   ask   /exception
customer                 team    team  team     team    team   team     team  team  team
guest                    team    team  team     team    team   team     team  team  team
colleague                team    team  team     team    team   team     team  team  team
asker                    boss    boss  boss     boss    yes    yes      yes   yes   yes
peer                     boss    boss  boss     boss    yours  yours    yours yes   yes
sales                    boss    boss  boss     boss    yours  yours    yours helps helps
supervisor               yes     yes   yes      yes     yours  yours    yours yes   yes
supervisor_who_took_part talks   talks talks    talks   yours  yours    yours yes   yes
supervisor_who_asked     own     own   own      own     yes    yes      yes   yes   yes
deputy                   yes     yes   yes      yes     yours  yours    yours yes   yes
deputy_of_who_asked      own     own   own      own     yours  yours    yours yes   yes
manager                  yes     yes   yes      yes     yours  yours    yours yes   yes
"""
"""Whoever is not named `yes` is told why not in these words, and nothing has changed."""
DEED_NAMES, *ROWS = [line.split() for line in TABLE.strip().splitlines()]
EXPECTED = {
    name: {Who(row[0].replace("_", " ")): row[number + 1] for row in ROWS} for number, name in enumerate(DEED_NAMES)
}


def test_the_table_leaves_out_nobody_and_nothing() -> None:
    """Every role in every column."""
    assert {*DEEDS, "ask", "/exception"} == set(EXPECTED)
    assert all(set(column) == set(Who) for column in EXPECTED.values())


def outcome(told: list[str], *, done: bool) -> str:
    """`yes`, or in which words it was refused; each word that was said says the same."""
    if done:
        return "yes"
    said = {words.partition(": ")[2] or words for words in told if words != "window notice_view"}
    return next((name for name, words in WORDS.items() if said == {words}), f"{said}")


@pytest.mark.parametrize("deed", DEEDS)
async def test_who_may_move_a_request(stage: Stage, settings: Settings, deed: str) -> None:
    """Denied by default, whatever button or window is used, forged ones too."""
    start, do, end = DEEDS[deed]
    found = {}
    async with desk(stage, settings) as at:
        for who in Who:
            at.set_up(setup_for(who))
            request = about(at, who, start)
            told = await do(at, who, request)
            after = at.stands(request)
            assert after.state in {start, end}
            assert (after == request) is (after.state is start)
            audited = at.rows("SELECT actor FROM audit WHERE subject_id = ?", request.id)
            assert audited == ([(USER[who],)] if after.state is end else [])
            found[who] = outcome(told, done=after.state is end)
    assert found == EXPECTED[deed]


async def test_who_may_ask(stage: Stage, settings: Settings) -> None:
    """Agents and supervisors, from the button and by command; the window alone lets nobody in."""
    asked: dict[Who, str] = {}
    commanded: dict[Who, str] = {}
    async with desk(stage, settings) as at:
        for who in Who:
            at.set_up(setup_for(who))
            case = at.case(customer=None, agent="", channel=f"C{len(asked)}")
            user = USER[who]
            by_command = await at.command(user, "/exception", case.channel)
            commanded[who] = outcome(by_command, done=by_command == ["window ask_exception_view"])
            told = await at.click(user, "ask_exception", case.id)
            told += await at.submit(user, "ask_exception_view", case.id, FORM)
            filed = at.rows("SELECT requested_by FROM exceptions WHERE case_id = ?", case.id)
            asked[who] = outcome(told, done=filed == [(user,)])
    assert asked == EXPECTED["ask"]
    assert commanded == EXPECTED["/exception"]


async def test_the_command_tells_nobody_of_cases_that_are_not_theirs(stage: Stage, settings: Settings) -> None:
    """Which case is meant is asked with the customer's words, so only of whoever may read them."""
    async with desk(stage, settings) as at:
        at.set_up(setup_for(Who.SALES))
        at.case(channel=APPROVALS, agent=DEPUTY)
        at.case(channel=SALES_CHANNEL, agent=DEPUTY)
        assert await at.command(SALES, "/exception 廣昕精密", DESK) == [HELPERS]
        assert await at.command(OTHER_AGENT, "/exception 廣昕精密", DESK) == ["window ask_exception_view"]
        assert await at.command(SUPERVISOR, "/exception 廣昕精密", DESK) == ["是哪一個案件？"]
