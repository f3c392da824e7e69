"""Slack away, slow, odd, or no longer letting us in: nothing is lost, nobody is taken for somebody else."""

import time
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.goodwill import ExceptionState
from bot.metrics import Metrics
from bot.pacing import ASKED
from bot.settings import Settings
from handlers import deliver, people, works
from handlers.calls import CountedClient
from handlers.worker import work_on
from storage import inbox, outbox, turns
from storage.inbox import Lane
from storage.outbox import SendKind
from tests.flow.conftest import AGENT, APPROVALS, CUSTOMER, DESK, SHARED, SUPERVISOR, WORKSPACE, free_port
from tests.flow.without_slack import Desk, desk
from tests.flow.working import FAULT
from tests.sandbox.stage import Json, Stage

pytest_plugins = ["tests.flow.conftest"]

HOUR = 3_600.0
DAY = 86_400.0
PAGES = {
    "a proxy's page": (200, "text/html", "<html>Sign in to the network</html>"),
    "an outage's page": (503, "text/html", "<html>Service unavailable</html>"),
    "a proxy's no": (403, "text/html", "<html>Forbidden</html>"),
    "plain words": (200, "text/plain", "OK"),
    "no object": (200, "application/json", "[]"),
    "cut off": (200, "application/json", '{"ok": tr'),
    "a no without a reason": (200, "application/json", '{"ok": false}'),
}


@pytest.fixture
async def at(stage: Stage, settings: Settings) -> AsyncIterator[Desk]:
    """The desk."""
    async with desk(stage, settings) as made:
        yield made


def says(at: Desk, text: str = FAULT, channel: str = SHARED) -> None:
    """A customer says something; Slack has told us, and nobody has worked on it yet."""
    ts = f"{at.clock.now:.6f}"
    event = {"type": "message", "channel": channel, "user": CUSTOMER, "text": text, "ts": ts}
    with at.services.casebook.begin() as connection:
        inbox.put(
            connection,
            workspace=WORKSPACE,
            key=f"Ev{ts}",
            lane=Lane.STREAM,
            kind="message",
            payload=event,
            now=at.clock(),
            channel=channel,
        )


async def work(at: Desk) -> None:
    """Work on what was said, as far as it can be worked on now."""
    while True:
        with at.services.casebook.begin() as connection:
            entry = inbox.claim(connection, lane=Lane.STREAM, now=at.clock())
        if entry is None:
            return
        await work_on(at.services, entry, works.STREAM)


def kept(at: Desk) -> list[str]:
    """What was said, as the casebook has it."""
    return [text for (text,) in at.rows("SELECT text FROM messages ORDER BY ts")]


def tell(at: Desk, key: str) -> None:
    """Something that has to reach the agent by direct message."""
    with at.services.casebook.begin() as connection:
        outbox.put(
            connection,
            workspace=WORKSPACE,
            key=key,
            kind=SendKind.DIRECT,
            target={"user": AGENT},
            body={"text": "The request was approved."},
            now=at.clock(),
        )


def sent(at: Desk, key: str) -> str:
    """How it stands with a row of the outbox."""
    return str(at.rows("SELECT state FROM outbox WHERE key = ?", key)[0][0])


async def posted(stage: Stage) -> int:
    """How many messages Slack has posted for us."""
    log = stage.sandbox.workspace.log.since(0)
    return sum(1 for each in log if each["name"] == "chat.postMessage" and each["ok"])


def mended(stage: Stage) -> None:
    """Slack answers as it should again."""
    stage.sandbox._apis[0].failures.clear()


@pytest.mark.parametrize("address", ["nobody listens", "no such name"])
async def test_while_slack_is_away_all_waits_and_a_click_is_answered(at: Desk, address: str) -> None:
    """Half a day without Slack, refused or without a name: what was said is kept after it, what waits goes out."""
    there = at.services.client.base_url
    host = f"127.0.0.1:{free_port()}" if address == "nobody listens" else "slack.invalid"
    at.services.client.base_url = f"http://{host}/api/"
    request = at.request(at.case())
    says(at)
    tell(at, "news")
    await work(at)
    await at.send_all()
    at.clock.now += 12 * HOUR
    assert (kept(at)[1:], sent(at, "news")) == ([], "due")
    said = await at.click(SUPERVISOR, "approve_exception", request.id)
    assert at.stands(request) == request
    assert "再試一次" in said[0]
    at.services.client.base_url = there
    at.clock.now += HOUR
    await work(at)
    await at.send_all()
    assert (kept(at)[1:], sent(at, "news")) == ([FAULT], "sent")


async def test_what_slack_posted_but_was_too_slow_to_say_is_posted_once(at: Desk, stage: Stage) -> None:
    """Our patience ends before the answer; the next try finds the message by the mark it carries."""
    at.clock.now = time.time()
    tell(at, "warm")
    await at.send_all()
    tell(at, "news")
    before = await posted(stage)
    hasty = aiohttp.ClientTimeout(total=0.3)
    async with aiohttp.ClientSession(timeout=hasty) as http:
        patient = at.services.client.session
        at.services.client.session = http
        await stage.admin("set_latency", seconds=0.6, method="chat.postMessage")
        await at.send_all()
        at.services.client.session = patient
    assert sent(at, "news") == "due"
    await stage.admin("set_latency", seconds=0.9, method="auth.test")
    await at.services.client.auth_test()
    at.clock.now += 60
    await at.send_all()
    assert (sent(at, "news"), await posted(stage) - before) == ("sent", 1)


@pytest.mark.parametrize("page", sorted(PAGES))
async def test_what_is_no_answer_of_slacks_is_no_answer(at: Desk, page: str) -> None:
    """Whatever stands between us and Slack: nobody is taken for an outsider, nothing is given up."""
    status, kind, text = PAGES[page]

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, content_type=kind, text=text)

    app = web.Application()
    app.router.add_route("*", "/api/{method}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    there = at.services.client.base_url
    try:
        at.services.client.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
        with pytest.raises(people.UnknownForNowError):
            await people.look_up(at.services, SUPERVISOR)
        tell(at, "news")
        await at.send_all()
        says(at)
        await work(at)
    finally:
        await runner.cleanup()
    assert (kept(at), sent(at, "news")) == ([], "due")
    at.services.client.base_url = there
    at.clock.now += HOUR
    await work(at)
    await at.send_all()
    assert (kept(at), sent(at, "news")) == ([FAULT], "sent")


@pytest.mark.parametrize("code", sorted(people.LOCKED_OUT))
async def test_a_token_that_is_over_loses_nothing_and_makes_nobody_a_stranger(
    at: Desk, stage: Stage, code: str
) -> None:
    """Until somebody mends it, what waits waits; the supervisor's click is answered and decides nothing."""
    request = at.request(at.case())
    methods = ("users.info", "chat.postMessage", "conversations.open", "usergroups.users.list")
    at.clock.now += 2 * DAY
    for method in methods:
        await stage.admin("fail_next", method=method, error=code, times=60)
    says(at)
    tell(at, "news")
    await at.send_all()
    await work(at)
    said = await at.click(SUPERVISOR, "approve_exception", request.id)
    assert at.stands(request) == request
    assert not [each for each in said if "客服" in each]
    assert (len(said), kept(at)[1:], sent(at, "news")) == (1, [], "due")
    mended(stage)
    at.clock.now += HOUR
    await work(at)
    await at.send_all()
    assert (kept(at)[1:], sent(at, "news")) == ([FAULT], "sent")
    await at.click(SUPERVISOR, "approve_exception", request.id)
    assert at.stands(request).state is ExceptionState.APPROVED


async def test_a_missing_scope_makes_nobody_a_stranger(at: Desk, stage: Stage) -> None:
    """Who somebody is cannot be asked then; the doctor names the scope."""
    await stage.admin("fail_next", method="users.info", error="missing_scope", times=2)
    says(at)
    await work(at)
    assert kept(at) == []
    at.clock.now += HOUR
    mended(stage)
    await work(at)
    assert kept(at) == [FAULT]


async def test_a_message_waits_however_often_slack_cannot_be_asked(at: Desk, stage: Stage) -> None:
    """It is no fault of the message's, so it does not count as tried."""
    await stage.admin("fail_next", method="users.info", error="internal_error", times=8)
    says(at)
    for _ in range(8):
        await work(at)
        at.clock.now += HOUR
    assert (kept(at), at.rows("SELECT state, attempts FROM inbox")) == ([], [("new", 0)])
    await work(at)
    assert kept(at) == [FAULT]


async def test_a_message_that_waited_a_whole_day_is_let_go_of(at: Desk) -> None:
    """It stands as given up, with the code of the log; nothing waits for ever."""
    at.services.client.base_url = f"http://127.0.0.1:{free_port()}/api/"
    says(at, channel=DESK)
    await work(at)
    at.clock.now += DAY + HOUR
    await work(at)
    ((state, error),) = at.rows("SELECT state, error FROM inbox")
    assert (state, len(error)) == ("failed", 6)


async def test_calls_that_were_no_answer_are_counted_as_such(at: Desk) -> None:
    """Whoever looks at the metrics sees that it is not Slack that says no."""
    counts = Metrics()
    client = CountedClient(counts, token="xoxb-sandbox", base_url=f"http://127.0.0.1:{free_port()}/api/")
    with pytest.raises(aiohttp.ClientError):
        await client.auth_test()
    assert b"unreachable" in counts.text()


@pytest.mark.parametrize("fault", ["an error of Slack's", "an error of ours"])
async def test_a_whisper_that_may_have_been_shown_is_not_sent_again(at: Desk, stage: Stage, fault: str) -> None:
    """Nobody knows whether it was; the App Home has it."""
    body = {"text": "Good morning"}
    if fault == "an error of ours":
        body["channel"] = DESK  # named twice
    else:
        await stage.admin("fail_next", method="chat.postEphemeral", error="internal_error", times=1)
    with at.services.casebook.begin() as connection:
        target = {"channel": DESK, "user": AGENT}
        outbox.put(
            connection,
            workspace=WORKSPACE,
            key="whisper",
            kind=SendKind.EPHEMERAL,
            target=target,
            body=body,
            now=at.clock(),
            importance=ASKED,
        )
        sending = turns.claim(connection, WORKSPACE, now=at.clock())
    assert sending
    await deliver.send_claimed(at.services, sending)
    at.clock.now += HOUR
    await at.send_all()
    calls = [each for each in stage.sandbox.workspace.log.since(0) if each["name"] == "chat.postEphemeral"]
    assert (sent(at, "whisper"), len(calls)) == ("unknown", fault == "an error of Slack's")


async def test_what_is_shown_elsewhere_instead_counts_as_no_failure(at: Desk, stage: Stage) -> None:
    """Nobody is woken for a card that stands in another channel, or for words that go by direct message."""
    await stage.admin("fail_next", method="chat.postMessage", error="is_archived", times=1)
    await stage.admin("fail_next", method="chat.postEphemeral", error="user_not_in_channel", times=1)
    elsewhere: dict[SendKind, Json] = {
        SendKind.MESSAGE: {"channel": APPROVALS, "instead": {"channel": "C0SALES"}},
        SendKind.EPHEMERAL: {"channel": DESK, "user": AGENT, "or_direct": True},
    }
    with at.services.casebook.begin() as connection:
        for kind, target in elsewhere.items():
            outbox.put(
                connection,
                workspace=WORKSPACE,
                key=kind,
                kind=kind,
                target=target,
                body={"text": "Approved."},
                now=at.clock(),
            )
    with capture_logs() as told:
        await at.send_all()
    counted = at.services.metrics.text().decode()
    assert [sent(at, key) for key in ("message", "ephemeral", "ephemeral:direct")] == ["sent", "failed", "sent"]
    assert 'state="failed"' not in counted
    assert 'aside_sends_postponed_total{kind="message",reason="is_archived"} 1.0' in counted
    assert 'aside_sends_postponed_total{kind="ephemeral",reason="user_not_in_channel"} 1.0' in counted
    assert [each["event"] for each in told if "sen" in each["event"]] == ["send_elsewhere"] * 2
