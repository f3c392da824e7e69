"""Several workers on one casebook: each thing is claimed once, in the order in which it has to happen."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Connection, select, update

from bot.sales import Opportunity
from storage import audit, crm, inbox, opportunities, outbox, turns
from storage import workspace as workspaces
from storage.engine import Casebook
from storage.inbox import Entry, Lane
from storage.moments import at
from storage.outbox import SendKind, SendState
from storage.schema import audit as audit_rows
from storage.schema import opportunities as opportunity_rows
from tests.casebook.sample import WORKSPACE, opened
from tests.fresh import ON_SERVER, casebook_at

NOW = 1_800_000_000.0
WORKERS, ENTRIES = 6, 60


def heard(connection: Connection, key: str, channel: str = "", lane: Lane = Lane.STREAM) -> None:
    """Slack told us something."""
    assert inbox.put(
        connection, workspace=WORKSPACE, key=key, lane=lane, kind="message", payload={}, now=NOW, channel=channel
    )


def claimed(connection: Connection, now: float = NOW) -> Entry | None:
    """What a worker gets to do now."""
    return inbox.claim(connection, lane=Lane.STREAM, now=now)


def test_what_is_said_in_a_channel_waits_for_what_was_said_there_before(casebook: Casebook) -> None:
    """A conversation is read in its order by however many workers, and another channel is not held up by it."""
    with casebook.begin() as connection:
        for key, channel in (("a1", "CA"), ("a2", "CA"), ("b1", "CB"), ("x1", ""), ("x2", "")):
            heard(connection, key, channel)
        taken = [claimed(connection) for _ in range(5)]
        assert [each.key if each else None for each in taken] == ["a1", "b1", "x1", "x2", None]
        assert taken[0]
        inbox.finish(connection, taken[0])
        following = claimed(connection)
        assert following
        assert following.key == "a2"


def test_a_workspace_for_which_nobody_has_time_is_passed_by_however_much_waits_there(casebook: Casebook) -> None:
    """One with a slow Slack leaves room for another."""
    with casebook.begin() as connection:
        for number in range(3):
            heard(connection, f"a{number}", f"C{number}")
        told = {"lane": Lane.STREAM, "kind": "message", "payload": {}, "now": NOW}
        inbox.put(connection, workspace="T2", key="b1", **told)  # type: ignore[arg-type] # as they stand
        passed = [inbox.claim(connection, lane=Lane.STREAM, now=NOW, but_not=[WORKSPACE]) for _ in range(2)]
        assert [each.key if each else None for each in passed] == ["b1", None]
        first = claimed(connection)
        assert first
        assert first.key == "a0"


def test_what_slack_tells_twice_is_written_down_once_by_either_way(casebook: Casebook) -> None:
    """The quick way before the acknowledgement writes the same row as the one inside a transaction."""
    told = {"text": "您好 % :x", "ts": "1.5"}
    for _ in range(2):
        inbox.put_at_once(
            casebook,
            workspace=WORKSPACE,
            key="a1",
            lane=Lane.STREAM,
            kind="message",
            payload=told,
            now=NOW,
            channel="CA",
        )
    with casebook.begin() as connection:
        again = inbox.put(
            connection, workspace=WORKSPACE, key="a1", lane=Lane.STREAM, kind="message", payload={}, now=NOW
        )
        assert not again
        entry = claimed(connection)
        assert entry == Entry(
            seq=entry.seq if entry else 0,
            workspace=WORKSPACE,
            key="a1",
            lane=Lane.STREAM,
            kind="message",
            payload=told,
            received_at=NOW,
            attempts=1,
        )
        assert claimed(connection) is None


def test_what_failed_and_is_tried_again_later_keeps_nothing_waiting(casebook: Casebook) -> None:
    """One odd message must not silence a channel; one of a dead worker comes again before what was said after it."""
    with casebook.begin() as connection:
        heard(connection, "a1", "CA")
        heard(connection, "a2", "CA")
        first = claimed(connection)
        assert first
        assert claimed(connection) is None
        again = claimed(connection, NOW + inbox.LEASE_SECONDS)
        assert again
        assert (again.key, again.attempts) == ("a1", 2)
        inbox.give_back(connection, again, error="odd", now=NOW)
        following = claimed(connection)
        assert following
        assert following.key == "a2"


def test_each_entry_goes_to_one_of_many_workers(tmp_path: Path) -> None:
    """Each on a connection of their own, all at once: every entry is claimed, and none twice."""
    books = [casebook_at(tmp_path / "casebook.db") for _ in range(WORKERS)]
    with books[0].begin() as connection:
        for number in range(ENTRIES):
            heard(connection, f"e{number}")
            outbox.put(
                connection,
                workspace=WORKSPACE,
                key=f"o{number}",
                kind=SendKind.MESSAGE,
                target={},
                body={},
                now=NOW,
            )
    begin = Barrier(WORKERS)

    def work(casebook: Casebook) -> list[str]:
        begin.wait()
        done: list[str] = []
        while True:
            with casebook.begin() as connection:
                entry, sending = claimed(connection), turns.claim(connection, WORKSPACE, now=NOW)
            found = [each.key for each in (entry, sending) if each]
            if not found:
                return done
            done += found

    with ThreadPoolExecutor(WORKERS) as pool:
        done = Counter(key for keys in pool.map(work, books) for key in keys)
    for book in books:
        book.close()
    assert done == Counter([f"{kind}{number}" for kind in "eo" for number in range(ENTRIES)])


def test_of_many_workers_one_tells_of_the_week(tmp_path: Path) -> None:
    """What is done once a week or a day is done by whoever notes it first, also the very first time."""
    books = [casebook_at(tmp_path / "casebook.db") for _ in range(WORKERS)]
    for monday in (date(2026, 11, 16), date(2026, 11, 23)):
        begin = Barrier(WORKERS)

        def note(casebook: Casebook, monday: date = monday, begin: Barrier = begin) -> bool:
            begin.wait()
            with casebook.begin() as connection:
                return workspaces.save_told_week(connection, WORKSPACE, monday)

        with ThreadPoolExecutor(WORKERS) as pool:
            assert sum(pool.map(note, books)) == 1
    for book in books:
        book.close()


def shown(connection: Connection, key: str, kind: SendKind = SendKind.UPDATE, of: str = "card") -> None:
    """Something that replaces what stands there."""
    target = {"of": of}
    assert outbox.put(connection, workspace=WORKSPACE, key=key, kind=kind, target=target, body={}, now=NOW)


def test_of_updates_of_one_message_one_goes_out_at_a_time(casebook: Casebook) -> None:
    """Of two that are sent at once the older could land last and stand there; whoever died is waited for."""
    with casebook.begin() as connection:
        shown(connection, "1")
        shown(connection, "2")
        shown(connection, "3", of="another card")
        first, other = turns.claim(connection, WORKSPACE, now=NOW), turns.claim(connection, WORKSPACE, now=NOW)
        assert first
        assert other
        assert (first.key, other.key) == ("1", "3")
        assert turns.claim(connection, WORKSPACE, now=NOW) is None
        again = turns.claim(connection, WORKSPACE, now=NOW + outbox.LEASE_SECONDS)
        assert again
        assert (again.key, again.interrupted) == ("1", True)
        outbox.settle(connection, again, state=SendState.SENT)
        following = turns.claim(connection, WORKSPACE, now=NOW)
        assert following
        assert following.key == "2"


def test_what_a_newer_row_replaces_is_outdated(casebook: Casebook) -> None:
    """An App Home that Slack did not take at once does not come back over the one that was published after it."""
    with casebook.begin() as connection:
        for key in ("old", "new"):
            shown(connection, key, SendKind.HOME)
        old = turns.claim(connection, WORKSPACE, now=NOW)
        assert old
        assert outbox.is_outdated(connection, old)
        outbox.postpone(connection, old, until=NOW + 9, error="ratelimited")
        new = turns.claim(connection, WORKSPACE, now=NOW)
        assert new
        assert (new.key, outbox.is_outdated(connection, new)) == ("new", False)


@pytest.mark.skipif(not ON_SERVER, reason="where one writes at a time the rows turn up in their order")
def test_a_move_that_turns_up_late_is_told_in_its_place(casebook: Casebook) -> None:
    """Whoever took a lower number may be written later; what comes after waits for it, and nothing is passed over."""
    with casebook.begin() as connection:
        crm.begin(connection, WORKSPACE)
        case_id = opened(connection).id
        for name in ("o1", "o2"):
            opportunities.write(connection, opportunity(name, case_id if name == "o1" else None))
    with casebook.begin() as slow:
        taken(slow, "o1")
        with casebook.begin() as quick:
            taken(quick, "o2")
        with casebook.begin() as connection:
            assert crm.take_turn(connection, WORKSPACE, NOW) is None
    with casebook.begin() as connection:
        turns = []
        while turn := crm.take_turn(connection, WORKSPACE, NOW):
            crm.note_heard(connection, WORKSPACE, turn)
            turns.append(turn.event and turn.event.data["id"])
    assert turns == ["o1", "o2"]


def opportunity(name: str, case_id: str | None) -> Opportunity:
    """One that somebody may take."""
    return Opportunity(
        workspace=WORKSPACE,
        id=name,
        case_id=case_id,
        contract=None if case_id else "K-1",
        customer_id="C-1",
        reasons=("reports_fault",),
        opened_at=at(NOW),
    )


def taken(connection: Connection, name: str) -> None:
    """Somebody takes it: the row, and then the audit's."""
    rows = opportunity_rows
    connection.execute(update(rows).where(rows.c.id == name).values(state="taken"))
    audit.write(
        connection, workspace=WORKSPACE, actor="U1", subject="opportunity", subject_id=name, move="take", now=NOW
    )


def test_reasons_that_are_heard_at_one_moment_all_join(casebook: Casebook) -> None:
    """Whoever adds one to an opportunity holds it first, so that nobody overwrites another's."""
    with casebook.begin() as connection:
        case_id = opened(connection).id
        opportunities.write(connection, opportunity("o1", case_id))
    together = Barrier(WORKERS)

    def join(number: int) -> bool:
        together.wait()
        with casebook.begin() as connection:
            known = opportunities.held(connection, WORKSPACE, case_id)
            assert known
            after = known.model_copy(update={"reasons": (*known.reasons, f"reason{number}")})
            return opportunities.settle(connection, known, after)

    with ThreadPoolExecutor(WORKERS) as pool:
        assert all(pool.map(join, range(WORKERS)))
    with casebook.begin() as connection:
        found = opportunities.of_case(connection, WORKSPACE, case_id)
    assert found
    assert set(found.reasons) == {"reports_fault", *(f"reason{each}" for each in range(WORKERS))}


def test_a_move_is_told_by_one_worker_at_a_time_and_never_backwards(casebook: Casebook) -> None:
    """Who takes the turn has it until they died of it; one that waits to be told again holds up what follows."""
    with casebook.begin() as connection:
        crm.begin(connection, WORKSPACE)
        for move in ("take", "win"):
            audit.write(
                connection, workspace=WORKSPACE, actor="U1", subject="opportunity", subject_id="o1", move=move, now=NOW
            )
    with casebook.begin() as connection:
        first = crm.take_turn(connection, WORKSPACE, NOW)
        assert first
        assert crm.take_turn(connection, WORKSPACE, NOW) is None
        crm.wait(connection, WORKSPACE, first, until=NOW + 5)
        assert crm.take_turn(connection, WORKSPACE, NOW + 4) is None
        again = crm.take_turn(connection, WORKSPACE, NOW + 5)
        assert again
        assert (again.seq, again.tries) == (first.seq, 2)
        crm.note_heard(connection, WORKSPACE, again)
        second = crm.take_turn(connection, WORKSPACE, NOW + 5)
        assert second
        assert (second.seq > first.seq, second.tries) == (True, 1)
        crm.note_heard(connection, WORKSPACE, second)
        crm.note_heard(connection, WORKSPACE, first)
        assert crm.heard(connection, WORKSPACE) == second.seq


def test_a_character_that_a_server_keeps_in_no_text_stops_nothing(casebook: Casebook) -> None:
    """A NUL in what somebody wrote loses us nothing else of it."""
    with casebook.begin() as connection:
        audit.write(
            connection, workspace=WORKSPACE, actor="U1", subject="case", subject_id="c1", move="x", why="a\0b", now=NOW
        )
        why = connection.execute(select(audit_rows.c.why)).scalar_one()
    assert why.replace("\0", "") == "ab"
