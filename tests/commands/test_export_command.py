"""`aside export`: what a CRM that takes files gets."""

import csv
import io
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli_export import export_command
from bot.sales import Opportunity, OpportunityState
from storage import opportunities
from tests.casebook.filled import NOW, whole_case
from tests.casebook.sample import WORKSPACE, opened
from tests.fresh import casebook_at, url_at

THEN = datetime.fromtimestamp(NOW, UTC)

Export = Callable[..., Result]


@pytest.fixture
def export(tmp_path: Path, directory_file: Path, monkeypatch: pytest.MonkeyPatch) -> Export:
    """The command beside a casebook with one exception and one opportunity, of a customer with an awkward id."""
    monkeypatch.setenv("ASIDE_DATA", str(tmp_path))
    monkeypatch.setenv("ASIDE_DIRECTORY", str(directory_file))
    monkeypatch.setenv("ASIDE_DATABASE_URL", url_at(tmp_path / "casebook.db"))
    with closing(casebook_at(tmp_path / "casebook.db")) as book, book.begin() as connection:
        whole_case(connection, "zq7x", at=NOW)
        sold = Opportunity(
            workspace=WORKSPACE,
            id="o1",
            case_id=opened(connection, "900.0").id,
            customer_id="=HYPERLINK(1)",
            state=OpportunityState.WON,
            reasons=("asks_price", "reports_fault"),
            opened_at=THEN,
            value=Decimal(96000),
            currency="TWD",
            months=12,
        )
        opportunities.write(connection, sold)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(export_command, [*arguments], catch_exceptions=False)

    return run


def rows(text: str) -> list[dict[str, str]]:
    """The lines of a CSV."""
    return list(csv.DictReader(io.StringIO(text)))


def test_exceptions_come_with_figures_and_without_words(export: Export) -> None:
    """What it cost, who it was for, how it stands; nothing that anybody typed."""
    told = export("exceptions").stdout
    (row,) = rows(told)
    assert (row["customer_name"], row["customer"], row["state"]) == ("廣昕精密股份有限公司", "C-1", "approved")
    assert Decimal(row["cost"]) == 3000
    assert "zq7x" not in told


def test_no_cell_is_a_formula(export: Export) -> None:
    """A spreadsheet that opens the file runs nothing."""
    won = [row for row in rows(export("opportunities").stdout) if row["id"] == "o1"]
    assert won[0]["customer"] == "'=HYPERLINK(1)"
    assert won[0]["reasons"] == "asks_price reports_fault"
    assert (won[0]["value"], won[0]["months"], won[0]["state"]) == ("96000.00", "12", "won")


def test_a_spreadsheet_reads_chinese_in_a_file(export: Export, tmp_path: Path) -> None:
    """A file begins with a byte order mark, by which Excel knows UTF-8; the screen does not; one is one exception."""
    file = tmp_path / "one.csv"
    assert export("exceptions", str(file)).stdout == f"{file}: 1 exception.\n"
    assert file.read_bytes().startswith(b"\xef\xbb\xbfcustomer_name,")
    assert export("exceptions").stdout.startswith("customer_name,")
    assert rows(file.read_text(encoding="utf-8-sig"))[0]["customer_name"] == "廣昕精密股份有限公司"


def test_a_period_holds_what_began_in_it(export: Export, tmp_path: Path) -> None:
    """By the desk's days; a period without any writes an empty file and says so."""
    inside = export("exceptions", "--since", "2027-01-15", "--until", "2027-01-15")
    assert len(rows(inside.stdout)) == 1
    file = tmp_path / "none.csv"
    assert export("exceptions", str(file), "--until", "2027-01-14").stdout == f"{file}: 0 exceptions.\n"
    assert file.read_text() == ""
