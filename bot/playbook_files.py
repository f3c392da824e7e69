"""Reading a playbook's folder: every fault in its files is told with its file, its line and its place in it."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import TypeAdapter, ValidationError

from bot.errors import UserError
from bot.language import to_simplified
from bot.playbook import (
    LANGUAGES,
    ClaimDefinition,
    ClaimsWords,
    DecisionTable,
    DecisionWords,
    FactDefinition,
    Language,
    NeutralWords,
    Play,
    Playbook,
    PlayWords,
    RuleDefinition,
    RuleWords,
    SignalDefinition,
    SignalWords,
    Wording,
)
from bot.playbook_check import cross_check
from bot.playbook_claims import claiming_words
from bot.playbook_yaml import MAX_BYTES, Fault, File, Place, UnreadableError, decode, meant, parse
from bot.policy import Part, Policy

__all__ = ["Fault", "claiming_words", "load_playbook", "read_playbook"]

_SHARED = ("signals.yaml", "facts.yaml", "plays.yaml", "decisions.yaml", "policy.yaml", "rules.yaml", "claims.yaml")
_WORDS = ("signals.yaml", "neutral.yaml", "plays.yaml", "decisions.yaml", "rules.yaml", "claims.yaml")
_CONVERTED = ("plays.yaml", "decisions.yaml", "rules.yaml", "claims.yaml")
"""What zh-CN does not say in these is taken from zh-TW."""
_LATER = ("rules.yaml", "claims.yaml")
"""A playbook of an earlier release does without them."""
_OPTIONAL = frozenset(
    {
        "zh-CN/plays.yaml",
        "zh-CN/decisions.yaml",
        *(f"{folder}{name}" for name in _LATER for folder in ("", *(f"{language}/" for language in LANGUAGES))),
    }
)
_FILES = (*_SHARED, *(f"{language}/{name}" for language in LANGUAGES for name in _WORDS))

_KEY = "[key]"
"""How pydantic says that the key itself is wrong."""
_LIST = "this must be a list, each thing in it after a dash or all of them in [brackets]"
_KEYS = "this must be keys, each with a colon and its value"
_SHOULD_BE = {
    "tuple_type": _LIST,
    "dict_type": _KEYS,
    "mapping_type": _KEYS,
    "model_type": _KEYS,
    "model_attributes_type": _KEYS,
    "string_type": "this must be text; put it in quotes if it looks like something else",
    "bool_type": "this must be true or false",
    "int_type": "this must be a whole number",
    "int_parsing": "this must be a whole number",
    "int_from_float": "this must be a whole number",
    "float_type": "this must be a number",
    "float_parsing": "this must be a number",
    "decimal_type": "this must be a number",
    "decimal_parsing": "this must be a number",
    "too_short": "there must be at least one here",
}
_T = TypeVar("_T")


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
    playbook, faults, _ = read_with_places(folder)
    return playbook, faults


def read_with_places(folder: Path) -> tuple[Playbook | None, tuple[Fault, ...], Mapping[str, File]]:
    """The same, and the files, which tell on which line each thing stands."""
    if not folder.is_dir():
        return None, (Fault(str(folder), 0, "", "there is no such folder"),), {}
    reader = _Reader(folder)
    playbook = reader.playbook()
    faults = tuple(sorted(_without_echoes(list(set(reader.faults)), reader.files)))
    return (None if faults else playbook), faults, reader.files


def _without_echoes(faults: list[Fault], files: Mapping[str, File]) -> Iterator[Fault]:
    """What is wrong in zh-TW is not told again of zh-CN, where it only stands converted."""
    wrong = {(fault.file, fault.place, fault.what if not fault.place else "") for fault in faults}
    for fault in faults:
        language, _, name = fault.file.partition("/")
        source = (f"zh-TW/{name}", fault.place, fault.what if not fault.place else "")
        converted = language == "zh-CN" and name in _CONVERTED and source in wrong
        if not (converted and (not fault.place or fault.place not in files[fault.file].spelt)):
            yield fault


class _Reader:
    """Reads the files of one folder and gathers their faults."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults: list[Fault] = []
        self.files: dict[str, File] = {}
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
        claims = self._model("claims.yaml", tuple[ClaimDefinition, ...])
        words = {language: self._wording(language) for language in LANGUAGES}
        if (
            signals is None
            or facts is None
            or plays is None
            or decisions is None
            or policy is None
            or rules is None
            or claims is None
            or not all(words.values())
        ):
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
            claims=claims,
            policy=policy,
            words={language: wording for language, wording in words.items() if wording},
        )
        self.faults.extend(cross_check(playbook, self.files))
        return playbook

    def _read_files(self) -> None:
        """Read every file of the layout, in order, and refuse YAML files that are none of them."""
        for path in sorted([*self.folder.glob("*.y*ml"), *self.folder.glob("*/*.y*ml")]):
            name = path.relative_to(self.folder).as_posix()
            if name not in _FILES:
                self.faults.append(Fault(name, 0, "", f"this is not a file of a playbook{meant(name, _FILES)}"))
        for name in _FILES:
            path = self.folder / name
            if not path.is_file():
                if name not in _OPTIONAL:
                    self.faults.append(Fault(name, 0, "", "this file is missing"))
                continue
            try:
                with path.open("rb") as stream:
                    content = stream.read(MAX_BYTES + 1)
            except OSError as error:
                self.faults.append(Fault(name, 0, "", f"this file cannot be read: {error.strerror}"))
                continue
            self.hash.update(name.encode() + b"\0" + content + b"\0")
            try:
                self.files[name] = parse(name, decode(content))
            except UnreadableError as error:
                self.faults.append(Fault(name, error.line, "", error.what))

    def _fill_in_simplified(self) -> None:
        """What zh-CN does not say in its own words is zh-TW's, converted."""
        for name in _LATER:
            self.files.setdefault(name, File(name, []))
            for language in LANGUAGES:
                self.files.setdefault(f"{language}/{name}", File(f"{language}/{name}", {}))
        for name in _CONVERTED:
            own = self.files.setdefault(f"zh-CN/{name}", File(f"zh-CN/{name}", {}))
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
            for issue in error.errors():
                place = tuple(step for step in issue["loc"] if step != _KEY)
                self.faults.append(file.fault(place, _issue(issue, kind)))
            return None

    def _wording(self, language: Language) -> Wording | None:
        signals = self._model(f"{language}/signals.yaml", dict[str, SignalWords])
        neutral = self._model(f"{language}/neutral.yaml", NeutralWords)
        plays = self._model(f"{language}/plays.yaml", dict[str, PlayWords])
        decisions = self._model(f"{language}/decisions.yaml", dict[str, DecisionWords])
        rules = self._model(f"{language}/rules.yaml", RuleWords)
        claims = self._model(f"{language}/claims.yaml", ClaimsWords)
        if signals is None or neutral is None or plays is None or decisions is None or rules is None or claims is None:
            return None
        return Wording(
            signals=signals,
            neutral=neutral,
            plays=plays,
            decisions=decisions,
            rules=rules.rules,
            rule_notes=rules.notes,
            claims=claims.claims,
            unsaid=claims.unsaid,
        )


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


def _issue(issue: Mapping[str, Any], kind: Any) -> str:
    """What a model complains of, in the words of somebody who writes the file."""
    name = issue["type"]
    place = tuple(step for step in issue["loc"] if step != _KEY)
    if name == "missing":
        return "this is missing"
    if name == "extra_forbidden":
        return f"there is no such key here{meant(str(place[-1]), _keys_at(kind, place[:-1]))}"
    if name in {"enum", "literal_error"}:
        allowed = re.findall(r"'([^']*)'", issue["ctx"]["expected"])
        return f"this must be one of {', '.join(allowed)}{meant(str(issue['input']), allowed)}"
    if name == "string_pattern_mismatch":
        is_rule = issue["ctx"]["pattern"].startswith("^R")
        return "a rule is one of R01 to R50" if is_rule else "an id is small letters, digits and _, a letter first"
    message = _SHOULD_BE.get(name) or str(issue["msg"]).removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def _keys_at(kind: Any, place: Place) -> Iterable[str]:
    """The keys that may stand at a place, seen from a type that holds it."""
    for step in place:
        if isinstance(kind, type) and issubclass(kind, Part):
            kind = kind.model_fields[str(step)].annotation
        else:  # tuple[X, ...] or Mapping[str, X]
            kind = [each for each in get_args(kind) if each is not Ellipsis][-1]
    return kind.model_fields if isinstance(kind, type) and issubclass(kind, Part) else ()
