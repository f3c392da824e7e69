"""The `chat.*` methods."""

from sandbox import blocks, elements, files, shapes
from sandbox.block_kit import MESSAGE_TEXT, UPDATE_TEXT
from sandbox.call import Call
from sandbox.state import ApiError, Conversation
from sandbox.world import Json

METADATA_CHARACTERS = 16_000


def _shown(call: Call, most: int = MESSAGE_TEXT) -> Json:
    """Text, blocks and attachments of a message, checked.

    Raises:
        ApiError: There is nothing to show, or a limit is broken.
    """
    given = call.arguments.get("blocks")
    text = call.text("text") or ""
    if given is not None and given != []:
        faults = [str(fault) for fault in blocks.message_faults(given)]
        if faults:
            raise ApiError("invalid_blocks", *faults, errors=faults)
        if blocks.too_long(given):
            raise ApiError("msg_blocks_too_long")
    if not text and not given and not call.arguments.get("attachments"):
        raise ApiError("no_text")
    if len(text) > most:
        raise ApiError("msg_too_long")
    shown: Json = {"text": text}
    if given is not None:
        shown["blocks"] = elements.named(given)
    return shown


def _metadata(call: Call) -> Json | None:
    """The message's metadata, checked.

    Raises:
        ApiError: It is none, or too large.
    """
    given = call.arguments.get("metadata")
    if given is None or given == {}:
        return given
    if (
        not isinstance(given, dict)
        or not isinstance(given.get("event_type"), str)
        or not isinstance(given.get("event_payload"), dict)
    ):
        raise ApiError("invalid_metadata_schema")
    if len(str(given)) > METADATA_CHARACTERS:
        raise ApiError("metadata_too_large")
    return given


def _thread(call: Call, channel: Conversation) -> str | None:
    """The thread that is answered in.

    Raises:
        ApiError: There is no such message, or it is itself an answer.
    """
    thread_ts = call.text("thread_ts")
    if thread_ts is None:
        return None
    parent = channel.messages.get(thread_ts)
    if parent is None:
        raise ApiError("thread_not_found")
    if parent.get("thread_ts", thread_ts) != thread_ts:
        raise ApiError("cannot_reply_to_message")
    return thread_ts


def _target(call: Call) -> Conversation:
    """Where a message goes; a person's id means their direct message with the bot.

    Raises:
        ApiError: There is no such place, the bot is not there, or it is archived.
    """
    wanted = call.text("channel") or ""
    if wanted in call.state.users and wanted != call.state.bot_user:
        if call.state.users[wanted].is_bot or call.state.users[wanted].deleted:
            raise ApiError("channel_not_found")
        return call.ws.open_im(call.state.bot_user, wanted)
    channel = call.channel()
    if channel.archived:
        raise ApiError("is_archived")
    return channel


def post_message(call: Call) -> Json:
    """`chat.postMessage`."""
    channel = _target(call)
    public = channel.type == "channel" and "chat:write.public" in call.ws.installation.scopes
    if call.state.bot_user not in channel.members and not public:
        raise ApiError("not_in_channel")
    shown = _shown(call)
    name = call.text("username")
    if name is not None:
        call.need_scope("chat:write.customize")
    message = call.ws.app_message(
        shown["text"],
        blocks=shown.get("blocks") or None,
        thread_ts=_thread(call, channel),
        metadata=_metadata(call) or None,
        username=name,
        subtype="bot_message" if name else None,
    )
    if name is not None:
        del message["user"]
    if call.arguments.get("unfurl_links") is None or call.flag("unfurl_links"):
        shared = files.share(call.state, channel, shown["text"], call.state.bot_user)
        if shared:
            message["files"] = [files.shape(call.state, each, call.ws.url) for each in shared]
    posted = call.ws.post(channel, message)
    return {"channel": channel.id, "ts": posted["ts"], "message": shapes.stored(posted)}


def post_ephemeral(call: Call) -> Json:
    """`chat.postEphemeral`: `ok` says that it was taken, not that anybody saw it."""
    channel = call.channel()
    user = call.text("user") or ""
    if channel.archived:
        raise ApiError("is_archived")
    if call.state.bot_user not in channel.members:
        raise ApiError("not_in_channel")
    if user not in call.state.users or user not in channel.members:
        raise ApiError("user_not_in_channel")
    shown = _shown(call)
    thread_ts = _thread(call, channel)
    message = call.ws.app_message(shown["text"], blocks=shown.get("blocks") or None, thread_ts=thread_ts)
    return {"message_ts": call.ws.whisper(channel, user, message)}


def _own(call: Call, code: str) -> tuple[Conversation, Json]:
    """A message that the app wrote.

    Raises:
        ApiError: There is no such message (`message_not_found`), or somebody else wrote it (the code).
    """
    channel = call.channel()
    message = channel.messages.get(call.text("ts") or "")
    if message is None:
        raise ApiError("message_not_found")
    if message.get("app_id") != call.state.world.app.id:
        raise ApiError(code)
    return channel, message


def update(call: Call) -> Json:
    """`chat.update`: text alone takes the blocks away, blocks leave no mark of an edit; metadata stays."""
    channel, message = _own(call, "cant_update_message")
    if channel.archived:
        raise ApiError("is_archived")
    shown = _shown(call, UPDATE_TEXT)
    metadata = _metadata(call)
    changes: Json = {"blocks": []} | shown | ({"metadata": metadata} if metadata is not None else {})
    call.ws.edit(channel, message, changes, None if changes["blocks"] else call.state.bot_user)
    return {
        "channel": channel.id,
        "ts": message["ts"],
        "text": message["text"],
        "message": shapes.stored(message),
    }


def delete(call: Call) -> Json:
    """`chat.delete`."""
    channel, message = _own(call, "cant_delete_message")
    call.ws.delete(channel, message)
    return {"channel": channel.id, "ts": message["ts"]}


def permalink(call: Call) -> Json:
    """`chat.getPermalink`."""
    channel = call.channel()
    ts = call.text("message_ts") or ""
    message = channel.messages.get(ts)
    if message is None:
        raise ApiError("message_not_found")
    link = f"{call.ws.url}/#{channel.id}/p{ts.replace('.', '')}"
    if message.get("thread_ts", ts) != ts:
        link += f"?thread_ts={message['thread_ts']}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}
