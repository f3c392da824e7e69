"""When every supervisor is away (R31), and when nobody can tell."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.setup import Away, Missing, RoleSource, Setup, supervisors_away

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
HERE = {"S1": frozenset({"U2", "U3"})}


def setup(*away: Away) -> Setup:
    """U1 is a supervisor by name, U2 and U3 by their group."""
    return Setup(supervisors=RoleSource(users=("U1",), groups=("S1",)), away=away)


@pytest.mark.parametrize(
    ("away", "groups", "are_away"),
    [
        ([Away(user="U1"), Away(user="U2"), Away(user="U3")], HERE, True),
        ([Away(user="U1"), Away(user="U2")], HERE, False),
        ([Away(user="U1"), Away(user="U2"), Away(user="U3", until=NOW + timedelta(hours=1))], HERE, True),
        ([Away(user="U1"), Away(user="U2"), Away(user="U3", until=NOW)], HERE, False),
        ([Away(user="U1"), Away(user="U2"), Away(user="U3")], {}, False),
        ([], HERE, False),
    ],
)
def test_all_of_them_or_the_line_is_not_true(
    away: list[Away], groups: dict[str, frozenset[str]], *, are_away: bool
) -> None:
    """Back at the very moment they named; a group that is not known may hold one who is here."""
    assert supervisors_away(setup(*away), groups, NOW) is are_away


@pytest.mark.parametrize(
    ("away", "groups", "are_away"),
    [
        (["U1", "U2", "U3"], HERE | {"S2": frozenset({"U5"})}, False),
        (["U1", "U2", "U3", "U4"], HERE | {"S2": frozenset({"U5"})}, False),
        (["U1", "U2", "U3", "U4", "U5"], HERE | {"S2": frozenset({"U5"})}, True),
        (["U1", "U2", "U3", "U4", "U5"], HERE, False),
    ],
)
def test_a_manager_who_is_here_is_a_supervisor_who_is_here(
    away: list[str], groups: dict[str, frozenset[str]], *, are_away: bool
) -> None:
    """Managers by name and by group count as well; one whose group is not known may be here."""
    everybody = setup(*(Away(user=each) for each in away))
    with_managers = everybody.model_copy(update={"managers": RoleSource(users=("U4",), groups=("S2",))})
    assert supervisors_away(with_managers, groups, NOW) is are_away


def test_a_manager_alone_can_decide_so_nobody_is_missing() -> None:
    """A small firm has one who grants everything; with neither, the gap is named."""
    assert Missing.SUPERVISORS not in Setup(managers=RoleSource(users=("U4",))).missing()
    assert Missing.SUPERVISORS in Setup().missing()


def test_without_supervisors_none_is_away() -> None:
    """Nobody to be away is a gap in the setup, not an absence."""
    assert not supervisors_away(Setup(), {}, NOW)
