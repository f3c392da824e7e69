"""The directory's file goes bad while we work: the desk is heard and coached without it, until there is another."""

import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.settings import Settings
from handlers import works
from handlers.worker import work_on
from storage import inbox
from storage.inbox import Lane
from tests.flow.conftest import AGENT, CUSTOMER, DESK, WORKSPACE
from tests.flow.without_slack import Desk, desk
from tests.flow.working import FAULT
from tests.sandbox.stage import Stage

pytest_plugins = ["tests.flow.conftest"]

NONE_TO_READ = "客戶資料"


def cut(file: Path) -> None:
    """Half of it was copied."""
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def another(file: Path) -> None:
    """Somebody copied a workbook over it."""
    file.write_bytes(b"PK\x03\x04" + bytes(50_000))


def flipped(file: Path) -> None:
    """All but the first page is noise, in place."""
    with file.open("r+b") as stream:
        stream.seek(4096)
        stream.write(b"\xa5" * (file.stat().st_size - 4096))


def rotten(file: Path) -> None:
    """It opens, and what is wrong is found only by whoever reads a customer."""
    with closing(sqlite3.connect(file)) as connection:
        roots = connection.execute("SELECT rootpage FROM sqlite_master WHERE rootpage > 0 AND tbl_name <> 'meta'")
        pages = [page for (page,) in roots]
        ((size,),) = connection.execute("PRAGMA page_size")
    with file.open("r+b") as stream:
        for page in pages:
            stream.seek((page - 1) * size)
            stream.write(b"\xa5" * size)


def gone(file: Path) -> None:
    """Deleted."""
    file.unlink()


@pytest.fixture
async def at(stage: Stage, settings: Settings, directory_file: Path, tmp_path: Path) -> AsyncIterator[Desk]:
    """The desk, with a directory of its own."""
    own = tmp_path / "directory.db"
    shutil.copy(directory_file, own)
    async with desk(stage, settings.model_copy(update={"directory": own})) as made:
        yield made


@pytest.mark.parametrize("harm", [cut, another, flipped, rotten, gone], ids=lambda harm: harm.__name__)
async def test_without_a_directory_the_desk_is_heard_and_told_so(
    at: Desk, harm: Callable[[Path], None], directory_file: Path, tmp_path: Path
) -> None:
    """What a customer says is kept and coached; `/warranty` says what is lacking; a new import is taken up at once."""
    answer = (await at.command(AGENT, "/warranty 廣昕"))[0]
    assert NONE_TO_READ not in answer
    harm(tmp_path / "directory.db")
    ts = f"{at.clock.now:.6f}"
    with at.services.casebook.begin() as connection:
        inbox.put(
            connection,
            workspace=WORKSPACE,
            key=ts,
            lane=Lane.STREAM,
            kind="message",
            payload={"type": "message", "channel": DESK, "user": CUSTOMER, "text": FAULT, "ts": ts},
            now=at.clock(),
            channel=DESK,
        )
    for _ in range(20):
        with at.services.casebook.begin() as connection:
            entry = inbox.claim(connection, lane=Lane.STREAM, now=at.clock())
        if entry:
            await work_on(at.services, entry, works.STREAM)
        at.clock.now += 1
    assert at.rows("SELECT text FROM messages") == [(FAULT,)]
    assert at.rows("SELECT count(*) FROM outbox WHERE kind = 'ephemeral'") == [(1,)]
    (told,) = await at.command(AGENT, "/warranty 宏昌")
    assert NONE_TO_READ in told
    shutil.copy(directory_file, tmp_path / "new.db")
    (tmp_path / "new.db").replace(tmp_path / "directory.db")
    assert (await at.command(AGENT, "/warranty 廣昕"))[0] == answer
