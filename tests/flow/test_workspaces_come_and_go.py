"""One process serves many workspaces, which come and go while it runs."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import select
from structlog.testing import capture_logs

from bot import app
from bot.errors import UserError
from bot.settings import Settings
from handlers import due
from handlers.identity import Identity
from handlers.leaving import Leaving, delete_folder
from handlers.services import Known, Services, Wake
from handlers.worker import Task, run_lane
from handlers.workspaces import Installed, Workspaces
from storage import inbox, installations
from storage.engine import Casebook, open_casebook
from storage.inbox import Lane
from storage.leaving import SETTLE_SECONDS
from storage.schema import inbox as entries
from storage.sealing import Seal
from tests.casebook.test_installations import made
from tests.fresh import url_at

NOTHING = cast("Any", None)


def let_in(workspace: str, token: str = "xoxb-1") -> Installed:  # noqa: S107 - of no Slack
    """A workspace that lets us in."""
    return Installed(Identity(workspace=workspace, enterprise=None, bot_user="U0ASIDE", bot_id="B0ASIDE"), token)


@dataclass
class Town:
    """Workspaces, who lets us in, which playbook each has, and which of these have a fault."""

    casebook: Casebook
    letting_in: list[Installed] = field(default_factory=list)
    playbooks: dict[str, Path] = field(default_factory=dict)
    faulty: set[Path] = field(default_factory=set)
    is_lone: bool = False
    forgotten: list[Path] = field(default_factory=list)
    while_learning: Callable[[], None] = lambda: None

    def workspaces(self) -> Workspaces:
        """As the wiring makes them."""
        known = {folder: Known(NOTHING) for folder in (Path("packaged"), *self.playbooks.values())}

        async def learnt(folder: Path) -> Known:
            self.while_learning()
            if folder in self.faulty:
                raise UserError("plays.yaml has a fault.", "Mend it.")
            return known.setdefault(folder, Known(NOTHING))

        return Workspaces(
            casebook=self.casebook,
            clock=time.time,
            wake=Wake(),
            read=lambda _: self.letting_in,
            open_parts=self._parts,
            learnt=learnt,
            playbook_of=lambda workspace: self.playbooks.get(workspace, Path("packaged")),
            is_lone=self.is_lone,
            forget=self.forgotten.append,
        )

    def _parts(self, installed: Installed, known: Known) -> Services:
        return Services(
            identity=installed.identity,
            client=AsyncWebClient(token=installed.token),
            http=NOTHING,
            casebook=self.casebook,
            directories=NOTHING,
            known=known,
            clock=time.time,
        )


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """Nobody lets us in yet."""
    with closing(open_casebook(url_at(tmp_path / "casebook.db"))) as casebook:
        yield Town(casebook)


def say(town: Town, workspace: str, key: str = "Ev1") -> None:
    """Something was heard there and written down."""
    inbox.put_at_once(
        town.casebook, workspace=workspace, key=key, lane=Lane.STREAM, kind="message", payload={}, now=time.time()
    )


async def test_what_is_heard_for_a_workspace_that_came_a_moment_ago_is_heard(town: Town) -> None:
    """Another process may have helped it in; nobody waits for our next look."""
    workspaces = town.workspaces()
    await workspaces.refresh()
    assert workspaces.heard_for("T1") is None
    town.letting_in.append(let_in("T1"))
    assert workspaces.heard_for("T1") == let_in("T1")
    assert workspaces.heard_for("T2") is None
    assert workspaces.heard_for(None) is None


async def test_a_lone_workspace_hears_whatever_slack_sends_us(town: Town) -> None:
    """Of a channel shared with others Slack may name the others' workspace; the app is installed in ours alone."""
    town.is_lone = True
    town.letting_in.append(let_in("T1"))
    workspaces = town.workspaces()
    await workspaces.refresh()
    assert workspaces.heard_for("T0THEIRS") == let_in("T1")
    assert workspaces.of("T0THEIRS") is None


async def test_a_new_token_and_new_scopes_are_used_at_the_next_look(town: Town) -> None:
    """Whoever renewed the token, this process or another, all go on with it; what a person does meanwhile is kept."""
    town.letting_in = [let_in("T1")]
    workspaces = town.workspaces()
    await workspaces.refresh()
    (before,) = workspaces.all()
    renewed = let_in("T1", "xoxb-2")
    town.letting_in = [replace(renewed, identity=replace(renewed.identity, scopes=frozenset({"files:read"})))]
    await workspaces.refresh()
    (after,) = workspaces.all()
    assert before.client.token == after.client.token == "xoxb-2"
    assert after.identity.scopes == {"files:read"}
    assert after.homes is before.homes


async def test_who_goes_while_their_playbook_is_learnt_is_not_served(town: Town) -> None:
    """It takes minutes; whoever came with them is served all the same."""
    town.letting_in = [let_in("T1"), let_in("T2")]
    workspaces = town.workspaces()

    def leave() -> None:
        town.letting_in = [let_in("T2")]
        workspaces.look()

    town.while_learning = leave
    await workspaces.refresh()
    assert [each.identity.workspace for each in workspaces.all()] == ["T2"]


async def test_who_is_gone_is_served_no_more(town: Town) -> None:
    """Nothing is heard for them, and nobody works for them."""
    town.letting_in = [let_in("T1"), let_in("T2")]
    workspaces = town.workspaces()
    await workspaces.refresh()
    del town.letting_in[0]
    await workspaces.refresh()
    assert workspaces.heard_for("T1") is None
    assert workspaces.of("T1") is None
    assert [each.identity.workspace for each in workspaces.all()] == ["T2"]


async def test_of_who_comes_while_we_run_it_is_read_what_was_said_before(town: Town) -> None:
    """Somebody whose token was revoked is back: Slack told us nothing meanwhile. At the start all is read anyway."""
    town.letting_in = [let_in("T1")]
    workspaces = town.workspaces()
    await workspaces.refresh()
    assert workspaces.unwritten == set()
    town.letting_in = [let_in("T2")]
    await workspaces.refresh()
    assert workspaces.unwritten == {"T2"}
    workspaces.unwritten.clear()
    town.letting_in = [let_in("T1"), let_in("T2")]
    town.playbooks = {"T2": Path("T2")}
    await workspaces.refresh()
    assert workspaces.unwritten == {"T1"}, "T2 only goes by another playbook"


async def test_a_folder_that_cannot_be_deleted_keeps_nothing_of_another_workspace(town: Town, tmp_path: Path) -> None:
    """Whoever leaves after it, and comes after it in the list, is deleted all the same; it is tried again itself."""
    seal, long_ago = Seal(Fernet.generate_key().decode()), time.time() - 2 * SETTLE_SECONDS
    with town.casebook.begin() as connection:
        for each in ("T1", "T2"):
            installations.save(connection, seal, replace(made(each), installed_at=long_ago))
            installations.leaves(connection, each, at=long_ago, now=long_ago)
    stuck = {"T1"}

    def folder_of(workspace: str) -> Path:
        if workspace in stuck:
            raise PermissionError(workspace)
        return tmp_path / workspace

    looks = Leaving(town.workspaces(), folder_of)
    await looks.look()
    assert kept_of(town) == ["T1"]
    stuck.clear()
    await looks.look()
    assert kept_of(town) == []


def test_a_folder_that_was_moved_to_another_disk_is_deleted_where_it_is(tmp_path: Path) -> None:
    """Behind a link stand the same customers; whoever left is told that all of it goes."""
    disk, home = tmp_path / "disk" / "T1", tmp_path / "workspaces" / "T1"
    (disk / "exports").mkdir(parents=True)
    (disk / "exports" / "case.html").write_text("words")
    home.parent.mkdir()
    home.symlink_to(disk)
    delete_folder(home)
    assert (disk.exists(), home.is_symlink()) == (False, False)
    delete_folder(home)


def kept_of(town: Town) -> list[str]:
    """The workspaces of which there is an installation."""
    with town.casebook.look() as connection:
        return [each for each in ("T1", "T2") if installations.get(connection, each)]


async def test_each_workspace_goes_by_its_own_playbook_and_changes_to_it_when_there_is_one(town: Town) -> None:
    """Without one of its own it goes by the packaged one, the same for all that have none."""
    town.letting_in = [let_in("T1"), let_in("T2"), let_in("T3")]
    town.playbooks = {"T2": Path("T2")}
    workspaces = town.workspaces()
    await workspaces.refresh()
    first, second, third = workspaces.all()
    assert first.known is third.known is not second.known
    town.playbooks["T3"] = Path("T3")
    await workspaces.refresh()
    again = workspaces.of("T3")
    assert again is not None
    assert again.known is not third.known
    assert workspaces.of("T1") is first


async def test_a_playbook_by_which_nobody_goes_any_more_is_forgotten(town: Town) -> None:
    """Of whoever left, and of whoever goes by another; not while somebody else goes by the same."""
    town.letting_in = [let_in("T1"), let_in("T2"), let_in("T3")]
    town.playbooks = {"T2": Path("T2"), "T3": Path("T3")}
    workspaces = town.workspaces()
    await workspaces.refresh()
    town.letting_in.pop(1)
    await workspaces.refresh()
    assert town.forgotten == [Path("T2")]
    town.playbooks.clear()
    await workspaces.refresh()
    assert town.forgotten == [Path("T2"), Path("T3")]
    town.letting_in.pop()
    await workspaces.refresh()
    assert town.forgotten == [Path("T2"), Path("T3")], "T1 still goes by the packaged one"


async def test_a_fault_in_ones_own_playbook_keeps_the_others_from_nothing(town: Town) -> None:
    """That workspace waits, and nobody coaches it by somebody else's limits; once mended it is served."""
    town.letting_in = [let_in("T1"), let_in("T2")]
    town.playbooks = {"T1": Path("T1")}
    town.faulty = {Path("T1")}
    workspaces = town.workspaces()
    await workspaces.refresh()
    assert workspaces.of("T1") is None
    assert workspaces.of("T2") is not None
    assert workspaces.heard_for("T1") is not None, "what is said there is written down all the same"
    town.faulty.clear()
    await workspaces.refresh()
    assert workspaces.of("T1") is not None


async def test_that_a_workspace_waits_is_logged_once_for_each_fault(town: Town) -> None:
    """It is looked at every few seconds, for days perhaps."""
    town.letting_in = [let_in("T1")]
    town.playbooks = {"T1": Path("T1")}
    workspaces = town.workspaces()
    told: list[str] = []
    for faulty in (True, True, False, True, True):
        town.faulty = {Path("T1")} if faulty else set()
        town.playbooks = {"T1": Path("T1")} if faulty else {}
        with capture_logs() as logs:
            await workspaces.refresh()
        told += [each["event"] for each in logs]
    assert told == ["workspace_waits", "workspace_open", "workspace_waits"]


async def test_who_serves_all_of_them_is_told_of_none(tmp_path: Path) -> None:
    """A workspace named for commands would lend its own playbook to every other that has none."""
    several = Settings(
        data=tmp_path,
        slack_client_id="1.2",
        slack_client_secret=SecretStr("secret"),
        slack_signing_secret=SecretStr("secret"),
        token_key=SecretStr("no key: it comes to nothing before that"),
    )
    with pytest.raises(UserError, match="ASIDE_WORKSPACE"):
        await app.run(several.of("T1"))


async def test_a_fault_in_the_only_playbook_is_told_at_the_start(town: Town) -> None:
    """Whoever starts Aside reads what to mend."""
    town.is_lone, town.letting_in, town.faulty = True, [let_in("T1")], {Path("packaged")}
    with pytest.raises(UserError, match="fault"):
        await town.workspaces().refresh()


async def test_what_was_heard_waits_for_its_own_workspace_and_keeps_no_other_waiting(town: Town) -> None:
    """It is not given to another, does not count as tried, and is done once its workspace is there."""
    town.letting_in = [let_in("T2")]
    workspaces = town.workspaces()
    await workspaces.refresh()
    done: list[tuple[str, str]] = []

    async def work(services: Services, task: Task) -> None:
        done.append((services.identity.workspace, task.entry.workspace))
        if len(done) == 1:
            town.letting_in.append(let_in("T1"))
            await workspaces.refresh()
        else:
            workspaces.wake.end_work()

    say(town, "T1")
    say(town, "T2")
    await run_lane(workspaces, Lane.STREAM, {"message": work})
    assert done == [("T2", "T2"), ("T1", "T1")]


async def test_however_much_waits_for_a_workspace_that_is_not_there_is_passed_by_at_once(town: Town) -> None:
    """Its playbook may have a fault for days; nobody else waits while each entry is taken up and put back."""
    town.letting_in = [let_in("T2")]
    workspaces = town.workspaces()
    await workspaces.refresh()
    for number in range(20):
        say(town, "T1", f"Ev{number}")
    say(town, "T2")

    async def work(_: Services, __: Task) -> None:
        workspaces.wake.end_work()

    await run_lane(workspaces, Lane.STREAM, {"message": work})
    with town.casebook.look() as connection:
        waiting = connection.execute(select(entries).where(entries.c.workspace == "T1")).all()
    assert [(row.lease_until, row.attempts) for row in waiting] == [(0.0, 0)] * 20


async def test_a_workspace_whose_work_takes_long_leaves_room_for_another(town: Town) -> None:
    """As when Slack answers one of them slowly; a lone one has all the room there is."""
    town.letting_in = [let_in("T1"), let_in("T2")]
    workspaces = town.workspaces()
    await workspaces.refresh()
    begun: list[str] = []
    goes_on = asyncio.Event()

    async def work(services: Services, _: Task) -> None:
        begun.append(services.identity.workspace)
        if begun[-1] == "T1":
            await goes_on.wait()
        else:
            workspaces.wake.end_work()
            goes_on.set()

    for number in range(4):
        say(town, "T1", f"Ev{number}")
    say(town, "T2")
    async with asyncio.timeout(20):
        await run_lane(workspaces, Lane.STREAM, {"message": work}, at_once=4)
    assert begun == ["T1", "T1", "T1", "T2"]


async def test_where_nothing_is_due_nobody_is_woken_to_send(town: Town) -> None:
    """It is looked for every second in every workspace, and whoever sends looks at all of them."""
    town.letting_in = [let_in("T1")]
    workspaces = town.workspaces()
    await workspaces.refresh()
    parts = workspaces.of("T1")
    assert parts
    parts.wake.outbox.clear()
    await due.do_due(parts)
    assert not parts.wake.outbox.is_set()
