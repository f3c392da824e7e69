"""A new casebook for each test: the real migrations make its tables once in a process, and they are copied.

It is a file, or with `ASIDE_TEST_DATABASE=postgresql` a database of a server of the tests' own (`make test-postgres`).
"""

import os
import re
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sqlalchemy import make_url, select

from bot.settings import Settings
from storage.engine import Casebook, open_casebook
from storage.schema import metadata
from tests.server import server

ON_SERVER = os.environ.get("ASIDE_TEST_DATABASE") == "postgresql"
in_a_file = pytest.mark.skipif(ON_SERVER, reason="about a casebook in a file")

_databases: dict[Path, str] = {}
"""On a server: which database stands for a file."""


@cache
def _empty() -> bytes:
    """The file of a casebook in which nothing is; closing it folds its log in."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "casebook.db"
        with closing(open_casebook(f"sqlite:///{file}")):
            pass
        return file.read_bytes()


def url_at(file: Path) -> str:
    """The address of the casebook at `file`, a new one where there is none; on a server, of what stands for it."""
    if ON_SERVER:
        if file not in _databases:
            _databases[file] = server().new()
        return server().url(_databases[file])
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_empty())
    return f"sqlite:///{file}"


def bare_at(file: Path) -> str:
    """The address of a casebook at `file` without tables, as earlier versions find it."""
    if ON_SERVER:
        if file not in _databases:
            _databases[file] = server().bare()
        return server().url(_databases[file])
    return f"sqlite:///{file}"


def casebook_at(file: Path) -> Casebook:
    """Open the casebook at `file`, a new one where there is none."""
    return open_casebook(url_at(file))


def known() -> frozenset[Path]:
    """The files for which databases stand."""
    return frozenset(_databases)


def let_go(files: frozenset[Path]) -> None:
    """Nobody needs the databases any more that stand for these."""
    for each in sorted(files):
        server().give_back(_databases.pop(each))


def asked(settings: Settings, question: str, *values: object) -> list[Any]:
    """Ask the casebook in SQL, whichever it is, while a bot may be at work on it; each `?` stands for a value."""
    return asked_at(settings.casebook_url, question, *values)


def asked_at(address: str, question: str, *values: object) -> list[Any]:
    """The same of the casebook at an address."""
    url = make_url(address)
    if url.get_backend_name() == "postgresql":
        return server().said(str(url.database), question, values)
    with closing(sqlite3.connect(str(url.database), timeout=10)) as connection, connection:
        return connection.execute(question, values).fetchall()


def changed(settings: Settings, statement: str, *values: object) -> None:
    """Change rows of the casebook behind the bot's back."""
    asked(settings, statement, *values)


def everything(settings: Settings) -> str:
    """All that is in all of its rows, as it is read, however it is written."""
    return everything_at(settings.casebook_url)


def everything_at(address: str) -> str:
    """The same of the casebook at an address."""
    rows = (row for table in metadata.sorted_tables for row in asked_at(address, str(select(table))))
    return re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), "\n".join(map(str, rows)))
