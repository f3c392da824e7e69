"""Sentences, plurals, money and dates in the three languages."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.i18n import words
from bot.playbook import LANGUAGES, Language

AMOUNTS = [
    ("12000", "TWD", "NT$12,000"),
    ("12000.00", "TWD", "NT$12,000"),
    ("0", "TWD", "NT$0"),
    ("99.5", "TWD", "NT$99.50"),
    ("1234.5", "USD", "US$1,234.50"),
    ("1200", "USD", "US$1,200"),
    ("128000", "JPY", "JP¥128,000"),
    ("128000.4", "JPY", "JP¥128,000"),
    ("8800", "CNY", "CN¥8,800"),
    ("100000000", "TWD", "NT$100,000,000"),
    ("30", "XTS", "XTS30"),
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("amount", "currency", "shown"), AMOUNTS)
def test_money_reads_alike_everywhere(amount: str, currency: str, shown: str, language: Language) -> None:
    """Nobody takes a Taiwanese dollar for an American one, nor a yen for a yuan, whatever language they read."""
    assert words(language).money(Decimal(amount), currency) == shown


@given(st.decimals(min_value=0, max_value=100_000_000, places=2))
def test_money_loses_nothing(amount: Decimal) -> None:
    """The figure on a card is the figure on file."""
    shown = words("zh-TW").money(amount, "TWD")
    assert Decimal(shown.removeprefix("NT$").replace(",", "")) == amount


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_date_cannot_be_misread(language: Language) -> None:
    """Neither month and day nor the two calendars of Taiwan can be taken for one another."""
    assert words(language).day(date(2026, 3, 4)) == "2026-03-04"


@pytest.mark.parametrize(
    ("language", "n", "shown"),
    [
        ("en", 1, "Ends in 1 day"),
        ("en", 2, "Ends in 2 days"),
        ("zh-TW", 1, "1 天後到期"),
        ("zh-TW", 2, "2 天後到期"),
        ("zh-CN", 2, "2 天后到期"),
    ],
)
def test_plurals_follow_the_language(language: Language, n: int, shown: str) -> None:
    """English tells one from many, Chinese does not."""
    assert words(language).plural("Ends in {n} day", "Ends in {n} days", n) == shown


def test_names_are_left_as_they_are() -> None:
    """Only our own words are converted to simplified characters; what is filled in stays as it is on file."""
    assert words("zh-CN")("Exception for {customer}", customer="禾豐軟體（股）公司") == "禾豐軟體（股）公司的通融申请"


@pytest.mark.parametrize("value", ["{customer}", "{0}", "{", "%s", "{n!r}"])
def test_braces_in_a_value_fill_nothing(value: str) -> None:
    """A name with braces in it is a name."""
    for language in LANGUAGES:
        assert value in words(language)("Exception for {customer}", customer=value)


@pytest.mark.parametrize(
    ("taiwanese", "mainland"),
    [
        ("Warranty", "保修"),
        ("Contracts", "合同"),
        ("Approvals channel", "审批频道"),
        ("updates", "软件更新"),
        ("Save", "保存"),
        ("Not on file", "未登记"),
    ],
)
def test_simplified_chinese_uses_its_own_words(taiwanese: str, mainland: str) -> None:
    """A reader in Shanghai reads 保修 and 合同, not 保固 and 合約 in other characters."""
    assert words("zh-CN")(taiwanese) == mainland
