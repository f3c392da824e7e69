"""What goes out at once: nobody waits for another's slow Slack; what Slack refuses for a while is not lost."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import text
from structlog.testing import capture_logs

from bot import app
from bot.enduring import enduring
from bot.pacing import ASKED
from bot.settings import Settings
from bot.setup import Setup, SupportChannel
from bot.transport import Heard
from bot.working import heard_by_all, not_filled_in
from handlers.identity import Identity
from handlers.outgoing import MOST_AT_ONCE, UnderWay, run_outbox
from handlers.services import Known, Services, Wake
from handlers.workspaces import Installed, Workspaces
from storage import outbox, turns
from storage import workspace as kept
from storage.engine import Casebook, open_casebook
from storage.outbox import SendKind
from storage.schema import outbox as rows
from tests.flow.conftest import AGENT, APPROVALS, WORKSPACE, learn_once, read_once
from tests.fresh import url_at
from tests.sandbox.stage import Stage

NOTHING = cast("Any", None)
ONE, OTHER = "T1", "T2"


@dataclass
class Slack:
    """A Slack of two workspaces that answers as it is told to.

    Attributes:
        hangs: Workspaces whose calls wait until `goes_on`.
        refuses: For how many seconds it refuses to hear of a method in a workspace, while it does.
        calls: What it was called for.
    """

    hangs: set[str] = field(default_factory=set)
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)
    refuses: dict[tuple[str, str], int] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        """One call; the token names its workspace."""
        workspace, method = (
            request.headers.get("Authorization", "").removeprefix("Bearer xoxb-"),
            request.match_info["method"],
        )
        self.calls.append((workspace, method))
        if workspace in self.hangs:
            await self.goes_on.wait()
        if seconds := self.refuses.get((workspace, method)):
            return web.json_response(
                {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": f"{seconds}"}
            )
        return web.json_response({"ok": True, "ts": f"{time.time():.6f}", "channel": {"id": "D1"}})


@dataclass
class Post:
    """The outbox of two workspaces, and whoever sends."""

    slack: Slack
    casebook: Casebook
    workspaces: Workspaces

    def put(self, workspace: str, key: str, kind: SendKind = SendKind.HOME, **target: str | bool) -> None:
        """Something to send."""
        body = {"view": {"type": "home", "blocks": []}} if kind is SendKind.HOME else {"text": key}
        with self.casebook.begin() as connection:
            outbox.put(
                connection,
                workspace=workspace,
                key=key,
                kind=kind,
                target={"user": key, "for_anyone": True, **target},
                body=body,
                now=time.time(),
            )
        self.workspaces.wake.outbox.set()

    def states(self, workspace: str) -> Counter[str]:
        """How many rows stand how."""
        with self.casebook.look() as connection:
            found = connection.execute(rows.select().where(rows.c.workspace == workspace)).all()
        return Counter(row.state for row in found)

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for it."""
        async with asyncio.timeout(20):
            while not is_so():  # noqa: ASYNC110 - a casebook has no event of its own
                await asyncio.sleep(0.01)

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[asyncio.Task[None]]:
        """Somebody sends meanwhile."""
        task = asyncio.create_task(run_outbox(self.workspaces))
        try:
            yield task
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@pytest.fixture
def casebook(tmp_path: Path) -> Iterator[Casebook]:
    """A new one."""
    with closing(open_casebook(url_at(tmp_path / "casebook.db"))) as opened:
        yield opened


@pytest.fixture
async def post(casebook: Casebook) -> AsyncIterator[Post]:
    """Two workspaces on one casebook, with a Slack of their own on a real port."""
    slack = Slack()
    answering = web.Application()
    answering.add_routes([web.route("*", "/api/{method}", slack.answer)])
    runner = web.AppRunner(answering, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    async with aiohttp.ClientSession() as http:

        def parts(installed: Installed, known: Known) -> Services:
            client = AsyncWebClient(token=installed.token, base_url=url, session=http)
            return Services(installed.identity, client, http, casebook, NOTHING, known, time.time, wake=wake)

        async def learnt(_: Path) -> Known:
            return Known(NOTHING)

        wake = Wake()
        who = [Installed(Identity(each, None, "U0ASIDE", "B0ASIDE"), f"xoxb-{each}") for each in (ONE, OTHER)]
        workspaces = Workspaces(
            casebook=casebook,
            clock=time.time,
            wake=wake,
            read=lambda _: who,
            open_parts=parts,
            learnt=learnt,
            playbook_of=lambda _: Path("packaged"),
            is_lone=False,
        )
        await workspaces.refresh()
        yield Post(slack, casebook, workspaces)
        slack.goes_on.set()
    await runner.cleanup()


async def test_a_slow_slack_of_one_workspace_keeps_no_other_waiting(post: Post) -> None:
    """So many of its calls wait as are let go at once; whoever else has something to say is heard."""
    post.slack.hangs = {ONE}
    for number in range(MOST_AT_ONCE + 3):
        post.put(ONE, f"U{number}")
        post.put(OTHER, f"U{number}")
    async with post.sending():
        await post.until(lambda: post.states(OTHER) == {"sent": MOST_AT_ONCE + 3})
        assert post.states(ONE) == {"sending": MOST_AT_ONCE, "due": 3}
        post.slack.goes_on.set()
        await post.until(lambda: post.states(ONE) == {"sent": MOST_AT_ONCE + 3})


async def test_a_slow_slack_of_one_workspace_keeps_no_others_history_from_being_read(post: Post) -> None:
    """After a gap it is noted of each by itself until when all was heard."""
    with post.casebook.begin() as connection:
        kept.save_alive_at(connection, ONE, time.time() - 3_600)
        support = Setup(support=(SupportChannel(channel="C1"),))
        kept.save_setup(connection, ONE, support, actor="U1", now=time.time())

    def other_is_noted() -> bool:
        with post.casebook.look() as connection:
            return kept.alive_at(connection, OTHER) is not None

    post.slack.hangs = {ONE}
    listening = asyncio.create_task(heard_by_all(post.workspaces, Heard.AFTER_A_GAP, set()))
    await post.until(other_is_noted)
    await post.until(lambda: post.slack.calls == [(ONE, "auth.test")])
    assert not listening.done()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_nobody_waits_at_the_start_for_a_slack_that_lets_us_read_no_history(post: Post) -> None:
    """What is heard now is worked on beside it, and the rest of what was missed is read once we work."""
    with post.casebook.begin() as connection:
        for each in (ONE, OTHER):
            kept.save_alive_at(connection, each, time.time() - 3_600)
        support = Setup(support=(SupportChannel(channel="C1"),))
        kept.save_setup(connection, ONE, support, actor="U1", now=time.time())
    post.slack.refuses = {(ONE, "conversations.history"): 600}
    assert await not_filled_in(post.workspaces, patience=0.2) == {ONE}
    with post.casebook.look() as connection:
        noted = {each: (kept.alive_at(connection, each) or 0.0) > time.time() - 60 for each in (ONE, OTHER)}
    assert noted == {ONE: False, OTHER: True}


async def test_a_hanging_call_holds_up_nothing_of_another_kind(post: Post) -> None:
    """Views that Slack does not take keep no answer from whoever clicked."""
    post.slack.hangs = {ONE}
    for number in range(MOST_AT_ONCE + 1):
        post.put(ONE, f"U{number}")
    async with post.sending():
        await post.until(lambda: post.states(ONE)["sending"] == MOST_AT_ONCE)
        post.put(ONE, "clicked", SendKind.REPLY, response_url=f"{post.workspaces.all()[0].client.base_url}response")
        await post.until(lambda: ("", "response") in post.slack.calls)


async def test_what_slack_refuses_for_a_while_rests_in_that_workspace_and_is_not_lost(post: Post) -> None:
    """Nobody calls that method there until Slack lets us again; another workspace's goes on."""
    post.slack.refuses = {(ONE, "views.publish"): 1}
    for number in range(MOST_AT_ONCE + 1):
        post.put(ONE, f"U{number}")
    post.put(OTHER, "U1")
    async with post.sending():
        await post.until(lambda: post.states(OTHER) == {"sent": 1} and post.states(ONE) == {"due": MOST_AT_ONCE + 1})
        assert post.slack.calls.count((ONE, "views.publish")) <= MOST_AT_ONCE
        post.slack.refuses = {}
        await post.until(lambda: post.states(ONE) == {"sent": MOST_AT_ONCE + 1})
    with post.casebook.look() as connection:
        assert {row.attempts for row in connection.execute(rows.select())} == {1}


async def test_however_much_is_begun_at_once_everybody_else_has_their_turn_between(post: Post) -> None:
    """Each thing waits for the disk before it goes; Slack waits three seconds for its "ok", and not for all of them."""
    post.slack.hangs = {ONE, OTHER}
    for number in range(MOST_AT_ONCE):
        post.put(ONE, f"U{number}")
        post.put(OTHER, f"U{number}")
    begun: set[int] = set()
    async with post.sending():
        while 2 * MOST_AT_ONCE not in begun:
            begun.add(post.states(ONE)["sending"] + post.states(OTHER)["sending"])
            await asyncio.sleep(0)
    assert len(begun) > MOST_AT_ONCE


async def test_a_database_that_fails_for_a_moment_breaks_off_nothing_that_is_being_said(post: Post) -> None:
    """What is sent at most once would count as perhaps shown, and nobody would know whether it was."""
    post.slack.hangs = {""}
    url = f"{post.workspaces.all()[0].client.base_url}response"
    under_way: UnderWay = {}
    begin = partial(run_outbox, post.workspaces, under_way)
    sender = asyncio.create_task(enduring(begin, "outbox", pauses=(0.05,)))
    try:
        post.put(ONE, "clicked", SendKind.REPLY, response_url=url)
        await post.until(lambda: post.slack.calls != [])
        (sending,) = under_way
        with post.casebook.begin() as connection:
            connection.execute(text("ALTER TABLE outbox RENAME TO elsewhere"))
        post.workspaces.wake.outbox.set()
        with capture_logs() as told:
            await post.until(lambda: "begun_anew" in [each["event"] for each in told])
        with post.casebook.begin() as connection:
            connection.execute(text("ALTER TABLE elsewhere RENAME TO outbox"))
        assert not sending.done()
        post.slack.goes_on.set()
        await post.until(lambda: post.states(ONE) == {"sent": 1})
    finally:
        for task in (sender, *under_way):
            task.cancel()
        await asyncio.gather(sender, *under_way, return_exceptions=True)


async def test_what_is_being_sent_is_not_begun_again_when_the_machine_was_asleep(post: Post) -> None:
    """Awake again its clock is past the lease, and what was on its way still is: it goes once."""
    post.slack.hangs = {ONE}
    post.put(ONE, "U1")
    async with post.sending():
        await post.until(lambda: post.slack.calls != [])
        post.workspaces.clock = lambda: time.time() + 2 * outbox.LEASE_SECONDS
        post.put(OTHER, "U1")
        await post.until(lambda: post.states(OTHER) == {"sent": 1})
        post.slack.goes_on.set()
        await post.until(lambda: post.states(ONE) == {"sent": 1})
    assert post.slack.calls.count((ONE, "views.publish")) == 1


async def test_told_to_stop_it_sends_what_is_due_and_ends(post: Post) -> None:
    """All of it, also what did not go at once."""
    for number in range(2 * MOST_AT_ONCE):
        post.put(ONE, f"U{number}")
    post.workspaces.wake.end_sending()
    async with asyncio.timeout(20):
        await run_outbox(post.workspaces)
    assert post.states(ONE) == {"sent": 2 * MOST_AT_ONCE}


async def test_stopped_in_the_middle_whoever_is_next_takes_it_at_once(post: Post) -> None:
    """What was under way comes as interrupted, without waiting for a lease."""
    post.slack.hangs = {ONE}
    post.put(ONE, "U1")
    async with post.sending():
        await post.until(lambda: post.slack.calls != [])
    with post.casebook.begin() as connection:
        again = turns.claim(connection, ONE, now=time.time())
    assert again
    assert again.interrupted


async def test_a_strict_slack_finds_nothing_to_refuse(stage: Stage, settings: Settings) -> None:
    """Cards in a channel go out a second apart, and whispers as many at once as Slack takes: no call meets a limit."""
    stage.sandbox.workspace.state.world.settings.rate_limits = True
    async with app.wired(settings, learning=learn_once, reading=read_once) as parts:
        services, casebook = parts.lone, parts.lone.casebook
        with casebook.begin() as connection:
            for number in range(3):
                outbox.put(
                    connection,
                    workspace=WORKSPACE,
                    key=f"card{number}",
                    kind=SendKind.MESSAGE,
                    target={"channel": APPROVALS},
                    body={"text": f"card {number}"},
                    now=services.clock(),
                )
                outbox.put(
                    connection,
                    workspace=WORKSPACE,
                    key=f"whisper{number}",
                    kind=SendKind.EPHEMERAL,
                    target={"channel": "C0SUPPORT", "user": AGENT},
                    body={"text": f"whisper {number}"},
                    now=services.clock(),
                    importance=ASKED,
                )
        services.wake.end_sending()
        async with asyncio.timeout(20):
            await run_outbox(parts.workspaces)
    calls = [each for each in stage.sandbox.workspace.log.since(0) if each["dir"] == "call"]
    assert [each["error"] for each in calls if not each["ok"]] == []
    said = defaultdict(list)
    for each in calls:
        said[each["name"]].append(each["body"].get("text"))
    assert said["chat.postMessage"] == ["card 0", "card 1", "card 2"]
    assert said["chat.postEphemeral"] == ["whisper 0", "whisper 1", "whisper 2"]
