"""Who may ask a colleague in, answer, take a break or take a case out: every role, every button, denied by default."""

from collections.abc import AsyncIterator

import pytest

from bot.case import Case
from bot.settings import Settings
from bot.setup import Away, RoleSource
from handlers import care
from handlers.due import do_due
from tests.flow.conftest import (
    AGENT,
    CUSTOMER,
    DEPUTY,
    GUEST,
    MANAGER,
    OTHER_AGENT,
    SALES,
    SETUP,
    SUCCESSOR,
    SUPERVISOR,
)
from tests.flow.without_slack import Desk, desk
from tests.flow.working import person, typed
from tests.sandbox.stage import Stage

MINUTE = 60.0
EVERYBODY = (CUSTOMER, GUEST, SUCCESSOR, AGENT, OTHER_AGENT, SALES, SUPERVISOR, DEPUTY, MANAGER)
"""Who is no colleague of a case's: an outsider, a guest, one of us without a part in support; then those with one."""
HANDLER = frozenset({AGENT})
DECIDERS = frozenset({SUPERVISOR, DEPUTY, MANAGER})
ASKED = "SELECT asked, state FROM takeovers ORDER BY asked_at, number"


@pytest.fixture
async def at(stage: Stage, settings: Settings) -> AsyncIterator[Desk]:
    """The desk, with a manager, and with one who has no part in it."""
    async with desk(stage, settings) as made:
        roles = {"managers": RoleSource(users=(MANAGER,)), "sales": RoleSource(users=(SALES,))}
        made.set_up(SETUP.model_copy(update=roles))
        yield made


async def asked_in(at: Desk, action: str = "ask_takeover") -> tuple[Case, str]:
    """A case, and the question that is open about it, which is the other agent's."""
    case = at.case()
    await at.click(AGENT, action, case.id)
    ((question, whom),) = at.rows("SELECT id, asked FROM takeovers WHERE case_id = ?", case.id)
    assert whom == OTHER_AGENT
    return case, str(question)


@pytest.mark.parametrize("action", ["ask_takeover", "ask_peer"])
async def test_only_whoever_works_on_the_case_asks_somebody_in(at: Desk, action: str) -> None:
    """The handler and the supervisors; whoever may not is told so, and nobody is asked."""
    for user in EVERYBODY:
        case = at.case()
        told = await at.click(user, action, case.id)
        assert len(told) == 1
        asked = at.rows("SELECT asked_by FROM takeovers WHERE case_id = ?", case.id)
        assert asked == ([(user,)] if user in HANDLER | DECIDERS else [])


async def test_only_whoever_works_on_the_case_chooses_who_takes_over(at: Desk) -> None:
    """Also with a window that was forged."""
    values = {"whom": person(OTHER_AGENT), "why": typed("請幫忙")}
    for user in EVERYBODY:
        case = at.case()
        await at.submit(user, "ask_takeover_view", case.id, values)
        asked = at.rows("SELECT asked_by, asked FROM takeovers WHERE case_id = ?", case.id)
        assert asked == ([(user, OTHER_AGENT)] if user in HANDLER | DECIDERS else [])


@pytest.mark.parametrize(
    ("ask", "answer", "becomes"),
    [
        ("ask_takeover", "take_over", "accepted"),
        ("ask_takeover", "not_now", "declined"),
        ("ask_peer", "peer_looks", "accepted"),
        ("ask_peer", "not_now", "declined"),
    ],
)
async def test_only_whoever_was_asked_answers(at: Desk, ask: str, answer: str, becomes: str) -> None:
    """Neither the asker, nor a supervisor, nor anybody else says yes or no for a colleague."""
    for user in EVERYBODY:
        case, question = await asked_in(at, ask)
        assert await at.click(user, answer, question)
        state = at.rows("SELECT state FROM takeovers WHERE id = ?", question)
        assert state == [(becomes if user == OTHER_AGENT else "asked",)]
        handler = OTHER_AGENT if (user, answer) == (OTHER_AGENT, "take_over") else AGENT
        assert at.rows("SELECT agent FROM cases WHERE id = ?", case.id) == [(handler,)]


async def test_whoever_lost_their_part_meanwhile_answers_no_more(at: Desk) -> None:
    """The role is read at the click."""
    _, question = await asked_in(at)
    at.set_up(
        SETUP.model_copy(update={"agents": RoleSource(users=(AGENT,)), "sales": RoleSource(users=(OTHER_AGENT,))})
    )
    await at.click(OTHER_AGENT, "take_over", question)
    assert at.rows(ASKED) == [(OTHER_AGENT, "asked")]


async def test_only_a_supervisor_takes_a_case_out(at: Desk) -> None:
    """R38: in the audit stands who did; nobody else leaves a file behind."""
    for user in EVERYBODY:
        case = at.case()
        await at.click(user, "export_case", case.id)
        exported = at.rows("SELECT actor FROM audit WHERE move = 'export' AND subject_id = ?", case.id)
        assert exported == ([(user,)] if user in DECIDERS else [])
    assert len(list(at.services.exports.iterdir())) == len(DECIDERS)


async def test_a_case_that_cannot_be_written_leaves_no_trace_that_it_was(at: Desk) -> None:
    """A folder that is none: the supervisor is told, and the audit does not claim it."""
    at.services.exports.parent.mkdir(parents=True, exist_ok=True)
    at.services.exports.write_text("")
    told = await at.click(SUPERVISOR, "export_case", at.case().id)
    assert told == ["檔案寫不進去，請管理旁白的同仁看一下 `exports` 資料夾。"]
    assert at.rows("SELECT actor FROM audit WHERE move = 'export'") == []


async def test_the_next_is_asked_after_ten_minutes_of_working_time_and_not_before(at: Desk) -> None:
    """And on the third silence whoever asked hears that nobody could."""
    await asked_in(at)
    at.clock.now += 9 * MINUTE
    await do_due(at.services)
    assert at.rows(ASKED) == [(OTHER_AGENT, "asked")]
    for number in (2, 3):
        at.clock.now += 10 * MINUTE
        await do_due(at.services)
        await do_due(at.services)
        assert [state for _, state in at.rows(ASKED)] == ["timed_out"] * (number - 1) + ["asked"]
    at.clock.now += 10 * MINUTE
    since = at.last_row()
    await do_due(at.services)
    assert [state for _, state in at.rows(ASKED)] == ["timed_out"] * 3
    assert sorted(who for who, _ in at.rows(ASKED)) == sorted({OTHER_AGENT, SUPERVISOR, DEPUTY})
    assert any("沒有其他人可以請" in told for told in at.told(AGENT, since))


async def test_while_slack_cannot_be_asked_the_next_is_not_looked_for_every_second(at: Desk, stage: Stage) -> None:
    """It is tried again after a minute, and then once."""
    await asked_in(at)
    at.clock.now += 700
    not_before: dict[str, float] = {}
    await stage.admin("fail_next", method="users.info", status=500, times=1)
    for _ in range(2):
        await do_due(at.services, not_before)
        assert at.rows(ASKED) == [(OTHER_AGENT, "asked")]
    at.clock.now += MINUTE
    await do_due(at.services, not_before)
    assert len(at.rows(ASKED)) == 2


async def test_overnight_nobody_is_passed_over(at: Desk) -> None:
    """Asked five minutes before closing, a colleague has until five minutes after opening."""
    at.clock.now += 6 * 3600 - 5 * MINUTE - 60
    await asked_in(at)
    at.clock.now += 14 * 3600
    await do_due(at.services)
    assert at.rows(ASKED) == [(OTHER_AGENT, "asked")]
    at.clock.now += 3600 + 10 * MINUTE
    await do_due(at.services)
    assert at.rows(ASKED)[0] == (OTHER_AGENT, "timed_out")


async def test_both_kinds_are_asked_beside_each_other(at: Desk) -> None:
    """A second opinion and a takeover are two wishes; each waits for its own answer."""
    case = at.case()
    for action in ("ask_takeover", "ask_peer", "ask_takeover", "ask_peer"):
        await at.click(AGENT, action, case.id)
    assert sorted(at.rows("SELECT kind, state FROM takeovers")) == [("peer", "asked"), ("takeover", "asked")]


async def test_managers_hear_of_abuse_when_no_supervisor_is_left_to_hear_it(at: Desk) -> None:
    """R39, R47: not the handler, nobody who is away, and no salesperson, though one was named as a deputy once."""
    only = {"supervisors": RoleSource(users=(SUPERVISOR,)), "managers": RoleSource(users=(MANAGER,))}
    alone = SETUP.model_copy(update={**only, "sales": RoleSource(users=(SALES,)), "away": ()})
    at.set_up(alone)
    assert [each.user_id for each in await care.who_to_tell(at.services, at.case())] == [SUPERVISOR]
    theirs = at.case(agent=SUPERVISOR)
    assert [each.user_id for each in await care.who_to_tell(at.services, theirs)] == [MANAGER]
    at.set_up(alone.model_copy(update={"away": (Away(user=SUPERVISOR, deputy=SALES),)}))
    assert [each.user_id for each in await care.who_to_tell(at.services, at.case())] == [MANAGER]


async def test_whoever_looks_as_a_second_pair_of_eyes_is_not_the_first_who_is_asked_to_take_over(at: Desk) -> None:
    """Two people help, while there are two (R31, R35); with nobody else, the same one is asked before a supervisor."""
    agents = RoleSource(users=(AGENT, OTHER_AGENT, SUCCESSOR))
    for peers, looks in ((agents, SUCCESSOR), (SETUP.agents, OTHER_AGENT)):
        at.set_up(SETUP.model_copy(update={"agents": peers, "sales": RoleSource(users=(SALES,))}))
        case = at.case()
        await at.click(AGENT, "ask_peer", case.id)
        await at.click(AGENT, "ask_takeover", case.id)
        asked = dict(at.rows("SELECT kind, asked FROM takeovers WHERE case_id = ?", case.id))
        assert asked == {"peer": looks, "takeover": OTHER_AGENT}
