"""The lives of requests, commitments and questions: each state is reached, each ends, and the page that draws them."""

from enum import StrEnum

import pytest

from tests.lives import LIVES, PAGE, Life, page, section


def reached(life: Life, begins: StrEnum) -> set[StrEnum]:
    """Where its moves lead from there."""
    found, open_ = {begins}, [begins]
    while open_:
        here = open_.pop()
        new = {end for (start, _), end in life.moves.items() if start is here} - found
        found |= new
        open_ += new
    return found


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.source)
def test_every_state_is_reached_and_every_way_has_an_end(life: Life) -> None:
    """No state is for show, none is a trap, and what is over stays over."""
    assert reached(life, life.begins) == set(type(life.begins))
    assert life.ends
    assert all(not set(life.ends).isdisjoint(reached(life, state)) for state in type(life.begins))


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.source)
def test_every_move_of_the_table_is_drawn_once(life: Life) -> None:
    """The drawing has all that can happen, and nothing else."""
    ways = [line.strip() for line in section(life).splitlines() if " : " in line]
    drawn = [
        (start, label.split()[-1], end)
        for line in ways
        for start, end in [line.partition(" : ")[0].split(" --> ")]
        for label in line.partition(" : ")[2].split(" / ")
    ]
    assert sorted(drawn) == sorted((str(start), str(move), str(end)) for (start, move), end in life.moves.items())


def test_the_page_is_not_stale() -> None:
    """docs/lives.md is what the tables say: `python -m tests.lives` writes it anew."""
    assert PAGE.read_text("utf-8") == page()
