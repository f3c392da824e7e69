"""HTTP: real requests on a real port. What Slack did not sign writes nothing; what it did is written once."""

import asyncio
import io
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot import app as wiring
from bot.app import Wired
from bot.serving import MOST_BYTES, PATH, Requests, Server
from bot.settings import Settings
from bot.transport import Heard
from handlers.ready import Ready
from sandbox.request_urls import signed
from tests.flow.conftest import CUSTOMER, SHARED, learn_once, over_http, read_once
from tests.fresh import asked, changed
from tests.sandbox.stage import Json, Stage

SECRET = "sandbox"
FIVE_MINUTES = 300


class Door:
    """The bot's port, with the coach behind it, before anybody works on what comes in."""

    def __init__(self, settings: Settings, parts: Wired, server: Server, http: aiohttp.ClientSession) -> None:
        self.settings = settings
        self.parts = parts
        self.server = server
        self._url = f"http://{server.address}"
        self._http = http

    async def post(self, body: bytes, headers: Mapping[str, str], path: str = PATH) -> tuple[int, str]:
        """Send something; status and text of the answer."""
        sent = {"Content-Type": "application/json", **headers}
        async with self._http.post(self._url + path, data=io.BytesIO(body), headers=sent) as answer:
            return answer.status, await answer.text()

    async def get(self, path: str) -> tuple[int, Json]:
        """Ask for something in JSON."""
        async with self._http.get(self._url + path) as answer:
            return answer.status, (await answer.json() if answer.content_type == "application/json" else {})

    def written(self) -> int:
        """How many entries the inbox holds."""
        return int(asked(self.settings, "SELECT count(*) FROM inbox")[0][0])


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Door]:
    """The port, open."""
    settings = over_http(settings)
    server = Server(settings.http_host, 0)
    await server.start()
    async with (
        wiring.wired(settings, learning=learn_once, reading=read_once) as parts,
        aiohttp.ClientSession() as http,
    ):
        bolt = wiring.bolt_app(parts, SECRET)
        server.requests = Requests(bolt, SECRET, parts.workspaces.clock)
        server.checks = Ready(parts.workspaces).checks
        yield Door(settings, parts, server, http)
        await server.stop()


@pytest.fixture
async def door(settings: Settings) -> AsyncIterator[Door]:
    """The port of a bot that is ready."""
    async with opened(settings) as made:
        yield made


def message(event_id: str = "Ev1", text: str = "ERP 當機了") -> bytes:
    """A customer's message as Slack sends it."""
    event = {"type": "message", "channel": SHARED, "user": CUSTOMER, "text": text, "ts": "1.000001"}
    envelope = {"type": "event_callback", "event_id": event_id, "team_id": "T0KAPOK", "event": event}
    return json.dumps(envelope, ensure_ascii=False).encode()


async def test_what_slack_did_not_sign_within_five_minutes_is_refused_and_writes_nothing(door: Door) -> None:
    """Forged, changed on the way, replayed later, or odd on purpose: 401, whatever it says."""
    body, now = message(), time.time()
    good = signed(SECRET, body, now)
    at, signature = good["X-Slack-Request-Timestamp"], good["X-Slack-Signature"]
    forged: list[tuple[bytes, Mapping[str, str]]] = [
        (body, {}),
        (body, {"X-Slack-Signature": signature}),
        (body, {"X-Slack-Request-Timestamp": at}),
        (body, signed("another secret", body, now)),
        (message(text="不是這樣"), good),
        (body, signed(SECRET, body, now - FIVE_MINUTES - 2)),
        (body, signed(SECRET, body, now + FIVE_MINUTES + 2)),
        (body, good | {"X-Slack-Request-Timestamp": str(int(now) + 1)}),
        (body, good | {"X-Slack-Request-Timestamp": "now"}),
        (body, good | {"X-Slack-Request-Timestamp": "9" * 5000}),
        (body, good | {"X-Slack-Signature": signature.replace("v0=", "v1=")}),
        (body, good | {"X-Slack-Signature": "v0=雜湊"}),
        (body, good | {"X-Slack-Signature": ""}),
        (b"\xff\xfe", signed(SECRET, b"\xff\xfe", now)),
        (b"ssl_check=1", {"Content-Type": "application/x-www-form-urlencoded"}),
        (b'{"type": "url_verification", "challenge": "c"}', {}),
        (b"{ no json", {}),
        (b"", {}),
    ]
    assert [await door.post(*each) for each in forged] == [(401, "")] * len(forged)
    assert door.written() == 0


async def test_an_event_that_comes_again_is_written_once(door: Door) -> None:
    """Slack numbers its retries, and the first try may have arrived as well; each is acknowledged."""
    body = message()
    tries: list[dict[str, str]] = [
        {},
        {"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_timeout"},
        {"X-Slack-Retry-Num": "2", "X-Slack-Retry-Reason": "http_timeout"},
    ]
    for headers in tries:
        assert (await door.post(body, signed(SECRET, body, time.time()) | headers))[0] == 200
    assert door.written() == 1
    other = message("Ev2")
    assert (await door.post(other, signed(SECRET, other, time.time())))[0] == 200
    assert door.written() == 2


async def test_every_event_is_acknowledged_and_what_concerns_us_is_written(door: Door) -> None:
    """Slack sends again what nobody acknowledges, so what is none of our concern is acknowledged too."""
    happened: list[tuple[Json, list[tuple[str, str]]]] = [
        ({"type": "message", "channel": SHARED, "user": CUSTOMER, "text": "…", "ts": "1.1"}, [("message", SHARED)]),
        ({"type": "message", "channel": "C0ELSEWHERE", "user": CUSTOMER, "text": "…", "ts": "1.2"}, []),
        ({"type": "app_home_opened", "user": CUSTOMER, "channel": "D0HOME", "tab": "home"}, [("app_home_opened", "")]),
        ({"type": "user_change", "user": {"id": "U0NOBODY"}}, []),
        ({"type": "reaction_added", "user": CUSTOMER}, []),
        ({"type": "app_uninstalled"}, []),
    ]
    for number, (event, written) in enumerate(happened):
        envelope = {"type": "event_callback", "event_id": f"Ev{number}", "event_time": 1, "team_id": "T0KAPOK"}
        body = json.dumps(envelope | {"event": event}).encode()
        assert (await door.post(body, signed(SECRET, body, time.time()))) == (200, ""), event
        assert asked(door.settings, f"SELECT kind, channel FROM inbox WHERE key = 'Ev{number}'") == written  # noqa: S608 - a number


async def test_what_is_no_event_and_nobody_listens_to_is_not_taken_for_one(door: Door) -> None:
    """Slack hears that nothing here is for it, and nothing is written."""
    for odd in ({"type": "event_callback"}, {"type": "event_callback", "event": {}}, {"type": "else"}):
        body = json.dumps({"team_id": "T0KAPOK", "event_id": "Ev1"} | odd).encode()
        assert (await door.post(body, signed(SECRET, body, time.time())))[0] == 404, odd
    assert door.written() == 0


async def test_what_cannot_be_written_down_is_not_acknowledged(door: Door) -> None:
    """So Slack sends it again."""
    body = message()
    changed(door.settings, "ALTER TABLE inbox RENAME TO away")
    status, _ = await door.post(body, signed(SECRET, body, time.time()))
    changed(door.settings, "ALTER TABLE away RENAME TO inbox")
    assert status == 500
    assert (await door.post(body, signed(SECRET, body, time.time())))[0] == 200
    assert door.written() == 1


async def test_the_challenge_is_met(door: Door) -> None:
    """Slack asks once, when the URL is entered."""
    body = json.dumps({"type": "url_verification", "challenge": "3eZbrw1a", "token": "t"}).encode()
    status, text = await door.post(body, signed(SECRET, body, time.time()))
    assert (status, json.loads(text)) == (200, {"challenge": "3eZbrw1a"})


async def test_more_than_slack_would_ever_send_is_not_read(door: Door) -> None:
    """Signed or not: nobody fills our memory. Nothing else is served."""
    body = message(text="x" * MOST_BYTES)
    assert (await door.post(body, signed(SECRET, body, time.time())))[0] == 413
    assert (await door.post(b"{}", {}, "/slack"))[0] == 404
    assert (await door.get(PATH))[0] == 405
    assert door.written() == 0


async def test_it_lives_and_is_ready(door: Door) -> None:
    """A line for each thing that work needs; no token, no secret, nobody's name."""
    assert await door.get("/healthz") == (200, {"status": "alive"})
    assert await door.get("/readyz") == (
        200,
        {"status": "ready", "database": "ok", "directory": "ok", "playbook": "ok", "slack": "ok"},
    )


async def test_many_may_ask_at_once(door: Door) -> None:
    """A load balancer, a supervisor and a curious person in the same moment."""
    found = await asyncio.gather(*(door.get("/readyz") for _ in range(8)))
    assert [status for status, _ in found] == [200] * 8


async def test_it_is_not_ready_before_it_has_learnt(settings: Settings) -> None:
    """It answers at once, and Slack is told to come again."""
    server = Server("127.0.0.1", 0)
    await server.start()
    async with aiohttp.ClientSession() as http:
        async with http.get(f"http://{server.address}/healthz") as alive:
            assert alive.status == 200
        async with http.get(f"http://{server.address}/readyz") as ready:
            found = ready.status, await ready.json()
        async with http.post(f"http://{server.address}{PATH}") as slack:
            assert slack.status == 503
    await server.stop()
    assert found == (503, {"status": "not ready", "playbook": "is being learnt"})


@pytest.mark.parametrize("lacking", ["directory", "database", "slack"])
async def test_what_lacks_is_named(stage: Stage, settings: Settings, lacking: str) -> None:
    """With 503, so that a load balancer sends nothing here."""
    if lacking == "directory":
        settings = settings.model_copy(update={"directory": settings.data / "nowhere.db"})
    async with opened(settings) as door:
        if lacking == "database":
            changed(door.settings, "ALTER TABLE settings RENAME TO away")
        if lacking == "slack":
            await stage.admin("fail_next", method="auth.test", error="token_revoked")
        status, lines = await door.get("/readyz")
    told = {"directory": "cannot be read", "database": "cannot be written", "slack": "refuses the token: token_revoked"}
    well = {"status": "not ready", "database": "ok", "directory": "ok", "playbook": "ok", "slack": "ok"}
    assert (status, lines) == (503, well | {lacking: told[lacking]})


async def test_a_slack_that_cannot_be_asked_keeps_nobody_from_hearing_it(stage: Stage, door: Door) -> None:
    """What it sends is written down all the same; and it is asked once a minute, however often somebody asks us."""
    await stage.admin("fail_next", method="auth.test", status=503)
    for _ in range(3):
        status, lines = await door.get("/readyz")
        assert (status, lines["slack"]) == (200, "cannot be asked: internal_error")


async def test_a_silence_longer_than_slack_tries_for_may_hide_something(door: Door) -> None:
    """Then what was said is read from history, also when it began with our start; before, Slack's tries are enough."""
    now = [1_000.0]
    requests = Requests(wiring.bolt_app(door.parts, SECRET), SECRET, lambda: now[0])
    found = []
    for pauses in ([301.0], [], [60.0], [301.0, 1.0], [300.0], []):
        for pause in pauses:
            now[0] += pause
            requests.note()
        found.append(await requests.heard())
    gap = Heard.AFTER_A_GAP
    assert found == [gap, Heard.NOTHING, Heard.ALL, gap, Heard.ALL, Heard.NOTHING]


async def test_a_directory_that_cannot_be_read_is_logged_once_until_that_changes(
    settings: Settings, directory_file: Path, tmp_path: Path
) -> None:
    """However often somebody asks whether we are ready; with the workspace whose it is."""
    directory = tmp_path / "own.db"
    async with opened(settings.model_copy(update={"directory": directory})) as door:
        found = []
        sound = await asyncio.to_thread(directory_file.read_bytes)
        for place in (None, b"no directory", sound, None):
            directory.unlink(missing_ok=True)
            if place:
                directory.write_bytes(place)
            with capture_logs() as logs:
                for _ in range(3):
                    await door.get("/readyz")
            found.append([(each["event"], each["workspace"]) for each in logs])
    once = [("directory_unreadable", "T0KAPOK")]
    assert found == [once, once, [], once]
