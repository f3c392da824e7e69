"""Finding a customer by whatever a person types: exactly if that names one customer, otherwise the nearest.

`docs/search.md` tells the steps and their measured cost. Work is bounded: a query is cut after
`bot.names.LONGEST` characters and at most `MOST_CANDIDATES` customers are compared with it.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise
from typing import NamedTuple

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from bot.found import Candidate, Found, Match
from bot.names import Name, Weighed, begins, is_ideographic, is_slip, parse, similarity, weigh
from storage.search_index import Kind, build_search_index, is_spelt, spellings

__all__ = ["Finder", "build_search_index"]

MOST_CANDIDATES = 800
"""How many customers are compared with a query at most."""
CLEAR = 0.88
"""A lone candidate has to be this like what was typed to be meant."""
MARGIN = 0.12
"""How far the next candidate has to be behind for the first to be meant."""
LIKELY = 0.6
"""Candidates this near are asked about rather than merely offered."""
_BEFORE_EXACT = 0.97
"""What is not exact scores less than this."""

_WHOLE_LIMIT = 250
_PREFIX_LIMIT = 80
_MISTAKE_LIMIT = 240
_COMPARED_CLOSELY = 40
_LONGEST_REPAIRED = 16
_MOST_TERMS = 24
_RAREST = 4
_TOO_COMMON = 30_000
_ALTERNATIVES = 12
_SHORTEST_IDENTIFIER = 5
_END = "\U0010ffff"

Group = tuple[str, ...]
"""Terms of which a customer has to hold one."""


class _Row(NamedTuple):
    doc: int
    cores: str
    forms: str


class _Near(NamedTuple):
    doc: int
    score: float
    clear: bool


class Finder:
    """Finds customers in one directory.

    Args:
        connection: A directory in which `build_search_index` has run; used in one thread at a time.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def find(self, query: str, limit: int = 5) -> Found:
        """The customer that is meant, those that may be, or the nearest; any text is a query.

        Args:
            query: A name, half a name, an alias, a tax id, a serial, a contract number or a customer id.
            limit: How many candidates to give at most, 1 or more.
        """
        limit = max(1, limit)
        typed = parse(query, typed=True)
        if not typed.key:
            return Found(match=Match.NONE)
        exact = self._exactly(typed)
        if exact:
            return self._answer(Match.ONE if len(exact) == 1 else Match.MANY, exact[:limit])
        if _looks_like_identifier(typed.key):
            near = self._near_identifiers(typed.key)
            if near:
                return self._answer(Match.NONE, near[:limit])
        ranked = _rank(typed, self._gather(typed))
        return self._answer(_match(typed, ranked), [(near.doc, near.score) for near in ranked[:limit]])

    def _exactly(self, typed: Name) -> list[tuple[int, float]]:
        """Customers that have this very key; failing that, whose name differs in the legal form alone.

        An alias is no name on a register: customers whose name begins with it may be meant as well.
        """
        for key, score in ((typed.key, 1.0), (typed.core_key, 0.98)):
            rows = self._connection.execute(
                "SELECT doc, min(kind) FROM search_keys WHERE key = ? GROUP BY doc ORDER BY 2, 1 LIMIT ?",
                (key, MOST_CANDIDATES),
            ).fetchall()
            exact = [(doc, score) for doc, _ in rows]
            if len(rows) == 1 and rows[0][1] == Kind.ALIAS:
                begun = [row for row in self._begun(typed) if row.doc != rows[0][0] and _has_words(row, typed)]
                exact += [(near.doc, near.score) for near in _rank(typed, begun)]
            if exact:
                return exact
        return []

    def _near_identifiers(self, key: str) -> list[tuple[int, float]]:
        """Customers with an identifier that begins like this or is one character off: never certain."""
        begun = self._connection.execute(
            "SELECT key, doc FROM search_keys WHERE key >= ? AND key < ? AND kind = ? LIMIT ?",
            (key, key + _END, Kind.IDENTIFIER.value, _PREFIX_LIMIT),
        ).fetchall()
        wrong = self._connection.execute(
            "SELECT key, doc FROM search_keys WHERE key IN (SELECT value FROM json_each(?)) AND kind = ?",
            (json.dumps(sorted(_one_off(key))), Kind.IDENTIFIER.value),
        ).fetchall()
        scores: dict[int, float] = {}
        for found, doc in [*begun, *wrong]:
            scores[doc] = max(scores.get(doc, 0.0), fuzz.ratio(key, found) / 100 * _BEFORE_EXACT)
        return sorted(scores.items(), key=lambda item: (-item[1], item[0]))

    def _gather(self, typed: Name) -> list[_Row]:
        """Every customer worth comparing with what was typed, at most `MOST_CANDIDATES`."""
        rows = {row.doc: row for row in self._begun(typed)}
        whole, *mistaken = self._wanted(typed)
        docs = self._documents({term for groups in (whole, *mistaken) for group in groups for term in group})
        plans = [plan for groups in mistaken if (plan := _plan(groups, docs)) and docs[plan[0][0]] < _TOO_COMMON]
        for row in self._holding(_plan(whole, docs), _WHOLE_LIMIT):
            rows[row.doc] = row
        for plan in sorted(set(plans), key=lambda plan: sum(docs[term] for term in plan[0])):
            if len(rows) < MOST_CANDIDATES:
                rows |= {row.doc: row for row in self._holding(plan, _MISTAKE_LIMIT)}
        if not rows:
            known = _plan((group for group in whole if any(term in docs for term in group)), docs)
            for group in known:
                for row in self._holding([group], _COMPARED_CLOSELY):
                    rows[row.doc] = row
        return list(rows.values())[:MOST_CANDIDATES]

    def _begun(self, typed: Name) -> Iterator[_Row]:
        """Customers with a name that begins with what was typed."""
        for key in {typed.key, typed.core_key} - {""}:
            yield from map(
                _Row._make,
                self._connection.execute(
                    "SELECT doc, cores, forms FROM search_docs WHERE doc IN "
                    "(SELECT doc FROM search_keys WHERE key >= ? AND key < ? AND kind > ? LIMIT ?)",
                    (key, key + _END, Kind.IDENTIFIER.value, _PREFIX_LIMIT),
                ),
            )

    def _wanted(self, typed: Name) -> list[list[Group]]:
        """What a customer should hold: first if all is right, then for each place that may be wrong."""
        words = typed.words[:_MOST_TERMS]
        whole: list[list[Group]] = []
        for at, word in enumerate(words):
            if is_ideographic(word):
                whole.append(_pairs(word[:_MOST_TERMS]))
            else:
                whole.append([self._alternatives(word, last=at == len(words) - 1)])
        wanted = [list(chain.from_iterable(whole))]
        for at, word in enumerate(words):
            rest = list(chain.from_iterable(whole[:at] + whole[at + 1 :]))
            if is_ideographic(word):
                repaired = word[:_LONGEST_REPAIRED]
                wanted += [[*_pairs(repaired[:cut] + repaired[cut + 1 :]), *rest] for cut in range(len(repaired))]
            else:
                wanted.append(rest)
        return wanted

    def _alternatives(self, word: str, *, last: bool) -> Group:
        """A word of letters as it may be on file: itself, one letter off, and the last one continued."""
        words = [word]
        if is_spelt(word):
            rows = self._connection.execute(
                "SELECT DISTINCT word FROM search_spellings WHERE hash IN (SELECT value FROM json_each(?)) LIMIT 200",
                (json.dumps(list(spellings(word))),),
            )
            words += [row[0] for row in rows if OSA.distance(word, row[0]) == 1][:_ALTERNATIVES]
        if last:
            rows = self._connection.execute(
                "SELECT term FROM search_terms WHERE term > ? AND term < ? LIMIT ?",
                (word, word + _END, _ALTERNATIVES),
            )
            words += [row[0] for row in rows]
        return tuple(dict.fromkeys(words))

    def _documents(self, terms: set[str]) -> dict[str, int]:
        """How many customers hold each term, for those that any holds."""
        return dict(
            self._connection.execute(
                "SELECT term, docs FROM search_terms WHERE term IN (SELECT value FROM json_each(?))",
                (json.dumps(list(terms)),),
            )
        )

    def _holding(self, plan: Sequence[Group], limit: int) -> list[_Row]:
        """Customers that hold a term of each group, shortest names first."""
        if not plan:
            return []
        text = " AND ".join("(" + " OR ".join(f'"{term}"' for term in group) + ")" for group in plan)
        rows = self._connection.execute(
            "SELECT doc, cores, forms FROM search_grams CROSS JOIN search_docs ON doc = search_grams.rowid "
            "WHERE search_grams MATCH ? LIMIT ?",
            (text, limit),
        )
        return list(map(_Row._make, rows))

    def _answer(self, match: Match, ranked: Sequence[tuple[int, float]]) -> Found:
        if match is Match.ONE:
            ranked = ranked[:1]
        found = self._connection.execute(
            "SELECT doc, customers.id, customers.name "
            "FROM search_docs JOIN customers ON customers.id = customer_id "
            "WHERE doc IN (SELECT value FROM json_each(?))",
            (json.dumps([doc for doc, _ in ranked]),),
        )
        customers = {doc: (customer_id, name) for doc, customer_id, name in found}
        return Found(
            match=match,
            candidates=tuple(
                Candidate(id=customers[doc][0], name=customers[doc][1], score=round(score, 4)) for doc, score in ranked
            ),
        )


def _pairs(word: str) -> list[Group]:
    return [(first + second,) for first, second in pairwise(word)]


def _plan(groups: Iterable[Group], docs: dict[str, int]) -> tuple[Group, ...]:
    """The groups that are rarest on file, without terms nobody holds; empty when a group has no other."""
    known = [tuple(term for term in group if term in docs) for group in dict.fromkeys(groups)]
    if not all(known):
        return ()
    return tuple(sorted(known, key=lambda group: sum(docs[term] for term in group))[:_RAREST])


def _has_words(row: _Row, typed: Name) -> bool:
    """Whether a name begins with what was typed, not breaking a word of letters."""
    end = "" if is_ideographic(typed.core[-1:]) else " "
    return any(f"{core} ".startswith(typed.core + end) for core in row.cores.split("\n")) if typed.core else False


def _rank(typed: Name, rows: Sequence[_Row]) -> list[_Near]:
    """The rows most like what was typed, best first."""
    cores: list[str] = []
    owners: list[_Row] = []
    for row in rows:
        for core in row.cores.split("\n"):
            cores.append(core)
            owners.append(row)
    nearest = process.extract(typed.core, cores, scorer=fuzz.ratio, limit=_COMPARED_CLOSELY)
    close = {owners[at].doc: owners[at] for _, _, at in nearest}
    for row, core in zip(owners, cores, strict=True):
        if len(close) < 2 * _COMPARED_CLOSELY and typed.core in core:
            close[row.doc] = row
    weighed = weigh(typed.core)
    return sorted(
        (_compare(weighed, typed.form, row) for row in close.values()),
        key=lambda near: (-near.score, near.doc),
    )


def _compare(typed: Weighed, form: str, row: _Row) -> _Near:
    """How near a customer is by the name that is nearest; the legal form only breaks ties."""
    score, clear = 0.0, False
    for core, its_form in zip(row.cores.split("\n"), row.forms.split("\n"), strict=True):
        name = weigh(core)
        begun = begins(typed, name)
        alike = similarity(typed, name)
        alike = (0.75 + 0.25 * alike if begun else alike) * (1.0 if form == its_form else 0.999)
        if alike > score:
            score, clear = alike, alike >= CLEAR and (begun or is_slip(typed, name))
    return _Near(row.doc, _BEFORE_EXACT * score, clear)


def _match(typed: Name, ranked: Sequence[_Near]) -> Match:
    """Whether the best of what is not exact is clear, or several are likely."""
    likely = [near for near in ranked if near.score >= LIKELY]
    if not likely:
        return Match.NONE
    best, behind = likely[0], likely[0].score - (ranked[1].score if len(ranked) > 1 else 0.0)
    enough = 2 if is_ideographic(typed.core) else 4
    if best.clear and behind >= MARGIN and len(typed.core_key) >= enough and weigh(typed.core).head:
        return Match.ONE
    return Match.MANY if len(likely) > 1 else Match.NONE


def _looks_like_identifier(key: str) -> bool:
    """Whether half of it are digits, and no ideographs."""
    return (
        len(key) >= _SHORTEST_IDENTIFIER
        and key.isascii()
        and sum(character.isdigit() for character in key) * 2 >= len(key)
    )


def _one_off(key: str) -> set[str]:
    """The key with one digit or letter wrong, missing, added or swapped with the next."""
    key = key[:32]
    characters = sorted({*"0123456789", *key})
    ends = [(key[:at], key[at:]) for at in range(len(key) + 1)]
    return (
        {start + end[1:] for start, end in ends if end}
        | {start + other + end[1:] for start, end in ends if end for other in characters}
        | {start + other + end for start, end in ends for other in characters}
        | {start + end[1] + end[0] + end[2:] for start, end in ends if len(end) > 1}
    ) - {key}
