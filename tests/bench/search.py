"""Finding a customer among a million: how often the one meant is among five, how soon, how often wrong.

`ASIDE_BENCH_CUSTOMERS` sets how many there are (1,000,000), `ASIDE_BENCH_SEED` which population. The seed below
is for judging; whoever changes the finder measures with another. The directory is kept in `.aside/bench/`.
"""

import os
import random
import sqlite3
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from zlib import crc32

import opencc
import sqlite_utils
from pydantic import TypeAdapter
from rapidfuzz import fuzz, process
from rich.console import Console
from rich.table import Table

import bot.names
import storage.search_index
from bot.found import Match
from bot.names import parse
from storage.search import Finder, build_search_index
from tests.bench import search_customers
from tests.bench.search_customers import SOUND_OF, Company, Registry

COMPANY = TypeAdapter(Company)
KEPT = Path(".aside/bench")
CUSTOMERS = 1_000_000
JUDGING_SEED = 20_260_401
SAMPLED = 20_000
STRANGERS = 2_000
QUERIES = 1_000
SLOW_QUERIES = 10
LIMIT = 5
SHORTEST_MISTYPED = 4

Draw = random.Random
Asked = Callable[[Draw, Company], str | None]
Search = Callable[[str], Sequence[str]]


def exact(draw: Draw, company: Company) -> str:
    """The registered name, with or without its legal form, or the English one."""
    return draw.choice([company.name, company.spoken, company.name_en or company.name])


def script(_: Draw, company: Company) -> str | None:
    """The name in simplified characters, where that differs."""
    simplified = opencc.OpenCC("t2s").convert(company.spoken)
    return simplified if simplified != company.spoken else None


def width(draw: Draw, company: Company) -> str | None:
    """Anything with letters or digits in it, in full-width forms."""
    typed = [company.tax_id, *company.aliases, *([company.name_en] if company.name_en else [])]
    latin = [text for text in typed if text.isascii()]
    return "".join("　" if c == " " else chr(ord(c) + 0xFEE0) for c in draw.choice(latin))


def alias(draw: Draw, company: Company) -> str | None:
    """What colleagues call it, in any case."""
    return draw.choice([company.aliases[0], company.aliases[0].lower()]) if company.aliases else None


def two_characters(_: Draw, company: Company) -> str | None:
    """A short name of two characters that is on file as one: who types it knows it."""
    return next((short for short in company.aliases if len(short) == 2 and not short.isascii()), None)


def prefix(draw: Draw, company: Company) -> str:
    """60 to 90 % of the name without its legal form, at least three characters; or of the English one."""
    name = company.name_en.rsplit(" ", 1)[0] if company.name_en and draw.random() < 0.3 else company.spoken
    return name[: max(3, round(len(name) * draw.uniform(0.6, 0.9)))].strip()


def brand(draw: Draw, company: Company) -> str | None:
    """The brand alone: three or more characters, or the English one."""
    brands = [company.brand] if len(company.brand) > 2 else []
    brands += [company.brand_en] if company.brand_en and company.brand_en.lower() not in _sounded(company) else []
    return draw.choice(brands) if brands else None


def _sounded(company: Company) -> set[str]:
    sounds = [SOUND_OF[character] for character in company.brand]
    return {"".join(sounds), " ".join(sounds)}


def wrong(draw: Draw, company: Company) -> str:
    """One character wrong, half of the time one that sounds the same, where there is one; or a letter."""
    typed = _typed(draw, company)
    at = draw.randrange(len(typed))
    while typed[at] == " ":
        at = draw.randrange(len(typed))
    alike = [c for c in SOUND_OF if SOUND_OF[c] == SOUND_OF.get(typed[at]) and c != typed[at]]
    other = draw.choice(alike if alike and draw.random() < 0.5 else list(SOUND_OF))
    if typed[at].isascii():
        other = draw.choice("abcdefghijklmnopqrstuvwxyz")
    return typed[:at] + other + typed[at + 1 :] if other != typed[at].lower() else wrong(draw, company)


def missing(draw: Draw, company: Company) -> str:
    """One character missing."""
    typed = _typed(draw, company)
    at = draw.randrange(len(typed))
    return typed[:at] + typed[at + 1 :]


def _typed(draw: Draw, company: Company) -> str:
    """The name with its legal form, without it, or the English one without it."""
    names = [company.name, company.spoken] + ([company.name_en.split(" Co")[0]] if company.name_en else [])
    return draw.choice([name for name in names if len(name) >= SHORTEST_MISTYPED])


def tax_id(_: Draw, company: Company) -> str:
    """The 統一編號."""
    return company.tax_id


def serial(draw: Draw, company: Company) -> str | None:
    """A serial, in any case, with or without its dashes."""
    if not company.serials:
        return None
    typed = draw.choice(company.serials)
    return draw.choice([typed, typed.lower(), typed.replace("-", "")])


def contract(_: Draw, company: Company) -> str | None:
    """A contract number."""
    return company.contracts[0] if company.contracts else None


def shared_brand(_: Draw, company: Company) -> str | None:
    """Two characters of brand, whoever else bears them: cannot be told apart when many do."""
    return company.brand if len(company.brand) == 2 else None


def wrong_identifier(draw: Draw, company: Company) -> str:
    """A tax id, serial or contract number with one digit wrong."""
    typed = draw.choice([company.tax_id, *company.serials, *company.contracts])
    at = draw.choice([at for at, character in enumerate(typed) if character.isdigit()])
    return typed[:at] + draw.choice([d for d in "0123456789" if d != typed[at]]) + typed[at + 1 :]


def stranger(draw: Draw, company: Company) -> str:
    """The name of a company that is not on file."""
    return exact(draw, company)


COUNTED: dict[str, Asked] = {
    "exact": exact,
    "script": script,
    "width": width,
    "alias": alias,
    "two characters": two_characters,
    "prefix": prefix,
    "brand": brand,
    "one wrong": wrong,
    "one missing": missing,
    "tax id": tax_id,
    "serial": serial,
    "contract": contract,
}
"""Kinds of query whose mean counts."""
BESIDE: dict[str, Asked] = {
    "brand that many share": shared_brand,
    "identifier, one wrong digit": wrong_identifier,
    "not on file": stranger,
}
MISTYPED = {"prefix", "brand", "one wrong", "one missing", "identifier, one wrong digit", "not on file"}
"""Kinds that may by chance be what another customer is called; those are drawn again."""


@dataclass
class Score:
    """What came of the queries of one kind."""

    hits: int = 0
    ones: int = 0
    wrong_ones: int = 0
    seconds: list[float] = field(default_factory=list)

    @property
    def recall(self) -> float:
        """The share of queries with the customer meant among the first `LIMIT`."""
        return self.hits / len(self.seconds)

    def slowest(self, share: float) -> float:
        """The time that this share of the queries took at most, in milliseconds."""
        return sorted(self.seconds)[min(len(self.seconds) - 1, int(share * len(self.seconds)))] * 1000


def run(console: Console) -> None:
    """Build or reuse the directory, ask it, and ask two plain searches some of the same."""
    count = int(os.environ.get("ASIDE_BENCH_CUSTOMERS", CUSTOMERS))
    seed = int(os.environ.get("ASIDE_BENCH_SEED", JUDGING_SEED))
    path = _directory(console, count, seed)
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    sizes = dict(connection.execute("SELECT what, figure FROM bench_figures"))
    console.print(
        f"{count:,} customers, seed {seed}; index {sizes['index_bytes'] / 1e6:,.0f} MB "
        f"beside {sizes['data_bytes'] / 1e6:,.0f} MB of data, built in {sizes['index_seconds']:,.0f} s"
    )
    finder = Finder(connection)
    finder.find("warm up")
    queries = {kind: _queries(connection, kind, asked, seed) for kind, asked in (COUNTED | BESIDE).items()}
    scores = {kind: _measure(finder, asked) for kind, asked in queries.items()}
    console.print(_table(scores))
    console.print(_slow_table(connection, finder, {kind: queries[kind] for kind in COUNTED}))
    connection.close()


def _directory(console: Console, count: int, seed: int) -> Path:
    sources = (bot.names, storage.search_index, search_customers)
    mark = crc32(b"".join(Path(str(source.__file__)).read_bytes() for source in sources))
    KEPT.mkdir(parents=True, exist_ok=True)
    path = KEPT / f"customers-{count}-{seed}-{mark:08x}.db"
    if path.exists():
        return path
    for older in KEPT.glob(f"customers-{count}-{seed}-*.db*"):
        older.unlink()
    building = path.with_suffix(".building")
    building.unlink(missing_ok=True)
    with console.status("Making customers up …"):
        db = sqlite_utils.Database(building)
        _make_up(db, count, seed)
    data_bytes = building.stat().st_size
    with console.status("Building the index …") as status:
        done = 0

        def progress(more: int) -> None:
            nonlocal done
            done += more
            status.update(f"Building the index … {done:,} of {count:,}")

        start = time.perf_counter()
        build_search_index(db, progress)
        seconds = time.perf_counter() - start
    index_bytes = building.stat().st_size - data_bytes
    db.table("bench_figures").insert_all(
        {"what": what, "figure": figure}
        for what, figure in (
            ("data_bytes", data_bytes),
            ("index_bytes", index_bytes),
            ("index_seconds", seconds),
        )
    )
    db.close()
    building.rename(path)
    return path


def _make_up(db: sqlite_utils.Database, count: int, seed: int) -> None:
    db.conn.executescript("""
        CREATE TABLE customers (id TEXT PRIMARY KEY, name TEXT, name_en TEXT, tax_id TEXT);
        CREATE TABLE customer_names (customer_id TEXT, name TEXT, kind TEXT);
        CREATE TABLE products (serial TEXT PRIMARY KEY, customer_id TEXT, name TEXT);
        CREATE TABLE contracts (number TEXT PRIMARY KEY, customer_id TEXT);
        CREATE TABLE bench_companies (on_file INTEGER, company TEXT);
    """)
    draw = random.Random(seed + 1)  # noqa: S311 - make-believe, and has to repeat
    registry = Registry(seed)
    companies = registry.companies(count)
    while some := list(islice(companies, 10_000)):
        with db.conn as connection:
            connection.executemany(
                "INSERT INTO customers VALUES (?, ?, ?, ?)",
                [(c.id, c.name, c.name_en, c.tax_id) for c in some],
            )
            connection.executemany(
                "INSERT INTO customer_names VALUES (?, ?, ?)",
                [(c.id, c.name, "name") for c in some]
                + [(c.id, c.name_en, "name_en") for c in some if c.name_en]
                + [(c.id, also, "alias") for c in some for also in c.aliases],
            )
            connection.executemany(
                "INSERT INTO products VALUES (?, ?, 'ERP')",
                [(serial, c.id) for c in some for serial in c.serials],
            )
            connection.executemany(
                "INSERT INTO contracts VALUES (?, ?)",
                [(number, c.id) for c in some for number in c.contracts],
            )
            connection.executemany(
                "INSERT INTO bench_companies VALUES (1, ?)",
                [(COMPANY.dump_json(c).decode(),) for c in some if draw.random() < SAMPLED / count],
            )
    with db.conn as connection:
        connection.executemany(
            "INSERT INTO bench_companies VALUES (0, ?)",
            [(COMPANY.dump_json(c).decode(),) for c in registry.companies(STRANGERS)],
        )


def _queries(connection: sqlite3.Connection, kind: str, asked: Asked, seed: int) -> list[tuple[str, str]]:
    """Queries of a kind, each with the id of the customer that is meant."""
    draw = random.Random(f"{seed} {kind}")  # noqa: S311 - make-believe, and has to repeat
    on_file = asked is not stranger
    rows = connection.execute("SELECT company FROM bench_companies WHERE on_file = ?", (on_file,)).fetchall()
    draw.shuffle(rows)
    queries: list[tuple[str, str]] = []
    for (row,) in rows:
        company = COMPANY.validate_json(row)
        query = asked(draw, company)
        if query is None or (kind in MISTYPED and _is_called(connection, query, company)):
            continue
        queries.append((query, company.id if on_file else ""))
        if len(queries) == QUERIES:
            break
    return queries


def _is_called(connection: sqlite3.Connection, query: str, company: Company) -> bool:
    """Whether another customer than this one is called exactly this."""
    name = parse(query)
    owners = connection.execute(
        "SELECT customer_id FROM search_docs WHERE doc IN (SELECT doc FROM search_keys WHERE key IN (?1, ?2) "
        "UNION SELECT doc FROM search_identifiers WHERE key IN (?1, ?2))",
        (name.key, name.core_key),
    ).fetchall()
    return bool(owners) and (company.id,) not in owners


def _measure(finder: Finder, queries: Sequence[tuple[str, str]]) -> Score:
    score = Score()
    for query, meant in queries:
        start = time.perf_counter()
        found = finder.find(query, LIMIT)
        score.seconds.append(time.perf_counter() - start)
        score.hits += meant in {candidate.id for candidate in found.candidates}
        score.ones += found.match is Match.ONE
        score.wrong_ones += found.match is Match.ONE and found.candidates[0].id != meant
    return score


def _table(scores: dict[str, Score]) -> Table:
    table = Table("query", title="Finder")
    for heading in ("queries", "recall@5", "p50 ms", "p99 ms", "answered at once", "wrongly"):
        table.add_column(heading, justify="right")
    for kind, score in scores.items():
        if kind == next(iter(BESIDE)):
            table.add_section()
            _add(table, "mean / all of the above", [scores[counted] for counted in COUNTED])
            table.add_section()
        _add(table, kind, [score])
    return table


def _add(table: Table, name: str, scores: Sequence[Score]) -> None:
    everything = Score(seconds=[second for score in scores for second in score.seconds])
    asked = len(everything.seconds)
    table.add_row(
        name,
        f"{asked:,}",
        "–" if name == "not on file" else f"{statistics.mean(score.recall for score in scores):.3f}",
        f"{everything.slowest(0.5):.2f}",
        f"{everything.slowest(0.99):.2f}",
        f"{sum(score.ones for score in scores) / asked:.1%}",
        f"{sum(score.wrong_ones for score in scores) / asked:.2%}",
    )


def _slow_table(connection: sqlite3.Connection, finder: Finder, queries: dict[str, list[tuple[str, str]]]) -> Table:
    names, owners = zip(*connection.execute("SELECT name, customer_id FROM customer_names"), strict=True)

    def like(query: str) -> list[str]:
        rows = connection.execute(
            "SELECT customer_id FROM customer_names WHERE name LIKE '%' || ?1 || '%' "
            "UNION SELECT id FROM customers WHERE tax_id = ?1 "
            "UNION SELECT customer_id FROM products WHERE serial = ?1 "
            "UNION SELECT customer_id FROM contracts WHERE number = ?1 LIMIT ?2",
            (query, LIMIT),
        )
        return [row[0] for row in rows]

    def fuzzy(query: str) -> list[str]:
        return [owners[at] for _, _, at in process.extract(query, names, scorer=fuzz.ratio, limit=LIMIT)]

    def find(query: str) -> list[str]:
        return [candidate.id for candidate in finder.find(query, LIMIT).candidates]

    table = Table("query", title=f"The same {SLOW_QUERIES} queries of each kind, recall@5 and p50 ms")
    ways: dict[str, Search] = {"Finder": find, "LIKE scan": like, "rapidfuzz over all names": fuzzy}
    totals: dict[str, list[float]] = {way: [] for way in ways}
    times: dict[str, list[float]] = {way: [] for way in ways}
    for way in ways:
        table.add_column(way, justify="right")
    for kind, asked in queries.items():
        cells = []
        for way, search in ways.items():
            hits, seconds = _timed(search, asked[:SLOW_QUERIES])
            totals[way].append(hits)
            times[way] += seconds
            cells.append(f"{hits:.2f}  {statistics.median(seconds) * 1000:,.1f}")
        table.add_row(kind, *cells)
    table.add_section()
    table.add_row(
        "mean / all",
        *(f"{statistics.mean(totals[way]):.2f}  {statistics.median(times[way]) * 1000:,.1f}" for way in ways),
    )
    return table


def _timed(search: Search, queries: Sequence[tuple[str, str]]) -> tuple[float, list[float]]:
    hits, seconds = 0, []
    for query, meant in queries:
        start = time.perf_counter()
        found = search(query)
        seconds.append(time.perf_counter() - start)
        hits += meant in found
    return hits / len(queries), seconds
