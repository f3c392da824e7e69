"""What the account owner reads first about a customer in need."""

from datetime import date, timedelta

import pytest

from bot.cards.sales import card
from bot.customer import Customer, CustomerRecord
from bot.entitlement import Coverage, CoverageKind, coverage_on
from bot.i18n import words
from bot.playbook_files import load_playbook
from bot.settings import PACKAGED_PLAYBOOK

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("starts", "ends", "says"),
    [
        (-400, -30, "Kuanghsin needs help, and their cover has ended"),
        (10, 370, "Kuanghsin needs help, and their cover has not started yet"),
    ],
)
def test_it_says_how_it_stands_with_their_cover(starts: int, ends: int, says: str) -> None:
    """Neither of them is covered today, and sales speaks otherwise to each."""
    coverage = Coverage(
        kind=CoverageKind.CONTRACT,
        reference="1",
        start=TODAY + timedelta(days=starts),
        end=TODAY + timedelta(days=ends),
    )
    record = CustomerRecord(customer=Customer(id="1", name="Kuanghsin", timezone="Asia/Taipei"), coverages=(coverage,))
    text, _ = card(
        record,
        [coverage_on(coverage, TODAY)],
        reasons=["anger"],
        instead_of=None,
        playbook=load_playbook(PACKAGED_PLAYBOOK),
        say=words("en"),
    )
    assert text == says
