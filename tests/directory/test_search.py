"""Finding a customer in a small directory, written as a person types."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import sqlite_utils

from bot.found import Found, Match
from storage.search import Finder
from storage.search_index import build_search_index


def make_directory(path: Path, customers: Mapping[str, Mapping[str, object]]) -> Finder:
    """A directory with these customers, by id, in a real file with a real index."""
    db = sqlite_utils.Database(path)
    db.create_table("customers", {"id": str, "name": str, "name_en": str, "tax_id": str}, pk="id")
    db.create_table("customer_names", {"customer_id": str, "name": str, "kind": str})
    db.create_table("products", {"serial": str, "customer_id": str, "name": str}, pk="serial")
    db.create_table("contracts", {"number": str, "customer_id": str}, pk="number")
    for customer_id, given in customers.items():
        customer = {key: given.get(key) for key in ("name", "name_en", "tax_id")}
        db.table("customers").insert({"id": customer_id, **customer})
        names = [(given.get("name"), "name"), (given.get("name_en"), "name_en")]
        names += [(alias, "alias") for alias in _listed(given, "aliases")]
        db.table("customer_names").insert_all(
            {"customer_id": customer_id, "name": name, "kind": kind}
            for name, kind in names
            if name is not None
        )
        db.table("products").insert_all(
            {"serial": serial, "customer_id": customer_id, "name": "ERP"}
            for serial in _listed(given, "serials")
        )
        db.table("contracts").insert_all(
            {"number": number, "customer_id": customer_id} for number in _listed(given, "contracts")
        )
    build_search_index(db, lambda _: None)
    return Finder(db.conn)


def _listed(given: Mapping[str, object], key: str) -> list[object]:
    listed = given.get(key, [])
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
    "query", ["12345676", "1234567", "123456755", "12345657", "ERP-2024-00018", "MC-113-0002", "C012"]
)
def test_an_identifier_with_one_wrong_character_is_only_offered(finder: Finder, query: str) -> None:
    """Identifiers identify: a near one is offered and never taken."""
    found = finder.find(query)
    assert found.match is not Match.ONE


def test_the_nearest_identifier_is_offered_first(finder: Finder) -> None:
    """Who mistypes a tax id sees the customer who may be meant."""
    found = finder.find("12345676")
    assert (found.match, ids(found)) == (Match.NONE, ["C001"])


@pytest.mark.parametrize(
    "query", ["中華電視", "大昌實業", "宏昌科技", "科技", "台灣", "中", "遠東百貨", "Zebra Holdings"]
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
