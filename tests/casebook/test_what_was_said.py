"""What a message changes of its case, as the case stands when it is written down."""

from sqlalchemy import select

from bot.case import Case, CaseState
from bot.message import Role
from bot.signals import Reading
from storage import cases
from storage.engine import Casebook
from storage.schema import audit
from tests.casebook.sample import WORKSPACE, opened, said


def stands(case: Case | None) -> tuple[CaseState, str | None]:
    """Its state and who handles it."""
    assert case is not None
    return case.state, case.agent


def test_a_customer_who_writes_again_opens_a_closed_case_and_the_audit_says_so(casebook: Casebook) -> None:
    """No change of state without who, when and why; the second message changes nothing any more."""
    with casebook.begin() as connection:
        case = opened(connection)
        cases.move(connection, case, CaseState.CLOSED, now=0.0)
        closed = cases.get(connection, WORKSPACE, case.id) or case
        for ts in ("300.0", "301.0"):
            after = cases.touch(connection, closed, said(ts, thread_ts="100.0"), Reading(), None, now=310.0)
            assert after.state is CaseState.OPEN
        rows = connection.execute(select(audit).where(audit.c.subject == "case")).all()
    assert [(row.actor, row.move, row.before, row.after, row.at) for row in rows] == [
        ("Ucustomer", "reopen", "closed", "open", 310.0)
    ]


def test_an_agent_who_writes_does_not_open_it(casebook: Casebook) -> None:
    """A word after it is over leaves it closed."""
    with casebook.begin() as connection:
        case = opened(connection)
        cases.move(connection, case, CaseState.CLOSED, now=0.0)
        cases.touch(connection, case, said("300.0", role=Role.AGENT), Reading(), None, now=310.0)
        assert stands(cases.get(connection, WORKSPACE, case.id)) == (CaseState.CLOSED, "Uagent")
        assert connection.execute(select(audit)).all() == []


def test_what_happened_while_a_message_was_read_stays(casebook: Casebook) -> None:
    """A request filed and a takeover accepted since the case was read are not written over."""
    with casebook.begin() as connection:
        as_read = opened(connection)
        cases.move(connection, as_read, CaseState.WAITING, now=0.0)
        cases.hand_over(connection, as_read, "U2")
        after = cases.touch(connection, as_read, said("300.0"), Reading(), None, now=310.0)
        assert stands(after) == stands(cases.get(connection, WORKSPACE, as_read.id)) == (CaseState.WAITING, "U2")
