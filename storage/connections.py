"""A casebook's address, and what a connection to each of the two databases is told when it opens."""

import re
import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.exc import DisconnectionError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from bot.errors import UserError

SERVER = {
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "25000",
}
"""How soon we notice that a server's machine is gone, unless the address itself says how soon."""

SESSION = """
SET default_transaction_isolation = 'read committed';
SET tcp_keepalives_idle = 10;
SET tcp_keepalives_interval = 5;
SET tcp_keepalives_count = 3;
SET lock_timeout = '10s';
"""
"""How soon a server notices that our machine is gone, and lets go of the rows it held; nobody waits for them longer."""

HASTY = "SET synchronous_commit = off;"
"""What is done again when it is lost does not wait for the server's disk."""

AS_PERCENT = "In a password @ is written %40, / is %2F, : is %3A, # is %23 and % itself %25."
_AT_IN_PASSWORD = re.compile(r"://[^:/]*+(:[^@]*)?@.*@")
"""What comes after the second @ would be taken for the server, and said in every error."""

_OPENED_AT = "opened_at"

READING: Mapping[str, Mapping[str, Any]] = {
    "sqlite": {"only_reads": True},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}
BY_ITSELF: Mapping[str, Mapping[str, Any]] = {
    "sqlite": {"by_itself": True},
    "postgresql": {"isolation_level": "AUTOCOMMIT"},
}


def engine_at(url: URL) -> Engine:
    """What opens connections to the database at an address.

    Raises:
        UserError: when it is a database of another kind.
    """
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, hide_parameters=True)
        _make_sqlite_durable(engine)
        return engine
    if url.get_backend_name() == "postgresql":
        engine = create_engine(url.update_query_dict(SERVER | dict(url.query)), hide_parameters=True)
        _make_server_patient(engine)
        return engine
    raise UserError(
        f"The casebook cannot be kept in {url.get_backend_name()}.",
        "Set ASIDE_DATABASE_URL to postgresql://…, or leave it out for a file.",
    )


def hasty(engine: Engine) -> Engine:
    """The same database without waiting for its disk: on a server over sessions of its own, which cost no word each."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(on_disk=False)
    other = create_engine(engine.url, hide_parameters=True)
    _make_server_patient(other, on_disk=False)
    _end_together(engine, other)
    return other


def _end_together(*engines: Engine) -> None:
    """Where a server ended one session it ended all: whoever finds that out is the only one who meets one of them."""
    ended_at = 0.0

    def _on_connect(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info[_OPENED_AT] = time.monotonic()

    def _on_error(context: ExceptionContext) -> None:
        nonlocal ended_at
        if context.is_disconnect:
            ended_at = time.monotonic()

    def _on_checkout(_connection: Any, record: ConnectionPoolEntry, _whose: Any) -> None:
        if record.info.get(_OPENED_AT, 0.0) < ended_at:
            raise DisconnectionError

    for each in engines:
        event.listen(each, "connect", _on_connect)
        event.listen(each, "handle_error", _on_error)
        event.listen(each, "checkout", _on_checkout)


def address(url: str) -> URL:
    """Take an address apart. Whatever is wrong with it, none of it is said again: a password is in it.

    Raises:
        UserError: when it is none.
    """
    if _AT_IN_PASSWORD.search(url):
        raise UserError("ASIDE_DATABASE_URL has an @ in its password.", AS_PERCENT)
    try:
        return make_url(url)
    except (SQLAlchemyError, ValueError) as error:
        raise UserError(
            "ASIDE_DATABASE_URL is not an address of a database.", f"Correct it, or leave it out. {AS_PERCENT}"
        ) from error


def _make_sqlite_durable(engine: Engine) -> None:
    """Write-ahead log, on the disk at each commit unless it says otherwise: what Slack hears "ok" to outlives all.

    Transactions take the write lock when they begin, unless they only read.

    What is removed is overwritten (`secure_delete`), so that words do not linger in the file's free space.
    """

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "busy_timeout=5000",
            "foreign_keys=ON",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        durable = "FULL" if options.get("on_disk", True) else "NORMAL"
        if connection.info.get("durable", "FULL") != durable:
            connection.exec_driver_sql(f"PRAGMA synchronous={durable}")
            connection.info["durable"] = durable
        if not options.get("by_itself", False):
            connection.exec_driver_sql("BEGIN" if options.get("only_reads", False) else "BEGIN IMMEDIATE")


def _make_server_patient(engine: Engine, *, on_disk: bool = True) -> None:
    """Several of us work on a server's rows; whoever is gone without a word holds nobody up for long.

    A server keeps no NUL in a text, and who wrote one meant nothing by it.
    """
    from psycopg.types.string import StrDumper  # noqa: PLC0415 - whoever keeps a file does not wait for it to load

    class WithoutNul(StrDumper):
        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\0", ""))

    @event.listens_for(engine, "connect", insert=True)  # before anybody reads a word from it
    def _in_utf8(connection: Any, _record: Any) -> None:
        encoding = connection.info.parameter_status("server_encoding")
        if encoding not in {"UTF8", None}:
            connection.close()
            raise UserError(
                f"The casebook's database keeps text in {encoding}, which cannot hold all that people write.",
                "Make it anew in UTF8: createdb -E UTF8 -T template0 --owner aside aside",
            )

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.adapters.register_dumper(str, WithoutNul)
        with connection.cursor() as cursor:
            cursor.execute(SESSION if on_disk else f"{SESSION}{HASTY}")
        connection.commit()
