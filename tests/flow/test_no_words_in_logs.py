"""No customer text in logs: whole stories with a mark in every text, and errors that hold one, at debug level."""

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot.logs import library_lines, log_as_json
from bot.settings import Settings
from handlers.services import Services
from handlers.worker import Task, work_on
from storage import inbox
from storage.inbox import Lane
from tests.flow.conftest import AGENT, CUSTOMER, SHARED, SUPERVISOR, WORKSPACE, Bot
from tests.flow.test_life_of_a_request import FORM, TERMS, asked, card_with, given
from tests.flow.without_slack import desk
from tests.flow.working import ASKED_BACK, FAULT, FAVOUR, direct, has_button, typed
from tests.sandbox.stage import Json, Stage

MARK = "ZQXMARK"


@pytest.fixture
def log(plain_logs: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """All that the product writes while the test runs, at debug level."""
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    monkeypatch.setattr("sys.excepthook", None)
    log_as_json("debug")
    handler = library_lines(written)
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)
    structlog.reset_defaults()


def marked(values: Json) -> Json:
    """A window's boxes, the mark in each that takes words."""
    return {
        name: typed(f"{box['text']['value']} {MARK}")
        if "text" in box and name not in {"cost", "cap", "valid_days"}
        else box
        for name, box in values.items()
    }


async def test_a_whole_story_leaves_no_words_in_the_log(stage: Stage, bot: Bot, log: io.StringIO) -> None:
    """Said, asked, looked up, drafted, decided, and Slack that fails on the way: the log has ids, kinds and codes."""
    customer, agent, supervisor = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUPERVISOR)]
    ts = await customer.say(SHARED, f"{FAULT} {MARK}")
    await agent.say(SHARED, f"{ASKED_BACK} {MARK}", thread_ts=ts)
    await customer.say(SHARED, f"{FAVOUR} {MARK}", thread_ts=ts)
    whisper = await agent.sees("ephemeral", lambda push: has_button(push, "ask_exception"))
    for method in ("conversations.members", "chat.postEphemeral", "views.publish", "chat.update"):
        await stage.admin("fail_next", method=method, error="internal_error")
    await customer.say(SHARED, f"你們業務說過保固一年內都免費，不然我們要找律師 {MARK}", thread_ts=ts)
    await agent.do("command", channel=SHARED, text=f"/warranty {MARK}")
    await agent.do("command", channel=SHARED, text=f"/aside draft 公司規定就是這樣 {MARK}")
    await stage.admin("fail_next", method="chat.postMessage", status=500)
    await asked(agent, whisper, marked(FORM))
    card = await card_with(supervisor, MARK)
    await given(supervisor, card, "approve_exception_with_terms", "approve_exception_view", marked(TERMS))
    await direct(agent, "核准")
    await stage.settled()
    assert "\n" in log.getvalue()
    assert [line for line in log.getvalue().splitlines() if MARK in line] == []


async def test_an_unexpected_error_leaves_no_words_in_the_log(
    stage: Stage, settings: Settings, log: io.StringIO
) -> None:
    """Whoever waits reads a code, and under that code the log has the place in the code, without the words in it."""

    async def fails(services: Services, task: Task) -> None:
        raise ValueError(f"cannot read {task.entry.payload['text']}")

    async with desk(stage, settings) as at:
        payload = {"user_id": AGENT, "text": MARK, "response_url": "http://localhost/respond/1"}
        with at.services.casebook.begin() as connection:
            inbox.put(
                connection,
                workspace=WORKSPACE,
                key="k",
                lane=Lane.PERSON,
                kind="command",
                payload=payload,
                now=at.clock(),
            )
            entry = inbox.claim(connection, lane=Lane.PERSON, now=at.clock())
        assert entry
        await work_on(at.services, entry, {"command": fails})
        (told,) = at.told(AGENT)
    failed = next(line for line in log.getvalue().splitlines() if "work_failed" in line)
    assert "in fails" in failed
    assert "builtins.ValueError" in failed
    assert told[-7:-1] in failed or told[-6:] in failed
    assert MARK not in log.getvalue()
