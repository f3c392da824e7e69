"""Where a thing may be shown. Every send goes through `may_show`, and nothing else decides it."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from bot.message import Role
from bot.setup import Person


class Surface(StrEnum):
    """How a person would come to see it.

    `TASK` is a direct message that tells one of us what to do and nothing else: no cost, no exception, no coaching.
    """

    EPHEMERAL = "ephemeral"
    DIRECT = "direct"
    TASK = "task"
    HOME = "home"
    VISIBLE = "visible"


class Channel(BaseModel):
    """What is known of a channel at this moment.

    Attributes:
        has_guests: Whether a guest or a stranger is among the members; None when it could not be told.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str = ""
    is_direct: bool = False
    is_archived: bool = False
    is_ext_shared: bool = False
    is_pending_ext_shared: bool = False
    is_shared: bool = False
    is_org_shared: bool = False
    has_guests: bool | None = None

    @property
    def outsiders_may_read(self) -> bool:
        """Whether anybody but us may be reading; when it cannot be told, they are."""
        return (
            self.is_ext_shared
            or self.is_pending_ext_shared
            or (self.is_shared and not self.is_org_shared)
            or self.has_guests is not False
        )


class Withheld(StrEnum):
    """Why a thing was not shown."""

    OUTSIDERS = "outsiders may read this channel"
    NOT_STAFF = "the person is not one of our staff"
    CHANNEL_UNKNOWN = "the channel could not be looked up"
    ARCHIVED = "the channel is archived"


def may_show(
    surface: Surface,
    *,
    channel: Channel | None = None,
    person: Person | None = None,
    role: Role | None = None,
) -> Withheld | None:
    """Whether something meant for staff alone may be shown there; None means yes (domain page, *Nothing leaks*).

    An administrator of our own workspace sets Aside up, and counts as staff here.
    """
    if surface is Surface.VISIBLE:
        if channel is None:
            return Withheld.CHANNEL_UNKNOWN
        if channel.is_archived:
            return Withheld.ARCHIVED
        return Withheld.OUTSIDERS if channel.outsiders_may_read else None
    if person is None or person.outsider or not person.active:
        return Withheld.NOT_STAFF
    if surface is Surface.TASK:
        return None
    return None if person.admin or (role is not None and role.is_staff) else Withheld.NOT_STAFF
