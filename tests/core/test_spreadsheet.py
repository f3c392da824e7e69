"""A cell that a spreadsheet opens is words, whatever was typed into it and however the spreadsheet splits lines."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.spreadsheet import harmless

STARTS = tuple("=+-@＝＋－＠")


def cells_as_opened(cell: str, delimiter: str) -> list[str]:
    """The cells of a comma-separated file with one cell, in a spreadsheet that splits at another character."""
    written = io.StringIO()
    csv.writer(written).writerow([cell])
    return [
        each.strip(' \u200b\ufeff\xa0"')
        for row in csv.reader(io.StringIO(written.getvalue()), delimiter=delimiter)
        for each in row
    ]


@given(st.text("=+-@＝＋－＠;,\t\r\n '\"a1禾\u200b\xa0", max_size=12), st.sampled_from(",;\t|"))
def test_no_cell_becomes_a_formula(cell: str, delimiter: str) -> None:
    """Half the world splits at semicolons, and blanks before a sign may be taken away."""
    assert [each for each in cells_as_opened(harmless(cell), delimiter) if each.startswith(STARTS)] == []


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        (" =1", "' =1"),
        ("禾豐;=1", "禾豐;'=1"),
        ("a\n@SUM(1)", "a\n'@SUM(1)"),
        ("廣昕精密", "廣昕精密"),
        ("+886-2-1234", "'+886-2-1234"),
        ("2026-03-04", "2026-03-04"),
        ("", ""),
    ],
)
def test_what_could_be_a_formula_has_an_apostrophe_before_it(cell: str, shown: str) -> None:
    """Everything else stands as it was typed."""
    assert harmless(cell) == shown
