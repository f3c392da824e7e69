"""`aside forget`: whom it is about is never guessed, and nothing is removed unasked."""

from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import update

from storage.schema import cases
from tests.casebook.filled import whole_case
from tests.commands.conftest import Aside, said
from tests.fresh import ON_SERVER, casebook_at, everything_at, in_a_file, url_at


@pytest.fixture
def casebook(data: Path) -> Path:
    """A casebook with a case each of two customers."""
    with closing(casebook_at(data / "casebook.db")) as opened, opened.begin() as connection:
        whole_case(connection, "zq7x")
        whole_case(connection, "kv3y", ts="2.0", customer="C-2")
    return data / "casebook.db"


def has(casebook: Path, mark: str) -> bool:
    """Whether this can be read in any file beside the casebook; on a server, in any row."""
    if ON_SERVER:
        return mark in everything_at(url_at(casebook))
    return any(mark.encode() in each.read_bytes() for each in casebook.parent.iterdir())


def test_it_asks_and_then_no_trace_is_left(aside: Aside, casebook: Path) -> None:
    """By the name as it is on file; a no changes nothing; the second time there is nothing left."""
    asked = aside("forget", "廣昕精密股份有限公司", typed="n\n")
    assert (asked.returncode, has(casebook, "zq7x")) == (1, True)
    assert "(C-1), in 1 case? This cannot be undone." in asked.stdout
    done = aside("forget", "廣昕精密股份有限公司", typed="y\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Removed the words of 1 case of" in done.stdout
    assert not has(casebook, "zq7x")
    assert has(casebook, "kv3y")
    again = aside("forget", "C-1", "--yes")
    assert (again.returncode, again.stdout.splitlines()[0]) == (
        0,
        "There was nothing left. Figures, states and who decided stay.",
    )


def test_it_works_beside_a_running_aside(aside: Aside, casebook: Path) -> None:
    """Whoever has the casebook open goes on; and no trace is left while it does, in the write-ahead log neither."""
    with closing(casebook_at(casebook)) as running:
        with running.begin() as connection:
            connection.execute(update(cases).values(agent="U1"))
        done = aside("forget", "C-1", "--yes")
        assert (done.returncode, done.stderr) == (0, "")
        assert not has(casebook, "zq7x")
        with running.begin() as connection:
            connection.execute(update(cases).values(agent="U2"))


def test_nobody_is_guessed(aside: Aside, casebook: Path) -> None:
    """Half a name that fits one is asked about, and not enough where nothing is asked; one that fits none is said."""
    code, lines = said(aside("forget", "宏昌", typed="y\n"))
    assert (code, lines) == (
        1,
        [
            "“宏昌” may be: 宏昌興業有限公司 (C-2), 宏昌實業有限公司 (C-3).",
            "Say which by the id: aside forget C-2",
        ],
    )
    code, lines = said(aside("forget", "廣昕精", "--yes"))
    assert (code, lines[0]) == (1, "“廣昕精” may be: 廣昕精密股份有限公司 (C-1).")
    code, lines = said(aside("forget", "§§§", "--yes"))
    assert (code, lines[0]) == (1, "Nobody on file fits “§§§”.")
    assert has(casebook, "zq7x")


def test_open_cases_are_not_emptied_unasked(aside: Aside, casebook: Path) -> None:
    """Whoever works on one would lose what was said."""
    with closing(casebook_at(casebook)) as opened, opened.begin() as connection:
        connection.execute(update(cases).values(state="open"))
    code, lines = said(aside("forget", "C-1", "--yes"))
    assert code == 1
    assert lines[0].endswith("(C-1) has 1 case open, and whoever works on it would lose what was said.")
    assert lines[1] == "Wait until it is closed, or give --open-too."
    assert has(casebook, "zq7x")
    assert aside("forget", "C-1", "--yes", "--open-too").returncode == 0
    assert not has(casebook, "zq7x")


def test_whoever_left_the_directory_is_forgotten_by_id(aside: Aside, casebook: Path, tmp_path: Path) -> None:
    """Also where there is no directory at all."""
    nowhere = str(tmp_path / "nowhere.db")
    done = aside("forget", "C-2", "--yes", ASIDE_DIRECTORY=nowhere)
    assert done.stdout.startswith("Removed the words of 1 case of C-2.")
    assert not has(casebook, "kv3y")
    code, lines = said(aside("forget", "C-9", "--yes", ASIDE_DIRECTORY=nowhere))
    assert (code, lines[0]) == (1, "Nobody on file fits “C-9”.")


@in_a_file
def test_of_whom_nothing_is_kept_is_said(aside: Aside, casebook: Path, data: Path) -> None:
    """A customer without cases; and without a casebook there is nothing to forget, nor is one made."""
    assert aside("forget", "C-3", "--yes").stdout.startswith("The casebook keeps nothing about ")
    code, lines = said(aside("forget", "C-3", ASIDE_DATA=str(data / "other")))
    assert (code, lines[0]) == (1, f"There is no casebook at {data / 'other' / 'casebook.db'}.")
    assert not (data / "other").exists()


@in_a_file
def test_it_tells_where_words_may_still_be(aside: Aside, casebook: Path) -> None:
    """A casebook that a restore replaced is a copy too."""
    old = casebook.with_name("casebook.db.before-restore-20260101-000000")
    old.write_bytes(casebook.read_bytes())
    assert str(old) in aside("forget", "C-1", "--yes").stdout
