"""`aside doctor`: what is needed, line by line: ok, or what to do."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import click
import yaml
from rich.console import Console
from rich.text import Text
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import cli_doctor_local as local
from bot import cli_doctor_many as many
from bot import cli_doctor_people as people
from bot.cli import about_one
from bot.cli_doctor_http import Line, look_at_port, look_at_url, requests
from bot.cli_setup import GAPS
from bot.cli_workspaces import token_of
from bot.errors import UserError
from bot.playbook_files import load_playbook
from bot.refusals import Met
from bot.settings import MANIFEST, Settings, load_settings
from bot.setup import Setup
from handlers.identity import Identity, absent_from, check_socket_mode, refusal, unreachable
from storage import gauges
from storage import workspace as workspaces
from storage.engine import open_casebook

MOST_CLOCK_SECONDS = 60.0
SOCKET_MODE = "Socket Mode"
BOT_TOKEN = "Copy the bot token (xoxb-…) of your Slack app into ASIDE_SLACK_BOT_TOKEN."  # noqa: S105 - words, no token


@click.command("doctor")
@click.option("--url", default=None, help="Over HTTP: try the request URL that Slack is given, all the way.")
def doctor_command(url: str | None) -> None:
    """Check tokens, scopes, Socket Mode or HTTP, database, directory, playbook, setup, channels and clock.

    Each line is well (✓), or says what to do (✗). The exit code is 0 when all is well and 1 when something is not.
    """
    console = Console(highlight=False)
    bad = asyncio.run(_report(load_settings(), url, console))
    sys.exit(1 if bad else 0)


async def _report(settings: Settings, url: str | None, console: Console) -> int:
    bad = 0
    async for line in _lines(settings, url):
        sign, style = ("✗", "red") if line.do else ("✓", "green")
        console.print(Text.assemble((sign, style), f" {line.name:<11} {line.found}"), soft_wrap=True)
        if line.do:
            bad += 1
            do = about_one(line.do, settings.workspace)
            console.print(f"              → {do}", markup=False, soft_wrap=True)
    return bad


async def _lines(settings: Settings, url: str | None) -> AsyncIterator[Line]:
    try:
        of_all = settings.installs and not settings.workspace
        lines = _lines_of_many(settings, url) if of_all else _lines_of_one(settings, url, token_of(settings))
    except UserError as error:
        yield Line("settings", error.what, error.do)
        return
    async for line in lines:
        yield line


async def _lines_of_one(settings: Settings, url: str | None, token: str) -> AsyncIterator[Line]:
    yield _local("playbook", lambda: Line("playbook", f"version {load_playbook(settings.playbook).version}"))
    yield _local("directory", lambda: local.directory(settings, datetime.now(UTC)))
    casebook = _local("casebook", lambda: local.casebook(settings))
    yield casebook
    for line in (*local.disk(settings.data), *local.files(settings), *local.pasted(settings)):
        yield line
    async with aiohttp.ClientSession(trust_env=True) as http:
        client = AsyncWebClient(token=token, base_url=settings.slack_api_url, session=http)
        setup = identity = None
        try:
            answer = await client.auth_test() if token else None
        except SlackApiError as error:
            do = "Install Aside there again; everything is kept." if settings.installs else BOT_TOKEN
            yield Line("bot token", f"refused: {refusal(error)}", do)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            told = unreachable(error)
            yield Line("Slack", told.what, told.do)
            return
        else:
            if answer is None:
                yield Line("bot token", "ASIDE_SLACK_BOT_TOKEN is not set", BOT_TOKEN)
            else:
                workspace = str(answer["team_id"])
                yield Line("bot token", f"{answer.get('team') or workspace}, as {answer.get('user')}")
                yield _scopes(answer.headers)
                yield _clock(answer.headers)
                identity = Identity(workspace, answer.get("enterprise_id"), str(answer["user_id"]), "")
                setup = None if casebook.do else _setup(settings, workspace)
        hears = await _hears(client, settings)
        yield hears
        if hears.name == SOCKET_MODE and settings.serves:
            yield await look_at_port(settings)
        async for line in _requests_at(http, settings, url, casebook):
            yield line
        if setup and identity:
            async for line in _about(setup, client, identity, settings, is_at_work=hears.is_at_work):
                yield line


async def _lines_of_many(settings: Settings, url: str | None) -> AsyncIterator[Line]:
    """What is everybody's; `aside --workspace T… doctor` looks at one of them with its own token."""
    yield _local("playbook", lambda: Line("playbook", f"version {load_playbook(settings.playbook).version}"))
    casebook = _local("casebook", lambda: local.casebook(settings))
    yield casebook
    for line in (*local.disk(settings.data), *local.files(settings), *local.pasted(settings)):
        yield line
    if not casebook.do:
        for line in many.lines(settings):
            yield line
    async with aiohttp.ClientSession(trust_env=True) as http:
        yield await look_at_port(settings)
        async for line in _requests_at(http, settings, url, casebook):
            yield line


async def _requests_at(
    http: aiohttp.ClientSession, settings: Settings, url: str | None, casebook: Line
) -> AsyncIterator[Line]:
    if settings.slack_signing_secret.get_secret_value() and not casebook.do:
        yield _requests(settings)
    if url:
        yield await look_at_url(http, settings, url)


async def _about(
    setup: Setup, client: AsyncWebClient, identity: Identity, settings: Settings, *, is_at_work: bool
) -> AsyncIterator[Line]:
    """What the setup lacks, and what of it is not as it was."""
    yield _gaps(setup)
    if not setup.channels:
        return
    yield await _channels(client, setup)
    async for line in people.channels(client, setup):
        yield line
    for line in people.lines(setup, await people.look(client, identity, setup)):
        yield line
    heard = _heard(settings, identity.workspace)
    if is_at_work:  # over HTTP nothing is noted while nothing comes, which may be the fault
        heard = replace(heard, alive_at=time.time())
    async for line in people.events(client, setup, heard, time.time()):
        yield line


def _local(name: str, look: Callable[[], Line]) -> Line:
    try:
        return look()
    except UserError as error:
        return Line(name, error.what, error.do)


def _header(headers: Any, name: str) -> str:
    value = next((value for key, value in headers.items() if key.lower() == name), "")
    return ",".join(value) if isinstance(value, list) else str(value)


def _scopes(headers: Any) -> Line:
    granted = {scope.strip() for scope in _header(headers, "x-oauth-scopes").split(",") if scope.strip()}
    if not granted:
        return Line("scopes", "Slack did not say which are granted")
    wanted = set(yaml.safe_load(MANIFEST.read_text("utf-8"))["oauth_config"]["scopes"]["bot"])
    missing = sorted(wanted - granted)
    if missing:
        return Line("scopes", f"missing {', '.join(missing)}", "Update the app from manifest.yml and install it again.")
    return Line("scopes", f"all {len(wanted)} of manifest.yml")


def _clock(headers: Any) -> Line:
    date = _header(headers, "date")
    if not date:
        return Line("clock", "Slack did not say the time")
    apart = time.time() - parsedate_to_datetime(date).timestamp()
    if abs(apart) > MOST_CLOCK_SECONDS:
        return Line("clock", f"{apart:+.0f} s from Slack's", "Set this machine's clock by NTP.")
    return Line("clock", "agrees with Slack's")


async def _hears(client: AsyncWebClient, settings: Settings) -> Line:
    """Whether Slack can reach us, over the one way or the other."""
    try:
        if settings.speaks_http:
            return await look_at_port(settings)
    except UserError as error:
        return Line("listening", error.what, error.do)
    return await _socket_mode(client, settings.slack_app_token.get_secret_value())


async def _socket_mode(client: AsyncWebClient, app_token: str) -> Line:
    try:
        await check_socket_mode(client, app_token)
    except UserError as error:
        return Line(SOCKET_MODE, error.what, error.do)
    return Line(SOCKET_MODE, "opens")


def _setup(settings: Settings, workspace: str) -> Setup:
    with closing(open_casebook(settings.casebook_url)) as casebook, casebook.begin() as connection:
        return workspaces.setup(connection, workspace)


def _heard(settings: Settings, workspace: str) -> people.Heard:
    with closing(open_casebook(settings.casebook_url)) as casebook, casebook.look() as connection:
        return people.Heard(
            channels=gauges.heard_in(connection, workspace),
            alive_at=workspaces.alive_at(connection, workspace),
            set_up_at=gauges.set_up_at(connection, workspace),
        )


def _requests(settings: Settings) -> Line:
    """Of every workspace: the secret is the app's."""
    with closing(open_casebook(settings.casebook_url)) as casebook, casebook.look() as connection:
        return requests(workspaces.met_at(connection, Met.TAKEN), workspaces.met_at(connection, Met.REFUSED))


def _gaps(setup: Setup) -> Line:
    gaps = setup.missing()
    if gaps:
        missing = ", ".join(GAPS[gap] for gap in gaps)
        return Line("setup", f"still missing: {missing}", "Run aside setup, or type /aside setup in Slack.")
    return Line("setup", local.counted(len(setup.support), "support channel"))


async def _channels(client: AsyncWebClient, setup: Setup) -> Line:
    absent = await absent_from(client, setup.channels)
    if absent:
        return Line("channels", f"Aside is not in {', '.join(absent)}", "Type /invite there, with Aside's name.")
    return Line("channels", f"Aside is in {local.counted(len(setup.channels), 'channel')}")
