"""What outlives a loss of power: all that anybody was told; nothing waits for the disk that is done again anyway."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, make_url, text
from sqlalchemy.exc import IntegrityError

from storage import inbox
from storage.engine import Casebook, open_casebook
from storage.inbox import Lane
from tests.fresh import ON_SERVER, url_at


@pytest.fixture
def casebook(tmp_path: Path) -> Iterator[Casebook]:
    """A new one; on the tests' own server, which waits for no disk by itself, one that asks for it."""
    url = make_url(url_at(tmp_path / "casebook.db"))
    if ON_SERVER:
        url = url.update_query_dict({"options": "-c synchronous_commit=on"})
    opened = open_casebook(url.render_as_string(hide_password=False))
    yield opened
    opened.close()


def waits_for_the_disk(connection: Connection) -> bool:
    """Whether this transaction is on the disk once it is over."""
    if connection.dialect.name == "sqlite":
        return int(connection.execute(text("PRAGMA synchronous")).scalar_one()) == 2
    return bool(connection.execute(text("SHOW synchronous_commit")).scalar_one() == "on")


def test_a_transaction_is_on_the_disk_unless_it_says_otherwise_whatever_the_one_before_said(
    casebook: Casebook,
) -> None:
    """Connections are used again; what one asked for is no concern of the next."""
    for on_disk in (True, False, True, False, False, True):
        with casebook.begin(on_disk=on_disk) as connection:
            assert waits_for_the_disk(connection) is on_disk
        with casebook.statement() as connection:
            assert not waits_for_the_disk(connection)
    with casebook.begin() as connection:
        assert waits_for_the_disk(connection)


def test_a_statement_by_itself_is_seen_by_everybody_once_it_is_said(casebook: Casebook) -> None:
    """Nothing has to be ended for that; one that breaks a rule leaves nothing of itself."""
    told = {"workspace": "T1", "lane": Lane.STREAM, "kind": "message", "payload": {}, "now": 1.0}
    with casebook.statement() as connection:
        assert inbox.put(connection, key="Ev1", **told)  # type: ignore[arg-type] # as they stand
        with casebook.begin() as another:
            assert another.execute(text("SELECT count(*) FROM inbox")).scalar_one() == 1
        with pytest.raises(IntegrityError):
            connection.execute(text("INSERT INTO inbox (workspace, key) VALUES ('T1', 'Ev2')"))
    with casebook.statement() as connection:
        assert connection.execute(text("SELECT count(*) FROM inbox")).scalar_one() == 1


def test_what_slack_told_is_on_the_disk_whatever_was_said_over_the_connection_before(casebook: Casebook) -> None:
    """Slack hears "ok" after it; a worker's claim, which does not wait for the disk, may have used the connection."""
    if not casebook.is_embedded:
        pytest.skip("the tests' own server puts nothing on the disk")
    kept: list[Any] = []
    event.listen(casebook.engine, "detach", lambda connection, _: kept.append(connection))
    with casebook.begin(on_disk=False) as connection:
        assert not waits_for_the_disk(connection)
    inbox.put_at_once(
        casebook, workspace="T1", key="Ev1", lane=Lane.STREAM, kind="message", payload={}, now=1.0, channel="C1"
    )
    (own,) = kept
    assert own.execute("PRAGMA synchronous").fetchone() == (2,)


def test_what_slack_told_is_seen_at_once_and_goes_on_after_an_error(casebook: Casebook) -> None:
    """It is written over a connection of its own; one that broke is made anew."""

    def hear(key: str) -> None:
        told = {"workspace": "T1", "lane": Lane.STREAM, "kind": "message", "payload": {}, "now": 1.0}
        inbox.put_at_once(casebook, key=key, **told)  # type: ignore[arg-type] # as they stand

    def heard() -> int:
        with casebook.look() as connection:
            return int(connection.execute(text("SELECT count(*) FROM inbox")).scalar_one())

    hear("Ev1")
    assert heard() == 1
    with casebook.begin() as connection:
        connection.execute(text("ALTER TABLE inbox RENAME TO elsewhere"))
    with pytest.raises(casebook.engine.dialect.loaded_dbapi.Error):
        hear("Ev2")
    with casebook.begin() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO inbox"))
    hear("Ev2")
    hear("Ev2")
    assert heard() == 2
