"""Reading a playbook's files: every fault in them is told with its file, its line and its place in it.

The YAML is a plain, bounded kind: UTF-8, true/false are the only booleans (as in YAML 1.2, so `yes` and `off`
stay words), a key stands once, and anchors, aliases and tags are refused, so a small file cannot grow into a
large one.
"""

import hashlib
import itertools
import re
import string
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from re import _parser  # type: ignore[attr-defined]  # no public way tells how an expression is built
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from bot.errors import UserError
from bot.features import pattern_source
from bot.language import to_simplified
from bot.playbook import (
    LANGUAGES,
    Conditions,
    DecisionRow,
    DecisionTable,
    DecisionWords,
    FactDefinition,
    Language,
    NeutralWords,
    Play,
    Playbook,
    PlayWords,
    Policy,
    RuleDefinition,
    RuleWords,
    SignalDefinition,
    SignalWords,
    Speaker,
    Wording,
)

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
PLACEHOLDERS = frozenset({"customer", "product", "ended_on", "concession", "due_at"})

_SHARED = ("signals.yaml", "facts.yaml", "plays.yaml", "decisions.yaml", "policy.yaml", "rules.yaml")
_WORDS = ("signals.yaml", "neutral.yaml", "plays.yaml", "decisions.yaml", "rules.yaml")
_OPTIONAL = frozenset(
    {"zh-CN/plays.yaml", "zh-CN/decisions.yaml", "rules.yaml", *(f"{language}/rules.yaml" for language in LANGUAGES)}
)
_FILES = (*_SHARED, *(f"{language}/{name}" for language in LANGUAGES for name in _WORDS))

# Words that tell of a done action, promise something or speak with authority always claim a fact (R33).
# What follows a negation ("I cannot promise") claims nothing.
_CLAIMING: Mapping[str, re.Pattern[str]] = {
    "zh": re.compile(
        r"(?<![不未沒没法能可會会])(?:"
        r"[我們们]{1,2}已經?经?(?:向|跟|請|请|問|问|替|幫|帮|為|为)|[我們们]{1,2}(?:請|请|問|问)了|(?:請|请)示過|请示过"
        r"|(?:主管|經理|经理|公司|上面|老闆|老板)(?:已經?经?)?(?:同意|答應|答应|核准|批准|准了|說|说|決定|决定)"
        r"|(?:業務|业务|销售|銷售|工程師|工程师)(?:那邊|那边|同仁|同事)?(?:已經?经?)?(?:說|说|表示|回覆|回复|確認|确认|答應|答应)"
        r"|免費|免费|不收費|不收费|不用錢|不用钱|不收您?錢|不收您?钱|保證|保证|一定會|一定会|絕對會|绝对会|我承諾|我承诺)"
    ),
    "en": re.compile(
        r"(?<!not )(?<!n't )(?<!cannot )(?<!without )\b(?:"
        r"(?:i|we)(?:'ve| have) (?:already )?"
        r"(?:asked|told|checked|spoken|confirmed|arranged|requested|filed|sent)"
        r"|(?:i|we) (?:already )?(?:asked|spoke to\b|arranged|filed)"
        r"|(?:has|have|is|been|was) (?:already )?(?:approved|granted|agreed|authori[sz]ed)"
        r"|(?:manager|supervisor) (?:says|said|agreed)"
        r"|(?:sales|salesperson|engineer|account owner) (?:says|said|confirmed|told)"
        r"|free of charge|at no (?:charge|cost)|for free|will be free|(?:i|we)(?:'ll)? promise|guarantee)",
        re.IGNORECASE,
    ),
}
_REPEATED_GROUP = re.compile(r"\)\s*[*+{]")
_REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})
_ENUM_MEMBER = re.compile(r"<\w+\.\w+: ('[^']*')>")
_MANY = 5
"""A repetition of up to this many times stays quick whatever it repeats."""
_VARIES = "a repetition of what varies in length can take forever; write it once, or at most {0,5} times"
_ALIKE = "a repeated choice between things that begin alike can take forever; let them differ, or at most {0,5} times"

_T = TypeVar("_T")
_Place = tuple[str | int, ...]


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong in a playbook.

    Attributes:
        file: The file's name, seen from the playbook's folder.
        line: Counted from 1; 0 when the file as a whole is meant.
        place: Where in the file, such as `[3].lines[0].id`; empty for the file as a whole.
        what: What is wrong, the end of a sentence.
    """

    file: str
    line: int
    place: str
    what: str

    def __str__(self) -> str:
        where = [self.file]
        if self.line:
            where.append(f"line {self.line}")
        if self.place:
            where.append(self.place)
        return f"{', '.join(where)}: {self.what}."


def load_playbook(folder: Path) -> Playbook:
    """Read a playbook whole and checked.

    Raises:
        UserError: Names the first fault's file, line and place in it.
    """
    playbook, faults = read_playbook(folder)
    if playbook is None:
        more = f" ({len(faults) - 1} more)" if len(faults) > 1 else ""
        raise UserError(
            f"The playbook cannot be used: {faults[0]}{more}",
            f"Correct it, then run `aside playbook check {folder}`.",
        )
    return playbook


def read_playbook(folder: Path) -> tuple[Playbook | None, tuple[Fault, ...]]:
    """Read a playbook and all that is wrong with it; there is a playbook only when nothing is wrong."""
    if not folder.is_dir():
        return None, (Fault(str(folder), 0, "", "there is no such folder"),)
    reader = _Reader(folder)
    playbook = reader.playbook()
    faults = tuple(sorted(set(reader.faults)))
    return (None if faults else playbook), faults


class _Loader(yaml.CSafeLoader):
    """PyYAML's fast loader with YAML 1.2's idea of what is a number and what is a truth value."""

    yaml_implicit_resolvers: dict[Any, Any] = {}  # noqa: RUF012 - PyYAML reads it as a class attribute


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?\d{1,15}$"), list("-+0123456789"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"^[-+]?\d{1,15}\.\d{1,15}$"), list("-+0123456789"))


class _Unreadable(Exception):  # noqa: N818 - it never leaves this module
    """A file that cannot be read as YAML of our kind."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line
        self.what = what


@dataclass
class _File:
    """One file: its data, and on which line each piece of it stands."""

    name: str
    data: Any = None
    lines: dict[_Place, int] = field(default_factory=dict)

    def fault(self, place: _Place, what: str) -> Fault:
        known = next((place[:end] for end in range(len(place), -1, -1) if place[:end] in self.lines), ())
        return Fault(self.name, self.lines.get(known, 1), _spell(place), what)


def _spell(place: _Place) -> str:
    """`("rows", 3, "when")` as `rows[3].when`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return text.removeprefix(".")


def _parse(name: str, text: str) -> _File:
    """Read YAML text, or raise `_Unreadable`."""
    file = _File(name)
    try:
        _refuse_growth(text)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise _Unreadable(line, f"this is not YAML ({error.problem or error.context})") from error
    except yaml.YAMLError as error:
        raise _Unreadable(1, f"this is not YAML ({str(error).splitlines()[0]})") from error
    file.data = None if node is None else _data(node, (), file.lines)
    return file


def _refuse_growth(text: str) -> None:
    depth = 0
    documents = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _Unreadable(line, "anchors (&) and aliases (*) are not used in a playbook")
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _Unreadable(line, "a file holds one document, here a second one starts")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise _Unreadable(line, f"more than {MAX_DEPTH} levels stand in each other")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _data(node: yaml.Node, place: _Place, lines: dict[_Place, int]) -> Any:
    """A node as plain data; notes in `lines` where each piece stands."""
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
        return [_data(child, (*place, index), lines) for index, child in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
        return _mapping(node, place, lines)
    if isinstance(node, yaml.ScalarNode):
        match node.tag.removeprefix("tag:yaml.org,2002:"):
            case "str":
                return node.value
            case "bool":
                return node.value == "true"
            case "null":
                return None
            case "int":
                return int(node.value)
            case "float":
                return float(node.value)
    raise _Unreadable(node.start_mark.line + 1, f"the tag {node.tag} is not used in a playbook")


def _mapping(node: yaml.MappingNode, place: _Place, lines: dict[_Place, int]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode) or key_node.tag != "tag:yaml.org,2002:str":
            raise _Unreadable(line, "a key is a word; put it in quotes if it looks like something else")
        key = key_node.value
        if key in data:
            raise _Unreadable(line, f"the key {key} stands twice, first on line {lines[*place, key]}")
        lines[*place, key] = line
        data[key] = _data(value_node, (*place, key), lines)
    return data


class _Reader:
    """Reads the files of one folder and gathers their faults."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults: list[Fault] = []
        self.files: dict[str, _File] = {}
        self.hash = hashlib.sha256()

    def playbook(self) -> Playbook | None:
        """Read everything; None when too much is wrong to go on to the cross-checks."""
        self._read_files()
        if self.faults:
            return None
        self._fill_in_simplified()
        signals = self._model("signals.yaml", tuple[SignalDefinition, ...])
        facts = self._model("facts.yaml", tuple[FactDefinition, ...])
        plays = self._model("plays.yaml", tuple[Play, ...])
        decisions = self._model("decisions.yaml", DecisionTable)
        policy = self._model("policy.yaml", Policy)
        rules = self._model("rules.yaml", tuple[RuleDefinition, ...])
        words = {language: self._wording(language) for language in LANGUAGES}
        if rules is None or plays is None or not (signals and facts and decisions and policy and all(words.values())):
            return None
        playbook = Playbook(
            version=self.hash.hexdigest()[:12],
            signals=signals,
            facts=facts,
            plays=plays,
            dimensions=decisions.dimensions,
            decisions=decisions.rows,
            beside=decisions.beside,
            rules=rules,
            policy=policy,
            words={language: wording for language, wording in words.items() if wording},
        )
        self.faults.extend(_cross_check(playbook, self.files))
        return playbook

    def _read_files(self) -> None:
        """Read every file of the layout, in order, and refuse YAML files that are none of them."""
        for path in sorted([*self.folder.glob("*.y*ml"), *self.folder.glob("*/*.y*ml")]):
            name = path.relative_to(self.folder).as_posix()
            if name not in _FILES:
                self.faults.append(Fault(name, 0, "", "this is not a file of a playbook"))
        for name in _FILES:
            path = self.folder / name
            if not path.is_file():
                if name not in _OPTIONAL:
                    self.faults.append(Fault(name, 0, "", "this file is missing"))
                continue
            with path.open("rb") as stream:
                content = stream.read(MAX_BYTES + 1)
            self.hash.update(name.encode() + b"\0" + content + b"\0")
            try:
                self.files[name] = _parse(name, _decode(content))
            except _Unreadable as error:
                self.faults.append(Fault(name, error.line, "", error.what))

    def _fill_in_simplified(self) -> None:
        """What zh-CN does not say in its own words is zh-TW's, converted."""
        self.files.setdefault("rules.yaml", _File("rules.yaml", []))
        for language in LANGUAGES:
            self.files.setdefault(f"{language}/rules.yaml", _File(f"{language}/rules.yaml", {}))
        for name in ("plays.yaml", "decisions.yaml", "rules.yaml"):
            own = self.files.setdefault(f"zh-CN/{name}", _File(f"zh-CN/{name}", {}))
            if own.data is None:
                own.data = {}
            _fill_in(own.data, self.files[f"zh-TW/{name}"].data)
        own_signals, signals = self.files["zh-CN/signals.yaml"].data, self.files["zh-TW/signals.yaml"].data
        if isinstance(own_signals, dict) and isinstance(signals, dict):
            for key, own_words in own_signals.items():
                if isinstance(own_words, dict) and isinstance(words := signals.get(key), dict):
                    _fill_in(own_words, {part: words[part] for part in ("name", "meaning") if part in words})

    def _model(self, name: str, kind: type[_T]) -> _T | None:
        file = self.files[name]
        try:
            return TypeAdapter(kind).validate_python(file.data)
        except ValidationError as error:
            self.faults.extend(file.fault(issue["loc"], _issue(issue)) for issue in error.errors())
            return None

    def _wording(self, language: Language) -> Wording | None:
        signals = self._model(f"{language}/signals.yaml", dict[str, SignalWords])
        neutral = self._model(f"{language}/neutral.yaml", NeutralWords)
        plays = self._model(f"{language}/plays.yaml", dict[str, PlayWords])
        decisions = self._model(f"{language}/decisions.yaml", dict[str, DecisionWords])
        rules = self._model(f"{language}/rules.yaml", RuleWords)
        if signals is None or neutral is None or plays is None or decisions is None or rules is None:
            return None
        return Wording(
            signals=signals,
            neutral=neutral,
            plays=plays,
            decisions=decisions,
            rules=rules.rules,
            rule_notes=rules.notes,
        )


def _decode(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise _Unreadable(0, f"the file is larger than {MAX_BYTES:,} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _Unreadable(line, "this is not UTF-8; save the file as UTF-8") from error


def _fill_in(own: Any, other: Any) -> None:
    """Take over what `own` lacks, converted to simplified characters and mainland wording."""
    if not isinstance(own, dict) or not isinstance(other, dict):
        return
    for key, value in other.items():
        if key in own:
            _fill_in(own[key], value)
        else:
            own[key] = _simplified(value)


def _simplified(value: Any) -> Any:
    if isinstance(value, str):
        return to_simplified(value)
    if isinstance(value, dict):
        return {key: _simplified(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_simplified(part) for part in value]
    return value


def _issue(issue: Mapping[str, Any]) -> str:
    match issue["type"]:
        case "missing":
            return "this is missing"
        case "extra_forbidden":
            return "there is no such key here"
        case _:
            message = _ENUM_MEMBER.sub(r"\1", str(issue["msg"]))
            return message[:1].lower() + message[1:]


def _cross_check(playbook: Playbook, files: Mapping[str, _File]) -> Iterator[Fault]:
    """What no file can know alone."""
    yield from _repeated(files["signals.yaml"], (), [signal.id for signal in playbook.signals])
    yield from _repeated(files["facts.yaml"], (), [fact.id for fact in playbook.facts])
    yield from _repeated(files["plays.yaml"], (), [play.id for play in playbook.plays])
    yield from _repeated(files["decisions.yaml"], ("rows",), [row.id for row in playbook.decisions])
    yield from _repeated(files["decisions.yaml"], ("beside",), [row.id for row in playbook.beside])
    yield from _repeated(files["rules.yaml"], (), [rule.id for rule in playbook.rules])
    yield from _check_plays(playbook, files["plays.yaml"])
    yield from _check_table(playbook, files["decisions.yaml"])
    for language in LANGUAGES:
        yield from _check_words(playbook, language, files)


def _repeated(file: _File, place: _Place, ids: Iterable[str]) -> Iterator[Fault]:
    seen: Counter[str] = Counter()
    for index, key in enumerate(ids):
        seen[key] += 1
        if seen[key] > 1:
            yield file.fault((*place, index, "id"), f"the id {key} stands twice")


def _check_plays(playbook: Playbook, file: _File) -> Iterator[Fault]:
    facts = {fact.id for fact in playbook.facts}
    speakers: dict[str, Speaker] = {signal.id: signal.speaker for signal in playbook.signals}
    for index, play in enumerate(playbook.plays):
        for part in ("signals", "all_signals", "no_signals"):
            for number, signal in enumerate(getattr(play.when, part)):
                place = (index, "when", part, number)
                if signal not in speakers:
                    yield file.fault(place, f"there is no signal {signal}")
                elif speakers[signal] != play.speaker:
                    yield file.fault(
                        place, f"{signal} is a signal of the {speakers[signal]}, not of the {play.speaker}"
                    )
        yield from _check_dimensions(playbook, file, (index, "when", "case"), play.when)
        yield from _repeated(file, (index, "lines"), [line.id for line in play.lines])
        named: dict[_Place, tuple[str, ...]] = {
            (index, "when", part): getattr(play.when, part) for part in ("facts", "no_facts")
        }
        named |= {(index, "lines", number, "claims"): line.claims for number, line in enumerate(play.lines)}
        for where, names in named.items():
            for position, fact in enumerate(names):
                if fact not in facts:
                    yield file.fault((*where, position), f"there is no fact {fact}")


def _check_dimensions(
    playbook: Playbook, file: _File, place: _Place, when: Conditions | DecisionRow
) -> Iterator[Fault]:
    case = when.case if isinstance(when, Conditions) else when.when
    for dimension, values in case.items():
        if dimension not in playbook.dimensions:
            yield file.fault((*place, dimension), f"there is no dimension {dimension}")
            continue
        for number, value in enumerate(values):
            if value not in playbook.dimensions[dimension]:
                known = ", ".join(playbook.dimensions[dimension])
                yield file.fault((*place, dimension, number), f"{dimension} is one of {known}, not {value}")


def _check_table(playbook: Playbook, file: _File) -> Iterator[Fault]:
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
    names = tuple(playbook.dimensions)
    for values in itertools.product(*playbook.dimensions.values()):
        case = dict(zip(names, values, strict=True))
        if not any(all(case[name] in fits for name, fits in row.when.items()) for row in playbook.decisions):
            spelt = ", ".join(f"{name} {value}" for name, value in case.items())
            yield file.fault(("rows",), f"no row fits {spelt}")
            return


def _check_words(playbook: Playbook, language: Language, files: Mapping[str, _File]) -> Iterator[Fault]:
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
                if complaint := _pattern_complaint(pattern):
                    yield signal_file.fault((key, part, index), complaint)
    for play in playbook.plays:
        if play.id in words.plays:
            yield from _check_lines(play, words.plays[play.id], language, play_file)
    for file, data in ((play_file, words.plays), (decision_file, words.decisions)):
        for place, text in _texts(data):
            if complaint := _placeholder_complaint(text):
                yield file.fault(place, complaint)


def _check_ids(
    file: _File, kind: str, defined: Iterable[str], worded: Iterable[str], under: _Place = ()
) -> Iterator[Fault]:
    defined, worded = list(defined), list(worded)
    for key in worded:
        if key not in defined:
            yield file.fault((*under, key), f"there is no {kind} {key}")
    for key in defined:
        if key not in worded:
            yield Fault(file.name, 0, "", f"the {kind} {key} has no words here")


def _pattern_complaint(pattern: str) -> str | None:
    try:
        compiled = re.compile(pattern_source(pattern), re.IGNORECASE)
    except re.error as error:
        return f"this is not a regular expression ({error})"
    if compiled.search(""):
        return "this regular expression fits every message"
    if _REPEATED_GROUP.search(compiled.pattern):  # only then is there anything to look for
        return _endless(_parser.parse(compiled.pattern, re.IGNORECASE), repeated=False)
    return None


def _endless(parsed: Any, *, repeated: bool) -> str | None:
    """Why a parsed regular expression could take exponentially long, if it looks so.

    It looks so where something repeated more than a few times varies in length itself or offers a choice between
    things that begin alike; some that are quick are refused with them. Not looked for: repetitions one after another
    (`.*a.*b.*c`) and short repetitions of long ones. They cost a power of a sentence's length, which is bounded.

    Args:
        parsed: What Python's parser made of the expression, or of a part of it.
        repeated: The part stands in something that is repeated.
    """
    for operation, argument in parsed:
        within = repeated
        if str(operation) in _REPEATS:
            least, most, _ = argument
            if repeated and least != most:
                return _VARIES
            within = repeated or most > _MANY
        elif str(operation) == "BRANCH" and repeated and not _begin_apart(argument[1]):
            return _ALIKE
        for part in _parts(argument):
            if complaint := _endless(part, repeated=within):
                return complaint
    return None


def _parts(argument: Any) -> Iterator[Any]:
    if isinstance(argument, _parser.SubPattern):
        yield argument
    elif isinstance(argument, list | tuple):
        for part in argument:
            yield from _parts(part)


def _begin_apart(choices: Iterable[Any]) -> bool:
    """Whether each choice begins with a character of its own."""
    begins = [str(choice[0][0]) == "LITERAL" and chr(choice[0][1]).lower() for choice in choices if len(choice)]
    return all(begins) and len(set(begins)) == len(list(choices))


def _check_lines(play: Play, words: PlayWords, language: Language, file: _File) -> Iterator[Fault]:
    claims = {line.id: line.claims for line in play.lines}
    for key, text in words.lines.items():
        if key not in claims:
            yield file.fault((play.id, "lines", key), f"the play has no line {key}")
        elif not claims[key] and (found := claiming_words(language, text)):
            yield file.fault(
                (play.id, "lines", key),
                f'"{found}" says that something has happened or will, and the line claims no fact',
            )
    for key in claims:
        if key not in words.lines:
            yield file.fault((play.id, "lines"), f"the line {key} has no words here")


def claiming_words(language: Language, text: str) -> str | None:
    """The words with which a line tells of a done action, promises or speaks with authority (R33), if any."""
    found = _CLAIMING["en" if language == "en" else "zh"].search(text.replace("’", "'"))
    return found[0] if found else None


def _texts(words: Mapping[str, PlayWords] | Mapping[str, DecisionWords]) -> Iterator[tuple[_Place, str]]:
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
