"""Amounts of money as people type them."""

import re
import unicodedata
from decimal import Decimal, InvalidOperation, Overflow
from enum import StrEnum


class CostError(StrEnum):
    """What is wrong with an amount somebody typed."""

    NOT_A_NUMBER = "not_a_number"
    NEGATIVE = "negative"
    ABSURD = "absurd"


MOST = Decimal(100_000_000)


_SIGNS = {
    "TWD": r"nt\$|nt|\$|元|圓|圆|塊|块",
    "USD": r"us\$|\$",
    "HKD": r"hk\$|\$|元",
    "SGD": r"s\$|\$",
    "CNY": r"rmb|¥|元|块",
    "JPY": "¥|円",
    "EUR": "€",
    "GBP": "£",
}
_FACTORS = {"萬": 10_000, "万": 10_000, "千": 1_000, "k": 1_000}


def parse_cost(text: str, currency: str) -> Decimal | CostError:
    """Read an amount as people type it: 3,000, NT$3000, ３０００元, 1.2 萬, 3k.

    Another currency's sign is no number of ours, a comma only parts thousands, and more than `MOST` is taken for a
    slip of the finger.

    Args:
        currency: In which money it is meant, like TWD.
    """
    signs = "|".join(each for each in (currency, _SIGNS.get(currency, "")) if each)
    plain = re.sub(rf"(?i){signs}|\s|(?<=\d),(?=\d{{3}}(?!\d))", "", unicodedata.normalize("NFKC", text)).lower()
    factor = _FACTORS.get(plain[-1:], 1)
    try:
        amount = Decimal(plain[:-1] if factor > 1 else plain) * factor
    except InvalidOperation:
        return CostError.NOT_A_NUMBER
    except Overflow:
        return CostError.ABSURD
    if not amount.is_finite():
        return CostError.NOT_A_NUMBER
    if amount < 0:
        return CostError.NEGATIVE
    return CostError.ABSURD if amount > MOST else abs(amount.quantize(Decimal("0.01")))
