"""A PostgreSQL of the tests' own: on a socket in a folder of its own, gone with the process that asked for it."""

import atexit
import itertools
import os
import shutil
import subprocess
import time
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import psycopg
import pytest
from sqlalchemy import URL, delete

from storage.engine import open_casebook
from storage.schema import metadata

START_SECONDS = 60.0
NOBODY = 65534
EMPTY = "empty"
"""The database that new ones are copied from: the tables are there, and nothing in them."""

HASTY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0")
"""What is lost with the machine's power need not survive it; the tests kill Aside, not the machine."""


def program(name: str) -> str | None:
    """Where a program of PostgreSQL is; some distributions put none of them where programs are looked for."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda each: int(each.parts[-3]))
    return shutil.which(name) or (str(found[-1]) if found else None)


UNTIL_WE_ARE_GONE = '"$@" & read -r _; kill -INT $!; wait; rm -rf "$0"/*'
"""Its input ends with the process that started it, however that ended."""


class Server:
    """A server that listens on a socket; its databases are used again, since to make one takes as long as a test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count(1)
        self._clean: list[str] = []
        self._bare: set[str] = set()
        self._sessions: dict[str, psycopg.Connection[tuple[Any, ...]]] = {}

    @property
    def pid(self) -> int:
        """The server's own process, whose children do its work."""
        return int((self.folder / "data" / "postmaster.pid").read_text(encoding="ascii").split()[0])

    def url(self, database: str) -> str:
        """Where one of its databases is."""
        address = URL.create("postgresql", username="aside", database=database, query={"host": str(self.folder)})
        return address.render_as_string()

    def command(self, *statements: str, database: str = "postgres") -> None:
        """Say something that needs no transaction, or may not be in one."""
        with psycopg.connect(host=str(self.folder), user="aside", dbname=database, autocommit=True) as connection:
            for each in statements:
                connection.execute(each.encode())

    def said(self, database: str, statement: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        """Say something to a database on a connection that is kept for the next time; each `?` stands for a value."""
        session = self._sessions.get(database)
        if session is None or session.closed:
            session = psycopg.connect(host=str(self.folder), user="aside", dbname=database, autocommit=True)
            self._sessions[database] = session
        filled = statement.replace("%", "%%").replace("?", "%s") if values else statement
        cursor = session.execute(filled.encode(), values or None)
        return cursor.fetchall() if cursor.description else []

    def new(self) -> str:
        """The name of a database with empty tables."""
        return self._clean.pop() if self._clean else self._made(EMPTY)

    def bare(self) -> str:
        """The name of a database without tables."""
        made = self._made("template0")
        self._bare.add(made)
        return made

    def _made(self, template: str) -> str:
        name = f"casebook{next(self._numbers)}"
        self.command(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def give_back(self, database: str) -> None:
        """Let go of a database, whoever is still connected to it; one that was `new` is emptied and used again."""
        if database in self._bare:
            self.drop(database)
            return
        self._leave(database)
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        tables = [f"{delete(table)};" for table in reversed(metadata.sorted_tables)]
        counters = [
            f"ALTER SEQUENCE {table.name}_seq_seq RESTART;" for table in metadata.sorted_tables if "seq" in table.c
        ]
        try:
            self.command(f"{others} AND pid <> pg_backend_pid()", "".join(tables + counters), database=database)
        except psycopg.errors.UndefinedTable:  # what a test has broken
            self.drop(database)
        else:
            self._clean.append(database)

    def drop(self, database: str) -> None:
        """Let go of a database, whoever is still connected to it."""
        self._leave(database)
        self.command(f"DROP DATABASE {database} WITH (FORCE)")

    def _leave(self, database: str) -> None:
        if session := self._sessions.pop(database, None):
            session.close()


@cache
def server(*, hasty: bool = True) -> Server:
    """The server of this process, started the first time.

    Args:
        hasty: What is lost with the machine's power need not survive it; otherwise it is kept as one usually is.

    Skips whatever test asks where there is no PostgreSQL.
    """
    initdb, postgres = program("initdb"), program("postgres")
    if initdb is None or postgres is None:
        pytest.skip("there is no PostgreSQL here: no `initdb` and `postgres`")
    folder = Path(mkdtemp(prefix="aside-pg-"))
    # PostgreSQL refuses to run as root; whoever runs these tests as root can still open the socket.
    owner = NOBODY if os.getuid() == 0 else None
    if owner:
        os.chown(folder, owner, owner)
    data = folder / "data"

    def start(*command: str | Path) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=owner,
            group=owner,
            extra_groups=[] if owner else None,
        )

    making = start(initdb, "-D", data, "-U", "aside", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
    making.communicate()
    assert making.returncode == 0
    chosen = (*(HASTY if hasty else ()), "max_connections=200", "listen_addresses=")
    options = [part for each in chosen for part in ("-c", each)]
    process = start("/bin/sh", "-c", UNTIL_WE_ARE_GONE, folder, postgres, "-D", data, "-k", folder, *options)
    atexit.register(_stop, process, folder)
    made = Server(folder)
    _wait(made, process)
    made.command(f"CREATE DATABASE {EMPTY}")
    with closing(open_casebook(made.url(EMPTY))):
        pass
    return made


def _wait(made: Server, process: "subprocess.Popen[bytes]") -> None:
    latest = time.monotonic() + START_SECONDS
    while True:
        try:
            made.command("SELECT 1")
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > latest:
                raise
            time.sleep(0.05)
        else:
            return


def _stop(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    try:
        process.communicate(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    shutil.rmtree(folder, ignore_errors=True)
