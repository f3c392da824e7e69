"""What the demo begins with, and what it says when it is ready."""

from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.cli_demo import greeting
from bot.demo import WORKSPACE, seed
from bot.settings import Settings
from storage import workspace as workspaces
from storage.engine import open_casebook

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(("contracts", "looked_ahead_on"), [(False, date(2026, 11, 22)), (True, None)])
def test_a_story_begins_without_the_lists_of_contracts_unless_they_are_asked_for(
    tmp_path: Path,
    contracts: bool,  # noqa: FBT001 - a case of a table
    looked_ahead_on: date | None,
) -> None:
    """They are taken for told, or left for the first look over the directory."""
    settings = Settings(data=tmp_path, database_url="")
    seed(settings, NOW, contracts=contracts)
    with closing(open_casebook(settings.casebook_url)) as casebook, casebook.look() as connection:
        assert workspaces.looked_ahead_on(connection, WORKSPACE) == looked_ahead_on


def test_the_demo_says_where_its_data_are_and_how_to_have_the_report() -> None:
    """Also where ASIDE_DATA is another folder, with a space in its name; the last line is the way out."""
    told = greeting("http://127.0.0.1:8765", Path("my data/demo/data"), english=True).splitlines()
    assert "  Open http://127.0.0.1:8765/" in told
    assert "  ASIDE_DATA='my data/demo/data' .venv/bin/aside report --lang en" in told
    assert told[-1] == "Ctrl-C ends the demo."
