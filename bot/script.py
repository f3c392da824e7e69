"""Chinese in traditional and in simplified characters."""

from functools import cache
from typing import Literal

from opencc import OpenCC

Conversion = Literal["t2s", "s2t", "tw2sp"]
"""Characters to simplified, characters to traditional, Taiwan's wording to the mainland's."""


def convert(conversion: Conversion, text: str) -> str:
    """A text in the other script."""
    return str(_converter(conversion).convert(text))


@cache
def _converter(conversion: Conversion) -> OpenCC:
    return OpenCC(conversion)  # reads its dictionaries, so one of each is kept
