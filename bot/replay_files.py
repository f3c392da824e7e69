"""What can be replayed: JSON lines, or a Slack export as a zip file or a folder. Read piece by piece."""

import html
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, NoReturn

from pydantic import ValidationError

from bot.errors import UserError
from bot.message import Role
from bot.replay import EARLIEST, LATEST, Line

LINE_BYTES = 10_000_000
DAY_BYTES = 200_000_000
"""A day of one channel larger than this is refused; what claims to be larger is no day of talk."""
_SHAPE = 'Write one object per line: {"ts", "thread", "speaker", "role", "text"}; docs/replay.md shows one.'
_MEND = "Export it again, or point to the folder that holds users.json."
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\.json")
_SPOKEN = frozenset({"", "thread_broadcast", "file_share", "me_message", "bot_message"})
_MENTION = re.compile(r"<@(\w+)>")
Progress = Callable[[int], None]
"""Told how much more has been read, in bytes of the file."""


def is_export(path: Path) -> bool:
    """Whether this is a Slack export and not a file of JSON lines."""
    return path.is_dir() or zipfile.is_zipfile(path)


def read_lines(stream: IO[bytes], progress: Progress = lambda _: None) -> Iterator[tuple[int, Line]]:
    """Each message of a file of JSON lines with the number of its line.

    Raises:
        UserError: at the first line that is not one.
    """
    number = 0
    while raw := stream.readline(LINE_BYTES + 1):
        number += 1
        progress(len(raw))
        if len(raw) > LINE_BYTES:
            raise UserError(f"Line {number} is longer than {LINE_BYTES:,} bytes.", "Split it into messages.")
        if raw.strip():
            yield number, _line(raw, number)


def _line(raw: bytes, number: int) -> Line:
    try:
        given = json.loads(raw.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise UserError(f"Line {number} is not UTF-8.", "Save the file as UTF-8.") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"Line {number} is not JSON.", _SHAPE) from error
    if not isinstance(given, dict):
        raise UserError(f"Line {number} is not a JSON object.", _SHAPE)
    try:
        return Line.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        what = "is missing" if first["type"] == "missing" else f"is not usable ({first['msg']})"
        raise UserError(f'Line {number}: "{place}" {what}.', _SHAPE) from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


class Export:
    """A Slack export: a folder of days for each channel, and who everybody is."""

    def __init__(self, path: Path, roles: Mapping[str, Role], joins_within_hours: float) -> None:
        """Open an export.

        Args:
            path: A zip file or a folder.
            roles: Slack ids whose part is known; everybody else is a customer when they are a guest or of another
                company, and an agent otherwise. An app speaks only when its id is here.
            joins_within_hours: What is said outside threads belongs to the same conversation for this long.

        Raises:
            UserError: when it is none.
        """
        self._path = path
        self._roles = roles
        self._joins_seconds = joins_within_hours * 3_600
        self._users = {user["id"]: user for user in self._objects("users.json") if isinstance(user.get("id"), str)}
        teams = [user.get("team_id") for user in self._users.values() if not _is_guest(user)]
        self._team = max(set(teams), key=teams.count) if teams else None

    @property
    def size(self) -> int:
        """How many bytes its days hold."""
        return sum(self._sizes().values())

    def read(self, progress: Progress = lambda _: None) -> Iterator[tuple[int, Line]]:
        """Each message, channel by channel and day by day, counted from 1."""
        number = 0
        channel, talk, last = "", "", 0.0
        for name, size in sorted(self._sizes().items()):
            progress(size)
            for message in sorted(self._objects(name), key=lambda each: str(each.get("ts", ""))):
                said = self._said(message)
                if said is None:
                    continue
                speaker, role, ts = said
                folder = name.rsplit("/", 1)[0]
                at = float(ts)
                if folder != channel or at - last > self._joins_seconds:
                    channel, talk = folder, ts
                thread_ts = message.get("thread_ts") or ""
                last = last if thread_ts else at
                number += 1
                yield (
                    number,
                    Line(
                        ts=datetime.fromtimestamp(at, tz=UTC),
                        thread=f"{folder}/{thread_ts or talk}",
                        speaker=speaker,
                        role=role,
                        text=_MENTION.sub(r"@\1", html.unescape(message["text"])),
                        customer=None,
                    ),
                )

    def _said(self, message: Mapping[str, Any]) -> tuple[str, Any, str] | None:
        """Who said it, as whom, and when; None for what nobody said."""
        ts, text = message.get("ts"), message.get("text")
        if (message.get("subtype") or "") not in _SPOKEN or not isinstance(text, str) or not text.strip():
            return None
        try:
            at = float(ts)  # type: ignore[arg-type]  # what is no number is caught
        except (TypeError, ValueError):
            return None
        if not EARLIEST.timestamp() <= at < LATEST.timestamp():
            return None
        for speaker in (str(message.get(key)) for key in ("bot_id", "app_id", "user")):
            if speaker in self._roles:
                return speaker, self._roles[speaker], str(ts)
        if message.get("bot_id") or not message.get("user"):
            return None
        user = self._users.get(message["user"], {})
        foreign = user.get("team_id") != self._team or message.get("user_team", self._team) != self._team
        role = Role.CUSTOMER if _is_guest(user) or foreign else Role.AGENT
        return str(user.get("name") or message["user"]), role, str(ts)

    def _sizes(self) -> dict[str, int]:
        """The days, `channel/2026-11-21.json`, with their sizes."""
        if self._path.is_dir():
            found = {file.relative_to(self._path).as_posix(): file.stat().st_size for file in self._path.glob("*/*")}
        else:
            with self._zip() as archive:
                found = {entry.filename: entry.file_size for entry in archive.infolist()}
        return {name: size for name, size in found.items() if _is_day(name)}

    def _objects(self, name: str) -> list[dict[str, Any]]:
        """The objects that a file of the export lists."""
        try:
            with self._open(name) as stream:
                content = stream.read(DAY_BYTES + 1)
            if len(content) > DAY_BYTES:
                raise UserError(f"{name} in the export is larger than {DAY_BYTES:,} bytes.", "Leave it out.")
            listed = json.loads(content)
        except (KeyError, FileNotFoundError) as error:
            raise UserError(f"{self._path} is not a Slack export: {name} is missing.", _MEND) from error
        except (ValueError, RecursionError, zipfile.BadZipFile, OSError) as error:
            raise UserError(f"{name} in the export cannot be read.", _MEND) from error
        return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []

    @contextmanager
    def _open(self, name: str) -> Iterator[IO[bytes]]:
        if self._path.is_dir():
            with (self._path / name).open("rb") as stream:
                yield stream
        else:
            with self._zip() as archive, archive.open(name) as stream:
                yield stream

    def _zip(self) -> zipfile.ZipFile:
        try:
            return zipfile.ZipFile(self._path)
        except (zipfile.BadZipFile, OSError) as error:
            raise UserError(f"{self._path} is not a zip file that can be read.", _MEND) from error


def _is_day(name: str) -> bool:
    folder, _, file = name.rpartition("/")
    return bool(folder) and "/" not in folder and bool(_DAY.fullmatch(file))


def _is_guest(user: Mapping[str, Any]) -> bool:
    return bool(user.get("is_restricted") or user.get("is_ultra_restricted") or user.get("is_stranger"))
