"""The app comes into a workspace by OAuth, its tokens end, and it is taken away again."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest
import pytest_asyncio
from slack_sdk.errors import SlackApiError
from slack_sdk.oauth import AuthorizeUrlGenerator
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.installation import CODE_SECONDS, TOKEN_SECONDS
from sandbox.server import Sandbox
from sandbox.world import World
from tests.sandbox.stage import Json, Stage, answered, sample_manifest, sample_world

BACK = "https://app.example/slack/oauth_redirect"
CLIENT, SECRET = "1000000000.2000000000", "sandbox"
SCOPES = ["channels:read", "chat:write"]


def open_world(**settings: object) -> World:
    """The test world before anybody installs the app."""
    world = sample_world(**settings)
    world.tokens.bot = None
    return world


class Installer:
    """Somebody who installs the app, and the app's own part of it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.client = AsyncWebClient(base_url=stage.sandbox.api_url, session=stage.http)

    def address(self, **changes: str) -> str:
        """Where the app sends whoever installs it, by Slack's own library."""
        url = AuthorizeUrlGenerator(
            client_id=CLIENT,
            scopes=SCOPES,
            redirect_uri=BACK,
            authorization_url=f"{self.stage.sandbox.url}/oauth/v2/authorize",
        ).generate("st/ate")
        query = {key: value[0] for key, value in parse_qs(urlsplit(url).query).items()} | changes
        return f"{self.stage.sandbox.url}/oauth/v2/authorize?{urlencode({k: v for k, v in query.items() if v})}"

    async def code(self, **changes: str) -> str:
        """What comes back once Anna allows it."""
        back = await answered(self.stage.http, self.address(**changes), "T0HOME", "U0ANNA")
        return parse_qs(urlsplit(back).query)["code"][0]

    async def access(self, **arguments: str) -> Json:
        """`oauth.v2.access` as Slack's library calls it."""
        answer = await self.client.oauth_v2_access(client_id=CLIENT, client_secret=SECRET, **arguments)
        assert isinstance(answer.data, dict)
        return answer.data

    async def install(self) -> Json:
        """The whole way."""
        return await self.access(code=await self.code(), redirect_uri=BACK)

    async def refusal(self, **arguments: str) -> str:
        """The error of an `oauth.v2.access` that is refused."""
        with pytest.raises(SlackApiError) as refused:
            await self.access(**arguments)
        return str(refused.value.response["error"])

    async def fault(self, token: str) -> str | None:
        """What a call with a token is told; None when it is good."""
        try:
            await self.client.auth_test(token=token)
        except SlackApiError as error:
            return str(error.response["error"])
        return None

    async def later(self, seconds: float) -> None:
        """Time passes."""
        await self.stage.admin("set_clock", ahead=seconds)


async def _installer(*, rotating: bool, **settings: object) -> AsyncIterator[Installer]:
    manifest = sample_manifest()
    manifest.oauth_config.redirect_urls = [BACK]
    manifest.settings.token_rotation_enabled = rotating
    async with Sandbox(open_world(**settings), manifest) as sandbox, aiohttp.ClientSession() as http:
        made = Stage(sandbox, http)
        yield Installer(made)
        await made.close()


@pytest_asyncio.fixture
async def lasting() -> AsyncIterator[Installer]:
    """An app whose tokens last."""
    async for made in _installer(rotating=False):
        yield made


@pytest_asyncio.fixture
async def rotating() -> AsyncIterator[Installer]:
    """An app whose tokens end after twelve hours."""
    async for made in _installer(rotating=True):
        yield made


async def test_a_code_becomes_a_token_that_opens_the_door(lasting: Installer) -> None:
    """The answer has Slack's fields and no id of the bot, which `auth.test` tells; before it nothing is installed."""
    state = lasting.stage.workspace.state
    assert state.users["U0BOT"].deleted
    back = await answered(lasting.stage.http, lasting.address(), "T0HOME", "U0ANNA")
    assert back.startswith(f"{BACK}?")
    query = parse_qs(urlsplit(back).query)
    assert query["state"] == ["st/ate"]
    told = await lasting.access(code=query["code"][0], redirect_uri=BACK)
    token = told.pop("access_token")
    assert told == {
        "ok": True,
        "app_id": "A0SAMPLE",
        "authed_user": {"id": "U0ANNA"},
        "scope": "channels:read,chat:write",
        "token_type": "bot",
        "bot_user_id": "U0BOT",
        "team": {"id": "T0HOME", "name": "Home"},
        "enterprise": None,
        "is_enterprise_install": False,
    }
    answer = await lasting.client.auth_test(token=token)
    assert (answer["team_id"], answer["bot_id"], answer.headers["X-OAuth-Scopes"]) == (
        "T0HOME",
        "B0SAMPLE",
        "channels:read,chat:write",
    )
    assert not state.users["U0BOT"].deleted


async def test_the_token_has_the_scopes_that_were_allowed_and_no_others(lasting: Installer) -> None:
    """Installing again adds to them; the bot is in a channel only once somebody brings it in."""
    first = await lasting.install()
    with pytest.raises(SlackApiError, match="missing_scope"):
        await lasting.client.users_info(token=first["access_token"], user="U0ANNA")
    with pytest.raises(SlackApiError, match="not_in_channel"):
        await lasting.client.chat_postMessage(token=first["access_token"], channel="C0TEAM", text="hello")
    await lasting.stage.admin("add_member", channel="C0TEAM", user="U0BOT")
    await lasting.client.chat_postMessage(token=first["access_token"], channel="C0TEAM", text="hello")
    second = await lasting.access(code=await lasting.code(scope="users:read"), redirect_uri=BACK)
    assert second["scope"] == "channels:read,chat:write,users:read"
    await lasting.client.users_info(token=second["access_token"], user="U0ANNA")
    assert await lasting.fault(first["access_token"]) == "token_revoked"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_id": "1.2"}, "invalid_client_id"),
        ({"scope": "channels:read,admin"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"user_scope": "chat:write"}, "invalid_scope"),
        ({"redirect_uri": f"{BACK}/deeper"}, "bad_redirect_uri"),
        ({"redirect_uri": "https://elsewhere.example/"}, "bad_redirect_uri"),
        ({"team": "T0NOBODY"}, "team_not_found"),
    ],
)
async def test_a_wrong_request_is_shown_to_nobody_and_sent_nowhere(
    lasting: Installer, changes: dict[str, str], code: str
) -> None:
    """Another app, scopes that the manifest has not, an unregistered URL: a page with the code, and no redirect."""
    async with lasting.stage.http.get(lasting.address(**changes), allow_redirects=False) as page:
        assert (page.status, code in await page.text()) == (400, True)


async def test_only_a_member_of_the_workspace_can_answer_and_only_once(lasting: Installer) -> None:
    """No guest, no stranger, no bot; a page that was answered is used up. Cancelling is `access_denied`."""
    http = lasting.stage.http
    for user in ("U0GUS", "U0CARA", "U0BOT", "U0NOBODY"):
        with pytest.raises(AssertionError, match="not_allowed"):
            await answered(http, lasting.address(), "T0HOME", user)
    back = await answered(http, lasting.address(), "T0HOME", "U0BEN", "deny")
    assert parse_qs(urlsplit(back).query) == {"error": ["access_denied"], "state": ["st/ate"]}
    form = {"consent": "made-up", "who": "T0HOME/U0ANNA", "answer": "allow"}
    async with http.post(f"{lasting.stage.sandbox.url}/oauth/v2/authorize", data=form) as again:
        assert again.status == 403


async def test_a_code_is_good_once_for_its_redirect_url_and_for_ten_minutes(lasting: Installer) -> None:
    """Anything else has Slack's own error, and a wrong redirect URL does not use it up."""
    code = await lasting.code()
    assert await lasting.refusal(code=code) == "bad_redirect_uri"
    assert await lasting.refusal(code=code, redirect_uri="https://elsewhere.example/") == "bad_redirect_uri"
    assert (await lasting.access(code=code, redirect_uri=BACK))["ok"]
    assert await lasting.refusal(code=code, redirect_uri=BACK) == "code_already_used"
    assert await lasting.refusal(code="made.up.code", redirect_uri=BACK) == "invalid_code"
    late = await lasting.code()
    await lasting.later(CODE_SECONDS)
    assert await lasting.refusal(code=late, redirect_uri=BACK) == "invalid_code"


async def test_the_app_shows_who_it_is_in_the_header_or_in_the_form(lasting: Installer) -> None:
    """A wrong secret gets nothing, and JSON is no way to say it."""
    url = f"{lasting.stage.sandbox.api_url}oauth.v2.access"

    async def tried(secret: str, *, form: bool) -> object:
        who = {"client_id": CLIENT, "client_secret": secret}
        sent = {"code": await lasting.code(), "redirect_uri": BACK} | (who if form else {})
        auth = None if form else aiohttp.BasicAuth(*who.values())
        async with lasting.stage.http.post(url, data=sent, auth=auth) as answer:
            return (await answer.json()).get("error")

    assert [await tried(SECRET, form=True), await tried(SECRET, form=False)] == [None, None]
    assert [await tried("wrong", form=each) for each in (True, False)] == ["bad_client_secret"] * 2
    sent = {"client_id": CLIENT, "client_secret": SECRET, "code": await lasting.code(), "redirect_uri": BACK}
    async with lasting.stage.http.post(url, json=sent) as answer:
        assert (await answer.json())["error"] == "invalid_client_id"
    logged = [entry["body"] for entry in lasting.stage.workspace.log.since(0) if entry["name"] == "oauth.v2.access"]
    assert {each.get("client_secret") for each in logged} == {"…", None}


async def test_a_rotating_token_ends_after_twelve_hours(rotating: Installer) -> None:
    """It says how long it lasts; then calls are told `token_expired`, and the refresh token brings the next."""
    told = await rotating.install()
    assert (told["expires_in"], told["access_token"][:11], told["refresh_token"][:7]) == (
        TOKEN_SECONDS,
        "xoxe.xoxb-1",
        "xoxe-1-",
    )
    assert await rotating.fault(told["refresh_token"]) == "invalid_auth"
    await rotating.later(TOKEN_SECONDS - 60)
    assert await rotating.fault(told["access_token"]) is None
    await rotating.later(61)
    assert await rotating.fault(told["access_token"]) == "token_expired"
    renewed = await rotating.access(grant_type="refresh_token", refresh_token=told["refresh_token"])
    assert await rotating.fault(renewed["access_token"]) is None
    assert {"authed_user", "is_enterprise_install"}.isdisjoint(renewed)


async def test_a_refresh_token_is_good_once(rotating: Installer) -> None:
    """Whoever comes second with it, or with one of before a new installation, gets nothing."""
    told = await rotating.install()
    renewed = await rotating.access(grant_type="refresh_token", refresh_token=told["refresh_token"])
    for used in (told["refresh_token"], "xoxe-1-made-up", ""):
        assert await rotating.refusal(grant_type="refresh_token", refresh_token=used) == "invalid_refresh_token"
    assert await rotating.refusal(grant_type="password") == "invalid_grant_type"
    again = await rotating.install()
    assert again["access_token"] != renewed["access_token"]
    used = renewed["refresh_token"]
    assert await rotating.refusal(grant_type="refresh_token", refresh_token=used) == "invalid_refresh_token"


async def test_two_tokens_are_valid_beside_each_other_and_no_third(rotating: Installer) -> None:
    """The token of before stays good after a refresh; the second refresh revokes the oldest."""
    tokens = [await rotating.install()]
    for _ in range(2):
        refresh = tokens[-1]["refresh_token"]
        tokens.append(await rotating.access(grant_type="refresh_token", refresh_token=refresh))
    assert [await rotating.fault(each["access_token"]) for each in tokens] == ["token_revoked", None, None]


async def test_a_used_refresh_token_is_taken_again_within_the_grace_that_a_world_gives() -> None:
    """Slack says that there is a short one; without the setting there is none."""
    async for rotating in _installer(rotating=True, refresh_grace_seconds=30):
        refresh = (await rotating.install())["refresh_token"]
        first = await rotating.access(grant_type="refresh_token", refresh_token=refresh)
        second = await rotating.access(grant_type="refresh_token", refresh_token=refresh)
        assert first["refresh_token"] != second["refresh_token"]
        await rotating.later(31)
        assert await rotating.refusal(grant_type="refresh_token", refresh_token=refresh) == "invalid_refresh_token"


async def test_revoking_a_rotating_token_ends_that_token_alone(rotating: Installer) -> None:
    """The installation stays, and the refresh token works."""
    told = await rotating.install()
    assert not (await rotating.client.auth_revoke(token=told["access_token"], test=True))["revoked"]
    assert (await rotating.client.auth_revoke(token=told["access_token"]))["revoked"]
    assert await rotating.fault(told["access_token"]) == "token_revoked"
    renewed = await rotating.access(grant_type="refresh_token", refresh_token=told["refresh_token"])
    assert await rotating.fault(renewed["access_token"]) is None


async def test_revoking_a_lasting_token_ends_the_authorization(lasting: Installer) -> None:
    """The bot user is deactivated and in no channel; it takes a new installation."""
    token = (await lasting.install())["access_token"]
    await lasting.stage.admin("add_member", channel="C0TEAM", user="U0BOT")
    await lasting.client.auth_revoke(token=token)
    assert await lasting.fault(token) == "account_inactive"
    state = lasting.stage.workspace.state
    assert (state.users["U0BOT"].deleted, "U0BOT" in state.conversations["C0TEAM"].members) == (True, False)
    assert await lasting.fault((await lasting.install())["access_token"]) is None


async def test_the_app_can_uninstall_itself_only_with_its_secret(rotating: Installer) -> None:
    """After it neither a token nor a refresh token is good."""
    told = await rotating.install()
    client = rotating.client
    with pytest.raises(SlackApiError, match="bad_client_secret"):
        await client.apps_uninstall(token=told["access_token"], client_id=CLIENT, client_secret="wrong")
    await client.apps_uninstall(token=told["access_token"], client_id=CLIENT, client_secret=SECRET)
    assert await rotating.fault(told["access_token"]) == "account_inactive"
    used = told["refresh_token"]
    assert await rotating.refusal(grant_type="refresh_token", refresh_token=used) == "invalid_refresh_token"
