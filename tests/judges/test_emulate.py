"""Aside installs itself by OAuth at emulate, a stand-in for Slack that nobody here wrote, and works there."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
import yaml
from cryptography.fernet import Fernet
from slack_sdk.errors import SlackApiError
from slack_sdk.oauth import AuthorizeUrlGenerator
from slack_sdk.web.async_client import AsyncWebClient

from tests.flow.conftest import ROOT, free_port
from tests.fresh import asked_at, url_at
from tests.judges.emulate import (
    AGENT,
    APPROVALS,
    CLIENT_ID,
    CLIENT_SECRET,
    CUSTOMER_TOKEN,
    INSTALLER,
    SIGNING_SECRET,
    SUPERVISOR,
    SUPERVISOR_TOKEN,
    SUPPORT,
    TEAM,
    Emulate,
    allowed,
    running,
)
from tests.judges.npm import OutOfReach
from tests.judges.published import Record

pytestmark = pytest.mark.slow

ASIDE = Path(sys.executable).with_name("aside")
COMPLAINT = "你們的系統又當機了！我已經講三次了，到底有沒有人要處理？叫你們主管出來！"
PATIENCE = 60.0
SCOPES = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))["oauth_config"]["scopes"]["bot"]


@dataclass(frozen=True)
class At:
    """emulate, and where Aside is to listen."""

    emulate: Emulate
    port: int
    env: dict[str, str]

    @property
    def url(self) -> str:
        """Aside's address."""
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def at(tmp_path: Path) -> Iterator[At]:
    """A Slack with our app registered and nobody of ours installed."""
    port = free_port()
    try:
        with running(f"http://127.0.0.1:{port}/slack/oauth_redirect", SCOPES) as emulate:
            settings = {
                "DATA": str(tmp_path / "data"),
                "DATABASE_URL": url_at(tmp_path / "data" / "casebook.db"),
                "SLACK_API_URL": emulate.api_url,
                "SLACK_CLIENT_ID": CLIENT_ID,
                "SLACK_CLIENT_SECRET": CLIENT_SECRET,
                "SLACK_SIGNING_SECRET": SIGNING_SECRET,
                "SLACK_REDIRECT_URI": f"http://127.0.0.1:{port}/slack/oauth_redirect",
                "TOKEN_KEY": Fernet.generate_key().decode(),
                "HTTP_PORT": str(port),
            }
            yield At(emulate, port, {f"ASIDE_{name}": value for name, value in settings.items()})
            held_to_types(emulate)
    except OutOfReach as reason:
        pytest.skip(str(reason))


def held_to_types(emulate: Emulate) -> None:
    """What the app said is as Slack publishes it; who it is it says in a header."""
    record = Record()
    for call in emulate.calls():
        who = {"client_id": CLIENT_ID, "client_secret": "…"} if call["name"] == "oauth.v2.access" else {}
        record.note({"dir": "call", "name": call["name"], "body": call["body"] | who, "error": None})
    record.check()


@pytest.fixture
async def aside(at: At, tmp_path: Path) -> AsyncIterator[At]:
    """`aside run`, which serves whoever installs it."""
    log = tmp_path / "aside.log"
    with log.open("wb") as said:
        process = await asyncio.create_subprocess_exec(
            str(ASIDE), "run", env={**os.environ, **at.env}, stdout=said, stderr=said, cwd=tmp_path
        )
    try:
        await eventually(lambda: _answers(at.url), "aside run to listen", log.read_text)
        yield at
    finally:
        process.terminate()
        await process.wait()


async def _answers(url: str) -> bool:
    async with aiohttp.ClientSession() as http:
        with suppress(aiohttp.ClientError):
            async with http.get(f"{url}/readyz") as answer:
                return answer.status == 200
    return False


async def eventually(look: Callable[[], object], what: str, said: Callable[[], str] = str) -> None:
    """Wait for something that happens by itself.

    Args:
        said: What was printed meanwhile.

    Raises:
        AssertionError: It did not.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while True:
                found = look()
                if await found if asyncio.iscoroutine(found) else found:
                    return
                await asyncio.sleep(0.1)
    raise AssertionError(f"waited {PATIENCE:.0f} seconds for {what}\n{said()}")


async def command(at: At, *words: str) -> str:
    """An `aside` command to its end; what it printed."""
    process = await asyncio.create_subprocess_exec(
        str(ASIDE),
        *words,
        env={**os.environ, **at.env},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()


def with_cases(at: At) -> set[str]:
    """The workspaces of which the casebook still holds cases."""
    return {row[0] for row in asked_at(at.env["ASIDE_DATABASE_URL"], "SELECT DISTINCT workspace FROM cases")}


async def install(at: At) -> tuple[int, str]:
    """Somebody opens our page, allows it at emulate and comes back; what they see then.

    Our cookie is for HTTPS alone; behind the proxy that speaks it, as here, we are spoken to in HTTP.
    """
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{at.url}/slack/install", allow_redirects=False) as begun:
            assert begun.status == 302, await begun.text()
            asked, cookie = begun.headers["Location"], begun.headers["Set-Cookie"].split(";")[0]
        assert asked.startswith(f"{at.emulate.url}/oauth/v2/authorize?")
        back = await allowed(http, asked, INSTALLER)
        async with http.get(back, headers={"Cookie": cookie}) as page:
            return page.status, await page.text()


async def test_a_code_of_emulate_becomes_a_token_by_slacks_own_library(at: At) -> None:
    """Slack's library alone gets as far as `auth.test`, and a code is good once, so a failure below is Aside's own."""
    back_to = at.env["ASIDE_SLACK_REDIRECT_URI"]
    url = AuthorizeUrlGenerator(
        client_id=CLIENT_ID,
        scopes=SCOPES,
        redirect_uri=back_to,
        authorization_url=f"{at.emulate.url}/oauth/v2/authorize",
    ).generate("state")
    async with aiohttp.ClientSession() as http:
        back = parse_qs(urlsplit(await allowed(http, url, INSTALLER)).query)
        client = AsyncWebClient(base_url=at.emulate.api_url, session=http)
        who = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        told = await client.oauth_v2_access(**who, code=back["code"][0], redirect_uri=back_to)
        assert (back["state"], told["team"]["id"], told["scope"]) == (["state"], TEAM, ",".join(SCOPES))
        assert (await client.auth_test(token=told["access_token"]))["bot_id"]
        with pytest.raises(SlackApiError, match="invalid_code"):
            await client.oauth_v2_access(**who, code=back["code"][0], redirect_uri=back_to)


async def test_somebody_installs_aside_and_the_agent_is_whispered_to(aside: At) -> None:
    """From the install page to the first whisper, with a token of emulate's, every event signed by it."""
    emulate = aside.emulate
    status, page = await install(aside)
    assert (status, "Judge" in page) == (200, True), page
    (token,) = [each for each in emulate.state()["tokens"] if each["token_type"] == "bot"]
    assert set(token["scopes"]) == set(SCOPES)

    support, approvals = emulate.channel(SUPPORT), emulate.channel(APPROVALS)
    agent, supervisor = emulate.user(AGENT), emulate.user(SUPERVISOR)
    for channel in (support, approvals):
        emulate.call("conversations.invite", SUPERVISOR_TOKEN, channel=channel, users=token["bot_user_id"])
    await command(
        aside,
        *("--workspace", TEAM, "setup", "--channel", support, "--duty", f"{support}={agent}", "--agent", agent),
        *("--supervisor", supervisor, "--approvals", approvals, "--sales-channel", approvals),
    )
    emulate.subscribe(f"{aside.url}/slack/events")
    emulate.call("chat.postMessage", CUSTOMER_TOKEN, channel=support, text=COMPLAINT)
    await eventually(emulate.whispers, "a whisper")
    assert with_cases(aside) == {TEAM}
    (whisper,) = emulate.whispers()
    assert (whisper["channel_id"], whisper["target_user"], bool(whisper["blocks"])) == (support, agent, True)
    assert [each["user"] for each in emulate.state()["messages"]] == ["U09OUTSIDE"], "nothing was said for everybody"

    emulate.happens("app_home_opened", user=agent, tab="home", channel="D0HOME")
    await eventually(lambda: emulate.state()["views"], "the agent's Home")
    (home,) = emulate.state()["views"]
    assert (home["type"], home["user_id"], bool(home["blocks"])) == ("home", agent, True)
    assert {"oauth.v2.access", "auth.test", "users.info", "chat.postEphemeral", "views.publish"} <= {
        each["name"] for each in emulate.calls()
    }

    emulate.happens("app_uninstalled")
    await eventually(lambda: TEAM not in with_cases(aside), "all rows to be deleted")
    assert {each["status_code"] for each in emulate.deliveries()} == {200}


async def test_a_yes_that_another_browser_brings_installs_nothing(aside: At) -> None:
    """The state is bound to whoever asked; without their cookie the code is not even taken up."""
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{aside.url}/slack/install", allow_redirects=False) as begun,
    ):
        back = await allowed(http, begun.headers["Location"], INSTALLER)
    async with aiohttp.ClientSession() as http, http.get(back) as page:
        assert page.status == 400
    assert not [each for each in aside.emulate.state()["tokens"] if each["token_type"] == "bot"]
