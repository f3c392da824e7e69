"""An answer that comes late: after the decision, after the promise is over; what the customer's channel shows."""

import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.goodwill import ExceptionState
from bot.promises import Answer, VerificationState
from bot.settings import Settings
from handlers.due import do_due
from handlers.posted import METADATA_EVENT, row_mark
from storage import outbox, turns
from storage.outbox import SendKind
from storage.promises import files_key, scope_key
from tests.flow.conftest import AGENT, APPROVALS, GUEST, SALES, SHARED, SUCCESSOR, SUPERVISOR, WORKSPACE
from tests.flow.test_promise_prolonged import over, table, until
from tests.flow.test_promise_scope import ONE_SUPERVISOR, TICKED, claim, given, question, stands, typed_in
from tests.flow.without_slack import Desk, desk
from tests.flow.working import typed
from tests.sandbox.stage import Stage


@pytest.fixture
async def at(stage: Stage, settings: Settings) -> AsyncIterator[Desk]:
    """Nothing running."""
    async with desk(stage, settings) as made:
        made.set_up(ONE_SUPERVISOR)
        yield made


async def test_a_yes_after_the_exception_was_declined_is_kept_all_the_same(at: Desk) -> None:
    """R25 stands above a no to a favour: the claim is confirmed, and the agent hears it at once."""
    case, known = question(at)
    at.request(
        case,
        state=ExceptionState.DECLINED,
        decided_by=SUPERVISOR,
        decided_at=at.clock.moment,
        decision_reason="這次沒有辦法",
        due_at=None,
        due_move=None,
    )
    last = at.last_row()
    await at.submit(SUCCESSOR, "promise_yes_view", known.id, typed_in("報價單第 3 條"))
    assert (claim(at, case), table(at, case)) == ("confirmed", "confirmed")
    assert any("業務確認答應過" in each for each in at.told(AGENT, since=last))


async def test_an_answer_about_what_is_over_is_kept_and_told_as_changing_nothing(at: Desk) -> None:
    """From a window that was still open: it stands beside the others, and the card says what there is to do."""
    case, first = await over(at)
    last = at.last_row()
    await at.submit(SALES, "promise_yes_view", first.id, typed_in("我也記得，在信裡"))
    known = stands(at, first)
    assert (known.state, known.answers[-1].by, known.answers[-1].evidence) == ("lapsed", SALES, "我也記得，在信裡")
    assert (claim(at, case), table(at, case)) == ("none", "none")
    (news,) = at.told(AGENT, since=last)
    assert "結論不變" in news
    (told,) = at.told(SALES, since=last)
    assert "已經過期" in told
    ((card,),) = at.rows("SELECT body FROM outbox WHERE seq > ? AND key LIKE '%:card:0'", last)
    assert "promise_prolonged" in card
    assert "我也記得，在信裡" in str(json.loads(card))


async def test_an_app_that_was_installed_before_files_were_taken_asks_for_none(at: Desk, stage: Stage) -> None:
    """Slack would refuse the whole window; a link and words do as before."""
    _, known = question(at)
    stage.sandbox.workspace.state.manifest.scopes.remove("files:read")
    older = replace(at.services.identity, scopes=at.services.identity.scopes - {"files:read"})
    assert at.services.identity.takes_files
    at.services = replace(at.services, identity=older)
    assert await at.click(SUCCESSOR, "promise_yes", known.id) == ["window promise_yes_view"]
    assert "file_input" not in str(at.view())


async def test_the_customers_channel_is_shown_nothing_of_it(at: Desk) -> None:
    """Asked, moved up, answered both ways, questioned, recorded with its cost, over, prolonged: there only whispers."""
    _, known = question(at)
    at.clock.now += 24 * 3600
    await do_due(at.services)
    await do_due(at.services)
    await at.submit(SUCCESSOR, "promise_no_view", known.id, typed_in("沒有"))
    await at.submit(SALES, "promise_yes_view", known.id, typed_in("報價單第 3 條"))
    await at.submit(SUPERVISOR, "question_promise_view", known.id, {"reason": typed("是哪一份？")})
    await at.submit(SALES, "promise_yes_view", known.id, typed_in("去年那一份"))
    await at.submit(
        SUPERVISOR, "record_promise_view", known.id, {**until("2026-11-20"), **TICKED, "cap": typed("48765")}
    )
    await at.submit(SUCCESSOR, "promise_prolonged_view", known.id, typed_in("續約信"))
    assert stands(at, known).state is VerificationState.LAPSED
    rows = at.rows("SELECT kind, target, body FROM outbox")
    there = {kind for kind, target, _ in rows if json.loads(target).get("channel") == SHARED}
    assert there <= {SendKind.EPHEMERAL}
    costly = {json.loads(target).get("user") for _, target, body in rows if "48,765" in body}
    assert costly <= {AGENT, None}
    sales = [body for _, target, body in rows if json.loads(target).get("user") in {SUCCESSOR, SALES}]
    assert len(sales) > 1
    assert not any("48,765" in each or "48765" in each for each in sales)


async def test_a_file_posted_by_a_broken_try_does_not_stay_before_a_guest(at: Desk, stage: Stage) -> None:
    """A worker died after posting below the card; the next one looks there before it gives the channel up."""
    at.clock.now = time.time()  # Slack is asked for what it was told lately
    _, known = question(at)
    await at.submit(SUCCESSOR, "promise_yes_view", known.id, typed_in("報價單第 3 條"))
    await at.send_all()
    at.clock.now += 1  # something visible goes to a channel once a second
    target = {"channel": APPROVALS, "thread_of": scope_key(known.id, 0)}
    key, body = files_key(known.id, 0), {"text": "offer.pdf"}
    with at.services.casebook.begin() as connection:
        outbox.put(
            connection, workspace=WORKSPACE, key=key, kind=SendKind.MESSAGE, target=target, body=body, now=at.clock()
        )
        sending = turns.claim(connection, WORKSPACE, now=at.clock())
        place = outbox.place_of(connection, WORKSPACE, scope_key(known.id, 0))
    assert sending
    assert place
    metadata = {"event_type": METADATA_EVENT, "event_payload": {"row": row_mark(sending)}}
    await at.services.client.chat_postMessage(
        channel=APPROVALS, thread_ts=place[1], metadata=metadata, text=body["text"]
    )
    await stage.admin("add_member", channel=APPROVALS, user=GUEST)
    at.clock.now += outbox.LEASE_SECONDS + 1
    await at.send_all()
    stands_there = stage.sandbox.workspace.state.conversations[APPROVALS].messages.values()
    assert "offer.pdf" not in [each["text"] for each in stands_there]
    assert at.rows("SELECT state FROM outbox WHERE key = ?", key) == [("withheld",)]


async def test_what_is_said_twice_is_shown_twice_and_neither_is_written_over(at: Desk) -> None:
    """One person changes their mind: both stand there, in the order in which they came."""
    _, known = question(at, given(at, Answer.NO, SUCCESSOR, "沒有印象"))
    await at.submit(SUCCESSOR, "promise_yes_view", known.id, typed_in("找到信了"))
    said = [(each.answer, each.evidence) for each in stands(at, known).answers]
    assert said == [(Answer.NO, "沒有印象"), (Answer.YES, "找到信了")]
    card = str(at.body(f"verification:{known.id}:scope:0"))
    assert card.index("沒有印象") < card.index("找到信了")
