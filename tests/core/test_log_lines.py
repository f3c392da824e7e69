"""The log: one JSON object a line, which names the workspace; every line is counted, also one that is not written."""

import asyncio
import json
import logging
import sys
from collections import Counter
from collections.abc import Iterator

import pytest
import structlog

from bot.logs import library_lines, log_as_json, of_workspace

Counted = Counter[tuple[str, str]]


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Afterwards all is as it was."""
    monkeypatch.setattr("sys.excepthook", None)
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def counted(level: str) -> Counted:
    """The log at a level, and what is counted of it."""
    found: Counted = Counter()

    def count(event: str, how: str) -> None:
        found[event, how] += 1

    log_as_json(level, count)
    return found


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """The lines since the last look."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_what_is_too_quiet_to_be_written_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """An alarm counts the same at every level of the log."""
    found = counted("error")
    log = structlog.get_logger()
    log.info("socket_renewed")
    log.warning("not_sent")
    log.warning("not_sent")
    log.error("crm_left_out")
    assert [line["event"] for line in lines(capsys)] == ["crm_left_out"]
    assert found == {("socket_renewed", "info"): 1, ("not_sent", "warning"): 2, ("crm_left_out", "error"): 1}


def test_an_error_is_counted_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    """`exception` is an error with its place in the code."""
    found, said = counted("info"), "a customer's words"
    try:
        int(said)
    except ValueError:
        structlog.get_logger().exception("work_failed", reference="A1B2C3")
    (line,) = lines(capsys)
    assert (line["level"], line["reference"]) == ("error", "A1B2C3")
    assert said not in str(line)
    assert found == {("work_failed", "error"): 1}


async def test_each_line_names_the_workspace_for_which_something_was_done(capsys: pytest.CaptureFixture[str]) -> None:
    """Two at once are told apart; what is of no workspace names none; a library's line names it as well."""
    found = counted("info")
    handler = library_lines(sys.stderr, lambda event, level: found.update([(event, level)]))
    library = logging.getLogger("some.library")
    library.addHandler(handler)

    async def work(workspace: str) -> None:
        with of_workspace(workspace):
            await asyncio.sleep(0)
            structlog.get_logger().info("overtaken")
            await asyncio.sleep(0)
            library.warning("half of it")

    await asyncio.gather(work("T1"), work("T2"))
    structlog.get_logger().info("listening")
    library.removeHandler(handler)
    told = sorted((str(line["event"]), str(line.get("workspace"))) for line in lines(capsys))
    assert told == [
        ("half of it", "T1"),
        ("half of it", "T2"),
        ("listening", "None"),
        ("overtaken", "T1"),
        ("overtaken", "T2"),
    ]
    assert found["library", "warning"] == 2
