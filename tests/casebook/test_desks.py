"""Whose case is whose, who spoke last, and the team in counts."""

from datetime import timedelta

from sqlalchemy import Connection, update

from bot.case import Case, CaseState
from bot.commitments import Commitment, CommitmentState
from bot.message import Role
from bot.promises import VerificationState
from bot.signals import Reading
from storage import commitments, conversations, ids, promises, quiet, team, which_case
from storage.engine import Casebook, insert_once
from storage.schema import cases as rows
from storage.schema import verifications
from tests.casebook.sample import WORKSPACE, at, opened, said

NOTHING = Reading((), 0, None)
NOW = 5_000.0


def case_of(connection: Connection, ts: str, agent: str | None, state: CaseState = CaseState.OPEN) -> Case:
    """A case opened at that second, handled by somebody."""
    case = opened(connection, ts)
    connection.execute(update(rows).where(rows.c.id == case.id).values(agent=agent, state=state))
    return case


def promise(connection: Connection, case: Case, state: CommitmentState, due: float, by: str = "UA") -> None:
    """Something promised for that second."""
    commitments.write(
        connection,
        Commitment(
            workspace=WORKSPACE,
            id=ids.new_id(),
            case_id=case.id,
            text="call back",
            state=state,
            due_at=at(due),
            timezone="Asia/Taipei",
            made_by=by,
            made_at=at(due) - timedelta(hours=1),
        ),
    )


def test_somebody_has_the_open_cases_they_handle_the_longest_untouched_first(casebook: Casebook) -> None:
    """Neither closed ones nor those of others; how many there are in all is told when not all are asked for."""
    with casebook.begin() as connection:
        newest = case_of(connection, "300.0", "UA", CaseState.WAITING)
        oldest = case_of(connection, "100.0", "UA")
        middle = case_of(connection, "200.0", "UA", CaseState.DECIDED)
        case_of(connection, "50.0", "UA", CaseState.CLOSED)
        case_of(connection, "60.0", "UB")
        case_of(connection, "70.0", None)
        found, in_all = which_case.handled_by(connection, WORKSPACE, "UA", 2)
        assert ([each.id for each in found], in_all) == ([oldest.id, middle.id], 3)
        assert [each.id for each in which_case.handled_by(connection, WORKSPACE, "UA", 9)[0]][-1] == newest.id
        assert which_case.handled_by(connection, WORKSPACE, "UX", 9) == ([], 0)


def test_who_spoke_last_is_whoever_still_has_the_word(casebook: Casebook) -> None:
    """A message that was deleted since was not said; a case in which nothing is kept is not there."""
    with casebook.begin() as connection:
        talked, silent = opened(connection, "100.0"), opened(connection, "101.0")
        for ts, role in (("100.0", Role.CUSTOMER), ("110.0", Role.AGENT), ("120.0", Role.CUSTOMER)):
            conversations.write_message(connection, said(ts, role=role), NOTHING, talked.id)
        both = [talked.id, silent.id]
        assert conversations.last_said(connection, WORKSPACE, both) == {talked.id: (Role.CUSTOMER, at(120.0))}
        conversations.forget_message(connection, WORKSPACE, "C1", "120.0", NOW)
        assert conversations.last_said(connection, WORKSPACE, both) == {talked.id: (Role.AGENT, at(110.0))}
        assert conversations.last_said(connection, WORKSPACE, []) == {}


def test_only_a_question_that_sales_has_not_answered_waits(casebook: Casebook) -> None:
    """An answered one waits for nobody."""
    with casebook.begin() as connection:
        waiting, answered = opened(connection, "100.0"), opened(connection, "101.0")
        for case, state in ((waiting, VerificationState.ASKED), (answered, VerificationState.CONFIRMED)):
            asked = {"workspace": WORKSPACE, "id": case.id, "case_id": case.id, "state": state}
            insert_once(connection, verifications, {**asked, "asked_by": "UA", "asked_at": 1.0})
        found = promises.waiting_in(connection, WORKSPACE, [waiting.id, answered.id])
        assert [each.case_id for each in found] == [waiting.id]


def test_the_team_is_counted_by_whoever_handles_and_promised(casebook: Casebook) -> None:
    """Open cases, also those that nobody handles; what is owed past its time; who paused and has not resumed."""
    with casebook.begin() as connection:
        mine = case_of(connection, "100.0", "UA")
        for ts, agent, state in (
            ("101.0", "UA", CaseState.WAITING),
            ("102.0", "UB", CaseState.CLOSED),
            ("103.0", None, CaseState.OPEN),
        ):
            case_of(connection, ts, agent, state)
        for stands in CommitmentState:
            promise(connection, mine, stands, NOW - 1)
        promise(connection, mine, CommitmentState.OPEN, NOW + 1)
        promise(connection, mine, CommitmentState.MISSED, NOW - 9, by="UB")
        quiet.pause(connection, WORKSPACE, "UA", until=NOW + 1)
        quiet.pause(connection, WORKSPACE, "UB", until=NOW)
        assert team.open_cases(connection, WORKSPACE) == {"UA": 2, None: 1}
        assert team.overdue(connection, WORKSPACE, NOW) == {"UA": 2, "UB": 1}
        assert team.paused(connection, WORKSPACE, NOW) == {"UA"}
        assert team.open_cases(connection, "T2") == {}
