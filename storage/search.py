"""Finding a customer by whatever a person types: exactly if that names one customer, otherwise the nearest.

`docs/search.md` tells the steps and their measured cost. Work is bounded: a query is cut after
`bot.names.LONGEST` characters and at most `MOST_CANDIDATES` customers are compared with it.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, pairwise
from typing import NamedTuple

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from bot.found import Candidate, Found, Match
from bot.names import Name, Weighed, begins, is_ideographic, is_slip, parse, similarity, weigh
from storage.search_index import Kind, build_search_index, is_spelt, pair, spellings

__all__ = ["Finder", "build_search_index"]

MOST_CANDIDATES = 400
"""How many customers are compared with a query at most."""
CLEAR = 0.88
"""A name that begins as typed has to be this like it to be meant."""
MARGIN = 0.12
"""How far the next candidate has to be behind for the first to be meant."""
LIKELY = 0.6
"""Candidates this near are asked about rather than merely offered."""
_BEFORE_EXACT = 0.97
"""What is not exact scores less than this."""

_PREFIX_LIMIT = 80
_WHOLE_LIMIT = 200
_MISTAKE_LIMIT = 100
_LAST_LIMIT = 40
_COMPARED_CLOSELY = 100
_COMPARED_WITHIN = 0.3
_MOST_SYMBOLS = 24
_MOST_REPAIRED = 16
_MOST_SPELLINGS = 60
_ALTERNATIVES = 30
_RAREST = 4
_TOO_COMMON = 30_000
_SHORTEST_IDENTIFIER = 5
_LONGEST_IDENTIFIER = 40
_END = "\U0010ffff"

Group = tuple[str, ...]
"""Terms of which a customer has to hold one."""


class _Row(NamedTuple):
    doc: int
    cores: str
    forms: str


class _Near(NamedTuple):
    score: float
    doc: int
    clear: bool


class Finder:
    """Finds customers in one directory.

    Args:
        connection: A directory in which `build_search_index` has run; used in one thread at a time.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def _ask(self, question: str, parameters: Sequence[object]) -> sqlite3.Cursor:
        """Rows as plain tuples, whatever the connection makes of them."""
        cursor = self._connection.cursor()
        cursor.row_factory = None
        return cursor.execute(question, parameters)

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
        ranked = _rank(typed, self._gather(typed))
        match = _match(typed, ranked)
        offered = [(near.doc, near.score) for near in ranked]
        if _looks_like_identifier(typed.key) and (near_identifiers := self._near_identifiers(typed.key)):
            match = Match.NONE if match is Match.NONE else Match.MANY
            offered = _best_first([*near_identifiers, *offered])
        return self._answer(match, offered[:limit])

    def _exactly(self, typed: Name) -> list[tuple[int, float]]:
        """Customers that have this very key; failing that, whose name differs in the legal form alone.

        An alias is no name on a register: customers whose name begins with it may be meant as well.
        """
        for key, score in ((typed.key, 1.0), (typed.core_key, 0.98)):
            rows = self._ask(
                "SELECT doc, min(kind) FROM (SELECT doc, kind FROM search_keys WHERE key = ?1 "
                "UNION ALL SELECT doc, ?2 FROM search_identifiers WHERE key = ?1) GROUP BY doc ORDER BY 2, 1 LIMIT ?3",
                (key, Kind.IDENTIFIER.value, MOST_CANDIDATES),
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
        begun = self._ask(
            "SELECT key, doc FROM search_identifiers WHERE key >= ? AND key < ? LIMIT ?",
            (key, key + _END, _PREFIX_LIMIT),
        ).fetchall()
        wrong = self._ask(
            "SELECT key, doc FROM search_identifiers WHERE key IN (SELECT value FROM json_each(?))",
            (json.dumps(sorted(_one_off(key))),),
        ).fetchall()
        return _best_first((doc, fuzz.ratio(key, near) / 100 * _BEFORE_EXACT) for near, doc in (*begun, *wrong))

    def _gather(self, typed: Name) -> list[_Row]:
        """Every customer worth comparing with what was typed, at most `MOST_CANDIDATES`."""
        symbols = typed.symbols[:_MOST_SYMBOLS]
        rows = {row.doc: row for row in self._begun(typed)}
        whole = self._terms(symbols)
        plans = [whole, *self._dropping(symbols)]
        docs = self._documents(plans)
        as_typed = self._holding(_plan(whole, docs), _WHOLE_LIMIT)
        rows |= {row.doc: row for row in as_typed}
        if not as_typed:
            respelt = list(self._respelling(symbols))
            docs |= self._documents(respelt)
            plans += respelt
        mistaken = {plan for groups in plans[1:] if (plan := _plan(groups, docs))}
        for plan in sorted(mistaken, key=lambda plan: _held(plan[0], docs)):
            if len(rows) < MOST_CANDIDATES and _held(plan[0], docs) < _TOO_COMMON:
                rows |= {row.doc: row for row in self._holding(plan, _MISTAKE_LIMIT)}
        if not rows:
            for group in _plan((group for group in whole if _held(group, docs)), docs):
                rows |= {row.doc: row for row in self._holding([group], _LAST_LIMIT)}
        return list(rows.values())[:MOST_CANDIDATES]

    def _begun(self, typed: Name) -> Iterator[_Row]:
        """Customers with a name that begins with what was typed."""
        for key in {typed.key, typed.core_key} - {""}:
            yield from map(
                _Row._make,
                self._ask(
                    "SELECT doc, cores, forms FROM search_docs WHERE doc IN "
                    "(SELECT doc FROM search_keys WHERE key >= ? AND key < ? LIMIT ?)",
                    (key, key + _END, _PREFIX_LIMIT),
                ),
            )

    def _terms(self, symbols: Sequence[str]) -> list[Group]:
        """What a customer holds if this is right, the last word of letters perhaps not typed to its end."""
        groups: list[Group] = [(pair(first, second),) for first, second in pairwise(symbols)]
        if len(symbols) == 1 and not is_ideographic(symbols[0]):
            groups = [(symbols[0], *self._respelt(symbols[0]))]
        if groups and not is_ideographic(symbols[-1]):
            last = groups[-1][0]
            rows = self._ask(
                "SELECT term FROM search_terms WHERE term > ? AND term < ? LIMIT ?", (last, last + _END, _ALTERNATIVES)
            )
            groups[-1] = (*groups[-1], *(row[0] for row in rows))
        return groups

    def _dropping(self, symbols: Sequence[str]) -> Iterator[list[Group]]:
        """What a customer holds if one ideograph or word is wrong or too many."""
        for at in range(len(symbols)) if 1 < len(symbols) <= _MOST_REPAIRED else ():
            yield self._terms([*symbols[:at], *symbols[at + 1 :]])

    def _respelling(self, symbols: Sequence[str]) -> Iterator[list[Group]]:
        """What a customer holds if one word of letters is misspelt."""
        for at, symbol in enumerate(symbols) if 1 < len(symbols) <= _MOST_REPAIRED else ():
            words = self._respelt(symbol)
            if words:
                groups: list[Group] = [(pair(first, second),) for first, second in pairwise(symbols)]
                if at:
                    groups[at - 1] = tuple(pair(symbols[at - 1], word) for word in words)
                if at + 1 < len(symbols):
                    groups[at] = tuple(pair(word, symbols[at + 1]) for word in words)
                yield groups

    def _respelt(self, word: str) -> list[str]:
        """Words of letters on file that are one letter off."""
        if not is_spelt(word):
            return []
        rows = self._ask(
            "SELECT DISTINCT word FROM search_spellings WHERE hash IN (SELECT value FROM json_each(?)) LIMIT ?",
            (json.dumps(list(spellings(word))), _MOST_SPELLINGS),
        )
        return [row[0] for row in rows if OSA.distance(word, row[0]) == 1]

    def _documents(self, plans: Iterable[Iterable[Group]]) -> dict[str, int]:
        """How many customers hold each term, for those that any holds."""
        terms = {term for groups in plans for group in groups for term in group}
        return dict(
            self._ask(
                "SELECT term, docs FROM search_terms WHERE term IN (SELECT value FROM json_each(?))",
                (json.dumps(list(terms)),),
            )
        )

    def _holding(self, plan: Sequence[Group], limit: int) -> list[_Row]:
        """Customers that hold a term of each group, shortest names first."""
        if not plan:
            return []
        text = " AND ".join("(" + " OR ".join(f'"{term}"' for term in group) + ")" for group in plan)
        rows = self._ask(
            "SELECT doc, cores, forms FROM search_grams CROSS JOIN search_docs ON doc = search_grams.rowid "
            "WHERE search_grams MATCH ? LIMIT ?",
            (text, limit),
        )
        return list(map(_Row._make, rows))

    def _answer(self, match: Match, ranked: Sequence[tuple[int, float]]) -> Found:
        if match is Match.ONE:
            ranked = ranked[:1]
        found = self._ask(
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


def _held(group: Group, docs: Mapping[str, int]) -> int:
    return sum(docs.get(term, 0) for term in group)


def _plan(groups: Iterable[Group], docs: Mapping[str, int]) -> tuple[Group, ...]:
    """The groups that are rarest on file, without terms nobody holds; empty when a group has no other."""
    known = [tuple(term for term in group if term in docs) for group in dict.fromkeys(groups)]
    return tuple(sorted(known, key=lambda group: _held(group, docs))[:_RAREST]) if all(known) else ()


def _has_words(row: _Row, typed: Name) -> bool:
    """Whether a name begins with what was typed, not breaking a word of letters."""
    end = "" if is_ideographic(typed.core[-1:]) else " "
    return any(f"{core} ".startswith(typed.core + end) for core in row.cores.split("\n")) if typed.core else False


def _rank(typed: Name, rows: Sequence[_Row]) -> list[_Near]:
    """The customers most like what was typed, best first, each by the name that is nearest."""
    names = [
        (core, form, row.doc)
        for row in rows
        for core, form in zip(row.cores.split("\n"), row.forms.split("\n"), strict=True)
    ]
    nearest = process.extract(
        typed.core,
        [core for core, _, _ in names],
        scorer=OSA.normalized_similarity,
        limit=_COMPARED_CLOSELY,
    )
    close = {at for _, alike, at in nearest if alike > nearest[0][1] - _COMPARED_WITHIN}
    begun = (at for at, (core, _, _) in enumerate(names) if typed.core in core)
    close.update(islice(begun, _COMPARED_CLOSELY))
    weighed = weigh(typed.core)
    best: dict[int, _Near] = {}
    for near in (_compare(weighed, typed.form, *names[at]) for at in sorted(close)):
        best[near.doc] = max(near, best.get(near.doc, near))
    return sorted(best.values(), key=lambda near: (-near.score, near.doc))


def _compare(typed: Weighed, typed_form: str, core: str, form: str, doc: int) -> _Near:
    """How near a name is; the legal form only breaks ties."""
    name = weigh(core)
    begun = begins(typed, name)
    alike = similarity(typed, name)
    alike = (0.75 + 0.25 * alike if begun else alike) * (1.0 if typed_form == form else 0.999)
    return _Near(_BEFORE_EXACT * alike, doc, clear=alike >= CLEAR if begun else is_slip(typed, name))


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


def _best_first(scored: Iterable[tuple[int, float]]) -> list[tuple[int, float]]:
    """Each customer once, with its best score."""
    best: dict[int, float] = {}
    for doc, score in scored:
        best[doc] = max(score, best.get(doc, 0.0))
    return sorted(best.items(), key=lambda item: (-item[1], item[0]))


def _looks_like_identifier(key: str) -> bool:
    """Whether half of it are digits, and no ideographs."""
    return (
        _SHORTEST_IDENTIFIER <= len(key) <= _LONGEST_IDENTIFIER
        and key.isascii()
        and sum(character.isdigit() for character in key) * 2 >= len(key)
    )


def _one_off(key: str) -> set[str]:
    """The key with one digit or letter wrong, missing, added or swapped with the next."""
    characters = sorted({*"0123456789", *key})
    ends = [(key[:at], key[at:]) for at in range(len(key) + 1)]
    return (
        {start + end[1:] for start, end in ends if end}
        | {start + other + end[1:] for start, end in ends if end for other in characters}
        | {start + other + end for start, end in ends for other in characters}
        | {start + end[1] + end[0] + end[2:] for start, end in ends if len(end) > 1}
    ) - {key}
