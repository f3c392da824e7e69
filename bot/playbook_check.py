"""What no file of a playbook can know alone: whether all that names each other is there and fits."""

import itertools
import math
import string
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from bot.playbook import (
    LANGUAGES,
    REFUSABLE,
    Conditions,
    DecisionRow,
    DecisionWords,
    Language,
    Play,
    Playbook,
    PlayWords,
    Speaker,
)
from bot.playbook_claims import claiming_words
from bot.playbook_patterns import pattern_complaint
from bot.playbook_yaml import Fault, File, Place, meant

PLACEHOLDERS = frozenset({"customer", "product", "ended_on", "concession", "due_at", "moved_from", "missed_at"})
MOST_CASES = 20_000
MOST_ROWS = 500
"""Each case is tried on each row of the decision table."""


def cross_check(playbook: Playbook, files: Mapping[str, File]) -> Iterator[Fault]:
    """What no file can know alone."""
    yield from _repeated(files["signals.yaml"], (), [signal.id for signal in playbook.signals])
    yield from _repeated(files["facts.yaml"], (), [fact.id for fact in playbook.facts])
    yield from _repeated(files["plays.yaml"], (), [play.id for play in playbook.plays])
    yield from _repeated(files["decisions.yaml"], ("rows",), [row.id for row in playbook.decisions])
    yield from _repeated(files["decisions.yaml"], ("beside",), [row.id for row in playbook.beside])
    yield from _repeated(files["rules.yaml"], (), [rule.id for rule in playbook.rules])
    yield from _check_plays(playbook, files["plays.yaml"])
    yield from _check_table(playbook, files["decisions.yaml"])
    yield from _check_claims(playbook, files)
    for language in LANGUAGES:
        yield from _check_words(playbook, language, files)


def _repeated(file: File, place: Place, ids: Iterable[str]) -> Iterator[Fault]:
    seen: Counter[str] = Counter()
    for index, key in enumerate(ids):
        seen[key] += 1
        if seen[key] > 1:
            yield file.fault((*place, index, "id"), f"the id {key} stands twice")


def _check_plays(playbook: Playbook, file: File) -> Iterator[Fault]:
    facts = {fact.id for fact in playbook.facts}
    speakers: dict[str, Speaker] = {signal.id: signal.speaker for signal in playbook.signals}
    for index, play in enumerate(playbook.plays):
        for part in ("signals", "all_signals", "no_signals"):
            for number, signal in enumerate(getattr(play.when, part)):
                place = (index, "when", part, number)
                if signal not in speakers:
                    yield file.fault(place, f"there is no signal {signal}{meant(signal, speakers)}")
                elif speakers[signal] != play.speaker:
                    yield file.fault(
                        place, f"{signal} is a signal of the {speakers[signal]}, not of the {play.speaker}"
                    )
        yield from _check_dimensions(playbook, file, (index, "when", "case"), play.when)
        yield from _repeated(file, (index, "lines"), [line.id for line in play.lines])
        named: dict[Place, tuple[str, ...]] = {
            (index, "when", part): getattr(play.when, part) for part in ("facts", "no_facts")
        }
        for number, line in enumerate(play.lines):
            named |= {(index, "lines", number, part): getattr(line, part) for part in ("claims", "unless")}
        for where, names in named.items():
            for position, fact in enumerate(names):
                if fact not in facts:
                    yield file.fault((*where, position), f"there is no fact {fact}{meant(fact, facts)}")


def _check_claims(playbook: Playbook, files: Mapping[str, File]) -> Iterator[Fault]:
    """Claims of drafts: known facts, words in each language, patterns that come to an end."""
    facts = {fact.id for fact in playbook.facts}
    yield from _repeated(files["claims.yaml"], (), [claim.id for claim in playbook.claims])
    for index, claim in enumerate(playbook.claims):
        for number, fact in enumerate(claim.true_by):
            if fact not in facts:
                yield files["claims.yaml"].fault((index, "true_by", number), f"there is no fact {fact}")
    for language in LANGUAGES:
        file, words = files[f"{language}/claims.yaml"], playbook.words[language]
        yield from _check_ids(file, "claim", [claim.id for claim in playbook.claims], words.claims)
        places = [(("claims", key, "patterns"), claim.patterns) for key, claim in words.claims.items()]
        for place, patterns in (*places, (("unsaid",), words.unsaid)):
            for number, pattern in enumerate(patterns):
                if complaint := pattern_complaint(pattern):
                    yield file.fault((*place, number), complaint)


def _check_dimensions(playbook: Playbook, file: File, place: Place, when: Conditions | DecisionRow) -> Iterator[Fault]:
    case = when.case if isinstance(when, Conditions) else when.when
    for dimension, values in case.items():
        if dimension not in playbook.dimensions:
            near = meant(dimension, playbook.dimensions)
            yield file.fault((*place, dimension), f"there is no dimension {dimension}{near}")
            continue
        for number, value in enumerate(values):
            if value not in playbook.dimensions[dimension]:
                known = ", ".join(playbook.dimensions[dimension])
                near = meant(value, playbook.dimensions[dimension])
                yield file.fault((*place, dimension, number), f"{dimension} is one of {known}, not {value}{near}")


def _check_table(playbook: Playbook, file: File) -> Iterator[Fault]:
    """Every row means something, and some row fits every case."""
    faults = [
        fault
        for part, rows in (("rows", playbook.decisions), ("beside", playbook.beside))
        for index, row in enumerate(rows)
        for fault in _check_dimensions(playbook, file, (part, index, "when"), row)
    ]
    yield from faults
    if faults:
        return
    cases = math.prod(len(values) for values in playbook.dimensions.values())
    if cases > MOST_CASES:
        yield file.fault(
            ("dimensions",), f"these make {cases:,} different cases; more than {MOST_CASES:,} are too many"
        )
        return
    if len(playbook.decisions) > MOST_ROWS:
        yield file.fault(("rows",), f"these are {len(playbook.decisions):,} rows; more than {MOST_ROWS} are too many")
        return
    names = tuple(playbook.dimensions)
    for values in itertools.product(*playbook.dimensions.values()):
        case = dict(zip(names, values, strict=True))
        if not any(all(case[name] in fits for name, fits in row.when.items()) for row in playbook.decisions):
            spelt = ", ".join(f"{name} {value}" for name, value in case.items())
            yield file.fault(("rows",), f"no row fits {spelt}")
            return


def _check_words(playbook: Playbook, language: Language, files: Mapping[str, File]) -> Iterator[Fault]:
    words = playbook.words[language]
    signal_file = files[f"{language}/signals.yaml"]
    play_file = files[f"{language}/plays.yaml"]
    decision_file = files[f"{language}/decisions.yaml"]
    yield from _check_ids(signal_file, "signal", [signal.id for signal in playbook.signals], words.signals)
    yield from _check_ids(play_file, "play", [play.id for play in playbook.plays], words.plays)
    rows = [row.id for row in (*playbook.decisions, *playbook.beside)]
    yield from _check_ids(decision_file, "decision row", rows, words.decisions)
    rules = [rule.id for rule in playbook.rules]
    yield from _check_ids(files[f"{language}/rules.yaml"], "rule", rules, words.rules, ("rules",))
    for key, signal in words.signals.items():
        for part, patterns in (("patterns", signal.patterns), ("vetoes", signal.vetoes)):
            for index, pattern in enumerate(patterns):
                if complaint := pattern_complaint(pattern):
                    yield signal_file.fault((key, part, index), complaint)
    for play in playbook.plays:
        if play.id in words.plays:
            yield from _check_lines(play, words.plays[play.id], language, play_file)
    for file, data in ((play_file, words.plays), (decision_file, words.decisions)):
        for place, text in _texts(data):
            if complaint := _placeholder_complaint(text):
                yield file.fault(place, complaint)


def _check_ids(
    file: File, kind: str, defined: Iterable[str], worded: Iterable[str], under: Place = ()
) -> Iterator[Fault]:
    defined, worded = list(defined), list(worded)
    for key in worded:
        if key not in defined:
            yield file.fault((*under, key), f"there is no {kind} {key}{meant(key, set(defined) - set(worded))}")
    for key in defined:
        if key not in worded:
            yield Fault(file.name, 0, "", f"the {kind} {key} has no words here")


def _check_lines(play: Play, words: PlayWords, language: Language, file: File) -> Iterator[Fault]:
    claims = {line.id: line.claims for line in play.lines}
    for key, text in words.lines.items():
        if key not in claims:
            near = meant(key, set(claims) - set(words.lines))
            yield file.fault((play.id, "lines", key), f"the play has no line {key}{near}")
        elif not claims[key] and (found := claiming_words(language, text)):
            yield file.fault(
                (play.id, "lines", key),
                f'"{found}" says that something has happened or will, and the line claims no fact',
            )
    if found := claiming_words(language, words.instead):
        yield file.fault((play.id, "instead"), f'"{found}" says that something has happened or will; it must not')
    if not REFUSABLE.isdisjoint(play.next) and not words.otherwise:
        named = ", ".join(sorted(REFUSABLE.intersection(play.next)))
        yield file.fault((play.id,), f"{named} is not always possible: say under otherwise what to do next then")
    for key in claims:
        if key not in words.lines:
            yield file.fault((play.id, "lines"), f"the line {key} has no words here")


def _texts(words: Mapping[str, PlayWords] | Mapping[str, DecisionWords]) -> Iterator[tuple[Place, str]]:
    for key, part in words.items():
        for name, value in part:
            if isinstance(value, str):
                yield (key, name), value
            else:
                yield from (((key, name, line), text) for line, text in value.items())


def _placeholder_complaint(text: str) -> str | None:
    try:
        fields = [part[1:] for part in string.Formatter().parse(text) if part[1] is not None]
    except ValueError as error:
        return f"the braces do not match ({error})"
    for name, spec, conversion in fields:
        if name not in PLACEHOLDERS or spec or conversion:
            allowed = ", ".join(f"{{{known}}}" for known in sorted(PLACEHOLDERS))
            return f"{{{name}}} is none of the placeholders {allowed}"
    return None
