"""A CRM hears each move, signed, in order, without anybody's words; over a real socket, from a real casebook."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import Connection, select

from bot.goodwill import ExceptionRequest, ExceptionState
from bot.policy import Concession
from bot.sales import Opportunity
from bot.webhook import signed
from handlers import crm
from handlers.services import Services
from storage import audit, opportunities
from storage import crm as told
from storage import goodwill as requests
from storage.engine import Casebook
from storage.schema import audit as audit_rows
from tests.casebook.sample import WORKSPACE, opened
from tests.fresh import casebook_at

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
KEY = b"0123456789abcdef01234567"
AT_ONCE = (timedelta(0), timedelta(0))


@dataclass
class Crm:
    """The receiving side: what it answers, and what it heard."""

    answers: list[int] = field(default_factory=list)
    heard: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        """Take a post, or refuse it."""
        self.bodies.append(await request.text())
        self.heard.append(({name.lower(): value for name, value in request.headers.items()}, await request.json()))
        return web.Response(status=self.answers.pop(0) if self.answers else 204)


@pytest.fixture
def casebook(tmp_path: Path) -> Iterator[Casebook]:
    """One with a case, and nothing that the CRM was told of."""
    book = casebook_at(tmp_path / "casebook.db")
    with book.begin() as connection:
        opened(connection)
        told.begin(connection, WORKSPACE)
    yield book
    book.close()


@asynccontextmanager
async def listening(casebook: Casebook) -> AsyncIterator[tuple[Crm, Services, crm.Webhook]]:
    """A CRM on a port of its own, and what tells it."""
    receiver = Crm()
    app = web.Application()
    app.router.add_post("/aside", receiver.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    async with aiohttp.ClientSession() as http:
        parts = SimpleNamespace(
            identity=SimpleNamespace(workspace=WORKSPACE), http=http, casebook=casebook, clock=NOW.timestamp
        )
        services = cast("Services", parts)
        yield receiver, services, crm.Webhook(services, f"http://127.0.0.1:{port}/aside", KEY)
    await runner.cleanup()


def moved(connection: Connection, subject: str, subject_id: str, move: str) -> None:
    """A move, as the audit has it."""
    audit.write(
        connection,
        workspace=WORKSPACE,
        actor="USALES",
        subject=subject,
        subject_id=subject_id,
        move=move,
        why="zq7x, as somebody said",
        now=NOW.timestamp(),
    )


def opportunity(casebook: Casebook, *moves: str) -> None:
    """An opportunity, with these moves behind it."""
    with casebook.begin() as connection:
        case_id = opened(connection, "900.0").id
        known = Opportunity(
            workspace=WORKSPACE,
            id="o1",
            case_id=case_id,
            customer_id="C-1",
            reasons=("reports_fault",),
            opened_at=NOW,
            value=Decimal("96000.00"),
            currency="TWD",
            months=12,
            lost_note="zq7x",
        )
        opportunities.write(connection, known)
        for move in moves:
            moved(connection, "opportunity", "o1", move)


async def test_each_move_is_posted_once_signed_and_in_order(casebook: Casebook) -> None:
    """Two moves are two posts; nothing is left to tell afterwards."""
    opportunity(casebook, "take", "win")
    async with listening(casebook) as (receiver, services, webhook):
        assert await crm.tell_next(services, webhook, AT_ONCE)
        assert await crm.tell_next(services, webhook, AT_ONCE)
        assert not await crm.tell_next(services, webhook, AT_ONCE)
    assert [body["type"] for _, body in receiver.heard] == ["opportunity.take", "opportunity.win"]
    headers, body = receiver.heard[1]
    assert headers["content-type"] == "application/json"
    expected = signed(KEY, headers["webhook-id"], receiver.bodies[1], NOW)
    assert {name: headers[name] for name in expected} == expected
    assert body["data"] == {
        "id": "o1",
        "case": body["data"]["case"],
        "contract": None,
        "customer": "C-1",
        "state": "open",
        "reasons": ["reports_fault"],
        "opened_at": "2026-11-23T04:00:00+00:00",
        "owner": None,
        "value": "96000.00",
        "currency": "TWD",
        "months": 12,
        "lost_reason": None,
        "workspace": WORKSPACE,
        "by": "USALES",
    }


async def test_where_nothing_changed_nothing_is_told(casebook: Casebook) -> None:
    """To see whether whoever took it is still here is no news; a reminder is, and what came before and after."""
    opportunity(casebook, "take", "remind", "escalate", "look", "look", "win", "look")
    async with listening(casebook) as (receiver, services, webhook):
        while await crm.tell_next(services, webhook, AT_ONCE):
            pass
    heard = [body["type"].removeprefix("opportunity.") for _, body in receiver.heard]
    assert heard == ["take", "remind", "escalate", "win"]


async def test_nobodys_words_leave_the_house(casebook: Casebook) -> None:
    """What the customer said, what the agent wrote and why it was decided stay here."""
    opportunity(casebook, "lose")
    with casebook.begin() as connection:
        case = opened(connection, "901.0")
        words = dict.fromkeys(("fault", "reason", "evidence", "new_fact", "question", "decision_reason"), "zq7x")
        request = ExceptionRequest(
            workspace=WORKSPACE,
            id="e1",
            case_id=case.id,
            customer_id="C-1",
            state=ExceptionState.DECLINED,
            requested_by="UA",
            requested_at=NOW,
            concession=Concession.FULL,
            cost=Decimal(3000),
            currency="TWD",
            decided_by="US",
            decided_at=NOW,
            **words,
        )
        requests.write(connection, request)
        moved(connection, "exception", "e1", "decline")
    async with listening(casebook) as (receiver, services, webhook):
        while await crm.tell_next(services, webhook, AT_ONCE):
            pass
    assert [body["type"] for _, body in receiver.heard] == ["opportunity.lose", "exception.decline"]
    assert "zq7x" not in "".join(receiver.bodies)


async def test_what_was_not_taken_is_sent_again_under_the_same_id(casebook: Casebook) -> None:
    """A CRM that is down for a while gets the same event until it takes it, and the next one only then."""
    opportunity(casebook, "take", "win")
    async with listening(casebook) as (receiver, services, webhook):
        receiver.answers = [500, 302]
        while await crm.tell_next(services, webhook, AT_ONCE):
            pass
    assert [body["type"] for _, body in receiver.heard] == [*["opportunity.take"] * 3, "opportunity.win"]
    assert len({headers["webhook-id"] for headers, _ in receiver.heard}) == 2


async def test_what_is_never_taken_is_left_out_and_the_audit_says_so(casebook: Casebook) -> None:
    """One event that it refuses for ever does not keep it from hearing the rest."""
    opportunity(casebook, "take", "win")
    async with listening(casebook) as (receiver, services, webhook):
        receiver.answers = [422, 422, 422]
        while await crm.tell_next(services, webhook, AT_ONCE):
            pass
    assert receiver.heard[-1][1]["type"] == "opportunity.win"
    with casebook.look() as connection:
        row = connection.execute(select(audit_rows).where(audit_rows.c.subject == "crm")).mappings().one()
    assert (row["move"], row["why"]) == ("left_out", "http 422")


async def test_a_first_time_has_nothing_to_catch_up_with(tmp_path: Path) -> None:
    """Who turns the webhook on hears what happens from then on, not the years before; a restart misses nothing."""
    casebook = casebook_at(tmp_path / "new.db")
    opportunity(casebook, "take")
    with casebook.begin() as connection:
        told.begin(connection, WORKSPACE)
    with casebook.begin() as connection:
        moved(connection, "opportunity", "o1", "win")
        told.begin(connection, WORKSPACE)
    async with listening(casebook) as (receiver, services, webhook):
        while await crm.tell_next(services, webhook, AT_ONCE):
            pass
    assert [body["type"] for _, body in receiver.heard] == ["opportunity.win"]
    casebook.close()


async def test_what_is_gone_is_not_told_of(casebook: Casebook) -> None:
    """A row whose opportunity is no longer there is passed over."""
    with casebook.begin() as connection:
        moved(connection, "opportunity", "nowhere", "take")
    async with listening(casebook) as (receiver, services, webhook):
        assert await crm.tell_next(services, webhook, AT_ONCE)
        assert not await crm.tell_next(services, webhook, AT_ONCE)
    assert receiver.heard == []


async def test_a_crm_that_is_not_there_is_asked_again(casebook: Casebook) -> None:
    """A closed port is a no like any other, and stops nothing."""
    opportunity(casebook, "take")
    async with listening(casebook) as (_, services, webhook):
        nowhere = crm.Webhook(services, "http://127.0.0.1:9/aside", webhook.key)
        while await crm.tell_next(services, nowhere, AT_ONCE):
            pass
    with casebook.look() as connection:
        row = connection.execute(select(audit_rows).where(audit_rows.c.subject == "crm")).mappings().one()
    assert row["why"] == "ClientConnectorError"
