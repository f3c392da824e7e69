"""Only what somebody was really shown counts against their attention."""

import pytest
from sqlalchemy import update

from storage import advised, outbox, quiet
from storage.engine import Casebook
from storage.outbox import SendKind, SendState
from storage.schema import outbox as outbox_rows
from tests.casebook.sample import WORKSPACE, advice, opened

ON_ITS_WAY_OR_SHOWN = {SendState.DUE, SendState.SENDING, SendState.SENT}


@pytest.mark.parametrize("tells_of_another", [False, True], ids=["its own whisper", "what it tells of"])
@pytest.mark.parametrize("state", list(SendState))
def test_what_did_not_reach_them_does_not_count(
    casebook: Casebook,
    state: SendState,
    tells_of_another: bool,  # noqa: FBT001 - both
) -> None:
    """A whisper that failed, and news of something that did not happen, are neither said in vain nor a spent budget.

    What a worker died over may be on the screen, so it counts; news of it was not sent.
    """
    with casebook.begin() as connection:
        case, other = opened(connection, "100.0"), opened(connection, "200.0")
        key = "exception:e1" if tells_of_another else None
        given_id = advised.write_advice(
            connection, case, message_ts="100.0", person="U1", given=advice(), now=10.0, after=key
        )
        outbox.put(
            connection,
            workspace=WORKSPACE,
            key=key or advised.advice_key(given_id),
            kind=SendKind.EPHEMERAL,
            target={},
            body={},
            now=10.0,
        )
        connection.execute(update(outbox_rows).values(state=state))
        counts = state in ON_ITS_WAY_OR_SHOWN or (state is SendState.UNKNOWN and not tells_of_another)
        assert len(advised.given_in_case(connection, case, "U1", since=5.0)) == counts
        assert advised.given_elsewhere(connection, other, "U1", since=5.0) == counts
        assert quiet.feedback(connection, WORKSPACE, since=5.0).given == counts
