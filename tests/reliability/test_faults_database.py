"""The casebook full, read-only, locked, gone or damaged: what cannot be written is not acknowledged, nothing ends."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from bot import app as wiring
from bot.enduring import enduring
from bot.errors import UserError
from bot.settings import Settings
from bot.transport import Heard
from bot.working import heard_by_all
from handlers import works
from handlers.ready import Ready
from handlers.worker import run_lane
from storage.engine import Casebook, open_casebook
from storage.inbox import Lane
from tests import fresh
from tests.flow.conftest import CUSTOMER, SHARED, WORKSPACE, learn_once, read_once
from tests.fresh import asked
from tests.sandbox.stage import Json, Stage

pytest_plugins = ["tests.flow.conftest"]
pytestmark = pytest.mark.skipif(fresh.ON_SERVER, reason="about the casebook that is a file")

LONG = "發票印不出來，" * 3_000
"""More than fits into what a file has left over in its last page."""


class Town:
    """Everything wired, with nobody at work but who a test starts."""

    def __init__(self, parts: wiring.Wired, settings: Settings) -> None:
        self.parts = parts
        self.settings = settings
        self._app: AsyncApp = wiring.bolt_app(parts)
        self._ready = Ready(parts.workspaces)

    @property
    def casebook(self) -> Casebook:
        """The casebook."""
        return self.parts.workspaces.casebook

    async def hears(self, number: int = 1) -> int:
        """Slack tells us what a customer said; how we answer."""
        ts = f"1795406401.{number:06d}"
        said = {"type": "message", "channel": SHARED, "user": CUSTOMER, "text": LONG, "ts": ts}
        body: Json = {"type": "event_callback", "event_id": f"Ev{number}", "team_id": WORKSPACE, "event": said}
        answer = await self._app.async_dispatch(AsyncBoltRequest(body=body, mode="socket_mode"))
        return int(answer.status)

    async def is_ready(self) -> str:
        """What `/readyz` says of the database, asked anew."""
        self._ready._written = None
        return next(check.note for check in await self._ready.checks() if check.name == "database")

    def written(self) -> int:
        """How many entries the inbox holds."""
        return int(asked(self.settings, "SELECT count(*) FROM inbox")[0][0])

    def kept(self) -> int:
        """How many messages were worked on."""
        return int(asked(self.settings, "SELECT count(*) FROM messages")[0][0])

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Somebody works on what was said."""
        lane = partial(run_lane, self.parts.workspaces, Lane.STREAM, works.STREAM)
        working = asyncio.create_task(enduring(lane, "stream"))
        yield
        assert not working.done()
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working


@pytest.fixture
async def town(settings: Settings) -> AsyncIterator[Town]:
    """Everything wired."""
    async with wiring.wired(settings, learning=learn_once, reading=read_once) as parts:
        yield Town(parts, settings)


async def until(true: Callable[[], bool]) -> None:
    """Wait for it."""
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110 - rows have no event
            await asyncio.sleep(0.02)


@contextmanager
def _pragma(casebook: Casebook, pragma: str) -> Iterator[None]:
    """What SQLite itself is told on each connection, and afterwards no more."""
    casebook._let_go_of_own()

    def told(connection: Any, *_: Any) -> None:
        connection.execute(f"PRAGMA {pragma}")

    event.listen(casebook.engine, "checkout", told)
    yield
    event.remove(casebook.engine, "checkout", told)
    casebook._let_go_of_own()
    casebook.engine.dispose()


@contextmanager
def full(casebook: Casebook) -> Iterator[None]:
    """There is no room for another page."""
    with casebook.look() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    with _pragma(casebook, f"max_page_count={pages}"):
        yield


@contextmanager
def read_only(casebook: Casebook) -> Iterator[None]:
    """The disk was put into read-only by the system, as after an error of its own."""
    with _pragma(casebook, "query_only=ON"):
        yield


HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def locked(casebook: Casebook) -> Iterator[None]:
    """Another process writes, and does not come to an end."""
    command = [sys.executable, "-c", HOLD, str(casebook.file)]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder,
        _pragma(casebook, "busy_timeout=50"),
    ):
        assert holder.stdout
        assert holder.stdin
        holder.stdout.readline()
        yield
        holder.stdin.close()
        holder.wait()


@pytest.mark.parametrize("fault", [full, read_only, locked], ids=lambda fault: fault.__name__)
async def test_what_cannot_be_written_comes_again_and_work_goes_on(
    town: Town, fault: Callable[[Casebook], Any]
) -> None:
    """Slack hears no "ok", `/readyz` says so, the worker waits; once it is over the same event is kept, once."""
    async with town.at_work():
        with fault(town.casebook):
            assert await town.hears() == 500
            if fault is not full:  # a row so small has room in the last page
                assert await town.is_ready() == "cannot be written"
            await asyncio.sleep(0.2)
        assert town.written() == 0
        assert WORKSPACE in town.parts.workspaces.unwritten
        assert [await town.hears(), await town.hears()] == [200, 200]
        await until(lambda: town.kept() == 1)
    assert await town.is_ready() == "ok"


async def test_work_that_began_before_the_disk_was_full_is_done_after_it(town: Town) -> None:
    """It does not count as tried, however often; what Slack heard "ok" to is not given up."""
    assert await town.hears() == 200
    with full(town.casebook):
        async with town.at_work():
            await asyncio.sleep(0.5)
    assert asked(town.settings, "SELECT state FROM inbox") == [("new",)]
    fresh.changed(town.settings, "UPDATE inbox SET lease_until = 0")
    async with town.at_work():
        await until(lambda: town.kept() == 1)


async def test_after_what_could_not_be_written_history_is_read(stage: Stage, town: Town) -> None:
    """Slack's tries may be over by then; what was said meanwhile is kept once, whichever way it comes."""
    (parts,) = town.parts.workspaces.all()
    unread: set[str] = set()
    await heard_by_all(town.parts.workspaces, Heard.ALL, unread)
    await (await stage.seat(CUSTOMER)).say(SHARED, "ERP 當機了")
    with read_only(town.casebook):
        assert await town.hears() == 500
        await heard_by_all(town.parts.workspaces, Heard.ALL, unread)
    assert unread == {parts.identity.workspace}
    await heard_by_all(town.parts.workspaces, Heard.NOTHING, unread)
    assert (unread, town.written()) == (set(), 1)


async def test_a_casebook_that_was_deleted_takes_nothing_more(town: Town) -> None:
    """SQLite would write on into a file that nobody finds again: Slack hears no "ok", and `/readyz` says so."""
    file = town.casebook.file
    assert file
    assert await town.hears(1) == 200
    file.rename(file.with_name("moved.db"))
    assert (await town.hears(2), await town.is_ready()) == (500, "cannot be written")
    file.with_name("moved.db").rename(file)
    assert (await town.hears(2), await town.is_ready()) == (200, "ok")
    assert town.written() == 2


async def test_a_casebook_damaged_while_we_run_acknowledges_nothing(town: Town) -> None:
    """Nothing is told to be kept that is not; whoever watches us hears of it, and a backup is put back."""
    file = town.casebook.file
    assert file
    town.casebook.engine.dispose()  # folds the log in
    whole = file.read_bytes()
    with file.open("r+b") as stream:
        stream.write(b"\xa5" * len(whole))
    assert (await town.hears(2), await town.is_ready()) == (500, "cannot be written")
    town.casebook.engine.dispose()
    for each in file.parent.glob(f"{file.name}-*"):
        each.unlink()
    with file.open("r+b") as stream:
        stream.write(whole)
    assert (await town.hears(2), await town.is_ready()) == (200, "ok")


@pytest.mark.parametrize("damage", ["another file", "cut short", "flipped"])
def test_a_casebook_that_is_damaged_at_the_start_is_one_sentence(tmp_path: Path, damage: str) -> None:
    """With what to do: put a backup back."""
    file = tmp_path / "casebook.db"
    open_casebook(f"sqlite:///{file}").close()
    whole = file.read_bytes()
    broken = {
        "another file": b"PK\x03\x04" + whole[4:],
        "cut short": whole[: len(whole) // 3],
        "flipped": whole[:100] + bytes(each ^ 0xFF for each in whole[100:8192]) + whole[8192:],
    }
    file.write_bytes(broken[damage])
    with pytest.raises(UserError) as told:
        open_casebook(f"sqlite:///{file}")
    assert "aside restore" in told.value.do


def test_every_commit_is_on_the_disk_before_slack_hears_ok(tmp_path: Path) -> None:
    """With less than FULL the last ones are lost with the machine's power."""
    casebook = fresh.casebook_at(tmp_path / "casebook.db")
    with casebook.look() as connection:
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("journal_mode", "synchronous")]
    casebook.close()
    assert found == ["wal", 2]


async def test_whatever_else_ends_a_worker_ends_us() -> None:
    """What is no fault of the database's or the disk's is begun anew by whoever supervises us, in a new process."""
    full = OSError(28, "full")
    begun: list[Exception] = [sqlite_gone(), full, ExceptionGroup("two", [sqlite_gone(), full]), KeyError("x")]

    async def work() -> None:
        raise begun.pop(0)

    with pytest.raises(KeyError):
        await enduring(work, "work", pauses=(0.0,))
    assert begun == []


def sqlite_gone() -> OperationalError:
    """As SQLAlchemy tells it."""
    return OperationalError("SELECT 1", None, sqlite3.OperationalError("disk I/O error"))
