"""Text on a terminal: what somebody typed is shown there and never obeyed."""

from typing import Final
from unicodedata import category

_UNPRINTABLE: Final = frozenset({"Cc", "Cs"})
"""Control characters and halves of characters, as Unicode names them."""


def printable(text: str) -> str:
    """Without what a terminal would obey instead of showing; lines stay lines."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if category(each) in _UNPRINTABLE and each != "\n" else each for each in text
    )
