"""An outsider joins where our cards stand: they go, and whoever needs one finds it where only we read."""

import time
from collections.abc import AsyncIterator

import pytest

from bot.case import Case
from bot.goodwill import ExceptionRequest, ExceptionState
from bot.settings import Settings
from bot.setup import RoleSource, SupportChannel
from bot.visibility import Withheld
from handlers import deliver
from handlers.posted import METADATA_EVENT, row_mark
from storage import outbox, turns
from tests.flow.conftest import AGENT, APPROVALS, GUEST, MANAGER, SALES, SALES_CHANNEL, SETUP, SUPERVISOR, WORKSPACE
from tests.flow.test_who_may_do_what import FORM
from tests.flow.without_slack import Desk, desk
from tests.sandbox.stage import Json, Stage

INSIDE = SALES_CHANNEL
"""A channel of ours alone, here used for support."""
CARD = "SELECT state, sent_channel FROM outbox WHERE key = ?"


@pytest.fixture
async def at(stage: Stage, settings: Settings) -> AsyncIterator[Desk]:
    """A desk that supports a customer from a channel of ours alone."""
    async with desk(stage, settings) as made:
        setup = SETUP.model_copy(update={"managers": RoleSource(users=(MANAGER,))})
        made.set_up(setup.with_support_channel(SupportChannel(channel=INSIDE, customer="C-1")))
        yield made


async def opened(at: Desk, stage: Stage) -> Case:
    """A case whose thread really is in the channel."""
    seat = await stage.seat(SALES)
    return at.case(channel=INSIDE, thread_ts=await seat.say(INSIDE, "客戶來電：發票印不出來"))


async def asked(at: Desk, case: Case) -> ExceptionRequest:
    """A request on file, its card about to be sent."""
    await at.submit(AGENT, "ask_exception_view", case.id, FORM)
    ((request_id,),) = at.rows("SELECT id FROM exceptions WHERE case_id = ?", case.id)
    return at.found(request_id)


async def joins(at: Desk, stage: Stage, channel: str = INSIDE) -> None:
    """A guest comes in, and Slack tells us of it."""
    await stage.admin("add_member", channel=channel, user=GUEST)
    await at.deliver("member_joined_channel", GUEST, {"user": GUEST, "channel": channel}, key=f"joined:{channel}")


def standing(stage: Stage, channel: str) -> list[Json]:
    """Our messages in a channel, as anybody there reads them."""
    return [each for each in stage.sandbox.workspace.state.conversations[channel].messages.values() if "bot_id" in each]


def card(at: Desk, request: ExceptionRequest) -> tuple[str, str | None]:
    """How a card went out, and where it stands."""
    ((state, channel),) = at.rows(CARD, f"exception:{request.id}")
    return state, channel


async def test_a_card_that_waits_for_a_word_moves_to_the_approvals_channel(at: Desk, stage: Stage) -> None:
    """It is decided there, and shows it there; in the channel nothing of ours is left."""
    request = await asked(at, await opened(at, stage))
    await at.send_all()
    assert card(at, request) == ("sent", INSIDE)
    await joins(at, stage)
    await at.send_all()
    assert card(at, request) == ("sent", APPROVALS)
    assert standing(stage, INSIDE) == []
    (moved,) = standing(stage, APPROVALS)
    assert request.id in str(moved["blocks"])
    await at.click(SUPERVISOR, "approve_exception", request.id)
    await at.send_all()
    assert "approve_exception" not in str(standing(stage, APPROVALS)[0]["blocks"])


async def test_a_card_of_what_is_over_is_only_taken_away(at: Desk, stage: Stage) -> None:
    """Nobody needs it any more; the case and the ledger have it."""
    request = await asked(at, await opened(at, stage))
    await at.click(SUPERVISOR, "approve_exception", request.id)
    await at.click(AGENT, "use_exception", request.id)
    await at.send_all()
    assert at.stands(request).state is ExceptionState.USED
    await joins(at, stage)
    await at.send_all()
    assert standing(stage, INSIDE) == standing(stage, APPROVALS) == []


async def test_a_card_posted_while_somebody_joins_does_not_stay(at: Desk, stage: Stage) -> None:
    """The channel was ours alone when we looked, and was not any more when it was posted."""
    request = await asked(at, await opened(at, stage))
    with at.services.casebook.begin() as connection:
        sending = turns.claim(connection, WORKSPACE, now=at.clock())
    assert sending
    assert sending.key == f"exception:{request.id}"
    await joins(at, stage)
    answer = await at.services.client.chat_postMessage(channel=INSIDE, **sending.body)  # already under way
    with at.services.casebook.begin() as connection:
        outbox.settle(connection, sending, state=outbox.SendState.SENT, channel=INSIDE, ts=str(answer["ts"]))
    at.clock.now += 5
    await at.send_all()
    assert card(at, request) == ("sent", APPROVALS)
    assert standing(stage, INSIDE) == []


async def test_what_a_broken_try_posted_before_somebody_joined_does_not_stay(at: Desk, stage: Stage) -> None:
    """A worker that died after posting: the next one looks for it before it gives the channel up."""
    at.clock.now = time.time()  # Slack is asked for what it was told lately
    request = await asked(at, await opened(at, stage))
    with at.services.casebook.begin() as connection:
        sending = turns.claim(connection, WORKSPACE, now=at.clock())
    assert sending
    metadata = {"event_type": METADATA_EVENT, "event_payload": {"row": row_mark(sending)}}
    thread_ts = sending.target["thread_ts"]
    await at.services.client.chat_postMessage(channel=INSIDE, thread_ts=thread_ts, metadata=metadata, **sending.body)
    await stage.admin("add_member", channel=INSIDE, user=GUEST)
    at.clock.now += outbox.LEASE_SECONDS + 1
    await at.send_all()
    assert card(at, request) == ("sent", APPROVALS)
    assert standing(stage, INSIDE) == []


async def test_a_card_that_is_decided_while_it_is_taken_away_shows_that_where_it_stands_next(
    at: Desk, stage: Stage
) -> None:
    """What shows it anew waits until it stands there; the card itself was written before the decision."""
    request = await asked(at, await opened(at, stage))
    await at.send_all()
    await joins(at, stage)
    with at.services.casebook.begin() as connection:
        removal = turns.claim(connection, WORKSPACE, now=at.clock())
    assert removal
    assert removal.kind is outbox.SendKind.REMOVAL
    await at.click(SUPERVISOR, "approve_exception", request.id)
    await at.send_all()
    await deliver.send(at.services, removal)
    at.clock.now += 60
    await at.send_all()
    assert card(at, request) == ("sent", APPROVALS)
    assert "approve_exception" not in str(standing(stage, APPROVALS)[0]["blocks"])


async def test_a_card_is_not_shown_anew_where_somebody_joined_before_slack_told_us(at: Desk, stage: Stage) -> None:
    """What an update adds is new words: who decided, and what was granted."""
    request = await asked(at, await opened(at, stage))
    await at.send_all()
    before = standing(stage, INSIDE)
    await stage.admin("add_member", channel=INSIDE, user=GUEST)
    await at.click(SUPERVISOR, "approve_exception", request.id)
    await at.send_all()
    assert at.stands(request).state is ExceptionState.APPROVED
    assert standing(stage, INSIDE) == before
    assert at.rows("SELECT DISTINCT state, error FROM outbox WHERE kind = 'update'") == [
        ("withheld", Withheld.OUTSIDERS)
    ]


async def test_where_a_guest_joins_the_approvals_channel_itself_whoever_asked_is_told(at: Desk, stage: Stage) -> None:
    """There is no other place: the request is safe, and an administrator has to know."""
    request = await asked(at, await opened(at, stage))
    await joins(at, stage)
    await at.send_all()
    await joins(at, stage, APPROVALS)
    await at.send_all()
    assert standing(stage, INSIDE) == standing(stage, APPROVALS) == []
    assert card(at, request)[0] == "withheld"
    assert "申請已經存好" in " ".join(at.told(AGENT))
