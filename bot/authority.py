"""Who may decide an exception, read anew at every click (*Who clicked decides*)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from bot.message import Role
from bot.policy import ApprovalPolicy, Limits
from bot.setup import RoleSource, Setup


class Level(StrEnum):
    """How far somebody's word goes; a manager is the second approver for what is beyond a supervisor."""

    SUPERVISOR = "supervisor"
    MANAGER = "manager"


class Authority(BaseModel):
    """An authority somebody holds, of their own or while a supervisor is away.

    Attributes:
        deputy_for: Slack id of the one they stand in for; None when it is their own.
    """

    model_config = ConfigDict(frozen=True)

    level: Level
    deputy_for: str | None = None

    def limits(self, policy: ApprovalPolicy) -> Limits:
        """What the policy lets it grant alone."""
        return policy.manager if self.level is Level.MANAGER else policy.supervisor


def authorities(
    user: str, role: Role, setup: Setup, groups: Mapping[str, frozenset[str]], now: datetime
) -> tuple[Authority, ...]:
    """The authorities somebody holds at this moment, their own first; empty for whoever decides nothing.

    Args:
        role: Theirs, as it is at this moment; a deputy has to be one who talks to customers or decides: an outsider, a
            salesperson or whoever left stands in for nobody.
        groups: The members of user groups as far as they are known freshly enough; an unknown group gives nothing.
    """
    held: list[Authority] = []
    own = _level(user, setup, groups)
    if role is Role.SUPERVISOR and own:
        held.append(Authority(level=own))
    if role in {Role.AGENT, Role.SUPERVISOR}:
        for away in setup.away_now(now):
            level = _level(away.user, setup, groups)
            if away.deputy == user != away.user and level:
                held.append(Authority(level=level, deputy_for=away.user))
    return tuple(held)


def managers(setup: Setup, groups: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The managers, as far as they are known."""
    return members(setup.managers, groups)


def supervisors(setup: Setup, groups: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The supervisors who are no managers, as far as they are known."""
    return members(setup.supervisors, groups) - managers(setup, groups)


def deputies(setup: Setup, now: datetime, *, of: frozenset[str] | None = None) -> frozenset[str]:
    """Who stands in for somebody now.

    Args:
        of: Only for one of these people.
    """
    return frozenset(
        each.deputy
        for each in setup.away_now(now)
        if each.deputy and each.deputy != each.user and (of is None or each.user in of)
    )


def _level(user: str, setup: Setup, groups: Mapping[str, frozenset[str]]) -> Level | None:
    if user in managers(setup, groups):
        return Level.MANAGER
    return Level.SUPERVISOR if user in members(setup.supervisors, groups) else None


def members(source: RoleSource, groups: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Who has a role by a source, as far as they are known."""
    return frozenset(source.users).union(*(groups.get(group, frozenset()) for group in source.groups))
