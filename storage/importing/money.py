"""Amounts of money, their currency and their tax, as people write them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from bot.customer import TaxBasis
from storage.importing.values import FALSE_WORDS, TRUE_WORDS, Cell, identifier
from storage.importing.words import BadValueError, Reason


@dataclass(frozen=True, slots=True)
class Money:
    """An amount as written, with what its cell says about currency and tax."""

    amount: Decimal
    currency: str | None = None
    tax_basis: TaxBasis | None = None


_CURRENCIES = {
    "TWD": ("nt$", "ntd", "twd", "新台幣", "新臺幣", "台幣", "臺幣", "元", "圓"),
    "USD": ("us$", "usd", "美元", "美金"),
    "CNY": ("rmb", "cny", "人民幣"),
    "JPY": ("jpy", "日圓", "日幣"),
    "EUR": ("eur", "€", "歐元"),
}
_CURRENCY_OF = {word: code for code, words in _CURRENCIES.items() for word in words}
_INCLUDED = (
    "含稅",
    "稅內含",
    "內含",
    "taxincluded",
    "taxincl",
    "incltax",
    "included",
    "incl",
    "inclusive",
    "withtax",
)
_EXCLUDED = (
    "未稅",
    "不含稅",
    "稅外加",
    "外加",
    "未含稅",
    "taxexcluded",
    "exclusive",
    "excltax",
    "excluded",
    "excl",
    "withouttax",
)


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    """Finds each of the words, also with spaces between its characters; of two that begin alike the longer."""
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile("|".join(r"\s*".join(map(re.escape, word)) for word in longest_first))


_CURRENCY = _any_of(_CURRENCY_OF)
_TAX = _any_of((*_INCLUDED, *_EXCLUDED))
_DECORATION = re.compile(r"[$整]|[/每]\s*年|\(\s*\)|\s")
_AMOUNT = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d+(?:\.\d{1,2})?")
_NEGATIVE = re.compile(rf"[-−] *(?:{_AMOUNT.pattern})|\( *(?:{_AMOUNT.pattern}) *\)")
_MOST_DIGITS = 15


def money(cell: Cell) -> Money | None:
    """An amount of money, never less than zero: NT$12,000, 12,000 元 (含稅), full-width digits.

    Each word around the amount counts as a space, so that numbers on its two sides never become one.
    """
    found = identifier(cell)
    if found is None:
        return None
    rest, taxes = _taken_out(_TAX, found.casefold())
    rest, currencies = _taken_out(_CURRENCY, rest)
    rest = " ".join(_DECORATION.sub(" ", rest).split())
    tax_bases = {_tax_basis_of(each) for each in taxes}
    codes = {_CURRENCY_OF[each] for each in currencies}
    if len(tax_bases) > 1:
        raise BadValueError(Reason.TWO_TAX_BASES)
    if len(codes) > 1:
        raise BadValueError(Reason.TWO_CURRENCIES)
    if _NEGATIVE.fullmatch(rest):
        raise BadValueError(Reason.NEGATIVE)
    if not _AMOUNT.fullmatch(rest):
        raise BadValueError(Reason.NOT_MONEY)
    if sum(map(str.isdigit, rest)) > _MOST_DIGITS:
        raise BadValueError(Reason.TOO_LARGE)
    return Money(
        amount=Decimal(rest.replace(",", "")),
        currency=next(iter(codes), None),
        tax_basis=next(iter(tax_bases), None),
    )


def _taken_out(words: re.Pattern[str], written: str) -> tuple[str, set[str]]:
    """What is left when each of the words is a space, and those that were there."""
    there = {re.sub(r"\s", "", each) for each in words.findall(written)}
    return words.sub(" ", written), there


def currency(cell: Cell) -> str | None:
    """The three letters of a currency (ISO 4217)."""
    found = identifier(cell)
    if found is None:
        return None
    known = _CURRENCY_OF.get(found.casefold())
    if known is None and not re.fullmatch(r"[A-Za-z]{3}", found):
        raise BadValueError(Reason.NOT_A_CURRENCY)
    return known or found.upper()


def tax_basis(cell: Cell) -> TaxBasis | None:
    """Whether a price holds the tax; yes and no answer the heading 含稅."""
    if isinstance(cell, bool):
        return TaxBasis.INCLUDED if cell else TaxBasis.EXCLUDED
    found = identifier(cell)
    if found is None:
        return None
    word = re.sub(r"[\s_-]", "", found).casefold()
    if word in TRUE_WORDS or word in _INCLUDED:
        return TaxBasis.INCLUDED
    if word in FALSE_WORDS or word in _EXCLUDED:
        return TaxBasis.EXCLUDED
    raise BadValueError(Reason.NOT_A_TAX_BASIS)


def _tax_basis_of(word: str) -> TaxBasis:
    return TaxBasis.INCLUDED if word in _INCLUDED else TaxBasis.EXCLUDED
