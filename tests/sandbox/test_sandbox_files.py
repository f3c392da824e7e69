"""Files in a window: taken as strictly as Slack takes them, and seen by nobody whom nobody showed them to."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.files import MOST_BYTES
from sandbox.server import Sandbox
from tests.sandbox.stage import Refused, Seat, Stage, button, modal, sample_manifest, sample_world

Json = dict[str, Any]
BOX = {
    "type": "input",
    "block_id": "evidence",
    "optional": True,
    "label": {"type": "plain_text", "text": "Evidence"},
    "element": {"type": "file_input", "action_id": "files", "filetypes": ["pdf", "txt"], "max_files": 2},
}
ANNA, BEN, CARA, GUS = "U0ANNA", "U0BEN", "U0CARA", "U0GUS"


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Stage]:
    """The sandbox, its app with the scope for files."""
    manifest = sample_manifest()
    manifest.scopes.append("files:read")
    sandbox = Sandbox(sample_world(), manifest)
    async with sandbox, aiohttp.ClientSession() as http:
        made = Stage(sandbox, http)
        yield made
        await made.close()


async def opened(stage: Stage, sent: list[Json]) -> tuple[Seat, Json]:
    """A window that takes files, open before Anna; what she sends off is kept."""
    app = stage.app()

    @app.action("open")
    async def show(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=modal(blocks=[BOX]))
        await ack()

    @app.view("form")
    async def take(ack: Any, view: Json) -> None:
        sent.append(view["state"]["values"]["evidence"]["files"])
        await ack()

    await stage.connect(app)
    anna = await stage.seat(ANNA)
    posted = await stage.client.chat_postMessage(channel="C0TEAM", text="x", blocks=[button("open")])
    await anna.do(
        "action",
        container={"type": "message", "channel": "C0TEAM", "ts": posted["ts"]},
        action={"action_id": "open", "block_id": "row"},
    )
    return anna, (await anna.sees("view_opened"))["view"]


async def send(anna: Seat, view: Json, *files: Json) -> Json:
    """Send the window off with these files."""
    return await anna.do("submit", view_id=view["id"], values={"evidence": {"files": {"files": list(files)}}})


async def code(asked: Any) -> str:
    """Slack's code for a call that must fail."""
    with pytest.raises(SlackApiError) as error:
        await asked
    return str(error.value.response["error"])


async def test_the_app_gets_the_files_of_a_window_that_is_sent_off(stage: Stage) -> None:
    """Uploaded at once, seen by the app from then on: its name, size and link; still private."""
    sent: list[Json] = []
    anna, view = await opened(stage, sent)
    file = await anna.upload(view, "evidence", "報價單.pdf", b"%PDF-1.7")
    assert await code(stage.client.files_info(file=file["id"])) == "not_visible"
    await send(anna, view, file)
    (said,) = sent
    assert (said["type"], [each["id"] for each in said["files"]]) == ("file_input", [file["id"]])
    known = (await stage.client.files_info(file=file["id"]))["file"]
    assert (known["name"], known["size"], known["user"], known["is_public"]) == ("報價單.pdf", 8, ANNA, False)
    assert (known["channels"], known["groups"], known["ims"]) == ([], [], [])
    assert known["permalink"].startswith(f"{stage.sandbox.url}/files/{ANNA}/{file['id']}/")


async def test_a_file_is_its_uploaders_until_the_app_posts_its_link(stage: Stage) -> None:
    """Then whoever is there sees it, and nobody else; by an update or without unfurling nobody does."""
    anna, view = await opened(stage, [])
    file = await anna.upload(view, "evidence", "offer.pdf", b"inside")
    await send(anna, view, file)
    ben, cara = await stage.seat(BEN), await stage.seat(CARA)
    link = file["permalink"]
    assert await anna.opens(link) == b"inside"
    with pytest.raises(Refused, match="file_not_found"):
        await ben.opens(link)
    posted = await stage.client.chat_postMessage(channel="C0TEAM", text=f"<{link}>", unfurl_links=False)
    await stage.client.chat_update(channel="C0TEAM", ts=posted["ts"], text=f"see <{link}>")
    with pytest.raises(Refused, match="file_not_found"):
        await ben.opens(link)
    await stage.client.chat_postMessage(channel="C0TEAM", text=f"offer.pdf\n<{link}>")
    shown = await ben.sees("message", lambda push: bool(push["message"].get("files")))
    assert [each["name"] for each in shown["message"]["files"]] == ["offer.pdf"]
    assert await ben.opens(link) == b"inside"
    assert (await stage.client.files_info(file=file["id"]))["file"]["channels"] == ["C0TEAM"]
    with pytest.raises(Refused, match="file_not_found"):
        await cara.opens(link)


async def test_in_a_public_channel_our_whole_team_sees_it_and_in_a_private_one_its_members(stage: Stage) -> None:
    """As with everything that is shared there; a guest only where they are."""
    anna, view = await opened(stage, [])
    open_file, secret = [await anna.upload(view, "evidence", name, b"x") for name in ("a.pdf", "b.pdf")]
    ben, gus = await stage.seat(BEN), await stage.seat(GUS)
    await anna.say("C0LONELY", open_file["permalink"])
    await anna.say("G0SECRET", secret["permalink"])
    assert await ben.opens(open_file["permalink"]) == b"x"
    for seat, file in ((gus, open_file), (ben, secret)):
        with pytest.raises(Refused, match="file_not_found"):
            await seat.opens(file["permalink"])


async def test_who_does_not_see_a_file_shares_nothing_by_its_link(stage: Stage) -> None:
    """Ben may paste the link, and Cara still sees nothing; once it is Anna who does, she does."""
    anna, view = await opened(stage, [])
    file = await anna.upload(view, "evidence", "offer.pdf", b"inside")
    ben, cara = await stage.seat(BEN), await stage.seat(CARA)
    await ben.say("C0SHARED", file["permalink"])
    with pytest.raises(Refused, match="file_not_found"):
        await cara.opens(file["permalink"])
    await stage.client.chat_postMessage(channel="C0SHARED", text=f"<{file['permalink']}>")
    with pytest.raises(Refused, match="file_not_found"):
        await cara.opens(file["permalink"])
    await anna.say("C0SHARED", file["permalink"])
    assert await cara.opens(file["permalink"]) == b"inside"


async def test_what_a_window_does_not_take(stage: Stage) -> None:
    """Ten megabytes, these types, two files, one's own; and no file for an element that is not there."""
    anna, view = await opened(stage, [])
    ben = await stage.seat(BEN)
    with pytest.raises(Refused, match="file_too_large"):
        await anna.upload(view, "evidence", "large.pdf", bytes(MOST_BYTES + 1))
    with pytest.raises(Refused, match="file_type_not_allowed"):
        await anna.upload(view, "evidence", "run.exe", b"x")
    with pytest.raises(Refused, match="view_not_found"):
        await ben.upload(view, "evidence", "offer.pdf", b"x")
    made = await asyncio.gather(*(anna.upload(view, "evidence", f"{each}.txt", b"x") for each in range(3)))
    with pytest.raises(Refused, match="too_many_files"):
        await send(anna, view, *made)
    with pytest.raises(Refused, match="file_not_found"):
        await send(anna, view, {"id": "F0123456789"})


async def test_without_the_scope_there_is_no_window_for_files(stage: Stage) -> None:
    """Neither may the app open one, nor ask about a file."""
    stage.sandbox.workspace.state.manifest.scopes.remove("files:read")
    trigger = stage.sandbox.workspace.state.new_trigger(ANNA)
    assert await code(stage.client.views_open(trigger_id=trigger, view=modal(blocks=[BOX]))) == "missing_scope"
    assert await code(stage.client.files_info(file="F0123456789")) == "missing_scope"
