"""What people said is in the casebook: its files are for whoever runs Aside, and for nobody else on that machine."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.only_one import only_one
from storage import workspace as workspaces
from storage.engine import open_casebook


@pytest.fixture
def careless() -> Iterator[None]:
    """An account that lets everybody read and write what it makes."""
    before = os.umask(0)
    yield
    os.umask(before)


def _open_to_others(folder: Path) -> list[str]:
    return sorted(each.name for each in [folder, *folder.iterdir()] if each.stat().st_mode & 0o077)


def test_a_new_casebook_is_for_its_owner_alone(tmp_path: Path, careless: None) -> None:
    """Whatever the account's habits: the folder, the database, and the log that SQLite keeps beside it."""
    data = tmp_path / "data"
    with only_one(data):
        casebook = open_casebook(f"sqlite:///{data / 'casebook.db'}")
        with casebook.begin() as connection:
            workspaces.save_alive_at(connection, "T1", 1.0)
        assert {"casebook.db", "casebook.db-wal", "lock"} <= {each.name for each in data.iterdir()}
        assert [each for each in _open_to_others(data) if each != "lock"] == []
        casebook.close()


def test_a_casebook_alone_makes_its_folder_for_its_owner(tmp_path: Path, careless: None) -> None:
    """A command may be the first to open it."""
    data = tmp_path / "data"
    open_casebook(f"sqlite:///{data / 'casebook.db'}").close()
    assert _open_to_others(data) == []


def test_what_an_administrator_opened_to_a_group_stays_open(tmp_path: Path) -> None:
    """Whoever lets a backup program read it knows why."""
    file = tmp_path / "casebook.db"
    open_casebook(f"sqlite:///{file}").close()
    file.chmod(0o640)
    open_casebook(f"sqlite:///{file}").close()
    assert file.stat().st_mode & 0o777 == 0o640
