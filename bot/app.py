"""The wiring: every part is made here, once, and handed to those that need it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.request import getproxies

import aiohttp
import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import UserError
from bot.install_page import not_served
from bot.learning import learn
from bot.many import Many
from bot.metrics import Metrics
from bot.only_one import only_one
from bot.playbook import Playbook
from bot.playbook_files import load_playbook
from bot.refusals import Met, Reason, Refusals
from bot.serving import HttpMode, Requests, Server
from bot.settings import Settings
from bot.signals import Detector
from bot.socket_mode import SocketMode
from bot.transport import Transport
from bot.webhook import key_of
from bot.working import not_filled_in, work_until
from handlers import crm, listeners
from handlers.calls import CountedClient
from handlers.identity import check_socket_mode, identify
from handlers.playbook_edits import Playbooks
from handlers.ready import Ready
from handlers.services import Known, Services, Wake
from handlers.standing import Standings
from handlers.tokens import RenewingClient
from handlers.workspaces import Installed, Workspaces
from storage import gauges, inbox, installations, outbox
from storage import workspace as kept
from storage.directory import DirectorySource
from storage.engine import Casebook, is_file, open_casebook
from storage.sealing import Seal

SLACK_TIMEOUT = aiohttp.ClientTimeout(total=15)

Learn = Callable[[Playbook, Settings, Callable[[str], None]], Detector]
Read = Callable[[Path], Playbook]

log = structlog.get_logger()


@dataclass(frozen=True)
class Wired:
    """The parts that there are once in a process.

    Attributes:
        client: Without a token: of no workspace.
        many: What there is besides where workspaces install us; None where there is a lone one.
    """

    workspaces: Workspaces
    playbooks: Playbooks
    client: AsyncWebClient
    many: Many | None = None

    @property
    def lone(self) -> Services:
        """The parts of the only workspace."""
        (only,) = self.workspaces.all()
        return only


@asynccontextmanager
async def wired(
    settings: Settings,
    clock: Callable[[], float] = time.time,
    learning: Learn = learn,
    reading: Read = load_playbook,
    metrics: Metrics | None = None,
) -> AsyncIterator[Wired]:
    """Everything handlers need, for each workspace, closed again at the end.

    Args:
        metrics: Counts what happens.
        learning: Makes a detector for a playbook.
        reading: Reads the playbook in a folder.

    Raises:
        UserError: when the playbook has a fault, the tokens do not fit or Slack cannot be reached.
    """
    counts = metrics or Metrics()

    def learnt(playbook: Playbook) -> Detector:
        with counts.learning():
            return learning(playbook, settings, log.info)

    playbooks = Playbooks(reading, learnt, settings.named)
    seal = Seal(settings.token_key.get_secret_value()) if settings.installs else None
    # Where there is no proxy nobody looks for one: aiohttp does so in a thread, twice a call, for longer than all else.
    # How much waits for Slack at once is bounded for each workspace where it is sent, and not for all of them here.
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(trust_env=bool(getproxies()), timeout=SLACK_TIMEOUT, connector=connector) as http:
        client = CountedClient(counts, base_url=settings.slack_api_url, session=http)
        lone = None if seal else await _lone(settings, http)
        await playbooks.known(settings.playbook)
        wake = Wake()
        casebook = open_casebook(settings.casebook_url)
        gauges.tell_of_errors(casebook, counts.database_error)
        many = Many.of(settings, casebook, seal, clock, client) if seal else None

        def own(workspace: str) -> Settings:
            return settings.of(workspace) if many else settings

        def client_of(installed: Installed) -> AsyncWebClient:
            options = {"token": installed.token, "base_url": settings.slack_api_url, "session": http}
            if many is None:
                return CountedClient(counts, **options)
            return RenewingClient(partial(many.tokens.renewed, installed.workspace), counts, **options)

        def parts_of(installed: Installed, known: Known) -> Services:
            return Services(
                identity=installed.identity,
                client=client_of(installed),
                http=http,
                casebook=casebook,
                directories=DirectorySource(own(installed.workspace).directory_path),
                known=known,
                clock=clock,
                exports=own(installed.workspace).exports,
                wake=wake.of_another(),
                metrics=counts,
            )

        workspaces = Workspaces(
            casebook=casebook,
            clock=clock,
            wake=wake,
            read=lambda _: many.tokens.installed() if many else [lone] if lone else [],
            open_parts=parts_of,
            learnt=playbooks.known,
            playbook_of=lambda workspace: own(workspace).playbook,
            is_lone=lone is not None,
            forget=lambda folder: None if folder == settings.playbook else playbooks.forget(folder),
            metrics=counts,
        )
        try:
            await workspaces.refresh()
            yield Wired(workspaces, playbooks, client, many)
        finally:
            casebook.close()


async def _lone(settings: Settings, http: aiohttp.ClientSession) -> Installed:
    """The only workspace, of whose token Slack is asked."""
    token = settings.slack_bot_token.get_secret_value()
    return Installed(await identify(AsyncWebClient(token=token, base_url=settings.slack_api_url, session=http)), token)


def bolt_app(parts: Wired, signing_secret: str = "") -> AsyncApp:
    """Bolt, with our listeners; nothing is acknowledged before it is written down.

    Args:
        signing_secret: Checked by Bolt as well, when it is handed requests; Socket Mode has none.
    """
    # Without a name Bolt reads the source of every caller to find one, which takes longer than all else it does here.
    app = AsyncApp(
        name="aside",
        client=parts.client,
        authorize=listeners.Authorized(parts.workspaces),  # type: ignore[arg-type] # which Bolt takes as it is
        signing_secret=signing_secret,
        process_before_response=True,
        user_facing_authorize_error_message=not_served(),
    )
    listeners.register(app, parts.workspaces)
    return app


def release_leases(casebook: Casebook) -> None:
    """At the start of the only worker: whatever a dead one held is free at once; of several, each waits."""
    if not casebook.is_embedded:
        return
    with casebook.begin() as connection:
        inbox.release_leases(connection)
        outbox.release_leases(connection)
        installations.release_leases(connection)


async def run(
    settings: Settings,
    ready: Callable[[], None] | None = None,
    stop: asyncio.Event | None = None,
    learning: Learn = learn,
    reading: Read = load_playbook,
    metrics: Metrics | None = None,
) -> None:
    """Serve Slack until told to stop.

    Args:
        ready: Called once Slack's events come in.
        stop: Ends it when set, and what was begun is finished; cancelling ends it at once.
        learning: Makes a detector for a playbook; several bots in one process may share what was learnt.
        reading: Reads the playbook in a folder; what was read may be shared as well.
        metrics: Counts what happens.

    Raises:
        UserError: when settings do not go together, or as `wired` does.
    """
    if settings.installs and settings.workspace:  # whose own playbook would be that of whoever has none
        raise UserError(
            f"aside run serves every workspace that installed Aside, not {settings.workspace} alone.",
            "Leave out ASIDE_WORKSPACE and --workspace; they are for the other commands.",
        )
    counts = metrics or Metrics()
    speaks_http = settings.speaks_http
    async with AsyncExitStack() as stack:
        if is_file(settings.casebook_url):
            stack.enter_context(only_one(settings.data))
        server = Server(settings.http_host, settings.port, counts)
        if settings.serves:
            stack.push_async_callback(server.stop)
            await server.start()
        parts = await stack.enter_async_context(wired(settings, learning=learning, reading=reading, metrics=counts))
        signing_secret = settings.slack_signing_secret.get_secret_value()
        app = bolt_app(parts, signing_secret)
        transport: Transport
        if speaks_http:
            refusals = refusals_of(parts.workspaces, counts)
            transport = HttpMode(server, Requests(app, signing_secret, parts.workspaces.clock, refusals))
            counts.hears_over("http", Reason)
        else:
            app_token = settings.slack_app_token.get_secret_value()
            await check_socket_mode(parts.client, app_token)
            transport = SocketMode(app, app_token, settings.slack_connections)
            counts.hears_over("socket_mode")
        release_leases(parts.workspaces.casebook)
        if parts.many:
            server.installing = parts.many.installing
        stack.push_async_callback(transport.stop)
        await transport.start()
        served = [each.identity.workspace for each in parts.workspaces.all()]
        log.info("listening", workspaces=served, http=server.address if settings.serves else None)
        unread = await not_filled_in(parts.workspaces)
        server.checks = Ready(parts.workspaces, parts.many.tokens.check if parts.many else None).checks
        server.standing = Standings(parts.workspaces).now
        if ready:
            ready()
        await work_until(
            stop or asyncio.Event(),
            parts.workspaces,
            transport,
            parts.playbooks.watch(),
            *(parts.many.work(parts.workspaces) if parts.many else ()),
            also=lambda each: _telling(each, settings),
            unread=unread,
        )


def refusals_of(workspaces: Workspaces, counts: Metrics) -> Refusals:
    """What is taken and refused is noted from now on; an earlier process may have had another secret."""

    def save(met: Met, at: float | None) -> None:
        with workspaces.casebook.begin() as connection:
            kept.save_met_at(connection, met, at)

    for met in Met:
        save(met, None)
    return Refusals(workspaces.clock, counts, save)


def _telling(parts: Services, settings: Settings) -> list[Coroutine[None, None, None]]:
    """Telling who else hears of opportunities and exceptions."""
    key = key_of(settings.crm_webhook_secret.get_secret_value())
    return (
        [crm.run_crm(parts, crm.Webhook(parts, settings.crm_webhook_url, key))]
        if settings.crm_webhook_url and key
        else []
    )
