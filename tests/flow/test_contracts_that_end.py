"""Contracts that end: who hears of them, again when a list reached nobody, and what a salesperson makes of one."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from bot.renewals import EndingKey
from bot.sales import LostReason, Opportunity, OpportunityState
from bot.settings import Settings
from bot.setup import RoleSource
from handlers import due, renewals
from storage import endings
from storage.crm import exported
from storage.importing import import_files
from storage.insight import Questions
from tests.flow.conftest import AGENT, FILES, GUEST, MANAGER, SALES, SALES_CHANNEL, SETUP, SUCCESSOR, WORKSPACE, texts
from tests.flow.without_slack import Desk, desk
from tests.flow.working import chosen, moment, person, typed
from tests.sandbox.stage import Json, Stage

DAY = 86_400.0
HOUR = 3_600.0
NINETY = datetime(2027, 10, 4, 1, 0, tzinfo=UTC).timestamp()  # a Monday, when the desk opens; M-4 ends on 2027-12-31
SIXTY = datetime(2027, 11, 3, 1, 0, tzinfo=UTC).timestamp()
THIRTY = datetime(2027, 12, 1, 1, 0, tzinfo=UTC).timestamp()
TEAM = SETUP.model_copy(
    update={"sales": RoleSource(users=(SALES, SUCCESSOR)), "sales_managers": RoleSource(users=(MANAGER,))}
)
KEY = EndingKey.model_validate({"customer_id": "C-4", "contract": "M-4", "ends_on": "2027-12-31"})
ROW = f"ending:{KEY.spelt}"
ON_IT, RENEWED = "on_it", "renewed"
WON = {"value": typed("9 萬"), "months": typed("12")}
LOST = {"reason": chosen("competitor"), "note": typed("別家便宜三成")}


@pytest.fixture
async def at(stage: Stage, settings: Settings) -> AsyncIterator[Desk]:
    """A desk 90 days before a contract of SALES' customer ends, with a sales manager who keeps no account."""
    async with desk(stage, settings) as made:
        made.set_up(TEAM)
        made.clock.now = NINETY
        yield made


async def look(at: Desk, when: float | None = None) -> None:
    """The hour's look over the directory, and what it sends."""
    at.clock.now = when or at.clock.now
    await renewals.look_ahead(at.services)
    await at.send_all()


async def passes(at: Desk, until: float) -> None:
    """Time passes, and what is due by then happens."""
    await look(at, until)
    await due.do_due(at.services)
    await at.send_all()


async def says(at: Desk, user: str, choice: str) -> list[str]:
    """Somebody takes a choice of the menu beside the contract."""
    return await at.click(user, "ending_menu", choice, block_id=ROW)


def stands(at: Desk) -> Opportunity | None:
    """What somebody made of the contract."""
    with at.services.casebook.look() as connection:
        return endings.of_contract(connection, WORKSPACE, KEY)


def told(at: Desk) -> list[tuple[int, str, str]]:
    """Who heard of it under which threshold, and with whom it was."""
    rows = at.rows("SELECT within, told, keeper FROM endings_told ORDER BY within DESC, told")
    return [(within, told, keeper) for within, told, keeper in rows]


def lists(stage: Stage, method: str = "chat.postMessage") -> list[Json]:
    """The lists as Slack has them."""
    log = stage.sandbox.workspace.log.since(0)
    sent = [each["body"] for each in log if each["dir"] == "call" and each["name"] == method and each["ok"]]
    return [each for each in sent if "M-4" in str(each.get("blocks"))]


async def test_each_salesperson_gets_one_list_a_day_each_contract_once_a_threshold(at: Desk) -> None:
    """While the desk is open, also across restarts; nobody reacted by the last threshold: the manager hears as well."""
    await look(at, NINETY - 2 * DAY)
    assert at.told(SALES) == []
    for _ in range(2):
        await look(at, NINETY)
    assert at.told(SALES) == ["1 份合約快到期"]
    await look(at, NINETY + DAY)
    assert len(at.told(SALES)) == 1
    await look(at, SIXTY)
    assert (len(at.told(SALES)), at.told(MANAGER)) == (2, [])
    await look(at, THIRTY)
    assert (len(at.told(SALES)), len(at.told(MANAGER))) == (3, 1)
    assert told(at) == [(90, SALES, SALES), (60, SALES, SALES), (30, SALES, SALES), (30, MANAGER, SALES)]


async def test_no_list_is_longer_than_slack_shows_and_the_rest_follows_the_next_day(
    stage: Stage, settings: Settings, tmp_path: Path
) -> None:
    """The first to end foremost; what did not fit was told to nobody, and a list says how many, drawn anew as well."""
    rows = (FILES / "contracts.csv").read_text("utf-8").splitlines()
    more = [f"M-4-{number},C-4,P{number},,2026-01-01,2027-12-30{',' * 12}" for number in range(50)]
    (tmp_path / "contracts.csv").write_text("\n".join([*rows, *more]), "utf-8")
    others = [each for each in sorted(FILES.glob("*.csv")) if each.name != "contracts.csv"]
    assert import_files([*others, tmp_path / "contracts.csv"], tmp_path / "many.db").swapped_in
    async with desk(stage, settings.model_copy(update={"directory": tmp_path / "many.db"})) as at:
        at.set_up(TEAM)
        await look(at, THIRTY)
        (first, above) = (texts(each["blocks"]) for each in lists(stage))
        assert at.told(SALES) == at.told(MANAGER) == ["51 份合約快到期"]
        assert ("還有 6 份" in first, "另外 6 份" in above) == (True, True)
        await look(at, THIRTY + DAY)
        assert at.told(SALES)[1:] == at.told(MANAGER)[1:] == ["6 份合約快到期"]
        assert ("2027-12-31" in first, "2027-12-31" in texts(lists(stage)[-1]["blocks"])) == (False, True)
        earliest = EndingKey.model_validate({"customer_id": "C-4", "contract": "M-4-0", "ends_on": "2027-12-30"})
        await at.click(SALES, "ending_menu", ON_IT, block_id=f"ending:{earliest.spelt}")
        await at.send_all()
        anew = lists(stage, "chat.update")
        assert [each["text"] for each in anew] == ["51 份合約快到期"] * 2
        assert ["還有 6 份" in texts(anew[0]["blocks"]), "另外 6 份" in texts(anew[1]["blocks"])] == [True, True]


async def test_whatever_somebody_said_of_leaves_the_lists_and_stands_with_them(at: Desk, stage: Stage) -> None:
    """The list shows who is on it; no later threshold and no manager hears of it again."""
    await look(at)
    assert await says(at, SALES, ON_IT) == []
    await at.send_all()
    known = stands(at)
    assert known
    assert (known.state, known.taken_by, known.case_id, known.customer_id) == ("taken", SALES, None, "C-4")
    assert known.reasons == ("contract_ends",)
    (drawn,) = lists(stage, "chat.update")
    assert f"<@{SALES}>" in texts(drawn["blocks"])
    assert [each["accessory"]["options"][0]["value"] for each in drawn["blocks"] if "accessory" in each] == [RENEWED]
    await look(at, SIXTY)
    await look(at, THIRTY)
    assert (len(at.told(SALES)), at.told(MANAGER)) == (1, [])


async def test_a_renewal_counts_with_its_value_and_one_that_is_not_with_their_words(at: Desk) -> None:
    """One opportunity for each end, won or lost once; Home, report and CRM have it like any other."""
    await look(at)
    assert await says(at, SALES, RENEWED) == ["window sales_won_view"]
    assert at.view()["private_metadata"] == KEY.spelt
    assert "全勤科技股份有限公司" in texts(at.view()["blocks"])
    assert stands(at) is None
    assert await at.submit(SALES, "sales_won_view", KEY.spelt, {**WON, "value": typed("0")}) != []
    assert await at.submit(SALES, "sales_won_view", KEY.spelt, WON) == []
    known = stands(at)
    assert known
    assert (known.state, known.value, known.months, known.settled_by) == ("won", Decimal(90_000), 12, SALES)
    (late,) = await at.submit(SALES, "sales_lost_view", KEY.spelt, LOST)
    assert "NT$90,000" in late
    home = await at.home(SALES)
    assert ("M-4" in home, "NT$90,000" in home) == (False, True)
    with at.services.casebook.look() as connection:
        (row,) = exported(connection, WORKSPACE, "opportunity", 0, at.clock.now)
        began = datetime.fromtimestamp(NINETY, tz=UTC)
        report = Questions(connection, WORKSPACE, began, at.clock.moment, ()).insight(None)
    assert [(each.currency, each.won, each.value) for each in report.sales] == [("TWD", 1, Decimal(90_000))]
    assert (row["contract"], row["case"], row["state"], row["value"]) == ("M-4", None, "won", "90000.00")
    moves = at.rows("SELECT move, actor FROM audit WHERE subject = 'opportunity' ORDER BY seq")
    assert [tuple(each) for each in moves] == [("open", SALES), ("win", SALES)]


async def test_what_was_not_renewed_keeps_why(at: Desk) -> None:
    """From the Home, before any list was sent, with the reason and their words."""
    assert ROW.replace('"', '\\"') in await at.home(SALES)
    assert await at.submit(SALES, "sales_lost_view", KEY.spelt, LOST) == []
    known = stands(at)
    assert known
    assert (known.state, known.lost_reason, known.lost_note) == ("lost", LostReason.COMPETITOR, "別家便宜三成")
    await look(at)
    assert at.told(SALES) == []


async def test_anybody_in_sales_takes_what_nobody_took_and_only_whoever_has_it_says_the_rest(at: Desk) -> None:
    """As with other opportunities: denied by default, and a click that changes nothing says why."""
    await look(at)
    (refused,) = await at.submit(SUCCESSOR, "sales_won_view", KEY.spelt, WON)
    assert "已通知 吳建宏" in refused
    (refused,) = await says(at, AGENT, ON_IT)
    assert refused == "這要由業務來做，剛才按的不算數。"
    assert stands(at) is None
    assert await says(at, SUCCESSOR, ON_IT) == []
    (late,) = await says(at, SALES, ON_IT)
    assert f"<@{SUCCESSOR}>" in late
    (refused,) = await at.submit(SALES, "sales_lost_view", KEY.spelt, LOST)
    assert "許家豪 接下了" in refused
    assert await at.submit(MANAGER, "sales_lost_view", KEY.spelt, LOST) == []


async def test_what_a_manager_took_stays_in_sight_of_whoever_keeps_the_account(at: Desk, stage: Stage) -> None:
    """On their list and in their Home, with who is on it, and nothing to press that would be refused."""
    await look(at)
    row = ROW.replace('"', '\\"')
    assert row in await at.home(SALES)
    assert await says(at, MANAGER, ON_IT) == []
    await at.send_all()
    (drawn,) = lists(stage, "chat.update")
    assert f"<@{MANAGER}> 接下了" in texts(drawn["blocks"])
    assert not any("accessory" in each for each in drawn["blocks"])
    home = await at.home(SALES)
    assert ("M-4" in home, f"<@{MANAGER}>" in home, row in home) == (True, True, False)
    known = stands(at)
    assert known
    assert await at.submit(MANAGER, "sales_hand_on_view", known.id, {"whom": person(SALES)}) == []
    home = await at.home(SALES)
    assert ("sales_won" in home, home.count("M-4")) == (True, 1)


async def test_who_took_it_by_mistake_gives_it_back_where_they_took_it(at: Desk, stage: Stage) -> None:
    """From the menu on the list: whoever keeps the account has it again, with a card of its own."""
    await look(at, THIRTY)
    assert await says(at, MANAGER, ON_IT) == []
    assert await says(at, MANAGER, "hand_on") == ["window sales_hand_on_view"]
    assert await at.submit(MANAGER, "sales_hand_on_view", at.view()["private_metadata"], {"whom": person(SALES)}) == []
    await at.send_all()
    known = stands(at)
    assert known
    assert (known.state, known.holder) == (OpportunityState.ASKED, SALES)
    assert at.told(SALES)[1:] == ["全勤科技股份有限公司：合約快到期"]


async def test_what_somebody_took_goes_to_a_colleague_with_a_card_of_its_own(at: Desk, stage: Stage) -> None:
    """It is handed on from the Home like any other; the colleague's card says which contract, and takes it."""
    await look(at)
    await says(at, SALES, ON_IT)
    known = stands(at)
    assert known
    assert known.id in await at.home(SALES)
    assert await at.submit(SALES, "sales_hand_on_view", known.id, {"whom": person(SUCCESSOR)}) == []
    await at.send_all()
    assert at.told(SUCCESSOR) == ["全勤科技股份有限公司：合約快到期"]
    assert "2027-12-31" in texts(lists(stage)[-1]["blocks"])
    assert await at.click(SUCCESSOR, "sales_take", known.id) == []
    assert await at.click(SUCCESSOR, "sales_lost", known.id) == ["window sales_lost_view"]
    assert "M-4 MES 年度維護" in texts(at.view()["blocks"])
    known = stands(at)
    assert known
    assert (known.state, known.taken_by) == (OpportunityState.TAKEN, SUCCESSOR)


async def test_a_card_of_a_contract_offers_whoever_handed_it_on_no_more_than_to_take_it(at: Desk, stage: Stage) -> None:
    """As on a case's card: what would be refused has no button."""
    await look(at)
    await says(at, SALES, ON_IT)
    known = stands(at)
    assert known
    for user, colleague in ((SALES, SUCCESSOR), (SUCCESSOR, SALES)):
        await at.submit(user, "sales_hand_on_view", known.id, {"whom": person(colleague)})
        await at.send_all()
    (first,) = [str(each) for each in lists(stage, "chat.update") if "sales_take" in str(each)]
    assert "sales_won" not in first


async def test_whoever_is_on_it_is_asked_at_the_next_threshold_and_answers_beside_the_question(at: Desk) -> None:
    """Not after a week, as in a case; a renewal takes its time. Then whoever is above them hears, once."""
    await look(at)
    await says(at, SALES, ON_IT)
    await passes(at, SIXTY - 3 * DAY)
    assert len(at.told(SALES)) == 1
    await passes(at, SIXTY)
    assert at.told(SALES)[1:] == ["⏰ 全勤科技股份有限公司 · M-4：進展如何？"]
    await passes(at, THIRTY)
    assert at.told(MANAGER) == ["⏳ 全勤科技股份有限公司 · M-4：接下之後沒有新的紀錄"]
    known = stands(at)
    assert known
    assert await at.submit(SALES, "sales_won_view", known.id, WON) == []
    words = at.rows("SELECT body FROM outbox WHERE kind = 'update' AND key LIKE '%:word:%' ORDER BY seq")
    assert [("sales_won" in body, "90,000" in body) for (body,) in words] == [(False, True)] * 2


async def test_what_somebody_put_off_comes_back_with_a_card_of_its_own(at: Desk, stage: Stage) -> None:
    """They have no card of it till then, only the list; it says which contract it is."""
    await look(at)
    await says(at, SALES, ON_IT)
    known = stands(at)
    assert known
    assert await at.submit(SALES, "sales_snooze_view", known.id, {"until": moment(int(NINETY + 2 * HOUR))}) == []
    await passes(at, NINETY + 3 * HOUR)
    assert at.told(SALES)[1:] == ["全勤科技股份有限公司：合約快到期"]
    assert "M-4 MES 年度維護" in texts(lists(stage)[-1]["blocks"])


async def test_without_a_sales_manager_the_channel_hears_beside_whoever_has_it(at: Desk, stage: Stage) -> None:
    """There anybody may take it; what came of it says only whoever has it."""
    at.set_up(TEAM.model_copy(update={"sales_managers": RoleSource()}))
    await look(at, THIRTY)
    assert told(at) == [(30, "", SALES), (30, SALES, SALES)]
    assert [each["channel"] for each in lists(stage)][1:] == [SALES_CHANNEL]
    (refused,) = await at.submit(SUCCESSOR, "sales_lost_view", KEY.spelt, LOST)
    assert "已通知 吳建宏" in refused
    assert await says(at, SUCCESSOR, ON_IT) == []


async def test_a_list_that_reached_nobody_goes_to_the_next_in_line_the_same_day(at: Desk, stage: Stage) -> None:
    """Slack refused the owner's: the sales manager has it an hour later, and nobody hears twice."""
    await stage.admin("fail_next", method="conversations.open", error="cannot_dm_bot")
    await look(at)
    assert lists(stage) == []
    for _ in range(2):
        await look(at, at.clock.now + HOUR)
    assert (len(lists(stage)), len(at.told(MANAGER))) == (1, 1)
    assert told(at) == [(90, SALES, SALES), (90, MANAGER, MANAGER)]
    await look(at, SIXTY)
    assert len(at.told(SALES)) == 2


async def test_a_list_that_reached_nobody_at_all_is_told_again_the_next_day(at: Desk, stage: Stage) -> None:
    """Neither owner nor manager could be written to, and a guest is in the channel: nothing counts as told."""
    await stage.admin("add_member", channel=SALES_CHANNEL, user=GUEST)
    for hour in range(4):
        if hour < 2:
            await stage.admin("fail_next", method="conversations.open", error="cannot_dm_bot")
        await look(at, NINETY + hour * HOUR)
    assert (lists(stage), len(told(at))) == ([], 3)
    await stage.admin("remove_member", channel=SALES_CHANNEL, user=GUEST)
    await look(at, NINETY + DAY)
    assert (len(lists(stage)), told(at)) == (1, [(90, SALES, SALES)])
    await look(at, NINETY + DAY + HOUR)
    assert len(lists(stage)) == 1
