"""What happens in the workspace: each deed changes the state, shows on the page, reaches the app."""

from collections.abc import Sequence

from sandbox import events, shapes
from sandbox.delivery import Delivery
from sandbox.hub import Hub
from sandbox.installation import Installation
from sandbox.log import Log
from sandbox.manifest import Manifest
from sandbox.request_urls import RequestUrls
from sandbox.socket_mode import SocketMode
from sandbox.state import Clock, Conversation, RefusalError, State
from sandbox.world import Json, World


class Workspace:
    """The state, the seats that look at it and the app that listens."""

    def __init__(
        self, world: World, manifest: Manifest, retry_after: Sequence[float], ack_seconds: float, clock: Clock
    ) -> None:
        self.state = State(world, manifest, clock)
        self.installation = Installation.of(world.tokens, manifest, clock, world.settings.refresh_grace_seconds)
        self.hub = Hub()
        if not self.installation.installed:
            self._send_bot_away()
        self.log = Log(clock, lambda entry: self.hub.push(None, {"type": "log", "entry": entry}))
        self.socket = SocketMode(
            world.app.id,
            self.log,
            self._show_app,
            retry_after,
            ack_seconds,
        )
        self.urls = RequestUrls(
            manifest, world.tokens.signing_secret, self.log, self._show_app, retry_after, ack_seconds
        )
        self.url = ""

    # What the app is told

    @property
    def delivery(self) -> Delivery:
        """The way to the app that its manifest chooses."""
        return self.socket if self.state.manifest.settings.socket_mode_enabled else self.urls

    def _show_app(self, connected: bool) -> None:  # noqa: FBT001 - the delivery calls it with one argument
        self.hub.push(None, {"type": "app", "connected": connected})

    def tell(self, event: Json, channel: Conversation | None = None) -> None:
        """Send an event to the app, if it asked for it, may have it and is in the channel."""
        needs = events.subscription(event, channel)
        if needs.event not in self.state.manifest.events or not self.installation.installed:
            return
        if channel is not None and self.state.bot_user not in channel.members:
            return
        name = event["type"] if "subtype" not in event else f"{event['type']}/{event['subtype']}"
        body = events.callback(self.state, event, channel)
        if needs.scope is not None and needs.scope not in self.installation.scopes:
            self.log.add("event", name, body, ok=False, error=f"missing_scope: {needs.scope}")
            return
        self.delivery.send_event(name, body)

    # The app comes and goes

    def install(self) -> None:
        """The bot user is there; it is in no channel until somebody brings it into one."""
        self.state.users[self.state.bot_user].deleted = False

    def uninstall(self) -> None:
        """Somebody takes the app away: no token is good, the bot is in no channel, and the app is told."""
        self.lose(events.uninstalled(self.state), events.tokens_revoked(self.state))

    def lose(self, *told: Json) -> None:
        """The app has no token here any more; these are the last events it is told, if it asked for them."""
        self.installation.end("account_inactive")
        self._send_bot_away()
        for body in told:
            self._tell_of_tokens(body)

    def lose_one(self) -> None:
        """One token of several was revoked, and the app is told as if it were all: whose, never which."""
        self._tell_of_tokens(events.tokens_revoked(self.state))

    def _tell_of_tokens(self, body: Json) -> None:
        """Send what the app is told even when it is not installed any more, if it asked for it."""
        if body["event"]["type"] in self.state.manifest.events:
            self.delivery.send_event(body["event"]["type"], body)

    def _send_bot_away(self) -> None:
        bot = self.state.bot_user
        self.state.users[bot].deleted = True
        self.state.homes.clear()
        for channel in self.state.conversations.values():
            if channel.kind == "channel" and bot in channel.members:
                channel.members.remove(bot)
                self.show_channel(channel)

    # Channels and people

    def call_by(self, names: World) -> None:
        """Call everybody and everything that is there as another reading of the world's file does."""
        state = self.state
        for user in names.users:
            if known := state.users.get(user.id):
                known.real_name, known.title = user.real_name, user.title
        for channel in names.channels:
            if here := state.conversations.get(channel.id):
                here.name, here.topic = channel.name, channel.topic
        for group in names.usergroups:
            if listed := state.usergroups.get(group.id):
                listed.name = group.name
        state.world.team.name, state.world.app.name = names.team.name, names.app.name
        state.world.other_teams, state.world.other_apps = names.other_teams, names.other_apps
        self.hub.push(None, {"type": "names"})

    def visible(self, channel_id: str, user: str) -> Conversation:
        """A conversation that this person is in.

        Raises:
            RefusalError: There is no such conversation, or they are not in it.
        """
        channel = self.state.conversations.get(channel_id)
        if channel is None or user not in channel.members:
            raise RefusalError("not_in_channel", "This seat is not in that channel.")
        return channel

    def writable(self, channel_id: str, user: str) -> Conversation:
        """A conversation where this person can say something.

        Raises:
            RefusalError: They are not in it, or it is archived.
        """
        channel = self.visible(channel_id, user)
        if channel.archived:
            raise RefusalError("is_archived", "This channel is archived; nothing can be said in it any more.")
        return channel

    def join(self, channel: Conversation, user: str, inviter: str | None = None) -> None:
        """Bring somebody into a channel."""
        if user in channel.members:
            return
        channel.members.append(user)
        joining = {
            "type": "message",
            "subtype": "channel_join",
            "user": user,
            "text": f"<@{user}> has joined the channel",
        }
        self.post(channel, joining | ({"inviter": inviter} if inviter else {}))
        self.tell(events.membership(self.state, channel, user, joined=True, inviter=inviter), channel)
        self.show_channel(channel)

    def leave(self, channel: Conversation, user: str) -> None:
        """Take somebody out of a channel."""
        if user not in channel.members:
            return
        before = list(channel.members)
        self.post(
            channel,
            {
                "type": "message",
                "subtype": "channel_leave",
                "user": user,
                "text": f"<@{user}> has left the channel",
            },
        )
        self.tell(events.membership(self.state, channel, user, joined=False), channel)
        channel.members.remove(user)
        self.show_channel(channel, before)

    def show_channel(self, channel: Conversation, members: list[str] | None = None) -> None:
        """Tell the pages that a channel is new or different."""
        what = {"type": "channel", "channel": shapes.channel_for_seat(self.state, channel)}
        self.hub.push(members or channel.members, what)

    def open_im(self, one: str, other: str) -> Conversation:
        """The direct message of two people; new ones show on their pages."""
        known = len(self.state.conversations)
        channel = self.state.im(one, other)
        if len(self.state.conversations) > known:
            self.show_channel(channel)
        return channel

    # Messages

    def post(self, channel: Conversation, message: Json) -> Json:
        """Put a message into a channel; gives it its ts."""
        message = message | {"ts": self.state.next_ts()}
        parent = channel.messages.get(message.get("thread_ts", ""))
        channel.messages[message["ts"]] = message
        self.hub.push(channel.members, {"type": "message", "channel": channel.id, "message": shapes.for_seat(message)})
        if parent is not None:
            self._count_reply(channel, parent, message)
        self.tell(events.posted(channel, message), channel)
        own = message.get("bot_id") == self.state.world.app.bot_id
        if f"<@{self.state.bot_user}>" in message.get("text", "") and "subtype" not in message and not own:
            self.tell(events.mentioned(channel, message), channel)
        return message

    def _count_reply(self, channel: Conversation, parent: Json, reply: Json) -> None:
        author = reply.get("user") or reply.get("bot_id")
        users = [u for u in parent.get("reply_users", []) if u != author] + [author]
        parent |= {
            "thread_ts": parent["ts"],
            "reply_count": parent.get("reply_count", 0) + 1,
            "reply_users": users,
            "reply_users_count": len(users),
            "latest_reply": reply["ts"],
        }
        self._show_change(channel, parent)

    def edit(self, channel: Conversation, message: Json, changes: Json, editor: str | None) -> Json:
        """Change a message; with an editor it is marked as edited."""
        before = shapes.stored(message)
        ts = self.state.next_ts()
        message |= changes
        if editor is not None:
            message["edited"] = {"user": editor, "ts": ts}
        self._show_change(channel, message)
        self.tell(events.changed(channel, before, shapes.stored(message), ts), channel)
        return message

    def delete(self, channel: Conversation, message: Json) -> None:
        """Take a message away; one that opens a thread leaves a tombstone."""
        before = shapes.stored(message)
        ts = self.state.next_ts()
        if message.get("reply_count"):
            for key in (
                "blocks",
                "user",
                "bot_id",
                "app_id",
                "username",
                "metadata",
                "edited",
                "bot_profile",
            ):
                message.pop(key, None)
            message |= {
                "subtype": "tombstone",
                "text": "This message was deleted.",
                "user": "USLACKBOT",
                "hidden": True,
            }
            self._show_change(channel, message)
            self.tell(events.changed(channel, before, shapes.stored(message), ts), channel)
            return
        del channel.messages[message["ts"]]
        parent = channel.messages.get(message.get("thread_ts", ""))
        if parent is not None:
            parent["reply_count"] -= 1
            if not parent["reply_count"]:
                for key in ("thread_ts", "reply_count", "reply_users", "reply_users_count", "latest_reply"):
                    parent.pop(key, None)
            self._show_change(channel, parent)
        self.hub.push(channel.members, {"type": "message_deleted", "channel": channel.id, "ts": message["ts"]})
        self.tell(events.deleted(channel, before, ts), channel)

    def _show_change(self, channel: Conversation, message: Json) -> None:
        what = {"type": "message_changed", "channel": channel.id, "message": shapes.for_seat(message)}
        self.hub.push(channel.members, what)

    def whisper(self, channel: Conversation, user: str, message: Json) -> str:
        """Show a message to one person; returns its ts.

        Nobody sees it when no page of theirs is open, or when nobody has answered in the thread yet.
        """
        message = {"type": "message"} | message | {"ts": self.state.next_ts(), "ephemeral": True}
        parent = channel.messages.get(message.get("thread_ts", ""))
        lost = None
        if parent is not None and not parent.get("reply_count"):
            lost = "thread_not_active"
        elif not self.hub.whisper(user, channel.id, shapes.for_seat(message)):
            lost = "nobody_looking"
        if lost:
            unseen = {"channel": channel.id, "user": user, "message": message}
            self.log.add("response", "ephemeral", unseen, ok=False, error=lost)
        return str(message["ts"])

    def app_message(self, text: str, **fields: object) -> Json:
        """A message of the app under test, as it is stored."""
        app = self.state.world.app
        return {
            "type": "message",
            "user": app.user,
            "bot_id": app.bot_id,
            "app_id": app.id,
            "team": self.state.world.team.id,
            "bot_profile": shapes.bot(self.state),
            "text": text,
        } | {key: value for key, value in fields.items() if value is not None}
