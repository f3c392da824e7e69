"""A newer Aside is started while an older one still works on the same server: the older one ends itself, in order."""

import asyncio
import os
import shutil
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.settings import Settings
from storage.revisions import known_revisions
from tests.flow.conftest import CUSTOMER, SETUP, SHARED, save_setup
from tests.flow.working import FAULT
from tests.fresh import asked
from tests.reliability.running import Running
from tests.sandbox.stage import Stage
from tests.server import server

pytestmark = pytest.mark.slow

pytest_plugins = ["tests.flow.conftest"]

ROOT = Path(__file__).parents[2]
ENDS_WITHIN_SECONDS = 90
"""It looks once a minute."""
NEXT = f'''"""What a later version needs."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{known_revisions()[0]}"
branch_labels = depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("later", sa.Text, nullable=False, server_default=""))
    op.create_table("later", sa.Column("workspace", sa.String(32), primary_key=True))
'''


@pytest.fixture
def shared(settings: Settings) -> Iterator[Settings]:
    """The same bot with its casebook on a server."""
    database = server().bare()
    yield settings.model_copy(update={"database_url": server().url(database)})
    server().drop(database)


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """A later version, with one migration more."""
    there = tmp_path / "newer"
    for room in ("bot", "handlers", "playbooks", "sandbox", "storage"):
        shutil.copytree(ROOT / room, there / room, ignore=shutil.ignore_patterns("__pycache__"))
    (there / "storage" / "migrations" / "versions" / "9999_later.py").write_text(NEXT, "utf-8")
    return there


@pytest.fixture
async def started() -> AsyncIterator[list[Process]]:
    """The processes, killed at the end."""
    processes: list[Process] = []
    yield processes
    for each in processes:
        if each.returncode is None:
            each.kill()
            await each.wait()


async def start(shared: Settings, version: Path, told: Path) -> Process:
    """Start a version of Aside, and wait until it listens."""
    data = shared.model_copy(update={"data": told.with_suffix("") / "data"})
    with told.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run"),
            env={**os.environ, **Running(data, http=False)._environment},
            cwd=version,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=log,
        )
    assert process.stdout
    assert await process.stdout.readline()
    return process


async def kept(shared: Settings, number: int) -> None:
    """Wait until so many messages were worked on."""
    async with asyncio.timeout(60):
        while asked(shared, "SELECT count(*) FROM messages") != [(number,)]:  # noqa: ASYNC110 - rows have no event
            await asyncio.sleep(0.1)


async def test_an_older_one_ends_itself_and_nothing_is_lost_or_doubled(
    shared: Settings, stage: Stage, newer: Path, tmp_path: Path, started: list[Process]
) -> None:
    """It may be heard for a minute more; what Slack told it is in the tables, and the newer one goes on."""
    customer = await stage.seat(CUSTOMER)
    old_told = tmp_path / "old.log"
    old = await start(shared, ROOT, old_told)
    started.append(old)
    save_setup(shared, SETUP)
    await customer.say(SHARED, f"{FAULT} 0")
    await kept(shared, 1)
    new = await start(shared, newer, tmp_path / "new.log")
    started.append(new)
    assert asked(shared, "SELECT version_num FROM alembic_version") == [("9999",)]
    said = 1
    async with asyncio.timeout(ENDS_WITHIN_SECONDS):
        while old.returncode is None:
            await customer.say(SHARED, f"{FAULT} {said}")
            said += 1
            await asyncio.sleep(2)
    await customer.say(SHARED, f"{FAULT} {said}")
    await kept(shared, said + 1)
    assert old.returncode == 1
    assert "The casebook is of a newer Aside than this one (revision 9999)." in old_told.read_text("utf-8")
    assert asked(shared, "SELECT text FROM messages ORDER BY ts") == [(f"{FAULT} {n}",) for n in range(said + 1)]
    assert asked(shared, "SELECT count(*) FROM cases") == [(1,)]
    assert new.returncode is None
