"""What somebody said in a support channel, freed of Slack's shapes."""

from datetime import UTC, datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Role(StrEnum):
    """Who somebody is to a case; a colleague is one of us without a part in support."""

    CUSTOMER = "customer"
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    SALES = "sales"
    COLLEAGUE = "colleague"
    BOT = "bot"

    @property
    def is_staff(self) -> bool:
        """Whether this person works for us and may see what Aside whispers."""
        return self in {Role.AGENT, Role.SUPERVISOR, Role.SALES}


class Message(BaseModel):
    """One message, as it stands now.

    Attributes:
        workspace: Our Slack team, the key that leads every row.
        channel: Where it was said.
        ts: Slack's id of the message in its channel; also when it was said, in seconds since 1970.
        thread_ts: The message whose thread this one stands in; None outside threads.
        speaker: Slack's id of the person or of the app that mirrored them.
        role: Who the speaker is to the case.
        text: What was said, Slack's markup unescaped.
        mirrored: A helpdesk app said it for somebody.
    """

    model_config = ConfigDict(frozen=True)

    workspace: str
    channel: str
    ts: str
    thread_ts: str | None = None
    speaker: str
    role: Role
    text: str
    mirrored: bool = False

    @property
    def thread(self) -> str:
        """The thread this message stands in or would start."""
        return self.thread_ts or self.ts

    @property
    def said_at(self) -> datetime:
        """When it was said."""
        return datetime.fromtimestamp(float(self.ts), tz=UTC)
