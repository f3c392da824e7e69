"""How Slack writes what people type: escaped, with mentions and links in angle brackets; pure."""

import re
import secrets

from sandbox.state import State
from sandbox.world import Json


def escape(text: str) -> str:
    """Escape the three characters that Slack escapes."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def as_slack(state: State, text: str) -> str:
    """A person's words as the app receives them: @name, @group, #channel and links become Slack's markup."""
    marks = _marks(state)
    names = "|".join(re.escape(name) for name in sorted(marks, key=len, reverse=True))
    known = re.compile(rf"https?://[^\s<>|]+|(?<![A-Za-z0-9_])(?:{names})(?![A-Za-z0-9_])")
    return known.sub(lambda match: marks.get(match.group(), f"<{match.group()}>"), escape(text))


def _marks(state: State) -> dict[str, str]:
    """What can be typed after @ and #, and the markup for it."""
    marks = {f"@{name}": f"<!{name}>" for name in ("here", "channel", "everyone")}
    for group in state.usergroups.values():
        marks[f"@{group.handle}"] = f"<!subteam^{group.id}|@{group.handle}>"
    for user in state.users.values():
        for name in (user.id, user.real_name, user.name):
            marks[f"@{escape(name)}"] = f"<@{user.id}>"
    for channel in state.conversations.values():
        if channel.kind == "channel":
            marks[f"#{channel.name}"] = f"<#{channel.id}|{channel.name}>"
    return marks


def rich_text(text: str) -> list[Json]:
    """The block that Slack adds to what people type, for plain words."""
    return [
        {
            "type": "rich_text",
            "block_id": secrets.token_urlsafe(3),
            "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}],
        }
    ]
