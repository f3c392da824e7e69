"""The interface's own words in three languages. Lines to say live in the playbook, not here."""

import gettext
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency

from bot.language import to_simplified
from bot.playbook import Language

LOCALES = Path(__file__).parent / "locales"
DOMAIN = "aside"


class Words:
    """Says a sentence in one language; the English sentence is its id."""

    def __init__(self, language: Language, translations: gettext.NullTranslations) -> None:
        self.language = language
        self._translations = translations

    def __call__(self, sentence: str, /, **values: object) -> str:
        """The sentence in this language, its placeholders filled."""
        return _filled(self._converted(self._translations.gettext(sentence)), values)

    def plural(self, one: str, many: str, n: int, /, **values: object) -> str:
        """The sentence for `n` things; `{n}` is filled as well."""
        return _filled(self._converted(self._translations.ngettext(one, many, n)), {"n": n, **values})

    def _converted(self, text: str) -> str:
        return to_simplified(text) if self.language == "zh-CN" else text

    def money(self, amount: Decimal, currency: str) -> str:
        """An amount without needless decimals, alike in all languages: a bare $ or ¥ is another money elsewhere."""
        whole = amount == amount.to_integral_value()
        pattern = "¤#,##0" if whole else "¤#,##0.00"
        return str(format_currency(amount, currency, pattern, locale="en_GB", currency_digits=not whole))

    def day(self, day: date) -> str:
        """A date, unmistakable in every language."""
        return day.isoformat()


def _filled(text: str, values: Mapping[str, object]) -> str:
    """The text with its placeholders filled; after `Co., Ltd.` no second full stop."""
    for name, value in values.items():
        if str(value).endswith("."):
            text = text.replace(f"{{{name}}}.", f"{{{name}}}")
    return text.format_map(values)


@cache
def words(language: Language) -> Words:
    """The interface in a language; Simplified Chinese is converted from Traditional."""
    if language == "en":
        return Words(language, gettext.NullTranslations())
    with (LOCALES / "zh_TW" / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        catalog = read_po(file, locale="zh_TW", domain=DOMAIN)
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return Words(language, gettext.GNUTranslations(compiled))
