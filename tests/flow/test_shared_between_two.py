"""A channel that two workspaces of one Aside share (Slack Connect): each hears and is told its own alone."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import select

from bot.app import Wired, bolt_app
from bot.message import Role
from bot.setup import RoleSource, Setup, SupportChannel, role_of
from bot.visibility import Surface, Withheld, may_show
from handlers.identity import Identity
from handlers.people import person_from
from storage import workspace as kept
from storage.engine import Casebook, open_casebook
from storage.schema import inbox
from tests.flow.test_workspaces_come_and_go import Town, let_in
from tests.fresh import url_at

OURS, THEIRS, STRANGERS = "T0OURS", "T0THEIRS", "T0NOBODY"
SHARED = "C0SHARED"
HERS = "U0HERS"
"""Somebody of the other workspace, who answers its customers and administrates it."""


@pytest.fixture
def casebook(tmp_path: Path) -> Iterator[Casebook]:
    """The channel is a support channel of the first alone."""
    with closing(open_casebook(url_at(tmp_path / "casebook.db"))) as made:
        with made.begin() as connection:
            setup = Setup(support=(SupportChannel(channel=SHARED),))
            kept.save_setup(connection, OURS, setup, actor="test", now=0.0)
        yield made


async def hears(casebook: Casebook, body: dict[str, Any]) -> list[tuple[str, str]]:
    """Slack tells us something; what is written down of it, and for whom."""
    workspaces = Town(casebook, letting_in=[let_in(OURS), let_in(THEIRS)]).workspaces()
    await workspaces.refresh()
    app = bolt_app(Wired(workspaces, cast("Any", None), AsyncWebClient()))
    await app.async_dispatch(AsyncBoltRequest(body=body, mode="socket_mode"))
    with casebook.look() as connection:
        return [(row.workspace, row.kind) for row in connection.execute(select(inbox).order_by(inbox.c.seq))]


def said(team: str, authorized: str) -> dict[str, Any]:
    """A message in the shared channel, which Slack tells of once."""
    return {
        "type": "event_callback",
        "event_id": "Ev1",
        "team_id": team,
        "authorizations": [{"enterprise_id": None, "team_id": authorized, "is_enterprise_install": False}],
        "is_ext_shared_channel": True,
        "event": {
            "type": "message",
            "channel": SHARED,
            "user": HERS,
            "user_team": THEIRS,
            "text": "It is down",
            "ts": "1.0",
        },
    }


@pytest.mark.parametrize(
    ("team", "authorized", "written"),
    [
        (THEIRS, OURS, [(OURS, "message")]),
        (STRANGERS, OURS, [(OURS, "message")]),
        (OURS, THEIRS, []),
        (OURS, STRANGERS, []),
    ],
)
async def test_what_is_said_there_is_heard_for_the_workspace_whose_installation_slack_names(
    casebook: Casebook, team: str, authorized: str, written: list[tuple[str, str]]
) -> None:
    """Whoever wrote it, and whichever workspace the event is said to be of."""
    assert await hears(casebook, said(team, authorized)) == written


async def test_a_window_is_of_the_workspace_that_opened_it_whoever_sends_it_off(casebook: Casebook) -> None:
    """Slack says where the sender is from, and beside that in which workspace the app that opened it is installed."""
    body = {
        "type": "block_actions",
        "team": {"id": THEIRS},
        "user": {"id": HERS, "team_id": THEIRS},
        "trigger_id": "1",
        "view": {"id": "V1", "type": "modal", "callback_id": "case_view", "app_installed_team_id": OURS},
        "actions": [{"type": "button", "action_id": "show_case", "block_id": "b", "action_ts": "1.0", "value": "x"}],
    }
    assert await hears(casebook, body) == [(OURS, "click")]


async def test_a_click_from_a_workspace_of_nobody_is_written_down_for_nobody(casebook: Casebook) -> None:
    """It is no reason to take it for one of ours."""
    body = {
        "type": "block_actions",
        "team": {"id": STRANGERS},
        "user": {"id": HERS, "team_id": STRANGERS},
        "trigger_id": "1",
        "actions": [{"type": "button", "action_id": "show_case", "block_id": "b", "action_ts": "1.0", "value": "x"}],
    }
    assert await hears(casebook, body) == []


@pytest.mark.parametrize("surface", [Surface.EPHEMERAL, Surface.DIRECT, Surface.TASK, Surface.HOME])
def test_who_is_staff_and_administrator_at_home_is_a_customer_in_the_other(surface: Surface) -> None:
    """Also where the other's setup lists them by mistake: nothing of the one is ever whispered to the other."""
    user = {"id": HERS, "name": "hers", "team_id": THEIRS, "is_admin": True, "is_owner": True}
    setup = Setup(agents=RoleSource(users=(HERS,)), managers=RoleSource(users=(HERS,)))
    found = {}
    for workspace in (OURS, THEIRS):
        identity = Identity(workspace=workspace, enterprise=None, bot_user="U0ASIDE", bot_id="B0ASIDE")
        person = person_from(user, identity)
        role = role_of(person, setup, {})
        found[workspace] = role.is_staff, person.admin, may_show(surface, person=person, role=role)
    assert found[OURS] == (False, False, Withheld.NOT_STAFF)
    assert found[THEIRS] == (True, True, None)
    assert role_of(person_from(user, Identity(OURS, None, "U", "B")), setup, {}) is Role.CUSTOMER
