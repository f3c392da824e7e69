"""A workspace that uninstalled us: its tokens are dropped, its rows and files deleted, and nobody else waits for it."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from handlers import people
from handlers.services import Services
from handlers.worker import Task
from handlers.workspaces import Workspaces
from storage import installations, leaving
from storage.engine import Casebook

BATCH = 200
BETWEEN_SECONDS = 0.02
LOOK_SECONDS = 5.0

log = structlog.get_logger()


def uninstalled(workspaces: Workspaces, workspace: str, at: float) -> None:
    """Slack says that a workspace uninstalled us: write it down before Slack hears "ok"; the rest is done by itself.

    A lone workspace's data is its company's, on its own machine, and stays.

    Args:
        at: When they did, in seconds since 1970.
    """
    with workspaces.casebook.begin() as connection:
        leaves = installations.leaves(connection, workspace, at=at, now=workspaces.clock())
    log.warning("uninstalled", workspace=workspace, data_deleted=leaves)
    if leaves:
        workspaces.look()


async def on_tokens_revoked(services: Services, task: Task) -> None:
    """Slack says that tokens of ours were revoked: a renewed one, which is as it should be, or the one in use.

    Without one we work there no more; what is kept stays, for they may install us again.
    """
    revoked = (task.entry.payload.get("tokens") or {}).get("bot") or ()
    if services.identity.bot_user not in revoked:
        return
    workspace = services.identity.workspace
    with services.casebook.look() as connection:
        before = installations.get(connection, workspace)
    try:
        await services.client.auth_test()
    except people.UNREACHABLE as error:
        if people.error_code(error) not in people.LOCKED_OUT:
            raise people.UnknownForNowError from error
        with task.finishing() as connection:
            dropped = before is not None and installations.revoked(connection, before, at=services.clock())
        log.warning("token_revoked", workspace=workspace, dropped=dropped)


class Leaving:
    """Deletes what is left of whoever uninstalled us: each of us the files on its own machine, one at a time the rows.

    Args:
        folder_of: Where a workspace's own files are.
    """

    def __init__(self, workspaces: Workspaces, folder_of: Callable[[str], Path]) -> None:
        self._workspaces = workspaces
        self._folder_of = folder_of
        self._without_files: set[tuple[str, float]] = set()

    async def delete_forever(self) -> None:
        """Look every few seconds, forever."""
        while True:
            try:
                await self.look()
            except SQLAlchemyError as error:
                log.exception("not_deleted", error=type(error).__name__)  # it is tried again
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Delete what is to go now; the files once, since whoever installs us anew meanwhile brings their own."""
        with self._workspaces.casebook.look() as connection:
            found = leaving.leaving(connection)
        for workspace, since in found.items():
            if (workspace, since) not in self._without_files:
                if not await self._delete_folder(workspace):
                    continue
                self._without_files.add((workspace, since))
            with self._workspaces.casebook.begin() as connection:
                mine = leaving.claim(connection, workspace, now=self._workspaces.clock())
            if mine:
                await delete_rows(self._workspaces.casebook, self._workspaces.clock, workspace)
        again = await self._last_files()
        self._without_files = {each for each in self._without_files if each in found.items() or each[0] in again}

    async def _last_files(self) -> set[str]:
        """What was written while the rows went, of whoever is gone for good; those of whom it is still there."""
        with self._workspaces.casebook.look() as connection:
            gone = sorted({each for each, _ in self._without_files if installations.get(connection, each) is None})
        return {workspace for workspace in gone if not await self._delete_folder(workspace)}

    async def _delete_folder(self, workspace: str) -> bool:
        """Whether its files are gone; where the disk does not let us, nobody else waits for it."""
        try:
            await asyncio.to_thread(lambda: delete_folder(self._folder_of(workspace)))
        except OSError as error:
            log.exception("not_deleted", workspace=workspace, error=type(error).__name__)
            return False
        return True


def delete_folder(folder: Path) -> None:
    """Delete a workspace's directory, playbook and exported cases, also where a link leads to them."""
    if folder.is_dir():
        shutil.rmtree(folder.resolve())
    if folder.is_symlink():
        folder.unlink()


async def delete_rows(
    casebook: Casebook, clock: Callable[[], float], workspace: str, settle: float = leaving.SETTLE_SECONDS
) -> int:
    """Delete a workspace's rows, off the event loop, in batches between which others write; how many there were.

    Args:
        settle: For how long somebody may still be at work on something of theirs; then their own row goes as well.
    """
    total = 0
    while done := await asyncio.to_thread(_some, casebook, clock, workspace):
        total += done
        await asyncio.sleep(BETWEEN_SECONDS)
    with casebook.begin() as connection:
        is_over = leaving.gone(connection, workspace, now=clock(), settle=settle)
    if total or is_over:
        log.info("workspace_deleted", workspace=workspace, rows=total, is_over=is_over)
    return total


def _some(casebook: Casebook, clock: Callable[[], float], workspace: str) -> int:
    with casebook.begin() as connection:
        leaving.hold(connection, workspace, now=clock())
        return leaving.delete_some(connection, workspace, limit=BATCH)
