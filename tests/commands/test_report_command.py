"""`aside report`: the figures in the terminal, as one file, and the questions behind them."""

import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli_report import report_command
from bot.errors import UserError
from storage import cases
from tests.casebook.filled import NOW, whole_case
from tests.casebook.sample import said
from tests.fresh import asked_at, casebook_at, url_at

THAT_DAY = ("--since", "2027-01-15", "--until", "2027-01-15")
"""The day of `NOW` in Taipei."""

Report = Callable[..., Result]


@pytest.fixture
def report(tmp_path: Path, directory_file: Path, monkeypatch: pytest.MonkeyPatch) -> Report:
    """The command beside a casebook with one case in it, said to be of the day of `NOW`."""
    monkeypatch.setenv("ASIDE_DATA", str(tmp_path))
    monkeypatch.setenv("ASIDE_DIRECTORY", str(directory_file))
    monkeypatch.setenv("ASIDE_DATABASE_URL", url_at(tmp_path / "casebook.db"))
    with closing(casebook_at(tmp_path / "casebook.db")) as opened, opened.begin() as connection:
        whole_case(connection, "zq7x", ts=f"{NOW:.6f}", at=NOW)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(report_command, ["--lang", "en", *arguments], catch_exceptions=False)

    return run


def test_it_prints_each_part_with_its_figures(report: Report) -> None:
    """One case, opened on that day and closed; one promise, confirmed; and their month, with nothing cut off."""
    told = report(*THAT_DAY)
    assert told.exit_code == 0
    assert told.stdout.startswith("What came of it 2027-01-15 to 2027-01-15\n")
    assert "1 case was opened; 1 closed since." in told.stdout
    assert re.search(r"\nconfirmed +1 +█{20,}", told.stdout)
    assert "…" not in told.stdout
    assert re.search(r"\n2027-01 +1 +1 +NT\$3,000 +0 +– +0\.0 s +1\n", told.stdout)


def test_the_file_holds_everything_and_fetches_nothing(report: Report, tmp_path: Path) -> None:
    """No script, no address, no word that a customer typed; and whoever opens it sees how each figure was counted."""
    told = report(*THAT_DAY, "--html", str(tmp_path / "out" / "report.html"))
    assert told.stdout == f"{tmp_path / 'out' / 'report.html'}: What came of it: 2027-01-15 to 2027-01-15\n"
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in page
    assert not re.search(r"<script|https?:|src=|zq7x", page)
    assert page.count("How this was counted") == page.count("<details>") > 5
    assert "1 case was opened; 1 closed since." in page


def test_each_question_gives_the_same_figure_to_whoever_asks_it(report: Report, tmp_path: Path) -> None:
    """What `--sql` prints runs as it stands in a shell of the database."""
    script = report(*THAT_DAY, "--sql").stdout
    answers = {
        name: asked_at(url_at(tmp_path / "casebook.db"), question)
        for name, question in re.findall(r"-- (\w+)\n(.*?;)", script, re.DOTALL)
    }
    assert answers["cases"] == [(1, 1)]
    assert answers["claims"] == [("confirmed", 1)]
    assert answers["granted_by_month"] == [("2027-01-01", "TWD", 1, 3000)]


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("--since", "2027-01-16", "--until", "2027-01-15"), "2027-01-16 is after 2027-01-15."),
        (("--workspace", "T9"), "The casebook knows no workspace T9."),
        ((*THAT_DAY, "--html", "/proc/report.html"), "/proc/report.html cannot be written: No such file or directory."),
    ],
)
def test_what_cannot_be_done_is_one_sentence(report: Report, arguments: tuple[str, ...], what: str) -> None:
    """Days the wrong way round, a workspace nobody knows, a file that cannot be."""
    with pytest.raises(UserError) as refused:
        report(*arguments)
    assert refused.value.what == what


def test_several_workspaces_are_not_mixed(report: Report, tmp_path: Path) -> None:
    """Which one is asked for; named, it is told alone."""
    with closing(casebook_at(tmp_path / "casebook.db")) as opened, opened.begin() as connection:
        cases.open_case(connection, said("7.0").model_copy(update={"workspace": "T2"}), "C-1")
    with pytest.raises(UserError) as refused:
        report(*THAT_DAY)
    assert refused.value.do == "Give --workspace with one of: T1, T2"
    assert "1 case was opened; 1 closed since." in report(*THAT_DAY, "--workspace", "T1").stdout
