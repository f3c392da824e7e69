"""A day shown to several readers is each reader's own."""

from datetime import UTC, datetime

from bot.blocks import local_day
from bot.cards.verification import answer_words
from bot.i18n import words
from bot.promises import Answer, Given, Verification, VerificationState

EVENING = datetime(2026, 3, 3, 20, 0, tzinfo=UTC)
"""The next day already in Taipei."""


def test_slack_shows_the_day_by_the_readers_own_clock() -> None:
    """Slack's own date format; where it is not understood, the day is told in UTC."""
    assert local_day(EVENING) == "<!date^1772568000^{date_num}|2026-03-03>"


def test_the_answer_of_sales_is_dated_for_whoever_reads_its_card() -> None:
    """The card may stand in a channel, where people read it in several time zones."""
    answered = Verification(
        workspace="T1",
        id="v",
        case_id="c",
        customer_id=None,
        claimed="free repairs",
        state=VerificationState.CONFIRMED,
        asked_by="U1",
        asked_at=EVENING,
        told=("U2",),
        answers=(Given(answer=Answer.YES, by="U2", at=EVENING, evidence="mail"),),
    )
    assert answer_words(answered, words("en")) == f"✅ <@U2> confirmed it on {local_day(EVENING)}."
