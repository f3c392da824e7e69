"""One file with all that Aside keeps: the casebook, the directory, and a manifest that tells what they are.

The file is a zip of `manifest.json`, `casebook.db` and, if there is one, `directory.db`, and of nothing else. A backup
is written under another name, checked and renamed; a restore is unpacked and checked beside what it replaces, and
then put in its place by renaming. What is interrupted leaves everything as it was.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import time
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import URL, Column, Connection, select, update
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import UserError
from storage import audit
from storage.directory import Directory
from storage.engine import Casebook, open_as_it_is, open_casebook
from storage.in_place import put_in_place
from storage.outbox import SendKind, SendState
from storage.revisions import known_revisions, revision_of
from storage.schema import metadata, outbox, settings

MANIFEST, CASEBOOK, DIRECTORY = "manifest.json", "casebook.db", "directory.db"
COUNTED = ("cases", "messages", "exceptions", "commitments")
BEFORE = "before-restore"
"""What a replaced file is called from then on, with the time."""

HELD_SECONDS = 3_600.0
"""After a restore nothing happens by itself for so long."""

_PREFIX = ".aside-backup-"
_CHUNK = 1 << 20
_MOST_MANIFEST = 100_000
_LEFTOVER_SECONDS = 86_400.0
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError)


class Part(BaseModel):
    """A piece of the manifest: nothing unknown is let in."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Held(Part):
    """One file of the backup."""

    bytes: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Manifest(Part):
    """What a backup is.

    Attributes:
        format: Of the backup file itself.
        revision: Of the casebook's tables.
        counts: How many rows some tables have, and how many customers the directory.
    """

    format: Literal[1] = 1
    made_at: datetime
    revision: str
    counts: Mapping[str, int]
    files: Mapping[Literal["casebook.db", "directory.db"], Held]


def make(url: str, directory: Path, to: Path, now: datetime) -> Manifest:
    """Copy casebook and directory into one file, while others work on them; what is in it is of one moment each.

    Raises:
        UserError: when something cannot be read or written, or does not pass its check; then no file is made.
    """
    if to.is_dir() or (to.exists() and not _is_backup(to)):
        raise UserError(f"{to} is there already and is no backup.", "Give another name.")
    try:
        with _beside(to) as folder, closing(open_as_it_is(url)) as casebook:
            _copy(casebook, folder / CASEBOOK)
            revision, counts = _checked_casebook(folder / CASEBOOK, "The casebook")
            if directory.is_file():
                shutil.copyfile(directory, folder / DIRECTORY)
                counts |= _customers_or_none(folder / DIRECTORY)
            files = {name: _held(folder / name) for name in (CASEBOOK, DIRECTORY) if (folder / name).exists()}
            manifest = Manifest.model_validate({"made_at": now, "revision": revision, "counts": counts, "files": files})
            part = folder / "backup.zip"
            _write(part, manifest, folder)
            put_in_place(part, to, mode=0o600)
    except (OSError, sqlite3.Error, SQLAlchemyError) as error:
        raise UserError(f"The backup could not be made: {error}.", "Check the disk, or give another place.") from error
    return manifest


@contextmanager
def unpacked(file: Path, beside: Path) -> Iterator[tuple[Manifest, Path]]:
    """A backup's files, checked, in a folder that is gone afterwards; they are not in anybody's place yet.

    Raises:
        UserError: when it is no backup, not whole, or of a newer Aside.
    """
    if not file.is_file():
        raise UserError(f"There is no file {file}.", "Give the file that aside backup wrote.")
    with _beside(beside) as folder:
        try:
            with zipfile.ZipFile(file) as archive:
                manifest = _unpack(archive, file, folder)
            revision, counts = _checked_casebook(folder / CASEBOOK, f"The casebook in {file}")
        except _UNREADABLE as error:
            raise _not_whole(file, str(error)) from error
        except (OSError, sqlite3.Error, SQLAlchemyError) as error:
            raise UserError(f"{file} could not be read: {error}.", "Check the disk; nothing was replaced.") from error
        if revision != manifest.revision or any(manifest.counts.get(name) != counts[name] for name in COUNTED):
            raise _not_whole(file, "the casebook in it is not the one that its manifest tells of")
        yield manifest, folder


def checked_directory(folder: Path, file: Path) -> bool:
    """Whether the backup has a directory.

    Raises:
        UserError: when it has one that this Aside cannot read.
    """
    if not (folder / DIRECTORY).exists():
        return False
    try:
        with _sound_directory(folder / DIRECTORY) as opened:
            opened.customer_count()
    except UserError as error:
        raise UserError(
            f"The directory in {file} is damaged or was made for another version of Aside.",
            "Restore the casebook alone with --casebook-only, and import your customer files again.",
        ) from error
    return True


def prepare(casebook: Path, manifest: Manifest, now: float) -> None:
    """Bring an unpacked casebook up to date, and let nothing that waited in it be shown twice.

    What was put in the outbox after the backup is not in it: of a request, a commitment or a question that is open in
    the backup a reminder may come again, once. So that whoever restores can first look at what was decided since, all
    that is due by itself waits for `HELD_SECONDS`.
    """
    url = URL.create("sqlite", database=str(casebook)).render_as_string()
    with closing(open_casebook(url)) as opened, opened.begin() as connection:
        _ask_before_sending_again(connection)
        _hold_what_is_due(connection, until=now + HELD_SECONDS)
        for workspace in connection.execute(select(settings.c.workspace).distinct()).scalars().all():
            audit.write(
                connection,
                workspace=workspace,
                actor="command line",
                subject="casebook",
                subject_id="casebook",
                move="restore",
                why=f"backup of {manifest.made_at.isoformat(timespec='seconds')}",
                now=now,
            )
    _fold(casebook)


def put_back(folder: Path, casebook: Path, directory: Path | None, now: datetime) -> list[Path]:
    """Put an unpacked backup in the place of what is there; where that is now.

    Args:
        directory: Where the directory goes; None to leave it as it is.

    Raises:
        UserError: when somebody works on the casebook, or a file cannot be put in place.
    """
    with ExitStack() as stack:
        try:
            if directory:
                staged = stack.enter_context(_beside(directory)) / DIRECTORY
                shutil.copyfile(folder / DIRECTORY, staged)
            kept = [_replace(folder / CASEBOOK, casebook, now)]
            if directory:
                kept.append(_replace(staged, directory, now))
        except OSError as error:
            raise UserError(
                f"The backup could not be put in place: {error}.", "Check the disk, and try again."
            ) from error
    return [each for each in kept if each]


def _replace(new: Path, target: Path, now: datetime) -> Path | None:
    """Put a file in its place in one step; where the old one is now, None when there was none."""
    is_there = target.exists()
    kept = _unused(target.with_name(f"{target.name}.{BEFORE}-{now:%Y%m%d-%H%M%S}"))
    mode = target.stat().st_mode & 0o777 if is_there else 0o600
    if is_there:
        _fold_or_leave(target)
        try:
            os.link(target, kept)
        except OSError:  # not every file system has links
            shutil.copy2(target, kept)
    for side in ("-wal", "-shm"):  # a log that could not be folded in is the damaged file's, and never the new one's
        with suppress(FileNotFoundError):
            target.with_name(target.name + side).rename(kept.with_name(kept.name + side))
    put_in_place(new, target, mode=mode)
    return kept if is_there else None


def _customers_or_none(directory: Path) -> dict[str, int]:
    """How many customers a copied directory has; one that cannot be read is left out of the backup."""
    try:
        with _sound_directory(directory) as opened:
            return {"customers": opened.customer_count()}
    except UserError:
        directory.unlink()
        return {}


@contextmanager
def _sound_directory(path: Path) -> Iterator[Directory]:
    """A directory, checked from end to end, that is let go of afterwards."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        _check_integrity(connection, "The directory")
    yield Directory(path)


def _is_backup(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return MANIFEST in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A folder on the same disk, for our eyes only; those that a killed process left are removed."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for leftover in target.parent.glob(f"{_PREFIX}*"):
            with suppress(OSError):
                if time.time() - leftover.stat().st_mtime > _LEFTOVER_SECONDS:
                    shutil.rmtree(leftover)
        made = TemporaryDirectory(prefix=_PREFIX, dir=target.parent)
    except OSError as error:
        raise UserError(f"{target.parent} cannot be written: {error.strerror}.", "Give another place.") from error
    with made as name:
        yield Path(name)


def _copy(casebook: Casebook, to: Path) -> None:
    """SQLite's own online backup, in one step: readers see one moment of it, and nobody waits."""
    with (
        closing(casebook.engine.raw_connection()) as connection,
        closing(sqlite3.connect(to)) as copy,
    ):
        source = connection.driver_connection
        if not isinstance(source, sqlite3.Connection):
            raise TypeError("an embedded casebook is SQLite's")
        source.backup(copy)
    _fold(to)


def _fold(path: Path) -> None:
    """Make one file of a database and its write-ahead log."""
    with closing(sqlite3.connect(path, timeout=1, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE").fetchall()


def _fold_or_leave(path: Path) -> None:
    """Make one file of it, unless it is damaged: then it is kept as it is.

    Raises:
        UserError: when somebody works on it.
    """
    try:
        _fold(path)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise UserError(
                f"Somebody is working on {path}.", "Stop Aside and whatever else has it open, and try again."
            ) from error


def _checked_casebook(path: Path, name: str) -> tuple[str, dict[str, int]]:
    """Revision and counts of a sound casebook that this Aside knows."""
    with closing(sqlite3.connect(path)) as connection:
        _check_integrity(connection, name)
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables.issuperset({*COUNTED, "alembic_version"} - {"commitments"}):
        raise UserError(f"{name} is not a casebook of Aside's.", "Give the file that aside backup wrote.")
    url = URL.create("sqlite", database=str(path)).render_as_string()
    with closing(open_as_it_is(url)) as casebook, casebook.look() as connection:
        revision = revision_of(connection)
        counts = {name: _count(connection, name) if name in tables else 0 for name in COUNTED}
    _fold(path)
    if revision is None or revision not in known_revisions():
        raise UserError(
            f"{name} is of a newer Aside than this one (revision {revision}).", "Update Aside, and try again."
        )
    return revision, counts


def _count(connection: Connection, table: str) -> int:
    return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())  # noqa: S608 - names of ours


def _check_integrity(connection: sqlite3.Connection, name: str) -> None:
    try:
        found = connection.execute("PRAGMA integrity_check(1)").fetchall()
    except sqlite3.DatabaseError as error:
        found = [(str(error),)]
    if found != [("ok",)]:
        raise UserError(f"{name} is damaged: {found[0][0]}.", "Use another backup.")


def _held(path: Path) -> Held:
    with path.open("rb") as stream:
        return Held(bytes=path.stat().st_size, sha256=hashlib.file_digest(stream, "sha256").hexdigest())


def _write(part: Path, manifest: Manifest, folder: Path) -> None:
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, json.dumps(manifest.model_dump(mode="json"), indent=2, sort_keys=True))
        for name in manifest.files:
            archive.write(folder / name, name)
    with zipfile.ZipFile(part) as archive:
        if archive.testzip() is not None:
            raise OSError("what was written does not read back")


def _unused(path: Path) -> Path:
    """This name, or with a number the first that nothing has."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.name}-{number}")
    return free


def _unpack(archive: zipfile.ZipFile, file: Path, folder: Path) -> Manifest:
    """Take out the files that a backup has and no others, each held against the manifest."""
    names = archive.namelist()
    odd = sorted(set(names) - {MANIFEST, CASEBOOK, DIRECTORY})
    if odd or len(set(names)) != len(names) or not {MANIFEST, CASEBOOK} <= set(names):
        told = f"it holds {odd[0]!a}" if odd else "it does not hold each of its files once"
        raise UserError(f"{file} is not a backup of Aside's: {told}.", "Give the file that aside backup wrote.")
    with archive.open(MANIFEST) as stream:
        written = stream.read(_MOST_MANIFEST + 1)
    try:
        manifest = Manifest.model_validate_json(written[:_MOST_MANIFEST])
    except ValidationError as error:
        raise UserError(
            f"The manifest in {file} is not one that this Aside knows.", "Update Aside, or use another backup."
        ) from error
    if set(manifest.files) != set(names) - {MANIFEST}:
        raise _not_whole(file, "its manifest tells of other files")
    needed = sum(held.bytes for held in manifest.files.values())
    if needed > shutil.disk_usage(folder).free:
        raise UserError(f"{file} needs {needed:,} bytes, and the disk has less.", "Make room, and try again.")
    for name, held in manifest.files.items():
        with archive.open(name) as stream:
            _take_out(stream, folder / name, held, file)
    return manifest


def _take_out(stream: IO[bytes], to: Path, held: Held, file: Path) -> None:
    """Never more than the manifest says, so that a small file cannot fill the disk."""
    left, digest = held.bytes, hashlib.sha256()
    with to.open("wb") as out:
        while chunk := stream.read(min(_CHUNK, left + 1)):
            left -= len(chunk)
            if left < 0:
                break
            digest.update(chunk)
            out.write(chunk)
    if left != 0 or digest.hexdigest() != held.sha256:
        raise _not_whole(file, f"{to.name} is not what its manifest tells of")


def _not_whole(file: Path, why: str) -> UserError:
    return UserError(f"{file} is not a whole backup: {why.rstrip('.')}.", "Use another backup; nothing was replaced.")


def _ask_before_sending_again(connection: Connection) -> None:
    """What waited when the backup was made has gone out since.

    Whispers are not repeated, and before a visible message is sent the sender looks whether it is there.
    """
    waiting = outbox.c.state.in_([SendState.DUE, SendState.SENDING])
    once = outbox.c.kind.in_([kind for kind in SendKind if kind.at_most_once])
    given_up = update(outbox).where(waiting, once).values(state=SendState.UNKNOWN, body="{}", error="restored")
    connection.execute(given_up)
    connection.execute(update(outbox).where(waiting).values(lease_until=0.0))
    connection.execute(update(outbox).where(waiting, outbox.c.attempts == 0).values(attempts=1))


def _hold_what_is_due(connection: Connection, *, until: float) -> None:
    """Reminders, hand-ons and ends whose time came after the backup have happened, or were settled by somebody."""
    for due in moves_by_itself():
        connection.execute(update(due.table).where(due < until).values({due: until}))


def moves_by_itself() -> list[Column[float]]:
    """Of each table whose rows move by themselves, the column that tells when.

    That is `next_at` where the time to be kept and the time of the next move differ, otherwise a `due_at` that is empty
    while nothing is due.
    """
    tables = metadata.tables.values()
    return [
        table.c.next_at if "next_at" in table.c else table.c.due_at
        for table in tables
        if "next_at" in table.c or ("due_at" in table.c and table.c.due_at.nullable)
    ]
