"""The wiring: every part is made here, once, and handed to those that need it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.crm import Crm
from bot.knowledge import Knowledge
from bot.learning import learn
from bot.only_one import only_one
from bot.playbook import Playbook
from bot.playbook_files import load_playbook
from bot.serving import HttpMode, Requests, Server
from bot.settings import Settings
from bot.signals import Detector
from bot.socket_mode import SocketMode
from bot.transport import Transport
from bot.webhook import key_of
from bot.working import work_until
from handlers import catch_up, crm, listeners, playbook_edits
from handlers.identity import check_socket_mode, identify
from handlers.ready import Ready
from handlers.services import Known, Services
from storage import inbox, outbox
from storage.directory import DirectorySource
from storage.engine import Casebook, is_file, open_casebook

SLACK_TIMEOUT = aiohttp.ClientTimeout(total=15)

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


def bolt_app(parts: Services, token: str, signing_secret: str = "") -> AsyncApp:
    """Bolt, with our listeners; nothing is acknowledged before it is written down.

    Args:
        signing_secret: Checked by Bolt as well, when it is handed requests; Socket Mode has none.
    """

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
    app = AsyncApp(
        name="aside",
        client=client,
        authorize=authorize,
        signing_secret=signing_secret,
        process_before_response=True,
    )
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
        stop: Ends it when set, and what was begun is finished; cancelling ends it at once.
        learning: Makes a detector for a playbook; several bots in one process may share what was learnt.
        reading: Reads the playbook in a folder; what was read may be shared as well.
    """
    speaks_http = settings.speaks_http
    async with AsyncExitStack() as stack:
        if is_file(settings.casebook_url):
            stack.enter_context(only_one(settings.data))
        written = playbook_edits.stamp(settings.playbook)
        server = Server(settings.http_host, settings.port)
        if settings.serves:
            stack.push_async_callback(server.stop)
            await server.start()
        parts = await stack.enter_async_context(services(settings, learning=learning, reading=reading))
        signing_secret = settings.slack_signing_secret.get_secret_value()
        app = bolt_app(parts, settings.slack_bot_token.get_secret_value(), signing_secret)
        transport: Transport
        if speaks_http:
            requests = Requests(app, signing_secret, parts.clock)
            transport = HttpMode(server, requests)
        else:
            app_token = settings.slack_app_token.get_secret_value()
            await check_socket_mode(parts.client, app_token)
            transport = SocketMode(app, app_token, settings.slack_connections)
        release_leases(parts.casebook)
        stack.push_async_callback(transport.stop)
        await transport.start()
        log.info("listening", workspace=parts.identity.workspace, http=server.address if settings.serves else None)
        heard_all = await catch_up.fill_in(parts)
        if heard_all:
            catch_up.note_alive(parts)
        server.checks = Ready(parts).checks
        if ready:
            ready()
        watching = playbook_edits.watch(
            parts.known, settings.playbook, written, lambda edited: learning(edited, settings, log.info)
        )
        telling = [crm.run_crm(parts, each) for each in _crms(parts, settings)]
        await work_until(stop or asyncio.Event(), parts, transport, watching, *telling, heard_all=heard_all)


def _crms(parts: Services, settings: Settings) -> list[Crm]:
    """Who else hears of opportunities and exceptions."""
    key = key_of(settings.crm_webhook_secret.get_secret_value())
    return [crm.Webhook(parts, settings.crm_webhook_url, key)] if settings.crm_webhook_url and key else []
