"""A casebook of an earlier version opens with everything that was in it."""

from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text

from bot.commitments import CommitmentMove
from bot.errors import UserError
from bot.goodwill import Move
from bot.promises import CHANNEL, VerificationState
from bot.sales import Opportunity, OpportunityState, SalesMove
from storage import cases, commitments, conversations, facts, opportunities, promises, takeovers, turns
from storage import goodwill as requests
from storage.engine import open_casebook
from storage.revisions import MIGRATIONS
from storage.schema import metadata
from tests.fresh import bare_at

FIRST = """
INSERT INTO cases VALUES ('T1', 'c1', 'C-1', 'C0', '1.0', 'decided', 'U1', '{}', 1.0, 2.0);
INSERT INTO facts (workspace, case_id, name, value, recorded_by, recorded_at, why)
    VALUES ('T1', 'c1', 'cost', '3000.00', 'U1', 5.0, 'old customer');
INSERT INTO exceptions VALUES ('T1', 'e1', 'c1', 'C-1', 'approved', 'U1', 5.0, 'full', 'printer', 3000, 'TWD',
    'old customer', 'U2', 6.0, '', 'no');
INSERT INTO messages VALUES ('T1', 'C0', '1.0', NULL, 'c1', 'U9', 'customer', 'help', false, 1, '["reports_fault"]',
    NULL, NULL);
"""


WAITING = """
INSERT INTO cases VALUES ('T1', 'c2', 'C-2', 'C0', '2.0', 'waiting', 'U1', '{}', 1.0, 2.0);
INSERT INTO exceptions VALUES ('T1', 'e2', 'c2', 'C-2', 'requested', 'U1', 5400.0, 'full', 'printer', 3000, 'TWD',
    'old customer', NULL, NULL, '', 'no');
"""


COMMITTED = """
INSERT INTO commitments (workspace, id, case_id, text, state, due_at, timezone, made_by, made_at)
    VALUES ('T1', 'p1', 'c1', 'call', 'open', 7200.0, 'Asia/Taipei', 'U1', 5.0);
INSERT INTO commitments (workspace, id, case_id, text, state, due_at, timezone, made_by, made_at)
    VALUES ('T1', 'p2', 'c1', 'mail', 'kept', 7200.0, 'Asia/Taipei', 'U1', 5.0);
"""


OPEN_TWICE = """
INSERT INTO exceptions (workspace, id, case_id, state, requested_by, requested_at, concession, fault, cost, currency,
    reason, decision_reason, fault_ours, evidence, new_fact, question, answer, ours, due_at, due_move)
    VALUES ('T1', 'first', 'c1', 'seconding', 'U1', 5.0, 'full', 'x', 1, 'TWD', 'x', '', 'no', '', '', '', '', false,
    9.0, 'remind');
INSERT INTO exceptions (workspace, id, case_id, state, requested_by, requested_at, concession, fault, cost, currency,
    reason, decision_reason, fault_ours, evidence, new_fact, question, answer, ours, due_at, due_move)
    VALUES ('T1', 'second', 'c1', 'requested', 'U1', 6.0, 'full', 'x', 1, 'TWD', 'x', '', 'no', '', '', '', '', false,
    9.0, 'remind');
INSERT INTO takeovers (workspace, id, case_id, kind, round, number, asked_by, asked, why, state, asked_at, due_at)
    VALUES ('T1', 'older', 'c1', 'takeover', 'older', 1, 'U1', 'U2', '', 'asked', 5.0, 9.0);
INSERT INTO takeovers (workspace, id, case_id, kind, round, number, asked_by, asked, why, state, asked_at, due_at)
    VALUES ('T1', 'newer', 'c1', 'takeover', 'newer', 1, 'U1', 'U3', '', 'asked', 6.0, 9.0);
INSERT INTO takeovers (workspace, id, case_id, kind, round, number, asked_by, asked, why, state, asked_at, due_at)
    VALUES ('T1', 'peer', 'c1', 'peer', 'peer', 1, 'U1', 'U3', '', 'asked', 6.0, 9.0);
"""


TOLD = """
INSERT INTO cases VALUES ('T1', 'c2', 'C-2', 'C0', '2.0', 'open', 'U1', '{}', 1.0, 2.0);
INSERT INTO opportunities VALUES ('T1', 'o1', 'c1', 'C-1', 'open', '["reports_fault"]', 'U7', 5.0);
INSERT INTO opportunities VALUES ('T1', 'o2', 'c2', 'C-2', 'open', '["asks_favour"]', 'U7', 6.0);
INSERT INTO outbox (workspace, key, kind, target, body, created_at, state, due_at, lease_until, attempts)
    VALUES ('T1', 'sales:c1', 'direct', '{}', '{}', 5.0, 'sent', 5.0, 0.0, 1);
"""


UNSENT = """
INSERT INTO outbox (workspace, key, kind, target, body, created_at, state, due_at, lease_until, attempts)
    VALUES ('T1', 'first', 'message', '{"channel": "C0"}', '{}', 5.0, 'due', 5.0, 0.0, 0);
INSERT INTO outbox (workspace, key, kind, target, body, created_at, state, due_at, lease_until, attempts)
    VALUES ('T1', 'second', 'message', '{"channel": "C0"}', '{}', 5.0, 'due', 5.0, 0.0, 0);
INSERT INTO outbox (workspace, key, kind, target, body, created_at, state, due_at, lease_until, attempts)
    VALUES ('T1', 'whisper', 'ephemeral', '{"channel": "C0", "user": "U1"}', '{}', 5.0, 'due', 5.0, 0.0, 0);
"""


def first_casebook(path: Path) -> None:
    """A casebook as the first version laid it out, with a case in it."""
    upgraded(path, "0001", FIRST)


def upgraded(path: Path, revision: str, rows: str) -> None:
    """The casebook as that version laid it out, with these rows in it."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(bare_at(path))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        for statement in rows.split(";\n"):
            if statement.strip():
                connection.execute(text(statement))
    engine.dispose()


@pytest.fixture
def old(tmp_path: Path) -> str:
    """Its address."""
    first_casebook(tmp_path / "casebook.db")
    return bare_at(tmp_path / "casebook.db")


def test_what_was_in_it_is_still_there_and_new_things_fit(old: str) -> None:
    """Facts, requests and messages are read as before; what the new version knows can be asked of an old case."""
    casebook = open_casebook(old)
    with casebook.begin() as connection:
        case = cases.get(connection, "T1", "c1")
        assert case
        (fact,) = facts.of_case(connection, case)
        assert (fact.value, fact.by, fact.why, fact.holds) == ("3000.00", "U1", "old customer", True)
        assert [each.id for each in requests.granted_to(connection, "T1", "C-1", but_not="c2")] == ["e1"]
        assert [each.text for each in conversations.in_full(connection, case)] == ["help"]
        assert promises.of_case(connection, "T1", "c1") is None
        assert commitments.of_case(connection, "T1", "c1") == []
        facts.record(connection, case, "cost", "80", by="U1", now=9.0)
        assert [each.value for each in facts.of_case(connection, case)] == ["3000.00", "80"]
    casebook.close()


def test_an_upgraded_casebook_is_laid_out_like_a_new_one(old: str) -> None:
    """No column or index differs from what the code expects."""
    casebook = open_casebook(old)
    with casebook.begin() as connection:
        assert differences(connection) == []
    casebook.close()
    again = open_casebook(old)
    with again.begin() as connection:
        assert differences(connection) == []
    again.close()


def test_what_nobody_had_decided_is_reminded_of(tmp_path: Path) -> None:
    """A request of an earlier version is due like a new one; one that was decided stays as it is."""
    path = tmp_path / "casebook.db"
    upgraded(path, "0001", FIRST + WAITING)
    casebook = open_casebook(bare_at(path))
    with casebook.begin() as connection:
        due = requests.due(connection, "T1", now=7_200.0)
        assert [(each.id, each.due_move, each.due_at) for each in due] == [
            ("e2", Move.REMIND, datetime(1970, 1, 1, 2, 0, tzinfo=UTC))
        ]
        assert requests.due(connection, "T1", now=7_199.0) == []
    casebook.close()


def test_what_waited_to_be_sent_goes_out_in_its_order(tmp_path: Path) -> None:
    """In its channel one after the other, as what is put there now; a whisper does not wait for them."""
    path = tmp_path / "casebook.db"
    first_casebook(path)
    upgraded(path, "0020", UNSENT)
    casebook = open_casebook(bare_at(path))
    with casebook.begin() as connection:
        claimed = [turns.claim(connection, "T1", now=9.0) for _ in range(3)]
        assert [each and each.key for each in claimed] == ["first", "whisper", None]
    casebook.close()


def test_a_whisper_that_waited_through_the_upgrade_is_not_said_after_its_moment(tmp_path: Path) -> None:
    """Nobody wants advice of hours ago; the answer to what somebody did, and what was sent, are as they were."""
    path = tmp_path / "casebook.db"
    first_casebook(path)
    upgraded(
        path,
        "0020",
        UNSENT + UNSENT.replace("'first'", "'f'").replace("'second'", "'s'").replace("whisper", "advice:1"),
    )
    with closing(open_casebook(bare_at(path))) as casebook, casebook.begin() as connection:
        assert turns.withhold_late(connection, "T1", now=5.0 + 301.0) == 1
        late = connection.execute(text("SELECT key FROM outbox WHERE state = 'withheld'")).scalars().all()
    assert late == ["advice:1"]


def test_what_was_promised_before_is_reminded_of(tmp_path: Path) -> None:
    """A commitment of an earlier version is due like a new one; one that was kept stays quiet."""
    path = tmp_path / "casebook.db"
    first_casebook(path)
    upgraded(path, "0007", COMMITTED)
    casebook = open_casebook(bare_at(path))
    with casebook.begin() as connection:
        due = commitments.due(connection, "T1", now=7_200.0)
        assert [(each.id, each.next_move, each.next_at) for each in due] == [
            ("p1", CommitmentMove.REMIND, datetime(1970, 1, 1, 1, 30, tzinfo=UTC))
        ]
        assert commitments.due(connection, "T1", now=5_399.0) == []
    casebook.close()


def test_of_several_that_are_open_at_once_one_stays_and_the_audit_tells_of_the_others(tmp_path: Path) -> None:
    """The request that was there first and the colleague who was asked last; nothing happens to the others any more."""
    path = tmp_path / "casebook.db"
    first_casebook(path)
    upgraded(path, "0012", OPEN_TWICE)
    casebook = open_casebook(bare_at(path))
    with casebook.begin() as connection:
        states = {each.id: each.state for each in requests.of_case(connection, "T1", "c1")}
        assert states == {"e1": "approved", "first": "seconding", "second": "withdrawn"}
        asked = {each.id: each.state for each in takeovers.of_case(connection, "T1", "c1")}
        assert asked == {"older": "withdrawn", "newer": "asked", "peer": "asked"}
        assert [each.id for each in requests.due(connection, "T1", now=9.0)] == ["first"]
        assert {each.id for each in takeovers.due(connection, "T1", now=9.0)} == {"newer", "peer"}
        told = text("SELECT subject, subject_id, move, before, after FROM audit WHERE actor = 'aside'")
        assert {tuple(row) for row in connection.execute(told)} == {
            ("exception", "second", "withdraw", "requested", "withdrawn"),
            ("takeover", "older", "withdraw", "asked", "withdrawn"),
        }
    casebook.close()


def test_whoever_sales_had_told_is_asked_and_what_stayed_silent_stays_so(tmp_path: Path) -> None:
    """An opportunity of an earlier version pings nobody by being upgraded, and a graver reason is told anew."""
    path = tmp_path / "casebook.db"
    upgraded(path, "0001", FIRST + TOLD)
    casebook = open_casebook(bare_at(path))
    with casebook.begin() as connection:
        told, silent = (opportunities.get(connection, "T1", each) for each in ("o1", "o2"))
        assert told
        assert silent
        assert (told.state, told.told, told.card, told.weight) == (OpportunityState.ASKED, ("U7",), "sales:c1", 0)
        assert (silent.state, silent.told, silent.card) == (OpportunityState.OPEN, (), None)
        assert opportunities.due(connection, "T1", now=1e12) == []
        assert opportunities.sales_told(connection, "T1", "c1")
        assert not opportunities.sales_told(connection, "T1", "c2")
    casebook.close()


SOLD = """
INSERT INTO opportunities (workspace, id, case_id, customer_id, state, reasons, opened_at, told, card, told_at, weight,
    settled_by, settled_at, taken_by, value, currency, months, lost_note)
    VALUES ('T1', 'o1', 'c1', 'C-1', 'won', '["reports_fault"]', 5.0, '["U7"]', 'sales:c1', 5.0, 0, 'U7', 6.0, 'U7',
    48000, 'TWD', 24, '');
"""
TAKEN = """
INSERT INTO opportunities (workspace, id, case_id, customer_id, state, reasons, opened_at, told, card, told_at, weight,
    taken_by, taken_at, lost_note)
    VALUES ('T1', 'o1', 'c1', 'C-1', 'taken', '["reports_fault"]', 5.0, '["U7"]', 'sales:c1', 5.0, 0, 'U7', 6.0, '');
"""


def test_whoever_took_one_before_is_reminded_of_it_after_a_week(tmp_path: Path) -> None:
    """What was taken in an earlier version, in which nothing followed, is not forgotten either."""
    path = tmp_path / "casebook.db"
    first_casebook(path)
    upgraded(path, "0014", TAKEN)
    casebook = open_casebook(bare_at(path))
    with casebook.begin() as connection:
        assert opportunities.due(connection, "T1", now=604_805.0) == []
        (known,) = opportunities.due(connection, "T1", now=604_806.0)
        assert (known.state, known.holder, known.due_move) == (OpportunityState.TAKEN, "U7", SalesMove.REMIND)
    casebook.close()


def test_what_was_sold_stays_sold_and_an_opportunity_may_come_without_a_case_or_a_customer(tmp_path: Path) -> None:
    """Nothing of a row changes by the upgrade; each end of a contract has one opportunity, also once it is settled."""
    path = tmp_path / "casebook.db"
    first_casebook(path)
    upgraded(path, "0014", SOLD)
    casebook = open_casebook(bare_at(path))
    with casebook.begin() as connection:
        known = opportunities.of_case(connection, "T1", "c1")
        assert known
        assert (known.id, known.customer_id, known.contract, known.value) == ("o1", "C-1", None, Decimal(48_000))
        assert (known.card, known.told, known.settled_by, known.months) == ("sales:c1", ("U7",), "U7", 24)
        now = datetime(2026, 11, 20, tzinfo=UTC)
        assert not opportunities.write(connection, known.model_copy(update={"id": "o2"}))
        named = {"contract": "M-1", "ends_on": date(2026, 12, 31), "customer_id": "C-1"}
        ends = Opportunity(workspace="T1", id="o3", reasons=("x",), opened_at=now, **named)
        assert opportunities.write(connection, ends)
        assert opportunities.get(connection, "T1", "o3") == ends
        assert not opportunities.write(connection, ends.model_copy(update={"id": "o4"}))
        lost = ends.model_copy(update={"state": OpportunityState.LOST})
        assert opportunities.settle(connection, ends, lost)
        assert not opportunities.write(connection, ends.model_copy(update={"id": "o4"}))
        assert opportunities.write(connection, ends.model_copy(update={"id": "o4", "ends_on": date(2027, 12, 31)}))
    casebook.close()


LISTED = """
INSERT INTO endings_told VALUES ('T1', 'C-1', 'M-1', '2026-12-31', 90, 5.0, 'U7');
"""


def test_whoever_was_told_of_a_contract_that_ends_has_it_still_and_their_manager_may_hear_too(tmp_path: Path) -> None:
    """A contract that was on a list at a threshold is not on one again, and nothing is left to draw anew."""
    path = tmp_path / "casebook.db"
    first_casebook(path)
    upgraded(path, "0014", LISTED)
    casebook = open_casebook(bare_at(path))
    with casebook.begin() as connection:
        (row,) = connection.execute(text("SELECT told, keeper, within, message FROM endings_told")).all()
        assert tuple(row) == ("U7", "U7", 90, None)
        columns = "workspace, customer_id, contract, ends_on, within, told, told_at, keeper, message"
        also = "'T1', 'C-1', 'M-1', '2026-12-31', 90, 'U8', 5.0, 'U7', 'renewals:1'"
        connection.execute(text(f"INSERT INTO endings_told ({columns}) VALUES ({also})"))  # noqa: S608 - our own words
    casebook.close()


OVER = """
INSERT INTO verifications (workspace, id, case_id, customer_id, claimed, state, asked_by, asked_at, told, round,
    round_told, round_answers, question, conceded, scope, scope_until, currency, scope_by, scope_at, moves)
    VALUES ('T1', 'v1', 'c1', 'C-1', 'free for a year', 'lapsed', 'U1', 5.0, '["U7"]', 0, 0, 0, '', 'extension',
    'a year', '2026-01-31', 'TWD', 'U2', 6.0, 3);
INSERT INTO sales_answers VALUES ('T1', 'v1', 0, 'c1', 'yes', 'U7', 5.5, 'mail of 3 March');
"""


def test_a_promise_that_was_over_can_be_asked_about_anew(tmp_path: Path) -> None:
    """What was asked and answered before the upgrade is as it was; beside it one question, and not two, is open."""
    path = tmp_path / "casebook.db"
    first_casebook(path)
    upgraded(path, "0015", OVER)
    casebook = open_casebook(bare_at(path))
    with casebook.begin() as connection:
        known = promises.of_case(connection, "T1", "c1")
        assert known
        assert (known.id, known.answers[0].evidence, known.answers[0].files) == ("v1", "mail of 3 March", ())
        assert promises.extensions(connection, "T1", "C-1") == [known]
        new = known.model_copy(update={"id": "v2", "state": VerificationState.ASKED, "scope": None, "answers": ()})
        assert promises.write(connection, new)
        assert not promises.write(connection, new.model_copy(update={"id": "v3"}))
        assert promises.all_of_case(connection, "T1", "c1") == [known, new]
        assert promises.of_case(connection, "T1", "c1") == new
    casebook.close()


def differences(connection: Connection) -> list[object]:
    """What differs between the database and the schema."""
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


OURS = """
INSERT INTO exceptions VALUES ('T1', 'e3', 'c1', 'C-1', 'approved', 'U1', 5.0, 'full', 'printer', 3000, 'TWD',
    'our slip', 'U2', 6.0, '', 'yes');
INSERT INTO exceptions VALUES ('T1', 'e4', 'c1', 'C-1', 'declined', 'U1', 5.0, 'full', 'printer', 3000, 'TWD',
    'our slip', 'U2', 6.0, 'no', 'yes');
"""


def test_what_put_right_our_own_fault_counts_in_nobodys_window_still(tmp_path: Path) -> None:
    """Until then the asker's word was taken for it; a grant of an earlier version keeps what it was."""
    path = tmp_path / "casebook.db"
    upgraded(path, "0001", FIRST + OURS)
    casebook = open_casebook(bare_at(path))
    with casebook.begin() as connection:
        found = {each.id: each.grant for each in requests.of_case(connection, "T1", "c1")}
        assert {name: grant.ours for name, grant in found.items() if grant} == {"e1": False, "e3": True}
        assert len(requests.granted_at(connection, "T1", "C-1")) == 1
    casebook.close()


QUESTIONS = """
INSERT INTO cases VALUES ('T1', 'c2', 'C-2', 'C0', '2.0', 'open', 'U1', '{}', 1.0, 2.0, NULL);
INSERT INTO verifications VALUES ('T1', 'v1', 'c1', 'C-1', 'free repairs', 'confirmed', 'U1', 5.0, 'U3', 'U3', 6.0,
    'mail');
INSERT INTO verifications VALUES ('T1', 'v2', 'c2', 'C-2', 'free parts', 'asked', 'U1', 5.0, NULL, NULL, NULL, '');
INSERT INTO audit (workspace, at, actor, subject, subject_id, move, "before", "after", why)
    VALUES ('T1', 8.0, 'U4', 'verification', 'v1', 'refused_no', 'confirmed', 'confirmed', 'only a discount');
"""


def test_what_sales_answered_before_is_an_answer_still_and_what_was_refused_is_one_now(tmp_path: Path) -> None:
    """The first answer stands as it did, the later one beside it; what nobody answered is reminded of."""
    path = tmp_path / "casebook.db"
    first_casebook(path)
    upgraded(path, "0012", QUESTIONS)
    casebook = open_casebook(bare_at(path))
    with casebook.begin() as connection:
        known = promises.get(connection, "T1", "v1")
        assert known
        assert (known.state, known.told, known.due_at) == ("confirmed", ("U3",), None)
        assert [(each.answer, each.by, each.at.timestamp(), each.evidence) for each in known.answers] == [
            ("yes", "U3", 6.0, "mail"),
            ("no", "U4", 8.0, "only a discount"),
        ]
        waiting = promises.due(connection, "T1", now=3_605.0)
        assert [(each.id, each.told, each.due_move) for each in waiting] == [("v2", (CHANNEL,), "remind")]
        assert promises.due(connection, "T1", now=3_604.0) == []
    casebook.close()


def test_a_casebook_of_a_newer_version_is_refused_in_a_sentence_and_left_as_it_is(tmp_path: Path) -> None:
    """Whoever went back to an older version hears what to do; one that still runs meanwhile hears it too, and ends."""
    path = tmp_path / "casebook.db"
    with closing(open_casebook(bare_at(path))) as casebook:
        casebook.check_revision()
        with casebook.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        newer = "The casebook is of a newer Aside than this one (revision 9999)."
        with pytest.raises(UserError) as running:
            casebook.check_revision()
        with pytest.raises(UserError) as starting:
            open_casebook(bare_at(path))
        for refused in (running, starting):
            assert refused.value.what == newer
            assert refused.value.do == "Start that version, or put back the backup from before the upgrade."
        with casebook.look() as connection:
            assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "9999"
