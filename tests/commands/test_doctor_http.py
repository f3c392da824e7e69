"""`aside doctor` where Slack is heard over HTTP: the port, and the address that Slack is given."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Thread

import pytest
from aiohttp import web
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot.cli_doctor_http import FORGED_SECONDS, Line, look_at_port, requests
from bot.refusals import Met
from bot.serving import PATH, Requests
from bot.settings import Settings
from storage import inbox
from storage import workspace as kept
from storage.engine import open_casebook
from storage.inbox import Lane
from storage.schema import audit
from tests.commands.conftest import Aside, casebook_url, free_port
from tests.commands.conftest import serving as a_slack
from tests.commands.test_doctor_mistakes import says_good_morning
from tests.commands.test_setup_command import WHOLE

SECRET = "sandbox"
TO_DO = "              → "
WRONG = "Use the same signing secret, let the proxy change neither body nor headers, set the clocks by NTP."


@pytest.fixture
def over_http(aside: Aside) -> Aside:
    """A bot that hears Slack over HTTP, on a port of its own."""
    aside.environment |= {
        "ASIDE_SLACK_APP_TOKEN": "",
        "ASIDE_SLACK_SIGNING_SECRET": SECRET,
        "ASIDE_HTTP_PORT": str(free_port()),
    }
    return aside


@contextmanager
def serving(answer: Callable[[web.Request], Awaitable[web.StreamResponse]], host: str = "127.0.0.1") -> Iterator[int]:
    """A server that answers everything so; its port."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()

    async def start() -> web.AppRunner:
        app = web.Application()
        app.add_routes([web.route("*", "/{path:.*}", answer)])
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, host, 0).start()
        return runner

    runner = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    yield runner.addresses[0][1]
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def lines(aside: Aside, name: str, *options: str, **settings: str) -> list[str]:
    """The line of one check, and what to do about it."""
    said = aside("doctor", *options, **settings).stdout.splitlines()
    at = next(n for n, line in enumerate(said) if line[2:].startswith(name))
    return said[at : at + 1 + said[at].startswith("✗")]


def test_a_free_port_is_well(over_http: Aside) -> None:
    """Socket Mode is not asked for; there is no app token."""
    port = over_http.environment["ASIDE_HTTP_PORT"]
    assert lines(over_http, "HTTP") == [f"✓ HTTP        127.0.0.1:{port} is free for aside run"]
    assert "Socket Mode" not in over_http("doctor").stdout


def test_both_ways_at_once_is_one_too_many(over_http: Aside) -> None:
    """The app of Slack's has one or the other."""
    assert lines(over_http, "listening", ASIDE_SLACK_APP_TOKEN="xapp-sandbox") == [
        "✗ listening   ASIDE_SLACK_APP_TOKEN and ASIDE_SLACK_SIGNING_SECRET are both set.",
        TO_DO + "Leave out the second for Socket Mode, or the first for HTTP; a Slack app has one or the other.",
    ]


def test_a_token_is_no_signing_secret(over_http: Aside) -> None:
    """A mistake easily made: Slack shows them on different pages."""
    assert lines(over_http, "HTTP", ASIDE_SLACK_SIGNING_SECRET="xapp-1-A") == [
        "✗ HTTP        ASIDE_SLACK_SIGNING_SECRET holds a token",
        TO_DO + "Copy the signing secret (Slack app, Basic Information) into ASIDE_SLACK_SIGNING_SECRET.",
    ]


def test_a_running_aside_says_how_it_is(over_http: Aside) -> None:
    """What it lacks is named; something else on the port is told apart."""
    answers = {
        200: {"status": "ready", "database": "ok", "slack": "cannot be asked: ratelimited"},
        503: {"status": "not ready", "database": "cannot be written", "directory": "cannot be read"},
    }
    found = []
    for status, body in answers.items():

        async def ready(_: web.Request, status: int = status, body: dict[str, str] = body) -> web.Response:
            return web.json_response(body, status=status)

        with serving(ready) as port:
            found.append([line.replace(str(port), "N") for line in lines(over_http, "HTTP", ASIDE_HTTP_PORT=str(port))])

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<h1>Welcome</h1>", content_type="text/html")

    with serving(page) as port:
        found.append([line.replace(str(port), "N") for line in lines(over_http, "HTTP", ASIDE_HTTP_PORT=str(port))])
    assert found == [
        ["✓ HTTP        Aside on 127.0.0.1:N is ready (slack cannot be asked: ratelimited)"],
        [
            "✗ HTTP        Aside on 127.0.0.1:N is not ready: database cannot be written, directory cannot be read",
            TO_DO + "Mend that; the other lines say how.",
        ],
        ["✗ HTTP        something else answers on 127.0.0.1:N", TO_DO + "Take another port: ASIDE_HTTP_PORT."],
    ]


def test_a_running_aside_is_asked_past_any_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A company's proxy leads out into the world, and knows nothing of a port on this machine."""

    async def ready(_: web.Request) -> web.Response:
        return web.json_response({"status": "ready"})

    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    with serving(ready) as port:
        found = asyncio.run(look_at_port(Settings(http_port=port)))
    assert found == Line("HTTP", f"Aside on 127.0.0.1:{port} is ready", is_at_work=True)


def test_an_address_of_ipv6_is_tried_as_aside_run_takes_it(over_http: Aside) -> None:
    """It is free, or an Aside answers there."""
    if not _has_ipv6():
        pytest.skip("this machine has no IPv6")

    async def ready(_: web.Request) -> web.Response:
        return web.json_response({"status": "ready"})

    with serving(ready, "::1") as port:
        found = [lines(over_http, "HTTP", ASIDE_HTTP_HOST="::1", ASIDE_HTTP_PORT=str(port))]
    found.append(lines(over_http, "HTTP", ASIDE_HTTP_HOST="::1", ASIDE_HTTP_PORT=str(port)))
    assert found == [
        [f"✓ HTTP        Aside on [::1]:{port} is ready"],
        [f"✓ HTTP        [::1]:{port} is free for aside run"],
    ]


def _has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def test_a_host_that_nobody_knows_is_said_in_words(over_http: Aside) -> None:
    """By the doctor, and by what would stumble over it."""
    port = over_http.environment["ASIDE_HTTP_PORT"]
    assert lines(over_http, "HTTP", ASIDE_HTTP_HOST="nobody.invalid") == [
        f"✗ HTTP        nobody.invalid:{port} cannot be used: Name or service not known",
        TO_DO + "Set ASIDE_HTTP_HOST and ASIDE_HTTP_PORT.",
    ]
    done = over_http("run", ASIDE_HTTP_HOST="nobody.invalid")
    assert done.returncode == 1
    assert f"Port {port} of nobody.invalid cannot be used: Name or service not known." in done.stderr


@pytest.mark.parametrize("heard", [False, True])
def test_events_that_never_come_are_told_once_an_aside_is_at_work(over_http: Aside, data: Path, *, heard: bool) -> None:
    """Over HTTP nothing is noted while nothing comes, which may be the fault: that one answers there is enough."""
    long_ago = time.time() - 600.0
    over_http.environment |= {"ASIDE_SLACK_APP_TOKEN": "", "ASIDE_SLACK_SIGNING_SECRET": "a" * 32}
    assert over_http("setup", *WHOLE).returncode == 0
    with closing(open_casebook(casebook_url(data))) as casebook, casebook.begin() as connection:
        connection.execute(audit.update().values(at=long_ago - 600.0))
        if heard:
            inbox.put(
                connection,
                workspace="T0KAPOK",
                key="Ev1",
                lane=Lane.STREAM,
                kind="message",
                payload={},
                now=long_ago,
                channel="C0SUPPORT",
            )

    async def ready(_: web.Request) -> web.Response:
        return web.json_response({"status": "ready"})

    with a_slack() as slack, serving(ready) as port:
        slack.workspace.state.clock._read = lambda: long_ago
        says_good_morning(slack)
        at_work = {"ASIDE_HTTP_PORT": str(port), "ASIDE_SLACK_API_URL": slack.api_url}
        at_rest = at_work | {"ASIDE_HTTP_PORT": str(free_port())}
        found = [
            [line for line in over_http("doctor", **each).stdout.splitlines() if line[2:].startswith("events")]
            for each in (at_work, at_rest)
        ]
    assert found == [[] if heard else ["✗ events      Slack did not tell of what was said in C0SUPPORT"], []]


def test_an_address_that_is_not_ours_cannot_be_used(over_http: Aside) -> None:
    """What `aside run` would stumble over."""
    port = over_http.environment["ASIDE_HTTP_PORT"]
    assert lines(over_http, "HTTP", ASIDE_HTTP_HOST="192.0.2.1") == [
        f"✗ HTTP        192.0.2.1:{port} cannot be used: Cannot assign requested address",
        TO_DO + "Set ASIDE_HTTP_HOST and ASIDE_HTTP_PORT.",
    ]


def test_the_address_that_slack_is_given_is_tried_all_the_way(over_http: Aside) -> None:
    """With a real challenge, signed; wrong secret, wrong path and nobody there are three sentences."""
    found = []

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb-1")

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path != PATH:
            return web.Response(status=404)
        bolt = AsyncApp(name="aside", authorize=authorize, signing_secret=SECRET)
        return await Requests(bolt, SECRET).answer(request)

    with serving(answer) as port:
        url = f"http://127.0.0.1:{port}{PATH}"
        found.append(lines(over_http, "URL", "--url", url))
        found.append(lines(over_http, "URL", "--url", url, ASIDE_SLACK_SIGNING_SECRET="another"))
        found.append(lines(over_http, "URL", "--url", url + "s"))
    gone = lines(over_http, "URL", "--url", url)
    assert found == [
        [f"✓ URL         {url} leads to an Aside with the same signing secret"],
        ["✗ URL         the signature does not hold there", TO_DO + WRONG],
        ["✗ URL         answers 404, not as Aside does", TO_DO + f"Lead it to {PATH} of aside run."],
    ]
    assert gone[0].startswith("✗ URL         cannot be reached: ")
    assert gone[1] == TO_DO + "Check the name, the certificate and the proxy."


def test_requests_of_slacks_that_are_refused_are_told(over_http: Aside, data: Path) -> None:
    """Nothing else tells that the signing secret is another app's: both ends of our own trial have the same."""
    found = [lines(over_http, "requests")]
    with closing(open_casebook(casebook_url(data))) as casebook, casebook.begin() as connection:
        kept.save_met_at(connection, Met.REFUSED, 1_000.0)
    found.append(lines(over_http, "requests"))
    assert found == [
        ["✓ requests    none of Slack's has come yet"],
        [
            "✗ requests    Slack's requests are refused: the signing secret is not this app's",
            TO_DO + "Copy the signing secret (Slack app, Basic Information) into ASIDE_SLACK_SIGNING_SECRET.",
        ],
    ]


def test_who_forges_a_request_does_not_make_the_secret_a_wrong_one() -> None:
    """Where one of Slack's was taken shortly before, the secret fits."""
    well = Line("requests", "the last of Slack's was taken at 1970-01-01 00:16 UTC")
    assert requests(1_000.0, None) == requests(1_000.0, 1_000.0 + FORGED_SECONDS) == well
    assert requests(1_000.0, 1_001.0 + FORGED_SECONDS).do
