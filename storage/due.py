"""Whether anything happens by itself in a workspace by now: asked every second, so one question for all kinds."""

from functools import cache
from typing import Any

from sqlalchemy import Connection, Exists, Select, literal_column, or_, select

from storage import advised, commitments, goodwill, opportunities, promises, takeovers


def is_anything(connection: Connection, workspace: str, now: float) -> bool:
    """Whether a row of any kind is due; each kind's own question tells which."""
    return bool(connection.execute(_is_anything(), {"of_workspace": workspace, "now": now}).scalar_one())


@cache
def _is_anything() -> Select[tuple[bool]]:
    kinds = (
        goodwill.DUE,
        commitments.DUE,
        opportunities.which_due(),
        promises.DUE,
        advised.UNANSWERED,
        takeovers.which_due(),
    )
    return select(or_(*(_whether(each) for each in kinds)))


def _whether(due: Select[Any]) -> Exists:
    return due.with_only_columns(literal_column("1"), maintain_column_froms=True).order_by(None).limit(None).exists()
