"""Cells that a spreadsheet shows as they stand and does not work out."""

from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What a spreadsheet may take for the start of a formula, full-width signs included."""


def harmless(cell: str) -> str:
    """The cell, with an apostrophe before what could be a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
