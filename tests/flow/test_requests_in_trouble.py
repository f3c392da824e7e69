"""What goes wrong around a request: a clear sentence, and the request is safe and found in the supervisor's Home."""

from collections.abc import AsyncIterator

import pytest

from bot.case import Case, CaseState
from bot.goodwill import ExceptionRequest, ExceptionState, Move
from bot.settings import Settings
from bot.setup import Away, RoleSource, SupportChannel
from handlers import due
from storage import cases
from tests.flow.conftest import (
    AGENT,
    APPROVALS,
    DEPUTY,
    MANAGER,
    OTHER_AGENT,
    SALES_CHANNEL,
    SETUP,
    SUPERVISOR,
)
from tests.flow.test_who_may_do_what import FORM, REASON, TERMS
from tests.flow.without_slack import Desk, desk
from tests.flow.working import typed
from tests.sandbox.stage import Stage

INSIDE = SALES_CHANNEL
"""A channel of ours alone, here used for support."""
SAFE = "申請已經存好"
TRY_AGAIN = "這次沒有成功"


@pytest.fixture
async def at(stage: Stage, settings: Settings) -> AsyncIterator[Desk]:
    """A desk with a manager."""
    async with desk(stage, settings) as made:
        made.set_up(SETUP.model_copy(update={"managers": RoleSource(users=(MANAGER,))}))
        yield made


async def asked(at: Desk, case: Case) -> ExceptionRequest:
    """A request filed, and all that is due sent."""
    await at.submit(AGENT, "ask_exception_view", case.id, FORM)
    await at.send_all()
    ((request_id,),) = at.rows("SELECT id FROM exceptions WHERE case_id = ?", case.id)
    return at.found(request_id)


def places(at: Desk, request: ExceptionRequest) -> list[tuple[str, str | None]]:
    """How its card went out, and where."""
    return [
        tuple(row) for row in at.rows("SELECT state, sent_channel FROM outbox WHERE key = ?", f"exception:{request.id}")
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("-3000", "不能是負數"),
        ("－３０００", "不能是負數"),
        ("99999999999", "零"),
        ("US$3000", "數字"),
        ("€500", "數字"),
        ("很多", "數字"),
        ("1,5", "數字"),
    ],
)
async def test_an_amount_that_is_none_is_said_beside_its_box(at: Desk, text: str, words: str) -> None:
    """When asking and when granting; nothing is filed, nothing is granted."""
    case = at.case()
    said = await at.submit(AGENT, "ask_exception_view", case.id, {**FORM, "cost": typed(text)})
    assert [each.startswith("cost: ") and words in each for each in said] == [True]
    assert at.rows("SELECT count(*) FROM exceptions") == [(0,)]
    request = at.request(case)
    said = await at.submit(SUPERVISOR, "approve_exception_view", request.id, {**TERMS, "cap": typed(text)})
    assert [each.startswith("cap: ") and words in each for each in said] == [True]
    assert at.stands(request) == request


@pytest.mark.parametrize(("text", "amount"), [("NT$３,０００", 3000), ("3k", 3000), ("0.3萬", 3000), ("３千元", 3000)])
async def test_an_amount_is_taken_as_people_type_it(at: Desk, text: str, amount: int) -> None:
    """Full-width digits and signs of our own money."""
    await at.submit(AGENT, "ask_exception_view", at.case().id, {**FORM, "cost": typed(text)})
    assert at.rows("SELECT cost FROM exceptions") == [(amount,)]


async def test_a_customer_who_left_the_directory_is_still_decided_about(at: Desk) -> None:
    """The news says that they are not on file; it is decided, told, and counts in their window."""
    request = await asked(at, at.case(customer="C-GONE"))
    await at.click(SUPERVISOR, "approve_exception", request.id)
    assert at.stands(request).state is ExceptionState.APPROVED
    assert "未登記的客戶" in " ".join(at.told(AGENT))
    second = at.request(at.case(customer="C-GONE"))
    await at.click(SUPERVISOR, "approve_exception", second.id)
    assert at.stands(second).state is ExceptionState.SECONDING


async def test_where_the_threads_root_was_deleted_the_card_goes_to_the_approvals_channel(at: Desk) -> None:
    """It is shown where supervisors look, and the agent hears that it is with them."""
    at.set_up(SETUP.with_support_channel(SupportChannel(channel=INSIDE)))
    request = await asked(at, at.case(channel=INSIDE))
    assert places(at, request) == [("sent", APPROVALS)]
    assert "等主管決定" in " ".join(at.told(AGENT))


async def test_an_archived_support_channel_sends_the_card_to_the_approvals_channel(at: Desk, stage: Stage) -> None:
    """The case is over for the channel, not for the customer."""
    at.set_up(SETUP.with_support_channel(SupportChannel(channel=INSIDE)))
    await stage.admin("archive_channel", channel=INSIDE)
    assert places(at, await asked(at, at.case(channel=INSIDE))) == [("sent", APPROVALS)]


@pytest.mark.parametrize("trouble", ["archive_channel", "remove_bot"])
async def test_without_the_approvals_channel_the_request_is_safe_and_decided_from_home(
    at: Desk, stage: Stage, trouble: str
) -> None:
    """The agent is told what happened and whom to tell; the supervisor's Home has the request and its buttons."""
    await stage.admin(trouble, channel=APPROVALS)
    request = await asked(at, at.case())
    assert [state for state, _ in places(at, request)] in (["failed"], ["withheld"])
    assert SAFE in " ".join(at.told(AGENT))
    assert request.id in await at.home(SUPERVISOR)
    opened = await at.click(SUPERVISOR, "approve_exception", request.id, in_message=False)
    assert opened == ["window approve_exception_as_asked_view"]
    await at.submit(SUPERVISOR, "approve_exception_as_asked_view", request.id, {})
    await at.send_all()
    assert at.stands(request).state is ExceptionState.APPROVED
    assert at.rows("SELECT count(*) FROM outbox WHERE state IN ('due', 'sending')") == [(0,)]


@pytest.mark.parametrize("trouble", ["archive_channel", "remove_bot"])
async def test_a_card_that_cannot_be_changed_any_more_keeps_nothing_from_happening(
    at: Desk, stage: Stage, trouble: str
) -> None:
    """The channel went after the card was out: the decision counts, the agent hears it, nothing is tried forever."""
    request = await asked(at, at.case())
    await stage.admin(trouble, channel=APPROVALS)
    await at.submit(SUPERVISOR, "decline_exception_view", request.id, REASON)
    await at.send_all()
    assert at.stands(request).state is ExceptionState.DECLINED
    assert at.rows("SELECT state FROM outbox WHERE key LIKE 'exception:%:agent:%'") == [("sent",)]
    assert at.rows("SELECT count(*) FROM outbox WHERE state IN ('due', 'sending')") == [(0,)]


async def test_whoever_asks_from_outside_the_channel_hears_of_it_by_direct_message(at: Desk) -> None:
    """Slack shows nothing to who is not in the channel; they wait for it all the same, with the button to withdraw."""
    case = at.case()
    await at.submit(SUPERVISOR, "ask_exception_view", case.id, FORM)
    await at.send_all()
    kinds = "SELECT kind, state FROM outbox WHERE key LIKE 'exception:%:requested:%' ORDER BY seq"
    assert at.rows(kinds) == [("ephemeral", "failed"), ("direct", "sent")]


async def test_while_the_card_is_not_out_nobody_hears_that_it_is_with_the_supervisors(at: Desk, stage: Stage) -> None:
    """However long Slack does not take it; they hear of it once it is there after all."""
    case = at.case()
    await at.submit(AGENT, "ask_exception_view", case.id, FORM)
    await stage.admin("fail_next", method="chat.postMessage", status=500, times=9)
    for _ in range(9):
        await at.send_all()
        at.clock.now += 700
    kinds = "SELECT kind, state FROM outbox WHERE key LIKE 'exception:%:requested:%'"
    assert at.rows(kinds) == [("ephemeral", "due")]
    await at.send_all()
    assert at.rows(kinds) == [("ephemeral", "sent")]


async def test_who_handles_a_case_decides_nothing_in_it_whoever_asked(at: Desk) -> None:
    """R30: an agent who stands in for a supervisor and withdrew a request does not grant a colleague's in its place."""
    at.set_up(SETUP.with_away(SUPERVISOR, Away(user=SUPERVISOR, deputy=AGENT)))
    first = await asked(at, at.case(agent=""))
    await at.click(AGENT, "withdraw_exception", first.id)
    await at.submit(OTHER_AGENT, "ask_exception_view", first.case_id, FORM)
    ((second,),) = at.rows("SELECT id FROM exceptions WHERE state = 'requested'")
    await at.click(AGENT, "approve_exception", second)
    assert at.found(second).state is ExceptionState.REQUESTED


async def test_over_a_weekend_the_channels_only_open_case_is_still_found(at: Desk) -> None:
    """What a customer wrote on Friday is what `/exception` means on Monday afternoon; a closed one is not."""
    case = at.case()
    at.clock.now += 75 * 3_600
    assert await at.command(AGENT, "/exception") == ["window ask_exception_view"]
    with at.services.casebook.begin() as connection:
        cases.move(connection, case, CaseState.CLOSED, now=at.clock())
    (told,) = await at.command(AGENT, "/exception")
    assert "沒有進行中的案件" in told


async def test_a_deactivated_approver_decides_nothing_and_is_sent_nothing(at: Desk, stage: Stage) -> None:
    """Another one does; also when the one who left stood first on the list."""
    request = await asked(at, at.case())
    await stage.admin("deactivate_user", user=SUPERVISOR)
    at.clock.now += 600
    for action_id in ("approve_exception", "decline_exception"):
        assert await at.click(SUPERVISOR, action_id, request.id) == ["這是客服團隊使用的功能。"]
    assert await at.submit(SUPERVISOR, "decline_exception_view", request.id, REASON) == [
        "reason: 這是客服團隊使用的功能。"
    ]
    assert at.stands(request) == request
    since = at.last_row()
    await happens(at, request)
    assert at.told(DEPUTY, since)
    assert not at.told(SUPERVISOR, since)


async def test_a_deactivated_deputy_decides_for_nobody(at: Desk, stage: Stage) -> None:
    """Not even while the one they stand in for is away."""
    at.set_up(SETUP.with_away(SUPERVISOR, Away(user=SUPERVISOR, deputy=DEPUTY)))
    request = at.request(at.case())
    await stage.admin("deactivate_user", user=DEPUTY)
    await at.click(DEPUTY, "approve_exception", request.id)
    assert at.stands(request) == request


async def test_an_asker_who_left_keeps_nobody_from_deciding(at: Desk, stage: Stage) -> None:
    """The row stays, the decision counts, and nothing is sent to whoever has left."""
    request = await asked(at, at.case())
    await stage.admin("deactivate_user", user=AGENT)
    at.clock.now += 600
    await at.click(SUPERVISOR, "approve_exception", request.id)
    await at.send_all()
    assert at.stands(request).state is ExceptionState.APPROVED
    assert at.rows("SELECT state FROM outbox WHERE key LIKE 'exception:%:agent:%'") == []


async def test_an_answer_for_somebody_who_left_reaches_whoever_is_on_duty(at: Desk, stage: Stage) -> None:
    """The customer still waits for it (R33)."""
    (shared, *others) = SETUP.support
    on_duty = shared.model_copy(update={"on_duty": (AGENT, OTHER_AGENT)})
    at.set_up(SETUP.model_copy(update={"support": (on_duty, *others)}))
    request = await asked(at, at.case())
    await stage.admin("deactivate_user", user=AGENT)
    at.clock.now += 600
    await at.click(SUPERVISOR, "approve_exception", request.id)
    await at.send_all()
    told = at.rows("SELECT key, state FROM outbox WHERE key LIKE 'exception:%:agent:%'")
    assert [(key.rpartition(":")[2], state) for key, state in told] == [(OTHER_AGENT, "sent")]


@pytest.mark.parametrize("method", ["users.info", "usergroups.users.list"])
async def test_while_slack_cannot_be_asked_nothing_is_decided_and_the_click_is_answered(
    at: Desk, stage: Stage, method: str
) -> None:
    """Nobody's role is guessed; the next click decides."""
    request = at.request(at.case())
    at.clock.now += 90_000
    await stage.admin("fail_next", method=method, status=500, times=1)
    said = await at.click(SUPERVISOR, "approve_exception", request.id)
    assert at.stands(request) == request
    assert len(said) == 1
    await at.click(SUPERVISOR, "approve_exception", request.id)
    assert at.stands(request).state is ExceptionState.APPROVED


async def test_what_is_due_while_slack_cannot_be_asked_happens_later(at: Desk, stage: Stage) -> None:
    """And once."""
    request = at.request(at.case())
    assert request.due_at
    at.clock.now = request.due_at.timestamp() + 400
    await stage.admin("fail_next", method="users.info", status=500, times=1)
    await due.do_due(at.services)
    assert at.stands(request) == request
    await due.do_due(at.services)
    await due.do_due(at.services)
    assert at.rows("SELECT move FROM audit WHERE subject_id = ?", request.id) == [(Move.REMIND,)]


async def happens(at: Desk, request: ExceptionRequest) -> None:
    """The time comes for whatever is next."""
    now = at.stands(request)
    assert now.due_at
    at.clock.now = now.due_at.timestamp() + 1
    await due.do_due(at.services)
