"""What goes into the log: what happened, where and to which row; never what somebody said.

An error's own words may be a customer's (`invalid literal: 'our invoices …'`), so of an error the log has its kind,
the places in the code that it came through, and the codes of databases, of the system and of Slack.
"""

import json
import logging
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from re import compile as pattern
from types import TracebackType
from typing import Any, Final, TextIO

import structlog
from pydantic import ValidationError

LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_OPENING: Final = pattern(r"[\w ,.;/-]{0,80}")
_NAME: Final = pattern(r"[a-z0-9_]{1,40}")
_DEEPEST: Final = 10

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def log_as_json(level: str) -> None:
    """Log to standard error, one JSON object a line, libraries' warnings and what ends the program included."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.ExceptionRenderer(_told),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # Below a warning slack-sdk and Bolt write whole payloads, which is why nobody can ask for that.
    logging.basicConfig(level=max(LEVELS[level], logging.WARNING), handlers=[library_lines(sys.stderr)])
    sys.excepthook = on_crash


def library_lines(stream: TextIO) -> logging.Handler:
    """Where libraries' lines go: how each begins, since what follows may be anybody's words."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_LibraryLine())
    return handler


class _LibraryLine(logging.Formatter):
    """A library's line in the shape of ours."""

    def format(self, record: logging.LogRecord) -> str:
        """One JSON object."""
        opening = _OPENING.match(record.getMessage())
        line = {
            "event": opening.group().strip() if opening else "",
            "logger": record.name,
            "where": f"{record.module}:{record.lineno}",
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
