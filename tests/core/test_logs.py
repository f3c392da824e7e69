"""The log tells what happened and where, in no words of anybody's."""

import io
import json
import logging
import sqlite3
from collections.abc import Callable

import pytest
from pydantic import BaseModel, ConfigDict
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from sqlalchemy import create_engine, text

from bot.logs import library_lines, wordless

SAID = "MARKER 你們的系統又壞了"


class Row(BaseModel):
    """Something with a field that is typed."""

    model_config = ConfigDict(extra="forbid")

    cost: int


def _data_that_does_not_fit() -> None:
    Row.model_validate({"cost": SAID, SAID: 1})


def _key() -> None:
    dict[str, str]()[SAID]


def _led_to() -> None:
    try:
        _data_that_does_not_fit()
    except ValueError as error:
        raise RuntimeError(f"in {SAID}") from error


def _several() -> None:
    raise ExceptionGroup(SAID, [ValueError(SAID), KeyError(SAID)])


def _database() -> None:
    with create_engine("sqlite://").connect() as connection:
        connection.execute(text("SELECT :said FROM nowhere"), {"said": SAID})


def _searched() -> None:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE VIRTUAL TABLE names USING fts5(name)")
        connection.execute("SELECT * FROM names WHERE names MATCH ?", (f'"{SAID}',))


def _slack() -> None:
    answer = AsyncSlackResponse(
        client=None,
        http_verb="POST",
        api_url="x",
        req_args={"json": {"text": SAID}},
        data={"ok": False, "error": "invalid_blocks", "response_metadata": {"messages": [SAID]}},
        headers={},
        status_code=200,
    )
    raise SlackApiError(f"refused {answer}", answer)  # type: ignore[no-untyped-call] # slack-sdk leaves it untyped


def _noted() -> None:
    error = ValueError("x")
    error.add_note(SAID)
    raise error


@pytest.mark.parametrize(
    ("fails", "told"),
    [
        (_data_that_does_not_fit, "cost int_parsing"),
        (_key, "builtins.KeyError"),
        (_led_to, "builtins.RuntimeError"),
        (_several, "builtins.KeyError"),
        (_database, "sqlite_errorname SQLITE_ERROR"),
        (_searched, "sqlite3.OperationalError"),
        (_slack, "slack invalid_blocks"),
        (_noted, "builtins.ValueError"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_an_error_is_told_by_its_kind_and_its_place(fails: Callable[[], None], told: str) -> None:
    """What went wrong is found by the code it went through; what somebody typed is not in it."""
    with pytest.raises(Exception) as raised:  # noqa: PT011 - each is of another kind
        fails()
    line = wordless(raised.value)
    assert told in line
    assert fails.__name__ in line
    assert "MARKER" not in line.replace(f'"{SAID}', "").replace("SAID", "")


def test_an_error_that_led_to_itself_comes_to_an_end() -> None:
    """A chain that bites its tail is told once."""
    one, two = ValueError(SAID), KeyError(SAID)
    one.__cause__, two.__cause__ = two, one
    assert wordless(one).count("builtins.ValueError") == 1


@pytest.mark.parametrize(
    ("message", "opening"),
    [
        (f"Unhandled request ({{'text': '{SAID}'}})", "Unhandled request"),
        (f"Failed to run listener function (error: {SAID})", "Failed to run listener function"),
        (f"Failed to run a middleware function (error: {SAID})", "Failed to run a middleware function"),
        (f"Error: {SAID}", "Error"),
        (
            f"Task exception was never retrieved\nfuture: <Task exception=ValueError('{SAID}')>",
            "Task exception was never",
        ),
        (f"'{SAID}'", ""),
    ],
)
def test_a_library_says_no_more_than_how_it_begins(message: str, opening: str) -> None:
    """Bolt, slack-sdk and asyncio put what they were given behind a bracket or a colon; that part is left out."""
    stream = io.StringIO()
    logger = logging.Logger("slack_bolt.AsyncApp")  # noqa: LOG001 - one that nobody else writes to
    logger.addHandler(library_lines(stream))
    try:
        int(SAID)
    except ValueError:
        logger.exception(message)
    line = json.loads(stream.getvalue())
    assert line["event"].startswith(opening)
    assert line["level"] == "error"
    assert "builtins.ValueError" in line["exception"]
    assert "MARKER" not in stream.getvalue()
