"""Slack delivers at least once, in any order, and people click late: each effect once, nobody left in silence."""

import asyncio
import json
from collections.abc import AsyncIterator
from itertools import permutations

import pytest

from bot.cards.decision import settled_words
from bot.goodwill import MOVES, ExceptionRequest, ExceptionState, Move
from bot.i18n import words as say_in
from bot.settings import Settings
from handlers import due
from tests.flow.conftest import AGENT, DEPUTY, SETUP, SHARED, SUPERVISOR, texts
from tests.flow.test_who_may_do_what import FORM, REASON, TERMS
from tests.flow.without_slack import Desk, desk
from tests.flow.working import typed
from tests.sandbox.stage import Json, Stage

SETTLED = "這件已有結果："
CLICKS = {
    "approve_exception": SUPERVISOR,
    "approve_exception_with_terms": SUPERVISOR,
    "ask_back_exception": SUPERVISOR,
    "decline_exception": SUPERVISOR,
    "answer_exception": AGENT,
    "withdraw_exception": AGENT,
    "use_exception": AGENT,
}
WINDOWS: dict[str, tuple[str, Json]] = {
    "approve_exception_view": (SUPERVISOR, TERMS),
    "ask_back_exception_view": (SUPERVISOR, REASON),
    "decline_exception_view": (SUPERVISOR, REASON),
    "answer_exception_view": (AGENT, REASON),
}
OVER = [state for state in ExceptionState if state not in {start for start, _ in MOVES}]
EFFECTS = "SELECT (SELECT count(*) FROM audit), (SELECT count(*) FROM outbox), (SELECT count(*) FROM exceptions)"


@pytest.fixture
async def at(stage: Stage, settings: Settings) -> AsyncIterator[Desk]:
    """The desk."""
    async with desk(stage, settings) as made:
        made.set_up(SETUP)
        yield made


def moves(at: Desk, request: ExceptionRequest) -> list[str]:
    """What happened to it, by the audit."""
    return [move for (move,) in at.rows("SELECT move FROM audit WHERE subject_id = ? ORDER BY seq", request.id)]


def settled(at: Desk, request: ExceptionRequest) -> str:
    """What somebody who comes too late reads: how it ended."""
    return settled_words(at.stands(request), say_in("zh-TW"))


@pytest.mark.parametrize("state", OVER)
async def test_whatever_comes_after_the_end_changes_nothing_and_is_answered(at: Desk, state: ExceptionState) -> None:
    """An answer, a decision, a booking after it was declined, withdrawn, not decided in time, used or lapsed."""
    request = at.request(at.case(), state=state, due_at=None, due_move=None, decided_at=at.clock.moment)
    for action_id, user in CLICKS.items():
        said = await at.click(user, action_id, request.id)
        assert said == (["window notice_view"] if action_id == "answer_exception" else [settled(at, request)])
    for callback_id, (user, values) in WINDOWS.items():
        said = await at.submit(user, callback_id, request.id, values)
        beside_a_box = f"reason: {settled(at, request)}"
        assert said == ([settled(at, request)] if user == AGENT else [beside_a_box])
    assert at.stands(request) == request
    assert moves(at, request) == []


async def test_a_click_delivered_twice_does_its_work_once(at: Desk) -> None:
    """The same key is the same click, however often and however late it comes."""
    request = at.request(at.case())
    payload = {
        "user": {"id": SUPERVISOR},
        "channel": {"id": SHARED},
        "actions": [{"action_id": "approve_exception", "value": request.id}],
        "response_url": "http://localhost/respond/1",
    }
    await at.deliver("click", SUPERVISOR, payload, key="click:1")
    before = at.rows(EFFECTS)
    await at.deliver("click", SUPERVISOR, payload, key="click:1")
    assert at.rows(EFFECTS) == before
    assert moves(at, request) == ["approve"]


async def test_a_request_sent_off_twice_is_filed_once(at: Desk) -> None:
    """From two windows, or by an impatient finger; the second is told in the window, or afterwards."""
    case = at.case()
    payload: Json = {
        "user": {"id": AGENT},
        "view": {
            "id": "V1",
            "callback_id": "ask_exception_view",
            "private_metadata": case.id,
            "state": {"values": FORM},
        },
    }
    for key in ("view:V1", "view:V1", "view:V2"):
        told = await at.deliver("view", AGENT, payload, key=key)
    assert told == ["剛剛已經有同仁替這個案件申請了。"]
    assert at.rows("SELECT count(*) FROM exceptions") == [(1,)]
    assert at.rows("SELECT count(*) FROM outbox WHERE key LIKE 'exception:%' AND kind = 'message'") == [(1,)]
    assert at.rows("SELECT move FROM audit WHERE subject = 'exception'") == [("ask",)]


async def test_windows_open_at_once_are_taken_in_any_order_and_one_ends_it(at: Desk) -> None:
    """Two supervisors and the asker each have a window open; whoever is first, there is one end and everybody hears."""
    sent = {
        Move.ASK_BACK: (DEPUTY, "ask_back_exception_view", REASON),
        Move.APPROVE: (SUPERVISOR, "approve_exception_view", TERMS),
        Move.DECLINE: (DEPUTY, "decline_exception_view", REASON),
    }
    for order in permutations([*sent, Move.WITHDRAW]):
        request = at.request(at.case(customer=None))
        state, expected = request.state, []
        for move in order:
            if move is Move.WITHDRAW:
                said = await at.click(AGENT, "withdraw_exception", request.id)
            else:
                user, callback_id, values = sent[move]
                said = await at.submit(user, callback_id, request.id, values)
            if (state, move) in MOVES:
                state = MOVES[state, move]
                expected.append(move)
            else:
                assert SETTLED in said[0]
            assert at.stands(request).state is state
        assert moves(at, request) == expected
        assert len([move for move in expected if move is not Move.ASK_BACK]) == 1


@pytest.mark.parametrize("clicks_first", [True, False])
async def test_a_decision_in_the_moment_it_expires_is_one_or_the_other(
    at: Desk, stage: Stage, *, clicks_first: bool
) -> None:
    """Time and a supervisor race: one wins, the other changes nothing."""
    past = at.clock.moment
    request = at.request(at.case(), due_at=past, due_move=Move.EXPIRE)
    await stage.admin("set_latency", seconds=0.02)
    deeds = [at.click(SUPERVISOR, "approve_exception", request.id), due.do_due(at.services)]
    await asyncio.gather(*(deeds if clicks_first else reversed(deeds)))
    assert moves(at, request) in (["approve"], ["expire"])
    assert at.stands(request).state in {ExceptionState.APPROVED, ExceptionState.EXPIRED}


async def test_a_grant_is_not_booked_once_its_time_is_over(at: Desk) -> None:
    """Also in the moment before anybody wrote down that it lapsed; after a downtime it lapses without a reminder."""
    request = at.request(at.case())
    await at.click(SUPERVISOR, "approve_exception", request.id)
    granted = at.stands(request).grant
    assert granted
    assert granted.valid_until
    at.clock.now = granted.valid_until.timestamp() + 1
    assert await at.click(AGENT, "use_exception", request.id) == ["安排服務的期限已過；還需要的話，請重新申請。"]
    await due.do_due(at.services)
    assert moves(at, request) == ["approve", "lapse"]


async def test_a_second_question_stands_on_the_card_beside_the_first(at: Desk) -> None:
    """Two supervisors had their windows open; the agent and the others read both."""
    request = at.request(at.case())
    for user, words in ((SUPERVISOR, "影響幾個人？"), (DEPUTY, "零件誰出？")):
        await at.submit(user, "ask_back_exception_view", request.id, {"reason": typed(words)})
    card = at.rows("SELECT body FROM outbox WHERE key LIKE ? ORDER BY seq DESC LIMIT 1", f"%{request.id}%:card")
    assert "影響幾個人？\n零件誰出？" in texts(json.loads(card[0][0])["blocks"])
