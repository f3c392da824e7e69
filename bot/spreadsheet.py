"""Cells that a spreadsheet shows as they stand and does not work out."""

import re
from typing import Final

_FORMULA: Final = re.compile(r"(^|[;|\t\r\n]|\")(?=[\s\u200b\ufeff\"]*[=+\-@＝＋－＠]|[\t\r])")
"""Where a spreadsheet may take what follows for a formula, full-width signs included: at the start, and where one that
does not split at commas may begin another cell."""


def harmless(cell: str) -> str:
    """The cell, with an apostrophe before what could be a formula."""
    return _FORMULA.sub(r"\1'", cell)
