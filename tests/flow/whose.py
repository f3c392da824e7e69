"""What is asked of the casebook, and whether each question says of which workspace."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from sqlalchemy import TextClause, event
from sqlalchemy.engine import Engine

from storage.schema import metadata

OF_ALL = frozenset({"inbox", "outbox", "installations", "install_states", "paces"})
"""What waits, and who installed us: whoever works looks at all of it, and goes on with the row's own workspace.

By its key alone nothing of it is looked for: two workspaces may have the same.
"""
_NAMED = re.compile(r"\b(?:FROM|JOIN|UPDATE|,) (\w+)(?: AS (\w+))?")
_ITS_OWN = re.compile(r"(?:(\w+)\.)?workspace (?:=|IN)")
_BY_KEY = re.compile(r'(\w+)\."?key"? = ')
_OF_A_ROW = re.compile(r"(\w+)\.workspace = (\w+)\.workspace")


@cache
def of_nobody(statement: str) -> bool:
    """Whether a statement looks at a table without saying of which workspace."""
    sql = " ".join(statement.split())
    if not sql.startswith(("SELECT", "UPDATE", "DELETE")):
        return False
    asked = {alias or table: table for table, alias in _NAMED.findall(sql)}
    by_key = set(_BY_KEY.findall(sql))
    tables = {
        name for name, table in asked.items() if table in metadata.tables and (table not in OF_ALL or name in by_key)
    }
    said = {*_ITS_OWN.findall(sql), *(other for row, other in _OF_A_ROW.findall(sql) if asked.get(row) in OF_ALL)}
    return bool(tables - said) and not (len(tables) == 1 and "" in said)


def _is_ours() -> bool:
    """Whether it is asked by the storage itself, and not by a test or a migration."""
    frame = sys._getframe(2)
    while frame and "sqlalchemy" in str(frame.f_globals.get("__name__")):
        frame = frame.f_back  # type: ignore[assignment] # None ends it
    while frame and frame.f_globals.get("__name__") == "storage.engine":
        frame = frame.f_back  # type: ignore[assignment] # the same
    name = str(frame.f_globals.get("__name__")) if frame else ""
    return name.startswith("storage.") and "migrations" not in name


@contextmanager
def listened_to() -> Iterator[set[str]]:
    """The statements of ours meanwhile, in this process, that do not say of which workspace.

    Those of the report are left out, which are written by hand in another manner; what it says of each is looked at.
    """
    asked: set[str] = set()

    def hear(_: Any, __: Any, statement: str, ___: Any, context: Any, ____: bool) -> None:  # noqa: FBT001 - SQLAlchemy's
        by_hand = isinstance(getattr(getattr(context, "compiled", None), "statement", None), TextClause)
        if not by_hand and of_nobody(statement) and _is_ours():
            asked.add(statement)

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", hear)
