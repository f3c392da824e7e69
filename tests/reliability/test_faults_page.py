"""The page on faults: each row is held by a test that is there, and both languages tell of the same."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("reliability.md", "reliability.zh-TW.md")
CELLS = 5
SAID = re.compile(r"`(test_\w+)`")


def rows(page: str) -> list[list[str]]:
    """The rows of the table, without its headings."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    table = text.partition("<!-- rows -->")[2].partition("<!-- /rows -->")[0]
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.strip().splitlines()]
    return [row for row in found[2:] if any(row[1:])]


@cache
def names_there() -> frozenset[str]:
    """The name of every test in the tree."""
    files = (ROOT / "tests").glob("*/test_*.py")
    return frozenset(
        name
        for file in files
        for name in re.findall(r"^(?:async )?def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
    )


@pytest.mark.parametrize("page", PAGES)
def test_each_fault_has_every_cell_and_a_test_that_is_there(page: str) -> None:
    """What people see, what is lost, how it is noticed; a dash where there is nothing to say."""
    found = rows(page)
    assert len(found) > 40
    assert [row for row in found if len(row) != CELLS or not all(row)] == []
    tests = [SAID.findall(row[-1]) for row in found]
    assert [row[0] for row, named in zip(found, tests, strict=True) if not named] == []
    assert sorted({name for named in tests for name in named} - names_there()) == []


def test_both_languages_tell_of_the_same_faults_in_the_same_order() -> None:
    """Row by row the same test."""
    english, chinese = ([SAID.findall(row[-1]) for row in rows(page)] for page in PAGES)
    assert english == chinese


def test_every_test_of_a_fault_is_told_of() -> None:
    """But for those about details of a fault that has its row."""
    beside = {
        "test_a_message_that_waited_a_whole_day_is_let_go_of",
        "test_a_message_waits_however_often_slack_cannot_be_asked",
        "test_calls_that_were_no_answer_are_counted_as_such",
        "test_every_commit_is_on_the_disk_before_slack_hears_ok",
        "test_any_payload_is_read_or_refused_and_never_hangs",
        "test_a_stop_in_the_middle_of_work_loses_nothing",
        "test_what_is_shown_elsewhere_instead_counts_as_no_failure",
        "test_who_meets_a_connection_that_ended_first_is_the_only_one",
        "test_whoever_watches_us_is_not_told_old_news_until_the_clock_has_caught_up",
    }
    here = [file for file in Path(__file__).parent.glob("test_faults_*.py") if file != Path(__file__)]
    ours = {
        name
        for file in here
        for name in re.findall(r"^(?:async )?def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
    }
    told = {name for row in rows(PAGES[0]) for name in SAID.findall(row[-1])}
    assert sorted(ours - told) == sorted(beside)
