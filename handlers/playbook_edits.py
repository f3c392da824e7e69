"""The playbook's files, watched while we run: an edit is taken as a whole, a broken one is told and changes nothing."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog
from structlog.contextvars import bound_contextvars

from bot.errors import UserError
from bot.knowledge import Knowledge
from bot.playbook import Playbook
from bot.playbook_files import read_playbook
from bot.signals import Detector
from handlers.services import Known

LOOK_SECONDS = 2.0

Stamp = tuple[tuple[str, int, int, int, int], ...]
Learn = Callable[[Playbook], Detector]
Read = Callable[[Path], Playbook]
Named = Callable[[Path], Mapping[str, str]]
"""How the log names a playbook's folder: by the workspace whose own it is, or as several share it by its name."""

log = structlog.get_logger()


def stamp(folder: Path) -> Stamp:
    """What tells that a file was written, came or went, without reading any; nothing when nothing can be seen."""
    found = []
    try:
        paths = sorted([*folder.glob("*.y*ml"), *folder.glob("*/*.y*ml")])
    except OSError:  # a disk that has gone away is no reason to end
        return ()
    for path in paths:
        try:
            status = path.stat()
        except OSError:  # gone between the two, or a link into nothing
            continue
        found.append((str(path), status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns))
    return tuple(found)


class Playbooks:
    """The playbooks in use: each is read and learnt once, whoever goes by it, and then watched.

    Args:
        read: Reads the playbook in a folder.
        learn: Learns from a playbook; may take long, and runs beside everything else.
        named: How the log names a folder.
    """

    def __init__(self, read: Read, learn: Learn, named: Named = lambda folder: {"folder": folder.name}) -> None:
        self._read = read
        self._learn = learn
        self._named = named
        self._known: dict[Path, tuple[Known, Stamp]] = {}
        self._faulty: dict[Path, tuple[UserError, Stamp]] = {}

    async def known(self, folder: Path) -> Known:
        """What is known from the playbook in a folder.

        Raises:
            UserError: when it has a fault; the same, unread, until somebody has written there.
        """
        if folder not in self._known:
            written = stamp(folder)
            fault, since = self._faulty.get(folder, (None, None))
            if fault and since == written:
                raise UserError(fault.what, fault.do)
            try:
                playbook = await asyncio.to_thread(self._read, folder)
            except UserError as error:
                self._faulty[folder] = error, written
                raise
            self._faulty.pop(folder, None)
            self._known[folder] = Known(Knowledge(playbook, await asyncio.to_thread(self._learn, playbook))), written
        return self._known[folder][0]

    def forget(self, folder: Path) -> None:
        """Nobody goes by it any more: what was known of it is let go of, and it is watched no longer."""
        self._known.pop(folder, None)
        self._faulty.pop(folder, None)

    async def watch(self, seconds: float = LOOK_SECONDS) -> None:
        """Take the edits of each, forever.

        Args:
            seconds: From one look to the next.
        """
        async with asyncio.TaskGroup() as watching:
            watched: dict[Path, tuple[Known, asyncio.Task[None]]] = {}
            while True:
                for folder, (known, task) in list(watched.items()):
                    if folder not in self._known or self._known[folder][0] is not known:
                        task.cancel()
                        del watched[folder]
                for folder in self._known.keys() - watched.keys():
                    known, since = self._known[folder]
                    watched[folder] = known, watching.create_task(self._watch(known, folder, since, seconds))
                await asyncio.sleep(seconds)

    async def _watch(self, known: Known, folder: Path, since: Stamp, seconds: float) -> None:
        with bound_contextvars(**self._named(folder)):
            await watch(known, folder, since, self._learn, seconds)


async def watch(known: Known, folder: Path, since: Stamp, learn: Learn, seconds: float = LOOK_SECONDS) -> None:
    """Look at the files every few seconds, forever.

    Whoever saves several files, or checks out another version, is not done with the first: an edit is read once two
    looks in a row find the same.

    Args:
        since: The files as they were before what is known was read from them.
        learn: Learns from a playbook; may take long, and runs beside everything else.
        seconds: From one look to the next.
    """
    taken = before = since
    while True:
        await asyncio.sleep(seconds)
        now = await asyncio.to_thread(stamp, folder)
        if now != taken and now == before:
            taken = now
            await take(known, folder, learn)
        before = now


async def take(known: Known, folder: Path, learn: Learn) -> None:
    """Read the files again and, when all is well, put what they say in the place of what was known."""
    try:
        playbook, faults = await asyncio.to_thread(read_playbook, folder)
        if playbook is None:
            known.faults = faults
            log.warning("playbook_edit_not_taken", fault=str(faults[0]), faults=len(faults))
            return
        if playbook.version != known.now.playbook.version:
            known.now = Knowledge(playbook, await asyncio.to_thread(learn, playbook))
        known.faults = ()
        log.info("playbook_taken", version=playbook.version)
    except Exception:  # a fault of ours must not end the bot, which still has what it knew
        log.exception("playbook_edit_failed")
