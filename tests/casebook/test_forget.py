"""Forgetting a customer: no word is left in any file, every figure is, and the second time changes nothing."""

from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from bot.case import CaseState
from bot.renewals import Ending
from storage import commitments, conversations, endings, facts, forgetting, goodwill, opportunities, outbox, promises
from storage import workspace as workspaces
from storage.engine import Casebook
from storage.outbox import SendState
from storage.ratings import by_play
from storage.schema import audit, inbox, messages, metadata
from storage.schema import cases as case_rows
from storage.schema import outbox as outbox_rows
from tests import fresh
from tests.casebook.filled import AGENT, CUSTOMER, DAY, NOW, SUPERVISOR, WORKSPACE, ending, send, whole_case
from tests.fresh import casebook_at

MARK, OTHER = "zq7x", "kv3y"
PIECES = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), min_size=1, max_size=200)


def traces(folder: Path, mark: str) -> list[str]:
    """The files in which this can be read."""
    return sorted(each.name for each in folder.iterdir() if mark.encode() in each.read_bytes())


def everything(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables."""
    return {table.name: [tuple(row) for row in connection.execute(select(table))] for table in metadata.sorted_tables}


@pytest.mark.skipif(fresh.ON_SERVER, reason="what a server keeps in its files is its administrator's")
@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(st.lists(PIECES, min_size=1, max_size=3))
def test_no_word_is_left_in_any_file(texts: list[list[str]]) -> None:
    """However long what was written, and whatever stood in the same pages; what others wrote is all there."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        with closing(casebook_at(folder / "casebook.db")) as casebook:
            with casebook.begin() as connection:
                for number, pieces in enumerate(texts):
                    whole_case(connection, "".join(f"{MARK}{piece}" for piece in pieces), ts=f"{number}.0")
                    whole_case(connection, f"{OTHER}{number}", ts=f"{number}.5", customer="C-2")
            assert traces(folder, MARK)
            with casebook.begin() as connection:
                forgetting.forget(connection, "C-1", now=NOW)
            casebook.rewrite()
            assert traces(folder, MARK) == []
            with casebook.begin() as connection:
                said = [row.text for row in connection.execute(select(messages.c.text))]
                for number in range(len(texts)):
                    assert f"{OTHER}{number}" in said
        assert traces(folder, MARK) == []
        assert traces(folder, OTHER) == ["casebook.db"]


def test_the_figures_stay(casebook: Casebook) -> None:
    """The ledger counts against the window, the ratings count for the play, and who decided what, when, is on file."""
    with casebook.begin() as connection:
        case = whole_case(connection, MARK)
        before = everything(connection)
        forgetting.forget(connection, "C-1", now=NOW)
        after = everything(connection)
        (granted,) = goodwill.granted_to(connection, WORKSPACE, "C-1", but_not="")
        assert (granted.state, granted.cost, granted.currency, granted.concession) == (
            "approved", Decimal("3000.00"), "TWD", "full",
        )  # fmt: skip
        assert (granted.requested_by, granted.decided_by) == (AGENT, SUPERVISOR)
        assert granted.decided_at
        assert granted.decided_at.timestamp() == NOW
        assert (granted.fault, granted.reason, granted.decision_reason) == ("", "", "")
        asked = promises.of_case(connection, WORKSPACE, case.id)
        assert asked
        assert (asked.state, asked.claimed, asked.question) == ("confirmed", "", "")
        assert [(each.by, each.evidence) for each in asked.answers] == [(SUPERVISOR, "")]
        assert asked.scope
        assert asked.scope.what == ""
        assert {each.name: each.value for each in facts.of_case(connection, case)} == {
            "cost": "3000",
            "evidence": "",
            "whatever_comes_later": "",
        }
        assert [each.text for each in commitments.of_case(connection, WORKSPACE, case.id)] == [""]
        assert by_play(connection)["claims_promise"].unhelpful == 1
        (sold,) = opportunities.of_customer(connection, WORKSPACE, "C-1")
        assert (sold.state, sold.reasons, sold.lost_note) == ("open", ("claims_promise",), "")
        assert workspaces.person(connection, WORKSPACE, CUSTOMER, since=0) is None
    for table, rows in before.items():
        assert len(after[table]) == len(rows) - (table == "people") + (table == "audit")


def test_nothing_about_them_is_sent_or_worked_on_any_more(casebook: Casebook) -> None:
    """What waits in the outbox is taken back, what waits in the inbox is done with; others' is not touched."""
    with casebook.begin() as connection:
        case = whole_case(connection, MARK)
        other = whole_case(connection, OTHER, ts="2.0", customer="C-2")
        forgetting.forget(connection, "C-1", now=NOW)
        states = {each.id: outbox.state_of(connection, WORKSPACE, f"due:{each.id}") for each in (case, other)}
        assert states == {case.id: SendState.WITHHELD, other.id: SendState.DUE}
        assert outbox.state_of(connection, WORKSPACE, f"sent:{case.id}") is SendState.SENT
        waiting = {row.key for row in connection.execute(select(inbox.c.key).where(inbox.c.state == "new"))}
        assert waiting == {f"message:{other.id}", f"view:{other.id}"}


def test_the_second_time_changes_nothing(casebook: Casebook) -> None:
    """No second audit row either; the first says that it was done, by id and without a name."""
    with casebook.begin() as connection:
        whole_case(connection, MARK)
        first = forgetting.forget(connection, "C-1", now=NOW)
        once = everything(connection)
        second = forgetting.forget(connection, "C-1", now=NOW + DAY)
        assert everything(connection) == once
        assert (first.cases, second.cases, second.changed) == (1, 1, 0)
        assert first.changed > 0
        done = connection.execute(select(audit).where(audit.c.move == "forget")).one()
        assert (done.subject, done.subject_id, done.why, done.before, done.after) == ("customer", "C-1", "", "", "")


def test_what_is_said_after_it_is_kept_until_it_is_done_again(casebook: Casebook) -> None:
    """A customer who comes back is a customer."""
    with casebook.begin() as connection:
        whole_case(connection, MARK)
        forgetting.forget(connection, "C-1", now=NOW)
        again = whole_case(connection, "back again", ts="5.0")
        assert conversations.last_customer_words(connection, again) == "back again"
        assert forgetting.forget(connection, "C-1", now=NOW + DAY).changed > 0
        assert conversations.last_customer_words(connection, again) == ""


def test_a_customer_of_whom_nothing_is_kept_is_not_known(casebook: Casebook) -> None:
    """Nothing is written down about them by asking."""
    with casebook.begin() as connection:
        whole_case(connection, OTHER, customer="C-2")
        before = everything(connection)
        assert not forgetting.knows(connection, "C-1")
        assert forgetting.forget(connection, "C-1", now=NOW).changed == 0
        assert everything(connection) == before
        assert forgetting.case_count(connection, "C-2") == 1
        assert forgetting.case_count(connection, "C-2", only_open=True) == 0


def test_rows_that_name_them_in_a_case_that_moved_elsewhere_are_emptied_as_well(casebook: Casebook) -> None:
    """The case belongs to somebody else now; the request of the time was about them."""
    with casebook.begin() as connection:
        case = whole_case(connection, MARK)
        connection.execute(case_rows.update().values(customer_id="C-2", state=CaseState.OPEN))
        forgetting.forget(connection, "C-1", now=NOW)
        (filed,) = goodwill.of_case(connection, WORKSPACE, case.id)
        assert (filed.fault, filed.reason, filed.cost) == ("", "", Decimal("3000.00"))
        assert conversations.last_customer_words(connection, case) == MARK


def test_what_sales_was_told_of_a_contract_that_ends_is_forgotten_as_well(casebook: Casebook) -> None:
    """No case leads to its cards; what another customer's contract is about stays."""
    with casebook.begin() as connection:
        ending(connection, "o1", state="asked")
        ending(connection, "o2", state="asked", customer="C-2")
        for key in ("sales:o1", "sales:o1:1:again:9", "sales:o2"):
            send(connection, None, key, MARK, at=NOW, state=SendState.SENT)
        send(connection, None, "sales:o1:1", MARK, at=NOW, state=SendState.DUE)
        assert forgetting.knows(connection, "C-1")
        forgetting.forget(connection, "C-1", now=NOW)
        assert outbox.state_of(connection, WORKSPACE, "sales:o1:1") is SendState.WITHHELD
        rows = connection.execute(select(outbox_rows.c.key, outbox_rows.c.body, outbox_rows.c.target)).all()
        assert [row.key for row in rows if MARK in row.body + row.target] == ["sales:o2"]


def test_a_list_of_contracts_that_waits_to_be_sent_and_names_them_is_taken_back(casebook: Casebook) -> None:
    """Also of a customer who never had a case; whoever else stands on it is told of again, since it reached nobody."""
    with casebook.begin() as connection:
        for number, customer in enumerate(("C-1", "C-2")):
            stood = Ending(
                customer_id=customer,
                contract="M-1",
                ends_on=date(2027, 1, 1),
                customer=MARK,
                name="",
                price=None,
                days=30,
            )
            for message in ["renewals:a"] if number == 0 else ["renewals:a", "renewals:b"]:
                endings.note(
                    connection, WORKSPACE, stood, within=30, told=message, keeper=AGENT, message=message, now=NOW
                )
        for key in ("renewals:a", "renewals:a:9", "renewals:b"):
            send(connection, None, key, MARK, at=NOW, state=SendState.DUE)
        assert forgetting.knows(connection, "C-1")
        forgetting.forget(connection, "C-1", now=NOW)
        rows = connection.execute(select(outbox_rows.c.key, outbox_rows.c.state, outbox_rows.c.body)).all()
        assert [(row.key, row.state) for row in rows if MARK in row.body] == [("renewals:b", SendState.DUE)]
        assert {row.state for row in rows if row.key.startswith("renewals:a")} == {SendState.WITHHELD}
        assert forgetting.forget(connection, "C-1", now=NOW).changed == 0
