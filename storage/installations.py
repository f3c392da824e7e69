"""Who installed us: a row for each workspace, with its tokens closed, and the installations that are being made."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, select, update

from storage.engine import insert_once, upsert
from storage.schema import install_states, installations
from storage.sealing import Seal, UnreadableError

CLOCKS_APART_SECONDS = 5.0
"""Slack tells whole seconds by its own clock; nobody uninstalls us and installs us anew within so few."""
STATE_SECONDS = 600.0
"""How long somebody may take between our page and Slack's yes."""
REFRESH_AHEAD_SECONDS = 4 * 3_600.0
"""A token lives twelve hours. It is renewed so long before its end that somebody can mend what goes wrong."""
LEASE_SECONDS = 30.0

_STAYS = installations.c.leaving_at.is_(None)
"""Of whoever leaves the lease is the one by which they are deleted."""


class TokenState(StrEnum):
    """How a workspace's token stands."""

    GOOD = "good"
    REFUSED = "refused"
    """Slack refused to renew or to take it; one that it does not renew works until it expires."""
    REVOKED = "revoked"
    UNREADABLE = "unreadable"
    LEAVING = "leaving"


@dataclass(frozen=True)
class Installation:
    """A workspace that installed us.

    Attributes:
        bot_token: Empty when it was revoked or none of our keys opens it.
        refresh_token: Empty when the bot token never expires.
        expires_at: When the bot token does, in seconds since 1970.
        refused: Slack's code for why it did not renew or take the token; empty when it did.
        leaving_at: When we heard that they uninstalled us; everything of theirs is being deleted.
        sealed_refresh_token: As it stands in the row, to write only over what was read.
    """

    workspace: str
    name: str
    enterprise: str | None
    app_id: str
    bot_user: str
    bot_id: str
    scopes: frozenset[str]
    bot_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: float | None
    installed_by: str
    installed_at: float
    refused: str = ""
    revoked_at: float | None = None
    leaving_at: float | None = None
    sealed_refresh_token: str = ""

    @property
    def token_state(self) -> TokenState:
        """How its token stands."""
        if self.leaving_at is not None:
            return TokenState.LEAVING
        if self.revoked_at is not None:
            return TokenState.REVOKED
        if not self.bot_token:
            return TokenState.UNREADABLE
        return TokenState.REFUSED if self.refused else TokenState.GOOD

    @property
    def lets_us_in(self) -> bool:
        """Whether we work there."""
        return self.token_state in {TokenState.GOOD, TokenState.REFUSED}


def save(connection: Connection, seal: Seal, made: Installation) -> bool:
    """Write an installation; whether we were there before: then it gets the new token and scopes, and keeps its data.

    Where we are still deleting what was before, that goes on, and the workspace begins empty.
    """
    before = get(connection, made.workspace)
    leaving_at = before.leaving_at if before else None
    row = {
        "workspace": made.workspace,
        "name": made.name,
        "enterprise": made.enterprise,
        "app_id": made.app_id,
        "bot_user": made.bot_user,
        "bot_id": made.bot_id,
        "scopes": ",".join(sorted(made.scopes)),
        "bot_token": seal.closed(made.bot_token),
        "refresh_token": seal.closed(made.refresh_token),
        "expires_at": made.expires_at,
        "installed_by": made.installed_by,
        "installed_at": made.installed_at,
        "lease_until": 0.0,
        "refused": "",
        "revoked_at": None,
        "leaving_at": leaving_at,
    }
    upsert(connection, installations, row)
    return before is not None and leaving_at is None


def all_of(connection: Connection, seal: Seal | None = None) -> Sequence[Installation]:
    """Every workspace that installed us, by its id; without the seal their tokens stay closed."""
    rows = connection.execute(select(installations).order_by(installations.c.workspace))
    return [_read(seal, row) for row in rows]


def get(connection: Connection, workspace: str, seal: Seal | None = None) -> Installation | None:
    """One of them; without the seal its tokens stay closed."""
    row = connection.execute(select(installations).where(installations.c.workspace == workspace)).one_or_none()
    return _read(seal, row) if row else None


def _read(seal: Seal | None, row: Row[Any]) -> Installation:
    bot_token = refresh_token = ""
    if seal:
        with suppress(UnreadableError):
            bot_token, refresh_token = seal.opened(row.bot_token), seal.opened(row.refresh_token)
    return Installation(
        workspace=row.workspace,
        name=row.name,
        enterprise=row.enterprise,
        app_id=row.app_id,
        bot_user=row.bot_user,
        bot_id=row.bot_id,
        scopes=frozenset(each for each in row.scopes.split(",") if each),
        bot_token=bot_token,
        refresh_token=refresh_token,
        expires_at=row.expires_at,
        installed_by=row.installed_by,
        installed_at=row.installed_at,
        refused=row.refused,
        revoked_at=row.revoked_at,
        leaving_at=row.leaving_at,
        sealed_refresh_token=row.refresh_token,
    )


def claim_refresh(
    connection: Connection, seal: Seal, *, now: float, workspace: str | None = None
) -> Installation | None:
    """Take the workspace whose token expires first, if it is time to renew it, for as long as a lease.

    Whoever else looks meanwhile leaves it alone; after a lease that nobody gave back, it is tried again.

    Args:
        workspace: The one whose token Slack called expired, whatever we think of it.
    """
    is_due = (
        (
            (installations.c.workspace == workspace)
            if workspace
            else (installations.c.expires_at <= now + REFRESH_AHEAD_SECONDS)
        )
        & (installations.c.refresh_token != "")
        & (installations.c.lease_until <= now)
        & installations.c.revoked_at.is_(None)
        & _STAYS
    )
    due = select(installations.c.workspace).where(is_due).order_by(installations.c.expires_at)
    for each in connection.execute(due).scalars().all():
        taken = update(installations).where(installations.c.workspace == each, is_due)
        if connection.execute(taken.values(lease_until=now + LEASE_SECONDS)).rowcount:
            found = get(connection, each, seal)
            if found and found.refresh_token:
                return found
    return None


def refreshed(
    connection: Connection, seal: Seal, before: Installation, *, bot_token: str, refresh_token: str, expires_at: float
) -> bool:
    """Write the new tokens down; False when they left meanwhile, or installed us anew, whose tokens stay."""
    values = {
        "bot_token": seal.closed(bot_token),
        "refresh_token": seal.closed(refresh_token),
        "expires_at": expires_at,
        "lease_until": 0.0,
        "refused": "",
    }
    return connection.execute(update(installations).where(_as_read(before), _STAYS).values(**values)).rowcount == 1


def not_refreshed(connection: Connection, before: Installation, *, refused: str, again_at: float) -> None:
    """Note that the token was not renewed, and from when on somebody may try again.

    Args:
        refused: Slack's code; empty when Slack could not be asked.
    """
    values = {"lease_until": again_at} | ({"refused": refused} if refused else {})
    connection.execute(update(installations).where(_as_read(before), _STAYS).values(**values))


def release_leases(connection: Connection) -> None:
    """At the start of the only worker: nobody else is renewing or deleting anything."""
    connection.execute(update(installations).values(lease_until=0.0))


def not_taken(connection: Connection, before: Installation, *, code: str) -> None:
    """Note that Slack does not take the token, unless there is another by now.

    Args:
        code: What it said.
    """
    same = _as_read(before) & (installations.c.installed_at == before.installed_at)
    connection.execute(update(installations).where(same).values(refused=code))


def _as_read(before: Installation) -> ColumnElement[bool]:
    return (installations.c.workspace == before.workspace) & (
        installations.c.refresh_token == before.sealed_refresh_token
    )


def revoked(connection: Connection, before: Installation, *, at: float) -> bool:
    """Drop the tokens that Slack takes no more, unless newer ones came; the workspace's data stay."""
    values: Mapping[str, Any] = {"bot_token": "", "refresh_token": "", "expires_at": None, "revoked_at": at}
    same = _as_read(before) & (installations.c.installed_at == before.installed_at)
    return connection.execute(update(installations).where(same).values(**values)).rowcount == 1


def leaves(connection: Connection, workspace: str, *, at: float, now: float) -> bool:
    """Note that a workspace uninstalled us, so that what is theirs is deleted and nothing of theirs is worked on.

    False when it is not ours, leaves already, or installed us anew after that: an old event changes nothing. Who came
    back while the rows of before were deleted, and leaves once more, is deleted from then on.

    Args:
        at: When they did, by Slack's clock in whole seconds since 1970.
    """
    found = update(installations).where(
        installations.c.workspace == workspace,
        installations.c.installed_at <= at + CLOCKS_APART_SECONDS,
        installations.c.leaving_at.is_(None) | (installations.c.installed_at > installations.c.leaving_at),
    )
    return connection.execute(found.values(leaving_at=now, lease_until=0.0)).rowcount == 1


def issue_state(connection: Connection, state: str, *, now: float, workspace: str = "") -> None:
    """Note that somebody began to install; what nobody came back from is forgotten.

    Args:
        workspace: For which one, where they said so.
    """
    connection.execute(delete(install_states).where(install_states.c.issued_at <= now - STATE_SECONDS))
    insert_once(connection, install_states, {"workspace": workspace, "hash": _hash(state), "issued_at": now})


def use_state(connection: Connection, state: str, *, now: float) -> bool:
    """Whether somebody began with this state lately; it is used up by that."""
    known = delete(install_states).where(
        install_states.c.hash == _hash(state), install_states.c.issued_at > now - STATE_SECONDS
    )
    return connection.execute(known).rowcount == 1


def _hash(state: str) -> str:
    return sha256(state.encode("utf-8", "surrogatepass")).hexdigest()
