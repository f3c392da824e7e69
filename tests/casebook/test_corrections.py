"""Two people who say that a message does not show something, and take it back in any order."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from bot.advice import StoredAdvice
from bot.quiet import ANGER
from bot.signals import Reading, Signal
from storage import conversations, quiet
from storage.engine import Casebook
from storage.schema import messages
from tests.casebook.sample import WORKSPACE, advice, at, opened, said
from tests.fresh import casebook_at

SHOWN = ("reports_fault", ANGER, "asks_price")
PEOPLE = ("U1", "U2")


def heard(connection: Connection) -> tuple[dict[str, StoredAdvice], str]:
    """An angry message, and what two people were told about it."""
    case = opened(connection)
    reading = Reading(tuple(Signal(id=each, score=1.0, words="") for each in SHOWN), 2)
    conversations.write_message(connection, said(case.thread_ts), reading, case.id)
    given_to = {
        person: StoredAdvice(
            id=person,
            case_id=case.id,
            channel=case.channel,
            message_ts=case.thread_ts,
            person=person,
            given_at=at(1),
            advice=advice(),
        )
        for person in PEOPLE
    }
    return given_to, case.thread_ts


def shows(connection: Connection, ts: str) -> tuple[frozenset[str], int]:
    """What the message shows now, and how angry it is."""
    row = connection.execute(select(messages.c.signals, messages.c.anger).where(messages.c.ts == ts)).one()
    return frozenset(json.loads(row.signals)), row.anger


def test_what_two_people_called_wrong_stays_wrong_until_both_take_it_back(casebook: Casebook) -> None:
    """Each has their own word: the signal comes back with the last of them."""
    with casebook.begin() as connection:
        told, ts = heard(connection)
        for person in PEOPLE:
            assert quiet.correct(connection, WORKSPACE, told[person], signal=ANGER, really="", now=2.0)
        assert shows(connection, ts) == (frozenset({"reports_fault", "asks_price"}), 0)
        quiet.undo_corrections(connection, WORKSPACE, told["U1"], now=3.0)
        assert shows(connection, ts) == (frozenset({"reports_fault", "asks_price"}), 0)
        quiet.undo_corrections(connection, WORKSPACE, told["U2"], now=4.0)
        assert shows(connection, ts) == (frozenset(SHOWN), 2)


@pytest.fixture(scope="module")
def corrected_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Casebook]:
    """One for all examples, each of which is rolled back."""
    made = casebook_at(tmp_path_factory.mktemp("corrected") / "casebook.db")
    yield made
    made.close()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(PEOPLE), st.sampled_from(SHOWN), st.sampled_from(["", "asks_why"])),
        st.tuples(st.sampled_from(PEOPLE)),
    ),
    max_size=8,
)


@given(steps=STEPS)
def test_a_message_shows_what_was_read_without_what_is_called_wrong_now(
    corrected_in: Casebook, steps: list[tuple[str, ...]]
) -> None:
    """Whatever the order of corrections and undoings: as if those that stand had been the only ones."""
    with corrected_in.begin() as connection:
        example = connection.begin_nested()
        told, ts = heard(connection)
        standing: dict[tuple[str, str], str] = {}
        for now, step in enumerate(steps, start=2):
            if len(step) == 1:
                quiet.undo_corrections(connection, WORKSPACE, told[step[0]], now=float(now))
                standing = {key: really for key, really in standing.items() if key[0] != step[0]}
            else:
                person, signal, really = step
                quiet.correct(connection, WORKSPACE, told[person], signal=signal, really=really, now=float(now))
                standing.setdefault((person, signal), really)
        last_word = {signal: really for (_, signal), really in standing.items()}
        shown = frozenset({*SHOWN} - set(last_word) | set(last_word.values()) - {""})
        assert shows(connection, ts) == (shown, 0 if ANGER in last_word else 2)
        example.rollback()
