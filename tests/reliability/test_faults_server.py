"""A PostgreSQL that cuts us off, or lets nobody in for a while: what is not written is not acknowledged."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError

from bot import app as wiring
from bot.settings import Settings
from storage import inbox
from storage.inbox import Lane
from tests import fresh
from tests.flow.conftest import WORKSPACE, learn_once, read_once
from tests.reliability.test_faults_database import Town, until
from tests.server import server

pytest_plugins = ["tests.flow.conftest"]
pytestmark = pytest.mark.skipif(not fresh.ON_SERVER, reason="about a server: played by make test-postgres")

END_ALL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'"


@pytest.fixture
async def town(settings: Settings) -> AsyncIterator[Town]:
    """Everything wired, on a database of its own."""
    async with wiring.wired(settings, learning=learn_once, reading=read_once) as parts:
        yield Town(parts, settings)


def end_all(settings: Settings) -> str:
    """Every connection to the casebook ends, as when its server fails over; its name."""
    name = str(make_url(settings.database_url).database)
    server()._leave(name)
    server().command(END_ALL.format(name))
    return name


def clicked(town: Town, number: int) -> None:
    """Somebody pressed a button, which is written down as it is."""
    inbox.put_at_once(
        town.casebook, workspace=WORKSPACE, key=f"click:{number}", lane=Lane.PERSON, kind="click", payload={}, now=1.0
    )


async def test_connections_that_the_server_ended_lose_nothing(town: Town) -> None:
    """A click comes once, so it is written over a new connection; a message comes again where the first try failed."""
    async with town.at_work():
        for number in range(1, 4):
            end_all(town.settings)
            clicked(town, number)
            end_all(town.settings)
            if await town.hears(number) != 200:
                assert await town.hears(number) == 200
        await until(lambda: town.kept() == 3)
    assert town.written() == 6


@pytest.mark.parametrize("on_disk", [True, False], ids=["on the disk", "done again anyway"])
async def test_who_meets_a_connection_that_ended_first_is_the_only_one(town: Town, *, on_disk: bool) -> None:
    """Both kinds are over at once: who clicks after the workers have seen it is not told that it did not work."""
    ask = text("SELECT 1")
    with town.casebook.begin() as connection, town.casebook.begin(on_disk=False) as another:
        assert connection.execute(ask).scalar_one() == another.execute(ask).scalar_one() == 1
    end_all(town.settings)
    with pytest.raises(OperationalError), town.casebook.begin(on_disk=on_disk) as connection:
        connection.execute(ask)
    with town.casebook.begin(on_disk=not on_disk) as connection:
        assert connection.execute(ask).scalar_one() == 1


async def test_a_server_that_is_away_is_waited_for(town: Town) -> None:
    """Slack hears no "ok", `/readyz` says so, the worker goes on by itself once it is back; the event is kept once."""
    async with town.at_work():
        name = end_all(town.settings)
        server().command(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false", END_ALL.format(name))
        try:
            assert await town.hears() == 500
            assert await town.is_ready() == "cannot be written"
        finally:
            server().command(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        assert [await town.hears(), await town.hears()] == [200, 200]
        await until(lambda: town.kept() == 1)
    assert (town.written(), await town.is_ready()) == (1, "ok")
