"""The wiring: every part is made here, once, and handed to those that need it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.crm import Crm
from bot.knowledge import Knowledge
from bot.learning import learn
from bot.only_one import only_one
from bot.playbook import Playbook
from bot.playbook_files import load_playbook
from bot.settings import Settings
from bot.signals import Detector
from bot.webhook import key_of
from handlers import (
    catch_up,
    closing,
    crm,
    deliver,
    digest,
    due,
    home,
    listeners,
    people,
    playbook_edits,
    renewals,
    retention,
    works,
)
from handlers.identity import check_socket_mode, identify
from handlers.services import Known, Services
from handlers.worker import run_lane
from storage import inbox, outbox
from storage import workspace as workspaces
from storage.directory import DirectorySource
from storage.engine import Casebook, open_casebook
from storage.inbox import Lane

MINUTE_SECONDS = 60.0
PERSON_WORKERS = 4
SLACK_TIMEOUT = aiohttp.ClientTimeout(total=15)
HOUR_SECONDS = 3_600.0

Learn = Callable[[Playbook, Settings, Callable[[str], None]], Detector]
Read = Callable[[Path], Playbook]

log = structlog.get_logger()


@asynccontextmanager
async def services(
    settings: Settings,
    clock: Callable[[], float] = time.time,
    learning: Learn = learn,
    reading: Read = load_playbook,
) -> AsyncIterator[Services]:
    """Everything a handler needs, closed again at the end.

    Args:
        learning: Makes a detector for a playbook.
        reading: Reads the playbook in a folder.

    Raises:
        UserError: when the playbook has a fault, the tokens do not fit or Slack cannot be reached.
    """
    token = settings.slack_bot_token.get_secret_value()
    playbook = reading(settings.playbook)
    async with aiohttp.ClientSession(trust_env=True, timeout=SLACK_TIMEOUT) as http:
        client = AsyncWebClient(token=token, base_url=settings.slack_api_url, session=http)
        identity = await identify(client)
        knowledge = Knowledge(playbook, await asyncio.to_thread(learning, playbook, settings, log.info))
        casebook = open_casebook(settings.casebook_url)
        try:
            yield Services(
                identity=identity,
                client=client,
                http=http,
                casebook=casebook,
                directories=DirectorySource(settings.directory_path),
                known=Known(knowledge),
                clock=clock,
                exports=settings.data / "exports",
            )
        finally:
            casebook.close()


def bolt_app(parts: Services, token: str) -> AsyncApp:
    """Bolt, with our listeners; nothing is acknowledged before it is written down."""

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=parts.identity.enterprise,
            team_id=parts.identity.workspace,
            bot_user_id=parts.identity.bot_user,
            bot_id=parts.identity.bot_id,
            bot_token=token,
        )

    client = AsyncWebClient(base_url=parts.client.base_url, session=parts.http)
    # Without a name Bolt reads the source of every caller to find one, which takes longer than all else it does here.
    app = AsyncApp(name="aside", client=client, authorize=authorize, process_before_response=True)
    listeners.register(app, parts)
    return app


def release_leases(casebook: Casebook) -> None:
    """At the start of the only worker: whatever a dead one held is free at once; of several, each waits."""
    if not casebook.is_embedded:
        return
    with casebook.begin() as connection:
        inbox.release_leases(connection)
        outbox.release_leases(connection)


async def run(
    settings: Settings,
    ready: Callable[[], None] | None = None,
    stop: asyncio.Event | None = None,
    learning: Learn = learn,
    reading: Read = load_playbook,
) -> None:
    """Serve Slack until told to stop.

    Args:
        ready: Called once Slack's events come in.
        stop: Ends it when set; cancelling ends it as well.
        learning: Makes a detector for a playbook; several bots in one process may share what was learnt.
        reading: Reads the playbook in a folder; what was read may be shared as well.
    """
    app_token = settings.slack_app_token.get_secret_value()
    with only_one(settings.data):
        written = playbook_edits.stamp(settings.playbook)
        async with services(settings, learning=learning, reading=reading) as parts:
            await check_socket_mode(parts.client, app_token)
            release_leases(parts.casebook)
            app = bolt_app(parts, settings.slack_bot_token.get_secret_value())
            handler = AsyncSocketModeHandler(app, app_token)
            try:
                await handler.connect_async()  # type: ignore[no-untyped-call] # Bolt leaves it untyped
                log.info("connected", workspace=parts.identity.workspace)
                heard_all = await catch_up.fill_in(parts)
                if heard_all:
                    catch_up.note_alive(parts)
                if ready:
                    ready()
                listening = _keep_listening(parts, handler, heard_all=heard_all)
                watching = playbook_edits.watch(
                    parts.known, settings.playbook, written, lambda edited: learning(edited, settings, log.info)
                )
                telling = [crm.run_crm(parts, each) for each in _crms(parts, settings)]
                await _work_until(stop or asyncio.Event(), parts, listening, watching, *telling)
            finally:
                await handler.close_async()  # type: ignore[no-untyped-call] # Bolt leaves it untyped


def _crms(parts: Services, settings: Settings) -> list[Crm]:
    """Who else hears of opportunities and exceptions."""
    key = key_of(settings.crm_webhook_secret.get_secret_value())
    return [crm.Webhook(parts, settings.crm_webhook_url, key)] if settings.crm_webhook_url and key else []


async def _work_until(stop: asyncio.Event, parts: Services, *others: Coroutine[None, None, None]) -> None:
    """Run the workers; when one of them dies, so do we, and whoever supervises us starts us anew."""
    tasks = [
        *(asyncio.create_task(run_lane(parts, Lane.PERSON, works.PERSON)) for _ in range(PERSON_WORKERS)),
        asyncio.create_task(run_lane(parts, Lane.STREAM, works.STREAM)),
        asyncio.create_task(deliver.run_outbox(parts)),
        asyncio.create_task(due.run_due(parts)),
        asyncio.create_task(home.keep_fresh(parts)),
        asyncio.create_task(_every_hour(parts)),
        asyncio.create_task(_count_holdings(parts)),
        *map(asyncio.create_task, others),
    ]
    stopping = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
        for task in done - {stopping}:
            task.result()
    finally:
        for task in (*tasks, stopping):
            task.cancel()
        await asyncio.gather(*tasks, stopping, return_exceptions=True)


async def _keep_listening(parts: Services, handler: AsyncSocketModeHandler, *, heard_all: bool) -> None:
    """Note each minute that we hear Slack; after a gap, first read what was said meanwhile."""
    while True:
        await asyncio.sleep(MINUTE_SECONDS)
        heard_all = await handler.client.is_connected() and (heard_all or await catch_up.fill_in(parts))
        if heard_all:
            catch_up.note_alive(parts)


async def _count_holdings(parts: Services) -> None:
    """Count what customers hold together in each new directory, in a thread; until then nothing is said of it."""
    while True:
        directory = parts.directory()
        if directory and directory.counted_holdings is None:
            try:
                await asyncio.to_thread(directory.holdings)
            except Exception:
                log.exception("holdings_not_counted")  # a pitch says less; nothing else depends on it
        await asyncio.sleep(MINUTE_SECONDS)


async def _every_hour(parts: Services) -> None:
    """Ask who is in the user groups, close the cases that have gone quiet, remove what is too old."""
    while True:
        with parts.casebook.begin() as connection:
            setup = workspaces.setup(connection, parts.identity.workspace)
        await people.refresh_groups(parts, setup.groups)
        await closing.close_quiet(parts)
        await retention.remove_old_words(parts)
        await digest.tell(parts)
        await renewals.look_ahead(parts.for_one_task())
        await asyncio.sleep(HOUR_SECONDS)
