"""`aside backup` and `aside restore` beside a casebook on a server: they leave it to the server's own tools."""

from pathlib import Path

import pytest

from tests.commands.conftest import Aside, said


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_a_server_has_its_own_tools(aside: Aside, tmp_path: Path, command: str) -> None:
    """One sentence says which."""
    done = aside(command, str(tmp_path / "b.zip"), ASIDE_DATABASE_URL="postgresql+psycopg://aside@db/aside")
    assert said(done) == (
        1,
        [
            "Aside copies a casebook that is a file; this one is on a database server.",
            "Use the server's own tools: pg_dump for a backup, pg_restore to put it back.",
        ],
    )
