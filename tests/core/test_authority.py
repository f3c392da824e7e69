"""Who may decide: level is data, the role is read at that moment, a deputy's word ends with its date (R30–R32)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.authority import Authority, Level, authorities, deputies, managers, supervisors
from bot.message import Role
from bot.policy import ApprovalPolicy, Concession, Limits
from bot.setup import Away, Person, RoleSource, Setup, role_of

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
SETUP = Setup(
    agents=RoleSource(users=("UA", "UB")),
    supervisors=RoleSource(users=("US",), groups=("G1",)),
    managers=RoleSource(users=("UM",), groups=("G2",)),
    sales=RoleSource(users=("UX",)),
)
GROUPS = {"G1": frozenset({"US2"}), "G2": frozenset({"UM2"})}
OWN = {"US": Level.SUPERVISOR, "US2": Level.SUPERVISOR, "UM": Level.MANAGER, "UM2": Level.MANAGER}
PEOPLE = ("UA", "UB", "US", "US2", "UM", "UM2", "UX", "U?")

users = st.sampled_from(PEOPLE)
sources = st.builds(
    RoleSource,
    users=st.lists(users, max_size=4).map(tuple),
    groups=st.lists(st.sampled_from(("G1", "G2", "G3")), max_size=2).map(tuple),
)
away = st.builds(
    Away,
    user=users,
    until=st.none() | st.timedeltas(timedelta(days=-9), timedelta(days=9)).map(lambda each: NOW + each),
    deputy=st.none() | users,
)
setups = st.builds(
    Setup,
    agents=sources,
    supervisors=sources,
    managers=sources,
    sales=sources,
    away=st.lists(away, max_size=5, unique_by=lambda each: each.user).map(tuple),
)
memberships = st.dictionaries(st.sampled_from(("G1", "G2")), st.frozensets(users))


def held(user: str, setup: Setup, groups: dict[str, frozenset[str]] = GROUPS, **about: bool) -> tuple[Authority, ...]:
    """What somebody may decide, their role read at this moment."""
    person = Person(user_id=user, name="x", outsider=about.get("outsider", False), active=about.get("active", True))
    return authorities(user, role_of(person, setup, groups), setup, groups, NOW)


def standing_in(deputy: str, user: str = "US", until: datetime | None = None) -> Setup:
    """The setup while `user` is away and has named `deputy`."""
    return SETUP.with_away(user, Away(user=user, until=until, deputy=deputy))


@pytest.mark.parametrize("user", PEOPLE)
def test_authority_of_ones_own_comes_from_the_lists(user: str) -> None:
    """Supervisors and managers, by name and by group, and nobody else."""
    assert held(user, SETUP) == ((Authority(level=OWN[user]),) if user in OWN else ())


def test_a_manager_who_is_a_supervisor_too_is_a_manager() -> None:
    """The word that goes further holds."""
    both = SETUP.model_copy(update={"supervisors": RoleSource(users=("US", "UM"))})
    assert held("UM", both) == (Authority(level=Level.MANAGER),)
    assert supervisors(both, GROUPS) == {"US"}
    assert managers(both, GROUPS) == {"UM", "UM2"}


@given(user=users, setup=setups, groups=memberships, outsider=st.booleans())
def test_an_outsider_and_whoever_left_decide_nothing_whatever_lists_say(
    user: str, setup: Setup, groups: dict[str, frozenset[str]], *, outsider: bool
) -> None:
    """Neither of their own nor for anybody."""
    assert held(user, setup, groups, outsider=outsider, active=outsider) == ()


@given(user=users, setup=setups, groups=memberships)
def test_sales_and_colleagues_decide_nothing_whatever_the_lists_say(
    user: str, setup: Setup, groups: dict[str, frozenset[str]]
) -> None:
    """R27: who sells does not grant; who is in no list stands in for nobody, though somebody named them."""
    for role in (Role.SALES, Role.COLLEAGUE, Role.CUSTOMER):
        assert authorities(user, role, setup, groups, NOW) == ()


@given(user=users, role=st.sampled_from(Role), setup=setups, groups=memberships)
def test_whatever_is_held_rests_on_a_list_as_it_is_known_now(
    user: str, role: Role, setup: Setup, groups: dict[str, frozenset[str]]
) -> None:
    """The level is that of whose it is, own or borrowed; only agents and supervisors hold one; none is held twice."""
    known = dict.fromkeys(supervisors(setup, groups), Level.SUPERVISOR)
    known |= dict.fromkeys(managers(setup, groups), Level.MANAGER)
    got = authorities(user, role, setup, groups, NOW)
    assert all(known.get(each.deputy_for or user) is each.level for each in got)
    assert not got or role in {Role.AGENT, Role.SUPERVISOR}
    assert len({each.deputy_for for each in got}) == len(got)
    assert all(each.deputy_for for each in got[1:])


@given(user=users, setup=setups, groups=memberships)
def test_nobody_stands_in_for_themselves(user: str, setup: Setup, groups: dict[str, frozenset[str]]) -> None:
    """R30: a deputy is somebody else, so nobody's own request comes back to them by that way."""
    assert all(each.deputy_for != user for each in held(user, setup, groups))
    assert user not in deputies(Setup(away=(Away(user=user, deputy=user),)), NOW)


@given(setup=setups, groups=memberships)
def test_a_group_that_is_not_known_gives_nothing(setup: Setup, groups: dict[str, frozenset[str]]) -> None:
    """Too old means no: with less known nobody may do more."""
    for user in PEOPLE:
        for role in Role:
            with_none = authorities(user, role, setup, {}, NOW)
            named = {each: level for each, level in _named(setup).items() if each in {user, *_away(setup)}}
            assert all(named.get(each.deputy_for or user) is each.level for each in with_none)


def _named(setup: Setup) -> dict[str, Level]:
    """Whom the lists name one by one."""
    return dict.fromkeys(setup.supervisors.users, Level.SUPERVISOR) | dict.fromkeys(setup.managers.users, Level.MANAGER)


def _away(setup: Setup) -> set[str]:
    return {each.user for each in setup.away_now(NOW)}


def test_a_role_read_from_older_news_is_not_enough() -> None:
    """A supervisor by a group whose members are not known any more decides nothing."""
    assert authorities("US2", Role.SUPERVISOR, SETUP, {}, NOW) == ()
    assert authorities("US", Role.SUPERVISOR, SETUP, {}, NOW) == (Authority(level=Level.SUPERVISOR),)


@pytest.mark.parametrize(
    ("until", "stands_in"), [(None, True), (NOW + MOMENT, True), (NOW, False), (NOW - MOMENT, False)]
)
def test_a_deputy_stands_in_until_the_date_and_no_longer(until: datetime | None, *, stands_in: bool) -> None:
    """With no date, until they are back; at the very moment it is over."""
    setup = standing_in("UA", until=until)
    expected = (Authority(level=Level.SUPERVISOR, deputy_for="US"),) if stands_in else ()
    assert held("UA", setup) == expected
    assert deputies(setup, NOW) == ({"UA"} if stands_in else set())


def test_back_is_back() -> None:
    """Whoever says that they are back takes their word back, too."""
    assert held("UA", standing_in("UA").with_away("US", None)) == ()


@given(setup=setups, groups=memberships, user=users)
def test_nobody_holds_more_when_time_passes(setup: Setup, groups: dict[str, frozenset[str]], user: str) -> None:
    """Time alone takes a deputy's word away and never gives one."""
    later = authorities(user, Role.AGENT, setup, groups, NOW + timedelta(days=3))
    assert set(later) <= set(authorities(user, Role.AGENT, setup, groups, NOW))


def test_a_deputy_has_the_level_of_whom_they_stand_in_for() -> None:
    """A manager's deputy is the second approver meanwhile; their own word stays their own and comes first."""
    assert held("UA", standing_in("UA", "UM2")) == (Authority(level=Level.MANAGER, deputy_for="UM2"),)
    assert held("US", standing_in("US", "UM")) == (
        Authority(level=Level.SUPERVISOR),
        Authority(level=Level.MANAGER, deputy_for="UM"),
    )


def test_a_deputys_deputy_does_not_inherit() -> None:
    """What somebody holds for another is not theirs to hand on."""
    setup = standing_in("US", "UM").with_away("US", Away(user="US", deputy="UA"))
    assert held("UA", setup) == (Authority(level=Level.SUPERVISOR, deputy_for="US"),)


def test_standing_in_for_somebody_who_is_no_supervisor_any_more_gives_nothing() -> None:
    """The absence stays written down; the authority went with the role."""
    moved = standing_in("UB").model_copy(update={"supervisors": RoleSource(users=("US2",))})
    assert held("UB", moved) == ()


@pytest.mark.parametrize("deputy", ["UX", "U?"])
def test_whoever_is_neither_agent_nor_supervisor_stands_in_for_nobody(deputy: str) -> None:
    """Named or not."""
    assert held(deputy, standing_in(deputy)) == ()


def test_each_level_has_the_limits_of_the_policy() -> None:
    """Level is data: what it may grant stands in the policy, whoever lends it."""
    policy = ApprovalPolicy(
        supervisor=Limits(up_to=Decimal(10), concessions=(Concession.DISCOUNT,)),
        manager=Limits(up_to=Decimal(90), beyond_the_window=True),
    )
    assert Authority(level=Level.SUPERVISOR, deputy_for="US").limits(policy) is policy.supervisor
    assert Authority(level=Level.MANAGER).limits(policy) is policy.manager
