"""Files as people have them: encodings, spreadsheets, JSON, one flat list, headings of their own."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from bot.errors import UserError
from storage.directory import Directory
from tests.directory.conftest import Import, Stored, Write, bad

LINES = ("客戶編號,客戶名稱,統編", "C1,廣昕精密,01234567", "C2,宏昌實業,")


@pytest.mark.parametrize(
    ("encoding", "read_as"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("big5", "cp950"),
        ("cp950", "cp950"),
    ],
)
def test_a_csv_file_is_read_in_the_encoding_it_has(
    encoding: str, read_as: str, write: Write, run_import: Import, stored: Stored
) -> None:
    """Nobody has to know the encoding of their export; what was taken is told."""
    report = run_import(write("customers.csv", *LINES, encoding=encoding))
    assert report.encodings == {"customers.csv": read_as}
    assert stored("customers", "id", "name", "tax_id") == [("C1", "廣昕精密", "01234567"), ("C2", "宏昌實業", None)]


def test_big5_with_hong_kong_characters_is_read(write: Write, run_import: Import, stored: Stored) -> None:
    """A name with a character that only HKSCS has is read whole."""
    report = run_import(write("customers.csv", "客戶名稱", "香港深水埗啫喱有限公司", encoding="big5hkscs"))
    assert report.encodings == {"customers.csv": "big5hkscs"}
    assert stored("customers", "name", "tier") == [("香港深水埗啫喱有限公司", None)]


def test_an_encoding_can_be_named(write: Write, run_import: Import, stored: Stored) -> None:
    """A file in an encoding that cannot be told from Big5 is read as its owner says."""
    run_import(write("customers.csv", "客户编号,客户名称", "C1,广昕精密", encoding="gb18030"), encoding="gb18030")
    assert stored("customers", "id", "name") == [("C1", "广昕精密")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_separator_is_found(delimiter: str, write: Write, run_import: Import, stored: Stored) -> None:
    """Commas, semicolons and tabs separate; one inside quotes does not."""
    lines = (delimiter.join(("id", "name", "aliases")), delimiter.join(("C1", '"A, B; C"', "a|b")))
    run_import(write("customers.csv", *lines))
    assert stored("customers", "id", "name") == [("C1", "A, B; C")]
    assert stored("customer_names", "kind", "name") == [("alias", "a"), ("alias", "b"), ("name", "A, B; C")]


def test_a_title_above_the_headings_and_empty_rows_do_no_harm(write: Write, run_import: Import) -> None:
    """Rows are counted as a person counts them in the file, whatever stands above the headings."""
    report = run_import(
        write("customers.csv", "客戶一覽表,,", ",,", "客戶編號,客戶名稱,時區", "C1,甲公司,", "", "C2,乙公司,Mars")
    )
    assert report.rows == {"customers.csv": 2}
    assert bad(report) == [("customers.csv", 6, "時區", "Mars", "This is not a time zone; write it like Asia/Taipei.")]


def test_line_breaks_in_a_cell_do_not_move_the_row_numbers(write: Write, run_import: Import) -> None:
    """A cell of two lines is one row, as in a spreadsheet."""
    report = run_import(write("customers.csv", "id,name,timezone", 'C1,"甲\n公司",', "C2,乙公司,Mars"))
    assert [(each.row, each.column) for each in report.bad_rows] == [(3, "timezone")]


@pytest.mark.parametrize("marked", [False, True])
def test_simplified_headings_and_bracketed_units_are_known(
    marked: bool,  # noqa: FBT001 - a parameter of the test
    write: Write,
    run_import: Import,
    stored: Stored,
) -> None:
    """A heading in simplified characters, or with a unit in brackets, is the same heading."""
    customers = write("customers.csv", "客户编号,客户名称", "C1,甲公司")
    amount = "合約金額（NT$）" if marked else "合约金额"
    run_import(customers, write("contracts.csv", f"合约编号,客户编号,{amount}", "M1,C1,9000"))
    assert stored("contracts", "number", "price", "currency") == [("M1", "9000", "TWD")]


def test_headings_that_are_no_column_are_told(write: Write, run_import: Import) -> None:
    """A column that is not used is reported, never dropped in silence."""
    assert run_import(write("customers.csv", "id,name,備註,fax", "C1,甲公司,x,y")).ignored == {
        "customers.csv": ("備註", "fax")
    }


def test_a_weaker_heading_stands_in_only_where_no_better_one_is(
    write: Write, run_import: Import, stored: Stored
) -> None:
    """With 產品名稱 the 型號 beside it is not used, and told; alone it names the product."""
    customers = write("customers.csv", "id,name", "C1,甲公司")
    report = run_import(customers, write("products.csv", "客戶編號,序號,產品名稱,型號", "C1,S1,ERP,E-7"))
    assert report.ignored == {"products.csv": ("型號",)}
    assert stored("products", "serial", "name") == [("S1", "ERP")]
    run_import(customers, write("products.csv", "客戶編號,序號,型號", "C1,S1,E-7"))
    assert stored("products", "serial", "name") == [("S1", "E-7")]


# --- workbooks


def test_a_workbook_of_several_sheets_is_read(write_xlsx: Write, run_import: Import, stored: Stored) -> None:
    """Each sheet is a table by its name; dates are dates, numbers are keys without '.0', texts keep their zeros."""
    path = write_xlsx(
        "data.xlsx",
        客戶=[["客戶編號", "客戶名稱", "統編"], [1001.0, "甲公司", "01234567"], [1002, "乙公司", 12345678]],
        保固=[
            ["客戶編號", "序號", "保固起日", "保固迄日", "零件", "剩餘次數"],
            [1001, 240001, date(2026, 1, 5), "115/12/31", True, 3],
            [1002, "000123", 46027, 1151231, "不含", None],
        ],
        說明=[["請先填客戶"], ["再填保固"]],
    )
    report = run_import(path)
    assert report.skipped == ["data.xlsx › 說明"]
    assert bad(report) == []
    assert stored("customers", "id", "name", "tax_id") == [
        ("1001", "甲公司", "01234567"),
        ("1002", "乙公司", "12345678"),
    ]
    assert stored("warranties", "serial", "start", "end", "covers_parts", "incidents_left") == [
        ("000123", "2026-01-05", "2026-12-31", 0, None),
        ("240001", "2026-01-05", "2026-12-31", 1, 3),
    ]


def test_a_number_is_a_day_count_only_where_it_can_be_one(
    write_xlsx: Write, run_import: Import, stored: Stored
) -> None:
    """990531 is 民國 99 typed without separators, not the year 4611; the last day count taken is 2199-12-31."""
    path = write_xlsx(
        "warranties.xlsx",
        warranties=[
            ["客戶名稱", "產品", "保固起日", "保固迄日"],
            ["甲公司", "A", 4384, 109574],
            ["甲公司", "B", 990531, None],
            ["甲公司", "C", None, 109575],
            ["甲公司", "D", 990531.5, None],
            ["甲公司", "E", 4383, 2958465],
        ],
    )
    short = "The year needs all its digits; a 民國 year of two digits needs 民國 before it."
    none = "This is not a date; leave it empty when the date is not on file."
    assert bad(run_import(path, skip_bad=True)) == [
        ("warranties.xlsx", 3, "保固起日", "990531", short),
        ("warranties.xlsx", 4, "保固迄日", "109575", short),
        ("warranties.xlsx", 5, "保固起日", "990531.5", none),
        ("warranties.xlsx", 6, "保固起日", "4383", none),
        ("warranties.xlsx", 6, "保固迄日", "2958465", "There is no such day."),
    ]
    assert stored("warranties", "product", "start", "end") == [("A", "1912-01-01", "2199-12-31")]


def test_zeros_that_only_the_cells_format_shows_are_kept(tmp_path: Path, run_import: Import, stored: Stored) -> None:
    """A tax id stored as a number and shown with its leading zero is read as it is shown."""
    workbook = openpyxl.Workbook()
    sheet: Any = workbook.worksheets[0]
    sheet.title = "customers"
    sheet.append(["name", "tax_id"])
    sheet.append(["甲公司", 1234567])
    sheet["B2"].number_format = "00000000"
    workbook.save(tmp_path / "customers.xlsx")
    run_import(tmp_path / "customers.xlsx")
    assert stored("customers", "id", "tax_id") == [("T-01234567", "01234567")]


def test_cells_that_a_spreadsheet_cannot_vouch_for_are_refused(write_xlsx: Write, run_import: Import) -> None:
    """An error, a formula without a stored result, and a serial that was made a date are listed by cell."""
    path = write_xlsx(
        "book.xlsx",
        customers=[["id", "name"], ["C1", "甲公司"]],
        warranties=[
            ["customer_id", "serial", "end"],
            ["C1", "S1", "#N/A"],
            ["C1", "S2", "=TODAY()"],
            ["C1", date(2026, 3, 1), None],
        ],
    )
    assert bad(run_import(path)) == [
        ("book.xlsx › warranties", 2, "end", "#N/A", "The spreadsheet itself shows an error here."),
        (
            "book.xlsx › warranties", 3, "end", "=TODAY()",
            "The formula has no stored result; open the file in the spreadsheet, save it and import again.",
        ),
        (
            "book.xlsx › warranties", 4, "serial", "2026-03-01 00:00:00",
            "The spreadsheet made a date of this; format the cell as text and type it again.",
        ),
    ]  # fmt: skip


# --- JSON


def test_json_is_read_as_a_list_or_by_table(tmp_path: Path, run_import: Import, stored: Stored) -> None:
    """An object holds a list for each table; numbers keep every digit; names may be a list."""
    path = tmp_path / "export.json"
    path.write_text(
        json.dumps(
            {
                "customers": [{"id": "C1", "name": "甲公司", "aliases": ["甲", "A Co."]}, {"id": 2, "name": "乙公司"}],
                "contracts": [
                    {"number": "M1", "customer_id": "C1", "price": 9000.10, "covers_parts": True, "end": None}
                ],
            },
            ensure_ascii=False,
        )
    )
    assert bad(run_import(path)) == []
    assert stored("customers", "id", "name") == [("2", "乙公司"), ("C1", "甲公司")]
    assert stored("customer_names", "kind", "name")[:2] == [("alias", "A Co."), ("alias", "甲")]
    assert stored("contracts", "number", "price", "covers_parts", "end") == [("M1", "9000.1", 1, None)]


def test_json_rows_are_counted_from_one(tmp_path: Path, run_import: Import) -> None:
    """The second object of a list is row 2; a list where a word belongs is refused."""
    path = tmp_path / "customers.json"
    path.write_text('[{"name": "甲公司"}, {"name": "乙公司", "tier": ["A"]}]')
    assert bad(run_import(path)) == [
        ("customers.json", 2, "tier", "['A']", "This is a list or an object where one value belongs.")
    ]


# --- one flat list


def test_one_flat_list_is_a_whole_directory(write: Write, run_import: Import, stored: Stored) -> None:
    """A person's own list, a row a product, becomes customers, contacts, products, warranties and contracts."""
    flat = write(
        "客戶清單.csv",
        "公司名稱,統編,簡稱,負責業務,窗口,電話,產品名稱,序號,驗收日,保固到期日,合約編號,合約起日,合約到期日,年費,保固零件,備註",
        "廣昕精密,12345675,廣昕,許家豪,王淑芬,02-5550-1001,MES,S1,113/05/01,114/04/30,,,,,含,老客戶",
        '廣昕精密,12345675,,許家豪,王淑芬,02-5550-1001,ERP,S2,,,M-77,2025/1/1,2025/12/31,"NT$12,000 未稅",,',
        "宏昌實業,,,,,,POS,S3,,,,,,,,",
    )
    report = run_import(flat)
    assert bad(report) == []
    assert report.ignored == {"客戶清單.csv": ("備註",)}
    assert stored("customers", "name", "tax_id", "owner") == [
        ("宏昌實業", None, None),
        ("廣昕精密", "12345675", "許家豪"),
    ]
    assert stored("contacts", "name", "phone") == [("王淑芬", "02-5550-1001")]
    assert stored("products", "serial", "name") == [("S1", "MES"), ("S2", "ERP"), ("S3", "POS")]
    assert stored("warranties", "serial", "start", "end", "basis", "covers_parts") == [
        ("S1", "2024-05-01", "2025-04-30", "acceptance", 1),
        ("S3", None, None, None, None),
    ]
    assert stored("contracts", "number", "product", "end", "price", "tax_basis") == [
        ("M-77", "ERP", "2025-12-31", "12000", "excluded")
    ]
    assert stored("staff", "id", "name") == [("許家豪", "許家豪")]


def test_a_warranty_told_in_months_ends_when_they_are_over(write: Write, run_import: Import, stored: Stored) -> None:
    """From the first day and a number of months follows the last day; an end that is written counts as it stands."""
    flat = write(
        "list.csv", "客戶名稱,序號,驗收日,保固月數,保固到期日", "甲公司,S1,114/05/01,12,",
        "甲公司,S2,114/05/01,12,115/06/30", "甲公司,S3,,12,", "甲公司,S4,114/05/01,很久,", "甲公司,S5,9999-12-01,12,",
    )  # fmt: skip
    assert bad(run_import(flat, skip_bad=True)) == [
        ("list.csv", 5, "保固月數", "很久", "This is not a number of months from 1 to 1,200."),
        ("list.csv", 6, "保固月數", "12", "There is no such day."),
    ]
    assert stored("warranties", "serial", "start", "end") == [
        ("S1", "2025-05-01", "2026-04-30"), ("S2", "2025-05-01", "2026-06-30"), ("S3", None, None),
    ]  # fmt: skip
    own = write("warranties.csv", "customer_name,serial,start,months", "甲公司,S1,2026-01-01,24")
    assert bad(run_import(own)) == []
    assert stored("warranties", "serial", "end") == [("S1", "2027-12-31")]


def test_made_up_ids_are_the_same_at_every_import(write: Write, run_import: Import, stored: Stored) -> None:
    """Cases point to customers by id, so an id made of the tax id or the name does not change from import to import."""
    one = write("a.csv", "客戶名稱,統編,保固迄日", "甲公司,12345675,2026-01-01", "乙公司,,2026-01-01")
    run_import(one)
    before = stored("customers", "name", "id")
    other = write(
        "a.csv", "客戶名稱,統編,保固迄日", "丙公司,,2026-01-01", "乙 公司,,2026-01-01", "甲公司,12345675,2027-01-01"
    )
    run_import(other)
    assert {id_ for _, id_ in before} < {id_ for _, id_ in stored("customers", "name", "id")}
    assert ("甲公司", "T-12345675") in before


def test_contracts_without_a_number_stay_apart(write: Write, run_import: Import, stored: Stored, target: Path) -> None:
    """Two periods for the same product are two contracts with two prices, and no file's own number is taken twice."""
    contracts = write(
        "contracts.csv", "客戶編號,客戶名稱,合約編號,產品,起日,迄日,金額", "C1,甲公司,,ERP,2025-01-01,2025-12-31,8000",
        "C1,甲公司,,ERP,2026-01-01,2026-12-31,9000", "C2,乙公司,,ERP,2026-01-01,2026-12-31,7000",
        "C2,乙公司,C1#1,ERP,2026-01-01,2026-12-31,6000",
    )  # fmt: skip
    assert bad(run_import(contracts)) == []
    assert stored("contracts", "customer_id", "number", "end", "price") == [
        ("C1", "C1#1'", "2025-12-31", "8000"), ("C1", "C1#2", "2026-12-31", "9000"),
        ("C2", "C1#1", "2026-12-31", "6000"), ("C2", "C2#1", "2026-12-31", "7000"),
    ]  # fmt: skip
    record = Directory(target).record("C1")
    assert record
    assert [each.price.amount for each in record.contracts if each.price] == [8000, 9000]


def test_a_contract_without_a_number_told_twice_is_one(write: Write, run_import: Import, stored: Stored) -> None:
    """A list with a row for each contact says the same of the contract each time; another name is another contract."""
    flat = write(
        "list.csv", "客戶名稱,窗口,合約名稱,合約迄日", "甲公司,王小明,MA,2026-12-31", "甲公司,李小華,MA,2026-12-31",
        "甲公司,李小華,到府,2026-12-31",
    )  # fmt: skip
    assert bad(run_import(flat)) == []
    assert [name for name, _ in stored("contracts", "name", "number")] == ["MA", "到府"]
    assert [name for name, _ in stored("contacts", "name", "phone")] == ["李小華", "王小明"]


def test_a_list_of_contracts_alone_makes_its_customers(write: Write, run_import: Import, stored: Stored) -> None:
    """Where no file lists the customers, the rows that name them do."""
    contracts = write(
        "維護合約.csv", "客戶名稱,統編,合約編號,起日,迄日,金額", "甲公司,12345675,M1,2026-01-01,2026-12-31,9000"
    )
    assert bad(run_import(contracts)) == []
    assert stored("customers", "id", "name") == [("T-12345675", "甲公司")]
    assert stored("contracts", "number", "customer_id", "end") == [("M1", "T-12345675", "2026-12-31")]


def test_a_file_without_a_telling_name_is_known_by_its_columns(
    write: Write, run_import: Import, stored: Stored
) -> None:
    """export1.csv may be anything; its headings say what it is."""
    files = (
        write("export1.csv", "客戶編號,客戶名稱,等級", "C1,甲公司,A"),
        write("export2.csv", "客戶編號,合約編號,起日,迄日", "C1,M1,2026-01-01,2026-12-31"),
        write("export3.csv", "客戶編號,序號,起日,迄日", "C1,S1,2026-01-01,2026-12-31"),
        write("export4.csv", "客戶編號,聯絡人,電話", "C1,王小明,02-5550-0000"),
        write("export5.csv", "員工編號,姓名,離職日,接手人", "E1,周美玲,2026-01-01,E2", "E2,許家豪,,"),
        write("export6.csv", "服務代碼,服務名稱,單價", "V1,遠端,3500"),
        write("export7.csv", "客戶編號,序號,產品", "C1,S2,ERP"),
    )
    report = run_import(*files)
    assert bad(report) == []
    assert {table: count for table, count in report.written.items() if table != "customer_names"} == {
        "customers": 1, "contracts": 1, "warranties": 1, "contacts": 1, "staff": 2, "service_prices": 1, "products": 2,
    }  # fmt: skip
    assert stored("staff", "id", "successor") == [("E1", "E2"), ("E2", None)]


def test_what_is_covered_belongs_to_the_coverage_that_the_row_has(
    write: Write, run_import: Import, stored: Stored
) -> None:
    """In a list with contracts and warranties, 工資 is of whichever the row has; of both, it cannot be told."""
    flat = write(
        "list.csv", "客戶名稱,序號,保固迄日,合約編號,合約迄日,工資", "甲公司,S1,2026-01-01,,,Y",
        "甲公司,S2,,M1,2026-01-01,N", "甲公司,S3,2026-01-01,M2,2026-01-01,Y",
    )  # fmt: skip
    report = run_import(flat, skip_bad=True)
    assert bad(report) == [
        (
            "list.csv", 4, "工資", "",
            "The row has a contract and a warranty; put 合約 or 保固 before the heading to tell whose it is.",
        )
    ]  # fmt: skip
    assert stored("warranties", "serial", "covers_labour") == [("S1", 1)]
    assert stored("contracts", "number", "covers_labour") == [("M1", 0)]


# --- mapping files


def test_a_mapping_file_names_headings_of_ones_own(write: Write, run_import: Import, stored: Stored) -> None:
    """Headings that nobody could guess are read as the mapping file says, also against a heading that looks known."""
    flat = write("list.csv", "甲方,客戶名稱,起保,迄保", "廣昕精密,總公司,2026-01-01,2026-12-31")
    mapping = write(
        "map.yml", "customers: {name: 甲方, aliases: 客戶名稱}", "warranties:", "  start: 起保", "  end: 迄保"
    )
    assert bad(run_import(flat, mapping=mapping)) == []
    assert stored("customer_names", "kind", "name") == [("alias", "總公司"), ("name", "廣昕精密")]
    assert stored("warranties", "start", "end") == [("2026-01-01", "2026-12-31")]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("clients: {name: x}", "map.yml, line 2: there is no table clients."),
        ("customers: {nmae: x}", "map.yml, line 2: customers has no column nmae."),
        ("customers: {name: 別處}", "map.yml, line 2: no sheet of customers has a column 別處."),
        ("customers: [name]", "map.yml, line 2: tables and columns are expected here."),
        ("customers: {name: [a]}", "map.yml, line 2: one name is expected here."),
        ("customers: {tier: fax, tier: name}", "map.yml, line 2: tier of customers is there twice."),
        ("customers: {name: a", "map.yml is not YAML in line 3."),
    ],
)
def test_a_slip_in_a_mapping_file_is_told_with_its_line(line: str, what: str, write: Write, run_import: Import) -> None:
    """A typo in the mapping file stops the import with the file and the line, and nothing is read past it."""
    with pytest.raises(UserError) as refused:
        run_import(write("customers.csv", "name,fax", "甲公司,1"), mapping=write("map.yml", "# ours", line))
    assert refused.value.what == what


# --- files that cannot be read


@pytest.mark.parametrize(
    ("name", "lines", "what"),
    [
        ("customers.xls", ("x",), "customers.xls is not a CSV, XLSX or JSON file."),
        ("customers.xlsx", ("x",), "customers.xlsx is not an XLSX workbook that can be read."),
        (
            "customers.json", ("[{]",),
            "customers.json is not JSON: Expecting property name enclosed in double quotes in line 1, column 3.",
        ),
        (
            "customers.json", ("3",),
            "customers.json is neither a list of rows nor an object with a list for each table.",
        ),
        ("customers.json", ("[3]",), "Row 1 of customers.json is not an object."),
        ("unknown.csv", ("foo,bar", "1,2"), "Nothing is recognised in unknown.csv: no headings that we know."),
        ("customers.csv", (), "Nothing is recognised in customers.csv: no headings that we know."),
        (
            "customers.csv", ("客戶名稱,公司名稱", "a,b"),
            "customers.csv: the columns 客戶名稱 and 公司名稱 both read as name of customers.",
        ),
        ("customers.csv", ("客戶編號,等級", "1,A"), "customers.csv has no column for the name of customers."),
        ("contacts.csv", ("姓名,電話", "王小明,1"), "contacts.csv has no column that names the customer."),
        (
            "customers.csv", ("name", '"甲公司', "乙公司"),
            "customers.csv cannot be split into cells after row 1: unexpected end of data.",
        ),
        (
            "list.csv", ("客戶名稱,合約編號,保固迄日,起日", "甲,M1,,"),
            "list.csv: the column 起日 may be the contract's or the warranty's.",
        ),
        ("customers.csv", ("name",), "There is no customer in these files, so the directory stays as it is."),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_gets_one_sentence(
    name: str, lines: tuple[str, ...], what: str, write: Write, run_import: Import, target: Path
) -> None:
    """Whatever is wrong with a whole file is one sentence, and nothing is written."""
    with pytest.raises(UserError) as refused:
        run_import(write(name, *lines))
    assert refused.value.what == what
    assert not target.exists()


def test_a_missing_file_gets_one_sentence(tmp_path: Path, run_import: Import) -> None:
    """A name that leads nowhere is told."""
    for name in ("customers.csv", "customers.xlsx", "customers.json"):
        with pytest.raises(UserError, match="cannot be read: No such file or directory"):
            run_import(tmp_path / name)
