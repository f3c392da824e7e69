"""`aside warranty`: the `/warranty` answer in a terminal, and the exact JSON that other programs read."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import Aside, said


def answer(aside: Aside, query: str, day: str = "2026-11-22") -> dict[str, Any]:
    """The JSON answer for a day."""
    done = aside("warranty", query, "--json", "--on", day)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1
    found: dict[str, Any] = json.loads(done.stdout)
    assert list(found) == ["match", "customer", "candidates", "coverages"]
    return found


def test_one_customer_is_answered_whole(aside: Aside) -> None:
    """Keys, order and types are a contract."""
    assert answer(aside, "廣昕精密") == {
        "match": "one",
        "customer": {
            "id": "C-1",
            "name": "廣昕精密股份有限公司",
            "name_en": "Kuanghsin Precision",
            "aliases": ["廣昕"],
            "tax_id": "12345675",
            "tier": "A",
            "owner": "S-3",
            "channel": None,
            "timezone": "Asia/Taipei",
        },
        "candidates": [{"id": "C-1", "name": "廣昕精密股份有限公司", "score": 1.0}],
        "coverages": [
            {
                "kind": "contract",
                "product": "進銷存 ERP",
                "state": "expired",
                "start": "2025-10-06",
                "end": "2026-10-05",
                "days": -48,
                "basis": "signing",
                "covers": {"parts": False, "labour": True, "expenses": False},
                "incidents_left": None,
            }
        ],
    }


def test_each_coverage_has_the_keys_in_their_order(aside: Aside) -> None:
    """Whoever reads the JSON as a table finds the columns where they were."""
    (coverage,) = answer(aside, "M-4")["coverages"]
    assert list(coverage) == [
        *("kind", "product", "state", "start", "end", "days", "basis", "covers", "incidents_left"),
    ]
    assert list(coverage["covers"]) == ["parts", "labour", "expenses"]
    assert coverage["incidents_left"] == 6


@pytest.mark.parametrize(
    ("day", "state", "days"),
    [
        ("2025-10-05", "not_started", 365),
        ("2025-10-06", "in_force", 364),
        ("2026-09-04", "in_force", 31),
        ("2026-09-05", "ends_soon", 30),
        ("2026-10-05", "ends_soon", 0),
        ("2026-10-06", "expired", -1),
    ],
)
def test_a_day_before_or_after_is_answered_for_that_day(aside: Aside, day: str, state: str, days: int) -> None:
    """The last day is covered; days count down to it and are negative once it is over."""
    (coverage,) = answer(aside, "12345675", day)["coverages"]
    assert (coverage["state"], coverage["days"]) == (state, days)


def test_a_gap_in_the_file_is_not_on_file(aside: Aside) -> None:
    """Unknown is never expired: what the file does not say is null."""
    assert answer(aside, "遠帆貿易", "2099-01-01")["coverages"] == [
        {
            "kind": "warranty",
            "product": "POS",
            "state": "not_on_file",
            "start": None,
            "end": None,
            "days": None,
            "basis": "delivery",
            "covers": {"parts": None, "labour": None, "expenses": None},
            "incidents_left": None,
        }
    ]


def test_several_that_fit_are_candidates_and_none_is_chosen(aside: Aside) -> None:
    """It never guesses between two customers; the exit code is that of an answer."""
    found = answer(aside, "宏昌")
    assert (found["match"], found["customer"], found["coverages"]) == ("many", None, [])
    assert [set(each) for each in found["candidates"]] == [{"id", "name", "score"}] * 2
    assert {each["id"] for each in found["candidates"]} == {"C-2", "C-3"}
    assert all(0 < each["score"] < 1 for each in found["candidates"])


HOSTILE = [
    "",
    "zzzz",
    "x" * 10_000,
    "'; DROP TABLE customers; --",
    '" OR 1=1 NEAR/2 *',
    "\x07\x1b[31mred\x1b[0m",
    "<!channel> [bold red]x[/bold red]",
    "🤡🔥💯",
    "%_%",
    "--on",
]


@pytest.mark.parametrize("query", HOSTILE)
def test_nothing_on_file_is_an_answer_as_well(aside: Aside, query: str) -> None:
    """Whatever is typed: JSON, no customer, exit code 0."""
    done = aside("warranty", "--json", "--", query)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"match": "none", "customer": None, "candidates": [], "coverages": []}


def test_what_is_typed_cannot_steer_the_terminal(aside: Aside) -> None:
    """Control characters and markup are shown, not obeyed; a long query is cut."""
    done = aside("warranty", "--lang", "en", "\x07\x1b[31m[bold]red[/bold]")
    assert done.stdout == (
        "No customer on file matches “\ufffd\ufffd[31m[bold]red[/bold]”.\n"
        "Try part of the name, the tax ID or a serial number.\n"
    )
    long = aside("warranty", "x" * 10_000)
    assert len(long.stdout) < 200


def test_one_customer_reads_as_on_the_card_in_chinese(aside: Aside) -> None:
    """Name, tier, owner, tax id, each coverage, contracts, and for which day."""
    done = aside("warranty", "全勤", "--on", "2026-11-22")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.rstrip() for line in done.stdout.splitlines()] == [
        "全勤科技股份有限公司  Chuanchin Tech",
        "客戶等級：A",
        "負責業務：吳建宏",
        "統一編號：未登記",
        "",
        "🟢 有效 · 合約 M-4 · MES",
        "   2026-01-01 至 2027-12-31（自簽約日起） ·",
        "   包含軟體更新、遠端協助、到場服務、零件、工資、差旅費 · 4 小時內回應 ·",
        "   還可報修 6 次",
        "",
        "合約",
        "M-4 MES 年度維護 · NT$90,000（含稅）",
        "依 Asia/Taipei 時區 2026-11-22 的狀態",
    ]


def test_one_customer_reads_as_on_the_card_in_english(aside: Aside) -> None:
    """The owner who has left is named with the successor."""
    done = aside("warranty", "Kuanghsin", "--lang", "en", "--on", "2026-10-06")
    assert done.returncode == 0
    assert [line.rstrip() for line in done.stdout.splitlines()] == [
        "廣昕精密股份有限公司  Kuanghsin Precision",
        "Tier: A",
        "Account owner: 周美玲 (has left; now 許家豪)",
        "Tax ID: 12345675",
        "",
        "🔴 Expired 1 day ago · Contract M-1 · 進銷存 ERP",
        "   2025-10-06 to 2026-10-05 (from signing) · covers updates, remote help,",
        "   labour; without on-site visits, parts, travel expenses · response within 4 h",
        "",
        "Contracts",
        "M-1 ERP 年度維護 · NT$48,000 (plus tax)",
        "As of 2026-10-06 in Asia/Taipei",
    ]


def test_several_that_fit_are_listed_with_their_ids(aside: Aside) -> None:
    """Two lines to choose from."""
    done = aside("warranty", "宏昌")
    assert done.returncode == 0
    assert sorted(done.stdout.splitlines()[1:]) == ["  宏昌實業有限公司  C-3", "  宏昌興業有限公司  C-2"]
    assert done.stdout.splitlines()[0] == "有好幾家客戶符合「宏昌」，請問是哪一家？"


def test_without_a_directory_nothing_is_printed_for_a_program(aside: Aside, tmp_path: Path) -> None:
    """Exit code 1 and two sentences on standard error, with --json as without."""
    none = tmp_path / "none.db"
    expected = (1, [f"There is no customer directory at {none}.", "Run: aside import FILE…"])
    assert said(aside("warranty", "全勤", "--json", ASIDE_DIRECTORY=str(none))) == expected
    assert said(aside("warranty", "全勤", ASIDE_DIRECTORY=str(none))) == expected


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--on", "tomorrow"), "Error: Invalid value for '--on': 'tomorrow' does not match the format '%Y-%m-%d'."),
        (("--on", "2026-02-30"), "Error: Invalid value for '--on': '2026-02-30' does not match the format '%Y-%m-%d'."),
        (("--lang", "fr"), "Error: Invalid value for '--lang': 'fr' is not one of 'zh-TW', 'zh-CN', 'en'."),
    ],
)
def test_an_option_that_makes_no_sense_is_a_usage_error(aside: Aside, options: tuple[str, str], sentence: str) -> None:
    """Exit code 2, as every command line does."""
    code, lines = said(aside("warranty", "全勤", *options))
    assert (code, lines[-1]) == (2, sentence)
