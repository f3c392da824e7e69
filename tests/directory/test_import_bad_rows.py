"""What is refused, and how it is told: file, row, column, value and reason."""

from pathlib import Path

import pytest

from storage.importing import ImportReport
from tests.directory.conftest import Import, Stored, Write, bad

HEAD = "客戶編號,客戶名稱,統編,負責業務"


def test_a_customer_without_any_name_is_refused(write: Write, run_import: Import) -> None:
    """A row that names no customer in any way cannot be taken in."""
    customers = write("customers.csv", "id,name,tier", "C1,甲公司,A", ",,B")
    assert bad(run_import(customers)) == [
        ("customers.csv", 3, "id", "", "No customer is named: give an id, a tax id or a name.")
    ]


def test_a_customer_with_an_id_alone_misses_its_name(write: Write, run_import: Import) -> None:
    """An id is no name; the row is listed under the heading that is empty."""
    customers = write("customers.csv", "id,name", "C1,甲公司", "C2,")
    assert bad(run_import(customers)) == [("customers.csv", 3, "name", "", "This is needed but is empty.")]


def test_rows_for_unknown_customers_are_refused(write: Write, run_import: Import) -> None:
    """Whatever belongs to a customer who is in none of the files is listed under what names the customer."""
    customers = write("customers.csv", HEAD, "C1,甲公司,12345675,")
    contracts = write("contracts.csv", "合約編號,客戶編號,起日,迄日", "M1,C9,2026-01-01,2026-12-31")
    contacts = write("contacts.csv", "客戶名稱,姓名", "乙公司,王小明")
    products = write("products.csv", "統編,序號,產品", "99999999,S1,ERP")
    assert bad(run_import(customers, contracts, contacts, products)) == [
        ("contracts.csv", 2, "客戶編號", "C9", "There is no such customer in these files."),
        ("contacts.csv", 2, "客戶名稱", "乙公司", "There is no such customer in these files."),
        ("products.csv", 2, "統編", "99999999", "There is no such customer in these files."),
    ]


def test_a_row_that_names_two_customers_is_refused(write: Write, run_import: Import) -> None:
    """Id and name that lead to different customers are never settled by guessing."""
    customers = write("customers.csv", HEAD, "C1,甲公司,,", "C2,乙公司,,")
    contacts = write("contacts.csv", "客戶編號,客戶名稱,姓名", "C1,乙公司,王小明")
    assert bad(run_import(customers, contacts)) == [
        ("contacts.csv", 2, "客戶編號", "C1", "The row names two different customers: C1 and C2.")
    ]


def test_a_name_that_two_customers_bear_is_refused(write: Write, run_import: Import) -> None:
    """A row that names its customer by a name of two asks for the id."""
    customers = write("customers.csv", HEAD, "C1,甲公司,,", "C2,甲公司,,")
    contacts = write("contacts.csv", "客戶名稱,姓名", "甲公司,王小明")
    assert bad(run_import(customers, contacts)) == [
        ("contacts.csv", 2, "客戶名稱", "甲公司", "More than one customer goes by this; give the customer's id.")
    ]


def test_an_end_before_the_start_is_refused(write: Write, run_import: Import) -> None:
    """A coverage that ends before it starts is a slip of whoever typed it."""
    customers = write("customers.csv", HEAD, "C1,甲公司,,")
    warranties = write(
        "warranties.csv", "客戶編號,序號,保固起日,保固迄日", "C1,S1,114/06/01,114/05/31", "C1,S2,114/06/01,114/06/01"
    )
    assert bad(run_import(customers, warranties)) == [
        ("warranties.csv", 2, "保固迄日", "2025-05-31", "The end is before the start, 2025-06-01.")
    ]


def test_every_wrong_cell_of_a_row_is_listed_at_once(write: Write, run_import: Import) -> None:
    """One look at the list is enough to mend the row."""
    customers = write("customers.csv", HEAD, "C1,甲公司,,")
    contracts = write(
        "contracts.csv",
        "合約編號,客戶編號,起日,迄日,金額,零件,剩餘次數,回應時間",
        "M1,C1,2026-02-30,2026/6,-5,也許,很多,快",
    )
    assert bad(run_import(customers, contracts)) == [
        ("contracts.csv", 2, "剩餘次數", "很多", "This is not a whole number."),
        ("contracts.csv", 2, "回應時間", "快", "This is not a number of hours."),
        ("contracts.csv", 2, "起日", "2026-02-30", "There is no such day."),
        ("contracts.csv", 2, "迄日", "2026/6", "This is not a date; leave it empty when the date is not on file."),
        ("contracts.csv", 2, "金額", "-5", "This cannot be less than zero."),
        ("contracts.csv", 2, "零件", "也許", "This is neither yes nor no; leave it empty when the file does not say."),
    ]  # fmt: skip


def test_two_owners_of_one_customer_are_refused(write: Write, run_import: Import) -> None:
    """The same customer twice with different owners: the second row is listed and names the first."""
    customers = write("customers.csv", HEAD, "C1,甲公司,,許家豪", "C2,乙公司,,吳建宏", "C1,甲公司,,吳建宏")
    assert bad(run_import(customers)) == [
        (
            "customers.csv", 4, "負責業務", "吳建宏",
            "customers.csv row 2 names another account owner for this customer: 許家豪.",
        )
    ]  # fmt: skip


def test_one_customer_told_in_two_ways_is_refused(write: Write, run_import: Import) -> None:
    """The same id with other data is a contradiction; with the same data, or less of it, it is not."""
    customers = write(
        "customers.csv", HEAD, "C1,甲公司,12345675,", "C1,甲公司,,", "C1,甲 公司,12345675,", "C1,甲公司,87654321,"
    )
    assert bad(run_import(customers)) == [
        (
            "customers.csv",
            5,
            "統編",
            "87654321",
            "customers.csv row 2 says something different about the same one: 12345675.",
        )
    ]


def test_a_duplicate_serial_is_refused(write: Write, run_import: Import) -> None:
    """A serial stands for one product; full width or half width is the same serial."""
    customers = write("customers.csv", HEAD, "C1,甲公司,,", "C2,乙公司,,")
    products = write("products.csv", "客戶編號,序號,產品", "C1,S-1,ERP", "C2,Ｓ－１,POS")
    assert bad(run_import(customers, products)) == [
        ("products.csv", 3, "序號", "S-1", "This serial is already in products.csv row 2.")
    ]


def test_a_warranty_for_another_customers_serial_is_refused(write: Write, run_import: Import) -> None:
    """A serial that is on file with one customer cannot have another customer's warranty."""
    customers = write("customers.csv", HEAD, "C1,甲公司,,", "C2,乙公司,,")
    products = write("products.csv", "客戶編號,序號,產品", "C1,S-1,ERP")
    warranties = write("warranties.csv", "客戶編號,序號,保固起日,保固迄日", "C2,S-1,2026-01-01,2026-12-31")
    assert bad(run_import(warranties, products, customers)) == [
        ("warranties.csv", 2, "序號", "S-1", "In products.csv row 2 this serial belongs to another customer.")
    ]


def test_a_warranty_that_is_there_twice_is_refused(write: Write, run_import: Import) -> None:
    """The same serial with the same dates is a row copied by mistake; other dates are another warranty."""
    customers = write("customers.csv", HEAD, "C1,甲公司,,")
    warranties = write(
        "warranties.csv", "客戶編號,序號,起日,迄日", "C1,S1,2024-01-01,2024-12-31", "C1,S1,2025-01-01,2025-12-31",
        "C1,S1,2024-01-01,2024-12-31",
    )  # fmt: skip
    assert bad(run_import(customers, warranties)) == [
        ("warranties.csv", 4, "序號", "S1", "This serial is already in warranties.csv row 2.")
    ]


def test_a_contract_number_of_two_customers_or_two_prices_is_refused(write: Write, run_import: Import) -> None:
    """A contract has one customer and one price, however many products it covers."""
    customers = write("customers.csv", HEAD, "C1,甲公司,,", "C2,乙公司,,")
    contracts = write(
        "contracts.csv",
        "合約編號,客戶編號,產品,起日,迄日,金額",
        "M1,C1,ERP,2026-01-01,2026-12-31,9000",
        "M1,C1,POS,2026-01-01,2026-12-31,9000",
        "M1,C1,MES,2026-01-01,2026-12-31,8000",
        "M1,C2,HRM,2026-01-01,2026-12-31,9000",
        "M1,C1,ERP,2026-01-01,2026-12-31,9000",
    )
    assert bad(run_import(customers, contracts)) == [
        ("contracts.csv", 4, "金額", "8000", "contracts.csv row 2 says something different about the same one: 9000."),
        ("contracts.csv", 5, "合約編號", "M1", "In contracts.csv row 2 this contract belongs to another customer."),
        ("contracts.csv", 6, "合約編號", "M1", "This is already in contracts.csv row 2."),
    ]


def test_an_owner_who_is_not_on_the_staff_is_refused(write: Write, run_import: Import) -> None:
    """Where the staff is listed, an owner is one of them, by id, name or e-mail address; two of a name need the id."""
    staff = write("staff.csv", "id,name,email", "S1,許家豪,hsu@kapok.example", "S2,林怡君,", "S3,林怡君,")
    customers = write(
        "customers.csv", HEAD, "C1,甲公司,,S1", "C2,乙公司,,HSU@kapok.example", "C3,丙公司,,許家豪",
        "C4,丁公司,,王大明", "C5,戊公司,,林怡君",
    )  # fmt: skip
    assert bad(run_import(staff, customers)) == [
        (
            "customers.csv",
            5,
            "負責業務",
            "王大明",
            "Nobody on the staff has this id, name or e-mail address.",
        ),
        ("customers.csv", 6, "負責業務", "林怡君", "More than one colleague goes by this; give the id."),
    ]


def test_successors_that_are_unknown_or_go_in_circles_are_refused(write: Write, run_import: Import) -> None:
    """Following the successors has to end at somebody."""
    customers = write("customers.csv", HEAD, "C1,甲公司,,")
    staff = write(
        "staff.csv", "id,name,left_on,successor", "S1,甲,2026-01-01,S2", "S2,乙,2026-01-02,S3", "S3,丙,2026-01-03,S2",
        "S4,丁,2026-01-04,S9", "S5,戊,,S5",
    )  # fmt: skip
    assert bad(run_import(customers, staff)) == [
        ("staff.csv", 3, "successor", "S3", "The successors go round in a circle: S2 → S3 → S2."),
        ("staff.csv", 4, "successor", "S2", "The successors go round in a circle: S2 → S3 → S2."),
        ("staff.csv", 5, "successor", "S9", "Nobody on the staff has this id, name or e-mail address."),
        ("staff.csv", 6, "successor", "S5", "The successors go round in a circle: S5 → S5."),
    ]


def test_broken_characters_are_refused_row_by_row(tmp_path: Path, run_import: Import) -> None:
    """A file that is UTF-8 but for one broken row keeps its other rows; the broken one is listed."""
    path = tmp_path / "customers.csv"
    path.write_bytes("id,name\nC1,廣昕精密\nC2,宏".encode() + b"\xe6\x98" + "實業\nC3,永泰\nC4,壞\ufffd字\n".encode())
    assert bad(run_import(path)) == [
        ("customers.csv", 3, "name", "宏��實業", "Some characters cannot be read in utf-8."),
        ("customers.csv", 5, "name", "壞�字", "Some characters cannot be read in utf-8."),
    ]


def test_a_row_with_more_cells_than_headings_is_refused(write: Write, run_import: Import) -> None:
    """A comma in a name without quotes moves every cell after it; such a row is not taken apart by guessing."""
    customers = write("customers.csv", "id,name,tier", "C1,Kapok Co., Ltd.,A", "C2,乙公司,A,,")
    assert bad(run_import(customers)) == [
        (
            "customers.csv", 2, None, "A",
            "The row has more cells than the header; a separator inside a value needs quotes.",
        )
    ]  # fmt: skip


def test_a_code_or_staff_id_that_is_there_twice_is_refused(write: Write, run_import: Import) -> None:
    """A key stands for one thing; the very same row twice does no harm among the staff."""
    customers = write("customers.csv", HEAD, "C1,甲公司,,")
    prices = write("service_prices.csv", "code,name,price", "A,遠端,100", "A,到府,200")
    staff = write("staff.csv", "id,name", "S1,許家豪", "S1,許家豪", "S1,吳建宏")
    assert bad(run_import(customers, prices, staff)) == [
        ("service_prices.csv", 3, "code", "A", "This is already in service_prices.csv row 2."),
        ("staff.csv", 4, "id", "S1", "This is already in staff.csv row 2."),
    ]


def test_currencies_and_taxes_that_disagree_are_refused(write: Write, run_import: Import) -> None:
    """The amount and the columns beside it say the same, or the row is listed."""
    customers = write("customers.csv", HEAD, "C1,甲公司,,")
    contracts = write(
        "contracts.csv", "合約編號,客戶編號,金額,幣別,稅別", "M1,C1,US$5,TWD,", "M2,C1,500 含稅,,未稅",
        "M3,C1,500 含稅,TWD,含稅",
    )  # fmt: skip
    assert bad(run_import(customers, contracts)) == [
        ("contracts.csv", 2, "幣別", "TWD", "The amount and the column name different currencies."),
        ("contracts.csv", 3, "稅別", "excluded", "The amount and the column disagree about the tax."),
    ]


def test_several_first_days_need_a_basis(write: Write, run_import: Import, stored: Stored) -> None:
    """With a day of delivery and another of acceptance, the basis says which one counts, or the row is listed."""
    customers = write("customers.csv", HEAD, "C1,甲公司,,")
    warranties = write(
        "warranties.csv", "客戶編號,序號,交貨日,驗收日,迄日,起算基準", "C1,S1,2026-01-01,2026-02-01,2027-01-31,",
        "C1,S2,2026-01-01,2026-02-01,2027-01-31,驗收",
    )  # fmt: skip
    report = run_import(customers, warranties, skip_bad=True)
    assert bad(report) == [
        (
            "warranties.csv", 2, "交貨日", "",
            "Several dates could be the start; say in the column basis which one counts.",
        )
    ]  # fmt: skip
    assert stored("warranties", "serial", "start", "basis") == [("S2", "2026-02-01", "acceptance")]


def test_a_coverage_without_a_serial_that_is_there_twice_is_refused(write: Write, run_import: Import) -> None:
    """The very same row twice is told by what it has."""
    flat = write("list.csv", "客戶名稱,產品,保固迄日", "甲公司,ERP,2026-01-01", "甲公司,ERP,2026-01-01")
    dates = write("dates.csv", "客戶名稱,保固迄日", "乙公司,2026-01-01", "乙公司,2026-01-01")
    assert bad(run_import(flat, dates)) == [
        ("list.csv", 3, "產品", "ERP", "This is already in list.csv row 2."),
        ("dates.csv", 3, "保固迄日", "2026-01-01", "This is already in dates.csv row 2."),
    ]


# --- what happens to them


@pytest.fixture
def partly_bad(write: Write) -> tuple[Path, ...]:
    """A good customer, and one whose row is bad and on whom three other rows stand."""
    return (
        write("customers.csv", "id,name,timezone", "C1,甲公司,", "C2,乙公司,Formosa"),
        write("contacts.csv", "customer_id,name", "C1,王小明", "C2,李小華"),
        write("contracts.csv", "number,customer_id,serial", "M1,C1,S1", "M2,C2,S2"),
        write("warranties.csv", "customer_id,serial,start,end", "C1,S1,,2026-12-31", "C2,S2,,2026-12-31"),
    )


def test_nothing_is_swapped_in_when_a_row_is_bad(
    partly_bad: tuple[Path, ...], run_import: Import, target: Path
) -> None:
    """By default one bad row keeps the new directory out, and only what has to be mended is listed."""
    report = run_import(*partly_bad)
    assert not report.swapped_in
    assert not target.exists()
    assert list(target.parent.iterdir()) == []
    assert bad(report) == [
        ("customers.csv", 3, "timezone", "Formosa", "This is not a time zone; write it like Asia/Taipei.")
    ]


def test_skipping_bad_rows_leaves_out_what_stands_on_them(
    partly_bad: tuple[Path, ...], run_import: Import, stored: Stored
) -> None:
    """The rest is taken in; rows of a customer that was left out are left out too, and listed."""
    report = run_import(*partly_bad, skip_bad=True)
    assert report.swapped_in
    assert report.left_out == 4
    assert bad(report)[1:] == [
        (name, 3, "customer_id", "C2", "Its customer was left out.")
        for name in ("contacts.csv", "contracts.csv", "warranties.csv")
    ]
    assert stored("customers", "id", "name") == [("C1", "甲公司")]
    assert stored("contacts", "name", "customer_id") == [("王小明", "C1")]
    assert stored("products", "serial", "customer_id") == [("S1", "C1")]
    assert stored("warranties", "id", "serial") == [("W-S1", "S1")]


def test_nothing_is_swapped_in_when_every_customer_is_bad(write: Write, run_import: Import, target: Path) -> None:
    """Skipping bad rows never leaves an empty directory in place; the list says why."""
    report = run_import(write("customers.csv", "id,name,timezone", "C1,甲公司,Mars"), skip_bad=True)
    assert not report.swapped_in
    assert len(report.bad_rows) == 1
    assert not target.exists()


def test_owners_who_were_left_out_leave_their_customers_out(write: Write, run_import: Import, stored: Stored) -> None:
    """A customer whose owner's row is bad is left out with it, not kept without an owner."""
    staff = write("staff.csv", "id,name,left_on", "S1,許家豪,", "S2,吳建宏,昨天")
    customers = write("customers.csv", HEAD, "C1,甲公司,,許家豪", "C2,乙公司,,吳建宏")
    report = run_import(staff, customers, skip_bad=True)
    assert bad(report)[1:] == [("customers.csv", 3, "負責業務", "吳建宏", "The colleague's own row was left out.")]
    assert stored("customers", "id", "owner") == [("C1", "S1")]


def test_a_bad_row_of_a_flat_sheet_leaves_nothing_behind(write: Write, run_import: Import, stored: Stored) -> None:
    """A row that is found bad for its serial takes its customer along when no other row names that customer."""
    flat = write(
        "清單.csv", "客戶名稱,產品,序號,保固起日,保固迄日", "甲公司,ERP,S1,2026-01-01,2026-12-31",
        "乙公司,ERP,S1,2026-01-01,2026-12-31", "丙公司,POS,S2,2026-01-01,2026-12-31",
    )  # fmt: skip
    report: ImportReport = run_import(flat, skip_bad=True)
    assert bad(report) == [("清單.csv", 3, "序號", "S1", "In 清單.csv row 2 this serial belongs to another customer.")]
    assert report.left_out == 1
    assert [name for name, _ in stored("customers", "name", "id")] == ["丙公司", "甲公司"]
