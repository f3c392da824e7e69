"""Asking again: what was granted and refused before is in sight, and neither a new thread nor a word lifts a limit."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.case import Case
from bot.goodwill import ExceptionRequest, ExceptionState, Grant, Move
from bot.i18n import words
from bot.policy import Concession
from bot.settings import Settings
from bot.setup import RoleSource
from handlers import situation
from handlers.request import card
from storage import facts
from storage import goodwill as requests
from tests.flow.conftest import AGENT, DEPUTY, MANAGER, OTHER_AGENT, SETUP, SUPERVISOR, texts
from tests.flow.test_who_may_do_what import FORM, REASON, TERMS
from tests.flow.without_slack import Desk, desk
from tests.flow.working import button_in, chosen, typed
from tests.sandbox.stage import Json, Stage

SAME = {**FORM, "same_problem": chosen("yes"), "new_fact": typed("找到驗收單，保固晚一個月起算")}
OTHER = {**FORM, "same_problem": chosen("no"), "new_fact": typed("這次是印表機，不是發票模組")}
OURS = {**TERMS, "fault_ours": chosen("yes")}


@pytest.fixture
async def at(stage: Stage, settings: Settings) -> AsyncIterator[Desk]:
    """A desk with a manager."""
    async with desk(stage, settings) as made:
        made.set_up(SETUP.model_copy(update={"managers": RoleSource(users=(MANAGER,))}))
        yield made


def decided(at: Desk, case: Case, state: ExceptionState, days_ago: int = 10, **more: Any) -> ExceptionRequest:
    """A request that was decided so long ago."""
    when = at.clock.moment - timedelta(days=days_ago)
    told: dict[str, Any] = {"decided_by": DEPUTY, "decided_at": when, "decision_reason": "其他客戶都付費"}
    if state is not ExceptionState.DECLINED:
        told["grant"] = Grant(concession=Concession.LABOUR_WAIVED, scope="發票模組當機", cap=Decimal(3000))
    return at.request(case, state=state, due_at=None, due_move=None, **{**told, **more})


def of_case(at: Desk, case: Case) -> ExceptionRequest:
    """The newest request of a case."""
    with at.services.casebook.look() as connection:
        return requests.of_case(connection, case.workspace, case.id)[-1]


def boxes(view: Json) -> dict[str, Any]:
    """What stands in a window's boxes when it opens."""
    inputs = {each["block_id"]: each["element"] for each in view["blocks"] if each["type"] == "input"}
    return {
        name: each.get("initial_value") or (each.get("initial_option") or {}).get("value", "")
        for name, each in inputs.items()
    }


async def test_a_no_is_seen_from_a_new_thread_and_the_card_says_what_is_new(at: Desk) -> None:
    """R34: the same problem in another case is asked again only with what is new, and the earlier no is in sight."""
    first, second = at.case(), at.case(agent=OTHER_AGENT)
    no = decided(at, first, ExceptionState.DECLINED)
    await at.click(OTHER_AGENT, "ask_exception", second.id)
    shown = texts(at.view()["blocks"])
    assert "這家客戶有一件申請未核准" in shown
    assert "其他客戶都付費" in shown
    (missing,) = await at.submit(OTHER_AGENT, "ask_exception_view", second.id, {**SAME, "new_fact": typed(" ")})
    assert missing.startswith("new_fact: ")
    (stale,) = await at.submit(OTHER_AGENT, "ask_exception_view", second.id, FORM)
    assert stale.startswith("fault: ")
    await at.submit(OTHER_AGENT, "ask_exception_view", second.id, SAME)
    filed = of_case(at, second)
    assert (filed.reopens, filed.new_fact) == (no.id, "找到驗收單，保固晚一個月起算")
    assert at.rows("SELECT move FROM audit WHERE subject_id = ?", filed.id) == [("reopen",)]
    shown_card = at.body(f"exception:{filed.id}")
    read = texts(shown_card["blocks"])
    for told in (f"<@{DEPUTY}> 未核准（另一個案件）", "其他客戶都付費", "上次未核准後的新事證", "找到驗收單"):
        assert told in read
    ways = [each["accessory"] for each in shown_card["blocks"] if "accessory" in each]
    assert [(way["action_id"], way["value"]) for way in ways] == [("show_case", first.id)]


async def test_whoever_asks_while_the_limit_stands_leaves_a_row(at: Desk) -> None:
    """R45: what the limit keeps from being asked is counted, in a case that has had its yes and in the next one."""
    first, second, others = at.case(), at.case(), at.case(customer="C-2")
    decided(at, first, ExceptionState.USED)
    for case in (first, second, others):
        await at.click(AGENT, "ask_exception", case.id)
    rows = at.rows("SELECT subject, subject_id, actor, why FROM audit WHERE move = 'at_limit' ORDER BY seq")
    assert rows == [("case", first.id, AGENT, ""), ("case", second.id, AGENT, "")]


async def test_what_puts_our_own_fault_right_uses_nothing_up(at: Desk) -> None:
    """It stands in the way of a second request in its case, and nobody is counted as turned away by the limit."""
    case = at.case()
    ours = Grant(concession=Concession.FULL, scope="發票模組當機", cap=Decimal(3000), ours=True)
    decided(at, case, ExceptionState.APPROVED, grant=ours)
    assert await at.click(AGENT, "ask_exception", case.id) == ["window notice_view"]
    assert at.rows("SELECT 1 FROM audit WHERE move = 'at_limit'") == []


async def test_another_problem_is_a_new_request_beside_the_earlier_no(at: Desk) -> None:
    """It reopens nothing; the supervisor decides with the earlier no in sight; this case has had no no."""
    decided(at, at.case(), ExceptionState.DECLINED)
    second = at.case()
    await at.submit(AGENT, "ask_exception_view", second.id, OTHER)
    filed = of_case(at, second)
    assert filed.reopens is None
    read = texts(at.body(f"exception:{filed.id}")["blocks"])
    assert "申請人說是另一個問題" in read
    assert "這次是印表機，不是發票模組" in read
    assert "未核准（另一個案件）" in read
    with at.services.casebook.look() as connection:
        about = situation.situation(situation.CaseRecord(at.services, connection, second), None, language="zh-TW")
    assert about.standing.decision == "none"


@pytest.mark.parametrize(
    "before",
    [
        lambda at: decided(at, at.case(customer="C-2"), ExceptionState.DECLINED),
        lambda at: decided(at, at.case(), ExceptionState.DECLINED, days_ago=366),
        lambda at: [decided(at, case := at.case(), ExceptionState.DECLINED), decided(at, case, ExceptionState.USED, 9)],
    ],
    ids=["another customer's", "older than the window", "turned by a yes"],
)
async def test_only_a_no_that_stands_for_this_customer_is_asked_about(at: Desk, before: Any) -> None:
    """Nobody has to explain a no that does not concern them."""
    before(at)
    await at.click(AGENT, "ask_exception", at.case().id)
    assert "same_problem" not in boxes(at.view())


async def test_whoever_asks_a_second_time_in_the_window_hears_kindly_when_and_what_instead(at: Desk) -> None:
    """R22, R23: the earlier exception by its day and kind, the next day it is possible, and the other ways; at once."""
    decided(at, at.case(), ExceptionState.USED)
    case = at.case()
    await at.click(AGENT, "ask_exception", case.id)
    (refused,) = await at.submit(AGENT, "ask_exception_view", case.id, FORM)
    for told in ("2026-11-13", "免收工資", "2027-11-13", "單次付費服務", "續約"):
        assert told in refused
        assert told in texts(at.view()["blocks"])


async def test_whoever_grants_says_whether_the_fault_is_ours_and_it_is_written_down_with_their_name(at: Desk) -> None:
    """A plain yes asks it first; unconfirmed, every limit holds; confirmed, none does, and nothing is counted."""
    case = at.case()
    request = at.request(case, fault_ours="yes", cost=900_000, reason="我們漏裝零件")
    shown = texts(card_of(at, request, case))
    assert "申請人說是我們的責任" in shown
    assert await at.click(SUPERVISOR, "approve_exception", request.id) == ["window approve_exception_view"]
    assert boxes(at.view())["fault_ours"] == ""
    big = {**TERMS, "cap": typed("900000")}
    (unsaid,) = await at.submit(SUPERVISOR, "approve_exception_view", request.id, big)
    assert unsaid.startswith("fault_ours: ")
    no = {**big, "fault_ours": chosen("no")}
    (beyond,) = await at.submit(SUPERVISOR, "approve_exception_view", request.id, no)
    assert beyond.startswith("reason: ")
    assert at.stands(request) == request
    await at.submit(SUPERVISOR, "approve_exception_view", request.id, {**big, "fault_ours": chosen("yes")})
    after = at.stands(request)
    assert after.grant
    assert after.grant.ours
    with at.services.casebook.look() as connection:
        known = [each for each in facts.of_case(connection, case) if each.name == "fault_ours"]
        assert [(each.value, each.by, each.why) for each in known] == [("yes", SUPERVISOR, "老客戶")]
        assert requests.granted_at(connection, case.workspace, "C-1") == []
    read = texts(card_of(at, after, case))
    assert "主管確認是我們的責任" in read
    assert "計入通融紀錄" not in read


def card_of(at: Desk, request: ExceptionRequest, case: Case) -> list[Json]:
    """The card as the request stands."""
    with at.services.casebook.look() as connection:
        blocks: list[Json] = card(at.services, connection, request, case, words("zh-TW"))["blocks"]
    return blocks


async def test_a_no_says_that_the_fault_is_not_ours_where_that_was_claimed(at: Desk) -> None:
    """Otherwise the asker's word would still open the way past the no."""
    case = at.case()
    with at.services.casebook.begin() as connection:
        for name in ("fault_ours", "our_late_reply"):
            facts.record(connection, case, name, "yes", by=AGENT, now=at.clock())
    request = at.request(case, fault_ours="yes")
    (unsaid,) = await at.submit(SUPERVISOR, "decline_exception_view", request.id, REASON)
    assert unsaid.startswith("fault_ours: ")
    await at.submit(SUPERVISOR, "decline_exception_view", request.id, {**REASON, "fault_ours": chosen("no")})
    assert at.stands(request).state is ExceptionState.DECLINED
    newest = dict(at.rows("SELECT name, value FROM facts ORDER BY seq"))
    assert newest == {"fault_ours": "no", "our_late_reply": "no"}


async def test_fairness_may_be_given_as_the_reason_only_of_the_no_that_says_so(at: Desk) -> None:
    """R28: whoever declines says it, with their name and when; the next no, for another reason, does not inherit it."""
    began = at.clock() - 1
    case = at.case()
    first = at.request(case)
    assert await at.click(SUPERVISOR, "decline_exception", first.id) == ["window decline_exception_view"]
    assert boxes(at.view())["told"] == "none"
    await at.submit(SUPERVISOR, "decline_exception_view", first.id, {**REASON, "told": chosen("fairness")})
    with at.services.casebook.look() as connection:
        (known,) = facts.of_case(connection, case)
    assert (known.name, known.value, known.by) == ("declined_for_fairness", "yes", SUPERVISOR)
    assert began <= known.at.timestamp() <= at.clock()
    second = at.request(case)
    await at.submit(SUPERVISOR, "decline_exception_view", second.id, {**REASON, "told": chosen("none")})
    assert dict(at.rows("SELECT name, value FROM facts ORDER BY seq")) == {"declined_for_fairness": "no"}


async def test_a_no_without_a_word_about_what_may_be_told_gives_no_reason(at: Desk) -> None:
    """Nothing is chosen for whoever declines: the customer hears the answer and what comes next."""
    request = at.request(at.case())
    await at.submit(SUPERVISOR, "decline_exception_view", request.id, REASON)
    assert at.stands(request).state is ExceptionState.DECLINED
    assert at.rows("SELECT name FROM facts") == []


async def test_a_manager_who_left_is_no_second_approver(at: Desk, stage: Stage) -> None:
    """It is said at once that nobody could agree, instead of handing it to nobody."""
    request = at.request(at.case(), cost=50_000)
    await stage.admin("deactivate_user", user=MANAGER)
    at.clock.now += 600
    (told,) = await at.click(SUPERVISOR, "approve_exception", request.id)
    assert "沒有其他上級主管" in told
    assert at.stands(request).state is ExceptionState.REQUESTED
    assert "沒有其他上級主管" in texts(json.loads(await at.home(SUPERVISOR)))


class _Meanwhile:
    """Slack, while it is asked where a message is: something happens in between, once."""

    def __init__(self, client: Any, happens: Any) -> None:
        self._client, self._happens = client, happens

    def __getattr__(self, name: str) -> Any:
        if name == "chat_getPermalink" and self._happens:
            happens, self._happens = self._happens, None
            happens()
        return getattr(self._client, name)


async def test_what_changes_while_slack_is_asked_is_decided_as_it_is_then(at: Desk) -> None:
    """The customer is granted another in between: the click becomes a recommendation, and nobody says it is settled."""
    request = at.request(at.case())
    client = _Meanwhile(at.services.client, lambda: decided(at, at.case(), ExceptionState.USED, 0))
    at.services = replace(at.services, client=cast("AsyncWebClient", client))
    await at.click(SUPERVISOR, "approve_exception", request.id)
    assert at.stands(request).state is ExceptionState.SECONDING
    assert "上級主管" in " ".join(at.told(MANAGER))
    assert at.rows("SELECT move FROM audit WHERE subject_id = ?", request.id) == [(Move.RECOMMEND,)]


async def test_a_late_click_hears_what_happened_instead(at: Desk) -> None:
    """Who was first, and what they said."""
    request = at.request(at.case())
    await at.submit(DEPUTY, "decline_exception_view", request.id, REASON)
    assert await at.click(SUPERVISOR, "approve_exception", request.id) == [f"這件已有結果：未核准（<@{DEPUTY}>）。"]


async def test_a_no_comes_with_the_way_to_say_what_is_new(at: Desk) -> None:
    """R34: in the message that tells of it, and where asking is refused; the next window knows what was asked for."""
    case = at.case()
    extension = {**FORM, "concession": chosen("labour_waived"), "cost": typed("4500"), "evidence": typed("附件一")}
    await at.submit(AGENT, "ask_exception_view", case.id, extension)
    request = of_case(at, case)
    await at.submit(SUPERVISOR, "decline_exception_view", request.id, REASON)
    news = at.body(f"exception:{request.id}:decline:%:agent:{AGENT}")
    assert button_in(news["blocks"], "new_facts")["value"] == case.id
    await at.click(AGENT, "ask_exception", case.id)
    assert button_in(at.view()["blocks"], "new_facts")["value"] == case.id
    await at.submit(AGENT, "new_facts_view", case.id, {"what": typed("是我們漏裝零件")})
    await at.click(AGENT, "ask_exception", case.id)
    filled = boxes(at.view())
    assert (filled["concession"], filled["cost"], filled["evidence"]) == ("labour_waived", "4500", "附件一")
    assert (filled["reason"], filled["fault_ours"]) == ("是我們漏裝零件", "")
    with at.services.casebook.begin() as connection:
        facts.record(connection, case, "fault_ours", "yes", by=AGENT, now=at.clock())
    await at.click(AGENT, "ask_exception", case.id)
    assert boxes(at.view())["fault_ours"] == "yes"


@pytest.mark.parametrize(
    ("had", "asks", "has"), [("", AGENT, AGENT), (OTHER_AGENT, AGENT, OTHER_AGENT), ("", SUPERVISOR, None)]
)
async def test_whoever_asks_handles_the_case_if_nobody_does(at: Desk, had: str, asks: str, has: str | None) -> None:
    """What comes next reaches them; a colleague's case stays theirs, and a supervisor stays out of sight (R30)."""
    case = at.case(agent=had)
    await at.submit(asks, "ask_exception_view", case.id, FORM)
    assert at.rows("SELECT agent FROM cases WHERE id = ?", case.id) == [(has,)]


async def test_the_card_of_another_request_of_the_same_customer_shows_what_was_decided(at: Desk) -> None:
    """Two threads at once: the second is decided with the first in sight."""
    first, second = at.request(at.case()), at.request(at.case())
    await at.submit(SUPERVISOR, "decline_exception_view", first.id, REASON)
    shown = texts(at.body(f"exception:{first.id}:decline:%:beside:{second.id}")["blocks"])
    assert f"<@{SUPERVISOR}> 未核准（另一個案件）" in shown
