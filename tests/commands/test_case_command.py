"""`aside case`: which case is never guessed, its export is logged, and a changed file is found out."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from bot.evidence import found_in
from tests.casebook.filled import whole_case
from tests.commands.conftest import Aside, said
from tests.fresh import asked_at, casebook_at, url_at


@pytest.fixture
def case_id(data: Path) -> str:
    """A case, and another one."""
    with closing(casebook_at(data / "casebook.db")) as opened, opened.begin() as connection:
        whole_case(connection, "another", ts="1700000000.000200", customer="C-2")
        return whole_case(connection, "<b>zq7x</b>", ts="1700000000.000100").id


def audited(data: Path) -> list[tuple[str, str, str]]:
    """Who took which case out, and the file's checksum."""
    question = "SELECT actor, subject_id, after FROM audit WHERE subject = 'case' AND move = 'export'"
    return asked_at(url_at(data / "casebook.db"), question)


def test_a_case_is_written_into_one_file_and_the_audit_tells_of_it(aside: Aside, data: Path, case_id: str) -> None:
    """R38: all of it, by the desk's clock, readable by its owner alone, with the checksum that the audit has."""
    file = data / "case.html"
    done = aside("case", "export", case_id, str(file))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{file}: 廣昕精密股份有限公司, 2 messages, ")
    found = found_in(file.read_text("utf-8"))
    assert found
    assert audited(data) == [("command line", case_id, found.stated)]
    assert file.stat().st_mode & 0o077 == 0
    values = found.values
    assert [each["text"] for each in values["messages"]] == ["<b>zq7x</b>", "re: <b>zq7x</b>"]
    assert values["messages"][0]["at"] == "2023-11-15T06:13:20+08:00"
    for part in ("facts", "requests", "verifications", "commitments", "takeovers", "audit"):
        assert "zq7x" in json.dumps(values[part])
    text = file.read_text("utf-8")
    assert "&lt;b&gt;zq7x" in text
    assert "<b>zq7x" not in text
    assert "another" not in text


@pytest.mark.parametrize(
    "query",
    [
        "{id:.6}",
        "https://kapok.slack.com/archives/C0/p1700000000000100",
        "https://kapok.slack.com/archives/C0/p1700000999000100?thread_ts=1700000000.000100&cid=C0",
    ],
)
def test_a_case_is_found_by_the_beginning_of_its_id_or_by_a_messages_link(
    aside: Aside, data: Path, case_id: str, query: str
) -> None:
    """A link copied from any of its messages is enough."""
    file = data / "case.html"
    done = aside("case", "export", query.format(id=case_id), str(file), "--zone", "Europe/Berlin", "--lang", "en")
    assert (done.returncode, done.stderr) == (0, "")
    assert [each[1] for each in audited(data)] == [case_id]
    assert "+01:00" in file.read_text("utf-8")


def test_no_case_is_guessed_and_no_file_replaced(aside: Aside, data: Path, case_id: str) -> None:
    """Each mistake is a sentence, and nothing is taken out by it."""
    file = data / "case.html"
    data.mkdir(exist_ok=True)
    file.write_text("mine")
    for query in ("nobody", "c", "%%%%%%", "https://kapok.slack.com/archives/C0/p1600000000000100"):
        code, lines = said(aside("case", "export", query, str(data / "x.html")))
        assert (code, lines[0]) == (1, f"No case fits “{query}”.")
    assert said(aside("case", "export", case_id, str(file)))[1][0] == f"There is a file at {file} already."
    assert said(aside("case", "export", case_id, str(data / "x"), "--zone", "Mars"))[1][0] == "Mars is not a time zone."
    nowhere = said(aside("case", "export", case_id, "/dev/null/x.html"))
    assert nowhere[0] == 1
    assert "cannot be written" in nowhere[1][0]
    assert (file.read_text(), audited(data)) == ("mine", [])


def test_a_changed_file_is_found_out(aside: Aside, data: Path, case_id: str) -> None:
    """The audit knows the record; the page around it is made anew and compared; a forged checksum helps nobody."""
    file = data / "case.html"
    aside("case", "export", case_id, str(file))
    good = aside("case", "check", str(file))
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.startswith(f"{file} is as it was written: taken out ")
    text = file.read_text("utf-8")
    other = data / "other.html"
    other.write_text(text.replace("zq7x", "nothing"), "utf-8")
    assert "was changed" in said(aside("case", "check", str(other)))[1][0]
    other.write_text(text.replace("&lt;b&gt;zq7x", "nothing"), "utf-8")
    assert "what can be read around it was changed" in said(aside("case", "check", str(other)))[1][0]
    other.write_text("<html></html>", "utf-8")
    assert said(aside("case", "check", str(other)))[1][0] == f"{other} is not an exported case."
    assert [each[0] for each in audited(data)] == ["command line"]


def test_forgetting_a_customer_names_the_exported_cases_that_still_have_their_words(
    aside: Aside, data: Path, case_id: str
) -> None:
    """A file that was handed out is nobody's to delete unasked; the other customer's is not named."""
    exports = data / "exports"
    for number, query in enumerate((case_id, "https://kapok.slack.com/archives/C0/p1700000000000200")):
        assert aside("case", "export", query, str(exports / f"case-{number}.html")).returncode == 0
    done = aside("forget", "C-1", "--yes")
    named = [line for line in done.stdout.splitlines() if "exported case still has the words" in line]
    assert [line.rpartition(": ")[2] for line in named] == [str(exports / "case-0.html")]
