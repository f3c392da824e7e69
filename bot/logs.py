"""What goes into the log: what happened, where and to which row; never what somebody said.

An error's own words may be a customer's (`invalid literal: 'our invoices …'`), so of an error the log has its kind,
the places in the code that it came through, and the codes of databases, of the system and of Slack.
"""

import json
import logging
import sys
import traceback
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from re import compile as pattern
from types import TracebackType
from typing import Any, Final, TextIO

import structlog
import structlog.contextvars
from pydantic import ValidationError

LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_OPENING: Final = pattern(r"[\w ,.;/-]{0,80}")
_NAME: Final = pattern(r"[a-z0-9_]{1,40}")
_DEEPEST: Final = 10

Count = Callable[[str, str], None]
"""Told of each line: which event, or `library`, and how grave."""
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def log_as_json(level: str, count: Count = lambda *_: None) -> None:
    """Log to standard error, one JSON object a line, libraries' warnings and what ends the program included.

    Args:
        level: What is less grave is not written.
        count: Told of every line from `info` on, also of those that are not written.
    """

    def counted(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        count(str(line.get("event", "")), str(line["level"]))
        if LEVELS.get(line["level"], logging.CRITICAL) < LEVELS[level]:
            raise structlog.DropEvent
        return line

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            counted,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.ExceptionRenderer(_told),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(min(LEVELS[level], logging.INFO)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # Below a warning slack-sdk and Bolt write whole payloads, which is why nobody can ask for that.
    logging.basicConfig(level=max(LEVELS[level], logging.WARNING), handlers=[library_lines(sys.stderr, count)])
    sys.excepthook = on_crash


def of_workspace(workspace: str) -> AbstractContextManager[None]:
    """While something is done for a workspace, each line of the log names it."""
    return structlog.contextvars.bound_contextvars(workspace=workspace)


def library_lines(stream: TextIO, count: Count = lambda *_: None) -> logging.Handler:
    """Where libraries' lines go: how each begins, since what follows may be anybody's words.

    Args:
        count: Told of each.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_LibraryLine(count))
    return handler


class _LibraryLine(logging.Formatter):
    """A library's line in the shape of ours."""

    def __init__(self, count: Count) -> None:
        super().__init__()
        self._count = count

    def format(self, record: logging.LogRecord) -> str:
        """One JSON object."""
        self._count("library", record.levelname.lower())
        opening = _OPENING.match(record.getMessage())
        line = {
            "event": opening.group().strip() if opening else "",
            "logger": record.name,
            "where": f"{record.module}:{record.lineno}",
            **structlog.contextvars.get_contextvars(),
            "level": record.levelname.lower(),
            "timestamp": datetime.fromtimestamp(record.created, tz=UTC).isoformat(),
        }
        if record.exc_info and record.exc_info[1]:
            line["exception"] = wordless(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def on_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """The last line of a program that ends by an error nobody expected."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    structlog.get_logger().critical("crashed", exc_info=error)


def _told(exc_info: ExcInfo) -> str:
    return wordless(exc_info[1])


def wordless(error: BaseException) -> str:
    """An error and what led to it, innermost last: where in the code, of which kind, with which codes."""
    return "\n".join(_lines(error, set()))


def _lines(error: BaseException, told: set[int]) -> Iterator[str]:
    if id(error) in told or len(told) > _DEEPEST:
        return
    told.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before:
        yield from _lines(before, told)
        yield "then"
    yield "".join(traceback.format_tb(error.__traceback__)).rstrip()
    codes = ", ".join(f"{name} {value}" for name, value in _codes(error))
    yield f"{type(error).__module__}.{type(error).__qualname__}" + (f" ({codes})" if codes else "")
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _lines(each, told)


def _codes(error: BaseException) -> Iterator[tuple[str, Any]]:
    """What machines say of an error: of a database, the system, HTTP, Slack, or of data that did not fit."""
    if isinstance(error, ValidationError):
        for each in error.errors(include_url=False, include_context=False, include_input=False):
            yield ".".join(str(step) for step in each["loc"] if _NAME.fullmatch(str(step))), each["type"]
    for name in ("sqlite_errorname", "sqlstate", "errno", "status"):
        if isinstance(value := getattr(error, name, None), str | int):
            yield name, value
    answer = getattr(getattr(error, "response", None), "data", None)
    if isinstance(answer, dict) and isinstance(answer.get("error"), str):
        yield "slack", answer["error"]
