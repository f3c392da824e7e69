"""A change of the setup is made to the setup as it is, not as somebody read it before."""

import json

from sqlalchemy import select

from bot.setup import Away, Setup, SupportChannel
from storage import workspace as workspaces
from storage.engine import Casebook
from storage.schema import audit
from tests.casebook.sample import WORKSPACE

AWAY = Away(user="U2")


def test_a_change_keeps_what_somebody_else_changed_before(casebook: Casebook) -> None:
    """Each change is made in its own transaction to what stands there, with an audit row; no change writes nothing."""
    with casebook.begin() as connection:
        for change in (
            lambda setup: setup.with_support_channel(SupportChannel(channel="C1")),
            lambda setup: setup.with_away("U2", AWAY),
            lambda setup: setup.with_away("U2", AWAY),
        ):
            after = workspaces.change_setup(connection, WORKSPACE, change, actor="U2", now=1.0)
        assert after == Setup(support=(SupportChannel(channel="C1"),), away=(AWAY,))
        assert workspaces.setup(connection, WORKSPACE) == after
        rows = connection.execute(select(audit.c.before, audit.c.after).order_by(audit.c.seq)).all()
    assert [(len(json.loads(row.before)["away"]), len(json.loads(row.after)["away"])) for row in rows] == [
        (0, 0),
        (0, 1),
    ]
