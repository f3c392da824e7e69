"""Who somebody is, and where a thing may be shown."""

from itertools import product

import pytest

from bot.message import Role
from bot.setup import Missing, Person, RoleSource, Setup, SupportChannel, role_of
from bot.visibility import Channel, Surface, Withheld, may_show

SETUP = Setup(
    agents=RoleSource(users=("UA", "UX")), supervisors=RoleSource(groups=("S1",)), sales=RoleSource(users=("US",))
)
GROUPS = {"S1": frozenset({"UB", "UX"})}
INTERNAL = Channel(id="C1", has_guests=False)


def person(user_id: str = "UA", *, outsider: bool = False, active: bool = True) -> Person:
    """Somebody."""
    return Person(user_id=user_id, name="x", outsider=outsider, active=active)


@pytest.mark.parametrize(
    ("user_id", "role"),
    [("UA", Role.AGENT), ("UB", Role.SUPERVISOR), ("US", Role.SALES), ("UX", Role.SUPERVISOR), ("U?", Role.COLLEAGUE)],
)
def test_roles_come_from_settings_and_user_groups(user_id: str, role: Role) -> None:
    """Who is in two lists is a supervisor first."""
    assert role_of(person(user_id), SETUP, GROUPS) is role


def test_an_outsider_is_a_customer_whatever_a_list_says() -> None:
    """A list cannot let a guest in."""
    assert role_of(person("UA", outsider=True), SETUP, GROUPS) is Role.CUSTOMER


def test_who_has_left_has_no_role() -> None:
    """A deactivated account decides nothing."""
    assert role_of(person("UB", active=False), SETUP, GROUPS) is Role.COLLEAGUE


def test_a_group_that_is_not_known_gives_nobody_a_role() -> None:
    """Too old means no."""
    assert role_of(person("UB"), SETUP, {}) is Role.COLLEAGUE


FLAGS = ("is_ext_shared", "is_pending_ext_shared", "is_shared", "is_org_shared")


@pytest.mark.parametrize("flags", list(product([False, True], repeat=4)))
@pytest.mark.parametrize("guests", [None, True, False])
def test_nothing_visible_where_outsiders_may_read(flags: tuple[bool, ...], guests: bool | None) -> None:  # noqa: FBT001 - every combination
    """Slack Connect, a pending invitation, guests, or nobody can tell: nothing visible."""
    named = dict(zip(FLAGS, flags, strict=True))
    channel = Channel(id="C1", has_guests=guests, **named)
    safe = (
        guests is False
        and not named["is_ext_shared"]
        and not named["is_pending_ext_shared"]
        and (not named["is_shared"] or named["is_org_shared"])
    )
    assert may_show(Surface.VISIBLE, channel=channel) is (None if safe else Withheld.OUTSIDERS)


def test_an_unknown_or_archived_channel_is_shown_nothing() -> None:
    """When it cannot be told, outsiders are there."""
    assert may_show(Surface.VISIBLE, channel=None) is Withheld.CHANNEL_UNKNOWN
    archived = INTERNAL.model_copy(update={"is_archived": True})
    assert may_show(Surface.VISIBLE, channel=archived) is Withheld.ARCHIVED
    assert may_show(Surface.VISIBLE, channel=INTERNAL) is None


@pytest.mark.parametrize("surface", [Surface.EPHEMERAL, Surface.DIRECT, Surface.HOME])
@pytest.mark.parametrize("role", list(Role))
def test_only_active_staff_of_our_own_are_whispered_to(surface: Surface, role: Role) -> None:
    """Customers, colleagues without a part in support, bots, those who left: no."""
    allowed = role in {Role.AGENT, Role.SUPERVISOR, Role.SALES}
    assert may_show(surface, person=person(), role=role) is (None if allowed else Withheld.NOT_STAFF)
    assert may_show(surface, person=person(outsider=True), role=role) is Withheld.NOT_STAFF
    assert may_show(surface, person=person(active=False), role=role) is Withheld.NOT_STAFF
    assert may_show(surface, person=None, role=role) is Withheld.NOT_STAFF


@pytest.mark.parametrize("role", list(Role))
def test_work_may_be_given_to_anybody_of_our_own(role: Role) -> None:
    """A colleague without a part in support may be asked to look at something; an outsider never."""
    assert may_show(Surface.TASK, person=person(), role=role) is None
    assert may_show(Surface.TASK, person=person(outsider=True), role=role) is Withheld.NOT_STAFF
    assert may_show(Surface.TASK, person=person(active=False), role=role) is Withheld.NOT_STAFF
    assert may_show(Surface.TASK, person=None, role=role) is Withheld.NOT_STAFF


def test_the_setup_says_what_is_missing() -> None:
    """Nothing else has to be edited to start."""
    assert Setup().missing() == (Missing.SUPPORT, Missing.AGENTS, Missing.SUPERVISORS, Missing.APPROVALS)
    channel = SupportChannel(channel="C1")
    assert Missing.ON_DUTY in Setup(support=(channel,)).missing()
    whole = SETUP.with_support_channel(channel.model_copy(update={"on_duty": ("UA",)}))
    assert whole.model_copy(update={"approvals_channel": "C2"}).missing() == ()


def test_changing_a_support_channel_keeps_the_others() -> None:
    """One channel is replaced, not the list."""
    one, two = SupportChannel(channel="C1"), SupportChannel(channel="C2", customer="X")
    changed = Setup(support=(one, two)).with_support_channel(one.model_copy(update={"on_duty": ("UA",)}))
    assert changed.support_channel("C2") == two
    assert changed.support_channel("C1") == SupportChannel(channel="C1", on_duty=("UA",))
