"""Finding a customer in a small directory, written as a person types."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path

import opencc
import pytest
import sqlite_utils
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bot.found import Found, Match
from bot.names import parse
from storage.search import Finder
from storage.search_index import build_search_index


def make_directory(path: Path | str, customers: Mapping[str, Mapping[str, object]]) -> Finder:
    """A directory with these customers, by id, and a real index."""
    db = sqlite_utils.Database(path)
    db.create_table("customers", {"id": str, "name": str, "name_en": str, "tax_id": str}, pk="id")
    db.create_table("customer_names", {"customer_id": str, "name": str, "kind": str})
    db.create_table("products", {"serial": str, "customer_id": str, "name": str}, pk="serial")
    db.create_table("contracts", {"number": str, "customer_id": str}, pk="number")
    for customer_id, fields in customers.items():
        customer = {key: fields.get(key) for key in ("name", "name_en", "tax_id")}
        db.table("customers").insert({"id": customer_id, **customer})
        names = [(fields.get("name"), "name"), (fields.get("name_en"), "name_en")]
        names += [(alias, "alias") for alias in _listed(fields, "aliases")]
        db.table("customer_names").insert_all(
            {"customer_id": customer_id, "name": name, "kind": kind} for name, kind in names if name is not None
        )
        db.table("products").insert_all(
            {"serial": serial, "customer_id": customer_id, "name": "ERP"} for serial in _listed(fields, "serials")
        )
        db.table("contracts").insert_all(
            {"number": number, "customer_id": customer_id} for number in _listed(fields, "contracts")
        )
    build_search_index(db, lambda _: None)
    return Finder(db.conn)


def _listed(fields: Mapping[str, object], key: str) -> list[object]:
    listed = fields.get(key, [])
    assert isinstance(listed, list)
    return listed


CUSTOMERS: dict[str, dict[str, object]] = {
    "C001": {
        "name": "宏昌實業股份有限公司",
        "name_en": "Hong Chang Industrial Co., Ltd.",
        "tax_id": "12345675",
        "aliases": ["宏實"],
        "serials": ["ERP-2024-00017"],
        "contracts": ["MC-113-0001"],
    },
    "C002": {"name": "宏昌興業有限公司", "tax_id": "23456789", "aliases": ["老宏昌"]},
    "C003": {
        "name": "台灣積體電路製造股份有限公司",
        "name_en": "Taiwan Semiconductor Manufacturing Company Limited",
        "aliases": ["台積電", "TSMC", "GG"],
    },
    "C004": {"name": "臺中精機廠股份有限公司", "name_en": "Victor Taichung Machinery", "aliases": ["精機"]},
    "C005": {"name": "台中精密企業社", "aliases": ["精機"]},
    "C006": {"name": "中華電信股份有限公司", "name_en": "Chunghwa Telecom", "aliases": ["CHT"]},
    "C007": {"name": "McDonald's 台灣", "name_en": "Café Formosa & Sons"},
    "C008": {"name": "永豐餘消費品實業", "name_en": "Formosa Plastics Corporation"},
    "C009": {"name": "大豐達科技股份有限公司"},
    "C010": {"name": "大豐遠科技股份有限公司"},
    "C011": {"name": "🚀"},
    "C012": {"name": "程奧工業股份有限公司"},
}


@pytest.fixture(scope="module")
def finder(tmp_path_factory: pytest.TempPathFactory) -> Finder:
    """The customers above."""
    return make_directory(tmp_path_factory.mktemp("directory") / "directory.db", CUSTOMERS)


def ids(found: Found) -> list[str]:
    """Who was found, best first."""
    return [candidate.id for candidate in found.candidates]


@pytest.mark.parametrize(
    ("query", "customer"),
    [
        ("宏昌實業股份有限公司", "C001"),
        ("宏昌實業", "C001"),
        ("宏昌興業", "C002"),
        ("宏昌实业", "C001"),
        ("hong chang industrial", "C001"),
        ("ＨＯＮＧ　ＣＨＡＮＧ　ＩＮＤＵＳＴＲＩＡＬ", "C001"),
        ("HongChang Industrial Co Ltd", "C001"),
        ("宏實", "C001"),
        ("12345675", "C001"),
        ("１２３４５６７５", "C001"),
        ("erp202400017", "C001"),
        ("ERP-2024-00017", "C001"),
        ("mc-113-0001", "C001"),
        ("c001", "C001"),
        ("台積電", "C003"),
        ("台积电", "C003"),
        ("臺積電", "C003"),
        ("tsmc", "C003"),
        ("ＴＳＭＣ", "C003"),
        ("台中精機廠", "C004"),
        ("mcdonalds 台灣", "C007"),
        ("cafe formosa and sons", "C007"),
        ("🚀", "C011"),
    ],
)
def test_what_names_one_customer_answers_at_once(finder: Finder, query: str, customer: str) -> None:
    """Whatever names exactly one customer, in any script, width or case, is that customer."""
    found = finder.find(query)
    assert (found.match, ids(found)) == (Match.ONE, [customer])


@pytest.mark.parametrize(
    ("query", "customer"),
    [
        ("台灣積體電", "C003"),
        ("積體電路", "C003"),
        ("宏昌實業股份有", "C001"),
        ("宏昌實業股份有限公同", "C001"),
        ("Chungwha Telecom", "C006"),
        ("Formosa Plastic", "C008"),
        ("Fromosa Plastics", "C008"),
        ("永豐餘", "C008"),
        ("永豐餘消費實業", "C008"),
        ("程奧工頁", "C012"),
        ("程奧業", "C012"),
    ],
)
def test_half_typed_or_misspelt_with_nothing_else_near_answers_at_once(
    finder: Finder, query: str, customer: str
) -> None:
    """A name that is half there or slightly wrong is clear when no other customer is near."""
    found = finder.find(query)
    assert (found.match, ids(found)) == (Match.ONE, [customer])


@pytest.mark.parametrize(
    ("query", "customers"),
    [
        ("宏昌", {"C001", "C002"}),
        ("宏昌業", {"C001", "C002"}),
        ("精機", {"C004", "C005"}),
        ("大豐科技", {"C009", "C010"}),
        ("大豐連科技", {"C009", "C010"}),
    ],
)
def test_two_customers_that_fit_are_asked_about(finder: Finder, query: str, customers: set[str]) -> None:
    """The finder never guesses between two customers."""
    found = finder.find(query)
    assert found.match is Match.MANY
    assert set(ids(found)[:2]) == customers


@pytest.mark.parametrize(
    "query", ["12345676", "1234567", "123456755", "12345657", "ERP-2024-00018", "MC-113-0002", "C013"]
)
def test_an_identifier_with_one_wrong_character_is_only_offered(finder: Finder, query: str) -> None:
    """Identifiers identify: a near one is offered and never taken."""
    found = finder.find(query)
    assert found.match is not Match.ONE


def test_the_nearest_identifier_is_offered_first(finder: Finder) -> None:
    """Who mistypes a tax id sees the customer who may be meant."""
    found = finder.find("12345676")
    assert (found.match, ids(found)[0]) == (Match.NONE, "C001")


def test_digits_that_begin_both_a_name_and_a_tax_id_are_asked_about(tmp_path: Path) -> None:
    """A number half typed may be a tax id or a name made of digits."""
    finder = make_directory(
        tmp_path / "directory.db", {"C1": {"name": "10450 Cloud"}, "C2": {"name": "宏昌實業", "tax_id": "10450123"}}
    )
    found = finder.find("10450")
    assert (found.match, set(ids(found))) == (Match.MANY, {"C1", "C2"})


def test_a_connection_that_makes_rows_of_its_own_answers_the_same(tmp_path: Path) -> None:
    """The finder shares its connection with readers that want rows by column name."""
    make_directory(tmp_path / "directory.db", CUSTOMERS)
    connection = sqlite3.connect(tmp_path / "directory.db")
    connection.row_factory = sqlite3.Row
    answers = [Finder(connection).find(query).match for query in ("宏昌實業", "宏昌", "積體電路", "12345676")]
    connection.close()
    assert answers == [Match.ONE, Match.MANY, Match.ONE, Match.NONE]


@pytest.mark.parametrize(
    "query",
    [
        "中華電視",
        "大昌實業",
        "中華電力",
        "程奧工程",
        "Formosa Optics",
        "宏昌科技",
        "科技",
        "台灣",
        "中",
        "遠東百貨",
        "Zebra Holdings",
    ],
)
def test_a_name_that_is_not_on_file_is_nobody(finder: Finder, query: str) -> None:
    """A company that is not a customer is never taken for one that is."""
    assert finder.find(query).match is not Match.ONE


@pytest.mark.parametrize(
    "query",
    [
        "",
        " ",
        "\x00",
        "\ud800",
        "😀😀😀",
        "!!!",
        "'; DROP TABLE customers; --",
        '" OR * NEAR(a b) NOT ^grams:',
        "宏昌\x00實業" * 900,
        "a" * 10_000,
        "1" * 10_000,
        "ab " * 4_000,
        "ﷺ" * 10_000,
        "<@U123|x> *宏*",
        "%_%",
    ],
)
def test_hostile_text_is_a_query_like_any_other(finder: Finder, query: str) -> None:
    """No text raises, and none finds more than it may."""
    found = finder.find(query, limit=3)
    assert found.match is not Match.ONE
    assert len(found.candidates) <= 3


def test_an_empty_directory_finds_nobody(tmp_path: Path) -> None:
    """A directory without customers answers, with nobody."""
    assert make_directory(tmp_path / "empty.db", {}).find("宏昌") == Found(match=Match.NONE)


def test_an_alias_that_begins_the_name_of_another_customer_is_asked_about(tmp_path: Path) -> None:
    """Who says 中華 may mean the customer on file as 中華 or the other one whose name begins so."""
    finder = make_directory(
        tmp_path / "directory.db",
        {
            "C1": {"name": "中華電信股份有限公司", "aliases": ["中華", "CHT"]},
            "C2": {"name": "中華汽車工業股份有限公司"},
            "C3": {"name": "CHTech Inc."},
        },
    )
    assert (finder.find("中華").match, ids(finder.find("中華"))) == (Match.MANY, ["C1", "C2"])
    assert (finder.find("CHT").match, ids(finder.find("CHT"))) == (Match.ONE, ["C1"])


CHARACTERS = "宏昌興隆泰盛發達臺灣裏後鍾麵實業科技國際股份有限公司"
chinese = st.text(CHARACTERS, min_size=1, max_size=9)
english = st.text("abcdeghino ,.&'-éÜ", min_size=1, max_size=20)
anything = st.one_of(chinese, english, st.text(min_size=1, max_size=12), st.builds("{}{}".format, chinese, english))
names = anything.filter(lambda name: parse(name).key)
brands = st.text("宏昌興隆泰盛發達", min_size=2, max_size=5)
tax_ids = st.text("0123456789", min_size=8, max_size=8)


def in_memory(customers: Mapping[str, Mapping[str, object]]) -> Finder:
    """A directory that is gone afterwards."""
    return make_directory(":memory:", customers)


@given(st.lists(names, min_size=1, max_size=6))
@example(["宏昌實業", "宏昌實業有限公司", "宏昌"])
@example(["公司", "有限公司", "Co., Ltd."])
def test_an_exact_name_always_finds_its_customer(on_file: list[str]) -> None:
    """Whoever types a name as it is on file gets its customer, alone or among those with the same name."""
    finder = in_memory({f"#{at}": {"name": name} for at, name in enumerate(on_file)})
    for at, name in enumerate(on_file):
        found = finder.find(name, limit=10)
        assert found.match is not Match.NONE
        assert f"#{at}" in ids(found)


@given(st.lists(names, max_size=4), st.text(st.characters(), max_size=300), st.integers(-1, 4))
@example(["a"], "\x00\ud800'\"", 1)
def test_no_query_raises_or_finds_more_than_asked_for(on_file: list[str], query: str, limit: int) -> None:
    """Any text is a query; candidates keep to the limit, come best first and score from 0 to 1."""
    finder = in_memory({f"#{at}": {"name": name, "aliases": [name[:2]]} for at, name in enumerate(on_file)})
    found = finder.find(query, limit)
    scores = [candidate.score for candidate in found.candidates]
    assert len(scores) <= max(1, limit)
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert len(set(ids(found))) == len(scores)


@given(st.lists(names, min_size=1, max_size=4), chinese, english)
def test_script_width_and_case_make_no_difference(on_file: list[str], ideographs: str, letters: str) -> None:
    """Simplified or traditional, full-width or half, capital or small: the same answer."""
    finder = in_memory({f"#{at}": {"name": name} for at, name in enumerate([*on_file, ideographs, letters])})
    assert finder.find(opencc.OpenCC("t2s").convert(ideographs)) == finder.find(ideographs)
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in letters).replace(" ", "\u3000")
    assert finder.find(wide) == finder.find(letters) == finder.find(letters.lower())


@given(st.lists(tax_ids, min_size=1, max_size=5, unique=True), st.integers(0, 7), st.integers(1, 9))
def test_a_tax_id_with_one_wrong_digit_is_never_taken(on_file: list[str], at: int, more: int) -> None:
    """統一編號 identify: one that is not on file offers the near one and takes none."""
    meant = on_file[0]
    typed = f"{meant[:at]}{(int(meant[at]) + more) % 10}{meant[at + 1 :]}"
    assume(typed not in on_file)
    finder = in_memory({f"#{n}": {"name": "宏昌實業", "tax_id": tax_id} for n, tax_id in enumerate(on_file)})
    found = finder.find(typed)
    assert found.match is Match.NONE
    assert "#0" in ids(found)


@given(brands, st.integers(0, 4), st.sampled_from(["實業股份有限公司", "科技", ""]))
def test_between_two_customers_as_near_it_never_chooses(brand: str, at: int, rest: str) -> None:
    """A name that is one character away from two customers is nobody's."""
    at %= len(brand)
    one, other = (f"{brand[:at]}{character}{brand[at + 1 :]}{rest}" for character in "甲乙")
    finder = in_memory({"#1": {"name": one}, "#2": {"name": other}})
    assert finder.find(brand + rest).match is not Match.ONE


def test_progress_counts_every_customer(tmp_path: Path) -> None:
    """Whoever waits for an import is told of each customer once."""
    db = sqlite_utils.Database(tmp_path / "directory.db")
    make_directory(tmp_path / "directory.db", CUSTOMERS)
    told: list[int] = []
    build_search_index(db, told.append)
    assert sum(told) == len(CUSTOMERS)
