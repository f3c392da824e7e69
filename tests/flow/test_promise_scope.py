"""What is done with an answer of sales: by whom, once, at the same moment, and what follows from it (R25, R30)."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.cards import granted as granted_card
from bot.cards import promise_scope
from bot.case import Case, CaseState
from bot.coaching import advise_on
from bot.i18n import words
from bot.message import Message, Role
from bot.promise_moves import asked, moved
from bot.promises import Answer, Given, Verification
from bot.settings import Settings
from bot.setup import Away, RoleSource
from bot.signals import Reading, Signal
from bot.working_hours import desk_day
from handlers.due import do_due
from handlers.situation import CaseRecord, customer_of, situation
from storage import cases, conversations, facts, ids, promises
from storage import goodwill as requests
from storage.outbox import SendKind, put
from tests.flow.conftest import (
    AGENT,
    APPROVALS,
    CUSTOMER,
    DEPUTY,
    GUEST,
    MANAGER,
    OTHER_AGENT,
    SALES,
    SETUP,
    SHARED,
    SUCCESSOR,
    SUPERVISOR,
    WORKSPACE,
)
from tests.flow.without_slack import Desk, desk
from tests.flow.working import PROMISED, chosen, typed
from tests.sandbox.stage import Json, Stage

ONE_SUPERVISOR = SETUP.model_copy(
    update={"supervisors": RoleSource(users=(SUPERVISOR, DEPUTY)), "managers": RoleSource(users=(MANAGER,))}
)
SCOPE = {"concession": chosen("full"), "what": typed("一年內免費維修")}
TICKED: Json = {"over": {"box": {"type": "checkboxes", "selected_options": [{"value": "yes"}]}}}
ONLY_SUPERVISORS, OWN, TALKS = "只有主管可以這樣做", "要由另一位主管來看", "正在跟這位客戶對話"


@pytest.fixture
async def at(stage: Stage, settings: Settings) -> AsyncIterator[Desk]:
    """Nothing running; a supervisor, another one, a manager."""
    async with desk(stage, settings) as made:
        made.set_up(ONE_SUPERVISOR)
        yield made


def claimed(at: Desk, customer: str = "C-1") -> Case:
    """A case in which the customer says that something was promised."""
    case = at.case(customer=customer)
    said = Message(
        workspace=WORKSPACE,
        channel=SHARED,
        ts=f"{at.clock():.6f}",
        thread_ts=case.thread_ts,
        speaker=CUSTOMER,
        role=Role.CUSTOMER,
        text=PROMISED,
    )
    with at.services.casebook.begin() as connection:
        conversations.write_message(connection, said, Reading((Signal("claims_promise", 0.9, PROMISED),), 0), case.id)
    return case


def question(at: Desk, *answers: Given, asked_by: str = AGENT) -> tuple[Case, Verification]:
    """Such a case, and the question about it, with these answers."""
    case, policy, now = claimed(at), at.services.playbook.policy, at.clock.moment
    new = Verification(
        workspace=WORKSPACE,
        id=ids.new_id(),
        case_id=case.id,
        customer_id=case.customer_id,
        claimed=PROMISED,
        asked_by=asked_by,
        asked_at=now,
    )
    known = asked(new, SUCCESSOR, now, policy.verification, policy.hours)
    for each in answers:
        known = moved(known, each.move, now=now, policy=policy.verification, hours=policy.hours, said=each)
    with at.services.casebook.begin() as connection:
        promises.write(connection, known)
    return case, known


def stands(at: Desk, known: Verification) -> Verification:
    """The question as it stands now."""
    with at.services.casebook.look() as connection:
        found = promises.get(connection, WORKSPACE, known.id)
    assert found
    return found


def given(at: Desk, answer: Answer, by: str, evidence: str = "") -> Given:
    """An answer."""
    return Given(answer=answer, by=by, at=at.clock.moment, evidence=evidence)


def claim(at: Desk, case: Case) -> str:
    """What the case holds of the claim."""
    with at.services.casebook.look() as connection:
        return next(each.value for each in reversed(facts.of_case(connection, case)) if each.name == "claim")


def typed_in(text: str) -> Json:
    """An answer's box."""
    return {"evidence": typed(text)}


@pytest.mark.parametrize("action", ["record_promise", "question_promise"])
@pytest.mark.parametrize(
    ("who", "told"),
    [
        (CUSTOMER, None),
        (GUEST, None),
        (AGENT, ONLY_SUPERVISORS),
        (OTHER_AGENT, ONLY_SUPERVISORS),
        (SALES, ONLY_SUPERVISORS),
        (SUCCESSOR, ONLY_SUPERVISORS),
        (DEPUTY, OWN),
        (SUPERVISOR, "window"),
        (MANAGER, "window"),
    ],
)
async def test_who_may_record_or_question(at: Desk, who: str, told: str | None, action: str) -> None:
    """A supervisor or a manager; not who answered, nobody else; whoever is not of our staff hears nothing of it."""
    _, known = question(at, given(at, Answer.YES, SUCCESSOR, "報價單第 3 條"), given(at, Answer.NO, DEPUTY))
    heard = " ".join(await at.click(who, action, known.id))
    assert told in heard if told else "這是客服團隊使用的功能" in heard
    forged = {"concession": chosen("full"), "what": typed("x"), "reason": typed("x")}
    if told != "window":
        await at.submit(who, f"{action}_view", known.id, forged)
        assert stands(at, known) == known


async def test_the_role_is_read_when_the_window_is_sent_off(at: Desk) -> None:
    """Who was a supervisor when it opened and is none now, or has come to talk to the customer, records nothing."""
    case, known = question(at, given(at, Answer.YES, SUCCESSOR, "報價單第 3 條"))
    assert await at.click(SUPERVISOR, "record_promise", known.id) == ["window record_promise_view"]
    at.set_up(ONE_SUPERVISOR.model_copy(update={"supervisors": RoleSource(users=(DEPUTY,))}))
    (refused,) = await at.submit(SUPERVISOR, "record_promise_view", known.id, SCOPE)
    assert ONLY_SUPERVISORS in refused or "這是客服團隊使用的功能" in refused
    at.set_up(ONE_SUPERVISOR)
    at.says(SUPERVISOR, case)
    (refused,) = await at.submit(SUPERVISOR, "record_promise_view", known.id, SCOPE)
    assert TALKS in refused
    assert stands(at, known).scope is None


async def test_nobody_records_for_whoever_asked_by_standing_in(at: Desk) -> None:
    """A supervisor who asked is away; their deputy decides other things, not this."""
    _, known = question(at, given(at, Answer.YES, SUCCESSOR, "報價單第 3 條"), asked_by=SUPERVISOR)
    at.set_up(ONE_SUPERVISOR.with_away(SUPERVISOR, Away(user=SUPERVISOR, deputy=OTHER_AGENT)))
    for who in (SUPERVISOR, OTHER_AGENT):
        assert OWN in " ".join(await at.click(who, "record_promise", known.id))


async def test_recorded_once_by_whoever_was_first(at: Desk) -> None:
    """Two windows sent off at the same moment: one scope, and the other is told; then nothing is questioned."""
    case, known = question(at, given(at, Answer.YES, SUCCESSOR))
    first, second = await asyncio.gather(
        at.submit(SUPERVISOR, "record_promise_view", known.id, SCOPE),
        at.submit(MANAGER, "record_promise_view", known.id, {**SCOPE, "concession": chosen("discount")}),
    )
    scope = stands(at, known).scope
    assert scope
    assert (scope.by, scope.concession) in {(SUPERVISOR, "full"), (MANAGER, "discount")}
    assert "已經記下" in " ".join([*first, *second])
    assert claim(at, case) == "confirmed"
    assert "已經記下" in " ".join(await at.click(DEPUTY, "question_promise", known.id))
    assert at.rows("SELECT count(*) FROM audit WHERE move = 'record'") == [(1,)]


async def test_two_answers_at_the_same_moment_are_both_taken(at: Desk) -> None:
    """Neither is lost, and they come to the same whoever was first."""
    case, known = question(at)
    await asyncio.gather(
        at.submit(SUCCESSOR, "promise_yes_view", known.id, typed_in("")),
        at.submit(SALES, "promise_no_view", known.id, typed_in("只談過折扣")),
    )
    assert {each.by for each in stands(at, known).answers} == {SUCCESSOR, SALES}
    assert (stands(at, known).state, claim(at, case)) == ("contradicted", "pending")


async def test_the_same_answer_twice_is_one(at: Desk) -> None:
    """A second window with the same words says that it is there already."""
    _, known = question(at)
    await at.submit(SUCCESSOR, "promise_no_view", known.id, typed_in("沒有"))
    assert "已經這樣回覆過了" in " ".join(await at.submit(SUCCESSOR, "promise_no_view", known.id, typed_in("沒有")))
    assert len(stands(at, known).answers) == 1


async def test_one_who_changes_their_answer_is_named_once(at: Desk) -> None:
    """Nobody reads that two differ; the window asks for evidence, and says of no promise that it holds."""
    _, known = question(at)
    await at.submit(SALES, "promise_no_view", known.id, typed_in(""))
    await at.submit(SALES, "promise_yes_view", known.id, typed_in(""))
    now = stands(at, known)
    shown = str(promise_scope.card(now, customer="廣昕", say=words("zh-TW"))[1])
    assert f"<@{SALES}> 先說沒有、後來說有" in shown
    assert "有人說有" not in shown + "".join(at.told(AGENT))
    assert "。 " not in shown
    window = str(promise_scope.question_modal(now, words("zh-TW")))
    assert "請業務補憑據" in window
    assert "再問憑據" not in window
    assert "照樣算數" not in window


async def test_an_exception_that_waits_is_decided_with_every_answer_in_sight(at: Desk) -> None:
    """Yes and no, side by side, on the card that is out already."""
    case, known = question(at, given(at, Answer.YES, SUCCESSOR))
    waiting = at.request(case)
    with at.services.casebook.begin() as connection:
        put(
            connection,
            workspace=WORKSPACE,
            key=requests.card_key(waiting.id),
            kind=SendKind.MESSAGE,
            target={"channel": "C0APPROVALS"},
            body={"text": "…"},
            now=at.clock(),
        )
    await at.submit(SALES, "promise_no_view", known.id, typed_in("只談過折扣"))
    card = str(at.body(f"%:exception:{waiting.id}"))
    assert f"<@{SUCCESSOR}> 說有" in card
    assert f"<@{SALES}> 表示不知情" in card
    assert "只談過折扣" in card


async def test_what_was_promised_for_a_time_that_is_over_is_told_as_that(at: Desk) -> None:
    """No line speaks of it, nothing is free by it, and nobody says that it was never promised."""
    case, known = question(at, given(at, Answer.YES, SUCCESSOR, "報價單第 3 條"))
    past = {**SCOPE, "until": {"day": {"type": "datepicker", "selected_date": "2026-11-20"}}}
    await at.submit(SUPERVISOR, "record_promise_view", known.id, {**past, **TICKED})
    assert (stands(at, known).state, claim(at, case)) == ("lapsed", "none")
    (news,) = [each for each in at.told(AGENT) if "期限" in each]
    assert "已經過了" in news
    assert at.rows("SELECT move FROM audit WHERE subject = 'verification' ORDER BY seq") == [("record",), ("lapse",)]


async def test_a_day_in_the_past_ends_no_promise_by_a_slip(at: Desk) -> None:
    """It is refused unless the supervisor says that it is over; today still holds, and what holds is not over."""
    _, known = question(at, given(at, Answer.YES, SUCCESSOR, "報價單第 3 條"))

    async def told(day: str | None, box: Json) -> list[str]:
        until = {"until": {"day": {"type": "datepicker", "selected_date": day}}}
        sent = await at.submit(SUPERVISOR, "record_promise_view", known.id, {**SCOPE, **until, **box})
        return [each.partition(":")[0] for each in sent]

    assert await told("2026-11-01", {}) == ["until"]
    assert [await told(None, TICKED), await told("2026-12-31", TICKED)] == [["over"], ["over"]]
    assert stands(at, known) == known
    assert await told(desk_day(at.clock.moment, at.services.playbook.policy.hours.timezone).isoformat(), {}) == []
    assert stands(at, known).state == "confirmed"


async def test_mistakes_in_the_window_are_told_beside_their_boxes(at: Desk) -> None:
    """Without kind and words nothing is recorded; an amount has to be one; a question needs its words."""
    _, known = question(at, given(at, Answer.YES, SUCCESSOR))
    wrong = {"concession": {}, "what": typed(" "), "cap": typed("-3")}
    told = await at.submit(SUPERVISOR, "record_promise_view", known.id, wrong)
    assert [each.partition(":")[0] for each in told] == ["concession", "what", "cap"]
    (told_why,) = await at.submit(SUPERVISOR, "question_promise_view", known.id, {"reason": typed("")})
    assert told_why.startswith("reason: ")
    assert stands(at, known) == known


async def test_a_deactivated_owner_is_not_asked_and_counts_as_left(at: Desk, stage: Stage) -> None:
    """R29: also when the directory does not know it yet; the agent may say that it takes longer."""
    await stage.admin("deactivate_user", user=SALES)
    case = claimed(at, customer="C-2")
    await at.click(AGENT, "ask_sales", case.id)
    ((told,),) = at.rows("SELECT told FROM verifications")
    assert told == '[""]'
    with at.services.casebook.look() as connection:
        recorded = {each.name: each.value for each in facts.of_case(connection, case)}
    assert (recorded["salesperson_left"], recorded["promise_being_checked"]) == ("yes", "yes")
    assert "已經離開" in str(at.body("verification:%:told"))


async def test_an_owner_who_is_here_has_not_left(at: Desk) -> None:
    """Nothing is said to take longer."""
    case = claimed(at, customer="C-2")
    await at.click(AGENT, "ask_sales", case.id)
    assert at.rows("SELECT told FROM verifications") == [(f'["{SALES}"]',)]
    assert at.rows("SELECT count(*) FROM facts WHERE name = 'salesperson_left'") == [(0,)]
    assert "已經離開" not in str(at.body("verification:%:told"))


async def test_in_a_closed_case_nobody_is_asked_any_more(at: Desk) -> None:
    """Its time comes and goes in silence; an answer is still taken."""
    case, known = question(at)
    with at.services.casebook.begin() as connection:
        cases.move(connection, case, CaseState.CLOSED, now=at.clock())
    at.clock.now += 24 * 3600
    last = at.last_row()
    await do_due(at.services)
    assert (stands(at, known).due_at, stands(at, known).told) == (None, (SUCCESSOR,))
    assert not at.told(SUCCESSOR, since=last)
    assert not at.told(AGENT, since=last)
    await at.submit(SUCCESSOR, "promise_yes_view", known.id, typed_in("報價單第 3 條"))
    assert claim(at, case) == "confirmed"


async def test_where_a_guest_reads_the_approvals_channel_the_card_is_withheld(at: Desk, stage: Stage) -> None:
    """Whoever asked is told, so that a supervisor hears of it all the same."""
    await stage.admin("add_member", channel=APPROVALS, user=GUEST)
    _, known = question(at)
    await at.submit(SUCCESSOR, "promise_yes_view", known.id, typed_in("報價單第 3 條"))
    await at.send_all()
    assert at.rows("SELECT state FROM outbox WHERE key LIKE '%:scope:0'") == [("withheld",)]
    assert any("沒辦法貼到簽核頻道" in each for each in at.told(AGENT))


async def test_a_later_answer_that_changes_nothing_is_told_as_that(at: Desk) -> None:
    """A no after evidence stands beside it; the claim stays confirmed."""
    case, known = question(at)
    await at.submit(SUCCESSOR, "promise_yes_view", known.id, typed_in("報價單第 3 條"))
    await at.submit(SALES, "promise_no_view", known.id, typed_in("我不知道"))
    assert claim(at, case) == "confirmed"
    assert "又有一個回覆" in at.told(AGENT)[-1]


async def test_a_no_where_the_service_is_dear_brings_sales_in(at: Desk) -> None:
    """R27: not confirmed and high cost is a reason for a renewal, at once and not at the customer's next word."""
    case, known = question(at)
    with at.services.casebook.begin() as connection:
        for name, value in {"cost": "80000", "fault_ours": "no", "entitlement": "expired"}.items():
            facts.record(connection, case, name, value, by=AGENT, now=at.clock())
    assert at.rows("SELECT count(*) FROM opportunities") == [(0,)]
    await at.submit(SUCCESSOR, "promise_no_view", known.id, typed_in("只談過折扣"))
    ((reasons,),) = at.rows("SELECT reasons FROM opportunities")
    assert "row:renew" in reasons


async def test_whoever_says_that_it_is_kept_has_its_bounds_in_sight(at: Desk) -> None:
    """A line that tells of the promise comes with what was recorded, for the agent's eyes only."""
    case, known = question(at)
    await at.submit(SUCCESSOR, "promise_yes_view", known.id, typed_in("報價單第 3 條"))
    await at.submit(SUPERVISOR, "record_promise_view", known.id, SCOPE)
    services = at.services
    with services.casebook.look() as connection:
        here = situation(
            CaseRecord(services, connection, case), customer_of(services, case.customer_id), language="zh-TW"
        )
    advice = advise_on(services.playbook, "promise_confirmed", situation=here, language="zh-TW", anger=0)
    assert advice
    assert advice.promised == stands(at, known).scope
    shown = str(granted_card.beside(advice, words("zh-TW")))
    assert "一年內免費維修" in shown
    elsewhere = advise_on(services.playbook, "new_facts", situation=here, language="zh-TW", anger=0)
    assert elsewhere is None or elsewhere.promised is None


async def test_the_home_holds_what_a_supervisor_may_record_until_it_is(at: Desk) -> None:
    """Not for who answered, nor for who decides nothing; and not any more once it is recorded."""
    _, known = question(at, given(at, Answer.YES, SUCCESSOR), given(at, Answer.NO, DEPUTY))
    for who, has_it in ((SUPERVISOR, True), (MANAGER, True), (DEPUTY, False), (AGENT, False), (SALES, False)):
        assert ("record_promise" in await at.home(who)) is has_it
    assert await at.click(SUPERVISOR, "record_promise", known.id, in_message=False) == ["window record_promise_view"]
    await at.submit(SUPERVISOR, "record_promise_view", known.id, SCOPE)
    assert "record_promise" not in await at.home(MANAGER)


async def test_a_move_is_written_only_on_the_question_as_it_was_seen(at: Desk) -> None:
    """State compared and set: of two who saw the same, the second changes nothing and adds no answer."""
    _, known = question(at)
    policy = at.services.playbook.policy
    said = [given(at, Answer.YES, SUCCESSOR, "5/1 的信"), given(at, Answer.NO, SALES)]
    wanted = [
        moved(known, each.move, now=each.at, policy=policy.verification, hours=policy.hours, said=each) for each in said
    ]
    with at.services.casebook.begin() as connection:
        assert [promises.settle(connection, known, each) for each in wanted] == [True, False]
    assert stands(at, known) == wanted[0]
