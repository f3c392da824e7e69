"""Whose turn it is to be sent: as fast as Slack lets a workspace, in order where it matters, shared by all workers."""

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from bot.message import Message, Role
from bot.pacing import ASKED, MINUTE_SECONDS, URGENT
from bot.signals import Reading
from storage import cases, conversations, outbox, turns
from storage.engine import Casebook
from storage.outbox import Sending, SendKind, SendState
from storage.schema import outbox as rows
from storage.schema import paces
from tests.casebook.sample import WORKSPACE
from tests.fresh import casebook_at

NOW = 1_800_000_000.0
A_MINUTE = 100
"""So many ephemerals Slack takes in a minute of a workspace."""
_workspaces = itertools.count()


def put(connection: Connection, key: str, kind: SendKind, workspace: str = WORKSPACE, **more: Any) -> None:
    """Something to send, due at once."""
    target = more.pop("target", {"channel": "CA", "user": "U1"})
    more = {"now": NOW, "body": {"text": key}, **more}
    assert outbox.put(connection, workspace=workspace, key=key, kind=kind, target=target, **more)


def claim(connection: Connection, now: float = NOW, workspace: str = WORKSPACE) -> Sending | None:
    """What may go out now."""
    return turns.claim(connection, workspace, now=now)


def sent(connection: Connection, sending: Sending | None, now: float = NOW) -> None:
    """It went out."""
    assert sending
    outbox.settle(connection, sending, state=SendState.SENT)
    turns.keep_apart(connection, sending, now=now)


def keys(connection: Connection, now: float = NOW, workspace: str = WORKSPACE) -> list[str]:
    """All that may go out now, sent one after the other."""
    found = []
    while sending := claim(connection, now, workspace):
        found.append(sending.key)
        sent(connection, sending, now)
    return found


def state(connection: Connection, key: str) -> tuple[str, str | None]:
    """How it stands with a row, and why."""
    row = connection.execute(select(rows.c.state, rows.c.error).where(rows.c.key == key)).one()
    return row.state, row.error


def test_a_channel_gets_one_visible_message_a_second_and_another_does_not_wait(casebook: Casebook) -> None:
    """Slack takes one a second in each channel, a direct message's too; the second begins when it was posted."""
    with casebook.begin() as connection:
        for number in (1, 2):
            put(connection, f"a{number}", SendKind.MESSAGE, target={"channel": "CA"})
            put(connection, f"d{number}", SendKind.DIRECT, target={"user": "U1"})
        put(connection, "b1", SendKind.MESSAGE, target={"channel": "CB"})
        first = [claim(connection) for _ in range(4)]
        assert [each and each.key for each in first] == ["a1", "d1", "b1", None]
        for each in first[:3]:
            sent(connection, each, NOW + 0.4)
        assert keys(connection, NOW + 1.3) == []
        assert turns.look_again_at(connection, now=NOW + 1.3) == pytest.approx(NOW + 1.4)
        assert keys(connection, NOW + 1.4) == ["a2", "d2"]


def test_what_is_said_in_a_channel_comes_in_its_order(casebook: Casebook) -> None:
    """Nothing overtakes what is on its way there, however long Slack takes; whoever died is waited for."""
    with casebook.begin() as connection:
        for number in (1, 2):
            put(connection, f"a{number}", SendKind.MESSAGE, target={"channel": "CA"})
        first = claim(connection)
        assert claim(connection, NOW + 20) is None
        again = claim(connection, NOW + outbox.LEASE_SECONDS)
        assert first
        assert again
        assert (again.key, again.interrupted) == ("a1", True)
        sent(connection, again, NOW + 40)
        assert keys(connection, NOW + 41) == ["a2"]


@pytest.mark.parametrize("ahead", [3_600.0, 365 * 86_400.0])
def test_a_clock_that_was_ahead_leaves_no_budget_shut(casebook: Casebook, ahead: float) -> None:
    """What was sent by it spent what there is only much later: set right again, nobody waits until then."""
    kinds = (SendKind.EPHEMERAL, SendKind.MESSAGE, SendKind.DIRECT, SendKind.HOME)
    with casebook.begin() as connection:
        for number in range(2):
            for kind in kinds:
                put(connection, f"{kind}{number}", kind)
            assert keys(connection, NOW + (0.0 if number else ahead)) == [f"{kind}{number}" for kind in kinds]


def test_what_slack_refused_while_the_clock_was_ahead_is_asked_again(casebook: Casebook) -> None:
    """How long Slack said holds for minutes, not for as long as the clock was wrong."""
    with casebook.begin() as connection:
        put(connection, "home", SendKind.HOME)
        turns.hold(connection, WORKSPACE, "views.publish", until=NOW + 365 * 86_400.0)
        assert keys(connection) == ["home"]
        put(connection, "home2", SendKind.HOME)
        turns.hold(connection, WORKSPACE, "views.publish", until=NOW + 30.0)
        assert keys(connection, NOW + 29.0) == []
        assert keys(connection, NOW + 30.0) == ["home2"]


def test_a_whisper_goes_before_what_is_less_important_and_an_answer_before_all(casebook: Casebook) -> None:
    """What somebody clicked for, then threats, then the everyday; among equals the older first."""
    with casebook.begin() as connection:
        weights = {"everyday": 40, "threat": URGENT + 86, "answer": ASKED, "older": 41, "newer": 41}
        for user, (key, weight) in enumerate(weights.items()):
            put(connection, key, SendKind.EPHEMERAL, target={"user": f"U{user}"}, importance=weight)
        assert keys(connection) == ["answer", "threat", "older", "newer", "everyday"]


def test_one_person_is_whispered_to_one_at_a_time(casebook: Casebook) -> None:
    """Two at once could come in either order; somebody else is not held up."""
    with casebook.begin() as connection:
        for key, user in (("1", "U1"), ("2", "U1"), ("3", "U2")):
            put(connection, key, SendKind.EPHEMERAL, target={"user": user})
        first = [claim(connection) for _ in range(3)]
        assert [each and each.key for each in first] == ["1", "3", None]
        sent(connection, first[0])
        assert keys(connection) == ["2"]


def test_what_tells_of_a_message_waits_until_that_is_out(casebook: Casebook) -> None:
    """No try is spent on it meanwhile, and none later than it has to be."""
    with casebook.begin() as connection:
        put(connection, "card", SendKind.MESSAGE, target={"channel": "CA"})
        put(connection, "told", SendKind.EPHEMERAL, target={"user": "U1", "after": "card"})
        put(connection, "below", SendKind.MESSAGE, target={"channel": "CB", "thread_of": "card"})
        put(connection, "anew", SendKind.UPDATE, target={"of": "card"})
        card = claim(connection)
        assert claim(connection) is None
        assert turns.waiting(connection, now=NOW) == []
        sent(connection, card)
        assert sorted(keys(connection)) == ["anew", "below", "told"]


def test_a_whisper_that_comes_too_late_is_withheld_and_says_why(casebook: Casebook) -> None:
    """Nothing of it is sent, and it costs nothing; what somebody waits for is sent however late."""
    with casebook.begin() as connection:
        put(connection, "late", SendKind.EPHEMERAL, target={"user": "U1"}, importance=40, wanted_until=NOW + 300)
        put(connection, "asked", SendKind.EPHEMERAL, target={"user": "U2"}, importance=ASKED)
        assert turns.withhold_late(connection, WORKSPACE, now=NOW + 299) == 0
        assert turns.withhold_late(connection, WORKSPACE, now=NOW + 301) == 1
        assert keys(connection, NOW + 301) == ["asked"]
        assert state(connection, "late") == ("withheld", turns.TOO_LATE)


def test_a_method_that_slack_refuses_rests_for_all_and_the_others_go_on(casebook: Casebook) -> None:
    """Of one workspace, that method alone; nothing is lost, and it does not count as tried."""
    with casebook.begin() as connection:
        for number in (1, 2):
            put(connection, f"w{number}", SendKind.EPHEMERAL, target={"user": f"U{number}"})
        put(connection, "message", SendKind.MESSAGE, target={"channel": "CA"})
        put(connection, "other", SendKind.EPHEMERAL, "T2", target={"user": "U1"})
        refused = claim(connection)
        assert refused
        turns.hold(connection, WORKSPACE, "chat.postEphemeral", until=NOW + 30)
        outbox.postpone(connection, refused, until=NOW + 30, error="ratelimited", was_a_try=False)
        assert keys(connection) == ["message"]
        assert keys(connection, workspace="T2") == ["other"]
        assert keys(connection, NOW + 29) == []
        again = claim(connection, NOW + 30)
        assert again
        assert (again.key, again.attempts) == ("w1", 1)


def test_a_shorter_wait_ends_no_longer_one(casebook: Casebook) -> None:
    """Two calls that were under way are told different times; the later one holds."""
    with casebook.begin() as connection:
        put(connection, "w1", SendKind.EPHEMERAL, target={"user": "U1"})
        for seconds in (30, 5):
            turns.hold(connection, WORKSPACE, "chat.postEphemeral", until=NOW + seconds)
        assert keys(connection, NOW + 29) == []
        assert keys(connection, NOW + 30) == ["w1"]


def test_a_view_that_a_newer_one_follows_spends_nothing(casebook: Casebook) -> None:
    """Slack is not called for it."""
    with casebook.begin() as connection:
        for number in range(60):
            put(connection, f"h{number}", SendKind.HOME, target={"user": "U1"})
        assert len(keys(connection)) == 60


def test_many_workers_together_whisper_no_more_than_slack_takes(tmp_path: Path) -> None:
    """Each on a connection of their own, all at once: what a budget holds is given out once."""
    workers = 6
    books = [casebook_at(tmp_path / "casebook.db") for _ in range(workers)]
    with books[0].begin() as connection:
        for number in range(60):
            put(connection, f"w{number}", SendKind.EPHEMERAL, target={"user": f"U{number}"})
    begin = Barrier(workers)

    def work(casebook: Casebook) -> list[str]:
        begin.wait()
        found: list[str] = []
        while True:
            with casebook.begin() as connection:
                sending = claim(connection)
            if sending is None:
                return found
            found.append(sending.key)

    with ThreadPoolExecutor(workers) as pool:
        done = [key for found in pool.map(work, books) for key in found]
    for book in books:
        book.close()
    assert sorted(done) == sorted(f"w{number}" for number in range(20))


def test_whether_people_have_moved_on_is_read_from_the_case(casebook: Casebook) -> None:
    """Somebody of ours has written since, or newer advice for the same person, as important, follows."""
    with casebook.begin() as connection:
        said = _said("help", Role.CUSTOMER, NOW - 1)
        case = cases.open_case(connection, said, None)
        about: dict[str, Any] = {"case_id": case.id, "wanted_until": NOW + 300, "target": {"user": "U1"}}
        put(connection, "first", SendKind.EPHEMERAL, importance=40, **about)
        first = claim(connection)
        assert first
        assert not outbox.is_followed(connection, first)
        put(connection, "lighter", SendKind.EPHEMERAL, importance=39, **about)
        put(connection, "an answer", SendKind.EPHEMERAL, importance=ASKED, **{**about, "wanted_until": None})
        assert not outbox.is_followed(connection, first)
        put(connection, "as important", SendKind.EPHEMERAL, importance=40, **about)
        assert outbox.is_followed(connection, first)
        conversations.write_message(connection, _said("still there?", Role.CUSTOMER, NOW + 5), Reading(), case.id)
        assert not outbox.is_answered(connection, first)
        conversations.write_message(connection, _said("we look at it", Role.AGENT, NOW + 6), Reading(), case.id)
        assert outbox.is_answered(connection, first)


def _said(text: str, role: Role, at: float) -> Message:
    return Message(
        workspace=WORKSPACE, channel="CA", ts=f"{at:.6f}", thread_ts=None, speaker="U9", role=role, text=text
    )


things = st.lists(
    st.tuples(
        st.sampled_from([SendKind.EPHEMERAL, SendKind.MESSAGE, SendKind.DIRECT, SendKind.HOME]),
        st.integers(0, 40),
        st.sampled_from([0, 50, URGENT, ASKED]),
        st.floats(0, 20),
    ),
    max_size=150,
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterable[Casebook]:
    """One casebook for all examples; each has a workspace of its own."""
    opened = casebook_at(tmp_path_factory.mktemp("turns") / "casebook.db")
    yield opened
    opened.close()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example([(SendKind.EPHEMERAL, number % 41, 50, 0.0) for number in range(150)])
@example([(SendKind.MESSAGE, number % 3, 0, 0.0) for number in range(50)])
@given(things)
def test_whatever_comes_no_limit_is_exceeded_nothing_starves_and_the_weightier_goes_first(
    shared: Casebook, coming: list[tuple[SendKind, int, int, float]]
) -> None:
    """A hundred ephemerals and views a minute, one visible message a second in a channel; all goes out in the end."""
    workspace = f"T{next(_workspaces)}"
    arrives = dict(enumerate(sorted(coming, key=lambda each: each[3])))
    gone: dict[str, tuple[SendKind, str, float]] = {}
    waiting: dict[str, tuple[SendKind, int]] = {}
    now = NOW
    with shared.begin() as connection:
        while arrives or waiting:
            for number in [each for each, (*_, at) in arrives.items() if NOW + at <= now]:
                kind, place, importance, _ = arrives.pop(number)
                target: Mapping[str, str] = {"channel": f"C{place}", "user": f"U{place}"}
                weight = importance if kind is SendKind.EPHEMERAL else 0
                put(connection, f"{number}", kind, workspace, target=target, importance=weight, now=now)
                waiting[f"{number}"] = kind, weight
            while sending := claim(connection, now, workspace):
                kind, weight = waiting.pop(sending.key)
                gone[sending.key] = kind, outbox.place(kind, sending.target), now
                heavier = [each for each in waiting.values() if each[0] is kind and each[1] > weight]
                assert not heavier or kind is not SendKind.EPHEMERAL
                sent(connection, sending, now)
            now += 0.25
            assert now < NOW + 20 + 3 * MINUTE_SECONDS
    _within_limits(gone.values())


def _within_limits(gone: Iterable[tuple[SendKind, str, float]]) -> None:
    for kind in (SendKind.EPHEMERAL, SendKind.HOME):
        at = sorted(moment for each, _, moment in gone if each is kind)
        assert all(sum(first <= each < first + MINUTE_SECONDS for each in at) <= A_MINUTE for first in at)
    visible = [(kind, place, moment) for kind, place, moment in gone if kind in turns.VISIBLE]
    for where in Counter((kind, place) for kind, place, _ in visible):
        at = sorted(moment for *there, moment in visible if tuple(there) == where)
        assert all(later - earlier >= 1 for earlier, later in itertools.pairwise(at))


def test_of_what_slack_granted_long_ago_nothing_is_kept(casebook: Casebook) -> None:
    """A row for each channel and person ever written to would be read each time that something is to be sent."""
    later = NOW + turns.SPENT_SECONDS + MINUTE_SECONDS
    with casebook.begin() as connection:
        for workspace in (WORKSPACE, "T2"):
            for number in range(3):
                put(connection, f"a{number}", SendKind.MESSAGE, workspace, target={"channel": f"C{number}"})
            assert keys(connection, workspace=workspace) == ["a0", "a1", "a2"]
        turns.hold(connection, WORKSPACE, "chat.update", until=later)
        assert turns.forget_spent(connection, WORKSPACE, now=later, limit=2) == 2
        assert turns.forget_spent(connection, WORKSPACE, now=later, limit=2) == 1
        left = connection.execute(select(paces.c.workspace, paces.c.bucket)).all()
    of_another = [("T2", each) for each in ("", "C0", "C1", "C2")]
    assert sorted(map(tuple, left)) == sorted([(WORKSPACE, ""), (WORKSPACE, "chat.update"), *of_another])
