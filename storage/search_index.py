"""The index a customer is found by, built once at the end of an import.

search_docs       one row a customer, shortest name first: what its names are without their legal forms
search_keys       everything that names a customer exactly: id, tax id, serial, contract number, each name
search_grams      full text, without content: pairs of ideographs at most one apart, and words of letters
search_terms      how many customers hold each pair or word
search_spellings  words of letters by what is left of them when one letter is dropped
"""

import sqlite3
from collections.abc import Callable, Iterator
from enum import IntEnum
from itertools import groupby
from operator import itemgetter
from zlib import crc32

import sqlite_utils

from bot.names import Name, is_ideographic, parse

BETWEEN = "·"
"""Stands between the two words of a pair."""
_EVERY = 10_000
_SHORTEST_SPELT = 4
_LONGEST_SPELT = 24

_SCHEMA = """
DROP TABLE IF EXISTS search_docs;
DROP TABLE IF EXISTS search_keys;
DROP TABLE IF EXISTS search_identifiers;
DROP TABLE IF EXISTS search_grams;
DROP TABLE IF EXISTS search_terms;
DROP TABLE IF EXISTS search_spellings;
CREATE TABLE search_docs (doc INTEGER PRIMARY KEY, customer_id TEXT, cores TEXT, forms TEXT);
CREATE TABLE search_keys (key TEXT, kind INTEGER, doc INTEGER, PRIMARY KEY (key, kind, doc)) WITHOUT ROWID;
CREATE TABLE search_identifiers (key TEXT, doc INTEGER, PRIMARY KEY (key, doc)) WITHOUT ROWID;
CREATE VIRTUAL TABLE search_grams USING fts5 (grams, content='', detail=none, columnsize=0, tokenize='ascii');
CREATE TABLE search_terms (term TEXT PRIMARY KEY, docs INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE search_spellings (hash INTEGER, word TEXT, PRIMARY KEY (hash, word)) WITHOUT ROWID;
CREATE TEMP TABLE loose_keys (key TEXT, kind INTEGER, doc INTEGER);
CREATE TEMP TABLE customer_docs (customer_id TEXT PRIMARY KEY, doc INTEGER) WITHOUT ROWID;
CREATE VIRTUAL TABLE temp.search_vocabulary USING fts5vocab (main, search_grams, 'row');
"""

_NAMES = """
SELECT customers.id, spelt.name, spelt.is_alias
FROM customers JOIN (
    SELECT customer_id, name, kind = 'alias' AS is_alias FROM customer_names
    UNION SELECT id, name, 0 FROM customers
    UNION SELECT id, name_en, 0 FROM customers WHERE name_en IS NOT NULL
) AS spelt ON spelt.customer_id = customers.id
WHERE spelt.name IS NOT NULL
ORDER BY length(replace(customers.name, '股份', '')), customers.id, spelt.is_alias
"""

_IDENTIFIERS = """
SELECT id, id FROM customers
UNION ALL SELECT tax_id, id FROM customers WHERE tax_id IS NOT NULL
UNION ALL SELECT serial, customer_id FROM products
UNION ALL SELECT number, customer_id FROM contracts
"""


class Kind(IntEnum):
    """What a key is; the lower, the surer."""

    IDENTIFIER = 0
    NAME = 1
    CORE = 2
    ALIAS = 3


def pair(first: str, second: str) -> str:
    """The term for two ideographs or words of letters, one before the other."""
    together = is_ideographic(first) and is_ideographic(second)
    return first + second if together else f"{first}{BETWEEN}{second}"


def grams(name: Name) -> Iterator[str]:
    """What a name is found by: pairs next to each other or one apart, and words of letters."""
    symbols = name.symbols
    yield from (symbol for symbol in symbols if not is_ideographic(symbol))
    for apart in (1, 2):
        yield from (pair(first, second) for first, second in zip(symbols, symbols[apart:], strict=False))


def spellings(word: str) -> set[int]:
    """Marks that two words share when one is the other with one letter wrong, missing, added or swapped."""
    return {crc32(f"{word[:at]}{word[at + 1 :]}".encode()) for at in range(len(word))} | {crc32(word.encode())}


def is_spelt(word: str) -> bool:
    """Whether a word is one of letters, long enough to be known again when misspelt."""
    return _SHORTEST_SPELT <= len(word) <= _LONGEST_SPELT and not is_ideographic(word) and BETWEEN not in word


def build_search_index(db: sqlite_utils.Database, progress: Callable[[int], None]) -> None:
    """Build the index inside a directory.

    Reads the tables customers, customer_names, products and contracts; an older index is replaced.

    Args:
        db: The directory, complete but for the index.
        progress: Told how many customers have been indexed since it was last told.
    """
    connection = db.conn
    connection.executescript(_SCHEMA)
    with connection:
        _index_names(connection, progress)
    with connection:
        _index_identifiers(connection)
        connection.execute(
            "INSERT OR IGNORE INTO search_keys SELECT key, kind, doc FROM temp.loose_keys ORDER BY key, kind, doc"
        )
        connection.execute("INSERT INTO search_grams (search_grams) VALUES ('optimize')")
        connection.execute("INSERT INTO search_terms SELECT term, doc FROM temp.search_vocabulary ORDER BY term")
        _index_spellings(connection)
    connection.executescript(
        "DROP TABLE temp.loose_keys; DROP TABLE temp.customer_docs; DROP TABLE temp.search_vocabulary;"
    )


def _index_names(connection: sqlite3.Connection, progress: Callable[[int], None]) -> None:
    rows = connection.execute(_NAMES)
    docs: list[tuple[int, str, str, str]] = []
    texts: list[tuple[int, str]] = []
    keys: list[tuple[str, int, int]] = []

    def write() -> None:
        connection.executemany("INSERT INTO search_docs VALUES (?, ?, ?, ?)", docs)
        connection.executemany("INSERT INTO search_grams (rowid, grams) VALUES (?, ?)", texts)
        connection.executemany("INSERT INTO temp.loose_keys VALUES (?, ?, ?)", keys)
        connection.executemany("INSERT INTO temp.customer_docs VALUES (?, ?)", [(row[1], row[0]) for row in docs])
        progress(len(docs))
        docs.clear()
        texts.clear()
        keys.clear()

    for doc, (customer_id, group) in enumerate(groupby(rows, key=itemgetter(0)), start=1):
        names: dict[Name, bool] = {}
        for _, text, is_alias in group:
            name = parse(str(text))
            if name.key:
                names.setdefault(name, bool(is_alias))
        keys += {(name.key, (Kind.ALIAS if alias else Kind.NAME).value, doc) for name, alias in names.items()}
        keys += {
            (name.core_key, (Kind.ALIAS if alias else Kind.CORE).value, doc)
            for name, alias in names.items()
            if name.core_key not in {"", name.key}
        }
        docs.append((doc, customer_id, "\n".join(name.core for name in names), "\n".join(name.form for name in names)))
        texts.append((doc, " ".join(dict.fromkeys(gram for name in names for gram in grams(name)))))
        if len(docs) == _EVERY:
            write()
    write()


def _index_identifiers(connection: sqlite3.Connection) -> None:
    connection.create_function("search_key", 1, lambda text: parse(str(text)).key, deterministic=True)
    connection.execute(
        "INSERT OR IGNORE INTO search_identifiers "  # noqa: S608 - constants
        "SELECT search_key(named.key) AS key, doc "
        f"FROM (SELECT NULL AS key, NULL AS id WHERE 0 UNION ALL {_IDENTIFIERS}) AS named "
        "JOIN temp.customer_docs ON customer_docs.customer_id = named.id "
        "ORDER BY key, doc"
    )
    connection.execute("DELETE FROM search_identifiers WHERE key = ''")


def _index_spellings(connection: sqlite3.Connection) -> None:
    words = [row[0] for row in connection.execute("SELECT term FROM search_terms")]
    marked = sorted((mark, word) for word in words if is_spelt(word) for mark in spellings(word))
    connection.executemany("INSERT INTO search_spellings VALUES (?, ?)", marked)
