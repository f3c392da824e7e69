"""The made-up vendor, imported as a company's own files are."""

import re
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.customer import CustomerRecord
from bot.entitlement import CoverageKind, CoverageState, Entitlement, coverage_on, entitlement
from bot.found import Match
from sandbox import demo_data
from sandbox.demo_data import is_tax_id, write_demo_data
from storage.directory import Directory
from storage.importing import import_files

TODAY = date(2026, 7, 1)


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Directory:
    """The demo's directory on a fixed day."""
    folder = tmp_path_factory.mktemp("demo")
    report = import_files(write_demo_data(folder, TODAY), folder / "directory.db")
    assert report.bad_rows == []
    assert report.ignored == {}
    assert report.shared_tax_ids == []
    return Directory(folder / "directory.db")


def record(vendor: Directory, customer: str) -> CustomerRecord:
    """A customer of the demo."""
    found = vendor.record(customer, TODAY)
    assert found
    return found


def states(vendor: Directory, customer: str) -> dict[CoverageState, int]:
    """How many coverages of a customer are in which state on the day."""
    return Counter(coverage_on(each, TODAY).state for each in record(vendor, customer).coverages)


def whole(vendor: Directory, customer: str) -> Entitlement:
    """A customer's entitlement on the day."""
    return entitlement([coverage_on(each, TODAY) for each in record(vendor, customer).coverages])


def test_there_are_three_hundred_customers(vendor: Directory) -> None:
    """Enough to search in, and prices to compare with."""
    assert vendor.customer_count() == 300
    assert len(vendor.service_prices()) == 7


def test_the_story_has_its_customer(vendor: Directory) -> None:
    """廣昕精密: contract over for 47 days, gateway's warranty over, owner gone with a successor, a channel."""
    found = record(vendor, demo_data.KUANGHSIN)
    contract = next(each for each in found.coverages if each.kind is CoverageKind.CONTRACT)
    assert coverage_on(contract, TODAY).days == -47
    gateway = next(each for each in found.coverages if each.product == "MES 閘道器")
    assert coverage_on(gateway, TODAY).state is CoverageState.EXPIRED
    assert whole(vendor, demo_data.KUANGHSIN) is Entitlement.EXPIRED
    assert found.owner
    assert (found.owner.name, found.owner.left_on is None) == ("周美玲", False)
    assert found.successor
    assert (found.successor.name, found.successor.slack_user_id) == ("許家豪", "U0CHIAHAO")
    assert vendor.customer_id_of_channel("C0KUANGHSIN", "") == demo_data.KUANGHSIN
    assert vendor.customer_id_of_contact("U0SHUFEN") == demo_data.KUANGHSIN
    for query in ("廣昕", "广昕精密", "Kuanghsin"):
        assert [each.id for each in vendor.find(query).candidates] == [demo_data.KUANGHSIN]


def days(found: CustomerRecord) -> list[tuple[date | None, date | None]]:
    """From when until when a customer is covered by what."""
    return [(each.start, each.end) for each in found.coverages]


def test_in_english_the_same_customers_have_english_names(tmp_path: Path) -> None:
    """The demo in English: no Chinese word in what is imported; ids, serials and days are the same."""
    chinese = write_demo_data(tmp_path / "zh", TODAY)
    report = import_files(write_demo_data(tmp_path / "en", TODAY, english=True), tmp_path / "directory.db")
    assert (report.bad_rows, report.ignored, report.shared_tax_ids) == ([], {}, [])
    import_files(chinese, tmp_path / "chinese.db")
    ours, theirs = Directory(tmp_path / "directory.db"), Directory(tmp_path / "chinese.db")
    for number in range(1001, 1001 + 300):
        one, other = record(ours, f"C-{number}"), record(theirs, f"C-{number}")
        assert not re.search("[\u4e00-\u9fff]", one.model_dump_json()), one
        assert [(each.start, each.end) for each in one.coverages] == [
            (each.start, each.end) for each in other.coverages
        ]
    found = record(ours, demo_data.KUANGHSIN)
    assert found.customer.name == "Kuanghsin Precision Co., Ltd."
    assert found.owner
    assert found.successor
    assert (found.owner.name, found.successor.name) == ("Meiling Chou", "Chiahao Hsu")
    for query in ("Kuanghsin", "KHP"):
        assert [each.id for each in ours.find(query).candidates] == [demo_data.KUANGHSIN]


def test_two_alike_names_have_to_be_asked_about(vendor: Directory) -> None:
    """宏昌 is both 宏昌興業 and 宏昌實業; the whole name is one of them."""
    found = vendor.find("宏昌")
    assert found.match is Match.MANY
    assert {each.id for each in found.candidates} == set(demo_data.ALIKE)
    assert vendor.find("宏昌興業").match is Match.ONE


@pytest.mark.parametrize(
    ("customer", "expected"),
    [
        (demo_data.NO_DATES, {CoverageState.NOT_ON_FILE: 1}),
        (
            demo_data.SEVERAL_COVERAGES,
            {
                CoverageState.EXPIRED: 1,
                CoverageState.IN_FORCE: 1,
                CoverageState.ENDS_SOON: 1,
                CoverageState.NOT_STARTED: 1,
            },
        ),
        (demo_data.ENDED_YESTERDAY, {CoverageState.EXPIRED: 1}),
        (demo_data.ENDS_IN_20_DAYS, {CoverageState.ENDS_SOON: 1}),
        (demo_data.NOT_STARTED, {CoverageState.NOT_STARTED: 1}),
        (demo_data.EXCEPTION_USED, {CoverageState.EXPIRED: 1}),
        (demo_data.NOTHING_ON_FILE, {}),
    ],
)
def test_every_state_of_a_coverage_is_there(
    customer: str, expected: dict[CoverageState, int], vendor: Directory
) -> None:
    """Each awkward case is a customer of its own."""
    assert states(vendor, customer) == expected


def test_the_awkward_details_are_there(vendor: Directory) -> None:
    """Days, parts without labour, no incidents left, an owner whom nobody followed, successors in a row."""
    yesterday = record(vendor, demo_data.ENDED_YESTERDAY).coverages[0]
    assert coverage_on(yesterday, TODAY).days == -1
    soon = record(vendor, demo_data.ENDS_IN_20_DAYS).coverages[0]
    assert coverage_on(soon, TODAY).days == 20
    parts = record(vendor, demo_data.PARTS_NOT_LABOUR).coverages[0]
    assert (parts.covers.parts, parts.covers.labour) == (True, False)
    assert record(vendor, demo_data.NO_INCIDENTS_LEFT).coverages[0].incidents_left == 0
    assert record(vendor, demo_data.NOBODY_LEFT).successor is None
    school = record(vendor, demo_data.PUBLIC_BODY)
    assert school.owner
    assert school.successor
    assert (school.owner.name, school.successor.name) == ("李佳蓉", "許家豪")
    assert whole(vendor, demo_data.NO_DATES) is Entitlement.UNKNOWN


def test_today_is_another_day_elsewhere(vendor: Directory) -> None:
    """In the small hours of Taipei it is still yesterday in Los Angeles, where that customer's contract holds."""
    found = record(vendor, demo_data.ELSEWHERE)
    moment = datetime(2026, 7, 1, 17, 0, tzinfo=UTC)
    here = moment.astimezone(ZoneInfo("Asia/Taipei")).date()
    there = moment.astimezone(ZoneInfo(found.customer.timezone)).date()
    assert coverage_on(found.coverages[0], here).state is CoverageState.EXPIRED
    assert coverage_on(found.coverages[0], there).state is CoverageState.ENDS_SOON


def test_the_data_is_the_same_at_every_call(tmp_path: Path) -> None:
    """Two calls for the same day write the same bytes; screens and tests can be compared."""
    one, other = write_demo_data(tmp_path / "1", TODAY), write_demo_data(tmp_path / "2", TODAY)
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]


@given(st.dates(min_value=date(2024, 1, 1), max_value=date(2035, 12, 31)))
def test_the_data_can_be_written_on_any_day(tmp_path_factory: pytest.TempPathFactory, day: date) -> None:
    """Leap days and turns of the year included, every row counts from the day given."""
    paths = write_demo_data(tmp_path_factory.mktemp("any"), day)
    contracts = next(path for path in paths if path.name == "contracts.csv").read_text("utf-8-sig").splitlines()
    end = date.fromordinal(day.toordinal() - 47)
    assert f",{end.year - 1911}/{end.month:02}/{end.day:02}," in contracts[1]


def test_every_tax_id_has_a_valid_check_digit(vendor: Directory) -> None:
    """A 統一編號 of the demo passes the check; the published examples do and one digit off does not."""
    numbers = [row["tax_id"] for row in vendor._rows("SELECT tax_id FROM customers WHERE tax_id IS NOT NULL")]
    assert len(numbers) == 299
    assert all(is_tax_id(number) for number in numbers)
    assert is_tax_id("04595257")
    assert is_tax_id("10458575")
    assert not is_tax_id("04595258")
    assert not is_tax_id("0459525")
