"""`aside workspaces`: who installed Aside, how their tokens stand, and how one is removed by hand."""

import asyncio
import time
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import click
from rich.console import Console
from rich.table import Table
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import Connection

from bot.cli_doctor_local import counted
from bot.errors import UserError
from bot.install_page import SETTINGS_OF_OURS
from bot.only_one import only_one
from bot.settings import Settings, is_workspace, load_settings
from bot.terminal import printable
from handlers.identity import refusal
from handlers.leaving import delete_folder, delete_rows
from storage import installations, leaving
from storage.engine import Casebook, open_casebook
from storage.installations import Installation, TokenState
from storage.sealing import Seal

MOST_NAMED = 10
MOST_WIDE = 10_000
_WHAT_TO_DO = {
    TokenState.REFUSED: "install Aside there again",
    TokenState.REVOKED: "install Aside there again, or remove it",
    TokenState.UNREADABLE: "no key in ASIDE_TOKEN_KEY opens it: add the one that did, or install Aside there again",
}


@click.command("workspaces", short_help="List who installed Aside, or remove one.")
@click.option("--remove", metavar="T…", help="Delete everything of this workspace.")
@click.option("--yes", is_flag=True, help="Do not ask again.")
def workspaces_command(remove: str | None, *, yes: bool) -> None:
    """List the workspaces that installed Aside: since when, how the token stands, how many rows they have.

    Times are in UTC; rows are those that the casebook keeps of a workspace, of every kind.

    With --remove everything of one is deleted: its rows, its directory, playbook and exported cases, and Aside is
    uninstalled there. An uninstall in Slack does the same by itself. Backups made before are not touched.
    """
    settings = load_settings()
    if not settings.installs:
        raise UserError(
            "One workspace is served here, with its token in a setting.",
            "To let several install Aside, set ASIDE_SLACK_CLIENT_ID and the rest: docs/installing.md.",
        )
    seal = Seal(settings.token_key.get_secret_value())
    with closing(open_casebook(settings.casebook_url)) as casebook:
        if remove is None:
            _list(settings, casebook, seal)
        else:
            asyncio.run(_remove(settings, casebook, seal, remove, yes=yes))


def token_of(settings: Settings) -> str:
    """The bot token of the workspace that a command is about; empty where the setting for a lone one is.

    Raises:
        UserError: when nobody said which it is, it has not installed us, or its token cannot be used.
    """
    if not settings.installs:
        return settings.slack_bot_token.get_secret_value()
    only = str(settings.only)
    seal = Seal(settings.token_key.get_secret_value())
    with closing(open_casebook(settings.casebook_url)) as casebook, casebook.look() as connection:
        found = installations.get(connection, only, seal)
        if found is None:
            raise _stranger(connection, only)
    if not found.lets_us_in:
        raise UserError(f"The token of {only} is {found.token_state}.", "aside workspaces tells what to do.")
    if found.expires_at is not None and found.expires_at <= time.time():
        raise UserError(f"The token of {only} has ended: Aside has not run for hours.", "Start it: aside run.")
    return found.bot_token


def refuse_strangers(settings: Settings) -> None:
    """See that the workspace that a command is about installed us: a typing error would begin files for nobody.

    Raises:
        UserError: when it did not, or is being deleted.
    """
    with closing(open_casebook(settings.casebook_url)) as casebook, casebook.look() as connection:
        found = installations.get(connection, settings.workspace)
        if found is None or found.leaving_at is not None:
            raise _stranger(connection, settings.workspace)


def _stranger(connection: Connection, workspace: str) -> UserError:
    here = [each for each in installations.all_of(connection) if each.leaving_at is None]
    named = ", ".join(f"{each.workspace} ({printable(each.name)})" for each in here[:MOST_NAMED])
    more = f", and {len(here) - MOST_NAMED:,} more: aside workspaces" if len(here) > MOST_NAMED else ""
    do = f"These have: {named}{more}." if here else "Nobody has yet: open /slack/install at its address."
    return UserError(f"{workspace} has not installed Aside.", do)


def told(found: Installation) -> str:
    """How a workspace's token stands, in words, and what to do."""
    state = found.token_state
    if state is TokenState.LEAVING:
        return "uninstalled: being deleted"
    if found.expires_at is None:
        until = ""
    else:
        until = f" until {datetime.fromtimestamp(found.expires_at, UTC):%Y-%m-%d %H:%M} UTC"
    if state is TokenState.GOOD:
        return f"good{until}" + (", renewed by itself" if until else "")
    why = f" ({printable(found.refused)})" if state is TokenState.REFUSED else ""
    works = f", works{until}" if state is TokenState.REFUSED and until else ""
    return f"{state}{why}{works}: {what_to_do(found)}"


def what_to_do(found: Installation) -> str:
    """What to do about its token; empty when there is nothing to do."""
    if found.token_state is TokenState.REFUSED and found.refused in SETTINGS_OF_OURS:
        return "check ASIDE_SLACK_CLIENT_ID and ASIDE_SLACK_CLIENT_SECRET and start Aside again, which renews it"
    return _WHAT_TO_DO.get(found.token_state, "")


def _list(settings: Settings, casebook: Casebook, seal: Seal) -> None:
    with casebook.look() as connection:
        installed = {each.workspace: each for each in installations.all_of(connection, seal)}
        ids = sorted({*installed, *leaving.known(connection), *_folders(settings.data)})
        rows = {each: leaving.row_count(connection, each) for each in ids}
    if not ids:
        click.echo("Nobody has installed Aside yet: open /slack/install at its address.")
        return
    known = [(each, installed.get(each), rows[each]) for each in ids]
    console = Console(highlight=False, markup=False)
    table = _in_lines(known)
    wide = console.measure(table, options=console.options.update(width=MOST_WIDE)).maximum
    if not console.is_terminal:
        console.width = wide
    console.print(table if wide <= console.width else _in_columns(known))


def _in_lines(known: Iterable[tuple[str, Installation | None, int]]) -> Table:
    """A line for each, however long: for a wide terminal, and for whatever reads it line by line."""
    table = Table("workspace", "name", "installed", "by", "token", "rows", box=None, pad_edge=False)
    for workspace, found, rows in known:
        table.add_row(workspace, *_who(found), _token(workspace, found), f"{rows:,}")
    return table


def _in_columns(known: Iterable[tuple[str, Installation | None, int]]) -> Table:
    """The same where a line has no room: how the token stands comes below the name."""
    table = Table(box=None, pad_edge=False)
    for title, is_whole in (("workspace", True), ("name, token", False), ("installed", True), ("by", True)):
        table.add_column(title, no_wrap=is_whole, overflow="fold")
    table.add_column("rows", justify="right", no_wrap=True)
    for workspace, found, rows in known:
        name, since, by = _who(found)
        table.add_row(workspace, f"{name}\n{_token(workspace, found)}", since, by, f"{rows:,}")
    return table


def _who(found: Installation | None) -> tuple[str, str, str]:
    """Its name, the day on which it was installed, and by whom."""
    if found is None:
        return "–", "–", "–"
    since = datetime.fromtimestamp(found.installed_at, UTC)
    return printable(found.name), f"{since:%Y-%m-%d}", printable(found.installed_by)


def _token(workspace: str, found: Installation | None) -> str:
    return told(found) if found else f"not installed: aside workspaces --remove {workspace}"


def _folders(data: Path) -> list[str]:
    """The workspaces that have a folder here."""
    return [each.name for each in (data / "workspaces").glob("T*") if each.is_dir() and is_workspace(each.name)]


async def _remove(settings: Settings, casebook: Casebook, seal: Seal, workspace: str, *, yes: bool) -> None:
    folder = settings.of(workspace).home
    with casebook.look() as connection:
        found = installations.get(connection, workspace, seal)
        rows = leaving.row_count(connection, workspace)
    if found is None and not rows and not folder.is_dir():
        raise UserError(f"Nothing is kept of {workspace}.", "aside workspaces lists what is.")
    name = f"{printable(found.name)} ({workspace})" if found else workspace
    if not yes:
        click.confirm(
            f"Delete everything of {name}, {counted(rows, 'row')} and {folder}? This cannot be undone.", abort=True
        )
    if found and found.lets_us_in:
        await _uninstall(settings, found)
    now = time.time()
    with casebook.begin() as connection:
        installations.leaves(connection, workspace, at=max(now, found.installed_at if found else now), now=now)
        leaving.hold(connection, workspace, now=now)
    deleted = await delete_rows(casebook, time.time, workspace, settle=_settle(settings))
    delete_folder(folder)
    with casebook.look() as connection:
        is_left = installations.get(connection, workspace) is not None
    click.echo(f"Deleted {counted(deleted, 'row')} of {name}, and its folder.")
    if is_left:
        click.echo("What Aside is at work on is deleted within minutes by the one that runs, or at the next start.")
    click.echo("What is in Slack and in backups made before is not touched.")


async def _uninstall(settings: Settings, found: Installation) -> None:
    """Tell Slack; that it cannot be told keeps nobody from deleting."""
    async with aiohttp.ClientSession(trust_env=True) as http:
        client = AsyncWebClient(token=found.bot_token, base_url=settings.slack_api_url, session=http)
        try:
            await client.apps_uninstall(
                client_id=settings.slack_client_id, client_secret=settings.slack_client_secret.get_secret_value()
            )
        except SlackApiError as error:
            click.echo(f"Slack did not uninstall it: {refusal(error)}. Remove the app in that workspace's settings.")
        except (aiohttp.ClientError, TimeoutError, OSError):
            click.echo("Slack could not be reached. Remove the app in that workspace's settings.")


def _settle(settings: Settings) -> float:
    """How long somebody may still be at work on what is deleted: nobody where we can be the only one."""
    try:
        if settings.casebook_url.startswith("sqlite:"):
            with only_one(settings.data):
                return 0.0
    except UserError:
        pass
    return leaving.SETTLE_SECONDS
