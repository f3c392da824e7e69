"""Files that people put into windows: their uploader's alone, until whoever can see one posts its link somewhere."""

import mimetypes
import re
from pathlib import PurePosixPath
from urllib.parse import quote

from sandbox import elements
from sandbox.state import Conversation, RefusalError, State, StoredFile
from sandbox.world import Json

MOST_BYTES = 10 * 1024 * 1024  # docs.slack.dev/reference/block-kit/block-elements/file-input-element
MOST_FILES = 10
LINK = re.compile(r"/files/[^/\s<>|]+/(F0[0-9A-F]+)/")


def upload(state: State, user: str, element: Json, name: str, content: bytes) -> StoredFile:
    """Take a file into an element; nobody but its uploader sees it.

    Raises:
        RefusalError: It is too large, or of a type that the element does not take.
    """
    if len(content) > MOST_BYTES:
        raise RefusalError("file_too_large", "A file may have 10 MB at most.")
    wanted = [str(each).removeprefix(".").lower() for each in element.get("filetypes") or []]
    if wanted and PurePosixPath(name).suffix.removeprefix(".").lower() not in wanted:
        raise RefusalError("file_type_not_allowed", f"Only these can be put in here: {', '.join(wanted)}.")
    made = StoredFile(state.new_id("F"), name, user, content, int(state.clock.now()))
    state.files[made.id] = made
    return made


def may_see(state: State, file: StoredFile, user: str) -> bool:
    """Its uploader, the app that it was given to, everybody where it was shared; of a public channel our whole team."""
    if user == file.user or (file.given and user == state.bot_user):
        return True
    there = [state.conversations[each] for each in file.shared_in if each in state.conversations]
    is_ours = not state.users[user].is_bot and not state.is_outsider(user)
    return any(user in each.members or (each.type == "channel" and is_ours) for each in there)


def found(state: State, file_id: str, user: str) -> StoredFile:
    """A file that somebody may see.

    Raises:
        RefusalError: There is none, or they may not; a stranger is not told which.
    """
    file = state.files.get(file_id)
    if file is None or not may_see(state, file, user):
        raise RefusalError("file_not_found", "There is no such file, or it was not shared with this seat.")
    return file


def share(state: State, channel: Conversation, text: str, by: str) -> list[StoredFile]:
    """The files whose links stand in this text, if whoever posts it sees them; from now on all here do."""
    known = [state.files[each] for each in dict.fromkeys(LINK.findall(text)) if each in state.files]
    seen = [each for each in known if may_see(state, each, by)]
    for each in seen:
        if channel.id not in each.shared_in:
            each.shared_in.append(channel.id)
    return seen


def entered(state: State, user: str, element: Json, sent: Json, url: str) -> Json:
    """What stands in a file element, as Slack says it.

    Raises:
        RefusalError: Somebody else's file, or more than the element takes.
    """
    given = sent.get("files") or []
    listed = given if isinstance(given, list) else [given]
    ids = [each.get("id") if isinstance(each, dict) else each for each in listed]
    own = [file for each in ids if (file := state.files.get(str(each))) and file.user == user]
    if len(own) != len(ids):
        raise RefusalError("file_not_found", "That file was not put in here by this seat.")
    most = element.get("max_files", MOST_FILES)
    if len(own) > most:
        raise RefusalError("too_many_files", f"Not more than {most} files can be put in here.")
    return {"type": element["type"], "files": [shape(state, each, url) for each in own]}


def give(state: State, blocks: list[Json], values: Json) -> None:
    """The app sees the files of a window that is sent off."""
    for block, element in elements.interactive(blocks):
        if element["type"] == "file_input":
            for each in values.get(block["block_id"], {}).get(element["action_id"], {}).get("files") or []:
                state.files[each["id"]].given = True


def shape(state: State, file: StoredFile, url: str) -> Json:
    """A file object as Slack gives it; its links lead to this sandbox."""
    kinds: dict[str, list[str]] = {"channel": [], "group": [], "im": []}
    for each in file.shared_in:
        if each in state.conversations:
            kinds[state.conversations[each].type].append(each)
    link = f"{url}/files/{file.user}/{file.id}/{quote(file.name)}"
    return {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.name,
        "mimetype": mimetypes.guess_type(file.name)[0] or "application/octet-stream",
        "filetype": PurePosixPath(file.name).suffix.removeprefix(".").lower(),
        "user": file.user,
        "user_team": state.team_of(file.user),
        "editable": False,
        "size": len(file.content),
        "mode": "hosted",
        "is_external": False,
        "is_public": bool(kinds["channel"]),
        "public_url_shared": False,
        "file_access": "visible",
        "url_private": link,
        "url_private_download": link,
        "permalink": link,
        "channels": kinds["channel"],
        "groups": kinds["group"],
        "ims": kinds["im"],
    }
