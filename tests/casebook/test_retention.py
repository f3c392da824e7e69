"""Words go by policy, figures stay, and what was true stays true."""

import json

import pytest
from sqlalchemy import Connection, select, text

from bot.case import CaseState
from bot.promises import VerificationState
from bot.signals import Reading
from storage import advised, cases, conversations, facts, forgetting, opportunities, outbox, promises, retention
from storage.engine import Casebook
from storage.outbox import SendState
from storage.schema import advice as advice_rows
from storage.schema import metadata
from storage.schema import outbox as outbox_rows
from tests.casebook.filled import AGENT, DAY, NOW, WORKSPACE, ending, said, send, whispered, whole_case

OLD = NOW - 1_000 * DAY
SECRET = "我們老闆說要告你們"


def dump(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables."""
    return {table.name: [tuple(row) for row in connection.execute(select(table))] for table in metadata.sorted_tables}


@pytest.mark.parametrize(
    ("state", "holds"), [(SendState.SENT, True), (SendState.FAILED, False), (SendState.WITHHELD, False)]
)
def test_a_fact_holds_after_the_purge_as_it_did_before(casebook: Casebook, state: SendState, holds: bool) -> None:  # noqa: FBT001 - a case of a table
    """What went out was said, half a year later as well; what did not go out never becomes true by being forgotten."""
    with casebook.begin() as connection:
        case = said(connection, None, "?", ts="1.0", at=OLD)
        cases.move(connection, case, CaseState.CLOSED, now=OLD)
        facts.record(connection, case, "engineer_assigned", "yes", by=AGENT, now=OLD, after="k")
        whispered(connection, case, "?", ts="1.0", at=OLD, after="k")
        send(connection, case, "k", "?", at=OLD, state=state)
    for _ in range(2):
        with casebook.begin() as connection:
            assert [each.holds for each in facts.of_case(connection, case)] == [holds]
            assert len(advised.advice_for(connection, WORKSPACE, AGENT, 5)) == holds
            retention.let_go_of_sent(connection, WORKSPACE, before=NOW, limit=10)
            assert outbox.state_of(connection, WORKSPACE, "k") is None


def test_what_something_still_looks_at_is_not_let_go_of(casebook: Casebook) -> None:
    """Cards of an open case, an unanswered question, the word to sales, and whatever is not sent yet."""
    with casebook.begin() as connection:
        shut = whole_case(connection, "?", at=OLD)
        connection.execute(outbox_rows.delete())
        running = said(connection, None, "?", ts="2.0", at=OLD)
        asked = promises.of_case(connection, WORKSPACE, shut.id)
        assert asked
        connection.execute(text("UPDATE verifications SET state = :asked"), {"asked": VerificationState.ASKED})
        for case, key, state in (
            (running, "exception:1", SendState.SENT),
            (shut, promises.card_key(asked.id), SendState.FAILED),
            (shut, promises.card_key(asked.id, 2), SendState.SENT),
            (shut, promises.scope_key(asked.id, 0), SendState.SENT),
            (shut, opportunities.ping_key(shut.id), SendState.SENT),
            (shut, "advice:1", SendState.SENT),
            (None, "nobody's", SendState.SENT),
            (shut, "due", SendState.DUE),
        ):
            send(connection, case, key, "?", at=OLD, state=state)
        send(connection, shut, "young", "?", at=NOW, state=SendState.DUE)
        assert retention.let_go_of_sent(connection, WORKSPACE, before=NOW - DAY, limit=10) == 2
        left = [row.key for row in connection.execute(select(outbox_rows.c.key).order_by(outbox_rows.c.seq))]
        cards = [promises.card_key(asked.id), promises.card_key(asked.id, 2), promises.scope_key(asked.id, 0)]
        assert left == ["exception:1", *cards, opportunities.ping_key(shut.id), "due", "young"]
        assert opportunities.sales_told(connection, WORKSPACE, shut.id)


def test_the_cards_of_a_contract_that_ends_stay_while_they_may_change(casebook: Casebook) -> None:
    """No case leads to them; once it is settled only the first and the last are kept, as with a case's."""
    with casebook.begin() as connection:
        ending(connection, "open", state="asked", at=OLD)
        ending(connection, "over", state="lost", at=OLD)
        for key in ("sales:open", "sales:open:1", "sales:open:2", "sales:over", "sales:over:1", "sales:over:2"):
            send(connection, None, key, "?", at=OLD, state=SendState.SENT)
        assert retention.let_go_of_sent(connection, WORKSPACE, before=NOW, limit=10) == 1
        assert outbox.state_of(connection, WORKSPACE, "sales:over:2") is None


def test_small_batches_come_to_an_end(casebook: Casebook) -> None:
    """Each says how many rows it dealt with, and none twice."""
    with casebook.begin() as connection:
        for number in range(5):
            whole_case(connection, SECRET, ts=f"{number}.0", at=OLD + number)
    done: dict[str, list[int]] = {"sent": [], "whispers": [], "cases": []}
    for _ in range(4):
        with casebook.begin() as connection:
            done["sent"].append(retention.let_go_of_sent(connection, WORKSPACE, before=NOW, limit=4))
            done["whispers"].append(retention.empty_advice(connection, WORKSPACE, before=NOW, now=NOW, limit=2))
            done["cases"].append(retention.empty_cases(connection, WORKSPACE, before=NOW, now=NOW, limit=2))
    assert done == {"sent": [4, 4, 2, 0], "whispers": [2, 2, 1, 0], "cases": [2, 2, 1, 0]}


def test_what_was_said_goes_and_what_was_written_down_stays(casebook: Casebook) -> None:
    """After two years nobody reads any more what the customer said; what was decided, and why, is the ledger's."""
    with casebook.begin() as connection:
        case = whole_case(connection, SECRET, at=OLD)
        recent = whole_case(connection, "younger", ts="2.0", at=NOW)
        before = dump(connection)
        assert retention.empty_cases(connection, WORKSPACE, before=NOW - 730 * DAY, now=NOW, limit=10) == 1
        after = dump(connection)
        assert [each.text for each in conversations.in_full(connection, case)] == ["", ""]
        assert [each.text for each in conversations.in_full(connection, recent)] == ["younger", "re: younger"]
        asked = promises.of_case(connection, WORKSPACE, case.id)
        assert asked
        assert (asked.claimed, [each.evidence for each in asked.answers]) == ("", [SECRET])
        assert [each.why for each in facts.of_case(connection, case)] == ["", "", ""]
        signals = [each.signals for each in conversations.heard(connection, case)]
        assert signals == [(), ("claims_promise",)]
    for table in ("exceptions", "commitments", "opportunities", "audit", "ratings"):
        assert after[table] == before[table]


def test_an_old_case_in_which_something_is_said_again_keeps_it_for_its_time(casebook: Casebook) -> None:
    """Its words were removed; what is said now is removed when it is old itself."""
    with casebook.begin() as connection:
        case = whole_case(connection, SECRET, at=OLD)
        retention.empty_cases(connection, WORKSPACE, before=NOW, now=NOW, limit=10)
        said(connection, case, "again", ts=f"{NOW:.0f}.0", at=NOW)
        kept = conversations.kept_message(connection, WORKSPACE, "C0", f"{NOW:.0f}.0")
        assert kept
        cases.touch(connection, case, kept.message, Reading(), None, now=NOW)
        cases.move(connection, case, CaseState.CLOSED, now=OLD)
        assert retention.empty_cases(connection, WORKSPACE, before=NOW, now=NOW, limit=10) == 0
        assert [each.text for each in conversations.in_full(connection, case)][-1] == "again"
        assert retention.empty_cases(connection, WORKSPACE, before=NOW + DAY, now=NOW + DAY, limit=10) == 1
        assert {each.text for each in conversations.in_full(connection, case)} == {""}


def test_a_whisper_without_words_still_counts_and_stands_in_no_home(casebook: Casebook) -> None:
    """Which plays it was, and how it was rated, is what the playbook's author looks at."""
    with casebook.begin() as connection:
        case = whole_case(connection, SECRET, at=OLD)
        assert retention.empty_advice(connection, WORKSPACE, before=NOW, now=NOW, limit=10) == 1
        assert advised.advice_for(connection, WORKSPACE, AGENT, 5) == []
        (given,) = advised.given_in_case(connection, case, AGENT, since=0)
        assert given.plays == ("claims_promise",)
        (kept,) = connection.execute(select(advice_rows.c.id)).scalars()
        stored = advised.stored_advice(connection, WORKSPACE, kept)
        assert stored
        assert SECRET not in stored.model_dump_json()
        assert stored.advice.rules == ("R24",)


def test_an_edit_of_removed_words_does_not_bring_them_back(casebook: Casebook) -> None:
    """Slack tells of a change whenever a link in an old message unfurls."""
    with casebook.begin() as connection:
        whole_case(connection, SECRET, at=OLD)
        retention.empty_cases(connection, WORKSPACE, before=NOW, now=NOW, limit=10)
        kept = conversations.kept_message(connection, WORKSPACE, "C0", "1.0")
        assert kept
        assert kept.deleted


def test_every_text_of_the_schema_is_either_words_or_a_figure() -> None:
    """Whoever adds a column decides whether `aside forget` empties it: add it to `forgetting.WORDS`, or here."""
    figures = {
        "inbox.error", "outbox.error", "cases.context", "messages.signals", "corrections.signals_before",
        "opportunities.reasons", "opportunities.told", "verifications.told", "audit.before", "audit.after",
        "group_members.members", "settings.value", "ratings.reason",
    }  # fmt: skip
    listed = [forgetting.WORDS, forgetting.WORDS_ELSEWHERE]
    words = {f"{table.name}.{column}" for each in listed for table, columns in each.items() for column in columns}
    texts = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if column.type.__class__.__name__ == "Text"
    }
    assert texts - words - figures == set()
    assert words.isdisjoint(figures)
    assert json.dumps(sorted(forgetting.AUDITED)) == json.dumps(
        ["case", "commitment", "exception", "opportunity", "takeover", "verification"]
    )
