"""`POST /seat/admin`: what happens to a workspace from outside, for tests and for stories."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from sandbox import events, shapes
from sandbox.state import Conversation, RefusalError
from sandbox.webapi import Failure, WebApi
from sandbox.workspace import Workspace
from sandbox.world import Json, Story, User, World


class Deed(NamedTuple):
    """What is done, and the keys it needs."""

    run: Callable[[Json], Awaitable[None] | None]
    needs: tuple[str, ...] = ()


class Admin:
    """The deeds, by name.

    Attributes:
        speaking: The world in a language; None when it has names in one language alone.
    """

    def __init__(self, ws: Workspace, api: WebApi, speaking: Callable[[str], World | None]) -> None:
        self.ws = ws
        self.api = api
        self.speaking = speaking
        self.deeds = {
            "archive_channel": Deed(self._archive, ("channel",)),
            "unarchive_channel": Deed(self._unarchive, ("channel",)),
            "add_member": Deed(self._add_member, ("channel", "user")),
            "remove_member": Deed(self._remove_member, ("channel", "user")),
            "remove_bot": Deed(self._remove_bot, ("channel",)),
            "share_channel": Deed(self._share, ("channel", "team")),
            "unshare_channel": Deed(self._unshare, ("channel", "team")),
            "invite_team": Deed(self._invite_team, ("channel", "team")),
            "deactivate_user": Deed(self._deactivate, ("user",)),
            "set_locale": Deed(self._set_locale, ("locale",)),
            "set_usergroup": Deed(self._set_usergroup, ("usergroup", "users")),
            "fail_next": Deed(self._fail_next, ("method",)),
            "set_latency": Deed(self._set_latency, ("seconds",)),
            "pause_delivery": Deed(lambda _: self.ws.delivery.pause()),
            "resume_delivery": Deed(lambda _: self.ws.delivery.resume()),
            "disconnect_app": Deed(lambda body: self.ws.socket.disconnect(warned=body.get("warned"))),
            "settle": Deed(lambda _: self.ws.delivery.settled()),
            "set_request_url": Deed(lambda body: self.ws.urls.set_url(str(body["url"])), ("url",)),
            "set_redirect_urls": Deed(self._set_redirect_urls, ("urls",)),
            "uninstall": Deed(lambda _: self.ws.uninstall()),
            "revoke_tokens": Deed(lambda _: self.ws.lose(events.tokens_revoked(self.ws.state))),
            "unfurl": Deed(self._unfurl, ("channel", "ts")),
            "set_clock": Deed(self._set_clock, ("ahead",)),
            "set_story": Deed(self._set_story, ("story",)),
        }

    async def do(self, body: Json) -> Json:
        """Do one deed.

        Raises:
            RefusalError: There is no such deed, or something it needs is missing or unknown.
        """
        deed = self.deeds.get(str(body.get("do")))
        if deed is None:
            raise RefusalError("unknown_deed", f"do must be one of: {', '.join(self.deeds)}.")
        missing = [key for key in deed.needs if body.get(key) is None]
        if missing:
            raise RefusalError("invalid_arguments", f"{body['do']} needs: {', '.join(missing)}.")
        waiting = deed.run(body)
        if waiting is not None:
            await waiting
        return {}

    def _channel(self, body: Json) -> Conversation:
        found = self.ws.state.conversations.get(str(body["channel"]))
        if found is None:
            raise RefusalError("channel_not_found", "There is no channel of that id here.")
        return found

    def _user(self, body: Json) -> str:
        if body["user"] not in self.ws.state.users:
            raise RefusalError("user_not_found", "There is nobody of that id here.")
        return str(body["user"])

    def _archive(self, body: Json) -> None:
        self._set_archived(self._channel(body), archived=True)

    def _unarchive(self, body: Json) -> None:
        self._set_archived(self._channel(body), archived=False)

    def _set_archived(self, channel: Conversation, *, archived: bool) -> None:
        channel.archived = archived
        event = {
            "type": "channel_archive" if archived else "channel_unarchive",
            "channel": channel.id,
            "user": channel.members[0] if channel.members else "",
            "event_ts": self.ws.state.next_ts(),
        }
        self.ws.tell(event, channel)
        self.ws.show_channel(channel)

    def _add_member(self, body: Json) -> None:
        self.ws.join(self._channel(body), self._user(body))

    def _remove_member(self, body: Json) -> None:
        self.ws.leave(self._channel(body), self._user(body))

    def _remove_bot(self, body: Json) -> None:
        self.ws.leave(self._channel(body), self.ws.state.bot_user)

    def _team(self, body: Json) -> str:
        if body["team"] not in {team.id for team in self.ws.state.world.other_teams}:
            raise RefusalError("team_not_found", "There is no other team of that id here.")
        return str(body["team"])

    def _share(self, body: Json) -> None:
        channel, team = self._channel(body), self._team(body)
        channel.pending_teams = [t for t in channel.pending_teams if t != team]
        if team not in channel.teams:
            channel.teams.append(team)
            self.ws.tell(events.sharing(self.ws.state, channel, team, shared=True), channel)
        self.ws.show_channel(channel)

    def _unshare(self, body: Json) -> None:
        channel, team = self._channel(body), self._team(body)
        for user in [m for m in channel.members if self.ws.state.team_of(m) == team]:
            self.ws.leave(channel, user)
        if team in channel.teams:
            channel.teams.remove(team)
            self.ws.tell(events.sharing(self.ws.state, channel, team, shared=False), channel)
        self.ws.show_channel(channel)

    def _invite_team(self, body: Json) -> None:
        channel, team = self._channel(body), self._team(body)
        channel.pending_teams = sorted({*channel.pending_teams, team})
        self.ws.show_channel(channel)

    def _deactivate(self, body: Json) -> None:
        who = self.ws.state.users[self._user(body)]
        who.deleted = True
        for channel in self.ws.state.conversations.values():
            if channel.kind == "channel" and who.id in channel.members:
                channel.members.remove(who.id)
                self.ws.show_channel(channel)
        self._tell_of(who)

    def _set_locale(self, body: Json) -> None:
        users = self.ws.state.users
        named = None if body.get("user") else self.speaking(str(body["locale"]))
        if named:
            self.ws.call_by(named)
        for who in [users[self._user(body)]] if body.get("user") else list(users.values()):
            if who.locale != body["locale"]:
                who.locale = str(body["locale"])
                self._tell_of(who)

    def _tell_of(self, who: User) -> None:
        event = {
            "type": "user_change",
            "user": shapes.user(self.ws.state, who, include_locale=True),
            "cache_ts": int(self.ws.state.clock.now()),
            "event_ts": self.ws.state.next_ts(),
        }
        self.ws.tell(event)

    def _set_usergroup(self, body: Json) -> None:
        group = self.ws.state.usergroups.get(str(body["usergroup"]))
        users = body["users"]
        if group is None or not isinstance(users, list) or not set(users) <= set(self.ws.state.users):
            raise RefusalError("usergroup_not_found", "There is no such user group, or somebody in it is unknown.")
        added = [u for u in users if u not in group.users]
        removed = [u for u in group.users if u not in users]
        group.users = list(users)
        self.ws.tell(events.group_members(self.ws.state, group.id, added, removed))

    def _unfurl(self, body: Json) -> None:
        """A link in a message gets its preview: the message changes, its text does not."""
        channel = self._channel(body)
        message = channel.messages.get(str(body["ts"]))
        if message is None:
            raise RefusalError("message_not_found", "There is no such message in that channel.")
        self.ws.edit(channel, message, {"attachments": [{"id": 1, "fallback": "A preview"}]}, None)

    def _fail_next(self, body: Json) -> None:
        failure = Failure(body.get("error"), body.get("status"), body.get("retry_after"))
        times = int(body.get("times", 1))
        self.api.failures.setdefault(str(body["method"]), []).extend([failure] * times)

    def _set_latency(self, body: Json) -> None:
        self.api.latency[str(body.get("method", "*"))] = float(body["seconds"])

    def _set_redirect_urls(self, body: Json) -> None:
        self.ws.state.manifest.oauth_config.redirect_urls = [str(url) for url in body["urls"]]

    def _set_clock(self, body: Json) -> None:
        self.ws.state.clock.advance(float(body["ahead"]))

    def _set_story(self, body: Json) -> None:
        story = Story.model_validate(body["story"])
        self.ws.state.world.story = story
        self.ws.hub.push(None, {"type": "story", "story": story.model_dump(exclude_none=True)})
