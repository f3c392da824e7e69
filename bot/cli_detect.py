"""`aside detect`: what messages show, for one line of JSON at a time."""

import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import click

from bot.errors import UserError
from bot.learning import learn
from bot.message import Role
from bot.playbook_files import load_playbook
from bot.settings import load_settings
from bot.signals import Detector, Thread

LINE_BYTES = 10_000_000
_ROLES = {role.value: role for role in Role if role is not Role.BOT}
_SHAPE = 'Write one object per line, such as {"role": "customer", "text": "…"}.'


@click.command("detect", short_help="Tell what messages show, JSON lines in and out.")
@click.argument("file", type=click.File("rb"), default="-")
@click.option(
    "--playbook",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of another playbook.",
)
def detect_command(file: BinaryIO, folder: Path | None) -> None:
    """Tell what messages show.

    Reads JSON lines {"role": "customer"|"agent", "text": …, "thread"?: …} from FILE or standard input and writes
    each with "signals" and "anger" added, in the same order. Lines that carry the same "thread" are one
    conversation; every other line stands alone.
    """
    settings = load_settings()
    detector = learn(load_playbook(folder or settings.playbook), settings, partial(click.echo, err=True))
    out = sys.stdout.buffer
    for answer in _answers(file, detector):
        out.write(_line(answer))
        out.flush()  # whoever feeds line by line gets each answer at once


def _answers(file: BinaryIO, detector: Detector) -> Iterator[dict[str, Any]]:
    threads: dict[str | int, Thread] = {}
    number = 0
    while line := file.readline(LINE_BYTES + 1):
        number += 1
        if len(line) > LINE_BYTES:
            raise UserError(f"Line {number} is longer than {LINE_BYTES:,} bytes.", "Split it into messages.")
        if not line.strip():
            continue
        given, role = _parse(line, number)
        thread = given.get("thread")
        reading = detector.read(role, given["text"], None if thread is None else threads.get(thread, Thread()))
        if thread is not None and reading.thread is not None:
            threads[thread] = reading.thread
        signals = [{"id": signal.id, "score": round(signal.score, 3)} for signal in reading.signals]
        yield {**given, "signals": signals, "anger": reading.anger}


def _parse(line: bytes, number: int) -> tuple[dict[str, Any], Role]:
    try:
        given = json.loads(line.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise UserError(f"Line {number} is not UTF-8.", "Save the file as UTF-8.") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"Line {number} is not JSON.", _SHAPE) from error
    if not isinstance(given, dict):
        raise UserError(f"Line {number} is not a JSON object.", _SHAPE)
    role = given.get("role")
    if not isinstance(role, str) or role not in _ROLES:
        raise UserError(f'Line {number} has no "role" of customer or agent.', _SHAPE)
    if not isinstance(given.get("text"), str):
        raise UserError(f'Line {number} has no "text".', _SHAPE)
    thread = given.get("thread")
    if thread is not None and (isinstance(thread, bool) or not isinstance(thread, str | int)):
        raise UserError(
            f'Line {number} has a "thread" that is neither text nor an integer.',
            'Write "thread" as a string, or leave it out.',
        )
    return given, _ROLES[role]


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _line(answer: dict[str, Any]) -> bytes:
    """The answer as a line of UTF-8; what UTF-8 cannot hold is escaped."""
    try:
        text = json.dumps(answer, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        text = json.dumps(answer).encode()
    return text + b"\n"
