"""Reading the directory."""

import sqlite3
import threading
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bot.customer import Contact, Contract, Customer, Price, Product, ServicePrice, StaffMember, TaxBasis
from bot.entitlement import Coverage, CoverageKind, Covers, DateBasis
from bot.errors import UserError
from bot.found import Match
from bot.recommend import Holdings
from storage.directory import Directory, DirectorySource
from tests.directory.conftest import Import, Write


@pytest.fixture
def directory(write: Write, run_import: Import, target: Path) -> Directory:
    """A vendor with two customers and staff of whom some have left."""
    run_import(
        write("customers.csv", "id,name,name_en,別名,tax_id,tier,owner,channel,timezone",
            "C1,廣昕精密,Kuanghsin,廣昕;KHP,12345675,A,S1,#C0K,America/Los_Angeles",
            "C2,宏昌,,,,,S4,#shared,",
            "C3,永泰,,,,,S6,#shared,"),
        write("contacts.csv", "customer_id,name,title,email,phone,slack",
            "C1,王淑芬,MIS,wang@k.example,02-5550-1001,U0SHUFEN", "C2,李大同,,,,U0BOTH", "C3,李大同,,,,U0BOTH"),
        write("products.csv", "customer_id,serial,product", "C1,S-1,MES", "C1,S-2,ERP"),
        write("contracts.csv", "number,customer_id,serial,name,start,end,basis,price,tax_basis,零件,回應時間,剩餘次數",
            "M1,C1,S-1,維護,114/01/01,114/12/31,簽約,96000.50,未稅,Y,4,0", "M1,C1,S-2,,,,,,,N,,"),
        write("warranties.csv", "id,customer_id,serial,驗收日,end,工資", "W1,C1,S-1,2024-01-01,2025-12-31,N"),
        write("service_prices.csv", "code,name,price,tax_basis", "V2,到府,6800,含稅", "V1,遠端,3500,"),
        write("staff.csv", "id,name,slack,left_on,successor",
            "S1,周美玲,,2026-03-01,S2", "S2,許家豪,U0CHIAHAO,2026-06-01,S3", "S3,吳建宏,U0CHIENHUNG,,",
            "S4,蔡承恩,,2026-01-01,", "S6,李佳蓉,,2026-01-01,S4"),
    )  # fmt: skip
    return Directory(target)


def test_a_record_holds_everything_on_file(directory: Directory) -> None:
    """What was in the files comes back exactly, prices to the last digit, unknowns as unknown."""
    record = directory.record("C1", date(2026, 2, 1))
    assert record
    assert record.customer == Customer(
        id="C1", name="廣昕精密", name_en="Kuanghsin", aliases=("廣昕", "KHP"), tax_id="12345675", tier="A", owner="S1",
        channel="C0K", timezone="America/Los_Angeles",
    )  # fmt: skip
    assert record.contacts == (
        Contact(name="王淑芬", title="MIS", email="wang@k.example", phone="02-5550-1001", slack_user_id="U0SHUFEN"),
    )
    assert record.products == (Product(serial="S-1", name="MES"), Product(serial="S-2", name="ERP"))
    price = Price(amount=Decimal("96000.50"), currency="TWD", tax_basis=TaxBasis.EXCLUDED)
    assert record.contracts == (Contract(number="M1", name="維護", price=price),)
    assert record.coverages == (
        Coverage(
            kind=CoverageKind.CONTRACT, reference="M1", product="MES", serial="S-1", start=date(2025, 1, 1),
            end=date(2025, 12, 31), basis=DateBasis.SIGNING, covers=Covers(parts=True),
            response_hours=4.0, incidents_left=0,
        ),
        Coverage(kind=CoverageKind.CONTRACT, reference="M1", product="ERP", serial="S-2", covers=Covers(parts=False)),
        Coverage(
            kind=CoverageKind.WARRANTY, reference="W1", product="MES", serial="S-1", start=date(2024, 1, 1),
            end=date(2025, 12, 31), basis=DateBasis.ACCEPTANCE, covers=Covers(labour=False),
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("day", "keeper"),
    [
        (date(2026, 2, 28), "S1"),
        (date(2026, 3, 1), "S2"),
        (date(2026, 5, 31), "S2"),
        (date(2026, 6, 1), "S3"),
    ],
)
def test_an_account_goes_to_the_successor_on_the_day_its_owner_left(
    day: date, keeper: str, directory: Directory
) -> None:
    """Until they leave it is the owner, from that day on the successor, and theirs when they left too (R29)."""
    record = directory.record("C1", day)
    assert record
    assert record.owner
    assert record.owner.id == "S1"
    assert record.successor
    assert record.successor.id == keeper


def test_names_are_read_at_once(directory: Directory) -> None:
    """Who is not on file is left out; nobody asked for is nobody found."""
    assert directory.names(["C2", "C1", "C2", "C-9"]) == {"C1": "廣昕精密", "C2": "宏昌"}
    assert directory.names([]) == {}


def test_an_account_that_nobody_took_over_has_nobody(directory: Directory) -> None:
    """An owner who left without a successor, or whose successors all left, leaves nobody; it is not guessed."""
    for customer in ("C2", "C3"):
        record = directory.record(customer, date(2026, 6, 1))
        assert record
        assert record.owner
        assert record.successor is None


def test_a_customer_that_is_not_there_is_none(directory: Directory) -> None:
    """An id of a customer who is no longer on file is no error."""
    assert directory.record("C9") is None


def test_a_channel_or_contact_of_one_customer_leads_there(directory: Directory) -> None:
    """A channel is known by id or name, a contact by Slack id; what two customers claim leads nowhere."""
    assert directory.customer_id_of_channel("C0K", "") == "C1"
    assert directory.customer_id_of_channel("C1", "#C0K") == "C1"
    assert directory.customer_id_of_channel("C0X", "shared") is None
    assert directory.customer_id_of_channel("C0X", "other") is None
    assert directory.customer_id_of_contact("U0SHUFEN") == "C1"
    assert directory.customer_id_of_contact("U0BOTH") is None
    assert directory.customer_id_of_contact("U0NOBODY") is None


def test_a_channel_without_a_name_is_nobodys(directory: Directory) -> None:
    """Customers without a channel do not all answer to the empty name."""
    assert directory.customer_id_of_channel("", "") is None


def test_staff_are_known_by_id_and_by_slack(directory: Directory) -> None:
    """One of us is found by staff id or Slack id."""
    member = StaffMember(id="S2", name="許家豪", slack_user_id="U0CHIAHAO", left_on=date(2026, 6, 1), successor="S3")
    assert directory.staff_member("S2") == member
    assert directory.staff_by_slack_user("U0CHIAHAO") == member
    assert directory.staff_by_slack_user("U0SHUFEN") is None


def test_service_prices_come_by_code(directory: Directory) -> None:
    """What a single service costs, with its tax basis; unknown stays unknown."""
    assert directory.service_prices() == (
        ServicePrice(code="V1", name="遠端", price=Price(amount=Decimal(3500))),
        ServicePrice(code="V2", name="到府", price=Price(amount=Decimal(6800), tax_basis=TaxBasis.INCLUDED)),
    )


@pytest.mark.parametrize("query", ["廣昕", "KHP", "12345675", "S-2", "M1", "Kuanghsin"])
def test_an_imported_customer_is_found(query: str, directory: Directory) -> None:
    """Alias, tax id, serial, contract number and English name find the customer at once."""
    found = directory.find(query)
    assert found.match is Match.ONE
    assert [each.id for each in found.candidates] == ["C1"]


def test_threads_may_share_a_directory(directory: Directory) -> None:
    """Several threads asking at once get the same answers."""
    answers: list[object] = []

    def ask() -> None:
        answers.extend((directory.find("廣昕"), directory.record("C1", date(2026, 1, 1))) for _ in range(20))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [answers[0]] * 80


def test_the_directory_cannot_be_written(directory: Directory, target: Path) -> None:
    """At run time the directory is read and never changed, not even its file's bytes."""
    before = target.read_bytes()
    with pytest.raises(UserError, match="readonly"):
        directory._rows("DELETE FROM customers")
    assert target.read_bytes() == before
    assert [path.name for path in target.parent.iterdir()] == ["directory.db"]


# --- a directory that is not there or not whole


def test_no_directory_yet_says_what_to_do(tmp_path: Path) -> None:
    """Before the first import there is one sentence and the command."""
    with pytest.raises(UserError) as refused:
        DirectorySource(tmp_path / "directory.db").current()
    assert refused.value.what == f"There is no customer directory at {tmp_path / 'directory.db'}."
    assert refused.value.do == "Run: aside import FILE…"


def test_a_directory_of_another_version_is_refused(directory: Directory, target: Path) -> None:
    """Tables of another version are not read as if they were ours."""
    with closing(sqlite3.connect(target)) as connection:
        connection.execute("UPDATE meta SET value = '99' WHERE key = 'schema_version'")
        connection.commit()
    with pytest.raises(UserError, match="was made for another version of Aside"):
        DirectorySource(target).current()


@pytest.mark.parametrize("damage", ["cut short", "overwritten", "empty", "no directory"])
def test_a_damaged_directory_is_refused(damage: str, directory: Directory, target: Path) -> None:
    """A file that is not whole, or no directory at all, is told in a sentence and not half read."""
    content = target.read_bytes()
    if damage == "no directory":
        target.unlink()
        with closing(sqlite3.connect(target)) as connection:
            connection.execute("CREATE TABLE other (id)")
            connection.commit()
    else:
        target.write_bytes({"cut short": content[:-4096], "overwritten": b"x" * len(content), "empty": b""}[damage])
    with pytest.raises(UserError, match="cannot be read"):
        DirectorySource(target).current()


def test_damage_found_while_reading_is_told(directory: Directory, target: Path) -> None:
    """A page that went bad is one sentence when it is met, not a traceback."""
    content = target.read_bytes()
    target.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    with pytest.raises(UserError, match="cannot be read"):
        Directory(target).record("C1")


def test_holdings_count_each_product_of_a_customer_once(write: Write, run_import: Import, target: Path) -> None:
    """Two of the same are one; a warranty that names a product without a serial counts too; contracts do not."""
    run_import(
        write("customers.csv", "id,name", "C1,廣昕", "C2,宏昌", "C3,永泰"),
        write("products.csv", "customer_id,serial,product", "C1,S-1,POS", "C1,S-2,POS", "C1,S-3,ERP", "C2,S-4,POS"),
        write("warranties.csv", "id,customer_id,product,end", "W1,C2,ERP,2025-12-31"),
        write("contracts.csv", "number,customer_id,name,start,end", "M1,C3,維護,2025-01-01,2025-12-31"),
    )
    directory = Directory(target)
    assert directory.basket("C2") == {"POS", "ERP"}
    assert directory.basket("C3") == frozenset()
    assert directory.counted_holdings is None
    holdings = directory.holdings()
    assert directory.counted_holdings == holdings == Holdings.counted(directory.baskets())
    assert holdings.customers == 2
    assert holdings.held == {"POS": 2, "ERP": 2}
    assert holdings.together == {"POS": {"ERP": 2}, "ERP": {"POS": 2}}


def test_whose_contracts_end_is_told_to_whoever_looks_after_the_account_now(
    write: Write, run_import: Import, target: Path
) -> None:
    """An owner who left counts for their successor; a contract outside the days, or of another's account, does not."""
    run_import(
        write("customers.csv", "id,name,owner", "C1,廣昕,S1", "C2,宏昌,S2", "C3,永泰,S3", "C4,立晟,S2", "C5,順捷,"),
        write("contracts.csv", "number,customer_id,name,start,end",
            *(f"M{number},C{number},維護,2025-01-01,{end}" for number, end in
                enumerate(("2026-03-01", "2026-03-31", "2026-03-15", "2026-04-01", "2026-03-15"), start=1))),
        write("staff.csv", "id,name,slack,left_on,successor",
            "S1,周美玲,,2026-01-01,S2", "S2,許家豪,U0CHIAHAO,,", "S3,吳建宏,U0CHIENHUNG,,"),
    )  # fmt: skip
    directory, march = Directory(target), (date(2026, 3, 1), date(2026, 3, 31))
    assert directory.customers_kept_by("U0CHIAHAO", *march, date(2026, 2, 1)) == ("C1", "C2")
    assert directory.customers_kept_by("U0CHIAHAO", *march, date(2025, 12, 31)) == ("C2",)
    assert directory.customers_kept_by("U0NOBODY", *march, date(2026, 2, 1)) == ()
