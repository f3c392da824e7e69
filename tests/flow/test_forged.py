"""Forged clicks and windows: rows of another workspace do not exist here, and outsiders move nothing at all."""

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from bot.cards import draft as draft_card
from bot.cards.feedback import WRONG_SIGNAL
from bot.settings import Settings
from bot.setup import RoleSource
from handlers import draft, inbound, right_customer, setup, works
from handlers.feedback import Place
from storage.schema import metadata
from tests.casebook import filled
from tests.flow.conftest import AGENT, CUSTOMER, MANAGER, SALES, SETUP, SHARED, SUCCESSOR, SUPERVISOR
from tests.flow.without_slack import Desk, desk
from tests.flow.working import typed
from tests.sandbox.stage import Json, Stage

MARK = "ZQXMARK"
NAME = "廣昕"
"""How a customer on file is called."""
THEIRS = "T1"
"""The other workspace."""
BROKEN = "這次沒有成功"
"""How the sentence begins that comes with a code when something went wrong that nobody expected."""
WINDOWS = sorted(works.VIEWS)
BOXES: Json = {
    name: typed(f"1 {MARK}")
    for name in ("text", "what", "why", "reason", "note", "fault", "cost", "customer", "evidence")
}


def rows_of(at: Desk, workspace: str | None) -> dict[str, list[str]]:
    """Every row of a workspace, or of all of them but for what arrives and who is known, by table."""
    with at.services.casebook.look() as connection:
        return {
            table.name: sorted(
                repr(tuple(row))
                for row in connection.execute(
                    select(table).where(table.c.workspace == workspace) if workspace else select(table)
                )
            )
            for table in metadata.sorted_tables
            if "workspace" in table.c and (workspace or table.name not in {"inbox", "people", "outbox", "settings"})
        }


def ids_of(at: Desk, workspace: str) -> dict[str, list[str]]:
    """The ids of a workspace's rows, which buttons and windows carry, by table."""
    with at.services.casebook.look() as connection:
        return {
            table.name: sorted(connection.execute(select(table.c.id).where(table.c.workspace == workspace)).scalars())
            for table in metadata.sorted_tables
            if {"workspace", "id"} <= set(table.c.keys())
        }


def about(callback_id: str, row_id: str) -> str:
    """What the window of this kind would remember of a row."""
    if "helpful" in callback_id:
        return Place(advice_id=row_id, clicked_at=1.0).model_dump_json()
    return json.dumps({"channel": SHARED, "on_duty": []}) if callback_id == "setup_view" else row_id


def fill_another_workspace(at: Desk) -> None:
    """A case with all that can hang on it, in a workspace that happens to be in the same casebook."""
    with at.services.casebook.begin() as connection:
        filled.whole_case(connection, MARK)


def check_of(user: str, case_id: str) -> inbound.Submission:
    """The window in which a draft is checked, sent off."""
    boxes = {draft_card.DRAFT: typed(f"公司規定就是這樣 {MARK}")}
    return inbound.Submission(
        callback_id=draft_card.CHECK_VIEW, view_id="V1", private_metadata=case_id, user=user, values=boxes
    )


async def press(at: Desk, user: str, action_id: str, row_id: str, *, in_message: bool = True) -> list[str]:
    """Press a button; the one beside a signal stands in a window, which remembers the whisper."""
    if action_id != WRONG_SIGNAL:
        return await at.click(user, action_id, row_id, in_message=in_message, block_id=f"b:{row_id}")
    remembered = Place(advice_id=row_id, clicked_at=1.0).model_dump_json()
    payload = {
        "user": {"id": user},
        "actions": [{"action_id": action_id, "block_id": "b", "value": "anger", "action_ts": "1"}],
        "trigger_id": "1",
        "view": {"type": "modal", "id": "V1", "private_metadata": remembered},
    }
    return await at.deliver("click", user, payload, key=f"click:{user}:{row_id}")


async def shortcut(at: Desk, user: str, callback_id: str, ts: str) -> list[str]:
    """Use a message shortcut."""
    payload = {
        "callback_id": callback_id,
        "user": {"id": user},
        "channel": {"id": SHARED},
        "message": {"ts": ts},
        "response_url": "http://localhost/respond/1",
        "trigger_id": "1",
    }
    return await at.deliver("shortcut", user, payload, key=f"shortcut:{callback_id}:{user}")


def shown(at: Desk, since: int) -> Iterator[str]:
    """What went out since then, to whomever."""
    question = "SELECT target || body FROM outbox WHERE seq > ? AND workspace != ?"
    yield from (str(each) for (each,) in at.rows(question, since, THEIRS))


@pytest.mark.slow
async def test_buttons_reach_no_row_of_another_workspace(stage: Stage, settings: Settings) -> None:
    """Every button and menu, with every id of theirs, by people who may do everything here: as if it were not there."""
    async with desk(stage, settings) as at:
        at.set_up(SETUP.model_copy(update={"managers": RoleSource(users=(MANAGER,))}))
        fill_another_workspace(at)
        before, last = rows_of(at, THEIRS), at.last_row()
        of_tables = ids_of(at, THEIRS)
        assert {"cases", "exceptions", "opportunities", "verifications", "commitments", "takeovers", "advice"} <= {
            name for name, found in of_tables.items() if found
        }
        ids = [found[0] for found in of_tables.values() if found]
        told: list[str] = []
        for action_id in sorted(works.CLICKS):
            for number, row_id in enumerate(ids):
                user = (SUPERVISOR, MANAGER, SALES, AGENT)[number % 4]
                told += await press(at, user, action_id, row_id, in_message=number % 2 == 0)
        assert rows_of(at, THEIRS) == before
        assert [
            each for each in [*told, *shown(at, last), json.dumps(at._views(), ensure_ascii=False)] if MARK in each
        ] == []
        assert {each for each in told if each.startswith("window ")} <= {"window notice_view", "window setup_view"}
        assert [each for each in told if each.startswith(BROKEN)] == []


async def test_windows_reach_no_row_of_another_workspace(stage: Stage, settings: Settings) -> None:
    """The same for what a window was given to remember."""
    async with desk(stage, settings) as at:
        at.set_up(SETUP.model_copy(update={"managers": RoleSource(users=(MANAGER,))}))
        fill_another_workspace(at)
        before, last = rows_of(at, THEIRS), at.last_row()
        ids = [found[0] for found in ids_of(at, THEIRS).values() if found]
        told: list[str] = []
        for callback_id in WINDOWS:
            for number, row_id in enumerate(ids):
                user = (SUPERVISOR, MANAGER, SALES, AGENT)[number % 4]
                told += await at.submit(user, callback_id, about(callback_id, row_id), {})
        assert rows_of(at, THEIRS) == before
        assert [each for each in [*told, *shown(at, last)] if MARK in each] == []


@pytest.mark.parametrize("who", [CUSTOMER, SUCCESSOR])
async def test_outsiders_and_strangers_to_the_desk_move_nothing(stage: Stage, settings: Settings, who: str) -> None:
    """Each command, shortcut, button and window, with ids that are right: one sentence, and no row is another one."""
    async with desk(stage, settings) as at:
        at.set_up(SETUP.model_copy(update={"sales": RoleSource(users=(SALES,))}))
        case = at.case()
        request = at.request(case, fault=MARK, reason=MARK)
        before = rows_of(at, None)
        told: list[str] = []
        for name in sorted(works.COMMANDS):
            told += await at.command(who, f"{name} {MARK}")
        for callback_id in sorted(works.SHORTCUTS):
            told += await shortcut(at, who, callback_id, case.thread_ts)
        for row_id in (case.id, request.id):
            for action_id in sorted(works.CLICKS):
                told += await press(at, who, action_id, row_id)
            for callback_id in WINDOWS:
                answers = await at.submit(who, callback_id, about(callback_id, row_id), BOXES)
                assert [each for each in answers if NAME in each or MARK in each.replace(f"1 {MARK}", "")] == []
        parts = at.services.for_one_task()
        for options in (setup.customer_options, right_customer.customer_options):
            assert await options(parts, who, NAME) == []
        checked = await draft.answered(parts, check_of(who, case.id))
        assert checked
        assert NAME not in str(checked)
        assert rows_of(at, None) == before
        assert set(told) == {"這是客服團隊使用的功能。"}
        assert [each for each in shown(at, 0) if MARK in each] == []
