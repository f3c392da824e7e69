"""Two of sales do something at the same moment, each heard by a worker of their own: one was first, both are told."""

import threading
import time
from collections.abc import Awaitable, Callable

from sqlalchemy import Connection, text

from bot.promise_moves import moved as answered_with
from bot.promises import Answer
from bot.sales import Opportunity, OpportunityState
from bot.settings import Settings
from storage import cases, opportunities, promises, right_customer
from tests import fresh
from tests.flow.conftest import AGENT, SALES, SUCCESSOR, SUPERVISOR, WORKSPACE
from tests.flow.test_contracts_that_end import NINETY, ON_IT, look, says
from tests.flow.test_contracts_that_end import stands as of_contract
from tests.flow.test_opportunity import TEAM, asked, stands
from tests.flow.test_promise_prolonged import until
from tests.flow.test_promise_scope import ONE_SUPERVISOR, TICKED, given, question
from tests.flow.test_promise_scope import stands as promise_stands
from tests.flow.without_slack import Desk, desk
from tests.flow.working import moment, typed
from tests.sandbox.stage import Stage

SOMEBODY_WAITS = text("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")


def takes(known: Opportunity) -> Callable[[Connection], bool]:
    """A colleague takes it."""
    taken = {"taken_by": SUCCESSOR, "state": OpportunityState.TAKEN, "due_at": None}
    return lambda connection: opportunities.settle(connection, known, known.model_copy(update=taken))


async def meanwhile(
    at: Desk,
    first: Callable[[Connection], bool],
    deed: Callable[[], Awaitable[list[str]]],
    then: Callable[[Connection], bool] = lambda _: True,
) -> list[str]:
    """What somebody is told whose deed comes while another worker writes what a colleague did first.

    Args:
        then: What that worker writes in the same transaction once somebody waits for it.
    """
    written = threading.Event()

    def colleague() -> None:
        with at.services.casebook.begin() as connection:
            assert first(connection)
            written.set()
            latest = time.monotonic() + 60
            while fresh.ON_SERVER and time.monotonic() < latest and not connection.execute(SOMEBODY_WAITS).scalar_one():
                time.sleep(0.01)
            assert then(connection)

    other = threading.Thread(target=colleague, daemon=True)
    other.start()
    assert written.wait(60)
    told = await deed()
    other.join(60)
    return told


async def test_whoever_was_second_to_take_a_case_is_told(stage: Stage, settings: Settings) -> None:
    """Never a silent click, on a server either, where nobody waits for the first to be done before they look."""
    async with desk(stage, settings) as at:
        case = await asked(at)
        known = stands(at, case)
        (told,) = await meanwhile(at, takes(known), lambda: at.click(SALES, "sales_take", known.id))
        assert stands(at, case).taken_by == SUCCESSOR
        assert told


async def test_a_scope_recorded_while_sales_answers_is_recorded_whole_or_not_at_all(
    stage: Stage, settings: Settings
) -> None:
    """R25: also one that is over by now, which is two moves; where sales was first, the supervisor is told so."""
    async with desk(stage, settings) as at:
        at.set_up(ONE_SUPERVISOR)
        _, known = question(at, given(at, Answer.YES, SUCCESSOR, "5/1 的信"))
        no, policy = given(at, Answer.NO, SALES), at.services.playbook.policy
        answered = answered_with(
            known, no.move, now=at.clock.moment, policy=policy.verification, hours=policy.hours, said=no
        )

        def colleague(connection: Connection) -> bool:
            return promises.settle(connection, known, answered)

        sent = {**until("2026-01-01"), **TICKED}
        told = await meanwhile(at, colleague, lambda: at.submit(SUPERVISOR, "record_promise_view", known.id, sent))
        moves = [move for (move,) in at.rows("SELECT move FROM audit WHERE subject_id = ? ORDER BY seq", known.id)]
        is_as_answered = promise_stands(at, known) == answered
        assert (len(told), is_as_answered, moves) in ((1, True, []), (0, False, ["record", "lapse"]))


async def test_whoever_was_second_to_put_a_contract_off_is_told(stage: Stage, settings: Settings) -> None:
    """There is no case that could be held."""
    async with desk(stage, settings) as at:
        at.set_up(TEAM)
        at.clock.now = NINETY
        await look(at)
        await says(at, SALES, ON_IT)
        known = of_contract(at)
        assert known
        until = {"until": moment(int(at.clock.now + 7200))}
        (told,) = await meanwhile(at, takes(known), lambda: at.submit(SALES, "sales_snooze_view", known.id, until))
        found = of_contract(at)
        assert found
        assert (found.state, found.taken_by) == (OpportunityState.TAKEN, SUCCESSOR)
        assert told


async def test_an_answer_is_taken_while_the_case_is_moved_to_another_customer(stage: Stage, settings: Settings) -> None:
    """Both hold the case before they write, so that neither waits for the other without end: none is given up."""
    async with desk(stage, settings) as at:
        at.set_up(ONE_SUPERVISOR)
        case, known = question(at)

        def holds(connection: Connection) -> bool:
            cases.hold(connection, WORKSPACE, case.id)
            return True

        def moves(connection: Connection) -> bool:
            return right_customer.move(connection, case, "C-4", by=AGENT, now=at.clock.now) is not None

        sent = {"evidence": typed("沒有這回事")}
        told = await meanwhile(at, holds, lambda: at.submit(SUCCESSOR, "promise_no_view", known.id, sent), moves)
        found = promise_stands(at, known)
        assert (told, found.customer_id, [each.answer for each in found.answers]) == ([], "C-4", [Answer.NO])
