"""One call of a Web API method: its arguments, and what nearly every method asks first."""

import base64
import binascii
from collections.abc import Callable
from typing import TypeVar

from sandbox.state import ApiError, Conversation, State
from sandbox.workspace import Workspace
from sandbox.world import Json

T = TypeVar("T")

READ_SCOPE = {"channel": "channels:read", "group": "groups:read", "im": "im:read"}
HISTORY_SCOPE = {"channel": "channels:history", "group": "groups:history", "im": "im:history"}


class Call:
    """The arguments of one call by the app."""

    def __init__(self, ws: Workspace, arguments: Json, token: str | None) -> None:
        self.ws = ws
        self.state: State = ws.state
        self.arguments = arguments
        self.token = token

    def text(self, key: str) -> str | None:
        """A string argument; None when it is missing or empty."""
        value = self.arguments.get(key)
        if value is None or value == "":
            return None
        if isinstance(value, (dict, list)):
            raise ApiError("invalid_arguments", f"[ERROR] must be a string [json-pointer:/{key}]")
        return str(value)

    def flag(self, key: str) -> bool:
        """A boolean argument as forms and JSON carry it."""
        return self.arguments.get(key) in (True, 1, "1", "true", "True")

    def number(self, key: str, default: int, most: int) -> int:
        """A positive number.

        Raises:
            ApiError: It is none, or more than Slack allows.
        """
        value = self.text(key)
        if value is None or value == "0":
            return default
        if not value.isdecimal() or not 1 <= int(value) <= most:
            raise ApiError(f"invalid_{key}")
        return int(value)

    def channel(self, key: str = "channel", scopes: dict[str, str] | None = None) -> Conversation:
        """A conversation that the app can see: a public channel, or one that the bot is in.

        Raises:
            ApiError: There is none, or the token has no scope for this kind of conversation.
        """
        found = self.state.conversations.get(self.text(key) or "")
        if found is None or (found.type != "channel" and self.state.bot_user not in found.members):
            raise ApiError("channel_not_found")
        if scopes is not None:
            self.need_scope(scopes[found.type])
        return found

    def need_scope(self, scope: str) -> None:
        """Stop when the token lacks this scope.

        Raises:
            ApiError: It does.
        """
        provided = self.ws.installation.scopes
        if scope not in provided:
            raise ApiError("missing_scope", needed=scope, provided=",".join(provided))

    def user(self, key: str = "user") -> str:
        """The id of a person.

        Raises:
            ApiError: There is no such person.
        """
        wanted = self.text(key) or ""
        if wanted not in self.state.users:
            raise ApiError("user_not_found")
        return wanted

    def page(self, items: list[T], default: int, most: int, name: Callable[[T], str]) -> tuple[list[T], str]:
        """The items from the cursor on, at most `limit`, and the cursor of the next page, empty at the end.

        Raises:
            ApiError: The cursor is none of ours, or the limit is too high.
        """
        limit = self.number("limit", default, most)
        start = 0
        cursor = self.text("cursor")
        if cursor is not None:
            try:
                wanted = base64.b64decode(cursor, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError) as error:
                raise ApiError("invalid_cursor") from error
            names = [f"next:{name(item)}" for item in items]
            if wanted not in names:
                raise ApiError("invalid_cursor")
            start = names.index(wanted)
        rest = items[start + limit :]
        following = base64.b64encode(f"next:{name(rest[0])}".encode()).decode() if rest else ""
        return items[start : start + limit], following
