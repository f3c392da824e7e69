"""How Slack writes what people type: escaped, with mentions and links in angle brackets; pure."""

import re
import secrets

from sandbox.state import State
from sandbox.world import Json

_TOKEN = re.compile(r"https?://[^\s<>|]+|[@#][^\s@#<>,.;:!?，。；：！？、（）()]+")


def escape(text: str) -> str:
    """Escape the three characters that Slack escapes."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def as_slack(state: State, text: str) -> str:
    """A person's words as the app receives them: @name, @group, #channel and links become Slack's markup."""
    return _TOKEN.sub(lambda match: _mark(state, match.group()), escape(text))


def _mark(state: State, token: str) -> str:
    if token.startswith("http"):
        return f"<{token}>"
    name = token[1:]
    if token.startswith("@"):
        for user in state.users.values():
            if name in {user.name, user.real_name, user.id}:
                return f"<@{user.id}>"
        for group in state.usergroups.values():
            if name == group.handle:
                return f"<!subteam^{group.id}|@{group.handle}>"
        return f"<!{name}>" if name in {"here", "channel", "everyone"} else token
    for channel in state.conversations.values():
        if channel.kind == "channel" and name == channel.name:
            return f"<#{channel.id}|{channel.name}>"
    return token


def rich_text(text: str) -> list[Json]:
    """The block that Slack adds to what people type, for plain words."""
    return [
        {
            "type": "rich_text",
            "block_id": secrets.token_urlsafe(3),
            "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}],
        }
    ]
