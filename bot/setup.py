"""How a workspace set Aside up: its channels, who is who, who is on duty. And who that makes somebody."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from bot.message import Role


class RoleSource(BaseModel):
    """Who has a role: people named one by one, and members of Slack user groups (paid plans only)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


class SupportChannel(BaseModel):
    """A channel in which customers are helped.

    Attributes:
        customer: Id of the customer it belongs to; None when it serves many.
        on_duty: Who is coached about a thread that no agent handles yet.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: str
    customer: str | None = None
    on_duty: tuple[str, ...] = ()


class Away(BaseModel):
    """A supervisor who is away, as they said themselves.

    Attributes:
        until: When they are back; None when they did not say.
        deputy: Who decides for them meanwhile; None when nobody does.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    user: str
    until: AwareDatetime | None = None
    deputy: str | None = None


class Setup(BaseModel):
    """Everything an administrator decides; nothing else has to be edited to start.

    Attributes:
        managers: Supervisors whose word goes further: the second approvers.
        sales_managers: Salespeople to whom goes what nobody else in sales takes.
        helpdesk_apps: Ids of apps (A… or B…) that mirror what customers write elsewhere.
        away: The supervisors who said that they are away, also those who are back by now.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    support: tuple[SupportChannel, ...] = ()
    agents: RoleSource = RoleSource()
    supervisors: RoleSource = RoleSource()
    managers: RoleSource = RoleSource()
    sales: RoleSource = RoleSource()
    sales_managers: RoleSource = RoleSource()
    approvals_channel: str | None = None
    sales_channel: str | None = None
    helpdesk_apps: tuple[str, ...] = ()
    away: tuple[Away, ...] = ()

    def support_channel(self, channel: str) -> SupportChannel | None:
        """The support channel with this id, if it is one."""
        return next((each for each in self.support if each.channel == channel), None)

    def with_support_channel(self, changed: SupportChannel) -> "Setup":
        """The same setup with one support channel added or replaced."""
        others = tuple(each for each in self.support if each.channel != changed.channel)
        return self.model_copy(update={"support": (*others, changed)})

    def with_away(self, user: str, entry: Away | None) -> "Setup":
        """The same setup with somebody away, or back."""
        others = tuple(each for each in self.away if each.user != user)
        return self.model_copy(update={"away": (*others, entry) if entry else others})

    def away_now(self, now: datetime) -> tuple[Away, ...]:
        """Who is away now."""
        return tuple(each for each in self.away if each.until is None or each.until > now)

    @property
    def deciders(self) -> RoleSource:
        """Managers and supervisors together: a manager is a supervisor as well."""
        return RoleSource(
            users=tuple(dict.fromkeys((*self.managers.users, *self.supervisors.users))),
            groups=tuple(dict.fromkeys((*self.managers.groups, *self.supervisors.groups))),
        )

    @property
    def groups(self) -> tuple[str, ...]:
        """Every user group that gives a role."""
        sources = (self.managers, self.supervisors, self.sales, self.sales_managers, self.agents)
        return tuple(group for source in sources for group in source.groups)

    @property
    def channels(self) -> tuple[str, ...]:
        """Every channel in which Aside has to be."""
        named = (*(each.channel for each in self.support), self.approvals_channel, self.sales_channel)
        return tuple(dict.fromkeys(each for each in named if each))

    def missing(self) -> tuple["Missing", ...]:
        """What still has to be decided before Aside can help anybody."""
        gaps = (
            (Missing.SUPPORT, not self.support),
            (Missing.AGENTS, not (self.agents.users or self.agents.groups)),
            (Missing.SUPERVISORS, not (self.deciders.users or self.deciders.groups)),
            (Missing.APPROVALS, self.approvals_channel is None),
            (Missing.ON_DUTY, any(not each.on_duty for each in self.support)),
        )
        return tuple(gap for gap, open_ in gaps if open_)


def supervisors_away(setup: Setup, groups: Mapping[str, frozenset[str]], now: datetime) -> bool:
    """Whether every supervisor and manager is away (R31); not while a group is unknown: nobody knows who is in it."""
    source = setup.deciders
    if not all(group in groups for group in source.groups):
        return False
    everyone = frozenset(source.users).union(*(groups[group] for group in source.groups))
    return bool(everyone) and everyone <= {each.user for each in setup.away_now(now)}


class Missing(StrEnum):
    """A gap in the setup."""

    SUPPORT = "support"
    AGENTS = "agents"
    SUPERVISORS = "supervisors"
    APPROVALS = "approvals"
    ON_DUTY = "on_duty"


class Person(BaseModel):
    """Somebody in Slack.

    Attributes:
        outsider: Not one of us: another company, a guest, or nobody could tell.
        admin: May change the setup.
        locale: Their language in Slack, like zh-TW or en-GB.
        timezone: Where their day begins and ends, an IANA name.
    """

    model_config = ConfigDict(frozen=True)

    user_id: str
    name: str
    outsider: bool
    admin: bool = False
    active: bool = True
    locale: str = ""
    timezone: str = "Asia/Taipei"


def role_of(person: Person, setup: Setup, groups: Mapping[str, frozenset[str]]) -> Role:
    """Who somebody is: outsiders are customers whatever a list says; a supervisor is one first of all.

    `groups` holds the members of user groups as far as they are known freshly enough; a group that is
    missing gives nobody a role.
    """
    if person.outsider or not person.active:
        return Role.CUSTOMER if person.outsider else Role.COLLEAGUE
    for role, source in (
        (Role.SUPERVISOR, setup.managers),
        (Role.SUPERVISOR, setup.supervisors),
        (Role.SALES, setup.sales),
        (Role.SALES, setup.sales_managers),
        (Role.AGENT, setup.agents),
    ):
        if person.user_id in source.users or any(
            person.user_id in groups.get(group, frozenset()) for group in source.groups
        ):
            return role
    return Role.COLLEAGUE
