"""`aside doctor`: what is needed, line by line: ok, or what to do."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import aiohttp
import click
import yaml
from rich.console import Console
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.cli_setup import GAPS
from bot.errors import UserError
from bot.playbook_files import load_playbook
from bot.settings import Settings, load_settings
from storage import workspace as workspaces
from storage.directory import DirectorySource
from storage.engine import open_casebook

MANIFEST = Path(__file__).parent.parent / "manifest.yml"
MOST_CLOCK_SECONDS = 60.0


@dataclass(frozen=True)
class Line:
    """One check and how it ended.

    Attributes:
        do: What to do about it; empty when all is well.
    """

    name: str
    found: str
    do: str = ""


@click.command("doctor")
def doctor_command() -> None:
    """Check tokens, scopes, Socket Mode, database, directory, playbook, setup and clock."""
    console = Console(highlight=False)
    bad = asyncio.run(_report(load_settings(), console))
    sys.exit(1 if bad else 0)


async def _report(settings: Settings, console: Console) -> int:
    bad = 0
    async for line in _lines(settings):
        sign, style = ("✗", "red") if line.do else ("✓", "green")
        console.print(f"[{style}]{sign}[/] {line.name:<11}", line.found, markup=True)
        if line.do:
            bad += 1
            console.print(f"              → {line.do}", markup=False)
    return bad


async def _lines(settings: Settings) -> AsyncIterator[Line]:
    yield _local("playbook", lambda: f"version {load_playbook(settings.playbook).version}")
    yield _local("directory", lambda: _directory(settings))
    yield _local("casebook", lambda: _casebook(settings))
    token = settings.slack_bot_token.get_secret_value()
    async with aiohttp.ClientSession(trust_env=True) as http:
        client = AsyncWebClient(token=token, base_url=settings.slack_api_url, session=http)
        workspace = ""
        try:
            answer = await client.auth_test()
        except SlackApiError as error:
            yield Line("bot token", _code(error), "Put the bot token (xoxb-…) into ASIDE_SLACK_BOT_TOKEN.")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            yield Line("Slack", f"cannot be reached ({error})", "Check the network and ASIDE_SLACK_API_URL.")
            return
        else:
            workspace = str(answer["team_id"])
            yield Line("bot token", f"{answer.get('team') or workspace}, as {answer.get('user')}")
            yield _scopes(answer.headers)
            yield _clock(answer.headers)
        yield await _socket_mode(client, settings.slack_app_token.get_secret_value())
    if workspace:
        yield _setup(settings, workspace)


def _local(name: str, look: Callable[[], str]) -> Line:
    try:
        return Line(name, look())
    except UserError as error:
        return Line(name, error.what, error.do)


def _directory(settings: Settings) -> str:
    directory = DirectorySource(settings.directory_path).current()
    return f"{directory.customer_count():,} customers"


def _casebook(settings: Settings) -> str:
    open_casebook(settings.casebook_url).close()
    return settings.casebook_url.split("@")[-1]


def _code(error: SlackApiError) -> str:
    return str(error.response.get("error", "refused"))


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
        return Line("scopes", f"missing {', '.join(missing)}", "Update the app from manifest.yml and reinstall it.")
    return Line("scopes", f"all {len(wanted)} of manifest.yml")


def _clock(headers: Any) -> Line:
    date = _header(headers, "date")
    if not date:
        return Line("clock", "Slack did not say the time")
    apart = time.time() - parsedate_to_datetime(date).timestamp()
    if abs(apart) > MOST_CLOCK_SECONDS:
        return Line("clock", f"{apart:+.0f} s from Slack's", "Set this machine's clock by NTP.")
    return Line("clock", "agrees with Slack's")


async def _socket_mode(client: AsyncWebClient, app_token: str) -> Line:
    do = "Make an app-level token with connections:write, put it into ASIDE_SLACK_APP_TOKEN, turn Socket Mode on."
    if not app_token:
        return Line("Socket Mode", "ASIDE_SLACK_APP_TOKEN is not set", do)
    try:
        await client.apps_connections_open(app_token=app_token)
    except SlackApiError as error:
        return Line("Socket Mode", _code(error), do)
    return Line("Socket Mode", "opens")


def _setup(settings: Settings, workspace: str) -> Line:
    casebook = open_casebook(settings.casebook_url)
    with casebook.begin() as connection:
        setup = workspaces.setup(connection, workspace)
    casebook.close()
    gaps = setup.missing()
    if gaps:
        return Line(
            "setup",
            f"missing: {', '.join(GAPS[gap] for gap in gaps)}",
            "Run aside setup, or type /aside setup in Slack.",
        )
    return Line("setup", f"{len(setup.support)} support channel{'s' * (len(setup.support) != 1)}")
