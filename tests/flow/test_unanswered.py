"""A threat that nobody reacts to: whoever was told of it hears of it once more, directly, and not for nothing."""

import json
from collections.abc import AsyncIterator

import pytest

from bot.knowledge import Knowledge
from bot.policy import WhisperPolicy
from bot.settings import Settings
from handlers.due import do_due
from storage import cases
from storage.outbox import SendKind
from tests.flow.conftest import AGENT, CUSTOMER, OTHER_AGENT, SHARED, WORKSPACE
from tests.flow.without_slack import Desk, desk
from tests.sandbox.stage import Stage

THREAT = "我知道你住哪裡，你給我小心一點"
FAULT = "ERP 又當機了，發票印不出來"
MINUTE = 60.0
FIVE = 5 * MINUTE + 1
DIRECT = "SELECT target, body FROM outbox WHERE kind = ? AND key LIKE 'advice:%:unanswered'"


@pytest.fixture
async def at(stage: Stage, settings: Settings) -> AsyncIterator[Desk]:
    """A desk at noon on a Monday."""
    async with desk(stage, settings) as made:
        yield made


async def said(at: Desk, user: str, text: str, thread_ts: str = "") -> str:
    """Somebody writes in the customer's channel; the message's ts."""
    ts = f"{at.clock():.6f}"
    event = {"type": "message", "user": user, "channel": SHARED, "text": text, "ts": ts}
    await at.deliver("message", user, event | ({"thread_ts": thread_ts} if thread_ts else {}), key=f"message:{ts}")
    return ts


async def later(at: Desk, seconds: float = FIVE) -> None:
    """So much time goes by."""
    at.clock.now += seconds
    await do_due(at.services)


def reminded(at: Desk) -> list[str]:
    """Whoever heard directly of what nobody reacted to."""
    return [json.loads(target)["user"] for target, _ in at.rows(DIRECT, SendKind.DIRECT)]


def advice_id(at: Desk) -> str:
    """The whisper that waits for a reaction."""
    ((found,),) = at.rows("SELECT id FROM advice WHERE next_at IS NOT NULL")
    return str(found)


async def test_a_threat_nobody_reacts_to_goes_directly_once(at: Desk) -> None:
    """With all that the whisper said; the case's audit tells of it, and the customer hears nothing."""
    await said(at, CUSTOMER, THREAT)
    await later(at, FIVE - 2)
    assert reminded(at) == []
    await later(at, 2)
    await later(at)
    assert reminded(at) == [AGENT]
    ((_, message),) = at.rows(DIRECT, SendKind.DIRECT)
    assert json.loads(message)["text"].startswith("這件事還沒有人回應：")
    assert "take_a_break" in message
    assert at.rows("SELECT actor, subject FROM audit WHERE move = 'remind'") == [("aside", "case")]
    assert at.rows("SELECT count(*) FROM outbox WHERE kind = 'message'") == [(0,)]


async def test_the_everyday_is_not_repeated(at: Desk) -> None:
    """Only a threat or abuse is: a fault is whispered about, and that is all."""
    await said(at, CUSTOMER, FAULT)
    assert at.rows("SELECT count(*) FROM advice") == [(1,)]
    await later(at)
    assert reminded(at) == []


@pytest.mark.parametrize("who", [AGENT, OTHER_AGENT])
async def test_an_answer_of_ours_is_a_reaction(at: Desk, who: str) -> None:
    """Whoever of us gave it: the customer does not wait."""
    ts = await said(at, CUSTOMER, THREAT)
    await said(at, who, "我先了解一下狀況，馬上回覆您", thread_ts=ts)
    await later(at)
    assert reminded(at) == []


async def test_another_word_of_the_customers_is_none(at: Desk) -> None:
    """They go on, and nobody answers; one message tells of it, not two."""
    await said(at, CUSTOMER, THREAT)
    at.clock.now += 4 * MINUTE
    await said(at, CUSTOMER, THREAT + "，聽到沒有")
    await later(at)
    assert reminded(at) == [AGENT]


@pytest.mark.parametrize(("action", "on_case"), [("why", False), ("helpful", False), ("show_case", True)])
async def test_a_click_is_a_reaction(at: Desk, action: str, *, on_case: bool) -> None:
    """On the whisper, or on anything of its case."""
    await said(at, CUSTOMER, THREAT)
    ((case_id,),) = at.rows("SELECT case_id FROM advice")
    await at.click(AGENT, action, case_id if on_case else advice_id(at))
    await later(at)
    assert reminded(at) == []


async def test_somebody_elses_click_is_none(at: Desk) -> None:
    """A colleague who looks at the case has not seen what the handler was told."""
    await said(at, CUSTOMER, THREAT)
    ((case_id,),) = at.rows("SELECT case_id FROM advice")
    await at.click(OTHER_AGENT, "show_case", case_id)
    await later(at)
    assert reminded(at) == [AGENT]


@pytest.mark.parametrize("wish", ["pause", "case", "play", "closed", "handed on"])
async def test_nobody_hears_what_they_do_not_want_or_have_no_more(at: Desk, wish: str) -> None:
    """A pause and a mute hold for it too, and a case that is closed or somebody else's is theirs no more."""
    await said(at, CUSTOMER, THREAT)
    ((case_id, plays),) = at.rows("SELECT case_id, content FROM advice")
    with at.services.casebook.begin() as connection:
        case = cases.get(connection, WORKSPACE, case_id)
        assert case
        if wish == "handed on":
            cases.hand_over(connection, case, OTHER_AGENT)
    match wish:
        case "pause":
            at.rows(
                "INSERT INTO pauses (workspace, person, until) VALUES (?, ?, ?)", WORKSPACE, AGENT, at.clock.now + 3600
            )
        case "case" | "play":
            target = case_id if wish == "case" else json.loads(plays)["plays"][0]
            at.rows(
                "INSERT INTO mutes (workspace, person, kind, target, muted_at) VALUES (?, ?, ?, ?, 1)",
                WORKSPACE,
                AGENT,
                wish,
                target,
            )
        case "closed":
            at.rows("UPDATE cases SET state = 'closed' WHERE id = ?", case_id)
    await later(at)
    await later(at)
    assert reminded(at) == []


async def test_while_the_desk_is_closed_nobody_is_called(at: Desk) -> None:
    """Two minutes before it closes, five minutes of working time are over on the next morning."""
    at.clock.now += 5 * 3600 + 58 * MINUTE
    await said(at, CUSTOMER, THREAT)
    await later(at)
    await later(at, 14 * 3600)
    assert reminded(at) == []
    await later(at, 3600)
    assert reminded(at) == [AGENT]


async def test_what_comes_due_while_nobody_sends_waits_for_the_desk_too(at: Desk) -> None:
    """Aside was not running in the afternoon: it does not call anybody at night."""
    await said(at, CUSTOMER, THREAT)
    await later(at, 10 * 3600)
    assert reminded(at) == []
    await later(at, 12 * 3600)
    assert reminded(at) == [AGENT]


async def test_a_firm_may_want_none_of_it(at: Desk) -> None:
    """A figure of the policy, in working minutes; none for never."""
    known = at.services.known.now
    silent = known.playbook.policy.model_copy(update={"whisper": WhisperPolicy(unanswered_after_minutes=0)})
    playbook = known.playbook.model_copy(update={"policy": silent})
    at.services.known.now = Knowledge(playbook, known.detector)
    await said(at, CUSTOMER, THREAT)
    await later(at)
    assert at.rows("SELECT count(*) FROM advice") == [(1,)]
    assert reminded(at) == []
