"""The `conversations.*` methods, and `users.conversations`."""

from sandbox import shapes
from sandbox.call import HISTORY_SCOPE, READ_SCOPE, Call
from sandbox.state import ApiError, Conversation
from sandbox.world import Json

TYPES = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}
SCOPE_OF_TYPE = READ_SCOPE | {"mpim": "mpim:read"}


def _of_types(call: Call) -> list[Conversation]:
    """The conversations of the wanted types, public channels unless said otherwise.

    Raises:
        ApiError: There is no such type, or no scope for it.
    """
    wanted = (call.text("types") or "public_channel").split(",")
    kinds = set()
    for name in wanted:
        if name.strip() not in TYPES:
            raise ApiError("invalid_types")
        kind = TYPES[name.strip()]
        call.need_scope(SCOPE_OF_TYPE[kind])
        kinds.add(kind)
    hidden = call.flag("exclude_archived")
    return [c for c in call.state.conversations.values() if c.type in kinds and not (hidden and c.archived)]


def _listed(call: Call, found: list[Conversation]) -> Json:
    page, cursor = call.page(found, 100, 1000, lambda c: c.id)
    return {
        "channels": [shapes.conversation(call.state, c, num_members=True) for c in page],
        "response_metadata": {"next_cursor": cursor},
    }


def list_all(call: Call) -> Json:
    """`conversations.list`: public channels, and what the bot is in."""
    bot = call.state.bot_user
    return _listed(call, [c for c in _of_types(call) if c.type == "channel" or bot in c.members])


def of_user(call: Call) -> Json:
    """`users.conversations`: what this person, or the bot, is in, as far as the bot can see."""
    bot = call.state.bot_user
    user = call.user() if call.text("user") else bot
    found = [c for c in _of_types(call) if user in c.members and (c.type == "channel" or bot in c.members)]
    return _listed(call, found)


def info(call: Call) -> Json:
    """`conversations.info`."""
    channel = call.channel(scopes=READ_SCOPE)
    shape = shapes.conversation(call.state, channel, num_members=call.flag("include_num_members"))
    if call.flag("include_locale"):
        shape["locale"] = "zh-TW"
    return {"channel": shape}


def members(call: Call) -> Json:
    """`conversations.members`."""
    channel = call.channel(scopes=READ_SCOPE)
    page, cursor = call.page(channel.members, 100, 1000, lambda m: m)
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


def _read(call: Call) -> Conversation:
    """A conversation that the bot may read.

    Raises:
        ApiError: It may not.
    """
    channel = call.channel(scopes=HISTORY_SCOPE)
    if call.state.bot_user not in channel.members:
        raise ApiError("not_in_channel")
    return channel


def _within(call: Call, messages: list[Json]) -> list[Json]:
    """The messages between `oldest` and `latest`."""
    oldest, latest = _moment(call, "oldest"), _moment(call, "latest")
    same = call.flag("inclusive")

    def inside(message: Json) -> bool:
        ts = float(message["ts"])
        after = oldest is None or ts > oldest or (same and ts == oldest)
        before = latest is None or ts < latest or (same and ts == latest)
        return after and before

    return [message for message in messages if inside(message)]


def _moment(call: Call, key: str) -> float | None:
    value = call.text(key)
    try:
        return float(value) if value is not None else None
    except ValueError as error:
        raise ApiError(f"invalid_ts_{key}") from error


def history(call: Call) -> Json:
    """`conversations.history`: what stands in the channel, newest first, without the answers in threads."""
    channel = _read(call)
    top = [m for m in channel.messages.values() if m.get("thread_ts", m["ts"]) == m["ts"]]
    page, cursor = call.page(_within(call, top)[::-1], 100, 999, lambda m: m["ts"])
    with_metadata = call.flag("include_all_metadata")
    answer: Json = {
        "messages": [shapes.stored(m, metadata=with_metadata) for m in page],
        "has_more": bool(cursor),
        "pin_count": 0,
    }
    return answer | ({"response_metadata": {"next_cursor": cursor}} if cursor else {})


def replies(call: Call) -> Json:
    """`conversations.replies`: a thread's first message and its answers, oldest first."""
    channel = _read(call)
    ts = call.text("ts") or ""
    message = channel.messages.get(ts)
    if message is None:
        raise ApiError("thread_not_found")
    thread = channel.thread(message.get("thread_ts", ts))
    page, cursor = call.page([thread[0], *_within(call, thread[1:])], 1000, 1000, lambda m: m["ts"])
    with_metadata = call.flag("include_all_metadata")
    answer: Json = {
        "messages": [shapes.stored(m, metadata=with_metadata) for m in page],
        "has_more": bool(cursor),
    }
    return answer | ({"response_metadata": {"next_cursor": cursor}} if cursor else {})


def open_im(call: Call) -> Json:
    """`conversations.open`: the bot's direct message with one person."""
    if call.text("channel") is not None:
        channel = call.channel()
    else:
        wanted = [one.strip() for one in (call.text("users") or "").split(",") if one.strip()]
        if not wanted:
            raise ApiError("users_list_not_supplied")
        if len(wanted) > 1:
            raise ApiError("method_not_supported_for_channel_type")
        if wanted[0] not in call.state.users or wanted[0] == call.state.bot_user:
            raise ApiError("user_not_found")
        call.need_scope("im:write")
        if call.state.users[wanted[0]].deleted:
            raise ApiError("user_disabled")
        channel = call.ws.open_im(call.state.bot_user, wanted[0])
    if call.flag("return_im"):
        return {"channel": shapes.conversation(call.state, channel)}
    return {"channel": {"id": channel.id}}


def join(call: Call) -> Json:
    """`conversations.join`."""
    channel = call.channel()
    if channel.type != "channel":
        raise ApiError("method_not_supported_for_channel_type")
    if channel.archived:
        raise ApiError("is_archived")
    already = call.state.bot_user in channel.members
    call.ws.join(channel, call.state.bot_user)
    answer: Json = {"channel": shapes.conversation(call.state, channel)}
    return answer | ({"warning": "already_in_channel"} if already else {})
