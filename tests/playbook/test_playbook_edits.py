"""A playbook that is edited while the bot runs: taken as a whole, or not at all, and then told."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs
from structlog.typing import EventDict

from bot.errors import UserError
from bot.knowledge import Knowledge
from bot.message import Role
from bot.playbook import Playbook
from bot.playbook_files import load_playbook
from bot.settings import Settings
from bot.signals import Detector
from handlers import playbook_edits
from handlers.services import Known, Services

Spoil = Callable[[str, str, str], Path]


@asynccontextmanager
async def watched(folder: Path, learn: Callable[[Playbook], Detector] = Detector.train) -> AsyncIterator[Known]:
    """What is known, while the folder is watched."""
    since = playbook_edits.stamp(folder)
    playbook = load_playbook(folder)
    known = Known(Knowledge(playbook, Detector.train(playbook)))
    task = asyncio.create_task(playbook_edits.watch(known, folder, since, learn, 0.02))
    yield known
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def logged(logs: list[EventDict], event: str) -> EventDict:
    """Wait until something was logged."""
    async with asyncio.timeout(30):
        while not (found := [each for each in logs if each["event"] == event]):  # noqa: ASYNC110 - a log has no event
            await asyncio.sleep(0.01)
    return found[-1]


async def test_an_edit_is_taken_and_playbook_and_detector_change_together(folder: Path, spoil: Spoil) -> None:
    """The words of a new play and what its new pattern hears come at once, with the new version."""
    async with watched(folder) as known:
        before = known.now
        with capture_logs() as logs:
            spoil("en/plays.yaml", "An afternoon without the line", "A whole afternoon without the line")
            spoil("en/signals.yaml", r"'\bfed up\b'", r"'\bfed up\b', '\bzorped\b'")
            event = await logged(logs, "playbook_taken")
        assert event["version"] == known.now.playbook.version != before.playbook.version
        assert known.now.playbook.words["en"].plays["compensation_asked"].lines["heard"].startswith("A whole")
        assert "anger" in known.now.detector.read(Role.CUSTOMER, "zorped").ids
        assert "anger" not in before.detector.read(Role.CUSTOMER, "zorped").ids


async def test_a_broken_edit_changes_nothing_and_is_told_until_it_is_mended(folder: Path, spoil: Spoil) -> None:
    """The author reads file, line and what; what was known stays in use, also when the mended file is the old one."""
    async with watched(folder) as known:
        before = known.now
        with capture_logs() as logs:
            spoil("en/plays.yaml", "{customer}", "{name}")
            event = await logged(logs, "playbook_edit_not_taken")
        assert event["fault"].startswith("en/plays.yaml, line 8, compensation_asked.lines.asking: {name} is none of")
        assert event["faults"] == 1
        assert known.now is before
        assert [fault.line for fault in known.faults] == [8]
        with capture_logs() as logs:
            spoil("en/plays.yaml", "{name}", "{customer}")
            await logged(logs, "playbook_taken")
        assert known.now is before
        assert known.faults == ()


def do_harm(folder: Path, harm: str) -> None:
    """What can happen to files."""
    plays = folder / "plays.yaml"
    match harm:
        case "gone":
            folder.rename(folder.with_name("elsewhere"))
        case "binary":
            plays.write_bytes(os.urandom(5_000))
        case "huge":
            plays.write_bytes(b"# " + b"x" * 2_000_000)
        case _:
            plays.unlink()
            plays.symlink_to(plays)


@pytest.mark.parametrize("harm", ["gone", "binary", "huge", "unreadable"])
async def test_whatever_happens_to_the_files_what_was_known_stays(folder: Path, harm: str) -> None:
    """A folder moved away, bytes that are no text, a file without end, a link into nothing."""
    async with watched(folder) as known:
        before = known.now
        with capture_logs() as logs:
            do_harm(folder, harm)
            await logged(logs, "playbook_edit_not_taken")
        assert known.now is before
        assert known.faults


async def test_a_fault_of_ours_while_learning_ends_nothing(folder: Path, spoil: Spoil) -> None:
    """It is logged, what was known stays, and the next edit is looked at."""
    failures = [RuntimeError("the encoder fell over")]

    def learn(playbook: Playbook) -> Detector:
        if failures:
            raise failures.pop()
        return Detector.train(playbook)

    async with watched(folder, learn) as known:
        before = known.now
        with capture_logs() as logs:
            spoil("en/plays.yaml", "a lot", "much")
            await logged(logs, "playbook_edit_failed")
            assert known.now is before
            spoil("en/plays.yaml", "much", "very much")
            await logged(logs, "playbook_taken")
        assert known.now is not before


def write_again(file: Path) -> None:
    """The same bytes, written anew."""
    file.write_bytes(file.read_bytes())


async def test_files_that_are_touched_but_say_the_same_are_not_learnt_again(folder: Path) -> None:
    """A checkout that writes the same bytes costs a reading, no training."""
    learnt: list[str] = []

    def learn(playbook: Playbook) -> Detector:
        learnt.append(playbook.version)
        return Detector.train(playbook)

    async with watched(folder, learn) as known:
        with capture_logs() as logs:
            write_again(folder / "plays.yaml")
            event = await logged(logs, "playbook_taken")
        assert event["version"] == known.now.playbook.version
        assert learnt == []


async def test_a_piece_of_work_keeps_the_playbook_with_which_it_began(folder: Path, spoil: Spoil) -> None:
    """What is noticed with one detector is answered from the same playbook, whatever is taken meanwhile."""
    async with watched(folder) as known:
        nothing = cast("Any", None)
        services = Services(
            identity=nothing,
            client=nothing,
            http=nothing,
            casebook=nothing,
            directories=nothing,
            known=known,
            clock=lambda: 0.0,
        )
        begun = services.for_one_task()
        before = known.now
        with capture_logs() as logs:
            spoil("en/plays.yaml", "a lot", "much")
            await logged(logs, "playbook_taken")
        assert (begun.playbook, begun.detector) == (before.playbook, before.detector)
        assert services.playbook is known.now.playbook is not before.playbook
        assert services.detector is known.now.detector
        assert services.for_one_task().playbook is services.playbook
        assert begun.wake is services.wake


async def test_a_playbook_with_a_fault_is_read_again_only_once_it_was_written(folder: Path, spoil: Spoil) -> None:
    """Of several workspaces one with a fault is asked for every few seconds; to read it takes most of one of them."""
    read: list[Path] = []

    def reading(of: Path) -> Playbook:
        read.append(of)
        return load_playbook(of)

    playbooks = playbook_edits.Playbooks(reading, Detector.train)
    spoil("en/plays.yaml", "lines:", "lnies:")
    for _ in range(3):
        with pytest.raises(UserError, match="lnies"):
            await playbooks.known(folder)
    assert read == [folder]
    spoil("en/plays.yaml", "lnies:", "lines:")
    assert (await playbooks.known(folder)).now.playbook.version
    assert read == [folder, folder]


async def test_an_edit_is_logged_with_the_workspace_whose_playbook_it_is_or_the_folder_that_several_share(
    folder: Path, tmp_path: Path
) -> None:
    """Whoever serves several knows which author to ask; no path of the machine is told."""
    own = tmp_path / "workspaces" / "T0TWO" / "playbook"
    shutil.copytree(folder, own)
    settings = Settings(data=tmp_path, playbook=folder)
    playbooks = playbook_edits.Playbooks(load_playbook, Detector.train, settings.named)
    for each in (folder, own):
        await playbooks.known(each)
    watching = asyncio.create_task(playbooks.watch(0.05))
    with capture_logs(processors=[merge_contextvars]) as logs:
        await asyncio.sleep(0)
        for each in (folder, own):
            (each / "plays.yaml").write_text("no playbook", encoding="utf-8")
        async with asyncio.timeout(30):
            while len(logs) < 2:  # noqa: ASYNC110 - a log has no event
                await asyncio.sleep(0.01)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    told = [(each["event"], each.get("folder"), each.get("workspace")) for each in logs]
    event = "playbook_edit_not_taken"
    assert sorted(told, key=str) == [(event, "playbook", None), (event, None, "T0TWO")]
    assert str(tmp_path) not in str(logs)


async def test_a_playbook_that_was_forgotten_is_read_anew_and_its_edits_are_taken(folder: Path, spoil: Spoil) -> None:
    """Whoever left and came back with another in the same place goes by that one, and not by the one of before."""
    playbooks = playbook_edits.Playbooks(load_playbook, Detector.train)
    before = await playbooks.known(folder)
    watching = asyncio.create_task(playbooks.watch(0.05))
    await asyncio.sleep(0)
    playbooks.forget(folder)
    with capture_logs() as logs:
        spoil("en/plays.yaml", "a lot", "much")
        again = await playbooks.known(folder)
        first = again.now
        assert first.playbook.version != before.now.playbook.version
        spoil("en/plays.yaml", "much", "very much")
        await logged(logs, "playbook_taken")
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert again.now is not first
    assert before.now.playbook.version not in {first.playbook.version, again.now.playbook.version}
    assert [each["event"] for each in logs] == ["playbook_taken"], "it is watched once"
