"""What is kept of the lists of contracts that end."""

from datetime import date, timedelta

import pytest
from sqlalchemy import Connection, select

from bot.policy import SalesPolicy
from bot.renewals import Ending, EndingKey
from storage import endings, outbox, retention
from storage.engine import Casebook
from storage.outbox import Sending, SendKind, SendState
from storage.schema import outbox as outbox_rows
from tests.casebook.filled import DAY, NOW, WORKSPACE

ENDS = date(2027, 12, 31)
POLICY = SalesPolicy()
ENDING = Ending(customer_id="C-4", contract="M-4", ends_on=ENDS, customer="全勤", name="MES", price=None, days=80)


def listed(
    connection: Connection, message: str, *, told: str = "U1", within: int = 90, state: SendState, at: float = NOW
) -> None:
    """A contract on somebody's list, and how it ended with the list."""
    assert endings.note(connection, WORKSPACE, ENDING, within=within, told=told, keeper=told, message=message, now=at)
    outbox.put(connection, workspace=WORKSPACE, key=message, kind=SendKind.DIRECT, target={}, body={}, now=at)
    seq = connection.execute(select(outbox_rows.c.seq).where(outbox_rows.c.key == message)).scalar_one()
    sending = Sending(seq, WORKSPACE, message, SendKind.DIRECT, {}, {}, at, attempts=1)
    outbox.settle(connection, sending, state=state)


def is_told(connection: Connection, days: int = 80) -> bool:
    """Whether somebody has heard of it so many days before it ends."""
    ending = ENDING.model_copy(update={"days": days})
    return endings.untold(connection, WORKSPACE, [ending], POLICY, ENDS - timedelta(days=days)) == []


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (SendState.DUE, True),
        (SendState.SENDING, True),
        (SendState.SENT, True),
        (SendState.UNKNOWN, True),
        (SendState.FAILED, False),
        (SendState.WITHHELD, False),
    ],
)
def test_a_list_that_reached_nobody_told_nothing(casebook: Casebook, state: SendState, told: bool) -> None:  # noqa: FBT001 - a case of a table
    """One that may still arrive counts as told; the next threshold is another matter."""
    with casebook.begin() as connection:
        assert not is_told(connection)
        listed(connection, "renewals:1", state=state)
        assert is_told(connection) is told
        assert not is_told(connection, days=60)
        assert (endings.keeper(connection, WORKSPACE, ENDING.key) == "U1") is told


def test_whom_the_days_lists_missed_is_known_until_somebody_heard(casebook: Casebook) -> None:
    """The next in line is none of them, and only a list that arrived is drawn anew."""
    with casebook.begin() as connection:
        listed(connection, "renewals:1", state=SendState.FAILED)
        listed(connection, "renewals:2", told="U2", state=SendState.WITHHELD)
        assert endings.missed(connection, WORKSPACE, since=NOW) == {ENDING.key: {"U1", "U2"}}
        assert endings.missed(connection, WORKSPACE, since=NOW + 1) == {}
        listed(connection, "renewals:3", told="U3", state=SendState.SENT)
        assert endings.missed(connection, WORKSPACE, since=NOW) == {}
        assert endings.lists_with(connection, WORKSPACE, ENDING.key) == [("renewals:3", "U3")]


def test_whoever_heard_at_an_earlier_threshold_has_not_heard_at_this_one(casebook: Casebook) -> None:
    """The list at sixty days reached nobody: that the one at ninety did makes nobody less missed."""
    with casebook.begin() as connection:
        listed(connection, "renewals:1", state=SendState.SENT)
        listed(connection, "renewals:2", within=60, state=SendState.FAILED)
        assert endings.missed(connection, WORKSPACE, since=NOW) == {ENDING.key: {"U1"}}


def test_whom_a_list_missed_yesterday_is_told_again_today(casebook: Casebook) -> None:
    """What was missed is let go of with its day; what arrived stays."""
    with casebook.begin() as connection:
        listed(connection, "renewals:1", state=SendState.FAILED)
        listed(connection, "renewals:2", told="U2", within=60, state=SendState.SENT)
        endings.let_go_of_missed(connection, WORKSPACE, before=NOW)
        assert [key for key, _ in endings.on_list(connection, WORKSPACE, "renewals:1")] == [ENDING.key]
        endings.let_go_of_missed(connection, WORKSPACE, before=NOW + DAY)
        assert endings.on_list(connection, WORKSPACE, "renewals:1") == []
        assert [key for key, _ in endings.on_list(connection, WORKSPACE, "renewals:2")] == [ENDING.key]
        listed(connection, "renewals:3", state=SendState.DUE)


def test_a_list_is_kept_as_long_as_it_may_be_drawn_anew(casebook: Casebook) -> None:
    """Until the last contract on it has ended, however soon words are removed."""
    with casebook.begin() as connection:
        listed(connection, "renewals:1", state=SendState.SENT)
        last = (ENDS - date(1970, 1, 1)).days * DAY
        retention.let_go_of_sent(connection, WORKSPACE, before=last + DAY / 2, limit=9)
        assert outbox.state_of(connection, WORKSPACE, "renewals:1") is SendState.SENT
        retention.let_go_of_sent(connection, WORKSPACE, before=last + 2 * DAY, limit=9)
        assert outbox.state_of(connection, WORKSPACE, "renewals:1") is None


def test_another_customers_contract_of_the_same_number_is_another_one(casebook: Casebook) -> None:
    """Numbers are a vendor's own, and so is each end of a contract that is renewed under its number."""
    with casebook.begin() as connection:
        listed(connection, "renewals:1", state=SendState.SENT)
        for other in ({"customer_id": "C-9"}, {"ends_on": ENDS + timedelta(days=365)}):
            key = EndingKey.model_validate(dict(ENDING.key) | other)
            assert endings.keeper(connection, WORKSPACE, key) is None
            assert endings.lists_with(connection, WORKSPACE, key) == []
