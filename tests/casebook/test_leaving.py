"""A workspace that leaves: each of its rows goes, few at a time, none of anybody else's, however often we die."""

from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Connection, insert, select

from storage import installations, leaving
from storage.engine import Casebook
from storage.schema import metadata
from storage.sealing import Seal
from tests.casebook.filled import WORKSPACE, whole_case
from tests.casebook.test_installations import NOW, made

OTHER = "T2"
SETTLED = NOW + leaving.SETTLE_SECONDS


def everything(connection: Connection, workspace: str) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of a workspace, but for whose they are."""
    return {
        table.name: [
            tuple(value for column, value in row._mapping.items() if column not in {"workspace", "seq"})
            for row in connection.execute(
                select(table).where(table.c.workspace == workspace).order_by(*table.primary_key)
            )
        ]
        for table in metadata.sorted_tables
    }


def filled(casebook: Casebook) -> None:
    """Two workspaces with a row in every table, in which all ids are the same."""
    with casebook.begin() as connection:
        whole_case(connection, "zq7x")
        for workspace in (WORKSPACE, OTHER):
            installations.save(connection, Seal(Fernet.generate_key().decode()), made(workspace))
            installations.issue_state(connection, f"state of {workspace}", now=NOW, workspace=workspace)
        for table in metadata.sorted_tables:
            if table.name in {"installations", "install_states"}:
                continue
            if not connection.execute(select(table).where(table.c.workspace == WORKSPACE)).first():
                connection.execute(insert(table).values(_any_row(table)))
            for row in connection.execute(select(table).where(table.c.workspace == WORKSPACE)).all():
                values = {**row._mapping, "workspace": OTHER}
                values.pop("seq", None)
                connection.execute(insert(table).values(values))


def _any_row(table: Any) -> dict[str, Any]:
    """A row of a table that the filled case needs none of."""
    values: dict[str, Any] = {"workspace": WORKSPACE}
    for column in table.columns:
        if column.name not in {"workspace", "seq"} and not column.nullable and column.default is None:
            values[column.name] = {str: "1", int: 1, float: 1.0, bool: False}[column.type.python_type]
    return values


def test_every_table_says_whose_each_row_is() -> None:
    """A table that does not would keep what is to go, or show one company what is another's."""
    without = [table.name for table in metadata.sorted_tables if "workspace" not in table.c]
    open_to_null = [table.name for table in metadata.sorted_tables if table.c.workspace.nullable]
    assert (without, open_to_null) == ([], [])


def deleted(casebook: Casebook, limit: int, most: int | None = None) -> list[int]:
    """Delete in batches; how many rows each was."""
    batches: list[int] = []
    while most is None or len(batches) < most:
        with casebook.begin() as connection:
            batches.append(leaving.delete_some(connection, WORKSPACE, limit=limit))
        if not batches[-1]:
            break
    return batches


@pytest.mark.parametrize("limit", [1, 3, 200])
def test_all_rows_of_a_workspace_go_and_none_of_another_with_the_same_ids(casebook: Casebook, limit: int) -> None:
    """Whatever the size of a batch, what others point at goes after them."""
    filled(casebook)
    with casebook.look() as connection:
        before = everything(connection, OTHER)
        assert [name for name, rows in everything(connection, WORKSPACE).items() if not rows] == []
        count = leaving.row_count(connection, WORKSPACE)
    batches = deleted(casebook, limit)
    assert max(batches) <= limit
    assert sum(batches) == count
    with casebook.begin() as connection:
        installations.leaves(connection, WORKSPACE, at=NOW, now=NOW)
        assert leaving.gone(connection, WORKSPACE, now=SETTLED)
        assert {name for name, rows in everything(connection, WORKSPACE).items() if rows} == set()
        assert leaving.known(connection) == {OTHER}
        assert everything(connection, OTHER) == before


def test_whoever_dies_in_between_leaves_it_to_the_next(casebook: Casebook) -> None:
    """The installation's own row says what is to be done until it is done, and by whom just now."""
    filled(casebook)
    with casebook.begin() as connection:
        installations.leaves(connection, WORKSPACE, at=NOW, now=NOW)
    with casebook.begin() as connection:
        assert leaving.claim(connection, WORKSPACE, now=NOW)
    deleted(casebook, 5, most=3)
    with casebook.begin() as connection:
        assert leaving.leaving(connection) == {WORKSPACE: NOW}
        assert not leaving.claim(connection, WORKSPACE, now=NOW + 1)
        assert leaving.claim(connection, WORKSPACE, now=NOW + leaving.LEASE_SECONDS)
    deleted(casebook, 5)
    with casebook.begin() as connection:
        assert leaving.gone(connection, WORKSPACE, now=SETTLED)
        assert leaving.leaving(connection) == {}


def test_its_own_row_stays_while_somebody_may_still_be_at_work_for_it(casebook: Casebook) -> None:
    """What such work writes down is deleted as well, and not left to nobody."""
    filled(casebook)
    with casebook.begin() as connection:
        installations.leaves(connection, WORKSPACE, at=NOW, now=NOW)
    deleted(casebook, 200)
    with casebook.begin() as connection:
        assert not leaving.gone(connection, WORKSPACE, now=SETTLED - 1)
        whole_case(connection, "written late", ts="9.0")
    assert sum(deleted(casebook, 200))
    with casebook.begin() as connection:
        assert leaving.gone(connection, WORKSPACE, now=SETTLED)
        assert leaving.known(connection) == {OTHER}


def test_whoever_installs_again_meanwhile_begins_with_nothing(casebook: Casebook) -> None:
    """Half of what was there before would be worse than nothing; until it is gone we do not work there."""
    filled(casebook)
    seal = Seal(Fernet.generate_key().decode())
    with casebook.begin() as connection:
        installations.leaves(connection, WORKSPACE, at=NOW, now=NOW)
        assert not installations.save(connection, seal, made(WORKSPACE, at=NOW + 2, number=2))
        between = installations.get(connection, WORKSPACE, seal)
        assert between is not None
        assert not between.lets_us_in
    deleted(casebook, 200)
    with casebook.begin() as connection:
        assert leaving.gone(connection, WORKSPACE, now=SETTLED)
        again = installations.get(connection, WORKSPACE, seal)
        assert again is not None
        assert (again.lets_us_in, again.bot_token) == (True, "xoxe.xoxb-2")
        assert leaving.row_count(connection, WORKSPACE) == 0


def test_who_came_back_meanwhile_and_left_again_is_deleted_after_all(casebook: Casebook) -> None:
    """The second uninstall is not taken for the first heard twice: no row with dead tokens stays for good."""
    seal = Seal(Fernet.generate_key().decode())
    with casebook.begin() as connection:
        installations.save(connection, seal, made(WORKSPACE))
        assert installations.leaves(connection, WORKSPACE, at=NOW, now=NOW)
        installations.save(connection, seal, made(WORKSPACE, at=NOW + 10, number=2))
        assert not installations.leaves(connection, WORKSPACE, at=NOW, now=NOW + 11), "the first, heard twice"
        assert installations.leaves(connection, WORKSPACE, at=NOW + 20, now=NOW + 21)
        assert leaving.leaving(connection) == {WORKSPACE: NOW + 21}
        assert not leaving.gone(connection, WORKSPACE, now=SETTLED)
        assert leaving.gone(connection, WORKSPACE, now=SETTLED + 21)
        assert leaving.known(connection) == set()


def test_what_slack_says_to_a_renewal_that_was_under_way_puts_no_deletion_off(casebook: Casebook) -> None:
    """Whoever deletes holds the lease by then, and nobody waits a quarter of an hour for it."""
    seal = Seal(Fernet.generate_key().decode())
    with casebook.begin() as connection:
        installations.save(connection, seal, made(WORKSPACE, expires_at=NOW))
        renewing = installations.claim_refresh(connection, seal, now=NOW)
        assert renewing is not None
        installations.leaves(connection, WORKSPACE, at=NOW, now=NOW)
        installations.not_refreshed(connection, renewing, refused="invalid_refresh_token", again_at=NOW + 900)
        assert leaving.claim(connection, WORKSPACE, now=NOW + 1)
        late = installations.refreshed(
            connection, seal, renewing, bot_token="xoxe.xoxb-9", refresh_token="xoxe-9", expires_at=NOW + 9
        )
        assert not late
        assert not leaving.claim(connection, WORKSPACE, now=NOW + 2)
