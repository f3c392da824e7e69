"""An extension that was promised and recorded is shown wherever cover is shown, in every case of that customer."""

import json
from collections.abc import AsyncIterator

import pytest

from bot.entitlement import Entitlement
from bot.promises import Answer
from bot.settings import Settings
from handlers.situation import customer_of
from tests.flow.conftest import AGENT, SUCCESSOR, SUPERVISOR
from tests.flow.test_promise_scope import ONE_SUPERVISOR, given, question, stands
from tests.flow.without_slack import Desk, desk
from tests.flow.working import chosen, typed
from tests.sandbox.stage import Json, Stage

EXTENSION = {"concession": chosen("extension"), "what": typed("維護合約延長到年底")}
UNTIL: Json = {"until": {"day": {"type": "datepicker", "selected_date": "2026-12-31"}}}


@pytest.fixture
async def at(stage: Stage, settings: Settings) -> AsyncIterator[Desk]:
    """Nothing running."""
    async with desk(stage, settings) as made:
        made.set_up(ONE_SUPERVISOR)
        yield made


def cover(at: Desk, customer: str = "C-1") -> list[tuple[str, str, str]]:
    """The extensions that are shown as cover: what for, until when, in what state."""
    known = customer_of(at.services, customer)
    assert known
    shown = [each for each in known.coverages if each.coverage.promised]
    return [
        (each.coverage.promised.what, str(each.coverage.end), each.state) for each in shown if each.coverage.promised
    ]


async def test_a_promised_extension_is_cover_once_its_scope_is_recorded(at: Desk) -> None:
    """Not by the answer alone; on the warranty card with who said so and who recorded it; of nobody else."""
    _, known = question(at, given(at, Answer.YES, SUCCESSOR, "報價單第 3 條"))
    assert cover(at) == []
    at.clock.now += 1
    await at.submit(SUPERVISOR, "record_promise_view", known.id, {**EXTENSION, **UNTIL})
    assert cover(at) == [("維護合約延長到年底", "2026-12-31", "in_force")]
    assert cover(at, "C-2") == []
    standing = customer_of(at.services, "C-1")
    assert standing
    assert standing.entitlement is Entitlement.UNKNOWN
    last = at.last_row()
    await at.command(AGENT, "/warranty")
    shown = [str(json.loads(body)) for (body,) in at.rows("SELECT body FROM outbox WHERE seq > ?", last)]
    assert ["答應過的延長" in each and "於 2026-11-23 記下" in each for each in shown] == [True]


async def test_it_is_shown_as_over_when_its_day_is_over(at: Desk) -> None:
    """Like a contract that ended: shown, and no cover any more."""
    _, known = question(at, given(at, Answer.YES, SUCCESSOR, "報價單第 3 條"))
    await at.submit(SUPERVISOR, "record_promise_view", known.id, {**EXTENSION, **UNTIL})
    at.clock.now += 60 * 24 * 3600
    assert cover(at) == [("維護合約延長到年底", "2026-12-31", "expired")]


async def test_an_extension_needs_its_last_day(at: Desk) -> None:
    """One without an end would be bounded by nothing; other promises may have none."""
    _, known = question(at, given(at, Answer.YES, SUCCESSOR, "報價單第 3 條"))
    (told,) = await at.submit(SUPERVISOR, "record_promise_view", known.id, EXTENSION)
    assert told.startswith("until: ")
    assert stands(at, known) == known
